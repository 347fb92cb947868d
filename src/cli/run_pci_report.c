/* SPDX-License-Identifier: MIT */
/* The functions of a dump in the report of a run, for people and for programs. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include "cli/run_pci.h"

enum { SHOWN_IDS = 4 };

static long group_of(const struct run *run, const struct run_pci_function *fn)
{
	return fn->left_out || fn->master == SIZE_MAX ? -1
						      : run->masters[fn->master].group;
}

/* Why it has no group, or what gave it its group. */
static const char *reason_of(const struct run *run, size_t index, char *text, size_t n)
{
	const struct run_pci_function *fn = &run->pci->fn[index];
	const struct run_master *m;

	if (fn->left_out)
		return fn->left_out;
	if (group_of(run, fn) >= 0)
		return run->pci->groups[index].reason;
	m = fn->master == SIZE_MAX ? NULL : &run->masters[fn->master];
	(void)snprintf(text, n, "the driver gives an id to one device: %.80s has it",
		       m && m->no_own ? m->no_own : "another");
	return text;
}

/* ---- For people -------------------------------------------------------------------- */

static void ids_text(const struct run_pci *p, const struct run_pci_function *fn,
		     char *text, size_t len)
{
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < fn->num_ids && i < SHOWN_IDS && at < len; i++)
		at += (size_t)snprintf(text + at, len - at, "%s%02x:%02x.%u",
				       i ? "," : "", p->ids[fn->first_id + i] >> 8,
				       p->ids[fn->first_id + i] >> 3 & 0x1f,
				       p->ids[fn->first_id + i] & 7u);
	if (fn->num_ids > SHOWN_IDS && at < len)
		(void)snprintf(text + at, len - at, "+%zu", fn->num_ids - SHOWN_IDS);
}

static void print_function(struct cli_table *t, const struct run *run, size_t index)
{
	const struct run_pci *p = run->pci;
	const struct smmu_pci_function *f = smmu_pci_function(p->pci, index);
	char name[RUN_PCI_NAME], ids[96], why[160];

	ids_text(p, &p->fn[index], ids, sizeof(ids));
	cli_table_cell(t, "%s", run_pci_name(name, f));
	cli_table_cell(t, "%s%s", smmu_pci_kind_name(f->kind), f->is_vf ? ", VF" : "");
	cli_table_cell(t, "%04x:%04x", f->vendor, f->device);
	cli_table_cell(t, "%s", ids);
	if (group_of(run, &p->fn[index]) < 0)
		cli_table_number(t, "-");
	else
		cli_table_number(t, "%ld", group_of(run, &p->fn[index]));
	cli_table_cell(t, "%s", reason_of(run, index, why, sizeof(why)));
	cli_table_end_row(t);
}

