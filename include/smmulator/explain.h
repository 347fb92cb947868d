/* SPDX-License-Identifier: MIT */
/*
 * Why a transaction ends as it does: the real translation, done by a copy of the SMMU
 * over a view of memory whose writes go nowhere. The SMMU, its caches and statistics,
 * its queues and memory are as before.
 *
 *   smmu_explain(smmu, &txn, stderr);
 *
 * Where the answer came out of a cache, the copy is asked a second time with empty
 * caches: what the tables say now. If that is another answer, an invalidation is
 * missing, and the explanation says which.
 *
 * Context: any thread; not from a callback or hook of the same SMMU (-EBUSY). Memory is
 * read as any access would, so what other threads write meanwhile may be seen.
 */
#ifndef SMMULATOR_EXPLAIN_H
#define SMMULATOR_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <smmulator/export.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

/*
 * Tables behind callbacks: reading them may have side effects, so they are not read
 * and the explanation ends there (unknown), unless this says that it does no harm.
 */
enum { SMMU_EXPLAIN_READ_CALLBACKS = 1 << 0 };

enum { SMMU_EXPLAIN_TEXT = 1024 };

/* One thing that happened, in order; which members count: enum smmu_trace_kind. */
struct smmu_explain_step {
	uint8_t kind;	/* enum smmu_trace_kind */
	uint8_t stage;	/* 1, 2, 0: none */
	int8_t level;	/* of a descriptor */
	bool cached;	/* it came out of a cache */
	bool stale;	/* and memory says something else now */
	bool by_tables; /* of the second asking: what the tables say now */
	uint64_t addr, value;
	unsigned n_dw; /* words: of a STE, a CD or an event */
	uint64_t dw[8];
	uint64_t now[8];	      /* stale: what memory says */
	const char *rule;	      /* NULL: none */
	const char *layout;	      /* what dw (or value) decodes as; NULL: nothing */
	char text[SMMU_EXPLAIN_TEXT]; /* in words */
};

struct smmu_explanation {
	struct smmu_txn txn;
	struct smmu_result result; /* what smmu_translate() would give */
	bool unknown; /* needs memory behind callbacks, at unknown_pa; result is void */
	uint64_t unknown_pa;
	bool stale;			/* a cache made the difference: */
	struct smmu_result by_tables;	/* with empty caches; only if stale */
	const char *rule;		/* that decided: "STE-18", "T-16c"; NULL never */
	char why[SMMU_EXPLAIN_TEXT];	/* what it says, in a sentence */
	char advice[SMMU_EXPLAIN_TEXT]; /* what software would do about it; "" if nothing
					 */
	bool has_event;			/* there is a record: */
	bool recorded;			/* and the queue takes it */
	uint64_t event[4];
	size_t n_steps;
	struct smmu_explain_step *steps;
};

/* 0; -EINVAL NULL or an unknown flag; -ENOMEM; -EBUSY: from inside this SMMU. */
SMMU_API int smmu_explanation_create(struct smmu_explanation **explanation,
				     struct smmu *smmu, const struct smmu_txn *txn,
				     unsigned flags);
SMMU_API void smmu_explanation_destroy(struct smmu_explanation *explanation);
/* For people; and as one JSON object, whose keys smmulator(1) documents. */
SMMU_API void smmu_explanation_text(FILE *out,
				    const struct smmu_explanation *explanation);
SMMU_API void smmu_explanation_json(FILE *out,
				    const struct smmu_explanation *explanation);

/* All in one, as text; what it returns is as above, and then out has nothing. */
SMMU_API int smmu_explain(struct smmu *smmu, const struct smmu_txn *txn, FILE *out);

SMMU_END_DECLS
#endif /* SMMULATOR_EXPLAIN_H */
