/* SPDX-License-Identifier: MIT */
/* IOVAs, strict and lazy invalidation, default types at run time, MSIs, dirty pages
 * (CORE-47, 48, 115, 116, 124, 127, 128, 130, 131). */
#include "core/double.h"
#include <smmulator/iommu_dma.h>
#include "core/iova.h"

static struct world *start(unsigned type, unsigned caps)
{
	const struct iommu_system_config cfg = { .default_domain_type = type };
	struct world *w = world_create(&cfg);

	w->caps = caps;
	world_register(w, 0);
	return w;
}

static const unsigned fq = 1u << IOMMU_CAP_DEFERRED_FLUSH;

/* The allocator: highest place first, aligned, never over anything. */
static void dma_iova_allocator(void **state)
{
	struct core_iova v = { 0 };
	uint64_t at;

	(void)state;
	assert_int_equal(core_iova_alloc(&v, 0x1000, 0xffff, 0x1000, &at), 0);
	assert_int_equal(at, 0xf000);
	assert_int_equal(core_iova_alloc(&v, 0x1000, 0xffff, 0x3000, &at), 0);
	assert_int_equal(at, 0xc000); /* aligned to 0x4000, and up to the first */
	assert_int_equal(core_iova_alloc(&v, 0x1000, 0xffff, 0x1000, &at), 0);
	assert_int_equal(at, 0xb000);
	assert_int_equal(core_iova_alloc(&v, 0x1000, 0xffff, 0x3000, &at), 0);
	assert_int_equal(at, 0x8000); /* 0xa000 is free, but not aligned */
	assert_int_equal(core_iova_reserve(&v, 0x1000, 0xdfff), 0);
	assert_int_equal(core_iova_alloc(&v, 0x1000, 0xffff, 0x1000, &at), -ENOSPC);
	assert_int_equal(core_iova_reserve(&v, 0x1000, 0xffff), 0); /* nothing new */
	core_iova_free(&v, 0xf000);
	assert_int_equal(core_iova_alloc(&v, 0x1000, 0xffff, 0x2000, &at), -ENOSPC);
	assert_int_equal(core_iova_alloc(&v, 0x1000, 0xffff, 0x1000, &at), 0);
	assert_int_equal(at, 0xf000);
	core_iova_clear(&v);
	/* The very ends of the address space. */
	assert_int_equal(core_iova_alloc(&v, 0, UINT64_MAX, 0x1000, &at), 0);
	assert_int_equal(at, UINT64_MAX - 0xfff);
	assert_int_equal(core_iova_reserve(&v, 0x1000, UINT64_MAX), 0);
	assert_int_equal(core_iova_alloc(&v, 0, UINT64_MAX, 0x1000, &at), 0);
	assert_int_equal(at, 0);
	assert_int_equal(core_iova_alloc(&v, 0, UINT64_MAX, 1, &at), -ENOSPC);
	core_iova_clear(&v);
}

/* A thousand random allocations and frees against a page map. */
static void dma_iova_random(void **state)
{
	enum { PAGES = 64 };
	struct core_iova v = { 0 };
	uint8_t used[PAGES] = { 0 };
	uint64_t start_of[PAGES], x = 1;
	int n = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t pages, at;

		x = x * 6364136223846793005u + 1442695040888963407u;
		pages = 1 + (x >> 33) % 5;
		if ((x >> 40) % 2 && n) {
			int k = (int)((x >> 45) % (uint64_t)n);
			struct core_iova_range *r = core_iova_find(&v, start_of[k]);

			assert_non_null(r);
			for (uint64_t p = r->first >> 12; p <= r->last >> 12; p++)
				used[p] = 0;
			core_iova_free(&v, start_of[k]);
			start_of[k] = start_of[--n];
			continue;
		}
		if (core_iova_alloc(&v, 0x1000, PAGES * PAGE - 1, pages * PAGE, &at))
			continue;
		assert_true(at >= 0x1000 && at / PAGE + pages <= PAGES);
		for (uint64_t p = at / PAGE; p < at / PAGE + pages; p++) {
			assert_int_equal(used[p], 0);
			used[p] = 1;
		}
		start_of[n++] = at;
	}
	core_iova_clear(&v);
}

