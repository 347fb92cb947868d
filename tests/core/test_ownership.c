/* SPDX-License-Identifier: MIT */
/* DMA ownership and the blocking domain (CORE-73 to CORE-80). */
#include "core/double.h"

static int alice, bob;

/* CORE-75, CORE-57, CORE-80: owned means blocked or the user's domain, never else. */
static void claim_always_has_a_domain(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	assert_null(state_of(a).blocking_domain); /* CORE-73: made on first need */
	assert_false(iommu_group_dma_owner_claimed(g));
	assert_int_equal(iommu_group_claim_dma_owner(g, &alice), 0);
	assert_true(iommu_group_dma_owner_claimed(g)); /* CORE-79 */
	assert_ptr_equal(td(a)->cur, &w->drv[0].blocked);
	assert_ptr_equal(td(b)->cur, &w->drv[0].blocked);
	assert_ptr_equal(state_of(a).owner, &alice);
	for (int i = 0; i < 3; i++) {
		d = world_domain(a);
		assert_int_equal(iommu_attach_group(d, g), 0);
		assert_ptr_equal(td(b)->cur, d);
		iommu_detach_group(d, g);
		assert_ptr_equal(td(a)->cur, &w->drv[0].blocked);
		assert_ptr_equal(td(b)->cur, &w->drv[0].blocked);
		iommu_domain_free(d); /* safe at once: nobody is in it */
	}
	iommu_group_release_dma_owner(g);
	assert_ptr_equal(td(a)->cur, state_of(a).default_domain); /* CORE-78 */
	assert_null(state_of(a).owner);
	assert_int_equal(w->warns, 0);
	world_destroy(w);
}

/* CORE-73: no static blocked domain: an empty paging domain, made once. */
static void blocking_domain_made_lazily(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_domain *blocking;
	struct iommu_dev *a;

	(void)state;
	w->drv[0].ops.blocked_domain = NULL;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	assert_int_equal(w->domains, 1); /* the default domain only */
	world_fail(w, "alloc", "a", -ENOMEM, 0, 1);
	assert_int_equal(iommu_device_claim_dma_owner(a, &alice), -ENOMEM);
	assert_int_equal(state_of(a).owner_cnt, 0);
	assert_ptr_equal(td(a)->cur, state_of(a).default_domain);
	assert_int_equal(iommu_device_claim_dma_owner(a, &alice), 0);
	blocking = state_of(a).blocking_domain;
	assert_ptr_equal(td(a)->cur, blocking);
	assert_int_equal(tdom(blocking)->pages, 0);
	iommu_device_release_dma_owner(a);
	assert_int_equal(iommu_device_claim_dma_owner(a, &bob), 0);
	assert_ptr_equal(state_of(a).blocking_domain, blocking);
	assert_int_equal(w->domains, 2);
	iommu_device_release_dma_owner(a);
	world_destroy(w);
}

/* CORE-76, CORE-77: every answer of the two claims. */
static void claim_errors(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b, *none;
	struct iommu_group *g;

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	none = world_dev(w, "none", -1, 0);
	assert_int_equal(iommu_group_claim_dma_owner(g, NULL), -EINVAL);
	assert_int_equal(w->warns, 1);
	assert_int_equal(iommu_device_claim_dma_owner(a, NULL), -EINVAL);
	assert_int_equal(iommu_device_claim_dma_owner(none, &alice), -ENODEV);

	assert_int_equal(iommu_device_claim_dma_owner(a, &alice), 0);
	assert_int_equal(iommu_device_claim_dma_owner(b, &bob), -EPERM);
	assert_int_equal(iommu_device_claim_dma_owner(b, &alice), 0);
	assert_int_equal(state_of(a).owner_cnt, 2);
	assert_int_equal(iommu_group_claim_dma_owner(g, &alice), -EPERM); /* even so */
	/* CORE-78: the first release only counts. */
	iommu_device_release_dma_owner(a);
	assert_ptr_equal(td(a)->cur, &w->drv[0].blocked);
	assert_ptr_equal(state_of(a).owner, &alice);
	iommu_device_release_dma_owner(b);
	assert_ptr_equal(td(a)->cur, state_of(a).default_domain);
	assert_int_equal(w->warns, 1);
	iommu_device_release_dma_owner(b); /* once too often */
	assert_int_equal(w->warns, 2);
	assert_int_equal(state_of(a).owner_cnt, 0);
	world_destroy(w);
}

