/* SPDX-License-Identifier: MIT */
/* smmulator guest: its options, the order of things, and the outcome. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "cli/guest.h"

enum {
	KEY_ACPI = 256,
	KEY_DEVICES,
	KEY_PAGES,
	KEY_PRESET,
	KEY_RAM,
	KEY_ROUNDS,
};

static const struct cli_option options[] = {
	{ "acpi", KEY_ACPI, "FILE", "the host's board: an IORT" },
	{ "devices", KEY_DEVICES, "N", "devices of each guest, at most (2)" },
	{ "dtb", 'd', "FILE",
	  "the host's board: a flattened device tree (one of our own)" },
	{ "functions", 'n', "N", "PCI functions behind each host that has IOMMUs (4)" },
	{ "guests", 'g', "N", "how many guests (2)" },
	{ "json", 'j', NULL, "print one JSON object instead of a table" },
	{ "pages", KEY_PAGES, "N", "pages of each transfer (4)" },
	{ "preset", KEY_PRESET, "NAME",
	  "the host's kind of SMMU: v3.0 to v3.4, full, mmu600, mmu700, qemu (v3.2)" },
	{ "ram", KEY_RAM, "MIB", "memory of each guest (32)" },
	{ "rounds", KEY_ROUNDS, "N", "rounds of each device (3)" },
	{ "verbose", 'v', NULL, "messages of the drivers" },
	{ "help", CLI_KEY_HELP, NULL, "print this and exit" },
	{ NULL, 0, NULL, NULL },
};

static bool take_number(const char *name, const char *text, uint64_t hi, unsigned *value)
{
	uint64_t v;

	if (!cli_number(name, text, 1, hi, &v))
		return false;
	*value = (unsigned)v;
	return true;
}

static bool take_board(struct run_options *o, const char *file, bool is_dtb)
{
	if (o->board) {
		cli_complain("guest: two boards; legal is one --dtb or --acpi");
		return false;
	}
	o->board = file;
	o->is_dtb = is_dtb;
	if (!is_dtb)
		o->acpi[0] = file;
	return true;
}

static bool take_option(struct guest_options *o, int key, const char *value)
{
	switch (key) {
	case KEY_ACPI:
		return take_board(&o->host, value, false);
	case 'd':
		return take_board(&o->host, value, true);
	case KEY_DEVICES:
		return take_number("devices", value, 256, &o->devices);
	case 'n':
		return take_number("functions", value, 65536, &o->host.functions);
	case 'g':
		return take_number("guests", value, 64, &o->guests);
	case 'j':
		o->host.json = true;
		return true;
	case KEY_PAGES:
		return cli_number("pages", value, 1, 1024, &o->host.pages);
	case KEY_PRESET:
		return run_parse_preset(value, &o->host.preset);
	case KEY_RAM:
		return cli_number("ram", value, 2, 4096, &o->ram_mib);
	case KEY_ROUNDS:
		return cli_number("rounds", value, 1, 1000000, &o->rounds);
	case 'v':
		o->host.verbose = true;
		return true;
	default:
		return false;
	}
}

/* True: *status is the outcome already. */
static bool parse(struct guest_options *o, int argc, char **argv, int *status)
{
	const char *value;
	int key;

	*status = CLI_INPUT;
	while ((key = cli_next(&cmd_guest, argc, argv, &value)) != CLI_KEY_END) {
		if (key == CLI_KEY_HELP) {
			cli_help(stdout, &cmd_guest);
			*status = CLI_OK;
			return true;
		}
		if (!take_option(o, key, value))
			return true;
	}
	if (optind < argc) {
		cli_complain("guest: %s: one too many; the board is given with --dtb",
			     argv[optind]);
		return true;
	}
	return false;
}

/* ---- the guests ---- */

/* All of them run before the first does anything: they must not see each other. */
static void work(struct guests *all)
{
	int status = CLI_OK;

	for (unsigned i = 0; i < all->n && !status; i++)
		status = guest_vm_start(&all->guest[i]);
	for (unsigned i = 0; i < all->n; i++) {
		for (size_t j = 0; j < all->guest[i].ndevices; j++) {
			struct guest_device *d = &all->guest[i].devices[j];

			d->ok = !status;
			if (d->ok)
				guest_job(&all->guest[i], d);
			else
				(void)snprintf(d->note, sizeof(d->note), "not run");
		}
	}
}

