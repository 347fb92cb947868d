/* SPDX-License-Identifier: MIT */
/* Devices on their bus, and what others may ask about one. */
#include <stdlib.h>
#include <string.h>
#include "core/core.h"

struct iommu_dev *core_dev_get(struct iommu_dev *dev)
{
	atomic_fetch_add(&dev->refs, 1);
	return dev;
}

void core_dev_put(struct iommu_dev *dev)
{
	if (atomic_fetch_sub(&dev->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&dev->group_lock);
	pthread_mutex_destroy(&dev->bind_lock);
	free(dev->aliases);
	free(dev->path);
	free(dev->name);
	free(dev);
}

int core_dev_snapshot(struct iommu_system *sys, struct iommu_dev ***out, size_t *n)
{
	struct iommu_dev **devs;
	size_t count = 0, i = 0;

	core_probe_lock(sys);
	CORE_LIST_FOR_EACH(pos, &sys->devs)
	count++;
	devs = calloc(count + 1, sizeof(*devs));
	if (devs) {
		CORE_LIST_FOR_EACH(pos, &sys->devs)
		devs[i++] = core_dev_get(CORE_SYS_DEV(pos));
	}
	core_probe_unlock(sys);
	if (!devs)
		return -ENOMEM;
	*out = devs;
	*n = i;
	return 0;
}

void core_dev_snapshot_free(struct iommu_dev **devs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		core_dev_put(devs[i]);
	free(devs);
}

static struct iommu_dev *find_locked(struct iommu_system *sys, const char *name)
{
	CORE_LIST_FOR_EACH(pos, &sys->devs)
	{
		if (!strcmp(CORE_SYS_DEV(pos)->name, name))
			return CORE_SYS_DEV(pos);
	}
	return NULL;
}

struct iommu_dev *iommu_dev_find(struct iommu_system *sys, const char *name)
{
	struct iommu_dev *dev;

	core_probe_lock(sys);
	dev = find_locked(sys, name);
	core_probe_unlock(sys);
	return dev;
}

/* A copy of n elements of `size` bytes; NULL for none, *err if there is no memory. */
static void *copy_array(const void *from, size_t n, size_t size, int *err)
{
	void *copy = n ? malloc(n * size) : NULL;

	if (copy)
		memcpy(copy, from, n * size);
	else if (n)
		*err = -ENOMEM;
	return copy;
}

static int copy_desc(struct iommu_dev *dev, const struct iommu_dev_desc *desc)
{
	int err = 0;

	dev->desc = *desc;
	dev->name = strdup(desc->name);
	if (!dev->name)
		return -ENOMEM;
	dev->desc.name = dev->name;
	dev->aliases = copy_array(desc->aliases, desc->num_aliases,
				  sizeof(*desc->aliases), &err);
	dev->desc.aliases = dev->aliases;
	dev->path = copy_array(desc->path, desc->num_hops, sizeof(*desc->path), &err);
	dev->desc.path = dev->path;
	return err;
}

static struct iommu_dev *dev_create(struct iommu_system *sys,
				    const struct iommu_dev_desc *desc)
{
	struct iommu_dev *dev = calloc(1, sizeof(*dev));

	if (!dev)
		return NULL;
	dev->sys = sys;
	atomic_init(&dev->refs, 1);
	atomic_init(&dev->ops, NULL);
	atomic_init(&dev->inst, NULL);
	atomic_init(&dev->bound, false);
	atomic_init(&dev->faults, 0);
	atomic_init(&dev->iopf, NULL);
	core_list_init(&dev->link);
	core_list_init(&dev->group_link);
	/* Default mutexes of glibc and musl need no memory and cannot fail. */
	pthread_mutex_init(&dev->group_lock, NULL);
	pthread_mutex_init(&dev->bind_lock, NULL);
	if (copy_desc(dev, desc)) {
		core_dev_put(dev);
		return NULL;
	}
	return dev;
}

static bool whole(const struct iommu_pci_config *config)
{
	return !config->read == !config->write;
}

int iommu_dev_add(struct iommu_system *sys, const struct iommu_dev_desc *desc,
		  struct iommu_dev **out)
{
	struct iommu_dev *dev;

	if (!desc->name ||
	    (desc->bus != IOMMU_BUS_PLATFORM && desc->bus != IOMMU_BUS_PCI) ||
	    desc->pasid_num_bits > 20 || (desc->num_aliases && !desc->aliases) ||
	    desc->num_quirk_aliases > desc->num_aliases ||
	    desc->num_hops > IOMMU_PCI_MAX_HOPS || (desc->num_hops && !desc->path) ||
	    !whole(&desc->pci_config) || !whole(&desc->pci_pf_config))
		return -EINVAL;
	dev = dev_create(sys, desc);
	if (!dev)
		return -ENOMEM;
	core_probe_lock(sys);
	if (find_locked(sys, dev->name)) {
		core_probe_unlock(sys);
		core_dev_put(dev);
		return -EEXIST;
	}
	core_list_add_tail(&dev->link, &sys->devs);
	core_probe_unlock(sys);
	(void)iommu_probe_device(dev); /* CORE-12 */
	*out = dev;
	return 0;
}

void iommu_dev_remove(struct iommu_dev *dev)
{
	(void)iommu_dev_unbind(dev);
	core_probe_lock(dev->sys);
	core_release_dev(dev);
	core_list_del(&dev->link);
	core_probe_unlock(dev->sys);
	core_dev_put(dev);
}

const char *iommu_dev_name(const struct iommu_dev *dev)
{
	return dev->name;
}

const struct iommu_dev_desc *iommu_dev_desc(const struct iommu_dev *dev)
{
	return &dev->desc;
}

struct iommu_system *iommu_dev_system(const struct iommu_dev *dev)
{
	return dev->sys;
}

bool iommu_dev_has_iommu(struct iommu_dev *dev)
{
	return atomic_load(&dev->ops) != NULL;
}

bool iommu_capable(struct iommu_dev *dev, enum iommu_cap cap)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);

	return ops && ops->capable && ops->capable(dev, cap);
}

