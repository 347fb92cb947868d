/* SPDX-License-Identifier: MIT */
/*
 * Schedule exploration: the threads of a scenario run one at a time, and at every
 * scheduling point (each lock and unlock of the core, each op of the driver) a seed or
 * a search decides who goes on. A schedule is its seed: it can be replayed.
 */
#ifndef TESTS_EXPLORE_H
#define TESTS_EXPLORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define EXPLORE_THREADS 4

struct explore_scenario {
	const char *name;
	void *(*setup)(void);
	/* At every point, whoever is between two instructions of his. May be NULL. */
	void (*check)(void *ctx);
	/* All threads are through: judges the end, and frees. */
	void (*teardown)(void *ctx);
	void (*thread[EXPLORE_THREADS])(void *ctx); /* up to the first NULL */
};

/* How to choose, and what to leave out. */
struct explore_how {
	uint64_t seeds; /* schedules by seed ... */
	unsigned
		preemptions; /* ... or, with seeds == 0, every one with at most so many */
	const char *without; /* mutexes whose name contains this are not locked */
	bool quiet;	     /* a violation is what is wanted */
};

struct explore_result {
	uint64_t schedules; /* tried, the last is the violating one */
	bool violated;	    /* or crashed */
};

/*
 * Runs in a child process, since a violation may have broken anything. The environment
 * variable EXPLORE_SEED=N runs that one schedule and prints its steps.
 */
struct explore_result explore(const struct explore_scenario *scenario,
			      const struct explore_how *how);

/* For scenarios and their driver. Outside of a schedule these do nothing. */
void explore_point(const char *what);
/*
 * For threads that poll: shared memory has changed; and a pause between two looks at
 * it. Who has looked at all of it since the last change does not go on before the next:
 * if nobody can go on that way, it is a deadlock.
 */
void explore_changed(void);
void explore_pause(void);
/* Something that must never be: told with the schedule; does not return. */
void explore_violation(const char *what);
/* Nobody holds the mutex: what it protects must be consistent. */
bool explore_is_free(const pthread_mutex_t *mutex);

#endif
