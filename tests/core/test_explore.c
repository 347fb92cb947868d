/* SPDX-License-Identifier: MIT */
/*
 * Schedules of the core: the races that its locks and rules exclude, each shown not to
 * be there and to come back when the lock is left out. EXPLORE_SEEDS=N: how many
 * schedules of each (default 2000, as CI; 10000 for people).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
/* First: core.h then means the explorer's RCU. */
#include "explore/explore_locks.h"

#include "core/core.h"
#include "core/explore_world.h"

/* ---- probe: firmware's configure, the bus's probe, the instance's arrival ---- */

static void *probe_setup(void)
{
	struct xw *w = xw_create();

	xw_add(w, 0);
	return w;
}

static void configure(void *ctx)
{
	struct xw *w = ctx;

	(void)iommu_dev_configure(w->dev[0]);
}

static void bus_probe(void *ctx)
{
	struct xw *w = ctx;

	(void)iommu_probe_device(w->dev[0]);
}

static void do_register(void *ctx)
{
	struct xw *w = ctx;

	if (iommu_instance_register(w->sys, &w->inst))
		explore_violation("not registered");
}

static void bind_and_unbind(void *ctx)
{
	struct xw *w = ctx;

	(void)iommu_dev_bind(w->dev[0]);
	(void)iommu_dev_unbind(w->dev[0]);
}

/* The instance is there: so must be the device's part of it, once. */
static void probe_end(void *ctx)
{
	struct xw *w = ctx;

	if (!iommu_dev_has_iommu(w->dev[0]) || w->probed != 1)
		explore_violation("the device ends without its IOMMU");
	if (iommu_module_pins(w->module) != 1)
		explore_violation("module pins differ");
	if (iommu_fwnode_refs(w->fwnode) != 2)
		explore_violation("fwnode references differ");
	xw_destroy(w);
}

static const struct explore_scenario probe_race = {
	"probe race",
	probe_setup,
	NULL,
	probe_end,
	{ configure, bus_probe, do_register, bind_and_unbind },
};

/* ---- unregister against probes ---- */

static void *unregister_setup(void)
{
	struct xw *w = xw_create();

	do_register(w);
	xw_add(w, 0);
	return w;
}

static void do_unregister(void *ctx)
{
	struct xw *w = ctx;

	iommu_instance_unregister(&w->inst);
}

static void add_and_probe(void *ctx)
{
	struct xw *w = ctx;

	(void)iommu_probe_device(xw_add(w, 1));
}

static void attach_meanwhile(void *ctx)
{
	struct xw *w = ctx;
	struct iommu_domain *d;

	if (iommu_attach_device(&w->identity, w->dev[0]) == 0)
		iommu_detach_device(&w->identity, w->dev[0]);
	d = iommu_get_domain_for_dev(w->dev[0]);
	if (d && d != &w->identity && d != &w->blocked)
		explore_violation("a domain from nowhere");
	if (iommu_dev_reset_prepare(w->dev[0]) == 0)
		iommu_dev_reset_done(w->dev[0]);
}

static void unregister_end(void *ctx)
{
	struct xw *w = ctx;

	if (iommu_dev_has_iommu(w->dev[0]) || iommu_dev_has_iommu(w->dev[1]))
		explore_violation("a device of an instance that is gone");
	xw_destroy(w);
}

static const struct explore_scenario unregister_race = {
	"unregister against probe",
	unregister_setup,
	NULL,
	unregister_end,
	{ do_unregister, add_and_probe, configure, attach_meanwhile },
};

/* ---- a group: attach, reset, claim, replace ---- */

static void *pair_setup(void)
{
	return xw_create_group(2);
}

static void check_group(void *ctx)
{
	xw_check_group(ctx);
}

static void group_end(void *ctx)
{
	xw_destroy(ctx);
}

static void attach_and_detach(void *ctx)
{
	struct xw *w = ctx;

	if (iommu_attach_group(w->d, w->group) == 0)
		iommu_detach_group(w->d, w->group);
}

static void reset_a(void *ctx)
{
	struct xw *w = ctx;

	if (iommu_dev_reset_prepare(w->dev[0]))
		explore_violation("cannot be blocked");
	w->in_reset = w->dev[0];
	explore_point("reset of a");
	w->in_reset = NULL;
	iommu_dev_reset_done(w->dev[0]);
}

static void pasid_on_and_off(void *ctx)
{
	struct xw *w = ctx;

	if (iommu_attach_device_pasid(w->e, w->dev[1], 3, NULL) == 0)
		iommu_detach_device_pasid(w->e, w->dev[1], 3);
}

static const struct explore_scenario attach_reset = {
	"attach against reset",
	pair_setup,
	check_group,
	group_end,
	{ attach_and_detach, reset_a, pasid_on_and_off },
};