/* Strict: unmapped means invalidated, and the address is free at once. */
static void dma_strict(void **state)
{
	struct world *w = start(IOMMU_DOMAIN_DMA, fq);
	struct iommu_dev *a = world_dev(w, "a", 0, 1), *none;
	struct iommu_domain *d = state_of(a).default_domain;
	uint64_t one, two, again;

	(void)state;
	none = world_dev(w, "none", -1, 0);
	assert_int_equal(iommu_dma_map(none, 0x5000, 0x10, IOMMU_READ, &one), -ENODEV);
	assert_int_equal(iommu_dma_map(a, 0x5000, 0, IOMMU_READ, &one), -EINVAL);
	assert_int_equal(iommu_dma_map(a, 0x5040, 0x1000, IOMMU_READ, &one), 0);
	assert_int_equal(one & 0xfff, 0x40);
	assert_int_equal(iommu_iova_to_phys(d, one), 0x5040);
	assert_int_equal(iommu_iova_to_phys(d, one + 0xfff), 0x603f);
	assert_int_equal(iommu_dma_map(a, 0x5000, 0x1000, IOMMU_WRITE, &two), 0);
	assert_int_not_equal(one & ~0xfffull, two);
	/* Not like that: a part, more than was mapped, nothing, or twice. */
	assert_int_equal(iommu_dma_unmap(a, one, 0x10), -EINVAL);
	assert_int_equal(iommu_dma_unmap(a, one, 0x2000), -EINVAL);
	assert_int_equal(iommu_dma_unmap(a, one + 0x1000, 0x1000), -EINVAL);
	assert_int_equal(iommu_dma_unmap(a, one, 0), -EINVAL);
	assert_int_equal(iommu_dma_unmap(a, one, 0x1000), 0);
	assert_int_equal(tdom(d)->syncs, 1);
	assert_int_equal(tdom(d)->flushes, 0);
	assert_int_equal(iommu_dma_unmap(a, one, 0x1000), -EINVAL);
	assert_int_equal(iommu_dma_map(a, 0x9040, 0x1000, IOMMU_READ, &again), 0);
	assert_int_equal(again, one);
	assert_int_equal(iommu_dma_queued(d), 0);
	assert_int_equal(iommu_dma_unmap(none, one, 1), -ENODEV);
	world_destroy(w);
}

/* CORE-124: lazy: no sync, no reuse, until the queue is flushed. */
static void dma_flush_queue(void **state)
{
	struct world *w = start(IOMMU_DOMAIN_DMA_FQ, fq);
	struct iommu_dev *a = world_dev(w, "a", 0, 1);
	struct iommu_domain *d = state_of(a).default_domain;
	uint64_t iova[2], first;

	(void)state;
	assert_int_equal(d->type, IOMMU_DOMAIN_DMA_FQ);
	assert_int_equal(iommu_dma_map(a, 0x5000, PAGE, IOMMU_READ, &first), 0);
	assert_int_equal(iommu_dma_unmap(a, first, PAGE), 0);
	assert_int_equal(iommu_dma_unmap(a, first, PAGE), -EINVAL);
	assert_int_equal(tdom(d)->syncs, 0);
	assert_int_equal(iommu_dma_queued(d), 1);
	assert_int_equal(iommu_dma_map(a, 0x5000, PAGE, IOMMU_READ, &iova[0]), 0);
	assert_int_not_equal(iova[0], first);
	iommu_dma_flush(d);
	assert_int_equal(tdom(d)->flushes, 1);
	assert_int_equal(iommu_dma_queued(d), 0);
	iommu_dma_flush(d); /* nothing waits: nothing is done */
	assert_int_equal(tdom(d)->flushes, 1);
	assert_int_equal(iommu_dma_map(a, 0x5000, PAGE, IOMMU_READ, &iova[1]), 0);
	assert_int_equal(iova[1], first);
	/* Full: flushed by itself. */
	for (int i = 0; i < 256; i++) {
		uint64_t x;

		assert_int_equal(iommu_dma_map(a, 0x7000, PAGE, IOMMU_READ, &x), 0);
		assert_int_equal(iommu_dma_unmap(a, x, PAGE), 0);
	}
	assert_int_equal(tdom(d)->flushes, 2);
	assert_int_equal(iommu_dma_queued(d), 0);
	world_destroy(w);
}

