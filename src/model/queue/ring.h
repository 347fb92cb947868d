/* SPDX-License-Identifier: MIT */
/*
 * Ring arithmetic (IHI 0070 3.5.1, REG-81 to REG-88). An index register
 * holds the index in [log2-1:0] and the wrap flag in [log2]; what lies above counts
 * for nothing.
 */
#ifndef MODEL_QUEUE_RING_H
#define MODEL_QUEUE_RING_H

#include "model/model.h"

/* From a BASE register: LOG2SIZE capped to max, base aligned (REG-83), OAS (REG-16). */
struct smmu_ring smmu_ring_of(const struct smmu *smmu, uint64_t base_reg, unsigned max,
			      unsigned entry);

static inline uint32_t smmu_ring_index(const struct smmu_ring *r, uint32_t x)
{
	return x & ((1u << r->log2) - 1);
}

/* Index and wrap flag, nothing else. */
static inline uint32_t smmu_ring_pos(const struct smmu_ring *r, uint32_t x)
{
	return x & ((2u << r->log2) - 1);
}

static inline uint32_t smmu_ring_inc(const struct smmu_ring *r, uint32_t x)
{
	return smmu_ring_pos(r, x + 1);
}

/* Entries between cons and prod; above 2^log2: the pair is inconsistent (REG-86). */
static inline uint32_t smmu_ring_count(const struct smmu_ring *r, uint32_t prod,
				       uint32_t cons)
{
	return smmu_ring_pos(r, prod - cons);
}

static inline bool smmu_ring_empty(const struct smmu_ring *r, uint32_t prod,
				   uint32_t cons)
{
	return smmu_ring_count(r, prod, cons) == 0;
}

/* CHOICE: an output queue whose indexes make no sense is full. */
static inline bool smmu_ring_full(const struct smmu_ring *r, uint32_t prod, uint32_t cons)
{
	return smmu_ring_count(r, prod, cons) >= 1u << r->log2;
}

static inline uint64_t smmu_ring_addr(const struct smmu_ring *r, uint32_t x)
{
	return r->base + ((uint64_t)smmu_ring_index(r, x) << r->entry);
}

#endif /* MODEL_QUEUE_RING_H */
