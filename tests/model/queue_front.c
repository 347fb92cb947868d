/* SPDX-License-Identifier: MIT */
/*
 * An SMMU as the front of a virtual one: which commands reach the hook and in what
 * batches, what a refusal does to the queue, what is left for the SMMU itself; and
 * records that are put into the event queue from outside.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/ats.h>
#include <smmulator/frontend.h>
#include "model/harness.h"

enum { MOST_CALLS = 8, MOST = 600 };

/* What the hook saw, and what it will do. */
struct vmm {
	uint64_t cmd[MOST][2];
	size_t count[MOST_CALLS]; /* commands of each call */
	unsigned calls, cmds;
	size_t limit; /* refuses what comes after so many, of all calls */
	unsigned cerror;
	bool says_more; /* "done" beyond count */
};

static size_t hook(void *ctx, const uint64_t (*cmds)[2], size_t count, unsigned *cerror)
{
	struct vmm *vmm = ctx;
	size_t done = 0;

	assert_true(count >= 1 && count <= SMMU_FRONT_BATCH);
	assert_true(vmm->calls < MOST_CALLS);
	assert_int_equal(*cerror, SMMU_CERROR_ILL);
	vmm->count[vmm->calls++] = count;
	for (; done < count && vmm->cmds < vmm->limit; done++)
		memcpy(vmm->cmd[vmm->cmds++], cmds[done], sizeof(vmm->cmd[0]));
	if (done < count && vmm->cerror)
		*cerror = vmm->cerror;
	return vmm->says_more ? done + 1000 : done;
}

static uint64_t op_of(const struct vmm *vmm, unsigned i)
{
	return smmu_get(vmm->cmd[i], SMMU_CMD_OPCODE);
}

struct bench {
	struct harness h;
	struct vmm vmm;
};

static void tweak(struct smmu_config *cfg)
{
	cfg->ats = 1;
	cfg->cmdqs = 9;
}

static void setup(struct bench *b)
{
	*b = (struct bench){ .vmm.limit = MOST };
	h_setup(&b->h, SMMU_PRESET_V3_2, tweak);
	h_enable(&b->h);
	smmu_set_front(b->h.smmu, hook, &b->vmm);
}

/* Queues commands of one word without telling the SMMU; then the write of PROD. */
static uint32_t queue_at(struct bench *b, uint32_t prod, const uint64_t *dw0, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t cmd[2] = { dw0[i], 0 };
		uint32_t slot = (prod + i) & ((1u << b->h.cmdq_log2) - 1);

		h_write_dw(&b->h, b->h.cmdq + 16ull * slot, cmd, 2);
	}
	prod = (prod + n) & ((2u << b->h.cmdq_log2) - 1);
	h_wr32(&b->h, SMMU_REG_CMDQ_PROD, prod);
	return prod;
}

static unsigned queue(struct bench *b, const uint64_t *dw0, unsigned n)
{
	uint32_t prod = h_rd32(&b->h, SMMU_REG_CMDQ_PROD);

	queue_at(b, prod, dw0, n);
	return prod;
}

/* Batches end at a CMD_SYNC, which is in them; what follows is the next batch. */
static void test_batches_end_at_sync(void **state)
{
	const uint64_t cmds[] = { SMMU_OP_TLBI_NSNH_ALL, SMMU_OP_TLBI_NH_ALL,
				  SMMU_OP_SYNC,		 SMMU_OP_CFGI_CD_ALL,
				  SMMU_OP_SYNC,		 SMMU_OP_TLBI_NH_ALL };
	struct bench b;
	struct smmu_stats before, after;

	(void)state;
	setup(&b);
	smmu_stats_read(b.h.smmu, &before);
	queue(&b, cmds, 6);
	smmu_stats_read(b.h.smmu, &after);
	assert_int_equal(b.vmm.calls, 3);
	assert_int_equal(b.vmm.count[0], 3);
	assert_int_equal(b.vmm.count[1], 2);
	assert_int_equal(b.vmm.count[2], 1);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(op_of(&b.vmm, i), cmds[i]);
	/* The SMMU consumed them as ever. */
	assert_int_equal(after.commands - before.commands, 6);
	assert_int_equal(after.syncs - before.syncs, 2);
	assert_int_equal(after.tlb_invalidations - before.tlb_invalidations, 3);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_CMDQ_CONS),
			 h_rd32(&b.h, SMMU_REG_CMDQ_PROD));
	h_teardown(&b.h);
}

