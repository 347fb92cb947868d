/* SPDX-License-Identifier: MIT */
/*
 * Domains under PASIDs, against the model: each PASID goes where its domain says, the
 * RID where its own says, and an STE leads to CDs for as long as one is needed.
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
#include "driver/strtab.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define SID    5u

static struct smmu_config config(unsigned ssid_bits)
{
	struct smmu_config cfg = rig_config();

	cfg.ssid_bits = (uint8_t)ssid_bits;
	return cfg;
}

static struct iommu_dev *add(struct rig *r, const char *name, uint32_t sid,
			     uint32_t pasid_bits)
{
	r->devs[r->num_devs].pasid_bits = pasid_bits;
	return rig_add(r, name, &sid, 1);
}

static struct arm_smmu_master *master_of(struct iommu_dev *dev)
{
	return iommu_dev_priv(dev);
}

/* A domain with 4 KiB at 1 MiB, that go to the n-th page of DATA_BASE. */
static struct iommu_domain *domain_with(struct iommu_dev *dev, uint32_t flags, unsigned n)
{
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommu_paging_domain_alloc(dev, flags, &domain), 0);
	assert_int_equal(iommu_map(domain, MIB(1), DATA_BASE + n * KIB(4), KIB(4), RW),
			 0);
	return domain;
}

static void expect_page(struct rig *r, uint32_t pasid, unsigned n)
{
	uint64_t value = 0x1111 * (n + 1) + pasid;

	assert_int_equal(rig_dma_pasid(r, SID, pasid, MIB(1), true, &value).status,
			 SMMU_OK);
	assert_int_equal(rig_peek(r, DATA_BASE + n * KIB(4)), value);
}

static void expect_event(struct rig *r, uint32_t pasid, const char *reason)
{
	uint64_t value = 0;

	r->reason[0] = 0;
	assert_int_equal(rig_dma_pasid(r, SID, pasid, MIB(1), true, &value).status,
			 SMMU_ABORT);
	assert_string_equal(r->reason, reason);
}

static uint64_t ste_field(struct rig *r, unsigned field)
{
	uint64_t ste[8];

	for (unsigned i = 0; i < 8; i++)
		ste[i] = hw_load(&arm_smmu_strtab_ste(r->drv, SID)[i]);
	return smmu_get(ste, field);
}

/* ---- The RID beside its PASIDs ---- */

enum rid { S1, IDENTITY, BLOCKED };

static void move_rid(struct iommu_dev *dev, enum rid to)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iommu_domain *domain;

	if (to == BLOCKED) {
		assert_int_equal(iommu_group_claim_dma_owner(group, dev), 0);
	} else if (to == IDENTITY) {
		assert_int_equal(iommu_identity_domain_alloc(dev, &domain), 0);
		assert_int_equal(iommu_attach_device(domain, dev), 0);
	}
	iommu_group_put(group);
}

static void move_rid_back(struct iommu_dev *dev, enum rid from)
{
	struct iommu_group *group = iommu_group_get(dev);

	if (from == BLOCKED)
		iommu_group_release_dma_owner(group);
	else if (from == IDENTITY)
		iommu_detach_device(iommu_get_domain_for_dev(dev), dev);
	iommu_group_put(group);
}

static void expect_rid(struct rig *r, enum rid rid)
{
	uint64_t value = 77;
	struct smmu_result res = rig_dma(r, SID, DATA_BASE + MIB(2), true, &value);

	assert_int_equal(res.status, rid == IDENTITY ? SMMU_OK : SMMU_ABORT);
	if (rid == IDENTITY)
		assert_int_equal(rig_peek(r, DATA_BASE + MIB(2)), 77);
	if (rid == S1) /* the default domain, where nothing is mapped */
		assert_string_equal(r->reason, "F_TRANSLATION");
}

