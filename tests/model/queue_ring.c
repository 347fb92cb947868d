/* SPDX-License-Identifier: MIT */
/*
 * Queues as memory and as indexes: 1. what the SMMU reads and writes of a queue, and
 * with which attributes; 2. empty, full and round; 3. what stops the command queue,
 * and what is executed after; 4. commands that are hints, or match nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "model/harness.h"
#include "model/model.h"

/* ---- memory that remembers who came ---- */

#define WATCHED	     0x20000000ull
#define WATCHED_SIZE 0x10000u
#define HOLE	     0x10000000ull

struct visit {
	bool write;
	uint64_t pa;
	struct smmu_attr attr;
};

static struct {
	uint8_t mem[WATCHED_SIZE];
	struct visit visit[512];
	unsigned n;
} watched;

static void visit(bool write, uint64_t pa, const struct smmu_attr *attr)
{
	assert_true(watched.n < sizeof(watched.visit) / sizeof(watched.visit[0]));
	watched.visit[watched.n++] = (struct visit){ write, pa, *attr };
}

static int watched_read(void *ctx, uint64_t pa, void *buf, size_t len,
			const struct smmu_attr *attr)
{
	(void)ctx;
	visit(false, pa, attr);
	memcpy(buf, &watched.mem[pa - WATCHED], len);
	return 0;
}

static int watched_write(void *ctx, uint64_t pa, const void *buf, size_t len,
			 const struct smmu_attr *attr)
{
	(void)ctx;
	visit(true, pa, attr);
	memcpy(&watched.mem[pa - WATCHED], buf, len);
	return 0;
}

static void setup_watched(struct harness *h)
{
	static const struct smmu_mem_ops ops = { .read = watched_read,
						 .write = watched_write };

	memset(&watched, 0, sizeof(watched));
	h_setup(h, SMMU_PRESET_V3_2, NULL);
	assert_int_equal(smmu_bus_add_region(h->bus, WATCHED, WATCHED_SIZE, &ops, NULL),
			 0);
}

static uint32_t cr0(unsigned field)
{
	return (uint32_t)SMMU_MASK(field);
}

static void put_sync(struct harness *h, uint64_t base, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		h_write64(h, base + 16 * i, SMMU_OP_SYNC);
		h_write64(h, base + 16 * i + 8, 0);
	}
}

static uint64_t commands(struct harness *h)
{
	struct smmu_stats stats;

	smmu_stats_read(h->smmu, &stats);
	return stats.commands;
}

/*
 * Q-11, REG-104, CMD-1, CACHE-90: of the command queue only [CONS, PROD) is read, each
 * entry for one execution, and nothing is written. Q-5: it may start partly full.
 */
static void commands_are_read_once_and_never_written(void **state)
{
	struct harness h;

	(void)state;
	setup_watched(&h);
	put_sync(&h, WATCHED, 16);
	h_wr64(&h, SMMU_REG_CMDQ_BASE, WATCHED | 4);
	h_wr32(&h, SMMU_REG_CMDQ_CONS, 14);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 17);
	watched.n = 0;
	h_wr32(&h, SMMU_REG_CR0, cr0(SMMU_CR0_CMDQEN));
	assert_int_equal(commands(&h), 3);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), 17);
	/* REG-91: 14, 15 and, round the end, 0, in order */
	assert_int_equal(watched.n, 6);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t entry = (14 + i / 2) % 16;

		assert_false(watched.visit[i].write);
		assert_int_equal(watched.visit[i].pa, WATCHED + 16 * entry + 8 * (i % 2));
	}
	/* the slot is free, its next content is read anew */
	h_write64(&h, WATCHED + 16, 0xee);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 18);
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
	h_teardown(&h);
}

