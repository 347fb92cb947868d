/* SPDX-License-Identifier: MIT */
/* Attach, detach, test_dev, rollback (CORE-8, CORE-54 to CORE-70). */
#include "core/double.h"

/* CORE-64: what each driver sees is what the group says. */
static void assert_consistent(struct iommu_dev *a, struct iommu_dev *b)
{
	assert_ptr_equal(td(a)->cur, state_of(a).domain);
	assert_ptr_equal(td(b)->cur, state_of(b).domain);
}

/* CORE-54: the device form. */
static void attach_device_needs_lonely_group(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b, *c, *none;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	world_pair(w, &a, &b);
	c = world_dev(w, "c", 0, 9);
	none = world_dev(w, "none", -1, 0);
	d = world_domain(c);
	assert_int_equal(iommu_attach_device(d, none), -ENODEV);
	assert_int_equal(iommu_attach_device(d, a), -EINVAL);
	iommu_detach_device(d, a);
	assert_int_equal(w->warns, 1);
	assert_int_equal(iommu_attach_device(d, c), 0);
	assert_ptr_equal(td(c)->cur, d);
	assert_ptr_equal(td(c)->old, state_of(c).default_domain); /* CORE-60 */
	assert_ptr_equal(iommu_get_domain_for_dev(c), d);	  /* CORE-63 */
	assert_null(iommu_get_domain_for_dev(none));
	iommu_detach_device(d, c); /* CORE-57: back to the default domain */
	assert_ptr_equal(td(c)->cur, state_of(c).default_domain);
	iommu_domain_free(d);
	world_destroy(w);
}

/* CORE-55, CORE-58 1 */
static void attach_group_busy(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	struct iommu_domain *d, *e;
	int me;

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	d = world_domain(a);
	e = world_domain(a);
	assert_int_equal(iommu_attach_group(d, g), 0);
	assert_consistent(a, b);
	assert_int_equal(iommu_attach_group(e, g), -EBUSY);
	assert_int_equal(iommu_attach_group(d, g), -EBUSY);
	assert_ptr_equal(td(b)->cur, d);
	iommu_detach_group(d, g);
	/* From the default domain and from the blocking one it is allowed. */
	world_trace(w);
	assert_int_equal(iommu_attach_group(state_of(a).default_domain, g), 0);
	assert_string_equal(w->trace, ""); /* the same domain: nothing to do */
	assert_int_equal(iommu_group_claim_dma_owner(g, &me), 0);
	assert_int_equal(iommu_attach_group(e, g), 0);
	iommu_detach_group(e, g);
	assert_ptr_equal(td(a)->cur, &w->drv[0].blocked); /* CORE-57, CORE-80 */
	iommu_group_release_dma_owner(g);
	iommu_domain_free(d);
	iommu_domain_free(e);
	world_destroy(w);
}

/* CORE-8, CORE-55 */
static void attach_foreign_domain(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_domain *of_b;

	(void)state;
	world_register(w, 0);
	world_register(w, 2);
	a = world_dev(w, "a", 0, 1);
	b = world_dev(w, "b", 2, 1);
	of_b = world_domain(b);
	assert_ptr_equal(of_b->owner, &w->drv[1].ops);
	world_trace(w);
	assert_int_equal(iommu_attach_device(of_b, a), -EINVAL);
	assert_int_equal(iommu_attach_device(&w->drv[1].identity, a), -EINVAL);
	assert_int_equal(iommu_attach_device(&w->drv[1].blocked, a), -EINVAL);
	assert_string_equal(w->trace, "");
	assert_int_equal(iommu_attach_device(&w->drv[0].identity, a), 0);
	iommu_detach_device(&w->drv[0].identity, a);
	assert_int_equal(iommu_attach_device(&w->drv[0].blocked, a), 0);
	iommu_detach_device(&w->drv[0].blocked, a);
	iommu_domain_free(of_b);
	world_destroy(w);
}

/* CORE-57: detach of a domain that is not there. */
static void detach_wrong_domain_warns(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a;
	struct iommu_domain *d, *e;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	d = world_domain(a);
	e = world_domain(a);
	assert_int_equal(iommu_attach_device(d, a), 0);
	world_trace(w);
	iommu_detach_device(e, a);
	assert_string_equal(w->trace, "");
	assert_int_equal(w->warns, 1);
	assert_ptr_equal(td(a)->cur, d);
	iommu_detach_device(d, a);
	assert_int_equal(w->warns, 1);
	iommu_domain_free(d);
	iommu_domain_free(e);
	world_destroy(w);
}

