/* SPDX-License-Identifier: MIT */
/*
 * Properties: (1) a changed table is not seen until the right invalidation; (2) each
 * command removes what caching.md 4.2 says and leaves everything else, which is what
 * makes a driver's mistake show; (3) ranges end where they say, hints leave other
 * granules and levels alone; (4) an entry never serves another context.
 *
 * Entries are planted by translating; whether one is there is asked by probing: the
 * tables are changed first, so that only a cached entry gives the old address.
 */
#include <string.h>
#include "walk_fixture.h"

#define OLD UINT64_C(0x10000000)
#define NEW UINT64_C(0x20000000)

/* Which context to translate in. */
struct who {
	uint8_t world;
	bool s1, s2;
	uint16_t vmid, asid;
	bool aset;
};

struct bed {
	struct wf f;
	uint64_t table1[2], table2[2]; /* [0] old, [1] new */
};

/* Two sets of tables that map VA 0..16 MB to OLD + VA and NEW + VA. */
static void bed_setup(struct bed *b, bool global)
{
	wf_setup(&b->f, 48, 1024);
	for (int i = 0; i < 2; i++) {
		wf_s1(&b->f, 0, wf_geom4k());
		wf_s2(&b->f, wf_geom4k());
		b->table1[i] = b->f.s1.tt[0].base;
		b->table2[i] = b->f.s2.base;
		for (uint64_t va = 0; va < 64 * 4096; va += 4096) {
			wf_map1(&b->f, va, (i ? NEW : OLD) + va, 3,
				global ? WF_S1_RW & ~BIT(11) : WF_S1_RW);
			wf_map2(&b->f, va, (i ? NEW : OLD) + va, 3, WF_S2_RW);
		}
		/* 2 MB leaves at 16 MB, a 1 GB one at 1 GB. */
		for (uint64_t va = 16 << 20; va < 32 << 20; va += 2 << 20) {
			wf_map1(&b->f, va, (i ? NEW : OLD) + va, 2, WF_S1_RW);
			wf_map2(&b->f, va, (i ? NEW : OLD) + va, 2, WF_S2_RW);
		}
		wf_map1(&b->f, BIT(30), (i ? NEW : OLD) << 8, 1, WF_S1_RW);
		wf_map2(&b->f, BIT(30), (i ? NEW : OLD) << 8, 1, WF_S2_RW);
	}
}

/* Translates as `who` through the old or the new tables. */
static uint64_t go(struct bed *b, struct who w, uint64_t va, bool new)
{
	struct wf *f = &b->f;

	f->s1.tt[0].base = b->table1[new];
	f->s2.base = w.s1 && w.s2 ? 0 : b->table2[new];
	f->s1.world = f->rg.world = w.world;
	f->s1.one_table = w.world == SMMU_WORLD_NS_EL2;
	f->s1.asid = w.asid;
	f->s1.aset = w.aset;
	f->s2.vmid = f->rg.vmid = w.vmid;
	wf_regime(f, w.s1, w.s2);
	assert_true(wf_xlate(f, va, 'R'));
	return f->out.pa;
}

static void plant(struct bed *b, struct who w, uint64_t va)
{
	go(b, w, va, false);
	assert_true(b->f.out.pa == OLD + va || va >= BIT(30));
}

/* Is the old translation still there? Asking plants the new one if not. */
static bool stale(struct bed *b, struct who w, uint64_t va)
{
	uint64_t reads = b->f.smmu.stats.walk_reads;

	go(b, w, va, true);
	return b->f.smmu.stats.walk_reads == reads;
}

static void tlbi(struct bed *b, struct smmu_tlbi inv)
{
	if (inv.vmid_mask == 0)
		inv.vmid_mask = 0xffff;
	smmu_tlb_invalidate(&b->f.smmu, &inv);
}

