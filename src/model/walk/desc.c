/* SPDX-License-Identifier: MIT */
/* Descriptors as they are read. */
#include "model/pmcg/pmcg.h"
#include "model/ram.h"
#include "model/walk/walk.h"

bool smmu_desc_read(struct smmu *smmu, const struct smmu_regime *rg, struct smmu_desc *d)
{
	uint64_t raw;

	smmu->stats.walk_reads++;
	d->sid = rg->sid;
	d->mpam = d->stage == 1 ? rg->mpam_s1 : rg->mpam_s2;
	smmu_attr_mpam(&d->attr, d->mpam);
	smmu_pmcg_access(smmu, SMMU_PMCG_WALK_ACCESS, d->sid, &d->attr);
	if (smmu_ram_read64(smmu->bus, &smmu->tables, d->pa, &raw, &d->attr) != 0)
		return false;
	d->value = d->be ? __builtin_bswap64(raw) : raw;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_WALK, .stage = d->stage, .level = d->level,
		   .sid = rg->sid, .ssid = rg->ssid, .addr = d->pa, .value = d->value);
	return true;
}
