/* SPDX-License-Identifier: MIT */
/* Which domain a group rests in, and how it gets there (CORE-41 to CORE-47). */
#include <smmulator/iommu_dma.h>
#include "core/core.h"

/* CORE-41 */
static unsigned dev_wish(struct iommu_dev *dev)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);

	if (ops->default_domain)
		return ops->default_domain->type;
	return ops->def_domain_type ? ops->def_domain_type(dev) : 0;
}

/* CORE-42. The group's type in *type, 0 for no wish. */
static int group_type(struct iommu_group *group, unsigned target_type, unsigned *type)
{
	const struct iommu_dev *untrusted = NULL;
	unsigned wish = 0;

	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		struct iommu_dev *dev = CORE_GROUP_DEV(pos);
		unsigned one = dev_wish(dev);

		if (dev->desc.untrusted)
			untrusted = dev;
		if (one && wish && one != wish) {
			core_notice(group->sys, "%s: group %u mixes default types",
				    dev->name, group->id);
			one = IOMMU_DOMAIN_IDENTITY;
		}
		if (one)
			wish = one;
	}
	if (untrusted && wish && wish != IOMMU_DOMAIN_DMA) {
		core_warn(group->sys, "%s: untrusted, yet its driver wants identity",
			  untrusted->name);
		return -EINVAL;
	}
	if (untrusted)
		wish = IOMMU_DOMAIN_DMA;
	if (target_type && wish && wish != target_type)
		return -EINVAL;
	*type = target_type ? target_type : wish;
	return 0;
}

static int alloc_type(struct iommu_dev *dev, unsigned type, struct iommu_domain **domain)
{
	int err;

	if (type == IOMMU_DOMAIN_IDENTITY)
		return iommu_identity_domain_alloc(dev, domain);
	if (type == IOMMU_DOMAIN_DMA_FQ && !iommu_capable(dev, IOMMU_CAP_DEFERRED_FLUSH))
		type = IOMMU_DOMAIN_DMA;
	if (!(type & IOMMU_DOMAIN_BIT_DMA_API))
		return -EINVAL;
	if (dev->iommu->max_pasids) {
		/* CORE-44 */
		err = core_paging_alloc(dev, type, IOMMU_ALLOC_PASID, domain);
		if (err != -EOPNOTSUPP)
			return err;
	}
	return core_paging_alloc(dev, type, 0, domain);
}

/* CORE-43 */
static int alloc_default(struct iommu_group *group, unsigned type,
			 struct iommu_domain **domain)
{
	struct iommu_dev *dev = core_group_first(group);
	const struct iommu_ops *ops = atomic_load(&dev->ops);
	unsigned global = group->sys->cfg.default_domain_type;
	int err;

	if (ops->default_domain) {
		if (type && type != ops->default_domain->type)
			return -EINVAL;
		*domain = ops->default_domain;
		return 0;
	}
	if (type)
		return alloc_type(dev, type, domain);
	err = alloc_type(dev, global, domain);
	if (err && global != IOMMU_DOMAIN_DMA) {
		core_notice(group->sys, "group %u: falls back to DMA", group->id);
		err = alloc_type(dev, IOMMU_DOMAIN_DMA, domain);
	}
	return err;
}

/*
 * Maps what is not mapped yet of [start, end], one run of holes at a time. A page
 * at address 0 always looks unmapped, as it does to Linux.
 */
static int map_holes(struct iommu_domain *domain, uint64_t start, uint64_t end,
		     uint64_t page, uint32_t prot)
{
	uint64_t run = 0;

	for (uint64_t addr = start; addr < end; addr += page) {
		bool hole = !iommu_iova_to_phys(domain, addr);

		if (hole)
			run += page;
		if (run && (!hole || end - addr <= page)) {
			uint64_t first = (hole ? addr + page : addr) - run;
			int err = iommu_map(domain, first, first, run, prot);

			if (err)
				return err;
			run = 0;
		}
		if (end - addr <= page)
			break;
	}
	return 0;
}

