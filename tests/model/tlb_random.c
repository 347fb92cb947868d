/* SPDX-License-Identifier: MIT */
/*
 * Property: over long random runs of translations, table changes and invalidations,
 * the TLB answers as a plain list of entries does that is searched and filtered from
 * end to end (CACHE-20 to CACHE-24, CACHE-34 to CACHE-41). Seeded; a failure prints
 * its seed and step. Leaf sizes of an address never change, so that no two entries
 * ever overlap and the answer is one.
 */
#include <string.h>
#include "walk_fixture.h"

enum { PAGES = 24, BLOCKS = 4, XPAGES = 16, YBLOCKS = 4, MAX = 65536 };
#define VPAGE(i)  ((uint64_t)(i)*4096)
#define VBLOCK(i) (UINT64_C(0x4000000) + (uint64_t)(i)*0x200000)
#define XBLOCK(i) (UINT64_C(0x100000000) + (uint64_t)(i)*0x200000) /* 4 KB at stage 2 */
#define YBLOCK(i) (UINT64_C(0x200000000) + (uint64_t)(i)*0x200000) /* 2 MB at stage 2 */
#define XPAGE(i)  (XBLOCK((i)&1) + (uint64_t)((i) >> 1) * 0x1f000)

enum kind { S1, COMBINED, IPA };

struct ent {
	uint8_t space, kind; /* space: enum smmu_world; 9 for IPA */
	bool global, aset;
	uint16_t vmid, asid;
	uint64_t base, size;	       /* what it translates */
	uint64_t unit_base, unit_size; /* what commands see: the stage-1 leaf */
	uint64_t oa;
};

struct sim {
	struct wf f;
	struct ent *list;
	unsigned n;
	uint64_t rng;
	uint64_t next_oa;
	/* The tables, as the list model reads them. */
	uint64_t vpage[PAGES], vblock[BLOCKS], xpage[XPAGES], yblock[YBLOCKS];
};

static uint32_t rnd(struct sim *s, uint32_t n)
{
	s->rng ^= s->rng << 13;
	s->rng ^= s->rng >> 7;
	s->rng ^= s->rng << 17;
	return (uint32_t)(s->rng >> 33) % n;
}

static uint64_t any_ipa_page(struct sim *s)
{
	if (rnd(s, 2))
		return XPAGE(rnd(s, XPAGES));
	return YBLOCK(rnd(s, YBLOCKS)) + rnd(s, 512) * UINT64_C(4096);
}

static bool page_global(unsigned i)
{
	return i % 3 == 0;
}

static void set_vpage(struct sim *s, unsigned i)
{
	s->vpage[i] = any_ipa_page(s);
	wf_map1(&s->f, VPAGE(i), s->vpage[i], 3,
		page_global(i) ? WF_S1_RW & ~BIT(11) : WF_S1_RW);
}

static void set_vblock(struct sim *s, unsigned i)
{
	s->vblock[i] = i & 1 ? XBLOCK(rnd(s, 2)) : YBLOCK(rnd(s, YBLOCKS));
	wf_map1(&s->f, VBLOCK(i), s->vblock[i], 2, WF_S1_RW);
}

static void set_xpage(struct sim *s, unsigned i)
{
	s->xpage[i] = s->next_oa += 0x200000;
	wf_map2(&s->f, XPAGE(i), s->xpage[i], 3, WF_S2_RW);
}

static void set_yblock(struct sim *s, unsigned i)
{
	s->yblock[i] = s->next_oa += 0x200000;
	wf_map2(&s->f, YBLOCK(i), s->yblock[i], 2, WF_S2_RW);
}

static void change(struct sim *s)
{
	switch (rnd(s, 4)) {
	case 0:
		set_vpage(s, rnd(s, PAGES));
		break;
	case 1:
		set_vblock(s, rnd(s, BLOCKS));
		break;
	case 2:
		set_xpage(s, rnd(s, XPAGES));
		break;
	default:
		set_yblock(s, rnd(s, YBLOCKS));
		break;
	}
}

