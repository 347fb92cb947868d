/* SPDX-License-Identifier: MIT */
/*
 * Properties: (1) every granule x start level x leaf level translates, at stage 1, at
 * stage 2 and nested, to the address the tables say, with as many descriptor reads as
 * there are levels (nested: each stage-1 level costs a whole stage-2 walk more);
 * (2) blocks exist at exactly the levels of 9.8; (3) output sizes are checked for
 * tables and leaves, on both sides of the limit; (4) input ranges likewise, with TBI,
 * in both halves, in one-table worlds, and by the spans of VMSAv8-32.
 */
#include "walk_fixture.h"

/* { granule, n, start }: T-16, 9.1. ds where the geometry needs it. */
static const struct wf_geom geoms[] = {
	{ 12, 48, 0, false }, { 12, 40, 0, false }, { 12, 39, 1, false },
	{ 12, 31, 1, false }, { 12, 30, 2, false }, { 12, 25, 2, false },
	{ 12, 21, 3, false }, { 12, 52, -1, true }, { 12, 48, 0, true },
	{ 14, 48, 0, false }, { 14, 47, 1, false }, { 14, 37, 1, false },
	{ 14, 36, 2, false }, { 14, 25, 3, false }, { 14, 52, 0, true },
	{ 16, 52, 1, false }, { 16, 48, 1, false }, { 16, 42, 2, false },
	{ 16, 32, 2, false }, { 16, 29, 3, false },
};

