/* SPDX-License-Identifier: MIT */
/*
 * How an SMMU runs: cfg.mode (config.h).
 *
 *   inline    A register write has taken its whole effect, commands and interrupts
 *             included, when it returns.
 *   stepped   A register write takes effect in the register alone. What the SMMU would
 *             do next moves only when it is told to, half by half: a queue fetches a
 *             command, does it, moves CONS; an invalidation takes effect some time after
 *             its command was consumed and before the next CMD_SYNC completes (CMD-60,
 *             CMD-87); records reach memory some time after the response to the
 *             transaction, and before such a CMD_SYNC (EVT-11, CMD-79); interrupts
 *             arrive in any order; a DMA that was begun with smmu_dma_start() is
 *             translated, and accesses memory later. cfg.seed picks who moves, or a list
 *             of choices does, so that a race is a test that can be replayed. One thread.
 *   threaded  A thread of the SMMU consumes commands and delivers interrupts; a write of
 *             a PROD returns at once, and CPUs poll CONS.
 *
 * smmu_translate(), smmu_dma(), smmu_ats_request() and broadcasts (dvm.h) do all that they
 * do within the call in each mode, save records and interrupts; so do registers other
 * than PROD, CR0 and the like included.
 * CHOICE: in stepped mode a write of CR0, as its Update has to, first lets invalidations
 * that were consumed take effect, and records that were accepted reach memory.
 */
#ifndef SMMULATOR_RUN_H
#define SMMULATOR_RUN_H

#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

/* Who moves. */
enum smmu_agent {
	SMMU_AGENT_QUEUE,	 /* a command queue: index 0, or n + 1 of ECMDQ n */
	SMMU_AGENT_INVALIDATION, /* takes effect; index: its place, oldest consumed first */
	SMMU_AGENT_EVENTQ,	 /* the oldest accepted record is written */
	SMMU_AGENT_PRIQ,	 /* the same of the PRI queue */
	SMMU_AGENT_SIGNAL,	 /* is delivered; index: its place, oldest first */
	SMMU_AGENT_MESSAGE,	 /* the oldest one to a PCIe function is delivered */
	SMMU_AGENT_STALL,	 /* stalled transactions that were decided end */
	SMMU_AGENT_DMA,		 /* index: its place, oldest first; ticket: its name */
};
/* What of its work is next: of a queue and of a DMA. */
enum smmu_half {
	SMMU_HALF_FETCH,   /* the command is read */
	SMMU_HALF_BARRIER, /* a CMD_SYNC finds all invalidations before it done */
	SMMU_HALF_EFFECT,  /* the command is done, or found illegal */
	SMMU_HALF_CONS,	   /* CONS passes it */
	SMMU_HALF_TRANSLATE,
	SMMU_HALF_ACCESS,
	SMMU_HALF_WHOLE, /* of what has no halves */
};
struct smmu_move {
	uint8_t agent; /* enum smmu_agent */
	uint8_t half;  /* enum smmu_half */
	uint32_t index;
	uint64_t ticket; /* SMMU_AGENT_DMA; else 0 */
};

/*
 * Stepped mode: what could move now. Fills moves[0..max) (NULL: max is 0) and returns how
 * many there are; the order is the same whenever the state is. 0: the SMMU is idle.
 * -EINVAL: another mode, or smmu is NULL; -EDEADLK: from what answers an access of this
 * SMMU.
 */
SMMU_API int smmu_moves(struct smmu *smmu, struct smmu_move *moves, unsigned max);
/*
 * One of them moves: the n-th, or one that the seed picks. 1: it did; 0: (smmu_step())
 * nothing can move. Handlers of what is delivered run inside, and may step too. -ERANGE:
 * there are not so many; other errors as above.
 */
SMMU_API int smmu_step_nth(struct smmu *smmu, unsigned n);
SMMU_API int smmu_step(struct smmu *smmu);
/*
 * Until nothing can move: steps in stepped mode, and returns how many; waits for the
 * SMMU's thread in threaded mode, and 0; 0 in inline mode, where nothing is left to do.
 * -EINVAL: NULL; -EDEADLK: as above, or threaded and called from a handler.
 */
SMMU_API int smmu_run_until_idle(struct smmu *smmu);

/*
 * Stepped mode: begins a DMA as smmu_dma() would make it, and returns at once. It is
 * translated when its agent moves, and accesses memory at another move, 4 KiB piece by
 * piece. From then on it is like one that stalled (stall.h): it ends by the port's
 * callback or in smmu_port_wait(), may be cancelled, and owns buf; *ticket names it. A
 * CMD_SYNC waits for its access if that was translated before (CMD-78).
 * 0; -EINVAL: another mode, or what smmu_dma() refuses; -ENOMEM; -EDEADLK as above.
 */
SMMU_API int smmu_dma_start(struct smmu_port *port, const struct smmu_txn *txn, void *buf,
			    uint64_t len, uint64_t *ticket);

SMMU_END_DECLS
#endif /* SMMULATOR_RUN_H */
