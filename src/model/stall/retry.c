/* SPDX-License-Identifier: MIT */
/* How stalled transactions end: commands, SMMUEN, a writable queue; and the work. */
#include "model/stall/stall.h"

/* ---- what is decided, with the lock held ---- */

static void decide(struct smmu *smmu, uint32_t i, const struct smmu_result *res)
{
	struct smmu_stalls *s = smmu->stalls;

	s->held[i].res = *res;
	s->held[i].state = SMMU_HELD_DUE;
	smmu_held_put(s, &s->due, i);
	smmu->stall_due = true;
	smmu_deliver_later(smmu);
}

/* STALL-7: configuration and translation are looked up anew; it may stall again. */
static void retry(struct smmu *smmu, uint32_t i)
{
	struct smmu_held *held = &smmu->stalls->held[i];
	struct smmu_result res = smmu_request_begin(smmu, &held->req, NULL);

	if (res.status == SMMU_STALLED)
		smmu_stall_hold(smmu, &held->req, i, &res);
	else
		decide(smmu, i, &res);
}

static void terminate(struct smmu *smmu, uint32_t i, enum smmu_status status)
{
	struct smmu_result res = smmu->stalls->held[i].res;

	res.status = (uint8_t)status;
	decide(smmu, i, &res);
}

/* Each one gets a record or ends, so that this comes to an end. */
void smmu_stall_run(struct smmu *smmu)
{
	struct smmu_stalls *s = smmu->stalls;

	while (s->waiting.head != SMMU_HELD_NONE && smmu_stall_room(smmu))
		retry(smmu, smmu_held_take(s, &s->waiting));
}

/* CMD-70: the STAG may be used again. True: there is a transaction behind it. */
static bool release(struct smmu_stalls *s, struct smmu_stag *stag)
{
	bool held = stag->state == SMMU_STAG_HELD;

	stag->state = SMMU_STAG_FREE;
	s->free_stags++;
	return held;
}

void smmu_stall_resume(struct smmu *smmu, uint32_t sid, uint16_t number, bool again,
		       enum smmu_status status)
{
	struct smmu_stalls *s = smmu->stalls;
	struct smmu_stag *stag;
	bool held;

	if (number >= s->stags)
		return;
	stag = &s->stag[number];
	/* CMD-67: both have to match. */
	if (stag->state == SMMU_STAG_FREE || stag->sid != sid)
		return;
	held = release(s, stag);
	if (held && again)
		retry(smmu, stag->held);
	else if (held)
		terminate(smmu, stag->held, status);
	smmu_stall_run(smmu);
}

static bool concerns(uint32_t sid, bool all, uint32_t of)
{
	return all || sid == of;
}

static void stop(struct smmu *smmu, uint32_t sid, bool all)
{
	struct smmu_stalls *s = smmu->stalls;

	for (uint32_t n = 0; n < s->stags && s->free_stags < s->stags; n++) {
		struct smmu_stag *stag = &s->stag[n];

		if (stag->state == SMMU_STAG_FREE || !concerns(sid, all, stag->sid))
			continue;
		if (release(s, stag))
			terminate(smmu, stag->held, SMMU_ABORT);
	}
	for (uint32_t i = s->waiting.head; i != SMMU_HELD_NONE;) {
		uint32_t next = s->held[i].next;

		if (concerns(sid, all, s->held[i].req.txn.sid)) {
			smmu_held_remove(s, &s->waiting, i);
			terminate(smmu, i, SMMU_ABORT);
		}
		i = next;
	}
}

void smmu_stall_terminate(struct smmu *smmu, uint32_t sid)
{
	stop(smmu, sid, false);
	smmu_stall_run(smmu);
}

void smmu_stall_terminate_all(struct smmu *smmu)
{
	stop(smmu, 0, true);
}

/*
 * ---- what is done, without it ----
 *
 * Nothing else is delivered in between: a handler that closes the port must find it
 * untouched or over, for its buffers and its callback are gone then. Who called
 * smmu_stall_work() delivers afterwards.
 */

static void tell(struct smmu *smmu, struct smmu_port *port, uint64_t ticket,
		 const struct smmu_result *res, uint64_t done)
{
	smmu_port_done_fn fn = port->done_fn;
	void *ctx = port->done_ctx;

	smmu_lock_drop(&smmu->lock);
	fn(ctx, ticket, res, done);
	(void)smmu_lock(smmu);
}

static void finished(struct smmu *smmu, uint32_t i, struct smmu_result *res,
		     const struct smmu_request *req)
{
	struct smmu_stalls *s = smmu->stalls;
	struct smmu_held *held = &s->held[i];

	res->ticket = smmu_held_ticket(s, i);
	held->res = *res;
	held->req.done = req->done;
	held->state = SMMU_HELD_DONE;
	if (held->cancelled) {
		smmu_held_free(s, i);
	} else if (held->published && req->port->done_fn) {
		smmu_held_free(s, i);
		tell(smmu, req->port, res->ticket, res, req->done);
	}
}

void smmu_held_work(struct smmu *smmu, uint32_t i, smmu_finish_fn finish)
{
	struct smmu_stalls *s = smmu->stalls;
	struct smmu_request req = s->held[i].req;
	struct smmu_result res = s->held[i].res;
	struct smmu_flight flight;

	s->held[i].state = SMMU_HELD_RUNNING;
	s->at = req.port;
	if (req.later)
		smmu_flight_begin(smmu, &flight);
	smmu_lock_drop(&smmu->lock);
	if (finish(smmu, &req, &res, i, &flight)) {
		(void)smmu_lock(smmu);
		finished(smmu, i, &res, &req);
	} else {
		(void)smmu_lock(smmu);
	}
	s->at = NULL;
	if (req.port->closed) {
		smmu_port_delist(smmu, req.port);
		smmu_port_free(req.port);
	}
	smmu_cond_broadcast(&s->changed);
}

/* One thread at a time, so that callbacks do not nest and a port can be left for sure. */
bool smmu_stall_work(struct smmu *smmu)
{
	struct smmu_stalls *s = smmu->stalls;
	uint32_t i;

	if (s->working)
		return false;
	s->working = true;
	s->worker = pthread_self();
	while ((i = smmu_held_take(s, &s->due)) != SMMU_HELD_NONE)
		smmu_held_work(smmu, i, smmu_request_finish);
	smmu->stall_due = false;
	s->working = false;
	return true;
}