static const struct who el1 = { SMMU_WORLD_NS_EL1, true, false, 1, 1, false };
static const struct who s2only = { SMMU_WORLD_NS_EL1, false, true, 1, 0, false };
static const struct who el2 = { SMMU_WORLD_NS_EL2, true, false, 0, 0, false };
static const struct who e2h = { SMMU_WORLD_NS_EL2_E2H, true, false, 0, 1, false };

static struct who with(struct who w, int vmid, int asid)
{
	w.vmid = (uint16_t)vmid;
	w.asid = (uint16_t)asid;
	return w;
}

static struct who aset(struct who w)
{
	w.aset = true;
	return w;
}

/* CACHE-6, CACHE-70: without an invalidation the old translation stays. */
static void stale_until_invalidated(void **state)
{
	const struct who all[] = { el1, s2only, el2, e2h };
	struct bed b;

	(void)state;
	bed_setup(&b, false);
	for (size_t i = 0; i < 4; i++) {
		plant(&b, all[i], 0x1000);
		assert_int_equal(go(&b, all[i], 0x1abc, true), OLD + 0x1abc);
		wf_flush(&b.f);
		assert_int_equal(go(&b, all[i], 0x1abc, true), NEW + 0x1abc);
	}
	wf_teardown(&b.f);
}

/* The scopes. A row: a command, and for each entry whether it must go. */
enum {
	E_11,
	E_12,
	E_21,
	E_OTHER_VA,
	E_G,
	E_G_ASET,
	E_G2,
	E_S2,
	E_S2_2,
	E_EL2,
	E_EL2_VA,
	E_E2H,
	E_E2H_2,
	E_E2H_G,
	ENTRIES
};

static struct who entry_who(unsigned e)
{
	switch (e) {
	case E_11:
	case E_OTHER_VA:
	case E_G:
		return el1;
	case E_12:
		return with(el1, 1, 2);
	case E_21:
	case E_G2:
		return with(el1, 2, 1);
	case E_G_ASET:
		return aset(el1);
	case E_S2:
		return s2only;
	case E_S2_2:
		return with(s2only, 2, 0);
	case E_EL2:
	case E_EL2_VA:
		return el2;
	case E_E2H:
	case E_E2H_G:
		return e2h;
	default:
		return with(e2h, 0, 2);
	}
}

static uint64_t entry_va(unsigned e)
{
	/* Globals lie elsewhere, so that they do not answer for the others. */
	if (e == E_G || e == E_G_ASET || e == E_G2 || e == E_E2H_G)
		return 0x3000;
	return e == E_OTHER_VA || e == E_EL2_VA ? 0x2000 : 0x1000;
}

/* The page at 0x3000 is global, in both tables. */
static void make_global(struct bed *b)
{
	for (int i = 0; i < 2; i++) {
		b->f.s1.tt[0].base = b->table1[i];
		wf_map1(&b->f, 0x3000, (i ? NEW : OLD) + 0x3000, 3, WF_S1_RW & ~BIT(11));
	}
}

#define M(e) (1u << (e))
#define EL1_ALL                                                                          \
	(M(E_11) | M(E_12) | M(E_21) | M(E_OTHER_VA) | M(E_G) | M(E_G_ASET) | M(E_G2))
#define EL1_VM1 (EL1_ALL & ~(M(E_21) | M(E_G2)))

