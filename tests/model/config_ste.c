/* SPDX-License-Identifier: MIT */
/*
 * STE-1 to STE-39: each row is one change to a legal STE, the illegal value and its
 * legal neighbour. For both: the rule that smmu_ste_check names, and what a
 * transaction meets (abort and the whole C_BAD_STE record, or anything else).
 */
#include "model/config_bench.h"

struct row {
	const char *rule; /* NULL: both values are legal */
	unsigned config;
	enum { V32, V30, V34 } arch;
	struct patch id[4];
	unsigned oas, ias;
	struct set base[6];
	unsigned field;
	uint64_t bad, good;
};

#define STE(f) SMMU_STE_##f
/* Stage 2 that is legal in both formats: 40-bit input, level 1. */
#define N40                                                                              \
	{ STE(S2T0SZ), 24 },                                                             \
	{                                                                                \
		STE(S2SL0), 1                                                            \
	}
/* VMSAv8-32 stage 2 with 32-bit input, level 1. */
#define LPAE                                                                             \
	{ STE(S2AA64), 0 }, { STE(S2T0SZ), 0 },                                          \
	{                                                                                \
		STE(S2SL0), 1                                                            \
	}
#define ATS    ID0(ATS, 1), ID0(STALL_MODEL, STALL_BOTH_ID)
#define DPT    ATS, ID3(DPT, 1)
#define PO     ID3(S2PI, 1), ID3(S2PO, 1), ID3(PBHA, 1)
#define TTB(a) ((uint64_t)(a) >> 4)
#define PTR(a) ((uint64_t)(a) >> 6)

/* clang-format off */
static const struct row stage_rows[] = {
	{ "STE-1", 7, .field = STE(V), .bad = 0, .good = 1 },
	{ "STE-1", 0, .field = STE(V), .bad = 0, .good = 1 },
	{ "STE-4", 5, .id = { ID0(S1P, 0) }, .field = STE(Config), .bad = 5, .good = 6 },
	{ "STE-4", 5, .id = { ID0(S1P, 0) }, .field = STE(Config), .bad = 7, .good = 4 },
	{ "STE-5", 6, .id = { ID0(S2P, 0) }, .field = STE(Config), .bad = 6, .good = 5 },
	{ "STE-5", 6, .id = { ID0(S2P, 0) }, .field = STE(Config), .bad = 7, .good = 4 },
	/* EATS 0b10 */
	{ "STE-8", 7, .id = { ATS }, .base = { { STE(EATS), 2 } }, .field = STE(S2S),
	  .bad = 1,
	  .good = 0 },
	{ "STE-8", 7, .id = { ATS }, .base = { { STE(EATS), 2 } }, .field = STE(Config),
	  .bad = 5, .good = 7 },
	{ "STE-8", 7, .id = { ATS }, .base = { { STE(EATS), 2 } }, .field = STE(Config),
	  .bad = 6, .good = 4 },
	{ "STE-8", 7, .id = { ATS, ID0(NS1ATS, 1) }, .field = STE(EATS), .bad = 2,
	  .good = 1 },
	{ NULL, 5, .field = STE(EATS), .bad = 2, .good = 3 },
	/* EATS 0b01 */
	{ "STE-9", 6, .id = { ATS }, .base = { { STE(EATS), 1 } }, .field = STE(S2S),
	  .bad = 1,
	  .good = 0 },
	{ "STE-9", 7, .id = { ATS }, .base = { { STE(S2S), 1 } }, .field = STE(EATS),
	  .bad = 1,
	  .good = 0 },
	{ NULL, 5, .id = { ATS }, .base = { { STE(EATS), 1 } }, .field = STE(S2S),
	  .bad = 1,
	  .good = 0 },
	/* EATS 0b11 */
	{ "STE-10", 5, .id = { DPT }, .base = { { STE(EATS), 3 } }, .field = STE(STRW),
	  .bad = 2, .good = 0 },
	{ NULL, 5, .id = { ATS }, .base = { { STE(EATS), 3 } }, .field = STE(STRW),
	  .bad = 2,
	  .good = 0 },
	{ "STE-12", 6, .id = { DPT }, .base = { { STE(EATS), 3 } }, .field = STE(S2S),
	  .bad = 1,
	  .good = 0 },
	{ NULL, 6, .id = { ATS }, .base = { { STE(EATS), 3 } }, .field = STE(S2S),
	  .bad = 1,
	  .good = 0 },
	/* StreamWorld */
	{ "STE-13", 5, .field = STE(STRW), .bad = 1, .good = 0 },
	{ "STE-13", 5, .field = STE(STRW), .bad = 3, .good = 2 },
	{ NULL, 7, .field = STE(STRW), .bad = 1, .good = 3 },
	{ NULL, 4, .field = STE(STRW), .bad = 1, .good = 3 },
	{ NULL, 5, .id = { ID0(Hyp, 0) }, .field = STE(STRW), .bad = 1, .good = 3 },
	/* both */
	{ "STE-39", 6, .id = { ID0(VMID16, 0) }, .field = STE(S2VMID), .bad = 0x100,
	  .good = 0xff },
	{ "STE-39", 7, .id = { ID0(VMID16, 0) }, .field = STE(S2VMID), .bad = 0x8000,
	  .good = 0x80 },
	{ "STE-39", 5, .id = { ID0(VMID16, 0) }, .base = { { STE(S2VMID), 0x100 } },
	  .field = STE(STRW), .bad = 0, .good = 2 },
	{ NULL, 6, .field = STE(S2VMID), .bad = 0x100, .good = 0xffff },
	{ NULL, 4, .id = { ID0(VMID16, 0) }, .field = STE(S2VMID), .bad = 0x100,
	  .good = 0 },
	{ NULL, 5, .id = { ID0(VMID16, 0), ID0(S2P, 0) }, .field = STE(S2VMID),
	  .bad = 0x100,
	  .good = 0 },
};
/* clang-format on */

