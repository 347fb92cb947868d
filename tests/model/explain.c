/* SPDX-License-Identifier: MIT */
/*
 * Explanations: each outcome is laid at the right rule, the right descriptor and the
 * right record; text and JSON say the same; and nothing of the machine has changed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/explain.h>
#include <smmulator/snapshot.h>
#include "model/harness.h"

#define SID  5u
#define HOLE UINT64_C(0x10000000) /* nothing answers there */
#define VA   UINT64_C(0x40201000)

struct bench {
	struct harness h;
	uint64_t ste[8], cd[8];
	uint64_t cd_pa, s1, s2, page;
	struct smmu_txn txn;
};

static void b_setup(struct bench *b, enum smmu_preset preset,
		    void (*tweak)(struct smmu_config *cfg))
{
	struct harness *h = &b->h;

	memset(b, 0, sizeof(*b));
	h_setup(h, preset, tweak);
	h_enable(h);
	b->s1 = h_table(h);
	b->s2 = h_table(h);
	b->page = h_alloc(h, 4096, 4096);
	b->cd_pa = h_alloc(h, 64, 64);
	h_map(h, b->s1, VA, b->page, 3, h_s1_rw());
	for (uint64_t pa = H_RAM; pa < H_RAM + H_RAM_SIZE; pa += 2 << 20)
		h_map(h, b->s2, pa, pa, 2, h_s2_rw());
	h_cd_s1(b->cd, b->s1, 1);
	h_ste_s1(b->ste, b->cd_pa);
	b->txn = (struct smmu_txn){ .sid = SID, .addr = VA + 0x234, .op = SMMU_READ };
}

/* Writes STE and CD as they are now, and has the caches forget. */
static void put(struct bench *b)
{
	h_write_dw(&b->h, b->cd_pa, b->cd, 8);
	h_ste_write(&b->h, SID, b->ste);
	h_invalidate_all(&b->h);
}

struct told {
	struct smmu_explanation *x;
	char *text, *json;
};

static char *printed(void (*print)(FILE *out, const struct smmu_explanation *x),
		     const struct smmu_explanation *x)
{
	char *buf = NULL;
	size_t len;
	FILE *out = open_memstream(&buf, &len);

	assert_non_null(out);
	print(out, x);
	fclose(out);
	return buf;
}

/* Explains, and sees that the machine is as before, to the last bit. */
static struct told tell(struct bench *b, unsigned flags)
{
	struct told t = { NULL, NULL, NULL };
	void *before, *after;
	size_t n, m;

	assert_int_equal(smmu_snapshot_save(b->h.smmu, SMMU_SNAPSHOT_MEMORY, &before, &n),
			 0);
	assert_int_equal(smmu_explanation_create(&t.x, b->h.smmu, &b->txn, flags), 0);
	assert_int_equal(smmu_snapshot_save(b->h.smmu, SMMU_SNAPSHOT_MEMORY, &after, &m),
			 0);
	assert_int_equal(n, m);
	assert_memory_equal(before, after, n);
	free(before);
	free(after);
	t.text = printed(smmu_explanation_text, t.x);
	t.json = printed(smmu_explanation_json, t.x);
	return t;
}

static void untell(struct told *t)
{
	smmu_explanation_destroy(t->x);
	free(t->text);
	free(t->json);
}

static void contains(const char *where, const char *what)
{
	if (!strstr(where, what))
		fail_msg("\"%s\" is not in:\n%s", what, where);
}

static void names_rule(const struct told *t, const char *rule)
{
	char line[64];

	assert_string_equal(t->x->rule, rule);
	assert_true(t->x->why[0] != '\0');
	(void)snprintf(line, sizeof(line), "  rule    %s: ", rule);
	contains(t->text, line);
	(void)snprintf(line, sizeof(line), "\"rule\": \"%s\", \"why\": ", rule);
	contains(t->json, line);
}

