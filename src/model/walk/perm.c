/* SPDX-License-Identifier: MIT */
/* What a leaf of stage 1 allows: translation.md 10.1, 10.2 (Arm ARM D8.4, 3.26.1). */
#include "model/walk/walk.h"

enum { R = SMMU_PERM_PR, W = SMMU_PERM_PW, X = SMMU_PERM_PX };

static uint8_t pack(bool r, bool w, bool x)
{
	return (uint8_t)((r ? R : 0) | (w ? W : 0) | (x ? X : 0));
}

static uint8_t both(uint8_t priv, uint8_t unpriv)
{
	return (uint8_t)(priv | unpriv << SMMU_PERM_U_SHIFT);
}

/* HADx and the indirect scheme switch the limits off (CD-26, 10.2). */
void smmu_hier_add(const struct smmu_s1cfg *s1, const struct smmu_s1tt *tt, uint64_t desc,
		   struct smmu_hier *hier)
{
	if (tt->had || s1->pie)
		return;
	hier->ap |= (uint8_t)smmu_reg_get(desc, SMMU_S1TABLE_APTable);
	hier->xn |= smmu_reg_get(desc, SMMU_S1TABLE_UXNTable) != 0;
	hier->pxn |= smmu_reg_get(desc, SMMU_S1TABLE_PXNTable) != 0;
}

static bool dirty_on(const struct smmu_s1cfg *s1)
{
	return s1->ha && s1->hd; /* HD without HA acts as off (CD-23) */
}

/*
 * 10.2: PIIP and PIIU by PIIndex. PAN takes privileged read and write away where
 * the unprivileged have anything at all (CD-25).
 */
static void indirect(const struct smmu_s1cfg *s1, uint64_t desc, struct smmu_s1leaf *leaf)
{
	unsigned idx = (unsigned)(smmu_reg_get(desc, SMMU_S1PIE_PIIndex_3) << 3 |
				  smmu_reg_get(desc, SMMU_S1PIE_PIIndex_2) << 2 |
				  smmu_reg_get(desc, SMMU_S1PIE_PIIndex_1) << 1 |
				  smmu_reg_get(desc, SMMU_S1PIE_PIIndex_0));
	unsigned p = (unsigned)(s1->piip >> (3 * idx)) & 7;
	unsigned u = s1->one_table ? 0 : (unsigned)(s1->piiu >> (3 * idx)) & 7;
	bool pan = s1->pan && !s1->one_table && u != 0;

	/* CD-34: bit 0 read, bit 1 execute, bit 2 write. */
	leaf->perm = both(pack((p & 1) && !pan, (p & 4) && !pan, p & 2),
			  pack(u & 1, u & 4, u & 2));
	if (smmu_reg_get(desc, SMMU_S1PIE_nDirty) != 0)
		leaf->flags |= SMMU_LEAF_CLEAN;
}

/* One privilege level, one table: any-EL2 (10.1). AP[1] counts as 1. */
static void direct_one(const struct smmu_s1cfg *s1, const struct smmu_hier *hier, bool ro,
		       bool xn, struct smmu_s1leaf *leaf)
{
	bool w = !ro && !(hier->ap & 2);
	bool x = !xn && !(s1->wxn && w);

	leaf->perm = pack(true, w, x);
}

static void direct_two(const struct smmu_s1cfg *s1, const struct smmu_hier *hier, bool ro,
		       bool user, bool xn, bool pxn, struct smmu_s1leaf *leaf)
{
	bool w = !ro && !(hier->ap & 2);
	bool ur = user && !(hier->ap & 1);
	bool uw = ur && w;
	bool ux, px, pan;

	if (s1->fmt == SMMU_FMT_LPAE32) {
		ux = ur && !xn;
		px = !xn && !pxn && !(s1->uwxn && uw);
	} else {
		ux = !xn;
		px = !pxn && !uw;
	}
	/* PAN is for data, so that WXN sees pw before it, and EPAN ux before WXN. */
	pan = s1->pan && (ur || uw || (s1->epan && ux));
	if (s1->wxn) {
		px = px && !w;
		ux = ux && !uw;
	}
	leaf->perm = both(pack(!pan, w && !pan, px), pack(ur, uw, ux));
}

void smmu_s1_perm(const struct smmu_s1cfg *s1, const struct smmu_hier *hier,
		  uint64_t desc, struct smmu_s1leaf *leaf)
{
	unsigned ap = (unsigned)smmu_reg_get(desc, SMMU_S1DESC_AP);
	bool ro = ap & 2;
	bool xn = hier->xn || smmu_reg_get(desc, SMMU_S1DESC_UXN) != 0;
	bool pxn = hier->pxn || smmu_reg_get(desc, SMMU_S1DESC_PXN) != 0;

	if (s1->pie) {
		indirect(s1, desc, leaf);
		return;
	}
	/* Writable-clean counts as writable throughout (10.1), if no APTable forbids it.
	 */
	if (ro && dirty_on(s1) && smmu_reg_get(desc, SMMU_S1DESC_DBM) != 0 &&
	    !(hier->ap & 2)) {
		ro = false;
		leaf->flags |= SMMU_LEAF_CLEAN;
	}
	if (s1->one_table)
		direct_one(s1, hier, ro, xn, leaf);
	else
		direct_two(s1, hier, ro, ap & 1, xn, pxn, leaf);
}

/* Of an atomic the write is checked first: lacking only R it is RnW == 1 (section 8). */
bool smmu_perm_permits(unsigned have, unsigned flags, const struct smmu_access *acc,
		       bool *rnw)
{
	if (acc->any) { /* 3.22.2: a write counts if it needs no dirty update */
		*rnw = true;
		return (have & (R | X)) || ((have & W) && !(flags & SMMU_LEAF_CLEAN));
	}
	*rnw = !acc->write;
	if (acc->write && !(have & W))
		return false;
	if (!acc->read)
		return true;
	*rnw = true;
	return have & (acc->inst && !acc->write ? X : R);
}

bool smmu_s1_allow(const struct smmu_s1cfg *s1, const struct smmu_access *acc,
		   const struct smmu_s1leaf *leaf, struct smmu_fault *fault)
{
	bool priv = acc->priv || s1->one_table, rnw;
	unsigned have = priv ? leaf->perm : (unsigned)leaf->perm >> SMMU_PERM_U_SHIFT;

	if (!smmu_perm_permits(have, leaf->flags, acc, &rnw)) {
		smmu_s1_fault(fault, SMMU_EVT_F_PERMISSION);
		fault->rule = "T-17b";
		fault->rnw = rnw;
		return false;
	}
	/* Indirect scheme, nDirty == 1 and nobody to clear it: checked last (10.2). */
	if (acc->write && (leaf->flags & SMMU_LEAF_CLEAN) && !dirty_on(s1)) {
		smmu_s1_fault(fault, SMMU_EVT_F_PERMISSION);
		fault->rule = "T-17b";
		fault->dirtybit = true;
		return false;
	}
	return true;
}

bool smmu_s1_writes(const struct smmu_s1cfg *s1, const struct smmu_access *acc,
		    const struct smmu_s1leaf *leaf)
{
	bool priv = acc->priv || s1->one_table;
	unsigned have = priv ? leaf->perm : (unsigned)leaf->perm >> SMMU_PERM_U_SHIFT;

	return (have & W) && !(leaf->flags & SMMU_LEAF_CLEAN);
}
