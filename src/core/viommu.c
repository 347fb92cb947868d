/* SPDX-License-Identifier: MIT */
/*
 * What users own: their domains, and virtual IOMMUs with the ids that devices have there
 * (CORE-151 to CORE-153, CORE-169 to CORE-172, CORE-183).
 */
#include <stdlib.h>
#include <smmulator/iommu_user.h>
#include "core/core.h"

/* ---- Domains ---- */

static void own(struct iommu_domain *domain, unsigned type, const struct iommu_ops *ops)
{
	core_init_domain(domain, type, ops);
	domain->cookie_kind = IOMMU_COOKIE_IOMMUFD;
}

int iommu_user_paging_alloc(struct iommu_dev *dev, uint32_t flags,
			    const struct iommu_user_data *data, struct iommu_domain **out)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);
	struct iommu_domain *domain = NULL;
	int err;

	if (!ops)
		return -ENODEV;
	if (ops->domain_alloc_paging_flags)
		err = ops->domain_alloc_paging_flags(dev, flags, data, &domain);
	else if (!flags && !data && ops->domain_alloc_paging)
		err = ops->domain_alloc_paging(dev, &domain);
	else
		return -EOPNOTSUPP;
	if (err)
		return err;
	if (!domain)
		return -ENOMEM;
	own(domain, IOMMU_DOMAIN_UNMANAGED, ops);
	*out = domain;
	return 0;
}

/* CORE-153: what the driver made must say itself that it is nested. */
static int adopt_nested(struct iommu_system *sys, struct iommu_domain *domain,
			const struct iommu_ops *ops, struct iommu_domain **out)
{
	if (!domain)
		return -ENOMEM;
	if (domain->type != IOMMU_DOMAIN_NESTED) {
		core_warn(sys, "%s: a nested domain of type %#x", ops->name,
			  domain->type);
		if (domain->ops && domain->ops->free)
			domain->ops->free(domain);
		return -EOPNOTSUPP;
	}
	own(domain, IOMMU_DOMAIN_NESTED, ops);
	*out = domain;
	return 0;
}

int iommu_user_nested_alloc(struct iommu_dev *dev, struct iommu_domain *parent,
			    uint32_t flags, const struct iommu_user_data *data,
			    struct iommu_domain **out)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);
	struct iommu_domain *domain = NULL;
	int err;

	if (!ops)
		return -ENODEV;
	if (!ops->domain_alloc_nested)
		return -EOPNOTSUPP;
	err = ops->domain_alloc_nested(dev, parent, flags, data, &domain);
	return err ? err : adopt_nested(dev->sys, domain, ops, out);
}

int iommufd_viommu_nested_alloc(struct iommufd_viommu *viommu, uint32_t flags,
				const struct iommu_user_data *data,
				struct iommu_domain **out)
{
	struct iommu_domain *domain = NULL;
	int err;

	if (!viommu->ops->alloc_domain_nested)
		return -EOPNOTSUPP;
	err = viommu->ops->alloc_domain_nested(viommu, flags, data, &domain);
	return err ? err
		   : adopt_nested(iommu_instance_system(viommu->inst), domain,
				  viommu->inst->ops, out);
}

int iommu_user_hw_info(struct iommu_dev *dev, uint32_t *type, void *info, size_t room,
		       size_t *len)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);

	if (!ops)
		return -ENODEV;
	*len = 0;
	if (ops->hw_info)
		return ops->hw_info(dev, type, info, room, len);
	if (*type)
		return -EOPNOTSUPP;
	return 0;
}

/* ---- Virtual IOMMUs ---- */

struct vdev {
	uint64_t virt_id;
	struct iommu_dev *dev;
};

struct iommufd_viommu_core {
	pthread_mutex_t lock; /* leaf */
	struct vdev *vdevs;   /* ascending virt_id */
	size_t num, room;
	iommufd_event_fn event;
	void *event_ctx;
};

static int init(struct iommufd_viommu *viommu, const struct iommu_ops *ops,
		const struct iommu_user_data *data)
{
	int err = ops->viommu_init(viommu, viommu->parent, data);

	if (!err && !viommu->ops) {
		core_warn(iommu_instance_system(viommu->inst),
			  "%s: a virtual IOMMU without ops", ops->name);
		err = -EOPNOTSUPP;
	}
	return err;
}

