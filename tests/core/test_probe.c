/* SPDX-License-Identifier: MIT */
/* Instances, probe, firmware path, bind, release (CORE-1, 5, 9 to 12, 19 to 36). */
#include "core/double.h"

/* CORE-9: what registration refuses, and its legal neighbours. */
static void instance_register_refuses(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_instance *inst = &w->inst[0].inst;
	const struct iommu_ops *ops = inst->ops;
	struct iommu_module *module = iommu_module_create();

	(void)state;
	inst->ops = NULL;
	assert_int_equal(iommu_instance_register(w->sys, inst), -EINVAL);
	inst->ops = ops;
	inst->loadable = true;
	assert_int_equal(iommu_instance_register(w->sys, inst), -EINVAL);
	inst->owner = module;
	assert_int_equal(iommu_instance_register(w->sys, inst), 0);
	assert_ptr_equal(iommu_instance_system(inst), w->sys);
	assert_int_equal(iommu_instance_register(w->sys, inst), -EINVAL);
	iommu_instance_unregister(inst);
	assert_null(iommu_instance_system(inst));
	inst->loadable = false;
	inst->owner = NULL; /* built in: none needed */
	assert_int_equal(iommu_instance_register(w->sys, inst), 0);
	world_destroy(w);
	iommu_module_destroy(module);
}

/* CORE-9, CORE-11: the walk probes every bus; -ENODEV is no error, others are. */
static void instance_register_walks_buses(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev_desc pci = { .name = "p", .bus = IOMMU_BUS_PCI, .rid = 8 };
	struct iommu_dev *a = world_dev(w, "a", 0, 1), *none, *p;

	(void)state;
	none = world_dev(w, "none", -1, 0);
	w->fw[5] = (struct td_fw){ .n = 1 };
	w->fw[5].fwnode[0] = w->fwnode[0];
	p = world_add(w, &pci, 5);

	world_fail(w, "probe", "p", -EIO, 0, 1);
	assert_int_equal(iommu_instance_register(w->sys, &w->inst[0].inst), -EIO);
	assert_false(iommu_dev_has_iommu(a)); /* and the instance is out again */
	assert_int_equal(w->released, 1);
	assert_int_equal(iommu_dev_configure(a), -IOMMU_EPROBE_DEFER);

	world_fail(w, "probe", "a", -ENODEV, 0, 1);
	world_register(w, 0);
	assert_false(iommu_dev_has_iommu(a));
	assert_false(iommu_dev_has_iommu(none));
	assert_true(iommu_dev_has_iommu(p));
	assert_int_equal(w->finalized, 1); /* CORE-30 */
	world_destroy(w);
}

/* CORE-11: the default type is chosen when all of the group is known. */
static void instance_walk_default_domain_last(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	const char *last_probe, *first_alloc;

	(void)state;
	w->fw[6].n = 0;
	world_trace(w);
	w->tracing = false;
	(void)world_dev(w, "z", 0, 1);
	{
		/* the pair is on the bus before its IOMMU is */
		static const uint16_t alias[] = { 0x100 };
		struct iommu_dev_desc da = { .name = "a",
					     .bus = IOMMU_BUS_PCI,
					     .rid = 0x100 };
		struct iommu_dev_desc db = { .name = "bi",
					     .bus = IOMMU_BUS_PCI,
					     .rid = 0x101,
					     .aliases = alias,
					     .num_aliases = 1 };

		for (int i = 6; i < 8; i++) {
			w->fw[i] = (struct td_fw){ .n = 1 };
			w->fw[i].fwnode[0] = w->fwnode[0];
		}
		a = world_add(w, &da, 6);
		b = world_add(w, &db, 7);
	}
	world_trace(w);
	world_register(w, 0);
	/* b wishes identity, the system default is DMA: a follows b. */
	assert_ptr_equal(td(a)->cur, &w->drv[0].identity);
	assert_ptr_equal(td(b)->cur, &w->drv[0].identity);
	last_probe = strstr(w->trace, "probe(bi)");
	first_alloc = strstr(w->trace, "alloc(z)");
	assert_non_null(last_probe);
	assert_true(first_alloc > last_probe);
	world_destroy(w);
}

