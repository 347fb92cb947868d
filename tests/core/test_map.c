/* SPDX-License-Identifier: MIT */
/* map, unmap, gather, look-up (CORE-118 to CORE-126). */
#include <stdlib.h>
#include "core/double.h"

#define K4   0x1000ull
#define M2   0x200000ull
#define G1   0x40000000ull
#define RW   (IOMMU_READ | IOMMU_WRITE)
#define ALL3 (K4 | M2 | G1)

struct map_world {
	struct world *w;
	struct iommu_dev *a;
	struct iommu_domain *d;
	struct td_domain *t;
};

static struct map_world setup(void)
{
	struct map_world m = { .w = world_create(NULL) };

	world_register(m.w, 0);
	m.a = world_dev(m.w, "a", 0, 1);
	m.d = world_domain(m.a);
	m.t = tdom(m.d);
	return m;
}

static void teardown(struct map_world *m)
{
	iommu_domain_free(m->d);
	world_destroy(m->w);
}

static void assert_pgsize(uint64_t iova, uint64_t pa, uint64_t size, uint64_t want,
			  size_t want_count)
{
	size_t count = 0;

	assert_int_equal(iommu_pgsize(ALL3, iova, pa, size, &count), want);
	assert_int_equal(count, want_count);
}

/* CORE-119, CORE-126 */
static void pgsize_table(void **state)
{
	size_t count;

	(void)state;
	assert_pgsize(0x1ff000, 0x1ff000, M2 + K4, K4, 1);
	assert_pgsize(0x200000, 0x200000, M2, M2, 1);
	assert_pgsize(0x1fe000, 0x1fe000, M2 + K4, K4, 513); /* no whole 2M left */
	assert_pgsize(0x1fe000, 0x1fe000, M2 + 2 * K4, K4, 2);
	assert_pgsize(0x1ff000, 0x1fe000, M2 + K4, K4, 513); /* never aligned together */
	assert_pgsize(0, 0, G1, G1, 1);
	assert_pgsize(0, 0, 3 * G1 + M2, G1, 3);
	assert_pgsize(0, M2, G1, M2, 512);
	assert_pgsize(G1 - M2, G1 - M2, G1 + M2, M2, 1);
	assert_pgsize(0, 0, M2 - K4, K4, 511);
	assert_int_equal(iommu_pgsize(ALL3, 0, 0, K4 - 1, &count), 0);
	assert_int_equal(iommu_pgsize(ALL3, 0x800, 0, K4, &count), 0);
	assert_int_equal(iommu_pgsize(ALL3, 0, 0, 0, &count), 0);
	assert_int_equal(iommu_pgsize(1ull << 63, 1ull << 63, 0, 1ull << 63, &count),
			 1ull << 63);
}

/* CORE-119: any range is covered exactly, by aligned pages, in few steps. */
static void pgsize_covers_any_range(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t iova, pa, left;
		int steps = 0;

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		iova = (seed >> 20) & 0xffffffff000;
		pa = (i & 1) ? iova + ((seed >> 8) & 7) * M2 : (seed << 12) & 0xfffff000;
		left = ((seed >> 40) % 3000 + 1) * K4 + (i & 2 ? G1 : 0);
		while (left) {
			size_t count = 0;
			uint64_t size = iommu_pgsize(ALL3, iova, pa, left, &count);

			assert_true(size && count && size * count <= left);
			assert_int_equal((iova | pa) & (size - 1), 0);
			iova += size * count;
			pa += size * count;
			left -= size * count;
			assert_true(++steps <= 5);
		}
	}
}

/* CORE-118 */
static void map_errors(void **state)
{
	struct map_world m = setup();

	(void)state;
	assert_int_equal(iommu_map(&m.w->drv[0].identity, 0, 0, K4, RW), -EINVAL);
	assert_int_equal(iommu_map(&m.w->drv[0].blocked, 0, 0, K4, RW), -EINVAL);
	assert_int_equal(iommu_map(m.d, K4 / 2, K4, K4, RW), -EINVAL);
	assert_int_equal(iommu_map(m.d, K4, K4 / 2, K4, RW), -EINVAL);
	assert_int_equal(iommu_map(m.d, K4, K4, K4 / 2, RW), -EINVAL);
	assert_int_equal(iommu_map(m.d, UINT64_MAX - K4 + 1, 0, 2 * K4, RW), -EINVAL);
	assert_int_equal(iommu_map(m.d, 0, UINT64_MAX - K4 + 1, 2 * K4, RW), -EINVAL);
	assert_int_equal(m.t->map_calls, 0);
	assert_int_equal(iommu_map(m.d, K4, K4, 0, RW), 0);
	assert_int_equal(m.t->map_calls, 0);
	assert_int_equal(iommu_map(m.d, UINT64_MAX - K4 + 1, 0, K4, RW), 0);

	m.d->pgsize_bitmap = 0;
	assert_int_equal(iommu_map(m.d, K4, K4, K4, RW), -ENODEV);
	m.d->pgsize_bitmap = ALL3;
	m.w->drv[0].paging_ops.map_pages = NULL;
	assert_int_equal(iommu_map(m.d, K4, K4, K4, RW), -ENODEV);
	teardown(&m);
}

