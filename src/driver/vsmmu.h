/* SPDX-License-Identifier: MIT */
/*
 * A guest's SMMU: a VMID of its own over a parent's stage 2, stage 1 in the guest's hands
 * (DRV-115 to DRV-124).
 */
#ifndef DRIVER_VSMMU_H
#define DRIVER_VSMMU_H

#include <smmulator/iommu_user.h>
#include "driver/cmdq.h"
#include "driver/driver.h"

struct arm_vsmmu {
	struct iommufd_viommu core; /* first */
	struct arm_smmu *smmu;
	struct arm_smmu_domain *parent;
};

/* What of a guest's STE is in force; V is 0 or the STE is a legal one (DRV-117). */
struct arm_smmu_nested {
	struct iommu_domain core;
	struct arm_vsmmu *vsmmu;
	uint64_t ste[2];
	bool wants_ats;
};

static inline struct arm_vsmmu *to_vsmmu(struct iommufd_viommu *viommu)
{
	return (struct arm_vsmmu *)(void *)viommu;
}

static inline struct arm_smmu_nested *to_nested(struct iommu_domain *domain)
{
	return IOMMU_CONTAINER_OF(domain, struct arm_smmu_nested, core);
}

/* ---- nested.c ---- */
int arm_vsmmu_alloc_nested(struct iommufd_viommu *viommu, uint32_t flags,
			   const struct iommu_user_data *data,
			   struct iommu_domain **domain);
/* The parent's stage 2 under the guest's stage 1 (DRV-40). */
void arm_smmu_make_nested_ste(const struct arm_smmu_master *master,
			      const struct arm_smmu_nested *nested, bool ats,
			      uint64_t *ste);

/* ---- guest_cmd.c: DRV-120, DRV-121 ---- */
int arm_vsmmu_invalidate(struct iommufd_viommu *viommu, struct iommu_user_array *array);

/* ---- vsmmu.c ---- */
size_t arm_smmu_get_viommu_size(struct iommu_dev *dev, uint32_t type);
int arm_smmu_viommu_init(struct iommufd_viommu *viommu, struct iommu_domain *parent,
			 const struct iommu_user_data *data);
int arm_smmu_hw_info(struct iommu_dev *dev, uint32_t *type, void *info, size_t room,
		     size_t *len);
/*
 * DRV-106: tells the guest, if this is for a guest. Lock: streams_lock. False: it is for
 * the host.
 */
bool arm_vsmmu_forward(const struct arm_smmu_master *master,
		       const struct arm_smmu_event *event);

#endif /* DRIVER_VSMMU_H */
