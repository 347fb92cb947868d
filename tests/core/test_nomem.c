/* SPDX-License-Identifier: MIT */
/*
 * Each allocation of the core fails once, in turn: the caller hears -ENOMEM (or
 * goes on where the rule says so), and nothing is half done (CORE-16, 17, 27, 92,
 * 115). The linker routes the core's allocations here (--wrap).
 */
#include <stdlib.h>
#include "core/double.h"

void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);

static long fail_at = -1; /* the allocation that fails, counted down; -1: none */
static bool failed;

static bool now(void)
{
	if (fail_at < 0 || fail_at-- > 0)
		return false;
	failed = true;
	return true;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return now() ? NULL : __real_realloc(p, size);
}

/*
 * Runs a step with its k-th allocation failing, for every k it has; afterwards the
 * same step must work, in the same world.
 */
static void each_allocation(struct world *w, int (*step)(struct world *w),
			    void (*undo)(struct world *w), int want)
{
	for (long k = 0; k < 100; k++) {
		int err;

		failed = false;
		fail_at = k;
		err = step(w);
		fail_at = -1;
		if (!failed) {
			assert_int_equal(err, 0);
			assert_true(k > 0);
			undo(w);
			return;
		}
		assert_int_equal(err, want);
	}
	fail();
}

static struct iommu_dev *dev;

static int step_register(struct world *w)
{
	return iommu_instance_register(w->sys, &w->inst[0].inst);
}

static void undo_register(struct world *w)
{
	assert_true(iommu_dev_has_iommu(dev));
	iommu_instance_unregister(&w->inst[0].inst);
}

/*
 * Registration, probe, default domain. A fwspec that cannot grow inside the walk
 * makes that device's firmware answer -ENODEV, which is no error (CORE-25).
 */
static void nomem_register(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	dev = world_dev(w, "a", 0, 1);
	for (long k = 0; k < 100; k++) {
		int err;

		failed = false;
		fail_at = k;
		err = step_register(w);
		fail_at = -1;
		if (err)
			assert_int_equal(err, -ENOMEM);
		if (!err && !failed) {
			undo_register(w);
			break;
		}
		if (!err)
			iommu_instance_unregister(&w->inst[0].inst);
		assert_false(iommu_dev_has_iommu(dev));
		assert_int_equal(w->domains, 0);
		assert_int_equal(w->probed, w->released);
		assert_int_equal(iommu_fwnode_refs(w->fwnode[0]), 1);
	}
	world_destroy(w);
}

static int step_configure(struct world *w)
{
	(void)w;
	return iommu_dev_configure(dev);
}

static void undo_configure(struct world *w)
{
	(void)w;
	assert_int_equal(iommu_dev_fwspec(dev)->num_ids, 1);
}

/* CORE-16, CORE-17, CORE-22, CORE-27 */
static void nomem_configure(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	world_register(w, 0);
	w->fw[0].err = -EIO;
	dev = world_add(w, &(struct iommu_dev_desc){ .name = "a" }, 0);
	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	each_allocation(w, step_configure, undo_configure, -ENOMEM);
	world_destroy(w);
}

static struct iommu_domain *dom;

static int step_pasid(struct world *w)
{
	int err = iommu_paging_domain_alloc(dev, 0, &dom);

	(void)w;
	if (err)
		return err;
	err = iommu_get_msi_cookie(dom, 0);
	if (!err)
		err = iommu_attach_device_pasid(dom, dev, 1, NULL);
	if (err)
		iommu_domain_free(dom);
	return err;
}

static void undo_pasid(struct world *w)
{
	(void)w;
	iommu_detach_device_pasid(dom, dev, 1);
	iommu_domain_free(dom);
}

/* CORE-50, CORE-92, CORE-115 */
static void nomem_pasid(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	world_register(w, 0);
	dev = world_add(w, &(struct iommu_dev_desc){ .name = "none" }, 5);
	iommu_dev_remove(dev);
	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	dev = world_add(w, &(struct iommu_dev_desc){ .name = "a", .pasid_num_bits = 3 },
			0);
	each_allocation(w, step_pasid, undo_pasid, -ENOMEM);
	world_destroy(w);
}

static int step_create(struct world *w)
{
	struct iommu_dev_desc desc = { .name = "new", .harness = w };
	struct iommu_system *sys;
	int err = iommu_system_create(&sys, NULL);

	if (err)
		return err;
	err = iommu_dev_add(sys, &desc, &dev);
	iommu_system_destroy(sys);
	return err;
}

static struct iommu_resv_list regions;

static int step_resv(struct world *w)
{
	struct iommu_group *group = iommu_group_get(dev);
	int err = iommu_get_group_resv_regions(group, &regions);

	(void)w;
	iommu_group_put(group);
	return err;
}

static void undo_resv(struct world *w)
{
	(void)w;
	assert_int_equal(regions.count, 1);
	iommu_resv_list_free(&regions);
}

/* CORE-113 */
static void nomem_resv(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	world_register(w, 0);
	dev = world_dev(w, "a", 0, 1);
	w->resv[0] = (struct iommu_resv_region){ 0x1000, 0x1000, 0, IOMMU_RESV_MSI };
	w->num_resv = 1;
	each_allocation(w, step_resv, undo_resv, -ENOMEM);
	world_destroy(w);
}

/* A system and a device without anything. */
static void nomem_create(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_fwnode *fwnode;

	(void)state;
	/* Its last allocation is the probe's, whose error is not the adder's (CORE-12).
	 */
	for (long k = 0; k < 4; k++) {
		int err;

		failed = false;
		fail_at = k;
		err = step_create(w);
		fail_at = -1;
		assert_int_equal(err, k < 2 ? -ENOMEM : 0);
	}
	fail_at = 0;
	fwnode = iommu_fwnode_create("x");
	assert_null(fwnode);
	fail_at = 0;
	assert_null(iommu_module_create());
	fail_at = -1;
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nomem_register), cmocka_unit_test(nomem_configure),
		cmocka_unit_test(nomem_pasid),	  cmocka_unit_test(nomem_resv),
		cmocka_unit_test(nomem_create),
	};

	return cmocka_run_group_tests_name("core_nomem", tests, NULL, NULL);
}
