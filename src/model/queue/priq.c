/* SPDX-License-Identifier: MIT */
/*
 * The PRI queue: acceptance, overflow, interrupt (IHI 0070 8.1, 8.2, 6.3.36; PRI-6 to
 * PRI-14, PRI-27 to PRI-29). Unlike the event queue, it takes nothing while an overflow
 * is not acknowledged (PRI-13).
 */
#include "model/queue/ring.h"

static bool enabled(const struct smmu *smmu)
{
	return smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_PRIQEN) &&
	       smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_SMMUEN) &&
	       !((smmu->regs.gerror ^ smmu->regs.gerrorn) &
		 SMMU_MASK(SMMU_GERROR_PRIQ_ABT_ERR));
}

static bool overflown(const struct smmu *smmu)
{
	return smmu_reg_get(smmu->regs.priq_prod, SMMU_PRIQ_PROD_OVFLG) !=
	       smmu_reg_get(smmu->regs.priq_cons, SMMU_PRIQ_CONS_OVACKFLG);
}

/* 6.3.36: LO == 1, each message with Last, even if the queue overflows. */
static bool last_only(const struct smmu *smmu)
{
	return smmu_reg_get(smmu->regs.priq_irq_cfg2, SMMU_PRIQ_IRQ_CFG2_LO);
}

/* PRI-27, PRI-28. CHOICE: a write that aborts is known at once. */
static bool write_entry(struct smmu *smmu, const struct smmu_ring *ring,
			const uint64_t *dw)
{
	uint64_t pa = smmu_ring_addr(ring, smmu->regs.priq_prod);

	for (unsigned i = 0; i < SMMU_PRI_DWORDS; i++)
		if (smmu_bus_write64(smmu->bus, pa + 8 * i, dw[i], &ring->attr) != 0) {
			smmu_gerror_raise(smmu, SMMU_GERROR_PRIQ_ABT_ERR);
			return false;
		}
	return true;
}

static struct smmu_ring priq(const struct smmu *smmu)
{
	return smmu_ring_of(smmu, smmu->regs.priq_base, smmu->cfg.priqs, 4);
}

bool smmu_priq_append(struct smmu *smmu, const uint64_t *dw)
{
	struct smmu_ring ring = priq(smmu);
	uint32_t prod = smmu->regs.priq_prod;
	bool was_empty = smmu_ring_empty(&ring, prod, smmu->regs.priq_cons);

	if (!enabled(smmu) || !write_entry(smmu, &ring, dw))
		return false;
	smmu_reg_put(&smmu->regs.priq_prod,
		     (uint32_t)smmu_reg_set(prod, SMMU_PRIQ_PROD_WR,
					    smmu_ring_inc(&ring, prod)));
	if (last_only(smmu) ? smmu_get(dw, SMMU_PRI_ENTRY_Last) != 0 : was_empty)
		smmu_irq_signal(smmu, SMMU_IRQ_PRIQ);
	return true;
}

enum smmu_priq_put smmu_priq_put(struct smmu *smmu, const uint64_t *dw)
{
	struct smmu_ring ring = priq(smmu);
	uint32_t prod = smmu->regs.priq_prod, cons = smmu->regs.priq_cons;

	if (!enabled(smmu))
		return SMMU_PRIQ_OFF;
	if (overflown(smmu) ||
	    smmu_ring_full(&ring, prod + smmu_run_records(smmu, true), cons)) {
		/* PRI-12 */
		if (!overflown(smmu))
			smmu_reg_put(&smmu->regs.priq_prod,
				     smmu->regs.priq_prod ^
					     (uint32_t)SMMU_MASK(SMMU_PRIQ_PROD_OVFLG));
		if (smmu_get(dw, SMMU_PRI_ENTRY_Last) && last_only(smmu))
			smmu_irq_signal(smmu, SMMU_IRQ_PRIQ);
		return SMMU_PRIQ_OVERFLOW;
	}
	if (smmu->run &&
	    smmu_run_keep_record(smmu, true, smmu_ring_addr(&ring, prod), dw))
		return SMMU_PRIQ_TAKEN;
	return smmu_priq_append(smmu, dw) ? SMMU_PRIQ_TAKEN : SMMU_PRIQ_ABORTED;
}
