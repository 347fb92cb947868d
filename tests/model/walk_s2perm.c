/* SPDX-License-Identifier: MIT */
/*
 * Properties (IHI 0070 3.26.2, 3.27; translation.md 10.4): (1) base and overlay grant
 * what both grant, code by code; (2) base codes stay in the TLB, the overlay does not;
 * (3) dirty state; (4) the TopLevel and AssuredOnly checks; (5) which reason is named.
 */
#include <string.h>
#include "walk_fixture.h"

#define VA	UINT64_C(0x40001000)
#define IPA	UINT64_C(0x60002000)
#define PA	UINT64_C(0x5000)
#define DIRTY	BIT(7)
#define PROT	BIT(52)
#define ASSURED BIT(58)
#define CODES	UINT64_C(0xfedcba9876543210) /* S2PII: PIIndex is the code */

/* PIIndex in {54, 53, 51, 6}. */
static uint64_t pii(unsigned i)
{
	return (uint64_t)(i >> 3 & 1) << 54 | (uint64_t)(i >> 2 & 1) << 53 |
	       (uint64_t)(i >> 1 & 1) << 51 | (uint64_t)(i & 1) << 6;
}

static uint64_t leaf(unsigned code)
{
	return pii(code) | DIRTY | BIT(10) | UINT64_C(15) << 2 | UINT64_C(3) << 8;
}

/* What the table of S2PIR_EL2 prints for a code: letters that pass. */
static const char *granted(unsigned code)
{
	static const char *const by_code[16] = {
		"",   "",    "rR",  "rR",   "wW",     "",	 "rR",	    "rR",
		"rR", "rxR", "rRX", "rxRX", "rwaRWA", "rwaxRWA", "rwaRWAX", "rwaxRWAX",
	};

	return by_code[code];
}

static bool grants(unsigned code, char what)
{
	return strchr(granted(code), what) != NULL;
}

static void only_s2(struct wf *f, unsigned tlb)
{
	wf_setup(f, 48, tlb);
	wf_s2(f, wf_geom4k());
	wf_regime(f, false, true);
	f->s2.pie = true;
	f->smmu.regs.s2pii = CODES;
}

/* REG-117, STE-67: every code for every access; Overlay says which half refused. */
static void codes(void **state)
{
	static const char accesses[] = "rwaxRWAX";

	(void)state;
	for (unsigned tlb = 0; tlb < 32; tlb += 16) {
		struct wf f;

		only_s2(&f, tlb);
		for (unsigned base = 0; base < 16; base++)
			for (const char *a = accesses; *a; a++) {
				bool ok = grants(base, *a);

				wf_map2(&f, IPA, PA, 3, leaf(base));
				f.s2.poe = false;
				wf_flush(&f);
				assert_int_equal(wf_xlate(&f, IPA, *a), ok);
				assert_int_equal(wf_xlate(&f, IPA, *a), ok);
				if (!ok)
					assert_false(f.fault.overlay);
			}
		wf_teardown(&f);
	}
}

/*
 * EVT-39, EVT-15, 13.1.1: Overlay and RnW of an atomic follow the half that is denied
 * first, which is the write, by base or overlay.
 */
static void check_denied(const struct wf *f, unsigned base, unsigned over, char what)
{
	bool priv = what < 'a';
	char write = priv ? 'W' : 'w', read = priv ? 'R' : 'r', half = what;

	if (what == 'a' || what == 'A') {
		half = grants(base, write) && grants(over, write) ? read : write;
		assert_int_equal(f->fault.rnw, half == read);
	}
	assert_int_equal(f->fault.overlay, !grants(over, half));
}

static void overlays(void **state)
{
	static const char accesses[] = "rwaxRWAX";
	struct wf f;

	(void)state;
	only_s2(&f, 16);
	f.s2.poe = true;
	f.s2.poi = CODES;
	for (unsigned n = 0; n < 256; n++) {
		unsigned base = n & 15, over = n >> 4;

		/* STE-37: POIndex is [62:59]. */
		wf_map2(&f, IPA, PA, 3, leaf(base) | (uint64_t)over << 59);
		wf_flush(&f);
		for (const char *a = accesses; *a; a++) {
			/* MRO and RW together, or the reverse, read like MRO. */
			bool ok = grants(base, *a) && grants(over, *a);

			assert_int_equal(wf_xlate(&f, IPA, *a), ok);
			if (ok)
				continue;
			assert_int_equal(f.fault.event, SMMU_EVT_F_PERMISSION);
			check_denied(&f, base, over, *a);
			assert_false(f.fault.dirtybit || f.fault.assured_only);
		}
	}
	wf_teardown(&f);
}

