/* SPDX-License-Identifier: MIT */
/* Accesses without DMA, doorbells of interrupts, dirty pages (CORE-116, 117, 129, 143).
 */
#include <smmulator/iommu_dma.h>
#include "user/box.h"

/* ---- CORE-143: who has pinned what is being unmapped ---- */

struct user {
	struct iommufd_access *access;
	uint64_t iova, length; /* pinned */
	bool stubborn;
	unsigned told;
	uint64_t told_iova, told_length;
};

static void on_unmap(void *ctx, uint64_t iova, uint64_t length)
{
	struct user *u = ctx;

	u->told++;
	u->told_iova = iova;
	u->told_length = length;
	if (u->length && !u->stubborn) {
		iommufd_access_unpin_pages(u->access, u->iova, u->length);
		u->length = 0;
	}
}

static const struct iommufd_access_ops access_ops = { on_unmap };

static void access_pins(void **state)
{
	struct user u = { .told = 0 }, none = { .told = 0 };
	uint64_t pas[4] = { 0 }, bytes;
	uint32_t ioas, id, id2;
	struct box b;

	(void)state;
	box_init(&b);
	ioas = box_ioas(&b);
	assert_int_equal(iommufd_access_create(b.ctx, &access_ops, &u, &u.access, &id),
			 0);
	assert_int_equal(iommufd_access_create(b.ctx, NULL, NULL, &none.access, &id2), 0);
	assert_int_equal(box_destroy(&b, id), -EBUSY); /* its maker has it */
	assert_int_equal(iommufd_access_detach(u.access), -EINVAL);
	assert_int_equal(iommufd_access_pin_pages(u.access, PAGE, 1, pas, 0), -ENOENT);
	assert_int_equal(iommufd_access_attach(u.access, 99), -ENOENT);
	assert_int_equal(iommufd_access_attach(u.access, ioas), 0);
	assert_int_equal(iommufd_access_attach(u.access, ioas), -EINVAL);
	assert_int_equal(iommufd_access_attach(none.access, ioas), 0);
	assert_int_equal(box_destroy(&b, ioas), -EBUSY);
	assert_int_equal(box_map(&b, ioas, UADDR, 2 * PAGE, 16 * PAGE), 0);
	assert_int_equal(box_map(&b, ioas, UADDR + 8 * PAGE, 2 * PAGE, 18 * PAGE), 0);
	assert_int_equal(b.pinned, 0); /* nobody has needed it yet */
	const struct {
		struct iommufd_access *access;
		uint64_t iova, length;
		unsigned flags;
		int err;
	} cases[] = {
		{ none.access, 16 * PAGE, PAGE, 0, -EINVAL }, /* cannot be told */
		{ u.access, 16 * PAGE, PAGE, 2, -EINVAL },
		{ u.access, 16 * PAGE, 0, 0, -EINVAL },
		{ u.access, UINT64_MAX, 2, 0, -EOVERFLOW },
		{ u.access, 15 * PAGE, PAGE, 0, -ENOENT },
		{ u.access, 19 * PAGE, 2 * PAGE, 0, -ENOENT },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(iommufd_access_pin_pages(cases[i].access, cases[i].iova,
							  cases[i].length, pas,
							  cases[i].flags),
				 cases[i].err);
	u.iova = 17 * PAGE + 8;
	u.length = PAGE;
	assert_int_equal(iommufd_access_pin_pages(u.access, u.iova, u.length, pas,
						  IOMMUFD_ACCESS_WRITE),
			 0);
	assert_int_equal(pas[0], UADDR + PAGE + PA_OF_USER);
	assert_int_equal(pas[1], UADDR + 8 * PAGE + PA_OF_USER);
	assert_int_equal(pas[2], 0);
	assert_int_equal(b.pinned, 4 * PAGE);
	/* It is told, and lets go. */
	assert_int_equal(box_unmap(&b, ioas, 16 * PAGE, 2 * PAGE, &bytes), 0);
	assert_int_equal(bytes, 2 * PAGE);
	assert_int_equal(u.told, 1);
	assert_int_equal(u.told_iova, 16 * PAGE);
	assert_int_equal(u.told_length, 2 * PAGE);
	assert_int_equal(b.pinned, 0);
	/* Or it does not. */
	u.iova = 18 * PAGE;
	u.length = 8;
	u.stubborn = true;
	assert_int_equal(iommufd_access_pin_pages(u.access, u.iova, 8, pas, 0), 0);
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, &bytes), -EDEADLOCK);
	iommufd_access_unpin_pages(u.access, 18 * PAGE, 8);
	iommufd_access_unpin_pages(u.access, 18 * PAGE, 8); /* once too often: nothing */
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, &bytes), 0);
	assert_int_equal(iommufd_access_detach(u.access), 0);
	iommufd_access_destroy(u.access);
	iommufd_access_destroy(none.access);
	iommufd_access_destroy(NULL);
	assert_int_equal(box_destroy(&b, ioas), 0);
	box_fini(&b);
}

