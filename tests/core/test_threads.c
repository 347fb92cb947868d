/* SPDX-License-Identifier: MIT */
/*
 * The core under several threads (CORE-5, CORE-33 to CORE-36). Run under TSan; the
 * assertions hold in any interleaving.
 */
#include <stdatomic.h>
#include "core/double.h"
#include "core/rcu.h"

#define ROUNDS 1500

struct worker {
	struct world *w;
	struct iommu_dev *dev;
	pthread_t thread;
	int errors;
};

/* Its own group: attaches, maps, looks, unmaps, detaches. */
static void *attach_and_map(void *arg)
{
	struct worker *me = arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct iommu_domain *d;
		uint64_t iova = 0x1000 + (uint64_t)i * 0x1000;

		if (iommu_paging_domain_alloc(me->dev, 0, &d)) {
			me->errors++;
			continue;
		}
		me->errors += iommu_attach_device(d, me->dev) != 0;
		me->errors += iommu_map(d, iova, iova * 2, 0x3000, IOMMU_READ) != 0;
		me->errors += iommu_iova_to_phys(d, iova) != iova * 2;
		me->errors += iommu_get_domain_for_dev(me->dev) != d;
		me->errors += iommu_unmap(d, iova, 0x3000) != 0x3000;
		iommu_detach_device(d, me->dev);
		iommu_domain_free(d);
	}
	return NULL;
}

/* An instance that comes and goes, with a device of its own. */
static void *come_and_go(void *arg)
{
	struct worker *me = arg;

	for (int i = 0; i < ROUNDS; i++) {
		me->errors +=
			iommu_instance_register(me->w->sys, &me->w->inst[1].inst) != 0;
		iommu_instance_unregister(&me->w->inst[1].inst);
	}
	return NULL;
}

static void *configure(void *arg)
{
	struct worker *me = arg;

	for (int i = 0; i < ROUNDS; i++) {
		int err = iommu_dev_configure(me->dev);

		me->errors += err != 0 && err != -IOMMU_EPROBE_DEFER;
		(void)iommu_dev_has_iommu(me->dev);
	}
	return NULL;
}

static void *hotplug(void *arg)
{
	struct worker *me = arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct iommu_dev_desc desc = *iommu_dev_desc(me->dev);
		struct iommu_dev *dev;

		desc.name = "plugged";
		if (iommu_dev_add(me->w->sys, &desc, &dev)) {
			me->errors++;
			continue;
		}
		iommu_dev_remove(dev);
	}
	return NULL;
}

static void run(struct worker *workers, void *(*const *bodies)(void *), size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
			pthread_create(&workers[i].thread, NULL, bodies[i], &workers[i]),
			0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(workers[i].errors, 0);
}

/* Two groups at work while an instance registers, probes and goes. */
static void threads_attach_beside_register(void **state)
{
	struct world *w = world_create(NULL);
	void *(*const bodies[])(void *) = { attach_and_map, attach_and_map, come_and_go };
	struct worker workers[3] = { { .w = w }, { .w = w }, { .w = w } };

	(void)state;
	world_register(w, 0);
	workers[0].dev = world_dev(w, "a", 0, 1);
	workers[1].dev = world_dev(w, "b", 0, 2);
	(void)world_dev(w, "c", 1, 3);
	run(workers, bodies, 3);
	assert_int_equal(w->warns, 0);
	world_destroy(w);
}

/*
 * CORE-33 to CORE-36: firmware configure, twice, against registration,
 * unregistration and hotplug of a sibling. No use after free (ASan, TSan); each
 * fwspec's reference is dropped once and each module pin given back, which
 * world_destroy() and the count below check.
 */
static void threads_configure_beside_register(void **state)
{
	struct world *w = world_create(NULL);
	void *(*const bodies[])(void *) = { configure, configure, come_and_go, hotplug };
	struct worker workers[4] = { { .w = w }, { .w = w }, { .w = w }, { .w = w } };
	struct iommu_module *module = iommu_module_create();
	struct iommu_dev *dev = world_dev(w, "a", 1, 1);

	(void)state;
	w->inst[1].inst.owner = module;
	for (int i = 0; i < 4; i++)
		workers[i].dev = dev;
	run(workers, bodies, 4);
	assert_false(iommu_dev_has_iommu(dev)); /* the serial order's end state */
	assert_int_equal(w->probed, w->released);
	assert_int_equal(iommu_module_pins(module), 0);
	assert_int_equal(iommu_fwnode_refs(w->fwnode[1]), 1);
	world_register(w, 1);
	assert_true(iommu_dev_has_iommu(dev));
	world_destroy(w);
	iommu_module_destroy(module);
}

static atomic_int owners, worst;

