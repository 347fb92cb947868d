/* SPDX-License-Identifier: MIT */
/*
 * Devices on a process's own page table (CORE-98 to CORE-104, CORE-110). Everything
 * that binds runs under the system's SVA lock; what the process does to its table
 * takes only the mm's.
 */
#include <stdlib.h>
#include <smmulator/iommu_sva.h>
#include "core/core.h"

struct iommu_mm {
	struct iommu_system *sys;
	struct iommu_mm_desc desc;
	atomic_uint refs;
	uint32_t pasid; /* sva_lock; INVALID: none yet */
	pthread_mutex_t lock;
	atomic_bool gone;	  /* set under lock; who pages in may not wait for it */
	struct core_list domains; /* changed under sva_lock + lock */
	struct core_list binds;	  /* sva_lock */
};

/* A domain on the mm's table, shared by the devices that it suits. */
struct sva_domain {
	struct iommu_domain *domain;
	struct core_list link; /* mm->domains */
	unsigned users;	       /* sva_lock */
};

/* Outlives its device's removal, since only its user can take it back. */
struct iommu_sva {
	struct iommu_attach_handle handle; /* first */
	struct iommu_dev *dev;		   /* referenced, as is its group of then */
	struct iommu_group *group;
	struct iommu_mm *mm;
	struct sva_domain *sd;
	struct core_list link; /* mm->binds */
	unsigned users;	       /* sva_lock */
};

/* ---- global PASIDs, under sva_lock ---- */

enum { MAX_PASIDS = 1 << 20 };

static int pasid_room(struct iommu_system *sys)
{
	if (sys->pasids)
		return 0;
	sys->pasids = calloc(MAX_PASIDS / 64, sizeof(*sys->pasids));
	if (!sys->pasids)
		return -ENOMEM;
	sys->pasids[0] = 1; /* IOMMU_NO_PASID */
	return 0;
}

/* CORE-98 */
static uint32_t pasid_alloc(struct iommu_system *sys, uint32_t max)
{
	if (max > MAX_PASIDS)
		max = MAX_PASIDS;
	if (!max || pasid_room(sys))
		return IOMMU_PASID_INVALID;
	for (uint32_t pasid = 1; pasid < max; pasid++) {
		uint64_t *word = &sys->pasids[pasid / 64], bit = 1ull << pasid % 64;

		if (pasid % 64 == 0 && *word == UINT64_MAX) {
			pasid += 63;
			continue;
		}
		if (*word & bit)
			continue;
		*word |= bit;
		return pasid;
	}
	return IOMMU_PASID_INVALID;
}

static void pasid_free(struct iommu_system *sys, uint32_t pasid)
{
	if (pasid != IOMMU_NO_PASID && pasid < MAX_PASIDS && sys->pasids)
		sys->pasids[pasid / 64] &= ~(1ull << pasid % 64);
}

/* 0 for a device without an IOMMU. */
static uint32_t max_pasids(struct iommu_dev *dev)
{
	struct iommu_group *group = core_group_lock(dev);
	uint32_t max = 0;

	if (!group)
		return 0;
	max = dev->iommu->max_pasids;
	core_group_unlock(group);
	return max;
}

uint32_t iommu_alloc_global_pasid(struct iommu_dev *dev)
{
	uint32_t pasid;

	pthread_mutex_lock(&dev->sys->sva_lock);
	pasid = pasid_alloc(dev->sys, max_pasids(dev));
	pthread_mutex_unlock(&dev->sys->sva_lock);
	return pasid;
}

void iommu_free_global_pasid(struct iommu_system *sys, uint32_t pasid)
{
	pthread_mutex_lock(&sys->sva_lock);
	pasid_free(sys, pasid);
	pthread_mutex_unlock(&sys->sva_lock);
}

/* ---- the address space ---- */

int iommu_mm_create(struct iommu_system *sys, const struct iommu_mm_desc *desc,
		    struct iommu_mm **out)
{
	struct iommu_mm *mm;

	if (!desc)
		return -EINVAL;
	mm = calloc(1, sizeof(*mm));
	if (!mm)
		return -ENOMEM;
	mm->sys = sys;
	mm->desc = *desc;
	mm->pasid = IOMMU_PASID_INVALID;
	atomic_init(&mm->refs, 1);
	atomic_init(&mm->gone, false);
	pthread_mutex_init(&mm->lock, NULL);
	core_list_init(&mm->domains);
	core_list_init(&mm->binds);
	*out = mm;
	return 0;
}

static void mm_put(struct iommu_mm *mm)
{
	if (atomic_fetch_sub(&mm->refs, 1) != 1)
		return;
	pasid_free(mm->sys, mm->pasid);
	pthread_mutex_destroy(&mm->lock);
	free(mm);
}

void iommu_mm_put(struct iommu_mm *mm)
{
	struct iommu_system *sys;

	if (!mm)
		return;
	sys = mm->sys;
	pthread_mutex_lock(&sys->sva_lock);
	mm_put(mm);
	pthread_mutex_unlock(&sys->sva_lock);
}

