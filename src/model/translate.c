/* SPDX-License-Identifier: MIT */
/*
 * The translation procedure, T-1 to T-20 of the digest (IHI 0070 3.3, 3.4, 3.12, 5.5,
 * 7.3, 13), for ordinary Non-secure transactions. Read from the bottom: the last
 * function before the prefetches is the whole of it.
 *
 * T-1 (F_UUT): every kind of transaction that struct smmu_txn can say is supported.
 * T-3, T-19 are for other security states. GAP: T-4 and T-9 wait for ATS, T-9v (VMS)
 * for MPAM; T-18 for purpose IN is in cache/ and walk/, with T-15 to T-17.
 */
#include <stddef.h>
#include "model/config/config.h"
#include "model/translate.h"

/* One transaction on its way. */
struct xl {
	struct smmu *smmu;
	const struct smmu_txn *txn;
	bool quiet;
	struct smmu_access acc; /* after overrides */
	struct smmu_attr attr;	/* in: after overrides; then on its way out */
	struct smmu_fault fault;
};

/* ---- attributes: sections 8 and 13 ---- */

static void begin(struct xl *x)
{
	const struct smmu_txn *txn = x->txn;

	x->acc.read = txn->op != SMMU_WRITE;
	x->acc.write = txn->op != SMMU_READ;
	/* Writes and atomics are data whatever the client says. */
	x->acc.inst = txn->op == SMMU_READ && txn->inst;
	x->acc.priv = txn->priv;
	x->attr = txn->has_attr ? txn->attr : smmu_attr_default();
	/* 13.1.4: Device and iNC-oNC come in as OSH and without hints. */
	smmu_attr_consistent(&x->attr);
}

/* 13.3: memory type, shareability, allocation hints. */
static void override_types(const struct smmu_override *over, struct smmu_attr *attr)
{
	static const uint8_t sh[4] = { SMMU_SH_NSH, 0, SMMU_SH_OSH, SMMU_SH_ISH };

	if (over->mtcfg)
		smmu_attr_set_memattr(attr, over->memattr);
	if (!smmu_attr_is_cacheable(attr)) {
		/*
		 * SHCFG and ALLOCCFG have no effect (STE-54, STE-55). Always OSH, which
		 * is seen where S2FWB makes it cacheable again (13.1.4).
		 */
		attr->sh = SMMU_SH_OSH;
		return;
	}
	if (over->shcfg != 1)
		attr->sh = sh[over->shcfg];
	/* CHOICE (STE-54): ALLOCCFG acts with MTCFG == 0 as well. */
	if (over->alloccfg & 8) {
		attr->ra = over->alloccfg >> 2 & 1;
		attr->wa = over->alloccfg >> 1 & 1;
		attr->tr = over->alloccfg & 1;
	}
}

static void override(struct xl *x, const struct smmu_override *over)
{
	/* STE-57: 00 and 01 are incoming. */
	if (over->privcfg & 2)
		x->acc.priv = over->privcfg & 1;
	if (over->instcfg & 2)
		x->acc.inst = x->txn->op == SMMU_READ && (over->instcfg & 1);
	override_types(over, &x->attr);
	x->attr.inst = x->acc.inst;
	x->attr.priv = x->acc.priv;
}

/* ---- ways to end ---- */

static struct smmu_result end_silent(void)
{
	return (struct smmu_result){ .status = SMMU_ABORT };
}

static bool record(struct xl *x)
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
	};

	/* An atomic that was denied says which half was (section 8). */
	if (x->acc.read && x->acc.write && x->fault.event == SMMU_EVT_F_PERMISSION &&
	    x->fault.cls == SMMU_CLASS_IN)
		ev.rnw = x->fault.rnw;
	return !x->quiet && smmu_event_record(x->smmu, &ev);
}

/* Every fault and configuration error but the four of section 6: abort, record. */
static struct smmu_result end_abort(struct xl *x)
{
	struct smmu_result res = { .status = SMMU_ABORT, .event = x->fault.event };
	bool wanted = true;

	/* EVT-26 */
	if (x->fault.event == SMMU_EVT_C_BAD_STREAMID)
		wanted = smmu_reg_get(x->smmu->regs.cr2, SMMU_CR2_RECINVSID);
	res.recorded = wanted && record(x);
	return res;
}

static bool obeys_ars(const struct smmu_fault *fault)
{
	switch (fault->event) {
	case SMMU_EVT_F_TRANSLATION:
	case SMMU_EVT_F_ADDR_SIZE:
	case SMMU_EVT_F_ACCESS:
	case SMMU_EVT_F_PERMISSION:
		return true;
	default:
		return false;
	}
}

