/* SPDX-License-Identifier: MIT */
/*
 * The model against the interpreter: the same random question to both, cold, and a
 * second one to the same page, warm. Result, output address and attributes, the event
 * record, what both left in the tables, where the model read and with which attributes.
 *
 * test_model_second_opinion [count [first seed]], or SMMU_SECOND_OPINION=count.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "second_opinion.h"

#define EVQ 0xe0000000ull

static unsigned long count = 10000, first = 1;

struct tally {
	unsigned long asked, ok, bypass, silent, raz_wi, by_event[256];
	unsigned long dirtybit, assured, overlay, hardened; /* hardened: translated */
};

/* ---- the memory as the model meets it ---- */

static int complain(struct so_world *w, const char *what, uint64_t pa)
{
	if (!w->complaint) {
		w->complaint = what;
		w->complaint_addr = pa;
	}
	return 0;
}

static bool same_attr(const struct so_cell *c, const struct smmu_attr *a)
{
	const struct smmu_attr *b = &c->want;
	bool cacheable = b->inner <= SMMU_MT_WT || b->outer <= SMMU_MT_WT;

	return a->inner == b->inner && a->outer == b->outer && a->sh == b->sh &&
	       a->pbha == b->pbha && (!c->check_ra || !cacheable || a->ra == b->ra) &&
	       !a->inst && a->priv && a->ns;
}

static int mem_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    const struct smmu_attr *attr)
{
	struct so_world *w = ctx;
	struct so_cell *c = so_find(w, pa);

	memset(buf, 0, len);
	/* CACHE-4, Q-63: nothing is read but what the transaction leads to. */
	if (len != 8 || !c || !c->spec_read)
		return complain(w, "a read that the specification does not make", pa);
	/* GEN-5, STE-48, STE-62 (PTWNNC), 13.9 */
	if (!c->reads_differ && !same_attr(c, attr))
		complain(w, "a read with other attributes", pa);
	if (c->poison)
		return -1;
	memcpy(buf, &c->model, 8);
	return 0;
}

static int mem_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     const struct smmu_attr *attr)
{
	struct so_world *w = ctx;

	(void)attr;
	if (len != 8 || pa < EVQ || pa >= EVQ + sizeof(w->queue))
		return complain(w, "a write that is no event", pa);
	memcpy(&w->queue[(pa - EVQ) / 8], buf, 8);
	return 0;
}

static int mem_cas(void *ctx, uint64_t pa, uint64_t *expected, uint64_t desired,
		   const struct smmu_attr *attr)
{
	struct so_world *w = ctx;
	struct so_cell *c = so_find(w, pa);
	uint64_t old;

	(void)attr;
	if (!c)
		return complain(w, "an update that the specification does not make", pa);
	if (c->wpoison)
		return -1;
	old = c->model;
	if (old == *expected)
		c->model = desired;
	else
		*expected = old;
	return old != c->model || old == desired ? 0 : 1;
}

/* ---- the model ---- */

static void wr32(struct smmu *smmu, uint64_t reg, uint64_t value)
{
	smmu_mmio_write(smmu, reg, 4, value & 0xffffffff);
}

/* As the guest would; what the registers then hold is what the interpreter gets. */
static void program(struct so_world *w, struct smmu *smmu)
{
	smmu_mmio_write(smmu, SMMU_REG_STRTAB_BASE, 8, w->strtab_base);
	wr32(smmu, SMMU_REG_STRTAB_BASE_CFG, w->strtab_cfg);
	wr32(smmu, SMMU_REG_CR1, w->cr1);
	wr32(smmu, SMMU_REG_CR2, w->cr2);
	wr32(smmu, SMMU_REG_GBPA, smmu_reg_set(w->gbpa, SMMU_GBPA_Update, 1));
	smmu_mmio_write(smmu, SMMU_REG_S2PII, 8, w->s2pii);
	w->s2pii = smmu_mmio_read(smmu, SMMU_REG_S2PII, 8);
	smmu_mmio_write(smmu, SMMU_REG_EVENTQ_BASE, 8, EVQ); /* one entry */
	wr32(smmu, SMMU_REG_CR0, w->cr0);
	w->strtab_base = smmu_mmio_read(smmu, SMMU_REG_STRTAB_BASE, 8);
	w->strtab_cfg = smmu_mmio_read(smmu, SMMU_REG_STRTAB_BASE_CFG, 4);
	w->cr1 = smmu_mmio_read(smmu, SMMU_REG_CR1, 4);
	w->cr2 = smmu_mmio_read(smmu, SMMU_REG_CR2, 4);
	w->gbpa = smmu_mmio_read(smmu, SMMU_REG_GBPA, 4);
	w->cr0 = smmu_mmio_read(smmu, SMMU_REG_CR0ACK, 4);
}

