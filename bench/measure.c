/* SPDX-License-Identifier: MIT */
/* The clock, and how a case becomes a result: warm-up, samples, median and spread. */
#include <linux/perf_event.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"
#ifdef __has_include
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif
#endif
#ifndef CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_DUMP_STATS_AT(name) ((void)(name))
#endif

enum { MAX_SAMPLES = 31, MIN_SAMPLES = 7, MAX_LAPS = 1 << 18 };
static const uint64_t sample_ns = 2 * 1000 * 1000; /* aim of one sample */
/* A case that has to put much back between samples takes fewer of them. */
static const uint64_t case_ns = UINT64_C(1500) * 1000 * 1000;

static const char *why_skipped;

bool bench_skip(const char *why)
{
	why_skipped = why;
	return false;
}

unsigned bench_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (unsigned)CPU_COUNT(&set);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int measure_perf_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

void stopwatch_start(struct stopwatch *w)
{
	if (w->perf_fd >= 0)
		ioctl(w->perf_fd, PERF_EVENT_IOC_ENABLE, 0);
	w->started = now_ns();
	if (w->collect)
		CALLGRIND_TOGGLE_COLLECT;
}

void stopwatch_stop(struct stopwatch *w, uint64_t ops)
{
	if (w->collect)
		CALLGRIND_TOGGLE_COLLECT;
	w->ns += now_ns() - w->started;
	if (w->perf_fd >= 0)
		ioctl(w->perf_fd, PERF_EVENT_IOC_DISABLE, 0);
	w->ops += ops;
}

void stopwatch_lap(struct stopwatch *w)
{
	uint64_t now = now_ns();

	if (w->num_laps < w->max_laps)
		w->laps[w->num_laps++] = now - w->started;
	w->ns += now - w->started;
	w->ops++;
	w->started = now;
}

/*
 * How often somebody else was given the processor of one of this process's threads. A
 * sample in which that happened measured him.
 */
static long disturbances(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : usage.ru_nivcsw;
}

void stopwatch_done(struct stopwatch *w)
{
	w->disturbances = disturbances();
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int ascending_laps(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* What has happened to the process up to the sample's last operation. */
static long disturbances_until(const struct stopwatch *w)
{
	return w->disturbances >= 0 ? w->disturbances : disturbances();
}

/* One sample; ns per operation, and instructions per operation if counted. */
static double take(const struct bench_case *c, void *state, uint64_t ops,
		   struct stopwatch *w, double *instructions)
{
	uint64_t count = 0;

	w->ns = w->ops = 0;
	w->disturbances = -1;
	if (w->perf_fd >= 0)
		ioctl(w->perf_fd, PERF_EVENT_IOC_RESET, 0);
	c->sample(c, state, ops, w);
	*instructions = -1;
	if (w->perf_fd >= 0 &&
	    read(w->perf_fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		*instructions = (double)count / (double)w->ops;
	return w->ops ? (double)w->ns / (double)w->ops : 0;
}

/* Warms up, and finds how many operations make a sample. */
static uint64_t warm_up(const struct bench_case *c, void *state)
{
	struct stopwatch w = { .perf_fd = -1 };
	uint64_t ops = 64, end = now_ns() + case_ns;
	double counted, one;

	for (;;) {
		long before = disturbances();

		one = take(c, state, ops, &w, &counted);
		if ((!w.ops || disturbances_until(&w) != before) && now_ns() < end)
			continue;
		if ((double)ops * one >= (double)sample_ns / 2 || w.ops < ops ||
		    ops >= 1u << 24)
			return ops;
		ops *= 2;
	}
}

static void summarize_laps(struct bench_result *r, uint64_t *laps, unsigned n)
{
	qsort(laps, n, sizeof(laps[0]), ascending_laps);
	r->min = (double)laps[0];
	r->median = (double)laps[n / 2];
	r->p90 = (double)laps[(uint64_t)n * 90 / 100];
	r->p99 = (double)laps[(uint64_t)n * 99 / 100];
	r->max = (double)laps[n - 1];
}

struct series {
	double ns[MAX_SAMPLES], instructions[MAX_SAMPLES];
	unsigned n, disturbed;
	uint64_t ops;
};

/*
 * Samples until there are enough of them, or the case has had its time: then a few are
 * enough, and those that were disturbed count too.
 */
static void collect(const struct bench_case *c, void *state, uint64_t ops,
		    unsigned samples, struct stopwatch *w, struct series *s)
{
	uint64_t end = now_ns() + case_ns;

	while (s->n < samples && s->n < MAX_SAMPLES) {
		bool late = now_ns() > end, disturbed;
		unsigned laps = w->num_laps;
		long before = disturbances();

		if (late && s->n >= MIN_SAMPLES)
			return;
		s->ns[s->n] = take(c, state, ops, w, &s->instructions[s->n]);
		disturbed = disturbances_until(w) != before;
		if (!w->ops || (disturbed && !late)) {
			w->num_laps = laps;
			if (late)
				return;
			continue;
		}
		s->disturbed += disturbed;
		s->ops += w->ops;
		s->n++;
	}
}

static void take_samples(const struct bench_case *c, void *state, uint64_t ops,
			 const struct measure *m, struct bench_result *r)
{
	struct stopwatch w = { .perf_fd = m->perf_fd, .max_laps = MAX_LAPS };
	struct series s = { .n = 0 };

	w.laps = calloc(MAX_LAPS, sizeof(w.laps[0]));
	if (!w.laps)
		abort();
	collect(c, state, ops, m->samples, &w, &s);
	if (s.n) {
		qsort(s.ns, s.n, sizeof(s.ns[0]), ascending);
		qsort(s.instructions, s.n, sizeof(s.instructions[0]), ascending);
		r->samples = s.n;
		r->disturbed = s.disturbed;
		r->ops = s.ops;
		r->min = s.ns[0];
		r->median = s.ns[s.n / 2];
		r->p90 = s.ns[s.n * 9 / 10];
		r->max = s.ns[s.n - 1];
		r->instructions = s.instructions[s.n / 2];
		if (w.num_laps)
			summarize_laps(r, w.laps, w.num_laps);
	} else {
		r->skipped = "its other threads never ran at the same time";
	}
	free(w.laps);
}

/* The same number of operations each time, for callgrind to count. */
static void take_counted(const struct bench_case *c, void *state, const struct measure *m,
			 struct bench_result *r)
{
	struct stopwatch w = { .perf_fd = -1 };

	(void)take(c, state, m->operations, &w, &r->instructions);
	w.collect = true;
	r->median = take(c, state, m->operations, &w, &r->instructions);
	CALLGRIND_DUMP_STATS_AT(c->name);
	r->min = r->p90 = r->max = r->median;
	r->samples = 1;
	r->ops = w.ops;
}

void measure_case(const struct bench_case *c, const struct measure *m,
		  struct bench_result *r)
{
	void *state = NULL;

	*r = (struct bench_result){ .c = c, .instructions = -1, .p99 = -1 };
	why_skipped = "not to be had here";
	if (!c->setup(c, &state)) {
		r->skipped = why_skipped;
		return;
	}
	if (m->operations)
		take_counted(c, state, m, r);
	else
		take_samples(c, state, warm_up(c, state), m, r);
	c->teardown(state);
}
