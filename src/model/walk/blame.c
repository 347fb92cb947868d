/* SPDX-License-Identifier: MIT */
/*
 * Who withholds a permission. Nothing is judged here: perm.c judges a second time with
 * one limit after the other taken away, and the first whose absence would have let the
 * access pass is named. Only with a trace hook.
 */
#include "model/walk/walk.h"

/* One attempt: the same leaf with less to hold the access back. */
struct suspect {
	const char *rule, *words;
	struct smmu_s1cfg s1;
	struct smmu_hier hier;
	uint64_t desc;
};

static bool passes(const struct suspect *s, const struct smmu_access *acc)
{
	struct smmu_s1leaf leaf = { 0 };
	struct smmu_fault fault;

	smmu_s1_perm(&s->s1, &s->hier, s->desc, &leaf);
	return smmu_s1_allow(&s->s1, acc, &leaf, &fault);
}

static uint64_t with(uint64_t desc, unsigned field, uint64_t value)
{
	return smmu_reg_set(desc, field, value);
}

enum { SUSPECTS = 14 };

static unsigned suspects(struct suspect *s, const struct suspect *as_is)
{
	const uint64_t desc = as_is->desc;
	const uint64_t ap = smmu_reg_get(desc, SMMU_S1DESC_AP);
	unsigned n = 0;

	for (unsigned i = 0; i < SUSPECTS; i++)
		s[i] = *as_is;
	s[n].rule = "CD-25",
	s[n].words = "PAN: privileged access to what is unprivileged";
	s[n++].s1.pan = false;
	s[n].rule = "T-17b", s[n].words = "WXN: writable is never executable";
	s[n++].s1.wxn = false;
	s[n].rule = "T-17b", s[n].words = "UWXN: what the unprivileged may write";
	s[n++].s1.uwxn = false;
	s[n].rule = "T-16e", s[n].words = "APTable of a table descriptor";
	s[n++].hier.ap = 0;
	s[n].rule = "T-16e", s[n].words = "XNTable or PXNTable of a table descriptor";
	s[n].hier.xn = false;
	s[n++].hier.pxn = false;
	s[n].rule = "T-17b", s[n].words = "XN (UXN) of the descriptor";
	s[n++].desc = with(desc, SMMU_S1DESC_UXN, 0);
	s[n].rule = "T-17b", s[n].words = "PXN of the descriptor";
	s[n++].desc = with(desc, SMMU_S1DESC_PXN, 0);
	s[n].rule = "T-17b", s[n].words = "AP[2]: the descriptor says read-only";
	s[n++].desc = with(desc, SMMU_S1DESC_AP, ap & 1);
	s[n].rule = "T-17b",
	s[n].words = "AP[1]: the descriptor is for privileged access";
	s[n++].desc = with(desc, SMMU_S1DESC_AP, ap | 1);
	s[n].rule = "T-17b", s[n].words = "AP: read-only, and for privileged access";
	s[n++].desc = with(desc, SMMU_S1DESC_AP, 1);
	s[n].rule = "T-17b", s[n].words = "privileged code may not run what the "
					  "unprivileged may write (AP 01)";
	s[n].s1.wxn = false;
	s[n++].desc = with(with(desc, SMMU_S1DESC_AP, ap & 2), SMMU_S1DESC_PXN, 0);
	return n;
}

void smmu_s1_blame(struct smmu *smmu, const struct smmu_regime *rg,
		   const struct smmu_access *acc, const struct smmu_hier *hier,
		   uint64_t desc)
{
	const struct suspect as_is = { .s1 = *rg->s1, .hier = *hier, .desc = desc };
	const char *words = "several limits together", *rule = "T-17b";
	struct suspect s[SUSPECTS];
	unsigned n;

	if (smmu->trace == NULL)
		return;
	n = suspects(s, &as_is);
	if (rg->s1->pie)
		words = "CD.PIIP, CD.PIIU at the PIIndex of the descriptor, or nDirty",
		rule = "CD-34", n = 1;
	for (unsigned i = 0; i < n; i++) {
		if (passes(&s[i], acc)) {
			words = s[i].words;
			rule = s[i].rule;
			break;
		}
	}
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_DENIED, .sid = rg->sid, .ssid = rg->ssid,
		   .stage = 1, .value = desc, .rule = rule, .words = words);
}

