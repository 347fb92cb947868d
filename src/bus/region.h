/* SPDX-License-Identifier: MIT */
/*
 * What the bus knows of the address map: every region in one sorted array, and
 * beside it the first few RAM banks in a flat one, which is all that the table
 * walk's hot path looks at. Neither is written once accesses have begun, so
 * ports on several threads read them without a lock and share no written line.
 */
#ifndef SMMU_BUS_REGION_H
#define SMMU_BUS_REGION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/bus.h>

/* Boards have one to four banks of RAM; those beyond the eighth are searched. */
#define BUS_FAST_BANKS 8

enum region_kind { REGION_RAM, REGION_CALLBACK, REGION_DOORBELL };

struct region {
	uint64_t base, last; /* both inclusive: a region may end at 2^64 */
	enum region_kind kind;
	void *ctx;
	unsigned char *host; /* RAM */
	bool mapped;	     /* RAM: the bus's own mapping, to be unmapped */
	struct smmu_mem_ops ops;
	smmu_msi_fn msi;
	pthread_mutex_t cas_lock; /* callbacks without cas64 */
};

struct bank {
	uint64_t base, size;
	unsigned char *host;
};

struct smmu_bus {
	size_t nr_banks; /* at most BUS_FAST_BANKS */
	struct bank bank[BUS_FAST_BANKS];
	bool more_banks; /* there is RAM that bank[] does not hold */
	size_t nr_regions, max_regions;
	struct region **region; /* ascending, disjoint */
	pthread_mutex_t wire_lock;
	struct smmu_wire *wires;
};

/* The region that holds pa, or NULL: a hole. */
struct region *bus_find(const struct smmu_bus *bus, uint64_t pa);

/* bus_ram() for RAM that bank[] does not hold. */
unsigned char *bus_ram_search(const struct smmu_bus *bus, uint64_t pa, uint64_t len);

/* Frees every wire of the bus. */
void bus_free_wires(struct smmu_bus *bus);

/* Where [pa, pa + len) lies in host memory if one bank holds it all; len >= 1. */
static inline unsigned char *bus_ram(const struct smmu_bus *bus, uint64_t pa,
				     uint64_t len)
{
	for (size_t i = 0; i < bus->nr_banks; i++) {
		const struct bank *bank = &bus->bank[i];
		uint64_t offset = pa - bank->base;

		if (offset < bank->size)
			return len <= bank->size - offset ? bank->host + offset : NULL;
	}
	return bus->more_banks ? bus_ram_search(bus, pa, len) : NULL;
}

#endif /* SMMU_BUS_REGION_H */
