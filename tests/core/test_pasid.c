/* SPDX-License-Identifier: MIT */
/* PASIDs and attach handles (CORE-4, 61, 62, 68, 92 to 97). */
#include "core/double.h"

struct pasid_world {
	struct world *w;
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	struct iommu_domain *d, *e;
};

static struct pasid_world setup(void)
{
	struct pasid_world p = { .w = world_create(NULL) };

	world_register(p.w, 0);
	p.g = world_pair(p.w, &p.a, &p.b);
	p.d = world_domain(p.a);
	p.e = world_domain(p.a);
	return p;
}

static void teardown(struct pasid_world *p)
{
	iommu_domain_free(p->d);
	iommu_domain_free(p->e);
	world_destroy(p->w);
}

/* CORE-92, CORE-93, CORE-96: the whole group, and back. */
static void pasid_attach_detach(void **state)
{
	struct pasid_world p = setup();
	struct iommu_attach_handle handle, *got = NULL;

	(void)state;
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 3, &handle), 0);
	assert_ptr_equal(td(p.a)->pasid[3], p.d);
	assert_ptr_equal(td(p.b)->pasid[3], p.d);
	/* CORE-97 */
	assert_int_equal(iommu_attach_handle_get(p.g, 3, 0, &got), 0);
	assert_ptr_equal(got, &handle);
	assert_ptr_equal(handle.domain, p.d);
	assert_int_equal(iommu_attach_handle_get(p.g, 3, IOMMU_DOMAIN_UNMANAGED, &got),
			 0);
	assert_int_equal(iommu_attach_handle_get(p.g, 3, IOMMU_DOMAIN_SVA, &got), -EBUSY);
	assert_int_equal(iommu_attach_handle_get(p.g, 4, 0, &got), -ENOENT);
	/* CORE-4: an entry without a handle is a plain domain. */
	assert_int_equal(iommu_attach_device_pasid(p.e, p.b, 4, NULL), 0);
	assert_int_equal(iommu_attach_handle_get(p.g, 4, 0, &got), -ENOENT);

	assert_int_equal(iommu_attach_device_pasid(p.e, p.a, 3, NULL), -EBUSY);
	iommu_detach_device_pasid(p.e, p.a, 3); /* not that one */
	assert_int_equal(p.w->warns, 1);
	assert_ptr_equal(td(p.a)->pasid[3], p.d);
	world_fail(p.w, "pasid", "a", -EIO, 0, 1); /* failure only warns */
	iommu_detach_device_pasid(p.d, p.a, 3);
	assert_int_equal(p.w->warns, 2);
	assert_null(td(p.b)->pasid[3]);
	assert_int_equal(iommu_attach_handle_get(p.g, 3, 0, &got), -ENOENT);
	iommu_detach_device_pasid(p.d, p.a, 3); /* nothing there: no effect */
	assert_int_equal(p.w->warns, 2);
	iommu_detach_device_pasid(p.e, p.a, 4);
	teardown(&p);
}

/* CORE-92: what is refused, in the order of the rule. */
static void pasid_attach_errors(void **state)
{
	struct pasid_world p = setup();
	struct iommu_dev *none = world_dev(p.w, "none", -1, 0);
	struct iommu_dev *other;

	(void)state;
	world_register(p.w, 2);
	other = world_dev(p.w, "o", 2, 1);
	assert_int_equal(iommu_attach_device_pasid(p.d, none, 1, NULL), -ENODEV);
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, IOMMU_NO_PASID, NULL),
			 -EINVAL);
	assert_int_equal(iommu_attach_device_pasid(p.d, other, 1, NULL), -EINVAL);
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 8, NULL), -EINVAL);
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 7, NULL), 0);
	iommu_detach_device_pasid(p.d, p.a, 7);

	p.w->drv[0].ops.blocked_domain = NULL;
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 7, NULL), -EOPNOTSUPP);
	p.w->drv[0].ops.blocked_domain = &p.w->drv[0].blocked;
	p.w->drv[0].blocked_ops.set_dev_pasid = NULL;
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 7, NULL), -EOPNOTSUPP);
	p.w->drv[0].blocked_ops.set_dev_pasid = p.w->drv[0].paging_ops.set_dev_pasid;
	p.w->drv[0].paging_ops.set_dev_pasid = NULL;
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 8, NULL), -EOPNOTSUPP);
	p.w->drv[0].paging_ops.set_dev_pasid = p.w->drv[0].blocked_ops.set_dev_pasid;

	/* CORE-69 d: asked first, nobody touched. */
	world_fail(p.w, "testp", "b", -EBUSY, 0, 1);
	world_trace(p.w);
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 7, NULL), -EBUSY);
	assert_string_equal(p.w->trace, "testp(a,unmanaged) testp(b,unmanaged) ");
	teardown(&p);
}

