/* SPDX-License-Identifier: MIT */
/* Memory attributes: translation.md section 13. */
#include "second_opinion_run.h"

/* ---- section 13 ---- */

static bool cached(unsigned type)
{
	return type == SMMU_MT_WB || type == SMMU_MT_WT;
}

static bool any_cached(const struct smmu_attr *a)
{
	return cached(a->inner) || cached(a->outer);
}

/*
 * 13.6. Until here a hint has a bit for the inner (1) and for the outer level (2); what
 * leaves is one set: 13.4 of the levels that are cacheable.
 */
void so_consistent(struct smmu_attr *a)
{
	bool in = cached(a->inner), out = cached(a->outer);

	if (!in && !out)
		a->sh = SMMU_SH_OSH;
	a->ra = (in || out) && (!in || (a->ra & 1)) && (!out || (a->ra & 2));
	a->wa = (in || out) && (!in || (a->wa & 1)) && (!out || (a->wa & 2));
	a->tr = (in && (a->tr & 1)) || (out && (a->tr & 2));
	if (!a->ra && !a->wa)
		a->tr = 0;
}

/* The same for both levels. */
void so_spread(struct smmu_attr *a)
{
	a->ra *= 3;
	a->wa *= 3;
	a->tr *= 3;
}

/* 13.3: MemAttr of a STE, GBPA, and stage 2 without FWB. */
static void memattr_types(unsigned m, uint8_t *inner, uint8_t *outer)
{
	static const uint8_t dev[4] = { SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRE,
					SMMU_MT_DEV_NGRE, SMMU_MT_DEV_GRE };
	static const uint8_t nor[4] = { 0, SMMU_MT_NC, SMMU_MT_WT, SMMU_MT_WB };

	if (m < 4) {
		*inner = *outer = dev[m];
	} else if (m == 4 || m == 8 || m == 12) {
		*inner = *outer = SMMU_MT_DEV_NGNRNE;
	} else {
		*inner = nor[m % 4];
		*outer = nor[m / 4];
	}
}

void so_override(struct run *r, const struct over *o)
{
	struct smmu_attr *a = &r->attr;

	/* 13.1.4: always OSH, supplied or overridden. */
	if (!any_cached(a))
		a->sh = SMMU_SH_OSH;
	if (r->w->cfg.attr_types_ovr) {
		if (o->mtcfg) {
			bool before = any_cached(a);

			memattr_types(o->memattr, &a->inner, &a->outer);
			if (!before && any_cached(a)) {
				a->ra = a->wa = 3;
				a->tr = 0;
			}
		}
		if (!any_cached(a))
			a->sh = SMMU_SH_OSH;
		if (any_cached(a) && o->shcfg != 1)
			a->sh = o->shcfg == 0	? SMMU_SH_NSH
				: o->shcfg == 2 ? SMMU_SH_OSH
						: SMMU_SH_ISH;
		/* CHOICE: ALLOCCFG acts with MTCFG == 0 too. */
		if (any_cached(a) && o->alloccfg >= 8) {
			a->ra = (o->alloccfg & 4) != 0;
			a->wa = (o->alloccfg & 2) != 0;
			a->tr = (o->alloccfg & 1) != 0;
			so_spread(a);
		}
	}
	if (r->w->cfg.attr_perms_ovr) {
		if (o->privcfg >= 2)
			r->acc.priv = o->privcfg == 3;
		if (o->instcfg >= 2)
			r->acc.x =
				r->acc.r && !r->acc.w && !r->acc.any && o->instcfg == 3;
	}
}

static unsigned rank_sh(unsigned sh)
{
	return sh == SMMU_SH_OSH ? 2 : sh == SMMU_SH_ISH ? 1 : 0;
}

static uint8_t strong(unsigned a, unsigned b)
{
	return (uint8_t)(a > b ? a : b);
}

