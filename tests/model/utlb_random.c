/* SPDX-License-Identifier: MIT */
/*
 * Property: a micro-TLB shows in time alone. Two SMMUs, one with micro-TLBs and one
 * without, live through the same long random run of translations, DMA, changes of tables,
 * STEs, CDs and registers, and invalidations that are often missing: every answer, every
 * counter and every event is the same (CACHE-2, CACHE-6, CACHE-24, CACHE-80). Caches are
 * small, so that entries are evicted. Seeded; a failure prints its seed and step.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "model/harness.h"

enum {
	STREAMS = 8,
	CDS = 4,
	ROOTS = 3,
	PAGES = 12,
	BLOCKS = 3,
	STEPS = 4000,
	SEEDS = 24
};
#define PAGE(i)	 (UINT64_C(0x400000) + (uint64_t)(i)*4096)
#define BLOCK(i) (UINT64_C(0x40000000) + (uint64_t)(i)*0x200000)

struct side {
	struct harness h;
	uint64_t root1[ROOTS], root2[ROOTS], cd[CDS], data;
	unsigned events;
};

struct pair {
	struct side side[2]; /* with and without */
	uint64_t rng;
};

/* Of this run: what differs from one to the next, apart from chance. */
static uint64_t variant;

static uint32_t rnd(struct pair *p, uint32_t n)
{
	p->rng ^= p->rng << 13;
	p->rng ^= p->rng >> 7;
	p->rng ^= p->rng << 17;
	return (uint32_t)(p->rng >> 33) % n;
}

#define BOTH(s) for (struct side *s = p->side; s < p->side + 2; s++)

/* ---- what software does; arguments are drawn once for both ---- */

static uint64_t any_addr(struct pair *p)
{
	if (rnd(p, 3))
		return PAGE(rnd(p, PAGES)) + rnd(p, 4096);
	return BLOCK(rnd(p, BLOCKS)) + rnd(p, 4) * 4096 + rnd(p, 4096);
}

static void change_page(struct pair *p)
{
	bool s2 = rnd(p, 2), block = rnd(p, 4) == 0;
	unsigned root = rnd(p, ROOTS), target = rnd(p, 64), bits = rnd(p, 16);
	uint64_t addr = block ? BLOCK(rnd(p, BLOCKS)) : any_addr(p) & ~UINT64_C(4095);

	BOTH(s)
	{
		uint64_t attrs = s2 ? h_s2_rw() : h_s1_rw(), data = s->data;

		if (!s2 && !(bits & 3))
			attrs |= 1u << 7; /* AP[2]: read-only, or clean with HD */
		if (!s2 && !(bits & 4))
			attrs &= ~(uint64_t)(1u << 11); /* global */
		if (!s2 && (bits & 8))
			attrs |= UINT64_C(1) << 51; /* DBM */
		/* A block over pages, or pages under a block: no break-before-make. */
		if (block)
			h_map(&s->h, s2 ? s->root2[root] : s->root1[root], addr,
			      data & ~UINT64_C(0x1fffff), 2, attrs);
		else
			h_map(&s->h, s2 ? s->root2[root] : s->root1[root], addr,
			      data + target * UINT64_C(4096), 3, attrs);
	}
}

static void change_ste(struct pair *p)
{
	static const unsigned configs[] = {
		SMMU_STE_CONFIG_BYPASS, SMMU_STE_CONFIG_S1,	SMMU_STE_CONFIG_S1,
		SMMU_STE_CONFIG_S2,	SMMU_STE_CONFIG_NESTED, SMMU_STE_CONFIG_ABORT
	};
	unsigned sid = rnd(p, STREAMS), config = configs[rnd(p, 6)], cd = rnd(p, CDS);
	unsigned root = rnd(p, ROOTS), priv = rnd(p, 4), mt = rnd(p, 2);

	BOTH(s)
	{
		uint64_t ste[8];

		h_ste_nested(ste, s->cd[cd], s->root2[root], (uint16_t)(1 + root));
		smmu_set(ste, SMMU_STE_Config, config);
		smmu_set(ste, SMMU_STE_PRIVCFG, priv);
		smmu_set(ste, SMMU_STE_MTCFG, mt);
		h_ste_write(&s->h, sid, ste);
	}
}

static void change_cd(struct pair *p)
{
	unsigned i = rnd(p, CDS), root = rnd(p, ROOTS), asid = 1 + rnd(p, 3);
	bool hw = rnd(p, 3) == 0, valid = rnd(p, 8);

	BOTH(s)
	{
		uint64_t cd[8];

		h_cd_s1(cd, s->root1[root], (uint16_t)asid);
		smmu_set(cd, SMMU_CD_V, valid);
		smmu_set(cd, SMMU_CD_HA, hw);
		smmu_set(cd, SMMU_CD_HD, hw);
		h_write_dw(&s->h, s->cd[i], cd, 8);
	}
}

