/* SPDX-License-Identifier: MIT */
/*
 * What taking one mapped page away costs through the driver: tables, invalidation,
 * CMD_SYNC; by one thread, and by two at once. The first case is the model's part:
 * the same two commands by hand.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/arm_smmu.h>
#include <smmulator/iommu.h>
#include "bench.h"
#include "fixture.h"

#define RAM_BASE UINT64_C(0x80000000)
#define RAM_SIZE (UINT64_C(64) << 20)
#define PAGE	 UINT64_C(4096)
#define IOVA	 UINT64_C(0x40000000) /* of a thread: its number << 30 on top */

enum { PAGES = 256, THREADS = 2, BY_VMID = 2, NO_RIL = 4 };

struct world;

struct worker {
	struct world *world;
	uint64_t iova, rounds;
	pthread_t thread;
};

struct world {
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct iommu_platform platform;
	struct iommu_system *sys;
	struct iommu_fwnode *fwnode;
	struct arm_smmu *drv;
	struct iommu_dev *dev;
	struct iommu_domain *domain;
	uint64_t next_pa;
	pthread_mutex_t lock;
	unsigned threads;
	struct worker worker[THREADS];
	pthread_barrier_t barrier;
	bool quit;
};

/* ---- The platform ---- */

static uint32_t p_read32(void *ctx, uint64_t pa)
{
	return (uint32_t)smmu_mmio_read(((struct world *)ctx)->smmu, pa, 4);
}

static uint64_t p_read64(void *ctx, uint64_t pa)
{
	return smmu_mmio_read(((struct world *)ctx)->smmu, pa, 8);
}

static void p_write32(void *ctx, uint64_t pa, uint32_t value)
{
	smmu_mmio_write(((struct world *)ctx)->smmu, pa, 4, value);
}

static void p_write64(void *ctx, uint64_t pa, uint64_t value)
{
	smmu_mmio_write(((struct world *)ctx)->smmu, pa, 8, value);
}

static int p_alloc(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem)
{
	struct world *w = ctx;

	pthread_mutex_lock(&w->lock);
	w->next_pa = (w->next_pa + align - 1) & ~(align - 1);
	*mem = (struct iommu_dma){ .pa = w->next_pa, .size = size };
	mem->cpu = smmu_bus_ptr(w->bus, mem->pa, size);
	w->next_pa += size;
	pthread_mutex_unlock(&w->lock);
	if (!mem->cpu)
		abort();
	memset(mem->cpu, 0, size);
	return 0;
}

static void p_free(void *ctx, const struct iommu_dma *mem)
{
	(void)ctx;
	(void)mem;
}

static void *p_phys(void *ctx, uint64_t pa, uint64_t len)
{
	return smmu_bus_ptr(((struct world *)ctx)->bus, pa, len);
}

static const struct iommu_platform_ops platform_ops = {
	.read32 = p_read32,
	.read64 = p_read64,
	.write32 = p_write32,
	.write64 = p_write64,
	.dma_alloc = p_alloc,
	.dma_free = p_free,
	.phys_to_virt = p_phys,
};

static int describe(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	struct world *w = ctx;
	struct iommu_fw_args args = { .fwnode = w->fwnode, .count = 1, .args = { 3 } };

	return iommu_fwspec_xlate(dev, fwspec, &args);
}

static const struct iommu_fw_ops fw_ops = { .describe = describe };

/* ---- Threads ---- */

static void map_all(struct worker *me)
{
	for (uint64_t i = 0; i < PAGES; i++)
		if (iommu_map(me->world->domain, me->iova + i * PAGE, RAM_BASE, PAGE,
			      IOMMU_READ | IOMMU_WRITE))
			abort();
}

static void unmap_all(struct worker *me)
{
	for (uint64_t i = 0; i < PAGES; i++)
		if (iommu_unmap(me->world->domain, me->iova + i * PAGE, PAGE) != PAGE)
			abort();
}

static void *work(void *arg)
{
	struct worker *me = arg;

	for (;;) {
		pthread_barrier_wait(&me->world->barrier);
		if (me->world->quit)
			return NULL;
		map_all(me);
		pthread_barrier_wait(&me->world->barrier);
		unmap_all(me);
		pthread_barrier_wait(&me->world->barrier);
	}
}

/* The first worker is who measures. */
static void sample(const struct bench_case *c, void *state, uint64_t ops,
		   struct stopwatch *watch)
{
	struct world *w = state;

	(void)c;
	for (uint64_t done = 0; done < ops; done += PAGES * w->threads) {
		pthread_barrier_wait(&w->barrier);
		map_all(&w->worker[0]);
		pthread_barrier_wait(&w->barrier);
		stopwatch_start(watch);
		unmap_all(&w->worker[0]);
		pthread_barrier_wait(&w->barrier);
		stopwatch_stop(watch, PAGES * w->threads);
	}
}

/* ---- The world ---- */

