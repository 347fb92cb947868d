/* SPDX-License-Identifier: MIT */
/* smmulator decode: what words mean, field by field. */
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <smmulator/decode.h>
#include "cli/cli.h"

static const struct cli_option options[] = {
	{ "json", 'j', NULL, "one JSON object on one line for each structure" },
	{ "assume", 'a', "LIST",
	  "what the words do not tell: d128,mpam,ds,oa52,aie,pnch,pbha,s2poe" },
	{ "list", 'l', NULL, "print the layouts that have a name and exit" },
	{ "help", CLI_KEY_HELP, NULL, "print this and exit" },
	{ NULL, 0, NULL, NULL },
};

static const struct {
	const char *name;
	unsigned flag;
} assumptions[] = {
	{ "d128", SMMU_DECODE_D128 }, { "mpam", SMMU_DECODE_MPAM },
	{ "ds", SMMU_DECODE_DS },     { "oa52", SMMU_DECODE_OA52_64K },
	{ "aie", SMMU_DECODE_AIE },   { "pnch", SMMU_DECODE_PNCH },
	{ "pbha", SMMU_DECODE_PBHA }, { "s2poe", SMMU_DECODE_S2POE },
};

/* What to decode, and how to print it. */
struct job {
	const struct smmu_layout *layout;
	unsigned flags;
	bool json;
};

static bool assume(const char *list, unsigned *flags)
{
	while (*list) {
		size_t len = strcspn(list, ","), i = 0;

		while (i < sizeof(assumptions) / sizeof(assumptions[0]) &&
		       (strlen(assumptions[i].name) != len ||
			strncasecmp(list, assumptions[i].name, len) != 0))
			i++;
		if (i == sizeof(assumptions) / sizeof(assumptions[0])) {
			cli_complain(
				"--assume %.*s: legal are d128, mpam, ds, oa52, aie, "
				"pnch, pbha and s2poe",
				(int)len, list);
			return false;
		}
		*flags |= assumptions[i].flag;
		list += len + (list[len] == ',');
	}
	return true;
}

/* `where` is put before a complaint: "" or "line 3: ". */
static int decode(const struct job *job, const char *where, size_t n,
		  const char *const *strings)
{
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS] = { 0 };
	char why[256];

	if (smmu_decode_parse_hex(job->layout, n, strings, dw, why, sizeof(why)))
		return cli_complain("%s%s: %s", where, smmu_layout_name(job->layout),
				    why);
	if (job->json)
		smmu_decode_json(stdout, job->layout, dw, job->flags);
	else
		smmu_decode_text(stdout, job->layout, dw, job->flags);
	return CLI_OK;
}

/* One structure a line; blank lines and lines with # in front are skipped. */
static int decode_lines(const struct job *job)
{
	char *line = NULL;
	size_t room = 0;
	unsigned number = 0, found = 0;
	int status = CLI_OK;

	while (status == CLI_OK && getline(&line, &room, stdin) >= 0) {
		char where[32];
		char *text = line;

		number++;
		text[strcspn(text, "\r\n")] = '\0';
		while (isspace((unsigned char)*text))
			text++;
		if (!*text || *text == '#')
			continue;
		if (found++ && !job->json)
			putchar('\n');
		(void)snprintf(where, sizeof(where), "line %u: ", number);
		status = decode(job, where, 1, (const char *const[]){ text });
	}
	free(line);
	if (status == CLI_OK && !found)
		return cli_complain("%s: nothing to decode on the standard input",
				    smmu_layout_name(job->layout));
	return status;
}

static int list_layouts(void)
{
	const char *name;

	for (size_t i = 0; (name = smmu_layout_list(i)) != NULL; i++)
		printf("%-10s %4u bits\n", name,
		       smmu_layout_bits(smmu_layout_find(name)));
	fputs("reg NAME     any register, by the name that the architecture gives it\n",
	      stdout);
	return CLI_OK;
}

/* The layout that argv names, and how many of its words did so; NULL: complained. */
static const struct smmu_layout *find_layout(int argc, char **argv, int *used)
{
	const struct smmu_layout *layout;

	*used = 1;
	if (argc < 1) {
		cli_complain("decode: no layout named; see smmulator decode --help");
		return NULL;
	}
	if (strcasecmp(argv[0], "reg") != 0) {
		layout = smmu_layout_find(argv[0]);
		if (!layout)
			cli_complain(
				"decode: %s: no such layout; smmulator decode --list "
				"names them, registers are \"reg NAME\"",
				argv[0]);
		return layout;
	}
	if (argc < 2) {
		cli_complain("decode: reg: which register? Legal is a name such as CR0");
		return NULL;
	}
	*used = 2;
	layout = smmu_layout_register(argv[1]);
	if (!layout)
		cli_complain("decode: reg %s: the SMMU has no register of that name",
			     argv[1]);
	return layout;
}

static int run(int argc, char **argv)
{
	struct job job = { .layout = NULL };
	const char *value;
	int key, used;

	while ((key = cli_next(&cmd_decode, argc, argv, &value)) != CLI_KEY_END) {
		switch (key) {
		case 'j':
			job.json = true;
			break;
		case 'a':
			if (!assume(value, &job.flags))
				return CLI_INPUT;
			break;
		case 'l':
			return list_layouts();
		case CLI_KEY_HELP:
			cli_help(stdout, &cmd_decode);
			return CLI_OK;
		default:
			return CLI_INPUT;
		}
	}
	argc -= optind;
	argv += optind;
	job.layout = find_layout(argc, argv, &used);
	if (!job.layout)
		return CLI_INPUT;
	argc -= used;
	argv += used;
	if (argc == 0 || (argc == 1 && strcmp(argv[0], "-") == 0))
		return decode_lines(&job);
	return decode(&job, "", (size_t)argc, (const char *const *)argv);
}

static const char details[] =
	"Prints every field of the words HEX by name, with what it means. LAYOUT is\n"
	"l1std, ste, l1cd, cd, vms, cmd, event, pri, a descriptor, or the name of one\n"
	"command or event (CMD_SYNC, F_TRANSLATION). HEX are 64-bit or 32-bit words, "
	"the\n"
	"least significant first, or bytes in memory order. Without HEX, or with -, it\n"
	"reads the standard input, one structure a line.\n";

const struct cli_command cmd_decode = {
	.name = "decode",
	.summary = "take a structure, command, event or register apart",
	.synopsis = "[OPTION]... LAYOUT HEX...\n"
		    "       smmulator decode [OPTION]... reg NAME HEX",
	.details = details,
	.options = options,
	.run = run,
};
