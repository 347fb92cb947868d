/* SPDX-License-Identifier: MIT */
/* I/O address spaces: made, mapped, copied, unmapped (CORE-140 to CORE-143). */
#include <stdlib.h>
#include "user/user.h"

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

/* Where it is the user does not know until the answer is written. */
static void mapped(struct user_cmd *cmd, struct user_ioas *ioas, uint64_t iova,
		   uint64_t last)
{
	cmd->mapped = ioas;
	cmd->first = iova;
	cmd->last = last;
}

void user_ioas_take_back(struct user_ioas *ioas, uint64_t first, uint64_t last)
{
	size_t at;

	while (at = user_ioas_position(ioas, first),
	       at < ioas->num_areas && ioas->areas[at].iova <= last)
		user_area_erase(ioas, at);
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
	err = area.pages ? user_area_insert(ioas, &area) : -ENOMEM;
	if (!err)
		mapped(cmd, ioas, area.iova, area.last);
	return err;
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
		err = user_area_insert(dst, &area);
		if (!err)
			done += len;
	}
	while (err && done) {
		size_t at = user_ioas_position(dst, arg->dst_iova);

		done -= dst->areas[at].last - dst->areas[at].iova + 1;
		user_area_erase(dst, at);
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
	if (!err)
		err = copy_areas(dst, src, arg);
	if (!err)
		mapped(cmd, dst, arg->dst_iova, arg->dst_iova + (arg->length - 1));
	return err;
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
		user_area_erase(ioas, at);
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
