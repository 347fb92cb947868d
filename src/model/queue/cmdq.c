/* SPDX-License-Identifier: MIT */
/*
 * The command queues: fetch, order, errors (IHI 0070 3.5, 4.1, 7.1; REG-89 to REG-95),
 * and the same for each ECMDQ (3.5.6; REG-105 to REG-114, CMD-90 to CMD-94).
 *
 * A queue that may have something to do is kicked. Kicked queues wait in a list and
 * take turns, each for as long as nothing stops it: this is the interleaving of ECMDQs
 * (CHOICE, CMD-90).
 */
#include "model/queue/command.h"
#include "model/queue/ring.h"

/* The two kinds of CONS and of PROD have their indexes in the same place. */
_Static_assert((int)SMMU_ECMDQ_CONS_RD == (int)SMMU_CMDQ_CONS_RD &&
		       (int)SMMU_ECMDQ_PROD_WR == (int)SMMU_CMDQ_PROD_WR,
	       "one layout of indexes");

static bool is_main(const struct smmu *smmu, const struct smmu_cmdq *q)
{
	return q == &smmu->cmdq;
}

static bool error_active(const struct smmu *smmu, const struct smmu_cmdq *q)
{
	if (is_main(smmu, q))
		return (smmu->regs.gerror ^ smmu->regs.gerrorn) &
		       SMMU_MASK(SMMU_GERROR_CMDQ_ERR);
	/* CMD-93. CHOICE (REG-111): however they came to differ. */
	return smmu_reg_get(q->cons, SMMU_ECMDQ_CONS_ERR) !=
	       smmu_reg_get(q->prod, SMMU_ECMDQ_PROD_ERRACK);
}

static bool enabled(const struct smmu *smmu, const struct smmu_cmdq *q)
{
	if (is_main(smmu, q))
		return smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_CMDQEN);
	return smmu_reg_get(q->cons, SMMU_ECMDQ_CONS_ENACK);
}

/*
 * CMD-78: a CMD_SYNC does not complete before the MSIs of earlier ones are visible or
 * their abort is in GERROR. So nothing is consumed while one waits to be sent, from
 * whichever queue: their signals must not merge.
 */
static bool sync_pending(const struct smmu *smmu)
{
	for (unsigned i = 0; i < smmu->n_signals; i++)
		if (smmu->signal[i].irq == SMMU_IRQ_CMD_SYNC)
			return true;
	return false;
}

/* EVT-81, REG-110: RD stays on the command; all is visible before GERROR is. */
static void stop(struct smmu *smmu, struct smmu_cmdq *q, unsigned cerror)
{
	uint64_t cons = q->cons;

	if (is_main(smmu, q)) {
		q->cons = (uint32_t)smmu_reg_set(cons, SMMU_CMDQ_CONS_ERR, cerror);
		smmu_gerror_raise(smmu, SMMU_GERROR_CMDQ_ERR);
		return;
	}
	cons = smmu_reg_set(cons, SMMU_ECMDQ_CONS_ERR_REASON, cerror);
	q->cons = (uint32_t)(cons ^ SMMU_MASK(SMMU_ECMDQ_CONS_ERR));
	smmu_gerror_raise(smmu, SMMU_GERROR_CMDQP_ERR);
}

/* In traces: 0 the main queue, n + 1 ECMDQ n. */
static uint64_t number(const struct smmu *smmu, const struct smmu_cmdq *q)
{
	return is_main(smmu, q) ? 0 : (uint64_t)(q - smmu->ecmdq) + 1;
}

static unsigned fetch(struct smmu *smmu, const struct smmu_cmdq *q,
		      const struct smmu_ring *ring, uint64_t dw[2])
{
	uint64_t pa = smmu_ring_addr(ring, q->cons);

	for (unsigned i = 0; i < 2; i++)
		if (smmu_bus_read64(smmu->bus, pa + 8 * i, &dw[i], &ring->attr) != 0)
			return SMMU_CERROR_ABT;
	return SMMU_CERROR_NONE;
}

