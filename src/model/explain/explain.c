/* SPDX-License-Identifier: MIT */
/*
 * The re-enactment: a copy of the SMMU out of a snapshot, on an overlay of its bus,
 * with a trace hook; and once more with empty caches if any was hit.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/snapshot.h>
#include "model/explain/explain.h"

static struct smmu_explain_step *new_step(struct smmu_run *run)
{
	struct smmu_explanation *x = run->to;
	struct smmu_explain_step *more;

	if (x->n_steps == run->room) {
		size_t room = run->room ? 2 * run->room : 32;

		more = realloc(x->steps, room * sizeof(*more));
		if (!more) {
			run->no_memory = true;
			return NULL;
		}
		x->steps = more;
		run->room = room;
	}
	more = &x->steps[x->n_steps];
	memset(more, 0, sizeof(*more));
	return more;
}

static bool is_hit(unsigned kind)
{
	return kind == SMMU_TRACE_STE_HIT || kind == SMMU_TRACE_CD_HIT ||
	       kind == SMMU_TRACE_TLB_HIT || kind == SMMU_TRACE_L1STD_HIT ||
	       kind == SMMU_TRACE_L1CD_HIT;
}

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	struct smmu_run *run = ctx;
	struct smmu_explain_step *step = new_step(run);

	run->hit = run->hit || is_hit(t->kind);
	if (!step || !smmu_story_step(run, t, step))
		return;
	step->by_tables = run->by_tables;
	step->cached = is_hit(t->kind);
	run->to->n_steps++;
}

static int translate(struct smmu *copy, struct smmu_run *run)
{
	struct smmu_port *port = smmu_port_open(copy);

	if (!port)
		return -ENOMEM;
	smmu_set_trace(copy, on_trace, run);
	run->result = smmu_translate(port, &run->to->txn);
	smmu_set_trace(copy, NULL, NULL);
	smmu_port_close(port);
	return run->no_memory ? -ENOMEM : 0;
}

/* What the SMMU is, as bytes, and where it looks. */
struct scene {
	void *data;
	size_t len;
	struct smmu_bus *bus;
	bool read_callbacks;
};

static int enact(const struct scene *scene, struct smmu_run *run)
{
	struct smmu_overlay overlay;
	struct smmu *copy;
	int err = smmu_overlay_init(&overlay, scene->bus, scene->read_callbacks);

	if (err)
		return err;
	err = smmu_snapshot_inline(&copy, overlay.bus, scene->data, scene->len);
	if (!err) {
		if (run->by_tables) {
			smmu_cfgcache_flush(copy->cfgcache);
			smmu_tlb_flush(copy->tlb);
		}
		err = translate(copy, run);
		smmu_destroy(copy);
	}
	if (!err && overlay.no_memory)
		err = -ENOMEM;
	if (!err && overlay.blocked && !run->to->unknown) {
		run->to->unknown = true;
		run->to->unknown_pa = overlay.blocked_pa;
	}
	smmu_overlay_free(&overlay);
	return err;
}

static bool differ(const struct smmu_result *a, const struct smmu_result *b)
{
	if (a->status != b->status || a->event != b->event)
		return true;
	return a->status == SMMU_OK &&
	       (a->pa != b->pa || memcmp(&a->attr, &b->attr, sizeof(a->attr)) != 0);
}

static int enact_both(const struct scene *scene, struct smmu_explanation *x)
{
	struct smmu_run run = { .to = x }, again;
	bool unknown;
	int err = enact(scene, &run);

	x->result = run.result;
	if (err || !run.hit)
		return err;
	/* What the tables say is no reason to call the answer unknown. */
	unknown = x->unknown;
	again = (struct smmu_run){ .to = x, .by_tables = true, .room = run.room };
	err = enact(scene, &again);
	x->by_tables = again.result;
	x->stale = !x->unknown && differ(&x->result, &x->by_tables);
	x->unknown = unknown;
	return err;
}

int smmu_explanation_create(struct smmu_explanation **out, struct smmu *smmu,
			    const struct smmu_txn *txn, unsigned flags)
{
	struct scene scene = { .read_callbacks = flags & SMMU_EXPLAIN_READ_CALLBACKS };
	struct smmu_explanation *x;
	int err;

	if (!out || !smmu || !txn || (flags & ~(unsigned)SMMU_EXPLAIN_READ_CALLBACKS))
		return -EINVAL;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	x->txn = *txn;
	scene.bus = smmu->bus;
	err = smmu_snapshot_save(smmu, 0, &scene.data, &scene.len);
	if (!err)
		err = enact_both(&scene, x);
	free(scene.data);
	if (err) {
		smmu_explanation_destroy(x);
		return err;
	}
	smmu_story_end(x);
	*out = x;
	return 0;
}

void smmu_explanation_destroy(struct smmu_explanation *x)
{
	if (!x)
		return;
	free(x->steps);
	free(x);
}

int smmu_explain(struct smmu *smmu, const struct smmu_txn *txn, FILE *out)
{
	struct smmu_explanation *x;
	int err = out ? smmu_explanation_create(&x, smmu, txn, 0) : -EINVAL;

	if (err)
		return err;
	smmu_explanation_text(out, x);
	smmu_explanation_destroy(x);
	return 0;
}
