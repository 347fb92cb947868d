/* SPDX-License-Identifier: MIT */
/*
 * Which CD and where it is found (T-10, T-13): CD tables of the three kinds, what is
 * out of range, what aborts, and stage 2 of the addresses. Every record is compared
 * whole.
 */
#include "model/config_bench.h"

#define HOLE 0x10000000ull /* no memory there */

/* A CD whose table maps VA to a page of its own; returns that page. */
static uint64_t put_cd(struct bench *b, uint64_t pa)
{
	uint64_t cd[8], ttb = h_table(&b->h), page = h_alloc(&b->h, 4096, 4096);

	h_map(&b->h, ttb, VA, page, 3, h_s1_rw());
	h_cd_s1(cd, ttb, ASID);
	h_write_dw(&b->h, pa, cd, 8);
	return page;
}

static void no_tlb(struct smmu_config *cfg)
{
	cfg->no_tlb = 1;
	cfg->ssid_bits = 20;
}

static void put_s1_ste(struct bench *b, uint64_t ptr, unsigned fmt, unsigned cdmax,
		       unsigned dss)
{
	uint64_t ste[8];

	h_ste_s1(ste, ptr);
	smmu_set(ste, SMMU_STE_S1Fmt, fmt);
	smmu_set(ste, SMMU_STE_S1CDMax, cdmax);
	smmu_set(ste, SMMU_STE_S1DSS, dss);
	b_put_ste(b, SID, ste);
}

/* T-13, linear; S1Fmt 11 acts as 00 (D-5). */
static void linear_cd_table(void **state)
{
	static const uint32_t idx[] = { 0, 1, 63, 64, 255 };
	struct bench b;

	(void)state;
	for (unsigned fmt = 0; fmt < 4; fmt += 3) {
		b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
		uint64_t tab = h_alloc(&b.h, 64 << 8, 64 << 8);

		/* STE-46: bits below the size of the table act as 0 */
		put_s1_ste(&b, tab + 64 * 5, fmt, 8, 0);
		for (size_t i = 0; i < COUNT(idx); i++) {
			uint64_t page = put_cd(&b, tab + 64 * idx[i]);

			b_expect_ok(b_read_ssid(&b, SID, idx[i], VA), page);
		}
		b_teardown(&b);
	}
}

static void two_level(unsigned fmt, unsigned split, unsigned cdmax, const uint32_t *idx,
		      size_t n)
{
	struct bench b;

	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	uint64_t l1 = h_alloc(&b.h, 1u << 17, 1u << 17);

	/* STE-46 again: the level 1 table of 20 bits is larger than 64 bytes */
	put_s1_ste(&b, l1 + (cdmax == 20 ? 64 : 0), fmt, cdmax, 0);
	for (size_t i = 0; i < n; i++) {
		uint64_t l1_pa = l1 + 8 * (uint64_t)(idx[i] >> split);
		uint64_t leaf = h_read64(&b.h, l1_pa) & ~0xfffull;

		if (!leaf) {
			leaf = h_alloc(&b.h, 64ull << split, 64ull << split);
			/* L2Ptr [15:12] is RES0 with 64KB leaves (L1CD-2) */
			h_write64(&b.h, l1_pa, leaf | (split == 10 ? 0x5000 : 0) | 1);
		} else if (split == 10) {
			leaf &= ~0xffffull;
		}
		uint64_t page = put_cd(&b, leaf + 64 * (idx[i] & ((1u << split) - 1)));

		b_expect_ok(b_read_ssid(&b, SID, idx[i], VA), page);
	}
	b_teardown(&b);
}

/* T-13, S1Fmt 01 and 10; with few CDs only level 1 entry 0 is used. */
static void two_level_cd_tables(void **state)
{
	static const uint32_t many[] = { 0, 1, 63, 64, 0x3ff, 0x400, 0xabcde, 0xfffff };
	static const uint32_t few[] = { 0, 1, 31 };

	(void)state;
	two_level(1, 6, 20, many, COUNT(many));
	two_level(2, 10, 20, many, COUNT(many));
	two_level(1, 6, 5, few, COUNT(few));
	two_level(2, 10, 5, few, COUNT(few));
}

