/* SPDX-License-Identifier: MIT */
/*
 * Property: chapter 13 as tables. MAIR bytes (all 256), stage-2 MemAttr with and
 * without S2FWB, shareability, hints, consistency and what leaves an access, judged
 * against truths written from the digest's rows.
 */
#include <string.h>
#include "walk_fixture.h"

static struct smmu_attr normal(unsigned inner, unsigned outer, unsigned sh)
{
	struct smmu_attr a = smmu_attr_default();

	a.inner = (uint8_t)inner;
	a.outer = (uint8_t)outer;
	a.sh = (uint8_t)sh;
	return a;
}

static void check(const struct smmu_attr *a, unsigned inner, unsigned outer, unsigned sh)
{
	assert_int_equal(a->inner, inner);
	assert_int_equal(a->outer, outer);
	assert_int_equal(a->sh, sh);
}

static void defaults(void **state) /* 13.1.1 */
{
	struct smmu_attr a = smmu_attr_default();

	(void)state;
	check(&a, SMMU_MT_WB, SMMU_MT_WB, SMMU_SH_NSH);
	assert_true(a.ra && a.wa && !a.tr && !a.inst && !a.priv && a.ns);
	assert_true(smmu_attr_is_cacheable(&a));
}

/* {S1CIR..}: 13.9; NC and NC is Outer Shareable. */
static void fetch_codes(void **state)
{
	static const unsigned type[4] = { SMMU_MT_NC, SMMU_MT_WB, SMMU_MT_WT,
					  SMMU_MT_WB };

	(void)state;
	for (unsigned ic = 0; ic < 4; ic++)
		for (unsigned oc = 0; oc < 4; oc++)
			for (unsigned sh = 0; sh < 4; sh++) {
				struct smmu_fetch_attr f = { (uint8_t)ic, (uint8_t)oc,
							     (uint8_t)sh };
				struct smmu_attr a = smmu_attr_from_fetch(f);
				bool nc = ic == 0 && oc == 0;

				check(&a, type[ic], type[oc],
				      nc	? SMMU_SH_OSH
				      : sh == 1 ? SMMU_SH_NSH
						: sh);
				assert_int_equal(a.ra, !nc);
				/* Write-allocate where every cacheable level has it. */
				assert_int_equal(a.wa, !nc && (ic == 0 || ic == 1) &&
							       (oc == 0 || oc == 1));
				assert_true(a.priv && !a.inst && a.ns && !a.tr);
			}
}

/* STE-53: the 4-bit code. */
static void memattr_codes(void **state)
{
	static const unsigned want[16][2] = {
		{ SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRNE },
		{ SMMU_MT_DEV_NGNRE, SMMU_MT_DEV_NGNRE },
		{ SMMU_MT_DEV_NGRE, SMMU_MT_DEV_NGRE },
		{ SMMU_MT_DEV_GRE, SMMU_MT_DEV_GRE },
		{ SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRNE }, /* 0100 reserved */
		{ SMMU_MT_NC, SMMU_MT_NC },
		{ SMMU_MT_WT, SMMU_MT_NC },
		{ SMMU_MT_WB, SMMU_MT_NC },
		{ SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRNE }, /* 1000 */
		{ SMMU_MT_NC, SMMU_MT_WT },
		{ SMMU_MT_WT, SMMU_MT_WT },
		{ SMMU_MT_WB, SMMU_MT_WT },
		{ SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRNE }, /* 1100 */
		{ SMMU_MT_NC, SMMU_MT_WB },
		{ SMMU_MT_WT, SMMU_MT_WB },
		{ SMMU_MT_WB, SMMU_MT_WB },
	};

	(void)state;
	for (unsigned m = 0; m < 16; m++) {
		struct smmu_attr a = normal(SMMU_MT_NC, SMMU_MT_NC, SMMU_SH_ISH);

		a.ra = a.wa = 0;
		smmu_attr_set_memattr(&a, m);
		check(&a, want[m][0], want[m][1], SMMU_SH_ISH);
		/* From non-cacheable to cacheable: RA, WA (13.3). */
		assert_int_equal(a.ra, smmu_attr_is_cacheable(&a));
		smmu_attr_consistent(&a);
		assert_int_equal(a.sh,
				 smmu_attr_is_cacheable(&a) ? SMMU_SH_ISH : SMMU_SH_OSH);
	}
}

