/* SPDX-License-Identifier: MIT */
/* Paging domains: their tables, their tag, what goes through them (DRV-55 to DRV-71). */
#include <errno.h>
#include <stdlib.h>
#include <smmulator/iommu_dma.h>
#include "core/rcu.h"
#include "driver/cmdq.h"

_Static_assert(IO_PROT_READ == IOMMU_READ && IO_PROT_WRITE == IOMMU_WRITE &&
		       IO_PROT_CACHE == IOMMU_CACHE && IO_PROT_NOEXEC == IOMMU_NOEXEC &&
		       IO_PROT_MMIO == IOMMU_MMIO && IO_PROT_PRIV == IOMMU_PRIV,
	       "protections are passed on as they are");

/* ---- What the tables have to say ---- */

/* A table was unlinked: gone from every walk before it is freed (DRV-68, DRV-71). */
static void flush_walk(void *cookie, uint64_t iova, uint64_t size, uint64_t granule)
{
	arm_smmu_inv_range(cookie, iova, size, granule, false);
}

static void add_page(void *cookie, void *gather, uint64_t iova, uint64_t granule)
{
	struct arm_smmu_domain *domain = cookie;
	struct iommu_iotlb_gather *g = gather;

	/* CORE-124: a flush queue throws everything away later. */
	if (!g->queued)
		iommu_iotlb_gather_add_page(&domain->core, g, iova, granule);
}

static const struct io_pgtable_flush_ops flush_ops = { flush_walk, add_page };

static const struct iommu_domain_ops arm_smmu_dirty_ops;

/* ---- Allocation ---- */

/* DRV-59. 0: these flags cannot be served. */
static enum arm_smmu_stage stage_for(const struct arm_smmu *smmu, uint32_t flags)
{
	switch (flags) {
	case 0:
		return smmu->features & FEAT_S1 ? STAGE_1 : STAGE_2;
	case IOMMU_ALLOC_PASID:
		return smmu->features & FEAT_S1 ? STAGE_1 : 0;
	case IOMMU_ALLOC_DIRTY_TRACKING:
	case IOMMU_ALLOC_DIRTY_TRACKING | IOMMU_ALLOC_PASID:
		return arm_smmu_can_track(smmu) ? STAGE_1 : 0;
	case IOMMU_ALLOC_STAGE2:
		return smmu->features & FEAT_S2 ? STAGE_2 : 0;
	case IOMMU_ALLOC_NEST_PARENT:
	case IOMMU_ALLOC_NEST_PARENT | IOMMU_ALLOC_STAGE2:
		return smmu->features & FEAT_NESTING ? STAGE_2 : 0;
	default:
		return 0;
	}
}

/* 512 GiB of 4 KiB pages, 64 GiB of 16 KiB ones. */
#define DS_BLOCKS (UINT64_C(1) << 39 | UINT64_C(1) << 36)

/* DRV-60 */
static int make_pgtable(struct arm_smmu_domain *domain, uint32_t flags)
{
	struct arm_smmu *smmu = domain->smmu;
	bool fwb = (flags & IOMMU_ALLOC_NEST_PARENT) && (smmu->features & FEAT_S2FWB);
	bool ds = smmu_reg_get(smmu->idr[5], SMMU_IDR5_DS);
	bool dirty = flags & IOMMU_ALLOC_DIRTY_TRACKING;
	int err;

	domain->pgcfg = (struct io_pgtable_cfg){
		.fmt = domain->stage == STAGE_1 ? IO_PGTABLE_STAGE1 : IO_PGTABLE_STAGE2,
		.quirks = (fwb ? IO_PGTABLE_QUIRK_S2FWB : 0) |
			  (dirty ? IO_PGTABLE_QUIRK_DIRTY : 0),
		/* DS has a block level more, which tables of 48 bits leave out again. */
		.pgsize_bitmap = smmu->pgsize_bitmap | (ds ? DS_BLOCKS : 0),
		.ias = smmu->features & FEAT_VAX ? 52 : 48,
		.oas = smmu->oas,
		.coherent = smmu->features & FEAT_COHERENCY,
		.ds = ds,
		.contiguous = smmu_reg_get(smmu->idr[3], SMMU_IDR3_BBML) != 0 && !dirty,
		.platform = smmu->platform,
		.flush = &flush_ops,
		.cookie = domain,
	};
	if (domain->stage == STAGE_2)
		domain->pgcfg.ias = smmu->oas;
	err = io_pgtable_alloc(&domain->pgtable, &domain->pgcfg);
	if (err)
		return err;
	domain->core.pgsize_bitmap = domain->pgcfg.pgsize_bitmap;
	domain->core.aperture_start = 0;
	domain->core.aperture_last = (UINT64_C(1) << domain->pgcfg.ias) - 1;
	domain->core.force_aperture = true;
	return 0;
}

