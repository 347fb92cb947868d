/* SPDX-License-Identifier: MIT */
/*
 * The page tables, judged by a walker of the test's own:
 *  1. the shape that is announced is one that hardware accepts (translation.md 9.1, 9.4);
 *  2. every page size of every granule and stage lands where it should, and goes;
 *  3. descriptors say what prot says (9.3, 9.4, 10);
 *  4. misuse changes nothing; a live entry is never overwritten;
 *  5. a table is freed only after flush_walk (DRV-71).
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "pgtable/test_pgtable.h"

static void flush_walk(void *cookie, uint64_t iova, uint64_t size, uint64_t granule)
{
	struct table *x = cookie;

	assert_int_equal(granule, x->cfg.pgsize_bitmap & -x->cfg.pgsize_bitmap);
	x->walks++;
	x->walk_iova = iova;
	x->walk_size = size;
	x->frees_at_walk = x->arena.frees;
}

static void add_page(void *cookie, void *gather, uint64_t iova, uint64_t granule)
{
	struct table *x = cookie;

	assert_int_equal(iova & (granule - 1), 0);
	x->pages++;
	x->page_bytes += granule;
	x->gather = gather;
}

static const struct io_pgtable_flush_ops flush_ops = { flush_walk, add_page };

void table_make(struct table *x, enum io_pgtable_fmt fmt, uint64_t granule, unsigned ias,
		unsigned oas, unsigned quirks)
{
	uint64_t below = granule == K(4) ? 0 : granule == K(16) ? K(4) : K(4) | K(16);

	*x = (struct table){ 0 };
	arena_init(&x->arena, M(64));
	x->cfg = (struct io_pgtable_cfg){
		.fmt = fmt,
		.quirks = quirks & ~CONTIGUOUS,
		.contiguous = quirks & CONTIGUOUS,
		.pgsize_bitmap = ALL_SIZES & ~below,
		.ias = ias,
		.oas = oas,
		.coherent = true,
		.platform = x->arena.platform,
		.flush = &flush_ops,
		.cookie = x,
	};
	assert_int_equal(io_pgtable_alloc(&x->t, &x->cfg), 0);
}

void table_drop(struct table *x)
{
	io_pgtable_free(x->t);
	arena_fini(&x->arena);
}

/* ---- 1: shape ---- */