/* Stage 2: as above where it exists there, and 2 to 16 tables concatenated (9.4). */
static const struct wf_geom geoms2[] = {
	{ 12, 48, 0, false }, { 12, 39, 1, false }, { 12, 43, 1, false },
	{ 12, 40, 1, false }, { 12, 34, 2, false }, { 12, 30, 2, false },
	{ 12, 52, -1, true }, { 12, 52, 0, true },  { 14, 48, 1, false },
	{ 14, 47, 1, false }, { 14, 40, 2, false }, { 14, 52, 0, true },
	{ 14, 29, 3, false }, { 16, 52, 1, false }, { 16, 46, 2, false },
	{ 16, 42, 2, false }, { 16, 33, 3, false },
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool block_exists(struct wf_geom g, int level, unsigned oas)
{
	if (level == 3)
		return true;
	switch (g.granule) {
	case 12:
		return level >= 1 || (level == 0 && g.ds);
	case 14:
		return level == 2 || (level == 1 && g.ds);
	default:
		return level == 2 || (level == 1 && oas == 52);
	}
}

/* An address with a bit pattern all over its n bits, and one below that for the OA. */
static uint64_t pattern(unsigned n)
{
	return UINT64_C(0x000d5a96c3b4e7f8) & (BIT(n) - 1);
}

static uint64_t output(unsigned shift, unsigned oas)
{
	return (UINT64_C(0x000a3c5b96d87000) & (BIT(oas) - 1)) >> shift << shift;
}

static void one_stage(bool stage2, struct wf_geom g, unsigned oas)
{
	struct wf f;
	uint64_t va = pattern(g.n);

	for (int level = g.start; level <= 3; level++) {
		unsigned shift = wf_shift(g.granule, level);
		/* Without DS, 4K and 16K express 48 bits. */
		unsigned bits = oas == 52 && (g.ds || g.granule == 16) ? 52 : 48;
		uint64_t oa = output(shift, bits);

		wf_setup(&f, oas, 0);
		if (stage2) {
			wf_s2(&f, g);
			wf_regime(&f, false, true);
			wf_map2(&f, va, oa, level, WF_S2_RW);
		} else {
			wf_s1(&f, 0, g);
			wf_regime(&f, true, false);
			wf_map1(&f, va, oa, level, WF_S1_RW);
		}
		if (block_exists(g, level, oas)) {
			wf_ok(&f, va, 'r', oa | (va & (BIT(shift) - 1)));
			assert_int_equal(f.out.page_bits, shift);
			assert_int_equal(wf_reads(&f), level - g.start + 1);
			/* The neighbour of the leaf is not mapped. */
			wf_faults(&f, va ^ BIT(shift), 'r', SMMU_EVT_F_TRANSLATION,
				  stage2, SMMU_CLASS_IN, va ^ BIT(shift));
		} else {
			wf_faults(&f, va, 'r', SMMU_EVT_F_TRANSLATION, stage2,
				  SMMU_CLASS_IN, va);
			assert_int_equal(wf_reads(&f), level - g.start + 1);
		}
		wf_teardown(&f);
	}
}

static void stage1_every_leaf(void **state) /* T-16 */
{
	(void)state;
	for (size_t i = 0; i < COUNT(geoms); i++) {
		one_stage(false, geoms[i], 52);
		if (!geoms[i].ds && geoms[i].n <= 48)
			one_stage(false, geoms[i], 48);
	}
}

static void stage2_every_leaf(void **state) /* T-18, STE-30, STE-64 */
{
	(void)state;
	for (size_t i = 0; i < COUNT(geoms2); i++) {
		one_stage(true, geoms2[i], 52);
		if (!geoms2[i].ds && geoms2[i].n <= 48)
			one_stage(true, geoms2[i], 48);
	}
}

/* T-16a: 4 KB at both stages, all combinations of leaf levels; 24 reads at most. */
static void nested_counts_every_read(void **state)
{
	struct wf f;

	(void)state;
	for (int l1 = 1; l1 <= 3; l1++)
		for (int l2 = 1; l2 <= 3; l2++) {
			uint64_t va = UINT64_C(0x123456789abc), ipa,
				 s1 = wf_shift(12, l1);
			uint64_t s2 = wf_shift(12, l2), bits = s1 < s2 ? s1 : s2;
			uint64_t low;

			wf_setup(&f, 48, 0);
			f.ipa_off = UINT64_C(0x100000000000);
			wf_s1(&f, 0, wf_geom4k());
			wf_s2(&f, wf_geom4k());
			wf_regime(&f, true, true);
			wf_s2_ram(&f, 2, WF_S2_RW); /* tables: 3 reads of stage 2 each */
			wf_map1(&f, va, UINT64_C(0x7f0000000000) >> s1 << s1, l1,
				WF_S1_RW);
			ipa = (UINT64_C(0x7f0000000000) >> s1 << s1) |
			      (va & (BIT(s1) - 1));
			low = ipa & (BIT(s2) - 1);
			wf_map2(&f, ipa, UINT64_C(0x2a0000000000), l2, WF_S2_RW);
			wf_ok(&f, va, 'r', UINT64_C(0x2a0000000000) | low);
			assert_int_equal(f.out.ipa, ipa);
			assert_int_equal(f.out.page_bits, bits);
			assert_int_equal(wf_reads(&f), (l1 + 1) * (3 + 1) + (l2 + 1));
			wf_teardown(&f);
		}
}

/* T-16: mixed granules; a stage-1 table of 64 KB spans several stage-2 pages. */
static void nested_granules_mix(void **state)
{
	static const struct wf_geom a[] = { { 12, 48, 0, false },
					    { 14, 47, 1, false },
					    { 16, 48, 1, false } };
	struct wf f;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++) {
			struct wf_geom g2 = a[j];
			uint64_t va = UINT64_C(0x3456789abcde);
			uint64_t ipa = UINT64_C(0x7ff000000000);

			if (g2.granule != 12)
				g2.n = 48, g2.start = 1;
			wf_setup(&f, 48, 0);
			f.ipa_off = UINT64_C(0x200000000000);
			wf_s1(&f, 0, a[i]);
			wf_s2(&f, g2);
			wf_regime(&f, true, true);
			wf_s2_ram(&f, 3, WF_S2_RW);
			wf_map1(&f, va, ipa, 3, WF_S1_RW);
			ipa |= va & (BIT(a[i].granule) - 1);
			wf_map2(&f, ipa, UINT64_C(0x123456780000), 3, WF_S2_RW);
			wf_ok(&f, va, 'w',
			      UINT64_C(0x123456780000) | (ipa & (BIT(a[j].granule) - 1)));
			assert_int_equal(f.out.page_bits, a[i].granule < a[j].granule
								  ? a[i].granule
								  : a[j].granule);
			wf_teardown(&f);
		}
}

