/* SPDX-License-Identifier: MIT */
#include "user/vm.h"
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

/* ---- The memory behind user addresses ---- */

static uint64_t to_pa(const struct vm *vm, uint64_t uaddr, uint64_t len)
{
	if (uaddr < VM_UADDR || len > VM_SIZE || uaddr - VM_UADDR > VM_SIZE - len)
		return 0;
	if (vm->hole != vm->hole_end && uaddr < vm->hole_end && uaddr + len > vm->hole)
		return 0;
	return vm->pa + (uaddr - VM_UADDR);
}

/* Addresses below the VM's are the test's own: structures of its own stack. */
static bool own(uint64_t uaddr)
{
	return uaddr < VM_UADDR || uaddr >= VM_UADDR + VM_SIZE;
}

/* The only addresses that there are, if it is so. */
static bool beyond(const struct vm *vm, uint64_t uaddr, size_t len)
{
	return vm->reach && (uaddr < VM_UADDR || len > vm->reach ||
			     uaddr - VM_UADDR > vm->reach - len);
}

static int mem_read(void *ctx, void *to, uint64_t uaddr, size_t len)
{
	struct vm *vm = ctx;
	uint64_t pa = to_pa(vm, uaddr, len);

	if (uaddr < 4096 || beyond(vm, uaddr, len))
		return -EFAULT;
	if (own(uaddr)) {
		memcpy(to, (const void *)(uintptr_t)uaddr, len);
		return 0;
	}
	if (!pa)
		return -EFAULT;
	memcpy(to, smmu_bus_ptr(vm->r->bus, pa, len), len);
	return 0;
}

static int mem_write(void *ctx, uint64_t uaddr, const void *from, size_t len)
{
	struct vm *vm = ctx;
	uint64_t pa = to_pa(vm, uaddr, len);

	if (uaddr < 4096 || !vm->writes_left || beyond(vm, uaddr, len))
		return -EFAULT;
	if (vm->writes_left > 0)
		vm->writes_left--;
	if (own(uaddr)) {
		memcpy((void *)(uintptr_t)uaddr, from, len);
		return 0;
	}
	if (!pa)
		return -EFAULT;
	memcpy(smmu_bus_ptr(vm->r->bus, pa, len), from, len);
	return 0;
}

static int mem_pin(void *ctx, uint64_t uaddr, uint64_t len, bool write, uint64_t *pa,
		   uint64_t *got)
{
	struct vm *vm = ctx;

	(void)write;
	if (vm->piece && len > vm->piece * IOMMUFD_PAGE_SIZE)
		len = vm->piece * IOMMUFD_PAGE_SIZE;
	*pa = to_pa(vm, uaddr, len);
	if (!*pa)
		return -EFAULT;
	*got = len;
	vm->pinned += len;
	return 0;
}

static void mem_unpin(void *ctx, uint64_t pa, uint64_t len)
{
	struct vm *vm = ctx;

	assert_true(pa >= vm->pa && pa + len <= vm->pa + VM_SIZE && len <= vm->pinned);
	vm->pinned -= len;
}

static void on_ready(void *ctx, uint32_t fd)
{
	struct vm *vm = ctx;

	vm->readies++;
	vm->ready_fd = fd;
}

struct smmu_config vm_config(void)
{
	struct smmu_config cfg = rig_config();

	assert_true(cfg.s1p && cfg.s2p && cfg.fwb);
	return cfg;
}

void vm_init_cfg(struct vm *vm, struct rig *r, unsigned nr,
		 const struct iommufd_config *base)
{
	struct iommufd_config cfg = *base;

	*vm = (struct vm){ .r = r, .pa = DATA_BASE + nr * VM_SIZE, .writes_left = -1 };
	cfg.user = (struct iommufd_user_ops){ mem_read, mem_write, mem_pin, mem_unpin };
	cfg.user_ctx = vm;
	cfg.ready = on_ready;
	cfg.ready_ctx = vm;
	assert_int_equal(iommufd_ctx_create(&vm->ctx, &cfg), 0);
}

void vm_init(struct vm *vm, struct rig *r, unsigned nr)
{
	const struct iommufd_config none = { .privileged = false };

	vm_init_cfg(vm, r, nr, &none);
}

void vm_fini(struct vm *vm)
{
	iommufd_ctx_destroy(vm->ctx);
	assert_int_equal(vm->pinned, 0);
}

unsigned vm_bind(struct vm *vm, struct iommu_dev *dev, uint32_t sid)
{
	unsigned i = vm->num_devs++;

	assert_true(i < MAX_VDEVS);
	vm->devs[i] = dev;
	vm->sids[i] = sid;
	assert_int_equal(iommufd_device_bind(vm->ctx, dev, &vm->dev_ids[i]), 0);
	return i;
}