/* ---- the list ---- */
static bool matches(const struct ent *e, const struct ent *w, uint64_t addr)
{
	if (e->space != w->space || e->kind != w->kind || e->vmid != w->vmid)
		return false;
	if (e->kind != IPA && (e->global ? e->aset != w->aset : e->asid != w->asid))
		return false;
	return addr - e->base < e->size;
}

static const struct ent *list_find(const struct sim *s, const struct ent *w,
				   uint64_t addr)
{
	for (unsigned i = 0; i < s->n; i++)
		if (matches(&s->list[i], w, addr))
			return &s->list[i];
	return NULL;
}

static void list_add(struct sim *s, struct ent e)
{
	assert_true(s->n < MAX);
	s->list[s->n++] = e;
}

/* Stage 2 of an IPA by the tables. */
static struct ent table2(const struct sim *s, uint64_t ipa)
{
	struct ent e = { .space = 9, .kind = IPA };

	for (unsigned i = 0; i < XPAGES; i++)
		if (ipa - XPAGE(i) < 4096)
			e.base = XPAGE(i), e.size = 4096, e.oa = s->xpage[i];
	for (unsigned i = 0; i < YBLOCKS; i++)
		if (ipa - YBLOCK(i) < 0x200000)
			e.base = YBLOCK(i), e.size = 0x200000, e.oa = s->yblock[i];
	assert_true(e.size != 0);
	e.unit_base = e.base;
	e.unit_size = e.size;
	return e;
}

static struct ent table1(const struct sim *s, uint64_t va)
{
	struct ent e = { 0 };

	for (unsigned i = 0; i < PAGES; i++)
		if (va - VPAGE(i) < 4096) {
			e.base = VPAGE(i), e.size = 4096, e.oa = s->vpage[i];
			e.global = page_global(i);
		}
	for (unsigned i = 0; i < BLOCKS; i++)
		if (va - VBLOCK(i) < 0x200000)
			e.base = VBLOCK(i), e.size = 0x200000, e.oa = s->vblock[i];
	assert_true(e.size != 0);
	e.unit_base = e.base;
	e.unit_size = e.size;
	return e;
}

static uint64_t list_ipa(struct sim *s, const struct ent *w, uint64_t ipa,
			 struct ent *out)
{
	struct ent who = { .space = 9, .kind = IPA, .vmid = w->vmid };
	const struct ent *hit = list_find(s, &who, ipa);

	if (hit == NULL) {
		struct ent e = table2(s, ipa);

		e.vmid = w->vmid;
		list_add(s, e);
		hit = &s->list[s->n - 1];
	}
	*out = *hit;
	return hit->oa + (ipa - hit->base);
}

static uint64_t list_translate(struct sim *s, const struct ent *w, uint64_t addr)
{
	const struct ent *hit;
	struct ent e, e2;
	uint64_t ipa, pa;

	if (w->kind == IPA)
		return list_ipa(s, w, addr, &e);
	hit = list_find(s, w, addr);
	if (hit != NULL)
		return hit->oa + (addr - hit->base);
	e = table1(s, addr);
	e.space = w->space;
	e.kind = w->kind;
	e.vmid = w->vmid;
	e.asid = w->asid;
	e.aset = w->aset;
	e.global = e.global || w->space == SMMU_WORLD_NS_EL2;
	ipa = e.oa + (addr - e.base);
	pa = ipa;
	if (w->kind == COMBINED) {
		pa = list_ipa(s, w, ipa, &e2);
		if (e2.size < e.size) {
			e.size = e2.size;
			e.base = addr & ~(e.size - 1);
		}
		e.oa = pa - (addr - e.base);
	}
	list_add(s, e);
	return pa;
}

