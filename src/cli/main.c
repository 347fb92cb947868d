/* SPDX-License-Identifier: MIT */
/* The program `smmulator`: finds the sub-command and runs it. */
#include <string.h>
#include <smmulator/version.h>
#include "cli/cli.h"

static const struct cli_command *const commands[] = { &cmd_run, &cmd_guest, &cmd_explain,
						    &cmd_decode };
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct cli_option program_options[] = {
	{ "help", 'h', NULL, "print this and exit" },
	{ "version", 'V', NULL, "print the version and exit" },
	{ NULL, 0, NULL, NULL },
};

static void help(FILE *out)
{
	fputs("Usage: smmulator COMMAND [OPTION]...\n"
	      "       smmulator --help | --version\n\n"
	      "An Arm SMMUv3 in a process: builds the machine that a device tree or "
	      "ACPI\n"
	      "describes and does DMA in it; tells why a DMA ends as it does; takes the\n"
	      "words of the architecture apart.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < NCOMMANDS; i++)
		fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nOptions:\n", out);
	cli_print_options(out, program_options);
	fputs("\n\"smmulator COMMAND --help\" tells about a command, smmulator(1) the "
	      "rest.\n",
	      out);
}

static bool is_option(const char *arg, const struct cli_option *o)
{
	const char short_form[] = { '-', (char)o->key, '\0' };

	return strcmp(arg, short_form) == 0 ||
	       (strncmp(arg, "--", 2) == 0 && strcmp(arg + 2, o->name) == 0);
}

/* Output that did not arrive is a failure: a full disk, a closed pipe. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	cli_complain("cannot write the output");
	return status ? status : CLI_UNEXPECTED;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (is_option(name, &program_options[0])) {
		help(stdout);
		return finish(CLI_OK);
	}
	if (is_option(name, &program_options[1])) {
		printf("smmulator %s\n", smmu_version());
		return finish(CLI_OK);
	}
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (strcmp(name, commands[i]->name) == 0)
			return finish(commands[i]->run(argc - 1, argv + 1));
	if (argc < 2)
		help(stderr);
	else
		cli_complain("%s: no such command; see smmulator --help", name);
	return CLI_INPUT;
}