static bool same_result(const struct smmu_result *a, const struct smmu_result *b)
{
	return a->status == b->status && a->event == b->event &&
	       a->recorded == b->recorded && a->pa == b->pa && a->ipa == b->ipa &&
	       a->bypass == b->bypass && a->page_bits == b->page_bits &&
	       memcmp(&a->attr, &b->attr, sizeof(a->attr)) == 0;
}

/* Then the transaction itself must come to the same, with the same record. */
static void comes_true(struct bench *b, const struct told *t)
{
	struct smmu_result res = smmu_translate(h_port(&b->h), &b->txn);
	uint64_t dw[4];
	bool event = h_event(&b->h, dw);

	assert_true(same_result(&res, &t->x->result));
	assert_int_equal(event, t->x->has_event && t->x->recorded);
	if (event)
		assert_memory_equal(dw, t->x->event, sizeof(dw));
}

static void expect(struct bench *b, unsigned status, unsigned event, const char *rule)
{
	struct told t = tell(b, 0);

	assert_int_equal(t.x->result.status, status);
	assert_int_equal(t.x->result.event, event);
	assert_false(t.x->unknown);
	assert_false(t.x->stale);
	names_rule(&t, rule);
	assert_true((t.x->advice[0] != '\0') == (status != SMMU_OK));
	assert_int_equal(t.x->has_event, event != 0);
	comes_true(b, &t);
	untell(&t);
}

static const struct smmu_explain_step *last(const struct told *t, unsigned kind)
{
	const struct smmu_explain_step *found = NULL;

	for (size_t i = 0; i < t->x->n_steps; i++)
		if (t->x->steps[i].kind == kind && !t->x->steps[i].by_tables)
			found = &t->x->steps[i];
	return found;
}

/* As expect, and the walk ended at that descriptor. */
static void expect_at(struct bench *b, unsigned event, const char *rule, unsigned stage,
		      int level, uint64_t addr)
{
	struct told t = tell(b, 0);
	const struct smmu_explain_step *step = last(&t, SMMU_TRACE_WALK);
	char line[64];

	assert_int_equal(t.x->result.event, event);
	names_rule(&t, rule);
	assert_non_null(step);
	assert_int_equal(step->stage, stage);
	assert_int_equal(step->level, level);
	assert_int_equal(step->addr, addr);
	(void)snprintf(line, sizeof(line), "S%u level %d", stage, level);
	contains(t.text, line);
	(void)snprintf(line, sizeof(line), "at 0x%llx: ", (unsigned long long)addr);
	contains(t.text, line);
	comes_true(b, &t);
	untell(&t);
}

/* ---- without a table ---- */

static void before_and_around_the_tables(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	put(&b);
	b.txn.sid = 1u << 15;
	expect(&b, SMMU_ABORT, SMMU_EVT_C_BAD_STREAMID, "T-5a");
	b.txn.sid = SID;
	b.ste[0] = 0;
	put(&b);
	expect(&b, SMMU_ABORT, SMMU_EVT_C_BAD_STE, "STE-1");
	b.ste[0] = 1;
	put(&b);
	expect(&b, SMMU_ABORT, 0, "T-8");
	h_ste_bypass(b.ste);
	put(&b);
	expect(&b, SMMU_OK, 0, "T-11");
	b.txn.addr = UINT64_C(1) << 48;
	expect(&b, SMMU_ABORT, SMMU_EVT_F_ADDR_SIZE, "T-11");
	h_disable(&b.h);
	expect(&b, SMMU_ABORT, 0, "T-2");
	b.txn.addr = 0x1000;
	expect(&b, SMMU_OK, 0, "T-2");
	h_wr64(&b.h, SMMU_REG_STRTAB_BASE, HOLE);
	h_wr32(&b.h, SMMU_REG_CR0, 0xd);
	h_invalidate_all(&b.h);
	expect(&b, SMMU_ABORT, SMMU_EVT_F_STE_FETCH, "T-6");
	h_teardown(&b.h);
}

