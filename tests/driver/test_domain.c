/* SPDX-License-Identifier: MIT */
/*
 * Devices and domains against the model: DMA goes where the domain says, faults
 * where it says nothing, and nothing stale is ever used.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "driver/cdtab.h"
#include "driver/rig.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)

/* Attaches behind the core's back: it has no call for static domains. */
static void set_static(struct iommu_dev *dev, struct iommu_domain *domain)
{
	assert_int_equal(domain->ops->attach_dev(domain, dev, NULL), 0);
}

static void expect_ok(struct rig *r, uint32_t sid, uint64_t iova, uint64_t pa)
{
	uint64_t value = iova ^ pa ^ 0x5a5a;
	struct smmu_result res;

	res = rig_dma(r, sid, iova, true, &value);
	assert_int_equal(res.status, SMMU_OK);
	assert_int_equal(rig_peek(r, pa), iova ^ pa ^ 0x5a5a);
	rig_poke(r, pa, ~value);
	res = rig_dma(r, sid, iova, false, &value);
	assert_int_equal(res.status, SMMU_OK);
	assert_int_equal(value, ~(iova ^ pa ^ 0x5a5a));
}

/* A DMA that must end in this event, told to the core with this address. */
static void expect_fault(struct rig *r, uint32_t sid, uint64_t iova, bool write,
			 const char *reason)
{
	unsigned before = r->faults;
	uint64_t value = 0;

	assert_int_equal(rig_dma(r, sid, iova, write, &value).status, SMMU_ABORT);
	assert_int_equal(r->faults, before + 1);
	assert_string_equal(r->reason, reason);
	assert_int_equal(r->fault.id, sid);
	assert_int_equal(r->fault.iova, iova);
	assert_int_equal(r->fault.flags & (IOMMU_FAULT_READ | IOMMU_FAULT_WRITE),
			 write ? IOMMU_FAULT_WRITE : IOMMU_FAULT_READ);
}

/* A DMA of a StreamID that is nobody's. */
static void expect_stray(struct rig *r, uint32_t sid)
{
	uint64_t value = 0;

	assert_int_equal(rig_dma(r, sid, MIB(1), false, &value).status, SMMU_ABORT);
	assert_string_equal(r->reason, "C_BAD_STREAMID");
}

static struct iommu_domain *alloc(struct iommu_dev *dev, uint32_t flags)
{
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommu_paging_domain_alloc(dev, flags, &domain), 0);
	return domain;
}

/* ---- Devices ---- */

/* DRV-26, DRV-33: ids are merged and sorted; all of them are served. */
static void device_with_several_streams(void **state)
{
	const uint32_t sids[] = { 300, 7, 300, 12, 7 };
	struct iommu_domain *domain;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "bridge", sids, 5);
	assert_true(iommu_dev_has_iommu(dev));
	assert_int_equal(((struct arm_smmu_master *)iommu_dev_priv(dev))->num_sids, 3);
	domain = alloc(dev, 0);
	assert_int_equal(iommu_map(domain, MIB(1), DATA_BASE, KIB(8), RW), 0);
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	expect_ok(&r, 7, MIB(1), DATA_BASE);
	expect_ok(&r, 12, MIB(1) + 8, DATA_BASE + 8);
	expect_ok(&r, 300, MIB(1) + KIB(4), DATA_BASE + KIB(4));
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* DRV-24, DRV-26: a StreamID too wide, or somebody else's, and nothing is changed. */
static void device_with_impossible_streams(void **state)
{
	const uint32_t mine = 9, wide[] = { 10, 1024 }, last = 1023, both[] = { 11, 9 };
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	rig_add(&r, "mine", &mine, 1);
	dev = rig_add(&r, "wide", wide, 2);
	assert_int_equal(iommu_probe_device(dev), -ERANGE);
	assert_false(iommu_dev_has_iommu(dev));
	assert_non_null(strstr(r.last, "0x400"));
	assert_non_null(strstr(r.last, "wide"));
	dev = rig_add(&r, "thief", both, 2);
	assert_int_equal(iommu_probe_device(dev), -ENODEV);
	assert_non_null(strstr(r.last, "mine"));
	/* The refused ones left no claim on 10 and 11. */
	assert_true(iommu_dev_has_iommu(rig_add(&r, "ten", wide, 1)));
	assert_true(iommu_dev_has_iommu(rig_add(&r, "eleven", both, 1)));
	assert_true(iommu_dev_has_iommu(rig_add(&r, "last", &last, 1)));
	rig_down(&r);
}

