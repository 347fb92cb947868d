/* SPDX-License-Identifier: MIT */
/*
 * What the scenarios explore: a system, one loadable driver whose ops are scheduling
 * points and watch for what must not be, and up to three PCI functions of one group.
 */
#ifndef TESTS_CORE_EXPLORE_WORLD_H
#define TESTS_CORE_EXPLORE_WORLD_H

#include <smmulator/iommu_sva.h>
#include "explore/explore.h"

#define XW_DEVS 3

/* What the driver keeps for a probed device. */
struct xw_priv {
	unsigned magic;
	struct iommu_domain *cur, *pasid;
	bool busy; /* an op is at it */
};

struct xw {
	struct iommu_system *sys;
	struct iommu_module *module;
	struct iommu_fwnode *fwnode;
	struct iommu_ops ops;
	struct iommu_domain_ops paging_ops, static_ops, sva_ops;
	struct iommu_domain identity, blocked;
	struct iommu_instance inst;
	struct iommu_dev *dev[XW_DEVS];
	struct iommu_group *group; /* of the devices, NULL before they are probed */
	struct iommu_domain *d, *e;
	int probed, released, domains;
	/* attach of domain `picky` fails on the device of that name */
	struct iommu_domain *picky;
	const char *refuses;
	struct iommu_dev *in_reset; /* between prepare's return and the call of done */
	struct iommu_attach_handle handle[2];
	int owners; /* who believes to own the group */
	/* Faults: where they go, and what is not there any more. */
	struct iommu_iopf_queue *queue;
	int reports, answers;
	bool d_freed;
	struct iommu_mm *mm;
	bool exited; /* iommu_mm_exit() has returned */
	struct iommu_sva *sva;
};

/* A system with its driver not registered, and no device. */
struct xw *xw_create(void);
/* ... registered, n functions of one group, and the domains d and e. */
struct xw *xw_create_group(int n);
struct iommu_dev *xw_add(struct xw *w, int i);
/* Unregisters and frees; every reference, pin, probe and domain must be given back. */
void xw_destroy(struct xw *w);
/* Whenever nobody is inside: each device is where its group says, or blocked. */
void xw_check_group(struct xw *w);
struct xw_priv *xw_priv(struct iommu_dev *dev);

#endif
