/* SPDX-License-Identifier: MIT */
/*
 * The command queues: fetch, order, errors (IHI 0070 3.5, 4.1, 7.1; REG-89 to REG-95),
 * and the same for each ECMDQ (3.5.6; REG-105 to REG-114, CMD-90 to CMD-94).
 *
 * A queue that may have something to do is kicked. Kicked queues wait in a list and
 * take turns, each for as long as nothing stops it: this is the interleaving of ECMDQs
 * (CHOICE, CMD-90).
 */
#include "model/cache/voids.h"
#include "model/queue/command.h"
#include "model/queue/ring.h"
#include "model/ram.h"

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
static bool sync_waits(const struct smmu *smmu)
{
	for (unsigned i = 0; i < smmu->n_signals; i++)
		if (smmu->signal[i].irq == SMMU_IRQ_CMD_SYNC)
			return true;
	return false;
}

static inline bool sync_pending(const struct smmu *smmu)
{
	return __builtin_expect(smmu->n_signals != 0, 0) && sync_waits(smmu);
}

/* EVT-81, REG-110: RD stays on the command; all is visible before GERROR is. */
static void stop(struct smmu *smmu, struct smmu_cmdq *q, unsigned cerror)
{
	uint64_t cons = q->cons;

	if (is_main(smmu, q)) {
		smmu_reg_put(&q->cons,
			     (uint32_t)smmu_reg_set(cons, SMMU_CMDQ_CONS_ERR, cerror));
		smmu_gerror_raise(smmu, SMMU_GERROR_CMDQ_ERR);
		return;
	}
	cons = smmu_reg_set(cons, SMMU_ECMDQ_CONS_ERR_REASON, cerror);
	smmu_reg_put(&q->cons, (uint32_t)(cons ^ SMMU_MASK(SMMU_ECMDQ_CONS_ERR)));
	smmu_gerror_raise(smmu, SMMU_GERROR_CMDQP_ERR);
}

/* In traces: 0 the main queue, n + 1 ECMDQ n. */
static uint64_t number(const struct smmu *smmu, const struct smmu_cmdq *q)
{
	return is_main(smmu, q) ? 0 : (uint64_t)(q - smmu->ecmdq) + 1;
}

/* Where the ring is: its registers change only while the queue is off, GMPAM apart. */
static void locate(struct smmu *smmu, struct smmu_cmdq *q)
{
	q->at.known = true;
	q->at.base = q->base;
	q->at.cr1 = smmu->regs.cr1;
	q->at.gmpam = smmu->regs.gmpam;
	q->at.ring = smmu_ring_of(smmu, q->base, smmu->cfg.cmdqs, 4);
	q->at.host =
		smmu_bus_ptr(smmu->bus, q->at.ring.base, UINT64_C(16) << q->at.ring.log2);
}

static const struct smmu_ring *ring_of(struct smmu *smmu, struct smmu_cmdq *q)
{
	if (__builtin_expect(!q->at.known || q->at.base != q->base ||
				     q->at.cr1 != smmu->regs.cr1 ||
				     q->at.gmpam != smmu->regs.gmpam,
			     0))
		locate(smmu, q);
	return &q->at.ring;
}

static unsigned fetch(struct smmu *smmu, const struct smmu_cmdq *q, uint64_t dw[2])
{
	const struct smmu_ring *ring = &q->at.ring;
	uint64_t pa = smmu_ring_addr(ring, q->cons);

	for (unsigned i = 0; i < 2; i++)
		if (smmu_bus_read64(smmu->bus, pa + 8 * i, &dw[i], &ring->attr) != 0)
			return SMMU_CERROR_ABT;
	return SMMU_CERROR_NONE;
}

/* CMD-3, Q-19, REG-114: a queue that was full wakes whoever waits for room. */
static inline void consumed(struct smmu *smmu, struct smmu_cmdq *q)
{
	const struct smmu_ring *ring = &q->at.ring;
	uint32_t cons = q->cons;

	if (smmu->cfg.sev && smmu_ring_full(ring, q->prod, cons))
		smmu_irq_signal(smmu, SMMU_IRQ_SEV);
	smmu_reg_put(&q->cons, (uint32_t)smmu_reg_set(cons, SMMU_CMDQ_CONS_RD,
						      smmu_ring_inc(ring, cons)));
	smmu->stats.commands++;
}

