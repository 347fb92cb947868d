/* SPDX-License-Identifier: MIT */
/* fwspec: init, references, ids, ownership (CORE-2, CORE-13 to CORE-18, CORE-21). */
#include <stdlib.h>
#include "core/double.h"

/* CORE-13: nobody is registered for that node; each deferral state's answer. */
static void fwspec_unregistered_defers(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *dev = world_dev(w, "m0", 0, 5);

	(void)state;
	assert_int_equal(iommu_dev_configure(dev), -IOMMU_EPROBE_DEFER);
	iommu_system_set_deferral(w->sys, IOMMU_DEFER_NONE);
	assert_int_equal(iommu_dev_configure(dev), -ENODEV);
	iommu_system_set_deferral(w->sys, IOMMU_DEFER_TIMED_OUT);
	assert_int_equal(iommu_dev_configure(dev), -ETIMEDOUT);
	/* The other side: registered, it is found, whatever the state. */
	world_register(w, 0);
	assert_int_equal(iommu_dev_configure(dev), 0);
	assert_true(iommu_dev_has_iommu(dev));
	world_destroy(w);
}

static struct iommu_dev *late;
static int late_result;

static void *configure_late(void *arg)
{
	(void)arg;
	late_result = iommu_dev_configure(late);
	return NULL;
}

/* Called inside the bus walk, in which the instance is not ready. */
static void configure_inside_walk(struct world *w)
{
	pthread_t thread;

	w->in_alloc = NULL;
	w->fw[1].err = 0;
	assert_int_equal(pthread_create(&thread, NULL, configure_late, NULL), 0);
	pthread_join(thread, NULL);
}

/*
 * CORE-14: the instance is there, but inside its own bus walk. The walk had no
 * luck with the late device's firmware; now that would work, but is told to wait.
 */
static void fwspec_not_ready_defers(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *dev = world_dev(w, "m0", 0, 5);

	(void)state;
	late = world_dev(w, "m1", 0, 6);
	w->fw[1].err = -EIO;
	w->in_alloc = configure_inside_walk;
	late_result = 1;
	world_register(w, 0);
	assert_true(iommu_dev_has_iommu(dev)); /* the walk itself is not stopped */
	assert_int_equal(late_result, -IOMMU_EPROBE_DEFER);
	assert_false(iommu_dev_has_iommu(late));
	/* The other side: ready. */
	assert_int_equal(iommu_dev_configure(late), 0);
	world_destroy(w);
}

/* CORE-15, CORE-16: two instances of one driver; the first fwnode is remembered. */
static void fwspec_two_instances_one_driver(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev_desc desc = { .name = "dual" };
	struct iommu_dev *dev;

	(void)state;
	w->fw[0] = (struct td_fw){ .n = 3, .id = { 7, 9, 7 } };
	w->fw[0].fwnode[0] = w->fwnode[1];
	w->fw[0].fwnode[1] = w->fwnode[0];
	w->fw[0].fwnode[2] = w->fwnode[1];
	dev = world_add(w, &desc, 0);
	world_register(w, 0);
	/* CORE-35 2: half of its IOMMUs is not enough. */
	assert_false(iommu_dev_has_iommu(dev));
	assert_int_equal(iommu_dev_configure(dev), -IOMMU_EPROBE_DEFER);
	assert_int_equal(iommu_fwnode_refs(w->fwnode[0]), 1);
	world_register(w, 1);
	assert_true(iommu_dev_has_iommu(dev));
	assert_ptr_equal(iommu_dev_fwspec(dev)->fwnode, w->fwnode[1]);
	assert_ptr_equal(iommu_dev_instance(dev), &w->inst[1].inst);
	/* CORE-2, CORE-16: one reference, on the first. */
	assert_int_equal(iommu_fwnode_refs(w->fwnode[1]), 2);
	assert_int_equal(iommu_fwnode_refs(w->fwnode[0]), 1);
	/* CORE-17: in order, duplicates kept. */
	assert_int_equal(iommu_dev_fwspec(dev)->num_ids, 3);
	assert_int_equal(iommu_dev_fwspec(dev)->ids[0], 7);
	assert_int_equal(iommu_dev_fwspec(dev)->ids[1], 9);
	assert_int_equal(iommu_dev_fwspec(dev)->ids[2], 7);
	iommu_dev_remove(dev);
	assert_int_equal(iommu_fwnode_refs(w->fwnode[1]), 1); /* CORE-2 */
	world_destroy(w);
}

