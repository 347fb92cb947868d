/* SPDX-License-Identifier: MIT */
/* T-18: the walk of stage 2, for a CD, a stage-1 descriptor or the transaction. */
#include "model/walk/walk.h"

struct s2_walk {
	struct smmu *smmu;
	const struct smmu_regime *rg;
	const struct smmu_s2cfg *s2;
	const struct smmu_s2req *req;
	struct smmu_geom geom;
	struct smmu_desc desc;
	struct smmu_s2leaf *leaf;
	struct smmu_fault *fault;
};

static enum smmu_walk_step fail(struct s2_walk *w, unsigned event, const char *rule)
{
	smmu_s2_fault(w->fault, event, w->req);
	w->fault->rule = rule;
	if (event == SMMU_EVT_F_WALK_EABT)
		w->fault->fetch_addr = w->desc.pa;
	return SMMU_WALK_FAULT;
}

static enum smmu_walk_step update(struct s2_walk *w, uint64_t desired)
{
	enum smmu_walk_step step = SMMU_WALK_DONE;

	if (desired != w->desc.value && !w->rg->no_update)
		step = smmu_desc_update(w->smmu, &w->desc, desired);
	return step == SMMU_WALK_FAULT ? fail(w, SMMU_EVT_F_WALK_EABT, "T-18b") : step;
}

/* An Access flag, then permissions, then what hardware must write (T-18c). */
static enum smmu_walk_step finish(struct s2_walk *w)
{
	const struct smmu_s2cfg *s2 = w->s2;
	struct smmu_s2leaf *leaf = w->leaf;
	uint64_t desc = w->desc.value, desired = desc;
	bool af = smmu_reg_get(desc, SMMU_S2DESC_AF) != 0;
	bool keep = smmu_desc_cacheable(w->smmu, &w->geom, w->desc.level, desc);

	if (!af && !s2->ha && !s2->affd)
		return fail(w, SMMU_EVT_F_ACCESS, "STE-59");
	leaf->memattr = (uint8_t)smmu_reg_get(desc, SMMU_S2DESC_MemAttr);
	leaf->sh = w->geom.ds ? s2->sh0 : (uint8_t)smmu_reg_get(desc, SMMU_S2DESC_SH);
	leaf->pbha = (uint8_t)(smmu_reg_get(desc, SMMU_S2DESC_PBHA) & s2->hwu);
	smmu_s2_perm(w->smmu, s2, desc, leaf);
	if (keep && (af || !s2->ha))
		leaf->flags |= SMMU_LEAF_CACHEABLE;
	/* CHOICE: an access that is denied leaves AF as it is (section 11). */
	if (!smmu_s2_allow(w->smmu, s2, w->req, leaf, w->fault)) {
		smmu_s2_blame(w->smmu, w->rg, w->req, desc);
		return SMMU_WALK_FAULT;
	}
	if (s2->ha)
		desired = smmu_reg_set(desired, SMMU_S2DESC_AF, 1);
	if (w->req->acc.write && (leaf->flags & SMMU_LEAF_CLEAN) &&
	    !w->req->acc.keep_clean) {
		desired = smmu_reg_set(desired, SMMU_S2DESC_S2AP,
				       smmu_reg_get(desired, SMMU_S2DESC_S2AP) | 2);
		leaf->flags &= (uint8_t)~SMMU_LEAF_CLEAN;
	}
	if (keep && (af || !w->rg->no_update))
		leaf->flags |= SMMU_LEAF_CACHEABLE;
	return update(w, desired);
}

static enum smmu_walk_step step(struct s2_walk *w, uint64_t *table)
{
	const struct smmu_geom *g = &w->geom;
	int level = w->desc.level;
	uint64_t oa;

	w->desc.pa = *table + 8 * smmu_desc_index(g, level, w->req->ipa);
	if (g->lpae32) /* 40-bit addresses on a smaller OAS (section 2) */
		w->desc.pa = smmu_low(w->desc.pa, w->smmu->id.oas);
	if (!smmu_desc_read(w->smmu, w->rg, &w->desc))
		return fail(w, SMMU_EVT_F_WALK_EABT, "T-18b");
	switch (smmu_desc_kind(g, level, w->desc.value)) {
	case SMMU_DESC_INVALID:
		return fail(w, SMMU_EVT_F_TRANSLATION, "T-18b");
	case SMMU_DESC_TABLE:
		*table = smmu_desc_table(g, w->desc.value);
		if (smmu_low(*table, g->ps) != *table)
			return fail(w, SMMU_EVT_F_ADDR_SIZE, "T-18b");
		return w->s2->haft ? update(w, smmu_reg_set(w->desc.value,
							    SMMU_S2TABLE_AF, 1))
				   : SMMU_WALK_DONE;
	default:
		break;
	}
	oa = smmu_desc_oa(g, level, w->desc.value);
	if (smmu_desc_oa_above(g, level, oa, w->req->ipa))
		return fail(w, SMMU_EVT_F_ADDR_SIZE, "T-18b");
	if (w->req->last)
		*w->req->last = (struct smmu_walk_point){ .table = *table,
							  .level = (int8_t)level };
	w->leaf->bits = smmu_desc_leaf_bits(g, level);
	w->leaf->oa = g->lpae32 ? smmu_low(oa, w->smmu->id.oas) : oa;
	return finish(w);
}

static enum smmu_walk_step once(struct s2_walk *w)
{
	uint64_t table = smmu_table_base(&w->geom, w->s2->base);
	enum smmu_walk_step ret;

	*w->leaf = (struct smmu_s2leaf){ 0 };
	w->desc.level = w->geom.start;
	if (w->req->from) {
		table = w->req->from->table;
		w->desc.level = w->req->from->level;
	}
	for (;;) {
		ret = step(w, &table);
		if (ret != SMMU_WALK_DONE || w->leaf->bits != 0)
			return ret;
		w->desc.level++;
	}
}

static struct smmu_geom geometry(const struct smmu *smmu, const struct smmu_s2cfg *s2)
{
	struct smmu_geom g = {
		.granule = s2->granule,
		.n = s2->n,
		.ps = s2->ps,
		.start = s2->start,
		.lpae32 = s2->fmt == SMMU_FMT_LPAE32,
		.ds = s2->ds,
	};

	smmu_geom_limits(smmu, &g);
	return g;
}

bool smmu_s2_walk(struct smmu *smmu, const struct smmu_regime *rg,
		  const struct smmu_s2req *req, struct smmu_s2leaf *leaf,
		  struct smmu_fault *fault)
{
	struct s2_walk w = { .smmu = smmu,
			     .rg = rg,
			     .s2 = rg->s2,
			     .req = req,
			     .geom = geometry(smmu, rg->s2),
			     .desc = { .attr = smmu_attr_from_fetch(rg->s2->fetch),
				       .be = rg->s2->endi,
				       .stage = 2 },
			     .leaf = leaf,
			     .fault = fault };
	enum smmu_walk_step ret = SMMU_WALK_AGAIN;

	*leaf = (struct smmu_s2leaf){ 0 };
	if (smmu_low(req->ipa, rg->s2->n) != req->ipa) {
		smmu_s2_fault(fault, SMMU_EVT_F_TRANSLATION, req);
		return smmu_fault_rule(fault, "T-18a");
	}
	for (int tries = 0; tries < SMMU_WALK_TRIES && ret == SMMU_WALK_AGAIN; tries++)
		ret = once(&w);
	if (ret == SMMU_WALK_AGAIN)
		ret = fail(&w, SMMU_EVT_F_WALK_EABT, "T-18b");
	return ret == SMMU_WALK_DONE;
}