struct iommu_instance *iommu_dev_instance(const struct iommu_dev *dev)
{
	return atomic_load(&dev->inst);
}

void *iommu_dev_priv(const struct iommu_dev *dev)
{
	return dev->iommu ? dev->iommu->priv : NULL;
}

int iommu_dev_set_priv(struct iommu_dev *dev, void *priv)
{
	if (!core_probe_held(dev->sys)) {
		core_warn(dev->sys, "%s: driver data set without the probe lock",
			  dev->name);
		return -EPERM;
	}
	if (!dev->iommu)
		return -EINVAL;
	dev->iommu->priv = priv;
	return 0;
}

const struct iommu_fwspec *iommu_dev_fwspec(const struct iommu_dev *dev)
{
	return dev->iommu && dev->iommu->fwspec.fwnode ? &dev->iommu->fwspec : NULL;
}

uint32_t iommu_dev_max_pasids(const struct iommu_dev *dev)
{
	return dev->iommu ? dev->iommu->max_pasids : 0;
}

uint64_t iommu_dev_fault_count(const struct iommu_dev *dev)
{
	return atomic_load(&dev->faults);
}

int iommu_report_fault(struct iommu_instance *inst, struct iommu_dev *dev,
		       struct iommu_domain *domain, const struct iommu_fault *fault)
{
	struct iommu_system *sys = iommu_instance_system(inst);

	if (dev)
		atomic_fetch_add(&dev->faults, 1);
	if (sys && sys->cfg.fault)
		sys->cfg.fault(sys->cfg.fault_ctx, inst, dev, fault);
	if (!domain || domain->cookie_kind != IOMMU_COOKIE_FAULT_HANDLER)
		return -ENOSYS;
	return domain->fault_handler(domain, dev, fault, domain->fault_token);
}
