/* SPDX-License-Identifier: MIT */
/*
 * The page tables, judged by the SMMU itself:
 *  1. every combination of granule, stage, sizes, layout and page size;
 *  2. the Contiguous hint: where it is set, and how it goes;
 *  3. dirty state, as hardware notes it;
 *  4. random changes against a shadow;
 *  5. marks read while hardware sets them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/arch.h>
#include "pgtable/hw.h"

#define K(n) (UINT64_C(n) << 10)
#define M(n) (UINT64_C(n) << 20)
#define G(n) (UINT64_C(n) << 30)
#define T(n) (UINT64_C(n) << 40)
#define RW   (IO_PROT_READ | IO_PROT_WRITE)
#define LOW  M(64)
#define HIGH (UINT64_C(0x000a) << 48)

/* What add_page was told, as a union of ranges of smallest pages. */
struct told {
	unsigned pages, walks;
	uint64_t first, end;
};

static void flush_walk(void *cookie, uint64_t iova, uint64_t size, uint64_t granule)
{
	(void)iova;
	(void)size;
	(void)granule;
	((struct told *)cookie)->walks++;
}

static void add_page(void *cookie, void *gather, uint64_t iova, uint64_t granule)
{
	struct told *told = cookie;

	(void)gather;
	if (!told->pages++ || iova < told->first)
		told->first = iova;
	if (iova + granule > told->end)
		told->end = iova + granule;
}

static const struct io_pgtable_flush_ops flush_ops = { flush_walk, add_page };

static uint64_t sizes_of(uint64_t granule)
{
	if (granule == K(4))
		return K(4) | M(2) | G(1) | G(512);
	return granule == K(16) ? K(16) | M(32) | G(64) : K(64) | M(512) | T(4);
}

static struct io_pgtable_cfg config(const struct hw *hw, enum io_pgtable_fmt fmt,
				    uint64_t granule, unsigned ias, unsigned oas)
{
	return (struct io_pgtable_cfg){ .fmt = fmt,
					.pgsize_bitmap = sizes_of(granule),
					.ias = ias,
					.oas = oas,
					.coherent = true,
					.platform = hw->platform };
}

static void expect(struct hw *hw, uint64_t iova, bool write, uint64_t pa)
{
	struct smmu_result r = hw_access(hw, iova, write);

	assert_int_equal(r.status, SMMU_OK);
	assert_int_equal(r.pa, pa);
}

static void expect_fault(struct hw *hw, uint64_t iova, bool write, unsigned event)
{
	struct smmu_result r = hw_access(hw, iova, write);

	assert_int_equal(r.status, SMMU_ABORT);
	assert_int_equal(r.event, event);
}

/* ---- 1. Every combination ---- */

/* A page of that size, writable and not, where it is, and no more where it was. */
static void try_page(struct hw *hw, struct io_pgtable *t,
		     const struct io_pgtable_cfg *cfg, uint64_t iova, uint64_t pa,
		     uint64_t size)
{
	uint64_t found = 0, pgsize = 0, page = cfg->pgsize_bitmap & -cfg->pgsize_bitmap;

	assert_int_equal(io_pgtable_map_pages(t, iova, pa, size, 1, RW, NULL), 0);
	assert_int_equal(io_pgtable_lookup(t, iova + size - 1, &found, &pgsize), 0);
	assert_int_equal(found, pa + size - 1);
	assert_int_equal(pgsize, size);
	expect(hw, iova, true, pa);
	expect(hw, iova + size - 1, false, pa + size - 1);
	expect(hw, iova + size / 2 + 8, true, pa + size / 2 + 8);
	if (size > page)
		assert_int_equal(io_pgtable_unmap_pages(t, iova, page, 1, NULL), 0);
	assert_int_equal(io_pgtable_unmap_pages(t, iova, size, 1, NULL), size);
	expect_fault(hw, iova, false, SMMU_EVT_F_TRANSLATION);
	assert_int_equal(io_pgtable_map_pages(t, iova, pa, size, 1, IO_PROT_READ, NULL),
			 0);
	expect(hw, iova, false, pa);
	expect_fault(hw, iova + size - 1, true, SMMU_EVT_F_PERMISSION);
	assert_int_equal(io_pgtable_unmap(t, iova, size, NULL), size);
}

