/* SPDX-License-Identifier: MIT */
/* A device goes, by RID, from one domain to another (DRV-83, DRV-85). */
#include <errno.h>
#include "driver/cdtab.h"
#include "driver/change.h"
#include "driver/strtab.h"

static void install(struct arm_smmu_change *c)
{
	struct arm_smmu_master *master = c->master;
	uint64_t ste[SMMU_STE_DWORDS];

	if (c->domain->stage == STAGE_1) {
		arm_smmu_write_cd(master, IOMMU_NO_PASID, c->new, c->old);
		arm_smmu_make_cdtable_ste(master, SMMU_S1DSS_SSID0, c->ats, ste);
		arm_smmu_install_ste(master, ste);
	} else {
		arm_smmu_make_s2_ste(master, c->domain, c->ats, ste);
		arm_smmu_install_ste(master, ste);
		arm_smmu_clear_cd(master, IOMMU_NO_PASID);
	}
}

int arm_smmu_attach_dev(struct iommu_domain *core, struct iommu_dev *dev,
			struct iommu_domain *old)
{
	struct arm_smmu_domain *domain = to_domain(core);
	struct arm_smmu_change c = { .master = iommu_dev_priv(dev),
				     .ssid = IOMMU_NO_PASID,
				     .core = core,
				     .domain = domain,
				     .cds = domain->stage == STAGE_1 };
	int err = arm_smmu_test_dev(core, dev, IOMMU_NO_PASID, old);

	if (!err && domain->stage == STAGE_1)
		err = arm_smmu_cdtab_reserve(c.master, IOMMU_NO_PASID);
	if (!err)
		err = arm_smmu_change_begin(&c);
	if (err)
		return err;
	install(&c);
	c.master->rid = RID_DOMAIN;
	arm_smmu_change_end(&c);
	return 0;
}

/* With PASIDs in use the CDs stay within reach, and S1DSS speaks for the RID. */
static void make_static_ste(const struct arm_smmu_master *master, enum arm_smmu_rid rid,
			    bool ats, uint64_t *ste)
{
	bool bypass = rid == RID_BYPASS;

	if (master->num_pasids)
		arm_smmu_make_cdtable_ste(
			master, bypass ? SMMU_S1DSS_BYPASS : SMMU_S1DSS_TERMINATE, ats,
			ste);
	else if (bypass)
		arm_smmu_make_bypass_ste(master->smmu, ste);
	else
		arm_smmu_make_abort_ste(ste);
}

void arm_smmu_attach_static(struct arm_smmu_master *master, enum arm_smmu_rid rid)
{
	struct arm_smmu_change c = { .master = master,
				     .ssid = IOMMU_NO_PASID,
				     .cds = master->num_pasids };
	uint64_t ste[SMMU_STE_DWORDS];

	(void)arm_smmu_change_begin(&c); /* it enters nothing */
	make_static_ste(master, rid, c.ats, ste);
	arm_smmu_install_ste(master, ste);
	arm_smmu_clear_cd(master, IOMMU_NO_PASID);
	master->rid = rid;
	arm_smmu_change_end(&c);
}

int arm_smmu_attach_identity(struct iommu_domain *domain, struct iommu_dev *dev,
			     struct iommu_domain *old)
{
	(void)domain;
	(void)old;
	arm_smmu_attach_static(iommu_dev_priv(dev), RID_BYPASS);
	return 0;
}

int arm_smmu_attach_blocked(struct iommu_domain *domain, struct iommu_dev *dev,
			    struct iommu_domain *old)
{
	(void)domain;
	(void)old;
	arm_smmu_attach_static(iommu_dev_priv(dev), RID_BLOCKED);
	return 0;
}
