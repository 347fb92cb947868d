/* SPDX-License-Identifier: MIT */
/* Legality of STEs and CDs straight from translation.md 4.1 and 4.2. */
#include "second_opinion.h"

static unsigned f(const uint64_t *dw, unsigned field)
{
	return (unsigned)smmu_get(dw, field);
}

static bool wide(uint64_t addr, unsigned bits)
{
	return addr >> bits != 0;
}

unsigned so_bits(const struct so_world *w, unsigned code)
{
	static const unsigned bits[8] = { 32, 36, 40, 42, 44, 48, 52, 56 };

	if (w->cfg.arch_minor == 0 && code >= 6)
		code = 5;
	if (w->cfg.arch_minor <= 3 && code == 7)
		code = 6;
	return bits[code] > w->oas ? w->oas : bits[code];
}

unsigned so_granule0(unsigned tg)
{
	return tg == 0 ? 12 : tg == 1 ? 16 : tg == 2 ? 14 : 0;
}

unsigned so_granule1(unsigned tg)
{
	return tg == 1 ? 14 : tg == 2 ? 12 : tg == 3 ? 16 : 0;
}

static bool granule_there(const struct so_world *w, unsigned granule)
{
	return (granule == 12 && w->cfg.gran4k) || (granule == 14 && w->cfg.gran16k) ||
	       (granule == 16 && w->cfg.gran64k);
}

static bool endian_there(const struct so_world *w, unsigned big)
{
	return w->cfg.ttendian == 0 || w->cfg.ttendian == (big ? 3 : 2);
}

/* The tables of TxSZ in 9.1. */
int so_s1_start(unsigned granule, unsigned txsz)
{
	if (granule == 12)
		return txsz <= 15   ? -1
		       : txsz <= 24 ? 0
		       : txsz <= 33 ? 1
		       : txsz <= 42 ? 2
				    : 3;
	if (granule == 14)
		return txsz <= 16 ? 0 : txsz <= 27 ? 1 : txsz <= 38 ? 2 : 3;
	return txsz <= 21 ? 1 : txsz <= 34 ? 2 : 3;
}

int so_s2_t0sz32(unsigned raw)
{
	raw &= 15;
	return raw < 8 ? (int)raw : (int)raw - 16;
}

/* 9.4: SL0 to start level, and the S2T0SZ that go with it. */
int so_s2_start(const struct so_world *w, const uint64_t *ste)
{
	static const struct {
		unsigned granule;
		int start;
		unsigned min, max;
	} fits[] = {
		{ 12, -1, 12, 15 }, { 12, 0, 12, 24 }, { 12, 1, 21, 33 },
		{ 12, 2, 30, 42 },  { 12, 3, 39, 48 }, { 14, 0, 12, 16 },
		{ 14, 1, 13, 27 },  { 14, 2, 24, 38 }, { 14, 3, 35, 48 },
		{ 16, 1, 12, 21 },  { 16, 2, 18, 34 }, { 16, 3, 31, 47 },
	};
	unsigned granule = so_granule0(f(ste, SMMU_STE_S2TG)),
		 sl0 = f(ste, SMMU_STE_S2SL0);
	unsigned t0sz = f(ste, SMMU_STE_S2T0SZ);
	bool ds = w->cfg.ds && f(ste, SMMU_STE_S2DS) && granule != 16;
	int start;

	if (!f(ste, SMMU_STE_S2AA64)) {
		int n = 32 - so_s2_t0sz32(t0sz);

		if (sl0 == 0)
			return n >= 22 && n <= 34 ? 2 : -2;
		return sl0 == 1 && n >= 31 && n <= 43 ? 1 : -2;
	}
	if (granule == 12 && ds && f(ste, SMMU_STE_S2SL0_2)) {
		if (sl0 != 0)
			return -2;
		start = -1;
	} else if (granule == 12) {
		static const int of[4] = { 2, 1, 0, 3 };

		if (sl0 == 3 && !w->cfg.stt)
			return -2;
		start = of[sl0];
	} else {
		if (sl0 == 3 && !(granule == 14 && ds))
			return -2;
		start = 3 - (int)sl0;
	}
	for (unsigned i = 0; i < sizeof(fits) / sizeof(fits[0]); i++)
		if (fits[i].granule == granule && fits[i].start == start)
			return t0sz >= fits[i].min && t0sz <= fits[i].max ? start : -2;
	return -2;
}

