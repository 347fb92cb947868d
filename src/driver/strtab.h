/* SPDX-License-Identifier: MIT */
/* Stream table and STEs (DRV-22 to DRV-24, DRV-36 to DRV-39). */
#ifndef DRIVER_STRTAB_H
#define DRIVER_STRTAB_H

#include "driver/driver.h"
#include "driver/entry.h"

int arm_smmu_strtab_init(struct arm_smmu *smmu);
void arm_smmu_strtab_fini(struct arm_smmu *smmu);
uint64_t arm_smmu_strtab_base(const struct arm_smmu *smmu);
uint32_t arm_smmu_strtab_cfg(const struct arm_smmu *smmu);
/*
 * Makes the STE of a SID exist, aborting. -ERANGE: outside the table; -ENOMEM.
 * Lock: streams_lock.
 */
int arm_smmu_strtab_reserve(struct arm_smmu *smmu, uint32_t sid);
/* Of a reserved SID. */
hwword_t *arm_smmu_strtab_ste(const struct arm_smmu *smmu, uint32_t sid);

/* ste.c: each begins with zeroes (section 4). */
void arm_smmu_make_abort_ste(uint64_t *ste);
void arm_smmu_make_bypass_ste(const struct arm_smmu *smmu, uint64_t *ste);
/* ats: the device may ask for translations and use them (STE.EATS). */
void arm_smmu_make_cdtable_ste(const struct arm_smmu_master *master, unsigned s1dss,
			       bool ats, uint64_t *ste);
void arm_smmu_make_s2_ste(const struct arm_smmu_master *master,
			  const struct arm_smmu_domain *domain, bool ats, uint64_t *ste);
extern const struct arm_smmu_entry_kind arm_smmu_ste_kind;
/* Writes it to every SID of the master, with syncs and prefetch (DRV-52, DRV-54). */
int arm_smmu_install_ste(struct arm_smmu_master *master, const uint64_t *ste);

#endif /* DRIVER_STRTAB_H */