static void shape_stage1_start_level(void **state)
{
	/* The check values of translation.md 9.1: root entries tell the start level. */
	static const struct {
		uint64_t granule;
		unsigned ias;
		int start;
	} rows[] = {
		{ K(4), 48, 0 },  { K(4), 39, 1 },  { K(16), 47, 1 }, { K(16), 48, 0 },
		{ K(64), 42, 2 }, { K(64), 48, 1 }, { K(64), 52, 1 }, { K(4), 30, 2 },
		{ K(16), 25, 3 }, { K(64), 25, 3 }, { K(64), 29, 3 }, { K(64), 30, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct table x;

		table_make(&x, IO_PGTABLE_STAGE1, rows[i].granule, rows[i].ias, 52, 0);
		assert_int_equal(x.cfg.s1.tsz, 64 - rows[i].ias);
		assert_int_equal(walk(&x.arena, &x.cfg, 0).level, rows[i].start);
		table_drop(&x);
	}
}

/* STE-32: start level, input size and granule fit together, for every input size. */
static void shape_stage2_is_consistent(void **state)
{
	static const unsigned g_of_tg[] = { 12, 16, 14 };

	(void)state;
	for (uint64_t granule = K(4); granule <= K(64); granule *= 4) {
		for (unsigned ias = 25; ias <= 48; ias++) {
			struct table x;
			unsigned g, levels, n, shift;

			table_make(&x, IO_PGTABLE_STAGE2, granule, ias, 48, 0);
			g = g_of_tg[x.cfg.s2.tg];
			levels = x.cfg.s2.sl0 + (g == 12 ? 1u : 0u);
			n = 64u - x.cfg.s2.t0sz;
			shift = g + (g - 3) * levels;
			assert_int_equal(n, ias);
			assert_int_equal(UINT64_C(1) << g, granule);
			assert_true(n >= shift + 1 && n <= shift + (g - 3) + 4);
			/* Encodings without STT or DS (9.4). */
			assert_true(x.cfg.s2.sl0 <= 2);
			/* The root is aligned to its whole size. */
			assert_int_equal(
				x.cfg.s2.ttb & ((UINT64_C(8) << (n - shift)) - 1), 0);
			table_drop(&x);
		}
	}
}

static void shape_concatenates_stage2_root(void **state)
{
	struct table x;

	(void)state;
	/* 40 bits, 4 KiB: level 1 with two tables rather than level 0 with two entries.
	 */
	table_make(&x, IO_PGTABLE_STAGE2, K(4), 40, 40, 0);
	assert_int_equal(x.cfg.s2.sl0, 1);
	assert_int_equal(io_pgtable_footprint(x.t), K(8));
	table_drop(&x);
	/* 43 bits is the last with sixteen, 44 starts at level 0. */
	table_make(&x, IO_PGTABLE_STAGE2, K(4), 43, 48, 0);
	assert_int_equal(x.cfg.s2.sl0, 1);
	assert_int_equal(io_pgtable_footprint(x.t), K(64));
	table_drop(&x);
	table_make(&x, IO_PGTABLE_STAGE2, K(4), 44, 48, 0);
	assert_int_equal(x.cfg.s2.sl0, 2);
	table_drop(&x);
	/* 16 KiB, 48 bits has no level 0 at stage 2 without DS. */
	table_make(&x, IO_PGTABLE_STAGE2, K(16), 48, 48, 0);
	assert_int_equal(x.cfg.s2.sl0, 2);
	table_drop(&x);
}

static void shape_clamps_sizes_to_granule(void **state)
{
	struct table x;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 52, 52, 0); /* no DS */
	assert_int_equal(x.cfg.ias, 48);
	assert_int_equal(x.cfg.oas, 48);
	assert_int_equal(x.cfg.s1.ips, 5);
	assert_int_equal(x.cfg.pgsize_bitmap, K(4) | M(2) | G(1));
	table_drop(&x);
	table_make(&x, IO_PGTABLE_STAGE1, K(64), 52, 52, 0);
	assert_int_equal(x.cfg.ias, 52);
	assert_int_equal(x.cfg.s1.ips, 6);
	assert_int_equal(x.cfg.pgsize_bitmap, K(64) | M(512) | T(4));
	table_drop(&x);
	table_make(&x, IO_PGTABLE_STAGE1, K(64), 48, 48,
		   0); /* 4 TiB blocks: 52 bits only */
	assert_int_equal(x.cfg.pgsize_bitmap, K(64) | M(512));
	table_drop(&x);
	table_make(&x, IO_PGTABLE_STAGE2, K(4), 48, 40, 0); /* stage 2: ias within oas */
	assert_int_equal(x.cfg.ias, 40);
	table_drop(&x);
}

static void shape_refuses_what_cannot_be(void **state)
{
	struct arena a;
	struct io_pgtable *t = NULL;
	struct io_pgtable_cfg good, cfg;

	(void)state;
	arena_init(&a, M(64));
	good = (struct io_pgtable_cfg){ .fmt = IO_PGTABLE_STAGE1,
					.pgsize_bitmap = K(4),
					.ias = 25,
					.oas = 32,
					.platform = a.platform };
	cfg = good;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
	io_pgtable_free(t);
	t = NULL;
	cfg = good, cfg.ias = 24;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), -EINVAL);
	cfg = good, cfg.oas = 31;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), -EINVAL);
	cfg = good, cfg.oas = 53;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), -EINVAL);
	cfg = good, cfg.pgsize_bitmap = M(2) | G(1);
	assert_int_equal(io_pgtable_alloc(&t, &cfg), -EINVAL);
	cfg = good, cfg.quirks = IO_PGTABLE_QUIRK_S2FWB;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), -EINVAL);
	cfg = good, cfg.fmt = IO_PGTABLE_STAGE2, cfg.quirks = IO_PGTABLE_QUIRK_TTBR1;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), -EINVAL);
	cfg = good, a.fail_after = 0;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), -ENOMEM);
	assert_null(t);
	arena_fini(&a);
}

