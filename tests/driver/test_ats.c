/* SPDX-License-Identifier: MIT */
/*
 * ATS as the driver switches it, watched at the function's configuration space and in
 * the STEs (DRV-28, DRV-31, DRV-84 to DRV-87, DRV-129), and what its ATC holds after.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/iommu_pci.h>
#include "driver/cdtab.h"
#include "driver/pci_rig.h"
#include "driver/strtab.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define SID    5u
#define ALIAS  300u

static const uint32_t sids[] = { SID, ALIAS };

static uint64_t ste_field(struct rig *r, uint32_t sid, unsigned field)
{
	uint64_t ste[8];

	for (unsigned i = 0; i < 8; i++)
		ste[i] = hw_load(&arm_smmu_strtab_ste(r->drv, sid)[i]);
	return smmu_get(ste, field);
}

/* ---- The watcher ---- */

struct watch {
	unsigned on, off, pasid_on;
	bool after_atc_inv; /* an ATC_INV has come since the last write */
};

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	struct watch *w = ctx;

	if (t->kind == SMMU_TRACE_COMMAND && (t->dw[0] & 0xff) == SMMU_OP_ATC_INV)
		w->after_atc_inv = true;
}

/* DRV-87: what must hold when the driver writes the function's ATS control. */
static void on_write(struct pci_fn *f, uint16_t offset, uint32_t value)
{
	struct watch *w = f->ctx;
	uint16_t ats = (uint16_t)(smmu_pcie_find_cap(f->fn, SMMU_PCI_EXT_ATS) + 6);
	uint16_t pasid = (uint16_t)(smmu_pcie_find_cap(f->fn, SMMU_PCI_EXT_PASID) + 6);
	bool on = pci_ats_on(f);

	if (offset == pasid && (value & 1)) {
		assert_false(on); /* PASID before ATS */
		w->pasid_on++;
	}
	if (offset != ats)
		return;
	if (!on && (value & 0x8000)) {
		assert_int_equal(value & 0x1f, 0); /* DRV-31: units of 4 KiB */
		assert_true(w->after_atc_inv);
		assert_int_equal(pci_stats(f).atc_entries, 0);
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(ste_field(f->r, sids[i], SMMU_STE_EATS),
					 SMMU_EATS_FULL);
		w->on++;
	} else if (on && !(value & 0x8000)) {
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(ste_field(f->r, sids[i], SMMU_STE_EATS),
					 SMMU_EATS_FULL);
		w->off++;
	}
	w->after_atc_inv = false;
}

struct bench {
	struct rig r;
	struct pci_fn f;
	struct watch watch;
	struct iommu_dev *dev;
	struct arm_smmu_master *master;
};

static void plug(struct bench *b)
{
	struct smmu_pcie_config fn = pci_function(SID);

	b->dev = pci_add(&b->r, &b->f, "fn", &fn, sids, 2, IOMMU_FWSPEC_PCI_RC_ATS);
	assert_true(iommu_dev_has_iommu(b->dev));
	b->master = iommu_dev_priv(b->dev);
}

static void up(struct bench *b)
{
	struct smmu_config cfg = pci_config();

	cfg.stall_model = 0;
	cfg.stall_max = 8;
	memset(b, 0, sizeof(*b));
	b->f.ctx = &b->watch;
	b->f.on_write = on_write;
	rig_up(&b->r, &cfg);
	smmu_set_trace(b->r.smmu, on_trace, &b->watch);
	plug(b);
}

static void down(struct bench *b)
{
	assert_int_equal(b->r.errors, 0);
	smmu_set_trace(b->r.smmu, NULL, NULL);
	for (size_t i = 0; i < b->r.num_devs; i++)
		iommu_dev_remove(b->r.devs[i].dev);
	b->r.num_devs = 0;
	assert_false(pci_ats_on(&b->f));
	assert_false(pci_pasid_on(&b->f)); /* DRV-32 */
	pci_remove(&b->f);
	rig_down(&b->r);
}

static struct iommu_domain *domain_with(struct bench *b, uint32_t flags, unsigned n)
{
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommu_paging_domain_alloc(b->dev, flags, &domain), 0);
	assert_int_equal(iommu_map(domain, MIB(1), DATA_BASE + n * KIB(8), KIB(8), RW),
			 0);
	return domain;
}

/* A word at 1 MiB, which goes to the n-th pair of pages. */
static void expect_page(struct bench *b, uint32_t pasid, unsigned n)
{
	uint64_t value = 0x1234 + 16 * n + pasid;

	assert_int_equal(pci_dma(&b->f, pasid, MIB(1), true, &value), 0);
	assert_int_equal(rig_peek(&b->r, DATA_BASE + n * KIB(8)), value);
}