static void
scopes(void **state) /* CACHE-20, CACHE-21, CACHE-34 to CACHE-39, CMD-33 to CMD-41 */
{
	static const struct {
		struct smmu_tlbi inv;
		unsigned goes;
	} rows[] = {
		{ { .scope = SMMU_TLBI_NH_ALL, .vmid = 1 }, EL1_VM1 },
		{ { .scope = SMMU_TLBI_NH_ALL, .vmid = 3 }, 0 },
		{ { .scope = SMMU_TLBI_NH_ASID, .vmid = 1, .asid = 1 },
		  M(E_11) | M(E_OTHER_VA) },
		{ { .scope = SMMU_TLBI_NH_ASID, .vmid = 1, .asid = 2 }, M(E_12) },
		{ { .scope = SMMU_TLBI_NH_ASID, .vmid = 2, .asid = 1 }, M(E_21) },
		{ { .scope = SMMU_TLBI_NH_ASID, .vmid = 2, .asid = 2 }, 0 },
		{ { .scope = SMMU_TLBI_NH_VA, .vmid = 1, .asid = 1, .addr = 0x1000 },
		  M(E_11) },
		{ { .scope = SMMU_TLBI_NH_VA,
		    .vmid = 1,
		    .asid = 1,
		    .addr = 0x1000,
		    .leaf = true },
		  M(E_11) },
		{ { .scope = SMMU_TLBI_NH_VA, .vmid = 1, .asid = 1, .addr = 0x2000 },
		  M(E_OTHER_VA) },
		/* Globals whatever the ASID, either ASET (CACHE-39). */
		{ { .scope = SMMU_TLBI_NH_VA, .vmid = 1, .asid = 9, .addr = 0x3000 },
		  M(E_G) | M(E_G_ASET) },
		{ { .scope = SMMU_TLBI_NH_VA, .vmid = 2, .asid = 9, .addr = 0x3000 },
		  M(E_G2) },
		{ { .scope = SMMU_TLBI_NH_VA, .vmid = 1, .asid = 1, .addr = 0x4000 }, 0 },
		{ { .scope = SMMU_TLBI_NH_VAA, .vmid = 1, .addr = 0x1000 },
		  M(E_11) | M(E_12) },
		{ { .scope = SMMU_TLBI_NH_VAA, .vmid = 1, .addr = 0x3000 },
		  M(E_G) | M(E_G_ASET) },
		{ { .scope = SMMU_TLBI_NH_VAA, .vmid = 2, .addr = 0x1000 }, M(E_21) },
		{ { .scope = SMMU_TLBI_S12_VMALL, .vmid = 1 }, EL1_VM1 | M(E_S2) },
		{ { .scope = SMMU_TLBI_S12_VMALL, .vmid = 2 },
		  M(E_21) | M(E_G2) | M(E_S2_2) },
		{ { .scope = SMMU_TLBI_S2_IPA, .vmid = 1, .addr = 0x1000 }, M(E_S2) },
		{ { .scope = SMMU_TLBI_S2_IPA, .vmid = 2, .addr = 0x1000 }, M(E_S2_2) },
		{ { .scope = SMMU_TLBI_S2_IPA, .vmid = 1, .addr = 0x2000 }, 0 },
		{ { .scope = SMMU_TLBI_NSNH_ALL }, EL1_ALL | M(E_S2) | M(E_S2_2) },
		{ { .scope = SMMU_TLBI_EL2_ALL },
		  M(E_EL2) | M(E_EL2_VA) | M(E_E2H) | M(E_E2H_2) | M(E_E2H_G) },
		{ { .scope = SMMU_TLBI_EL2_ASID, .asid = 1, .e2h = true }, M(E_E2H) },
		{ { .scope = SMMU_TLBI_EL2_VA, .asid = 1, .addr = 0x1000, .e2h = true },
		  M(E_E2H) },
		{ { .scope = SMMU_TLBI_EL2_VA, .asid = 9, .addr = 0x3000, .e2h = true },
		  M(E_E2H_G) },
		/* E2H = 0: the ASID does not matter (CMD-41). */
		{ { .scope = SMMU_TLBI_EL2_VA, .asid = 9, .addr = 0x1000 }, M(E_EL2) },
		{ { .scope = SMMU_TLBI_EL2_VAA, .addr = 0x2000 }, M(E_EL2_VA) },
		{ { .scope = SMMU_TLBI_EL2_VAA, .addr = 0x1000, .e2h = true },
		  M(E_E2H) | M(E_E2H_2) },
	};
	struct bed b;

	(void)state;
	bed_setup(&b, false);
	make_global(&b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wf_flush(&b.f);
		for (unsigned e = 0; e < ENTRIES; e++)
			plant(&b, entry_who(e), entry_va(e));
		tlbi(&b, rows[i].inv);
		for (unsigned e = 0; e < ENTRIES; e++)
			if (stale(&b, entry_who(e), entry_va(e)) !=
			    !(rows[i].goes >> e & 1))
				fail_msg("row %zu, entry %u %s", i, e,
					 rows[i].goes >> e & 1 ? "stayed" : "went");
	}
	wf_teardown(&b.f);
}