/* ---- 2: every page size ---- */

static void check_page(struct table *x, uint64_t iova, uint64_t pa, uint64_t size)
{
	struct walk_result r;
	uint64_t got = 0, got_size = 0;

	assert_int_equal(io_pgtable_map_pages(x->t, iova, pa, size, 1, RW, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t at = iova + (i ? size - 1 : 0);

		r = walk(&x->arena, &x->cfg, at);
		assert_true(r.found && !r.bad);
		assert_int_equal(r.pa, pa + (at - iova));
		assert_int_equal(r.size, size);
		assert_int_equal(io_pgtable_lookup(x->t, at, &got, &got_size), 0);
		assert_int_equal(got, r.pa);
		assert_int_equal(got_size, size);
	}
	assert_int_equal(io_pgtable_unmap_pages(x->t, iova, size, 1, x), size);
	assert_ptr_equal(x->gather, x);
	r = walk(&x->arena, &x->cfg, iova);
	assert_false(r.found || r.bad);
	assert_int_equal(io_pgtable_lookup(x->t, iova, NULL, NULL), -ENOENT);
}

static void every_size(enum io_pgtable_fmt fmt, uint64_t granule, unsigned ias,
		       unsigned oas, unsigned quirks)
{
	uint64_t in, out, low = 0;
	struct table x;

	table_make(&x, fmt, granule, ias, oas, quirks);
	in = (UINT64_C(1) << x.cfg.ias) - 1;
	out = (UINT64_C(1) << x.cfg.oas) - 1;
	if (quirks & IO_PGTABLE_QUIRK_TTBR1)
		low = ~in;
	for (uint64_t s = x.cfg.pgsize_bitmap; s; s &= s - 1) {
		uint64_t size = s & -s;

		if (size - 1 > in || size - 1 > out)
			continue;
		/* The first, the last and one in between. */
		check_page(&x, low, out & ~(size - 1), size);
		check_page(&x, low | (in & ~(size - 1)), 0, size);
		check_page(&x, low | (in & 0x5a5a5a5a5a5a5ull & ~(size - 1)),
			   out & 0xa5a5a5a5a5a5aull & ~(size - 1), size);
	}
	table_drop(&x);
}

static void pages_of_every_size(void **state)
{
	static const unsigned outs[] = { 32, 36, 40, 42, 44, 48, 52 };

	(void)state;
	for (uint64_t granule = K(4); granule <= K(64); granule *= 4) {
		for (unsigned ias = 25; ias <= 52; ias++) {
			unsigned oas = outs[ias % 7];

			every_size(IO_PGTABLE_STAGE1, granule, ias, oas, 0);
			every_size(IO_PGTABLE_STAGE1, granule, ias, oas,
				   IO_PGTABLE_QUIRK_TTBR1);
			every_size(IO_PGTABLE_STAGE2, granule, ias, oas, 0);
			every_size(IO_PGTABLE_STAGE2, granule, ias, 52, 0);
		}
	}
}

/* ---- 3: descriptors ---- */

static uint64_t desc_for(struct table *x, unsigned prot)
{
	struct walk_result r;

	assert_int_equal(io_pgtable_map_pages(x->t, 0, K(64), K(4), 1, prot, NULL), 0);
	r = walk(&x->arena, &x->cfg, 0);
	assert_true(r.found);
	assert_int_equal(io_pgtable_unmap_pages(x->t, 0, K(4), 1, NULL), K(4));
	return r.desc;
}

static uint64_t bits(uint64_t v, unsigned msb, unsigned lsb)
{
	return v >> lsb & ((UINT64_C(1) << (msb - lsb + 1)) - 1);
}

static void desc_stage1_says_what_prot_says(void **state)
{
	struct table x;
	uint64_t d;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 39, 40, 0);
	d = desc_for(&x, RW | IO_PROT_CACHE);
	assert_int_equal(bits(d, 1, 0), 3);
	assert_int_equal(bits(d, 7, 6), 1);   /* AP: everyone reads and writes */
	assert_int_equal(bits(d, 9, 8), 3);   /* inner shareable */
	assert_int_equal(bits(d, 11, 10), 3); /* nG, AF */
	assert_int_equal(bits(d, 54, 53), 0);
	assert_int_equal(x.cfg.s1.mair >> 8 * bits(d, 4, 2) & 0xff, 0xff);
	d = desc_for(&x, IO_PROT_READ | IO_PROT_PRIV | IO_PROT_NOEXEC);
	assert_int_equal(bits(d, 7, 6), 2);   /* AP: privileged reads */
	assert_int_equal(bits(d, 54, 53), 3); /* neither level executes */
	assert_int_equal(x.cfg.s1.mair >> 8 * bits(d, 4, 2) & 0xff, 0x44);
	d = desc_for(&x, RW | IO_PROT_MMIO | IO_PROT_CACHE);
	assert_int_equal(x.cfg.s1.mair >> 8 * bits(d, 4, 2) & 0xff, 0x04);
	assert_int_equal(bits(desc_for(&x, IO_PROT_READ), 7, 6), 3);
	table_drop(&x);
}

