/* SPDX-License-Identifier: MIT */
/*
 * What makes a Non-secure STE ILLEGAL: IHI 0070 5.2.2, rules STE-1 to STE-40 of
 * the digest, one predicate a rule. The rules are an OR and all end as C_BAD_STE;
 * they are asked in the order of the pseudocode, and a predicate may rely on the
 * ones before it. STE-6, 7, 11, 14, 15, 16 and 33 speak of other security states.
 *
 * CHOICE (GEN-2): bits without a field are ignored, and so are fields which are
 * RES0 for want of a feature. CHOICE: where v3.0 leaves an out-of-range value
 * open (STE-20, STE-31), it is ILLEGAL as in every later version.
 */
#include <stddef.h>
#include "model/config/config.h"
#include "model/mpam/mpam.h"

/* A STE and what several rules want to know of it. */
struct view {
	const struct smmu *smmu;
	const uint64_t *dw;
	unsigned config, eats, strw, stall;
	bool s1, s2, strw_used;
	/* stage 2; only if s2 */
	bool lpae32, ds;
	unsigned granule; /* log2 bytes; 0: Reserved */
	unsigned n;	  /* input size in bits */
	unsigned ps;	  /* eff_S2PS */
};

static unsigned get(const struct view *v, unsigned field)
{
	return (unsigned)smmu_get(v->dw, field);
}

/* ---- stages and ATS ---- */

static bool ste_4(const struct view *v)
{
	return v->s1 && !IDR0(v->smmu, S1P);
}

static bool ste_5(const struct view *v)
{
	return v->s2 && !IDR0(v->smmu, S2P);
}

/* EATS is looked at with ATS, and not in bypass. */
static bool eats_is(const struct view *v, unsigned eats)
{
	return IDR0(v->smmu, ATS) && (v->config & 3) != 0 && v->eats == eats;
}

static bool ste_8(const struct view *v)
{
	return eats_is(v, 2) && (v->config != SMMU_STE_CONFIG_NESTED ||
				 get(v, SMMU_STE_S2S) || IDR0(v->smmu, NS1ATS));
}

/* CHOICE: v3.0 may also refuse Config 101 with S2S; it does not. */
static bool ste_9(const struct view *v)
{
	return eats_is(v, 1) && v->s2 && get(v, SMMU_STE_S2S);
}

/* EATS 0b11 acts as 0b00 without DPT and is then not judged. */
static bool ste_10(const struct view *v)
{
	return eats_is(v, 3) && IDR3(v->smmu, DPT) && v->strw_used && v->strw != STRW_EL1;
}

/* D-1: in the field text, not in the pseudocode. */
static bool ste_12(const struct view *v)
{
	return eats_is(v, 3) && IDR3(v->smmu, DPT) && v->s2 && get(v, SMMU_STE_S2S);
}

static bool ste_13(const struct view *v)
{
	return v->strw_used && (v->strw & 1);
}

/* ---- stage 1 ---- */

static bool ste_17(const struct view *v)
{
	return v->s1 && get(v, SMMU_STE_S1STALLD) && v->stall != STALL_BOTH;
}

static bool ste_18(const struct view *v)
{
	unsigned ssidsize = IDR1(v->smmu, SSIDSIZE);

	return v->s1 && ssidsize != 0 && get(v, SMMU_STE_S1CDMax) > ssidsize;
}

/* D-5: S1Fmt 0b11 acts as 0b00, also without CD2L. */
static bool ste_19(const struct view *v)
{
	unsigned fmt = get(v, SMMU_STE_S1Fmt);

	return v->s1 && IDR1(v->smmu, SSIDSIZE) != 0 && get(v, SMMU_STE_S1CDMax) != 0 &&
	       !IDR0(v->smmu, CD2L) && (fmt == S1FMT_4K_L2 || fmt == S1FMT_64K_L2);
}

/* CHOICE (ADDR-1, ADDR-2): C_BAD_STE, also when the pointer is an IPA. */
static bool ste_20(const struct view *v)
{
	uint64_t ptr = smmu_get_addr(v->dw, SMMU_STE_S1ContextPtr);

	return v->s1 && smmu_above(ptr, v->s2 ? v->smmu->id.ias : v->smmu->id.oas);
}

