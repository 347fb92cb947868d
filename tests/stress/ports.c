/* SPDX-License-Identifier: MIT */
/* A run: the world, its threads, and the account of what they did. */
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "stress/ports.h"

/* cmocka's assertions are for the main thread only: the first wrong is kept. */
void stress_wrong(struct stress *st, const char *what, uint64_t x, uint64_t y)
{
	pthread_mutex_lock(&st->lock);
	if (!st->wrong[0])
		snprintf(st->wrong, sizeof(st->wrong),
			 "seed %" PRIu64 ": %s (%#" PRIx64 ", %#" PRIx64 ")", st->seed,
			 what, x, y);
	pthread_mutex_unlock(&st->lock);
	atomic_store(&st->bad, true);
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
		stress_move(st, &st->master[i], &rng);
	atomic_store(&st->busy, PRODUCERS);
	for (unsigned i = 0; i < PORTS; i++) {
		struct consumer *c = &st->consumer[i];

		c->st = st;
		c->rng = st->seed * 31 + 7 + i;
		for (unsigned s = 0; s < st->w.sides; s++) {
			c->port[s] = smmu_port_open(st->w.side[s].smmu);
			assert_non_null(c->port[s]);
		}
		start(&c->thread, stress_consume, c);
	}
	start(&st->mover, stress_move_masters, st);
	for (unsigned i = 0; i < PRODUCERS; i++)
		start(&st->producer[i].thread, stress_produce, &st->producer[i]);
	for (unsigned i = 0; i < PRODUCERS; i++)
		pthread_join(st->producer[i].thread, NULL);
	pthread_join(st->mover, NULL);
	for (unsigned i = 0; i < PORTS; i++) {
		pthread_join(st->consumer[i].thread, NULL);
		for (unsigned s = 0; s < st->w.sides; s++)
			smmu_port_close(st->consumer[i].port[s]);
	}
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

void stress_run(const struct smmu_config *cfg, unsigned sides, bool stage2,
		enum defect defect, uint64_t seed, uint64_t steps, char found[256])
{
	struct stress *st = aligned_alloc(64, (sizeof(*st) + 63) & ~(size_t)63);

	assert_non_null(st);
	memset(st, 0, sizeof(*st));
	st->defect = defect;
	st->seed = seed;
	st->steps = steps;
	assert_int_equal(pthread_mutex_init(&st->lock, NULL), 0);
	world_up(&st->w, cfg, sides, stage2, defect == LATE_BELL);
	masters_init(st);
	for (unsigned i = 0; i < PRODUCERS; i++)
		stress_producer_init(st, i);
	run_threads(st);
	for (unsigned i = 0; i < sides * WORLD_MASTERS; i++) {
		struct master *m = &st->master[i];

		if (m->attached)
			iommu_detach_group_handle(m->handle[m->at].domain, m->group);
		iommu_group_put(m->group);
	}
	for (unsigned i = 0; i < PRODUCERS; i++)
		stress_producer_end(&st->producer[i]);
	report(st);
	snprintf(found, 256, "%s", st->wrong);
	world_down(&st->w);
	pthread_mutex_destroy(&st->lock);
	free(st);
}
