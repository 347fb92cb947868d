/* SPDX-License-Identifier: MIT */
/* Performance monitor counter groups in a snapshot: their registers. */
#include "model/pmcg/pmcg.h"
#include "model/snapshot/pack.h"

static void pack_group(struct smmu_pack *p, struct smmu_pmcg *g)
{
	for (unsigned i = 0; i < 64; i++) {
		pack_u64(p, &g->evcntr[i]);
		pack_u64(p, &g->svr[i]);
		pack_u32(p, &g->evtyper[i]);
		pack_u32(p, &g->smr[i]);
	}
	pack_u64(p, &g->cnten);
	pack_u64(p, &g->inten);
	pack_u64(p, &g->ovs);
	pack_u32(p, &g->cr);
	pack_u32(p, &g->irq_ctrl);
	pack_u32(p, &g->irq_ctrlack);
	pack_u32(p, &g->gmpam);
	pack_u64(p, &g->irq_cfg0);
	pack_u32(p, &g->irq_cfg1);
	pack_u32(p, &g->irq_cfg2);
	pack_u32(p, &g->irq_status);
	/* A counter that does not exist cannot be on. */
	pack_check(p, ((g->cnten | g->inten | g->ovs) & ~g->counters) == 0,
		   "a counter that is not there");
}

void smmu_pmcg_pack(struct smmu_pack *p, struct smmu *smmu)
{
	for (unsigned i = 0; i < smmu->cfg.pmcgs; i++)
		pack_group(p, &smmu->pmcg[i]);
	if (p->loading && p->why == NULL)
		smmu_pmcg_update(smmu);
}
