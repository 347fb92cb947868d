/* SPDX-License-Identifier: MIT */
/*
 * Stepped mode: 1. misuse; 2. nothing moves by itself, and a command has halves; 3. what
 * consumption of an invalidation means, and of a CMD_SYNC, in every order; 4. records and
 * interrupts; 5. queues that are switched off, reset, saved; 6. DMA by halves.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/ats.h>
#include <smmulator/run.h>
#include <smmulator/snapshot.h>
#include <smmulator/stall.h>
#include "model/harness.h"

#define SID	5u
#define ASID	7u
#define IOVA	0x40201000ull
#define DATA	(H_RAM + 0x2000000ull)
#define CONS(h) (h_rd32(h, SMMU_REG_CMDQ_CONS) & 0xfffff)

static struct harness h;

static void stepped(struct smmu_config *cfg)
{
	cfg->mode = SMMU_MODE_STEPPED;
}

static uint64_t root;

/* Stage 1, IOVA to DATA; idle and with nothing cached. */
static int setup(void **state)
{
	uint64_t ste[8], cd[8], cd_pa;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, stepped);
	h_enable(&h);
	root = h_table(&h);
	h_map(&h, root, IOVA, DATA, 3, h_s1_rw());
	cd_pa = h_alloc(&h, 64, 64);
	h_cd_s1(cd, root, ASID);
	h_write_dw(&h, cd_pa, cd, 8);
	h_ste_s1(ste, cd_pa);
	h_ste_write(&h, SID, ste);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	h_teardown(&h);
	return 0;
}

/* As a driver would, without the harness's waiting. */
static void push(uint64_t dw0, uint64_t dw1)
{
	uint32_t prod = (uint32_t)smmu_mmio_read(h.smmu, SMMU_REG_CMDQ_PROD, 4);
	uint32_t index = prod & ((1u << h.cmdq_log2) - 1);
	const uint64_t dw[2] = { dw0, dw1 };

	h_write_dw(&h, h.cmdq + 16ull * index, dw, 2);
	smmu_mmio_write(h.smmu, SMMU_REG_CMDQ_PROD, 4,
			(prod + 1) & ((2u << h.cmdq_log2) - 1));
}

static void push_tlbi(void)
{
	push(SMMU_OP_TLBI_NH_VA | (uint64_t)ASID << 48, IOVA);
}

static void push_sync(void)
{
	push(SMMU_OP_SYNC, 0);
}

static uint8_t translate(void)
{
	const struct smmu_txn txn = { .sid = SID, .addr = IOVA, .op = SMMU_WRITE };

	return smmu_translate(h_port(&h), &txn).status;
}

static bool possible(uint8_t agent, uint8_t half, unsigned *n)
{
	struct smmu_move moves[64];
	int count = smmu_moves(h.smmu, moves, 64);

	assert_in_range(count, 0, 64);
	for (*n = 0; *n < (unsigned)count; (*n)++)
		if (moves[*n].agent == agent && moves[*n].half == half)
			return true;
	return false;
}

static bool may(uint8_t agent, uint8_t half)
{
	unsigned n;

	return possible(agent, half, &n);
}

static void move(uint8_t agent, uint8_t half)
{
	unsigned n;

	assert_true(possible(agent, half, &n));
	assert_int_equal(smmu_step_nth(h.smmu, n), 1);
}

static void whole_command(void)
{
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_CONS);
}

