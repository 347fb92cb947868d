/* SPDX-License-Identifier: MIT */
/*
 * Structures that the SMMU reads or writes at any moment: little-endian words of
 * 64 bits, each access single-copy atomic.
 */
#ifndef DRIVER_WORD_H
#define DRIVER_WORD_H

#include <stdint.h>
#include "driver/atomic.h"

typedef uint64_t __attribute__((may_alias, aligned(8))) hwword_t;

static inline uint64_t hw_le64(uint64_t v)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(v) : v;
}

static inline uint64_t hw_load(const hwword_t *at)
{
	return hw_le64(shared_load(at));
}

/* Ordered after every store before it, as a store to a live structure must be. */
static inline void hw_store(hwword_t *at, uint64_t v)
{
	shared_store(at, hw_le64(v));
}

#endif /* DRIVER_WORD_H */
