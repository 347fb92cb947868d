/* SPDX-License-Identifier: MIT */
/*
 * The procedure around the stages: SMMUEN == 0 and GBPA (T-2), bypass and its address
 * sizes (T-8, T-11, T-12), overrides (13.3), output (T-20), A/R/S (section 6).
 */
#include "model/config_bench.h"

static struct smmu_result go(struct bench *b, const struct smmu_txn *txn)
{
	return smmu_translate(h_port(&b->h), txn);
}

/* ---- T-2 ---- */

static void gbpa_write(struct bench *b, uint32_t value)
{
	h_wr32(&b->h, SMMU_REG_GBPA, value | (uint32_t)SMMU_MASK(SMMU_GBPA_Update));
	assert_int_equal(smmu_reg_get(h_rd32(&b->h, SMMU_REG_GBPA), SMMU_GBPA_Update), 0);
}

static uint32_t gbpa(unsigned field, uint64_t value)
{
	uint64_t reg = smmu_reg_set(0, SMMU_GBPA_SHCFG, 1);

	return (uint32_t)smmu_reg_set(reg, field, value);
}

static void smmuen_off(struct bench *b)
{
	uint32_t cr0 = h_rd32(&b->h, SMMU_REG_CR0);

	h_wr32(&b->h, SMMU_REG_CR0, (uint32_t)smmu_reg_set(cr0, SMMU_CR0_SMMUEN, 0));
}

/* T-2, REG-28, EVT-10: nothing is recorded, no table is read, SubstreamIDs are nothing.
 */
static void disabled_smmu_bypasses_or_aborts(void **state)
{
	const uint64_t oas = 1ull << 48;
	struct smmu_result res;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	smmuen_off(&b);
	gbpa_write(&b, gbpa(SMMU_GBPA_ABORT, 0));
	b_expect_ok(b_read(&b, 1000000, oas - 4), oas - 4);
	b_expect_ok(b_read_ssid(&b, SID, 5, 0x1234), 0x1234);
	assert_true(b_read(&b, SID, 0).bypass);
	res = b_read(&b, SID, oas);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, 0);
	gbpa_write(&b, gbpa(SMMU_GBPA_ABORT, 1));
	res = b_read(&b, SID, 0x1000);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, 0);
	b_no_event(&b);
	assert_int_equal(b.h.smmu->stats.ste_fetches, 0);
	b_teardown(&b);
}

/* ---- overrides: the same fields in GBPA and STE ---- */

struct override_row {
	unsigned gbpa, ste; /* the field in each */
	uint64_t value;
	struct smmu_attr in, out;
};

#define WB(sh_, ra_, wa_, tr_)                                                           \
	{                                                                                \
		.inner = SMMU_MT_WB, .outer = SMMU_MT_WB, .sh = SMMU_SH_##sh_,           \
		.ra = ra_, .wa = wa_, .tr = tr_, .ns = 1                                 \
	}
#define DEVICE(t)                                                                        \
	{                                                                                \
		.inner = SMMU_MT_DEV_##t, .outer = SMMU_MT_DEV_##t, .sh = SMMU_SH_OSH,   \
		.ns = 1                                                                  \
	}
#define BOTH(f) SMMU_GBPA_##f, SMMU_STE_##f

