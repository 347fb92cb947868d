/* SPDX-License-Identifier: MIT */
/*
 * Transactions that are not ordinary: IHI 0070 3.22, 16.7.2, 3.14, 7.3.2; translation.md
 * 12. What each asks of the tables, what it is downgraded to, and which never fault.
 *
 * CHOICE: an interconnect that carries every kind with every attribute, so that nothing
 * is downgraded for its memory type (3.22.3). CHOICE: a destructive read that may not
 * destroy becomes an ordinary read. CHOICE (v3.0): a read or write loses its hint, a
 * pure hint ends as one that had no effect, a cache maintenance operation is F_UUT.
 */
#include "model/translate.h"

static bool is_cmo(unsigned kind)
{
	return kind >= SMMU_KIND_CLEAN && kind <= SMMU_KIND_DH;
}

/* 3.22, 16.7.2: from v3.1 on. */
static unsigned as_supported(const struct smmu *smmu, unsigned kind)
{
	if (!smmu->id.v30)
		return kind;
	switch (kind) {
	case SMMU_KIND_RCI:
	case SMMU_KIND_DR:
	case SMMU_KIND_W_DCP:
		return SMMU_KIND_ORDINARY;
	case SMMU_KIND_NW_DCP:
	case SMMU_KIND_DH:
		return SMMU_KIND_NONE;
	default:
		return is_cmo(kind) ? SMMU_KIND_UNSUPPORTED : kind;
	}
}

/* 16.7.2.3: no memory type; a shareability counts as it was supplied. */
static void cmo_attr(struct smmu_lookup *x)
{
	uint8_t sh = x->attr.sh;

	if (x->txn->has_attr)
		sh = x->txn->attr.sh;
	x->attr = smmu_attr_default();
	x->attr.sh = sh;
}

bool smmu_kind_begin(struct smmu_lookup *x)
{
	unsigned kind = x->txn->kind;

	if (kind > SMMU_KIND_UNSUPPORTED)
		kind = SMMU_KIND_UNSUPPORTED;
	if (kind != SMMU_KIND_SPECULATIVE && kind != SMMU_KIND_UNSUPPORTED) {
		x->acc.write = kind == SMMU_KIND_W_DCP;
		x->acc.read = !x->acc.write;
		x->acc.inst = x->acc.read && kind != SMMU_KIND_NW_DCP && x->txn->inst;
	}
	x->acc.any = kind == SMMU_KIND_NW_DCP;
	x->acc.destructive = kind == SMMU_KIND_DR || kind == SMMU_KIND_INVALIDATE ||
			     kind == SMMU_KIND_DH;
	if (is_cmo(kind))
		cmo_attr(x);
	x->kind = (uint8_t)as_supported(x->smmu, kind);
	if (x->kind == SMMU_KIND_UNSUPPORTED) {
		/* T-1, EVT-25: as it came in. CHOICE: with SMMUEN == 0 as well. */
		x->acc.inst = x->txn->inst;
		x->fault.event = SMMU_EVT_F_UUT;
		x->fault.rule = "T-1";
		return false;
	}
	/* A write is never speculative. */
	if (x->kind != SMMU_KIND_NONE &&
	    !(x->kind == SMMU_KIND_SPECULATIVE && x->acc.write))
		return true;
	x->fault.rule = "T-1";
	return false;
}

/* STE-76: at least one stage is about to translate it. */
bool smmu_kind_translates(struct smmu_lookup *x)
{
	bool dre = x->ste->dre, dcp = x->ste->dcp;

	switch (x->kind) {
	case SMMU_KIND_DR:
		x->kind = dre ? x->kind : SMMU_KIND_ORDINARY;
		break;
	case SMMU_KIND_INVALIDATE:
		x->kind = dre ? x->kind : SMMU_KIND_CLEAN_INVALIDATE;
		break;
	case SMMU_KIND_DH:
		x->kind = dre ? x->kind : SMMU_KIND_NONE;
		break;
	case SMMU_KIND_W_DCP:
		x->kind = dcp ? x->kind : SMMU_KIND_ORDINARY;
		break;
	case SMMU_KIND_NW_DCP:
		x->kind = dcp ? x->kind : SMMU_KIND_NONE;
		break;
	default:
		break;
	}
	x->fault.rule = x->kind == SMMU_KIND_NONE ? "STE-76" : NULL;
	return x->kind != SMMU_KIND_NONE;
}

/* 3.22.2, 16.7.2.2: granted as a read; destroys only what it might have written. */
bool smmu_kind_granted(struct smmu_lookup *x)
{
	if (x->out.writable || !x->acc.destructive)
		return true;
	if (x->kind == SMMU_KIND_DR)
		x->kind = SMMU_KIND_ORDINARY;
	else if (x->kind == SMMU_KIND_INVALIDATE)
		x->kind = SMMU_KIND_CLEAN_INVALIDATE;
	else if (x->kind == SMMU_KIND_DH)
		x->kind = SMMU_KIND_NONE;
	if (x->kind == SMMU_KIND_NONE)
		x->fault.rule = "STE-76";
	return x->kind != SMMU_KIND_NONE;
}

/*
 * Hints cause no fault and no abort (3.22.2, 16.7.2.2); a speculative access that
 * fails is aborted and nothing is said (3.14).
 */
bool smmu_kind_hushed(const struct smmu_lookup *x, struct smmu_result *res)
{
	unsigned kind = x->txn->kind;
	bool hint = kind == SMMU_KIND_NW_DCP || kind == SMMU_KIND_DH;

	if (!hint && kind != SMMU_KIND_SPECULATIVE)
		return false;
	*res = (struct smmu_result){
		.status = hint ? SMMU_NO_EFFECT : SMMU_ABORT,
		.kind = hint ? SMMU_KIND_NONE : (uint8_t)kind,
		.attr = { .partid = x->attr.partid, .pmg = x->attr.pmg },
	};
	return true;
}
