/* SPDX-License-Identifier: MIT */
/*
 * PASIDs and ATS of a guest: its own CD table with several CDs, reached by the device
 * through the host's SMMU; and a function whose translations the guest's driver has
 * forgotten by CMD_ATC_INV.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "driver/pci_rig.h"
#include "vmm/vm.h"

#define GVA UINT64_C(0x12345000)
#define RW  (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)

static uint64_t host_word(struct vm *vm, uint64_t gpa)
{
	return rig_peek(vm->host, vm->host_pa + (gpa - VM_RAM));
}

/* ---- PASIDs ---- */

static struct smmu_result dma(struct vm *vm, uint32_t pasid, uint64_t gva, uint64_t value)
{
	return pasid ? rig_dma_pasid(vm->host, vm->sids[0], pasid, gva, true, &value)
		     : rig_dma(vm->host, vm->sids[0], gva, true, &value);
}

/* A domain of the guest's device in which GVA goes to that page. */
static struct iommu_domain *domain_to(struct vm *vm, uint64_t gpa)
{
	struct iommu_domain *domain;

	assert_int_equal(iommu_paging_domain_alloc(vm->dev[0], 0, &domain), 0);
	assert_int_equal(iommu_map(domain, GVA, gpa, 4096, RW), 0);
	return domain;
}

static void goes_to(struct vm *vm, uint32_t pasid, uint64_t gpa, uint64_t value)
{
	struct smmu_result r = dma(vm, pasid, GVA, value);

	assert_int_equal(r.status, SMMU_OK);
	assert_int_equal(r.ipa, gpa);
	assert_int_equal(host_word(vm, gpa), value);
}

static void guest_hears(struct vm *vm, uint32_t pasid, uint8_t event)
{
	assert_int_equal(dma(vm, pasid, GVA, 1).status, SMMU_ABORT);
	vm->num_events = 0;
	assert_int_equal(vmm_guest_pump(vm->vmm), 1);
	assert_int_equal(vm->num_events, 1);
	assert_int_equal(vm->events[0].id, event);
	assert_int_equal(vm->events[0].sid, vm->assigned[0].vsid);
	assert_int_equal(vm->events[0].ssid, pasid);
}

static void pasid_up(struct rig *host, struct vm *vm)
{
	struct smmu_config cfg = vm_host_config();

	cfg.ssid_bits = 10;
	rig_up(host, &cfg);
	*vm = (struct vm){ .host = host, .pasid_bits = 8 };
	vm_assign(host, vm, 0x10, 3);
	vm_make(vm, NULL);
	vm_boot(vm);
	assert_int_equal(iommu_dev_unbind(vm->dev[0]), 0);
	assert_int_equal(iommu_device_claim_dma_owner(vm->dev[0], vm), 0);
}

static void pasid_down(struct rig *host, struct vm *vm)
{
	iommu_device_release_dma_owner(vm->dev[0]);
	assert_int_equal(iommu_dev_bind(vm->dev[0]), 0);
	assert_int_equal(vm_stats(vm).refused, 0);
	assert_int_equal(vm_stats(vm).stes_failed, 0);
	vm_shutdown(vm);
	vm_destroy(vm);
	rig_down(host);
}

/* DRV-117: S1CDMax, S1Fmt and S1DSS are the guest's; its CDs lie in its own memory. */
static void test_pasids(void **state)
{
	const uint32_t pasids[] = { 1, 5, 200 };
	uint64_t pages = VM_RAM + 0x300000;
	struct iommu_domain *rid, *domains[3];
	struct rig host;
	struct vm vm;

	(void)state;
	pasid_up(&host, &vm);
	rid = domain_to(&vm, pages);
	assert_int_equal(iommu_attach_device(rid, vm.dev[0]), 0);
	goes_to(&vm, 0, pages, 0x100);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t gpa = pages + 4096 * (i + 1);

		domains[i] = domain_to(&vm, gpa);
		assert_int_equal(
			iommu_attach_device_pasid(domains[i], vm.dev[0], pasids[i], NULL),
			0);
		goes_to(&vm, pasids[i], gpa, 0x200 + i);
	}
	goes_to(&vm, 0, pages, 0x300);
	/* The guest's unmap in one of them is nothing to the others. */
	assert_int_equal(iommu_unmap(domains[1], GVA, 4096), 4096);
	guest_hears(&vm, pasids[1], SMMU_EVT_F_TRANSLATION);
	goes_to(&vm, pasids[0], pages + 4096, 0x400);
	/* CMD_CFGI_CD reaches the hardware: a PASID that is gone is gone. */
	iommu_detach_device_pasid(domains[0], vm.dev[0], pasids[0]);
	guest_hears(&vm, pasids[0], SMMU_EVT_C_BAD_CD);
	goes_to(&vm, pasids[2], pages + 3 * 4096, 0x500);
	/* One that was never there, and one beyond the guest's table (STE-44). */
	guest_hears(&vm, 7, SMMU_EVT_C_BAD_CD);
	assert_int_equal(dma(&vm, 1000, GVA, 1).event, SMMU_EVT_C_BAD_SUBSTREAMID);
	assert_int_equal(vmm_guest_pump(vm.vmm), 1);
	for (unsigned i = 1; i < 3; i++)
		iommu_detach_device_pasid(domains[i], vm.dev[0], pasids[i]);
	iommu_detach_device(rid, vm.dev[0]);
	for (unsigned i = 0; i < 3; i++)
		iommu_domain_free(domains[i]);
	iommu_domain_free(rid);
	pasid_down(&host, &vm);
}

