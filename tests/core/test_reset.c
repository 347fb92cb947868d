/* SPDX-License-Identifier: MIT */
/* Resets of a function: prepare, done, and who may attach meanwhile (CORE-81 to 91). */
#include "core/double.h"

struct reset_world {
	struct world *w;
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	struct iommu_domain *d, *e;
};

static struct reset_world setup_with(enum iommu_reset_attach reset_attach)
{
	const struct iommu_system_config cfg = { .reset_attach = reset_attach };
	struct reset_world r = { .w = world_create(&cfg) };

	world_register(r.w, 0);
	r.g = world_pair(r.w, &r.a, &r.b);
	r.d = world_domain(r.a);
	r.e = world_domain(r.a);
	return r;
}

static struct reset_world setup(void)
{
	return setup_with(IOMMU_RESET_ATTACH_BUSY);
}

static void teardown(struct reset_world *r)
{
	iommu_domain_free(r->d);
	iommu_domain_free(r->e);
	world_destroy(r->w);
}

static unsigned in_reset(struct reset_world *r)
{
	struct iommu_group_state state;

	iommu_group_get_state(r->g, &state);
	return state.recovery_cnt;
}

/* CORE-81, CORE-82: no IOMMU, or no ATS: there is nothing to protect. */
static void reset_without_ats(void **state)
{
	struct reset_world r = setup();
	struct iommu_dev *none = world_dev(r.w, "none", -1, 0);
	struct iommu_dev *plain = world_dev(r.w, "plain", 0, 9);
	struct iommu_dev_desc desc = { .name = "ats", .ats_supported = true };
	struct iommu_dev *lonely = world_add(r.w, &desc, 5);

	(void)state;
	world_trace(r.w);
	assert_int_equal(iommu_dev_reset_prepare(none), 0);
	assert_int_equal(iommu_dev_reset_prepare(plain), 0);
	assert_int_equal(iommu_dev_reset_prepare(lonely), 0);
	iommu_dev_reset_done(none);
	iommu_dev_reset_done(plain);
	iommu_dev_reset_done(lonely);
	assert_string_equal(r.w->trace, "");
	assert_int_equal(r.w->warns, 0);
	teardown(&r);
}

/* CORE-3, CORE-84, CORE-86: this device alone is blocked, and comes back as it was. */
static void reset_blocks_and_restores(void **state)
{
	struct reset_world r = setup();
	struct iommu_domain *blocked = &r.w->drv[0].blocked;

	(void)state;
	assert_int_equal(iommu_attach_group(r.d, r.g), 0);
	assert_int_equal(iommu_attach_device_pasid(r.e, r.a, 3, NULL), 0);
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	assert_int_equal(in_reset(&r), 1);
	assert_ptr_equal(td(r.a)->cur, blocked);
	assert_ptr_equal(td(r.a)->old, r.d);
	assert_null(td(r.a)->pasid[3]);
	/* Per device, not per group (CORE-91). */
	assert_ptr_equal(td(r.b)->cur, r.d);
	assert_ptr_equal(td(r.b)->pasid[3], r.e);
	/* CORE-63 */
	assert_ptr_equal(iommu_driver_get_domain_for_dev(r.a), blocked);
	assert_ptr_equal(iommu_driver_get_domain_for_dev(r.b), r.d);
	assert_ptr_equal(iommu_get_domain_for_dev(r.a), r.d);

	world_trace(r.w);
	iommu_dev_reset_done(r.a);
	assert_string_equal(r.w->trace, "attach(a,unmanaged) pasid(a,unmanaged) ");
	assert_ptr_equal(td(r.a)->cur, r.d);
	assert_ptr_equal(td(r.a)->old, blocked); /* CORE-60 */
	assert_ptr_equal(td(r.a)->pasid[3], r.e);
	assert_ptr_equal(iommu_driver_get_domain_for_dev(r.a), r.d);
	assert_int_equal(in_reset(&r), 0);
	assert_int_equal(r.w->warns, 0);
	iommu_detach_device_pasid(r.e, r.a, 3);
	iommu_detach_group(r.d, r.g);
	teardown(&r);
}

