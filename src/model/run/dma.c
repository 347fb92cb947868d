/* SPDX-License-Identifier: MIT */
/*
 * Stepped mode: DMA by halves. Between its translation and its access a piece is what
 * CMD_SYNC waits for; it lives in the table of held transactions, as if it had stalled.
 */
#include <errno.h>
#include "model/run/run.h"
#include "model/stall/stall.h"

int smmu_dma_start(struct smmu_port *port, const struct smmu_txn *txn, void *buf,
		   uint64_t len, uint64_t *ticket)
{
	struct smmu_stalls *s;
	uint32_t i;

	if (!port || !txn || !ticket || len == 0 || !smmu_request_legal(txn, buf) ||
	    port->smmu->cfg.mode != SMMU_MODE_STEPPED)
		return -EINVAL;
	if (!smmu_lock(port->smmu))
		return -EDEADLK;
	s = port->smmu->stalls;
	i = smmu_held_new(s);
	if (i != SMMU_HELD_NONE) {
		s->held[i].req = (struct smmu_request){ .port = port,
							.txn = *txn,
							.kind = SMMU_REQUEST_DMA,
							.buf = buf,
							.left = len };
		s->held[i].state = SMMU_HELD_STARTED;
		s->held[i].published = true;
		smmu_held_put(s, &s->started, i);
		*ticket = smmu_held_ticket(s, i);
	}
	smmu_unlock_and_deliver(port->smmu);
	return i == SMMU_HELD_NONE ? -ENOMEM : 0;
}

size_t smmu_stall_started(const struct smmu *smmu)
{
	const struct smmu_stalls *s = smmu->stalls;
	size_t n = 0;

	for (uint32_t i = s->started.head; i != SMMU_HELD_NONE; i = s->held[i].next)
		n++;
	return n;
}

bool smmu_stall_access_since(const struct smmu *smmu, uint64_t since)
{
	const struct smmu_stalls *s = smmu->stalls;

	for (uint32_t i = s->started.head; i != SMMU_HELD_NONE; i = s->held[i].next)
		if (s->held[i].state == SMMU_HELD_ACCESS && s->held[i].since < since)
			return true;
	return false;
}

static void translate(struct smmu *smmu, uint32_t i, uint64_t now)
{
	struct smmu_stalls *s = smmu->stalls;
	struct smmu_held *held = &s->held[i];

	held->res = smmu_request_translate(smmu, &held->req);
	held->since = now;
	held->state = SMMU_HELD_ACCESS;
	if (held->res.status != SMMU_STALLED)
		return;
	smmu_held_remove(s, &s->started, i);
	smmu_stall_hold(smmu, &held->req, i, &held->res);
}

static bool access_piece(struct smmu *smmu, struct smmu_request *req,
			 struct smmu_result *res, uint32_t i, struct smmu_flight *flight)
{
	struct smmu_stalls *s = smmu->stalls;
	bool over = smmu_request_access(smmu, req, res, i, flight);

	(void)smmu_lock(smmu);
	over |= s->held[i].cancelled;
	if (!over) {
		s->held[i].req = *req;
		s->held[i].state = SMMU_HELD_STARTED;
		smmu_held_put(s, &s->started, i);
	}
	smmu_lock_drop(&smmu->lock);
	return over;
}

void smmu_stall_move(struct smmu *smmu, uint64_t ticket, uint64_t now)
{
	struct smmu_stalls *s = smmu->stalls;
	uint32_t i = s->started.head;

	while (i != SMMU_HELD_NONE && smmu_held_ticket(s, i) != ticket)
		i = s->held[i].next;
	if (i == SMMU_HELD_NONE || s->working)
		return;
	if (s->held[i].state == SMMU_HELD_STARTED) {
		translate(smmu, i, now);
		return;
	}
	s->working = true;
	s->worker = pthread_self();
	smmu_held_remove(s, &s->started, i);
	smmu_held_work(smmu, i, access_piece);
	s->working = false;
}
