/* SPDX-License-Identifier: MIT */
/*
 * Random maps and unmaps against a shadow of what must be there, and maps from
 * several threads at once into one set of tables.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <stdint.h>
#include <cmocka.h>
#include "pgtable/test_pgtable.h"

#define SLOTS 4096u /* smallest pages under observation */

struct shadow {
	uint64_t pa[SLOTS];   /* of each smallest page, or NONE */
	uint64_t size[SLOTS]; /* of the mapping that it belongs to */
};
#define NONE UINT64_MAX

static uint64_t rnd(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static uint64_t pick_size(const struct io_pgtable_cfg *cfg, uint64_t window,
			  uint64_t *seed)
{
	uint64_t sizes[8];
	unsigned n = 0;

	for (uint64_t s = cfg->pgsize_bitmap; s; s &= s - 1)
		if ((s & -s) <= window)
			sizes[n++] = s & -s;
	return sizes[rnd(seed) % n];
}

static void random_map(struct table *x, struct shadow *sh, uint64_t base, uint64_t page,
		       uint64_t *seed)
{
	uint64_t size = pick_size(&x->cfg, SLOTS * page, seed), per = size / page;
	uint64_t first = rnd(seed) % (SLOTS / per) * per;
	uint64_t most = SLOTS / per - first / per, limit = rnd(seed) % 8 ? 3 : 300,
		 count = 1 + rnd(seed) % (most > limit ? limit : most);
	uint64_t pa = (rnd(seed) % (UINT64_C(1) << 34)) & ~(size - 1), mapped = 0, ok = 0;
	int err;

	/* A long run may be full of groups. */
	if (limit > 3)
		pa = (pa & -(SLOTS * page)) | first * page;
	err = io_pgtable_map_pages(x->t, base + first * page, pa, size, count, RW,
				   &mapped);

	/* Page after page succeeds until one of them has something in it. */
	for (; ok < count; ok++) {
		for (uint64_t i = 0; i < per; i++)
			if (sh->pa[first + ok * per + i] != NONE)
				goto blocked;
	}
blocked:
	assert_int_equal(err, ok == count ? 0 : -EEXIST);
	assert_int_equal(mapped, ok * size);
	for (uint64_t i = 0; i < ok * per; i++) {
		sh->pa[first + i] = pa + i * page;
		sh->size[first + i] = size;
	}
}

static void random_unmap(struct table *x, struct shadow *sh, uint64_t base, uint64_t page,
			 uint64_t *seed)
{
	uint64_t first = rnd(seed) % SLOTS, size = page, per, done;

	if (sh->pa[first] != NONE && rnd(seed) % 4)
		size = sh->size[first];
	else if (rnd(seed) % 4 == 0)
		size = pick_size(&x->cfg, SLOTS * page, seed);
	per = size / page;
	first -= first % per;
	x->page_bytes = 0;
	done = io_pgtable_unmap_pages(x->t, base + first * page, size, 2, NULL);
	/* The rest went with its tables; of broken groups more is told. */
	assert_true(x->page_bytes <= done || x->cfg.contiguous);
	for (uint64_t k = 0; k < 2 && first + k * per < SLOTS; k++) {
		bool gone = done >= (k + 1) * size;

		for (uint64_t i = first + k * per; i < first + (k + 1) * per; i++) {
			/* Larger mappings stay, what is there in this size goes. */
			if (sh->pa[i] != NONE)
				assert_int_equal(gone, sh->size[i] <= size);
			if (gone)
				sh->pa[i] = NONE;
		}
		if (!gone)
			break;
	}
}

static unsigned groups; /* looked at */

static bool hinted(const struct walk_result *r)
{
	return r->found && r->desc >> 52 & 1;
}

/* Entries of the group that r is in (translation.md 9.6). */
static uint64_t group_of(const struct table *x, const struct walk_result *r)
{
	uint64_t page = x->cfg.pgsize_bitmap & -x->cfg.pgsize_bitmap;

	if (page == K(4))
		return 16;
	return page == K(16) && r->level == 3 ? 128 : 32;
}

/* What hardware may take for one must be one: all there, alike, one behind another. */
static void check_group(struct table *x, uint64_t at, const struct walk_result *r)
{
	uint64_t span = group_of(x, r) * r->size, pa = r->pa & -span, first = at & -span;

	if (!hinted(r))
		return;
	assert_true(x->cfg.contiguous);
	groups++;
	assert_int_equal(r->pa - pa, at - first);
	for (uint64_t off = 0; first == at && off < span; off += r->size) {
		struct walk_result other = walk(&x->arena, &x->cfg, first + off);

		assert_true(hinted(&other));
		assert_int_equal(other.pa, pa + off);
		assert_int_equal(other.desc ^ r->desc, other.pa ^ pa);
	}
}

static void check_all(struct table *x, const struct shadow *sh, uint64_t base,
		      uint64_t page)
{
	for (uint64_t i = 0; i < SLOTS; i++) {
		uint64_t at = base + i * page, pa = 0;
		struct walk_result r = walk(&x->arena, &x->cfg, at);
		int err = io_pgtable_lookup(x->t, at, &pa, NULL);

		assert_false(r.bad);
		check_group(x, at, &r);
		assert_int_equal(r.found, sh->pa[i] != NONE);
		assert_int_equal(err, r.found ? 0 : -ENOENT);
		if (r.found) {
			assert_int_equal(r.pa, sh->pa[i]);
			assert_int_equal(pa, sh->pa[i]);
		}
	}
}

static void random_on(enum io_pgtable_fmt fmt, uint64_t page, unsigned quirks,
		      uint64_t seed)
{
	struct shadow *sh = malloc(sizeof(*sh));
	struct table x;
	uint64_t base;

	assert_non_null(sh);
	table_make(&x, fmt, page, 48, 48, quirks);
	/* Around a boundary of the upper levels, aligned to the window. */
	base = (UINT64_C(1) << 40) - SLOTS / 2 * page;
	base -= base % (SLOTS * page);
	if (quirks & IO_PGTABLE_QUIRK_TTBR1)
		base |= ~((UINT64_C(1) << 48) - 1);
	for (unsigned i = 0; i < SLOTS; i++)
		sh->pa[i] = NONE;
	for (unsigned round = 0; round < 600; round++) {
		if (rnd(&seed) & 1)
			random_map(&x, sh, base, page, &seed);
		else
			random_unmap(&x, sh, base, page, &seed);
		if (round % 100 == 99)
			check_all(&x, sh, base, page);
	}
	table_drop(&x);
	free(sh);
}

static void random_operations_match_shadow(void **state)
{
	(void)state;
	for (uint64_t page = K(4); page <= K(64); page *= 4) {
		random_on(IO_PGTABLE_STAGE1, page, 0, 0x9e3779b97f4a7c15u ^ page);
		random_on(IO_PGTABLE_STAGE2, page, 0, 0xbf58476d1ce4e5b9u ^ page);
		random_on(IO_PGTABLE_STAGE1, page, IO_PGTABLE_QUIRK_TTBR1, 77 + page);
		groups = 0;
		random_on(IO_PGTABLE_STAGE1, page, CONTIGUOUS, 99 + page);
		random_on(IO_PGTABLE_STAGE2, page, CONTIGUOUS, 98 + page);
		assert_true(groups > 100);
	}
}

/* Threads whose pages alternate in the same tables: every install is a race. */
#define THREADS 4u
#define PAGES	2048u

struct worker {
	struct table *x;
	unsigned id;
	unsigned failures;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	for (unsigned round = 0; round < 4; round++) {
		for (uint64_t i = w->id; i < PAGES; i += THREADS)
			if (io_pgtable_map_pages(w->x->t, i * K(4), G(1) + i * K(4), K(4),
						 1, RW, NULL))
				w->failures++;
		for (uint64_t i = w->id; round < 3 && i < PAGES; i += THREADS)
			if (io_pgtable_unmap_pages(w->x->t, i * K(4), K(4), 1, NULL) !=
			    K(4))
				w->failures++;
	}
	return NULL;
}

static void run_workers(struct table *x, void *(*fn)(void *))
{
	struct worker w[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .x = x, .id = i };
		assert_int_equal(pthread_create(&w[i].thread, NULL, fn, &w[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].failures, 0);
	}
}

static void disjoint_maps_need_no_lock(void **state)
{
	struct table x;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 48, 48, 0);
	io_pgtable_free(x.t);
	x.cfg.flush = NULL; /* the counters of the test are not for threads */
	assert_int_equal(io_pgtable_alloc(&x.t, &x.cfg), 0);
	run_workers(&x, work);
	for (uint64_t i = 0; i < PAGES; i++) {
		struct walk_result r = walk(&x.arena, &x.cfg, i * K(4));

		assert_true(r.found);
		assert_int_equal(r.pa, G(1) + i * K(4));
	}
	/* Losers of a race gave their table back: root, L1, L2 and four L3. */
	assert_int_equal(io_pgtable_footprint(x.t), K(4) * 7);
	assert_int_equal(x.arena.live, 7);
	table_drop(&x);
}

