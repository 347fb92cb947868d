/* SPDX-License-Identifier: MIT */
/*
 * What invalidations cost, through the command queue as a driver submits them:
 * batches of 64 and a CMD_SYNC, with so many live TLB entries. By-address cases
 * name live pages, each once; what they removed is put back off the clock.
 */
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "fixture.h"

enum { BATCH = 64 };

struct state {
	struct fixture *f;
	unsigned op;	/* SMMU_OP_* */
	uint64_t range; /* pages named by one range command; 0: no range form */
	uint64_t step;	/* stride through the live pages, odd: visits each once */
	uint32_t sid;
};

struct kind {
	unsigned op;
	uint64_t range;
	uint32_t sid;
};

static bool setup(const struct bench_case *c, void **out, struct kind k)
{
	struct state *s = calloc(1, sizeof(*s));
	uint64_t live = c->param;

	if (!s)
		return false;
	*s = (struct state){ .op = k.op,
			     .range = k.range,
			     .sid = k.sid ? k.sid : SID_S1 };
	s->step = (live * 5 / 8) | 1;
	s->f = fixture_create(live ? live : 1, live < 1024 ? 4096 : (uint32_t)live * 4);
	if (s->f && (!live || fixture_fill(s->f, s->sid))) {
		*out = s;
		return true;
	}
	if (s->f)
		fixture_destroy(s->f);
	free(s);
	return false;
}

static void teardown(void *state)
{
	struct state *s = state;

	if (!fixture_idle(s->f)) {
		fputs("bench: the SMMU refused a command of this case\n", stderr);
		abort();
	}
	fixture_destroy(s->f);
	free(s);
}

/* log2 for the range encoding: range == 2^SCALE pages with NUM == 0, TTL 3. */
static unsigned scale_of(uint64_t pages)
{
	unsigned scale = 0;

	while (pages >> (scale + 1))
		scale++;
	return scale;
}

static void build(const struct state *s, uint64_t page, uint64_t cmd[2])
{
	uint64_t addr = FIXTURE_IOVA + page * 4096;

	cmd[0] = cmd[1] = 0;
	smmu_set(cmd, SMMU_CMD_SYNC_OPCODE, s->op);
	switch (s->op) {
	case SMMU_OP_TLBI_NH_VA:
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_ASID, ASID);
		/* fall through */
	case SMMU_OP_TLBI_NH_VAA:
	case SMMU_OP_TLBI_S2_IPA:
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_VMID, VMID);
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_Leaf, 1);
		smmu_set_addr(cmd, SMMU_CMD_TLBI_NH_VA_Address, addr);
		if (s->range) {
			smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_SCALE, scale_of(s->range));
			smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_TTL, 3);
			smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_TG, 1);
		}
		break;
	case SMMU_OP_TLBI_NH_ASID:
		smmu_set(cmd, SMMU_CMD_TLBI_NH_ASID_ASID, ASID);
		/* fall through */
	case SMMU_OP_TLBI_NH_ALL:
	case SMMU_OP_TLBI_S12_VMALL:
		smmu_set(cmd, SMMU_CMD_TLBI_NH_ALL_VMID, VMID);
		break;
	case SMMU_OP_CFGI_STE:
	case SMMU_OP_CFGI_CD:
		smmu_set(cmd, SMMU_CMD_CFGI_STE_StreamID, s->sid);
		smmu_set(cmd, SMMU_CMD_CFGI_STE_Leaf, 1);
		break;
	default:
		break;
	}
}

static void push_sync(struct fixture *f)
{
	uint64_t sync[2] = { 0, 0 };

	smmu_set(sync, SMMU_CMD_SYNC_OPCODE, SMMU_OP_SYNC);
	fixture_push(f, sync);
}

/* By address: distinct live pages (or, with none live, pages that miss). */
static void sample_va(const struct bench_case *c, void *state, uint64_t ops,
		      struct stopwatch *w)
{
	struct state *s = state;
	uint64_t live = c->param, span = s->range ? s->range : 1;
	uint64_t units = live / span, at = 0, cmd[2];

	if (units && ops > units)
		ops = units;
	for (uint64_t done = 0; done < ops;) {
		uint64_t n = ops - done < BATCH ? ops - done : BATCH;

		stopwatch_start(w);
		for (uint64_t i = 0; i < n; i++) {
			build(s, at * span, cmd);
			fixture_push(s->f, cmd);
			at = units ? (at + s->step) % units : (at + 1) & 4095;
		}
		push_sync(s->f);
		fixture_ring(s->f);
		stopwatch_stop(w, n);
		done += n;
	}
	if (live && !fixture_fill(s->f, s->sid))
		abort();
}