/* DRV-33: one cell. */
static void device_with_wrong_cells(void **state)
{
	const uint32_t sid = 4;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "dev", &sid, 0);
	r.devs[0].num_sids = 1;
	r.devs[0].cells = 2;
	assert_int_equal(iommu_dev_configure(dev), -EINVAL);
	r.devs[0].cells = 1;
	assert_int_equal(iommu_dev_configure(dev), 0);
	assert_true(iommu_capable(dev, IOMMU_CAP_CACHE_COHERENCY)); /* DRV-34 */
	assert_true(iommu_capable(dev, IOMMU_CAP_NOEXEC));
	assert_false(iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING));
	rig_down(&r);
}

/* DRV-32: nothing of a device that left gets through, nor of its StreamIDs' next owner.
 */
static void device_released_is_aborted(void **state)
{
	const uint32_t sid = 40;
	uint64_t value = 0;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "dev", &sid, 1);
	set_static(dev, arm_smmu_ops.identity_domain);
	expect_ok(&r, sid, DATA_BASE, DATA_BASE);
	iommu_dev_remove(dev);
	r.num_devs = 0;
	r.faults = 0;
	assert_int_equal(rig_dma(&r, sid, DATA_BASE, false, &value).status, SMMU_ABORT);
	assert_int_equal(r.faults, 0); /* aborted by its STE, which records nothing */
	assert_true(iommu_dev_has_iommu(rig_add(&r, "next", &sid, 1)));
	rig_down(&r);
}

/*
 * CACHE-62, DRV-24: before the device came, a DMA with its StreamID had the SMMU cache
 * that there is no level-2 table.
 */
static void device_after_a_stray_dma(void **state)
{
	const uint32_t sids[] = { 512, 769 };
	struct iommu_domain *domain;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	expect_stray(&r, 512);
	expect_stray(&r, 1023); /* in the level-2 table of 769 */
	dev = rig_add(&r, "late", sids, 2);
	domain = alloc(dev, 0);
	assert_int_equal(iommu_map(domain, MIB(1), DATA_BASE, KIB(4), RW), 0);
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	expect_ok(&r, 512, MIB(1), DATA_BASE);
	expect_ok(&r, 769, MIB(1), DATA_BASE); /* DRV-54: all its StreamIDs */
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* DRV-35 */
static void device_reserves_the_msi_window(void **state)
{
	struct iommu_resv_list list = { 0 };
	const uint32_t sid = 4;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	assert_int_equal(iommu_get_resv_regions(rig_add(&r, "dev", &sid, 1), &list), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.regions[0].start, 0x8000000);
	assert_int_equal(list.regions[0].length, 0x100000);
	assert_int_equal(list.regions[0].type, IOMMU_RESV_SW_MSI);
	iommu_resv_list_free(&list);
	rig_down(&r);
}

/* ---- Domains ---- */

/* DRV-62, DRV-85 */
static void static_domains(void **state)
{
	const uint32_t sid = 17;
	uint64_t value = 0;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "dev", &sid, 1);
	set_static(dev, arm_smmu_ops.identity_domain);
	expect_ok(&r, sid, DATA_BASE + KIB(4), DATA_BASE + KIB(4));
	r.faults = 0;
	set_static(dev, arm_smmu_ops.blocked_domain);
	assert_int_equal(rig_dma(&r, sid, DATA_BASE, true, &value).status, SMMU_ABORT);
	assert_int_equal(r.faults, 0);
	rig_down(&r);
}

