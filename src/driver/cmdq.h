/* SPDX-License-Identifier: MIT */
/*
 * Commands on their way to the SMMU. Commands of one submission are contiguous in
 * the queue (DRV-100); a SYNC waits for all before it, whoever put them there.
 */
#ifndef DRIVER_CMDQ_H
#define DRIVER_CMDQ_H

#include "driver/driver.h"

#define CMDQ_BATCH_MAX 64u

struct arm_smmu_cmd {
	uint64_t dw[SMMU_CMD_DWORDS];
};

/* Collected on the stack; sent when full, and by arm_smmu_batch_sync() (DRV-99). */
struct arm_smmu_batch {
	struct arm_smmu_cmdq *cmdq; /* the SYNC covers no other's (CMD-91) */
	unsigned n, max;
	int err; /* first error of a submission on the way */
	struct arm_smmu_cmd cmds[CMDQ_BATCH_MAX];
};

static inline struct arm_smmu_cmd arm_smmu_cmd(uint8_t opcode)
{
	struct arm_smmu_cmd cmd = { { 0 } };

	smmu_set(cmd.dw, SMMU_CMD_OPCODE, opcode);
	return cmd;
}

/*
 * Puts n (<= CMDQ_BATCH_MAX) commands into the queue, with sync a CMD_SYNC behind
 * them, and waits until that is consumed. -ETIMEDOUT: the SMMU does not move.
 */
int arm_smmu_cmdq_submit(struct arm_smmu_cmdq *cmdq, const struct arm_smmu_cmd *cmds,
			 unsigned n, bool sync);
/* The queue for this CPU's commands: its own where there are many. */
struct arm_smmu_cmdq *arm_smmu_cmdq_of(struct arm_smmu *smmu);
/* cmdq_submit to it. */
int arm_smmu_submit(struct arm_smmu *smmu, const struct arm_smmu_cmd *cmds, unsigned n,
		    bool sync);

static inline void arm_smmu_batch_init(struct arm_smmu_batch *b, struct arm_smmu *smmu)
{
	b->cmdq = arm_smmu_cmdq_of(smmu);
	b->n = 0;
	/* DRV-14: some parts want no long run without a SYNC. */
	b->max = CMDQ_BATCH_MAX - !!(smmu->features & FEAT_CMDQ_FORCE_SYNC);
	b->err = 0;
}
/* It is full: sent, with a SYNC where it may not run on. */
void arm_smmu_batch_send(struct arm_smmu_batch *b, bool sync);

static inline void arm_smmu_batch_add(struct arm_smmu_batch *b,
				      const struct arm_smmu_cmd *cmd)
{
	if (b->n == b->max)
		arm_smmu_batch_send(b, b->max < CMDQ_BATCH_MAX);
	b->cmds[b->n++] = *cmd;
}
/* Sends what is left, and waits for everything of the batch. */
int arm_smmu_batch_sync(struct arm_smmu_batch *b);

/* cmdq.c: memory, and the ring over it. -ENOMEM. */
int arm_smmu_cmdq_alloc(struct arm_smmu *smmu, struct arm_smmu_cmdq *cmdq, unsigned log2,
			uint32_t prod_reg, uint32_t cons_reg);
void arm_smmu_cmdq_free(struct arm_smmu *smmu, struct arm_smmu_cmdq *cmdq);
/* Empty again, both here and in the registers; the SMMU does not look at it. */
void arm_smmu_cmdq_start(struct arm_smmu_cmdq *cmdq, uint32_t base_reg);
/* Writes PROD as it should be by now; from anywhere, also from within itself. */
void arm_smmu_cmdq_kick(struct arm_smmu_cmdq *cmdq);
/* gerror.c: what SMMU_CERROR_* at `cons` asks for, but the acknowledgement (DRV-102). */
void arm_smmu_cmdq_repair(struct arm_smmu_cmdq *cmdq, uint32_t cons, uint64_t reason);

/*
 * ecmdq.c: queues of their own for CPUs, where the SMMU has them and there is memory
 * (REG-105). recover: true if one had an error; it moves again.
 */
void arm_smmu_ecmdq_init(struct arm_smmu *smmu);
void arm_smmu_ecmdq_fini(struct arm_smmu *smmu);
int arm_smmu_ecmdq_enable(struct arm_smmu *smmu);
void arm_smmu_ecmdq_disable(struct arm_smmu *smmu);
bool arm_smmu_ecmdq_recover(struct arm_smmu *smmu);
/* Whether this value of a CONS register says that the queue has stopped. */
bool arm_smmu_cmdq_stopped(const struct arm_smmu_cmdq *cmdq, uint32_t cons);

/* cmds.c. DRV-18, DRV-52, DRV-53: configuration caches, each with its SYNC. */
int arm_smmu_cfgi_all(struct arm_smmu *smmu);
int arm_smmu_cfgi_ste(struct arm_smmu *smmu, uint32_t sid);
int arm_smmu_cfgi_streams(const struct arm_smmu_master *master);
int arm_smmu_cfgi_cd(const struct arm_smmu_master *master, uint32_t ssid, bool leaf);
/* One command without operands, and its SYNC. */
int arm_smmu_simple_sync(struct arm_smmu *smmu, uint8_t opcode);
void arm_smmu_prefetch_cfg(struct arm_smmu *smmu, uint32_t sid);

/* inval.c: everything of the domain, with its SYNCs (DRV-65). */
int arm_smmu_inv_domain(struct arm_smmu_domain *domain);
/*
 * [iova, iova + size) in pages of `granule` bytes; leaf: no table descriptors are
 * concerned. With its SYNCs (DRV-66 to DRV-69, DRV-79). Nothing, if no device is
 * attached. Takes no lock.
 */
int arm_smmu_inv_range(struct arm_smmu_domain *domain, uint64_t iova, uint64_t size,
		       uint64_t granule, bool leaf);

#endif /* DRIVER_CMDQ_H */