/* CORE-83, CORE-86: only the outermost pair acts; one done too many is told of. */
static void reset_nests(void **state)
{
	struct reset_world r = setup();

	(void)state;
	iommu_dev_reset_done(r.a);
	assert_int_equal(r.w->warns, 1);
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	world_trace(r.w);
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	iommu_dev_reset_done(r.a);
	assert_string_equal(r.w->trace, "");
	assert_int_equal(in_reset(&r), 1);
	iommu_dev_reset_done(r.a);
	assert_string_equal(r.w->trace, "attach(a,dma) ");
	assert_int_equal(in_reset(&r), 0);
	iommu_dev_reset_done(r.a);
	assert_int_equal(r.w->warns, 2);
	assert_int_equal(in_reset(&r), 0);
	teardown(&r);
}

/* CORE-84: what cannot be blocked may not be reset, and nothing has changed. */
static void reset_prepare_fails(void **state)
{
	struct reset_world r = setup();
	struct iommu_domain *rest = state_of(r.a).default_domain;

	(void)state;
	world_fail(r.w, "attach", "a", -EIO, 0, 1);
	assert_int_equal(iommu_dev_reset_prepare(r.a), -EIO);
	assert_ptr_equal(td(r.a)->cur, rest);
	assert_ptr_equal(iommu_driver_get_domain_for_dev(r.a), rest);
	assert_int_equal(in_reset(&r), 0);
	/* The depth went back too: the next prepare is the outermost again. */
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	assert_ptr_equal(td(r.a)->cur, &r.w->drv[0].blocked);
	iommu_dev_reset_done(r.a);
	assert_ptr_equal(td(r.a)->cur, rest);
	teardown(&r);
}

/* CORE-84: no memory for a blocking domain where it must be a paging one. */
static void reset_needs_a_blocking_domain(void **state)
{
	struct reset_world r = setup();

	(void)state;
	r.w->drv[0].ops.blocked_domain = NULL;
	world_fail(r.w, "alloc", "a", -ENOMEM, 0, 1);
	assert_int_equal(iommu_dev_reset_prepare(r.a), -ENOMEM);
	assert_int_equal(in_reset(&r), 0);
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	assert_int_equal(td(r.a)->cur->type, IOMMU_DOMAIN_UNMANAGED);
	iommu_dev_reset_done(r.a);
	r.w->drv[0].ops.blocked_domain = &r.w->drv[0].blocked;
	teardown(&r);
}

/* CORE-85, CORE-58 3, CORE-92, CORE-95: attaches wait for the reset, of any member. */
static void reset_fences_attach(void **state)
{
	struct reset_world r = setup();
	struct iommu_attach_handle h1, h2;
	int me;

	(void)state;
	assert_int_equal(iommu_attach_device_pasid(r.e, r.a, 3, &h1), 0);
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	world_trace(r.w);
	assert_int_equal(iommu_attach_group(r.d, r.g), -EBUSY);
	assert_int_equal(iommu_attach_device_pasid(r.d, r.b, 4, NULL), -EBUSY);
	assert_int_equal(iommu_replace_device_pasid(r.d, r.b, 3, &h2), -EBUSY);
	assert_string_equal(r.w->trace, "");
	/* Wrong in itself comes first, and what needs no change is no attach. */
	assert_int_equal(iommu_attach_device_pasid(r.d, r.b, 0, NULL), -EINVAL);
	assert_int_equal(iommu_replace_device_pasid(r.d, r.b, 3, NULL), -EINVAL);
	assert_int_equal(iommu_attach_group(state_of(r.a).default_domain, r.g), 0);
	/* In a reset even a PASID out of range is answered with "later". */
	assert_int_equal(iommu_attach_device_pasid(r.d, r.b, 8, NULL), -EBUSY);
	assert_int_equal(iommu_group_claim_dma_owner(r.g, &me), -EBUSY);
	iommu_dev_reset_done(r.a);
	assert_int_equal(iommu_attach_device_pasid(r.d, r.b, 8, NULL), -EINVAL);
	assert_int_equal(iommu_replace_device_pasid(r.d, r.b, 3, &h2), 0);
	iommu_detach_device_pasid(r.d, r.b, 3);
	assert_int_equal(iommu_attach_group(r.d, r.g), 0);
	iommu_detach_group(r.d, r.g);
	teardown(&r);
}

