/* SPDX-License-Identifier: MIT */
/*
 * What makes a CD under a Non-secure STE ILLEGAL: IHI 0070 5.4.2, rules CD-1 to
 * CD-19 of the digest, one predicate a rule. They are an OR and all end as
 * C_BAD_CD; a predicate may rely on the ones before it. CD-17 speaks of VMSAv9-128
 * only. What holds for both tables is asked table by table, for those that are
 * enabled: a table behind EPDx == 1 is never looked at (4.4), and the any-EL2 worlds
 * have no EPD and no second table (D-9).
 *
 * CHOICE (GEN-2) and CHOICE (CD-14 in v3.0): as in ste_rules.c.
 */
#include <stddef.h>
#include "model/config/config.h"

/* A table as its rules look at it. */
struct table {
	bool en;
	unsigned txsz, granule;
	uint64_t ttb;
};

/* A CD in the context of its STE. */
struct view {
	const struct smmu *smmu;
	const struct smmu_ste *ste;
	const uint64_t *dw;
	bool lpae32, one_table, pie;
	unsigned stall;
	unsigned ips; /* eff_IPS */
	struct table tt[2];
};

static unsigned get(const struct view *v, unsigned field)
{
	return (unsigned)smmu_get(v->dw, field);
}

static bool cd_3(const struct view *v)
{
	return v->ste->s1stalld && get(v, SMMU_CD_S);
}

static bool cd_4(const struct view *v)
{
	return IDR0(v->smmu, TERM_MODEL) && !get(v, SMMU_CD_A);
}

static bool cd_5(const struct view *v)
{
	return v->stall == STALL_NEVER && get(v, SMMU_CD_S);
}

static bool cd_6(const struct view *v)
{
	return v->stall == STALL_FORCED && !get(v, SMMU_CD_S);
}

static bool cd_7(const struct view *v)
{
	return (v->tt[0].en || v->tt[1].en) &&
	       !smmu_endian_ok(v->smmu, get(v, SMMU_CD_ENDI));
}

static bool cd_8(const struct view *v)
{
	return v->lpae32 && (!(IDR0(v->smmu, TTF) & TTF_LPAE32) ||
			     v->ste->world == SMMU_WORLD_NS_EL2_E2H);
}

static bool cd_9(const struct view *v)
{
	return !v->lpae32 && (!(IDR0(v->smmu, TTF) & TTF_V864) ||
			      (v->ste->s2 && v->ste->s2cfg.fmt == SMMU_FMT_LPAE32));
}

static bool cd_10(const struct view *v)
{
	return !v->lpae32 && (get(v, SMMU_CD_HA) || get(v, SMMU_CD_HD)) &&
	       IDR0(v->smmu, HTTU) == 0;
}

static bool cd_11(const struct view *v)
{
	return !v->lpae32 && get(v, SMMU_CD_HD) && IDR0(v->smmu, HTTU) == 1;
}

static bool cd_12(const struct view *v)
{
	return !v->lpae32 && get(v, SMMU_CD_HAFT) && !get(v, SMMU_CD_HA) &&
	       IDR0(v->smmu, HTTU) == 3;
}

static bool cd_13(const struct view *v)
{
	return !v->one_table && !IDR0(v->smmu, ASID16) && get(v, SMMU_CD_ASID) > 0xff;
}

/* The range of section 4.3. */
static bool txsz_bad(const struct view *v, const struct table *tt)
{
	bool ds = IDR5(v->smmu, DS) && get(v, SMMU_CD_DS);
	unsigned max = 39, min = 16;

	if (IDR3(v->smmu, STT))
		max = tt->granule == 16 ? 47 : 48;
	if (!v->smmu->id.v30 && IDR5(v->smmu, VAX) != 0 && (tt->granule == 16 || ds))
		min = 12;
	return tt->txsz < min || tt->txsz > max;
}

static bool cd_14(const struct view *v)
{
	for (unsigned x = 0; x < 2; x++) {
		if (!v->lpae32 && v->tt[x].en && txsz_bad(v, &v->tt[x]))
			return true;
	}
	return false;
}