/* CACHE-38, CMD-37: the low VMID bits that VMW ignores; look-ups never ignore any. */
static void vmid_wildcard(void **state)
{
	struct bed b;

	(void)state;
	bed_setup(&b, false);
	for (unsigned k = 0; k <= 4; k++)
		for (unsigned scope = 0; scope < 6; scope++) {
			static const uint8_t scopes6[] = {
				SMMU_TLBI_NH_ALL, SMMU_TLBI_NH_ASID,   SMMU_TLBI_NH_VA,
				SMMU_TLBI_NH_VAA, SMMU_TLBI_S12_VMALL, SMMU_TLBI_S2_IPA
			};
			bool ipa = scopes6[scope] == SMMU_TLBI_S2_IPA;

			wf_flush(&b.f);
			for (int vmid = 0; vmid < 40; vmid++)
				plant(&b,
				      ipa ? with(s2only, vmid, 0) : with(el1, vmid, 1),
				      0x1000);
			tlbi(&b, (struct smmu_tlbi){ .scope = scopes6[scope],
						     .vmid = 21,
						     .vmid_mask = (uint16_t)(0xffff << k),
						     .asid = 1,
						     .addr = 0x1000 });
			for (int vmid = 0; vmid < 40; vmid++)
				assert_int_equal(stale(&b,
						       ipa ? with(s2only, vmid, 0)
							   : with(el1, vmid, 1),
						       0x1000),
						 vmid >> k != 21 >> k);
		}
	wf_teardown(&b.f);
}

/* CACHE-40, CMD-40: any address inside a block names it; sign extension counts. */
static void addresses(void **state)
{
	struct bed b;
	static const uint64_t inside[] = { 16 << 20, (16 << 20) + 0x1ff000, BIT(30),
					   BIT(30) + 0x12345000, BIT(31) - 0x1000 };

	(void)state;
	bed_setup(&b, false);
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		uint64_t va = inside[i];
		uint64_t bad[] = { va + BIT(31), va | BIT(63), va | BIT(47) };

		wf_flush(&b.f);
		plant(&b, el1, va);
		for (size_t j = 0; j < 3; j++)
			tlbi(&b, (struct smmu_tlbi){ .scope = SMMU_TLBI_NH_VA,
						     .vmid = 1,
						     .asid = 1,
						     .addr = bad[j] });
		assert_true(stale(&b, el1, va));
		tlbi(&b, (struct smmu_tlbi){ .scope = SMMU_TLBI_NH_VA,
					     .vmid = 1,
					     .asid = 1,
					     .addr = va });
		assert_false(stale(&b, el1, va));
	}
	wf_teardown(&b.f);
}

/* CACHE-41, CMD-42, CMD-44: exactly the range, whichever way it is carried out. */
static void range_bounds(void **state)
{
	struct bed b;

	(void)state;
	bed_setup(&b, false);
	for (int ipa = 0; ipa < 2; ipa++)
		for (unsigned first = 0; first < 12; first += 3)
			for (unsigned n = 1; n < 40; n += 5) {
				struct who w = ipa ? s2only : el1;
				struct smmu_tlbi inv = { .scope = ipa ? SMMU_TLBI_S2_IPA
								      : SMMU_TLBI_NH_VA,
							 .range = true,
							 .granule = 12,
							 .vmid = 1,
							 .asid = 1,
							 .addr = first * 4096u,
							 .len = n * 4096u };

				/* Few entries: the context is walked; many: the range. */
				for (unsigned step = 1; step <= 16; step *= 4) {
					wf_flush(&b.f);
					for (unsigned p = 0; p < 64; p += step)
						plant(&b, w, p * 4096u);
					plant(&b, w, 16 << 20);
					tlbi(&b, inv);
					for (unsigned p = 0; p < 64; p += step)
						assert_int_equal(stale(&b, w, p * 4096u),
								 p < first ||
									 p >= first + n);
					assert_true(stale(&b, w, 16 << 20));
				}
			}
	/* To the end of everything, saturated. */
	plant(&b, el1, 0x1000);
	plant(&b, el1, 16 << 20);
	tlbi(&b, (struct smmu_tlbi){ .scope = SMMU_TLBI_NH_VA,
				     .range = true,
				     .granule = 12,
				     .vmid = 1,
				     .asid = 1,
				     .addr = 0x2000,
				     .len = UINT64_MAX });
	assert_true(stale(&b, el1, 0x1000));
	assert_false(stale(&b, el1, 16 << 20));
	wf_teardown(&b.f);
}

