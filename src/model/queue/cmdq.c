/* SPDX-License-Identifier: MIT */
/* The command queue: fetch, order, errors (IHI 0070 3.5, 4.1, 7.1; REG-89 to REG-95). */
#include "model/queue/command.h"
#include "model/queue/ring.h"

static struct smmu_ring cmdq_ring(const struct smmu *smmu)
{
	return smmu_ring_of(smmu, smmu->regs.cmdq_base, smmu->cfg.cmdqs, 4);
}

static bool error_active(const struct smmu *smmu)
{
	return (smmu->regs.gerror ^ smmu->regs.gerrorn) & SMMU_MASK(SMMU_GERROR_CMDQ_ERR);
}

/*
 * CMD-78: a CMD_SYNC does not complete before the MSIs of earlier ones are visible or
 * their abort is in GERROR. So nothing is consumed while one waits to be sent; whoever
 * delivers it calls smmu_cmdq_run() again.
 */
static bool sync_pending(const struct smmu *smmu)
{
	for (unsigned i = 0; i < smmu->n_signals; i++)
		if (smmu->signal[i].irq == SMMU_IRQ_CMD_SYNC)
			return true;
	return false;
}

static bool may_run(const struct smmu *smmu)
{
	return smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_CMDQEN) && !error_active(smmu) &&
	       !sync_pending(smmu);
}

/* EVT-81: RD stays on the command, ERR is visible before GERROR is. */
static void stop(struct smmu *smmu, unsigned cerror)
{
	smmu->regs.cmdq_cons =
		(uint32_t)smmu_reg_set(smmu->regs.cmdq_cons, SMMU_CMDQ_CONS_ERR, cerror);
	smmu_gerror_raise(smmu, SMMU_GERROR_CMDQ_ERR);
}

static unsigned fetch(struct smmu *smmu, const struct smmu_ring *ring, uint64_t dw[2])
{
	uint64_t pa = smmu_ring_addr(ring, smmu->regs.cmdq_cons);

	for (unsigned i = 0; i < 2; i++)
		if (smmu_bus_read64(smmu->bus, pa + 8 * i, &dw[i], &ring->attr) != 0)
			return SMMU_CERROR_ABT;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_COMMAND, .addr = pa, .dw = dw);
	return SMMU_CERROR_NONE;
}

/* CMD-3, Q-19: a queue that was full wakes whoever waits for room. */
static void consumed(struct smmu *smmu, const struct smmu_ring *ring)
{
	uint32_t cons = smmu->regs.cmdq_cons;

	if (smmu->cfg.sev && smmu_ring_full(ring, smmu->regs.cmdq_prod, cons))
		smmu_irq_signal(smmu, SMMU_IRQ_SEV);
	smmu->regs.cmdq_cons = (uint32_t)smmu_reg_set(cons, SMMU_CMDQ_CONS_RD,
						      smmu_ring_inc(ring, cons));
	smmu->stats.commands++;
}

void smmu_cmdq_run(struct smmu *smmu)
{
	struct smmu_ring ring = cmdq_ring(smmu);
	uint64_t dw[2];
	uint32_t count;
	unsigned cerror;

	while (may_run(smmu)) {
		count = smmu_ring_count(&ring, smmu->regs.cmdq_prod,
					smmu->regs.cmdq_cons);
		/* CHOICE (REG-86): inconsistent indexes, nothing is consumed. */
		if (count == 0 || count > 1u << ring.log2)
			return;
		cerror = fetch(smmu, &ring, dw);
		if (cerror == SMMU_CERROR_NONE)
			cerror = smmu_command_run(smmu, dw);
		if (cerror != SMMU_CERROR_NONE) {
			stop(smmu, cerror);
			return;
		}
		consumed(smmu, &ring);
	}
}
