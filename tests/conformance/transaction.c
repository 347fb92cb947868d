/* SPDX-License-Identifier: MIT */
/* One transaction: its result, its event record, and that nothing else happened. */
#include "conformance/bench.h"
#include "model/explain/explain.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct smmu_txn cf_make_txn(const struct cf_txn *t)
{
	struct smmu_txn txn;

	memset(&txn, 0, sizeof(txn));
	txn.sid = t->sid ? t->sid : CF_SID;
	txn.ssid = t->ssid;
	txn.ssv = t->ssv;
	txn.inst = t->inst;
	txn.priv = t->priv;
	txn.op = t->op;
	txn.at = t->at;
	txn.kind = t->kind;
	txn.addr = t->addr ? t->addr : CF_IOVA;
	txn.has_attr = t->has_attr;
	txn.attr = t->attr;
	return txn;
}

/* ---- the record as chapter 7 has it, for a fault of the input address ---- */

static bool has_ssv(unsigned event)
{
	return event != SMMU_EVT_F_STREAM_DISABLED &&
	       event != SMMU_EVT_F_TRANSL_FORBIDDEN &&
	       event != SMMU_EVT_C_BAD_SUBSTREAMID;
}

static bool has_access(unsigned event)
{
	return event == SMMU_EVT_F_UUT || event == SMMU_EVT_F_WALK_EABT ||
	       event == SMMU_EVT_F_TLB_CONFLICT ||
	       (event >= SMMU_EVT_F_TRANSLATION && event <= SMMU_EVT_F_PERMISSION);
}

/* 7.3.6, 7.3.8 */
static void record_ats(const struct smmu_txn *txn, unsigned event, uint64_t dw[4])
{
	if (event == SMMU_EVT_F_TRANSL_FORBIDDEN) {
		smmu_set(dw, SMMU_F_TRANSL_FORBIDDEN_RnW, txn->op == SMMU_READ);
		smmu_set(dw, SMMU_F_TRANSL_FORBIDDEN_InputAddr, txn->addr);
	} else if (event == SMMU_EVT_F_BAD_ATS_TREQ) {
		smmu_set(dw, SMMU_F_BAD_ATS_TREQ_R, 1);
		smmu_set(dw, SMMU_F_BAD_ATS_TREQ_W, txn->op == SMMU_WRITE);
		smmu_set(dw, SMMU_F_BAD_ATS_TREQ_X, txn->inst);
		smmu_set(dw, SMMU_F_BAD_ATS_TREQ_P, txn->priv);
		smmu_set(dw, SMMU_F_BAD_ATS_TREQ_Span, 1);
		smmu_set_addr(dw, SMMU_F_BAD_ATS_TREQ_InputAddr, txn->addr);
	}
}

/* An SMMU that records a fault can tell why. */
static void reasons(void *ctx, const struct smmu_trace *t)
{
	struct cf_bench *b = ctx;

	if (t->kind == SMMU_TRACE_DECISION && t->value != 0)
		cf_check(b, "a reason that can be told", 1,
			 t->rule && smmu_rule_says(t->rule)[0] != 0);
}

static void record(const struct smmu_txn *txn, const struct cf_want *want, uint64_t dw[4])
{
	memset(dw, 0, 32);
	smmu_set(dw, SMMU_EVENT_HEAD_EVENT, want->event);
	smmu_set(dw, SMMU_EVENT_HEAD_StreamID, txn->sid);
	if (txn->ssv && has_ssv(want->event)) {
		smmu_set(dw, SMMU_EVENT_HEAD_SSV, 1);
		smmu_set(dw, SMMU_EVENT_HEAD_SubstreamID, txn->ssid);
	}
	if (want->event == SMMU_EVT_C_BAD_SUBSTREAMID)
		smmu_set(dw, SMMU_EVENT_HEAD_SubstreamID, txn->ssid);
	if (has_access(want->event)) {
		smmu_set(dw, SMMU_F_TRANSLATION_RnW, txn->op == SMMU_READ);
		smmu_set(dw, SMMU_F_TRANSLATION_InD, txn->inst && txn->op == SMMU_READ);
		smmu_set(dw, SMMU_F_TRANSLATION_PnU, txn->priv);
		smmu_set(dw, SMMU_F_TRANSLATION_InputAddr, txn->addr);
		if (want->event >= SMMU_EVT_F_TRANSLATION &&
		    want->event <= SMMU_EVT_F_PERMISSION)
			smmu_set(dw, SMMU_F_TRANSLATION_CLASS, SMMU_CLASS_IN);
		else if (want->event == SMMU_EVT_F_WALK_EABT)
			smmu_set(dw, SMMU_F_WALK_EABT_CLASS, SMMU_CLASS_TT);
	}
	record_ats(txn, want->event, dw);
	for (unsigned i = 0; i < 8 && want->rec[i].field; i++)
		smmu_set(dw, want->rec[i].field, want->rec[i].value);
}

