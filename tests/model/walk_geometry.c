/* SPDX-License-Identifier: MIT */
/*
 * Properties: (1) start levels are those of the Arm ARM's tables, for every size of
 * every granule; (2) S2SL0 codes mean what 9.4 says, the reserved ones are refused;
 * (3) the sizes that go with a start level are exactly the ranges of 9.4.
 */
#include "walk_fixture.h"

struct range {
	unsigned granule, lo, hi; /* T0SZ */
	int start;
};

/* T-15, T-16: the start level by TxSZ. */
static void s1_start_level_is_the_table(void **state)
{
	static const struct range table[] = {
		{ 12, 12, 15, -1 }, { 12, 16, 24, 0 }, { 12, 25, 33, 1 },
		{ 12, 34, 42, 2 },  { 12, 43, 48, 3 }, { 14, 12, 16, 0 },
		{ 14, 17, 27, 1 },  { 14, 28, 38, 2 }, { 14, 39, 48, 3 },
		{ 16, 12, 21, 1 },  { 16, 22, 34, 2 }, { 16, 35, 47, 3 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (unsigned t = table[i].lo; t <= table[i].hi; t++)
			assert_int_equal(smmu_s1_start_level(table[i].granule, 64 - t),
					 table[i].start);
}

/* STE-32: S2SL0 by granule; 99 stands for reserved. */
static void s2_start_level_is_the_table(void **state)
{
	static const struct {
		unsigned granule;
		bool ds, stt;
		unsigned sl0_2;
		int want[4];
	} table[] = {
		{ 12, false, false, 0, { 2, 1, 0, 99 } },
		{ 12, false, true, 0, { 2, 1, 0, 3 } },
		{ 12, true, false, 0, { 2, 1, 0, 99 } },
		{ 12, true, false, 1, { -1, 99, 99, 99 } },
		{ 12, false, false, 1, { 2, 1, 0, 99 } },
		{ 14, false, false, 0, { 3, 2, 1, 99 } },
		{ 14, true, false, 0, { 3, 2, 1, 0 } },
		{ 16, false, false, 0, { 3, 2, 1, 99 } },
		{ 16, true, true, 1, { 3, 2, 1, 99 } },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (unsigned sl0 = 0; sl0 < 4; sl0++) {
			int8_t start = 77;
			bool ok =
				smmu_s2_start_level(table[i].granule, table[i].ds, sl0,
						    table[i].sl0_2, table[i].stt, &start);

			assert_int_equal(ok, table[i].want[sl0] != 99);
			assert_int_equal(start, ok ? table[i].want[sl0] : 77);
		}
}

/* STE-32: sizes that agree with the start level, and their neighbours that do not. */
static void s2_geometry_is_the_table(void **state)
{
	/* The low end where nothing else (52 bits) limits it; T0SZ as the table prints.
	 */
	static const struct range table[] = {
		{ 12, 3, 15, -1 }, { 12, 12, 24, 0 }, { 12, 21, 33, 1 },
		{ 12, 30, 42, 2 }, { 12, 39, 51, 3 }, { 14, 2, 16, 0 },
		{ 14, 13, 27, 1 }, { 14, 24, 38, 2 }, { 14, 35, 49, 3 },
		{ 16, 5, 21, 1 },  { 16, 18, 34, 2 }, { 16, 31, 47, 3 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (unsigned t = 1; t <= 52; t++)
			assert_int_equal(smmu_s2_geometry_ok(table[i].granule, 64 - t,
							     table[i].start),
					 t >= table[i].lo && t <= table[i].hi);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s1_start_level_is_the_table),
		cmocka_unit_test(s2_start_level_is_the_table),
		cmocka_unit_test(s2_geometry_is_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