/* ---- T-10, STE-41 to STE-44 ---- */

enum outcome { CD_AT, S1_OFF, BAD_SSID, DISABLED };

struct substream_row {
	unsigned config, ssidsize, cdmax, dss;
	int ssid; /* -1: none */
	enum outcome outcome;
	uint32_t idx;
};

static const struct substream_row substream_rows[] = {
	{ 5, 0, 4, 0, 0, BAD_SSID, 0 },	 { 5, 0, 4, 0, -1, CD_AT, 0 },
	{ 4, 8, 4, 1, 0, BAD_SSID, 0 },	 { 6, 8, 4, 1, 3, BAD_SSID, 0 },
	{ 4, 8, 4, 0, -1, S1_OFF, 0 },	 { 6, 8, 4, 0, -1, S1_OFF, 0 },
	{ 5, 8, 0, 1, 0, BAD_SSID, 0 },	 { 5, 8, 0, 1, -1, CD_AT, 0 },
	{ 5, 8, 0, 0, -1, CD_AT, 0 },	 { 5, 8, 3, 0, 7, CD_AT, 7 },
	{ 5, 8, 3, 0, 8, BAD_SSID, 0 },	 { 5, 8, 3, 0, 0, CD_AT, 0 },
	{ 5, 8, 3, 1, 0, CD_AT, 0 },	 { 5, 8, 3, 2, 0, DISABLED, 0 },
	{ 5, 8, 3, 2, 1, CD_AT, 1 },	 { 5, 8, 3, 2, 8, BAD_SSID, 0 },
	{ 5, 8, 3, 0, -1, DISABLED, 0 }, { 5, 8, 3, 3, -1, DISABLED, 0 },
	{ 5, 8, 3, 3, 0, CD_AT, 0 },	 { 5, 8, 3, 1, -1, S1_OFF, 0 },
	{ 5, 8, 3, 2, -1, CD_AT, 0 },	 { 7, 8, 3, 1, -1, S1_OFF, 0 },
	{ 7, 8, 3, 0, -1, DISABLED, 0 }, { 7, 8, 3, 2, -1, CD_AT, 0 },
};

static void expect_outcome(struct bench *b, const struct substream_row *row,
			   struct smmu_result res, uint64_t page)
{
	uint64_t want[4];

	switch (row->outcome) {
	case CD_AT:
		b_expect_ok(res, page);
		break;
	case S1_OFF:
		b_expect_ok(res, VA);
		assert_int_equal(res.bypass, row->config != 6 && row->config != 7);
		break;
	case BAD_SSID:
		/* EVT-32: SubstreamID without SSV */
		assert_int_equal(res.status, SMMU_ABORT);
		b_event_head(want, 0x08, SID, false,
			     row->ssid < 0 ? 0 : (uint32_t)row->ssid);
		b_expect_event(b, want);
		break;
	case DISABLED:
		/* EVT-30: neither SSV nor SubstreamID */
		assert_int_equal(res.status, SMMU_ABORT);
		b_event_head(want, 0x06, SID, false, 0);
		b_expect_event(b, want);
		break;
	}
	b_no_event(b);
}

static void substream_selects_a_cd_or_an_error(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(substream_rows); i++) {
		const struct substream_row *row = &substream_rows[i];
		const struct patch id[] = { ID1(SSIDSIZE, row->ssidsize) };
		uint64_t ste[8];

		b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
		b_patch(&b, id, 1);
		uint64_t tab = h_alloc(&b.h, 4096, 4096);
		uint64_t page = put_cd(&b, tab + 64 * row->idx);

		b_ste(&b, row->config, ste);
		smmu_set(ste, SMMU_STE_S1ContextPtr, tab >> 6);
		smmu_set(ste, SMMU_STE_S1CDMax, row->cdmax);
		smmu_set(ste, SMMU_STE_S1DSS, row->dss);
		b_put_ste(&b, SID, ste);
		expect_outcome(&b, row,
			       row->ssid < 0
				       ? b_read(&b, SID, VA)
				       : b_read_ssid(&b, SID, (uint32_t)row->ssid, VA),
			       page);
		b_teardown(&b);
	}
}

