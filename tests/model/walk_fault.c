/* SPDX-License-Identifier: MIT */
/*
 * Property: each way in which a walk can fail gives the event, S2, CLASS, IPA, TTRnW
 * and FetchAddr of sections 2 and 3, for each purpose of stage 2, in the order of
 * section 6; and its legal neighbour does not fault.
 */
#include "walk_fixture.h"

#define VA	    UINT64_C(0x123456789000)
#define IPA	    UINT64_C(0x7f1234567000)
#define PA	    UINT64_C(0x2a0000042000)
#define HOLE	    UINT64_C(0x10000000) /* no memory there */
#define OFF	    UINT64_C(0x100000000000)
#define S2_PAGE(pa) ((pa) + OFF)

/* Nested, 4 KB, RAM seen at OFF by pages, VA -> IPA -> PA. */
static void nested(struct wf *f, uint64_t *d1, uint64_t *d2)
{
	wf_setup(f, 48, 0);
	f->ipa_off = OFF;
	wf_s1(f, 0, wf_geom4k());
	wf_s2(f, wf_geom4k());
	wf_regime(f, true, true);
	*d1 = wf_map1(f, VA, IPA, 3, WF_S1_RW);
	*d2 = wf_map2(f, IPA, PA, 3, WF_S2_RW);
	/* Only the first 2 MB, by pages: that is where the tables are. */
	for (uint64_t pa = WF_RAM; pa < WF_RAM + (2u << 20); pa += 4096)
		wf_map2(f, pa + OFF, pa, 3, WF_S2_RW);
	assert_true(f->next <= WF_RAM + (4u << 20));
	wf_ok(f, VA | 0x123, 'w', PA | 0x123);
}

/* EVT-17, T-16: stage 1's own faults: S2 = 0, CLASS IN; nested or not. */
static void stage1_faults(void **state)
{
	(void)state;
	for (int with_s2 = 0; with_s2 < 2; with_s2++) {
		struct wf f;
		uint64_t d1, d2, good;

		nested(&f, &d1, &d2);
		if (!with_s2) {
			wf_teardown(&f);
			wf_setup(&f, 48, 0);
			wf_s1(&f, 0, wf_geom4k());
			wf_regime(&f, true, false);
			d1 = wf_map1(&f, VA, IPA, 3, WF_S1_RW);
		}
		good = wf_rd(&f, d1);
		wf_wr(&f, d1, 0);
		wf_faults(&f, VA, 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
		wf_wr(&f, d1, good & ~BIT(10)); /* CD-23 */
		wf_faults(&f, VA, 'r', SMMU_EVT_F_ACCESS, false, SMMU_CLASS_IN, 0);
		f.s1.affd = true;
		assert_true(wf_xlate(&f, VA, 'r'));
		f.s1.affd = false;
		wf_wr(&f, d1, good | BIT(7));
		wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, false, SMMU_CLASS_IN, 0);
		assert_true(wf_xlate(&f, VA, 'r'));
		f.s1.ips = 40;
		wf_wr(&f, d1, (good & ~(BIT(48) - 4096)) | (good & 0xfff) | BIT(40));
		/* Tables lie at OFF, above 40 bits, if nested: then the first one says
		 * so. */
		wf_faults(&f, VA, 'r', SMMU_EVT_F_ADDR_SIZE, false, SMMU_CLASS_IN, 0);
		wf_teardown(&f);
	}
}

/* Section 6, EVT-46: ADDR_SIZE before ACCESS before PERMISSION. */
static void order_in_one_stage(void **state)
{
	struct wf f;
	uint64_t d;

	(void)state;
	for (int stage2 = 0; stage2 < 2; stage2++) {
		wf_setup(&f, 48, 0);
		f.s1.ips = f.s2.ps = 40;
		wf_s1(&f, 0, wf_geom4k());
		wf_s2(&f, wf_geom4k());
		wf_regime(&f, !stage2, stage2);
		/* Wrong in all three ways at once, then one less each time. */
		d = stage2 ? wf_map2(&f, VA, BIT(40), 3, 0)
			   : wf_map1(&f, VA, BIT(40), 3, 0);
		wf_faults(&f, VA, 'x', SMMU_EVT_F_ADDR_SIZE, stage2, SMMU_CLASS_IN, VA);
		wf_wr(&f, d, BIT(39) | 3 | BIT(53) * 3);
		wf_faults(&f, VA, 'w', SMMU_EVT_F_ACCESS, stage2, SMMU_CLASS_IN, VA);
		wf_wr(&f, d, BIT(39) | 3 | BIT(10));
		wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, stage2, SMMU_CLASS_IN, VA);
		wf_wr(&f, d, BIT(39) | 3 | BIT(10) | (stage2 ? BIT(7) : BIT(6)));
		wf_ok(&f, VA, 'w', BIT(39));
		wf_teardown(&f);
	}
}