static void expect_refused(struct bench *b, uint32_t pasid, uint64_t iova)
{
	uint64_t value = 0;

	assert_int_equal(pci_dma(&b->f, pasid, iova, true, &value), -EFAULT);
}

static void set(struct bench *b, struct iommu_domain *domain)
{
	assert_int_equal(domain->ops->attach_dev(domain, b->dev, NULL), 0);
}

/* ---- On and off ---- */

/* DRV-84, DRV-86, DRV-87, DRV-129: every change of the RID's domain. */
static void ats_follows_the_domain(void **state)
{
	struct iommu_domain *d[6];
	struct bench b;

	(void)state;
	up(&b);
	assert_int_equal(b.watch.pasid_on, 1); /* DRV-28 */
	assert_true(pci_ats_on(&b.f));	       /* its default domain translates */
	d[0] = arm_smmu_ops.blocked_domain;
	d[1] = arm_smmu_ops.identity_domain;
	for (unsigned i = 2; i < 6; i++)
		d[i] = domain_with(&b, i < 4 ? 0 : IOMMU_ALLOC_STAGE2, i);
	for (unsigned from = 0; from < 6; from++) {
		for (unsigned to = 0; to < 6; to++) {
			bool was = from > 1, is = to > 1;

			set(&b, d[from]);
			if (was)
				expect_page(&b, 0, from);
			memset(&b.watch, 0, sizeof(b.watch));
			set(&b, d[to]);
			assert_int_equal(b.watch.on, !was && is);
			assert_int_equal(b.watch.off, was && !is);
			assert_int_equal(pci_ats_on(&b.f), is);
			assert_int_equal(b.master->ats_enabled, is);
			assert_int_equal(pci_stats(&b.f).atc_entries, 0);
			for (unsigned i = 0; i < 2; i++)
				assert_int_equal(ste_field(&b.r, sids[i], SMMU_STE_EATS),
						 is ? SMMU_EATS_FULL : SMMU_EATS_OFF);
			/* By ATC where there is one: and it is a hit the second time. */
			if (is) {
				uint64_t hits = pci_stats(&b.f).atc_hits;

				expect_page(&b, 0, to);
				expect_page(&b, 0, to);
				assert_true(pci_stats(&b.f).atc_hits > hits);
			} else if (to == 0) {
				expect_refused(&b, 0, MIB(1));
			}
		}
	}
	set(&b, d[0]);
	for (unsigned i = 2; i < 6; i++) {
		assert_int_equal(rig_users(d[i]), 0);
		iommu_domain_free(d[i]);
	}
	down(&b);
}

/* DRV-84, step 1: all of them have to have it. */
static void who_has_no_ats(void **state)
{
	enum { FINE, NO_IDR0, NO_RC, NO_CAP, CASES };

	(void)state;
	for (unsigned c = FINE; c < CASES; c++) {
		struct smmu_config cfg = pci_config();
		struct smmu_pcie_config fn = pci_function(SID);
		struct pci_fn f = { 0 };
		uint32_t flags = c == NO_RC ? 0 : IOMMU_FWSPEC_PCI_RC_ATS;
		struct iommu_dev *dev;
		struct rig r;

		if (c == NO_IDR0)
			cfg.ats = cfg.ns1ats = cfg.pri = cfg.pps = 0;
		if (c == NO_CAP)
			fn.ats = fn.pri = false;
		rig_init(&r, &cfg);
		assert_int_equal(rig_probe(&r), 0);
		if (c == NO_IDR0)
			fn.ats = fn.pri = false; /* the model's SMMU could not serve it */
		dev = pci_add(&r, &f, "fn", &fn, sids, 1, flags);
		assert_true(iommu_dev_has_iommu(dev));
		assert_int_equal(pci_ats_on(&f), c == FINE);
		assert_int_equal(ste_field(&r, SID, SMMU_STE_EATS),
				 c == FINE ? SMMU_EATS_FULL : SMMU_EATS_OFF);
		assert_true(pci_pasid_on(&f)); /* which asks for none of it */
		assert_int_equal(r.errors, 0);
		iommu_dev_remove(dev);
		r.num_devs = 0;
		pci_remove(&f);
		rig_down(&r);
	}
}

