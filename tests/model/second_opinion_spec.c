/* SPDX-License-Identifier: MIT */
/*
 * The interpreter: translation.md section 3, step by step. Where the digest leaves a
 * choice it takes the one that the model documents, and says CHOICE.
 */
#include "second_opinion_run.h"

bool so_fail(struct run *r, unsigned event, bool s2, unsigned cls, uint64_t ipa)
{
	memset(&r->f, 0, sizeof(r->f));
	r->f.event = event;
	r->f.s2 = s2;
	r->f.cls = cls;
	r->f.ipa = ipa;
	return false;
}

bool so_fetch_fail(struct run *r, unsigned event, bool s2, unsigned cls, uint64_t pa)
{
	so_fail(r, event, s2, cls, 0);
	r->f.fetch = pa;
	return false;
}

/* ---- memory ---- */

bool so_load(struct run *r, uint64_t pa, const struct smmu_attr *want, bool ra,
	     uint64_t *val)
{
	struct so_cell *c = so_find(r->w, pa);

	if (c->spec_read && memcmp(&c->want, want, sizeof(*want)) != 0)
		c->reads_differ = true;
	c->spec_read = true;
	c->want = *want;
	c->check_ra = ra;
	*val = c->spec;
	return !c->poison;
}

bool so_load_words(struct run *r, uint64_t pa, unsigned n, const struct smmu_attr *a,
		   bool ra, uint64_t *dw)
{
	for (unsigned i = 0; i < n; i++)
		if (!so_load(r, pa + 8 * i, a, ra, &dw[i]))
			return false;
	return true;
}

bool so_store(struct run *r, uint64_t pa, uint64_t val)
{
	struct so_cell *c = so_find(r->w, pa);

	if (!c->wpoison)
		c->spec = val;
	return !c->wpoison;
}

uint64_t so_flip(uint64_t v, bool be)
{
	uint64_t out = 0;

	if (!be)
		return v;
	for (unsigned i = 0; i < 8; i++)
		out = out << 8 | (v >> (8 * i) & 255);
	return out;
}

/* ---- T-5 to T-14 ---- */

static uint64_t aligned(uint64_t base, unsigned bits)
{
	return bits >= 64 ? 0 : base >> bits << bits;
}

/* T-6: what the fetch does with an address beyond OAS (CHOICE ste_oversize). */
static bool table_pa(struct run *r, uint64_t *pa)
{
	if (*pa >> r->w->oas == 0)
		return true;
	if (r->w->cfg.ste_oversize == SMMU_OVERSIZE_TRUNCATE) {
		*pa = low(*pa, r->w->oas);
		return true;
	}
	return so_fetch_fail(r, SMMU_EVT_F_STE_FETCH, false, 0, *pa);
}

static bool find_ste(struct run *r)
{
	struct so_world *w = r->w;
	unsigned log2 =
		(unsigned)smmu_reg_get(w->strtab_cfg, SMMU_STRTAB_BASE_CFG_LOG2SIZE);
	unsigned split =
		(unsigned)smmu_reg_get(w->strtab_cfg, SMMU_STRTAB_BASE_CFG_SPLIT);
	unsigned e = log2 < w->cfg.sid_bits ? log2 : w->cfg.sid_bits, span;
	bool two = w->cfg.st_level &&
		   smmu_reg_get(w->strtab_cfg, SMMU_STRTAB_BASE_CFG_FMT) == 1;
	uint64_t base = w->strtab_base & 0x00ffffffffffffc0ull, sid = r->txn->sid, pa, l1;
	/* CHOICE: code 11 of CR1 acts as 00. */
	unsigned ic = (unsigned)smmu_reg_get(w->cr1, SMMU_CR1_TABLE_IC) % 3;
	unsigned oc = (unsigned)smmu_reg_get(w->cr1, SMMU_CR1_TABLE_OC) % 3;
	const struct smmu_attr attr =
		so_own(ic, oc, (unsigned)smmu_reg_get(w->cr1, SMMU_CR1_TABLE_SH), true);

	if (split != 8 && split != 10)
		split = 6;
	/* T-5a */
	if (sid >> e)
		return so_fail(r, SMMU_EVT_C_BAD_STREAMID, false, 0, 0);
	if (!two) {
		pa = aligned(base, log2 + 6) + sid * 64;
	} else {
		unsigned bits = log2 > split ? log2 - split + 3 : 3;

		pa = aligned(base, bits < 6 ? 6 : bits) + 8 * (sid >> split);
		if (!table_pa(r, &pa))
			return false;
		so_make_l1std(w, pa);
		if (!so_load(r, pa, &attr, false, &l1))
			return so_fetch_fail(r, SMMU_EVT_F_STE_FETCH, false, 0, pa);
		span = l1 & 31;
		/* T-5b, c */
		if (span == 0 || span > 11 || span > split + 1 ||
		    low(sid, split) >= 1ull << (span - 1))
			return so_fail(r, SMMU_EVT_C_BAD_STREAMID, false, 0, 0);
		pa = aligned(low(l1, 56), 5 + span) + 64 * low(sid, split);
	}
	if (!table_pa(r, &pa))
		return false;
	so_make_ste(w, pa);
	if (!so_load_words(r, pa, 8, &attr, false, r->ste))
		return so_fetch_fail(r, SMMU_EVT_F_STE_FETCH, false, 0, pa);
	memcpy(w->ste, r->ste, sizeof(w->ste));
	w->have_ste = true;
	/* T-7 */
	if (!so_ste_legal(w, r->ste))
		return so_fail(r, SMMU_EVT_C_BAD_STE, false, 0, 0);
	return true;
}