static void *claim(void *arg)
{
	struct worker *me = arg;

	for (int i = 0; i < ROUNDS; i++) {
		int now, err = iommu_device_claim_dma_owner(me->dev, me);

		if (err) {
			me->errors += err != -EPERM;
			continue;
		}
		now = atomic_fetch_add(&owners, 1) + 1;
		if (now > atomic_load(&worst))
			atomic_store(&worst, now);
		atomic_fetch_sub(&owners, 1);
		iommu_device_release_dma_owner(me->dev);
	}
	return NULL;
}

/* CORE-77: one owner at a time. */
static void threads_claim_is_exclusive(void **state)
{
	struct world *w = world_create(NULL);
	void *(*const bodies[])(void *) = { claim, claim };
	struct worker workers[2] = { { .w = w }, { .w = w } };
	struct iommu_dev *dev;

	(void)state;
	world_register(w, 0);
	dev = world_dev(w, "a", 0, 1);
	workers[0].dev = workers[1].dev = dev;
	run(workers, bodies, 2);
	assert_int_equal(atomic_load(&worst), 1);
	assert_ptr_equal(td(dev)->cur, state_of(dev).default_domain);
	world_destroy(w);
}

static void *bind_late(void *arg)
{
	struct worker *me = arg;
	int err = iommu_dev_bind(me->dev);

	me->errors += err != 0 && err != -IOMMU_EPROBE_DEFER;
	return NULL;
}

static void *register_late(void *arg)
{
	struct worker *me = arg;

	me->errors += iommu_instance_register(me->w->sys, &me->w->inst[0].inst) != 0;
	return NULL;
}

/* CORE-24: no bind that was told to wait is forgotten. */
static void threads_deferred_bind_is_replayed(void **state)
{
	void *(*const bodies[])(void *) = { bind_late, register_late };

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct world *w = world_create(NULL);
		struct worker workers[2] = { { .w = w }, { .w = w } };

		workers[0].dev = world_dev(w, "a", 0, 1);
		run(workers, bodies, 2);
		assert_true(iommu_dev_bound(workers[0].dev));
		assert_int_equal(iommu_dev_unbind(workers[0].dev), 0);
		world_destroy(w);
	}
}

static struct iommu_instance *of_inst;
static atomic_bool fault_stop;

static int read_token(struct iommu_domain *domain, struct iommu_dev *dev,
		      const struct iommu_fault *fault, void *token)
{
	(void)dev;
	(void)fault;
	/* What is freed with the domain. */
	return tdom(domain)->w == token ? 0 : -EFAULT;
}

/* As a driver's event handler; never waits for an attach (CORE-63). */
static void *report_events(void *arg)
{
	static const struct iommu_fault fault = { .reason = "race" };
	struct worker *me = arg;

	while (!atomic_load(&fault_stop)) {
		int err;

		rcu_reader_begins();
		err = iommu_report_fault(of_inst, me->dev,
					 iommu_get_domain_for_dev(me->dev), &fault);
		rcu_reader_ends();
		me->errors += err != 0 && err != -ENOSYS;
	}
	return NULL;
}

static void *attach_and_free(void *arg)
{
	struct worker *me = arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct iommu_domain *d;

		if (iommu_paging_domain_alloc(me->dev, 0, &d)) {
			me->errors++;
			continue;
		}
		me->errors += iommu_set_fault_handler(d, read_token, me->w) != 0;
		me->errors += iommu_attach_device(d, me->dev) != 0;
		iommu_detach_device(d, me->dev);
		iommu_domain_free(d);
	}
	atomic_store(&fault_stop, true);
	return NULL;
}

/* CORE-63, CORE-111: events are reported while their domain is left and freed. */
static void threads_fault_beside_free(void **state)
{
	struct world *w = world_create(NULL);
	void *(*const bodies[])(void *) = { attach_and_free, report_events,
					    report_events };
	struct worker workers[3] = { { .w = w }, { .w = w }, { .w = w } };

	(void)state;
	atomic_store(&fault_stop, false);
	world_register(w, 0);
	of_inst = &w->inst[0].inst;
	for (int i = 0; i < 3; i++)
		workers[i].dev = i ? workers[0].dev : world_dev(w, "a", 0, 1);
	run(workers, bodies, 3);
	assert_int_equal(w->warns, 0);
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_attach_beside_register),
		cmocka_unit_test(threads_configure_beside_register),
		cmocka_unit_test(threads_claim_is_exclusive),
		cmocka_unit_test(threads_deferred_bind_is_replayed),
		cmocka_unit_test(threads_fault_beside_free),
	};

	return cmocka_run_group_tests_name("core_threads", tests, NULL, NULL);
}