static void check_health(struct guests *all)
{
	run_check_health(&all->run);
	for (unsigned i = 0; i < all->n; i++) {
		struct arm_smmu_stats s;
		struct vmm_stats v;

		if (!all->guest[i].driver)
			continue;
		arm_smmu_get_stats(all->guest[i].driver, &s);
		vmm_guest_stats(all->guest[i].vmm, &v);
		if (s.gerrors || s.cmdq_errors || s.timeouts || s.events_overflown ||
		    v.refused || v.stes_failed || v.events_lost ||
		    all->guest[i].platform.aborts)
			run_unexpected(
				&all->run,
				"%s: %llu global errors, %llu refused commands, %llu "
				"time-outs, %llu STEs not taken over, %llu events lost",
				all->guest[i].name, (unsigned long long)s.gerrors,
				(unsigned long long)v.refused,
				(unsigned long long)s.timeouts,
				(unsigned long long)v.stes_failed,
				(unsigned long long)(v.events_lost + s.events_overflown));
	}
}

static int print(struct guests *all)
{
	if (!all->options->host.json)
		guest_print_text(stdout, all);
	else if (guest_print_json(stdout, all))
		run_unexpected(&all->run, "no memory for the report");
	for (size_t i = 0; i < all->run.unexpected.n; i++)
		cli_complain("unexpected: %s", all->run.unexpected.line[i]);
	return all->run.failed ? CLI_UNEXPECTED : CLI_OK;
}

static int guests_on(struct guests *all)
{
	int status = guest_deal(all);

	for (unsigned i = 0; i < all->n && !status; i++)
		status = guest_vm_reserve(&all->guest[i]);
	if (!status) {
		work(all);
		check_health(all);
		status = print(all);
	}
	for (unsigned i = 0; i < all->n; i++)
		guest_vm_stop(&all->guest[i]);
	return status;
}

static int with_guests(const struct guest_options *o)
{
	struct guests all = { .options = o,
			      .run = { .options = &o->host, .started_ns = run_now_ns() },
			      .n = o->guests };
	int status;

	all.guest = calloc(o->guests, sizeof(*all.guest));
	if (!all.guest)
		return cli_complain("no memory");
	for (unsigned i = 0; i < o->guests; i++) {
		all.guest[i].all = &all;
		all.guest[i].index = i;
		all.guest[i].smmu = -1;
		(void)snprintf(all.guest[i].name, sizeof(all.guest[i].name), "guest%u",
			       i);
	}
	status = run_host_up(&all.run);
	if (!status)
		status = guests_on(&all);
	run_host_down(&all.run);
	free(all.guest);
	return status;
}

static int run(int argc, char **argv)
{
	struct guest_options o = {
		.host = { .preset = SMMU_PRESET_V3_2, .functions = 4, .pages = 4 },
		.guests = 2,
		.devices = 2,
		.rounds = 3,
		.ram_mib = 32,
	};
	void *blob = NULL;
	int status;

	if (parse(&o, argc, argv, &status))
		return status;
	if (!o.host.board) {
		blob = guest_board(o.guests * o.devices, &o.host.blob_len);
		if (!blob)
			return cli_complain("no memory");
		o.host.blob = blob;
		o.host.board = "built-in board";
		o.host.is_dtb = true;
	}
	status = with_guests(&o);
	free(blob);
	return status;
}

static const char details[] =
	"Brings the host up as `smmulator run` does, then makes guests: memory of the "
	"host\n"
	"as stage 2, a virtual SMMU that the guest's own driver probes and programs, "
	"and\n"
	"devices of the host behind it. In each round a device of a guest reads and "
	"writes\n"
	"through both stages; data and addresses are compared in the host's memory. Then "
	"it\n"
	"must fault: after the guest's unmap, and where the guest lets it only read, "
	"which\n"
	"the guest's driver must read in its event queue; and where the guest maps "
	"memory\n"
	"that it does not have, which only the host's driver may read. No other guest "
	"may\n"
	"notice. Without a board there is one SMMU with as many masters as are needed.\n"
	"Exit status: 0 all as expected, 1 something was not, 2 the input is wrong.\n";

const struct cli_command cmd_guest = {
	.name = "guest",
	.summary = "run guests with virtual SMMUs on the board and do DMA in them",
	.synopsis = "[OPTION]...",
	.details = details,
	.options = options,
	.run = run,
};
