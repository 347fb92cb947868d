/* SPDX-License-Identifier: MIT */
/*
 * 3.27.2, STE-68: what a CD leads to is assured only if the CD, and the L1CD above it,
 * came from memory that is AssuredOnly at stage 2; from memory, and from the cache.
 */
#include "config_bench.h"

#define PROTECTED (1ull << 52)
#define ASSURED	  (1ull << 58)
#define PII1_MRO  (7ull << 4) /* S2PII[1] = MRO-TL01; h_s2_rw() has PIIndex 1 */
#define SSID	  3u

struct assured {
	struct bench b;
	uint64_t s2, l1;
};

static void identity(struct assured *a, uint64_t pa, uint64_t more)
{
	h_map(&a->b.h, a->s2, pa & ~0xfffull, pa & ~0xfffull, 3, h_s2_rw() | more);
}

/* Nested, two-level CD table, all of it Protected, MRO and AssuredOnly. */
static void setup(struct assured *a)
{
	struct harness *h = &a->b.h;
	uint64_t ste[8], cd[8];

	b_setup(&a->b, SMMU_PRESET_FULL, NULL);
	a->s2 = h_table(h);
	a->l1 = h_alloc(h, 4096, 4096);
	for (unsigned level = 0; level < 4; level++) {
		uint64_t pa = h_desc_pa(h, a->b.ttb0, VA, level);

		h_write64(h, pa, h_read64(h, pa) | PROTECTED);
		identity(a, pa, ASSURED);
	}
	a->b.cd = h_alloc(h, 4096, 4096);
	identity(a, a->b.cd, ASSURED);
	identity(a, a->l1, ASSURED);
	identity(a, a->b.page, ASSURED);
	h_write64(h, a->l1, a->b.cd | 1);
	h_wr64(h, SMMU_REG_S2PII, PII1_MRO);
	b_cd(&a->b, cd);
	smmu_set(cd, SMMU_CD_PnCH, 1);
	h_write_dw(h, a->b.cd + 64 * SSID, cd, 8);
	b_ste(&a->b, SMMU_STE_CONFIG_NESTED, ste);
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr, a->l1);
	smmu_set(ste, SMMU_STE_S1Fmt, 1);
	smmu_set(ste, SMMU_STE_S1CDMax, 6);
	smmu_set_addr(ste, SMMU_STE_S2TTB, a->s2);
	smmu_set(ste, SMMU_STE_S2TG, 0);
	smmu_set(ste, SMMU_STE_S2T0SZ, 16);
	smmu_set(ste, SMMU_STE_S2SL0, 2);
	smmu_set(ste, SMMU_STE_S2PIE, 1);
	smmu_set(ste, SMMU_STE_TL0, 1);
	smmu_set(ste, SMMU_STE_AssuredOnly, 1);
	b_put_ste(&a->b, SID, ste);
	h_invalidate_all(h);
}

static void expect_denied(struct assured *a, unsigned cls)
{
	struct smmu_result res = b_read_ssid(&a->b, SID, SSID, VA);
	uint64_t dw[4];

	assert_int_equal(res.event, SMMU_EVT_F_PERMISSION);
	assert_true(h_event(&a->b.h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_S2), 1);
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_CLASS), cls);
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_AssuredOnly), 1); /* EVT-39 */
}

static void cd_and_l1cd(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		struct assured a;

		setup(&a);
		/* Twice: the second time from the caches. */
		b_expect_ok(b_read_ssid(&a.b, SID, SSID, VA), a.b.page);
		b_expect_ok(b_read_ssid(&a.b, SID, SSID, VA + 8), a.b.page + 8);
		/* The tables are AssuredOnly too: the very first is out of reach then. */
		identity(&a, which ? a.l1 : a.b.cd, 0);
		h_invalidate_all(&a.b.h);
		expect_denied(&a, SMMU_CLASS_TT);
		expect_denied(&a, SMMU_CLASS_TT);
		for (unsigned level = 0; level < 4; level++)
			identity(&a, h_desc_pa(&a.b.h, a.b.ttb0, VA, level), 0);
		h_invalidate_all(&a.b.h);
		expect_denied(&a, SMMU_CLASS_IN);
		expect_denied(&a, SMMU_CLASS_IN);
		identity(&a, a.b.page, 0);
		h_invalidate_all(&a.b.h);
		b_expect_ok(b_read_ssid(&a.b, SID, SSID, VA), a.b.page);
		b_teardown(&a.b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cd_and_l1cd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