static inline unsigned execute(struct smmu *smmu, struct smmu_cmdq *q,
			       const struct smmu_command *cmd, const uint64_t *dw)
{
	/* To functions: done by the front, if there is one, and waited for there. */
	if (cmd->kind == SMMU_CMD_SENDS && smmu->front)
		return SMMU_CERROR_NONE;
	/* CMD-81 */
	if (cmd->kind == SMMU_CMD_SYNCS && smmu->ats && smmu_atc_sync_failed(q))
		return SMMU_CERROR_ATC_INV_SYNC;
	cmd->run(smmu, dw);
	return SMMU_CERROR_NONE;
}

static inline void trace(struct smmu *smmu, const struct smmu_cmdq *q,
			 const uint64_t raw[2])
{
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_COMMAND,
		   .addr = smmu_ring_addr(&q->at.ring, q->cons), .value = number(smmu, q),
		   .dw = raw);
}

/* A command that waits for nothing. False: the queue stops here. */
static inline bool do_it(struct smmu *smmu, struct smmu_cmdq *q,
			 const struct smmu_command *cmd, const uint64_t raw[2],
			 const uint64_t dw[2], unsigned refused)
{
	unsigned cerror = cmd ? refused : SMMU_CERROR_ILL;

	trace(smmu, q, raw);
	if (cerror == SMMU_CERROR_NONE)
		cerror = execute(smmu, q, cmd, dw);
	if (__builtin_expect(cerror == SMMU_CERROR_NONE, 1))
		return true;
	stop(smmu, q, cerror);
	return false;
}

/* smmu_sync_holds(), sooner where nothing is or was to be waited for. */
static inline bool sync_holds(struct smmu *smmu, struct smmu_cmdq *q)
{
	if (!smmu->voids->changed && !smmu->flights.first && !smmu->stall_due) {
		q->sync.waits_for = 0;
		return false;
	}
	return smmu_sync_holds(smmu, q);
}

/* One that may have to wait, or that is refused: by the front, or as it means nothing. */
static inline bool take_any(struct smmu *smmu, struct smmu_cmdq *q,
			    const struct smmu_command *cmd, const uint64_t raw[2],
			    const uint64_t dw[2], unsigned refused)
{
	if (cmd && cmd->kind >= SMMU_CMD_SENDS && smmu->ats && !smmu->front &&
	    smmu_ats_holds(smmu, q, dw))
		return false;
	if (cmd && cmd->kind == SMMU_CMD_SYNCS && sync_holds(smmu, q))
		return false;
	if (!do_it(smmu, q, cmd, raw, dw, refused))
		return false;
	consumed(smmu, q);
	return true;
}

