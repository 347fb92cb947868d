/* SPDX-License-Identifier: MIT */
/* Domains: making and freeing (CORE-50 to CORE-53), the fault handler (CORE-111). */
#include "core/core.h"

bool core_domain_compatible(const struct iommu_domain *domain, struct iommu_dev *dev)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);

	if (!ops)
		return false;
	if (domain->owner)
		return domain->owner == ops;
	return domain == ops->blocked_domain || domain == ops->identity_domain ||
	       domain == ops->default_domain || domain == ops->release_domain;
}

void core_init_domain(struct iommu_domain *domain, unsigned type,
		      const struct iommu_ops *ops)
{
	domain->type = type;
	domain->owner = ops;
	if (!domain->ops)
		domain->ops = ops->default_domain_ops;
	domain->cookie_kind = IOMMU_COOKIE_NONE;
}

int core_paging_alloc(struct iommu_dev *dev, unsigned type, uint32_t flags,
		      struct iommu_domain **out)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);
	struct iommu_domain *domain = NULL;
	int err;

	if (!ops)
		return -ENODEV;
	if (!flags && ops->domain_alloc_paging)
		err = ops->domain_alloc_paging(dev, &domain);
	else if (ops->domain_alloc_paging_flags)
		err = ops->domain_alloc_paging_flags(dev, flags, NULL, &domain);
	else
		return -EOPNOTSUPP;
	if (err)
		return err;
	if (!domain)
		return -ENOMEM;
	core_init_domain(domain, type, ops);
	if (!domain->ops) {
		core_warn(dev->sys, "%s: %s makes domains without ops", dev->name,
			  ops->name);
		return -EINVAL;
	}
	*out = domain;
	return 0;
}

int iommu_paging_domain_alloc(struct iommu_dev *dev, uint32_t flags,
			      struct iommu_domain **domain)
{
	return core_paging_alloc(dev, IOMMU_DOMAIN_UNMANAGED, flags, domain);
}

int iommu_identity_domain_alloc(struct iommu_dev *dev, struct iommu_domain **out)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);
	struct iommu_domain *domain = NULL;
	int err;

	if (!ops)
		return -ENODEV;
	if (ops->identity_domain) {
		*out = ops->identity_domain;
		return 0;
	}
	if (!ops->domain_alloc_identity)
		return -EOPNOTSUPP;
	err = ops->domain_alloc_identity(dev, &domain);
	if (err)
		return err;
	if (!domain)
		return -ENOMEM;
	core_init_domain(domain, IOMMU_DOMAIN_IDENTITY, ops);
	*out = domain;
	return 0;
}

void iommu_domain_free(struct iommu_domain *domain)
{
	if (!domain)
		return;
	if (domain->owner)
		rcu_wait_for_readers(); /* a fault may be on its way to its handler */
	core_dma_cookie_free(domain);
	if (domain->ops->free)
		domain->ops->free(domain);
}

int iommu_set_fault_handler(struct iommu_domain *domain, iommu_fault_handler handler,
			    void *token)
{
	if (!handler || !domain->owner)
		return -EINVAL;
	if (domain->cookie_kind != IOMMU_COOKIE_NONE)
		return -EBUSY;
	domain->fault_handler = handler;
	domain->fault_token = token;
	domain->cookie_kind = IOMMU_COOKIE_FAULT_HANDLER;
	return 0;
}
