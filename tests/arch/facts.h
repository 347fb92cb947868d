/* SPDX-License-Identifier: MIT */
/* The facts in tests/arch/data: tab-separated rows, transcribed apart from the tables. */
#ifndef TESTS_ARCH_FACTS_H
#define TESTS_ARCH_FACTS_H

#include <stddef.h>

#define FACT_COLUMNS 9

struct fact {
	char column[FACT_COLUMNS][48]; /* missing ones are empty */
};

struct facts {
	struct fact *rows;
	size_t count;
};

/* Reads ARCH_DATA/name; fails the test if that does not work. */
struct facts facts_load(const char *name);
void facts_free(struct facts *facts);

#endif
