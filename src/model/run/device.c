/* SPDX-License-Identifier: MIT */
/*
 * Threaded mode: the thread of the SMMU. A CPU that writes PROD rings the queue's bell
 * and is gone; a bell that nobody has answered yet rings for both. The thread looks for a
 * while before it sleeps, so that a CPU under load makes no system call.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include "model/run/run.h"

enum { LOOKS = 4000 }; /* with pauses: some 50 us */

/* ---- bells ---- */

static uint32_t index_of(const struct smmu *smmu, const struct smmu_cmdq *q)
{
	return q == &smmu->cmdq ? 0 : (uint32_t)(q - smmu->ecmdq) + 1;
}

static struct smmu_cmdq *queue_of(struct smmu *smmu, uint32_t index)
{
	return index ? &smmu->ecmdq[index - 1] : &smmu->cmdq;
}

/*
 * Both sides are sequentially consistent: either the thread, before it sleeps, sees the
 * work, or who brings it sees that it sleeps.
 */
static void wake(struct smmu_runner *run)
{
	if (__builtin_expect(!atomic_load(&run->asleep), 1))
		return;
	pthread_mutex_lock(&run->mutex);
	pthread_cond_signal(&run->wanted);
	pthread_mutex_unlock(&run->mutex);
}

void smmu_device_ring(struct smmu *smmu, struct smmu_cmdq *q)
{
	struct smmu_runner *run = smmu->run;
	uint32_t i = index_of(smmu, q), head;

	if (atomic_exchange(&run->bell[i].rung, true)) {
		/* Who rang it may not be in the stack yet: the SMMU is not idle. */
		atomic_store(&run->work, true);
		return;
	}
	head = atomic_load(&run->rung);
	do
		run->bell[i].next = head;
	while (!atomic_compare_exchange_weak(&run->rung, &head, i + 1));
	wake(run);
}

bool smmu_device_is_me(const struct smmu *smmu)
{
	return atomic_load_explicit(&smmu->run->device, memory_order_relaxed) ==
	       smmu_lock_me();
}

void smmu_device_work(struct smmu *smmu)
{
	atomic_store(&smmu->run->work, true);
	wake(smmu->run);
}

/* With the lock. What is rung after a bell was answered rings again. */
static void answer_bells(struct smmu *smmu)
{
	struct smmu_runner *run = smmu->run;
	uint32_t at = atomic_exchange(&run->rung, 0);

	while (at) {
		struct smmu_bell *bell = &run->bell[at - 1];
		struct smmu_cmdq *q = queue_of(smmu, at - 1);

		at = bell->next;
		(void)atomic_exchange(&bell->rung, false);
		smmu_cmdq_kick(smmu, q);
	}
}

/* ---- the thread ---- */

static bool wanted(struct smmu_runner *run)
{
	return atomic_load(&run->rung) || atomic_load(&run->work) ||
	       atomic_load(&run->stop);
}

static void sleep_until_wanted(struct smmu_runner *run)
{
	for (unsigned i = 0; i < LOOKS; i++) {
		if (wanted(run))
			return;
		smmu_relax();
	}
	pthread_mutex_lock(&run->mutex);
	atomic_store(&run->asleep, true);
	while (!wanted(run))
		(void)pthread_cond_wait(&run->wanted, &run->mutex);
	atomic_store(&run->asleep, false);
	pthread_mutex_unlock(&run->mutex);
}

static void *device(void *arg)
{
	struct smmu *smmu = arg;
	struct smmu_runner *run = smmu->run;

	atomic_store(&run->device, smmu_lock_me());
	for (;;) {
		sleep_until_wanted(run);
		if (atomic_load(&run->stop))
			return NULL;
		atomic_store(&run->busy, true);
		atomic_store(&run->work, false);
		(void)smmu_lock(smmu);
		answer_bells(smmu);
		smmu_cmdq_run(smmu);
		smmu_deliver_later(smmu);
		smmu_unlock_and_deliver(smmu);
		atomic_store(&run->busy, false);
	}
}

/* Looked at in this order: what the thread takes, it takes after it is busy. */
static bool idle(struct smmu_runner *run)
{
	return !atomic_load(&run->rung) && !atomic_load(&run->work) &&
	       !atomic_load(&run->busy);
}

void smmu_device_wait_idle(struct smmu *smmu)
{
	const struct timespec moment = { .tv_nsec = 20000 };
	unsigned turns = 0;

	while (!idle(smmu->run)) {
		if (++turns < 200)
			(void)sched_yield();
		else
			(void)nanosleep(&moment, NULL);
	}
}

/* ---- life ---- */

int smmu_device_start(struct smmu *smmu)
{
	struct smmu_runner *run = smmu->run;

	run->bell = calloc(1 + (size_t)smmu_ecmdq_count(smmu), sizeof(*run->bell));
	if (!run->bell)
		return -ENOMEM;
	if (pthread_mutex_init(&run->mutex, NULL) != 0)
		goto no_mutex;
	if (pthread_cond_init(&run->wanted, NULL) != 0)
		goto no_cond;
	if (pthread_create(&run->thread, NULL, device, smmu) != 0)
		goto no_thread;
	return 0;

no_thread:
	pthread_cond_destroy(&run->wanted);
no_cond:
	pthread_mutex_destroy(&run->mutex);
no_mutex:
	free(run->bell);
	return -ENOMEM;
}

void smmu_device_stop(struct smmu *smmu)
{
	struct smmu_runner *run = smmu->run;

	atomic_store(&run->stop, true);
	wake(run);
	pthread_join(run->thread, NULL);
	pthread_cond_destroy(&run->wanted);
	pthread_mutex_destroy(&run->mutex);
	free(run->bell);
}
