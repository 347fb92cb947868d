/* SPDX-License-Identifier: MIT */
/*
 * Every change of a device's configuration, every 64-bit store of it put to the model
 * (DRV-44, DRV-48, DRV-125): between any two stores DMA, and a translation request where
 * the device's ATS is on, is answered as before the change or as after it; with an abort
 * only where no order of stores could avoid it, or before or after is one. Once with the
 * model's caches, once with every STE and CD fetched anew.
 *
 * The driver's own writer of entries is compiled into this file with its stores replaced
 * by the judge's; --wrap has the driver call it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/iommu_sva.h>
#include "driver/word.h"

static void judged_store(hwword_t *at, uint64_t v);
#define hw_store(at, v)	     judged_store(at, v)
#define arm_smmu_write_entry __wrap_arm_smmu_write_entry
#include "driver/entry.c" /* NOLINT: its stores are what is tested */
#undef arm_smmu_write_entry
#undef hw_store
#include <smmulator/iommu_user.h>
#include <smmulator/iommufd_smmuv3.h>
#include "driver/cdtab.h"
#include "driver/pci_rig.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define SID    5u
#define ALIAS  300u
#define PASID  3u
#define PROBE  (DATA_BASE + 0x7000) /* the address that every DMA is to */

/* ---- What DMA must meet ---- */

#define BLOCKED UINT64_MAX /* instead of an address: an abort */

/* Of the RID, and of PASID. */
struct meeting {
	uint64_t old, new; /* physical addresses, or BLOCKED */
	bool gap;	   /* an abort in between cannot be avoided */
};

static struct {
	struct rig *r;
	struct pci_fn *f; /* NULL: no PCI function */
	const uint32_t *sids;
	size_t num_sids;
	struct meeting rid, pasid;
	bool watching;
	const char *what; /* for a message */
	unsigned stores, aborts, from, to;
} judge;

/* Configuration errors and nothing else: no fault of a table is an answer. */
static bool is_abort(uint8_t status, uint8_t event)
{
	return status == SMMU_ABORT &&
	       (event == 0 || event == SMMU_EVT_C_BAD_STE || event == SMMU_EVT_C_BAD_CD ||
		event == SMMU_EVT_F_STREAM_DISABLED ||
		event == SMMU_EVT_C_BAD_SUBSTREAMID);
}

static bool is_end_of_process(uint8_t status, uint8_t event)
{
	return status == SMMU_ABORT && event == SMMU_EVT_F_TRANSLATION;
}

static bool allowed(const struct meeting *m, bool ok, uint64_t pa)
{
	if (ok)
		return pa == m->old || pa == m->new;
	return m->old == BLOCKED || m->new == BLOCKED || m->gap;
}

static void judge_dma(uint32_t sid, bool ssv, const struct meeting *m)
{
	struct smmu_txn txn = {
		.sid = sid, .ssv = ssv, .ssid = PASID, .addr = PROBE, .op = SMMU_WRITE
	};
	struct smmu_result res = smmu_translate(judge.r->port, &txn);
	bool ok = res.status == SMMU_OK;

	judge.aborts += !ok;
	if (!ok && !is_abort(res.status, res.event) &&
	    !(m->new == BLOCKED &&ssv &&is_end_of_process(res.status, res.event)))
		fail_msg("%s %u -> %u, store %u: stream %u %s: status %u, event %#x",
			 judge.what, judge.from, judge.to, judge.stores, sid,
			 ssv ? "with PASID" : "", res.status, res.event);
	if (!allowed(m, ok, res.pa))
		fail_msg("%s %u -> %u, store %u: stream %u %s: %s %#llx, event %#x",
			 judge.what, judge.from, judge.to, judge.stores, sid,
			 ssv ? "with PASID" : "", ok ? "goes to" : "abort",
			 (unsigned long long)(ok ? res.pa : 0), res.event);
}

