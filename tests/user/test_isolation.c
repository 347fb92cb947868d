/* SPDX-License-Identifier: MIT */
/*
 * Two hostile guests on one SMMU. Whatever they write into their STEs, CDs, tables and
 * commands: no table is walked and no address is reached but in their own memory, no
 * command touches another's VMID or StreamID, the host's queue never stops, and what they
 * are told is bounded and theirs. Watched at the model's trace, each operation judged.
 *
 * SMMU_ISOLATION=1000000 for the long form, SMMU_ISOLATION_SEED=n for another run.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "driver/driver.h"
#include "driver/strtab.h"
#include "user/vm.h"

#define GUESTS	 2
#define DEVS	 2 /* each */
#define DEPTH	 16u
#define MAX_HWPT 8

struct party {
	struct vm vm;
	uint16_t vmid;
	uint32_t hwpts[MAX_HWPT];
	unsigned num_hwpts;
	uint32_t at[DEVS]; /* the HWPT of each device; 0: none */
	bool named[DEVS];
	uint32_t next_sequence;
};

struct arena {
	struct rig r;
	struct party guests[GUESTS];
	uint64_t rng;
	/* What is going on, and who does it. */
	enum { QUIET, DMA, INVALIDATE } now;
	const struct party *who;
	uint32_t sid;
	/* So that it is seen that something happened at all. */
	uint64_t walks, cds, commands, reached, nested, refused, events, lost;
};

static uint64_t rnd(struct arena *a)
{
	a->rng ^= a->rng << 13;
	a->rng ^= a->rng >> 7;
	a->rng ^= a->rng << 17;
	return a->rng;
}

static unsigned below(struct arena *a, unsigned n)
{
	return (unsigned)(rnd(a) >> 20) % n;
}

/* ---- The watcher ---- */

static bool owns(const struct party *p, uint64_t pa)
{
	return pa >= p->vm.pa && pa < p->vm.pa + VM_SIZE;
}

/* The driver's own memory: STEs, stage-2 tables, queues. */
static bool of_host(uint64_t pa)
{
	return pa >= RAM_BASE && pa < DATA_BASE;
}

static void judge_dma(struct arena *a, const struct smmu_trace *t)
{
	switch (t->kind) {
	case SMMU_TRACE_WALK:
		a->walks++;
		assert_true(t->stage == 1 ? owns(a->who, t->addr) : of_host(t->addr));
		break;
	case SMMU_TRACE_UPDATE:
		assert_true(owns(a->who, t->addr));
		break;
	case SMMU_TRACE_CD_FETCH:
	case SMMU_TRACE_L1CD_FETCH:
		a->cds++;
		assert_true(owns(a->who, t->addr));
		break;
	case SMMU_TRACE_STE_FETCH:
	case SMMU_TRACE_L1STD_FETCH:
		assert_int_equal(t->sid, a->sid);
		assert_true(of_host(t->addr));
		break;
	default:
		break;
	}
}

static bool has_sid(const struct party *p, uint32_t sid)
{
	for (unsigned i = 0; i < DEVS; i++)
		if (p->vm.sids[i] == sid)
			return true;
	return false;
}

static void judge_command(struct arena *a, const uint64_t *dw)
{
	a->commands++;
	switch (dw[0] & 0xff) {
	case SMMU_OP_TLBI_NH_ALL:
	case SMMU_OP_TLBI_NH_ASID:
	case SMMU_OP_TLBI_NH_VA:
	case SMMU_OP_TLBI_NH_VAA:
		assert_int_equal(dw[0] >> 32 & 0xffff, a->who->vmid);
		break;
	case SMMU_OP_CFGI_CD:
	case SMMU_OP_CFGI_CD_ALL:
	case SMMU_OP_ATC_INV:
		assert_true(has_sid(a->who, (uint32_t)(dw[0] >> 32)));
		break;
	default:
		assert_int_equal(dw[0] & 0xff, SMMU_OP_SYNC);
	}
}

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	struct arena *a = ctx;

	if (a->now == DMA)
		judge_dma(a, t);
	else if (a->now == INVALIDATE && t->kind == SMMU_TRACE_COMMAND)
		judge_command(a, t->dw);
}

