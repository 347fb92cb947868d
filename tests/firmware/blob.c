/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/blob.h"

#define ROOM (1u << 20)

void blob_begin(struct blob *b)
{
	b->data = calloc(1, ROOM);
	assert_non_null(b->data);
	b->room = ROOM;
	b->size = 0;
	assert_int_equal(fdt_create(b->data, (int)ROOM), 0);
	assert_int_equal(fdt_finish_reservemap(b->data), 0);
	blob_node(b, "");
	blob_cells(b, "#address-cells", 2);
	blob_cells(b, "#size-cells", 2);
}

void blob_node(struct blob *b, const char *name)
{
	assert_int_equal(fdt_begin_node(b->data, name), 0);
}

void blob_end(struct blob *b)
{
	assert_int_equal(fdt_end_node(b->data), 0);
}

void blob_bytes(struct blob *b, const char *name, const void *value, size_t len)
{
	assert_int_equal(fdt_property(b->data, name, value, (int)len), 0);
}

void blob_flag(struct blob *b, const char *name)
{
	blob_bytes(b, name, NULL, 0);
}

void blob_string(struct blob *b, const char *name, const char *value)
{
	blob_bytes(b, name, value, strlen(value) + 1);
}

void blob_words(struct blob *b, const char *name, const uint32_t *cells, size_t count)
{
	void *to;

	assert_int_equal(fdt_property_placeholder(b->data, name, (int)(4 * count), &to),
			 0);
	for (size_t i = 0; i < count; i++)
		fdt32_st((unsigned char *)to + 4 * i, cells[i]);
}

void blob_smmu(struct blob *b, uint32_t base, uint32_t phandle)
{
	char name[32];

	snprintf(name, sizeof(name), "iommu@%x", base);
	blob_node(b, name);
	blob_string(b, "compatible", "arm,smmu-v3");
	blob_cells(b, "reg", 0, base, 0, 0x20000);
	blob_cells(b, "phandle", phandle);
	blob_cells(b, "#iommu-cells", 1);
}

void blob_finish(struct blob *b)
{
	blob_end(b);
	assert_int_equal(fdt_finish(b->data), 0);
	b->size = fdt_totalsize(b->data);
}

void blob_load(struct blob *b, const char *path)
{
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	b->room = ROOM;
	b->data = malloc(b->room);
	assert_non_null(b->data);
	b->size = fread(b->data, 1, b->room, f);
	assert_int_equal(fclose(f), 0);
	assert_in_range(b->size, 1, ROOM - 1);
}

void blob_free(struct blob *b)
{
	free(b->data);
	b->data = NULL;
}

static struct smmu_fw *parse(struct blob *b)
{
	struct smmu_fw *fw = NULL;
	char why[256] = "";

	if (smmu_fw_from_dtb(b->data, b->size, &fw, why, sizeof(why)))
		fail_msg("%s", why);
	blob_free(b);
	return fw;
}

struct smmu_fw *blob_parse(struct blob *b)
{
	blob_finish(b);
	return parse(b);
}

struct smmu_fw *board_parse(const char *name)
{
	char path[1024];
	struct blob b;

	snprintf(path, sizeof(path), "%s/%s.dtb", BOARD_DIR, name);
	blob_load(&b, path);
	return parse(&b);
}

const struct smmu_fw_problem *find_problem(const struct smmu_fw *fw, const char *path,
					   const char *property)
{
	for (size_t i = 0; i < fw->nproblems; i++)
		if (!strcmp(fw->problems[i].path, path) &&
		    !strcmp(fw->problems[i].property, property))
			return &fw->problems[i];
	return NULL;
}

void assert_problem(const struct smmu_fw *fw, const char *path, const char *property,
		    enum smmu_fw_severity severity)
{
	const struct smmu_fw_problem *p = find_problem(fw, path, property);

	if (!p)
		fail_msg("no problem at %s, %s", path, property);
	assert_int_equal(p->severity, severity);
	assert_true(p->message[0]);
}

void assert_no_problem(const struct smmu_fw *fw, const char *path, const char *property)
{
	const struct smmu_fw_problem *p = find_problem(fw, path, property);

	if (p)
		fail_msg("%s: %s: %s", path, property, p->message);
}