/* CORE-58 6, CORE-56, CORE-64: device k of n fails; the rest goes back. */
static void attach_failure_rolls_back(void **state)
{
	static const int errs[] = { -EINVAL, -ENOMEM, -EIO };
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	d = world_domain(a);
	for (size_t i = 0; i < 3; i++) {
		world_fail(w, "attach", "b", errs[i], 0, 1);
		world_trace(w);
		assert_int_equal(iommu_attach_group(d, g), errs[i]); /* as is */
		assert_string_equal(w->trace, "test(a,unmanaged) test(b,unmanaged) "
					      "attach(a,unmanaged) attach!(b,unmanaged) "
					      "attach(a,dma) ");
		assert_ptr_equal(td(a)->old, d); /* it came from there */
		assert_ptr_equal(state_of(a).domain, state_of(a).default_domain);
		assert_consistent(a, b);
	}
	world_fail(w, "attach", "a", -EIO, 0, 1); /* the first: nobody to go back */
	world_trace(w);
	assert_int_equal(iommu_attach_group(d, g), -EIO);
	assert_string_equal(w->trace, "test(a,unmanaged) test(b,unmanaged) "
				      "attach!(a,unmanaged) ");
	assert_consistent(a, b);
	assert_int_equal(iommu_attach_group(d, g), 0);
	iommu_detach_group(d, g);
	iommu_domain_free(d);
	world_destroy(w);
}

/* CORE-58 7, CORE-59: a must-succeed move fails; the device ends blocked. */
static void detach_failure_blocks(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	d = world_domain(a);
	/* The last resort is made when it is needed. */
	assert_null(state_of(a).blocking_domain);
	assert_int_equal(iommu_attach_group(d, g), 0);
	world_fail(w, "attach", "a", -EIO, 0, 1);
	world_trace(w);
	iommu_detach_group(d, g);
	assert_string_equal(w->trace, "test(a,dma) test(b,dma) attach!(a,dma) "
				      "attach(a,blocked) attach(b,dma) ");
	assert_ptr_equal(td(a)->cur, &w->drv[0].blocked);
	assert_ptr_equal(td(b)->cur, state_of(b).default_domain);
	assert_ptr_equal(state_of(a).domain, state_of(a).default_domain);
	assert_true(w->warns >= 2); /* of the device, and of the group */
	iommu_domain_free(d);
	world_destroy(w);
}

/*
 * CORE-66, CORE-70, CORE-59: all have passed test_dev, and attach fails. A resource error
 * rolls back and is nobody's fault; an errno of compatibility is the driver's bug, told
 * with device and errno; who cannot go back either ends blocked, and that is told.
 */
static void attach_breaks_the_word_of_test_dev(void **state)
{
	static const struct {
		int err;
		bool bug;
	} cases[] = { { -ENOMEM, false }, { -ENOSPC, false }, { -EIO, false },
		      { -EINVAL, true },  { -EBUSY, true },   { -EOPNOTSUPP, true },
		      { -ENODEV, true } };
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	d = world_domain(a);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char errno_text[16];

		snprintf(errno_text, sizeof(errno_text), "(%d)", cases[i].err);
		w->warns = 0;
		world_fail(w, "attach", "b", cases[i].err, 0, 1);
		assert_int_equal(iommu_attach_group(d, g), cases[i].err);
		assert_int_equal(w->warns, cases[i].bug);
		if (cases[i].bug) {
			assert_non_null(strstr(w->last, "b:"));
			assert_non_null(strstr(w->last, errno_text));
		}
		assert_consistent(a, b);
		assert_ptr_equal(td(a)->cur, state_of(a).default_domain);
	}
	/* Nobody was asked: nobody has given his word. */
	w->drv[0].paging_ops.test_dev = NULL;
	w->warns = 0;
	world_fail(w, "attach", "b", -EINVAL, 0, 1);
	assert_int_equal(iommu_attach_group(d, g), -EINVAL);
	assert_int_equal(w->warns, 0);
	/* The way back fails as well: a is in d, which its caller may free now. */
	world_fail(w, "attach", "b", -ENOMEM, 0, 1);
	world_fail(w, "attach", "a", -ENOMEM, 1, 1);
	world_trace(w);
	assert_int_equal(iommu_attach_group(d, g), -ENOMEM);
	assert_string_equal(w->trace, "attach(a,unmanaged) attach!(b,unmanaged) "
				      "attach!(a,dma) attach(a,blocked) ");
	assert_ptr_equal(td(a)->cur, &w->drv[0].blocked);
	assert_ptr_equal(td(b)->cur, state_of(b).default_domain);
	assert_int_equal(w->warns, 2);
	assert_non_null(strstr(w->last, "a: cannot go back"));
	iommu_domain_free(d);
	world_destroy(w);
}