static struct arm_smmu_ids *ids_of(struct arm_smmu_domain *domain)
{
	return domain->stage == STAGE_1 ? &domain->smmu->asids : &domain->smmu->vmids;
}

/* DRV-55, DRV-56. CHOICE: ASIDs are counted per instance, as a domain has one. */
static int take_tag(struct arm_smmu_domain *domain)
{
	domain->id = arm_smmu_ids_alloc(ids_of(domain));
	if (domain->id)
		return 0;
	return domain->stage == STAGE_1 ? -EBUSY : -ENOSPC;
}

int arm_smmu_domain_create(struct arm_smmu *smmu, enum arm_smmu_stage stage,
			   struct arm_smmu_domain **out)
{
	struct arm_smmu_domain *domain = calloc(1, sizeof(*domain));
	int err;

	if (!domain)
		return -ENOMEM;
	domain->smmu = smmu;
	domain->stage = stage;
	rcu_publish(&domain->invs, arm_smmu_invs_alloc(0));
	err = rcu_get(&domain->invs) ? take_tag(domain) : -ENOMEM;
	if (err) {
		arm_smmu_invs_free(rcu_get(&domain->invs));
		free(domain);
		return err;
	}
	pthread_mutex_init(&domain->lock, NULL);
	*out = domain;
	return 0;
}

/* The last detach left no entry with this tag anywhere (DRV-57, DRV-64, DRV-113). */
void arm_smmu_domain_destroy(struct arm_smmu_domain *domain)
{
	arm_smmu_ids_free(ids_of(domain), domain->id);
	arm_smmu_invs_retire(rcu_get(&domain->invs));
	pthread_mutex_destroy(&domain->lock);
	free(domain);
}

int arm_smmu_domain_alloc(struct iommu_dev *dev, uint32_t flags,
			  const struct iommu_user_data *user_data,
			  struct iommu_domain **out)
{
	struct arm_smmu_master *master = iommu_dev_priv(dev);
	enum arm_smmu_stage stage = stage_for(master->smmu, flags);
	struct arm_smmu_domain *domain;
	int err;

	if (!stage || user_data)
		return -EOPNOTSUPP;
	err = arm_smmu_domain_create(master->smmu, stage, &domain);
	if (err)
		return err;
	domain->nest_parent = flags & IOMMU_ALLOC_NEST_PARENT;
	err = make_pgtable(domain, flags);
	if (err) {
		arm_smmu_domain_destroy(domain);
		return err;
	}
	domain->core.ops = flags & IOMMU_ALLOC_DIRTY_TRACKING ? &arm_smmu_dirty_ops
							      : &arm_smmu_paging_ops;
	*out = &domain->core;
	return 0;
}

static void domain_free(struct iommu_domain *core)
{
	struct arm_smmu_domain *domain = to_domain(core);

	io_pgtable_free(domain->pgtable);
	arm_smmu_domain_destroy(domain);
}

/* ---- Mapping ---- */

static int map_pages(struct iommu_domain *core, uint64_t iova, uint64_t pa,
		     uint64_t pgsize, size_t pgcount, uint32_t prot, uint64_t *mapped)
{
	return io_pgtable_map_pages(to_domain(core)->pgtable, iova, pa, pgsize, pgcount,
				    prot, mapped);
}

