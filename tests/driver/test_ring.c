/* SPDX-License-Identifier: MIT */
/*
 * The command queue under every schedule of a few producers and the hardware: each
 * access to a shared word, slot or register is a point at which anybody may go on
 * (explore/explore.h). The hardware here is a thread that consumes what PROD says, and
 * sends the message of a CMD_SYNC as late as it may (CMD-78, CMD-80). Schedules are of
 * sequentially consistent memory; what is ordered by acquire and release is left to
 * ThreadSanitizer and driver_stress.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "driver/cmdq.h"
#include "driver/queue.h"
#include "driver/ring_points.h"
#include "explore/explore.h"

#define PRODUCERS 3
#define RUNS	  2 /* submissions of a producer */
#define COMMANDS  2 /* at most, of a submission */

/* What is made to go wrong. */
enum plant {
	NOTHING,
	EARLY_VALID,	/* slots count as written once they are reserved */
	NO_TURN,	/* an owner does not wait for the one before */
	NO_ROOM,	/* nobody looks whether the queue is full */
	TORN_RESERVE,	/* two may reserve the same slots */
	TORN_TAKE,	/* who reserves while an owner takes is forgotten */
	MESSAGE_BEHIND, /* slots are used again though a message is on its way */
};
static enum plant plant; /* set before the explorer forks */

struct world {
	struct arm_smmu smmu;
	uint64_t memory[64];
	uint32_t prod, cons; /* registers */
	uint64_t message;    /* where to; 0: none is due */
	unsigned producers, runs, log2, done;
	bool seen[PRODUCERS][RUNS][COMMANDS];
	/* Of the submission that the last command belongs to. */
	unsigned left;
	uint64_t next;
};

static struct world *the; /* of the schedule that runs */
static _Thread_local uint64_t my_pos;

/* ---- Shared words ---- */

static bool is_slot(const void *at)
{
	return (const uint64_t *)at >= the->memory &&
	       (const uint64_t *)at < the->memory + 64;
}

uint64_t ring_load(const void *at, unsigned size, const char *what)
{
	uint64_t v;

	explore_point(what);
	v = size == 4 ? __atomic_load_n((const uint32_t *)at, __ATOMIC_SEQ_CST)
		      : __atomic_load_n((const uint64_t *)at, __ATOMIC_SEQ_CST);
	if (plant == NO_TURN && at == &the->smmu.cmdq.ring.handed)
		return my_pos;
	if (plant == NO_ROOM && at == &the->smmu.cmdq.ring.consumed)
		return __atomic_load_n(&the->smmu.cmdq.ring.tail, __ATOMIC_SEQ_CST) >> 1;
	if (plant == MESSAGE_BEHIND && is_slot(at) && (v & 0xff) == SMMU_OP_SYNC)
		smmu_set(&v, SMMU_CMD_SYNC_CS, SMMU_CS_NONE);
	return v;
}

void ring_store(void *at, unsigned size, uint64_t value, const char *what)
{
	explore_point(what);
	if (size == 4)
		__atomic_store_n((uint32_t *)at, (uint32_t)value, __ATOMIC_SEQ_CST);
	else
		__atomic_store_n((uint64_t *)at, value, __ATOMIC_SEQ_CST);
	explore_changed();
}

uint64_t ring_add(uint64_t *at, uint64_t n, const char *what)
{
	explore_point(what);
	explore_changed();
	return __atomic_fetch_add(at, n, __ATOMIC_SEQ_CST);
}

uint64_t ring_and(uint64_t *at, uint64_t bits, const char *what)
{
	uint64_t v;

	explore_point(what);
	v = __atomic_load_n(at, __ATOMIC_SEQ_CST);
	if (plant == TORN_TAKE)
		explore_point("torn");
	__atomic_fetch_and(at, bits, __ATOMIC_SEQ_CST);
	explore_changed();
	return v;
}

static void reserved(uint64_t old, uint64_t value)
{
	uint64_t slots = UINT64_C(1) << the->log2;

	my_pos = old >> 1;
	if (plant == EARLY_VALID)
		the->smmu.cmdq.ring.ends[my_pos & (slots - 1)] = value >> 1;
}

