/* SPDX-License-Identifier: MIT */
/* What depends on the SMMU and its surroundings: EL2-E2H, coherence, S2FWB, registers. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/iommu_dma.h>
#include "driver/pci_rig.h"
#include "driver/strtab.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define SID    5u

static const uint32_t sid = SID;

/* v3.1, where Hyp, FWB and range commands may be missing. */
static struct smmu_config old_config(void)
{
	struct smmu_config cfg;

	assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_V3_1), 0);
	cfg.sid_bits = 10;
	cfg.cmdqs = 10;
	cfg.eventqs = 7;
	cfg.hyp = cfg.fwb = 0;
	return cfg;
}

static uint64_t ste_field(struct rig *r, unsigned field)
{
	uint64_t ste[8];

	for (unsigned i = 0; i < 8; i++)
		ste[i] = hw_load(&arm_smmu_strtab_ste(r->drv, SID)[i]);
	return smmu_get(ste, field);
}

static struct iommu_domain *domain_with(struct iommu_dev *dev, uint32_t flags,
					uint32_t prot)
{
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommu_paging_domain_alloc(dev, flags, &domain), 0);
	assert_int_equal(iommu_map(domain, MIB(1), DATA_BASE, KIB(8), prot), 0);
	return domain;
}

/* ---- EL2-E2H ---- */

struct tlbis {
	unsigned seen[256];
};

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	struct tlbis *c = ctx;

	if (t->kind == SMMU_TRACE_COMMAND)
		c->seen[t->dw[0] & 0xff]++;
}

/* DRV-7, DRV-16, DRV-38, DRV-65, DRV-73: under VHE stage 1 is tagged as EL2's. */
static void stage_1_at_el2(void **state)
{
	static const struct {
		bool hyp, vhe, want;
	} rows[] = { { true, true, true },
		     { true, false, false },
		     { false, true, false } };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct smmu_config cfg = rows[i].hyp ? rig_config() : old_config();
		struct iommu_domain *s1, *s2, *one;
		struct tlbis c = { { 0 } };
		struct iommu_dev *dev;
		bool e2h = rows[i].want;
		uint64_t value = 5;
		struct rig r;

		cfg.ssid_bits = 4;
		rig_init(&r, &cfg);
		r.desc.vhe = rows[i].vhe;
		assert_int_equal(rig_probe(&r), 0);
		assert_int_equal(smmu_reg_get(smmu_mmio_read(r.smmu, SMMU_REG_CR2, 4),
					      SMMU_CR2_E2H),
				 e2h);
		r.devs[0].pasid_bits = 4;
		dev = rig_add(&r, "dev", &sid, 1);
		assert_int_equal(ste_field(&r, SMMU_STE_STRW),
				 e2h ? SMMU_STRW_EL2 : SMMU_STRW_EL1);
		s1 = domain_with(dev, IOMMU_ALLOC_PASID, RW);
		one = domain_with(dev, IOMMU_ALLOC_PASID, RW);
		s2 = domain_with(dev, IOMMU_ALLOC_STAGE2, RW);
		smmu_set_trace(r.smmu, on_trace, &c);
		assert_int_equal(iommu_attach_device(s1, dev), 0);
		assert_int_equal(iommu_attach_device_pasid(one, dev, 3, NULL), 0);
		assert_int_equal(rig_dma(&r, SID, MIB(1), true, &value).status, SMMU_OK);
		assert_int_equal(rig_dma_pasid(&r, SID, 3, MIB(1), true, &value).status,
				 SMMU_OK);
		assert_int_equal(iommu_unmap(s1, MIB(1), KIB(4)), KIB(4));
		assert_int_equal(iommu_unmap(one, MIB(1) + KIB(4), KIB(4)), KIB(4));
		assert_int_equal(rig_dma(&r, SID, MIB(1), true, &value).status,
				 SMMU_ABORT);
		assert_int_equal(rig_dma(&r, SID, MIB(1) + KIB(4), true, &value).status,
				 SMMU_OK);
		assert_int_equal(rig_dma_pasid(&r, SID, 3, MIB(1), true, &value).status,
				 SMMU_OK);
		iommu_flush_iotlb_all(one);
		assert_int_equal(c.seen[SMMU_OP_TLBI_EL2_VA], e2h ? 2 : 0);
		assert_int_equal(c.seen[SMMU_OP_TLBI_NH_VA], e2h ? 0 : 2);
		iommu_detach_device_pasid(one, dev, 3);
		iommu_detach_device(s1, dev);
		assert_true(c.seen[SMMU_OP_TLBI_EL2_ASID] == 0 || e2h);
		assert_true(c.seen[SMMU_OP_TLBI_NH_ASID] == 0 || !e2h);
		/* Stage 2 is EL1's in any case, and changes nothing. */
		assert_int_equal(iommu_attach_device(s2, dev), 0);
		assert_int_equal(rig_dma(&r, SID, MIB(1), true, &value).status, SMMU_OK);
		assert_int_equal(iommu_unmap(s2, MIB(1), KIB(4)), KIB(4));
		assert_int_equal(rig_dma(&r, SID, MIB(1), true, &value).status,
				 SMMU_ABORT);
		iommu_detach_device(s2, dev);
		smmu_set_trace(r.smmu, NULL, NULL);
		iommu_domain_free(s1);
		iommu_domain_free(s2);
		iommu_domain_free(one);
		assert_int_equal(r.errors, 0);
		rig_down(&r);
	}
}

