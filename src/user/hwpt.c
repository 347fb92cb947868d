/* SPDX-License-Identifier: MIT */
/* Hardware page tables: paging and nested (CORE-149 to CORE-157). */
#include <stdlib.h>
#include "user/user.h"

#define KNOWN_FLAGS                                                                      \
	(IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING |                \
	 IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID)

_Static_assert(IOMMU_HWPT_ALLOC_NEST_PARENT == IOMMU_ALLOC_NEST_PARENT &&
		       IOMMU_HWPT_ALLOC_DIRTY_TRACKING == IOMMU_ALLOC_DIRTY_TRACKING &&
		       IOMMU_HWPT_FAULT_ID_VALID == IOMMU_ALLOC_FAULT_ID &&
		       IOMMU_HWPT_ALLOC_PASID == IOMMU_ALLOC_PASID,
	       "flags are passed on as they are");

struct user_hwpt *user_hwpt_get(struct iommufd_ctx *ctx, uint32_t id)
{
	struct user_object *obj = user_object_get(ctx, id, USER_ANY);

	if (!obj || (obj->type != USER_PAGING && obj->type != USER_NESTED))
		return NULL;
	return (struct user_hwpt *)(void *)obj;
}

struct user_hwpt *user_hwpt_paging(struct user_hwpt *hwpt)
{
	return hwpt->parent ? hwpt->parent : hwpt;
}

static struct user_hwpt *hwpt_new(struct iommufd_ctx *ctx, enum user_type type)
{
	struct user_hwpt *hwpt = user_object_new(ctx, type, sizeof(*hwpt));

	if (!hwpt)
		return NULL;
	core_list_init(&hwpt->link);
	core_list_init(&hwpt->msi);
	return hwpt;
}

/* The domain knows whose it is: for its doorbells. */
static void adopt(struct user_hwpt *hwpt)
{
	hwpt->domain->cookie = hwpt;
	hwpt->domain->sw_msi = user_msi_prepare;
}

/* CORE-151 */
int user_hwpt_make_paging(struct iommufd_ctx *ctx, struct user_ioas *ioas,
			  struct user_device *dev, uint32_t flags,
			  const struct iommu_user_data *data, struct user_hwpt **out)
{
	struct user_hwpt *hwpt;
	int err;

	if ((flags & IOMMU_HWPT_FAULT_ID_VALID) && (flags & IOMMU_HWPT_ALLOC_NEST_PARENT))
		return -EOPNOTSUPP;
	if ((flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) &&
	    !iommu_capable(dev->dev, IOMMU_CAP_DIRTY_TRACKING))
		return -EOPNOTSUPP;
	hwpt = hwpt_new(ctx, USER_PAGING);
	if (!hwpt)
		return -ENOMEM;
	err = iommu_user_paging_alloc(dev->dev, flags & ~IOMMU_HWPT_FAULT_ID_VALID, data,
				      &hwpt->domain);
	if (err) {
		user_object_free(&hwpt->obj);
		return err;
	}
	hwpt->ioas = ioas;
	ioas->obj.users++;
	hwpt->pasid_compat = flags & IOMMU_HWPT_ALLOC_PASID;
	hwpt->nest_parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
	/* Before anything is mapped; what a guest will do in a parent is not known. */
	if (dev->enforce_coherency && !hwpt->nest_parent)
		(void)iommu_enforce_cache_coherency(hwpt->domain);
	adopt(hwpt);
	*out = hwpt;
	return 0;
}

int user_hwpt_link(struct user_hwpt *hwpt)
{
	return user_ioas_add_hwpt(hwpt->ioas, hwpt);
}

