/* SPDX-License-Identifier: MIT */
/* What the files of the interpreter share: one transaction on its way. */
#ifndef TESTS_MODEL_SECOND_OPINION_RUN_H
#define TESTS_MODEL_SECOND_OPINION_RUN_H

#include <string.h>
#include "second_opinion.h"

enum { IN_CD, IN_TT, IN_IN }; /* CLASS */

struct acc {
	bool r, w, x, priv; /* x: an instruction read */
	bool any;	    /* any of the three will do */
};

struct fault {
	unsigned event, cls;
	bool s2, ttrnw, dirtybit, only_r_missing, overlay, assured;
	uint64_t ipa, fetch;
};

/* What a leaf of stage 2 says, once an access is granted. */
struct page2 {
	uint64_t oa;
	unsigned bits, memattr, sh, pbha;
	bool mro, assured_only, writable; /* writable: dirty, too */
};

/* For whom stage 2 is asked: CLASS, and what 3.27 wants to know of the IPA. */
struct ask2 {
	unsigned cls;
	bool first, upper; /* the first descriptor of a walk; through TTB1 */
	bool assured;
};

struct run {
	struct so_world *w;
	const struct smmu_txn *txn;
	uint64_t ste[8], cd[8];
	unsigned kind;
	bool have_cd, cd_assured;
	struct acc acc;
	struct smmu_attr attr;
	struct fault f;
};

struct over {
	unsigned mtcfg, memattr, shcfg, alloccfg, privcfg, instcfg;
};

/* A walk of stage 1 and what it found. */
struct s1 {
	struct so_walk g;
	bool x; /* the table */
	bool one, v64, pie, had, ha, hd, haft;
	bool writable; /* the leaf, and it is dirty */
	bool pnch, on_mro, assured; /* assured: what the walk has reached */
	uint64_t va;
	unsigned ap, xnt, pxnt; /* accumulated */
	uint64_t oa;
	unsigned bits;
	struct smmu_attr attr;
};

static inline unsigned ste_f(const struct run *r, unsigned field)
{
	return (unsigned)smmu_get(r->ste, field);
}

static inline unsigned cd_f(const struct run *r, unsigned field)
{
	return (unsigned)smmu_get(r->cd, field);
}

static inline uint64_t low(uint64_t v, unsigned bits)
{
	return bits >= 64 ? v : v & ((1ull << bits) - 1);
}

/* What the SMMU wants of a page of stage 2 when it reads a CD or a descriptor. */
static const struct acc so_own_read = { .r = true, .priv = true };

bool so_fail(struct run *r, unsigned event, bool s2, unsigned cls, uint64_t ipa);
bool so_fetch_fail(struct run *r, unsigned event, bool s2, unsigned cls, uint64_t pa);
bool so_load(struct run *r, uint64_t pa, const struct smmu_attr *want, bool ra,
	     uint64_t *val);
bool so_load_words(struct run *r, uint64_t pa, unsigned n, const struct smmu_attr *a,
		   bool ra, uint64_t *dw);
bool so_store(struct run *r, uint64_t pa, uint64_t val);
uint64_t so_flip(uint64_t v, bool be);
void so_consistent(struct smmu_attr *a);
void so_spread(struct smmu_attr *a);
void so_override(struct run *r, const struct over *o);
void so_stage2_attr(const struct run *r, const struct page2 *p, struct smmu_attr *a);
struct smmu_attr so_own(unsigned ic, unsigned oc, unsigned sh, bool c11_ra);
void so_own_stage2(const struct run *r, const struct page2 *p, struct smmu_attr *a);
struct smmu_attr so_mair(unsigned byte, unsigned sh);
void so_stage1_attr(struct smmu_attr *in, const struct smmu_attr *s1);
bool so_stage2(struct run *r, uint64_t ipa, const struct ask2 *q, const struct acc *a,
	       struct page2 *p);
/* second_opinion_perm2.c: translation.md 10.3, 10.4; leaves the fault. */
bool so_allow2(struct run *r, uint64_t d, uint64_t ipa, const struct ask2 *q,
	       const struct acc *a, struct page2 *p, bool *clean);
bool so_denied(const bool can[3], const struct acc *a, bool *only_r);
bool so_stage1(struct run *r, struct s1 *s);

#endif /* TESTS_MODEL_SECOND_OPINION_RUN_H */
