/* SPDX-License-Identifier: MIT */
/* ATS Translation Requests: IHI 0070 3.9.1.2, 13.6, 13.7.1. */
#include "model/ats_bench.h"

enum { S1 = SMMU_STE_CONFIG_S1, S2 = SMMU_STE_CONFIG_S2, BOTH = SMMU_STE_CONFIG_NESTED };
enum { OFF = SMMU_EATS_OFF, FULL = SMMU_EATS_FULL, SPLIT = SMMU_EATS_SPLIT, DPT = 3 };

static const uint64_t HOLE = 0x10000000; /* no memory */

/* F_BAD_ATS_TREQ, written out: 7.3.6. */
static void expect_bad_treq(struct tb *t, const struct smmu_ats_request *req,
			    struct smmu_ats_completion c, unsigned span)
{
	uint64_t want[4];

	assert_int_equal(c.status, SMMU_ATS_UR);
	assert_int_equal(c.event, SMMU_EVT_F_BAD_ATS_TREQ);
	assert_true(c.recorded);
	b_event_head(want, 5, req->sid, req->ssv, req->ssv ? req->ssid : 0);
	want[1] = span | 1ull << 31 | (uint64_t)!req->no_write << 30 |
		  (uint64_t)(req->exec && req->ssv) << 29 |
		  (uint64_t)(req->priv && req->ssv) << 28;
	want[2] = req->addr & ~0xfffull;
	b_expect_event(&t->b, want);
	b_no_event(&t->b);
}

/* ATS-R1: SMMUEN == 0 */
static void disabled(void **state)
{
	struct smmu_ats_request req = { .sid = SID, .addr = VA + 0xabc };
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, S1, FULL);
	t_expect_grant(t_plain(&t), t.b.page, 12, true, true);
	t_cr0(&t, SMMU_CR0_SMMUEN, false);
	/* EVT-29: Span, R, W, X, P and the page */
	expect_bad_treq(&t, &req, t_request(&t, &req), 1);
	req = (struct smmu_ats_request){ .sid = 0xffffffff,
					 .ssid = 0xfffff,
					 .ssv = true,
					 .no_write = true,
					 .exec = true,
					 .stus = 7,
					 .addr = ~0ull };
	expect_bad_treq(&t, &req, t_request(&t, &req), 7);
	req.priv = true;
	req.stus = 200;
	expect_bad_treq(&t, &req, t_request(&t, &req), 15);
	/* ATS-R9: without a PASID there is neither X nor P */
	req.ssv = false;
	req.stus = 15;
	expect_bad_treq(&t, &req, t_request(&t, &req), 15);
	t_teardown(&t);
}

static void without_ats(struct smmu_config *cfg)
{
	cfg->ats = cfg->pri = cfg->pps = cfg->atsrecerr = cfg->pasidtt = 0;
}

static void no_interface(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, without_ats);
	t_stream(&t, S1, FULL);
	assert_int_equal(t_plain(&t).status, SMMU_ATS_UR);
	b_no_event(&t.b);
	t_teardown(&t);
}

/* ATS-R5, ATS-R6, STE-70, STE-71: what EATS comes to. */
static void effective_eats(void **state)
{
	static const struct {
		unsigned config, eats;
		bool atschk;
		int status;
		bool recorded;
	} rows[] = {
		{ 0, FULL, true, SMMU_ATS_UR, false },
		{ 0, OFF, true, SMMU_ATS_UR, false },
		{ SMMU_STE_CONFIG_BYPASS, FULL, true, SMMU_ATS_UR, true },
		{ S1, OFF, true, SMMU_ATS_UR, true },
		{ S1, FULL, true, SMMU_ATS_SUCCESS, false },
		{ S1, FULL, false, SMMU_ATS_SUCCESS, false },
		{ BOTH, SPLIT, true, SMMU_ATS_SUCCESS, false },
		{ BOTH, SPLIT, false, SMMU_ATS_UR, true },
		/* without a DPT */
		{ S1, DPT, true, SMMU_ATS_UR, true },
		{ S2, OFF, true, SMMU_ATS_UR, true },
		{ S2, FULL, true, SMMU_ATS_SUCCESS, false },
	};
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smmu_ats_request req = { .sid = SID, .addr = VA };
		struct smmu_ats_completion c;

		t_cr0(&t, SMMU_CR0_ATSCHK, rows[i].atschk);
		t_stream(&t, rows[i].config, rows[i].eats);
		c = t_request(&t, &req);
		if (rows[i].recorded)
			expect_bad_treq(&t, &req, c, 1);
		assert_int_equal(c.status, rows[i].status);
		b_no_event(&t.b);
	}
	t_teardown(&t);
}

