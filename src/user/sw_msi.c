/* SPDX-License-Identifier: MIT */
/*
 * Interrupt doorbells in the window that devices reserve for them (CORE-117). Which page
 * of the window is which doorbell is the context's: given once, in order of first use, so
 * that a device finds it at the same address in every HWPT.
 */
#include <stdlib.h>
#include "user/user.h"

#define WINDOW_PAGES 64u

struct doorbell {
	struct core_list link; /* ctx->sw_msi */
	uint64_t window, pa;
	unsigned page; /* of the window */
};

/* That a group uses it, or that an HWPT has it. */
struct user_msi_map {
	struct core_list link;
	const struct doorbell *doorbell;
};

/* ctx->sw_msi_lock held from here on. */
static int find_doorbell(struct iommufd_ctx *ctx, uint64_t window, uint64_t pa,
			 const struct doorbell **out)
{
	struct doorbell *doorbell;
	unsigned page = 0;

	CORE_LIST_FOR_EACH(pos, &ctx->sw_msi)
	{
		doorbell = CORE_LIST_ENTRY(pos, struct doorbell, link);
		if (doorbell->window != window)
			continue;
		*out = doorbell;
		if (doorbell->pa == pa)
			return 0;
		page++;
	}
	if (page == WINDOW_PAGES)
		return -EOVERFLOW;
	doorbell = calloc(1, sizeof(*doorbell));
	if (!doorbell)
		return -ENOMEM;
	doorbell->window = window;
	doorbell->pa = pa;
	doorbell->page = page;
	core_list_add_tail(&doorbell->link, &ctx->sw_msi);
	*out = doorbell;
	return 0;
}

static bool has(const struct core_list *maps, const struct doorbell *doorbell)
{
	CORE_LIST_FOR_EACH(pos, maps)
	{
		if (CORE_LIST_ENTRY(pos, struct user_msi_map, link)->doorbell == doorbell)
			return true;
	}
	return false;
}

static int add(struct core_list *maps, const struct doorbell *doorbell)
{
	struct user_msi_map *map;

	if (has(maps, doorbell))
		return 0;
	map = calloc(1, sizeof(*map));
	if (!map)
		return -ENOMEM;
	map->doorbell = doorbell;
	core_list_add_tail(&map->link, maps);
	return 0;
}

static void clear(struct core_list *maps)
{
	CORE_LIST_FOR_EACH_SAFE(pos, maps)
	{
		core_list_del(pos);
		free(CORE_LIST_ENTRY(pos, struct user_msi_map, link));
	}
}

static uint64_t iova_of(const struct doorbell *doorbell)
{
	return doorbell->window + doorbell->page * USER_PAGE;
}

static int map_in(struct user_hwpt *paging, const struct doorbell *doorbell)
{
	struct user_msi_map *map;
	int err;

	if (has(&paging->msi, doorbell))
		return 0;
	map = calloc(1, sizeof(*map));
	if (!map)
		return -ENOMEM;
	err = iommu_map(paging->domain, iova_of(doorbell), doorbell->pa, USER_PAGE,
			IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_MMIO);
	if (err) {
		free(map);
		return err;
	}
	map->doorbell = doorbell;
	core_list_add_tail(&map->link, &paging->msi);
	return 0;
}

void user_msi_set_window(struct user_group *group, uint64_t start)
{
	struct iommufd_ctx *ctx =
		CORE_LIST_ENTRY(group->members.next, struct user_device, link)->obj.ctx;

	pthread_mutex_lock(&ctx->sw_msi_lock);
	group->has_sw_msi = true;
	group->sw_msi = start;
	pthread_mutex_unlock(&ctx->sw_msi_lock);
}

int user_msi_attach(struct user_group *group, struct user_hwpt *hwpt)
{
	struct user_hwpt *paging = user_hwpt_paging(hwpt);
	struct iommufd_ctx *ctx = hwpt->obj.ctx;
	int err = 0;

	pthread_mutex_lock(&ctx->sw_msi_lock);
	CORE_LIST_FOR_EACH(pos, &group->msi)
	{
		if (!err)
			err = map_in(paging,
				     CORE_LIST_ENTRY(pos, struct user_msi_map, link)
					     ->doorbell);
	}
	pthread_mutex_unlock(&ctx->sw_msi_lock);
	return err;
}

/* The group's mutex is held: what is attached stays. */
int user_msi_prepare(struct iommu_domain *domain, struct iommu_dev *dev, uint64_t pa,
		     uint64_t *iova)
{
	struct user_hwpt *hwpt = domain->cookie;
	struct iommufd_ctx *ctx = hwpt->obj.ctx;
	uint64_t offset = pa % USER_PAGE;
	struct iommu_attach_handle *handle;
	const struct doorbell *doorbell;
	struct iommu_group *members = iommu_group_get(dev);
	struct user_group *group;
	int err = iommu_attach_handle_get(members, IOMMU_NO_PASID, 0, &handle);

	iommu_group_put(members);
	if (err)
		return err;
	group = IOMMU_CONTAINER_OF(handle, struct user_attach, handle)->group;
	pthread_mutex_lock(&ctx->sw_msi_lock);
	if (group->has_sw_msi) {
		err = find_doorbell(ctx, group->sw_msi, pa - offset, &doorbell);
		if (!err)
			err = add(&group->msi, doorbell);
		if (!err)
			err = map_in(user_hwpt_paging(hwpt), doorbell);
		if (!err)
			*iova = iova_of(doorbell) + offset;
	}
	pthread_mutex_unlock(&ctx->sw_msi_lock);
	return err;
}

void user_msi_forget_hwpt(struct user_hwpt *hwpt)
{
	clear(&hwpt->msi);
}

void user_msi_forget_group(struct user_group *group)
{
	clear(&group->msi);
}

void user_msi_free(struct iommufd_ctx *ctx)
{
	CORE_LIST_FOR_EACH_SAFE(pos, &ctx->sw_msi)
	free(CORE_LIST_ENTRY(pos, struct doorbell, link));
}
