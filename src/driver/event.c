/* SPDX-License-Identifier: MIT */
/* The event queue: drained, decoded, reported (DRV-103 to DRV-105). */
#include "core/rcu.h"
#include "driver/change.h"
#include "driver/cmdq.h"
#include "driver/fault.h"
#include "driver/queue.h"
#include "driver/vsmmu.h"

/* Which event records carry what: the heads alone are alike. */
struct event_kind {
	const char *name;
	bool ssv, addr, rnw, access, stage;
};

#define ALL_OF_IT .ssv = true, .addr = true, .rnw = true, .access = true, .stage = true
static const struct event_kind kinds[256] = {
	[SMMU_EVT_F_UUT] = { .name = "F_UUT",
			     .ssv = true,
			     .addr = true,
			     .rnw = true,
			     .access = true },
	[SMMU_EVT_C_BAD_STREAMID] = { .name = "C_BAD_STREAMID", .ssv = true },
	[SMMU_EVT_F_STE_FETCH] = { .name = "F_STE_FETCH", .ssv = true },
	[SMMU_EVT_C_BAD_STE] = { .name = "C_BAD_STE", .ssv = true },
	[SMMU_EVT_F_BAD_ATS_TREQ] = { .name = "F_BAD_ATS_TREQ",
				      .ssv = true,
				      .addr = true },
	[SMMU_EVT_F_STREAM_DISABLED] = { .name = "F_STREAM_DISABLED" },
	[SMMU_EVT_F_TRANSL_FORBIDDEN] = { .name = "F_TRANSL_FORBIDDEN",
					  .addr = true,
					  .rnw = true },
	[SMMU_EVT_C_BAD_SUBSTREAMID] = { .name = "C_BAD_SUBSTREAMID", .ssv = true },
	[SMMU_EVT_F_CD_FETCH] = { .name = "F_CD_FETCH", .ssv = true },
	[SMMU_EVT_C_BAD_CD] = { .name = "C_BAD_CD", .ssv = true },
	[SMMU_EVT_F_WALK_EABT] = { .name = "F_WALK_EABT", ALL_OF_IT },
	[SMMU_EVT_F_TRANSLATION] = { .name = "F_TRANSLATION", ALL_OF_IT },
	[SMMU_EVT_F_ADDR_SIZE] = { .name = "F_ADDR_SIZE", ALL_OF_IT },
	[SMMU_EVT_F_ACCESS] = { .name = "F_ACCESS", ALL_OF_IT },
	[SMMU_EVT_F_PERMISSION] = { .name = "F_PERMISSION", ALL_OF_IT },
	[SMMU_EVT_F_TLB_CONFLICT] = { .name = "F_TLB_CONFLICT", ALL_OF_IT },
	[SMMU_EVT_F_CFG_CONFLICT] = { .name = "F_CFG_CONFLICT", .ssv = true },
	[SMMU_EVT_E_PAGE_REQUEST] = { .name = "E_PAGE_REQUEST",
				      .ssv = true,
				      .addr = true },
	[SMMU_EVT_F_VMS_FETCH] = { .name = "F_VMS_FETCH", .ssv = true },
};

static bool can_stall(uint8_t id)
{
	return id >= SMMU_EVT_F_TRANSLATION && id <= SMMU_EVT_F_PERMISSION;
}

/* Requests ask for permissions instead of saying what they are. */
static bool reads(const uint64_t *dw, const struct event_kind *kind)
{
	if (kind->rnw)
		return smmu_get(dw, SMMU_F_TRANSLATION_RnW);
	if (kind == &kinds[SMMU_EVT_F_BAD_ATS_TREQ])
		return !smmu_get(dw, SMMU_F_BAD_ATS_TREQ_W);
	return !smmu_get(dw, SMMU_E_PAGE_REQUEST_uW) &&
	       !smmu_get(dw, SMMU_E_PAGE_REQUEST_pW);
}

static struct arm_smmu_event decode(const uint64_t *dw)
{
	struct arm_smmu_event e = { .id = (uint8_t)smmu_get(dw, SMMU_EVENT_HEAD_EVENT) };
	const struct event_kind *kind = &kinds[e.id];

	e.name = kind->name ? kind->name : "UNKNOWN";
	e.sid = (uint32_t)smmu_get(dw, SMMU_EVENT_HEAD_StreamID);
	e.ssv = kind->ssv && smmu_get(dw, SMMU_EVENT_HEAD_SSV);
	if (e.ssv)
		e.ssid = (uint32_t)smmu_get(dw, SMMU_EVENT_HEAD_SubstreamID);
	e.has_addr = kind->addr;
	if (kind->addr) {
		e.iova = smmu_get(dw, SMMU_F_TRANSLATION_InputAddr);
		e.read = reads(dw, kind);
	}
	if (kind->access) {
		e.exec = smmu_get(dw, SMMU_F_TRANSLATION_InD);
		e.priv = smmu_get(dw, SMMU_F_TRANSLATION_PnU);
	}
	if (kind->stage)
		e.stage2 = smmu_get(dw, SMMU_F_TRANSLATION_S2);
	if (can_stall(e.id) && smmu_get(dw, SMMU_F_TRANSLATION_Stall)) {
		e.stalled = true;
		e.stag = (uint16_t)smmu_get(dw, SMMU_F_TRANSLATION_STAG);
	}
	e.record = dw;
	return e;
}