static void illegal_stes_and_cds(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	smmu_set(b.ste, SMMU_STE_S1CDMax, 17); /* SSIDSIZE is 16 */
	put(&b);
	expect(&b, SMMU_ABORT, SMMU_EVT_C_BAD_STE, "STE-18");
	smmu_set(b.ste, SMMU_STE_S1CDMax, 0);
	smmu_set(b.cd, SMMU_CD_T0SZ, 15);
	put(&b);
	expect(&b, SMMU_ABORT, SMMU_EVT_C_BAD_CD, "CD-14");
	b.cd[0] &= ~SMMU_MASK(SMMU_CD_V);
	put(&b);
	expect(&b, SMMU_ABORT, SMMU_EVT_C_BAD_CD, "CD-1");
	smmu_set_addr(b.ste, SMMU_STE_S1ContextPtr, HOLE);
	put(&b);
	expect(&b, SMMU_ABORT, SMMU_EVT_F_CD_FETCH, "T-13");
	h_teardown(&b.h);
}

static void substreams(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	put(&b);
	b.txn.ssv = true;
	b.txn.ssid = 3;
	expect(&b, SMMU_ABORT, SMMU_EVT_C_BAD_SUBSTREAMID, "T-10");
	b.txn.ssv = false;
	smmu_set(b.ste, SMMU_STE_S1CDMax, 4);
	smmu_set(b.ste, SMMU_STE_S1DSS, SMMU_S1DSS_TERMINATE);
	put(&b);
	expect(&b, SMMU_ABORT, SMMU_EVT_F_STREAM_DISABLED, "T-10");
	smmu_set(b.ste, SMMU_STE_S1Fmt, 1);
	smmu_set_addr(b.ste, SMMU_STE_S1ContextPtr, h_table(&b.h));
	put(&b);
	b.txn.ssv = true;
	expect(&b, SMMU_ABORT, SMMU_EVT_C_BAD_SUBSTREAMID, "L1CD-1");
	smmu_set(b.ste, SMMU_STE_S1DSS, SMMU_S1DSS_BYPASS);
	b.txn.ssv = false;
	put(&b);
	expect(&b, SMMU_OK, 0, "T-11");
	h_teardown(&b.h);
}

/* ---- stage 1 ---- */

static void change_leaf(struct bench *b, uint64_t root, uint64_t addr, unsigned level,
			uint64_t value)
{
	h_write64(&b->h, h_desc_pa(&b->h, root, addr, level), value);
	h_invalidate_all(&b->h);
}

static void stage1(void **state)
{
	uint64_t leaf, good;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	put(&b);
	expect(&b, SMMU_OK, 0, "T-20");
	h_invalidate_all(&b.h);
	leaf = h_desc_pa(&b.h, b.s1, VA, 3);
	good = h_read64(&b.h, leaf);
	change_leaf(&b, b.s1, VA, 3, 0);
	expect_at(&b, SMMU_EVT_F_TRANSLATION, "T-16c", 1, 3, leaf);
	change_leaf(&b, b.s1, VA, 3, good | UINT64_C(1) << 47);
	smmu_set(b.cd, SMMU_CD_IPS, 2); /* 40 bits */
	put(&b);
	expect_at(&b, SMMU_EVT_F_ADDR_SIZE, "T-16d", 1, 3, leaf);
	change_leaf(&b, b.s1, VA, 3, good & ~SMMU_MASK(SMMU_S1DESC_AF));
	expect_at(&b, SMMU_EVT_F_ACCESS, "CD-23", 1, 3, leaf);
	change_leaf(&b, b.s1, VA, 2, HOLE | 3);
	expect_at(&b, SMMU_EVT_F_WALK_EABT, "T-16b", 1, 2, h_desc_pa(&b.h, b.s1, VA, 2));
	b.txn.addr = UINT64_C(1) << 52;
	expect(&b, SMMU_ABORT, SMMU_EVT_F_TRANSLATION, "T-15");
	b.txn.addr = ~UINT64_C(0xfff);
	expect(&b, SMMU_ABORT, SMMU_EVT_F_TRANSLATION, "T-15e");
	h_teardown(&b.h);
}

