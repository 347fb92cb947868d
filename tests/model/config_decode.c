/* SPDX-License-Identifier: MIT */
/*
 * What a legal STE and CD come to mean: every field in its place, and the fields
 * that a feature, a format or a world takes out of play (structures.md 2.1, 4.1).
 */
#include "model/config_bench.h"
#include <string.h>

#define CD(f)  SMMU_CD_##f
#define STE(f) SMMU_STE_##f

static struct smmu_ste ste_of(struct bench *b, const uint64_t *dw)
{
	struct smmu_ste ste = { 0 };

	smmu_ste_decode(b->h.smmu, dw, &ste);
	assert_null(ste.illegal);
	return ste;
}

static struct smmu_s1cfg cd_of(struct bench *b, unsigned world, bool s1pie,
			       const uint64_t *dw)
{
	const struct smmu_ste ste = { .s1 = true,
				      .world = (uint8_t)world,
				      .s1pie = s1pie };
	struct smmu_cd cd;

	smmu_cd_decode(b->h.smmu, &ste, dw, &cd);
	assert_null(cd.illegal);
	return cd.s1;
}

static void every_feature(struct bench *b)
{
	static const struct patch id[] = {
		ID0(TTF, 3),	    ID0(HTTU, 3), ID0(TTENDIAN, 0), ID0(STALL_MODEL, 0),
		ID0(TERM_MODEL, 0), ID3(S1PI, 1), ID3(S2PI, 1),	    ID3(S2PO, 1),
		ID3(THE, 1),	    ID3(AIE, 1),
	};

	b_patch(b, id, COUNT(id));
}

/* Reads one byte-sized member. */
#define AT(type, member) offsetof(type, member)
static unsigned byte_at(const void *p, size_t offset)
{
	return ((const uint8_t *)p)[offset];
}

struct flag {
	unsigned field;
	size_t offset;
};

/* One-bit fields of stage 2, each alone: its member becomes 1, the others stay 0. */
static void stage2_flags(void **state)
{
#define S2(f, m)                                                                         \
	{                                                                                \
		SMMU_STE_##f, AT(struct smmu_s2cfg, m)                                   \
	}
	static const struct flag flags[] = {
		S2(S2ENDI, endi),
		S2(S2AFFD, affd),
		S2(S2HA, ha),
		S2(S2PTW, ptw),
		S2(S2FWB, fwb),
		S2(S2S, s2s),
		S2(S2R, s2r),
		S2(S2PIE, pie),
		S2(TL0, tl0),
		S2(TL1, tl1),
		S2(AssuredOnly, assured_only),
	};
	uint64_t dw[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_4, NULL);
	every_feature(&b);
	for (size_t i = 0; i < COUNT(flags); i++) {
		struct smmu_ste ste;

		b_ste(&b, SMMU_STE_CONFIG_NESTED, dw);
		smmu_set(dw, STE(S2R), 0);
		smmu_set(dw, flags[i].field, 1);
		ste = ste_of(&b, dw);
		for (size_t j = 0; j < COUNT(flags); j++)
			assert_int_equal(byte_at(&ste.s2cfg, flags[j].offset), i == j);
	}
	b_teardown(&b);
}

/* STE-60, STE-62, S2DS with 64KB; features that are missing. */
static void stage2_fields_that_do_not_count(void **state)
{
	struct smmu_ste ste;
	uint64_t dw[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_4, NULL);
	b_ste(&b, SMMU_STE_CONFIG_S2, dw);
	smmu_set(dw, STE(S2PTW), 1); /* only with both stages */
	smmu_set(dw, STE(S2PIE), 1); /* no S2PI, no THE here */
	smmu_set(dw, STE(TL0), 1);
	smmu_set(dw, STE(S2POI), 0x1111);
	ste = ste_of(&b, dw);
	assert_false(ste.s2cfg.ptw || ste.s2cfg.pie || ste.s2cfg.tl0 || ste.s2cfg.poe);
	assert_int_equal(ste.s2cfg.poi, 0);
	every_feature(&b);
	smmu_set(dw, STE(S2HD), 1); /* {S2HA,S2HD} == 01 acts as 00 */
	ste = ste_of(&b, dw);
	assert_false(ste.s2cfg.ha || ste.s2cfg.hd);
	smmu_set(dw, STE(S2HA), 1);
	smmu_set(dw, STE(S2HAFT), 1);
	ste = ste_of(&b, dw);
	assert_true(ste.s2cfg.ha && ste.s2cfg.hd && ste.s2cfg.haft);
	smmu_set(dw, STE(S2DS), 1);
	assert_true(ste_of(&b, dw).s2cfg.ds);
	smmu_set(dw, STE(S2TG), 1);
	assert_false(ste_of(&b, dw).s2cfg.ds);
	b_teardown(&b);
}

