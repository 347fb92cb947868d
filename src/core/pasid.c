/* SPDX-License-Identifier: MIT */
/* What is attached under a PASID, and attach handles (CORE-61, 62, 92 to 97). */
#include <stdlib.h>
#include "core/core.h"

/* The slot of this PASID, in use or not; NULL: it never had one in this table. */
static struct core_pasid *find_slot(struct core_pasid_table *table, uint32_t pasid)
{
	size_t num = table ? atomic_load_explicit(&table->num, memory_order_acquire) : 0;

	for (size_t i = 0; i < num; i++) {
		if (table->slot[i].pasid == pasid)
			return &table->slot[i];
	}
	return NULL;
}

struct core_pasid *core_pasid_find(struct iommu_group *group, uint32_t pasid)
{
	struct core_pasid *slot = find_slot(rcu_get(&group->pasids), pasid);

	return slot && slot->domain ? slot : NULL;
}

struct core_pasid *core_pasid_next(struct iommu_group *group, struct core_pasid *after)
{
	struct core_pasid_table *table = rcu_get(&group->pasids);
	size_t i = after ? (size_t)(after - table->slot) + 1 : 0;

	for (; table && i < atomic_load(&table->num); i++) {
		if (table->slot[i].domain)
			return &table->slot[i];
	}
	return NULL;
}

/* A larger table, without the slots that have fallen out of use. */
static int grow(struct iommu_group *group)
{
	struct core_pasid_table *old = rcu_get(&group->pasids), *table;
	size_t room = group->num_pasids * 2 + 4, num = 0;

	table = calloc(1, sizeof(*table) + room * sizeof(table->slot[0]));
	if (!table)
		return -ENOMEM;
	table->room = room;
	for (struct core_pasid *p = NULL; (p = core_pasid_next(group, p));) {
		struct core_pasid *slot = &table->slot[num++];

		slot->pasid = p->pasid;
		slot->domain = p->domain;
		atomic_init(&slot->handle, atomic_load(&p->handle));
	}
	atomic_init(&table->num, num);
	rcu_publish(&group->pasids, table);
	if (old)
		rcu_wait_for_readers();
	free(old);
	return 0;
}

int core_pasid_reserve(struct iommu_group *group, uint32_t pasid)
{
	struct core_pasid_table *table = rcu_get(&group->pasids);

	if (find_slot(table, pasid) || (table && atomic_load(&table->num) < table->room))
		return 0;
	return grow(group);
}

void core_pasid_add(struct iommu_group *group, uint32_t pasid,
		    struct iommu_domain *domain, struct iommu_attach_handle *handle)
{
	struct core_pasid_table *table = rcu_get(&group->pasids);
	struct core_pasid *slot = find_slot(table, pasid);
	size_t num = atomic_load(&table->num);
	bool fresh = !slot;

	if (fresh) {
		slot = &table->slot[num];
		slot->pasid = pasid;
	}
	group->num_pasids += !slot->domain;
	slot->domain = domain;
	if (handle)
		handle->domain = domain;
	if (!fresh && atomic_load(&slot->handle) != handle) {
		rcu_publish(&slot->handle, handle);
		rcu_wait_for_readers();
	} else {
		rcu_publish(&slot->handle, handle);
	}
	if (fresh)
		atomic_store_explicit(&table->num, num + 1, memory_order_release);
}

void core_pasid_erase(struct iommu_group *group, uint32_t pasid)
{
	struct core_pasid *slot = core_pasid_find(group, pasid);

	if (!slot)
		return;
	slot->domain = NULL;
	group->num_pasids--;
	if (!atomic_load(&slot->handle))
		return;
	rcu_publish(&slot->handle, NULL);
	rcu_wait_for_readers();
}

void core_pasid_remove_dev(struct iommu_dev *dev, uint32_t pasid,
			   struct iommu_domain *domain)
{
	struct iommu_domain *blocked = atomic_load(&dev->ops)->blocked_domain;

	if (blocked->ops->set_dev_pasid(blocked, dev, pasid, domain))
		core_warn(dev->sys, "%s: PASID %u not removed", dev->name, pasid);
}

/*
 * Can have this PASID, and its hardware may be programmed now. A device that joined the
 * group after the attach may have fewer than the group has in use.
 */
