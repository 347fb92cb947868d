/* SPDX-License-Identifier: MIT */
/*
 * Guests with the driver as their own, end to end: GVA to GPA to PA, faults to whom they
 * belong, two guests that do not see each other, and what ends with a guest.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "vmm/vm.h"

#define GVA UINT64_C(0x12345000)

static uint64_t host_word(struct vm *vm, uint64_t gpa)
{
	return rig_peek(vm->host, vm->host_pa + (gpa - VM_RAM));
}

static struct iommu_domain *domain_of(struct vm *vm, size_t i)
{
	return iommu_get_domain_for_dev(vm->dev[i]);
}

static void map(struct vm *vm, size_t i, uint64_t gva, uint64_t gpa, uint32_t prot)
{
	assert_int_equal(iommu_map(domain_of(vm, i), gva, gpa, 4096, prot | IOMMU_CACHE),
			 0);
}

/* One write and one read of 8 bytes, compared where the host has the guest's memory. */
static void moves(struct vm *vm, size_t i, uint64_t gva, uint64_t gpa, uint64_t value)
{
	uint64_t got = value;
	struct smmu_result r = vm_dma(vm, i, gva, true, &got);

	assert_int_equal(r.status, SMMU_OK);
	assert_int_equal(r.pa, vm->host_pa + (gpa - VM_RAM));
	assert_int_equal(r.ipa, gpa);
	assert_int_equal(host_word(vm, gpa), value);
	got = 0;
	assert_int_equal(vm_dma(vm, i, gva, false, &got).status, SMMU_OK);
	assert_int_equal(got, value);
}

static void faults(struct vm *vm, size_t i, uint64_t gva, uint8_t event)
{
	uint64_t word = 0;
	struct smmu_result r = vm_dma(vm, i, gva, true, &word);

	assert_int_equal(r.status, SMMU_ABORT);
	assert_int_equal(r.event, event);
}

/* DRV-104, DRV-106: the guest's own fault, with the guest's name for the stream. */
static void guest_heard(struct vm *vm, size_t i, uint64_t gva, uint8_t event)
{
	assert_true(__atomic_load_n(&vm->ready, __ATOMIC_RELAXED) > 0);
	vm->ready = 0;
	vm->num_events = 0;
	assert_int_equal(vmm_guest_pump(vm->vmm), 1);
	assert_int_equal(vm->num_events, 1);
	assert_int_equal(vm->events[0].id, event);
	assert_int_equal(vm->events[0].sid, vm->assigned[i].vsid);
	assert_int_equal(vm->events[0].iova, gva);
	assert_false(vm->events[0].stage2);
	assert_ptr_equal(vm->events[0].dev, vm->dev[i]);
}

static void nobody_heard(struct vm *vm)
{
	assert_int_equal(vmm_guest_pump(vm->vmm), 0);
}

/* ---- one guest ---- */

static void test_end_to_end(void **state)
{
	struct smmu_config cfg = vm_host_config();
	struct rig host;
	struct vm vm;
	uint64_t a, b;

	(void)state;
	rig_up(&host, &cfg);
	vm_up(&host, &vm, 0, 1);
	vm_boot(&vm);
	a = vm_alloc(&vm, 4096, 4096);
	b = vm_alloc(&vm, 4096, 4096);
	map(&vm, 0, GVA, a, IOMMU_READ | IOMMU_WRITE);
	map(&vm, 0, GVA + 4096, b, IOMMU_READ);
	moves(&vm, 0, GVA, a, 0x1122334455667788);
	/* Unmapped by the guest: its TLBI must have reached the hardware (DRV-120). */
	assert_int_equal(iommu_unmap(domain_of(&vm, 0), GVA, 4096), 4096);
	faults(&vm, 0, GVA, SMMU_EVT_F_TRANSLATION);
	guest_heard(&vm, 0, GVA, SMMU_EVT_F_TRANSLATION);
	faults(&vm, 0, GVA + 4096, SMMU_EVT_F_PERMISSION);
	guest_heard(&vm, 0, GVA + 4096, SMMU_EVT_F_PERMISSION);
	/* Another page at the same address: nothing stale. */
	map(&vm, 0, GVA, b, IOMMU_READ | IOMMU_WRITE);
	moves(&vm, 0, GVA, b, 0x99);
	assert_int_equal(vm_stats(&vm).events, 2);
	assert_int_equal(vm_stats(&vm).refused, 0);
	assert_int_equal(vm_stats(&vm).stes_failed, 0);
	vm_shutdown(&vm);
	vm_destroy(&vm);
	rig_down(&host);
}

