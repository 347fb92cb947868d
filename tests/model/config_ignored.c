/* SPDX-License-Identifier: MIT */
/*
 * What has no say: fields that the Config, the other structure or a missing feature
 * switches off, CONT, and what may not hide in the TLB.
 */
#include "model/config_bench.h"

/* ---- GEN-6: the same value in a stage that is on, and in one that is off ---- */

struct ignored_row {
	unsigned field;
	uint64_t value;
	unsigned off, on; /* Config that ignores it, Config that refuses it */
	struct patch id[1];
};

#define STE(f) SMMU_STE_##f

static const struct ignored_row ignored_rows[] = {
	{ STE(S1CDMax), 31, 6, 7, { { 0 } } },
	{ STE(S1CDMax), 31, 4, 5, { { 0 } } },
	{ STE(S1ContextPtr), (1ull << 55) >> 6, 6, 7, { { 0 } } },
	{ STE(S1STALLD), 1, 6, 7, { ID0(STALL_MODEL, 1) } }, /* STE-72, ARS-4 */
	{ STE(S1STALLD), 1, 4, 5, { ID0(STALL_MODEL, 1) } },
	{ STE(S2TG), 3, 5, 7, { { 0 } } },
	{ STE(S2T0SZ), 63, 5, 6, { { 0 } } },
	{ STE(S2TTB), (1ull << 50) >> 4, 4, 6, { { 0 } } },
	{ STE(S2S), 1, 5, 7, { ID0(STALL_MODEL, 1) } }, /* ARS-4 */
	{ STE(STRW), 1, 7, 5, { { 0 } } },
	{ STE(STRW), 3, 6, 5, { { 0 } } },
	/* S2VMID is the exception: used by stage 1 alone as well. */
	{ STE(S2VMID), 0x100, 4, 5, { ID0(VMID16, 0) } },
	{ STE(S2VMID), 0x100, 4, 7, { ID0(VMID16, 0) } },
};

/* GEN-3, GEN-4, EVT-28: what is not ignored is checked, and ends as C_BAD_STE. */
static void a_stage_that_is_off_is_not_judged(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(ignored_rows); i++) {
		const struct ignored_row *row = &ignored_rows[i];
		uint64_t ste[8], cd[8];

		b_setup(&b, SMMU_PRESET_V3_2, NULL);
		b_patch(&b, row->id, row->id[0].field != 0);
		b_cd(&b, cd);
		b_put_cd(&b, SID, 0, b.cd, cd);
		b_ste(&b, row->off, ste);
		smmu_set(ste, row->field, row->value);
		b_put_ste(&b, SID, ste);
		assert_int_equal(b_read(&b, SID, VA).status, SMMU_OK);
		b_ste(&b, row->on, ste);
		b_put_ste(&b, SID, ste);
		assert_int_equal(b_read(&b, SID, VA).status, SMMU_OK);
		smmu_set(ste, row->field, row->value);
		b_put_ste(&b, SID, ste);
		b_expect_config_error(&b, b_read(&b, SID, VA), SMMU_EVT_C_BAD_STE, SID);
		b_teardown(&b);
	}
}

/* STE-56 (NSCFG of a Non-secure stream), STE-69 and STE-77 without PBHA and PRI. */
static void fields_of_other_states_and_features(void **state)
{
	static const struct set rows[] = {
		{ STE(NSCFG), 0 },	  { STE(NSCFG), 1 },	 { STE(NSCFG), 2 },
		{ STE(NSCFG), 3 },	  { STE(PPAR), 1 },	 { STE(S2HWU59), 1 },
		{ STE(S2HWU62), 1 },	  { STE(EATS), 1 },	 { STE(EATS), 3 },
		{ STE(DPT_VMATCH), 3 },	  { STE(MECID), 77 },	 { STE(S2SW), 1 },
		{ STE(SW_RESERVED), 15 }, { STE(S_S2T0SZ), 63 },
	};
	static const unsigned configs[] = { 4, 5, 6, 7 };
	uint64_t ste[8], cd[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_cd(&b, cd);
	b_put_cd(&b, SID, 0, b.cd, cd);
	for (size_t c = 0; c < COUNT(configs); c++) {
		uint64_t pa;

		b_ste(&b, configs[c], ste);
		b_put_ste(&b, SID, ste);
		pa = b_read(&b, SID, VA).pa;
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct smmu_result res;

			b_ste(&b, configs[c], ste);
			smmu_set(ste, rows[i].field, rows[i].value);
			b_put_ste(&b, SID, ste);
			res = b_read(&b, SID, VA);
			b_expect_ok(res, pa);
			assert_int_equal(res.attr.ns, 1);
		}
	}
	b_teardown(&b);
}

