/* SPDX-License-Identifier: MIT */
/* What of the lock is not the common case: waiting, waking, and conditions. */
#include "model/lock.h"
#include <errno.h>
#include <sched.h>

enum {
	SPINS = 100,	    /* with pauses of 10 to 50 ns: a short batch of commands */
	SLEEP_NS = 1000000, /* at most, see smmu_lock_drop() */
	IN_VAIN = 3,	    /* wakings, until a sleeper is let in */
	YIELDS = 20,	    /* of who lets him */
};

_Thread_local char smmu_thread_mark __attribute__((tls_model("initial-exec")));

/* A mutex, and a condition variable that counts time as smmu_port_wait() does. */
static int init_pair(pthread_mutex_t *mutex, pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int err;

	if (pthread_condattr_init(&attr) != 0)
		return -ENOMEM;
	err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (!err)
		err = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	if (!err && pthread_mutex_init(mutex, NULL) != 0) {
		pthread_cond_destroy(cond);
		err = -ENOMEM;
	}
	return err ? -ENOMEM : 0;
}

/* ---- the lock ---- */

int smmu_lock_init(struct smmu_lock *lock)
{
	atomic_init(&lock->owner, 0);
	atomic_init(&lock->sleepers, 0);
	atomic_init(&lock->starved, 0);
	return init_pair(&lock->mutex, &lock->woken);
}

void smmu_lock_fini(struct smmu_lock *lock)
{
	pthread_cond_destroy(&lock->woken);
	pthread_mutex_destroy(&lock->mutex);
}

static bool try_take(struct smmu_lock *lock)
{
	uintptr_t owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);

	return owner == 0 && atomic_compare_exchange_strong_explicit(
				     &lock->owner, &owner, smmu_lock_me(),
				     memory_order_acquire, memory_order_relaxed);
}

static struct timespec from_now(long ns)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ns;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

static void sleep_until_free(struct smmu_lock *lock)
{
	unsigned wakings = 0;

	pthread_mutex_lock(&lock->mutex);
	atomic_fetch_add(&lock->sleepers, 1);
	for (; !try_take(lock); wakings++) {
		struct timespec until = from_now(SLEEP_NS);

		if (wakings == IN_VAIN)
			atomic_fetch_add(&lock->starved, 1);
		(void)pthread_cond_timedwait(&lock->woken, &lock->mutex, &until);
	}
	if (wakings > IN_VAIN)
		atomic_fetch_sub(&lock->starved, 1);
	atomic_fetch_sub(&lock->sleepers, 1);
	pthread_mutex_unlock(&lock->mutex);
}

bool smmu_lock_wait(struct smmu_lock *lock, uintptr_t owner)
{
	if (owner == smmu_lock_me())
		return false;
	for (unsigned i = 0; i < SPINS; i++) {
		if (try_take(lock))
			return true;
		smmu_relax();
	}
	sleep_until_free(lock);
	return true;
}

void smmu_lock_wake(struct smmu_lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
	pthread_cond_signal(&lock->woken);
	pthread_mutex_unlock(&lock->mutex);
	/* It is not here that it is taken again before somebody else had it. */
	for (unsigned i = 0;
	     i < YIELDS && atomic_load(&lock->starved) &&
	     atomic_load_explicit(&lock->owner, memory_order_relaxed) == 0;
	     i++)
		(void)sched_yield();
}

/* ---- conditions ---- */

int smmu_cond_init(struct smmu_cond *cond)
{
	cond->changes = 0;
	return init_pair(&cond->mutex, &cond->cond);
}

void smmu_cond_fini(struct smmu_cond *cond)
{
	pthread_cond_destroy(&cond->cond);
	pthread_mutex_destroy(&cond->mutex);
}

/* The mutex is taken first, so that no change after the lock is free goes unseen. */
int smmu_cond_wait(struct smmu_cond *cond, struct smmu_lock *lock,
		   const struct timespec *until)
{
	uint64_t before;
	int err = 0;

	pthread_mutex_lock(&cond->mutex);
	before = cond->changes;
	smmu_lock_drop(lock);
	while (cond->changes == before && !err)
		err = until ? pthread_cond_timedwait(&cond->cond, &cond->mutex, until)
			    : pthread_cond_wait(&cond->cond, &cond->mutex);
	pthread_mutex_unlock(&cond->mutex);
	(void)smmu_lock_take(lock);
	return err ? -ETIMEDOUT : 0;
}

void smmu_cond_broadcast(struct smmu_cond *cond)
{
	pthread_mutex_lock(&cond->mutex);
	cond->changes++;
	pthread_cond_broadcast(&cond->cond);
	pthread_mutex_unlock(&cond->mutex);
}