/* CORE-93: the second device fails; the first is taken out again. */
static void pasid_attach_rolls_back(void **state)
{
	struct pasid_world p = setup();

	(void)state;
	world_fail(p.w, "pasid", "b", -ENOMEM, 0, 1);
	world_trace(p.w);
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 3, NULL), -ENOMEM);
	assert_string_equal(p.w->trace, "testp(a,unmanaged) testp(b,unmanaged) "
					"pasid(a,unmanaged) pasid!(b,unmanaged) "
					"pasid(a,blocked) ");
	assert_null(td(p.a)->pasid[3]);
	/* The entry was released too. */
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 3, NULL), 0);
	iommu_detach_device_pasid(p.d, p.a, 3);
	teardown(&p);
}

/* CORE-94: nobody has PASIDs: the entry is kept, nothing is programmed. */
static void pasid_group_without_pasids(void **state)
{
	struct pasid_world p = setup();
	struct iommu_dev *c = world_dev(p.w, "c", 0, 9);
	struct iommu_group *g = iommu_group_get(c);
	struct iommu_attach_handle handle, *got;

	(void)state;
	world_trace(p.w);
	assert_int_equal(iommu_attach_device_pasid(p.d, c, 100, &handle), 0);
	assert_string_equal(p.w->trace, "");
	assert_int_equal(iommu_attach_handle_get(g, 100, 0, &got), 0);
	iommu_detach_device_pasid(p.d, c, 100);
	iommu_group_put(g);
	teardown(&p);
}

/* CORE-95 */
static void pasid_replace(void **state)
{
	struct pasid_world p = setup();
	struct iommu_attach_handle h1, h2, *got;

	(void)state;
	assert_int_equal(iommu_replace_device_pasid(p.e, p.a, 3, &h2), -EINVAL);
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 3, &h1), 0);
	assert_int_equal(iommu_replace_device_pasid(p.e, p.a, 3, NULL), -EINVAL);
	assert_int_equal(iommu_replace_device_pasid(p.e, p.a, 0, &h2), -EINVAL);
	assert_int_equal(iommu_replace_device_pasid(p.d, p.a, 3, &h1), -EINVAL);
	assert_int_equal(p.w->warns, 1);

	/* A failing driver: the old domain and entry stay, on every device. */
	world_fail(p.w, "pasid", "b", -EIO, 0, 1);
	assert_int_equal(iommu_replace_device_pasid(p.e, p.a, 3, &h2), -EIO);
	assert_ptr_equal(td(p.a)->pasid[3], p.d);
	assert_ptr_equal(td(p.b)->pasid[3], p.d);
	assert_int_equal(iommu_attach_handle_get(p.g, 3, 0, &got), 0);
	assert_ptr_equal(got, &h1);

	/* Same domain, other handle: only the entry changes, nobody is asked. */
	world_trace(p.w);
	assert_int_equal(iommu_replace_device_pasid(p.d, p.a, 3, &h2), 0);
	assert_string_equal(p.w->trace, "");
	assert_int_equal(iommu_attach_handle_get(p.g, 3, 0, &got), 0);
	assert_ptr_equal(got, &h2);

	assert_int_equal(iommu_replace_device_pasid(p.e, p.a, 3, &h1), 0);
	assert_ptr_equal(td(p.b)->pasid[3], p.e);
	assert_ptr_equal(h1.domain, p.e);
	iommu_detach_device_pasid(p.e, p.a, 3);

	p.w->drv[0].blocked_ops.set_dev_pasid = NULL;
	assert_int_equal(iommu_replace_device_pasid(p.e, p.a, 3, &h1), -EOPNOTSUPP);
	teardown(&p);
}

/* CORE-61, CORE-62 */
static void handle_attach_replace(void **state)
{
	struct pasid_world p = setup();
	struct iommu_attach_handle h1, h2, *got;

	(void)state;
	assert_int_equal(iommu_attach_group_handle(p.d, p.g, NULL), -EINVAL);
	world_fail(p.w, "attach", "a", -EIO, 0, 1);
	assert_int_equal(iommu_attach_group_handle(p.d, p.g, &h1), -EIO);
	assert_int_equal(iommu_attach_handle_get(p.g, IOMMU_NO_PASID, 0, &got), -ENOENT);
	assert_int_equal(iommu_attach_group_handle(p.d, p.g, &h1), 0);
	assert_int_equal(iommu_attach_handle_get(p.g, IOMMU_NO_PASID, 0, &got), 0);
	assert_ptr_equal(got, &h1);
	assert_int_equal(iommu_attach_group_handle(p.d, p.g, &h2), -EBUSY);

	assert_int_equal(iommu_replace_group_handle(p.g, NULL, &h2), -EINVAL);
	assert_int_equal(iommu_replace_group_handle(p.g, p.e, NULL), -EINVAL);
	world_fail(p.w, "attach", "b", -EIO, 0, 1);
	assert_int_equal(iommu_replace_group_handle(p.g, p.e, &h2), -EIO);
	assert_ptr_equal(td(p.a)->cur, p.d);
	assert_ptr_equal(td(p.b)->cur, p.d);
	assert_int_equal(iommu_attach_handle_get(p.g, IOMMU_NO_PASID, 0, &got), 0);
	assert_ptr_equal(got, &h1);
	assert_int_equal(iommu_replace_group_handle(p.g, p.e, &h2), 0);
	assert_ptr_equal(td(p.b)->cur, p.e);
	assert_ptr_equal(h2.domain, p.e);
	iommu_detach_group_handle(p.e, p.g);
	assert_int_equal(iommu_attach_handle_get(p.g, IOMMU_NO_PASID, 0, &got), -ENOENT);
	assert_ptr_equal(td(p.a)->cur, state_of(p.a).default_domain);
	teardown(&p);
}

