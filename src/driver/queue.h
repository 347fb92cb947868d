/* SPDX-License-Identifier: MIT */
/* Rings of commands, events and page requests (DRV-93). */
#ifndef DRIVER_QUEUE_H
#define DRIVER_QUEUE_H

#include "driver/driver.h"

/* Memory for 2^log2 entries, fewer if there is not so much. -ENOMEM. */
int arm_smmu_queue_alloc(struct arm_smmu *smmu, struct arm_smmu_queue *q, unsigned log2,
			 unsigned words, uint32_t prod_reg, uint32_t cons_reg);
void arm_smmu_queue_free(struct arm_smmu *smmu, struct arm_smmu_queue *q);
/* The value of its *_BASE register: address, allocation hint, size. */
uint64_t arm_smmu_queue_base(const struct arm_smmu_queue *q);

/* Index and wrap bit; what else a register holds is cut off. */
static inline uint32_t queue_index(const struct arm_smmu_queue *q, uint32_t p)
{
	return p & ((2u << q->log2) - 1);
}

static inline uint32_t queue_next(const struct arm_smmu_queue *q, uint32_t p)
{
	return queue_index(q, p + 1);
}

/* Entries from cons up to prod. */
static inline uint32_t queue_used(const struct arm_smmu_queue *q, uint32_t prod,
				  uint32_t cons)
{
	return queue_index(q, prod - cons);
}

static inline hwword_t *queue_entry(const struct arm_smmu_queue *q, uint32_t p)
{
	hwword_t *base = q->mem.cpu;

	return &base[(size_t)(p & ((1u << q->log2) - 1)) * q->words];
}

#endif /* DRIVER_QUEUE_H */