/* T-13: one structure of the CD table; *pa: its address, after stage 2. */
static bool cd_locate(struct run *r, uint64_t addr, uint64_t *pa, struct smmu_attr *attr)
{
	const struct ask2 q = { .cls = IN_CD };
	struct page2 p;

	*attr = so_own(ste_f(r, SMMU_STE_S1CIR), ste_f(r, SMMU_STE_S1COR),
		       ste_f(r, SMMU_STE_S1CSH), false);
	*pa = addr;
	if (!(ste_f(r, SMMU_STE_Config) & 2))
		return true;
	if (!so_stage2(r, addr, &q, &so_own_read, &p))
		return false;
	r->cd_assured = r->cd_assured && p.assured_only;
	so_own_stage2(r, &p, attr);
	*pa = p.oa;
	return true;
}

static bool find_cd(struct run *r, uint32_t idx)
{
	struct so_world *w = r->w;
	uint64_t ptr = smmu_get_addr(r->ste, SMMU_STE_S1ContextPtr), addr, pa, l1;
	unsigned max = w->cfg.ssid_bits ? ste_f(r, SMMU_STE_S1CDMax) : 0;
	unsigned fmt = ste_f(r, SMMU_STE_S1Fmt), leaf = fmt == 1 ? 6 : 10;
	unsigned limit = ste_f(r, SMMU_STE_Config) & 2 ? w->ias : w->oas;
	struct smmu_attr attr;

	r->cd_assured = true; /* until a fetch says otherwise */
	if (max == 0) {
		addr = ptr;
	} else if (fmt == 0 || fmt == 3) {
		addr = aligned(ptr, 6 + max) + 64ull * idx; /* CHOICE: RES0 bits as 0 */
	} else {
		unsigned bits = max > leaf ? max - leaf + 3 : 3;

		addr = aligned(ptr, bits < 6 ? 6 : bits) + 8ull * (idx >> leaf);
		if (!cd_locate(r, addr, &pa, &attr))
			return false;
		so_make_l1cd(w, pa, r->ste);
		if (!so_load(r, pa, &attr, true, &l1))
			return so_fetch_fail(r, SMMU_EVT_F_CD_FETCH, false, 0, pa);
		if (!(l1 & 1))
			return so_fail(r, SMMU_EVT_C_BAD_SUBSTREAMID, false, 0, 0);
		addr = aligned(low(l1, 56), fmt == 1 ? 12 : 16);
		/* Section 5. CHOICE: this event for an IPA too, and in v3.0. */
		if (addr >> limit)
			return so_fail(r, SMMU_EVT_C_BAD_SUBSTREAMID, false, 0, 0);
		addr += 64 * low(idx, leaf);
	}
	if (!cd_locate(r, addr, &pa, &attr))
		return false;
	so_make_cd(w, pa, r->ste);
	if (!so_load_words(r, pa, 8, &attr, true, r->cd))
		return so_fetch_fail(r, SMMU_EVT_F_CD_FETCH, false, 0, pa);
	memcpy(w->cd, r->cd, sizeof(w->cd));
	w->have_cd = true;
	/* T-14 */
	if (!so_cd_legal(w, r->ste, r->cd))
		return so_fail(r, SMMU_EVT_C_BAD_CD, false, 0, 0);
	r->have_cd = true;
	return true;
}

/* ---- results ---- */

