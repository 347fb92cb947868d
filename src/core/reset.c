/* SPDX-License-Identifier: MIT */
/*
 * A function is being reset: its DMA is blocked first and comes back last, so that
 * nobody asks its ATC while it cannot answer (CORE-81 to CORE-91). The group keeps its
 * domain and its PASIDs; only this device's hardware is without them.
 */
#include "core/core.h"

/* CORE-84: RID first, then the PASIDs; the entries stay. */
static int block(struct iommu_group *group, struct iommu_dev *dev)
{
	int err = core_group_blocking_domain(group);
	struct iommu_domain *blocking = group->blocking_domain;
	struct iommu_domain *old = dev->iommu->attach_deferred ? NULL : group->domain;

	if (!err && old != blocking)
		err = blocking->ops->attach_dev
			      ? blocking->ops->attach_dev(blocking, dev, old)
			      : -ENODEV;
	if (err)
		return err;
	dev->iommu->blocked = true;
	group->recovery_cnt++;
	for (struct core_pasid *p = NULL; (p = core_pasid_next(group, p));) {
		if (p->pasid != IOMMU_NO_PASID && p->pasid < dev->iommu->max_pasids)
			core_pasid_remove_dev(dev, p->pasid, p->domain);
	}
	return 0;
}

/* CORE-86: a PASID of the group that this device cannot have is passed over. */
static void restore_pasids(struct iommu_group *group, struct iommu_dev *dev)
{
	struct iommu_domain *blocked = atomic_load(&dev->ops)->blocked_domain;

	for (struct core_pasid *p = NULL; (p = core_pasid_next(group, p));) {
		if (p->pasid == IOMMU_NO_PASID || p->pasid >= dev->iommu->max_pasids)
			continue;
		if (p->domain->ops->set_dev_pasid(p->domain, dev, p->pasid, blocked))
			core_warn(dev->sys, "%s: PASID %u not restored after the reset",
				  dev->name, p->pasid);
	}
}

/* CORE-88: what is unblocked here is the sibling's DMA as well. */
static void warn_of_aliases(struct iommu_group *group, struct iommu_dev *dev)
{
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		const struct iommu_dev *other = CORE_GROUP_DEV(pos);

		if (other != dev && other->iommu->blocked && core_dma_aliases(dev, other))
			core_warn(dev->sys,
				  "%s: unblocked while its alias %s is in reset",
				  dev->name, other->name);
	}
}

/*
 * CORE-86, CORE-87: the domain of now, whatever it was at prepare. What an earlier kernel
 * had left in the hardware is gone: nothing is deferred any more.
 */
static void unblock(struct iommu_group *group, struct iommu_dev *dev)
{
	struct iommu_domain *domain = group->domain, *blocking = group->blocking_domain;

	warn_of_aliases(group, dev);
	if (domain && domain != blocking &&
	    (!domain->ops->attach_dev || domain->ops->attach_dev(domain, dev, blocking)))
		core_warn(dev->sys, "%s: its domain is not restored, DMA stays blocked",
			  dev->name);
	dev->iommu->blocked = false;
	dev->iommu->attach_deferred = false;
	restore_pasids(group, dev);
	group->recovery_cnt--;
}

/* CORE-89: the device leaves the group in the middle of its reset. */
void core_reset_forget(struct iommu_group *group, struct iommu_dev *dev)
{
	if (!dev->iommu->blocked)
		return;
	dev->iommu->blocked = false;
	group->recovery_cnt--;
}

int iommu_dev_reset_prepare(struct iommu_dev *dev)
{
	struct iommu_group *group;
	int err = 0;

	if (!dev->desc.ats_supported)
		return 0; /* CORE-81 */
	group = core_group_lock(dev);
	if (!group)
		return 0;
	/* CORE-83 */
	if (!dev->iommu->reset_depth)
		err = block(group, dev);
	if (!err)
		dev->iommu->reset_depth++;
	core_group_unlock(group);
	return err;
}

void iommu_dev_reset_done(struct iommu_dev *dev)
{
	struct iommu_group *group;

	if (!dev->desc.ats_supported)
		return;
	group = core_group_lock(dev);
	if (!group)
		return;
	if (!dev->iommu->reset_depth)
		core_warn(dev->sys, "%s: reset done that was not prepared", dev->name);
	else if (--dev->iommu->reset_depth == 0)
		unblock(group, dev);
	core_group_unlock(group);
}
