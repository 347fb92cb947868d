/* SPDX-License-Identifier: MIT */
/*
 * The event queue: records and their delivery (IHI 0070 7.2 to 7.4; EVT-1 to EVT-24,
 * EVT-60 to EVT-75).
 *
 * CHOICE (EVT-60): events are not merged, or with cfg.event_merge == 1, as far as STE.MEV
 * lets it, with the last record while software has not consumed it.
 */
#include <string.h>
#include <smmulator/frontend.h>
#include "model/queue/ring.h"

/* What a record has beyond EVENT and StreamID: the table in section 3 of events.md. */
enum {
	SSID = 1 << 0,	 /* SubstreamID */
	SSV = 1 << 1,	 /* SSV; without it SubstreamID is always valid */
	REASON = 1 << 2, /* 16 bits */
	REASON32 = 1 << 3,
	RNW = 1 << 4,
	ACCESS = 1 << 5, /* PnU, InD */
	S2 = 1 << 6,
	CLASS = 1 << 7,
	STALL = 1 << 8,	 /* Stall, STAG */
	PERM = 1 << 9,	 /* TTRnW, DirtyBit, AssuredOnly, Overlay */
	INPUT = 1 << 10, /* InputAddr */
	IPA = 1 << 11,
	FETCH = 1 << 12, /* FetchAddr */
	TREQ = 1 << 13,	 /* Span, P, X, W, R; InputAddr without [11:0] */
	HINT = 1 << 14,	 /* Span, uX to pR; InputAddr likewise */
	HEAD = SSID | SSV,
	WALK = HEAD | RNW | ACCESS | S2 | INPUT,
	FAULT = WALK | CLASS | STALL | IPA,
};

static const uint16_t layouts[256] = {
	[SMMU_EVT_F_UUT] = HEAD | REASON | RNW | ACCESS | INPUT,
	[SMMU_EVT_C_BAD_STREAMID] = HEAD,
	[SMMU_EVT_F_STE_FETCH] = HEAD | REASON | FETCH,
	[SMMU_EVT_C_BAD_STE] = HEAD,
	/* EVT-14: no SubstreamID at all in these two. */
	[SMMU_EVT_F_STREAM_DISABLED] = 0,
	[SMMU_EVT_F_TRANSL_FORBIDDEN] = RNW | INPUT,
	[SMMU_EVT_C_BAD_SUBSTREAMID] = SSID,
	[SMMU_EVT_F_CD_FETCH] = HEAD | REASON | FETCH,
	[SMMU_EVT_C_BAD_CD] = HEAD,
	[SMMU_EVT_F_WALK_EABT] = WALK | CLASS | REASON | FETCH,
	[SMMU_EVT_F_TRANSLATION] = FAULT,
	[SMMU_EVT_F_ADDR_SIZE] = FAULT,
	[SMMU_EVT_F_ACCESS] = FAULT,
	[SMMU_EVT_F_PERMISSION] = FAULT | PERM,
	[SMMU_EVT_F_TLB_CONFLICT] = WALK | IPA | REASON32,
	[SMMU_EVT_F_CFG_CONFLICT] = HEAD | REASON32,
	[SMMU_EVT_F_BAD_ATS_TREQ] = HEAD | TREQ,
	[SMMU_EVT_E_PAGE_REQUEST] = HEAD | HINT,
	[SMMU_EVT_F_VMS_FETCH] = HEAD | REASON | FETCH,
};

/* One place for each field, whatever the record: F_PERMISSION and F_WALK_EABT show it. */
#define SAME(a, b) ((int)SMMU_##a == (int)SMMU_##b)
_Static_assert(SAME(F_TRANSLATION_STAG, F_PERMISSION_STAG) &&
		       SAME(F_ADDR_SIZE_Stall, F_PERMISSION_Stall) &&
		       SAME(F_ACCESS_CLASS, F_PERMISSION_CLASS) &&
		       SAME(F_WALK_EABT_CLASS, F_PERMISSION_CLASS) &&
		       SAME(F_WALK_EABT_S2, F_PERMISSION_S2) &&
		       SAME(F_UUT_PnU, F_PERMISSION_PnU) &&
		       SAME(F_UUT_InD, F_PERMISSION_InD) &&
		       SAME(F_UUT_RnW, F_PERMISSION_RnW) &&
		       SAME(F_TRANSL_FORBIDDEN_RnW, F_PERMISSION_RnW) &&
		       SAME(F_TRANSL_FORBIDDEN_InputAddr, F_PERMISSION_InputAddr) &&
		       SAME(F_TLB_CONFLICT_IPA, F_PERMISSION_IPA) &&
		       SAME(F_UUT_Reason, F_WALK_EABT_Reason) &&
		       SAME(F_STE_FETCH_Reason, F_WALK_EABT_Reason) &&
		       SAME(F_CFG_CONFLICT_Reason, F_TLB_CONFLICT_Reason) &&
		       SAME(F_STE_FETCH_FetchAddr, F_WALK_EABT_FetchAddr) &&
		       SAME(F_CD_FETCH_FetchAddr, F_WALK_EABT_FetchAddr) &&
		       SAME(F_VMS_FETCH_FetchAddr, F_WALK_EABT_FetchAddr) &&
		       SAME(F_VMS_FETCH_Reason, F_WALK_EABT_Reason) &&
		       SAME(F_BAD_ATS_TREQ_InputAddr, E_PAGE_REQUEST_InputAddr) &&
		       SAME(C_BAD_SUBSTREAMID_SubstreamID, F_PERMISSION_SubstreamID) &&
		       SAME(F_STREAM_DISABLED_StreamID, F_PERMISSION_StreamID),
	       "records share their layout");

