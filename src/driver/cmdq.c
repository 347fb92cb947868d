/* SPDX-License-Identifier: MIT */
/*
 * The command queue, with one producer lock. The lock is held to put commands in
 * and to look at CONS, never while waiting for a SYNC: producers wait side by side.
 */
#include <errno.h>
#include "driver/cmdq.h"
#include "driver/queue.h"

static void cmdq_lock(struct arm_smmu_cmdq *cmdq)
{
	pthread_mutex_lock(&cmdq->lock);
	__atomic_store_n(&cmdq->owner, (uintptr_t)pthread_self(), __ATOMIC_RELAXED);
}

static void cmdq_unlock(struct arm_smmu *smmu)
{
	struct arm_smmu_cmdq *cmdq = &smmu->cmdq;
	bool deferred = __atomic_exchange_n(&cmdq->deferred, false, __ATOMIC_ACQ_REL);

	__atomic_store_n(&cmdq->owner, 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&cmdq->lock);
	if (deferred) {
		arm_smmu_evtq_handler(smmu);
		arm_smmu_priq_handler(smmu);
	}
}

bool arm_smmu_cmdq_defer(struct arm_smmu *smmu)
{
	struct arm_smmu_cmdq *cmdq = &smmu->cmdq;

	/* Another thread's id may be anything; one's own is there if one holds it. */
	if (__atomic_load_n(&cmdq->owner, __ATOMIC_RELAXED) != (uintptr_t)pthread_self())
		return false;
	__atomic_store_n(&cmdq->deferred, true, __ATOMIC_RELEASE);
	return true;
}

/* How far the SMMU is by now. Lock: cmdq.lock, or laps could go unseen. */
static void refresh_consumed(struct arm_smmu *smmu)
{
	struct arm_smmu_cmdq *cmdq = &smmu->cmdq;
	const struct arm_smmu_queue *q = &cmdq->q;
	uint32_t cons = arm_smmu_read32(smmu, q->cons_reg);
	uint32_t ahead = queue_index(q, cons - (uint32_t)cmdq->consumed);

	/* More than is outstanding: a register that reads as rubbish. */
	if (ahead <= cmdq->produced - cmdq->consumed)
		cmdq->consumed += ahead;
	/* An error that no interrupt told of stops the queue for good. */
	if (smmu_reg_get(cons, SMMU_CMDQ_CONS_ERR))
		arm_smmu_gerror_handler(smmu);
}

static void report_timeout(struct arm_smmu *smmu, const char *what)
{
	char text[512];

	arm_smmu_count(smmu, COUNT_TIMEOUTS, 1);
	arm_smmu_dump(smmu, text, sizeof(text));
	arm_smmu_msg(smmu, IOMMU_MSG_ERROR, "%s timed out: %.180s", what, text);
}

/*
 * Room for n commands. Lock: cmdq.lock.
 * CHOICE: DRV-96 would wait for ever; a process that hangs with a dead device helps
 * nobody, so the wait ends, with an error to the caller and nothing put in.
 */
static int wait_for_room(struct arm_smmu *smmu, unsigned n)
{
	struct arm_smmu_cmdq *cmdq = &smmu->cmdq;
	uint64_t size = UINT64_C(1) << cmdq->q.log2;
	struct arm_smmu_wait w;

	arm_smmu_wait_begin(smmu, &w);
	while (size - (cmdq->produced - cmdq->consumed) < n) {
		refresh_consumed(smmu);
		if (size - (cmdq->produced - cmdq->consumed) >= n)
			break;
		if (!arm_smmu_wait_more(smmu, &w))
			return -ETIMEDOUT;
	}
	return 0;
}

static void put(struct arm_smmu_cmdq *cmdq, const struct arm_smmu_cmd *cmd)
{
	hwword_t *at = queue_entry(&cmdq->q, (uint32_t)cmdq->produced);

	for (unsigned i = 0; i < SMMU_CMD_DWORDS; i++)
		hw_store(&at[i], cmd->dw[i]);
	cmdq->produced++;
}

