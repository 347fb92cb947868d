/* SPDX-License-Identifier: MIT */
/* The report of a run for people. */
#include <inttypes.h>
#include <string.h>
#include <smmulator/decode.h>
#include <smmulator/version.h>
#include "cli/run.h"

enum { SHOWN_STREAMS = 4 };

/* "0x100,0x101", with "+3" for what does not fit. */
static void stream_ids(const struct run_master *m, int smmu, char *text, size_t len)
{
	size_t shown = 0, more = 0, at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < m->hw->nstreams; i++) {
		if (m->hw->streams[i].smmu != smmu)
			continue;
		if (shown < SHOWN_STREAMS && at < len) {
			at += (size_t)snprintf(text + at, len - at, "%s0x%" PRIx32,
					       shown ? "," : "", m->hw->streams[i].sid);
			shown++;
		} else {
			more++;
		}
	}
	if (more && at < len)
		(void)snprintf(text + at, len - at, "+%zu", more);
}

static const char *stage_text(unsigned stages)
{
	static const char *const text[] = { "-", "1", "2", "1+2" };

	return text[stages & 3];
}

static void print_row(struct cli_table *t, const struct run *run,
		      const struct run_row *row)
{
	const struct run_master *m = &run->masters[row->master];
	char ids[64];

	stream_ids(m, row->smmu, ids, sizeof(ids));
	cli_table_cell(t, "%s", row->smmu < 0 ? "-" : run->smmus[row->smmu].hw->name);
	cli_table_cell(t, "%s", m->hw->name);
	cli_table_cell(t, "%s", ids);
	if (m->group < 0)
		cli_table_number(t, "-");
	else
		cli_table_number(t, "%ld", m->group);
	cli_table_cell(t, "%s", run_domain_name(row->domain));
	cli_table_cell(t, "%s", stage_text(row->stages));
	cli_table_number(t, "%" PRIu64, row->bytes);
	cli_table_number(t, "%" PRIu64, row->faults);
	cli_table_number(t, "%" PRIu64, row->events);
	cli_table_cell(t, "%s%s%s", row->ok ? "ok" : "FAILED", row->note[0] ? ": " : "",
		       row->note);
	cli_table_end_row(t);
}

static void print_masters(FILE *out, const struct run *run)
{
	static const char *const left[] = { "SMMU", "MASTER", "STREAM IDS" };
	struct cli_table *t = cli_table_create();

	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		cli_table_cell(t, "%s", left[i]);
	cli_table_number(t, "GROUP");
	cli_table_cell(t, "DOMAIN");
	cli_table_cell(t, "STAGE");
	cli_table_number(t, "BYTES");
	cli_table_number(t, "FAULTS");
	cli_table_number(t, "EVENTS");
	cli_table_cell(t, "RESULT");
	cli_table_end_row(t);
	for (size_t i = 0; i < run->nrows; i++)
		print_row(t, run, &run->rows[i]);
	cli_table_print(out, t);
	cli_table_destroy(t);
}

static void rate(struct cli_table *t, const struct run_measure *m, uint64_t count)
{
	double ns = m->ns ? (double)m->ns : 1;

	cli_table_number(t, "%.0f", (double)count * 1e9 / ns);
	cli_table_number(t, "%.0f", count ? ns / (double)count : 0);
}

static void print_speed(FILE *out, const struct run *run)
{
	static const char *const heads[] = { "UNMAP+SYNC/s", "ns",     "UNMAP IN 64s/s",
					     "ns",	     "TLBI/s", "ns" };
	struct cli_table *t = cli_table_create();

	cli_table_cell(t, "SMMU");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		cli_table_number(t, "%s", heads[i]);
	cli_table_cell(t, "BY MASTER");
	cli_table_end_row(t);
	for (size_t i = 0; i < run->nsmmus; i++) {
		const struct run_smmu *s = &run->smmus[i];

		if (!s->measured)
			continue;
		cli_table_cell(t, "%s", s->hw->name);
		rate(t, &s->unmap_sync, s->unmap_sync.ops);
		rate(t, &s->unmap_batch, s->unmap_batch.ops);
		rate(t, &s->tlbi, s->tlbi.tlbi);
		cli_table_cell(t, "%s", run->masters[s->speed_master].hw->name);
		cli_table_end_row(t);
	}
	cli_table_print(out, t);
	cli_table_destroy(t);
}

/* The first of what the driver read back, taken apart. */
static void print_events(FILE *out, const struct run *run)
{
	const struct smmu_layout *layout = smmu_layout_find("event");

	for (size_t i = 0; i < run->nshown; i++) {
		fprintf(out, "\nEvent %zu, from %s:\n", i + 1,
			run->shown[i].smmu->hw->name);
		smmu_decode_text(out, layout, run->shown[i].record, 0);
	}
}

static void print_lines(FILE *out, const char *title, const struct run_lines *lines)
{
	if (lines->n)
		fprintf(out, "\n%s\n", title);
	for (size_t i = 0; i < lines->n; i++)
		fprintf(out, "  %s\n", lines->line[i]);
}

void run_print_text(FILE *out, struct run *run)
{
	const struct smmu_fw *fw = run->fw;
	bool measured = false;

	fprintf(out, "%s%s%s: %zu SMMU%s, %zu master%s, preset %s\n\n",
		fw->model[0] ? fw->model : "a board without a name",
		fw->compatible[0] ? ", " : "", fw->compatible, run->nsmmus,
		run->nsmmus == 1 ? "" : "s", run->nmasters, run->nmasters == 1 ? "" : "s",
		smmu_preset_name(run->options->preset));
	if (run->nrows)
		print_masters(out, run);
	if (run->pci)
		run_pci_ops->print(out, run);
	for (size_t i = 0; i < run->nsmmus; i++)
		measured = measured || run->smmus[i].measured;
	if (measured) {
		fputc('\n', out);
		print_speed(out, run);
	}
	if (run->options->verbose) {
		print_events(out, run);
		print_lines(out,
			    run->fw->acpi ? "In the ACPI tables:" : "In the device tree:",
			    &run->findings);
	}
	print_lines(out, "Remarks:", &run->notes);
}