/* ---- errors of configuration: ATS-R3, ATS-R4, ATS-R7, ATS-R8 ---- */

enum breakage {
	STREAM_RANGE,
	STE_FETCH,
	STE_ILLEGAL,
	STE_INVALID,
	BAD_PASID,
	PASID_S1_OFF,
	NO_SUBSTREAM,
	PASID_ZERO,
	CD_ILLEGAL,
	CD_FETCH,
	WALK_EABT,
};

static struct smmu_ats_completion break_it(struct tb *t, enum breakage what)
{
	struct smmu_ats_request req = { .sid = SID, .addr = VA };
	uint64_t strtab = t->b.h.strtab;

	t_substreams(t, what == PASID_S1_OFF ? S2 : S1, FULL, SMMU_S1DSS_SSID0);
	switch (what) {
	case STREAM_RANGE:
		req.sid = 256;
		break;
	case STE_FETCH:
		t->b.h.smmu->regs.strtab_base = HOLE;
		h_invalidate_all(&t->b.h);
		break;
	case STE_ILLEGAL:
		t_ste_set(t, SMMU_STE_S1CDMax, 21);
		break;
	case STE_INVALID:
		t_ste_set(t, SMMU_STE_V, 0);
		break;
	case BAD_PASID:
		req.ssv = true;
		req.ssid = 8;
		break;
	case PASID_S1_OFF:
		req.ssv = true;
		req.ssid = PASID;
		break;
	case NO_SUBSTREAM:
		t_ste_set(t, SMMU_STE_S1DSS, SMMU_S1DSS_TERMINATE);
		break;
	case PASID_ZERO:
		req.ssv = true;
		break;
	case CD_ILLEGAL:
		t_cd_set(t, 0, SMMU_CD_V, 0);
		break;
	case CD_FETCH:
		t_ste_set(t, SMMU_STE_S1ContextPtr, HOLE >> 6);
		break;
	case WALK_EABT:
		t_cd_set(t, 0, SMMU_CD_TTB0, HOLE >> 4);
		break;
	}
	{
		struct smmu_ats_completion c = t_request(t, &req);

		t->b.h.smmu->regs.strtab_base = strtab;
		h_invalidate_all(&t->b.h);
		return c;
	}
}

static void configuration_errors(void **state)
{
	static const unsigned events[] = {
		[STREAM_RANGE] = SMMU_EVT_C_BAD_STREAMID,
		[STE_FETCH] = SMMU_EVT_F_STE_FETCH,
		[STE_ILLEGAL] = SMMU_EVT_C_BAD_STE,
		[STE_INVALID] = SMMU_EVT_C_BAD_STE,
		/* PASID-1: one that is too wide is not truncated */
		[BAD_PASID] = SMMU_EVT_C_BAD_SUBSTREAMID,
		/* PASID-2 */
		[PASID_S1_OFF] = SMMU_EVT_C_BAD_SUBSTREAMID,
		/* STE-45 */
		[NO_SUBSTREAM] = SMMU_EVT_F_STREAM_DISABLED,
		[PASID_ZERO] = SMMU_EVT_F_STREAM_DISABLED,
		[CD_ILLEGAL] = SMMU_EVT_C_BAD_CD,
		[CD_FETCH] = SMMU_EVT_F_CD_FETCH,
		/* ATS-R10 */
		[WALK_EABT] = SMMU_EVT_F_WALK_EABT,
	};
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	for (unsigned i = 0; i < COUNT(events); i++) {
		t_cr2(&t, false, true);
		/* EVT-76, EVT-79, PRI-40: the status, and no record ... */
		t_expect_ca(&t, break_it(&t, (enum breakage)i), events[i], false);
		/* ... unless REC_CFG_ATS, and for C_BAD_STREAMID RECINVSID too */
		t_cr2(&t, true, true);
		t_expect_ca(&t, break_it(&t, (enum breakage)i), events[i], true);
		t_cr2(&t, true, false);
		t_expect_ca(&t, break_it(&t, (enum breakage)i), events[i],
			    i != STREAM_RANGE);
	}
	t_teardown(&t);
}

