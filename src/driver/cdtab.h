/* SPDX-License-Identifier: MIT */
/* CD tables and CDs (DRV-41, DRV-43, DRV-46). */
#ifndef DRIVER_CDTAB_H
#define DRIVER_CDTAB_H

#include "driver/driver.h"
#include "driver/entry.h"

/*
 * Makes the CD of a SubstreamID exist, invalid: table and leaf are allocated when
 * first needed. -ERANGE: beyond the master's SubstreamIDs; -ENOMEM.
 */
int arm_smmu_cdtab_reserve(struct arm_smmu_master *master, uint32_t ssid);
/* The CD, or NULL: there is none yet. */
hwword_t *arm_smmu_cdtab_cd(const struct arm_smmu_master *master, uint32_t ssid);
/* The STE must not lead here any more. */
void arm_smmu_cdtab_free(struct arm_smmu_master *master);

/* cd.c */
void arm_smmu_make_s1_cd(const struct arm_smmu_master *master,
			 const struct arm_smmu_domain *domain, uint64_t *cd);
/* Of a process; gone: it has ended, and nothing may walk its table (DRV-42). */
void arm_smmu_make_sva_cd(const struct arm_smmu_master *master,
			  const struct arm_smmu_domain *domain, bool gone, uint64_t *cd);
extern const struct arm_smmu_entry_kind arm_smmu_cd_kind;
/* Writes a reserved CD, with syncs (DRV-53). */
int arm_smmu_install_cd(const struct arm_smmu_master *master, uint32_t ssid,
			const uint64_t *cd);
/*
 * Makes a reserved CD that of new's domain, or invalid, when it was old's; NULL: there
 * was, will be none. DRV-58, DRV-85.
 */
void arm_smmu_write_cd(struct arm_smmu_master *master, uint32_t ssid,
		       struct arm_smmu_attachment *new, struct arm_smmu_attachment *old);
/* Invalid, if there is one (DRV-85). */
int arm_smmu_clear_cd(const struct arm_smmu_master *master, uint32_t ssid);

#endif /* DRIVER_CDTAB_H */