/* While somebody owns it, a group is neither in no domain nor in the default one. */
static void check_owner(void *ctx)
{
	struct xw *w = ctx;
	const struct iommu_group *group = w->group;

	xw_check_group(w);
	if (explore_is_free(&group->mutex) && group->owner &&
	    (!group->domain || group->domain == group->default_domain))
		explore_violation("owned, and not out of the default domain");
	if (w->owners > 1)
		explore_violation("two owners");
}

static void claim_with(struct xw *w, void *owner, struct iommu_domain *domain)
{
	if (iommu_group_claim_dma_owner(w->group, owner))
		return;
	w->owners++;
	explore_point("owner");
	if (iommu_attach_group(domain, w->group) == 0) {
		explore_point("owner, attached");
		iommu_detach_group(domain, w->group);
	}
	w->owners--;
	iommu_group_release_dma_owner(w->group);
}

static void claim_one(void *ctx)
{
	static char one;

	claim_with(ctx, &one, ((struct xw *)ctx)->d);
}

static void claim_two(void *ctx)
{
	static char two;

	claim_with(ctx, &two, ((struct xw *)ctx)->e);
}

static void kernel_driver(void *ctx)
{
	struct xw *w = ctx;

	if (iommu_dev_bind(w->dev[0]))
		return;
	/* Two owners of different kinds are none. */
	w->owners++;
	explore_point("bound");
	w->owners--;
	if (iommu_dev_unbind(w->dev[0]))
		explore_violation("not unbound");
}

static const struct explore_scenario claim_attach = {
	"claim against attach",
	pair_setup,
	check_owner,
	group_end,
	{ claim_one, claim_two, kernel_driver },
};

static void *picky_setup(const char *refuses)
{
	struct xw *w = xw_create_group(XW_DEVS);

	w->picky = w->e;
	w->refuses = refuses;
	return w;
}

static void *refuses_a(void)
{
	return picky_setup("a");
}

static void *refuses_b(void)
{
	return picky_setup("b");
}

static void *refuses_c(void)
{
	return picky_setup("c");
}

static void replace_and_back(void *ctx)
{
	struct xw *w = ctx;

	if (iommu_attach_group_handle(w->d, w->group, &w->handle[0]))
		return;
	if (iommu_replace_group_handle(w->group, w->e, &w->handle[1]) == 0)
		explore_violation("a replace that a device refused has succeeded");
	if (w->group->domain != w->d)
		explore_violation("a failed replace changed the domain");
	iommu_detach_group_handle(w->d, w->group);
}

static void look_up_handle(void *ctx)
{
	struct xw *w = ctx;
	struct iommu_attach_handle *handle;

	for (int i = 0; i < 3; i++)
		if (iommu_attach_handle_get(w->group, IOMMU_NO_PASID, 0, &handle) == 0 &&
		    handle->domain != w->d)
			explore_violation("a handle of a domain that never was attached");
}

/* Device k of n. */
static const struct explore_scenario failing_replace[XW_DEVS] = {
	{ "replace, the first device refuses",
	  refuses_a,
	  check_group,
	  group_end,
	  { replace_and_back, reset_a, look_up_handle } },
	{ "replace, the second device refuses",
	  refuses_b,
	  check_group,
	  group_end,
	  { replace_and_back, reset_a, look_up_handle } },
	{ "replace, the third device refuses",
	  refuses_c,
	  check_group,
	  group_end,
	  { replace_and_back, reset_a, look_up_handle } },
};

/* ---- faults: reports against detach, free and the end of the queue ---- */

/* A handler of domain d that is slow: d must be there until it returns. */
static void needs_d(struct xw *w, const char *what)
{
	explore_point(what);
	if (w->d_freed)
		explore_violation("a handler runs in a domain that is freed");
}

static int on_event(struct iommu_domain *domain, struct iommu_dev *dev,
		    const struct iommu_fault *fault, void *token)
{
	(void)domain;
	(void)dev;
	(void)fault;
	needs_d(token, "in the fault handler");
	return 0;
}

static void page_work(struct iommu_iopf_group *group)
{
	needs_d(iommu_dev_desc(group->dev)->harness, "in the queue's work");
	if (group->handle->domain->iopf_handler == NULL)
		explore_violation("work for a handle that is gone");
	iommu_iopf_group_response(group, IOMMU_PAGE_SUCCESS);
	iommu_iopf_group_free(group);
}

static int on_page_request(struct iommu_iopf_group *group)
{
	needs_d(iommu_dev_desc(group->dev)->harness, "in the page handler");
	return iommu_iopf_queue_work(group, page_work);
}

static void make_queue(struct xw *w)
{
	if (iommu_iopf_queue_create(&w->queue, false) ||
	    iommu_iopf_queue_add_device(w->queue, w->dev[0]))
		explore_violation("no queue");
}

