/* SPDX-License-Identifier: MIT */
/*
 * The virtual machine structure: which PARTIDs a guest's virtual ones are (IHI 0070 5.6,
 * 17.2; VMS-*). It is cached twice, as it may be: with the STE that led to it, until
 * that is invalidated, and by VMID, until CMD_CFGI_VMS_PIDM. A driver that gives
 * only one of the two commands goes on seeing the old map (VMS-6).
 *
 * CHOICE (VMS-4): an enabled VMS is read for every transaction of the stream, needed
 * or not. CHOICE (17.4 does not say): with the PARTID and PMG of GMPAM, like the STE.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/mpam/mpam.h"
#include "model/snapshot/pack.h"

#define SLOTS 64u
#define IDS   32u

struct smmu_vms_cache {
	struct {
		bool valid;
		uint16_t vmid;
		uint16_t map[IDS];
	} slot[SLOTS];
};

int smmu_vms_create(struct smmu *smmu)
{
	if (!smmu_vms_supported(&smmu->cfg))
		return 0;
	smmu->vms = calloc(1, sizeof(*smmu->vms));
	return smmu->vms ? 0 : -ENOMEM;
}

void smmu_vms_flush(struct smmu *smmu)
{
	if (smmu->vms)
		memset(smmu->vms, 0, sizeof(*smmu->vms));
}

void smmu_vms_forget(struct smmu *smmu, uint16_t vmid)
{
	if (smmu->vms->slot[vmid % SLOTS].vmid == vmid)
		smmu->vms->slot[vmid % SLOTS].valid = false;
}

/* VMS-3: 32 numbers of 16 bits, little-endian. */
static bool fetch(struct smmu *smmu, uint32_t sid, const struct smmu_ste *ste,
		  uint16_t *map, struct smmu_fault *fault)
{
	uint64_t dw[IDS / 4], addr = ste->vmsptr;

	if (!smmu_strtab_fetch(smmu, sid, &addr, IDS / 4, dw, fault)) {
		fault->event = SMMU_EVT_F_VMS_FETCH;
		fault->rule = "T-9v";
		return false;
	}
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_VMS_FETCH, .sid = sid, .addr = addr,
		   .value = dw[0]);
	for (unsigned i = 0; i < IDS; i++)
		map[i] = (uint16_t)(dw[i / 4] >> (16 * (i % 4)));
	return true;
}

bool smmu_vms_load(struct smmu *smmu, uint32_t sid, struct smmu_ste *ste,
		   struct smmu_fault *fault)
{
	unsigned slot = ste->vmid % SLOTS;
	struct smmu_vms_cache *c = smmu->vms;
	bool hit = c->slot[slot].valid && c->slot[slot].vmid == ste->vmid;

	if (hit && !smmu->cfg.no_config_cache) {
		memcpy(ste->partid_map, c->slot[slot].map, sizeof(ste->partid_map));
	} else {
		if (!fetch(smmu, sid, ste, ste->partid_map, fault))
			return false;
		c->slot[slot].valid = true;
		c->slot[slot].vmid = ste->vmid;
		memcpy(c->slot[slot].map, ste->partid_map, sizeof(ste->partid_map));
	}
	ste->map_valid = true;
	return true;
}

/* ---- snapshots ---- */

void smmu_vms_pack(struct smmu_pack *p, struct smmu *smmu)
{
	struct smmu_vms_cache *c = smmu->vms;

	for (unsigned i = 0; c && i < SLOTS; i++) {
		pack_bool(p, &c->slot[i].valid);
		pack_u16(p, &c->slot[i].vmid);
		for (unsigned j = 0; c->slot[i].valid && j < IDS; j++)
			pack_u16(p, &c->slot[i].map[j]);
	}
}
