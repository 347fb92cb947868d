/* SPDX-License-Identifier: MIT */
/* Domains under a PASID: a CD each, beside that of the RID (DRV-88, DRV-89). */
#include "driver/cdtab.h"
#include "driver/change.h"
#include "driver/strtab.h"

/* What the RID does once the STE leads to CDs, in any case. */
static unsigned s1dss_of(enum arm_smmu_rid rid)
{
	switch (rid) {
	case RID_BYPASS:
		return SMMU_S1DSS_BYPASS;
	case RID_DOMAIN:
		return SMMU_S1DSS_SSID0;
	default:
		return SMMU_S1DSS_TERMINATE;
	}
}

int arm_smmu_set_dev_pasid(struct iommu_domain *core, struct iommu_dev *dev,
			   uint32_t pasid, struct iommu_domain *old)
{
	struct arm_smmu_domain *domain = to_domain(core);
	struct arm_smmu_master *master = iommu_dev_priv(dev);
	struct arm_smmu_change c = { .master = master,
				     .ssid = pasid,
				     .core = core,
				     .domain = domain,
				     .cds = true };
	uint64_t ste[SMMU_STE_DWORDS];
	int err = arm_smmu_test_dev(core, dev, pasid, old);

	if (!err)
		err = arm_smmu_cdtab_reserve(master, pasid);
	if (!err)
		err = arm_smmu_change_begin(&c);
	if (err)
		return err;
	arm_smmu_write_cd(master, pasid, c.new, c.old);
	master->num_pasids += !c.old;
	if (!master->ste_cds || master->ste_ats != c.ats) {
		arm_smmu_make_cdtable_ste(master, s1dss_of(master->rid), c.ats, ste);
		arm_smmu_install_ste(master, ste);
	}
	arm_smmu_change_end(&c);
	return 0;
}

static void remove_pasid(struct arm_smmu_master *master, uint32_t pasid)
{
	struct arm_smmu_change c = { .master = master, .ssid = pasid, .cds = true };

	(void)arm_smmu_change_begin(&c); /* it enters nothing */
	arm_smmu_write_cd(master, pasid, NULL, c.old);
	master->num_pasids--;
	arm_smmu_change_end(&c);
	/* The CDs have done their duty: back to a plain STE. */
	if (!master->num_pasids && master->rid != RID_DOMAIN)
		arm_smmu_attach_static(master, master->rid);
}

int arm_smmu_remove_dev_pasid(struct iommu_domain *blocked, struct iommu_dev *dev,
			      uint32_t pasid, struct iommu_domain *old)
{
	struct arm_smmu_master *master = iommu_dev_priv(dev);

	(void)blocked;
	(void)old;
	if (arm_smmu_attachment(master, pasid))
		remove_pasid(master, pasid);
	return 0;
}

void arm_smmu_remove_all_pasids(struct arm_smmu_master *master)
{
	const struct arm_smmu_attachment *a = master->attachments;

	while (a) {
		if (a->ssid == IOMMU_NO_PASID) {
			a = a->next_of_master;
			continue;
		}
		remove_pasid(master, a->ssid);
		a = master->attachments;
	}
}
