/* SPDX-License-Identifier: MIT */
/*
 * Translation while another thread invalidates without a pause, and invalidation
 * while a port translates without a pause; of other pages, and of the very same. A
 * sample counts only if the other thread did its part meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "crew.h"
#include "fixture.h"

enum { PAGES = 4096, SAME = 1, QUIET = 2 };

struct state {
	struct fixture *f;
	struct crew *crew;
	struct smmu_port *port; /* of the thread that translates */
	uint64_t param, seed, page;
};

/* Stage 1 of the stream, or the like of nobody. */
static void invalidate(struct state *s)
{
	for (unsigned i = 0; i < BATCH; i++) {
		uint64_t cmd[2] = { 0, 0 }, page = s->page++ % PAGES;

		smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_TLBI_NH_VA);
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_VMID, VMID);
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_ASID,
			 s->param & SAME ? ASID : ASID + 1);
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_Leaf, 1);
		smmu_set_addr(cmd, SMMU_CMD_TLBI_NH_VA_Address, s->f->iova + page * 4096);
		fixture_push(s->f, cmd);
	}
	fixture_sync(s->f);
}

static void translate(struct state *s)
{
	struct smmu_txn txn = { .sid = SID_S1 };

	txn.addr = fixture_addr(s->f, bench_random(&s->seed) % PAGES);
	if (smmu_translate(s->port, &txn).status != SMMU_OK)
		abort();
}

static void invalidate_always(struct crew *crew, void *ctx, unsigned index, uint64_t ops)
{
	(void)ops;
	while (!crew_stopping(crew)) {
		invalidate(ctx);
		crew_tick(crew, index);
	}
}

static void translate_always(struct crew *crew, void *ctx, unsigned index, uint64_t ops)
{
	(void)ops;
	while (!crew_stopping(crew)) {
		translate(ctx);
		crew_tick(crew, index);
	}
}

static void put_down(struct state *s)
{
	crew_end(s->crew);
	smmu_port_close(s->port);
	if (s->f)
		fixture_destroy(s->f);
	free(s);
}

static void teardown(void *state)
{
	struct state *s = state;
	bool idle;

	crew_end(s->crew);
	s->crew = NULL;
	idle = fixture_idle(s->f);
	put_down(s);
	if (!idle) {
		fputs("bench: the SMMU refused a command of this case\n", stderr);
		abort();
	}
}

static bool setup(const struct bench_case *c, void **out, crew_fn other)
{
	struct state *s;

	if (!(c->param & QUIET) && bench_processors() < 2)
		return bench_skip("wants 2 processors");
	s = calloc(1, sizeof(*s));
	if (!s)
		return false;
	s->param = c->param;
	s->seed = 0x9e3779b97f4a7c15u;
	s->f = fixture_create(PAGES, PAGES * 4);
	s->port = s->f ? smmu_port_open(s->f->smmu) : NULL;
	if (!s->port || !fixture_fill(s->f, SID_S1, PAGES))
		goto fail;
	if (!(c->param & QUIET)) {
		s->crew = crew_start(1, other, s);
		if (!s->crew)
			goto fail;
		crew_go(s->crew, 0);
	}
	*out = s;
	return true;
fail:
	put_down(s);
	return false;
}

static bool setup_translate(const struct bench_case *c, void **out)
{
	return setup(c, out, invalidate_always);
}

static bool setup_tlbi(const struct bench_case *c, void **out)
{
	return setup(c, out, translate_always);
}

static void sample_translate(const struct bench_case *c, void *state, uint64_t ops,
			     struct stopwatch *w)
{
	struct state *s = state;
	uint64_t before = s->crew ? crew_ticks(s->crew) : 0;

	(void)c;
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++)
		translate(s);
	stopwatch_stop(w, ops);
	if (s->crew && crew_ticks(s->crew) - before < ops / BATCH / 4)
		w->ops = 0;
}

static void sample_tlbi(const struct bench_case *c, void *state, uint64_t ops,
			struct stopwatch *w)
{
	struct state *s = state;
	uint64_t before = s->crew ? crew_ticks(s->crew) : 0, done = 0;

	(void)c;
	stopwatch_start(w);
	for (; done < ops; done += BATCH)
		invalidate(s);
	stopwatch_stop(w, done);
	if (s->crew && crew_ticks(s->crew) - before < ops / 4)
		w->ops = 0;
}

static const struct bench_case cases[] = {
	{ "storm/translate/none", "translation, 4096 pages, nobody invalidates", QUIET,
	  setup_translate, sample_translate, teardown },
	{ "storm/translate/other", "... while a thread invalidates what is not there", 0,
	  setup_translate, sample_translate, teardown },
	{ "storm/translate/same", "... while a thread invalidates the same pages", SAME,
	  setup_translate, sample_translate, teardown },
	{ "storm/tlbi/none", "TLBI_NH_VA, 64 + SYNC, of what is not there", QUIET,
	  setup_tlbi, sample_tlbi, teardown },
	{ "storm/tlbi/other", "... while a port hits over 4096 pages", 0, setup_tlbi,
	  sample_tlbi, teardown },
	{ "storm/tlbi/same", "TLBI_NH_VA of the 4096 pages that a port translates", SAME,
	  setup_tlbi, sample_tlbi, teardown },
};
const struct bench_suite suite_storm = { cases, sizeof(cases) / sizeof(cases[0]) };
