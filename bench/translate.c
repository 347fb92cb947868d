/* SPDX-License-Identifier: MIT */
/*
 * What a translation costs: hits over working sets, misses by depth and by size of
 * page, and DMA, which moves data as well.
 */
#include <stdlib.h>
#include "bench.h"
#include "fixture.h"

struct state {
	struct fixture *f;
	uint32_t sid;
	uint32_t bytes; /* of a DMA */
	uint8_t op;
	uint64_t seed, sum;
	uint8_t data[64];
};

static void teardown(void *state)
{
	struct state *s = state;

	if (s->f)
		fixture_destroy(s->f);
	free(s);
}

/* Each translation of the working set once; how many in a hundred hit. */
static unsigned hits_percent(struct state *s)
{
	struct smmu_stats before, after;

	smmu_stats_read(s->f->smmu, &before);
	if (!fixture_fill(s->f, s->sid, s->f->pages))
		return 0;
	smmu_stats_read(s->f->smmu, &after);
	return (unsigned)((after.tlb_hits - before.tlb_hits) * 100 / s->f->pages);
}

static struct state *start(uint32_t sid, const struct fixture_config *cfg)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->sid = sid;
	s->seed = 0x9e3779b97f4a7c15u;
	s->f = fixture_build(cfg);
	if (s->f && fixture_fill(s->f, sid, s->f->pages))
		return s;
	teardown(s);
	return NULL;
}

/* Room for the working set four times over, so that a hit is a hit. */
static bool setup_hit(const struct bench_case *c, void **out, uint32_t sid,
		      const char *option)
{
	struct fixture_config cfg = { .pages = c->param,
				      .tlb_entries = (uint32_t)c->param * 4,
				      .option = option };
	struct state *s = start(sid, &cfg);

	if (!s)
		return false;
	if (hits_percent(s) < 99) {
		teardown(s);
		return bench_skip("the working set does not stay in the TLB");
	}
	*out = s;
	return true;
}

static bool setup_dma(const struct bench_case *c, void **out, uint32_t bytes, uint8_t op)
{
	struct state *s;

	if (!setup_hit(c, out, SID_S1, NULL))
		return false;
	s = *out;
	s->bytes = bytes;
	s->op = op;
	/* The host gives memory when it is first written: not on the clock. */
	for (uint64_t i = 0; i < c->param; i++)
		if (smmu_bus_write64(s->f->bus, FIXTURE_DATA + i * 4096, i, NULL))
			abort();
	return true;
}

/*
 * A TLB far smaller than the working set: each is a miss, with its insertion. Walk
 * caches share it: with them it has room for the tables, and a few leaves more hit.
 */
static bool setup_miss(const struct bench_case *c, void **out, uint32_t sid,
		       unsigned page_bits, const char *option)
{
	struct fixture_config cfg = { .pages = c->param,
				      .tlb_entries = option ? 256 : 16,
				      .page_bits = page_bits,
				      .option = option };
	struct state *s = start(sid, &cfg);

	if (!s)
		return false;
	if (hits_percent(s) > (option ? 7 : 1)) {
		teardown(s);
		return bench_skip("translations hit that were to miss");
	}
	*out = s;
	return true;
}

#define HIT(id, sid, option)                                                             \
	static bool setup_hit_##id(const struct bench_case *c, void **out)               \
	{                                                                                \
		return setup_hit(c, out, sid, option);                                   \
	}
HIT(s1, SID_S1, NULL)
HIT(s2, SID_S2, NULL)
HIT(nested, SID_NESTED, NULL)
HIT(no_utlb, SID_S1, "no_utlb")

#define DMA(id, bytes, op)                                                               \
	static bool setup_##id(const struct bench_case *c, void **out)                   \
	{                                                                                \
		return setup_dma(c, out, bytes, op);                                     \
	}
DMA(read_8, 8, SMMU_READ)
DMA(read_64, 64, SMMU_READ)
DMA(write_8, 8, SMMU_WRITE)
DMA(write_64, 64, SMMU_WRITE)

#define MISS(id, sid, bits, option)                                                      \
	static bool setup_miss_##id(const struct bench_case *c, void **out)              \
	{                                                                                \
		return setup_miss(c, out, sid, bits, option);                            \
	}
MISS(s1_4k, SID_S1, 12, NULL)
MISS(s1_2m, SID_S1, 21, NULL)
MISS(s1_1g, SID_S1, 30, NULL)
MISS(s1_4k_walk, SID_S1, 12, "walk_cache")
MISS(s2_4k, SID_S2, 12, NULL)
MISS(s2_2m, SID_S2, 21, NULL)
MISS(s2_1g, SID_S2, 30, NULL)
MISS(s2_4k_walk, SID_S2, 12, "walk_cache")
MISS(nested_4k, SID_NESTED, 12, NULL)
MISS(nested_2m, SID_NESTED, 21, NULL)
MISS(nested_1g, SID_NESTED, 30, NULL)
MISS(nested_4k_walk, SID_NESTED, 12, "walk_cache")

static void sample(const struct bench_case *c, void *state, uint64_t ops,
		   struct stopwatch *w)
{
	struct state *s = state;
	struct smmu_txn txn = { .sid = s->sid };
	uint64_t sum = 0, seed = s->seed, mask = c->param - 1;

	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++) {
		txn.addr = fixture_addr(s->f, bench_random(&seed) & mask);
		sum += smmu_translate(s->f->port, &txn).pa;
	}
	stopwatch_stop(w, ops);
	s->seed = seed;
	s->sum += sum; /* so that the work cannot be left out */
}