/* CORE-4-ish: what the guest maps beyond its memory is the host's to hear of. */
static void test_stage2_faults_stay_with_the_host(void **state)
{
	struct smmu_config cfg = vm_host_config();
	const uint64_t beyond[] = { VM_RAM + VM_RAM_SIZE, VM_RAM - 4096, RAM_BASE,
				    MMIO_BASE, DOORBELL };
	struct rig host;
	struct vm vm;

	(void)state;
	rig_up(&host, &cfg);
	vm_up(&host, &vm, 0, 1);
	vm_boot(&vm);
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		uint64_t gva = GVA + 4096 * i;
		unsigned before = host.faults;

		map(&vm, 0, gva, beyond[i], IOMMU_READ | IOMMU_WRITE);
		faults(&vm, 0, gva, SMMU_EVT_F_TRANSLATION);
		assert_int_equal(host.faults, before + 1);
		nobody_heard(&vm);
	}
	vm_shutdown(&vm);
	vm_destroy(&vm);
	rig_down(&host);
}

/* Each device of a guest has domains of its own there. */
static void test_devices_of_one_guest(void **state)
{
	struct smmu_config cfg = vm_host_config();
	struct rig host;
	struct vm vm;

	(void)state;
	rig_up(&host, &cfg);
	vm_up(&host, &vm, 0, 3);
	vm_boot(&vm);
	for (size_t i = 0; i < 3; i++)
		map(&vm, i, GVA, VM_RAM + 0x200000 + 4096 * i, IOMMU_READ | IOMMU_WRITE);
	for (size_t i = 0; i < 3; i++)
		moves(&vm, i, GVA, VM_RAM + 0x200000 + 4096 * i, 0x1000 + i);
	assert_int_equal(iommu_unmap(domain_of(&vm, 1), GVA, 4096), 4096);
	faults(&vm, 1, GVA, SMMU_EVT_F_TRANSLATION);
	guest_heard(&vm, 1, GVA, SMMU_EVT_F_TRANSLATION);
	moves(&vm, 0, GVA, VM_RAM + 0x200000, 0x2000);
	moves(&vm, 2, GVA, VM_RAM + 0x200000 + 8192, 0x2002);
	vm_shutdown(&vm);
	vm_destroy(&vm);
	rig_down(&host);
}

/* Identity and blocking of the guest: STEs of Config bypass and abort (DRV-117). */
static void test_guest_domains(void **state)
{
	struct smmu_config cfg = vm_host_config();
	struct rig host;
	struct vm vm;
	struct iommu_domain *identity;
	uint64_t word = 7, gpa = VM_RAM + 0x300000;

	(void)state;
	rig_up(&host, &cfg);
	vm_up(&host, &vm, 0, 1);
	vm_boot(&vm);
	assert_int_equal(iommu_dev_unbind(vm.dev[0]), 0);
	assert_int_equal(iommu_device_claim_dma_owner(vm.dev[0], &vm), 0);
	/* Owned and attached to nothing: blocked. */
	assert_int_equal(vm_dma(&vm, 0, gpa, true, &word).status, SMMU_ABORT);
	nobody_heard(&vm);
	assert_int_equal(iommu_identity_domain_alloc(vm.dev[0], &identity), 0);
	assert_int_equal(iommu_attach_device(identity, vm.dev[0]), 0);
	moves(&vm, 0, gpa, gpa, 0x77);
	/* Through stage 2 all the same. */
	assert_int_equal(vm_dma(&vm, 0, RAM_BASE, true, &word).status, SMMU_ABORT);
	nobody_heard(&vm);
	iommu_detach_device(identity, vm.dev[0]);
	iommu_domain_free(identity);
	assert_int_equal(vm_dma(&vm, 0, gpa, true, &word).status, SMMU_ABORT);
	iommu_device_release_dma_owner(vm.dev[0]);
	assert_int_equal(iommu_dev_bind(vm.dev[0]), 0);
	vm_shutdown(&vm);
	vm_destroy(&vm);
	rig_down(&host);
}

