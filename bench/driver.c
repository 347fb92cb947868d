/* SPDX-License-Identifier: MIT */
/*
 * What taking one mapped page away costs through the driver: tables, invalidation,
 * CMD_SYNC; by one thread and by two, in one domain or each in its own, through the
 * command queue or queues of their own. driver/model is the SMMU's part: the very
 * commands that the driver sent, put there by hand; driver/overhead is the difference,
 * both taken in turn. driver/mute is the driver by itself: on an SMMU that answers each
 * CMD_SYNC at once, and does nothing else.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/arm_smmu.h>
#include <smmulator/iommu.h>
#include <smmulator/smmu.h>
#include "bench.h"
#include "crew.h"

#define RAM_BASE UINT64_C(0x80000000)
#define RAM_SIZE (UINT64_C(64) << 20)
#define PAGE	 UINT64_C(4096)
#define IOVA	 UINT64_C(0x40000000) /* of a thread: its number << 30 on top */
#define WINDOW	 UINT64_C(0x80000)    /* registers and control pages */

enum { PAGES = 2048, THREADS = 2 };

/* What a case is about. */
enum {
	TWO = 1,    /* threads */
	OWN = 2,    /* each with a domain of its own */
	VMID = 4,   /* stage 2 */
	NO_RIL = 8, /* no range commands */
	POLL = 16,  /* CONS is read, no message is waited for */
	ECMDQ = 32, /* queues of their own */
	MUTE = 64,  /* nobody executes the commands: the driver alone */
};

struct world;

struct worker {
	struct world *world;
	struct iommu_fw_args id;
	struct iommu_dev *dev;
	struct iommu_domain *domain;
	uint64_t iova;
};

/* The commands of one unmap, and the queue that they went to. */
struct tape {
	bool running;
	uint64_t reg; /* its PROD */
	uint32_t prod, mask;
	uint64_t *slots, pa;
	unsigned n;
	uint64_t cmd[8][2];
};

/* A command queue as memory, and up to where it is answered. */
struct mute_queue {
	uint64_t *slots;
	uint32_t mask, prod;
	char apart[64]; /* the next may be another CPU's */
};
enum { ECMDQS = 8 };

struct world {
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct iommu_platform platform;
	struct iommu_system *sys;
	struct iommu_fwnode *fwnode;
	struct arm_smmu *drv;
	uint64_t next_pa;
	pthread_mutex_t lock;
	unsigned threads;
	uint64_t param;
	struct tape tape;
	bool mute;
	struct mute_queue queue[1 + ECMDQS]; /* the command queue first */
	struct worker worker[THREADS];
	struct crew *crew;
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

static void tape_write(struct world *w, uint64_t pa, uint32_t value);
static void mute_write(struct world *w, uint64_t pa, uint32_t value);

static void p_write32(void *ctx, uint64_t pa, uint32_t value)
{
	struct world *w = ctx;

	if (w->mute) {
		mute_write(w, pa, value);
		return;
	}
	if (w->tape.running)
		tape_write(w, pa, value);
	smmu_mmio_write(w->smmu, pa, 4, value);
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
	struct worker *me = ctx;

	return iommu_fwspec_xlate(dev, fwspec, &me->id);
}

static const struct iommu_fw_ops fw_ops = { .describe = describe };

/* ---- Threads ---- */

static void map_all(struct worker *me)
{
	for (uint64_t i = 0; i < PAGES; i++)
		if (iommu_map(me->domain, me->iova + i * PAGE, RAM_BASE, PAGE,
			      IOMMU_READ | IOMMU_WRITE))
			abort();
}

static void unmap_all(struct worker *me)
{
	for (uint64_t i = 0; i < PAGES; i++)
		if (iommu_unmap(me->domain, me->iova + i * PAGE, PAGE) != PAGE)
			abort();
}

enum phase { MAP, UNMAP_ALL };

static void do_phase(struct worker *me, uint64_t phase)
{
	if (phase == MAP)
		map_all(me);
	else
		unmap_all(me);
}

/* The second worker; the first is who measures. */
static void second(struct crew *crew, void *ctx, unsigned index, uint64_t phase)
{
	(void)crew;
	do_phase(&((struct world *)ctx)->worker[index + 1], phase);
}

/* The clock runs from before the first to after the last of them. */
static void run_phase(struct world *w, enum phase phase, struct stopwatch *watch)
{
	if (watch)
		stopwatch_start(watch);
	crew_go(w->crew, phase);
	do_phase(&w->worker[0], phase);
	crew_wait(w->crew);
	if (watch)
		stopwatch_stop(watch, PAGES * w->threads);
}

static void round_of(struct world *w, struct stopwatch *map, struct stopwatch *unmap)
{
	run_phase(w, MAP, map);
	run_phase(w, UNMAP_ALL, unmap);
}

static void unmap_sample(const struct bench_case *c, void *state, uint64_t ops,
			 struct stopwatch *watch)
{
	struct world *w = state;

