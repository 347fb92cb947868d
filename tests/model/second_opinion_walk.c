/* SPDX-License-Identifier: MIT */
/* The walks: translation.md 9 to 11, steps T-15 to T-18. */
#include "second_opinion_run.h"

static const struct acc so_own_write = { .w = true, .priv = true };

/* ---- section 9 ---- */

static unsigned shift_of(unsigned granule, int level)
{
	static const unsigned s4[5] = { 48, 39, 30, 21, 12 }, s16[4] = { 47, 36, 25, 14 },
			      s64[4] = { 0, 42, 29, 16 };

	return granule == 12 ? s4[level + 1] : granule == 14 ? s16[level] : s64[level];
}

static bool block_there(const struct so_world *w, const struct so_walk *g)
{
	if (g->v32)
		return g->level == 1 || g->level == 2;
	if (g->granule == 12)
		return g->level == 1 || g->level == 2 || (g->level == 0 && g->ds);
	if (g->granule == 14)
		return g->level == 2 || (g->level == 1 && g->ds);
	return g->level == 2 || (g->level == 1 && w->oas >= 52);
}

/* 9.2 */
static uint64_t out_addr(const struct so_walk *g, uint64_t d, unsigned shift)
{
	uint64_t a = low(d, 48) >> shift << shift;

	if (g->granule == 16)
		return g->fold ? a | (d >> 12 & 15) << 48 : a;
	if (g->ds)
		a = low(d, 50) >> shift << shift | (d >> 8 & 3) << 50;
	return a;
}

static uint64_t entry_addr(const struct so_walk *g, uint64_t table, int start,
			   uint64_t ia)
{
	unsigned shift = shift_of(g->granule, g->level);
	unsigned top = g->level == start ? g->n : shift + g->granule - 3;

	return table + 8 * (low(ia, top) >> shift);
}

static uint64_t first_table(const struct so_world *w, const struct so_walk *g,
			    uint64_t ttb)
{
	uint64_t size = 8ull << (g->n - shift_of(g->granule, g->level));

	/* Arm ARM D24.2.209, D24.2.225: with DS, BADDR is a 52-bit address. */
	if ((g->ps == 52 || g->ds) && size < 64)
		size = 64;
	return low(ttb, w->cfg.arch_minor ? 52 : 48) & ~(size - 1);
}

static struct so_walk walk2(const struct run *r)
{
	const struct so_world *w = r->w;
	struct so_walk g = { .stage = 2, .granule = 12, .ps = 40, .v32 = true };

	g.level = so_s2_start(w, r->ste);
	g.be = ste_f(r, SMMU_STE_S2ENDI);
	g.n = (unsigned)(32 - so_s2_t0sz32(ste_f(r, SMMU_STE_S2T0SZ)));
	if (ste_f(r, SMMU_STE_S2AA64)) {
		g.v32 = false;
		g.granule = so_granule0(ste_f(r, SMMU_STE_S2TG));
		g.n = 64 - ste_f(r, SMMU_STE_S2T0SZ);
		g.ps = so_bits(w, ste_f(r, SMMU_STE_S2PS));
		g.ds = w->cfg.ds && ste_f(r, SMMU_STE_S2DS) && g.granule != 16;
	}
	g.fold = w->oas >= 52 || !w->cfg.desc_64k_ignore;
	return g;
}

/* ---- T-18 ---- */

static bool leaf2(struct run *r, const struct so_walk *g, uint64_t pa, uint64_t d,
		  uint64_t ipa, const struct ask2 *q, const struct acc *a,
		  struct page2 *p)
{
	bool ha = !g->v32 && r->w->cfg.httu && ste_f(r, SMMU_STE_S2HA), clean;
	uint64_t upd = d;

	if (!(d >> 10 & 1) && !ha && !ste_f(r, SMMU_STE_S2AFFD))
		return so_fail(r, SMMU_EVT_F_ACCESS, true, q->cls, ipa);
	p->memattr = d >> 2 & 15;
	p->sh = g->ds ? ste_f(r, SMMU_STE_S2SH0) : d >> 8 & 3;
	p->pbha = d >> 59 & 15;
	if (!so_allow2(r, d, ipa, q, a, p, &clean))
		return false;
	if (ha)
		upd |= 1ull << 10;
	if (a->w && clean)
		upd |= 1ull << 7;
	if (upd != d && !so_store(r, pa, so_flip(upd, g->be)))
		return so_fetch_fail(r, SMMU_EVT_F_WALK_EABT, true, q->cls, pa);
	return true;
}

