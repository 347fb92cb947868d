/* SPDX-License-Identifier: MIT */
/*
 * Guests at once, each on threads of its own: one's CPU maps and unmaps while its device
 * does DMA; another thread of the same guest takes its events in. Nobody meets what is
 * another's.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "vmm/vm.h"

enum { GUESTS = 3, ROUNDS = 60, PAGES = 8 };

struct actor {
	struct vm vm;
	struct smmu_port *port;
	pthread_t cpu, pump;
	bool quit;
	unsigned heard, others; /* events: its own faults, and what it should not see */
	const char *wrong;
};

static uint64_t gva(unsigned guest, unsigned round, unsigned page)
{
	return (UINT64_C(1) << 32) + ((uint64_t)guest << 28) + ((uint64_t)round << 20) +
	       4096 * page;
}

static bool dma(struct actor *a, uint64_t addr, bool write, uint64_t *value)
{
	struct smmu_txn txn = { .sid = a->vm.sids[0],
				.addr = addr,
				.op = write ? SMMU_WRITE : SMMU_READ };

	return smmu_dma(a->port, &txn, value, 8, NULL).status == SMMU_OK;
}

static const char *round_of(struct actor *a, unsigned round, uint64_t gpa)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(a->vm.dev[0]);

	for (unsigned p = 0; p < PAGES; p++) {
		uint64_t addr = gva(a->vm.index, round, p), tag = addr * 7 + 1, got;

		if (iommu_map(domain, addr, gpa + 4096 * p, 4096,
			      IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE))
			return "cannot map";
		got = tag;
		if (!dma(a, addr, true, &got) || !dma(a, addr, false, &got))
			return "refused";
		if (got != tag || memcmp(vm_ptr(&a->vm, gpa + 4096 * p), &tag, 8) != 0)
			return "other data";
	}
	if (iommu_unmap(domain, gva(a->vm.index, round, 0), 4096 * PAGES) != 4096 * PAGES)
		return "cannot unmap";
	for (unsigned p = 0; p < PAGES; p++) {
		uint64_t word;

		if (dma(a, gva(a->vm.index, round, p), false, &word))
			return "went through after the unmap";
	}
	return NULL;
}

static void *run_cpu(void *arg)
{
	struct actor *a = arg;
	uint64_t gpa = VM_RAM + VM_RAM_SIZE / 2;

	for (unsigned i = 0; i < ROUNDS && !a->wrong; i++)
		a->wrong = round_of(a, i, gpa);
	__atomic_store_n(&a->quit, true, __ATOMIC_RELEASE);
	return NULL;
}

static void take(struct actor *a)
{
	(void)vmm_guest_pump(a->vm.vmm);
	for (unsigned i = 0; i < a->vm.num_events && i < 1024; i++) {
		bool own = a->vm.events[i].sid == 3 && !a->vm.events[i].stage2 &&
			   a->vm.events[i].iova >> 28 == 16 + a->vm.index;

		a->heard += own;
		a->others += !own;
	}
	a->vm.num_events = 0;
}

static void *run_pump(void *arg)
{
	struct actor *a = arg;

	while (!__atomic_load_n(&a->quit, __ATOMIC_ACQUIRE))
		take(a);
	take(a);
	return NULL;
}

static void test_guests_at_once(void **state)
{
	static struct actor actors[GUESTS];
	struct smmu_config cfg = vm_host_config();
	struct rig host;

	(void)state;
	cfg.eventqs = 12;
	rig_up(&host, &cfg);
	for (unsigned i = 0; i < GUESTS; i++) {
		vm_up(&host, &actors[i].vm, i, 1);
		vm_boot(&actors[i].vm);
		actors[i].port = smmu_port_open(host.smmu);
		assert_non_null(actors[i].port);
	}
	for (unsigned i = 0; i < GUESTS; i++) {
		pthread_create(&actors[i].cpu, NULL, run_cpu, &actors[i]);
		pthread_create(&actors[i].pump, NULL, run_pump, &actors[i]);
	}
	for (unsigned i = 0; i < GUESTS; i++) {
		pthread_join(actors[i].cpu, NULL);
		pthread_join(actors[i].pump, NULL);
	}
	for (unsigned i = 0; i < GUESTS; i++) {
		struct actor *a = &actors[i];

		if (a->wrong)
			fail_msg("guest %u: %s", i, a->wrong);
		/* An event that another thread found may have come after the last look.
		 */
		take(a);
		assert_int_equal(a->others, 0);
		assert_int_equal(a->heard + vm_stats(&a->vm).events_lost, ROUNDS * PAGES);
		assert_int_equal(vm_stats(&a->vm).refused, 0);
		vm_shutdown(&a->vm);
		vm_destroy(&a->vm);
		smmu_port_close(a->port);
	}
	assert_int_equal(host.errors, 0);
	rig_down(&host);
}

/*
 * One thread of a guest unmaps while another attaches: the host's attach, which is made
 * of a command in the queue of both, waits for readers, and no unmap that waits for the
 * queue is one.
 */
static void test_attach_beside_unmap(void **state)
{
	static struct actor a;
	struct smmu_config cfg = vm_host_config();
	struct iommu_domain *other;
	unsigned attached = 0;
	struct rig host;

	(void)state;
	cfg.eventqs = 12;
	rig_up(&host, &cfg);
	vm_up(&host, &a.vm, 0, 2);
	vm_boot(&a.vm);
	a.port = smmu_port_open(host.smmu);
	assert_non_null(a.port);
	assert_int_equal(iommu_paging_domain_alloc(a.vm.dev[1], 0, &other), 0);
	pthread_create(&a.cpu, NULL, run_cpu, &a);
	while (!__atomic_load_n(&a.quit, __ATOMIC_ACQUIRE)) {
		assert_int_equal(iommu_attach_device(other, a.vm.dev[1]), 0);
		iommu_detach_device(other, a.vm.dev[1]);
		attached++;
	}
	pthread_join(a.cpu, NULL);
	if (a.wrong)
		fail_msg("%s", a.wrong);
	assert_true(attached > 0);
	assert_int_equal(vm_stats(&a.vm).refused, 0);
	iommu_domain_free(other);
	smmu_port_close(a.port);
	vm_shutdown(&a.vm);
	vm_destroy(&a.vm);
	assert_int_equal(host.errors, 0);
	rig_down(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guests_at_once),
		cmocka_unit_test(test_attach_beside_unmap),
	};

	return cmocka_run_group_tests_name("vmm: guests on threads", tests, NULL, NULL);
}
