/* SPDX-License-Identifier: MIT */
/*
 * What the sub-commands of the program share: their table, their options, their
 * exit statuses and their complaints.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses. */
enum {
	CLI_OK = 0,
	CLI_UNEXPECTED = 1, /* the machine did not do what was expected of it */
	CLI_INPUT = 2,	    /* the command line or a file is not what it must be */
};

/* One option; the help, the parser and the tests all read this table. */
struct cli_option {
	const char *name; /* without the dashes */
	int key;	  /* what cli_next() returns; a letter is also the short form */
	const char *arg;  /* what its argument is called; NULL: it takes none */
	const char *help;
};

struct cli_command {
	const char *name;
	const char *summary; /* one line for the program's help */
	const char *synopsis;
	const char *details;		  /* below the synopsis */
	const struct cli_option *options; /* ends with a NULL name */
	int (*run)(int argc, char **argv);
};

extern const struct cli_command cmd_decode, cmd_explain, cmd_guest, cmd_run;

enum { CLI_KEY_HELP = 'h', CLI_KEY_END = -1, CLI_KEY_WRONG = '?' };

/*
 * The next option of this command: its key, CLI_KEY_END, or CLI_KEY_WRONG after a
 * complaint. *value is the argument. argv is permuted: operands come last, from
 * optind on.
 */
int cli_next(const struct cli_command *cmd, int argc, char **argv, const char **value);
void cli_help(FILE *out, const struct cli_command *cmd);
void cli_print_options(FILE *out, const struct cli_option *options);

/* "smmulator: ..." on stderr, in one line whatever the text holds. CLI_INPUT. */
int cli_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A decimal or 0x number from lo to hi; false after a complaint that names it. */
bool cli_number(const char *option, const char *text, uint64_t lo, uint64_t hi,
		uint64_t *value);
/* Seconds from 0 (excluded) to 3600. */
bool cli_seconds(const char *option, const char *text, double *value);

/* A file as a whole, of at most `limit` bytes; "-" is the standard input. */
int cli_read_file(const char *path, size_t limit, void **data, size_t *len);

/* Columns under each other; cells are copied. Errors of memory end in a short table. */
struct cli_table;
struct cli_table *cli_table_create(void);
void cli_table_cell(struct cli_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, aligned to the right. */
void cli_table_number(struct cli_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void cli_table_end_row(struct cli_table *table);
void cli_table_print(FILE *out, const struct cli_table *table);
void cli_table_destroy(struct cli_table *table);

#endif /* CLI_CLI_H */
