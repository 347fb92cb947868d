/* SPDX-License-Identifier: MIT */
/* DMA with a translated address: IHI 0070 3.9.1.1, 3.9.1.3. */
#include "model/ats_bench.h"

enum { S1 = SMMU_STE_CONFIG_S1, S2 = SMMU_STE_CONFIG_S2, BOTH = SMMU_STE_CONFIG_NESTED };
enum { OFF = SMMU_EATS_OFF, FULL = SMMU_EATS_FULL, SPLIT = SMMU_EATS_SPLIT, DPT = 3 };

static const uint64_t HOLE = 0x10000000;

static struct smmu_result dma(struct tb *t, unsigned op, uint64_t addr)
{
	return t_translated(t, (struct smmu_txn){ .op = (uint8_t)op, .addr = addr });
}

static struct smmu_result dma_pasid(struct tb *t, unsigned op, uint32_t ssid,
				    uint64_t addr)
{
	return t_translated(
		t, (struct smmu_txn){
			   .op = (uint8_t)op, .ssid = ssid, .ssv = true, .addr = addr });
}

static void expect_abort(struct tb *t, struct smmu_result res, unsigned event,
			 bool recorded)
{
	uint64_t dw[4];

	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, event);
	assert_int_equal(res.recorded, recorded);
	if (recorded) {
		assert_true(h_event(&t->b.h, dw));
		assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_EVENT), event);
	}
	b_no_event(&t->b);
}

/* F_TRANSL_FORBIDDEN, written out: StreamID, RnW, InputAddr and nothing else. */
static void expect_forbidden(struct tb *t, struct smmu_result res, uint64_t addr,
			     bool read)
{
	const uint64_t want[4] = { 7 | (uint64_t)SID << 32, (uint64_t)read << 35, addr,
				   0 };

	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, SMMU_EVT_F_TRANSL_FORBIDDEN);
	assert_true(res.recorded);
	b_expect_event(&t->b, want);
	b_no_event(&t->b);
}

static void expect_pass(struct tb *t, struct smmu_result res, uint64_t pa)
{
	b_expect_ok(res, pa);
	assert_true(res.bypass);
	b_no_event(&t->b);
}

/* ATS-T1, EVT-10, EVT-31, PRI-39 */
static void disabled(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, S1, FULL);
	expect_pass(&t, dma(&t, SMMU_READ, t.b.page), t.b.page);
	t_cr0(&t, SMMU_CR0_SMMUEN, false);
	expect_forbidden(&t, dma(&t, SMMU_READ, 0x1234567), 0x1234567, true);
	expect_forbidden(&t, dma(&t, SMMU_WRITE, ~0ull), ~0ull, false);
	/* ATSCHK makes no difference */
	t_cr0(&t, SMMU_CR0_ATSCHK, false);
	expect_forbidden(&t, dma(&t, SMMU_ATOMIC, 8), 8, false);
	t_teardown(&t);
}

static void no_ats(struct smmu_config *cfg)
{
	cfg->ats = cfg->pri = cfg->pps = cfg->atsrecerr = cfg->pasidtt = 0;
}

/* EVT-77: F_UUT aborts in silence. */
static void no_interface(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, no_ats);
	t_stream(&t, S1, FULL);
	expect_abort(&t, dma(&t, SMMU_READ, t.b.page), 0, false);
	t_teardown(&t);
}

/* ATS-T4, T-4: without ATSCHK nobody looks at the STE. */
static void unchecked(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_cr0(&t, SMMU_CR0_ATSCHK, false);
	for (unsigned eats = OFF; eats <= FULL; eats++) {
		t_stream(&t, S1, eats);
		expect_pass(&t, dma(&t, SMMU_READ, t.b.page), t.b.page);
	}
	t_stream(&t, BOTH, SPLIT);
	expect_pass(&t, dma(&t, SMMU_READ, VA), VA);
	t_stream(&t, 0, OFF);
	expect_pass(&t, dma(&t, SMMU_WRITE, VA), VA);
	t_ste_set(&t, SMMU_STE_V, 0);
	expect_pass(&t, dma(&t, SMMU_WRITE, VA), VA);
	expect_pass(&t, t_translated(&t, (struct smmu_txn){ .sid = 256, .addr = VA }),
		    VA);
	t_teardown(&t);
}

static void truncates(struct smmu_config *cfg)
{
	cfg->ats_truncate = 1;
}

