/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "model/pmcg/pmcg.h"
#include "walk_fixture.h"

/* Counter groups are a room that these tests leave out; nothing is ever enabled. */
void smmu_pmcg_event(struct smmu *smmu, enum smmu_pmcg_event event,
		     struct smmu_pmcg_who who)
{
	(void)smmu;
	(void)event;
	(void)who;
	assert_true(false);
}

void wf_setup(struct wf *f, unsigned oas, unsigned tlb)
{
	memset(f, 0, sizeof(*f));
	f->smmu.bus = smmu_bus_create();
	assert_non_null(f->smmu.bus);
	assert_int_equal(smmu_bus_add_ram(f->smmu.bus, WF_RAM, WF_RAM_SIZE, NULL), 0);
	f->smmu.cfg.arch_minor = 3;
	f->smmu.cfg.s1p = f->smmu.cfg.s2p = 1;
	f->smmu.cfg.vmid16 = f->smmu.cfg.asid16 = 1;
	f->smmu.cfg.xnx = 1;
	f->smmu.cfg.ds = 1;
	f->smmu.cfg.tlb_entries = tlb;
	f->smmu.cfg.no_tlb = tlb == 0;
	f->smmu.id.oas = f->smmu.id.ias = oas;
	assert_int_equal(smmu_voids_create(&f->smmu.voids), 0);
	assert_int_equal(smmu_tlb_create(&f->smmu.tlb, &f->smmu.cfg, f->smmu.voids), 0);
	f->next = WF_RAM;
	f->s1.fmt = f->s2.fmt = SMMU_FMT_V864;
	f->s1.ips = f->s2.ps = (uint8_t)oas;
	f->s1.mair = UINT64_C(0xff); /* index 0: write-back, the rest Device */
	f->s1.asid = 1;
	f->s2.vmid = f->rg.vmid = 1;
	f->rg.world = f->s1.world = SMMU_WORLD_NS_EL1;
	f->rg.sid = 5;
}

void wf_teardown(struct wf *f)
{
	smmu_tlb_destroy(f->smmu.tlb);
	free(f->smmu.voids);
	smmu_bus_destroy(f->smmu.bus);
}

void wf_regime(struct wf *f, bool s1, bool s2)
{
	f->rg.s1 = s1 ? &f->s1 : NULL;
	f->rg.s2 = s2 ? &f->s2 : NULL;
}

uint64_t wf_alloc(struct wf *f, uint64_t size, uint64_t align)
{
	uint64_t pa = (f->next + align - 1) & ~(align - 1);

	f->next = pa + size;
	assert_true(f->next <= WF_RAM + WF_RAM_SIZE);
	return pa;
}

uint64_t wf_rd(struct wf *f, uint64_t pa)
{
	uint64_t v;

	assert_int_equal(smmu_bus_read64(f->smmu.bus, pa, &v, NULL), 0);
	return v;
}

void wf_wr(struct wf *f, uint64_t pa, uint64_t value)
{
	assert_int_equal(smmu_bus_write64(f->smmu.bus, pa, value, NULL), 0);
}

struct wf_geom wf_geom4k(void)
{
	return (struct wf_geom){ .granule = 12, .n = 48, .start = 0 };
}

unsigned wf_shift(unsigned granule, int level)
{
	return granule + (unsigned)(3 - level) * (granule - 3);
}

/* Of the start table; 64 bytes at least, for 52-bit output. */
static uint64_t top_size(struct wf_geom g)
{
	uint64_t size = UINT64_C(8) << (g.n - wf_shift(g.granule, g.start));

	return size < 64 ? 64 : size;
}

void wf_s1(struct wf *f, unsigned tt, struct wf_geom g)
{
	struct smmu_s1tt *t = &f->s1.tt[tt];

	t->en = true;
	t->granule = (uint8_t)g.granule;
	t->n = (uint8_t)g.n;
	t->start = (int8_t)g.start;
	t->txsz = (uint8_t)((f->s1.fmt == SMMU_FMT_LPAE32 ? 32 : 64) - g.n);
	t->base = wf_alloc(f, top_size(g), top_size(g)) + f->ipa_off;
	f->s1.ds = g.ds;
}

void wf_s2(struct wf *f, struct wf_geom g)
{
	f->s2.granule = (uint8_t)g.granule;
	f->s2.n = (uint8_t)g.n;
	f->s2.start = (int8_t)g.start;
	f->s2.ds = g.ds;
	f->s2.base = wf_alloc(f, top_size(g), top_size(g));
}

uint64_t wf_fold(unsigned granule, bool ds, uint64_t oa)
{
	uint64_t low48 = oa & (BIT(48) - 1);

	if (granule == 16)
		return low48 | (oa >> 48 & 15) << 12;
	if (ds)
		return low48 | (oa >> 48 & 3) << 48 | (oa >> 50 & 3) << 8;
	return low48;
}

/* desc's next table; these tables always sit below 2^48. */
static uint64_t table_of(uint64_t desc, unsigned granule)
{
	return desc & (BIT(48) - 1) & ~(BIT(granule) - 1);
}