static const struct override_row override_rows[] = {
	/* STE-55, REG-49: 01 is incoming */
	{ BOTH(SHCFG), 0, WB(ISH, 1, 1, 0), WB(NSH, 1, 1, 0) },
	{ BOTH(SHCFG), 1, WB(ISH, 1, 1, 0), WB(ISH, 1, 1, 0) },
	{ BOTH(SHCFG), 2, WB(ISH, 1, 1, 0), WB(OSH, 1, 1, 0) },
	{ BOTH(SHCFG), 3, WB(NSH, 1, 1, 0), WB(ISH, 1, 1, 0) },
	{ BOTH(SHCFG), 3, DEVICE(NGNRE), DEVICE(NGNRE) },
	/* STE-54 */
	{ BOTH(ALLOCCFG), 0, WB(ISH, 1, 0, 0), WB(ISH, 1, 0, 0) },
	{ BOTH(ALLOCCFG), 7, WB(ISH, 0, 1, 0), WB(ISH, 0, 1, 0) },
	{ BOTH(ALLOCCFG), 12, WB(ISH, 0, 1, 0), WB(ISH, 1, 0, 0) },
	{ BOTH(ALLOCCFG), 11, WB(ISH, 1, 0, 0), WB(ISH, 0, 1, 1) },
	{ BOTH(ALLOCCFG), 9, WB(ISH, 1, 1, 0), WB(ISH, 0, 0, 0) }, /* 1001 is 1000 */
	{ BOTH(ALLOCCFG), 15, DEVICE(GRE), DEVICE(GRE) },
};

static void expect_attr(struct smmu_attr got, struct smmu_attr want)
{
	assert_int_equal(got.inner, want.inner);
	assert_int_equal(got.outer, want.outer);
	assert_int_equal(got.sh, want.sh);
	assert_int_equal(got.ra, want.ra);
	assert_int_equal(got.wa, want.wa);
	assert_int_equal(got.tr, want.tr);
	assert_int_equal(got.ns, want.ns);
}

static void overrides_of_gbpa_and_ste(void **state)
{
	static const struct patch none[] = { ID1(ATTR_TYPES_OVR, 0) };
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(override_rows); i++) {
		const struct override_row *row = &override_rows[i];
		const struct smmu_txn txn = {
			.sid = SID, .addr = 0x1000, .has_attr = true, .attr = row->in
		};
		uint64_t ste[8];

		b_setup(&b, SMMU_PRESET_V3_2, NULL);
		h_ste_bypass(ste);
		smmu_set(ste, row->ste, row->value);
		b_put_ste(&b, SID, ste);
		expect_attr(go(&b, &txn).attr, row->out);
		smmuen_off(&b);
		gbpa_write(&b, gbpa(row->gbpa, row->value));
		expect_attr(go(&b, &txn).attr, row->out);
		b_patch(&b, none, 1); /* REG-47: without the feature, incoming */
		expect_attr(go(&b, &txn).attr, row->in);
		b_teardown(&b);
	}
}

/* STE-53; what becomes cacheable starts as RA, WA, not transient. */
static void memory_type_override(void **state)
{
	static const struct {
		unsigned memattr, inner, outer;
	} rows[] = {
		{ 0, SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRNE },
		{ 1, SMMU_MT_DEV_NGNRE, SMMU_MT_DEV_NGNRE },
		{ 3, SMMU_MT_DEV_GRE, SMMU_MT_DEV_GRE },
		{ 4, SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRNE },
		{ 12, SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRNE },
		{ 5, SMMU_MT_NC, SMMU_MT_NC },
		{ 11, SMMU_MT_WB, SMMU_MT_WT },
		{ 15, SMMU_MT_WB, SMMU_MT_WB },
	};
	const struct smmu_txn txn = { .sid = SID,
				      .has_attr = true,
				      .attr = DEVICE(NGNRNE) };
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool cacheable =
			rows[i].inner <= SMMU_MT_WT || rows[i].outer <= SMMU_MT_WT;
		struct smmu_attr attr;
		uint64_t ste[8];

		h_ste_bypass(ste);
		smmu_set(ste, SMMU_STE_MemAttr, rows[i].memattr);
		b_put_ste(&b, SID, ste);
		expect_attr(go(&b, &txn).attr, (struct smmu_attr)DEVICE(NGNRNE));
		smmu_set(ste, SMMU_STE_MTCFG, 1);
		b_put_ste(&b, SID, ste);
		attr = go(&b, &txn).attr;
		assert_int_equal(attr.inner, rows[i].inner);
		assert_int_equal(attr.outer, rows[i].outer);
		assert_int_equal(attr.ra, cacheable);
		assert_int_equal(attr.wa, cacheable);
		assert_int_equal(attr.tr, 0);
	}
	b_teardown(&b);
}