static void desc_stage2_says_what_prot_says(void **state)
{
	struct table x;
	uint64_t d;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE2, K(4), 39, 40, 0);
	d = desc_for(&x, RW | IO_PROT_CACHE);
	assert_int_equal(bits(d, 7, 6), 3);
	assert_int_equal(bits(d, 5, 2), 0xf);
	assert_int_equal(bits(d, 9, 8), 3);
	assert_int_equal(bits(d, 11, 10), 1); /* AF alone: bit 11 is RES0 here */
	assert_int_equal(bits(d, 54, 53), 0);
	d = desc_for(&x, IO_PROT_WRITE | IO_PROT_NOEXEC);
	assert_int_equal(bits(d, 7, 6), 2); /* stage 2 can be write-only */
	assert_int_equal(bits(d, 5, 2), 0x5);
	assert_int_equal(bits(d, 54, 53), 2);
	assert_int_equal(bits(desc_for(&x, IO_PROT_READ), 7, 6), 1);
	assert_int_equal(bits(desc_for(&x, RW | IO_PROT_MMIO), 5, 2), 1);
	table_drop(&x);
	/* translation.md 13.5: with S2FWB bit 3 is 0, write-back is 0b110. */
	table_make(&x, IO_PGTABLE_STAGE2, K(4), 39, 40, IO_PGTABLE_QUIRK_S2FWB);
	assert_int_equal(bits(desc_for(&x, RW | IO_PROT_CACHE), 5, 2), 6);
	assert_int_equal(bits(desc_for(&x, RW), 5, 2), 5);
	table_drop(&x);
}

static void desc_root_attributes_follow_coherence(void **state)
{
	struct arena a;
	struct io_pgtable *t;
	struct io_pgtable_cfg cfg = {
		.fmt = IO_PGTABLE_STAGE1, .pgsize_bitmap = K(4), .ias = 39, .oas = 40
	};
	struct table x;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 39, 40, 0);
	assert_int_equal(x.cfg.s1.ir, 1);
	assert_int_equal(x.cfg.s1.or_, 1);
	assert_int_equal(x.cfg.s1.sh, 3);
	table_drop(&x);
	arena_init(&a, M(1));
	cfg.platform = a.platform;
	assert_int_equal(io_pgtable_alloc(&t, &cfg), 0);
	assert_int_equal(cfg.s1.ir, 0);
	assert_int_equal(cfg.s1.sh, 2);
	io_pgtable_free(t);
	arena_fini(&a);
}