static void use_domain(struct rig *r, struct iommu_dev *dev, uint32_t sid, uint32_t flags)
{
	struct iommu_domain *domain = alloc(dev, flags);
	uint64_t page = domain->pgsize_bitmap & -domain->pgsize_bitmap;

	assert_int_equal(iommu_attach_device(domain, dev), 0);
	expect_fault(r, sid, MIB(64), true, "F_TRANSLATION");
	assert_ptr_equal(r->fault_dev, dev);
	/* Map: nothing is to be invalidated, since not-present is never cached. */
	assert_int_equal(iommu_map(domain, MIB(64), DATA_BASE, page, RW), 0);
	assert_int_equal(
		iommu_map(domain, MIB(64) + page, DATA_BASE + MIB(1), page, IOMMU_READ),
		0);
	expect_ok(r, sid, MIB(64) + 8, DATA_BASE + 8);
	assert_int_equal(iommu_iova_to_phys(domain, MIB(64) + 8), DATA_BASE + 8);
	expect_fault(r, sid, MIB(64) + page, true, "F_PERMISSION");
	assert_int_equal(iommu_unmap(domain, MIB(64), 2 * page), 2 * page);
	expect_fault(r, sid, MIB(64) + 8, false, "F_TRANSLATION");
	expect_fault(r, sid, MIB(64) + page, false, "F_TRANSLATION");
	assert_int_equal(iommu_iova_to_phys(domain, MIB(64)), 0);
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
}

static void paging_domains_of_every_preset(void **state)
{
	(void)state;
	for (int p = 0; p < SMMU_PRESET_COUNT; p++) {
		const uint32_t sid = 33;
		struct smmu_config cfg;
		struct iommu_dev *dev;
		struct rig r;

		assert_int_equal(smmu_config_init(&cfg, (enum smmu_preset)p), 0);
		rig_init(&r, &cfg);
		r.desc.coherent = cfg.cohacc;
		assert_int_equal(rig_probe(&r), 0);
		dev = rig_add(&r, "dev", &sid, 1);
		assert_true(iommu_dev_has_iommu(dev));
		use_domain(&r, dev, sid, 0);
		if (cfg.s2p)
			use_domain(&r, dev, sid, IOMMU_ALLOC_STAGE2);
		assert_int_equal(r.errors, 0);
		rig_down(&r);
	}
}

static void paging_domains_of_every_granule(void **state)
{
	(void)state;
	for (unsigned g = 1; g < 8; g++) {
		const uint32_t sid = 2;
		struct smmu_config cfg = rig_config();
		struct iommu_dev *dev;
		struct rig r;

		cfg.gran4k = g & 1;
		cfg.gran16k = g >> 1 & 1;
		cfg.gran64k = g >> 2 & 1;
		rig_up(&r, &cfg);
		dev = rig_add(&r, "dev", &sid, 1);
		use_domain(&r, dev, sid, 0);
		use_domain(&r, dev, sid, IOMMU_ALLOC_STAGE2);
		rig_down(&r);
	}
}

/*
 * Every page size of every granule and stage, through the model's own walker; from v3.4
 * on with 52 bits and the layout of DS (CD-29, STE-65).
 */
