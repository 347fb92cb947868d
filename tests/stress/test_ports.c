/* SPDX-License-Identifier: MIT */
/*
 * Ports do DMA while the driver maps, unmaps, invalidates and moves their masters:
 * nobody waits for anybody. What a DMA met is held against what was allowed at some
 * moment while it was under way (shadow.h):
 *
 *	- no translation, and no datum, of a mapping after its unmap has returned, whose
 *	  last act is a CMD_SYNC (CACHE-51); none of a domain after its detach (CACHE-52);
 *	- a page that was given back is never written again, also not by a transaction
 *	  that had been translated before (CACHE-51, CACHE-54);
 *	- and no fault where a mapping has been there throughout.
 *
 * Defects planted in the driver's use of the SMMU must be noticed.
 *
 * STRESS_PORTS_STEPS makes it longer (steps of each producer; default 1500),
 * STRESS_PORTS_SEED another one.
 */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "stress/shadow.h"
#include "stress/world.h"

enum {
	PRODUCERS = 2,
	PORTS = 2,  /* threads that do DMA, each with a port of each SMMU */
	SMALL = 24, /* pages next to each other, of one producer in one domain */
	BIG = 4,    /* pages of one 2 MiB block, mapped as such or alone */
	SLOTS = SMALL + BIG,
	DOMAINS = WORLD_SMMUS * WORLD_DOMAINS,
	PAGES = DOMAINS * SLOTS + 32, /* of one producer */
	BLOCKS = DOMAINS + 2,
	WORDS = 64, /* of a page, that DMA uses */
	RUN = 8,    /* pages in one go, at most */
};
#define PAGE	UINT64_C(4096)
#define BLOCK	(UINT64_C(2) << 20)
#define NOWHERE UINT64_MAX		     /* in no domain of ours */
#define POISON	UINT64_C(0xdeadfa11dead0000) /* what a page holds that was given back */
#define MAGIC	UINT64_C(0x57e5500000000000) /* | IOVA: what a mapped page holds */
#define SPOILT	UINT64_C(0xa5a5a5a5a5a5a5a7) /* the driver's memory, given back */

/* What is planted; nothing, to be right. */
enum defect {
	RIGHT,
	NO_SYNC,    /* unmap without CMD_SYNC */
	FREE_EARLY, /* the page is given back before the CMD_SYNC */
	LATE_BELL,  /* the SMMU hears of each command one doorbell late */
};

/* One page of a domain. The rest is its producer's own. */
struct slot {
	struct shadow shadow; /* what: PA | IOMMU_READ | IOMMU_WRITE */
	uint64_t iova, pa, span;
	bool mapped;
};

struct stress;

/* Given back first, used again first of all that have been so the longest. */
struct pool {
	uint64_t pa[PAGES];
	unsigned head, n, size;
};

struct producer {
	struct stress *st;
	unsigned index;
	uint64_t rng;
	struct slot slot[DOMAINS][SLOTS];
	uint64_t block[DOMAINS]; /* PA of what is mapped as one; 0: it is not */
	struct pool pages, blocks;
	uint64_t maps, unmaps, blocks_mapped;
	pthread_t thread;
};

struct master {
	struct shadow shadow; /* what: a domain's number, NOWHERE */
	uint32_t sid;
	unsigned side;
	struct iommu_group *group;
	struct iommu_attach_handle handle[2];
	unsigned at;   /* which handle */
	uint64_t span; /* in a domain */
	bool attached;
};

struct consumer {
	struct stress *st;
	uint64_t rng;
	struct smmu_port *port[WORLD_SMMUS];
	uint64_t ok, faults, unknown;
	pthread_t thread;
};

struct stress {
	struct world w;
	enum defect defect;
	uint64_t seed, steps;
	struct shadow_clock clock;
	_Atomic unsigned busy; /* producers that are not through */
	struct producer producer[PRODUCERS];
	struct master master[WORLD_SMMUS * WORLD_MASTERS];
	struct consumer consumer[PORTS];
	uint64_t moves;
	pthread_t mover;
	pthread_mutex_t lock;
	atomic_bool bad;
	char wrong[256];
};

static uint64_t rnd(uint64_t *rng, uint64_t below)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 7;
	*rng ^= *rng << 17;
	return (*rng * UINT64_C(0x2545f4914f6cdd1d) >> 11) % below;
}

