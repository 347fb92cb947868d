/* SPDX-License-Identifier: MIT */
/*
 * What CMD_SYNC costs: alone, with the commands of a batch before it, and while
 * ports translate, so that each has transactions to wait for.
 */
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "crew.h"
#include "fixture.h"

enum { PAGES = 4096, PORTS = 3 };

struct state {
	struct fixture *f;
	struct crew *crew;
	struct smmu_port *port[PORTS];
};

static void translate_always(struct crew *crew, void *ctx, unsigned index, uint64_t ops)
{
	struct state *s = ctx;
	struct smmu_txn txn = { .sid = SID_S1 };
	uint64_t seed = 0x9e3779b97f4a7c15u + index;

	(void)ops;
	while (!crew_stopping(crew)) {
		txn.addr = fixture_addr(s->f, bench_random(&seed) % PAGES);
		if (smmu_translate(s->port[index], &txn).status != SMMU_OK)
			abort();
		crew_tick(crew, index);
	}
}

static void put_down(struct state *s)
{
	crew_end(s->crew);
	for (unsigned i = 0; i < PORTS; i++)
		smmu_port_close(s->port[i]);
	if (s->f)
		fixture_destroy(s->f);
	free(s);
}

static void teardown(void *state)
{
	struct state *s = state;

	if (!fixture_idle(s->f)) {
		fputs("bench: the SMMU refused a command of this case\n", stderr);
		abort();
	}
	put_down(s);
}

static bool setup(const struct bench_case *c, void **out)
{
	struct state *s = calloc(1, sizeof(*s));

	(void)c;
	if (!s)
		return false;
	s->f = fixture_create(PAGES, PAGES * 4);
	if (!s->f || !fixture_fill(s->f, SID_S1, PAGES)) {
		put_down(s);
		return false;
	}
	*out = s;
	return true;
}

static bool setup_ports(const struct bench_case *c, void **out)
{
	struct state *s;

	if (bench_processors() < c->param + 1)
		return bench_skip("wants a processor for each port, and one");
	if (!setup(c, out))
		return false;
	s = *out;
	for (unsigned i = 0; i < c->param; i++)
		s->port[i] = smmu_port_open(s->f->smmu);
	s->crew = crew_start((unsigned)c->param, translate_always, s);
	if (!s->crew) {
		put_down(s);
		return false;
	}
	crew_go(s->crew, 0);
	return true;
}

static void sample_alone(const struct bench_case *c, void *state, uint64_t ops,
			 struct stopwatch *w)
{
	struct state *s = state;

	(void)c;
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++)
		fixture_sync(s->f);
	stopwatch_stop(w, ops);
}

static void push_tlbi(struct fixture *f, uint64_t page)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_TLBI_NH_VA);
	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_VMID, VMID);
	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_ASID, ASID + 1); /* nobody's */
	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_Leaf, 1);
	smmu_set_addr(cmd, SMMU_CMD_TLBI_NH_VA_Address, f->iova + page * 4096);
	fixture_push(f, cmd);
}

static void sample_batch(const struct bench_case *c, void *state, uint64_t ops,
			 struct stopwatch *w)
{
	struct state *s = state;
	uint64_t done = 0;

	stopwatch_start(w);
	for (; done < ops; done += c->param) {
		for (uint64_t i = 0; i < c->param; i++)
			push_tlbi(s->f, (done + i) % PAGES);
		fixture_sync(s->f);
	}
	stopwatch_stop(w, done);
}

/*
 * Each on its own: what matters is also how long the slow ones take. Where ports are
 * to translate, a sample counts only if they did.
 */
static void sample_each(const struct bench_case *c, void *state, uint64_t ops,
			struct stopwatch *w)
{
	struct state *s = state;
	uint64_t before;

	(void)c;
	if (ops > 20000) /* short, so that nobody need be sent away in it */
		ops = 20000;
	before = s->crew ? crew_ticks(s->crew) : 0;
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++) {
		fixture_sync(s->f);
		stopwatch_lap(w);
	}
	stopwatch_stop(w, 0);
	if (s->crew && crew_ticks(s->crew) - before < ops / 16 * c->param)
		w->ops = 0;
}

#define BATCH_OF(n)                                                                      \
	{                                                                                \
		"sync/batch_" #n,                                                        \
			"a TLBI that finds nothing, when " #n " share a SYNC and a "     \
			"doorbell",                                                      \
			n, setup, sample_batch, teardown                                 \
	}
#define PORT(n)                                                                          \
	{                                                                                \
		"sync/port_" #n, "CMD_SYNC, ports that hit over 4096 pages always: " #n, \
			n, setup_ports, sample_each, teardown                            \
	}

static const struct bench_case cases[] = {
	{ "sync/alone", "CMD_SYNC alone, one a doorbell", 0, setup, sample_alone,
	  teardown },
	{ "sync/each", "the same, timed one by one", 0, setup, sample_each, teardown },
	BATCH_OF(1),
	BATCH_OF(16),
	BATCH_OF(256),
	PORT(1),
	PORT(2),
	PORT(3),
};
const struct bench_suite suite_sync = { cases, sizeof(cases) / sizeof(cases[0]) };
