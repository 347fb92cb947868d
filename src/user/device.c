/* SPDX-License-Identifier: MIT */
/* Devices: bound, unbound, asked what their IOMMU is (CORE-138, 139, 183, 184). */
#include <stdlib.h>
#include <string.h>
#include <smmulator/iommu_pci.h>
#include "user/user.h"

/* The group's record in this context, made with its first device. NULL: no memory. */
static struct user_group *group_get(struct iommufd_ctx *ctx, struct iommu_group *group)
{
	struct user_group *mine;

	CORE_LIST_FOR_EACH(pos, &ctx->groups)
	{
		mine = CORE_LIST_ENTRY(pos, struct user_group, link);
		if (mine->group != group)
			continue;
		iommu_group_put(group);
		return mine;
	}
	mine = calloc(1, sizeof(*mine));
	if (!mine)
		return NULL;
	mine->group = group;
	pthread_mutex_init(&mine->members_lock, NULL);
	core_list_init(&mine->members);
	core_list_init(&mine->attaches);
	core_list_init(&mine->msi);
	core_list_add_tail(&mine->link, &ctx->groups);
	return mine;
}

/* Its last device has gone, and is attached to nothing: no handler knows of it. */
static void group_put(struct user_group *group)
{
	if (!core_list_empty(&group->members))
		return;
	core_list_del(&group->link);
	user_msi_forget_group(group);
	iommu_group_put(group->group);
	pthread_mutex_destroy(&group->members_lock);
	free(group);
}

uint32_t user_group_dev_id(struct user_group *group, const struct iommu_dev *dev)
{
	uint32_t id = 0;

	pthread_mutex_lock(&group->members_lock);
	CORE_LIST_FOR_EACH(pos, &group->members)
	{
		const struct user_device *obj =
			CORE_LIST_ENTRY(pos, struct user_device, link);

		if (obj->dev == dev)
			id = obj->obj.id;
	}
	pthread_mutex_unlock(&group->members_lock);
	return id;
}

static bool bound(const struct iommufd_ctx *ctx, const struct iommu_dev *dev)
{
	for (size_t id = 1; id < ctx->room; id++) {
		const struct user_object *obj = ctx->objects[id];

		if (obj && obj->type == USER_DEVICE &&
		    ((const struct user_device *)(const void *)obj)->dev == dev)
			return true;
	}
	return false;
}

/* CORE-138; ctx->lock held. */
static int bind(struct iommufd_ctx *ctx, struct iommu_dev *dev, uint32_t *id)
{
	struct iommu_group *group;
	struct user_device *obj;
	int err;

	if (bound(ctx, dev))
		return -EEXIST;
	if (!iommu_capable(dev, IOMMU_CAP_CACHE_COHERENCY))
		return -EINVAL;
	group = iommu_group_get(dev);
	if (!group)
		return -ENODEV;
	err = ctx->cfg.msi_not_isolated && !ctx->cfg.allow_unsafe_interrupts ? -EPERM : 0;
	if (!err)
		err = iommu_device_claim_dma_owner(dev, ctx);
	if (err) {
		iommu_group_put(group);
		return err;
	}
	obj = user_object_new(ctx, USER_DEVICE, sizeof(*obj));
	if (obj)
		obj->group = group_get(ctx, group);
	if (!obj || !obj->group) {
		iommu_device_release_dma_owner(dev);
		iommu_group_put(group);
		if (obj)
			user_object_free(&obj->obj);
		return -ENOMEM;
	}
	obj->dev = dev;
	pthread_mutex_lock(&obj->group->members_lock);
	core_list_add_tail(&obj->link, &obj->group->members);
	pthread_mutex_unlock(&obj->group->members_lock);
	obj->enforce_coherency = iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
	obj->obj.users = 1; /* its binder: DESTROY is not for it */
	obj->obj.visible = true;
	*id = obj->obj.id;
	return 0;
}

int iommufd_device_bind(struct iommufd_ctx *ctx, struct iommu_dev *dev, uint32_t *id)
{
	int err;

	if (!iommu_dev_has_iommu(dev))
		return -ENODEV;
	pthread_mutex_lock(&ctx->lock);
	err = bind(ctx, dev, id);
	pthread_mutex_unlock(&ctx->lock);
	return err;
}