static void no_atsrecerr(struct smmu_config *cfg)
{
	cfg->atsrecerr = 0;
}

/* CR2.REC_CFG_ATS is RES0 without IDR0.ATSRECERR. */
static void no_recording(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, no_atsrecerr);
	t_cr2(&t, true, true);
	t_expect_ca(&t, break_it(&t, STE_INVALID), SMMU_EVT_C_BAD_STE, false);
	t_teardown(&t);
}

/* ---- faults of translation: Success, R == W == 0, silent ---- */

static void faults_are_denials(void **state)
{
	struct smmu_ats_request req = { .sid = SID, .addr = VA };
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_cr2(&t, true, true);
	t_stream(&t, BOTH, FULL);
	/* ATS-R10, PRI-38: F_TRANSLATION of stage 1, of stage 2 */
	req.addr = VA + 0x100000;
	t_expect_denied(&t, t_request(&t, &req));
	h_map(&t.b.h, t.b.ttb0, req.addr, 0x5000000, 3, h_s1_rw());
	t_expect_denied(&t, t_request(&t, &req));
	/* F_ACCESS: AF == 0 without hardware update */
	t_leaf1(&t, h_s1_rw() & ~SMMU_MASK(SMMU_S1DESC_AF));
	t_expect_denied(&t, t_plain(&t));
	t_leaf1(&t, h_s1_rw());
	t_leaf2(&t, t.b.page, h_s2_rw() & ~SMMU_MASK(SMMU_S2DESC_AF));
	t_expect_denied(&t, t_plain(&t));
	t_leaf2(&t, t.b.page, h_s2_rw());
	t_expect_grant(t_plain(&t), t.b.page, 12, true, true);
	/* F_ADDR_SIZE */
	t_cd_set(&t, 0, SMMU_CD_IPS, 0);
	h_map(&t.b.h, t.b.ttb0, VA, 1ull << 33, 3, h_s1_rw());
	h_invalidate_all(&t.b.h);
	t_expect_denied(&t, t_plain(&t));
	/* EVT-59: neither A nor R nor S matters */
	t_cd_set(&t, 0, SMMU_CD_A, 0);
	t_expect_denied(&t, t_plain(&t));
	t_cd_set(&t, 0, SMMU_CD_R, 0);
	t_expect_denied(&t, t_plain(&t));
	t_teardown(&t);
}

/* ATS-R8, ATS-R10: stage 2 of a CD and of a descriptor, even F_PERMISSION. */
static void stage2_of_structures(void **state)
{
	uint64_t none = h_s2_rw() & ~SMMU_MASK(SMMU_S2DESC_S2AP);
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_cr2(&t, true, true);
	t_stream(&t, BOTH, FULL);
	t_leaf2(&t, t.cds, none);
	t_expect_denied(&t, t_plain(&t));
	h_write64(&t.b.h, h_desc_pa(&t.b.h, t.b.s2ttb, t.cds, 3), 0);
	h_invalidate_all(&t.b.h);
	t_expect_denied(&t, t_plain(&t));
	t_leaf2(&t, t.cds, h_s2_rw());
	t_expect_grant(t_plain(&t), t.b.page, 12, true, true);
	t_leaf2(&t, t.b.ttb0, none);
	t_expect_denied(&t, t_plain(&t));
	t_teardown(&t);
}

/* ATS-R10: stage 1 grants nothing, so that stage 2 is not even looked at. */
static void nothing_of_stage1(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_cr2(&t, true, true);
	t_stream(&t, BOTH, FULL);
	h_map(&t.b.h, t.b.ttb0, VA, 0x40000000, 3, h_s1_rw());
	/* its stage 2 ends in a table where there is no memory */
	h_write64(&t.b.h, h_desc_pa(&t.b.h, t.b.s2ttb, 0x40000000, 1), HOLE | 3);
	h_invalidate_all(&t.b.h);
	t_expect_ca(&t, t_plain(&t), SMMU_EVT_F_WALK_EABT, true);
	/* AP[1] == 0: unprivileged nothing */
	h_map(&t.b.h, t.b.ttb0, VA, 0x40000000, 3, h_s1_rw() & ~(1ull << 6));
	h_invalidate_all(&t.b.h);
	t_expect_denied(&t, t_plain(&t));
	t_teardown(&t);
}

