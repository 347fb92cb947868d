/* SPDX-License-Identifier: MIT */
/*
 * What a leaf of stage 2 allows: translation.md 10.3, 10.4 (IHI 0070 3.26.2, 3.27.2;
 * Arm ARM D8.15.5.1). Base permissions come from the descriptor or from SMMU_S2PII and
 * stay with a cached leaf; the overlay is that of the STE in force (CACHE-11).
 */
#include "model/walk/walk.h"

enum {
	R = SMMU_PERM_PR | SMMU_PERM_UR,
	W = SMMU_PERM_PW | SMMU_PERM_UW,
	PX = SMMU_PERM_PX,
	UX = SMMU_PERM_UX,
	MW = SMMU_PERM_MW,
};

/* A code of SMMU_S2PII or STE.S2POI (REG-117, STE-67); 1 and 5 are no access. */
static const uint8_t code_perm[16] = {
	[2] = R | MW,
	[3] = R | MW,
	[4] = W,
	[6] = R | MW,
	[7] = R | MW,
	[8] = R,
	[9] = R | UX,
	[10] = R | PX,
	[11] = R | PX | UX,
	[12] = R | W | MW,
	[13] = R | W | MW | UX,
	[14] = R | W | MW | PX,
	[15] = R | W | MW | PX | UX,
};

static uint8_t code_top(unsigned code)
{
	return (code == 6 || code == 7 ? SMMU_S2_TL0 : 0) |
	       (code == 3 || code == 7 ? SMMU_S2_TL1 : 0);
}

static void indirect(const struct smmu *smmu, uint64_t desc, struct smmu_s2leaf *leaf)
{
	unsigned idx = (unsigned)(smmu_reg_get(desc, SMMU_S2PIE_PIIndex_3) << 3 |
				  smmu_reg_get(desc, SMMU_S2PIE_PIIndex_2) << 2 |
				  smmu_reg_get(desc, SMMU_S2PIE_PIIndex_1) << 1 |
				  smmu_reg_get(desc, SMMU_S2PIE_PIIndex_0));
	unsigned code = (unsigned)(smmu->regs.s2pii >> (4 * idx)) & 15;

	leaf->base = code_perm[code];
	leaf->more |= code_top(code);
	if (smmu_reg_get(desc, SMMU_S2PIE_Dirty) == 0)
		leaf->flags |= SMMU_LEAF_CLEAN;
}

/* 10.3 */
static void direct(const struct smmu *smmu, const struct smmu_s2cfg *s2, uint64_t desc,
		   struct smmu_s2leaf *leaf)
{
	unsigned ap = (unsigned)smmu_reg_get(desc, SMMU_S2DESC_S2AP);
	unsigned xn = (unsigned)smmu_reg_get(desc, SMMU_S2DESC_XN);
	bool r = ap & 1, w = ap & 2;
	bool px, ux;

	if (smmu->cfg.xnx) {
		px = xn == 0 || xn == 3;
		ux = xn == 0 || xn == 1;
	} else {
		px = ux = !(xn & 2);
	}
	if (s2->fmt == SMMU_FMT_LPAE32)
		px = px && r, ux = ux && r;
	if (!w && s2->ha && s2->hd && smmu_reg_get(desc, SMMU_S2DESC_DBM) != 0) {
		w = true;
		leaf->flags |= SMMU_LEAF_CLEAN;
	}
	leaf->base =
		(uint8_t)((r ? R : 0) | (w ? W | MW : 0) | (px ? PX : 0) | (ux ? UX : 0));
}

void smmu_s2_perm(const struct smmu *smmu, const struct smmu_s2cfg *s2, uint64_t desc,
		  struct smmu_s2leaf *leaf)
{
	leaf->more = 0;
	if (s2->pie)
		indirect(smmu, desc, leaf);
	else
		direct(smmu, s2, desc, leaf);
	if (s2->poe)
		leaf->more |= (uint8_t)smmu_reg_get(desc, SMMU_S2DESC_POIndex);
	if (s2->assured_only && smmu_reg_get(desc, SMMU_S2DESC_AssuredOnly) != 0)
		leaf->more |= SMMU_S2_ASSURED_ONLY;
	/* Where more than the base decides, no access passes without being judged. */
	leaf->perm = leaf->base & (R | W | PX | UX);
	if (s2->poe || (leaf->more & SMMU_S2_ASSURED_ONLY))
		leaf->perm = 0;
}

static unsigned overlay_code(const struct smmu_s2cfg *s2, const struct smmu_s2leaf *leaf)
{
	return (unsigned)(s2->poi >> (4 * (leaf->more & SMMU_S2_POINDEX))) & 15;
}

