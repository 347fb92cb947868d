/* SPDX-License-Identifier: MIT */
/*
 * Would an attach succeed? Every check of compatibility is here and nowhere else; attach
 * asks the same (DRV-83, DRV-88, DRV-90, CORE-65 to CORE-67). Nothing is changed.
 */
#include <errno.h>
#include "driver/fault.h"

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

int arm_smmu_test_faults(const struct iommu_domain *core,
			 const struct arm_smmu_master *master)
{
	if (!core->iopf_handler || !arm_smmu_can_fault(master))
		return 0;
	return master->num_sids == 1 ? 0 : -EOPNOTSUPP;
}

int arm_smmu_test_dev(struct iommu_domain *core, struct iommu_dev *dev, uint32_t pasid,
		      struct iommu_domain *old)
{
	const struct arm_smmu_domain *domain = to_domain(core);
	const struct arm_smmu_master *master = iommu_dev_priv(dev);

	int err = 0;

	(void)old;
	if (!master)
		return -ENOENT;
	if (domain->smmu != master->smmu)
		return -EINVAL;
	/* DRV-110: there is nothing to walk any more. */
	if (__atomic_load_n(&domain->mm_gone, __ATOMIC_ACQUIRE))
		return -EINVAL;
	if (pasid != IOMMU_NO_PASID)
		err = test_pasid(domain, master, pasid);
	/* An STE of stage 2 would cut off the PASIDs. */
	else if (domain->stage == STAGE_2 && master->num_pasids)
		err = -EBUSY;
	if (!err)
		err = arm_smmu_test_faults(core, master);
	/* DRV-63, CORE-132 */
	if (!err && !master->canwbs &&
	    __atomic_load_n(&domain->enforced, __ATOMIC_ACQUIRE))
		err = -EINVAL;
	return err;
}