/* REG-39, Q-13: CR1.QUEUE_* and the hint of the BASE register make the attributes. */
static const struct {
	unsigned ic, oc, sh;
	bool hint;
	struct smmu_attr want;
} attrs[] = {
	{ 1,
	  1,
	  3,
	  true,
	  { SMMU_MT_WB, SMMU_MT_WB, SMMU_SH_ISH, 1, 1, 0, 0, 1, 1, 0, 0, 0, { 0 } } },
	{ 1,
	  1,
	  3,
	  false,
	  { SMMU_MT_WB, SMMU_MT_WB, SMMU_SH_ISH, 0, 0, 0, 0, 1, 1, 0, 0, 0, { 0 } } },
	{ 2,
	  1,
	  0,
	  false,
	  { SMMU_MT_WT, SMMU_MT_WB, SMMU_SH_NSH, 0, 0, 0, 0, 1, 1, 0, 0, 0, { 0 } } },
	{ 1,
	  0,
	  2,
	  false,
	  { SMMU_MT_WB, SMMU_MT_NC, SMMU_SH_OSH, 0, 0, 0, 0, 1, 1, 0, 0, 0, { 0 } } },
	/* SH 1 is reserved and acts as 0 */
	{ 1,
	  1,
	  1,
	  false,
	  { SMMU_MT_WB, SMMU_MT_WB, SMMU_SH_NSH, 0, 0, 0, 0, 1, 1, 0, 0, 0, { 0 } } },
	/* both non-cacheable: Outer Shareable, no hints; 3 acts as 0 */
	{ 0,
	  0,
	  3,
	  true,
	  { SMMU_MT_NC, SMMU_MT_NC, SMMU_SH_OSH, 0, 0, 0, 0, 1, 1, 0, 0, 0, { 0 } } },
	{ 3,
	  3,
	  0,
	  true,
	  { SMMU_MT_NC, SMMU_MT_NC, SMMU_SH_OSH, 0, 0, 0, 0, 1, 1, 0, 0, 0, { 0 } } },
};

static void queues_are_accessed_as_cr1_says(void **state)
{
	const struct smmu_event ev = { .fault.event = SMMU_EVT_C_BAD_STE };

	(void)state;
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		struct harness h;
		uint64_t cr1 = 0, hint = attrs[i].hint ? SMMU_MASK(SMMU_CMDQ_BASE_RA) : 0;

		setup_watched(&h);
		cr1 = smmu_reg_set(cr1, SMMU_CR1_QUEUE_IC, attrs[i].ic);
		cr1 = smmu_reg_set(cr1, SMMU_CR1_QUEUE_OC, attrs[i].oc);
		cr1 = smmu_reg_set(cr1, SMMU_CR1_QUEUE_SH, attrs[i].sh);
		h_wr32(&h, SMMU_REG_CR1, (uint32_t)cr1);
		put_sync(&h, WATCHED, 1);
		h_wr64(&h, SMMU_REG_CMDQ_BASE, WATCHED | 4 | hint);
		h_wr64(&h, SMMU_REG_EVENTQ_BASE, (WATCHED + 0x1000) | 4 | hint);
		h_wr32(&h, SMMU_REG_CMDQ_PROD, 1);
		watched.n = 0;
		h_wr32(&h, SMMU_REG_CR0, cr0(SMMU_CR0_CMDQEN) | cr0(SMMU_CR0_EVENTQEN));
		smmu_lock(h.smmu);
		assert_true(smmu_event_record(h.smmu, &ev));
		smmu_unlock_and_deliver(h.smmu);
		/* EVT-1: 32 bytes of event */
		assert_int_equal(watched.n, 2 + 4);
		for (unsigned v = 0; v < watched.n; v++) {
			assert_int_equal(watched.visit[v].write, v >= 2);
			assert_memory_equal(&watched.visit[v].attr, &attrs[i].want,
					    sizeof(attrs[i].want));
		}
		h_teardown(&h);
	}
}

/*
 * REG-82, REG-84, REG-85: from every position, equal indexes with equal wrap
 * flags are an empty queue, with different ones a full one, all of it usable.
 */
static void empty_and_full(void **state)
{
	static const unsigned sizes[] = { 0, 1, 3, 6 };
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_init_queues(&h);
	put_sync(&h, h.cmdq, 64);
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		uint32_t full = 1u << sizes[s];

		for (uint32_t at = 0; at < 2 * full; at++) {
			uint64_t before = commands(&h);

			h_wr32(&h, SMMU_REG_CR0, 0);
			h_wr64(&h, SMMU_REG_CMDQ_BASE, h.cmdq | sizes[s]);
			h_wr32(&h, SMMU_REG_CMDQ_CONS, at);
			h_wr32(&h, SMMU_REG_CMDQ_PROD, at);
			/* Q-14, CMD-1: empty: enabling it does nothing */
			h_wr32(&h, SMMU_REG_CR0, cr0(SMMU_CR0_CMDQEN));
			assert_int_equal(commands(&h), before);
			/* what lies above the wrap flag counts for nothing */
			h_wr32(&h, SMMU_REG_CMDQ_PROD, at | 4 * full);
			assert_int_equal(commands(&h), before);
			/* REG-90: PROD alone is the kick; CMD-2: no CMD_SYNC needed */
			h_wr32(&h, SMMU_REG_CMDQ_PROD, at ^ full);
			assert_int_equal(commands(&h), before + full);
			assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), at ^ full);
		}
	}
	h_teardown(&h);
}

