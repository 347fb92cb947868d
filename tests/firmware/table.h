/* SPDX-License-Identifier: MIT */
/* ACPI tables for tests: short ways to add nodes, and to bend the bytes. */
#ifndef TESTS_FIRMWARE_TABLE_H
#define TESTS_FIRMWARE_TABLE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/acpi.h>

struct table {
	struct smmu_acpi_writer *w;
	unsigned char *data;
	size_t len;
};

void table_begin(struct table *t, const char *signature, uint8_t revision);
/* Ends the writing: data and len are valid. */
void table_finish(struct table *t);
void table_free(struct table *t);
void table_put(struct table *t, size_t at, uint64_t value, unsigned bytes);
/* Reads it (made right by a new checksum first): must succeed. */
struct smmu_fw *table_parse(struct table *t);
struct smmu_fw *table_parse_lenient(struct table *t);
/* With `value` at `at` it is refused, with a message that has `says`; then undone. */
void assert_refused(struct table *t, size_t at, uint64_t value, unsigned bytes,
		    const char *says);
/* With `value` at `at` it is taken; then undone. */
void assert_taken(struct table *t, size_t at, uint64_t value, unsigned bytes);

uint32_t add_its(struct table *t, uint32_t its);
uint32_t add_smmuv3(struct table *t, uint64_t base, uint8_t revision);
uint32_t add_component(struct table *t, const char *path);
uint32_t add_root(struct table *t, uint32_t segment);
uint32_t add_rmr(struct table *t, uint32_t flags, uint64_t base, uint64_t length);
#define add_map(t, in, count, out, ref)                                                  \
	smmu_acpi_add_mapping((t)->w, in, count, out, ref, 0)
#define add_single(t, out, ref)                                                          \
	smmu_acpi_add_mapping((t)->w, 0, 0, out, ref, SMMU_IORT_ID_SINGLE)

/* A problem of this gravity whose message has `says`, at this path, exists. */
bool has_problem(const struct smmu_fw *fw, enum smmu_fw_severity severity,
		 const char *path, const char *says);

#endif