/* Memory that the CPU reads and writes by I/O addresses. */
static void access_reads_and_writes(void **state)
{
	static uint64_t memory[3 * 512] __attribute__((aligned(4096)));
	struct iommu_ioas_map map = { .size = sizeof(map),
				      .flags = IOMMU_IOAS_MAP_READABLE |
					       IOMMU_IOAS_MAP_FIXED_IOVA,
				      .user_va = uptr(memory),
				      .length = PAGE,
				      .iova = 16 * PAGE };
	struct user u = { .told = 0 };
	uint64_t word = 0;
	uint32_t id;
	struct box b;

	(void)state;
	box_init(&b);
	map.ioas_id = box_ioas(&b);
	assert_int_equal(iommufd_access_create(b.ctx, &access_ops, &u, &u.access, &id),
			 0);
	assert_int_equal(iommufd_access_attach(u.access, map.ioas_id), 0);
	assert_int_equal(iommufd_ioas_map(b.ctx, &map), 0);
	assert_int_equal(box_map(&b, map.ioas_id, uptr(memory + 1024), PAGE, 17 * PAGE),
			 0);
	memory[511] = UINT64_C(0x1111111122222222);
	memory[1024] = UINT64_C(0x3333333344444444);
	assert_int_equal(iommufd_access_rw(u.access, 17 * PAGE - 4, &word, 8, 0), 0);
	assert_int_equal(word, UINT64_C(0x4444444411111111));
	assert_int_equal(iommufd_access_rw(u.access, 17 * PAGE - 4, &word, 8,
					   IOMMUFD_ACCESS_WRITE),
			 -EPERM);
	assert_int_equal(iommufd_access_rw(u.access, 17 * PAGE + 8, &word, 8,
					   IOMMUFD_ACCESS_WRITE),
			 0);
	assert_int_equal(memory[1025], word);
	assert_int_equal(iommufd_access_rw(u.access, 18 * PAGE, &word, 8, 0), -ENOENT);
	iommufd_access_destroy(u.access);
	box_fini(&b);
}

/* ---- CORE-116, CORE-117 ---- */

#define WINDOW	 UINT64_C(0x8000000)
#define DOORBELL UINT64_C(0xfee00000)

