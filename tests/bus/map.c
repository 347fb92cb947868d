/* SPDX-License-Identifier: MIT */
/*
 * The address map: what may be added where, and what smmu_bus_ptr finds.
 *  1. an empty bus is all holes
 *  2. RAM is page-granular, regions and doorbells word-granular, none wraps 2^64
 *  3. nothing overlaps anything
 *  4. RAM is zeroed, lazy, at any address, in any number of banks
 *  5. RAM that is asked for as a whole stays where it is
 *  6. a refused addition leaves the map as it was
 */
#include "bus_test.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

static int no_read(void *ctx, uint64_t pa, void *buf, size_t len,
		   const struct smmu_attr *attr)
{
	(void)ctx, (void)pa, (void)buf, (void)len, (void)attr;
	return -EIO;
}

static int no_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		    const struct smmu_attr *attr)
{
	(void)ctx, (void)pa, (void)buf, (void)len, (void)attr;
	return -EIO;
}

static void no_msi(void *ctx, uint64_t pa, uint32_t data, const struct smmu_attr *attr)
{
	(void)ctx, (void)pa, (void)data, (void)attr;
}

static const struct smmu_mem_ops ops = { no_read, no_write, NULL };

static void map_empty_is_all_holes(void **state)
{
	uint64_t v = 7;

	assert_null(smmu_bus_ptr(*state, 0, 1));
	assert_null(smmu_bus_ptr(*state, UINT64_MAX, 1));
	assert_int_equal(smmu_bus_read64(*state, 0, &v, NULL), -EFAULT);
	assert_int_equal(smmu_bus_write64(*state, 0, v, NULL), -EFAULT);
	assert_int_equal(smmu_bus_cas64(*state, 0, &v, 1, NULL), -EFAULT);
	assert_int_equal(v, 7);
}