/* CMD-3, Q-19, REG-114: a queue that was full wakes whoever waits for room. */
static void consumed(struct smmu *smmu, struct smmu_cmdq *q, const struct smmu_ring *ring)
{
	if (smmu->cfg.sev && smmu_ring_full(ring, q->prod, q->cons))
		smmu_irq_signal(smmu, SMMU_IRQ_SEV);
	q->cons = (uint32_t)smmu_reg_set(q->cons, SMMU_CMDQ_CONS_RD,
					 smmu_ring_inc(ring, q->cons));
	smmu->stats.commands++;
}

/* To functions: done by the front, if there is one, and waited for there. */
static bool done_in_front(const struct smmu *smmu, const uint64_t *dw)
{
	uint64_t op = smmu_get(dw, SMMU_CMD_OPCODE);

	return smmu->front && (op == SMMU_OP_ATC_INV || op == SMMU_OP_PRI_RESP);
}

/* One command, refused: by the front. False: the queue stops here. */
static bool step(struct smmu *smmu, struct smmu_cmdq *q, const struct smmu_ring *ring,
		 unsigned refused)
{
	uint64_t raw[2], dw[2];
	unsigned cerror = fetch(smmu, q, ring, raw);

	if (cerror == SMMU_CERROR_NONE) {
		cerror = smmu_command_check(smmu, raw, dw);
		if (cerror == SMMU_CERROR_NONE && smmu->ats && !smmu->front &&
		    smmu_ats_holds(smmu, q, dw))
			return false;
		if (cerror == SMMU_CERROR_NONE)
			cerror = refused;
		SMMU_TRACE(smmu, .kind = SMMU_TRACE_COMMAND,
			   .addr = smmu_ring_addr(ring, q->cons),
			   .value = number(smmu, q), .dw = raw);
		if (cerror == SMMU_CERROR_NONE && !done_in_front(smmu, dw))
			cerror = smmu_command_run(smmu, dw);
	}
	if (cerror != SMMU_CERROR_NONE) {
		stop(smmu, q, cerror);
		return false;
	}
	consumed(smmu, q, ring);
	return true;
}

static void put_last(struct smmu *smmu, struct smmu_cmdq *q)
{
	if (q->kicked)
		return;
	q->kicked = true;
	q->next = NULL;
	*smmu->cmdq_kicked_end = q;
	smmu->cmdq_kicked_end = &q->next;
}

static struct smmu_cmdq *take_first(struct smmu *smmu)
{
	struct smmu_cmdq *q = smmu->cmdq_kicked;

	smmu->cmdq_kicked = q->next;
	if (!q->next)
		smmu->cmdq_kicked_end = &smmu->cmdq_kicked;
	q->kicked = false;
	return q;
}

/* No command and no fetch changes registers, so that enable and error stay as they are.
 */
static void run_one(struct smmu *smmu, struct smmu_cmdq *q)
{
	unsigned refused = SMMU_CERROR_NONE;
	struct smmu_ring ring;
	uint32_t count, ahead = 0; /* commands from CONS on that the front has done */

	if (!enabled(smmu, q) || error_active(smmu, q))
		return;
	ring = smmu_ring_of(smmu, q->base, smmu->cfg.cmdqs, 4);
	count = smmu_ring_count(&ring, q->prod, q->cons);
	/* CHOICE (REG-86): inconsistent indexes, nothing is consumed. */
	if (count > 1u << ring.log2)
		return;
	smmu->cmdq_running = q;
	for (; count > 0; count--) {
		if (sync_pending(smmu)) {
			put_last(smmu, q);
			return;
		}
		if (smmu->front && ahead == 0 && !refused)
			ahead = smmu_front_forward(smmu, q, &ring, count, &refused);
		if (!step(smmu, q, &ring, ahead ? SMMU_CERROR_NONE : refused))
			return;
		ahead -= ahead > 0;
	}
}

void smmu_cmdq_run(struct smmu *smmu)
{
	while (smmu->cmdq_kicked && !sync_pending(smmu))
		run_one(smmu, take_first(smmu));
}

void smmu_cmdq_kick(struct smmu *smmu, struct smmu_cmdq *q)
{
	put_last(smmu, q);
	smmu_cmdq_run(smmu);
}