/* ---- 13.7.1 ---- */

enum { AP_PRW = 0, AP_RW = 1, AP_PRO = 2, AP_RO = 3 }; /* AP[2:1] */
enum { XN = 1, PXN = 2 };
enum { IN = SMMU_INSTCFG_INCOMING, DATA = SMMU_INSTCFG_DATA, INST = SMMU_INSTCFG_INST };
enum { PRIV = 3, UNPRIV = 2 };
enum { NW = 1, EXE = 2, P = 4 };
enum { GR = 1, GW = 2, GX = 4, GP = 8 };

static void permissions(void **state)
{
	static const struct {
		unsigned req, ap, xn, instcfg, privcfg, want;
	} rows[] = {
		/* the table of 13.7 */
		{ NW, AP_RO, 0, IN, 0, GR },
		{ 0, AP_RW, 0, IN, 0, GR | GW },
		{ 0, AP_RO, 0, IN, 0, GR },
		{ P, AP_RW, 0, IN, 0, GR | GW | GP },
		{ P, AP_PRW, 0, IN, 0, GR | GW | GP },
		{ 0, AP_PRW, 0, IN, 0, 0 },
		{ NW | EXE, AP_RW, XN, IN, 0, GR },
		{ 0, AP_RW, XN, IN, 0, GR | GW },
		{ EXE, AP_RW, 0, IN, 0, GR | GW | GX },
		{ EXE, AP_PRW, 0, IN, 0, 0 }, /* User-X only */
		/* what is not asked for is not granted */
		{ NW, AP_RW, 0, IN, 0, GR },
		{ EXE | P, AP_RO, 0, IN, 0, GR | GX | GP },
		{ EXE | P, AP_RO, PXN, IN, 0, GR | GP },
		{ EXE | P, AP_PRO, 0, IN, 0, GR | GX | GP },
		/* PRIVCFG decides, Priv comes back as it was */
		{ P, AP_PRW, 0, IN, UNPRIV, GP },
		{ 0, AP_PRW, 0, IN, PRIV, GR | GW },
		{ P, AP_PRW, 0, IN, PRIV, GR | GW | GP },
		/* INSTCFG: reads are fetches ... */
		{ 0, AP_RW, XN, INST, 0, GW },
		{ NW, AP_RW, XN, INST, 0, 0 },
		{ 0, AP_RW, 0, INST, 0, GR | GW },
		{ EXE, AP_PRW, 0, INST, 0, GR | GX },
		{ EXE, AP_RW, 0, INST, 0, GR | GW | GX },
		/* ... or fetches are reads */
		{ EXE, AP_RW, XN, DATA, 0, GR | GW | GX },
		{ EXE, AP_PRW, 0, DATA, 0, 0 },
		{ 0, AP_RW, XN, DATA, 0, GR | GW },
	};
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	for (unsigned config = S1; config <= BOTH; config += 2)
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct smmu_ats_request req = {
				.sid = SID,
				.ssid = PASID,
				.ssv = true,
				.no_write = rows[i].req & NW,
				.exec = rows[i].req & EXE,
				.priv = rows[i].req & P,
				.addr = VA,
			};
			uint64_t leaf =
				smmu_reg_set(h_s1_rw(), SMMU_S1DESC_AP, rows[i].ap);
			struct smmu_ats_completion c;

			leaf = smmu_reg_set(leaf, SMMU_S1DESC_UXN, rows[i].xn & XN);
			leaf = smmu_reg_set(leaf, SMMU_S1DESC_PXN, rows[i].xn >> 1);
			t_substreams(&t, config, FULL, SMMU_S1DSS_SSID0);
			t_ste_set(&t, SMMU_STE_INSTCFG, rows[i].instcfg);
			t_ste_set(&t, SMMU_STE_PRIVCFG, rows[i].privcfg);
			t_leaf1(&t, leaf);
			c = t_request(&t, &req);
			/* ATS-R9, ATS-R10, ATS-R12 */
			assert_int_equal((c.read ? GR : 0) | (c.write ? GW : 0) |
						 (c.exec ? GX : 0) | (c.priv ? GP : 0),
					 rows[i].want);
			assert_int_equal(c.status, SMMU_ATS_SUCCESS);
			assert_int_equal(c.addr, c.read || c.write ? t.b.page : 0);
			assert_int_equal(c.page_bits, 12);
			b_no_event(&t.b);
		}
	t_teardown(&t);
}

