/* SPDX-License-Identifier: MIT */
/*
 * What a guest's SMMU is made of and what its commands become, watched at the command
 * queue of the machine's (DRV-115, DRV-116, DRV-118 to DRV-122, DRV-124).
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "driver/pci_rig.h"
#include "driver/strtab.h"
#include "driver/vsmmu.h"
#include "user/vm.h"

#define SID  5u
#define VSID 0x42u
#define VA   UINT64_C(0x12345000)
#define LOG  2048

struct guest {
	struct rig r;
	struct pci_fn fn;
	struct vm vm;
	uint64_t table, cd, page;
	uint64_t ste[2];
	uint32_t nested;
	uint16_t vmid;
	/* Commands that the SMMU has consumed. */
	uint64_t log[LOG][2];
	unsigned num;
};

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	struct guest *g = ctx;

	if (t->kind != SMMU_TRACE_COMMAND)
		return;
	assert_true(g->num < LOG);
	memcpy(g->log[g->num++], t->dw, 16);
}

static unsigned opcode(const struct guest *g, unsigned i)
{
	return i < g->num ? (unsigned)(g->log[i][0] & 0xff) : 0;
}

static unsigned count(const struct guest *g, unsigned op)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->num; i++)
		n += opcode(g, i) == op;
	return n;
}

/* A guest with a PCI function that has ATS, its stage 1 mapping VA to a page. */
static void guest_up(struct guest *g)
{
	struct smmu_config cfg = pci_config();
	struct smmu_pcie_config fn = pci_function(SID);
	const uint32_t sid = SID;

	memset(g, 0, sizeof(*g));
	rig_up(&g->r, &cfg);
	vm_init(&g->vm, &g->r, 0);
	vm_bind(&g->vm,
		pci_add(&g->r, &g->fn, "fn", &fn, &sid, 1, IOMMU_FWSPEC_PCI_RC_ATS), SID);
	vm_make_viommu(&g->vm, 8);
	vm_name(&g->vm, 0, VSID);
	g->table = vm_table(&g->vm);
	g->page = vm_alloc(&g->vm, 4096);
	vm_map(&g->vm, g->table, VA, g->page);
	g->cd = vm_cd(&g->vm, g->table, 7);
	vm_s1_ste(g->cd, g->ste);
	assert_int_equal(vm_nested(&g->vm, 0, g->ste[0], g->ste[1], &g->nested), 0);
	assert_int_equal(vm_attach(&g->vm, 0, g->nested), 0);
	g->vmid = (uint16_t)smmu_get(
		(uint64_t[]){ 0, 0, hw_load(&arm_smmu_strtab_ste(g->r.drv, SID)[2]) },
		SMMU_STE_S2VMID);
	assert_true(g->vmid != 0);
	smmu_set_trace(g->r.smmu, on_trace, g);
}

static void guest_down(struct guest *g)
{
	struct arm_smmu_stats stats;

	smmu_set_trace(g->r.smmu, NULL, NULL);
	arm_smmu_get_stats(g->r.drv, &stats);
	assert_int_equal(stats.cmdq_errors, 0); /* no guest ever stops the queue */
	vm_fini(&g->vm);
	for (size_t i = 0; i < g->r.num_devs; i++)
		iommu_dev_remove(g->r.devs[i].dev);
	g->r.num_devs = 0;
	pci_remove(&g->fn);
	rig_down(&g->r);
}

static void replace_with(struct guest *g, uint64_t eats)
{
	uint64_t ste[SMMU_STE_DWORDS] = { g->ste[0], g->ste[1] };
	uint32_t id;

	smmu_set(ste, SMMU_STE_EATS, eats);
	assert_int_equal(vm_nested(&g->vm, 0, ste[0], ste[1], &id), 0);
	assert_int_equal(vm_replace(&g->vm, 0, id), 0);
}

/* ---- What there is to have ---- */

