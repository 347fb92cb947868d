/* SPDX-License-Identifier: MIT */
/*
 * Dirty tracking through the hardware's own marks (DRV-34, DRV-41, DRV-59, DRV-114,
 * CORE-127, CORE-128): what was written is told of, all of it and nothing else, and a
 * page that was cleaned is marked again by the next write whatever a TLB holds.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/iommu_dma.h>
#include "driver/cdtab.h"
#include "driver/rig.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define DIRTY  (IOMMU_ALLOC_DIRTY_TRACKING | IOMMU_ALLOC_PASID)
#define SID    5u
#define BASE   MIB(64)
#define PAGES  64u

static struct smmu_config config(void)
{
	struct smmu_config cfg = rig_config();

	cfg.ssid_bits = 4;
	cfg.httu = 2;
	return cfg;
}

static struct iommu_dev *add(struct rig *r, const char *name, uint32_t id)
{
	r->devs[r->num_devs].pasid_bits = 4;
	return rig_add(r, name, &id, 1);
}

static struct iommu_domain *tracked(struct iommu_dev *dev)
{
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommu_paging_domain_alloc(dev, DIRTY, &domain), 0);
	return domain;
}

/* PAGES pages from BASE on, a bit each. */
static uint64_t read_dirty(struct iommu_domain *domain, uint32_t flags)
{
	uint64_t bits = 0;
	struct iommu_dirty_bitmap b = {
		.iova = BASE, .size = PAGES * KIB(4), .page_shift = 12, .words = &bits
	};

	assert_int_equal(iommu_read_and_clear_dirty(domain, &b, flags), 0);
	return bits;
}

static void touch(struct rig *r, uint32_t id, uint32_t pasid, unsigned page, bool write)
{
	uint64_t value = page, iova = BASE + KIB(4) * page;
	struct smmu_result res = pasid ? rig_dma_pasid(r, id, pasid, iova, write, &value)
				       : rig_dma(r, id, iova, write, &value);

	assert_int_equal(res.status, SMMU_OK);
}

static uint64_t bit(unsigned page)
{
	return UINT64_C(1) << page;
}

/* DRV-41, DRV-59: who gets it, and what its CD says. */
static void who_can_track(void **state)
{
	static const uint32_t no_flags[] = {
		IOMMU_ALLOC_DIRTY_TRACKING | IOMMU_ALLOC_STAGE2,
		IOMMU_ALLOC_DIRTY_TRACKING | IOMMU_ALLOC_NEST_PARENT,
		IOMMU_ALLOC_PASID | IOMMU_ALLOC_STAGE2,
		IOMMU_ALLOC_PASID | IOMMU_ALLOC_NEST_PARENT,
		IOMMU_ALLOC_FAULT_ID,
	};
	static const struct {
		uint8_t httu, coherent, override, want;
	} rows[] = {
		{ 2, 1, 0xff, 1 }, { 1, 1, 0xff, 0 }, { 0, 1, 0xff, 0 },
		{ 2, 0, 0xff, 0 }, { 2, 1, 1, 0 },    { 0, 1, 2, 1 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smmu_config cfg = config();
		struct iommu_domain *domain = NULL;
		struct iommu_dev *dev;
		struct rig r;

		cfg.httu = rows[i].httu;
		rig_init(&r, &cfg);
		r.desc.coherent = rows[i].coherent;
		r.desc.httu_override = rows[i].override != 0xff;
		r.desc.httu = rows[i].override;
		assert_int_equal(rig_probe(&r), 0);
		dev = add(&r, "dev", SID);
		assert_int_equal(iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING),
				 rows[i].want);
		for (uint32_t pasid = 0; pasid < 2; pasid++) {
			uint32_t flags = IOMMU_ALLOC_DIRTY_TRACKING |
					 (pasid ? IOMMU_ALLOC_PASID : 0);

			assert_int_equal(iommu_paging_domain_alloc(dev, flags, &domain),
					 rows[i].want ? 0 : -EOPNOTSUPP);
			if (rows[i].want) {
				assert_non_null(domain->ops->read_and_clear_dirty);
				iommu_domain_free(domain);
			}
		}
		for (unsigned f = 0; f < sizeof(no_flags) / sizeof(no_flags[0]); f++)
			assert_int_equal(
				iommu_paging_domain_alloc(dev, no_flags[f], &domain),
				-EOPNOTSUPP);
		/* Others have none of it (CORE-127). */
		assert_int_equal(iommu_paging_domain_alloc(dev, 0, &domain), 0);
		assert_int_equal(iommu_set_dirty_tracking(domain, true), -EOPNOTSUPP);
		iommu_domain_free(domain);
		rig_down(&r);
	}
}

