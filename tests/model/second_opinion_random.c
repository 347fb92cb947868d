/* SPDX-License-Identifier: MIT */
/*
 * What the two are asked: configurations, structures and descriptors, mostly legal and
 * close to what is not. Memory comes into being when the interpreter first reads it.
 */
#include <string.h>
#include "second_opinion.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* xorshift64*: any seed but 0. */
uint64_t so_rnd(struct so_world *w)
{
	w->rng ^= w->rng >> 12;
	w->rng ^= w->rng << 25;
	w->rng ^= w->rng >> 27;
	return w->rng * 0x2545f4914f6cdd1dull;
}

static unsigned below(struct so_world *w, unsigned n)
{
	return (unsigned)((so_rnd(w) >> 32) % n);
}

/* In so many of a hundred. */
static bool pct(struct so_world *w, unsigned p)
{
	return below(w, 100) < p;
}

static uint64_t narrow(struct so_world *w, unsigned bits)
{
	uint64_t r = so_rnd(w);

	return bits >= 64 ? r : r & ((1ull << bits) - 1);
}

/* An address below 2^bits, one in fifty just at its end, one in fifty beyond. */
static uint64_t address(struct so_world *w, unsigned bits)
{
	uint64_t a = narrow(w, bits);

	switch (below(w, 50)) {
	case 0:
		return (1ull << bits) - 1 - narrow(w, 17);
	case 1:
		return a | 1ull << bits;
	default:
		return a;
	}
}

/* ---- memory ---- */

static unsigned slot_of(const struct so_world *w, uint64_t addr)
{
	unsigned i = (unsigned)((addr >> 3) * 0x9e3779b97f4a7c15ull >> 40) % SO_CELLS;

	while (w->cell[i].turn == w->turn && w->cell[i].addr != addr)
		i = (i + 1) % SO_CELLS;
	return i;
}

struct so_cell *so_find(struct so_world *w, uint64_t addr)
{
	struct so_cell *c = &w->cell[slot_of(w, addr)];

	return c->turn == w->turn ? c : NULL;
}

static void put(struct so_world *w, uint64_t addr, uint64_t value, unsigned poison)
{
	unsigned i = slot_of(w, addr);
	struct so_cell *c = &w->cell[i];

	if (c->turn == w->turn)
		return;
	memset(c, 0, sizeof(*c));
	c->addr = addr;
	c->turn = w->turn;
	c->init = c->spec = c->model = value;
	c->poison = below(w, 1000) < poison;
	c->wpoison = pct(w, 2) && !w->frozen;
	w->used[w->n_used++] = (uint16_t)i;
}

static void put_words(struct so_world *w, uint64_t addr, const uint64_t *dw)
{
	for (unsigned i = 0; i < 8; i++)
		put(w, addr + 8 * i, dw[i], 1);
}

/* True: nothing is to be made up; there is at least zero. */
static bool frozen(struct so_world *w, uint64_t addr, unsigned words)
{
	for (unsigned i = 0; w->frozen && i < words; i++)
		put(w, addr + 8 * i, 0, 0);
	return w->frozen;
}

void so_rewind(struct so_world *w)
{
	/* No older cell is found by way of a younger one. */
	while (w->n_used > w->n_kept)
		w->cell[w->used[--w->n_used]].turn = 0;
	for (unsigned i = 0; i < w->n_used; i++) {
		struct so_cell *c = &w->cell[w->used[i]];

		c->spec = c->model = c->init;
		c->spec_read = c->reads_differ = false;
	}
	w->complaint = NULL;
	w->have_ste = w->have_cd = false;
}

/* ---- structures ---- */

static void set(uint64_t *dw, unsigned field, uint64_t value)
{
	smmu_set(dw, field, value);
}