/* CORE-119, CORE-125, CORE-126: calls of the example, and what is found after. */
static void map_chooses_pages(void **state)
{
	struct map_world m = setup();

	(void)state;
	assert_int_equal(iommu_map(m.d, 0x1ff000, 0x40001ff000, M2 + K4, RW), 0);
	assert_int_equal(m.t->map_calls, 2);
	assert_int_equal(m.t->calls[0].pgsize, K4);
	assert_int_equal(m.t->calls[0].count, 1);
	assert_int_equal(m.t->calls[1].iova, 0x200000);
	assert_int_equal(m.t->calls[1].pgsize, M2);
	assert_int_equal(m.t->calls[1].count, 1);
	assert_int_equal(m.t->sync_maps, 1); /* CORE-120 */
	assert_int_equal(m.t->prot[0], RW);
	assert_int_equal(iommu_iova_to_phys(m.d, 0x1ff123), 0x40001ff123);
	assert_int_equal(iommu_iova_to_phys(m.d, 0x3fffff), 0x40003fffff);
	assert_int_equal(iommu_iova_to_phys(m.d, 0x400000), 0);
	assert_int_equal(iommu_iova_to_phys(&m.w->drv[0].identity, 0x1234), 0x1234);
	assert_int_equal(iommu_iova_to_phys(&m.w->drv[0].blocked, 0x1234), 0);
	assert_int_equal(iommu_unmap(m.d, 0x1ff000, M2 + K4), M2 + K4);
	assert_int_equal(m.t->pages, 0);
	teardown(&m);
}

/* CORE-119: progress before an error is undone, to the last page. */
static void map_failure_leaves_nothing(void **state)
{
	(void)state;
	for (int k = 0; k < 9; k++) {
		struct map_world m = setup();

		world_fail(m.w, "map", NULL, -ENOMEM, k, 1);
		/* 4 small pages, 1 block, 3 small pages */
		assert_int_equal(
			iommu_map(m.d, M2 - 4 * K4, M2 - 4 * K4, M2 + 7 * K4, RW),
			k < 8 ? -ENOMEM : 0);
		assert_int_equal(m.t->pages, k < 8 ? 0 : 8);
		assert_int_equal(m.t->sync_maps, k < 8 ? 0 : 1);
		/* CORE-122: what had been mapped may be cached: synced. */
		assert_int_equal(m.t->syncs > 0, k > 0 && k < 8);
		teardown(&m);
	}
}

/* CORE-119: mapped already; what was there stays. */
static void map_over_mapping(void **state)
{
	struct map_world m = setup();

	(void)state;
	assert_int_equal(iommu_map(m.d, 3 * K4, 0x9000, K4, RW), 0);
	assert_int_equal(iommu_map(m.d, K4, 0x11000, 4 * K4, RW), -EEXIST);
	assert_int_equal(m.t->pages, 1);
	assert_int_equal(iommu_iova_to_phys(m.d, 3 * K4), 0x9000);
	assert_int_equal(iommu_iova_to_phys(m.d, K4), 0);
	teardown(&m);
}

/* CORE-120 */
static void map_sync_failure_unmaps(void **state)
{
	struct map_world m = setup();

	(void)state;
	world_fail(m.w, "sync_map", NULL, -ETIMEDOUT, 0, 1);
	assert_int_equal(iommu_map(m.d, K4, K4, 4 * K4, RW), -ETIMEDOUT);
	assert_int_equal(m.t->pages, 0);
	m.w->drv[0].paging_ops.iotlb_sync_map = NULL;
	assert_int_equal(iommu_map(m.d, K4, K4, 4 * K4, RW), 0);
	teardown(&m);
}

static int map_nothing(struct iommu_domain *d, uint64_t iova, uint64_t pa,
		       uint64_t pgsize, size_t count, uint32_t prot, uint64_t *mapped)
{
	(void)d, (void)iova, (void)pa, (void)pgsize, (void)count, (void)prot,
		(void)mapped;
	return 0;
}