/* CORE-15: two drivers for one device. */
static void fwspec_two_drivers_refused(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev_desc desc = { .name = "torn" };
	struct iommu_dev *dev;

	(void)state;
	w->fw[0] = (struct td_fw){ .n = 2, .id = { 1, 2 } };
	w->fw[0].fwnode[0] = w->fwnode[0];
	w->fw[0].fwnode[1] = w->fwnode[2];
	world_register(w, 0);
	world_register(w, 2);
	dev = world_add(w, &desc, 0);
	assert_int_equal(iommu_dev_configure(dev), -EINVAL);
	assert_false(iommu_dev_has_iommu(dev));
	w->fw[0].fwnode[1] = w->fwnode[0]; /* the legal neighbour */
	assert_int_equal(iommu_dev_configure(dev), 0);
	world_destroy(w);
}

/* CORE-17: the first id needs no memory; more do, and it goes along. */
static void fwspec_single_id(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_fwspec spec = { 0 };
	const uint32_t ids[] = { 8, 9 };
	struct iommu_dev *dev;

	(void)state;
	assert_int_equal(iommu_fwspec_add_ids(&spec, ids, 1), 0);
	assert_ptr_equal(spec.ids, &spec.single_id);
	assert_int_equal(spec.ids[0], 8);
	assert_int_equal(iommu_fwspec_add_ids(&spec, ids, 2), 0);
	assert_ptr_not_equal(spec.ids, &spec.single_id);
	assert_int_equal(spec.num_ids, 3);
	assert_int_equal(spec.ids[0], 8);
	assert_int_equal(spec.ids[2], 9);
	free(spec.ids);
	/* Handed over by its builder, it is the device's own. */
	world_register(w, 0);
	dev = world_dev(w, "a", 0, 77);
	assert_int_equal(iommu_dev_fwspec(dev)->num_ids, 1);
	assert_ptr_equal(iommu_dev_fwspec(dev)->ids, &iommu_dev_fwspec(dev)->single_id);
	assert_int_equal(iommu_dev_fwspec(dev)->ids[0], 77);
	world_destroy(w);
}

/* CORE-17 */
static void fwspec_add_ids(void **state)
{
	struct iommu_fwspec spec = { 0 };
	const uint32_t ids[] = { 1, 2, 1 };

	(void)state;
	assert_int_equal(iommu_fwspec_add_ids(NULL, ids, 3), -EINVAL);
	assert_int_equal(iommu_fwspec_add_ids(&spec, ids, 2), 0);
	assert_int_equal(iommu_fwspec_add_ids(&spec, ids, 0), 0);
	assert_int_equal(iommu_fwspec_add_ids(&spec, ids, 3), 0);
	assert_int_equal(spec.num_ids, 5);
	assert_int_equal(spec.ids[1], 2);
	assert_int_equal(spec.ids[4], 1);
	free(spec.ids);
}