static unsigned pick_granule0(struct so_world *w)
{
	unsigned tg = below(w, 3);

	for (unsigned i = 0; i < 3; i++, tg = (tg + 1) % 3)
		if ((tg == 0 && w->cfg.gran4k) || (tg == 1 && w->cfg.gran64k) ||
		    (tg == 2 && w->cfg.gran16k))
			return tg;
	return 0;
}

static unsigned granule0_to_1(unsigned tg)
{
	return tg == 0 ? 2 : tg == 1 ? 3 : 1;
}

static bool pick_aa64(struct so_world *w)
{
	if (w->hardened && (w->cfg.ttf & 2))
		return pct(w, 97);
	return w->cfg.ttf == 2 || (w->cfg.ttf == 3 && pct(w, 65));
}

static unsigned pick_endi(struct so_world *w)
{
	return w->cfg.ttendian == 0 ? below(w, 2) : w->cfg.ttendian == 3;
}

static unsigned split_of(const struct so_world *w)
{
	unsigned split =
		(unsigned)smmu_reg_get(w->strtab_cfg, SMMU_STRTAB_BASE_CFG_SPLIT);

	return split == 8 || split == 10 ? split : 6;
}

/* How many bits the transaction's address has, sign and tag apart. */
static unsigned width(const struct so_world *w)
{
	uint64_t a = w->txn.addr << 8 >> 8;
	unsigned n = 12;

	if (a >> 55)
		a = ~a << 8 >> 8;
	while (n < 56 && a >> n)
		n++;
	return n;
}

/* A TxSZ or S2T0SZ, nine in ten wide enough for the address. */
static unsigned pick_txsz(struct so_world *w)
{
	unsigned max = w->cfg.stt ? 48 : 39, txsz = 12 + below(w, max - 11);
	unsigned fits = 64 - width(w);

	static const uint8_t edge[] = { 11, 12, 15, 16, 17, 20, 24, 25,
					33, 34, 38, 39, 40, 47, 48 };

	if (pct(w, 10))
		return edge[below(w, COUNT(edge))];
	if (fits >= 16 && fits < txsz && pct(w, 90))
		txsz = fits - below(w, fits - 15);
	return txsz;
}

void so_make_l1std(struct so_world *w, uint64_t addr)
{
	uint64_t l1 = so_rnd(w);

	if (frozen(w, addr, 1))
		return;
	set(&l1, SMMU_L1STD_Span, pct(w, 94) ? split_of(w) + 1 : below(w, 32));
	smmu_set_addr(&l1, SMMU_L1STD_L2Ptr, address(w, w->oas));
	put(w, addr, l1, 20);
}

/* S2PII, S2POI: so many in a hundred are anything, the rest let something through. */
static uint64_t s2_codes(struct so_world *w, unsigned odd)
{
	static const uint8_t codes[16] = { 2,  3,  6,  7,  7,  8,  11, 10,
					   12, 15, 15, 15, 15, 13, 14, 4 };
	uint64_t dw = 0;

	for (unsigned i = 0; i < 16; i++)
		dw = dw << 4 | (pct(w, odd) ? below(w, 16) : codes[below(w, 16)]);
	for (unsigned i = 0; i < 16 && w->hardened; i++)
		if (pct(w, 97))
			dw = (dw & ~(15ull << (4 * i))) | (pct(w, 60) ? 7ull : 15ull)
								  << (4 * i);
	return dw;
}