/* A driver that makes no progress and gives no error must not hang the caller. */
static void map_lazy_driver(void **state)
{
	struct map_world m = setup();

	(void)state;
	m.w->drv[0].paging_ops.map_pages = map_nothing;
	assert_int_equal(iommu_map(m.d, K4, K4, K4, RW), -EIO);
	teardown(&m);
}

/* CORE-121 */
static void map_sg(void **state)
{
	struct map_world m = setup();
	const struct iommu_sg sg[] = { { 0x200000, 0x100000 },
				       { 0x300000, 0x100000 },
				       { 0x900000, K4 } };
	uint64_t mapped = 77;

	(void)state;
	assert_int_equal(iommu_map_sg(m.d, M2, sg, 3, RW, &mapped), 0);
	assert_int_equal(mapped, M2 + K4);
	assert_int_equal(m.t->map_calls, 2); /* the first two make one block */
	assert_int_equal(m.t->calls[0].pgsize, M2);
	assert_int_equal(m.t->sync_maps, 1);
	assert_int_equal(iommu_iova_to_phys(m.d, 2 * M2), 0x900000);
	assert_int_equal(iommu_unmap(m.d, M2, M2 + K4), M2 + K4);

	mapped = 77;
	world_fail(m.w, "map", NULL, -ENOMEM, 1, 1);
	assert_int_equal(iommu_map_sg(m.d, M2, sg, 3, RW, &mapped), -ENOMEM);
	assert_int_equal(mapped, 77);
	assert_int_equal(m.t->pages, 0);
	assert_int_equal(iommu_map_sg(m.d, M2 + 1, sg, 3, RW, &mapped), -EINVAL);
	assert_int_equal(iommu_map_sg(m.d, M2, sg, 0, RW, &mapped), 0);
	assert_int_equal(mapped, 0);
	teardown(&m);
}

/* CORE-122 */
static void unmap_results(void **state)
{
	struct map_world m = setup();

	(void)state;
	assert_int_equal(iommu_map(m.d, K4, K4, 4 * K4, RW), 0);
	assert_int_equal(iommu_unmap(&m.w->drv[0].identity, K4, K4), 0);
	assert_int_equal(iommu_unmap(m.d, K4 + 1, K4), 0);
	assert_int_equal(iommu_unmap(m.d, K4, K4 + 1), 0);
	assert_int_equal(iommu_unmap(m.d, K4, 0), 0);
	assert_int_equal(m.t->pages, 4);
	assert_int_equal(m.t->syncs, 0); /* nothing unmapped, nothing to sync */
	assert_int_equal(iommu_unmap(m.d, 2 * K4, K4), K4);
	assert_int_equal(iommu_unmap(m.d, K4, 4 * K4), K4); /* up to the hole */
	assert_int_equal(iommu_unmap(m.d, 3 * K4, 8 * K4), 2 * K4);
	assert_int_equal(m.t->sync_start, 3 * K4);
	assert_int_equal(m.t->sync_end, 5 * K4 - 1);
	assert_int_equal(m.t->pages, 0);

	/* A block is never split. */
	assert_int_equal(iommu_map(m.d, M2, M2, M2, RW), 0);
	assert_int_equal(iommu_unmap(m.d, M2, M2 / 2), 0);
	assert_int_equal(iommu_unmap(m.d, M2 + K4, M2), 0);
	assert_int_equal(iommu_iova_to_phys(m.d, M2), M2);
	assert_int_equal(iommu_unmap(m.d, M2, M2), M2);
	m.w->drv[0].paging_ops.unmap_pages = NULL;
	assert_int_equal(iommu_unmap(m.d, M2, M2), 0);
	teardown(&m);
}

/* CORE-122: the fast form leaves the sync to the caller. */
static void unmap_fast_leaves_sync(void **state)
{
	struct map_world m = setup();
	struct iommu_iotlb_gather gather;

	(void)state;
	assert_int_equal(iommu_map(m.d, K4, K4, 2 * K4, RW), 0);
	iommu_iotlb_gather_init(&gather);
	assert_true(iommu_iotlb_gather_empty(&gather));
	assert_int_equal(iommu_unmap_fast(m.d, K4, K4, &gather), K4);
	assert_int_equal(iommu_unmap_fast(m.d, 2 * K4, K4, &gather), K4);
	assert_int_equal(m.t->syncs, 0);
	assert_int_equal(gather.start, K4);
	assert_int_equal(gather.end, 3 * K4 - 1);
	iommu_iotlb_sync(m.d, &gather);
	assert_int_equal(m.t->syncs, 1);
	assert_true(iommu_iotlb_gather_empty(&gather));
	teardown(&m);
}