static bool takes_pasid(const struct iommu_dev *dev, uint32_t pasid)
{
	return pasid < dev->iommu->max_pasids && !dev->iommu->blocked;
}

/* CORE-93: all devices that have PASIDs, or none. */
static int set_group_pasid(struct iommu_group *group, struct iommu_domain *domain,
			   uint32_t pasid, struct iommu_domain *old)
{
	struct iommu_dev *failed = NULL;
	int err = 0;

	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		struct iommu_dev *dev = CORE_GROUP_DEV(pos);

		if (!takes_pasid(dev, pasid))
			continue;
		err = domain->ops->set_dev_pasid(domain, dev, pasid, old);
		if (err) {
			core_judge_attach(domain, dev, err);
			failed = dev;
			break;
		}
	}
	if (!err)
		return 0;
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		struct iommu_dev *dev = CORE_GROUP_DEV(pos);

		if (dev == failed)
			break;
		if (!takes_pasid(dev, pasid))
			continue;
		if (!old || old->ops->set_dev_pasid(old, dev, pasid, domain))
			core_pasid_remove_dev(dev, pasid, domain);
	}
	return err;
}

static int check_pasid_range(struct iommu_group *group, uint32_t pasid)
{
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		uint32_t max = CORE_GROUP_DEV(pos)->iommu->max_pasids;

		if (max && pasid >= max)
			return -EINVAL;
	}
	return 0;
}

/* CORE-92, CORE-95: what does not fit whatever state the group is in. */
static int check_pasid(struct iommu_group *group, struct iommu_domain *domain,
		       struct iommu_dev *dev, uint32_t pasid)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);

	if (!domain->ops->set_dev_pasid || !ops->blocked_domain ||
	    !ops->blocked_domain->ops->set_dev_pasid)
		return -EOPNOTSUPP;
	if (pasid == IOMMU_NO_PASID)
		return -EINVAL;
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		if (!core_domain_compatible(domain, CORE_GROUP_DEV(pos)))
			return -EINVAL;
	}
	return 0;
}

/* CORE-69 d, e */
static int test_group_pasid(struct iommu_group *group, struct iommu_domain *domain,
			    uint32_t pasid, struct iommu_domain *old)
{
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		struct iommu_dev *dev = CORE_GROUP_DEV(pos);
		int err;

		if (!dev->iommu->max_pasids)
			continue;
		err = core_test_device(domain, group, dev, pasid, old);
		if (err)
			return err;
	}
	return 0;
}

int core_attach_pasid(struct iommu_group *group, struct iommu_domain *domain,
		      struct iommu_dev *dev, uint32_t pasid,
		      struct iommu_attach_handle *handle)
{
	int err = check_pasid(group, domain, dev, pasid);

	if (!err)
		err = core_reset_fence(group);
	if (!err)
		err = check_pasid_range(group, pasid);
	if (err)
		return err;
	if (core_pasid_find(group, pasid))
		return -EBUSY;
	err = test_group_pasid(group, domain, pasid, NULL);
	if (!err)
		err = core_pasid_reserve(group, pasid);
	if (!err)
		err = set_group_pasid(group, domain, pasid, NULL);
	if (!err)
		core_pasid_add(group, pasid, domain, handle);
	return err;
}

int iommu_attach_device_pasid(struct iommu_domain *domain, struct iommu_dev *dev,
			      uint32_t pasid, struct iommu_attach_handle *handle)
{
	struct iommu_group *group = core_group_lock(dev);
	int err;

	if (!group)
		return -ENODEV;
	err = core_attach_pasid(group, domain, dev, pasid, handle);
	core_group_unlock(group);
	return err;
}

/* CORE-95 */
static int replace_pasid(struct iommu_group *group, struct iommu_domain *domain,
			 struct iommu_dev *dev, uint32_t pasid,
			 struct iommu_attach_handle *handle)
{
	struct core_pasid *entry;
	int err = check_pasid(group, domain, dev, pasid);