static uint64_t unmap_pages(struct iommu_domain *core, uint64_t iova, uint64_t pgsize,
			    size_t pgcount, struct iommu_iotlb_gather *gather)
{
	return io_pgtable_unmap_pages(to_domain(core)->pgtable, iova, pgsize, pgcount,
				      gather);
}

/* DRV-70 */
static void iotlb_sync(struct iommu_domain *core, struct iommu_iotlb_gather *gather)
{
	if (iommu_iotlb_gather_empty(gather) || !gather->pgsize)
		return;
	arm_smmu_inv_range(to_domain(core), gather->start,
			   gather->end - gather->start + 1, gather->pgsize, true);
}

static void flush_iotlb_all(struct iommu_domain *core)
{
	arm_smmu_inv_domain(to_domain(core));
}

static uint64_t iova_to_phys(struct iommu_domain *core, uint64_t iova)
{
	uint64_t pa = 0;

	io_pgtable_lookup(to_domain(core)->pgtable, iova, &pa, NULL);
	return pa;
}

/* DRV-63: all of its devices' root complexes can, and those that come must. */
static bool enforce_cache_coherency(struct iommu_domain *core)
{
	struct arm_smmu_domain *domain = to_domain(core);
	bool all = true;

	pthread_mutex_lock(&domain->lock);
	for (const struct arm_smmu_attachment *a = domain->attachments; a;
	     a = a->next_in_domain)
		all = all && a->master->canwbs;
	__atomic_store_n(&domain->enforced, all, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&domain->lock);
	return all;
}

/* ---- Who wrote where (DRV-114) ---- */

static void record(void *ctx, uint64_t iova, uint64_t size)
{
	iommu_dirty_record(ctx, iova, size);
}

static int read_and_clear_dirty(struct iommu_domain *core,
				struct iommu_dirty_bitmap *bitmap, uint32_t flags,
				struct iommu_iotlb_gather *gather)
{
	return io_pgtable_read_dirty(
		to_domain(core)->pgtable, bitmap->iova, bitmap->size,
		flags & IOMMU_DIRTY_NO_CLEAR ? IO_PGTABLE_DIRTY_NO_CLEAR : 0, record,
		bitmap, gather);
}

static void forget(void *ctx, uint64_t iova, uint64_t size)
{
	(void)ctx;
	(void)iova;
	(void)size;
}

/*
 * Hardware marks all the time, as each page begins writable-clean: on is to forget what
 * it has marked so far, off is nothing.
 */
static int set_dirty_tracking(struct iommu_domain *core, bool on)
{
	struct iommu_iotlb_gather gather;
	int err;

	if (!on)
		return 0;
	iommu_iotlb_gather_init(&gather);
	err = io_pgtable_read_dirty(to_domain(core)->pgtable, core->aperture_start,
				    core->aperture_last - core->aperture_start + 1, 0,
				    forget, NULL, &gather);
	if (!iommu_iotlb_gather_empty(&gather))
		iommu_iotlb_sync(core, &gather);
	return err;
}

/* clang-format off */
#define PAGING_OPS \
	.attach_dev = arm_smmu_attach_dev, \
	.test_dev = arm_smmu_test_dev, \
	.set_dev_pasid = arm_smmu_set_dev_pasid, \
	.map_pages = map_pages, \
	.unmap_pages = unmap_pages, \
	.iotlb_sync = iotlb_sync, \
	.flush_iotlb_all = flush_iotlb_all, \
	.iova_to_phys = iova_to_phys, \
	.enforce_cache_coherency = enforce_cache_coherency, \
	.free = domain_free
/* clang-format on */

const struct iommu_domain_ops arm_smmu_paging_ops = { PAGING_OPS };
static const struct iommu_domain_ops arm_smmu_dirty_ops = {
	PAGING_OPS,
	.set_dirty_tracking = set_dirty_tracking,
	.read_and_clear_dirty = read_and_clear_dirty,
};