/* DRV-98: completion is seen in CONS; an event may shorten the wait of a CPU. */
static struct arm_smmu_cmd sync_cmd(const struct arm_smmu *smmu)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_SYNC);

	smmu_set(cmd.dw, SMMU_CMD_SYNC_CS,
		 smmu->features & FEAT_SEV ? SMMU_CS_SEV : SMMU_CS_NONE);
	return cmd;
}

static void count_commands(struct arm_smmu *smmu, const struct arm_smmu_cmd *cmds,
			   unsigned n, bool sync)
{
	unsigned tlbi = 0, cfgi = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned op = (unsigned)smmu_get(cmds[i].dw, SMMU_CMD_OPCODE);

		tlbi += op >= SMMU_OP_TLBI_NH_ALL && op <= SMMU_OP_TLBI_NSNH_ALL;
		cfgi += op >= SMMU_OP_CFGI_STE && op <= SMMU_OP_CFGI_CD_ALL;
	}
	arm_smmu_count(smmu, COUNT_COMMANDS, n + sync);
	arm_smmu_count(smmu, COUNT_SYNCS, sync);
	arm_smmu_count(smmu, COUNT_TLBI, tlbi);
	arm_smmu_count(smmu, COUNT_CFGI, cfgi);
}

/* Until everything up to `target` is consumed. No lock held. */
static int wait_consumed(struct arm_smmu *smmu, uint64_t target)
{
	struct arm_smmu_cmdq *cmdq = &smmu->cmdq;
	struct arm_smmu_wait w;

	arm_smmu_wait_begin(smmu, &w);
	for (;;) {
		bool done;

		cmdq_lock(cmdq);
		if (cmdq->consumed < target)
			refresh_consumed(smmu);
		done = cmdq->consumed >= target;
		cmdq_unlock(smmu);
		if (done)
			return 0;
		if (!arm_smmu_wait_more(smmu, &w)) {
			report_timeout(smmu, "CMD_SYNC");
			return -ETIMEDOUT;
		}
	}
}

int arm_smmu_submit(struct arm_smmu *smmu, const struct arm_smmu_cmd *cmds, unsigned n,
		    bool sync)
{
	struct arm_smmu_cmdq *cmdq = &smmu->cmdq;
	struct arm_smmu_cmd last = sync_cmd(smmu);
	uint64_t target = 0;
	int err;

	cmdq_lock(cmdq);
	err = wait_for_room(smmu, n + sync);
	if (!err) {
		for (unsigned i = 0; i < n; i++)
			put(cmdq, &cmds[i]);
		if (sync)
			put(cmdq, &last);
		target = cmdq->produced;
		count_commands(smmu, cmds, n, sync);
		cmdq->q.prod = queue_index(&cmdq->q, (uint32_t)target);
		/* Orders the commands before the index (platform.h). */
		arm_smmu_write32(smmu, cmdq->q.prod_reg, cmdq->q.prod);
	}
	cmdq_unlock(smmu);
	if (err)
		report_timeout(smmu, "the command queue is full and");
	else if (sync)
		err = wait_consumed(smmu, target);
	return err;
}

static void batch_send(struct arm_smmu_batch *b, bool sync)
{
	int err = arm_smmu_submit(b->smmu, b->cmds, b->n, sync);

	if (err && !b->err)
		b->err = err;
	b->n = 0;
}

void arm_smmu_batch_add(struct arm_smmu_batch *b, const struct arm_smmu_cmd *cmd)
{
	/* DRV-14: some parts want no long run without a SYNC. */
	if ((b->smmu->features & FEAT_CMDQ_FORCE_SYNC) && b->n == CMDQ_BATCH_MAX - 1)
		batch_send(b, true);
	if (b->n == CMDQ_BATCH_MAX)
		batch_send(b, false);
	b->cmds[b->n++] = *cmd;
}

int arm_smmu_batch_sync(struct arm_smmu_batch *b)
{
	batch_send(b, true);
	return b->err;
}

/* ---- Commands with no story of their own ---- */

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
	struct arm_smmu_batch b = { .smmu = master->smmu };

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
	struct arm_smmu_batch b = { .smmu = master->smmu };

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
