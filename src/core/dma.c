/* SPDX-License-Identifier: MIT */
/*
 * Addresses that the core gives itself: the DMA cookie with its IOVAs, the flush
 * queue, MSI doorbells (CORE-115, CORE-116, CORE-124).
 */
#include <stdlib.h>
#include <smmulator/iommu_dma.h>
#include "core/core.h"
#include "core/iova.h"

/* Ranges that wait; then one invalidation of everything serves all of them. */
enum { FLUSH_AT = 256 };

struct flush_queue {
	struct iommu_free_node *freelist; /* tables, free after the flush */
	uint64_t iova[FLUSH_AT];
	size_t num;
};

struct msi_page {
	uint64_t pa, iova;
};

/* The lock guards everything in it, and is taken inside group->mutex. */
struct core_dma_cookie {
	pthread_mutex_t lock;
	uint64_t msi_base; /* DMA_MSI: where doorbells are mapped from */
	struct msi_page *msi;
	size_t num_msi;
	struct core_iova iova; /* DMA_IOVA */
	struct flush_queue *fq;
};

static struct core_dma_cookie *cookie_of(const struct iommu_domain *domain)
{
	if (domain->cookie_kind != IOMMU_COOKIE_DMA_IOVA &&
	    domain->cookie_kind != IOMMU_COOKIE_DMA_MSI)
		return NULL;
	return domain->cookie;
}

static uint64_t page_of(const struct iommu_domain *domain)
{
	return domain->pgsize_bitmap & (~domain->pgsize_bitmap + 1);
}

/* ---- the cookie ---- */

static int set_cookie(struct iommu_domain *domain, enum iommu_cookie_kind kind,
		      uint64_t msi_base)
{
	struct core_dma_cookie *cookie;

	if (domain->cookie_kind != IOMMU_COOKIE_NONE)
		return -EEXIST;
	cookie = calloc(1, sizeof(*cookie));
	if (!cookie)
		return -ENOMEM;
	pthread_mutex_init(&cookie->lock, NULL);
	cookie->msi_base = msi_base;
	domain->cookie = cookie;
	domain->cookie_kind = kind;
	return 0;
}

int iommu_get_dma_cookie(struct iommu_domain *domain)
{
	if (!iommu_domain_is_paging(domain))
		return -EINVAL;
	return set_cookie(domain, IOMMU_COOKIE_DMA_IOVA, 0);
}

int iommu_get_msi_cookie(struct iommu_domain *domain, uint64_t base)
{
	if (domain->type != IOMMU_DOMAIN_UNMANAGED)
		return -EINVAL;
	return set_cookie(domain, IOMMU_COOKIE_DMA_MSI, base);
}

/* ---- the flush queue; cookie->lock held ---- */

static void flush(struct iommu_domain *domain, struct core_dma_cookie *cookie)
{
	struct flush_queue *fq = cookie->fq;
	struct iommu_free_node *node, *next;

	if (!fq || (!fq->num && !fq->freelist))
		return;
	iommu_flush_iotlb_all(domain);
	/* Only now may anybody have the tables and the addresses again. */
	for (node = fq->freelist; node; node = next) {
		next = node->next;
		node->free(node);
	}
	fq->freelist = NULL;
	for (size_t i = 0; i < fq->num; i++)
		core_iova_free(&cookie->iova, fq->iova[i]);
	fq->num = 0;
}

static void enqueue(struct iommu_domain *domain, struct core_dma_cookie *cookie,
		    uint64_t iova, struct iommu_iotlb_gather *gather)
{
	struct flush_queue *fq = cookie->fq;
	struct iommu_free_node *node;

	while ((node = gather->freelist)) {
		gather->freelist = node->next;
		node->next = fq->freelist;
		fq->freelist = node;
	}
	fq->iova[fq->num++] = iova;
	if (fq->num == FLUSH_AT)
		flush(domain, cookie);
}

int core_flush_queue_on(struct iommu_domain *domain)
{
	struct core_dma_cookie *cookie = cookie_of(domain);
	struct flush_queue *fq = calloc(1, sizeof(*fq));

	if (!cookie || !fq) {
		free(fq);
		return cookie ? -ENOMEM : -EINVAL;
	}
	pthread_mutex_lock(&cookie->lock);
	if (cookie->fq)
		free(fq);
	else
		cookie->fq = fq;
	pthread_mutex_unlock(&cookie->lock);
	return 0;
}

void iommu_dma_flush(struct iommu_domain *domain)
{
	struct core_dma_cookie *cookie = cookie_of(domain);

	if (!cookie)
		return;
	pthread_mutex_lock(&cookie->lock);
	flush(domain, cookie);
	pthread_mutex_unlock(&cookie->lock);
}