static void change_register(struct pair *p)
{
	unsigned what = rnd(p, 3), attr = rnd(p, 16);

	BOTH(s)
	{
		uint32_t cr0 = h_rd32(&s->h, SMMU_REG_CR0);
		uint64_t gbpa = SMMU_MASK(SMMU_GBPA_Update);

		gbpa = smmu_reg_set(gbpa, SMMU_GBPA_MTCFG, attr & 1);
		gbpa = smmu_reg_set(gbpa, SMMU_GBPA_MemAttr, attr);
		gbpa = smmu_reg_set(gbpa, SMMU_GBPA_ABORT, attr == 15);
		if (what == 0)
			h_wr32(&s->h, SMMU_REG_GBPA, (uint32_t)gbpa);
		else
			h_wr32(&s->h, SMMU_REG_CR0,
			       cr0 ^ (uint32_t)SMMU_MASK(SMMU_CR0_SMMUEN));
	}
}

/* A field that the command does not have is RES0. */
static void command(struct pair *p)
{
	static const uint8_t ops[] = {
		SMMU_OP_TLBI_NH_VA,   SMMU_OP_TLBI_NH_VA,     SMMU_OP_TLBI_NH_VAA,
		SMMU_OP_TLBI_NH_ASID, SMMU_OP_TLBI_NH_ALL,    SMMU_OP_TLBI_S12_VMALL,
		SMMU_OP_TLBI_S2_IPA,  SMMU_OP_TLBI_NSNH_ALL,  SMMU_OP_CFGI_STE,
		SMMU_OP_CFGI_CD,      SMMU_OP_CFGI_STE_RANGE, SMMU_OP_CFGI_CD_ALL,
	};
	/* Some runs know nothing wider than an address. */
	unsigned op = ops[rnd(p, variant & 4 ? 3 : sizeof(ops))];
	uint64_t dw[2] = { op, 0 }, addr = any_addr(p) & ~UINT64_C(4095);
	unsigned vmid = rnd(p, 4), asid = 1 + rnd(p, 3), pages = rnd(p, 20);

	if (op >= SMMU_OP_TLBI_NH_ALL) {
		if (op != SMMU_OP_TLBI_NSNH_ALL)
			smmu_set(dw, SMMU_CMD_TLBI_NH_VA_VMID, vmid);
		if (op == SMMU_OP_TLBI_NH_VA || op == SMMU_OP_TLBI_NH_ASID)
			smmu_set(dw, SMMU_CMD_TLBI_NH_VA_ASID, asid);
		if (op == SMMU_OP_TLBI_NH_VA || op == SMMU_OP_TLBI_NH_VAA ||
		    op == SMMU_OP_TLBI_S2_IPA)
			dw[1] |= addr;
		if ((dw[1] & ~UINT64_C(4095)) && pages > 8) {
			smmu_set(dw, SMMU_CMD_TLBI_NH_VA_TG, 1);
			smmu_set(dw, SMMU_CMD_TLBI_NH_VA_NUM, pages);
		}
	} else {
		smmu_set(dw, SMMU_CMD_CFGI_STE_StreamID, rnd(p, STREAMS));
		if (op == SMMU_OP_CFGI_STE_RANGE)
			smmu_set(dw, SMMU_CMD_CFGI_STE_RANGE_Range, 1);
	}
	BOTH(s)
	{
		h_cmd_dw(&s->h, dw);
		h_sync(&s->h);
	}
}

/* ---- what devices do ---- */

static void same(const struct smmu_result *a, const struct smmu_result *b)
{
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->event, b->event);
	assert_int_equal(a->recorded, b->recorded);
	assert_int_equal(a->bypass, b->bypass);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->pa, b->pa);
	assert_int_equal(a->ipa, b->ipa);
	assert_int_equal(a->page_bits, b->page_bits);
	assert_memory_equal(&a->attr, &b->attr, sizeof(a->attr));
}