static void try_sizes(struct hw *hw, struct io_pgtable_cfg cfg)
{
	uint64_t high = 0, out;
	struct io_pgtable *t;

	assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
	if (cfg.quirks & IO_PGTABLE_QUIRK_TTBR1)
		high = ~((UINT64_C(1) << cfg.ias) - 1);
	out = UINT64_C(1) << cfg.oas;
	hw_install(hw, &cfg);
	for (uint64_t left = cfg.pgsize_bitmap; left; left &= left - 1) {
		uint64_t size = left & -left, top = UINT64_C(1) << cfg.ias;

		if (size > top || size > out)
			continue;
		/* Both ends of the input, both of the output, and somewhere. */
		try_page(hw, t, &cfg, high, out - size, size);
		try_page(hw, t, &cfg, high | (top - size), 0, size);
		try_page(hw, t, &cfg, high | (top / 3 & -size), out / 3 & -size, size);
		/* Nothing above either. */
		assert_int_equal(io_pgtable_map_pages(t, high, out, size, 1, RW, NULL),
				 -ERANGE);
		if (!high)
			assert_int_equal(
				io_pgtable_map_pages(t, top, 0, size, 1, RW, NULL),
				-ERANGE);
	}
	io_pgtable_free(t);
}

static const unsigned all_ias[] = {
	25, 30, 31, 32, 36, 38, 39, 40, 42, 43, 44, 47, 48, 52
};
static const unsigned all_oas[] = { 32, 36, 40, 42, 44, 48, 52 };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void try_formats(struct hw *hw, uint64_t granule, unsigned ias, unsigned oas)
{
	for (unsigned i = 0; i < 24; i++) {
		struct io_pgtable_cfg cfg =
			config(hw, i & 1 ? IO_PGTABLE_STAGE2 : IO_PGTABLE_STAGE1, granule,
			       ias, oas);

		cfg.ds = i & 2;
		cfg.contiguous = i & 4;
		if (i >= 16)
			cfg.quirks = IO_PGTABLE_QUIRK_DIRTY;
		else if (i >= 8)
			cfg.quirks =
				i & 1 ? IO_PGTABLE_QUIRK_S2FWB : IO_PGTABLE_QUIRK_TTBR1;
		try_sizes(hw, cfg);
	}
}

/* T-9.1, DRV-60. With tables below and above 48 bits, near the CPU's and scattered. */
static void every_size_of_every_format(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 2; way++) {
		struct hw hw;

		hw_up(&hw, LOW, way);
		for (uint64_t granule = K(4); granule <= K(64); granule *= 4)
			for (unsigned i = 0; i < COUNT(all_ias); i++)
				for (unsigned o = 0; o < COUNT(all_oas); o++)
					try_formats(&hw, granule, all_ias[i], all_oas[o]);
		hw_down(&hw);
	}
}

