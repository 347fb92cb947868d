/* SPDX-License-Identifier: MIT */
/*
 * Test doubles for the core: a driver without hardware, whose ops record what they
 * were asked, remember which domain each device is in, and fail when told to.
 */
#ifndef TESTS_CORE_DOUBLE_H
#define TESTS_CORE_DOUBLE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <smmulator/iommu.h>

#define PAGE	   0x1000ull
#define MAX_PAGES  64
#define MAX_PLANS  16
#define MAX_REFS   4
#define EVERY_TIME 1000000

struct world;

/* One driver: its ops are its own copy, so that a test may change them. */
struct drv {
	struct iommu_ops ops;
	struct iommu_domain_ops paging_ops, identity_ops, blocked_ops;
	struct iommu_domain identity, blocked;
	uint64_t pgsizes;
};

struct inst {
	struct iommu_instance inst;
	struct drv *drv;
};

/* What the driver keeps for a device. */
struct td_dev {
	struct iommu_domain *cur;
	struct iommu_domain *old; /* as told by the last attach_dev */
	struct iommu_domain *pasid[8];
	uint32_t num_ids;
};

struct td_domain {
	struct iommu_domain d;
	struct drv *drv;
	struct world *w;
	uint32_t flags;
	uint64_t iova[MAX_PAGES], pa[MAX_PAGES], size[MAX_PAGES];
	uint32_t prot[MAX_PAGES];
	size_t pages;
	unsigned map_calls, unmap_calls, syncs, sync_maps, flushes;
	uint64_t sync_start, sync_end;
	struct {
		uint64_t iova, pgsize;
		size_t count;
	} calls[16];
};

/* What firmware says about a test device. */
struct td_fw {
	struct iommu_fwnode *fwnode[MAX_REFS];
	uint32_t id[MAX_REFS];
	int n;
	int err; /* before any reference */
};

/* The n-th call (from 0: skip) of op on this device, and `times` calls, fail. */
struct plan {
	const char *op, *dev;
	int err, skip, times;
};

struct world {
	struct iommu_system *sys;
	struct drv drv[2];
	struct inst inst[3]; /* 0 and 1: driver 0; 2: driver 1 */
	struct iommu_fwnode *fwnode[3];
	struct td_fw fw[8];
	struct plan plan[MAX_PLANS];
	int plans;
	pthread_mutex_t lock; /* trace, warns, domains */
	char trace[4096];
	bool tracing;
	int warns, notices;
	char last[256];
	int domains; /* living td_domains */
	int finalized, probed, released;
	unsigned def_type;    /* what def_domain_type says */
	bool deferred_attach; /* what is_attach_deferred says */
	struct iommu_resv_region resv[6];
	size_t num_resv;
	unsigned caps; /* what capable says: a bit for each enum iommu_cap */
	void (*in_alloc)(struct world *w); /* called by domain_alloc_paging */
};

struct world *world_create(const struct iommu_system_config *cfg);
void world_destroy(struct world *w);
/* Registers instance i; asserts success. */
void world_register(struct world *w, int i);
/* A platform device with one id on instance i (or -1: firmware says nothing). */
struct iommu_dev *world_dev(struct world *w, const char *name, int i, uint32_t id);
/* The same for a description of one's own, firmware data in w->fw[slot]. */
struct iommu_dev *world_add(struct world *w, const struct iommu_dev_desc *desc, int slot);
/* Two devices in one group, on instance 0. */
struct iommu_group *world_pair(struct world *w, struct iommu_dev **a,
			       struct iommu_dev **b);
/* The second of such a pair once more, after its removal. */
void world_pair_second(struct world *w, struct iommu_dev **b);
void world_fail(struct world *w, const char *op, const char *dev, int err, int skip,
		int times);
void world_trace(struct world *w); /* starts a new trace */
struct td_dev *td(struct iommu_dev *dev);
struct iommu_domain *world_domain(struct iommu_dev *dev);
struct iommu_group_state state_of(struct iommu_dev *dev);
static inline struct td_domain *tdom(struct iommu_domain *d)
{
	return IOMMU_CONTAINER_OF(d, struct td_domain, d);
}

#endif
