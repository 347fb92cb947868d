/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include <smmulator/arch.h>
#include "stress/world.h"

/* ---- Registers ---- */

static uint32_t p_read32(void *ctx, uint64_t pa)
{
	struct world_side *s = ctx;
	uint32_t prod;

	if (!s->late_bell || pa != SMMU_REG_CMDQ_CONS)
		return (uint32_t)smmu_mmio_read(s->smmu, pa, 4);
	pthread_mutex_lock(&s->lock);
	prod = s->prod;
	pthread_mutex_unlock(&s->lock);
	return prod;
}

static uint64_t p_read64(void *ctx, uint64_t pa)
{
	return smmu_mmio_read(((struct world_side *)ctx)->smmu, pa, 8);
}

static void p_write32(void *ctx, uint64_t pa, uint32_t value)
{
	struct world_side *s = ctx;

	if (!s->late_bell || pa != SMMU_REG_CMDQ_PROD) {
		smmu_mmio_write(s->smmu, pa, 4, value);
		return;
	}
	pthread_mutex_lock(&s->lock);
	smmu_mmio_write(s->smmu, pa, 4, s->prod);
	s->prod = value;
	pthread_mutex_unlock(&s->lock);
}

static void p_write64(void *ctx, uint64_t pa, uint64_t value)
{
	smmu_mmio_write(((struct world_side *)ctx)->smmu, pa, 8, value);
}

/* ---- Memory ---- */

static uint64_t take_page(struct world *w)
{
	struct world_page *page = w->free;
	uint64_t pa;

	if (!page)
		return 0;
	pa = page->pa;
	w->free = page->next;
	free(page);
	return pa;
}

static int p_alloc(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem)
{
	struct world *w = ((struct world_side *)ctx)->world;
	uint64_t pa = 0;

	pthread_mutex_lock(&w->lock);
	if (size == 4096 && align <= 4096)
		pa = take_page(w);
	if (!pa) {
		pa = (w->next_pa + align - 1) & ~(align - 1);
		if (pa + size <= WORLD_DATA)
			w->next_pa = pa + size;
		else
			pa = 0;
	}
	w->live += pa != 0;
	pthread_mutex_unlock(&w->lock);
	if (!pa)
		return -ENOMEM;
	for (uint64_t at = 0; at + 8 <= size; at += 8)
		smmu_bus_write64(w->bus, pa + at, 0, NULL);
	*mem = (struct iommu_dma){ .pa = pa,
				   .size = size,
				   .cpu = smmu_bus_ptr(w->bus, pa, size) };
	return 0;
}

static void p_free(void *ctx, const struct iommu_dma *mem)
{
	struct world *w = ((struct world_side *)ctx)->world;
	struct world_page *page = NULL;

	/* A walk that is still in it finds tables of nowhere. */
	for (uint64_t at = 0; at + 8 <= mem->size; at += 8)
		smmu_bus_write64(w->bus, mem->pa + at, UINT64_C(0xa5a5a5a5a5a5a5a7),
				 NULL);
	if (mem->size == 4096)
		page = malloc(sizeof(*page));
	pthread_mutex_lock(&w->lock);
	if (page) {
		*page = (struct world_page){ w->free, mem->pa };
		w->free = page;
	}
	w->live--;
	pthread_mutex_unlock(&w->lock);
}

static void *p_phys(void *ctx, uint64_t pa, uint64_t len)
{
	return smmu_bus_ptr(((struct world_side *)ctx)->world->bus, pa, len);
}

/* The thread that is inside the SMMU may be waiting for this processor. */
static void p_relax(void *ctx)
{
	(void)ctx;
	sched_yield();
}