static void print_functions(FILE *out, const struct run *run)
{
	struct cli_table *t = cli_table_create();

	cli_table_cell(t, "FUNCTION");
	cli_table_cell(t, "KIND");
	cli_table_cell(t, "DEVICE");
	cli_table_cell(t, "REQUESTER IDS");
	cli_table_number(t, "GROUP");
	cli_table_cell(t, "WHY");
	cli_table_end_row(t);
	for (size_t i = 0; i < run->pci->n; i++)
		print_function(t, run, i);
	cli_table_print(out, t);
	cli_table_destroy(t);
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static void print_test(struct cli_table *t, const struct smmu_pci_function *f,
		       const struct run_pci_test *test)
{
	char name[RUN_PCI_NAME];

	cli_table_cell(t, "%s", run_pci_name(name, f));
	cli_table_cell(t, "%s", test->ats ? "on" : f->ats ? "off" : "-");
	cli_table_number(t, "%" PRIu64, test->fills);
	cli_table_number(t, "%" PRIu64, test->hits);
	cli_table_number(t, "%" PRIu64, test->invalidations);
	cli_table_cell(t, "%s", or_dash(test->pasid));
	cli_table_cell(t, "%s", or_dash(test->pri));
	cli_table_cell(t, "%s", or_dash(test->interrupt));
	cli_table_cell(t, "%s", or_dash(test->reset));
	cli_table_cell(t, "%s%s%s", test->ok ? "ok" : "FAILED", test->ok ? "" : ": ",
		       test->note);
	cli_table_end_row(t);
}

static void print_tests(FILE *out, const struct run *run)
{
	static const char *const right[] = { "PASID", "PAGE REQUEST", "INTERRUPT",
					     "RESET", "RESULT" };
	const struct run_pci *p = run->pci;
	struct cli_table *t = cli_table_create();
	bool any = false;

	cli_table_cell(t, "FUNCTION");
	cli_table_cell(t, "ATS");
	cli_table_number(t, "FILLS");
	cli_table_number(t, "HITS");
	cli_table_number(t, "ATC_INV");
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		cli_table_cell(t, "%s", right[i]);
	cli_table_end_row(t);
	for (size_t i = 0; i < p->n; i++) {
		if (p->fn[i].test.done)
			print_test(t, smmu_pci_function(p->pci, i), &p->fn[i].test);
		any = any || p->fn[i].test.done;
	}
	if (any) {
		fputc('\n', out);
		cli_table_print(out, t);
	}
	cli_table_destroy(t);
}

void run_pci_print(FILE *out, const struct run *run)
{
	fputc('\n', out);
	print_functions(out, run);
	print_tests(out, run);
}

/* ---- For programs ------------------------------------------------------------------ */

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *ids_json(const struct run_pci *p, const struct run_pci_function *fn)
{
	json_t *array = json_array();

	for (size_t i = 0; i < fn->num_ids; i++)
		json_array_append_new(array, number(p->ids[fn->first_id + i]));
	return array;
}

static json_t *capabilities(const struct smmu_pci_function *f)
{
	const struct {
		bool has;
		const char *name;
	} list[] = {
		{ f->acs != 0, "acs" },	    { f->ats != 0, "ats" },
		{ f->pri != 0, "pri" },	    { f->pasid != 0, "pasid" },
		{ f->sriov != 0, "sriov" }, { f->msi != 0, "msi" },
		{ f->msix != 0, "msix" },   { f->flr, "flr" },
	};
	json_t *array = json_array();

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i].has)
			json_array_append_new(array, json_string(list[i].name));
	return array;
}

static json_t *test_json(const struct run_pci_test *t)
{
	if (!t->done)
		return json_null();
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:s}", "ats",
			 t->ats, "atc_fills", number(t->fills), "atc_hits",
			 number(t->hits), "atc_invalidations", number(t->invalidations),
			 "pasid", text_or_null(t->pasid), "page_request",
			 text_or_null(t->pri), "interrupt", text_or_null(t->interrupt),
			 "reset", text_or_null(t->reset), "ok", t->ok, "note", t->note);
}

static json_t *function_json(const struct run *run, size_t index)
{
	const struct run_pci *p = run->pci;
	const struct smmu_pci_function *f = smmu_pci_function(p->pci, index);
	const struct run_pci_function *fn = &p->fn[index];
	const long group = group_of(run, fn);
	char name[RUN_PCI_NAME], why[160];

	return json_pack("{s:s, s:s, s:b, s:i, s:i, s:o, s:o, s:o, s:s, s:o, s:o}",
			 "function", run_pci_name(name, f), "kind",
			 smmu_pci_kind_name(f->kind), "vf", f->is_vf, "vendor",
			 (int)f->vendor, "device", (int)f->device, "requester_ids",
			 ids_json(p, fn), "capabilities", capabilities(f), "group",
			 group < 0 ? json_null() : json_integer(group), "why",
			 reason_of(run, index, why, sizeof(why)), "master",
			 fn->left_out || fn->master == SIZE_MAX
				 ? json_null()
				 : json_string(run->masters[fn->master].hw->name),
			 "tried", test_json(&fn->test));
}

struct json_t *run_pci_json(const struct run *run)
{
	json_t *array = json_array();

	for (size_t i = 0; i < run->pci->n; i++)
		json_array_append_new(array, function_json(run, i));
	return array;
}
