/* SPDX-License-Identifier: MIT */
/*
 * Hardware that walks the tables: an SMMU without caches whose one stream leads to them,
 * by a CD or an STE filled in from what io_pgtable_alloc() said.
 */
#ifndef TESTS_PGTABLE_HW_H
#define TESTS_PGTABLE_HW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <smmulator/bus.h>
#include <smmulator/pgtable.h>
#include <smmulator/smmu.h>

struct hw {
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct smmu_port *port;
	uint64_t *ste, *cd;
	struct iommu_platform platform;
	pthread_mutex_t lock;
	/* Memory for tables: up to max pieces, each in a slot of its own. */
	uint64_t base, *sizes;
	unsigned slots;
	bool scattered; /* the CPU finds each piece at a distance of its own */
	unsigned live, allocs;
	long fail_after; /* allocations until one fails; -1: never */
};

/* Tables lie from `base` on, which may be above 48 bits. */
void hw_up(struct hw *hw, uint64_t base, bool scattered);
void hw_down(struct hw *hw);
/* The stream translates by the tables of cfg from now on. */
void hw_install(struct hw *hw, const struct io_pgtable_cfg *cfg);
/* One access, by an unprivileged reader or writer. */
struct smmu_result hw_access(struct hw *hw, uint64_t iova, bool write);

#endif /* TESTS_PGTABLE_HW_H */