	(void)c;
	for (uint64_t done = 0; done < ops; done += PAGES * w->threads)
		round_of(w, NULL, watch);
}

static void map_sample(const struct bench_case *c, void *state, uint64_t ops,
		       struct stopwatch *watch)
{
	struct world *w = state;

	(void)c;
	for (uint64_t done = 0; done < ops; done += PAGES * w->threads)
		round_of(w, watch, NULL);
}

/* ---- The SMMU's part ---- */

/* Of a queue with that PROD. */
static uint64_t base_before(uint64_t prod)
{
	return prod == SMMU_REG_CMDQ_PROD
		       ? SMMU_REG_CMDQ_BASE
		       : prod - (SMMU_REG_ECMDQ_PROD(0, 0) - SMMU_REG_ECMDQ_BASE(0, 0));
}

/* A write of PROD that leads to commands: they are there by now. */
static void tape_write(struct world *w, uint64_t pa, uint32_t value)
{
	struct tape *t = &w->tape;
	/* Its BASE lies before it, in the main queue's registers and in a control page.
	 */
	uint64_t before = pa == SMMU_REG_CMDQ_PROD
				  ? SMMU_REG_CMDQ_PROD - SMMU_REG_CMDQ_BASE
				  : SMMU_REG_ECMDQ_PROD(0, 0) - SMMU_REG_ECMDQ_BASE(0, 0);
	uint64_t base = smmu_mmio_read(w->smmu, pa - before, 8);
	uint32_t old = (uint32_t)smmu_mmio_read(w->smmu, pa, 4);

	t->reg = pa;
	t->prod = value;
	t->mask = (UINT32_C(2) << smmu_reg_get(base, SMMU_CMDQ_BASE_LOG2SIZE)) - 1;
	t->pa = smmu_reg_get_addr(base, SMMU_CMDQ_BASE_ADDR);
	t->slots = smmu_bus_ptr(w->bus, t->pa, UINT64_C(8) * (t->mask + 1));
	for (t->n = 0; (old & t->mask) != (value & t->mask) && t->n < 8; t->n++, old++)
		memcpy(t->cmd[t->n], t->slots + 2 * (old & t->mask >> 1), 16);
}

static void tape_record(struct world *w)
{
	struct worker *me = &w->worker[0];

	if (iommu_map(me->domain, me->iova, RAM_BASE, PAGE, IOMMU_READ))
		abort();
	w->tape.running = true;
	if (iommu_unmap(me->domain, me->iova, PAGE) != PAGE)
		abort();
	w->tape.running = false;
	if (w->tape.n != 2)
		abort();
}

/* The i-th unmap's commands again, at wherever the queue is by now. */
static void tape_play(struct world *w, uint64_t i)
{
	struct tape *t = &w->tape;
	uint32_t flags = t->prod & ~t->mask;

	for (unsigned k = 0; k < t->n; k++) {
		uint64_t *slot = t->slots + 2 * (t->prod & t->mask >> 1);

		if (!k)
			smmu_set_addr(t->cmd[k], SMMU_CMD_TLBI_NH_VA_Address,
				      IOVA + i % PAGES * PAGE);
		else if (!(w->param & POLL))
			smmu_set_addr(t->cmd[k], SMMU_CMD_SYNC_MSIAddress,
				      t->pa + 8 * (uint64_t)(slot - t->slots));
		slot[0] = t->cmd[k][0];
		slot[1] = t->cmd[k][1];
		t->prod = flags | ((t->prod + 1) & t->mask);
	}
	smmu_mmio_write(w->smmu, t->reg, 4, t->prod);
	if (w->param & POLL) /* PROD and CONS are neighbours */
		(void)smmu_mmio_read(w->smmu, t->reg + 4, 4);
}

/* Whole laps, after which the driver finds everything as it left it. */
static void play_laps(struct world *w, uint64_t ops, struct stopwatch *watch)
{
	uint64_t lap = (w->tape.mask + 1) / 2;

	ops = (ops + lap - 1) / lap * lap;
	stopwatch_start(watch);
	for (uint64_t i = 0; i < ops; i++)
		tape_play(w, i);
	stopwatch_stop(watch, ops);
}

static void model_sample(const struct bench_case *c, void *state, uint64_t ops,
			 struct stopwatch *watch)
{
	(void)c;
	tape_record(state);
	play_laps(state, ops, watch);
}

/* ---- The driver's part: an SMMU that says it is done, and does nothing ---- */

static uint64_t prod_of(const struct world *w, unsigned queue)
{
	uint64_t page;

	if (!queue)
		return SMMU_REG_CMDQ_PROD;
	page = smmu_reg_get_addr(
		smmu_mmio_read(w->smmu, SMMU_REG_CMDQ_CONTROL_PAGE_BASE(0), 8),
		SMMU_CMDQ_CONTROL_PAGE_BASE_ADDR);
	return page + SMMU_REG_ECMDQ_PROD(queue - 1, 3);
}

static void mute_write(struct world *w, uint64_t pa, uint32_t value)
{
	uint64_t stride = SMMU_REG_ECMDQ_PROD(1, 3) - SMMU_REG_ECMDQ_PROD(0, 3);
	uint64_t n = pa == SMMU_REG_CMDQ_PROD ? 0 : 1 + (pa & 0xffff) / stride;
	struct mute_queue *q = &w->queue[n];

	/* The messages of its SYNCs, as the SMMU would send them. */
	for (; (q->prod ^ value) & q->mask; q->prod++) {
		uint64_t *slot = q->slots + 2 * (q->prod & q->mask >> 1);

		if (smmu_get(slot, SMMU_CMD_OPCODE) == SMMU_OP_SYNC)
			__atomic_store_n((uint32_t *)slot, 0, __ATOMIC_RELEASE);
	}
}

/*
 * Rounds send whole laps to each queue, by threads that stay on their processors: after
 * one the SMMU, who heard nothing, and the driver agree again.
 */
static void mute_sample(const struct bench_case *c, void *state, uint64_t ops,
			struct stopwatch *watch)
{
	struct world *w = state;