/* T-18: stage 2 of the final IPA, CLASS IN; and alone. */
static void stage2_faults_of_the_input(void **state)
{
	struct wf f;
	uint64_t d1, d2, good;

	(void)state;
	nested(&f, &d1, &d2);
	good = wf_rd(&f, d2);
	wf_wr(&f, d2, 0);
	wf_faults(&f, VA | 0xabc, 'w', SMMU_EVT_F_TRANSLATION, true, SMMU_CLASS_IN, IPA);
	assert_false(f.fault.rnw);
	wf_wr(&f, d2, good & ~BIT(10)); /* STE-59 */
	wf_faults(&f, VA, 'r', SMMU_EVT_F_ACCESS, true, SMMU_CLASS_IN, IPA);
	f.s2.affd = true;
	wf_ok(&f, VA, 'r', PA);
	f.s2.affd = false;
	wf_wr(&f, d2, good & ~BIT(7));
	wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_IN, IPA);
	wf_ok(&f, VA, 'r', PA);
	wf_wr(&f, d2, good);
	f.s2.ps = 40; /* STE-63: PA is beyond */
	wf_faults(&f, VA, 'r', SMMU_EVT_F_ADDR_SIZE, true, SMMU_CLASS_IN, IPA);
	f.s2.ps = 48;
	/* An IPA beyond S2T0SZ: F_TRANSLATION of stage 2. */
	wf_map1(&f, VA, UINT64_C(1) << 47, 3, WF_S1_RW);
	f.s2.n = 47;
	wf_faults(&f, VA, 'r', SMMU_EVT_F_TRANSLATION, true, SMMU_CLASS_IN,
		  UINT64_C(1) << 47);
	wf_teardown(&f);
}

/* T-16a: stage 2 of each stage-1 descriptor's address: CLASS TT, IPA of the descriptor.
 */
static void stage2_faults_of_the_walk(void **state)
{
	(void)state;
	for (int level = 0; level <= 3; level++) {
		struct wf f;
		uint64_t d1, d2, good, desc_ipa, s2d;

		nested(&f, &d1, &d2);
		desc_ipa = wf_desc1(&f, VA, level) + OFF;
		s2d = wf_desc2(&f, desc_ipa, 3);
		good = wf_rd(&f, s2d);
		wf_wr(&f, s2d, 0);
		wf_faults(&f, VA, 'w', SMMU_EVT_F_TRANSLATION, true, SMMU_CLASS_TT,
			  desc_ipa);
		assert_false(f.fault.rnw); /* the input's (EVT-39) */
		wf_wr(&f, s2d, good & ~BIT(10));
		wf_faults(&f, VA, 'r', SMMU_EVT_F_ACCESS, true, SMMU_CLASS_TT, desc_ipa);
		assert_true(f.fault.rnw);
		/* Only read permission matters to a read of a descriptor. */
		wf_wr(&f, s2d, good & ~BIT(6));
		wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_TT,
			  desc_ipa);
		assert_true(f.fault.ttrnw);
		assert_false(f.fault.rnw);
		wf_wr(&f, s2d, (good & ~BIT(7)) | UINT64_C(2) << 53);
		wf_ok(&f, VA, 'w', PA);
		wf_wr(&f, s2d, good | BIT(47));
		f.s2.ps = 47;
		wf_faults(&f, VA, 'x', SMMU_EVT_F_ADDR_SIZE, true, SMMU_CLASS_TT,
			  desc_ipa);
		wf_teardown(&f);
	}
}

