/* SPDX-License-Identifier: MIT */
/* Reserved regions: a device's, and a group's in order (CORE-112, CORE-113). */
#include <stdlib.h>
#include <string.h>
#include "core/core.h"

static int resv_fail(struct iommu_resv_list *list, int err)
{
	if (!list->error)
		list->error = err;
	return err;
}

int iommu_resv_add(struct iommu_resv_list *list, uint64_t start, uint64_t length,
		   uint32_t prot, enum iommu_resv_type type)
{
	struct iommu_resv_region *grown;
	size_t room = list->room * 2 + 4;

	if (!length || start + (length - 1) < start)
		return resv_fail(list, -EINVAL);
	if (list->count == list->room) {
		grown = realloc(list->regions, room * sizeof(*grown));
		if (!grown)
			return resv_fail(list, -ENOMEM);
		list->regions = grown;
		list->room = room;
	}
	list->regions[list->count++] = (struct iommu_resv_region){
		.start = start, .length = length, .prot = prot, .type = type
	};
	return 0;
}

void iommu_resv_list_free(struct iommu_resv_list *list)
{
	free(list->regions);
	memset(list, 0, sizeof(*list));
}

void iommu_fw_resv_regions(struct iommu_dev *dev, struct iommu_resv_list *list)
{
	if (dev->desc.fw && dev->desc.fw->resv_regions)
		dev->desc.fw->resv_regions(dev->desc.fw_ctx, dev, list);
}

/* The driver adds to a list of its own, so that an error leaves the caller's alone. */
int iommu_get_resv_regions(struct iommu_dev *dev, struct iommu_resv_list *list)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);
	struct iommu_resv_list mine = { 0 };

	if (!ops)
		return -ENODEV;
	if (ops->get_resv_regions)
		ops->get_resv_regions(dev, &mine);
	for (size_t i = 0; i < mine.count && !mine.error; i++) {
		const struct iommu_resv_region *r = &mine.regions[i];

		mine.error = iommu_resv_add(list, r->start, r->length, r->prot, r->type);
	}
	free(mine.regions);
	return mine.error;
}

static int by_start_and_type(const void *pa, const void *pb)
{
	const struct iommu_resv_region *a = pa, *b = pb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->type < b->type ? -1 : a->type > b->type;
}

/* The last region of this type already in the result, or NULL. */
static struct iommu_resv_region *last_of_type(struct iommu_resv_region *r, size_t n,
					      enum iommu_resv_type type)
{
	while (n--) {
		if (r[n].type == type)
			return &r[n];
	}
	return NULL;
}

/* Sorted in; regions of one type that overlap or touch become one. */
static void merge(struct iommu_resv_list *list)
{
	size_t out = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct iommu_resv_region r = list->regions[i];
		struct iommu_resv_region *top;
		uint64_t end = r.start + (r.length - 1), top_end;

		top = last_of_type(list->regions, out, r.type);
		top_end = top ? top->start + (top->length - 1) : 0;
		if (!top || (r.start > top_end && r.start - top_end > 1)) {
			list->regions[out++] = r;
			continue;
		}
		if (end > top_end)
			top->length = end - top->start + 1;
	}
	list->count = out;
}

int iommu_get_group_resv_regions(struct iommu_group *group, struct iommu_resv_list *list)
{
	struct iommu_resv_list all = { 0 };
	int err = 0;

	pthread_mutex_lock(&group->mutex);
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		err = iommu_get_resv_regions(CORE_GROUP_DEV(pos), &all);
		if (err)
			break;
	}
	pthread_mutex_unlock(&group->mutex);
	if (err) {
		iommu_resv_list_free(&all);
		return err;
	}
	if (all.count)
		qsort(all.regions, all.count, sizeof(*all.regions), by_start_and_type);
	merge(&all);
	iommu_resv_list_free(list);
	*list = all;
	return 0;
}