/* CORE-152 */
static int make_nested(struct iommufd_ctx *ctx, struct user_hwpt *parent,
		       struct user_device *dev, uint32_t flags,
		       const struct iommu_user_data *data, struct user_hwpt **out)
{
	struct user_hwpt *hwpt;
	int err;

	if ((flags & ~(IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID)) || !data)
		return -EOPNOTSUPP;
	if (parent->auto_made || !parent->nest_parent)
		return -EINVAL;
	hwpt = hwpt_new(ctx, USER_NESTED);
	if (!hwpt)
		return -ENOMEM;
	err = iommu_user_nested_alloc(dev->dev, parent->domain,
				      flags & ~IOMMU_HWPT_FAULT_ID_VALID, data,
				      &hwpt->domain);
	if (!err && parent->domain->owner != hwpt->domain->owner) {
		iommu_domain_free(hwpt->domain);
		err = -EINVAL;
	}
	if (err) {
		user_object_free(&hwpt->obj);
		return err;
	}
	hwpt->parent = parent;
	parent->obj.users++;
	hwpt->pasid_compat = flags & IOMMU_HWPT_ALLOC_PASID;
	adopt(hwpt);
	*out = hwpt;
	return 0;
}

int user_hwpt_make_nested(struct user_viommu *viommu, struct user_device *dev,
			  uint32_t flags, const struct iommu_user_data *data,
			  struct user_hwpt **out)
{
	struct user_hwpt *hwpt;
	int err;

	if ((flags & ~(IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID)) || !data ||
	    !viommu->viommu->ops->alloc_domain_nested)
		return -EOPNOTSUPP;
	if (iommu_dev_instance(dev->dev) != viommu->viommu->inst)
		return -EINVAL;
	hwpt = hwpt_new(viommu->obj.ctx, USER_NESTED);
	if (!hwpt)
		return -ENOMEM;
	err = iommufd_viommu_nested_alloc(
		viommu->viommu, flags & ~IOMMU_HWPT_FAULT_ID_VALID, data, &hwpt->domain);
	if (err) {
		user_object_free(&hwpt->obj);
		return err;
	}
	hwpt->viommu = viommu;
	viommu->obj.users++;
	hwpt->parent = viommu->parent;
	hwpt->pasid_compat = flags & IOMMU_HWPT_ALLOC_PASID;
	adopt(hwpt);
	*out = hwpt;
	return 0;
}

void user_hwpt_destroy(struct user_object *obj)
{
	struct user_hwpt *hwpt = (struct user_hwpt *)(void *)obj;

	if (hwpt->ioas) {
		user_ioas_remove_hwpt(hwpt->ioas, hwpt);
		user_msi_forget_hwpt(hwpt);
		hwpt->ioas->obj.users--;
	} else if (hwpt->viommu) {
		hwpt->viommu->obj.users--;
	} else {
		hwpt->parent->obj.users--;
	}
	if (hwpt->fault)
		user_fault_object(hwpt->fault)->users--;
	iommu_domain_free(hwpt->domain);
}

/* CORE-157 */
static void set_fault(struct user_hwpt *hwpt, struct user_object *fault)
{
	if (!fault)
		return;
	hwpt->fault = (struct user_fault *)(void *)fault;
	fault->users++;
	hwpt->domain->iopf_handler = user_fault_handler;
}

/* By what pt_id is. */
static int make(struct user_cmd *cmd, struct user_device *dev, struct user_object *pt,
		const struct iommu_user_data *data, struct user_hwpt **hwpt)
{
	uint32_t flags = ((const struct iommu_hwpt_alloc *)cmd->arg)->flags;
	int err;

	switch (pt->type) {
	case USER_IOAS:
		err = user_hwpt_make_paging(cmd->ctx, (struct user_ioas *)(void *)pt, dev,
					    flags, data, hwpt);
		if (err)
			return err;
		err = user_hwpt_link(*hwpt);
		if (err)
			user_object_destroy(&(*hwpt)->obj);
		return err;
	case USER_PAGING:
		return make_nested(cmd->ctx, (struct user_hwpt *)(void *)pt, dev, flags,
				   data, hwpt);
	case USER_VIOMMU:
		return user_hwpt_make_nested((struct user_viommu *)(void *)pt, dev, flags,
					     data, hwpt);
	default:
		return -EINVAL;
	}
}