/* DRV-122: the registers themselves. */
static void guest_hw_info(void **state)
{
	struct iommu_hw_info_arm_smmuv3 info;
	struct iommu_hw_info cmd = { .size = sizeof(cmd),
				     .data_len = sizeof(info),
				     .data_uptr = (uint64_t)(uintptr_t)&info };
	struct guest g;

	(void)state;
	guest_up(&g);
	cmd.dev_id = g.vm.dev_ids[0];
	memset(&info, 0xee, sizeof(info));
	assert_int_equal(iommufd_get_hw_info(g.vm.ctx, &cmd), 0);
	assert_int_equal(cmd.out_data_type, IOMMU_HW_INFO_TYPE_ARM_SMMUV3);
	assert_int_equal(cmd.data_len, sizeof(info));
	assert_int_equal(info.flags | info.__reserved, 0);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(info.idr[i],
				 smmu_mmio_read(g.r.smmu, SMMU_REG_IDR0 + 4 * i, 4));
	assert_int_equal(info.iidr, smmu_mmio_read(g.r.smmu, SMMU_REG_IIDR, 4));
	assert_int_equal(info.aidr, smmu_mmio_read(g.r.smmu, SMMU_REG_AIDR, 4));
	assert_int_equal(cmd.out_max_pasid_log2, 8);
	/* CORE-184: of the function. */
	assert_int_equal(cmd.out_capabilities & ~IOMMU_HW_CAP_DIRTY_TRACKING,
			 IOMMU_HW_CAP_PCI_PASID_EXEC | IOMMU_HW_CAP_PCI_PASID_PRIV);
	cmd.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
	cmd.in_data_type = 1;
	assert_int_equal(iommufd_get_hw_info(g.vm.ctx, &cmd), -EOPNOTSUPP);
	guest_down(&g);
}

/* DRV-59, DRV-115: nesting, and a way to keep the guest's memory coherent. */
static void viommu_needs(void **state)
{
	static const struct {
		unsigned s2p, fwb, fw_flags;
		bool force_sync;
		int parent, viommu;
	} cases[] = {
		{ 1, 1, 0, false, 0, 0 },
		{ 1, 0, IOMMU_FWSPEC_PCI_RC_CANWBS, false, 0, 0 },
		{ 1, 0, 0, false, 0, -EOPNOTSUPP },
		{ 0, 0, IOMMU_FWSPEC_PCI_RC_CANWBS, false, -EOPNOTSUPP, 0 },
		{ 1, 1, 0, true, 0, -EOPNOTSUPP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smmu_config cfg;
		struct smmu_pcie_config fn = pci_function(SID);
		const uint32_t sid = SID;
		struct pci_fn f = { .sid = 0 };
		struct rig r;
		struct vm vm;

		assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_V3_1), 0);
		cfg.sid_bits = 10;
		cfg.cmdqs = 10;
		cfg.eventqs = 7;
		cfg.s2p = (uint8_t)cases[i].s2p;
		cfg.fwb = (uint8_t)cases[i].fwb;
		if (!cfg.s2p)
			cfg.vmid16 = cfg.hyp = cfg.xnx = 0;
		rig_init(&r, &cfg);
		assert_int_equal(rig_probe(&r), 0);
		/* No part has this erratum and nests (DRV-11): so it is made up. */
		if (cases[i].force_sync)
			r.drv->features |= FEAT_CMDQ_FORCE_SYNC;
		fn.ats = fn.pri = fn.pasid_exec = fn.pasid_priv = false;
		fn.pasid_width = 0;
		vm_init(&vm, &r, 0);
		vm_bind(&vm, pci_add(&r, &f, "fn", &fn, &sid, 1, cases[i].fw_flags), SID);

		struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
		struct iommu_hwpt_alloc hwpt = { .size = sizeof(hwpt),
						 .flags = IOMMU_HWPT_ALLOC_NEST_PARENT,
						 .dev_id = vm.dev_ids[0] };
		struct iommu_viommu_alloc viommu = { .size = sizeof(viommu),
						     .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
						     .dev_id = vm.dev_ids[0] };
		assert_int_equal(iommufd_ioas_alloc(vm.ctx, &ioas), 0);
		hwpt.pt_id = ioas.out_ioas_id;
		assert_int_equal(iommufd_hwpt_alloc(vm.ctx, &hwpt), cases[i].parent);
		viommu.hwpt_id = hwpt.out_hwpt_id;
		if (!cases[i].parent)
			assert_int_equal(iommufd_viommu_alloc(vm.ctx, &viommu),
					 cases[i].viommu);
		vm_fini(&vm);
		iommu_dev_remove(f.dev);
		r.num_devs = 0;
		pci_remove(&f);
		rig_down(&r);
	}
}

