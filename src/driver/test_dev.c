/* SPDX-License-Identifier: MIT */
/*
 * Would an attach succeed? Every check of compatibility is here and nowhere else; attach
 * asks the same (DRV-83, DRV-88, DRV-90, CORE-65 to CORE-67). Nothing is changed.
 */
#include <errno.h>
#include "driver/driver.h"

/* DRV-88 */
static int test_pasid(const struct arm_smmu_domain *domain,
		      const struct arm_smmu_master *master, uint32_t pasid)
{
	if (domain->stage != STAGE_1 || pasid >> master->ssid_bits)
		return -EINVAL;
	/* Its STEs belong to a stage 2: there is no place for CDs. */
	if (!master->ste_cds && master->rid == RID_DOMAIN)
		return -EINVAL;
	return 0;
}

int arm_smmu_test_dev(struct iommu_domain *core, struct iommu_dev *dev, uint32_t pasid,
		      struct iommu_domain *old)
{
	const struct arm_smmu_domain *domain = to_domain(core);
	const struct arm_smmu_master *master = iommu_dev_priv(dev);

	(void)old;
	if (!master)
		return -ENOENT;
	if (domain->smmu != master->smmu)
		return -EINVAL;
	if (pasid != IOMMU_NO_PASID)
		return test_pasid(domain, master, pasid);
	/* An STE of stage 2 would cut off the PASIDs. */
	if (domain->stage == STAGE_2 && master->num_pasids)
		return -EBUSY;
	return 0;
}
