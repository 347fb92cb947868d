/* SPDX-License-Identifier: MIT */
/* Devices and PASIDs go into HWPTs, from one to another, and out (CORE-155, 161 to 168).
 */
#include <stdlib.h>
#include <smmulator/iommu_pci.h>
#include "user/user.h"

/* A device that is part of a group's attachment. */
struct attached {
	struct core_list link;
	struct user_device *dev;
};

struct user_attach *user_attach_find(const struct user_group *group, uint32_t pasid)
{
	CORE_LIST_FOR_EACH(pos, &group->attaches)
	{
		struct user_attach *attach =
			CORE_LIST_ENTRY(pos, struct user_attach, link);

		if (attach->pasid == pasid)
			return attach;
	}
	return NULL;
}

static struct attached *member(const struct user_attach *attach,
			       const struct user_device *dev)
{
	CORE_LIST_FOR_EACH(pos, &attach->devs)
	{
		struct attached *a = CORE_LIST_ENTRY(pos, struct attached, link);

		if (a->dev == dev)
			return a;
	}
	return NULL;
}

/* CORE-161: who has PASIDs needs a table for all of them. */
static int check_pasids(const struct user_device *dev, uint32_t pasid,
			const struct user_hwpt *hwpt)
{
	const struct user_attach *rid = user_attach_find(dev->group, IOMMU_NO_PASID);

	if (pasid != IOMMU_NO_PASID) {
		if (!hwpt->pasid_compat || (rid && !rid->hwpt->pasid_compat))
			return -EINVAL;
		return 0;
	}
	if (hwpt->pasid_compat)
		return 0;
	CORE_LIST_FOR_EACH(pos, &dev->group->attaches)
	{
		if (CORE_LIST_ENTRY(pos, struct user_attach, link)->pasid !=
		    IOMMU_NO_PASID)
			return -EINVAL;
	}
	return 0;
}

/* CORE-163: the page requests of a virtual function are those of its physical one. */
static int check_fault(const struct user_device *dev, const struct user_hwpt *hwpt)
{
	if (!hwpt->fault || iommu_dev_desc(dev->dev)->bus != IOMMU_BUS_PCI)
		return 0;
	return iommu_pci_is_vf(dev->dev) && iommu_pci_pri_supported(dev->dev) ? -EINVAL
									      : 0;
}

/* The hardware's part. */
static int hw_attach(struct user_device *dev, struct user_attach *attach)
{
	if (attach->pasid != IOMMU_NO_PASID)
		return iommu_attach_device_pasid(attach->hwpt->domain, dev->dev,
						 attach->pasid, &attach->handle);
	return iommu_attach_group_handle(attach->hwpt->domain, dev->group->group,
					 &attach->handle);
}

static void hw_detach(struct user_device *dev, struct user_attach *attach)
{
	if (attach->pasid != IOMMU_NO_PASID)
		iommu_detach_device_pasid(attach->hwpt->domain, dev->dev, attach->pasid);
	else
		iommu_detach_group_handle(attach->hwpt->domain, dev->group->group);
	if (attach->hwpt->fault)
		user_fault_forget(attach->hwpt->fault, attach);
}

/* CORE-148: of the address space behind it, and only for the device itself. */
static int reserve(struct user_device *dev, uint32_t pasid, struct user_hwpt *hwpt)
{
	struct user_hwpt *paging = user_hwpt_paging(hwpt);
	uint64_t window = UINT64_MAX;
	int err;

	if (pasid != IOMMU_NO_PASID)
		return 0;
	err = user_iova_reserve_dev(paging->ioas, dev->dev, dev, &window);
	if (!err && window != UINT64_MAX)
		user_msi_set_window(dev->group, window);
	return err;
}

static void unreserve(struct user_device *dev, uint32_t pasid, struct user_hwpt *hwpt)
{
	if (pasid == IOMMU_NO_PASID)
		user_iova_unreserve(user_hwpt_paging(hwpt)->ioas, dev);
}

static struct user_attach *attach_new(struct user_group *group, struct user_hwpt *hwpt,
				      uint32_t pasid)
{
	struct user_attach *attach = calloc(1, sizeof(*attach));

	if (!attach)
		return NULL;
	attach->handle.domain = hwpt->domain;
	attach->pasid = pasid;
	attach->hwpt = hwpt;
	attach->group = group;
	core_list_init(&attach->link);
	core_list_init(&attach->devs);
	return attach;
}

/* The first device of its group there. */
static int attach_first(struct user_device *dev, struct user_attach *attach)
{
	int err = check_pasids(dev, attach->pasid, attach->hwpt);

	if (!err)
		err = check_fault(dev, attach->hwpt);
	if (!err && attach->pasid == IOMMU_NO_PASID)
		err = user_msi_attach(dev->group, attach->hwpt);
	if (!err)
		err = hw_attach(dev, attach);
	return err;
}

