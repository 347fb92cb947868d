/* SPDX-License-Identifier: MIT */
/*
 * What a STE says: IHI 0070 5.2, once it is known to be legal. Also the few
 * readings that STEs and CDs share.
 */
#include <stddef.h>
#include <string.h>
#include "model/config/config.h"
#include "model/mpam/mpam.h"

unsigned smmu_size_bits(const struct smmu *smmu, unsigned code)
{
	unsigned bits;

	if (smmu->id.v30 && code > 5)
		code = 5;
	else if (smmu->cfg.arch_minor < 4 && code > 6)
		code = 6;
	bits = smmu_oas_bits(code);
	return bits < smmu->id.oas ? bits : smmu->id.oas;
}

unsigned smmu_tg0_granule(unsigned tg)
{
	static const uint8_t log2[4] = { 12, 16, 14, 0 };

	return log2[tg];
}

unsigned smmu_tg1_granule(unsigned tg)
{
	static const uint8_t log2[4] = { 0, 14, 12, 16 };

	return log2[tg];
}

bool smmu_granule_ok(const struct smmu *smmu, unsigned granule)
{
	switch (granule) {
	case 12:
		return IDR5(smmu, GRAN4K);
	case 14:
		return IDR5(smmu, GRAN16K);
	case 16:
		return IDR5(smmu, GRAN64K);
	default:
		return false;
	}
}

bool smmu_endian_ok(const struct smmu *smmu, bool endi)
{
	return IDR0(smmu, TTENDIAN) != (endi ? TTENDIAN_LE : TTENDIAN_BE);
}

/* Valid address bits: [51:4], v3.0 [47:4]; the rest is RES0 (STE-64, CD-21). */
uint64_t smmu_ttb(const struct smmu *smmu, const uint64_t *dw, unsigned field)
{
	return smmu_low(smmu_get_addr(dw, field), smmu->id.v30 ? 48 : 52);
}

uint64_t smmu_ttb_align(uint64_t ttb, unsigned granule, unsigned n, int start, bool wide)
{
	unsigned shift = granule + (granule - 3) * (unsigned)(3 - start);
	unsigned bits = n - shift + 3;

	if (wide && bits < 6)
		bits = 6;
	return smmu_align_down(ttb, bits);
}

unsigned smmu_lpae32_s2_size(unsigned t0sz)
{
	/* [3:0] is a signed number, -8 to 7. */
	return 32 + 8 - ((t0sz + 8) & 15);
}

bool smmu_strw_used(const struct smmu *smmu, unsigned config)
{
	return config == SMMU_STE_CONFIG_S1 && IDR0(smmu, S1P) && IDR0(smmu, Hyp);
}

struct smmu_override smmu_override_gate(const struct smmu *smmu, struct smmu_override raw)
{
	if (!IDR1(smmu, ATTR_TYPES_OVR)) {
		raw.mtcfg = false;
		raw.alloccfg = 0;
		raw.shcfg = 1;
	}
	if (!IDR1(smmu, ATTR_PERMS_OVR)) {
		raw.privcfg = 0;
		raw.instcfg = 0;
	}
	return raw;
}

static uint8_t get(const uint64_t *dw, unsigned field)
{
	return (uint8_t)smmu_get(dw, field);
}

static uint8_t ste_world(const struct smmu *smmu, const uint64_t *dw, unsigned config)
{
	if (!smmu_strw_used(smmu, config) || get(dw, SMMU_STE_STRW) != STRW_EL2)
		return SMMU_WORLD_NS_EL1;
	/* CACHE-10: E2H as it was when the STE was read. */
	return smmu_reg_get(smmu->regs.cr2, SMMU_CR2_E2H) ? SMMU_WORLD_NS_EL2_E2H
							  : SMMU_WORLD_NS_EL2;
}

static void decode_override(const struct smmu *smmu, const uint64_t *dw,
			    struct smmu_ste *ste)
{
	struct smmu_override raw = {
		.mtcfg = get(dw, SMMU_STE_MTCFG),
		.memattr = get(dw, SMMU_STE_MemAttr),
		.alloccfg = get(dw, SMMU_STE_ALLOCCFG),
		.shcfg = get(dw, SMMU_STE_SHCFG),
		.privcfg = get(dw, SMMU_STE_PRIVCFG),
		.instcfg = get(dw, SMMU_STE_INSTCFG),
	};

