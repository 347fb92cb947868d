/* SPDX-License-Identifier: MIT */
/* Interrupts: by message where SMMU and machine can, else by wire (DRV-5, DRV-20). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "driver/atomic.h"
#include "driver/driver.h"

bool arm_smmu_gate_enter(struct arm_smmu_gate *gate)
{
	return shared_add(&gate->pending, 1) == 0;
}

bool arm_smmu_gate_leave(struct arm_smmu_gate *gate)
{
	/* All who came while the work was done share one more round. */
	if (shared_cas(&gate->pending, 1, 0))
		return false;
	shared_store(&gate->pending, 1);
	return true;
}

static void combined_handler(void *arg)
{
	arm_smmu_gerror_handler(arg);
	arm_smmu_evtq_handler(arg);
	arm_smmu_priq_handler(arg);
}

/* The registers of an interrupt source, and its handler. */
static const struct {
	uint32_t cfg0, cfg1, cfg2;
	iommu_irq_fn fn;
	const char *name;
} sources[] = {
	[IRQ_EVENTQ] = { SMMU_REG_EVENTQ_IRQ_CFG0, SMMU_REG_EVENTQ_IRQ_CFG1,
			 SMMU_REG_EVENTQ_IRQ_CFG2, arm_smmu_evtq_handler, "eventq" },
	[IRQ_PRIQ] = { SMMU_REG_PRIQ_IRQ_CFG0, SMMU_REG_PRIQ_IRQ_CFG1,
		       SMMU_REG_PRIQ_IRQ_CFG2, arm_smmu_priq_handler, "priq" },
	[IRQ_GERROR] = { SMMU_REG_GERROR_IRQ_CFG0, SMMU_REG_GERROR_IRQ_CFG1,
			 SMMU_REG_GERROR_IRQ_CFG2, arm_smmu_gerror_handler, "gerror" },
};

static int request(struct arm_smmu *smmu, unsigned which, const char *name,
		   iommu_irq_fn fn)
{
	struct arm_smmu_irq *irq = &smmu->irqs[which];
	int err;

	if (!name)
		return 0;
	if (strnlen(name, sizeof(irq->name)) == sizeof(irq->name))
		return -EINVAL;
	memcpy(irq->name, name, strlen(name) + 1);
	err = smmu->platform.ops->irq_request(smmu->platform.ctx, name, fn, smmu);
	irq->connected = !err;
	return err;
}

static const char *wire_of(const struct arm_smmu_desc *desc, unsigned which)
{
	switch (which) {
	case IRQ_EVENTQ:
		return desc->irq_eventq;
	case IRQ_PRIQ:
		return desc->irq_priq;
	default:
		return desc->irq_gerror;
	}
}

/* Where a CMD_SYNC is not told of by message, it may be by a wire. */
static int request_sync(struct arm_smmu *smmu, const char *name)
{
	int err = 0;

	if (!name || smmu->cmdq.sync == SYNC_MSI || !smmu->platform.ops->irq_request)
		return 0;
	err = request(smmu, IRQ_SYNC, name, arm_smmu_sync_handler);
	if (err)
		return err;
	smmu->cmdq.sync = SYNC_IRQ;
	for (unsigned i = 0; i < smmu->max_ecmdqs; i++)
		smmu->ecmdqs[i].sync = SYNC_IRQ;
	return 0;
}

int arm_smmu_irq_setup(struct arm_smmu *smmu, const struct arm_smmu_desc *desc)
{
	int err = request_sync(smmu, desc->irq_cmdq_sync);

	if (err)
		return err;
	smmu->use_msi = desc->use_msi && (smmu->features & FEAT_MSI) &&
			smmu->platform.ops->msi_request;
	if (smmu->use_msi || !smmu->platform.ops->irq_request)
		return 0; /* asked for when they are enabled */
	if (desc->irq_combined)
		err = request(smmu, IRQ_COMBINED, desc->irq_combined, combined_handler);
	for (unsigned i = IRQ_EVENTQ; i <= IRQ_GERROR && !err && !desc->irq_combined; i++)
		if (i != IRQ_PRIQ || (smmu->features & FEAT_PRI))
			err = request(smmu, i, wire_of(desc, i), sources[i].fn);
	if (err)
		arm_smmu_irq_teardown(smmu);
	return err;
}

void arm_smmu_irq_teardown(struct arm_smmu *smmu)
{
	for (unsigned i = 0; i < IRQ_NR; i++) {
		if (smmu->irqs[i].connected)
			smmu->platform.ops->irq_free(smmu->platform.ctx,
						     smmu->irqs[i].name);
		smmu->irqs[i].connected = false;
	}
}

static void program_msi(struct arm_smmu *smmu, unsigned which)
{
	struct iommu_msi msi;
	struct arm_smmu_irq *irq = &smmu->irqs[which];
	uint64_t addr = 0;

	snprintf(irq->name, sizeof(irq->name), "%.50s.%s", smmu->name,
		 sources[which].name);
	if (!irq->connected &&
	    smmu->platform.ops->msi_request(smmu->platform.ctx, irq->name,
					    sources[which].fn, smmu, &msi)) {
		arm_smmu_msg(smmu, IOMMU_MSG_WARNING, "no MSI for %s",
			     sources[which].name);
		return;
	}
	irq->connected = true;
	addr = smmu_reg_set_addr(addr, SMMU_EVENTQ_IRQ_CFG0_ADDR, msi.pa);
	arm_smmu_write64(smmu, sources[which].cfg0, addr);
	arm_smmu_write32(smmu, sources[which].cfg1, msi.data);
	arm_smmu_write32(smmu, sources[which].cfg2,
			 (uint32_t)smmu_reg_set(0, SMMU_EVENTQ_IRQ_CFG2_MemAttr,
						SMMU_MEMATTR_NGNRE));
}

int arm_smmu_irq_enable(struct arm_smmu *smmu)
{
	bool pri = smmu->features & FEAT_PRI;
	uint64_t on = 0;
	int err = arm_smmu_write_ack(smmu, SMMU_REG_IRQ_CTRL, SMMU_REG_IRQ_CTRLACK, 0);

	if (err) {
		arm_smmu_msg(smmu, IOMMU_MSG_ERROR, "SMMU_IRQ_CTRLACK does not follow");
		return err;
	}
	for (unsigned i = IRQ_EVENTQ; i <= IRQ_GERROR; i++) {
		if (i == IRQ_PRIQ && !pri)
			continue;
		/* No address: no message, the wire alone. */
		if (smmu->features & FEAT_MSI)
			arm_smmu_write64(smmu, sources[i].cfg0, 0);
		if (smmu->use_msi)
			program_msi(smmu, i);
	}
	on = smmu_reg_set(on, SMMU_IRQ_CTRL_EVENTQ_IRQEN, 1);
	on = smmu_reg_set(on, SMMU_IRQ_CTRL_GERROR_IRQEN, 1);
	on = smmu_reg_set(on, SMMU_IRQ_CTRL_PRIQ_IRQEN, pri);
	if (arm_smmu_write_ack(smmu, SMMU_REG_IRQ_CTRL, SMMU_REG_IRQ_CTRLACK,
			       (uint32_t)on))
		arm_smmu_msg(smmu, IOMMU_MSG_WARNING, "interrupts cannot be enabled");
	return 0;
}
