/* SPDX-License-Identifier: MIT */
/*
 * CD-1 to CD-19 and section 4.4: each row is one change to a legal CD under a given
 * STE, the illegal value and its legal neighbour; judged by smmu_cd_check and by what
 * a transaction meets (abort and the whole C_BAD_CD record, or anything else).
 */
#include "model/config_bench.h"

struct row {
	const char *rule; /* NULL: both values are legal */
	enum { V32, V30, V34 } arch;
	unsigned config; /* 0: SMMU_STE_CONFIG_S1 */
	bool e2h;
	struct patch id[4];
	struct set ste[4];
	struct set base[6];
	unsigned field;
	uint64_t bad, good;
};

#define CD(f)  SMMU_CD_##f
#define STE(f) SMMU_STE_##f
#define EL2                                                                              \
	{                                                                                \
		STE(STRW), 2                                                             \
	}
/* A second table that is legal. */
#define TWO                                                                              \
	{ CD(EPD1), 0 }, { CD(T1SZ), 16 },                                               \
	{                                                                                \
		CD(TG1), 2                                                               \
	}
#define PIE                                                                              \
	{                                                                                \
		STE(S1PIE), 1                                                            \
	}
#define TTB(a) ((uint64_t)(a) >> 4)

/* clang-format off */
static const struct row common_rows[] = {
	{ "CD-1", .field = CD(V), .bad = 0, .good = 1 },
	{ "CD-3", .id = { ID0(STALL_MODEL, STALL_BOTH_ID) },
	  .ste = { { STE(S1STALLD), 1 } },
	  .field = CD(S), .bad = 1, .good = 0 },
	{ NULL, .id = { ID0(STALL_MODEL, STALL_BOTH_ID) }, .field = CD(S), .bad = 1,
	  .good = 0 },
	{ "CD-4", .field = CD(A), .bad = 0, .good = 1 },
	{ NULL, .id = { ID0(TERM_MODEL, 0) }, .field = CD(A), .bad = 0, .good = 1 },
	{ "CD-5", .field = CD(S), .bad = 1, .good = 0 },
	{ "CD-6", .id = { ID0(STALL_MODEL, STALL_FORCED_ID) }, .field = CD(S), .bad = 0,
	  .good = 1 },
	{ "CD-7", .field = CD(ENDI), .bad = 1, .good = 0 },
	{ "CD-7", .base = { TWO, { CD(EPD0), 1 } }, .field = CD(ENDI), .bad = 1,
	  .good = 0 },
	{ "CD-7", .id = { ID0(TTENDIAN, 3) }, .field = CD(ENDI), .bad = 0, .good = 1 },
	{ "CD-7", .ste = { EL2 }, .base = { { CD(EPD0), 1 } }, .field = CD(ENDI),
	  .bad = 1,
	  .good = 0 },
	{ NULL, .id = { ID0(TTENDIAN, 0) }, .field = CD(ENDI), .bad = 1, .good = 0 },
	{ NULL, .base = { { CD(EPD0), 1 } }, .field = CD(ENDI), .bad = 1, .good = 0 },
	{ "CD-8", .field = CD(AA64), .bad = 0, .good = 1 },
	{ "CD-8", .e2h = true, .id = { ID0(TTF, 3) }, .ste = { EL2 }, .field = CD(AA64),
	  .bad = 0, .good = 1 },
	{ NULL, .id = { ID0(TTF, 3) }, .ste = { EL2 }, .field = CD(AA64), .bad = 0,
	  .good = 1 },
	{ NULL, .id = { ID0(TTF, 3) }, .field = CD(AA64), .bad = 0, .good = 1 },
	{ "CD-9", .id = { ID0(TTF, 1) }, .field = CD(AA64), .bad = 1, .good = 0 },
	/* under a VMSAv8-32 stage 2 */
	{ "CD-9", .config = 7, .id = { ID0(TTF, 3) },
	  .ste = { { STE(S2AA64), 0 }, { STE(S2T0SZ), 0 }, { STE(S2SL0), 1 } },
	  .field = CD(AA64), .bad = 1, .good = 0 },
	{ "CD-10", .field = CD(HA), .bad = 1, .good = 0 },
	{ "CD-10", .field = CD(HD), .bad = 1, .good = 0 },
	{ NULL, .id = { ID0(HTTU, 1) }, .field = CD(HA), .bad = 1, .good = 0 },
	{ NULL, .id = { ID0(TTF, 3) }, .base = { { CD(AA64), 0 } }, .field = CD(HA),
	  .bad = 1,
	  .good = 0 },
	{ "CD-11", .id = { ID0(HTTU, 1) }, .base = { { CD(HA), 1 } }, .field = CD(HD),
	  .bad = 1,
	  .good = 0 },
	{ NULL, .id = { ID0(HTTU, 2) }, .field = CD(HD), .bad = 1, .good = 0 },
	{ "CD-12", .id = { ID0(HTTU, 3) }, .base = { { CD(HAFT), 1 } }, .field = CD(HA),
	  .bad = 0, .good = 1 },
	{ NULL, .id = { ID0(HTTU, 2) }, .field = CD(HAFT), .bad = 1, .good = 0 },
	{ "CD-13", .id = { ID0(ASID16, 0) }, .field = CD(ASID), .bad = 0x100,
	  .good = 0xff },
	{ "CD-13", .e2h = true, .id = { ID0(ASID16, 0) }, .ste = { EL2 },
	  .field = CD(ASID),
	  .bad = 0x100, .good = 0xff },
	{ NULL, .id = { ID0(ASID16, 0) }, .ste = { EL2 }, .field = CD(ASID), .bad = 0x100,
	  .good = 0xff },
	{ NULL, .field = CD(ASID), .bad = 0x100, .good = 0xffff },
};
/* clang-format on */