/* Who denies, by name. */
static void denied(struct bench *b, const char *words)
{
	struct told t = tell(b, 0);

	assert_int_equal(t.x->result.event, SMMU_EVT_F_PERMISSION);
	contains(t.x->why, words);
	contains(t.text, words);
	assert_non_null(last(&t, SMMU_TRACE_DENIED));
	comes_true(b, &t);
	untell(&t);
	h_invalidate_all(&b->h);
}

static void stage1_permissions(void **state)
{
	uint64_t good, table;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	put(&b);
	good = h_read64(&b.h, h_desc_pa(&b.h, b.s1, VA, 3));
	table = h_read64(&b.h, h_desc_pa(&b.h, b.s1, VA, 2));
	b.txn.op = SMMU_WRITE;
	change_leaf(&b, b.s1, VA, 3, smmu_reg_set(good, SMMU_S1DESC_AP, 3));
	denied(&b, "AP[2]");
	change_leaf(&b, b.s1, VA, 3, smmu_reg_set(good, SMMU_S1DESC_AP, 0));
	denied(&b, "AP[1]");
	change_leaf(&b, b.s1, VA, 3, good);
	change_leaf(&b, b.s1, VA, 2, smmu_reg_set(table, SMMU_S1TABLE_APTable, 2));
	denied(&b, "APTable");
	change_leaf(&b, b.s1, VA, 2, table);
	b.txn.op = SMMU_READ;
	b.txn.inst = true;
	change_leaf(&b, b.s1, VA, 3, smmu_reg_set(good, SMMU_S1DESC_UXN, 1));
	denied(&b, "XN (UXN)");
	change_leaf(&b, b.s1, VA, 3, smmu_reg_set(good, SMMU_S1DESC_UXN, 0));
	smmu_set(b.cd, SMMU_CD_WXN, 1);
	put(&b);
	denied(&b, "WXN");
	b.txn.inst = false;
	b.txn.priv = true;
	smmu_set(b.cd, SMMU_CD_PAN, 1);
	put(&b);
	denied(&b, "PAN");
	h_teardown(&b.h);
}

/* ---- stage 2 ---- */

static void stage2(void **state)
{
	uint64_t at, good, desc;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	h_ste_nested(b.ste, b.cd_pa, b.s2, 7);
	smmu_set(b.ste, SMMU_STE_S2R, 1);
	put(&b);
	expect(&b, SMMU_OK, 0, "T-20");
	h_invalidate_all(&b.h);
	at = h_desc_pa(&b.h, b.s2, b.page, 2);
	good = h_read64(&b.h, at);
	change_leaf(&b, b.s2, b.page, 2, 0);
	desc = h_desc_pa(&b.h, b.s2, b.page, 2);
	/* Everything lies in those two megabytes: the CD is what is asked for first. */
	expect_at(&b, SMMU_EVT_F_TRANSLATION, "T-18b", 2, 2, desc);
	change_leaf(&b, b.s2, b.page, 2, good & ~SMMU_MASK(SMMU_S2DESC_AF));
	expect_at(&b, SMMU_EVT_F_ACCESS, "STE-59", 2, 2, desc);
	change_leaf(&b, b.s2, b.page, 2, smmu_reg_set(good, SMMU_S2DESC_S2AP, 1));
	b.txn.op = SMMU_WRITE;
	denied(&b, "S2AP[1]");
	change_leaf(&b, b.s2, b.page, 2, smmu_reg_set(good, SMMU_S2DESC_S2AP, 2));
	denied(&b, "S2AP[0]");
	change_leaf(&b, b.s2, b.page, 2, good);
	h_ste_s2(b.ste, b.s2, 7);
	smmu_set(b.ste, SMMU_STE_S2R, 1);
	put(&b);
	b.txn.addr = UINT64_C(1) << 47;
	expect(&b, SMMU_ABORT, SMMU_EVT_F_TRANSLATION, "T-18b");
	b.txn.addr = UINT64_C(1) << 49;
	expect(&b, SMMU_ABORT, SMMU_EVT_F_ADDR_SIZE, "T-12");
	h_teardown(&b.h);
}

