/* SPDX-License-Identifier: MIT */
/* The Device Permission Table: registers, descriptors, rights, faults (3.24). */
#include "model/dpt_bench.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define PAGE (H_RAM + 0x3000000)
#define BOTH 3u /* A */

static void no_dpt(struct smmu_config *cfg)
{
	cfg->dpt = 0;
}

static void small(struct smmu_config *cfg)
{
	cfg->vmid16 = 0;
	cfg->oas = 2; /* 40 bits */
	cfg->vax = cfg->ds = 0;
	cfg->gran16k = 0;
}

static void registers(void **state)
{
	struct dbench b;
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, no_dpt);
	/* REG-6 */
	h_wr64(&h, SMMU_REG_DPT_BASE, ~0ull);
	assert_int_equal(h_rd64(&h, SMMU_REG_DPT_BASE), 0);
	h_wr32(&h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_DPT_WALK_EN));
	assert_int_equal(h_rd32(&h, SMMU_REG_CR0), 0);
	h_teardown(&h);
	d_open(&b, NULL);
	/* REG-115, DPT-2: fixed while walks are on */
	h_wr64(&b.h, SMMU_REG_DPT_BASE, 0);
	h_wr32(&b.h, SMMU_REG_DPT_BASE_CFG, 0);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_DPT_BASE), b.l0);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_DPT_BASE_CFG), D_CFG);
	d_walks(&b, false);
	h_wr64(&b.h, SMMU_REG_DPT_BASE, ~0ull);
	h_wr32(&b.h, SMMU_REG_DPT_BASE_CFG, ~0u);
	/* REG-15: OAS is 52 */
	assert_int_equal(h_rd64(&b.h, SMMU_REG_DPT_BASE), 0x400ffffffffff000ull);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_DPT_BASE_CFG), 0xf0c007);
	d_close(&b);
}

/* REG-116, DPT-8: the first fault sticks until a write with FAULT 0. */
static void far_sticks(void **state)
{
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	d_walks(&b, false);
	assert_false(d_read(&b, PAGE));
	assert_false(d_read(&b, PAGE + 0x1000));
	assert_int_equal(h_rd64(&b.h, SMMU_REG_DPT_CFG_FAR), PAGE | D_DISABLED);
	/* a write with FAULT 1 does nothing, in either half */
	h_wr64(&b.h, SMMU_REG_DPT_CFG_FAR, 1);
	h_wr32(&b.h, SMMU_REG_DPT_CFG_FAR + 4, 0);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_DPT_CFG_FAR), PAGE | D_DISABLED);
	h_wr32(&b.h, SMMU_REG_DPT_CFG_FAR, 0);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_DPT_CFG_FAR), 0);
	/* GERROR stays as it is, and was not raised twice */
	assert_true((h_rd32(&b.h, SMMU_REG_GERROR) ^ h_rd32(&b.h, SMMU_REG_GERRORN)) &
		    SMMU_MASK(SMMU_GERROR_DPT_ERR));
	assert_false(d_read(&b, PAGE + 0x1000));
	assert_int_equal(d_far(&b), (PAGE + 0x1000) | D_DISABLED);
	d_close(&b);
}

/* DPT-8: bad registers, before anything is fetched. */
static void bad_registers(void **state)
{
	static const struct {
		uint32_t cfg;
		bool ok;
	} rows[] = {
		{ D_CFG, true },
		/* DPTPS: 32, 52 (OAS), reserved */
		{ (D_CFG & ~7u) | 0, true },
		{ (D_CFG & ~7u) | 6, true },
		{ (D_CFG & ~7u) | 7, false },
		/* DPTGS: 64 KB, 16 KB, reserved */
		{ D_CFG | 1 << 14, true },
		{ D_CFG | 2 << 14, true },
		{ D_CFG | 3 << 14, false },
		/* L0DPTSZ: 34, 36, 39 of 40 bits; the rest reserved */
		{ D_CFG | 4 << 20, true },
		{ D_CFG | 6 << 20, true },
		{ D_CFG | 9 << 20, true },
		{ D_CFG | 1 << 20, false },
		{ D_CFG | 5 << 20, false },
		{ D_CFG | 10 << 20, false },
		{ D_CFG | 15u << 20, false },
		/* more than DPTPS: 36 bits of 36, of 32 */
		{ (D_CFG & ~7u) | 1 | 6 << 20, true },
		{ (D_CFG & ~7u) | 0 | 6 << 20, false },
	};
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t want = rows[i].ok ? 0 : PAGE | D_WALK_0;

		d_l0(&b, H_RAM >> 30, 0);
		d_config(&b, b.l0, rows[i].cfg);
		assert_false(d_read(&b, PAGE));
		if (d_far(&b) != want)
			fail_msg("row %u", i);
	}
	d_close(&b);
	/* DPTPS and DPTGS as far as the SMMU has them */
	d_open(&b, small);
	d_config(&b, b.l0, (D_CFG & ~7u) | 3);
	assert_false(d_read(&b, PAGE));
	assert_int_equal(d_far(&b), PAGE | D_WALK_0);
	d_config(&b, b.l0, D_CFG | 2 << 14);
	assert_false(d_read(&b, PAGE));
	assert_int_equal(d_far(&b), PAGE | D_WALK_0);
	d_close(&b);
}