/* The transaction is given up, and its STAG given back as SMMUEN goes to 0 (STALL-9). */
static void forget_stall(struct so_world *w, struct smmu *smmu, struct smmu_port *port,
			 uint64_t ticket)
{
	if (smmu_port_cancel(port, ticket) != 0)
		complain(w, "a stalled transaction without a ticket", ticket);
	wr32(smmu, SMMU_REG_CR0, w->cr0 & ~SMMU_MASK(SMMU_CR0_SMMUEN));
	wr32(smmu, SMMU_REG_CR0, w->cr0);
}

static void ask_model(struct so_world *w, struct smmu *smmu, struct smmu_port *port,
		      struct so_opinion *o)
{
	uint64_t prod = smmu_mmio_read(smmu, SMMU_REG_EVENTQ_PROD, 4);
	struct smmu_result res;

	memset(o, 0, sizeof(*o));
	memset(w->queue, 0, sizeof(w->queue));
	res = smmu_translate(port, &w->txn);
	o->status = res.status;
	o->event = res.event;
	o->kind = res.kind;
	o->recorded = smmu_mmio_read(smmu, SMMU_REG_EVENTQ_PROD, 4) != prod;
	if (o->recorded != res.recorded)
		complain(w, "a result and a queue that disagree", prod);
	/* EVT-2: a second record would have overflowed the queue of one entry. */
	if ((smmu_mmio_read(smmu, SMMU_REG_EVENTQ_PROD, 4) ^ prod) >> 31)
		complain(w, "two records", prod);
	memcpy(o->rec, w->queue, sizeof(o->rec));
	if (res.status == SMMU_STALLED)
		forget_stall(w, smmu, port, res.ticket);
	wr32(smmu, SMMU_REG_EVENTQ_CONS, smmu_mmio_read(smmu, SMMU_REG_EVENTQ_PROD, 4));
	if (res.status != SMMU_OK)
		return;
	o->bypass = res.bypass;
	o->pa = res.pa;
	o->ipa = res.ipa;
	o->page_bits = res.bypass ? 0 : res.page_bits;
	o->attr = res.attr;
}

/* ---- comparing ---- */

static void print_words(const char *name, const uint64_t *dw, unsigned n)
{
	fprintf(stderr, "  %s", name);
	for (unsigned i = 0; i < n; i++)
		fprintf(stderr, " %016llx", (unsigned long long)dw[i]);
	fprintf(stderr, "\n");
}

static void print_opinion(const char *who, const struct so_opinion *o)
{
	const struct smmu_attr *a = &o->attr;

	fprintf(stderr,
		"  %s: status %u kind %u event 0x%02x recorded %u bypass %u pa 0x%llx "
		"ipa 0x%llx "
		"2^%u\n    in/out %u/%u sh %u ra %u wa %u tr %u inst %u priv %u ns %u\n",
		who, o->status, o->kind, o->event, o->recorded, o->bypass,
		(unsigned long long)o->pa, (unsigned long long)o->ipa, o->page_bits,
		a->inner, a->outer, a->sh, a->ra, a->wa, a->tr, a->inst, a->priv, a->ns);
	if (o->recorded)
		print_words("  record", o->rec, 4);
}

static void print_txn(const struct smmu_txn *t)
{
	fprintf(stderr,
		"  sid 0x%x ssv %u ssid 0x%x op %u kind %u inst %u priv %u addr 0x%llx\n",
		t->sid, t->ssv, t->ssid, t->op, t->kind, t->inst, t->priv,
		(unsigned long long)t->addr);
}

static void describe(struct so_world *w, unsigned long seed, unsigned round,
		     const struct so_opinion *want, const struct so_opinion *got)
{
	const char *name;
	uint8_t *at;

	fprintf(stderr, "seed %lu, transactions %u: oas %u ias %u", seed, round + 1, w->oas,
		w->ias);
	for (unsigned i = 0; (name = so_knob(w, i, &at)) != NULL; i++)
		if (*at && strcmp(name, "oas") != 0)
			fprintf(stderr, " %s %u", name, *at);
	fprintf(stderr, "\n");
	for (unsigned i = 0; i <= round; i++)
		print_txn(&w->asked[i]);
	if (w->cfg.s2pi)
		print_words("S2PII", &w->s2pii, 1);
	if (w->have_ste)
		print_words("STE", w->ste, 8);
	if (w->have_cd)
		print_words("CD", w->cd, 8);
	print_opinion("specification", want);
	print_opinion("model", got);
	if (w->complaint)
		fprintf(stderr, "  the model made %s: 0x%llx\n", w->complaint,
			(unsigned long long)w->complaint_addr);
	for (unsigned i = 0; i < w->n_used; i++) {
		const struct so_cell *m = &w->cell[w->used[i]];

		if (m->spec != m->model)
			fprintf(stderr, "  0x%llx: 0x%llx, model 0x%llx\n",
				(unsigned long long)m->addr, (unsigned long long)m->spec,
				(unsigned long long)m->model);
		else if (m->spec_read)
			fprintf(stderr, "  0x%llx: 0x%llx%s\n",
				(unsigned long long)m->addr, (unsigned long long)m->init,
				m->poison ? " (abort)" : "");
	}
}

