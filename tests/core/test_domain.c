/* SPDX-License-Identifier: MIT */
/* Domain types, allocation, cookies, faults, reserved regions (CORE-6, 7, 50 to 52,
 * 111 to 113, 115). */
#include "core/double.h"

/* CORE-6 */
static void domain_type_values(void **state)
{
	(void)state;
	assert_int_equal(IOMMU_DOMAIN_BLOCKED, 0);
	assert_int_equal(IOMMU_DOMAIN_UNMANAGED, 1);
	assert_int_equal(IOMMU_DOMAIN_DMA, 3);
	assert_int_equal(IOMMU_DOMAIN_IDENTITY, 4);
	assert_int_equal(IOMMU_DOMAIN_DMA_FQ, 11);
	assert_int_equal(IOMMU_DOMAIN_SVA, 16);
	assert_int_equal(IOMMU_DOMAIN_PLATFORM, 32);
	assert_int_equal(IOMMU_DOMAIN_NESTED, 64);
}

/* CORE-50, CORE-52 */
static void domain_paging_alloc(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *none;
	struct iommu_domain *d = NULL;
	int (*alloc)(struct iommu_dev *, struct iommu_domain **) =
		w->drv[0].ops.domain_alloc_paging;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	none = world_dev(w, "none", -1, 0);
	assert_int_equal(iommu_paging_domain_alloc(none, 0, &d), -ENODEV);
	world_fail(w, "alloc", "a", 1, 0, 1);
	assert_int_equal(iommu_paging_domain_alloc(a, 0, &d), -ENOMEM);
	world_fail(w, "alloc", "a", -EBUSY, 0, 1);
	assert_int_equal(iommu_paging_domain_alloc(a, 0, &d), -EBUSY);
	assert_null(d);
	/* flags 0: the plain op first, else the op with flags. */
	world_trace(w);
	d = world_domain(a);
	assert_int_equal(d->type, IOMMU_DOMAIN_UNMANAGED);
	assert_ptr_equal(d->owner, &w->drv[0].ops);
	assert_ptr_equal(d->ops, &w->drv[0].paging_ops);
	assert_int_equal(d->pgsize_bitmap, w->drv[0].pgsizes);
	iommu_domain_free(d);
	assert_int_equal(iommu_paging_domain_alloc(a, IOMMU_ALLOC_NEST_PARENT, &d), 0);
	assert_int_equal(tdom(d)->flags, IOMMU_ALLOC_NEST_PARENT);
	iommu_domain_free(d);
	w->drv[0].ops.domain_alloc_paging = NULL;
	d = world_domain(a);
	iommu_domain_free(d);
	w->drv[0].ops.domain_alloc_paging_flags = NULL;
	assert_int_equal(iommu_paging_domain_alloc(a, 0, &d), -EOPNOTSUPP);
	w->drv[0].ops.domain_alloc_paging = alloc;
	assert_int_equal(iommu_paging_domain_alloc(a, IOMMU_ALLOC_STAGE2, &d),
			 -EOPNOTSUPP);
	assert_int_equal(w->domains, 1);
	/* Ops from nowhere. */
	w->drv[0].ops.default_domain_ops = NULL;
	w->drv[0].ops.domain_alloc_paging = NULL;
	assert_int_equal(iommu_paging_domain_alloc(a, 0, &d), -EOPNOTSUPP);
	iommu_domain_free(NULL);
	iommu_domain_free(&w->drv[0].identity); /* static: nothing to do */
	world_destroy(w);
}

static struct iommu_domain_ops identity_like;
static struct iommu_domain made_identity;

static int alloc_identity(struct iommu_dev *dev, struct iommu_domain **d)
{
	(void)dev;
	*d = &made_identity;
	return 0;
}