/* CORE-124: what waits is taken back when there is no other room. */
static void dma_flush_for_room(void **state)
{
	struct world *w = start(IOMMU_DOMAIN_DMA_FQ, fq);
	struct iommu_dev *a = world_dev(w, "a", 0, 1);
	struct iommu_domain *d = state_of(a).default_domain;
	uint64_t one, two;

	(void)state;
	d->aperture_last = 2 * PAGE - 1;
	assert_int_equal(iommu_dma_map(a, 0x5000, PAGE, IOMMU_READ, &one), 0);
	assert_int_equal(one, PAGE); /* never 0 */
	assert_int_equal(iommu_dma_map(a, 0x6000, PAGE, IOMMU_READ, &two), -ENOSPC);
	assert_int_equal(iommu_dma_unmap(a, one, PAGE), 0);
	assert_int_equal(iommu_dma_map(a, 0x6000, PAGE, IOMMU_READ, &two), 0);
	assert_int_equal(tdom(d)->flushes, 1);
	assert_int_equal(two, one);
	world_destroy(w);
}

/* CORE-43: the driver cannot: the domain is strict. */
static void dma_without_deferred_flush(void **state)
{
	struct world *w = start(IOMMU_DOMAIN_DMA_FQ, 0);
	struct iommu_dev *a = world_dev(w, "a", 0, 1);

	(void)state;
	assert_int_equal(state_of(a).default_domain->type, IOMMU_DOMAIN_DMA);
	world_destroy(w);
}

/* Reserved regions are never handed out; a user's domain is his own. */
static void dma_keeps_out(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a;
	struct iommu_domain *d;
	uint64_t iova;

	(void)state;
	w->resv[0] = (struct iommu_resv_region){ .start = UINT64_MAX - 0xfff,
						 .length = 0x1000,
						 .type = IOMMU_RESV_RESERVED };
	w->num_resv = 1;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	assert_int_equal(iommu_dma_map(a, 0x5000, PAGE, IOMMU_READ, &iova), 0);
	assert_int_equal(iova, UINT64_MAX - 0x1fff);
	d = world_domain(a);
	assert_int_equal(iommu_attach_device(d, a), 0);
	assert_int_equal(iommu_dma_map(a, 0x5000, PAGE, IOMMU_READ, &iova), -EINVAL);
	iommu_detach_device(d, a);
	assert_int_equal(iommu_attach_device(&w->drv[0].identity, a), 0);
	assert_int_equal(iommu_dma_map(a, 0x5040, PAGE, IOMMU_READ, &iova), 0);
	assert_int_equal(iova, 0x5040);
	assert_int_equal(iommu_dma_unmap(a, iova, PAGE), 0);
	iommu_detach_device(&w->drv[0].identity, a);
	iommu_domain_free(d);
	world_destroy(w);
}