/* 4.1 step 8: S2PI, S2PO. */
static bool s2_indirect_legal(const struct so_world *w, const uint64_t *dw)
{
	bool pie = w->cfg.s2pi && f(dw, SMMU_STE_S2PIE);

	if (pie && !f(dw, SMMU_STE_S2AA64))
		return false;
	if (!w->cfg.s2po || !f(dw, SMMU_STE_S2POE))
		return true;
	if (w->cfg.pbha && (dw[1] >> 8 & 15)) /* S2HWU59 to S2HWU62 */
		return false;
	for (unsigned i = 0; i < 16; i++) {
		unsigned code = dw[7] >> (4 * i) & 15;

		if (code == 1 || code == 5)
			return false;
	}
	return pie;
}

/* 4.1 step 8 */
static bool s2_legal(const struct so_world *w, const uint64_t *dw)
{
	const struct smmu_config *c = &w->cfg;
	bool v64 = f(dw, SMMU_STE_S2AA64);
	unsigned granule = v64 ? so_granule0(f(dw, SMMU_STE_S2TG)) : 12;
	unsigned t0sz = f(dw, SMMU_STE_S2T0SZ), ps = 40, lo, hi = 39;
	bool ds = v64 && c->ds && f(dw, SMMU_STE_S2DS) && granule != 16;
	bool ha = f(dw, SMMU_STE_S2HA), hd = f(dw, SMMU_STE_S2HD);
	uint64_t ttb = smmu_get_addr(dw, SMMU_STE_S2TTB) &
		       ((1ull << (c->arch_minor ? 52 : 48)) - 1);

	if ((!v64 && c->fwb && f(dw, SMMU_STE_S2FWB)) ||
	    (f(dw, SMMU_STE_S2S) && c->stall_model == 1) ||
	    (!f(dw, SMMU_STE_S2S) && c->stall_model == 2))
		return false;
	if (!(c->ttf & (v64 ? 2 : 1)))
		return false;
	if (((ha || hd) && (!v64 || c->httu == 0)) || (hd && c->httu == 1) ||
	    (c->httu == 3 && f(dw, SMMU_STE_S2HAFT) && !ha))
		return false;
	if (!endian_there(w, f(dw, SMMU_STE_S2ENDI)))
		return false;
	if (!s2_indirect_legal(w, dw))
		return false;
	if (v64 && !granule_there(w, granule))
		return false;
	if (v64)
		ps = so_bits(w, f(dw, SMMU_STE_S2PS));
	if (wide(ttb, ps) || (v64 && granule < 16 && !ds && wide(ttb, 48)))
		return false;
	if (v64) {
		if (c->stt)
			hi = granule == 16 ? 47 : 48;
		lo = granule == 16 || ds ? 12 : 16;
		if (c->arch_minor == 0 || 64 - w->ias > lo)
			lo = 64 - w->ias;
		if (t0sz < lo || t0sz > hi)
			return false;
	}
	return so_s2_start(w, dw) != -2;
}

static bool strw_counts(const struct so_world *w, const uint64_t *dw)
{
	return f(dw, SMMU_STE_Config) == 5 && w->cfg.hyp && w->cfg.s1p;
}

static bool el2(const struct so_world *w, const uint64_t *dw)
{
	return strw_counts(w, dw) && f(dw, SMMU_STE_STRW) == 2;
}

bool so_one_table(const struct so_world *w, const uint64_t *ste)
{
	return el2(w, ste) && !smmu_reg_get(w->cr2, SMMU_CR2_E2H);
}

bool so_e2h(const struct so_world *w, const uint64_t *ste)
{
	return el2(w, ste) && smmu_reg_get(w->cr2, SMMU_CR2_E2H);
}

/* 4.1 step 5 */
static bool ats_legal(const struct so_world *w, const uint64_t *dw)
{
	unsigned config = f(dw, SMMU_STE_Config), s2s = f(dw, SMMU_STE_S2S);

	if (!w->cfg.ats || config == 4)
		return true;
	switch (f(dw, SMMU_STE_EATS)) {
	case 1:
		return !s2s || config == 5;
	case 2:
		return config == 7 && !s2s && !w->cfg.ns1ats;
	default:
		return true;
	}
}