/* CD-29, STE-65: DS is asked for where something needs 52 bits, and nowhere else. */
static void ds_where_52_bits_want_it(void **state)
{
	static const struct {
		enum io_pgtable_fmt fmt;
		uint64_t granule;
		unsigned ias, oas;
		bool can, is;
		unsigned ias_out;
		uint64_t sizes;
	} rows[] = {
		{ IO_PGTABLE_STAGE1, K(4), 52, 52, true, true, 52,
		  K(4) | M(2) | G(1) | G(512) },
		{ IO_PGTABLE_STAGE1, K(4), 48, 52, true, true, 48,
		  K(4) | M(2) | G(1) | G(512) },
		{ IO_PGTABLE_STAGE1, K(4), 52, 48, true, true, 52,
		  K(4) | M(2) | G(1) | G(512) },
		{ IO_PGTABLE_STAGE1, K(4), 48, 48, true, false, 48, K(4) | M(2) | G(1) },
		{ IO_PGTABLE_STAGE1, K(4), 52, 52, false, false, 48, K(4) | M(2) | G(1) },
		{ IO_PGTABLE_STAGE1, K(16), 52, 52, true, true, 52,
		  K(16) | M(32) | G(64) },
		{ IO_PGTABLE_STAGE1, K(16), 48, 48, true, false, 48, K(16) | M(32) },
		{ IO_PGTABLE_STAGE1, K(64), 52, 52, true, false, 52,
		  K(64) | M(512) | T(4) },
		{ IO_PGTABLE_STAGE2, K(4), 52, 52, true, true, 52,
		  K(4) | M(2) | G(1) | G(512) },
		{ IO_PGTABLE_STAGE2, K(4), 52, 48, true, false, 48, K(4) | M(2) | G(1) },
		{ IO_PGTABLE_STAGE2, K(16), 52, 52, true, true, 52,
		  K(16) | M(32) | G(64) },
	};
	struct hw hw;

	(void)state;
	/* Next-level addresses fold as those of leaves do: tables above 48 bits. */
	hw_up(&hw, HIGH, false);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct io_pgtable_cfg cfg = config(&hw, rows[i].fmt, rows[i].granule,
						   rows[i].ias, rows[i].oas);
		struct io_pgtable *t;

		cfg.ds = rows[i].can;
		assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
		io_pgtable_free(t);
		assert_int_equal(cfg.s1.ds | cfg.s2.ds, rows[i].is);
		assert_int_equal(cfg.ias, rows[i].ias_out);
		assert_int_equal(cfg.pgsize_bitmap, rows[i].sizes);
		cfg.pgsize_bitmap = sizes_of(rows[i].granule);
		if (cfg.oas == 52)
			try_sizes(&hw, cfg);
	}
	hw_down(&hw);
}

/* ---- 2. Contiguous ---- */

/* Looks at the leaf itself, from the root, by the model's idea of the walk. */
static uint64_t leaf_at(struct hw *hw, const struct io_pgtable_cfg *cfg, uint64_t iova,
			int level)
{
	uint64_t at = cfg->fmt == IO_PGTABLE_STAGE1 ? cfg->s1.ttb : cfg->s2.ttb, desc = 0;
	unsigned g = (unsigned)__builtin_ctzll(cfg->pgsize_bitmap), stride = g - 3;
	int start = 3 - (int)((cfg->ias - 1 - g) / stride);

	if (cfg->fmt == IO_PGTABLE_STAGE2)
		start = (g == 12 ? 2 : 3) - cfg->s2.sl0;
	for (int l = start; l <= level; l++) {
		unsigned shift = g + stride * (unsigned)(3 - l);
		uint64_t index = iova >> shift;
		uint64_t *table;

		if (l > start)
			index &= (UINT64_C(1) << stride) - 1;
		table = smmu_bus_ptr(hw->bus, at, 8 * (index + 1));
		desc = __atomic_load_n(&table[index], __ATOMIC_RELAXED);
		at = desc & UINT64_C(0xfffffffff000) & ~((UINT64_C(1) << g) - 1);
	}
	return desc;
}

static bool hinted(struct hw *hw, const struct io_pgtable_cfg *cfg, uint64_t iova,
		   int level)
{
	uint64_t desc = leaf_at(hw, cfg, iova, level);

	return (desc & 1) && smmu_get(&desc, SMMU_S1DESC_Contiguous);
}

struct level_case {
	uint64_t granule;
	int level;
	uint64_t size, group;
};

static const struct level_case levels[] = {
	{ K(4), 3, K(4), 16 },	  { K(4), 2, M(2), 16 },   { K(4), 1, G(1), 16 },
	{ K(16), 3, K(16), 128 }, { K(16), 2, M(32), 32 }, { K(64), 3, K(64), 32 },
	{ K(64), 2, M(512), 32 },
};

static void contiguous_on(struct hw *hw, const struct level_case *c,
			  enum io_pgtable_fmt fmt)
{
	struct io_pgtable_cfg cfg = config(hw, fmt, c->granule, 44, 48);
	uint64_t span = c->group * c->size, at = 5 * span, pa = 3 * span;
	struct told told = { 0 };
	struct io_pgtable *t;