/* clang-format off */
static const struct row size_rows[] = {
	{ "CD-14", .field = CD(T0SZ), .bad = 15, .good = 16 },
	{ "CD-14", .field = CD(T0SZ), .bad = 40, .good = 39 },
	{ "CD-14", V30, .field = CD(T0SZ), .bad = 15, .good = 16 },
	{ "CD-14", V30, .field = CD(T0SZ), .bad = 40, .good = 39 },
	{ "CD-14", .id = { ID3(STT, 1) }, .field = CD(T0SZ), .bad = 49, .good = 48 },
	{ "CD-14", .id = { ID3(STT, 1) }, .base = { { CD(TG0), 1 } }, .field = CD(T0SZ),
	  .bad = 48, .good = 47 },
	{ "CD-14", V34, .field = CD(T0SZ), .bad = 15, .good = 16 },
	{ "CD-14", V34, .base = { { CD(TG0), 1 } }, .field = CD(T0SZ), .bad = 11,
	  .good = 12 },
	{ "CD-14", V34, .base = { { CD(DS), 1 } }, .field = CD(T0SZ), .bad = 11,
	  .good = 12 },
	{ "CD-14", V34, .id = { ID5(VAX, 0) }, .base = { { CD(TG0), 1 } },
	  .field = CD(T0SZ),
	  .bad = 15, .good = 16 },
	{ "CD-14", .base = { TWO }, .field = CD(T1SZ), .bad = 15, .good = 16 },
	{ "CD-14", .base = { TWO }, .field = CD(T1SZ), .bad = 40, .good = 39 },
	{ "CD-14", .e2h = true, .ste = { EL2 }, .base = { TWO }, .field = CD(T1SZ),
	  .bad = 40,
	  .good = 39 },
	/* a disabled table is not looked at */
	{ NULL, .field = CD(T1SZ), .bad = 0, .good = 63 },
	{ NULL, .base = { { CD(EPD0), 1 } }, .field = CD(T0SZ), .bad = 0, .good = 63 },
	{ NULL, .field = CD(TG1), .bad = 0, .good = 2 },
	{ NULL, .base = { { CD(EPD0), 1 } }, .field = CD(TG0), .bad = 3, .good = 0 },
	{ NULL, .field = CD(TTB1), .bad = TTB(1ull << 51), .good = 0 },
	{ NULL, .base = { { CD(EPD0), 1 } }, .field = CD(TTB0), .bad = TTB(1ull << 51),
	  .good = 0 },
	/* EL2 has one table, which cannot be disabled */
	{ NULL, .ste = { EL2 }, .base = { { CD(EPD1), 0 } }, .field = CD(T1SZ), .bad = 0,
	  .good = 63 },
	{ "CD-14", .ste = { EL2 }, .base = { { CD(EPD0), 1 } }, .field = CD(T0SZ),
	  .bad = 0,
	  .good = 16 },
	/* VMSAv8-32: every size is legal */
	{ NULL, .id = { ID0(TTF, 3) }, .base = { { CD(AA64), 0 } }, .field = CD(T0SZ),
	  .bad = 7,
	  .good = 63 },
	{ "CD-15", .field = CD(TG0), .bad = 3, .good = 2 },
	{ "CD-15", .id = { ID5(GRAN16K, 0) }, .field = CD(TG0), .bad = 2, .good = 0 },
	{ "CD-15", .id = { ID5(GRAN64K, 0) }, .field = CD(TG0), .bad = 1, .good = 0 },
	{ "CD-15", .id = { ID5(GRAN4K, 0) }, .field = CD(TG0), .bad = 0, .good = 1 },
	{ "CD-15", .base = { TWO }, .field = CD(TG1), .bad = 0, .good = 2 },
	{ "CD-15", .id = { ID5(GRAN16K, 0) }, .base = { TWO }, .field = CD(TG1), .bad = 1,
	  .good = 3 },
	{ "CD-15", .id = { ID5(GRAN64K, 0) }, .base = { TWO }, .field = CD(TG1), .bad = 3,
	  .good = 2 },
	{ NULL, .id = { ID0(TTF, 3) }, .base = { { CD(AA64), 0 } }, .field = CD(TG0),
	  .bad = 3,
	  .good = 1 },
	/* TTBx against eff_IPS, then 48 bits without 64KB or DS */
	{ "CD-16", .base = { { CD(IPS), 0 } }, .field = CD(TTB0), .bad = TTB(1ull << 32),
	  .good = TTB((1ull << 32) - 4096) },
	{ "CD-16", .base = { { CD(IPS), 2 } }, .field = CD(TTB0), .bad = TTB(1ull << 40),
	  .good = TTB(H_RAM) },
	{ "CD-16", .base = { { CD(IPS), 7 } }, .field = CD(TTB0), .bad = TTB(1ull << 48),
	  .good = TTB(H_RAM) },
	{ "CD-16", .base = { TWO, { CD(IPS), 0 } }, .field = CD(TTB1),
	  .bad = TTB(1ull << 32),
	  .good = TTB(H_RAM) },
	{ "CD-16", V34, .base = { { CD(IPS), 6 } }, .field = CD(TTB0),
	  .bad = TTB(1ull << 48),
	  .good = TTB((1ull << 48) - 4096) },
	{ NULL, V34, .base = { { CD(IPS), 6 }, { CD(TG0), 1 } }, .field = CD(TTB0),
	  .bad = TTB(1ull << 48), .good = TTB(1ull << 51) },
	{ NULL, V34, .base = { { CD(IPS), 6 }, { CD(DS), 1 } }, .field = CD(TTB0),
	  .bad = TTB(1ull << 48), .good = TTB(1ull << 51) },
	{ "CD-16", .id = { ID0(TTF, 3) }, .base = { { CD(AA64), 0 } }, .field = CD(TTB0),
	  .bad = TTB(1ull << 40), .good = TTB(H_RAM) },
	/* CD-21: RES0 address bits */
	{ NULL, .field = CD(TTB0), .bad = TTB(1ull << 52 | H_RAM),
	  .good = TTB(H_RAM | 16) },
	{ NULL, V30, .field = CD(TTB0), .bad = TTB(1ull << 48 | H_RAM),
	  .good = TTB(H_RAM) },
};
/* clang-format on */