static void ste_stage2(struct so_world *w, uint64_t *dw)
{
	bool v64 = pick_aa64(w);
	unsigned ps;

	set(dw, SMMU_STE_S2AA64, v64);
	set(dw, SMMU_STE_S2TG, pick_granule0(w));
	if (v64)
		set(dw, SMMU_STE_S2T0SZ, pick_txsz(w));
	set(dw, SMMU_STE_S2ENDI, pick_endi(w));
	set(dw, SMMU_STE_S2S,
	    w->cfg.stall_model == 2 || (w->cfg.stall_model == 0 && pct(w, 15)));
	set(dw, SMMU_STE_S2R, pct(w, 85));
	set(dw, SMMU_STE_S2HA, w->cfg.httu && v64 && pct(w, 60));
	set(dw, SMMU_STE_S2HD, w->cfg.httu >= 2 && v64 && pct(w, 60));
	set(dw, SMMU_STE_S2PTW, pct(w, 25));
	if (pct(w, 40))
		set(dw, SMMU_STE_S2FWB, 0);
	set(dw, SMMU_STE_S2PIE, w->cfg.s2pi && v64 && pct(w, 60));
	if (pct(w, 90) && !smmu_get(dw, SMMU_STE_S2PIE))
		set(dw, SMMU_STE_S2POE, 0);
	dw[7] = s2_codes(w, 1);
	if (pct(w, 50)) {
		set(dw, SMMU_STE_TL0, 0);
		set(dw, SMMU_STE_TL1, 0);
	}
	if (pct(w, 40))
		set(dw, SMMU_STE_AssuredOnly, 0);
	if (w->hardened) {
		set(dw, SMMU_STE_S2PIE, v64);
		set(dw, SMMU_STE_S2POE, pct(w, 25));
		set(dw, SMMU_STE_S2PTW, 0);
		set(dw, SMMU_STE_TL0, pct(w, 90));
		set(dw, SMMU_STE_TL1, pct(w, 90));
		set(dw, SMMU_STE_AssuredOnly, 1);
	}
	if (w->cfg.pbha && smmu_get(dw, SMMU_STE_S2POE) && pct(w, 90))
		dw[1] &= ~(15ull << 8);
	set(dw, SMMU_STE_S2PS, pct(w, 50) ? 7 : below(w, 8));
	ps = v64 ? so_bits(w, (unsigned)smmu_get(dw, SMMU_STE_S2PS)) : 40;
	if (v64 && ps > 48 && !(w->cfg.ds && smmu_get(dw, SMMU_STE_S2DS)) &&
	    smmu_get(dw, SMMU_STE_S2TG) != 1)
		ps = 48;
	smmu_set_addr(dw, SMMU_STE_S2TTB, pct(w, 98) ? narrow(w, ps) : address(w, ps));
}

/* What a pointer to a CD or a table of them may span, and mostly what translates. */
static unsigned pointer_bits(struct so_world *w, const uint64_t *ste)
{
	unsigned n = 64 - (unsigned)smmu_get(ste, SMMU_STE_S2T0SZ);

	if (!(smmu_get(ste, SMMU_STE_Config) & 2))
		return w->oas;
	if (!smmu_get(ste, SMMU_STE_S2AA64))
		n = (unsigned)(32 -
			       so_s2_t0sz32((unsigned)smmu_get(ste, SMMU_STE_S2T0SZ)));
	return n < w->ias && pct(w, 96) ? n : w->ias;
}

static void ste_try(struct so_world *w, uint64_t *dw)
{
	static const uint8_t configs[] = { 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 7, 7 };
	const struct smmu_config *c = &w->cfg;
	unsigned config = configs[below(w, COUNT(configs))];

	for (unsigned i = 0; i < 8; i++)
		dw[i] = so_rnd(w);
	if (w->hardened && pct(w, 80))
		config = 7;
	if (!c->s1p)
		config = 6;
	if (!c->s2p)
		config = 5;
	if (w->txn.ssv && pct(w, 85))
		config |= 1;
	if (pct(w, 4))
		config = below(w, 5);
	set(dw, SMMU_STE_V, 1);
	set(dw, SMMU_STE_Config, config);
	if (!c->cd2l)
		set(dw, SMMU_STE_S1Fmt, 3 * below(w, 2));
	if (c->ssid_bits)
		set(dw, SMMU_STE_S1CDMax,
		    pct(w, 70) ? c->ssid_bits : below(w, c->ssid_bits + 1u));
	if (!w->txn.ssv && pct(w, 50))
		set(dw, SMMU_STE_S1CDMax, 0);
	if (!w->txn.ssv && pct(w, 70))
		set(dw, SMMU_STE_S1DSS, 1 + (pct(w, 75)));
	set(dw, SMMU_STE_S1STALLD, c->stall_model == 0 && pct(w, 20));
	set(dw, SMMU_STE_STRW, 2 * below(w, 2));
	if (!c->vmid16 && pct(w, 70))
		set(dw, SMMU_STE_S2VMID, below(w, 256));
	ste_stage2(w, dw);
	if (config == 7 && c->ttf == 3 && !w->hardened && pct(w, 70)) {
		/* A VMSAv8-64 stage 1 wants the same of stage 2. */
		set(dw, SMMU_STE_S2AA64, 1);
	}
	smmu_set_addr(dw, SMMU_STE_S1ContextPtr, address(w, pointer_bits(w, dw)));
}