	cfg.contiguous = true;
	cfg.flush = &flush_ops;
	cfg.cookie = &told;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
	hw_install(hw, &cfg);
	/* One page before two groups, one behind: those two have it, these have not. */
	assert_int_equal(io_pgtable_map_pages(t, at - c->size, pa - c->size, c->size,
					      2 * c->group + 2, RW, NULL),
			 0);
	for (uint64_t i = 0; i < 2 * c->group + 2; i++) {
		uint64_t iova = at - c->size + i * c->size;

		assert_int_equal(hinted(hw, &cfg, iova, c->level),
				 i >= 1 && i <= 2 * c->group);
		expect(hw, iova + 16, true, iova - at + pa + 16);
	}
	/* A page in the middle of the second goes: all of the group is told of. */
	assert_int_equal(
		io_pgtable_unmap_pages(t, at + span + 3 * c->size, c->size, 1, NULL),
		c->size);
	assert_int_equal(told.first, at + span);
	assert_int_equal(told.end, at + 2 * span);
	for (uint64_t i = 0; i < 2 * c->group; i++) {
		assert_int_equal(hinted(hw, &cfg, at + i * c->size, c->level),
				 i < c->group);
		if (i == c->group + 3)
			expect_fault(hw, at + i * c->size, false, SMMU_EVT_F_TRANSLATION);
		else
			expect(hw, at + i * c->size, true, pa + i * c->size);
	}
	/* The first goes as a whole: page by page, and nothing else. */
	told = (struct told){ 0 };
	assert_int_equal(io_pgtable_unmap_pages(t, at, c->size, c->group, NULL), span);
	assert_int_equal(told.pages, c->group);
	assert_int_equal(told.first, at);
	assert_int_equal(told.end, at + span);
	io_pgtable_free(t);
}

/* CACHE-71, translation.md 9.6 */
static void groups_are_hinted_and_broken(void **state)
{
	struct hw hw;

	(void)state;
	hw_up(&hw, LOW, false);
	for (unsigned i = 0; i < COUNT(levels); i++) {
		contiguous_on(&hw, &levels[i], IO_PGTABLE_STAGE1);
		contiguous_on(&hw, &levels[i], IO_PGTABLE_STAGE2);
	}
	hw_down(&hw);
}

/* Not a group: one side misaligned, something there already, not asked for, dirty. */
static void no_hint_without_a_group(void **state)
{
	struct hw hw;
	struct io_pgtable *t;

	(void)state;
	hw_up(&hw, LOW, false);
	for (unsigned i = 0; i < 5; i++) {
		struct io_pgtable_cfg cfg = config(&hw, IO_PGTABLE_STAGE1, K(4), 48, 48);
		uint64_t pa = i == 1 ? K(4) : M(1), mapped = 0;

		cfg.contiguous = i != 3;
		cfg.quirks = i == 4 ? IO_PGTABLE_QUIRK_DIRTY : 0;
		assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
		if (i == 2)
			assert_int_equal(io_pgtable_map(t, K(28), M(7), K(4), RW), 0);
		assert_int_equal(io_pgtable_map_pages(t, 0, pa, K(4), 16, RW, &mapped),
				 i == 2 ? -EEXIST : 0);
		assert_int_equal(mapped, i == 2 ? K(28) : K(64));
		for (uint64_t at = 0; at < K(64); at += K(4))
			assert_int_equal(hinted(&hw, &cfg, at, 3), i == 0);
		io_pgtable_free(t);
	}
	hw_down(&hw);
}

/* ---- 3. Dirty ---- */

struct seen {
	uint64_t page, base;
	uint64_t map[4]; /* a bit for each smallest page from base */
};

static void record(void *ctx, uint64_t iova, uint64_t size)
{
	struct seen *s = ctx;

	for (uint64_t at = iova; at < iova + size; at += s->page) {
		uint64_t bit = (at - s->base) / s->page;

		if (at >= s->base && bit < 256)
			s->map[bit / 64] |= UINT64_C(1) << bit % 64;
	}
}

