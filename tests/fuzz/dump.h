/* SPDX-License-Identifier: MIT */
/* Dumps of PCI functions out of fuzzers' bytes, so that what lies behind text is reached.
 */
#ifndef TESTS_FUZZ_DUMP_H
#define TESTS_FUZZ_DUMP_H

#include <stddef.h>
#include <stdint.h>

/*
 * Of each function: two bytes of its id, a count, and so often an offset (two bytes) and
 * a value; at most 40 functions. From malloc(); NULL: no memory.
 */
char *fuzz_dump(const uint8_t *data, size_t size, size_t *len);

#endif