static void doorbells(void **state)
{
	uint32_t ioas, h1, h2, id2, pt;
	struct iommu_dev *dev2;
	uint64_t iova;
	struct box b;

	(void)state;
	box_init(&b);
	b.w->resv[0] =
		(struct iommu_resv_region){ WINDOW, 64 * PAGE, 0, IOMMU_RESV_SW_MSI };
	b.w->num_resv = 1;
	dev2 = world_dev(b.w, "dev2", 0, 2);
	assert_int_equal(iommufd_device_bind(b.ctx, dev2, &id2), 0);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &h1), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &h2), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, h1), 0);
	/* In order of first use, each page once. */
	assert_int_equal(iommu_dma_prepare_msi(b.dev, DOORBELL + 0x40, &iova), 0);
	assert_int_equal(iova, WINDOW + 0x40);
	assert_int_equal(iommu_dma_prepare_msi(b.dev, DOORBELL + 4 * PAGE, &iova), 0);
	assert_int_equal(iova, WINDOW + PAGE);
	assert_int_equal(iommu_dma_prepare_msi(b.dev, DOORBELL + 0x80, &iova), 0);
	assert_int_equal(iova, WINDOW + 0x80);
	assert_int_equal(box_walk(b.dev, WINDOW), DOORBELL);
	assert_int_equal(box_walk(b.dev, WINDOW + PAGE), DOORBELL + 4 * PAGE);
	assert_int_equal(tdom(state_of(b.dev).domain)->prot[0],
			 IOMMU_WRITE | IOMMU_NOEXEC | IOMMU_MMIO);
	/* Where the device goes, they go. */
	pt = h2;
	assert_int_equal(iommufd_device_replace(b.ctx, b.dev_id, 0, &pt), 0);
	assert_int_equal(box_walk(b.dev, WINDOW), DOORBELL);
	/* The same for a device that comes later; and it is the context's page. */
	assert_int_equal(box_attach(&b, id2, 0, h1), 0);
	assert_int_equal(iommu_dma_prepare_msi(dev2, DOORBELL + 9 * PAGE, &iova), 0);
	assert_int_equal(iova, WINDOW + 2 * PAGE);
	assert_int_equal(iommu_dma_prepare_msi(dev2, DOORBELL, &iova), 0);
	assert_int_equal(iova, WINDOW);
	for (unsigned i = 3; i < 64; i++)
		assert_int_equal(
			iommu_dma_prepare_msi(dev2, DOORBELL + (10 + i) * PAGE, &iova),
			0);
	assert_int_equal(iommu_dma_prepare_msi(dev2, DOORBELL + 99 * PAGE, &iova),
			 -EOVERFLOW);
	assert_int_equal(iova, DOORBELL + 99 * PAGE);
	box_fini(&b);
}

/* No window: the device writes where it would. A driver's failure is told. */
static void doorbells_without_a_window(void **state)
{
	uint32_t ioas, hwpt;
	uint64_t iova;
	struct box b;

	(void)state;
	box_init(&b);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	assert_int_equal(iommu_dma_prepare_msi(b.dev, DOORBELL, &iova), 0);
	assert_int_equal(iova, DOORBELL);
	box_fini(&b);
	box_init(&b);
	b.w->resv[0] =
		(struct iommu_resv_region){ WINDOW, 64 * PAGE, 0, IOMMU_RESV_SW_MSI };
	b.w->num_resv = 1;
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	world_fail(b.w, "map", NULL, -ENOMEM, 0, 1);
	assert_int_equal(iommu_dma_prepare_msi(b.dev, DOORBELL, &iova), -ENOMEM);
	assert_int_equal(iommu_dma_prepare_msi(b.dev, DOORBELL, &iova), 0);
	assert_int_equal(iova, WINDOW);
	box_fini(&b);
}

/* ---- CORE-129 ---- */

static bool tracking;
static unsigned clears;

static int set_tracking(struct iommu_domain *domain, bool on)
{
	(void)domain;
	tracking = on;
	return 0;
}

/* Pages 3 and 70000 of the domain are dirty. */
static int read_and_clear(struct iommu_domain *domain, struct iommu_dirty_bitmap *bitmap,
			  uint32_t flags, struct iommu_iotlb_gather *gather)
{
	(void)domain;
	(void)gather;
	clears += !(flags & IOMMU_DIRTY_NO_CLEAR);
	iommu_dirty_record(bitmap, 3 * PAGE, PAGE);
	iommu_dirty_record(bitmap, 70000 * PAGE, PAGE);
	return tracking ? 0 : -EINVAL;
}