/* 13.6 */
static void consistency(void **state)
{
	struct smmu_attr a = normal(SMMU_MT_NC, SMMU_MT_NC, SMMU_SH_NSH);

	(void)state;
	a.tr = 1;
	smmu_attr_consistent(&a);
	check(&a, SMMU_MT_NC, SMMU_MT_NC, SMMU_SH_OSH);
	assert_true(!a.ra && !a.wa && !a.tr);
	a = normal(SMMU_MT_NC, SMMU_MT_WT, SMMU_SH_NSH); /* one level is enough */
	a.tr = 1;
	smmu_attr_consistent(&a);
	check(&a, SMMU_MT_NC, SMMU_MT_WT, SMMU_SH_NSH);
	assert_true(a.ra && a.wa && a.tr);
	a.ra = a.wa = 0; /* no allocation: not transient */
	smmu_attr_consistent(&a);
	assert_false(a.tr);
	a = normal(SMMU_MT_DEV_GRE, SMMU_MT_DEV_GRE, SMMU_SH_ISH);
	smmu_attr_consistent(&a);
	check(&a, SMMU_MT_DEV_GRE, SMMU_MT_DEV_GRE, SMMU_SH_OSH);
}

/* A page at stage 1, stage 2 or both, whose descriptors are written by the tests. */
struct page {
	struct wf f;
	uint64_t d1, d2;
};

static void page_setup(struct page *p, bool s1, bool s2)
{
	wf_setup(&p->f, 48, 0);
	p->f.ipa_off = s2 ? 0x100000000000 : 0;
	wf_s1(&p->f, 0, wf_geom4k());
	wf_s2(&p->f, wf_geom4k());
	wf_regime(&p->f, s1, s2);
	if (s2)
		wf_s2_ram(&p->f, 2, WF_S2_RW);
	p->d1 = wf_map1(&p->f, 0x1000, 0x1000, 3, WF_S1_RW);
	p->d2 = wf_map2(&p->f, 0x1000, 0x1000, 3, WF_S2_RW);
}

static void set1(struct page *p, unsigned idx, unsigned sh)
{
	wf_wr(&p->f, p->d1,
	      0x1003 | BIT(6) | BIT(10) | (uint64_t)idx << 2 | (uint64_t)sh << 8);
}

static void set2(struct page *p, unsigned memattr, unsigned sh)
{
	wf_wr(&p->f, p->d2,
	      0x1003 | UINT64_C(3) << 6 | BIT(10) | (uint64_t)memattr << 2 |
		      (uint64_t)sh << 8);
}

static struct smmu_attr run(struct page *p, const struct smmu_attr *in)
{
	struct smmu_access acc = wf_acc('r');

	assert_true(smmu_stages_translate(&p->f.smmu, &p->f.rg, &acc, 0x1000, in,
					  &p->f.out, &p->f.fault));
	return p->f.out.attr;
}

/* CD-31: one nibble of a byte that is not Device. */
static void mair_nibble(unsigned nib, unsigned *type, unsigned *rw, bool *transient)
{
	*rw = nib & 3;
	*transient = false;
	if (nib >= 12) {
		*type = SMMU_MT_WB;
	} else if (nib >= 8) {
		*type = SMMU_MT_WT;
	} else if (nib == 4) {
		*type = SMMU_MT_NC;
	} else {
		*type = nib > 4 ? SMMU_MT_WB : SMMU_MT_WT;
		*transient = true;
	}
}

