/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "crew.h"

enum { MAX_CREW = 8 };

struct member {
	struct crew *crew;
	unsigned index;
	pthread_t thread;
	_Alignas(64) _Atomic uint64_t ticks;
};

struct crew {
	_Alignas(64) _Atomic uint64_t run; /* number of the run; 0: none yet */
	uint64_t ops;
	_Alignas(64) _Atomic unsigned busy;
	_Alignas(64) atomic_bool stop, end;
	crew_fn fn;
	void *ctx;
	unsigned n;
	cpu_set_t before; /* where the one that measures might run */
	struct member member[MAX_CREW];
};

void crew_relax(unsigned turn)
{
	/* On a busy machine the other may be waiting for this processor. */
	if (turn % 1024 == 1023)
		sched_yield();
}

static void *work(void *arg)
{
	struct member *me = arg;
	struct crew *crew = me->crew;

	for (uint64_t seen = 0;; seen++) {
		for (unsigned turn = 0; atomic_load(&crew->run) == seen; turn++) {
			if (atomic_load(&crew->end))
				return NULL;
			crew_relax(turn);
		}
		crew->fn(crew, crew->ctx, me->index, crew->ops);
		atomic_fetch_sub(&crew->busy, 1);
	}
}

/* A thread to the n-th processor that there is: two on one would take turns. */
static void pin(pthread_t thread, const cpu_set_t *may, unsigned n)
{
	cpu_set_t one;

	n %= (unsigned)CPU_COUNT(may);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, may) && !n--) {
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			(void)pthread_setaffinity_np(thread, sizeof(one), &one);
			return;
		}
}

struct crew *crew_start(unsigned n, crew_fn fn, void *ctx)
{
	struct crew *crew;

	if (n > MAX_CREW)
		return NULL;
	crew = aligned_alloc(64, sizeof(*crew));
	if (!crew)
		return NULL;
	*crew = (struct crew){ .fn = fn, .ctx = ctx };
	if (pthread_getaffinity_np(pthread_self(), sizeof(crew->before), &crew->before)) {
		free(crew);
		return NULL;
	}
	pin(pthread_self(), &crew->before, 0);
	for (; crew->n < n; crew->n++) {
		struct member *m = &crew->member[crew->n];

		m->crew = crew;
		m->index = crew->n;
		if (pthread_create(&m->thread, NULL, work, m)) {
			crew_end(crew);
			return NULL;
		}
		pin(m->thread, &crew->before, m->index + 1);
	}
	return crew;
}

void crew_go(struct crew *crew, uint64_t ops)
{
	crew->ops = ops;
	atomic_store(&crew->busy, crew->n);
	atomic_fetch_add(&crew->run, 1);
}

void crew_wait(struct crew *crew)
{
	for (unsigned turn = 0; atomic_load(&crew->busy); turn++)
		crew_relax(turn);
}

bool crew_stopping(struct crew *crew)
{
	return atomic_load_explicit(&crew->stop, memory_order_relaxed);
}

void crew_tick(struct crew *crew, unsigned index)
{
	_Atomic uint64_t *ticks = &crew->member[index].ticks;

	atomic_store_explicit(ticks,
			      atomic_load_explicit(ticks, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

uint64_t crew_ticks(const struct crew *crew)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < crew->n; i++)
		sum += atomic_load_explicit(&crew->member[i].ticks, memory_order_relaxed);
	return sum;
}

void crew_end(struct crew *crew)
{
	if (!crew)
		return;
	atomic_store(&crew->stop, true);
	crew_wait(crew);
	atomic_store(&crew->end, true);
	for (unsigned i = 0; i < crew->n; i++)
		pthread_join(crew->member[i].thread, NULL);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(crew->before), &crew->before);
	free(crew);
}