/* ---- Up and down ---- */

static uint32_t vsid_of(unsigned guest, unsigned dev)
{
	return 0x100 * (guest + 1) + dev;
}

static void guest_up(struct arena *a, unsigned nr)
{
	struct party *p = &a->guests[nr];
	char name[16];

	vm_init(&p->vm, &a->r, nr);
	for (unsigned i = 0; i < DEVS; i++) {
		uint32_t sid = 5 + nr * DEVS + i;

		snprintf(name, sizeof(name), "dev%u", sid);
		vm_bind(&p->vm, rig_add(&a->r, name, &sid, 1), sid);
	}
	vm_make_viommu(&p->vm, DEPTH);
	for (unsigned i = 0; i < DEVS; i++) {
		vm_name(&p->vm, i, vsid_of(nr, i));
		p->named[i] = true;
	}
	assert_int_equal(vm_attach(&p->vm, 0, p->vm.parent), 0);
	p->vmid = (uint16_t)smmu_get(
		(uint64_t[]){ 0, 0,
			      hw_load(&arm_smmu_strtab_ste(a->r.drv, p->vm.sids[0])[2]) },
		SMMU_STE_S2VMID);
	p->at[0] = p->vm.parent;
}

static void arena_up(struct arena *a, uint64_t seed)
{
	struct smmu_config cfg = vm_config();

	memset(a, 0, sizeof(*a));
	a->rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	cfg.ssid_bits = 6;
	cfg.cd2l = 1;
	cfg.httu = 2;
	rig_up(&a->r, &cfg);
	for (unsigned i = 0; i < GUESTS; i++)
		guest_up(a, i);
	assert_true(a->guests[0].vmid != a->guests[1].vmid);
	smmu_set_trace(a->r.smmu, on_trace, a);
}

static void arena_down(struct arena *a)
{
	struct arm_smmu_stats stats;

	arm_smmu_get_stats(a->r.drv, &stats);
	assert_int_equal(stats.cmdq_errors, 0);
	assert_int_equal(stats.timeouts, 0);
	assert_int_equal(a->r.errors, 0);
	smmu_set_trace(a->r.smmu, NULL, NULL);
	for (unsigned i = 0; i < GUESTS; i++)
		vm_fini(&a->guests[i].vm);
	rig_down(&a->r);
}

/* ---- What guests do ---- */

/* An address that may be anything: often its own, often the other's or the host's. */
static uint64_t any_gpa(struct arena *a)
{
	static const uint64_t bases[] = { VM_GPA,   VM_GPA,    VM_GPA,
					  RAM_BASE, DATA_BASE, MMIO_BASE,
					  DOORBELL, 0,	       VM_GPA + VM_SIZE };
	uint64_t base = bases[below(a, sizeof(bases) / sizeof(bases[0]))];

	return (base + rnd(a) % VM_SIZE) & ~UINT64_C(7);
}

/* Most of its structures are in a little of its memory, so that they meet. */
static uint64_t near_gpa(struct arena *a)
{
	return VM_GPA + (rnd(a) % KIB(16) & ~UINT64_C(7));
}

/* A word of a table: often a descriptor that leads somewhere. */
static uint64_t any_word(struct arena *a)
{
	uint64_t at = below(a, 3) ? near_gpa(a) : any_gpa(a);

	switch (below(a, 5)) {
	case 0:
		return rnd(a);
	case 1: /* a page */
		return (at & ~UINT64_C(4095)) | 0x743 | (rnd(a) & 0x80);
	case 2: /* a block */
		return (at & ~UINT64_C(0x1fffff)) | 0x741;
	default: /* a table */
		return (at & ~UINT64_C(4095)) | 3;
	}
}

