/* SPDX-License-Identifier: MIT */
/* Options from one table: parsed, and printed as help. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

enum { MAX_OPTIONS = 32, HELP_COLUMN = 24 };

static bool has_short(const struct cli_option *o)
{
	return o->key > 0 && o->key < 128 && isalnum(o->key);
}

/* getopt's own tables; a leading ':' tells a missing argument from a wrong option. */
static void getopt_tables(const struct cli_option *options, struct option *longs,
			  char *shorts)
{
	size_t n = 0;

	*shorts++ = ':';
	for (const struct cli_option *o = options; o->name && n < MAX_OPTIONS; o++) {
		longs[n++] = (struct option){ .name = o->name,
					      .has_arg = o->arg != NULL,
					      .val = o->key };
		if (!has_short(o))
			continue;
		*shorts++ = (char)o->key;
		if (o->arg)
			*shorts++ = ':';
	}
	longs[n] = (struct option){ .name = NULL };
	*shorts = '\0';
}

int cli_next(const struct cli_command *cmd, int argc, char **argv, const char **value)
{
	struct option longs[MAX_OPTIONS + 1];
	char shorts[2 * MAX_OPTIONS + 2];
	int key;

	getopt_tables(cmd->options, longs, shorts);
	opterr = 0;
	key = getopt_long(argc, argv, shorts, longs, NULL);
	*value = optarg;
	if (key != '?' && key != ':')
		return key;
	cli_complain("%s: %s %s; see smmulator %s --help", cmd->name, argv[optind - 1],
		     key == ':' ? "needs an argument" : "is no option, or ambiguous",
		     cmd->name);
	return CLI_KEY_WRONG;
}

void cli_print_options(FILE *out, const struct cli_option *options)
{
	for (const struct cli_option *o = options; o->name; o++) {
		int width;

		if (has_short(o))
			width = fprintf(out, "  -%c, --%s", o->key, o->name);
		else
			width = fprintf(out, "      --%s", o->name);
		if (o->arg)
			width += fprintf(out, " %s", o->arg);
		if (width > HELP_COLUMN - 2)
			width = fprintf(out, "\n") - 1;
		fprintf(out, "%*s%s\n", HELP_COLUMN - width, "", o->help);
	}
}

void cli_help(FILE *out, const struct cli_command *cmd)
{
	fprintf(out, "Usage: smmulator %s %s\n\n%s\nOptions:\n", cmd->name, cmd->synopsis,
		cmd->details);
	cli_print_options(out, cmd->options);
}

int cli_complain(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* Names come from files: nothing of them may steer a terminal. */
	for (char *c = line; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	fprintf(stderr, "smmulator: %s\n", line);
	return CLI_INPUT;
}

bool cli_number(const char *option, const char *text, uint64_t lo, uint64_t hi,
		uint64_t *value)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (!isdigit((unsigned char)text[0]) || *end || errno || v < lo || v > hi) {
		cli_complain("--%s %s: legal is a number from %llu to %llu", option, text,
			     (unsigned long long)lo, (unsigned long long)hi);
		return false;
	}
	*value = v;
	return true;
}

bool cli_seconds(const char *option, const char *text, double *value)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v > 0 && v <= 3600)) {
		cli_complain("--%s %s: legal are seconds above 0, up to 3600", option,
			     text);
		return false;
	}
	*value = v;
	return true;
}