/* One field to anything, or to a neighbour of what it was. */
static void mutate(struct so_world *w, uint64_t *dw, const unsigned *field, unsigned n)
{
	unsigned f = field[below(w, n)];
	uint64_t v = so_rnd(w);

	if (pct(w, 50))
		v = smmu_get(dw, f) + (pct(w, 50) ? 1 : UINT64_MAX);
	set(dw, f, v);
}

void so_make_ste(struct so_world *w, uint64_t addr)
{
	static const unsigned fields[] = {
		SMMU_STE_V,	   SMMU_STE_Config, SMMU_STE_S1Fmt,
		SMMU_STE_S1CDMax,  SMMU_STE_S1DSS,  SMMU_STE_S1ContextPtr,
		SMMU_STE_S1STALLD, SMMU_STE_EATS,   SMMU_STE_STRW,
		SMMU_STE_S2VMID,   SMMU_STE_S2T0SZ, SMMU_STE_S2SL0,
		SMMU_STE_S2TG,	   SMMU_STE_S2PS,   SMMU_STE_S2AA64,
		SMMU_STE_S2ENDI,   SMMU_STE_S2HD,   SMMU_STE_S2HA,
		SMMU_STE_S2S,	   SMMU_STE_S2HAFT, SMMU_STE_S2DS,
		SMMU_STE_S2SL0_2,  SMMU_STE_S2TTB,  SMMU_STE_S2FWB,
		SMMU_STE_S2T0SZ,   SMMU_STE_S2SL0,  SMMU_STE_S2TG,
		SMMU_STE_S2PIE,	   SMMU_STE_S2POE,  SMMU_STE_S2POI,
	};
	uint64_t dw[8];
	unsigned tries = 0;

	if (frozen(w, addr, 8))
		return;
	do
		ste_try(w, dw);
	while (!so_ste_legal(w, dw) && ++tries < 300);
	if (pct(w, 12))
		mutate(w, dw, fields, COUNT(fields));
	put_words(w, addr, dw);
}

void so_make_l1cd(struct so_world *w, uint64_t addr, const uint64_t *ste)
{
	uint64_t l1 = so_rnd(w);

	if (frozen(w, addr, 1))
		return;
	set(&l1, SMMU_L1CD_V, pct(w, 97));
	smmu_set_addr(&l1, SMMU_L1CD_L2Ptr, address(w, pointer_bits(w, ste)));
	put(w, addr, l1, 20);
}

static void cd_table(struct so_world *w, uint64_t *dw, unsigned field, unsigned tg0)
{
	bool v64 = smmu_get(dw, SMMU_CD_AA64);
	unsigned ips = v64 ? so_bits(w, (unsigned)smmu_get(dw, SMMU_CD_IPS)) : 40;

	if (v64 && ips > 48 && tg0 != 1 && !(w->cfg.ds && smmu_get(dw, SMMU_CD_DS)))
		ips = 48;
	smmu_set_addr(dw, field, pct(w, 98) ? narrow(w, ips) : address(w, ips));
}