/* clang-format off */
static const struct row stage1_rows[] = {
	{ "STE-17", 5, .field = STE(S1STALLD), .bad = 1, .good = 0 },
	{ "STE-17", 7, .id = { ID0(STALL_MODEL, STALL_FORCED_ID) },
	  .base = { { STE(S2S), 1 } },
	  .field = STE(S1STALLD), .bad = 1, .good = 0 },
	{ NULL, 5, .id = { ID0(STALL_MODEL, STALL_BOTH_ID) }, .field = STE(S1STALLD),
	  .bad = 1,
	  .good = 0 },
	{ NULL, 6, .field = STE(S1STALLD), .bad = 1, .good = 0 },
	{ "STE-18", 5, .field = STE(S1CDMax), .bad = 17, .good = 16 },
	{ "STE-18", 7, .id = { ID1(SSIDSIZE, 4) }, .field = STE(S1CDMax), .bad = 5,
	  .good = 4 },
	{ NULL, 5, .id = { ID1(SSIDSIZE, 0) }, .field = STE(S1CDMax), .bad = 31,
	  .good = 1 },
	{ NULL, 6, .field = STE(S1CDMax), .bad = 31, .good = 0 },
	{ "STE-19", 5, .id = { ID0(CD2L, 0) }, .base = { { STE(S1CDMax), 4 } },
	  .field = STE(S1Fmt), .bad = 1, .good = 0 },
	{ "STE-19", 5, .id = { ID0(CD2L, 0) }, .base = { { STE(S1CDMax), 4 } },
	  .field = STE(S1Fmt), .bad = 2, .good = 3 },
	{ NULL, 5, .id = { ID0(CD2L, 0) }, .field = STE(S1Fmt), .bad = 1, .good = 2 },
	{ NULL, 5, .base = { { STE(S1CDMax), 4 } }, .field = STE(S1Fmt), .bad = 1,
	  .good = 2 },
	/* ADDR-1: a PA below OAS; ADDR-2: an IPA below IAS */
	{ "STE-20", 5, .field = STE(S1ContextPtr), .bad = PTR(1ull << 48),
	  .good = PTR((1ull << 48) - 64) },
	{ "STE-20", 5, .oas = 36, .ias = 40, .field = STE(S1ContextPtr),
	  .bad = PTR(1ull << 36),
	  .good = PTR((1ull << 36) - 64) },
	{ "STE-20", 7, .oas = 36, .ias = 40, .base = { N40 }, .field = STE(S1ContextPtr),
	  .bad = PTR(1ull << 40), .good = PTR((1ull << 40) - 64) },
	{ "STE-20", 5, .field = STE(S1ContextPtr), .bad = PTR(1ull << 55),
	  .good = PTR(H_RAM) },
	{ "STE-20", 5, V30, .field = STE(S1ContextPtr), .bad = PTR(1ull << 44),
	  .good = PTR((1ull << 44) - 64) },
	{ NULL, 6, .field = STE(S1ContextPtr), .bad = PTR(1ull << 55), .good = 0 },
};
/* clang-format on */

