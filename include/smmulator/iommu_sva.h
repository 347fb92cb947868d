/* SPDX-License-Identifier: MIT */
/*
 * Shared virtual addressing: a device uses the page table of a process, under the
 * PASID of that process (CORE-98 to CORE-104, CORE-110).
 */
#ifndef SMMULATOR_IOMMU_SVA_H
#define SMMULATOR_IOMMU_SVA_H

#include <smmulator/iommu_fault.h>

SMMU_BEGIN_DECLS

/* ---- PASIDs that mean the same to every device (CORE-98) ---------------------------- */

#define IOMMU_PASID_INVALID UINT32_MAX
/* The lowest free one of [1, max_pasids - 1]; INVALID: none, or no PASIDs at all. */
SMMU_API uint32_t iommu_alloc_global_pasid(struct iommu_dev *dev);
/* 0 and INVALID are ignored. */
SMMU_API void iommu_free_global_pasid(struct iommu_system *sys, uint32_t pasid);

/* ---- The address space of a process ------------------------------------------------- */

/* A stage-1 table as the CPU uses it, and what the kernel does with a fault in it. */
struct iommu_mm_desc {
	uint64_t root;	    /* PA of the table that TTBR0 names */
	uint64_t mair;	    /* what its attribute indexes mean */
	uint8_t va_bits;    /* 64 - T0SZ */
	uint8_t pa_bits;    /* output size of the table */
	uint8_t page_shift; /* 12, 14, 16 */
	/*
	 * The CPU changes the size of a mapping without break-before-make and counts on
	 * no abort by that (FEAT_BBM level 2): so must the SMMU be able to (IDR3.BBML).
	 */
	bool bbml2;
	/*
	 * Makes the page at addr present for perm (IOMMU_PRQ_READ, WRITE, EXEC). 0, or
	 * a negative errno: no such area, or it forbids that. NULL: always -EFAULT.
	 */
	int (*fault)(void *ctx, uint64_t addr, uint32_t perm);
	void *ctx;
};

struct iommu_mm;
/* -EINVAL: no desc; -ENOMEM. One reference, for the maker. */
SMMU_API int iommu_mm_create(struct iommu_system *sys, const struct iommu_mm_desc *desc,
			     struct iommu_mm **mm);
/* Its PASID is free for others after the last reference (CORE-104). NULL is allowed. */
SMMU_API void iommu_mm_put(struct iommu_mm *mm);
SMMU_API const struct iommu_mm_desc *iommu_mm_desc(const struct iommu_mm *mm);
/* The table has changed in [start, last]: every device that shares it must hear. */
SMMU_API void iommu_mm_invalidate(struct iommu_mm *mm, uint64_t start, uint64_t last);
/*
 * The process is gone: hardware stops walking its table now; handles stay until they
 * are unbound (CORE-103), faults are INVALID, and nobody can bind to it any more.
 */
SMMU_API void iommu_mm_exit(struct iommu_mm *mm);

/* ---- Binding (CORE-99 to CORE-104) --------------------------------------------------- */

struct iommu_sva;
/*
 * -ENODEV: no IOMMU; -EOVERFLOW: the mm's PASID is too large for the device; -ENOSPC: no
 * PASID free; -EBUSY: the PASID is used for something else, or the process is gone;
 * -EOPNOTSUPP: the driver cannot; -ENOMEM; else the driver's errors. The same mm again,
 * by the same device or one of its group: the same handle, to be unbound as often.
 */
SMMU_API int iommu_sva_bind_device(struct iommu_dev *dev, struct iommu_mm *mm,
				   struct iommu_sva **sva);
/*
 * Faults that are on their way to the process are waited for, so not from desc.fault.
 * Also when the device has left its IOMMU or its bus meanwhile.
 */
SMMU_API void iommu_sva_unbind_device(struct iommu_sva *sva);
SMMU_API uint32_t iommu_sva_get_pasid(const struct iommu_sva *sva);

SMMU_END_DECLS

#endif /* SMMULATOR_IOMMU_SVA_H */