static void blocks_reach_memory(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		const uint32_t sid = 2;
		struct smmu_config cfg = rig_config();
		unsigned g = i % 6;
		struct iommu_domain *domain;
		struct iommu_dev *dev;
		struct rig r;

		if (i >= 6) {
			assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_V3_4), 0);
			cfg.sid_bits = 10;
		}
		cfg.gran4k = g / 2 == 0;
		cfg.gran16k = g / 2 <= 1;
		if (i >= 6 && g / 2 == 2)
			cfg.ds = 0; /* which is for the others */
		rig_up(&r, &cfg);
		dev = rig_add(&r, "dev", &sid, 1);
		domain = alloc(dev, g & 1 ? IOMMU_ALLOC_STAGE2 : 0);
		assert_int_equal(iommu_attach_device(domain, dev), 0);
		if (i >= 6)
			assert_int_equal(domain->aperture_last, (UINT64_C(1) << 52) - 1);
		for (uint64_t s = domain->pgsize_bitmap; s; s &= s - 1) {
			uint64_t size = s & -s, pa = DATA_BASE & ~(size - 1),
				 iova = i < 6 ? 3 * size
					      : domain->aperture_last - 3 * size + 1;

			assert_int_equal(iommu_map(domain, iova, pa, size, RW), 0);
			expect_ok(&r, sid, iova + (DATA_BASE - pa), DATA_BASE);
			assert_int_equal(iommu_unmap(domain, iova, size), size);
			expect_fault(&r, sid, iova + (DATA_BASE - pa), true,
				     "F_TRANSLATION");
		}
		iommu_detach_device(domain, dev);
		iommu_domain_free(domain);
		rig_down(&r);
	}
}

/* DRV-59 */
static void allocation_flags(void **state)
{
	const uint32_t sid = 2;
	struct iommu_domain *domain = NULL;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "dev", &sid, 1);
	domain = alloc(dev, IOMMU_ALLOC_NEST_PARENT);
	assert_int_equal(to_domain(domain)->stage, STAGE_2);
	iommu_domain_free(domain);
	assert_int_equal(
		iommu_paging_domain_alloc(dev, IOMMU_ALLOC_DIRTY_TRACKING, &domain),
		-EOPNOTSUPP);
	assert_int_equal(iommu_paging_domain_alloc(dev, 1u << 30, &domain), -EOPNOTSUPP);
	rig_down(&r);
	rig_init(&r, NULL);
	rig_lie(&r, SMMU_REG_IDR0,
		(uint32_t)smmu_mmio_read(r.smmu, SMMU_REG_IDR0, 4) & ~1u);
	assert_int_equal(rig_probe(&r), 0);
	dev = rig_add(&r, "dev", &sid, 1);
	assert_int_equal(iommu_paging_domain_alloc(dev, IOMMU_ALLOC_STAGE2, &domain),
			 -EOPNOTSUPP);
	assert_int_equal(iommu_paging_domain_alloc(dev, IOMMU_ALLOC_NEST_PARENT, &domain),
			 -EOPNOTSUPP);
	use_domain(&r, dev, sid, 0);
	rig_down(&r);
}

/* DRV-60, DRV-64: an allocation that fails anywhere leaves nothing. */
static void allocation_failures(void **state)
{
	const uint32_t sid = 2;
	struct iommu_domain *domain = NULL;
	struct iommu_dev *dev;
	size_t live;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "dev", &sid, 1);
	live = r.live;
	r.fail_after = 0;
	assert_int_equal(iommu_paging_domain_alloc(dev, 0, &domain), -ENOMEM);
	assert_null(domain);
	assert_int_equal(r.live, live);
	r.fail_after = -1;
	domain = alloc(dev, IOMMU_ALLOC_STAGE2);
	r.fail_after = 1;
	assert_int_equal(iommu_map(domain, 0, DATA_BASE, KIB(4), RW), -ENOMEM);
	r.fail_after = -1;
	assert_int_equal(iommu_iova_to_phys(domain, 0), 0);
	iommu_domain_free(domain);
	assert_int_equal(r.live, live);
	rig_down(&r);
}