/* STE-9: an STE of stage 2 that stalls cannot have ATS; one of stage 1 can. */
static void stalling_stage_2_has_none(void **state)
{
	struct iommu_domain *s2;
	struct bench b;
	uint64_t value = 9;

	(void)state;
	up(&b);
	b.master->stall_enabled = true; /* as with IDR0.STALL_MODEL 2 */
	s2 = domain_with(&b, IOMMU_ALLOC_STAGE2, 1);
	assert_int_equal(iommu_attach_device(s2, b.dev), 0);
	assert_int_equal(ste_field(&b.r, SID, SMMU_STE_S2S), 1);
	assert_int_equal(ste_field(&b.r, SID, SMMU_STE_EATS), SMMU_EATS_OFF);
	assert_false(pci_ats_on(&b.f));
	assert_int_equal(pci_dma(&b.f, 0, MIB(1), true, &value), 0);
	iommu_detach_device(s2, b.dev);
	assert_int_equal(ste_field(&b.r, SID, SMMU_STE_EATS), SMMU_EATS_FULL);
	assert_true(pci_ats_on(&b.f));
	b.master->stall_enabled = false;
	iommu_domain_free(s2);
	down(&b);
}

/* DRV-86: a function that does not let itself be enabled is told of, and works. */
static void enabling_fails(void **state)
{
	struct iommu_domain *domain;
	uint64_t value = 3;
	struct bench b;

	(void)state;
	up(&b);
	domain = domain_with(&b, 0, 1);
	set(&b, arm_smmu_ops.blocked_domain);
	b.f.on_write = NULL;
	/* Somebody else has enabled it behind the driver's back. */
	smmu_pcie_enable_ats(b.f.fn, 12);
	set(&b, domain);
	assert_int_equal(b.r.errors, 1);
	assert_non_null(strstr(b.r.last, "ATS cannot be enabled"));
	b.r.errors = 0;
	assert_int_equal(pci_dma(&b.f, 0, MIB(1), true, &value), 0);
	set(&b, arm_smmu_ops.blocked_domain);
	iommu_domain_free(domain);
	down(&b);
}

/* ---- The ATC ---- */

/* DRV-69, DRV-74: an unmap reaches the ATC, by PASID and without, and only there. */
static void unmap_empties_the_atc(void **state)
{
	struct iommu_domain *rid, *one;
	struct bench b;
	uint64_t value = 1;

	(void)state;
	up(&b);
	rid = domain_with(&b, IOMMU_ALLOC_PASID, 1);
	one = domain_with(&b, IOMMU_ALLOC_PASID, 2);
	assert_int_equal(iommu_attach_device(rid, b.dev), 0);
	assert_int_equal(iommu_attach_device_pasid(one, b.dev, 7, NULL), 0);
	expect_page(&b, 0, 1);
	expect_page(&b, 7, 2);
	assert_int_equal(pci_dma(&b.f, 7, MIB(1) + KIB(4), true, &value), 0);
	assert_int_equal(pci_stats(&b.f).atc_entries, 3);
	assert_int_equal(iommu_unmap(one, MIB(1), KIB(4)), KIB(4));
	assert_int_equal(pci_stats(&b.f).atc_entries, 2);
	expect_refused(&b, 7, MIB(1));
	assert_int_equal(pci_dma(&b.f, 7, MIB(1) + KIB(4), true, &value), 0);
	expect_page(&b, 0, 1);
	assert_int_equal(iommu_unmap(rid, MIB(1), KIB(8)), KIB(8));
	expect_refused(&b, 0, MIB(1));
	assert_int_equal(pci_dma(&b.f, 7, MIB(1) + KIB(4), true, &value), 0);
	/* DRV-89: with its PASID go the entries that bear it. */
	assert_int_equal(pci_stats(&b.f).atc_entries, 3); /* refusals are kept as well */
	iommu_detach_device_pasid(one, b.dev, 7);
	assert_int_equal(pci_stats(&b.f).atc_entries, 1);
	expect_refused(&b, 7, MIB(1) + KIB(4));
	iommu_detach_device(rid, b.dev);
	iommu_domain_free(rid);
	iommu_domain_free(one);
	down(&b);
}

/* DRV-70: a refusal in the ATC does not outlive a mapping, of whatever size. */
static void refusal_before_a_block(void **state)
{
	struct iommu_domain *domain;
	struct bench b;
	uint64_t value = 1;

	(void)state;
	up(&b);
	domain = domain_with(&b, IOMMU_ALLOC_PASID, 1);
	assert_int_equal(iommu_attach_device(domain, b.dev), 0);
	expect_refused(&b, 0, MIB(64) + KIB(8));
	assert_int_equal(iommu_map(domain, MIB(64), DATA_BASE + MIB(2), MIB(2), RW), 0);
	assert_int_equal(pci_dma(&b.f, 0, MIB(64) + KIB(8), true, &value), 0);
	assert_int_equal(rig_peek(&b.r, DATA_BASE + MIB(2) + KIB(8)), 1);
	iommu_detach_device(domain, b.dev);
	iommu_domain_free(domain);
	down(&b);
}

