/* SPDX-License-Identifier: MIT */
/* An explanation as JSON. Numbers of 64 bits are strings with 0x in front. */
#include <inttypes.h>
#include <smmulator/decode.h>
#include "model/explain/explain.h"

/* What is said here is ASCII, and without control characters. */
static void string(FILE *out, const char *key, const char *s)
{
	fprintf(out, "\"%s\": \"", key);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', out);
		putc(*s, out);
	}
	putc('"', out);
}

static void hex(FILE *out, const char *key, uint64_t v)
{
	fprintf(out, "\"%s\": \"0x%" PRIx64 "\"", key, v);
}

static void flag(FILE *out, const char *key, bool v)
{
	fprintf(out, "\"%s\": %s", key, v ? "true" : "false");
}

#define COMMA(out) fputs(", ", out)

static void transaction(FILE *out, const struct smmu_txn *t)
{
	fprintf(out, "\"transaction\": {\"sid\": %" PRIu32 ", ", t->sid);
	if (t->ssv)
		fprintf(out, "\"ssid\": %" PRIu32 ", ", t->ssid);
	else
		fputs("\"ssid\": null, ", out);
	hex(out, "iova", t->addr);
	COMMA(out);
	string(out, "op", smmu_story_op(t->op));
	COMMA(out);
	flag(out, "priv", t->priv);
	COMMA(out);
	flag(out, "inst", t->inst);
	putc('}', out);
}

static void result(FILE *out, const char *key, const struct smmu_result *r)
{
	const char *event = r->event ? smmu_event_name(r->event) : NULL;
	char attr[160];

	fprintf(out, "\"%s\": {", key);
	string(out, "status", smmu_story_status(r->status));
	COMMA(out);
	if (event)
		string(out, "event", event);
	else
		fputs("\"event\": null", out);
	COMMA(out);
	flag(out, "recorded", r->recorded);
	if (r->status == SMMU_OK) {
		COMMA(out);
		hex(out, "pa", r->pa);
		COMMA(out);
		hex(out, "ipa", r->ipa);
		fprintf(out, ", \"page_bits\": %u, ", r->page_bits);
		flag(out, "bypass", r->bypass);
		COMMA(out);
		smmu_story_attr(attr, sizeof(attr), &r->attr);
		string(out, "attributes", attr);
	}
	putc('}', out);
}

static const char *kind_name(unsigned kind)
{
	static const char *const names[] = {
		[SMMU_TRACE_EVENT] = "event",	    [SMMU_TRACE_STE_FETCH] = "ste",
		[SMMU_TRACE_STE_HIT] = "ste",	    [SMMU_TRACE_CD_FETCH] = "cd",
		[SMMU_TRACE_CD_HIT] = "cd",	    [SMMU_TRACE_WALK] = "descriptor",
		[SMMU_TRACE_TLB_HIT] = "tlb_hit",   [SMMU_TRACE_TLB_MISS] = "tlb_miss",
		[SMMU_TRACE_GERROR] = "gerror",	    [SMMU_TRACE_L1STD_FETCH] = "l1std",
		[SMMU_TRACE_L1STD_HIT] = "l1std",   [SMMU_TRACE_L1CD_FETCH] = "l1cd",
		[SMMU_TRACE_L1CD_HIT] = "l1cd",	    [SMMU_TRACE_OVERRIDE] = "attributes",
		[SMMU_TRACE_DENIED] = "denied",	    [SMMU_TRACE_UPDATE] = "update",
		[SMMU_TRACE_DECISION] = "decision",
	};
	const char *name = kind < sizeof(names) / sizeof(names[0]) ? names[kind] : NULL;

	return name ? name : "other";
}

static void decoded(FILE *out, const char *key, const char *layout, const uint64_t *dw)
{
	const struct smmu_layout *l = layout ? smmu_layout_find(layout) : NULL;

	if (!l)
		return;
	fprintf(out, ", \"%s\": ", key);
	smmu_decode_json(out, l, dw, 0);
}

static void step(FILE *out, const struct smmu_explain_step *s)
{
	const uint64_t *words = s->n_dw ? s->dw : &s->value;

	putc('{', out);
	string(out, "kind", kind_name(s->kind));
	fprintf(out, ", \"stage\": %u, \"level\": %d, ", s->stage, s->level);
	hex(out, "addr", s->addr);
	COMMA(out);
	hex(out, "value", s->value);
	COMMA(out);
	flag(out, "cached", s->cached);
	COMMA(out);
	flag(out, "stale", s->stale);
	COMMA(out);
	flag(out, "by_tables", s->by_tables);
	COMMA(out);
	if (s->rule)
		string(out, "rule", s->rule);
	else
		fputs("\"rule\": null", out);
	COMMA(out);
	string(out, "text", s->text);
	decoded(out, "decoded", s->layout, words);
	if (s->stale)
		decoded(out, "memory", s->layout, s->now);
	putc('}', out);
}

void smmu_explanation_json(FILE *out, const struct smmu_explanation *x)
{
	putc('{', out);
	transaction(out, &x->txn);
	COMMA(out);
	flag(out, "unknown", x->unknown);
	COMMA(out);
	result(out, "result", &x->result);
	COMMA(out);
	flag(out, "stale", x->stale);
	if (x->stale) {
		COMMA(out);
		result(out, "tables", &x->by_tables);
	}
	COMMA(out);
	string(out, "rule", x->rule);
	COMMA(out);
	string(out, "why", x->why);
	COMMA(out);
	string(out, "advice", x->advice);
	if (x->has_event)
		decoded(out, "event", "event", x->event);
	else
		fputs(", \"event\": null", out);
	fputs(", \"steps\": [", out);
	for (size_t i = 0; i < x->n_steps; i++) {
		if (i)
			COMMA(out);
		step(out, &x->steps[i]);
	}
	fputs("]}\n", out);
}
