/* SPDX-License-Identifier: MIT */
/*
 * What a live TLB entry takes of the host's memory, and an SMMU and a port without
 * any. By the allocator's own books, so that only what the library asked for counts.
 */
#include <malloc.h>
#include <stdlib.h>
#include "bench.h"
#include "fixture.h"

static uint64_t in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* Two SMMUs on one bus, all tables in RAM that was there before: they differ in TLB. */
struct state {
	struct fixture *f;
	uint64_t bytes, entries;
};

static void teardown(void *state)
{
	struct state *s = state;

	if (s->f)
		fixture_destroy(s->f);
	free(s);
}

/* What the whole SMMU takes with a TLB of so many entries, all filled as far as goes. */
static uint64_t cost(struct state *s, uint64_t pages, uint32_t tlb_entries,
		     uint64_t *live)
{
	struct fixture_config cfg = { .pages = pages,
				      .tlb_entries = tlb_entries,
				      .beside = s->f };
	struct smmu_stats before, after;
	uint64_t bytes = in_use();
	struct fixture *f = fixture_build(&cfg);

	if (!f || !fixture_fill(f, SID_S1, pages))
		abort();
	bytes = in_use() - bytes;
	smmu_stats_read(f->smmu, &before);
	fixture_fill(f, SID_S1, pages);
	smmu_stats_read(f->smmu, &after);
	*live = after.tlb_hits - before.tlb_hits;
	fixture_destroy(f);
	return bytes;
}

static bool setup_entry(const struct bench_case *c, void **out)
{
	struct state *s = calloc(1, sizeof(*s));
	uint64_t live, none, small;

	if (!s)
		return false;
	s->f = fixture_create(1, 1);
	if (!s->f) {
		teardown(s);
		return false;
	}
	small = cost(s, 1, 1, &none);
	s->bytes = cost(s, c->param, (uint32_t)c->param, &live) - small;
	s->entries = live;
	*out = s;
	return true;
}

static bool setup_smmu(const struct bench_case *c, void **out)
{
	struct state *s = calloc(1, sizeof(*s));
	uint64_t none;

	(void)c;
	if (!s)
		return false;
	s->f = fixture_create(1, 1);
	if (!s->f) {
		teardown(s);
		return false;
	}
	s->bytes = cost(s, 1, 1, &none);
	s->entries = 1;
	*out = s;
	return true;
}

static bool setup_port(const struct bench_case *c, void **out)
{
	struct state *s = calloc(1, sizeof(*s));
	struct smmu_port *port;

	(void)c;
	if (!s)
		return false;
	s->f = fixture_create(1, 4096);
	if (!s->f) {
		teardown(s);
		return false;
	}
	s->bytes = in_use();
	port = smmu_port_open(s->f->smmu);
	s->bytes = in_use() - s->bytes;
	smmu_port_close(port);
	s->entries = 1;
	*out = s;
	return true;
}

/* Bytes stand where ns stand elsewhere. */
static void sample(const struct bench_case *c, void *state, uint64_t ops,
		   struct stopwatch *w)
{
	struct state *s = state;

	(void)c;
	(void)ops;
	w->ns += s->bytes;
	w->ops += s->entries;
}

static const struct bench_case cases[] = {
	{ "memory/entry/4k",
	  "bytes for each live entry, a TLB of 4096 with as many pages", 4096,
	  setup_entry, sample, teardown },
	{ "memory/entry/64k", "... a TLB of 65536 with as many pages", 65536, setup_entry,
	  sample, teardown },
	{ "memory/entry/1m", "... a TLB of 1048576 with as many pages", 1048576,
	  setup_entry, sample, teardown },
	{ "memory/smmu", "bytes of an SMMU with a TLB of one entry, and a port", 0,
	  setup_smmu, sample, teardown },
	{ "memory/port", "bytes of one more port", 0, setup_port, sample, teardown },
};
const struct bench_suite suite_memory = { cases, sizeof(cases) / sizeof(cases[0]) };
