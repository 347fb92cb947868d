/* SPDX-License-Identifier: MIT */
/*
 * The lock of an SMMU. Uncontended it costs one compare-and-swap, and one release store
 * to give it back; who has to wait spins for about a microsecond, then sleeps. Unlike a
 * mutex it knows its owner, so that who is inside already is told so at no further cost.
 * Who comes first takes it, but not for ever: a sleeper who was woken in vain is let in.
 */
#ifndef MODEL_LOCK_H
#define MODEL_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct smmu_lock {
	_Atomic uintptr_t owner; /* 0: free; else smmu_lock_me() of the thread inside */
	_Atomic unsigned sleepers;
	_Atomic unsigned starved; /* sleepers who came too late more than once */
	pthread_mutex_t mutex;	  /* of the sleepers alone */
	pthread_cond_t woken;
};

/*
 * Names the calling thread by an address. Initial-exec: one addition where a shared
 * library would otherwise call the dynamic linker; it takes a byte of static TLS.
 */
extern _Thread_local char smmu_thread_mark __attribute__((tls_model("initial-exec")));

static inline uintptr_t smmu_lock_me(void)
{
	return (uintptr_t)&smmu_thread_mark;
}

static inline void smmu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

/* 0 or -ENOMEM. */
int smmu_lock_init(struct smmu_lock *lock);
void smmu_lock_fini(struct smmu_lock *lock);

/* ---- of lock.c, for the two functions below ---- */
bool smmu_lock_wait(struct smmu_lock *lock, uintptr_t owner);
void smmu_lock_wake(struct smmu_lock *lock);

/* False, and nothing is taken: this thread has it already. */
static inline bool smmu_lock_take(struct smmu_lock *lock)
{
	uintptr_t owner = 0;

	if (__builtin_expect(atomic_compare_exchange_strong_explicit(
				     &lock->owner, &owner, smmu_lock_me(),
				     memory_order_acquire, memory_order_relaxed),
			     1))
		return true;
	return smmu_lock_wait(lock, owner);
}

/*
 * The look at the sleepers may be older than the store: one who went to sleep in
 * between is not woken, and finds the lock free after a millisecond. The fence that
 * would forbid it costs as much as the rest of the lock.
 */
static inline void smmu_lock_drop(struct smmu_lock *lock)
{
	atomic_store_explicit(&lock->owner, 0, memory_order_release);
	if (__builtin_expect(
		    atomic_load_explicit(&lock->sleepers, memory_order_relaxed) != 0, 0))
		smmu_lock_wake(lock);
}

/* Whether the calling thread is inside. */
static inline bool smmu_lock_mine(struct smmu_lock *lock)
{
	return atomic_load_explicit(&lock->owner, memory_order_relaxed) == smmu_lock_me();
}

/* What threads wait for that gave the lock back meanwhile: a condition variable. */
struct smmu_cond {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	uint64_t changes;
};

int smmu_cond_init(struct smmu_cond *cond);
void smmu_cond_fini(struct smmu_cond *cond);
/* The lock is held; until: absolute, CLOCK_MONOTONIC, NULL: for ever. 0 or -ETIMEDOUT. */
int smmu_cond_wait(struct smmu_cond *cond, struct smmu_lock *lock,
		   const struct timespec *until);
/* With the lock held, so that nobody decides to wait meanwhile. */
void smmu_cond_broadcast(struct smmu_cond *cond);

#endif /* MODEL_LOCK_H */