/* CORE-10 */
static void instance_unregister_releases_its_own(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;

	(void)state;
	world_register(w, 0);
	world_register(w, 1);
	a = world_dev(w, "a", 0, 1);
	b = world_dev(w, "b", 1, 1);
	world_trace(w);
	iommu_instance_unregister(&w->inst[0].inst);
	/* CORE-32: first to the release domain, then released. */
	assert_string_equal(w->trace, "attach(a,blocked) release(a) ");
	assert_false(iommu_dev_has_iommu(a));
	assert_null(iommu_dev_instance(a));
	assert_true(iommu_dev_has_iommu(b));
	world_register(w, 0); /* ... and it finds it again */
	assert_true(iommu_dev_has_iommu(a));
	world_destroy(w);
}

/* CORE-12: a probe's error is not the adder's. */
static void device_add_ignores_probe_error(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *dev;
	struct iommu_dev_desc bad = { .name = NULL };

	(void)state;
	world_register(w, 0);
	world_fail(w, "probe", "m0", -EIO, 0, 1);
	dev = world_dev(w, "m0", 0, 1); /* asserts 0 */
	assert_false(iommu_dev_has_iommu(dev));
	assert_ptr_equal(iommu_dev_find(w->sys, "m0"), dev);
	assert_null(iommu_dev_find(w->sys, "m1"));

	assert_int_equal(iommu_dev_add(w->sys, &bad, &dev), -EINVAL);
	bad.name = "m0";
	assert_int_equal(iommu_dev_add(w->sys, &bad, &dev), -EEXIST);
	bad.name = "m1";
	bad.pasid_num_bits = 21;
	assert_int_equal(iommu_dev_add(w->sys, &bad, &dev), -EINVAL);
	bad.pasid_num_bits = 20;
	assert_int_equal(iommu_dev_add(w->sys, &bad, &dev), 0);
	world_destroy(w);
}

/* CORE-19, CORE-22 */
static void configure_once(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *dev, *none;

	(void)state;
	world_register(w, 0);
	none = world_dev(w, "none", -1, 0);
	assert_int_equal(iommu_dev_configure(none), -ENODEV); /* no node */
	w->fw[0].err = -EIO;
	dev = world_add(w, &(struct iommu_dev_desc){ .name = "m0" }, 0);
	assert_int_equal(iommu_dev_configure(dev), -EIO); /* broken firmware, as is */
	w->fw[0] = (struct td_fw){ .n = 0 };
	assert_int_equal(iommu_dev_configure(dev), -ENODEV); /* CORE-20: no entry */
	w->fw[0].n = 1;
	w->fw[0].fwnode[0] = w->fwnode[0];
	world_trace(w);
	assert_int_equal(iommu_dev_configure(dev), 0);
	assert_non_null(strstr(w->trace, "xlate(m0) probe(m0)"));
	assert_non_null(strstr(w->trace, "finalize(m0)")); /* CORE-30 */
	world_trace(w);
	assert_int_equal(iommu_dev_configure(dev), 0);
	assert_string_equal(w->trace, ""); /* never repeated */
	assert_int_equal(iommu_probe_device(dev), 0);
	assert_string_equal(w->trace, ""); /* CORE-31: idempotent */
	world_destroy(w);
}

