/* SPDX-License-Identifier: MIT */
/* The groups of address translation registers in a snapshot. */
#include "model/atos/atos.h"
#include "model/snapshot/pack.h"

static void pack_group(struct smmu_pack *p, struct smmu_atos *group)
{
	pack_u32(p, &group->ctrl);
	pack_u64(p, &group->sid);
	pack_u64(p, &group->addr);
	pack_u64(p, &group->par);
}

void smmu_atos_pack(struct smmu_pack *p, struct smmu *smmu)
{
	pack_group(p, &smmu->gatos);
	pack_group(p, &smmu->vatos);
	pack_u32(p, &smmu->vatos_sel);
}
