/* SPDX-License-Identifier: MIT */
/* Which addresses of an IOAS may be mapped, and which are chosen (CORE-141 to CORE-148).
 */
#include <stdlib.h>
#include <string.h>
#include "user/user.h"

/* No chosen address is aligned more than this. */
#define MAX_ALIGNMENT (UINT64_C(2) << 20)

static bool overlap(uint64_t a_first, uint64_t a_last, uint64_t b_first, uint64_t b_last)
{
	return a_first <= b_last && b_first <= a_last;
}

bool user_iova_reserved(const struct user_ioas *ioas, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < ioas->num_reserved; i++)
		if (overlap(ioas->reserved[i].first, ioas->reserved[i].last, first, last))
			return true;
	return false;
}

static bool mapped(const struct user_ioas *ioas, uint64_t first, uint64_t last)
{
	size_t at = user_ioas_position(ioas, first);

	return at < ioas->num_areas && ioas->areas[at].iova <= last;
}

static bool allowed(const struct user_ioas *ioas, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < ioas->num_allowed; i++)
		if (overlap(ioas->allowed[i].start, ioas->allowed[i].last, first, last))
			return true;
	return false;
}

int user_iova_reserve(struct user_ioas *ioas, uint64_t first, uint64_t last,
		      const void *owner)
{
	if (mapped(ioas, first, last) || allowed(ioas, first, last))
		return -EADDRINUSE;
	if (ioas->num_reserved == ioas->room_reserved) {
		size_t room = ioas->room_reserved * 2 + 4;
		struct user_reserved *grown =
			realloc(ioas->reserved, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		ioas->reserved = grown;
		ioas->room_reserved = room;
	}
	ioas->reserved[ioas->num_reserved++] =
		(struct user_reserved){ first, last, owner };
	return 0;
}

void user_iova_unreserve(struct user_ioas *ioas, const void *owner)
{
	size_t n = 0;

	for (size_t i = 0; i < ioas->num_reserved; i++)
		if (ioas->reserved[i].owner != owner)
			ioas->reserved[n++] = ioas->reserved[i];
	ioas->num_reserved = n;
}

/* CORE-148: one software-managed window at most, and none beside the hardware's. */
static int check_msi(struct iommu_dev *dev, const struct iommu_resv_list *list,
		     uint64_t *sw_msi)
{
	unsigned hw = 0, sw = 0;

	for (size_t i = 0; i < list->count; i++) {
		hw += list->regions[i].type == IOMMU_RESV_MSI;
		if (list->regions[i].type == IOMMU_RESV_SW_MSI) {
			*sw_msi = list->regions[i].start;
			sw++;
		}
	}
	if (sw <= 1 && !(sw && hw))
		return 0;
	iommu_log(iommu_dev_system(dev), IOMMU_LOG_WARN,
		  "%s: %u windows for interrupts by software and %u by hardware",
		  iommu_dev_name(dev), sw, hw);
	return -EINVAL;
}

int user_iova_reserve_dev(struct user_ioas *ioas, struct iommu_dev *dev,
			  const void *owner, uint64_t *sw_msi)
{
	struct iommu_resv_list list = { 0 };
	uint64_t window = *sw_msi;
	int err = iommu_get_resv_regions(dev, &list);

	if (!err)
		err = check_msi(dev, &list, &window);
	for (size_t i = 0; i < list.count && !err; i++) {
		const struct iommu_resv_region *r = &list.regions[i];

		if (r->type != IOMMU_RESV_DIRECT_RELAXABLE)
			err = user_iova_reserve(ioas, r->start,
						r->start + (r->length - 1), owner);
	}
	iommu_resv_list_free(&list);
	if (err)
		user_iova_unreserve(ioas, owner);
	else
		*sw_msi = window;
	return err;
}

/* ---- Holes ---- */

static int by_first(const void *pa, const void *pb)
{
	const struct iommu_iova_range *a = pa, *b = pb;

	return (a->start > b->start) - (a->start < b->start);
}

/*
 * What `used` (sorted here) leaves of [first, last], in order, as many as there is room
 * for; how many there are.
 */
static size_t holes(struct iommu_iova_range *used, size_t n, uint64_t first,
		    uint64_t last, struct iommu_iova_range *out, size_t room)
{
	size_t found = 0;

	if (n)
		qsort(used, n, sizeof(*used), by_first);
	for (size_t i = 0; i < n; i++) {
		if (used[i].last < first)
			continue;
		if (used[i].start > last)
			break;
		if (used[i].start > first) {
			if (found < room)
				out[found] =
					(struct iommu_iova_range){ first,
								   used[i].start - 1 };
			found++;
		}
		if (used[i].last >= last)
			return found;
		first = used[i].last + 1;
	}
	if (found < room)
		out[found] = (struct iommu_iova_range){ first, last };
	return found + 1;
}

/* The reserved ranges, and with `areas` also what is mapped. NULL: no memory. */
static struct iommu_iova_range *used_ranges(const struct user_ioas *ioas, bool areas,
					    size_t *num)
{
	size_t n = 0, room = ioas->num_reserved + (areas ? ioas->num_areas : 0);
	struct iommu_iova_range *used = calloc(room + 1, sizeof(*used));

	for (size_t i = 0; used && i < ioas->num_reserved; i++)
		used[n++] = (struct iommu_iova_range){ ioas->reserved[i].first,
						       ioas->reserved[i].last };
	for (size_t i = 0; used && areas && i < ioas->num_areas; i++)
		used[n++] = (struct iommu_iova_range){ ioas->areas[i].iova,
						       ioas->areas[i].last };
	*num = n;
	return used;
}

int user_cmd_ioas_iova_ranges(struct user_cmd *cmd)
{
	struct iommu_ioas_iova_ranges *arg = cmd->arg;
	const struct iommu_user_mem *mem = &cmd->ctx->mem;
	const struct user_ioas *ioas;
	struct iommu_iova_range *used, *out;
	size_t n, found;
	int err = 0;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	ioas = user_object_get(cmd->ctx, arg->ioas_id, USER_IOAS);
	if (!ioas)
		return -ENOENT;
	used = used_ranges(ioas, false, &n);
	out = calloc(n + 1, sizeof(*out));
	if (!used || !out) {
		free(used);
		free(out);
		return -ENOMEM;
	}
	found = holes(used, n, 0, UINT64_MAX, out, n + 1);
	for (size_t i = 0; i < found && i < arg->num_iovas && !err; i++)
		if (mem->write(mem->ctx, arg->allowed_iovas + i * sizeof(*out), &out[i],
			       sizeof(*out)))
			err = -EFAULT;
	free(used);
	free(out);
	if (err)
		return err;
	if (found > arg->num_iovas)
		err = -EMSGSIZE;
	arg->num_iovas = (uint32_t)found;
	arg->out_iova_alignment = ioas->alignment;
	cmd->answer_anyway = true;
	return err;
}

/* ---- CORE-145 ---- */

/* Sorted. -EINVAL: one of them is empty, or two overlap. */
static int check_allowed(struct iommu_iova_range *list, size_t n)
{
	if (n)
		qsort(list, n, sizeof(*list), by_first);
	for (size_t i = 0; i < n; i++)
		if (list[i].start >= list[i].last ||
		    (i && list[i].start <= list[i - 1].last))
			return -EINVAL;
	return 0;
}

/* Grown as it is read: num_iovas is only what the user says. */
static int read_allowed(const struct iommu_user_mem *mem,
			const struct iommu_ioas_allow_iovas *arg,
			struct iommu_iova_range **out)
{
	struct iommu_iova_range *list = NULL, *grown;
	size_t room = 0;

	for (size_t i = 0; i < arg->num_iovas; i++) {
		if (i == room) {
			room = room * 2 + 8;
			grown = realloc(list, room * sizeof(*list));
			if (!grown) {
				free(list);
				return -ENOMEM;
			}
			list = grown;
		}
		if (mem->read(mem->ctx, &list[i], arg->allowed_iovas + i * sizeof(*list),
			      sizeof(*list))) {
			free(list);
			return -EFAULT;
		}
	}
	*out = list;
	return 0;
}

int user_cmd_ioas_allow_iovas(struct user_cmd *cmd)
{
	const struct iommu_ioas_allow_iovas *arg = cmd->arg;
	struct iommu_iova_range *list = NULL;
	struct user_ioas *ioas;
	int err;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	ioas = user_object_get(cmd->ctx, arg->ioas_id, USER_IOAS);
	if (!ioas)
		return -ENOENT;
	err = read_allowed(&cmd->ctx->mem, arg, &list);
	if (!err)
		err = check_allowed(list, arg->num_iovas);
	for (size_t i = 0; i < arg->num_iovas && !err; i++)
		if (user_iova_reserved(ioas, list[i].start, list[i].last))
			err = -EADDRINUSE;
	if (err) {
		free(list);
		return err;
	}
	free(ioas->allowed);
	ioas->allowed = list;
	ioas->num_allowed = arg->num_iovas;
	return 0;
}

/* ---- Choosing an address ---- */

/* The least that memory at uaddr should keep of its alignment: for large pages. */
static uint64_t wished_alignment(const struct user_ioas *ioas, uint64_t uaddr,
				 uint64_t length)
{
	uint64_t max = ioas->small_pages ? USER_PAGE : MAX_ALIGNMENT, align = 1;

	while (align < length && align < max)
		align *= 2;
	if (uaddr && align > (uaddr & (~uaddr + 1)))
		align = uaddr & (~uaddr + 1);
	return align;
}

/* The first address of the hole that fits, at the same offset within a page. */
static bool fits(const struct iommu_iova_range *hole, uint64_t align, uint64_t offset,
		 uint64_t length, uint64_t *iova)
{
	uint64_t step = align > USER_PAGE ? align : USER_PAGE;
	uint64_t at = hole->start + ((offset - hole->start) & (step - 1));

	if (at < hole->start || at > hole->last || hole->last - at < length - 1)
		return false;
	*iova = at;
	return true;
}

int user_iova_alloc(const struct user_ioas *ioas, uint64_t uaddr, uint64_t length,
		    uint64_t *iova)
{
	static const struct iommu_iova_range all = { USER_PAGE, UINT64_MAX - USER_PAGE };
	uint64_t align = wished_alignment(ioas, uaddr, length);
	size_t num = ioas->num_allowed ? ioas->num_allowed : 1, n, found;
	const struct iommu_iova_range *spans = ioas->num_allowed ? ioas->allowed : &all;
	struct iommu_iova_range *used, *free_list;
	int err = -ENOSPC;

	if (length >= UINT64_MAX / 2)
		return -EOVERFLOW;
	if (align < ioas->alignment)
		return -EINVAL;
	used = used_ranges(ioas, true, &n);
	free_list = calloc(n + 1, sizeof(*free_list));
	for (size_t i = 0; used && free_list && i < num && err; i++) {
		if (spans[i].last < USER_PAGE)
			continue;
		found = holes(used, n,
			      spans[i].start < USER_PAGE ? USER_PAGE : spans[i].start,
			      spans[i].last, free_list, n + 1);
		for (size_t j = 0; j < found && err; j++)
			if (fits(&free_list[j], align, uaddr % USER_PAGE, length, iova))
				err = 0;
	}
	if (!used || !free_list)
		err = -ENOMEM;
	free(used);
	free(free_list);
	return err;
}