	ste->over = smmu_override_gate(smmu, raw);
}

static void decode_stage1(const struct smmu *smmu, const uint64_t *dw,
			  struct smmu_ste *ste)
{
	ste->s1ctxptr = smmu_get_addr(dw, SMMU_STE_S1ContextPtr);
	ste->s1stalld = get(dw, SMMU_STE_S1STALLD);
	ste->s1pie = IDR3(smmu, S1PI) && get(dw, SMMU_STE_S1PIE);
	ste->cd_fetch.ic = get(dw, SMMU_STE_S1CIR);
	ste->cd_fetch.oc = get(dw, SMMU_STE_S1COR);
	ste->cd_fetch.sh = smmu_sh_code(get(dw, SMMU_STE_S1CSH));
	/* STE-42: without SubstreamIDs there is one CD, S1Fmt and S1DSS are IGNORED. */
	if (IDR1(smmu, SSIDSIZE) == 0)
		return;
	ste->s1cdmax = get(dw, SMMU_STE_S1CDMax);
	ste->s1dss = get(dw, SMMU_STE_S1DSS);
	ste->s1fmt = get(dw, SMMU_STE_S1Fmt);
	if (ste->s1fmt > S1FMT_64K_L2)
		ste->s1fmt = S1FMT_LINEAR;
	if (ste->s1dss == 3)
		ste->s1dss = SMMU_S1DSS_TERMINATE;
}

static void decode_s2_format(const struct smmu *smmu, const uint64_t *dw,
			     struct smmu_s2cfg *s2)
{
	unsigned sl0 = get(dw, SMMU_STE_S2SL0), t0sz = get(dw, SMMU_STE_S2T0SZ);

	if (!get(dw, SMMU_STE_S2AA64)) {
		s2->fmt = SMMU_FMT_LPAE32;
		s2->granule = 12;
		s2->n = (uint8_t)smmu_lpae32_s2_size(t0sz);
		s2->ps = 40;
		s2->start = (int8_t)(2 - (int)sl0);
	} else {
		s2->fmt = SMMU_FMT_V864;
		s2->granule = (uint8_t)smmu_tg0_granule(get(dw, SMMU_STE_S2TG));
		s2->n = (uint8_t)(64 - t0sz);
		s2->ps = (uint8_t)smmu_size_bits(smmu, get(dw, SMMU_STE_S2PS));
		s2->ds = IDR5(smmu, DS) && get(dw, SMMU_STE_S2DS) && s2->granule != 16;
		smmu_s2_start_level(s2->granule, s2->ds, sl0, get(dw, SMMU_STE_S2SL0_2),
				    IDR3(smmu, STT), &s2->start);
	}
	s2->base = smmu_ttb_align(smmu_ttb(smmu, dw, SMMU_STE_S2TTB), s2->granule, s2->n,
				  s2->start, s2->ps == 52 || s2->ds);
}

static void decode_stage2(const struct smmu *smmu, const uint64_t *dw, bool nested,
			  struct smmu_s2cfg *s2)
{
	unsigned httu = IDR0(smmu, HTTU);
	bool the;