static void record(struct run *r, struct so_opinion *o)
{
	const struct fault *f = &r->f;
	unsigned e = f->event;
	bool fault = e >= SMMU_EVT_F_WALK_EABT || e == SMMU_EVT_F_UUT;
	bool rnw = !r->acc.w;

	if (e == SMMU_EVT_F_PERMISSION && f->cls == IN_IN && f->only_r_missing)
		rnw = true;
	memset(o->rec, 0, sizeof(o->rec));
	o->rec[0] = e | (uint64_t)r->txn->sid << 32;
	if (e != SMMU_EVT_F_STREAM_DISABLED && r->txn->ssv)
		o->rec[0] |= (uint64_t)(r->txn->ssid & 0xfffff) << 12;
	if (e != SMMU_EVT_F_STREAM_DISABLED && e != SMMU_EVT_C_BAD_SUBSTREAMID)
		o->rec[0] |= (uint64_t)r->txn->ssv << 11;
	if (fault) {
		o->rec[1] = (uint64_t)r->acc.priv << 33 | (uint64_t)rnw << 35 |
			    (uint64_t)(rnw && r->acc.x) << 34 | (uint64_t)f->s2 << 39 |
			    (uint64_t)f->cls << 40;
		o->rec[2] = r->txn->addr;
	}
	if (e == SMMU_EVT_F_UUT) /* EVT-15: as it came in */
		o->rec[1] = (uint64_t)r->txn->priv << 33 | (uint64_t)r->txn->inst << 34 |
			    (uint64_t)rnw << 35;
	if (e == SMMU_EVT_F_PERMISSION)
		o->rec[1] |= (uint64_t)f->dirtybit << 42 | (uint64_t)f->assured << 43 |
			     (uint64_t)f->ttrnw << 44 | (uint64_t)f->overlay << 45;
	if (fault && e != SMMU_EVT_F_WALK_EABT && f->s2)
		o->rec[3] = low(f->ipa, r->w->oas) & 0x00fffffffffff000ull;
	if (e == SMMU_EVT_F_WALK_EABT || e == SMMU_EVT_F_STE_FETCH ||
	    e == SMMU_EVT_F_CD_FETCH)
		o->rec[3] = low(f->fetch, r->w->oas) & 0x00fffffffffffff8ull;
}

/* Section 6: S == 1 stalls, and always records, under the one STAG that there is: 0. */
static void ended(struct run *r, struct so_opinion *o)
{
	unsigned e = r->f.event;
	bool want = true, stall = false;

	memset(o, 0, sizeof(*o));
	o->status = SMMU_ABORT;
	o->event = (uint8_t)e;
	o->kind = (uint8_t)r->kind;
	if (e == SMMU_EVT_C_BAD_STREAMID)
		want = smmu_reg_get(r->w->cr2, SMMU_CR2_RECINVSID);
	if (e >= SMMU_EVT_F_TRANSLATION && r->f.s2) {
		stall = ste_f(r, SMMU_STE_S2S);
		want = ste_f(r, SMMU_STE_S2R) || stall;
	} else if (e >= SMMU_EVT_F_TRANSLATION && r->have_cd) {
		stall = cd_f(r, SMMU_CD_S);
		want = cd_f(r, SMMU_CD_R) || stall;
		if (!cd_f(r, SMMU_CD_A))
			o->status = SMMU_RAZ_WI;
	}
	if (stall)
		o->status = SMMU_STALLED;
	o->recorded = want && smmu_reg_get(r->w->cr0, SMMU_CR0_EVENTQEN);
	if (o->recorded)
		record(r, o);
	if (o->recorded && stall)
		o->rec[1] |= 1ull << 31;
}

/* T-20 */
static void finished(struct run *r, struct so_opinion *o, uint64_t pa, uint64_t ipa,
		     unsigned page_bits)
{
	bool newer = r->w->cfg.arch_minor >= 4;

	memset(o, 0, sizeof(*o));
	o->status = SMMU_OK;
	o->kind = (uint8_t)r->kind;
	o->pa = low(pa, r->w->oas);
	o->ipa = ipa;
	o->page_bits = page_bits;
	o->bypass = page_bits == 0;
	so_consistent(&r->attr);
	o->attr = r->attr;
	o->attr.ns = 1;
	o->attr.inst = !newer && r->acc.x;
	o->attr.priv = newer || r->acc.priv;
}

static void silent(struct so_opinion *o)
{
	memset(o, 0, sizeof(*o));
	o->status = SMMU_ABORT;
}

