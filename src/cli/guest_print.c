/* SPDX-License-Identifier: MIT */
/* The report of guests, for people and for programs; smmulator(1) documents the keys. */
#include <inttypes.h>
#include <jansson.h>
#include <smmulator/version.h>
#include "cli/guest.h"

static const char *master_name(const struct guests *all, const struct guest_device *d)
{
	return all->run.masters[d->master].hw->name;
}

static void print_device(struct cli_table *t, const struct guest *g,
			 const struct guest_device *d)
{
	cli_table_cell(t, "%s", g->name);
	cli_table_cell(t, "%s", master_name(g->all, d));
	cli_table_cell(t, "0x%" PRIx32, d->vsid);
	cli_table_cell(t, "0x%" PRIx32, d->sid);
	if (d->vmid < 0)
		cli_table_number(t, "-");
	else
		cli_table_number(t, "%d", d->vmid);
	cli_table_number(t, "%" PRIu64, d->bytes);
	cli_table_number(t, "%" PRIu64, d->faults);
	cli_table_number(t, "%" PRIu64, d->delivered);
	cli_table_number(t, "%" PRIu64, d->forwarded);
	cli_table_cell(t, "%s%s%s", d->ok ? "ok" : "FAILED", d->note[0] ? ": " : "",
		       d->note);
	cli_table_end_row(t);
}

static void print_devices(FILE *out, const struct guests *all)
{
	static const char *const left[] = { "GUEST", "DEVICE", "VSID", "SID" };
	static const char *const right[] = { "VMID", "BYTES", "FAULTS", "TO GUEST",
					     "COMMANDS" };
	struct cli_table *t = cli_table_create();

	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		cli_table_cell(t, "%s", left[i]);
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		cli_table_number(t, "%s", right[i]);
	cli_table_cell(t, "RESULT");
	cli_table_end_row(t);
	for (unsigned i = 0; i < all->n; i++)
		for (size_t j = 0; j < all->guest[i].ndevices; j++)
			print_device(t, &all->guest[i], &all->guest[i].devices[j]);
	cli_table_print(out, t);
	cli_table_destroy(t);
}

static void print_guests(FILE *out, const struct guests *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		const struct guest *g = &all->guest[i];
		struct vmm_stats s = { 0 };

		if (g->vmm)
			vmm_guest_stats(g->vmm, &s);
		fprintf(out,
			"%s: on %s, %" PRIu64 " MiB; %" PRIu64 " commands, %" PRIu64
			" forwarded in %" PRIu64 " batches, %" PRIu64 " STEs, %" PRIu64
			" events\n",
			g->name, all->run.smmus[g->smmu].hw->name, g->ram.size >> 20,
			s.commands, s.forwarded, s.batches, s.stes, s.events);
	}
}

void guest_print_text(FILE *out, struct guests *all)
{
	print_devices(out, all);
	fputc('\n', out);
	print_guests(out, all);
}

/* ---- for programs ---- */

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *device(const struct guests *all, const struct guest_device *d)
{
	return json_pack("{s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:s}",
			 "device", master_name(all, d), "vsid", number(d->vsid), "sid",
			 number(d->sid), "vmid",
			 d->vmid < 0 ? json_null() : json_integer(d->vmid), "bytes",
			 number(d->bytes), "faults", number(d->faults), "to_guest",
			 number(d->delivered), "to_host", number(d->host_faults),
			 "commands", number(d->forwarded), "ok", d->ok, "note", d->note);
}

static json_t *one_guest(const struct guests *all, const struct guest *g)
{
	json_t *devices = json_array();
	struct vmm_stats s = { 0 };

	if (g->vmm)
		vmm_guest_stats(g->vmm, &s);
	for (size_t i = 0; i < g->ndevices; i++)
		json_array_append_new(devices, device(all, &g->devices[i]));
	return json_pack("{s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
			 g->name, "smmu", all->run.smmus[g->smmu].hw->name, "ram",
			 number(g->ram.size), "commands", number(s.commands), "forwarded",
			 number(s.forwarded), "batches", number(s.batches), "refused",
			 number(s.refused), "stes", number(s.stes), "events",
			 number(s.events), "devices", devices);
}

static json_t *lines(const struct run_lines *from)
{
	json_t *array = json_array();

	for (size_t i = 0; i < from->n; i++)
		json_array_append_new(array, json_string(from->line[i]));
	return array;
}

int guest_print_json(FILE *out, struct guests *all)
{
	json_t *guests = json_array(), *root;
	int err;

	for (unsigned i = 0; i < all->n; i++)
		json_array_append_new(guests, one_guest(all, &all->guest[i]));
	root = json_pack("{s:s, s:s?, s:s, s:o, s:o, s:o, s:b}", "version",
			 smmu_version(), "board", all->options->host.board, "preset",
			 smmu_preset_name(all->options->host.preset), "rounds",
			 number(all->options->rounds), "guests", guests, "unexpected",
			 lines(&all->run.unexpected), "ok", !all->run.failed);
	err = root ? json_dumpf(root, out, JSON_INDENT(2)) : -1;
	json_decref(root);
	if (!err)
		fputc('\n', out);
	return err ? -1 : 0;
}