static void transaction(struct pair *p)
{
	static const uint8_t kinds[] = { SMMU_KIND_RCI, SMMU_KIND_CLEAN,
					 SMMU_KIND_SPECULATIVE };
	struct smmu_txn txn = { .sid = rnd(p, STREAMS), .addr = any_addr(p) };
	struct smmu_result res[2];
	unsigned data = rnd(p, 4), times = 1 + rnd(p, 4);
	uint64_t buf[2];

	txn.op = (uint8_t)rnd(p, 3);
	txn.priv = rnd(p, 2);
	txn.inst = rnd(p, 6) == 0;
	txn.no_stall = rnd(p, 2);
	if (rnd(p, 10) == 0)
		txn.kind = kinds[rnd(p, 3)];
	if (rnd(p, 10) == 0) {
		txn.has_attr = true;
		txn.attr.inner = txn.attr.outer = SMMU_MT_NC;
		txn.attr.sh = SMMU_SH_OSH;
	}
	for (; times > 0; times--) {
		BOTH(s)
		{
			struct smmu_port *port = h_port(&s->h);
			size_t i = (size_t)(s - p->side);

			buf[i] = 0x1234 * times;
			if (data == 0 && txn.op != SMMU_ATOMIC)
				res[i] = smmu_dma(port, &txn, &buf[i], 8, NULL);
			else
				res[i] = smmu_translate(port, &txn);
			s->events += h_events_drain(&s->h);
		}
		same(&res[0], &res[1]);
		assert_int_equal(buf[0], buf[1]);
	}
}

/* ---- */

static void tweak(struct smmu_config *cfg)
{
	cfg->tlb_entries = 32;
	cfg->config_entries = variant & 8 ? 8 : 256;
	cfg->utlb_entries = 16;
	/* Conflicts are noticed, or not, or cannot be. */
	cfg->bbml = variant % 3 == 2 ? 2 : 1;
	cfg->no_tlb_conflict = variant % 3 == 1;
	/* And the TLB may be nasty; by LRU it would count whom it answered. */
	cfg->walk_cache = variant & 1;
	cfg->tlb_evict = variant & 2 ? 5 : 0;
	cfg->tlb_prefetch = variant & 16 ? 2 : 0;
	cfg->tlb_replacement = variant & 32 ? SMMU_REPLACE_RANDOM : SMMU_REPLACE_TURN;
	if (variant % 7 == 0)
		cfg->tlb_replacement = SMMU_REPLACE_NONE;
}

static void tweak_without(struct smmu_config *cfg)
{
	tweak(cfg);
	cfg->no_utlb = 1;
}

static void set_up(struct pair *p, uint64_t seed)
{
	variant = seed >> 32;
	p->rng = seed;
	h_setup(&p->side[0].h, SMMU_PRESET_FULL, tweak);
	h_setup(&p->side[1].h, SMMU_PRESET_FULL, tweak_without);
	BOTH(s)
	{
		h_enable(&s->h);
		s->events = 0;
		s->data = h_alloc(&s->h, 4 << 20, 2 << 20);
		for (unsigned i = 0; i < CDS; i++)
			s->cd[i] = h_alloc(&s->h, 64, 64);
		for (unsigned i = 0; i < ROOTS; i++) {
			s->root1[i] = h_table(&s->h);
			s->root2[i] = h_table(&s->h);
			for (uint64_t pa = H_RAM; pa < H_RAM + H_RAM_SIZE; pa += 2 << 20)
				h_map(&s->h, s->root2[i], pa, pa, 2, h_s2_rw());
		}
	}
	for (unsigned i = 0; i < 60; i++) {
		change_page(p);
		change_cd(p);
		change_ste(p);
	}
}

static void step(struct pair *p)
{
	unsigned what = rnd(p, 100);

	if (!(h_rd32(&p->side->h, SMMU_REG_CR0) & SMMU_MASK(SMMU_CR0_SMMUEN)) &&
	    rnd(p, 16) == 0)
		change_register(p);
	if (what < 70)
		transaction(p);
	else if (what < 78)
		change_page(p);
	else if (what < 92)
		command(p);
	else if (variant & 4)
		transaction(p);
	else if (what < 95)
		change_ste(p);
	else if (what < 99)
		change_cd(p);
	else if (rnd(p, 4) == 0)
		change_register(p);
}

static void a_micro_tlb_shows_in_time_alone(void **state)
{
	static struct pair pair;
	struct pair *p = &pair;
	uint64_t hits = 0, misses = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct smmu_stats stats[2];

		set_up(p, seed * UINT64_C(0x9e3779b97f4a7c15));
		for (unsigned i = 0; i < STEPS; i++) {
			step(p);
			BOTH(s) smmu_stats_read(s->h.smmu, &stats[s - p->side]);
			if (memcmp(&stats[0], &stats[1], sizeof(stats[0])) != 0)
				fail_msg("seed %u, step %u: counters differ",
					 (unsigned)seed, i);
			assert_int_equal(p->side[0].events, p->side[1].events);
		}
		hits += stats[0].tlb_hits;
		misses += stats[0].tlb_misses;
		BOTH(s) h_teardown(&s->h);
	}
	/* Something was hit, and something was not. */
	assert_true(hits > 500 * SEEDS && misses > 500 * SEEDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_micro_tlb_shows_in_time_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
