/* SPDX-License-Identifier: MIT */
/* What a Translation Request writes to the tables: IHI 0070 3.13.7. */
#include "model/ats_bench.h"

enum { S1 = SMMU_STE_CONFIG_S1, BOTH = SMMU_STE_CONFIG_NESTED };

/* Access flag clear; DBM, so that read-only means writable-clean. */
static uint64_t clean1(void)
{
	uint64_t leaf = smmu_reg_set(h_s1_rw(), SMMU_S1DESC_AF, 0);

	leaf = smmu_reg_set(leaf, SMMU_S1DESC_DBM, 1);
	return smmu_reg_set(leaf, SMMU_S1DESC_AP, 3);
}

static uint64_t clean2(void)
{
	uint64_t leaf = smmu_reg_set(h_s2_rw(), SMMU_S2DESC_AF, 0);

	leaf = smmu_reg_set(leaf, SMMU_S2DESC_DBM, 1);
	return smmu_reg_set(leaf, SMMU_S2DESC_S2AP, 1);
}

static bool af1(struct tb *t)
{
	return smmu_reg_get(t_desc1(t), SMMU_S1DESC_AF);
}

static bool dirty1(struct tb *t)
{
	return !(smmu_reg_get(t_desc1(t), SMMU_S1DESC_AP) & 2);
}

static bool af2(struct tb *t)
{
	return smmu_reg_get(t_desc2(t, t->b.page), SMMU_S2DESC_AF);
}

static bool dirty2(struct tb *t)
{
	return smmu_reg_get(t_desc2(t, t->b.page), SMMU_S2DESC_S2AP) & 2;
}

static void stage1_updates(struct tb *t, bool ha, bool hd)
{
	t_cd_set(t, 0, SMMU_CD_HA, ha);
	t_cd_set(t, 0, SMMU_CD_HD, hd);
}

static void stage2_updates(struct tb *t, bool ha, bool hd)
{
	t_ste_set(t, SMMU_STE_S2HA, ha);
	t_ste_set(t, SMMU_STE_S2HD, hd);
}

static struct smmu_ats_completion ask(struct tb *t, bool no_write)
{
	const struct smmu_ats_request req = { .sid = SID,
					      .no_write = no_write,
					      .addr = VA };

	return t_request(t, &req);
}

/* The table of 2.4, stage 1. */
static void one_stage(void **state)
{
	static const struct {
		bool ha, hd, no_write, r, w, af, dirty;
	} rows[] = {
		/* nobody sets AF: no access */
		{ false, false, false, false, false, false, false },
		{ true, false, true, true, false, true, false },
		/* HD off: read-only is read-only */
		{ true, false, false, true, false, true, false },
		/* HD on: dirty for a write, never for NW */
		{ true, true, false, true, true, true, true },
		{ true, true, true, true, false, true, false },
	};
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, S1, SMMU_EATS_FULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smmu_ats_completion c;

		t_leaf1(&t, clean1());
		stage1_updates(&t, rows[i].ha, rows[i].hd);
		c = ask(&t, rows[i].no_write);
		assert_int_equal(c.status, SMMU_ATS_SUCCESS);
		assert_int_equal(c.read, rows[i].r);
		assert_int_equal(c.write, rows[i].w);
		assert_int_equal(af1(&t), rows[i].af);
		assert_int_equal(dirty1(&t), rows[i].dirty);
		b_no_event(&t.b);
	}
	/* NW first, then a write: the cached translation does not hide the update */
	t_leaf1(&t, clean1());
	assert_false(ask(&t, true).write);
	assert_false(dirty1(&t));
	assert_true(ask(&t, false).write);
	assert_true(dirty1(&t));
	/* AFFD: AF is taken as set */
	stage1_updates(&t, false, false);
	t_cd_set(&t, 0, SMMU_CD_AFFD, 1);
	t_leaf1(&t, clean1());
	assert_true(ask(&t, true).read);
	assert_false(af1(&t));
	t_teardown(&t);
}

/* A page that is denied at the privilege level asked for is not made dirty. */
static void not_accessible(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, S1, SMMU_EATS_FULL);
	stage1_updates(&t, true, true);
	t_leaf1(&t, smmu_reg_set(clean1(), SMMU_S1DESC_AP, 2));
	t_expect_denied(&t, ask(&t, false));
	assert_false(dirty1(&t));
	t_teardown(&t);
}

/* 3.13.7.1: nested, neither page is made dirty unless both let it be written. */
static void two_stages(void **state)
{
	static const struct {
		bool clean1, ro2, split, w, dirty1, dirty2;
	} rows[] = {
		{ true, false, false, true, true, true },
		/* stage 1 read-only: stage 2 stays clean */
		{ false, false, false, false, false, false },
		/* stage 2 read-only: stage 1 stays clean */
		{ true, true, false, false, false, false },
		/* split-stage: writable-clean counts as writable */
		{ true, false, true, true, true, true },
		{ true, true, true, false, false, false },
		{ false, false, true, false, false, false },
	};
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t leaf1 = clean1(), leaf2 = clean2();
		struct smmu_ats_completion c;

		t_stream(&t, BOTH, rows[i].split ? SMMU_EATS_SPLIT : SMMU_EATS_FULL);
		stage1_updates(&t, true, true);
		stage2_updates(&t, true, true);
		if (!rows[i].clean1)
			leaf1 = smmu_reg_set(leaf1, SMMU_S1DESC_DBM, 0);
		if (rows[i].ro2)
			leaf2 = smmu_reg_set(leaf2, SMMU_S2DESC_DBM, 0);
		t_leaf1(&t, leaf1);
		t_leaf2(&t, t.b.page, leaf2);
		c = ask(&t, false);
		assert_int_equal(c.status, SMMU_ATS_SUCCESS);
		assert_true(c.read);
		assert_int_equal(c.write, rows[i].w);
		assert_true(af1(&t));
		assert_true(af2(&t));
		assert_int_equal(dirty1(&t), rows[i].dirty1);
		assert_int_equal(dirty2(&t), rows[i].dirty2);
		/* the same answer out of the TLB, and no more is written */
		assert_int_equal(ask(&t, false).write, rows[i].w);
		assert_int_equal(dirty1(&t), rows[i].dirty1);
		assert_int_equal(dirty2(&t), rows[i].dirty2);
	}
	/* DMA that really writes is not fooled by what a request left in the TLB */
	{
		const struct smmu_txn txn = { .sid = SID, .op = SMMU_WRITE, .addr = VA };

		t_stream(&t, BOTH, SMMU_EATS_FULL);
		stage1_updates(&t, true, true);
		stage2_updates(&t, true, true);
		t_leaf1(&t, clean1());
		t_leaf2(&t, t.b.page, clean2());
		assert_true(ask(&t, true).read);
		assert_false(dirty1(&t) || dirty2(&t));
		b_expect_ok(smmu_translate(h_port(&t.b.h), &txn), t.b.page);
		assert_true(dirty1(&t) && dirty2(&t));
	}
	t_teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_stage),
		cmocka_unit_test(not_accessible),
		cmocka_unit_test(two_stages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
