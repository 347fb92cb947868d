/* SPDX-License-Identifier: MIT */
/* The results as JSON, and the comparison with an earlier run's. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include "bench.h"

static void set_real(json_t *o, const char *key, bool there, double value)
{
	if (there)
		json_object_set_new(o, key, json_real(value));
}

static json_t *one_result(const struct bench_results *all, const struct bench_result *r)
{
	struct bench_note note = bench_note(r->c->name);
	double ratio = results_ratio(all, r);
	json_t *o = json_pack("{s:s, s:s}", "name", r->c->name, "what", r->c->what);

	if (r->skipped) {
		json_object_set_new(o, "skipped", json_string(r->skipped));
		return o;
	}
	if (note.unit) {
		json_object_set_new(o, "unit", json_string(note.unit));
		json_object_set_new(o, "median", json_real(r->median));
	} else {
		json_object_set_new(o, "median_ns", json_real(r->median));
		json_object_set_new(o, "min_ns", json_real(r->min));
		json_object_set_new(o, "p90_ns", json_real(r->p90));
		set_real(o, "p99_ns", r->p99 >= 0, r->p99);
		json_object_set_new(o, "max_ns", json_real(r->max));
	}
	json_object_set_new(o, "samples", json_integer(r->samples));
	json_object_set_new(o, "disturbed", json_integer(r->disturbed));
	json_object_set_new(o, "operations", json_integer((json_int_t)r->ops));
	set_real(o, "instructions", r->instructions >= 0, r->instructions);
	set_real(o, "target", note.target > 0, note.target);
	if (ratio > 0) {
		json_object_set_new(o, "limit", json_string(note.limit));
		json_object_set_new(o, "limit_ratio", json_real(ratio));
	}
	return o;
}

int report_json(const char *path, const struct bench_results *all, bool quick)
{
	struct utsname u;
	char cpu[128], date[32];
	time_t now = time(NULL);
	json_t *root, *list = json_array();
	int err;

	uname(&u);
	report_cpu(cpu, sizeof(cpu));
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	for (unsigned i = 0; i < all->n; i++)
		json_array_append_new(list, one_result(all, &all->r[i]));
	root = json_pack("{s:s, s:s, s:b, s:{s:s, s:i, s:s, s:s, s:s}, s:o}", "format",
			 "smmulator-bench-2", "date", date, "quick", (int)quick,
			 "machine", "cpu", cpu, "processors", (int)bench_processors(),
			 "kernel", u.release, "arch", u.machine, "compiler", __VERSION__,
			 "results", list);
	if (!root) {
		json_decref(list);
		errno = ENOMEM;
		return -1;
	}
	err = json_dump_file(root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	json_decref(root);
	return err;
}

static json_t *find_old(json_t *list, const char *name)
{
	json_t *item;
	size_t k;

	json_array_foreach(list, k, item)
	{
		const char *n = json_string_value(json_object_get(item, "name"));

		if (n && !strcmp(n, name))
			return item;
	}
	return NULL;
}

static double number(json_t *o, const char *key, double otherwise)
{
	json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : otherwise;
}

/* Outside the spread: what most samples gave then and give now does not overlap. */
static const char *verdict(json_t *old, const struct bench_result *r)
{
	double then = number(old, "median", number(old, "median_ns", 0));

	if (r->min > number(old, "p90_ns", then))
		return "  slower";
	if (r->p90 < number(old, "min_ns", then))
		return "  faster";
	return "";
}

int report_compare(FILE *out, const char *path, const struct bench_results *all)
{
	json_t *root = json_load_file(path, 0, NULL);
	json_t *list = json_object_get(root, "results");

	if (!json_is_array(list)) {
		json_decref(root);
		return -1;
	}
	fprintf(out, "\n%-30s %10s %10s %8s\n", "case", "then", "now", "ratio");
	for (unsigned i = 0; i < all->n; i++) {
		const struct bench_result *r = &all->r[i];
		json_t *old = find_old(list, r->c->name);
		double then = number(old, "median", number(old, "median_ns", 0));

		if (r->skipped)
			continue;
		if (then > 0)
			fprintf(out, "%-30s %10.1f %10.1f %8.2f%s\n", r->c->name, then,
				r->median, r->median / then, verdict(old, r));
		else
			fprintf(out, "%-30s %10s %10.1f %8s\n", r->c->name, "-",
				r->median, "new");
	}
	json_decref(root);
	return 0;
}
