/* SPDX-License-Identifier: MIT */
/*
 * Stalled transactions, as the device that sent them sees it (IHI 0070 3.12.2). When
 * smmu_translate(), smmu_dma() or smmu_dma_cas64() returns SMMU_STALLED, the SMMU holds
 * the transaction and result.ticket names it. It ends when software answers its event
 * with CMD_RESUME or CMD_STALL_TERM, clears CR0.SMMUEN, or when the SMMU is reset:
 *
 *   retried     translated anew, as if it had just arrived; a DMA moves its data and goes
 *               on with the rest. It may stall again, under the same ticket.
 *   terminated  SMMU_ABORT or SMMU_RAZ_WI, event being that of the stall.
 *
 * If handlers that ran inside the call have already ended it, the call returns the final
 * result, with the ticket in it. Else the result comes in one of two ways: by the port's
 * callback if it has one at that time, or it is kept for smmu_port_wait().
 *
 * Buffers: buf of smmu_dma() and expected of smmu_dma_cas64() belong to the SMMU from
 * SMMU_STALLED until the ticket has ended, been cancelled, or the port is closed.
 */
#ifndef SMMULATOR_STALL_H
#define SMMULATOR_STALL_H

#include <stddef.h>
#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

/*
 * *res as the call would have returned it, done: bytes moved from the DMA's beginning.
 * Runs on the thread whose register write (or reset) ended the transaction, or on one
 * that was inside just then (other modes: <smmulator/run.h>), with no lock held; one at
 * a time for each SMMU. It may call
 * anything, close its port too, but smmu_port_wait() only with timeout 0.
 */
typedef void (*smmu_port_done_fn)(void *ctx, uint64_t ticket,
				  const struct smmu_result *res, uint64_t done);
/*
 * Sets the port's callback, NULL: none. It does not get what ended before; the one before
 * it is not running any more, unless this is called from there. 0; -EDEADLK: called from
 * what answers an access of this SMMU.
 */
SMMU_API int smmu_port_on_done(struct smmu_port *port, smmu_port_done_fn fn, void *ctx);

/*
 * Waits timeout_ns nanoseconds (0: looks, negative: for ever) for a ticket to end, and
 * takes its result; res and done may be NULL. 0; -ETIMEDOUT: it has not ended; -ENOENT:
 * no such ticket, or its result was taken; -EDEADLK: it cannot end while this waits,
 * being called from a port's callback or from what answers an access of this SMMU; nor in
 * stepped mode, where this returns at once: -EDEADLK if it was to wait for ever, else
 * -ETIMEDOUT.
 */
SMMU_API int smmu_port_wait(struct smmu_port *port, uint64_t ticket, int64_t timeout_ns,
			    struct smmu_result *res, uint64_t *done);
/*
 * Gives a transaction up, as a device that is reset does; its result is dropped. What was
 * moved stays moved. Its STAG is in use until software has answered the event. Another
 * thread that waits for it gets -ENOENT. Closing the port does the same to all it holds. 0; -ENOENT as above; -EBUSY: from inside a
 * callback, while it is being completed below; -EDEADLK.
 */
SMMU_API int smmu_port_cancel(struct smmu_port *port, uint64_t ticket);
/* How many transactions of this port are held, results that wait not counted. */
SMMU_API size_t smmu_port_stalled(struct smmu_port *port);

SMMU_END_DECLS
#endif /* SMMULATOR_STALL_H */