/* DRV-41: HA and HD, and only then. */
static void cd_of_a_tracked_domain(void **state)
{
	const uint64_t marks = SMMU_MASK(SMMU_CD_HA) | SMMU_MASK(SMMU_CD_HD);
	struct smmu_config cfg = config();
	struct iommu_domain *domain;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add(&r, "dev", SID);
	assert_int_equal(hw_load(&arm_smmu_cdtab_cd(iommu_dev_priv(dev), 0)[0]) & marks,
			 0);
	domain = tracked(dev);
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	assert_int_equal(hw_load(&arm_smmu_cdtab_cd(iommu_dev_priv(dev), 0)[0]) & marks,
			 marks);
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* DRV-114, CORE-127, CORE-128 */
static void writes_are_noted(void **state)
{
	struct smmu_config cfg = config();
	struct iommu_domain *domain;
	struct iommu_dev *dev, *other;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add(&r, "dev", SID);
	other = add(&r, "other", SID + 1);
	domain = tracked(dev);
	assert_int_equal(iommu_map(domain, BASE, DATA_BASE, PAGES * KIB(4), RW), 0);
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	assert_int_equal(iommu_attach_device(domain, other), 0);
	assert_int_equal(iommu_set_dirty_tracking(domain, true), 0);
	assert_int_equal(read_dirty(domain, 0), 0);
	/* Reads leave no mark, not even before and after a write. */
	touch(&r, SID, 0, 1, false);
	touch(&r, SID, 0, 2, false);
	touch(&r, SID, 0, 2, true);
	touch(&r, SID, 0, 2, false);
	touch(&r, SID + 1, 0, 63, true);
	assert_int_equal(read_dirty(domain, IOMMU_DIRTY_NO_CLEAR), bit(2) | bit(63));
	assert_int_equal(read_dirty(domain, 0), bit(2) | bit(63));
	assert_int_equal(read_dirty(domain, 0), 0);
	/* Written again by who has it as dirty in a TLB: the mark comes again. */
	for (unsigned i = 0; i < 3; i++) {
		touch(&r, SID, 0, 2, true);
		touch(&r, SID, 0, 7, true);
		touch(&r, SID + 1, 0, 7, true);
		assert_int_equal(read_dirty(domain, 0), bit(2) | bit(7));
	}
	/* On: what was before is forgotten. Off: it can be read once more. */
	touch(&r, SID, 0, 9, true);
	assert_int_equal(iommu_set_dirty_tracking(domain, true), 0);
	assert_int_equal(read_dirty(domain, 0), 0);
	touch(&r, SID, 0, 9, true);
	assert_int_equal(iommu_set_dirty_tracking(domain, false), 0);
	assert_int_equal(read_dirty(domain, 0), bit(9));
	/* What is not mapped was not written; what is mapped anew is clean. */
	touch(&r, SID, 0, 20, true);
	assert_int_equal(iommu_unmap(domain, BASE + KIB(80), KIB(4)), KIB(4));
	assert_int_equal(read_dirty(domain, 0), 0);
	assert_int_equal(iommu_map(domain, BASE + KIB(80), DATA_BASE, KIB(4), RW), 0);
	assert_int_equal(read_dirty(domain, 0), 0);
	/* A page that may not be written is no dirty one. */
	assert_int_equal(iommu_unmap(domain, BASE + KIB(4), KIB(4)), KIB(4));
	assert_int_equal(iommu_map(domain, BASE + KIB(4), DATA_BASE, KIB(4), IOMMU_READ),
			 0);
	{
		uint64_t value = 0;

		assert_int_equal(rig_dma(&r, SID, BASE + KIB(4), true, &value).status,
				 SMMU_ABORT);
		assert_string_equal(r.reason, "F_PERMISSION");
	}
	assert_int_equal(read_dirty(domain, 0), 0);
	iommu_detach_device(domain, dev);
	iommu_detach_device(domain, other);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* A block is one page: written anywhere, dirty everywhere; under a PASID as well. */
static void blocks_and_pasids(void **state)
{
	uint64_t bits[2][8];
	struct smmu_config cfg = config();
	struct iommu_domain *domain;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add(&r, "dev", SID);
	domain = tracked(dev);
	assert_int_equal(iommu_map(domain, BASE, DATA_BASE, MIB(4), RW), 0);
	assert_int_equal(iommu_attach_device_pasid(domain, dev, 3, NULL), 0);
	touch(&r, SID, 3, 700, true); /* in the second 2 MiB */
	for (unsigned i = 0; i < 2; i++) {
		struct iommu_dirty_bitmap b = { .iova = BASE + i * MIB(2),
						.size = MIB(2),
						.page_shift = 12,
						.words = bits[i] };

		memset(bits, 0, sizeof(bits));
		assert_int_equal(iommu_read_and_clear_dirty(domain, &b, 0), 0);
		for (unsigned w = 0; w < 8; w++)
			assert_int_equal(bits[i][w], i ? UINT64_MAX : 0);
	}
	touch(&r, SID, 3, 700, true);
	{
		/* A part of it, and in units of 64 KiB. */
		uint64_t words = 0;
		struct iommu_dirty_bitmap b = { .iova = BASE + MIB(2) + KIB(64),
						.size = KIB(256),
						.page_shift = 16,
						.words = &words };

		assert_int_equal(iommu_read_and_clear_dirty(domain, &b, 0), 0);
		assert_int_equal(words, 0xf);
	}
	iommu_detach_device_pasid(domain, dev, 3);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* Writes and readings at random, against a shadow of both. */
static void random_writes(void **state)
{
	struct smmu_config cfg = config();
	uint64_t seed = 0x9e3779b97f4a7c15ull, shadow = 0;
	struct iommu_domain *domain;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	cfg.tlb_entries = 16;
	rig_up(&r, &cfg);
	dev = add(&r, "dev", SID);
	domain = tracked(dev);
	assert_int_equal(iommu_map(domain, BASE, DATA_BASE, PAGES * KIB(4), RW), 0);
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	assert_int_equal(iommu_attach_device_pasid(domain, dev, 1, NULL), 0);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned what, page;

		seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
		what = seed >> 32 & 63;
		page = seed >> 40 & 63;
		if (what < 40) {
			touch(&r, SID, what & 1, page, what & 2);
			shadow |= what & 2 ? bit(page) : 0;
		} else if (what < 44) {
			assert_int_equal(read_dirty(domain, IOMMU_DIRTY_NO_CLEAR),
					 shadow);
		} else if (what < 48) {
			assert_int_equal(read_dirty(domain, 0), shadow);
			shadow = 0;
		} else if (what < 52) {
			assert_int_equal(
				iommu_unmap(domain, BASE + KIB(4) * page, KIB(4)),
				KIB(4));
			assert_int_equal(iommu_map(domain, BASE + KIB(4) * page,
						   DATA_BASE + KIB(4) * page, KIB(4), RW),
					 0);
			shadow &= ~bit(page);
		}
	}
	iommu_detach_device_pasid(domain, dev, 1);
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_can_track),
		cmocka_unit_test(cd_of_a_tracked_domain),
		cmocka_unit_test(writes_are_noted),
		cmocka_unit_test(blocks_and_pasids),
		cmocka_unit_test(random_writes),
	};

	return cmocka_run_group_tests_name("driver_dirty", tests, NULL, NULL);
}