/* CORE-21: what makes a reference -ENODEV, and what of_xlate says. */
static void fwspec_reference_errors(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_module *module = iommu_module_create();
	struct iommu_dev *dev;

	(void)state;
	w->inst[0].inst.loadable = true;
	w->inst[0].inst.owner = module;
	world_register(w, 0);
	w->fw[0].err = -EIO; /* keeps the notifier's probe away */
	dev = world_add(w, &(struct iommu_dev_desc){ .name = "m0" }, 0);
	w->fw[0] = (struct td_fw){ .n = 1 };
	assert_int_equal(iommu_dev_configure(dev), -ENODEV); /* the node is not usable */

	w->fw[0].fwnode[0] = w->fwnode[0];
	w->drv[0].ops.of_xlate = NULL;
	assert_int_equal(iommu_dev_configure(dev), -ENODEV);
	w->drv[0].ops.of_xlate = w->drv[1].ops.of_xlate;

	iommu_module_set_going(module, true);
	assert_int_equal(iommu_dev_configure(dev), -ENODEV);
	iommu_module_set_going(module, false);

	world_fail(w, "xlate", "m0", -ERANGE, 0, 1);
	assert_int_equal(iommu_dev_configure(dev), -ERANGE);
	assert_int_equal(iommu_module_pins(module), 0); /* the pin was dropped */
	assert_int_equal(iommu_fwnode_refs(w->fwnode[0]), 1);

	assert_int_equal(iommu_dev_configure(dev), 0);
	assert_int_equal(iommu_module_pins(module), 1); /* the probe's own */
	world_destroy(w);
	assert_int_equal(iommu_module_pins(module), 0); /* CORE-36 */
	iommu_module_destroy(module);
}

/* CORE-18: the ops of a device are those of whoever is registered for its fwnode. */
static void fwspec_ops_by_fwnode(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;

	(void)state;
	world_register(w, 0);
	world_register(w, 2);
	a = world_dev(w, "a", 0, 1);
	b = world_dev(w, "b", 2, 1);
	assert_ptr_equal(iommu_dev_instance(a), &w->inst[0].inst);
	assert_ptr_equal(iommu_dev_instance(b), &w->inst[2].inst);
	world_destroy(w);
}

static int (*double_probe)(struct iommu_dev *dev, const struct iommu_fwspec *fwspec,
			   struct iommu_instance **inst);
static struct iommu_instance *found[3]; /* by the node's own, no node, another thread */
static struct iommu_system *found_in;
static const struct iommu_fwnode *found_by;

static void *find_elsewhere(void *arg)
{
	(void)arg;
	found[2] = iommu_instance_find(found_in, found_by);
	return NULL;
}

static int probe_that_finds(struct iommu_dev *dev, const struct iommu_fwspec *fwspec,
			    struct iommu_instance **inst)
{
	pthread_t thread;

	found_in = iommu_dev_system(dev);
	found_by = fwspec->fwnode;
	found[0] = iommu_instance_find(found_in, fwspec->fwnode);
	found[1] = iommu_instance_find(found_in, NULL);
	assert_int_equal(pthread_create(&thread, NULL, find_elsewhere, NULL), 0);
	pthread_join(thread, NULL);
	return double_probe(dev, fwspec, inst);
}

/* CORE-26: the instance of a fwspec, asked for by probe_device and by nobody else. */
static void fwspec_names_the_instance(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_fwnode *nobody = iommu_fwnode_create("nobody");

	(void)state;
	double_probe = w->drv[0].ops.probe_device;
	w->drv[0].ops.probe_device = probe_that_finds;
	world_register(w, 0);
	world_register(w, 1);
	for (int i = 0; i < 2; i++) {
		struct iommu_dev *dev = world_dev(w, i ? "m1" : "m0", i, 5);

		assert_true(iommu_dev_has_iommu(dev));
		assert_ptr_equal(found[0], &w->inst[i].inst);
		assert_null(found[1]);
		/* The lock is held, but not by that thread. */
		assert_null(found[2]);
		/* Registered as ever, but outside of the probe lock. */
		assert_null(iommu_instance_find(w->sys, w->fwnode[i]));
	}
	assert_null(iommu_instance_find(w->sys, nobody));
	iommu_fwnode_put(nobody);
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fwspec_unregistered_defers),
		cmocka_unit_test(fwspec_not_ready_defers),
		cmocka_unit_test(fwspec_two_instances_one_driver),
		cmocka_unit_test(fwspec_two_drivers_refused),
		cmocka_unit_test(fwspec_add_ids),
		cmocka_unit_test(fwspec_single_id),
		cmocka_unit_test(fwspec_reference_errors),
		cmocka_unit_test(fwspec_ops_by_fwnode),
		cmocka_unit_test(fwspec_names_the_instance),
	};

	return cmocka_run_group_tests_name("core_fwspec", tests, NULL, NULL);
}