/* While the function's ATS is on its requests are answered, never UR (DRV-87). */
static void judge_ats(bool ssv, const struct meeting *m)
{
	struct smmu_ats_request req = {
		.sid = SID, .ssv = ssv, .ssid = PASID, .addr = PROBE
	};
	struct smmu_ats_completion comp = smmu_ats_request(judge.r->port, &req);
	uint64_t mask =
		comp.page_bits < 64 ? (UINT64_C(1) << comp.page_bits) - 1 : UINT64_MAX;

	if (comp.status != SMMU_ATS_SUCCESS && !m->gap && m->old != BLOCKED &&
	    m->new != BLOCKED)
		fail_msg("%s %u -> %u, store %u: translation request %s: status %u",
			 judge.what, judge.from, judge.to, judge.stores,
			 ssv ? "with PASID" : "", comp.status);
	if (comp.status == SMMU_ATS_SUCCESS && (comp.read || comp.write) &&
	    !allowed(m, true, comp.addr + (PROBE & mask)))
		fail_msg("%s %u -> %u, store %u: translation request %s gets %#llx",
			 judge.what, judge.from, judge.to, judge.stores,
			 ssv ? "with PASID" : "", (unsigned long long)comp.addr);
}

static void judge_now(void)
{
	for (size_t i = 0; i < judge.num_sids; i++) {
		judge_dma(judge.sids[i], false, &judge.rid);
		judge_dma(judge.sids[i], true, &judge.pasid);
	}
	if (judge.f && pci_ats_on(judge.f)) {
		judge_ats(false, &judge.rid);
		judge_ats(true, &judge.pasid);
	}
}

static void judged_store(hwword_t *at, uint64_t v)
{
	__atomic_store_n(at, hw_le64(v), __ATOMIC_RELEASE);
	if (!judge.watching)
		return;
	judge.stores++;
	judge_now();
}

/* Config-space writes are moments too. */
static void on_config_write(struct pci_fn *f, uint16_t offset, uint32_t value)
{
	(void)f;
	(void)offset;
	(void)value;
	if (judge.watching)
		judge_now();
}

/* ---- The machine and its domains ---- */

enum {
	IDENTITY,
	ABORT,
	S1_A,
	S1_B,
	S2_A,
	S2_B,
	PARENT,
	DIRTY,
	/* Nested on PARENT: what the guest's STE says. */
	N_NOTHING, /* V is 0 */
	N_ABORT,
	N_BYPASS,
	N_A,
	N_B, /* another CD table */
	RIDS
};
enum { NONE, P_A, P_B, SVA, PASIDS };
enum machine { PLATFORM, STALLING, PCI, FORCED_STALL, MACHINES };

struct bench {
	struct rig r;
	struct pci_fn f;
	struct iommu_dev *dev;
	struct iommu_domain *rids[RIDS], *pasids[PASIDS];
	uint64_t rid_pa[RIDS], pasid_pa[PASIDS];
	struct io_pgtable *table;
	struct iommu_mm *mm;
	struct iommufd_viommu *viommu;
	struct io_pgtable *guest[2];
	struct iommu_dma guest_cd[2];
};

static struct iommu_domain *make(struct bench *b, uint32_t flags, unsigned page,
				 uint64_t *pa)
{
	struct iommu_domain *domain = NULL;

	*pa = DATA_BASE + MIB(1) + KIB(4) * page;
	assert_int_equal(iommu_paging_domain_alloc(b->dev, flags, &domain), 0);
	assert_int_equal(iommu_map(domain, PROBE, *pa, KIB(4), RW), 0);
	return domain;
}