static void stage2_geometry(void **state)
{
	static const struct {
		unsigned aa64, tg, t0sz, sl0, ps, granule, n, start, bits;
	} rows[] = {
		{ 1, 0, 16, 2, 5, 12, 48, 0, 48 }, { 1, 0, 24, 1, 2, 12, 40, 1, 40 },
		{ 1, 0, 34, 0, 7, 12, 30, 2, 52 }, { 1, 1, 22, 1, 0, 16, 42, 2, 32 },
		{ 1, 2, 17, 2, 4, 14, 47, 1, 44 }, { 0, 3, 8, 1, 0, 12, 40, 1, 40 },
		{ 0, 0, 2, 0, 7, 12, 30, 2, 40 },
	};
	uint64_t dw[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_4, NULL);
	every_feature(&b);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smmu_s2cfg s2;

		b_ste(&b, SMMU_STE_CONFIG_S2, dw);
		smmu_set(dw, STE(S2AA64), rows[i].aa64);
		smmu_set(dw, STE(S2TG), rows[i].tg);
		smmu_set(dw, STE(S2T0SZ), rows[i].t0sz);
		smmu_set(dw, STE(S2SL0), rows[i].sl0);
		smmu_set(dw, STE(S2PS), rows[i].ps);
		smmu_set(dw, STE(S2IR0), 2);
		smmu_set(dw, STE(S2OR0), 3);
		smmu_set(dw, STE(S2SH0), 1); /* Reserved: acts as 00 (STE-48) */
		s2 = ste_of(&b, dw).s2cfg;
		assert_int_equal(s2.fmt, rows[i].aa64 ? SMMU_FMT_V864 : SMMU_FMT_LPAE32);
		assert_int_equal(s2.granule, rows[i].granule);
		assert_int_equal(s2.n, rows[i].n);
		assert_int_equal(s2.start, rows[i].start);
		assert_int_equal(s2.ps, rows[i].bits);
		assert_int_equal(s2.vmid, VMID);
		assert_int_equal(s2.fetch.ic, 2);
		assert_int_equal(s2.fetch.oc, 3);
		assert_int_equal(s2.fetch.sh, 0);
	}
	b_teardown(&b);
}

/* STE-64, CD-21: to the start table; with 52 bits of output, or DS, to 64 bytes. */
static void bases_are_aligned(void **state)
{
	static const struct {
		unsigned ps, ds, align;
	} rows[] = { { 5, 0, 4 }, { 5, 1, 6 }, { 6, 0, 6 } };
	const uint64_t odd = H_RAM + 0xffff0;
	struct smmu_s1cfg s1;
	uint64_t dw[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_4, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		b_cd(&b, dw);
		smmu_set(dw, CD(T0SZ), 33); /* two entries */
		smmu_set(dw, CD(IPS), rows[i].ps);
		smmu_set(dw, CD(DS), rows[i].ds);
		smmu_set(dw, CD(TTB0), odd >> 4);
		s1 = cd_of(&b, SMMU_WORLD_NS_EL1, false, dw);
		assert_int_equal(s1.tt[0].base, odd & ~((1ull << rows[i].align) - 1));
	}
	/* two concatenated tables */
	b_ste(&b, SMMU_STE_CONFIG_S2, dw);
	smmu_set(dw, STE(S2T0SZ), 24);
	smmu_set(dw, STE(S2SL0), 1);
	smmu_set(dw, STE(S2TTB), (H_RAM + 0x3ff0) >> 4);
	assert_int_equal(ste_of(&b, dw).s2cfg.base, H_RAM + 0x2000);
	b_teardown(&b);
}

/* One-bit fields of a CD, each alone. */
static void cd_flags(void **state)
{
#define S1(f, m)                                                                         \
	{                                                                                \
		SMMU_CD_##f, AT(struct smmu_s1cfg, m)                                    \
	}
	static const struct flag flags[] = {
		S1(ASET, aset),
		S1(ENDI, endi),
		S1(AFFD, affd),
		S1(HA, ha),
		S1(WXN, wxn),
		S1(PAN, pan),
		S1(EPAN, epan),
		S1(DS, ds),
		S1(AIE, aie),
		S1(PnCH, pnch),
		S1(A, a),
		S1(R, r),
		S1(S, s),
		S1(TBI0, tt[0].tbi),
		S1(TBI1, tt[1].tbi),
		S1(HAD0, tt[0].had),
		S1(HAD1, tt[1].had),
		S1(E0PD0, tt[0].e0pd),
		S1(E0PD1, tt[1].e0pd),
	};
	uint64_t dw[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_4, NULL);
	every_feature(&b);
	for (size_t i = 0; i < COUNT(flags); i++) {
		struct smmu_s1cfg s1;

		b_cd(&b, dw);
		smmu_set(dw, CD(A), 0);
		smmu_set(dw, CD(R), 0);
		smmu_set(dw, CD(ASET), 0);
		smmu_set(dw, flags[i].field, 1);
		s1 = cd_of(&b, SMMU_WORLD_NS_EL1, false, dw);
		for (size_t j = 0; j < COUNT(flags); j++)
			assert_int_equal(byte_at(&s1, flags[j].offset), i == j);
	}
	b_teardown(&b);
}