/* ATS-T3: 2^OAS is 2^52 here; CHOICE, and the other one. */
static void beyond_oas(void **state)
{
	uint64_t top = 1ull << 52;
	struct tb t;

	(void)state;
	for (int cut = 0; cut < 2; cut++) {
		t_setup(&t, cut ? truncates : NULL);
		t_stream(&t, S1, FULL);
		for (int atschk = 0; atschk < 2; atschk++) {
			t_cr0(&t, SMMU_CR0_ATSCHK, atschk);
			expect_pass(&t, dma(&t, SMMU_READ, top - 4096), top - 4096);
			if (cut)
				expect_pass(&t, dma(&t, SMMU_READ, top + 0x3000), 0x3000);
			else
				expect_abort(&t, dma(&t, SMMU_READ, top + 0x3000), 0,
					     false);
		}
		t_teardown(&t);
	}
}

/* ATS-T5, STE-2, STE-70, STE-71: EATS, whatever REC_CFG_ATS says. */
static void by_eats(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	for (unsigned rec = 0; rec < 2; rec++) {
		t_cr2(&t, rec, false);
		t_stream(&t, S1, OFF);
		expect_forbidden(&t, dma(&t, SMMU_READ, VA), VA, true);
		t_stream(&t, SMMU_STE_CONFIG_BYPASS, FULL);
		expect_forbidden(&t, dma(&t, SMMU_READ, VA), VA, true);
		/* without a DPT */
		t_stream(&t, S1, DPT);
		expect_forbidden(&t, dma(&t, SMMU_READ, VA), VA, true);
		t_stream(&t, 0, FULL);
		expect_abort(&t, dma(&t, SMMU_READ, VA), 0, false);
		/* ATS-T7: whichever stages there are, none is used */
		t_stream(&t, S1, FULL);
		expect_pass(&t, dma(&t, SMMU_READ, VA), VA);
		t_stream(&t, S2, FULL);
		expect_pass(&t, dma(&t, SMMU_WRITE, 0x3000), 0x3000);
		t_stream(&t, BOTH, FULL);
		expect_pass(&t, dma(&t, SMMU_ATOMIC, 0x3000), 0x3000);
	}
	t_teardown(&t);
}

/* ATS-T5, EVT-77, EVT-78: errors; C_BAD_STREAMID whatever RECINVSID says. */
static void configuration_errors(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	for (unsigned rec = 0; rec < 4; rec++) {
		bool wanted = rec & 1;

		t_cr2(&t, rec & 1, rec & 2);
		t_stream(&t, S1, FULL);
		expect_abort(&t,
			     t_translated(&t, (struct smmu_txn){ .sid = 256, .addr = 8 }),
			     SMMU_EVT_C_BAD_STREAMID, wanted);
		/* a STE that is illegal is not asked for its EATS */
		t_ste_set(&t, SMMU_STE_EATS, OFF);
		t_ste_set(&t, SMMU_STE_V, 0);
		expect_abort(&t, dma(&t, SMMU_READ, 8), SMMU_EVT_C_BAD_STE, wanted);
		t.b.h.smmu->regs.strtab_base = HOLE;
		h_invalidate_all(&t.b.h);
		expect_abort(&t, dma(&t, SMMU_READ, 8), SMMU_EVT_F_STE_FETCH, wanted);
		t.b.h.smmu->regs.strtab_base = t.b.h.strtab;
		h_invalidate_all(&t.b.h);
	}
	t_teardown(&t);
}

/* ---- PASIDs: IDR3.PASIDTT ---- */

static void no_pasidtt(struct smmu_config *cfg)
{
	cfg->pasidtt = 0;
}