/* ---- what hardware would write ---- */

static void httu(struct smmu_config *cfg)
{
	cfg->httu = 2;
}

static void updates_leave_no_trace(void **state)
{
	struct bench b;
	struct told t;
	uint64_t at;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, httu);
	smmu_set(b.cd, SMMU_CD_HA, 1);
	put(&b);
	at = h_desc_pa(&b.h, b.s1, VA, 3);
	h_write64(&b.h, at, h_read64(&b.h, at) & ~SMMU_MASK(SMMU_S1DESC_AF));
	t = tell(&b, 0); /* which compares memory */
	assert_int_equal(t.x->result.status, SMMU_OK);
	assert_int_equal(last(&t, SMMU_TRACE_UPDATE)->addr, at);
	assert_int_equal(h_read64(&b.h, at) & SMMU_MASK(SMMU_S1DESC_AF), 0);
	comes_true(&b, &t);
	assert_int_not_equal(h_read64(&b.h, at) & SMMU_MASK(SMMU_S1DESC_AF), 0);
	untell(&t);
	h_teardown(&b.h);
}

/* ---- what was forgotten ---- */

static void use(struct bench *b, unsigned status)
{
	assert_int_equal(smmu_translate(h_port(&b->h), &b->txn).status, status);
	h_events_drain(&b->h);
}

static void expect_stale(struct bench *b, unsigned kind, const char *command)
{
	struct told t = tell(b, 0);
	const struct smmu_explain_step *step = last(&t, kind);

	assert_true(t.x->stale);
	assert_non_null(step);
	assert_true(step->stale);
	contains(t.x->advice, command);
	contains(t.text, "STALE");
	contains(t.json, "\"stale\": true");
	contains(t.json, "\"tables\": {");
	comes_true(b, &t);
	h_invalidate_all(&b->h);
	assert_true(smmu_translate(h_port(&b->h), &b->txn).status ==
		    t.x->by_tables.status);
	h_events_drain(&b->h);
	untell(&t);
}

static void missing_invalidations(void **state)
{
	struct bench b;
	uint64_t leaf;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	/* A STE made valid after DMA came too early. */
	h_invalidate_all(&b.h);
	use(&b, SMMU_ABORT);
	h_write_dw(&b.h, b.cd_pa, b.cd, 8);
	h_ste_write(&b.h, SID, b.ste);
	expect_stale(&b, SMMU_TRACE_STE_HIT, "CMD_CFGI_STE");
	/* A CD. */
	b.cd[0] &= ~SMMU_MASK(SMMU_CD_V);
	h_write_dw(&b.h, b.cd_pa, b.cd, 8);
	expect_stale(&b, SMMU_TRACE_CD_HIT, "CMD_CFGI_CD");
	b.cd[0] |= SMMU_MASK(SMMU_CD_V);
	put(&b);
	/* An unmap without its TLBI. */
	use(&b, SMMU_OK);
	leaf = h_desc_pa(&b.h, b.s1, VA, 3);
	h_write64(&b.h, leaf, 0);
	expect_stale(&b, SMMU_TRACE_TLB_HIT, "CMD_TLBI_NH_VA");
	h_teardown(&b.h);
}

static void hits_that_are_right(void **state)
{
	struct bench b;
	struct told t;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	put(&b);
	use(&b, SMMU_OK);
	t = tell(&b, 0);
	assert_false(t.x->stale);
	assert_string_equal(t.x->advice, "");
	assert_non_null(last(&t, SMMU_TRACE_TLB_HIT));
	assert_null(last(&t, SMMU_TRACE_WALK));
	/* The walk is told all the same, as what the tables say. */
	contains(t.text, "what the tables say now");
	contains(t.text, "S1 level 3");
	untell(&t);
	h_teardown(&b.h);
}