void user_device_destroy(struct user_object *obj)
{
	struct user_device *dev = (struct user_device *)(void *)obj;

	if (dev->vdev)
		user_vdevice_bury(dev->vdev);
	iommu_device_release_dma_owner(dev->dev);
	pthread_mutex_lock(&dev->group->members_lock);
	core_list_del(&dev->link);
	pthread_mutex_unlock(&dev->group->members_lock);
	group_put(dev->group);
}

int iommufd_device_unbind(struct iommufd_ctx *ctx, uint32_t dev_id)
{
	struct user_device *dev;
	int err = 0;

	pthread_mutex_lock(&ctx->lock);
	dev = user_object_get(ctx, dev_id, USER_DEVICE);
	if (!dev)
		err = -ENOENT;
	else if (dev->obj.users > 1)
		err = -EBUSY;
	else
		user_object_destroy(&dev->obj);
	pthread_mutex_unlock(&ctx->lock);
	return err;
}

/* ---- CORE-183, CORE-184 ---- */

/* More than any driver has to say. */
#define MAX_INFO 256

static int answer_info(const struct iommu_user_mem *mem, struct iommu_hw_info *arg,
		       const void *info, size_t len)
{
	static const unsigned char zero[64];
	size_t n = arg->data_len < len ? arg->data_len : len;

	if (n && mem->write(mem->ctx, arg->data_uptr, info, n))
		return -EFAULT;
	while (n < arg->data_len) {
		size_t more = arg->data_len - n < sizeof(zero) ? arg->data_len - n
							       : sizeof(zero);

		if (mem->write(mem->ctx, arg->data_uptr + n, zero, more))
			return -EFAULT;
		n += more;
	}
	arg->data_len = (uint32_t)len;
	return 0;
}

static uint8_t pasid_log2(const struct iommu_dev *dev)
{
	uint32_t max = iommu_dev_max_pasids(dev);
	uint8_t log2 = 0;

	while (max >>= 1)
		log2++;
	return log2;
}

static uint64_t capabilities(struct iommu_dev *dev)
{
	uint64_t caps = 0;
	int known = 0;
	unsigned features;

	if (iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		caps |= IOMMU_HW_CAP_DIRTY_TRACKING;
	/* What the function can do under a PASID counts only if it has some here. */
	if (iommu_dev_desc(dev)->bus == IOMMU_BUS_PCI && iommu_dev_max_pasids(dev))
		known = iommu_pci_pasid_features(dev);
	features = known > 0 ? (unsigned)known : 0;
	if (features & IOMMU_PCI_PASID_EXEC)
		caps |= IOMMU_HW_CAP_PCI_PASID_EXEC;
	if (features & IOMMU_PCI_PASID_PRIV)
		caps |= IOMMU_HW_CAP_PCI_PASID_PRIV;
	return caps;
}

int user_cmd_get_hw_info(struct user_cmd *cmd)
{
	struct iommu_hw_info *arg = cmd->arg;
	unsigned char info[MAX_INFO];
	struct user_device *dev;
	uint32_t type = IOMMU_HW_INFO_TYPE_NONE;
	size_t len = 0;
	int err;

	if ((arg->flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE) || arg->__reserved[0] ||
	    arg->__reserved[1] || arg->__reserved[2])
		return -EOPNOTSUPP;
	if (arg->data_len && !arg->data_uptr)
		return -EINVAL;
	if (arg->flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE)
		type = arg->in_data_type;
	dev = user_object_get(cmd->ctx, arg->dev_id, USER_DEVICE);
	if (!dev)
		return -ENOENT;
	memset(info, 0, sizeof(info));
	err = iommu_user_hw_info(dev->dev, &type, info, sizeof(info), &len);
	if (!err)
		err = answer_info(&cmd->ctx->mem, arg, info,
				  len < sizeof(info) ? len : sizeof(info));
	if (err)
		return err;
	arg->out_data_type = type;
	arg->out_max_pasid_log2 = pasid_log2(dev->dev);
	arg->out_capabilities = capabilities(dev->dev);
	return 0;
}