static bool s2_passes(struct smmu *smmu, const struct smmu_s2cfg *s2,
		      const struct smmu_s2req *req, uint64_t desc)
{
	struct smmu_s2leaf leaf = { .memattr = (uint8_t)smmu_reg_get(
					    desc, SMMU_S2DESC_MemAttr) };
	struct smmu_fault fault;

	smmu_s2_perm(smmu, s2, desc, &leaf);
	return smmu_s2_allow(smmu, s2, req, &leaf, &fault);
}

void smmu_s2_blame(struct smmu *smmu, const struct smmu_regime *rg,
		   const struct smmu_s2req *req, uint64_t desc)
{
	const char *words = "S2AP and XN of the descriptor", *rule = "T-18c";
	const uint64_t ap = smmu_reg_get(desc, SMMU_S2DESC_S2AP);
	struct smmu_s2cfg no_ptw = *rg->s2, no_hard = *rg->s2;

	if (smmu->trace == NULL)
		return;
	no_ptw.ptw = false;
	no_hard.tl0 = no_hard.tl1 = no_hard.assured_only = false;
	if (rg->s2->pie)
		words = s2_passes(smmu, &no_hard, req, desc)
				? "TL0, TL1 or AssuredOnly of the STE (3.27)"
				: "S2PII or S2POI at the index of the descriptor";
	else if (s2_passes(smmu, &no_ptw, req, desc))
		words = "S2PTW: a structure of the SMMU in Device memory",
		rule = "STE-62";
	else if (s2_passes(smmu, rg->s2, req, with(desc, SMMU_S2DESC_S2AP, ap | 1)))
		words = "S2AP[0]: the descriptor does not let it be read";
	else if (s2_passes(smmu, rg->s2, req, with(desc, SMMU_S2DESC_S2AP, ap | 2)))
		words = "S2AP[1]: the descriptor does not let it be written";
	else if (s2_passes(smmu, rg->s2, req, with(desc, SMMU_S2DESC_S2AP, 3)))
		words = "S2AP: the descriptor lets it be neither read nor written";
	else if (s2_passes(smmu, rg->s2, req, with(desc, SMMU_S2DESC_XN, 0)))
		words = "XN: the descriptor does not let it be executed";
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_DENIED, .sid = rg->sid, .ssid = rg->ssid,
		   .stage = 2, .value = desc, .rule = rule, .words = words);
}

void smmu_s2_blame_cached(struct smmu *smmu, const struct smmu_regime *rg,
			  const struct smmu_s2req *req, const struct smmu_s2leaf *leaf)
{
	unsigned have = req->acc.priv ? leaf->base : leaf->base >> SMMU_PERM_U_SHIFT;
	const char *words = "S2PTW: a structure of the SMMU in Device memory (cached)";
	const char *rule = "T-18c";

	if (rg->s2->pie || (leaf->more & SMMU_S2_ASSURED_ONLY))
		words = "S2PII, S2POI, TL0, TL1 or AssuredOnly (cached)";
	else if (req->acc.write && !(have & SMMU_PERM_PW))
		words = "S2AP[1]: the cached descriptor does not let it be written";
	else if (req->acc.inst && !(have & SMMU_PERM_PX))
		words = "XN: the cached descriptor does not let it be executed";
	else if (req->acc.read && !req->acc.inst && !(have & SMMU_PERM_PR))
		words = "S2AP[0]: the cached descriptor does not let it be read";
	else
		rule = "STE-62";
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_DENIED, .sid = rg->sid, .ssid = rg->ssid,
		   .stage = 2, .value = leaf->oa, .rule = rule, .words = words);
}
