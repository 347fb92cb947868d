/* SPDX-License-Identifier: MIT */
/* Those who do DMA, and the judgement of what became of it. */
#include <stddef.h>
#include "stress/ports.h"

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
		stress_wrong(c->st, "translated as it had been before its CMD_SYNC",
			     a->addr, pa);
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
				stress_wrong(c->st, "refused what was mapped throughout",
					     a->addr, event);
	}
}

static void judge_data(struct consumer *c, uint64_t page, const uint64_t *data,
		       uint64_t words)
{
	for (uint64_t i = 0; i < words; i++) {
		if (data[i] == POISON || data[i] == SPOILT)
			stress_wrong(c->st, "read what had been freed", page, data[i]);
		else if (data[i] != (MAGIC | page))
			stress_wrong(c->st, "read what is another's", page, data[i]);
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
		stress_wrong(st, "neither done nor refused", a.addr, r.status);
	}
}

/* The same page several times: so that it is cached as near as can be. */
void *stress_consume(void *arg)
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