static void cd_permissions(struct so_world *w, uint64_t *dw)
{
	static const uint8_t codes[8] = { 0, 1, 2, 3, 5, 7, 5, 7 };

	if (pct(w, 60)) {
		set(dw, SMMU_CD_WXN, 0);
		set(dw, SMMU_CD_PAN, 0);
		set(dw, SMMU_CD_UWXN, 0);
	}
	for (unsigned i = 0; i < 16; i++) {
		uint64_t p = codes[below(w, 8)], u = codes[below(w, 8)];

		if ((p & 2) && (u & 4) && !pct(w, 1))
			u &= 1;
		dw[6] = (dw[6] & ~(7ull << (3 * i))) | u << (3 * i);
		dw[7] = (dw[7] & ~(7ull << (3 * i))) | p << (3 * i);
	}
	for (unsigned i = 0; i < 8; i++)
		if (pct(w, 50)) {
			static const uint64_t common[4] = { 0xff, 0x44, 0x04, 0xbb };

			dw[3] = (dw[3] & ~(255ull << (8 * i))) | common[below(w, 4)]
									 << (8 * i);
		}
}

static void cd_try(struct so_world *w, uint64_t *dw)
{
	const struct smmu_config *c = &w->cfg;
	unsigned tg0 = pick_granule0(w), tg1 = pick_granule0(w);
	bool v64 = pick_aa64(w);

	for (unsigned i = 0; i < 8; i++)
		dw[i] = so_rnd(w);
	set(dw, SMMU_CD_V, 1);
	set(dw, SMMU_CD_AA64, v64);
	set(dw, SMMU_CD_TG0, tg0);
	set(dw, SMMU_CD_TG1, granule0_to_1(tg1));
	if (v64) {
		set(dw, SMMU_CD_T0SZ, pick_txsz(w));
		set(dw, SMMU_CD_T1SZ, pick_txsz(w));
	} else if (pct(w, 50)) {
		set(dw, SMMU_CD_T0SZ, 0);
	}
	if (w->hardened)
		set(dw, SMMU_CD_PnCH, pct(w, 95));
	set(dw, SMMU_CD_EPD0, pct(w, 8));
	set(dw, SMMU_CD_EPD1, pct(w, 30));
	set(dw, SMMU_CD_ENDI, pick_endi(w));
	set(dw, SMMU_CD_A, c->term_model || pct(w, 70));
	set(dw, SMMU_CD_R, pct(w, 85));
	set(dw, SMMU_CD_S, c->stall_model == 2 || (c->stall_model == 0 && pct(w, 15)));
	set(dw, SMMU_CD_HA, c->httu && pct(w, 60));
	set(dw, SMMU_CD_HD, c->httu >= 2 && pct(w, 60));
	set(dw, SMMU_CD_IPS, pct(w, 50) ? 7 : below(w, 8));
	if (!c->asid16)
		set(dw, SMMU_CD_ASID, below(w, 256));
	if (pct(w, 70)) {
		set(dw, SMMU_CD_E0PD0, 0);
		set(dw, SMMU_CD_E0PD1, 0);
	}
	cd_table(w, dw, SMMU_CD_TTB0, tg0);
	cd_table(w, dw, SMMU_CD_TTB1, tg1);
	cd_permissions(w, dw);
}

