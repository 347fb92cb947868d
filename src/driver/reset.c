/* SPDX-License-Identifier: MIT */
/* From whatever firmware left to a running SMMU (DRV-15 to DRV-19). */
#include "driver/cmdq.h"
#include "driver/queue.h"
#include "driver/strtab.h"

static int set_cr0(struct arm_smmu *smmu, uint32_t cr0)
{
	int err = arm_smmu_write_ack(smmu, SMMU_REG_CR0, SMMU_REG_CR0ACK, cr0);

	if (err)
		arm_smmu_msg(smmu, IOMMU_MSG_ERROR,
			     "SMMU_CR0ACK does not follow SMMU_CR0 = %#x", cr0);
	return err;
}

static uint32_t with(uint32_t reg, unsigned field)
{
	return (uint32_t)smmu_reg_set(reg, field, 1);
}

/* Everything without a stream table is aborted (DRV-6). */
static int abort_bypass(struct arm_smmu *smmu)
{
	uint32_t update = (uint32_t)SMMU_MASK(SMMU_GBPA_Update), gbpa;
	int err = arm_smmu_wait_reg(smmu, SMMU_REG_GBPA, update, 0);

	if (err)
		return err;
	gbpa = with(arm_smmu_read32(smmu, SMMU_REG_GBPA), SMMU_GBPA_ABORT);
	arm_smmu_write32(smmu, SMMU_REG_GBPA, gbpa | update);
	return arm_smmu_wait_reg(smmu, SMMU_REG_GBPA, update, 0);
}

int arm_smmu_disable(struct arm_smmu *smmu)
{
	arm_smmu_ecmdq_disable(smmu);
	return set_cr0(smmu, 0);
}

/* DRV-15: a transaction between off and on must not slip through. */
static int quiesce(struct arm_smmu *smmu)
{
	if (smmu_reg_get(arm_smmu_read32(smmu, SMMU_REG_CR0), SMMU_CR0_SMMUEN)) {
		arm_smmu_msg(smmu, IOMMU_MSG_WARNING, "the SMMU was on already");
		if (abort_bypass(smmu))
			arm_smmu_msg(smmu, IOMMU_MSG_WARNING,
				     "SMMU_GBPA.Update does not clear");
	}
	return arm_smmu_disable(smmu);
}

/* DRV-16, DRV-17 */
static void set_up(struct arm_smmu *smmu)
{
	uint64_t cr1 = 0, cr2 = 0;

	cr1 = smmu_reg_set(cr1, SMMU_CR1_TABLE_SH, SMMU_SHARE_ISH);
	cr1 = smmu_reg_set(cr1, SMMU_CR1_TABLE_OC, SMMU_TABLECACHE_WB);
	cr1 = smmu_reg_set(cr1, SMMU_CR1_TABLE_IC, SMMU_TABLECACHE_WB);
	cr1 = smmu_reg_set(cr1, SMMU_CR1_QUEUE_SH, SMMU_SHARE_ISH);
	cr1 = smmu_reg_set(cr1, SMMU_CR1_QUEUE_OC, SMMU_TABLECACHE_WB);
	cr1 = smmu_reg_set(cr1, SMMU_CR1_QUEUE_IC, SMMU_TABLECACHE_WB);
	arm_smmu_write32(smmu, SMMU_REG_CR1, (uint32_t)cr1);
	cr2 = smmu_reg_set(cr2, SMMU_CR2_PTM, 1);
	cr2 = smmu_reg_set(cr2, SMMU_CR2_RECINVSID, 1);
	cr2 = smmu_reg_set(cr2, SMMU_CR2_E2H, (smmu->features & FEAT_E2H) != 0);
	arm_smmu_write32(smmu, SMMU_REG_CR2, (uint32_t)cr2);
	arm_smmu_write64(smmu, SMMU_REG_STRTAB_BASE, arm_smmu_strtab_base(smmu));
	arm_smmu_write32(smmu, SMMU_REG_STRTAB_BASE_CFG, arm_smmu_strtab_cfg(smmu));
}

static void start_queue(struct arm_smmu *smmu, uint32_t base_reg,
			struct arm_smmu_queue *q)
{
	q->prod = q->cons = 0;
	arm_smmu_write64(smmu, base_reg, arm_smmu_queue_base(q));
	arm_smmu_write32(smmu, q->prod_reg, 0);
	arm_smmu_write32(smmu, q->cons_reg, 0);
}

/* DRV-18: nothing from before is cached. */
static int invalidate_all(struct arm_smmu *smmu)
{
	int err = arm_smmu_cfgi_all(smmu);

	if (!err && (smmu->features & FEAT_HYP))
		err = arm_smmu_simple_sync(smmu, SMMU_OP_TLBI_EL2_ALL);
	if (!err)
		err = arm_smmu_simple_sync(smmu, SMMU_OP_TLBI_NSNH_ALL);
	return err;
}

/* GERROR bits from before concern nobody any more. */
static void forget_errors(struct arm_smmu *smmu)
{
	arm_smmu_write32(smmu, SMMU_REG_GERRORN, arm_smmu_read32(smmu, SMMU_REG_GERROR));
}

/* DRV-19 */
static int start_consumers(struct arm_smmu *smmu, uint32_t cr0)
{
	int err;

	start_queue(smmu, SMMU_REG_EVENTQ_BASE, &smmu->evtq);
	cr0 = with(cr0, SMMU_CR0_EVENTQEN);
	err = set_cr0(smmu, cr0);
	if (!err && (smmu->features & FEAT_PRI)) {
		start_queue(smmu, SMMU_REG_PRIQ_BASE, &smmu->priq);
		cr0 = with(cr0, SMMU_CR0_PRIQEN);
		err = set_cr0(smmu, cr0);
	}
	if (!err && (smmu->features & FEAT_ATS)) {
		cr0 = with(cr0, SMMU_CR0_ATSCHK);
		err = set_cr0(smmu, cr0);
	}
	if (!err)
		err = arm_smmu_irq_enable(smmu);
	if (!err)
		err = set_cr0(smmu, with(cr0, SMMU_CR0_SMMUEN));
	return err;
}

int arm_smmu_enable(struct arm_smmu *smmu)
{
	uint32_t cr0 = with(0, SMMU_CR0_CMDQEN);
	int err = quiesce(smmu);

	if (err)
		return err;
	set_up(smmu);
	arm_smmu_cmdq_start(&smmu->cmdq, SMMU_REG_CMDQ_BASE);
	forget_errors(smmu);
	err = set_cr0(smmu, cr0);
	if (!err)
		err = invalidate_all(smmu);
	if (!err)
		err = arm_smmu_ecmdq_enable(smmu);
	if (!err)
		err = start_consumers(smmu, cr0);
	if (err)
		arm_smmu_disable(smmu);
	return err;
}
