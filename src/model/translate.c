/* SPDX-License-Identifier: MIT */
/*
 * The translation procedure, T-2 to T-20 of the digest (IHI 0070 3.3, 3.4, 3.12, 5.5,
 * 7.3, 13): what is found for one Non-secure transaction. Nothing is done about it
 * here: outcome.c does that for DMA, others for their own purposes. Read from the
 * bottom: the last function is the whole of it.
 *
 * T-1 and what else depends on the kind of a transaction is in kind.c. T-3, T-19 are
 * for other security states; T-4 and T-9 are in ats/. T-9v is part of the look-up of
 * the STE; T-18 for purpose IN is in cache/ and walk/, with T-15 to T-17.
 */
#include <stddef.h>
#include "model/mpam/mpam.h"
#include "model/translate.h"

/* ---- attributes: sections 8 and 13 ---- */

void smmu_lookup_begin(struct smmu_lookup *x)
{
	const struct smmu_txn *txn = x->txn;

	x->acc.read = txn->op != SMMU_WRITE;
	x->acc.write = txn->op != SMMU_READ;
	/* Writes and atomics are data whatever the client says. */
	x->acc.inst = txn->op == SMMU_READ && txn->inst;
	x->acc.priv = txn->priv;
	x->attr = smmu_attr_default();
	if (!txn->has_attr)
		return;
	x->attr = txn->attr;
	/* 13.1.4: Device and iNC-oNC come in as OSH and without hints. */
	smmu_attr_consistent(&x->attr);
	/* There is no pass-through of the client's own (17.2), and it has no pages. */
	x->attr.pbha = 0;
	smmu_attr_mpam(&x->attr, (struct smmu_mpam){ 0 });
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

void smmu_override_permissions(struct smmu_lookup *x, const struct smmu_override *over)
{
	/* STE-57: 00 and 01 are incoming. */
	if (over->privcfg & 2)
		x->acc.priv = over->privcfg & 1;
	if (over->instcfg & 2)
		x->acc.inst = x->acc.read && !x->acc.write && !x->acc.any &&
			      (over->instcfg & 1);
}

void smmu_override_all(struct smmu_lookup *x, const struct smmu_override *over)
{
	smmu_override_permissions(x, over);
	override_types(over, &x->attr);
	x->attr.inst = x->acc.inst;
	x->attr.priv = x->acc.priv;
	SMMU_TRACE(x->smmu, .kind = SMMU_TRACE_OVERRIDE, .sid = x->txn->sid,
		   .attr = &x->attr);
}

/* ---- ways to end ---- */

static enum smmu_found bad_config(struct smmu_lookup *x, unsigned event)
{
	x->fault.event = (uint8_t)event;
	x->fault.rule = "T-10";
	return SMMU_FOUND_CONFIG;
}

/* Stage-1 bypass: the input is wider than what may follow (section 7, always abort). */
static enum smmu_found bad_size(struct smmu_lookup *x, const char *rule)
{
	x->fault = (struct smmu_fault){ .event = SMMU_EVT_F_ADDR_SIZE,
					.cls = SMMU_CLASS_IN,
					.rule = rule };
	return SMMU_FOUND_CONFIG;
}

/* T-20 where no stage translates: every address below 2^OAS leaves as it came. */
static enum smmu_found output_bypass(struct smmu_lookup *x)
{
	uint64_t addr = x->txn->addr;

	smmu_attr_consistent(&x->attr);
	smmu_attr_leave(x->smmu, &x->acc, &x->attr);
	x->bypass = true;
	x->out = (struct smmu_xlate){
		.pa = smmu_low(addr, x->smmu->id.oas),
		.keep = true,
		.void_word = SMMU_VOID_NEVER,
		.ipa = addr,
		.page_bits = (uint8_t)x->smmu->id.oas,
		.attr = x->attr,
	};
	return SMMU_FOUND_OUTPUT;
}

/* ---- T-2 ---- */

static enum smmu_found global_bypass(struct smmu_lookup *x)
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
		return SMMU_FOUND_SILENT;
	if (smmu_above(x->txn->addr, x->smmu->id.oas))
		return SMMU_FOUND_SILENT;
	smmu_override_all(x, &over);
	smmu_attr_mpam(&x->attr, smmu_mpam_bypass(x->smmu));
	return output_bypass(x);
}

/* ---- T-10 ---- */

