/* SPDX-License-Identifier: MIT */
/* Page faults of devices: to the core, and its answers back (DRV-105, DRV-107, DRV-108).
 */
#ifndef DRIVER_FAULT_H
#define DRIVER_FAULT_H

#include "driver/driver.h"

/* A stalled event of the master's; false: nobody serves it, and it was terminated. */
bool arm_smmu_report_stall(struct arm_smmu_master *master,
			   const struct arm_smmu_event *e);
/* Terminates a stalled transaction that is nobody's. */
void arm_smmu_terminate(struct arm_smmu *smmu, uint32_t sid, uint16_t stag);
/* A page request out of the PRI queue; answered by whoever serves it. */
void arm_smmu_report_pri(struct arm_smmu *smmu, const uint64_t *dw);
/* The core's answer; iommu_ops. */
void arm_smmu_page_response(struct iommu_dev *dev, const struct iommu_page_request *last,
			    unsigned code);

/*
 * DRV-84, step 4: the instance's queue serves the device's faults for one more domain,
 * for one less. 0, -ENOMEM; -EBUSY: another queue does.
 */
int arm_smmu_iopf_add(struct arm_smmu_master *master);
void arm_smmu_iopf_remove(struct arm_smmu_master *master);
/* Faults of this device can be served, if a domain wants to. */
static inline bool arm_smmu_can_fault(const struct arm_smmu_master *master)
{
	return master->smmu->iopf && (master->stall_enabled || master->pri_supported);
}

/* DRV-84, step 4: an answer goes to one StreamID: 0 or -EOPNOTSUPP. */
int arm_smmu_test_faults(const struct iommu_domain *core,
			 const struct arm_smmu_master *master);

/*
 * Lets the function ask for pages, once its ATS is on and a domain serves them; or no
 * more, before either ends.
 */
void arm_smmu_pri_on(struct arm_smmu_master *master);
void arm_smmu_pri_off(struct arm_smmu_master *master);

#endif /* DRIVER_FAULT_H */
