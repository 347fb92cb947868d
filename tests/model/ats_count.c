/* SPDX-License-Identifier: MIT */
/* What counter groups count of ATS: IHI 0070 10.4. */
#include <smmulator/pmcg.h>
#include "model/ats_bench.h"

static void tweak(struct smmu_config *cfg)
{
	cfg->ttf = 2;
	cfg->dpt = 1;
	cfg->pmcgs = 1;
	cfg->pmcg[0] = (struct smmu_pmcg_config){ .counters = 8, .bits = 32 };
}

static void wr(struct tb *t, uint64_t offset, unsigned size, uint64_t value)
{
	smmu_pmcg_mmio_write(t->b.h.smmu, 0, offset, size, value);
}

/* Counter n counts event n, of every stream. */
static void count_all(struct tb *t)
{
	for (unsigned n = 1; n < 8; n++) {
		wr(t, SMMU_REG_PMCG_EVTYPER(n), 4, n | 1u << 29);
		wr(t, SMMU_REG_PMCG_SMR(n), 4, 0xffffffff);
	}
	wr(t, SMMU_REG_PMCG_CNTENSET0, 8, 0xfe);
	wr(t, SMMU_REG_PMCG_CR, 4, 1);
}

/* How far it has got, and back to 0. */
static unsigned taken(struct tb *t, unsigned event)
{
	uint64_t at = SMMU_REG_PMCG_EVCNTR(event, 31);
	uint64_t v = smmu_pmcg_mmio_read(t->b.h.smmu, 0, at, 4);

	wr(t, at, 4, 0);
	return (unsigned)v;
}

static void none(struct tb *t)
{
	for (unsigned n = 1; n < 8; n++)
		(void)taken(t, n);
}

/* PMCG-18: requests, whatever becomes of them */
static void requests(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, tweak);
	t_stream(&t, SMMU_STE_CONFIG_S1, SMMU_EATS_FULL);
	count_all(&t);
	assert_true(t_plain(&t).read);
	assert_int_equal(taken(&t, SMMU_PMCG_ATS_REQUEST), 1);
	assert_int_equal(taken(&t, SMMU_PMCG_TRANSACTION), 1);
	assert_int_equal(taken(&t, SMMU_PMCG_TLB_MISS), 1);
	assert_int_equal(taken(&t, SMMU_PMCG_WALK_ACCESS), 4);
	none(&t);
	assert_true(t_plain(&t).read);
	assert_int_equal(taken(&t, SMMU_PMCG_TLB_MISS), 0);
	t_ste_set(&t, SMMU_STE_EATS, SMMU_EATS_OFF);
	assert_int_equal(t_plain(&t).status, SMMU_ATS_UR);
	assert_int_equal(taken(&t, SMMU_PMCG_ATS_REQUEST), 2);
	assert_int_equal(taken(&t, SMMU_PMCG_ATS_TRANSLATED), 0);
	t_teardown(&t);
}

static void translated(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, tweak);
	t_stream(&t, SMMU_STE_CONFIG_NESTED, SMMU_EATS_SPLIT);
	count_all(&t);
	/* PMCG-19: split-stage, with a miss and without */
	for (unsigned n = 0; n < 2; n++) {
		b_expect_ok(t_translated(&t, (struct smmu_txn){ .addr = VA }), VA);
		assert_int_equal(taken(&t, SMMU_PMCG_ATS_TRANSLATED), 1);
		assert_int_equal(taken(&t, SMMU_PMCG_TLB_MISS), n == 0);
	}
	(void)b_read(&t.b, SID, VA);
	assert_int_equal(taken(&t, SMMU_PMCG_ATS_TRANSLATED), 0);
	none(&t);
	/* PMCG-20: a look-up of the DPT is a miss and a walk */
	t_stream(&t, SMMU_STE_CONFIG_S2, SMMU_EATS_DPT);
	h_wr64(&t.b.h, SMMU_REG_DPT_BASE, h_alloc(&t.b.h, 8192, 8192));
	h_wr32(&t.b.h, SMMU_REG_DPT_BASE_CFG, SMMU_L0DPTSZ_30 << 20 | 2);
	t_cr0(&t, SMMU_CR0_DPT_WALK_EN, true);
	none(&t);
	assert_int_equal(t_translated(&t, (struct smmu_txn){ .addr = VA }).event,
			 SMMU_EVT_F_TRANSL_FORBIDDEN);
	assert_int_equal(taken(&t, SMMU_PMCG_TLB_MISS), 1);
	assert_int_equal(taken(&t, SMMU_PMCG_WALK_ACCESS), 1);
	t_teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