/* DRV-116, DRV-118: nothing of one SMMU works on another. */
static void parent_of_another_smmu(void **state)
{
	struct iommu_viommu_alloc viommu = { .size = sizeof(viommu),
					     .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3 };
	const struct smmu_config cfg = vm_config();
	const uint32_t sid = 9;
	struct iommu_dev *far_dev;
	struct guest g;
	struct rig other;
	unsigned far;

	(void)state;
	guest_up(&g);
	rig_up(&other, &cfg);
	far_dev = rig_add(&other, "far", &sid, 1);
	far = vm_bind(&g.vm, far_dev, sid);
	viommu.dev_id = g.vm.dev_ids[far];
	viommu.hwpt_id = g.vm.parent;
	assert_int_equal(iommufd_viommu_alloc(g.vm.ctx, &viommu), -EINVAL);
	assert_int_equal(vm_attach(&g.vm, far, g.vm.parent), -EINVAL);
	assert_int_equal(vm_attach(&g.vm, far, g.nested), -EINVAL);
	assert_int_equal(iommufd_device_unbind(g.vm.ctx, g.vm.dev_ids[far]), 0);
	rig_down(&other);
	guest_down(&g);
}

static int no_event(void *ctx, uint32_t type, const void *data, size_t len)
{
	(void)ctx;
	(void)type;
	(void)data;
	(void)len;
	return 0;
}

static int flat_read(void *ctx, void *to, uint64_t uaddr, size_t len)
{
	(void)ctx;
	memcpy(to, (const void *)(uintptr_t)uaddr, len);
	return 0;
}

/* DRV-118: PASIDs that the host uses would lose their CDs; none for the guest's RID. */
static void host_pasids_are_in_the_way(void **state)
{
	const struct iommu_user_mem mem = { flat_read, NULL, NULL };
	struct iommu_domain *parent, *pasid, *nested;
	struct iommufd_viommu *viommu;
	struct smmu_pcie_config fn = pci_function(SID);
	struct smmu_config cfg = pci_config();
	uint64_t ste[2] = { 1 | SMMU_STE_CONFIG_BYPASS << 1, 0 };
	const struct iommu_user_data data = { &mem, IOMMU_HWPT_DATA_ARM_SMMUV3, 16,
					      (uint64_t)(uintptr_t)ste };
	const uint32_t sid = SID;
	struct pci_fn f = { .sid = 0 };
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = pci_add(&r, &f, "fn", &fn, &sid, 1, 0);
	assert_int_equal(iommu_paging_domain_alloc(dev, IOMMU_ALLOC_NEST_PARENT, &parent),
			 0);
	assert_int_equal(iommu_paging_domain_alloc(dev, IOMMU_ALLOC_PASID, &pasid), 0);
	assert_int_equal(iommufd_viommu_create(dev, IOMMU_VIOMMU_TYPE_ARM_SMMUV3, parent,
					       NULL, no_event, NULL, &viommu),
			 0);
	assert_int_equal(
		iommufd_viommu_nested_alloc(viommu, IOMMU_ALLOC_PASID, &data, &nested),
		-EOPNOTSUPP); /* DRV-117 */
	assert_int_equal(iommufd_viommu_nested_alloc(viommu, 0, &data, &nested), 0);
	assert_int_equal(iommu_attach_device_pasid(pasid, dev, 3, NULL), 0);
	assert_int_equal(iommu_attach_device(nested, dev), -EBUSY);
	iommu_detach_device_pasid(pasid, dev, 3);
	assert_int_equal(iommu_attach_device(nested, dev), 0);
	/* And the other way round: the guest's CDs are not for the host's PASIDs. */
	assert_int_equal(iommu_attach_device_pasid(pasid, dev, 3, NULL), -EINVAL);
	assert_int_equal(iommu_attach_device_pasid(nested, dev, 3, NULL), -EOPNOTSUPP);
	iommu_detach_device(nested, dev);
	iommu_domain_free(nested);
	iommufd_viommu_destroy(viommu);
	iommu_domain_free(pasid);
	iommu_domain_free(parent);
	iommu_dev_remove(dev);
	r.num_devs = 0;
	pci_remove(&f);
	rig_down(&r);
}

