/* SPDX-License-Identifier: MIT */
/* Global errors (IHI 0070 7.5; REG-62 to REG-71, EVT-88 to EVT-95). */
#include "model/model.h"

void smmu_gerror_raise(struct smmu *smmu, unsigned field)
{
	uint32_t bit = (uint32_t)SMMU_MASK(field);

	/* EVT-89: an error that is active already leaves no trace. */
	if ((smmu->regs.gerror ^ smmu->regs.gerrorn) & bit)
		return;
	smmu_reg_put(&smmu->regs.gerror, smmu->regs.gerror ^ bit);
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_GERROR, .value = smmu->regs.gerror);
	/* EVT-91: a GERROR MSI that aborts must not call for another. */
	if (field != SMMU_GERROR_MSI_GERROR_ABT_ERR)
		smmu_irq_signal(smmu, SMMU_IRQ_GERROR);
}
