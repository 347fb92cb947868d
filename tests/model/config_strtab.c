/* SPDX-License-Identifier: MIT */
/*
 * Where STEs are found (T-5, T-6): linear and 2-level stream tables, what is out of
 * range, and what aborts. Every record is compared whole.
 */
#include "model/config_bench.h"

#define HOLE 0x10000000ull /* no memory there */

/* Programs another stream table; queues and their indices stay. */
static void set_strtab(struct bench *b, uint64_t base, unsigned log2, unsigned fmt,
		       unsigned split)
{
	struct harness *h = &b->h;
	uint64_t cfg = smmu_reg_set(0, SMMU_STRTAB_BASE_CFG_LOG2SIZE, log2);
	uint32_t cr0 = h_rd32(h, SMMU_REG_CR0), off;

	off = (uint32_t)smmu_reg_set(cr0, SMMU_CR0_SMMUEN, 0);
	cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_FMT, fmt);
	cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_SPLIT, split);
	h_wr32(h, SMMU_REG_CR0, off);
	h_wr64(h, SMMU_REG_STRTAB_BASE, base);
	h_wr32(h, SMMU_REG_STRTAB_BASE_CFG, (uint32_t)cfg);
	h_invalidate_all(h);
	h_wr32(h, SMMU_REG_CR0, cr0);
}

static void put_bypass(struct bench *b, uint64_t pa)
{
	uint64_t ste[8];

	h_ste_bypass(ste);
	h_write_dw(&b->h, pa, ste, 8);
}

/* RECINVSID decides whether it is recorded (T-5, EVT-26, L1STD-3). */
static void expect_bad_streamid(struct bench *b, uint32_t sid)
{
	b_expect_config_error(b, b_read(b, sid, 0x1000), SMMU_EVT_C_BAD_STREAMID, sid);
}

static void expect_ste_fetch(struct bench *b, uint32_t sid, uint64_t addr)
{
	struct smmu_result res = b_read(b, sid, 0x1000);
	uint64_t want[4];

	assert_int_equal(res.status, SMMU_ABORT);
	b_event_head(want, 0x03, sid, false, 0);
	want[3] = addr;
	b_expect_event(b, want);
}

/* REG-79, EVT-26 */
static void streamid_at_the_end_of_a_linear_table(void **state)
{
	struct smmu_result res;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	put_bypass(&b, h_ste_pa(&b.h, 255));
	b_expect_ok(b_read(&b, 255, 0x1000), 0x1000);
	expect_bad_streamid(&b, 256);
	expect_bad_streamid(&b, UINT32_MAX);
	b.h.smmu->regs.cr2 = 0; /* RECINVSID */
	res = b_read(&b, 256, 0x1000);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, SMMU_EVT_C_BAD_STREAMID);
	assert_false(res.recorded);
	b_no_event(&b);
	b_teardown(&b);
}

static void four_bit_streams(struct smmu_config *cfg)
{
	cfg->sid_bits = 4;
}

/* REG-73: E = min(LOG2SIZE, SIDSIZE) for the range, the literal L for alignment. */
static void log2size_is_clamped_to_sidsize(void **state)
{
	uint64_t tab;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, four_bit_streams);
	tab = h_alloc(&b.h, 64 << 8, 64 << 8);
	put_bypass(&b, tab + 64 * 15);
	put_bypass(&b, tab + 64 * 16);
	set_strtab(&b, tab + 64 * 8, 8, 0, 0); /* REG-76: bits [13:0] are IGNORED */
	b_expect_ok(b_read(&b, 15, 0x1000), 0x1000);
	expect_bad_streamid(&b, 16);
	b_teardown(&b);
}

/* REG-74: FMT 10 and 11 are linear; so is everything without ST_LEVEL. */
static void reserved_formats_are_linear(void **state)
{
	static const struct patch one_level[] = { ID0(ST_LEVEL, 0) };
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	put_bypass(&b, h_ste_pa(&b.h, 100));
	for (unsigned fmt = 2; fmt < 4; fmt++) {
		set_strtab(&b, b.h.strtab, 8, fmt, 8);
		b_expect_ok(b_read(&b, 100, 0x1000), 0x1000);
	}
	set_strtab(&b, b.h.strtab, 8, 1, 8);
	b_patch(&b, one_level, 1);
	b_expect_ok(b_read(&b, 100, 0x1000), 0x1000);
	b_teardown(&b);
}

static void l1std_write(struct bench *b, uint64_t pa, uint64_t l2ptr, unsigned span)
{
	h_write64(&b->h, pa, l2ptr | span);
}

