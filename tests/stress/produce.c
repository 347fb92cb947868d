/* SPDX-License-Identifier: MIT */
/* Those who map, unmap and invalidate, and the one who moves masters. */
#include <sched.h>
#include <stddef.h>
#include "stress/ports.h"

/* Which pages of a block are looked at. */
static const uint64_t in_block[BIG] = { 0, 1, 255, 511 };

/* ---- Pages ---- */

static void fill(struct stress *st, uint64_t pa, uint64_t value)
{
	for (uint64_t i = 0; i < WORDS; i++)
		if (smmu_bus_write64(st->w.bus, pa + i * 8, value, NULL))
			stress_wrong(st, "no memory", pa, value);
}

static void must_hold(struct stress *st, uint64_t pa, uint64_t value, const char *what)
{
	uint64_t word = 0;

	for (uint64_t i = 0; i < WORDS; i++)
		if (smmu_bus_read64(st->w.bus, pa + i * 8, &word, NULL) || word != value)
			stress_wrong(st, what, pa + i * 8, word);
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
		stress_wrong(p->st, "iommu_map refuses", s->iova, s->pa);
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
			stress_wrong(p->st, "iommu_unmap stops early", iova, bytes);
	} else {
		iommu_iotlb_gather_init(&gather);
		for (unsigned i = 0; i < n && !bytes; i++)
			if (iommu_unmap_fast(domain, set[i]->iova, PAGE, &gather) != PAGE)
				stress_wrong(p->st, "iommu_unmap_fast stops early", iova,
					     PAGE);
		if (bytes && iommu_unmap_fast(domain, iova, bytes, &gather) != bytes)
			stress_wrong(p->st, "iommu_unmap_fast stops early", iova, bytes);
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
			stress_wrong(p->st, "iommu_map refuses a block", big[0].iova, pa);
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

void *stress_produce(void *arg)
{
	struct producer *p = arg;

	for (uint64_t i = 0; i < p->st->steps && !atomic_load(&p->st->bad); i++)
		step(p);
	atomic_fetch_sub(&p->st->busy, 1);
	return NULL;
}

/* ---- The one that moves masters ---- */

void stress_move(struct stress *st, struct master *m, uint64_t *rng)
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
		stress_wrong(st, "attach fails", d, (uint64_t)-err);
	shadow_sure(&m->shadow, &st->clock, m->span);
	if (m->attached)
		shadow_gone(&m->shadow, &st->clock, old);
	m->at = !m->at;
	m->attached = true;
	st->moves++;
}

void *stress_move_masters(void *arg)
{
	struct stress *st = arg;
	uint64_t rng = st->seed * 77 + 3;

	while (atomic_load(&st->busy)) {
		unsigned i = (unsigned)rnd(&rng, st->w.sides * WORLD_MASTERS);

		stress_move(st, &st->master[i], &rng);
		for (i = 0; i < st->w.sides; i++)
			arm_smmu_poll(st->w.side[i].drv);
		dawdle(st, 40);
	}
	return NULL;
}

/* ---- Beginning and end of a producer ---- */

static void pool_init(struct stress *st, struct pool *p, uint64_t base, unsigned n,
		      uint64_t size)
{
	p->size = PAGES;
	for (unsigned i = 0; i < n; i++) {
		uint64_t pa = base + i * size;

		fill(st, pa, POISON);
		if (size == BLOCK) /* where its pages are looked at */
			for (unsigned k = 0; k < BIG; k++)
				fill(st, pa + in_block[k] * PAGE, POISON);
		pool_put(p, pa);
	}
}

void stress_producer_init(struct stress *st, unsigned index)
{
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

void stress_producer_end(struct producer *p)
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
