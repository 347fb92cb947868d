/* SPDX-License-Identifier: MIT */
/* Users' objects over the SMMUv3 driver and the model: PASIDs, dirty pages, page faults
 * of a guest's stage 1 that the VMM answers (CORE-105, 129, 157 to 161). */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/stall.h>
#include "driver/driver.h"
#include "driver/pci_rig.h"
#include "user/vm.h"

#define SID 5u
#define VA  UINT64_C(0x12345000)

static void up(struct rig *r, struct vm *vm, const struct smmu_config *cfg, bool stalls)
{
	const struct iommu_dev_desc desc = { .name = "dev",
					     .pasid_num_bits = 6,
					     .dma_can_stall = stalls };
	const uint32_t sid = SID;

	rig_up(r, cfg);
	vm_init(vm, r, 0);
	vm_bind(vm, rig_add_as(r, &desc, &sid, 1), SID);
}

static uint32_t new_ioas(struct vm *vm, uint64_t iova)
{
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.user_va = VM_UADDR,
		.length = KIB(64),
		.iova = iova,
	};

	assert_int_equal(iommufd_ioas_alloc(vm->ctx, &ioas), 0);
	map.ioas_id = ioas.out_ioas_id;
	assert_int_equal(iommufd_ioas_map(vm->ctx, &map), 0);
	return ioas.out_ioas_id;
}

static uint32_t new_hwpt(struct vm *vm, uint32_t ioas, uint32_t flags)
{
	struct iommu_hwpt_alloc hwpt = { .size = sizeof(hwpt),
					 .flags = flags,
					 .dev_id = vm->dev_ids[0],
					 .pt_id = ioas };

	assert_int_equal(iommufd_hwpt_alloc(vm->ctx, &hwpt), 0);
	return hwpt.out_hwpt_id;
}

/* CORE-161: RID and PASIDs, each in an address space of its own. */
static void machine_pasids(void **state)
{
	struct smmu_config cfg = pci_config();
	uint32_t rid, one, other, pt;
	uint64_t value = 11;
	struct rig r;
	struct vm vm;

	(void)state;
	up(&r, &vm, &cfg, false);
	rid = new_hwpt(&vm, new_ioas(&vm, MIB(1)), IOMMU_HWPT_ALLOC_PASID);
	one = new_hwpt(&vm, new_ioas(&vm, MIB(2)), IOMMU_HWPT_ALLOC_PASID);
	other = new_hwpt(&vm, new_ioas(&vm, MIB(3)), IOMMU_HWPT_ALLOC_PASID);
	pt = one;
	assert_int_equal(iommufd_device_attach(vm.ctx, vm.dev_ids[0], 7, &pt), 0);
	assert_int_equal(vm_attach(&vm, 0, rid), 0);
	assert_int_equal(rig_dma_pasid(&r, SID, 7, MIB(2), true, &value).status, SMMU_OK);
	assert_int_equal(rig_peek(&r, vm.pa), 11);
	assert_int_equal(rig_dma(&r, SID, MIB(1), false, &value).status, SMMU_OK);
	assert_int_equal(rig_dma(&r, SID, MIB(2), false, &value).status, SMMU_ABORT);
	assert_int_equal(rig_dma_pasid(&r, SID, 8, MIB(2), false, &value).status,
			 SMMU_ABORT);
	pt = other;
	assert_int_equal(iommufd_device_replace(vm.ctx, vm.dev_ids[0], 7, &pt), 0);
	assert_int_equal(rig_dma_pasid(&r, SID, 7, MIB(2), false, &value).status,
			 SMMU_ABORT);
	assert_int_equal(rig_dma_pasid(&r, SID, 7, MIB(3), false, &value).status,
			 SMMU_OK);
	assert_int_equal(iommufd_device_detach(vm.ctx, vm.dev_ids[0], 7), 0);
	assert_int_equal(rig_dma_pasid(&r, SID, 7, MIB(3), false, &value).status,
			 SMMU_ABORT);
	vm_fini(&vm);
	rig_down(&r);
}

static uint64_t dirty(struct vm *vm, uint32_t hwpt, uint32_t flags)
{
	uint64_t word = 0;
	struct iommu_hwpt_get_dirty_bitmap get = { .size = sizeof(get),
						   .hwpt_id = hwpt,
						   .flags = flags,
						   .iova = MIB(1),
						   .length = KIB(64),
						   .page_size = 4096,
						   .data = (uint64_t)(uintptr_t)&word };

	assert_int_equal(iommufd_hwpt_get_dirty_bitmap(vm->ctx, &get), 0);
	return word;
}