	decode_s2_format(smmu, dw, s2);
	/* VTCR has none of it for VMSAv8-32; S2PIE is ILLEGAL there (STE-35). */
	the = IDR3(smmu, THE) && s2->fmt == SMMU_FMT_V864;
	s2->endi = get(dw, SMMU_STE_S2ENDI);
	s2->affd = get(dw, SMMU_STE_S2AFFD);
	/* STE-60: {S2HA,S2HD} == 01 acts as 00. */
	s2->ha = httu >= 1 && get(dw, SMMU_STE_S2HA);
	s2->hd = s2->ha && get(dw, SMMU_STE_S2HD);
	s2->haft = httu == 3 && get(dw, SMMU_STE_S2HAFT);
	s2->ptw = nested && get(dw, SMMU_STE_S2PTW);
	s2->fwb = IDR3(smmu, FWB) && get(dw, SMMU_STE_S2FWB);
	s2->pie = IDR3(smmu, S2PI) && get(dw, SMMU_STE_S2PIE);
	s2->poe = IDR3(smmu, S2PO) && get(dw, SMMU_STE_S2POE);
	s2->poi = s2->poe ? smmu_get(dw, SMMU_STE_S2POI) : 0;
	s2->tl0 = the && get(dw, SMMU_STE_TL0);
	s2->tl1 = the && get(dw, SMMU_STE_TL1);
	s2->assured_only = the && get(dw, SMMU_STE_AssuredOnly);
	s2->s2s = get(dw, SMMU_STE_S2S);
	s2->s2r = get(dw, SMMU_STE_S2R);
	s2->fetch.ic = get(dw, SMMU_STE_S2IR0);
	s2->fetch.oc = get(dw, SMMU_STE_S2OR0);
	s2->fetch.sh = smmu_sh_code(get(dw, SMMU_STE_S2SH0));
	s2->sh0 = s2->fetch.sh;
	if (IDR3(smmu, PBHA)) /* STE-69 */
		s2->hwu = (uint8_t)(get(dw, SMMU_STE_S2HWU59) |
				    get(dw, SMMU_STE_S2HWU60) << 1 |
				    get(dw, SMMU_STE_S2HWU61) << 2 |
				    get(dw, SMMU_STE_S2HWU62) << 3);
}

/* STE-80, CACHE-22. A VMID that is ignored is no tag. */
static uint16_t ste_vmid(const struct smmu *smmu, const uint64_t *dw,
			 const struct smmu_ste *ste)
{
	if (!IDR0(smmu, S2P) || ste->world != SMMU_WORLD_NS_EL1 || (!ste->s1 && !ste->s2))
		return 0;
	return (uint16_t)smmu_get(dw, SMMU_STE_S2VMID);
}

/* 17.2, VMS-2. Without MPAM, or without stage 1, S1MPAM is IGNORED (STE-73). */
static void decode_mpam(const struct smmu *smmu, const uint64_t *dw, struct smmu_ste *ste)
{
	ste->mpam = smmu_mpam_of(&smmu->cfg, smmu_get(dw, SMMU_STE_PARTID),
				 smmu_get(dw, SMMU_STE_PMG));
	ste->s1mpam = smmu->cfg.mpam && ste->s1 && get(dw, SMMU_STE_S1MPAM);
	ste->vms = ste->s1mpam && ste->s2 && smmu_vms_supported(&smmu->cfg);
	ste->vmsptr = ste->vms ? smmu_get_addr(dw, SMMU_STE_VMSPtr) : 0;
}

void smmu_ste_decode(const struct smmu *smmu, const uint64_t *dw, struct smmu_ste *ste)
{
	unsigned config = get(dw, SMMU_STE_Config);
	uint64_t serial = ste->serial;

	memset(ste, 0, sizeof(*ste));
	ste->serial = serial;
	memcpy(ste->dw, dw, sizeof(ste->dw));
	ste->illegal = smmu_ste_check(smmu, dw);
	if (ste->illegal)
		return;
	ste->ppar = IDR0(smmu, PRI) && get(dw, SMMU_STE_PPAR);
	ste->abort = !(config & 4);
	if (ste->abort)
		return;
	ste->mev = get(dw, SMMU_STE_MEV);
	ste->s1 = config & 1;
	ste->s2 = config & 2;
	/* STE-71: in bypass EATS is IGNORED. */
	if (IDR0(smmu, ATS) && (config & 3) != 0)
		ste->eats = get(dw, SMMU_STE_EATS);
	if (ste->eats == SMMU_EATS_DPT)
		ste->dpt_vmatch = get(dw, SMMU_STE_DPT_VMATCH);
	ste->world = ste_world(smmu, dw, config);
	ste->vmid = ste_vmid(smmu, dw, ste);
	decode_override(smmu, dw, ste);
	ste->dre = !smmu->id.v30 && get(dw, SMMU_STE_DRE);
	ste->dcp = !smmu->id.v30 && get(dw, SMMU_STE_DCP);
	decode_mpam(smmu, dw, ste);
	if (ste->s1)
		decode_stage1(smmu, dw, ste);
	if (ste->s2) {
		decode_stage2(smmu, dw, ste->s1, &ste->s2cfg);
		ste->s2cfg.vmid = ste->vmid;
	}
}
