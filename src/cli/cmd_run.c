/* SPDX-License-Identifier: MIT */
/* smmulator run: its options, the order of a run, and its outcome. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/run.h"

enum {
	KEY_ACPI = 256,
	KEY_DOMAIN,
	KEY_ENABLE,
	KEY_LENIENT,
	KEY_NO_BENCH,
	KEY_PAGES,
	KEY_PCI,
	KEY_PCI_FUNCTION,
	KEY_PRESET,
	KEY_SAVE_STATE,
	KEY_SECONDS,
	KEY_SID_BITS,
};

static const struct cli_option options[] = {
	{ "acpi", KEY_ACPI, "FILE", "the board: an IORT; once more for its VIOT" },
	{ "dtb", 'd', "FILE", "the board: a flattened device tree; - is standard input" },
	{ "domain", KEY_DOMAIN, "LIST",
	  "dma, s2, identity, blocked, all, with commas between them (dma,s2)" },
	{ "enable", KEY_ENABLE, "NODE", "enable a disabled node, by path or alias" },
	{ "functions", 'n', "N", "PCI functions behind each host that has IOMMUs (4)" },
	{ "json", 'j', NULL, "print one JSON object instead of tables" },
	{ "lenient", KEY_LENIENT, NULL, "go on although the description has errors" },
	{ "no-bench", KEY_NO_BENCH, NULL, "do not measure" },
	{ "pages", KEY_PAGES, "N", "pages of each transfer (4)" },
	{ "pci", KEY_PCI, "FILE",
	  "the functions that are there, as lspci -xxxx printed them; sysfs: those "
	  "here" },
	{ "pci-function", KEY_PCI_FUNCTION, "ID",
	  "a function that is there, SEG:BB:DD.F; the others of SEG are not" },
	{ "preset", KEY_PRESET, "NAME",
	  "the kind of SMMU: v3.0 to v3.4, full, mmu600, mmu700, qemu (v3.2)" },
	{ "save-state", KEY_SAVE_STATE, "FILE",
	  "at the end, write the first SMMU and all RAM there, for explain" },
	{ "seconds", KEY_SECONDS, "S", "time of each measurement (0.1)" },
	{ "sid-bits", KEY_SID_BITS, "N",
	  "StreamID bits of every SMMU (as the board needs)" },
	{ "verbose", 'v', NULL, "events, remarks on the board, messages of the driver" },
	{ "help", CLI_KEY_HELP, NULL, "print this and exit" },
	{ NULL, 0, NULL, NULL },
};

/* ---- Options ----------------------------------------------------------------------- */

static bool parse_domains(const char *list, unsigned *domains)
{
	*domains = 0;
	while (*list) {
		size_t len = strcspn(list, ",");
		unsigned bits = 0;

		if (len == 3 && strncmp(list, "all", len) == 0)
			bits = (1u << RUN_NONE) - 1;
		for (unsigned d = 0; d < RUN_NONE; d++) {
			const char *name = run_domain_name((enum run_domain)d);

			if (strlen(name) == len && strncmp(list, name, len) == 0)
				bits = 1u << d;
		}
		if (!bits)
			break;
		*domains |= bits;
		list += len + (list[len] == ',');
	}
	if (*domains && !*list)
		return true;
	cli_complain("--domain %s: legal are dma, s2, identity, blocked and all", list);
	return false;
}

bool run_parse_preset(const char *name, enum smmu_preset *preset)
{
	int found = smmu_preset_by_name(name);

	if (found < 0) {
		cli_complain("--preset %s: legal are v3.0, v3.1, v3.2, v3.3, v3.4, full, "
			     "mmu600, mmu700 and qemu",
			     name);
		return false;
	}
	*preset = (enum smmu_preset)found;
	return true;
}

static bool parse_unsigned(const char *name, const char *text, uint64_t lo, uint64_t hi,
			   unsigned *value)
{
	uint64_t v;

	if (!cli_number(name, text, lo, hi, &v))
		return false;
	*value = (unsigned)v;
	return true;
}

static bool take_tables(struct run_options *o, const char *file)
{
	if (o->acpi[1]) {
		cli_complain("--acpi %s: one too many; there are IORT and VIOT", file);
		return false;
	}
	o->acpi[o->acpi[0] != NULL] = file;
	return true;
}

/* SEG:BB:DD.F, in hexadecimal; without SEG: it is 0. */
static bool take_function(struct run_options *o, const char *text)
{
	unsigned seg = 0, bus, dev, fn;
	int end = -1;

	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &seg, &bus, &dev, &fn, &end) != 4) {
		seg = 0;
		end = -1;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &dev, &fn, &end) != 3)
			end = -1;
	}
	if (end < 0 || text[end] ||
	    strspn(text, "0123456789abcdefABCDEF:.") != strlen(text) || dev > 31 ||
	    fn > 7) {
		cli_complain(
			"--pci-function %s: legal is SEGMENT:BUS:DEVICE.FUNCTION, as "
			"0000:01:1f.7",
			text);
		return false;
	}
	o->named[o->nnamed++] = (struct smmu_machine_function){
		.segment = (uint16_t)seg,
		.rid = (uint16_t)(bus << 8 | dev << 3 | fn),
	};
	return true;
}

