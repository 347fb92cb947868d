/* SPDX-License-Identifier: MIT */
/* What an address space holds: areas of the user's memory, in each of its HWPTs
 * (CORE-141, CORE-147). */
#include <stdlib.h>
#include <string.h>
#include "user/user.h"

/* ---- Areas ---- */

size_t user_ioas_position(const struct user_ioas *ioas, uint64_t iova)
{
	size_t low = 0, high = ioas->num_areas;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ioas->areas[mid].last < iova)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct user_area *user_ioas_find(const struct user_ioas *ioas, uint64_t iova)
{
	size_t at = user_ioas_position(ioas, iova);

	if (at == ioas->num_areas || ioas->areas[at].iova > iova)
		return NULL;
	return &ioas->areas[at];
}

bool user_ioas_covers(const struct user_ioas *ioas, uint64_t iova, uint64_t last)
{
	for (;;) {
		const struct user_area *area = user_ioas_find(ioas, iova);

		if (!area)
			return false;
		if (area->last >= last)
			return true;
		iova = area->last + 1;
	}
}

static struct user_hwpt *hwpt_at(struct core_list *pos)
{
	return CORE_LIST_ENTRY(pos, struct user_hwpt, link);
}

static void unmap_from(struct user_hwpt *hwpt, const struct user_area *area)
{
	iommu_unmap(hwpt->domain, area->iova, area->last - area->iova + 1);
}

/* Small pages only: nothing but single pages may be seen (CORE-146). */
static int map_piece(struct user_hwpt *hwpt, uint64_t iova, uint64_t pa, uint64_t len,
		     uint32_t prot, bool small)
{
	int err = 0;

	if (!small)
		return iommu_map(hwpt->domain, iova, pa, len, prot);
	for (uint64_t done = 0; done < len && !err; done += USER_PAGE)
		err = iommu_map(hwpt->domain, iova + done, pa + done, USER_PAGE, prot);
	return err;
}

/* Its pages are pinned. On an error nothing of the area stays mapped. */
static int map_into(struct user_hwpt *hwpt, const struct user_area *area)
{
	uint64_t size = area->last - area->iova + 1, done = 0;
	int err = 0;

	while (done < size && !err) {
		uint64_t len, pa = user_pages_pa(area->pages, area->offset + done, &len);

		if (len > size - done)
			len = size - done;
		err = map_piece(hwpt, area->iova + done, pa, len, area->prot,
				hwpt->ioas->small_pages);
		if (!err)
			done += len;
		else if (hwpt->ioas->small_pages)
			iommu_unmap(hwpt->domain, area->iova + done, len);
	}
	if (err && done)
		iommu_unmap(hwpt->domain, area->iova, done);
	return err;
}

/* Into one more domain: its pages are needed once more. */
static int fill_area(struct user_hwpt *hwpt, const struct user_area *area)
{
	int err = user_pages_pin(area->pages);

	if (err)
		return err;
	err = map_into(hwpt, area);
	if (err)
		user_pages_unpin(area->pages);
	return err;
}

static void drain_area(struct user_hwpt *hwpt, const struct user_area *area)
{
	unmap_from(hwpt, area);
	user_pages_unpin(area->pages);
}

/* Into all domains, or none. */
static int fill_everywhere(struct user_ioas *ioas, const struct user_area *area)
{
	CORE_LIST_FOR_EACH(pos, &ioas->hwpts)
	{
		int err = fill_area(hwpt_at(pos), area);

		if (!err)
			continue;
		for (pos = pos->prev; pos != &ioas->hwpts; pos = pos->prev)
			drain_area(hwpt_at(pos), area);
		return err;
	}
	return 0;
}

int user_area_insert(struct user_ioas *ioas, const struct user_area *area)
{
	size_t at = user_ioas_position(ioas, area->iova);
	int err = 0;

	if (ioas->num_areas == ioas->room_areas) {
		size_t room = ioas->room_areas * 2 + 8;
		struct user_area *grown = realloc(ioas->areas, room * sizeof(*grown));

		if (grown) {
			ioas->areas = grown;
			ioas->room_areas = room;
		} else {
			err = -ENOMEM;
		}
	}
	if (!err)
		err = fill_everywhere(ioas, area);
	if (err) {
		user_pages_put(area->pages);
		return err;
	}
	memmove(&ioas->areas[at + 1], &ioas->areas[at],
		(ioas->num_areas - at) * sizeof(*area));
	ioas->areas[at] = *area;
	ioas->num_areas++;
	return 0;
}