/* CORE-75: not while somebody has attached something of his own. */
static void claim_busy(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	d = world_domain(a);
	assert_int_equal(iommu_attach_device(d, a), 0);
	assert_int_equal(iommu_device_claim_dma_owner(a, &alice), -EBUSY);
	iommu_detach_device(d, a);
	/* The driver's refusal of the blocking domain is the claim's. */
	world_fail(w, "attach", "a", -EIO, 0, 1);
	assert_int_equal(iommu_device_claim_dma_owner(a, &alice), -EIO);
	assert_int_equal(state_of(a).owner_cnt, 0);
	assert_null(state_of(a).owner);
	assert_int_equal(iommu_device_claim_dma_owner(a, &alice), 0);
	iommu_device_release_dma_owner(a);
	iommu_domain_free(d);
	world_destroy(w);
}

/* CORE-74, CORE-79: kernel drivers and users keep each other out. */
static void use_default_against_claim(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b, *none;
	struct iommu_group *g;

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	none = world_dev(w, "none", -1, 0);
	assert_int_equal(iommu_device_use_default_domain(none), 0);
	assert_int_equal(iommu_device_use_default_domain(a), 0);
	assert_int_equal(iommu_device_use_default_domain(b), 0);
	assert_int_equal(state_of(a).owner_cnt, 2);
	assert_true(iommu_group_dma_owner_claimed(g));
	assert_int_equal(iommu_group_claim_dma_owner(g, &alice), -EPERM);
	assert_int_equal(iommu_device_claim_dma_owner(a, &alice), -EPERM);
	iommu_device_unuse_default_domain(a);
	iommu_device_unuse_default_domain(b);
	assert_int_equal(w->warns, 0);
	iommu_device_unuse_default_domain(b);
	assert_int_equal(w->warns, 1);
	assert_int_equal(iommu_group_claim_dma_owner(g, &alice), 0);
	assert_int_equal(iommu_device_use_default_domain(a), -EBUSY);
	assert_int_equal(iommu_dev_bind(b), -EBUSY);
	assert_false(iommu_dev_bound(b));
	iommu_group_release_dma_owner(g);
	assert_int_equal(iommu_dev_bind(b), 0);
	world_destroy(w);
}

/* CORE-74: a group that has not got its default domain yet. */
static int in_walk_result = 1;
static struct iommu_dev *in_walk_dev;

static void use_inside_walk(struct world *w)
{
	(void)w;
	/* The double's alloc op runs under its own group's mutex: look at the other. */
	if (in_walk_dev)
		in_walk_result = iommu_device_use_default_domain(in_walk_dev);
	in_walk_dev = NULL;
}

static void use_default_too_early(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	(void)world_dev(w, "a", 0, 1);
	in_walk_dev = world_dev(w, "b", 0, 2);
	w->in_alloc = use_inside_walk; /* first called for a: b is probed by then */
	world_register(w, 0);
	assert_int_equal(in_walk_result, -IOMMU_EPROBE_DEFER);
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claim_always_has_a_domain),
		cmocka_unit_test(blocking_domain_made_lazily),
		cmocka_unit_test(claim_errors),
		cmocka_unit_test(claim_busy),
		cmocka_unit_test(use_default_against_claim),
		cmocka_unit_test(use_default_too_early),
	};

	return cmocka_run_group_tests_name("core_ownership", tests, NULL, NULL);
}