static void poke_cd(struct arena *a, struct party *p)
{
	uint64_t at = near_gpa(a) & ~UINT64_C(63), cd[SMMU_CD_DWORDS] = { 0 };

	smmu_set(cd, SMMU_CD_T0SZ, 25 + below(a, 3));
	smmu_set(cd, SMMU_CD_IR0, below(a, 4));
	smmu_set(cd, SMMU_CD_EPD1, below(a, 8) != 0);
	smmu_set(cd, SMMU_CD_V, below(a, 8) != 0);
	smmu_set(cd, SMMU_CD_IPS, below(a, 4));
	smmu_set(cd, SMMU_CD_AA64, below(a, 8) != 0);
	smmu_set(cd, SMMU_CD_R, 1);
	smmu_set(cd, SMMU_CD_A, 1);
	smmu_set(cd, SMMU_CD_ASET, 1);
	smmu_set(cd, SMMU_CD_HA, below(a, 2));
	smmu_set(cd, SMMU_CD_HD, smmu_get(cd, SMMU_CD_HA) && below(a, 2));
	smmu_set(cd, SMMU_CD_ASID, below(a, 4));
	smmu_set_addr(cd, SMMU_CD_TTB0,
		      (below(a, 4) ? near_gpa(a) : any_gpa(a)) & ~UINT64_C(4095));
	smmu_set(cd, SMMU_CD_MAIR0, 0xff);
	if (!below(a, 8))
		cd[below(a, SMMU_CD_DWORDS)] = rnd(a);
	for (unsigned i = 0; i < SMMU_CD_DWORDS; i++)
		vm_poke(&p->vm, at + i * 8, cd[i]);
}

/* For once in order: a CD at the beginning of its memory, and tables of 2 MB behind. */
static void repair(struct party *p)
{
	const uint64_t table[4] = { VM_GPA + 4096, VM_GPA + 8192, VM_GPA + 12288 };
	uint64_t cd[SMMU_CD_DWORDS] = { 0 };

	smmu_set(cd, SMMU_CD_T0SZ, 25);
	smmu_set(cd, SMMU_CD_EPD1, 1);
	smmu_set(cd, SMMU_CD_V, 1);
	smmu_set(cd, SMMU_CD_IPS, 2);
	smmu_set(cd, SMMU_CD_AA64, 1);
	smmu_set(cd, SMMU_CD_R, 1);
	smmu_set(cd, SMMU_CD_A, 1);
	smmu_set(cd, SMMU_CD_ASET, 1);
	smmu_set_addr(cd, SMMU_CD_TTB0, table[0]);
	smmu_set(cd, SMMU_CD_MAIR0, 0xff);
	for (unsigned i = 0; i < SMMU_CD_DWORDS; i++)
		vm_poke(&p->vm, VM_GPA + i * 8, cd[i]);
	vm_poke(&p->vm, table[0], table[1] | 3);
	vm_poke(&p->vm, table[1], table[2] | 3);
	for (unsigned i = 0; i < 512; i++) /* the last ones beyond its memory */
		vm_poke(&p->vm, table[2] + i * 8,
			(VM_GPA + VM_SIZE - 384 * 4096 + i * 4096) | 0x743);
}

