/* SPDX-License-Identifier: MIT */
/*
 * ATS Translation Requests: IHI 0070 3.9.1.2, 3.13.7, 13.6, 13.7.1; ATS-R1 to ATS-R12.
 * ATS-R2 and ATS-R11 speak of other security states and of granule protection.
 *
 * What may be granted is asked of the stages as a transaction would ask: for reading,
 * for executing, for writing. So a request sees what DMA would see, through the same
 * TLB, and sets the same flags. Events and stalls of faults do not concern it.
 */
#include <stddef.h>
#include "model/ats/ats.h"
#include "model/mpam/mpam.h"
#include "model/pmcg/pmcg.h"

struct treq {
	struct smmu_lookup x;
	const struct smmu_ats_request *req;
	struct smmu_txn txn;
	unsigned eats;
	bool exec, priv; /* of the request; 0 without a PASID */
	bool over;	 /* res is final */
	struct smmu_xlate out;
	struct smmu_ats_completion res;
};

unsigned smmu_eats(const struct smmu *smmu, const struct smmu_ste *ste)
{
	bool atschk = smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_ATSCHK);

	switch (ste->eats) {
	case SMMU_EATS_SPLIT:
		return atschk ? SMMU_EATS_SPLIT : SMMU_EATS_OFF;
	case SMMU_EATS_DPT:
		return atschk && smmu->cfg.dpt ? SMMU_EATS_DPT : SMMU_EATS_OFF;
	default:
		return ste->eats;
	}
}

/* STU: the smallest granule of IDR5 (3.9.1). */
static uint8_t stu_bits(const struct smmu *smmu)
{
	return smmu->cfg.gran4k ? 12 : smmu->cfg.gran16k ? 14 : 16;
}

/* ---- ways to end ---- */

/* Success, R == W == 0: "exactly STU" (3.9.1.2). */
static void deny(struct treq *t)
{
	t->over = true;
	t->res.status = SMMU_ATS_SUCCESS;
	t->res.page_bits = stu_bits(t->x.smmu);
	/* 3.9.3: with split-stage, whatever was granted. */
	t->res.cxl_io = t->req->cxl && t->eats == SMMU_EATS_SPLIT;
}

/* EVT-29 */
static void refuse(struct treq *t)
{
	const struct smmu_ats_request *req = t->req;
	const struct smmu_event ev = {
		.fault.event = SMMU_EVT_F_BAD_ATS_TREQ,
		.sid = req->sid,
		.ssv = t->txn.ssv,
		.ssid = t->txn.ssid,
		.pnu = t->priv,
		.ask = { .r = true, .w = !req->no_write, .x = t->exec },
		/* CHOICE: of more than 15 STUs Span says 15. */
		.span = req->stus == 0	 ? 1
			: req->stus < 15 ? req->stus
					 : 15,
		.input_addr = req->addr,
		.may_merge = t->x.ste && t->x.ste->mev,
	};

	t->over = true;
	t->res.status = SMMU_ATS_UR;
	t->res.event = SMMU_EVT_F_BAD_ATS_TREQ;
	t->res.recorded = smmu_event_record(t->x.smmu, &ev);
}

/* EVT-76. CHOICE: C_BAD_CD like C_BAD_STE; RnW, which is UNKNOWN, is NW. */
static void abort_it(struct treq *t)
{
	const struct smmu_lookup *x = &t->x;
	const struct smmu_event ev = {
		.fault = x->fault,
		.sid = t->txn.sid,
		.ssv = t->txn.ssv,
		.ssid = t->txn.ssid,
		.rnw = t->req->no_write,
		.ind = x->acc.inst,
		.pnu = x->acc.priv,
		.input_addr = t->txn.addr,
		.may_merge = x->ste && x->ste->mev,
	};
	bool wanted = smmu_records_cfg_ats(x->smmu);

	if (x->fault.event == SMMU_EVT_C_BAD_STREAMID)
		wanted = wanted && smmu_reg_get(x->smmu->regs.cr2, SMMU_CR2_RECINVSID);
	t->over = true;
	t->res.status = SMMU_ATS_CA;
	t->res.event = x->fault.event;
	t->res.recorded = wanted && smmu_event_record(x->smmu, &ev);
}

/* A fault of a stage, or of what leads to a CD. */
static void faulted(struct treq *t)
{
	if (smmu_obeys_ars(&t->x.fault))
		deny(t);
	else
		abort_it(t);
}

/* ---- what the stages grant ---- */