void user_area_erase(struct user_ioas *ioas, size_t at)
{
	struct user_area area = ioas->areas[at];

	CORE_LIST_FOR_EACH(pos, &ioas->hwpts)
	drain_area(hwpt_at(pos), &area);
	ioas->num_areas--;
	memmove(&ioas->areas[at], &ioas->areas[at + 1],
		(ioas->num_areas - at) * sizeof(area));
	user_pages_put(area.pages);
}

/* ---- Domains (CORE-147) ---- */

static uint64_t smallest_page(const struct user_hwpt *hwpt)
{
	uint64_t sizes = hwpt->domain->pgsize_bitmap;

	return sizes & (~sizes + 1);
}

static uint64_t alignment_with(const struct user_ioas *ioas, bool small_pages,
			       const struct user_hwpt *one_more)
{
	uint64_t align = small_pages ? USER_PAGE : 1;

	CORE_LIST_FOR_EACH(pos, &ioas->hwpts)
	{
		if (smallest_page(hwpt_at(pos)) > align)
			align = smallest_page(hwpt_at(pos));
	}
	if (one_more && smallest_page(one_more) > align)
		align = smallest_page(one_more);
	return align;
}

static int check_alignment(const struct user_ioas *ioas, uint64_t align)
{
	for (size_t i = 0; i < ioas->num_areas; i++) {
		const struct user_area *area = &ioas->areas[i];

		if ((area->iova | (area->last + 1) | area->offset) & (align - 1))
			return -EADDRINUSE;
	}
	return 0;
}

static int reserve_outside(struct user_ioas *ioas, const struct user_hwpt *hwpt)
{
	const struct iommu_domain *domain = hwpt->domain;
	int err = 0;

	if (!domain->force_aperture)
		return 0;
	if (domain->aperture_start)
		err = user_iova_reserve(ioas, 0, domain->aperture_start - 1, hwpt);
	if (!err && domain->aperture_last != UINT64_MAX)
		err = user_iova_reserve(ioas, domain->aperture_last + 1, UINT64_MAX,
					hwpt);
	if (err)
		user_iova_unreserve(ioas, hwpt);
	return err;
}

static int fill(struct user_ioas *ioas, struct user_hwpt *hwpt)
{
	for (size_t i = 0; i < ioas->num_areas; i++) {
		int err = fill_area(hwpt, &ioas->areas[i]);

		if (!err)
			continue;
		while (i--)
			drain_area(hwpt, &ioas->areas[i]);
		return err;
	}
	return 0;
}

int user_ioas_add_hwpt(struct user_ioas *ioas, struct user_hwpt *hwpt)
{
	uint64_t align = alignment_with(ioas, ioas->small_pages, hwpt);
	int err;

	if (hwpt->linked)
		return -EEXIST;
	if (align > USER_PAGE)
		return -EINVAL;
	err = check_alignment(ioas, align);
	if (!err)
		err = reserve_outside(ioas, hwpt);
	if (err)
		return err;
	err = fill(ioas, hwpt);
	if (err) {
		user_iova_unreserve(ioas, hwpt);
		return err;
	}
	core_list_add_tail(&hwpt->link, &ioas->hwpts);
	hwpt->linked = true;
	ioas->alignment = align;
	return 0;
}

void user_ioas_remove_hwpt(struct user_ioas *ioas, struct user_hwpt *hwpt)
{
	if (!hwpt->linked)
		return;
	core_list_del(&hwpt->link);
	hwpt->linked = false;
	for (size_t i = 0; i < ioas->num_areas; i++)
		drain_area(hwpt, &ioas->areas[i]);
	user_iova_unreserve(ioas, hwpt);
	ioas->alignment = alignment_with(ioas, ioas->small_pages, NULL);
}

int user_ioas_set_small_pages(struct user_ioas *ioas, bool small)
{
	uint64_t align;
	int err;

	if (small == ioas->small_pages)
		return 0;
	/* What is mapped in large pages already would stay so. */
	if (small && ioas->num_areas && !core_list_empty(&ioas->hwpts))
		return -EINVAL;
	align = alignment_with(ioas, small, NULL);
	err = check_alignment(ioas, align);
	if (err)
		return err;
	ioas->small_pages = small;
	ioas->alignment = align;
	return 0;
}
