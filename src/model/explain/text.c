/* SPDX-License-Identifier: MIT */
/* An explanation for people: the verdict first, then how it came to it. */
#include <inttypes.h>
#include <smmulator/decode.h>
#include "model/explain/explain.h"

static void question(FILE *out, const struct smmu_txn *t)
{
	fprintf(out, "%s%s%s of 0x%" PRIx64 " by StreamID 0x%" PRIx32,
		t->priv ? "privileged " : "", t->inst ? "instruction " : "",
		smmu_story_op(t->op), t->addr, t->sid);
	if (t->ssv)
		fprintf(out, ", SubstreamID 0x%" PRIx32, t->ssid);
	fputc('\n', out);
}

static void result(FILE *out, const struct smmu_result *r)
{
	char attr[160];

	if (r->status == SMMU_OK) {
		smmu_story_attr(attr, sizeof(attr), &r->attr);
		fprintf(out, "0x%" PRIx64 "%s, %s", r->pa,
			r->bypass ? " (not translated)" : "", attr);
		return;
	}
	fprintf(out, "%s",
		r->status == SMMU_STALLED  ? "stalled"
		: r->status == SMMU_RAZ_WI ? "terminated: reads 0, writes nothing"
					   : "aborted");
	if (r->event)
		fprintf(out, ", %s",
			smmu_event_name(r->event) ? smmu_event_name(r->event) : "?");
	else
		fprintf(out, ", no event");
}

static void verdict(FILE *out, const struct smmu_explanation *x)
{
	fputs("  answer  ", out);
	if (x->unknown)
		fputs("unknown", out);
	else
		result(out, &x->result);
	fprintf(out, "\n  rule    %s: %s\n", x->rule, x->why);
	if (x->stale) {
		fputs("  tables  ", out);
		result(out, &x->by_tables);
		fputs(", if nothing were cached\n", out);
	}
	if (x->advice[0])
		fprintf(out, "  advice  %s\n", x->advice);
}

static void name(char *buf, size_t n, const struct smmu_explain_step *s)
{
	static const char *const names[] = {
		[SMMU_TRACE_EVENT] = "event",	    [SMMU_TRACE_STE_FETCH] = "STE",
		[SMMU_TRACE_STE_HIT] = "STE",	    [SMMU_TRACE_CD_FETCH] = "CD",
		[SMMU_TRACE_CD_HIT] = "CD",	    [SMMU_TRACE_TLB_HIT] = "TLB",
		[SMMU_TRACE_TLB_MISS] = "TLB",	    [SMMU_TRACE_L1STD_FETCH] = "L1STD",
		[SMMU_TRACE_L1STD_HIT] = "L1STD",   [SMMU_TRACE_L1CD_FETCH] = "L1CD",
		[SMMU_TRACE_L1CD_HIT] = "L1CD",	    [SMMU_TRACE_OVERRIDE] = "attributes",
		[SMMU_TRACE_DENIED] = "permission", [SMMU_TRACE_DECISION] = "decision",
	};
	const char *known = NULL;

	if (s->kind < sizeof(names) / sizeof(names[0]))
		known = names[s->kind];
	if (s->kind == SMMU_TRACE_WALK || s->kind == SMMU_TRACE_UPDATE)
		(void)snprintf(buf, n, "S%u level %d", s->stage, s->level);
	else if (s->kind == SMMU_TRACE_TLB_HIT || s->kind == SMMU_TRACE_TLB_MISS)
		(void)snprintf(buf, n, "TLB S%u", s->stage);
	else if (known)
		(void)snprintf(buf, n, "%s", known);
	else
		(void)snprintf(buf, n, "trace %u", s->kind);
}

static void steps(FILE *out, const struct smmu_explanation *x, bool by_tables)
{
	for (size_t i = 0; i < x->n_steps; i++) {
		const struct smmu_explain_step *s = &x->steps[i];
		char what[32];

		if (s->by_tables != by_tables)
			continue;
		name(what, sizeof(what), s);
		fprintf(out, "    %-11s %s%s%s%s\n", what, s->text, s->rule ? " [" : "",
			s->rule ? s->rule : "", s->rule ? "]" : "");
	}
}

void smmu_explanation_text(FILE *out, const struct smmu_explanation *x)
{
	bool again = false;

	question(out, &x->txn);
	verdict(out, x);
	fputs("  how\n", out);
	steps(out, x, false);
	/* Where a TLB hit hides the walk, or the tables would say something else. */
	for (size_t i = 0; i < x->n_steps; i++) {
		const struct smmu_explain_step *s = &x->steps[i];

		again = again || s->stale ||
			(s->kind == SMMU_TRACE_TLB_HIT && !s->by_tables);
	}
	if (!again)
		return;
	fputs("  what the tables say now\n", out);
	steps(out, x, true);
}
