/* SPDX-License-Identifier: MIT */
/* What every test of the bus begins with. */
#ifndef TESTS_BUS_BUS_TEST_H
#define TESTS_BUS_BUS_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <smmulator/bus.h>

#define PAGE 0x1000ull
/* The last page of the physical address space. */
#define TOP_PAGE (UINT64_MAX - PAGE + 1)

static inline int make_bus(void **state)
{
	*state = smmu_bus_create();
	return *state ? 0 : -1;
}

static inline int drop_bus(void **state)
{
	smmu_bus_destroy(*state);
	return 0;
}

#define bus_test(fn) cmocka_unit_test_setup_teardown(fn, make_bus, drop_bus)

#endif /* TESTS_BUS_BUS_TEST_H */
