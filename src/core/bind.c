/* SPDX-License-Identifier: MIT */
/* A kernel driver binds to a device; deferred binds and their replay (CORE-24). */
#include <stdlib.h>
#include "core/core.h"

static int bind_locked(struct iommu_dev *dev)
{
	int err;

	if (atomic_load(&dev->bound))
		return -EALREADY;
	err = iommu_dev_configure(dev);
	/* CORE-24: without an IOMMU, or with a broken description, it goes on. */
	if (err && err != -IOMMU_EPROBE_DEFER && err != -ENODEV)
		core_notice(dev->sys, "%s: goes on without IOMMU (%d)", dev->name, err);
	if (err != -IOMMU_EPROBE_DEFER)
		err = iommu_device_use_default_domain(dev);
	dev->bind_deferred = err == -IOMMU_EPROBE_DEFER;
	if (!err)
		atomic_store(&dev->bound, true);
	return err;
}

int iommu_dev_bind(struct iommu_dev *dev)
{
	int err;

	pthread_mutex_lock(&dev->bind_lock);
	err = bind_locked(dev);
	pthread_mutex_unlock(&dev->bind_lock);
	return err;
}

int iommu_dev_unbind(struct iommu_dev *dev)
{
	int err = -EINVAL;

	pthread_mutex_lock(&dev->bind_lock);
	if (atomic_load(&dev->bound)) {
		iommu_device_unuse_default_domain(dev);
		atomic_store(&dev->bound, false);
		err = 0;
	} else if (dev->bind_deferred) {
		dev->bind_deferred = false;
		err = 0;
	}
	pthread_mutex_unlock(&dev->bind_lock);
	return err;
}

bool iommu_dev_bound(struct iommu_dev *dev)
{
	return atomic_load(&dev->bound);
}

/*
 * Waits for a bind in progress on another thread before it looks, so that a bind
 * that was just told to wait is not forgotten.
 */
void core_retry_deferred(struct iommu_system *sys)
{
	struct iommu_dev **devs;
	size_t n;

	if (core_dev_snapshot(sys, &devs, &n)) {
		core_warn(sys, "deferred binds not tried again: no memory");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		pthread_mutex_lock(&devs[i]->bind_lock);
		if (devs[i]->bind_deferred)
			(void)bind_locked(devs[i]);
		pthread_mutex_unlock(&devs[i]->bind_lock);
	}
	core_dev_snapshot_free(devs, n);
}