/* CORE-123 */
static void gather_disjoint_and_touching(void **state)
{
	struct map_world m = setup();
	struct iommu_iotlb_gather g;

	(void)state;
	iommu_iotlb_gather_init(&g);
	assert_false(iommu_iotlb_gather_is_disjoint(&g, 0x5000, K4)); /* no range yet */
	iommu_iotlb_gather_add_page(m.d, &g, 0x5000, K4);
	assert_false(iommu_iotlb_gather_is_disjoint(&g, 0x6000, K4));
	assert_false(iommu_iotlb_gather_is_disjoint(&g, 0x4000, K4));
	assert_true(iommu_iotlb_gather_is_disjoint(&g, 0x7000, K4));
	assert_true(iommu_iotlb_gather_is_disjoint(&g, 0x3000, K4));
	iommu_iotlb_gather_add_page(m.d, &g, 0x6000, K4);
	iommu_iotlb_gather_add_page(m.d, &g, 0x4000, K4);
	assert_int_equal(m.t->syncs, 0);
	assert_int_equal(g.start, 0x4000);
	assert_int_equal(g.end, 0x6fff);
	assert_int_equal(g.pgsize, K4);
	iommu_iotlb_gather_add_page(m.d, &g, 0x8000, K4); /* a gap */
	assert_int_equal(m.t->syncs, 1);
	assert_int_equal(m.t->sync_end, 0x6fff);
	assert_int_equal(g.start, 0x8000);
	iommu_iotlb_gather_add_page(m.d, &g, 0, M2); /* other size, though overlapping */
	assert_int_equal(m.t->syncs, 2);
	assert_int_equal(g.pgsize, M2);
	iommu_iotlb_gather_add_range(&g, 0x10000000, K4); /* never syncs */
	assert_int_equal(m.t->syncs, 2);
	assert_int_equal(g.end, 0x10000fff);

	/* At the top of the space. */
	iommu_iotlb_gather_init(&g);
	iommu_iotlb_gather_add_page(m.d, &g, UINT64_MAX - K4 + 1, K4);
	assert_int_equal(g.end, UINT64_MAX);
	assert_true(iommu_iotlb_gather_is_disjoint(&g, 0, K4));
	assert_false(iommu_iotlb_gather_is_disjoint(&g, UINT64_MAX - 2 * K4 + 1, K4));
	teardown(&m);
}

struct freed {
	struct iommu_free_node node;
	struct td_domain *t;
	unsigned syncs_when_freed;
};

static void free_node(struct iommu_free_node *node)
{
	struct freed *f = IOMMU_CONTAINER_OF(node, struct freed, node);

	f->syncs_when_freed = f->t->syncs;
}

/* CORE-124: memory is freed after the invalidation, and a queue's mark survives. */
static void gather_frees_after_sync(void **state)
{
	struct map_world m = setup();
	struct iommu_iotlb_gather g;
	struct freed f[2] = { { .node.free = free_node, .t = m.t },
			      { .node.free = free_node, .t = m.t } };

	(void)state;
	iommu_iotlb_gather_init(&g);
	g.queued = true;
	iommu_iotlb_gather_add_free(&g, &f[0].node);
	iommu_iotlb_gather_add_free(&g, &f[1].node);
	assert_int_equal(f[0].syncs_when_freed, 0);
	iommu_iotlb_sync(m.d, &g);
	assert_int_equal(f[0].syncs_when_freed, 1);
	assert_int_equal(f[1].syncs_when_freed, 1);
	assert_null(g.freelist);
	assert_true(g.queued);
	teardown(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pgsize_table),
		cmocka_unit_test(pgsize_covers_any_range),
		cmocka_unit_test(map_errors),
		cmocka_unit_test(map_chooses_pages),
		cmocka_unit_test(map_failure_leaves_nothing),
		cmocka_unit_test(map_over_mapping),
		cmocka_unit_test(map_sync_failure_unmaps),
		cmocka_unit_test(map_lazy_driver),
		cmocka_unit_test(map_sg),
		cmocka_unit_test(unmap_results),
		cmocka_unit_test(unmap_fast_leaves_sync),
		cmocka_unit_test(gather_disjoint_and_touching),
		cmocka_unit_test(gather_frees_after_sync),
	};

	return cmocka_run_group_tests_name("core_map", tests, NULL, NULL);
}