/* ---- 4: misuse ---- */

static void misuse_changes_nothing(void **state)
{
	struct table x;
	uint64_t before, mapped = 0;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 39, 40, 0);
	before = io_pgtable_footprint(x.t);
#define REFUSED(err, iova, pa, size, count, prot)                                        \
	assert_int_equal(                                                                \
		io_pgtable_map_pages(x.t, iova, pa, size, count, prot, &mapped), err)
	REFUSED(-EINVAL, K(2), 0, K(4), 1, RW);
	REFUSED(-EINVAL, 0, K(2), K(4), 1, RW);
	REFUSED(-EINVAL, 0, 0, K(16), 1, RW);
	REFUSED(-EINVAL, 0, 0, K(4) | M(2), 1, RW);
	REFUSED(-EINVAL, 0, 0, K(4), 0, RW);
	REFUSED(-EINVAL, 0, 0, K(4), 1, IO_PROT_CACHE);
	REFUSED(-ERANGE, G(512), 0, K(4), 1, RW);
	REFUSED(-ERANGE, G(512) - K(4), 0, K(4), 2, RW);
	REFUSED(-ERANGE, 0, T(1), K(4), 1, RW);
	REFUSED(-ERANGE, 0, T(1) - K(4), K(4), 2, RW);
	REFUSED(-ERANGE, 0, 0, G(1), UINT64_MAX / G(1), RW);
#undef REFUSED
	assert_int_equal(mapped, 0);
	assert_int_equal(io_pgtable_footprint(x.t), before);
	/* The legal neighbours of the last address, in and out. */
	assert_int_equal(
		io_pgtable_map_pages(x.t, G(512) - K(4), T(1) - K(4), K(4), 1, RW, NULL),
		0);
	assert_int_equal(io_pgtable_lookup(x.t, G(512), NULL, NULL), -ERANGE);
	assert_int_equal(io_pgtable_map(x.t, 0, 0, 0, RW), -EINVAL);
	assert_int_equal(io_pgtable_map(x.t, 0, 0, K(6), RW), -EINVAL);
	assert_int_equal(io_pgtable_lookup(x.t, 0, NULL, NULL), -ENOENT);
	assert_int_equal(io_pgtable_unmap_pages(x.t, 0, K(16), 1, NULL), 0);
	table_drop(&x);
}

/* Break before make: what is live stays as it is. */
static void live_entries_are_not_overwritten(void **state)
{
	struct table x;
	uint64_t pa = 0, mapped = 0;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE2, K(4), 39, 40, 0);
	assert_int_equal(io_pgtable_map_pages(x.t, M(2), M(4), M(2), 1, RW, NULL), 0);
	assert_int_equal(io_pgtable_map_pages(x.t, M(2), M(8), M(2), 1, RW, NULL),
			 -EEXIST);
	assert_int_equal(io_pgtable_map_pages(x.t, M(2), M(8), K(4), 1, RW, NULL),
			 -EEXIST);
	/* Progress counts up to the page that was in the way (CORE-119). */
	assert_int_equal(
		io_pgtable_map_pages(x.t, M(2) - K(8), M(8), K(4), 3, RW, &mapped),
		-EEXIST);
	assert_int_equal(mapped, K(8));
	assert_int_equal(io_pgtable_map_pages(x.t, 0, M(8), M(2), 1, RW, NULL), -EEXIST);
	assert_int_equal(io_pgtable_lookup(x.t, M(2), &pa, NULL), 0);
	assert_int_equal(pa, M(4));
	table_drop(&x);
}

/* CORE-122: a larger mapping is never split. */
static void part_of_a_block_stays(void **state)
{
	struct table x;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 39, 40, 0);
	assert_int_equal(io_pgtable_map(x.t, M(2) - K(4), M(6) - K(4), M(2) + K(4), RW),
			 0);
	assert_int_equal(io_pgtable_unmap_pages(x.t, M(2), K(4), 512, NULL), 0);
	assert_int_equal(x.pages, 0);
	assert_int_equal(io_pgtable_unmap(x.t, M(2) - K(4), K(8), NULL), K(4));
	assert_int_equal(x.pages, 1);
	assert_int_equal(io_pgtable_lookup(x.t, M(2), NULL, NULL), 0);
	assert_int_equal(io_pgtable_unmap(x.t, M(2), M(2), NULL), M(2));
	table_drop(&x);
}