enum want { READ, EXECUTE, WRITE, WRITE_WITHOUT_UPDATE };

/* Whether the stages allow it. Any fault but a denied permission ends the request. */
static bool granted(struct treq *t, const struct smmu_regime *rg, enum want want)
{
	struct smmu_lookup *x = &t->x;
	const struct smmu_fault *f = &x->fault;
	bool write = want == WRITE || want == WRITE_WITHOUT_UPDATE;

	if (t->over)
		return false;
	x->acc.read = !write;
	x->acc.write = write;
	x->acc.inst = want == EXECUTE;
	x->acc.keep_clean = want == WRITE_WITHOUT_UPDATE;
	if (smmu_stages_translate(x->smmu, rg, &x->acc, t->txn.addr, &x->attr, &t->out,
				  &x->fault))
		return true;
	/* An AssuredOnly check denies all (3.26); a CD's or a descriptor's page too. */
	if (f->event != SMMU_EVT_F_PERMISSION || f->cls != SMMU_CLASS_IN ||
	    f->assured_only)
		faulted(t);
	return false;
}

/*
 * 13.7.1. CHOICE: with NW == 1, W is not granted, as it need not be. Nested, a page is
 * made dirty only if both stages let it be written (3.13.7.1).
 */
static bool may_write(struct treq *t, const struct smmu_regime *rg)
{
	if (t->req->no_write)
		return false;
	if (rg->s1 && rg->s2 && !granted(t, rg, WRITE_WITHOUT_UPDATE))
		return false;
	return granted(t, rg, WRITE);
}

static void permissions(struct treq *t, const struct smmu_regime *rg)
{
	struct smmu_ats_completion *res = &t->res;

	switch (t->x.ste->over.instcfg) {
	case SMMU_INSTCFG_INST:
		res->read = granted(t, rg, EXECUTE);
		res->exec = t->exec && res->read;
		break;
	case SMMU_INSTCFG_DATA:
		res->read = granted(t, rg, READ);
		res->exec = t->exec && res->read;
		break;
	default:
		res->read = granted(t, rg, READ);
		res->exec = t->exec && res->read && granted(t, rg, EXECUTE);
		break;
	}
	res->write = may_write(t, rg);
}

/* 3.9.3 */
static bool wants_cxl_io(const struct treq *t, const struct smmu_attr *attr)
{
	if (!t->req->cxl)
		return false;
	return t->eats == SMMU_EATS_SPLIT || attr->inner != SMMU_MT_WB ||
	       attr->outer != SMMU_MT_WB || attr->sh == SMMU_SH_NSH;
}

static void complete(struct treq *t)
{
	struct smmu_ats_completion *res = &t->res;
	uint64_t addr = t->eats == SMMU_EATS_SPLIT ? t->out.ipa : t->out.pa;

	/* One that was denied later: nothing of it counts. */
	if (t->over) {
		res->read = res->write = res->exec = false;
		return;
	}
	if (!res->read && !res->write) {
		deny(t);
		return;
	}
	res->page_bits = t->out.page_bits;
	if (res->page_bits < stu_bits(t->x.smmu))
		res->page_bits = stu_bits(t->x.smmu);
	res->addr = smmu_align_down(addr, res->page_bits);
	res->cxl_io = wants_cxl_io(t, &t->out.attr);
}

static void stages(struct treq *t, uint32_t idx)
{
	const struct smmu_lookup *x = &t->x;
	const struct smmu_regime rg = {
		.sid = t->txn.sid,
		.ssid = idx,
		.world = x->cd ? x->cd->s1.world : SMMU_WORLD_NS_EL1,
		.vmid = x->ste->vmid,
		.mpam_s1 = { x->attr.partid, x->attr.pmg },
		.mpam_s2 = x->ste->mpam,
		.s1 = x->cd ? &x->cd->s1 : NULL,
		.s2 = x->ste->s2 ? &x->ste->s2cfg : NULL,
	};

	permissions(t, &rg);
	complete(t);
}

/*
 * 13.6.4: stage 1 is skipped and there is no other. CHOICE: all that can be returned,
 * which is what lies below 2^OAS; what lies above is truncated, as for DMA.
 */
static void identity(struct treq *t)
{
	const struct smmu_id *id = &t->x.smmu->id;

	t->res.read = t->res.write = true;
	t->out.pa = smmu_low(t->txn.addr, id->oas);
	t->out.page_bits = (uint8_t)(smmu_above(t->txn.addr, id->oas) ? 12 : id->oas);
	t->out.attr = t->x.attr;
	complete(t);
}

