/* SPDX-License-Identifier: MIT */
/*
 * What an invalidation puts into the command queue, read back by the model's trace:
 * the ranges cover what was asked, and no more than the rules allow.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "driver/cmdq.h"
#include "driver/rig.h"

#define KIB(n)	 (UINT64_C(n) << 10)
#define MIB(n)	 (UINT64_C(n) << 20)
#define MAX_CMDS 8192

struct seen {
	unsigned n, syncs, others;
	uint64_t dw[MAX_CMDS][2];
};

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	struct seen *s = ctx;

	if (t->kind != SMMU_TRACE_COMMAND)
		return;
	if ((t->dw[0] & 0xff) == SMMU_OP_SYNC) {
		s->syncs++;
	} else {
		assert_true(s->n < MAX_CMDS);
		memcpy(s->dw[s->n++], t->dw, 16);
	}
}

struct bench {
	struct rig r;
	struct seen seen;
	struct iommu_dev *dev;
	struct iommu_domain *domain;
};

static void bench_up(struct bench *b, bool ril, uint32_t flags, unsigned granule)
{
	struct smmu_config cfg = rig_config();
	const uint32_t sid = 3;

	memset(b, 0, sizeof(*b));
	if (!ril)
		smmu_config_init(&cfg, SMMU_PRESET_V3_1), cfg.sid_bits = 10,
							  cfg.cmdqs = 10;
	cfg.gran4k = granule == 12;
	cfg.gran16k = granule <= 14;
	cfg.gran64k = 1;
	rig_up(&b->r, &cfg);
	b->dev = rig_add(&b->r, "dev", &sid, 1);
	assert_true(iommu_dev_has_iommu(b->dev));
	assert_int_equal(iommu_paging_domain_alloc(b->dev, flags, &b->domain), 0);
	assert_int_equal(iommu_attach_device(b->domain, b->dev), 0);
	smmu_set_trace(b->r.smmu, on_trace, &b->seen);
}

static void bench_down(struct bench *b)
{
	smmu_set_trace(b->r.smmu, NULL, NULL);
	iommu_detach_device(b->domain, b->dev);
	iommu_domain_free(b->domain);
	rig_down(&b->r);
}

static struct arm_smmu_domain *inner(struct bench *b)
{
	return IOMMU_CONTAINER_OF(b->domain, struct arm_smmu_domain, core);
}

/* Bits by their place in the command (commands.md): this file's own reading. */
struct range {
	uint64_t first, size, granule;
	unsigned ttl, leaf;
};

static struct range range_of(const uint64_t *dw)
{
	unsigned tg = (unsigned)(dw[1] >> 10 & 3);
	struct range x = { .first = dw[1] & ~UINT64_C(0xfff),
			   .ttl = (unsigned)(dw[1] >> 8 & 3),
			   .leaf = (unsigned)(dw[1] & 1) };

	if (tg) {
		x.granule = UINT64_C(1) << (10 + 2 * tg);
		x.size = ((dw[0] >> 12 & 31) + 1) * x.granule << (dw[0] >> 20 & 31);
	}
	return x;
}

#define COUNTED 4200u

/*
 * CMD-42: a range is 1 to 32 pages times a power of two. How few of them make up so many
 * pages, found by trying them all; beyond what that is done for, five bits of the count
 * for each.
 */
static unsigned fewest(uint64_t pages)
{
	static uint8_t best[COUNTED];
	unsigned n = 0;

	for (unsigned p = 1; !best[COUNTED - 1] && p < COUNTED; p++) {
		best[p] = UINT8_MAX;
		for (unsigned scale = 0; 1u << scale <= p; scale++)
			for (unsigned num = 1; num <= 32 && num << scale <= p; num++)
				if (best[p - (num << scale)] + 1 < best[p])
					best[p] = (uint8_t)(best[p - (num << scale)] + 1);
	}
	if (pages < COUNTED)
		return best[pages];
	for (; pages; n++)
		pages &= ~(UINT64_C(31) << __builtin_ctzll(pages));
	return n;
}