/* ---- stage 2 ---- */

static bool ste_21(const struct view *v)
{
	return v->s2 && v->lpae32 && IDR3(v->smmu, FWB) && get(v, SMMU_STE_S2FWB);
}

static bool ste_22(const struct view *v)
{
	return v->s2 && get(v, SMMU_STE_S2S) && v->stall == STALL_NEVER;
}

static bool ste_23(const struct view *v)
{
	return v->s2 && !get(v, SMMU_STE_S2S) && v->stall == STALL_FORCED;
}

static bool ste_24(const struct view *v)
{
	return v->s2 && v->lpae32 && !(IDR0(v->smmu, TTF) & TTF_LPAE32);
}

static bool ste_25(const struct view *v)
{
	return v->s2 && !v->lpae32 && !(IDR0(v->smmu, TTF) & TTF_V864);
}

static bool ste_26(const struct view *v)
{
	return v->s2 && (get(v, SMMU_STE_S2HA) || get(v, SMMU_STE_S2HD)) &&
	       (v->lpae32 || IDR0(v->smmu, HTTU) == 0);
}

static bool ste_27(const struct view *v)
{
	return v->s2 && get(v, SMMU_STE_S2HD) && IDR0(v->smmu, HTTU) == 1;
}

static bool ste_28(const struct view *v)
{
	return v->s2 && get(v, SMMU_STE_S2HAFT) && !get(v, SMMU_STE_S2HA) &&
	       IDR0(v->smmu, HTTU) == 3;
}

static bool ste_29(const struct view *v)
{
	return v->s2 && !v->lpae32 && !smmu_granule_ok(v->smmu, v->granule);
}

static bool ste_30(const struct view *v)
{
	uint64_t ttb = smmu_ttb(v->smmu, v->dw, SMMU_STE_S2TTB);

	if (!v->s2)
		return false;
	if (smmu_above(ttb, v->ps))
		return true;
	return !v->lpae32 && v->granule < 16 && !v->ds && smmu_above(ttb, 48);
}

/* The range of section 2.5; every value is in range for VMSAv8-32. */
static bool ste_31(const struct view *v)
{
	unsigned max = 39, min = 16, ias = v->smmu->id.ias,
		 t0sz = get(v, SMMU_STE_S2T0SZ);

	if (!v->s2 || v->lpae32)
		return false;
	if (IDR3(v->smmu, STT))
		max = v->granule == 16 ? 47 : 48;
	if (v->smmu->id.v30)
		min = 0;
	else if (v->granule == 16 || v->ds)
		min = 12;
	if (min < 64 - ias)
		min = 64 - ias;
	return t0sz < min || t0sz > max;
}

static bool ste_32(const struct view *v)
{
	unsigned sl0 = get(v, SMMU_STE_S2SL0);
	int8_t start;

	if (!v->s2)
		return false;
	if (v->lpae32)
		return sl0 > 1 || !smmu_s2_geometry_ok(12, v->n, 2 - (int)sl0);
	if (!smmu_s2_start_level(v->granule, v->ds, sl0, get(v, SMMU_STE_S2SL0_2),
				 IDR3(v->smmu, STT), &start))
		return true;
	return !smmu_s2_geometry_ok(v->granule, v->n, start);
}

static bool ste_34(const struct view *v)
{
	return v->s2 && !smmu_endian_ok(v->smmu, get(v, SMMU_STE_S2ENDI));
}

static bool ste_35(const struct view *v)
{
	return v->s2 && v->lpae32 && IDR3(v->smmu, S2PI) && get(v, SMMU_STE_S2PIE);
}

static bool overlay(const struct view *v)
{
	return v->s2 && IDR3(v->smmu, S2PO) && get(v, SMMU_STE_S2POE);
}

static bool ste_36(const struct view *v)
{
	return overlay(v) && !get(v, SMMU_STE_S2PIE);
}