/* DRV-55, DRV-56: when every tag is taken. */
static void tags_run_out(void **state)
{
	const uint32_t sid = 2;
	struct smmu_config cfg = rig_config();
	struct iommu_domain *domains[256], *more = NULL;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	cfg.asid16 = cfg.vmid16 = 0;
	rig_up(&r, &cfg);
	dev = rig_add(&r, "dev", &sid, 1);
	for (unsigned i = 0; i < 255; i++) {
		domains[i] = alloc(dev, IOMMU_ALLOC_STAGE2);
		assert_int_equal(to_domain(domains[i])->id, i + 1); /* never 0 */
	}
	assert_int_equal(iommu_paging_domain_alloc(dev, IOMMU_ALLOC_STAGE2, &more),
			 -ENOSPC);
	iommu_domain_free(domains[77]);
	domains[77] = alloc(dev, IOMMU_ALLOC_STAGE2);
	assert_int_equal(to_domain(domains[77])->id, 78);
	/* ASIDs are their own count; the default domain has one. */
	for (unsigned i = 0; i < 255; i++)
		iommu_domain_free(domains[i]);
	rig_down(&r);
}

/* DRV-61, DRV-90, CORE-67, CORE-72: test_dev and attach agree, and nothing changes. */
static void domain_of_another_instance(void **state)
{
	const uint32_t sid = 2;
	struct iommu_domain *domain;
	struct iommu_dev *dev, *other;
	struct rig a, b;

	(void)state;
	rig_up(&a, NULL);
	rig_up(&b, NULL);
	dev = rig_add(&a, "dev", &sid, 1);
	other = rig_add(&b, "other", &sid, 1);
	domain = alloc(dev, 0);
	assert_int_equal(arm_smmu_test_dev(domain, dev, IOMMU_NO_PASID, NULL), 0);
	assert_int_equal(arm_smmu_test_dev(domain, other, IOMMU_NO_PASID, NULL), -EINVAL);
	assert_int_equal(arm_smmu_test_dev(domain, dev, 1, NULL), -EINVAL);
	assert_int_equal(arm_smmu_attach_dev(domain, other, NULL), -EINVAL);
	assert_int_equal(rig_users(domain), 0);
	iommu_domain_free(domain);
	rig_down(&a);
	rig_down(&b);
}