bool so_stage2(struct run *r, uint64_t ipa, const struct ask2 *q, const struct acc *a,
	       struct page2 *p)
{
	unsigned cls = q->cls;
	struct so_walk g = walk2(r);
	const struct smmu_attr attr =
		so_own(ste_f(r, SMMU_STE_S2IR0), ste_f(r, SMMU_STE_S2OR0),
		       ste_f(r, SMMU_STE_S2SH0), true);
	bool haft = r->w->cfg.httu == 3 && ste_f(r, SMMU_STE_S2HAFT) && !g.v32;
	int start = g.level;
	uint64_t table, d, pa, oa;

	if (ipa != low(ipa, g.n))
		return so_fail(r, SMMU_EVT_F_TRANSLATION, true, cls, ipa);
	table = first_table(r->w, &g, smmu_get_addr(r->ste, SMMU_STE_S2TTB));
	for (;; g.level++) {
		unsigned shift = shift_of(g.granule, g.level);

		pa = entry_addr(&g, table, start, ipa);
		if (g.v32)
			pa = low(pa, r->w->oas);
		so_make_desc(r->w, pa, &g);
		if (!so_load(r, pa, &attr, true, &d))
			return so_fetch_fail(r, SMMU_EVT_F_WALK_EABT, true, cls, pa);
		d = so_flip(d, g.be);
		if (!(d & 1) || (g.level == 3 && (d & 3) == 1) ||
		    (g.level < 3 && (d & 3) == 1 && !block_there(r->w, &g)))
			return so_fail(r, SMMU_EVT_F_TRANSLATION, true, cls, ipa);
		if (g.level == 3 || (d & 3) == 1) {
			oa = out_addr(&g, d, shift);
			/* 3.4: "the address output from the translation". */
			if ((oa | low(ipa, shift)) >> g.ps)
				return so_fail(r, SMMU_EVT_F_ADDR_SIZE, true, cls, ipa);
			p->bits = shift > g.ps ? g.ps : shift;
			p->oa = low(oa | low(ipa, shift), r->w->oas);
			return leaf2(r, &g, pa, d, ipa, q, a, p);
		}
		table = out_addr(&g, d, g.granule);
		if (table >> g.ps)
			return so_fail(r, SMMU_EVT_F_ADDR_SIZE, true, cls, ipa);
		if (haft && !(d >> 10 & 1) &&
		    !so_store(r, pa, so_flip(d | 1 << 10, g.be)))
			return so_fetch_fail(r, SMMU_EVT_F_WALK_EABT, true, cls, pa);
	}
}

/* ---- T-15 to T-17 ---- */

static unsigned tx(const struct run *r, const struct s1 *s, unsigned f0, unsigned f1)
{
	return cd_f(r, s->x ? f1 : f0);
}

/* 9.5 */
static bool select32(const struct run *r, struct s1 *s, uint64_t va)
{
	unsigned t0 = cd_f(r, SMMU_CD_T0SZ) & 7, t1 = cd_f(r, SMMU_CD_T1SZ) & 7;
	bool below, above;

	/* 4.1: IGNORED with EPDx. CHOICE: as if 0. */
	if (!s->one && cd_f(r, SMMU_CD_EPD0))
		t0 = 0;
	if (cd_f(r, SMMU_CD_EPD1))
		t1 = 0;
	below = va < 1ull << (32 - t0);
	above = va >= (1ull << 32) - (1ull << (32 - t1));
	if (va >> 32)
		return false;
	s->va = va;
	s->g.n = 32 - t0;
	if (s->one)
		return below;
	if (t0 == 0 && t1 == 0)
		return true;
	if (t1 == 0) {
		s->x = !below;
	} else if (t0 == 0) {
		s->x = above;
	} else {
		s->x = above;
		if (!below && !above)
			return false;
	}
	s->g.n = s->x ? 32 - t1 : 32 - t0;
	return true;
}