static void map_ram_misaligned_is_refused(void **state)
{
	static _Alignas(8) unsigned char host[0x2000];

	assert_int_equal(smmu_bus_add_ram(*state, 0x800, PAGE, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_ram(*state, PAGE + 1, PAGE, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_ram(*state, PAGE, PAGE - 8, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_ram(*state, PAGE, 0, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_ram(*state, PAGE, PAGE, host + 4), -EINVAL);
	assert_int_equal(smmu_bus_add_ram(NULL, PAGE, PAGE, NULL), -EINVAL);
	assert_null(smmu_bus_ptr(*state, PAGE, 1));
	assert_int_equal(smmu_bus_add_ram(*state, PAGE, PAGE, host + 8), 0);
	assert_ptr_equal(smmu_bus_ptr(*state, PAGE, PAGE), host + 8);
}

static void map_region_granule_is_a_word(void **state)
{
	assert_int_equal(smmu_bus_add_region(*state, 2, 4, &ops, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_region(*state, 4, 6, &ops, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_region(*state, 4, 0, &ops, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_region(*state, 4, 4, &ops, NULL), 0);
	assert_int_equal(smmu_bus_add_doorbell(*state, 0x42, 4, no_msi, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_doorbell(*state, 0x40, 2, no_msi, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_doorbell(*state, 0x40, 4, no_msi, NULL), 0);
}

static void map_missing_callback_is_refused(void **state)
{
	struct smmu_mem_ops half = ops;

	assert_int_equal(smmu_bus_add_region(*state, 0, 8, NULL, NULL), -EINVAL);
	half.read = NULL;
	assert_int_equal(smmu_bus_add_region(*state, 0, 8, &half, NULL), -EINVAL);
	half = ops;
	half.write = NULL;
	assert_int_equal(smmu_bus_add_region(*state, 0, 8, &half, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_region(NULL, 0, 8, &ops, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_doorbell(*state, 0, 8, NULL, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_doorbell(NULL, 0, 8, no_msi, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_region(*state, 0, 8, &ops, NULL), 0);
}

static void map_may_end_at_the_top_but_not_beyond(void **state)
{
	assert_int_equal(smmu_bus_add_ram(*state, TOP_PAGE, 2 * PAGE, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_ram(*state, TOP_PAGE, TOP_PAGE, NULL), -EINVAL);
	assert_int_equal(smmu_bus_add_region(*state, UINT64_MAX - 3, 8, &ops, NULL),
			 -EINVAL);
	assert_int_equal(smmu_bus_add_region(*state, UINT64_MAX - 3, 4, &ops, NULL), 0);
	assert_int_equal(smmu_bus_add_ram(*state, TOP_PAGE - PAGE, PAGE, NULL), 0);
	assert_int_equal(smmu_bus_add_ram(*state, TOP_PAGE, PAGE, NULL), -EEXIST);
}

static void map_ram_at_the_top_is_found(void **state)
{
	unsigned char *host;

	assert_int_equal(smmu_bus_add_ram(*state, TOP_PAGE, PAGE, NULL), 0);
	host = smmu_bus_ptr(*state, TOP_PAGE, PAGE);
	assert_non_null(host);
	assert_ptr_equal(smmu_bus_ptr(*state, UINT64_MAX, 1), host + PAGE - 1);
	assert_null(smmu_bus_ptr(*state, UINT64_MAX, 2));
	assert_null(smmu_bus_ptr(*state, TOP_PAGE, UINT64_MAX));
	assert_null(smmu_bus_ptr(*state, 0, 1));
}

static void map_overlap_is_refused(void **state)
{
	assert_int_equal(smmu_bus_add_ram(*state, 0x10000, 0x4000, NULL), 0);
	assert_int_equal(smmu_bus_add_ram(*state, 0x10000, 0x4000, NULL), -EEXIST);
	assert_int_equal(smmu_bus_add_ram(*state, 0xf000, 2 * PAGE, NULL), -EEXIST);
	assert_int_equal(smmu_bus_add_ram(*state, 0x13000, 2 * PAGE, NULL), -EEXIST);
	assert_int_equal(smmu_bus_add_ram(*state, 0x11000, PAGE, NULL), -EEXIST);
	assert_int_equal(smmu_bus_add_ram(*state, 0xf000, 0x10000, NULL), -EEXIST);
	assert_int_equal(smmu_bus_add_region(*state, 0xfffc, 8, &ops, NULL), -EEXIST);
	assert_int_equal(smmu_bus_add_region(*state, 0x13ffc, 4, &ops, NULL), -EEXIST);
	assert_int_equal(smmu_bus_add_doorbell(*state, 0x12000, 4, no_msi, NULL),
			 -EEXIST);
	/* the legal neighbours, on both sides */
	assert_int_equal(smmu_bus_add_region(*state, 0xfffc, 4, &ops, NULL), 0);
	assert_int_equal(smmu_bus_add_doorbell(*state, 0x14000, 4, no_msi, NULL), 0);
	assert_int_equal(smmu_bus_add_ram(*state, 0x14000, PAGE, NULL), -EEXIST);
	assert_int_equal(smmu_bus_add_ram(*state, 0x15000, PAGE, NULL), 0);
}

static void map_ram_is_zeroed(void **state)
{
	static const unsigned char zero[PAGE];

	assert_int_equal(smmu_bus_add_ram(*state, 0x80000000, 16 * PAGE, NULL), 0);
	for (uint64_t i = 0; i < 16; i++)
		assert_memory_equal(smmu_bus_ptr(*state, 0x80000000 + i * PAGE, PAGE),
				    zero, PAGE);
}

/* 64 GB, or less where the process may not even reserve that: valgrind, ulimit -v. */
static uint64_t reservable(void)
{
	uint64_t size = 64ull << 30;
	void *host = MAP_FAILED;

	while (size) {
		host = mmap(NULL, size, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (host != MAP_FAILED)
			break;
		size /= 2;
	}
	if (host != MAP_FAILED)
		munmap(host, size);
	return size;
}

/* issue 2, item 4: 64 GB costs nothing until it is touched. */
static void map_huge_ram_is_lazy(void **state)
{
	const uint64_t base = 0x8000000000, size = reservable();
	struct rusage before, after;
	uint64_t v;

	assert_true(size >= 8ull << 30);
	getrusage(RUSAGE_SELF, &before);
	assert_int_equal(smmu_bus_add_ram(*state, base, size, NULL), 0);
	for (uint64_t at = 0; at < size; at += 1ull << 30)
		assert_int_equal(smmu_bus_write64(*state, base + at + 8, at + 1, NULL),
				 0);
	assert_int_equal(smmu_bus_write64(*state, base + size - 8, 5, NULL), 0);
	getrusage(RUSAGE_SELF, &after);
	/* kilobytes: 65 pages were touched, of 4 kB or of 2 MB */
	assert_true(after.ru_maxrss - before.ru_maxrss < 1024 * 1024);
	for (uint64_t at = 0; at < size; at += 1ull << 30) {
		assert_int_equal(smmu_bus_read64(*state, base + at + 8, &v, NULL), 0);
		assert_int_equal(v, at + 1);
	}
	assert_int_equal(smmu_bus_read64(*state, base + size - 8, &v, NULL), 0);
	assert_int_equal(v, 5);
	assert_int_equal(smmu_bus_read64(*state, base + size, &v, NULL), -EFAULT);
}

static void map_impossible_ram_is_enomem(void **state)
{
	/* 2^63 bytes: no host has that much address space */
	assert_int_equal(smmu_bus_add_ram(*state, 0, 1ull << 63, NULL), -ENOMEM);
	assert_null(smmu_bus_ptr(*state, 0, 1));
	/* a refused bank does not keep its place */
	assert_int_equal(smmu_bus_add_ram(*state, 0, PAGE, NULL), 0);
	assert_non_null(smmu_bus_ptr(*state, 0, 1));
}

static void map_host_ram_past_the_host_is_refused(void **state)
{
	uint64_t word;

	assert_int_equal(smmu_bus_add_ram(*state, 0, TOP_PAGE, &word), -EINVAL);
	assert_null(smmu_bus_ptr(*state, 0, 1));
}

/* More banks than the fast array holds, added from the top down: each is found. */
static void map_many_banks_are_all_found(void **state)
{
	enum { NR = 40 };
	uint64_t v, expected;

	for (uint64_t i = NR; i-- > 0;)
		assert_int_equal(smmu_bus_add_ram(*state, i << 32, 2 * PAGE, NULL), 0);
	for (uint64_t i = 0; i < NR; i++) {
		uint64_t pa = (i << 32) + PAGE;

		assert_int_equal(smmu_bus_write64(*state, pa, i + 100, NULL), 0);
		expected = i + 100;
		assert_int_equal(smmu_bus_cas64(*state, pa, &expected, i + 200, NULL), 0);
		assert_int_equal(smmu_bus_read64(*state, pa, &v, NULL), 0);
		assert_int_equal(v, i + 200);
		assert_non_null(smmu_bus_ptr(*state, i << 32, 2 * PAGE));
		assert_null(smmu_bus_ptr(*state, i << 32, 2 * PAGE + 1));
		assert_null(smmu_bus_ptr(*state, pa, UINT64_MAX));
		assert_null(smmu_bus_ptr(*state, pa + PAGE, 1));
		assert_null(smmu_bus_ptr(*state, (i << 32) - 1, 1));
		assert_int_equal(smmu_bus_read64(*state, pa + PAGE, &v, NULL), -EFAULT);
	}
}

static void map_ram_is_told_as_a_whole(void **state)
{
	struct smmu_bus_ram ram = { 1, 2, NULL }, again = { 0 };

	assert_false(smmu_bus_ram(*state, PAGE, &ram));
	assert_int_equal(smmu_bus_add_ram(*state, PAGE, 2 * PAGE, NULL), 0);
	assert_int_equal(smmu_bus_add_region(*state, 3 * PAGE, PAGE, &ops, NULL), 0);
	assert_int_equal(smmu_bus_add_doorbell(*state, 4 * PAGE, PAGE, no_msi, NULL), 0);
	assert_int_equal(smmu_bus_add_ram(*state, TOP_PAGE, PAGE, NULL), 0);
	assert_false(smmu_bus_ram(*state, PAGE - 1, &ram));
	assert_false(smmu_bus_ram(*state, 3 * PAGE, &ram));
	assert_false(smmu_bus_ram(*state, 4 * PAGE, &ram));
	assert_false(smmu_bus_ram(NULL, PAGE, &ram));
	assert_false(smmu_bus_ram(*state, PAGE, NULL));
	assert_int_equal(ram.base, 1);
	assert_int_equal(ram.size, 2);
	assert_true(smmu_bus_ram(*state, 3 * PAGE - 1, &ram));
	assert_int_equal(ram.base, PAGE);
	assert_int_equal(ram.size, 2 * PAGE);
	assert_ptr_equal(ram.host, smmu_bus_ptr(*state, PAGE, 2 * PAGE));
	/* nor does what is added later move it */
	for (uint64_t i = 0; i < 40; i++)
		assert_int_equal(smmu_bus_add_ram(*state, (8 + 2 * i) * PAGE, PAGE, NULL),
				 0);
	assert_true(smmu_bus_ram(*state, PAGE, &again));
	assert_ptr_equal(again.host, ram.host);
	assert_true(smmu_bus_ram(*state, UINT64_MAX, &ram));
	assert_int_equal(ram.base, TOP_PAGE);
	assert_int_equal(ram.size, PAGE);
}

static void map_ptr_needs_one_piece(void **state)
{
	assert_int_equal(smmu_bus_add_ram(*state, PAGE, PAGE, NULL), 0);
	assert_int_equal(smmu_bus_add_ram(*state, 2 * PAGE, PAGE, NULL), 0);
	assert_int_equal(smmu_bus_add_region(*state, 3 * PAGE, PAGE, &ops, NULL), 0);
	assert_non_null(smmu_bus_ptr(*state, PAGE, PAGE));
	assert_null(smmu_bus_ptr(*state, PAGE, PAGE + 1));
	assert_null(smmu_bus_ptr(*state, PAGE - 1, 1));
	assert_null(smmu_bus_ptr(*state, PAGE, 0));
	assert_null(smmu_bus_ptr(*state, 3 * PAGE, 1));
	assert_null(smmu_bus_ptr(NULL, PAGE, 1));
}

static void map_destroy_of_nothing_is_allowed(void **state)
{
	(void)state;
	smmu_bus_destroy(NULL);
}

static void map_destroy_gives_the_ram_back(void **state)
{
	struct smmu_bus *bus = smmu_bus_create();
	unsigned char resident;
	void *host;

	(void)state;
	assert_int_equal(smmu_bus_add_ram(bus, 0, PAGE, NULL), 0);
	host = smmu_bus_ptr(bus, 0, PAGE);
	assert_int_equal(mincore(host, PAGE, &resident), 0);
	smmu_bus_destroy(bus);
	errno = 0;
	assert_int_equal(mincore(host, PAGE, &resident), -1);
	assert_int_equal(errno, ENOMEM);
}

/* A harness's RAM is shared by pointer and outlives the bus. */
static void map_host_ram_stays_with_the_harness(void **state)
{
	uint64_t *host = aligned_alloc(8, PAGE);
	struct smmu_bus *bus = smmu_bus_create();

	(void)state;
	assert_non_null(host);
	assert_non_null(bus);
	memset(host, 0x5a, PAGE);
	assert_int_equal(smmu_bus_add_ram(bus, 0x4000, PAGE, host), 0);
	assert_ptr_equal(smmu_bus_ptr(bus, 0x4008, 8), host + 1);
	assert_int_equal(smmu_bus_write64(bus, 0x4008, 0x1122334455667788, NULL), 0);
	smmu_bus_destroy(bus);
	/* little-endian in memory, whatever the host is */
	assert_memory_equal(host + 1, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
	assert_memory_equal(host, "\x5a\x5a\x5a\x5a\x5a\x5a\x5a\x5a", 8);
	free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bus_test(map_empty_is_all_holes),
		bus_test(map_ram_misaligned_is_refused),
		bus_test(map_region_granule_is_a_word),
		bus_test(map_missing_callback_is_refused),
		bus_test(map_may_end_at_the_top_but_not_beyond),
		bus_test(map_ram_at_the_top_is_found),
		bus_test(map_overlap_is_refused),
		bus_test(map_ram_is_zeroed),
		bus_test(map_huge_ram_is_lazy),
		bus_test(map_impossible_ram_is_enomem),
		bus_test(map_host_ram_past_the_host_is_refused),
		bus_test(map_many_banks_are_all_found),
		bus_test(map_ram_is_told_as_a_whole),
		bus_test(map_ptr_needs_one_piece),
		cmocka_unit_test(map_destroy_of_nothing_is_allowed),
		cmocka_unit_test(map_destroy_gives_the_ram_back),
		cmocka_unit_test(map_host_ram_stays_with_the_harness),
	};

	return cmocka_run_group_tests_name("bus: the address map", tests, NULL, NULL);
}