static void expect_dirty(struct io_pgtable *t, struct seen *s, unsigned flags,
			 const uint64_t *want)
{
	memset(s->map, 0, sizeof(s->map));
	assert_int_equal(
		io_pgtable_read_dirty(t, s->base, 256 * s->page, flags, record, s, NULL),
		0);
	assert_memory_equal(s->map, want, sizeof(s->map));
}

static void dirty_on(struct hw *hw, enum io_pgtable_fmt fmt, uint64_t granule,
		     unsigned quirks)
{
	struct io_pgtable_cfg cfg = config(hw, fmt, granule, 48, 48);
	uint64_t want[4] = { 0 }, none[4] = { 0 }, seed = granule;
	struct seen s = { .page = granule, .base = G(1) };
	struct told told = { 0 };
	struct io_pgtable *t;

	cfg.quirks = IO_PGTABLE_QUIRK_DIRTY | quirks;
	cfg.flush = &flush_ops;
	cfg.cookie = &told;
	if (quirks & IO_PGTABLE_QUIRK_TTBR1)
		s.base |= ~((UINT64_C(1) << 48) - 1);
	assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
	hw_install(hw, &cfg);
	/* The last quarter is read-only. */
	assert_int_equal(io_pgtable_map(t, s.base, G(2), 192 * granule, RW), 0);
	assert_int_equal(io_pgtable_map(t, s.base + 192 * granule, G(3), 64 * granule,
					IO_PROT_READ),
			 0);
	for (unsigned round = 0; round < 40; round++) {
		unsigned n = 0;

		for (unsigned i = 0; i < 20; i++) {
			uint64_t page, at;
			bool write;

			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			page = seed >> 56;
			at = s.base + page * granule + 8;
			write = seed >> 40 & 1;
			if (write && page >= 192) {
				expect_fault(hw, at, true, SMMU_EVT_F_PERMISSION);
				continue;
			}
			assert_int_equal(hw_access(hw, at, write).status, SMMU_OK);
			if (write)
				want[page / 64] |= UINT64_C(1) << page % 64;
		}
		for (unsigned i = 0; i < 4; i++)
			n += (unsigned)__builtin_popcountll(want[i]);
		told.pages = 0;
		expect_dirty(t, &s, IO_PGTABLE_DIRTY_NO_CLEAR, want);
		assert_int_equal(told.pages, 0);
		if (round % 3)
			continue;
		/* What is cleaned is told of, to be invalidated. */
		expect_dirty(t, &s, 0, want);
		assert_int_equal(told.pages, n);
		memset(want, 0, sizeof(want));
		expect_dirty(t, &s, 0, none);
	}
	io_pgtable_free(t);
}

/* DRV-114, of both stages. */
static void writes_are_noted(void **state)
{
	struct hw hw;

	(void)state;
	hw_up(&hw, LOW, false);
	for (uint64_t granule = K(4); granule <= K(64); granule *= 4) {
		dirty_on(&hw, IO_PGTABLE_STAGE1, granule, 0);
		dirty_on(&hw, IO_PGTABLE_STAGE1, granule, IO_PGTABLE_QUIRK_TTBR1);
		dirty_on(&hw, IO_PGTABLE_STAGE2, granule, IO_PGTABLE_QUIRK_S2FWB);
	}
	hw_down(&hw);
}

static void count_bytes(void *ctx, uint64_t iova, uint64_t size)
{
	(void)iova;
	*(uint64_t *)ctx += size;
}

