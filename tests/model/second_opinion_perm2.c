/* SPDX-License-Identifier: MIT */
/* What stage 2 allows: translation.md 10.3, 10.4; IHI 0070 3.26.2, 3.27.2. */
#include "second_opinion_run.h"

/* Both levels of privilege at once; the columns of S2PIR_EL2 in the Arm ARM. */
struct rights {
	bool r, w, mmu_w, px, ux, tl0, tl1;
};

static struct rights named(unsigned code)
{
	struct rights p = { 0 };

	if (code >= 8) { /* RO and RW, with x of unprivileged and of privileged */
		p.r = true;
		p.w = p.mmu_w = code >= 12;
		p.ux = code & 1;
		p.px = code & 2;
	} else if (code == 4) {
		p.w = true;
	} else if (code == 2 || code == 3 || code == 6 || code == 7) {
		p.r = p.mmu_w = true;
		p.tl0 = code >= 6;
		p.tl1 = code == 3 || code == 7;
	}
	return p;
}

static struct rights from_descriptor(const struct run *r, uint64_t d, bool *clean)
{
	unsigned xn = d >> 53 & 3;
	bool v32 = !ste_f(r, SMMU_STE_S2AA64);
	struct rights p = { .r = d >> 6 & 1, .w = d >> 7 & 1 };

	p.ux = r->w->cfg.xnx ? xn == 0 || xn == 1 : xn < 2;
	p.px = r->w->cfg.xnx ? xn == 0 || xn == 3 : xn < 2;
	if (v32 && !p.r)
		p.ux = p.px = false;
	*clean = !p.w && (d >> 51 & 1) && !v32 && ste_f(r, SMMU_STE_S2HA) &&
		 ste_f(r, SMMU_STE_S2HD);
	p.w = p.mmu_w = p.w || *clean;
	return p;
}

static struct rights both(struct rights a, struct rights b)
{
	struct rights p = { a.r && b.r,	  a.w && b.w,	a.mmu_w && b.mmu_w,
			    a.px && b.px, a.ux && b.ux, false,
			    false };

	if (!p.w && p.mmu_w) {
		p.tl0 = a.tl0 || b.tl0;
		p.tl1 = a.tl1 || b.tl1;
	}
	return p;
}

static bool lacks(const struct rights *p, const struct ask2 *q, const struct acc *a,
		  bool *only_r)
{
	const bool can[3] = { p->r, q->cls == IN_TT ? p->mmu_w : p->w,
			      a->priv ? p->px : p->ux };

	return so_denied(can, a, only_r);
}

/* Arm ARM, AArch64.S2CheckPermissions. */
static bool wrong_top(const struct run *r, const struct ask2 *q, const struct rights *p)
{
	bool v64 = ste_f(r, SMMU_STE_S2AA64);
	bool tl0 = v64 && r->w->cfg.the && ste_f(r, SMMU_STE_TL0);
	bool tl1 = v64 && r->w->cfg.the && ste_f(r, SMMU_STE_TL1);

	if (q->cls != IN_TT || !q->first)
		return false;
	if (!q->upper)
		return (tl0 && !p->tl0) || (tl1 && p->tl1 && !p->tl0);
	return (tl1 && !p->tl1) || (tl0 && !p->tl1 && p->tl0);
}

static bool deny(struct run *r, const struct ask2 *q, const struct acc *a, uint64_t ipa)
{
	so_fail(r, SMMU_EVT_F_PERMISSION, true, q->cls, ipa);
	r->f.ttrnw = q->cls == IN_TT && !a->w;
	return false;
}

bool so_allow2(struct run *r, uint64_t d, uint64_t ipa, const struct ask2 *q,
	       const struct acc *a, struct page2 *p, bool *clean)
{
	const struct smmu_config *c = &r->w->cfg;
	bool pie = c->s2pi && ste_f(r, SMMU_STE_S2PIE);
	bool poe = c->s2po && ste_f(r, SMMU_STE_S2POE), only_r, unused;
	unsigned i = (unsigned)((d >> 54 & 1) << 3 | (d >> 53 & 1) << 2 |
				(d >> 51 & 1) << 1 | (d >> 6 & 1));
	struct rights all = { true, true, true, true, true, false, false };
	struct rights over, base, eff;

	over = poe ? named(r->ste[7] >> (4 * (d >> 59 & 15)) & 15) : all;
	if (pie) {
		base = named(r->w->s2pii >> (4 * i) & 15);
		*clean = !(d >> 7 & 1);
	} else {
		base = from_descriptor(r, d, clean);
	}
	eff = both(base, over);
	p->mro = pie && !eff.w && eff.mmu_w;
	p->assured_only = c->the && ste_f(r, SMMU_STE_S2AA64) &&
			  ste_f(r, SMMU_STE_AssuredOnly) && (d >> 58 & 1);
	if (wrong_top(r, q, &eff))
		return deny(r, q, a, ipa);
	if (p->assured_only && q->cls != IN_CD && !q->assured) {
		deny(r, q, a, ipa);
		r->f.assured = true;
		return false;
	}
	p->writable = eff.w && !*clean;
	if (a->any && *clean)
		eff.w = false;
	if (lacks(&eff, q, a, &only_r)) {
		deny(r, q, a, ipa);
		r->f.only_r_missing = only_r;
		/* 13.1.1: of an atomic, for the half that was found missing. */
		if (a->w && only_r)
			over.w = over.mmu_w = true;
		else if (a->w)
			over.r = true;
		r->f.overlay = lacks(&over, q, a, &unused);
		return false;
	}
	if (q->cls != IN_IN && ste_f(r, SMMU_STE_Config) == 7 &&
	    ste_f(r, SMMU_STE_S2PTW)) {
		struct smmu_attr t = { .inner = SMMU_MT_WB, .outer = SMMU_MT_WB };

		so_stage2_attr(r, p, &t);
		if (t.inner >= SMMU_MT_DEV_GRE)
			return deny(r, q, a, ipa);
	}
	if (pie && a->w && *clean &&
	    !(ste_f(r, SMMU_STE_S2HA) && ste_f(r, SMMU_STE_S2HD))) {
		deny(r, q, a, ipa);
		r->f.dirtybit = true;
		return false;
	}
	return true;
}

bool so_denied(const bool can[3], const struct acc *a, bool *only_r)
{
	*only_r = false;
	if (a->any) /* section 12 */
		return !can[0] && !can[1] && !can[2];
	if (a->w && !can[1])
		return true;
	if (a->x && !a->w)
		return !can[2];
	*only_r = a->w && a->r && !can[0];
	return a->r && !can[0];
}
