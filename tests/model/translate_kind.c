/* SPDX-License-Identifier: MIT */
/*
 * Transactions that are no ordinary reads and writes (IHI 0070 3.22, 16.7.2, 3.13.8):
 * what permission each needs, what it is downgraded to, and which never fault.
 */
#include "config_bench.h"

#define RO	      (1ull << 7)
#define NO_ACCESS_EL0 (1ull << 6)
#define UXN	      (1ull << 54)

static struct smmu_result ask(struct bench *b, unsigned kind, unsigned op, uint64_t addr)
{
	struct smmu_txn txn = {
		.sid = SID, .kind = (uint8_t)kind, .op = (uint8_t)op, .addr = addr
	};

	return smmu_translate(h_port(&b->h), &txn);
}

/* Stage 1 with STE.DRE and DCP as given; the leaf of VA gets `flip` bits flipped. */
static void stage1(struct bench *b, bool allow, uint64_t flip)
{
	uint64_t ste[8], cd[8], leaf;

	b_ste(b, SMMU_STE_CONFIG_S1, ste);
	smmu_set(ste, SMMU_STE_DRE, allow);
	smmu_set(ste, SMMU_STE_DCP, allow);
	b_cd(b, cd);
	b_put_cd(b, SID, 0, b->cd, cd);
	b_put_ste(b, SID, ste);
	leaf = h_desc_pa(&b->h, b->ttb0, VA, 3);
	h_write64(&b->h, leaf, h_read64(&b->h, leaf) ^ flip);
	h_invalidate_all(&b->h);
}

struct row {
	unsigned kind, op;
	unsigned rw, rw_off, ro, ro_off; /* what leaves; _off: DRE and DCP are 0 */
	bool ro_faults;
};

/* STE-76, Q-56, Q-57, the tables of 3.22.2 and 16.7.2.2: read-write and read-only pages. */
static void downgrades(void **state)
{
	enum { O = SMMU_KIND_ORDINARY, NONE = SMMU_KIND_NONE };
	static const struct row rows[] = {
		{ SMMU_KIND_RCI, SMMU_READ, SMMU_KIND_RCI, SMMU_KIND_RCI, SMMU_KIND_RCI,
		  SMMU_KIND_RCI, false },
		{ SMMU_KIND_DR, SMMU_READ, SMMU_KIND_DR, O, O, O, false },
		{ SMMU_KIND_W_DCP, SMMU_WRITE, SMMU_KIND_W_DCP, O, 0, 0, true },
		{ SMMU_KIND_NW_DCP, SMMU_READ, SMMU_KIND_NW_DCP, NONE, SMMU_KIND_NW_DCP,
		  NONE, false },
		{ SMMU_KIND_CLEAN, SMMU_READ, SMMU_KIND_CLEAN, SMMU_KIND_CLEAN,
		  SMMU_KIND_CLEAN, SMMU_KIND_CLEAN, false },
		{ SMMU_KIND_CLEAN_PERSIST, SMMU_READ, SMMU_KIND_CLEAN_PERSIST,
		  SMMU_KIND_CLEAN_PERSIST, SMMU_KIND_CLEAN_PERSIST,
		  SMMU_KIND_CLEAN_PERSIST, false },
		{ SMMU_KIND_INVALIDATE, SMMU_READ, SMMU_KIND_INVALIDATE,
		  SMMU_KIND_CLEAN_INVALIDATE, SMMU_KIND_CLEAN_INVALIDATE,
		  SMMU_KIND_CLEAN_INVALIDATE, false },
		{ SMMU_KIND_DH, SMMU_READ, SMMU_KIND_DH, NONE, NONE, NONE, false },
	};

	(void)state;
	for (unsigned n = 0; n < 4 * COUNT(rows); n++) {
		const struct row *r = &rows[n / 4];
		bool off = n & 1, ro = n & 2;
		unsigned want =
			ro ? (off ? r->ro_off : r->ro) : (off ? r->rw_off : r->rw);
		struct bench b;

		b_setup(&b, SMMU_PRESET_V3_2, NULL);
		stage1(&b, !off, ro ? RO : 0);
		/* Cold and from the TLB. */
		for (unsigned i = 0; i < 2; i++) {
			struct smmu_result res = ask(&b, r->kind, r->op, VA);

			if (ro && r->ro_faults) {
				assert_int_equal(res.event, SMMU_EVT_F_PERMISSION);
				assert_int_equal(res.status, SMMU_ABORT);
				continue;
			}
			assert_int_equal(res.event, 0);
			assert_int_equal(res.kind, want);
			assert_int_equal(res.status,
					 want == NONE ? SMMU_NO_EFFECT : SMMU_OK);
			if (want != NONE)
				assert_int_equal(res.pa, b.page);
		}
		b_teardown(&b);
	}
}

