/* SPDX-License-Identifier: MIT */
/* Counter groups: what each has, creation, reset. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/pmcg/pmcg.h"

static uint64_t low_bits(unsigned n)
{
	return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

/*
 * CHOICE: all 16 bits of EVENT are kept. FILTER_SEC_SID and FILTER_REALM_SID are RES0
 * as neither state is supported; of FILTER_MPAM_SP only bit 18 is there, and both its
 * values mean the Non-secure space (SCR.SO is 0).
 */
static uint32_t filter_bits(const struct smmu_pmcg_config *cfg)
{
	uint64_t bits = SMMU_MASK(SMMU_PMCG_EVTYPER_FILTER_SID_SPAN);

	if (cfg->filter_partid_pmg)
		bits |= SMMU_MASK(SMMU_PMCG_EVTYPER_FILTER_PARTID) |
			SMMU_MASK(SMMU_PMCG_EVTYPER_FILTER_PMG) | UINT64_C(1) << 18;
	return (uint32_t)bits;
}

static void init(struct smmu *smmu, unsigned index)
{
	struct smmu_pmcg *p = &smmu->pmcg[index];
	uint64_t common = SMMU_MASK(SMMU_PMCG_EVTYPER_EVENT);

	p->smmu = smmu;
	p->index = index;
	p->cfg = smmu->cfg.pmcg[index];
	p->counters = low_bits(p->cfg.counters);
	p->mask = low_bits(p->cfg.bits);
	p->sid_mask = (uint32_t)low_bits(smmu->cfg.sid_bits);
	if (p->cfg.capture)
		common |= SMMU_MASK(SMMU_PMCG_EVTYPER_OVFCAP);
	p->evtyper_bits = (uint32_t)common | filter_bits(&p->cfg);
	p->evtypern_bits =
		(uint32_t)common | (p->cfg.sid_filter_type ? 0 : filter_bits(&p->cfg));
}

int smmu_pmcg_create(struct smmu *smmu)
{
	if (smmu->cfg.pmcgs == 0)
		return 0;
	smmu->pmcg = calloc(smmu->cfg.pmcgs, sizeof(*smmu->pmcg));
	if (!smmu->pmcg)
		return -ENOMEM;
	for (unsigned i = 0; i < smmu->cfg.pmcgs; i++)
		init(smmu, i);
	return 0;
}

/* CHOICE: what resets to UNKNOWN resets to 0. */
void smmu_pmcg_reset(struct smmu *smmu)
{
	for (unsigned i = 0; i < smmu->cfg.pmcgs; i++) {
		struct smmu_pmcg *p = &smmu->pmcg[i];
		size_t at = offsetof(struct smmu_pmcg, evcntr);

		memset((char *)p + at, 0, sizeof(*p) - at);
	}
	smmu->pmcg_on = false;
}

/* PMCG-16: detection is IMPLEMENTATION DEFINED; this one detects. */
void smmu_pmcg_msi_aborted(struct smmu *smmu, unsigned group)
{
	smmu->pmcg[group].irq_status |= (uint32_t)SMMU_MASK(SMMU_PMCG_IRQ_STATUS_IRQ_ABT);
}

void smmu_pmcg_update(struct smmu *smmu)
{
	bool on = false;

	for (unsigned i = 0; i < smmu->cfg.pmcgs; i++)
		on |= smmu->pmcg[i].cr && smmu->pmcg[i].cnten;
	/* Then every translation is to be seen. */
	if (on && !smmu->pmcg_on)
		smmu_void_all(smmu->voids);
	smmu->pmcg_on = on;
}

unsigned smmu_pmcg_count(const struct smmu *smmu)
{
	return smmu->cfg.pmcgs;
}