static void *fault_setup(void)
{
	struct xw *w = xw_create_group(1);

	make_queue(w);
	w->d->iopf_handler = on_page_request;
	if (iommu_set_fault_handler(w->d, on_event, w))
		explore_violation("no handler");
	return w;
}

static void report_pages(struct xw *w, uint32_t flags, uint32_t pasid)
{
	struct iommu_page_request r = { .flags = flags, .pasid = pasid, .addr = 0x1000 };

	(void)iommu_report_device_fault(w->dev[0], &r);
	r.flags |= IOMMU_PRQ_LAST;
	w->reports++;
	(void)iommu_report_device_fault(w->dev[0], &r);
}

static void report_page(void *ctx)
{
	report_pages(ctx, 0, 0);
}

/* As a driver does that finds an event (src/driver/event.c). */
static void report_event(void *ctx)
{
	static const struct iommu_fault fault = { .reason = "explored" };
	struct xw *w = ctx;

	rcu_reader_begins();
	(void)iommu_report_fault(&w->inst, w->dev[0], iommu_get_domain_for_dev(w->dev[0]),
				 &fault);
	rcu_reader_ends();
}

static void attach_detach_free(void *ctx)
{
	struct xw *w = ctx;
	struct iommu_domain *d = w->d;

	if (iommu_attach_group_handle(d, w->group, &w->handle[0]))
		explore_violation("not attached");
	explore_point("attached");
	iommu_detach_group_handle(d, w->group);
	(void)iommu_iopf_flush_dev(w->dev[0]);
	w->d = NULL;
	iommu_domain_free(d);
	w->d_freed = true;
}

static void end_queue(void *ctx)
{
	struct xw *w = ctx;
	struct iommu_iopf_queue *queue = w->queue;

	w->queue = NULL;
	iommu_iopf_queue_destroy(queue);
}

/* CORE-108: exactly one answer for each group, whatever became of it. */
static void fault_end(void *ctx)
{
	struct xw *w = ctx;

	iommu_iopf_queue_destroy(w->queue);
	if (w->answers != w->reports)
		explore_violation("page requests and answers differ");
	xw_destroy(w);
}

static const struct explore_scenario fault_race = {
	"fault reports against detach and free",
	fault_setup,
	check_group,
	fault_end,
	{ report_page, attach_detach_free, report_event, end_queue },
};

/* ---- SVA: bind and unbind, the process's exit, the device's removal ---- */

static const struct iommu_mm_desc mm_desc = { .root = 0x80000000 };

static void *sva_setup(void)
{
	struct xw *w = xw_create_group(2);

	make_queue(w);
	if (iommu_mm_create(w->sys, &mm_desc, &w->mm))
		explore_violation("no mm");
	/* Who names a device holds it, also when it has left its bus. */
	core_dev_get(w->dev[0]);
	return w;
}

static void bind_report_unbind(void *ctx)
{
	struct xw *w = ctx;
	struct iommu_sva *sva;

	if (iommu_sva_bind_device(w->dev[0], w->mm, &sva))
		return;
	report_pages(w, IOMMU_PRQ_PASID, iommu_sva_get_pasid(sva));
	iommu_sva_unbind_device(sva);
}

static void bind_sibling(void *ctx)
{
	struct xw *w = ctx;
	struct iommu_sva *sva;

	if (iommu_sva_bind_device(w->dev[1], w->mm, &sva) == 0)
		iommu_sva_unbind_device(sva);
}

static void process_exits(void *ctx)
{
	struct xw *w = ctx;

	iommu_mm_exit(w->mm);
	w->exited = true;
}

static void remove_a(void *ctx)
{
	struct xw *w = ctx;

	iommu_dev_remove(w->dev[0]);
}

static void sva_end(void *ctx)
{
	struct xw *w = ctx;

	iommu_iopf_queue_destroy(w->queue);
	iommu_mm_put(w->mm);
	core_dev_put(w->dev[0]);
	w->dev[0] = NULL;
	/* A device that has left its IOMMU has nobody who answers. */
	if (w->answers > w->reports)
		explore_violation("answered twice");
	xw_destroy(w);
}

static const struct explore_scenario sva_race = {
	"SVA against exit and removal",
	sva_setup,
	check_group,
	sva_end,
	{ bind_report_unbind, process_exits, remove_a, bind_sibling },
};

/* ---- the old scheme of CORE-33, as small as it can be ---- */

/* dev->iommu of a kernel in which configure and probe did not know of each other. */
struct old_world {
	struct {
		bool freed;
		int ids;
	} spec[4];
	int made;
	int iommu; /* dev->iommu: index + 1 of spec, 0: NULL */
	bool registered, probed;
};

static void *old_setup(void)
{
	return calloc(1, sizeof(struct old_world));
}

static int old_dev_iommu_get(struct old_world *w)
{
	if (!w->iommu)
		w->iommu = ++w->made;
	return w->iommu;
}

