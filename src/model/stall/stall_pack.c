/* SPDX-License-Identifier: MIT */
/*
 * Stalled transactions in a snapshot: the STAGs that software has still to answer, and
 * the last event. Ports, and what they had under way, are not in it: what is answered
 * later has no transaction behind it any more (as after smmu_port_cancel()).
 */
#include "model/snapshot/pack.h"
#include "model/stall/stall.h"

static void pack_stag(struct smmu_pack *p, struct smmu_stalls *s, struct smmu_stag *stag)
{
	bool taken = stag->state != SMMU_STAG_FREE;

	pack_bool(p, &taken);
	pack_u32(p, &stag->sid);
	if (!p->loading)
		return;
	stag->state = taken ? SMMU_STAG_ORPHAN : SMMU_STAG_FREE;
	stag->held = SMMU_HELD_NONE;
	s->free_stags -= taken;
}

void smmu_stall_pack(struct smmu_pack *p, struct smmu *smmu)
{
	struct smmu_stalls *s = smmu->stalls;

	for (uint32_t i = 0; i < s->stags; i++)
		pack_stag(p, s, &s->stag[i]);
	s->next_stag = s->stags ? pack_index(p, s->next_stag, s->stags) : 0;
	pack_bool(p, &smmu->last_event.valid);
	pack_u64s(p, smmu->last_event.dw, SMMU_EVENT_DWORDS);
}

/* Who waits here goes on waiting here; what was stalled ends as at a reset (STALL-12). */
void smmu_stall_adopt(struct smmu *smmu, const struct smmu *from)
{
	struct smmu_stalls *s = smmu->stalls;

	smmu_stall_terminate_all(smmu);
	memcpy(s->stag, from->stalls->stag, s->stags * sizeof(*s->stag));
	s->free_stags = from->stalls->free_stags;
	s->next_stag = from->stalls->next_stag;
}
