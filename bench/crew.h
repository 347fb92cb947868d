/* SPDX-License-Identifier: MIT */
/*
 * Threads beside the one that measures. Each run lets every one of them do its work
 * once; work that goes on until it is told to stop is a run that looks at
 * crew_stopping(). They wait without sleeping, so that a short run can be timed.
 */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include <stdbool.h>
#include <stdint.h>

struct crew;
typedef void (*crew_fn)(struct crew *crew, void *ctx, unsigned index, uint64_t ops);

/*
 * n threads, at most 8; the index of the first is 0. They and the caller get a
 * processor each, as far as there are. NULL: not to be had.
 */
struct crew *crew_start(unsigned n, crew_fn fn, void *ctx);
/* Every thread calls fn with ops. Not before crew_wait() of the run before. */
void crew_go(struct crew *crew, uint64_t ops);
/* Until all of them have returned. */
void crew_wait(struct crew *crew);
bool crew_stopping(struct crew *crew);
/* By a thread, after each thing done; and how many all of them have done so far. */
void crew_tick(struct crew *crew, unsigned index);
uint64_t crew_ticks(const struct crew *crew);
/* Tells a run under way to stop, waits for it, ends the threads. NULL is allowed. */
void crew_end(struct crew *crew);

/* One turn of waiting for another thread. */
void crew_relax(unsigned turn);

#endif /* BENCH_CREW_H */