/*
 * Section 6, ARS-*: the stage that faulted decides; stage 2 is S2R with A == 1. s1 is
 * NULL if there is no CD. CHOICE (EVT-57): no device is allowed to stall, S == 1
 * ends as terminate, abort, record. GAP: the table of stalled transactions.
 */
static struct smmu_result end_fault(struct xl *x, const struct smmu_s1cfg *s1,
				    const struct smmu_s2cfg *s2)
{
	struct smmu_result res = { .status = SMMU_ABORT, .event = x->fault.event };
	bool stall, want;

	if (!obeys_ars(&x->fault) || (!x->fault.s2 && !s1))
		return end_abort(x);
	stall = x->fault.s2 ? s2->s2s : s1->s;
	want = x->fault.s2 ? s2->s2r : s1->r;
	if (!x->fault.s2 && !s1->a && !stall)
		res.status = SMMU_RAZ_WI;
	res.recorded = (want || stall) && record(x);
	return res;
}

/* Stage-1 bypass: the input is wider than what may follow (section 7, always abort). */
static struct smmu_result end_addr_size(struct xl *x)
{
	x->fault = (struct smmu_fault){ .event = SMMU_EVT_F_ADDR_SIZE,
					.cls = SMMU_CLASS_IN };
	return end_abort(x);
}

/* T-20 where no stage translates: every address below 2^OAS leaves as it came. */
static struct smmu_result output_bypass(struct xl *x)
{
	uint64_t addr = x->txn->addr;

	smmu_attr_consistent(&x->attr);
	smmu_attr_leave(x->smmu, &x->acc, &x->attr);
	return (struct smmu_result){
		.status = SMMU_OK,
		.bypass = true,
		.pa = smmu_low(addr, x->smmu->id.oas),
		.ipa = addr,
		.page_bits = (uint8_t)x->smmu->id.oas,
		.attr = x->attr,
	};
}

/* ---- T-2 ---- */

static struct smmu_result global_bypass(struct xl *x)
{
	uint64_t gbpa = x->smmu->regs.gbpa;
	const struct smmu_override raw = {
		.mtcfg = smmu_reg_get(gbpa, SMMU_GBPA_MTCFG),
		.memattr = (uint8_t)smmu_reg_get(gbpa, SMMU_GBPA_MemAttr),
		.alloccfg = (uint8_t)smmu_reg_get(gbpa, SMMU_GBPA_ALLOCCFG),
		.shcfg = (uint8_t)smmu_reg_get(gbpa, SMMU_GBPA_SHCFG),
		.privcfg = (uint8_t)smmu_reg_get(gbpa, SMMU_GBPA_PRIVCFG),
		.instcfg = (uint8_t)smmu_reg_get(gbpa, SMMU_GBPA_INSTCFG),
	};
	const struct smmu_override over = smmu_override_gate(x->smmu, raw);

	if (smmu_reg_get(gbpa, SMMU_GBPA_ABORT))
		return end_silent();
	if (smmu_above(x->txn->addr, x->smmu->id.oas))
		return end_silent();
	override(x, &over);
	return output_bypass(x);
}

/* ---- T-10 ---- */

enum substream { SUBSTREAM_CD, SUBSTREAM_NONE, SUBSTREAM_ERROR };

static enum substream bad_substream(struct smmu_fault *fault, unsigned event)
{
	fault->event = (uint8_t)event;
	return SUBSTREAM_ERROR;
}

/* Which CD, if any; STE-41 to STE-44. s1cdmax is 0 if SSIDSIZE is. */
static enum substream select_cd(const struct smmu_ste *ste, const struct smmu_txn *txn,
				uint32_t *idx, struct smmu_fault *fault)
{
	*idx = 0;
	if (txn->ssv) {
		if (!ste->s1 || ste->s1cdmax == 0 || txn->ssid >> ste->s1cdmax != 0)
			return bad_substream(fault, SMMU_EVT_C_BAD_SUBSTREAMID);
		if (ste->s1dss == SMMU_S1DSS_SSID0 && txn->ssid == 0)
			return bad_substream(fault, SMMU_EVT_F_STREAM_DISABLED);
		*idx = txn->ssid;
		return SUBSTREAM_CD;
	}
	if (!ste->s1)
		return SUBSTREAM_NONE;
	if (ste->s1cdmax == 0 || ste->s1dss == SMMU_S1DSS_SSID0)
		return SUBSTREAM_CD;
	if (ste->s1dss == SMMU_S1DSS_BYPASS)
		return SUBSTREAM_NONE;
	return bad_substream(fault, SMMU_EVT_F_STREAM_DISABLED);
}

