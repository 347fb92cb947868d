/* SPDX-License-Identifier: MIT */
/* MPAM: which PARTID and PMG an access carries (IHI 0070 chapter 17), and the VMS. */
#ifndef MODEL_MPAM_MPAM_H
#define MODEL_MPAM_MPAM_H

#include "model/config/config.h"
#include "model/model.h"

/* Bits that a PARTID or PMG field has: as many as its largest value needs (REG-50). */
static inline uint64_t smmu_mpam_id_bits(unsigned max)
{
	return max ? (UINT64_C(2) << (31 - (unsigned)__builtin_clz(max))) - 1 : 0;
}

/* VMS-1: this SMMU has the virtual machine structure. */
static inline bool smmu_vms_supported(const struct smmu_config *cfg)
{
	return cfg->mpam && cfg->s1p && cfg->s2p && cfg->partid_max != 0;
}

/*
 * CHOICE (STE-74, REG-50): an ID above its maximum, which makes the ID that is used
 * UNKNOWN, counts as 0. Without MPAM both maxima are 0.
 */
static inline struct smmu_mpam smmu_mpam_of(const struct smmu_config *cfg,
					    uint64_t partid, uint64_t pmg)
{
	return (struct smmu_mpam){
		.partid = partid <= cfg->partid_max ? (uint16_t)partid : 0,
		.pmg = pmg <= cfg->pmg_max ? (uint8_t)pmg : 0,
	};
}

/* GMPAM: the SMMU's own accesses to L1STDs, STEs, VMSs and queues, and MSIs (17.4). */
static inline struct smmu_mpam smmu_mpam_own(const struct smmu *smmu)
{
	uint64_t r = smmu->regs.gmpam;

	return smmu_mpam_of(&smmu->cfg, smmu_reg_get(r, SMMU_GMPAM_SO_PARTID),
			    smmu_reg_get(r, SMMU_GMPAM_SO_PMG));
}

/* GBPMPAM: what bypasses because SMMUEN is 0 (17.2). */
static inline struct smmu_mpam smmu_mpam_bypass(const struct smmu *smmu)
{
	uint64_t r = smmu->regs.gbpmpam;

	return smmu_mpam_of(&smmu->cfg, smmu_reg_get(r, SMMU_GBPMPAM_GBP_PARTID),
			    smmu_reg_get(r, SMMU_GBPMPAM_GBP_PMG));
}

/*
 * 17.2: a transaction's, by its STE and, if stage 1 takes part, its CD. The map of a
 * STE with a VMS is there by now: smmu_ste_lookup() has read it.
 */
static inline struct smmu_mpam smmu_mpam_client(const struct smmu *smmu,
						const struct smmu_ste *ste,
						const struct smmu_cd *cd)
{
	if (!cd || !ste->s1mpam)
		return ste->mpam;
	/* CD-33. CHOICE: bits [15:5] of a virtual PARTID are ignored. */
	return smmu_mpam_of(&smmu->cfg,
			    ste->vms ? ste->partid_map[cd->partid & 31] : cd->partid,
			    cd->pmg);
}

/* ---- vms.c ---- */
int smmu_vms_create(struct smmu *smmu);
/* Forgets what is cached by VMID: all, or of one (CMD_CFGI_VMS_PIDM). */
void smmu_vms_flush(struct smmu *smmu);
void smmu_vms_forget(struct smmu *smmu, uint16_t vmid);
/* T-9v: fills ste->partid_map. False: *fault says F_VMS_FETCH. */
bool smmu_vms_load(struct smmu *smmu, uint32_t sid, struct smmu_ste *ste,
		   struct smmu_fault *fault);

#endif /* MODEL_MPAM_MPAM_H */