/* DRV-38, DRV-85, DRV-88, DRV-89 */
static void pasids_beside_every_kind_of_rid(void **state)
{
	static const struct {
		unsigned plain, s1dss;
	} stes[] = {
		[S1] = { SMMU_STE_CONFIG_S1, SMMU_S1DSS_SSID0 },
		[IDENTITY] = { SMMU_STE_CONFIG_BYPASS, SMMU_S1DSS_BYPASS },
		[BLOCKED] = { SMMU_STE_CONFIG_ABORT, SMMU_S1DSS_TERMINATE },
	};

	(void)state;
	for (enum rid rid = S1; rid <= BLOCKED; rid++) {
		struct smmu_config cfg = config(8);
		struct iommu_domain *one, *two;
		struct iommu_dev *dev;
		struct rig r;

		rig_up(&r, &cfg);
		dev = add(&r, "dev", SID, 8);
		one = domain_with(dev, IOMMU_ALLOC_PASID, 1);
		two = domain_with(dev, IOMMU_ALLOC_PASID, 2);
		move_rid(dev, rid);
		assert_int_equal(ste_field(&r, SMMU_STE_Config), stes[rid].plain);
		assert_int_equal(iommu_attach_device_pasid(one, dev, 1, NULL), 0);
		assert_int_equal(iommu_attach_device_pasid(two, dev, 255, NULL), 0);
		assert_int_equal(ste_field(&r, SMMU_STE_Config), SMMU_STE_CONFIG_S1);
		assert_int_equal(ste_field(&r, SMMU_STE_S1DSS), stes[rid].s1dss);
		assert_int_equal(ste_field(&r, SMMU_STE_S1CDMax), 8);
		expect_page(&r, 1, 1);
		expect_page(&r, 255, 2);
		expect_rid(&r, rid);
		expect_event(&r, 2, "C_BAD_CD");
		/* Unmapped is unmapped, for the PASID as well (DRV-74). */
		assert_int_equal(iommu_unmap(two, MIB(1), KIB(4)), KIB(4));
		expect_event(&r, 255, "F_TRANSLATION");
		expect_page(&r, 1, 1);

		iommu_detach_device_pasid(one, dev, 1);
		assert_int_equal(ste_field(&r, SMMU_STE_S1DSS), stes[rid].s1dss);
		expect_event(&r, 1, "C_BAD_CD");
		expect_rid(&r, rid);
		assert_int_equal(rig_users(one), 0);
		iommu_detach_device_pasid(two, dev, 255);
		assert_int_equal(ste_field(&r, SMMU_STE_Config), stes[rid].plain);
		expect_rid(&r, rid);
		move_rid_back(dev, rid);
		iommu_domain_free(one);
		iommu_domain_free(two);
		assert_int_equal(r.errors, 0);
		rig_down(&r);
	}
}

/* DRV-85: the RID moves while a PASID is in use, which does not notice. */
static void rid_moves_under_a_pasid(void **state)
{
	struct smmu_config cfg = config(4);
	struct iommu_domain *one;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add(&r, "dev", SID, 4);
	one = domain_with(dev, IOMMU_ALLOC_PASID, 1);
	assert_int_equal(iommu_attach_device_pasid(one, dev, 3, NULL), 0);
	for (enum rid from = S1; from <= BLOCKED; from++) {
		for (enum rid to = S1; to <= BLOCKED; to++) {
			static const unsigned s1dss[] = { SMMU_S1DSS_SSID0,
							  SMMU_S1DSS_BYPASS,
							  SMMU_S1DSS_TERMINATE };
			struct iommu_domain *const domains[] = {
				iommu_get_domain_for_dev(dev),
				arm_smmu_ops.identity_domain, arm_smmu_ops.blocked_domain
			};
			const enum rid order[] = { from, to, S1 };

			for (unsigned i = 0; i < 3; i++) {
				struct iommu_domain *d = domains[order[i]];

				assert_int_equal(d->ops->attach_dev(d, dev, NULL), 0);
				assert_int_equal(ste_field(&r, SMMU_STE_S1DSS),
						 s1dss[order[i]]);
				expect_page(&r, 3, 1);
				expect_rid(&r, order[i]);
			}
		}
	}
	iommu_detach_device_pasid(one, dev, 3);
	iommu_domain_free(one);
	rig_down(&r);
}

/*
 * DRV-43, DRV-53: tables of one and of two levels grow under a running device, which has
 * had the SMMU cache that there is nothing.
 */