enum smmu_substream smmu_select_cd(const struct smmu_ste *ste, const struct smmu_txn *txn,
				   uint32_t *idx, unsigned *event)
{
	*idx = 0;
	*event = 0;
	if (txn->ssv) {
		*event = SMMU_EVT_C_BAD_SUBSTREAMID;
		if (!ste->s1 || ste->s1cdmax == 0 || txn->ssid >> ste->s1cdmax != 0)
			return SMMU_SUBSTREAM_ERROR;
		*event = SMMU_EVT_F_STREAM_DISABLED;
		if (ste->s1dss == SMMU_S1DSS_SSID0 && txn->ssid == 0)
			return SMMU_SUBSTREAM_ERROR;
		*idx = txn->ssid;
		return SMMU_SUBSTREAM_CD;
	}
	if (!ste->s1)
		return SMMU_SUBSTREAM_NONE;
	if (ste->s1cdmax == 0 || ste->s1dss == SMMU_S1DSS_SSID0)
		return SMMU_SUBSTREAM_CD;
	if (ste->s1dss == SMMU_S1DSS_BYPASS)
		return SMMU_SUBSTREAM_NONE;
	*event = SMMU_EVT_F_STREAM_DISABLED;
	return SMMU_SUBSTREAM_ERROR;
}

/* ---- T-11 to T-18 ---- */

/* T-11. Config 101 that S1DSS skips: IAS, then silently truncated to OAS. */
static enum smmu_found whole_bypass(struct smmu_lookup *x)
{
	const struct smmu_id *id = &x->smmu->id;

	if (smmu_above(x->txn->addr, x->ste->s1 ? id->ias : id->oas))
		return bad_size(x, "T-11");
	x->fault.rule = "T-11";
	return output_bypass(x);
}

/* T-15 to T-18, T-20 */
static enum smmu_found stages(struct smmu_lookup *x, uint32_t idx)
{
	const struct smmu_regime rg = {
		.sid = x->txn->sid,
		.ssid = idx,
		.world = x->cd ? x->cd->s1.world : SMMU_WORLD_NS_EL1,
		.vmid = x->ste->vmid,
		.mpam_s1 = { x->attr.partid, x->attr.pmg },
		.mpam_s2 = x->ste->mpam,
		.s1 = x->cd ? &x->cd->s1 : NULL,
		.s2 = x->ste->s2 ? &x->ste->s2cfg : NULL,
	};

	if (__builtin_expect(x->kind != SMMU_KIND_ORDINARY, 0) &&
	    !smmu_kind_translates(x))
		return SMMU_FOUND_SILENT;
	if (!smmu_stages_translate(x->smmu, &rg, &x->acc, x->txn->addr, &x->attr, &x->out,
				   &x->fault))
		return SMMU_FOUND_FAULT;
	if (__builtin_expect(x->kind != SMMU_KIND_ORDINARY, 0) && !smmu_kind_granted(x))
		return SMMU_FOUND_SILENT;
	return SMMU_FOUND_OUTPUT;
}

/* T-10 to T-20 */
static enum smmu_found with_ste(struct smmu_lookup *x)
{
	const struct smmu_ste *ste = x->ste;
	unsigned event;
	uint32_t idx;

	smmu_override_all(x, &ste->over);
	smmu_attr_mpam(&x->attr, ste->mpam);
	switch (smmu_select_cd(ste, x->txn, &idx, &event)) {
	case SMMU_SUBSTREAM_ERROR:
		return bad_config(x, event);
	case SMMU_SUBSTREAM_CD:
		/* T-13, T-14 */
		x->cd = smmu_cd_lookup(x->smmu, ste, x->txn->sid, idx, &x->fault);
		if (!x->cd)
			return SMMU_FOUND_FAULT;
		if (ste->s1mpam)
			smmu_attr_mpam(&x->attr, smmu_mpam_client(x->smmu, ste, x->cd));
		break;
	case SMMU_SUBSTREAM_NONE:
		/* T-11 */
		if (!ste->s2)
			return whole_bypass(x);
		/* T-12 */
		if (smmu_above(x->txn->addr, x->smmu->id.ias))
			return bad_size(x, "T-12");
		break;
	}
	return stages(x, idx);
}

enum smmu_found smmu_find(struct smmu_lookup *x)
{
	smmu_lookup_begin(x);
	if (__builtin_expect(x->txn->kind != SMMU_KIND_ORDINARY, 0) && !smmu_kind_begin(x))
		return x->fault.event ? SMMU_FOUND_CONFIG : SMMU_FOUND_SILENT;
	if (!smmu_is_enabled(x->smmu)) {
		x->fault.rule = "T-2";
		return global_bypass(x);
	}
	/* T-5, T-6, T-7 */
	x->ste = smmu_ste_lookup(x->smmu, x->txn->sid, &x->fault);
	if (!x->ste)
		return SMMU_FOUND_CONFIG;
	if (x->ste->abort) {
		x->fault.rule = "T-8";
		return SMMU_FOUND_SILENT;
	}
	return with_ste(x);
}
