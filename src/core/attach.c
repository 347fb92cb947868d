/* SPDX-License-Identifier: MIT */
/*
 * Moving groups between domains: test all, attach all, or go back (CORE-54 to
 * CORE-70). Static functions and core_*: group->mutex held.
 */
#include "core/core.h"

/* CORE-68 2, 3 */
static int test_pasid(struct iommu_domain *domain, struct iommu_group *group,
		      struct iommu_dev *dev, uint32_t pasid)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);

	if (!domain->ops->set_dev_pasid || !ops->blocked_domain ||
	    !ops->blocked_domain->ops->set_dev_pasid)
		return -EOPNOTSUPP;
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		uint32_t max = CORE_GROUP_DEV(pos)->iommu->max_pasids;

		if (max && pasid >= max)
			return -EINVAL;
	}
	return 0;
}

int core_test_device(struct iommu_domain *domain, struct iommu_group *group,
		     struct iommu_dev *dev, uint32_t pasid, struct iommu_domain *old)
{
	int err;

	if (!core_domain_compatible(domain, dev))
		return -EINVAL;
	/* CORE-128, CORE-131: its writes would be missed, its no-snoop obeyed. */
	if (domain->ops->set_dirty_tracking &&
	    !iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		return -EINVAL;
	if (domain->enforces_coherency &&
	    !iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY))
		return -EINVAL;
	if (pasid != IOMMU_NO_PASID) {
		err = test_pasid(domain, group, dev, pasid);
		if (err)
			return err;
	}
	if (!domain->ops->test_dev || group->sys->cfg.without_test_dev)
		return 0;
	return domain->ops->test_dev(domain, dev, pasid, old);
}

void core_judge_attach(const struct iommu_domain *domain, struct iommu_dev *dev, int err)
{
	bool asked = domain->ops->test_dev && !dev->sys->cfg.without_test_dev;

	if (asked &&
	    (err == -EINVAL || err == -EBUSY || err == -EOPNOTSUPP || err == -ENODEV))
		core_warn(dev->sys,
			  "%s: its driver refuses (%d) what its test_dev allows",
			  dev->name, err);
}

/* CORE-59: its DMA is blocked, since it can neither go where it should nor stay. */
static void last_resort(struct iommu_group *group, struct iommu_dev *dev,
			const struct iommu_domain *domain, struct iommu_domain *old,
			int err)
{
	struct iommu_domain *blocking;

	if (!group->blocking_domain && core_group_blocking_domain(group))
		core_warn(group->sys, "%s: no memory to block its DMA", dev->name);
	blocking = group->blocking_domain;
	if (!blocking || blocking == domain) {
		core_warn(group->sys, "%s: attach failed (%d)", dev->name, err);
		return;
	}
	core_warn(group->sys, "%s: attach failed (%d), DMA is blocked", dev->name, err);
	if (!blocking->ops->attach_dev || blocking->ops->attach_dev(blocking, dev, old))
		core_warn(group->sys, "%s: cannot even be blocked", dev->name);
}

/* CORE-59 */
int core_set_device_domain(struct iommu_group *group, struct iommu_dev *dev,
			   struct iommu_domain *domain, struct iommu_domain *old,
			   unsigned flags)
{
	bool deferred = dev->iommu->attach_deferred;
	int err;

	if (dev->iommu->require_direct &&
	    (domain->type == IOMMU_DOMAIN_BLOCKED || domain == group->blocking_domain)) {
		core_warn(group->sys,
			  "%s: firmware needs its direct mappings, not blocked",
			  dev->name);
		return -EINVAL;
	}
	/* CORE-49: it is in no domain yet, and if this fails it still waits for one. */
	if (deferred && domain == group->default_domain)
		return 0;
	if (!domain->ops->attach_dev)
		return -ENODEV;
	if (deferred)
		old = NULL;
	err = domain->ops->attach_dev(domain, dev, old);
	if (!err || (flags & CORE_SET_MUST_SUCCEED))
		dev->iommu->attach_deferred = false;
	if (err && (flags & CORE_SET_TESTED))
		core_judge_attach(domain, dev, err);
	if (err && (flags & CORE_SET_MUST_SUCCEED))
		last_resort(group, dev, domain, old, err);
	return err;
}

/* CORE-69 c: nobody is touched before everybody has agreed. */
static int test_group(struct iommu_group *group, struct iommu_domain *domain)
{
	int err = 0;

	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		struct iommu_dev *dev = CORE_GROUP_DEV(pos);

		if (dev->iommu->attach_deferred && domain == group->default_domain)
			continue;
		err = core_test_device(domain, group, dev, IOMMU_NO_PASID, group->domain);
		if (err)
			break;
	}
	return err;
}

/* CORE-58 6: the devices before `failed` go back to where they were. */
static void roll_back(struct iommu_group *group, struct iommu_domain *domain,
		      const struct iommu_dev *failed)
{
	if (!group->domain)
		return;
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		struct iommu_dev *dev = CORE_GROUP_DEV(pos);

		if (dev == failed)
			return;
		if (dev->iommu->blocked)
			continue;
		if (core_set_device_domain(group, dev, group->domain, domain,
					   CORE_SET_MUST_SUCCEED))
			core_warn(group->sys, "%s: cannot go back to its domain",
				  dev->name);
	}
}