/* EVT-18, EVT-21: address bits at and above OAS are RES0 ([51:48] in v3.0: OAS <= 48). */
static uint64_t below_oas(const struct smmu *smmu, uint64_t addr)
{
	return addr & ((UINT64_C(1) << smmu->id.oas) - 1);
}

static void build_head(unsigned has, const struct smmu_event *ev, uint64_t *dw)
{
	smmu_set(dw, SMMU_F_PERMISSION_EVENT, ev->fault.event);
	smmu_set(dw, SMMU_F_PERMISSION_StreamID, ev->sid);
	if (has & SSV)
		smmu_set(dw, SMMU_F_PERMISSION_SSV, ev->ssv);
	/* CHOICE: SubstreamID is 0 where SSV == 0 leaves it UNKNOWN. */
	if ((has & SSID) && (ev->ssv || !(has & SSV)))
		smmu_set(dw, SMMU_F_PERMISSION_SubstreamID, ev->ssid);
	if (has & REASON)
		smmu_set(dw, SMMU_F_WALK_EABT_Reason, ev->fault.reason);
	if (has & REASON32)
		smmu_set(dw, SMMU_F_TLB_CONFLICT_Reason, ev->fault.reason);
}

static void build_access(unsigned has, const struct smmu_event *ev, uint64_t *dw)
{
	if (has & RNW)
		smmu_set(dw, SMMU_F_PERMISSION_RnW, ev->rnw);
	if (has & ACCESS) {
		smmu_set(dw, SMMU_F_PERMISSION_PnU, ev->pnu);
		/* EVT-15; F_UUT shows what came in. */
		smmu_set(dw, SMMU_F_PERMISSION_InD,
			 ev->ind && (ev->rnw || ev->fault.event == SMMU_EVT_F_UUT));
	}
	if ((has & STALL) && ev->stall) {
		smmu_set(dw, SMMU_F_PERMISSION_Stall, 1);
		smmu_set(dw, SMMU_F_PERMISSION_STAG, ev->stag);
	}
}

static void build_fault(unsigned has, const struct smmu_fault *fault, uint64_t *dw)
{
	if (has & S2)
		smmu_set(dw, SMMU_F_PERMISSION_S2, fault->s2);
	if (has & CLASS)
		smmu_set(dw, SMMU_F_PERMISSION_CLASS, fault->cls);
	if (has & PERM) {
		/* CHOICE: TTRnW is 0 where it is UNKNOWN (EVT-39). */
		smmu_set(dw, SMMU_F_PERMISSION_TTRnW,
			 fault->cls == SMMU_CLASS_TT && fault->ttrnw);
		smmu_set(dw, SMMU_F_PERMISSION_DirtyBit, fault->dirtybit);
		smmu_set(dw, SMMU_F_PERMISSION_AssuredOnly, fault->assured_only);
		smmu_set(dw, SMMU_F_PERMISSION_Overlay, fault->overlay);
	}
}

static void build_addresses(const struct smmu *smmu, unsigned has,
			    const struct smmu_event *ev, uint64_t *dw)
{
	if (has & INPUT)
		smmu_set(dw, SMMU_F_PERMISSION_InputAddr, ev->input_addr);
	/* CHOICE: IPA is 0 where S2 == 0 leaves it UNKNOWN. */
	if ((has & IPA) && ev->fault.s2)
		smmu_set_addr(dw, SMMU_F_PERMISSION_IPA, below_oas(smmu, ev->fault.ipa));
	if (has & FETCH)
		smmu_set_addr(dw, SMMU_F_WALK_EABT_FetchAddr,
			      below_oas(smmu, ev->fault.fetch_addr));
}