	if (!err && !handle)
		err = -EINVAL;
	if (!err)
		err = core_reset_fence(group);
	if (err)
		return err;
	entry = core_pasid_find(group, pasid);
	if (!entry)
		return -EINVAL;
	if (atomic_load(&entry->handle) == handle) {
		core_warn(group->sys, "%s: PASID %u replaced by itself", dev->name,
			  pasid);
		return -EINVAL;
	}
	if (entry->domain != domain) {
		err = test_group_pasid(group, domain, pasid, entry->domain);
		if (!err)
			err = set_group_pasid(group, domain, pasid, entry->domain);
	}
	if (!err)
		core_pasid_add(group, pasid, domain, handle);
	return err;
}

int iommu_replace_device_pasid(struct iommu_domain *domain, struct iommu_dev *dev,
			       uint32_t pasid, struct iommu_attach_handle *handle)
{
	struct iommu_group *group = core_group_lock(dev);
	int err;

	if (!group)
		return -ENODEV;
	err = replace_pasid(group, domain, dev, pasid, handle);
	core_group_unlock(group);
	return err;
}

/* CORE-96 */
void core_detach_pasid(struct iommu_group *group, struct iommu_domain *domain,
		       uint32_t pasid)
{
	const struct core_pasid *entry = core_pasid_find(group, pasid);

	if (pasid == IOMMU_NO_PASID || !entry)
		return;
	if (entry->domain != domain) {
		core_warn(group->sys, "group %u: PASID %u is in another domain",
			  group->id, pasid);
		return;
	}
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		if (takes_pasid(CORE_GROUP_DEV(pos), pasid))
			core_pasid_remove_dev(CORE_GROUP_DEV(pos), pasid, domain);
	}
	core_pasid_erase(group, pasid);
}

void iommu_detach_device_pasid(struct iommu_domain *domain, struct iommu_dev *dev,
			       uint32_t pasid)
{
	struct iommu_group *group = core_group_lock(dev);

	if (!group)
		return;
	core_detach_pasid(group, domain, pasid);
	core_group_unlock(group);
}

/* CORE-62 */
int iommu_attach_group_handle(struct iommu_domain *domain, struct iommu_group *group,
			      struct iommu_attach_handle *handle)
{
	int err;

	if (!handle)
		return -EINVAL;
	pthread_mutex_lock(&group->mutex);
	err = core_pasid_find(group, IOMMU_NO_PASID)
		      ? -EBUSY
		      : core_pasid_reserve(group, IOMMU_NO_PASID);
	if (!err)
		err = core_attach_group(domain, group);
	if (!err)
		core_pasid_add(group, IOMMU_NO_PASID, domain, handle);
	pthread_mutex_unlock(&group->mutex);
	return err;
}

void iommu_detach_group_handle(struct iommu_domain *domain, struct iommu_group *group)
{
	pthread_mutex_lock(&group->mutex);
	core_detach_group(domain, group);
	pthread_mutex_unlock(&group->mutex);
}

/* CORE-61 */
int iommu_replace_group_handle(struct iommu_group *group, struct iommu_domain *domain,
			       struct iommu_attach_handle *handle)
{
	int err;

	if (!domain || !handle)
		return -EINVAL;
	pthread_mutex_lock(&group->mutex);
	err = core_list_empty(&group->devs) ? -EINVAL
					    : core_pasid_reserve(group, IOMMU_NO_PASID);
	if (!err)
		err = core_set_group_domain(group, domain, 0);
	if (!err)
		core_pasid_add(group, IOMMU_NO_PASID, domain, handle);
	pthread_mutex_unlock(&group->mutex);
	return err;
}

/* The fault path's look-up: no lock, inside a reader's section (CORE-97). */
int core_handle_get(struct iommu_group *group, uint32_t pasid, unsigned type,
		    struct iommu_attach_handle **handle)
{
	struct core_pasid *slot = find_slot(rcu_get(&group->pasids), pasid);
	struct iommu_attach_handle *found = slot ? rcu_get(&slot->handle) : NULL;

	if (!found)
		return -ENOENT;
	if (type && found->domain->type != type)
		return -EBUSY;
	*handle = found;
	return 0;
}

int iommu_attach_handle_get(struct iommu_group *group, uint32_t pasid, unsigned type,
			    struct iommu_attach_handle **handle)
{
	int err;

	rcu_reader_begins();
	err = core_handle_get(group, pasid, type, handle);
	rcu_reader_ends();
	return err;
}