/* CORE-84, CORE-96: a device with fewer PASIDs than its group uses is left alone. */
static void pasid_of_a_small_device(void **state)
{
	static const uint16_t alias[] = { 0x100 };
	const struct iommu_dev_desc small = { .name = "small",
					      .bus = IOMMU_BUS_PCI,
					      .rid = 0x110,
					      .aliases = alias,
					      .num_aliases = 1,
					      .pci_max_pasids = 4,
					      .ats_supported = true };
	struct pasid_world p = setup();
	struct iommu_dev *c;

	(void)state;
	iommu_dev_remove(p.b);
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 5, NULL), 0);
	c = world_add(p.w, &small, 7);
	assert_int_equal(state_of(c).num_devs, 2);
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 6, NULL), -EINVAL);
	world_trace(p.w);
	assert_int_equal(iommu_dev_reset_prepare(c), 0);
	iommu_dev_reset_done(c);
	assert_null(strstr(p.w->trace, "pasid"));
	world_trace(p.w);
	iommu_detach_device_pasid(p.d, p.a, 5);
	assert_string_equal(p.w->trace, "pasid(a,blocked) ");
	assert_int_equal(p.w->warns, 0);
	teardown(&p);
}

/* CORE-57, CORE-62: whatever is detached, the handle ends with its domain only. */
static void handle_ends_with_its_domain(void **state)
{
	struct pasid_world p = setup();
	struct iommu_attach_handle h, *got;
	struct iommu_group *g = iommu_group_get(p.a);

	(void)state;
	assert_int_equal(iommu_attach_group_handle(p.d, p.g, &h), 0);
	iommu_detach_group_handle(p.e, p.g); /* another domain: nothing done */
	assert_int_equal(p.w->warns, 1);
	assert_ptr_equal(td(p.a)->cur, p.d);
	assert_int_equal(iommu_attach_handle_get(p.g, IOMMU_NO_PASID, 0, &got), 0);
	assert_ptr_equal(got, &h);
	iommu_detach_group(p.d, p.g); /* the plain way out */
	assert_int_equal(iommu_attach_handle_get(p.g, IOMMU_NO_PASID, 0, &got), -ENOENT);
	/* CORE-61: a group without devices has no place for a domain. */
	iommu_dev_remove(p.a);
	iommu_dev_remove(p.b);
	assert_int_equal(iommu_replace_group_handle(g, p.d, &h), -EINVAL);
	assert_int_equal(iommu_attach_handle_get(g, IOMMU_NO_PASID, 0, &got), -ENOENT);
	iommu_group_put(g);
	teardown(&p);
}

/* CORE-74, CORE-75: a PASID in use keeps owners out, and is missed on release. */
static void pasid_against_ownership(void **state)
{
	struct pasid_world p = setup();
	int me;

	(void)state;
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 1, NULL), 0);
	assert_int_equal(iommu_group_claim_dma_owner(p.g, &me), -EBUSY);
	assert_int_equal(iommu_device_use_default_domain(p.a), 0);
	assert_int_equal(iommu_device_use_default_domain(p.b), -EBUSY);
	iommu_device_unuse_default_domain(p.a);
	assert_int_equal(p.w->warns, 1);
	iommu_detach_device_pasid(p.d, p.a, 1);
	iommu_device_unuse_default_domain(p.a);
	assert_int_equal(iommu_group_claim_dma_owner(p.g, &me), 0);
	assert_int_equal(iommu_attach_device_pasid(p.d, p.a, 1, NULL), 0);
	iommu_group_release_dma_owner(p.g); /* CORE-78 */
	assert_int_equal(p.w->warns, 2);
	iommu_detach_device_pasid(p.d, p.a, 1);
	iommu_group_release_dma_owner(p.g);
	assert_int_equal(p.w->warns, 2);
	teardown(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pasid_attach_detach),
		cmocka_unit_test(pasid_attach_errors),
		cmocka_unit_test(pasid_attach_rolls_back),
		cmocka_unit_test(pasid_group_without_pasids),
		cmocka_unit_test(pasid_replace),
		cmocka_unit_test(handle_attach_replace),
		cmocka_unit_test(pasid_of_a_small_device),
		cmocka_unit_test(handle_ends_with_its_domain),
		cmocka_unit_test(pasid_against_ownership),
	};

	return cmocka_run_group_tests_name("core_pasid", tests, NULL, NULL);
}