/* ---- Coherence ---- */

/* DRV-13, DRV-34, DRV-63, DRV-90, CORE-131, CORE-132 */
static void no_snoop_is_overridden(void **state)
{
	struct smmu_config cfg = pci_config();
	struct smmu_pcie_config fn[2] = { pci_function(SID), pci_function(SID + 1) };
	const uint32_t sids[] = { SID, SID + 1 };
	struct pci_fn can = { 0 }, cannot = { 0 };
	struct iommu_domain *domain;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	pci_add(&r, &can, "can", &fn[0], &sids[0], 1,
		IOMMU_FWSPEC_PCI_RC_ATS | IOMMU_FWSPEC_PCI_RC_CANWBS);
	pci_add(&r, &cannot, "cannot", &fn[1], &sids[1], 1, IOMMU_FWSPEC_PCI_RC_ATS);
	assert_true(iommu_capable(can.dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY));
	assert_false(iommu_capable(cannot.dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY));
	assert_true(iommu_capable(can.dev, IOMMU_CAP_DEFERRED_FLUSH));
	for (unsigned stage2 = 0; stage2 < 2; stage2++) {
		uint32_t flags = stage2 ? IOMMU_ALLOC_STAGE2 : IOMMU_ALLOC_PASID;

		/* One inside that cannot: no, and it may stay, and others may come. */
		domain = domain_with(can.dev, flags, RW);
		assert_int_equal(iommu_attach_device(domain, cannot.dev), 0);
		assert_int_equal(iommu_attach_device(domain, can.dev), 0);
		assert_false(iommu_enforce_cache_coherency(domain));
		iommu_detach_device(domain, cannot.dev);
		assert_int_equal(iommu_attach_device(domain, cannot.dev), 0);
		iommu_detach_device(domain, cannot.dev);
		/* Only those that can: yes, and from then on nobody else. */
		assert_true(iommu_enforce_cache_coherency(domain));
		assert_int_equal(
			domain->ops->test_dev(domain, cannot.dev, IOMMU_NO_PASID, NULL),
			-EINVAL);
		assert_int_equal(domain->ops->attach_dev(domain, cannot.dev, NULL),
				 -EINVAL);
		assert_int_equal(iommu_attach_device(domain, cannot.dev), -EINVAL);
		if (!stage2)
			assert_int_equal(
				domain->ops->set_dev_pasid(domain, cannot.dev, 2, NULL),
				-EINVAL);
		assert_int_equal(rig_users(domain), 1);
		iommu_detach_device(domain, can.dev);
		assert_int_equal(iommu_attach_device(domain, can.dev), 0);
		iommu_detach_device(domain, can.dev);
		/* It outlives the core's word: a later no of the driver's takes it back.
		 */
		to_domain(domain)->enforced = false;
		domain->enforces_coherency = false;
		assert_int_equal(iommu_attach_device(domain, cannot.dev), 0);
		assert_false(domain->ops->enforce_cache_coherency(domain));
		assert_false(to_domain(domain)->enforced);
		iommu_detach_device(domain, cannot.dev);
		/* Empty: nobody stands against it. */
		assert_true(domain->ops->enforce_cache_coherency(domain));
		iommu_domain_free(domain);
	}
	for (size_t i = 0; i < r.num_devs; i++)
		iommu_dev_remove(r.devs[i].dev);
	r.num_devs = 0;
	pci_remove(&can);
	pci_remove(&cannot);
	rig_down(&r);
}