/* CORE-85, CORE-87, CORE-91: a detach goes through, and done honours it. */
static void reset_lets_detach_through(void **state)
{
	struct reset_world r = setup();
	struct iommu_domain *rest = state_of(r.a).default_domain;

	(void)state;
	assert_int_equal(iommu_attach_group(r.d, r.g), 0);
	assert_int_equal(iommu_attach_device_pasid(r.e, r.a, 3, NULL), 0);
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	world_trace(r.w);
	iommu_detach_device_pasid(r.e, r.a, 3); /* not on a itself */
	iommu_detach_group(r.d, r.g);
	assert_string_equal(r.w->trace, "pasid(b,blocked) test(a,dma) test(b,dma) "
					"attach(b,dma) ");
	assert_ptr_equal(td(r.a)->cur, &r.w->drv[0].blocked);
	world_trace(r.w);
	iommu_dev_reset_done(r.a);
	assert_string_equal(r.w->trace, "attach(a,dma) ");
	assert_ptr_equal(td(r.a)->cur, rest);
	assert_null(td(r.a)->pasid[3]);
	teardown(&r);
}

/* CORE-84, CORE-86: a group that rests in the blocking domain: no attach either way. */
static void reset_of_an_owned_group(void **state)
{
	struct reset_world r = setup();
	int me;

	(void)state;
	assert_int_equal(iommu_group_claim_dma_owner(r.g, &me), 0);
	world_trace(r.w);
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	assert_int_equal(in_reset(&r), 1);
	iommu_dev_reset_done(r.a);
	assert_string_equal(r.w->trace, "");
	assert_int_equal(in_reset(&r), 0);
	iommu_group_release_dma_owner(r.g);
	teardown(&r);
}

/* CORE-86: what the driver will not restore is warned about; the fence opens. */
static void reset_done_fails(void **state)
{
	struct reset_world r = setup();

	(void)state;
	assert_int_equal(iommu_attach_device_pasid(r.e, r.a, 3, NULL), 0);
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	world_fail(r.w, "attach", "a", -EIO, 0, 1);
	world_fail(r.w, "pasid", "a", -EIO, 0, 1);
	iommu_dev_reset_done(r.a);
	assert_int_equal(r.w->warns, 2);
	assert_ptr_equal(td(r.a)->cur, &r.w->drv[0].blocked);
	assert_int_equal(in_reset(&r), 0);
	assert_int_equal(iommu_attach_group(r.d, r.g), 0);
	assert_ptr_equal(td(r.a)->cur, r.d);
	iommu_detach_group(r.d, r.g);
	/* The hardware of a never got it back. */
	td(r.a)->pasid[3] = r.e;
	iommu_detach_device_pasid(r.e, r.a, 3);
	teardown(&r);
}

/* CORE-88: a and b share a requester id. */
static void reset_of_aliases(void **state)
{
	struct reset_world r = setup();

	(void)state;
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	assert_int_equal(iommu_dev_reset_prepare(r.b), 0);
	assert_int_equal(in_reset(&r), 2);
	iommu_dev_reset_done(r.a);
	assert_int_equal(r.w->warns, 1);
	assert_non_null(strstr(r.w->last, "alias"));
	assert_int_equal(iommu_attach_group(r.d, r.g), -EBUSY);
	iommu_dev_reset_done(r.b); /* a is back: nothing to say */
	assert_int_equal(r.w->warns, 1);
	assert_int_equal(in_reset(&r), 0);
	teardown(&r);
}

/* CORE-89: unplugged in between; the count goes with the device. */
static void reset_of_a_lost_device(void **state)
{
	struct reset_world r = setup();
	struct iommu_dev *a = r.a;

	(void)state;
	assert_int_equal(iommu_dev_reset_prepare(a), 0);
	assert_int_equal(in_reset(&r), 1);
	iommu_dev_remove(a);
	assert_int_equal(in_reset(&r), 0);
	assert_int_equal(iommu_attach_group(r.d, r.g), 0);
	assert_ptr_equal(td(r.b)->cur, r.d);
	iommu_detach_group(r.d, r.g);
	teardown(&r);
}