/* clang-format off */
static const struct row stage2_rows[] = {
	{ "STE-21", 6, .id = { ID0(TTF, 3) }, .base = { LPAE }, .field = STE(S2FWB),
	  .bad = 1,
	  .good = 0 },
	{ NULL, 6, .id = { ID0(TTF, 3), ID3(FWB, 0) }, .base = { LPAE },
	  .field = STE(S2FWB),
	  .bad = 1, .good = 0 },
	{ NULL, 6, .field = STE(S2FWB), .bad = 1, .good = 0 },
	{ "STE-22", 6, .field = STE(S2S), .bad = 1, .good = 0 },
	{ "STE-23", 6, .id = { ID0(STALL_MODEL, STALL_FORCED_ID) }, .field = STE(S2S),
	  .bad = 0,
	  .good = 1 },
	{ NULL, 6, .id = { ID0(STALL_MODEL, STALL_BOTH_ID) }, .field = STE(S2S), .bad = 0,
	  .good = 1 },
	{ NULL, 5, .field = STE(S2S), .bad = 0, .good = 1 },
	{ "STE-24", 6, .base = { N40 }, .field = STE(S2AA64), .bad = 0, .good = 1 },
	{ "STE-25", 6, .id = { ID0(TTF, 1) }, .base = { N40 }, .field = STE(S2AA64),
	  .bad = 1,
	  .good = 0 },
	{ NULL, 6, .id = { ID0(TTF, 3) }, .base = { N40 }, .field = STE(S2AA64), .bad = 0,
	  .good = 1 },
	{ NULL, 5, .field = STE(S2AA64), .bad = 0, .good = 1 },
	{ "STE-26", 6, .field = STE(S2HA), .bad = 1, .good = 0 },
	{ "STE-26", 6, .field = STE(S2HD), .bad = 1, .good = 0 },
	{ "STE-26", 6, .id = { ID0(TTF, 3), ID0(HTTU, 2) }, .base = { LPAE },
	  .field = STE(S2HA), .bad = 1, .good = 0 },
	{ NULL, 6, .id = { ID0(HTTU, 1) }, .field = STE(S2HA), .bad = 1, .good = 0 },
	{ "STE-27", 6, .id = { ID0(HTTU, 1) }, .base = { { STE(S2HA), 1 } },
	  .field = STE(S2HD), .bad = 1, .good = 0 },
	{ NULL, 6, .id = { ID0(HTTU, 2) }, .field = STE(S2HD), .bad = 1, .good = 0 },
	{ "STE-28", 6, .id = { ID0(HTTU, 3) }, .base = { { STE(S2HAFT), 1 } },
	  .field = STE(S2HA), .bad = 0, .good = 1 },
	{ NULL, 6, .id = { ID0(HTTU, 2) }, .field = STE(S2HAFT), .bad = 1, .good = 0 },
	{ "STE-34", 6, .field = STE(S2ENDI), .bad = 1, .good = 0 },
	{ "STE-34", 6, .id = { ID0(TTENDIAN, 3) }, .field = STE(S2ENDI), .bad = 0,
	  .good = 1 },
	{ NULL, 6, .id = { ID0(TTENDIAN, 0) }, .field = STE(S2ENDI), .bad = 1,
	  .good = 0 },
	{ NULL, 5, .field = STE(S2ENDI), .bad = 1, .good = 0 },
	{ "STE-35", 6, .id = { ID0(TTF, 3), ID3(S2PI, 1) }, .base = { LPAE },
	  .field = STE(S2PIE), .bad = 1, .good = 0 },
	{ NULL, 6, .id = { ID0(TTF, 3) }, .base = { LPAE }, .field = STE(S2PIE), .bad = 1,
	  .good = 0 },
	{ "STE-36", 6, .id = { PO }, .base = { { STE(S2POE), 1 } }, .field = STE(S2PIE),
	  .bad = 0, .good = 1 },
	{ NULL, 6, .field = STE(S2POE), .bad = 1, .good = 0 },
	{ "STE-37", 6, .id = { PO }, .base = { { STE(S2POE), 1 }, { STE(S2PIE), 1 } },
	  .field = STE(S2HWU59), .bad = 1, .good = 0 },
	{ "STE-37", 6, .id = { PO }, .base = { { STE(S2POE), 1 }, { STE(S2PIE), 1 } },
	  .field = STE(S2HWU60), .bad = 1, .good = 0 },
	{ "STE-37", 6, .id = { PO }, .base = { { STE(S2POE), 1 }, { STE(S2PIE), 1 } },
	  .field = STE(S2HWU61), .bad = 1, .good = 0 },
	{ "STE-37", 6, .id = { PO }, .base = { { STE(S2POE), 1 }, { STE(S2PIE), 1 } },
	  .field = STE(S2HWU62), .bad = 1, .good = 0 },
	{ NULL, 6, .id = { PO }, .field = STE(S2HWU59), .bad = 1, .good = 0 },
	{ "STE-38", 6, .id = { PO }, .base = { { STE(S2POE), 1 }, { STE(S2PIE), 1 } },
	  .field = STE(S2POI), .bad = 0x1, .good = 0xe },
	{ "STE-38", 6, .id = { PO }, .base = { { STE(S2POE), 1 }, { STE(S2PIE), 1 } },
	  .field = STE(S2POI), .bad = 5ull << 60, .good = 6ull << 60 },
	{ NULL, 6, .id = { PO }, .field = STE(S2POI), .bad = 0x51, .good = 0 },
};
/* clang-format on */

