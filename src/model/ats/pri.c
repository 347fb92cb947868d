/* SPDX-License-Identifier: MIT */
/* Page requests and their automatic responses: IHI 0070 chapter 8, PRI-1 to PRI-33. */
#include <errno.h>
#include <stddef.h>
#include "model/ats/ats.h"

/* PRI-1: without substreams here a message has no PASID, whatever it came with. */
static bool has_pasid(const struct smmu *smmu, const struct smmu_page_request *req)
{
	return req->ssv && smmu->cfg.ssid_bits != 0;
}

/* PRI-3 */
static bool is_stop(const struct smmu *smmu, const struct smmu_page_request *req)
{
	return has_pasid(smmu, req) && req->last && !req->read && !req->write;
}

static void build(const struct smmu *smmu, const struct smmu_page_request *req,
		  uint64_t *dw)
{
	smmu_set(dw, SMMU_PRI_ENTRY_StreamID, req->sid);
	if (has_pasid(smmu, req)) {
		smmu_set(dw, SMMU_PRI_ENTRY_SSV, 1);
		smmu_set(dw, SMMU_PRI_ENTRY_SubstreamID, req->ssid);
		smmu_set(dw, SMMU_PRI_ENTRY_Priv, req->priv);
		smmu_set(dw, SMMU_PRI_ENTRY_X, req->exec);
	}
	smmu_set(dw, SMMU_PRI_ENTRY_R, req->read);
	smmu_set(dw, SMMU_PRI_ENTRY_W, req->write);
	smmu_set(dw, SMMU_PRI_ENTRY_Last, req->last);
	smmu_set(dw, SMMU_PRI_ENTRY_PRGIndex, req->prg_index);
	smmu_set_addr(dw, SMMU_PRI_ENTRY_PageAddr, req->addr);
}

/* PRI-17 */
static void record(struct smmu *smmu, const struct smmu_page_request *req,
		   const struct smmu_fault *fault)
{
	const struct smmu_event ev = {
		.fault = *fault, .sid = req->sid, .ssid = req->ssid, .ssv = true
	};

	if (!smmu_records_cfg_ats(smmu))
		return;
	if (fault->event == SMMU_EVT_C_BAD_STREAMID &&
	    !smmu_reg_get(smmu->regs.cr2, SMMU_CR2_RECINVSID))
		return;
	smmu_event_record(smmu, &ev);
}

/*
 * PRI-15, PRI-16: the overflow's response. CHOICE (PRI-18): without PASIDs the STE is
 * not looked at. SMMUEN is 1: without it nothing overflows.
 */
static void overflow_response(struct smmu *smmu, const struct smmu_page_request *req,
			      struct smmu_prg_response *resp)
{
	struct smmu_fault fault = { 0 };
	const struct smmu_ste *ste;

	resp->code = SMMU_PRG_SUCCESS;
	if (!has_pasid(smmu, req))
		return;
	if (!smmu->cfg.pps) {
		ste = smmu_ste_lookup(smmu, req->sid, &fault);
		if (!ste) {
			resp->code = SMMU_PRG_FAILURE;
			record(smmu, req, &fault);
			return;
		}
		if (!ste->ppar)
			return;
	}
	resp->ssv = true;
	resp->ssid = req->ssid;
}

/* PRI-7, PRI-8, PRI-14, PRI-28 */
static enum smmu_page_request_fate take(struct smmu *smmu,
					const struct smmu_page_request *req,
					struct smmu_prg_response *resp)
{
	uint64_t dw[SMMU_PRI_DWORDS] = { 0 };
	enum smmu_priq_put put;

	build(smmu, req, dw);
	put = smmu_priq_put(smmu, dw);
	smmu->stats.page_requests++;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_PAGE_REQUEST, .sid = req->sid,
		   .ssid = req->ssid, .addr = req->addr, .value = put == SMMU_PRIQ_TAKEN,
		   .dw = dw);
	*resp = (struct smmu_prg_response){ .sid = req->sid,
					    .prg_index = req->prg_index,
					    .code = SMMU_PRG_FAILURE,
					    .automatic = true };
	if (put == SMMU_PRIQ_TAKEN)
		return SMMU_PRI_QUEUED;
	if (is_stop(smmu, req))
		return SMMU_PRI_DROPPED;
	if (put == SMMU_PRIQ_OVERFLOW) {
		if (!req->last)
			return SMMU_PRI_DROPPED;
		overflow_response(smmu, req, resp);
	}
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_PRG_RESPONSE, .sid = resp->sid,
		   .ssid = resp->ssid, .addr = resp->prg_index, .value = resp->code);
	return SMMU_PRI_ANSWERED;
}

static bool possible(const struct smmu_page_request *req)
{
	return req->prg_index <= SMMU_FIELD_ONES(SMMU_PRI_ENTRY_PRGIndex) &&
	       (!req->ssv || req->ssid <= SMMU_FIELD_ONES(SMMU_PRI_ENTRY_SubstreamID));
}

int smmu_page_request(struct smmu_port *port, const struct smmu_page_request *req,
		      struct smmu_prg_response *auto_resp)
{
	struct smmu *smmu = port->smmu;
	const struct smmu_ats_function *f;
	struct smmu_ats_function copy = { 0 };
	enum smmu_page_request_fate fate;
	struct smmu_prg_response resp;

	if (!smmu->cfg.pri)
		return -EOPNOTSUPP;
	if (!possible(req))
		return -EINVAL;
	if (!smmu_lock(smmu))
		return -EDEADLK;
	fate = take(smmu, req, &resp);
	f = smmu_ats_find(smmu, req->sid);
	if (f)
		copy = *f;
	smmu_unlock_and_deliver(smmu);
	if (fate != SMMU_PRI_ANSWERED)
		return (int)fate;
	if (auto_resp)
		*auto_resp = resp;
	if (copy.ops && copy.ops->page_response)
		copy.ops->page_response(copy.ctx, &resp);
	return (int)fate;
}