static void make_process(struct bench *b)
{
	struct io_pgtable_cfg cfg = { .fmt = IO_PGTABLE_STAGE1,
				      .pgsize_bitmap = KIB(4),
				      .ias = 48,
				      .oas = 44,
				      .coherent = true,
				      .platform = b->r.platform };
	struct iommu_mm_desc desc = { .va_bits = 48, .pa_bits = 44, .page_shift = 12 };

	b->pasid_pa[SVA] = DATA_BASE + MIB(2);
	assert_int_equal(io_pgtable_alloc(&b->table, &cfg), 0);
	assert_int_equal(io_pgtable_map(b->table, PROBE, b->pasid_pa[SVA], KIB(4),
					IO_PROT_READ | IO_PROT_WRITE | IO_PROT_CACHE),
			 0);
	desc.root = cfg.s1.ttb;
	desc.mair = cfg.s1.mair;
	assert_int_equal(iommu_mm_create(b->r.sys, &desc, &b->mm), 0);
	/* By hand: the core would bind it under a PASID of its own choice. */
	assert_int_equal(arm_smmu_domain_alloc_sva(b->dev, b->mm, &b->pasids[SVA]), 0);
	b->pasids[SVA]->type = IOMMU_DOMAIN_SVA;
	b->pasids[SVA]->owner = &arm_smmu_ops;
}

/* ---- A guest: its memory is the host's, address by address, but for its pages ---- */

static int user_read(void *ctx, void *to, uint64_t uaddr, size_t len)
{
	(void)ctx;
	memcpy(to, (const void *)(uintptr_t)uaddr, len);
	return 0;
}

static struct iommu_domain *nested(struct bench *b, uint64_t word0, uint64_t word1)
{
	const struct iommu_user_mem mem = { .read = user_read };
	struct iommu_hwpt_arm_smmuv3 arg = { { word0, word1 } };
	const struct iommu_user_data data = { .mem = &mem,
					      .type = IOMMU_HWPT_DATA_ARM_SMMUV3,
					      .len = sizeof(arg),
					      .uaddr = (uintptr_t)&arg };
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommufd_viommu_nested_alloc(b->viommu, 0, &data, &domain), 0);
	return domain;
}

/* A CD with a table that takes PROBE to one page of the guest's. */
static uint64_t guest_cd(struct bench *b, unsigned which)
{
	struct io_pgtable_cfg cfg = { .fmt = IO_PGTABLE_STAGE1,
				      .pgsize_bitmap = KIB(4),
				      .ias = 48,
				      .oas = 44,
				      .coherent = true,
				      .platform = b->r.platform };
	/* An ASID each: who used one for both would have to invalidate, as any guest. */
	struct arm_smmu_domain d = { .stage = STAGE_1, .id = (uint16_t)(7 + which) };
	const struct arm_smmu_master plain = {
		.smmu = b->r.drv,
		.stall_enabled = b->r.drv->features & FEAT_STALL_FORCE,
	};
	uint64_t ipa = MIB(1) + KIB(4) * which, cd[8];

	assert_int_equal(io_pgtable_alloc(&b->guest[which], &cfg), 0);
	assert_int_equal(io_pgtable_map(b->guest[which], PROBE, ipa, KIB(4),
					IO_PROT_READ | IO_PROT_WRITE | IO_PROT_CACHE),
			 0);
	b->rid_pa[N_A + which] = DATA_BASE + MIB(3) + KIB(4) * which;
	assert_int_equal(
		iommu_map(b->rids[PARENT], ipa, b->rid_pa[N_A + which], KIB(4), RW), 0);
	assert_int_equal(b->r.platform.ops->dma_alloc(b->r.platform.ctx, 64, 64,
						      &b->guest_cd[which]),
			 0);
	d.pgcfg = cfg;
	arm_smmu_make_s1_cd(&plain, &d, cd);
	for (unsigned i = 0; i < 8; i++)
		rig_poke(&b->r, b->guest_cd[which].pa + 8 * i, cd[i]);
	return b->guest_cd[which].pa;
}

/* Its events: there are some where V is 0. */
static int guest_hears(void *ctx, uint32_t type, const void *data, size_t len)
{
	(void)ctx;
	(void)type;
	(void)data;
	(void)len;
	return 0;
}