/* domain: where the DMA went, NULL if nobody knows. */
static void report(struct arm_smmu *smmu, const struct arm_smmu_event *e,
		   struct iommu_domain *domain)
{
	struct iommu_fault fault = {
		.reason = e->name,
		.id = e->sid,
		.pasid = e->ssid,
		.iova = e->iova,
		.record = e->record,
		.record_words = SMMU_EVENT_DWORDS,
	};

	if (e->has_addr)
		fault.flags |= IOMMU_FAULT_ADDR |
			       (e->read ? IOMMU_FAULT_READ : IOMMU_FAULT_WRITE);
	fault.flags |=
		(e->exec ? IOMMU_FAULT_EXEC : 0) | (e->priv ? IOMMU_FAULT_PRIV : 0) |
		(e->ssv ? IOMMU_FAULT_PASID : 0) | (e->stalled ? IOMMU_FAULT_STALL : 0);
	iommu_report_fault(&smmu->iommu, e->dev, domain, &fault);
}

/*
 * As a reader, who is waited for before a master or a domain goes: what is reported may
 * be answered at once, by commands, and no lock of ours is held over that.
 */
static void handle(struct arm_smmu *smmu, const uint64_t *dw)
{
	struct arm_smmu_event e = decode(dw);
	const struct arm_smmu_attachment *at = NULL;
	struct iommu_domain *domain;
	struct arm_smmu_master *master;
	bool served, forwarded;

	arm_smmu_count(smmu, COUNT_EVENTS, 1);
	rcu_reader_begins();
	pthread_mutex_lock(&smmu->streams_lock);
	master = arm_smmu_find_master(smmu, e.sid);
	e.dev = master ? master->dev : NULL;
	if (master)
		at = arm_smmu_attachment(master, e.ssv ? e.ssid : IOMMU_NO_PASID);
	domain = at ? at->core : NULL;
	if (smmu->event_fn)
		smmu->event_fn(smmu->event_ctx, &e);
	forwarded = master && arm_vsmmu_forward(master, &e);
	pthread_mutex_unlock(&smmu->streams_lock);
	/* DRV-105: a page fault if somebody serves those; told of as a fault if not. */
	served = e.stalled && master && arm_smmu_report_stall(master, &e);
	if (!served && !forwarded)
		report(smmu, &e, domain);
	if (e.stalled && !master)
		arm_smmu_terminate(smmu, e.sid, e.stag);
	rcu_reader_ends();
}

/* Events are lost until the flag is copied back (DRV-103). */
static uint32_t ack_overflow(struct arm_smmu *smmu, uint32_t prod, uint32_t cons)
{
	uint32_t flag = smmu_reg_get(prod, SMMU_EVENTQ_PROD_OVFLG) != 0;

	if (flag != smmu_reg_get(cons, SMMU_EVENTQ_CONS_OVACKFLG)) {
		arm_smmu_count(smmu, COUNT_OVERFLOWS, 1);
		arm_smmu_msg(smmu, IOMMU_MSG_WARNING,
			     "event queue: overflow, events are lost");
	}
	return (uint32_t)smmu_reg_set(queue_index(&smmu->evtq, cons),
				      SMMU_EVENTQ_CONS_OVACKFLG, flag);
}

/* Everything that is there; false: nothing was. */
static bool drain(struct arm_smmu *smmu)
{
	struct arm_smmu_queue *q = &smmu->evtq;
	uint32_t prod = arm_smmu_read32(smmu, q->prod_reg), cons;
	bool any = false;

	while (queue_used(q, queue_index(q, prod), queue_index(q, q->cons))) {
		hwword_t *at = queue_entry(q, q->cons);
		uint64_t dw[SMMU_EVENT_DWORDS];

		/* Read before cons moves: after that the slot is the SMMU's. */
		for (unsigned i = 0; i < SMMU_EVENT_DWORDS; i++)
			dw[i] = hw_load(&at[i]);
		handle(smmu, dw);
		q->cons = (q->cons & ~((2u << q->log2) - 1)) | queue_next(q, q->cons);
		any = true;
	}
	cons = ack_overflow(smmu, prod, q->cons);
	if (any || cons != q->cons)
		arm_smmu_write32(smmu, q->cons_reg, cons);
	any = any || cons != q->cons;
	q->cons = cons;
	return any;
}

void arm_smmu_evtq_handler(void *arg)
{
	struct arm_smmu *smmu = arg;

	/* Stalled transactions want commands: not while this thread puts some in. */
	if (arm_smmu_cmdq_defer(smmu) || !arm_smmu_gate_enter(&smmu->evtq_gate))
		return;
	do
		while (drain(smmu))
			;
	while (arm_smmu_gate_leave(&smmu->evtq_gate));
}
