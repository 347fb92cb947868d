/* SPDX-License-Identifier: MIT */
/* The version of the library: at compile time and of what is linked. */
#ifndef SMMULATOR_VERSION_H
#define SMMULATOR_VERSION_H

#include <smmulator/export.h>

/* While MAJOR is 0 a MINOR step may break the interface. */
#define SMMU_VERSION_MAJOR 0
#define SMMU_VERSION_MINOR 1
#define SMMU_VERSION_PATCH 0
/* For the preprocessor: #if SMMU_VERSION_NUMBER >= 100 means 0.1.0 or later. */
#define SMMU_VERSION_NUMBER                                                              \
	(SMMU_VERSION_MAJOR * 10000 + SMMU_VERSION_MINOR * 100 + SMMU_VERSION_PATCH)
#define SMMU_VERSION_STRING "0.1.0"

SMMU_BEGIN_DECLS

/* The version of the library that is linked, "0.1.0"; any thread. */
SMMU_API const char *smmu_version(void);

SMMU_END_DECLS
#endif /* SMMULATOR_VERSION_H */