static void build_treq(const struct smmu_event *ev, uint64_t *dw)
{
	smmu_set(dw, SMMU_F_BAD_ATS_TREQ_Span, ev->span);
	smmu_set(dw, SMMU_F_BAD_ATS_TREQ_P, ev->pnu);
	smmu_set(dw, SMMU_F_BAD_ATS_TREQ_X, ev->ask.x);
	smmu_set(dw, SMMU_F_BAD_ATS_TREQ_W, ev->ask.w);
	smmu_set(dw, SMMU_F_BAD_ATS_TREQ_R, ev->ask.r);
	smmu_set_addr(dw, SMMU_F_BAD_ATS_TREQ_InputAddr, ev->input_addr);
}

static void build_hint(const struct smmu_event *ev, uint64_t *dw)
{
	smmu_set(dw, SMMU_E_PAGE_REQUEST_Span, ev->span);
	smmu_set(dw, SMMU_E_PAGE_REQUEST_uX, ev->ask.x);
	smmu_set(dw, SMMU_E_PAGE_REQUEST_uW, ev->ask.w);
	smmu_set(dw, SMMU_E_PAGE_REQUEST_uR, ev->ask.r);
	smmu_set(dw, SMMU_E_PAGE_REQUEST_pX, ev->ask_priv.x);
	smmu_set(dw, SMMU_E_PAGE_REQUEST_pW, ev->ask_priv.w);
	smmu_set(dw, SMMU_E_PAGE_REQUEST_pR, ev->ask_priv.r);
	smmu_set_addr(dw, SMMU_E_PAGE_REQUEST_InputAddr, ev->input_addr);
}

static void build(const struct smmu *smmu, const struct smmu_event *ev, uint64_t *dw)
{
	unsigned has = layouts[ev->fault.event];

	build_head(has, ev, dw);
	build_access(has, ev, dw);
	build_fault(has, &ev->fault, dw);
	build_addresses(smmu, has, ev, dw);
	if (has & TREQ)
		build_treq(ev, dw);
	if (has & HINT)
		build_hint(ev, dw);
}

/* ---- merging: EVT-60 to EVT-62 ---- */

/* EVT-61: where in the page it was does not tell these apart. */
static uint64_t same_page(unsigned event)
{
	switch (event) {
	case SMMU_EVT_F_TRANSL_FORBIDDEN:
	case SMMU_EVT_F_WALK_EABT:
	case SMMU_EVT_F_TRANSLATION:
	case SMMU_EVT_F_ADDR_SIZE:
	case SMMU_EVT_F_ACCESS:
	case SMMU_EVT_F_PERMISSION:
	case SMMU_EVT_F_TLB_CONFLICT:
		return ~UINT64_C(0xfff);
	default:
		return UINT64_MAX;
	}
}

/* EVT-62: these may come before a STE is known. */
static bool always_merges(unsigned event)
{
	return event == SMMU_EVT_F_UUT || event == SMMU_EVT_C_BAD_STREAMID ||
	       event == SMMU_EVT_F_STE_FETCH || event == SMMU_EVT_C_BAD_STE;
}

/* The last record is still in the queue and says the same. */
static bool merges(const struct smmu *smmu, const struct smmu_event *ev,
		   const uint64_t *dw, bool empty)
{
	const uint64_t *last = smmu->last_event.dw;

	if (!smmu->cfg.event_merge || empty || !smmu->last_event.valid || ev->stall ||
	    (!ev->may_merge && !always_merges(ev->fault.event)))
		return false;
	return last[0] == dw[0] && last[1] == dw[1] && last[3] == dw[3] &&
	       ((last[2] ^ dw[2]) & same_page(ev->fault.event)) == 0;
}

/* EVT-67 */
static void overflow(struct smmu *smmu)
{
	bool flag = smmu_reg_get(smmu->regs.eventq_prod, SMMU_EVENTQ_PROD_OVFLG);
	bool ack = smmu_reg_get(smmu->regs.eventq_cons, SMMU_EVENTQ_CONS_OVACKFLG);

	if (flag == ack)
		smmu_reg_put(&smmu->regs.eventq_prod,
			     smmu->regs.eventq_prod ^
				     (uint32_t)SMMU_MASK(SMMU_EVENTQ_PROD_OVFLG));
}

/* EVT-72: a write that aborts is known at once, so PROD stays and nothing is signalled.
 */