static void mair_bytes(void **state) /* CD-31, T-17d */
{
	static const unsigned dev[4] = { SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRE,
					 SMMU_MT_DEV_NGRE, SMMU_MT_DEV_GRE };
	struct page p;
	struct smmu_attr in = smmu_attr_default();

	(void)state;
	page_setup(&p, true, false);
	for (unsigned byte = 0; byte < 256; byte++)
		for (unsigned idx = 0; idx < 8; idx++) {
			unsigned it, irw, ot, orw, ra, wa;
			bool itr, otr, tr;
			struct smmu_attr a;

			p.f.s1.mair = UINT64_C(0x4444444444444444);
			p.f.s1.mair ^= (uint64_t)(byte ^ 0x44) << (8 * idx);
			set1(&p, idx, SMMU_SH_ISH);
			a = run(&p, &in);
			if (byte < 16) {
				check(&a, dev[byte >> 2], dev[byte >> 2], SMMU_SH_OSH);
				assert_true(!a.ra && !a.wa && !a.tr);
				continue;
			}
			mair_nibble(byte >> 4, &ot, &orw, &otr);
			mair_nibble((byte & 15) == 0 ? 3 : byte & 15, &it, &irw, &itr);
			if (it == SMMU_MT_NC && ot == SMMU_MT_NC) {
				check(&a, it, ot, SMMU_SH_OSH);
				continue;
			}
			check(&a, it, ot, SMMU_SH_ISH);
			if (it == SMMU_MT_NC)
				irw = 3;
			if (ot == SMMU_MT_NC)
				orw = 3;
			ra = irw >> 1 & orw >> 1;
			wa = irw & orw & 1;
			tr = (itr && it != SMMU_MT_NC) || (otr && ot != SMMU_MT_NC);
			assert_int_equal(a.ra, ra);
			assert_int_equal(a.wa, wa);
			assert_int_equal(a.tr, tr && (ra || wa));
		}
	/* AIE: bit 59 makes any index 7; without AIE it is ignored. */
	p.f.s1.mair = UINT64_C(0x44000000000000ff);
	wf_wr(&p.f, p.d1, 0x1003 | BIT(6) | BIT(10) | BIT(59));
	assert_int_equal(run(&p, &in).inner, SMMU_MT_WB);
	p.f.s1.aie = true;
	assert_int_equal(run(&p, &in).inner, SMMU_MT_NC);
	wf_teardown(&p.f);
}

/* 13.2: hints combine with the input's only where that was cacheable. */
static void stage1_hints(void **state)
{
	struct page p;

	(void)state;
	page_setup(&p, true, false);
	set1(&p, 0, SMMU_SH_NSH);
	for (unsigned n = 0; n < 64; n++) {
		struct smmu_attr in = smmu_attr_default(), a;
		unsigned s1ra = n & 1, s1wa = n >> 1 & 1, cached = n >> 5;

		in.ra = n >> 2 & 1;
		in.wa = n >> 3 & 1;
		in.tr = n >> 4 & 1;
		if (!cached)
			in.inner = in.outer = SMMU_MT_NC;
		p.f.s1.mair = 0xcc | s1ra * 0x22 | s1wa * 0x11; /* write-back RW */
		a = run(&p, &in);
		assert_int_equal(a.ra, cached ? in.ra & s1ra : s1ra);
		assert_int_equal(a.wa, cached ? in.wa & s1wa : s1wa);
		assert_int_equal(a.tr, cached && in.tr && (a.ra || a.wa));
		check(&a, SMMU_MT_WB, SMMU_MT_WB,
		      SMMU_SH_NSH); /* the input's type is gone */
	}
	wf_teardown(&p.f);
}

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* NSH < ISH < OSH */
static unsigned stronger_sh(unsigned a, unsigned b)
{
	if (a == SMMU_SH_OSH || b == SMMU_SH_OSH)
		return SMMU_SH_OSH;
	return a == SMMU_SH_ISH || b == SMMU_SH_ISH ? SMMU_SH_ISH : SMMU_SH_NSH;
}

static unsigned memattr_type(unsigned m, bool outer)
{
	static const unsigned dev[4] = { SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRE,
					 SMMU_MT_DEV_NGRE, SMMU_MT_DEV_GRE };
	static const unsigned nrm[4] = { 0, SMMU_MT_NC, SMMU_MT_WT, SMMU_MT_WB };

	if (m < 4)
		return dev[m];
	if ((m & 3) == 0)
		return SMMU_MT_DEV_NGNRNE;
	return nrm[outer ? m >> 2 : m & 3];
}

/* The types of the few MAIR bytes below. */
static struct smmu_attr mair_types(unsigned byte)
{
	unsigned inner, outer, rw;
	bool transient;

	if (byte < 16)
		return normal(memattr_type(byte >> 2, false),
			      memattr_type(byte >> 2, false), 0);
	mair_nibble(byte & 15, &inner, &rw, &transient);
	mair_nibble(byte >> 4, &outer, &rw, &transient);
	return normal(inner, outer, 0);
}

