/* SPDX-License-Identifier: MIT */
/*
 * The benchmark harness. A case prepares its world, then is asked again and
 * again for one sample: it does a number of operations and says how long they
 * took. What has to be put back between samples is done outside the clock.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct fixture;

/* The clock of one sample: only what runs between start and stop counts. */
struct stopwatch {
	uint64_t ns, instructions;
	uint64_t ops;
	uint64_t started;
	int perf_fd; /* -1: the kernel counts no instructions for us */
};
void stopwatch_start(struct stopwatch *w);
void stopwatch_stop(struct stopwatch *w, uint64_t ops);

struct bench_case {
	const char *name; /* "tlbi/nh_va/64k": group/operation/parameter */
	const char *what; /* one line for --list */
	uint64_t param;
	/* Prepares *state; false: cannot be had here (the case is skipped and said so).
	 */
	bool (*setup)(const struct bench_case *c, void **state);
	/* One sample of about `ops` operations (a case may do fewer, never none). */
	void (*sample)(const struct bench_case *c, void *state, uint64_t ops,
		       struct stopwatch *w);
	void (*teardown)(void *state);
};

/* Each file of cases ends in one of these; main.c lists them. */
struct bench_suite {
	const struct bench_case *cases;
	unsigned count;
};
extern const struct bench_suite suite_limits, suite_translate, suite_invalidate,
	suite_ats, suite_driver;

struct bench_result {
	const struct bench_case *c;
	bool skipped;
	unsigned samples;
	uint64_t ops;		      /* in all samples */
	double min, median, p90, max; /* ns per operation */
	double instructions;	      /* per operation, median; < 0: not counted */
};

/* Writers; each takes the results in order. 0 or -1 with errno. */
int report_table(FILE *out, const struct bench_result *r, unsigned n);
int report_csv(const char *path, const struct bench_result *r, unsigned n);
int report_json(const char *path, const struct bench_result *r, unsigned n,
		unsigned quick);
int report_svg(const char *path, const struct bench_result *r, unsigned n);
/* Ratios of this run's medians to those of an earlier report; -1: unreadable. */
int report_compare(FILE *out, const char *path, const struct bench_result *r, unsigned n);

/* A cheap generator with a seed, so that each run touches the same pages. */
static inline uint64_t bench_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

#endif /* BENCH_BENCH_H */
