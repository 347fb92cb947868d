/* SPDX-License-Identifier: MIT */
/* The results as a table, CSV, JSON and a drawing. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include "bench.h"

int report_table(FILE *out, const struct bench_result *r, unsigned n)
{
	fprintf(out, "%-28s %10s %10s %10s %10s %10s\n", "case", "median ns", "min",
		"p90", "max", "instr/op");
	for (unsigned i = 0; i < n; i++) {
		if (r[i].skipped) {
			fprintf(out, "%-28s not to be had here\n", r[i].c->name);
			continue;
		}
		fprintf(out, "%-28s %10.1f %10.1f %10.1f %10.1f", r[i].c->name,
			r[i].median, r[i].min, r[i].p90, r[i].max);
		if (r[i].instructions >= 0)
			fprintf(out, " %10.1f\n", r[i].instructions);
		else
			fprintf(out, " %10s\n", "-");
	}
	return ferror(out) ? -1 : 0;
}

int report_csv(const char *path, const struct bench_result *r, unsigned n)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	fputs("case,median_ns,min_ns,p90_ns,max_ns,instructions,samples,operations\n", f);
	for (unsigned i = 0; i < n; i++) {
		if (r[i].skipped)
			continue;
		fprintf(f, "%s,%.2f,%.2f,%.2f,%.2f,", r[i].c->name, r[i].median, r[i].min,
			r[i].p90, r[i].max);
		if (r[i].instructions >= 0)
			fprintf(f, "%.1f", r[i].instructions);
		fprintf(f, ",%u,%llu\n", r[i].samples, (unsigned long long)r[i].ops);
	}
	return fclose(f) ? -1 : 0;
}

static json_t *one_result(const struct bench_result *r)
{
	json_t *o = json_pack("{s:s, s:s}", "name", r->c->name, "what", r->c->what);

	if (r->skipped) {
		json_object_set_new(o, "skipped", json_true());
		return o;
	}
	json_object_set_new(o, "median_ns", json_real(r->median));
	json_object_set_new(o, "min_ns", json_real(r->min));
	json_object_set_new(o, "p90_ns", json_real(r->p90));
	json_object_set_new(o, "max_ns", json_real(r->max));
	json_object_set_new(o, "samples", json_integer(r->samples));
	json_object_set_new(o, "operations", json_integer((json_int_t)r->ops));
	if (r->instructions >= 0)
		json_object_set_new(o, "instructions", json_real(r->instructions));
	return o;
}

/* "Intel(R) Xeon(R) ..." as /proc has it; "unknown" elsewhere. */
static void cpu_name(char *name, size_t len)
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

int report_json(const char *path, const struct bench_result *r, unsigned n,
		unsigned quick)
{
	struct utsname u;
	char cpu[128];
	json_t *root, *list = json_array();
	int err;

	uname(&u);
	cpu_name(cpu, sizeof(cpu));
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, one_result(&r[i]));
	root = json_pack("{s:s, s:b, s:{s:s, s:s, s:s, s:s}, s:o}", "format",
			 "smmulator-bench-1", "quick", (int)quick, "machine", "cpu", cpu,
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

/* One bar a case on a logarithmic scale, 0.1 ns to the slowest. */
int report_svg(const char *path, const struct bench_result *r, unsigned n)
{
	enum { LEFT = 230, WIDTH = 560, ROW = 20, TOP = 46 };
	double top = 100;
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	for (unsigned i = 0; i < n; i++)
		while (!r[i].skipped && r[i].median > top)
			top *= 10;
	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
		"<text x=\"%d\" y=\"18\" font-size=\"14\">smmulator-bench: median ns per "
		"operation "
		"(log scale; thin line: min to p90)</text>\n",
		LEFT + WIDTH + 90, TOP + n * ROW + 14, 12);
	for (double tick = 1; tick <= top * 1.0001; tick *= 10) {
		double x = LEFT + WIDTH * log10(tick * 10) / log10(top * 10);

		fprintf(f,
			"<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%u\" "
			"stroke=\"#ddd\"/>"
			"<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" "
			"fill=\"#666\">%g</text>\n",
			x, TOP - 4, x, TOP + n * ROW, x, TOP - 8, tick);
	}
	for (unsigned i = 0; i < n; i++) {
		double scale = WIDTH / log10(top * 10);
		double y = TOP + (double)i * ROW;
		bool limit = !strncmp(r[i].c->name, "limit/", 6);

		fprintf(f, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">%s</text>\n",
			LEFT - 8, y + 14, r[i].c->name);
		if (r[i].skipped || r[i].median < 0.1)
			continue;
		fprintf(f,
			"<rect x=\"%d\" y=\"%.0f\" width=\"%.1f\" height=\"12\" "
			"fill=\"%s\"/>"
			"<line x1=\"%.1f\" y1=\"%.0f\" x2=\"%.1f\" y2=\"%.0f\" "
			"stroke=\"#333\"/>"
			"<text x=\"%.1f\" y=\"%.0f\">%.1f</text>\n",
			LEFT, y + 4, scale * log10(r[i].median * 10),
			limit ? "#bbb" : "#4878a8",
			LEFT + scale * log10(fmax(r[i].min, 0.1) * 10), y + 10,
			LEFT + scale * log10(r[i].p90 * 10), y + 10,
			LEFT + scale * log10(fmax(r[i].p90, r[i].median) * 10) + 6,
			y + 14, r[i].median);
	}
	fputs("</svg>\n", f);
	return fclose(f) ? -1 : 0;
}

int report_compare(FILE *out, const char *path, const struct bench_result *r, unsigned n)
{
	json_t *root = json_load_file(path, 0, NULL), *list, *item;
	size_t k;

	list = json_object_get(root, "results");
	if (!json_is_array(list)) {
		json_decref(root);
		return -1;
	}
	fprintf(out, "\n%-28s %10s %10s %8s\n", "case", "then", "now", "ratio");
	for (unsigned i = 0; i < n; i++) {
		json_array_foreach(list, k, item)
		{
			const char *name =
				json_string_value(json_object_get(item, "name"));
			double then =
				json_number_value(json_object_get(item, "median_ns"));

			if (name && then > 0 && !r[i].skipped &&
			    !strcmp(name, r[i].c->name))
				fprintf(out, "%-28s %10.1f %10.1f %8.2f\n", name, then,
					r[i].median, r[i].median / then);
		}
	}
	json_decref(root);
	return 0;
}