/* cmocka's assertions are for the main thread only: the first wrong is kept. */
static void wrong(struct stress *st, const char *what, uint64_t x, uint64_t y)
{
	pthread_mutex_lock(&st->lock);
	if (!st->wrong[0])
		snprintf(st->wrong, sizeof(st->wrong),
			 "seed %" PRIu64 ": %s (%#" PRIx64 ", %#" PRIx64 ")", st->seed,
			 what, x, y);
	pthread_mutex_unlock(&st->lock);
	atomic_store(&st->bad, true);
}

static struct iommu_domain *domain_of(struct stress *st, unsigned d)
{
	return st->w.side[d / WORLD_DOMAINS].domain[d % WORLD_DOMAINS];
}

/* ---- Pages ---- */

static void fill(struct stress *st, uint64_t pa, uint64_t value)
{
	for (uint64_t i = 0; i < WORDS; i++)
		if (smmu_bus_write64(st->w.bus, pa + i * 8, value, NULL))
			wrong(st, "no memory", pa, value);
}

static void must_hold(struct stress *st, uint64_t pa, uint64_t value, const char *what)
{
	uint64_t word = 0;

	for (uint64_t i = 0; i < WORDS; i++)
		if (smmu_bus_read64(st->w.bus, pa + i * 8, &word, NULL) || word != value)
			wrong(st, what, pa + i * 8, word);
}

static void pool_put(struct pool *p, uint64_t pa)
{
	p->pa[(p->head + p->n++) % p->size] = pa;
}

static uint64_t pool_take(struct pool *p)
{
	uint64_t pa = p->pa[p->head];

	p->head = (p->head + 1) % p->size;
	p->n--;
	return pa;
}

/* The page of a slot goes: what it holds is what was ever written to that slot. */
static void give_back(struct producer *p, struct slot *s)
{
	must_hold(p->st, s->pa, MAGIC | s->iova, "a page holds what is another's");
	fill(p->st, s->pa, POISON);
}

static void take(struct producer *p, struct slot *s, uint64_t pa)
{
	must_hold(p->st, pa, POISON, "written to after it was freed");
	fill(p->st, pa, MAGIC | s->iova);
	s->pa = pa;
}

/* ---- Producers ---- */

static void begin(struct producer *p, struct slot *s, int prot)
{
	s->span = shadow_begin(&s->shadow, &p->st->clock, s->pa | (unsigned)prot);
	s->mapped = true;
}

static int some_prot(struct producer *p)
{
	return rnd(&p->rng, 4) ? IOMMU_READ | IOMMU_WRITE : IOMMU_READ;
}

static void map_one(struct producer *p, unsigned d, struct slot *s)
{
	int prot = some_prot(p);

	if (s->mapped || !p->pages.n)
		return;
	take(p, s, pool_take(&p->pages));
	begin(p, s, prot);
	if (iommu_map(domain_of(p->st, d), s->iova, s->pa, PAGE, (uint32_t)prot))
		wrong(p->st, "iommu_map refuses", s->iova, s->pa);
	shadow_sure(&s->shadow, &p->st->clock, s->span);
	p->maps++;
}

static void close_all(struct producer *p, struct slot *const *set, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		shadow_closing(&set[i]->shadow, &p->st->clock, set[i]->span);
}

static void gone_all(struct producer *p, struct slot *const *set, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		shadow_gone(&set[i]->shadow, &p->st->clock, set[i]->span);
}

static void give_back_all(struct producer *p, struct slot *const *set, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		give_back(p, set[i]);
}

/* Others get a chance to do some DMA meanwhile: so many stamps of it. */
static void dawdle(struct stress *st, uint64_t stamps)
{
	uint64_t until = shadow_now(&st->clock) + stamps;

	for (unsigned i = 0; i < 100000 && shadow_now(&st->clock) < until; i++)
		sched_yield();
}

/*
 * Takes away what `set` names, of sizes that add up to `bytes` from `iova` on if they
 * are neighbours (else bytes is 0, and each is a page of its own).
 */