/* CD-20, STE-63: the last address inside the output size, and the first outside. */
static void output_size(bool stage2, struct wf_geom g, unsigned oas, unsigned ps)
{
	struct wf f;
	unsigned shift = g.granule;
	uint64_t va = 0;

	wf_setup(&f, oas, 0);
	f.s1.ips = f.s2.ps = (uint8_t)ps;
	if (stage2)
		wf_s2(&f, g);
	else
		wf_s1(&f, 0, g);
	wf_regime(&f, !stage2, stage2);
	for (unsigned bit = shift; bit < (g.ds || g.granule == 16 ? 52 : 48); bit++) {
		uint64_t d = stage2 ? wf_map2(&f, va, BIT(bit), 3, WF_S2_RW)
				    : wf_map1(&f, va, BIT(bit), 3, WF_S1_RW);

		(void)d;
		if (bit < ps)
			wf_ok(&f, va, 'r', BIT(bit));
		else
			wf_faults(&f, va, 'r', SMMU_EVT_F_ADDR_SIZE, stage2,
				  SMMU_CLASS_IN, va);
	}
	/* A table descriptor out of range faults where it stands. */
	for (unsigned bit = ps < 48 ? ps : 48; bit < (g.ds || g.granule == 16 ? 52 : 48);
	     bit++) {
		uint64_t top =
			stage2 ? wf_desc2(&f, va, g.start) : wf_desc1(&f, va, g.start);

		if (bit < ps)
			continue;
		wf_wr(&f, top, wf_fold(g.granule, g.ds, BIT(bit)) | 3);
		wf_reads(&f);
		wf_faults(&f, va, 'r', SMMU_EVT_F_ADDR_SIZE, stage2, SMMU_CLASS_IN, va);
		assert_int_equal(wf_reads(&f), 1);
	}
	wf_teardown(&f);
}

static void output_sizes(void **state) /* T-16d, T-18b */
{
	static const unsigned ps[] = { 32, 36, 40, 42, 44, 48, 52 };
	static const struct wf_geom g[] = { { 12, 39, 1, false },
					    { 14, 47, 1, false },
					    { 16, 48, 1, false },
					    { 12, 48, 0, true },
					    { 14, 47, 1, true } };

	(void)state;
	for (size_t i = 0; i < COUNT(ps); i++)
		for (size_t j = 0; j < COUNT(g); j++) {
			output_size(false, g[j], 52, ps[i]);
			output_size(true, g[j], 52, ps[i]);
			if (ps[i] <= 48) {
				output_size(false, g[j], 48, ps[i]);
				output_size(true, g[j], 48, ps[i]);
			}
		}
}

/*
 * 3.4: "the address output from the translation" is tested, so that of a block larger
 * than the output range only what lies within it translates; a TLB does not forget it.
 */
static void block_larger_than_the_output_range(void **state)
{
	static const struct {
		struct wf_geom g;
		int level;
		unsigned ps;
	} rows[] = {
		{ { 12, 48, 0, true }, 0, 32 }, { { 12, 48, 0, true }, 0, 36 },
		{ { 14, 47, 1, true }, 1, 32 }, { { 16, 48, 1, false }, 1, 40 },
		{ { 12, 48, 0, true }, 0, 40 }, /* the block is the smaller one here */
	};
	struct wf f;

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * 4; i++) {
		bool stage2 = i & 1;
		struct wf_geom g = rows[i / 4].g;
		unsigned ps = rows[i / 4].ps,
			 shift = wf_shift(g.granule, rows[i / 4].level);
		uint64_t last = BIT(ps < shift ? ps : shift) - 8;

		wf_setup(&f, 52, i & 2 ? 64 : 0);
		f.s1.ips = f.s2.ps = (uint8_t)ps;
		if (stage2)
			wf_s2(&f, g);
		else
			wf_s1(&f, 0, g);
		wf_regime(&f, !stage2, stage2);
		if (stage2)
			wf_map2(&f, 0, 0, rows[i / 4].level, WF_S2_RW);
		else
			wf_map1(&f, 0, 0, rows[i / 4].level, WF_S1_RW);
		for (unsigned again = 0; again < 2; again++) {
			wf_ok(&f, 0x1238, 'r', 0x1238);
			wf_ok(&f, last, 'r', last);
			assert_int_equal(f.out.page_bits, ps < shift ? ps : shift);
			if (ps < shift)
				wf_faults(&f, last + 8, 'r', SMMU_EVT_F_ADDR_SIZE, stage2,
					  SMMU_CLASS_IN, last + 8);
		}
		wf_teardown(&f);
	}
}