size_t iommu_dma_queued(struct iommu_domain *domain)
{
	struct core_dma_cookie *cookie = cookie_of(domain);
	size_t n;

	if (!cookie)
		return 0;
	pthread_mutex_lock(&cookie->lock);
	n = cookie->fq ? cookie->fq->num : 0;
	pthread_mutex_unlock(&cookie->lock);
	return n;
}

void core_dma_cookie_free(struct iommu_domain *domain)
{
	struct core_dma_cookie *cookie = cookie_of(domain);

	if (!cookie)
		return;
	flush(domain, cookie);
	free(cookie->fq);
	free(cookie->msi);
	core_iova_clear(&cookie->iova);
	pthread_mutex_destroy(&cookie->lock);
	free(cookie);
	domain->cookie = NULL;
	domain->cookie_kind = IOMMU_COOKIE_NONE;
}

/* ---- IOVAs; cookie->lock held ---- */

/* What the device may not be given: its reserved regions, whatever they are. */
static int keep_reserved_out(struct core_dma_cookie *cookie, struct iommu_dev *dev)
{
	struct iommu_resv_list list = { 0 };
	int err = iommu_get_resv_regions(dev, &list);

	for (size_t i = 0; i < list.count && !err; i++)
		err = core_iova_reserve(&cookie->iova, list.regions[i].start,
					list.regions[i].start +
						(list.regions[i].length - 1));
	iommu_resv_list_free(&list);
	return err;
}

/* Address 0 is never given: too many drivers take it for none. */
static int alloc_iova(const struct iommu_domain *domain, struct core_dma_cookie *cookie,
		      struct iommu_dev *dev, uint64_t size, uint64_t *iova)
{
	uint64_t page = page_of(domain), low = domain->aperture_start;
	int err = keep_reserved_out(cookie, dev);

	if (low < page)
		low = page;
	if (err)
		return err;
	return core_iova_alloc(&cookie->iova, low, domain->aperture_last, size, iova);
}

static int map_new(struct iommu_domain *domain, struct core_dma_cookie *cookie,
		   struct iommu_dev *dev, uint64_t pa, uint64_t size, uint32_t prot,
		   uint64_t *iova)
{
	uint64_t page = page_of(domain), skip = pa & (page - 1), where;
	uint64_t bytes = (skip + size + page - 1) & ~(page - 1);
	int err;

	if (bytes < size)
		return -EINVAL;
	err = alloc_iova(domain, cookie, dev, bytes, &where);
	if (err == -ENOSPC && cookie->fq) {
		/* What waits to be flushed may be what is missing. */
		flush(domain, cookie);
		err = alloc_iova(domain, cookie, dev, bytes, &where);
	}
	if (err)
		return err;
	err = iommu_map(domain, where, pa - skip, bytes, prot);
	if (err) {
		core_iova_free(&cookie->iova, where);
		return err;
	}
	core_iova_find(&cookie->iova, where)->mapped = true;
	*iova = where + skip;
	return 0;
}

/* ---- what kernel drivers call ---- */

/* The group's domain, its group locked; NULL, nothing locked: no IOMMU. */
static struct iommu_domain *lock_domain(struct iommu_dev *dev, struct iommu_group **group)
{
	*group = core_group_lock(dev);
	if (!*group)
		return NULL;
	if ((*group)->domain)
		return (*group)->domain;
	core_group_unlock(*group);
	return NULL;
}

int iommu_dma_map(struct iommu_dev *dev, uint64_t pa, uint64_t size, uint32_t prot,
		  uint64_t *iova)
{
	struct core_dma_cookie *cookie;
	struct iommu_group *group;
	struct iommu_domain *domain = lock_domain(dev, &group);
	int err = -EINVAL;

	if (!domain)
		return -ENODEV;
	cookie = domain->cookie_kind == IOMMU_COOKIE_DMA_IOVA ? cookie_of(domain) : NULL;
	if (size && domain->type == IOMMU_DOMAIN_IDENTITY) {
		*iova = pa;
		err = 0;
	} else if (size && cookie) {
		pthread_mutex_lock(&cookie->lock);
		err = map_new(domain, cookie, dev, pa, size, prot, iova);
		pthread_mutex_unlock(&cookie->lock);
	}
	core_group_unlock(group);
	return err;
}