/* Q-7, REG-16, REG-83: the base is aligned to the queue, 32 bytes at least. */
static void small_queues_are_aligned_to_32_bytes(void **state)
{
	struct harness h;
	uint64_t at;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	at = h_alloc(&h, 4096, 4096);
	put_sync(&h, at, 4);
	h_write64(&h, at + 48, 0xee); /* where entry 1 of a queue at + 32 would be */
	/* 2 entries of 16 bytes are 32 bytes: bit 5 stays, 4 entries are 64: it goes */
	h_wr64(&h, SMMU_REG_CMDQ_BASE, (at + 32) | 1);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 2);
	h_wr32(&h, SMMU_REG_CR0, cr0(SMMU_CR0_CMDQEN));
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS) & 0xfffff, 1);
	smmu_reset(h.smmu);
	h_wr64(&h, SMMU_REG_CMDQ_BASE, (at + 32) | 2);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 3);
	h_wr32(&h, SMMU_REG_CR0, cr0(SMMU_CR0_CMDQEN));
	assert_int_equal(h_cmdq_error(&h), 0);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), 3);
	h_teardown(&h);
}

/* ---- errors ---- */

/*
 * EVT-80, REG-92, Q-15, Q-16, CMD-4, CMD-7, CMD-8: the code, RD on the command, the older
 * ones done and the newer ones not; EVT-83, REG-67: nothing moves until acknowledged.
 */
static void an_error_stops_the_queue(void **state)
{
	static const struct {
		uint64_t base; /* 0: RAM */
		uint64_t dw0;
		unsigned err, done;
	} cases[] = {
		{ 0, 0xee, SMMU_CERROR_ILL, 2 },
		{ 0, SMMU_OP_SYNC | 3 << 12, SMMU_CERROR_ILL, 2 },
		{ HOLE, 0, SMMU_CERROR_ABT, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;
		uint64_t base = cases[i].base;

		h_setup(&h, SMMU_PRESET_V3_2, NULL);
		h_init_queues(&h);
		h_disable(&h);
		if (!base) {
			base = h.cmdq;
			put_sync(&h, base, 5);
			h_write64(&h, base + 32, cases[i].dw0);
		}
		h_wr64(&h, SMMU_REG_CMDQ_BASE, base | 4);
		h_wr32(&h, SMMU_REG_CMDQ_PROD, 5);
		h_wr32(&h, SMMU_REG_CR0, cr0(SMMU_CR0_CMDQEN));
		assert_int_equal(h_cmdq_error(&h), cases[i].err);
		assert_int_equal(commands(&h), cases[i].done);
		assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS) & 0xfffff, cases[i].done);
		h_wr32(&h, SMMU_REG_CMDQ_PROD, 5);
		h_wr32(&h, SMMU_REG_CR0, 0);
		h_wr32(&h, SMMU_REG_CR0, cr0(SMMU_CR0_CMDQEN));
		assert_int_equal(commands(&h), cases[i].done);
		assert_int_equal(h_cmdq_error(&h), cases[i].err);
		h_teardown(&h);
	}
}

/*
 * CMD-14, EVT-85, REG-93, Q-8: while the error is active PROD may go back, as far as
 * CONS. Q-12, EVT-82, REG-95, CACHE-90: what follows is fetched again.
 */
static void software_may_withdraw_commands_after_an_error(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_init_queues(&h);
	put_sync(&h, h.cmdq, 4);
	h_write64(&h, h.cmdq + 16, 0xee);
	h_write64(&h, h.cmdq + 32, 0xef);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 4);
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 1);
	/* EVT-84, EVT-90: acknowledged; there is nothing left to do */
	h_wr32(&h, SMMU_REG_GERRORN, h_rd32(&h, SMMU_REG_GERROR));
	assert_int_equal(h_cmdq_error(&h), 0);
	assert_int_equal(commands(&h), 1);
	put_sync(&h, h.cmdq, 4);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 4);
	assert_int_equal(h_cmdq_error(&h), 0);
	assert_int_equal(commands(&h), 4);
	h_teardown(&h);
}