static void make_guest(struct bench *b, enum machine machine)
{
	const uint64_t s1 = 1 | SMMU_STE_CONFIG_S1 << 1;
	uint64_t word1 = 1u << 2 | 1u << 4 | 3u << 6; /* WB, ISH; S1DSS: no SSIDs */

	if (machine == PCI)
		word1 |= (uint64_t)SMMU_EATS_FULL << 28;
	else if (machine == PLATFORM)
		word1 |= UINT64_C(1) << 27; /* S1STALLD */
	assert_int_equal(iommufd_viommu_create(b->dev, IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
					       b->rids[PARENT], NULL, guest_hears, NULL,
					       &b->viommu),
			 0);
	assert_int_equal(iommufd_viommu_add_vdev(b->viommu, b->dev, 0x99), 0);
	assert_int_equal(iommu_map(b->rids[PARENT], RAM_BASE, RAM_BASE, MIB(64), RW), 0);
	b->rids[N_NOTHING] = nested(b, 0, 0);
	b->rids[N_ABORT] = nested(b, 1, 0);
	b->rids[N_BYPASS] = nested(b, 1 | SMMU_STE_CONFIG_BYPASS << 1, 0);
	b->rid_pa[N_NOTHING] = b->rid_pa[N_ABORT] = BLOCKED;
	b->rid_pa[N_BYPASS] = b->rid_pa[PARENT];
	for (unsigned i = 0; i < 2; i++)
		b->rids[N_A + i] = nested(b, s1 | guest_cd(b, i), word1);
}

static void end_guest(struct bench *b)
{
	for (unsigned i = N_NOTHING; i < RIDS; i++)
		iommu_domain_free(b->rids[i]);
	iommufd_viommu_remove_vdev(b->viommu, b->dev);
	iommufd_viommu_destroy(b->viommu);
	for (unsigned i = 0; i < 2; i++) {
		io_pgtable_free(b->guest[i]);
		b->r.platform.ops->dma_free(b->r.platform.ctx, &b->guest_cd[i]);
	}
}

static void add_device(struct bench *b, enum machine machine)
{
	static const uint32_t sids[] = { SID, ALIAS };
	struct smmu_pcie_config fn = pci_function(SID);
	struct iommu_dev_desc desc = { .name = "dev",
				       .pasid_num_bits = 4,
				       .dma_can_stall = machine == STALLING };

	if (machine == PCI)
		b->dev = pci_add(&b->r, &b->f, "fn", &fn, sids, 2,
				 IOMMU_FWSPEC_PCI_RC_ATS);
	else
		b->dev = rig_add_as(&b->r, &desc, sids, 2);
	assert_true(iommu_dev_has_iommu(b->dev));
	judge.f = machine == PCI ? &b->f : NULL;
	b->f.on_write = on_config_write;
	judge.sids = sids;
	judge.num_sids = 2;
}

static void up(struct bench *b, enum machine machine, bool cached)
{
	struct smmu_config cfg = pci_config();

	memset(b, 0, sizeof(*b));
	memset(&judge, 0, sizeof(judge));
	judge.r = &b->r;
	cfg.httu = 2;
	cfg.attr_types_ovr = 1;
	cfg.no_config_cache = cfg.no_tlb = !cached;
	cfg.stall_model = machine == FORCED_STALL ? 2 : 0;
	cfg.stall_max = 8;
	rig_up(&b->r, &cfg);
	add_device(b, machine);
	b->rids[IDENTITY] = arm_smmu_ops.identity_domain;
	b->rid_pa[IDENTITY] = PROBE;
	b->rids[ABORT] = arm_smmu_ops.blocked_domain;
	b->rid_pa[ABORT] = b->pasid_pa[NONE] = BLOCKED;
	b->rids[S1_A] = make(b, IOMMU_ALLOC_PASID, 1, &b->rid_pa[S1_A]);
	b->rids[S1_B] = make(b, IOMMU_ALLOC_PASID, 2, &b->rid_pa[S1_B]);
	b->rids[S2_A] = make(b, IOMMU_ALLOC_STAGE2, 3, &b->rid_pa[S2_A]);
	b->rids[S2_B] = make(b, IOMMU_ALLOC_STAGE2, 4, &b->rid_pa[S2_B]);
	b->rids[PARENT] = make(b, IOMMU_ALLOC_NEST_PARENT, 5, &b->rid_pa[PARENT]);
	b->rids[DIRTY] = make(b, IOMMU_ALLOC_DIRTY_TRACKING, 6, &b->rid_pa[DIRTY]);
	b->pasids[P_A] = make(b, IOMMU_ALLOC_PASID, 7, &b->pasid_pa[P_A]);
	b->pasids[P_B] = make(b, IOMMU_ALLOC_PASID, 8, &b->pasid_pa[P_B]);
	make_process(b);
	make_guest(b, machine);
}