/* DRV-83, CORE-64: no memory for the CD table; the old domain stays. */
static void attach_without_memory(void **state)
{
	const uint32_t sid = 2;
	struct iommu_system_config sys = { .default_domain_type = IOMMU_DOMAIN_IDENTITY };
	struct iommu_domain *domain;
	struct iommu_dev *dev;
	size_t live;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	iommu_system_destroy(r.sys);
	assert_int_equal(iommu_system_create(&r.sys, &sys), 0);
	assert_int_equal(rig_probe(&r), 0);
	dev = rig_add(&r, "dev", &sid, 1);
	domain = alloc(dev, 0);
	live = r.live;
	r.fail_after = 0;
	assert_int_equal(iommu_attach_device(domain, dev), -ENOMEM);
	r.fail_after = -1;
	assert_int_equal(r.live, live);
	assert_int_equal(rig_users(domain), 0);
	expect_ok(&r, sid, DATA_BASE, DATA_BASE);
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* DRV-29, DRV-43: CD tables of every shape; SubstreamID-less DMA uses CD 0. */
static void cd_tables_of_every_shape(void **state)
{
	static const struct {
		unsigned device_bits, cd2l, bits;
		bool two_level;
		uint64_t bytes;
	} rows[] = {
		{ 0, 1, 0, false, 64 },	       { 3, 1, 3, false, 512 },
		{ 10, 1, 10, false, KIB(64) }, { 11, 1, 11, true, 16 },
		{ 20, 1, 16, true, 512 },      { 20, 0, 10, false, KIB(64) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smmu_config cfg = rig_config();
		const uint32_t sid = 2;
		struct arm_smmu_master *master;
		struct iommu_dev *dev;
		struct rig r;

		cfg.ssid_bits = 16;
		cfg.cd2l = (uint8_t)rows[i].cd2l;
		rig_up(&r, &cfg);
		r.devs[0].pasid_bits = rows[i].device_bits;
		dev = rig_add(&r, "dev", &sid, 1);
		master = iommu_dev_priv(dev);
		use_domain(&r, dev, sid, 0);
		assert_int_equal(master->cdtab.ssid_bits, rows[i].bits);
		assert_int_equal(master->cdtab.two_level, rows[i].two_level);
		assert_int_equal(master->cdtab.mem.size, rows[i].bytes);
		/* A last CD exists where one is asked for, and none behind it. */
		assert_int_equal(arm_smmu_cdtab_reserve(master, (1u << rows[i].bits) - 1),
				 0);
		assert_non_null(arm_smmu_cdtab_cd(master, (1u << rows[i].bits) - 1));
		assert_int_equal(arm_smmu_cdtab_reserve(master, 1u << rows[i].bits),
				 -ERANGE);
		assert_null(arm_smmu_cdtab_cd(master, 1u << rows[i].bits));
		rig_down(&r);
	}
}

/* DRV-85: a CD that nothing leads to is invalid. */
static void cd_is_cleared_when_unused(void **state)
{
	const uint32_t sid = 2;
	struct iommu_domain *s2;
	struct iommu_dev *dev;
	const hwword_t *cd;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "dev", &sid, 1); /* its default domain is stage 1 */
	cd = arm_smmu_cdtab_cd(iommu_dev_priv(dev), 0);
	assert_true(hw_load(&cd[0]) >> 31 & 1);
	s2 = alloc(dev, IOMMU_ALLOC_STAGE2);
	assert_int_equal(iommu_attach_device(s2, dev), 0);
	assert_int_equal(hw_load(&cd[0]), 0);
	iommu_detach_device(s2, dev);
	assert_true(hw_load(&cd[0]) >> 31 & 1);
	set_static(dev, arm_smmu_ops.blocked_domain);
	assert_int_equal(hw_load(&cd[0]), 0);
	iommu_domain_free(s2);
	rig_down(&r);
}

/* ---- Attach and detach ---- */

/* DRV-127: an ASID or VMID that is used again brings nothing back. */
static void tags_come_back_clean(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t sid = 2;
		uint32_t flags = i ? IOMMU_ALLOC_STAGE2 : 0;
		struct iommu_domain *domain;
		struct iommu_dev *dev;
		uint16_t id;
		struct rig r;

		rig_up(&r, NULL);
		dev = rig_add(&r, "dev", &sid, 1);
		domain = alloc(dev, flags);
		id = to_domain(domain)->id;
		assert_int_equal(iommu_map(domain, MIB(1), DATA_BASE, KIB(4), RW), 0);
		assert_int_equal(iommu_attach_device(domain, dev), 0);
		expect_ok(&r, sid, MIB(1), DATA_BASE);
		iommu_detach_device(domain, dev);
		iommu_domain_free(domain);
		domain = alloc(dev, flags);
		assert_int_equal(to_domain(domain)->id, id);
		assert_int_equal(iommu_attach_device(domain, dev), 0);
		expect_fault(&r, sid, MIB(1), false, "F_TRANSLATION");
		iommu_detach_device(domain, dev);
		iommu_domain_free(domain);
		rig_down(&r);
	}
}