const struct iommu_mm_desc *iommu_mm_desc(const struct iommu_mm *mm)
{
	return &mm->desc;
}

void iommu_mm_invalidate(struct iommu_mm *mm, uint64_t start, uint64_t last)
{
	pthread_mutex_lock(&mm->lock);
	CORE_LIST_FOR_EACH(pos, &mm->domains)
	{
		struct iommu_domain *domain =
			CORE_LIST_ENTRY(pos, struct sva_domain, link)->domain;

		if (domain->ops->mm_invalidate)
			domain->ops->mm_invalidate(domain, start, last);
	}
	pthread_mutex_unlock(&mm->lock);
}

void iommu_mm_exit(struct iommu_mm *mm)
{
	pthread_mutex_lock(&mm->lock);
	CORE_LIST_FOR_EACH(pos, &mm->domains)
	{
		struct iommu_domain *domain =
			CORE_LIST_ENTRY(pos, struct sva_domain, link)->domain;

		if (!atomic_load(&mm->gone) && domain->ops->mm_release)
			domain->ops->mm_release(domain);
	}
	atomic_store(&mm->gone, true);
	pthread_mutex_unlock(&mm->lock);
}

/* ---- faults (CORE-110) ---- */

/* Makes the pages of a group present; the first that cannot be decides. */
static enum iommu_page_response page_in(struct iommu_mm *mm,
					const struct iommu_iopf_group *group)
{
	if (atomic_load(&mm->gone) || !mm->desc.fault)
		return IOMMU_PAGE_INVALID;
	for (size_t i = 0; i < group->num; i++) {
		const struct iommu_page_request *r = &group->requests[i];

		if (!(r->flags & IOMMU_PRQ_PASID) || (r->perm & IOMMU_PRQ_PRIV) ||
		    mm->desc.fault(mm->desc.ctx, r->addr, r->perm))
			return IOMMU_PAGE_INVALID;
	}
	return IOMMU_PAGE_SUCCESS;
}

static void sva_work(struct iommu_iopf_group *group)
{
	iommu_iopf_group_response(group, page_in(group->handle->domain->mm, group));
	iommu_iopf_group_free(group);
}

static int sva_iopf_handler(struct iommu_iopf_group *group)
{
	return iommu_iopf_queue_work(group, sva_work);
}

/* ---- binding, under sva_lock ---- */

/* CORE-99, CORE-104 */
static int give_pasid(struct iommu_mm *mm, uint32_t max)
{
	if (mm->pasid != IOMMU_PASID_INVALID)
		return mm->pasid >= max ? -EOVERFLOW : 0;
	if (pasid_room(mm->sys))
		return -ENOMEM;
	mm->pasid = pasid_alloc(mm->sys, max);
	return mm->pasid == IOMMU_PASID_INVALID ? -ENOSPC : 0;
}

/* A PASID is the whole group's: so is the bind. */
static struct iommu_sva *find_bind(struct iommu_dev *dev, struct iommu_mm *mm)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iommu_sva *found = NULL;

	CORE_LIST_FOR_EACH(pos, &mm->binds)
	{
		struct iommu_sva *sva = CORE_LIST_ENTRY(pos, struct iommu_sva, link);

		if (sva->group == group)
			found = sva;
	}
	iommu_group_put(group);
	return found;
}

static void domain_put(struct iommu_mm *mm, struct sva_domain *sd)
{
	if (--sd->users)
		return;
	pthread_mutex_lock(&mm->lock);
	core_list_del(&sd->link);
	pthread_mutex_unlock(&mm->lock);
	iommu_domain_free(sd->domain);
	free(sd);
	mm_put(mm);
}

/* A new domain on the mm, with one user; holds the mm. */
static int domain_new(struct iommu_dev *dev, struct iommu_mm *mm, struct sva_domain **out)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);
	struct sva_domain *sd;
	int err;

	if (!ops || !ops->domain_alloc_sva)
		return ops ? -EOPNOTSUPP : -ENODEV;
	sd = calloc(1, sizeof(*sd));
	if (!sd)
		return -ENOMEM;
	err = ops->domain_alloc_sva(dev, mm, &sd->domain);
	if (!err && !sd->domain)
		err = -ENOMEM;
	if (err) {
		free(sd);
		return err;
	}
	core_init_domain(sd->domain, IOMMU_DOMAIN_SVA, ops);
	sd->domain->cookie_kind = IOMMU_COOKIE_SVA;
	sd->domain->mm = mm;
	sd->domain->iopf_handler = sva_iopf_handler;
	sd->users = 1;
	pthread_mutex_lock(&mm->lock);
	/* On the list before iommu_mm_exit() reads it, or not at all. */
	if (atomic_load(&mm->gone))
		err = -EBUSY;
	else
		core_list_add_tail(&sd->link, &mm->domains);
	pthread_mutex_unlock(&mm->lock);
	if (err) {
		iommu_domain_free(sd->domain);
		free(sd);
		return err;
	}
	atomic_fetch_add(&mm->refs, 1);
	*out = sd;
	return 0;
}

