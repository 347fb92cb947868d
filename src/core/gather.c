/* SPDX-License-Identifier: MIT */
/* What an unmap leaves to be invalidated, and to be freed after that (CORE-123). */
#include "core/core.h"

void iommu_iotlb_gather_init(struct iommu_iotlb_gather *gather)
{
	*gather = (struct iommu_iotlb_gather){ .start = UINT64_MAX };
}

bool iommu_iotlb_gather_is_disjoint(const struct iommu_iotlb_gather *gather,
				    uint64_t iova, uint64_t size)
{
	uint64_t last = iova + (size - 1);

	if (iommu_iotlb_gather_empty(gather))
		return false;
	/* Touching is not disjoint; + 1 on the side where it cannot wrap. */
	return (last < gather->start && last + 1 < gather->start) ||
	       (iova > gather->end && iova > gather->end + 1);
}

void iommu_iotlb_gather_add_range(struct iommu_iotlb_gather *gather, uint64_t iova,
				  uint64_t size)
{
	uint64_t last = iova + (size - 1);

	if (gather->start > iova)
		gather->start = iova;
	if (gather->end < last)
		gather->end = last;
}

void iommu_iotlb_gather_add_page(struct iommu_domain *domain,
				 struct iommu_iotlb_gather *gather, uint64_t iova,
				 uint64_t size)
{
	if ((gather->pgsize && gather->pgsize != size) ||
	    iommu_iotlb_gather_is_disjoint(gather, iova, size))
		iommu_iotlb_sync(domain, gather);
	gather->pgsize = size;
	iommu_iotlb_gather_add_range(gather, iova, size);
}

void iommu_iotlb_gather_add_free(struct iommu_iotlb_gather *gather,
				 struct iommu_free_node *node)
{
	node->next = gather->freelist;
	gather->freelist = node;
}

void iommu_iotlb_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather)
{
	struct iommu_free_node *node, *next;
	bool queued = gather->queued;

	if (domain->ops->iotlb_sync)
		domain->ops->iotlb_sync(domain, gather);
	node = gather->freelist;
	iommu_iotlb_gather_init(gather);
	gather->queued = queued;
	for (; node; node = next) {
		next = node->next;
		node->free(node);
	}
}