/* Faults are those of a read (CMOs, RCI, DR) or a write (W-DCP); hints have none. */
static void faults(void **state)
{
	static const struct {
		unsigned kind;
		bool hint, rnw;
	} rows[] = {
		{ SMMU_KIND_RCI, false, true },	       { SMMU_KIND_DR, false, true },
		{ SMMU_KIND_W_DCP, false, false },     { SMMU_KIND_CLEAN, false, true },
		{ SMMU_KIND_INVALIDATE, false, true }, { SMMU_KIND_NW_DCP, true, true },
		{ SMMU_KIND_DH, true, true },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct bench b;
		struct smmu_result res;
		uint64_t dw[4];

		b_setup(&b, SMMU_PRESET_V3_2, NULL);
		stage1(&b, true, 0);
		res = ask(&b, rows[i].kind, SMMU_WRITE, VA + (1ull << 30));
		if (rows[i].hint) {
			assert_int_equal(res.status, SMMU_NO_EFFECT);
			assert_int_equal(res.event, 0);
			b_no_event(&b);
			/* Not even for a STE that does not exist. */
			h_write64(&b.h, h_ste_pa(&b.h, SID), 0);
			b_cfgi_ste(&b, SID, false);
			res = ask(&b, rows[i].kind, SMMU_READ, VA);
			assert_int_equal(res.status, SMMU_NO_EFFECT);
			b_no_event(&b);
		} else {
			assert_int_equal(res.event, SMMU_EVT_F_TRANSLATION);
			assert_true(h_event(&b.h, dw));
			assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_RnW),
					 rows[i].rnw);
		}
		b_teardown(&b);
	}
}

/* NW-DCP: any permission will do, at each stage; unprivileged execute is one. */
static void any_permission(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	stage1(&b, true, NO_ACCESS_EL0); /* AP 00: unprivileged may only execute */
	assert_int_equal(ask(&b, SMMU_KIND_NW_DCP, SMMU_READ, VA).kind, SMMU_KIND_NW_DCP);
	assert_int_equal(ask(&b, SMMU_KIND_NW_DCP, SMMU_READ, VA).status, SMMU_OK);
	assert_int_equal(ask(&b, SMMU_KIND_CLEAN, SMMU_READ, VA).event,
			 SMMU_EVT_F_PERMISSION);
	stage1(&b, true, UXN);
	assert_int_equal(ask(&b, SMMU_KIND_NW_DCP, SMMU_READ, VA).status, SMMU_NO_EFFECT);
	b_teardown(&b);
}

static void with_httu(struct smmu_config *cfg)
{
	cfg->httu = 2;
}

/* 3.13.8: a writable-clean page is not made dirty by what destroys. */
static void no_dirty_update(void **state)
{
	(void)state;
	for (unsigned kind = SMMU_KIND_RCI; kind <= SMMU_KIND_DH; kind++) {
		uint64_t cd[8], pa, before;
		struct bench b;
		struct smmu_result res;

		b_setup(&b, SMMU_PRESET_V3_3, with_httu);
		stage1(&b, true, RO | 1ull << 51);
		b_cd(&b, cd);
		smmu_set(cd, SMMU_CD_HA, 1);
		smmu_set(cd, SMMU_CD_HD, 1);
		b_put_cd(&b, SID, 0, b.cd, cd);
		pa = h_desc_pa(&b.h, b.ttb0, VA, 3);
		h_write64(&b.h, pa, h_read64(&b.h, pa) | 1ull << 10);
		before = h_read64(&b.h, pa);
		res = ask(&b, kind, SMMU_READ, VA);
		assert_int_equal(res.event, 0);
		if (kind == SMMU_KIND_W_DCP)
			assert_int_equal(h_read64(&b.h, pa), before & ~RO);
		else
			assert_int_equal(h_read64(&b.h, pa), before);
		assert_int_equal(res.kind, kind == SMMU_KIND_DR ? SMMU_KIND_ORDINARY
					   : kind == SMMU_KIND_INVALIDATE
						   ? SMMU_KIND_CLEAN_INVALIDATE
					   : kind == SMMU_KIND_DH ? SMMU_KIND_NONE
								  : kind);
		b_teardown(&b);
	}
}