/* S1DSS: without a PASID stage 2 alone, or terminated, while PASIDs are translated. */
static void test_pasids_beside_identity(void **state)
{
	uint64_t page = VM_RAM + 0x300000, word = 3;
	struct iommu_domain *identity, *domain;
	struct rig host;
	struct vm vm;

	(void)state;
	pasid_up(&host, &vm);
	assert_int_equal(iommu_identity_domain_alloc(vm.dev[0], &identity), 0);
	assert_int_equal(iommu_attach_device(identity, vm.dev[0]), 0);
	domain = domain_to(&vm, page + 4096);
	assert_int_equal(iommu_attach_device_pasid(domain, vm.dev[0], 5, NULL), 0);
	goes_to(&vm, 5, page + 4096, 0x10);
	assert_int_equal(vm_dma(&vm, 0, page, true, &word).status, SMMU_OK);
	assert_int_equal(host_word(&vm, page), 3);
	/* Not into what is not the guest's. */
	assert_int_equal(vm_dma(&vm, 0, RAM_BASE, true, &word).status, SMMU_ABORT);
	iommu_detach_device(identity, vm.dev[0]);
	assert_int_equal(vm_dma(&vm, 0, page, true, &word).status, SMMU_ABORT);
	goes_to(&vm, 5, page + 4096, 0x11);
	iommu_detach_device_pasid(domain, vm.dev[0], 5);
	iommu_domain_free(domain);
	iommu_domain_free(identity);
	(void)vmm_guest_pump(vm.vmm);
	pasid_down(&host, &vm);
}

/* ---- ATS ---- */

static void with_ats(struct vmm_config *config)
{
	config->ats = true;
}

struct ats_bench {
	struct rig host;
	struct vm vm;
	struct pci_fn real;	  /* on the host */
	struct smmu_pcie *shadow; /* what the guest sees of it */
};

static void ats_up(struct ats_bench *b)
{
	struct smmu_config cfg = pci_config();
	struct smmu_pcie_config fn = pci_function(0x10);
	const uint32_t sid = 0x10;

	memset(b, 0, sizeof(*b));
	cfg.ns1ats = 0;
	rig_up(&b->host, &cfg);
	b->vm = (struct vm){ .host = &b->host, .num = 1, .sids = { sid } };
	b->vm.assigned[0].dev =
		pci_add(&b->host, &b->real, "fn", &fn, &sid, 1, IOMMU_FWSPEC_PCI_RC_ATS);
	b->vm.assigned[0].vsid = 3;
	vm_make(&b->vm, with_ats);
	/* The capability that the VMM emulates: nothing else is behind it. */
	fn.name = "shadow";
	fn.sid = 3;
	fn.smmu = vmm_guest_smmu(b->vm.vmm);
	fn.pri = false;
	fn.pasid_width = 0;
	fn.pasid_exec = fn.pasid_priv = false;
	assert_int_equal(smmu_pcie_create(&b->shadow, &fn), 0);
	b->vm.shadow[0] = b->shadow;
	vm_boot(&b->vm);
}

static void ats_down(struct ats_bench *b)
{
	assert_int_equal(vm_stats(&b->vm).refused, 0);
	assert_int_equal(vm_stats(&b->vm).stes_failed, 0);
	vm_shutdown(&b->vm);
	smmu_pcie_destroy(b->shadow);
	vm_destroy(&b->vm);
	iommu_dev_remove(b->real.dev);
	b->host.num_devs = 0;
	assert_false(pci_ats_on(&b->real));
	pci_remove(&b->real);
	rig_down(&b->host);
}

static bool shadow_on(struct ats_bench *b)
{
	uint16_t cap = smmu_pcie_find_cap(b->shadow, SMMU_PCI_EXT_ATS);

	return smmu_pcie_cfg_read(b->shadow, (uint16_t)(cap + 6), 2) >> 15;
}

/* DRV-117, DRV-118: EATS of the guest's STE is what switches ATS of the real function. */
static void test_ats_follows_the_guests_ste(void **state)
{
	struct ats_bench b;
	struct iommu_domain *identity;

	(void)state;
	ats_up(&b);
	assert_true(shadow_on(&b));
	assert_int_equal(smmu_get(vm_assigned(&b.vm, 0).ste, SMMU_STE_EATS), 1);
	assert_true(pci_ats_on(&b.real));
	/* A bypass STE of the guest has none (DRV-87). */
	assert_int_equal(iommu_dev_unbind(b.vm.dev[0]), 0);
	assert_int_equal(iommu_device_claim_dma_owner(b.vm.dev[0], &b), 0);
	assert_int_equal(iommu_identity_domain_alloc(b.vm.dev[0], &identity), 0);
	assert_int_equal(iommu_attach_device(identity, b.vm.dev[0]), 0);
	assert_false(shadow_on(&b));
	assert_false(pci_ats_on(&b.real));
	iommu_detach_device(identity, b.vm.dev[0]);
	iommu_domain_free(identity);
	iommu_device_release_dma_owner(b.vm.dev[0]);
	assert_int_equal(iommu_dev_bind(b.vm.dev[0]), 0);
	assert_true(pci_ats_on(&b.real));
	ats_down(&b);
}