/* first: of the range that was allocated, as long as was mapped. */
static void unmap_range(struct iommu_domain *domain, struct core_dma_cookie *cookie,
			const struct core_iova_range *range)
{
	struct iommu_iotlb_gather gather;
	uint64_t first = range->first, bytes = range->last - range->first + 1;

	iommu_iotlb_gather_init(&gather);
	gather.queued = cookie->fq != NULL;
	iommu_unmap_fast(domain, first, bytes, &gather);
	if (cookie->fq) {
		enqueue(domain, cookie, first, &gather);
		return;
	}
	iommu_iotlb_sync(domain, &gather);
	core_iova_free(&cookie->iova, first);
}

static int unmap_one(struct iommu_domain *domain, struct core_dma_cookie *cookie,
		     uint64_t iova, uint64_t size)
{
	uint64_t first = iova & ~(page_of(domain) - 1);
	struct core_iova_range *range = core_iova_find(&cookie->iova, first);

	/* A range of exactly the pages of [iova, iova + size), and still mapped. */
	if (!range || !range->mapped || !size || iova + (size - 1) > range->last ||
	    range->last - (iova + (size - 1)) >= page_of(domain))
		return -EINVAL;
	range->mapped = false;
	unmap_range(domain, cookie, range);
	return 0;
}

int iommu_dma_unmap(struct iommu_dev *dev, uint64_t iova, uint64_t size)
{
	struct core_dma_cookie *cookie;
	struct iommu_group *group;
	struct iommu_domain *domain = lock_domain(dev, &group);
	int err = -EINVAL;

	if (!domain)
		return -ENODEV;
	cookie = domain->cookie_kind == IOMMU_COOKIE_DMA_IOVA ? cookie_of(domain) : NULL;
	if (domain->type == IOMMU_DOMAIN_IDENTITY) {
		err = 0;
	} else if (cookie) {
		pthread_mutex_lock(&cookie->lock);
		err = unmap_one(domain, cookie, iova, size);
		pthread_mutex_unlock(&cookie->lock);
	}
	core_group_unlock(group);
	return err;
}

/* ---- MSI doorbells (CORE-116); cookie->lock held ---- */

/* Linear from the base, or from the domain's own addresses. */
static int place_msi(struct iommu_domain *domain, struct core_dma_cookie *cookie,
		     struct iommu_dev *dev, uint64_t *iova)
{
	uint64_t page = page_of(domain);

	if (domain->cookie_kind == IOMMU_COOKIE_DMA_IOVA)
		return alloc_iova(domain, cookie, dev, page, iova);
	*iova = cookie->msi_base + cookie->num_msi * page;
	return 0;
}

static int map_msi(struct iommu_domain *domain, struct core_dma_cookie *cookie,
		   struct iommu_dev *dev, uint64_t pa, uint64_t *iova)
{
	struct msi_page *grown;
	int err;

	grown = realloc(cookie->msi, (cookie->num_msi + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	cookie->msi = grown;
	err = place_msi(domain, cookie, dev, iova);
	if (err)
		return err;
	err = iommu_map(domain, *iova, pa, page_of(domain),
			IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_MMIO);
	if (err) {
		if (domain->cookie_kind == IOMMU_COOKIE_DMA_IOVA)
			core_iova_free(&cookie->iova, *iova);
		return err;
	}
	cookie->msi[cookie->num_msi++] = (struct msi_page){ .pa = pa, .iova = *iova };
	return 0;
}

static int find_msi(struct iommu_domain *domain, struct core_dma_cookie *cookie,
		    struct iommu_dev *dev, uint64_t pa, uint64_t *iova)
{
	for (size_t i = 0; i < cookie->num_msi; i++)
		if (cookie->msi[i].pa == pa) {
			*iova = cookie->msi[i].iova;
			return 0;
		}
	return map_msi(domain, cookie, dev, pa, iova);
}

int iommu_dma_prepare_msi(struct iommu_dev *dev, uint64_t pa, uint64_t *iova)
{
	struct core_dma_cookie *cookie;
	struct iommu_group *group;
	struct iommu_domain *domain = lock_domain(dev, &group);
	uint64_t offset, where;
	int err = -EOPNOTSUPP;

	*iova = pa;
	if (!domain)
		return 0;
	cookie = cookie_of(domain);
	if (domain->type == IOMMU_DOMAIN_IDENTITY) {
		err = 0;
	} else if (cookie) {
		offset = pa & (page_of(domain) - 1);
		pthread_mutex_lock(&cookie->lock);
		err = find_msi(domain, cookie, dev, pa - offset, &where);
		pthread_mutex_unlock(&cookie->lock);
		if (!err)
			*iova = where + offset;
	} else if (domain->cookie_kind == IOMMU_COOKIE_IOMMUFD && domain->sw_msi) {
		err = domain->sw_msi(domain, dev, pa, iova);
	}
	core_group_unlock(group);
	return err;
}
