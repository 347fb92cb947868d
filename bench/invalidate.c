/* SPDX-License-Identifier: MIT */
/*
 * What invalidations cost, through the command queue as a driver submits them:
 * batches of 64 and a CMD_SYNC, with so many live TLB entries. What a command
 * names is live when it comes: by-address cases name live pages, each once; those by
 * ASID, VMID or StreamID name 64 contexts in turn, which share the live entries.
 * What they removed is put back off the clock. Of commands that take everything the
 * first of a batch finds it live, the other 63 what it has left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <smmulator/ats.h>
#include "bench.h"
#include "fixture.h"

#define ALL_PAGES UINT64_MAX

struct kind {
	unsigned op;	   /* SMMU_OP_* */
	uint64_t range;	   /* pages named by one range command; 0: no range form */
	uint32_t sid;	   /* whose pages are live; 0: those of the contexts */
	unsigned contexts; /* SMMU_STE_CONFIG_* of the contexts; 0: none needed */
};

struct state {
	struct kind k;
	struct fixture *f;
	uint64_t live;
	uint64_t step; /* stride through the live pages, odd: visits each once */
	unsigned functions;
};

static bool is_cfgi(const struct state *s)
{
	return s->k.op == SMMU_OP_CFGI_STE || s->k.op == SMMU_OP_CFGI_CD ||
	       s->k.op == SMMU_OP_CFGI_ALL;
}

/* ---- What is live ---- */

typedef bool (*fill_fn)(struct fixture *f, uint32_t sid, uint64_t pages);

static bool fill(struct state *s, fill_fn fn)
{
	if (s->live && s->k.sid)
		return fn(s->f, s->k.sid, s->live);
	for (uint32_t i = 0; s->live && i < CONTEXTS; i++)
		if (!fn(s->f, SID_CONTEXT + i, s->f->pages))
			return false;
	return true;
}

/* STE and CD of each context cached again, and as few TLB entries as before. */
static bool fill_configuration(struct state *s)
{
	uint64_t cmd[2] = { 0, 0 };

	for (uint32_t i = 0; i < CONTEXTS; i++)
		if (!fixture_fill(s->f, SID_CONTEXT + i, 1))
			return false;
	if (s->live)
		return true;
	smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_TLBI_NSNH_ALL);
	fixture_push(s->f, cmd);
	fixture_sync(s->f);
	return true;
}

/*
 * What runs next has been run, and what the SMMU knows of the contexts is in the host's
 * caches: to fetch it from memory is what putting back so much would cost, not what so
 * many live entries do. For that, an address of each that is not mapped is invalidated.
 */
static void warm(struct state *s)
{
	for (uint32_t i = 0; i < CONTEXTS; i++) {
		uint64_t cmd[2] = { 0, 0 };

		smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_TLBI_NH_VA);
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_ASID, CONTEXT_TAG + i);
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_VMID, CONTEXT_TAG + i);
		fixture_push(s->f, cmd); /* address 0 */
	}
	for (uint32_t i = 0; i < BATCH; i++) {
		uint64_t cmd[2] = { 0, 0 };

		smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_TLBI_NH_ASID);
		smmu_set(cmd, SMMU_CMD_TLBI_NH_ASID_ASID, i); /* nobody's */
		fixture_push(s->f, cmd);
	}
	fixture_sync(s->f);
}

static void put_back(struct state *s)
{
	if (is_cfgi(s) ? !fill_configuration(s) : !fill(s, fixture_fill))
		abort();
	warm(s);
}

static int answer(void *ctx, const struct smmu_atc_inv *inv)
{
	(void)ctx;
	(void)inv;
	return SMMU_ATC_DONE;
}

static const struct smmu_ats_ops answers = { .invalidate = answer };

static bool attach_functions(struct state *s)
{
	for (; s->functions < CONTEXTS; s->functions++)
		if (smmu_ats_attach(s->f->smmu, SID_CONTEXT + s->functions, &answers, s))
			return false;
	return true;
}