/* DPT-3: beyond DPTPS is a Device Access fault; but lookup faults come first. */
static void beyond_the_table(void **state)
{
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	assert_false(d_read(&b, 1ull << 40));
	assert_int_equal(d_far(&b), 0);
	d_walks(&b, false);
	assert_false(d_read(&b, 1ull << 40));
	assert_int_equal(d_far(&b), 1ull << 40 | D_DISABLED);
	d_close(&b);
}

/* DPT-3, DPT-4: index and alignment of level 0, Block entries. */
static void blocks(void **state)
{
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	/* the last of 2^10 entries */
	d_l0(&b, 1023, 1 | d_right(D_AC_VMID | D_W, D_VMID));
	assert_true(d_write(&b, 1023ull << 30 | 0x12345000));
	/* the table is aligned to its size, 8 KB */
	d_config(&b, b.l0 | 0x1000, D_CFG);
	d_dpti_all(&b);
	assert_true(d_write(&b, 1023ull << 30));
	d_l0(&b, 1022, 1 | d_right(D_AC_VMID, D_VMID));
	assert_true(d_read(&b, 1022ull << 30));
	assert_false(d_write(&b, 1022ull << 30));
	/* DPT-1: only what the table says */
	assert_false(d_read(&b, 1021ull << 30));
	assert_int_equal(d_far(&b), 0);
	d_close(&b);
}

/* DPT-4: what makes a level 0 entry invalid. */
static void bad_level0(void **state)
{
	static const struct {
		uint64_t desc, far;
	} rows[] = {
		{ 0, 0 },
		{ 4, D_WALK_0 },
		{ 2, D_WALK_0 },
		{ 1 | D_AC_VMID | D_VMID << 16, 0 },
		{ 1 | D_AC_ANY, 0 },
		/* AC 11; a VMID with AC 10; RES0 */
		{ 1 | 3 << 2, D_WALK_0 },
		{ 1 | D_AC_ANY | 1 << 16, D_WALK_0 },
		{ 1 | 1 << 5, D_WALK_0 },
		{ 1 | 1 << 15, D_WALK_0 },
		{ 1 | 1ull << 32, D_WALK_0 },
		/* Table: RES0 below and above its address; beyond OAS */
		{ 3 | H_RAM | 1 << 2, D_WALK_0 },
		{ 3 | H_RAM | 1ull << 56, D_WALK_0 },
		{ 3 | H_RAM | 1ull << 52, D_WALK_0 },
		/* nothing answers there */
		{ 3 | 0x10000000, D_EABT_1 },
	};
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		d_l0(&b, H_RAM >> 30, rows[i].desc);
		d_dpti_all(&b);
		(void)d_ask(&b, SMMU_DPT_VMATCH_NONE, 0, PAGE, false);
		if (d_far(&b) != (rows[i].far ? PAGE | rows[i].far : 0))
			fail_msg("row %u", i);
	}
	d_config(&b, 0x10000000, D_CFG);
	d_dpti_all(&b);
	assert_false(d_read(&b, PAGE));
	assert_int_equal(d_far(&b), PAGE | D_EABT_0);
	d_close(&b);
}

static uint64_t halves(uint64_t a, uint64_t lower, uint64_t upper)
{
	return a | lower | upper << 32;
}

/* DPT-5: two granules in an entry; DPT-3: PA[gs] selects. */
static void granules(void **state)
{
	uint64_t ro = d_right(D_AC_VMID, D_VMID), rw = ro | D_W;
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	d_l1(&b, PAGE, halves(BOTH, rw, ro));
	assert_true(d_write(&b, PAGE + 0xff0));
	assert_true(d_read(&b, PAGE + 0x1000));
	assert_false(d_write(&b, PAGE + 0x1000));
	assert_false(d_read(&b, PAGE + 0x2000));
	d_l1(&b, PAGE, halves(1, rw, 0));
	d_dpti_all(&b);
	assert_true(d_write(&b, PAGE));
	assert_false(d_read(&b, PAGE + 0x1000));
	d_l1(&b, PAGE, halves(2, 0, rw));
	d_dpti_all(&b);
	assert_false(d_read(&b, PAGE));
	assert_true(d_write(&b, PAGE + 0x1000));
	assert_int_equal(d_far(&b), 0);
	/* 64 KB granules: the entry for PAGE is that of its 128 KB */
	d_config(&b, b.l0, D_CFG | 1 << 14);
	h_write64(&b.h, b.l1 + 8 * ((PAGE & 0x3fffffff) >> 17), halves(1, rw, 0));
	d_dpti_all(&b);
	assert_true(d_write(&b, PAGE + 0xf000));
	assert_false(d_read(&b, PAGE + 0x10000));
	d_close(&b);
}

