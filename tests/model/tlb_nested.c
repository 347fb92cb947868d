/* SPDX-License-Identifier: MIT */
/*
 * Properties: (1) a stage-1 and a stage-2 command each remove their own kind of entry
 * and not the other (CACHE-35, CACHE-36); (2) a stage-1 leaf that stage 2 breaks into
 * pieces is invalidated as one; (3) stage 2 of tables and CDs is cached by IPA.
 */
#include "walk_fixture.h"

#define VA  UINT64_C(0x40200000) /* a 2 MB leaf of stage 1 */
#define IPA UINT64_C(0x200000000)
#define OLD UINT64_C(0x300000000)
#define NEW UINT64_C(0x400000000)

static void setup(struct wf *f, unsigned tlb)
{
	wf_setup(f, 48, tlb);
	wf_s1(f, 0, wf_geom4k());
	wf_s2(f, wf_geom4k());
	wf_regime(f, true, true);
	wf_s2_ram(f, 1, WF_S2_RW);
	for (uint64_t off = 0; off < 4 << 20; off += 2 << 20)
		wf_map1(f, VA + off, IPA + off, 2, WF_S1_RW);
	for (uint64_t off = 0; off < 4 << 20; off += 4096)
		wf_map2(f, IPA + off, OLD + off, 3, WF_S2_RW);
}

static void tlbi(struct wf *f, struct smmu_tlbi inv)
{
	inv.vmid = 1;
	inv.asid = 1;
	inv.vmid_mask = 0xffff;
	smmu_tlb_invalidate(&f->smmu, &inv);
}

static void remap2(struct wf *f, uint64_t base)
{
	for (uint64_t off = 0; off < 4 << 20; off += 4096)
		wf_map2(f, IPA + off, base + off, 3, WF_S2_RW);
}

/* CACHE-35, CMD-50: after a change at stage 2 both commands are needed. */
static void stage2_change_needs_both(void **state)
{
	struct wf f;

	(void)state;
	setup(&f, 1024);
	wf_ok(&f, VA + 0x5000, 'r', OLD + 0x5000);
	remap2(&f, NEW);
	tlbi(&f, (struct smmu_tlbi){ .scope = SMMU_TLBI_S2_IPA, .addr = IPA + 0x5000 });
	wf_ok(&f, VA + 0x5000, 'r', OLD + 0x5000); /* the combined entry stays */
	tlbi(&f, (struct smmu_tlbi){ .scope = SMMU_TLBI_NH_VA, .addr = VA + 0x5000 });
	wf_ok(&f, VA + 0x5000, 'r', NEW + 0x5000);
	remap2(&f, OLD);
	tlbi(&f, (struct smmu_tlbi){ .scope = SMMU_TLBI_NH_ALL });
	wf_ok(&f, VA + 0x5000, 'r', NEW + 0x5000); /* stage 2 itself stays */
	tlbi(&f, (struct smmu_tlbi){ .scope = SMMU_TLBI_S2_IPA, .addr = IPA + 0x5000 });
	tlbi(&f, (struct smmu_tlbi){ .scope = SMMU_TLBI_NH_VAA, .addr = VA + 0x5000 });
	wf_ok(&f, VA + 0x5000, 'r', OLD + 0x5000);
	remap2(&f, NEW);
	tlbi(&f, (struct smmu_tlbi){ .scope = SMMU_TLBI_S12_VMALL });
	wf_ok(&f, VA + 0x5000, 'r', NEW + 0x5000);
	wf_teardown(&f);
}

/* CACHE-36: by VA, ASID and VMID, stage-1 commands remove combined entries. */
static void stage1_commands_remove_combined(void **state)
{
	static const uint8_t scope[] = { SMMU_TLBI_NH_VA, SMMU_TLBI_NH_VAA,
					 SMMU_TLBI_NH_ASID, SMMU_TLBI_NH_ALL,
					 SMMU_TLBI_NSNH_ALL };
	struct wf f;

	(void)state;
	setup(&f, 1024);
	wf_map1(&f, 0x1000, IPA, 3, WF_S1_RW);
	for (unsigned i = 0; i < 5; i++) {
		wf_flush(&f);
		wf_map1(&f, 0x1000, IPA, 3, WF_S1_RW);
		wf_ok(&f, 0x1000, 'r', OLD);
		wf_map1(&f, 0x1000, IPA + 0x3000, 3, WF_S1_RW);
		wf_ok(&f, 0x1000, 'r', OLD);
		tlbi(&f, (struct smmu_tlbi){ .scope = scope[i], .addr = 0x1000 });
		wf_ok(&f, 0x1000, 'r', OLD + 0x3000);
	}
	wf_teardown(&f);
}

