/* SPDX-License-Identifier: MIT */
/* The interface before nested HWPTs, and its rule of lengths beside today's (CORE-185 to
 * CORE-191). */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "driver/strtab.h"
#include "driver/vsmmu.h"
#include "user/vm.h"

#define VA UINT64_C(0x12345000)

struct guest {
	struct rig r;
	struct vm vm;
	uint64_t cd, page;
	struct iommu_pasid_table_config cfg;
};

static void guest_up(struct guest *g)
{
	const struct smmu_config cfg = vm_config();
	uint64_t table;

	memset(g, 0, sizeof(*g));
	rig_up(&g->r, &cfg);
	vm_init(&g->vm, &g->r, 0);
	for (uint32_t sid = 5; sid < 7; sid++)
		vm_bind(&g->vm, rig_add(&g->r, sid == 5 ? "a" : "b", &sid, 1), sid);
	vm_make_viommu(&g->vm, 4);
	table = vm_table(&g->vm);
	g->page = vm_alloc(&g->vm, 4096);
	vm_map(&g->vm, table, VA, g->page);
	g->cd = vm_cd(&g->vm, table, 7);
	g->cfg = (struct iommu_pasid_table_config){
		.argsz = sizeof(g->cfg),
		.version = 1,
		.format = IOMMU_PASID_FORMAT_SMMUV3,
		.base_ptr = g->cd,
		.config = IOMMU_PASID_CONFIG_TRANSLATE,
		.smmuv3 = { .version = 1 },
	};
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(vm_attach(&g->vm, i, g->vm.parent), 0);
}

static void guest_down(struct guest *g)
{
	vm_fini(&g->vm);
	rig_down(&g->r);
}

static int attach(struct guest *g, const void *cfg)
{
	return iommufd_attach_pasid_table(g->vm.ctx, g->vm.parent,
					  (uint64_t)(uintptr_t)cfg);
}

static int dma(struct guest *g, uint32_t sid, uint64_t at)
{
	uint64_t value = 5;

	return rig_dma(&g->r, sid, at, true, &value).status;
}

static uint64_t ste_config(struct guest *g, uint32_t sid)
{
	uint64_t ste = hw_load(arm_smmu_strtab_ste(g->r.drv, sid));

	return smmu_get(&ste, SMMU_STE_Config);
}

/* CORE-191: each configuration, for every device of the domain, and back. */
static void table_configs(void **state)
{
	struct guest g;

	(void)state;
	guest_up(&g);
	for (uint8_t config = 1; config <= 3; config++) {
		g.cfg.config = config;
		assert_int_equal(attach(&g, &g.cfg), 0);
		assert_int_equal(attach(&g, &g.cfg), -EINVAL); /* it has one */
		for (uint32_t sid = 5; sid < 7; sid++) {
			assert_int_equal(ste_config(&g, sid),
					 config == 1   ? SMMU_STE_CONFIG_NESTED
					 : config == 2 ? SMMU_STE_CONFIG_S2
						       : SMMU_STE_CONFIG_ABORT);
			assert_int_equal(dma(&g, sid, VA),
					 config == 1 ? SMMU_OK : SMMU_ABORT);
			assert_int_equal(dma(&g, sid, g.page),
					 config == 2 ? SMMU_OK : SMMU_ABORT);
		}
		assert_int_equal(vm_destroy(&g.vm, g.vm.parent), -EBUSY);
		iommufd_detach_pasid_table(g.vm.ctx, g.vm.parent);
		assert_int_equal(ste_config(&g, 5), SMMU_STE_CONFIG_S2);
		assert_int_equal(ste_config(&g, 6), SMMU_STE_CONFIG_S2);
		assert_int_equal(dma(&g, 5, g.page), SMMU_OK);
	}
	iommufd_detach_pasid_table(g.vm.ctx, g.vm.parent); /* CORE-185: none, nothing */
	iommufd_detach_pasid_table(g.vm.ctx, 999);
	/* What is on at the end of the context goes with it. */
	g.cfg.config = 1;
	assert_int_equal(attach(&g, &g.cfg), 0);
	guest_down(&g);
}