static bool take_option(struct run_options *o, int key, const char *value)
{
	switch (key) {
	case KEY_ACPI:
		return take_tables(o, value);
	case 'd':
		o->board = value;
		o->is_dtb = true;
		return true;
	case KEY_DOMAIN:
		return parse_domains(value, &o->domains);
	case KEY_ENABLE:
		o->enable[o->nenable++] = value;
		return true;
	case 'n':
		return parse_unsigned("functions", value, 0, 65536, &o->functions);
	case 'j':
		o->json = true;
		return true;
	case KEY_LENIENT:
		o->lenient = true;
		return true;
	case KEY_NO_BENCH:
		o->seconds = 0;
		return true;
	case KEY_PAGES:
		return cli_number("pages", value, 1, 4096, &o->pages);
	case KEY_PCI:
		o->pci = value;
		return true;
	case KEY_PCI_FUNCTION:
		return take_function(o, value);
	case KEY_PRESET:
		o->has_preset = true;
		return run_parse_preset(value, &o->preset);
	case KEY_SAVE_STATE:
		o->save_state = value;
		return true;
	case KEY_SECONDS:
		return cli_seconds("seconds", value, &o->seconds);
	case KEY_SID_BITS:
		return parse_unsigned("sid-bits", value, 1, 32, &o->sid_bits);
	case 'v':
		o->verbose = true;
		return true;
	default:
		return false;
	}
}

/* True: *status is the outcome already. */
static bool parse(struct run_options *o, int argc, char **argv, int *status)
{
	const char *value;
	int key;

	*status = CLI_INPUT;
	while ((key = cli_next(&cmd_run, argc, argv, &value)) != CLI_KEY_END) {
		if (key == CLI_KEY_HELP) {
			cli_help(stdout, &cmd_run);
			*status = CLI_OK;
			return true;
		}
		if (!take_option(o, key, value))
			return true;
	}
	if (!o->is_dtb)
		o->board = o->acpi[0] ? o->acpi[0] : o->pci;
	/* The most usual that has ATS and PRI. */
	if (o->pci && !o->has_preset)
		o->preset = SMMU_PRESET_MMU700;
	if (optind < argc)
		cli_complain("run: %s: one too many; the board is given with --dtb",
			     argv[optind]);
	else if (!o->is_dtb && !o->acpi[0] && !o->pci)
		cli_complain("run: no board; give one with --dtb FILE, --acpi FILE or "
			     "--pci FILE");
	else if (o->pci && o->nnamed)
		cli_complain("run: --pci and --pci-function both name the functions; "
			     "legal is one of them");
	else if (o->is_dtb && o->acpi[0])
		cli_complain("run: two boards; legal is either --dtb or --acpi");
	else
		return false;
	return true;
}

/* ---- The run ----------------------------------------------------------------------- */

static int work(struct run *run)
{
	run_groups(run);
	if (run->options->seconds > 0)
		run_speed(run);
	run_check_health(run);
	run_progress(run, NULL, 0, 0);
	return run_save_state(run);
}

static int print_run(struct run *run)
{
	if (!run->options->json)
		run_print_text(stdout, run);
	else if (run_print_json(stdout, run))
		run_unexpected(run, "no memory for the report");
	for (size_t i = 0; i < run->unexpected.n; i++)
		cli_complain("unexpected: %s", run->unexpected.line[i]);
	return run->failed ? CLI_UNEXPECTED : CLI_OK;
}

static int run_with(const struct run_options *o)
{
	struct run run = { .options = o, .started_ns = run_now_ns() };
	int status = run_host_up(&run);

	if (!status)
		status = work(&run);
	if (!status)
		status = print_run(&run);
	run_host_down(&run);
	return status;
}

static int run(int argc, char **argv)
{
	struct run_options o = {
		.preset = SMMU_PRESET_V3_2,
		.functions = 4,
		.pages = 4,
		.domains = 1u << RUN_DMA | 1u << RUN_S2,
		.seconds = 0.1,
	};
	int status;

	o.enable = calloc((size_t)argc, sizeof(*o.enable));
	o.named = calloc((size_t)argc, sizeof(*o.named));
	if (!o.enable || !o.named)
		status = cli_complain("no memory");
	else if (!parse(&o, argc, argv, &status))
		status = run_with(&o);
	free(o.enable);
	free(o.named);
	return status;
}

static const char details[] =
	"Builds a machine from the device tree FILE, or from the ACPI tables of --acpi:\n"
	"RAM, an SMMUv3 for each node that says so, a master for each node with iommus\n"
	"(each named component), functions behind each iommu-map (each root complex). A\n"
	"driver probes each SMMU; each master reads and writes through its SMMU, and "
	"must\n"
	"fault when its memory has been unmapped. Then unmapping is measured. With "
	"--pci\n"
	"there are the functions of a real machine, on that board or on one of their "
	"own,\n"
	"and their ATS, PASID, PRI, interrupts and reset are tried too.\n"
	"Exit status: 0 all as expected, 1 something was not, 2 the input is wrong.\n";

const struct cli_command cmd_run = {
	.name = "run",
	.summary = "build the board of a device tree or ACPI tables and do DMA on it",
	.synopsis = "[OPTION]... (--dtb FILE | --acpi FILE... | --pci FILE)",
	.details = details,
	.options = options,
	.run = run,
};