static bool agree(const struct so_world *w, const struct so_opinion *a,
		  const struct so_opinion *b)
{
	bool same = a->status == b->status && a->event == b->event &&
		    (a->kind == b->kind || (a->status == SMMU_ABORT && a->event == 0)) &&
		    a->recorded == b->recorded && a->bypass == b->bypass &&
		    a->pa == b->pa && a->ipa == b->ipa && a->page_bits == b->page_bits &&
		    memcmp(&a->attr, &b->attr, sizeof(a->attr)) == 0 &&
		    memcmp(a->rec, b->rec, sizeof(a->rec)) == 0;

	for (unsigned i = 0; i < w->n_used; i++)
		same = same && w->cell[w->used[i]].spec == w->cell[w->used[i]].model;
	return same && !w->complaint;
}

static void add(struct tally *t, const struct so_world *w, const struct so_opinion *o)
{
	if (o->event == SMMU_EVT_F_PERMISSION) {
		t->dirtybit += o->rec[1] >> 42 & 1;
		t->assured += o->rec[1] >> 43 & 1;
		t->overlay += o->rec[1] >> 45 & 1;
	}
	/* Nested, TL0 and TL1: the tables cannot but be on MRO pages. */
	t->hardened += w->hardened && o->status == SMMU_OK && w->have_cd &&
		       smmu_get(w->ste, SMMU_STE_Config) == 7 &&
		       smmu_get(w->ste, SMMU_STE_TL0) && smmu_get(w->ste, SMMU_STE_TL1);
	t->asked++;
	t->ok += o->status == SMMU_OK;
	t->bypass += o->bypass;
	t->raz_wi += o->status == SMMU_RAZ_WI;
	t->silent += o->status == SMMU_ABORT && o->event == 0;
	t->by_event[o->event]++;
}

/* Another transaction to the same page: what the first left in the caches counts. */
static void vary(struct so_world *w)
{
	uint64_t r = so_rnd(w);

	w->txn.op = (uint8_t)(r % 3);
	w->txn.inst = r >> 8 & 1;
	w->txn.priv = r >> 9 & 1;
	w->txn.kind = (uint8_t)(r >> 16 & 7 ? 0 : (r >> 20 & 63) % (SMMU_KIND_NONE + 1));
	w->txn.addr ^= r >> 32 & 0xff8;
}

/* Who is asked, what was answered last, and in which round. */
struct inquiry {
	struct smmu_bus *bus;
	struct tally *tally; /* or NULL */
	struct so_opinion want, got;
	unsigned round;
};

static bool one_round(struct so_world *w, struct smmu *smmu, struct smmu_port *port,
		      struct inquiry *q)
{
	/* New reads must not be measured by the attributes of the old. */
	for (unsigned i = 0; i < w->n_used; i++)
		w->cell[w->used[i]].spec_read = w->cell[w->used[i]].reads_differ = false;
	if (w->frozen)
		w->txn = w->asked[q->round];
	else if (q->round)
		vary(w);
	w->asked[q->round] = w->txn;
	so_opinion(w, &q->want);
	ask_model(w, smmu, port, &q->got);
	if (q->tally)
		add(q->tally, w, &q->want);
	return agree(w, &q->want, &q->got);
}

/* The rounds of a world; false: they differ in round q->round. */
static bool all_agree(struct so_world *w, struct inquiry *q)
{
	struct smmu_port *port;
	struct smmu *smmu = NULL;
	bool same = true;

	assert_int_equal(smmu_create(&smmu, q->bus, &w->cfg), 0);
	port = smmu_port_open(smmu);
	assert_non_null(port);
	program(w, smmu);
	for (q->round = 0; same && q->round < w->rounds; q->round += same)
		same = one_round(w, smmu, port, q);
	smmu_port_close(port);
	smmu_destroy(smmu);
	return same;
}

/* so_differs_fn, of a world that may be none. */
static bool differs(struct so_world *w, void *ctx)
{
	/* As written, not as this configuration reads them: the next may have more. */
	const uint64_t base = w->strtab_base, cfg = w->strtab_cfg, cr0 = w->cr0,
		       cr1 = w->cr1, cr2 = w->cr2, gbpa = w->gbpa, s2pii = w->s2pii;
	bool same;

	w->cfg.stall_max = w->cfg.stall_model != 1;
	if (smmu_config_check(&w->cfg, NULL, 0) != 0)
		return false;
	so_sizes(w);
	same = all_agree(w, ctx);
	w->strtab_base = base;
	w->strtab_cfg = cfg;
	w->cr0 = cr0;
	w->cr1 = cr1;
	w->cr2 = cr2;
	w->gbpa = gbpa;
	w->s2pii = s2pii;
	return !same;
}

