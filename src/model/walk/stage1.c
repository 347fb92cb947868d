/* SPDX-License-Identifier: MIT */
/*
 * T-15 to T-17: the input checks and the walk of stage 1. Nested, the address of
 * each descriptor goes through stage 2 before it is read, and once more, as a
 * write, before hardware updates it.
 */
#include "model/walk/walk.h"

/* VMSAv8-32: which table spans the address (9.5). */
static bool select32(const struct smmu_s1cfg *s1, uint64_t va,
		     const struct smmu_s1tt **tt)
{
	unsigned t0 = s1->tt[0].txsz, t1 = s1->one_table ? 0 : s1->tt[1].txsz;
	bool in0, in1;

	if (va >> 32 != 0) /* TBI does not apply */
		return false;
	in0 = va >> (32 - t0) == 0;
	in1 = !s1->one_table &&
	      (t1 != 0 ? va >= (UINT64_C(1) << 32) - (UINT64_C(1) << (32 - t1))
		       : t0 != 0 && !in0);
	if (!in0 && !in1)
		return false;
	/* Both only with T0SZ == 0: then what T1SZ claims is taken away from TTB0. */
	*tt = &s1->tt[in1];
	return true;
}

static bool select64(const struct smmu_s1cfg *s1, uint64_t *va,
		     const struct smmu_s1tt **tt)
{
	bool upper = !s1->one_table && (*va >> 55 & 1);
	const struct smmu_s1tt *t = &s1->tt[upper];
	uint64_t eff = *va, rest;

	if (t->tbi) {
		eff = smmu_low(eff, 56);
		if (eff >> 55 & 1)
			eff |= UINT64_C(0xff) << 56;
	}
	rest = upper ? ~eff : eff;
	/* The size of a disabled table is unknown; the walk will say the same. */
	if (t->en && smmu_low(rest, t->n) != rest)
		return false;
	*va = eff;
	*tt = t;
	return true;
}

bool smmu_s1_input(const struct smmu_s1cfg *s1, const struct smmu_access *acc,
		   uint64_t *va, const struct smmu_s1tt **tt, struct smmu_fault *fault)
{
	if (s1->fmt == SMMU_FMT_LPAE32) {
		if (!select32(s1, *va, tt)) {
			smmu_s1_fault(fault, SMMU_EVT_F_TRANSLATION);
			return smmu_fault_rule(fault, "T-15");
		}
		return true;
	}
	if (!select64(s1, va, tt)) {
		smmu_s1_fault(fault, SMMU_EVT_F_TRANSLATION);
		return smmu_fault_rule(fault, "T-15");
	}
	if ((*tt)->e0pd && !acc->priv && !s1->one_table) {
		smmu_s1_fault(fault, SMMU_EVT_F_TRANSLATION);
		return smmu_fault_rule(fault, "CD-28");
	}
	return true;
}

struct s1_walk {
	struct smmu *smmu;
	const struct smmu_regime *rg;
	const struct smmu_s1cfg *s1;
	const struct smmu_s1req *req;
	struct smmu_geom geom;
	struct smmu_hier hier;
	struct smmu_desc desc;
	struct smmu_attr fetch; /* as the CD says */
	uint64_t addr;		/* of the descriptor: an IPA if nested */
	bool assured;		/* that IPA has the Assured Translation property ... */
	bool mro;		/* ... and is on a page that only hardware writes */
	struct smmu_s1leaf *leaf;
	struct smmu_fault *fault;
};

static enum smmu_walk_step fail(struct s1_walk *w, unsigned event, const char *rule)
{
	smmu_s1_fault(w->fault, event);
	w->fault->rule = rule;
	if (event == SMMU_EVT_F_WALK_EABT) {
		w->fault->cls = SMMU_CLASS_TT;
		w->fault->fetch_addr = w->desc.pa;
	}
	return SMMU_WALK_FAULT;
}

/* T-16a, nested: stage 2 of w->addr. */
static bool locate_nested(struct s1_walk *w, bool write)
{
	struct smmu_s2req req = {
		.ipa = w->addr,
		.cls = SMMU_CLASS_TT,
		.assured = w->assured,
		.acc = { .read = !write, .write = write, .priv = true }
	};
	struct smmu_s2leaf leaf;

	if (!write && w->desc.level == w->geom.start)
		req.top = w->req->tt == &w->s1->tt[0] ? 1 : 2;
	if (!w->req->s2(w->smmu, w->rg, &req, &leaf, w->fault))
		return false;
	w->mro = smmu_s2_is_mro(w->rg->s2, &leaf);
	w->desc.pa = leaf.oa | smmu_low(w->addr, leaf.bits);
	smmu_attr_own(w->smmu, w->rg->s2, &leaf, &w->desc.attr);
	return true;
}

