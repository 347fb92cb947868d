/* SPDX-License-Identifier: MIT */
/*
 * RAM as the memory system sees it: naturally aligned units of 1, 2, 4 and 8
 * bytes, each single-copy atomic (Arm ARM B2.2.1). Every access of the bus to
 * RAM is made of these, so that DMA that races with a CPU is a race in the
 * emulated machine and not undefined behaviour in this one.
 */
#ifndef SMMU_BUS_WORD_H
#define SMMU_BUS_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* RAM has no declared type: whoever looks decides. */
typedef uint16_t __attribute__((may_alias)) ram16_t;
typedef uint32_t __attribute__((may_alias)) ram32_t;
typedef uint64_t __attribute__((may_alias, aligned(8))) ram64_t;

_Static_assert(__atomic_always_lock_free(sizeof(ram64_t), 0),
	       "the host must have 64-bit single-copy atomic accesses");

static inline uint64_t le64(uint64_t v)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(v) : v;
}

static inline uint32_t le32(uint32_t v)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(v) : v;
}

static inline uint64_t ram_load64(const void *host)
{
	return __atomic_load_n((const ram64_t *)host, __ATOMIC_ACQUIRE);
}

static inline uint32_t ram_load32(const void *host)
{
	return __atomic_load_n((const ram32_t *)host, __ATOMIC_ACQUIRE);
}

static inline uint16_t ram_load16(const void *host)
{
	return __atomic_load_n((const ram16_t *)host, __ATOMIC_ACQUIRE);
}

static inline uint8_t ram_load8(const void *host)
{
	return __atomic_load_n((const unsigned char *)host, __ATOMIC_ACQUIRE);
}

static inline void ram_store64(void *host, uint64_t v)
{
	__atomic_store_n((ram64_t *)host, v, __ATOMIC_RELEASE);
}

static inline void ram_store32(void *host, uint32_t v)
{
	__atomic_store_n((ram32_t *)host, v, __ATOMIC_RELEASE);
}

static inline void ram_store16(void *host, uint16_t v)
{
	__atomic_store_n((ram16_t *)host, v, __ATOMIC_RELEASE);
}

static inline void ram_store8(void *host, uint8_t v)
{
	__atomic_store_n((unsigned char *)host, v, __ATOMIC_RELEASE);
}

static inline bool ram_is_word(const void *host)
{
	return !((uintptr_t)host & 7);
}

/* The largest unit below 8 bytes that is aligned at host and within len >= 1. */
static inline size_t ram_unit(const void *host, size_t len)
{
	uintptr_t at = (uintptr_t)host;

	if (len >= 4 && !(at & 3))
		return 4;
	if (len >= 2 && !(at & 1))
		return 2;
	return 1;
}

#endif /* SMMU_BUS_WORD_H */
