/* SPDX-License-Identifier: MIT */
/*
 * Stepped mode, the agents that are not everywhere: 1. messages to functions and the
 * CMD_SYNC behind them; 2. the PRI queue; 3. stalled transactions; 4. ECMDQs; 5. two
 * CMD_SYNCs with a signal each; 6. a front. And a snapshot taken in.
 */
#include "model/ats_bench.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>
#include <smmulator/frontend.h>
#include <smmulator/run.h>
#include <smmulator/snapshot.h>
#include <smmulator/stall.h>
#include "model/ecmdq_bench.h"

static struct tb t;

static void stepped(struct smmu_config *cfg)
{
	cfg->mode = SMMU_MODE_STEPPED;
}

static int setup(void **state)
{
	(void)state;
	t_setup(&t, stepped);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	t_teardown(&t);
	return 0;
}

/* As a driver would, without the harness's waiting. */
static void push(uint64_t dw0, uint64_t dw1)
{
	struct harness *h = &t.b.h;
	uint32_t prod = (uint32_t)smmu_mmio_read(h->smmu, SMMU_REG_CMDQ_PROD, 4);
	const uint64_t dw[2] = { dw0, dw1 };

	h_write_dw(h, h->cmdq + 16ull * (prod & ((1u << h->cmdq_log2) - 1)), dw, 2);
	smmu_mmio_write(h->smmu, SMMU_REG_CMDQ_PROD, 4,
			(prod + 1) & ((2u << h->cmdq_log2) - 1));
}

static bool possible(uint8_t agent, uint8_t half, uint32_t index, unsigned *n)
{
	struct smmu_move moves[64];
	int count = smmu_moves(t.b.h.smmu, moves, 64);

	assert_in_range(count, 0, 64);
	for (*n = 0; *n < (unsigned)count; (*n)++)
		if (moves[*n].agent == agent && moves[*n].half == half &&
		    moves[*n].index == index)
			return true;
	return false;
}

static bool may(uint8_t agent, uint8_t half, uint32_t index)
{
	unsigned n;

	return possible(agent, half, index, &n);
}

static void move(uint8_t agent, uint8_t half, uint32_t index)
{
	unsigned n;

	assert_true(possible(agent, half, index, &n));
	assert_int_equal(smmu_step_nth(t.b.h.smmu, n), 1);
}

static void whole_command(uint32_t queue)
{
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH, queue);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT, queue);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_CONS, queue);
}

static void push_atc_inv(void)
{
	uint64_t dw[2] = { 0, 0 };

	smmu_set(dw, SMMU_CMD_ATC_INV_OPCODE, SMMU_OP_ATC_INV);
	smmu_set(dw, SMMU_CMD_ATC_INV_StreamID, SID);
	push(dw[0], dw[1]);
}

/* CMD-60, CMD-62: consumed, then sent, then answered, and only then the CMD_SYNC. */
static void a_sync_waits_for_answers(void **state)
{
	(void)state;
	t_attach(&t, SID);
	t.reply = SMMU_ATC_LATER;
	push_atc_inv();
	push(SMMU_OP_SYNC, 0);
	whole_command(0);
	assert_int_equal(t.n_inv, 0);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH, 0);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER, 0);
	assert_false(may(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT, 0));
	move(SMMU_AGENT_MESSAGE, SMMU_HALF_WHOLE, 0);
	assert_int_equal(t.n_inv, 1);
	assert_int_equal(smmu_moves(t.b.h.smmu, NULL, 0), 0);
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[0].id, SMMU_ATC_DONE), 0);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT, 0);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_CONS, 0);
	assert_int_equal(h_cmdq_error(&t.b.h), 0);
}

/* CMD-81: it stays at the CMD_SYNC that failed. */
static void a_time_out_stops_the_queue(void **state)
{
	uint32_t before = (uint32_t)smmu_mmio_read(t.b.h.smmu, SMMU_REG_CMDQ_CONS, 4);

	(void)state;
	t_attach(&t, SID);
	t.reply = SMMU_ATC_LATER;
	push_atc_inv();
	push(SMMU_OP_SYNC, 0);
	assert_true(smmu_run_until_idle(t.b.h.smmu) > 0);
	assert_int_equal(smmu_atc_timeout(t.b.h.smmu), 1);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT, 0);
	assert_int_equal(h_cmdq_error(&t.b.h), SMMU_CERROR_ATC_INV_SYNC);
	assert_int_equal(smmu_mmio_read(t.b.h.smmu, SMMU_REG_CMDQ_CONS, 4) & 63,
			 (before + 1) & 63);
}