/* DRV-86: what the ATC has of the domain before is not used in the next. */
static void replace_empties_the_atc(void **state)
{
	struct iommu_attach_handle h[2];
	struct iommu_domain *d[2];
	struct bench b;

	(void)state;
	up(&b);
	d[0] = domain_with(&b, IOMMU_ALLOC_PASID, 1);
	d[1] = domain_with(&b, IOMMU_ALLOC_PASID, 2);
	assert_int_equal(iommu_attach_device_pasid(d[0], b.dev, 9, &h[0]), 0);
	for (unsigned i = 0; i < 6; i++) {
		struct iommu_domain *next = d[(i + 1) % 2];

		expect_page(&b, 9, 1 + i % 2);
		assert_int_equal(
			iommu_replace_device_pasid(next, b.dev, 9, &h[(i + 1) % 2]), 0);
		expect_page(&b, 9, 1 + (i + 1) % 2);
	}
	iommu_detach_device_pasid(d[0], b.dev, 9);
	iommu_domain_free(d[0]);
	iommu_domain_free(d[1]);
	down(&b);
}

/* DRV-84, DRV-87: a PASID keeps ATS on whatever the RID does, and the last ends it. */
static void pasids_want_ats(void **state)
{
	struct iommu_domain *one, *two;
	struct iommu_domain *const statics[] = { arm_smmu_ops.blocked_domain,
						 arm_smmu_ops.identity_domain };
	struct bench b;
	uint64_t value = 4;

	(void)state;
	up(&b);
	one = domain_with(&b, IOMMU_ALLOC_PASID, 1);
	two = domain_with(&b, IOMMU_ALLOC_PASID, 2);
	for (unsigned i = 0; i < 2; i++) {
		set(&b, statics[i]);
		assert_false(pci_ats_on(&b.f));
		memset(&b.watch, 0, sizeof(b.watch));
		assert_int_equal(iommu_attach_device_pasid(one, b.dev, 7, NULL), 0);
		assert_int_equal(b.watch.on, 1);
		assert_int_equal(iommu_attach_device_pasid(two, b.dev, 8, NULL), 0);
		assert_true(pci_ats_on(&b.f));
		expect_page(&b, 7, 1);
		expect_page(&b, 8, 2);
		/* DRV-87: S1DSS bypass answers translation requests without a PASID. */
		assert_int_equal(pci_dma(&b.f, 0, DATA_BASE, true, &value),
				 i ? 0 : -EFAULT);
		set(&b, statics[!i]);
		expect_page(&b, 7, 1);
		assert_int_equal(pci_dma(&b.f, 0, DATA_BASE, true, &value),
				 i ? -EFAULT : 0);
		iommu_detach_device_pasid(one, b.dev, 7);
		assert_true(pci_ats_on(&b.f));
		iommu_detach_device_pasid(two, b.dev, 8);
		assert_false(pci_ats_on(&b.f));
		assert_int_equal(b.watch.off, 1);
		expect_refused(&b, 8, MIB(1));
	}
	iommu_domain_free(one);
	iommu_domain_free(two);
	down(&b);
}

/* ---- Reset, release ---- */

/* DRV-92, CORE-84, CORE-86: nothing is on during a reset, and all is back after it. */
static void reset_of_the_function(void **state)
{
	struct iommu_domain *rid, *one, *instead;
	struct bench b;

	(void)state;
	up(&b);
	rid = domain_with(&b, IOMMU_ALLOC_PASID, 1);
	one = domain_with(&b, IOMMU_ALLOC_PASID, 2);
	instead = domain_with(&b, IOMMU_ALLOC_PASID, 3);
	assert_int_equal(iommu_attach_device(rid, b.dev), 0);
	assert_int_equal(iommu_attach_device_pasid(one, b.dev, 7, NULL), 0);
	expect_page(&b, 0, 1);
	expect_page(&b, 7, 2);
	assert_int_equal(iommu_dev_reset_prepare(b.dev), 0);
	assert_false(pci_ats_on(&b.f));
	assert_int_equal(ste_field(&b.r, SID, SMMU_STE_Config), SMMU_STE_CONFIG_ABORT);
	assert_int_equal(b.master->num_pasids, 0);
	assert_int_equal(rig_users(rid), 0);
	assert_int_equal(rig_users(one), 0);
	expect_refused(&b, 0, MIB(1));
	expect_refused(&b, 7, MIB(1));
	/* What is asked of the group meanwhile is refused, not half done (DRV-91). */
	assert_int_equal(iommu_attach_device_pasid(instead, b.dev, 8, NULL), -EBUSY);
	iommu_dev_reset_done(b.dev);
	assert_true(pci_ats_on(&b.f));
	expect_page(&b, 0, 1);
	expect_page(&b, 7, 2);
	/* The same through a real FLR, which takes PASID and ATS from the function. */
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(iommu_pci_reset(b.dev), 0);
		assert_int_equal(pci_stats(&b.f).resets, i + 1);
		assert_true(pci_ats_on(&b.f));
		assert_true(pci_pasid_on(&b.f));
		expect_page(&b, 0, 1);
		expect_page(&b, 7, 2);
	}
	iommu_detach_device_pasid(one, b.dev, 7);
	iommu_detach_device(rid, b.dev);
	iommu_domain_free(rid);
	iommu_domain_free(one);
	iommu_domain_free(instead);
	down(&b);
}

