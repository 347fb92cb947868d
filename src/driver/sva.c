/* SPDX-License-Identifier: MIT */
/*
 * Domains on the page table of a process (DRV-109 to DRV-113): a CD that names it, under
 * the process's PASID and an ASID of our own, so broadcast TLB maintenance is not needed
 * and the SMMU takes no part in it (CR2.PTM).
 */
#include <errno.h>
#include <smmulator/iommu_sva.h>
#include "driver/cdtab.h"
#include "driver/cmdq.h"

/* DRV-109 */
static bool can_share(const struct arm_smmu *smmu, const struct iommu_mm_desc *mm)
{
	unsigned f = smmu->features;

	if (!(f & FEAT_S1) || !(f & FEAT_COHERENCY) || (mm->bbml2 && !(f & FEAT_BBML2)))
		return false;
	if (!(smmu->pgsize_bitmap >> mm->page_shift & 1) || mm->pa_bits > smmu->oas)
		return false;
	/* T0SZ: 25 to 48 bits, 52 with 64 KiB pages and IDR5.VAX. */
	return mm->va_bits >= 25 &&
	       mm->va_bits <= (mm->page_shift == 16 && (f & FEAT_VAX) ? 52 : 48);
}

/* DRV-111: the table may have changed at any level. */
static void mm_invalidate(struct iommu_domain *core, uint64_t start, uint64_t last)
{
	struct arm_smmu_domain *domain = to_domain(core);
	uint64_t page = core->pgsize_bitmap, size;

	start &= ~(page - 1);
	last |= page - 1;
	size = last - start + 1;
	if (last < start)
		return;
	/* To the very end, or everything: by the tag. */
	arm_smmu_inv_range(domain, start, last == UINT64_MAX ? 0 : size, page, false);
}

/*
 * DRV-112: from the return on nothing walks the table. Hitless, so that a device that
 * still does DMA gets aborts and not a bad CD; its PASID stays taken until it is unbound.
 */
static void mm_release(struct iommu_domain *core)
{
	struct arm_smmu_domain *domain = to_domain(core);
	uint64_t cd[SMMU_CD_DWORDS];

	pthread_mutex_lock(&domain->smmu->cd_lock);
	__atomic_store_n(&domain->mm_gone, true, __ATOMIC_RELEASE);
	pthread_mutex_lock(&domain->lock);
	for (const struct arm_smmu_attachment *a = domain->attachments; a;
	     a = a->next_in_domain) {
		if (!a->in_cd)
			continue; /* on its way in or out */
		arm_smmu_make_sva_cd(a->master, domain, true, cd);
		arm_smmu_install_cd(a->master, a->ssid, cd);
	}
	pthread_mutex_unlock(&domain->lock);
	pthread_mutex_unlock(&domain->smmu->cd_lock);
	arm_smmu_inv_domain(domain);
}

static void domain_free(struct iommu_domain *core)
{
	arm_smmu_domain_destroy(to_domain(core));
}

static const struct iommu_domain_ops sva_ops = {
	.set_dev_pasid = arm_smmu_set_dev_pasid,
	.test_dev = arm_smmu_test_dev,
	.mm_invalidate = mm_invalidate,
	.mm_release = mm_release,
	.free = domain_free,
};

int arm_smmu_domain_alloc_sva(struct iommu_dev *dev, struct iommu_mm *mm,
			      struct iommu_domain **out)
{
	const struct arm_smmu_master *master = iommu_dev_priv(dev);
	const struct iommu_mm_desc *desc = iommu_mm_desc(mm);
	struct arm_smmu_domain *domain;
	int err;

	if (!can_share(master->smmu, desc))
		return -EOPNOTSUPP;
	err = arm_smmu_domain_create(master->smmu, STAGE_1, &domain);
	if (err)
		return err;
	domain->mm = mm;
	domain->core.pgsize_bitmap = UINT64_C(1) << desc->page_shift;
	domain->core.ops = &sva_ops;
	*out = &domain->core;
	return 0;
}