static int attach_hwpt(struct user_device *dev, uint32_t pasid, struct user_hwpt *hwpt)
{
	struct user_attach *attach = user_attach_find(dev->group, pasid);
	struct attached *a;
	bool first = !attach;
	int err;

	if (attach && member(attach, dev))
		return -EBUSY;
	if (attach && attach->hwpt != hwpt)
		return -EINVAL;
	a = calloc(1, sizeof(*a));
	if (first)
		attach = attach_new(dev->group, hwpt, pasid);
	err = a && attach ? reserve(dev, pasid, hwpt) : -ENOMEM;
	if (!err && first) {
		err = attach_first(dev, attach);
		if (err)
			unreserve(dev, pasid, hwpt);
	}
	if (err) {
		free(a);
		if (first)
			free(attach);
		return err;
	}
	a->dev = dev;
	core_list_add_tail(&a->link, &attach->devs);
	if (first)
		core_list_add_tail(&attach->link, &dev->group->attaches);
	hwpt->obj.users++;
	dev->obj.users++;
	return 0;
}

/* An HWPT that the user never saw goes with its last device (CORE-155). */
static void put_hwpt(struct user_hwpt *hwpt)
{
	hwpt->obj.users--;
	if (hwpt->auto_made && !hwpt->obj.users)
		user_object_destroy(&hwpt->obj);
}

static void detach(struct user_device *dev, struct user_attach *attach)
{
	struct attached *a = member(attach, dev);
	struct user_hwpt *hwpt = attach->hwpt;

	core_list_del(&a->link);
	free(a);
	if (core_list_empty(&attach->devs)) {
		core_list_del(&attach->link);
		hw_detach(dev, attach);
	}
	unreserve(dev, attach->pasid, hwpt);
	if (core_list_empty(&attach->devs))
		free(attach);
	dev->obj.users--;
	put_hwpt(hwpt);
}

/* ---- Replace (CORE-166) ---- */

/* Every device of the group in the new address space, or none. */
static int reserve_group(struct user_attach *attach, struct user_hwpt *hwpt)
{
	if (user_hwpt_paging(hwpt)->ioas == user_hwpt_paging(attach->hwpt)->ioas)
		return 0;
	CORE_LIST_FOR_EACH(pos, &attach->devs)
	{
		struct attached *a = CORE_LIST_ENTRY(pos, struct attached, link);
		int err = reserve(a->dev, attach->pasid, hwpt);

		if (!err)
			continue;
		for (pos = pos->prev; pos != &attach->devs; pos = pos->prev)
			unreserve(CORE_LIST_ENTRY(pos, struct attached, link)->dev,
				  attach->pasid, hwpt);
		return err;
	}
	return 0;
}

static void unreserve_group(struct user_attach *attach, struct user_hwpt *hwpt,
			    const struct user_hwpt *other)
{
	const struct user_ioas *kept = (other->parent ? other->parent : other)->ioas;

	if (user_hwpt_paging(hwpt)->ioas == kept)
		return;
	CORE_LIST_FOR_EACH(pos, &attach->devs)
	unreserve(CORE_LIST_ENTRY(pos, struct attached, link)->dev, attach->pasid, hwpt);
}

static int hw_replace(struct user_device *dev, struct user_attach *fresh)
{
	if (fresh->pasid != IOMMU_NO_PASID)
		return iommu_replace_device_pasid(fresh->hwpt->domain, dev->dev,
						  fresh->pasid, &fresh->handle);
	return iommu_replace_group_handle(dev->group->group, fresh->hwpt->domain,
					  &fresh->handle);
}

static int replace_hwpt(struct user_device *dev, uint32_t pasid, struct user_hwpt *hwpt)
{
	struct user_attach *attach = user_attach_find(dev->group, pasid), *fresh;
	struct user_hwpt *old;
	int err;

	if (!attach || !member(attach, dev))
		return -EINVAL;
	old = attach->hwpt;
	if (old == hwpt)
		return 0;
	err = check_pasids(dev, pasid, hwpt);
	if (!err)
		err = check_fault(dev, hwpt);
	if (err)
		return err;
	fresh = attach_new(dev->group, hwpt, pasid);
	if (!fresh)
		return -ENOMEM;
	err = reserve_group(attach, hwpt);
	if (!err) {
		err = pasid == IOMMU_NO_PASID ? user_msi_attach(dev->group, hwpt) : 0;
		if (!err)
			err = hw_replace(dev, fresh);
		if (err)
			unreserve_group(attach, hwpt, old);
	}
	if (err) {
		free(fresh);
		return err;
	}
	/* A doorbell that was first used while it moved went into the old one alone. */
	if (pasid == IOMMU_NO_PASID)
		(void)user_msi_attach(dev->group, hwpt);
	if (old->fault)
		user_fault_forget(old->fault, attach);
	unreserve_group(attach, old, hwpt);
	/* The devices move over, each with its reference. */
	CORE_LIST_FOR_EACH_SAFE(pos, &attach->devs)
	{
		core_list_del(pos);
		core_list_add_tail(pos, &fresh->devs);
		hwpt->obj.users++;
	}
	core_list_del(&attach->link);
	free(attach);
	core_list_add_tail(&fresh->link, &dev->group->attaches);
	CORE_LIST_FOR_EACH(pos, &fresh->devs)
	{
		if (pos->next == &fresh->devs)
			put_hwpt(old); /* the last one may be its end */
		else
			old->obj.users--;
	}
	return 0;
}