/* DRV-57, DRV-79: unmapped while detached, not invalidated, and still not seen. */
static void unmap_while_detached_is_not_forgotten(void **state)
{
	const uint32_t sid = 2;
	struct iommu_domain *domain;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "dev", &sid, 1);
	domain = alloc(dev, 0);
	assert_int_equal(iommu_map(domain, MIB(1), DATA_BASE, KIB(8), RW), 0);
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	expect_ok(&r, sid, MIB(1), DATA_BASE);
	iommu_detach_device(domain, dev);
	assert_int_equal(iommu_unmap(domain, MIB(1), KIB(4)), KIB(4));
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	expect_fault(&r, sid, MIB(1), false, "F_TRANSLATION");
	expect_ok(&r, sid, MIB(1) + KIB(4), DATA_BASE + KIB(4));
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* Two devices in one domain, one of them leaves: the other's entries stay right. */
static void domain_of_two_devices(void **state)
{
	const uint32_t one = 2, two = 900;
	struct iommu_domain *domain;
	struct iommu_dev *a, *b;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	a = rig_add(&r, "a", &one, 1);
	b = rig_add(&r, "b", &two, 1);
	domain = alloc(a, 0);
	assert_int_equal(iommu_attach_device(domain, a), 0);
	assert_int_equal(iommu_attach_device(domain, b), 0);
	assert_int_equal(rig_users(domain), 2);
	assert_int_equal(iommu_map(domain, MIB(1), DATA_BASE, KIB(4), RW), 0);
	expect_ok(&r, one, MIB(1), DATA_BASE);
	expect_ok(&r, two, MIB(1), DATA_BASE);
	iommu_detach_device(domain, a);
	assert_int_equal(rig_users(domain), 1);
	expect_fault(&r, one, MIB(1), false, "F_TRANSLATION"); /* in its default domain */
	expect_ok(&r, two, MIB(1), DATA_BASE);
	assert_int_equal(iommu_unmap(domain, MIB(1), KIB(4)), KIB(4));
	expect_fault(&r, two, MIB(1), false, "F_TRANSLATION");
	iommu_detach_device(domain, b);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* DRV-125: every ordered pair of domain kinds; DMA is right after each change. */
static void every_change_of_domain(void **state)
{
	const uint32_t sids[] = { 2, 3 };
	struct iommu_domain *d[6];
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "dev", sids, 2);
	d[0] = arm_smmu_ops.identity_domain;
	d[1] = arm_smmu_ops.blocked_domain;
	for (unsigned i = 2; i < 6; i++) {
		d[i] = alloc(dev, i < 4 ? 0 : IOMMU_ALLOC_STAGE2);
		assert_int_equal(
			iommu_map(d[i], MIB(1), DATA_BASE + i * MIB(1), KIB(4), RW), 0);
	}
	for (unsigned a = 0; a < 6; a++) {
		for (unsigned b = 0; b < 6; b++) {
			uint64_t value = 0;

			set_static(dev, d[a]);
			set_static(dev, d[b]);
			for (unsigned s = 0; s < 2; s++) {
				if (b == 0)
					expect_ok(&r, sids[s], DATA_BASE, DATA_BASE);
				else if (b == 1)
					assert_int_equal(rig_dma(&r, sids[s], MIB(1),
								 false, &value)
								 .status,
							 SMMU_ABORT);
				else
					expect_ok(&r, sids[s], MIB(1),
						  DATA_BASE + b * MIB(1));
			}
		}
	}
	set_static(dev, arm_smmu_ops.blocked_domain);
	for (unsigned i = 2; i < 6; i++) {
		assert_int_equal(rig_users(d[i]), 0);
		iommu_domain_free(d[i]);
	}
	assert_int_equal(r.errors, 0);
	rig_down(&r);
}

/* A table that is freed while the SMMU walks it: the rig fills it with rubbish. */
static void tables_freed_are_walked_no_more(void **state)
{
	const uint32_t sid = 2;
	struct iommu_domain *domain;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "dev", &sid, 1);
	domain = alloc(dev, 0);
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	for (unsigned round = 0; round < 20; round++) {
		/* Small pages, a hole, a block, in the same 2 MiB. */
		assert_int_equal(
			iommu_map(domain, MIB(2), DATA_BASE + KIB(4), MIB(2), RW), 0);
		expect_ok(&r, sid, MIB(2) + KIB(8), DATA_BASE + KIB(12));
		assert_int_equal(iommu_unmap(domain, MIB(2), MIB(2)), MIB(2));
		expect_fault(&r, sid, MIB(2) + KIB(8), true, "F_TRANSLATION");
		assert_int_equal(
			iommu_map(domain, MIB(2), DATA_BASE + MIB(2), MIB(2), RW), 0);
		expect_ok(&r, sid, MIB(2) + KIB(8), DATA_BASE + MIB(2) + KIB(8));
		assert_int_equal(iommu_unmap(domain, MIB(2), MIB(2)), MIB(2));
	}
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* ---- Several threads ---- */