/* CORE-24, CORE-74: bind; its deferral, its replay, and giving up. */
static void bind_defers_and_replays(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a = world_dev(w, "a", 0, 1), *b = world_dev(w, "b", 1, 2);
	struct iommu_dev *none = world_dev(w, "none", -1, 0);

	(void)state;
	assert_int_equal(iommu_dev_bind(a), -IOMMU_EPROBE_DEFER);
	assert_int_equal(iommu_dev_bind(b), -IOMMU_EPROBE_DEFER);
	assert_int_equal(iommu_dev_bind(none), 0); /* no IOMMU: it goes on */
	assert_false(iommu_dev_bound(a));
	world_register(w, 0);
	assert_true(iommu_dev_bound(a));
	assert_int_equal(state_of(a).owner_cnt, 1);
	assert_int_equal(iommu_dev_bind(a), -EALREADY);
	assert_false(iommu_dev_bound(b));
	iommu_system_set_deferral(w->sys, IOMMU_DEFER_TIMED_OUT);
	assert_true(iommu_dev_bound(b)); /* without IOMMU, after all */
	assert_false(iommu_dev_has_iommu(b));
	assert_int_equal(w->notices, 1); /* -ETIMEDOUT is said aloud */

	assert_int_equal(iommu_dev_unbind(a), 0);
	assert_int_equal(state_of(a).owner_cnt, 0);
	assert_int_equal(iommu_dev_unbind(a), -EINVAL);
	world_destroy(w);
}

/* CORE-25, CORE-31: a device bound before its IOMMU came stays without. */
static void probe_late_leaves_bound_device(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *dev = world_dev(w, "m0", 0, 1);

	(void)state;
	iommu_system_set_deferral(w->sys, IOMMU_DEFER_NONE);
	assert_int_equal(iommu_dev_bind(dev), 0);
	assert_int_equal(w->warns, 0);
	world_register(w, 0);
	assert_int_equal(w->warns, 1); /* "late probe" */
	assert_false(iommu_dev_has_iommu(dev));
	assert_int_equal(iommu_dev_unbind(dev), 0);
	assert_int_equal(iommu_dev_bind(dev), 0); /* with it, this time */
	assert_true(iommu_dev_has_iommu(dev));
	world_destroy(w);
}

/* CORE-26, CORE-27: every step of the probe fails once; nothing is left. */
static void probe_unwinds(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_module *module = iommu_module_create();
	struct iommu_dev *dev;

	(void)state;
	w->inst[0].inst.owner = module;
	world_register(w, 0);
	w->fw[0].err = -EIO;
	dev = world_add(w, &(struct iommu_dev_desc){ .name = "m0" }, 0);
	assert_int_equal(iommu_probe_device(dev), -ENODEV); /* CORE-26: no fwspec */
	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];

	world_fail(w, "probe", "m0", -EPERM, 0, 1);
	assert_int_equal(iommu_probe_device(dev), -EPERM); /* as is */
	world_fail(w, "group", "m0", 1, 0, 1);
	assert_int_equal(iommu_probe_device(dev), -EINVAL); /* NULL counts as -EINVAL */
	world_fail(w, "group", "m0", -ENOMEM, 0, 1);
	assert_int_equal(iommu_probe_device(dev), -ENOMEM);
	world_fail(w, "alloc", "m0", -ENOSPC, 0, 1);
	assert_int_equal(iommu_probe_device(dev), -ENOSPC); /* CORE-31 (b) */
	world_fail(w, "attach", "m0", -EBUSY, 0, 1);
	assert_int_equal(iommu_probe_device(dev), -EBUSY);

	assert_false(iommu_dev_has_iommu(dev));
	assert_null(iommu_group_get(dev));
	assert_int_equal(w->probed, w->released);
	assert_int_equal(w->domains, 0);
	assert_int_equal(iommu_module_pins(module), 0);
	assert_int_equal(iommu_fwnode_refs(w->fwnode[0]), 1);
	assert_int_equal(w->finalized, 0);
	assert_int_equal(iommu_probe_device(dev), 0);
	assert_int_equal(w->finalized, 1); /* CORE-30 */
	world_destroy(w);
	iommu_module_destroy(module);
}

static struct iommu_module *unpinnable;

/* of_xlate is the last moment before the probe pins the module for itself. */
static int xlate_then_go(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
			 const struct iommu_fw_args *args)
{
	(void)dev;
	iommu_module_set_going(unpinnable, true);
	return iommu_fwspec_add_ids(fwspec, args->args, args->count);
}