/* clang-format off */
static const struct row geometry_rows[] = {
	{ "STE-29", 6, .field = STE(S2TG), .bad = 3, .good = 0 },
	{ "STE-29", 6, .id = { ID5(GRAN64K, 0) }, .field = STE(S2TG), .bad = 1,
	  .good = 0 },
	{ "STE-29", 6, .id = { ID5(GRAN16K, 0) }, .field = STE(S2TG), .bad = 2,
	  .good = 0 },
	{ "STE-29", 6, .id = { ID5(GRAN4K, 0) }, .base = { { STE(S2T0SZ), 17 } },
	  .field = STE(S2TG), .bad = 0, .good = 2 },
	{ NULL, 6, .id = { ID0(TTF, 3) }, .base = { LPAE }, .field = STE(S2TG), .bad = 3,
	  .good = 1 },
	/* S2TTB: eff_S2PS, then 48 bits without 64KB or S2DS */
	{ "STE-30", 6, .base = { { STE(S2PS), 0 } }, .field = STE(S2TTB),
	  .bad = TTB(1ull << 32),
	  .good = TTB(H_RAM) },
	{ "STE-30", 6, .base = { { STE(S2PS), 2 } }, .field = STE(S2TTB),
	  .bad = TTB(1ull << 40),
	  .good = TTB((1ull << 40) - 4096) },
	{ "STE-30", 6, .oas = 40, .ias = 40, .base = { N40, { STE(S2PS), 7 } },
	  .field = STE(S2TTB), .bad = TTB(1ull << 40), .good = TTB(H_RAM) },
	{ "STE-30", 6, V34, .base = { { STE(S2PS), 6 } }, .field = STE(S2TTB),
	  .bad = TTB(1ull << 48), .good = TTB((1ull << 48) - 4096) },
	{ NULL, 6, V34, .base = { { STE(S2PS), 6 }, { STE(S2DS), 1 } },
	  .field = STE(S2TTB),
	  .bad = TTB(1ull << 48), .good = TTB(1ull << 51) },
	{ NULL, 6, V34, .base = { { STE(S2PS), 6 }, { STE(S2TG), 1 } },
	  .field = STE(S2TTB),
	  .bad = TTB(1ull << 48), .good = TTB(1ull << 51) },
	{ "STE-30", 6, .id = { ID0(TTF, 3) }, .base = { LPAE }, .field = STE(S2TTB),
	  .bad = TTB(1ull << 40), .good = TTB(H_RAM) },
	/* STE-64: RES0 address bits */
	{ NULL, 6, .field = STE(S2TTB), .bad = TTB(1ull << 52 | H_RAM),
	  .good = TTB(H_RAM | 16) },
	{ NULL, 6, V30, .base = { { STE(S2T0SZ), 20 } }, .field = STE(S2TTB),
	  .bad = TTB(1ull << 48 | H_RAM), .good = TTB(H_RAM) },
	/* S2T0SZ */
	{ "STE-31", 6, .field = STE(S2T0SZ), .bad = 15, .good = 16 },
	{ "STE-31", 6, .oas = 44, .ias = 44, .field = STE(S2T0SZ), .bad = 19,
	  .good = 20 },
	{ "STE-31", 6, V30, .field = STE(S2T0SZ), .bad = 19, .good = 20 },
	{ "STE-31", 6, .base = { { STE(S2SL0), 0 } }, .field = STE(S2T0SZ), .bad = 40,
	  .good = 39 },
	/* Level 3 of 4KB needs STT, also for the one size that fits without it. */
	{ "STE-32", 6, .id = { ID3(STT, 0) }, .base = { { STE(S2T0SZ), 39 } },
	  .field = STE(S2SL0), .bad = 3, .good = 0 },
	{ "STE-31", 6, .id = { ID3(STT, 1) }, .base = { { STE(S2SL0), 3 } },
	  .field = STE(S2T0SZ), .bad = 49, .good = 48 },
	{ "STE-31", 6, .id = { ID3(STT, 1) },
	  .base = { { STE(S2SL0), 0 }, { STE(S2TG), 1 } },
	  .field = STE(S2T0SZ), .bad = 48, .good = 47 },
	{ "STE-31", 6, V34, .base = { { STE(S2TG), 1 } }, .field = STE(S2T0SZ), .bad = 11,
	  .good = 12 },
	{ "STE-31", 6, V34, .field = STE(S2T0SZ), .bad = 15, .good = 16 },
	{ "STE-31", 6, V34,
	  .base = { { STE(S2DS), 1 }, { STE(S2SL0), 0 }, { STE(S2SL0_2), 1 } },
	  .field = STE(S2T0SZ), .bad = 11, .good = 12 },
	/* start level against size */
	{ "STE-32", 6, .field = STE(S2SL0), .bad = 3, .good = 2 },
	{ "STE-32", 6, .field = STE(S2SL0), .bad = 1, .good = 2 },
	{ "STE-32", 6, .base = { { STE(S2T0SZ), 34 } }, .field = STE(S2SL0), .bad = 1,
	  .good = 0 },
	/* sixteen concatenated tables are the most */
	{ "STE-32", 6, .base = { { STE(S2SL0), 1 } }, .field = STE(S2T0SZ), .bad = 20,
	  .good = 21 },
	{ "STE-32", 6, .base = { { STE(S2SL0), 1 } }, .field = STE(S2T0SZ), .bad = 34,
	  .good = 33 },
	{ "STE-32", 6, V34,
	  .base = { { STE(S2DS), 1 }, { STE(S2T0SZ), 12 }, { STE(S2SL0_2), 1 } },
	  .field = STE(S2SL0), .bad = 1, .good = 0 },
	{ NULL, 6, .field = STE(S2SL0_2), .bad = 1, .good = 0 },
	{ "STE-32", 6, .id = { ID0(TTF, 3) }, .base = { LPAE }, .field = STE(S2SL0),
	  .bad = 2,
	  .good = 1 },
	{ "STE-32", 6, .id = { ID0(TTF, 3) },
	  .base = { { STE(S2AA64), 0 }, { STE(S2T0SZ), 2 } },
	  .field = STE(S2SL0), .bad = 1, .good = 0 },
	/* [3:0] signed: 8 is -8, 40 bits; [5:4] are IGNORED */
	{ "STE-32", 6, .id = { ID0(TTF, 3) },
	  .base = { { STE(S2AA64), 0 }, { STE(S2T0SZ), 8 } },
	  .field = STE(S2SL0), .bad = 0, .good = 1 },
	{ NULL, 6, .id = { ID0(TTF, 3) }, .base = { LPAE }, .field = STE(S2T0SZ),
	  .bad = 0x30,
	  .good = 0x18 },
	{ NULL, 5, .field = STE(S2T0SZ), .bad = 0, .good = 63 },
};
/* clang-format on */

