/* SPDX-License-Identifier: MIT */
/*
 * Property: every combination of the bits that decide a permission grants and denies
 * what chapter 10 of the digest says; the truth here is written from the access's side
 * (may this access pass?), the model computes masks.
 */
#include <string.h>
#include "walk_fixture.h"

/* One stage-1 case, bit by bit. */
struct s1case {
	bool ap1, ap2, pxn, xn, dbm;	    /* leaf */
	bool ap1t, ap2t, pxnt, xnt;	    /* table */
	bool had, pan, epan, wxn, uwxn, hd; /* CD */
	bool lpae32, one;
};

static struct s1case s1case(unsigned n)
{
#define B(i) ((n >> (i)) & 1)
	return (struct s1case){ .ap1 = B(0),
				.ap2 = B(1),
				.pxn = B(2),
				.xn = B(3),
				.dbm = B(4),
				.ap1t = B(5),
				.ap2t = B(6),
				.pxnt = B(7),
				.xnt = B(8),
				.had = B(9),
				.pan = B(10),
				.epan = B(11),
				.wxn = B(12),
				.uwxn = B(13),
				.hd = B(14) };
#undef B
}

/* May a data write pass, leaving PAN aside? */
static bool writes(const struct s1case *c, bool priv)
{
	bool limits = !c->had;

	if (limits && c->ap2t)
		return false; /* nobody may write below that table */
	if (c->ap2 && !(c->dbm && c->hd))
		return false; /* read-only for good */
	if (c->one || priv)
		return true;
	return c->ap1 && !(limits && c->ap1t);
}

static bool reads(const struct s1case *c, bool priv)
{
	if (c->one || priv)
		return true;
	return c->ap1 && !(!c->had && c->ap1t);
}

/* 10.1; WXN aside where before_wxn. CD-24, CD-26. */
static bool executes(const struct s1case *c, bool priv, bool before_wxn)
{
	bool never = c->xn || (!c->had && c->xnt);
	bool pnever = c->pxn || (!c->had && c->pxnt);

	if (c->one)
		return !never && !(c->wxn && writes(c, true));
	if (!before_wxn && c->wxn && writes(c, priv))
		return false;
	if (c->lpae32) {
		if (priv)
			return !never && !pnever && !(c->uwxn && writes(c, false));
		return !never && reads(c, false);
	}
	return priv ? !pnever && !writes(c, false) : !never;
}

/* CD-25 */
static bool pan_stops(const struct s1case *c)
{
	if (!c->pan || c->one)
		return false;
	return reads(c, false) || writes(c, false) ||
	       (c->epan && executes(c, false, true));
}

static bool s1_truth(const struct s1case *c, char what)
{
	bool priv = what < 'a' || c->one;

	switch (what | 32) {
	case 'x':
		return executes(c, priv, false);
	case 'r':
		return reads(c, priv) && !(priv && pan_stops(c));
	case 'w':
		return writes(c, priv) && !(priv && pan_stops(c));
	default:
		return reads(c, priv) && writes(c, priv) && !(priv && pan_stops(c));
	}
}

static void try_all(struct wf *f, uint64_t leaf_pa, uint64_t leaf, const struct s1case *c)
{
	static const char all[] = "rwxaRWXA";

	for (const char *a = all; *a != 0; a++) {
		bool want = s1_truth(c, *a), got;

		wf_wr(f, leaf_pa, leaf);
		got = wf_xlate(f, 0, *a);
		if (got != want)
			fail_msg("%c: %s; ap %d%d pxn %d xn %d dbm %d table %d%d %d%d "
				 "had %d pan "
				 "%d%d wxn %d%d hd %d one %d",
				 *a, got ? "passed" : "denied", c->ap2, c->ap1, c->pxn,
				 c->xn, c->dbm, c->ap2t, c->ap1t, c->pxnt, c->xnt, c->had,
				 c->pan, c->epan, c->wxn, c->uwxn, c->hd, c->one);
		if (got)
			continue;
		assert_int_equal(f->fault.event, SMMU_EVT_F_PERMISSION);
		assert_int_equal(f->fault.cls, SMMU_CLASS_IN);
		assert_false(f->fault.s2);
		assert_false(f->fault.dirtybit);
	}
}