static void make_hwpt(struct arena *a, struct party *p)
{
	uint64_t ste[SMMU_STE_DWORDS] = { 0 };
	uint32_t id;
	int err;

	if (p->num_hwpts == MAX_HWPT)
		return;
	smmu_set(ste, SMMU_STE_V, below(a, 16) != 0);
	smmu_set(ste, SMMU_STE_Config,
		 below(a, 4) ? SMMU_STE_CONFIG_S1 : (unsigned)below(a, 8));
	smmu_set(ste, SMMU_STE_S1Fmt, below(a, 4) ? 0 : below(a, 4));
	smmu_set(ste, SMMU_STE_S1CDMax, below(a, 2) ? 0 : below(a, 8));
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr,
		      below(a, 2)   ? VM_GPA
		      : below(a, 4) ? near_gpa(a) & ~UINT64_C(63)
				    : any_gpa(a) & ~UINT64_C(63));
	smmu_set(ste, SMMU_STE_S1DSS, below(a, 2) ? 2 : below(a, 4));
	smmu_set(ste, SMMU_STE_S1CSH, below(a, 4));
	smmu_set(ste, SMMU_STE_EATS, below(a, 2));
	if (!below(a, 8))
		ste[below(a, 2)] ^= UINT64_C(1) << below(a, 64);
	err = vm_nested(&p->vm, below(a, DEVS), ste[0], ste[1], &id);
	assert_true(!err || err == -EIO);
	if (!err)
		p->hwpts[p->num_hwpts++] = id;
}

static void drop_hwpt(struct arena *a, struct party *p)
{
	unsigned i;
	int err;

	if (!p->num_hwpts)
		return;
	i = below(a, p->num_hwpts);
	err = vm_destroy(&p->vm, p->hwpts[i]);
	if (err) {
		assert_int_equal(err, -EBUSY);
		assert_true(p->at[0] == p->hwpts[i] || p->at[1] == p->hwpts[i]);
		return;
	}
	p->hwpts[i] = p->hwpts[--p->num_hwpts];
}

static void move_dev(struct arena *a, struct party *p)
{
	unsigned i = below(a, DEVS);
	uint32_t to = p->num_hwpts && below(a, 8) ? p->hwpts[below(a, p->num_hwpts)]
						  : p->vm.parent;
	int err;

	if (p->at[i] && !below(a, 8)) {
		assert_int_equal(vm_detach(&p->vm, i), 0);
		p->at[i] = 0;
		return;
	}
	err = p->at[i] ? vm_replace(&p->vm, i, to) : vm_attach(&p->vm, i, to);
	if (!err)
		p->at[i] = to;
	else
		assert_int_equal(err, -ENOENT); /* it has no name now */
}

static void name_dev(struct arena *a, struct party *p, unsigned nr)
{
	unsigned i = below(a, DEVS);

	if (p->named[i]) {
		assert_int_equal(vm_destroy(&p->vm, p->vm.vdev_ids[i]), 0);
		p->named[i] = false;
	} else {
		vm_name(&p->vm, i, vsid_of(nr, i));
		p->named[i] = true;
	}
}

static void command(struct arena *a, struct party *p)
{
	static const uint8_t ops[] = {
		SMMU_OP_TLBI_NSNH_ALL, SMMU_OP_TLBI_NH_ALL, SMMU_OP_TLBI_NH_ASID,
		SMMU_OP_TLBI_NH_VA,    SMMU_OP_TLBI_NH_VAA, SMMU_OP_CFGI_CD,
		SMMU_OP_CFGI_CD_ALL,   SMMU_OP_ATC_INV,
	};
	uint64_t cmds[6][2];
	uint32_t done, n = 1 + below(a, 6);
	int err;

	for (unsigned i = 0; i < n; i++) {
		uint64_t hi = below(a, 2)   ? vsid_of(below(a, GUESTS), below(a, DEVS))
			      : below(a, 2) ? below(a, 16)
					    : rnd(a) >> 32;
		uint8_t op = below(a, 8) ? ops[below(a, sizeof(ops))] : (uint8_t)rnd(a);

		cmds[i][0] = op | hi << 32;
		cmds[i][1] = below(a, 2) ? 0 : near_gpa(a) & ~UINT64_C(4095);
		if (!below(a, 4))
			cmds[i][below(a, 2)] ^= rnd(a) & rnd(a) & ~UINT64_C(0xff);
	}
	a->now = INVALIDATE;
	err = vm_invalidate(&p->vm, (const uint64_t(*)[2])cmds, n, &done);
	a->now = QUIET;
	assert_true(err ? err == -EIO && done < n : done == n);
}