/* A block is one: told of as a whole, by whatever part of it is asked for. */
static void blocks_are_dirty_as_a_whole(void **state)
{
	struct io_pgtable_cfg cfg;
	struct io_pgtable *t;
	uint64_t bytes = 0;
	struct hw hw;

	(void)state;
	hw_up(&hw, LOW, false);
	cfg = config(&hw, IO_PGTABLE_STAGE1, K(4), 48, 48);
	cfg.quirks = IO_PGTABLE_QUIRK_DIRTY;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
	hw_install(&hw, &cfg);
	assert_int_equal(io_pgtable_map(t, M(4), M(8), M(2), RW), 0);
	expect(&hw, M(5), true, M(9));
	assert_int_equal(
		io_pgtable_read_dirty(t, M(4) + K(8), K(4), 0, count_bytes, &bytes, NULL),
		0);
	assert_int_equal(bytes, M(2));
	bytes = 0;
	assert_int_equal(
		io_pgtable_read_dirty(t, 0, T(256), 0, count_bytes, &bytes, NULL), 0);
	assert_int_equal(bytes, 0);
	/* Misuse. */
	assert_int_equal(io_pgtable_read_dirty(t, 0, 0, 0, count_bytes, &bytes, NULL),
			 -EINVAL);
	assert_int_equal(io_pgtable_read_dirty(t, 0, M(2), 2, count_bytes, &bytes, NULL),
			 -EINVAL);
	assert_int_equal(
		io_pgtable_read_dirty(t, T(255), T(2), 0, count_bytes, &bytes, NULL),
		-ERANGE);
	io_pgtable_free(t);
	cfg.quirks = 0;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
	assert_int_equal(io_pgtable_read_dirty(t, 0, M(2), 0, count_bytes, &bytes, NULL),
			 -EINVAL);
	io_pgtable_free(t);
	hw_down(&hw);
}

/* ---- 4. At random ---- */

#define PAGES 2048u /* smallest ones under observation */
#define NONE  UINT64_MAX

static uint64_t rnd(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *seed >> 33;
}

/* What must be at each page, and what hardware and look-up find there. */
static void check_shadow(struct hw *hw, struct io_pgtable *t, uint64_t base,
			 uint64_t page, const uint64_t *shadow)
{
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t at = base + i * page + (i * 8 & (page - 1)), pa = 0;
		struct smmu_result r = hw_access(hw, at, false);
		int err = io_pgtable_lookup(t, at, &pa, NULL);

		if (shadow[i] == NONE) {
			assert_int_equal(r.event, SMMU_EVT_F_TRANSLATION);
			assert_int_equal(err, -ENOENT);
			continue;
		}
		assert_int_equal(r.status, SMMU_OK);
		assert_int_equal(r.pa, shadow[i] + (at & (page - 1)));
		assert_int_equal(err, 0);
		assert_int_equal(pa, r.pa);
	}
}

/* A range that is all free or all taken: mapped, or unmapped in pieces of its own. */
static void change_at_random(struct io_pgtable *t, uint64_t base, uint64_t page,
			     uint64_t *shadow, uint64_t *seed)
{
	uint64_t first = rnd(seed) % PAGES, n = 1 + rnd(seed) % (PAGES - first), k = 1;
	bool taken = shadow[first] != NONE;
	/* Mostly as far from its address as the page before, so that blocks fit. */
	uint64_t pa = (rnd(seed) % 1024 + 1) * PAGES * page + first * page;

	if (rnd(seed) % 4 == 0)
		pa += page;
	while (k < n && (shadow[first + k] != NONE) == taken &&
	       (!taken || shadow[first + k] == shadow[first] + k * page))
		k++;
	if (!taken) {
		assert_int_equal(io_pgtable_map(t, base + first * page, pa, k * page, RW),
				 0);
		for (uint64_t i = 0; i < k; i++)
			shadow[first + i] = pa + i * page;
		return;
	}
	/* Blocks that stick out of it stay: what went is at the front. */
	k = io_pgtable_unmap(t, base + first * page, k * page, NULL) / page;
	for (uint64_t i = 0; i < k; i++)
		shadow[first + i] = NONE;
}

static void at_random_on(enum io_pgtable_fmt fmt, uint64_t page, unsigned bits,
			 unsigned quirks, bool scattered)
{
	uint64_t *shadow = malloc(PAGES * sizeof(*shadow)), seed = page ^ bits ^ quirks;
	struct io_pgtable_cfg cfg;
	struct io_pgtable *t;
	uint64_t base;
	struct hw hw;

	assert_non_null(shadow);
	hw_up(&hw, bits == 52 ? HIGH : LOW, scattered);
	cfg = config(&hw, fmt, page, bits, bits);
	cfg.ds = true;
	cfg.contiguous = !(quirks & IO_PGTABLE_QUIRK_DIRTY);
	cfg.quirks = quirks;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
	hw_install(&hw, &cfg);
	base = (UINT64_C(1) << (cfg.ias - 1)) - PAGES / 2 * page;
	if (quirks & IO_PGTABLE_QUIRK_TTBR1)
		base |= ~((UINT64_C(1) << cfg.ias) - 1);
	for (unsigned i = 0; i < PAGES; i++)
		shadow[i] = NONE;
	for (unsigned round = 0; round < 400; round++) {
		change_at_random(t, base, page, shadow, &seed);
		if (round % 40 == 39)
			check_shadow(&hw, t, base, page, shadow);
	}
	io_pgtable_free(t);
	hw_down(&hw);
	free(shadow);
}

