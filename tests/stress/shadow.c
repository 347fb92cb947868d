/* SPDX-License-Identifier: MIT */
#include "stress/shadow.h"

uint64_t shadow_stamp(struct shadow_clock *clock)
{
	return atomic_fetch_add_explicit(&clock->now, 1, SHADOW_ACQ_REL);
}

uint64_t shadow_now(const struct shadow_clock *clock)
{
	return atomic_load_explicit(&clock->now, memory_order_relaxed);
}

static void put(_Atomic uint64_t *to, uint64_t value)
{
	atomic_store_explicit(to, value, SHADOW_RELEASE);
}

static uint64_t get(const _Atomic uint64_t *from)
{
	return atomic_load_explicit(from, SHADOW_ACQUIRE);
}

uint64_t shadow_begin(struct shadow *s, struct shadow_clock *clock, uint64_t what)
{
	uint64_t span = atomic_load_explicit(&s->n, memory_order_relaxed);
	unsigned i = span % SHADOW_SPANS;

	put(&s->span[i].what, what);
	put(&s->span[i].sure, SHADOW_NEVER);
	put(&s->span[i].closing, SHADOW_NEVER);
	put(&s->span[i].gone, SHADOW_NEVER);
	put(&s->span[i].begin, shadow_stamp(clock));
	put(&s->n, span + 1);
	return span;
}

void shadow_sure(struct shadow *s, struct shadow_clock *clock, uint64_t span)
{
	put(&s->span[span % SHADOW_SPANS].sure, shadow_stamp(clock));
}

void shadow_closing(struct shadow *s, struct shadow_clock *clock, uint64_t span)
{
	put(&s->span[span % SHADOW_SPANS].closing, shadow_stamp(clock));
}

void shadow_gone(struct shadow *s, struct shadow_clock *clock, uint64_t span)
{
	put(&s->span[span % SHADOW_SPANS].gone, shadow_stamp(clock));
}

unsigned shadow_read(const struct shadow *s, uint64_t from, uint64_t to,
		     struct shadow_span seen[SHADOW_SPANS], bool *whole)
{
	uint64_t n = get(&s->n);
	unsigned count = 0;

	*whole = true;
	for (uint64_t span = n; span-- > 0;) {
		unsigned i = span % SHADOW_SPANS;
		struct shadow_span *out = &seen[count];

		out->what = get(&s->span[i].what);
		out->begin = get(&s->span[i].begin);
		out->sure = get(&s->span[i].sure);
		out->closing = get(&s->span[i].closing);
		out->gone = get(&s->span[i].gone);
		/* The owner may be writing over it: then what was read is nothing. */
		if (get(&s->n) - span >= SHADOW_SPANS - 1) {
			*whole = false;
			break;
		}
		if (out->gone < from) /* and so are all before it */
			break;
		count += out->begin <= to;
	}
	return count;
}