/* The signal of a CMD_SYNC goes out before the next batch is handed over. */
static void test_sync_signals_between_batches(void **state)
{
	struct bench b;
	uint64_t sync[2] = { 0 }, cmds[4];
	uint64_t pulses;

	(void)state;
	setup(&b);
	smmu_set(sync, SMMU_CMD_OPCODE, SMMU_OP_SYNC);
	smmu_set(sync, SMMU_CMD_SYNC_CS, SMMU_CS_IRQ);
	cmds[0] = cmds[2] = SMMU_OP_TLBI_NH_ALL;
	cmds[1] = cmds[3] = sync[0];
	pulses = smmu_wire_pulses(smmu_bus_wire(b.h.bus, "smmu.cmdq-sync"));
	queue(&b, cmds, 4);
	assert_int_equal(b.vmm.calls, 2);
	assert_int_equal(
		smmu_wire_pulses(smmu_bus_wire(b.h.bus, "smmu.cmdq-sync")) - pulses, 2);
	h_teardown(&b.h);
}

/* More than a batch holds: several, none of them empty; the ring's end is no border. */
static void test_long_batches_and_wrap(void **state)
{
	uint64_t cmds[300];
	struct bench b;

	(void)state;
	setup(&b);
	for (unsigned i = 0; i < 300; i++)
		cmds[i] = SMMU_OP_TLBI_NH_ALL;
	/* The harness's ring has 64 entries: a bigger one. */
	h_wr32(&b.h, SMMU_REG_CR0, 0);
	b.h.cmdq_log2 = 9;
	b.h.cmdq = h_alloc(&b.h, 16u << 9, 16u << 9);
	h_wr64(&b.h, SMMU_REG_CMDQ_BASE, b.h.cmdq | 9);
	h_wr32(&b.h, SMMU_REG_CMDQ_PROD, 500);
	h_wr32(&b.h, SMMU_REG_CMDQ_CONS, 500);
	h_wr32(&b.h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	queue_at(&b, 500, cmds, 300);
	assert_int_equal(b.vmm.calls, 2);
	assert_int_equal(b.vmm.count[0], SMMU_FRONT_BATCH);
	assert_int_equal(b.vmm.count[1], 300 - SMMU_FRONT_BATCH);
	assert_int_equal(b.vmm.cmds, 300);
	assert_int_equal(h_cmdq_error(&b.h), 0);
	h_teardown(&b.h);
}

/*
 * EVT-81: what is refused stops the queue with CONS on it; those before it are done, and
 * once software has replaced it, it and those after it are handed over.
 */
static void test_refused(void **state)
{
	static const struct {
		unsigned says, cerror;
	} codes[] = { { 0, SMMU_CERROR_ILL },
		      { SMMU_CERROR_ABT, SMMU_CERROR_ABT },
		      { SMMU_CERROR_ATC_INV_SYNC, SMMU_CERROR_ATC_INV_SYNC },
		      { 77, SMMU_CERROR_ILL } };
	const uint64_t cmds[] = { SMMU_OP_TLBI_NH_ALL, SMMU_OP_TLBI_NSNH_ALL,
				  SMMU_OP_CFGI_CD_ALL, SMMU_OP_SYNC };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct bench b;
		unsigned start;

		setup(&b);
		b.vmm.limit = 2;
		b.vmm.cerror = codes[i].says;
		start = queue(&b, cmds, 4);
		assert_int_equal(b.vmm.calls, 1);
		assert_int_equal(h_cmdq_error(&b.h), codes[i].cerror);
		assert_int_equal(
			smmu_reg_get(h_rd32(&b.h, SMMU_REG_CMDQ_CONS), SMMU_CMDQ_CONS_RD),
			start + 2);
		b.vmm.limit = MOST;
		h_cmdq_skip(&b.h);
		/* A CMD_SYNC is in its place now, and the last one follows. */
		assert_int_equal(b.vmm.calls, 3);
		assert_int_equal(h_cmdq_error(&b.h), 0);
		assert_int_equal(
			smmu_reg_get(h_rd32(&b.h, SMMU_REG_CMDQ_CONS), SMMU_CMDQ_CONS_RD),
			start + 4);
		h_teardown(&b.h);
	}
}