static void random_changes_are_what_hardware_sees(void **state)
{
	(void)state;
	for (uint64_t page = K(4); page <= K(64); page *= 4) {
		at_random_on(IO_PGTABLE_STAGE1, page, 48, 0, false);
		at_random_on(IO_PGTABLE_STAGE1, page, 48, IO_PGTABLE_QUIRK_TTBR1, true);
		at_random_on(IO_PGTABLE_STAGE1, page, 52, IO_PGTABLE_QUIRK_DIRTY, false);
		at_random_on(IO_PGTABLE_STAGE2, page, 40, 0, true);
		at_random_on(IO_PGTABLE_STAGE2, page, 52, IO_PGTABLE_QUIRK_S2FWB, false);
	}
}

/* ---- 5. Together with DMA ---- */

struct writer {
	struct hw *hw;
	uint64_t written[4];
	unsigned failures;
};

static void *write_at_random(void *arg)
{
	struct writer *w = arg;
	uint64_t seed = 7;

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t page = rnd(&seed) % 250;

		if (hw_access(w->hw, G(1) + page * K(4), true).status != SMMU_OK)
			w->failures++;
		w->written[page / 64] |= UINT64_C(1) << page % 64;
	}
	return NULL;
}

/* DRV-114, CACHE-73: no mark is lost while it is set and read, and none is made up. */
static void marks_are_read_beside_dma(void **state)
{
	struct seen s = { .page = K(4), .base = G(1) };
	struct writer w = { 0 };
	struct io_pgtable_cfg cfg;
	struct io_pgtable *t;
	pthread_t thread;
	struct hw hw;

	(void)state;
	hw_up(&hw, LOW, false);
	cfg = config(&hw, IO_PGTABLE_STAGE2, K(4), 40, 48);
	cfg.quirks = IO_PGTABLE_QUIRK_DIRTY;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
	hw_install(&hw, &cfg);
	assert_int_equal(io_pgtable_map(t, G(1), G(2), M(1), RW), 0);
	w.hw = &hw;
	assert_int_equal(pthread_create(&thread, NULL, write_at_random, &w), 0);
	for (unsigned round = 0; round < 200; round++) {
		uint64_t other = G(1) + M(2) + round % 7 * K(4);

		assert_int_equal(
			io_pgtable_read_dirty(t, G(1), M(4), 0, record, &s, NULL), 0);
		/* And beside changes elsewhere. */
		assert_int_equal(io_pgtable_map(t, other, M(3), K(4), RW), 0);
		assert_int_equal(io_pgtable_unmap(t, other, K(4), NULL), K(4));
	}
	pthread_join(thread, NULL);
	assert_int_equal(io_pgtable_read_dirty(t, G(1), M(4), 0, record, &s, NULL), 0);
	assert_int_equal(w.failures, 0);
	assert_memory_equal(s.map, w.written, sizeof(s.map));
	io_pgtable_free(t);
	hw_down(&hw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_of_every_format),
		cmocka_unit_test(ds_where_52_bits_want_it),
		cmocka_unit_test(groups_are_hinted_and_broken),
		cmocka_unit_test(no_hint_without_a_group),
		cmocka_unit_test(writes_are_noted),
		cmocka_unit_test(blocks_are_dirty_as_a_whole),
		cmocka_unit_test(random_changes_are_what_hardware_sees),
		cmocka_unit_test(marks_are_read_beside_dma),
	};

	return cmocka_run_group_tests_name("pgtable_hw", tests, NULL, NULL);
}
