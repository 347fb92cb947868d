/* SPDX-License-Identifier: MIT */
/*
 * Accesses to RAM:
 *  1. bytes go where they should, at every alignment and length, and no further
 *  2. contiguous banks are one memory; a hole is an external abort
 *  3. an aborted read changes nothing; an aborted write stops at the hole
 *  4. fixed-size forms want alignment and speak little-endian
 *  5. cas64 swaps, or says what memory holds
 */
#include "bus_test.h"

#define BASE 0x80000000ull

static int make_ram(void **state)
{
	if (make_bus(state))
		return -1;
	/* two banks that touch, a hole, one bank at the very top */
	if (smmu_bus_add_ram(*state, BASE, PAGE, NULL) ||
	    smmu_bus_add_ram(*state, BASE + PAGE, PAGE, NULL) ||
	    smmu_bus_add_ram(*state, TOP_PAGE, PAGE, NULL))
		return -1;
	return 0;
}

static void access_every_alignment_and_length(void **state)
{
	unsigned char *ram = smmu_bus_ptr(*state, BASE, 64);
	unsigned char in[40], out[40], want[64];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i + 1);
	for (size_t at = 0; at < 16; at++)
		for (size_t len = 0; len <= sizeof(in); len++) {
			memset(ram, 0xee, 64);
			memset(want, 0xee, 64);
			memcpy(want + at, in, len);
			assert_int_equal(smmu_bus_write(*state, BASE + at, in, len, NULL),
					 0);
			assert_memory_equal(ram, want, 64);
			memset(out, 0xdd, sizeof(out));
			memset(want, 0xdd, 64);
			memcpy(want, in, len);
			assert_int_equal(smmu_bus_read(*state, BASE + at, out, len, NULL),
					 0);
			assert_memory_equal(out, want, sizeof(out));
		}
}

static void access_crosses_contiguous_banks(void **state)
{
	static const unsigned char in[13] = "contiguous!!";
	unsigned char out[13] = { 0 };

	assert_int_equal(smmu_bus_write(*state, BASE + PAGE - 5, in, 13, NULL), 0);
	assert_int_equal(smmu_bus_read(*state, BASE + PAGE - 5, out, 13, NULL), 0);
	assert_memory_equal(in, out, 13);
	assert_memory_equal(smmu_bus_ptr(*state, BASE + PAGE - 5, 5), in, 5);
	assert_memory_equal(smmu_bus_ptr(*state, BASE + PAGE, 8), in + 5, 8);
}

static void access_read_into_hole_changes_nothing(void **state)
{
	static unsigned char buf[2 * 0x1000 + 8], same[2 * 0x1000 + 8];

	memset(buf, 0x77, sizeof(buf));
	memset(same, 0x77, sizeof(same));
	assert_int_equal(smmu_bus_read(*state, BASE, buf, 2 * PAGE + 1, NULL), -EFAULT);
	assert_int_equal(smmu_bus_read(*state, BASE - 1, buf, 2, NULL), -EFAULT);
	assert_int_equal(smmu_bus_read(*state, BASE + 2 * PAGE, buf, 1, NULL), -EFAULT);
	assert_int_equal(smmu_bus_read(*state, BASE + 2 * PAGE - 1, buf, 2, NULL),
			 -EFAULT);
	assert_memory_equal(buf, same, sizeof(buf));
	assert_int_equal(smmu_bus_read(*state, BASE, buf, 2 * PAGE, NULL), 0);
	assert_int_equal(buf[0], 0);
	assert_int_equal(buf[2 * PAGE - 1], 0);
	assert_int_equal(buf[2 * PAGE], 0x77);
}

static void access_write_into_hole_stops_there(void **state)
{
	assert_int_equal(smmu_bus_write(*state, BASE + 2 * PAGE - 4, "abcdefgh", 8, NULL),
			 -EFAULT);
	assert_memory_equal(smmu_bus_ptr(*state, BASE + 2 * PAGE - 4, 4), "abcd", 4);
	/* nothing is written behind a hole */
	assert_int_equal(smmu_bus_write(*state, BASE - 4, "abcdefgh", 8, NULL), -EFAULT);
	assert_memory_equal(smmu_bus_ptr(*state, BASE, 4), "\0\0\0\0", 4);
}