/* "Done" beyond what there was is all of it. */
static void test_more_than_all(void **state)
{
	const uint64_t cmds[] = { SMMU_OP_TLBI_NH_ALL, SMMU_OP_SYNC };
	struct bench b;

	(void)state;
	setup(&b);
	b.vmm.says_more = true;
	queue(&b, cmds, 2);
	assert_int_equal(h_cmdq_error(&b.h), 0);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_CMDQ_CONS),
			 h_rd32(&b.h, SMMU_REG_CMDQ_PROD));
	h_teardown(&b.h);
}

/* CMD-4: an illegal command never gets there, those before it do. */
static void test_illegal_stays_here(void **state)
{
	const uint64_t cmds[] = { SMMU_OP_TLBI_NH_ALL, 0xff, SMMU_OP_SYNC };
	struct bench b;
	unsigned start;

	(void)state;
	setup(&b);
	start = queue(&b, cmds, 3);
	assert_int_equal(b.vmm.calls, 1);
	assert_int_equal(b.vmm.cmds, 1);
	assert_int_equal(h_cmdq_error(&b.h), SMMU_CERROR_ILL);
	assert_int_equal(
		smmu_reg_get(h_rd32(&b.h, SMMU_REG_CMDQ_CONS), SMMU_CMDQ_CONS_RD),
		start + 1);
	h_cmdq_skip(&b.h);
	assert_int_equal(op_of(&b.vmm, b.vmm.cmds - 1), SMMU_OP_SYNC);
	h_teardown(&b.h);
}

static int count_inv(void *ctx, const struct smmu_atc_inv *inv)
{
	(void)inv;
	++*(unsigned *)ctx;
	return SMMU_ATC_DONE;
}

/* CMD_ATC_INV goes to the hook alone, and no CMD_SYNC waits for its answer here. */
static void test_atc_inv_is_the_hooks(void **state)
{
	const struct smmu_ats_ops fn = { .invalidate = count_inv };
	struct bench b;
	unsigned seen = 0;
	uint64_t cmds[2] = { SMMU_OP_ATC_INV | UINT64_C(3) << 32, SMMU_OP_SYNC };

	(void)state;
	setup(&b);
	assert_int_equal(smmu_ats_attach(b.h.smmu, 3, &fn, &seen), 0);
	queue(&b, cmds, 2);
	assert_int_equal(b.vmm.cmds, 2);
	assert_int_equal(seen, 0);
	assert_int_equal(h_cmdq_error(&b.h), 0);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_CMDQ_CONS),
			 h_rd32(&b.h, SMMU_REG_CMDQ_PROD));
	/* Without the hook it goes to the function, as ever. */
	smmu_set_front(b.h.smmu, NULL, NULL);
	queue(&b, cmds, 1);
	assert_int_equal(seen, 1);
	assert_int_equal(b.vmm.cmds, 2);
	h_teardown(&b.h);
}

/* ---- events ---- */