/* CORE-114; group->mutex held. */
int core_create_direct_mappings(struct iommu_domain *domain, struct iommu_dev *dev)
{
	bool paging = iommu_domain_is_paging(domain);
	uint64_t page = domain->pgsize_bitmap & (~domain->pgsize_bitmap + 1);
	struct iommu_resv_list list = { 0 };
	int err;

	err = iommu_get_resv_regions(dev, &list);
	if (!err && paging && !page)
		err = -EINVAL;
	for (size_t i = 0; i < list.count && !err; i++) {
		const struct iommu_resv_region *r = &list.regions[i];
		bool relaxable = r->type == IOMMU_RESV_DIRECT_RELAXABLE &&
				 (domain->type & IOMMU_DOMAIN_BIT_DMA_API);
		uint64_t start, end;

		if (r->type == IOMMU_RESV_DIRECT)
			dev->iommu->require_direct = true;
		if (!paging || (r->type != IOMMU_RESV_DIRECT && !relaxable))
			continue;
		if (r->start > UINT64_MAX - page ||
		    r->length > UINT64_MAX - page - r->start) {
			err = -EINVAL;
			break;
		}
		start = (r->start + page - 1) & ~(page - 1);
		end = (r->start + r->length + page - 1) & ~(page - 1);
		err = map_holes(domain, start, end, page, r->prot);
	}
	iommu_resv_list_free(&list);
	return err;
}

static int map_all_direct(struct iommu_group *group, struct iommu_domain *domain)
{
	int err = 0;

	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		int one = core_create_direct_mappings(domain, CORE_GROUP_DEV(pos));

		if (one)
			err = one;
	}
	return err;
}

/* CORE-45: puts the group into its new default domain. */
static int install_default(struct iommu_group *group, struct iommu_domain *domain,
			   struct iommu_domain *old)
{
	int err;

	group->default_domain = domain;
	if (!group->domain) {
		err = core_set_group_domain(group, domain, CORE_SET_MUST_SUCCEED);
		if (err) {
			core_warn(group->sys, "group %u: default domain failed (%d)",
				  group->id, err);
			iommu_domain_free(old);
		}
		return err;
	}
	err = core_set_group_domain(group, domain, 0);
	if (err) {
		group->default_domain = old;
		iommu_domain_free(domain);
	}
	return err;
}

/* group->mutex held, the group is not empty. target_type 0: as the devices wish. */
int core_setup_default_domain(struct iommu_group *group, unsigned target_type)
{
	struct iommu_domain *old = group->default_domain, *domain;
	unsigned type;
	bool direct_failed;
	int err;

	err = group_type(group, target_type, &type);
	if (err)
		return err;
	err = alloc_default(group, type, &domain);
	if (err)
		return err;
	if (domain == old)
		return 0;
	if (domain->type & IOMMU_DOMAIN_BIT_DMA_API) {
		err = iommu_get_dma_cookie(domain);
		if (!err && domain->type == IOMMU_DOMAIN_DMA_FQ)
			err = core_flush_queue_on(domain);
		if (err) {
			iommu_domain_free(domain);
			return err;
		}
	}
	direct_failed = map_all_direct(group, domain) != 0;
	if (direct_failed)
		core_warn(group->sys, "group %u: direct mappings failed", group->id);
	err = install_default(group, domain, old);
	if (err)
		return err;
	if (direct_failed) {
		/* CORE-46: some drivers can map only once they are attached. */
		err = map_all_direct(group, domain);
		if (err && old) {
			core_set_group_domain_nofail(group, old);
			iommu_domain_free(domain);
			group->default_domain = old;
		}
		if (err)
			return err;
	}
	iommu_domain_free(old); /* CORE-47 */
	return 0;
}

/* CORE-48 from the fourth check on; group->mutex held. */
static int set_default_type(struct iommu_group *group, unsigned type)
{
	struct iommu_domain *domain = group->default_domain;

	if (!domain)
		return -EINVAL;
	if (type == IOMMU_DOMAIN_DMA_FQ && domain->type == IOMMU_DOMAIN_DMA) {
		int err = core_flush_queue_on(domain);

		if (!err)
			domain->type = IOMMU_DOMAIN_DMA_FQ;
		return err;
	}
	if (core_list_empty(&group->devs) || group->owner_cnt)
		return -EPERM;
	return core_setup_default_domain(group, type);
}

int iommu_group_set_default_type(struct iommu_group *group, unsigned type)
{
	int err;

	if (type && type != IOMMU_DOMAIN_IDENTITY && type != IOMMU_DOMAIN_DMA &&
	    type != IOMMU_DOMAIN_DMA_FQ)
		return -EINVAL;
	pthread_mutex_lock(&group->mutex);
	err = set_default_type(group, type);
	pthread_mutex_unlock(&group->mutex);
	return err;
}