/* CACHE-11: what S2POI does to an access is not in the TLB; S2PII (REG-117) is. */
static void cached_base_live_overlay(void **state)
{
	struct wf f;

	(void)state;
	only_s2(&f, 16);
	f.s2.poe = true;
	f.s2.poi = UINT64_MAX;
	wf_map2(&f, IPA, PA, 3, leaf(15));
	wf_ok(&f, IPA, 'w', PA);
	f.s2.poi = UINT64_C(0x8888888888888888);
	wf_faults(&f, IPA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_IN, IPA);
	assert_true(f.fault.overlay);
	wf_ok(&f, IPA, 'r', PA);
	f.s2.poi = UINT64_MAX;
	f.smmu.regs.s2pii = 0;
	wf_ok(&f, IPA, 'w', PA);
	wf_flush(&f);
	wf_faults(&f, IPA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_IN, IPA);
	wf_teardown(&f);
}

/* 10.4: Dirty == 0 is set with HD, and is the last reason to refuse without. */
static void dirty(void **state)
{
	(void)state;
	for (unsigned tlb = 0; tlb < 32; tlb += 16) {
		struct wf f;
		uint64_t d;

		only_s2(&f, tlb);
		d = wf_map2(&f, IPA, PA, 3, leaf(12) & ~DIRTY);
		wf_ok(&f, IPA, 'r', PA);
		wf_faults(&f, IPA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_IN, IPA);
		assert_true(f.fault.dirtybit); /* EVT-39, EVT-49 */
		/* Not writable at all: that comes first. */
		wf_wr(&f, d, (wf_rd(&f, d) & ~pii(15)) | pii(8));
		wf_flush(&f);
		wf_faults(&f, IPA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_IN, IPA);
		assert_false(f.fault.dirtybit);
		wf_wr(&f, d, (wf_rd(&f, d) & ~pii(15)) | pii(12));
		wf_flush(&f);
		f.s2.ha = f.s2.hd = true;
		wf_ok(&f, IPA, 'r', PA);
		assert_int_equal(wf_rd(&f, d) & DIRTY, 0);
		wf_ok(&f, IPA, 'w', PA);
		assert_int_equal(wf_rd(&f, d) & DIRTY, DIRTY);
		wf_teardown(&f);
	}
}

/*
 * Nested, stage-1 tables on pages of the code `tables` at stage 2, the output on one of
 * `out`; everything Protected and assured but what a test takes away.
 */
static uint64_t hardened(struct wf *f, unsigned tables, unsigned out, unsigned tlb)
{
	uint64_t d1;

	wf_setup(f, 48, tlb);
	wf_s1(f, 0, wf_geom4k());
	wf_s2(f, wf_geom4k());
	wf_regime(f, true, true);
	f->s2.pie = true;
	f->smmu.regs.s2pii = CODES;
	f->s1.pnch = f->s1.cd_assured = true;
	d1 = wf_map1(f, VA, IPA, 3, WF_S1_RW | PROT);
	for (int level = 0; level < 3; level++) {
		uint64_t pa = wf_desc1(f, VA, level);

		wf_wr(f, pa, wf_rd(f, pa) | PROT);
	}
	wf_s2_ram(f, 2, leaf(tables));
	wf_map2(f, IPA, PA, 3, leaf(out));
	return d1;
}