/* Each a page in every group: of them, three quarters are unmapped. */
static void *take_part(void *arg)
{
	struct worker *w = arg;

	for (uint64_t i = w->id; i < PAGES; i += THREADS)
		if (w->id &&
		    io_pgtable_unmap_pages(w->x->t, i * K(4), K(4), 1, NULL) != K(4))
			w->failures++;
	return NULL;
}

/* Each groups of its own in one table, again and again. */
static void *make_groups(void *arg)
{
	struct worker *w = arg;

	for (unsigned round = 0; round < 8; round++)
		for (uint64_t i = w->id * 16; i < PAGES; i += THREADS * 16) {
			uint64_t iova = i * K(4);

			if (io_pgtable_map_pages(w->x->t, iova, G(2) + iova, K(4), 16, RW,
						 NULL) ||
			    io_pgtable_unmap_pages(w->x->t, iova, K(4), 3, NULL) !=
				    K(12) ||
			    io_pgtable_unmap_pages(w->x->t, iova + K(12), K(4), 13,
						   NULL) != K(52))
				w->failures++;
		}
	return NULL;
}

/* A group may be several threads' to take apart; nobody's page changes by it. */
static void disjoint_parts_of_groups_need_no_lock(void **state)
{
	struct table x;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 48, 48, CONTIGUOUS);
	io_pgtable_free(x.t);
	x.cfg.flush = NULL;
	assert_int_equal(io_pgtable_alloc(&x.t, &x.cfg), 0);
	for (unsigned round = 0; round < 10; round++) {
		assert_int_equal(
			io_pgtable_map_pages(x.t, 0, G(1), K(4), PAGES, RW, NULL), 0);
		run_workers(&x, take_part);
		for (uint64_t i = 0; i < PAGES; i++) {
			struct walk_result r = walk(&x.arena, &x.cfg, i * K(4));

			assert_int_equal(r.found, i % THREADS == 0);
			assert_false(hinted(&r));
			if (r.found)
				assert_int_equal(r.pa, G(1) + i * K(4));
		}
		for (uint64_t i = 0; i < PAGES; i += THREADS)
			assert_int_equal(
				io_pgtable_unmap_pages(x.t, i * K(4), K(4), 1, NULL),
				K(4));
	}
	run_workers(&x, make_groups);
	for (uint64_t i = 0; i < PAGES; i++)
		assert_int_equal(io_pgtable_lookup(x.t, i * K(4), NULL, NULL), -ENOENT);
	table_drop(&x);
}

int random_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations_match_shadow),
		cmocka_unit_test(disjoint_maps_need_no_lock),
		cmocka_unit_test(disjoint_parts_of_groups_need_no_lock),
	};

	return cmocka_run_group_tests_name("pgtable-random", tests, NULL, NULL);
}
