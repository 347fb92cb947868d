/* SPDX-License-Identifier: MIT */
/*
 * The Device Permission Table of the Non-secure state (IHI 0070 3.24; DPT-1 to DPT-11):
 * which physical addresses an ATS Translated transaction of a stream with EATS 0b11 may
 * reach. The lock is held throughout.
 */
#ifndef MODEL_DPT_DPT_H
#define MODEL_DPT_DPT_H

#include "model/model.h"

enum { SMMU_DPT_AC_VMID, SMMU_DPT_AC_SHARED, SMMU_DPT_AC_ANY }; /* AC, DPT-6 */

/* One that is asking: SEC_SID is Non-secure. */
struct smmu_dpt_access {
	uint32_t sid;	       /* for what is traced and counted */
	struct smmu_mpam mpam; /* of the STE: walks carry it (DPT-2) */
	uint8_t vmatch;	       /* STE.DPT_VMATCH */
	uint16_t vmid;	       /* STE.S2VMID */
	uint64_t pa;	       /* below 2^OAS */
	bool write;
};

/*
 * The check of DPT-8. False: abort with F_TRANSL_FORBIDDEN, which the caller records;
 * a lookup fault is in DPT_CFG_FAR and GERROR by then.
 */
bool smmu_dpt_check(struct smmu *smmu, const struct smmu_dpt_access *acc);

/* ---- tlb.c ---- */
/* A right that covers pa, or NULL. */
const struct smmu_dpt_entry *smmu_dpt_find(const struct smmu *smmu, uint64_t pa);
void smmu_dpt_keep(struct smmu *smmu, const struct smmu_dpt_entry *right);
/* The level 1 table of the region around pa, if its level 0 entry is cached. */
bool smmu_dpt_find_table(const struct smmu *smmu, uint64_t pa, uint64_t *table);
void smmu_dpt_keep_table(struct smmu *smmu, uint64_t pa, unsigned bits, uint64_t table);
/* CMD_DPTI_ALL and CMD_DPTI_PA; size: the command's code. */
void smmu_dpti_all(struct smmu *smmu);
void smmu_dpti_pa(struct smmu *smmu, uint64_t pa, unsigned size, bool leaf);

#endif /* MODEL_DPT_DPT_H */