/* CORE-26: the driver cannot be pinned. */
static void probe_module_going(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *dev;

	(void)state;
	unpinnable = iommu_module_create();
	w->inst[0].inst.owner = unpinnable;
	w->drv[0].ops.of_xlate = xlate_then_go;
	world_register(w, 0);
	dev = world_dev(w, "m0", 0, 1);
	assert_false(iommu_dev_has_iommu(dev));
	iommu_module_set_going(unpinnable, false);
	assert_int_equal(iommu_dev_configure(dev), -EINVAL);
	iommu_module_set_going(unpinnable, false);
	w->drv[0].ops.of_xlate = w->drv[1].ops.of_xlate;
	assert_int_equal(iommu_dev_configure(dev), 0);
	world_destroy(w);
	iommu_module_destroy(unpinnable);
}

static uint32_t pasids_of(struct world *w, const char *name, enum iommu_bus bus,
			  uint32_t bits, int pci, uint32_t inst)
{
	struct iommu_dev_desc desc = { .name = name,
				       .bus = bus,
				       .rid = 1,
				       .pasid_num_bits = bits,
				       .pci_max_pasids = pci };
	struct iommu_dev *dev;
	uint32_t max;

	w->inst[0].inst.max_pasids = inst;
	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	dev = world_add(w, &desc, 0);
	max = iommu_dev_max_pasids(dev);
	iommu_dev_remove(dev);
	return max;
}

/* CORE-28 */
static void probe_max_pasids(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	world_register(w, 0);
	assert_int_equal(pasids_of(w, "a", IOMMU_BUS_PCI, 0, -22, 256), 0);
	assert_int_equal(pasids_of(w, "a", IOMMU_BUS_PCI, 0, 64, 256), 64);
	assert_int_equal(pasids_of(w, "a", IOMMU_BUS_PCI, 9, 512, 256), 256);
	assert_int_equal(pasids_of(w, "a", IOMMU_BUS_PLATFORM, 0, 64, 256), 0);
	assert_int_equal(pasids_of(w, "a", IOMMU_BUS_PLATFORM, 5, 0, 256), 32);
	assert_int_equal(pasids_of(w, "a", IOMMU_BUS_PLATFORM, 20, 0, 256), 256);
	assert_int_equal(pasids_of(w, "a", IOMMU_BUS_PLATFORM, 5, 0, 0), 0);
	world_destroy(w);
}

/* CORE-31 (a): a device that joins a group gets the group's domain, old = none. */
static void probe_joins_group_domain(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	world_pair(w, &a, &b);
	iommu_dev_remove(b);
	d = world_domain(a);
	assert_int_equal(iommu_attach_device(d, a), 0);

	/* CORE-69 a: the newcomer is asked first; no: it does not join. */
	world_fail(w, "test", "b", -EINVAL, 0, 1);
	{
		static const uint16_t alias[] = { 0x100 };
		struct iommu_dev_desc db = { .name = "b",
					     .bus = IOMMU_BUS_PCI,
					     .rid = 0x108,
					     .aliases = alias,
					     .num_aliases = 1 };

		world_trace(w);
		b = world_add(w, &db, 7);
	}
	assert_false(iommu_dev_has_iommu(b));
	assert_null(strstr(w->trace, "attach(b,unmanaged)"));
	assert_int_equal(state_of(a).num_devs, 1);
	assert_int_equal(iommu_probe_device(b), 0);
	assert_int_equal(state_of(a).num_devs, 2);
	assert_ptr_equal(td(b)->cur, d);
	assert_null(td(b)->old); /* CORE-60 */
	iommu_dev_remove(b);
	iommu_detach_device(d, a);
	iommu_domain_free(d);
	world_destroy(w);
}

static struct iommu_domain *told_old;
static int told;

static int tell_old(struct iommu_domain *d, struct iommu_dev *dev,
		    struct iommu_domain *old)
{
	(void)d;
	(void)dev;
	told_old = old;
	told++;
	return 0;
}