static void make_parent(struct vm *vm)
{
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.user_va = VM_UADDR,
		.length = VM_SIZE,
		.iova = VM_GPA,
	};
	struct iommu_hwpt_alloc hwpt = { .size = sizeof(hwpt),
					 .flags = IOMMU_HWPT_ALLOC_NEST_PARENT,
					 .dev_id = vm->dev_ids[0] };

	assert_int_equal(iommufd_ioas_alloc(vm->ctx, &ioas), 0);
	vm->ioas = map.ioas_id = hwpt.pt_id = ioas.out_ioas_id;
	assert_int_equal(iommufd_ioas_map(vm->ctx, &map), 0);
	assert_int_equal(iommufd_hwpt_alloc(vm->ctx, &hwpt), 0);
	vm->parent = hwpt.out_hwpt_id;
}

void vm_make_viommu(struct vm *vm, uint32_t depth)
{
	struct iommu_viommu_alloc viommu = { .size = sizeof(viommu),
					     .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
					     .dev_id = vm->dev_ids[0] };
	struct iommu_veventq_alloc queue = { .size = sizeof(queue),
					     .type = IOMMU_VEVENTQ_TYPE_ARM_SMMUV3,
					     .veventq_depth = depth };

	make_parent(vm);
	viommu.hwpt_id = vm->parent;
	assert_int_equal(iommufd_viommu_alloc(vm->ctx, &viommu), 0);
	vm->viommu = queue.viommu_id = viommu.out_viommu_id;
	assert_int_equal(iommufd_veventq_alloc(vm->ctx, &queue), 0);
	vm->veventq = queue.out_veventq_fd;
}

void vm_name(struct vm *vm, unsigned index, uint64_t vsid)
{
	struct iommu_vdevice_alloc vdev = { .size = sizeof(vdev),
					    .viommu_id = vm->viommu,
					    .dev_id = vm->dev_ids[index],
					    .virt_id = vsid };

	assert_int_equal(iommufd_vdevice_alloc(vm->ctx, &vdev), 0);
	vm->vdev_ids[index] = vdev.out_vdevice_id;
}

int vm_nested(struct vm *vm, unsigned index, uint64_t ste0, uint64_t ste1, uint32_t *id)
{
	struct iommu_hwpt_arm_smmuv3 vste = { { ste0, ste1 } };
	struct iommu_hwpt_alloc hwpt = { .size = sizeof(hwpt),
					 .dev_id = vm->dev_ids[index],
					 .pt_id = vm->viommu,
					 .data_type = IOMMU_HWPT_DATA_ARM_SMMUV3,
					 .data_len = sizeof(vste),
					 .data_uptr = (uint64_t)(uintptr_t)&vste };
	int err = iommufd_hwpt_alloc(vm->ctx, &hwpt);

	if (!err)
		*id = hwpt.out_hwpt_id;
	return err;
}

int vm_attach(struct vm *vm, unsigned index, uint32_t hwpt)
{
	return iommufd_device_attach(vm->ctx, vm->dev_ids[index], IOMMU_NO_PASID, &hwpt);
}

int vm_replace(struct vm *vm, unsigned index, uint32_t hwpt)
{
	return iommufd_device_replace(vm->ctx, vm->dev_ids[index], IOMMU_NO_PASID, &hwpt);
}

int vm_detach(struct vm *vm, unsigned index)
{
	return iommufd_device_detach(vm->ctx, vm->dev_ids[index], IOMMU_NO_PASID);
}

int vm_destroy(struct vm *vm, uint32_t id)
{
	struct iommu_destroy destroy = { sizeof(destroy), id };

	return iommufd_destroy(vm->ctx, &destroy);
}

int vm_invalidate(struct vm *vm, const uint64_t (*cmds)[2], uint32_t num, uint32_t *done)
{
	struct iommu_hwpt_invalidate inv = {
		.size = sizeof(inv),
		.hwpt_id = vm->viommu,
		.data_uptr = (uint64_t)(uintptr_t)cmds,
		.data_type = IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3,
		.entry_len = sizeof(cmds[0]),
		.entry_num = num,
	};
	int err = iommufd_hwpt_invalidate(vm->ctx, &inv);

	*done = inv.entry_num;
	return err;
}

int vm_invalidate1(struct vm *vm, uint64_t dw0, uint64_t dw1)
{
	uint64_t cmd[1][2] = { { dw0, dw1 } };
	uint32_t done;
	int err = vm_invalidate(vm, (const uint64_t(*)[2])cmd, 1, &done);

	assert_int_equal(done, !err);
	return err;
}

