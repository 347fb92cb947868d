/* SPDX-License-Identifier: MIT */
/* Virtual SMMUs: what they can be, what hardware says of itself, events for guests
 * (DRV-106, DRV-115, DRV-116, DRV-119, DRV-122, DRV-123). */
#include "driver/vsmmu.h"
#include <errno.h>
#include <string.h>
#include <smmulator/iommufd_smmuv3.h>
#include "driver/change.h"

/* DRV-115: a guest that turns off snooping must not get stale data out of memory. */
static bool coherent(const struct arm_smmu_master *master)
{
	const struct iommu_fwspec *fwspec = iommu_dev_fwspec(master->dev);

	return (master->smmu->features & FEAT_S2FWB) ||
	       (fwspec && (fwspec->flags & IOMMU_FWSPEC_PCI_RC_CANWBS));
}

size_t arm_smmu_get_viommu_size(struct iommu_dev *dev, uint32_t type)
{
	const struct arm_smmu_master *master = iommu_dev_priv(dev);
	unsigned features = master->smmu->features;

	if (type != IOMMU_VIOMMU_TYPE_ARM_SMMUV3 || !(features & FEAT_NESTING) ||
	    (features & FEAT_CMDQ_FORCE_SYNC) || !coherent(master))
		return 0;
	return sizeof(struct arm_vsmmu);
}

/* DRV-119: the record has 32 bits for it. */
static int vdevice_init(struct iommufd_viommu *viommu, struct iommu_dev *dev,
			uint64_t virt_id)
{
	(void)viommu;
	(void)dev;
	return virt_id > UINT32_MAX ? -EINVAL : 0;
}

static bool has_events(struct iommufd_viommu *viommu, uint32_t type)
{
	(void)viommu;
	return type == IOMMU_VEVENTQ_TYPE_ARM_SMMUV3;
}

static const struct iommufd_viommu_ops vsmmu_ops = {
	.alloc_domain_nested = arm_vsmmu_alloc_nested,
	.cache_invalidate = arm_vsmmu_invalidate,
	.vdevice_init = vdevice_init,
	.has_events = has_events,
};

int arm_smmu_viommu_init(struct iommufd_viommu *viommu, struct iommu_domain *parent,
			 const struct iommu_user_data *data)
{
	struct arm_vsmmu *vsmmu = to_vsmmu(viommu);

	(void)data; /* of this type there is none */
	vsmmu->smmu = IOMMU_CONTAINER_OF(viommu->inst, struct arm_smmu, iommu);
	vsmmu->parent = to_domain(parent);
	if (vsmmu->parent->smmu != vsmmu->smmu)
		return -EINVAL;
	viommu->ops = &vsmmu_ops;
	return 0;
}

int arm_smmu_hw_info(struct iommu_dev *dev, uint32_t *type, void *info, size_t room,
		     size_t *len)
{
	const struct arm_smmu_master *master = iommu_dev_priv(dev);
	const struct arm_smmu *smmu = master->smmu;
	struct iommu_hw_info_arm_smmuv3 hw = { .iidr = smmu->iidr, .aidr = smmu->aidr };

	if (*type && *type != IOMMU_HW_INFO_TYPE_ARM_SMMUV3)
		return -EOPNOTSUPP;
	if (room < sizeof(hw))
		return -EINVAL;
	for (unsigned i = 0; i < sizeof(hw.idr) / sizeof(hw.idr[0]); i++)
		hw.idr[i] = smmu->idr[i];
	memcpy(info, &hw, sizeof(hw));
	*type = IOMMU_HW_INFO_TYPE_ARM_SMMUV3;
	*len = sizeof(hw);
	return 0;
}

/* DRV-104: what a guest can have caused by its own tables. */
static bool for_guests(uint8_t id)
{
	switch (id) {
	case SMMU_EVT_C_BAD_STE:
	case SMMU_EVT_F_STREAM_DISABLED:
	case SMMU_EVT_C_BAD_SUBSTREAMID:
	case SMMU_EVT_C_BAD_CD:
	case SMMU_EVT_F_TRANSLATION:
	case SMMU_EVT_F_ADDR_SIZE:
	case SMMU_EVT_F_ACCESS:
	case SMMU_EVT_F_PERMISSION:
		return true;
	default:
		return false;
	}
}

bool arm_vsmmu_forward(const struct arm_smmu_master *master,
		       const struct arm_smmu_event *event)
{
	const struct arm_smmu_attachment *at =
		arm_smmu_attachment(master, IOMMU_NO_PASID);
	struct iommu_vevent_arm_smmuv3 vevent;

	if (!at || !at->vsmmu || event->stalled || event->stage2 ||
	    !for_guests(event->id))
		return false;
	memcpy(vevent.evt, event->record, sizeof(vevent.evt));
	smmu_set(vevent.evt, SMMU_EVENT_HEAD_StreamID, at->vsid);
	return iommufd_viommu_report_event(&at->vsmmu->core,
					   IOMMU_VEVENTQ_TYPE_ARM_SMMUV3, &vevent,
					   sizeof(vevent)) != -EOPNOTSUPP;
}
