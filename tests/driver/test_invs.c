/* SPDX-License-Identifier: MIT */
/*
 * The arrays of what to invalidate: how they grow and shrink, and which commands they
 * come to, in what order, read back by the models' traces.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/rcu.h"
#include "driver/cmdq.h"
#include "driver/invs.h"
#include "driver/rig.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)

/* ---- Memory that runs out ---- */

static long allocations = -1; /* until one fails; -1: none does */
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	if (!allocations)
		return NULL;
	if (allocations > 0)
		allocations--;
	return __real_calloc(n, size);
}

/* ---- Arrays ---- */

struct row {
	unsigned type, id, ssid, users;
};

static struct arm_smmu_invs *array(struct arm_smmu *smmu, const struct row *rows,
				   size_t n)
{
	struct arm_smmu_invs *invs = arm_smmu_invs_alloc(n);

	assert_non_null(invs);
	for (size_t i = 0; i < n; i++) {
		invs->inv[i] = (struct arm_smmu_inv){ .smmu = smmu,
						      .type = (uint8_t)rows[i].type,
						      .id = rows[i].id,
						      .ssid = rows[i].ssid,
						      .users = rows[i].users };
		invs->has_ats |= rows[i].type >= INV_ATS;
	}
	invs->num = n;
	return invs;
}

static void expect_rows(const struct arm_smmu_invs *invs, const struct row *rows,
			size_t n, size_t trashes, bool has_ats)
{
	assert_int_equal(invs->num, n);
	assert_int_equal(invs->num_trashes, trashes);
	assert_int_equal(invs->has_ats, has_ats);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(invs->inv[i].type, rows[i].type);
		assert_int_equal(invs->inv[i].id, rows[i].id);
		assert_int_equal(invs->inv[i].ssid, rows[i].ssid);
		assert_int_equal(invs->inv[i].users, rows[i].users);
	}
}

#define ROWS(...)                                                                        \
	(const struct row[]){ __VA_ARGS__ },                                             \
		sizeof((const struct row[]){ __VA_ARGS__ }) / sizeof(struct row)

static struct arm_smmu_invs *merged(struct arm_smmu_invs *old, struct arm_smmu_invs *add)
{
	struct arm_smmu_invs *out = NULL;

	assert_int_equal(arm_smmu_invs_merge(old, add, &out), 0);
	arm_smmu_invs_free(old);
	return out;
}

static struct arm_smmu_invs *purged(struct arm_smmu_invs *old)
{
	struct arm_smmu_invs *out = arm_smmu_invs_purge(old);

	assert_non_null(out);
	arm_smmu_invs_free(old);
	return out;
}

enum { A = INV_S1_ASID, V = INV_S2_VMID, C = INV_S2_VMID_S1_CLEAR, T = INV_ATS };

/* DRV-75, DRV-76, DRV-77, DRV-82: a parent's devices come and go, with their ATCs. */
static void arrays_of_streams_grow_and_shrink(void **state)
{
	struct arm_smmu_invs *one =
		array(NULL, ROWS({ V, 1, 0, 1 }, { C, 1, 0, 1 }, { T, 3, 0, 1 }));
	struct arm_smmu_invs *two =
		array(NULL, ROWS({ V, 1, 0, 1 }, { T, 4, 0, 1 }, { T, 5, 0, 1 }));
	struct arm_smmu_invs *three =
		array(NULL, ROWS({ V, 1, 0, 1 }, { T, 5, 0, 1 }, { T, 6, 0, 1 }));
	struct arm_smmu_invs *all = arm_smmu_invs_alloc(0);

	(void)state;
	all = merged(all, one);
	expect_rows(all, ROWS({ V, 1, 0, 1 }, { C, 1, 0, 1 }, { T, 3, 0, 1 }), 0, true);
	assert_null(arm_smmu_invs_purge(all)); /* nothing to drop */
	all = merged(all, two);
	expect_rows(all,
		    ROWS({ V, 1, 0, 2 }, { C, 1, 0, 1 }, { T, 3, 0, 1 }, { T, 4, 0, 1 },
			 { T, 5, 0, 1 }),
		    0, true);
	/* Trash at the end goes at once. */
	arm_smmu_invs_unref(all, two);
	expect_rows(all, ROWS({ V, 1, 0, 1 }, { C, 1, 0, 1 }, { T, 3, 0, 1 }), 0, true);
	assert_int_equal(two->inv[0].users, 1);
	assert_int_equal(two->inv[1].users, 0);
	all = merged(all, three);
	expect_rows(all,
		    ROWS({ V, 1, 0, 2 }, { C, 1, 0, 1 }, { T, 3, 0, 1 }, { T, 5, 0, 1 },
			 { T, 6, 0, 1 }),
		    0, true);
	/* In the middle it stays. */
	arm_smmu_invs_unref(all, one);
	expect_rows(all,
		    ROWS({ V, 1, 0, 1 }, { C, 1, 0, 0 }, { T, 3, 0, 0 }, { T, 5, 0, 1 },
			 { T, 6, 0, 1 }),
		    2, true);
	all = purged(all);
	expect_rows(all, ROWS({ V, 1, 0, 1 }, { T, 5, 0, 1 }, { T, 6, 0, 1 }), 0, true);
	arm_smmu_invs_unref(all, three);
	assert_int_equal(all->num, 0);
	assert_int_equal(three->inv[0].users, 0); /* the tag has to be cleaned */
	assert_null(arm_smmu_invs_purge(all));
	arm_smmu_invs_free(all);
	arm_smmu_invs_free(one);
	arm_smmu_invs_free(two);
	arm_smmu_invs_free(three);
}

