/* SPDX-License-Identifier: MIT */
/*
 * DMA with a translated address: IHI 0070 3.9.1.1, 3.9.1.3, 13.6.3; ATS-T1 to ATS-T9,
 * EVT-77, EVT-78. ATS-T2 and the rest of ATS-T10 speak of other security states.
 *
 * CHOICE: Split-stage ATS is appropriate for every protocol here (item 5 of the list of
 * priorities). CHOICE: STE.ALLOCCFG, and with Full ATS STE.INSTCFG and STE.PRIVCFG
 * unless the DMA has a PASID, do not change what leaves.
 */
#include <stddef.h>
#include "model/ats/ats.h"
#include "model/dpt/dpt.h"
#include "model/mpam/mpam.h"
#include "model/pmcg/pmcg.h"

static struct smmu_result aborted(unsigned event, bool recorded)
{
	return (struct smmu_result){ .status = SMMU_ABORT,
				     .event = (uint8_t)event,
				     .recorded = recorded };
}

/* Hints and speculative reads are never heard of (3.14, 3.22.2). */
static bool is_quiet(const struct smmu_lookup *x)
{
	struct smmu_result unused;

	return x->txn->kind != SMMU_KIND_ORDINARY && smmu_kind_hushed(x, &unused);
}

static bool record(const struct smmu_lookup *x)
{
	const struct smmu_event ev = smmu_event_of(x);

	return !is_quiet(x) && smmu_event_record(x->smmu, &ev);
}

/* ATS-T1, ATS-T5: whatever REC_CFG_ATS says. */
static struct smmu_result forbid(struct smmu_lookup *x, const char *rule)
{
	x->fault =
		(struct smmu_fault){ .event = SMMU_EVT_F_TRANSL_FORBIDDEN, .rule = rule };
	return aborted(x->fault.event, record(x));
}

/* EVT-77: C_BAD_STREAMID too, whatever RECINVSID says. */
static struct smmu_result bad_config(struct smmu_lookup *x)
{
	return aborted(x->fault.event, smmu_records_cfg_ats(x->smmu) && record(x));
}

/* Of stage 2, as for an ordinary transaction; it never stalls (STE-8, STE-9). */
static struct smmu_result faulted(struct smmu_lookup *x)
{
	bool wanted = !smmu_obeys_ars(&x->fault) || x->ste->s2cfg.s2r;

	return aborted(x->fault.event, wanted && record(x));
}

static struct smmu_result leave(struct smmu_lookup *x)
{
	uint64_t pa = x->txn->addr;
	unsigned oas = x->smmu->id.oas;

	/* STE-76 has nothing to say of reads and writes. */
	if (smmu_above(pa, oas) && !x->smmu->cfg.ats_truncate) {
		x->fault.rule = "ATS-T3";
		return aborted(0, false);
	}
	x->fault.rule = "ATS-T7";
	smmu_attr_leave(x->smmu, &x->acc, &x->attr);
	return (struct smmu_result){
		.status = SMMU_OK,
		.bypass = true,
		.kind = x->kind,
		.pa = smmu_low(pa, oas),
		.ipa = pa,
		.page_bits = (uint8_t)oas,
		.attr = x->attr,
	};
}

/* ATS-T9 */
static struct smmu_result split(struct smmu_lookup *x)
{
	const struct smmu_regime rg = {
		.sid = x->txn->sid,
		.world = SMMU_WORLD_NS_EL1,
		.vmid = x->ste->vmid,
		.mpam_s2 = x->ste->mpam,
		.s2 = &x->ste->s2cfg,
		.assured = true, /* AssuredOnly is ignored */
	};
	const struct smmu_xlate *out = &x->out;

	if (smmu_above(x->txn->addr, x->smmu->id.ias)) {
		x->fault = (struct smmu_fault){ .event = SMMU_EVT_F_ADDR_SIZE,
						.cls = SMMU_CLASS_IN,
						.rule = "ATS-T9" };
		return aborted(x->fault.event, record(x));
	}
	if (!smmu_stages_translate(x->smmu, &rg, &x->acc, x->txn->addr, &x->attr, &x->out,
				   &x->fault))
		return faulted(x);
	if (!smmu_kind_granted(x))
		return aborted(0, false);
	return (struct smmu_result){
		.status = SMMU_OK,
		.kind = x->kind,
		.pa = out->pa,
		.ipa = out->ipa,
		.page_bits = out->page_bits,
		.attr = out->attr,
	};
}

/* ATS-T8: the DPT says where this stream may go. */
static struct smmu_result with_dpt(struct smmu_lookup *x)
{
	const struct smmu_dpt_access acc = {
		.sid = x->txn->sid,
		.vmatch = x->ste->dpt_vmatch,
		.vmid = x->ste->vmid,
		.mpam = x->ste->mpam,
		.pa = smmu_low(x->txn->addr, x->smmu->id.oas),
		.write = x->acc.write,
	};

