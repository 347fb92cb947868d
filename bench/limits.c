/* SPDX-License-Identifier: MIT */
/* What this machine can do at all: the yardstick for every other figure. */
#include <stdatomic.h>
#include <stdlib.h>
#include "bench.h"

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

#define CHASE(name_, what_, bytes)                                                       \
	{                                                                                \
		"limit/" name_, what_, bytes, chase_setup, chase_sample, chase_teardown  \
	}

static const struct bench_case cases[] = {
	CHASE("load_16k", "dependent load, 16 KiB working set (L1)", 16 << 10),
	CHASE("load_256k", "dependent load, 256 KiB working set (L2)", 256 << 10),
	CHASE("load_256m", "dependent load, 256 MiB working set (memory)", 256 << 20),
	{ "limit/atomic", "atomic fetch-and-add, uncontended", 0, rmw_setup, rmw_sample,
	  free },
};
const struct bench_suite suite_limits = { cases, sizeof(cases) / sizeof(cases[0]) };