	(void)c;
	for (unsigned i = 0; i < (w->param & ECMDQ ? 1 + ECMDQS : 1); i++) {
		uint64_t prod = prod_of(w, i);
		uint64_t base = smmu_mmio_read(w->smmu, base_before(prod), 8);

		w->queue[i].prod = (uint32_t)smmu_mmio_read(w->smmu, prod, 4);
		w->queue[i].mask =
			(UINT32_C(2) << smmu_reg_get(base, SMMU_CMDQ_BASE_LOG2SIZE)) - 1;
		w->queue[i].slots =
			smmu_bus_ptr(w->bus, smmu_reg_get_addr(base, SMMU_CMDQ_BASE_ADDR),
				     UINT64_C(8) * (w->queue[i].mask + 1));
	}
	w->mute = true;
	for (uint64_t done = 0; done < ops; done += PAGES * w->threads)
		round_of(w, NULL, watch);
	w->mute = false;
}

/* ns of one operation between two readings of a watch, if less than best. */
static void keep_best(double *best, const struct stopwatch *now,
		      const struct stopwatch *before)
{
	double ns = (double)(now->ns - before->ns) / (double)(now->ops - before->ops);

	if (*best == 0 || ns < *best)
		*best = ns;
}

/* The quickest round of each: neither may count for what befell the other. */
static void overhead_sample(const struct bench_case *c, void *state, uint64_t ops,
			    struct stopwatch *watch)
{
	struct stopwatch model = { .perf_fd = -1 };
	double whole = 0, part = 0;
	struct world *w = state;