static void misuse_is_refused(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .addr = IOVA, .op = SMMU_READ };
	struct smmu_config cfg = h.cfg;
	struct smmu *inline_one;
	struct smmu_port *port;
	uint64_t ticket = 1;
	char buf[8], why[128];

	(void)state;
	cfg.mode = SMMU_MODE_INLINE;
	cfg.name = "other";
	assert_int_equal(smmu_create(&inline_one, h.bus, &cfg), 0);
	port = smmu_port_open(inline_one);
	assert_int_equal(smmu_step(inline_one), -EINVAL);
	assert_int_equal(smmu_step_nth(inline_one, 0), -EINVAL);
	assert_int_equal(smmu_moves(inline_one, NULL, 0), -EINVAL);
	assert_int_equal(smmu_run_until_idle(inline_one), 0);
	assert_int_equal(smmu_dma_start(port, &txn, buf, 8, &ticket), -EINVAL);
	smmu_port_close(port);
	smmu_destroy(inline_one);
	assert_int_equal(smmu_step(NULL), -EINVAL);
	assert_int_equal(smmu_run_until_idle(NULL), -EINVAL);
	/* idle: there is no first move */
	assert_int_equal(smmu_moves(h.smmu, NULL, 0), 0);
	assert_int_equal(smmu_step(h.smmu), 0);
	assert_int_equal(smmu_step_nth(h.smmu, 0), -ERANGE);
	assert_int_equal(smmu_dma_start(h_port(&h), &txn, NULL, 8, &ticket), -EINVAL);
	assert_int_equal(smmu_dma_start(h_port(&h), &txn, buf, 0, &ticket), -EINVAL);
	assert_int_equal(ticket, 1);
	cfg.mode = 3;
	assert_int_equal(smmu_config_check(&cfg, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "mode = 3"));
}

static void a_command_has_halves(void **state)
{
	uint32_t before = CONS(&h);
	struct smmu_stats a, b;

	(void)state;
	smmu_stats_read(h.smmu, &a);
	push_sync();
	assert_int_equal(smmu_moves(h.smmu, NULL, 0), 1);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER);
	smmu_stats_read(h.smmu, &b);
	assert_int_equal(b.syncs, a.syncs);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT);
	smmu_stats_read(h.smmu, &b);
	assert_int_equal(b.syncs, a.syncs + 1);
	/* done, and not yet seen to be */
	assert_int_equal(smmu_mmio_read(h.smmu, SMMU_REG_CMDQ_CONS, 4), before);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_CONS);
	assert_int_equal(smmu_mmio_read(h.smmu, SMMU_REG_CMDQ_CONS, 4), before + 1);
	assert_int_equal(smmu_moves(h.smmu, NULL, 0), 0);
}

/* CMD-86, CMD-60: an entry that was fetched may be another one by the time it is done. */
static void a_fetched_command_is_what_it_was(void **state)
{
	uint32_t at = CONS(&h) & ((1u << h.cmdq_log2) - 1);
	const uint64_t bad[2] = { 0xee, 0 };

	(void)state;
	push_sync();
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	h_write_dw(&h, h.cmdq + 16ull * at, bad, 2);
	assert_in_range(smmu_run_until_idle(h.smmu), 3, 3);
	assert_int_equal(h_cmdq_error(&h), 0);
	/* and before that, it is not */
	push_sync();
	h_write_dw(&h, h.cmdq + 16ull * ((at + 1) & 63), bad, 2);
	assert_in_range(smmu_run_until_idle(h.smmu), 2, 3);
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
}

/* CMD-87: consumption of CMD_TLBI_* means nothing further. */
static void consumed_is_not_done(void **state)
{
	(void)state;
	assert_int_equal(translate(), SMMU_OK);
	h_write64(&h, h_desc_pa(&h, root, IOVA, 3), 0);
	push_tlbi();
	whole_command();
	assert_int_equal(CONS(&h), smmu_mmio_read(h.smmu, SMMU_REG_CMDQ_PROD, 4));
	assert_int_equal(translate(), SMMU_OK);
	move(SMMU_AGENT_INVALIDATION, SMMU_HALF_WHOLE);
	assert_int_equal(translate(), SMMU_ABORT);
}