/*
 * 13.1.4, STE-55: what comes in as Device or iNC-oNC is OSH whatever it says, and stays
 * so when MTCFG or S2FWB makes it cacheable; a cacheable input keeps its own.
 */
static void uncacheable_input_is_outer_shareable(void **state)
{
	static const struct {
		unsigned config, type, out_sh;
	} rows[] = {
		{ SMMU_STE_CONFIG_BYPASS, SMMU_MT_NC, SMMU_SH_OSH },
		{ SMMU_STE_CONFIG_BYPASS, SMMU_MT_DEV_GRE, SMMU_SH_OSH },
		{ SMMU_STE_CONFIG_BYPASS, SMMU_MT_WT, SMMU_SH_NSH },
		{ SMMU_STE_CONFIG_S2, SMMU_MT_NC, SMMU_SH_OSH },
		{ SMMU_STE_CONFIG_S2, SMMU_MT_DEV_NGNRNE, SMMU_SH_OSH },
		{ SMMU_STE_CONFIG_S2, SMMU_MT_WT, SMMU_SH_NSH },
	};
	uint64_t leaf = smmu_reg_set(h_s2_rw(), SMMU_S2DESC_MemAttr, 6);
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	h_map(&b.h, b.s2ttb, 0x900000, b.page, 3, smmu_reg_set(leaf, SMMU_S2DESC_SH, 0));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct smmu_txn txn = { .sid = SID,
					      .addr = 0x900000,
					      .has_attr = true,
					      .attr = { .inner = (uint8_t)rows[i].type,
							.outer = (uint8_t)rows[i].type,
							.sh = SMMU_SH_NSH } };
		struct smmu_attr attr;
		uint64_t ste[8];

		b_ste(&b, rows[i].config, ste);
		smmu_set(ste, SMMU_STE_SHCFG, 1);
		smmu_set(ste, SMMU_STE_S2FWB, rows[i].config == SMMU_STE_CONFIG_S2);
		if (rows[i].config == SMMU_STE_CONFIG_BYPASS) {
			smmu_set(ste, SMMU_STE_MTCFG, 1);
			smmu_set(ste, SMMU_STE_MemAttr, 15);
		}
		b_put_ste(&b, SID, ste);
		attr = go(&b, &txn).attr;
		assert_int_equal(attr.inner, SMMU_MT_WB);
		assert_int_equal(attr.sh, rows[i].out_sh);
		h_invalidate_all(&b.h);
	}
	b_teardown(&b);
}