/* CMD-45: TG and TTL must match what the entry was made from. */
static void hints(void **state)
{
	static const struct {
		uint64_t va;
		uint8_t ttl; /* that names it */
	} at[] = { { 0x1000, 3 }, { 16 << 20, 2 }, { UINT64_C(1) << 30, 1 } };
	static const uint8_t granules[] = { 12, 14, 16 };
	struct bed b;

	(void)state;
	bed_setup(&b, false);
	for (int ipa = 0; ipa < 2; ipa++)
		for (size_t i = 0; i < 3; i++)
			for (size_t g = 0; g < 3; g++)
				for (uint8_t ttl = 0; ttl < 4; ttl++) {
					struct who w = ipa ? s2only : el1;
					bool goes = granules[g] == 12 &&
						    (ttl == 0 || ttl == at[i].ttl);

					wf_flush(&b.f);
					plant(&b, w, at[i].va);
					tlbi(&b,
					     (struct smmu_tlbi){
						     .scope = ipa ? SMMU_TLBI_S2_IPA
								  : SMMU_TLBI_NH_VA,
						     .range = true,
						     .granule = granules[g],
						     .ttl = ttl,
						     .vmid = 1,
						     .asid = 1,
						     .addr = at[i].va,
						     .len = UINT64_C(2) << granules[g] });
					assert_int_equal(stale(&b, w, at[i].va), !goes);
				}
	wf_teardown(&b.f);
}

/* CMD-43: 16 KB with TTL 1 is no hint unless IDR5.DS. */
static void hint_16k_ttl1(void **state)
{
	struct wf f;

	(void)state;
	for (int ds = 0; ds < 2; ds++) {
		struct smmu_tlbi inv = { .scope = SMMU_TLBI_NH_VA,
					 .range = true,
					 .granule = 14,
					 .ttl = 1,
					 .vmid = 1,
					 .asid = 1,
					 .vmid_mask = 0xffff,
					 .len = 0x4000 };

		wf_setup(&f, 48, 64);
		f.smmu.cfg.ds = (uint8_t)ds;
		wf_s1(&f, 0, (struct wf_geom){ 14, 47, 1, false });
		wf_regime(&f, true, false);
		wf_map1(&f, 0, 0x10000, 3, WF_S1_RW);
		wf_ok(&f, 0, 'r', 0x10000);
		wf_reads(&f);
		smmu_tlb_invalidate(&f.smmu, &inv);
		wf_ok(&f, 0, 'r', 0x10000);
		assert_int_equal(wf_reads(&f), ds ? 0 : 3);
		wf_teardown(&f);
	}
}

/* CACHE-20: look-ups compare everything; ASET only of globals (CACHE-21, CD-32). */
static void contexts_do_not_mix(void **state)
{
	struct bed b;

	(void)state;
	bed_setup(&b, false);
	make_global(&b);
	plant(&b, el1, 0x1000);
	assert_true(stale(&b, aset(el1), 0x1000)); /* non-global: one namespace */
	assert_false(stale(&b, with(el1, 2, 1), 0x1000));
	assert_false(stale(&b, with(el1, 1, 2), 0x1000));
	assert_false(stale(&b, e2h, 0x1000));
	assert_false(stale(&b, el2, 0x1000));
	assert_false(stale(&b, s2only, 0x1000));
	plant(&b, el1, 0x3000);
	assert_true(stale(&b, with(el1, 1, 2), 0x3000)); /* global: any ASID */
	assert_false(stale(&b, aset(el1), 0x3000));
	assert_false(stale(&b, with(el1, 2, 1), 0x3000));
	wf_teardown(&b.f);
}

