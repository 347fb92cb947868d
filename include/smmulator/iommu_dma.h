/* SPDX-License-Identifier: MIT */
/*
 * What kernel drivers use: addresses for their devices out of the default domain,
 * invalidated at once (strict) or in batches (a flush queue); MSI doorbells; and what
 * a migration asks of a domain: which pages were written.
 *
 * Errors: 0 or a negative errno. Context: any thread, no lock of the core held.
 */
#ifndef SMMULATOR_IOMMU_DMA_H
#define SMMULATOR_IOMMU_DMA_H

#include <smmulator/iommu.h>

SMMU_BEGIN_DECLS

/*
 * An address at which the device reaches [pa, pa + size), in its group's domain: its
 * own one-to-one if that is identity, else a range below the device's reserved
 * regions' and the domain's limits, page by page. -ENODEV: no IOMMU; -EINVAL: size 0,
 * or the domain's addresses are not the core's to give (another cookie); -ENOSPC: no
 * room; -ENOMEM; else of iommu_map().
 */
SMMU_API int iommu_dma_map(struct iommu_dev *dev, uint64_t pa, uint64_t size,
			   uint32_t prot, uint64_t *iova);
/*
 * Takes it back. Strict: on return the device cannot use it any more. In a domain of
 * type DMA_FQ it can, and nobody gets the address again, until the queue is flushed:
 * when it holds 256 ranges, or by iommu_dma_flush(). -EINVAL: not mapped that way.
 */
SMMU_API int iommu_dma_unmap(struct iommu_dev *dev, uint64_t iova, uint64_t size);
/* What a timer does: everything that waits is invalidated, then reused (CORE-124). */
SMMU_API void iommu_dma_flush(struct iommu_domain *domain);
/* Ranges that wait in the domain's flush queue now. */
SMMU_API size_t iommu_dma_queued(struct iommu_domain *domain);

/*
 * CORE-48: changes the type of the group's default domain while it is in use by nobody.
 * type: IOMMU_DOMAIN_IDENTITY, _DMA, _DMA_FQ, or 0: as the devices and the system wish.
 * DMA to DMA_FQ is done live. -EINVAL: another type, no default domain, or a driver that
 * wants another; -EPERM: a driver or a user has the group; else of the new domain, and
 * the old one stays.
 */
SMMU_API int iommu_group_set_default_type(struct iommu_group *group, unsigned type);

/*
 * CORE-116: where the device has to write for the doorbell at pa; mapped on first use.
 * No IOMMU, or identity: *iova = pa. -EOPNOTSUPP: the domain's user has to see to it.
 */
SMMU_API int iommu_dma_prepare_msi(struct iommu_dev *dev, uint64_t pa, uint64_t *iova);

/* ---- Dirty tracking (CORE-127, CORE-128) -------------------------------------------- */

/* Leaves the hardware's mark where it is. */
#define IOMMU_DIRTY_NO_CLEAR (1u << 0)

/* One bit for each 2^page_shift bytes from iova on; the caller zeroes it. */
struct iommu_dirty_bitmap {
	uint64_t iova, size;
	unsigned page_shift;
	uint64_t *words;
};
/* For drivers: [iova, iova + size) was written. What lies outside is left out. */
SMMU_API void iommu_dirty_record(struct iommu_dirty_bitmap *bitmap, uint64_t iova,
				 uint64_t size);

/*
 * On: from now on writes are tracked, what was marked before is forgotten. -EOPNOTSUPP:
 * the domain was not allocated for it; else of the driver.
 */
SMMU_API int iommu_set_dirty_tracking(struct iommu_domain *domain, bool on);
/*
 * Which pages of bitmap's range were written; the marks are taken back, and are not in
 * any TLB (but see NO_CLEAR). -EOPNOTSUPP as above; -EINVAL: unknown flags, a shift of
 * 64 and more, a range that wraps or is not a multiple of the page; -EINVAL of the
 * driver: tracking is off.
 */
SMMU_API int iommu_read_and_clear_dirty(struct iommu_domain *domain,
					struct iommu_dirty_bitmap *bitmap,
					uint32_t flags);

/*
 * CORE-131: from now on no-snoop is overridden in this domain, for good, and a device
 * that cannot do that is refused with -EINVAL. False: the driver cannot.
 */
SMMU_API bool iommu_enforce_cache_coherency(struct iommu_domain *domain);

SMMU_END_DECLS

#endif /* SMMULATOR_IOMMU_DMA_H */