static void s1_matrix(bool lpae32, bool one)
{
	struct wf f;
	uint64_t top, leaf_pa;

	wf_setup(&f, 40, 0);
	if (lpae32)
		f.s1.fmt = SMMU_FMT_LPAE32;
	wf_s1(&f, 0, (struct wf_geom){ 12, 30, 2, false });
	wf_regime(&f, true, false);
	leaf_pa = wf_map1(&f, 0, 0x5000, 3, 0);
	top = wf_desc1(&f, 0, 2);
	for (unsigned n = 0; n < 1u << 15; n++) {
		struct s1case c = s1case(n);
		uint64_t table = (wf_rd(&f, top) & (BIT(48) - 1)) |
				 (uint64_t)c.ap1t << 61 | (uint64_t)c.ap2t << 62 |
				 (uint64_t)c.pxnt << 59 | (uint64_t)c.xnt << 60;

		c.lpae32 = lpae32;
		c.one = one;
		if (lpae32 && (c.hd || c.dbm || c.epan))
			continue; /* not there */
		if (!lpae32 && c.uwxn)
			continue;
		if (one && (c.pan || c.epan))
			continue;
		f.s1.one_table = one;
		f.s1.pan = c.pan;
		f.s1.epan = c.epan;
		f.s1.wxn = c.wxn;
		f.s1.uwxn = c.uwxn;
		f.s1.ha = f.s1.hd = c.hd;
		f.s1.tt[0].had = c.had;
		wf_wr(&f, top, table);
		try_all(&f, leaf_pa,
			UINT64_C(0x5003) | BIT(10) | (uint64_t)c.ap1 << 6 |
				(uint64_t)c.ap2 << 7 | (uint64_t)c.pxn << 53 |
				(uint64_t)c.xn << 54 | (uint64_t)c.dbm << 51,
			&c);
	}
	wf_teardown(&f);
}

static void stage1_direct_64(void **state) /* T-17b, CD-24, CD-25, CD-26 */
{
	(void)state;
	s1_matrix(false, false);
}

static void stage1_direct_64_one_table(void **state) /* T-17b */
{
	(void)state;
	s1_matrix(false, true);
}

static void stage1_direct_32(void **state) /* T-17b, CD-24 */
{
	(void)state;
	s1_matrix(true, false);
}

static void stage1_direct_32_one_table(void **state) /* T-17b */
{
	(void)state;
	s1_matrix(true, true);
}

/* HD without HA acts as off (CD-23). */
static void dirty_needs_ha(void **state)
{
	struct wf f;

	(void)state;
	wf_setup(&f, 40, 0);
	wf_s1(&f, 0, wf_geom4k());
	wf_regime(&f, true, false);
	wf_map1(&f, 0, 0x5000, 3, WF_S1_RW | BIT(7) | BIT(51));
	f.s1.hd = true;
	wf_faults(&f, 0, 'w', SMMU_EVT_F_PERMISSION, false, SMMU_CLASS_IN, 0);
	f.s1.ha = true;
	wf_ok(&f, 0, 'w', 0x5000);
	wf_teardown(&f);
}

/* CD-34, CD-25: 10.2. PIIP[i] = i & 7, PIIU[i] by a rotation; legality is not ours. */
static void stage1_indirect(void **state)
{
	static const char all[] = "rwxaRWXA";
	struct wf f;
	uint64_t pa;

	(void)state;
	wf_setup(&f, 40, 0);
	wf_s1(&f, 0, wf_geom4k());
	wf_regime(&f, true, false);
	pa = wf_map1(&f, 0, 0x5000, 3, 0);
	f.s1.pie = true;
	for (unsigned n = 0; n < 16 * 8 * 8 * 16; n++) {
		unsigned idx = n & 15, p = n >> 4 & 7, u = n >> 7 & 7;
		bool pan = n >> 10 & 1, nd = n >> 11 & 1, hd = n >> 12 & 1,
		     wxn = n >> 13 & 1;

		f.s1.piip = ~(UINT64_C(7) << (3 * idx)) | (uint64_t)p << (3 * idx);
		f.s1.piiu = ~(UINT64_C(7) << (3 * idx)) | (uint64_t)u << (3 * idx);
		f.s1.pan = pan;
		f.s1.wxn = wxn; /* no effect (CD-24) */
		f.s1.ha = f.s1.hd = hd;
		for (const char *a = all; *a != 0; a++) {
			unsigned have = *a < 'a' ? p : u;
			char low = (char)(*a | 32);
			bool w = low == 'w' || low == 'a', want, got;

			if (*a < 'a' && pan && u != 0)
				have &= 2;
			want = low == 'x'   ? have & 2
			       : low == 'r' ? have & 1
			       : low == 'w' ? have & 4
					    : (have & 5) == 5;
			wf_wr(&f, pa,
			      UINT64_C(0x5003) | BIT(10) | (uint64_t)(idx & 1) << 6 |
				      (uint64_t)(idx >> 1 & 1) << 51 |
				      (uint64_t)(idx >> 2 & 1) << 53 |
				      (uint64_t)(idx >> 3 & 1) << 54 | (uint64_t)nd << 7);
			got = wf_xlate(&f, 0, *a);
			assert_int_equal(got, want && !(w && nd && !hd));
			if (!got)
				assert_int_equal(f.fault.dirtybit, want);
			/* Cleared when the write was let through, and only then. */
			assert_int_equal(wf_rd(&f, pa) >> 7 & 1, nd && !(w && got));
		}
	}
	wf_teardown(&f);
}

