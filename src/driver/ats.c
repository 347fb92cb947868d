/* SPDX-License-Identifier: MIT */
/*
 * A PCI function's PASIDs, ATS and ATC, as far as the driver switches and empties them
 * (DRV-28, DRV-31, DRV-84 to DRV-87): PASID before ATS and for good, ATS with the
 * domains.
 */
#include "driver/ats.h"
#include <smmulator/iommu_pci.h>
#include "driver/cmdq.h"

static bool is_pci(const struct iommu_dev *dev)
{
	return iommu_dev_desc(dev)->bus == IOMMU_BUS_PCI;
}

static unsigned smallest_page(const struct arm_smmu *smmu)
{
	return (unsigned)__builtin_ctzll(smmu->pgsize_bitmap);
}

/* DRV-84, step 1: SMMU, root complex and function have it, and there is a way to it. */
static bool can_ats(const struct iommu_dev *dev, const struct arm_smmu *smmu)
{
	const struct iommu_fwspec *fwspec = iommu_dev_fwspec(dev);

	return (smmu->features & FEAT_ATS) && fwspec &&
	       (fwspec->flags & IOMMU_FWSPEC_PCI_RC_ATS) && is_pci(dev) &&
	       iommu_dev_desc(dev)->ats_supported && iommu_pci_has_config(dev);
}

void arm_smmu_pci_prepare(struct arm_smmu_master *master)
{
	struct iommu_dev *dev = master->dev;

	if (!is_pci(dev) || !iommu_pci_has_config(dev))
		return;
	master->ats_supported = can_ats(dev, master->smmu);
	master->pri_supported = master->ats_supported &&
				(master->smmu->features & FEAT_PRI) &&
				iommu_pci_find_ext_cap(dev, IOMMU_PCI_EXT_PRI);
	/* DRV-31: before any VF that inherits it. A function without ATS has no unit. */
	(void)iommu_pci_prepare_ats(dev, smallest_page(master->smmu));
	if (!master->ssid_bits)
		return;
	if (!iommu_pci_enable_pasid(dev, (unsigned)iommu_pci_pasid_features(dev)))
		master->pasid_enabled = true;
	else
		master->ssid_bits = 0;
}

void arm_smmu_pci_restore(struct arm_smmu_master *master)
{
	if (master->pasid_enabled)
		iommu_pci_disable_pasid(master->dev);
	master->pasid_enabled = false;
}

void arm_smmu_atc_inv_all(const struct arm_smmu_master *master, uint32_t ssid)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_ATC_INV);
	struct arm_smmu_batch b;

	arm_smmu_batch_init(&b, master->smmu);
	smmu_set(cmd.dw, SMMU_CMD_ATC_INV_SSV, ssid != IOMMU_NO_PASID);
	smmu_set(cmd.dw, SMMU_CMD_ATC_INV_SubstreamID, ssid);
	smmu_set(cmd.dw, SMMU_CMD_ATC_INV_Size, 52);
	for (size_t i = 0; i < master->num_sids; i++) {
		smmu_set(cmd.dw, SMMU_CMD_ATC_INV_StreamID, master->sids[i]);
		arm_smmu_batch_add(&b, &cmd);
	}
	arm_smmu_batch_sync(&b);
}

void arm_smmu_ats_on(struct arm_smmu_master *master)
{
	int err;

	/* DRV-87: whatever it held before is gone when it may use it again. */
	arm_smmu_atc_inv_all(master, IOMMU_NO_PASID);
	err = iommu_pci_enable_ats(master->dev, smallest_page(master->smmu));
	if (err)
		arm_smmu_msg(master->smmu, IOMMU_MSG_ERROR,
			     "%s: ATS cannot be enabled (%d)",
			     iommu_dev_name(master->dev), err);
}

void arm_smmu_ats_off(struct arm_smmu_master *master)
{
	/* Done when it returns; stores to STEs are ordered after it (hw_store()). */
	iommu_pci_disable_ats(master->dev);
}