static void hardware_up(struct world *w, uint64_t param)
{
	struct smmu_config cfg;

	if (smmu_config_init(&cfg, param & NO_RIL ? SMMU_PRESET_V3_1 : SMMU_PRESET_V3_2))
		abort();
	cfg.sid_bits = 6;
	cfg.cmdqs = 10;
	w->bus = smmu_bus_create();
	if (!w->bus || smmu_bus_add_ram(w->bus, RAM_BASE, RAM_SIZE, NULL) ||
	    smmu_create(&w->smmu, w->bus, &cfg))
		abort();
}

static void software_up(struct world *w, uint64_t param)
{
	struct iommu_system_config sys = { 0 };
	struct iommu_dev_desc dev = { .name = "dev", .fw = &fw_ops, .fw_ctx = w };
	struct arm_smmu_desc desc = {
		.name = "smmu", .size = 0x20000, .coherent = true, .iommu_cells = 1
	};

	w->platform = (struct iommu_platform){ &platform_ops, w };
	desc.fwnode = w->fwnode = iommu_fwnode_create("smmu");
	if (iommu_system_create(&w->sys, &sys) ||
	    arm_smmu_probe(&w->drv, &desc, &w->platform, w->sys) ||
	    iommu_dev_add(w->sys, &dev, &w->dev) ||
	    iommu_paging_domain_alloc(w->dev, param & BY_VMID ? IOMMU_ALLOC_STAGE2 : 0,
				      &w->domain) ||
	    iommu_attach_device(w->domain, w->dev))
		abort();
}

static bool setup(const struct bench_case *c, void **out)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return false;
	w->next_pa = RAM_BASE;
	w->threads = 1 + (c->param & 1);
	pthread_mutex_init(&w->lock, NULL);
	pthread_barrier_init(&w->barrier, NULL, w->threads);
	hardware_up(w, c->param);
	software_up(w, c->param);
	for (unsigned i = 0; i < w->threads; i++) {
		w->worker[i].world = w;
		w->worker[i].iova = IOVA + ((uint64_t)i << 30);
		if (i && pthread_create(&w->worker[i].thread, NULL, work, &w->worker[i]))
			abort();
	}
	*out = w;
	return true;
}

static void teardown(void *state)
{
	struct world *w = state;

	w->quit = true;
	pthread_barrier_wait(&w->barrier);
	for (unsigned i = 1; i < w->threads; i++)
		pthread_join(w->worker[i].thread, NULL);
	iommu_detach_device(w->domain, w->dev);
	iommu_domain_free(w->domain);
	iommu_dev_remove(w->dev);
	arm_smmu_remove(w->drv);
	iommu_system_destroy(w->sys);
	iommu_fwnode_put(w->fwnode);
	smmu_destroy(w->smmu);
	smmu_bus_destroy(w->bus);
	pthread_barrier_destroy(&w->barrier);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* ---- The model alone ---- */

static bool alone_setup(const struct bench_case *c, void **out)
{
	(void)c;
	*out = fixture_create(1, 4096);
	return *out != NULL;
}

static void alone_sample(const struct bench_case *c, void *state, uint64_t ops,
			 struct stopwatch *w)
{
	uint64_t cmd[2] = { 0, 0 }, sync[2] = { 0, 0 };

	(void)c;
	smmu_set(sync, SMMU_CMD_SYNC_OPCODE, SMMU_OP_SYNC);
	smmu_set(cmd, SMMU_CMD_SYNC_OPCODE, SMMU_OP_TLBI_NH_VA);
	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_ASID, ASID);
	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_Leaf, 1);
	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_TTL, 3);
	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_TG, 1);
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++) {
		smmu_set_addr(cmd, SMMU_CMD_TLBI_NH_VA_Address, IOVA + i % PAGES * PAGE);
		fixture_push(state, cmd);
		fixture_push(state, sync);
		fixture_ring(state);
	}
	stopwatch_stop(w, ops);
}

static void alone_teardown(void *state)
{
	fixture_destroy(state);
}

#define UNMAP(name_, what_, param_)                                                      \
	{                                                                                \
		"driver/unmap/" name_, what_, param_, setup, sample, teardown            \
	}

static const struct bench_case cases[] = {
	{ "driver/model_alone", "TLBI_NH_VA and CMD_SYNC by hand, no driver", 0,
	  alone_setup, alone_sample, alone_teardown },
	UNMAP("ril", "unmap of a page, range command, one thread", 0),
	UNMAP("ril/2", "the same, two threads", 1),
	UNMAP("asid", "unmap of a page, no range commands, one thread", NO_RIL),
	UNMAP("asid/2", "the same, two threads", NO_RIL | 1),
	UNMAP("vmid", "unmap of a page, stage 2, one thread", BY_VMID),
	UNMAP("vmid/2", "the same, two threads", BY_VMID | 1),
};
const struct bench_suite suite_driver = { cases, sizeof(cases) / sizeof(cases[0]) };