/* CACHE-40: any address of the stage-1 leaf takes all its pieces, and no others. */
static void fractured_leaf_goes_as_one(void **state)
{
	static const struct {
		struct smmu_tlbi inv;
		bool first, second; /* which of the two 2 MB leaves go */
	} rows[] = {
		{ { .scope = SMMU_TLBI_NH_VA, .addr = VA }, true, false },
		{ { .scope = SMMU_TLBI_NH_VA, .addr = VA + 0x1ff000 }, true, false },
		{ { .scope = SMMU_TLBI_NH_VA, .addr = VA + 0x200000 }, false, true },
		{ { .scope = SMMU_TLBI_NH_VAA, .addr = VA + 0x123000 }, true, false },
		{ { .scope = SMMU_TLBI_NH_VA, .addr = VA - 0x1000 }, false, false },
		{ { .scope = SMMU_TLBI_NH_VA,
		    .range = true,
		    .granule = 12,
		    .ttl = 2,
		    .addr = VA,
		    .len = 0x200000 },
		  true,
		  false },
		{ { .scope = SMMU_TLBI_NH_VA,
		    .range = true,
		    .granule = 12,
		    .ttl = 3,
		    .addr = VA,
		    .len = 0x400000 },
		  false,
		  false },
		/* A part of a leaf is the leaf (CACHE-72). */
		{ { .scope = SMMU_TLBI_NH_VA,
		    .range = true,
		    .granule = 12,
		    .addr = VA + 0x1ff000,
		    .len = 0x2000 },
		  true,
		  true },
		{ { .scope = SMMU_TLBI_NH_VA,
		    .range = true,
		    .granule = 14,
		    .addr = VA,
		    .len = 0x400000 },
		  false,
		  false },
		{ { .scope = SMMU_TLBI_NH_ASID }, true, true },
		{ { .scope = SMMU_TLBI_S2_IPA, .addr = IPA }, false, false },
	};
	struct wf f;

	(void)state;
	setup(&f, 8192);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wf_flush(&f);
		wf_map1(&f, VA, IPA, 2, WF_S1_RW);
		wf_map1(&f, VA + 0x200000, IPA + 0x200000, 2, WF_S1_RW);
		for (uint64_t off = 0; off < 4 << 20; off += 0x8000)
			wf_ok(&f, VA + off, 'r', OLD + off);
		assert_int_equal(f.out.page_bits, 12);
		/* Swap the leaves, so that a fresh walk gives something else. */
		wf_map1(&f, VA, IPA + 0x200000, 2, WF_S1_RW);
		wf_map1(&f, VA + 0x200000, IPA, 2, WF_S1_RW);
		tlbi(&f, rows[i].inv);
		for (uint64_t off = 0; off < 4 << 20; off += 0x8000) {
			bool went = off < 2 << 20 ? rows[i].first : rows[i].second;

			wf_ok(&f, VA + off, 'r', OLD + (went ? off ^ 0x200000 : off));
		}
	}
	wf_teardown(&f);
}

/* The same pieces in a TLB much too small for them. */
static void fractured_leaf_in_a_small_tlb(void **state)
{
	(void)state;
	for (unsigned entries = 4; entries <= 64; entries *= 4) {
		struct wf f;

		setup(&f, entries);
		for (unsigned i = 0; i < 4000; i++) {
			uint64_t off = (uint64_t)(i * 2654435761u >> 12 & 1023) * 4096;

			wf_ok(&f, VA + off + 0x123, 'r', OLD + off + 0x123);
			if (i % 97 == 0)
				tlbi(&f, (struct smmu_tlbi){ .scope = SMMU_TLBI_NH_VA,
							     .addr = VA + off });
		}
		wf_teardown(&f);
	}
}

/* CACHE-80: an entry without stage 2 never serves a nested stream, nor the reverse. */
static void kinds_do_not_mix(void **state)
{
	struct wf f;

	(void)state;
	setup(&f, 1024);
	wf_regime(&f, true, false);
	wf_ok(&f, VA, 'r', IPA);
	wf_regime(&f, true, true);
	wf_ok(&f, VA, 'r', OLD);
	wf_regime(&f, true, false);
	wf_ok(&f, VA, 'r', IPA);
	wf_reads(&f);
	/* By ASID both go. */
	tlbi(&f, (struct smmu_tlbi){ .scope = SMMU_TLBI_NH_ASID });
	wf_ok(&f, VA, 'r', IPA);
	assert_int_equal(wf_reads(&f), 3);
	wf_regime(&f, true, true);
	wf_ok(&f, VA, 'r', OLD);
	assert_int_equal(wf_reads(&f), 3); /* stage 2 of the tables was cached by IPA */
	wf_teardown(&f);
}

/* CACHE-35: stage 2 of descriptors and CDs by IPA, until S2_IPA, S12_VMALL or all. */
static void walks_use_ipa_entries(void **state)
{
	static const uint8_t scope[] = { SMMU_TLBI_S2_IPA, SMMU_TLBI_S12_VMALL,
					 SMMU_TLBI_NSNH_ALL };
	struct wf f;
	struct smmu_attr in = smmu_attr_default();

	(void)state;
	setup(&f, 1024);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t ram = WF_RAM & ~(BIT(30) - 1);

		wf_s2_ram(&f, 1, WF_S2_RW);
		assert_true(smmu_s2_translate_cd(&f.smmu, &f.rg, WF_RAM, &in, &f.out,
						 &f.fault));
		wf_map2(&f, ram, OLD, 1, WF_S2_RW); /* pulls the rug */
		tlbi(&f, (struct smmu_tlbi){ .scope = SMMU_TLBI_NH_ALL });
		wf_ok(&f, VA, 'r', OLD); /* the stale one still holds the tables */
		assert_true(smmu_s2_translate_cd(&f.smmu, &f.rg, WF_RAM, &in, &f.out,
						 &f.fault));
		assert_int_equal(f.out.pa, WF_RAM);
		tlbi(&f, (struct smmu_tlbi){ .scope = scope[i], .addr = WF_RAM });
		tlbi(&f, (struct smmu_tlbi){ .scope = SMMU_TLBI_NH_ALL });
		wf_faults(&f, VA, 'r', SMMU_EVT_F_WALK_EABT, false, SMMU_CLASS_TT, 0);
		wf_flush(&f);
	}
	wf_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage2_change_needs_both),
		cmocka_unit_test(stage1_commands_remove_combined),
		cmocka_unit_test(fractured_leaf_goes_as_one),
		cmocka_unit_test(fractured_leaf_in_a_small_tlb),
		cmocka_unit_test(kinds_do_not_mix),
		cmocka_unit_test(walks_use_ipa_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