/* ---- from the STE on ---- */

static void with_ste(struct treq *t)
{
	struct smmu_lookup *x = &t->x;
	unsigned event;
	uint32_t idx;

	smmu_override_all(x, &x->ste->over);
	/* 17.3: as for DMA of that stream and substream. */
	smmu_attr_mpam(&x->attr, x->ste->mpam);
	switch (smmu_select_cd(x->ste, &t->txn, &idx, &event)) {
	case SMMU_SUBSTREAM_ERROR:
		x->fault.event = (uint8_t)event;
		abort_it(t);
		return;
	case SMMU_SUBSTREAM_CD:
		x->cd = smmu_cd_lookup(x->smmu, x->ste, t->txn.sid, idx, &x->fault);
		if (!x->cd) {
			faulted(t);
			return;
		}
		smmu_attr_mpam(&x->attr, smmu_mpam_client(x->smmu, x->ste, x->cd));
		break;
	case SMMU_SUBSTREAM_NONE:
		if (smmu_above(t->txn.addr, x->smmu->id.ias)) {
			deny(t);
			return;
		}
		if (!x->ste->s2) {
			identity(t);
			return;
		}
		break;
	}
	stages(t, idx);
}

/* ATS-R1 to ATS-R6 */
static void answer(struct treq *t)
{
	struct smmu_lookup *x = &t->x;

	if (!smmu_is_enabled(x->smmu)) {
		refuse(t);
		return;
	}
	x->ste = smmu_ste_lookup(x->smmu, t->txn.sid, &x->fault);
	if (!x->ste) {
		abort_it(t);
		return;
	}
	if (x->ste->abort) {
		t->res.status = SMMU_ATS_UR;
		return;
	}
	t->eats = smmu_eats(x->smmu, x->ste);
	if (t->eats == SMMU_EATS_OFF)
		refuse(t);
	else
		with_ste(t);
}

/* ATS-R9: without a PASID a request is Data and unprivileged. */
static void begin(struct treq *t)
{
	const struct smmu_ats_request *req = t->req;
	bool pasid = req->ssv;

	t->exec = pasid && req->exec;
	t->priv = pasid && req->priv;
	t->txn = (struct smmu_txn){ .sid = req->sid,
				    .ssid = pasid ? req->ssid : 0,
				    .ssv = pasid,
				    .priv = t->priv,
				    .op = SMMU_READ,
				    .addr = smmu_align_down(req->addr, 12) };
	t->x.txn = &t->txn;
	t->x.acc = (struct smmu_access){ .read = true, .priv = t->priv };
	/* 3.9.3: the fixed attributes of ATS traffic. */
	t->x.attr = smmu_attr_default();
	t->x.attr.sh = SMMU_SH_ISH;
	t->res.priv = t->priv;
}

/* PMCG-18: whatever becomes of it. */
static void count(struct treq *t, unsigned missed)
{
	const struct smmu_pmcg_who who = { .sid = t->txn.sid,
					   .mpam = { t->x.attr.partid, t->x.attr.pmg } };
	struct smmu *smmu = t->x.smmu;

	smmu_pmcg_event(smmu, SMMU_PMCG_TRANSACTION, who);
	smmu_pmcg_event(smmu, SMMU_PMCG_ATS_REQUEST, who);
	if (missed & SMMU_MISSED_TLB)
		smmu_pmcg_event(smmu, SMMU_PMCG_TLB_MISS, who);
	if (missed & SMMU_MISSED_CONFIG)
		smmu_pmcg_event(smmu, SMMU_PMCG_CONFIG_MISS, who);
}

struct smmu_ats_completion smmu_ats_request(struct smmu_port *port,
					    const struct smmu_ats_request *req)
{
	struct smmu *smmu = port->smmu;
	struct treq t = { .x.smmu = smmu, .req = req };

	if (!smmu->cfg.ats)
		return (struct smmu_ats_completion){ .status = SMMU_ATS_UR };
	begin(&t);
	if (!smmu_lock(smmu))
		return (struct smmu_ats_completion){ .status = SMMU_ATS_CA };
	smmu->stats.ats_requests++;
	smmu->missed = 0;
	answer(&t);
	if (smmu->pmcg_on)
		count(&t, smmu->missed);
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_ATS_REQUEST, .sid = req->sid,
		   .ssid = t.txn.ssid, .addr = t.txn.addr, .value = t.res.addr);
	smmu_unlock_and_deliver(smmu);
	return t.res;
}