void so_make_cd(struct so_world *w, uint64_t addr, const uint64_t *ste)
{
	static const unsigned fields[] = {
		SMMU_CD_V,    SMMU_CD_T0SZ, SMMU_CD_TG0,  SMMU_CD_EPD0, SMMU_CD_ENDI,
		SMMU_CD_T1SZ, SMMU_CD_TG1,  SMMU_CD_EPD1, SMMU_CD_IPS,	SMMU_CD_AA64,
		SMMU_CD_HD,   SMMU_CD_HA,   SMMU_CD_S,	  SMMU_CD_A,	SMMU_CD_ASID,
		SMMU_CD_TTB0, SMMU_CD_TTB1, SMMU_CD_HAFT, SMMU_CD_DS,	SMMU_CD_PIE,
		SMMU_CD_PIIP, SMMU_CD_PIIU, SMMU_CD_T0SZ, SMMU_CD_TG0,	SMMU_CD_T1SZ,
	};
	uint64_t dw[8];
	unsigned tries = 0;

	if (frozen(w, addr, 8))
		return;
	do
		cd_try(w, dw);
	while (!so_cd_legal(w, ste, dw) && ++tries < 300);
	if (pct(w, 12))
		mutate(w, dw, fields, COUNT(fields));
	if (pct(w, 2)) {
		/* Executable by privileged, writable by unprivileged (CD-19). */
		unsigned at = 3 * below(w, 16);

		dw[6] = (dw[6] & ~(7ull << at)) | 5ull << at;
		dw[7] |= 2ull << at;
	}
	put_words(w, addr, dw);
}

/* ---- descriptors ---- */

static uint64_t with_address(struct so_world *w, const struct so_walk *g, uint64_t d,
			     uint64_t oa)
{
	uint64_t low = d & 0xfff, keep = d & 0xfffc000000000000ull;

	if (!g->ds)
		keep = d & 0xffff000000000000ull;
	if (g->granule == 16) {
		d = low | keep | (oa & 0xffffffff0000ull) | (oa >> 48 & 15) << 12;
		if (pct(w, 2))
			d ^= 1ull << (12 + below(w, 4));
		return d;
	}
	if (g->ds)
		return (low & ~0x300ull) | keep | (oa & 0x3fffffffff000ull) |
		       (oa >> 50 & 3) << 8;
	return low | keep | (oa & 0xfffffffff000ull);
}

static uint64_t leaf_bits(struct so_world *w, const struct so_walk *g, uint64_t d)
{
	if (pct(w, 75))
		d |= 1 << 10; /* AF */
	if (g->stage == 2 && pct(w, 65))
		d |= 3 << 6;
	if (g->stage == 2 && pct(w, 30))
		d |= 15 << 2;
	if (g->stage == 1 && pct(w, 55))
		d = (d & ~0xc0ull) | 1 << 6;
	if (pct(w, 50))
		d &= ~(3ull << 53);
	return d;
}

static uint64_t swap(uint64_t v, bool be)
{
	return be ? __builtin_bswap64(v) : v;
}

void so_make_desc(struct so_world *w, uint64_t addr, const struct so_walk *g)
{
	unsigned bits = g->ps, kind = below(w, 100);
	uint64_t d = so_rnd(w), oa;

	if (so_find(w, addr) || frozen(w, addr, 1))
		return;
	/* Stage 1 points to where stage 2 has something. */
	if (g->next_bits && g->next_bits < bits && pct(w, 97))
		bits = g->next_bits;
	if (g->granule != 16 && !g->ds && bits > 48 && pct(w, 97))
		bits = 48;
	if (g->granule == 16 && !g->fold && bits > 48)
		bits = 48;
	oa = address(w, bits);
	if (pct(w, 98) && oa >> bits)
		oa = narrow(w, bits);
	d &= ~3ull;
	if (kind < 1)
		d |= 2 * below(w, 2); /* invalid */
	else if (g->level == 3)
		d |= kind < 6 ? 1 : 3;
	else if (g->level < 1 || (g->level == 1 && g->granule != 12))
		d |= kind < (g->ds || w->oas >= 52 ? 12 : 5) ? 1 : 3;
	else
		d |= kind < 25 ? 1 : 3;
	d = with_address(w, g, d, oa);
	if (w->hardened && pct(w, 95))
		d |= 1ull << 52 | 1ull << 58; /* Protected, AssuredOnly */
	if (w->hardened && g->stage == 2)
		d |= 1ull << 10;
	if (g->level < 3 && (d & 3) == 3) {
		if (pct(w, 80))
			d &= ~(15ull << 59);
	} else {
		d = leaf_bits(w, g, d);
	}
	put(w, addr, swap(d, g->be), 8);
}