/* CORE-150 */
int user_cmd_hwpt_alloc(struct user_cmd *cmd)
{
	struct iommu_hwpt_alloc *arg = cmd->arg;
	struct iommu_user_data data = { &cmd->ctx->mem, arg->data_type, arg->data_len,
					arg->data_uptr };
	struct user_object *pt, *fault = NULL;
	struct user_hwpt *hwpt = NULL;
	struct user_device *dev;
	int err;

	if ((arg->flags & ~KNOWN_FLAGS) || arg->__reserved || arg->__reserved2)
		return -EOPNOTSUPP;
	if ((arg->data_type == IOMMU_HWPT_DATA_NONE) != !arg->data_len)
		return -EINVAL;
	dev = user_object_get(cmd->ctx, arg->dev_id, USER_DEVICE);
	if (!dev)
		return -ENOENT;
	pt = user_object_get(cmd->ctx, arg->pt_id, USER_ANY);
	if (!pt ||
	    (pt->type != USER_IOAS && pt->type != USER_PAGING && pt->type != USER_VIOMMU))
		return -EINVAL;
	if (arg->flags & IOMMU_HWPT_FAULT_ID_VALID) {
		fault = user_object_get(cmd->ctx, arg->fault_id, USER_FAULT);
		if (!fault)
			return -ENOENT;
	}
	err = make(cmd, dev, pt, arg->data_len ? &data : NULL, &hwpt);
	if (err)
		return err;
	set_fault(hwpt, fault);
	arg->out_hwpt_id = hwpt->obj.id;
	cmd->made = &hwpt->obj;
	return 0;
}

/* ---- Invalidation (CORE-178 to CORE-182) ---- */

/* The driver's work needs nothing of ours: others need not wait for it. */
static int invalidate(struct user_object *obj, struct iommu_user_array *array)
{
	struct user_hwpt *hwpt = (struct user_hwpt *)(void *)obj;
	struct user_viommu *viommu = (struct user_viommu *)(void *)obj;
	bool nested = obj->type == USER_NESTED;
	int err;

	if (nested ? !hwpt->domain->ops->cache_invalidate_user
		   : !viommu->viommu->ops->cache_invalidate) {
		array->entry_num = 0;
		return -EOPNOTSUPP;
	}
	user_object_begin(obj);
	if (nested)
		err = hwpt->domain->ops->cache_invalidate_user(hwpt->domain, array);
	else
		err = viommu->viommu->ops->cache_invalidate(viommu->viommu, array);
	user_object_end(obj);
	return err;
}

int user_cmd_hwpt_invalidate(struct user_cmd *cmd)
{
	struct iommu_hwpt_invalidate *arg = cmd->arg;
	struct iommu_user_array array = { .mem = &cmd->ctx->mem,
					  .type = arg->data_type,
					  .entry_len = arg->entry_len,
					  .entry_num = arg->entry_num,
					  .uaddr = arg->data_uptr };
	uint32_t asked = arg->entry_num;
	struct user_object *obj;
	int err;

	cmd->answer_anyway = true;
	arg->entry_num = 0;
	if (arg->__reserved)
		return -EOPNOTSUPP;
	if (asked && (!arg->data_uptr || !arg->entry_len))
		return -EINVAL;
	obj = user_object_get(cmd->ctx, arg->hwpt_id, USER_ANY);
	if (!obj)
		return -ENOENT;
	if (obj->type != USER_NESTED && obj->type != USER_VIOMMU)
		return -EINVAL;
	err = invalidate(obj, &array);
	/* Whatever a driver says: not more than was asked for. */
	arg->entry_num = array.entry_num < asked ? array.entry_num : asked;
	return err;
}