/* EVT-35, T-16b, T-18b: external aborts: who, for whom, where. */
static void external_aborts(void **state)
{
	struct wf f;
	uint64_t d1, d2, top, ipa;

	(void)state;
	/* Stage 1 alone: S2 = 0, CLASS TT. */
	wf_setup(&f, 48, 0);
	wf_s1(&f, 0, wf_geom4k());
	wf_regime(&f, true, false);
	wf_wr(&f, f.s1.tt[0].base + 8 * (VA >> 39), HOLE | 3);
	wf_faults(&f, VA, 'r', SMMU_EVT_F_WALK_EABT, false, SMMU_CLASS_TT, 0);
	assert_int_equal(f.fault.fetch_addr, HOLE + 8 * (VA >> 30 & 511));
	assert_true(f.fault.rnw);
	wf_faults(&f, VA, 'w', SMMU_EVT_F_WALK_EABT, false, SMMU_CLASS_TT, 0);
	assert_false(f.fault.rnw);
	wf_teardown(&f);
	/* Nested: the PA after stage 2, still S2 = 0. */
	nested(&f, &d1, &d2);
	ipa = wf_desc1(&f, VA, 2) + OFF;
	wf_map2(&f, ipa, HOLE, 3, WF_S2_RW);
	wf_faults(&f, VA, 'r', SMMU_EVT_F_WALK_EABT, false, SMMU_CLASS_TT, 0);
	assert_int_equal(f.fault.fetch_addr, HOLE | (ipa & 0xfff));
	wf_teardown(&f);
	/* A stage-2 descriptor, for the input: IN; for the walk: TT. */
	nested(&f, &d1, &d2);
	top = wf_desc2(&f, IPA, 1);
	wf_wr(&f, top, HOLE | 3);
	wf_faults(&f, VA, 'r', SMMU_EVT_F_WALK_EABT, true, SMMU_CLASS_IN, IPA);
	assert_int_equal(f.fault.fetch_addr, HOLE + 8 * (IPA >> 21 & 511));
	wf_regime(&f, false, true);
	wf_faults(&f, IPA, 'r', SMMU_EVT_F_WALK_EABT, true, SMMU_CLASS_IN, IPA);
	wf_regime(&f, true, true);
	ipa = f.s1.tt[0].base + 8 * (VA >> 39);
	wf_wr(&f, wf_desc2(&f, ipa, 2), HOLE | 3);
	wf_faults(&f, VA, 'r', SMMU_EVT_F_WALK_EABT, true, SMMU_CLASS_TT, ipa);
	assert_int_equal(f.fault.fetch_addr, HOLE + 8 * (ipa >> 12 & 511));
	wf_teardown(&f);
}

/* EVT-47: what stage 1 refuses is never looked up at stage 2, and before it. */
static void stage1_before_stage2(void **state)
{
	struct wf f;
	uint64_t d1, d2;

	(void)state;
	nested(&f, &d1, &d2);
	wf_wr(&f, d2, 0);
	wf_wr(&f, d1, wf_rd(&f, d1) | BIT(7));
	wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, false, SMMU_CLASS_IN, 0);
	wf_faults(&f, VA, 'r', SMMU_EVT_F_TRANSLATION, true, SMMU_CLASS_IN, IPA);
	wf_teardown(&f);
}

