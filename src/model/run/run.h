/* SPDX-License-Identifier: MIT */
/*
 * Inside of run/: the two modes that are not inline (<smmulator/run.h>).
 *
 *   run.c	what both have, what is accepted but not yet done, smmu_run_until_idle()
 *   moves.c	stepped: who may move, and moving one
 *   queue.c	stepped: a command queue by halves
 *   device.c	threaded: the SMMU's thread and its doorbells
 *
 * The rest of the model asks smmu_runs_here() where it would go on by itself, and leaves
 * it to the mode otherwise.
 */
#ifndef MODEL_RUN_RUN_H
#define MODEL_RUN_RUN_H

#include <smmulator/run.h>
#include "model/model.h"

/* As many as may wait; then a queue waits for them, or the oldest record is written. */
enum { SMMU_RUN_INVS = 32, SMMU_RUN_RECORDS = 32 };

/* An invalidation whose command was consumed. */
struct smmu_run_inv {
	uint64_t raw[2];
	const struct smmu_cmdq *q;
};
/* A record that the event queue, or the PRI queue, has accepted. */
struct smmu_run_record {
	uint64_t dw[SMMU_EVENT_DWORDS]; /* the PRI queue's are shorter */
	uint64_t since;			/* smmu_run.now then */
	bool pri;
};

/* One of each command queue: 0 the main one, n + 1 ECMDQ n. */
struct smmu_bell {
	_Atomic bool rung;
	uint32_t next; /* in the stack of those that were rung, plus 1 */
};

struct smmu_runner {
	/* stepped */
	uint64_t random;
	uint64_t now; /* moves so far */
	struct smmu_run_inv inv[SMMU_RUN_INVS];
	unsigned n_inv;
	struct smmu_run_record record[SMMU_RUN_RECORDS];
	unsigned n_records;
	/* threaded */
	pthread_t thread;
	_Atomic uintptr_t device; /* smmu_lock_me() of the thread */
	struct smmu_bell *bell;
	_Atomic uint32_t rung; /* head of the stack, plus 1; 0: empty */
	_Atomic bool work;     /* something else than a bell wants the thread */
	_Atomic bool busy;     /* from before it looks until all is done */
	_Atomic bool asleep, stop;
	pthread_mutex_t mutex; /* of its sleep alone */
	pthread_cond_t wanted;
};

/* ---- run.c ---- */
/* What was accepted takes effect, or reaches memory, now. */
void smmu_run_settle(struct smmu *smmu);
void smmu_run_do_inv(struct smmu *smmu, unsigned i);
/* Writes record i, which is the oldest of its queue. */
void smmu_run_write_record(struct smmu *smmu, unsigned i);
/* The oldest of that queue, or n_records. */
unsigned smmu_run_oldest(const struct smmu_runner *run, bool pri);

/* ---- queue.c ---- */
/* What that queue would do next: false: nothing, now. */
bool smmu_run_queue_next(struct smmu *smmu, const struct smmu_cmdq *q,
			 enum smmu_half *half);
void smmu_run_queue_move(struct smmu *smmu, struct smmu_cmdq *q);
/* There is nothing in it, nor in its hands. */
bool smmu_run_queue_done(struct smmu *smmu, const struct smmu_cmdq *q);

/* ---- device.c ---- */
int smmu_device_start(struct smmu *smmu);
void smmu_device_stop(struct smmu *smmu);
void smmu_device_wait_idle(struct smmu *smmu);

#endif /* MODEL_RUN_RUN_H */