/* T-16a: from w->addr to w->desc.pa and attributes. */
static inline bool locate(struct s1_walk *w, bool write)
{
	w->desc.attr = w->fetch;
	if (w->rg->s2 != NULL)
		return locate_nested(w, write);
	w->desc.pa = smmu_low(w->addr, w->smmu->id.oas);
	return true;
}

static enum smmu_walk_step update(struct s1_walk *w, uint64_t desired)
{
	enum smmu_walk_step step;

	if (desired == w->desc.value || w->rg->no_update)
		return SMMU_WALK_DONE;
	if (w->rg->s2 != NULL && !locate(w, true))
		return SMMU_WALK_FAULT;
	step = smmu_desc_update(w->smmu, &w->desc, desired);
	return step == SMMU_WALK_FAULT ? fail(w, SMMU_EVT_F_WALK_EABT, "T-16b") : step;
}

static struct smmu_s1attr attributes(const struct s1_walk *w, uint64_t desc)
{
	struct smmu_s1attr attr;

	unsigned idx = (unsigned)smmu_reg_get(desc, SMMU_S1DESC_AttrIndx);
	unsigned sh = w->geom.ds ? w->req->tt->sh
				 : (unsigned)smmu_reg_get(desc, SMMU_S1DESC_SH);

	if (w->s1->aie && smmu_reg_get(desc, SMMU_S1DESC_AttrIndx3) != 0)
		idx = 7; /* CD-31: 8 to 15 */
	attr = smmu_attr_from_mair((unsigned)(w->s1->mair >> (8 * idx)) & 0xff, sh);
	attr.pbha = (uint8_t)(smmu_reg_get(desc, SMMU_S1DESC_PBHA) & w->req->tt->hwu);
	return attr;
}

/* 3.27: what a descriptor just read leads to is assured. */
static bool is_assured(const struct s1_walk *w)
{
	return w->assured && w->mro && w->s1->pnch &&
	       smmu_reg_get(w->desc.value, SMMU_S1DESC_Protected) != 0;
}

/* T-17a and b; AF and dirty state in one update (section 11). */
static enum smmu_walk_step finish(struct s1_walk *w)
{
	const struct smmu_s1cfg *s1 = w->s1;
	struct smmu_s1leaf *leaf = w->leaf;
	uint64_t desc = w->desc.value, desired = desc;
	bool af = smmu_reg_get(desc, SMMU_S1DESC_AF) != 0;
	bool keep = smmu_desc_cacheable(w->smmu, &w->geom, w->desc.level, desc);

	if (!af && !s1->ha && !s1->affd)
		return fail(w, SMMU_EVT_F_ACCESS, "CD-23");
	leaf->attr = attributes(w, desc);
	if (!s1->one_table && smmu_reg_get(desc, SMMU_S1DESC_nG) != 0)
		leaf->flags |= SMMU_LEAF_NG;
	if (is_assured(w))
		leaf->flags |= SMMU_LEAF_ASSURED;
	smmu_s1_perm(s1, &w->hier, desc, leaf);
	if (keep && (af || !s1->ha))
		leaf->flags |= SMMU_LEAF_CACHEABLE;
	/* CHOICE: an access that is denied leaves AF as it is (section 11). */
	if (!smmu_s1_allow(s1, &w->req->acc, leaf, w->fault)) {
		smmu_s1_blame(w->smmu, w->rg, &w->req->acc, &w->hier, desc);
		return SMMU_WALK_FAULT;
	}
	if (s1->ha)
		desired = smmu_reg_set(desired, SMMU_S1DESC_AF, 1);
	if (w->req->acc.write && (leaf->flags & SMMU_LEAF_CLEAN) &&
	    !w->req->acc.keep_clean) {
		/* AP[2], or nDirty, which is the same bit. */
		desired = smmu_reg_set(desired, SMMU_S1DESC_AP,
				       smmu_reg_get(desired, SMMU_S1DESC_AP) & 1);
		leaf->flags &= (uint8_t)~SMMU_LEAF_CLEAN;
	}
	if (keep && (af || !w->rg->no_update))
		leaf->flags |= SMMU_LEAF_CACHEABLE;
	return update(w, desired);
}

/* T-16d, e */
static enum smmu_walk_step descend(struct s1_walk *w, uint64_t *table)
{
	uint64_t desc = w->desc.value;
	enum smmu_walk_step ret = SMMU_WALK_DONE;
	bool assured = is_assured(w);