/* DRV-120: the guest's CMD_ATC_INV empties the real function's cache, and only that. */
static void test_atc_inv(void **state)
{
	uint64_t gpa = VM_RAM + 0x300000, word = 0x77;
	struct host_commands seen;
	struct ats_bench b;
	struct iommu_domain *domain;

	(void)state;
	ats_up(&b);
	domain = iommu_get_domain_for_dev(b.vm.dev[0]);
	assert_int_equal(iommu_map(domain, GVA, gpa, 4096, RW), 0);
	assert_int_equal(pci_dma(&b.real, 0, GVA, true, &word), 0);
	assert_int_equal(host_word(&b.vm, gpa), 0x77);
	assert_int_equal(pci_stats(&b.real).atc_entries, 1);
	word = 0x78;
	assert_int_equal(pci_dma(&b.real, 0, GVA, true, &word), 0);
	assert_true(pci_stats(&b.real).atc_hits >= 1);
	host_watch(&b.host, &seen);
	assert_int_equal(iommu_unmap(domain, GVA, 4096), 4096);
	host_unwatch(&b.host);
	assert_int_equal(host_count(&seen, SMMU_OP_ATC_INV), 1);
	for (unsigned i = 0; i < seen.n; i++)
		if (smmu_get(seen.dw[i], SMMU_CMD_OPCODE) == SMMU_OP_ATC_INV)
			assert_int_equal(smmu_get(seen.dw[i], SMMU_CMD_StreamID), 0x10);
	assert_int_equal(pci_stats(&b.real).atc_entries, 0);
	word = 0x79;
	assert_true(pci_dma(&b.real, 0, GVA, true, &word) != 0);
	assert_int_equal(host_word(&b.vm, gpa), 0x78);
	ats_down(&b);
}

/* DRV-124: what the host takes out of stage 2 leaves the function's cache too. */
static void test_stage2_unmap_with_ats(void **state)
{
	uint64_t gpa = VM_RAM + 0x300000, word = 0x55;
	struct iommu_ioas_unmap un = { .size = sizeof(un) };
	struct ats_bench b;
	struct vmm_objects o;

	(void)state;
	ats_up(&b);
	assert_int_equal(
		iommu_map(iommu_get_domain_for_dev(b.vm.dev[0]), GVA, gpa, 4096, RW), 0);
	assert_int_equal(pci_dma(&b.real, 0, GVA, true, &word), 0);
	assert_int_equal(pci_stats(&b.real).atc_entries, 1);
	vmm_guest_objects(b.vm.vmm, &o);
	un.ioas_id = o.ioas;
	un.iova = VM_RAM;
	un.length = VM_RAM_SIZE;
	assert_int_equal(iommufd_ioas_unmap(o.ctx, &un), 0);
	assert_int_equal(pci_stats(&b.real).atc_entries, 0);
	word = 0x56;
	assert_true(pci_dma(&b.real, 0, GVA, true, &word) != 0);
	assert_int_equal(host_word(&b.vm, gpa), 0x55);
	ats_down(&b);
}

/*
 * CMD-81, DRV-102: a function that does not answer is the host's to hear of; the guest's
 * CMD_SYNC completes all the same.
 */
static void test_atc_timeout(void **state)
{
	struct ats_bench b;
	struct iommu_domain *domain;
	uint64_t word = 1;

	(void)state;
	ats_up(&b);
	domain = iommu_get_domain_for_dev(b.vm.dev[0]);
	assert_int_equal(iommu_map(domain, GVA, VM_RAM + 0x300000, 4096, RW), 0);
	assert_int_equal(pci_dma(&b.real, 0, GVA, true, &word), 0);
	smmu_pcie_set_manners(b.real.fn, SMMU_PCIE_TIMEOUT);
	assert_int_equal(iommu_unmap(domain, GVA, 4096), 4096);
	assert_true(b.host.errors > 0);
	assert_int_equal(raw_cerror(&b.vm), 0);
	smmu_pcie_set_manners(b.real.fn, SMMU_PCIE_POLITE);
	ats_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pasids),
		cmocka_unit_test(test_pasids_beside_identity),
		cmocka_unit_test(test_ats_follows_the_guests_ste),
		cmocka_unit_test(test_atc_inv),
		cmocka_unit_test(test_stage2_unmap_with_ats),
		cmocka_unit_test(test_atc_timeout),
	};

	return cmocka_run_group_tests_name("vmm: PASIDs and ATS of a guest", tests, NULL,
					   NULL);
}
