/* SPDX-License-Identifier: MIT */
/*
 * What goes to functions: Invalidate Requests and PRG Responses; and CMD_SYNC, which
 * waits for the former (IHI 0070 3.9.1.4, 3.9.1.5, 4.5, 4.7.3; CMD-54 to CMD-63, CMD-78,
 * CMD-81). A command puts its message into a slot; it is delivered when the lock is
 * released, as interrupts are.
 */
#include <errno.h>
#include <stdlib.h>
#include "model/ats/ats.h"

enum { NONE = SMMU_ATS_SLOTS };

/* ---- slots ---- */

static void make_free(struct smmu_ats *ats, unsigned i)
{
	ats->slot[i] = (struct smmu_ats_slot){ .next = ats->free };
	ats->free = (uint16_t)i;
}

void smmu_ats_reset(struct smmu *smmu)
{
	struct smmu_ats *ats = smmu->ats;

	if (!ats)
		return;
	/* Functions stay; serial goes on, so that an old id never matches a new one. */
	ats->free = ats->first = ats->last = NONE;
	ats->invs = 0;
	ats->held = NULL;
	for (unsigned i = SMMU_ATS_SLOTS; i-- > 0;)
		make_free(ats, i);
}

int smmu_ats_create(struct smmu *smmu)
{
	if (!smmu->cfg.ats)
		return 0;
	smmu->ats = calloc(1, sizeof(*smmu->ats));
	if (!smmu->ats)
		return -ENOMEM;
	smmu_ats_reset(smmu);
	return 0;
}

void smmu_ats_destroy(struct smmu *smmu)
{
	if (!smmu->ats)
		return;
	free(smmu->ats->fn);
	free(smmu->ats);
	smmu->ats = NULL;
}

/* The queue that runs a command waits until there is one: smmu_ats_holds(). */
static struct smmu_ats_slot *take_slot(struct smmu *smmu)
{
	struct smmu_ats *ats = smmu->ats;
	unsigned i = ats->free;
	struct smmu_ats_slot *s = &ats->slot[i];

	smmu_deliver_later(smmu);
	ats->free = s->next;
	s->state = SMMU_SLOT_QUEUED;
	s->next = NONE;
	if (ats->first == NONE)
		ats->first = (uint16_t)i;
	else
		ats->slot[ats->last].next = (uint16_t)i;
	ats->last = (uint16_t)i;
	return s;
}

static struct smmu_ats_slot *next_message(struct smmu_ats *ats)
{
	struct smmu_ats_slot *s;

	if (ats->first == NONE)
		return NULL;
	s = &ats->slot[ats->first];
	ats->first = s->next;
	return s;
}

/* ---- commands ---- */

void smmu_atc_send(struct smmu *smmu, const struct smmu_atc_inv *inv)
{
	struct smmu_ats *ats = smmu->ats;
	struct smmu_ats_slot *s;

	smmu->stats.atc_invalidations++;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_ATC_INV, .sid = inv->sid, .ssid = inv->ssid,
		   .addr = inv->addr, .value = inv->span_bits);
	/* CHOICE (CMD-61): who has no ATC is like a function that answers UR. */
	if (!smmu_ats_find(smmu, inv->sid))
		return;
	s = take_slot(smmu);
	s->inv = *inv;
	s->inv.id = ++ats->serial * SMMU_ATS_SLOTS + (uint64_t)(s - ats->slot);
	s->q = smmu->cmdq_running;
	s->q->atc.outstanding++;
	ats->invs++;
}

void smmu_prg_send(struct smmu *smmu, const struct smmu_prg_response *resp)
{
	struct smmu_ats_slot *s;

	SMMU_TRACE(smmu, .kind = SMMU_TRACE_PRG_RESPONSE, .sid = resp->sid,
		   .ssid = resp->ssid, .addr = resp->prg_index, .value = resp->code);
	if (!smmu_ats_find(smmu, resp->sid))
		return;
	s = take_slot(smmu);
	s->response = true;
	s->resp = *resp;
}

/* ---- what waits ---- */

static void hold(struct smmu_ats *ats, struct smmu_cmdq *q, bool wants_slot)
{
	q->atc.wants_slot = wants_slot;
	if (q->atc.held)
		return;
	q->atc.held = true;
	q->atc.next = ats->held;
	ats->held = q;
}

bool smmu_ats_holds(struct smmu *smmu, struct smmu_cmdq *q, const uint64_t *dw)
{
	struct smmu_ats *ats = smmu->ats;
	bool sync = false;

	switch (smmu_get(dw, SMMU_CMD_OPCODE)) {
	case SMMU_OP_ATC_INV:
	case SMMU_OP_PRI_RESP:
		if (ats->free != NONE)
			return false;
		break;
	case SMMU_OP_SYNC:
		if (q->atc.failed || q->atc.outstanding == 0)
			return false;
		sync = true;
		break;
	default:
		return false;
	}
	hold(ats, q, !sync);
	return true;
}

bool smmu_ats_may_go_on(const struct smmu *smmu, const struct smmu_cmdq *q, bool slot)
{
	if (slot)
		return smmu->ats->free != NONE;
	return q->atc.failed || q->atc.outstanding == 0;
}

bool smmu_ats_has_message(const struct smmu *smmu)
{
	return smmu->ats->first != NONE;
}

