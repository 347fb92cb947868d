/* SPDX-License-Identifier: MIT */
/*
 * Completion of CMD_SYNC and of a DVM sync: every transaction that may have used what
 * was invalidated before has finished (CACHE-51, CACHE-52, CACHE-54).
 *
 * What runs with the lock held is finished when a SYNC runs. A translation alone takes
 * effect at the moment at which its micro-TLB was looked at: one that overlaps a SYNC
 * comes before it. That leaves data:
 *
 * - To RAM, by a hit. The port's word is odd meanwhile. Such an access takes no lock and
 *   runs nobody's code, so that a SYNC simply waits for it: smmu_sync_holds().
 * - Elsewhere. A callback or a doorbell may run anything, this SMMU's registers included.
 *   The access is a *flight*, with a number and a thread. A SYNC that finds an older
 *   flight of another thread is held: its queue stays unconsumed and goes on when the
 *   flight has ended. In the inline mode, where a register write returns when its
 *   commands have taken effect, the writer waits for that: smmu_sync_wait(). A flight of
 *   the thread's own is below it on its stack and not waited for; and a thread that has
 *   one waits for nobody, since two of them could for each other.
 *
 * CHOICE: a handler inside a flight that makes a queue go on, say by a CMD_SYNC of its
 * own, does not wait for that flight, whoever put the SYNC there: hardware would stand
 * still for ever.
 */
#ifndef MODEL_COMPLETION_H
#define MODEL_COMPLETION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct smmu;
struct smmu_cmdq;

/* An access of one thread to what is not RAM; on its stack. */
struct smmu_flight {
	uint64_t number; /* counted up by each that begins */
	pthread_t thread;
	struct smmu_flight *prev, *next; /* in smmu->flights, oldest first */
};
struct smmu_flights {
	struct smmu_flight *first, *last;
	uint64_t begun;
};

/* ---- CMD_SYNC: the lock is held ---- */
/*
 * Whether a CMD_SYNC that the queue is at must wait for a flight; the queue is kicked
 * when it may go on. False: all is complete that has to be.
 */
bool smmu_sync_holds(struct smmu *smmu, struct smmu_cmdq *q);
/* The queue is off: what it was at is no longer to be consumed. */
void smmu_sync_forget(struct smmu_cmdq *q);
/*
 * Returns when no port is in the middle of an access to RAM that may use what was
 * invalidated before. CMD_SYNC is done with that by smmu_sync_holds().
 */
void smmu_sync_settle(struct smmu *smmu);
/* Kicks the queues that are held, since what they wait for may be over. */
void smmu_sync_retry(struct smmu *smmu);
/* The queues are as after a reset: none is held. */
void smmu_sync_reset(struct smmu *smmu);

/* ---- the lock is free ---- */
/*
 * Returns when every flight of other threads that had begun before is over and no queue
 * is held any more; at once if this thread has a flight itself.
 */
void smmu_sync_wait(struct smmu *smmu);

/* ---- flights: the lock is held ---- */
void smmu_flight_begin(struct smmu *smmu, struct smmu_flight *f);
/* Kicks the queues that waited. */
void smmu_flight_end(struct smmu *smmu, struct smmu_flight *f);

/* ---- data to RAM, on the port's thread, without the lock ---- */

/*
 * Orders what was written before it against what is read after it, for everybody. TSan
 * knows no fences; an exchange is one on every machine that it runs on.
 */
#if defined(__SANITIZE_THREAD__)
#define SMMU_FENCE(word) (void)atomic_fetch_add_explicit(word, 0, memory_order_seq_cst)
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SMMU_FENCE(word) (void)atomic_fetch_add_explicit(word, 0, memory_order_seq_cst)
#endif
#endif
#ifndef SMMU_FENCE
#define SMMU_FENCE(word) atomic_thread_fence(memory_order_seq_cst)
#endif

/*
 * Either the port, which looks at its micro-TLB after this, sees the invalidation, or
 * the SYNC sees the port. Measured (Xeon, 2 cores, 2026): the fence costs a DMA 5 ns; a
 * membarrier system call in each SYNC, which would save it, 0.5 to 60 us.
 */
static inline void smmu_busy_begin(_Atomic uint64_t *busy)
{
	uint64_t word = atomic_load_explicit(busy, memory_order_relaxed);

	atomic_store_explicit(busy, word + 1, memory_order_relaxed);
	SMMU_FENCE(busy);
}

static inline void smmu_busy_end(_Atomic uint64_t *busy)
{
	uint64_t word = atomic_load_explicit(busy, memory_order_relaxed);

	atomic_store_explicit(busy, word + 1, memory_order_release);
}

#endif /* MODEL_COMPLETION_H */