	*table = smmu_desc_table(&w->geom, desc);
	if (smmu_low(*table, w->geom.ps) != *table)
		return fail(w, SMMU_EVT_F_ADDR_SIZE, "T-16d");
	smmu_hier_add(w->s1, w->req->tt, desc, &w->hier);
	if (w->s1->haft)
		ret = update(w, smmu_reg_set(desc, SMMU_S1TABLE_AF, 1));
	w->assured = assured;
	return ret;
}

/* One level: T-16 a to e. */
static enum smmu_walk_step step(struct s1_walk *w, uint64_t *table)
{
	const struct smmu_geom *g = &w->geom;
	int level = w->desc.level;
	uint64_t oa;

	w->addr = *table + 8 * smmu_desc_index(g, level, w->req->va);
	if (!locate(w, false))
		return SMMU_WALK_FAULT;
	if (!smmu_desc_read(w->smmu, w->rg, &w->desc))
		return fail(w, SMMU_EVT_F_WALK_EABT, "T-16b");
	switch (smmu_desc_kind(g, level, w->desc.value)) {
	case SMMU_DESC_INVALID:
		return fail(w, SMMU_EVT_F_TRANSLATION, "T-16c");
	case SMMU_DESC_TABLE:
		return descend(w, table);
	default:
		break;
	}
	oa = smmu_desc_oa(g, level, w->desc.value);
	if (smmu_desc_oa_above(g, level, oa, w->req->va))
		return fail(w, SMMU_EVT_F_ADDR_SIZE, "T-16d");
	if (w->req->last)
		*w->req->last =
			(struct smmu_walk_point){ *table, (int8_t)level, w->hier };
	w->leaf->bits = smmu_desc_leaf_bits(g, level);
	w->leaf->oa = oa;
	return finish(w);
}

/* 3.27.2, Arm ARM D8.2.7.3: TLx, and a CD that was fetched from AssuredOnly memory. */
static bool starts_assured(const struct s1_walk *w)
{
	const struct smmu_s2cfg *s2 = w->rg->s2;

	return s2 != NULL && w->s1->cd_assured && !w->geom.lpae32 &&
	       (w->req->tt == &w->s1->tt[0] ? s2->tl0 : s2->tl1);
}

static enum smmu_walk_step once(struct s1_walk *w)
{
	uint64_t table = smmu_table_base(&w->geom, w->req->tt->base);
	enum smmu_walk_step ret;

	*w->leaf = (struct smmu_s1leaf){ 0 };
	w->hier = (struct smmu_hier){ 0 };
	w->assured = starts_assured(w);
	w->desc.level = w->geom.start;
	/* A cached table does not know whether it is assured. */
	if (w->req->from && !w->assured) {
		table = w->req->from->table;
		w->hier = w->req->from->hier;
		w->desc.level = w->req->from->level;
	}
	for (;;) {
		ret = step(w, &table);
		if (ret != SMMU_WALK_DONE || w->leaf->bits != 0)
			return ret;
		w->desc.level++;
	}
}

static struct smmu_geom geometry(const struct smmu *smmu, const struct smmu_s1cfg *s1,
				 const struct smmu_s1tt *tt)
{
	struct smmu_geom g = {
		.granule = tt->granule,
		.n = tt->n,
		.ps = s1->ips,
		.start = tt->start,
		.lpae32 = s1->fmt == SMMU_FMT_LPAE32,
		.ds = s1->ds,
	};

	smmu_geom_limits(smmu, &g);
	return g;
}

bool smmu_s1_walk(struct smmu *smmu, const struct smmu_regime *rg,
		  const struct smmu_s1req *req, struct smmu_s1leaf *leaf,
		  struct smmu_fault *fault)
{
	struct s1_walk w = { .smmu = smmu,
			     .rg = rg,
			     .s1 = rg->s1,
			     .req = req,
			     .desc = { .be = rg->s1->endi, .stage = 1 },
			     .fetch = smmu_attr_from_fetch(req->tt->fetch),
			     .leaf = leaf,
			     .fault = fault };
	enum smmu_walk_step ret = SMMU_WALK_AGAIN;

	*leaf = (struct smmu_s1leaf){ 0 };
	if (!req->tt->en) { /* effective EPDx */
		smmu_s1_fault(fault, SMMU_EVT_F_TRANSLATION);
		return smmu_fault_rule(fault, "T-15e");
	}
	w.geom = geometry(smmu, rg->s1, req->tt);
	for (int tries = 0; tries < SMMU_WALK_TRIES && ret == SMMU_WALK_AGAIN; tries++)
		ret = once(&w);
	if (ret == SMMU_WALK_AGAIN)
		ret = fail(&w, SMMU_EVT_F_WALK_EABT, "T-16b");
	return ret == SMMU_WALK_DONE;
}