/* Implementation defined fields of a record are nobody's promise. */
static void mask_impdef(unsigned event, uint64_t dw[4])
{
	if (has_access(event) && event >= SMMU_EVT_F_TRANSLATION &&
	    event <= SMMU_EVT_F_PERMISSION)
		dw[1] &= ~(UINT64_C(0xffff) << 48);
	else if (event == SMMU_EVT_F_TLB_CONFLICT || event == SMMU_EVT_F_CFG_CONFLICT)
		dw[1] &= ~UINT64_C(0xffffffff);
	else if (event != SMMU_EVT_F_BAD_ATS_TREQ)
		dw[1] &= ~UINT64_C(0xffff);
}

void cf_expect_event(struct cf_bench *b, const struct smmu_txn *txn,
		     const struct cf_want *want)
{
	uint32_t wrap = (2u << b->h.eventq_log2) - 1;
	uint32_t prod = *cf_reg(b, SMMU_REG_EVENTQ_PROD);
	uint64_t slot = b->h.eventq + 32ull * (prod & (wrap >> 1));
	uint64_t dw[4], got[4];
	char what[32];

	record(txn, want, dw);
	*cf_reg(b, SMMU_REG_EVENTQ_PROD) = (prod & ~wrap) | ((prod + 1) & wrap);
	for (unsigned i = 0; i < 4; i++) {
		got[i] = h_read64(&b->h, slot + 8 * i);
		*cf_ram(b, slot + 8 * i) = got[i]; /* judged here */
	}
	mask_impdef(want->event, got);
	mask_impdef(want->event, dw);
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(what, sizeof(what), "event word %u", i);
		cf_check(b, what, dw[i], got[i]);
	}
}

static void check_attr(struct cf_bench *b, const struct smmu_txn *txn,
		       const struct cf_want *want, const struct smmu_attr *got)
{
	static const char *const name[] = { "inner", "outer",  "sh",
					    "ra",    "wa",     "tr",
					    "inst",  "priv",   "ns",
					    "pmg",   "partid", "partid, high byte",
					    "pbha",  "unused", "unused", "unused" };
	struct smmu_attr attr = { .sh = SMMU_SH_ISH, .ra = 1, .wa = 1, .ns = 1 };
	const uint8_t *w = (const uint8_t *)&attr, *g = (const uint8_t *)got;
	char what[32];

	_Static_assert(sizeof(attr) == sizeof(name) / sizeof(name[0]), "all are bytes");
	if ((b->c->fixture & 0xff) == BYPASS || want->bypass)
		attr.sh = SMMU_SH_NSH;
	attr.inst = b->h.cfg.arch_minor < 4 && txn->inst && txn->op == SMMU_READ;
	attr.priv = b->h.cfg.arch_minor >= 4 || txn->priv;
	for (unsigned i = 0; i < 6 && want->attr[i].field; i++)
		((uint8_t *)&attr)[want->attr[i].field - 1] =
			(uint8_t)want->attr[i].value;
	for (unsigned i = 0; i < sizeof(attr); i++) {
		(void)snprintf(what, sizeof(what), "attr.%s", name[i]);
		cf_check(b, what, w[i], g[i]);
	}
}

static void check_ok(struct cf_bench *b, const struct smmu_txn *txn,
		     const struct cf_want *want, const struct smmu_result *r)
{
	bool bypass = (b->c->fixture & 0xff) == BYPASS || want->bypass;
	uint64_t pa = want->pa ? want->pa : bypass ? txn->addr : CF_PA;

	cf_check(b, "pa", pa, r->pa);
	cf_check(b, "bypass", bypass, r->bypass);
	check_attr(b, txn, want, &r->attr);
}

void cf_transaction(struct cf_bench *b, const struct cf_txn *t,
		    const struct cf_want *want)
{
	struct smmu_txn txn = cf_make_txn(t);
	struct smmu_result r;

	cf_snapshot(b);
	cf_expect_regs(b, want);
	cf_expect_mem(b, want);
	smmu_set_trace(b->h.smmu, reasons, b);
	r = smmu_translate(h_port(&b->h), &txn);
	h_idle(&b->h);
	smmu_set_trace(b->h.smmu, NULL, NULL);
	cf_check(b, "status", want->status, r.status);
	cf_check(b, "event", want->event, r.event);
	cf_check(b, "recorded", want->event && !want->silent, r.recorded);
	if (want->status == SMMU_OK && r.status == SMMU_OK)
		check_ok(b, &txn, want, &r);
	if (want->event && !want->silent)
		cf_expect_event(b, &txn, want);
	cf_compare(b);
}
