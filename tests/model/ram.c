/* SPDX-License-Identifier: MIT */
/* Words of RAM by the shortest way read as the bus reads them, everywhere. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include "model/ram.h"

#define LOW  0x10000ull
#define HIGH 0x40000000ull
#define DEV  0x80000000ull
#define SIZE 0x2000ull

static int dev_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    const struct smmu_attr *attr)
{
	unsigned char *to = buf;

	(void)ctx, (void)attr;
	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)(pa + i);
	return 0;
}

static int dev_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     const struct smmu_attr *attr)
{
	(void)ctx, (void)pa, (void)buf, (void)len, (void)attr;
	return 0;
}

static struct smmu_bus *make(void)
{
	static const struct smmu_mem_ops ops = { dev_read, dev_write, NULL };
	struct smmu_bus *bus = smmu_bus_create();

	assert_non_null(bus);
	assert_int_equal(smmu_bus_add_ram(bus, LOW, SIZE, NULL), 0);
	assert_int_equal(smmu_bus_add_ram(bus, HIGH, SIZE, NULL), 0);
	assert_int_equal(smmu_bus_add_region(bus, DEV, SIZE, &ops, NULL), 0);
	return bus;
}

static void every_address_reads_as_on_the_bus(void **state)
{
	static const uint64_t at[] = {
		LOW,
		LOW + 8,
		LOW + SIZE - 8,
		HIGH + SIZE - 8,
		LOW + SIZE,
		LOW + SIZE - 4,
		HIGH,
		HIGH + 4,
		LOW - 8,
		DEV + 16,
		UINT64_MAX - 7,
		UINT64_MAX,
		DEV + 1,
		HIGH + SIZE - 1,
		HIGH + SIZE - 16,
		LOW,
	};
	struct smmu_bus *bus = make();
	struct smmu_bus_ram bank = { 0 };

	(void)state;
	for (uint64_t i = 0; i < SIZE; i += 8) {
		assert_int_equal(smmu_bus_write64(bus, LOW + i, ~i, NULL), 0);
		assert_int_equal(smmu_bus_write64(bus, HIGH + i, i << 32, NULL), 0);
	}
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		uint64_t want = 5, got = 5;
		int err = smmu_bus_read64(bus, at[i], &want, NULL);

		assert_int_equal(smmu_ram_read64(bus, &bank, at[i], &got, NULL), err);
		assert_int_equal(got, want);
	}
	smmu_bus_destroy(bus);
}

static void a_piece_is_in_the_bank_or_not(void **state)
{
	struct smmu_bus *bus = make();
	struct smmu_bus_ram bank = { 0 };
	char *host = smmu_bus_ptr(bus, LOW, SIZE);

	(void)state;
	assert_null(smmu_ram_at(&bank, 0, 1));
	assert_true(smmu_bus_ram(bus, LOW, &bank));
	assert_ptr_equal(smmu_ram_at(&bank, LOW, SIZE), host);
	assert_ptr_equal(smmu_ram_at(&bank, LOW + SIZE - 1, 1), host + SIZE - 1);
	assert_null(smmu_ram_at(&bank, LOW + SIZE - 1, 2));
	assert_null(smmu_ram_at(&bank, LOW, SIZE + 1));
	assert_null(smmu_ram_at(&bank, LOW - 1, 1));
	assert_null(smmu_ram_at(&bank, LOW + SIZE, 1));
	assert_null(smmu_ram_at(&bank, LOW + 8, UINT64_MAX));
	smmu_bus_destroy(bus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_reads_as_on_the_bus),
		cmocka_unit_test(a_piece_is_in_the_bank_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