int iommufd_viommu_create(struct iommu_dev *dev, uint32_t type,
			  struct iommu_domain *parent, const struct iommu_user_data *data,
			  iommufd_event_fn event, void *event_ctx,
			  struct iommufd_viommu **out)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);
	struct iommufd_viommu_core *core;
	struct iommufd_viommu *viommu;
	size_t size;
	int err;

	if (!ops || !ops->get_viommu_size || !ops->viommu_init)
		return -EOPNOTSUPP;
	size = ops->get_viommu_size(dev, type);
	if (size && size < sizeof(*viommu))
		core_warn(dev->sys, "%s: a virtual IOMMU of %zu bytes", ops->name, size);
	if (size < sizeof(*viommu))
		return -EOPNOTSUPP;
	viommu = calloc(1, size);
	core = calloc(1, sizeof(*core));
	if (!viommu || !core) {
		free(viommu);
		free(core);
		return -ENOMEM;
	}
	viommu->inst = atomic_load(&dev->inst);
	viommu->parent = parent;
	viommu->type = type;
	viommu->core = core;
	pthread_mutex_init(&core->lock, NULL);
	core->event = event;
	core->event_ctx = event_ctx;
	err = init(viommu, ops, data);
	if (err) {
		viommu->ops = NULL;
		iommufd_viommu_destroy(viommu);
		return err;
	}
	*out = viommu;
	return 0;
}

void iommufd_viommu_destroy(struct iommufd_viommu *viommu)
{
	struct iommufd_viommu_core *core;

	if (!viommu)
		return;
	core = viommu->core;
	/* An event may be on its way through it. */
	rcu_wait_for_readers();
	if (viommu->ops && viommu->ops->destroy)
		viommu->ops->destroy(viommu);
	pthread_mutex_destroy(&core->lock);
	free(core->vdevs);
	free(core);
	free(viommu);
}

/* The first that is not below it. core->lock held. */
static size_t position(const struct iommufd_viommu_core *core, uint64_t virt_id)
{
	size_t low = 0, high = core->num;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (core->vdevs[mid].virt_id < virt_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* core->num: it has none. core->lock held. */
static size_t of_dev(const struct iommufd_viommu_core *core, const struct iommu_dev *dev)
{
	size_t i = 0;

	while (i < core->num && core->vdevs[i].dev != dev)
		i++;
	return i;
}

static int insert(struct iommufd_viommu_core *core, struct iommu_dev *dev,
		  uint64_t virt_id)
{
	size_t at = position(core, virt_id);

	if (at < core->num && core->vdevs[at].virt_id == virt_id)
		return -EEXIST;
	if (of_dev(core, dev) < core->num)
		return -EEXIST;
	if (core->num == core->room) {
		size_t room = core->room * 2 + 4;
		struct vdev *grown = realloc(core->vdevs, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		core->vdevs = grown;
		core->room = room;
	}
	for (size_t i = core->num; i > at; i--)
		core->vdevs[i] = core->vdevs[i - 1];
	core->vdevs[at] = (struct vdev){ virt_id, dev };
	core->num++;
	return 0;
}

int iommufd_viommu_add_vdev(struct iommufd_viommu *viommu, struct iommu_dev *dev,
			    uint64_t virt_id)
{
	int err;

	pthread_mutex_lock(&viommu->core->lock);
	err = insert(viommu->core, dev, virt_id);
	pthread_mutex_unlock(&viommu->core->lock);
	if (err || !viommu->ops->vdevice_init)
		return err;
	err = viommu->ops->vdevice_init(viommu, dev, virt_id);
	if (err)
		iommufd_viommu_remove_vdev(viommu, dev);
	return err;
}

void iommufd_viommu_remove_vdev(struct iommufd_viommu *viommu, struct iommu_dev *dev)
{
	struct iommufd_viommu_core *core = viommu->core;
	size_t at;

	pthread_mutex_lock(&core->lock);
	at = of_dev(core, dev);
	if (at < core->num) {
		core->num--;
		for (; at < core->num; at++)
			core->vdevs[at] = core->vdevs[at + 1];
	}
	pthread_mutex_unlock(&core->lock);
}

struct iommu_dev *iommufd_viommu_find_dev(struct iommufd_viommu *viommu, uint64_t virt_id)
{
	struct iommufd_viommu_core *core = viommu->core;
	struct iommu_dev *dev = NULL;
	size_t at;

	pthread_mutex_lock(&core->lock);
	at = position(core, virt_id);
	if (at < core->num && core->vdevs[at].virt_id == virt_id)
		dev = core->vdevs[at].dev;
	pthread_mutex_unlock(&core->lock);
	return dev;
}

int iommufd_viommu_get_vdev_id(struct iommufd_viommu *viommu, struct iommu_dev *dev,
			       uint64_t *virt_id)
{
	struct iommufd_viommu_core *core = viommu->core;
	int err = -ENOENT;
	size_t at;

	pthread_mutex_lock(&core->lock);
	at = of_dev(core, dev);
	if (at < core->num) {
		*virt_id = core->vdevs[at].virt_id;
		err = 0;
	}
	pthread_mutex_unlock(&core->lock);
	return err;
}

int iommufd_viommu_report_event(struct iommufd_viommu *viommu, uint32_t type,
				const void *data, size_t len)
{
	if (!data || !len) {
		core_warn(iommu_instance_system(viommu->inst), "an event without data");
		return -EINVAL;
	}
	return viommu->core->event(viommu->core->event_ctx, type, data, len);
}