int core_reset_fence(const struct iommu_group *group)
{
	if (group->sys->cfg.reset_attach == IOMMU_RESET_ATTACH_RECORDED)
		return 0;
	return group->recovery_cnt ? -EBUSY : 0;
}

/*
 * CORE-58. A device that is blocked by a reset stays where it is: what it misses here
 * is done when its reset is (CORE-86).
 */
int core_set_group_domain(struct iommu_group *group, struct iommu_domain *domain,
			  unsigned flags)
{
	struct iommu_domain *old = group->domain;
	int err, ret = 0;

	if (domain == old)
		return 0;
	if (!domain) {
		core_warn(group->sys, "group %u: no domain to go to", group->id);
		return -EINVAL;
	}
	if (!(flags & CORE_SET_MUST_SUCCEED)) {
		err = core_reset_fence(group);
		if (err)
			return err;
	}
	err = test_group(group, domain);
	if (err && !(flags & CORE_SET_MUST_SUCCEED))
		return err;
	if (err)
		core_warn(group->sys, "group %u: a domain that must fit does not (%d)",
			  group->id, err);
	else
		flags |= CORE_SET_TESTED;
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		struct iommu_dev *dev = CORE_GROUP_DEV(pos);

		if (dev->iommu->blocked)
			continue;
		err = core_set_device_domain(group, dev, domain, old, flags);
		if (!err)
			continue;
		ret = err;
		if (!(flags & CORE_SET_MUST_SUCCEED)) {
			roll_back(group, domain, dev);
			return ret;
		}
	}
	group->domain = domain;
	return ret;
}

void core_set_group_domain_nofail(struct iommu_group *group, struct iommu_domain *domain)
{
	int err = core_set_group_domain(group, domain, CORE_SET_MUST_SUCCEED);

	if (err)
		core_warn(group->sys, "group %u: could not leave its domain cleanly (%d)",
			  group->id, err);
}

/* CORE-55 */
int core_attach_group(struct iommu_domain *domain, struct iommu_group *group)
{
	if (group->domain && group->domain != group->default_domain &&
	    group->domain != group->blocking_domain)
		return -EBUSY;
	if (core_list_empty(&group->devs))
		return -EINVAL;
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		if (!core_domain_compatible(domain, CORE_GROUP_DEV(pos)))
			return -EINVAL;
	}
	return core_set_group_domain(group, domain, 0);
}

/* CORE-57 */
void core_detach_group(struct iommu_domain *domain, struct iommu_group *group)
{
	if (group->domain != domain) {
		core_warn(group->sys, "group %u: detach from a domain it is not in",
			  group->id);
		return;
	}
	core_set_group_domain_nofail(group, group->owner ? group->blocking_domain
							 : group->default_domain);
	/* However it came: no fault may find the handle any more. */
	core_pasid_erase(group, IOMMU_NO_PASID);
}

int iommu_attach_group(struct iommu_domain *domain, struct iommu_group *group)
{
	int err;

	pthread_mutex_lock(&group->mutex);
	err = core_attach_group(domain, group);
	pthread_mutex_unlock(&group->mutex);
	return err;
}

void iommu_detach_group(struct iommu_domain *domain, struct iommu_group *group)
{
	pthread_mutex_lock(&group->mutex);
	core_detach_group(domain, group);
	pthread_mutex_unlock(&group->mutex);
}

int iommu_attach_device(struct iommu_domain *domain, struct iommu_dev *dev)
{
	struct iommu_group *group = core_group_lock(dev);
	int err = -EINVAL;

	if (!group)
		return -ENODEV;
	if (core_group_count(group) == 1)
		err = core_attach_group(domain, group);
	core_group_unlock(group);
	return err;
}

void iommu_detach_device(struct iommu_domain *domain, struct iommu_dev *dev)
{
	struct iommu_group *group = core_group_lock(dev);

	if (!group)
		return;
	if (core_group_count(group) == 1)
		core_detach_group(domain, group);
	else
		core_warn(dev->sys, "%s: detach of one device of several", dev->name);
	core_group_unlock(group);
}

int iommu_deferred_attach(struct iommu_dev *dev, struct iommu_domain *domain)
{
	struct iommu_group *group = core_group_lock(dev);
	int err = 0;

	if (!group)
		return 0;
	if (dev->iommu->attach_deferred && dev->iommu->blocked) {
		err = -EBUSY; /* CORE-85 */
	} else if (dev->iommu->attach_deferred) {
		err = core_test_device(domain, group, dev, IOMMU_NO_PASID, NULL);
		if (!err && !domain->ops->attach_dev)
			err = -ENODEV;
		if (!err) {
			err = domain->ops->attach_dev(domain, dev, NULL);
			core_judge_attach(domain, dev, err);
		}
		if (!err)
			dev->iommu->attach_deferred = false;
	}
	core_group_unlock(group);
	return err;
}

/* For the fault path too: it waits for nobody who attaches. */
struct iommu_domain *iommu_get_domain_for_dev(struct iommu_dev *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iommu_domain *domain = group ? rcu_get(&group->domain) : NULL;

	iommu_group_put(group);
	return domain;
}

/* The driver is inside an op, under group->mutex: no lock, no reference. */
struct iommu_domain *iommu_driver_get_domain_for_dev(struct iommu_dev *dev)
{
	const struct iommu_group *group = dev->group;

	if (!group)
		return NULL;
	return dev->iommu->blocked ? group->blocking_domain : group->domain;
}