static void no_overrides(struct smmu_config *cfg)
{
	cfg->attr_perms_ovr = 0;
}

/* ATS-R9: IDR1.ATTR_PERMS_OVR; and no PASID: neither Exe nor Priv, nor in the answer. */
static void overrides_and_no_pasid(void **state)
{
	const struct smmu_ats_request req = {
		.sid = SID, .exec = true, .priv = true, .addr = VA
	};
	struct smmu_ats_completion c;
	struct tb t;

	(void)state;
	t_setup(&t, no_overrides);
	t_stream(&t, S1, FULL);
	t_leaf1(&t, smmu_reg_set(h_s1_rw(), SMMU_S1DESC_AP, AP_PRW));
	t_ste_set(&t, SMMU_STE_PRIVCFG, PRIV);
	t_expect_denied(&t, t_request(&t, &req));
	t_leaf1(&t, h_s1_rw());
	c = t_request(&t, &req);
	t_expect_grant(c, t.b.page, 12, true, true);
	assert_false(c.exec || c.priv);
	t_teardown(&t);
}

/* The permissions of both stages. */
static void both_stages(void **state)
{
	struct smmu_ats_request req = { .sid = SID, .addr = VA };
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, BOTH, FULL);
	for (unsigned s2ap = 0; s2ap < 4; s2ap++) {
		struct smmu_ats_completion c;

		t_leaf2(&t, t.b.page, smmu_reg_set(h_s2_rw(), SMMU_S2DESC_S2AP, s2ap));
		c = t_request(&t, &req);
		/* ATS-R10: a write-only page too */
		assert_int_equal(c.read, s2ap & 1);
		assert_int_equal(c.write, s2ap >> 1);
		assert_int_equal(c.addr, s2ap ? t.b.page : 0);
		b_no_event(&t.b);
	}
	t_teardown(&t);
}

/* ---- 2.3: address and size ---- */

static void sizes(void **state)
{
	struct smmu_ats_request req = { .sid = SID, .addr = 0x40212345 };
	uint64_t pa = H_RAM + 0x1000000;
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, S1, FULL);
	/* ATS-R12: a block of 2 MiB */
	h_map(&t.b.h, t.b.ttb0, req.addr & ~0x1fffffull, pa, 2, h_s1_rw());
	t_expect_grant(t_request(&t, &req), pa, 21, true, true);
	/* nested: the smaller of the two */
	t_stream(&t, BOTH, FULL);
	h_invalidate_all(&t.b.h);
	t_expect_grant(t_request(&t, &req), pa, 21, true, true);
	t_leaf2(&t, pa + 0x12000, h_s2_rw());
	t_expect_grant(t_request(&t, &req), pa + 0x12000, 12, true, true);
	t_teardown(&t);
}

static void only_64k(struct smmu_config *cfg)
{
	cfg->ttf = 2;
	cfg->gran4k = cfg->gran16k = 0;
	cfg->ds = 0;
}

/* ATS-R12: R == W == 0 is of STU size, the smallest granule. */
static void stu(void **state)
{
	struct smmu_ats_completion c;
	struct tb t;

	(void)state;
	t_setup(&t, only_64k);
	t_stream(&t, S1, FULL);
	t_cd_set(&t, 0, SMMU_CD_TG0, 1);
	c = t_plain(&t);
	assert_int_equal(c.status, SMMU_ATS_SUCCESS);
	assert_false(c.read || c.write);
	assert_int_equal(c.page_bits, 16);
	t_teardown(&t);
}

/* ---- 13.6.4, 13.6.5: S1DSS skips stage 1 ---- */

