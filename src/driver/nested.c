/* SPDX-License-Identifier: MIT */
/* Domains whose stage 1 is a guest's: the guest's STE on its parent's stage 2 (DRV-40,
 * DRV-117, DRV-118). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/iommufd_smmuv3.h>
#include "driver/change.h"
#include "driver/fault.h"
#include "driver/strtab.h"
#include "driver/vsmmu.h"

static uint64_t mask_of(const unsigned *fields, size_t n)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < n; i++)
		mask |= SMMU_MASK(fields[i]);
	return mask;
}

/* What a guest may say: everything that is about its own stage 1. */
static bool allowed(const uint64_t *ste)
{
	static const unsigned word0[] = { SMMU_STE_V, SMMU_STE_Config, SMMU_STE_S1Fmt,
					  SMMU_STE_S1ContextPtr, SMMU_STE_S1CDMax };
	static const unsigned word1[] = { SMMU_STE_S1DSS,    SMMU_STE_S1CIR,
					  SMMU_STE_S1COR,    SMMU_STE_S1CSH,
					  SMMU_STE_S1STALLD, SMMU_STE_EATS };

	/* S1ContextPtr[55:52] came with v3.4, which no guest is told of. */
	const uint64_t later = UINT64_C(0xf) << 52;

	return !(ste[0] & (later | ~mask_of(word0, sizeof(word0) / sizeof(word0[0])))) &&
	       !(ste[1] & ~mask_of(word1, sizeof(word1) / sizeof(word1[0])));
}

static bool translates(const uint64_t *ste)
{
	return smmu_get(ste, SMMU_STE_V) &&
	       smmu_get(ste, SMMU_STE_Config) == SMMU_STE_CONFIG_S1;
}

/* DRV-117. An STE that is not there is taken as it is, whatever else it says. */
static int check_vste(uint64_t *ste)
{
	uint64_t config = smmu_get(ste, SMMU_STE_Config);
	uint64_t eats = smmu_get(ste, SMMU_STE_EATS);

	if (!smmu_get(ste, SMMU_STE_V)) {
		ste[0] = ste[1] = 0;
		return 0;
	}
	if (!allowed(ste))
		return -EIO;
	if (config != SMMU_STE_CONFIG_ABORT && config != SMMU_STE_CONFIG_BYPASS &&
	    config != SMMU_STE_CONFIG_S1)
		return -EIO;
	if (eats != SMMU_EATS_OFF && eats != SMMU_EATS_FULL)
		return -EIO;
	return 0;
}

void arm_smmu_make_nested_ste(const struct arm_smmu_master *master,
			      const struct arm_smmu_nested *nested, bool ats,
			      uint64_t *ste)
{
	uint64_t config = smmu_get(nested->ste, SMMU_STE_Config);

	if (!smmu_get(nested->ste, SMMU_STE_V)) {
		/*
		 * CHOICE: not there for the hardware either. It aborts like an abort STE
		 * (DRV-117), and records the C_BAD_STE that the guest is to hear of.
		 */
		memset(ste, 0, SMMU_STE_DWORDS * sizeof(*ste));
		return;
	}
	if (config == SMMU_STE_CONFIG_ABORT) {
		arm_smmu_make_abort_ste(ste);
		return;
	}
	arm_smmu_make_s2_ste(master, nested->vsmmu->parent, ats, ste);
	if (config == SMMU_STE_CONFIG_BYPASS)
		return;
	ste[0] |= nested->ste[0];
	ste[1] |= nested->ste[1];
	smmu_set(ste, SMMU_STE_Config, SMMU_STE_CONFIG_NESTED);
	/* CHOICE: only where the device's ATS is on, or it could do without translation.
	 */
	smmu_set(ste, SMMU_STE_EATS, ats ? SMMU_EATS_FULL : SMMU_EATS_OFF);
	/* A guest's mistakes are not to flood the queue that all share. */
	smmu_set(ste, SMMU_STE_MEV, 1);
}