/* DRV-82: SubstreamIDs are told apart, and come between each other. */
static void arrays_of_substreams_interleave(void **state)
{
	struct arm_smmu_invs *odd =
		array(NULL, ROWS({ T, 10, 1, 1 }, { T, 10, 3, 1 }, { T, 12, 1, 1 }));
	struct arm_smmu_invs *even =
		array(NULL, ROWS({ T, 10, 2, 1 }, { T, 10, 3, 1 }, { T, 12, 2, 1 }));
	struct arm_smmu_invs *all = arm_smmu_invs_alloc(0);

	(void)state;
	all = merged(merged(all, odd), even);
	expect_rows(all,
		    ROWS({ T, 10, 1, 1 }, { T, 10, 2, 1 }, { T, 10, 3, 2 },
			 { T, 12, 1, 1 }, { T, 12, 2, 1 }),
		    0, true);
	arm_smmu_invs_unref(all, even);
	expect_rows(
		all,
		ROWS({ T, 10, 1, 1 }, { T, 10, 2, 0 }, { T, 10, 3, 1 }, { T, 12, 1, 1 }),
		1, true);
	/* Trash in the way of a merge is used again, or left out. */
	all = merged(all, even);
	expect_rows(all,
		    ROWS({ T, 10, 1, 1 }, { T, 10, 2, 1 }, { T, 10, 3, 2 },
			 { T, 12, 1, 1 }, { T, 12, 2, 1 }),
		    0, true);
	arm_smmu_invs_unref(all, even);
	all = purged(all);
	expect_rows(all, ROWS({ T, 10, 1, 1 }, { T, 10, 3, 1 }, { T, 12, 1, 1 }), 0,
		    true);
	arm_smmu_invs_free(all);
	arm_smmu_invs_free(odd);
	arm_smmu_invs_free(even);
}

/* ---- Commands ---- */

struct seen {
	unsigned n;
	uint64_t dw[64][2];
};

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	struct seen *s = ctx;

	if (t->kind == SMMU_TRACE_COMMAND && s->n < 64)
		memcpy(s->dw[s->n++], t->dw, 16);
}