static void set_up_row(struct bench *b, const struct row *row)
{
	static const enum smmu_preset preset[] = { [V32] = SMMU_PRESET_V3_2,
						   [V30] = SMMU_PRESET_V3_0,
						   [V34] = SMMU_PRESET_V3_4 };

	b_setup(b, preset[row->arch], NULL);
	b_patch(b, row->id, COUNT(row->id));
	b_sizes(b, row->oas, row->ias);
}

/* One value of one row. */
static void try_value(const struct row *row, uint64_t value, const char *rule)
{
	struct smmu_result res;
	struct bench b;
	uint64_t ste[8];
	const char *named;

	set_up_row(&b, row);
	b_ste(&b, row->config, ste);
	b_apply(ste, row->base, COUNT(row->base));
	smmu_set(ste, row->field, value);
	named = smmu_ste_check(b.h.smmu, ste);
	if (rule) {
		assert_non_null(named);
		assert_string_equal(named, rule);
	} else if (named) {
		fail_msg("%s: value %#llx is legal", named, (unsigned long long)value);
	}
	b_put_ste(&b, SID, ste);
	res = b_read(&b, SID, VA);
	if (rule)
		b_expect_config_error(&b, res, SMMU_EVT_C_BAD_STE, SID);
	else
		assert_int_not_equal(res.event, SMMU_EVT_C_BAD_STE);
	b_teardown(&b);
}