/* STE-57: reads only for INSTCFG; 00 and 01 are incoming; 13.8 by version. */
static void privilege_and_instruction_override(void **state)
{
	static const struct {
		unsigned field, value, op, inst, priv, out_inst, out_priv;
	} rows[] = {
		{ SMMU_STE_PRIVCFG, 0, SMMU_READ, 0, 1, 0, 1 },
		{ SMMU_STE_PRIVCFG, 1, SMMU_READ, 0, 1, 0, 1 },
		{ SMMU_STE_PRIVCFG, 2, SMMU_READ, 0, 1, 0, 0 },
		{ SMMU_STE_PRIVCFG, 3, SMMU_WRITE, 0, 0, 0, 1 },
		{ SMMU_STE_INSTCFG, 0, SMMU_READ, 1, 0, 1, 0 },
		{ SMMU_STE_INSTCFG, 1, SMMU_READ, 1, 0, 1, 0 },
		{ SMMU_STE_INSTCFG, 2, SMMU_READ, 1, 0, 0, 0 },
		{ SMMU_STE_INSTCFG, 3, SMMU_READ, 0, 0, 1, 0 },
		{ SMMU_STE_INSTCFG, 3, SMMU_WRITE, 1, 0, 0, 0 },
		{ SMMU_STE_INSTCFG, 0, SMMU_WRITE, 1, 0, 0, 0 },
		{ SMMU_STE_INSTCFG, 3, SMMU_ATOMIC, 1, 0, 0, 0 },
	};
	static const enum smmu_preset presets[] = { SMMU_PRESET_V3_2, SMMU_PRESET_V3_4 };
	struct bench b;

	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		b_setup(&b, presets[v], NULL);
		for (size_t i = 0; i < COUNT(rows); i++) {
			const struct smmu_txn txn = { .sid = SID,
						      .op = (uint8_t)rows[i].op,
						      .inst = rows[i].inst,
						      .priv = rows[i].priv };
			struct smmu_attr attr;
			uint64_t ste[8];

			h_ste_bypass(ste);
			smmu_set(ste, rows[i].field, rows[i].value);
			b_put_ste(&b, SID, ste);
			attr = go(&b, &txn).attr;
			assert_int_equal(attr.inst, v == 0 ? rows[i].out_inst : 0);
			assert_int_equal(attr.priv, v == 0 ? rows[i].out_priv : 1);
		}
		b_teardown(&b);
	}
}

/* EVT-15: RnW, InD and PnU of a record are those after the overrides. */
static void records_show_the_overridden_access(void **state)
{
	static const struct {
		unsigned op, inst, priv, privcfg, instcfg;
		uint64_t flags; /* PnU bit 33, InD 34, RnW 35 of dw1 */
	} rows[] = {
		{ SMMU_READ, 0, 0, 0, 0, 8 },	{ SMMU_READ, 1, 1, 0, 0, 14 },
		{ SMMU_READ, 1, 1, 2, 2, 8 },	{ SMMU_READ, 0, 0, 3, 3, 14 },
		{ SMMU_WRITE, 1, 0, 3, 3, 2 },	{ SMMU_WRITE, 1, 1, 2, 0, 0 },
		{ SMMU_ATOMIC, 1, 1, 0, 3, 2 },
	};
	uint64_t ste[8], cd[8], want[4];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_cd(&b, cd);
	b_put_cd(&b, SID, 0, b.cd, cd);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct smmu_txn txn = { .sid = SID,
					      .op = (uint8_t)rows[i].op,
					      .inst = rows[i].inst,
					      .priv = rows[i].priv,
					      .addr = 0x123457 };

		b_ste(&b, SMMU_STE_CONFIG_S1, ste);
		smmu_set(ste, SMMU_STE_PRIVCFG, rows[i].privcfg);
		smmu_set(ste, SMMU_STE_INSTCFG, rows[i].instcfg);
		b_put_ste(&b, SID, ste);
		assert_int_equal(go(&b, &txn).event, SMMU_EVT_F_TRANSLATION);
		b_event_head(want, 0x10, SID, false, 0);
		want[1] = rows[i].flags << 32 | 2ull << 40; /* CLASS IN */
		want[2] = 0x123457;
		b_expect_event(&b, want);
	}
	b_teardown(&b);
}

/* ---- T-11, T-12 ---- */

static void expect_addr_size(struct bench *b, uint64_t addr)
{
	const struct smmu_txn txn = {
		.sid = SID, .op = SMMU_WRITE, .priv = true, .addr = addr
	};
	struct smmu_result res = go(b, &txn);
	uint64_t want[4];

	assert_int_equal(res.status, SMMU_ABORT);
	assert_true(res.recorded);
	b_event_head(want, 0x11, SID, false, 0);
	want[1] = 1ull << 33 | 2ull << 40; /* PnU, CLASS IN, S2 0 */
	want[2] = addr;
	b_expect_event(b, want);
	b_no_event(b);
}

/*
 * Config 100 is bounded by OAS; a stage 1 that is off or skipped by IAS. With stage 2
 * bypassed too an IPA between them is truncated to OAS in silence.
 */