/* DRV-66, DRV-130: no gap, no overlap, nothing beyond but the one page. */
static void check_cover(struct bench *b, uint64_t iova, uint64_t size, uint64_t granule,
			bool leaf)
{
	uint64_t at = iova, page = b->domain->pgsize_bitmap & -b->domain->pgsize_bitmap;

	b->seen.n = b->seen.syncs = 0;
	assert_int_equal(arm_smmu_inv_range(inner(b), iova, size, granule, leaf), 0);
	assert_int_equal(b->seen.syncs, 1);
	for (unsigned i = 0; i < b->seen.n; i++) {
		struct range x = range_of(b->seen.dw[i]);

		assert_int_equal(x.granule, page);
		assert_int_equal(x.leaf, leaf);
		assert_int_equal(x.first, at);
		/* CMD-47: aligned to the leaf that is hinted at; CMD-43. */
		assert_int_equal(x.first & ((leaf ? granule : page) - 1), 0);
		assert_true(x.ttl || x.size > page);
		at += x.size;
	}
	assert_true(at == iova + size || (!leaf && at == iova + size + page));
	assert_int_equal(b->seen.n, fewest((at - iova) / page));
	assert_int_equal(b->r.errors, 0);
}

static void ranges_cover_what_was_asked(void **state)
{
	static const struct {
		unsigned granule;
		uint64_t block;
	} rows[] = { { 12, MIB(2) }, { 14, MIB(32) }, { 16, MIB(512) } };

	(void)state;
	for (unsigned g = 0; g < 3; g++) {
		uint64_t page = UINT64_C(1) << rows[g].granule;
		struct bench b;

		bench_up(&b, true, g == 1 ? IOMMU_ALLOC_STAGE2 : 0, rows[g].granule);
		for (uint64_t pages = 1; pages <= 4096; pages += g ? 37 : 1) {
			check_cover(&b, KIB(64) * 12345, pages * page, page, true);
			check_cover(&b, KIB(64) * 12345 + page, pages * page, page,
				    false);
		}
		for (uint64_t blocks = 1; blocks < 200; blocks++)
			check_cover(&b, rows[g].block * 7, blocks * rows[g].block,
				    rows[g].block, true);
		bench_down(&b);
	}
}

/* The level hint is the level of the leaf. */
static void ranges_hint_at_the_leaf_level(void **state)
{
	static const struct {
		uint64_t granule;
		unsigned ttl;
	} rows[] = { { KIB(4), 3 }, { MIB(2), 2 }, { MIB(1024), 1 } };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct bench b;

		bench_up(&b, true, 0, 12);
		b.seen.n = 0;
		arm_smmu_inv_range(inner(&b), MIB(4096), rows[i].granule, rows[i].granule,
				   true);
		assert_int_equal(b.seen.n, 1);
		assert_int_equal(range_of(b.seen.dw[0]).ttl, rows[i].ttl);
		assert_int_equal(b.seen.dw[0][0] & 0xff, SMMU_OP_TLBI_NH_VA);
		assert_int_equal(b.seen.dw[0][0] >> 48, inner(&b)->id);
		bench_down(&b);
	}
}

/* Beyond what SCALE can say the whole tag goes (CMD-42). */
static void ranges_too_large_drop_the_tag(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, true, 0, 12);
	check_cover(&b, 0, (UINT64_C(1) << 47) + KIB(4), KIB(4), true);
	b.seen.n = 0;
	arm_smmu_inv_range(inner(&b), 0, UINT64_C(1) << 48, KIB(4), true);
	assert_int_equal(b.seen.n, 1);
	assert_int_equal(b.seen.dw[0][0] & 0xff, SMMU_OP_TLBI_NH_ASID);
	bench_down(&b);
}

/* DRV-65, DRV-67: without RIL a command a page, up to a table's worth. */
static void pages_one_by_one_without_ril(void **state)
{
	for (int s2 = 0; s2 < 2; s2++) {
		struct bench b;

		(void)state;
		bench_up(&b, false, s2 ? IOMMU_ALLOC_STAGE2 : 0, 12);
		b.seen.n = b.seen.syncs = 0;
		arm_smmu_inv_range(inner(&b), MIB(6), KIB(4) * 511, KIB(4), true);
		assert_int_equal(b.seen.n, 511);
		assert_int_equal(b.seen.syncs, 1);
		for (unsigned i = 0; i < 511; i++) {
			struct range x = range_of(b.seen.dw[i]);

			assert_int_equal(b.seen.dw[i][0] & 0xff,
					 s2 ? SMMU_OP_TLBI_S2_IPA : SMMU_OP_TLBI_NH_VA);
			assert_int_equal(x.first, MIB(6) + KIB(4) * i);
			assert_int_equal(x.leaf, 1);
			assert_int_equal(x.granule, 0); /* TG, TTL, NUM, SCALE are RES0 */
			assert_int_equal(x.ttl, 0);
		}
		b.seen.n = 0;
		arm_smmu_inv_range(inner(&b), MIB(6), KIB(4) * 512, KIB(4), true);
		assert_int_equal(b.seen.n, 1);
		assert_int_equal(b.seen.dw[0][0] & 0xff,
				 s2 ? SMMU_OP_TLBI_S12_VMALL : SMMU_OP_TLBI_NH_ASID);
		bench_down(&b);
	}
}