static bool scope_hits(const struct ent *e, const struct smmu_tlbi *v)
{
	uint16_t m = v->vmid_mask;
	bool el1 = e->space == SMMU_WORLD_NS_EL1, vm = (e->vmid & m) == (v->vmid & m);
	bool asid = e->global || e->asid == v->asid;
	uint8_t el2 = v->e2h ? SMMU_WORLD_NS_EL2_E2H : SMMU_WORLD_NS_EL2;

	switch (v->scope) {
	case SMMU_TLBI_NH_ALL:
	case SMMU_TLBI_NH_VAA:
		return el1 && vm;
	case SMMU_TLBI_NH_ASID:
		return el1 && vm && !e->global && asid;
	case SMMU_TLBI_NH_VA:
		return el1 && vm && asid;
	case SMMU_TLBI_EL2_ALL:
		return e->space == SMMU_WORLD_NS_EL2 || e->space == SMMU_WORLD_NS_EL2_E2H;
	case SMMU_TLBI_EL2_ASID:
		return e->space == SMMU_WORLD_NS_EL2_E2H && !e->global && asid;
	case SMMU_TLBI_EL2_VA:
		return e->space == el2 && (asid || !v->e2h);
	case SMMU_TLBI_EL2_VAA:
		return e->space == el2;
	case SMMU_TLBI_S12_VMALL:
		return (el1 || e->kind == IPA) && vm;
	case SMMU_TLBI_S2_IPA:
		return e->kind == IPA && vm;
	default:
		return el1 || e->kind == IPA;
	}
}

static bool by_address(uint8_t scope)
{
	return scope == SMMU_TLBI_NH_VA || scope == SMMU_TLBI_NH_VAA ||
	       scope == SMMU_TLBI_EL2_VA || scope == SMMU_TLBI_EL2_VAA ||
	       scope == SMMU_TLBI_S2_IPA;
}

static bool address_hits(const struct ent *e, const struct smmu_tlbi *v)
{
	uint64_t len = v->range ? v->len : 1;

	if (!by_address(v->scope))
		return true;
	if (v->range && v->granule != 12)
		return false;
	if (v->range && v->ttl != 0 && e->unit_size != UINT64_C(4096) << 9 * (3 - v->ttl))
		return false;
	return v->addr < e->unit_base + e->unit_size && e->unit_base < v->addr + len;
}

static void list_invalidate(struct sim *s, const struct smmu_tlbi *v)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->n; i++)
		if (!(scope_hits(&s->list[i], v) && address_hits(&s->list[i], v)))
			s->list[kept++] = s->list[i];
	s->n = kept;
}

/* ---- one step ---- */
static uint64_t any_va(struct sim *s)
{
	unsigned x = rnd(s, XPAGES);

	if (rnd(s, 2))
		return VPAGE(rnd(s, PAGES)) + 0x10;
	/* Offsets that exist as pages of the X blocks, whichever block it maps to. */
	return VBLOCK(rnd(s, BLOCKS)) + (XPAGE(x) & 0x1fffff);
}

static void step_translate(struct sim *s)
{
	struct ent w = { .space = SMMU_WORLD_NS_EL1,
			 .vmid = (uint16_t)rnd(s, 4),
			 .asid = (uint16_t)rnd(s, 4),
			 .aset = rnd(s, 2) };
	uint64_t addr;

	switch (rnd(s, 6)) {
	case 0:
		w.kind = IPA;
		break;
	case 1:
		w.space = (uint8_t)(SMMU_WORLD_NS_EL2 + rnd(s, 2));
		w.vmid = 0;
		if (w.space == SMMU_WORLD_NS_EL2)
			w.asid = 0, w.aset = false;
		w.kind = S1;
		break;
	case 2:
		w.kind = S1;
		break;
	default:
		w.kind = COMBINED;
		break;
	}
	addr = w.kind == IPA ? any_ipa_page(s) : any_va(s);
	s->f.s1.world = s->f.rg.world = w.space;
	s->f.s1.one_table = w.space == SMMU_WORLD_NS_EL2;
	s->f.s1.asid = w.asid;
	s->f.s1.aset = w.aset;
	s->f.rg.vmid = s->f.s2.vmid = w.vmid;
	wf_regime(&s->f, w.kind != IPA, w.kind != S1);
	if (w.kind == IPA)
		w.space = 9;
	wf_ok(&s->f, addr, 'R', list_translate(s, &w, addr));
}