static void put_down(struct state *s)
{
	while (s->functions)
		(void)smmu_ats_detach(s->f->smmu, SID_CONTEXT + --s->functions);
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

static bool setup(const struct bench_case *c, void **out, struct kind k)
{
	struct state *s = calloc(1, sizeof(*s));
	struct fixture_config cfg = {
		.tlb_entries = c->param < 4096 ? 16384 : (uint32_t)c->param * 4,
		.pages = k.sid ? c->param : c->param / CONTEXTS,
		.contexts = k.contexts,
		.ats = k.op == SMMU_OP_ATC_INV,
	};

	if (!s)
		return false;
	*s = (struct state){ .k = k, .live = c->param, .step = (c->param * 5 / 8) | 1 };
	if (k.range == ALL_PAGES)
		s->k.range = s->live ? s->live : 1u << 20;
	s->f = fixture_build(&cfg);
	if (!s->f || !fill(s, fixture_fill) ||
	    (k.op == SMMU_OP_ATC_INV && !attach_functions(s)) ||
	    (is_cfgi(s) && !fill_configuration(s))) {
		put_down(s);
		return false;
	}
	if (!fill(s, fixture_live)) {
		put_down(s);
		return bench_skip("so many entries do not stay in the TLB");
	}
	*out = s;
	return true;
}

/* ---- Commands ---- */

/* log2 for the range encoding: range == 2^SCALE pages with NUM == 0, TTL 3. */
static unsigned scale_of(uint64_t pages)
{
	unsigned scale = 0;

	while (pages >> (scale + 1))
		scale++;
	return scale;
}

static void build_address(const struct state *s, uint64_t page, uint64_t cmd[2])
{
	uint64_t addr = s->f->iova + page * 4096;

	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_Leaf, 1);
	smmu_set_addr(cmd, SMMU_CMD_TLBI_NH_VA_Address, addr);
	if (!s->k.range)
		return;
	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_SCALE, scale_of(s->k.range));
	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_TTL, 3);
	smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_TG, 1);
}

/* page: by address; context: the n-th, for the others. */
static void build(const struct state *s, uint64_t page, uint32_t context, uint64_t cmd[2])
{
	cmd[0] = cmd[1] = 0;
	smmu_set(cmd, SMMU_CMD_OPCODE, s->k.op);
	switch (s->k.op) {
	case SMMU_OP_TLBI_NH_VA:
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_ASID, ASID);
		/* fall through */
	case SMMU_OP_TLBI_NH_VAA:
	case SMMU_OP_TLBI_S2_IPA:
		smmu_set(cmd, SMMU_CMD_TLBI_NH_VA_VMID, VMID);
		/* fall through */
	case SMMU_OP_TLBI_EL2_VA:
		build_address(s, page, cmd);
		break;
	case SMMU_OP_TLBI_NH_ASID:
		smmu_set(cmd, SMMU_CMD_TLBI_NH_ASID_ASID, CONTEXT_TAG + context);
		/* fall through */
	case SMMU_OP_TLBI_NH_ALL:
	case SMMU_OP_TLBI_S12_VMALL:
		smmu_set(cmd, SMMU_CMD_TLBI_NH_ALL_VMID, CONTEXT_TAG + context);
		break;
	case SMMU_OP_CFGI_ALL:
		smmu_set(cmd, SMMU_CMD_CFGI_ALL_Range, 31);
		break;
	case SMMU_OP_CFGI_STE:
	case SMMU_OP_CFGI_CD:
		smmu_set(cmd, SMMU_CMD_CFGI_STE_StreamID, SID_CONTEXT + context);
		smmu_set(cmd, SMMU_CMD_CFGI_STE_Leaf, 1);
		break;
	case SMMU_OP_ATC_INV:
		smmu_set(cmd, SMMU_CMD_ATC_INV_StreamID, SID_CONTEXT + context);
		smmu_set_addr(cmd, SMMU_CMD_ATC_INV_Address, s->f->iova);
		break;
	default:
		break;
	}
}

/* ---- Samples ---- */

