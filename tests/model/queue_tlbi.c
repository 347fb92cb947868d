/* SPDX-License-Identifier: MIT */
/* CMD_TLBI_*: what a command asks of the TLB, field by field (CMD-33 to CMD-47). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "model/harness.h"
#include "model/model.h"

static struct smmu_tlbi seen;
static unsigned calls;

void __wrap_smmu_tlb_invalidate(struct smmu *smmu, const struct smmu_tlbi *inv);

void __wrap_smmu_tlb_invalidate(struct smmu *smmu, const struct smmu_tlbi *inv)
{
	(void)smmu;
	seen = *inv;
	calls++;
}

static void small_ids(struct smmu_config *cfg)
{
	cfg->asid16 = cfg->vmid16 = 0;
}

static void no_s2(struct smmu_config *cfg)
{
	cfg->s2p = cfg->hyp = cfg->vmw = cfg->xnx = 0;
}

#define VMID(v)	 ((uint64_t)(v) << 32)
#define ASID(a)	 ((uint64_t)(a) << 48)
#define NUM(n)	 ((uint64_t)(n) << 12)
#define SCALE(n) ((uint64_t)(n) << 20)
#define TG(n)	 ((uint64_t)(n) << 10)
#define TTL(n)	 ((uint64_t)(n) << 8)
#define NOTHING                                                                          \
	{                                                                                \
		.scope = 0xff                                                            \
	}
#define ALL 0xffff

static const struct {
	const char *rule;
	enum smmu_preset preset;
	void (*tweak)(struct smmu_config *cfg);
	uint64_t dw0, dw1;
	struct smmu_tlbi want; /* scope 0xff: the TLB is not asked */
} cases[] = {
	{ "NH_ALL",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x10 | VMID(0x1234),
	  0,
	  { .scope = SMMU_TLBI_NH_ALL, .vmid = 0x1234, .vmid_mask = ALL } },
	{ "NH_ASID",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x11 | VMID(3) | ASID(0x4321),
	  0,
	  { .scope = SMMU_TLBI_NH_ASID, .vmid = 3, .asid = 0x4321, .vmid_mask = ALL } },
	{ "NH_VA",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x12 | VMID(3) | ASID(4),
	  0xffff800012345000 | 1,
	  { .scope = SMMU_TLBI_NH_VA,
	    .vmid = 3,
	    .asid = 4,
	    .vmid_mask = ALL,
	    .leaf = true,
	    .addr = 0xffff800012345000 } },
	{ "NH_VAA",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x13 | VMID(3),
	  0x5000,
	  { .scope = SMMU_TLBI_NH_VAA, .vmid = 3, .vmid_mask = ALL, .addr = 0x5000 } },
	{ "EL2_ALL",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x20,
	  0,
	  { .scope = SMMU_TLBI_EL2_ALL, .vmid_mask = ALL } },
	{ "EL2_ASID",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x21 | ASID(9),
	  0,
	  { .scope = SMMU_TLBI_EL2_ASID, .asid = 9, .vmid_mask = ALL } },
	{ "EL2_VA",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x22 | ASID(9),
	  0x7000,
	  { .scope = SMMU_TLBI_EL2_VA, .asid = 9, .vmid_mask = ALL, .addr = 0x7000 } },
	{ "EL2_VAA",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x23,
	  0x7000,
	  { .scope = SMMU_TLBI_EL2_VAA, .vmid_mask = ALL, .addr = 0x7000 } },
	{ "S12_VMALL",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x28 | VMID(6),
	  0,
	  { .scope = SMMU_TLBI_S12_VMALL, .vmid = 6, .vmid_mask = ALL } },
	{ "S2_IPA",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x2a | VMID(6),
	  0x8000 | 1,
	  { .scope = SMMU_TLBI_S2_IPA,
	    .vmid = 6,
	    .vmid_mask = ALL,
	    .addr = 0x8000,
	    .leaf = true } },
	{ "NSNH_ALL",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x30,
	  0,
	  { .scope = SMMU_TLBI_NSNH_ALL, .vmid_mask = ALL } },
	/* CMD-42: (NUM + 1) * 2^SCALE granules */
	{ "CMD-42",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x13 | NUM(1),
	  TG(1) | 0x10000,
	  { .scope = SMMU_TLBI_NH_VAA,
	    .vmid_mask = ALL,
	    .addr = 0x10000,
	    .range = true,
	    .granule = 12,
	    .len = 0x2000 } },
	{ "CMD-42",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x13 | NUM(31) | SCALE(31),
	  TG(3) | 0x10000,
	  { .scope = SMMU_TLBI_NH_VAA,
	    .vmid_mask = ALL,
	    .addr = 0x10000,
	    .range = true,
	    .granule = 16,
	    .len = 1ull << 52 } },
	{ "CMD-42",
	  SMMU_PRESET_V3_4,
	  NULL,
	  0x13 | SCALE(63),
	  TG(2) | 0x10000,
	  { .scope = SMMU_TLBI_NH_VAA,
	    .vmid_mask = ALL,
	    .addr = 0x10000,
	    .range = true,
	    .granule = 14,
	    .len = 1ull << 53 } },
	/* CMD-44: up to the top of the address space and no further */
	{ "CMD-44",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x13 | SCALE(4),
	  TG(1) | 0xfffffffffffff000,
	  { .scope = SMMU_TLBI_NH_VAA,
	    .vmid_mask = ALL,
	    .addr = 0xfffffffffffff000,
	    .range = true,
	    .granule = 12,
	    .len = 0x1000 } },
	/* CMD-45, CMD-47: the hint, and what has to be aligned with it */
	{ "CMD-47",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x13,
	  TG(1) | TTL(2) | 0x200000,
	  { .scope = SMMU_TLBI_NH_VAA,
	    .vmid_mask = ALL,
	    .addr = 0x200000,
	    .range = true,
	    .granule = 12,
	    .ttl = 2,
	    .len = 0x1000 } },
	{ "CMD-47", SMMU_PRESET_V3_2, NULL, 0x13, TG(1) | TTL(2) | 0x100000, NOTHING },
	{ "CMD-47",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x13 | NUM(1),
	  TG(2) | 0x4000,
	  { .scope = SMMU_TLBI_NH_VAA,
	    .vmid_mask = ALL,
	    .addr = 0x4000,
	    .range = true,
	    .granule = 14,
	    .len = 0x8000 } },
	{ "CMD-47", SMMU_PRESET_V3_2, NULL, 0x13 | NUM(1), TG(2) | 0x5000, NOTHING },
	/* CMD-45: 16 KB, TTL 1 is no hint without DS */
	{ "CMD-45",
	  SMMU_PRESET_V3_2,
	  NULL,
	  0x13 | NUM(1),
	  TG(2) | TTL(1) | 0x4000,
	  { .scope = SMMU_TLBI_NH_VAA,
	    .vmid_mask = ALL,
	    .addr = 0x4000,
	    .range = true,
	    .granule = 14,
	    .len = 0x8000 } },
	{ "CMD-45", SMMU_PRESET_V3_4, NULL, 0x13 | NUM(1), TG(2) | TTL(1) | 0x4000,
	  NOTHING },
	/* CMD-35: IDs wider than the SMMU has */
	{ "CMD-35",
	  SMMU_PRESET_V3_2,
	  small_ids,
	  0x11 | VMID(0xff) | ASID(0xff),
	  0,
	  { .scope = SMMU_TLBI_NH_ASID, .vmid = 0xff, .asid = 0xff, .vmid_mask = ALL } },
	{ "CMD-35", SMMU_PRESET_V3_2, small_ids, 0x11 | VMID(0x100), 0, NOTHING },
	{ "CMD-35", SMMU_PRESET_V3_2, small_ids, 0x11 | ASID(0x100), 0, NOTHING },
	/* CMD-36: VMID without stage 2 */
	{ "CMD-36",
	  SMMU_PRESET_V3_2,
	  no_s2,
	  0x10,
	  0,
	  { .scope = SMMU_TLBI_NH_ALL, .vmid_mask = ALL } },
	{ "CMD-36", SMMU_PRESET_V3_2, no_s2, 0x10 | VMID(1), 0, NOTHING },
	/* CMD-41: EL2 without E2H does not look at the ASID */
	{ "CMD-41",
	  SMMU_PRESET_V3_2,
	  small_ids,
	  0x22 | ASID(0x100),
	  0x7000,
	  { .scope = SMMU_TLBI_EL2_VA,
	    .asid = 0x100,
	    .vmid_mask = ALL,
	    .addr = 0x7000 } },
};

