/* SPDX-License-Identifier: MIT */
/* I/O address spaces: areas of the user's memory, mapped into every HWPT of theirs. */
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

/* Takes over the reference on area->pages, on an error too. */
static int insert(struct user_ioas *ioas, const struct user_area *area)
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

static void erase(struct user_ioas *ioas, size_t at)
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

/* ---- Commands ---- */

int user_cmd_ioas_alloc(struct user_cmd *cmd)
{
	struct iommu_ioas_alloc *arg = cmd->arg;
	struct user_ioas *ioas;

	if (arg->flags)
		return -EOPNOTSUPP;
	ioas = user_object_new(cmd->ctx, USER_IOAS, sizeof(*ioas));
	if (!ioas)
		return -ENOMEM;
	ioas->alignment = 1;
	core_list_init(&ioas->hwpts);
	core_list_init(&ioas->accesses);
	arg->out_ioas_id = ioas->obj.id;
	cmd->made = &ioas->obj;
	return 0;
}

void user_ioas_destroy(struct user_object *obj)
{
	struct user_ioas *ioas = (struct user_ioas *)(void *)obj;

	for (size_t i = 0; i < ioas->num_areas; i++)
		user_pages_put(ioas->areas[i].pages);
	free(ioas->areas);
	free(ioas->reserved);
	free(ioas->allowed);
}

#define MAP_FLAGS                                                                        \
	(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE)

static int check_map_flags(uint32_t flags, uint32_t reserved, uint64_t iova,
			   uint64_t length)
{
	if ((flags & ~MAP_FLAGS) || reserved)
		return -EOPNOTSUPP;
	if (iova >= UINT64_MAX || length >= UINT64_MAX)
		return -EOVERFLOW;
	if (!(flags & (IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE)))
		return -EINVAL;
	return 0;
}

/* CORE-141: every mapping is coherent. */
static uint32_t prot_of(uint32_t flags)
{
	return IOMMU_CACHE | (flags & IOMMU_IOAS_MAP_WRITEABLE ? IOMMU_WRITE : 0) |
	       (flags & IOMMU_IOAS_MAP_READABLE ? IOMMU_READ : 0);
}

/* Where `length` bytes that lie at uaddr may go: iova in, with FIXED, and out. */
static int place(const struct user_ioas *ioas, uint32_t flags, uint64_t uaddr,
		 uint64_t length, uint64_t *iova)
{
	int err = 0;

	if (!length || length % ioas->alignment)
		return -EINVAL;
	if (!(flags & IOMMU_IOAS_MAP_FIXED_IOVA)) {
		err = user_iova_alloc(ioas, uaddr, length, iova);
	} else {
		size_t at;

		if (*iova % ioas->alignment)
			return -EINVAL;
		if (*iova + (length - 1) < *iova)
			return -EOVERFLOW;
		if (user_iova_reserved(ioas, *iova, *iova + (length - 1)))
			return -EINVAL;
		at = user_ioas_position(ioas, *iova);
		if (at < ioas->num_areas && ioas->areas[at].iova <= *iova + (length - 1))
			return -EEXIST;
	}
	if (!err && uaddr % USER_PAGE % ioas->alignment)
		err = -EINVAL;
	return err;
}

int user_cmd_ioas_map(struct user_cmd *cmd)
{
	struct iommu_ioas_map *arg = cmd->arg;
	struct user_ioas *ioas;
	struct user_area area;
	uint64_t begin, end;
	int err;

	err = check_map_flags(arg->flags, arg->__reserved, arg->iova, arg->length);
	if (err)
		return err;
	ioas = user_object_get(cmd->ctx, arg->ioas_id, USER_IOAS);
	if (!ioas)
		return -ENOENT;
	err = place(ioas, arg->flags, arg->user_va, arg->length, &arg->iova);
	if (err)
		return err;
	begin = arg->user_va & ~(USER_PAGE - 1);
	end = arg->user_va + arg->length;
	if (end < arg->user_va || end > UINT64_MAX - USER_PAGE)
		return -EOVERFLOW;
	end = (end + USER_PAGE - 1) & ~(USER_PAGE - 1);
	area = (struct user_area){
		.iova = arg->iova,
		.last = arg->iova + (arg->length - 1),
		.offset = arg->user_va - begin,
		.prot = prot_of(arg->flags),
		.pages = user_pages_new(cmd->ctx, begin, end - begin,
					arg->flags & IOMMU_IOAS_MAP_WRITEABLE),
	};
	return area.pages ? insert(ioas, &area) : -ENOMEM;
}

/* CORE-142: the pieces of areas that make up the source. */
static int copy_areas(struct user_ioas *dst, const struct user_ioas *src,
		      const struct iommu_ioas_copy *arg)
{
	uint64_t done = 0;
	int err = 0;

	while (done < arg->length && !err) {
		uint64_t at = arg->src_iova + done;
		const struct user_area *from = user_ioas_find(src, at);
		uint64_t len = from->last - at + 1;
		struct user_area area = {
			.iova = arg->dst_iova + done,
			.offset = from->offset + (at - from->iova),
			.prot = prot_of(arg->flags),
			.pages = from->pages,
		};

		if (len > arg->length - done)
			len = arg->length - done;
		area.last = area.iova + (len - 1);
		area.pages->refs++;
		err = insert(dst, &area);
		if (!err)
			done += len;
	}
	while (err && done) {
		size_t at = user_ioas_position(dst, arg->dst_iova);

		done -= dst->areas[at].last - dst->areas[at].iova + 1;
		erase(dst, at);
	}
	return err;
}

