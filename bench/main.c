/* SPDX-License-Identifier: MIT */
/* smmulator-bench: runs the cases and reports medians. */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

static const struct bench_suite *const suites[] = {
	&suite_limits,
	&suite_translate,
	&suite_invalidate,
	&suite_ats,
	&suite_driver,
};

enum { MAX_SAMPLES = 31, QUICK_SAMPLES = 7 };
static const uint64_t sample_ns = 4 * 1000 * 1000; /* aim of one sample */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* User-space instructions of this thread, where the kernel lets us; else -1. */
static int perf_open(void)
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
}

void stopwatch_stop(struct stopwatch *w, uint64_t ops)
{
	w->ns += now_ns() - w->started;
	if (w->perf_fd >= 0)
		ioctl(w->perf_fd, PERF_EVENT_IOC_DISABLE, 0);
	w->ops += ops;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One sample; ns per operation, and instructions per operation if counted. */
static double take(const struct bench_case *c, void *state, uint64_t ops, int perf_fd,
		   struct stopwatch *w, double *instructions)
{
	uint64_t count = 0;

	*w = (struct stopwatch){ .perf_fd = perf_fd };
	if (perf_fd >= 0)
		ioctl(perf_fd, PERF_EVENT_IOC_RESET, 0);
	c->sample(c, state, ops, w);
	if (perf_fd >= 0 &&
	    read(perf_fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		*instructions = (double)count / (double)w->ops;
	return (double)w->ns / (double)w->ops;
}

static void run_case(const struct bench_case *c, struct bench_result *r, unsigned samples,
		     int perf_fd)
{
	double ns[MAX_SAMPLES], instructions[MAX_SAMPLES];
	struct stopwatch w;
	void *state = NULL;
	uint64_t ops = 64;
	double one, counted = -1;

	*r = (struct bench_result){ .c = c, .instructions = -1 };
	if (!c->setup(c, &state)) {
		r->skipped = true;
		return;
	}
	/* Warm up, and find how many operations make a sample. */
	for (;;) {
		one = take(c, state, ops, -1, &w, &counted);
		if ((double)ops * one >= (double)sample_ns / 2 || w.ops < ops ||
		    ops >= 1u << 24)
			break;
		ops *= 2;
	}
	for (unsigned i = 0; i < samples; i++) {
		instructions[i] = -1;
		ns[i] = take(c, state, ops, perf_fd, &w, &instructions[i]);
		r->ops += w.ops;
	}
	c->teardown(state);
	qsort(ns, samples, sizeof(ns[0]), ascending);
	qsort(instructions, samples, sizeof(instructions[0]), ascending);
	r->samples = samples;
	r->min = ns[0];
	r->median = ns[samples / 2];
	r->p90 = ns[samples * 9 / 10];
	r->max = ns[samples - 1];
	r->instructions = instructions[samples / 2];
}

static void usage(FILE *out)
{
	fputs("Usage: smmulator-bench [OPTION]...\n"
	      "Measures what translations and invalidations cost; prints ns per "
	      "operation.\n\n"
	      "  --list             name the cases and stop\n"
	      "  --filter PATTERN   only cases whose name matches (shell pattern)\n"
	      "  --quick            7 samples a case instead of 31\n"
	      "  --json FILE        write the results as JSON\n"
	      "  --csv FILE         ... as CSV\n"
	      "  --svg FILE         ... as a drawing\n"
	      "  --compare FILE     print ratios to the medians of an earlier --json "
	      "FILE\n"
	      "  --help\n",
	      out);
}

struct options {
	const char *filter, *json, *csv, *svg, *compare;
	bool list, quick;
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "filter", required_argument, NULL, 'f' },
		{ "quick", no_argument, NULL, 'q' },
		{ "json", required_argument, NULL, 'j' },
		{ "csv", required_argument, NULL, 'c' },
		{ "svg", required_argument, NULL, 's' },
		{ "compare", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (opt) {
		case 'l':
			o->list = true;
			break;
		case 'f':
			o->filter = optarg;
			break;
		case 'q':
			o->quick = true;
			break;
		case 'j':
			o->json = optarg;
			break;
		case 'c':
			o->csv = optarg;
			break;
		case 's':
			o->svg = optarg;
			break;
		case 'C':
			o->compare = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			return -1;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "smmulator-bench: unexpected argument '%s'\n",
			argv[optind]);
		return -1;
	}
	return 0;
}

static int wrote(int err, const char *path)
{
	if (err)
		fprintf(stderr, "smmulator-bench: cannot write %s: %s\n", path,
			strerror(errno));
	return err;
}

static int report(const struct options *o, const struct bench_result *r, unsigned n)
{
	int err = report_table(stdout, r, n);

	if (o->json)
		err |= wrote(report_json(o->json, r, n, o->quick), o->json);
	if (o->csv)
		err |= wrote(report_csv(o->csv, r, n), o->csv);
	if (o->svg)
		err |= wrote(report_svg(o->svg, r, n), o->svg);
	if (o->compare && report_compare(stdout, o->compare, r, n)) {
		fprintf(stderr,
			"smmulator-bench: %s: not a results file of smmulator-bench\n",
			o->compare);
		err = -1;
	}
	return err ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct bench_result results[256];
	unsigned n = 0;
	int perf_fd;

	if (parse(argc, argv, &o))
		return 2;
	perf_fd = perf_open();
	for (unsigned s = 0; s < sizeof(suites) / sizeof(suites[0]); s++) {
		for (unsigned i = 0; i < suites[s]->count && n < 256; i++) {
			const struct bench_case *c = &suites[s]->cases[i];

			if (o.filter && fnmatch(o.filter, c->name, 0))
				continue;
			if (o.list) {
				printf("%-28s %s\n", c->name, c->what);
				continue;
			}
			if (isatty(STDERR_FILENO))
				fprintf(stderr, "\r\033[K%s ...", c->name);
			run_case(c, &results[n++], o.quick ? QUICK_SAMPLES : MAX_SAMPLES,
				 perf_fd);
		}
	}
	if (perf_fd >= 0)
		close(perf_fd);
	if (o.list)
		return 0;
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (!n) {
		fprintf(stderr, "smmulator-bench: no case matches '%s' (see --list)\n",
			o.filter);
		return 2;
	}
	return report(&o, results, n);
}