static void old_dev_iommu_free(struct old_world *w)
{
	w->spec[w->iommu - 1].freed = true;
	w->iommu = 0;
}

static void old_bus_probe(void *ctx)
{
	struct old_world *w = ctx;

	old_dev_iommu_get(w);
	explore_point("bus probe: dev->iommu is there");
	if (w->registered && w->spec[w->iommu - 1].ids)
		w->probed = true;
	else if (w->iommu)
		old_dev_iommu_free(w); /* no ops: undo, also what was not ours */
}

static void old_configure(void *ctx)
{
	struct old_world *w = ctx;
	int mine = old_dev_iommu_get(w);

	explore_point("configure: in of_xlate");
	if (w->spec[mine - 1].freed)
		explore_violation("of_xlate writes to a fwspec that was freed");
	w->spec[mine - 1].ids++;
	explore_point("configure: probe");
	if (w->registered)
		w->probed = true;
}

static void old_register(void *ctx)
{
	struct old_world *w = ctx;

	w->registered = true;
	explore_point("registered");
	if (w->iommu && w->spec[w->iommu - 1].ids)
		w->probed = true;
}

static const struct explore_scenario old_scheme = {
	"probe race, the old scheme",
	old_setup,
	NULL,
	free,
	{ old_configure, old_bus_probe, old_register },
};

/* ---- the tests ---- */

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *n = getenv(name);

	return n ? strtoull(n, NULL, 0) : otherwise;
}

static uint64_t seeds(void)
{
	return number("EXPLORE_SEEDS", 2000);
}

/* By seed and, with few preemptions, exhaustively; then without the lock. */
static void never_but_without(const struct explore_scenario *scenario, const char *lock)
{
	const struct explore_how by_seed = { .seeds = seeds() };
	const struct explore_how all = {
		.preemptions = (unsigned)number("EXPLORE_PREEMPTIONS", 1),
	};
	const struct explore_how bites = { .seeds = seeds(),
					   .without = lock,
					   .quiet = true };
	struct explore_result r = explore(scenario, &by_seed);

	assert_false(r.violated);
	printf("%s: %llu seeds", scenario->name, (unsigned long long)r.schedules);
	r = explore(scenario, &all);
	assert_false(r.violated);
	assert_true(r.schedules > 100);
	printf(", all %llu schedules with %u preemption%s;",
	       (unsigned long long)r.schedules, all.preemptions,
	       all.preemptions == 1 ? "" : "s");
	r = explore(scenario, &bites);
	assert_true(r.violated);
	printf(" without %s: fails at %llu\n", lock, (unsigned long long)r.schedules + 1);
}

/* CORE-33, CORE-34, CORE-35, CORE-36 */
static void explore_probe_race(void **state)
{
	(void)state;
	never_but_without(&probe_race, "probe_lock");
}

/* CORE-33: the explorer finds what the on-stack fwspec was made for. */
static void explore_old_scheme(void **state)
{
	const struct explore_how how = { .seeds = seeds(), .quiet = true };

	(void)state;
	assert_true(explore(&old_scheme, &how).violated);
}

/* CORE-10, CORE-36 */
static void explore_unregister_race(void **state)
{
	(void)state;
	never_but_without(&unregister_race, "probe_lock");
}

/* CORE-84, CORE-85, CORE-86 */
static void explore_attach_reset(void **state)
{
	(void)state;
	never_but_without(&attach_reset, "group->mutex");
}

/* CORE-74, CORE-75, CORE-76 */
static void explore_claim_attach(void **state)
{
	(void)state;
	never_but_without(&claim_attach, "group->mutex");
}

/* CORE-58, CORE-61, CORE-64 */
static void explore_failing_replace(void **state)
{
	(void)state;
	for (int k = 0; k < XW_DEVS; k++)
		never_but_without(&failing_replace[k], "group->mutex");
}

/* CORE-63, CORE-97, CORE-105, CORE-108, CORE-109 */
static void explore_fault_race(void **state)
{
	(void)state;
	never_but_without(&fault_race, "rcu");
}

/* CORE-100, CORE-101, CORE-102, CORE-103 */
static void explore_sva_race(void **state)
{
	(void)state;
	never_but_without(&sva_race, "mm->lock");
	never_but_without(&sva_race, "sva_lock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explore_probe_race),
		cmocka_unit_test(explore_old_scheme),
		cmocka_unit_test(explore_unregister_race),
		cmocka_unit_test(explore_attach_reset),
		cmocka_unit_test(explore_claim_attach),
		cmocka_unit_test(explore_failing_replace),
		cmocka_unit_test(explore_fault_race),
		cmocka_unit_test(explore_sva_race),
	};

	return cmocka_run_group_tests_name("core_explore", tests, NULL, NULL);
}
