/* SPDX-License-Identifier: MIT */
/* The report of a run for programs; smmulator(1) documents the keys. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/decode.h>
#include <smmulator/version.h>
#include "cli/run.h"

/* Addresses are strings: JSON's numbers do not hold 64 bits everywhere. */
static json_t *hex(uint64_t v)
{
	return json_sprintf("0x%" PRIx64, v);
}

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

/* Names come from files and need not be UTF-8. */
static json_t *text(const char *s)
{
	json_t *string = json_string(s);
	char *copy;

	if (string)
		return string;
	copy = strdup(s);
	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	string = copy ? json_string(copy) : NULL;
	free(copy);
	return string;
}

static json_t *lines(const struct run_lines *from)
{
	json_t *array = json_array();

	for (size_t i = 0; i < from->n; i++)
		json_array_append_new(array, text(from->line[i]));
	return array;
}

static json_t *board(const struct run *run)
{
	json_t *ram = json_array();

	for (size_t i = 0; i < smmu_machine_rams(run->machine); i++) {
		const struct smmu_machine_ram *r = smmu_machine_ram(run->machine, i);

		json_array_append_new(ram, json_pack("{s:o, s:o}", "base", hex(r->base),
						     "size", hex(r->size)));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "dtb", text(run->options->board),
			 "model", text(run->fw->model), "compatible",
			 text(run->fw->compatible), "ram", ram);
}

static json_t *measure(const struct run_measure *m, uint64_t count)
{
	double ns = m->ns ? (double)m->ns : 1;

	return json_pack("{s:o, s:o, s:o, s:o, s:f}", "ops", number(m->ops), "ns",
			 number(m->ns), "tlbi", number(m->tlbi), "syncs",
			 number(m->syncs), "per_second", (double)count * 1e9 / ns);
}

static json_t *speed(const struct run *run, const struct run_smmu *s)
{
	if (!s->measured)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "master",
			 text(run->masters[s->speed_master].hw->name), "unmap_sync",
			 measure(&s->unmap_sync, s->unmap_sync.ops), "unmap_batch",
			 measure(&s->unmap_batch, s->unmap_batch.ops), "tlbi",
			 measure(&s->tlbi, s->tlbi.tlbi));
}

static json_t *one_smmu(const struct run *run, const struct run_smmu *s)
{
	json_t *stages = json_array(), *idr = json_array();

	if (s->info.stage1)
		json_array_append_new(stages, json_integer(1));
	if (s->info.stage2)
		json_array_append_new(stages, json_integer(2));
	for (size_t i = 0; i < sizeof(s->info.idr) / sizeof(s->info.idr[0]); i++)
		json_array_append_new(idr, hex(s->info.idr[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:s, s:o, s:b, s:o, s:o, s:o}",
			 "name", text(s->hw->name), "path", text(s->hw->node->path),
			 "base", hex(s->hw->base), "size", hex(s->hw->size), "sid_bits",
			 number(s->hw->sid_bits), "probed", s->driver != NULL,
			 "interrupts", s->interrupts, "stages", stages,
			 "range_invalidation", s->info.range_inv, "idr", idr, "events",
			 number(s->all_events), "speed", speed(run, s));
}

static json_t *smmus(const struct run *run)
{
	json_t *array = json_array();

	for (size_t i = 0; i < run->nsmmus; i++)
		json_array_append_new(array, one_smmu(run, &run->smmus[i]));
	return array;
}

static json_t *smmu_name(const struct run *run, int smmu)
{
	return smmu < 0 ? json_null() : text(run->smmus[smmu].hw->name);
}

static json_t *one_row(const struct run *run, const struct run_row *row)
{
	const struct run_master *m = &run->masters[row->master];
	json_t *ids = json_array(), *stages = json_array();

	for (size_t i = 0; i < m->hw->nstreams; i++)
		if (m->hw->streams[i].smmu == row->smmu)
			json_array_append_new(ids, number(m->hw->streams[i].sid));
	for (int s = 1; s <= 2; s++)
		if (row->stages & (unsigned)s)
			json_array_append_new(stages, json_integer(s));
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:b, s:s, s:o, s:o, s:o, s:o, s:b, s:o}", "smmu",
		smmu_name(run, row->smmu), "master", text(m->hw->name), "stream_ids", ids,
		"group", m->group < 0 ? json_null() : json_integer(m->group), "deferred",
		m->deferred, "domain", run_domain_name(row->domain), "stages", stages,
		"bytes", number(row->bytes), "faults", number(row->faults), "events",
		number(row->events), "ok", row->ok, "note", text(row->note));
}

static json_t *rows(const struct run *run)
{
	json_t *array = json_array();

	for (size_t i = 0; i < run->nrows; i++)
		json_array_append_new(array, one_row(run, &run->rows[i]));
	return array;
}

static void one_field(void *ctx, const struct smmu_decoded *d)
{
	json_t *fields = ctx;

	if (d->kind == SMMU_DECODED_FIELD)
		json_object_set_new(fields, d->name, hex(d->value));
}

static json_t *event(const struct run_shown *shown)
{
	json_t *fields = json_object();
	const struct smmu_layout *layout = smmu_decode(
		smmu_layout_find("event"), shown->record, 0, one_field, fields);

	return json_pack("{s:o, s:s, s:o}", "smmu", text(shown->smmu->hw->name), "event",
			 smmu_layout_name(layout), "fields", fields);
}

static json_t *events(const struct run *run)
{
	json_t *array = json_array();

	for (size_t i = 0; i < run->nshown; i++)
		json_array_append_new(array, event(&run->shown[i]));
	return array;
}

int run_print_json(FILE *out, struct run *run)
{
	json_t *root = json_pack(
		"{s:s, s:o, s:s, s:o, s:o, s:o*, s:o, s:o, s:o, s:o, s:b}", "version",
		smmu_version(), "board", board(run), "preset",
		smmu_preset_name(run->options->preset), "smmus", smmus(run), "masters",
		rows(run), "functions", run->pci ? run_pci_ops->json(run) : NULL,
		"first_events", events(run), "findings", lines(&run->findings), "notes",
		lines(&run->notes), "unexpected", lines(&run->unexpected), "ok",
		!run->failed);
	int err = root ? json_dumpf(root, out, JSON_INDENT(2)) : -1;

	json_decref(root);
	if (!err)
		fputc('\n', out);
	return err ? -1 : 0;
}
