/* SPDX-License-Identifier: MIT */
/*
 * The words that the producers of a command queue share, with each other and with the
 * SMMU. Every access of theirs goes through these few, so that an exploring test can
 * stand between any two of them (SMMU_ATOMIC_HEADER, as core/rcu.h has it).
 */
#ifndef DRIVER_ATOMIC_H
#define DRIVER_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#if defined(SMMU_ATOMIC_HEADER)
#include SMMU_ATOMIC_HEADER
#else
#include <sched.h>

/* Pauses, of some 10 to 50 ns each. */
#ifndef SHARED_STAND_BACK
#define SHARED_STAND_BACK 128
#endif

/* What the writer did before its store, release or cas has happened (acquire). */
#define shared_load(at)		   __atomic_load_n(at, __ATOMIC_ACQUIRE)
#define shared_store(at, value)	   __atomic_store_n(at, value, __ATOMIC_RELEASE)
/* These return what was there before. */
#define shared_add(at, n)	   __atomic_fetch_add(at, n, __ATOMIC_ACQ_REL)
#define shared_and(at, bits)	   __atomic_fetch_and(at, bits, __ATOMIC_ACQ_REL)
/* True if *at was `old`, and is `value` now. */
#define shared_cas(at, old, value) shared_cas_(at, old, value)
/* Somebody else has to move first; the i-th time in vain. */
#define shared_pause(i)		   shared_pause_(i)

static inline void shared_spin(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* On another CPU he is about to; or he wants this one. */
static inline void shared_pause_(unsigned i)
{
	if (i < 64)
		shared_spin();
	else
		sched_yield();
}

/* Long enough for another CPU to do several submissions in a row. */
#define shared_stand_back() shared_stand_back_()

static inline void shared_stand_back_(void)
{
	for (unsigned i = 0; i < SHARED_STAND_BACK; i++)
		shared_spin();
}

static inline bool shared_cas_(uint64_t *at, uint64_t old, uint64_t value)
{
	return __atomic_compare_exchange_n(at, &old, value, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}
#endif

#endif /* DRIVER_ATOMIC_H */