struct user_device *user_attached_dev(struct iommufd_ctx *ctx,
				      const struct user_hwpt *hwpt)
{
	CORE_LIST_FOR_EACH(pos, &ctx->groups)
	{
		const struct user_group *group =
			CORE_LIST_ENTRY(pos, struct user_group, link);
		const struct user_attach *attach =
			user_attach_find(group, IOMMU_NO_PASID);

		if (attach && attach->hwpt == hwpt)
			return CORE_LIST_ENTRY(attach->devs.next, struct attached, link)
				->dev;
	}
	return NULL;
}

int user_move_all(struct iommufd_ctx *ctx, struct user_hwpt *from, struct user_hwpt *to)
{
	struct user_device *dev;
	int err = 0;

	while (!err && (dev = user_attached_dev(ctx, from)) != NULL)
		err = replace_hwpt(dev, IOMMU_NO_PASID, to);
	/* Those who have gone come back: they have been there. */
	while (err && (dev = user_attached_dev(ctx, to)) != NULL)
		if (replace_hwpt(dev, IOMMU_NO_PASID, from))
			break;
	return err;
}

/* ---- By what the user names ---- */

typedef int (*change_fn)(struct user_device *dev, uint32_t pasid, struct user_hwpt *hwpt);

/* CORE-155, CORE-165: the first of the address space's own HWPTs that suits, or a new
 * one. */
static int change_auto(struct user_device *dev, uint32_t pasid, struct user_ioas *ioas,
		       change_fn change, uint32_t *pt_id)
{
	struct user_hwpt *hwpt;
	int err;

	CORE_LIST_FOR_EACH(pos, &ioas->hwpts)
	{
		hwpt = CORE_LIST_ENTRY(pos, struct user_hwpt, link);
		if (!hwpt->auto_made)
			continue;
		err = change(dev, pasid, hwpt);
		if (!err)
			*pt_id = hwpt->obj.id;
		if (err != -EINVAL)
			return err;
	}
	err = user_hwpt_make_paging(dev->obj.ctx, ioas, dev, 0, NULL, &hwpt);
	if (err)
		return err;
	hwpt->auto_made = true;
	err = user_hwpt_link(hwpt);
	if (!err)
		err = change(dev, pasid, hwpt);
	if (err) {
		user_object_destroy(&hwpt->obj);
		return err;
	}
	hwpt->obj.visible = true;
	*pt_id = hwpt->obj.id;
	return 0;
}

static int change_pt(struct iommufd_ctx *ctx, uint32_t dev_id, uint32_t pasid,
		     uint32_t *pt_id, change_fn change)
{
	struct user_device *dev = user_object_get(ctx, dev_id, USER_DEVICE);
	struct user_object *pt = user_object_get(ctx, *pt_id, USER_ANY);

	if (!dev || !pt)
		return -ENOENT;
	switch (pt->type) {
	case USER_PAGING:
	case USER_NESTED:
		return change(dev, pasid, (struct user_hwpt *)(void *)pt);
	case USER_IOAS:
		return change_auto(dev, pasid, (struct user_ioas *)(void *)pt, change,
				   pt_id);
	default:
		return -EINVAL;
	}
}

int iommufd_device_attach(struct iommufd_ctx *ctx, uint32_t dev_id, uint32_t pasid,
			  uint32_t *pt_id)
{
	int err;

	pthread_mutex_lock(&ctx->lock);
	err = change_pt(ctx, dev_id, pasid, pt_id, attach_hwpt);
	pthread_mutex_unlock(&ctx->lock);
	return err;
}

int iommufd_device_replace(struct iommufd_ctx *ctx, uint32_t dev_id, uint32_t pasid,
			   uint32_t *pt_id)
{
	int err;

	pthread_mutex_lock(&ctx->lock);
	err = change_pt(ctx, dev_id, pasid, pt_id, replace_hwpt);
	pthread_mutex_unlock(&ctx->lock);
	return err;
}

int iommufd_device_detach(struct iommufd_ctx *ctx, uint32_t dev_id, uint32_t pasid)
{
	struct user_attach *attach;
	struct user_device *dev;
	int err = 0;

	pthread_mutex_lock(&ctx->lock);
	dev = user_object_get(ctx, dev_id, USER_DEVICE);
	attach = dev ? user_attach_find(dev->group, pasid) : NULL;
	if (!dev)
		err = -ENOENT;
	else if (!attach || !member(attach, dev))
		err = -EINVAL;
	else
		detach(dev, attach);
	pthread_mutex_unlock(&ctx->lock);
	return err;
}

void user_device_detach_all(struct user_device *dev)
{
	CORE_LIST_FOR_EACH_SAFE(pos, &dev->group->attaches)
	{
		struct user_attach *attach =
			CORE_LIST_ENTRY(pos, struct user_attach, link);

		if (member(attach, dev))
			detach(dev, attach);
	}
}