static unsigned overlay(const struct smmu_s2cfg *s2, const struct smmu_s2leaf *leaf)
{
	return s2->poe ? code_perm[overlay_code(s2, leaf)] : R | W | PX | UX | MW;
}

bool smmu_s2_is_mro(const struct smmu_s2cfg *s2, const struct smmu_s2leaf *leaf)
{
	return s2->pie && (leaf->base & overlay(s2, leaf) & (W | MW)) == MW;
}

/*
 * The TopLevel check (10.4): the first table of a walk through TTB0 must be on a page
 * of that kind if TL0, and must not be on one for TTB1 alone if TL1; TTB1 alike.
 */
static bool top_ok(const struct smmu_s2cfg *s2, const struct smmu_s2req *req,
		   const struct smmu_s2leaf *leaf)
{
	unsigned top = leaf->more;
	bool tl0, tl1;

	if (s2->poe)
		top |= code_top(overlay_code(s2, leaf));
	if (!smmu_s2_is_mro(s2, leaf))
		top = 0;
	tl0 = top & SMMU_S2_TL0;
	tl1 = top & SMMU_S2_TL1;
	if (req->top == 1)
		return !(s2->tl0 && !tl0) && !(s2->tl1 && tl1 && !tl0);
	return !(s2->tl1 && !tl1) && !(s2->tl0 && tl0 && !tl1);
}

/* What one level of privilege has; of a stage-1 descriptor's update, MW is its W. */
static unsigned view(unsigned perm, const struct smmu_s2req *req)
{
	if (req->cls == SMMU_CLASS_TT)
		perm = (perm & ~(unsigned)W) | (perm & MW ? W : 0);
	return req->acc.priv ? perm : perm >> SMMU_PERM_U_SHIFT;
}

/* 13.1.1: of an atomic, Overlay is about the half that RnW says was denied. */
static bool overlay_denies(unsigned over, const struct smmu_s2req *req,
			   const struct smmu_s2leaf *leaf, bool rnw)
{
	struct smmu_access acc = req->acc;
	bool unused;

	if (acc.read && acc.write) {
		acc.read = rnw;
		acc.write = !rnw;
	}
	return !smmu_perm_permits(view(over, req), leaf->flags, &acc, &unused);
}

/*
 * The order of 3.26.2 (EVT-49). The AssuredOnly check is for what stage 1 puts out and
 * for its tables, not for CDs. CHOICE: 7.3.13 wants AssuredOnly "only because of" that
 * check; of several reasons the first in that order is reported, as a PE does it.
 */
bool smmu_s2_allow(const struct smmu *smmu, const struct smmu_s2cfg *s2,
		   const struct smmu_s2req *req, const struct smmu_s2leaf *leaf,
		   struct smmu_fault *fault)
{
	unsigned over = overlay(s2, leaf);
	bool rnw;

	if (req->top != 0 && !top_ok(s2, req, leaf)) {
		smmu_s2_fault(fault, SMMU_EVT_F_PERMISSION, req);
		return smmu_fault_rule(fault, "STE-68");
	}
	if ((leaf->more & SMMU_S2_ASSURED_ONLY) && !req->assured &&
	    req->cls != SMMU_CLASS_CD) {
		smmu_s2_fault(fault, SMMU_EVT_F_PERMISSION, req);
		fault->rule = "STE-68";
		fault->assured_only = true;
		/* No half of an atomic lacks more than the other. */
		fault->rnw = !req->acc.write;
		return false;
	}
	if (!smmu_perm_permits(view(leaf->base & over, req), leaf->flags, &req->acc,
			       &rnw)) {
		smmu_s2_fault(fault, SMMU_EVT_F_PERMISSION, req);
		fault->rule = "T-18c";
		fault->rnw = rnw;
		fault->overlay = overlay_denies(over, req, leaf, rnw);
		return false;
	}
	if (req->cls != SMMU_CLASS_IN && s2->ptw && smmu_s2_is_device(smmu, s2, leaf)) {
		smmu_s2_fault(fault, SMMU_EVT_F_PERMISSION, req);
		return smmu_fault_rule(fault, "STE-62");
	}
	/* Indirect scheme, Dirty == 0 and nobody to set it. */
	if (req->acc.write && (leaf->flags & SMMU_LEAF_CLEAN) && !s2->hd) {
		smmu_s2_fault(fault, SMMU_EVT_F_PERMISSION, req);
		fault->rule = "T-18c";
		fault->dirtybit = true;
		return false;
	}
	return true;
}

bool smmu_s2_writes(const struct smmu_s2cfg *s2, const struct smmu_access *acc,
		    const struct smmu_s2leaf *leaf)
{
	return (leaf->base & overlay(s2, leaf) &
		(acc->priv ? SMMU_PERM_PW : SMMU_PERM_UW)) &&
	       !(leaf->flags & SMMU_LEAF_CLEAN);
}