/* CMD-78, CMD-80: the CMD_SYNC does not complete before; CMD-89: nor is it needed. */
static void a_sync_waits_for_invalidations(void **state)
{
	(void)state;
	push_tlbi();
	push_tlbi();
	push_sync();
	whole_command();
	whole_command();
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	assert_false(may(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER));
	move(SMMU_AGENT_INVALIDATION, SMMU_HALF_WHOLE);
	assert_false(may(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER));
	move(SMMU_AGENT_INVALIDATION, SMMU_HALF_WHOLE);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_CONS);
	assert_int_equal(smmu_moves(h.smmu, NULL, 0), 0);
}

/* EVT-11, CMD-79: the response, the record some time later, and a CMD_SYNC after that. */
static void a_sync_waits_for_records(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .addr = 0x1000, .op = SMMU_READ };
	struct smmu_result res;
	uint64_t dw[4];

	(void)state;
	res = smmu_translate(h_port(&h), &txn);
	assert_int_equal(res.event, SMMU_EVT_F_TRANSLATION);
	assert_true(res.recorded);
	assert_int_equal(smmu_mmio_read(h.smmu, SMMU_REG_EVENTQ_PROD, 4), 0);
	push_sync();
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER);
	assert_false(may(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT));
	move(SMMU_AGENT_EVENTQ, SMMU_HALF_WHOLE);
	assert_int_equal(smmu_mmio_read(h.smmu, SMMU_REG_EVENTQ_PROD, 4), 1);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT);
	/* what comes after the barrier is not waited for */
	push_sync();
	move(SMMU_AGENT_QUEUE, SMMU_HALF_CONS);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER);
	(void)smmu_translate(h_port(&h), &txn);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT);
	assert_true(smmu_run_until_idle(h.smmu) > 0);
	assert_true(h_event(&h, dw));
	assert_true(h_event(&h, dw));
	assert_false(h_event(&h, dw));
}

/* EVT-67, EVT-4: records that were accepted count as if they were in the queue. */
static void accepted_records_take_room(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .addr = 0x1000, .op = SMMU_READ };
	unsigned recorded = 0;

	(void)state;
	for (unsigned i = 0; i < 80; i++)
		recorded += smmu_translate(h_port(&h), &txn).recorded;
	assert_int_equal(recorded, 64);
	assert_true(smmu_run_until_idle(h.smmu) > 0);
	assert_int_equal(h_events_drain(&h), 64);
}

static unsigned heard, order[4];

static void hear(void *ctx, const char *name)
{
	(void)name;
	order[heard++ & 3] = (unsigned)(uintptr_t)ctx;
}

/* REG-55, REG-56: interrupts of two sources arrive in either order. */
static void interrupts_come_in_any_order(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .addr = 0x1000, .op = SMMU_READ };
	struct smmu_move moves[8];

	(void)state;
	heard = 0;
	h_wr32(&h, SMMU_REG_IRQ_CTRL, 5);
	assert_int_equal(smmu_bus_listen(h.bus, "smmu.eventq", hear, (void *)1), 0);
	assert_int_equal(smmu_bus_listen(h.bus, "smmu.gerror", hear, (void *)2), 0);
	(void)smmu_translate(h_port(&h), &txn);
	move(SMMU_AGENT_EVENTQ, SMMU_HALF_WHOLE);
	push(0xee, 0);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT);
	assert_int_equal(heard, 0);
	assert_int_equal(smmu_moves(h.smmu, moves, 8), 2);
	assert_int_equal(moves[1].agent, SMMU_AGENT_SIGNAL);
	assert_int_equal(moves[1].index, 1);
	assert_int_equal(smmu_step_nth(h.smmu, 1), 1);
	assert_int_equal(smmu_step_nth(h.smmu, 0), 1);
	assert_int_equal(heard, 2);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[1], 1);
}

