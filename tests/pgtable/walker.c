/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "pgtable/walker.h"

struct shape {
	unsigned g, n, out;
	int start;
	uint64_t base;
};

static unsigned output_bits(unsigned code)
{
	static const unsigned bits[] = { 32, 36, 40, 42, 44, 48, 52 };

	return bits[code];
}

static struct shape shape_of(const struct io_pgtable_cfg *cfg)
{
	static const unsigned tg0[] = { 12, 16, 14, 0 }, tg1[] = { 0, 14, 12, 16 };
	struct shape s = { 0 };

	if (cfg->fmt == IO_PGTABLE_STAGE1) {
		bool high = cfg->quirks & IO_PGTABLE_QUIRK_TTBR1;

		s.g = high ? tg1[cfg->s1.tg] : tg0[cfg->s1.tg];
		s.n = 64u - cfg->s1.tsz;
		s.start = 3 - (int)((s.n - 1 - s.g) / (s.g - 3));
		s.out = output_bits(cfg->s1.ips);
		s.base = cfg->s1.ttb;
	} else {
		s.g = tg0[cfg->s2.tg];
		s.n = 64u - cfg->s2.t0sz;
		s.start = (s.g == 12 ? 2 : 3) - cfg->s2.sl0;
		s.out = output_bits(cfg->s2.ps);
		s.base = cfg->s2.ttb;
	}
	return s;
}

static bool block_allowed(const struct shape *s, int level)
{
	if (s->g == 12)
		return level == 1 || level == 2;
	return level == 2 || (s->g == 16 && level == 1 && s->out == 52);
}

static uint64_t address(const struct shape *s, uint64_t d, unsigned shift)
{
	uint64_t pa = d & 0xfffffffff000ull & ~((1ull << shift) - 1);

	if (s->g == 16 && s->out == 52)
		pa |= (d >> 12 & 0xf) << 48;
	return pa;
}

struct walk_result walk(struct arena *a, const struct io_pgtable_cfg *cfg, uint64_t iova)
{
	struct shape s = shape_of(cfg);
	struct walk_result r = { .level = s.start };
	uint64_t at = s.base;
	unsigned top = s.n;

	for (;; r.level++) {
		unsigned shift = s.g + (s.g - 3) * (unsigned)(3 - r.level);
		uint64_t index = iova >> shift & ((1ull << (top - shift)) - 1);
		const void *host = arena_ptr(a, at + 8 * index, 8);
		bool leaf;

		if (!host) {
			r.bad = true;
			return r;
		}
		/* As hardware: one single-copy atomic read. */
		r.desc = __atomic_load_n((const uint64_t *)host, __ATOMIC_ACQUIRE);
		if (!(r.desc & 1))
			return r;
		leaf = r.level == 3 || !(r.desc & 2);
		at = address(&s, r.desc, leaf ? shift : s.g);
		r.bad = at >> s.out || (r.level == 3 && !(r.desc & 2)) ||
			(leaf && r.level < 3 && !block_allowed(&s, r.level));
		if (r.bad)
			return r;
		if (leaf) {
			r.found = true;
			r.size = 1ull << shift;
			r.pa = at | (iova & (r.size - 1));
			return r;
		}
		top = shift;
	}
}