/* STE-62, T-13, T-16a: tables and CDs on a Device page of stage 2. */
static void tables_on_device_memory(void **state)
{
	struct wf f;
	uint64_t d1, d2, ipa, s2d, good;
	struct smmu_attr in = smmu_attr_default();

	(void)state;
	nested(&f, &d1, &d2);
	ipa = f.s1.tt[0].base + 8 * (VA >> 39);
	s2d = wf_desc2(&f, ipa, 3);
	good = wf_rd(&f, s2d);
	for (unsigned memattr = 0; memattr < 16; memattr++)
		for (int fwb = 0; fwb < 2; fwb++) {
			/* FWB 0: 00xx and the reserved xx00; FWB 1: x0xx. */
			bool device =
				fwb ? !(memattr & 4) : memattr < 4 || (memattr & 3) == 0;

			if (fwb && (memattr & 8))
				continue;
			f.s2.fwb = fwb;
			f.s2.ptw = true;
			wf_wr(&f, s2d, (good & ~UINT64_C(0x3c)) | (uint64_t)memattr << 2);
			assert_int_equal(smmu_s2_translate_cd(&f.smmu, &f.rg, ipa, &in,
							      &f.out, &f.fault),
					 !device);
			if (device) {
				assert_int_equal(f.fault.event, SMMU_EVT_F_PERMISSION);
				assert_int_equal(f.fault.cls, SMMU_CLASS_CD);
				assert_true(f.fault.s2);
				assert_int_equal(f.fault.ipa, ipa);
			}
			f.s2.fwb = false;
			if (fwb || !device)
				continue;
			wf_faults(&f, VA, 'r', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_TT,
				  ipa);
			assert_true(f.fault.ttrnw);
			f.s2.ptw = false;
			wf_ok(&f, VA, 'r', PA);
			/* A Device page is fine for the transaction itself. */
			f.s2.ptw = true;
			wf_wr(&f, s2d, good);
			wf_wr(&f, d2, (PA | WF_S2_RW | 3) & ~UINT64_C(0x3c));
			wf_ok(&f, VA, 'r', PA);
		}
	/* S2PTW = 0: allowed; with PTWNNC as Normal Non-cacheable. */
	f.s2.ptw = false;
	wf_wr(&f, s2d, good & ~UINT64_C(0x3c));
	for (int ptwnnc = 0; ptwnnc < 2; ptwnnc++) {
		f.smmu.cfg.ptwnnc = (uint8_t)ptwnnc;
		assert_true(
			smmu_s2_translate_cd(&f.smmu, &f.rg, ipa, &in, &f.out, &f.fault));
		assert_int_equal(f.out.pa, ipa - OFF);
		assert_int_equal(f.out.attr.inner,
				 ptwnnc ? SMMU_MT_NC : SMMU_MT_DEV_NGNRNE);
		assert_int_equal(f.out.attr.sh, SMMU_SH_OSH);
	}
	wf_teardown(&f);
}

/* T-13: faults of a CD's address. */
static void stage2_faults_of_a_cd(void **state)
{
	struct wf f;
	struct smmu_attr in = smmu_attr_default();
	uint64_t d, good;
	static const struct {
		uint64_t clear, set;
		uint8_t event;
	} how[] = {
		{ 1, 0, SMMU_EVT_F_TRANSLATION },
		{ 1 << 10, 0, SMMU_EVT_F_ACCESS },
		{ 1 << 6, 0, SMMU_EVT_F_PERMISSION },
		{ 0, UINT64_C(1) << 47, SMMU_EVT_F_ADDR_SIZE },
		{ 1 << 7, UINT64_C(2) << 53, 0 }, /* neither W nor X is needed */
	};

	(void)state;
	wf_setup(&f, 48, 0);
	wf_s2(&f, wf_geom4k());
	wf_regime(&f, false, true);
	d = wf_map2(&f, IPA, PA, 3, WF_S2_RW);
	good = wf_rd(&f, d);
	f.s2.ps = 47;
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		wf_wr(&f, d, (good & ~how[i].clear) | how[i].set);
		assert_int_equal(smmu_s2_translate_cd(&f.smmu, &f.rg, IPA | 0x40, &in,
						      &f.out, &f.fault),
				 how[i].event == 0);
		if (how[i].event == 0)
			continue;
		assert_int_equal(f.fault.event, how[i].event);
		assert_int_equal(f.fault.cls, SMMU_CLASS_CD);
		assert_true(f.fault.s2);
		assert_int_equal(f.fault.ipa, IPA | 0x40);
	}
	wf_wr(&f, wf_desc2(&f, IPA, 2), HOLE | 3);
	assert_false(smmu_s2_translate_cd(&f.smmu, &f.rg, IPA, &in, &f.out, &f.fault));
	assert_int_equal(f.fault.event, SMMU_EVT_F_WALK_EABT);
	assert_int_equal(f.fault.cls, SMMU_CLASS_CD);
	assert_true(f.fault.s2);
	assert_int_equal(f.fault.fetch_addr, HOLE + 8 * (IPA >> 12 & 511));
	wf_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage1_faults),
		cmocka_unit_test(order_in_one_stage),
		cmocka_unit_test(stage2_faults_of_the_input),
		cmocka_unit_test(stage2_faults_of_the_walk),
		cmocka_unit_test(external_aborts),
		cmocka_unit_test(stage1_before_stage2),
		cmocka_unit_test(tables_on_device_memory),
		cmocka_unit_test(stage2_faults_of_a_cd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
