/* SPDX-License-Identifier: MIT */
/*
 * What it costs to move a device from one translation to another, through the core and
 * the driver: STE and CD written, configuration and TLB invalidated, CMD_SYNC.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/arm_smmu.h>
#include <smmulator/iommu.h>
#include <smmulator/smmu.h>
#include "bench.h"

#define RAM_BASE UINT64_C(0x80000000)
#define RAM_SIZE (UINT64_C(64) << 20)

enum { MAX_IDS = 64, DOMAINS = 2, STAGE2 = 256 /* in param, with the number of ids */ };

/* Memory that was given back, by its size: the next of the same size gets it. */
struct spare {
	struct spare *next;
	uint64_t pa, size;
};

struct world {
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct iommu_platform platform;
	struct iommu_system *sys;
	struct iommu_fwnode *fwnode;
	struct arm_smmu *drv;
	struct iommu_dev *dev;
	struct iommu_group *group;
	struct iommu_domain *domain[DOMAINS];
	struct iommu_attach_handle handle[DOMAINS];
	unsigned num_ids, at;
	uint64_t next_pa;
	struct spare *spare;
	pthread_mutex_t lock;
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

static uint64_t take(struct world *w, uint64_t size, uint64_t align)
{
	for (struct spare **s = &w->spare; *s; s = &(*s)->next)
		if ((*s)->size == size && !((*s)->pa & (align - 1))) {
			struct spare *found = *s;
			uint64_t pa = found->pa;

			*s = found->next;
			free(found);
			return pa;
		}
	w->next_pa = (w->next_pa + align - 1) & ~(align - 1);
	w->next_pa += size;
	return w->next_pa - size;
}

static int p_alloc(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem)
{
	struct world *w = ctx;

	pthread_mutex_lock(&w->lock);
	*mem = (struct iommu_dma){ .pa = take(w, size, align), .size = size };
	pthread_mutex_unlock(&w->lock);
	mem->cpu = smmu_bus_ptr(w->bus, mem->pa, size);
	if (!mem->cpu)
		return -ENOMEM;
	memset(mem->cpu, 0, size);
	return 0;
}

static void p_free(void *ctx, const struct iommu_dma *mem)
{
	struct world *w = ctx;
	struct spare *s = malloc(sizeof(*s));

	if (!s)
		abort();
	pthread_mutex_lock(&w->lock);
	*s = (struct spare){ w->spare, mem->pa, mem->size };
	w->spare = s;
	pthread_mutex_unlock(&w->lock);
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
	int err = 0;

	for (uint32_t i = 0; i < w->num_ids && !err; i++) {
		struct iommu_fw_args args = { .fwnode = w->fwnode,
					      .count = 1,
					      .args = { 1 + i } };

		err = iommu_fwspec_xlate(dev, fwspec, &args);
	}
	return err;
}

static const struct iommu_fw_ops fw_ops = { .describe = describe };

/* ---- The world ---- */

static bool hardware_up(struct world *w)
{
	struct smmu_config cfg;

	if (smmu_config_init(&cfg, SMMU_PRESET_V3_2))
		return false;
	cfg.sid_bits = 8;
	w->bus = smmu_bus_create();
	return w->bus && !smmu_bus_add_ram(w->bus, RAM_BASE, RAM_SIZE, NULL) &&
	       !smmu_create(&w->smmu, w->bus, &cfg);
}

static bool software_up(struct world *w, uint32_t flags)
{
	struct iommu_system_config sys = { 0 };
	struct iommu_dev_desc dev = { .name = "dev", .fw = &fw_ops, .fw_ctx = w };
	struct arm_smmu_desc desc = {
		.name = "smmu", .size = 0x20000, .coherent = true, .iommu_cells = 1
	};

	w->platform = (struct iommu_platform){ &platform_ops, w };
	desc.fwnode = w->fwnode = iommu_fwnode_create("smmu");
	if (!w->fwnode || iommu_system_create(&w->sys, &sys) ||
	    arm_smmu_probe(&w->drv, &desc, &w->platform, w->sys) ||
	    iommu_dev_add(w->sys, &dev, &w->dev))
		return false;
	w->group = iommu_group_get(w->dev);
	for (unsigned i = 0; i < DOMAINS; i++)
		if (iommu_paging_domain_alloc(w->dev, flags, &w->domain[i]))
			return false;
	return true;
}

static bool setup(const struct bench_case *c, void **out)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return false;
	w->num_ids = (unsigned)c->param & (STAGE2 - 1);
	w->next_pa = RAM_BASE;
	pthread_mutex_init(&w->lock, NULL);
	if (!hardware_up(w) ||
	    !software_up(w, c->param & STAGE2 ? IOMMU_ALLOC_STAGE2 : 0))
		abort();
	*out = w;
	return true;
}