static bool ste_37(const struct view *v)
{
	return overlay(v) && IDR3(v->smmu, PBHA) &&
	       (get(v, SMMU_STE_S2HWU59) || get(v, SMMU_STE_S2HWU60) ||
		get(v, SMMU_STE_S2HWU61) || get(v, SMMU_STE_S2HWU62));
}

static bool ste_38(const struct view *v)
{
	uint64_t poi = smmu_get(v->dw, SMMU_STE_S2POI);

	if (!overlay(v))
		return false;
	for (unsigned p = 0; p < 16; p++, poi >>= 4) {
		if ((poi & 15) == 1 || (poi & 15) == 5)
			return true;
	}
	return false;
}

/* ---- both ---- */

static bool ste_39(const struct view *v)
{
	bool ignored = v->config == SMMU_STE_CONFIG_BYPASS || !IDR0(v->smmu, S2P) ||
		       (v->strw_used && v->strw != STRW_EL1);

	return !ignored && !IDR0(v->smmu, VMID16) && get(v, SMMU_STE_S2VMID) > 0xff;
}

/* D-13: the text gates it by the VMS. */
static bool ste_40(const struct view *v)
{
	return v->config == SMMU_STE_CONFIG_NESTED && get(v, SMMU_STE_S1MPAM) &&
	       smmu_vms_supported(&v->smmu->cfg) &&
	       smmu_above(smmu_get_addr(v->dw, SMMU_STE_VMSPtr), v->smmu->id.oas);
}

static const struct {
	const char *id;
	bool (*broken)(const struct view *v);
} rules[] = {
	{ "STE-4", ste_4 },   { "STE-5", ste_5 },   { "STE-8", ste_8 },
	{ "STE-9", ste_9 },   { "STE-10", ste_10 }, { "STE-12", ste_12 },
	{ "STE-13", ste_13 }, { "STE-17", ste_17 }, { "STE-18", ste_18 },
	{ "STE-19", ste_19 }, { "STE-20", ste_20 }, { "STE-21", ste_21 },
	{ "STE-22", ste_22 }, { "STE-23", ste_23 }, { "STE-24", ste_24 },
	{ "STE-25", ste_25 }, { "STE-26", ste_26 }, { "STE-27", ste_27 },
	{ "STE-28", ste_28 }, { "STE-29", ste_29 }, { "STE-30", ste_30 },
	{ "STE-31", ste_31 }, { "STE-32", ste_32 }, { "STE-34", ste_34 },
	{ "STE-35", ste_35 }, { "STE-36", ste_36 }, { "STE-37", ste_37 },
	{ "STE-38", ste_38 }, { "STE-39", ste_39 }, { "STE-40", ste_40 },
};

static void view_stage2(struct view *v)
{
	unsigned t0sz = get(v, SMMU_STE_S2T0SZ);

	v->lpae32 = !get(v, SMMU_STE_S2AA64);
	if (v->lpae32) {
		v->granule = 12;
		v->ps = 40;
		v->n = smmu_lpae32_s2_size(t0sz);
		return;
	}
	v->granule = smmu_tg0_granule(get(v, SMMU_STE_S2TG));
	v->ps = smmu_size_bits(v->smmu, get(v, SMMU_STE_S2PS));
	v->n = 64 - t0sz;
	v->ds = IDR5(v->smmu, DS) && get(v, SMMU_STE_S2DS) && v->granule != 16;
}

const char *smmu_ste_check(const struct smmu *smmu, const uint64_t *dw)
{
	struct view v = { .smmu = smmu, .dw = dw };

	if (!get(&v, SMMU_STE_V))
		return "STE-1";
	v.config = get(&v, SMMU_STE_Config);
	if (!(v.config & 4))
		return NULL; /* STE-2 */
	v.s1 = v.config & 1;
	v.s2 = v.config & 2;
	v.eats = get(&v, SMMU_STE_EATS);
	v.strw = get(&v, SMMU_STE_STRW);
	v.strw_used = smmu_strw_used(smmu, v.config);
	v.stall = IDR0(smmu, STALL_MODEL);
	if (v.s2)
		view_stage2(&v);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].broken(&v))
			return rules[i].id;
	}
	return NULL;
}
