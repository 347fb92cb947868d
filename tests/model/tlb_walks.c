/* SPDX-License-Identifier: MIT */
/*
 * The walk cache, cfg.walk_cache: tables on the way are found again without being read,
 * stay after an invalidation with Leaf 1, and go with Leaf 0 and whatever is wider
 * (CACHE-34, CACHE-41). 0x200000 bytes of pages hang from one table, which the tests
 * replace by another without telling, then tell in different ways.
 */
#include <string.h>
#include "walk_fixture.h"

enum { STAGE1, STAGE2, NESTED };
#define SPAN  UINT64_C(0x40000000) /* what the table translates, 2 MB */
#define OLD   UINT64_C(0x10000000)
#define NEW   UINT64_C(0x20000000)
#define PAGES 16

static void setup(struct wf *f, unsigned kind, bool on)
{
	wf_setup(f, 48, 1024);
	f->smmu.cfg.walk_cache = on;
	wf_s1(f, 0, wf_geom4k());
	wf_s2(f, wf_geom4k());
	wf_regime(f, kind != STAGE2, kind != STAGE1);
	if (kind == NESTED) {
		wf_s2_ram(f, 2, WF_S2_RW);
		wf_map2(f, OLD, OLD, 2, WF_S2_RW);
		wf_map2(f, NEW, NEW, 2, WF_S2_RW);
	}
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t off = i * 4096;

		if (kind == STAGE2)
			wf_map2(f, SPAN + off, OLD + off, 3, WF_S2_RW);
		else
			wf_map1(f, SPAN + off, OLD + off, 3, WF_S1_RW);
	}
}

/* The descriptor of the table now leads to another, with other pages. */
static void replace(struct wf *f, unsigned kind)
{
	uint64_t at = kind == STAGE2 ? wf_desc2(f, SPAN, 2) : wf_desc1(f, SPAN, 2);
	uint64_t table = wf_alloc(f, 4096, 4096), attrs;

	attrs = kind == STAGE2 ? WF_S2_RW : WF_S1_RW;
	for (uint64_t i = 0; i < PAGES; i++)
		wf_wr(f, table + 8 * i, (NEW + i * 4096) | attrs | 3);
	wf_wr(f, at, table | 3);
}

/* ---- what is read ---- */

static void fewer_reads(void **state)
{
	/* Four levels, or one; nested, each table's own stage 2 is in the TLB by then. */
	static const unsigned first[] = { 4, 4, 24 }, second[] = { 1, 1, 1 + 4 };

	(void)state;
	for (unsigned n = 0; n < 6; n++) {
		unsigned kind = n % 3;
		bool on = n / 3;
		uint64_t reads;
		struct wf f;

		setup(&f, kind, on);
		wf_reads(&f);
		wf_ok(&f, SPAN, 'r', OLD);
		reads = wf_reads(&f);
		assert_true(reads <= first[kind] && reads >= 4);
		wf_ok(&f, SPAN + 0x1000, 'r', OLD + 0x1000);
		reads = wf_reads(&f);
		if (on)
			assert_true(reads <= second[kind]);
		else
			assert_true(reads >= 4);
		wf_teardown(&f);
	}
}

/* ---- when it must go ---- */

struct op {
	struct smmu_tlbi inv;
	bool tables; /* they go */
};

static void check(unsigned kind, const struct op *op)
{
	struct wf f;

	setup(&f, kind, true);
	wf_ok(&f, SPAN, 'r', OLD);
	replace(&f, kind);
	/* A page that no entry is cached of: through the table that is. */
	wf_ok(&f, SPAN + 0x1000, 'r', OLD + 0x1000);
	smmu_tlb_invalidate(&f.smmu, &op->inv);
	wf_ok(&f, SPAN + 0x2000, 'r', (op->tables ? NEW : OLD) + 0x2000);
	wf_teardown(&f);
}

#define VA(leaf_, asid_)                                                                 \
	.scope = SMMU_TLBI_NH_VA, .vmid = 1, .vmid_mask = 0xffff, .asid = asid_,         \
	.addr = SPAN + 0x3000, .leaf = leaf_

