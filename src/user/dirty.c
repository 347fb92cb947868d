/* SPDX-License-Identifier: MIT */
/* Which pages a device has written (CORE-129). */
#include <stdlib.h>
#include <string.h>
#include "user/user.h"

/* Bits that are read at a time. */
#define CHUNK_BITS UINT64_C(32768)

int user_cmd_hwpt_set_dirty_tracking(struct user_cmd *cmd)
{
	const struct iommu_hwpt_set_dirty_tracking *arg = cmd->arg;
	const struct user_hwpt *hwpt;

	if ((arg->flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE) || arg->__reserved)
		return -EOPNOTSUPP;
	hwpt = user_object_get(cmd->ctx, arg->hwpt_id, USER_PAGING);
	if (!hwpt)
		return -ENOENT;
	return iommu_set_dirty_tracking(hwpt->domain,
					arg->flags & IOMMU_HWPT_DIRTY_TRACKING_ENABLE);
}

static int check_range(const struct iommu_hwpt_get_dirty_bitmap *arg)
{
	uint64_t page = arg->page_size;

	if (!page || (page & (page - 1)) || !arg->length ||
	    ((arg->iova | arg->length) & (page - 1)))
		return -EINVAL;
	return arg->iova + (arg->length - 1) < arg->iova ? -EOVERFLOW : 0;
}

/* Bits are added to what the user has there. */
static int merge(const struct iommu_user_mem *mem, uint64_t uaddr, const uint64_t *words,
		 size_t bytes)
{
	unsigned char there[CHUNK_BITS / 8];
	const unsigned char *mine = (const unsigned char *)words;

	if (mem->read(mem->ctx, there, uaddr, bytes))
		return -EFAULT;
	for (size_t i = 0; i < bytes; i++)
		there[i] |= mine[i];
	return mem->write(mem->ctx, uaddr, there, bytes) ? -EFAULT : 0;
}

/*
 * In pieces, so that no more memory is needed than for one. Marks that were read and
 * could not be told are lost with the error, as they are when hardware is asked only
 * once.
 */
static int read_range(struct iommu_domain *domain, const struct iommu_user_mem *mem,
		      const struct iommu_hwpt_get_dirty_bitmap *arg)
{
	unsigned shift = (unsigned)__builtin_ctzll(arg->page_size);
	uint32_t flags = arg->flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR
				 ? IOMMU_DIRTY_NO_CLEAR
				 : 0;
	uint64_t words[CHUNK_BITS / 64], bits = arg->length >> shift;
	int err = 0;

	for (uint64_t done = 0; done < bits && !err; done += CHUNK_BITS) {
		uint64_t n = bits - done < CHUNK_BITS ? bits - done : CHUNK_BITS;
		struct iommu_dirty_bitmap bitmap = { arg->iova + (done << shift),
						     n << shift, shift, words };

		memset(words, 0, sizeof(words));
		err = iommu_read_and_clear_dirty(domain, &bitmap, flags);
		if (!err)
			err = merge(mem, arg->data + done / 8, words,
				    (size_t)((n + 7) / 8));
	}
	return err;
}

int user_cmd_hwpt_get_dirty_bitmap(struct user_cmd *cmd)
{
	const struct iommu_hwpt_get_dirty_bitmap *arg = cmd->arg;
	const struct user_hwpt *hwpt;
	int err;

	if ((arg->flags & ~IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR) || arg->__reserved)
		return -EOPNOTSUPP;
	hwpt = user_object_get(cmd->ctx, arg->hwpt_id, USER_PAGING);
	if (!hwpt)
		return -ENOENT;
	if (!hwpt->domain->ops->read_and_clear_dirty)
		return -EOPNOTSUPP;
	err = check_range(arg);
	return err ? err : read_range(hwpt->domain, &cmd->ctx->mem, arg);
}