/* DRV-119: StreamIDs have 32 bits. */
static void vsid_has_32_bits(void **state)
{
	struct iommu_vdevice_alloc vdev = { .size = sizeof(vdev),
					    .virt_id = UINT64_C(1) << 32 };
	struct guest g;

	(void)state;
	guest_up(&g);
	assert_int_equal(vm_destroy(&g.vm, g.vm.vdev_ids[0]), 0);
	vdev.viommu_id = g.vm.viommu;
	vdev.dev_id = g.vm.dev_ids[0];
	assert_int_equal(iommufd_vdevice_alloc(g.vm.ctx, &vdev), -EINVAL);
	vdev.virt_id = UINT32_MAX;
	assert_int_equal(iommufd_vdevice_alloc(g.vm.ctx, &vdev), 0);
	guest_down(&g);
}

/* ---- Commands (DRV-120) ---- */

/* Which are for a guest: every opcode, with nothing else set but a StreamID. */
static void commands_accepted(void **state)
{
	static const uint8_t accepted[] = {
		SMMU_OP_TLBI_NSNH_ALL, SMMU_OP_TLBI_NH_ALL, SMMU_OP_TLBI_NH_ASID,
		SMMU_OP_TLBI_NH_VA,    SMMU_OP_TLBI_NH_VAA, SMMU_OP_ATC_INV,
		SMMU_OP_CFGI_CD,       SMMU_OP_CFGI_CD_ALL,
	};
	struct guest g;

	(void)state;
	guest_up(&g);
	for (unsigned op = 0; op < 256; op++) {
		bool ok = memchr(accepted, (int)op, sizeof(accepted));
		bool named = op == SMMU_OP_ATC_INV || op == SMMU_OP_CFGI_CD ||
			     op == SMMU_OP_CFGI_CD_ALL;
		uint64_t dw0 = op | (named ? (uint64_t)VSID << 32 : 0);

		g.num = 0;
		assert_int_equal(vm_invalidate1(&g.vm, dw0, 0), ok ? 0 : -EIO);
		if (!ok)
			assert_int_equal(g.num, 0);
	}
	guest_down(&g);
}

/* The guest's VMID is the parent's, whatever it says; words otherwise as they are. */
static void commands_get_the_vmid(void **state)
{
	static const struct {
		uint64_t in[2], out[2]; /* without the VMID */
	} cases[] = {
		{ { SMMU_OP_TLBI_NSNH_ALL, 0 }, { SMMU_OP_TLBI_NH_ALL, 0 } },
		{ { SMMU_OP_TLBI_NH_ALL | UINT64_C(0x77) << 32, 0 },
		  { SMMU_OP_TLBI_NH_ALL, 0 } },
		{ { SMMU_OP_TLBI_NH_ASID | UINT64_C(0x00070077) << 32, 0 },
		  { SMMU_OP_TLBI_NH_ASID | UINT64_C(0x00070000) << 32, 0 } },
		{ { SMMU_OP_TLBI_NH_VA | UINT64_C(0x0007ffff) << 32, VA | 1 },
		  { SMMU_OP_TLBI_NH_VA | UINT64_C(0x00070000) << 32, VA | 1 } },
		{ { SMMU_OP_TLBI_NH_VAA | UINT64_C(0xffff) << 32, VA },
		  { SMMU_OP_TLBI_NH_VAA, VA } },
		/* A range of 4 KB pages with a level. */
		{ { SMMU_OP_TLBI_NH_VA | 3 << 12 | 2 << 20, VA | 3 << 8 | 1 << 10 },
		  { SMMU_OP_TLBI_NH_VA | 3 << 12 | 2 << 20, VA | 3 << 8 | 1 << 10 } },
	};
	struct guest g;

	(void)state;
	guest_up(&g);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		g.num = 0;
		assert_int_equal(vm_invalidate1(&g.vm, cases[i].in[0], cases[i].in[1]),
				 0);
		assert_int_equal(g.num, 2);
		assert_int_equal(g.log[0][0], cases[i].out[0] | (uint64_t)g.vmid << 32);
		assert_int_equal(g.log[0][1], cases[i].out[1]);
		assert_int_equal(opcode(&g, 1), SMMU_OP_SYNC);
	}
	guest_down(&g);
}