static struct smmu_cmdq *take_held(const struct smmu *smmu)
{
	struct smmu_ats *ats = smmu->ats;

	for (struct smmu_cmdq **at = &ats->held; *at; at = &(*at)->atc.next) {
		struct smmu_cmdq *q = *at;

		if (!smmu_ats_may_go_on(smmu, q, q->atc.wants_slot))
			continue;
		*at = q->atc.next;
		q->atc.held = false;
		return q;
	}
	return NULL;
}

static void wake(struct smmu *smmu)
{
	struct smmu_cmdq *q;

	while ((q = take_held(smmu)) != NULL)
		smmu_cmdq_kick(smmu, q);
}

/* CMD-81: the CMD_SYNC after the ones that failed; those are done with then. */
bool smmu_atc_sync_failed(struct smmu_cmdq *q)
{
	bool failed = q->atc.failed;

	q->atc.failed = false;
	return failed;
}

/* ---- answers ---- */

static void end(struct smmu_ats *ats, struct smmu_ats_slot *s, bool failed)
{
	s->q->atc.outstanding--;
	s->q->atc.failed |= failed;
	ats->invs--;
	make_free(ats, (unsigned)(s - ats->slot));
}

void smmu_atc_finish(struct smmu *smmu, struct smmu_ats_slot *s, bool failed)
{
	end(smmu->ats, s, failed);
	wake(smmu);
}

/* The invalidation of that number, if it is sent and not answered. */
static struct smmu_ats_slot *sent(struct smmu_ats *ats, uint64_t id)
{
	struct smmu_ats_slot *s = &ats->slot[id % SMMU_ATS_SLOTS];

	return s->state == SMMU_SLOT_SENT && s->inv.id == id ? s : NULL;
}

static void answer(struct smmu *smmu, uint64_t id, int reply)
{
	struct smmu_ats_slot *s = sent(smmu->ats, id);

	if (s && reply != SMMU_ATC_LATER)
		smmu_atc_finish(smmu, s, reply == SMMU_ATC_TIMEOUT);
}

/* ---- delivery: the lock is held, but not during a callback ---- */

static void deliver_inv(struct smmu *smmu, struct smmu_ats_slot *s)
{
	const struct smmu_ats_function *f = smmu_ats_find(smmu, s->inv.sid);
	const struct smmu_atc_inv inv = s->inv;
	int reply = SMMU_ATC_UR;

	s->state = SMMU_SLOT_SENT;
	if (f && f->ops->invalidate) {
		struct smmu_ats_function copy = *f;

		smmu_lock_drop(&smmu->lock);
		reply = copy.ops->invalidate(copy.ctx, &inv);
		(void)smmu_lock_take(&smmu->lock);
	}
	answer(smmu, inv.id, reply);
}

static void deliver_response(struct smmu *smmu, struct smmu_ats_slot *s)
{
	const struct smmu_ats_function *f = smmu_ats_find(smmu, s->resp.sid);
	const struct smmu_prg_response resp = s->resp;
	struct smmu_ats_function copy;
	bool wanted = f && f->ops->page_response;

	if (wanted)
		copy = *f;
	make_free(smmu->ats, (unsigned)(s - smmu->ats->slot));
	wake(smmu);
	if (!wanted)
		return;
	smmu_lock_drop(&smmu->lock);
	copy.ops->page_response(copy.ctx, &resp);
	(void)smmu_lock_take(&smmu->lock);
}

bool smmu_ats_deliver(struct smmu *smmu)
{
	struct smmu_ats_slot *s = next_message(smmu->ats);

	if (!s)
		return false;
	if (s->response)
		deliver_response(smmu, s);
	else
		deliver_inv(smmu, s);
	return true;
}

/* ---- what functions and harnesses call ---- */

int smmu_atc_inv_done(struct smmu *smmu, uint64_t id, enum smmu_atc_reply reply)
{
	bool known;

	if (!smmu ||
	    (reply != SMMU_ATC_DONE && reply != SMMU_ATC_UR && reply != SMMU_ATC_TIMEOUT))
		return -EINVAL;
	if (!smmu->ats)
		return -ENOENT;
	if (!smmu_lock(smmu))
		return -EDEADLK;
	known = sent(smmu->ats, id) != NULL;
	answer(smmu, id, (int)reply);
	smmu_unlock_and_deliver(smmu);
	return known ? 0 : -ENOENT;
}

unsigned smmu_atc_timeout(struct smmu *smmu)
{
	unsigned n = 0;

	if (!smmu || !smmu->ats || !smmu_lock(smmu))
		return 0;
	for (unsigned i = 0; i < SMMU_ATS_SLOTS; i++)
		if (smmu->ats->slot[i].state == SMMU_SLOT_SENT) {
			end(smmu->ats, &smmu->ats->slot[i], true);
			n++;
		}
	/* Once for all of them: one CMD_SYNC, one error. */
	wake(smmu);
	smmu_unlock_and_deliver(smmu);
	return n;
}

unsigned smmu_atc_outstanding(struct smmu *smmu)
{
	bool outside;
	unsigned n;

	if (!smmu || !smmu->ats)
		return 0;
	outside = smmu_lock(smmu);
	n = smmu->ats->invs;
	if (outside)
		smmu_unlock_and_deliver(smmu);
	return n;
}
