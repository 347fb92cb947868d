/* SPDX-License-Identifier: MIT */
/* What this machine can do at all: the yardstick for every other figure. */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "bench.h"
#include "crew.h"

struct chase {
	size_t *next;
	size_t at;
};

/* A random cycle through `bytes` of memory, one hop a cache line. */
static bool chase_setup(const struct bench_case *c, void **state)
{
	size_t lines = c->param / 64, *order = malloc(lines * sizeof(*order));
	struct chase *s = calloc(1, sizeof(*s));
	uint64_t seed = 88172645463325252u;

	if (s)
		s->next = aligned_alloc(64, c->param);
	if (!order || !s || !s->next) {
		free(order);
		free(s);
		return false;
	}
	for (size_t i = 0; i < lines; i++)
		order[i] = i;
	for (size_t i = lines - 1; i > 0; i--) {
		size_t j = bench_random(&seed) % (i + 1), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	for (size_t i = 0; i < lines; i++)
		s->next[order[i] * 8] = order[(i + 1) % lines] * 8;
	free(order);
	*state = s;
	return true;
}

static void chase_sample(const struct bench_case *c, void *state, uint64_t ops,
			 struct stopwatch *w)
{
	struct chase *s = state;
	size_t at = s->at;

	(void)c;
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++)
		at = s->next[at];
	stopwatch_stop(w, ops);
	*(volatile size_t *)&s->at = at;
}

static void chase_teardown(void *state)
{
	struct chase *s = state;

	free(s->next);
	free(s);
}

static bool rmw_setup(const struct bench_case *c, void **state)
{
	(void)c;
	*state = calloc(1, sizeof(_Atomic uint64_t));
	return *state != NULL;
}

static void rmw_sample(const struct bench_case *c, void *state, uint64_t ops,
		       struct stopwatch *w)
{
	_Atomic uint64_t *word = state;

	(void)c;
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++)
		atomic_fetch_add(word, 1);
	stopwatch_stop(w, ops);
}

/* ---- A cache line from one processor to the other and back ---- */

struct pingpong {
	_Alignas(64) _Atomic uint64_t ball; /* odd: the other's turn */
	struct crew *crew;
};

static void pong(struct crew *crew, void *ctx, unsigned index, uint64_t ops)
{
	struct pingpong *p = ctx;

	(void)index;
	(void)ops;
	for (unsigned turn = 0; !crew_stopping(crew); turn++) {
		uint64_t ball = atomic_load(&p->ball);

		if (ball & 1)
			atomic_store(&p->ball, ball + 1);
		else
			crew_relax(turn);
	}
}

static bool transfer_setup(const struct bench_case *c, void **state)
{
	struct pingpong *p;

	(void)c;
	if (bench_processors() < 2)
		return bench_skip("wants 2 processors");
	p = aligned_alloc(64, sizeof(*p));
	if (!p)
		return false;
	atomic_init(&p->ball, 0);
	p->crew = crew_start(1, pong, p);
	if (!p->crew) {
		free(p);
		return false;
	}
	crew_go(p->crew, 0);
	*state = p;
	return true;
}

static void transfer_sample(const struct bench_case *c, void *state, uint64_t ops,
			    struct stopwatch *w)
{
	struct pingpong *p = state;
	uint64_t ball = atomic_load(&p->ball);

	(void)c;
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i += 2) {
		atomic_store(&p->ball, ball + 1);
		ball += 2;
		for (unsigned turn = 0; atomic_load(&p->ball) != ball; turn++)
			crew_relax(turn);
	}
	stopwatch_stop(w, (ops + 1) & ~UINT64_C(1));
}

static void transfer_teardown(void *state)
{
	struct pingpong *p = state;

	crew_end(p->crew);
	free(p);
}

/* ---- The clock itself ---- */

static bool clock_setup(const struct bench_case *c, void **state)
{
	(void)c;
	*state = NULL;
	return true;
}

static void clock_sample(const struct bench_case *c, void *state, uint64_t ops,
			 struct stopwatch *w)
{
	struct timespec t;

	(void)c;
	(void)state;
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++)
		clock_gettime(CLOCK_MONOTONIC, &t);
	stopwatch_stop(w, ops);
}

#define CHASE(name_, what_, bytes)                                                       \
	{                                                                                \
		"limit/" name_, what_, bytes, chase_setup, chase_sample, chase_teardown  \
	}

static const struct bench_case cases[] = {
	CHASE("load_16k", "dependent load, 16 KiB working set (L1)", 16 << 10),
	CHASE("load_256k", "dependent load, 256 KiB working set (L2)", 256 << 10),
	CHASE("load_16m", "dependent load, 16 MiB working set (L3)", 16 << 20),
	CHASE("load_256m", "dependent load, 256 MiB working set (memory)", 256 << 20),
	{ "limit/atomic", "atomic fetch-and-add, uncontended, one word", 0, rmw_setup,
	  rmw_sample, free },
	{ "limit/transfer", "a cache line from one processor to another, one way", 0,
	  transfer_setup, transfer_sample, transfer_teardown },
	{ "limit/clock", "reading the clock, once in each figure with a p99", 0,
	  clock_setup, clock_sample, free },
};
const struct bench_suite suite_limits = { cases, sizeof(cases) / sizeof(cases[0]) };
