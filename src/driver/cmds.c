/* SPDX-License-Identifier: MIT */
/* Batches, and commands with no story of their own. */
#include "driver/cmdq.h"

void arm_smmu_batch_send(struct arm_smmu_batch *b, bool sync)
{
	int err = arm_smmu_cmdq_submit(b->cmdq, b->cmds, b->n, sync);

	if (err && !b->err)
		b->err = err;
	b->n = 0;
}

int arm_smmu_batch_sync(struct arm_smmu_batch *b)
{
	arm_smmu_batch_send(b, true);
	return b->err;
}

int arm_smmu_simple_sync(struct arm_smmu *smmu, uint8_t opcode)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(opcode);

	return arm_smmu_submit(smmu, &cmd, 1, true);
}

int arm_smmu_cfgi_all(struct arm_smmu *smmu)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_CFGI_ALL);

	smmu_set(cmd.dw, SMMU_CMD_CFGI_ALL_Range, 31);
	return arm_smmu_submit(smmu, &cmd, 1, true);
}

int arm_smmu_cfgi_ste(struct arm_smmu *smmu, uint32_t sid)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_CFGI_STE);

	smmu_set(cmd.dw, SMMU_CMD_CFGI_STE_StreamID, sid);
	smmu_set(cmd.dw, SMMU_CMD_CFGI_STE_Leaf, 1);
	return arm_smmu_submit(smmu, &cmd, 1, true);
}

int arm_smmu_cfgi_cd(const struct arm_smmu_master *master, uint32_t ssid, bool leaf)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_CFGI_CD);
	struct arm_smmu_batch b;

	arm_smmu_batch_init(&b, master->smmu);
	smmu_set(cmd.dw, SMMU_CMD_CFGI_CD_SubstreamID, ssid);
	smmu_set(cmd.dw, SMMU_CMD_CFGI_CD_Leaf, leaf);
	for (size_t i = 0; i < master->num_sids; i++) {
		smmu_set(cmd.dw, SMMU_CMD_CFGI_CD_StreamID, master->sids[i]);
		arm_smmu_batch_add(&b, &cmd);
	}
	return arm_smmu_batch_sync(&b);
}

/* With the level-1 descriptors that lead to them, in case those were cached. */
int arm_smmu_cfgi_streams(const struct arm_smmu_master *master)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_CFGI_STE);
	struct arm_smmu_batch b;

	arm_smmu_batch_init(&b, master->smmu);
	for (size_t i = 0; i < master->num_sids; i++) {
		smmu_set(cmd.dw, SMMU_CMD_CFGI_STE_StreamID, master->sids[i]);
		arm_smmu_batch_add(&b, &cmd);
	}
	return arm_smmu_batch_sync(&b);
}

/* A hint, not waited for (DRV-52). */
void arm_smmu_prefetch_cfg(struct arm_smmu *smmu, uint32_t sid)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_PREFETCH_CONFIG);

	smmu_set(cmd.dw, SMMU_CMD_PREFETCH_CONFIG_StreamID, sid);
	if (!(smmu->options & ARM_SMMU_SKIP_PREFETCH))
		arm_smmu_submit(smmu, &cmd, 1, false);
}
