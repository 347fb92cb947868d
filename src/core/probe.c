/* SPDX-License-Identifier: MIT */
/*
 * Probe, the firmware path, release (CORE-19 to CORE-36). Both ways in hold the
 * probe lock from the first look at dev->iommu to the last, and a fwspec under
 * construction is on the stack: the race of CORE-33 has no room.
 */
#include <stdlib.h>
#include "core/core.h"

static int walk_add(struct core_walk *walk, struct iommu_group *group)
{
	struct iommu_group **grown;

	for (size_t i = 0; i < walk->num_groups; i++) {
		if (walk->groups[i] == group)
			return 0;
	}
	if (walk->num_groups == walk->room_groups) {
		size_t room = walk->room_groups * 2 + 8;

		grown = realloc(walk->groups, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		walk->groups = grown;
		walk->room_groups = room;
	}
	core_group_ref(group);
	walk->groups[walk->num_groups++] = group;
	return 0;
}

/* CORE-28 */
static uint32_t max_pasids(const struct iommu_dev *dev, const struct iommu_instance *inst)
{
	uint32_t own = 0;

	if (dev->desc.bus == IOMMU_BUS_PCI)
		own = dev->desc.pci_max_pasids > 0 ? (uint32_t)dev->desc.pci_max_pasids
						   : 0;
	else if (dev->desc.pasid_num_bits)
		own = 1u << dev->desc.pasid_num_bits;
	return own < inst->max_pasids ? own : inst->max_pasids;
}

static void dev_iommu_free(struct iommu_dev *dev)
{
	core_fwspec_clear(&dev->iommu->fwspec);
	free(dev->iommu);
	dev->iommu = NULL;
}

static void set_group(struct iommu_dev *dev, struct iommu_group *group)
{
	pthread_mutex_lock(&dev->group_lock);
	dev->group = group;
	pthread_mutex_unlock(&dev->group_lock);
}

/* The driver's part of CORE-27; on an error nothing of it is left. */
static int driver_probe(struct iommu_dev *dev, const struct iommu_ops *ops,
			struct iommu_group **group)
{
	struct iommu_instance *inst = NULL;
	int err;

	err = ops->probe_device(dev, &dev->iommu->fwspec, &inst);
	if (err)
		return err;
	if (!inst || !inst->core || inst->ops != ops) {
		err = -EINVAL;
		goto release;
	}
	atomic_store(&dev->inst, inst);
	*group = NULL;
	err = ops->device_group ? ops->device_group(dev, group) : -EINVAL;
	if (!err && !*group)
		err = -EINVAL;
	if (err)
		goto release;
	dev->iommu->max_pasids = max_pasids(dev, inst);
	dev->iommu->attach_deferred =
		ops->is_attach_deferred && ops->is_attach_deferred(dev);
	return 0;

release:
	if (ops->release_device)
		ops->release_device(dev);
	atomic_store(&dev->inst, NULL);
	return err;
}

/* CORE-25 to CORE-27. Takes the fwspec over; *group comes with a reference. */
static int init_device(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		       struct iommu_group **group)
{
	struct iommu_instance *inst;
	int err;

	dev->iommu = calloc(1, sizeof(*dev->iommu));
	if (!dev->iommu) {
		if (fwspec)
			core_fwspec_clear(fwspec);
		return -ENOMEM;
	}
	if (fwspec)
		core_fwspec_move(&dev->iommu->fwspec, fwspec);
	else if (!atomic_load(&dev->bound))
		/* What it says else counts only in iommu_dev_configure(). */
		(void)core_fwspec_build(dev, &dev->iommu->fwspec);

	inst = core_instance_of(dev->sys, dev->iommu->fwspec.fwnode);
	err = -ENODEV;
	if (!inst)
		goto free_iommu;
	err = -EINVAL;
	if (!core_module_pin(inst->owner))
		goto free_iommu;
	dev->pinned = inst->owner;
	err = driver_probe(dev, inst->ops, group);
	if (err)
		goto unpin;
	atomic_store(&dev->ops, inst->ops);
	return 0;

unpin:
	core_module_unpin(dev->pinned);
	dev->pinned = NULL;
free_iommu:
	dev_iommu_free(dev);
	return err;
}

/*
 * CORE-32, for a device that is in its group's list; takes group->mutex. attached:
 * false if the device never got to a domain, since its probe failed before.
 */
static void deinit_device(struct iommu_dev *dev, bool attached)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);
	struct iommu_group *group = dev->group;
	struct iommu_domain *rest = ops->release_domain, *old;

	core_iopf_forget(dev);
	pthread_mutex_lock(&group->mutex);
	core_list_del(&dev->group_link);
	old = attached ? iommu_driver_get_domain_for_dev(dev) : NULL;
	core_reset_forget(group, dev);
	if (attached && core_list_empty(&group->devs) &&
	    (group->owner_cnt || group->domain != group->default_domain))
		core_warn(dev->sys, "%s: released while its group is in use", dev->name);
	if (rest && !dev->iommu->attach_deferred) {
		if (dev->iommu->require_direct && rest == ops->blocked_domain &&
		    ops->identity_domain)
			rest = ops->identity_domain;
		if (rest->ops->attach_dev(rest, dev, old))
			core_warn(dev->sys, "%s: release domain refused", dev->name);
	}
	if (ops->release_device)
		ops->release_device(dev);
	if (core_list_empty(&group->devs)) {
		iommu_domain_free(group->blocking_domain);
		iommu_domain_free(group->default_domain);
		group->default_domain = NULL;
		group->blocking_domain = NULL;
		group->domain = NULL;
	}
	set_group(dev, NULL);
	pthread_mutex_unlock(&group->mutex);

	iommu_group_put(group);
	atomic_store(&dev->ops, NULL);
	atomic_store(&dev->inst, NULL);
	core_module_unpin(dev->pinned);
	dev->pinned = NULL;
	dev_iommu_free(dev);
}