static void tables_grow_on_demand(void **state)
{
	static const struct {
		unsigned bits, cd2l;
		uint32_t pasids[3];
	} rows[] = { { 3, 1, { 1, 7, 4 } },
		     { 10, 1, { 1, 1023, 512 } },
		     { 12, 1, { 1, 1024, 4095 } },
		     { 16, 1, { 65535, 1023, 30000 } },
		     { 12, 0, { 1, 1023, 512 } } };

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smmu_config cfg = config(rows[i].bits);
		struct iommu_domain *domains[3];
		struct iommu_dev *dev;
		struct rig r;

		cfg.cd2l = (uint8_t)rows[i].cd2l;
		rig_up(&r, &cfg);
		dev = add(&r, "dev", SID, 20);
		for (unsigned n = 0; n < 3; n++)
			expect_event(&r, rows[i].pasids[n],
				     rows[i].bits > 10 && rows[i].cd2l &&
						     rows[i].pasids[n] >= 1024
					     ? "C_BAD_SUBSTREAMID"
					     : "C_BAD_CD");
		for (unsigned n = 0; n < 3; n++) {
			domains[n] = domain_with(dev, IOMMU_ALLOC_PASID, n);
			assert_int_equal(iommu_attach_device_pasid(domains[n], dev,
								   rows[i].pasids[n],
								   NULL),
					 0);
			for (unsigned m = 0; m <= n; m++)
				expect_page(&r, rows[i].pasids[m], m);
		}
		for (unsigned n = 0; n < 3; n++) {
			iommu_detach_device_pasid(domains[n], dev, rows[i].pasids[n]);
			expect_event(&r, rows[i].pasids[n], "C_BAD_CD");
			iommu_domain_free(domains[n]);
		}
		rig_down(&r);
	}
}

/* DRV-81, DRV-88: one domain after the other under one PASID, with its handle. */
static void replace(void **state)
{
	struct smmu_config cfg = config(4);
	struct iommu_attach_handle handles[2];
	struct iommu_domain *one, *two;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add(&r, "dev", SID, 4);
	one = domain_with(dev, IOMMU_ALLOC_PASID, 1);
	two = domain_with(dev, IOMMU_ALLOC_PASID, 2);
	assert_int_equal(iommu_attach_device_pasid(one, dev, 3, &handles[0]), 0);
	expect_page(&r, 3, 1);
	assert_int_equal(iommu_replace_device_pasid(two, dev, 3, &handles[1]), 0);
	expect_page(&r, 3, 2);
	assert_int_equal(master_of(dev)->num_pasids, 1);
	assert_int_equal(rig_users(one), 0);
	assert_int_equal(rig_users(two), 1);
	/* DRV-57: the old domain's tag is clean though another took the PASID. */
	assert_int_equal(iommu_unmap(one, MIB(1), KIB(4)), KIB(4));
	assert_int_equal(iommu_replace_device_pasid(one, dev, 3, &handles[0]), 0);
	expect_event(&r, 3, "F_TRANSLATION");
	/* The same domain as that of the RID: one tag, two users. */
	assert_int_equal(iommu_attach_device(two, dev), 0);
	assert_int_equal(iommu_replace_device_pasid(two, dev, 3, &handles[1]), 0);
	assert_int_equal(rig_users(two), 2);
	expect_page(&r, 3, 2);
	iommu_detach_device_pasid(two, dev, 3);
	assert_int_equal(rig_users(two), 1);
	iommu_detach_device(two, dev);
	iommu_domain_free(one);
	iommu_domain_free(two);
	rig_down(&r);
}

/* ---- Who is refused, and changes nothing ---- */

static unsigned note_write(struct rig *r)
{
	return r->mmio_writes;
}

static void expect_refusal(struct rig *r, struct iommu_domain *domain,
			   struct iommu_dev *dev, uint32_t pasid, int err)
{
	unsigned writes = note_write(r);