/* 4.1; IDR3.DPT, D128 and MPAM are 0 in every configuration. */
bool so_ste_legal(const struct so_world *w, const uint64_t *dw)
{
	const struct smmu_config *c = &w->cfg;
	unsigned config = f(dw, SMMU_STE_Config), max = f(dw, SMMU_STE_S1CDMax);
	bool s1 = config & 1, s2 = config & 2;

	if (!f(dw, SMMU_STE_V))
		return false;
	if (config < 4)
		return true;
	if ((s1 && !c->s1p) || (s2 && !c->s2p))
		return false;
	if (!ats_legal(w, dw))
		return false;
	if (strw_counts(w, dw) && (f(dw, SMMU_STE_STRW) & 1))
		return false;
	if (s1) {
		if (f(dw, SMMU_STE_S1STALLD) && c->stall_model != 0)
			return false;
		if (c->ssid_bits && max > c->ssid_bits)
			return false;
		if (c->ssid_bits && max && !c->cd2l &&
		    (f(dw, SMMU_STE_S1Fmt) == 1 || f(dw, SMMU_STE_S1Fmt) == 2))
			return false;
		if (wide(smmu_get_addr(dw, SMMU_STE_S1ContextPtr), s2 ? w->ias : w->oas))
			return false;
	}
	if (s2 && !s2_legal(w, dw))
		return false;
	if (!c->vmid16 && config != 4 && c->s2p &&
	    !(strw_counts(w, dw) && f(dw, SMMU_STE_STRW) != 0) &&
	    f(dw, SMMU_STE_S2VMID) >= 256)
		return false;
	return true;
}

/* 4.2 steps 10 and 11 for one enabled table. */
static bool table_legal(const struct so_world *w, const uint64_t *dw, unsigned granule,
			unsigned txsz, uint64_t ttb)
{
	const struct smmu_config *c = &w->cfg;
	bool v64 = f(dw, SMMU_CD_AA64), ds = v64 && c->ds && f(dw, SMMU_CD_DS);
	unsigned lo = 16, hi = 39;

	ttb &= (1ull << (c->arch_minor ? 52 : 48)) - 1;
	if (!v64)
		return !wide(ttb, 40);
	if (!granule_there(w, granule))
		return false;
	if (c->stt)
		hi = granule == 16 ? 47 : 48;
	if (c->vax && c->arch_minor && (granule == 16 || ds))
		lo = 12;
	if (txsz < lo || txsz > hi)
		return false;
	return !wide(ttb, so_bits(w, f(dw, SMMU_CD_IPS))) &&
	       !(granule < 16 && !ds && wide(ttb, 48));
}

/* 4.2 step 13 */
static bool indirect_legal(const uint64_t *dw, bool unprivileged)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned p = (unsigned)(smmu_get(dw, SMMU_CD_PIIP) >> (3 * i)) & 7;
		unsigned u = (unsigned)(smmu_get(dw, SMMU_CD_PIIU) >> (3 * i)) & 7;

		if (p == 4 || p == 6)
			return false;
		if (unprivileged && (u == 4 || u == 6 || ((p & 2) && (u & 4))))
			return false;
	}
	return true;
}

bool so_cd_legal(const struct so_world *w, const uint64_t *ste, const uint64_t *dw)
{
	const struct smmu_config *c = &w->cfg;
	bool one = so_one_table(w, ste), v64 = f(dw, SMMU_CD_AA64), s = f(dw, SMMU_CD_S);
	bool en0 = one || !f(dw, SMMU_CD_EPD0), en1 = !one && !f(dw, SMMU_CD_EPD1);
	bool ha = f(dw, SMMU_CD_HA), hd = f(dw, SMMU_CD_HD);

	if (!f(dw, SMMU_CD_V) || (f(ste, SMMU_STE_S1STALLD) && s) ||
	    (c->term_model && !f(dw, SMMU_CD_A)) || (c->stall_model == 1 && s) ||
	    (c->stall_model == 2 && !s))
		return false;
	if ((en0 || en1) && !endian_there(w, f(dw, SMMU_CD_ENDI)))
		return false;
	if (!v64 && (!(c->ttf & 1) || so_e2h(w, ste)))
		return false;
	if (v64 && (!(c->ttf & 2) ||
		    ((f(ste, SMMU_STE_Config) & 2) && !f(ste, SMMU_STE_S2AA64))))
		return false;
	if (v64 && (((ha || hd) && c->httu == 0) || (hd && c->httu == 1) ||
		    (c->httu == 3 && f(dw, SMMU_CD_HAFT) && !ha)))
		return false;
	if (!one && !c->asid16 && f(dw, SMMU_CD_ASID) >= 256)
		return false;
	if (en0 && !table_legal(w, dw, so_granule0(f(dw, SMMU_CD_TG0)),
				f(dw, SMMU_CD_T0SZ), smmu_get_addr(dw, SMMU_CD_TTB0)))
		return false;
	if (en1 && !table_legal(w, dw, so_granule1(f(dw, SMMU_CD_TG1)),
				f(dw, SMMU_CD_T1SZ), smmu_get_addr(dw, SMMU_CD_TTB1)))
		return false;
	if (v64 && c->s1pi && f(ste, SMMU_STE_S1PIE) && f(dw, SMMU_CD_PIE))
		return indirect_legal(dw, !one);
	return true;
}