/* CORE-31 (a) to (c): gives the new member of the group its domain. */
static int first_domain(struct iommu_group *group, struct iommu_dev *dev,
			struct core_walk *walk)
{
	int err;

	if (group->default_domain &&
	    core_create_direct_mappings(group->default_domain, dev))
		core_warn(dev->sys, "%s: direct mappings failed", dev->name);
	if (group->domain) {
		/* A deferred device is tested when its attach comes (CORE-69 b). */
		if (!(dev->iommu->attach_deferred &&
		      group->domain == group->default_domain)) {
			err = core_test_device(group->domain, group, dev, IOMMU_NO_PASID,
					       NULL);
			if (err)
				return err;
		}
		return core_set_device_domain(group, dev, group->domain, NULL,
					      CORE_SET_TESTED);
	}
	if (group->default_domain)
		return 0;
	return walk ? walk_add(walk, group) : core_setup_default_domain(group, 0);
}

/*
 * Probe lock held. Takes the fwspec over (NULL: ask firmware), on an error too
 * (CORE-35). walk: collects groups that still need a default domain.
 */
int core_probe_dev(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		   struct core_walk *walk)
{
	struct iommu_group *group;
	int err;

	if (dev->group) {
		if (fwspec)
			core_fwspec_clear(fwspec);
		return 0;
	}
	if (atomic_load(&dev->bound))
		core_warn(dev->sys, "%s: late probe, its driver is bound", dev->name);
	err = init_device(dev, fwspec, &group);
	if (err)
		return err;

	pthread_mutex_lock(&group->mutex);
	core_list_add_tail(&dev->group_link, &group->devs);
	set_group(dev, group);
	err = first_domain(group, dev, walk);
	pthread_mutex_unlock(&group->mutex);
	if (err)
		deinit_device(dev, false);
	return err;
}

/* CORE-32; probe lock held. */
void core_release_dev(struct iommu_dev *dev)
{
	if (dev->group)
		deinit_device(dev, true);
	/* It may have been put into a queue in the middle of that. */
	core_iopf_forget(dev);
}

void core_probe_finalize(struct iommu_dev *dev)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);

	if (ops && ops->probe_finalize)
		ops->probe_finalize(dev);
}

int iommu_probe_device(struct iommu_dev *dev)
{
	bool fresh;
	int err;

	core_probe_lock(dev->sys);
	fresh = !dev->group;
	err = core_probe_dev(dev, NULL, NULL);
	core_probe_unlock(dev->sys);
	if (!err && fresh)
		core_probe_finalize(dev);
	return err;
}

int iommu_dev_configure(struct iommu_dev *dev)
{
	struct iommu_fwspec fwspec;
	int err;

	core_probe_lock(dev->sys);
	if (dev->iommu) {
		core_probe_unlock(dev->sys);
		return 0; /* CORE-19: never repeated */
	}
	err = core_fwspec_build(dev, &fwspec);
	if (!err)
		err = core_probe_dev(dev, &fwspec, NULL);
	core_probe_unlock(dev->sys);
	if (!err)
		core_probe_finalize(dev);
	return err;
}