static void unmap_stops_at_a_hole(void **state)
{
	struct table x;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(64), 48, 48, 0);
	assert_int_equal(io_pgtable_map_pages(x.t, 0, 0, K(64), 3, RW, NULL), 0);
	assert_int_equal(io_pgtable_map_pages(x.t, K(256), 0, K(64), 1, RW, NULL), 0);
	assert_int_equal(io_pgtable_unmap_pages(x.t, 0, K(64), 5, NULL), K(192));
	assert_int_equal(x.pages, 3);
	assert_int_equal(io_pgtable_lookup(x.t, K(256), NULL, NULL), 0);
	table_drop(&x);
}

/* CORE-126: 4K|2M|1G, iova 0x1ff000, 2 MiB + 4 KiB: one small page, one block. */
static void map_takes_the_largest_pages(void **state)
{
	struct table x;
	uint64_t size = 0;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 48, 48, 0);
	assert_int_equal(io_pgtable_map(x.t, 0x1ff000, G(4) + 0x1ff000, M(2) + K(4), RW),
			 0);
	assert_int_equal(io_pgtable_lookup(x.t, 0x1ff000, NULL, &size), 0);
	assert_int_equal(size, K(4));
	assert_int_equal(io_pgtable_lookup(x.t, M(2), NULL, &size), 0);
	assert_int_equal(size, M(2));
	assert_int_equal(io_pgtable_unmap(x.t, 0x1ff000, M(2) + K(4), NULL), M(2) + K(4));
	assert_int_equal(x.pages, 2);
	/* A different offset in and out admits small pages alone. */
	assert_int_equal(io_pgtable_map(x.t, G(1), G(1) + K(4), M(4), RW), 0);
	assert_int_equal(io_pgtable_lookup(x.t, G(1) + M(2), NULL, &size), 0);
	assert_int_equal(size, K(4));
	/* Across three sizes. */
	assert_int_equal(io_pgtable_map(x.t, G(3) - M(2) - K(4), G(7) - M(2) - K(4),
					G(1) + M(4) + K(8), RW),
			 0);
	assert_int_equal(io_pgtable_lookup(x.t, G(3) + M(5), NULL, &size), 0);
	assert_int_equal(size, G(1));
	assert_int_equal(io_pgtable_lookup(x.t, G(4), NULL, &size), 0);
	assert_int_equal(size, M(2));
	table_drop(&x);
}

/* ---- 5: tables and their end ---- */

static void tables_are_freed_after_the_flush(void **state)
{
	struct table x;
	unsigned frees;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 39, 40, 0);
	/* Small pages below a block-sized range go with their table (DRV-71). */
	assert_int_equal(io_pgtable_map_pages(x.t, M(2), M(3), K(4), 512, RW, NULL), 0);
	frees = x.arena.frees;
	assert_int_equal(io_pgtable_unmap_pages(x.t, M(2), M(2), 1, NULL), M(2));
	assert_int_equal(x.walks, 1);
	assert_int_equal(x.pages, 0);
	assert_int_equal(x.walk_iova, M(2));
	assert_int_equal(x.walk_size, M(2));
	assert_int_equal(x.frees_at_walk,
			 frees); /* nothing was free yet in the callback */
	assert_int_equal(x.arena.frees, frees + 1);
	/* An empty table gives way to a block, after a flush as well. */
	assert_int_equal(io_pgtable_map_pages(x.t, M(4), M(3), K(4), 1, RW, NULL), 0);
	assert_int_equal(io_pgtable_unmap_pages(x.t, M(4), K(4), 1, NULL), K(4));
	frees = x.arena.frees;
	assert_int_equal(io_pgtable_map_pages(x.t, M(4), M(8), M(2), 1, RW, NULL), 0);
	assert_int_equal(x.walks, 2);
	assert_int_equal(x.frees_at_walk, frees);
	assert_int_equal(x.arena.frees, frees + 1);
	table_drop(&x);
}

