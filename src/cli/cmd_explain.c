/* SPDX-License-Identifier: MIT */
/* smmulator explain: why a DMA ends as it does. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/explain.h>
#include "cli/explain.h"

enum {
	KEY_INST = 256,
	KEY_IOVA,
	KEY_MEM,
	KEY_OP,
	KEY_PRESET,
	KEY_PRIV,
	KEY_REG,
	KEY_SET,
	KEY_SID,
	KEY_SSID,
	KEY_STATE,
};

static const struct cli_option options[] = {
	{ "state", KEY_STATE, "FILE", "a snapshot, as run --save-state writes it" },
	{ "mem", KEY_MEM, "IMAGE", "FILE@ADDRESS: what memory holds there" },
	{ "reg", KEY_REG, "VALUE", "NAME=NUMBER: what a register reads" },
	{ "preset", KEY_PRESET, "NAME",
	  "the kind of SMMU, if no IDRn is given with --reg (v3.2)" },
	{ "set", KEY_SET, "VALUE", "FIELD=NUMBER: one field of the configuration" },
	{ "sid", KEY_SID, "N", "the StreamID" },
	{ "ssid", KEY_SSID, "N", "the SubstreamID (none)" },
	{ "iova", KEY_IOVA, "ADDRESS", "where the device reads or writes" },
	{ "op", KEY_OP, "NAME", "read, write or atomic (read)" },
	{ "priv", KEY_PRIV, NULL, "a privileged access" },
	{ "inst", KEY_INST, NULL, "an instruction fetch" },
	{ "json", 'j', NULL, "print one JSON object instead of text" },
	{ "help", CLI_KEY_HELP, NULL, "print this and exit" },
	{ NULL, 0, NULL, NULL },
};

struct job {
	struct explain_options in;
	struct smmu_txn txn;
	bool sid, iova, json;
};

static bool number(const char *name, const char *text, uint64_t max, uint64_t *value)
{
	return cli_number(name, text, 0, max, value);
}

static bool parse_op(const char *name, uint8_t *op)
{
	static const char *const names[] = { "read", "write", "atomic" };

	for (uint8_t i = 0; i < 3; i++) {
		if (strcmp(name, names[i]) == 0) {
			*op = i;
			return true;
		}
	}
	cli_complain("--op %s: legal are read, write and atomic", name);
	return false;
}

/* What the device asks. 0: no such option; else whether it was good. */
static bool take_question(struct job *job, int key, const char *value)
{
	uint64_t v = 0;

	switch (key) {
	case KEY_SID:
		job->sid = number("sid", value, UINT32_MAX, &v);
		job->txn.sid = (uint32_t)v;
		return job->sid;
	case KEY_SSID:
		job->txn.ssv = number("ssid", value, (1u << 20) - 1, &v);
		job->txn.ssid = (uint32_t)v;
		return job->txn.ssv;
	case KEY_IOVA:
		job->iova = number("iova", value, UINT64_MAX, &job->txn.addr);
		return job->iova;
	case KEY_OP:
		return parse_op(value, &job->txn.op);
	case KEY_PRIV:
		job->txn.priv = true;
		return true;
	case KEY_INST:
		job->txn.inst = true;
		return true;
	default:
		return false;
	}
}

static bool take_option(struct job *job, int key, const char *value)
{
	switch (key) {
	case KEY_STATE:
		job->in.state = value;
		return true;
	case KEY_MEM:
		job->in.mem[job->in.nmem++] = value;
		return true;
	case KEY_REG:
		job->in.reg[job->in.nreg++] = value;
		return true;
	case KEY_SET:
		job->in.set[job->in.nset++] = value;
		return true;
	case KEY_PRESET:
		job->in.preset = value;
		return true;
	case 'j':
		job->json = true;
		return true;
	default:
		return take_question(job, key, value);
	}
}

/* True: *status is the outcome already. */
static bool parse(struct job *job, int argc, char **argv, int *status)
{
	const char *value;
	int key;

	*status = CLI_INPUT;
	while ((key = cli_next(&cmd_explain, argc, argv, &value)) != CLI_KEY_END) {
		if (key == CLI_KEY_HELP) {
			cli_help(stdout, &cmd_explain);
			*status = CLI_OK;
			return true;
		}
		if (!take_option(job, key, value))
			return true;
	}
	if (optind < argc)
		cli_complain("explain: %s: one too many; all is given with options",
			     argv[optind]);
	else if (!job->sid)
		cli_complain("explain: which stream? Give its StreamID with --sid N");
	else if (!job->iova)
		cli_complain("explain: which address? Give it with --iova ADDRESS");
	else
		return false;
	return true;
}

static int explain(const struct job *job)
{
	struct smmu_bus *bus = smmu_bus_create();
	struct smmu_explanation *x;
	struct smmu *smmu = NULL;
	int status =
		bus ? explain_build(&job->in, bus, &smmu) : cli_complain("no memory");

	if (!status && smmu_explanation_create(&x, smmu, &job->txn, 0))
		status = cli_complain("no memory");
	else if (!status) {
		if (job->json)
			smmu_explanation_json(stdout, x);
		else
			smmu_explanation_text(stdout, x);
		smmu_explanation_destroy(x);
	}
	smmu_destroy(smmu);
	smmu_bus_destroy(bus);
	return status;
}

static int run(int argc, char **argv)
{
	size_t n = (size_t)argc;
	const char **lists = calloc(3 * n, sizeof(*lists));
	struct job job = { .sid = false };
	int status;

	if (!lists)
		return cli_complain("no memory");
	job.in.mem = lists;
	job.in.reg = lists + n;
	job.in.set = lists + 2 * n;
	if (!parse(&job, argc, argv, &status))
		status = explain(&job);
	free(lists);
	return status;
}

static const char details[] =
	"Re-enacts one DMA and tells how it ends and why: the rule that decides, the\n"
	"tables on the way, the event record, what a cache holds that memory no longer\n"
	"says. The SMMU comes from a snapshot, or from a dump of a real machine: its\n"
	"memory with --mem, its registers with --reg, ID registers among them. "
	"Registers\n"
	"that are not given have their reset values.\n";

const struct cli_command cmd_explain = {
	.name = "explain",
	.summary = "tell why a DMA ends as it does",
	.synopsis = "[OPTION]... --state FILE --sid N --iova ADDRESS\n"
		    "       smmulator explain [OPTION]... --reg NAME=NUMBER... --mem "
		    "FILE@ADDRESS...\n"
		    "                         --sid N --iova ADDRESS",
	.details = details,
	.options = options,
	.run = run,
};