/* ---- the machine and the transaction ---- */

#define KNOB(f, n)                                                                       \
	{                                                                                \
#f, offsetof(struct smmu_config, f), n                                   \
	}

static const struct {
	const char *name;
	size_t at;
	uint8_t n;
} knob[] = {
	KNOB(s1p, 2),
	KNOB(s2p, 2),
	KNOB(ttf, 4),
	KNOB(httu, 4),
	KNOB(hyp, 2),
	KNOB(asid16, 2),
	KNOB(vmid16, 2),
	KNOB(cd2l, 2),
	KNOB(ttendian, 4),
	KNOB(stall_model, 3),
	KNOB(term_model, 2),
	KNOB(st_level, 2),
	KNOB(sid_bits, 33),
	KNOB(ssid_bits, 21),
	KNOB(attr_types_ovr, 2),
	KNOB(attr_perms_ovr, 2),
	KNOB(had, 2),
	KNOB(xnx, 2),
	KNOB(fwb, 2),
	KNOB(stt, 2),
	KNOB(bbml, 3),
	KNOB(e0pd, 2),
	KNOB(ptwnnc, 2),
	KNOB(epan, 2),
	KNOB(s1pi, 2),
	KNOB(s2pi, 2),
	KNOB(s2po, 2),
	KNOB(the, 2),
	KNOB(mteperm, 2),
	KNOB(aie, 2),
	KNOB(oas, 8),
	KNOB(oas, 8),
	KNOB(gran4k, 2),
	KNOB(gran16k, 2),
	KNOB(gran64k, 2),
	KNOB(vax, 2),
	KNOB(ds, 2),
	KNOB(arch_minor, 5),
	KNOB(ste_oversize, 2),
	KNOB(desc_64k_ignore, 2),
	KNOB(no_tlb, 2),
	KNOB(no_config_cache, 2),
	KNOB(pbha, 2),
};

const char *so_knob(struct so_world *w, unsigned n, uint8_t **at)
{
	if (n >= COUNT(knob))
		return NULL;
	*at = (uint8_t *)&w->cfg + knob[n].at;
	return knob[n].name;
}

void so_preset(struct smmu_config *cfg, unsigned preset)
{
	smmu_config_init(cfg, (enum smmu_preset)preset);
	/* MPAM is not part of this opinion: mpam.c. */
	cfg->mpam = 0;
	cfg->partid_max = 0;
	cfg->pmg_max = 0;
	cfg->pmcgs = 0;
	cfg->tlb_entries = 16;
	cfg->stall_max = cfg->stall_model != 1;
	cfg->config_entries = 16;
}

void so_sizes(struct so_world *w)
{
	static const uint8_t oas[8] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	unsigned wide, narrow_;

	w->oas = oas[w->cfg.oas];
	wide = (w->cfg.ttf & 2) ? w->oas : 0;
	narrow_ = (w->cfg.ttf & 1) ? 40 : 0;
	w->ias = wide > narrow_ ? wide : narrow_;
}

static void random_config(struct so_world *w)
{
	unsigned n = below(w, 12), preset = below(w, SMMU_PRESET_COUNT);

	so_preset(&w->cfg, pct(w, 30) ? SMMU_PRESET_FULL : preset);
	for (unsigned i = 0; i < n; i++) {
		struct smmu_config next = w->cfg;
		unsigned k = below(w, COUNT(knob));

		((uint8_t *)&next)[knob[k].at] = (uint8_t)below(w, knob[k].n);
		next.stall_max = next.stall_model != 1;
		if (smmu_config_check(&next, NULL, 0) == 0)
			w->cfg = next;
	}
	so_sizes(w);
}