/* DRV-118 */
static int nested_test_dev(struct iommu_domain *core, struct iommu_dev *dev,
			   uint32_t pasid, struct iommu_domain *old)
{
	const struct arm_smmu_nested *nested = to_nested(core);
	const struct arm_smmu_master *master = iommu_dev_priv(dev);

	(void)old;
	if (!master)
		return -ENOENT;
	if (pasid != IOMMU_NO_PASID)
		return -EOPNOTSUPP;
	if (nested->vsmmu->smmu != master->smmu)
		return -EINVAL;
	/* CDs of the host would be out of reach. */
	if (master->num_pasids)
		return -EBUSY;
	return arm_smmu_test_faults(core, master);
}

/* DRV-84, step 3: what the guest calls the device; no name, no events for the guest. */
static int find_vsid(const struct arm_smmu_nested *nested, struct iommu_dev *dev,
		     struct arm_vsmmu **vsmmu, uint32_t *vsid)
{
	uint64_t id;
	int err = iommufd_viommu_get_vdev_id(&nested->vsmmu->core, dev, &id);

	*vsmmu = NULL;
	if (err)
		return translates(nested->ste) ? err : 0;
	*vsmmu = nested->vsmmu;
	*vsid = (uint32_t)id;
	return 0;
}

static int nested_attach_dev(struct iommu_domain *core, struct iommu_dev *dev,
			     struct iommu_domain *old)
{
	struct arm_smmu_nested *nested = to_nested(core);
	struct arm_smmu_change c = { .master = iommu_dev_priv(dev),
				     .ssid = IOMMU_NO_PASID,
				     .core = core,
				     .domain = nested->vsmmu->parent,
				     .foreign = true,
				     .no_ats = !nested->wants_ats };
	uint64_t ste[SMMU_STE_DWORDS];
	struct arm_vsmmu *vsmmu;
	uint32_t vsid = 0;
	int err = nested_test_dev(core, dev, IOMMU_NO_PASID, old);

	if (!err)
		err = find_vsid(nested, dev, &vsmmu, &vsid);
	if (!err)
		err = arm_smmu_change_begin(&c);
	if (err)
		return err;
	c.new->vsmmu = vsmmu;
	c.new->vsid = vsid;
	arm_smmu_make_nested_ste(c.master, nested, c.ats, ste);
	arm_smmu_install_ste(c.master, ste);
	c.master->rid = RID_DOMAIN;
	arm_smmu_change_end(&c);
	return 0;
}

static void nested_free(struct iommu_domain *core)
{
	free(to_nested(core));
}

static const struct iommu_domain_ops nested_ops = {
	.attach_dev = nested_attach_dev,
	.test_dev = nested_test_dev,
	.free = nested_free,
};

int arm_vsmmu_alloc_nested(struct iommufd_viommu *viommu, uint32_t flags,
			   const struct iommu_user_data *data, struct iommu_domain **out)
{
	struct iommu_hwpt_arm_smmuv3 arg;
	struct arm_smmu_nested *nested;
	int err;

	if (flags)
		return -EOPNOTSUPP;
	err = iommu_user_data_copy(data, IOMMU_HWPT_DATA_ARM_SMMUV3, &arg, sizeof(arg),
				   sizeof(arg));
	if (!err)
		err = check_vste(arg.ste);
	if (err)
		return err;
	nested = calloc(1, sizeof(*nested));
	if (!nested)
		return -ENOMEM;
	nested->core.type = IOMMU_DOMAIN_NESTED;
	nested->core.ops = &nested_ops;
	nested->vsmmu = to_vsmmu(viommu);
	memcpy(nested->ste, arg.ste, sizeof(nested->ste));
	nested->wants_ats =
		translates(arg.ste) && smmu_get(arg.ste, SMMU_STE_EATS) == SMMU_EATS_FULL;
	*out = &nested->core;
	return 0;
}