/* DPT-5: what makes a level 1 entry invalid. */
static void bad_level1(void **state)
{
	uint64_t ok = d_right(D_AC_VMID, D_VMID);
	const struct {
		uint64_t desc;
		bool bad;
	} rows[] = {
		{ halves(BOTH, ok, ok), false },
		/* RES0 */
		{ halves(BOTH, ok, ok) | 1 << 5, true },
		{ halves(BOTH, ok, ok) | 1 << 12, true },
		{ halves(BOTH, ok, ok) | 1ull << 32, true },
		{ halves(BOTH, ok, ok) | 1ull << 37, true },
		{ halves(BOTH, ok, ok) | 1ull << 47, true },
		/* A 00: everything is */
		{ 0, false },
		{ ok, true },
		{ 1 << 8, true },
		/* the half that A leaves out; Contig with one half */
		{ halves(1, ok, 0), false },
		{ halves(1, ok, D_W), true },
		{ halves(2, ok, ok), true },
		{ halves(1, ok, 0) | 1 << 8, true },
		/* AC 11, in either half */
		{ halves(BOTH, 3 << 2, ok), true },
		{ halves(BOTH, ok, 3 << 2), true },
		{ halves(BOTH, ok, D_AC_ANY | 1 << 16), true },
		/* Contig 1 to 5 reach 1 GB; the upper half is RES0 then */
		{ halves(BOTH, ok, 0) | 1 << 8, false },
		{ halves(BOTH, ok, 0) | 5 << 8, false },
		{ halves(BOTH, ok, ok) | 5 << 8, true },
		/* beyond L0DPTSZ; reserved */
		{ halves(BOTH, ok, 0) | 6 << 8, true },
		{ halves(BOTH, ok, 0) | 8 << 8, true },
	};
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		d_l1(&b, PAGE, rows[i].desc);
		d_dpti_all(&b);
		(void)d_read(&b, PAGE);
		if (d_far(&b) != (rows[i].bad ? PAGE | D_WALK_1 : 0))
			fail_msg("row %u", i);
	}
	/* Contig 64 KB is reserved with a 64 KB granule */
	d_config(&b, b.l0, D_CFG | 1 << 14);
	h_write64(&b.h, b.l1 + 8 * ((PAGE & 0x3fffffff) >> 17),
		  halves(BOTH, ok, 0) | 1 << 8);
	d_dpti_all(&b);
	assert_false(d_read(&b, PAGE));
	assert_int_equal(d_far(&b), PAGE | D_WALK_1);
	d_close(&b);
	/* VMID[15:8] without VMID16 */
	d_open(&b, small);
	d_l1(&b, PAGE, halves(1, d_right(D_AC_VMID, 0x107), 0));
	assert_false(d_read(&b, PAGE));
	assert_int_equal(d_far(&b), PAGE | D_WALK_1);
	d_l1(&b, PAGE, halves(1, ok, 0));
	assert_true(d_read(&b, PAGE));
	d_close(&b);
}

/* DPT-6, STE-79: VMATCH and AC; vmatch 11 acts as 00. */
static void who_may(void **state)
{
	static const bool other_may[4][3] = {
		{ false, false, true },
		{ false, true, true },
		{ true, true, true },
		{ false, false, true },
	};
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	for (unsigned ac = 0; ac < 3; ac++) {
		unsigned vmid = ac == 2 ? 0 : D_VMID;

		d_l1(&b, PAGE, halves(1, d_right(ac << 2, vmid), 0));
		d_dpti_all(&b);
		for (unsigned vmatch = 0; vmatch < 4; vmatch++) {
			assert_true(d_ask(&b, vmatch, D_VMID, PAGE, false));
			assert_int_equal(d_ask(&b, vmatch, D_VMID + 1, PAGE, false),
					 other_may[vmatch][ac]);
			/* W is asked whoever it is */
			assert_false(d_ask(&b, vmatch, D_VMID, PAGE, true));
		}
	}
	/* a Device Access fault is not in the FAR */
	assert_int_equal(d_far(&b), 0);
	d_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers),	 cmocka_unit_test(far_sticks),
		cmocka_unit_test(bad_registers), cmocka_unit_test(beyond_the_table),
		cmocka_unit_test(blocks),	 cmocka_unit_test(bad_level0),
		cmocka_unit_test(granules),	 cmocka_unit_test(bad_level1),
		cmocka_unit_test(who_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