/* T-1, EVT-25, EVT-10: F_UUT, with SMMUEN == 0 as well; EVT-15: as it came in. */
static void unsupported(void **state)
{
	const uint64_t want[4] = { SMMU_EVT_F_UUT | (uint64_t)SID << 32,
				   (uint64_t)1 << 35, VA, 0 };
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	stage1(&b, true, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct smmu_result res = ask(&b, SMMU_KIND_UNSUPPORTED, SMMU_READ, VA);

		assert_int_equal(res.status, SMMU_ABORT);
		assert_int_equal(res.event, SMMU_EVT_F_UUT);
		assert_true(res.recorded);
		b_expect_event(&b, want);
		h_wr32(&b.h, SMMU_REG_CR0,
		       (uint32_t)(SMMU_MASK(SMMU_CR0_EVENTQEN) |
				  SMMU_MASK(SMMU_CR0_CMDQEN)));
	}
	b_teardown(&b);
}

/* Section 12: in v3.0 there are none of these. */
static void version_0(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_0, NULL);
	stage1(&b, true, 0);
	assert_int_equal(ask(&b, SMMU_KIND_DR, SMMU_READ, VA).kind, SMMU_KIND_ORDINARY);
	assert_int_equal(ask(&b, SMMU_KIND_W_DCP, SMMU_WRITE, VA).kind,
			 SMMU_KIND_ORDINARY);
	assert_int_equal(ask(&b, SMMU_KIND_NW_DCP, SMMU_READ, VA).status, SMMU_NO_EFFECT);
	assert_int_equal(ask(&b, SMMU_KIND_CLEAN, SMMU_READ, VA).event, SMMU_EVT_F_UUT);
	b_teardown(&b);
}

/* Q-62, 3.14: speculative reads fail in silence, speculative writes always. */
static void speculative(void **state)
{
	struct bench b;
	struct smmu_result res;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	stage1(&b, true, 0);
	b_expect_ok(ask(&b, SMMU_KIND_SPECULATIVE, SMMU_READ, VA), b.page);
	res = ask(&b, SMMU_KIND_SPECULATIVE, SMMU_READ, VA + (1ull << 30));
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, 0);
	res = ask(&b, SMMU_KIND_SPECULATIVE, SMMU_WRITE, VA);
	assert_int_equal(res.status, SMMU_ABORT);
	b_no_event(&b);
	b_teardown(&b);
}

/* STE-76, Q-57: where no stage translates, DRE and DCP do not count. */
static void bypassed(void **state)
{
	uint64_t ste[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_ste(&b, SMMU_STE_CONFIG_BYPASS, ste);
	b_put_ste(&b, SID, ste);
	for (unsigned kind = SMMU_KIND_RCI; kind <= SMMU_KIND_DH; kind++) {
		struct smmu_result res = ask(&b, kind, SMMU_READ, VA);

		assert_int_equal(res.status, SMMU_OK);
		assert_int_equal(res.kind, kind);
	}
	b_teardown(&b);
}

/* The data phase: only kinds that have data, in their own direction. */
static void data(void **state)
{
	struct smmu_txn txn = { .sid = SID, .addr = VA };
	uint64_t word = 0;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	stage1(&b, true, 0);
	h_write64(&b.h, b.page, 0x1234);
	txn.kind = SMMU_KIND_DR;
	assert_int_equal(smmu_dma(h_port(&b.h), &txn, &word, 8, NULL).status, SMMU_OK);
	assert_int_equal(word, 0x1234);
	txn.op = SMMU_WRITE;
	assert_int_equal(smmu_dma(h_port(&b.h), &txn, &word, 8, NULL).status, SMMU_ABORT);
	txn.kind = SMMU_KIND_W_DCP;
	word = 0x77;
	assert_int_equal(smmu_dma(h_port(&b.h), &txn, &word, 8, NULL).status, SMMU_OK);
	assert_int_equal(h_read64(&b.h, b.page), 0x77);
	txn.kind = SMMU_KIND_CLEAN;
	assert_int_equal(smmu_dma(h_port(&b.h), &txn, &word, 8, NULL).status, SMMU_ABORT);
	assert_int_equal(smmu_dma_cas64(h_port(&b.h), &txn, &word, 1).status, SMMU_ABORT);
	b_no_event(&b);
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(downgrades),	  cmocka_unit_test(faults),
		cmocka_unit_test(any_permission), cmocka_unit_test(no_dirty_update),
		cmocka_unit_test(unsupported),	  cmocka_unit_test(version_0),
		cmocka_unit_test(speculative),	  cmocka_unit_test(bypassed),
		cmocka_unit_test(data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
