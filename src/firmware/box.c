/* SPDX-License-Identifier: MIT */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/box.h"

#define CHUNK_BYTES  (16u * 1024)
#define MAX_PROBLEMS 256
#define MAX_STRING   1023
#define FIRST_GROWTH 4

struct fw_chunk {
	struct fw_chunk *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

struct fw_box *fw_box_create(void)
{
	return calloc(1, sizeof(struct fw_box));
}

void fw_box_destroy(struct fw_box *box)
{
	if (!box)
		return;
	while (box->chunks) {
		struct fw_chunk *next = box->chunks->next;

		free(box->chunks);
		box->chunks = next;
	}
	free(box);
}

static struct fw_chunk *add_chunk(struct fw_box *box, size_t bytes)
{
	size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
	struct fw_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk) {
		box->out_of_memory = true;
		return NULL;
	}
	chunk->size = size;
	chunk->next = box->chunks;
	box->chunks = chunk;
	return chunk;
}

void *fw_alloc(struct fw_box *box, size_t count, size_t size)
{
	struct fw_chunk *chunk = box->chunks;
	const size_t align = alignof(max_align_t);
	size_t bytes;
	void *p;

	if (!count)
		return NULL;
	if (size && count > (SIZE_MAX / 2) / size) {
		box->out_of_memory = true;
		return NULL;
	}
	bytes = (count * size + align - 1) / align * align;
	if (!chunk || chunk->size - chunk->used < bytes)
		chunk = add_chunk(box, bytes);
	if (!chunk)
		return NULL;
	p = chunk->data + chunk->used;
	chunk->used += bytes;
	return p;
}

void *fw_grow(struct fw_box *box, void *array, size_t count, size_t size)
{
	bool full = count == 0 || (count >= FIRST_GROWTH && (count & (count - 1)) == 0);
	void *larger;

	if (!full)
		return array;
	larger = fw_alloc(box, count ? count * 2 : FIRST_GROWTH, size);
	if (larger && count)
		memcpy(larger, array, count * size);
	return larger;
}

const char *fw_string(struct fw_box *box, const void *data, size_t len)
{
	size_t n = data ? strnlen(data, len < MAX_STRING ? len : MAX_STRING) : 0;
	const unsigned char *from = data;
	char *s;

	if (!n)
		return "";
	s = fw_alloc(box, n + 1, 1);
	if (!s)
		return "";
	for (size_t i = 0; i < n; i++)
		s[i] = (char)(from[i] >= 0x20 && from[i] < 0x7f ? from[i] : '?');
	return s;
}

/*
 * Where the next one goes. When the list is full a graver one takes the place of the
 * last that is less grave: no error is lost behind 256 notes. NULL: nowhere.
 */
static struct smmu_fw_problem *place(struct fw_box *box, enum smmu_fw_severity severity)
{
	struct smmu_fw *fw = &box->fw;
	struct smmu_fw_problem *list;

	if (fw->nproblems < MAX_PROBLEMS) {
		list = fw_grow(box, fw->problems, fw->nproblems, sizeof(*list));
		if (!list)
			return NULL;
		fw->problems = list;
		return &list[fw->nproblems++];
	}
	fw->problems_dropped++;
	for (size_t i = MAX_PROBLEMS; i-- > 0;)
		if (fw->problems[i].severity < severity)
			return &fw->problems[i];
	return NULL;
}

void fw_problem(struct fw_box *box, enum smmu_fw_severity severity, const char *path,
		const char *property, const char *fmt, ...)
{
	struct smmu_fw_problem *problem = place(box, severity);
	char text[512];
	va_list ap;

	if (!problem)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problem->severity = severity;
	problem->path = fw_string(box, path, strlen(path));
	problem->property = fw_string(box, property, strlen(property));
	problem->message = fw_string(box, text, strlen(text));
}