static void sample_dma(const struct bench_case *c, void *state, uint64_t ops,
		       struct stopwatch *w)
{
	struct state *s = state;
	struct smmu_txn txn = { .sid = s->sid, .op = s->op };
	uint64_t seed = s->seed, mask = c->param - 1, bad = 0;

	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++) {
		txn.addr = fixture_addr(s->f, bench_random(&seed) & mask);
		bad += smmu_dma(s->f->port, &txn, s->data, s->bytes, NULL).status;
	}
	stopwatch_stop(w, ops);
	s->seed = seed;
	if (bad != SMMU_OK)
		abort();
}

#define CASE(name_, what_, pages, id)                                                    \
	{                                                                                \
		"translate/" name_, what_, pages, setup_##id, sample, teardown           \
	}
#define DMA4(name_, what_, id)                                                           \
	{                                                                                \
		"dma/" name_ "/1",                                                       \
		what_ ", TLB hit, the same page",                                        \
		1,                                                                       \
		setup_##id,                                                              \
		sample_dma,                                                              \
		teardown                                                                 \
	},                                                                               \
		{ "dma/" name_ "/64",                                                    \
		  what_ ", TLB hit, random over 64 pages",                               \
		  64,                                                                    \
		  setup_##id,                                                            \
		  sample_dma,                                                            \
		  teardown },                                                            \
		{ "dma/" name_ "/4k",                                                    \
		  what_ ", TLB hit, random over 4096 pages",                             \
		  4096,                                                                  \
		  setup_##id,                                                            \
		  sample_dma,                                                            \
		  teardown },                                                            \
	{                                                                                \
		"dma/" name_ "/64k", what_ ", TLB hit, random over 65536 pages", 65536,  \
			setup_##id, sample_dma, teardown                                 \
	}

static const struct bench_case cases[] = {
	CASE("hit/1", "TLB hit, stage 1, the same page", 1, hit_s1),
	CASE("hit/64", "TLB hit, stage 1, random over 64 pages", 64, hit_s1),
	CASE("hit/4k", "TLB hit, stage 1, random over 4096 pages", 4096, hit_s1),
	CASE("hit/64k", "TLB hit, stage 1, random over 65536 pages", 65536, hit_s1),
	CASE("hit/1m", "TLB hit, stage 1, random over 1048576 pages", 1048576, hit_s1),
	CASE("hit_s2/4k", "TLB hit, stage 2, random over 4096 pages", 4096, hit_s2),
	CASE("hit_nested/4k", "TLB hit, both stages, random over 4096 pages", 4096,
	     hit_nested),
	CASE("hit_nested/64k", "TLB hit, both stages, random over 65536 pages", 65536,
	     hit_nested),
	CASE("hit_no_utlb/4k", "TLB hit of a port without micro-TLB, over 4096 pages",
	     4096, hit_no_utlb),
	CASE("miss_s1/4k", "TLB miss, stage 1, 4 levels, 4096 pages of 4 KiB", 4096,
	     miss_s1_4k),
	CASE("miss_s1/2m", "TLB miss, stage 1, 3 levels, 4096 blocks of 2 MiB", 4096,
	     miss_s1_2m),
	CASE("miss_s1/1g", "TLB miss, stage 1, 2 levels, 4096 blocks of 1 GiB", 4096,
	     miss_s1_1g),
	CASE("miss_s1/4k_far", "TLB miss, stage 1, 4 levels, 1048576 pages of 4 KiB",
	     1048576, miss_s1_4k),
	CASE("miss_s1/4k_walk", "the 4096 pages, tables on the way cached", 4096,
	     miss_s1_4k_walk),
	CASE("miss_s2/4k", "TLB miss, stage 2, 4 levels, 4096 pages of 4 KiB", 4096,
	     miss_s2_4k),
	CASE("miss_s2/2m", "TLB miss, stage 2, 3 levels, 4096 blocks of 2 MiB", 4096,
	     miss_s2_2m),
	CASE("miss_s2/1g", "TLB miss, stage 2, 2 levels, 4096 blocks of 1 GiB", 4096,
	     miss_s2_1g),
	CASE("miss_s2/4k_walk", "the 4096 pages, tables on the way cached", 4096,
	     miss_s2_4k_walk),
	CASE("miss_nested/4k", "TLB miss, both stages, 24 reads, 4096 pages of 4 KiB",
	     4096, miss_nested_4k),
	CASE("miss_nested/2m", "TLB miss, both stages of 2 MiB, 4096 blocks", 4096,
	     miss_nested_2m),
	CASE("miss_nested/1g", "TLB miss, both stages of 1 GiB, 4096 blocks", 4096,
	     miss_nested_1g),
	CASE("miss_nested/4k_walk", "both stages, 4096 pages, tables on the way cached",
	     4096, miss_nested_4k_walk),
	DMA4("read_8", "DMA read of 8 bytes", read_8),
	DMA4("read_64", "DMA read of 64 bytes", read_64),
	DMA4("write_8", "DMA write of 8 bytes", write_8),
	DMA4("write_64", "DMA write of 64 bytes", write_64),
};
const struct bench_suite suite_translate = { cases, sizeof(cases) / sizeof(cases[0]) };