/* ---- records that do not come ---- */

static void unrecorded(void **state)
{
	struct bench b;
	struct told t;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	smmu_set(b.cd, SMMU_CD_R, 0);
	put(&b);
	b.txn.addr = VA + 0x1000;
	t = tell(&b, 0);
	assert_false(t.x->has_event);
	contains(t.x->why, "no event is recorded");
	untell(&t);
	h_wr32(&b.h, SMMU_REG_CR0,
	       h_rd32(&b.h, SMMU_REG_CR0) & ~(uint32_t)SMMU_MASK(SMMU_CR0_EVENTQEN));
	b.txn.sid = SID + 1;
	t = tell(&b, 0);
	assert_true(t.x->has_event);
	assert_false(t.x->recorded);
	contains(t.x->why, "the event queue is disabled");
	untell(&t);
	h_teardown(&b.h);
}

/* ---- what is no ordinary transaction ---- */

static void with_translated(struct bench *b, unsigned eats, unsigned atschk)
{
	uint64_t cr0 = h_rd32(&b->h, SMMU_REG_CR0);

	smmu_set(b->ste, SMMU_STE_EATS, eats);
	put(b);
	cr0 = smmu_reg_set(cr0, SMMU_CR0_ATSCHK, atschk);
	h_wr32(&b->h, SMMU_REG_CR0, (uint32_t)cr0);
	b->txn.at = SMMU_AT_TRANSLATED;
	b->txn.addr = b->page;
}

static void translated(void **state)
{
	struct bench b;
	struct told t;

	(void)state;
	b_setup(&b, SMMU_PRESET_FULL, NULL);
	with_translated(&b, SMMU_EATS_FULL, 0);
	expect(&b, SMMU_OK, 0, "ATS-T7");
	with_translated(&b, SMMU_EATS_FULL, 1);
	expect(&b, SMMU_OK, 0, "ATS-T7");
	with_translated(&b, SMMU_EATS_OFF, 1);
	expect(&b, SMMU_ABORT, SMMU_EVT_F_TRANSL_FORBIDDEN, "ATS-T5");
	smmu_set(b.ste, SMMU_STE_Config, 0);
	put(&b);
	expect(&b, SMMU_ABORT, 0, "T-8");
	/* an error of configuration, which CR2.REC_CFG_ATS (0 here) would record */
	smmu_set(b.ste, SMMU_STE_V, 0);
	put(&b);
	t = tell(&b, 0);
	names_rule(&t, "STE-1");
	contains(t.x->why, "CR2.REC_CFG_ATS is 0");
	untell(&t);
	h_ste_nested(b.ste, b.cd_pa, b.s2, 3);
	with_translated(&b, SMMU_EATS_SPLIT, 1);
	expect(&b, SMMU_OK, 0, "T-20");
	b.txn.addr = 0;
	expect(&b, SMMU_ABORT, SMMU_EVT_F_TRANSLATION, "T-18b");
	b.txn.addr = UINT64_C(1) << 52;
	expect(&b, SMMU_ABORT, SMMU_EVT_F_ADDR_SIZE, "ATS-T9");
	with_translated(&b, SMMU_EATS_OFF, 0);
	b.txn.addr = UINT64_C(1) << 52;
	expect(&b, SMMU_ABORT, 0, "ATS-T3");
	h_wr32(&b.h, SMMU_REG_CR0,
	       (uint32_t)smmu_reg_set(h_rd32(&b.h, SMMU_REG_CR0), SMMU_CR0_SMMUEN, 0));
	expect(&b, SMMU_ABORT, SMMU_EVT_F_TRANSL_FORBIDDEN, "ATS-T1");
	h_teardown(&b.h);
}