static void stage1_bypass_bounds_the_address(void **state)
{
	static const struct {
		unsigned config, dss_bypass, bits;
	} rows[] = { { 4, 0, 36 }, { 5, 1, 40 }, { 6, 0, 40 }, { 7, 1, 40 } };
	uint64_t ste[8];
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		b_setup(&b, SMMU_PRESET_V3_2, NULL);
		b_sizes(&b, 36, 40);
		b_ste(&b, rows[i].config, ste);
		smmu_set(ste, SMMU_STE_S2T0SZ, 25);
		smmu_set(ste, SMMU_STE_S2SL0, 1);
		smmu_set(ste, SMMU_STE_S2TTB, b.lpae_s2ttb >> 4);
		smmu_set(ste, SMMU_STE_S2R, 0); /* has no say: always recorded */
		if (rows[i].dss_bypass) {
			smmu_set(ste, SMMU_STE_S1CDMax, 3);
			smmu_set(ste, SMMU_STE_S1DSS, SMMU_S1DSS_BYPASS);
		}
		b_put_ste(&b, SID, ste);
		expect_addr_size(&b, 1ull << rows[i].bits);
		expect_addr_size(&b, UINT64_MAX - 7);
		b_expect_ok(b_read(&b, SID, VA), VA);
		if (rows[i].config == 5)
			b_expect_ok(b_read(&b, SID, (1ull << 36) + 0x40), 0x40);
		b_teardown(&b);
	}
}

/* T-12 does not look at S2T0SZ: below IAS but beyond it is stage 2's F_TRANSLATION. */
static void between_s2t0sz_and_ias(void **state)
{
	uint64_t ste[8], want[4];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_ste(&b, SMMU_STE_CONFIG_S2, ste);
	smmu_set(ste, SMMU_STE_S2T0SZ, 25);
	smmu_set(ste, SMMU_STE_S2SL0, 1);
	smmu_set(ste, SMMU_STE_S2TTB, b.lpae_s2ttb >> 4);
	b_put_ste(&b, SID, ste);
	assert_int_equal(b_read(&b, SID, 1ull << 39).status, SMMU_ABORT);
	b_event_head(want, 0x10, SID, false, 0);
	want[1] = 1ull << 35 | 1ull << 39 | 2ull << 40;
	want[2] = want[3] = 1ull << 39;
	b_expect_event(&b, want);
	b_teardown(&b);
}

/* A nested stream: CD, stage 1, stage 2, and the result's fields. */
static void nested_translation_end_to_end(void **state)
{
	uint64_t ste[8], cd[8];
	struct smmu_result res;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	h_map(&b.h, b.ttb0, 0x900000, VA, 3, h_s1_rw());
	b_cd(&b, cd);
	b_put_cd(&b, SID, 0, b.cd, cd);
	b_ste(&b, SMMU_STE_CONFIG_NESTED, ste);
	b_put_ste(&b, SID, ste);
	res = b_read(&b, SID, 0x900123);
	b_expect_ok(res, VA + 0x123);
	assert_int_equal(res.ipa, VA + 0x123);
	assert_int_equal(res.page_bits, 12);
	assert_false(res.bypass);
	assert_int_equal(res.attr.ns, 1);
	b_teardown(&b);
}

/* ---- section 6: A, R, S ---- */

static void raz_wi_exists(struct smmu_config *cfg)
{
	cfg->term_model = 0;
}