/* Its own streams only: which stream a device's DMA bears is the machine's wiring. */
static void dma(struct arena *a, struct party *p)
{
	unsigned i = below(a, DEVS);
	struct smmu_txn txn = { .sid = p->vm.sids[i],
				.ssv = !below(a, 6),
				.priv = below(a, 2),
				.op = below(a, 2) ? SMMU_WRITE : SMMU_READ };
	struct smmu_result res;

	txn.ssid = txn.ssv ? below(a, 80) : 0;
	txn.addr = below(a, 2)	 ? rnd(a) % MIB(2)
		   : below(a, 2) ? near_gpa(a)
		   : below(a, 2) ? any_gpa(a)
				 : rnd(a) >> below(a, 40);
	a->now = DMA;
	a->sid = txn.sid;
	res = smmu_translate(a->r.port, &txn);
	a->now = QUIET;
	if (res.status == SMMU_OK) {
		assert_true(p->at[i] != 0);
		assert_true(owns(p, res.pa));
		a->reached++;
		a->nested += res.ipa != txn.addr;
	} else {
		assert_int_equal(res.status, SMMU_ABORT);
		a->refused++;
	}
}

static void hear(struct arena *a, struct party *p, unsigned nr)
{
	unsigned num = 0;

	for (;;) {
		struct iommufd_vevent_header header;
		uint64_t evt[4];
		int64_t n = vm_event(&p->vm, &header, evt);
		uint32_t vsid;

		if (!n)
			break;
		assert_true(++num <= DEPTH + 1);
		assert_true(header.sequence >= p->next_sequence);
		p->next_sequence = header.sequence + 1;
		if (n == sizeof(header)) {
			assert_int_equal(header.flags, IOMMU_VEVENTQ_FLAG_LOST_EVENTS);
			a->lost++;
			continue;
		}
		/* Room for a record and a half: the mark may have come along. */
		vsid = (uint32_t)smmu_get(evt, SMMU_EVENT_HEAD_StreamID);
		assert_true(vsid - vsid_of(nr, 0) < DEVS);
		a->events++;
	}
}