/* F_PERMISSION is cached like the rest: an upgrade needs its invalidation (CACHE-70). */
static void permissions_are_stale_too(void **state)
{
	struct wf f;

	(void)state;
	for (int stage2 = 0; stage2 < 2; stage2++) {
		uint64_t d, rw = stage2 ? WF_S2_RW : WF_S1_RW;
		struct smmu_tlbi inv = { .scope = stage2 ? SMMU_TLBI_S2_IPA
							 : SMMU_TLBI_NH_VA,
					 .vmid = 1,
					 .asid = 1,
					 .vmid_mask = 0xffff,
					 .addr = 0x1000 };

		wf_setup(&f, 48, 64);
		wf_s1(&f, 0, wf_geom4k());
		wf_s2(&f, wf_geom4k());
		wf_regime(&f, !stage2, stage2);
		d = stage2 ? wf_map2(&f, 0x1000, 0x5000, 3, rw ^ BIT(7))
			   : wf_map1(&f, 0x1000, 0x5000, 3, rw ^ BIT(7));
		wf_faults(&f, 0x1000, 'w', SMMU_EVT_F_PERMISSION, stage2, SMMU_CLASS_IN,
			  0x1000);
		wf_wr(&f, d, 0x5003 | rw);
		wf_faults(&f, 0x1000, 'w', SMMU_EVT_F_PERMISSION, stage2, SMMU_CLASS_IN,
			  0x1000);
		wf_ok(&f, 0x1000, 'r', 0x5000);
		smmu_tlb_invalidate(&f.smmu, &inv);
		wf_ok(&f, 0x1000, 'w', 0x5000);
		wf_wr(&f, d, 0x5003 | (rw ^ BIT(7))); /* and a downgrade */
		wf_ok(&f, 0x1000, 'w', 0x5000);
		smmu_tlb_invalidate(&f.smmu, &inv);
		wf_faults(&f, 0x1000, 'w', SMMU_EVT_F_PERMISSION, stage2, SMMU_CLASS_IN,
			  0x1000);
		wf_teardown(&f);
	}
}