static struct iommu_domain *came_from;

static int note_old(struct iommu_domain *d, struct iommu_dev *dev,
		    struct iommu_domain *old)
{
	(void)d;
	(void)dev;
	came_from = old;
	return 0;
}

/* CORE-60, CORE-89: the release domain is told where the device is: blocked. */
static void reset_then_release(void **state)
{
	struct reset_world r = setup();

	(void)state;
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	r.w->drv[0].blocked_ops.attach_dev = note_old;
	iommu_dev_remove(r.a);
	assert_ptr_equal(came_from, &r.w->drv[0].blocked);
	iommu_dev_remove(r.b);
	assert_ptr_not_equal(came_from, &r.w->drv[0].blocked);
	teardown(&r);
}

/* CORE-59, CORE-86: what was recorded in a reset cannot be attached at all. */
static void reset_records_the_impossible(void **state)
{
	struct reset_world r = setup_with(IOMMU_RESET_ATTACH_RECORDED);

	(void)state;
	iommu_dev_remove(r.b);
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	r.w->drv[0].identity_ops.attach_dev = NULL;
	assert_int_equal(iommu_attach_group(&r.w->drv[0].identity, r.g), 0);
	iommu_dev_reset_done(r.a);
	assert_int_equal(r.w->warns, 1);
	assert_ptr_equal(td(r.a)->cur, &r.w->drv[0].blocked);
	iommu_detach_group(&r.w->drv[0].identity, r.g);
	assert_ptr_equal(td(r.a)->cur, state_of(r.a).default_domain);
	teardown(&r);
}

/* CORE-89: its IOMMU is unregistered in between; done finds nothing to restore. */
static void reset_without_its_instance(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;

	(void)state;
	world_register(w, 0);
	(void)world_pair(w, &a, &b);
	assert_int_equal(iommu_dev_reset_prepare(a), 0);
	iommu_instance_unregister(&w->inst[0].inst);
	world_trace(w);
	iommu_dev_reset_done(a);
	assert_string_equal(w->trace, "");
	world_register(w, 0);
	assert_int_equal(state_of(a).recovery_cnt, 0);
	assert_ptr_equal(td(a)->cur, state_of(a).default_domain);
	world_destroy(w);
}

/* CORE-49, CORE-85: the first DMA comes in the middle of a reset. */
static void reset_and_deferred_attach(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_domain *rest;

	(void)state;
	w->deferred_attach = true;
	world_register(w, 0);
	(void)world_pair(w, &a, &b);
	rest = state_of(a).default_domain;
	assert_int_equal(iommu_dev_reset_prepare(a), 0);
	assert_int_equal(iommu_deferred_attach(a, rest), -EBUSY);
	assert_int_equal(iommu_deferred_attach(b, rest), 0);
	iommu_dev_reset_done(a);
	assert_int_equal(iommu_deferred_attach(a, rest), 0);
	assert_ptr_equal(td(a)->cur, rest);
	world_destroy(w);
}

/* CORE-71: attach, but really don't: tested at once, programmed at done. */
static void reset_records_attach(void **state)
{
	struct reset_world r = setup_with(IOMMU_RESET_ATTACH_RECORDED);

	(void)state;
	assert_int_equal(iommu_dev_reset_prepare(r.a), 0);
	world_trace(r.w);
	world_fail(r.w, "test", "a", -EINVAL, 0, 1);
	assert_int_equal(iommu_attach_group(r.d, r.g), -EINVAL);
	assert_string_equal(r.w->trace, "test(a,unmanaged) ");
	world_trace(r.w);
	assert_int_equal(iommu_attach_group(r.d, r.g), 0);
	assert_int_equal(iommu_attach_device_pasid(r.e, r.a, 3, NULL), 0);
	assert_string_equal(r.w->trace,
			    "test(a,unmanaged) test(b,unmanaged) attach(b,unmanaged) "
			    "testp(a,unmanaged) testp(b,unmanaged) pasid(b,unmanaged) ");
	assert_ptr_equal(td(r.a)->cur, &r.w->drv[0].blocked);
	assert_ptr_equal(state_of(r.a).domain, r.d);
	iommu_dev_reset_done(r.a);
	assert_ptr_equal(td(r.a)->cur, r.d);
	assert_ptr_equal(td(r.a)->pasid[3], r.e);
	iommu_detach_device_pasid(r.e, r.a, 3);
	iommu_detach_group(r.d, r.g);
	teardown(&r);
}

