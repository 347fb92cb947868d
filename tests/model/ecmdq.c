/* SPDX-License-Identifier: MIT */
/* What Enhanced Command queues do with commands (3.5.6; CMD-90 to CMD-94). */
#include "model/ecmdq_bench.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#define CMDQ_ERR	 (1u << 0)
#define MSI_CMDQ_ABT_ERR (1u << 4)
#define CMDQP_ERR	 (1u << 9)
#define SYNC_IRQ	 (SMMU_OP_SYNC | 1ull << 12)

struct seen {
	uint64_t dw0[32], queue[32];
	unsigned n;
};

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	struct seen *s = ctx;

	if (t->kind != SMMU_TRACE_COMMAND || s->n == 32)
		return;
	s->dw0[s->n] = t->dw[0];
	s->queue[s->n++] = t->value;
}

/* REG-109, CMD-90: the same commands, the same ring, next to the main queue. */
static void takes_commands_like_the_main_queue(void **state)
{
	struct seen seen = { .n = 0 };
	struct smmu_stats stats;
	struct harness h;
	struct eq q;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	h_enable(&h);
	eq_open(&q, &h, 1, 2, 2);
	smmu_set_trace(h.smmu, on_trace, &seen);
	eq_put(&q, 0x03 | 7ull << 32, 1);
	eq_put(&q, 0x12, 0x5000);
	eq_put(&q, SMMU_OP_SYNC, 0);
	/* CMD-1: nothing before PROD says so */
	assert_int_equal(eq_rd(&q), 0);
	eq_kick(&q);
	assert_int_equal(eq_rd(&q), 3);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.dw0[0], 0x03 | 7ull << 32);
	assert_int_equal(seen.queue[0], 1 + 16 + 2);
	h_sync(&h);
	assert_int_equal(seen.n, 4);
	assert_int_equal(seen.queue[3], 0);
	/* REG-85, Q-3: round and round */
	for (unsigned i = 0; i < 20; i++)
		eq_cmd(&q, SMMU_OP_SYNC, 0);
	assert_int_equal(eq_rd(&q), q.prod);
	assert_int_equal(eq_rd(&q), (3 + 20) % 8);
	smmu_stats_read(h.smmu, &stats);
	assert_int_equal(stats.syncs, 1 + 1 + 1 + 20);
	h_teardown(&h);
}

/* CMD-90: an invalidation there is one. */
static void invalidates(void **state)
{
	struct smmu_txn txn = { .sid = 5, .addr = 0x4000, .op = SMMU_READ };
	struct harness h;
	struct eq q;
	uint64_t ste[8], root, page = H_RAM + 0x3000000;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	h_enable(&h);
	root = h_table(&h);
	h_map(&h, root, 0x4000, page, 3, h_s2_rw());
	h_ste_s2(ste, root, 1);
	h_ste_write(&h, 5, ste);
	assert_int_equal(smmu_translate(h_port(&h), &txn).pa, page);
	h_write64(&h, h_desc_pa(&h, root, 0x4000, 3), 0);
	assert_int_equal(smmu_translate(h_port(&h), &txn).pa, page);
	eq_open(&q, &h, 0, 0, 6);
	eq_cmd(&q, SMMU_OP_TLBI_S12_VMALL | 1ull << 32, 0);
	eq_cmd(&q, SMMU_OP_SYNC, 0);
	assert_int_equal(smmu_translate(h_port(&h), &txn).event, SMMU_EVT_F_TRANSLATION);
	h_teardown(&h);
}

/* REG-107, Q-39, CMD-1: only an enabled queue is consumed; enabling starts it. */
static void disabled_queue_waits(void **state)
{
	struct harness h;
	struct eq q;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	eq_open(&q, &h, 0, 1, 6);
	h_wr32(&h, q.reg + EQ_PROD, 0);
	eq_put(&q, SMMU_OP_SYNC, 0);
	h_wr32(&h, q.reg + EQ_PROD, q.prod);
	assert_int_equal(eq_cons(&q), 0);
	eq_kick(&q);
	assert_int_equal(eq_cons(&q), EQ_ENACK | 1);
	/* it works without CR0.CMDQEN and CR0.SMMUEN (REG-105) */
	assert_int_equal(h_rd32(&h, SMMU_REG_CR0), 0);
	h_teardown(&h);
}