static bool question(struct so_world *w, struct smmu_bus *bus, unsigned long seed,
		     struct tally *t)
{
	struct inquiry q = { .bus = bus, .tally = t };
	unsigned tries;

	w->rng = seed * 0x9e3779b97f4a7c15ull + 0x1234567;
	so_random_world(w);
	w->rounds = 2;
	if (all_agree(w, &q))
		return true;
	w->rounds = q.round + 1;
	q.tally = NULL;
	tries = so_shrink(w, differs, &q);
	fprintf(stderr, "a minimal case, after %u others:\n", tries);
	describe(w, seed, q.round, &q.want, &q.got);
	return false;
}

/* Nothing is proved of what never came up. */
static void check_tally(const struct tally *t)
{
	static const uint8_t events[] = {
		SMMU_EVT_F_UUT,
		SMMU_EVT_C_BAD_STREAMID,
		SMMU_EVT_F_STE_FETCH,
		SMMU_EVT_C_BAD_STE,
		SMMU_EVT_C_BAD_CD,
		SMMU_EVT_C_BAD_SUBSTREAMID,
		SMMU_EVT_F_CD_FETCH,
		SMMU_EVT_F_WALK_EABT,
		SMMU_EVT_F_STREAM_DISABLED,
		SMMU_EVT_F_ADDR_SIZE,
		SMMU_EVT_F_TRANSLATION,
		SMMU_EVT_F_ACCESS,
		SMMU_EVT_F_PERMISSION,
	};

	printf("%lu transactions: %lu translated, %lu bypassed, %lu silent aborts, "
	       "%lu RAZ/WI\n",
	       t->asked, t->ok - t->bypass, t->bypass, t->silent, t->raz_wi);
	printf("  DirtyBit %lu, AssuredOnly %lu, Overlay %lu; hardened and translated "
	       "%lu\n",
	       t->dirtybit, t->assured, t->overlay, t->hardened);
	for (unsigned i = 0; i < sizeof(events); i++)
		printf("  event 0x%02x: %lu\n", events[i], t->by_event[events[i]]);
	if (t->asked < 10000)
		return;
	for (unsigned i = 0; i < sizeof(events); i++)
		assert_true(t->by_event[events[i]] > t->asked / 2000);
	assert_true(t->ok - t->bypass > t->asked / 10);
	assert_true(t->dirtybit > 0 && t->assured > 0 && t->overlay > 0);
	assert_true(t->asked < 100000 || t->hardened > 0);
	assert_true(t->raz_wi > 0 && t->silent > 0 && t->bypass > 0);
}

/*
 * The procedure: T-2, T-5 to T-8, T-10 to T-18, T-20. Structures: GEN-1 to GEN-3, STE-1
 * to STE-5, STE-13, STE-17 to STE-32, STE-34, STE-39, CD-1 to CD-16, CD-18, CD-19; where
 * they are: L1STD-1 to L1STD-5, STE-41 to STE-44, STE-46, STE-47, L1CD-1, ADDR-1 to
 * ADDR-5, ADDR-8, ADDR-9; what they mean: STE-53 to STE-55, STE-57 to STE-65,
 * CD-20 to CD-29, CD-31. Tables are updated as STE-61 lets an implementation do it, and
 * never but for AF and dirty state (CACHE-86). Faults: ARS-1, ARS-4,
 * EVT-50 to EVT-52; records, bit for bit: EVT-2, EVT-13 to EVT-19,
 * EVT-21, EVT-26 to EVT-28, EVT-30, EVT-32 to EVT-39, EVT-45 to EVT-47.
 */
static void test_second_opinion(void **state)
{
	static const struct smmu_mem_ops ops = { mem_read, mem_write, mem_cas };
	struct so_world *w = calloc(1, sizeof(*w));
	struct smmu_bus *bus = smmu_bus_create();
	struct tally tally = { 0 };
	unsigned differences = 0;

	(void)state;
	assert_non_null(w);
	assert_non_null(bus);
	assert_int_equal(smmu_bus_add_region(bus, 0, 1ull << 57, &ops, w), 0);
	for (unsigned long i = 0; i < count && differences < 5; i += 2)
		differences += !question(w, bus, first + i / 2, &tally);
	assert_int_equal(differences, 0);
	check_tally(&tally);
	smmu_bus_destroy(bus);
	free(w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_opinion),
	};
	const char *env = getenv("SMMU_SECOND_OPINION");

	if (env)
		count = strtoul(env, NULL, 0);
	if (argc > 1)
		count = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		first = strtoul(argv[2], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