/* ATS-T5 items 6 to 9, ATS-T6 */
static void pasids(void **state)
{
	struct tb t;

	(void)state;
	for (int tt = 0; tt < 2; tt++) {
		t_setup(&t, tt ? NULL : no_pasidtt);
		t_cr2(&t, true, true);
		t_substreams(&t, BOTH, FULL, SMMU_S1DSS_TERMINATE);
		expect_pass(&t, dma_pasid(&t, SMMU_READ, PASID, 0x3000), 0x3000);
		if (!tt) {
			/* the PASID is not seen, and neither is its absence */
			expect_pass(&t, dma_pasid(&t, SMMU_READ, 8, 0x3000), 0x3000);
			expect_pass(&t, dma(&t, SMMU_READ, 0x3000), 0x3000);
			t_cd_set(&t, PASID, SMMU_CD_V, 0);
			expect_pass(&t, dma_pasid(&t, SMMU_READ, PASID, 0x3000), 0x3000);
			t_teardown(&t);
			continue;
		}
		expect_abort(&t, dma_pasid(&t, SMMU_READ, 8, 0x3000),
			     SMMU_EVT_C_BAD_SUBSTREAMID, true);
		expect_abort(&t, dma(&t, SMMU_READ, 0x3000), SMMU_EVT_F_STREAM_DISABLED,
			     true);
		t_ste_set(&t, SMMU_STE_S1DSS, SMMU_S1DSS_SSID0);
		expect_pass(&t, dma(&t, SMMU_READ, 0x3000), 0x3000);
		expect_abort(&t, dma_pasid(&t, SMMU_READ, 0, 0x3000),
			     SMMU_EVT_F_STREAM_DISABLED, true);
		t_cd_set(&t, PASID, SMMU_CD_V, 0);
		expect_abort(&t, dma_pasid(&t, SMMU_READ, PASID, 0x3000),
			     SMMU_EVT_C_BAD_CD, true);
		/* without a PASID no CD is fetched */
		t_cd_set(&t, 0, SMMU_CD_V, 0);
		expect_pass(&t, dma(&t, SMMU_READ, 0x3000), 0x3000);
		/* EATS comes before the substream */
		t_ste_set(&t, SMMU_STE_EATS, OFF);
		assert_int_equal(dma_pasid(&t, SMMU_READ, 8, 0x3000).event,
				 SMMU_EVT_F_TRANSL_FORBIDDEN);
		assert_int_equal(h_events_drain(&t.b.h), 1);
		t_ste_set(&t, SMMU_STE_EATS, FULL);
		/* stage 2 of the CD's page: as for DMA, by S2R; the fetch: REC_CFG_ATS */
		t_cr2(&t, false, true);
		t_ste_set(&t, SMMU_STE_S1ContextPtr, 0x500000 >> 6);
		expect_abort(&t, dma_pasid(&t, SMMU_READ, PASID, 0x3000),
			     SMMU_EVT_F_TRANSLATION, true);
		t_ste_set(&t, SMMU_STE_S2R, 0);
		expect_abort(&t, dma_pasid(&t, SMMU_READ, PASID, 0x3000),
			     SMMU_EVT_F_TRANSLATION, false);
		t_stream(&t, S1, FULL);
		t_ste_set(&t, SMMU_STE_S1CDMax, 3);
		t_ste_set(&t, SMMU_STE_S1ContextPtr, HOLE >> 6);
		expect_abort(&t, dma_pasid(&t, SMMU_READ, PASID, 0x3000),
			     SMMU_EVT_F_CD_FETCH, false);
		t_cr2(&t, true, true);
		expect_abort(&t, dma_pasid(&t, SMMU_READ, PASID, 0x3000),
			     SMMU_EVT_F_CD_FETCH, true);
		t_teardown(&t);
	}
}

/* ---- split-stage ---- */

/* ATS-T9: stage 2 with its faults, recorded by S2R as for DMA. */
static void split_stage(void **state)
{
	uint64_t ipa = 0x7654000, want[4] = { 0 };
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, BOTH, SPLIT);
	h_map(&t.b.h, t.b.s2ttb, ipa, t.b.page, 3,
	      smmu_reg_set(h_s2_rw(), SMMU_S2DESC_S2AP, 1));
	h_invalidate_all(&t.b.h);
	b_expect_ok(dma(&t, SMMU_READ, ipa + 0x123), t.b.page + 0x123);
	assert_int_equal(dma(&t, SMMU_READ, ipa + 0x123).ipa, ipa + 0x123);
	/* F_PERMISSION: S2, CLASS IN, IPA, written out */
	expect_abort(&t, dma(&t, SMMU_READ, 0x9000), SMMU_EVT_F_TRANSLATION, true);
	assert_int_equal(dma(&t, SMMU_WRITE, ipa + 0x123).event, SMMU_EVT_F_PERMISSION);
	want[0] = 0x13 | (uint64_t)SID << 32;
	want[1] = 1ull << 39 | 2ull << 40;
	want[2] = ipa + 0x123;
	want[3] = ipa;
	b_expect_event(&t.b, want);
	t_ste_set(&t, SMMU_STE_S2R, 0);
	expect_abort(&t, dma(&t, SMMU_WRITE, ipa), SMMU_EVT_F_PERMISSION, false);
	/* IAS, reported as stage 1 */
	assert_int_equal(dma(&t, SMMU_READ, 1ull << 52).event, SMMU_EVT_F_ADDR_SIZE);
	want[0] = 0x11 | (uint64_t)SID << 32;
	want[1] = 1ull << 35 | 2ull << 40;
	want[2] = 1ull << 52;
	want[3] = 0;
	b_expect_event(&t.b, want);
	b_no_event(&t.b);
	/* REG-32: without ATSCHK split-stage is off, and the IPA goes where it says
	 * (ATS-T4) */
	t_cr0(&t, SMMU_CR0_ATSCHK, false);
	expect_pass(&t, dma(&t, SMMU_WRITE, ipa), ipa);
	t_teardown(&t);
}