/* 13.4: the stronger of both, level by level; nested and stage 2 alone. */
static void stage2_combines(void **state)
{
	static const unsigned mair[] = { 0x00, 0x04, 0x08, 0x0c, 0x44,
					 0x4f, 0xf4, 0xaa, 0xff };
	struct page p, q;

	(void)state;
	page_setup(&p, true, true);
	page_setup(&q, false, true);
	for (size_t i = 0; i < sizeof(mair) / sizeof(mair[0]); i++)
		for (unsigned n = 0; n < 16 * 16; n++) {
			unsigned m = n & 15, sh1 = n >> 4 & 3, sh2 = n >> 6, inner, outer,
				 sh;
			struct smmu_attr in = smmu_attr_default(), s1, a;

			p.f.s1.mair = mair[i];
			set1(&p, 0, sh1);
			set2(&p, m, sh2);
			s1 = mair_types(mair[i]);
			inner = max(s1.inner, memattr_type(m, false));
			outer = max(s1.outer, memattr_type(m, true));
			sh = stronger_sh(sh1, sh2);
			if (inner >= SMMU_MT_NC && outer >= SMMU_MT_NC)
				sh = SMMU_SH_OSH;
			a = run(&p, &in);
			check(&a, inner, outer, sh);
			/* Stage 2 alone: the input stands where stage 1 stood. */
			in.inner = s1.inner;
			in.outer = s1.outer;
			in.sh = (uint8_t)(sh1 == 1 ? 0 : sh1);
			set2(&q, m, sh2);
			a = run(&q, &in);
			check(&a, inner, outer, sh);
		}
	wf_teardown(&p.f);
	wf_teardown(&q.f);
}

/* 13.5, STE-58. */
static void stage2_forces(void **state)
{
	static const unsigned in_type[] = { SMMU_MT_WB,	       SMMU_MT_WT,
					    SMMU_MT_NC,	       SMMU_MT_DEV_GRE,
					    SMMU_MT_DEV_NGRE,  SMMU_MT_DEV_NGNRE,
					    SMMU_MT_DEV_NGNRNE };
	static const unsigned dev[4] = { SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRE,
					 SMMU_MT_DEV_NGRE, SMMU_MT_DEV_GRE };
	struct page p;

	(void)state;
	page_setup(&p, false, true);
	p.f.s2.fwb = true;
	for (unsigned m = 0; m < 8; m++)
		for (unsigned t = 0; t < 7; t++) {
			struct smmu_attr in = normal(in_type[t], in_type[t], SMMU_SH_ISH),
					 a;
			unsigned want = in_type[t];

			in.wa = 0;
			if (m < 4)
				want = max(want, dev[m]);
			else if (m < 6)
				want = max(want, SMMU_MT_NC);
			else if (m == 6)
				want = SMMU_MT_WB;
			set2(&p, m, SMMU_SH_NSH);
			a = run(&p, &in);
			check(&a, want, want,
			      want >= SMMU_MT_NC ? SMMU_SH_OSH : SMMU_SH_ISH);
			if (m == 6) { /* hints: the input's if it was cacheable */
				assert_int_equal(a.ra, 1);
				assert_int_equal(a.wa, t >= 2);
			}
		}
	wf_teardown(&p.f);
}

/* IDR3.MTEPERM, Q-58 (3.23.1): FWB = 0, 0100 is write-back; 1, 111x is as 011x. */
static void mteperm(void **state)
{
	static const uint8_t types[] = { SMMU_MT_WB, SMMU_MT_NC, SMMU_MT_DEV_NGNRE };
	struct page p;
	struct smmu_attr in = smmu_attr_default();

	(void)state;
	page_setup(&p, false, true);
	set2(&p, 4, SMMU_SH_ISH);
	assert_int_equal(run(&p, &in).inner, SMMU_MT_DEV_NGNRNE);
	p.f.smmu.cfg.mteperm = 1;
	assert_int_equal(run(&p, &in).inner, SMMU_MT_WB);
	p.f.s2.fwb = true;
	for (unsigned i = 0; i < sizeof(types); i++)
		for (unsigned m = 6; m < 8; m++) {
			struct smmu_attr known, same;

			in.inner = in.outer = types[i];
			smmu_attr_consistent(&in);
			set2(&p, m, SMMU_SH_ISH);
			known = run(&p, &in);
			set2(&p, m | 8, SMMU_SH_ISH);
			same = run(&p, &in);
			assert_memory_equal(&same, &known, sizeof(same));
			assert_int_equal(same.inner, m == 6 ? SMMU_MT_WB : types[i]);
		}
	wf_teardown(&p.f);
}