static void put_back_pages(struct state *s, uint64_t at, uint64_t units, uint64_t span)
{
	while (units--) {
		for (uint64_t i = 0; i < span; i++) {
			struct smmu_txn txn = { .sid = s->k.sid };

			txn.addr = fixture_addr(s->f, at * span + i);
			if (smmu_translate(s->f->port, &txn).status != SMMU_OK)
				abort();
		}
		at = (at + s->step) % (s->live / span);
	}
}

/* By address: distinct live pages (or, with none live, pages that miss). */
static void sample_va(const struct bench_case *c, void *state, uint64_t ops,
		      struct stopwatch *w)
{
	struct state *s = state;
	uint64_t span = s->k.range ? s->k.range : 1;
	uint64_t units = s->live / span, at = 0, cmd[2];

	(void)c;
	if (units && ops > units)
		ops = units;
	for (uint64_t done = 0; done < ops;) {
		uint64_t n = ops - done < BATCH ? ops - done : BATCH;

		stopwatch_start(w);
		for (uint64_t i = 0; i < n; i++) {
			build(s, at * span, 0, cmd);
			fixture_push(s->f, cmd);
			at = units ? (at + s->step) % units : (at + 1) & 4095;
		}
		fixture_sync(s->f);
		stopwatch_stop(w, n);
		done += n;
	}
	stopwatch_done(w);
	if (units)
		put_back_pages(s, 0, ops, span);
}

/* By context or all: the contexts in turn, and everything put back for each batch. */
static void sample_context(const struct bench_case *c, void *state, uint64_t ops,
			   struct stopwatch *w)
{
	struct state *s = state;
	uint64_t most = s->live > 1024 && !is_cfgi(s) ? BATCH : 16 * BATCH;
	uint64_t cmd[2];

	(void)c;
	/* Putting back takes longer than what is measured: few batches then. */
	if ((s->live || is_cfgi(s)) && ops > most)
		ops = most;
	for (uint64_t done = 0; done < ops; done += BATCH) {
		stopwatch_start(w);
		for (uint32_t i = 0; i < BATCH; i++) {
			build(s, 0, i % CONTEXTS, cmd);
			fixture_push(s->f, cmd);
		}
		fixture_sync(s->f);
		stopwatch_stop(w, BATCH);
		if (done + BATCH >= ops)
			stopwatch_done(w);
		if (s->k.op != SMMU_OP_ATC_INV)
			put_back(s);
	}
}

#define SETUP(id, ...)                                                                   \
	static bool setup_##id(const struct bench_case *c, void **out)                   \
	{                                                                                \
		return setup(c, out, (struct kind){ __VA_ARGS__ });                      \
	}
SETUP(va, SMMU_OP_TLBI_NH_VA, 0, SID_S1, 0)
SETUP(vaa, SMMU_OP_TLBI_NH_VAA, 0, SID_S1, 0)
SETUP(ipa, SMMU_OP_TLBI_S2_IPA, 0, SID_S2, 0)
SETUP(el2_va, SMMU_OP_TLBI_EL2_VA, 0, SID_EL2, 0)
SETUP(ril1, SMMU_OP_TLBI_NH_VA, 1, SID_S1, 0)
SETUP(ril16, SMMU_OP_TLBI_NH_VA, 16, SID_S1, 0)
SETUP(ril512, SMMU_OP_TLBI_NH_VA, 512, SID_S1, 0)
SETUP(rilall, SMMU_OP_TLBI_NH_VA, ALL_PAGES, SID_S1, 0)
SETUP(asid, SMMU_OP_TLBI_NH_ASID, 0, 0, SMMU_STE_CONFIG_S1)
SETUP(nh_all, SMMU_OP_TLBI_NH_ALL, 0, 0, SMMU_STE_CONFIG_S1)
SETUP(vmall, SMMU_OP_TLBI_S12_VMALL, 0, 0, SMMU_STE_CONFIG_NESTED)
SETUP(nsnh, SMMU_OP_TLBI_NSNH_ALL, 0, 0, SMMU_STE_CONFIG_S1)
SETUP(el2_all, SMMU_OP_TLBI_EL2_ALL, 0, SID_EL2, 0)
SETUP(ste, SMMU_OP_CFGI_STE, 0, SID_S1, SMMU_STE_CONFIG_S1)
SETUP(cd, SMMU_OP_CFGI_CD, 0, SID_S1, SMMU_STE_CONFIG_S1)
SETUP(cfgi_all, SMMU_OP_CFGI_ALL, 0, SID_S1, SMMU_STE_CONFIG_S1)
SETUP(atc, SMMU_OP_ATC_INV, 0, SID_S1, 0)