static void step(struct arena *a)
{
	unsigned nr = below(a, GUESTS), what = below(a, 100);
	struct party *p = &a->guests[nr];

	a->who = p;
	if (what < 40)
		dma(a, p);
	else if (what < 60)
		vm_poke(&p->vm, near_gpa(a), any_word(a));
	else if (what < 64)
		poke_cd(a, p);
	else if (what < 88)
		command(a, p);
	else if (what < 92)
		make_hwpt(a, p);
	else if (what < 94)
		drop_hwpt(a, p);
	else if (what < 98)
		move_dev(a, p);
	else if (what < 99)
		repair(p);
	else if (below(a, 8))
		hear(a, p, nr);
	else
		name_dev(a, p, nr);
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Issue 8: two guests under random hostile input. DRV-117, DRV-120, DRV-106. */
static void two_hostile_guests(void **state)
{
	uint64_t steps = number("SMMU_ISOLATION", 30000);
	static struct arena a;

	(void)state;
	arena_up(&a, number("SMMU_ISOLATION_SEED", 1));
	for (uint64_t i = 0; i < steps; i++)
		step(&a);
	print_message("%llu steps: %llu walks, %llu CDs, %llu commands, DMA %llu through "
		      "(%llu by stage 1) %llu refused, events %llu lost %llu\n",
		      (unsigned long long)steps, (unsigned long long)a.walks,
		      (unsigned long long)a.cds, (unsigned long long)a.commands,
		      (unsigned long long)a.reached, (unsigned long long)a.nested,
		      (unsigned long long)a.refused, (unsigned long long)a.events,
		      (unsigned long long)a.lost);
	/* Nothing of this is worth anything if it never happened. */
	assert_true(a.walks > steps / 200 && a.cds > steps / 600);
	assert_true(a.commands > steps / 100 && a.reached > steps / 200);
	assert_true(a.nested > steps / 500);
	assert_true(a.refused > steps / 100 && a.events > steps / 1000);
	arena_down(&a);
}

/* ---- Single cases, one guest against what the other has ---- */

struct count {
	unsigned walks, hits;
};

static void on_count(void *ctx, const struct smmu_trace *t)
{
	struct count *c = ctx;

	c->walks += t->kind == SMMU_TRACE_WALK;
	c->hits += t->kind == SMMU_TRACE_TLB_HIT;
}

static uint64_t setup(struct party *p, unsigned dev, uint64_t va, uint16_t asid)
{
	uint64_t table = vm_table(&p->vm), page = vm_alloc(&p->vm, 4096), ste[2];
	uint32_t id;

	vm_map(&p->vm, table, va, page);
	vm_s1_ste(vm_cd(&p->vm, table, asid), ste);
	assert_int_equal(vm_nested(&p->vm, dev, ste[0], ste[1], &id), 0);
	assert_int_equal(
		p->at[dev] ? vm_replace(&p->vm, dev, id) : vm_attach(&p->vm, dev, id), 0);
	return page;
}

/* Whatever one guest invalidates, the other's entries stay where they are: same ASID,
 * same address, same words. */
static void invalidation_spares_the_other(void **state)
{
	const uint64_t va = UINT64_C(0x12345000);
	static struct arena a;
	struct party *x = &a.guests[0], *y = &a.guests[1];
	struct count c = { 0, 0 };
	uint64_t value = 1;

	(void)state;
	arena_up(&a, 1);
	setup(x, 0, va, 7);
	setup(y, 0, va, 7);
	assert_int_equal(rig_dma(&a.r, x->vm.sids[0], va, true, &value).status, SMMU_OK);
	assert_int_equal(rig_dma(&a.r, y->vm.sids[0], va, true, &value).status, SMMU_OK);
	smmu_set_trace(a.r.smmu, on_count, &c);
	assert_int_equal(rig_dma(&a.r, y->vm.sids[0], va, true, &value).status, SMMU_OK);
	assert_int_equal(c.walks, 0);
	assert_true(c.hits > 0);
	for (uint64_t vmid = 0; vmid < 8; vmid++) {
		const uint64_t low = vmid << 32, asid = UINT64_C(7) << 48;

		assert_int_equal(vm_invalidate1(&x->vm, SMMU_OP_TLBI_NSNH_ALL, 0), 0);
		assert_int_equal(vm_invalidate1(&x->vm, SMMU_OP_TLBI_NH_ALL | low, 0), 0);
		assert_int_equal(
			vm_invalidate1(&x->vm, SMMU_OP_TLBI_NH_ASID | low | asid, 0), 0);
		assert_int_equal(
			vm_invalidate1(&x->vm, SMMU_OP_TLBI_NH_VA | low | asid, va), 0);
		assert_int_equal(vm_invalidate1(&x->vm, SMMU_OP_TLBI_NH_VAA | low, va),
				 0);
	}
	c = (struct count){ 0, 0 };
	assert_int_equal(rig_dma(&a.r, y->vm.sids[0], va, true, &value).status, SMMU_OK);
	assert_int_equal(c.walks, 0); /* a hit still */
	assert_int_equal(rig_dma(&a.r, x->vm.sids[0], va, true, &value).status, SMMU_OK);
	assert_true(c.walks > 0); /* its own are gone */
	smmu_set_trace(a.r.smmu, on_trace, &a);
	arena_down(&a);
}

/* A flood of faults: the guest's queue is bounded, the host's goes on, the other's own
 * events come through. */
static void floods_are_bounded(void **state)
{
	const uint64_t va = UINT64_C(0x12345000);
	struct iommufd_vevent_header header;
	static struct arena a;
	struct party *x = &a.guests[0], *y = &a.guests[1];
	uint64_t value = 0, evt[4];
	unsigned n = 0, lost = 0;
	int64_t got;

	(void)state;
	arena_up(&a, 1);
	setup(x, 0, va, 7);
	setup(y, 0, va, 7);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(rig_dma(&a.r, x->vm.sids[0], va + 4096 * (1 + i % 100),
					 false, &value)
					 .status,
				 SMMU_ABORT);
	assert_int_equal(rig_dma(&a.r, y->vm.sids[0], va + 4096, false, &value).status,
			 SMMU_ABORT);
	assert_int_equal(vm_event(&y->vm, &header, evt), 40);
	assert_int_equal(header.sequence, 0);
	assert_int_equal(smmu_get(evt, SMMU_EVENT_HEAD_StreamID), vsid_of(1, 0));
	while ((got = vm_event(&x->vm, &header, evt)) != 0) {
		n += got == 40;
		lost += got == 8;
	}
	assert_int_equal(n, DEPTH);
	assert_int_equal(lost, 1);
	assert_int_equal(header.sequence, 4999);
	/* And the flood's guest still hears what comes next. */
	(void)rig_dma(&a.r, x->vm.sids[0], va + 4096, false, &value);
	assert_int_equal(vm_event(&x->vm, &header, evt), 40);
	assert_int_equal(header.sequence, 5000);
	arena_down(&a);
}

/* A guest that is destroyed leaves nothing that the next owner of its VMID could meet. */
static void a_vmid_is_clean_for_the_next(void **state)
{
	const uint64_t va = UINT64_C(0x12345000);
	static struct arena a;
	struct party *x = &a.guests[0];
	uint64_t value = 1, page;
	uint16_t vmid;

	(void)state;
	arena_up(&a, 1);
	page = setup(x, 0, va, 7);
	assert_int_equal(rig_dma(&a.r, x->vm.sids[0], va, true, &value).status, SMMU_OK);
	assert_int_equal(vm_peek(&x->vm, page), 1);
	vmid = x->vmid;
	vm_fini(&x->vm);
	assert_int_equal(rig_dma(&a.r, 5, va, true, &value).status, SMMU_ABORT);
	/* Another context with the same devices, and the VMID that became free. */
	vm_init(&x->vm, &a.r, 0);
	for (unsigned i = 0; i < DEVS; i++)
		vm_bind(&x->vm, a.r.devs[i].dev, 5 + i);
	vm_make_viommu(&x->vm, DEPTH);
	vm_name(&x->vm, 0, 1);
	assert_int_equal(vm_attach(&x->vm, 0, x->vm.parent), 0);
	x->at[0] = x->vm.parent;
	x->vmid = (uint16_t)smmu_get(
		(uint64_t[]){ 0, 0, hw_load(&arm_smmu_strtab_ste(a.r.drv, 5)[2]) },
		SMMU_STE_S2VMID);
	assert_int_equal(x->vmid, vmid);
	/* Same ASID, same address, but it has mapped nothing there. */
	uint64_t ste[2];
	uint32_t id;
	vm_s1_ste(vm_cd(&x->vm, vm_table(&x->vm), 7), ste);
	assert_int_equal(vm_nested(&x->vm, 0, ste[0], ste[1], &id), 0);
	assert_int_equal(vm_replace(&x->vm, 0, id), 0);
	assert_int_equal(rig_dma(&a.r, 5, va, true, &value).status, SMMU_ABORT);
	arena_down(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invalidation_spares_the_other),
		cmocka_unit_test(floods_are_bounded),
		cmocka_unit_test(a_vmid_is_clean_for_the_next),
		cmocka_unit_test(two_hostile_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
