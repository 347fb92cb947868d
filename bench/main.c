/* SPDX-License-Identifier: MIT */
/* smmulator-bench: runs the cases and reports medians. */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bench.h"

static const struct bench_suite *const suites[] = {
	&suite_limits, &suite_translate, &suite_invalidate, &suite_ats,
	&suite_sync,   &suite_storm,	 &suite_ports,	    &suite_driver,
	&suite_attach, &suite_guest,	 &suite_memory,
};
enum { SUITES = sizeof(suites) / sizeof(suites[0]), MAX_CASES = 512 };
enum { SAMPLES = 31, QUICK_SAMPLES = 7 };

struct options {
	const char *filter[16];
	const char *json, *csv, *svg, *targets, *compare;
	uint64_t operations;
	unsigned filters;
	bool list, quick;
};

static void usage(FILE *out)
{
	fputs("Usage: smmulator-bench [OPTION]...\n"
	      "Measures what translations and invalidations cost; prints ns per "
	      "operation,\nand how many times the fitting limit of this machine that "
	      "is.\n\n"
	      "  --list             name the cases and their working sets, and stop\n"
	      "  --filter PATTERN   only cases whose name matches (shell pattern), and "
	      "the "
	      "limits\n"
	      "                     that they are held against; may be given 16 times\n"
	      "  --quick            7 samples a case instead of 31\n"
	      "  --operations N     one sample of N operations a case, after one to warm "
	      "up, and\n"
	      "                     no limits: what callgrind counts "
	      "(bench/instructions)\n"
	      "  --json FILE        write the results as JSON\n"
	      "  --csv FILE         ... as CSV\n"
	      "  --svg FILE         ... as a drawing\n"
	      "  --targets FILE     ... those with a target as a table in Markdown\n"
	      "  --compare FILE     print ratios to the medians of an earlier --json "
	      "FILE, and\n"
	      "                     what is slower or faster by more than the spread\n"
	      "  --help\n",
	      out);
}

static int parse_operations(const char *text, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	if (errno || *end || end == text || *n < 1 || *n > 1000000000) {
		fprintf(stderr,
			"smmulator-bench: --operations %s: 1 to 1000000000 are legal\n",
			text);
		return -1;
	}
	return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "filter", required_argument, NULL, 'f' },
		{ "quick", no_argument, NULL, 'q' },
		{ "operations", required_argument, NULL, 'o' },
		{ "json", required_argument, NULL, 'j' },
		{ "csv", required_argument, NULL, 'c' },
		{ "svg", required_argument, NULL, 's' },
		{ "targets", required_argument, NULL, 't' },
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
			if (o->filters == 16) {
				fputs("smmulator-bench: more than 16 --filter\n", stderr);
				return -1;
			}
			o->filter[o->filters++] = optarg;
			break;
		case 'q':
			o->quick = true;
			break;
		case 'o':
			if (parse_operations(optarg, &o->operations))
				return -1;
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
		case 't':
			o->targets = optarg;
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

/* ---- Which cases ---- */

static bool matches(const struct options *o, const char *name)
{
	for (unsigned i = 0; i < o->filters; i++)
		if (!fnmatch(o->filter[i], name, 0))
			return true;
	return !o->filters;
}

/* A case that was asked for is held against this limit. */
static bool needed(const struct options *o, const char *limit)
{
	for (unsigned s = 0; s < SUITES && !o->operations; s++)
		for (unsigned i = 0; i < suites[s]->count; i++) {
			const char *name = suites[s]->cases[i].name;
			const char *its = bench_note(name).limit;

			if (its && !strcmp(its, limit) && matches(o, name))
				return true;
		}
	return false;
}

static unsigned choose(const struct options *o, const struct bench_case **chosen)
{
	unsigned n = 0;

	for (unsigned s = 0; s < SUITES; s++)
		for (unsigned i = 0; i < suites[s]->count && n < MAX_CASES; i++) {
			const struct bench_case *c = &suites[s]->cases[i];

			if (matches(o, c->name) || (!o->list && needed(o, c->name)))
				chosen[n++] = c;
		}
	return n;
}

/* ---- The run ---- */

/*
 * Real programs have more than one thread, and a C library may be cheaper with one:
 * this one sleeps until the end.
 */
static void *second_thread(void *arg)
{
	pthread_mutex_lock(arg);
	pthread_mutex_unlock(arg);
	return NULL;
}

static int run(const struct options *o, const struct bench_case **chosen,
	       struct bench_results *all)
{
	struct measure m = { .samples = o->quick ? QUICK_SAMPLES : SAMPLES,
			     .operations = o->operations,
			     .perf_fd = o->operations ? -1 : measure_perf_open() };
	pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
	bool terminal = isatty(STDERR_FILENO);
	pthread_t second;

	pthread_mutex_lock(&held);
	if (pthread_create(&second, NULL, second_thread, &held)) {
		fputs("smmulator-bench: no second thread to be had\n", stderr);
		return -1;
	}
	for (unsigned i = 0; i < all->n; i++) {
		if (terminal)
			fprintf(stderr, "\r\033[K[%u/%u] %s", i + 1, all->n,
				chosen[i]->name);
		measure_case(chosen[i], &m, &all->r[i]);
	}
	if (terminal)
		fputs("\r\033[K", stderr);
	pthread_mutex_unlock(&held);
	pthread_join(second, NULL);
	if (m.perf_fd >= 0)
		close(m.perf_fd);
	return 0;
}

static int wrote(int err, const char *path)
{
	if (err)
		fprintf(stderr, "smmulator-bench: cannot write %s: %s\n", path,
			strerror(errno));
	return err;
}

static int report(const struct options *o, const struct bench_results *all)
{
	int err = report_text(stdout, all);

	if (o->json)
		err |= wrote(report_json(o->json, all, o->quick), o->json);
	if (o->csv)
		err |= wrote(report_csv(o->csv, all), o->csv);
	if (o->svg)
		err |= wrote(report_svg(o->svg, all), o->svg);
	if (o->targets)
		err |= wrote(report_targets(o->targets, all), o->targets);
	if (o->compare && report_compare(stdout, o->compare, all)) {
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
	const struct bench_case *chosen[MAX_CASES];
	struct bench_result r[MAX_CASES];
	struct bench_results all = { .r = r };

	if (parse(argc, argv, &o))
		return 2;
	all.n = choose(&o, chosen);
	if (!all.n) {
		fprintf(stderr, "smmulator-bench: no case matches '%s' (see --list)\n",
			o.filter[0]);
		return 2;
	}
	if (o.list) {
		for (unsigned i = 0; i < all.n; i++)
			printf("%-30s %s\n", chosen[i]->name, chosen[i]->what);
		return 0;
	}
	if (run(&o, chosen, &all))
		return 1;
	return report(&o, &all);
}