/* ---- CONT ---- */

static void unnoticed(struct smmu_config *cfg)
{
	cfg->no_cfg_conflict = 1;
}

/*
 * STE-49 to STE-51, CACHE-81, EVT-41: of what the architecture permits for a CONT
 * that is untrue the model, if it does not notice (config_cont.c), takes the STE that
 * was asked for, and a block never reaches beyond the table.
 */
static void cont_never_stands_in_for_a_ste(void **state)
{
	uint64_t ste[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, unnoticed);
	h_ste_bypass(ste);
	for (unsigned cont = 1; cont < 16; cont += 7) {
		smmu_set(ste, STE(CONT), cont);
		smmu_set(ste, STE(Config), SMMU_STE_CONFIG_BYPASS);
		b_put_ste(&b, 4, ste);
		smmu_set(ste, STE(Config), SMMU_STE_CONFIG_ABORT);
		b_put_ste(&b, 5, ste);
		b_expect_ok(b_read(&b, 4, 0x1000), 0x1000);
		assert_int_equal(b_read(&b, 5, 0x1000).status, SMMU_ABORT);
		b_expect_ok(b_read(&b, 4, 0x2000), 0x2000);
		b_no_event(&b);
		b_expect_config_error(&b, b_read(&b, 1u << b.h.strtab_log2, 0),
				      SMMU_EVT_C_BAD_STREAMID, 1u << b.h.strtab_log2);
	}
	b_teardown(&b);
}

/* ---- a CD in the light of its STE ---- */