bool ring_cas(uint64_t *at, uint64_t old, uint64_t value, const char *what)
{
	explore_point(what);
	if (__atomic_load_n(at, __ATOMIC_SEQ_CST) != old)
		return false;
	if (plant == TORN_RESERVE)
		explore_point("torn");
	__atomic_store_n(at, value, __ATOMIC_SEQ_CST);
	explore_changed();
	if (at == &the->smmu.cmdq.ring.tail)
		reserved(old, value);
	return true;
}

/* ---- The platform: two registers and some memory ---- */

static uint32_t p_read32(void *ctx, uint64_t pa)
{
	struct world *w = ctx;

	explore_point("read CONS");
	return pa == SMMU_REG_CMDQ_CONS ? w->cons : w->prod;
}

static void p_write32(void *ctx, uint64_t pa, uint32_t value)
{
	struct world *w = ctx;
	uint32_t mask = (2u << w->log2) - 1;

	explore_point("write PROD");
	if (pa != SMMU_REG_CMDQ_PROD)
		return;
	/* It never goes back, and never laps the hardware. */
	if (((value - w->cons) & mask) < ((w->prod - w->cons) & mask))
		explore_violation("PROD goes back");
	if (((value - w->cons) & mask) > 1u << w->log2)
		explore_violation("PROD laps CONS");
	w->prod = value;
	explore_changed();
}

static void p_write64(void *ctx, uint64_t pa, uint64_t value)
{
	(void)ctx;
	(void)pa;
	(void)value;
}

static int p_alloc(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem)
{
	struct world *w = ctx;

	(void)align;
	*mem = (struct iommu_dma){ .cpu = w->memory, .pa = 0x1000, .size = size };
	return 0;
}

static void p_free(void *ctx, const struct iommu_dma *mem)
{
	(void)ctx;
	(void)mem;
}

static void p_relax(void *ctx)
{
	(void)ctx;
	explore_pause();
}

static const struct iommu_platform_ops ops = {
	.read32 = p_read32,
	.write32 = p_write32,
	.write64 = p_write64,
	.dma_alloc = p_alloc,
	.dma_free = p_free,
	.relax = p_relax,
};

/* ---- The rest of the driver: nothing of it happens here ---- */

void arm_smmu_evtq_handler(void *arg)
{
	(void)arg;
	explore_violation("an interrupt from nowhere");
}

void arm_smmu_priq_handler(void *arg)
{
	arm_smmu_evtq_handler(arg);
}

void arm_smmu_gerror_handler(void *arg)
{
	arm_smmu_evtq_handler(arg);
}

void arm_smmu_cmdq_repair(struct arm_smmu_cmdq *cmdq, uint32_t cons, uint64_t reason)
{
	(void)cons;
	(void)reason;
	arm_smmu_evtq_handler(cmdq);
}

size_t arm_smmu_dump(struct arm_smmu *smmu, char *buf, size_t len)
{
	(void)smmu;
	(void)buf;
	(void)len;
	explore_violation("a time-out");
	return 0;
}

/* ---- The hardware ---- */

/* A command's second word: whose it is, and how many its submission has. */
static uint64_t tag(unsigned me, unsigned run, unsigned i, unsigned commands)
{
	return UINT64_C(0x5a) << 32 | commands << 24 | me << 16 | run << 8 | i;
}

/* Commands of one submission are contiguous, each comes once (DRV-100). */
static void consume_command(struct world *w, uint64_t id)
{
	unsigned producer = id >> 16 & 0xff, run = id >> 8 & 0xff, index = id & 0xff;

	if (id >> 32 != 0x5a || producer >= PRODUCERS || run >= RUNS || index >= COMMANDS)
		explore_violation("a slot is read that nobody wrote");
	if (w->seen[producer][run][index])
		explore_violation("a command is consumed twice");
	if (index ? w->next != id : w->left != 0)
		explore_violation("a submission is torn apart");
	w->seen[producer][run][index] = true;
	if (!index)
		w->left = id >> 24 & 0xff;
	w->left--;
	w->next = id + 1;
}

static void send_message(struct world *w)
{
	if (!w->message)
		return;
	explore_point("message");
	/* The low half of the slot; the high half is the message's data, 0 too. */
	w->memory[(w->message - 0x1000) / 8] &= ~UINT64_C(0xffffffff);
	w->message = 0;
	explore_changed();
}