static uint64_t p_time_us(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void p_log(void *ctx, enum iommu_msg_level level, const char *message)
{
	struct world *w = ((struct world_side *)ctx)->world;

	if (level != IOMMU_MSG_ERROR)
		return;
	fprintf(stderr, "driver: %s\n", message);
	atomic_fetch_add(&w->errors, 1);
}

static const struct iommu_platform_ops platform_ops = {
	.read32 = p_read32,
	.read64 = p_read64,
	.write32 = p_write32,
	.write64 = p_write64,
	.dma_alloc = p_alloc,
	.dma_free = p_free,
	.phys_to_virt = p_phys,
	.relax = p_relax,
	.time_us = p_time_us,
	.log = p_log,
};

/* ---- Devices ---- */

static int describe(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	const struct world_side *s = ctx;
	uint32_t sid = 0;

	for (unsigned i = 0; i < WORLD_MASTERS; i++)
		if (!s->dev[i]) { /* the one that is being added */
			sid = s->sid[i];
			break;
		}
	return iommu_fwspec_xlate(dev, fwspec,
				  &(struct iommu_fw_args){ .fwnode = s->fwnode,
							   .count = 1,
							   .args = { sid } });
}

static const struct iommu_fw_ops fw_ops = { .describe = describe };

static void side_up(struct world *w, unsigned index, const struct smmu_config *config,
		    uint32_t flags)
{
	static const char *const names[] = { "smmu0", "smmu1" };
	struct world_side *s = &w->side[index];
	struct smmu_config cfg = *config;
	struct arm_smmu_desc desc = { .name = names[index],
				      .size = cfg.ecmdq ? 0x100000 : 0x20000,
				      .coherent = true,
				      .iommu_cells = 1 };

	s->world = w;
	cfg.name = names[index];
	assert_int_equal(pthread_mutex_init(&s->lock, NULL), 0);
	assert_int_equal(smmu_create(&s->smmu, w->bus, &cfg), 0);
	s->platform = (struct iommu_platform){ &platform_ops, s };
	s->fwnode = desc.fwnode = iommu_fwnode_create(names[index]);
	assert_non_null(s->fwnode);
	assert_int_equal(arm_smmu_probe(&s->drv, &desc, &s->platform, w->sys), 0);
	for (unsigned i = 0; i < WORLD_MASTERS; i++) {
		char name[16];
		struct iommu_dev_desc dev = { .name = name, .fw = &fw_ops, .fw_ctx = s };

		snprintf(name, sizeof(name), "dev%u.%u", index, i);
		s->sid[i] = 5 + 300 * i; /* not in one level-2 table */
		assert_int_equal(iommu_dev_add(w->sys, &dev, &s->dev[i]), 0);
		assert_true(iommu_dev_has_iommu(s->dev[i]));
	}
	for (unsigned i = 0; i < WORLD_DOMAINS; i++)
		assert_int_equal(
			iommu_paging_domain_alloc(s->dev[0], flags, &s->domain[i]), 0);
}

void world_up(struct world *w, const struct smmu_config *cfg, unsigned sides, bool stage2,
	      bool late_bell)
{
	struct iommu_system_config sys = { 0 };

	*w = (struct world){ .next_pa = WORLD_RAM, .sides = sides };
	assert_int_equal(pthread_mutex_init(&w->lock, NULL), 0);
	w->bus = smmu_bus_create();
	assert_non_null(w->bus);
	assert_int_equal(smmu_bus_add_ram(w->bus, WORLD_RAM, WORLD_TOP - WORLD_RAM, NULL),
			 0);
	assert_int_equal(iommu_system_create(&w->sys, &sys), 0);
	for (unsigned i = 0; i < sides; i++)
		side_up(w, i, cfg, stage2 ? IOMMU_ALLOC_STAGE2 : 0);
	for (unsigned i = 0; i < sides; i++) {
		w->side[i].prod =
			(uint32_t)smmu_mmio_read(w->side[i].smmu, SMMU_REG_CMDQ_PROD, 4);
		w->side[i].late_bell = late_bell;
	}
}

/* What was held back goes first, and nothing is from now on. */
static void on_time(struct world_side *s)
{
	if (s->late_bell)
		smmu_mmio_write(s->smmu, SMMU_REG_CMDQ_PROD, 4, s->prod);
	s->late_bell = false;
}

void world_down(struct world *w)
{
	for (unsigned i = 0; i < w->sides; i++) {
		struct world_side *s = &w->side[i];

		on_time(s);
		for (unsigned n = 0; n < WORLD_DOMAINS; n++)
			iommu_domain_free(s->domain[n]);
		for (unsigned n = 0; n < WORLD_MASTERS; n++)
			iommu_dev_remove(s->dev[n]);
		arm_smmu_remove(s->drv);
		iommu_fwnode_put(s->fwnode);
	}
	iommu_system_destroy(w->sys);
	assert_int_equal(w->live, 0);
	for (unsigned i = 0; i < w->sides; i++) {
		smmu_destroy(w->side[i].smmu);
		pthread_mutex_destroy(&w->side[i].lock);
	}
	smmu_bus_destroy(w->bus);
	while (take_page(w))
		;
	pthread_mutex_destroy(&w->lock);
}
