/* SPDX-License-Identifier: MIT */
/* A table of text: cells are collected, then printed as wide as they need. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

enum { MAX_COLUMNS = 16 };

struct cell {
	char *text;
	bool right;
};

struct row {
	struct cell cells[MAX_COLUMNS];
	size_t n;
};

struct cli_table {
	struct row *rows;
	size_t n, room; /* rows[n] is the one being written */
	int width[MAX_COLUMNS];
};

struct cli_table *cli_table_create(void)
{
	return calloc(1, sizeof(struct cli_table));
}

static struct row *current(struct cli_table *table)
{
	if (table->n == table->room) {
		size_t room = table->room ? 2 * table->room : 32;
		struct row *more = realloc(table->rows, room * sizeof(*more));

		if (!more)
			return NULL;
		memset(&more[table->room], 0, (room - table->room) * sizeof(*more));
		table->rows = more;
		table->room = room;
	}
	return &table->rows[table->n];
}

static void add(struct cli_table *table, bool right, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
static void add(struct cli_table *table, bool right, const char *fmt, va_list ap)
{
	struct row *row = table ? current(table) : NULL;
	struct cell *cell;
	int len;

	if (!row || row->n == MAX_COLUMNS)
		return;
	cell = &row->cells[row->n];
	len = vasprintf(&cell->text, fmt, ap);
	if (len < 0) {
		cell->text = NULL;
		return;
	}
	for (char *c = cell->text; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	cell->right = right;
	if (len > table->width[row->n])
		table->width[row->n] = len;
	row->n++;
}

void cli_table_cell(struct cli_table *table, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(table, false, fmt, ap);
	va_end(ap);
}

void cli_table_number(struct cli_table *table, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(table, true, fmt, ap);
	va_end(ap);
}

void cli_table_end_row(struct cli_table *table)
{
	if (table && current(table))
		table->n++;
}

void cli_table_print(FILE *out, const struct cli_table *table)
{
	for (size_t r = 0; table && r < table->n; r++) {
		const struct row *row = &table->rows[r];

		for (size_t c = 0; c < row->n; c++) {
			bool last = c + 1 == row->n;
			int width = table->width[c];

			if (row->cells[c].right)
				fprintf(out, "%*s", width, row->cells[c].text);
			else if (last)
				fputs(row->cells[c].text, out);
			else
				fprintf(out, "%-*s", width, row->cells[c].text);
			fputs(last ? "\n" : "  ", out);
		}
	}
}

void cli_table_destroy(struct cli_table *table)
{
	if (!table)
		return;
	for (size_t r = 0; r < table->room; r++)
		for (size_t c = 0; c < table->rows[r].n; c++)
			free(table->rows[r].cells[c].text);
	free(table->rows);
	free(table);
}