	/* ATS-T3: what will be aborted all the same is not looked up. */
	if (smmu_above(x->txn->addr, x->smmu->id.oas) && !x->smmu->cfg.ats_truncate)
		return leave(x);
	return smmu_dpt_check(x->smmu, &acc) ? leave(x) : forbid(x, "ATS-T8");
}

/*
 * IDR3.PASIDTT: the substream, and its CD if there is a PASID. False: they are fine.
 * Item 7 of the list in 3.9.1.3 does not name PASIDTT, as it must act with SSV == 0 too;
 * the definition of F_STREAM_DISABLED does (7.3.7, EVT-78). Without PASIDTT no
 * translated DMA tells whether it had a PASID, and S1DSS 0b00 would stop all of it.
 */
static bool bad_substream(struct smmu_lookup *x, struct smmu_result *res)
{
	unsigned event;
	uint32_t idx;

	switch (smmu_select_cd(x->ste, x->txn, &idx, &event)) {
	case SMMU_SUBSTREAM_ERROR:
		x->fault = (struct smmu_fault){ .event = (uint8_t)event, .rule = "T-10" };
		*res = bad_config(x);
		return true;
	case SMMU_SUBSTREAM_CD:
		if (!x->txn->ssv)
			return false;
		x->cd = smmu_cd_lookup(x->smmu, x->ste, x->txn->sid, idx, &x->fault);
		if (x->cd)
			return false;
		*res = x->fault.s2 ? faulted(x) : bad_config(x);
		return true;
	default:
		return false;
	}
}

static struct smmu_result checked(struct smmu_lookup *x)
{
	struct smmu_result res;
	unsigned eats;

	x->ste = smmu_ste_lookup(x->smmu, x->txn->sid, &x->fault);
	if (!x->ste)
		return bad_config(x);
	if (x->ste->abort) {
		x->fault.rule = "T-8";
		return aborted(0, false);
	}
	eats = smmu_eats(x->smmu, x->ste);
	if (eats == SMMU_EATS_OFF)
		return forbid(x, "ATS-T5");
	smmu_attr_mpam(&x->attr, x->ste->mpam);
	if (eats == SMMU_EATS_SPLIT || x->txn->ssv)
		smmu_override_permissions(x, &x->ste->over);
	if (x->smmu->cfg.pasidtt && bad_substream(x, &res))
		return res;
	if (x->cd)
		smmu_attr_mpam(&x->attr, smmu_mpam_client(x->smmu, x->ste, x->cd));
	/* STE-76. CHOICE: with Full ATS and no DPT nothing is downgraded. */
	if ((eats != SMMU_EATS_FULL || x->smmu->cfg.dpt) && !smmu_kind_translates(x))
		return aborted(0, false);
	if (eats == SMMU_EATS_SPLIT)
		return split(x);
	return eats == SMMU_EATS_DPT ? with_dpt(x) : leave(x);
}

static struct smmu_result passes(struct smmu_lookup *x)
{
	if (!smmu_is_enabled(x->smmu))
		return forbid(x, "ATS-T1");
	if (smmu_reg_get(x->smmu->regs.cr0ack, SMMU_CR0_ATSCHK))
		return checked(x);
	/* ATS-T4; 17.3 */
	smmu_attr_mpam(&x->attr, smmu_mpam_bypass(x->smmu));
	return leave(x);
}

struct smmu_result smmu_translated(struct smmu *smmu, const struct smmu_txn *txn)
{
	struct smmu_txn seen = *txn;
	struct smmu_lookup x = { .smmu = smmu, .txn = &seen };
	struct smmu_result res, hushed;

	/* F_UUT: without IDR0.ATS there are no such transactions; no event (EVT-77). */
	if (!smmu->cfg.ats) {
		x.fault.rule = "T-1";
		smmu_trace_decision(&x);
		return aborted(0, false);
	}
	/* ATS-T6 */
	seen.ssv = txn->ssv && smmu->cfg.pasidtt;
	if (!seen.ssv) {
		seen.ssid = 0;
		seen.inst = seen.priv = false;
	}
	smmu_lookup_begin(&x);
	/* EVT-77: F_UUT aborts in silence. */
	if (txn->kind != SMMU_KIND_ORDINARY && !smmu_kind_begin(&x))
		res = aborted(0, false);
	else
		res = passes(&x);
	smmu_trace_decision(&x);
	if (res.status != SMMU_OK && is_quiet(&x) && smmu_kind_hushed(&x, &hushed))
		res = hushed;
	/* PMCG-18, PMCG-19. CHOICE: terminated ones too, as for the other events. */
	if (smmu->pmcg_on)
		smmu_pmcg_event(
			smmu, SMMU_PMCG_ATS_TRANSLATED,
			(struct smmu_pmcg_who){ .sid = txn->sid,
						.mpam = { x.attr.partid, x.attr.pmg } });
	return res;
}
