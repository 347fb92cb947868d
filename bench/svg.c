/* SPDX-License-Identifier: MIT */
/*
 * The results as a drawing: a panel for each topic, in it a bar for each case on one
 * logarithmic scale; beside the bar its target, and what the machine cannot beat.
 */
#include <math.h>
#include <string.h>
#include "bench.h"

/* Beyond 100 us a bar ends at the edge, and only its number tells. */
static const double lowest = 1, highest = 1e5; /* ns */
enum { LEFT = 190, WIDTH = 520, RIGHT = 120, ROW = 16, HEAD = 34, TOP = 96 };

struct drawing {
	FILE *f;
	const struct bench_results *all;
	double per_decade;
	unsigned y;
};

/* The part of a name before its first slash. */
static size_t topic(const char *name)
{
	return strcspn(name, "/");
}

static bool drawn(const struct bench_result *r)
{
	return !r->skipped && !bench_note(r->c->name).unit;
}

static bool new_topic(const struct bench_results *all, unsigned i)
{
	const char *a, *b;

	if (!i)
		return true;
	a = all->r[i - 1].c->name;
	b = all->r[i].c->name;
	return topic(a) != topic(b) || strncmp(a, b, topic(a)) != 0;
}

static double x_of(const struct drawing *d, double ns)
{
	return LEFT + log10(fmin(fmax(ns, lowest), highest) / lowest) * d->per_decade;
}

/* A small mark across a row. */
static void mark(const struct drawing *d, double ns, const char *color, int width)
{
	fprintf(d->f,
		"<line x1=\"%.1f\" y1=\"%u\" x2=\"%.1f\" y2=\"%u\" stroke=\"%s\" "
		"stroke-width=\"%d\"/>\n",
		x_of(d, ns), d->y + 1, x_of(d, ns), d->y + ROW - 1, color, width);
}

static void bar(const struct drawing *d, const struct bench_result *r)
{
	struct bench_note note = bench_note(r->c->name);
	const struct bench_result *limit =
		note.limit ? results_find(d->all, note.limit) : NULL;
	double high = r->p99 >= 0 ? r->p99 : r->p90;
	double right = fmax(fmax(high, note.target), limit ? limit->median : 0);
	const char *color = !strncmp(r->c->name, "limit/", 6)		 ? "#aaa"
			    : note.target > 0 && r->median > note.target ? "#c8743c"
									 : "#4878a8";

	fprintf(d->f,
		"<rect x=\"%d\" y=\"%u\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
		LEFT, d->y + 3, x_of(d, r->median) - LEFT, ROW - 6, color);
	fprintf(d->f,
		"<line x1=\"%.1f\" y1=\"%u\" x2=\"%.1f\" y2=\"%u\" stroke=\"#222\"/>\n",
		x_of(d, r->min), d->y + ROW / 2, x_of(d, high), d->y + ROW / 2);
	if (limit)
		mark(d, limit->median, "#333", 2);
	if (note.target > 0)
		mark(d, note.target, "#d02020", 3);
	fprintf(d->f, "<text x=\"%.1f\" y=\"%u\">%.*f</text>\n", x_of(d, right) + 5,
		d->y + 12, r->median < 100 ? 1 : 0, r->median);
}

static void row(const struct drawing *d, const struct bench_result *r)
{
	fprintf(d->f, "<text x=\"%d\" y=\"%u\" text-anchor=\"end\">%s</text>\n", LEFT - 6,
		d->y + 12, r->c->name + topic(r->c->name) + 1);
	if (r->skipped)
		fprintf(d->f, "<text x=\"%d\" y=\"%u\" fill=\"#888\">%s</text>\n",
			LEFT + 5, d->y + 12, r->skipped);
	else if (!drawn(r))
		fprintf(d->f, "<text x=\"%d\" y=\"%u\">%.1f %s</text>\n", LEFT + 5,
			d->y + 12, r->median, bench_unit(r->c->name));
	else
		bar(d, r);
}

static void grid(const struct drawing *d, unsigned bottom)
{
	for (double tick = lowest; tick <= highest * 1.0001; tick *= 10) {
		fprintf(d->f,
			"<line x1=\"%.1f\" y1=\"%u\" x2=\"%.1f\" y2=\"%u\" "
			"stroke=\"#ddd\"/>\n",
			x_of(d, tick), d->y, x_of(d, tick), bottom);
		fprintf(d->f,
			"<text x=\"%.1f\" y=\"%u\" text-anchor=\"middle\" "
			"fill=\"#666\">%g</text>\n",
			x_of(d, tick), d->y - 4, tick);
	}
}

static void legend(const struct drawing *d)
{
	char cpu[128];

	report_cpu(cpu, sizeof(cpu));
	fprintf(d->f,
		"<text x=\"12\" y=\"22\" font-size=\"15\">smmulator-bench: median ns per "
		"operation, logarithmic</text>\n"
		"<text x=\"12\" y=\"42\" fill=\"#555\">%s</text>\n"
		"<rect x=\"12\" y=\"54\" width=\"26\" height=\"10\" fill=\"#4878a8\"/>"
		"<text x=\"44\" y=\"63\">median</text>"
		"<rect x=\"100\" y=\"54\" width=\"26\" height=\"10\" fill=\"#c8743c\"/>"
		"<text x=\"132\" y=\"63\">median, target missed</text>"
		"<line x1=\"272\" y1=\"52\" x2=\"272\" y2=\"66\" stroke=\"#d02020\" "
		"stroke-width=\"3\"/><text x=\"279\" y=\"63\">target</text>"
		"<line x1=\"332\" y1=\"52\" x2=\"332\" y2=\"66\" stroke=\"#333\" "
		"stroke-width=\"2\"/><text x=\"339\" y=\"63\">what the machine "
		"allows</text>"
		"<line x1=\"482\" y1=\"59\" x2=\"510\" y2=\"59\" stroke=\"#222\"/>"
		"<text x=\"516\" y=\"63\">min to p90 (p99 where timed singly)</text>\n",
		cpu);
}

int report_svg(const char *path, const struct bench_results *all)
{
	struct drawing d = { .f = fopen(path, "w"), .all = all };
	unsigned height = TOP;

	if (!d.f)
		return -1;
	for (unsigned i = 0; i < all->n; i++)
		height += new_topic(all, i) ? ROW + HEAD : ROW;
	d.per_decade = WIDTH / log10(highest / lowest);
	fprintf(d.f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
		"font-family=\"sans-serif\" font-size=\"11\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		LEFT + WIDTH + RIGHT, height + 20);
	legend(&d);
	d.y = TOP;
	grid(&d, height + 6);
	for (unsigned i = 0; i < all->n; i++, d.y += ROW) {
		const char *name = all->r[i].c->name;

		if (new_topic(all, i)) {
			d.y += HEAD;
			fprintf(d.f,
				"<text x=\"12\" y=\"%u\" font-size=\"13\" "
				"font-weight=\"bold\">%.*s</text>\n",
				d.y - 6, (int)topic(name), name);
		}
		row(&d, &all->r[i]);
	}
	fputs("</svg>\n", d.f);
	return fclose(d.f) ? -1 : 0;
}