/* The guest's name for a device becomes the machine's; others are nobody. */
static void commands_get_the_stream(void **state)
{
	static const uint64_t ops[] = { SMMU_OP_CFGI_CD | 3 << 12, SMMU_OP_CFGI_CD_ALL,
					SMMU_OP_ATC_INV | 1 << 11 | 9 << 12 };
	struct guest g;

	(void)state;
	guest_up(&g);
	replace_with(&g, SMMU_EATS_FULL);
	assert_true(pci_ats_on(&g.fn));
	for (unsigned i = 0; i < 3; i++) {
		g.num = 0;
		assert_int_equal(vm_invalidate1(&g.vm, ops[i] | (uint64_t)VSID << 32, 0),
				 0);
		assert_int_equal(g.num, 2);
		assert_int_equal(g.log[0][0], ops[i] | (uint64_t)SID << 32);
		g.num = 0;
		/* The machine's own number is not the guest's to say. */
		assert_int_equal(vm_invalidate1(&g.vm, ops[i] | (uint64_t)SID << 32, 0),
				 -EIO);
		assert_int_equal(g.num, 0);
	}
	guest_down(&g);
}

/* An ATC that cannot hold anything is not asked; a machine without ATS has none. */
static void commands_for_an_atc(void **state)
{
	struct guest g;

	(void)state;
	guest_up(&g);
	assert_false(pci_ats_on(&g.fn));
	g.num = 0;
	assert_int_equal(
		vm_invalidate1(&g.vm, SMMU_OP_ATC_INV | (uint64_t)VSID << 32, 52), 0);
	assert_int_equal(count(&g, SMMU_OP_ATC_INV), 0);
	replace_with(&g, SMMU_EATS_FULL);
	g.num = 0;
	assert_int_equal(
		vm_invalidate1(&g.vm, SMMU_OP_ATC_INV | (uint64_t)VSID << 32, 52), 0);
	assert_int_equal(count(&g, SMMU_OP_ATC_INV), 1);
	/* CMD-54: larger than everything. */
	assert_int_equal(
		vm_invalidate1(&g.vm, SMMU_OP_ATC_INV | (uint64_t)VSID << 32, 53), -EIO);
	guest_down(&g);
}

/* What would stop the queue of all (CERROR_ILL) is the guest's own error: guest_down()
 * looks at the queue. */