/* 10.3. T-18c. */
static void stage2_direct(void **state)
{
	static const char all[] = "rwxaRWXA";
	struct wf f;
	uint64_t pa;

	(void)state;
	wf_setup(&f, 40, 0);
	wf_s2(&f, wf_geom4k());
	wf_regime(&f, false, true);
	pa = wf_map2(&f, 0x1000, 0x5000, 3, 0);
	for (unsigned n = 0; n < 1u << 8; n++) {
		bool r = n & 1, w = n >> 1 & 1, xnx = n >> 4 & 1, lpae = n >> 5 & 1;
		bool dbm = n >> 6 & 1, hd = n >> 7 & 1;
		unsigned xn = n >> 2 & 3;

		if (lpae && hd)
			continue;
		f.smmu.cfg.xnx = xnx;
		f.s2.fmt = lpae ? SMMU_FMT_LPAE32 : SMMU_FMT_V864;
		f.s2.ha = f.s2.hd = hd;
		for (const char *a = all; *a != 0; a++) {
			bool priv = *a < 'a', x, want, ww = w || (dbm && hd);

			if (!xnx)
				x = !(xn & 2);
			else
				x = xn == 0 || (xn == 1 && !priv) || (xn == 3 && priv);
			if (lpae)
				x = x && r;
			want = (*a | 32) == 'x'	  ? x
			       : (*a | 32) == 'r' ? r
			       : (*a | 32) == 'w' ? ww
						  : r && ww;
			wf_wr(&f, pa,
			      UINT64_C(0x5003) | BIT(10) | 0x3c | (uint64_t)r << 6 |
				      (uint64_t)w << 7 | (uint64_t)xn << 53 |
				      (uint64_t)dbm << 51);
			if (want) {
				wf_ok(&f, 0x1000, *a, 0x5000);
				continue;
			}
			wf_faults(&f, 0x1000, *a, SMMU_EVT_F_PERMISSION, true,
				  SMMU_CLASS_IN, 0x1000);
			/* CHOICE: an atomic that only lacks R dirties nothing. */
			assert_int_equal(wf_rd(&f, pa) >> 7 & 1, w);
		}
	}
	wf_teardown(&f);
}

/* Section 8: RnW of an atomic's F_PERMISSION, either stage; T-17b, EVT-39. */
static void atomic_rnw(void **state)
{
	struct wf f;
	uint64_t pa;

	(void)state;
	wf_setup(&f, 40, 0);
	wf_s2(&f, wf_geom4k());
	wf_regime(&f, false, true);
	pa = wf_map2(&f, 0x1000, 0x5000, 3, WF_S2_RW);
	for (unsigned ap = 0; ap < 3; ap++) {
		wf_wr(&f, pa,
		      (WF_S2_RW & ~(UINT64_C(3) << 6)) | 0x5003 | (uint64_t)ap << 6);
		wf_faults(&f, 0x1000, 'a', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_IN,
			  0x1000);
		assert_int_equal(f.fault.rnw, ap == 2); /* has W, lacks R */
	}
	wf_wr(&f, pa, 0); /* other events of an atomic: 0; of a read: 1; of a write: 0 */
	wf_faults(&f, 0x1000, 'a', SMMU_EVT_F_TRANSLATION, true, SMMU_CLASS_IN, 0x1000);
	assert_false(f.fault.rnw);
	wf_faults(&f, 0x1000, 'r', SMMU_EVT_F_TRANSLATION, true, SMMU_CLASS_IN, 0x1000);
	assert_true(f.fault.rnw);
	wf_faults(&f, 0x1000, 'x', SMMU_EVT_F_TRANSLATION, true, SMMU_CLASS_IN, 0x1000);
	assert_true(f.fault.rnw);
	wf_faults(&f, 0x1000, 'w', SMMU_EVT_F_TRANSLATION, true, SMMU_CLASS_IN, 0x1000);
	assert_false(f.fault.rnw);
	wf_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage1_direct_64),
		cmocka_unit_test(stage1_direct_64_one_table),
		cmocka_unit_test(stage1_direct_32),
		cmocka_unit_test(stage1_direct_32_one_table),
		cmocka_unit_test(dirty_needs_ha),
		cmocka_unit_test(stage1_indirect),
		cmocka_unit_test(stage2_direct),
		cmocka_unit_test(atomic_rnw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