/* CORE-129: what a device wrote, as hardware marked it. */
static void machine_dirty_pages(void **state)
{
	struct iommu_hwpt_set_dirty_tracking set = {
		.size = sizeof(set), .flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE
	};
	struct smmu_config cfg = pci_config();
	uint64_t value = 1;
	struct rig r;
	struct vm vm;

	(void)state;
	cfg.httu = 2;
	up(&r, &vm, &cfg, false);
	set.hwpt_id =
		new_hwpt(&vm, new_ioas(&vm, MIB(1)), IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	assert_int_equal(vm_attach(&vm, 0, set.hwpt_id), 0);
	assert_int_equal(iommufd_hwpt_set_dirty_tracking(vm.ctx, &set), 0);
	assert_int_equal(dirty(&vm, set.hwpt_id, 0), 0);
	assert_int_equal(rig_dma(&r, SID, MIB(1) + 3 * 4096, true, &value).status,
			 SMMU_OK);
	assert_int_equal(rig_dma(&r, SID, MIB(1) + 5 * 4096, false, &value).status,
			 SMMU_OK);
	assert_int_equal(rig_dma(&r, SID, MIB(1) + 9 * 4096, true, &value).status,
			 SMMU_OK);
	assert_int_equal(dirty(&vm, set.hwpt_id, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR),
			 1 << 3 | 1 << 9);
	assert_int_equal(dirty(&vm, set.hwpt_id, 0), 1 << 3 | 1 << 9);
	assert_int_equal(dirty(&vm, set.hwpt_id, 0), 0);
	/* No TLB remembers that the page was dirty already. */
	assert_int_equal(rig_dma(&r, SID, MIB(1) + 3 * 4096, true, &value).status,
			 SMMU_OK);
	assert_int_equal(dirty(&vm, set.hwpt_id, 0), 1 << 3);
	vm_fini(&vm);
	rig_down(&r);
}

/* ---- A guest whose stage 1 stalls ---- */

struct guest {
	struct rig r;
	struct vm vm;
	uint64_t table, page;
	uint32_t fault, nested;
};

static void guest_up(struct guest *g, bool with_fault)
{
	struct iommu_fault_alloc fault = { .size = sizeof(fault) };
	struct iommu_hwpt_arm_smmuv3 vste;
	struct smmu_config cfg = pci_config();
	uint64_t cd;

	cfg.stall_model = 0;
	cfg.stall_max = 8;
	up(&g->r, &g->vm, &cfg, false);
	vm_make_viommu(&g->vm, 4);
	vm_name(&g->vm, 0, 0x42);
	g->table = vm_table(&g->vm);
	g->page = vm_alloc(&g->vm, 4096);
	vm_map(&g->vm, g->table, VA, g->page);
	cd = vm_cd(&g->vm, g->table, 7);
	vm_poke(&g->vm, cd, vm_peek(&g->vm, cd) | SMMU_MASK(SMMU_CD_S));
	vm_s1_ste(cd, vste.ste);
	assert_int_equal(iommufd_fault_alloc(g->vm.ctx, &fault), 0);
	g->fault = fault.out_fault_fd;
	struct iommu_hwpt_alloc hwpt = {
		.size = sizeof(hwpt),
		.flags = with_fault ? IOMMU_HWPT_FAULT_ID_VALID : 0,
		.dev_id = g->vm.dev_ids[0],
		.pt_id = g->vm.viommu,
		.data_type = IOMMU_HWPT_DATA_ARM_SMMUV3,
		.data_len = sizeof(vste),
		.data_uptr = (uint64_t)(uintptr_t)&vste,
		.fault_id = g->fault,
	};
	assert_int_equal(iommufd_hwpt_alloc(g->vm.ctx, &hwpt), 0);
	g->nested = hwpt.out_hwpt_id;
}

/*
 * The host's driver has not turned stalls on for this device, and the guest stalls all
 * the same: somebody terminates it, and nothing is left waiting.
 */
static void machine_guest_stall_ends(void **state)
{
	struct smmu_result res;
	uint64_t value = 3;
	struct guest g;

	(void)state;
	for (int with_fault = 0; with_fault < 2; with_fault++) {
		guest_up(&g, with_fault);
		assert_int_equal(vm_attach(&g.vm, 0, g.nested), 0);
		assert_int_equal(rig_dma(&g.r, SID, VA, true, &value).status, SMMU_OK);
		res = rig_dma(&g.r, SID, VA + 4096, true, &value);
		if (res.status == SMMU_STALLED)
			assert_int_equal(
				smmu_port_wait(g.r.port, res.ticket, 0, &res, NULL), 0);
		assert_int_equal(res.status, SMMU_ABORT);
		assert_int_equal(smmu_port_stalled(g.r.port), 0);
		vm_fini(&g.vm);
		rig_down(&g.r);
	}
}

/* CORE-105, CORE-157: a stalling device; the VMM reads the fault, mends it, and answers.
 */
static void machine_guest_fault_is_answered(void **state)
{
	struct iommu_hwpt_page_response response = { .code = IOMMUFD_PAGE_RESP_SUCCESS };
	struct iommu_hwpt_pgfault fault;
	struct smmu_result res;
	uint64_t value = 0x77;
	struct guest g;

	(void)state;
	guest_up(&g, true);
	((struct arm_smmu_master *)iommu_dev_priv(g.vm.devs[0]))->stall_enabled = true;
	assert_int_equal(vm_attach(&g.vm, 0, g.nested), 0);
	for (int good = 1; good >= 0; good--) {
		uint64_t va = VA + (good ? 4096 : 8192);

		res = rig_dma(&g.r, SID, va, true, &value);
		assert_int_equal(res.status, SMMU_STALLED);
		assert_int_equal(iommufd_poll(g.vm.ctx, g.fault),
				 IOMMUFD_READABLE | IOMMUFD_WRITABLE);
		assert_int_equal(iommufd_read(g.vm.ctx, g.fault,
					      (uint64_t)(uintptr_t)&fault, sizeof(fault),
					      0),
				 sizeof(fault));
		assert_int_equal(fault.addr & ~UINT64_C(4095), va);
		assert_int_equal(fault.dev_id, g.vm.dev_ids[0]);
		assert_int_equal(fault.flags, IOMMU_PGFAULT_FLAGS_LAST_PAGE);
		assert_true(fault.perm & IOMMU_PGFAULT_PERM_WRITE);
		if (good)
			vm_map(&g.vm, g.table, va, g.page);
		response.cookie = fault.cookie;
		response.code =
			good ? IOMMUFD_PAGE_RESP_SUCCESS : IOMMUFD_PAGE_RESP_INVALID;
		assert_int_equal(iommufd_write(g.vm.ctx, g.fault,
					       (uint64_t)(uintptr_t)&response,
					       sizeof(response), 0),
				 sizeof(response));
		assert_int_equal(smmu_port_wait(g.r.port, res.ticket, 0, &res, NULL), 0);
		assert_int_equal(res.status, good ? SMMU_OK : SMMU_ABORT);
	}
	assert_int_equal(vm_peek(&g.vm, g.page), 0x77);
	/* Answered, but not mended: it comes again, and again. */
	res = rig_dma(&g.r, SID, VA + 8192, true, &value);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(res.status, SMMU_STALLED);
		assert_int_equal(iommufd_read(g.vm.ctx, g.fault,
					      (uint64_t)(uintptr_t)&fault, sizeof(fault),
					      0),
				 sizeof(fault));
		response.cookie = fault.cookie;
		response.code =
			i < 2 ? IOMMUFD_PAGE_RESP_SUCCESS : IOMMUFD_PAGE_RESP_INVALID;
		assert_int_equal(iommufd_write(g.vm.ctx, g.fault,
					       (uint64_t)(uintptr_t)&response,
					       sizeof(response), 0),
				 sizeof(response));
		if (i == 2)
			assert_int_equal(
				smmu_port_wait(g.r.port, res.ticket, 0, &res, NULL), 0);
	}
	assert_int_equal(res.status, SMMU_ABORT);
	/* CORE-160: who leaves while one waits is answered. */
	res = rig_dma(&g.r, SID, VA + 8192, true, &value);
	assert_int_equal(res.status, SMMU_STALLED);
	assert_int_equal(vm_detach(&g.vm, 0), 0);
	assert_int_equal(smmu_port_wait(g.r.port, res.ticket, 0, &res, NULL), 0);
	assert_int_equal(res.status, SMMU_ABORT);
	vm_fini(&g.vm);
	rig_down(&g.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine_pasids),
		cmocka_unit_test(machine_dirty_pages),
		cmocka_unit_test(machine_guest_stall_ends),
		cmocka_unit_test(machine_guest_fault_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