static uint8_t type_of(struct rig *r, uint64_t iova, uint8_t incoming)
{
	struct smmu_txn txn = {
		.sid = SID,
		.addr = iova,
		.op = SMMU_READ,
		.has_attr = true,
		.attr = { .inner = incoming, .outer = incoming, .sh = SMMU_SH_OSH }
	};
	struct smmu_result res = smmu_translate(r->port, &txn);

	assert_int_equal(res.status, SMMU_OK);
	assert_int_equal(res.attr.inner, res.attr.outer);
	return res.attr.inner;
}

/*
 * DRV-39, DRV-60: a parent's tables force the type where the SMMU has FWB, so that what a
 * guest says of its memory does not take it out of the caches; no other stage 2's do.
 */
static void parents_force_write_back(void **state)
{
	(void)state;
	for (unsigned fwb = 0; fwb < 2; fwb++) {
		struct smmu_config cfg = fwb ? rig_config() : old_config();
		struct iommu_domain *parent, *plain;
		struct iommu_dev *dev;
		struct rig r;

		rig_up(&r, &cfg);
		dev = rig_add(&r, "dev", &sid, 1);
		parent = domain_with(dev, IOMMU_ALLOC_NEST_PARENT, RW);
		plain = domain_with(dev, IOMMU_ALLOC_STAGE2, RW);
		assert_true(to_domain(parent)->nest_parent);
		assert_false(to_domain(plain)->nest_parent);
		assert_int_equal(iommu_map(parent, MIB(2), DATA_BASE, KIB(4),
					   IOMMU_READ | IOMMU_MMIO),
				 0);
		assert_int_equal(iommu_attach_device(parent, dev), 0);
		assert_int_equal(ste_field(&r, SMMU_STE_S2FWB), fwb);
		assert_int_equal(type_of(&r, MIB(1), SMMU_MT_WB), SMMU_MT_WB);
		assert_int_equal(type_of(&r, MIB(1), SMMU_MT_NC),
				 fwb ? SMMU_MT_WB : SMMU_MT_NC);
		/* Devices stay devices. */
		assert_true(type_of(&r, MIB(2), SMMU_MT_WB) >= SMMU_MT_DEV_GRE);
		iommu_detach_device(parent, dev);
		assert_int_equal(iommu_attach_device(plain, dev), 0);
		assert_int_equal(ste_field(&r, SMMU_STE_S2FWB), 0);
		assert_int_equal(type_of(&r, MIB(1), SMMU_MT_NC), SMMU_MT_NC);
		iommu_detach_device(plain, dev);
		iommu_domain_free(parent);
		iommu_domain_free(plain);
		rig_down(&r);
	}
}

/* ---- Odds and ends of a probe ---- */