static void same(const char *rule, const struct smmu_tlbi *got,
		 const struct smmu_tlbi *want)
{
	if (got->scope != want->scope || got->leaf != want->leaf ||
	    got->range != want->range || got->granule != want->granule ||
	    got->ttl != want->ttl || got->e2h != want->e2h)
		fail_msg("%s: scope %u leaf %u range %u granule %u ttl %u e2h %u", rule,
			 got->scope, got->leaf, got->range, got->granule, got->ttl,
			 got->e2h);
	assert_int_equal(got->vmid, want->vmid);
	assert_int_equal(got->asid, want->asid);
	assert_int_equal(got->vmid_mask, want->vmid_mask);
	assert_int_equal(got->addr, want->addr);
	assert_int_equal(got->len, want->len);
}

static void commands_become_invalidations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;

		h_setup(&h, cases[i].preset, cases[i].tweak);
		h_init_queues(&h);
		calls = 0;
		h_cmd(&h, cases[i].dw0, cases[i].dw1);
		assert_int_equal(h_cmdq_error(&h), 0);
		if (calls != (cases[i].want.scope != 0xff))
			fail_msg("%s (case %zu): %u calls", cases[i].rule, i, calls);
		if (calls)
			same(cases[i].rule, &seen, &cases[i].want);
		h_teardown(&h);
	}
}

static void wildcard_and_e2h(void **state)
{
	static const struct {
		unsigned vmw;
		uint16_t mask;
	} masks[] = {
		{ 0, 0xffff }, { 1, 0xfffe }, { 4, 0xfff0 }, { 5, 0xffff }, { 7, 0xffff }
	};
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_init_queues(&h);
	/* CMD-37, REG-34 */
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		uint64_t cr0 = h_rd32(&h, SMMU_REG_CR0);

		h_wr32(&h, SMMU_REG_CR0,
		       (uint32_t)smmu_reg_set(cr0, SMMU_CR0_VMW, masks[i].vmw));
		h_cmd(&h, 0x10 | VMID(0x123f), 0);
		assert_int_equal(seen.vmid_mask, masks[i].mask);
		assert_int_equal(seen.vmid, 0x123f);
	}
	/* CMD-41 */
	h_cmd(&h, 0x23, 0);
	assert_false(seen.e2h);
	h_wr32(&h, SMMU_REG_CR2, (uint32_t)SMMU_MASK(SMMU_CR2_E2H));
	h_cmd(&h, 0x23, 0);
	assert_true(seen.e2h);
	h_teardown(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_become_invalidations),
		cmocka_unit_test(wildcard_and_e2h),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
