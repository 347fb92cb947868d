/* SPDX-License-Identifier: MIT */
/*
 * Does more than one thread get more done? Each has a port of its own, of one SMMU or
 * of two, or a command queue of its own. ns of the wall clock for each operation of
 * all threads together: half as many with two as with one is twice the throughput.
 */
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "crew.h"
#include "fixture.h"

enum { PAGES = 4096, THREADS = 4 };

typedef void (*work_fn)(struct fixture *f, struct smmu_port *port, uint64_t *seed,
			uint64_t ops);

struct state {
	unsigned n;
	work_fn work;
	struct fixture *f[THREADS]; /* the same one, or each its own */
	struct smmu_port *port[THREADS];
	/* Where each goes on in the next sample, on a line of its own. */
	struct {
		_Alignas(64) uint64_t seed;
	} at[THREADS];
	struct crew *crew; /* of all but the first */
};

static void work_hit(struct fixture *f, struct smmu_port *port, uint64_t *seed,
		     uint64_t ops)
{
	struct smmu_txn txn = { .sid = SID_S1 };

	while (ops--) {
		txn.addr = fixture_addr(f, bench_random(seed) % PAGES);
		if (smmu_translate(port, &txn).status != SMMU_OK)
			abort();
	}
}

static void work_dma(struct fixture *f, struct smmu_port *port, uint64_t *seed,
		     uint64_t ops)
{
	struct smmu_txn txn = { .sid = SID_S1 };
	uint64_t data[8];

	while (ops--) {
		txn.addr = fixture_addr(f, bench_random(seed) % PAGES);
		if (smmu_dma(port, &txn, data, sizeof(data), NULL).status != SMMU_OK)
			abort();
	}
}

static void work_tlbi(struct fixture *f, struct smmu_port *port, uint64_t *seed,
		      uint64_t ops)
{
	(void)port;
	for (uint64_t i = 0; i < ops; i++) {
		uint64_t cmd[2] = { 0, 0 };

		smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_TLBI_NH_VA);
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_VMID, VMID);
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_ASID, ASID + 1);
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_Leaf, 1);
		smmu_set_addr(cmd, SMMU_CMD_TLBI_NH_VA_Address,
			      f->iova + (*seed)++ % PAGES * 4096);
		fixture_push(f, cmd);
		if (i % BATCH == BATCH - 1 || i + 1 == ops)
			fixture_sync(f);
	}
}

static void run(struct crew *crew, void *ctx, unsigned index, uint64_t ops)
{
	struct state *s = ctx;
	unsigned me = index + 1;

	(void)crew;
	s->work(s->f[me], s->port[me], &s->at[me].seed, ops);
}

static void teardown(void *state)
{
	struct state *s = state;

	crew_end(s->crew);
	for (unsigned i = s->n; i--;) {
		bool own = i == 0 || s->f[i] != s->f[0];

		smmu_port_close(s->port[i]);
		if (s->f[i] && own)
			fixture_destroy(s->f[i]);
	}
	free(s);
}

static bool setup(const struct bench_case *c, void **out, work_fn work, bool apart)
{
	struct state *s;

	if (bench_processors() < c->param)
		return bench_skip("wants a processor for each thread");
	s = aligned_alloc(64, sizeof(*s));
	if (!s)
		return false;
	*s = (struct state){ .work = work };
	for (; s->n < c->param; s->n++) {
		struct fixture_config cfg = { .pages = PAGES,
					      .tlb_entries = PAGES * 4,
					      .beside = s->f[0] };

		s->f[s->n] = s->n && !apart ? s->f[0] : fixture_build(&cfg);
		if (!s->f[s->n] || !fixture_fill(s->f[s->n], SID_S1, PAGES))
			goto fail;
		s->port[s->n] = smmu_port_open(s->f[s->n]->smmu);
		s->at[s->n].seed = s->n + 1;
	}
	s->crew = crew_start(s->n - 1, run, s);
	if (!s->crew)
		goto fail;
	*out = s;
	return true;
fail:
	s->n += s->n < c->param;
	teardown(s);
	return false;
}

static void sample(const struct bench_case *c, void *state, uint64_t ops,
		   struct stopwatch *w)
{
	struct state *s = state;
	uint64_t share = (ops + s->n - 1) / s->n;

	(void)c;
	stopwatch_start(w);
	crew_go(s->crew, share);
	s->work(s->f[0], s->port[0], &s->at[0].seed, share);
	crew_wait(s->crew);
	stopwatch_stop(w, share * s->n);
}

#define SETUP(id, work, apart)                                                           \
	static bool setup_##id(const struct bench_case *c, void **out)                   \
	{                                                                                \
		return setup(c, out, work, apart);                                       \
	}
SETUP(hit, work_hit, false)
SETUP(hit_apart, work_hit, true)
SETUP(dma, work_dma, false)
SETUP(tlbi, work_tlbi, true)

#define CASE(name_, what_, n, id)                                                        \
	{                                                                                \
		"ports/" name_, what_, n, setup_##id, sample, teardown                   \
	}

static const struct bench_case cases[] = {
	CASE("hit/1", "TLB hits over 4096 pages, one thread", 1, hit),
	CASE("hit/2", "... two threads, a port each of one SMMU", 2, hit),
	CASE("hit/4", "... four threads, a port each of one SMMU", 4, hit),
	CASE("hit_apart/2", "... two threads, an SMMU each on one bus", 2, hit_apart),
	CASE("dma_64/1", "DMA reads of 64 bytes over 4096 pages, one thread", 1, dma),
	CASE("dma_64/2", "... two threads, a port each of one SMMU", 2, dma),
	CASE("tlbi/1", "TLBI_NH_VA of what is not there, 64 + SYNC, one thread", 1, tlbi),
	CASE("tlbi_apart/2", "... two threads, an SMMU each on one bus", 2, tlbi),
};
const struct bench_suite suite_ports = { cases, sizeof(cases) / sizeof(cases[0]) };
