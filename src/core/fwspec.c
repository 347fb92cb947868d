/* SPDX-License-Identifier: MIT */
/*
 * The fwspec: built on its builder's stack, seen by nobody else until a probe
 * takes it over (CORE-35). All under the probe lock.
 */
#include <stdlib.h>
#include <string.h>
#include "core/core.h"

/* One id is kept in the fwspec itself: most devices have no more, and need no memory. */
static bool is_inline(const struct iommu_fwspec *fwspec)
{
	return fwspec->ids == &fwspec->single_id;
}

int iommu_fwspec_add_ids(struct iommu_fwspec *fwspec, const uint32_t *ids, size_t n)
{
	uint32_t *grown;

	if (!fwspec)
		return -EINVAL;
	if (!n)
		return 0;
	if (n > UINT32_MAX - fwspec->num_ids)
		return -ENOMEM;
	if (fwspec->num_ids + n == 1) {
		fwspec->single_id = ids[0];
		fwspec->ids = &fwspec->single_id;
		fwspec->num_ids = 1;
		return 0;
	}
	grown = realloc(is_inline(fwspec) ? NULL : fwspec->ids,
			(fwspec->num_ids + n) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	if (is_inline(fwspec))
		grown[0] = fwspec->single_id;
	memcpy(grown + fwspec->num_ids, ids, n * sizeof(*grown));
	fwspec->ids = grown;
	fwspec->num_ids += (uint32_t)n;
	return 0;
}

void core_fwspec_move(struct iommu_fwspec *to, struct iommu_fwspec *from)
{
	*to = *from;
	if (is_inline(from))
		to->ids = &to->single_id;
	memset(from, 0, sizeof(*from));
}

void core_fwspec_clear(struct iommu_fwspec *fwspec)
{
	iommu_fwnode_put(fwspec->fwnode);
	if (!is_inline(fwspec))
		free(fwspec->ids);
	memset(fwspec, 0, sizeof(*fwspec));
}

struct iommu_instance *core_instance_of(struct iommu_system *sys,
					const struct iommu_fwnode *fwnode)
{
	CORE_LIST_FOR_EACH(pos, &sys->instances)
	{
		struct iommu_instance *inst =
			CORE_LIST_ENTRY(pos, struct iommu_instance_core, link)->inst;

		if (fwnode && inst->fwnode == fwnode)
			return inst;
	}
	return NULL;
}

struct iommu_instance *iommu_instance_find(struct iommu_system *sys,
					   const struct iommu_fwnode *fwnode)
{
	return core_probe_held(sys) ? core_instance_of(sys, fwnode) : NULL;
}

/* CORE-13 */
static int deferral_errno(struct iommu_system *sys)
{
	switch (atomic_load(&sys->deferral)) {
	case IOMMU_DEFER_NONE:
		return -ENODEV;
	case IOMMU_DEFER_TIMED_OUT:
		return -ETIMEDOUT;
	default:
		return -IOMMU_EPROBE_DEFER;
	}
}

static int assign_iommu(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
			struct iommu_fwnode *fwnode, struct iommu_instance **out)
{
	struct iommu_instance *inst = core_instance_of(dev->sys, fwnode);

	if (!inst)
		return deferral_errno(dev->sys);
	/* CORE-14: its own bus walk, which brings dev->iommu along, finds the device. */
	if (!atomic_load(&inst->core->ready) && !dev->iommu)
		return -IOMMU_EPROBE_DEFER;
	if (fwspec->fwnode) {
		struct iommu_instance *first = core_instance_of(dev->sys, fwspec->fwnode);

		if (!first || first->ops != inst->ops)
			return -EINVAL; /* CORE-15 */
	} else {
		fwspec->fwnode = iommu_fwnode_get(fwnode); /* CORE-16 */
	}
	*out = inst;
	return 0;
}

int iommu_fwspec_xlate(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		       const struct iommu_fw_args *args)
{
	struct iommu_instance *inst;
	int err;

	if (!args->fwnode)
		return -ENODEV;
	err = assign_iommu(dev, fwspec, args->fwnode, &inst);
	if (err)
		return err;
	if (!inst->ops->of_xlate || !core_module_pin(inst->owner))
		return -ENODEV;
	err = inst->ops->of_xlate(dev, fwspec, args);
	core_module_unpin(inst->owner);
	return err;
}

/* FW-39, FW-47: ACPI gives the id itself; no driver translates anything. */
int core_fwspec_append(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		       struct iommu_fwnode *fwnode, uint32_t id)
{
	struct iommu_instance *inst;
	int err = assign_iommu(dev, fwspec, fwnode, &inst);

	return err ? err : iommu_fwspec_add_ids(fwspec, &id, 1);
}

/* Firmware's whole answer for one device, or an error and an empty fwspec. */
int core_fwspec_build(struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	int err;

	memset(fwspec, 0, sizeof(*fwspec));
	if (!dev->desc.fw || !dev->desc.fw->describe)
		return -ENODEV;
	err = dev->desc.fw->describe(dev->desc.fw_ctx, dev, fwspec);
	if (!err && !fwspec->fwnode)
		err = -ENODEV;
	if (err)
		core_fwspec_clear(fwspec);
	return err;
}