/* T-16, 9.2: 64 KB bits [15:12] with OAS below 52: a fault, or ignored by choice. */
static void bits_15_12_below_52(void **state)
{
	struct wf f;
	struct wf_geom g = { 16, 42, 2, false };

	(void)state;
	for (int ignore = 0; ignore < 2; ignore++) {
		wf_setup(&f, 48, 0);
		f.smmu.cfg.desc_64k_ignore = (uint8_t)ignore;
		wf_s1(&f, 0, g);
		wf_regime(&f, true, false);
		wf_map1(&f, 0, 0x80000000, 3, WF_S1_RW | UINT64_C(1) << 12);
		if (ignore)
			wf_ok(&f, 0x123, 'r', 0x80000123);
		else
			wf_faults(&f, 0x123, 'r', SMMU_EVT_F_ADDR_SIZE, false,
				  SMMU_CLASS_IN, 0);
		wf_teardown(&f);
	}
	/* Of 4 KB without DS, bits [49:48] are ignored. */
	wf_setup(&f, 52, 0);
	wf_s1(&f, 0, wf_geom4k());
	wf_regime(&f, true, false);
	wf_map1(&f, 0, 0x80000000, 3, WF_S1_RW | UINT64_C(3) << 48);
	wf_ok(&f, 0x123, 'r', 0x80000123);
	wf_teardown(&f);
}

/* T-16: tables above 2^48 are found where the folded address says. */
static void tables_beyond_48_bits(void **state)
{
	static const struct wf_geom g[] = { { 12, 48, 0, true },
					    { 14, 47, 1, true },
					    { 16, 48, 1, false } };
	const uint64_t high = UINT64_C(0xd000000000000);
	struct wf f;

	(void)state;
	for (size_t i = 0; i < COUNT(g); i++) {
		uint64_t size = BIT(g[i].granule), table = high;
		uint64_t next;

		wf_setup(&f, 52, 0);
		assert_int_equal(smmu_bus_add_ram(f.smmu.bus, high, 8 * size, NULL), 0);
		wf_s1(&f, 0, g[i]);
		wf_regime(&f, true, false);
		next = f.s1.tt[0].base;
		for (int level = g[i].start; level < 3; level++, table += size) {
			wf_wr(&f, next, wf_fold(g[i].granule, g[i].ds, table) | 3);
			next = table;
		}
		wf_wr(&f, next,
		      wf_fold(g[i].granule, g[i].ds, high + size) | WF_S1_RW | 3);
		wf_ok(&f, 0x321, 'r', high + size + 0x321);
		wf_teardown(&f);
	}
}