static void dirty_rules(void **state)
{
	static uint64_t words[2048];
	struct iommu_hwpt_set_dirty_tracking set = { .size = sizeof(set) };
	struct iommu_hwpt_get_dirty_bitmap get = { .size = sizeof(get) };
	uint32_t ioas, plain, hwpt;
	struct box b;

	(void)state;
	tracking = false;
	clears = 0;
	box_init(&b);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &plain), 0);
	set.hwpt_id = get.hwpt_id = ioas;
	assert_int_equal(iommufd_hwpt_set_dirty_tracking(b.ctx, &set), -ENOENT);
	assert_int_equal(iommufd_hwpt_get_dirty_bitmap(b.ctx, &get), -ENOENT);
	set.hwpt_id = get.hwpt_id = plain;
	assert_int_equal(iommufd_hwpt_set_dirty_tracking(b.ctx, &set), -EOPNOTSUPP);
	assert_int_equal(iommufd_hwpt_get_dirty_bitmap(b.ctx, &get), -EOPNOTSUPP);
	b.w->drv[0].paging_ops.set_dirty_tracking = set_tracking;
	b.w->drv[0].paging_ops.read_and_clear_dirty = read_and_clear;
	/* CORE-151: the flag asks for the device's capability. */
	assert_int_equal(box_hwpt(&b, ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt),
			 -EOPNOTSUPP);
	b.w->caps |= 1u << IOMMU_CAP_DIRTY_TRACKING;
	assert_int_equal(box_hwpt(&b, ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt), 0);
	set.hwpt_id = get.hwpt_id = hwpt;
	set.flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE;
	assert_int_equal(iommufd_hwpt_set_dirty_tracking(b.ctx, &set), 0);
	assert_true(tracking);
	const struct {
		uint64_t iova, length, page;
		int err;
	} cases[] = {
		{ 0, PAGE, 0, -EINVAL },
		{ 0, 3 * PAGE, 3 * PAGE, -EINVAL },
		{ 0, 0, PAGE, -EINVAL },
		{ 8, PAGE, PAGE, -EINVAL },
		{ 0, PAGE + 8, PAGE, -EINVAL },
		{ UINT64_MAX - PAGE + 1, 2 * PAGE, PAGE, -EOVERFLOW },
		{ 0, PAGE, PAGE, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		get.iova = cases[i].iova;
		get.length = cases[i].length;
		get.page_size = cases[i].page;
		get.data = uptr(words);
		assert_int_equal(iommufd_hwpt_get_dirty_bitmap(b.ctx, &get),
				 cases[i].err);
	}
	/* More than one piece; bits that are there stay. */
	memset(words, 0, sizeof(words));
	words[0] = 1;
	clears = 0;
	get.iova = 0;
	get.length = 100000 * PAGE;
	get.flags = IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR;
	assert_int_equal(iommufd_hwpt_get_dirty_bitmap(b.ctx, &get), 0);
	assert_int_equal(clears, 0);
	assert_int_equal(words[0], 1 | 1 << 3);
	assert_int_equal(words[70000 / 64], UINT64_C(1) << 70000 % 64);
	get.flags = 0;
	assert_int_equal(iommufd_hwpt_get_dirty_bitmap(b.ctx, &get), 0);
	assert_true(clears > 0);
	get.data = BAD_UADDR;
	assert_int_equal(iommufd_hwpt_get_dirty_bitmap(b.ctx, &get), -EFAULT);
	get.data = uptr(words);
	set.flags = 0;
	assert_int_equal(iommufd_hwpt_set_dirty_tracking(b.ctx, &set), 0);
	assert_int_equal(iommufd_hwpt_get_dirty_bitmap(b.ctx, &get), -EINVAL);
	box_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_pins),
		cmocka_unit_test(access_reads_and_writes),
		cmocka_unit_test(doorbells),
		cmocka_unit_test(doorbells_without_a_window),
		cmocka_unit_test(dirty_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