/* ARS-1, EVT-51 for stage 1. */
static void stage1_fault_behaviour(void **state)
{
	static const struct patch both[] = { ID0(STALL_MODEL, STALL_BOTH_ID) };
	static const struct {
		unsigned a, r, s, status, recorded;
	} rows[] = {
		{ 0, 0, 0, SMMU_RAZ_WI, 0 },
		{ 0, 1, 0, SMMU_RAZ_WI, 1 },
		{ 1, 0, 0, SMMU_ABORT, 0 },
		{ 1, 1, 0, SMMU_ABORT, 1 },
		/* EVT-57: no device of ours may stall; Stall == 0, abort, R as if 1 */
		{ 0, 0, 1, SMMU_ABORT, 1 },
		{ 1, 1, 1, SMMU_ABORT, 1 },
	};
	uint64_t ste[8], cd[8], want[4];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, raz_wi_exists);
	b_patch(&b, both, 1);
	b_ste(&b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(&b, SID, ste);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smmu_result res;

		b_cd(&b, cd);
		smmu_set(cd, SMMU_CD_A, rows[i].a);
		smmu_set(cd, SMMU_CD_R, rows[i].r);
		smmu_set(cd, SMMU_CD_S, rows[i].s);
		b_put_cd(&b, SID, 0, b.cd, cd);
		res = b_read(&b, SID, 0x777000);
		assert_int_equal(res.status, rows[i].status);
		assert_int_equal(res.event, SMMU_EVT_F_TRANSLATION);
		assert_int_equal(res.recorded, rows[i].recorded);
		if (rows[i].recorded) {
			b_event_head(want, 0x10, SID, false, 0);
			want[1] = 1ull << 35 | 2ull << 40;
			want[2] = 0x777000;
			b_expect_event(&b, want);
		}
		b_no_event(&b);
	}
	b_teardown(&b);
}

/* EVT-55, EVT-56: a stage 2 fault asks S2R, A counts as 1, whatever the CD says. */
static void stage2_fault_behaviour(void **state)
{
	uint64_t ste[8], cd[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, raz_wi_exists);
	h_map(&b.h, b.ttb0, 0x900000, 0x5555000, 3, h_s1_rw());
	for (unsigned s2r = 0; s2r < 2; s2r++) {
		struct smmu_result res;

		b_cd(&b, cd);
		smmu_set(cd, SMMU_CD_A, 0);
		smmu_set(cd, SMMU_CD_R, !s2r);
		b_put_cd(&b, SID, 0, b.cd, cd);
		b_ste(&b, SMMU_STE_CONFIG_NESTED, ste);
		smmu_set(ste, SMMU_STE_S2R, s2r);
		b_put_ste(&b, SID, ste);
		res = b_read(&b, SID, 0x900000);
		assert_int_equal(res.status, SMMU_ABORT);
		assert_int_equal(res.event, SMMU_EVT_F_TRANSLATION);
		assert_int_equal(res.recorded, s2r);
		assert_int_equal(h_events_drain(&b.h), s2r);
	}
	b_teardown(&b);
}

/* EVT-50: an aborted walk is recorded and aborts whatever A and R say. */
static void walk_abort_ignores_a_and_r(void **state)
{
	uint64_t ste[8], cd[8], want[4];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, raz_wi_exists);
	b_ste(&b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(&b, SID, ste);
	h_cd_s1(cd, 0x10000000, ASID);
	smmu_set(cd, SMMU_CD_A, 0);
	smmu_set(cd, SMMU_CD_R, 0);
	b_put_cd(&b, SID, 0, b.cd, cd);
	assert_int_equal(b_read(&b, SID, 0x8000000000ull).status, SMMU_ABORT);
	b_event_head(want, 0x0b, SID, false, 0);
	want[1] = 1ull << 35 | 1ull << 40; /* RnW, CLASS TT, S2 0 (EVT-17) */
	want[2] = 0x8000000000ull;
	want[3] = 0x10000008;
	b_expect_event(&b, want);
	b_no_event(&b);
	b_teardown(&b);
}

