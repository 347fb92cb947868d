/* SPDX-License-Identifier: MIT */
/* What the libraries promise to export; everything else is hidden. */
#ifndef SMMULATOR_EXPORT_H
#define SMMULATOR_EXPORT_H

#if defined(__GNUC__)
#define SMMU_API __attribute__((visibility("default")))
#else
#define SMMU_API
#endif

#ifdef __cplusplus
#define SMMU_BEGIN_DECLS extern "C" {
#define SMMU_END_DECLS	 }
#else
#define SMMU_BEGIN_DECLS
#define SMMU_END_DECLS
#endif

#endif /* SMMULATOR_EXPORT_H */