static bool select64(const struct run *r, struct s1 *s, uint64_t va)
{
	unsigned n, top;
	uint64_t field, ones;
	bool tbi;

	s->x = !s->one && (va >> 55 & 1);
	tbi = tx(r, s, SMMU_CD_TBI0, SMMU_CD_TBI1);
	if (!s->one && tx(r, s, SMMU_CD_EPD0, SMMU_CD_EPD1))
		return false;
	n = 64 - tx(r, s, SMMU_CD_T0SZ, SMMU_CD_T1SZ);
	top = tbi ? 55 : 63;
	field = low(va, top + 1) >> n;
	ones = low(~0ull, top + 1) >> n;
	if (field != (s->x ? ones : 0))
		return false;
	s->g.n = n;
	s->va = va;
	return true;
}

/* T-15 */
static bool input1(struct run *r, struct s1 *s)
{
	uint64_t va = r->txn->addr;

	if (!(s->v64 ? select64(r, s, va) : select32(r, s, va)))
		return false;
	if (!s->one && tx(r, s, SMMU_CD_EPD0, SMMU_CD_EPD1))
		return false;
	if (s->v64 && !s->one && r->w->cfg.e0pd && !r->acc.priv &&
	    tx(r, s, SMMU_CD_E0PD0, SMMU_CD_E0PD1))
		return false;
	return true;
}

static void begin1(const struct run *r, struct s1 *s)
{
	const struct smmu_config *c = &r->w->cfg;

	memset(s, 0, sizeof(*s));
	s->one = so_one_table(r->w, r->ste);
	s->v64 = cd_f(r, SMMU_CD_AA64);
	s->pie = s->v64 && c->s1pi && ste_f(r, SMMU_STE_S1PIE) && cd_f(r, SMMU_CD_PIE);
	s->ha = s->v64 && c->httu && cd_f(r, SMMU_CD_HA);
	s->hd = s->ha && cd_f(r, SMMU_CD_HD);
	s->haft = s->v64 && c->httu == 3 && cd_f(r, SMMU_CD_HAFT);
	s->pnch = s->v64 && c->the && cd_f(r, SMMU_CD_PnCH);
	s->g.stage = 1;
	s->g.be = cd_f(r, SMMU_CD_ENDI);
	s->g.v32 = !s->v64;
	s->g.fold = r->w->oas >= 52 || !c->desc_64k_ignore;
}

static void geometry1(const struct run *r, struct s1 *s)
{
	const struct smmu_config *c = &r->w->cfg;

	s->had = c->had && tx(r, s, SMMU_CD_HAD0, SMMU_CD_HAD1);
	s->g.granule = 12;
	s->g.ps = 40;
	s->g.level = s->g.n > 30 ? 1 : 2;
	if (!s->v64)
		return;
	s->g.granule = s->x ? so_granule1(cd_f(r, SMMU_CD_TG1))
			    : so_granule0(cd_f(r, SMMU_CD_TG0));
	s->g.ps = so_bits(r->w, cd_f(r, SMMU_CD_IPS));
	s->g.ds = c->ds && cd_f(r, SMMU_CD_DS) && s->g.granule != 16;
	s->g.level = so_s1_start(s->g.granule, 64 - s->g.n);
}

/* 10.1, last paragraphs: one privilege level; the same for both formats. */
static void perms_one(const struct run *r, const struct s1 *s, uint64_t d, bool clean,
		      bool can[3])
{
	can[0] = true;
	can[1] = (!(d >> 7 & 1) || clean) && !(s->ap & 2);
	can[2] = !(d >> 54 & 1) && !s->xnt && !(cd_f(r, SMMU_CD_WXN) && can[1]);
}