/* Both tables and the wide fields, all different. */
static void cd_values(void **state)
{
	static const struct set values[] = {
		{ CD(EPD1), 0 },
		{ CD(T0SZ), 25 },
		{ CD(TG0), 2 },
		{ CD(IR0), 1 },
		{ CD(OR0), 2 },
		{ CD(SH0), 3 },
		{ CD(T1SZ), 22 },
		{ CD(TG1), 3 },
		{ CD(IR1), 2 },
		{ CD(OR1), 3 },
		{ CD(SH1), 2 },
		{ CD(IPS), 2 },
		{ CD(TTB1), 0x9000000 },
		{ CD(ASID), 0xfedc },
		{ CD(MAIR0), 0x33221100 },
		{ CD(MAIR1), 0x77665544 },
	};
	struct smmu_s1cfg s1;
	uint64_t dw[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	b_cd(&b, dw);
	b_apply(dw, values, COUNT(values));
	s1 = cd_of(&b, SMMU_WORLD_NS_EL1, false, dw);
	assert_int_equal(s1.fmt, SMMU_FMT_V864);
	assert_int_equal(s1.ips, 40);
	assert_int_equal(s1.asid, 0xfedc);
	assert_int_equal(s1.mair, 0x7766554433221100ull);
	assert_int_equal(s1.tt[0].granule, 14);
	assert_int_equal(s1.tt[0].n, 39);
	assert_int_equal(s1.tt[0].start, 1);
	assert_int_equal(s1.tt[0].fetch.ic, 1);
	assert_int_equal(s1.tt[0].fetch.oc, 2);
	assert_int_equal(s1.tt[0].fetch.sh, 3);
	assert_int_equal(s1.tt[1].granule, 16);
	assert_int_equal(s1.tt[1].n, 42);
	assert_int_equal(s1.tt[1].start, 2);
	assert_int_equal(s1.tt[1].fetch.ic, 2);
	assert_int_equal(s1.tt[1].fetch.oc, 3);
	assert_int_equal(s1.tt[1].fetch.sh, 2);
	assert_int_equal(s1.tt[1].base, 0x90000000);
	b_teardown(&b);
}

/* Section 4.1, CD-23, 3.26.1: formats and indirection take fields out of play. */
static void cd_fields_that_do_not_count(void **state)
{
	struct smmu_s1cfg s1;
	uint64_t dw[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_4, NULL);
	every_feature(&b);
	b_cd(&b, dw);
	smmu_set(dw, CD(HD), 1); /* {HD,HA} == 10 acts as 00 */
	smmu_set(dw, CD(UWXN), 1);
	smmu_set(dw, CD(WXN), 1);
	smmu_set(dw, CD(PIE), 1);
	s1 = cd_of(&b, SMMU_WORLD_NS_EL1, false, dw);
	assert_false(s1.ha || s1.hd || s1.uwxn || s1.pie || s1.epan);
	assert_true(s1.wxn);
	s1 = cd_of(&b, SMMU_WORLD_NS_EL1, true, dw);
	assert_true(s1.pie && s1.epan);
	assert_false(s1.wxn);
	smmu_set(dw, CD(HA), 1);
	smmu_set(dw, CD(HAFT), 1);
	s1 = cd_of(&b, SMMU_WORLD_NS_EL1, true, dw);
	assert_true(s1.ha && s1.hd && s1.haft);
	/* VMSAv8-32 */
	smmu_set(dw, CD(AA64), 0);
	smmu_set(dw, CD(T0SZ), 0x3a); /* [2:0]: 2 */
	smmu_set(dw, CD(TBI0), 1);
	smmu_set(dw, CD(E0PD0), 1);
	smmu_set(dw, CD(HAD0), 1);
	smmu_set(dw, CD(EPAN), 1);
	smmu_set(dw, CD(DS), 1);
	s1 = cd_of(&b, SMMU_WORLD_NS_EL1, true, dw);
	assert_int_equal(s1.fmt, SMMU_FMT_LPAE32);
	assert_int_equal(s1.ips, 40);
	assert_false(s1.pie || s1.epan || s1.ds || s1.ha || s1.hd || s1.haft);
	assert_true(s1.uwxn && s1.wxn && s1.tt[0].had);
	assert_false(s1.tt[0].tbi || s1.tt[0].e0pd);
	assert_int_equal(s1.tt[0].txsz, 2);
	assert_int_equal(s1.tt[0].n, 30);
	assert_int_equal(s1.tt[0].start, 2);
	assert_false(cd_of(&b, SMMU_WORLD_NS_EL2, true, dw).uwxn);
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage2_flags),
		cmocka_unit_test(stage2_fields_that_do_not_count),
		cmocka_unit_test(stage2_geometry),
		cmocka_unit_test(bases_are_aligned),
		cmocka_unit_test(cd_flags),
		cmocka_unit_test(cd_values),
		cmocka_unit_test(cd_fields_that_do_not_count),
	};

	return cmocka_run_group_tests_name("model_config_decode", tests, NULL, NULL);
}