/* CORE-51 */
static void domain_identity_alloc(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *none;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	none = world_dev(w, "none", -1, 0);
	assert_int_equal(iommu_identity_domain_alloc(none, &d), -ENODEV);
	assert_int_equal(iommu_identity_domain_alloc(a, &d), 0);
	assert_ptr_equal(d, &w->drv[0].identity);
	assert_null(d->owner); /* static: never written to */
	w->drv[0].ops.identity_domain = NULL;
	assert_int_equal(iommu_identity_domain_alloc(a, &d), -EOPNOTSUPP);
	w->drv[0].ops.domain_alloc_identity = alloc_identity;
	identity_like = w->drv[0].identity_ops;
	made_identity = (struct iommu_domain){ .ops = &identity_like };
	assert_int_equal(iommu_identity_domain_alloc(a, &d), 0);
	assert_ptr_equal(d, &made_identity);
	assert_int_equal(d->type, IOMMU_DOMAIN_IDENTITY);
	assert_int_equal(iommu_attach_device(d, a), 0);
	iommu_detach_device(d, a);
	world_destroy(w);
}

static int handled;

static int handler(struct iommu_domain *d, struct iommu_dev *dev,
		   const struct iommu_fault *fault, void *token)
{
	(void)d;
	(void)dev;
	handled++;
	assert_ptr_equal(token, &handled);
	return (int)fault->id;
}

/* CORE-7, CORE-115 */
static void domain_one_cookie(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a;
	struct iommu_domain *d, *dma;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	dma = state_of(a).default_domain;
	assert_int_equal(iommu_get_msi_cookie(dma, 0x8000000), -EINVAL); /* type */
	assert_int_equal(iommu_get_dma_cookie(dma), -EEXIST);		 /* has one */
	assert_int_equal(iommu_set_fault_handler(dma, handler, NULL), -EBUSY);
	assert_int_equal(iommu_get_dma_cookie(&w->drv[0].identity), -EINVAL);
	assert_int_equal(iommu_get_msi_cookie(&w->drv[0].identity, 0), -EINVAL);
	d = world_domain(a);
	assert_int_equal(iommu_get_msi_cookie(d, 0x8000000), 0);
	assert_int_equal(d->cookie_kind, IOMMU_COOKIE_DMA_MSI);
	assert_int_equal(iommu_get_msi_cookie(d, 0x8000000), -EEXIST);
	assert_int_equal(iommu_get_dma_cookie(d), -EEXIST);
	iommu_domain_free(d); /* CORE-52: with its cookie (ASan) */
	world_destroy(w);
}

static int observed;

static void observe(void *ctx, struct iommu_instance *inst, struct iommu_dev *dev,
		    const struct iommu_fault *fault)
{
	(void)dev;
	observed++;
	assert_ptr_equal(ctx, &observed);
	assert_string_equal(inst->name, "smmu0");
	assert_string_equal(fault->reason, "F_TRANSLATION");
}

/* CORE-111 */
static void fault_reported(void **state)
{
	struct iommu_system_config cfg = { .fault = observe, .fault_ctx = &observed };
	struct world *w = world_create(&cfg);
	struct iommu_fault f = { .reason = "F_TRANSLATION", .id = 5 };
	struct iommu_instance *inst = &w->inst[0].inst;
	struct iommu_dev *a;
	struct iommu_domain *d;

	(void)state;
	observed = handled = 0;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	d = world_domain(a);
	assert_int_equal(iommu_report_fault(inst, NULL, NULL, &f), -ENOSYS);
	assert_int_equal(iommu_dev_fault_count(a), 0);
	assert_int_equal(iommu_report_fault(inst, a, d, &f), -ENOSYS);
	assert_int_equal(iommu_dev_fault_count(a), 1);
	assert_int_equal(observed, 2);

	assert_int_equal(iommu_set_fault_handler(d, NULL, NULL), -EINVAL);
	assert_int_equal(iommu_set_fault_handler(&w->drv[0].identity, handler, NULL),
			 -EINVAL);
	assert_int_equal(iommu_set_fault_handler(d, handler, &handled), 0);
	assert_int_equal(iommu_set_fault_handler(d, handler, NULL), -EBUSY);
	assert_int_equal(iommu_report_fault(inst, a, d, &f), 5); /* the handler's own */
	assert_int_equal(handled, 1);
	assert_int_equal(observed, 3);
	iommu_domain_free(d);
	world_destroy(w);
}

