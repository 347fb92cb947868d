/* SPDX-License-Identifier: MIT */
/*
 * A device moves, by RID or under one PASID, from one domain to another (DRV-81, DRV-84,
 * DRV-86). The caller fills in where to, calls arm_smmu_change_begin(), writes CD and STE
 * for what it says of ATS, and calls arm_smmu_change_end():
 *
 *	begin	what can fail; then the new domain invalidates for the device, and ATS is
 *		off at the device if it is going to be
 *	(write)	from the first store to a live entry on nothing fails
 *	end	ATC, ATS on at the device; then the old domain forgets it
 *
 * Locks: the group's mutex. A CMD_SYNC that times out is reported where it happens, and
 * the driver goes on (DRV-98).
 */
#ifndef DRIVER_CHANGE_H
#define DRIVER_CHANGE_H

#include "driver/driver.h"

struct arm_smmu_change {
	/* In: */
	struct arm_smmu_master *master;
	uint32_t ssid;			/* IOMMU_NO_PASID: by RID */
	struct iommu_domain *core;	/* NULL: where nothing is tracked */
	struct arm_smmu_domain *domain; /* whose tag and tables are used: core's, or of
					   its parent */
	bool foreign; /* the device's addresses are not those of domain: a guest's */
	bool cds;     /* the STE leads to CDs: PASIDs may want ATS whatever RID does */
	bool no_ats;  /* ATS is to be off */
	/* Out of begin: */
	bool ats;			       /* for STE.EATS */
	struct arm_smmu_attachment *new, *old; /* NULL: none */
};

/* -ENOMEM, or -EINVAL as of arm_smmu_test_dev(): nothing is changed. */
int arm_smmu_change_begin(struct arm_smmu_change *c);
void arm_smmu_change_end(struct arm_smmu_change *c);

/* Where the device is tracked by RID or with this PASID; NULL: nowhere. */
struct arm_smmu_attachment *arm_smmu_attachment(const struct arm_smmu_master *master,
						uint32_t ssid);

#endif /* DRIVER_CHANGE_H */
