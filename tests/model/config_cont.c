/* SPDX-License-Identifier: MIT */
/*
 * STE.CONT (STE-49 to STE-52, 3.20.2): STEs of one span that disagree are reported once
 * one of them is cached; those that agree, or are of no common span, never are.
 */
#include "config_bench.h"

static void unnoticed(struct smmu_config *cfg)
{
	cfg->no_cfg_conflict = 1;
}

static void no_cache(struct smmu_config *cfg)
{
	cfg->no_config_cache = 1;
}

/* A bypass STE at sid, in memory and invalidated. */
static void put(struct bench *b, uint32_t sid, unsigned cont, unsigned shcfg)
{
	uint64_t ste[8];

	b_ste(b, SMMU_STE_CONFIG_BYPASS, ste);
	smmu_set(ste, SMMU_STE_CONT, cont);
	smmu_set(ste, SMMU_STE_SHCFG, shcfg);
	b_put_ste(b, sid, ste);
}

static void conflicts(struct bench *b, uint32_t sid)
{
	b_expect_config_error(b, b_read(b, sid, VA), SMMU_EVT_F_CFG_CONFLICT, sid);
}

/* STE-49, EVT-41, CACHE-81: within the span, whichever of the two has CONT. */
static void disagreeing_span(void **state)
{
	struct bench b;

	(void)state;
	for (unsigned n = 0; n < 3; n++) {
		b_setup(&b, SMMU_PRESET_V3_2, NULL);
		put(&b, 8, n == 1 ? 0 : 2, 1);
		put(&b, 11, n == 2 ? 0 : 2, 2);
		put(&b, 12, 0, 2); /* the next span */
		b_expect_ok(b_read(&b, 8, VA), VA);
		conflicts(&b, 11);
		conflicts(&b, 11);
		b_expect_ok(b_read(&b, 8, VA), VA);
		b_expect_ok(b_read(&b, 12, VA), VA);
		/* STE-52: the one in the way must be named itself. */
		b_cfgi_ste(&b, 9, true);
		conflicts(&b, 11);
		b_cfgi_ste(&b, 8, true);
		b_expect_ok(b_read(&b, 11, VA), VA);
		b_teardown(&b);
	}
}

/* STE-49: CONT itself may differ, and SW_RESERVED is nobody's business. */
static void agreeing_span(void **state)
{
	uint64_t ste[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	put(&b, 8, 2, 1);
	b_ste(&b, SMMU_STE_CONFIG_BYPASS, ste);
	smmu_set(ste, SMMU_STE_CONT, 1);
	smmu_set(ste, SMMU_STE_SHCFG, 1);
	smmu_set(ste, SMMU_STE_SW_RESERVED, 5);
	b_put_ste(&b, 10, ste);
	b_expect_ok(b_read(&b, 8, VA), VA);
	b_expect_ok(b_read(&b, 10, VA), VA);
	b_no_event(&b);
	b_teardown(&b);
}

/*
 * CACHE-82: CDs that disagree, and one that changes between two streams of a span, are
 * used as each stream has read them.
 */
static void cds_never_conflict(void **state)
{
	uint64_t ste[8], cd[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_ste(&b, SMMU_STE_CONFIG_S1, ste);
	smmu_set(ste, SMMU_STE_CONT, 2);
	b_cd(&b, cd);
	b_put_cd(&b, 8, 0, b.cd, cd);
	b_put_ste(&b, 8, ste);
	b_put_ste(&b, 11, ste);
	b_expect_ok(b_read(&b, 8, VA), b.page);
	h_write64(&b.h, b.cd, h_read64(&b.h, b.cd) & ~SMMU_MASK(SMMU_CD_V));
	b_expect_config_error(&b, b_read(&b, 11, VA), SMMU_EVT_C_BAD_CD, 11);
	b_expect_ok(b_read(&b, 8, VA), b.page);
	b_no_event(&b);
	b_teardown(&b);
}

/* STE-50: a span beyond the table, and one larger than the cache, are just large. */
static void large_span(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	put(&b, 0, 15, 1);
	put(&b, 200, 0, 2);
	b_expect_ok(b_read(&b, 0, VA), VA);
	conflicts(&b, 200);
	b_cfgi_range(&b, 0, 7);
	b_expect_ok(b_read(&b, 200, VA), VA);
	conflicts(&b, 0);
	b_teardown(&b);
}

/* An invalid STE has no CONT: its neighbours are their own. */
static void invalid_ste(void **state)
{
	uint64_t ste[8] = { 0 };
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	smmu_set(ste, SMMU_STE_CONT, 4);
	b_put_ste(&b, 8, ste);
	put(&b, 9, 0, 1);
	b_expect_config_error(&b, b_read(&b, 8, VA), SMMU_EVT_C_BAD_STE, 8);
	b_expect_ok(b_read(&b, 9, VA), VA);
	b_teardown(&b);
}

/* The options: not noticed, or nothing cached that could be in the way. */
static void options(void **state)
{
	static void (*const tweak[])(struct smmu_config * cfg) = { unnoticed, no_cache };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bench b;

		b_setup(&b, SMMU_PRESET_V3_2, tweak[i]);
		put(&b, 8, 2, 1);
		put(&b, 11, 2, 2);
		b_expect_ok(b_read(&b, 8, VA), VA);
		b_expect_ok(b_read(&b, 11, VA), VA);
		b_no_event(&b);
		b_teardown(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disagreeing_span),   cmocka_unit_test(agreeing_span),
		cmocka_unit_test(cds_never_conflict), cmocka_unit_test(large_span),
		cmocka_unit_test(invalid_ste),	      cmocka_unit_test(options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