static void access_past_the_top_touches_nothing(void **state)
{
	unsigned char buf[4] = { 9, 9, 9, 9 };

	/* RAM at 0, so that an address that wrapped would find something */
	assert_int_equal(smmu_bus_add_ram(*state, 0, PAGE, NULL), 0);
	assert_int_equal(smmu_bus_write(*state, UINT64_MAX - 1, buf, 3, NULL), -EFAULT);
	assert_int_equal(smmu_bus_read(*state, UINT64_MAX - 1, buf, 3, NULL), -EFAULT);
	assert_int_equal(smmu_bus_read(*state, 8, buf, SIZE_MAX, NULL), -EFAULT);
	assert_int_equal(smmu_bus_write(*state, UINT64_MAX, buf, SIZE_MAX, NULL),
			 -EFAULT);
	assert_memory_equal(buf, "\x9\x9\x9\x9", 4);
	assert_memory_equal(smmu_bus_ptr(*state, 0, 4), "\0\0\0\0", 4);
	assert_memory_equal(smmu_bus_ptr(*state, UINT64_MAX - 1, 2), "\0\0", 2);
	assert_int_equal(smmu_bus_write(*state, UINT64_MAX - 1, buf, 2, NULL), 0);
	assert_memory_equal(smmu_bus_ptr(*state, UINT64_MAX - 1, 2), "\x9\x9", 2);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(smmu_bus_read(*state, UINT64_MAX - 1, buf, 2, NULL), 0);
	assert_memory_equal(buf, "\x9\x9\0\0", 4);
}

static void access_of_nothing_is_no_access(void **state)
{
	assert_int_equal(smmu_bus_read(*state, 0x123, NULL, 0, NULL), 0);
	assert_int_equal(smmu_bus_write(*state, 0x123, NULL, 0, NULL), 0);
}

static void access_null_arguments_are_misuse(void **state)
{
	uint64_t v = 3;
	uint32_t w = 3;

	assert_int_equal(smmu_bus_read(*state, BASE, NULL, 1, NULL), -EINVAL);
	assert_int_equal(smmu_bus_write(*state, BASE, NULL, 1, NULL), -EINVAL);
	assert_int_equal(smmu_bus_read32(*state, BASE, NULL, NULL), -EINVAL);
	assert_int_equal(smmu_bus_read64(*state, BASE, NULL, NULL), -EINVAL);
	assert_int_equal(smmu_bus_cas64(*state, BASE, NULL, 0, NULL), -EINVAL);
	assert_int_equal(smmu_bus_read(NULL, BASE, &v, 8, NULL), -EINVAL);
	assert_int_equal(smmu_bus_write(NULL, BASE, &v, 8, NULL), -EINVAL);
	assert_int_equal(smmu_bus_read32(NULL, BASE, &w, NULL), -EINVAL);
	assert_int_equal(smmu_bus_read64(NULL, BASE, &v, NULL), -EINVAL);
	assert_int_equal(smmu_bus_write32(NULL, BASE, 0, NULL), -EINVAL);
	assert_int_equal(smmu_bus_write64(NULL, BASE, 0, NULL), -EINVAL);
	assert_int_equal(smmu_bus_cas64(NULL, BASE, &v, 0, NULL), -EINVAL);
	assert_int_equal(v, 3);
	assert_int_equal(w, 3);
}

static void access_words_are_little_endian(void **state)
{
	uint64_t v = 0;
	uint32_t w = 0;

	assert_int_equal(smmu_bus_write64(*state, BASE + 8, 0x0102030405060708, NULL), 0);
	assert_memory_equal(smmu_bus_ptr(*state, BASE + 8, 8), "\x8\x7\x6\x5\x4\x3\x2\x1",
			    8);
	assert_int_equal(smmu_bus_write32(*state, BASE + 12, 0xa1b2c3d4, NULL), 0);
	assert_memory_equal(smmu_bus_ptr(*state, BASE + 12, 4), "\xd4\xc3\xb2\xa1", 4);
	assert_int_equal(smmu_bus_read64(*state, BASE + 8, &v, NULL), 0);
	assert_int_equal(v, 0xa1b2c3d405060708);
	assert_int_equal(smmu_bus_read32(*state, BASE + 8, &w, NULL), 0);
	assert_int_equal(w, 0x05060708);
}