/* CORE-47, CORE-48 */
static void default_type_at_run_time(void **state)
{
	struct world *w = start(IOMMU_DOMAIN_DMA, fq);
	struct iommu_dev *a = world_dev(w, "a", 0, 1);
	struct iommu_group *g = iommu_group_get(a);
	struct iommu_domain *d = state_of(a).default_domain;
	uint64_t iova;
	int me, living = w->domains;

	(void)state;
	assert_int_equal(iommu_group_set_default_type(g, IOMMU_DOMAIN_UNMANAGED),
			 -EINVAL);
	/* DMA to DMA-FQ is live: in use, and the same domain. */
	assert_int_equal(iommu_device_use_default_domain(a), 0);
	assert_int_equal(iommu_group_set_default_type(g, IOMMU_DOMAIN_IDENTITY), -EPERM);
	assert_int_equal(iommu_group_set_default_type(g, IOMMU_DOMAIN_DMA_FQ), 0);
	assert_ptr_equal(state_of(a).default_domain, d);
	assert_int_equal(d->type, IOMMU_DOMAIN_DMA_FQ);
	assert_int_equal(iommu_dma_map(a, 0x5000, PAGE, IOMMU_READ, &iova), 0);
	assert_int_equal(iommu_dma_unmap(a, iova, PAGE), 0);
	assert_int_equal(iommu_dma_queued(d), 1);
	iommu_device_unuse_default_domain(a);
	assert_int_equal(iommu_group_claim_dma_owner(g, &me), 0);
	assert_int_equal(iommu_group_set_default_type(g, IOMMU_DOMAIN_IDENTITY), -EPERM);
	iommu_group_release_dma_owner(g);
	/* A failing attach: the old one stays. */
	world_fail(w, "attach", "a", -EIO, 0, 1);
	assert_int_equal(iommu_group_set_default_type(g, IOMMU_DOMAIN_IDENTITY), -EIO);
	assert_ptr_equal(state_of(a).default_domain, d);
	assert_ptr_equal(td(a)->cur, d);
	assert_int_equal(iommu_group_set_default_type(g, IOMMU_DOMAIN_IDENTITY), 0);
	assert_ptr_equal(td(a)->cur, &w->drv[0].identity);
	assert_int_equal(w->domains, living - 1); /* CORE-47: the old one, freed */
	assert_int_equal(iommu_group_set_default_type(g, 0),
			 0); /* as the system wishes */
	assert_int_equal(state_of(a).default_domain->type, IOMMU_DOMAIN_DMA);
	iommu_group_put(g);
	world_destroy(w);
}

/* CORE-48: a driver that wants another, and a group without a default domain. */
static void default_type_refused(void **state)
{
	struct world *w = start(IOMMU_DOMAIN_DMA, fq);
	struct iommu_dev *i = world_dev(w, "i", 0, 1); /* wishes identity */
	struct iommu_group *g = iommu_group_get(i), *empty;

	(void)state;
	assert_int_equal(iommu_group_set_default_type(g, IOMMU_DOMAIN_DMA), -EINVAL);
	assert_int_equal(iommu_group_alloc(w->sys, &empty), 0);
	assert_int_equal(iommu_group_set_default_type(empty, IOMMU_DOMAIN_DMA), -EINVAL);
	iommu_group_put(empty);
	iommu_group_put(g);
	world_destroy(w);
}

