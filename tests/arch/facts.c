/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/facts.h"

static void take_row(struct fact *row, char *line)
{
	char *cell = line;

	line[strcspn(line, "\n")] = '\0';
	for (unsigned i = 0; cell; i++) {
		char *tab = strchr(cell, '\t');

		if (tab)
			*tab = '\0';
		assert_true(i < FACT_COLUMNS);
		assert_true(strlen(cell) < sizeof(row->column[0]));
		strcpy(row->column[i], cell);
		cell = tab ? tab + 1 : NULL;
	}
}

struct facts facts_load(const char *name)
{
	struct facts facts = { NULL, 0 };
	char path[512], line[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", ARCH_DATA, name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("cannot open %s", path);
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#')
			continue;
		facts.rows = realloc(facts.rows, (facts.count + 1) * sizeof(*facts.rows));
		assert_non_null(facts.rows);
		memset(&facts.rows[facts.count], 0, sizeof(*facts.rows));
		take_row(&facts.rows[facts.count++], line);
	}
	fclose(file);
	assert_true(facts.count > 0);
	return facts;
}

void facts_free(struct facts *facts)
{
	free(facts->rows);
}