static bool cd_15(const struct view *v)
{
	for (unsigned x = 0; x < 2; x++) {
		if (!v->lpae32 && v->tt[x].en &&
		    !smmu_granule_ok(v->smmu, v->tt[x].granule))
			return true;
	}
	return false;
}

static bool ttb_bad(const struct view *v, const struct table *tt)
{
	bool ds = IDR5(v->smmu, DS) && get(v, SMMU_CD_DS);

	if (smmu_above(tt->ttb, v->ips))
		return true;
	return !v->lpae32 && !ds && tt->granule < 16 && smmu_above(tt->ttb, 48);
}

static bool cd_16(const struct view *v)
{
	for (unsigned x = 0; x < 2; x++) {
		if (v->tt[x].en && ttb_bad(v, &v->tt[x]))
			return true;
	}
	return false;
}

/* PIIP, PIIU codes 100 and 110 are Reserved (CD-34). */
static bool pii_reserved(unsigned code)
{
	return code == 4 || code == 6;
}

static bool cd_18(const struct view *v)
{
	uint64_t piip = smmu_get(v->dw, SMMU_CD_PIIP);

	for (unsigned p = 0; v->pie && p < 16; p++) {
		if (pii_reserved(piip >> (3 * p) & 7))
			return true;
	}
	return false;
}

/* Also: what privileged code may execute, unprivileged code may not write. */
static bool cd_19(const struct view *v)
{
	uint64_t piip = smmu_get(v->dw, SMMU_CD_PIIP),
		 piiu = smmu_get(v->dw, SMMU_CD_PIIU);

	for (unsigned p = 0; v->pie && !v->one_table && p < 16; p++) {
		unsigned pp = piip >> (3 * p) & 7, up = piiu >> (3 * p) & 7;

		if (pii_reserved(up) || ((pp & 2) && (up & 4)))
			return true;
	}
	return false;
}

static const struct {
	const char *id;
	bool (*broken)(const struct view *v);
} rules[] = {
	{ "CD-3", cd_3 },   { "CD-4", cd_4 },	{ "CD-5", cd_5 },   { "CD-6", cd_6 },
	{ "CD-7", cd_7 },   { "CD-8", cd_8 },	{ "CD-9", cd_9 },   { "CD-10", cd_10 },
	{ "CD-11", cd_11 }, { "CD-12", cd_12 }, { "CD-13", cd_13 }, { "CD-14", cd_14 },
	{ "CD-15", cd_15 }, { "CD-16", cd_16 }, { "CD-18", cd_18 }, { "CD-19", cd_19 },
};

static void view_tables(struct view *v)
{
	struct table *t0 = &v->tt[0], *t1 = &v->tt[1];

	t0->en = v->one_table || !get(v, SMMU_CD_EPD0);
	t0->txsz = get(v, SMMU_CD_T0SZ);
	t0->granule = v->lpae32 ? 12 : smmu_tg0_granule(get(v, SMMU_CD_TG0));
	t0->ttb = smmu_ttb(v->smmu, v->dw, SMMU_CD_TTB0);
	t1->en = !v->one_table && !get(v, SMMU_CD_EPD1);
	t1->txsz = get(v, SMMU_CD_T1SZ);
	t1->granule = v->lpae32 ? 12 : smmu_tg1_granule(get(v, SMMU_CD_TG1));
	t1->ttb = smmu_ttb(v->smmu, v->dw, SMMU_CD_TTB1);
}

const char *smmu_cd_check(const struct smmu *smmu, const struct smmu_ste *ste,
			  const uint64_t *dw)
{
	struct view v = { .smmu = smmu, .ste = ste, .dw = dw };

	if (!get(&v, SMMU_CD_V))
		return "CD-1";
	v.lpae32 = !get(&v, SMMU_CD_AA64);
	v.one_table = ste->world == SMMU_WORLD_NS_EL2;
	v.pie = !v.lpae32 && ste->s1pie && get(&v, SMMU_CD_PIE);
	v.stall = IDR0(smmu, STALL_MODEL);
	v.ips = v.lpae32 ? 40 : smmu_size_bits(smmu, get(&v, SMMU_CD_IPS));
	view_tables(&v);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].broken(&v))
			return rules[i].id;
	}
	return NULL;
}