/* TL0 and TL1 against the page that holds the first table of TTB0 (D8.15.5.1). */
static void top_level_0(void **state)
{
	static const struct {
		unsigned code;
		bool passes[4]; /* by TL1:TL0 */
	} rows[] = {
		{ 15, { true, false, true, false } },
		{ 8, { true, false, true, false } },
		{ 2, { true, false, true, false } },
		{ 3, { true, false, false, false } },
		{ 6, { true, true, true, true } },
		{ 7, { true, true, true, true } },
	};

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		for (unsigned tl = 0; tl < 4; tl++) {
			struct wf f;

			hardened(&f, rows[i].code, 15, tl & 1 ? 64 : 0);
			f.s2.tl0 = tl & 1;
			f.s2.tl1 = tl & 2;
			if (rows[i].passes[tl])
				wf_ok(&f, VA, 'r', PA); /* STE-68 */
			else
				wf_faults(&f, VA, 'r', SMMU_EVT_F_PERMISSION, true,
					  SMMU_CLASS_TT, f.s1.tt[0].base);
			wf_teardown(&f);
		}
}

/* The same through TTB1, where the two change places; only the first table counts. */
static void top_level_1(void **state)
{
	static const struct {
		unsigned code;
		bool passes[4];
	} rows[] = {
		{ 15, { true, true, false, false } }, { 2, { true, true, false, false } },
		{ 6, { true, false, false, false } }, { 3, { true, true, true, true } },
		{ 7, { true, true, true, true } },
	};
	const uint64_t va = UINT64_C(0xffff000000001000);

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		for (unsigned tl = 0; tl < 4; tl++) {
			struct wf f;

			hardened(&f, 15, 15, 0);
			wf_s1(&f, 1, wf_geom4k());
			wf_map1(&f, va, IPA, 3, WF_S1_RW);
			/* By pages from here on: the first table alone has the code. */
			for (uint64_t pa = WF_RAM; pa < WF_RAM + (2u << 20); pa += 4096) {
				if (pa == WF_RAM)
					wf_wr(&f, wf_desc2(&f, pa, 2), 0);
				wf_map2(&f, pa, pa, 3, leaf(15));
			}
			wf_map2(&f, f.s1.tt[1].base, f.s1.tt[1].base, 3,
				leaf(rows[i].code));
			f.s2.tl0 = tl & 1;
			f.s2.tl1 = tl & 2;
			assert_int_equal(wf_xlate(&f, va, 'r'), rows[i].passes[tl]);
			wf_teardown(&f);
		}
}

/* What each of the conditions of an assured translation is worth alone. */
static void assured_only(void **state)
{
	enum { ALL, NO_TL0, NOT_MRO, NO_PNCH, LEAF, TABLE, CD, CASES };

	(void)state;
	for (unsigned n = 0; n < 2 * CASES; n++) {
		unsigned missing = n / 2;
		struct wf f;
		uint64_t d1 =
			hardened(&f, missing == NOT_MRO ? 15 : 7, 15, n & 1 ? 64 : 0);
		uint64_t d0 = wf_desc1(&f, VA, 1);

		f.s2.assured_only = true;
		f.s2.tl0 = missing != NO_TL0 && missing != NOT_MRO;
		f.s1.pnch = missing != NO_PNCH;
		f.s1.cd_assured = missing != CD;
		if (missing == LEAF)
			wf_wr(&f, d1, wf_rd(&f, d1) & ~PROT);
		if (missing == TABLE)
			wf_wr(&f, d0, wf_rd(&f, d0) & ~PROT);
		wf_ok(&f, VA, 'w', PA); /* nothing is AssuredOnly yet */
		wf_map2(&f, IPA, PA, 3, leaf(15) | ASSURED);
		wf_flush(&f);
		if (missing == ALL) {
			wf_ok(&f, VA, 'w', PA);
			wf_ok(&f, VA, 'r', PA);
		} else {
			wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_IN,
				  IPA);
			assert_true(f.fault.assured_only); /* EVT-39 */
			/* Also from what the first attempt may have cached. */
			wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_IN,
				  IPA);
			assert_true(f.fault.assured_only);
		}
		f.s2.assured_only = false; /* bit 58 is software's then */
		wf_flush(&f);
		wf_ok(&f, VA, 'w', PA);
		wf_teardown(&f);
	}
}