/* REG-86 */
static void inconsistent_indexes(void **state)
{
	struct harness h;
	struct eq q;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	eq_open(&q, &h, 0, 1, 2);
	eq_cmd(&q, SMMU_OP_SYNC, 0);
	h_wr32(&h, q.reg + EQ_PROD, EQ_EN | 0);
	assert_int_equal(eq_cons(&q), EQ_ENACK | 1);
	eq_kick(&q);
	eq_cmd(&q, SMMU_OP_SYNC, 0);
	assert_int_equal(eq_cons(&q), EQ_ENACK | 2);
	h_teardown(&h);
}

static void error_and_recovery(void **state)
{
	struct harness h;
	struct eq q;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	h_init_queues(&h);
	eq_open(&q, &h, 0, 3, 6);
	eq_put(&q, SMMU_OP_SYNC, 0);
	eq_put(&q, 0xee, 0);
	eq_put(&q, SMMU_OP_SYNC, 0);
	eq_kick(&q);
	/* REG-110, CMD-93, Q-40, EVT-87: RD on the bad one, reason, ERR toggled */
	assert_int_equal(eq_cons(&q), EQ_ENACK | SMMU_CERROR_ILL << 24 | EQ_ERR | 1);
	/* CMD-94: CMDQP_ERR, and not CMDQ_ERR */
	assert_int_equal(eq_gerror(&h), CMDQP_ERR);
	/* nothing more meanwhile, whatever PROD says (CMD-93) */
	eq_cmd(&q, SMMU_OP_SYNC, 0);
	assert_int_equal(eq_rd(&q), 1);
	/* REG-110, Q-40: CMDQP_ERR acknowledged changes nothing for the queue */
	h_wr32(&h, SMMU_REG_GERRORN, h_rd32(&h, SMMU_REG_GERROR));
	assert_int_equal(eq_rd(&q), 1);
	/* CMD-93: not mended, the error comes again: ERR toggles back */
	q.prod |= EQ_ERR;
	eq_kick(&q);
	assert_int_equal(eq_cons(&q), EQ_ENACK | SMMU_CERROR_ILL << 24 | 1);
	assert_int_equal(eq_gerror(&h), CMDQP_ERR);
	/* CMD-14: mended: fetched anew, without CMDQP_ERR being acknowledged */
	h_write64(&h, q.ring + 16, SMMU_OP_SYNC);
	q.prod &= ~(uint32_t)EQ_ERR;
	eq_kick(&q);
	assert_int_equal(eq_rd(&q), 4);
	assert_int_equal(eq_gerror(&h), CMDQP_ERR);
	/* EVT-89: a second error finds CMDQP_ERR active and leaves it so */
	eq_cmd(&q, 0xee, 0);
	assert_int_equal(eq_gerror(&h), CMDQP_ERR);
	h_teardown(&h);
}

/* REG-107, CMD-92: ENACK follows EN while an error is active; Q-40: recovery. */
static void disable_in_error(void **state)
{
	struct harness h;
	struct eq q;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	eq_open(&q, &h, 0, 3, 6);
	eq_cmd(&q, 0xee, 0);
	h_wr32(&h, q.reg + EQ_PROD, q.prod);
	assert_int_equal(eq_cons(&q), SMMU_CERROR_ILL << 24 | EQ_ERR);
	/* REG-111: enabled with a mismatch: CHOICE, nothing is consumed */
	h_write64(&h, q.ring, SMMU_OP_SYNC);
	eq_kick(&q);
	assert_int_equal(eq_rd(&q), 0);
	h_wr32(&h, q.reg + EQ_PROD, q.prod);
	/* disable, equalise, enable */
	h_wr32(&h, q.reg + EQ_CONS, 0);
	eq_kick(&q);
	assert_int_equal(eq_cons(&q), EQ_ENACK | 1);
	/* REG-111: a mismatch that software made: CHOICE, the same */
	eq_put(&q, SMMU_OP_SYNC, 0);
	h_wr32(&h, q.reg + EQ_PROD, q.prod | EQ_EN | EQ_ERR);
	assert_int_equal(eq_cons(&q), EQ_ENACK | 1);
	eq_kick(&q);
	assert_int_equal(eq_cons(&q), EQ_ENACK | 2);
	h_teardown(&h);
}