/* DRV-27: room for a tag and what goes with it, and for ATCs where there may be some. */
static void room_for_invalidations(void **state)
{
	const uint32_t sids[] = { 8, 9, 10 };
	struct smmu_config cfg = pci_config();
	struct smmu_pcie_config fn = pci_function(8);
	struct pci_fn f = { 0 };
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	pci_add(&r, &f, "fn", &fn, sids, 3, IOMMU_FWSPEC_PCI_RC_ATS);
	assert_int_equal(((struct arm_smmu_master *)iommu_dev_priv(f.dev))->add->max, 5);
	iommu_dev_remove(f.dev);
	r.num_devs = 0;
	pci_remove(&f);
	dev = rig_add(&r, "plain", sids, 3);
	assert_int_equal(((struct arm_smmu_master *)iommu_dev_priv(dev))->add->max, 2);
	rig_down(&r);
}

/*
 * DRV-21: the registers that the driver is written for, and none beside them, in a life
 * with PRI, MSIs, an event, an error and an end.
 */
static void registers_that_are_used(void **state)
{
	static const uint32_t used[] = {
		/* IDR0 to IDR5, IIDR, AIDR */
		0x0, 0x4, 0x8, 0xc, 0x10, 0x14, 0x18, 0x1c,
		/* CR0, CR0ACK, CR1, CR2, GBPA, IRQ_CTRL, IRQ_CTRLACK */
		0x20, 0x24, 0x28, 0x2c, 0x44, 0x50, 0x54,
		/* GERROR, GERRORN, GERROR_IRQ_CFG0 to 2 */
		0x60, 0x64, 0x68, 0x70, 0x74,
		/* STRTAB_BASE, STRTAB_BASE_CFG; CMDQ_BASE, PROD, CONS */
		0x80, 0x88, 0x90, 0x98, 0x9c,
		/* EVENTQ_BASE, EVENTQ_IRQ_CFG0 to 2; PRIQ_BASE, PRIQ_IRQ_CFG0 to 2 */
		0xa0, 0xb0, 0xb8, 0xbc, 0xc0, 0xd0, 0xd8, 0xdc,
		/* Page 1: EVENTQ_PROD, CONS, PRIQ_PROD, CONS */
		0x100a8, 0x100ac, 0x100c8, 0x100cc
	};
	struct smmu_config cfg = pci_config();
	struct smmu_pcie_config fn = pci_function(SID);
	struct pci_fn f = { 0 };
	uint64_t value = 0;
	struct rig r;

	(void)state;
	cfg.msi = 1;
	rig_init(&r, &cfg);
	r.desc.use_msi = true;
	smmu_mmio_write(r.smmu, 0x20, 4, 1); /* on already: GBPA is looked at (DRV-15) */
	assert_int_equal(rig_probe(&r), 0);
	pci_add(&r, &f, "fn", &fn, &sid, 1, IOMMU_FWSPEC_PCI_RC_ATS);
	assert_int_equal(rig_dma(&r, SID, MIB(5), true, &value).status, SMMU_ABORT);
	assert_int_equal(r.faults, 1);
	arm_smmu_poll(r.drv);
	for (uint32_t at = 0; at < 0x20000; at += 4) {
		bool listed = false;

		for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
			listed = listed || used[i] == at;
		if (r.touched[at / 4] && !listed)
			fail_msg("register %#x is accessed", at);
		if (!r.touched[at / 4] && listed)
			fail_msg("register %#x is not accessed", at);
	}
	iommu_dev_remove(f.dev);
	r.num_devs = 0;
	pci_remove(&f);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage_1_at_el2),
		cmocka_unit_test(no_snoop_is_overridden),
		cmocka_unit_test(parents_force_write_back),
		cmocka_unit_test(room_for_invalidations),
		cmocka_unit_test(registers_that_are_used),
	};

	return cmocka_run_group_tests_name("driver_caps", tests, NULL, NULL);
}