/* CORE-116 */
static void msi_doorbells(void **state)
{
	struct world *w = start(IOMMU_DOMAIN_DMA, 0);
	struct iommu_dev *a = world_dev(w, "a", 0, 1), *none = world_dev(w, "n", -1, 0);
	struct iommu_domain *dma = state_of(a).default_domain, *d = world_domain(a);
	uint64_t iova, again;
	size_t pages;

	(void)state;
	assert_int_equal(iommu_dma_prepare_msi(none, 0x8020040, &iova), 0);
	assert_int_equal(iova, 0x8020040);
	/* DMA_IOVA: an address of the domain, once for each page. */
	assert_int_equal(iommu_dma_prepare_msi(a, 0x8020040, &iova), 0);
	assert_int_equal(iova & 0xfff, 0x040);
	assert_int_equal(iommu_iova_to_phys(dma, iova), 0x8020040);
	assert_int_equal(tdom(dma)->prot[0], IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_MMIO);
	pages = tdom(dma)->pages;
	assert_int_equal(iommu_dma_prepare_msi(a, 0x8020080, &again), 0);
	assert_int_equal(again, iova + 0x40);
	assert_int_equal(tdom(dma)->pages, pages);
	/* It is no mapping of a driver's, so none takes it away. */
	assert_int_equal(iommu_dma_unmap(a, iova & ~0xfffull, PAGE), -EINVAL);
	/* DMA_MSI: linear from the base. */
	assert_int_equal(iommu_get_msi_cookie(d, 0x9000000), 0);
	assert_int_equal(iommu_attach_device(d, a), 0);
	assert_int_equal(iommu_dma_prepare_msi(a, 0x8020040, &iova), 0);
	assert_int_equal(iova, 0x9000040);
	assert_int_equal(iommu_dma_prepare_msi(a, 0x8030040, &iova), 0);
	assert_int_equal(iova, 0x9001040);
	/* A mapping that fails leaves its place for the next. */
	world_fail(w, "map", NULL, -ENOMEM, 0, 1);
	assert_int_equal(iommu_dma_prepare_msi(a, 0x8040040, &iova), -ENOMEM);
	assert_int_equal(iova, 0x8040040);
	assert_int_equal(iommu_dma_prepare_msi(a, 0x8050040, &iova), 0);
	assert_int_equal(iova, 0x9002040);
	iommu_detach_device(d, a);
	iommu_domain_free(d);
	/* Any other cookie: somebody else's business. */
	d = world_domain(a);
	assert_int_equal(iommu_attach_device(d, a), 0);
	assert_int_equal(iommu_dma_prepare_msi(a, 0x8020040, &iova), -EOPNOTSUPP);
	iommu_detach_device(d, a);
	iommu_domain_free(d);
	assert_int_equal(iommu_attach_device(&w->drv[0].identity, a), 0);
	assert_int_equal(iommu_dma_prepare_msi(a, 0x8020040, &iova), 0);
	assert_int_equal(iova, 0x8020040);
	iommu_detach_device(&w->drv[0].identity, a);
	world_destroy(w);
}

static bool tracking;
static uint32_t dirty_flags;

static int td_set_dirty(struct iommu_domain *d, bool on)
{
	(void)d;
	tracking = on;
	return 0;
}

/* Pages 1 and 3 of the range are dirty, and one outside of it. */
static int td_read_dirty(struct iommu_domain *d, struct iommu_dirty_bitmap *b,
			 uint32_t flags, struct iommu_iotlb_gather *gather)
{
	if (!tracking)
		return -EINVAL;
	dirty_flags = flags;
	iommu_dirty_record(b, b->iova + PAGE, PAGE);
	iommu_dirty_record(b, b->iova + 3 * PAGE, 1);
	iommu_dirty_record(b, b->iova + b->size, PAGE);
	iommu_dirty_record(b, b->iova - PAGE, PAGE);
	if (!(flags & IOMMU_DIRTY_NO_CLEAR))
		iommu_iotlb_gather_add_page(d, gather, b->iova + PAGE, PAGE);
	return 0;
}