static bool write_entry(struct smmu *smmu, const struct smmu_ring *ring,
			const uint64_t *dw)
{
	uint64_t pa = smmu_ring_addr(ring, smmu->regs.eventq_prod);

	for (unsigned i = 0; i < SMMU_EVENT_DWORDS; i++)
		if (smmu_bus_write64(smmu->bus, pa + 8 * i, dw[i], &ring->attr) != 0) {
			smmu_gerror_raise(smmu, SMMU_GERROR_EVENTQ_ABT_ERR);
			return false;
		}
	return true;
}

static struct smmu_ring eventq(const struct smmu *smmu)
{
	return smmu_ring_of(smmu, smmu->regs.eventq_base, smmu->cfg.eventqs, 5);
}

/* Records are accepted, if there is room. */
static bool accepts(const struct smmu *smmu)
{
	return smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_EVENTQEN) &&
	       !((smmu->regs.gerror ^ smmu->regs.gerrorn) &
		 SMMU_MASK(SMMU_GERROR_EVENTQ_ABT_ERR));
}

/* Records that were accepted take up room, whether they are written yet or not. */
static bool full(const struct smmu *smmu, const struct smmu_ring *ring)
{
	return smmu_ring_full(ring,
			      smmu->regs.eventq_prod + smmu_run_records(smmu, false),
			      smmu->regs.eventq_cons);
}

bool smmu_eventq_writable(const struct smmu *smmu)
{
	struct smmu_ring ring = eventq(smmu);

	return accepts(smmu) && !full(smmu, &ring);
}

bool smmu_eventq_append(struct smmu *smmu, const uint64_t *dw)
{
	struct smmu_ring ring = eventq(smmu);
	uint32_t prod = smmu->regs.eventq_prod;
	bool was_empty = smmu_ring_empty(&ring, prod, smmu->regs.eventq_cons);

	smmu->last_event.valid = accepts(smmu) && write_entry(smmu, &ring, dw);
	if (!smmu->last_event.valid)
		return false;
	memcpy(smmu->last_event.dw, dw, sizeof(smmu->last_event.dw));
	smmu_reg_put(&smmu->regs.eventq_prod,
		     (uint32_t)smmu_reg_set(prod, SMMU_EVENTQ_PROD_WR,
					    smmu_ring_inc(&ring, prod)));
	if (was_empty)
		smmu_irq_signal(smmu, SMMU_IRQ_EVENTQ);
	return true;
}

/* EVT-4 to EVT-8, REG-97 to REG-99 */
static bool deliver(struct smmu *smmu, const struct smmu_event *ev, const uint64_t *dw)
{
	struct smmu_ring ring = eventq(smmu);
	uint32_t prod = smmu->regs.eventq_prod;

	if (!accepts(smmu))
		return false;
	if (merges(smmu, ev, dw, smmu_ring_empty(&ring, prod, smmu->regs.eventq_cons)))
		return true;
	if (full(smmu, &ring)) {
		/* EVT-66: a stall record waits and does not overflow. */
		if (!ev->stall)
			overflow(smmu);
		return false;
	}
	if (smmu->run &&
	    smmu_run_keep_record(smmu, false, smmu_ring_addr(&ring, prod), dw))
		return true;
	return smmu_eventq_append(smmu, dw);
}

static bool record(struct smmu *smmu, const struct smmu_event *ev, const uint64_t *dw)
{
	bool recorded = deliver(smmu, ev, dw);

	if (recorded)
		smmu->stats.events++;
	else
		smmu->stats.events_lost++;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_EVENT, .sid = ev->sid, .ssid = ev->ssid,
		   .value = recorded, .dw = dw);
	return recorded;
}

bool smmu_event_record(struct smmu *smmu, const struct smmu_event *ev)
{
	uint64_t dw[SMMU_EVENT_DWORDS] = { 0 };

	build(smmu, ev, dw);
	return record(smmu, ev, dw);
}

/* What another SMMU found for whom this one is the front; never merged. */
bool smmu_inject_event(struct smmu *smmu, const uint64_t words[4])
{
	struct smmu_event ev = {
		.sid = (uint32_t)smmu_get(words, SMMU_F_PERMISSION_StreamID),
		.ssid = (uint32_t)smmu_get(words, SMMU_F_PERMISSION_SubstreamID),
		.stall = (layouts[smmu_get(words, SMMU_F_PERMISSION_EVENT)] & STALL) &&
			 smmu_get(words, SMMU_F_PERMISSION_Stall),
	};
	bool recorded;

	if (!smmu_lock(smmu))
		return false;
	recorded = record(smmu, &ev, words);
	smmu_unlock_and_deliver(smmu);
	return recorded;
}