/* T-15: a disabled table stops walks, not hits. */
static void epd_and_hits(void **state)
{
	struct bed b;

	(void)state;
	bed_setup(&b, false);
	plant(&b, el1, 0x1000);
	b.f.s1.tt[0].en = false;
	assert_true(stale(&b, el1, 0x1000));
	wf_faults(&b.f, 0x2000, 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
	wf_teardown(&b.f);
}

/* CACHE-71: at BBML level 1 a block with nT is not kept. */
static void nt_blocks(void **state)
{
	struct wf f;

	(void)state;
	for (unsigned bbml = 0; bbml < 3; bbml++) {
		wf_setup(&f, 48, 64);
		f.smmu.cfg.bbml = (uint8_t)bbml;
		wf_s1(&f, 0, wf_geom4k());
		wf_regime(&f, true, false);
		wf_map1(&f, 0, 0x200000, 2, WF_S1_RW | BIT(16));
		wf_ok(&f, 0x1000, 'r', 0x201000);
		wf_reads(&f);
		wf_ok(&f, 0x1000, 'r', 0x201000);
		assert_int_equal(wf_reads(&f), bbml == 1 ? 3 : 0);
		wf_teardown(&f);
	}
}

/* S2P = 0 or 8-bit VMIDs: a VMID that does not exist matches nothing (CMD-36). */
static void vmid_out_of_range(void **state)
{
	struct wf f;
	struct smmu_tlbi inv = { .scope = SMMU_TLBI_NH_ALL,
				 .vmid = 1,
				 .vmid_mask = 0xffff };

	(void)state;
	wf_setup(&f, 48, 64);
	smmu_tlb_destroy(f.smmu.tlb);
	f.smmu.cfg.s2p = 0;
	assert_int_equal(smmu_tlb_create(&f.smmu.tlb, &f.smmu.cfg, f.smmu.voids), 0);
	f.rg.vmid = 0;
	wf_s1(&f, 0, wf_geom4k());
	wf_regime(&f, true, false);
	wf_map1(&f, 0, 0x5000, 3, WF_S1_RW);
	wf_ok(&f, 0, 'r', 0x5000);
	wf_reads(&f);
	smmu_tlb_invalidate(&f.smmu, &inv);
	wf_ok(&f, 0, 'r', 0x5000);
	assert_int_equal(wf_reads(&f), 0);
	inv.vmid = 0;
	smmu_tlb_invalidate(&f.smmu, &inv);
	wf_ok(&f, 0, 'r', 0x5000);
	assert_int_equal(wf_reads(&f), 4);
	wf_teardown(&f);
}

/* Small TLBs: more pages, ASIDs and VMIDs than fit; every answer stays right. */
static void capacity(void **state)
{
	(void)state;
	for (unsigned entries = 1; entries <= 64; entries *= 4) {
		struct wf f;

		wf_setup(&f, 48, entries);
		wf_s1(&f, 0, wf_geom4k());
		wf_regime(&f, true, false);
		for (uint64_t p = 0; p < 256; p++)
			wf_map1(&f, p * 4096, (p + 7) * 4096, 3,
				p & 1 ? WF_S1_RW : WF_S1_RW & ~BIT(11));
		for (unsigned round = 0; round < 2000; round++) {
			uint64_t p = round * 2654435761u >> 8 & 255;

			f.s1.asid = (uint16_t)(round * 40503u >> 4 & 63);
			f.rg.vmid = (uint16_t)(round % 37);
			f.s1.aset = round & 64;
			wf_ok(&f, p * 4096, 'r', (p + 7) * 4096);
		}
		wf_teardown(&f);
	}
}

/* Statistics and trace: what happened is told. */
static void note(void *ctx, const struct smmu_trace *t)
{
	unsigned *n = ctx;

	n[t->kind]++;
}

static void told(void **state)
{
	struct bed b;
	unsigned n[32] = { 0 };

	(void)state;
	bed_setup(&b, false);
	b.f.smmu.trace = note;
	b.f.smmu.trace_ctx = n;
	plant(&b, el1, 0x1000);
	plant(&b, el1, 0x1000);
	assert_int_equal(n[SMMU_TRACE_TLB_MISS], 1);
	assert_int_equal(n[SMMU_TRACE_TLB_INSERT], 1);
	assert_int_equal(n[SMMU_TRACE_TLB_HIT], 1);
	assert_int_equal(n[SMMU_TRACE_WALK], 4);
	assert_int_equal(b.f.smmu.stats.tlb_hits, 1);
	assert_int_equal(b.f.smmu.stats.tlb_misses, 1);
	tlbi(&b, (struct smmu_tlbi){ .scope = SMMU_TLBI_NSNH_ALL });
	assert_int_equal(b.f.smmu.stats.tlb_invalidations, 1);
	wf_teardown(&b.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stale_until_invalidated),
		cmocka_unit_test(scopes),
		cmocka_unit_test(vmid_wildcard),
		cmocka_unit_test(addresses),
		cmocka_unit_test(range_bounds),
		cmocka_unit_test(hints),
		cmocka_unit_test(hint_16k_ttl1),
		cmocka_unit_test(contexts_do_not_mix),
		cmocka_unit_test(permissions_are_stale_too),
		cmocka_unit_test(epd_and_hits),
		cmocka_unit_test(nt_blocks),
		cmocka_unit_test(vmid_out_of_range),
		cmocka_unit_test(capacity),
		cmocka_unit_test(told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