static void unmap_set(struct producer *p, unsigned d, struct slot *const *set, unsigned n,
		      uint64_t iova, uint64_t bytes)
{
	struct iommu_domain *domain = domain_of(p->st, d);
	enum defect defect = p->st->defect;
	struct iommu_iotlb_gather gather;

	close_all(p, set, n);
	if (bytes && defect != NO_SYNC && defect != FREE_EARLY) {
		if (iommu_unmap(domain, iova, bytes) != bytes)
			wrong(p->st, "iommu_unmap stops early", iova, bytes);
	} else {
		iommu_iotlb_gather_init(&gather);
		for (unsigned i = 0; i < n && !bytes; i++)
			if (iommu_unmap_fast(domain, set[i]->iova, PAGE, &gather) != PAGE)
				wrong(p->st, "iommu_unmap_fast stops early", iova, PAGE);
		if (bytes && iommu_unmap_fast(domain, iova, bytes, &gather) != bytes)
			wrong(p->st, "iommu_unmap_fast stops early", iova, bytes);
		if (defect == NO_SYNC) {
			gone_all(p, set, n);
			dawdle(p->st, 400);
		} else if (defect == FREE_EARLY) {
			give_back_all(p, set, n);
			dawdle(p->st, 400);
		}
		iommu_iotlb_sync(domain, &gather);
	}
	if (defect != NO_SYNC)
		gone_all(p, set, n);
	if (defect != FREE_EARLY)
		give_back_all(p, set, n);
	for (unsigned i = 0; i < n; i++)
		set[i]->mapped = false;
	p->unmaps++;
}

static void put_pages(struct producer *p, struct slot *const *set, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		pool_put(&p->pages, set[i]->pa);
}

/* Mapped neighbours, from a random one on. */
static void unmap_run(struct producer *p, unsigned d)
{
	unsigned first = (unsigned)rnd(&p->rng, SMALL), n = 0;
	struct slot *set[RUN];

	while (n < RUN && first + n < SMALL && p->slot[d][first + n].mapped) {
		set[n] = &p->slot[d][first + n];
		n++;
	}
	if (!n)
		return;
	unmap_set(p, d, set, n, set[0]->iova, n * PAGE);
	put_pages(p, set, n);
}

/* Mapped ones here and there, with one CMD_SYNC at the end. */
static void unmap_gathered(struct producer *p, unsigned d)
{
	struct slot *set[SMALL];
	unsigned n = 0;

	for (unsigned i = 0; i < SMALL; i++)
		if (p->slot[d][i].mapped && rnd(&p->rng, 2))
			set[n++] = &p->slot[d][i];
	if (!n)
		return;
	unmap_set(p, d, set, n, 0, 0);
	put_pages(p, set, n);
}

/* The pages of the block: it as a whole, or some of them alone. */
static void toggle_block(struct producer *p, unsigned d)
{
	struct slot *big = &p->slot[d][SMALL], *set[BIG];
	unsigned n = 0;

	for (unsigned i = 0; i < BIG; i++)
		if (big[i].mapped)
			set[n++] = &big[i];
	if (p->block[d]) {
		unmap_set(p, d, set, n, big[0].iova, BLOCK);
		pool_put(&p->blocks, p->block[d]);
		p->block[d] = 0;
	} else if (n) {
		unmap_set(p, d, set, n, 0, 0);
		put_pages(p, set, n);
	} else if (rnd(&p->rng, 2)) {
		uint64_t pa = pool_take(&p->blocks);
		int prot = some_prot(p);

		p->block[d] = pa;
		for (unsigned i = 0; i < BIG; i++) {
			take(p, &big[i], pa + (big[i].iova - big[0].iova));
			begin(p, &big[i], prot);
		}
		if (iommu_map(domain_of(p->st, d), big[0].iova, pa, BLOCK,
			      (uint32_t)prot))
			wrong(p->st, "iommu_map refuses a block", big[0].iova, pa);
		for (unsigned i = 0; i < BIG; i++)
			shadow_sure(&big[i].shadow, &p->st->clock, big[i].span);
		p->blocks_mapped++;
	} else {
		for (unsigned i = 0; i < BIG; i++)
			if (rnd(&p->rng, 2))
				map_one(p, d, &big[i]);
	}
}

