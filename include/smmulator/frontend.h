/* SPDX-License-Identifier: MIT */
/*
 * An SMMU of this model as the front of a virtual one. A VMM gives its guest such an
 * SMMU to program: registers, queues and interrupts are the model's, in guest memory;
 * what the guest asks of hardware it asks by commands, and those the VMM does for it
 * elsewhere. What hardware says of the guest's streams the VMM puts into the guest's
 * event queue. <smmulator/vmm.h> is such a VMM.
 *
 * DMA through a port of this SMMU (of devices that the VMM emulates) is translated by
 * the guest's tables, as ever.
 */
#ifndef SMMULATOR_FRONTEND_H
#define SMMULATOR_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

/* Commands that one call of the hook gets at most. */
#define SMMU_FRONT_BATCH 256u

/*
 * Commands that a command queue (or an ECMDQ) has come to, before the SMMU consumes
 * them: legal ones for this SMMU, without bits that it ignores (CMD-4 to CMD-6), in
 * order, count >= 1. A CMD_SYNC is
 * the last of its batch; without one the queue holds no more, or an illegal command
 * follows, or count is SMMU_FRONT_BATCH. In stepped mode one at a time.
 * Returns how many were done. If that is fewer than count, the first that was not is
 * the one that the queue stops at, and *cerror its error: 1 (CERROR_ILL, which it is on
 * entry), 2 (CERROR_ABT) or 3 (CERROR_ATC_INV_SYNC); another value counts as 1.
 *
 * Those done are then consumed as ever: caches of this SMMU, statistics, trace, the
 * signal of a CMD_SYNC; but CMD_ATC_INV and CMD_PRI_RESP, which go to functions, go to
 * the hook alone.
 *
 * Runs on the thread that consumes the queue (inline: whose register write started it),
 * with this SMMU's lock held: it must not call this SMMU; others it may.
 */
typedef size_t (*smmu_front_fn)(void *ctx, const uint64_t (*cmds)[2], size_t count,
				unsigned *cerror);
/* Sets the hook, NULL: none. Call it while the SMMU is idle. Not part of a snapshot. */
SMMU_API void smmu_set_front(struct smmu *smmu, smmu_front_fn fn, void *ctx);

/*
 * Puts a record of four words into the event queue as if this SMMU had found it:
 * interrupt, overflow (EVT-67), GERROR if the write aborts. The words are not looked at,
 * except that a record with Stall == 1 does not overflow a full queue (EVT-66). False: it
 * is not there (queue off, full or in error), or the call came from a callback that
 * answers one of this SMMU's own accesses.
 */
SMMU_API bool smmu_inject_event(struct smmu *smmu, const uint64_t record[4]);

SMMU_END_DECLS
#endif /* SMMULATOR_FRONTEND_H */