/* Tables on AssuredOnly pages: each level needs what the levels before it earned. */
static void assured_tables(void **state)
{
	struct wf f;
	uint64_t d0;

	(void)state;
	hardened(&f, 7, 15, 0);
	wf_s2_ram(&f, 2, leaf(7) | ASSURED);
	f.s2.assured_only = f.s2.tl0 = true;
	wf_ok(&f, VA, 'w', PA);
	d0 = wf_desc1(&f, VA, 0);
	wf_wr(&f, d0, wf_rd(&f, d0) & ~PROT);
	wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_TT,
		  wf_desc1(&f, VA, 1));
	assert_true(f.fault.assured_only && f.fault.ttrnw);
	wf_wr(&f, d0, wf_rd(&f, d0) | PROT);
	/* The first table too is read through TTB0: TL0 or nothing. */
	f.s2.tl0 = false;
	wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_TT, d0);
	assert_true(f.fault.assured_only);
	wf_teardown(&f);
}

/* 3.27.2: stage 1 bypassed, so not assured; AssuredOnly is named before the rest. */
static void assured_bypass(void **state)
{
	struct wf f;

	(void)state;
	only_s2(&f, 16);
	wf_map2(&f, IPA, PA, 3, leaf(8) | ASSURED);
	wf_ok(&f, IPA, 'r', PA);
	wf_flush(&f);
	f.s2.assured_only = true;
	wf_faults(&f, IPA, 'w', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_IN, IPA);
	assert_true(f.fault.assured_only && !f.fault.rnw); /* EVT-49 */
	wf_faults(&f, IPA, 'r', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_IN, IPA);
	assert_true(f.fault.assured_only && f.fault.rnw);
	wf_teardown(&f);
}

/* An update of a stage-1 descriptor wants write-by-MMU: MRO has it, RO and WO do not. */
static void updates_want_mmu_write(void **state)
{
	(void)state;
	for (unsigned code = 2; code < 16; code++) {
		bool mmu = code == 2 || code == 3 || code == 6 || code == 7 || code >= 12;
		struct wf f;
		uint64_t d1;

		if (code == 4 || code == 5)
			continue; /* not readable */
		d1 = hardened(&f, code, 15, 0);
		wf_wr(&f, d1, wf_rd(&f, d1) & ~BIT(10));
		f.s1.ha = true;
		if (mmu) {
			wf_ok(&f, VA, 'r', PA);
			assert_int_equal(wf_rd(&f, d1) & BIT(10), BIT(10));
		} else {
			wf_faults(&f, VA, 'r', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_TT,
				  d1);
			assert_false(f.fault.ttrnw);
		}
		wf_teardown(&f);
	}
}

/*
 * EVT-49: of a stage-1 table, base and overlay are asked first, then S2PTW, which has no
 * flag in the record, and only what is left is the dirty state's.
 */
static void device_before_dirty(void **state)
{
	static const struct {
		bool ptw, device;
		unsigned over;
		bool overlay, dirtybit;
	} rows[] = {
		{ false, false, 15, false, true }, { true, false, 15, false, true },
		{ true, true, 15, false, false },  { false, true, 15, false, true },
		{ true, true, 4, true, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t bits = leaf(12) & ~(DIRTY | UINT64_C(0xf) << 2);
		struct wf f;
		uint64_t d1;

		d1 = hardened(&f, 12, 15, 0);
		bits |= (uint64_t)rows[i].over << 59;
		wf_s2_ram(&f, 2, bits | (rows[i].device ? 0 : UINT64_C(0xf) << 2));
		f.s2.poe = true;
		f.s2.poi = CODES;
		f.s2.ptw = rows[i].ptw;
		f.s1.ha = true;
		wf_wr(&f, d1, wf_rd(&f, d1) & ~BIT(10));
		wf_flush(&f);
		assert_false(wf_xlate(&f, VA, 'r'));
		assert_int_equal(f.fault.event, SMMU_EVT_F_PERMISSION);
		assert_true(f.fault.s2 && f.fault.cls == SMMU_CLASS_TT);
		assert_int_equal(f.fault.overlay, rows[i].overlay);
		assert_int_equal(f.fault.dirtybit, rows[i].dirtybit);
		wf_teardown(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_before_dirty),
		cmocka_unit_test(codes),
		cmocka_unit_test(overlays),
		cmocka_unit_test(cached_base_live_overlay),
		cmocka_unit_test(dirty),
		cmocka_unit_test(top_level_0),
		cmocka_unit_test(top_level_1),
		cmocka_unit_test(assured_only),
		cmocka_unit_test(assured_tables),
		cmocka_unit_test(assured_bypass),
		cmocka_unit_test(updates_want_mmu_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