/* CORE-127, CORE-128 */
static void dirty_tracking(void **state)
{
	struct world *w = start(IOMMU_DOMAIN_DMA, 1u << IOMMU_CAP_DIRTY_TRACKING);
	struct iommu_dev *a = world_dev(w, "a", 0, 1);
	struct iommu_domain *d = world_domain(a);
	uint64_t words[2] = { 0 };
	struct iommu_dirty_bitmap b = {
		.iova = 0x10000, .size = 80 * PAGE, .page_shift = 12, .words = words
	};

	(void)state;
	assert_int_equal(iommu_set_dirty_tracking(d, true), -EOPNOTSUPP);
	assert_int_equal(iommu_read_and_clear_dirty(d, &b, 0), -EOPNOTSUPP);
	w->drv[0].paging_ops.set_dirty_tracking = td_set_dirty;
	w->drv[0].paging_ops.read_and_clear_dirty = td_read_dirty;
	assert_int_equal(iommu_attach_device(d, a), 0);
	assert_int_equal(iommu_read_and_clear_dirty(d, &b, 0), -EINVAL); /* off */
	assert_int_equal(iommu_set_dirty_tracking(d, true), 0);
	assert_int_equal(iommu_read_and_clear_dirty(d, &b, 2), -EINVAL);
	assert_int_equal(iommu_read_and_clear_dirty(d, &b, IOMMU_DIRTY_NO_CLEAR), 0);
	assert_int_equal(dirty_flags, IOMMU_DIRTY_NO_CLEAR);
	assert_int_equal(words[0], 0xa);
	assert_int_equal(words[1], 0);
	assert_int_equal(tdom(d)->syncs, 0);
	assert_int_equal(iommu_read_and_clear_dirty(d, &b, 0), 0);
	assert_int_equal(tdom(d)->syncs, 1); /* no stale "already dirty" in a TLB */
	b.size = 0;
	assert_int_equal(iommu_read_and_clear_dirty(d, &b, 0), -EINVAL);
	b.size = PAGE + 1;
	assert_int_equal(iommu_read_and_clear_dirty(d, &b, 0), -EINVAL);
	b.size = PAGE;
	b.iova = UINT64_MAX - 0xfff;
	assert_int_equal(iommu_read_and_clear_dirty(d, &b, IOMMU_DIRTY_NO_CLEAR), 0);
	b.size = 2 * PAGE;
	assert_int_equal(iommu_read_and_clear_dirty(d, &b, 0), -EINVAL);
	b.page_shift = 64;
	assert_int_equal(iommu_read_and_clear_dirty(d, &b, 0), -EINVAL);
	iommu_detach_device(d, a);
	/* CORE-128: its writes would be missed. */
	w->caps = 0;
	assert_int_equal(iommu_attach_device(d, a), -EINVAL);
	iommu_domain_free(d);
	w->caps = 1u << IOMMU_CAP_DIRTY_TRACKING;
	world_destroy(w);
}

static bool may_enforce;

static bool td_enforce(struct iommu_domain *d)
{
	(void)d;
	return may_enforce;
}

/* CORE-130, CORE-131, CORE-132 */
static void coherency_enforced_for_good(void **state)
{
	struct world *w = start(IOMMU_DOMAIN_DMA, 1u << IOMMU_CAP_CACHE_COHERENCY);
	struct iommu_dev *a = world_dev(w, "a", 0, 1);
	struct iommu_domain *d = world_domain(a);

	(void)state;
	assert_true(iommu_capable(a, IOMMU_CAP_CACHE_COHERENCY));
	assert_false(iommu_enforce_cache_coherency(d)); /* no op */
	w->drv[0].paging_ops.enforce_cache_coherency = td_enforce;
	assert_false(iommu_enforce_cache_coherency(d));
	assert_int_equal(iommu_attach_device(d, a), 0);
	iommu_detach_device(d, a);
	may_enforce = true;
	assert_true(iommu_enforce_cache_coherency(d));
	may_enforce = false;
	assert_true(iommu_enforce_cache_coherency(d)); /* never taken back */
	assert_int_equal(iommu_attach_device(d, a), -EINVAL);
	w->caps |= 1u << IOMMU_CAP_ENFORCE_CACHE_COHERENCY;
	assert_int_equal(iommu_attach_device(d, a), 0);
	iommu_detach_device(d, a);
	iommu_domain_free(d);
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dma_iova_allocator),
		cmocka_unit_test(dma_iova_random),
		cmocka_unit_test(dma_strict),
		cmocka_unit_test(dma_flush_queue),
		cmocka_unit_test(dma_flush_for_room),
		cmocka_unit_test(dma_without_deferred_flush),
		cmocka_unit_test(dma_keeps_out),
		cmocka_unit_test(default_type_at_run_time),
		cmocka_unit_test(default_type_refused),
		cmocka_unit_test(msi_doorbells),
		cmocka_unit_test(dirty_tracking),
		cmocka_unit_test(coherency_enforced_for_good),
	};

	return cmocka_run_group_tests_name("core_dma", tests, NULL, NULL);
}
