/* SPDX-License-Identifier: MIT */
/*
 * Blobs that mean harm or were damaged: never a crash, never a loop, always either
 * a description or one line that says why not. Run under ASan and UBSan.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/blob.h"

static const char *const boards[] = {
	"one-smmu-pcie",
	"five-smmus",
	"chained-buses",
	"bad-circle",
};

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* From an exact copy, so that a read past the end is seen. */
static int feed(const unsigned char *data, size_t size)
{
	unsigned char *copy = malloc(size ? size : 1);
	struct smmu_fw *fw = NULL;
	char why[200] = "";
	uint32_t out;
	const struct smmu_fw_map_entry *entry;
	int err;

	assert_non_null(copy);
	memcpy(copy, data, size);
	err = smmu_fw_from_dtb(copy, size, &fw, why, sizeof(why));
	free(copy);
	if (err) {
		assert_int_equal(err, -EINVAL);
		assert_true(why[0]);
		assert_null(fw);
		return err;
	}
	for (size_t i = 0; i < fw->nhosts; i++)
		smmu_fw_map_id(&fw->hosts[i].iommu_map, 0x108, 0, &out, &entry);
	smmu_fw_worst(fw, SMMU_FW_NOTE);
	smmu_fw_destroy(fw);
	return 0;
}

static void load_board(struct blob *b, const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s.dtb", BOARD_DIR, name);
	blob_load(b, path);
}

static void test_truncated_at_every_length(void **state)
{
	struct blob b;

	(void)state;
	load_board(&b, boards[0]);
	for (size_t len = 0; len < b.size; len++)
		assert_int_equal(feed(b.data, len), -EINVAL);
	assert_int_equal(feed(b.data, b.size), 0);
	/* The same with a totalsize that lies, so that the structure itself is cut. */
	for (size_t len = 40; len < b.size; len++) {
		fdt_set_totalsize(b.data, (uint32_t)len);
		feed(b.data, len);
	}
	fdt_set_totalsize(b.data, (uint32_t)b.size + 1);
	assert_int_equal(feed(b.data, b.size), -EINVAL);
	fdt_set_totalsize(b.data, 0xffffffff);
	assert_int_equal(feed(b.data, b.size), -EINVAL);
	fdt_set_totalsize(b.data, (uint32_t)b.size);
	assert_int_equal(feed(b.data, b.size + 100), 0); /* what follows is ignored */
	blob_free(&b);
}

static void test_random_bytes(void **state)
{
	uint64_t seed = 0x123456789abcdefULL;
	size_t accepted = 0;

	(void)state;
	for (size_t k = 0; k < sizeof(boards) / sizeof(boards[0]); k++) {
		struct blob b;
		unsigned char *copy;

		load_board(&b, boards[k]);
		copy = malloc(b.size);
		assert_non_null(copy);
		for (unsigned i = 0; i < 4000; i++) {
			unsigned flips = 1 + (unsigned)(next(&seed) % 8);

			memcpy(copy, b.data, b.size);
			while (flips--) {
				uint64_t r = next(&seed);
				size_t at = (size_t)(r >> 16) % b.size;

				copy[at] =
					(unsigned char)(r & 1 ? r >> 8
							      : copy[at] ^ 1u << (r >>
										  8) % 8);
			}
			accepted += !feed(copy, b.size);
		}
		free(copy);
		blob_free(&b);
	}
	assert_in_range(accepted, 1000,
			15999); /* values are damaged too, not only structure */
}

/* Whole cells set to what breaks arithmetic. */
static void test_extreme_cells(void **state)
{
	static const uint32_t values[] = {
		0,	    1,		0xffffffff, 0xfffffff4,
		0xfffffff8, 0x7fffffff, 0x80000000, 0x40000001
	};
	struct blob b;

	(void)state;
	load_board(&b, "five-smmus");
	for (size_t at = 0; at + 4 <= b.size; at += 4) {
		uint32_t old = fdt32_ld((const fdt32_t *)(const void *)(b.data + at));

		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			fdt32_st(b.data + at, values[i]);
			feed(b.data, b.size);
		}
		fdt32_st(b.data + at, old);
	}
	assert_int_equal(feed(b.data, b.size), 0);
	blob_free(&b);
}

/* A property length of -12 makes libfdt 1.6 stand still for ever. */
static void test_length_that_wraps(void **state)
{
	struct blob b;
	int root, offset;

	(void)state;
	blob_begin(&b);
	blob_cells(&b, "victim", 1);
	blob_finish(&b);
	root = fdt_path_offset(b.data, "/");
	fdt_for_each_property_offset(offset, b.data, root)
	{
		unsigned char *len = b.data + fdt_off_dt_struct(b.data) + offset + 4;

		for (uint32_t minus = 0; minus < 64; minus += 4) {
			uint32_t old = fdt32_ld((const fdt32_t *)(const void *)len);

			fdt32_st(len, 0u - minus);
			if (minus)
				assert_int_equal(feed(b.data, b.size), -EINVAL);
			fdt32_st(len, old);
		}
	}
	blob_free(&b);
}

