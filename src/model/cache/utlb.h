/* SPDX-License-Identifier: MIT */
/*
 * The micro-TLB of a port: whole answers, one line each, found by what was asked. It
 * belongs to the port's thread, which reads it without the lock and writes nothing that
 * is shared. It never knows more than the TLB does (voids.h): to miss it is no event of
 * the architecture, and nothing is forgotten through it.
 *
 * Only what is ordinary enters: see smmu_utlb_keep(). So a hit has nothing to test but
 * its key and its stamp.
 */
#ifndef MODEL_CACHE_UTLB_H
#define MODEL_CACHE_UTLB_H

#include <stddef.h>
#include <smmulator/smmu.h>
#include "model/cache/voids.h"

/* What a hit would have counted: an index of struct smmu_port.hits. */
enum smmu_utlb_counts {
	SMMU_UTLB_NOTHING, /* SMMUEN == 0: a translation, nothing more */
	SMMU_UTLB_STE,	   /* a STE that says bypass */
	SMMU_UTLB_STE_TLB, /* stage 2 alone */
	SMMU_UTLB_ALL,	   /* a STE, a CD, the TLB */
	SMMU_UTLB_COUNTS
};

struct smmu_utlb_entry {
	uint64_t who;	  /* StreamID, SubstreamID << 32; an empty one has stamp 0 */
	uint64_t what;	  /* address of the page, and in its low bits the access */
	uint64_t stamp;	  /* smmu_void_stamp() then */
	uint64_t pa, ipa; /* of the page */
	struct smmu_attr attr;
	uint16_t word; /* of voids.slot */
	uint8_t page_bits, counts;
	bool bypass;
	uint8_t unused[3];
};
_Static_assert(sizeof(struct smmu_utlb_entry) == 64, "one line an entry");

struct smmu_utlb {
	const struct smmu_voids *voids;
	struct smmu_utlb_entry *entry; /* two ways a set; NULL: there is none */
	uint64_t sets;		       /* less one */
	void *raw;		       /* what entry was allocated as */
};

enum { SMMU_UTLB_WAYS = 2, SMMU_UTLB_PAGE_BITS = 12 };

static inline uint64_t smmu_utlb_who(const struct smmu_txn *txn)
{
	return (uint64_t)txn->ssid << 32 | txn->sid;
}

/* What has no bits for it in a key is asked of the TLB. */
static inline bool smmu_utlb_takes(const struct smmu_txn *txn)
{
	return !(txn->kind | txn->at | txn->has_attr) && txn->op <= SMMU_ATOMIC;
}

static inline uint64_t smmu_utlb_what(const struct smmu_txn *txn)
{
	return (txn->addr >> SMMU_UTLB_PAGE_BITS << SMMU_UTLB_PAGE_BITS) |
	       (unsigned)txn->ssv | (unsigned)txn->inst << 1 | (unsigned)txn->priv << 2 |
	       (unsigned)txn->op << 3;
}

/* Neighbouring pages go to neighbouring sets: a buffer as large as all of it fits. */
static inline struct smmu_utlb_entry *smmu_utlb_set(const struct smmu_utlb *u,
						    uint64_t who, uint64_t addr)
{
	uint64_t h = (addr >> SMMU_UTLB_PAGE_BITS) +
		     (who * UINT64_C(0x9e3779b97f4a7c15) >> 40);

	return &u->entry[(h & u->sets) * SMMU_UTLB_WAYS];
}

static inline bool smmu_utlb_holds(const struct smmu_utlb *u,
				   const struct smmu_utlb_entry *e)
{
	return e->stamp == smmu_void_stamp(u->voids, e->word);
}

/* The answer to that transaction, if it is there and holds now. */
static inline const struct smmu_utlb_entry *smmu_utlb_find(const struct smmu_utlb *u,
							   const struct smmu_txn *txn)
{
	uint64_t who = smmu_utlb_who(txn), what = smmu_utlb_what(txn);
	const struct smmu_utlb_entry *e;

	if (!smmu_utlb_takes(txn) || u->entry == NULL)
		return NULL;
	e = smmu_utlb_set(u, who, txn->addr);
	if (e->what == what && e->who == who)
		return smmu_utlb_holds(u, e) ? e : NULL;
	e++;
	return e->what == what && e->who == who && smmu_utlb_holds(u, e) ? e : NULL;
}

static inline struct smmu_result smmu_utlb_answer(const struct smmu_utlb_entry *e,
						  uint64_t addr)
{
	uint64_t low = addr & ((1u << SMMU_UTLB_PAGE_BITS) - 1);

	return (struct smmu_result){
		.status = SMMU_OK,
		.bypass = e->bypass,
		.pa = e->pa | low,
		.ipa = e->ipa | low,
		.page_bits = e->page_bits,
		.attr = e->attr,
	};
}

/* 0 or -ENOMEM. entries: 0 for none, else rounded up to a power of two. */
int smmu_utlb_create(struct smmu_utlb *u, const struct smmu_voids *voids,
		     uint32_t entries);
void smmu_utlb_destroy(struct smmu_utlb *u);
/*
 * Keeps an answer that smmu_utlb_takes() and that depends on nothing but what is told
 * by voids: word is that of its slot. The lock is held.
 */
void smmu_utlb_insert(struct smmu_utlb *u, const struct smmu_txn *txn,
		      const struct smmu_result *res, uint32_t word,
		      enum smmu_utlb_counts counts);

#endif /* MODEL_CACHE_UTLB_H */