static void skips_stage1(void **state)
{
	struct smmu_ats_request req = { .sid = SID, .addr = 0x12345678 };
	struct smmu_ats_completion c;
	uint64_t ro = smmu_reg_set(h_s2_rw(), SMMU_S2DESC_S2AP, 1);
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	/* no stage at all: identity, everything, up to OAS (52 bits) */
	t_substreams(&t, S1, FULL, SMMU_S1DSS_BYPASS);
	c = t_request(&t, &req);
	t_expect_grant(c, 0, 52, true, true);
	assert_false(c.exec || c.priv);
	req.no_write = true;
	t_expect_grant(t_request(&t, &req), 0, 52, true, true);
	req.addr = 1ull << 52;
	t_expect_denied(&t, t_request(&t, &req));
	req.addr--;
	t_expect_grant(t_request(&t, &req), 0, 52, true, true);
	/* stage 2 alone: a PA, or with split-stage the IPA itself */
	req = (struct smmu_ats_request){ .sid = SID, .addr = VA };
	h_map(&t.b.h, t.b.s2ttb, VA, t.b.page, 3, ro);
	t_substreams(&t, BOTH, FULL, SMMU_S1DSS_BYPASS);
	t_expect_grant(t_request(&t, &req), t.b.page, 12, true, false);
	t_substreams(&t, BOTH, SPLIT, SMMU_S1DSS_BYPASS);
	t_expect_grant(t_request(&t, &req), VA, 12, true, false);
	req.addr = 1ull << 52;
	t_expect_denied(&t, t_request(&t, &req));
	/* PASID-3: with a PASID stage 1 is used */
	req = (struct smmu_ats_request){
		.sid = SID, .ssid = PASID, .ssv = true, .addr = VA
	};
	t_expect_grant(t_request(&t, &req), t.b.page, 12, true, true);
	t_teardown(&t);
}

/* 13.6.3: the IPA, with the permissions and the size of both. */
static void split_stage(void **state)
{
	struct smmu_ats_request req = { .sid = SID, .addr = VA };
	uint64_t ipa = 0x7654000;
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, BOTH, SPLIT);
	h_map(&t.b.h, t.b.ttb0, VA, ipa, 3, h_s1_rw());
	h_map(&t.b.h, t.b.s2ttb, ipa, t.b.page, 3,
	      smmu_reg_set(h_s2_rw(), SMMU_S2DESC_S2AP, 1));
	h_invalidate_all(&t.b.h);
	t_expect_grant(t_request(&t, &req), ipa, 12, true, false);
	t_ste_set(&t, SMMU_STE_EATS, FULL);
	t_expect_grant(t_request(&t, &req), t.b.page, 12, true, false);
	t_teardown(&t);
}

/* ---- 3.9.3 ---- */

static void cxl_io(void **state)
{
	struct smmu_ats_request req = { .sid = SID, .addr = VA, .cxl = true };
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, S1, FULL);
	assert_false(t_request(&t, &req).cxl_io); /* write-back, inner shareable */
	t_leaf1(&t, smmu_reg_set(h_s1_rw(), SMMU_S1DESC_SH, 0));
	assert_true(t_request(&t, &req).cxl_io);
	t_leaf1(&t, smmu_reg_set(h_s1_rw(), SMMU_S1DESC_AttrIndx, 1)); /* nGnRnE */
	assert_true(t_request(&t, &req).cxl_io);
	req.cxl = false;
	assert_false(t_request(&t, &req).cxl_io);
	req.cxl = true;
	t_leaf1(&t, h_s1_rw());
	t_stream(&t, BOTH, SPLIT);
	assert_true(t_request(&t, &req).cxl_io);
	/* 3.9.3: with EATS 0b10 that is so whatever is granted; else a denial has no type
	 */
	t_leaf1(&t, 0);
	assert_true(t_request(&t, &req).cxl_io);
	assert_false(t_request(&t, &req).read);
	t_stream(&t, BOTH, FULL);
	assert_false(t_request(&t, &req).cxl_io);
	t_leaf1(&t, h_s1_rw());
	/* what is unknown is write-back and shareable */
	t_substreams(&t, S1, FULL, SMMU_S1DSS_BYPASS);
	assert_false(t_request(&t, &req).cxl_io);
	t_teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disabled),
		cmocka_unit_test(no_interface),
		cmocka_unit_test(effective_eats),
		cmocka_unit_test(configuration_errors),
		cmocka_unit_test(no_recording),
		cmocka_unit_test(faults_are_denials),
		cmocka_unit_test(stage2_of_structures),
		cmocka_unit_test(nothing_of_stage1),
		cmocka_unit_test(permissions),
		cmocka_unit_test(overrides_and_no_pasid),
		cmocka_unit_test(both_stages),
		cmocka_unit_test(sizes),
		cmocka_unit_test(stu),
		cmocka_unit_test(skips_stage1),
		cmocka_unit_test(split_stage),
		cmocka_unit_test(cxl_io),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
