/* SPDX-License-Identifier: MIT */
/* IOMMUs come and go; each arrival walks the bus (CORE-9 to CORE-11). */
#include <stdlib.h>
#include "core/core.h"

struct iommu_system *iommu_instance_system(const struct iommu_instance *inst)
{
	return inst->core ? inst->core->sys : NULL;
}

/* Probes one device of the walk, unless it has left the bus meanwhile. */
static int walk_probe(struct iommu_dev *dev, struct core_walk *walk, bool *fresh)
{
	int err = 0;

	core_probe_lock(dev->sys);
	if (!core_list_empty(&dev->link) && !dev->group) {
		err = core_probe_dev(dev, NULL, walk);
		*fresh = !err;
	}
	core_probe_unlock(dev->sys);
	return err == -ENODEV ? 0 : err;
}

/* Only now are all members of each group known (CORE-11). */
static int walk_default_domains(struct core_walk *walk)
{
	int err = 0;

	for (size_t i = 0; i < walk->num_groups; i++) {
		struct iommu_group *group = walk->groups[i];

		pthread_mutex_lock(&group->mutex);
		if (!err && !group->default_domain && !core_list_empty(&group->devs))
			err = core_setup_default_domain(group, 0);
		pthread_mutex_unlock(&group->mutex);
		iommu_group_put(group);
	}
	free(walk->groups);
	return err;
}

static int bus_walk(struct iommu_system *sys)
{
	struct core_walk walk = { 0 };
	struct iommu_dev **devs;
	bool *fresh;
	size_t n;
	int err, derr;

	err = core_dev_snapshot(sys, &devs, &n);
	if (err)
		return err;
	fresh = calloc(n + 1, sizeof(*fresh));
	err = fresh ? 0 : -ENOMEM;
	for (size_t i = 0; i < n && !err; i++)
		err = walk_probe(devs[i], &walk, &fresh[i]);
	derr = walk_default_domains(&walk);
	if (!err)
		err = derr;
	for (size_t i = 0; i < n && !err; i++) {
		if (fresh[i])
			core_probe_finalize(devs[i]);
	}
	free(fresh);
	core_dev_snapshot_free(devs, n);
	return err;
}

int iommu_instance_register(struct iommu_system *sys, struct iommu_instance *inst)
{
	struct iommu_instance_core *core;
	int err;

	if (!inst->ops || !inst->ops->probe_device || inst->core ||
	    (inst->loadable && !inst->owner))
		return -EINVAL;
	core = calloc(1, sizeof(*core));
	if (!core)
		return -ENOMEM;
	core->sys = sys;
	core->inst = inst;
	atomic_init(&core->ready, false);
	core_probe_lock(sys);
	inst->core = core;
	core_list_add_tail(&core->link, &sys->instances);
	core_probe_unlock(sys);

	err = bus_walk(sys);
	if (err) {
		iommu_instance_unregister(inst);
		return err;
	}
	atomic_store(&core->ready, true);
	core_retry_deferred(sys);
	return 0;
}

void iommu_instance_unregister(struct iommu_instance *inst)
{
	struct iommu_instance_core *core = inst->core;
	struct iommu_system *sys;

	if (!core)
		return;
	sys = core->sys;
	core_probe_lock(sys);
	CORE_LIST_FOR_EACH(pos, &sys->devs)
	{
		struct iommu_dev *dev = CORE_SYS_DEV(pos);

		if (atomic_load(&dev->inst) == inst)
			core_release_dev(dev);
	}
	core_list_del(&core->link);
	inst->core = NULL;
	core_probe_unlock(sys);
	free(core);
}
