/* SPDX-License-Identifier: MIT */
/*
 * Stepped mode: a command queue by halves. A command is fetched, done, and passed by
 * CONS; an invalidation is done by being handed over: it takes effect later. A CMD_SYNC
 * is done when that has happened to all of its queue (CMD-91), and when no access that
 * was translated before it found them done, and no record of before, is on its way
 * (CMD-78, CMD-79).
 */
#include "model/queue/command.h"
#include "model/run/run.h"

static bool invalidates(const struct smmu_runner *run, const struct smmu_cmdq *q)
{
	for (unsigned i = 0; i < run->n_inv; i++)
		if (run->inv[i].q == q)
			return true;
	return false;
}

/* CMD-79 a */
static bool record_since(const struct smmu_runner *run, uint64_t since)
{
	for (unsigned i = 0; i < run->n_records; i++)
		if (run->record[i].since < since)
			return true;
	return false;
}

/* CMD-78; and nothing that this thread would have to wait for. */
static bool may_sync(struct smmu *smmu, const struct smmu_cmdq *q)
{
	return !smmu_cmdq_sync_pending(smmu) && !smmu->stall_due &&
	       !record_since(smmu->run, q->step.since) &&
	       !smmu_stall_access_since(smmu, q->step.since);
}

static bool may_do(struct smmu *smmu, const struct smmu_cmdq *q)
{
	const struct smmu_command *cmd;
	uint64_t dw[2];

	cmd = smmu_command_decode(smmu, q->step.raw, dw);
	if (!cmd)
		return true;
	if (cmd->kind >= SMMU_CMD_SENDS && smmu->ats && !smmu->front &&
	    !smmu_ats_may_go_on(smmu, q, cmd->kind == SMMU_CMD_SENDS))
		return false;
	if (cmd->kind == SMMU_CMD_INVALIDATES)
		return smmu->run->n_inv < SMMU_RUN_INVS;
	return cmd->kind != SMMU_CMD_SYNCS || may_sync(smmu, q);
}

bool smmu_run_queue_next(struct smmu *smmu, const struct smmu_cmdq *q,
			 enum smmu_half *half)
{
	*half = (enum smmu_half)q->step.half;
	switch (q->step.half) {
	case SMMU_HALF_FETCH:
		return smmu_cmdq_waiting(smmu, q) != 0;
	case SMMU_HALF_BARRIER:
		return !invalidates(smmu->run, q);
	case SMMU_HALF_EFFECT:
		return may_do(smmu, q);
	default:
		return true;
	}
}

bool smmu_run_queue_done(struct smmu *smmu, const struct smmu_cmdq *q)
{
	return q->step.half == SMMU_HALF_FETCH && smmu_cmdq_waiting(smmu, q) == 0;
}

static void fetch(struct smmu *smmu, struct smmu_cmdq *q)
{
	const struct smmu_command *cmd;
	uint64_t dw[2];

	if (!smmu_cmdq_fetch(smmu, q, q->step.raw))
		return;
	cmd = smmu_command_decode(smmu, q->step.raw, dw);
	q->step.half =
		cmd && cmd->kind == SMMU_CMD_SYNCS ? SMMU_HALF_BARRIER : SMMU_HALF_EFFECT;
}

static void effect(struct smmu *smmu, struct smmu_cmdq *q)
{
	struct smmu_runner *run = smmu->run;
	const struct smmu_command *cmd;
	uint64_t dw[2];
	bool done;

	cmd = smmu_command_decode(smmu, q->step.raw, dw);
	/* An invalidation is only found legal here; SMMU_RUN_INVS: may_do(). */
	done = smmu_cmdq_do(smmu, q, q->step.raw,
			    cmd && cmd->kind == SMMU_CMD_INVALIDATES);
	if (done && cmd->kind == SMMU_CMD_INVALIDATES)
		run->inv[run->n_inv++] =
			(struct smmu_run_inv){ { q->step.raw[0], q->step.raw[1] }, q };
	q->step.half = done ? SMMU_HALF_CONS : SMMU_HALF_FETCH;
}

void smmu_run_queue_move(struct smmu *smmu, struct smmu_cmdq *q)
{
	switch (q->step.half) {
	case SMMU_HALF_FETCH:
		fetch(smmu, q);
		break;
	case SMMU_HALF_BARRIER:
		q->step.since = smmu->run->now;
		q->step.half = SMMU_HALF_EFFECT;
		break;
	case SMMU_HALF_EFFECT:
		effect(smmu, q);
		break;
	default:
		smmu_cmdq_consumed(smmu, q);
		q->step.half = SMMU_HALF_FETCH;
		break;
	}
}

/* A fetched command is as if it had not been; a done one is consumed (REG-21, REG-107).
 */
void smmu_run_queue_off(struct smmu *smmu, struct smmu_cmdq *q)
{
	if (q->step.half == SMMU_HALF_CONS)
		smmu_cmdq_consumed(smmu, q);
	q->step.half = SMMU_HALF_FETCH;
}
