/* SPDX-License-Identifier: MIT */
/*
 * The memory behind a description: everything in it is freed at once, so that no
 * parser needs to know who owns which string.
 */
#ifndef FIRMWARE_BOX_H
#define FIRMWARE_BOX_H

#include <stdarg.h>
#include <smmulator/firmware.h>

struct fw_chunk;

/* fw is the first member: destroying the description finds its box. */
struct fw_box {
	struct smmu_fw fw;
	struct fw_chunk *chunks;
	bool out_of_memory; /* sticky: checked once, when the description is done */
};

struct fw_box *fw_box_create(void);
void fw_box_destroy(struct fw_box *box);

/* Zeroed memory, or NULL and out_of_memory is set. count 0 gives NULL. */
void *fw_alloc(struct fw_box *box, size_t count, size_t size);

/*
 * Room for one more: the array itself, or a larger copy whenever `count` elements
 * are all that fit. NULL: out of memory; the old array stays valid.
 */
void *fw_grow(struct fw_box *box, void *array, size_t count, size_t size);

/*
 * The first string of at most len bytes at data, as printable ASCII: what firmware
 * wrote reaches terminals. Never NULL ("" if there is none, or no memory).
 */
const char *fw_string(struct fw_box *box, const void *data, size_t len);

#if defined(__GNUC__)
#define FW_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define FW_PRINTF(f, a)
#endif

/* Adds a problem; path and property are copied. */
FW_PRINTF(5, 6)
void fw_problem(struct fw_box *box, enum smmu_fw_severity severity, const char *path,
		const char *property, const char *fmt, ...);

#endif /* FIRMWARE_BOX_H */
