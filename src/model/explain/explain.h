/* SPDX-License-Identifier: MIT */
/* Inside of explain/. */
#ifndef MODEL_EXPLAIN_EXPLAIN_H
#define MODEL_EXPLAIN_EXPLAIN_H

#include <smmulator/explain.h>
#include "model/model.h"

/* ---- overlay.c ---- */
/*
 * A bus that reads through to another and keeps what is written to itself. blocked: an
 * access to what lies behind callbacks was refused, the first at blocked_pa.
 */
struct smmu_overlay {
	struct smmu_bus *bus, *base;
	bool read_callbacks, blocked, no_memory;
	uint64_t blocked_pa;
	struct smmu_overlay_word {
		struct smmu_overlay_word *next;
		uint64_t pa;	/* a multiple of 8 */
		uint64_t value; /* as 8 bytes in memory order */
	} * words;
};
int smmu_overlay_init(struct smmu_overlay *o, struct smmu_bus *base, bool read_callbacks);
void smmu_overlay_free(struct smmu_overlay *o);

/* ---- explain.c: one run of the copy ---- */
struct smmu_run {
	struct smmu_explanation *to;
	bool by_tables;
	size_t room;
	bool no_memory;
	bool hit; /* something came out of a cache */
	/* What the words of descriptors depend on. */
	bool s1_lpae32, s2_lpae32, s1_pie, s2_pie;
	struct smmu_result result;
};

/* ---- story.c ---- */
/* A step from a trace record; false: it is no part of the story. */
bool smmu_story_step(struct smmu_run *run, const struct smmu_trace *t,
		     struct smmu_explain_step *step);
/* Marks what is stale, and says what decided and what to do. */
void smmu_story_end(struct smmu_explanation *x);
void smmu_story_attr(char *buf, size_t n, const struct smmu_attr *attr);
const char *smmu_story_op(unsigned op);
const char *smmu_story_status(unsigned status);

/* ---- rules.c ---- */
/* What a rule says, and what to do about it; "" if it is not known here. */
const char *smmu_rule_says(const char *rule);
const char *smmu_rule_advice(const char *rule);

#endif /* MODEL_EXPLAIN_EXPLAIN_H */