#define CASE(name_, what_, live, id, how)                                                \
	{                                                                                \
		name_, what_, live, setup_##id, sample_##how, teardown                   \
	}
#define LIVE(name_, what_, id, how)                                                      \
	CASE(name_ "/0", what_ ", nothing live", 0, id, how),                            \
		CASE(name_ "/1k", what_ ", 1024 entries live", 1024, id, how),           \
		CASE(name_ "/64k", what_ ", 65536 entries live", 65536, id, how),        \
		CASE(name_ "/1m", what_ ", 1048576 entries live", 1048576, id, how)
/* By context: also with one entry for each. */
#define LIVE64(name_, what_, id)                                                         \
	CASE(name_ "/64", what_ ", 64 entries live", 64, id, context),                   \
		LIVE(name_, what_, id, context)

static const struct bench_case cases[] = {
	LIVE("tlbi/nh_va", "TLBI_NH_VA, batches of 64 + SYNC", va, va),
	LIVE("tlbi/nh_vaa", "TLBI_NH_VAA, batches of 64 + SYNC", vaa, va),
	LIVE("tlbi/s2_ipa", "TLBI_S2_IPA, batches of 64 + SYNC", ipa, va),
	LIVE("tlbi/el2_va", "TLBI_EL2_VA, batches of 64 + SYNC", el2_va, va),
	LIVE("tlbi/ril_1", "TLBI_NH_VA, range of 1 page, batches of 64 + SYNC", ril1, va),
	LIVE("tlbi/ril_16", "TLBI_NH_VA, range of 16 pages, at most 64 + SYNC", ril16,
	     va),
	LIVE("tlbi/ril_512", "TLBI_NH_VA, range of 512 pages, at most 64 + SYNC", ril512,
	     va),
	CASE("tlbi/ril_all/0", "TLBI_NH_VA, range of 1048576 pages, 64 + SYNC", 0, rilall,
	     va),
	CASE("tlbi/ril_all/1k", "TLBI_NH_VA, range of all 1024 live pages + SYNC", 1024,
	     rilall, va),
	CASE("tlbi/ril_all/64k", "TLBI_NH_VA, range of all 65536 live pages + SYNC",
	     65536, rilall, va),
	CASE("tlbi/ril_all/1m", "TLBI_NH_VA, range of all 1048576 live pages + SYNC",
	     1048576, rilall, va),
	LIVE64("tlbi/nh_asid", "TLBI_NH_ASID of 64 ASIDs in turn + SYNC", asid),
	LIVE64("tlbi/nh_all", "TLBI_NH_ALL of 64 VMIDs in turn + SYNC", nh_all),
	LIVE64("tlbi/s12_vmall", "TLBI_S12_VMALL of 64 nested VMIDs in turn + SYNC",
	       vmall),
	LIVE64("tlbi/nsnh_all", "TLBI_NSNH_ALL, 64 + SYNC, the first finds", nsnh),
	LIVE("tlbi/el2_all", "TLBI_EL2_ALL, 64 + SYNC, the first finds", el2_all,
	     context),
	LIVE("cfgi/ste", "CFGI_STE of 64 cached streams in turn + SYNC", ste, context),
	LIVE("cfgi/cd", "CFGI_CD of 64 cached contexts in turn + SYNC", cd, context),
	LIVE("cfgi/all", "CFGI_ALL, 64 + SYNC, the first finds 64 streams", cfgi_all,
	     context),
	LIVE("ats/atc_inv_live", "ATC_INV to 64 functions in turn + SYNC", atc, context),
};
const struct bench_suite suite_invalidate = { cases, sizeof(cases) / sizeof(cases[0]) };