static uint64_t descend(struct wf *f, uint64_t base, struct wf_geom g, uint64_t addr,
			int level, uint64_t off, bool make)
{
	uint64_t table = base - off,
		 index = (addr & (BIT(g.n) - 1)) >> wf_shift(g.granule, g.start);

	for (int l = g.start; l < level; l++) {
		uint64_t pa = table + 8 * index, desc = wf_rd(f, pa);

		if ((desc & 1) == 0) {
			if (!make)
				return 0;
			desc = (wf_alloc(f, BIT(g.granule), BIT(g.granule)) + off) | 3;
			wf_wr(f, pa, desc);
		}
		table = table_of(desc, g.granule) - off;
		index = addr >> wf_shift(g.granule, l + 1) & (BIT(g.granule - 3) - 1);
	}
	return table + 8 * index;
}

static struct wf_geom geom1(const struct wf *f, unsigned i)
{
	const struct smmu_s1tt *t = &f->s1.tt[i];

	return (struct wf_geom){ t->granule, t->n, t->start, f->s1.ds };
}

static struct wf_geom geom2(const struct wf *f)
{
	return (struct wf_geom){ f->s2.granule, f->s2.n, f->s2.start, f->s2.ds };
}

static unsigned upper(const struct wf *f, uint64_t va)
{
	return f->s1.fmt == SMMU_FMT_V864 && !f->s1.one_table && (va >> 55 & 1);
}

static uint64_t leaf(struct wf_geom g, uint64_t oa, int level, uint64_t attrs)
{
	if (g.ds && g.granule != 16)
		attrs &= ~(UINT64_C(3) << 8); /* no SH in the descriptor */
	return wf_fold(g.granule, g.ds, oa) | attrs | (level == 3 ? 3 : 1);
}

uint64_t wf_map1(struct wf *f, uint64_t va, uint64_t oa, int level, uint64_t attrs)
{
	unsigned i = upper(f, va);
	struct wf_geom g = geom1(f, i);
	uint64_t pa = descend(f, f->s1.tt[i].base, g, va, level, f->ipa_off, true);

	wf_wr(f, pa, leaf(g, oa, level, attrs));
	return pa;
}

uint64_t wf_map2(struct wf *f, uint64_t ipa, uint64_t oa, int level, uint64_t attrs)
{
	struct wf_geom g = geom2(f);
	uint64_t pa = descend(f, f->s2.base, g, ipa, level, 0, true);

	wf_wr(f, pa, leaf(g, oa, level, attrs));
	return pa;
}

uint64_t wf_desc1(struct wf *f, uint64_t va, int level)
{
	unsigned i = upper(f, va);

	return descend(f, f->s1.tt[i].base, geom1(f, i), va, level, f->ipa_off, false);
}

uint64_t wf_desc2(struct wf *f, uint64_t ipa, int level)
{
	return descend(f, f->s2.base, geom2(f), ipa, level, 0, false);
}

void wf_s2_ram(struct wf *f, int level, uint64_t attrs)
{
	uint64_t size = BIT(wf_shift(f->s2.granule, level));
	uint64_t first = WF_RAM & ~(size - 1);

	for (uint64_t pa = first; pa < WF_RAM + WF_RAM_SIZE; pa += size)
		wf_map2(f, pa + f->ipa_off, pa, level, attrs);
}

struct smmu_access wf_acc(char what)
{
	char low = (char)(what | 32);

	return (struct smmu_access){ .read = low != 'w',
				     .write = low == 'w' || low == 'a',
				     .inst = low == 'x',
				     .priv = what < 'a' };
}

bool wf_xlate(struct wf *f, uint64_t addr, char what)
{
	struct smmu_access acc = wf_acc(what);
	struct smmu_attr in = smmu_attr_default();

	memset(&f->out, 0xa5, sizeof(f->out));
	memset(&f->fault, 0xa5, sizeof(f->fault));
	return smmu_stages_translate(&f->smmu, &f->rg, &acc, addr, &in, &f->out,
				     &f->fault);
}

void wf_ok(struct wf *f, uint64_t addr, char what, uint64_t pa)
{
	if (!wf_xlate(f, addr, what))
		fail_msg("%c of 0x%llx: event 0x%x s2 %d class %d ipa 0x%llx", what,
			 (unsigned long long)addr, f->fault.event, f->fault.s2,
			 f->fault.cls, (unsigned long long)f->fault.ipa);
	assert_int_equal(f->out.pa, pa);
}

void wf_faults(struct wf *f, uint64_t addr, char what, unsigned event, bool s2,
	       unsigned cls, uint64_t ipa)
{
	if (wf_xlate(f, addr, what))
		fail_msg("%c of 0x%llx went to 0x%llx", what, (unsigned long long)addr,
			 (unsigned long long)f->out.pa);
	assert_int_equal(f->fault.event, event);
	assert_int_equal(f->fault.s2, s2);
	assert_int_equal(f->fault.cls, cls);
	if (s2)
		assert_int_equal(f->fault.ipa & ~UINT64_C(0xfff), ipa & ~UINT64_C(0xfff));
}

uint64_t wf_reads(struct wf *f)
{
	uint64_t n = f->smmu.stats.walk_reads;

	f->smmu.stats.walk_reads = 0;
	return n;
}

void wf_flush(struct wf *f)
{
	smmu_tlb_flush(f->smmu.tlb);
}
