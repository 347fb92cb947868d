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
	uint64_t ns;
	uint64_t ops;
	uint64_t started;
	int perf_fd;	   /* -1: the kernel counts no instructions for us */
	bool collect;	   /* callgrind is to count this sample */
	long disturbances; /* of this process, when its last operation was done; -1 */
	/* Where laps go, if somebody wants them one by one. */
	uint64_t *laps;
	unsigned num_laps, max_laps;
};
void stopwatch_start(struct stopwatch *w);
void stopwatch_stop(struct stopwatch *w, uint64_t ops);
/* All is measured: what is put back from now on may be disturbed. */
void stopwatch_done(struct stopwatch *w);
/*
 * After each operation of a case whose slow ones matter: between start and
 * stop(w, 0). Its reading of the clock is in the figure (limit/clock).
 */
void stopwatch_lap(struct stopwatch *w);

struct bench_case {
	const char *name; /* "tlbi/nh_va/64k": group/operation/parameter */
	const char *what; /* one line for --list, with the working set */
	uint64_t param;
	/*
	 * Prepares *state; false: cannot be had here (the case is skipped and said so,
	 * with what bench_skip() was told).
	 */
	bool (*setup)(const struct bench_case *c, void **state);
	/*
	 * One sample of about `ops` operations (a case may do fewer). None: it was not
	 * what the name says, because other threads did not run; it does not count.
	 */
	void (*sample)(const struct bench_case *c, void *state, uint64_t ops,
		       struct stopwatch *w);
	void (*teardown)(void *state);
};

/* For a setup: why not. Returns false. */
bool bench_skip(const char *why);
/* Processors that this process may use. */
unsigned bench_processors(void);

/* Each file of cases ends in one of these; main.c lists them. */
struct bench_suite {
	const struct bench_case *cases;
	unsigned count;
};
extern const struct bench_suite suite_limits, suite_translate, suite_invalidate,
	suite_sync, suite_storm, suite_ports, suite_memory, suite_attach, suite_ats,
	suite_driver, suite_guest;

/* What a case is held against; by name, so that the cases need not know (notes.c). */
struct bench_note {
	const char *limit; /* the case that this machine cannot beat; NULL: none */
	double target;	   /* issue 4 of the project; 0: none */
	const char *unit;  /* NULL: ns */
};
struct bench_note bench_note(const char *name);
static inline const char *bench_unit(const char *name)
{
	const char *unit = bench_note(name).unit;

	return unit ? unit : "ns";
}

struct bench_result {
	const struct bench_case *c;
	const char *skipped; /* why; NULL: it ran */
	unsigned samples;
	unsigned disturbed;	      /* of these: others had a processor meanwhile */
	uint64_t ops;		      /* in all samples */
	double min, median, p90, max; /* of samples, or of laps if there are any */
	double p99;		      /* of laps; < 0: there are none */
	double instructions;	      /* per operation, median; < 0: not counted */
};

struct measure {
	unsigned samples;
	uint64_t operations; /* not 0: one sample of so many, after one to warm up */
	int perf_fd;
};
/* User-space instructions of this thread, where the kernel lets us; else -1. */
int measure_perf_open(void);
void measure_case(const struct bench_case *c, const struct measure *m,
		  struct bench_result *r);

/* The results of one run, in order. */
struct bench_results {
	struct bench_result *r;
	unsigned n;
};
/* The one of that name that ran, or NULL. */
const struct bench_result *results_find(const struct bench_results *all,
					const char *name);
/* median / that of its limit in the same run; 0: none. */
double results_ratio(const struct bench_results *all, const struct bench_result *r);

/* "Intel(R) Xeon(R) ..." as /proc has it; "unknown" elsewhere. */
void report_cpu(char *name, size_t len);
/* Writers. 0 or -1 with errno. */
int report_text(FILE *out, const struct bench_results *all);
int report_csv(const char *path, const struct bench_results *all);
int report_json(const char *path, const struct bench_results *all, bool quick);
int report_svg(const char *path, const struct bench_results *all);
/* The project's table of targets, as Markdown. */
int report_targets(const char *path, const struct bench_results *all);
/* Ratios of this run's medians to those of an earlier report; -1: unreadable. */
int report_compare(FILE *out, const char *path, const struct bench_results *all);

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