/* ATS-T9: of an atomic that was denied RnW says which half was missing. */
static void split_atomics(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, BOTH, SPLIT);
	for (unsigned s2ap = 0; s2ap < 4; s2ap++) {
		bool lacks_read_only = s2ap == 2;
		struct smmu_result res;
		uint64_t dw[4];

		t_leaf2(&t, 0x600000, smmu_reg_set(h_s2_rw(), SMMU_S2DESC_S2AP, s2ap));
		res = dma(&t, SMMU_ATOMIC, 0x600000);
		assert_int_equal(res.status, s2ap == 3 ? SMMU_OK : SMMU_ABORT);
		if (s2ap == 3)
			continue;
		assert_true(h_event(&t.b.h, dw));
		assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_EVENT),
				 SMMU_EVT_F_PERMISSION);
		assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_RnW), lacks_read_only);
	}
	b_no_event(&t.b);
	t_teardown(&t);
}

static void merges(struct smmu_config *cfg)
{
	cfg->event_merge = 1;
}

/* EVT-60, EVT-61: STE.MEV says whether these merge, as for other transactions. */
static void merged_records(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, merges);
	for (unsigned mev = 0; mev < 2; mev++) {
		t_stream(&t, S1, OFF);
		t_ste_set(&t, SMMU_STE_MEV, mev);
		assert_true(dma(&t, SMMU_READ, 0x5000).recorded);
		assert_true(dma(&t, SMMU_READ, 0x5008).recorded);
		assert_int_equal(h_events_drain(&t.b.h), mev ? 1 : 2);
		/* a Translation Request's, where they are equal in all */
		assert_true(t_plain(&t).recorded);
		assert_true(t_plain(&t).recorded);
		assert_int_equal(h_events_drain(&t.b.h), mev ? 1 : 2);
		t_stream(&t, BOTH, SPLIT);
		t_ste_set(&t, SMMU_STE_MEV, mev);
		assert_true(dma(&t, SMMU_READ, 0x9000).recorded);
		assert_true(dma(&t, SMMU_READ, 0x9008).recorded);
		assert_int_equal(h_events_drain(&t.b.h), mev ? 1 : 2);
	}
	t_teardown(&t);
}

/* ATS-T6: PnU, InD and overrides reach stage 2: XN tells them apart. */
static void split_attributes(void **state)
{
	/* XN: 1 unprivileged may execute, 3 privileged may */
	static const struct {
		unsigned xn, instcfg, privcfg;
		bool ssv, inst, priv, ok;
	} rows[] = {
		{ 2, 0, 0, false, true, false, true }, /* Data without a PASID */
		{ 2, 0, 0, true, true, false, false },
		{ 2, 0, 0, true, false, false, true },
		{ 1, 0, 0, true, true, false, true },
		{ 1, 0, 0, true, true, true, false },
		{ 3, 0, 0, true, true, true, true },
		{ 2, SMMU_INSTCFG_INST, 0, false, false, false, false },
		{ 3, SMMU_INSTCFG_INST, 3, false, false, false, true },
		{ 3, SMMU_INSTCFG_INST, 2, true, false, true, false },
		{ 2, SMMU_INSTCFG_DATA, 0, true, true, false, true },
	};
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_substreams(&t, BOTH, SPLIT, SMMU_S1DSS_SSID0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smmu_result res;

		t_ste_set(&t, SMMU_STE_INSTCFG, rows[i].instcfg);
		t_ste_set(&t, SMMU_STE_PRIVCFG, rows[i].privcfg);
		h_map(&t.b.h, t.b.s2ttb, VA, t.b.page, 3,
		      smmu_reg_set(h_s2_rw(), SMMU_S2DESC_XN, rows[i].xn));
		h_invalidate_all(&t.b.h);
		res = t_translated(&t, (struct smmu_txn){ .ssid = PASID,
							  .ssv = rows[i].ssv,
							  .inst = rows[i].inst,
							  .priv = rows[i].priv,
							  .addr = VA });
		assert_int_equal(res.status, rows[i].ok ? SMMU_OK : SMMU_ABORT);
		assert_int_equal(res.event, rows[i].ok ? 0 : SMMU_EVT_F_PERMISSION);
		assert_int_equal(h_events_drain(&t.b.h), !rows[i].ok);
	}
	t_teardown(&t);
}