/* ---- T-11 to T-18 ---- */

/* T-11. Config 101 that S1DSS skips: IAS, then silently truncated to OAS. */
static struct smmu_result whole_bypass(struct xl *x, const struct smmu_ste *ste)
{
	const struct smmu_id *id = &x->smmu->id;

	if (smmu_above(x->txn->addr, ste->s1 ? id->ias : id->oas))
		return end_addr_size(x);
	return output_bypass(x);
}

static struct smmu_result translate_stages(struct xl *x, const struct smmu_ste *ste,
					   const struct smmu_cd *cd, uint32_t idx)
{
	const struct smmu_regime rg = {
		.sid = x->txn->sid,
		.ssid = idx,
		.world = cd ? cd->s1.world : SMMU_WORLD_NS_EL1,
		.vmid = ste->vmid,
		.s1 = cd ? &cd->s1 : NULL,
		.s2 = ste->s2 ? &ste->s2cfg : NULL,
	};
	struct smmu_xlate out;

	/* T-15 to T-18, T-20 */
	if (!smmu_stages_translate(x->smmu, &rg, &x->acc, x->txn->addr, &x->attr, &out,
				   &x->fault))
		return end_fault(x, rg.s1, rg.s2);
	return (struct smmu_result){
		.status = SMMU_OK,
		.pa = out.pa,
		.ipa = out.ipa,
		.page_bits = out.page_bits,
		.attr = out.attr,
	};
}

static struct smmu_result with_ste(struct xl *x, const struct smmu_ste *ste)
{
	const struct smmu_cd *cd = NULL;
	uint32_t idx;

	override(x, &ste->over);
	/* T-10 */
	switch (select_cd(ste, x->txn, &idx, &x->fault)) {
	case SUBSTREAM_ERROR:
		return end_abort(x);
	case SUBSTREAM_CD:
		/* T-13, T-14 */
		cd = smmu_cd_lookup(x->smmu, ste, x->txn->sid, idx, &x->fault);
		if (!cd)
			return end_fault(x, NULL, &ste->s2cfg);
		break;
	case SUBSTREAM_NONE:
		/* T-11 */
		if (!ste->s2)
			return whole_bypass(x, ste);
		/* T-12 */
		if (smmu_above(x->txn->addr, x->smmu->id.ias))
			return end_addr_size(x);
		break;
	}
	return translate_stages(x, ste, cd, idx);
}

static bool enabled(const struct smmu *smmu)
{
	return smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0ACK_SMMUEN);
}

struct smmu_result smmu_translate_txn(struct smmu *smmu, const struct smmu_txn *txn,
				      bool quiet)
{
	struct xl x = { .smmu = smmu, .txn = txn, .quiet = quiet };
	const struct smmu_ste *ste;

	begin(&x);
	/* T-2 */
	if (!enabled(smmu))
		return global_bypass(&x);
	/* T-5, T-6, T-7 */
	ste = smmu_ste_lookup(smmu, txn->sid, &x.fault);
	if (!ste)
		return end_abort(&x);
	/* T-8 */
	if (ste->abort)
		return end_silent();
	/* T-10 to T-20 */
	return with_ste(&x, ste);
}

/* ---- CMD_PREFETCH_*: REG-28 and CACHE-4 keep them out while SMMUEN is 0 ---- */

/* CMD-18 */
void smmu_prefetch_config(struct smmu *smmu, uint32_t sid, bool ssv, uint32_t ssid)
{
	const struct smmu_txn txn = { .sid = sid, .ssid = ssid, .ssv = ssv };
	struct smmu_fault fault = { 0 };
	const struct smmu_ste *ste;
	uint32_t idx;

	if (!enabled(smmu))
		return;
	ste = smmu_ste_lookup(smmu, sid, &fault);
	if (ste && !ste->abort && select_cd(ste, &txn, &idx, &fault) == SUBSTREAM_CD)
		smmu_cd_lookup(smmu, ste, sid, idx, &fault);
}

/* CMD-19: as a speculative read. CHOICE: a privileged one, the command does not say. */
void smmu_prefetch_addr(struct smmu *smmu, uint32_t sid, bool ssv, uint32_t ssid,
			uint64_t addr)
{
	const struct smmu_txn txn = { .sid = sid,
				      .ssid = ssid,
				      .ssv = ssv,
				      .priv = true,
				      .op = SMMU_READ,
				      .addr = addr };

	if (enabled(smmu))
		(void)smmu_translate_txn(smmu, &txn, true);
}