/* PRI-6, PRI-12: accepted messages take room; they are written later. */
static void page_requests_are_written_later(void **state)
{
	struct smmu_page_request req = { .sid = SID, .read = true, .addr = VA };
	uint64_t dw[2];

	(void)state;
	t_attach(&t, SID);
	t_priq(&t, 1);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(smmu_page_request(h_port(&t.b.h), &req, NULL),
				 SMMU_PRI_QUEUED);
	assert_int_equal(smmu_mmio_read(t.b.h.smmu, SMMU_REG_PRIQ_PROD, 4), 0);
	assert_int_not_equal(smmu_page_request(t.b.h.port, &req, NULL), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_mmio_read(t.b.h.smmu, SMMU_REG_PRIQ_PROD, 4), 1u << 31);
	move(SMMU_AGENT_PRIQ, SMMU_HALF_WHOLE, 0);
	move(SMMU_AGENT_PRIQ, SMMU_HALF_WHOLE, 0);
	assert_false(may(SMMU_AGENT_PRIQ, SMMU_HALF_WHOLE, 0));
	assert_int_equal(smmu_mmio_read(t.b.h.smmu, SMMU_REG_PRIQ_PROD, 4), 1u << 31 | 2);
	t_pri_entry(&t, 1, dw);
	assert_int_equal(smmu_get(dw, SMMU_PRI_ENTRY_StreamID), SID);
}

/* STALL-7, CMD-69: decided when CMD_RESUME is done, and over some time later. */
static void a_stalled_dma_is_resumed_by_halves(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .addr = VA, .op = SMMU_WRITE };
	uint64_t dw[4], ticket, done = 0;
	char buf[8] = "stalled";
	struct smmu_result res;

	(void)state;
	t_stream(&t, SMMU_STE_CONFIG_S1, 0);
	t_cd_set(&t, 0, SMMU_CD_S, 1);
	h_write64(&t.b.h, h_desc_pa(&t.b.h, t.b.ttb0, VA, 3), 0);
	h_invalidate_all(&t.b.h);
	assert_int_equal(smmu_dma_start(h_port(&t.b.h), &txn, buf, 8, &ticket), 0);
	move(SMMU_AGENT_DMA, SMMU_HALF_TRANSLATE, 0);
	assert_false(may(SMMU_AGENT_DMA, SMMU_HALF_ACCESS, 0));
	move(SMMU_AGENT_EVENTQ, SMMU_HALF_WHOLE, 0);
	assert_true(h_event(&t.b.h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_Stall), 1);
	t_leaf1(&t, h_s1_rw());
	dw[0] = dw[1] = 0;
	smmu_set(dw, SMMU_CMD_RESUME_OPCODE, SMMU_OP_RESUME);
	smmu_set(dw, SMMU_CMD_RESUME_StreamID, SID);
	smmu_set(dw, SMMU_CMD_RESUME_Ac, 1);
	push(dw[0], dw[1]);
	whole_command(0);
	assert_int_equal(smmu_port_wait(t.b.h.port, ticket, 0, &res, &done), -ETIMEDOUT);
	/* CMD-78: a CMD_SYNC would wait for it */
	push(SMMU_OP_SYNC, 0);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH, 0);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER, 0);
	assert_false(may(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT, 0));
	move(SMMU_AGENT_STALL, SMMU_HALF_WHOLE, 0);
	assert_int_equal(smmu_port_wait(t.b.h.port, ticket, 0, &res, &done), 0);
	assert_int_equal(res.status, SMMU_OK);
	assert_int_equal(done, 8);
	assert_true(may(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT, 0));
}

/* CMD-90, CMD-91: any interleaving, and each CMD_SYNC is for its own queue. */
static void queues_are_agents_of_their_own(void **state)
{
	struct eq a, b;

	(void)state;
	eq_open(&a, &t.b.h, 0, 0, 4);
	eq_open(&b, &t.b.h, 0, 1, 4);
	eq_put(&a, SMMU_OP_TLBI_NSNH_ALL, 0);
	eq_put(&a, SMMU_OP_SYNC, 0);
	smmu_mmio_write(t.b.h.smmu, a.reg + EQ_PROD, 4, a.prod | EQ_EN);
	eq_put(&b, SMMU_OP_SYNC, 0);
	smmu_mmio_write(t.b.h.smmu, b.reg + EQ_PROD, 4, b.prod | EQ_EN);
	push(SMMU_OP_SYNC, 0);
	whole_command(1);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH, 1);
	assert_false(may(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER, 1));
	for (uint32_t q = 0; q <= 2; q += 2) {
		move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH, q);
		move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER, q);
		move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT, q);
		move(SMMU_AGENT_QUEUE, SMMU_HALF_CONS, q);
	}
	move(SMMU_AGENT_INVALIDATION, SMMU_HALF_WHOLE, 0);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER, 1);
	/* REG-107: EN to 0 in the middle */
	smmu_mmio_write(t.b.h.smmu, a.reg + EQ_PROD, 4, a.prod);
	assert_int_equal(smmu_moves(t.b.h.smmu, NULL, 0), 0);
	assert_int_equal(eq_cons(&a), 1);
	assert_int_equal(eq_cons(&b), EQ_ENACK | 1);
}