static void commands_that_are_illegal(void **state)
{
	static const struct {
		uint64_t dw[2];
		int err;
	} cases[] = {
		{ { SMMU_OP_TLBI_NH_VA, 1 << 10 }, -EIO }, /* CMD-43 */
		{ { SMMU_OP_TLBI_NH_VA, 1 << 10 | 3 << 8 }, 0 },
		{ { SMMU_OP_TLBI_NH_VA | 1 << 12, 1 << 10 }, 0 },
		{ { SMMU_OP_TLBI_NH_VA | 1 << 12, 0 }, -EIO }, /* CMD-42 */
		{ { SMMU_OP_TLBI_NH_VA | 1 << 20, 0 }, -EIO },
		{ { SMMU_OP_TLBI_NH_VA, 3 << 8 }, -EIO },
		{ { SMMU_OP_TLBI_NH_VAA, 2 << 10 | 1 << 8 }, -EIO }, /* CMD-43 */
		{ { SMMU_OP_TLBI_NH_VAA, 2 << 10 | 2 << 8 }, 0 },
		{ { SMMU_OP_TLBI_NH_VA | 32 << 20, 1 << 10 }, -EIO }, /* SCALE[5] */
		{ { SMMU_OP_TLBI_NH_ALL | 1 << 10, 0 }, -EIO },	      /* SSec */
		{ { SMMU_OP_CFGI_CD | 1 << 10 | (uint64_t)VSID << 32, 0 }, -EIO },
		{ { SMMU_OP_CFGI_CD_ALL | (uint64_t)VSID << 32, 1 }, -EIO },
		{ { SMMU_OP_TLBI_NSNH_ALL, 1 }, -EIO },
	};
	struct guest g;

	(void)state;
	guest_up(&g);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(vm_invalidate1(&g.vm, cases[i].dw[0], cases[i].dw[1]),
				 cases[i].err);
	/* Each single bit of each accepted command. */
	for (unsigned op = 0; op < 256; op++) {
		for (unsigned bit = 8; bit < 128; bit++) {
			uint64_t dw[2] = { op, 0 };

			if (op != SMMU_OP_TLBI_NH_ALL && op != SMMU_OP_TLBI_NH_VA &&
			    op != SMMU_OP_ATC_INV && op != SMMU_OP_CFGI_CD)
				continue;
			if (op == SMMU_OP_ATC_INV || op == SMMU_OP_CFGI_CD)
				dw[0] |= (uint64_t)VSID << 32;
			dw[bit / 64] ^= UINT64_C(1) << bit % 64;
			(void)vm_invalidate1(&g.vm, dw[0], dw[1]);
		}
	}
	guest_down(&g);
}

/* DRV-120, DRV-121, CORE-179, CORE-180, CORE-182: arrays. */
static void command_arrays(void **state)
{
	uint64_t cmds[200][2];
	uint32_t done;
	struct guest g;

	(void)state;
	guest_up(&g);
	for (unsigned i = 0; i < 200; i++) {
		cmds[i][0] = SMMU_OP_TLBI_NH_VA | UINT64_C(7) << 48;
		cmds[i][1] = VA + i * 4096;
	}
	g.num = 0;
	assert_int_equal(vm_invalidate(&g.vm, (const uint64_t(*)[2])cmds, 200, &done), 0);
	assert_int_equal(done, 200);
	/* All of them in order, and one SYNC, at the end. */
	assert_int_equal(g.num, 201);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(g.log[i][1], cmds[i][1]);
	assert_int_equal(opcode(&g, 200), SMMU_OP_SYNC);
	/* A mistake at each place of interest: what is before it is done, what is behind
	 * not. */
	static const unsigned places[] = { 0, 1, 62, 63, 64, 65, 127, 128, 199 };
	for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
		unsigned at = places[p];
		uint64_t saved = cmds[at][0];

		cmds[at][0] = SMMU_OP_CFGI_STE;
		g.num = 0;
		assert_int_equal(
			vm_invalidate(&g.vm, (const uint64_t(*)[2])cmds, 200, &done),
			-EIO);
		assert_int_equal(done, at);
		assert_int_equal(count(&g, SMMU_OP_TLBI_NH_VA), at);
		assert_int_equal(count(&g, SMMU_OP_SYNC), at ? 1 : 0);
		cmds[at][0] = saved;
		/* The caller mends it and goes on. */
		g.num = 0;
		assert_int_equal(vm_invalidate(&g.vm, (const uint64_t(*)[2])(cmds + at),
					       200 - at, &done),
				 0);
		assert_int_equal(count(&g, SMMU_OP_TLBI_NH_VA), 200 - at);
	}
	guest_down(&g);
}