/* clang-format off */
static const struct row indirection_rows[] = {
	{ "CD-18", .id = { ID3(S1PI, 1) }, .ste = { PIE }, .base = { { CD(PIE), 1 } },
	  .field = CD(PIIP), .bad = 4, .good = 5 },
	{ "CD-18", .id = { ID3(S1PI, 1) }, .ste = { PIE }, .base = { { CD(PIE), 1 } },
	  .field = CD(PIIP), .bad = 6ull << 45, .good = 7ull << 45 },
	{ "CD-18", .id = { ID3(S1PI, 1) }, .ste = { PIE }, .base = { { CD(PIIP), 4 } },
	  .field = CD(PIE), .bad = 1, .good = 0 },
	{ NULL, .id = { ID3(S1PI, 1) }, .base = { { CD(PIE), 1 } }, .field = CD(PIIP),
	  .bad = 4,
	  .good = 6 },
	{ NULL, .ste = { PIE }, .base = { { CD(PIE), 1 } }, .field = CD(PIIP), .bad = 4,
	  .good = 6 },
	{ "CD-19", .id = { ID3(S1PI, 1) }, .ste = { PIE }, .base = { { CD(PIE), 1 } },
	  .field = CD(PIIU), .bad = 4, .good = 5 },
	{ "CD-19", .id = { ID3(S1PI, 1) }, .ste = { PIE }, .base = { { CD(PIE), 1 } },
	  .field = CD(PIIU), .bad = 6ull << 45, .good = 7ull << 45 },
	/* privileged execute over unprivileged write */
	{ "CD-19", .id = { ID3(S1PI, 1) }, .ste = { PIE },
	  .base = { { CD(PIE), 1 }, { CD(PIIP), 3 } }, .field = CD(PIIU), .bad = 5,
	  .good = 3 },
	{ "CD-19", .id = { ID3(S1PI, 1) }, .ste = { PIE },
	  .base = { { CD(PIE), 1 }, { CD(PIIU), 7 } }, .field = CD(PIIP), .bad = 2,
	  .good = 5 },
	{ NULL, .id = { ID3(S1PI, 1) }, .ste = { PIE, EL2 }, .base = { { CD(PIE), 1 } },
	  .field = CD(PIIU), .bad = 4, .good = 6 },
};
/* clang-format on */