/* Gone: its devices reach nothing, and the host may have them and the memory again. */
static void test_end_of_a_guest(void **state)
{
	struct smmu_config cfg = vm_host_config();
	struct rig host;
	struct vm vm, again;
	uint64_t word = 1, gpa;

	(void)state;
	rig_up(&host, &cfg);
	vm_up(&host, &vm, 0, 1);
	vm_boot(&vm);
	gpa = vm_alloc(&vm, 4096, 4096);
	map(&vm, 0, GVA, gpa, IOMMU_READ | IOMMU_WRITE);
	moves(&vm, 0, GVA, gpa, 0x31);
	/* A guest that dies with everything mapped. */
	vm_shutdown(&vm);
	vm_destroy(&vm);
	assert_int_equal(vm_dma(&vm, 0, GVA, true, &word).status, SMMU_ABORT);
	assert_int_equal(vm_dma(&vm, 0, gpa, true, &word).status, SMMU_ABORT);
	assert_int_equal(host_word(&vm, gpa), 0x31);
	again = (struct vm){ .host = &host, .index = 1, .num = 1 };
	again.assigned[0] = (struct vmm_device){ vm.assigned[0].dev, 9 };
	again.sids[0] = vm.sids[0];
	vm_make(&again, NULL);
	vm_boot(&again);
	gpa = vm_alloc(&again, 4096, 4096);
	map(&again, 0, GVA, gpa, IOMMU_READ | IOMMU_WRITE);
	moves(&again, 0, GVA, gpa, 0x32);
	vm_shutdown(&again);
	vm_destroy(&again);
	rig_down(&host);
}

/* ---- two guests ---- */

static void test_two_guests(void **state)
{
	struct smmu_config cfg = vm_host_config();
	struct rig host;
	struct vm a, b;
	uint64_t pa, pb;

	(void)state;
	rig_up(&host, &cfg);
	vm_up(&host, &a, 0, 1);
	vm_up(&host, &b, 1, 1);
	vm_boot(&a);
	vm_boot(&b);
	pa = vm_alloc(&a, 4096, 4096);
	pb = vm_alloc(&b, 4096, 4096);
	/* The same GPA, the same GVA, ASID and StreamID in both. */
	assert_int_equal(pa, pb);
	map(&a, 0, GVA, pa, IOMMU_READ | IOMMU_WRITE);
	map(&b, 0, GVA, pb, IOMMU_READ | IOMMU_WRITE);
	moves(&a, 0, GVA, pa, 0xaaaa);
	moves(&b, 0, GVA, pb, 0xbbbb);
	assert_int_equal(host_word(&a, pa), 0xaaaa);
	/* One's unmap and one's fault are nothing to the other. */
	assert_int_equal(iommu_unmap(domain_of(&a, 0), GVA, 4096), 4096);
	faults(&a, 0, GVA, SMMU_EVT_F_TRANSLATION);
	nobody_heard(&b);
	moves(&b, 0, GVA, pb, 0xbbbc);
	guest_heard(&a, 0, GVA, SMMU_EVT_F_TRANSLATION);
	/* One ends, the other goes on. */
	vm_shutdown(&a);
	vm_destroy(&a);
	moves(&b, 0, GVA, pb, 0xbbbd);
	faults(&b, 0, GVA + 4096, SMMU_EVT_F_TRANSLATION);
	guest_heard(&b, 0, GVA + 4096, SMMU_EVT_F_TRANSLATION);
	vm_shutdown(&b);
	vm_destroy(&b);
	rig_down(&host);
}

