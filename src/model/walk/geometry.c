/* SPDX-License-Identifier: MIT */
/* Where walks start (Arm ARM D8.2, translation.md 9.1 and 9.4). */
#include "model/walk/walk.h"

int smmu_s1_start_level(unsigned granule, unsigned n)
{
	int stride = (int)granule - 3;

	return 3 - ((int)n - 1 - (int)granule) / stride;
}

/*
 * S2SL0 by granule; the PE's minimum-PA rules for it are not applied. CHOICE: IHI
 * 0070 does not state them (translation.md 9.4, 16.6).
 */
bool smmu_s2_start_level(unsigned granule, bool ds, unsigned sl0, unsigned sl0_2,
			 bool stt, int8_t *start)
{
	int level;

	if (granule == 12 && ds && sl0_2 != 0) {
		if (sl0 != 0)
			return false;
		level = -1;
	} else if (granule == 12) {
		if (sl0 == 3 && !stt)
			return false;
		level = sl0 == 3 ? 3 : 2 - (int)sl0;
	} else {
		if (sl0 == 3 && (granule != 14 || !ds))
			return false;
		level = 3 - (int)sl0;
	}
	*start = (int8_t)level;
	return true;
}

/* Between 2 entries and 16 concatenated tables at the start level. */
bool smmu_s2_geometry_ok(unsigned granule, unsigned n, int start)
{
	unsigned stride = granule - 3;
	unsigned shift = granule + stride * (unsigned)(3 - start);

	return n >= shift + 1 && n <= shift + stride + 4;
}
