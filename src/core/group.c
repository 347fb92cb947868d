/* SPDX-License-Identifier: MIT */
/* Groups: who shares one, and how long it lives (CORE-37 to CORE-40). */
#include <stdlib.h>
#include "core/core.h"

int iommu_group_alloc(struct iommu_system *sys, struct iommu_group **out)
{
	struct iommu_group *group = calloc(1, sizeof(*group));

	if (!group)
		return -ENOMEM;
	group->sys = sys;
	atomic_init(&group->refs, 1);
	atomic_init(&group->pasids, NULL);
	atomic_init(&group->domain, NULL);
	group->id = atomic_fetch_add(&sys->next_group_id, 1);
	pthread_mutex_init(&group->mutex, NULL);
	core_list_init(&group->devs);
	*out = group;
	return 0;
}

void core_group_ref(struct iommu_group *group)
{
	atomic_fetch_add(&group->refs, 1);
}

void iommu_group_put(struct iommu_group *group)
{
	if (!group || atomic_fetch_sub(&group->refs, 1) != 1)
		return;
	if (group->num_pasids)
		core_warn(group->sys, "group %u: freed with PASIDs attached", group->id);
	pthread_mutex_destroy(&group->mutex);
	free(atomic_load(&group->pasids));
	free(group);
}

struct iommu_group *iommu_group_get(struct iommu_dev *dev)
{
	struct iommu_group *group;

	pthread_mutex_lock(&dev->group_lock);
	group = dev->group;
	if (group)
		core_group_ref(group);
	pthread_mutex_unlock(&dev->group_lock);
	return group;
}

/* dev->group changes under group->mutex too: it may have left while we waited. */
static bool still_in(struct iommu_dev *dev, const struct iommu_group *group)
{
	bool in;

	pthread_mutex_lock(&dev->group_lock);
	in = dev->group == group;
	pthread_mutex_unlock(&dev->group_lock);
	return in;
}

struct iommu_group *core_group_lock(struct iommu_dev *dev)
{
	struct iommu_group *group = iommu_group_get(dev);

	if (!group)
		return NULL;
	pthread_mutex_lock(&group->mutex);
	if (still_in(dev, group))
		return group;
	core_group_unlock(group);
	return NULL;
}

void core_group_unlock(struct iommu_group *group)
{
	pthread_mutex_unlock(&group->mutex);
	iommu_group_put(group);
}

struct iommu_group *iommu_group_ref(struct iommu_dev *peer)
{
	return iommu_group_get(peer);
}

unsigned iommu_group_id(const struct iommu_group *group)
{
	return group->id;
}

struct iommu_dev *core_group_first(struct iommu_group *group)
{
	return core_list_empty(&group->devs) ? NULL : CORE_GROUP_DEV(group->devs.next);
}

unsigned core_group_count(struct iommu_group *group)
{
	unsigned n = 0;

	CORE_LIST_FOR_EACH(pos, &group->devs)
	n++;
	return n;
}

int iommu_group_for_each_dev(struct iommu_group *group,
			     int (*fn)(struct iommu_dev *dev, void *ctx), void *ctx)
{
	int ret = 0;

	pthread_mutex_lock(&group->mutex);
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		ret = fn(CORE_GROUP_DEV(pos), ctx);
		if (ret)
			break;
	}
	pthread_mutex_unlock(&group->mutex);
	return ret;
}

void iommu_group_get_state(struct iommu_group *group, struct iommu_group_state *state)
{
	pthread_mutex_lock(&group->mutex);
	state->num_devs = core_group_count(group);
	state->domain = group->domain;
	state->default_domain = group->default_domain;
	state->blocking_domain = group->blocking_domain;
	state->owner = group->owner;
	state->owner_cnt = group->owner_cnt;
	state->recovery_cnt = group->recovery_cnt;
	pthread_mutex_unlock(&group->mutex);
}

int iommu_generic_device_group(struct iommu_dev *dev, struct iommu_group **group)
{
	return iommu_group_alloc(dev->sys, group);
}

static bool dev_bears(const struct iommu_dev *dev, uint16_t rid)
{
	if (dev->desc.rid == rid)
		return true;
	for (size_t i = 0; i < dev->desc.num_aliases; i++) {
		if (dev->desc.aliases[i] == rid)
			return true;
	}
	return false;
}

bool core_dma_aliases(const struct iommu_dev *a, const struct iommu_dev *b)
{
	if (a->desc.bus != IOMMU_BUS_PCI || b->desc.bus != IOMMU_BUS_PCI ||
	    a->desc.segment != b->desc.segment)
		return false;
	if (dev_bears(b, a->desc.rid))
		return true;
	for (size_t i = 0; i < a->desc.num_aliases; i++) {
		if (dev_bears(b, a->desc.aliases[i]))
			return true;
	}
	return false;
}