static void down(struct bench *b)
{
	end_guest(b);
	for (unsigned i = S1_A; i < N_NOTHING; i++) {
		assert_int_equal(rig_users(b->rids[i]), 0);
		iommu_domain_free(b->rids[i]);
	}
	for (unsigned i = P_A; i < PASIDS; i++) {
		assert_int_equal(rig_users(b->pasids[i]), 0);
		iommu_domain_free(b->pasids[i]);
	}
	iommu_mm_put(b->mm);
	io_pgtable_free(b->table);
	assert_int_equal(b->r.errors, 0);
	iommu_dev_remove(b->dev);
	b->r.num_devs = 0;
	pci_remove(&b->f);
	rig_down(&b->r);
}

static void set_rid(struct bench *b, unsigned to)
{
	assert_int_equal(b->rids[to]->ops->attach_dev(b->rids[to], b->dev, NULL), 0);
}

static void set_pasid(struct bench *b, unsigned from, unsigned to)
{
	struct iommu_domain *old = b->pasids[from];

	if (to == NONE)
		arm_smmu_remove_dev_pasid(arm_smmu_ops.blocked_domain, b->dev, PASID,
					  old);
	else
		assert_int_equal(b->pasids[to]->ops->set_dev_pasid(b->pasids[to], b->dev,
								   PASID, old),
				 0);
}

static bool is_stage_2(unsigned rid)
{
	return rid == S2_A || rid == S2_B || rid == PARENT || rid >= N_NOTHING;
}

static bool is_static(unsigned rid)
{
	return rid == IDENTITY || rid == ABORT;
}

/*
 * A guest that bypasses, or aborts, has what the host would give it itself; but for ATS,
 * which is on with a stage 1 of the guest's only (DRV-117).
 */
static bool same_ste(unsigned from, unsigned to)
{
	if (from == N_BYPASS && !judge.f)
		from = PARENT;
	if (to == N_BYPASS && !judge.f)
		to = PARENT;
	if (from == N_ABORT)
		from = ABORT;
	if (to == N_ABORT)
		to = ABORT;
	return from == to;
}

static void watch(const char *what, unsigned from, unsigned to, struct meeting rid,
		  struct meeting pasid)
{
	judge.what = what;
	judge.from = from;
	judge.to = to;
	judge.rid = rid;
	judge.pasid = pasid;
	judge.stores = judge.aborts = 0;
	judge.watching = true;
	judge_now();
}

/* It is over: only the new is right, at once and for good. */
static void unwatch(void)
{
	judge.rid.old = judge.rid.new;
	judge.pasid.old = judge.pasid.new;
	judge.rid.gap = judge.pasid.gap = false;
	judge_now();
	judge.watching = false;
}

/* ---- The changes ---- */

/*
 * RID from anywhere to anywhere, without PASIDs and beside one, which notices nothing.
 * Where both sides translate two words of a CD or STE that count change together.
 */