/* REG-23, REG-107: CMDQEN == 0 stops between commands; what is done is consumed. */
static void a_queue_is_switched_off_in_the_middle(void **state)
{
	uint32_t cr0 = h_rd32(&h, SMMU_REG_CR0), before = CONS(&h);
	uint32_t off = cr0 & ~(uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN);

	(void)state;
	push_sync();
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	smmu_mmio_write(h.smmu, SMMU_REG_CR0, 4, off);
	assert_int_equal(smmu_moves(h.smmu, NULL, 0), 0);
	assert_int_equal(CONS(&h), before);
	smmu_mmio_write(h.smmu, SMMU_REG_CR0, 4, cr0);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT);
	smmu_mmio_write(h.smmu, SMMU_REG_CR0, 4, off);
	assert_int_equal(CONS(&h), before + 1);
}

/* REG-120 */
static void a_reset_ends_all(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .addr = 0x1000, .op = SMMU_READ };

	(void)state;
	(void)smmu_translate(h_port(&h), &txn);
	push_tlbi();
	push_sync();
	whole_command();
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	smmu_reset(h.smmu);
	assert_int_equal(smmu_moves(h.smmu, NULL, 0), 0);
	assert_int_equal(h_rd32(&h, SMMU_REG_CR0), 0);
	h_enable(&h);
	h_sync(&h);
}

static void half_done_is_not_saved(void **state)
{
	void *data;
	size_t len;
	struct smmu *copy;
	uint32_t cons;

	(void)state;
	push_tlbi();
	/* only waiting: that is saved, and goes on from there */
	assert_int_equal(smmu_snapshot_save(h.smmu, 0, &data, &len), 0);
	assert_int_equal(smmu_snapshot_create(&copy, h.bus, data, len, 0, NULL, 0), 0);
	free(data);
	cons = (uint32_t)smmu_mmio_read(copy, SMMU_REG_CMDQ_CONS, 4);
	assert_int_equal(smmu_run_until_idle(copy), 4);
	assert_int_equal(smmu_mmio_read(copy, SMMU_REG_CMDQ_CONS, 4), cons + 1);
	smmu_destroy(copy);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	assert_int_equal(smmu_snapshot_save(h.smmu, 0, &data, &len), -EBUSY);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_CONS);
	assert_int_equal(smmu_snapshot_save(h.smmu, 0, &data, &len), -EBUSY);
	move(SMMU_AGENT_INVALIDATION, SMMU_HALF_WHOLE);
	assert_int_equal(smmu_snapshot_save(h.smmu, 0, &data, &len), 0);
	free(data);
}

/* ---- DMA ---- */

struct ended {
	unsigned n;
	uint64_t ticket, done;
	struct smmu_result res;
};

static void on_done(void *ctx, uint64_t ticket, const struct smmu_result *res,
		    uint64_t done)
{
	struct ended *e = ctx;

	e->n++;
	e->ticket = ticket;
	e->res = *res;
	e->done = done;
}

static void dma_has_halves(void **state)
{
	const struct smmu_txn txn = { .sid = SID,
				      .addr = IOVA + 0xffc,
				      .op = SMMU_WRITE };
	char buf[8] = "abcdefg";
	struct smmu_result res;
	uint64_t ticket, done;

	(void)state;
	h_map(&h, root, IOVA + 0x1000, DATA + 0x5000, 3, h_s1_rw());
	assert_int_equal(smmu_dma_start(h_port(&h), &txn, buf, 8, &ticket), 0);
	assert_int_equal(smmu_port_stalled(h.port), 1);
	assert_int_equal(smmu_port_wait(h.port, ticket, 0, NULL, NULL), -ETIMEDOUT);
	assert_int_equal(smmu_port_wait(h.port, ticket, 1000000000, NULL, NULL),
			 -ETIMEDOUT);
	assert_int_equal(smmu_port_wait(h.port, ticket, -1, NULL, NULL), -EDEADLK);
	move(SMMU_AGENT_DMA, SMMU_HALF_TRANSLATE);
	assert_memory_equal(smmu_bus_ptr(h.bus, DATA + 0xffc, 4), "\0\0\0\0", 4);
	move(SMMU_AGENT_DMA, SMMU_HALF_ACCESS);
	assert_memory_equal(smmu_bus_ptr(h.bus, DATA + 0xffc, 4), "abcd", 4);
	assert_memory_equal(smmu_bus_ptr(h.bus, DATA + 0x5000, 4), "\0\0\0\0", 4);
	move(SMMU_AGENT_DMA, SMMU_HALF_TRANSLATE);
	move(SMMU_AGENT_DMA, SMMU_HALF_ACCESS);
	assert_memory_equal(smmu_bus_ptr(h.bus, DATA + 0x5000, 4), "efg\0", 4);
	assert_int_equal(smmu_port_wait(h.port, ticket, 0, &res, &done), 0);
	assert_int_equal(res.status, SMMU_OK);
	assert_int_equal(done, 8);
}

