/* SPDX-License-Identifier: MIT */
/*
 * A second opinion: a table walk written from translation.md 9.8 with its own
 * bit positions, sharing nothing with the code under test.
 */
#ifndef TESTS_PGTABLE_WALKER_H
#define TESTS_PGTABLE_WALKER_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/pgtable.h>
#include "pgtable/arena.h"

struct walk_result {
	bool found, bad; /* bad: not what hardware accepts */
	int level;
	uint64_t pa, size, desc;
};

/* What hardware finds at iova when it is given the fields of cfg. */
struct walk_result walk(struct arena *a, const struct io_pgtable_cfg *cfg, uint64_t iova);

#endif /* TESTS_PGTABLE_WALKER_H */
