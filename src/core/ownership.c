/* SPDX-License-Identifier: MIT */
/*
 * Who may do DMA through a group: kernel drivers on the default domain, or one
 * user, whose group is never without a domain (CORE-73 to CORE-80).
 */
#include "core/core.h"

/* CORE-73 */
int core_group_blocking_domain(struct iommu_group *group)
{
	struct iommu_dev *dev = core_group_first(group);
	const struct iommu_ops *ops;

	if (group->blocking_domain)
		return 0;
	if (!dev)
		return -ENODEV;
	ops = atomic_load(&dev->ops);
	if (ops->blocked_domain) {
		group->blocking_domain = ops->blocked_domain;
		return 0;
	}
	/* Nothing is ever mapped in it: all DMA faults. */
	return core_paging_alloc(dev, IOMMU_DOMAIN_UNMANAGED, 0, &group->blocking_domain);
}

/* CORE-75 */
static int take_ownership(struct iommu_group *group, void *owner)
{
	int err;

	if ((group->domain && group->domain != group->default_domain) ||
	    group->num_pasids)
		return -EBUSY;
	err = core_group_blocking_domain(group);
	if (!err)
		err = core_set_group_domain(group, group->blocking_domain, 0);
	if (err)
		return err;
	group->owner = owner;
	group->owner_cnt++;
	return 0;
}

/* CORE-78 */
static void release_ownership(struct iommu_group *group)
{
	if (!group->owner_cnt || group->num_pasids) {
		core_warn(group->sys, "group %u: released by a user who %s", group->id,
			  group->num_pasids ? "still has PASIDs attached"
					    : "does not own it");
		return;
	}
	if (group->owner_cnt > 1) {
		group->owner_cnt--;
		return;
	}
	group->owner_cnt = 0;
	group->owner = NULL;
	core_set_group_domain_nofail(group, group->default_domain);
}

int iommu_group_claim_dma_owner(struct iommu_group *group, void *owner)
{
	int err;

	if (!owner) {
		core_warn(group->sys, "group %u: claimed by nobody", group->id);
		return -EINVAL;
	}
	pthread_mutex_lock(&group->mutex);
	err = group->owner_cnt ? -EPERM : take_ownership(group, owner);
	pthread_mutex_unlock(&group->mutex);
	return err;
}

void iommu_group_release_dma_owner(struct iommu_group *group)
{
	pthread_mutex_lock(&group->mutex);
	release_ownership(group);
	pthread_mutex_unlock(&group->mutex);
}

int iommu_device_claim_dma_owner(struct iommu_dev *dev, void *owner)
{
	struct iommu_group *group;
	int err;

	if (!owner)
		return -EINVAL;
	group = core_group_lock(dev);
	if (!group)
		return -ENODEV;
	if (!group->owner_cnt) {
		err = take_ownership(group, owner);
	} else if (group->owner == owner) {
		group->owner_cnt++;
		err = 0;
	} else {
		err = -EPERM;
	}
	core_group_unlock(group);
	return err;
}

void iommu_device_release_dma_owner(struct iommu_dev *dev)
{
	struct iommu_group *group = iommu_group_get(dev);

	if (!group)
		return;
	iommu_group_release_dma_owner(group);
	iommu_group_put(group);
}

bool iommu_group_dma_owner_claimed(struct iommu_group *group)
{
	bool claimed;

	pthread_mutex_lock(&group->mutex);
	claimed = group->owner_cnt > 0;
	pthread_mutex_unlock(&group->mutex);
	return claimed;
}

/* CORE-74 */
static int use_default(struct iommu_group *group)
{
	if (!group->default_domain)
		return -IOMMU_EPROBE_DEFER;
	if (group->owner_cnt &&
	    (group->domain != group->default_domain || group->owner || group->num_pasids))
		return -EBUSY;
	group->owner_cnt++;
	return 0;
}

int iommu_device_use_default_domain(struct iommu_dev *dev)
{
	struct iommu_group *group = core_group_lock(dev);
	int err;

	if (!group)
		return 0;
	err = use_default(group);
	core_group_unlock(group);
	return err;
}

void iommu_device_unuse_default_domain(struct iommu_dev *dev)
{
	struct iommu_group *group = core_group_lock(dev);

	if (!group)
		return;
	if (!group->owner_cnt || group->num_pasids)
		core_warn(dev->sys, "%s: unbound from a group that is not in use",
			  dev->name);
	else
		group->owner_cnt--;
	core_group_unlock(group);
}