static void perms_two(const struct run *r, const struct s1 *s, uint64_t d, bool clean,
		      bool can[3])
{
	unsigned ap = (unsigned)(d >> 6 & 3);
	bool xn = (d >> 54 & 1) || s->xnt, pxn = (d >> 53 & 1) || s->pxnt;
	bool wxn = cd_f(r, SMMU_CD_WXN), pan = cd_f(r, SMMU_CD_PAN);
	bool epan = s->v64 && r->w->cfg.epan && cd_f(r, SMMU_CD_EPAN);
	bool pr = true, pw, ur, uw, px, ux, uxn_only;

	if (clean)
		ap &= 1;
	ur = (ap & 1) && !(s->ap & 1);
	pw = !(ap & 2) && !(s->ap & 2);
	uw = ap == 1 && !s->ap;
	if (s->v64) {
		uxn_only = !xn;
		px = !pxn && !uw;
		ux = uxn_only;
	} else {
		uxn_only = false;
		ux = ur && !xn;
		px = !xn && !pxn && !(cd_f(r, SMMU_CD_UWXN) && uw);
	}
	if (wxn) {
		px = px && !pw;
		ux = ux && !uw;
	}
	if (pan && (ur || uw || (epan && uxn_only)))
		pr = pw = false;
	can[0] = r->acc.priv ? pr : ur;
	can[1] = r->acc.priv ? pw : uw;
	can[2] = r->acc.priv ? px : ux;
}

/* 10.2 */
static void perms_indirect(const struct run *r, const struct s1 *s, uint64_t d,
			   bool can[3])
{
	unsigned i = (unsigned)((d >> 54 & 1) * 8 + (d >> 53 & 1) * 4 +
				(d >> 51 & 1) * 2 + (d >> 6 & 1));
	unsigned p = (unsigned)(smmu_get(r->cd, SMMU_CD_PIIP) >> (3 * i)) & 7;
	unsigned u = (unsigned)(smmu_get(r->cd, SMMU_CD_PIIU) >> (3 * i)) & 7;
	unsigned use = s->one || r->acc.priv ? p : u;
	bool blocked = !s->one && r->acc.priv && cd_f(r, SMMU_CD_PAN) && u != 0;

	can[0] = (use & 1) && !blocked;
	can[1] = (use & 4) && !blocked;
	can[2] = use & 2;
}

/* T-16a. */
static bool locate1(struct run *r, uint64_t da, bool write, bool first, struct s1 *s,
		    struct smmu_attr *attr, uint64_t *pa)
{
	const struct ask2 q = { IN_TT, first && !write, s->x, s->assured };
	struct page2 p;

	*attr = so_own(tx(r, s, SMMU_CD_IR0, SMMU_CD_IR1),
		       tx(r, s, SMMU_CD_OR0, SMMU_CD_OR1),
		       tx(r, s, SMMU_CD_SH0, SMMU_CD_SH1), true);
	*pa = low(da, r->w->oas);
	if (!(ste_f(r, SMMU_STE_Config) & 2))
		return true;
	if (!so_stage2(r, da, &q, write ? &so_own_write : &so_own_read, &p))
		return false;
	if (!write)
		s->on_mro = p.mro;
	so_own_stage2(r, &p, attr);
	*pa = p.oa;
	return true;
}

static bool update1(struct run *r, struct s1 *s, uint64_t da, uint64_t d, uint64_t upd)
{
	struct smmu_attr attr;
	uint64_t pa;

	if (d == upd)
		return true;
	if (!locate1(r, da, true, false, s, &attr, &pa))
		return false;
	return so_store(r, pa, so_flip(upd, s->g.be)) ||
	       so_fetch_fail(r, SMMU_EVT_F_WALK_EABT, false, IN_TT, pa);
}

/* CD-26; [59] is AttrIndx[3] under AIE. */
static uint8_t pbha1(const struct run *r, const struct s1 *s, uint64_t d)
{
	unsigned hwu = (unsigned)(r->cd[s->x ? 2 : 1] >> 60);

	if (!r->w->cfg.pbha || !s->had)
		return 0;
	if (s->v64 && r->w->cfg.aie && cd_f(r, SMMU_CD_AIE))
		hwu &= 14;
	return (uint8_t)(d >> 59 & hwu);
}