static void consume(struct world *w)
{
	uint64_t *slot = &w->memory[(w->cons & ((1u << w->log2) - 1)) * SMMU_CMD_DWORDS];
	uint64_t dw[SMMU_CMD_DWORDS] = { slot[0], slot[1] };
	unsigned op = (unsigned)smmu_get(dw, SMMU_CMD_OPCODE);

	if (op == SMMU_OP_SYNC) {
		send_message(w); /* CMD-78: that of the SYNC before */
		if (smmu_get(dw, SMMU_CMD_SYNC_CS) == SMMU_CS_IRQ)
			w->message = smmu_get_addr(dw, SMMU_CMD_SYNC_MSIAddress);
		if (w->left-- != 1)
			explore_violation("a SYNC is not where it was put");
	} else if (op == SMMU_OP_TLBI_NSNH_ALL) {
		consume_command(w, dw[1]);
	} else {
		explore_violation("a slot is read that is not written");
	}
	explore_point("CONS");
	w->cons = (w->cons + 1) & ((2u << w->log2) - 1);
	explore_changed();
}

static void hardware(void *ctx)
{
	struct world *w = ctx;

	for (;;) {
		explore_point("look at PROD");
		if (w->cons != w->prod)
			consume(w);
		else if (w->message)
			send_message(w);
		else if (w->done == w->producers)
			return;
		else
			explore_pause();
	}
}

/* ---- Producers: 2, 1, 2, 1 ... commands, with a CMD_SYNC but for some ---- */

static void produce(struct world *w, unsigned me)
{
	for (unsigned run = 0; run < w->runs; run++) {
		struct arm_smmu_cmd cmds[COMMANDS];
		unsigned n = w->log2 > 1 ? 1 + (me + run) % 2 : 1;
		bool sync = !(me == 1 && run == 0);

		for (unsigned i = 0; i < n; i++) {
			cmds[i] = arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL);
			cmds[i].dw[1] = tag(me, run, i, n + sync);
		}
		if (arm_smmu_submit(&w->smmu, cmds, n, sync))
			explore_violation("a submission failed");
		for (unsigned i = 0; sync && i < n; i++)
			for (unsigned k = 0; k <= run; k++)
				if (!w->seen[me][k][k == run ? i : 0])
					explore_violation("a SYNC does not cover");
	}
	w->done++;
	explore_changed();
}

static void producer0(void *ctx)
{
	produce(ctx, 0);
}

static void producer1(void *ctx)
{
	produce(ctx, 1);
}

static void producer2(void *ctx)
{
	produce(ctx, 2);
}

/* ---- Scenarios ---- */

static void *set_up(unsigned producers, unsigned runs, unsigned log2, bool by_msi)
{
	struct world *w = the = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->producers = producers;
	w->runs = runs;
	w->log2 = log2;
	w->smmu.platform = (struct iommu_platform){ &ops, w };
	w->smmu.features = by_msi ? FEAT_MSI | FEAT_COHERENCY : 0;
	if (arm_smmu_cmdq_alloc(&w->smmu, &w->smmu.cmdq, log2, SMMU_REG_CMDQ_PROD,
				SMMU_REG_CMDQ_CONS))
		abort();
	arm_smmu_cmdq_start(&w->smmu.cmdq, SMMU_REG_CMDQ_BASE);
	return w;
}

static void tear_down(void *ctx)
{
	struct world *w = ctx;

	if (w->cons != w->prod ||
	    w->cons != (arm_smmu_ring_tail(&w->smmu.cmdq.ring) & ((2u << w->log2) - 1)))
		explore_violation("commands are left in the queue");
	arm_smmu_cmdq_free(&w->smmu, &w->smmu.cmdq);
	free(w);
}

static void *two_on_two(void)
{
	return set_up(2, RUNS, 1, false);
}

static void *two_on_two_by_msi(void)
{
	return set_up(2, RUNS, 1, true);
}

static void *two_on_four_by_msi(void)
{
	return set_up(2, RUNS, 2, true);
}

