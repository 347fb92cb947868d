/* SPDX-License-Identifier: MIT */
/* The device's side: waiting for a held transaction, giving it up, closing the port. */
#include <errno.h>
#include <time.h>
#include "model/stall/stall.h"

/* ---- giving up ---- */

/* STALL-2: a record without its transaction keeps its STAG until it is answered. */
static void give_up(struct smmu_stalls *s, uint32_t i)
{
	struct smmu_held *held = &s->held[i];

	switch (held->state) {
	case SMMU_HELD_RECORDED:
		s->stag[held->stag].state = SMMU_STAG_ORPHAN;
		break;
	case SMMU_HELD_WAITING:
		smmu_held_remove(s, &s->waiting, i);
		break;
	case SMMU_HELD_DUE:
		smmu_held_remove(s, &s->due, i);
		break;
	case SMMU_HELD_STARTED:
	case SMMU_HELD_ACCESS:
		smmu_held_remove(s, &s->started, i);
		break;
	case SMMU_HELD_RUNNING:
		held->cancelled = true;
		return;
	default:
		break;
	}
	smmu_held_free(s, i);
}

int smmu_port_cancel(struct smmu_port *port, uint64_t ticket)
{
	struct smmu *smmu = port->smmu;
	struct smmu_stalls *s = smmu->stalls;
	uint32_t i;
	int err = 0;

	if (!smmu_lock(smmu))
		return -EDEADLK;
	/* What is on its way is waited for: afterwards nobody uses the buffer. */
	while ((i = smmu_held_find(s, port, ticket)) != SMMU_HELD_NONE &&
	       s->held[i].state == SMMU_HELD_RUNNING && !smmu_stall_is_worker(s))
		(void)smmu_cond_wait(&s->changed, &smmu->lock, NULL);
	if (i == SMMU_HELD_NONE)
		err = -ENOENT;
	else if (s->held[i].state == SMMU_HELD_RUNNING)
		err = -EBUSY;
	else
		give_up(s, i);
	/* A CMD_SYNC may have waited for it. */
	smmu_sync_retry(smmu);
	smmu_unlock_and_deliver(smmu);
	return err;
}

/* Until no other thread is working on something of this port. */
static void wait_until_left(struct smmu_port *port)
{
	struct smmu_stalls *s = port->smmu->stalls;

	while (s->at == port && !smmu_stall_is_worker(s))
		(void)smmu_cond_wait(&s->changed, &port->smmu->lock, NULL);
}

bool smmu_stall_close(struct smmu *smmu, struct smmu_port *port)
{
	struct smmu_stalls *s = smmu->stalls;
	bool mine;

	/* From inside: nothing happens. */
	if (!smmu_lock(smmu))
		return true;
	for (uint32_t i = 0; i < s->size && s->used; i++)
		if (s->held[i].state != SMMU_HELD_FREE && s->held[i].req.port == port)
			give_up(s, i);
	smmu_sync_retry(smmu);
	mine = s->at == port && smmu_stall_is_worker(s);
	if (mine)
		port->closed = true;
	wait_until_left(port);
	if (!mine)
		smmu_port_delist(smmu, port);
	smmu_unlock_and_deliver(smmu);
	return mine;
}

/* ---- waiting ---- */

/* The absolute time at which a wait of ns ends. */
static struct timespec deadline(int64_t ns)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ns / 1000000000);
	t.tv_nsec += (long)(ns % 1000000000);
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

/*
 * This may be a handler: what its frames below were to do afterwards, the rest of a
 * queue behind a CMD_SYNC, signals, transactions that are decided, nobody else does.
 */
static bool catch_up(struct smmu *smmu)
{
	if (!smmu_runs_here(smmu))
		return false;
	if (!smmu->n_signals && !smmu->cmdq_kicked &&
	    (!smmu->stall_due || smmu->stalls->working))
		return false;
	smmu_cmdq_run(smmu);
	smmu_unlock_and_deliver(smmu);
	(void)smmu_lock(smmu);
	return true;
}