int64_t vm_event(struct vm *vm, struct iommufd_vevent_header *header, uint64_t *evt)
{
	unsigned char buf[sizeof(*header) + 32];
	int64_t n = iommufd_read(vm->ctx, vm->veventq, (uint64_t)(uintptr_t)buf,
				 sizeof(buf), 0);

	if (n >= (int64_t)sizeof(*header))
		memcpy(header, buf, sizeof(*header));
	if (n == (int64_t)sizeof(buf))
		memcpy(evt, buf + sizeof(*header), 32);
	return n;
}

/* ---- The guest ---- */

static uint64_t of_gpa(const struct vm *vm, uint64_t gpa)
{
	assert_true(gpa >= VM_GPA && gpa < VM_GPA + VM_SIZE);
	return vm->pa + (gpa - VM_GPA);
}

uint64_t vm_peek(struct vm *vm, uint64_t gpa)
{
	return rig_peek(vm->r, of_gpa(vm, gpa));
}

void vm_poke(struct vm *vm, uint64_t gpa, uint64_t value)
{
	rig_poke(vm->r, of_gpa(vm, gpa), value);
}

uint64_t vm_alloc(struct vm *vm, uint64_t size)
{
	uint64_t gpa = VM_GPA + vm->next;

	size = (size + 4095) & ~UINT64_C(4095);
	assert_true(vm->next + size <= VM_SIZE);
	vm->next += size;
	for (uint64_t at = 0; at < size; at += 8)
		vm_poke(vm, gpa + at, 0);
	return gpa;
}

uint64_t vm_table(struct vm *vm)
{
	return vm_alloc(vm, 4096);
}

/* With the tables on the way to it. */
uint64_t vm_leaf(struct vm *vm, uint64_t table, uint64_t va)
{
	for (unsigned shift = 30; shift > 12; shift -= 9) {
		uint64_t at = table + (va >> shift & 511) * 8;

		if (!vm_peek(vm, at))
			vm_poke(vm, at, vm_table(vm) | 3);
		table = vm_peek(vm, at) & ~UINT64_C(4095);
	}
	return table + (va >> 12 & 511) * 8;
}

void vm_map(struct vm *vm, uint64_t table, uint64_t va, uint64_t gpa)
{
	/* AF, inner-shareable, EL0 may, a page. */
	vm_poke(vm, vm_leaf(vm, table, va),
		gpa | UINT64_C(1) << 10 | UINT64_C(3) << 8 | UINT64_C(1) << 6 | 3);
}

void vm_unmap(struct vm *vm, uint64_t table, uint64_t va)
{
	vm_poke(vm, vm_leaf(vm, table, va), 0);
}

uint64_t vm_cd(struct vm *vm, uint64_t table, uint16_t asid)
{
	uint64_t cd[SMMU_CD_DWORDS] = { 0 }, at = vm_alloc(vm, 4096);

	smmu_set(cd, SMMU_CD_T0SZ, 25);
	smmu_set(cd, SMMU_CD_IR0, 1);
	smmu_set(cd, SMMU_CD_OR0, 1);
	smmu_set(cd, SMMU_CD_SH0, 3);
	smmu_set(cd, SMMU_CD_EPD1, 1);
	smmu_set(cd, SMMU_CD_V, 1);
	smmu_set(cd, SMMU_CD_IPS, 2); /* 40 bits */
	smmu_set(cd, SMMU_CD_AA64, 1);
	smmu_set(cd, SMMU_CD_R, 1);
	smmu_set(cd, SMMU_CD_A, 1);
	smmu_set(cd, SMMU_CD_ASET, 1);
	smmu_set(cd, SMMU_CD_ASID, asid);
	smmu_set_addr(cd, SMMU_CD_TTB0, table);
	smmu_set(cd, SMMU_CD_MAIR0, 0xff);
	for (unsigned i = 0; i < SMMU_CD_DWORDS; i++)
		vm_poke(vm, at + i * 8, cd[i]);
	return at;
}

void vm_s1_ste(uint64_t cd, uint64_t *ste)
{
	uint64_t all[SMMU_STE_DWORDS] = { 0 };

	smmu_set(all, SMMU_STE_V, 1);
	smmu_set(all, SMMU_STE_Config, SMMU_STE_CONFIG_S1);
	smmu_set_addr(all, SMMU_STE_S1ContextPtr, cd);
	smmu_set(all, SMMU_STE_S1CIR, 1);
	smmu_set(all, SMMU_STE_S1COR, 1);
	smmu_set(all, SMMU_STE_S1CSH, 3);
	ste[0] = all[0];
	ste[1] = all[1];
}