/* One command as it was read, refused: by the front. False: the queue stops here. */
static inline bool take(struct smmu *smmu, struct smmu_cmdq *q, const uint64_t raw[2],
			unsigned refused)
{
	const struct smmu_command *cmd;
	uint64_t dw[2];

	cmd = smmu_command_decode(smmu, raw, dw);
	if (!cmd || cmd->kind >= SMMU_CMD_SENDS || refused != SMMU_CERROR_NONE)
		return take_any(smmu, q, cmd, raw, dw, refused);
	trace(smmu, q, raw);
	cmd->run(smmu, dw);
	consumed(smmu, q);
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

/* Commands in RAM, and nobody in front: what costs nearly nothing. */
static void run_ram(struct smmu *smmu, struct smmu_cmdq *q, uint32_t count)
{
	const uint64_t *ring = q->at.host;

	for (; count > 0; count--) {
		const uint64_t *entry =
			ring + 2 * (size_t)smmu_ring_index(&q->at.ring, q->cons);
		const uint64_t raw[2] = { smmu_ram_load(entry),
					  smmu_ram_load(entry + 1) };

		if (sync_pending(smmu)) {
			put_last(smmu, q);
			return;
		}
		if (!take(smmu, q, raw, SMMU_CERROR_NONE))
			return;
	}
}

static void run_any(struct smmu *smmu, struct smmu_cmdq *q, uint32_t count)
{
	uint32_t ahead = 0; /* commands from CONS on that the front has done */
	unsigned refused = SMMU_CERROR_NONE;
	uint64_t raw[2];

	for (; count > 0; count--) {
		if (sync_pending(smmu)) {
			put_last(smmu, q);
			return;
		}
		if (smmu->front && ahead == 0 && !refused)
			ahead = smmu_front_forward(smmu, q, &q->at.ring, count, &refused);
		if (fetch(smmu, q, raw) != SMMU_CERROR_NONE) {
			stop(smmu, q, SMMU_CERROR_ABT);
			return;
		}
		if (!take(smmu, q, raw, ahead ? SMMU_CERROR_NONE : refused))
			return;
		ahead -= ahead > 0;
	}
}

/* CHOICE (REG-86): inconsistent indexes, nothing is consumed. */
static uint32_t waiting(struct smmu *smmu, struct smmu_cmdq *q)
{
	const struct smmu_ring *ring = ring_of(smmu, q);
	uint32_t count = smmu_ring_count(ring, smmu_reg_look(&q->prod), q->cons);

	return count > 1u << ring->log2 ? 0 : count;
}

/*
 * No command and no fetch changes registers, so that enable and error stay as they are.
 */
static void run_one(struct smmu *smmu, struct smmu_cmdq *q)
{
	uint32_t count;

	if (!enabled(smmu, q) || error_active(smmu, q)) {
		smmu_sync_forget(q);
		return;
	}
	count = waiting(smmu, q);
	smmu->cmdq_running = q;
	if (__builtin_expect(q->at.host && !smmu->front, 1))
		run_ram(smmu, q, count);
	else
		run_any(smmu, q, count);
}

void smmu_cmdq_run(struct smmu *smmu)
{
	if (!smmu_runs_here(smmu))
		return;
	while (smmu->cmdq_kicked && !sync_pending(smmu))
		run_one(smmu, take_first(smmu));
}

void smmu_cmdq_kick(struct smmu *smmu, struct smmu_cmdq *q)
{
	if (!smmu_runs_here(smmu)) {
		put_last(smmu, q);
		smmu_deliver_later(smmu);
		return;
	}
	/* Nobody waits, so that it is the first. */
	if (__builtin_expect(!smmu->cmdq_kicked && !sync_pending(smmu), 1))
		run_one(smmu, q);
	else
		put_last(smmu, q);
	if (__builtin_expect(smmu->cmdq_kicked != NULL, 0))
		smmu_cmdq_run(smmu);
}

/* ---- by halves ---- */

uint32_t smmu_cmdq_waiting(struct smmu *smmu, const struct smmu_cmdq *q)
{
	if (!enabled(smmu, q) || error_active(smmu, q))
		return 0;
	return waiting(smmu,
		       is_main(smmu, q) ? &smmu->cmdq : &smmu->ecmdq[q - smmu->ecmdq]);
}

bool smmu_cmdq_fetch(struct smmu *smmu, struct smmu_cmdq *q, uint64_t raw[2])
{
	(void)ring_of(smmu, q);
	if (fetch(smmu, q, raw) == SMMU_CERROR_NONE)
		return true;
	stop(smmu, q, SMMU_CERROR_ABT);
	return false;
}

bool smmu_cmdq_do(struct smmu *smmu, struct smmu_cmdq *q, const uint64_t raw[2],
		  bool later)
{
	unsigned refused = SMMU_CERROR_NONE;
	const struct smmu_command *cmd;
	uint64_t dw[2];

	smmu->cmdq_running = q;
	if (smmu->front)
		refused = smmu_front_one(smmu, raw);
	cmd = smmu_command_decode(smmu, raw, dw);
	if (cmd && cmd->kind == SMMU_CMD_SYNCS)
		smmu_sync_settle(smmu);
	if (!later || refused != SMMU_CERROR_NONE)
		return do_it(smmu, q, cmd, raw, dw, refused);
	trace(smmu, q, raw);
	return true;
}

void smmu_cmdq_consumed(struct smmu *smmu, struct smmu_cmdq *q)
{
	consumed(smmu, q);
}

bool smmu_cmdq_sync_pending(const struct smmu *smmu)
{
	return sync_pending(smmu);
}
