/* SPDX-License-Identifier: MIT */
/*
 * The project's table of targets as Markdown: what QEMU's SMMUv3 model was measured
 * at on the development machine (published with the targets), what is aimed at, and
 * what this run gave, each figure with its ratio to the limit of the machine.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "bench.h"

enum { FIGURES = 4 };

struct target {
	const char *operation, *qemu, *target;
	const char *cases[FIGURES]; /* measured, in this order */
	/* Throughput of the second case over that of the first: "1.9x". */
	bool speedup;
};

static const struct target targets[] = {
	{ "translation hit, same page / random over 4k pages",
	  "51 / 70",
	  "<= 10 / <= 14",
	  { "translate/hit/1", "translate/hit/4k" },
	  false },
	{ "stage-1 miss, 4 levels, tables in L2",
	  "305",
	  "<= 60",
	  { "translate/miss_s1/4k" },
	  false },
	{ "nested miss, 4+4 levels, cold / with walk caches",
	  "- / 404",
	  "<= 220 / <= 90",
	  { "translate/miss_nested/4k", "translate/miss_nested/4k_walk" },
	  false },
	{ "TLBI by VA, batches of 64 + SYNC, 0 / 1k / 64k / 1M live",
	  "68 / 2 130 / 533 000 / -",
	  "<= 12 / 12 / 14 / 40",
	  { "tlbi/nh_va/0", "tlbi/nh_va/1k", "tlbi/nh_va/64k", "tlbi/nh_va/1m" },
	  false },
	{ "TLBI by ASID, 64 / 1k / 64k / 1M live",
	  "41 ... 515 000",
	  "<= 12, at most 1.3x from 64 to 1M",
	  { "tlbi/nh_asid/64", "tlbi/nh_asid/1k", "tlbi/nh_asid/64k", "tlbi/nh_asid/1m" },
	  false },
	{ "TLBI by VMID, 64 / 1k / 64k / 1M live",
	  "41 ... 515 000",
	  "<= 12, at most 1.3x from 64 to 1M",
	  { "tlbi/s12_vmall/64", "tlbi/s12_vmall/1k", "tlbi/s12_vmall/64k",
	    "tlbi/s12_vmall/1m" },
	  false },
	{ "TLBI of all, 64 / 1k / 64k / 1M live",
	  "41 ... 515 000",
	  "<= 12, at most 1.3x from 64 to 1M",
	  { "tlbi/nsnh_all/64", "tlbi/nsnh_all/1k", "tlbi/nsnh_all/64k",
	    "tlbi/nsnh_all/1m" },
	  false },
	{ "RIL range of 16 / 512 pages, 64k live",
	  "51 ... 542 000",
	  "<= 40 / <= 400",
	  { "tlbi/ril_16/64k", "tlbi/ril_512/64k" },
	  false },
	{ "CFGI_STE / CFGI_CD", "37", "<= 8", { "cfgi/ste/1k", "cfgi/cd/1k" }, false },
	{ "CMD_SYNC alone", "30", "<= 10", { "sync/alone" }, false },
	{ "CMD_SYNC with one port translating",
	  "a lock",
	  "<= 500, p99 <= 5 000",
	  { "sync/port_1" },
	  false },
	{ "two ports on two cores, hits",
	  "1x (one lock)",
	  ">= 1.9x",
	  { "ports/hit/1", "ports/hit/2" },
	  true },
	{ "4 KiB unmap + sync through the driver, RIL / ASID / VMID",
	  "-",
	  "<= 150",
	  { "driver/unmap/ril", "driver/unmap/asid", "driver/unmap/vmid" },
	  false },
	{ "the same, two threads over one",
	  "-",
	  ">= 1.7x",
	  { "driver/unmap/ril", "driver/unmap/ril/2" },
	  true },
	{ "memory per live TLB entry (bytes), 4k / 64k / 1M",
	  "~200",
	  "<= 64",
	  { "memory/entry/4k", "memory/entry/64k", "memory/entry/1m" },
	  false },
};

static void figures(FILE *f, const struct bench_results *all, const struct target *t)
{
	for (unsigned i = 0; i < FIGURES && t->cases[i]; i++) {
		const struct bench_result *r = results_find(all, t->cases[i]);

		fputs(i ? " / " : "", f);
		if (r)
			fprintf(f, "%.*f", r->median < 1000 ? 1 : 0, r->median);
		else
			fputc('-', f);
		if (r && r->p99 >= 0)
			fprintf(f, ", p99 %.0f", r->p99);
	}
}

static void ratios(FILE *f, const struct bench_results *all, const struct target *t)
{
	for (unsigned i = 0; i < FIGURES && t->cases[i]; i++) {
		const struct bench_result *r = results_find(all, t->cases[i]);
		double ratio = r ? results_ratio(all, r) : 0;

		fputs(i ? " / " : "", f);
		if (ratio > 0)
			fprintf(f, "%.1f", ratio);
		else
			fputc('-', f);
	}
}

static void target_row(FILE *f, const struct bench_results *all, const struct target *t)
{
	const struct bench_result *one, *two;

	fprintf(f, "| %s | %s | %s | ", t->operation, t->qemu, t->target);
	if (!t->speedup) {
		figures(f, all, t);
		fputs(" | ", f);
		ratios(f, all, t);
		fputs(" |\n", f);
		return;
	}
	one = results_find(all, t->cases[0]);
	two = results_find(all, t->cases[1]);
	if (one && two)
		fprintf(f, "%.2fx | - |\n", one->median / two->median);
	else
		fputs("- | - |\n", f);
}

int report_targets(const char *path, const struct bench_results *all)
{
	FILE *f = fopen(path, "w");
	char cpu[128], date[16];
	time_t now = time(NULL);

	if (!f)
		return -1;
	report_cpu(cpu, sizeof(cpu));
	strftime(date, sizeof(date), "%Y-%m-%d", gmtime(&now));
	fprintf(f, "Median ns, measured %s on an %s, %u processors, gcc %s.\n", date, cpu,
		bench_processors(), __VERSION__);
	fputs("Limits of the machine in the same run (ns):", f);
	for (unsigned i = 0, n = 0; i < all->n; i++)
		if (!all->r[i].skipped && !strncmp(all->r[i].c->name, "limit/", 6))
			fprintf(f, "%s %s %.1f", n++ ? "," : "", all->r[i].c->name + 6,
				all->r[i].median);
	fputs(".\n\n| operation | QEMU | target | measured | times the limit |\n"
	      "|---|---|---|---|---|\n",
	      f);
	for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		target_row(f, all, &targets[i]);
	return fclose(f) ? -1 : 0;
}