/* DRV-68, DRV-70: one gather, one invalidation, one SYNC; nothing for a map. */
static void unmap_invalidates_once(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, true, 0, 12);
	b.seen.n = b.seen.syncs = 0;
	assert_int_equal(iommu_map(b.domain, MIB(2), DATA_BASE, KIB(64), IOMMU_READ), 0);
	assert_int_equal(b.seen.n + b.seen.syncs, 0);
	assert_int_equal(iommu_unmap(b.domain, MIB(2), KIB(64)), KIB(64));
	assert_int_equal(b.seen.n, 1);
	assert_int_equal(b.seen.syncs, 1);
	assert_int_equal(range_of(b.seen.dw[0]).size, KIB(64));
	assert_int_equal(range_of(b.seen.dw[0]).leaf, 1);
	/* A table goes with what it held: not leaf only, at once. */
	assert_int_equal(
		iommu_map(b.domain, MIB(4), DATA_BASE + KIB(4), MIB(2), IOMMU_READ), 0);
	b.seen.n = b.seen.syncs = 0;
	assert_int_equal(iommu_unmap(b.domain, MIB(4), MIB(2)), MIB(2));
	assert_true(b.seen.n >= 1);
	assert_int_equal(range_of(b.seen.dw[0]).leaf, 0);
	assert_int_equal(range_of(b.seen.dw[0]).first, MIB(4));
	bench_down(&b);
}

/*
 * CACHE-71: a page that leaves a Contiguous group takes the hint from the others, so all
 * of the group is invalidated; and the others go on working without a fault.
 */
static void parts_of_groups_invalidate_them(void **state)
{
	struct range x;
	struct bench b;

	(void)state;
	bench_up(&b, true, 0, 12);
	assert_int_equal(iommu_map(b.domain, MIB(2), DATA_BASE, KIB(128),
				   IOMMU_READ | IOMMU_WRITE),
			 0);
	for (uint64_t at = 0; at < KIB(128); at += KIB(4))
		assert_int_equal(
			rig_dma(&b.r, 3, MIB(2) + at, true, &(uint64_t){ at }).status,
			SMMU_OK);
	b.seen.n = b.seen.syncs = 0;
	assert_int_equal(iommu_unmap(b.domain, MIB(2) + KIB(76), KIB(4)), KIB(4));
	assert_int_equal(b.seen.n, 1);
	assert_int_equal(b.seen.syncs, 1);
	x = range_of(b.seen.dw[0]);
	assert_int_equal(x.first, MIB(2) + KIB(64));
	assert_int_equal(x.size, KIB(64));
	for (uint64_t at = 0; at < KIB(128); at += KIB(4))
		assert_int_equal(
			rig_dma(&b.r, 3, MIB(2) + at, true, &(uint64_t){ at }).status,
			at == KIB(76) ? SMMU_ABORT : SMMU_OK);
	/* Single pages again: one by one. */
	b.seen.n = 0;
	assert_int_equal(iommu_unmap(b.domain, MIB(2) + KIB(80), KIB(4)), KIB(4));
	x = range_of(b.seen.dw[0]);
	assert_int_equal(b.seen.n, 1);
	assert_int_equal(x.first, MIB(2) + KIB(80));
	assert_int_equal(x.size, KIB(4));
	b.r.errors = 0;
	bench_down(&b);
}

/* DRV-79: a domain that nobody is attached to has nothing cached. */
static void unattached_domains_cost_nothing(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, true, 0, 12);
	iommu_detach_device(b.domain, b.dev);
	b.seen.n = b.seen.syncs = 0;
	assert_int_equal(iommu_map(b.domain, MIB(2), DATA_BASE, KIB(64), IOMMU_READ), 0);
	assert_int_equal(iommu_unmap(b.domain, MIB(2), KIB(64)), KIB(64));
	assert_int_equal(b.seen.n + b.seen.syncs, 0);
	assert_int_equal(iommu_attach_device(b.domain, b.dev), 0);
	bench_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_cover_what_was_asked),
		cmocka_unit_test(ranges_hint_at_the_leaf_level),
		cmocka_unit_test(ranges_too_large_drop_the_tag),
		cmocka_unit_test(pages_one_by_one_without_ril),
		cmocka_unit_test(unmap_invalidates_once),
		cmocka_unit_test(parts_of_groups_invalidate_them),
		cmocka_unit_test(unattached_domains_cost_nothing),
	};

	return cmocka_run_group_tests_name("driver_inval", tests, NULL, NULL);
}