/* CMD-78: not before the MSI of an earlier one was sent; REG-55 would merge them. */
static void syncs_signal_one_by_one(void **state)
{
	const uint64_t sync = SMMU_OP_SYNC | SMMU_CS_IRQ << 12;

	(void)state;
	push(sync | 1ull << 32, H_MSI);
	push(sync | 2ull << 32, H_MSI);
	for (unsigned i = 0; i < 2; i++) {
		move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH, 0);
		move(SMMU_AGENT_QUEUE, SMMU_HALF_BARRIER, 0);
		if (i == 1) {
			assert_false(may(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT, 0));
			move(SMMU_AGENT_SIGNAL, SMMU_HALF_WHOLE, 0);
			assert_int_equal(t.b.h.n_msi, 1);
		}
		move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT, 0);
		move(SMMU_AGENT_QUEUE, SMMU_HALF_CONS, 0);
	}
	move(SMMU_AGENT_SIGNAL, SMMU_HALF_WHOLE, 0);
	assert_int_equal(t.b.h.n_msi, 2);
	assert_int_equal(t.b.h.msi[0].data, 1);
	assert_int_equal(t.b.h.msi[1].data, 2);
}

struct front {
	unsigned calls;
	uint64_t op;
	size_t count;
	bool refuse;
};

static size_t hook(void *ctx, const uint64_t (*cmds)[2], size_t count, unsigned *cerror)
{
	struct front *f = ctx;

	f->calls++;
	f->op = smmu_get(cmds[0], SMMU_CMD_OPCODE);
	f->count = count;
	*cerror = SMMU_CERROR_ABT;
	return f->refuse ? 0 : count;
}

/* What was fetched, when its turn comes, and not before. */
static void a_front_gets_one_at_a_time(void **state)
{
	struct harness *h = &t.b.h;
	uint32_t at = (uint32_t)smmu_mmio_read(h->smmu, SMMU_REG_CMDQ_CONS, 4) & 63;
	struct front f = { 0 };

	(void)state;
	smmu_set_front(h->smmu, hook, &f);
	push(SMMU_OP_TLBI_NSNH_ALL, 0);
	push(SMMU_OP_SYNC, 0);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_FETCH, 0);
	assert_int_equal(f.calls, 0);
	h_write64(h, h->cmdq + 16ull * at, SMMU_OP_TLBI_EL2_ALL);
	move(SMMU_AGENT_QUEUE, SMMU_HALF_EFFECT, 0);
	assert_int_equal(f.calls, 1);
	assert_int_equal(f.count, 1);
	assert_int_equal(f.op, SMMU_OP_TLBI_NSNH_ALL);
	f.refuse = true;
	assert_true(smmu_run_until_idle(h->smmu) > 0);
	assert_int_equal(f.calls, 2);
	assert_int_equal(f.op, SMMU_OP_SYNC);
	assert_int_equal(h_cmdq_error(h), SMMU_CERROR_ABT);
	smmu_set_front(h->smmu, NULL, NULL);
}

/* What was in its hands is void; what the snapshot has waiting moves. */
static void a_snapshot_replaces_what_is_half_done(void **state)
{
	struct harness *h = &t.b.h;
	uint32_t cons = (uint32_t)smmu_mmio_read(h->smmu, SMMU_REG_CMDQ_CONS, 4);
	struct smmu_stats before, after;
	void *data;
	size_t len;

	(void)state;
	push(SMMU_OP_SYNC, 0);
	assert_int_equal(smmu_snapshot_save(h->smmu, 0, &data, &len), 0);
	assert_true(smmu_run_until_idle(h->smmu) > 0);
	push(SMMU_OP_TLBI_NSNH_ALL, 0);
	whole_command(0);
	assert_true(may(SMMU_AGENT_INVALIDATION, SMMU_HALF_WHOLE, 0));
	assert_int_equal(smmu_snapshot_restore(h->smmu, data, len, NULL, 0), 0);
	free(data);
	assert_false(may(SMMU_AGENT_INVALIDATION, SMMU_HALF_WHOLE, 0));
	assert_int_equal(smmu_mmio_read(h->smmu, SMMU_REG_CMDQ_CONS, 4), cons);
	smmu_stats_read(h->smmu, &before);
	assert_int_equal(smmu_run_until_idle(h->smmu), 4);
	smmu_stats_read(h->smmu, &after);
	assert_int_equal(after.syncs, before.syncs + 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sync_waits_for_answers),
		TEST(a_time_out_stops_the_queue),
		TEST(page_requests_are_written_later),
		TEST(a_stalled_dma_is_resumed_by_halves),
		TEST(queues_are_agents_of_their_own),
		TEST(syncs_signal_one_by_one),
		TEST(a_front_gets_one_at_a_time),
		TEST(a_snapshot_replaces_what_is_half_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