static void change_rids(struct bench *b, unsigned pasid)
{
	for (unsigned from = 0; from < RIDS; from++) {
		for (unsigned to = 0; to < RIDS; to++) {
			struct meeting rid = { b->rid_pa[from], b->rid_pa[to], false };
			struct meeting beside = { b->pasid_pa[pasid], b->pasid_pa[pasid],
						  false };

			if (pasid != NONE && (is_stage_2(from) || is_stage_2(to)))
				continue;
			rid.gap = from != to && !is_static(from) && !is_static(to);
			set_rid(b, from);
			if (pasid != NONE)
				set_pasid(b, NONE, pasid);
			watch("RID", from, to, rid, beside);
			set_rid(b, to);
			/* Nothing moves for what is there already, and only then. */
			assert_int_equal(judge.stores == 0, same_ste(from, to));
			unwatch();
			if (pasid != NONE)
				set_pasid(b, pasid, NONE);
		}
	}
	set_rid(b, ABORT);
}

/* A PASID from anywhere to anywhere, the RID beside it: that notices nothing. */
static void change_pasids(struct bench *b)
{
	static const unsigned beside[] = { IDENTITY, ABORT, S1_A, DIRTY };

	for (unsigned i = 0; i < 4; i++) {
		uint64_t pa = b->rid_pa[beside[i]];
		struct meeting rid = { pa, pa, false };

		set_rid(b, beside[i]);
		for (unsigned from = 0; from < PASIDS; from++) {
			for (unsigned to = 0; to < PASIDS; to++) {
				struct meeting m = { b->pasid_pa[from], b->pasid_pa[to],
						     false };

				m.gap = from != to && from != NONE && to != NONE;
				if (from != NONE)
					set_pasid(b, NONE, from);
				watch("PASID", from, to, rid, m);
				set_pasid(b, from, to);
				unwatch();
				if (to != NONE)
					set_pasid(b, to, NONE);
			}
		}
	}
	set_rid(b, ABORT);
}

static void every_change_of_a_rid(void **state)
{
	struct bench b;

	(void)state;
	for (unsigned i = 0; i < 2 * MACHINES; i++) {
		up(&b, (enum machine)(i / 2), i & 1);
		change_rids(&b, NONE);
		down(&b);
	}
}

static void every_change_of_a_rid_beside_a_pasid(void **state)
{
	struct bench b;

	(void)state;
	for (unsigned i = 0; i < 2 * MACHINES; i++) {
		up(&b, (enum machine)(i / 2), i & 1);
		change_rids(&b, P_A);
		change_rids(&b, SVA);
		down(&b);
	}
}

static void every_change_of_a_pasid(void **state)
{
	struct bench b;

	(void)state;
	for (unsigned i = 0; i < 2 * MACHINES; i++) {
		up(&b, (enum machine)(i / 2), i & 1);
		change_pasids(&b);
		down(&b);
	}
}

/* DRV-112: the end of a process is hitless: translated, then aborted, never a bad CD. */
static void end_of_a_process(void **state)
{
	struct bench b;

	(void)state;
	for (unsigned i = 0; i < 2 * MACHINES; i++) {
		struct meeting rid = { 0 }, m = { 0 };

		up(&b, (enum machine)(i / 2), i & 1);
		set_rid(&b, S1_A);
		set_pasid(&b, NONE, SVA);
		rid.old = rid.new = b.rid_pa[S1_A];
		m.old = b.pasid_pa[SVA];
		m.new = BLOCKED;
		watch("process", 0, 1, rid, m);
		b.pasids[SVA]->ops->mm_release(b.pasids[SVA]);
		assert_true(judge.stores > 0);
		unwatch();
		set_pasid(&b, SVA, NONE);
		set_rid(&b, ABORT);
		down(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_change_of_a_rid),
		cmocka_unit_test(every_change_of_a_rid_beside_a_pasid),
		cmocka_unit_test(every_change_of_a_pasid),
		cmocka_unit_test(end_of_a_process),
	};

	return cmocka_run_group_tests_name("driver_hitless", tests, NULL, NULL);
}
