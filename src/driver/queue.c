/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "driver/queue.h"

int arm_smmu_queue_alloc(struct arm_smmu *smmu, struct arm_smmu_queue *q, unsigned log2,
			 unsigned words, uint32_t prod_reg, uint32_t cons_reg)
{
	int err;

	/* Aligned to its size, to 32 bytes at least: ADDR is [51:5] (registers.md). */
	for (;; log2--) {
		uint64_t size = (UINT64_C(8) * words) << log2;

		err = arm_smmu_dma_alloc(smmu, size, size < 32 ? 32 : size, &q->mem);
		if (!err || size <= 4096)
			break;
	}
	if (err)
		return err;
	q->log2 = log2;
	q->words = words;
	q->prod_reg = prod_reg;
	q->cons_reg = cons_reg;
	q->prod = q->cons = 0;
	return 0;
}

void arm_smmu_queue_free(struct arm_smmu *smmu, struct arm_smmu_queue *q)
{
	arm_smmu_dma_free(smmu, &q->mem);
}

uint64_t arm_smmu_queue_base(const struct arm_smmu_queue *q)
{
	uint64_t base = 0;

	/* The three registers are alike; bit 62 is RA of the one, WA of the others. */
	base = smmu_reg_set_addr(base, SMMU_CMDQ_BASE_ADDR, q->mem.pa);
	base = smmu_reg_set(base, SMMU_CMDQ_BASE_RA, 1);
	return smmu_reg_set(base, SMMU_CMDQ_BASE_LOG2SIZE, q->log2);
}