/* CMD-7, REG-110 */
static void fetch_abort(void **state)
{
	struct harness h;
	uint64_t r;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	r = eq_offset(&h, 0, 0);
	h_wr64(&h, r + EQ_BASE, 0x10000000 | 4);
	h_wr32(&h, r + EQ_PROD, EQ_EN | 1);
	assert_int_equal(h_rd32(&h, r + EQ_CONS),
			 EQ_ENACK | (uint32_t)SMMU_CERROR_ABT << 24 | EQ_ERR);
	h_teardown(&h);
}

/* CMD-94, REG-112, EVT-83: errors of one queue are nothing to another. */
static void errors_stay_in_their_queue(void **state)
{
	struct harness h;
	struct eq a, b;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	h_init_queues(&h);
	eq_open(&a, &h, 0, 0, 6);
	eq_open(&b, &h, 0, 1, 6);
	eq_cmd(&a, 0xee, 0);
	eq_cmd(&b, SMMU_OP_SYNC, 0);
	assert_int_equal(eq_cons(&b), EQ_ENACK | 1);
	h_sync(&h);
	assert_int_equal(eq_gerror(&h), CMDQP_ERR);
	h_cmd(&h, 0xee, 0);
	assert_int_equal(eq_gerror(&h), CMDQP_ERR | CMDQ_ERR);
	eq_cmd(&b, SMMU_OP_SYNC, 0);
	assert_int_equal(eq_cons(&b), EQ_ENACK | 2);
	/* acknowledging CMDQ_ERR does not restart the ECMDQ */
	h_write64(&h, a.ring, SMMU_OP_SYNC);
	h_cmdq_skip(&h);
	assert_int_equal(eq_gerror(&h), CMDQP_ERR);
	assert_int_equal(eq_rd(&a), 0);
	h_teardown(&h);
}

/* ---- signals ---- */

/* CMD-77, CMD-91: each CMD_SYNC of each queue sends its own MSI, in order. */
static void syncs_signal(void **state)
{
	struct harness h;
	struct eq a, b;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	h_init_queues(&h);
	eq_open(&a, &h, 0, 0, 6);
	eq_open(&b, &h, 1, 0, 6);
	for (unsigned i = 0; i < 3; i++)
		eq_put(&a, SYNC_IRQ | (0xa0ull + i) << 32, H_MSI);
	eq_put(&b, SYNC_IRQ | 0xb0ull << 32, H_MSI + 8);
	eq_kick(&a);
	assert_int_equal(h.n_msi, 3);
	eq_kick(&b);
	h_cmd(&h, SYNC_IRQ | 0xc0ull << 32, H_MSI + 16);
	assert_int_equal(h.n_msi, 5);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(h.msi[i].data, 0xa0 + i);
	assert_int_equal(h.msi[3].data, 0xb0);
	assert_int_equal(h.msi[3].pa, H_MSI + 8);
	assert_int_equal(h.msi[4].data, 0xc0);
	assert_int_equal(eq_rd(&a), 3);
	h_teardown(&h);
}

/* REG-114, CMD-85, CMD-94: its abort is in GERROR, and the queue goes on. */
static void aborted_msi(void **state)
{
	struct harness h;
	struct eq q;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	eq_open(&q, &h, 0, 0, 6);
	eq_put(&q, SYNC_IRQ, 0x10000000);
	eq_put(&q, SMMU_OP_SYNC, 0);
	eq_kick(&q);
	assert_int_equal(eq_gerror(&h), MSI_CMDQ_ABT_ERR);
	assert_int_equal(eq_cons(&q), EQ_ENACK | 2);
	h_teardown(&h);
}