/* CORE-32, CORE-60: the release domain hears where the device really was. */
static void release_tells_old_domain(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_domain *dma;

	(void)state;
	told = 0;
	w->drv[0].blocked_ops.attach_dev = tell_old;
	world_register(w, 0);
	world_fail(w, "test", "b", -EINVAL, 0, 1);
	world_pair(w, &a, &b); /* b is refused, having been nowhere */
	assert_false(iommu_dev_has_iommu(b));
	assert_int_equal(told, 1);
	assert_null(told_old);
	dma = state_of(a).default_domain;
	iommu_dev_remove(a);
	assert_int_equal(told, 2);
	assert_ptr_equal(told_old, dma);
	world_destroy(w);
}

/* CORE-32: blocked would break the firmware's direct mappings: identity instead. */
static void release_respects_direct(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *dev;

	(void)state;
	world_register(w, 0);
	dev = world_dev(w, "a", 0, 1);
	world_trace(w);
	iommu_dev_remove(dev);
	assert_string_equal(w->trace, "attach(a,blocked) release(a) ");

	w->resv[0] = (struct iommu_resv_region){ 0x8000, 0x1000, IOMMU_READ,
						 IOMMU_RESV_DIRECT };
	w->num_resv = 1;
	dev = world_dev(w, "b", 0, 1);
	world_trace(w);
	iommu_dev_remove(dev);
	assert_string_equal(w->trace, "attach(b,identity) release(b) ");

	/* Not while the attach is still deferred, nor without a release domain. */
	w->deferred_attach = true;
	dev = world_dev(w, "c", 0, 1);
	world_trace(w);
	iommu_dev_remove(dev);
	assert_string_equal(w->trace, "release(c) ");
	w->deferred_attach = false;
	w->drv[0].ops.release_domain = NULL;
	dev = world_dev(w, "d", 0, 1);
	world_trace(w);
	iommu_dev_remove(dev);
	assert_string_equal(w->trace, "release(d) ");
	world_destroy(w);
}

/* CORE-32: the last device goes while the group is in use: a warning. */
static void release_in_use_warns(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *dev;
	int me;

	(void)state;
	world_register(w, 0);
	dev = world_dev(w, "a", 0, 1);
	iommu_dev_remove(dev);
	assert_int_equal(w->warns, 0);
	dev = world_dev(w, "a", 0, 1);
	assert_int_equal(iommu_device_claim_dma_owner(dev, &me), 0);
	iommu_dev_remove(dev);
	assert_int_equal(w->warns, 1);
	world_destroy(w);
}

/* CORE-5: driver data is set under the probe lock; it is not held here. */
static void device_priv_needs_probe_lock(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *dev;
	void *priv;

	(void)state;
	world_register(w, 0);
	dev = world_dev(w, "a", 0, 1); /* the double asserts 0 inside probe */
	priv = iommu_dev_priv(dev);
	assert_non_null(priv);
	assert_int_equal(iommu_dev_set_priv(dev, NULL), -EPERM);
	assert_int_equal(w->warns, 1);
	assert_ptr_equal(iommu_dev_priv(dev), priv);
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instance_register_refuses),
		cmocka_unit_test(instance_register_walks_buses),
		cmocka_unit_test(instance_walk_default_domain_last),
		cmocka_unit_test(instance_unregister_releases_its_own),
		cmocka_unit_test(device_add_ignores_probe_error),
		cmocka_unit_test(configure_once),
		cmocka_unit_test(bind_defers_and_replays),
		cmocka_unit_test(probe_late_leaves_bound_device),
		cmocka_unit_test(probe_unwinds),
		cmocka_unit_test(probe_module_going),
		cmocka_unit_test(probe_max_pasids),
		cmocka_unit_test(probe_joins_group_domain),
		cmocka_unit_test(release_tells_old_domain),
		cmocka_unit_test(release_respects_direct),
		cmocka_unit_test(release_in_use_warns),
		cmocka_unit_test(device_priv_needs_probe_lock),
	};

	return cmocka_run_group_tests_name("core_probe", tests, NULL, NULL);
}
