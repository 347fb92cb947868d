/* SPDX-License-Identifier: MIT */
/*
 * Read-copy update for the control plane: the one place that knows liburcu. Readers
 * never wait; whoever takes something away waits for them before he frees it.
 *
 * Flavour: bp, since the threads that call a library are not ours to register. Under
 * ThreadSanitizer, which cannot see liburcu's inline assembly, the same interface
 * stands on a reader-writer lock: what it then checks is who publishes and who frees.
 * An exploring test puts its own in with SMMU_RCU_HEADER.
 *
 * What a reader did before it was inside is ordered too: the wait has a barrier run on
 * every CPU, so that a reader needs none of its own.
 *
 * A reader may nest, may not call rcu_wait_for_readers(), and should be short.
 */
#ifndef CORE_RCU_H
#define CORE_RCU_H

#include <stdatomic.h>

/* Publishes and reads a pointer, declared _Atomic(type *). */
#define rcu_publish(where, value)                                                        \
	atomic_store_explicit(where, value, memory_order_release)
#define rcu_get(where) atomic_load_explicit(where, memory_order_acquire)

#if defined(__SANITIZE_THREAD__)
#define SMMU_RCU_ON_A_LOCK 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SMMU_RCU_ON_A_LOCK 1
#endif
#endif

#if defined(SMMU_RCU_HEADER)
#include SMMU_RCU_HEADER
#elif defined(SMMU_RCU_ON_A_LOCK)
void rcu_reader_begins(void);
void rcu_reader_ends(void);
void rcu_wait_for_readers(void);
#else
#include <urcu/urcu-bp.h>
#if defined(SMMU_UNDEFINED_SANITIZER)
/* liburcu-bp (0.13) does not align its readers as it declares them: not to be looked at.
 */
#define rcu_reader_lock	  urcu_bp_read_lock
#define rcu_reader_unlock urcu_bp_read_unlock
#else
/* The readers' few lines, which are there to be inlined by whoever likes. */
#include <urcu/static/urcu-bp.h>
/* Found without a call: a word of the static TLS that glibc has in store for that. */
extern __thread struct urcu_bp_reader *urcu_bp_reader
	__attribute__((tls_model("initial-exec")));
#define rcu_reader_lock	  _urcu_bp_read_lock
#define rcu_reader_unlock _urcu_bp_read_unlock
#endif

static inline void rcu_reader_begins(void)
{
	rcu_reader_lock();
}

static inline void rcu_reader_ends(void)
{
	rcu_reader_unlock();
}

/* Every reader that was inside when this began has left when it returns. */
static inline void rcu_wait_for_readers(void)
{
	urcu_bp_synchronize_rcu();
}
#endif

#endif