static bool setup_attached(const struct bench_case *c, void **out)
{
	struct world *w;

	if (!setup(c, out))
		return false;
	w = *out;
	if (iommu_attach_group_handle(w->domain[0], w->group, &w->handle[0]))
		abort();
	return true;
}

static void put_down(struct world *w)
{
	for (unsigned i = 0; i < DOMAINS; i++)
		iommu_domain_free(w->domain[i]);
	iommu_group_put(w->group);
	iommu_dev_remove(w->dev);
	arm_smmu_remove(w->drv);
	iommu_system_destroy(w->sys);
	iommu_fwnode_put(w->fwnode);
	smmu_destroy(w->smmu);
	smmu_bus_destroy(w->bus);
	while (w->spare) {
		struct spare *s = w->spare;

		w->spare = s->next;
		free(s);
	}
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static void teardown(void *state)
{
	put_down(state);
}

static void teardown_attached(void *state)
{
	struct world *w = state;

	iommu_detach_group_handle(w->domain[w->at], w->group);
	put_down(w);
}

/* ---- Samples ---- */

static void sample_cycle(const struct bench_case *c, void *state, uint64_t ops,
			 struct stopwatch *watch)
{
	struct world *w = state;

	(void)c;
	stopwatch_start(watch);
	for (uint64_t i = 0; i < ops; i++) {
		if (iommu_attach_device(w->domain[0], w->dev))
			abort();
		iommu_detach_device(w->domain[0], w->dev);
	}
	stopwatch_stop(watch, ops);
}

static void sample_replace(const struct bench_case *c, void *state, uint64_t ops,
			   struct stopwatch *watch)
{
	struct world *w = state;

	(void)c;
	stopwatch_start(watch);
	for (uint64_t i = 0; i < ops; i++) {
		unsigned next = !w->at;

		if (iommu_replace_group_handle(w->group, w->domain[next],
					       &w->handle[next]))
			abort();
		w->at = next;
	}
	stopwatch_stop(watch, ops);
}

static void sample_domain(const struct bench_case *c, void *state, uint64_t ops,
			  struct stopwatch *watch)
{
	struct world *w = state;
	uint32_t flags = c->param & STAGE2 ? IOMMU_ALLOC_STAGE2 : 0;

	stopwatch_start(watch);
	for (uint64_t i = 0; i < ops; i++) {
		struct iommu_domain *domain;

		if (iommu_paging_domain_alloc(w->dev, flags, &domain))
			abort();
		iommu_domain_free(domain);
	}
	stopwatch_stop(watch, ops);
}

#define CYCLE(name_, what_, param_)                                                      \
	{                                                                                \
		"attach/cycle/" name_, what_, param_, setup, sample_cycle, teardown      \
	}
#define REPLACE(name_, what_, param_)                                                    \
	{                                                                                \
		"attach/replace/" name_, what_, param_, setup_attached, sample_replace,  \
			teardown_attached                                                \
	}

static const struct bench_case cases[] = {
	CYCLE("s1", "attach to a stage-1 domain and detach, one StreamID", 1),
	CYCLE("s2", "attach to a stage-2 domain and detach, one StreamID", 1 | STAGE2),
	CYCLE("s1_64", "attach to a stage-1 domain and detach, 64 StreamIDs", MAX_IDS),
	REPLACE("s1", "from one stage-1 domain to another, one StreamID", 1),
	REPLACE("s2", "from one stage-2 domain to another, one StreamID", 1 | STAGE2),
	REPLACE("s1_64", "from one stage-1 domain to another, 64 StreamIDs", MAX_IDS),
	{ "attach/domain/s1", "allocate a stage-1 domain and free it", 1, setup,
	  sample_domain, teardown },
	{ "attach/domain/s2", "allocate a stage-2 domain and free it", 1 | STAGE2, setup,
	  sample_domain, teardown },
};
const struct bench_suite suite_attach = { cases, sizeof(cases) / sizeof(cases[0]) };