/*
 * DRV-120: whatever a guest asks to be forgotten is forgotten for its own VMID only: the
 * other's entry stays in the TLB, which one more DMA shows by walking nothing.
 */
static void test_invalidation_is_ones_own(void **state)
{
	struct smmu_config cfg = vm_host_config();
	struct rig host;
	struct vm a, b;
	struct smmu_stats before, after;
	struct host_commands seen;
	uint64_t gpa;

	(void)state;
	rig_up(&host, &cfg);
	vm_up(&host, &a, 0, 1);
	vm_up(&host, &b, 1, 1);
	vm_boot(&a);
	vm_boot(&b);
	gpa = vm_alloc(&b, 4096, 4096);
	map(&b, 0, GVA, gpa, IOMMU_READ | IOMMU_WRITE);
	moves(&b, 0, GVA, gpa, 1);
	host_watch(&host, &seen);
	iommu_flush_iotlb_all(domain_of(&a, 0));
	map(&a, 0, GVA, VM_RAM + 0x100000, IOMMU_READ | IOMMU_WRITE);
	assert_int_equal(iommu_unmap(domain_of(&a, 0), GVA, 4096), 4096);
	host_unwatch(&host);
	assert_true(seen.n > 0 && seen.syncs > 0);
	smmu_stats_read(host.smmu, &before);
	moves(&b, 0, GVA, gpa, 2);
	smmu_stats_read(host.smmu, &after);
	assert_int_equal(after.walk_reads, before.walk_reads);
	assert_int_equal(after.tlb_misses, before.tlb_misses);
	vm_shutdown(&a);
	vm_shutdown(&b);
	vm_destroy(&a);
	vm_destroy(&b);
	rig_down(&host);
}

/* DRV-124: the host takes memory out of the guest's stage 2 while it is used. */
static void test_stage2_unmap(void **state)
{
	struct smmu_config cfg = vm_host_config();
	struct rig host;
	struct vm vm;
	struct vmm_objects o;
	struct iommu_ioas_unmap un = { .size = sizeof(un) };
	uint64_t gpa;
	unsigned before;

	(void)state;
	rig_up(&host, &cfg);
	vm_up(&host, &vm, 0, 1);
	vm_boot(&vm);
	gpa = vm_alloc(&vm, 4096, 4096);
	map(&vm, 0, GVA, gpa, IOMMU_READ | IOMMU_WRITE);
	moves(&vm, 0, GVA, gpa, 5);
	vmm_guest_objects(vm.vmm, &o);
	un.ioas_id = o.ioas;
	un.iova = VM_RAM;
	un.length = VM_RAM_SIZE;
	assert_int_equal(iommufd_ioas_unmap(o.ctx, &un), 0);
	assert_int_equal(un.length, VM_RAM_SIZE);
	before = host.faults;
	/* The CD is gone as well: even that is a fault of stage 2. */
	faults(&vm, 0, GVA, SMMU_EVT_F_TRANSLATION);
	assert_int_equal(host.faults, before + 1);
	nobody_heard(&vm);
	assert_int_equal(host_word(&vm, gpa), 5);
	vm_shutdown(&vm);
	vm_destroy(&vm);
	rig_down(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_to_end),
		cmocka_unit_test(test_stage2_faults_stay_with_the_host),
		cmocka_unit_test(test_devices_of_one_guest),
		cmocka_unit_test(test_guest_domains),
		cmocka_unit_test(test_end_of_a_guest),
		cmocka_unit_test(test_two_guests),
		cmocka_unit_test(test_invalidation_is_ones_own),
		cmocka_unit_test(test_stage2_unmap),
	};

	return cmocka_run_group_tests_name("vmm: guests with a driver", tests, NULL,
					   NULL);
}