/* CORE-191: s1fmt, s1dss and pasid_bits arrive in the STE. */
static void table_fields(void **state)
{
	uint64_t ste[2];
	struct guest g;

	(void)state;
	guest_up(&g);
	g.cfg.pasid_bits = 9;
	g.cfg.smmuv3.s1fmt = 2;
	g.cfg.smmuv3.s1dss = 1;
	assert_int_equal(attach(&g, &g.cfg), 0);
	for (unsigned i = 0; i < 2; i++)
		ste[i] = hw_load(&arm_smmu_strtab_ste(g.r.drv, 5)[i]);
	assert_int_equal(smmu_get(ste, SMMU_STE_S1CDMax), 9);
	assert_int_equal(smmu_get(ste, SMMU_STE_S1Fmt), 2);
	assert_int_equal(smmu_get(ste, SMMU_STE_S1DSS), 1);
	assert_int_equal(smmu_get_addr(ste, SMMU_STE_S1ContextPtr), g.cd);
	guest_down(&g);
}

/* CORE-185, CORE-186, CORE-189: what is refused, one mistake at a time. */
static void table_errors(void **state)
{
	static const struct {
		size_t offset;
		uint8_t value; /* of the byte there */
		int err;
		uint8_t config;
	} cases[] = {
#define AT(f) offsetof(struct iommu_pasid_table_config, f)
		{ AT(flags), 1, -EINVAL, 1 },
		{ AT(version), 0, -EINVAL, 1 },
		{ AT(version), 2, -EINVAL, 1 },
		{ AT(format), 0, -EINVAL, 1 },
		{ AT(format), 2, -EINVAL, 1 },
		{ AT(config), 0, -EINVAL, 0 },
		{ AT(config), 4, -EINVAL, 4 },
		{ AT(padding), 1, -EINVAL, 1 },
		{ AT(padding) + 5, 0x80, -EINVAL, 1 },
		{ AT(base_ptr), 1, -EINVAL, 1 },
		{ AT(base_ptr) + 7, 1, -EINVAL, 1 },
		{ AT(pasid_bits), 21, -EINVAL, 1 },
		{ AT(smmuv3.version), 2, -EINVAL, 1 },
		{ AT(smmuv3.s1fmt), 4, -EINVAL, 1 },
		{ AT(smmuv3.s1dss), 4, -EINVAL, 1 },
		{ AT(smmuv3.padding), 1, -EINVAL, 1 },
		{ AT(smmuv3.padding) + 1, 1, -EINVAL, 1 },
		/* Nobody looks at it where nothing is translated. */
		{ AT(smmuv3.version), 2, 0, 2 },
		{ AT(smmuv3.s1dss), 4, 0, 3 },
	};
	struct guest g;

	(void)state;
	guest_up(&g);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_pasid_table_config cfg = g.cfg;

		cfg.config = cases[i].config;
		((uint8_t *)&cfg)[cases[i].offset] = cases[i].value;
		assert_int_equal(attach(&g, &cfg), cases[i].err);
		if (!cases[i].err)
			iommufd_detach_pasid_table(g.vm.ctx, g.vm.parent);
	}
	assert_int_equal(attach(&g, NULL), -EFAULT);
	/* CORE-191: nobody, no parent, nobody in it. */
	assert_int_equal(
		iommufd_attach_pasid_table(g.vm.ctx, 999, (uint64_t)(uintptr_t)&g.cfg),
		-ENOENT);
	assert_int_equal(iommufd_attach_pasid_table(g.vm.ctx, g.vm.ioas,
						    (uint64_t)(uintptr_t)&g.cfg),
			 -ENOENT);
	struct iommu_hwpt_alloc plain = { .size = sizeof(plain),
					  .dev_id = g.vm.dev_ids[0],
					  .pt_id = g.vm.ioas };
	assert_int_equal(iommufd_hwpt_alloc(g.vm.ctx, &plain), 0);
	assert_int_equal(iommufd_attach_pasid_table(g.vm.ctx, plain.out_hwpt_id,
						    (uint64_t)(uintptr_t)&g.cfg),
			 -EINVAL);
	assert_int_equal(vm_detach(&g.vm, 0), 0);
	assert_int_equal(vm_detach(&g.vm, 1), 0);
	assert_int_equal(attach(&g, &g.cfg), -EINVAL);
	/* CORE-185: a driver that cannot. */
	assert_int_equal(vm_attach(&g.vm, 0, g.vm.parent), 0);
	g.r.drv->features |= FEAT_CMDQ_FORCE_SYNC;
	assert_int_equal(attach(&g, &g.cfg), -ENODEV);
	g.r.drv->features &= ~(unsigned)FEAT_CMDQ_FORCE_SYNC;
	assert_int_equal(attach(&g, &g.cfg), 0);
	guest_down(&g);
}