/* The source is all there: may it be written, is it aligned for the target? */
static int check_source(const struct user_ioas *dst, const struct user_ioas *src,
			const struct iommu_ioas_copy *arg)
{
	uint64_t last = arg->src_iova + (arg->length - 1);

	for (uint64_t at = arg->src_iova;;) {
		const struct user_area *area = user_ioas_find(src, at);
		uint64_t offset = area->offset + (at - area->iova);
		uint64_t end = area->last < last ? area->last : last;

		if ((arg->flags & IOMMU_IOAS_MAP_WRITEABLE) && !area->pages->writable)
			return -EPERM;
		if ((offset | (end - at + 1)) % dst->alignment)
			return -EINVAL;
		if (area->last >= last)
			return 0;
		at = area->last + 1;
	}
}

int user_cmd_ioas_copy(struct user_cmd *cmd)
{
	struct iommu_ioas_copy *arg = cmd->arg;
	const struct user_area *first;
	struct user_ioas *dst, *src;
	int err;

	err = check_map_flags(arg->flags, 0, arg->dst_iova, arg->length);
	if (!err && arg->src_iova >= UINT64_MAX)
		err = -EOVERFLOW;
	if (err)
		return err;
	src = user_object_get(cmd->ctx, arg->src_ioas_id, USER_IOAS);
	if (!src)
		return -ENOENT;
	if (!arg->length)
		return -EINVAL;
	if (arg->src_iova + (arg->length - 1) < arg->src_iova)
		return -EOVERFLOW;
	if (!user_ioas_covers(src, arg->src_iova, arg->src_iova + (arg->length - 1)))
		return -ENOENT;
	dst = user_object_get(cmd->ctx, arg->dst_ioas_id, USER_IOAS);
	if (!dst)
		return -ENOENT;
	err = check_source(dst, src, arg);
	if (err)
		return err;
	first = user_ioas_find(src, arg->src_iova);
	err = place(dst, arg->flags,
		    first->pages->uaddr + first->offset + (arg->src_iova - first->iova),
		    arg->length, &arg->dst_iova);
	return err ? err : copy_areas(dst, src, arg);
}

/* CORE-143: areas in ascending order, until one does not lie within [iova, last]. */
static int unmap_range(struct user_ioas *ioas, uint64_t iova, uint64_t last,
		       uint64_t *bytes)
{
	size_t at;

	while (at = user_ioas_position(ioas, iova),
	       at < ioas->num_areas && ioas->areas[at].iova <= last) {
		uint64_t first = ioas->areas[at].iova, end = ioas->areas[at].last;

		if (first < iova || end > last)
			return -ENOENT;
		if (ioas->areas[at].accesses) {
			user_access_unmap(ioas, first, end - first + 1);
			/* The lock was open: what is there now? */
			at = user_ioas_position(ioas, first);
			if (at == ioas->num_areas || ioas->areas[at].iova != first ||
			    ioas->areas[at].last != end)
				continue;
			if (ioas->areas[at].accesses)
				return -EDEADLOCK;
		}
		*bytes += end - first + 1;
		erase(ioas, at);
	}
	return 0;
}

int user_cmd_ioas_unmap(struct user_cmd *cmd)
{
	struct iommu_ioas_unmap *arg = cmd->arg;
	bool all = !arg->iova && arg->length == UINT64_MAX;
	struct user_ioas *ioas = user_object_get(cmd->ctx, arg->ioas_id, USER_IOAS);
	uint64_t bytes = 0;
	int err;

	if (!ioas)
		return -ENOENT;
	if (!all) {
		if (arg->iova >= UINT64_MAX || arg->length >= UINT64_MAX)
			return -EOVERFLOW;
		if (!arg->length)
			return -EINVAL;
		if (arg->iova + (arg->length - 1) < arg->iova)
			return -EOVERFLOW;
	}
	err = unmap_range(ioas, arg->iova,
			  all ? UINT64_MAX : arg->iova + (arg->length - 1), &bytes);
	if (!err && !bytes && !all)
		err = -ENOENT;
	arg->length = bytes;
	return err;
}

/* ---- Options (CORE-146) ---- */

static int option_rlimit(struct user_cmd *cmd, struct iommu_option *arg)
{
	struct iommufd_ctx *ctx = cmd->ctx;

	if (arg->object_id)
		return -EOPNOTSUPP;
	if (arg->op == IOMMU_OPTION_OP_GET) {
		arg->val64 = ctx->rlimit_by_user;
		return 0;
	}
	if (arg->op != IOMMU_OPTION_OP_SET)
		return -EOPNOTSUPP;
	if (!ctx->cfg.privileged)
		return -EPERM;
	for (size_t id = 1; id < ctx->room; id++)
		if (ctx->objects[id])
			return -EBUSY;
	if (arg->val64 > 1)
		return -EINVAL;
	ctx->rlimit_by_user = arg->val64;
	return 0;
}

static int set_small_pages(struct user_ioas *ioas, bool small)
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

static int option_huge_pages(struct user_cmd *cmd, struct iommu_option *arg)
{
	struct user_ioas *ioas = user_object_get(cmd->ctx, arg->object_id, USER_IOAS);

	if (!ioas)
		return -ENOENT;
	if (arg->op == IOMMU_OPTION_OP_GET) {
		arg->val64 = !ioas->small_pages;
		return 0;
	}
	if (arg->op != IOMMU_OPTION_OP_SET)
		return -EOPNOTSUPP;
	if (arg->val64 > 1)
		return -EINVAL;
	return set_small_pages(ioas, !arg->val64);
}

int user_cmd_option(struct user_cmd *cmd)
{
	struct iommu_option *arg = cmd->arg;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	switch (arg->option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
		return option_rlimit(cmd, arg);
	case IOMMU_OPTION_HUGE_PAGES:
		return option_huge_pages(cmd, arg);
	default:
		return -EOPNOTSUPP;
	}
}