/* CORE-112 */
static void resv_list(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_resv_list list = { 0 };
	struct iommu_dev *a, *none;

	(void)state;
	assert_int_equal(iommu_resv_add(&list, 0, 0, 0, IOMMU_RESV_MSI), -EINVAL);
	assert_int_equal(list.error, -EINVAL); /* remembered */
	iommu_resv_list_free(&list);
	assert_int_equal(iommu_resv_add(&list, UINT64_MAX, 2, 0, IOMMU_RESV_MSI),
			 -EINVAL);
	assert_int_equal(iommu_resv_add(&list, UINT64_MAX, 1, 0, IOMMU_RESV_MSI), 0);
	iommu_resv_list_free(&list);

	world_register(w, 0);
	w->resv[0] = (struct iommu_resv_region){ 0x8000000, 0x100000, IOMMU_WRITE,
						 IOMMU_RESV_SW_MSI };
	w->num_resv = 1;
	a = world_dev(w, "a", 0, 1);
	none = world_dev(w, "none", -1, 0);
	assert_int_equal(iommu_get_resv_regions(none, &list), -ENODEV);
	assert_int_equal(iommu_get_resv_regions(a, &list), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.regions[0].type, IOMMU_RESV_SW_MSI);
	assert_int_equal(list.regions[0].prot, IOMMU_WRITE);
	w->resv[0].length = 0; /* a driver's mistake comes through */
	assert_int_equal(iommu_get_resv_regions(a, &list), -EINVAL);
	assert_int_equal(list.count, 1);
	iommu_resv_list_free(&list);
	world_destroy(w);
}

/* CORE-113: sorted; the same type merged, other types apart. */
static void resv_group_merges(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_resv_list list = { 0 };
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	static const struct iommu_resv_region in[] = {
		{ 0x5000, 0x2000, 0, IOMMU_RESV_RESERVED },
		{ 0x1000, 0x2000, 0, IOMMU_RESV_RESERVED },
		{ 0x2000, 0x2000, 0, IOMMU_RESV_RESERVED }, /* overlaps the one before */
		{ 0x2000, 0x1000, 0, IOMMU_RESV_MSI },	    /* another type */
		{ 0x4000, 0x0fff, 0, IOMMU_RESV_RESERVED }, /* touches it; gap of 1 */
	};

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b); /* both report all: doubles vanish */
	memcpy(w->resv, in, sizeof(in));
	w->num_resv = 5;
	assert_int_equal(iommu_get_group_resv_regions(g, &list), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.regions[0].start, 0x1000);
	assert_int_equal(list.regions[0].length, 0x3fff);
	assert_int_equal(list.regions[1].type, IOMMU_RESV_MSI);
	assert_int_equal(list.regions[1].length, 0x1000);
	assert_int_equal(list.regions[2].start, 0x5000);
	assert_int_equal(list.regions[2].length, 0x2000);
	iommu_resv_list_free(&list);
	world_destroy(w);
}

static bool can(struct iommu_dev *dev, enum iommu_cap cap)
{
	(void)dev;
	return cap == IOMMU_CAP_CACHE_COHERENCY;
}

/* CORE-130 */
static void device_capable(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *none;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	none = world_dev(w, "none", -1, 0);
	assert_false(iommu_capable(a, IOMMU_CAP_CACHE_COHERENCY));
	w->drv[0].ops.capable = can;
	assert_true(iommu_capable(a, IOMMU_CAP_CACHE_COHERENCY));
	assert_false(iommu_capable(a, IOMMU_CAP_ENFORCE_CACHE_COHERENCY));
	assert_false(iommu_capable(none, IOMMU_CAP_CACHE_COHERENCY));
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domain_type_values),
		cmocka_unit_test(domain_paging_alloc),
		cmocka_unit_test(domain_identity_alloc),
		cmocka_unit_test(domain_one_cookie),
		cmocka_unit_test(fault_reported),
		cmocka_unit_test(resv_list),
		cmocka_unit_test(resv_group_merges),
		cmocka_unit_test(device_capable),
	};

	return cmocka_run_group_tests_name("core_domain", tests, NULL, NULL);
}
