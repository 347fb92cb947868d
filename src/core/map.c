/* SPDX-License-Identifier: MIT */
/* map, unmap and look-up: which page sizes, and what is undone (CORE-118 to 126). */
#include <errno.h>
#include "core/core.h"

/* Bits below the lowest one set in x, all ones for 0. */
static uint64_t below(uint64_t x)
{
	return x ? (x & (~x + 1)) - 1 : UINT64_MAX;
}

/* The highest one; x is not 0. */
static uint64_t highest(uint64_t x)
{
	return UINT64_C(1) << (63 - __builtin_clzll(x));
}

uint64_t iommu_pgsize(uint64_t pgsize_bitmap, uint64_t iova, uint64_t pa, uint64_t size,
		      size_t *count)
{
	uint64_t fit, pgsize, larger, step;

	/* Mostly it is one of the smallest. */
	if (size == (pgsize_bitmap & (~pgsize_bitmap + 1))) {
		*count = 1;
		return (iova | pa) & (size - 1) ? 0 : size;
	}
	/* Not larger than what is left, nor than the alignment of both addresses. */
	if (!size)
		return 0;
	fit = pgsize_bitmap & ((highest(size) << 1) - 1);
	if (iova | pa)
		fit &= below(iova | pa) * 2 + 1;
	if (!fit)
		return 0;
	pgsize = highest(fit);
	*count = (size_t)(size / pgsize);

	/* The next larger size, if both addresses ever reach its boundary together. */
	larger = pgsize_bitmap & ~(pgsize * 2 - 1);
	larger &= ~larger + 1;
	if (!larger || ((iova ^ pa) & (larger - 1)))
		return pgsize;
	step = larger - (iova & (larger - 1));
	if (size >= step && size - step >= larger)
		*count = (size_t)(step / pgsize);
	return pgsize;
}

static int check_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
		     uint64_t size)
{
	if (!iommu_domain_is_paging(domain))
		return -EINVAL;
	if (!domain->ops->map_pages || !domain->pgsize_bitmap)
		return -ENODEV;
	if ((iova | pa | size) & below(domain->pgsize_bitmap))
		return -EINVAL;
	if (size && (iova + (size - 1) < iova || pa + (size - 1) < pa))
		return -EINVAL;
	return 0;
}

/* Maps, without the sync; *done tells the progress, on an error too. */
static int map_nosync(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
		      uint64_t size, uint32_t prot, uint64_t *done)
{
	*done = 0;
	while (*done < size) {
		uint64_t mapped = 0, pgsize;
		size_t count = 0;
		int err;

		pgsize = iommu_pgsize(domain->pgsize_bitmap, iova + *done, pa + *done,
				      size - *done, &count);
		err = domain->ops->map_pages(domain, iova + *done, pa + *done, pgsize,
					     count, prot, &mapped);
		*done += mapped;
		if (err)
			return err;
		if (!mapped)
			return -EIO; /* a driver that neither maps nor says why */
	}
	return 0;
}

static int sync_map(struct iommu_domain *domain, uint64_t iova, uint64_t size)
{
	if (!domain->ops->iotlb_sync_map || !size)
		return 0;
	return domain->ops->iotlb_sync_map(domain, iova, size);
}

int iommu_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa, uint64_t size,
	      uint32_t prot)
{
	uint64_t done;
	int err;

	err = check_map(domain, iova, pa, size);
	if (err)
		return err;
	err = map_nosync(domain, iova, pa, size, prot, &done);
	if (!err)
		err = sync_map(domain, iova, size);
	if (err && done)
		iommu_unmap(domain, iova, done);
	return err;
}

int iommu_map_sg(struct iommu_domain *domain, uint64_t iova, const struct iommu_sg *sg,
		 size_t n, uint32_t prot, uint64_t *mapped)
{
	uint64_t total = 0;
	int err = 0;

	for (size_t i = 0; i < n && !err;) {
		uint64_t pa = sg[i].pa, len = sg[i].len, done = 0;

		/* Neighbours in memory go together: larger pages (CORE-121). */
		for (i++; i < n && pa + len == sg[i].pa && len + sg[i].len >= len; i++)
			len += sg[i].len;
		err = check_map(domain, iova + total, pa, len);
		if (!err && iova + total < iova)
			err = -EINVAL;
		if (!err)
			err = map_nosync(domain, iova + total, pa, len, prot, &done);
		total += done;
	}
	if (!err)
		err = sync_map(domain, iova, total);
	if (!err)
		*mapped = total;
	else if (total)
		iommu_unmap(domain, iova, total);
	return err;
}

uint64_t iommu_unmap_fast(struct iommu_domain *domain, uint64_t iova, uint64_t size,
			  struct iommu_iotlb_gather *gather)
{
	uint64_t done = 0;

	if (!iommu_domain_is_paging(domain) || !domain->ops->unmap_pages ||
	    !domain->pgsize_bitmap || ((iova | size) & below(domain->pgsize_bitmap)) ||
	    (size && iova + (size - 1) < iova))
		return 0;
	while (done < size) {
		size_t count = 0;
		uint64_t pgsize, one;

		pgsize = iommu_pgsize(domain->pgsize_bitmap, iova + done, iova + done,
				      size - done, &count);
		one = domain->ops->unmap_pages(domain, iova + done, pgsize, count,
					       gather);
		if (!one)
			break; /* a hole, or a page larger than what is left */
		done += one;
	}
	return done;
}

uint64_t iommu_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t size)
{
	struct iommu_iotlb_gather gather;
	uint64_t done;

	iommu_iotlb_gather_init(&gather);
	done = iommu_unmap_fast(domain, iova, size, &gather);
	if (done || !iommu_iotlb_gather_empty(&gather))
		iommu_iotlb_sync(domain, &gather);
	return done;
}

void iommu_flush_iotlb_all(struct iommu_domain *domain)
{
	if (domain->ops->flush_iotlb_all)
		domain->ops->flush_iotlb_all(domain);
}

uint64_t iommu_iova_to_phys(struct iommu_domain *domain, uint64_t iova)
{
	if (domain->type == IOMMU_DOMAIN_IDENTITY)
		return iova;
	if (domain->type == IOMMU_DOMAIN_BLOCKED || !domain->ops->iova_to_phys)
		return 0;
	return domain->ops->iova_to_phys(domain, iova);
}
