/* SPDX-License-Identifier: MIT */
/* Tables as the tests make them, with a record of what the flush callbacks said. */
#ifndef TESTS_PGTABLE_TEST_PGTABLE_H
#define TESTS_PGTABLE_TEST_PGTABLE_H

#include "pgtable/arena.h"
#include "pgtable/walker.h"

#define K(n)	  (UINT64_C(n) << 10)
#define M(n)	  (UINT64_C(n) << 20)
#define G(n)	  (UINT64_C(n) << 30)
#define T(n)	  (UINT64_C(n) << 40)
#define ALL_SIZES (K(4) | M(2) | G(1) | K(16) | M(32) | K(64) | M(512) | T(4))
#define RW	  (IO_PROT_READ | IO_PROT_WRITE)

struct table {
	struct arena arena;
	struct io_pgtable_cfg cfg;
	struct io_pgtable *t;
	unsigned walks, pages; /* flush_walk and add_page calls */
	uint64_t page_bytes;
	uint64_t walk_iova, walk_size;
	unsigned frees_at_walk;
	void *gather;
};

/* Beside the quirks: cfg.contiguous. */
#define CONTIGUOUS (1u << 31)

/* granule in bytes; the largest blocks that it has. */
void table_make(struct table *x, enum io_pgtable_fmt fmt, uint64_t granule, unsigned ias,
		unsigned oas, unsigned quirks);
void table_drop(struct table *x);

int random_tests(void);

#endif /* TESTS_PGTABLE_TEST_PGTABLE_H */
