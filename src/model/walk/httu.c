/* SPDX-License-Identifier: MIT */
/*
 * Hardware update of descriptors (section 3.13, translation.md 11): one
 * compare-and-swap of 64 bits. Access flag and dirty state go in one swap, so that
 * nothing is ever left writable-dirty with AF == 0.
 *
 * CHOICE: non-cacheable tables are updated atomically as well (STE-61).
 */
#include "model/pmcg/pmcg.h"
#include "model/walk/walk.h"

enum smmu_walk_step smmu_desc_update(struct smmu *smmu, struct smmu_desc *d,
				     uint64_t desired)
{
	uint64_t expected = d->be ? __builtin_bswap64(d->value) : d->value;
	uint64_t raw = d->be ? __builtin_bswap64(desired) : desired;
	int err;

	smmu_attr_mpam(&d->attr, d->mpam);
	smmu_pmcg_access(smmu, SMMU_PMCG_WALK_ACCESS, d->sid, &d->attr);
	err = smmu_bus_cas64(smmu->bus, d->pa, &expected, raw, &d->attr);
	if (err < 0)
		return SMMU_WALK_FAULT;
	if (err > 0)
		return SMMU_WALK_AGAIN;
	d->value = desired;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_UPDATE, .stage = d->stage, .level = d->level,
		   .addr = d->pa, .value = desired);
	return SMMU_WALK_DONE;
}
