/* SPDX-License-Identifier: MIT */
/*
 * A descriptor in memory that a device walks at any moment: little-endian, 64
 * bits, single-copy atomic (Arm ARM B2.2.1).
 */
#ifndef SMMU_PGTABLE_WORD_H
#define SMMU_PGTABLE_WORD_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t __attribute__((may_alias, aligned(8))) desc_t;

static inline uint64_t desc_le(uint64_t v)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(v) : v;
}

static inline uint64_t desc_load(const desc_t *at)
{
	return desc_le(__atomic_load_n(at, __ATOMIC_ACQUIRE));
}

/* old -> new; false: somebody else was there first, *old says what. */
static inline bool desc_cas(desc_t *at, uint64_t *old, uint64_t new)
{
	uint64_t raw = desc_le(*old);
	bool won = __atomic_compare_exchange_n(at, &raw, desc_le(new), false,
					       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);

	*old = desc_le(raw);
	return won;
}

#endif /* SMMU_PGTABLE_WORD_H */
