/* SPDX-License-Identifier: MIT */
/*
 * Inside of walk/: what a walk of one stage yields, and the walks themselves.
 * Nothing here knows the TLB. A stage-1 walk that is nested asks for the stage 2 of
 * its descriptor addresses through smmu_s2_fn, so that the caller decides whether
 * those come out of a cache.
 */
#ifndef MODEL_WALK_WALK_H
#define MODEL_WALK_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include "model/model.h"
#include "model/walk/desc.h"

/* Permissions of one stage, privileged and unprivileged (10.1 to 10.3). */
enum {
	SMMU_PERM_PR = 1,
	SMMU_PERM_PW = 2,
	SMMU_PERM_PX = 4,
	SMMU_PERM_UR = 8,
	SMMU_PERM_UW = 16,
	SMMU_PERM_UX = 32,
	SMMU_PERM_MW = 64, /* stage 2: hardware may update a stage-1 descriptor there */
	SMMU_PERM_U_SHIFT = 3,
};

enum {
	SMMU_LEAF_NG = 1,	 /* tagged with the ASID */
	SMMU_LEAF_CLEAN = 2,	 /* its write permission needs a dirty update first */
	SMMU_LEAF_CACHEABLE = 4, /* AF is set or taken as set (CACHE-7) */
	SMMU_LEAF_ASSURED = 8,	 /* stage 1: the Assured Translation property (3.27.2) */
};

/* What only smmu_s2_allow() looks at; the low nibble is POIndex. */
enum {
	SMMU_S2_POINDEX = 15,
	SMMU_S2_TL0 = 16, /* MRO-TL0, -TL1, -TL01 in SMMU_S2PII */
	SMMU_S2_TL1 = 32,
	SMMU_S2_ASSURED_ONLY = 64,
};

/* MAIR, SH and PBHA of a stage-1 leaf; ra, wa, tr: of which levels, see attr.c. */
struct smmu_s1attr {
	uint8_t inner, outer, sh, ra, wa, tr, pbha;
};

/* What the last descriptor of a stage-1 walk means. */
struct smmu_s1leaf {
	uint64_t oa; /* output address of its first byte */
	struct smmu_s1attr attr;
	uint8_t bits;  /* it maps 2^bits bytes */
	uint8_t perm;  /* SMMU_PERM_*; write includes writable-clean */
	uint8_t flags; /* SMMU_LEAF_* */
};

struct smmu_s2leaf {
	uint64_t oa;
	uint8_t bits;
	uint8_t perm; /* SMMU_PERM_* granted without asking smmu_s2_allow(): base, or 0 */
	uint8_t flags;
	uint8_t memattr; /* MemAttr[3:0], raw */
	uint8_t sh;	 /* raw, or S2SH0 with S2DS */
	uint8_t base;	 /* SMMU_PERM_* of the descriptor or of SMMU_S2PII */
	uint8_t more;	 /* SMMU_S2_* */
	uint8_t pbha;	 /* bits [62:59], those that S2HWU allows */
};

/* Hierarchical limits gathered from table descriptors. */
struct smmu_hier {
	uint8_t ap; /* APTable, ORed */
	bool xn, pxn;
};
/* A table on the way, as a walk cache keeps it: where a walk may begin. */
struct smmu_walk_point {
	uint64_t table; /* as its descriptor says: an IPA if nested */
	int8_t level;
	struct smmu_hier hier; /* of stage 1, so far */
};

/*
 * Stage 2 of one IPA. cls: SMMU_CLASS_* says for whom; acc: what is wanted of it. On
 * failure *fault is complete but for RnW of a CD or TT access, which is the input
 * transaction's. A leaf with SMMU_LEAF_CACHEABLE is valid even if permission failed.
 */
struct smmu_s2req {
	uint64_t ipa;
	uint8_t cls;
	uint8_t top;  /* the first descriptor of a walk through TTB0: 1, TTB1: 2 */
	bool assured; /* the IPA has the Assured Translation property */
	struct smmu_access acc;
	const struct smmu_walk_point *from; /* NULL: from the root */
	struct smmu_walk_point *last;	    /* if not NULL: the table with the leaf */
};
typedef bool (*smmu_s2_fn)(struct smmu *smmu, const struct smmu_regime *rg,
			   const struct smmu_s2req *req, struct smmu_s2leaf *leaf,
			   struct smmu_fault *fault);

/* T-18, from memory. */
bool smmu_s2_walk(struct smmu *smmu, const struct smmu_regime *rg,
		  const struct smmu_s2req *req, struct smmu_s2leaf *leaf,
		  struct smmu_fault *fault);
/* The permission part of T-18, for a leaf new or cached (10.4 gives the order). */
bool smmu_s2_allow(const struct smmu *smmu, const struct smmu_s2cfg *s2,
		   const struct smmu_s2req *req, const struct smmu_s2leaf *leaf,
		   struct smmu_fault *fault);
/* Only hardware may write there: a stage-1 table on it can be assured (3.27.2). */
bool smmu_s2_is_mro(const struct smmu_s2cfg *s2, const struct smmu_s2leaf *leaf);

/*
 * T-15: which table, and the address without its tag. Applies on TLB hits too,
 * except that a disabled table only stops a walk.
 */
bool smmu_s1_input(const struct smmu_s1cfg *s1, const struct smmu_access *acc,
		   uint64_t *va, const struct smmu_s1tt **tt, struct smmu_fault *fault);