/* L1STD-1, L1STD-2, REG-75, REG-77: every Span under every SPLIT. */
static void span_decides_which_stes_exist(void **state)
{
	static const unsigned splits[][2] = {
		{ 6, 6 }, { 8, 8 }, { 10, 10 }, { 7, 6 }, { 31, 6 }
	};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(splits); i++) {
		unsigned split = splits[i][1];
		uint32_t first = 3u << split; /* the streams of level 1 entry 3 */

		b_setup(&b, SMMU_PRESET_V3_2, NULL);
		uint64_t l1 = h_alloc(&b.h, 4096, 4096), l2 = h_alloc(&b.h, 65536, 65536);

		for (unsigned n = 0; n < 1024; n++)
			put_bypass(&b, l2 + 64 * n);
		set_strtab(&b, l1, 12, 1, splits[i][0]);
		for (unsigned span = 0; span < 32; span++) {
			l1std_write(&b, l1 + 8 * 3, l2, span);
			h_invalidate_all(&b.h);
			if (span == 0 || span > split + 1 || span > 11) {
				expect_bad_streamid(&b, first);
				continue;
			}
			uint32_t last = first + (1u << (span - 1)) - 1;

			b_expect_ok(b_read(&b, first, 0x1000), 0x1000);
			b_expect_ok(b_read(&b, last, 0x1000), 0x1000);
			if (span <= split)
				expect_bad_streamid(&b, last + 1);
		}
		b_teardown(&b);
	}
}

/* L1STD-4: L2Ptr is taken as aligned to the size of its array. */
static void l2ptr_is_aligned_down(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	uint64_t l1 = h_alloc(&b.h, 4096, 4096), l2 = h_alloc(&b.h, 4096, 4096);

	put_bypass(&b, l2 + 64 * 1);
	put_bypass(&b, l2 + 64 * 3);
	set_strtab(&b, l1, 8, 1, 6);
	/* Span 2: two STEs, bit [6] of L2Ptr does not count */
	l1std_write(&b, l1, l2 + 64, 2);
	b_expect_ok(b_read(&b, 1, 0x1000), 0x1000);
	b_expect_config_error(&b, b_read(&b, 0, 0x1000), SMMU_EVT_C_BAD_STE, 0);
	/* Span 1: bit [6] counts */
	l1std_write(&b, l1, l2 + 64, 1);
	h_invalidate_all(&b.h);
	b_expect_ok(b_read(&b, 0, 0x1000), 0x1000);
	b_teardown(&b);
}

/* T-6: aborts of a linear STE, of a L1STD and of a level 2 STE; EVT-27. */
static void aborted_fetches_name_the_structure(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	set_strtab(&b, HOLE, 8, 0, 0);
	expect_ste_fetch(&b, 7, HOLE + 64 * 7);
	set_strtab(&b, HOLE, 8, 1, 6);
	expect_ste_fetch(&b, 0x83, HOLE + 8 * 2);
	uint64_t l1 = h_alloc(&b.h, 4096, 4096);

	set_strtab(&b, l1, 8, 1, 6);
	l1std_write(&b, l1 + 8 * 2, HOLE, 7);
	expect_ste_fetch(&b, 0x83, HOLE + 64 * 3);
	b_no_event(&b);
	b_teardown(&b);
}

static void truncate_oversize(struct smmu_config *cfg)
{
	cfg->ste_oversize = SMMU_OVERSIZE_TRUNCATE;
}

/* ADDR-5: beyond OAS a STE address faults or is truncated, as configured. */
static void oversize_l2ptr(void **state)
{
	struct bench b;

	(void)state;
	for (unsigned truncate = 0; truncate < 2; truncate++) {
		b_setup(&b, SMMU_PRESET_V3_2, truncate ? truncate_oversize : NULL);
		uint64_t l1 = h_alloc(&b.h, 4096, 4096), l2 = h_alloc(&b.h, 4096, 4096);

		put_bypass(&b, l2);
		set_strtab(&b, l1, 8, 1, 6);
		l1std_write(&b, l1, l2 | 1ull << 48, 1);
		if (truncate)
			b_expect_ok(b_read(&b, 0, 0x1000), 0x1000);
		else
			expect_ste_fetch(&b, 0, l2); /* EVT-21: bits from OAS on are 0 */
		b_teardown(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streamid_at_the_end_of_a_linear_table),
		cmocka_unit_test(log2size_is_clamped_to_sidsize),
		cmocka_unit_test(reserved_formats_are_linear),
		cmocka_unit_test(span_decides_which_stes_exist),
		cmocka_unit_test(l2ptr_is_aligned_down),
		cmocka_unit_test(aborted_fetches_name_the_structure),
		cmocka_unit_test(oversize_l2ptr),
	};

	return cmocka_run_group_tests_name("model_config_strtab", tests, NULL, NULL);
}
