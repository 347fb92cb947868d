/* SPDX-License-Identifier: MIT */
/*
 * What users of <smmulator/iommufd.h> say to, and hear from, an Arm SMMUv3: the types and
 * the layouts behind data_uptr (DRV-115 to DRV-123). All words are little-endian.
 */
#ifndef SMMULATOR_IOMMUFD_SMMUV3_H
#define SMMULATOR_IOMMUFD_SMMUV3_H

#include <stdint.h>
#include <smmulator/export.h>

SMMU_BEGIN_DECLS

/* One number a kind of data, the SMMUv3's. */
#define IOMMU_HW_INFO_TYPE_ARM_SMMUV3		2u
#define IOMMU_HWPT_DATA_ARM_SMMUV3		2u
#define IOMMU_VIOMMU_TYPE_ARM_SMMUV3		1u
#define IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3 1u
#define IOMMU_VEVENTQ_TYPE_ARM_SMMUV3		1u

/* DRV-122: registers as the hardware has them; which of it a guest may see is policy. */
struct iommu_hw_info_arm_smmuv3 {
	uint32_t flags; /* 0 */
	uint32_t __reserved;
	uint32_t idr[6];
	uint32_t iidr;
	uint32_t aidr;
};

/*
 * DRV-117: the first two words of the guest's STE. Allowed are V, Config (abort, bypass,
 * stage 1), S1Fmt, S1ContextPtr (an address of the guest), S1CDMax; S1DSS, S1CIR, S1COR,
 * S1CSH, S1STALLD and EATS (0, 1): anything else is -EIO. V = 0 is a stream without STE.
 */
struct iommu_hwpt_arm_smmuv3 {
	uint64_t ste[2];
};

/*
 * DRV-120: a command of the guest's queue as it is: TLBI_NSNH_ALL, TLBI_NH_ALL, _ASID,
 * _VA, _VAA, ATC_INV, CFGI_CD, CFGI_CD_ALL; any other is -EIO. VMID is overwritten;
 * StreamID is a virtual one.
 */
struct iommu_viommu_arm_smmuv3_invalidate {
	uint64_t cmd[2];
};

/* DRV-123: an event record, its StreamID a virtual one. */
struct iommu_vevent_arm_smmuv3 {
	uint64_t evt[4];
};

SMMU_END_DECLS

#endif /* SMMULATOR_IOMMUFD_SMMUV3_H */
