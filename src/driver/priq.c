/* SPDX-License-Identifier: MIT */
/* The PRI queue: nobody here can serve a page request, so each group is refused. */
#include "driver/cmdq.h"
#include "driver/queue.h"

static void refuse(struct arm_smmu *smmu, const uint64_t *dw)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_PRI_RESP);
	bool ssv = smmu_get(dw, SMMU_PRI_ENTRY_SSV);

	arm_smmu_count(smmu, COUNT_PAGE_REQUESTS, 1);
	arm_smmu_msg(smmu, IOMMU_MSG_WARNING,
		     "page request of StreamID %#x for %#llx: refused",
		     (unsigned)smmu_get(dw, SMMU_PRI_ENTRY_StreamID),
		     (unsigned long long)smmu_get_addr(dw, SMMU_PRI_ENTRY_PageAddr));
	if (!smmu_get(dw, SMMU_PRI_ENTRY_Last))
		return;
	/* DRV-108: one answer for the group, with its PASID. */
	smmu_set(cmd.dw, SMMU_CMD_PRI_RESP_SSV, ssv);
	if (ssv)
		smmu_set(cmd.dw, SMMU_CMD_PRI_RESP_SubstreamID,
			 smmu_get(dw, SMMU_PRI_ENTRY_SubstreamID));
	smmu_set(cmd.dw, SMMU_CMD_PRI_RESP_StreamID,
		 smmu_get(dw, SMMU_PRI_ENTRY_StreamID));
	smmu_set(cmd.dw, SMMU_CMD_PRI_RESP_PRGIndex,
		 smmu_get(dw, SMMU_PRI_ENTRY_PRGIndex));
	smmu_set(cmd.dw, SMMU_CMD_PRI_RESP_Resp, SMMU_RESP_INVALID);
	arm_smmu_submit(smmu, &cmd, 1, false);
}

static bool drain(struct arm_smmu *smmu)
{
	struct arm_smmu_queue *q = &smmu->priq;
	uint32_t prod = arm_smmu_read32(smmu, q->prod_reg), cons = q->cons;
	uint64_t flag = smmu_reg_get(prod, SMMU_PRIQ_PROD_OVFLG);

	while (queue_used(q, queue_index(q, prod), queue_index(q, cons))) {
		hwword_t *at = queue_entry(q, cons);
		uint64_t dw[SMMU_PRI_DWORDS];

		for (unsigned i = 0; i < SMMU_PRI_DWORDS; i++)
			dw[i] = hw_load(&at[i]);
		refuse(smmu, dw);
		cons = queue_next(q, cons);
	}
	if (flag != smmu_reg_get(q->cons, SMMU_PRIQ_CONS_OVACKFLG))
		arm_smmu_msg(smmu, IOMMU_MSG_WARNING,
			     "PRI queue: overflow, requests are lost");
	cons = (uint32_t)smmu_reg_set(queue_index(q, cons), SMMU_PRIQ_CONS_OVACKFLG,
				      flag);
	if (cons == q->cons)
		return false;
	q->cons = cons;
	arm_smmu_write32(smmu, q->cons_reg, cons);
	return true;
}

void arm_smmu_priq_handler(void *arg)
{
	struct arm_smmu *smmu = arg;

	if (!(smmu->features & FEAT_PRI))
		return;
	/* Refusals are commands: not while this thread puts some in. */
	if (arm_smmu_cmdq_defer(smmu) || !arm_smmu_gate_enter(&smmu->priq_gate))
		return;
	do
		while (drain(smmu))
			;
	while (arm_smmu_gate_leave(&smmu->priq_gate));
}
