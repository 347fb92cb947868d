/* SPDX-License-Identifier: MIT */
/*
 * What ATS costs: DMA of a function that hits its ATC, a Translation Request, and
 * CMD_ATC_INV as a driver submits them, batches of 64 and a CMD_SYNC, with so many
 * functions behind the SMMU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <smmulator/pcie.h>
#include "bench.h"
#include "fixture.h"

enum { PAGES = 64 };

struct state {
	struct fixture *f;
	struct smmu_pcie *fn; /* SID_S1; NULL: functions that only answer */
	uint64_t functions;   /* attached at 64 and on */
	uint64_t seed;
};

static int answer(void *ctx, const struct smmu_atc_inv *inv)
{
	(void)ctx;
	(void)inv;
	return SMMU_ATC_DONE;
}

static const struct smmu_ats_ops answers = { .invalidate = answer };

static void teardown(void *state)
{
	struct state *s = state;

	if (s->f && !fixture_idle(s->f)) {
		fputs("bench: the SMMU refused a command of this case\n", stderr);
		abort();
	}
	smmu_pcie_destroy(s->fn);
	for (uint64_t i = 0; i < s->functions; i++)
		(void)smmu_ats_detach(s->f->smmu, (uint32_t)(64 + i));
	if (s->f)
		fixture_destroy(s->f);
	free(s);
}

static struct state *start(void)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->seed = 88172645463325252u;
	s->f = fixture_create_ats(PAGES, 4096);
	if (s->f && fixture_fill(s->f, SID_S1, PAGES))
		return s;
	if (s->f)
		fixture_destroy(s->f);
	free(s);
	return NULL;
}

static bool setup_function(const struct bench_case *c, void **out)
{
	struct smmu_pcie_config cfg = { .size = sizeof(cfg), .ats = true, .sid = SID_S1 };
	struct state *s = start();

	(void)c;
	if (!s)
		return false;
	cfg.smmu = s->f->smmu;
	if (smmu_pcie_create(&s->fn, &cfg) || smmu_pcie_enable_ats(s->fn, 12)) {
		teardown(s);
		return false;
	}
	smmu_pcie_set_master(s->fn, true);
	*out = s;
	return true;
}

static bool setup_many(const struct bench_case *c, void **out)
{
	struct state *s = start();

	if (!s)
		return false;
	for (; s->functions < c->param; s->functions++)
		if (smmu_ats_attach(s->f->smmu, (uint32_t)(64 + s->functions), &answers,
				    s)) {
			teardown(s);
			return false;
		}
	*out = s;
	return true;
}

static uint64_t page(struct state *s)
{
	return FIXTURE_IOVA + (bench_random(&s->seed) % PAGES) * 4096;
}

static void sample_dma(const struct bench_case *c, void *state, uint64_t ops,
		       struct stopwatch *w)
{
	struct state *s = state;
	uint64_t data = 0;
	struct smmu_pcie_dma dma = { .op = SMMU_READ, .buf = &data, .len = sizeof(data) };

	(void)c;
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++) {
		dma.addr = page(s);
		if (smmu_pcie_dma(s->fn, &dma, NULL))
			abort();
	}
	stopwatch_stop(w, ops);
}

static void sample_request(const struct bench_case *c, void *state, uint64_t ops,
			   struct stopwatch *w)
{
	struct state *s = state;
	struct smmu_ats_request req = { .sid = SID_S1 };

	(void)c;
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++) {
		req.addr = page(s);
		if (!smmu_ats_request(s->f->port, &req).read)
			abort();
	}
	stopwatch_stop(w, ops);
}

static void sample_inv(const struct bench_case *c, void *state, uint64_t ops,
		       struct stopwatch *w)
{
	struct state *s = state;
	uint64_t cmd[2] = { 0, 0 }, sync[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_ATC_INV);
	smmu_set(sync, SMMU_CMD_OPCODE, SMMU_OP_SYNC);
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++) {
		smmu_set(cmd, SMMU_CMD_ATC_INV_StreamID, 64 + i % c->param);
		smmu_set_addr(cmd, SMMU_CMD_ATC_INV_Address, page(s));
		fixture_push(s->f, cmd);
		if (i % BATCH == BATCH - 1 || i + 1 == ops) {
			fixture_push(s->f, sync);
			fixture_ring(s->f);
		}
	}
	stopwatch_stop(w, ops);
}

static const struct bench_case cases[] = {
	{ "ats/atc_hit", "DMA of 8 bytes through an ATC that holds the page", 0,
	  setup_function, sample_dma, teardown },
	{ "ats/request", "Translation Request that hits the SMMU's TLB", 0, setup_many,
	  sample_request, teardown },
	{ "ats/atc_inv/1", "ATC_INV, batches of 64 + SYNC, 1 function", 1, setup_many,
	  sample_inv, teardown },
	{ "ats/atc_inv/64", "ATC_INV, batches of 64 + SYNC, 64 functions", 64, setup_many,
	  sample_inv, teardown },
	{ "ats/atc_inv/4096", "ATC_INV, batches of 64 + SYNC, 4096 functions", 4096,
	  setup_many, sample_inv, teardown },
};
const struct bench_suite suite_ats = { cases, sizeof(cases) / sizeof(cases[0]) };