static void try_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		print_message("%s row %zu\n", rows[i].rule ? rows[i].rule : "legal", i);
		try_value(&rows[i], rows[i].bad, rows[i].rule);
		try_value(&rows[i], rows[i].good, NULL);
	}
}

static void stages_ats_and_world(void **state)
{
	(void)state;
	try_rows(stage_rows, COUNT(stage_rows));
}

static void stage_1(void **state)
{
	(void)state;
	try_rows(stage1_rows, COUNT(stage1_rows));
}

static void stage_2(void **state)
{
	(void)state;
	try_rows(stage2_rows, COUNT(stage2_rows));
}

static void stage_2_geometry(void **state)
{
	(void)state;
	try_rows(geometry_rows, COUNT(geometry_rows));
}

/* STE-2: Config 0xx aborts in silence, and nothing else is looked at. */
static void config_abort_is_silent_and_legal(void **state)
{
	uint64_t ste[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	for (unsigned config = 0; config < 4; config++) {
		for (unsigned i = 0; i < 8; i++)
			ste[i] = UINT64_MAX;
		smmu_set(ste, SMMU_STE_Config, config);
		b_put_ste(&b, SID, ste);
		struct smmu_result res = b_read(&b, SID, VA);

		assert_int_equal(res.status, SMMU_ABORT);
		assert_int_equal(res.event, 0);
		assert_false(res.recorded);
		b_no_event(&b);
	}
	b_teardown(&b);
}

/* GEN-2: bits without a field are ignored; SW_RESERVED and IMPDEF too. */
static void undefined_bits_are_ignored(void **state)
{
	static const unsigned lsb[][2] = { { 0, 56 }, { 0, 58 }, { 1, 20 }, { 1, 41 },
					   { 1, 52 }, { 2, 16 }, { 3, 56 }, { 3, 63 },
					   { 4, 0 },  { 4, 40 }, { 5, 56 }, { 6, 3 },
					   { 6, 63 } };
	uint64_t ste[8], cd[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_cd(&b, cd);
	h_write_dw(&b.h, b.cd, cd, 8);
	for (size_t i = 0; i < COUNT(lsb); i++) {
		b_ste(&b, SMMU_STE_CONFIG_NESTED, ste);
		ste[lsb[i][0]] |= UINT64_C(1) << lsb[i][1];
		b_put_ste(&b, SID, ste);
		b_expect_ok(b_read(&b, SID, VA), b.page);
	}
	b_teardown(&b);
}

/* The StreamWorld table of section 0, NS rows. */
static void stream_world(void **state)
{
	static const struct {
		unsigned config, hyp, strw, e2h, world;
	} rows[] = {
		{ 5, 1, 0, 0, SMMU_WORLD_NS_EL1 }, { 5, 1, 0, 1, SMMU_WORLD_NS_EL1 },
		{ 5, 1, 2, 0, SMMU_WORLD_NS_EL2 }, { 5, 1, 2, 1, SMMU_WORLD_NS_EL2_E2H },
		{ 5, 0, 2, 1, SMMU_WORLD_NS_EL1 }, { 7, 1, 2, 1, SMMU_WORLD_NS_EL1 },
		{ 6, 1, 2, 1, SMMU_WORLD_NS_EL1 },
	};
	struct smmu_ste out = { 0 };
	uint64_t ste[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct patch hyp[] = { ID0(Hyp, rows[i].hyp) };

		b_patch(&b, hyp, 1);
		b.h.smmu->regs.cr2 = (uint32_t)smmu_reg_set(0, SMMU_CR2_E2H, rows[i].e2h);
		b_ste(&b, rows[i].config, ste);
		smmu_set(ste, SMMU_STE_STRW, rows[i].strw);
		smmu_ste_decode(b.h.smmu, ste, &out);
		assert_null(out.illegal);
		assert_int_equal(out.world, rows[i].world);
		/* CACHE-22, STE-80: NS-EL1 is tagged with S2VMID, EL2 is not */
		assert_int_equal(out.vmid, rows[i].world == SMMU_WORLD_NS_EL1 ? VMID : 0);
	}
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_ats_and_world),
		cmocka_unit_test(stage_1),
		cmocka_unit_test(stage_2),
		cmocka_unit_test(stage_2_geometry),
		cmocka_unit_test(config_abort_is_silent_and_legal),
		cmocka_unit_test(undefined_bits_are_ignored),
		cmocka_unit_test(stream_world),
	};

	return cmocka_run_group_tests_name("model_config_ste", tests, NULL, NULL);
}