/* ---- L1CD ---- */

static void expect_bad_ssid(struct bench *b, struct smmu_result res, uint32_t ssid)
{
	uint64_t want[4];

	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, SMMU_EVT_C_BAD_SUBSTREAMID);
	b_event_head(want, 0x08, SID, false, ssid);
	b_expect_event(b, want);
	b_no_event(b);
}

/* L1CD-1, with a SubstreamID and through S1DSS == 10. */
static void invalid_l1cd(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	uint64_t l1 = h_alloc(&b.h, 4096, 4096), leaf = h_alloc(&b.h, 4096, 4096);
	uint64_t page = put_cd(&b, leaf);

	put_s1_ste(&b, l1, 1, 8, SMMU_S1DSS_SSID0);
	h_write64(&b.h, l1, leaf);
	expect_bad_ssid(&b, b_read_ssid(&b, SID, 7, VA), 7);
	expect_bad_ssid(&b, b_read(&b, SID, VA), 0);
	h_write64(&b.h, l1, leaf | 1);
	b_cfgi_cd(&b, SID, 0, false);
	b_expect_ok(b_read(&b, SID, VA), page);
	b_teardown(&b);
}

/* ADDR-3: a PA below OAS. ADDR-4: an IPA below IAS. */
static void l2ptr_of_a_l1cd_out_of_range(void **state)
{
	static const struct {
		unsigned config, oas, ias, bits;
	} rows[] = { { 5, 0, 0, 48 }, { 5, 36, 40, 36 }, { 7, 36, 40, 40 } };
	uint64_t ste[8];
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
		b_sizes(&b, rows[i].oas, rows[i].ias);
		uint64_t l1 = h_alloc(&b.h, 4096, 4096);

		b_ste(&b, rows[i].config, ste);
		smmu_set(ste, SMMU_STE_S2T0SZ, rows[i].config == 7 ? 25 : 16);
		smmu_set(ste, SMMU_STE_S2SL0, rows[i].config == 7 ? 1 : 2);
		if (rows[i].config == 7)
			smmu_set(ste, SMMU_STE_S2TTB, b.lpae_s2ttb >> 4);
		smmu_set(ste, SMMU_STE_S1ContextPtr, l1 >> 6);
		smmu_set(ste, SMMU_STE_S1Fmt, 1);
		smmu_set(ste, SMMU_STE_S1CDMax, 8);
		b_put_ste(&b, SID, ste);
		h_write64(&b.h, l1, 1ull << rows[i].bits | 1);
		expect_bad_ssid(&b, b_read_ssid(&b, SID, 3, VA), 3);
		/* the last address that is in range is followed, into a hole */
		h_write64(&b.h, l1, ((1ull << rows[i].bits) - 4096) | 1);
		b_cfgi_cd(&b, SID, 3, false);
		assert_int_equal(b_read_ssid(&b, SID, 3, VA).event,
				 rows[i].config == 7 ? SMMU_EVT_F_TRANSLATION
						     : SMMU_EVT_F_CD_FETCH);
		b_teardown(&b);
	}
}

/* EVT-33: FetchAddr is the PA of the structure that aborted, after stage 2. */
static void aborted_cd_fetches(void **state)
{
	uint64_t ste[8], want[4];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	put_s1_ste(&b, HOLE + 0x1000, 0, 4, 0);
	b_event_head(want, 0x09, SID, true, 3);
	want[3] = HOLE + 0x1000 + 64 * 3;
	assert_int_equal(b_read_ssid(&b, SID, 3, VA).status, SMMU_ABORT);
	b_expect_event(&b, want);
	put_s1_ste(&b, HOLE, 1, 10, 0); /* the L1CD */
	want[3] = HOLE + 8;
	b_event_head(want, 0x09, SID, true, 64);
	want[3] = HOLE + 8;
	assert_int_equal(b_read_ssid(&b, SID, 64, VA).status, SMMU_ABORT);
	b_expect_event(&b, want);
	/* nested: an IPA that stage 2 maps into the hole */
	h_map(&b.h, b.s2ttb, 0x700000, HOLE + 0x5000, 3, h_s2_rw());
	h_ste_nested(ste, 0x700040, b.s2ttb, VMID);
	b_put_ste(&b, SID, ste);
	b_event_head(want, 0x09, SID, false, 0);
	want[3] = HOLE + 0x5040;
	assert_int_equal(b_read(&b, SID, VA).status, SMMU_ABORT);
	b_expect_event(&b, want);
	b_no_event(&b);
	b_teardown(&b);
}