/* An allocation that fails anywhere leaves nothing mapped and nothing leaked. */
/* Many tables that go together are flushed together, in ranges that meet. */
static void tables_share_a_flush(void **state)
{
	struct table x;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 39, 40, 0);
	for (uint64_t i = 0; i < 70; i++)
		assert_int_equal(
			i % 7 == 3 ? io_pgtable_map_pages(x.t, M(2) * (i + 5), M(4), M(2),
							  1, RW, NULL)
				   : io_pgtable_map_pages(x.t, M(2) * (i + 5) + K(8),
							  M(3), K(4), 1, RW, NULL),
			0);
	assert_int_equal(io_pgtable_unmap_pages(x.t, M(10), M(2), 80, NULL), M(140));
	/* 60 tables, 32 at a time; ten blocks, each told of. */
	assert_int_equal(x.walks, 2);
	assert_int_equal(x.pages, 10);
	assert_int_equal(x.frees_at_walk, 32);
	assert_int_equal(x.arena.frees, 60);
	assert_int_equal(x.walk_iova + x.walk_size, M(150));
	assert_true(x.walk_iova <= M(10) + M(2) * 38);
	table_drop(&x);
}

static void map_survives_every_allocation_failure(void **state)
{
	struct table x;
	int err = -ENOMEM;
	long n;

	(void)state;
	table_make(&x, IO_PGTABLE_STAGE1, K(4), 48, 48, 0);
	for (n = 0; err; n++) {
		x.walks = 0;
		x.arena.fail_after = n;
		err = io_pgtable_map(x.t, G(512) - K(12), G(4) - K(8), M(4), RW);
		x.arena.fail_after = -1;
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		for (uint64_t at = 0; at < M(4); at += K(4))
			assert_int_equal(
				io_pgtable_lookup(x.t, G(512) - K(12) + at, NULL, NULL),
				-ENOENT);
		/* Something was mapped, so a device may have seen it: flushed. */
		assert_int_equal(x.pages, 0);
		assert_int_equal(x.walks > 0, n > 2);
		io_pgtable_free(x.t);
		assert_int_equal(x.arena.live, 0);
		x.cfg.pgsize_bitmap = K(4) | M(2) | G(1);
		assert_int_equal(io_pgtable_alloc(&x.t, &x.cfg), 0);
	}
	/* Three tables below the root on each side of the level-0 boundary, and more. */
	assert_true(n >= 6);
	table_drop(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shape_stage1_start_level),
		cmocka_unit_test(shape_stage2_is_consistent),
		cmocka_unit_test(shape_concatenates_stage2_root),
		cmocka_unit_test(shape_clamps_sizes_to_granule),
		cmocka_unit_test(shape_refuses_what_cannot_be),
		cmocka_unit_test(pages_of_every_size),
		cmocka_unit_test(desc_stage1_says_what_prot_says),
		cmocka_unit_test(desc_stage2_says_what_prot_says),
		cmocka_unit_test(desc_root_attributes_follow_coherence),
		cmocka_unit_test(misuse_changes_nothing),
		cmocka_unit_test(live_entries_are_not_overwritten),
		cmocka_unit_test(part_of_a_block_stays),
		cmocka_unit_test(unmap_stops_at_a_hole),
		cmocka_unit_test(map_takes_the_largest_pages),
		cmocka_unit_test(tables_are_freed_after_the_flush),
		cmocka_unit_test(tables_share_a_flush),
		cmocka_unit_test(map_survives_every_allocation_failure),
	};
	int failed = cmocka_run_group_tests_name("pgtable", tests, NULL, NULL);

	return failed + random_tests();
}
