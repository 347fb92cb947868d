/* SPDX-License-Identifier: MIT */
/* What becomes of a device's transaction: IHI 0070 3.12, 5.5, 7.3; ARS-*. */
#include <stddef.h>
#include "model/translate.h"

struct smmu_event smmu_event_of(const struct smmu_lookup *x)
{
	const struct smmu_txn *txn = x->txn;
	struct smmu_event ev = {
		.fault = x->fault,
		.sid = txn->sid,
		.ssid = txn->ssv ? txn->ssid : 0,
		.ssv = txn->ssv,
		.rnw = !x->acc.write,
		.ind = x->acc.inst,
		.pnu = x->acc.priv,
		.input_addr = txn->addr,
		.may_merge = x->ste && x->ste->mev,
	};

	/* An atomic that was denied says which half was (section 8). */
	if (x->acc.read && x->acc.write && x->fault.event == SMMU_EVT_F_PERMISSION &&
	    x->fault.cls == SMMU_CLASS_IN)
		ev.rnw = x->fault.rnw;
	return ev;
}

static bool record(const struct smmu_lookup *x)
{
	struct smmu_event ev = smmu_event_of(x);

	return smmu_event_record(x->smmu, &ev);
}

static struct smmu_result output(const struct smmu_lookup *x)
{
	return (struct smmu_result){
		.status = SMMU_OK,
		.bypass = x->bypass,
		.kind = x->kind,
		.pa = x->out.pa,
		.ipa = x->out.ipa,
		.page_bits = x->out.page_bits,
		.attr = x->out.attr,
	};
}

/* A response without an address; its PARTID and PMG are those it would have had. */
static struct smmu_result refused(const struct smmu_lookup *x)
{
	return (struct smmu_result){
		.status = SMMU_ABORT,
		.event = x->fault.event,
		.kind = x->kind,
		.attr = { .partid = x->attr.partid, .pmg = x->attr.pmg },
	};
}

/* Every fault and configuration error but the four of section 6: abort, record. */
static struct smmu_result abort_it(const struct smmu_lookup *x)
{
	struct smmu_result res = refused(x);
	bool wanted = true;

	/* EVT-26 */
	if (x->fault.event == SMMU_EVT_C_BAD_STREAMID)
		wanted = smmu_reg_get(x->smmu->regs.cr2, SMMU_CR2_RECINVSID);
	res.recorded = wanted && record(x);
	return res;
}

/*
 * STALL-2, STALL-3: R plays no part; without room for the record it is not even tried.
 * A record whose write aborts is lost, and the transaction stays (STALL-4, EVT-74).
 */
static struct smmu_result stall(const struct smmu_lookup *x)
{
	struct smmu_result res = refused(x);
	struct smmu_event ev = smmu_event_of(x);
	int stag = smmu_stag_take(x->smmu, x->txn->sid);

	res.status = SMMU_STALLED;
	if (stag < 0)
		return res;
	ev.stall = true;
	ev.stag = (uint16_t)stag;
	res.recorded = smmu_event_record(x->smmu, &ev);
	res.ticket = (uint64_t)stag + 1;
	return res;
}

/*
 * EVT-57: a client that says so cannot be held. Nor can anyone by an SMMU without room
 * for a single one, whose IDR0 then says so.
 */
static bool may_stall(const struct smmu_lookup *x)
{
	return !x->txn->no_stall && x->smmu->cfg.stall_max;
}

/* Section 6, ARS-*: the stage that faulted decides; stage 2 is S2R with A == 1. */
static struct smmu_result fault(const struct smmu_lookup *x)
{
	const struct smmu_s2cfg *s2 = &x->ste->s2cfg;
	const struct smmu_s1cfg *s1 = x->cd ? &x->cd->s1 : NULL;
	struct smmu_result res = refused(x);
	bool held, want;

	if (!smmu_obeys_ars(&x->fault) || (!x->fault.s2 && !s1))
		return abort_it(x);
	held = x->fault.s2 ? s2->s2s : s1->s;
	want = x->fault.s2 ? s2->s2r : s1->r;
	if (held && may_stall(x))
		return stall(x);
	if (!x->fault.s2 && !s1->a && !held)
		res.status = SMMU_RAZ_WI;
	res.recorded = (want || held) && record(x);
	return res;
}

void smmu_trace_decision(const struct smmu_lookup *x)
{
	const struct smmu_fault *f = &x->fault;

	SMMU_TRACE(x->smmu, .kind = SMMU_TRACE_DECISION, .sid = x->txn->sid,
		   .ssid = x->txn->ssid, .value = f->event, .rule = f->rule,
		   .stage = (uint8_t)(f->s2		  ? 2
				      : smmu_obeys_ars(f) ? 1
							  : 0),
		   .addr = f->fetch_addr ? f->fetch_addr : f->ipa);
}

/* Apart from smmu_transact(), which would save all registers for it. */
static struct smmu_result __attribute__((noinline))
no_output(const struct smmu_lookup *x, enum smmu_found found)
{
	struct smmu_result hushed;

	if (smmu_kind_hushed(x, &hushed))
		return hushed;
	switch (found) {
	case SMMU_FOUND_CONFIG:
		return abort_it(x);
	case SMMU_FOUND_FAULT:
		return fault(x);
	case SMMU_FOUND_SILENT:
	case SMMU_FOUND_OUTPUT:
		break;
	}
	return (struct smmu_result){ .status = SMMU_ABORT };
}

/* A traced or counted transaction is to be seen each time. */
static void keep(const struct smmu_lookup *x, struct smmu_port *port,
		 const struct smmu_result *res)
{
	enum smmu_utlb_counts counts = SMMU_UTLB_STE;

	if (!x->out.keep || !smmu_utlb_takes(x->txn) || x->smmu->trace)
		return;
	if (!x->ste)
		counts = SMMU_UTLB_NOTHING;
	else if (!x->bypass)
		counts = x->cd ? SMMU_UTLB_ALL : SMMU_UTLB_STE_TLB;
	smmu_utlb_insert(&port->utlb, x->txn, res, x->out.void_word, counts);
}

struct smmu_result smmu_transact(struct smmu *smmu, const struct smmu_txn *txn,
				 struct smmu_port *port)
{
	struct smmu_result res;
	struct smmu_lookup x;
	enum smmu_found found;

	if (__builtin_expect(txn->at == SMMU_AT_TRANSLATED, 0))
		return smmu_translated(smmu, txn);
	smmu_lookup_new(&x, smmu, txn);
	found = smmu_find(&x);
	smmu_trace_decision(&x);
	if (found != SMMU_FOUND_OUTPUT)
		return no_output(&x, found);
	res = output(&x);
	if (port)
		keep(&x, port, &res);
	return res;
}
