/* SPDX-License-Identifier: MIT */
/* Stepped mode: who may move, in an order that depends on the state alone; one move. */
#include <errno.h>
#include <stddef.h>
#include "model/run/run.h"
#include "model/stall/stall.h"

/* Where the moves go: into a list, or the one that is wanted is kept. */
struct listing {
	struct smmu_move *out, kept;
	unsigned max, wanted, n;
};

static void offer(struct listing *l, enum smmu_agent agent, enum smmu_half half,
		  uint32_t index, uint64_t ticket)
{
	const struct smmu_move move = { (uint8_t)agent, (uint8_t)half, index, ticket };

	if (l->n < l->max)
		l->out[l->n] = move;
	if (l->n == l->wanted)
		l->kept = move;
	l->n++;
}

static uint32_t number(const struct smmu *smmu, const struct smmu_cmdq *q)
{
	return q == &smmu->cmdq ? 0 : (uint32_t)(q - smmu->ecmdq) + 1;
}

static void list_queues(struct smmu *smmu, struct listing *l)
{
	enum smmu_half half;

	for (struct smmu_cmdq *q = smmu->cmdq_kicked; q; q = q->next)
		if (smmu_run_queue_next(smmu, q, &half))
			offer(l, SMMU_AGENT_QUEUE, half, number(smmu, q), 0);
}

static void list_dma(struct smmu *smmu, struct listing *l)
{
	const struct smmu_stalls *s = smmu->stalls;
	uint32_t index = 0;

	for (uint32_t i = s->started.head; i != SMMU_HELD_NONE && !s->working;
	     i = s->held[i].next)
		offer(l, SMMU_AGENT_DMA,
		      s->held[i].state == SMMU_HELD_STARTED ? SMMU_HALF_TRANSLATE
							    : SMMU_HALF_ACCESS,
		      index++, smmu_held_ticket(s, i));
}

static void list_all(struct smmu *smmu, struct listing *l)
{
	const struct smmu_runner *run = smmu->run;

	list_queues(smmu, l);
	for (uint32_t i = 0; i < run->n_inv; i++)
		offer(l, SMMU_AGENT_INVALIDATION, SMMU_HALF_WHOLE, i, 0);
	if (smmu_run_oldest(run, false) < run->n_records)
		offer(l, SMMU_AGENT_EVENTQ, SMMU_HALF_WHOLE, 0, 0);
	if (smmu_run_oldest(run, true) < run->n_records)
		offer(l, SMMU_AGENT_PRIQ, SMMU_HALF_WHOLE, 0, 0);
	for (uint32_t i = 0; i < smmu->n_signals; i++)
		offer(l, SMMU_AGENT_SIGNAL, SMMU_HALF_WHOLE, i, 0);
	if (smmu->ats && smmu_ats_has_message(smmu))
		offer(l, SMMU_AGENT_MESSAGE, SMMU_HALF_WHOLE, 0, 0);
	if (smmu->stall_due && !smmu->stalls->working)
		offer(l, SMMU_AGENT_STALL, SMMU_HALF_WHOLE, 0, 0);
	list_dma(smmu, l);
}

/* Queues that have nothing to do leave the list: it is as long as what there is to do. */
static void prune(struct smmu *smmu)
{
	struct smmu_cmdq **link = &smmu->cmdq_kicked;

	while (*link) {
		struct smmu_cmdq *q = *link;

		if (!smmu_run_queue_done(smmu, q)) {
			link = &q->next;
			continue;
		}
		*link = q->next;
		q->kicked = false;
	}
	smmu->cmdq_kicked_end = link;
}

static struct smmu_cmdq *queue(struct smmu *smmu, uint32_t index)
{
	return index ? &smmu->ecmdq[index - 1] : &smmu->cmdq;
}

static void take(struct smmu *smmu, const struct smmu_move *move)
{
	struct smmu_runner *run = smmu->run;

	run->now++;
	switch (move->agent) {
	case SMMU_AGENT_QUEUE:
		smmu_run_queue_move(smmu, queue(smmu, move->index));
		break;
	case SMMU_AGENT_INVALIDATION:
		smmu_run_do_inv(smmu, move->index);
		break;
	case SMMU_AGENT_EVENTQ:
	case SMMU_AGENT_PRIQ:
		smmu_run_write_record(
			smmu, smmu_run_oldest(run, move->agent == SMMU_AGENT_PRIQ));
		break;
	case SMMU_AGENT_SIGNAL:
		smmu_signal_send(smmu, move->index);
		break;
	case SMMU_AGENT_MESSAGE:
		(void)smmu_ats_deliver(smmu);
		break;
	case SMMU_AGENT_STALL:
		(void)smmu_stall_work(smmu);
		break;
	default:
		smmu_stall_move(smmu, move->ticket, run->now);
		break;
	}
}

/* With the lock, which is free in between where handlers run. */
static void move_one(struct smmu *smmu, const struct smmu_move *move, unsigned of)
{
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_STEP, .stage = move->half,
		   .level = (int8_t)move->agent, .addr = move->index, .value = of);
	take(smmu, move);
	if (smmu->reset_wanted)
		smmu_deliver(smmu);
}

static int begin(struct smmu *smmu)
{
	if (!smmu || smmu->cfg.mode != SMMU_MODE_STEPPED)
		return -EINVAL;
	if (!smmu_lock(smmu))
		return -EDEADLK;
	prune(smmu);
	return 0;
}

int smmu_moves(struct smmu *smmu, struct smmu_move *moves, unsigned max)
{
	struct listing l = { .out = moves, .max = moves ? max : 0, .wanted = UINT32_MAX };
	int err = begin(smmu);

	if (err)
		return err;
	list_all(smmu, &l);
	smmu_lock_drop(&smmu->lock);
	return (int)l.n;
}

int smmu_step_nth(struct smmu *smmu, unsigned n)
{
	struct listing l = { .wanted = n };
	int err = begin(smmu);

	if (err)
		return err;
	list_all(smmu, &l);
	if (n < l.n)
		move_one(smmu, &l.kept, l.n);
	smmu_lock_drop(&smmu->lock);
	return n < l.n ? 1 : -ERANGE;
}

/* Steele, Lea, Flood: SplitMix64; any seed will do, 0 too. */
static uint64_t next_random(struct smmu_runner *run)
{
	uint64_t z = run->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int smmu_step(struct smmu *smmu)
{
	int n = smmu_moves(smmu, NULL, 0);

	if (n <= 0)
		return n;
	return smmu_step_nth(smmu, (unsigned)(next_random(smmu->run) % (unsigned)n));
}