/* The same where one device joins, comes late, or has a PASID (CORE-66, CORE-69). */
static void one_device_breaks_the_word_of_test_dev(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	(void)world_pair(w, &a, &b);
	d = world_domain(a);
	world_fail(w, "pasid", "b", -EBUSY, 0, 1);
	assert_int_equal(iommu_attach_device_pasid(d, a, 3, NULL), -EBUSY);
	assert_null(td(a)->pasid[3]);
	assert_int_equal(w->warns, 1);
	assert_non_null(strstr(w->last, "b:"));
	world_fail(w, "pasid", "b", -ENOMEM, 0, 1);
	assert_int_equal(iommu_attach_device_pasid(d, a, 3, NULL), -ENOMEM);
	assert_int_equal(w->warns, 1);
	iommu_dev_remove(b);
	world_fail(w, "attach", "b", -EOPNOTSUPP, 0, 1);
	world_pair_second(w, &b);
	assert_false(iommu_dev_has_iommu(b));
	assert_int_equal(w->warns, 2);
	iommu_domain_free(d);
	world_destroy(w);
}

/* CORE-59: a domain without attach_dev. */
static void attach_without_op(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	w->drv[0].identity_ops.attach_dev = NULL;
	assert_int_equal(iommu_attach_device(&w->drv[0].identity, a), -ENODEV);
	assert_ptr_equal(state_of(a).domain, td(a)->cur);
	world_destroy(w);
}

/* CORE-65, CORE-69 c: all are asked before one is touched; one no is enough. */
static void test_dev_asks_all_first(void **state)
{
	static const int errs[] = { -EINVAL, -EBUSY, -EOPNOTSUPP, -ENODEV };
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	d = world_domain(a);
	for (size_t i = 0; i < 4; i++) {
		world_fail(w, "test", "b", errs[i], 0, 1);
		world_trace(w);
		assert_int_equal(iommu_attach_group(d, g), errs[i]); /* CORE-66 */
		assert_string_equal(w->trace, "test(a,unmanaged) test(b,unmanaged) ");
		assert_consistent(a, b);
	}
	/* CORE-68 4: without the op everything is compatible. */
	w->drv[0].paging_ops.test_dev = NULL;
	world_trace(w);
	assert_int_equal(iommu_attach_group(d, g), 0);
	assert_string_equal(w->trace, "attach(a,unmanaged) attach(b,unmanaged) ");
	iommu_detach_group(d, g);
	iommu_domain_free(d);
	world_destroy(w);
}

/* CORE-69 c: a detach asks too, but only warns of the answer. */
static void test_dev_cannot_stop_detach(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	d = world_domain(a);
	assert_int_equal(iommu_attach_group(d, g), 0);
	world_fail(w, "test", "a", -EINVAL, 0, 1);
	iommu_detach_group(d, g);
	assert_int_equal(w->warns, 1);
	assert_consistent(a, b);
	assert_ptr_equal(td(a)->cur, state_of(a).default_domain);
	iommu_domain_free(d);
	world_destroy(w);
}

/* CORE-70: the core of today's mainline, which finds out by attaching. */
static void test_dev_can_be_left_out(void **state)
{
	struct iommu_system_config cfg = { .without_test_dev = true };
	struct world *w = world_create(&cfg);
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	d = world_domain(a);
	world_fail(w, "test", NULL, -EINVAL, 0, EVERY_TIME);
	world_fail(w, "attach", "b", -EINVAL, 0, 1);
	world_trace(w);
	assert_int_equal(iommu_attach_group(d, g), -EINVAL);
	assert_string_equal(w->trace, "attach(a,unmanaged) attach!(b,unmanaged) "
				      "attach(a,dma) ");
	assert_consistent(a, b);
	assert_int_equal(iommu_attach_group(d, g), 0);
	iommu_detach_group(d, g);
	iommu_domain_free(d);
	world_destroy(w);
}

static struct iommu_domain *seen_by_driver;

static int peek(struct iommu_domain *d, struct iommu_dev *dev, struct iommu_domain *old)
{
	(void)d;
	(void)old;
	seen_by_driver = iommu_driver_get_domain_for_dev(dev);
	return -EIO;
}

/* CORE-63: a driver inside attach_dev still sees the domain of before. */
static void driver_sees_group_domain(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	w->drv[0].identity_ops.attach_dev = peek;
	assert_int_equal(iommu_attach_device(&w->drv[0].identity, a), -EIO);
	assert_ptr_equal(seen_by_driver, state_of(a).default_domain);
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach_device_needs_lonely_group),
		cmocka_unit_test(attach_group_busy),
		cmocka_unit_test(attach_foreign_domain),
		cmocka_unit_test(detach_wrong_domain_warns),
		cmocka_unit_test(attach_failure_rolls_back),
		cmocka_unit_test(detach_failure_blocks),
		cmocka_unit_test(attach_breaks_the_word_of_test_dev),
		cmocka_unit_test(one_device_breaks_the_word_of_test_dev),
		cmocka_unit_test(attach_without_op),
		cmocka_unit_test(test_dev_asks_all_first),
		cmocka_unit_test(test_dev_cannot_stop_detach),
		cmocka_unit_test(test_dev_can_be_left_out),
		cmocka_unit_test(driver_sees_group_domain),
	};

	return cmocka_run_group_tests_name("core_attach", tests, NULL, NULL);
}