/* Section 12: STE.DRE and DCP; false: nothing is left of it. */
static bool allowed_by_ste(struct run *r)
{
	bool newer = r->w->cfg.arch_minor > 0;
	bool dre = newer && ste_f(r, SMMU_STE_DRE), dcp = newer && ste_f(r, SMMU_STE_DCP);

	if (!dcp && r->kind == SMMU_KIND_W_DCP)
		r->kind = SMMU_KIND_ORDINARY;
	if (!dre && r->kind == SMMU_KIND_DR)
		r->kind = SMMU_KIND_ORDINARY;
	if (!dre && r->kind == SMMU_KIND_INVALIDATE)
		r->kind = SMMU_KIND_CLEAN_INVALIDATE;
	return !(r->kind == SMMU_KIND_DH && !dre) &&
	       !(r->kind == SMMU_KIND_NW_DCP && !dcp);
}

/* What destroys must have been allowed to write, at each stage, without an update. */
static bool may_destroy(struct run *r, bool writable)
{
	if (writable)
		return true;
	if (r->kind == SMMU_KIND_DR)
		r->kind = SMMU_KIND_ORDINARY;
	if (r->kind == SMMU_KIND_INVALIDATE)
		r->kind = SMMU_KIND_CLEAN_INVALIDATE;
	return r->kind != SMMU_KIND_DH;
}

static void translate(struct run *r, struct so_opinion *o, bool s1)
{
	bool writable = true;
	bool s2 = ste_f(r, SMMU_STE_Config) & 2;
	struct ask2 q = { .cls = IN_IN };
	uint64_t ipa = r->txn->addr, pa;
	unsigned bits = 64;
	struct page2 p;
	struct s1 s;

	if (!allowed_by_ste(r)) {
		silent(o);
		return;
	}
	if (s1) {
		if (!so_stage1(r, &s)) {
			ended(r, o);
			return;
		}
		ipa = s.oa;
		bits = s.bits;
		q.assured = s.assured;
		writable = s.writable;
		so_stage1_attr(&r->attr, &s.attr);
	}
	pa = ipa;
	if (s2) {
		if (!so_stage2(r, ipa, &q, &r->acc, &p)) {
			ended(r, o);
			return;
		}
		pa = p.oa;
		writable = writable && p.writable;
		bits = p.bits < bits ? p.bits : bits;
		so_stage2_attr(r, &p, &r->attr);
	}
	if (may_destroy(r, writable))
		finished(r, o, pa, ipa, bits);
	else
		silent(o);
}

/* T-10 on, with a legal STE whose Config is 1xx. */
static void with_ste(struct run *r, struct so_opinion *o)
{
	const struct smmu_txn *t = r->txn;
	unsigned max = r->w->cfg.ssid_bits ? ste_f(r, SMMU_STE_S1CDMax) : 0;
	unsigned dss = ste_f(r, SMMU_STE_S1DSS), config = ste_f(r, SMMU_STE_Config);
	bool s1 = config & 1, s2 = config & 2;
	unsigned event = 0;
	uint32_t idx = 0;

	if (t->ssv) {
		if (!s1 || max == 0 || t->ssid >= 1u << max)
			event = SMMU_EVT_C_BAD_SUBSTREAMID;
		else if (dss == 2 && t->ssid == 0)
			event = SMMU_EVT_F_STREAM_DISABLED;
		idx = t->ssid;
	} else if (s1 && max) {
		if (dss == 0 || dss == 3)
			event = SMMU_EVT_F_STREAM_DISABLED;
		else if (dss == 1)
			s1 = false;
	}
	if (event) {
		so_fail(r, event, false, 0, 0);
		ended(r, o);
		return;
	}
	/* T-11, T-12 */
	if (!s1 && t->addr >> (config == 4 ? r->w->oas : r->w->ias)) {
		so_fail(r, SMMU_EVT_F_ADDR_SIZE, false, IN_IN, 0);
		ended(r, o);
		return;
	}
	if (!s1 && !s2) {
		finished(r, o, t->addr, t->addr, 0);
		return;
	}
	if (s1 && !find_cd(r, idx)) {
		ended(r, o);
		return;
	}
	translate(r, o, s1);
}

