/* SPDX-License-Identifier: MIT */
/*
 * What was allowed when. A shadow is the history of one thing that software changes
 * (what a page of a domain maps to, which domain a master is in), written by the one
 * thread that changes it, read by any. A state is a *span* with four stamps:
 *
 *	begin    before the call that makes it
 *	sure     after that call returned
 *	closing  before the call that takes it away
 *	gone     after that returned, its CMD_SYNC complete
 *
 * From begin to gone hardware may act on it, from sure to closing it must, and outside
 * it must not. Stamps come from one counter, so that an order seen is an order that was.
 */
#ifndef TESTS_STRESS_SHADOW_H
#define TESTS_STRESS_SHADOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Under ThreadSanitizer the shadow's own accesses order nothing, or it would see them
 * as what keeps the library's threads apart; x86, where that runs, orders them anyway.
 */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHADOW_RELAXED 1
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(SHADOW_RELAXED)
#define SHADOW_ACQUIRE memory_order_relaxed
#define SHADOW_RELEASE memory_order_relaxed
#define SHADOW_ACQ_REL memory_order_relaxed
#else
#define SHADOW_ACQUIRE memory_order_acquire
#define SHADOW_RELEASE memory_order_release
#define SHADOW_ACQ_REL memory_order_acq_rel
#endif

enum { SHADOW_SPANS = 16 };
#define SHADOW_NEVER UINT64_MAX

struct shadow_span {
	uint64_t what; /* the owner's */
	uint64_t begin, sure, closing, gone;
};

struct shadow {
	_Atomic uint64_t n; /* spans begun so far */
	struct {
		_Atomic uint64_t what, begin, sure, closing, gone;
	} span[SHADOW_SPANS];
};

struct shadow_clock {
	_Alignas(64) _Atomic uint64_t now;
};
uint64_t shadow_stamp(struct shadow_clock *clock);
/* How many stamps there have been. */
uint64_t shadow_now(const struct shadow_clock *clock);

/* For the owner. begin gives the span its number; one may begin before another ends. */
uint64_t shadow_begin(struct shadow *s, struct shadow_clock *clock, uint64_t what);
void shadow_sure(struct shadow *s, struct shadow_clock *clock, uint64_t span);
void shadow_closing(struct shadow *s, struct shadow_clock *clock, uint64_t span);
void shadow_gone(struct shadow *s, struct shadow_clock *clock, uint64_t span);

/*
 * The spans that may have been in force at some moment of [from, to], newest first;
 * how many. *whole: false if older ones are forgotten already, and might be missing.
 */
unsigned shadow_read(const struct shadow *s, uint64_t from, uint64_t to,
		     struct shadow_span seen[SHADOW_SPANS], bool *whole);
/* It was in force at every moment of [from, to]. */
static inline bool shadow_throughout(const struct shadow_span *span, uint64_t from,
				     uint64_t to)
{
	return span->sure <= from && to <= span->closing;
}

#endif /* TESTS_STRESS_SHADOW_H */
