/* SPDX-License-Identifier: MIT */
/* What the core sees of this driver. */
#include <errno.h>
#include "driver/fault.h"
#include "driver/vsmmu.h"

/* DRV-62: shared by every instance, never written to. */
static const struct iommu_domain_ops identity_ops = { .attach_dev =
							      arm_smmu_attach_identity };
static const struct iommu_domain_ops blocked_ops = {
	.attach_dev = arm_smmu_attach_blocked,
	.set_dev_pasid = arm_smmu_remove_dev_pasid,
};
static struct iommu_domain identity_domain = { .type = IOMMU_DOMAIN_IDENTITY,
					       .ops = &identity_ops };
static struct iommu_domain blocked_domain = { .type = IOMMU_DOMAIN_BLOCKED,
					      .ops = &blocked_ops };

/* DRV-34 */
static bool capable(struct iommu_dev *dev, enum iommu_cap cap)
{
	struct arm_smmu_master *master = iommu_dev_priv(dev);

	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return master->smmu->features & FEAT_COHERENCY;
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return master->canwbs;
	case IOMMU_CAP_DIRTY_TRACKING:
		return arm_smmu_can_track(master->smmu);
	case IOMMU_CAP_NOEXEC:
	case IOMMU_CAP_DEFERRED_FLUSH:
		return true;
	default:
		return false;
	}
}

/* DRV-33 */
static int device_group(struct iommu_dev *dev, struct iommu_group **group)
{
	if (iommu_dev_desc(dev)->bus == IOMMU_BUS_PCI)
		return iommu_pci_device_group(dev, group);
	return iommu_generic_device_group(dev, group);
}

/* DRV-35 */
static void get_resv_regions(struct iommu_dev *dev, struct iommu_resv_list *list)
{
	iommu_resv_add(list, 0x8000000, 0x100000, IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_MMIO,
		       IOMMU_RESV_SW_MSI);
	iommu_fw_resv_regions(dev, list);
}

const struct iommu_ops arm_smmu_ops = {
	.name = "arm-smmu-v3",
	.capable = capable,
	.probe_device = arm_smmu_probe_device,
	.release_device = arm_smmu_release_device,
	.device_group = device_group,
	.of_xlate = arm_smmu_of_xlate,
	.get_resv_regions = get_resv_regions,
	.domain_alloc_paging_flags = arm_smmu_domain_alloc,
	.domain_alloc_sva = arm_smmu_domain_alloc_sva,
	.page_response = arm_smmu_page_response,
	.user_pasid_table = true,
	.hw_info = arm_smmu_hw_info,
	.get_viommu_size = arm_smmu_get_viommu_size,
	.viommu_init = arm_smmu_viommu_init,
	.identity_domain = &identity_domain,
	.blocked_domain = &blocked_domain,
	.release_domain = &blocked_domain,
	.default_domain_ops = &arm_smmu_paging_ops,
};