static struct over over_of(const uint64_t *dw, uint64_t gbpa)
{
	if (!dw)
		return (struct over){
			(unsigned)smmu_reg_get(gbpa, SMMU_GBPA_MTCFG),
			(unsigned)smmu_reg_get(gbpa, SMMU_GBPA_MemAttr),
			(unsigned)smmu_reg_get(gbpa, SMMU_GBPA_SHCFG),
			(unsigned)smmu_reg_get(gbpa, SMMU_GBPA_ALLOCCFG),
			(unsigned)smmu_reg_get(gbpa, SMMU_GBPA_PRIVCFG),
			(unsigned)smmu_reg_get(gbpa, SMMU_GBPA_INSTCFG),
		};
	return (struct over){
		(unsigned)smmu_get(dw, SMMU_STE_MTCFG),
		(unsigned)smmu_get(dw, SMMU_STE_MemAttr),
		(unsigned)smmu_get(dw, SMMU_STE_SHCFG),
		(unsigned)smmu_get(dw, SMMU_STE_ALLOCCFG),
		(unsigned)smmu_get(dw, SMMU_STE_PRIVCFG),
		(unsigned)smmu_get(dw, SMMU_STE_INSTCFG),
	};
}

/* T-2 on */
static void procedure(struct run *r, struct so_opinion *o)
{
	const struct smmu_txn *t = r->txn;
	struct over over;

	/* T-2 */
	if (!smmu_reg_get(r->w->cr0, SMMU_CR0_SMMUEN)) {
		over = over_of(NULL, r->w->gbpa);
		so_override(r, &over);
		if (smmu_reg_get(r->w->gbpa, SMMU_GBPA_ABORT) || t->addr >> r->w->oas)
			silent(o);
		else
			finished(r, o, t->addr, t->addr, 0);
		return;
	}
	if (!find_ste(r)) {
		ended(r, o);
		return;
	}
	/* T-8 */
	if (ste_f(r, SMMU_STE_Config) < 4) {
		silent(o);
		return;
	}
	over = over_of(r->ste, 0);
	so_override(r, &over);
	with_ste(r, o);
}

/* T-1 and section 12: what a kind counts as, and what this version makes of it. */
static void classify(struct run *r)
{
	const struct smmu_txn *t = r->txn;
	unsigned k = t->kind < SMMU_KIND_NONE ? t->kind : SMMU_KIND_UNSUPPORTED;
	bool cmo = k >= SMMU_KIND_CLEAN && k <= SMMU_KIND_DH;

	r->acc.r = t->op != SMMU_WRITE;
	r->acc.w = t->op != SMMU_READ;
	r->acc.x = t->op == SMMU_READ && t->inst;
	r->acc.priv = t->priv;
	r->attr = t->attr;
	if (!t->has_attr) /* 13.1 */
		r->attr = (struct smmu_attr){ .ra = 1, .wa = 1 };
	if (cmo) /* 16.7.2.3 */
		r->attr = (struct smmu_attr){ .ra = 1, .wa = 1, .sh = r->attr.sh };
	if (cmo || (k >= SMMU_KIND_RCI && k <= SMMU_KIND_NW_DCP)) {
		r->acc.w = k == SMMU_KIND_W_DCP;
		r->acc.r = !r->acc.w;
		r->acc.any = k == SMMU_KIND_NW_DCP;
		r->acc.x = r->acc.r && !r->acc.any && t->inst;
	}
	so_spread(&r->attr);
	r->kind = k;
	if (r->w->cfg.arch_minor > 0)
		return;
	/* CHOICE: what v3.0 does with them. */
	if (k == SMMU_KIND_RCI || k == SMMU_KIND_DR || k == SMMU_KIND_W_DCP)
		r->kind = SMMU_KIND_ORDINARY;
	else if (k == SMMU_KIND_NW_DCP || k == SMMU_KIND_DH)
		r->kind = SMMU_KIND_NONE;
	else if (cmo)
		r->kind = SMMU_KIND_UNSUPPORTED;
}

void so_opinion(struct so_world *w, struct so_opinion *o)
{
	struct run r = { .w = w, .txn = &w->txn };
	bool hint = w->txn.kind == SMMU_KIND_NW_DCP || w->txn.kind == SMMU_KIND_DH;

	classify(&r);
	if (r.kind == SMMU_KIND_UNSUPPORTED) {
		so_fail(&r, SMMU_EVT_F_UUT, false, 0, 0);
		ended(&r, o);
	} else if (r.kind == SMMU_KIND_NONE ||
		   (r.kind == SMMU_KIND_SPECULATIVE && r.acc.w)) {
		silent(o);
	} else {
		procedure(&r, o);
	}
	if (o->status == SMMU_OK || (!hint && w->txn.kind != SMMU_KIND_SPECULATIVE))
		return;
	silent(o);
	o->kind = w->txn.kind;
	if (hint) {
		o->status = SMMU_NO_EFFECT;
		o->kind = SMMU_KIND_NONE;
	}
}