static void expect_ops(const struct seen *s, const uint8_t *ops, unsigned n)
{
	assert_int_equal(s->n, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(s->dw[i][0] & 0xff, ops[i]);
}

#define OPS(...)                                                                         \
	(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static struct arm_smmu_inv entry(struct arm_smmu *smmu, unsigned type, uint32_t id)
{
	static const uint8_t by_size[] = { SMMU_OP_TLBI_NH_VA, SMMU_OP_TLBI_S2_IPA, 0,
					   SMMU_OP_ATC_INV, SMMU_OP_ATC_INV };
	static const uint8_t by_tag[] = { SMMU_OP_TLBI_NH_ASID, SMMU_OP_TLBI_S12_VMALL,
					  SMMU_OP_TLBI_NH_ALL, SMMU_OP_ATC_INV,
					  SMMU_OP_ATC_INV };

	return (struct arm_smmu_inv){ .smmu = smmu,
				      .type = (uint8_t)type,
				      .by_size = by_size[type],
				      .by_tag = by_tag[type],
				      .pgsize = 12,
				      .id = id,
				      .users = 1 };
}

/*
 * DRV-72, DRV-79, DRV-80: TLBs, SYNC, what is made of them, SYNC, ATCs, SYNC; the next
 * SMMU after that; what nobody uses is left out, and nothing behind it is.
 */
static void walks_keep_the_order_of_caches(void **state)
{
	struct arm_smmu_invs *invs = arm_smmu_invs_alloc(8);
	struct smmu_config cfg = rig_config();
	struct seen seen[2] = { 0 };
	struct rig r[2];

	(void)state;
	cfg.ats = 1;
	for (unsigned i = 0; i < 2; i++) {
		rig_up(&r[i], &cfg);
		smmu_set_trace(r[i].smmu, on_trace, &seen[i]);
		invs->inv[4 * i] = entry(r[i].drv, INV_S2_VMID, 7);
		invs->inv[4 * i + 1] = entry(r[i].drv, INV_S2_VMID_S1_CLEAR, 7);
		invs->inv[4 * i + 2] = entry(r[i].drv, INV_ATS, 3);
		invs->inv[4 * i + 3] = entry(r[i].drv, INV_ATS_FULL, 4);
	}
	invs->num = 8;
	invs->has_ats = true;
	invs->inv[5].users = 0;
	assert_int_equal(
		arm_smmu_invs_invalidate(invs, MIB(1) + KIB(4), KIB(8), KIB(4), true), 0);
	expect_ops(&seen[0],
		   OPS(SMMU_OP_TLBI_S2_IPA, SMMU_OP_SYNC, SMMU_OP_TLBI_NH_ALL,
		       SMMU_OP_SYNC, SMMU_OP_ATC_INV, SMMU_OP_ATC_INV, SMMU_OP_SYNC));
	expect_ops(&seen[1], OPS(SMMU_OP_TLBI_S2_IPA, SMMU_OP_SYNC, SMMU_OP_ATC_INV,
				 SMMU_OP_ATC_INV, SMMU_OP_SYNC));
	/* Pages 0x101 and 0x102 differ in bit 1: a span of 4 from 0x100 (DRV-69). */
	assert_int_equal(seen[0].dw[4][0] >> 32, 3);
	assert_int_equal(seen[0].dw[4][1], MIB(1) | 2);
	/* The whole of an ATC: span 52, address 0. */
	assert_int_equal(seen[0].dw[5][0] >> 32, 4);
	assert_int_equal(seen[0].dw[5][1], 52);
	/* By tag: S12_VMALL takes stage 1 with it. */
	seen[0].n = 0;
	assert_int_equal(arm_smmu_invs_invalidate(invs, 0, 0, 0, false), 0);
	expect_ops(&seen[0], OPS(SMMU_OP_TLBI_S12_VMALL, SMMU_OP_SYNC, SMMU_OP_ATC_INV,
				 SMMU_OP_ATC_INV, SMMU_OP_SYNC));
	assert_int_equal(seen[0].dw[2][1], 52);
	arm_smmu_invs_free(invs);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(r[i].errors, 0);
		rig_down(&r[i]);
	}
}

/* DRV-69: the span is the smallest aligned block that holds both ends. */
static void atc_spans_hold_both_ends(void **state)
{
	struct arm_smmu_invs *invs = arm_smmu_invs_alloc(1);
	struct smmu_config cfg = rig_config();
	struct seen seen = { 0 };
	struct rig r;

	(void)state;
	cfg.ats = 1;
	rig_up(&r, &cfg);
	smmu_set_trace(r.smmu, on_trace, &seen);
	invs->inv[0] = entry(r.drv, INV_ATS, 3);
	invs->inv[0].ssid = 5;
	invs->num = 1;
	invs->has_ats = true;
	for (uint64_t first = 0; first < 20; first++) {
		for (uint64_t pages = 1; pages < 40; pages++) {
			uint64_t span, at;

			seen.n = 0;
			arm_smmu_invs_invalidate(invs, KIB(4) * first, KIB(4) * pages,
						 KIB(4), true);
			span = seen.dw[0][1] & 63;
			at = seen.dw[0][1] >> 12;
			assert_int_equal(at & ((UINT64_C(1) << span) - 1), 0);
			assert_int_equal(at, first >> span << span);
			assert_int_equal((first + pages - 1) >> span, first >> span);
			if (span) /* no smaller one would do */
				assert_int_not_equal((first + pages - 1) >> (span - 1),
						     first >> (span - 1));
			/* SSV and the SubstreamID; not Global. */
			assert_int_equal(seen.dw[0][0] >> 11 & 1, 1);
			assert_int_equal(seen.dw[0][0] >> 12 & 0xfffff, 5);
			assert_int_equal(seen.dw[0][0] >> 9 & 1, 0);
		}
	}
	arm_smmu_invs_free(invs);
	assert_int_equal(r.errors, 0);
	rig_down(&r);
}

/* ---- Through attach ---- */

static struct arm_smmu_invs *of(struct iommu_domain *domain)
{
	return rcu_get(&to_domain(domain)->invs);
}

/* DRV-73, DRV-74, DRV-78: what a device with two streams brings along. */
static void attach_brings_tags_and_caches(void **state)
{
	static const uint32_t sids[] = { 9, 4 };
	static const uint32_t flags[] = { 0, IOMMU_ALLOC_STAGE2,
					  IOMMU_ALLOC_NEST_PARENT };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct iommu_domain *domain;
		struct arm_smmu_master *master;
		struct arm_smmu_invs *room = arm_smmu_invs_alloc(4);
		struct iommu_dev *dev;
		unsigned tags = i == 2 ? 2 : 1;
		struct rig r;

		rig_up(&r, NULL);
		dev = rig_add(&r, "dev", sids, 2);
		master = iommu_dev_priv(dev);
		assert_int_equal(iommu_paging_domain_alloc(dev, flags[i], &domain), 0);
		assert_int_equal(of(domain)->num, 0);
		assert_int_equal(iommu_attach_device(domain, dev), 0);
		assert_int_equal(of(domain)->num, tags);
		assert_false(of(domain)->has_ats);
		assert_int_equal(arm_smmu_invs_build(room, master, to_domain(domain), 0,
						     ATC_BY_RANGE),
				 0);
		assert_int_equal(room->num, tags + 2);
		assert_true(room->has_ats);
		assert_int_equal(room->inv[0].type, i ? INV_S2_VMID : INV_S1_ASID);
		assert_int_equal(room->inv[0].by_size,
				 i ? SMMU_OP_TLBI_S2_IPA : SMMU_OP_TLBI_NH_VA);
		assert_int_equal(room->inv[0].by_tag,
				 i ? SMMU_OP_TLBI_S12_VMALL : SMMU_OP_TLBI_NH_ASID);
		assert_int_equal(room->inv[0].id, to_domain(domain)->id);
		assert_int_equal(room->inv[0].pgsize, 12);
		if (i == 2)
			assert_int_equal(room->inv[1].type, INV_S2_VMID_S1_CLEAR);
		assert_int_equal(room->inv[tags].id, 4);
		assert_int_equal(room->inv[tags + 1].id, 9);
		room->max = 3; /* no room for the last */
		assert_int_equal(arm_smmu_invs_build(room, master, to_domain(domain), 0,
						     ATC_BY_RANGE),
				 i == 2 ? -EINVAL : 0);
		/* DRV-74: of what a guest has, everything. */
		room->max = 4;
		assert_int_equal(arm_smmu_invs_build(room, master, to_domain(domain), 0,
						     ATC_AS_A_WHOLE),
				 0);
		assert_int_equal(room->inv[tags].type, INV_ATS_FULL);
		iommu_detach_device(domain, dev);
		assert_int_equal(of(domain)->num, 0);
		arm_smmu_invs_free(room);
		iommu_domain_free(domain);
		rig_down(&r);
	}
}

