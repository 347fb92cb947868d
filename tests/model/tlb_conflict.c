/* SPDX-License-Identifier: MIT */
/*
 * Property: F_TLB_CONFLICT is what a change of size without break-before-make leads to
 * at BBML 0 and 1, where an entry of each size translates the address; never with
 * break-before-make, never at BBML 2 (CACHE-71), never if it is not to be noticed.
 */
#include "walk_fixture.h"

#define BLOCK UINT64_C(0x40000000) /* 2 MB */
#define PAGE  (BLOCK + 0x5000)
#define OTHER (BLOCK + 0x9000)
#define PA    UINT64_C(0x60000000)

enum { STAGE1, STAGE2, NESTED };

static void setup(struct wf *f, unsigned kind, unsigned bbml, bool unnoticed)
{
	wf_setup(f, 48, 64);
	smmu_tlb_destroy(f->smmu.tlb);
	f->smmu.cfg.bbml = (uint8_t)bbml;
	f->smmu.cfg.no_tlb_conflict = unnoticed;
	assert_int_equal(smmu_tlb_create(&f->smmu.tlb, &f->smmu.cfg, f->smmu.voids), 0);
	wf_s1(f, 0, wf_geom4k());
	wf_s2(f, wf_geom4k());
	wf_regime(f, kind != STAGE2, kind != STAGE1);
	if (kind == NESTED) {
		wf_s2_ram(f, 2, WF_S2_RW);
		wf_map2(f, PA, PA, 2, WF_S2_RW);
	}
}

static uint64_t map(struct wf *f, unsigned kind, uint64_t addr, uint64_t pa, int level)
{
	return kind == STAGE2 ? wf_map2(f, addr, pa, level, WF_S2_RW)
			      : wf_map1(f, addr, pa, level, WF_S1_RW);
}

static void invalidate(struct wf *f, unsigned kind, uint64_t addr)
{
	const struct smmu_tlbi inv = {
		.scope = kind == STAGE2 ? SMMU_TLBI_S2_IPA : SMMU_TLBI_NH_VA,
		.vmid = 1,
		.vmid_mask = 0xffff,
		.asid = 1,
		.addr = addr,
	};

	smmu_tlb_invalidate(&f->smmu, &inv);
}

/* A page is cached, then its table becomes a block, and that is cached through OTHER. */
static void page_then_block(struct wf *f, unsigned kind, bool bbm)
{
	map(f, kind, PAGE, PA + 0x5000, 3);
	wf_ok(f, PAGE, 'r', PA + 0x5000);
	if (bbm)
		invalidate(f, kind, PAGE);
	map(f, kind, BLOCK, PA, 2);
	wf_ok(f, OTHER, 'r', PA + 0x9000);
}

/* CACHE-80, CACHE-71: both sides of each condition. */
static void conflict(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 36; n++) {
		unsigned kind = n % 3, bbml = n / 3 % 3;
		bool bbm = n / 9 & 1, unnoticed = n / 18;
		struct wf f;

		setup(&f, kind, bbml, unnoticed);
		page_then_block(&f, kind, bbm);
		/* Where one entry translates there is no conflict. */
		wf_ok(&f, OTHER, 'w', PA + 0x9000);
		if (bbm || unnoticed || bbml == 2) {
			wf_ok(&f, PAGE, 'r', PA + 0x5000);
		} else {
			wf_faults(&f, PAGE, 'r', SMMU_EVT_F_TLB_CONFLICT, kind == STAGE2,
				  SMMU_CLASS_IN, PAGE); /* EVT-40 */
			wf_faults(&f, PAGE, 'w', SMMU_EVT_F_TLB_CONFLICT, kind == STAGE2,
				  SMMU_CLASS_IN, PAGE);
			/* CACHE-72: one command removes both. */
			invalidate(&f, kind, PAGE);
			wf_ok(&f, PAGE, 'r', PA + 0x5000);
			wf_ok(&f, PAGE, 'w', PA + 0x5000);
		}
		wf_teardown(&f);
	}
}

/* The block that overlapped another entry grants and denies what it says. */
static void marked_block_keeps_permissions(void **state)
{
	struct wf f;
	uint64_t d;

	(void)state;
	setup(&f, STAGE1, 1, false);
	map(&f, STAGE1, PAGE, PA + 0x5000, 3);
	wf_ok(&f, PAGE, 'r', PA + 0x5000);
	d = map(&f, STAGE1, BLOCK, PA, 2);
	wf_wr(&f, d, wf_rd(&f, d) | BIT(7)); /* read-only */
	wf_ok(&f, OTHER, 'r', PA + 0x9000);
	wf_reads(&f);
	wf_ok(&f, OTHER, 'R', PA + 0x9000);
	assert_int_equal(wf_reads(&f), 0);
	wf_faults(&f, OTHER, 'w', SMMU_EVT_F_PERMISSION, false, SMMU_CLASS_IN, 0);
	assert_int_equal(wf_reads(&f), 0);
	wf_teardown(&f);
}

/* Pages under a block: the block answers until it is invalidated, so nothing overlaps. */
static void block_then_page(void **state)
{
	struct wf f;

	(void)state;
	setup(&f, STAGE1, 1, false);
	map(&f, STAGE1, BLOCK, PA, 2);
	wf_ok(&f, PAGE, 'r', PA + 0x5000);
	wf_wr(&f, wf_desc1(&f, BLOCK, 2), 0);
	map(&f, STAGE1, PAGE, PA + 0x105000, 3);
	wf_ok(&f, PAGE, 'r', PA + 0x5000);
	invalidate(&f, STAGE1, PAGE);
	wf_ok(&f, PAGE, 'r', PA + 0x105000);
	wf_teardown(&f);
}

/* CACHE-71: at level 1 a block with nT is not cached, so that it never conflicts. */
static void nt_block(void **state)
{
	struct wf f;
	uint64_t d;

	(void)state;
	setup(&f, STAGE1, 1, false);
	map(&f, STAGE1, PAGE, PA + 0x5000, 3);
	wf_ok(&f, PAGE, 'r', PA + 0x5000);
	d = map(&f, STAGE1, BLOCK, PA, 2);
	wf_wr(&f, d, wf_rd(&f, d) | BIT(16));
	wf_ok(&f, OTHER, 'r', PA + 0x9000);
	wf_ok(&f, PAGE, 'r', PA + 0x5000);
	wf_teardown(&f);
}

/* Found among many, by list and by address: pages elsewhere do not count. */
static void among_many(void **state)
{
	struct wf f;

	(void)state;
	setup(&f, STAGE1, 0, false);
	for (uint64_t i = 0; i < 16; i++) {
		map(&f, STAGE1, BLOCK + (8u << 20) + i * 4096, PA + i * 4096, 3);
		wf_ok(&f, BLOCK + (8u << 20) + i * 4096, 'r', PA + i * 4096);
	}
	page_then_block(&f, STAGE1, true);
	wf_ok(&f, PAGE, 'r', PA + 0x5000);
	invalidate(&f, STAGE1, BLOCK);
	wf_wr(&f, wf_desc1(&f, BLOCK, 2), 0);
	page_then_block(&f, STAGE1, false);
	wf_faults(&f, PAGE, 'r', SMMU_EVT_F_TLB_CONFLICT, false, SMMU_CLASS_IN, 0);
	wf_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conflict),
		cmocka_unit_test(marked_block_keeps_permissions),
		cmocka_unit_test(block_then_page),
		cmocka_unit_test(nt_block),
		cmocka_unit_test(among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
