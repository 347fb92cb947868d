/* SPDX-License-Identifier: MIT */
/*
 * CMD_PREFETCH_*: they may fill caches and never record an event (EVT-3). REG-28 and
 * CACHE-4 keep them out while SMMUEN is 0.
 */
#include <stddef.h>
#include "model/translate.h"

/* CMD-18 */
void smmu_prefetch_config(struct smmu *smmu, uint32_t sid, bool ssv, uint32_t ssid)
{
	const struct smmu_txn txn = { .sid = sid, .ssid = ssid, .ssv = ssv };
	struct smmu_fault fault = { 0 };
	const struct smmu_ste *ste;
	unsigned event;
	uint32_t idx;

	if (!smmu_is_enabled(smmu))
		return;
	ste = smmu_ste_lookup(smmu, sid, &fault);
	if (ste && !ste->abort &&
	    smmu_select_cd(ste, &txn, &idx, &event) == SMMU_SUBSTREAM_CD)
		smmu_cd_lookup(smmu, ste, sid, idx, &fault);
}

/* CMD-19: as a speculative read. CHOICE: a privileged one, the command does not say. */
void smmu_prefetch_addr(struct smmu *smmu, uint32_t sid, bool ssv, uint32_t ssid,
			uint64_t addr)
{
	const struct smmu_txn txn = { .sid = sid,
				      .ssid = ssid,
				      .ssv = ssv,
				      .priv = true,
				      .op = SMMU_READ,
				      .addr = addr };
	struct smmu_lookup x = { .smmu = smmu, .txn = &txn };

	if (smmu_is_enabled(smmu))
		(void)smmu_find(&x);
}