	assert_int_equal(domain->ops->test_dev(domain, dev, pasid, NULL), err);
	if (pasid == IOMMU_NO_PASID)
		assert_int_equal(domain->ops->attach_dev(domain, dev, NULL), err);
	else
		assert_int_equal(domain->ops->set_dev_pasid(domain, dev, pasid, NULL),
				 err);
	assert_int_equal(note_write(r), writes);
}

/* DRV-61, DRV-83, DRV-88, DRV-90, DRV-91 */
static void refusals(void **state)
{
	struct smmu_config cfg = config(4);
	struct iommu_domain *s1, *s2, *parent, *foreign;
	struct iommu_dev *dev, *other;
	struct rig r, o;

	(void)state;
	rig_up(&r, &cfg);
	rig_up(&o, &cfg);
	dev = add(&r, "dev", SID, 4);
	other = add(&o, "other", SID, 4);
	s1 = domain_with(dev, IOMMU_ALLOC_PASID, 1);
	s2 = domain_with(dev, IOMMU_ALLOC_STAGE2, 2);
	parent = domain_with(dev, IOMMU_ALLOC_NEST_PARENT, 2);
	foreign = domain_with(other, IOMMU_ALLOC_PASID, 3);
	expect_refusal(&r, foreign, dev, 3, -EINVAL);
	expect_refusal(&r, foreign, dev, IOMMU_NO_PASID, -EINVAL);
	expect_refusal(&r, s2, dev, 3, -EINVAL);
	expect_refusal(&r, parent, dev, 3, -EINVAL);
	expect_refusal(&r, s1, dev, 16, -EINVAL); /* its legal neighbour is 15 */
	assert_int_equal(iommu_attach_device_pasid(s1, dev, 15, NULL), 0);
	/* SSIDs in use: no STE of stage 2 may come ... */
	expect_refusal(&r, s2, dev, IOMMU_NO_PASID, -EBUSY);
	expect_refusal(&r, parent, dev, IOMMU_NO_PASID, -EBUSY);
	expect_page(&r, 15, 1);
	iommu_detach_device_pasid(s1, dev, 15);
	assert_int_equal(iommu_attach_device(s2, dev), 0);
	/* ... and where one is there is no place for a PASID. */
	expect_refusal(&r, s1, dev, 3, -EINVAL);
	iommu_detach_device(s2, dev);
	assert_int_equal(iommu_attach_device_pasid(s1, dev, 3, NULL), 0);
	iommu_detach_device_pasid(s1, dev, 3);
	iommu_domain_free(s1);
	iommu_domain_free(s2);
	iommu_domain_free(parent);
	iommu_domain_free(foreign);
	rig_down(&r);
	rig_down(&o);
}

/* DRV-8, DRV-59, CORE-44: PASIDs where there are some. */
static void pasids_of_an_instance(void **state)
{
	struct smmu_config cfg = config(0);
	struct iommu_domain *domain = NULL;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add(&r, "dev", SID, 4);
	assert_int_equal(iommu_dev_max_pasids(dev), 0);
	domain = domain_with(dev, 0, 1);
	assert_int_equal(iommu_attach_device_pasid(domain, dev, 1, NULL),
			 0); /* CORE-94 */
	assert_int_equal(rig_users(domain), 0);
	iommu_detach_device_pasid(domain, dev, 1);
	iommu_domain_free(domain);
	rig_down(&r);

	/* Stage 2 alone: no CDs, no PASIDs, and a default domain all the same. */
	cfg = config(6);
	rig_init(&r, &cfg);
	rig_lie(&r, SMMU_REG_IDR0,
		(uint32_t)smmu_reg_set(smmu_mmio_read(r.smmu, SMMU_REG_IDR0, 4),
				       SMMU_IDR0_S1P, 0));
	assert_int_equal(rig_probe(&r), 0);
	dev = add(&r, "dev", SID, 4);
	assert_int_equal(iommu_dev_max_pasids(dev), 0);
	assert_int_equal(iommu_paging_domain_alloc(dev, IOMMU_ALLOC_PASID, &domain),
			 -EOPNOTSUPP);
	assert_int_equal(ste_field(&r, SMMU_STE_Config), SMMU_STE_CONFIG_S2);
	rig_down(&r);

	cfg = config(6);
	rig_up(&r, &cfg);
	assert_int_equal(iommu_dev_max_pasids(add(&r, "dev", SID, 4)), 16);
	assert_int_equal(iommu_dev_max_pasids(add(&r, "more", SID + 1, 9)), 64);
	rig_down(&r);
}