/* CD-35, CD-36, STE-72, STE-84: one CD, legal through one STE and not the other. */
static void a_shared_cd_is_judged_by_each_ste(void **state)
{
	static const struct patch both[] = { ID0(STALL_MODEL, STALL_BOTH_ID) };
	uint64_t ste[8], cd[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_patch(&b, both, 1);
	b_cd(&b, cd);
	smmu_set(cd, SMMU_CD_S, 1);
	b_put_cd(&b, SID, 0, b.cd, cd);
	b_ste(&b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(&b, SID, ste);
	smmu_set(ste, STE(S1STALLD), 1);
	b_put_ste(&b, SID + 1, ste);
	for (unsigned i = 0; i < 2; i++) {
		b_expect_ok(b_read(&b, SID, VA), b.page);
		b_expect_config_error(&b, b_read(&b, SID + 1, VA), SMMU_EVT_C_BAD_CD,
				      SID + 1);
	}
	/* EVT-34; the STE makes it legal, the CD has not been touched */
	smmu_set(ste, STE(S1STALLD), 0);
	b_put_ste(&b, SID + 1, ste);
	b_expect_ok(b_read(&b, SID + 1, VA), b.page);
	b_teardown(&b);
}

/*
 * The sizes of a disabled table are IGNORED, "not interpreted" (5.4, T1SZ): with
 * VMSAv8-32 they take no part of the 32 bits away from the other table (T-15).
 */
static void size_of_a_disabled_table_claims_no_span(void **state)
{
	static const struct patch both[] = { ID0(TTF, 3) };
	static const struct {
		unsigned epd0, t0sz, epd1, t1sz;
		bool ttb0, ok;
	} rows[] = {
		{ 0, 0, 1, 0, true, true },   { 0, 0, 1, 4, true, true },
		{ 0, 0, 0, 4, true, false }, /* TTB1, which maps nothing there */
		{ 0, 1, 1, 0, true, false }, /* beyond T0SZ is the disabled table's */
		{ 1, 7, 0, 1, false, true },  { 1, 0, 0, 1, false, true },
		{ 1, 0, 0, 0, false, false },
	};
	const uint64_t va = 0xfffff000;
	uint64_t ste[8], cd[8], level1, root;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_patch(&b, both, 1);
	root = h_table(&b.h);
	h_map(&b.h, root, va, b.page, 3, h_s1_rw());
	level1 = h_desc_pa(&b.h, root, va, 1) & ~0xfffull;
	/* TTB1 with T1SZ 1 is entered by VA[30:0]. */
	h_write64(&b.h, level1 + 8, h_read64(&b.h, level1 + 24));
	b_ste(&b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(&b, SID, ste);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smmu_result res;

		b_cd(&b, cd);
		smmu_set(cd, SMMU_CD_AA64, 0);
		smmu_set(cd, SMMU_CD_EPD0, rows[i].epd0);
		smmu_set(cd, SMMU_CD_EPD1, rows[i].epd1);
		smmu_set(cd, SMMU_CD_T0SZ, rows[i].t0sz);
		smmu_set(cd, SMMU_CD_T1SZ, rows[i].t1sz);
		smmu_set_addr(cd, SMMU_CD_TTB0, rows[i].ttb0 ? level1 : 0);
		smmu_set_addr(cd, SMMU_CD_TTB1, rows[i].ttb0 ? b.lpae_s2ttb : level1);
		b_put_cd(&b, SID, 0, b.cd, cd);
		h_invalidate_all(&b.h);
		res = b_read(&b, SID, va);
		assert_int_equal(res.event, rows[i].ok ? 0 : SMMU_EVT_F_TRANSLATION);
		if (rows[i].ok)
			b_expect_ok(res, b.page);
	}
	b_teardown(&b);
}

/* ---- what a TLB entry may not hold ---- */

/* CACHE-12, STE-81: CMD_CFGI_STE alone makes them effective. */
static void overrides_are_not_in_the_tlb(void **state)
{
	uint64_t ste[8], cd[8];
	struct smmu_txn txn = { .sid = SID, .addr = VA, .priv = true };
	struct smmu_port *port;
	struct smmu_stats stats;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	port = h_port(&b.h);
	b_cd(&b, cd);
	b_put_cd(&b, SID, 0, b.cd, cd);
	b_ste(&b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(&b, SID, ste);
	assert_int_equal(smmu_translate(port, &txn).attr.priv, 1);
	assert_int_equal(smmu_translate(port, &txn).attr.ra, 1);
	smmu_set(ste, STE(PRIVCFG), 2);
	smmu_set(ste, STE(ALLOCCFG), 8);
	b_put_ste(&b, SID, ste);
	assert_int_equal(smmu_translate(port, &txn).attr.priv, 0);
	assert_int_equal(smmu_translate(port, &txn).attr.ra, 0);
	smmu_stats_read(b.h.smmu, &stats);
	assert_int_equal(stats.tlb_misses, 1); /* all but the first were hits */
	b_teardown(&b);
}

/* CACHE-12 for S2R. */
static void record_bit_of_stage2_is_not_in_the_tlb(void **state)
{
	uint64_t ste[8];
	struct smmu_txn txn = { .sid = SID, .op = SMMU_WRITE, .addr = 0x900000 };
	struct smmu_port *port;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	port = h_port(&b.h);
	h_map(&b.h, b.s2ttb, 0x900000, b.page, 3,
	      smmu_reg_set(h_s2_rw(), SMMU_S2DESC_S2AP, 1));
	b_ste(&b, SMMU_STE_CONFIG_S2, ste);
	b_put_ste(&b, SID, ste);
	assert_true(smmu_translate(port, &txn).recorded);
	smmu_set(ste, STE(S2R), 0);
	b_put_ste(&b, SID, ste);
	assert_false(smmu_translate(port, &txn).recorded);
	assert_int_equal(h_events_drain(&b.h), 1);
	b_teardown(&b);
}

static void set_e2h(struct bench *b, unsigned e2h)
{
	uint32_t cr0 = h_rd32(&b->h, SMMU_REG_CR0);

	h_wr32(&b->h, SMMU_REG_CR0, (uint32_t)smmu_reg_set(cr0, SMMU_CR0_SMMUEN, 0));
	h_wr32(&b->h, SMMU_REG_CR2, (uint32_t)smmu_reg_set(0, SMMU_CR2_E2H, e2h));
	h_wr32(&b->h, SMMU_REG_CR0, cr0);
}

/*
 * CACHE-10, CACHE-66: E2H is kept with the STE, until that is invalidated. Without it
 * everything is privileged; with it the unprivileged may not read this page.
 */
static void e2h_is_cached_with_the_ste(void **state)
{
	uint64_t ste[8], cd[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	h_map(&b.h, b.ttb0, 0x900000, b.page, 3,
	      smmu_reg_set(h_s1_rw(), SMMU_S1DESC_AP, 0));
	b_cd(&b, cd);
	b_put_cd(&b, SID, 0, b.cd, cd);
	b_ste(&b, SMMU_STE_CONFIG_S1, ste);
	smmu_set(ste, STE(STRW), 2);
	b_put_ste(&b, SID, ste);
	b_expect_ok(b_read(&b, SID, 0x900000), b.page);
	set_e2h(&b, 1);
	b_expect_ok(b_read(&b, SID, 0x900000), b.page);
	b_cfgi_ste(&b, SID, true);
	assert_int_equal(b_read(&b, SID, 0x900000).event, SMMU_EVT_F_PERMISSION);
	set_e2h(&b, 0);
	assert_int_equal(b_read(&b, SID, 0x900000).event, SMMU_EVT_F_PERMISSION);
	b_cfgi_ste(&b, SID, true);
	b_expect_ok(b_read(&b, SID, 0x900000), b.page);
	b_teardown(&b);
}

/* CACHE-9: to bypass and back with CMD_CFGI_STE only, both ways to bypass stage 1. */
static void bypass_leaves_nothing_in_the_tlb(void **state)
{
	uint64_t ste[8], cd[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_cd(&b, cd);
	b_put_cd(&b, SID, 0, b.cd, cd);
	for (unsigned i = 0; i < 3; i++) {
		b_ste(&b, SMMU_STE_CONFIG_BYPASS, ste);
		b_put_ste(&b, SID, ste);
		b_expect_ok(b_read(&b, SID, VA), VA);
		b_ste(&b, SMMU_STE_CONFIG_S1, ste);
		b_put_ste(&b, SID, ste);
		b_expect_ok(b_read(&b, SID, VA), b.page);
		smmu_set(ste, STE(S1CDMax), 2);
		smmu_set(ste, STE(S1DSS), SMMU_S1DSS_BYPASS);
		b_put_ste(&b, SID, ste);
		b_expect_ok(b_read(&b, SID, VA), VA);
		b_expect_ok(b_read_ssid(&b, SID, 0, VA), b.page);
	}
	b_teardown(&b);
}

/* ---- records ---- */

/* STE-78, EVT-60, EVT-2: MEV permits merging; the model makes one record each. */
static void equal_faults_are_two_records(void **state)
{
	uint64_t ste[8], cd[8], want[4];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_cd(&b, cd);
	b_put_cd(&b, SID, 0, b.cd, cd);
	for (unsigned mev = 0; mev < 2; mev++) {
		b_ste(&b, SMMU_STE_CONFIG_S1, ste);
		smmu_set(ste, STE(MEV), mev);
		b_put_ste(&b, SID, ste);
		b_read(&b, SID, 0x777000);
		b_read(&b, SID, 0x777000);
		b_event_head(want, SMMU_EVT_F_TRANSLATION, SID, false, 0);
		want[1] = 1ull << 35 | 2ull << 40;
		want[2] = 0x777000;
		b_expect_event(&b, want);
		b_expect_event(&b, want);
		b_no_event(&b);
	}
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stage_that_is_off_is_not_judged),
		cmocka_unit_test(fields_of_other_states_and_features),
		cmocka_unit_test(cont_never_stands_in_for_a_ste),
		cmocka_unit_test(a_shared_cd_is_judged_by_each_ste),
		cmocka_unit_test(size_of_a_disabled_table_claims_no_span),
		cmocka_unit_test(overrides_are_not_in_the_tlb),
		cmocka_unit_test(record_bit_of_stage2_is_not_in_the_tlb),
		cmocka_unit_test(e2h_is_cached_with_the_ste),
		cmocka_unit_test(bypass_leaves_nothing_in_the_tlb),
		cmocka_unit_test(equal_faults_are_two_records),
	};

	return cmocka_run_group_tests_name("model_config_ignored", tests, NULL, NULL);
}