/* PRI-36, issue 5's bug class: what was handed out is usable until it is invalidated. */
static void stale_address(void **state)
{
	uint64_t value = 0x1122334455667788, got = 0;
	struct smmu_ats_completion c;
	struct smmu_txn txn = { .sid = SID, .at = SMMU_AT_TRANSLATED };
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, S1, FULL);
	c = t_plain(&t);
	assert_true(c.read && c.write);
	txn.addr = c.addr | (VA & ((1ull << c.page_bits) - 1));
	h_write64(&t.b.h, h_desc_pa(&t.b.h, t.b.ttb0, VA, 3), 0);
	h_invalidate_all(&t.b.h);
	t_expect_denied(&t, t_plain(&t));
	txn.op = SMMU_WRITE;
	b_expect_ok(smmu_dma(h_port(&t.b.h), &txn, &value, 8, NULL), t.b.page);
	txn.op = SMMU_READ;
	b_expect_ok(smmu_dma(h_port(&t.b.h), &txn, &got, 8, NULL), t.b.page);
	assert_int_equal(got, value);
	t_teardown(&t);
}

static void has_dpt(struct smmu_config *cfg)
{
	cfg->ttf = 2;
	cfg->dpt = 1;
}

/* ATS-T8: without walks it is a lookup fault; with them the table decides. */
static void with_dpt(void **state)
{
	uint64_t l0, l1;
	struct tb t;

	(void)state;
	t_setup(&t, has_dpt);
	t_stream(&t, S2, DPT);
	assert_true(t_plain(&t).read);
	expect_forbidden(&t, dma(&t, SMMU_READ, t.b.page), t.b.page, true);
	assert_true(h_rd32(&t.b.h, SMMU_REG_GERROR) & SMMU_MASK(SMMU_GERROR_DPT_ERR));
	l0 = h_alloc(&t.b.h, 8192, 8192);
	l1 = h_alloc(&t.b.h, 1 << 20, 1 << 20);
	h_write64(&t.b.h, l0 + 8 * (H_RAM >> 30), l1 | 3);
	h_wr64(&t.b.h, SMMU_REG_DPT_BASE, l0);
	/* 4 KB, 1 GB a level 0 entry, 40 bits */
	h_wr32(&t.b.h, SMMU_REG_DPT_BASE_CFG, SMMU_L0DPTSZ_30 << 20 | 2);
	/* VMID of the stream, read only; both granules of the entry */
	h_write64(&t.b.h, l1 + 8 * ((t.b.page & 0x3fffffff) >> 13),
		  3 | (uint64_t)VMID << 16 | (uint64_t)VMID << 48);
	t_cr0(&t, SMMU_CR0_DPT_WALK_EN, true);
	expect_pass(&t, dma(&t, SMMU_READ, t.b.page + 8), t.b.page + 8);
	expect_forbidden(&t, dma(&t, SMMU_WRITE, t.b.page), t.b.page, false);
	t_ste_set(&t, SMMU_STE_S2VMID, VMID + 1);
	expect_forbidden(&t, dma(&t, SMMU_READ, t.b.page), t.b.page, true);
	/* STE-79: no VMID need match. AC 00 with DPT_VMATCH 10 */
	t_ste_set(&t, SMMU_STE_DPT_VMATCH, 2);
	expect_pass(&t, dma(&t, SMMU_READ, t.b.page), t.b.page);
	/* NS: without ATSCHK it acts as off, and nothing is checked */
	t_cr0(&t, SMMU_CR0_ATSCHK, false);
	expect_pass(&t, dma(&t, SMMU_WRITE, t.b.page), t.b.page);
	t_teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disabled),
		cmocka_unit_test(no_interface),
		cmocka_unit_test(unchecked),
		cmocka_unit_test(beyond_oas),
		cmocka_unit_test(by_eats),
		cmocka_unit_test(configuration_errors),
		cmocka_unit_test(pasids),
		cmocka_unit_test(split_stage),
		cmocka_unit_test(split_atomics),
		cmocka_unit_test(merged_records),
		cmocka_unit_test(split_attributes),
		cmocka_unit_test(stale_address),
		cmocka_unit_test(with_dpt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