/* Until something has changed. -ETIMEDOUT, or -EDEADLK: it would be for ever. */
static int wait_for_change(struct smmu *smmu, int64_t timeout_ns,
			   const struct timespec *until)
{
	struct smmu_stalls *s = smmu->stalls;

	if (timeout_ns == 0)
		return -ETIMEDOUT;
	/* Results come from this very thread, once its callback has returned. */
	if (smmu_stall_is_worker(s))
		return -EDEADLK;
	/* Nothing moves while this waits. */
	if (smmu->cfg.mode == SMMU_MODE_STEPPED)
		return timeout_ns < 0 ? -EDEADLK : -ETIMEDOUT;
	if (catch_up(smmu))
		return 0;
	return smmu_cond_wait(&s->changed, &smmu->lock, timeout_ns < 0 ? NULL : until);
}

static void collect(struct smmu_stalls *s, uint32_t i, struct smmu_result *res,
		    uint64_t *done)
{
	if (res)
		*res = s->held[i].res;
	if (done)
		*done = s->held[i].req.done;
	smmu_held_free(s, i);
}

int smmu_port_wait(struct smmu_port *port, uint64_t ticket, int64_t timeout_ns,
		   struct smmu_result *res, uint64_t *done)
{
	struct smmu *smmu = port->smmu;
	struct smmu_stalls *s = smmu->stalls;
	struct timespec until = deadline(timeout_ns > 0 ? timeout_ns : 0);
	uint32_t i;
	int err = 0;

	if (!smmu_lock(smmu))
		return -EDEADLK;
	while ((i = smmu_held_find(s, port, ticket)) != SMMU_HELD_NONE &&
	       s->held[i].state != SMMU_HELD_DONE && !err)
		err = wait_for_change(smmu, timeout_ns, &until);
	if (i == SMMU_HELD_NONE)
		err = -ENOENT;
	else if (s->held[i].state == SMMU_HELD_DONE) {
		collect(s, i, res, done);
		err = 0;
	}
	smmu_unlock_and_deliver(smmu);
	return err;
}

struct smmu_result smmu_stall_publish(struct smmu *smmu, struct smmu_port *port,
				      uint64_t ticket, uint64_t *done)
{
	struct smmu_stalls *s = smmu->stalls;
	struct smmu_result res = { .status = SMMU_ABORT };
	uint32_t i;

	if (!smmu_lock(smmu))
		return res;
	i = smmu_held_find(s, port, ticket);
	if (i != SMMU_HELD_NONE && s->held[i].state == SMMU_HELD_DONE) {
		collect(s, i, &res, done);
	} else if (i != SMMU_HELD_NONE) {
		s->held[i].published = true;
		res = s->held[i].res;
		res.status = SMMU_STALLED;
		res.ticket = ticket;
		*done = s->held[i].req.done;
	}
	smmu_unlock_and_deliver(smmu);
	return res;
}

int smmu_port_on_done(struct smmu_port *port, smmu_port_done_fn fn, void *ctx)
{
	if (!smmu_lock(port->smmu))
		return -EDEADLK;
	wait_until_left(port);
	port->done_fn = fn;
	port->done_ctx = ctx;
	smmu_unlock_and_deliver(port->smmu);
	return 0;
}

size_t smmu_port_stalled(struct smmu_port *port)
{
	struct smmu_stalls *s = port->smmu->stalls;
	size_t n = 0;
	bool outside = smmu_lock(port->smmu);

	for (uint32_t i = 0; i < s->size && s->used; i++)
		n += s->held[i].req.port == port && s->held[i].state != SMMU_HELD_FREE &&
		     s->held[i].state != SMMU_HELD_DONE;
	if (outside)
		smmu_unlock_and_deliver(port->smmu);
	return n;
}
