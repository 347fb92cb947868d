/* SPDX-License-Identifier: MIT */
/* The results as text and as CSV, and what the other reports share. */
#include <string.h>
#include "bench.h"

const struct bench_result *results_find(const struct bench_results *all, const char *name)
{
	for (unsigned i = 0; i < all->n; i++)
		if (!all->r[i].skipped && !strcmp(all->r[i].c->name, name))
			return &all->r[i];
	return NULL;
}

double results_ratio(const struct bench_results *all, const struct bench_result *r)
{
	const char *name = bench_note(r->c->name).limit;
	const struct bench_result *limit = name ? results_find(all, name) : NULL;

	return limit && limit->median > 0 ? r->median / limit->median : 0;
}

void report_cpu(char *name, size_t len)
{
	char line[256];
	FILE *f = fopen("/proc/cpuinfo", "r");

	snprintf(name, len, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "model name", 10) || !strchr(line, ':'))
			continue;
		snprintf(name, len, "%s", strchr(line, ':') + 2);
		name[strcspn(name, "\n")] = '\0';
		break;
	}
	if (f)
		fclose(f);
}

/* A number of that width, or a dash. */
static void cell(FILE *out, int digits, bool there, double value)
{
	char text[32];

	if (there)
		snprintf(text, sizeof(text), "%.*f", digits, value);
	else
		snprintf(text, sizeof(text), "-");
	fprintf(out, " %9s", text);
}

static void line(FILE *out, const struct bench_results *all, const struct bench_result *r)
{
	struct bench_note note = bench_note(r->c->name);
	double ratio = results_ratio(all, r);

	fprintf(out, "%-30s", r->c->name);
	if (r->skipped) {
		fprintf(out, "  skipped: %s\n", r->skipped);
		return;
	}
	cell(out, 1, true, r->median);
	cell(out, 1, true, r->min);
	cell(out, 1, true, r->p90);
	cell(out, 1, r->p99 >= 0, r->p99);
	cell(out, 1, r->instructions >= 0, r->instructions);
	cell(out, 0, note.target > 0, note.target);
	cell(out, 1, ratio > 0, ratio);
	fprintf(out, " %s",
		ratio > 0   ? note.limit + strlen("limit/")
		: note.unit ? "(bytes)"
			    : "");
	if (r->disturbed)
		fprintf(out, " (%u of %u samples disturbed)", r->disturbed, r->samples);
	fputc('\n', out);
}

int report_text(FILE *out, const struct bench_results *all)
{
	fprintf(out, "%-30s %9s %9s %9s %9s %9s %9s %9s %s\n", "case", "median ns", "min",
		"p90", "p99", "instr/op", "target", "x limit", "limit");
	for (unsigned i = 0; i < all->n; i++)
		line(out, all, &all->r[i]);
	return ferror(out) ? -1 : 0;
}

int report_csv(const char *path, const struct bench_results *all)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	fputs("case,unit,median,min,p90,p99,max,instructions,limit,ratio,target,samples,"
	      "operations\n",
	      f);
	for (unsigned i = 0; i < all->n; i++) {
		const struct bench_result *r = &all->r[i];
		struct bench_note note = bench_note(r->c->name);
		double ratio = results_ratio(all, r);

		if (r->skipped)
			continue;
		fprintf(f, "%s,%s,%.2f,%.2f,%.2f,", r->c->name, bench_unit(r->c->name),
			r->median, r->min, r->p90);
		if (r->p99 >= 0)
			fprintf(f, "%.2f", r->p99);
		fprintf(f, ",%.2f,", r->max);
		if (r->instructions >= 0)
			fprintf(f, "%.1f", r->instructions);
		fprintf(f, ",%s,", note.limit ? note.limit : "");
		if (ratio > 0)
			fprintf(f, "%.2f", ratio);
		fputc(',', f);
		if (note.target > 0)
			fprintf(f, "%.0f", note.target);
		fprintf(f, ",%u,%llu\n", r->samples, (unsigned long long)r->ops);
	}
	return fclose(f) ? -1 : 0;
}
