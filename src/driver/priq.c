/* SPDX-License-Identifier: MIT */
/* The PRI queue: drained, its requests reported (DRV-108). */
#include <smmulator/iommu_fault.h>
#include "driver/cmdq.h"
#include "driver/fault.h"
#include "driver/queue.h"

static void write_cons(struct arm_smmu *smmu, uint32_t cons)
{
	if (cons == smmu->priq.cons)
		return;
	smmu->priq.cons = cons;
	arm_smmu_write32(smmu, smmu->priq.cons_reg, cons);
}

/* The slot is given back before the request is answered, which returns a credit (PRI-11).
 */
static void take(struct arm_smmu *smmu)
{
	struct arm_smmu_queue *q = &smmu->priq;
	hwword_t *at = queue_entry(q, q->cons);
	uint32_t flag = q->cons & (uint32_t)SMMU_MASK(SMMU_PRIQ_CONS_OVACKFLG);
	uint64_t dw[SMMU_PRI_DWORDS];

	for (unsigned i = 0; i < SMMU_PRI_DWORDS; i++)
		dw[i] = hw_load(&at[i]);
	write_cons(smmu, queue_next(q, q->cons) | flag);
	arm_smmu_report_pri(smmu, dw);
}

/*
 * PRI-19: the last request of a group that is not there has been answered by the SMMU;
 * what came of the group before is forgotten before the queue takes any more.
 */
static void ack_overflow(struct arm_smmu *smmu, uint32_t prod)
{
	const struct arm_smmu_queue *q = &smmu->priq;
	uint32_t flag = smmu_reg_get(prod, SMMU_PRIQ_PROD_OVFLG) != 0;

	if (flag == smmu_reg_get(q->cons, SMMU_PRIQ_CONS_OVACKFLG))
		return;
	arm_smmu_msg(smmu, IOMMU_MSG_WARNING, "PRI queue: overflow, requests are lost");
	if (smmu->iopf)
		(void)iommu_iopf_queue_discard_partial(smmu->iopf);
	write_cons(smmu, (uint32_t)smmu_reg_set(q->cons, SMMU_PRIQ_CONS_OVACKFLG, flag));
}

/* Everything that is there; false: nothing was. */
static bool drain(struct arm_smmu *smmu)
{
	const struct arm_smmu_queue *q = &smmu->priq;
	uint32_t prod = arm_smmu_read32(smmu, q->prod_reg), before = q->cons;

	while (queue_used(q, queue_index(q, prod), queue_index(q, q->cons)))
		take(smmu);
	ack_overflow(smmu, prod);
	return q->cons != before;
}

void arm_smmu_priq_handler(void *arg)
{
	struct arm_smmu *smmu = arg;

	if (!(smmu->features & FEAT_PRI))
		return;
	/* Answers are commands: not while this thread puts some in. */
	if (arm_smmu_cmdq_defer(smmu) || !arm_smmu_gate_enter(&smmu->priq_gate))
		return;
	do
		while (drain(smmu))
			;
	while (arm_smmu_gate_leave(&smmu->priq_gate));
}