static void step(struct producer *p)
{
	unsigned d = (unsigned)rnd(&p->rng, p->st->w.sides * WORLD_DOMAINS);
	unsigned first = (unsigned)rnd(&p->rng, SMALL);

	switch (rnd(&p->rng, 8)) {
	case 0:
	case 1:
	case 2:
		for (unsigned i = first; i < first + RUN && i < SMALL; i++)
			map_one(p, d, &p->slot[d][i]);
		break;
	case 3:
	case 4:
		unmap_run(p, d);
		break;
	case 5:
		unmap_gathered(p, d);
		break;
	case 6:
		toggle_block(p, d);
		break;
	default:
		if (!rnd(&p->rng, 16))
			iommu_flush_iotlb_all(domain_of(p->st, d));
	}
}

static void *produce(void *arg)
{
	struct producer *p = arg;

	for (uint64_t i = 0; i < p->st->steps && !atomic_load(&p->st->bad); i++)
		step(p);
	atomic_fetch_sub(&p->st->busy, 1);
	return NULL;
}

/* ---- The one that moves masters ---- */

static void move(struct stress *st, struct master *m, uint64_t *rng)
{
	unsigned d = m->side * WORLD_DOMAINS + (unsigned)rnd(rng, WORLD_DOMAINS);
	struct iommu_attach_handle *next = &m->handle[!m->at];
	uint64_t old = m->span;
	int err;

	if (m->attached && !rnd(rng, 3)) {
		shadow_closing(&m->shadow, &st->clock, old);
		iommu_detach_group_handle(m->handle[m->at].domain, m->group);
		shadow_gone(&m->shadow, &st->clock, old);
		m->attached = false;
		return;
	}
	if (m->attached)
		shadow_closing(&m->shadow, &st->clock, old);
	m->span = shadow_begin(&m->shadow, &st->clock, d);
	err = m->attached ? iommu_replace_group_handle(m->group, domain_of(st, d), next)
			  : iommu_attach_group_handle(domain_of(st, d), m->group, next);
	if (err)
		wrong(st, "attach fails", d, (uint64_t)-err);
	shadow_sure(&m->shadow, &st->clock, m->span);
	if (m->attached)
		shadow_gone(&m->shadow, &st->clock, old);
	m->at = !m->at;
	m->attached = true;
	st->moves++;
}

static void *move_always(void *arg)
{
	struct stress *st = arg;
	uint64_t rng = st->seed * 77 + 3;

	while (atomic_load(&st->busy)) {
		unsigned i = (unsigned)rnd(&rng, st->w.sides * WORLD_MASTERS);

		move(st, &st->master[i], &rng);
		for (i = 0; i < st->w.sides; i++)
			arm_smmu_poll(st->w.side[i].drv);
		dawdle(st, 40);
	}
	return NULL;
}

/* ---- Consumers ---- */

/* What was accessed, when, and what became of it. */
struct access {
	struct master *m;
	unsigned producer, slot;
	unsigned need; /* IOMMU_READ, IOMMU_WRITE */
	uint64_t addr, from, to;
};

static const struct shadow *mapping(const struct stress *st, const struct access *a,
				    uint64_t domain)
{
	return &st->producer[a->producer].slot[domain][a->slot].shadow;
}

/* It was translated to pa: there must have been a moment for that. */
static void judge_ok(struct consumer *c, const struct access *a, uint64_t pa)
{
	struct shadow_span where[SHADOW_SPANS], map[SHADOW_SPANS];
	bool whole, all;
	unsigned n = shadow_read(&a->m->shadow, a->from, a->to, where, &all);

	c->ok++;
	for (unsigned i = 0; i < n; i++) {
		uint64_t from = where[i].begin > a->from ? where[i].begin : a->from;
		uint64_t to = where[i].gone < a->to ? where[i].gone : a->to;
		unsigned k = shadow_read(mapping(c->st, a, where[i].what), from, to, map,
					 &whole);

		all = all && whole;
		for (unsigned j = 0; j < k; j++)
			if ((map[j].what & ~(PAGE - 1)) == (pa & ~(PAGE - 1)) &&
			    (map[j].what & a->need) == a->need)
				return;
	}
	if (all)
		wrong(c->st, "translated as it had been before its CMD_SYNC", a->addr,
		      pa);
	else
		c->unknown++;
}

