/* SPDX-License-Identifier: MIT */
/* Virtual IOMMUs and the devices in them (CORE-169 to CORE-173). */
#include <stdlib.h>
#include "user/user.h"

int user_viommu_make(struct user_hwpt *parent, struct user_device *dev, uint32_t type,
		     const struct iommu_user_data *data, struct user_viommu **out)
{
	struct user_viommu *viommu =
		user_object_new(parent->obj.ctx, USER_VIOMMU, sizeof(*viommu));
	int err;

	if (!viommu)
		return -ENOMEM;
	viommu->parent = parent;
	core_list_init(&viommu->queues);
	pthread_mutex_init(&viommu->lock, NULL);
	err = iommufd_viommu_create(dev->dev, type, parent->domain, data,
				    user_veventq_report, viommu, &viommu->viommu);
	if (err) {
		pthread_mutex_destroy(&viommu->lock);
		user_object_free(&viommu->obj);
		return err;
	}
	parent->obj.users++;
	*out = viommu;
	return 0;
}

int user_cmd_viommu_alloc(struct user_cmd *cmd)
{
	struct iommu_viommu_alloc *arg = cmd->arg;
	struct iommu_user_data data = { &cmd->ctx->mem, arg->type, arg->data_len,
					arg->data_uptr };
	struct user_viommu *viommu;
	struct user_device *dev;
	struct user_hwpt *hwpt;
	int err;

	if (arg->flags || arg->__reserved || arg->type == IOMMU_VIOMMU_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	dev = user_object_get(cmd->ctx, arg->dev_id, USER_DEVICE);
	hwpt = user_hwpt_get(cmd->ctx, arg->hwpt_id);
	if (!dev || !hwpt)
		return -ENOENT;
	if (!hwpt->nest_parent)
		return -EINVAL;
	err = user_viommu_make(hwpt, dev, arg->type, arg->data_len ? &data : NULL,
			       &viommu);
	if (err)
		return err;
	arg->out_viommu_id = viommu->obj.id;
	cmd->made = &viommu->obj;
	return 0;
}

void user_viommu_destroy(struct user_object *obj)
{
	struct user_viommu *viommu = (struct user_viommu *)(void *)obj;

	iommufd_viommu_destroy(viommu->viommu);
	pthread_mutex_destroy(&viommu->lock);
	viommu->parent->obj.users--;
}

/* ---- vDEVICE (CORE-170, CORE-171) ---- */

int user_cmd_vdevice_alloc(struct user_cmd *cmd)
{
	struct iommu_vdevice_alloc *arg = cmd->arg;
	struct user_viommu *viommu;
	struct user_vdevice *vdev;
	struct user_device *dev;
	int err;

	/* Ids are words of this machine: 64 bits, so that every one is fine. */
	viommu = user_object_get(cmd->ctx, arg->viommu_id, USER_VIOMMU);
	dev = user_object_get(cmd->ctx, arg->dev_id, USER_DEVICE);
	if (!viommu || !dev)
		return -ENOENT;
	if (iommu_dev_instance(dev->dev) != viommu->viommu->inst)
		return -EINVAL;
	if (dev->vdev)
		return -EEXIST;
	vdev = user_object_new(cmd->ctx, USER_VDEVICE, sizeof(*vdev));
	if (!vdev)
		return -ENOMEM;
	err = iommufd_viommu_add_vdev(viommu->viommu, dev->dev, arg->virt_id);
	if (err) {
		user_object_free(&vdev->obj);
		return err;
	}
	vdev->viommu = viommu;
	vdev->dev = dev;
	dev->vdev = vdev;
	viommu->obj.users++;
	arg->out_vdevice_id = vdev->obj.id;
	cmd->made = &vdev->obj;
	return 0;
}

void user_vdevice_destroy(struct user_object *obj)
{
	struct user_vdevice *vdev = (struct user_vdevice *)(void *)obj;

	iommufd_viommu_remove_vdev(vdev->viommu->viommu, vdev->dev->dev);
	vdev->dev->vdev = NULL;
	vdev->viommu->obj.users--;
}

/* ---- Hardware queues (CORE-173) ---- */

/*
 * A queue that a guest fills by itself has to be one that holds the guest's commands to
 * its own VMID and StreamIDs: the architecture's queues, enhanced ones included, execute
 * what they find. What vendors built for that is not of the SMMUv3, so there is none.
 */
int user_cmd_hw_queue_alloc(struct user_cmd *cmd)
{
	const struct iommu_hw_queue_alloc *arg = cmd->arg;

	if (arg->flags || arg->type == IOMMU_HW_QUEUE_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	if (!arg->length)
		return -EINVAL;
	if (arg->nesting_parent_iova + (arg->length - 1) < arg->nesting_parent_iova)
		return -EOVERFLOW;
	if (!user_object_get(cmd->ctx, arg->viommu_id, USER_VIOMMU))
		return -ENOENT;
	return -EOPNOTSUPP;
}