static void write_ste(struct bench *b, const struct row *row)
{
	unsigned config = row->config ? row->config : SMMU_STE_CONFIG_S1;
	uint64_t ste[8];

	b_ste(b, config, ste);
	b_apply(ste, row->ste, COUNT(row->ste));
	if (config == SMMU_STE_CONFIG_NESTED && !smmu_get(ste, STE(S2AA64)))
		smmu_set(ste, STE(S2TTB), TTB(b->lpae_s2ttb));
	b_put_ste(b, SID, ste);
}

static void set_up_row(struct bench *b, const struct row *row)
{
	static const enum smmu_preset preset[] = { [V32] = SMMU_PRESET_V3_2,
						   [V30] = SMMU_PRESET_V3_0,
						   [V34] = SMMU_PRESET_V3_4 };

	b_setup(b, preset[row->arch], NULL);
	b_patch(b, row->id, COUNT(row->id));
	b->h.smmu->regs.cr2 =
		(uint32_t)smmu_reg_set(b->h.smmu->regs.cr2, SMMU_CR2_E2H, row->e2h);
	write_ste(b, row);
}

static const struct smmu_ste *look_up_ste(struct bench *b)
{
	struct smmu_fault fault = { 0 };
	const struct smmu_ste *ste = smmu_ste_lookup(b->h.smmu, SID, &fault);

	assert_non_null(ste);
	return ste;
}

static void try_value(const struct row *row, uint64_t value, const char *rule)
{
	struct smmu_result res;
	const char *named;
	struct bench b;
	uint64_t cd[8];

	set_up_row(&b, row);
	b_cd(&b, cd);
	b_apply(cd, row->base, COUNT(row->base));
	smmu_set(cd, row->field, value);
	named = smmu_cd_check(b.h.smmu, look_up_ste(&b), cd);
	if (rule) {
		assert_non_null(named);
		assert_string_equal(named, rule);
	} else if (named) {
		fail_msg("%s: value %#llx is legal", named, (unsigned long long)value);
	}
	b_put_cd(&b, SID, 0, b.cd, cd);
	res = b_read(&b, SID, VA);
	if (rule)
		b_expect_config_error(&b, res, SMMU_EVT_C_BAD_CD, SID);
	else
		assert_int_not_equal(res.event, SMMU_EVT_C_BAD_CD);
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

static void formats_and_features(void **state)
{
	(void)state;
	try_rows(common_rows, COUNT(common_rows));
}

static void sizes_granules_bases(void **state)
{
	(void)state;
	try_rows(size_rows, COUNT(size_rows));
}

static void indirect_permissions(void **state)
{
	(void)state;
	try_rows(indirection_rows, COUNT(indirection_rows));
}

/* The table of 4.4. TTB1 maps the top of the address space as TTB0 maps its bottom. */
static void epd_against_txsz(void **state)
{
	enum { OK = 0, BAD = SMMU_EVT_C_BAD_CD, MISS = SMMU_EVT_F_TRANSLATION };
	static const struct {
		unsigned epd0, epd1, t0sz, t1sz, low, high;
	} rows[] = {
		{ 0, 0, 16, 16, OK, OK },   { 0, 0, 16, 15, BAD, BAD },
		{ 0, 0, 15, 16, BAD, BAD }, { 0, 1, 16, 15, OK, MISS },
		{ 0, 1, 15, 16, BAD, BAD }, { 1, 0, 15, 16, MISS, OK },
		{ 1, 0, 16, 15, BAD, BAD }, { 1, 1, 15, 15, MISS, MISS },
	};
	const uint64_t high_va = 0xffff000000000000ull | VA;
	uint64_t ste[8], cd[8];
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		b_setup(&b, SMMU_PRESET_V3_2, NULL);
		b_ste(&b, SMMU_STE_CONFIG_S1, ste);
		b_put_ste(&b, SID, ste);
		b_cd(&b, cd);
		smmu_set(cd, CD(EPD0), rows[i].epd0);
		smmu_set(cd, CD(EPD1), rows[i].epd1);
		smmu_set(cd, CD(T0SZ), rows[i].t0sz);
		smmu_set(cd, CD(T1SZ), rows[i].t1sz);
		smmu_set(cd, CD(TG1), 2);
		smmu_set(cd, CD(TTB1), TTB(b.ttb0));
		b_put_cd(&b, SID, 0, b.cd, cd);
		assert_int_equal(b_read(&b, SID, VA).event, rows[i].low);
		assert_int_equal(b_read(&b, SID, high_va).event, rows[i].high);
		b_teardown(&b);
	}
}

