/* SPDX-License-Identifier: MIT */
/* What a translation costs: hits over working sets, and misses by depth. */
#include <stdlib.h>
#include "bench.h"
#include "fixture.h"

struct state {
	struct fixture *f;
	uint32_t sid;
	uint64_t seed;
};

static bool setup(const struct bench_case *c, void **out, uint32_t sid,
		  uint32_t tlb_entries)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return false;
	s->sid = sid;
	s->seed = 0x9e3779b97f4a7c15u;
	s->f = fixture_create(c->param, tlb_entries);
	if (!s->f) {
		free(s);
		return false;
	}
	*out = s;
	if (fixture_fill(s->f, sid))
		return true;
	fixture_destroy(s->f);
	free(s);
	return false;
}

/* Room for the working set four times over, so that a hit is a hit. */
static bool setup_hit_s1(const struct bench_case *c, void **out)
{
	return setup(c, out, SID_S1, (uint32_t)c->param * 4);
}

static bool setup_hit_nested(const struct bench_case *c, void **out)
{
	return setup(c, out, SID_NESTED, (uint32_t)c->param * 4);
}

/* A TLB far smaller than the pages that are visited in turn: each one misses. */
static bool setup_miss_s1(const struct bench_case *c, void **out)
{
	return setup(c, out, SID_S1, 16);
}

static bool setup_miss_s2(const struct bench_case *c, void **out)
{
	return setup(c, out, SID_S2, 16);
}

static bool setup_miss_nested(const struct bench_case *c, void **out)
{
	return setup(c, out, SID_NESTED, 16);
}

static void sample(const struct bench_case *c, void *state, uint64_t ops,
		   struct stopwatch *w)
{
	struct state *s = state;
	struct smmu_txn txn = { .sid = s->sid };
	uint64_t sum = 0, seed = s->seed, mask = c->param - 1;

	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++) {
		txn.addr = FIXTURE_IOVA + (bench_random(&seed) & mask) * 4096;
		sum += smmu_translate(s->f->port, &txn).pa;
	}
	stopwatch_stop(w, ops);
	s->seed = seed;
	*(volatile uint64_t *)&s->f->pages = s->f->pages + (sum == 1);
}

static void teardown(void *state)
{
	struct state *s = state;

	fixture_destroy(s->f);
	free(s);
}

#define CASE(name_, what_, pages, setup_)                                                \
	{                                                                                \
		"translate/" name_, what_, pages, setup_, sample, teardown               \
	}

static const struct bench_case cases[] = {
	CASE("hit/1", "TLB hit, stage 1, the same page", 1, setup_hit_s1),
	CASE("hit/64", "TLB hit, stage 1, random over 64 pages", 64, setup_hit_s1),
	CASE("hit/4k", "TLB hit, stage 1, random over 4096 pages", 4096, setup_hit_s1),
	CASE("hit/64k", "TLB hit, stage 1, random over 65536 pages", 65536, setup_hit_s1),
	CASE("hit_nested/4k", "TLB hit, both stages, random over 4096 pages", 4096,
	     setup_hit_nested),
	CASE("miss_s1/4k", "TLB miss, stage 1, 4 levels, 4096 pages", 4096,
	     setup_miss_s1),
	CASE("miss_s2/4k", "TLB miss, stage 2, 4 levels, 4096 pages", 4096,
	     setup_miss_s2),
	CASE("miss_nested/4k", "TLB miss, both stages, 24 reads, 4096 pages", 4096,
	     setup_miss_nested),
};
const struct bench_suite suite_translate = { cases, sizeof(cases) / sizeof(cases[0]) };
