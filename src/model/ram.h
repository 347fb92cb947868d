/* SPDX-License-Identifier: MIT */
/*
 * Words of RAM by the shortest way: who keeps the bank that it used last, a queue or a
 * port, reads and writes it in a few instructions. The bus is asked when the address is
 * somewhere else, and answers for everything that is no RAM.
 */
#ifndef MODEL_RAM_H
#define MODEL_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/bus.h>

/* RAM has no declared type. */
typedef uint64_t __attribute__((may_alias, aligned(8))) smmu_ram_word;

/* Where [pa, pa + len) is in the bank, NULL: not all in it. len >= 1. */
static inline void *smmu_ram_at(const struct smmu_bus_ram *bank, uint64_t pa,
				uint64_t len)
{
	uint64_t offset = pa - bank->base;

	if (__builtin_expect(offset >= bank->size || len > bank->size - offset, 0))
		return NULL;
	return (char *)bank->host + offset;
}

/* An aligned word, as the bus reads it: little-endian, single-copy atomic, acquiring. */
static inline uint64_t smmu_ram_load(const void *host)
{
	uint64_t v = __atomic_load_n((const smmu_ram_word *)host, __ATOMIC_ACQUIRE);

	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(v) : v;
}

/*
 * smmu_bus_read64() through *bank, which becomes the bank of pa if that is RAM. An empty
 * one, { 0 }, is a good beginning.
 */
static inline int smmu_ram_read64(struct smmu_bus *bus, struct smmu_bus_ram *bank,
				  uint64_t pa, uint64_t *val,
				  const struct smmu_attr *attr)
{
	const void *host = smmu_ram_at(bank, pa, 8);

	if (__builtin_expect(host == NULL || pa % 8 != 0, 0)) {
		(void)smmu_bus_ram(bus, pa, bank);
		return smmu_bus_read64(bus, pa, val, attr);
	}
	*val = smmu_ram_load(host);
	return 0;
}

#endif /* MODEL_RAM_H */
