/* SPDX-License-Identifier: MIT */
/* The Device Permission Table in a snapshot: registers, and what is cached of it. */
#include "model/dpt/dpt.h"
#include "model/snapshot/pack.h"

static void pack_entry(struct smmu_pack *p, struct smmu_dpt_entry *e)
{
	pack_u64(p, &e->base);
	pack_u8(p, &e->bits);
	pack_u8(p, &e->ac);
	pack_bool(p, &e->w);
	pack_u16(p, &e->vmid);
	pack_u64(p, &e->table);
	pack_check(p, e->bits < 64, "a region larger than any");
}

void smmu_dpt_pack(struct smmu_pack *p, struct smmu *smmu)
{
	struct smmu_dpt *dpt = &smmu->dpt;

	pack_u64(p, &dpt->base);
	pack_u64(p, &dpt->far);
	pack_u32(p, &dpt->base_cfg);
	for (unsigned i = 0; i < SMMU_DPT_ENTRIES; i++) {
		pack_entry(p, &dpt->right[i]);
		pack_entry(p, &dpt->table[i]);
	}
	pack_u32(p, &dpt->next_right);
	pack_u32(p, &dpt->next_table);
	pack_check(p,
		   dpt->next_right < SMMU_DPT_ENTRIES &&
			   dpt->next_table < SMMU_DPT_ENTRIES,
		   "a slot that is not there");
}