static void step_invalidate(struct sim *s)
{
	/* Narrow ones often, so that something is left to be wrong about. */
	static const uint8_t scopes[] = {
		SMMU_TLBI_NH_VA,    SMMU_TLBI_NH_VA,	SMMU_TLBI_NH_VA,
		SMMU_TLBI_NH_VAA,   SMMU_TLBI_S2_IPA,	SMMU_TLBI_S2_IPA,
		SMMU_TLBI_EL2_VA,   SMMU_TLBI_EL2_VAA,	SMMU_TLBI_NH_ASID,
		SMMU_TLBI_EL2_ASID, SMMU_TLBI_NH_ALL,	SMMU_TLBI_S12_VMALL,
		SMMU_TLBI_EL2_ALL,  SMMU_TLBI_NSNH_ALL, SMMU_TLBI_NH_VA,
		SMMU_TLBI_S2_IPA,
	};
	unsigned pick = rnd(s, 100);
	struct smmu_tlbi v = {
		.scope = scopes[pick < 95 ? pick % 10 : 10 + pick % 6],
		.vmid = (uint16_t)rnd(s, 4),
		.asid = (uint16_t)rnd(s, 4),
		.vmid_mask = (uint16_t)(0xffff << (rnd(s, 8) == 0 ? rnd(s, 3) : 0)),
		.e2h = rnd(s, 2),
		.leaf = rnd(s, 2)
	};

	v.addr = (v.scope == SMMU_TLBI_S2_IPA ? any_ipa_page(s) : any_va(s)) &
		 ~UINT64_C(0xfff);
	if (rnd(s, 2)) {
		v.range = true;
		v.granule = (uint8_t)(rnd(s, 6) != 0 ? 12 : 14 + 2 * rnd(s, 2));
		v.ttl = (uint8_t)(rnd(s, 2) ? 0 : 1 + rnd(s, 3));
		v.len = (uint64_t)(1 + rnd(s, 32)) << (12 + rnd(s, 12));
	}
	list_invalidate(s, &v);
	smmu_tlb_invalidate(&s->f.smmu, &v);
}

static void run(uint64_t seed, unsigned steps)
{
	struct sim *s = test_calloc(1, sizeof(*s));

	s->list = test_calloc(MAX, sizeof(*s->list));
	s->rng = seed;
	s->next_oa = UINT64_C(0x800000000);
	wf_setup(&s->f, 48, 1 << 16); /* so large that nothing is ever evicted */
	wf_s1(&s->f, 0, wf_geom4k());
	wf_s2(&s->f, wf_geom4k());
	wf_s2_ram(&s->f, 1, WF_S2_RW);
	for (unsigned i = 0; i < XPAGES; i++)
		set_xpage(s, i);
	for (unsigned i = 0; i < YBLOCKS; i++)
		set_yblock(s, i);
	for (unsigned i = 0; i < PAGES; i++)
		set_vpage(s, i);
	for (unsigned i = 0; i < BLOCKS; i++)
		set_vblock(s, i);
	for (unsigned i = 0; i < steps; i++) {
		unsigned what = rnd(s, 40);

		if (what < 36)
			step_translate(s);
		else if (what < 38)
			change(s);
		else
			step_invalidate(s);
	}
	print_message("seed 0x%llx: %u entries at the end, %llu hits, %llu misses\n",
		      (unsigned long long)seed, s->n,
		      (unsigned long long)s->f.smmu.stats.tlb_hits,
		      (unsigned long long)s->f.smmu.stats.tlb_misses);
	/* It was worth it: both happened a lot. */
	assert_true(s->f.smmu.stats.tlb_hits > steps / 4);
	assert_true(s->f.smmu.stats.tlb_misses > steps / 50);
	wf_teardown(&s->f);
	test_free(s->list);
	test_free(s);
}

static void tlb_equals_list(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++)
		run(seed * UINT64_C(0x9e3779b97f4a7c15), 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tlb_equals_list) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