static void kinds(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_FULL, NULL);
	put(&b);
	b.txn.kind = SMMU_KIND_UNSUPPORTED;
	expect(&b, SMMU_ABORT, SMMU_EVT_F_UUT, "T-1");
	b.txn.kind = SMMU_KIND_NW_DCP;
	expect(&b, SMMU_NO_EFFECT, 0, "STE-76");
	smmu_set(b.ste, SMMU_STE_DCP, 1);
	smmu_set(b.ste, SMMU_STE_DRE, 1);
	put(&b);
	expect(&b, SMMU_OK, 0, "T-20");
	/* destructive, of a page that is read-only */
	h_map(&b.h, b.s1, VA, b.page, 3, smmu_reg_set(h_s1_rw(), SMMU_S1DESC_AP, 3));
	put(&b);
	b.txn.kind = SMMU_KIND_DH;
	expect(&b, SMMU_NO_EFFECT, 0, "STE-76");
	h_teardown(&b.h);
}

/* ---- memory that one may not look at ---- */

static unsigned looked;

static int read_device(void *ctx, uint64_t pa, void *buf, size_t len,
		       const struct smmu_attr *attr)
{
	(void)ctx;
	(void)pa;
	(void)attr;
	looked++;
	memset(buf, 0, len);
	return 0;
}

static int write_device(void *ctx, uint64_t pa, const void *buf, size_t len,
			const struct smmu_attr *attr)
{
	(void)ctx;
	(void)pa;
	(void)buf;
	(void)len;
	(void)attr;
	return 0;
}

static void tables_behind_callbacks(void **state)
{
	static const struct smmu_mem_ops ops = { read_device, write_device, NULL };
	const uint64_t device = 0x9000000;
	struct bench b;
	struct told t;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	assert_int_equal(smmu_bus_add_region(b.h.bus, device, 0x1000, &ops, NULL), 0);
	smmu_set_addr(b.cd, SMMU_CD_TTB0, device);
	put(&b);
	looked = 0;
	t = tell(&b, 0);
	assert_int_equal(looked, 0);
	assert_true(t.x->unknown);
	assert_int_equal(t.x->unknown_pa & ~UINT64_C(0xfff), device);
	contains(t.text, "unknown");
	untell(&t);
	t = tell(&b, SMMU_EXPLAIN_READ_CALLBACKS);
	assert_true(looked > 0);
	assert_false(t.x->unknown);
	assert_int_equal(t.x->result.event, SMMU_EVT_F_TRANSLATION);
	untell(&t);
	h_teardown(&b.h);
}

static void misuse(void **state)
{
	struct smmu_explanation *x = NULL;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	assert_int_equal(smmu_explanation_create(NULL, b.h.smmu, &b.txn, 0), -EINVAL);
	assert_int_equal(smmu_explanation_create(&x, NULL, &b.txn, 0), -EINVAL);
	assert_int_equal(smmu_explanation_create(&x, b.h.smmu, NULL, 0), -EINVAL);
	assert_int_equal(smmu_explanation_create(&x, b.h.smmu, &b.txn, 2), -EINVAL);
	assert_int_equal(smmu_explain(b.h.smmu, &b.txn, NULL), -EINVAL);
	assert_null(x);
	smmu_explanation_destroy(NULL);
	h_teardown(&b.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_and_around_the_tables),
		cmocka_unit_test(illegal_stes_and_cds),
		cmocka_unit_test(substreams),
		cmocka_unit_test(stage1),
		cmocka_unit_test(stage1_permissions),
		cmocka_unit_test(stage2),
		cmocka_unit_test(updates_leave_no_trace),
		cmocka_unit_test(missing_invalidations),
		cmocka_unit_test(hits_that_are_right),
		cmocka_unit_test(unrecorded),
		cmocka_unit_test(translated),
		cmocka_unit_test(kinds),
		cmocka_unit_test(tables_behind_callbacks),
		cmocka_unit_test(misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