/* REG-94: CMDQ_CONS.RD may be set while the queue is off, and is where it goes on. */
static void cons_can_be_moved_while_disabled(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_init_queues(&h);
	put_sync(&h, h.cmdq, 8);
	h_write64(&h, h.cmdq, 0xee);
	h_disable(&h);
	h_wr32(&h, SMMU_REG_CMDQ_CONS, 1);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 3);
	h_wr32(&h, SMMU_REG_CR0, cr0(SMMU_CR0_CMDQEN));
	assert_int_equal(h_cmdq_error(&h), 0);
	assert_int_equal(commands(&h), 2);
	h_teardown(&h);
}

/* ---- hints, and commands that match nothing ---- */

/* CMD-15, Q-21, EVT-3: what a prefetch meets is nobody's event, what a DMA meets is. */
static void prefetch_records_nothing(void **state)
{
	static const struct {
		uint64_t dw0, dw1;
	} cases[] = {
		{ 0x01 | 3ull << 32, 0 },			/* STE with V == 0 */
		{ 0x02 | 3ull << 32, 0x1000 },			/* the same */
		{ 0x01 | 200ull << 32 | 1 << 11 | 5 << 12, 0 }, /* no such substream */
		{ 0x01 | 0xffffull << 32, 0 },			/* beyond the table */
		{ 0x02 | 0xffffffffull << 32, 0 },	  /* beyond SIDSIZE (CMD-11) */
		{ 0x02 | 4ull << 32, 0xdead000 },	  /* nothing mapped there */
		{ 0x02 | 4ull << 32, 0x7fffffffffff000 }, /* CMD-20: out of range */
	};
	struct harness h;
	uint64_t ste[8];
	struct smmu_txn txn = { .sid = 3, .addr = 0x1000 };

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_enable(&h);
	h_ste_s2(ste, h_table(&h), 1);
	h_ste_write(&h, 4, ste);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		h_cmd(&h, cases[i].dw0, cases[i].dw1);
		h_sync(&h);
	}
	assert_int_equal(h_events_drain(&h), 0);
	assert_int_equal(smmu_translate(h_port(&h), &txn).status, SMMU_ABORT);
	assert_int_equal(h_events_drain(&h), 1);
	txn.sid = 4;
	txn.addr = 0xdead000;
	assert_int_equal(smmu_translate(h_port(&h), &txn).status, SMMU_ABORT);
	assert_int_equal(h_events_drain(&h), 1);
	h_teardown(&h);
}

static void with_stalls(struct smmu_config *cfg)
{
	cfg->stall_model = 0;
	cfg->stall_max = 16;
}

/*
 * CMD-67, CMD-75: no transaction is stalled, so that no StreamID and no STAG matches:
 * consumed, and nothing else. Q-20, CMD-87: consumption alone says nothing.
 */
static void resume_without_a_stall_does_nothing(void **state)
{
	static const struct {
		uint64_t dw0, dw1;
	} cases[] = {
		{ 0x44 | 1 << 12 | 5ull << 32, 0x0b17 }, /* retry */
		{ 0x44 | 5ull << 32, 0 },		 /* terminate, RAZ/WI */
		{ 0x44 | 1 << 13 | 5ull << 32, 0xffff }, /* terminate, abort */
		{ 0x45 | 5ull << 32, 0 },
		{ 0x45 | 0xffffffffull << 32, 0 },
	};
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, with_stalls);
	h_enable(&h);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t before = commands(&h);

		h_cmd(&h, cases[i].dw0, cases[i].dw1);
		assert_int_equal(h_cmdq_error(&h), 0);
		assert_int_equal(commands(&h), before + 1);
	}
	assert_int_equal(h_events_drain(&h), 0);
	h_teardown(&h);
}

/*
 * CMD-28, CACHE-30: CFGI leaves the TLB alone. CMD-78, CMD-89, CACHE-50: a TLBI that was
 * synchronised does not.
 */
static void cfgi_leaves_translations_alone(void **state)
{
	struct harness h;
	struct smmu_txn txn = { .sid = 4, .addr = 0x5000 };
	uint64_t ste[8], root;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_enable(&h);
	root = h_table(&h);
	h_ste_s2(ste, root, 1);
	h_ste_write(&h, 4, ste);
	h_map(&h, root, 0x5000, 0x80005000, 3, h_s2_rw());
	assert_int_equal(smmu_translate(h_port(&h), &txn).pa, 0x80005000);
	h_write64(&h, h_desc_pa(&h, root, 0x5000, 3), 0);
	h_cmd(&h, 0x04, 31);
	h_sync(&h);
	assert_int_equal(smmu_translate(h_port(&h), &txn).pa, 0x80005000);
	h_cmd(&h, 0x30, 0);
	h_sync(&h);
	assert_int_equal(smmu_translate(h_port(&h), &txn).event, SMMU_EVT_F_TRANSLATION);
	h_teardown(&h);
}