/* It was refused: no mapping may have been there throughout. */
static void judge_fault(struct consumer *c, const struct access *a, uint8_t event)
{
	struct shadow_span where[SHADOW_SPANS], map[SHADOW_SPANS];
	bool whole;
	unsigned n = shadow_read(&a->m->shadow, a->from, a->to, where, &whole);

	c->faults++;
	for (unsigned i = 0; i < n; i++) {
		unsigned k;

		if (!shadow_throughout(&where[i], a->from, a->to))
			continue;
		k = shadow_read(mapping(c->st, a, where[i].what), a->from, a->to, map,
				&whole);
		for (unsigned j = 0; j < k; j++)
			if (shadow_throughout(&map[j], a->from, a->to) &&
			    (map[j].what & a->need) == a->need)
				wrong(c->st, "refused what was mapped throughout",
				      a->addr, event);
	}
}

static void judge_data(struct consumer *c, uint64_t page, const uint64_t *data,
		       uint64_t words)
{
	for (uint64_t i = 0; i < words; i++) {
		if (data[i] == POISON || data[i] == SPOILT)
			wrong(c->st, "read what had been freed", page, data[i]);
		else if (data[i] != (MAGIC | page))
			wrong(c->st, "read what is another's", page, data[i]);
	}
}

static void access_one(struct consumer *c, struct access a)
{
	struct stress *st = c->st;
	uint64_t page = st->producer[a.producer].slot[0][a.slot].iova, data[8];
	uint64_t len = rnd(&c->rng, 2) ? 8 : 64, seen = MAGIC | page;
	struct smmu_txn txn = { .sid = a.m->sid, .no_stall = true };
	unsigned how = (unsigned)rnd(&c->rng, 8);
	struct smmu_port *port = c->port[a.m->side];
	struct smmu_result r;

	a.addr = txn.addr = page + rnd(&c->rng, WORDS * 8 / len) * len;
	a.need = how < 3 ? IOMMU_READ : IOMMU_WRITE;
	txn.op = how < 3 ? SMMU_READ : SMMU_WRITE;
	for (unsigned i = 0; i < 8; i++)
		data[i] = MAGIC | page;
	a.from = shadow_stamp(&st->clock);
	if (how == 0 || how == 3) {
		r = smmu_translate(port, &txn);
	} else if (how == 4) {
		txn.op = SMMU_ATOMIC;
		txn.addr = a.addr & ~UINT64_C(7);
		a.need = IOMMU_READ | IOMMU_WRITE;
		r = smmu_dma_cas64(port, &txn, &seen, seen);
	} else {
		r = smmu_dma(port, &txn, data, len, NULL);
	}
	a.to = shadow_stamp(&st->clock);
	if (r.status == SMMU_OK) {
		judge_ok(c, &a, r.pa);
		if (how == 1 || how == 2)
			judge_data(c, page, data, len / 8);
		else if (how == 4)
			judge_data(c, page, &seen, 1);
	} else if (r.status == SMMU_ABORT) {
		judge_fault(c, &a, r.event);
	} else {
		wrong(st, "neither done nor refused", a.addr, r.status);
	}
}

/* The same page several times: so that it is cached as near as can be. */
static void *consume(void *arg)
{
	struct consumer *c = arg;
	struct stress *st = c->st;

	while (atomic_load(&st->busy)) {
		struct access a = {
			.m = &st->master[rnd(&c->rng, st->w.sides * WORLD_MASTERS)],
			.producer = (unsigned)rnd(&c->rng, PRODUCERS),
			.slot = (unsigned)rnd(&c->rng, SLOTS)
		};

		for (uint64_t n = 1 + rnd(&c->rng, 12); n; n--)
			access_one(c, a);
	}
	return NULL;
}

/* ---- A run ---- */

static void pool_init(struct stress *st, struct pool *p, uint64_t base, unsigned n,
		      uint64_t size)
{
	p->size = PAGES;
	for (unsigned i = 0; i < n; i++) {
		uint64_t pa = base + i * size;

		fill(st, pa, POISON);
		if (size == BLOCK) /* where its pages are looked at */
			for (unsigned k = 0; k < BIG; k++)
				fill(st, pa + (uint64_t[]){ 0, 1, 255, 511 }[k] * PAGE,
				     POISON);
		pool_put(p, pa);
	}
}