/* REG-114, CMD-3, Q-41: a full ECMDQ that has room again wakes. */
static void full_queue_wakes(void **state)
{
	struct harness h;
	struct smmu_wire *sev;
	struct eq q;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	sev = smmu_bus_wire(h.bus, "smmu.sev");
	eq_open(&q, &h, 0, 0, 1);
	eq_put(&q, SMMU_OP_SYNC, 0);
	eq_kick(&q);
	assert_int_equal(smmu_wire_pulses(sev), 0);
	eq_put(&q, SMMU_OP_SYNC, 0);
	eq_put(&q, SMMU_OP_SYNC, 0);
	eq_kick(&q);
	assert_int_equal(smmu_wire_pulses(sev), 1);
	h_teardown(&h);
}

/* REG-66, CMD-94: GERROR's interrupt; ERR is seen before GERROR (REG-110). */
struct handled {
	struct eq *q;
	uint32_t cons;
	unsigned n;
};

static void on_gerror(void *ctx, const char *name)
{
	struct handled *handled = ctx;

	(void)name;
	handled->n++;
	handled->cons = eq_cons(handled->q);
}

static void error_interrupts(void **state)
{
	struct harness h;
	struct eq q;
	struct handled handled = { .q = &q };

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	assert_int_equal(smmu_bus_listen(h.bus, "smmu.gerror", on_gerror, &handled), 0);
	h_wr32(&h, SMMU_REG_IRQ_CTRL, (uint32_t)SMMU_MASK(SMMU_IRQ_CTRL_GERROR_IRQEN));
	eq_open(&q, &h, 0, 0, 6);
	eq_cmd(&q, 0xee, 0);
	assert_int_equal(handled.n, 1);
	assert_true(handled.cons & EQ_ERR);
	/* active already: no second one */
	q.prod |= EQ_ERR;
	eq_kick(&q);
	assert_int_equal(handled.n, 1);
	h_teardown(&h);
}

/* ---- re-entry: a handler that uses another queue ---- */

struct relay {
	struct eq *to;
	unsigned n;
};

static void on_sync(void *ctx, const char *name)
{
	struct relay *r = ctx;

	(void)name;
	if (r->n++ == 0)
		eq_cmd(r->to, SYNC_IRQ | 0xb0ull << 32, H_MSI);
}

static void handler_uses_another_queue(void **state)
{
	struct relay relay = { .n = 0 };
	struct harness h;
	struct eq a, b;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	eq_open(&a, &h, 0, 0, 6);
	eq_open(&b, &h, 0, 1, 6);
	relay.to = &b;
	assert_int_equal(smmu_bus_listen(h.bus, "smmu.cmdq-sync", on_sync, &relay), 0);
	eq_put(&a, SYNC_IRQ | 0xa0ull << 32, H_MSI);
	eq_put(&a, SYNC_IRQ | 0xa1ull << 32, H_MSI);
	eq_kick(&a);
	/* none was lost: CMD-78, REG-55 does not merge MSIs of different CMD_SYNCs */
	assert_int_equal(h.n_msi, 3);
	assert_int_equal(relay.n, 3);
	assert_int_equal(eq_rd(&a), 2);
	assert_int_equal(eq_rd(&b), 1);
	h_teardown(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_commands_like_the_main_queue),
		cmocka_unit_test(invalidates),
		cmocka_unit_test(disabled_queue_waits),
		cmocka_unit_test(inconsistent_indexes),
		cmocka_unit_test(error_and_recovery),
		cmocka_unit_test(disable_in_error),
		cmocka_unit_test(fetch_abort),
		cmocka_unit_test(errors_stay_in_their_queue),
		cmocka_unit_test(syncs_signal),
		cmocka_unit_test(aborted_msi),
		cmocka_unit_test(full_queue_wakes),
		cmocka_unit_test(error_interrupts),
		cmocka_unit_test(handler_uses_another_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