/* CORE-178, CORE-181, CORE-137: types, lengths, memory that is not there. */
static void command_array_arguments(void **state)
{
	uint64_t cmds[4][4] = { { SMMU_OP_TLBI_NH_ALL }, { SMMU_OP_TLBI_NH_ALL } };
	const uint64_t at = (uint64_t)(uintptr_t)cmds;
	struct guest g;

	(void)state;
	guest_up(&g);
	g.vm.hole = VM_UADDR + 4096;
	g.vm.hole_end = VM_UADDR + 8192;
	for (unsigned i = 0; i < 4096; i += 8)
		vm_poke(&g.vm, VM_GPA + i, i % 16 ? 0 : SMMU_OP_TLBI_NH_ALL);
	const struct {
		uint32_t type, len, num;
		uint64_t uptr;
		int err;
		uint32_t done;
	} cases[] = {
		{ 1, 0, 0, 0, 0, 0 },
		{ 0, 0, 0, 0, -EINVAL, 0 },
		{ 2, 0, 0, 0, -EINVAL, 0 },
		{ 2, 32, 1, at, -EINVAL, 0 },
		{ 1, 8, 1, at, -EINVAL, 0 },
		{ 1, 15, 1, at, -EINVAL, 0 },
		{ 1, 32, 2, at, 0, 2 },	   /* longer, its tail zero */
		{ 1, 16, 2, at, -EIO, 1 }, /* the tail is a command then */
		{ 1, 24, 1, at, 0, 1 },
		{ 1, 16, 256, VM_UADDR, 0, 256 },
		{ 1, 16, 300, VM_UADDR, -EFAULT, 256 },
		{ 1, 16, 3, VM_UADDR + 4096, -EFAULT, 0 },
		{ 1, 16, UINT32_MAX, VM_UADDR, -EFAULT, 256 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_hwpt_invalidate inv = { .size = sizeof(inv),
						     .hwpt_id = g.vm.viommu,
						     .data_uptr = cases[i].uptr,
						     .data_type = cases[i].type,
						     .entry_len = cases[i].len,
						     .entry_num = cases[i].num };
		assert_int_equal(iommufd_hwpt_invalidate(g.vm.ctx, &inv), cases[i].err);
		assert_int_equal(inv.entry_num, cases[i].done);
	}
	cmds[0][2] = 1; /* what we do not know, and it is not zero */
	struct iommu_hwpt_invalidate inv = { .size = sizeof(inv),
					     .hwpt_id = g.vm.viommu,
					     .data_uptr = at,
					     .data_type = 1,
					     .entry_len = 24,
					     .entry_num = 1 };
	assert_int_equal(iommufd_hwpt_invalidate(g.vm.ctx, &inv), -E2BIG);
	/* CORE-178: a nested HWPT of a vIOMMU is not where its caches are. */
	inv.hwpt_id = g.nested;
	assert_int_equal(iommufd_hwpt_invalidate(g.vm.ctx, &inv), -EOPNOTSUPP);
	guest_down(&g);
}

/* What it is all for: a guest changes its table, and then says so. */
static void guest_invalidates_its_table(void **state)
{
	uint64_t value = 1, other;
	struct guest g;

	(void)state;
	guest_up(&g);
	other = vm_alloc(&g.vm, 4096);
	assert_int_equal(rig_dma(&g.r, SID, VA, true, &value).status, SMMU_OK);
	vm_map(&g.vm, g.table, VA, other);
	value = 2;
	assert_int_equal(rig_dma(&g.r, SID, VA, true, &value).status, SMMU_OK);
	assert_int_equal(vm_peek(&g.vm, g.page), 2); /* stale, as on hardware */
	assert_int_equal(
		vm_invalidate1(&g.vm, SMMU_OP_TLBI_NH_VA | UINT64_C(7) << 48, VA | 1), 0);
	value = 3;
	assert_int_equal(rig_dma(&g.r, SID, VA, true, &value).status, SMMU_OK);
	assert_int_equal(vm_peek(&g.vm, other), 3);
	guest_down(&g);
}

/* ---- ATS (DRV-117, DRV-118) ---- */

static void ats_as_the_guest_wants(void **state)
{
	struct guest g;
	uint64_t ste[2];

	(void)state;
	guest_up(&g);
	assert_false(pci_ats_on(&g.fn));
	replace_with(&g, SMMU_EATS_FULL);
	assert_true(pci_ats_on(&g.fn));
	ste[1] = hw_load(&arm_smmu_strtab_ste(g.r.drv, SID)[1]);
	assert_int_equal(smmu_get(ste, SMMU_STE_EATS), SMMU_EATS_FULL);
	replace_with(&g, SMMU_EATS_OFF);
	assert_false(pci_ats_on(&g.fn));
	ste[1] = hw_load(&arm_smmu_strtab_ste(g.r.drv, SID)[1]);
	assert_int_equal(smmu_get(ste, SMMU_STE_EATS), SMMU_EATS_OFF);
	/* A bypassing or aborting guest has none, whatever EATS says. */
	uint64_t bypass[SMMU_STE_DWORDS] = { 0 };
	uint32_t id;
	smmu_set(bypass, SMMU_STE_V, 1);
	smmu_set(bypass, SMMU_STE_Config, SMMU_STE_CONFIG_BYPASS);
	smmu_set(bypass, SMMU_STE_EATS, SMMU_EATS_FULL);
	assert_int_equal(vm_nested(&g.vm, 0, bypass[0], bypass[1], &id), 0);
	assert_int_equal(vm_replace(&g.vm, 0, id), 0);
	assert_false(pci_ats_on(&g.fn));
	guest_down(&g);
}

/* DRV-124: stage 2, then everything that stage 1 made of it, then the whole ATC. */
static void unmap_under_a_guest(void **state)
{
	struct iommu_ioas_unmap unmap = { .size = sizeof(unmap),
					  .iova = VM_GPA,
					  .length = VM_SIZE };
	uint64_t value = 1;
	unsigned i = 0;
	struct guest g;

	(void)state;
	guest_up(&g);
	replace_with(&g, SMMU_EATS_FULL);
	assert_int_equal(pci_dma(&g.fn, 0, VA, true, &value), 0);
	assert_true(pci_stats(&g.fn).atc_entries > 0);
	g.num = 0;
	unmap.ioas_id = g.vm.ioas;
	assert_int_equal(iommufd_ioas_unmap(g.vm.ctx, &unmap), 0);
	while (opcode(&g, i) == SMMU_OP_TLBI_S2_IPA ||
	       opcode(&g, i) == SMMU_OP_TLBI_S12_VMALL) {
		assert_int_equal(g.log[i][0] >> 32 & 0xffff, g.vmid);
		i++;
	}
	assert_true(i > 0);
	assert_int_equal(opcode(&g, i++), SMMU_OP_SYNC);
	if (opcode(&g, 0) == SMMU_OP_TLBI_S2_IPA) {
		assert_int_equal(g.log[i][0],
				 SMMU_OP_TLBI_NH_ALL | (uint64_t)g.vmid << 32);
		i++;
		assert_int_equal(opcode(&g, i++), SMMU_OP_SYNC);
	}
	assert_int_equal(g.log[i][0], SMMU_OP_ATC_INV | (uint64_t)SID << 32);
	assert_int_equal(g.log[i++][1], 52);
	assert_int_equal(opcode(&g, i++), SMMU_OP_SYNC);
	assert_int_equal(pci_stats(&g.fn).atc_entries, 0);
	assert_int_not_equal(pci_dma(&g.fn, 0, VA, true, &value), 0);
	guest_down(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guest_hw_info),
		cmocka_unit_test(viommu_needs),
		cmocka_unit_test(parent_of_another_smmu),
		cmocka_unit_test(host_pasids_are_in_the_way),
		cmocka_unit_test(vsid_has_32_bits),
		cmocka_unit_test(commands_accepted),
		cmocka_unit_test(commands_get_the_vmid),
		cmocka_unit_test(commands_get_the_stream),
		cmocka_unit_test(commands_for_an_atc),
		cmocka_unit_test(commands_that_are_illegal),
		cmocka_unit_test(command_arrays),
		cmocka_unit_test(command_array_arguments),
		cmocka_unit_test(guest_invalidates_its_table),
		cmocka_unit_test(ats_as_the_guest_wants),
		cmocka_unit_test(unmap_under_a_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