static void dma_ends_by_callback_or_is_cancelled(void **state)
{
	const struct smmu_txn bad = { .sid = SID, .addr = 0x1000, .op = SMMU_READ };
	const struct smmu_txn good = { .sid = SID, .addr = IOVA, .op = SMMU_READ };
	uint64_t ticket, other;
	struct ended e = { 0 };
	char buf[8];

	(void)state;
	assert_int_equal(smmu_port_on_done(h_port(&h), on_done, &e), 0);
	assert_int_equal(smmu_dma_start(h.port, &bad, buf, 8, &ticket), 0);
	assert_int_equal(smmu_dma_start(h.port, &good, buf, 8, &other), 0);
	assert_int_equal(smmu_port_cancel(h.port, other), 0);
	assert_int_equal(smmu_port_cancel(h.port, other), -ENOENT);
	assert_true(smmu_run_until_idle(h.smmu) > 0);
	assert_int_equal(e.n, 1);
	assert_int_equal(e.ticket, ticket);
	assert_int_equal(e.res.status, SMMU_ABORT);
	assert_int_equal(e.res.event, SMMU_EVT_F_TRANSLATION);
	assert_int_equal(e.done, 0);
	/* a port that is closed takes what it has begun with it */
	assert_int_equal(smmu_dma_start(h.port, &good, buf, 8, &other), 0);
	smmu_port_close(h.port);
	h.port = NULL;
	assert_int_equal(smmu_moves(h.smmu, NULL, 0), 0);
}

/* CMD-78: not before an access that was translated before; CACHE-51 */
static void a_sync_waits_for_translated_dma(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .addr = IOVA, .op = SMMU_WRITE };
	uint64_t early, late;
	char buf[8] = { 0 };

	(void)state;
	assert_int_equal(smmu_dma_start(h_port(&h), &txn, buf, 8, &early), 0);
	assert_int_equal(smmu_dma_start(h_port(&h), &txn, buf, 8, &late), 0);
	move(SMMU_AGENT_DMA, SMMU_HALF_TRANSLATE);
	push_sync();
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER);
	move(SMMU_AGENT_DMA, SMMU_HALF_TRANSLATE); /* the late one */
	assert_false(may(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT));
	move(SMMU_AGENT_DMA, SMMU_HALF_ACCESS); /* the early one: it is the first */
	assert_int_equal(smmu_port_wait(h.port, early, 0, NULL, NULL), 0);
	assert_int_equal(smmu_port_wait(h.port, late, 0, NULL, NULL), -ETIMEDOUT);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_CONS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(misuse_is_refused),
		TEST(a_command_has_halves),
		TEST(a_fetched_command_is_what_it_was),
		TEST(consumed_is_not_done),
		TEST(a_sync_waits_for_invalidations),
		TEST(a_sync_waits_for_records),
		TEST(accepted_records_take_room),
		TEST(interrupts_come_in_any_order),
		TEST(a_queue_is_switched_off_in_the_middle),
		TEST(a_reset_ends_all),
		TEST(half_done_is_not_saved),
		TEST(dma_has_halves),
		TEST(dma_ends_by_callback_or_is_cancelled),
		TEST(a_sync_waits_for_translated_dma),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