/* CACHE-34, CACHE-36: by what covers the address, in that space and no other. */
static void stage1_tables_go(void **state)
{
	static const struct op ops[] = {
		{ { VA(false, 1) }, true },
		{ { VA(true, 1) }, false },
		{ { VA(false, 2) }, false },
		{ { .scope = SMMU_TLBI_NH_VAA,
		    .vmid = 1,
		    .vmid_mask = 0xffff,
		    .addr = SPAN },
		  true },
		{ { .scope = SMMU_TLBI_NH_VAA,
		    .vmid = 1,
		    .vmid_mask = 0xffff,
		    .addr = SPAN,
		    .leaf = true },
		  false },
		/* another table's */
		{ { .scope = SMMU_TLBI_NH_VAA,
		    .vmid = 1,
		    .vmid_mask = 0xffff,
		    .addr = SPAN + 0x200000 },
		  false },
		{ { .scope = SMMU_TLBI_NH_ASID,
		    .vmid = 1,
		    .vmid_mask = 0xffff,
		    .asid = 1 },
		  true },
		{ { .scope = SMMU_TLBI_NH_ASID,
		    .vmid = 1,
		    .vmid_mask = 0xffff,
		    .asid = 2 },
		  false },
		{ { .scope = SMMU_TLBI_NH_ALL, .vmid = 1, .vmid_mask = 0xffff }, true },
		{ { .scope = SMMU_TLBI_NH_ALL, .vmid = 2, .vmid_mask = 0xffff }, false },
		{ { .scope = SMMU_TLBI_S12_VMALL, .vmid = 1, .vmid_mask = 0xffff },
		  true },
		{ { .scope = SMMU_TLBI_NSNH_ALL }, true },
		{ { .scope = SMMU_TLBI_EL2_ALL }, false },
		/* Ranges: of pages; TTL 3 is above no table, TTL 2 not above this one. */
		{ { VA(false, 1), .range = true, .granule = 12, .len = 8192 }, true },
		{ { VA(true, 1), .range = true, .granule = 12, .len = 8192 }, false },
		{ { VA(false, 1), .range = true, .granule = 12, .ttl = 3, .len = 8192 },
		  true },
		{ { VA(false, 1), .range = true, .granule = 12, .ttl = 2, .len = 8192 },
		  false },
		/* of another granule */
		{ { VA(false, 1), .range = true, .granule = 16, .len = 65536 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		check(STAGE1, &ops[i]);
		check(NESTED, &ops[i]);
	}
}

/* CACHE-35: stage 2's tables, by IPA. */
static void stage2_tables_go(void **state)
{
	static const struct op ops[] = {
		{ { .scope = SMMU_TLBI_S2_IPA,
		    .vmid = 1,
		    .vmid_mask = 0xffff,
		    .addr = SPAN },
		  true },
		{ { .scope = SMMU_TLBI_S2_IPA,
		    .vmid = 1,
		    .vmid_mask = 0xffff,
		    .addr = SPAN,
		    .leaf = true },
		  false },
		{ { .scope = SMMU_TLBI_S2_IPA,
		    .vmid = 2,
		    .vmid_mask = 0xffff,
		    .addr = SPAN },
		  false },
		{ { .scope = SMMU_TLBI_NH_ALL, .vmid = 1, .vmid_mask = 0xffff }, false },
		{ { .scope = SMMU_TLBI_S12_VMALL, .vmid = 1, .vmid_mask = 0xffff },
		  true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		check(STAGE2, &ops[i]);
}

/* Whose it is: another ASID, or VMID, walks for itself (CACHE-20). */
static void tables_are_tagged(void **state)
{
	struct wf f;

	(void)state;
	setup(&f, STAGE1, true);
	wf_ok(&f, SPAN, 'r', OLD);
	replace(&f, STAGE1);
	f.s1.asid = 2;
	wf_ok(&f, SPAN + 0x1000, 'r', NEW + 0x1000);
	f.s1.asid = 1;
	wf_ok(&f, SPAN + 0x1000, 'r', OLD + 0x1000);
	f.rg.vmid = 2;
	wf_ok(&f, SPAN + 0x1000, 'r', NEW + 0x1000);
	wf_teardown(&f);
}

/* APTable and XNTable of the tables that were skipped count all the same (10.1). */
static void limits_are_kept(void **state)
{
	uint64_t at;
	struct wf f;

	(void)state;
	setup(&f, STAGE1, true);
	at = wf_desc1(&f, SPAN, 1);
	wf_wr(&f, at, wf_rd(&f, at) | BIT(62)); /* APTable: no writes */
	wf_ok(&f, SPAN, 'r', OLD);
	wf_reads(&f);
	wf_faults(&f, SPAN + 0x1000, 'w', SMMU_EVT_F_PERMISSION, false, SMMU_CLASS_IN, 0);
	assert_int_equal(wf_reads(&f), 1);
	wf_ok(&f, SPAN + 0x2000, 'r', OLD + 0x2000);
	wf_teardown(&f);
}

/* CACHE-7: no table of a walk that ended at an invalid descriptor. */
static void failed_walks_leave_nothing(void **state)
{
	struct wf f;

	(void)state;
	setup(&f, STAGE1, true);
	wf_faults(&f, SPAN + 0x100000, 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN,
		  0);
	replace(&f, STAGE1);
	wf_ok(&f, SPAN, 'r', NEW);
	wf_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fewer_reads),
		cmocka_unit_test(stage1_tables_go),
		cmocka_unit_test(stage2_tables_go),
		cmocka_unit_test(tables_are_tagged),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(failed_walks_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