void so_stage2_attr(const struct run *r, const struct page2 *p, struct smmu_attr *a)
{
	uint8_t in, out;
	unsigned m = p->memattr;

	if (!(r->w->cfg.fwb && ste_f(r, SMMU_STE_S2FWB))) {
		memattr_types(m, &in, &out);
		if (m == 4 && r->w->cfg.mteperm)
			in = out = SMMU_MT_WB;
		a->inner = strong(a->inner, in);
		a->outer = strong(a->outer, out);
	} else if ((m & 7) < 4) {
		memattr_types(m & 3, &in, &out);
		a->inner = strong(a->inner, in);
		a->outer = strong(a->outer, out);
	} else if ((m & 7) == 6) {
		for (unsigned bit = 1; bit < 3; bit++)
			if (!cached(bit == 1 ? a->inner : a->outer)) {
				a->ra |= (uint8_t)bit;
				a->wa |= (uint8_t)bit;
				a->tr &= (uint8_t)~bit;
			}
		a->inner = a->outer = SMMU_MT_WB;
	} else if ((m & 7) != 7 && a->inner < SMMU_MT_DEV_GRE) {
		/* 101; CHOICE: 100 as well. */
		a->inner = a->outer = SMMU_MT_NC;
	}
	/* STE-69. CHOICE: where both stages have a bit, that of stage 2. */
	for (unsigned i = 0; i < 4; i++)
		if (r->w->cfg.pbha && (r->ste[1] >> (8 + i) & 1)) {
			a->pbha = (uint8_t)(a->pbha & ~(1u << i));
			a->pbha = (uint8_t)(a->pbha | (p->pbha & 1u << i));
		}
	/* CHOICE: the raw SH of stage 1 enters. */
	if (rank_sh(p->sh) > rank_sh(a->sh))
		a->sh = (uint8_t)p->sh;
	else if (rank_sh(a->sh) == 0)
		a->sh = SMMU_SH_NSH;
}

/* The SMMU's own accesses, 13.9. c11_ra: what code 11 says of read-allocation. */
struct smmu_attr so_own(unsigned ic, unsigned oc, unsigned sh, bool c11_ra)
{
	static const uint8_t type[4] = { SMMU_MT_NC, SMMU_MT_WB, SMMU_MT_WT, SMMU_MT_WB };
	struct smmu_attr a = { .inner = type[ic], .outer = type[oc], .ra = 3 };

	a.sh = sh == 1 ? SMMU_SH_NSH : (uint8_t)sh;
	if (!c11_ra && (ic == 3 || oc == 3))
		a.ra = 0;
	so_consistent(&a);
	return a;
}

void so_own_stage2(const struct run *r, const struct page2 *p, struct smmu_attr *a)
{
	so_spread(a);
	so_stage2_attr(r, p, a);
	if (a->inner >= SMMU_MT_DEV_GRE && r->w->cfg.ptwnnc)
		a->inner = a->outer = SMMU_MT_NC;
	so_consistent(a);
}

/* 13.7 for one level: hints RW, bit 2 transient. */
static uint8_t mair_level(unsigned nibble, unsigned *hints)
{
	*hints = nibble & 3;
	if (nibble == 4)
		return SMMU_MT_NC;
	if (nibble < 8)
		*hints |= 4;
	return nibble < 4 || (nibble >= 8 && nibble < 12) ? SMMU_MT_WT : SMMU_MT_WB;
}

struct smmu_attr so_mair(unsigned byte, unsigned sh)
{
	struct smmu_attr a = { .sh = (uint8_t)sh };
	unsigned hi = byte >> 4, lo = byte & 15, h[2] = { 0, 0 };

	if (hi == 0) {
		memattr_types(lo >> 2, &a.inner, &a.outer);
		return a;
	}
	if (lo == 0)
		lo = 3;
	a.outer = mair_level(hi, &h[0]);
	a.inner = mair_level(lo, &h[1]);
	a.ra = (uint8_t)((h[1] >> 1 & 1) | (h[0] & 2));
	a.wa = (uint8_t)((h[1] & 1) | (h[0] & 1) << 1);
	a.tr = (uint8_t)((h[1] >> 2 & 1) | (h[0] >> 2 & 1) << 1);
	return a;
}

/* 13.2: what stage 1 leaves of the input. */
void so_stage1_attr(struct smmu_attr *in, const struct smmu_attr *s1)
{
	struct smmu_attr out = *s1;

	if (any_cached(in)) {
		out.ra = in->ra & s1->ra;
		out.wa = in->wa & s1->wa;
		out.tr = in->tr | s1->tr;
	}
	*in = out;
}