static void fault_record(uint64_t dw[4], unsigned event, uint32_t sid, bool stall)
{
	memset(dw, 0, 4 * sizeof(*dw));
	smmu_set(dw, SMMU_F_TRANSLATION_EVENT, event);
	smmu_set(dw, SMMU_F_TRANSLATION_StreamID, sid);
	smmu_set(dw, SMMU_F_TRANSLATION_Stall, stall);
	smmu_set(dw, SMMU_F_TRANSLATION_InputAddr, 0x1234000);
}

/* EVT-4 to EVT-8: word for word, with an interrupt when the queue was empty. */
static void test_inject(void **state)
{
	struct bench b;
	uint64_t dw[4], got[4], pulses;
	struct smmu_wire *wire;

	(void)state;
	setup(&b);
	wire = smmu_bus_wire(b.h.bus, "smmu.eventq");
	h_wr32(&b.h, SMMU_REG_IRQ_CTRL, (uint32_t)SMMU_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN));
	pulses = smmu_wire_pulses(wire);
	fault_record(dw, SMMU_EVT_F_TRANSLATION, 7, false);
	dw[1] |= UINT64_C(1) << 63; /* whatever it is, it is not looked at */
	assert_true(smmu_inject_event(b.h.smmu, dw));
	assert_true(smmu_inject_event(b.h.smmu, dw));
	assert_int_equal(smmu_wire_pulses(wire) - pulses, 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(h_event(&b.h, got));
		assert_memory_equal(got, dw, sizeof(dw));
	}
	assert_false(h_event(&b.h, got));
	h_teardown(&b.h);
}

static bool overflown(struct bench *b)
{
	return smmu_reg_get(h_rd32(&b->h, SMMU_REG_EVENTQ_PROD),
			    SMMU_EVENTQ_PROD_OVFLG) !=
	       smmu_reg_get(h_rd32(&b->h, SMMU_REG_EVENTQ_CONS),
			    SMMU_EVENTQ_CONS_OVACKFLG);
}

/* EVT-66, EVT-67: a full queue overflows, but not by a record of a stall. */
static void test_inject_overflow(void **state)
{
	struct bench b;
	uint64_t dw[4];

	(void)state;
	setup(&b);
	fault_record(dw, SMMU_EVT_F_TRANSLATION, 7, false);
	for (unsigned i = 0; i < 1u << b.h.eventq_log2; i++)
		assert_true(smmu_inject_event(b.h.smmu, dw));
	assert_false(overflown(&b));
	fault_record(dw, SMMU_EVT_F_TRANSLATION, 7, true);
	assert_false(smmu_inject_event(b.h.smmu, dw));
	assert_false(overflown(&b));
	/* C_BAD_STE has no Stall: the bit there is nothing. */
	fault_record(dw, SMMU_EVT_C_BAD_STE, 7, true);
	assert_false(smmu_inject_event(b.h.smmu, dw));
	assert_true(overflown(&b));
	h_teardown(&b.h);
}

/* EVT-4: a queue that is off takes none. */
static void test_inject_off(void **state)
{
	struct bench b;
	uint64_t dw[4], got[4];

	(void)state;
	setup(&b);
	fault_record(dw, SMMU_EVT_F_ACCESS, 7, false);
	h_disable(&b.h);
	assert_false(smmu_inject_event(b.h.smmu, dw));
	assert_false(h_event(&b.h, got));
	h_teardown(&b.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches_end_at_sync),
		cmocka_unit_test(test_sync_signals_between_batches),
		cmocka_unit_test(test_long_batches_and_wrap),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_more_than_all),
		cmocka_unit_test(test_illegal_stays_here),
		cmocka_unit_test(test_atc_inv_is_the_hooks),
		cmocka_unit_test(test_inject),
		cmocka_unit_test(test_inject_overflow),
		cmocka_unit_test(test_inject_off),
	};

	return cmocka_run_group_tests_name("model: the front of a virtual SMMU", tests,
					   NULL, NULL);
}