/* T-15, CD-27: the edges of both halves, tags with and without TBI. */
static void input_range_two_tables(void **state)
{
	struct wf_geom g = { 12, 39, 1, false };
	struct wf f;
	const uint64_t lo = BIT(39) - 0x1000, hi = ~UINT64_C(0) << 39;

	(void)state;
	wf_setup(&f, 48, 0);
	wf_s1(&f, 0, g);
	wf_s1(&f, 1, g);
	wf_regime(&f, true, false);
	wf_map1(&f, lo, 0x1000, 3, WF_S1_RW);
	wf_map1(&f, hi, 0x2000, 3, WF_S1_RW);
	for (int tbi = 0; tbi < 4; tbi++) {
		f.s1.tt[0].tbi = tbi & 1;
		f.s1.tt[1].tbi = tbi & 2;
		wf_ok(&f, lo + 4, 'r', 0x1004);
		wf_ok(&f, hi + 4, 'r', 0x2004);
		wf_faults(&f, BIT(39), 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN,
			  0);
		wf_faults(&f, hi - 1, 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN,
			  0);
		assert_int_equal(wf_reads(&f),
				 2 * 3); /* no walk for what is out of range */
		if (tbi & 1)
			wf_ok(&f, lo | UINT64_C(0xa5) << 56, 'r', 0x1000);
		else
			wf_faults(&f, lo | UINT64_C(0xa5) << 56, 'r',
				  SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
		if (tbi & 2)
			wf_ok(&f, hi & ~(UINT64_C(0xa5) << 56), 'r', 0x2000);
		else
			wf_faults(&f, hi & ~(UINT64_C(0xa5) << 56), 'r',
				  SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
		wf_reads(&f);
	}
	/* Table 1 is chosen by bit 55 alone, table 0 does not stand in for it. */
	f.s1.tt[1].en = false;
	wf_faults(&f, hi, 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
	wf_ok(&f, lo, 'r', 0x1000);
	f.s1.tt[0].en = false; /* EPD0 */
	wf_faults(&f, lo, 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
	wf_teardown(&f);
}

/* T-15: one-table worlds want zeroes above, and know no upper half. */
static void input_range_one_table(void **state)
{
	struct wf_geom g = { 12, 48, 0, false };
	struct wf f;

	(void)state;
	wf_setup(&f, 48, 0);
	f.s1.one_table = true;
	f.rg.world = f.s1.world = SMMU_WORLD_NS_EL2;
	wf_s1(&f, 0, g);
	wf_regime(&f, true, false);
	wf_map1(&f, BIT(48) - 0x1000, 0x1000, 3, WF_S1_RW);
	wf_ok(&f, BIT(48) - 1, 'r', 0x1fff);
	wf_faults(&f, BIT(48), 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
	wf_faults(&f, ~UINT64_C(0), 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
	f.s1.tt[0].tbi = true;
	wf_ok(&f, (BIT(48) - 1) | UINT64_C(0x7f) << 56, 'r', 0x1fff);
	wf_faults(&f, (BIT(48) - 1) | BIT(55), 'r', SMMU_EVT_F_TRANSLATION, false,
		  SMMU_CLASS_IN, 0);
	wf_teardown(&f);
}

/* T-15, CD-28: E0PD stops the unprivileged of that half only. */
static void e0pd(void **state)
{
	struct wf_geom g = { 12, 39, 1, false };
	const uint64_t hi = ~UINT64_C(0) << 39;
	struct wf f;

	(void)state;
	wf_setup(&f, 48, 64);
	wf_s1(&f, 0, g);
	wf_s1(&f, 1, g);
	wf_regime(&f, true, false);
	wf_map1(&f, 0, 0x1000, 3, WF_S1_RW);
	wf_map1(&f, hi, 0x2000, 3, WF_S1_RW);
	for (int hit = 0; hit < 2; hit++) { /* acts on a TLB hit as well */
		f.s1.tt[1].e0pd = true;
		wf_ok(&f, 0, 'r', 0x1000);
		wf_ok(&f, hi, 'R', 0x2000);
		wf_faults(&f, hi, 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
		f.s1.tt[1].e0pd = false;
		wf_ok(&f, hi, 'r', 0x2000);
	}
	wf_teardown(&f);
}

/* T-18a: the input range of stage 2. */
static void input_range_stage2(void **state)
{
	struct wf f;

	(void)state;
	for (size_t i = 0; i < COUNT(geoms2); i++) {
		uint64_t last = BIT(geoms2[i].n) - BIT(geoms2[i].granule);

		wf_setup(&f, 52, 0);
		wf_s2(&f, geoms2[i]);
		wf_regime(&f, false, true);
		wf_map2(&f, last, 0, 3, WF_S2_RW);
		wf_ok(&f, last, 'r', 0);
		wf_reads(&f);
		wf_faults(&f, BIT(geoms2[i].n), 'r', SMMU_EVT_F_TRANSLATION, true,
			  SMMU_CLASS_IN, BIT(geoms2[i].n));
		assert_int_equal(wf_reads(&f), 0);
		wf_teardown(&f);
	}
}

static void setup32(struct wf *f, unsigned t0, unsigned t1)
{
	wf_setup(f, 44, 0);
	f->s1.fmt = SMMU_FMT_LPAE32;
	f->s1.ips = 40;
	wf_s1(f, 0, (struct wf_geom){ 12, 32 - t0, t0 < 2 ? 1 : 2, false });
	wf_s1(f, 1, (struct wf_geom){ 12, 32 - t1, t1 < 2 ? 1 : 2, false });
	wf_regime(f, true, false);
}

/* Writes one page at VA of table i by hand: the spans are what is tested. */
static void map32(struct wf *f, unsigned i, uint64_t va, uint64_t oa)
{
	struct smmu_s1tt save = f->s1.tt[0];
	uint64_t ia = va & (BIT(f->s1.tt[i].n) - 1);

	f->s1.tt[0] = f->s1.tt[i];
	wf_map1(f, ia, oa, 3, WF_S1_RW);
	f->s1.tt[0] = save;
}

/* T-15 for VMSAv8-32, 9.5: who spans what. */
static void lpae32_spans(void **state)
{
	struct wf f;

	(void)state;
	for (unsigned t0 = 0; t0 < 8; t0++)
		for (unsigned t1 = 0; t1 < 8; t1++) {
			uint64_t end0 = BIT(32 - t0), begin1 = BIT(32) - BIT(32 - t1);
			const uint64_t at[] = {
				0,	end0 - 0x1000,	 end0,
				begin1, begin1 - 0x1000, BIT(32) - 0x1000
			};

			setup32(&f, t0, t1);
			for (size_t i = 0; i < COUNT(at); i++) {
				uint64_t va = at[i];
				int want = -1;

				if (va >= BIT(32))
					continue;
				if (t0 == 0 && t1 == 0)
					want = 0;
				else if (t1 == 0)
					want = va < end0 ? 0 : 1;
				else if (t0 == 0)
					want = va >= begin1 ? 1 : 0;
				else if (va < end0)
					want = 0;
				else if (va >= begin1)
					want = 1;
				if (want < 0) {
					wf_faults(&f, va, 'r', SMMU_EVT_F_TRANSLATION,
						  false, SMMU_CLASS_IN, 0);
					continue;
				}
				map32(&f, (unsigned)want, va, 0x8000);
				wf_ok(&f, va, 'r', 0x8000);
			}
			f.s1.tt[0].tbi = f.s1.tt[1].tbi = true; /* does not apply */
			wf_faults(&f, BIT(32), 'r', SMMU_EVT_F_TRANSLATION, false,
				  SMMU_CLASS_IN, 0);
			wf_faults(&f, BIT(56), 'r', SMMU_EVT_F_TRANSLATION, false,
				  SMMU_CLASS_IN, 0);
			wf_teardown(&f);
		}
}

/* CD-20: 40 bits of output, whatever OAS; blocks at levels 1 and 2. */
static void lpae32_output(void **state)
{
	struct wf f;

	(void)state;
	setup32(&f, 0, 0);
	for (int level = 1; level <= 3; level++) {
		unsigned shift = wf_shift(12, level);

		for (unsigned bit = shift; bit < 48; bit++) {
			wf_map1(&f, BIT(31), BIT(bit), level, WF_S1_RW);
			if (bit < 40)
				wf_ok(&f, BIT(31), 'r', BIT(bit));
			else
				wf_faults(&f, BIT(31), 'r', SMMU_EVT_F_ADDR_SIZE, false,
					  SMMU_CLASS_IN, 0);
		}
		wf_wr(&f, wf_desc1(&f, BIT(31), 1), 0);
	}
	/* OAS 36: what is above is lost in silence (T-17d). */
	f.smmu.id.oas = 36;
	wf_map1(&f, BIT(31), BIT(39) | 0x5000, 3, WF_S1_RW);
	wf_ok(&f, BIT(31), 'r', 0x5000);
	wf_teardown(&f);
	/* Stage 2: n = 40 from level 1 concatenated. */
	wf_setup(&f, 44, 0);
	f.s2.fmt = SMMU_FMT_LPAE32;
	f.s2.ps = 40;
	wf_s2(&f, (struct wf_geom){ 12, 40, 1, false });
	wf_regime(&f, false, true);
	wf_map2(&f, BIT(39), BIT(39), 2, WF_S2_RW);
	wf_ok(&f, BIT(39) + 0x123456, 'r', BIT(39) + 0x123456);
	wf_map2(&f, BIT(39), BIT(40), 2, WF_S2_RW);
	wf_faults(&f, BIT(39), 'r', SMMU_EVT_F_ADDR_SIZE, true, SMMU_CLASS_IN, BIT(39));
	wf_teardown(&f);
}

/* CD.ENDI, STE.S2ENDI: T-16b. */
static void big_endian_tables(void **state)
{
	struct wf f;

	(void)state;
	for (int stage = 1; stage <= 2; stage++) {
		uint64_t va = 0x40000000;

		wf_setup(&f, 48, 0);
		wf_s1(&f, 0, wf_geom4k());
		wf_s2(&f, wf_geom4k());
		wf_regime(&f, stage == 1, stage == 2);
		if (stage == 1)
			wf_map1(&f, va, 0x12345000, 3, WF_S1_RW);
		else
			wf_map2(&f, va, 0x12345000, 3, WF_S2_RW);
		for (uint64_t pa = WF_RAM; pa < f.next; pa += 8) {
			uint64_t d = wf_rd(&f, pa);

			if (d != 0)
				wf_wr(&f, pa, __builtin_bswap64(d));
		}
		wf_faults(&f, va, 'r', SMMU_EVT_F_TRANSLATION, stage == 2, SMMU_CLASS_IN,
			  va);
		f.s1.endi = f.s2.endi = true;
		wf_ok(&f, va + 0x678, 'r', 0x12345678);
		wf_teardown(&f);
	}
}

/* T-16c: bits [63:1] of an invalid descriptor do not matter; 01 at level 3 is one. */
static void invalid_descriptors(void **state)
{
	struct wf f;
	uint64_t pa;

	(void)state;
	wf_setup(&f, 48, 0);
	wf_s1(&f, 0, wf_geom4k());
	wf_regime(&f, true, false);
	pa = wf_map1(&f, 0x1000, 0x5000, 3, WF_S1_RW);
	wf_ok(&f, 0x1000, 'r', 0x5000);
	wf_wr(&f, pa, wf_rd(&f, pa) & ~UINT64_C(2));
	wf_faults(&f, 0x1000, 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
	wf_wr(&f, pa, ~UINT64_C(1));
	wf_faults(&f, 0x1000, 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
	/* RES0 address bits of a block below its size are ignored (9.2). */
	pa = wf_desc1(&f, 0x1000, 2);
	wf_wr(&f, pa, 0x80000000 | 0x1ff000 | WF_S1_RW | 1);
	wf_ok(&f, 0x1234, 'r', 0x80001234);
	wf_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage1_every_leaf),
		cmocka_unit_test(stage2_every_leaf),
		cmocka_unit_test(nested_counts_every_read),
		cmocka_unit_test(nested_granules_mix),
		cmocka_unit_test(output_sizes),
		cmocka_unit_test(block_larger_than_the_output_range),
		cmocka_unit_test(bits_15_12_below_52),
		cmocka_unit_test(tables_beyond_48_bits),
		cmocka_unit_test(input_range_two_tables),
		cmocka_unit_test(input_range_one_table),
		cmocka_unit_test(e0pd),
		cmocka_unit_test(input_range_stage2),
		cmocka_unit_test(lpae32_spans),
		cmocka_unit_test(lpae32_output),
		cmocka_unit_test(big_endian_tables),
		cmocka_unit_test(invalid_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