/* T-16 and T-17, from memory. va as smmu_s1_input left it. */
struct smmu_s1req {
	uint64_t va;
	const struct smmu_s1tt *tt;
	struct smmu_access acc;
	smmu_s2_fn s2;
	const struct smmu_walk_point *from; /* NULL: from the root */
	struct smmu_walk_point *last;	    /* if not NULL: the table with the leaf */
};
bool smmu_s1_walk(struct smmu *smmu, const struct smmu_regime *rg,
		  const struct smmu_s1req *req, struct smmu_s1leaf *leaf,
		  struct smmu_fault *fault);
bool smmu_s1_allow(const struct smmu_s1cfg *s1, const struct smmu_access *acc,
		   const struct smmu_s1leaf *leaf, struct smmu_fault *fault);

/* ---- desc.c: reading descriptors ---- */
/* Where a descriptor was found. */
struct smmu_desc {
	uint64_t pa, value;
	struct smmu_attr attr;
	bool be;
	uint8_t stage;
	int8_t level;
	uint32_t sid; /* whose the walk is, and what it carries */
	struct smmu_mpam mpam;
};
/* Reads ->pa into ->value, counts and traces it. False: external abort. */
bool smmu_desc_read(struct smmu *smmu, const struct smmu_regime *rg, struct smmu_desc *d);

/* ---- httu.c ---- */
enum smmu_walk_step { SMMU_WALK_DONE, SMMU_WALK_FAULT, SMMU_WALK_AGAIN };
/* A walk that loses its race so often ends as an external abort. CHOICE: the
 * architecture sets no bound, but a memory that never lets us win must not hang us. */
enum { SMMU_WALK_TRIES = 1024 };
/* DONE: written. AGAIN: memory changed (section 11). FAULT: external abort. */
enum smmu_walk_step smmu_desc_update(struct smmu *smmu, struct smmu_desc *d,
				     uint64_t desired);

/* ---- perm.c ---- */
void smmu_hier_add(const struct smmu_s1cfg *s1, const struct smmu_s1tt *tt, uint64_t desc,
		   struct smmu_hier *hier);
/* perm and SMMU_LEAF_CLEAN of a leaf. */
void smmu_s1_perm(const struct smmu_s1cfg *s1, const struct smmu_hier *hier,
		  uint64_t desc, struct smmu_s1leaf *leaf);
/*
 * Whether permissions, all of one level, let an access pass. flags: of the leaf; *rnw:
 * section 8.
 */
bool smmu_perm_permits(unsigned have, unsigned flags, const struct smmu_access *acc,
		       bool *rnw);
/* Whether a leaf could be written at that level of privilege as it is: dirty already. */
bool smmu_s1_writes(const struct smmu_s1cfg *s1, const struct smmu_access *acc,
		    const struct smmu_s1leaf *leaf);
bool smmu_s2_writes(const struct smmu_s2cfg *s2, const struct smmu_access *acc,
		    const struct smmu_s2leaf *leaf);

/* ---- s2perm.c: and base and more ---- */
void smmu_s2_perm(const struct smmu *smmu, const struct smmu_s2cfg *s2, uint64_t desc,
		  struct smmu_s2leaf *leaf);

/* ---- attr.c ---- */
struct smmu_s1attr smmu_attr_from_mair(unsigned byte, unsigned sh);
/* Stage 1 on: what the input leaves of its hints, and MAIR and SH (13.2). */
void smmu_attr_stage1(struct smmu_attr *attr, const struct smmu_s1attr *s1);
/* Stage 2 on: combine, or S2FWB (13.4, 13.5). */
void smmu_attr_stage2(const struct smmu *smmu, const struct smmu_s2cfg *s2,
		      const struct smmu_s2leaf *leaf, struct smmu_attr *attr);
/* The SMMU's own access (CD, stage-1 descriptor) to a page of stage 2: with PTWNNC. */
void smmu_attr_own(const struct smmu *smmu, const struct smmu_s2cfg *s2,
		   const struct smmu_s2leaf *leaf, struct smmu_attr *attr);
bool smmu_s2_is_device(const struct smmu *smmu, const struct smmu_s2cfg *s2,
		       const struct smmu_s2leaf *leaf);

/* Names the rule behind a fault that was just filled. */
static inline bool smmu_fault_rule(struct smmu_fault *fault, const char *rule)
{
	fault->rule = rule;
	return false;
}

/* ---- blame.c ---- */
/* Traces what withholds a permission from an access that was denied at a leaf. */
void smmu_s1_blame(struct smmu *smmu, const struct smmu_regime *rg,
		   const struct smmu_access *acc, const struct smmu_hier *hier,
		   uint64_t desc);
void smmu_s2_blame(struct smmu *smmu, const struct smmu_regime *rg,
		   const struct smmu_s2req *req, uint64_t desc);
/* The same where only the cached leaf is known. */
void smmu_s2_blame_cached(struct smmu *smmu, const struct smmu_regime *rg,
			  const struct smmu_s2req *req, const struct smmu_s2leaf *leaf);

/* A stage-1 fault of the input address; RnW is settled by the caller. */
static inline bool smmu_s1_fault(struct smmu_fault *fault, unsigned event)
{
	*fault = (struct smmu_fault){ .event = (uint8_t)event, .cls = SMMU_CLASS_IN };
	return false;
}

static inline bool smmu_s2_fault(struct smmu_fault *fault, unsigned event,
				 const struct smmu_s2req *req)
{
	*fault = (struct smmu_fault){
		.event = (uint8_t)event,
		.s2 = true,
		.cls = req->cls,
		.ipa = req->ipa,
		.ttrnw = req->cls == SMMU_CLASS_TT && !req->acc.write,
	};
	return false;
}

#endif /* MODEL_WALK_WALK_H */
