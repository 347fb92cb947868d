/* SPDX-License-Identifier: MIT */
/*
 * What a micro-TLB looks at to know that an answer of its own still holds. It keeps
 * answers of the TLB and of the configuration cache, and must not outlive them: each
 * answer carries the sum of two words as they were when it was given, one for all and
 * one for the slot of the TLB that it came out of. Either only ever grows, so the sum
 * is the same only if both are.
 *
 *   of a slot  grows when its entry goes: invalidated by address, evicted, replaced
 *   for all    grows with everything wider: an ASID, a VMID, all; configuration;
 *              registers that translations depend on; trace and counters switched on
 *
 * Written with the lock held, read without: two lines that a hit reads and, as long as
 * nothing is invalidated, nobody writes.
 */
#ifndef MODEL_CACHE_VOIDS_H
#define MODEL_CACHE_VOIDS_H

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Slots of the TLB share words where it has more; SMMU_VOID_NEVER is of no slot. */
enum { SMMU_VOID_SLOTS = 4096, SMMU_VOID_NEVER = SMMU_VOID_SLOTS };

struct smmu_voids {
	alignas(64) _Atomic uint64_t all;
	alignas(64) _Atomic uint64_t slot[SMMU_VOID_SLOTS + 1];
	alignas(64) bool changed; /* since smmu_sync_settle(); with the lock held */
};

/* 0 or -ENOMEM; free() ends it. */
static inline int smmu_voids_create(struct smmu_voids **voids)
{
	*voids = aligned_alloc(alignof(struct smmu_voids), sizeof(**voids));
	if (*voids == NULL)
		return -ENOMEM;
	memset(*voids, 0, sizeof(**voids));
	/* No answer of a micro-TLB carries 0, so that zeroed ones are empty. */
	atomic_init(&(*voids)->all, 1);
	return 0;
}

static inline void smmu_void_word(_Atomic uint64_t *word)
{
	/* One writer at a time: no read-modify-write is needed. */
	atomic_store_explicit(word, atomic_load_explicit(word, memory_order_relaxed) + 1,
			      memory_order_release);
}

static inline void smmu_void_all(struct smmu_voids *v)
{
	smmu_void_word(&v->all);
	v->changed = true;
}

static inline void smmu_void_slot(struct smmu_voids *v, uint32_t slot)
{
	smmu_void_word(&v->slot[slot % SMMU_VOID_SLOTS]);
	v->changed = true;
}

/* What an answer from that word's slot carries. */
static inline uint64_t smmu_void_stamp(const struct smmu_voids *v, uint32_t word)
{
	return atomic_load_explicit(&v->all, memory_order_acquire) +
	       atomic_load_explicit(&v->slot[word], memory_order_acquire);
}

#endif /* MODEL_CACHE_VOIDS_H */
