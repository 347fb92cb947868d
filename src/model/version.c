/* SPDX-License-Identifier: MIT */
#include <smmulator/version.h>

const char *smmu_version(void)
{
	return SMMU_VERSION_STRING;
}
