/* SPDX-License-Identifier: MIT */
/*
 * Streams that firmware left running: they bypass from before SMMUEN until their
 * device is attached somewhere (DRV-25, DRV-32).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "driver/strtab.h"

int arm_smmu_rmr_init(struct arm_smmu *smmu, const struct arm_smmu_desc *desc)
{
	if (!desc->num_bypass)
		return 0;
	smmu->bypass = calloc(desc->num_bypass, sizeof(*smmu->bypass));
	if (!smmu->bypass)
		return -ENOMEM;
	memcpy(smmu->bypass, desc->bypass, desc->num_bypass * sizeof(*smmu->bypass));
	smmu->num_bypass = desc->num_bypass;
	return 0;
}

bool arm_smmu_rmr_has(const struct arm_smmu_master *master)
{
	const struct arm_smmu *smmu = master->smmu;

	for (size_t i = 0; i < smmu->num_bypass; i++)
		for (size_t s = 0; s < master->num_sids; s++)
			if (master->sids[s] >= smmu->bypass[i].first &&
			    master->sids[s] <= smmu->bypass[i].last)
				return true;
	return false;
}

/* The SMMU is disabled and nobody else is there: plain stores will do. */
static int bypass_one(struct arm_smmu *smmu, uint32_t sid)
{
	uint64_t dw[SMMU_STE_DWORDS];
	int err = arm_smmu_strtab_reserve(smmu, sid);
	hwword_t *ste;

	if (err)
		return err;
	ste = arm_smmu_strtab_ste(smmu, sid);
	arm_smmu_make_bypass_ste(smmu, dw);
	for (unsigned i = SMMU_STE_DWORDS; i-- > 0;)
		hw_store(&ste[i], dw[i]);
	return 0;
}

void arm_smmu_rmr_install(struct arm_smmu *smmu)
{
	for (size_t i = 0; i < smmu->num_bypass; i++) {
		const struct arm_smmu_sids *r = &smmu->bypass[i];

		for (uint64_t sid = r->first; sid <= r->last; sid++) {
			int err = bypass_one(smmu, (uint32_t)sid);

			if (!err)
				continue;
			arm_smmu_msg(smmu, IOMMU_MSG_ERROR,
				     "RMR: StreamIDs 0x%x to 0x%x cannot bypass (%d)",
				     (uint32_t)sid, r->last, err);
			break;
		}
	}
}