/* DRV-124: combined entries of a parent's guests go too, after stage 2. */
static void parents_clear_stage_1_after_stage_2(void **state)
{
	const uint32_t sid = 3;
	struct iommu_domain *domain;
	struct seen seen = { 0 };
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev = rig_add(&r, "dev", &sid, 1);
	assert_int_equal(iommu_paging_domain_alloc(dev, IOMMU_ALLOC_NEST_PARENT, &domain),
			 0);
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	assert_int_equal(iommu_map(domain, MIB(2), DATA_BASE, KIB(4), IOMMU_READ), 0);
	smmu_set_trace(r.smmu, on_trace, &seen);
	assert_int_equal(iommu_unmap(domain, MIB(2), KIB(4)), KIB(4));
	expect_ops(&seen, OPS(SMMU_OP_TLBI_S2_IPA, SMMU_OP_SYNC, SMMU_OP_TLBI_NH_ALL,
			      SMMU_OP_SYNC));
	assert_int_equal(seen.dw[2][0] >> 32 & 0xffff, to_domain(domain)->id);
	smmu_set_trace(r.smmu, NULL, NULL);
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* DRV-57, DRV-81: the tag is cleaned with its last user, and not before. */
static void tags_are_cleaned_with_their_last_user(void **state)
{
	static const uint32_t sids[] = { 3, 4 };
	struct iommu_domain *domain;
	struct seen seen = { 0 };
	struct iommu_dev *dev[2];
	unsigned tagged;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	dev[0] = rig_add(&r, "a", &sids[0], 1);
	dev[1] = rig_add(&r, "b", &sids[1], 1);
	assert_int_equal(iommu_paging_domain_alloc(dev[0], 0, &domain), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(iommu_attach_device(domain, dev[i]), 0);
	assert_int_equal(of(domain)->inv[0].users, 2);
	for (unsigned i = 0; i < 2; i++) {
		seen.n = 0;
		smmu_set_trace(r.smmu, on_trace, &seen);
		iommu_detach_device(domain, dev[i]);
		smmu_set_trace(r.smmu, NULL, NULL);
		tagged = 0;
		for (unsigned n = 0; n < seen.n; n++)
			tagged += (seen.dw[n][0] & 0xff) == SMMU_OP_TLBI_NH_ASID &&
				  seen.dw[n][0] >> 48 == to_domain(domain)->id;
		assert_int_equal(tagged, i);
	}
	iommu_domain_free(domain);
	rig_down(&r);
}

/* DRV-75, DRV-77: no memory for an attach changes nothing; to leave takes none. */
static void attach_without_memory_changes_nothing(void **state)
{
	static const uint32_t sids[] = { 3, 4 };
	struct arm_smmu_invs *before;
	struct iommu_domain *domain;
	struct iommu_dev *dev[2];
	struct rig r;
	int err = -ENOMEM;

	(void)state;
	rig_up(&r, NULL);
	dev[0] = rig_add(&r, "a", &sids[0], 1);
	dev[1] = rig_add(&r, "b", &sids[1], 1);
	assert_int_equal(iommu_paging_domain_alloc(dev[0], 0, &domain), 0);
	assert_int_equal(iommu_attach_device(domain, dev[0]), 0);
	before = of(domain);
	for (long n = 0; err; n++) {
		allocations = n;
		err = arm_smmu_attach_dev(domain, dev[1], NULL);
		allocations = -1;
		assert_true(!err || err == -ENOMEM);
		if (err) {
			assert_ptr_equal(of(domain), before);
			assert_int_equal(before->inv[0].users, 1);
		}
		assert_true(n < 100);
	}
	assert_int_equal(of(domain)->inv[0].users, 2);
	allocations = 0;
	arm_smmu_attach_static(iommu_dev_priv(dev[1]), RID_BLOCKED);
	iommu_detach_device(domain, dev[0]);
	allocations = -1;
	assert_int_equal(of(domain)->num, 0);
	iommu_domain_free(domain);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_of_streams_grow_and_shrink),
		cmocka_unit_test(arrays_of_substreams_interleave),
		cmocka_unit_test(walks_keep_the_order_of_caches),
		cmocka_unit_test(atc_spans_hold_both_ends),
		cmocka_unit_test(attach_brings_tags_and_caches),
		cmocka_unit_test(parents_clear_stage_1_after_stage_2),
		cmocka_unit_test(tags_are_cleaned_with_their_last_user),
		cmocka_unit_test(attach_without_memory_changes_nothing),
	};

	return cmocka_run_group_tests_name("driver_invs", tests, NULL, NULL);
}
