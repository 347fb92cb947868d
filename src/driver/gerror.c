/* SPDX-License-Identifier: MIT */
/* Global errors, and what is to be done about them (DRV-101, DRV-102). */
#include "driver/cmdq.h"
#include "driver/queue.h"

/*
 * An error that comes back at once (a command queue in a hole of memory) must not
 * keep its handler for ever; whoever waits for the queue calls again.
 */
#define ROUNDS_MAX 64u

static const struct {
	unsigned field;
	const char *words;
} reports[] = {
	{ SMMU_GERROR_SFM_ERR, "the SMMU has entered service failure mode" },
	{ SMMU_GERROR_MSI_GERROR_ABT_ERR, "the write of the GERROR MSI aborted" },
	{ SMMU_GERROR_MSI_PRIQ_ABT_ERR, "the write of the PRI queue's MSI aborted" },
	{ SMMU_GERROR_MSI_EVENTQ_ABT_ERR, "the write of the event queue's MSI aborted" },
	{ SMMU_GERROR_MSI_CMDQ_ABT_ERR, "the write of a CMD_SYNC's MSI aborted" },
	{ SMMU_GERROR_PRIQ_ABT_ERR,
	  "a write to the PRI queue aborted: requests are lost" },
	{ SMMU_GERROR_EVENTQ_ABT_ERR,
	  "a write to the event queue aborted: events are lost" },
};

/*
 * The command at CONS was refused. It becomes a CMD_SYNC, so that those behind it
 * run and whoever waits is served; nothing runs twice (DRV-102).
 */
static void skip_command(struct arm_smmu_cmdq *cmdq, uint32_t cons, const char *what)
{
	const struct arm_smmu_queue *q = &cmdq->q;
	hwword_t *at = queue_entry(q, cons);
	struct arm_smmu_cmd sync = arm_smmu_cmd(SMMU_OP_SYNC);

	arm_smmu_msg(cmdq->smmu, IOMMU_MSG_ERROR,
		     "command queue: %s at index %u: %016llx %016llx; skipped", what,
		     cons & ((1u << q->log2) - 1), (unsigned long long)hw_load(&at[0]),
		     (unsigned long long)hw_load(&at[1]));
	for (unsigned i = 0; i < SMMU_CMD_DWORDS; i++)
		hw_store(&at[i], sync.dw[i]);
}

void arm_smmu_cmdq_repair(struct arm_smmu_cmdq *cmdq, uint32_t cons, uint64_t reason)
{
	struct arm_smmu *smmu = cmdq->smmu;

	arm_smmu_count(smmu, COUNT_CMDQ_ERRORS, 1);
	switch (reason) {
	case SMMU_CERROR_NONE:
		break;
	case SMMU_CERROR_ABT:
		arm_smmu_msg(smmu, IOMMU_MSG_ERROR,
			     "command queue: the fetch of a command aborted; retried");
		break;
	case SMMU_CERROR_ATC_INV_SYNC:
		/* The SYNC is run again, and waits for what is still on its way. */
		arm_smmu_msg(smmu, IOMMU_MSG_ERROR,
			     "command queue: ATC invalidation timed out");
		break;
	case SMMU_CERROR_ILL:
		skip_command(cmdq, cons, "illegal command");
		break;
	default:
		skip_command(cmdq, cons, "unknown error");
	}
}

static void recover_cmdq(struct arm_smmu *smmu)
{
	uint32_t cons = arm_smmu_read32(smmu, smmu->cmdq.q.cons_reg);

	arm_smmu_cmdq_repair(&smmu->cmdq, cons, smmu_reg_get(cons, SMMU_CMDQ_CONS_ERR));
}

static bool handle(struct arm_smmu *smmu)
{
	uint32_t gerror = arm_smmu_read32(smmu, SMMU_REG_GERROR);
	uint32_t active = gerror ^ arm_smmu_read32(smmu, SMMU_REG_GERRORN);

	/*
	 * CMDQP_ERR says of the first error only that there was one (REG-110): the
	 * queues themselves are asked, after it is acknowledged.
	 */
	if (!active)
		return arm_smmu_ecmdq_recover(smmu);
	arm_smmu_count(smmu, COUNT_GERRORS, 1);
	for (unsigned i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		if (smmu_reg_get(active, reports[i].field))
			arm_smmu_msg(smmu, IOMMU_MSG_ERROR, "%s", reports[i].words);
	if (smmu_reg_get(active, SMMU_GERROR_SFM_ERR))
		arm_smmu_disable(smmu);
	if (smmu_reg_get(active, SMMU_GERROR_CMDQ_ERR))
		recover_cmdq(smmu);
	/* Acknowledged last: the queue moves again, with its command repaired. */
	arm_smmu_write32(smmu, SMMU_REG_GERRORN, gerror);
	return true;
}

void arm_smmu_gerror_handler(void *arg)
{
	struct arm_smmu *smmu = arg;
	unsigned rounds = 0;
	bool again;

	if (!arm_smmu_gate_enter(&smmu->gerror_gate))
		return;
	do {
		while (rounds < ROUNDS_MAX && handle(smmu))
			rounds++;
		again = arm_smmu_gate_leave(&smmu->gerror_gate);
	} while (again && rounds < ROUNDS_MAX);
	/* Out of patience, but still inside; once out, the gate may be another's. */
	if (again)
		__atomic_store_n(&smmu->gerror_gate.pending, 0, __ATOMIC_RELEASE);
}