/* CD-29, STE-65: with DS the shareability is the table's. */
static void ds_shareability(void **state)
{
	struct wf f;

	(void)state;
	for (unsigned sh = 0; sh < 4; sh += sh == 0 ? 2 : 1) {
		wf_setup(&f, 52, 0);
		wf_s1(&f, 0, (struct wf_geom){ 12, 48, 0, true });
		wf_s2(&f, (struct wf_geom){ 12, 48, 0, true });
		wf_map1(&f, 0x1000, 0x5000, 3, WF_S1_RW);
		wf_map2(&f, 0x1000, 0x5000, 3, WF_S2_RW);
		f.s1.tt[0].sh = (uint8_t)sh;
		f.s2.sh0 = (uint8_t)sh;
		wf_regime(&f, true, false);
		wf_ok(&f, 0x1000, 'r', 0x5000);
		assert_int_equal(f.out.attr.sh, sh);
		wf_regime(&f, false, true);
		wf_ok(&f, 0x1000, 'r', 0x5000);
		assert_int_equal(f.out.attr.sh, sh);
		wf_teardown(&f);
	}
}

/* 13.8: INST and PRIV on the way out; NS always 1 (T-20). */
static void inst_and_priv_out(void **state)
{
	static const char all[] = "rwxaRWXA";
	struct page p;

	(void)state;
	page_setup(&p, true, true);
	for (unsigned minor = 0; minor <= 4; minor++)
		for (const char *a = all; *a != 0; a++) {
			p.f.smmu.cfg.arch_minor = (uint8_t)minor;
			wf_wr(&p.f, p.d1, 0x1003 | BIT(6) | BIT(10));
			if ((*a | 32) == 'x' && *a < 'a') /* user-writable implies PXN */
				wf_wr(&p.f, p.d1, 0x1003 | BIT(10));
			wf_ok(&p.f, 0x1000, *a, 0x1000);
			assert_int_equal(p.f.out.attr.inst,
					 minor < 4 && (*a | 32) == 'x');
			assert_int_equal(p.f.out.attr.priv, minor >= 4 || *a < 'a');
			assert_int_equal(p.f.out.attr.ns, 1);
		}
	wf_teardown(&p.f);
}

/* A hit computes the same attributes as the walk did, for any input. */
static void hits_say_the_same(void **state)
{
	struct wf f;

	(void)state;
	wf_setup(&f, 48, 64);
	wf_s1(&f, 0, wf_geom4k());
	wf_s2(&f, wf_geom4k());
	f.s2.fwb = true;
	wf_regime(&f, false, true);
	wf_map2(&f, 0x1000, 0x5000, 3, (WF_S2_RW & ~UINT64_C(0x3c)) | 7 << 2);
	for (unsigned n = 0; n < 7 * 8 * 2; n++) {
		struct smmu_access acc = wf_acc('r');
		struct smmu_attr in = normal(n % 7, n % 7, SMMU_SH_ISH);
		struct smmu_xlate a, b;

		in.ra = n / 7 & 1;
		in.wa = n / 14 & 1;
		in.tr = n / 28 & 1;
		if (n >= 56)
			in = smmu_attr_default();
		wf_flush(&f);
		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		assert_true(smmu_stages_translate(&f.smmu, &f.rg, &acc, 0x1000, &in, &a,
						  &f.fault));
		wf_reads(&f);
		assert_true(smmu_stages_translate(&f.smmu, &f.rg, &acc, 0x1000, &in, &b,
						  &f.fault));
		assert_int_equal(wf_reads(&f), 0);
		/* A micro-TLB keeps hits only. */
		b.keep = a.keep;
		b.void_word = a.void_word;
		assert_memory_equal(&a, &b, sizeof(a));
		/* Same type as the input: FWB 111. */
		assert_int_equal(a.attr.inner, in.inner);
	}
	wf_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),	     cmocka_unit_test(fetch_codes),
		cmocka_unit_test(memattr_codes),     cmocka_unit_test(consistency),
		cmocka_unit_test(mair_bytes),	     cmocka_unit_test(stage1_hints),
		cmocka_unit_test(stage2_combines),   cmocka_unit_test(stage2_forces),
		cmocka_unit_test(mteperm),	     cmocka_unit_test(ds_shareability),
		cmocka_unit_test(inst_and_priv_out), cmocka_unit_test(hits_say_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