static void producer_init(struct stress *st, unsigned index)
{
	static const uint64_t in_block[BIG] = { 0, 1, 255, 511 };
	struct producer *p = &st->producer[index];
	uint64_t base = UINT64_C(0x40000000) * (index + 1), data;

	p->st = st;
	p->index = index;
	p->rng = st->seed * 2654435769u + index + 1;
	for (unsigned d = 0; d < DOMAINS; d++) {
		for (unsigned i = 0; i < SMALL; i++)
			p->slot[d][i].iova = base + i * PAGE;
		for (unsigned i = 0; i < BIG; i++)
			p->slot[d][SMALL + i].iova = base + BLOCK + in_block[i] * PAGE;
	}
	data = WORLD_DATA + index * UINT64_C(0x4000000);
	pool_init(st, &p->blocks, data, BLOCKS, BLOCK);
	pool_init(st, &p->pages, data + BLOCKS * BLOCK, PAGES, PAGE);
}

static void masters_init(struct stress *st)
{
	for (unsigned i = 0; i < st->w.sides * WORLD_MASTERS; i++) {
		struct master *m = &st->master[i];

		m->side = i / WORLD_MASTERS;
		m->sid = st->w.side[m->side].sid[i % WORLD_MASTERS];
		m->group = iommu_group_get(st->w.side[m->side].dev[i % WORLD_MASTERS]);
		assert_non_null(m->group);
	}
}

static void start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	assert_int_equal(pthread_create(thread, NULL, fn, arg), 0);
}

static void run_threads(struct stress *st)
{
	uint64_t rng = st->seed;

	for (unsigned i = 0; i < st->w.sides * WORLD_MASTERS; i++)
		move(st, &st->master[i], &rng);
	atomic_store(&st->busy, PRODUCERS);
	for (unsigned i = 0; i < PORTS; i++) {
		struct consumer *c = &st->consumer[i];

		c->st = st;
		c->rng = st->seed * 31 + 7 + i;
		for (unsigned s = 0; s < st->w.sides; s++) {
			c->port[s] = smmu_port_open(st->w.side[s].smmu);
			assert_non_null(c->port[s]);
		}
		start(&c->thread, consume, c);
	}
	start(&st->mover, move_always, st);
	for (unsigned i = 0; i < PRODUCERS; i++)
		start(&st->producer[i].thread, produce, &st->producer[i]);
	for (unsigned i = 0; i < PRODUCERS; i++)
		pthread_join(st->producer[i].thread, NULL);
	pthread_join(st->mover, NULL);
	for (unsigned i = 0; i < PORTS; i++) {
		pthread_join(st->consumer[i].thread, NULL);
		for (unsigned s = 0; s < st->w.sides; s++)
			smmu_port_close(st->consumer[i].port[s]);
	}
}

static void unmap_everything(struct producer *p)
{
	for (unsigned d = 0; d < p->st->w.sides * WORLD_DOMAINS; d++) {
		for (unsigned i = 0; i < SMALL; i++) {
			struct slot *s = &p->slot[d][i];

			if (!s->mapped)
				continue;
			unmap_set(p, d, &s, 1, s->iova, PAGE);
			put_pages(p, &s, 1);
		}
		for (unsigned i = 0; i < BIG; i++)
			if (p->slot[d][SMALL + i].mapped)
				toggle_block(p, d);
	}
	/* What is late comes out now, if anything ever does. */
	while (p->pages.n)
		must_hold(p->st, pool_take(&p->pages), POISON,
			  "written to after it was freed");
}

static void report(const struct stress *st)
{
	uint64_t maps = 0, unmaps = 0, blocks = 0, ok = 0, faults = 0, unknown = 0;

	for (unsigned i = 0; i < PRODUCERS; i++) {
		maps += st->producer[i].maps;
		unmaps += st->producer[i].unmaps;
		blocks += st->producer[i].blocks_mapped;
	}
	for (unsigned i = 0; i < PORTS; i++) {
		ok += st->consumer[i].ok;
		faults += st->consumer[i].faults;
		unknown += st->consumer[i].unknown;
	}
	printf("maps %" PRIu64 ", blocks %" PRIu64 ", unmaps %" PRIu64 ", moves %" PRIu64
	       ", DMA ok %" PRIu64 " (not judged %" PRIu64 "), refused %" PRIu64 "\n",
	       maps, blocks, unmaps, st->moves, ok, unknown, faults);
	if (st->defect != RIGHT)
		return;
	assert_int_equal(st->w.errors, 0);
	/* All of it did happen, and most was judged. */
	assert_true(maps && unmaps && blocks && st->moves && ok && faults);
	assert_true(unknown <= ok / 2);
}