/*
 * A driver as SMMUv3 is: a domain marked "stage 2" cannot be attached while PASIDs
 * are in its hardware, and its test_dev looks at the hardware.
 */
static struct iommu_domain *stage2;

static bool pasids_in_use(struct iommu_dev *dev)
{
	for (unsigned i = 0; i < 8; i++)
		if (td(dev)->pasid[i])
			return true;
	return false;
}

static int picky_test(struct iommu_domain *d, struct iommu_dev *dev, uint32_t pasid,
		      struct iommu_domain *old)
{
	(void)old;
	return pasid == IOMMU_NO_PASID && d == stage2 && pasids_in_use(dev) ? -EBUSY : 0;
}

static int picky_set_pasid(struct iommu_domain *d, struct iommu_dev *dev, uint32_t pasid,
			   struct iommu_domain *old)
{
	(void)old;
	if (td(dev)->cur == stage2)
		return -EINVAL;
	td(dev)->pasid[pasid] = d;
	return 0;
}

/* CORE-71, CORE-66: why recording is refused upstream: the test says yes, done cannot. */
static void reset_makes_a_check_wrong(void **state)
{
	for (int recorded = 0; recorded < 2; recorded++) {
		struct reset_world r = setup_with(recorded ? IOMMU_RESET_ATTACH_RECORDED
							   : IOMMU_RESET_ATTACH_BUSY);
		struct iommu_dev *only = r.a;

		(void)state;
		iommu_dev_remove(r.b);
		stage2 = r.d;
		r.w->drv[0].paging_ops.test_dev = picky_test;
		r.w->drv[0].paging_ops.set_dev_pasid = picky_set_pasid;
		assert_int_equal(iommu_attach_device_pasid(r.e, only, 3, NULL), 0);
		/* Outside a reset the check sees the PASID. */
		assert_int_equal(iommu_attach_group(r.d, r.g), -EBUSY);
		assert_int_equal(iommu_dev_reset_prepare(only), 0);
		/* In it, the PASID is out of the hardware: it says yes, wrongly. */
		assert_int_equal(iommu_attach_group(r.d, r.g), recorded ? 0 : -EBUSY);
		iommu_dev_reset_done(only);
		assert_int_equal(r.w->warns, recorded);
		assert_ptr_equal(td(only)->pasid[3], recorded ? NULL : r.e);
		if (recorded)
			iommu_detach_group(r.d, r.g);
		td(only)->pasid[3] = r.e; /* what the core believes */
		iommu_detach_device_pasid(r.e, only, 3);
		teardown(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_without_ats),
		cmocka_unit_test(reset_blocks_and_restores),
		cmocka_unit_test(reset_nests),
		cmocka_unit_test(reset_prepare_fails),
		cmocka_unit_test(reset_needs_a_blocking_domain),
		cmocka_unit_test(reset_fences_attach),
		cmocka_unit_test(reset_lets_detach_through),
		cmocka_unit_test(reset_of_an_owned_group),
		cmocka_unit_test(reset_done_fails),
		cmocka_unit_test(reset_of_aliases),
		cmocka_unit_test(reset_of_a_lost_device),
		cmocka_unit_test(reset_without_its_instance),
		cmocka_unit_test(reset_then_release),
		cmocka_unit_test(reset_records_the_impossible),
		cmocka_unit_test(reset_and_deferred_attach),
		cmocka_unit_test(reset_records_attach),
		cmocka_unit_test(reset_makes_a_check_wrong),
	};

	return cmocka_run_group_tests_name("core_reset", tests, NULL, NULL);
}
