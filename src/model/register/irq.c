/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: wires and MSIs (IHI 0070 3.18; REG-52 to REG-61). The SMMU has both:
 * an enabled source pulses its wire, and sends an MSI if IDR0.MSI and an address
 * is programmed. Signals wait in smmu->signal until the lock is released.
 */
#include <stddef.h>
#include "model/mpam/mpam.h"
#include "model/register/regfile.h"

struct msi_regs {
	uint64_t cfg0;
	uint32_t cfg1, cfg2;
	uint64_t enable;
};

static bool msi_regs(const struct smmu *smmu, enum smmu_irq irq, struct msi_regs *r)
{
	const struct smmu_regs *regs = &smmu->regs;

	switch (irq) {
	case SMMU_IRQ_EVENTQ:
		*r = (struct msi_regs){ regs->eventq_irq_cfg0, regs->eventq_irq_cfg1,
					regs->eventq_irq_cfg2,
					SMMU_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN) };
		return true;
	case SMMU_IRQ_PRIQ:
		*r = (struct msi_regs){ regs->priq_irq_cfg0, regs->priq_irq_cfg1,
					regs->priq_irq_cfg2,
					SMMU_MASK(SMMU_IRQ_CTRL_PRIQ_IRQEN) };
		return true;
	case SMMU_IRQ_GERROR:
		*r = (struct msi_regs){ regs->gerror_irq_cfg0, regs->gerror_irq_cfg1,
					regs->gerror_irq_cfg2,
					SMMU_MASK(SMMU_IRQ_CTRL_GERROR_IRQEN) };
		return true;
	default:
		return false;
	}
}

void smmu_irq_signal(struct smmu *smmu, enum smmu_irq irq)
{
	struct smmu_signal signal = { .irq = (uint8_t)irq };
	struct msi_regs r;

	if (msi_regs(smmu, irq, &r)) {
		if (!(smmu->regs.irq_ctrlack & r.enable))
			return;
		/* The three CFG2 registers are laid out alike. */
		signal.pa =
			smmu->cfg.msi ? r.cfg0 & SMMU_MASK(SMMU_GERROR_IRQ_CFG0_ADDR) : 0;
		signal.data = r.cfg1;
		signal.memattr =
			(uint8_t)smmu_reg_get(r.cfg2, SMMU_GERROR_IRQ_CFG2_MemAttr);
		signal.sh = (uint8_t)smmu_reg_get(r.cfg2, SMMU_GERROR_IRQ_CFG2_SH);
	}
	smmu_signal_add(smmu, &signal);
}

void smmu_signal_add(struct smmu *smmu, const struct smmu_signal *added)
{
	struct smmu_signal signal = *added;

	for (unsigned i = 0; i < smmu->n_signals; i++)
		if (smmu->signal[i].irq == signal.irq)
			return; /* REG-55 */
	/* A counter group has said already what its MSIs carry. */
	if (signal.irq < SMMU_IRQ_PMCG) {
		signal.partid = smmu_mpam_own(smmu).partid;
		signal.pmg = smmu_mpam_own(smmu).pmg;
	}
	smmu->signal[smmu->n_signals++] = signal;
	smmu_deliver_later(smmu);
}

void smmu_signal_drop(struct smmu *smmu, unsigned irq)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < smmu->n_signals; i++)
		if (smmu->signal[i].irq != irq)
			smmu->signal[kept++] = smmu->signal[i];
	smmu->n_signals = kept;
}

/*
 * REG-57: once a source is disabled, nothing of it becomes visible, be it that a
 * handler of another interrupt disabled it while its own was still waiting.
 */
void smmu_irq_forget_disabled(struct smmu *smmu)
{
	struct msi_regs r;
	unsigned kept = 0;

	for (unsigned i = 0; i < smmu->n_signals; i++) {
		enum smmu_irq irq = (enum smmu_irq)smmu->signal[i].irq;

		if (!msi_regs(smmu, irq, &r) || (smmu->regs.irq_ctrlack & r.enable))
			smmu->signal[kept++] = smmu->signal[i];
	}
	smmu->n_signals = kept;
}

/* REG-54, CMD-82: what makes the type Outer Shareable is left to 13.1.7. */
static struct smmu_attr msi_attr(unsigned memattr, unsigned sh)
{
	struct smmu_attr attr = { .ra = 1, .wa = 1, .priv = 1, .ns = 1 };

	smmu_attr_set_memattr(&attr, memattr);
	attr.sh = sh == 1 ? SMMU_SH_NSH : (uint8_t)sh;
	smmu_attr_consistent(&attr);
	return attr;
}

/* REG-16: truncated to OAS. */
static uint64_t msi_target(const struct smmu *smmu, uint64_t pa)
{
	return pa & ((UINT64_C(1) << smmu->id.oas) - 1);
}

bool smmu_msi_to_ram(const struct smmu *smmu, uint64_t pa)
{
	return smmu_bus_ptr(smmu->bus, msi_target(smmu, pa), 4) != NULL;
}

bool smmu_msi_write(struct smmu *smmu, const struct smmu_signal *s)
{
	struct smmu_attr attr = msi_attr(s->memattr, s->sh);

	attr.partid = s->partid;
	attr.pmg = s->pmg;
	return smmu_bus_write32(smmu->bus, msi_target(smmu, s->pa), s->data, &attr) == 0;
}
