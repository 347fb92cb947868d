/* SPDX-License-Identifier: MIT */
/*
 * From trace records to a story: each step in words, what of it is stale, what decided,
 * and what to do. What words mean comes from the decoder.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <smmulator/decode.h>
#include "model/explain/explain.h"

/* ---- words ---- */

static void add(char *buf, size_t n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void add(char *buf, size_t n, const char *fmt, ...)
{
	size_t at = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	if (at < n)
		(void)vsnprintf(buf + at, n - at, fmt, ap);
	va_end(ap);
}

#define ADD(step, ...) add((step)->text, sizeof((step)->text), __VA_ARGS__)

const char *smmu_story_op(unsigned op)
{
	static const char *const names[] = { "read", "write", "atomic" };

	return op < 3 ? names[op] : "?";
}

const char *smmu_story_status(unsigned status)
{
	static const char *const names[] = { "ok", "abort", "raz-wi", "stalled" };

	return status < 4 ? names[status] : "?";
}

void smmu_story_attr(char *buf, size_t n, const struct smmu_attr *a)
{
	static const char *const types[] = { "WB",	     "WT",
					     "NC",	     "Device-GRE",
					     "Device-nGRE",  "Device-nGnRE",
					     "Device-nGnRnE" };
	static const char *const sh[] = { "non-shareable", "?", "outer-shareable",
					  "inner-shareable" };

	buf[0] = '\0';
	if (a->inner >= SMMU_MT_DEV_GRE)
		add(buf, n, "%s", types[a->inner % 7]);
	else
		add(buf, n, "Normal inner %s outer %s", types[a->inner % 7],
		    types[a->outer % 7]);
	add(buf, n, ", %s", sh[a->sh & 3]);
	if (a->inner < SMMU_MT_DEV_GRE)
		add(buf, n, ", RA %u WA %u TR %u", a->ra, a->wa, a->tr);
	if (a->pbha)
		add(buf, n, ", PBHA %#x", a->pbha);
	add(buf, n, ", %s, %s", a->inst ? "instruction" : "data",
	    a->priv ? "privileged" : "unprivileged");
}

/* Fields that are not zero: "V=1 Config=5". */
static void one_field(void *ctx, const struct smmu_decoded *d)
{
	struct smmu_explain_step *step = ctx;

	if (d->kind == SMMU_DECODED_FIELD && d->value != 0 &&
	    strncmp(d->words, "address 0x", 10) == 0)
		ADD(step, " %s=%s", d->name, d->words + 8);
	else if (d->kind == SMMU_DECODED_FIELD && d->value != 0)
		ADD(step, " %s=0x%" PRIx64, d->name, d->value);
	else if (d->kind == SMMU_DECODED_RESERVED)
		ADD(step, " RES0[%u:%u]=0x%" PRIx64, d->msb, d->lsb, d->value);
}

static void fields(struct smmu_explain_step *step, const uint64_t *dw)
{
	const struct smmu_layout *layout = smmu_layout_find(step->layout);

	if (layout)
		(void)smmu_decode(layout, dw, 0, one_field, step);
}

/* ---- steps ---- */

static void take_words(struct smmu_explain_step *step, const struct smmu_trace *t,
		       unsigned n, const char *layout)
{
	step->layout = layout;
	if (!t->dw)
		return;
	step->n_dw = n;
	memcpy(step->dw, t->dw, n * sizeof(uint64_t));
	fields(step, step->dw);
}

static void structure(struct smmu_run *run, struct smmu_explain_step *step,
		      const struct smmu_trace *t)
{
	bool ste = t->kind == SMMU_TRACE_STE_FETCH || t->kind == SMMU_TRACE_STE_HIT;
	bool hit = t->kind == SMMU_TRACE_STE_HIT || t->kind == SMMU_TRACE_CD_HIT;

	if (hit)
		ADD(step, "cached:");
	else
		ADD(step, "at 0x%" PRIx64 ":", t->addr);
	take_words(step, t, 8, ste ? "ste" : "cd");
	if (step->n_dw == 0)
		return;
	if (ste) {
		run->s2_lpae32 = !smmu_get(step->dw, SMMU_STE_S2AA64);
		run->s2_pie = smmu_get(step->dw, SMMU_STE_S2PIE);
	} else {
		run->s1_lpae32 = !smmu_get(step->dw, SMMU_CD_AA64);
		run->s1_pie = smmu_get(step->dw, SMMU_CD_PIE);
	}
}

static void level1(struct smmu_explain_step *step, const struct smmu_trace *t)
{
	bool st = t->kind == SMMU_TRACE_L1STD_FETCH || t->kind == SMMU_TRACE_L1STD_HIT;

	step->layout = st ? "l1std" : "l1cd";
	if (t->kind == SMMU_TRACE_L1STD_HIT || t->kind == SMMU_TRACE_L1CD_HIT)
		ADD(step, "cached:");
	else
		ADD(step, "at 0x%" PRIx64 ":", t->addr);
	fields(step, &t->value);
}

/* What a descriptor says by itself; whether it may be there the walk has judged. */
static const char *descriptor_kind(const struct smmu_trace *t)
{
	if (!(t->value & 1))
		return "invalid";
	if (t->level == 3)
		return t->value & 2 ? "page" : "invalid";
	return t->value & 2 ? "table" : "block";
}

static const char *descriptor_layout(const struct smmu_run *run, unsigned stage,
				     bool table)
{
	if (stage == 2) {
		if (run->s2_lpae32)
			return table ? "s2table32" : "s2desc32";
		return table ? "s2table" : run->s2_pie ? "s2pie" : "s2desc";
	}
	if (run->s1_lpae32)
		return table ? "s1table32" : "s1desc32";
	return table ? "s1table" : run->s1_pie ? "s1pie" : "s1desc";
}

static void descriptor(const struct smmu_run *run, struct smmu_explain_step *step,
		       const struct smmu_trace *t)
{
	const char *kind = descriptor_kind(t);

	ADD(step, "at 0x%" PRIx64 ": 0x%016" PRIx64 " %s", t->addr, t->value, kind);
	if (strcmp(kind, "invalid") == 0)
		return;
	step->layout = descriptor_layout(run, t->stage, strcmp(kind, "table") == 0);
	ADD(step, ":");
	fields(step, &t->value);
}

static void event(struct smmu_run *run, struct smmu_explain_step *step,
		  const struct smmu_trace *t)
{
	struct smmu_explanation *x = run->to;
	const char *name = smmu_event_name((unsigned)(t->dw[0] & 0xff));

	ADD(step, "%s%s:", name ? name : "?",
	    t->value ? "" : " (the event queue does not take it)");
	take_words(step, t, 4, "event");
	if (run->by_tables)
		return;
	x->has_event = true;
	x->recorded = t->value != 0;
	memcpy(x->event, t->dw, sizeof(x->event));
}

static void decision(struct smmu_run *run, struct smmu_explain_step *step,
		     const struct smmu_trace *t)
{
	/* No rule: what let it pass is T-20; a fault has one always. */
	const char *rule = t->rule ? t->rule : t->value ? "none" : "T-20";

	step->rule = rule;
	ADD(step, "%s", smmu_rule_says(rule));
	if (!run->by_tables)
		run->to->rule = rule;
}

static void attributes(struct smmu_explain_step *step, const struct smmu_trace *t)
{
	ADD(step, "after the overrides: ");
	smmu_story_attr(step->text + strlen(step->text),
			sizeof(step->text) - strlen(step->text), t->attr);
}

/* The rest: an address and what it leads to. */
static bool plain(struct smmu_explain_step *step, const struct smmu_trace *t)
{
	switch (t->kind) {
	case SMMU_TRACE_TLB_HIT:
		ADD(step, "cached: 0x%" PRIx64 " -> 0x%" PRIx64, t->addr, t->value);
		return true;
	case SMMU_TRACE_TLB_MISS:
		ADD(step, "nothing cached for 0x%" PRIx64, t->addr);
		return true;
	case SMMU_TRACE_UPDATE:
		ADD(step, "at 0x%" PRIx64 ": hardware makes it 0x%016" PRIx64, t->addr,
		    t->value);
		return true;
	case SMMU_TRACE_DENIED:
		ADD(step, "denied by %s", t->words);
		return true;
	case SMMU_TRACE_GERROR:
		ADD(step, "GERROR becomes 0x%" PRIx64, t->value);
		return true;
	case SMMU_TRACE_TLB_INSERT:
	case SMMU_TRACE_MMIO_READ:
	case SMMU_TRACE_MMIO_WRITE:
	case SMMU_TRACE_COMMAND:
		return false;
	default:
		ADD(step, "addr 0x%" PRIx64 ", value 0x%" PRIx64, t->addr, t->value);
		return true;
	}
}

bool smmu_story_step(struct smmu_run *run, const struct smmu_trace *t,
		     struct smmu_explain_step *step)
{
	step->kind = t->kind;
	step->stage = t->stage;
	step->level = t->level;
	step->addr = t->addr;
	step->value = t->value;
	step->rule = t->rule;
	switch (t->kind) {
	case SMMU_TRACE_STE_FETCH:
	case SMMU_TRACE_STE_HIT:
	case SMMU_TRACE_CD_FETCH:
	case SMMU_TRACE_CD_HIT:
		structure(run, step, t);
		return true;
	case SMMU_TRACE_L1STD_FETCH:
	case SMMU_TRACE_L1STD_HIT:
	case SMMU_TRACE_L1CD_FETCH:
	case SMMU_TRACE_L1CD_HIT:
		level1(step, t);
		return true;
	case SMMU_TRACE_WALK:
		descriptor(run, step, t);
		return true;
	case SMMU_TRACE_EVENT:
		event(run, step, t);
		return true;
	case SMMU_TRACE_DECISION:
		decision(run, step, t);
		return true;
	case SMMU_TRACE_OVERRIDE:
		attributes(step, t);
		return true;
	default:
		return plain(step, t);
	}
}

/* ---- the end of the story ---- */

/* What memory holds of a structure that came out of the cache; NULL: was not read. */
static const struct smmu_explain_step *in_memory(const struct smmu_explanation *x,
						 const struct smmu_explain_step *hit)
{
	static const uint8_t fetch_of[][2] = {
		{ SMMU_TRACE_STE_HIT, SMMU_TRACE_STE_FETCH },
		{ SMMU_TRACE_CD_HIT, SMMU_TRACE_CD_FETCH },
		{ SMMU_TRACE_L1STD_HIT, SMMU_TRACE_L1STD_FETCH },
		{ SMMU_TRACE_L1CD_HIT, SMMU_TRACE_L1CD_FETCH },
	};

	for (size_t k = 0; k < sizeof(fetch_of) / sizeof(fetch_of[0]); k++) {
		if (fetch_of[k][0] != hit->kind)
			continue;
		for (size_t i = 0; i < x->n_steps; i++)
			if (x->steps[i].by_tables && x->steps[i].kind == fetch_of[k][1])
				return &x->steps[i];
	}
	return NULL;
}

static void mark(struct smmu_explain_step *hit, const struct smmu_explain_step *now)
{
	bool words = hit->n_dw != 0;

	if (words ? memcmp(hit->dw, now->dw, sizeof(hit->dw)) == 0
		  : hit->value == now->value)
		return;
	hit->stale = true;
	hit->addr = now->addr;
	if (words)
		memcpy(hit->now, now->dw, sizeof(hit->now));
	else
		hit->now[0] = now->value;
	ADD(hit, "; STALE, memory at 0x%" PRIx64 " says otherwise", now->addr);
}

/* Which of the cached things made the difference: the first that differs. */
static const struct smmu_explain_step *find_stale(struct smmu_explanation *x)
{
	const struct smmu_explain_step *first = NULL;

	for (size_t i = 0; i < x->n_steps; i++) {
		struct smmu_explain_step *step = &x->steps[i];
		const struct smmu_explain_step *now;

		if (!step->cached || step->by_tables)
			continue;
		now = in_memory(x, step);
		if (now)
			mark(step, now);
		if (!first && step->stale)
			first = step;
	}
	for (size_t i = 0; !first && x->stale && i < x->n_steps; i++) {
		struct smmu_explain_step *step = &x->steps[i];

		if (step->by_tables || step->kind != SMMU_TRACE_TLB_HIT)
			continue;
		step->stale = true;
		ADD(step, "; STALE, the tables say otherwise");
		first = step;
	}
	/* What is cached cannot even be read any more. */
	for (size_t i = 0; !first && x->stale && i < x->n_steps; i++) {
		if (!x->steps[i].cached || x->steps[i].by_tables)
			continue;
		x->steps[i].stale = true;
		ADD(&x->steps[i], "; STALE, memory does not have it");
		first = &x->steps[i];
	}
	return first;
}

static const char *invalidation(const struct smmu_explain_step *stale)
{
	switch (stale->kind) {
	case SMMU_TRACE_STE_HIT:
		return "CMD_CFGI_STE for this StreamID, then CMD_SYNC";
	case SMMU_TRACE_L1STD_HIT:
		return "CMD_CFGI_STE with Leaf 0 for this StreamID, then CMD_SYNC";
	case SMMU_TRACE_CD_HIT:
		return "CMD_CFGI_CD for this StreamID and SubstreamID, then CMD_SYNC";
	case SMMU_TRACE_L1CD_HIT:
		return "CMD_CFGI_CD with Leaf 0 for this StreamID and SubstreamID, then "
		       "CMD_SYNC";
	default:
		return stale->stage == 2 ? "CMD_TLBI_S2_IPA for this address and VMID "
					   "(and what was "
					   "combined with it), then CMD_SYNC"
					 : "CMD_TLBI_NH_VA (EL2_VA) for this address, "
					   "ASID and VMID, "
					   "then CMD_SYNC";
	}
}

#define SAY(member, ...) add(x->member, sizeof(x->member), __VA_ARGS__)

/* Bypass that does not let the address pass. */
static void say_size(struct smmu_explanation *x)
{
	if (x->result.status == SMMU_OK)
		return;
	if (strcmp(x->rule, "T-11") == 0)
		SAY(why, "; and the address is beyond what may leave (IDR5.OAS)");
	if (strcmp(x->rule, "T-2") == 0)
		SAY(why, ": its ABORT is 1, or the address is beyond IDR5.OAS");
}

static void say_denied(struct smmu_explanation *x)
{
	for (size_t i = 0; i < x->n_steps; i++) {
		const struct smmu_explain_step *step = &x->steps[i];

		if (step->kind != SMMU_TRACE_DENIED || (step->by_tables && x->stale))
			continue;
		SAY(why, ": %s", step->text);
		return;
	}
}

/* Translated transactions have their own way with errors of configuration. */
static bool needs_rec_cfg_ats(const struct smmu_explanation *x)
{
	switch (x->result.event) {
	case SMMU_EVT_F_TRANSLATION:
	case SMMU_EVT_F_ADDR_SIZE:
	case SMMU_EVT_F_ACCESS:
	case SMMU_EVT_F_PERMISSION:
		return false;
	default:
		return x->txn.at == SMMU_AT_TRANSLATED;
	}
}

static void say_record(struct smmu_explanation *x)
{
	const char *why = "the fault behaviour of the CD or STE (R, S2R) asks for none";

	if (x->result.event == 0 || x->recorded)
		return;
	if (x->has_event)
		why = "the event queue is disabled, full, or in error";
	else if (needs_rec_cfg_ats(x))
		why = "CR2.REC_CFG_ATS is 0";
	else if (x->result.event == SMMU_EVT_C_BAD_STREAMID)
		why = "CR2.RECINVSID is 0";
	SAY(why, "; no event is recorded: %s", why);
}

void smmu_story_end(struct smmu_explanation *x)
{
	const struct smmu_explain_step *stale = find_stale(x);

	if (!x->rule)
		x->rule = "T-20";
	if (x->result.status != SMMU_OK && strcmp(x->rule, "T-20") == 0)
		x->rule = "none";
	if (x->unknown) {
		SAY(why,
		    "the answer depends on memory behind callbacks at 0x%" PRIx64
		    ", which was not read since that may have side effects",
		    x->unknown_pa);
		SAY(advice,
		    "allow it (SMMU_EXPLAIN_READ_CALLBACKS), or put tables in RAM");
		return;
	}
	SAY(why, "%s", smmu_rule_says(x->rule));
	say_size(x);
	if (x->result.status != SMMU_OK)
		say_denied(x);
	say_record(x);
	if (x->stale && stale) {
		SAY(why, "; a cached %s made the difference",
		    stale->kind == SMMU_TRACE_TLB_HIT ? "translation" : "structure");
		SAY(advice, "an invalidation is missing: %s", invalidation(stale));
		return;
	}
	if (x->result.status != SMMU_OK)
		SAY(advice, "%s", smmu_rule_advice(x->rule));
	else if (stale)
		SAY(advice, "a cached copy is stale, though not for this access: %s",
		    invalidation(stale));
}