/* ---- stage 2 of the CD's address: S2 == 1, CLASS == CD, S2R; T-13 ---- */

static void expect_cd_fault(struct bench *b, unsigned event, uint64_t ipa)
{
	struct smmu_result res = b_read(b, SID, VA + 0x18);
	uint64_t want[4];

	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, event);
	assert_true(res.recorded);
	b_event_head(want, event, SID, false, 0);
	want[1] = 1ull << 35 | 1ull << 39; /* RnW, S2 */
	want[2] = VA + 0x18;
	want[3] = ipa & ~0xfffull;
	b_expect_event(b, want);
	b_no_event(b);
}

static void stage2_faults_of_cd_fetches(void **state)
{
	const uint64_t ipa = 0x7654321000ull + 0x40;
	uint64_t ste[8], attr = h_s2_rw() & ~SMMU_MASK(SMMU_S2DESC_MemAttr);
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	h_ste_nested(ste, ipa, b.s2ttb, VMID);
	b_put_ste(&b, SID, ste);
	expect_cd_fault(&b, SMMU_EVT_F_TRANSLATION, ipa);
	/* S2R == 0: aborted all the same, not recorded (ARS-1) */
	smmu_set(ste, SMMU_STE_S2R, 0);
	b_put_ste(&b, SID, ste);
	assert_int_equal(b_read(&b, SID, VA).status, SMMU_ABORT);
	b_no_event(&b);
	smmu_set(ste, SMMU_STE_S2R, 1);
	/* STE-62: a Device page and S2PTW */
	uint64_t page = put_cd(&b, b.cd + 0x40);

	h_map(&b.h, b.s2ttb, ipa & ~0xfffull, b.cd, 3, attr);
	h_map(&b.h, b.s2ttb, page, page, 2, h_s2_rw());
	smmu_set(ste, SMMU_STE_S2PTW, 1);
	b_put_ste(&b, SID, ste);
	expect_cd_fault(&b, SMMU_EVT_F_PERMISSION, ipa);
	smmu_set(ste, SMMU_STE_S2PTW, 0);
	b_put_ste(&b, SID, ste);
	b_expect_ok(b_read(&b, SID, VA), page);
	b_teardown(&b);
}

/* The L1CD's address goes through stage 2 as well. */
static void stage2_fault_of_a_l1cd_fetch(void **state)
{
	const uint64_t ipa = 0x7654321000ull;
	uint64_t ste[8], want[4];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	h_ste_nested(ste, ipa, b.s2ttb, VMID);
	smmu_set(ste, SMMU_STE_S1Fmt, 1);
	smmu_set(ste, SMMU_STE_S1CDMax, 10);
	b_put_ste(&b, SID, ste);
	assert_int_equal(b_read_ssid(&b, SID, 0x3ff, VA).status, SMMU_ABORT);
	b_event_head(want, 0x10, SID, true, 0x3ff);
	want[1] = 1ull << 35 | 1ull << 39;
	want[2] = VA;
	want[3] = ipa;
	b_expect_event(&b, want);
	b_no_event(&b);
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear_cd_table),
		cmocka_unit_test(two_level_cd_tables),
		cmocka_unit_test(substream_selects_a_cd_or_an_error),
		cmocka_unit_test(invalid_l1cd),
		cmocka_unit_test(l2ptr_of_a_l1cd_out_of_range),
		cmocka_unit_test(aborted_cd_fetches),
		cmocka_unit_test(stage2_faults_of_cd_fetches),
		cmocka_unit_test(stage2_fault_of_a_l1cd_fetch),
	};

	return cmocka_run_group_tests_name("model_config_cdtab", tests, NULL, NULL);
}