static void access_misaligned_words_abort(void **state)
{
	uint64_t v = 1;
	uint32_t w = 1;

	for (uint64_t off = 1; off < 8; off++) {
		assert_int_equal(smmu_bus_read64(*state, BASE + off, &v, NULL), -EFAULT);
		assert_int_equal(smmu_bus_write64(*state, BASE + off, ~0ull, NULL),
				 -EFAULT);
		assert_int_equal(smmu_bus_cas64(*state, BASE + off, &v, 2, NULL),
				 -EFAULT);
		if (off == 4)
			continue;
		assert_int_equal(smmu_bus_read32(*state, BASE + off, &w, NULL), -EFAULT);
		assert_int_equal(smmu_bus_write32(*state, BASE + off, ~0u, NULL),
				 -EFAULT);
	}
	assert_int_equal(v, 1);
	assert_int_equal(w, 1);
	assert_memory_equal(smmu_bus_ptr(*state, BASE, 16),
			    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(smmu_bus_read32(*state, BASE + 4, &w, NULL), 0);
	assert_int_equal(w, 0);
}

static void access_words_at_the_edges(void **state)
{
	const uint64_t in[] = { BASE,	     BASE + PAGE - 8,
				BASE + PAGE, BASE + 2 * PAGE - 8,
				TOP_PAGE,    UINT64_MAX - 7 };
	const uint64_t out[] = { BASE - 8, BASE + 2 * PAGE, TOP_PAGE - 8, 0 };
	uint64_t v, expected;
	uint32_t w;

	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		expected = 0;
		assert_int_equal(smmu_bus_cas64(*state, in[i], &expected, i + 1, NULL),
				 0);
		assert_int_equal(smmu_bus_read64(*state, in[i], &v, NULL), 0);
		assert_int_equal(v, i + 1);
		assert_int_equal(smmu_bus_write32(*state, in[i] + 4, 7, NULL), 0);
		assert_int_equal(smmu_bus_read32(*state, in[i] + 4, &w, NULL), 0);
		assert_int_equal(w, 7);
	}
	v = 5;
	w = 5;
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
		assert_int_equal(smmu_bus_read64(*state, out[i], &v, NULL), -EFAULT);
		assert_int_equal(smmu_bus_write64(*state, out[i], 1, NULL), -EFAULT);
		assert_int_equal(smmu_bus_cas64(*state, out[i], &v, 1, NULL), -EFAULT);
		assert_int_equal(smmu_bus_read32(*state, out[i], &w, NULL), -EFAULT);
		assert_int_equal(smmu_bus_write32(*state, out[i], 1, NULL), -EFAULT);
	}
	assert_int_equal(v, 5);
	assert_int_equal(w, 5);
}

static void access_cas_swaps_or_tells(void **state)
{
	uint64_t expected = 41, v;

	assert_int_equal(smmu_bus_write64(*state, BASE, 42, NULL), 0);
	assert_int_equal(smmu_bus_cas64(*state, BASE, &expected, 43, NULL), 1);
	assert_int_equal(expected, 42);
	assert_int_equal(smmu_bus_read64(*state, BASE, &v, NULL), 0);
	assert_int_equal(v, 42);
	assert_int_equal(
		smmu_bus_cas64(*state, BASE, &expected, 0xf000000000000001, NULL), 0);
	assert_int_equal(expected, 42);
	assert_int_equal(smmu_bus_read64(*state, BASE, &v, NULL), 0);
	assert_int_equal(v, 0xf000000000000001);
}

#define ram_test(fn) cmocka_unit_test_setup_teardown(fn, make_ram, drop_bus)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ram_test(access_every_alignment_and_length),
		ram_test(access_crosses_contiguous_banks),
		ram_test(access_read_into_hole_changes_nothing),
		ram_test(access_write_into_hole_stops_there),
		ram_test(access_past_the_top_touches_nothing),
		ram_test(access_of_nothing_is_no_access),
		ram_test(access_null_arguments_are_misuse),
		ram_test(access_words_are_little_endian),
		ram_test(access_misaligned_words_abort),
		ram_test(access_words_at_the_edges),
		ram_test(access_cas_swaps_or_tells),
	};

	return cmocka_run_group_tests_name("bus: accesses to RAM", tests, NULL, NULL);
}