static uint64_t from_env(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

/* What it found wrong first; "" if nothing. */
static void stress(const struct smmu_config *cfg, unsigned sides, bool stage2,
		   enum defect defect, uint64_t steps, char found[256])
{
	struct stress *st = aligned_alloc(64, (sizeof(*st) + 63) & ~(size_t)63);

	assert_non_null(st);
	memset(st, 0, sizeof(*st));
	st->defect = defect;
	st->seed = from_env("STRESS_PORTS_SEED", 1);
	st->steps = steps;
	assert_int_equal(pthread_mutex_init(&st->lock, NULL), 0);
	world_up(&st->w, cfg, sides, stage2, defect == LATE_BELL);
	masters_init(st);
	for (unsigned i = 0; i < PRODUCERS; i++)
		producer_init(st, i);
	run_threads(st);
	for (unsigned i = 0; i < sides * WORLD_MASTERS; i++) {
		struct master *m = &st->master[i];

		if (m->attached)
			iommu_detach_group_handle(m->handle[m->at].domain, m->group);
		iommu_group_put(m->group);
	}
	for (unsigned i = 0; i < PRODUCERS; i++)
		unmap_everything(&st->producer[i]);
	report(st);
	snprintf(found, 256, "%s", st->wrong);
	world_down(&st->w);
	pthread_mutex_destroy(&st->lock);
	free(st);
}

static struct smmu_config config(enum smmu_preset preset)
{
	struct smmu_config cfg;

	assert_int_equal(smmu_config_init(&cfg, preset), 0);
	cfg.sid_bits = 10;
	cfg.cmdqs = 8;
	cfg.eventqs = 7;
	return cfg;
}

static void right(const struct smmu_config *cfg, unsigned sides, bool stage2)
{
	char found[256];

	stress(cfg, sides, stage2, RIGHT, from_env("STRESS_PORTS_STEPS", 1500), found);
	assert_string_equal(found, "");
}

/* CACHE-51, CACHE-52, CACHE-54 */
static void one_smmu(void **state)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_2);

	(void)state;
	right(&cfg, 1, false);
	right(&cfg, 1, true);
}

static void without_ranges_and_little_cache(void **state)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_1);

	(void)state;
	cfg.tlb_entries = 16;
	cfg.config_entries = 2;
	cfg.asid16 = cfg.vmid16 = 0;
	right(&cfg, 1, false);
	right(&cfg, 1, true);
}

static void two_smmus(void **state)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_2);

	(void)state;
	right(&cfg, 2, false);
}

static void queue_for_each_cpu(void **state)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_3);

	(void)state;
	cfg.ecmdq = 1;
	cfg.cmdq_control_page_log2numq = 2;
	right(&cfg, 2, false);
}

/* ---- It bites ---- */

static void must_find(enum defect defect, const char *const *reasons)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_2);
	char found[256];

	cfg.msi = 0; /* CMD_SYNC is polled for in CONS */
	stress(&cfg, 1, false, defect, 100000, found);
	print_message("found: %s\n", found);
	for (; *reasons; reasons++)
		if (strstr(found, *reasons))
			return;
	fail_msg("the defect was not found, but: '%s'", found);
}

static void bites_on_unmap_without_sync(void **state)
{
	(void)state;
	must_find(NO_SYNC, (const char *const[]){ "before its CMD_SYNC", "freed",
						  "another's", NULL });
}

static void bites_on_memory_freed_before_sync(void **state)
{
	(void)state;
	must_find(FREE_EARLY, (const char *const[]){ "freed", "another's", NULL });
}

static void bites_on_commands_that_come_late(void **state)
{
	(void)state;
	/* What is late may also be a permission that has been given meanwhile. */
	must_find(LATE_BELL,
		  (const char *const[]){ "before its CMD_SYNC", "freed", "another's",
					 "mapped throughout", NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_smmu),
		cmocka_unit_test(without_ranges_and_little_cache),
		cmocka_unit_test(two_smmus),
		cmocka_unit_test(queue_for_each_cpu),
		cmocka_unit_test(bites_on_unmap_without_sync),
		cmocka_unit_test(bites_on_memory_freed_before_sync),
		cmocka_unit_test(bites_on_commands_that_come_late),
	};

	return cmocka_run_group_tests_name("stress_ports", tests, NULL, NULL);
}