/* By context or all: what is live stays the same for each command of a sample. */
static void sample_all(const struct bench_case *c, void *state, uint64_t ops,
		       struct stopwatch *w)
{
	struct state *s = state;
	uint64_t cmd[2];

	if (ops > BATCH * 16)
		ops = BATCH * 16;
	build(s, 0, cmd);
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++) {
		fixture_push(s->f, cmd);
		if (i % BATCH == BATCH - 1) {
			push_sync(s->f);
			fixture_ring(s->f);
		}
	}
	push_sync(s->f);
	fixture_ring(s->f);
	stopwatch_stop(w, ops);
	if (c->param && !fixture_fill(s->f, s->sid))
		abort();
}

static void sample_sync(const struct bench_case *c, void *state, uint64_t ops,
			struct stopwatch *w)
{
	struct state *s = state;

	(void)c;
	stopwatch_start(w);
	for (uint64_t i = 0; i < ops; i++) {
		push_sync(s->f);
		fixture_ring(s->f);
	}
	stopwatch_stop(w, ops);
}

#define SETUP(id, ...)                                                                   \
	static bool setup_##id(const struct bench_case *c, void **out)                   \
	{                                                                                \
		return setup(c, out, (struct kind){ __VA_ARGS__ });                      \
	}
SETUP(va, SMMU_OP_TLBI_NH_VA, 0, 0)
SETUP(vaa, SMMU_OP_TLBI_NH_VAA, 0, 0)
SETUP(ipa, SMMU_OP_TLBI_S2_IPA, 0, SID_S2)
SETUP(ril16, SMMU_OP_TLBI_NH_VA, 16, 0)
SETUP(ril512, SMMU_OP_TLBI_NH_VA, 512, 0)
SETUP(asid, SMMU_OP_TLBI_NH_ASID, 0, 0)
SETUP(nh_all, SMMU_OP_TLBI_NH_ALL, 0, 0)
SETUP(vmall, SMMU_OP_TLBI_S12_VMALL, 0, SID_NESTED)
SETUP(nsnh, SMMU_OP_TLBI_NSNH_ALL, 0, 0)
SETUP(ste, SMMU_OP_CFGI_STE, 0, 0)
SETUP(cd, SMMU_OP_CFGI_CD, 0, 0)
SETUP(sync, SMMU_OP_SYNC, 0, 0)

#define VA(name_, what_, live, id)                                                       \
	{                                                                                \
		"tlbi/" name_, what_, live, setup_##id, sample_va, teardown              \
	}
#define ALL(name_, what_, live, id)                                                      \
	{                                                                                \
		name_, what_, live, setup_##id, sample_all, teardown                     \
	}
#define LIVE4(name_, what_, id)                                                          \
	VA(name_ "/0", what_ ", nothing live", 0, id),                                   \
		VA(name_ "/1k", what_ ", 1024 live entries", 1024, id),                  \
		VA(name_ "/64k", what_ ", 65536 live entries", 65536, id)

static const struct bench_case cases[] = {
	LIVE4("nh_va", "TLBI_NH_VA, batches of 64 + SYNC", va),
	VA("nh_va/1m", "TLBI_NH_VA, batches of 64 + SYNC, 1048576 live entries", 1048576,
	   va),
	LIVE4("nh_vaa", "TLBI_NH_VAA, batches of 64 + SYNC", vaa),
	LIVE4("s2_ipa", "TLBI_S2_IPA, batches of 64 + SYNC", ipa),
	VA("ril_16/64k", "TLBI_NH_VA range of 16 pages, 65536 live entries", 65536,
	   ril16),
	VA("ril_512/64k", "TLBI_NH_VA range of 512 pages, 65536 live entries", 65536,
	   ril512),
	ALL("tlbi/nh_asid/64", "TLBI_NH_ASID, 64 live entries", 64, asid),
	ALL("tlbi/nh_asid/64k", "TLBI_NH_ASID, 65536 live entries", 65536, asid),
	ALL("tlbi/nh_all/64k", "TLBI_NH_ALL, 65536 live entries", 65536, nh_all),
	ALL("tlbi/s12_vmall/64k", "TLBI_S12_VMALL, 65536 live nested entries", 65536,
	    vmall),
	ALL("tlbi/nsnh_all/64k", "TLBI_NSNH_ALL, 65536 live entries", 65536, nsnh),
	ALL("cfgi/ste", "CFGI_STE of a cached stream", 1, ste),
	ALL("cfgi/cd", "CFGI_CD of a cached context", 1, cd),
	{ "sync", "CMD_SYNC alone, one a doorbell", 0, setup_sync, sample_sync,
	  teardown },
};
const struct bench_suite suite_invalidate = { cases, sizeof(cases) / sizeof(cases[0]) };
