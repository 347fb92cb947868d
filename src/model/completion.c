/* SPDX-License-Identifier: MIT */
/* What a CMD_SYNC waits for: see completion.h. */
#include <sched.h>
#include <stddef.h>
#include <time.h>
#include "model/cache/voids.h"
#include "model/completion.h"
#include "model/model.h"
#include "model/stall/stall.h"

/* ---- data to RAM ---- */

/* A copy of 4 KiB at most; whoever makes it may have been put to sleep by its system. */
static void wait_for(_Atomic uint64_t *busy)
{
	uint64_t word = atomic_load_explicit(busy, memory_order_acquire);
	unsigned turns = 0;

	while ((word & 1) && atomic_load_explicit(busy, memory_order_acquire) == word) {
		if (++turns % 1024 == 0)
			(void)sched_yield();
		smmu_relax();
	}
}

void smmu_sync_settle(struct smmu *smmu)
{
	if (!smmu->voids->changed)
		return;
	smmu->voids->changed = false;
	SMMU_FENCE(&smmu->voids->all);
	for (struct smmu_port *port = smmu->ports; port; port = port->next)
		wait_for(&port->busy);
}

/* ---- flights ---- */

void smmu_flight_begin(struct smmu *smmu, struct smmu_flight *f)
{
	struct smmu_flights *all = &smmu->flights;

	f->number = ++all->begun;
	f->thread = pthread_self();
	f->next = NULL;
	f->prev = all->last;
	if (all->last)
		all->last->next = f;
	else
		all->first = f;
	all->last = f;
}

void smmu_flight_end(struct smmu *smmu, struct smmu_flight *f)
{
	struct smmu_flights *all = &smmu->flights;

	if (f->prev)
		f->prev->next = f->next;
	else
		all->first = f->next;
	if (f->next)
		f->next->prev = f->prev;
	else
		all->last = f->prev;
	smmu_sync_retry(smmu);
}

void smmu_sync_retry(struct smmu *smmu)
{
	struct smmu_cmdq *q = smmu->sync_held, *next;

	smmu->sync_held = NULL;
	for (; q; q = next) {
		next = q->sync.next;
		q->sync.held = false;
		smmu_cmdq_kick(smmu, q);
	}
}

static bool own(const struct smmu_flight *f)
{
	return pthread_equal(f->thread, pthread_self());
}

/* Of another thread, begun no later than that one. */
static bool in_flight(const struct smmu *smmu, uint64_t number)
{
	for (const struct smmu_flight *f = smmu->flights.first; f; f = f->next)
		if (f->number <= number && !own(f))
			return true;
	return false;
}

static bool flies(const struct smmu *smmu)
{
	for (const struct smmu_flight *f = smmu->flights.first; f; f = f->next)
		if (own(f))
			return true;
	return false;
}

/*
 * A stalled transaction that was translated and whose data goes elsewhere than to RAM.
 * It is about to be a flight, of this thread if that is at it already.
 */
static bool due(const struct smmu *smmu)
{
	const struct smmu_stalls *s = smmu->stalls;

	if (__builtin_expect(!smmu->stall_due, 1) || smmu_stall_is_worker(s))
		return false;
	for (uint32_t i = s->due.head; i != SMMU_HELD_NONE; i = s->held[i].next)
		if (s->held[i].req.later)
			return true;
	return false;
}

static void hold(struct smmu *smmu, struct smmu_cmdq *q)
{
	if (q->sync.held)
		return;
	q->sync.held = true;
	q->sync.next = smmu->sync_held;
	smmu->sync_held = q;
}

bool smmu_sync_holds(struct smmu *smmu, struct smmu_cmdq *q)
{
	smmu_sync_settle(smmu);
	if (__builtin_expect(!smmu->flights.first && !smmu->stall_due, 1)) {
		q->sync.waits_for = 0;
		return false;
	}
	/* What begins later uses nothing of what was invalidated. */
	if (!q->sync.waits_for)
		q->sync.waits_for = smmu->flights.begun + 1;
	if (due(smmu) || in_flight(smmu, q->sync.waits_for - 1)) {
		hold(smmu, q);
		return true;
	}
	q->sync.waits_for = 0;
	return false;
}

void smmu_sync_forget(struct smmu_cmdq *q)
{
	q->sync.waits_for = 0;
}

void smmu_sync_reset(struct smmu *smmu)
{
	smmu->sync_held = NULL;
}

/* ---- the writer of a PROD, and the PE that executes a DSB ---- */

static bool waits(struct smmu *smmu, uint64_t number)
{
	bool must;

	if (!smmu_lock(smmu))
		return false;
	must = !flies(smmu) && (smmu->sync_held || in_flight(smmu, number));
	smmu_unlock_and_deliver(smmu);
	return must;
}

void smmu_sync_wait(struct smmu *smmu)
{
	const struct timespec moment = { .tv_nsec = 50000 };
	uint64_t number;
	unsigned turns = 0;

	if (!smmu_lock(smmu))
		return;
	number = smmu->flights.begun;
	smmu_unlock_and_deliver(smmu);
	/* Somebody's code runs in a flight: it may take as long as it likes. */
	while (waits(smmu, number)) {
		if (++turns < 64)
			(void)sched_yield();
		else
			(void)nanosleep(&moment, NULL);
	}
}
