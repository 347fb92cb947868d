/* SPDX-License-Identifier: MIT */
/* A PCI function's PASID, ATS and ATC. Locks: the probe lock, or the group's mutex. */
#ifndef DRIVER_ATS_H
#define DRIVER_ATS_H

#include "driver/driver.h"

/* At probe: what master may use of its function; ssid_bits is 0 if PASIDs fail. */
void arm_smmu_pci_prepare(struct arm_smmu_master *master);
/* At release: ATS is off already. */
void arm_smmu_pci_restore(struct arm_smmu_master *master);

/* The STEs have EATS: the ATC is emptied, then the function may ask (DRV-86). */
void arm_smmu_ats_on(struct arm_smmu_master *master);
/* Before the STEs lose EATS (DRV-84, step 7). */
void arm_smmu_ats_off(struct arm_smmu_master *master);
/* Everything that was asked for with this PASID, or without any; and its CMD_SYNC. */
void arm_smmu_atc_inv_all(const struct arm_smmu_master *master, uint32_t ssid);

#endif /* DRIVER_ATS_H */