/*
 * CORE-187, CORE-188, CORE-190: both rules on one table. A caller's structure of `user`
 * bytes, ours of `ours`, `min` of it a must, the tail beyond ours zero or not.
 */
static void lengths_both_rules(void **state)
{
	static const struct {
		int user; /* relative to ours, or -100: to min */
		bool tail;
		int argsz_err, size_err;
	} cases[] = {
		{ -101, false, -EINVAL, -EINVAL }, /* older than can be */
		{ -100, false, 0, 0 },		   /* the oldest */
		{ -1, false, 0, 0 },		   /* between the two */
		{ 0, false, 0, 0 },
		{ 1, false, -EINVAL, 0 }, /* newer, and says nothing new */
		{ 8, false, -EINVAL, 0 },
		{ 1, true, -EINVAL, -E2BIG }, /* newer, and does */
		{ 8, true, -EINVAL, -E2BIG },
	};
	struct guest g;

	(void)state;
	guest_up(&g);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* What the caller has not prepared cannot even be read. */
		const uint64_t page = VM_UADDR + VM_SIZE - 8192, end = page + 4096;
		struct iommu_pasid_table_config cfg = g.cfg;
		struct iommu_hwpt_alloc hwpt = { .dev_id = g.vm.dev_ids[0],
						 .pt_id = g.vm.ioas };
		unsigned char buf[64] = { 0 };
		bool from_min = cases[i].user <= -100;
		uint32_t n;

		g.vm.hole = end;
		g.vm.hole_end = end + 4096;
		n = (uint32_t)((from_min ? 32 + 100 : (int)sizeof(cfg)) + cases[i].user);
		cfg.argsz = n;
		cfg.config = IOMMU_PASID_CONFIG_BYPASS; /* as the oldest can say */
		memcpy(buf, &cfg, sizeof(cfg));
		memset(buf + sizeof(cfg), cases[i].tail, sizeof(buf) - sizeof(cfg));
		memcpy(smmu_bus_ptr(g.r.bus, g.vm.pa + (end - n - VM_UADDR), n), buf, n);
		assert_int_equal(
			iommufd_attach_pasid_table(g.vm.ctx, g.vm.parent, end - n),
			cases[i].argsz_err);
		iommufd_detach_pasid_table(g.vm.ctx, g.vm.parent);

		n = (uint32_t)((from_min ? 24 + 100 : (int)sizeof(hwpt)) + cases[i].user);
		hwpt.size = n;
		memset(buf, 0, sizeof(buf));
		memcpy(buf, &hwpt, sizeof(hwpt));
		memset(buf + sizeof(hwpt), cases[i].tail, sizeof(buf) - sizeof(hwpt));
		memcpy(smmu_bus_ptr(g.r.bus, g.vm.pa + (end - n - VM_UADDR), n), buf, n);
		assert_int_equal(iommufd_ioctl(g.vm.ctx, IOMMUFD_CMD_HWPT_ALLOC, end - n),
				 cases[i].size_err);
	}
	/* CORE-188: with TRANSLATE the vendor's part must lie inside. */
	g.vm.hole = g.vm.hole_end = 0;
	g.cfg.argsz = 32;
	assert_int_equal(attach(&g, &g.cfg), -EINVAL);
	g.cfg.argsz = 39;
	assert_int_equal(attach(&g, &g.cfg), -EINVAL);
	g.cfg.argsz = 40;
	assert_int_equal(attach(&g, &g.cfg), 0);
	guest_down(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_configs),
		cmocka_unit_test(table_fields),
		cmocka_unit_test(table_errors),
		cmocka_unit_test(lengths_both_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