/* On success sva->group is referenced. */
static int attach_group_to(struct sva_domain *sd, struct iommu_sva *sva)
{
	struct iommu_group *group = core_group_lock(sva->dev);
	int err;

	if (!group)
		return -ENODEV;
	err = core_attach_pasid(group, sd->domain, sva->dev, sva->mm->pasid,
				&sva->handle);
	if (!err) {
		core_group_ref(group);
		sva->group = group;
	}
	core_group_unlock(group);
	return err;
}

/* Before iommu_mm_exit() looks who walks the table, or not at all. */
static int attach_to(struct sva_domain *sd, struct iommu_sva *sva)
{
	struct iommu_mm *mm = sva->mm;
	int err;

	pthread_mutex_lock(&mm->lock);
	err = atomic_load(&mm->gone) ? -EBUSY : attach_group_to(sd, sva);
	pthread_mutex_unlock(&mm->lock);
	return err;
}

/* CORE-101: a domain that suits the device, else one of its own. */
static int attach_any(struct iommu_sva *sva)
{
	int err;

	CORE_LIST_FOR_EACH(pos, &sva->mm->domains)
	{
		sva->sd = CORE_LIST_ENTRY(pos, struct sva_domain, link);
		err = attach_to(sva->sd, sva);
		/* CORE-100: the PASID is taken, whatever the domain. */
		if (err == -EBUSY)
			return err;
		if (err)
			continue;
		sva->sd->users++;
		return 0;
	}
	err = domain_new(sva->dev, sva->mm, &sva->sd);
	if (err)
		return err;
	err = attach_to(sva->sd, sva);
	if (err)
		domain_put(sva->mm, sva->sd);
	return err;
}

static int bind(struct iommu_dev *dev, struct iommu_mm *mm, struct iommu_sva **out)
{
	struct iommu_sva *sva;
	int err;

	if (atomic_load(&mm->gone))
		return -EBUSY;
	sva = find_bind(dev, mm);
	if (sva) {
		sva->users++;
		*out = sva;
		return 0;
	}
	err = give_pasid(mm, max_pasids(dev));
	if (err)
		return err;
	sva = calloc(1, sizeof(*sva));
	if (!sva)
		return -ENOMEM;
	sva->dev = dev;
	sva->mm = mm;
	sva->users = 1;
	err = attach_any(sva);
	if (err) {
		free(sva);
		return err;
	}
	core_dev_get(dev);
	core_list_add_tail(&sva->link, &mm->binds);
	atomic_fetch_add(&mm->refs, 1);
	*out = sva;
	return 0;
}

int iommu_sva_bind_device(struct iommu_dev *dev, struct iommu_mm *mm,
			  struct iommu_sva **sva)
{
	int err;

	if (!iommu_dev_has_iommu(dev))
		return -ENODEV;
	pthread_mutex_lock(&dev->sys->sva_lock);
	err = bind(dev, mm, sva);
	pthread_mutex_unlock(&dev->sys->sva_lock);
	return err;
}

/* The n-th device of the group with a reference, or NULL. */
static struct iommu_dev *nth_dev(struct iommu_group *group, unsigned n)
{
	struct iommu_dev *dev = NULL;

	pthread_mutex_lock(&group->mutex);
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		if (n-- == 0) {
			dev = core_dev_get(CORE_GROUP_DEV(pos));
			break;
		}
	}
	pthread_mutex_unlock(&group->mutex);
	return dev;
}

/*
 * Work that was queued for the handle must not find it freed. From the last on, so that
 * a device that leaves meanwhile hides none from us; it was waited for when it left.
 */
static void flush_group(struct iommu_group *group)
{
	unsigned n;

	pthread_mutex_lock(&group->mutex);
	n = core_group_count(group);
	pthread_mutex_unlock(&group->mutex);
	while (n--) {
		struct iommu_dev *dev = nth_dev(group, n);

		if (!dev)
			continue;
		(void)iommu_iopf_flush_dev(dev);
		core_dev_put(dev);
	}
}

/* CORE-102; by the group, since the device may have left it. */
static void unbind(struct iommu_sva *sva)
{
	struct iommu_mm *mm = sva->mm;

	pthread_mutex_lock(&sva->group->mutex);
	core_detach_pasid(sva->group, sva->sd->domain, mm->pasid);
	pthread_mutex_unlock(&sva->group->mutex);
	flush_group(sva->group);
	core_list_del(&sva->link);
	domain_put(mm, sva->sd);
	iommu_group_put(sva->group);
	core_dev_put(sva->dev);
	free(sva);
	mm_put(mm);
}

void iommu_sva_unbind_device(struct iommu_sva *sva)
{
	struct iommu_system *sys = sva->mm->sys;

	pthread_mutex_lock(&sys->sva_lock);
	if (--sva->users == 0)
		unbind(sva);
	pthread_mutex_unlock(&sys->sva_lock);
}

uint32_t iommu_sva_get_pasid(const struct iommu_sva *sva)
{
	return sva->mm->pasid;
}