/* T-17 */
static bool leaf1(struct run *r, struct s1 *s, uint64_t da, uint64_t d)
{
	bool can[3], only_r, clean = false;
	unsigned idx = d >> 2 & 7, sh;
	uint64_t upd = d;

	if (!(d >> 10 & 1) && !s->ha && !cd_f(r, SMMU_CD_AFFD))
		return so_fail(r, SMMU_EVT_F_ACCESS, false, IN_IN, 0);
	if (s->pie) {
		clean = d >> 7 & 1;
		perms_indirect(r, s, d, can);
	} else {
		clean = s->hd && (d >> 7 & 1) && (d >> 51 & 1) && !(s->ap & 2);
		if (s->one)
			perms_one(r, s, d, clean, can);
		else
			perms_two(r, s, d, clean, can);
	}
	s->writable = can[1] && !clean;
	if (r->acc.any && clean)
		can[1] = false;
	if (so_denied(can, &r->acc, &only_r)) {
		so_fail(r, SMMU_EVT_F_PERMISSION, false, IN_IN, 0);
		r->f.only_r_missing = only_r;
		return false;
	}
	if (r->acc.w && clean && !s->hd) {
		so_fail(r, SMMU_EVT_F_PERMISSION, false, IN_IN, 0);
		r->f.dirtybit = true;
		return false;
	}
	if (s->v64 && r->w->cfg.aie && cd_f(r, SMMU_CD_AIE) && (d >> 59 & 1))
		idx = 7;
	sh = s->g.ds ? tx(r, s, SMMU_CD_SH0, SMMU_CD_SH1) : d >> 8 & 3;
	s->attr = so_mair((unsigned)(r->cd[3] >> (8 * idx)) & 255, sh == 1 ? 0 : sh);
	s->attr.pbha = pbha1(r, s, d);
	if (s->ha)
		upd |= 1 << 10;
	if (r->acc.w && clean)
		upd &= ~(1ull << 7);
	return update1(r, s, da, d, upd);
}

bool so_stage1(struct run *r, struct s1 *s)
{
	int start;
	uint64_t table, da, pa, d;
	struct smmu_attr attr;

	begin1(r, s);
	if (!input1(r, s))
		return so_fail(r, SMMU_EVT_F_TRANSLATION, false, IN_IN, 0);
	geometry1(r, s);
	start = s->g.level;
	s->g.next_bits = ste_f(r, SMMU_STE_Config) & 2 ? walk2(r).n : s->g.ps;
	/* 3.27.2 */
	s->assured = s->v64 && r->cd_assured && r->w->cfg.the &&
		     ste_f(r, s->x ? SMMU_STE_TL1 : SMMU_STE_TL0);
	table = first_table(r->w, &s->g,
			    smmu_get_addr(r->cd, s->x ? SMMU_CD_TTB1 : SMMU_CD_TTB0));
	for (;; s->g.level++) {
		unsigned shift = shift_of(s->g.granule, s->g.level);

		da = entry_addr(&s->g, table, start, s->va);
		if (!locate1(r, da, false, s->g.level == start, s, &attr, &pa))
			return false;
		so_make_desc(r->w, pa, &s->g);
		if (!so_load(r, pa, &attr, true, &d))
			return so_fetch_fail(r, SMMU_EVT_F_WALK_EABT, false, IN_TT, pa);
		d = so_flip(d, s->g.be);
		if (!(d & 1) || (s->g.level == 3 && (d & 3) == 1) ||
		    (s->g.level < 3 && (d & 3) == 1 && !block_there(r->w, &s->g)))
			return so_fail(r, SMMU_EVT_F_TRANSLATION, false, IN_IN, 0);
		if (s->g.level == 3 || (d & 3) == 1) {
			uint64_t oa = out_addr(&s->g, d, shift);

			if ((oa | low(s->va, shift)) >> s->g.ps)
				return so_fail(r, SMMU_EVT_F_ADDR_SIZE, false, IN_IN, 0);
			s->oa = oa | low(s->va, shift);
			s->bits = shift > s->g.ps ? s->g.ps : shift;
			if (!leaf1(r, s, da, d))
				return false;
			s->assured = s->assured && s->on_mro && s->pnch && (d >> 52 & 1);
			return true;
		}
		table = out_addr(&s->g, d, s->g.granule);
		if (table >> s->g.ps)
			return so_fail(r, SMMU_EVT_F_ADDR_SIZE, false, IN_IN, 0);
		if (!s->had && !s->pie) {
			s->ap |= d >> 61 & 3;
			s->xnt |= d >> 60 & 1;
			s->pxnt |= d >> 59 & 1;
		}
		if (s->haft && !update1(r, s, da, d, d | 1 << 10))
			return false;
		s->assured = s->assured && s->on_mro && s->pnch && (d >> 52 & 1);
	}
}