/* ---- The rest of its life ---- */

static int on_fault(struct iommu_domain *domain, struct iommu_dev *dev,
		    const struct iommu_fault *fault, void *token)
{
	(void)domain;
	(void)dev;
	*(uint64_t *)token = fault->pasid;
	assert_true(fault->flags & IOMMU_FAULT_PASID);
	return 0;
}

/* CORE-111: a fault with a PASID is its domain's, not the RID's. */
static void faults_reach_the_pasids_domain(void **state)
{
	struct smmu_config cfg = config(4);
	uint64_t ones = 0, rids = 0;
	struct iommu_domain *one, *rid;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add(&r, "dev", SID, 4);
	one = domain_with(dev, IOMMU_ALLOC_PASID, 1);
	rid = domain_with(dev, IOMMU_ALLOC_PASID, 1);
	assert_int_equal(iommu_set_fault_handler(one, on_fault, &ones), 0);
	assert_int_equal(iommu_set_fault_handler(rid, on_fault, &rids), 0);
	assert_int_equal(iommu_attach_device(rid, dev), 0);
	assert_int_equal(iommu_attach_device_pasid(one, dev, 9, NULL), 0);
	assert_int_equal(iommu_unmap(one, MIB(1), KIB(4)), KIB(4));
	expect_event(&r, 9, "F_TRANSLATION");
	assert_int_equal(ones, 9);
	assert_int_equal(rids, 0);
	iommu_detach_device_pasid(one, dev, 9);
	iommu_detach_device(rid, dev);
	iommu_domain_free(one);
	iommu_domain_free(rid);
	rig_down(&r);
}

/* DRV-32: a device that leaves takes its PASIDs out of their domains. */
static void release_with_pasids(void **state)
{
	struct smmu_config cfg = config(12);
	struct iommu_domain *one, *two;
	struct iommu_dev *dev, *stays;
	uint64_t value = 0;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	stays = add(&r, "stays", 9, 12);
	dev = add(&r, "dev", SID, 12);
	one = domain_with(dev, IOMMU_ALLOC_PASID, 1);
	two = domain_with(dev, IOMMU_ALLOC_PASID, 2);
	for (enum rid rid = S1; rid <= IDENTITY; rid++) {
		move_rid(dev, rid);
		assert_int_equal(iommu_attach_device_pasid(one, dev, 1, NULL), 0);
		assert_int_equal(iommu_attach_device_pasid(two, dev, 2000, NULL), 0);
		assert_int_equal(iommu_attach_device_pasid(one, stays, 1, NULL), 0);
		assert_int_equal(rig_users(one), 2);
		iommu_dev_remove(dev);
		r.num_devs--;
		assert_int_equal(rig_users(one), 1);
		assert_int_equal(rig_users(two), 0);
		assert_int_equal(ste_field(&r, SMMU_STE_Config), SMMU_STE_CONFIG_ABORT);
		r.faults = 0;
		assert_int_equal(rig_dma_pasid(&r, SID, 1, MIB(1), true, &value).status,
				 SMMU_ABORT);
		assert_int_equal(rig_dma_pasid(&r, 9, 1, MIB(1), true, &value).status,
				 SMMU_OK);
		iommu_detach_device_pasid(one, stays, 1);
		dev = add(&r, "dev", SID, 12);
	}
	iommu_domain_free(one);
	iommu_domain_free(two);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pasids_beside_every_kind_of_rid),
		cmocka_unit_test(rid_moves_under_a_pasid),
		cmocka_unit_test(tables_grow_on_demand),
		cmocka_unit_test(replace),
		cmocka_unit_test(refusals),
		cmocka_unit_test(pasids_of_an_instance),
		cmocka_unit_test(faults_reach_the_pasids_domain),
		cmocka_unit_test(release_with_pasids),
	};

	return cmocka_run_group_tests_name("driver_pasid", tests, NULL, NULL);
}