/* Section 8: an atomic without R is recorded as a read, one without W as a write. */
static void atomic_names_the_half_that_was_denied(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .op = SMMU_ATOMIC, .addr = 0x900008 };
	uint64_t ste[8], want[4];
	struct bench b;

	(void)state;
	for (unsigned s2ap = 0; s2ap < 4; s2ap++) {
		uint64_t attrs = smmu_reg_set(h_s2_rw(), SMMU_S2DESC_S2AP, s2ap);

		b_setup(&b, SMMU_PRESET_V3_2, NULL);
		h_map(&b.h, b.s2ttb, 0x900000, b.page, 3, attrs);
		b_ste(&b, SMMU_STE_CONFIG_S2, ste);
		b_put_ste(&b, SID, ste);
		if (s2ap == 3) {
			b_expect_ok(go(&b, &txn), b.page + 8);
		} else {
			assert_int_equal(go(&b, &txn).event, SMMU_EVT_F_PERMISSION);
			b_event_head(want, 0x13, SID, false, 0);
			want[1] = (s2ap == 2 ? 1ull << 35 : 0) | 1ull << 39 | 2ull << 40;
			want[2] = 0x900008;
			want[3] = 0x900000;
			b_expect_event(&b, want);
		}
		b_no_event(&b);
		b_teardown(&b);
	}
}

/* T-20: whatever came in, a Non-secure stream leaves as Non-secure. */
static void output_is_non_secure(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .has_attr = true, .attr = { .ns = 0 } };
	uint64_t ste[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	h_ste_bypass(ste);
	b_put_ste(&b, SID, ste);
	assert_int_equal(go(&b, &txn).attr.ns, 1);
	smmuen_off(&b);
	assert_int_equal(go(&b, &txn).attr.ns, 1);
	b_teardown(&b);
}

/* CMD-19, EVT-3: a prefetched translation is a hit later; a faulting one is silent. */
static void prefetch_addr(void **state)
{
	uint64_t ste[8], cd[8], cmd[2] = { 0, 0 };
	struct smmu_stats before, after;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_ste(&b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(&b, SID, ste);
	b_cd(&b, cd);
	b_put_cd(&b, SID, 0, b.cd, cd);
	smmu_set(cmd, SMMU_CMD_PREFETCH_ADDR_OPCODE, SMMU_OP_PREFETCH_ADDR);
	smmu_set(cmd, SMMU_CMD_PREFETCH_ADDR_StreamID, SID);
	smmu_set(cmd, SMMU_CMD_PREFETCH_ADDR_Addr, VA >> 12);
	h_cmd_dw(&b.h, cmd);
	smmu_set(cmd, SMMU_CMD_PREFETCH_ADDR_Addr, 0x777000 >> 12);
	h_cmd_dw(&b.h, cmd);
	h_sync(&b.h);
	b_no_event(&b);
	smmu_stats_read(b.h.smmu, &before);
	b_expect_ok(b_read(&b, SID, VA), b.page);
	smmu_stats_read(b.h.smmu, &after);
	assert_int_equal(after.walk_reads, before.walk_reads);
	assert_int_equal(after.translations, 1);
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disabled_smmu_bypasses_or_aborts),
		cmocka_unit_test(overrides_of_gbpa_and_ste),
		cmocka_unit_test(memory_type_override),
		cmocka_unit_test(uncacheable_input_is_outer_shareable),
		cmocka_unit_test(privilege_and_instruction_override),
		cmocka_unit_test(records_show_the_overridden_access),
		cmocka_unit_test(stage1_bypass_bounds_the_address),
		cmocka_unit_test(between_s2t0sz_and_ias),
		cmocka_unit_test(nested_translation_end_to_end),
		cmocka_unit_test(stage1_fault_behaviour),
		cmocka_unit_test(stage2_fault_behaviour),
		cmocka_unit_test(walk_abort_ignores_a_and_r),
		cmocka_unit_test(atomic_names_the_half_that_was_denied),
		cmocka_unit_test(output_is_non_secure),
		cmocka_unit_test(prefetch_addr),
	};

	return cmocka_run_group_tests_name("model_translate", tests, NULL, NULL);
}