	(void)c;
	for (uint64_t done = 0; done < ops; done += PAGES) {
		struct stopwatch before = *watch, model_before = model;

		round_of(w, NULL, watch);
		keep_best(&whole, watch, &before);
		tape_record(w);
		play_laps(w, PAGES, &model);
		keep_best(&part, &model, &model_before);
	}
	watch->ns = whole > part ? (uint64_t)((whole - part) * (double)watch->ops) : 0;
}

/* ---- The world ---- */

static void hardware_up(struct world *w)
{
	struct smmu_config cfg;

	if (smmu_config_init(&cfg, w->param & ECMDQ    ? SMMU_PRESET_V3_3
				   : w->param & NO_RIL ? SMMU_PRESET_V3_1
						       : SMMU_PRESET_V3_2))
		abort();
	cfg.sid_bits = 6;
	cfg.cmdqs = 10;
	if (w->param & ECMDQ) {
		cfg.ecmdq = cfg.msi = cfg.cohacc = 1;
		cfg.cmdq_control_page_log2numq = 3;
	}
	w->bus = smmu_bus_create();
	if (!w->bus || smmu_bus_add_ram(w->bus, RAM_BASE, RAM_SIZE, NULL) ||
	    smmu_create(&w->smmu, w->bus, &cfg))
		abort();
}

static void driver_up(struct world *w)
{
	struct iommu_system_config sys = { 0 };
	struct arm_smmu_desc desc = {
		.name = "smmu", .size = WINDOW, .coherent = true, .iommu_cells = 1
	};

	if (w->param & POLL)
		desc.options = ARM_SMMU_DISABLE_MSIPOLL;
	w->platform = (struct iommu_platform){ &platform_ops, w };
	desc.fwnode = w->fwnode = iommu_fwnode_create("smmu");
	if (iommu_system_create(&w->sys, &sys) ||
	    arm_smmu_probe(&w->drv, &desc, &w->platform, w->sys))
		abort();
}

static void worker_up(struct world *w, unsigned i)
{
	struct worker *me = &w->worker[i];
	struct iommu_dev_desc dev = { .name = i ? "dev1" : "dev0",
				      .fw = &fw_ops,
				      .fw_ctx = me };

	me->world = w;
	me->iova = IOVA + ((uint64_t)i << 30);
	me->id = (struct iommu_fw_args){ w->fwnode, 1, { 3 + i } };
	if (iommu_dev_add(w->sys, &dev, &me->dev))
		abort();
	me->domain = w->worker[0].domain;
	if ((!i || w->param & OWN) &&
	    iommu_paging_domain_alloc(me->dev, w->param & VMID ? IOMMU_ALLOC_STAGE2 : 0,
				      &me->domain))
		abort();
	if (iommu_attach_device(me->domain, me->dev))
		abort();
}

static void worker_down(struct world *w, unsigned i)
{
	struct worker *me = &w->worker[i];

	iommu_detach_device(me->domain, me->dev);
	if (!i || w->param & OWN)
		iommu_domain_free(me->domain);
	iommu_dev_remove(me->dev);
}

static bool setup(const struct bench_case *c, void **out)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return false;
	w->next_pa = RAM_BASE;
	w->param = c->param;
	w->threads = c->param & TWO ? 2 : 1;
	pthread_mutex_init(&w->lock, NULL);
	hardware_up(w);
	driver_up(w);
	for (unsigned i = 0; i < w->threads; i++)
		worker_up(w, i);
	/* One alone stays where he is, too. */
	w->crew = crew_start(w->threads - 1, second, w);
	if (!w->crew)
		abort();
	*out = w;
	return true;
}

static void teardown(void *state)
{
	struct world *w = state;

	crew_end(w->crew);
	for (unsigned i = w->threads; i--;)
		worker_down(w, i);
	arm_smmu_remove(w->drv);
	iommu_system_destroy(w->sys);
	iommu_fwnode_put(w->fwnode);
	smmu_destroy(w->smmu);
	smmu_bus_destroy(w->bus);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

#define CASE(kind, name_, what_, param_)                                                 \
	{                                                                                \
		"driver/" #kind "/" name_, what_, param_, setup, kind##_sample, teardown \
	}
/* One thread's whole, and of that the SMMU's and the driver's part. */
#define UNMAP(name_, what_, param_)                                                      \
	CASE(unmap, name_, "unmap of a page: " what_, param_),                           \
		CASE(model, name_, "of that, the SMMU alone", param_),                   \
		CASE(overhead, name_, "of that, the driver", param_)
/* Two threads. */
#define PAIR(name_, what_, param_)                                                       \
	CASE(unmap, name_ "/2", what_ ", two threads", (param_) | TWO),                  \
		CASE(unmap, name_ "/2own", what_ ", two threads and domains",            \
		     (param_) | TWO | OWN)

static const struct bench_case cases[] = {
	UNMAP("ril", "range command", 0),
	PAIR("ril", "range command", 0),
	UNMAP("asid", "no range commands", NO_RIL),
	PAIR("asid", "no range commands", NO_RIL),
	UNMAP("vmid", "stage 2", VMID),
	PAIR("vmid", "stage 2", VMID),
	UNMAP("poll", "range command, CONS polled", POLL),
	PAIR("poll", "range command, CONS polled", POLL),
	UNMAP("ecmdq", "range command, own queue", ECMDQ),
	PAIR("ecmdq", "range command, own queue", ECMDQ),
	CASE(mute, "cmdq", "unmap of a page, the driver alone", MUTE),
	CASE(mute, "cmdq/2", "the same, two threads on one queue", MUTE | TWO),
	CASE(mute, "ecmdq", "unmap of a page, own queue, the driver alone", MUTE | ECMDQ),
	CASE(mute, "ecmdq/2", "the same, two threads", MUTE | ECMDQ | TWO),
	CASE(mute, "ecmdq/2own", "the same, two threads and domains",
	     MUTE | ECMDQ | TWO | OWN),
	CASE(map, "s1", "map of a page, stage 1", 0),
	CASE(map, "s1/2", "the same, two threads", TWO),
	CASE(map, "s1/2own", "the same, two threads and domains", TWO | OWN),
	CASE(map, "s2", "map of a page, stage 2", VMID),
};
const struct bench_suite suite_driver = { cases, sizeof(cases) / sizeof(cases[0]) };
