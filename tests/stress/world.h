/* SPDX-License-Identifier: MIT */
/*
 * One or two SMMUs on one bus, the driver on each, one core; masters and domains of
 * each SMMU. Memory that the driver gives back is spoilt at once and soon used again.
 */
#ifndef TESTS_STRESS_WORLD_H
#define TESTS_STRESS_WORLD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <smmulator/arm_smmu.h>
#include <smmulator/bus.h>
#include <smmulator/iommu.h>
#include <smmulator/smmu.h>

#define WORLD_RAM  UINT64_C(0x80000000)
#define WORLD_DATA UINT64_C(0x90000000) /* for DMA; below it the driver allocates */
#define WORLD_TOP  UINT64_C(0xa0000000)

enum { WORLD_SMMUS = 2, WORLD_MASTERS = 2, WORLD_DOMAINS = 2 /* of one SMMU */ };

struct world;

/* One SMMU and its driver. */
struct world_side {
	struct world *world;
	struct smmu *smmu;
	struct arm_smmu *drv;
	struct iommu_fwnode *fwnode;
	struct iommu_platform platform;
	/*
	 * A defect to plant: the doorbell of the command queue arrives one late, and CONS
	 * says that all is done. lock: prod.
	 */
	bool late_bell;
	pthread_mutex_t lock;
	uint32_t prod;
	struct iommu_dev *dev[WORLD_MASTERS];
	uint32_t sid[WORLD_MASTERS];
	struct iommu_domain *domain[WORLD_DOMAINS];
};

struct world_page {
	struct world_page *next;
	uint64_t pa;
};

struct world {
	struct smmu_bus *bus;
	struct iommu_system *sys;
	unsigned sides;
	struct world_side side[WORLD_SMMUS];
	pthread_mutex_t lock; /* the driver's memory */
	uint64_t next_pa;
	struct world_page *free; /* pages of 4 KiB, the last given back first */
	unsigned live;
	_Atomic unsigned errors; /* that the driver told */
};

/* sides: 1 or 2; stage2: domains of that stage. Asserts that all of it succeeds. */
void world_up(struct world *w, const struct smmu_config *cfg, unsigned sides, bool stage2,
	      bool late_bell);
/* Masters must be out of the domains. Asserts that the driver kept nothing. */
void world_down(struct world *w);

#endif /* TESTS_STRESS_WORLD_H */