static void decode(struct bench *b, unsigned world, const uint64_t *dw,
		   struct smmu_cd *cd)
{
	const struct smmu_ste ste = { .s1 = true, .world = (uint8_t)world };

	smmu_cd_decode(b->h.smmu, &ste, dw, cd);
	assert_null(cd->illegal);
}

/* Section 4.1: what counts in EL2 and what does not. */
static void el2_has_one_table_and_no_asid(void **state)
{
	struct bench b;
	struct smmu_cd cd;
	uint64_t dw[8];

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_cd(&b, dw);
	smmu_set(dw, CD(PAN), 1);
	smmu_set(dw, CD(EPD0), 1);
	decode(&b, SMMU_WORLD_NS_EL2, dw, &cd);
	assert_true(cd.s1.one_table);
	assert_int_equal(cd.s1.asid, 0);
	assert_false(cd.s1.pan);
	assert_true(cd.s1.tt[0].en);
	assert_false(cd.s1.tt[1].en);
	decode(&b, SMMU_WORLD_NS_EL2_E2H, dw, &cd);
	assert_false(cd.s1.one_table);
	assert_int_equal(cd.s1.asid, ASID);
	assert_true(cd.s1.pan);
	assert_false(cd.s1.tt[0].en);
	b_teardown(&b);
}

/* CD-21: a base that is not aligned to its table is taken as if it were. */
static void table_base_is_aligned_to_the_start_table(void **state)
{
	static const struct {
		unsigned tg, t0sz, align;
	} rows[] = {
		{ 0, 16, 12 }, /* 512 entries */
		{ 0, 25, 12 }, /* 39 bits from level 1: 512 entries */
		{ 0, 33, 4 },  /* 31 bits from level 1: 2 entries */
		{ 1, 22, 16 }, /* 42 bits from level 2: 8192 entries */
		{ 1, 21, 4 },  /* 43 bits from level 1: 2 entries */
	};
	struct smmu_cd cd;
	struct bench b;
	uint64_t dw[8];

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		b_cd(&b, dw);
		smmu_set(dw, CD(TG0), rows[i].tg);
		smmu_set(dw, CD(T0SZ), rows[i].t0sz);
		smmu_set(dw, CD(TTB0), TTB(H_RAM + 0xfffff0));
		decode(&b, SMMU_WORLD_NS_EL1, dw, &cd);
		assert_int_equal(cd.s1.tt[0].base,
				 (H_RAM + 0xfffff0) & ~((1ull << rows[i].align) - 1));
	}
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_and_features),
		cmocka_unit_test(sizes_granules_bases),
		cmocka_unit_test(indirect_permissions),
		cmocka_unit_test(epd_against_txsz),
		cmocka_unit_test(el2_has_one_table_and_no_asid),
		cmocka_unit_test(table_base_is_aligned_to_the_start_table),
	};

	return cmocka_run_group_tests_name("model_config_cd", tests, NULL, NULL);
}