struct user {
	struct rig *r;
	struct iommu_domain *domain;
	uint32_t sid;
	uint64_t iova, pa;
	unsigned wrong;
	pthread_t thread;
};

/* Maps, uses, unmaps: after the unmap returned the page must be gone (DRV-126). */
static void *use_pages(void *arg)
{
	struct user *u = arg;
	struct smmu_port *port = smmu_port_open(u->r->smmu);

	for (unsigned i = 0; i < 300; i++) {
		struct smmu_txn txn = { .sid = u->sid,
					.addr = u->iova,
					.op = SMMU_WRITE };
		uint64_t value = i;

		u->wrong += iommu_map(u->domain, u->iova, u->pa, KIB(4), RW) != 0;
		u->wrong += smmu_dma(port, &txn, &value, 8, NULL).status != SMMU_OK;
		u->wrong += iommu_unmap(u->domain, u->iova, KIB(4)) != KIB(4);
		u->wrong += smmu_dma(port, &txn, &value, 8, NULL).status != SMMU_ABORT;
	}
	smmu_port_close(port);
	return NULL;
}

/* DRV-126: a third device comes and goes in the same domain meanwhile. */
static void threads_share_a_domain(void **state)
{
	const uint32_t sids[] = { 1, 2, 3 };
	struct iommu_domain *domain;
	struct iommu_dev *devs[3];
	struct user u[2];
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	devs[0] = rig_add(&r, "a", &sids[0], 1);
	devs[1] = rig_add(&r, "b", &sids[1], 1);
	devs[2] = rig_add(&r, "c", &sids[2], 1);
	domain = alloc(devs[0], 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(iommu_attach_device(domain, devs[i]), 0);
		/* Neighbours in one table. */
		u[i] = (struct user){ .r = &r,
				      .domain = domain,
				      .sid = sids[i],
				      .iova = MIB(8) + KIB(4) * i,
				      .pa = DATA_BASE + KIB(4) * i };
	}
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&u[i].thread, NULL, use_pages, &u[i]), 0);
	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(iommu_attach_device(domain, devs[2]), 0);
		iommu_detach_device(domain, devs[2]);
	}
	for (unsigned i = 0; i < 2; i++) {
		pthread_join(u[i].thread, NULL);
		assert_int_equal(u[i].wrong, 0);
		iommu_detach_device(domain, devs[i]);
	}
	assert_int_equal(rig_users(domain), 0);
	iommu_domain_free(domain);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_with_several_streams),
		cmocka_unit_test(device_with_impossible_streams),
		cmocka_unit_test(device_with_wrong_cells),
		cmocka_unit_test(device_released_is_aborted),
		cmocka_unit_test(device_after_a_stray_dma),
		cmocka_unit_test(device_reserves_the_msi_window),
		cmocka_unit_test(static_domains),
		cmocka_unit_test(paging_domains_of_every_preset),
		cmocka_unit_test(paging_domains_of_every_granule),
		cmocka_unit_test(blocks_reach_memory),
		cmocka_unit_test(allocation_flags),
		cmocka_unit_test(allocation_failures),
		cmocka_unit_test(tags_run_out),
		cmocka_unit_test(domain_of_another_instance),
		cmocka_unit_test(attach_without_memory),
		cmocka_unit_test(cd_tables_of_every_shape),
		cmocka_unit_test(cd_is_cleared_when_unused),
		cmocka_unit_test(tags_come_back_clean),
		cmocka_unit_test(unmap_while_detached_is_not_forgotten),
		cmocka_unit_test(domain_of_two_devices),
		cmocka_unit_test(every_change_of_domain),
		cmocka_unit_test(tables_freed_are_walked_no_more),
		cmocka_unit_test(threads_share_a_domain),
	};

	return cmocka_run_group_tests_name("driver_domain", tests, NULL, NULL);
}