static void *three_on_four(void)
{
	return set_up(3, RUNS, 2, false);
}

static void *three_on_four_by_msi(void)
{
	return set_up(3, RUNS, 2, true);
}

/* Of these, which are short, every schedule. */
static void *short_two_on_two(void)
{
	return set_up(2, 1, 1, false);
}

static void *short_two_on_two_by_msi(void)
{
	return set_up(2, 1, 1, true);
}

static void *short_two_on_four_by_msi(void)
{
	return set_up(2, 1, 2, true);
}

static const struct explore_scenario shorts[] = {
	{ "two producers, two slots",
	  short_two_on_two,
	  NULL,
	  tear_down,
	  { hardware, producer0, producer1 } },
	{ "two producers, two slots, messages",
	  short_two_on_two_by_msi,
	  NULL,
	  tear_down,
	  { hardware, producer0, producer1 } },
	{ "two producers, four slots, messages",
	  short_two_on_four_by_msi,
	  NULL,
	  tear_down,
	  { hardware, producer0, producer1 } },
};

static const struct explore_scenario scenarios[] = {
	{ "two producers, two slots",
	  two_on_two,
	  NULL,
	  tear_down,
	  { hardware, producer0, producer1 } },
	{ "two producers, two slots, messages",
	  two_on_two_by_msi,
	  NULL,
	  tear_down,
	  { hardware, producer0, producer1 } },
	{ "two producers, four slots, messages",
	  two_on_four_by_msi,
	  NULL,
	  tear_down,
	  { hardware, producer0, producer1 } },
	{ "three producers, four slots",
	  three_on_four,
	  NULL,
	  tear_down,
	  { hardware, producer0, producer1, producer2 } },
	{ "three producers, four slots, messages",
	  three_on_four_by_msi,
	  NULL,
	  tear_down,
	  { hardware, producer0, producer1, producer2 } },
};
#define SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

static uint64_t seeds(void)
{
	const char *n = getenv("EXPLORE_SEEDS");

	return n ? strtoull(n, NULL, 0) : 2000;
}

static unsigned preemptions(void)
{
	const char *n = getenv("EXPLORE_PREEMPTIONS");

	return n ? (unsigned)strtoul(n, NULL, 0) : 1;
}

/* DRV-94, DRV-95, DRV-96, DRV-97, DRV-98, DRV-100 */
static void every_schedule_of_few_preemptions(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct explore_how how = { .preemptions = preemptions() };
		struct explore_result r = explore(&shorts[i], &how);

		printf("%s: %llu schedules of at most %u preemptions\n", shorts[i].name,
		       (unsigned long long)r.schedules, how.preemptions);
		assert_false(r.violated);
		assert_true(r.schedules > 50);
	}
}

static void schedules_at_random(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SCENARIOS; i++) {
		struct explore_how how = { .seeds = seeds() };
		struct explore_result r = explore(&scenarios[i], &how);

		assert_false(r.violated);
		assert_int_equal(r.schedules, how.seeds);
	}
}

/* What the rules are there for: without one of them some schedule goes wrong. */
static void planted_errors_are_found(void **state)
{
	static const struct {
		enum plant plant;
		const char *name;
		unsigned scenario;
	} rows[] = {
		{ EARLY_VALID, "slots are published before they are written", 2 },
		{ NO_TURN, "owners do not wait for their turn", 2 },
		{ NO_ROOM, "the queue is overfilled", 0 },
		{ TORN_RESERVE, "two reserve the same slots", 2 },
		{ TORN_TAKE, "a reservation is forgotten", 2 },
		{ MESSAGE_BEHIND, "a message hits another command", 1 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct explore_how how = { .seeds = 20000, .quiet = true };
		struct explore_result r;

		plant = rows[i].plant;
		r = explore(&scenarios[rows[i].scenario], &how);
		plant = NOTHING;
		printf("%s: found after %llu schedules\n", rows[i].name,
		       (unsigned long long)r.schedules);
		assert_true(r.violated);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_schedule_of_few_preemptions),
		cmocka_unit_test(schedules_at_random),
		cmocka_unit_test(planted_errors_are_found),
	};

	return cmocka_run_group_tests_name("driver_ring", tests, NULL, NULL);
}
