/* SPDX-License-Identifier: MIT */
/* The table of held transactions and of STAGs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/stall/stall.h"

/* ---- lists of entries ---- */

static const struct smmu_held_list empty = { SMMU_HELD_NONE, SMMU_HELD_NONE };

void smmu_held_put(struct smmu_stalls *s, struct smmu_held_list *list, uint32_t i)
{
	s->held[i].next = SMMU_HELD_NONE;
	if (list->head == SMMU_HELD_NONE)
		list->head = i;
	else
		s->held[list->tail].next = i;
	list->tail = i;
}

uint32_t smmu_held_take(struct smmu_stalls *s, struct smmu_held_list *list)
{
	uint32_t i = list->head;

	if (i != SMMU_HELD_NONE)
		list->head = s->held[i].next;
	return i;
}

void smmu_held_remove(struct smmu_stalls *s, struct smmu_held_list *list, uint32_t i)
{
	uint32_t at = list->head, before = SMMU_HELD_NONE;

	while (at != i) {
		before = at;
		at = s->held[at].next;
	}
	if (before == SMMU_HELD_NONE)
		list->head = s->held[i].next;
	else
		s->held[before].next = s->held[i].next;
	if (list->tail == i)
		list->tail = before;
}

/* ---- entries ---- */

static bool grow(struct smmu_stalls *s)
{
	uint32_t size = s->size ? 2 * s->size : 16;
	struct smmu_held *held;

	if (size > SMMU_HELD_MAX)
		return false;
	held = realloc(s->held, size * sizeof(*held));
	if (!held)
		return false;
	memset(&held[s->size], 0, (size - s->size) * sizeof(*held));
	s->held = held;
	for (uint32_t i = s->size; i < size; i++)
		smmu_held_put(s, &s->spare, i);
	s->size = size;
	return true;
}

uint32_t smmu_held_new(struct smmu_stalls *s)
{
	uint32_t i;

	if (s->spare.head == SMMU_HELD_NONE && !grow(s))
		return SMMU_HELD_NONE;
	i = smmu_held_take(s, &s->spare);
	s->held[i] = (struct smmu_held){ .generation = s->held[i].generation + 1 };
	s->used++;
	return i;
}

void smmu_held_free(struct smmu_stalls *s, uint32_t i)
{
	s->held[i].state = SMMU_HELD_FREE;
	s->held[i].req.port = NULL;
	s->used--;
	smmu_held_put(s, &s->spare, i);
	/* Whoever waits for it waits in vain. */
	smmu_cond_broadcast(&s->changed);
}

uint64_t smmu_held_ticket(const struct smmu_stalls *s, uint32_t i)
{
	return (uint64_t)s->held[i].generation << 32 | (i + 1);
}

uint32_t smmu_held_find(const struct smmu_stalls *s, const struct smmu_port *port,
			uint64_t ticket)
{
	uint32_t i = (uint32_t)ticket - 1;

	if (i >= s->size || s->held[i].generation != ticket >> 32 ||
	    s->held[i].state == SMMU_HELD_FREE || s->held[i].req.port != port)
		return SMMU_HELD_NONE;
	return i;
}

/* ---- STAGs ---- */

bool smmu_stall_room(const struct smmu *smmu)
{
	return smmu->stalls->free_stags && smmu_eventq_writable(smmu);
}

int smmu_stag_take(struct smmu *smmu, uint32_t sid)
{
	struct smmu_stalls *s = smmu->stalls;
	uint32_t stag = s->next_stag;

	if (!smmu_stall_room(smmu))
		return -1;
	while (s->stag[stag].state != SMMU_STAG_FREE)
		stag = (stag + 1) % s->stags;
	/* Nobody's, until smmu_stall_hold() says whose. */
	s->stag[stag] = (struct smmu_stag){ SMMU_STAG_ORPHAN, sid, SMMU_HELD_NONE };
	s->free_stags--;
	s->next_stag = (stag + 1) % s->stags;
	return (int)stag;
}

void smmu_stall_hold(struct smmu *smmu, const struct smmu_request *req, uint32_t i,
		     struct smmu_result *res)
{
	struct smmu_stalls *s = smmu->stalls;
	uint64_t stag = res->ticket;
	struct smmu_held *held;

	if (i == SMMU_HELD_NONE)
		i = smmu_held_new(s);
	if (i == SMMU_HELD_NONE) {
		/* The record, if there is one, is answered like that of a lost device. */
		*res = (struct smmu_result){ .status = SMMU_ABORT };
		return;
	}
	held = &s->held[i];
	if (&held->req != req)
		held->req = *req;
	held->state = stag ? SMMU_HELD_RECORDED : SMMU_HELD_WAITING;
	if (stag) {
		held->stag = (uint16_t)(stag - 1);
		s->stag[held->stag].state = SMMU_STAG_HELD;
		s->stag[held->stag].held = i;
	} else {
		smmu_held_put(s, &s->waiting, i);
	}
	res->ticket = smmu_held_ticket(s, i);
	held->res = *res;
}

/* ---- life ---- */

int smmu_stalls_create(struct smmu *smmu)
{
	struct smmu_stalls *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->stags = s->free_stags = smmu->cfg.stall_max;
	s->stag = calloc(s->stags + 1, sizeof(*s->stag));
	if (!s->stag || smmu_cond_init(&s->changed) != 0) {
		free(s->stag);
		free(s);
		return -ENOMEM;
	}
	s->spare = s->waiting = s->due = s->started = empty;
	smmu->stalls = s;
	return 0;
}

void smmu_stalls_destroy(struct smmu *smmu)
{
	struct smmu_stalls *s = smmu->stalls;

	if (!s)
		return;
	smmu_cond_fini(&s->changed);
	free(s->held);
	free(s->stag);
	free(s);
}