static int depth_of(unsigned levels)
{
	struct blob b;
	int err;

	blob_begin(&b);
	for (unsigned i = 1; i < levels; i++)
		blob_node(&b, "n");
	for (unsigned i = 1; i < levels; i++)
		blob_end(&b);
	blob_finish(&b);
	err = feed(b.data, b.size);
	blob_free(&b);
	return err;
}

static int path_of(size_t len)
{
	char name[600];
	struct blob b;
	int err;

	memset(name, 'n', sizeof(name));
	blob_begin(&b);
	name[510] = '\0';
	blob_node(&b, name); /* 511 with its slash */
	name[510] = 'n';
	name[len - 512] = '\0'; /* and this one with its own */
	blob_node(&b, name);
	blob_end(&b);
	blob_end(&b);
	blob_finish(&b);
	err = feed(b.data, b.size);
	blob_free(&b);
	return err;
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(depth_of(64), 0);
	assert_int_equal(depth_of(65), -EINVAL);
	assert_int_equal(depth_of(5000), -EINVAL);
	assert_int_equal(path_of(1023), 0);
	assert_int_equal(path_of(1024), -EINVAL);
}

static void test_headers(void **state)
{
	struct blob b;
	unsigned char *big;

	(void)state;
	assert_int_equal(feed((const unsigned char *)"", 0), -EINVAL);
	assert_int_equal(feed((const unsigned char *)"hello, world", 12), -EINVAL);
	load_board(&b, boards[0]);
	fdt_set_version(b.data, 15);
	fdt_set_last_comp_version(b.data, 15);
	assert_int_equal(feed(b.data, b.size), -EINVAL);
	fdt_set_version(b.data, 16);
	fdt_set_last_comp_version(b.data, 16);
	assert_int_equal(feed(b.data, b.size), 0);
	fdt_set_version(b.data, 17);
	fdt_set_last_comp_version(b.data, 18);
	assert_int_equal(feed(b.data, b.size), -EINVAL);
	fdt_set_last_comp_version(b.data, 16);
	fdt_set_off_dt_struct(b.data, fdt_off_dt_struct(b.data) + 2);
	assert_int_equal(feed(b.data, b.size), -EINVAL);
	fdt_set_off_dt_struct(b.data, fdt_off_dt_struct(b.data) - 2);
	/* 8 MiB are taken, 4 bytes more are not. */
	big = calloc(1, (8u << 20) + 4);
	assert_non_null(big);
	memcpy(big, b.data, b.size);
	fdt_set_totalsize(big, 8u << 20);
	assert_int_equal(feed(big, 8u << 20), 0);
	fdt_set_totalsize(big, (8u << 20) + 4);
	assert_int_equal(feed(big, (8u << 20) + 4), -EINVAL);
	free(big);
	blob_free(&b);
}

/* Many masters on a bus with many ranges: the budget ends it, and says so. */
static void test_quadratic_cost(void **state)
{
	uint32_t *ranges = calloc(4096 * 4, sizeof(*ranges));
	const struct smmu_fw_problem *p;
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	assert_non_null(ranges);
	for (uint32_t i = 0; i < 4096; i++)
		ranges[4 * i + 3] = 1;
	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_end(&b);
	blob_node(&b, "bus");
	blob_cells(&b, "#address-cells", 1);
	blob_cells(&b, "#size-cells", 1);
	blob_words(&b, "ranges", ranges, (size_t)4096 * 4);
	for (unsigned i = 0; i < 6000; i++) {
		blob_node(&b, "m");
		blob_cells(&b, "iommus", 1, i);
		blob_cells(&b, "reg", 0x1000, 0x1000);
		blob_end(&b);
	}
	blob_end(&b);
	fw = blob_parse(&b);
	assert_int_equal(fw->nmasters, 6000);
	assert_int_equal(fw->nproblems, 256);
	assert_true(fw->problems_dropped > 0);
	p = smmu_fw_worst(fw, SMMU_FW_ERROR); /* not lost behind the notes */
	assert_non_null(p);
	assert_string_equal(p->property, "ranges");
	smmu_fw_destroy(fw);
	free(ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truncated_at_every_length),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_extreme_cells),
		cmocka_unit_test(test_length_that_wraps),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_quadratic_cost),
	};

	return cmocka_run_group_tests_name("firmware: hostile blobs", tests, NULL, NULL);
}