/*
 * who learns of an external abort. What the SMMU reads or writes for itself has an
 * error of its own; what a client meets behind the translation is the client's alone.
 */
static void every_abort_has_its_own_error(void **state)
{
	const uint32_t evt = (uint32_t)SMMU_MASK(SMMU_GERROR_EVENTQ_ABT_ERR);
	struct smmu_txn txn = { .sid = 1, .addr = HOLE };
	struct smmu_result res;
	struct harness h;
	uint64_t ste[8];
	char byte;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_enable(&h);
	h_ste_bypass(ste);
	h_ste_write(&h, 1, ste);
	h_ste_s1(ste, HOLE);
	h_ste_write(&h, 2, ste);
	h_ste_s2(ste, HOLE, 1);
	h_ste_write(&h, 3, ste);
	res = smmu_dma(h_port(&h), &txn, &byte, 1, NULL);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, 0);
	assert_int_equal(h_events_drain(&h), 0);
	txn.sid = 2;
	assert_int_equal(smmu_translate(h_port(&h), &txn).event, SMMU_EVT_F_CD_FETCH);
	txn.sid = 3;
	assert_int_equal(smmu_translate(h_port(&h), &txn).event, SMMU_EVT_F_WALK_EABT);
	h_wr32(&h, SMMU_REG_CR0, 0);
	assert_int_equal(h_events_drain(&h), 2);
	assert_int_equal(h_rd32(&h, SMMU_REG_GERROR), 0);
	h_wr64(&h, SMMU_REG_STRTAB_BASE, HOLE);
	h_wr64(&h, SMMU_REG_EVENTQ_BASE, HOLE | 4);
	h_wr32(&h, SMMU_REG_CR0, cr0(SMMU_CR0_SMMUEN) | cr0(SMMU_CR0_EVENTQEN));
	txn.sid = 4;
	res = smmu_translate(h_port(&h), &txn);
	assert_int_equal(res.event, SMMU_EVT_F_STE_FETCH);
	assert_false(res.recorded);
	assert_int_equal(h_rd32(&h, SMMU_REG_GERROR), evt);
	h_teardown(&h);
}

/*
 * REG-121, CMD-51, CMD-88: after CFGI_ALL, NSNH_ALL, EL2_ALL and the consumption of a
 * CMD_SYNC nothing of the past is left: each STE, CD and descriptor is fetched again.
 */
static void all_invalidations_together_leave_nothing(void **state)
{
	struct harness h;
	struct smmu_txn txn = { .sid = 4, .addr = 0x5000 };
	struct smmu_stats before, after;
	uint64_t ste[8], root;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_enable(&h);
	root = h_table(&h);
	h_ste_s2(ste, root, 1);
	h_ste_write(&h, 4, ste);
	h_map(&h, root, 0x5000, 0x80005000, 3, h_s2_rw());
	assert_int_equal(smmu_translate(h_port(&h), &txn).status, SMMU_OK);
	smmu_stats_read(h.smmu, &before);
	assert_int_equal(smmu_translate(h_port(&h), &txn).status, SMMU_OK);
	smmu_stats_read(h.smmu, &after);
	assert_int_equal(after.walk_reads, before.walk_reads);
	assert_int_equal(after.ste_fetches, before.ste_fetches);
	h_invalidate_all(&h);
	assert_int_equal(smmu_translate(h_port(&h), &txn).status, SMMU_OK);
	smmu_stats_read(h.smmu, &after);
	assert_int_equal(after.walk_reads, before.walk_reads + 4);
	assert_int_equal(after.ste_fetches, before.ste_fetches + 1);
	h_teardown(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_read_once_and_never_written),
		cmocka_unit_test(queues_are_accessed_as_cr1_says),
		cmocka_unit_test(empty_and_full),
		cmocka_unit_test(small_queues_are_aligned_to_32_bytes),
		cmocka_unit_test(an_error_stops_the_queue),
		cmocka_unit_test(software_may_withdraw_commands_after_an_error),
		cmocka_unit_test(cons_can_be_moved_while_disabled),
		cmocka_unit_test(prefetch_records_nothing),
		cmocka_unit_test(resume_without_a_stall_does_nothing),
		cmocka_unit_test(cfgi_leaves_translations_alone),
		cmocka_unit_test(every_abort_has_its_own_error),
		cmocka_unit_test(all_invalidations_together_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
