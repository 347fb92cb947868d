/* SPDX-License-Identifier: MIT */
/* Device trees for tests: made in code with libfdt, or read from a file. */
#ifndef TESTS_FIRMWARE_BLOB_H
#define TESTS_FIRMWARE_BLOB_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <libfdt.h>
#include <smmulator/firmware.h>

struct blob {
	unsigned char *data;
	size_t size, room;
};

/* Begins a tree with its root open; #address-cells and #size-cells are 2. */
void blob_begin(struct blob *b);
void blob_node(struct blob *b, const char *name);
void blob_end(struct blob *b);
void blob_flag(struct blob *b, const char *name);
void blob_string(struct blob *b, const char *name, const char *value);
void blob_bytes(struct blob *b, const char *name, const void *value, size_t len);
#define blob_cells(b, name, ...)                                                         \
	blob_words(b, name, (const uint32_t[]){ __VA_ARGS__ },                           \
		   sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))
void blob_words(struct blob *b, const char *name, const uint32_t *cells, size_t count);
/* A whole SMMUv3 at base, 128 KiB, left open. */
void blob_smmu(struct blob *b, uint32_t base, uint32_t phandle);
/* Closes the root and finishes. */
void blob_finish(struct blob *b);
void blob_load(struct blob *b, const char *path);
void blob_free(struct blob *b);

/* Finishes, parses and frees: parsing must succeed. */
struct smmu_fw *blob_parse(struct blob *b);

/* A compiled board of tests/boards, parsed. */
struct smmu_fw *board_parse(const char *name);

/* The problem of a node and property, or NULL. */
const struct smmu_fw_problem *find_problem(const struct smmu_fw *fw, const char *path,
					   const char *property);
/* It exists and is exactly this grave. */
void assert_problem(const struct smmu_fw *fw, const char *path, const char *property,
		    enum smmu_fw_severity severity);
/* Nothing is wrong with this property of this node. */
void assert_no_problem(const struct smmu_fw *fw, const char *path, const char *property);

#endif /* TESTS_FIRMWARE_BLOB_H */