/* DRV-32: released in full flight, its function is left with nothing on. */
static void release_with_ats_on(void **state)
{
	struct iommu_domain *rid, *one;
	struct bench b;

	(void)state;
	up(&b);
	rid = domain_with(&b, IOMMU_ALLOC_PASID, 1);
	one = domain_with(&b, IOMMU_ALLOC_PASID, 2);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(iommu_attach_device(rid, b.dev), 0);
		assert_int_equal(iommu_attach_device_pasid(one, b.dev, 7, NULL), 0);
		expect_page(&b, 0, 1);
		expect_page(&b, 7, 2);
		iommu_dev_remove(b.dev);
		b.r.num_devs = 0;
		assert_false(pci_ats_on(&b.f));
		assert_false(pci_pasid_on(&b.f));
		assert_int_equal(pci_stats(&b.f).atc_entries, 0);
		assert_int_equal(rig_users(rid), 0);
		assert_int_equal(rig_users(one), 0);
		expect_refused(&b, 0, MIB(1));
		/* ATC_INVs for it would time out: the domains have none for it. */
		smmu_pcie_set_manners(b.f.fn, SMMU_PCIE_TIMEOUT);
		assert_int_equal(iommu_unmap(rid, MIB(1), KIB(4)), KIB(4));
		assert_int_equal(iommu_map(rid, MIB(1), DATA_BASE + KIB(8), KIB(4), RW),
				 0);
		smmu_pcie_set_manners(b.f.fn, SMMU_PCIE_POLITE);
		plug(&b);
	}
	iommu_domain_free(rid);
	iommu_domain_free(one);
	down(&b);
}

/* DRV-28: PASIDs that cannot be enabled are none. */
static void pasid_that_is_on_already(void **state)
{
	struct smmu_config cfg = pci_config();
	struct smmu_pcie_config fn = pci_function(SID);
	struct iommu_domain *domain;
	struct pci_fn f = { 0 };
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	fn.smmu = r.smmu;
	assert_int_equal(smmu_pcie_create(&f.fn, &fn), 0);
	assert_int_equal(smmu_pcie_enable_pasid(f.fn, false, false), 0);
	pci_add(&r, &f, "fn", &fn, sids, 1, IOMMU_FWSPEC_PCI_RC_ATS);
	assert_int_equal(((struct arm_smmu_master *)iommu_dev_priv(f.dev))->ssid_bits, 0);
	assert_int_equal(iommu_paging_domain_alloc(f.dev, IOMMU_ALLOC_PASID, &domain), 0);
	assert_int_equal(iommu_attach_device_pasid(domain, f.dev, 1, NULL), -EINVAL);
	iommu_domain_free(domain);
	iommu_dev_remove(f.dev);
	r.num_devs = 0;
	assert_true(pci_pasid_on(&f)); /* somebody else's, so not ours to end */
	pci_remove(&f);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ats_follows_the_domain),
		cmocka_unit_test(who_has_no_ats),
		cmocka_unit_test(stalling_stage_2_has_none),
		cmocka_unit_test(enabling_fails),
		cmocka_unit_test(unmap_empties_the_atc),
		cmocka_unit_test(refusal_before_a_block),
		cmocka_unit_test(replace_empties_the_atc),
		cmocka_unit_test(pasids_want_ats),
		cmocka_unit_test(reset_of_the_function),
		cmocka_unit_test(release_with_ats_on),
		cmocka_unit_test(pasid_that_is_on_already),
	};

	return cmocka_run_group_tests_name("driver_ats", tests, NULL, NULL);
}
