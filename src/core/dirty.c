/* SPDX-License-Identifier: MIT */
/* Which pages were written (CORE-127, CORE-128), and no-snoop (CORE-131). */
#include <smmulator/iommu_dma.h>
#include "core/core.h"

int iommu_set_dirty_tracking(struct iommu_domain *domain, bool on)
{
	if (!domain->ops->set_dirty_tracking)
		return -EOPNOTSUPP;
	return domain->ops->set_dirty_tracking(domain, on);
}

static bool bitmap_ok(const struct iommu_dirty_bitmap *b)
{
	uint64_t page = b->page_shift < 64 ? UINT64_C(1) << b->page_shift : 0;

	return page && b->words && b->size && ((b->iova | b->size) & (page - 1)) == 0 &&
	       b->iova + (b->size - 1) >= b->iova;
}

int iommu_read_and_clear_dirty(struct iommu_domain *domain,
			       struct iommu_dirty_bitmap *bitmap, uint32_t flags)
{
	struct iommu_iotlb_gather gather;
	int err;

	if (!domain->ops->read_and_clear_dirty)
		return -EOPNOTSUPP;
	if ((flags & ~IOMMU_DIRTY_NO_CLEAR) || !bitmap_ok(bitmap))
		return -EINVAL;
	iommu_iotlb_gather_init(&gather);
	err = domain->ops->read_and_clear_dirty(domain, bitmap, flags, &gather);
	/* A page that is dirty in a TLB would be written without a new mark. */
	if (!iommu_iotlb_gather_empty(&gather))
		iommu_iotlb_sync(domain, &gather);
	return err;
}

void iommu_dirty_record(struct iommu_dirty_bitmap *b, uint64_t iova, uint64_t size)
{
	uint64_t last = iova + (size - 1), end = b->iova + (b->size - 1);

	if (!size || last < b->iova || iova > end)
		return;
	if (iova < b->iova)
		iova = b->iova;
	if (last > end)
		last = end;
	for (uint64_t bit = (iova - b->iova) >> b->page_shift;
	     bit <= (last - b->iova) >> b->page_shift; bit++)
		b->words[bit / 64] |= UINT64_C(1) << bit % 64;
}

bool iommu_enforce_cache_coherency(struct iommu_domain *domain)
{
	if (domain->enforces_coherency)
		return true;
	if (!domain->ops->enforce_cache_coherency ||
	    !domain->ops->enforce_cache_coherency(domain))
		return false;
	domain->enforces_coherency = true;
	return true;
}