static void random_registers(struct so_world *w)
{
	unsigned sid = w->cfg.sid_bits, log2 = pct(w, 80) ? sid : below(w, sid + 2);

	w->strtab_base = address(w, w->oas) & ~0x3full;
	w->strtab_cfg = smmu_reg_set(0, SMMU_STRTAB_BASE_CFG_LOG2SIZE, log2);
	w->strtab_cfg =
		smmu_reg_set(w->strtab_cfg, SMMU_STRTAB_BASE_CFG_FMT, below(w, 2));
	w->strtab_cfg = smmu_reg_set(w->strtab_cfg, SMMU_STRTAB_BASE_CFG_SPLIT,
				     pct(w, 90) ? 6 + 2 * below(w, 3) : below(w, 32));
	w->cr1 = narrow(w, 12);
	w->cr2 = narrow(w, 2);
	w->s2pii = s2_codes(w, 10);
	w->gbpa = smmu_reg_set(narrow(w, 20), SMMU_GBPA_ABORT, pct(w, 20));
	w->cr0 = smmu_reg_set(0, SMMU_CR0_SMMUEN, pct(w, 96));
	w->cr0 = smmu_reg_set(w->cr0, SMMU_CR0_EVENTQEN, pct(w, 98));
}

static void random_attr(struct so_world *w, struct smmu_attr *a)
{
	static const uint8_t sh[3] = { SMMU_SH_NSH, SMMU_SH_OSH, SMMU_SH_ISH };

	a->inner = (uint8_t)below(w, SMMU_MT_DEV_NGNRNE + 1);
	a->outer = a->inner;
	if (a->inner <= SMMU_MT_NC)
		a->outer = (uint8_t)below(w, SMMU_MT_NC + 1);
	a->sh = sh[below(w, 3)];
	a->ra = (uint8_t)below(w, 2);
	a->wa = (uint8_t)below(w, 2);
	a->tr = (uint8_t)below(w, 2);
	a->ns = 1;
}

static uint64_t random_va(struct so_world *w)
{
	uint64_t a = narrow(w, pct(w, 50) ? 12 + below(w, 14) : 20 + below(w, 37));

	if (pct(w, 3))
		return so_rnd(w);
	if (pct(w, 25))
		a = ~a;
	if (pct(w, 8))
		a &= 0xffffffff;
	if (pct(w, 10))
		a ^= so_rnd(w) << 56;
	return a;
}

void so_random_world(struct so_world *w)
{
	struct smmu_txn *t = &w->txn;
	unsigned log2;

	w->turn++;
	w->n_used = 0;
	w->complaint = NULL;
	w->have_ste = w->have_cd = false;
	w->frozen = false;
	random_config(w);
	w->hardened = w->cfg.the && pct(w, 40);
	random_registers(w);
	memset(t, 0, sizeof(*t));
	log2 = (unsigned)smmu_reg_get(w->strtab_cfg, SMMU_STRTAB_BASE_CFG_LOG2SIZE);
	log2 = log2 < w->cfg.sid_bits ? log2 : w->cfg.sid_bits;
	t->sid = (uint32_t)narrow(w, pct(w, 97) ? log2 : log2 + 1);
	t->ssv = w->cfg.ssid_bits ? pct(w, 35) : pct(w, 3);
	t->ssid = (uint32_t)narrow(w, pct(w, 97) ? w->cfg.ssid_bits : 20);
	t->inst = pct(w, 25);
	t->priv = pct(w, 50);
	t->op = (uint8_t)below(w, 3);
	t->kind = (uint8_t)(pct(w, 20) ? below(w, SMMU_KIND_NONE + 2) : 0);
	t->addr = random_va(w);
	t->has_attr = pct(w, 50);
	if (t->has_attr)
		random_attr(w, &t->attr);
}
