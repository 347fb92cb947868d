/* SPDX-License-Identifier: MIT */
/*
 * From a case that differs to the least of it: whatever can be taken away while the
 * two still differ is taken away, until nothing more can. The memory is that of the
 * failing run; what a smaller case reads beyond it is 0.
 */
#include <string.h>
#include "second_opinion.h"

enum { TRIES = 30000, PASSES = 6 };

struct shrink {
	struct so_world *w;
	so_differs_fn differs;
	void *ctx;
	unsigned tries;
	bool smaller; /* in this pass */
};

static bool still(struct shrink *s)
{
	bool yes;

	if (s->tries == TRIES)
		return false;
	s->tries++;
	so_rewind(s->w);
	yes = s->differs(s->w, s->ctx);
	s->smaller |= yes;
	return yes;
}

/* One value to another, if it is another and that still differs. */
static bool become(struct shrink *s, void *at, const void *value, size_t size)
{
	unsigned char was[sizeof(struct smmu_config)];

	if (memcmp(at, value, size) == 0)
		return false;
	memcpy(was, at, size);
	memcpy(at, value, size);
	if (still(s))
		return true;
	memcpy(at, was, size);
	return false;
}

static void become_zero(struct shrink *s, void *at, size_t size)
{
	static const unsigned char zero[sizeof(struct smmu_attr) + 64];

	become(s, at, zero, size);
}

/* All of a word, then less and less of it at a time. */
static void clear_bits(struct shrink *s, uint64_t *word)
{
	for (unsigned width = 64; width != 0; width /= 2) {
		uint64_t part = width == 64 ? ~0ull : (1ull << width) - 1;

		for (unsigned low = 0; low < 64; low += width) {
			uint64_t less = *word & ~(part << low);

			become(s, word, &less, sizeof(less));
		}
	}
}

/* An earlier version that has what it takes, then without one feature after another. */
static void configuration(struct shrink *s, bool presets)
{
	struct so_world *w = s->w;
	struct smmu_config c;
	uint8_t zero = 0, *at;
	unsigned n = 0;

	for (unsigned p = 0; presets && p < SMMU_PRESET_COUNT; p++) {
		so_preset(&c, p);
		if (become(s, &w->cfg, &c, sizeof(c)))
			break;
	}
	while (so_knob(w, n++, &at) != NULL)
		become(s, at, &zero, 1);
}

static void transaction(struct shrink *s, struct smmu_txn *t)
{
	become_zero(s, &t->kind, sizeof(t->kind));
	become_zero(s, &t->op, sizeof(t->op));
	become_zero(s, &t->inst, sizeof(t->inst));
	become_zero(s, &t->priv, sizeof(t->priv));
	become_zero(s, &t->has_attr, sizeof(t->has_attr));
	if (!t->has_attr)
		become_zero(s, &t->attr, sizeof(t->attr));
	become_zero(s, &t->ssv, sizeof(t->ssv));
	become_zero(s, &t->ssid, sizeof(t->ssid));
	clear_bits(s, &t->addr);
}

static void registers(struct shrink *s)
{
	struct so_world *w = s->w;

	clear_bits(s, &w->cr1);
	clear_bits(s, &w->cr2);
	clear_bits(s, &w->gbpa);
	clear_bits(s, &w->s2pii);
}

static void memory(struct shrink *s)
{
	struct so_world *w = s->w;

	for (unsigned i = 0; i < w->n_kept; i++) {
		struct so_cell *c = &w->cell[w->used[i]];

		become_zero(s, &c->poison, sizeof(c->poison));
		become_zero(s, &c->wpoison, sizeof(c->wpoison));
		clear_bits(s, &c->init);
	}
}

/* The second transaction alone, if it does not need what the first left behind. */
static void only_last(struct shrink *s)
{
	struct so_world *w = s->w;
	struct smmu_txn first = w->asked[0];

	if (w->rounds != 2)
		return;
	w->asked[0] = w->asked[1];
	w->rounds = 1;
	if (still(s))
		return;
	w->asked[0] = first;
	w->rounds = 2;
}

unsigned so_shrink(struct so_world *w, so_differs_fn differs, void *ctx)
{
	struct shrink s = { .w = w, .differs = differs, .ctx = ctx, .smaller = true };

	w->frozen = true;
	w->n_kept = w->n_used;
	only_last(&s);
	for (unsigned pass = 0; pass < PASSES && s.smaller; pass++) {
		s.smaller = false;
		configuration(&s, pass == 0);
		registers(&s);
		for (unsigned i = 0; i < w->rounds; i++)
			transaction(&s, &w->asked[i]);
		memory(&s);
	}
	/* As it is now, once more: what is described is this. */
	so_rewind(w);
	differs(w, ctx);
	return s.tries;
}
