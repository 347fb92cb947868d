/* SPDX-License-Identifier: MIT */
/*
 * From a STE and an index to a CD: T-13 and T-14 (IHI 0070 5.3, 5.4; L1CD-*,
 * STE-46, STE-47, ADDR-1 to ADDR-4). Cached like STEs: invalid ones too, failed
 * fetches never.
 *
 * The address of the structure itself never needs a range check here: STE-20 holds
 * the base within the address size, it is used as aligned to its table, and the
 * tables are powers of two below 2^32 bytes.
 */
#include <stddef.h>
#include "model/config/config.h"
#include "model/pmcg/pmcg.h"

/* One look-up. */
struct locate {
	struct smmu *smmu;
	const struct smmu_ste *ste;
	uint32_t sid, idx;
	struct smmu_fault *fault;
};

static bool fail(const struct locate *l, unsigned event, const char *rule)
{
	l->fault->event = (uint8_t)event;
	l->fault->rule = rule;
	return false;
}

/*
 * n words at addr, an IPA if stage 2 is on; *addr becomes the PA. *assured stays true
 * only in AssuredOnly memory (3.27.2).
 */
static bool fetch(const struct locate *l, uint64_t *addr, unsigned n, uint64_t *dw,
		  bool *assured)
{
	struct smmu_attr attr = smmu_own_attr(l->ste->cd_fetch);
	struct smmu *smmu = l->smmu;

	/* S1CIR and S1COR have a code of their own for "no read-allocate": 11. */
	if (l->ste->cd_fetch.ic == 3 || l->ste->cd_fetch.oc == 3)
		attr.ra = 0;
	if (l->ste->s2) {
		const struct smmu_regime rg = {
			.sid = l->sid,
			.ssid = l->idx,
			.world = SMMU_WORLD_NS_EL1,
			.vmid = l->ste->vmid,
			.mpam_s2 = l->ste->mpam,
			.s2 = &l->ste->s2cfg,
		};
		struct smmu_xlate out;

		if (!smmu_s2_translate_cd(smmu, &rg, *addr, &attr, &out, l->fault))
			return false;
		*addr = out.pa;
		*assured = *assured && out.assured_only;
		attr = out.attr;
	}
	smmu_attr_mpam(&attr, l->ste->mpam);
	smmu_pmcg_missed(smmu, SMMU_MISSED_CONFIG);
	smmu_pmcg_access(smmu, SMMU_PMCG_CONFIG_ACCESS, l->sid, &attr);
	for (unsigned i = 0; i < n; i++) {
		if (smmu_bus_read64(smmu->bus, *addr + 8 * i, &dw[i], &attr)) {
			l->fault->fetch_addr = *addr;
			return fail(l, SMMU_EVT_F_CD_FETCH, "T-13");
		}
	}
	return true;
}

static bool l1cd_get(const struct locate *l, unsigned split, uint64_t addr,
		     struct smmu_l1cd *l1cd)
{
	const struct smmu_l1cd *hit =
		smmu_cfg_find_l1cd(l->smmu->cfgcache, l->ste, l->sid, l->idx, split);

	if (hit) {
		*l1cd = *hit;
		SMMU_TRACE(l->smmu, .kind = SMMU_TRACE_L1CD_HIT, .sid = l->sid,
			   .ssid = l->idx, .value = l1cd->value);
		return true;
	}
	l1cd->assured = true;
	if (!fetch(l, &addr, 1, &l1cd->value, &l1cd->assured))
		return false;
	SMMU_TRACE(l->smmu, .kind = SMMU_TRACE_L1CD_FETCH, .sid = l->sid, .ssid = l->idx,
		   .addr = addr, .value = l1cd->value);
	smmu_cfg_place_l1cd(l->smmu->cfgcache, l->ste, l->sid, l->idx, split, l1cd);
	return true;
}

/*
 * A table of 2^bits bytes whose base is at least 64-byte aligned.
 * CHOICE (STE-46): low bits of S1ContextPtr below the table's size count as 0.
 */
static uint64_t table_base(const struct smmu_ste *ste, unsigned bits)
{
	return smmu_align_down(ste->s1ctxptr, bits < 6 ? 6 : bits);
}

/* Leaves of 2^split CDs. */
static bool two_level_address(const struct locate *l, unsigned split, uint64_t *addr,
			      bool *assured)
{
	const struct smmu_ste *ste = l->ste;
	unsigned l1_bits = ste->s1cdmax > split ? ste->s1cdmax - split : 0;
	uint64_t leaf, base = table_base(ste, l1_bits + 3);
	struct smmu_l1cd l1cd;

	if (!l1cd_get(l, split, base + 8 * (uint64_t)(l->idx >> split), &l1cd))
		return false;
	*assured = l1cd.assured;
	if (!smmu_get(&l1cd.value, SMMU_L1CD_V))
		return fail(l, SMMU_EVT_C_BAD_SUBSTREAMID, "L1CD-1");
	/* ADDR-3, ADDR-4. CHOICE: the same event for a PA and an IPA, and in v3.0. */
	leaf = smmu_align_down(smmu_get_addr(&l1cd.value, SMMU_L1CD_L2Ptr), split + 6);
	if (smmu_above(leaf, ste->s2 ? l->smmu->id.ias : l->smmu->id.oas))
		return fail(l, SMMU_EVT_C_BAD_SUBSTREAMID, ste->s2 ? "ADDR-4" : "ADDR-3");
	*addr = leaf + 64 * (uint64_t)(l->idx & ((1u << split) - 1));
	return true;
}

static bool cd_address(const struct locate *l, uint64_t *addr, bool *assured)
{
	const struct smmu_ste *ste = l->ste;

	if (ste->s1cdmax != 0 && ste->s1fmt == S1FMT_4K_L2)
		return two_level_address(l, 6, addr, assured);
	if (ste->s1cdmax != 0 && ste->s1fmt == S1FMT_64K_L2)
		return two_level_address(l, 10, addr, assured);
	*addr = table_base(ste, ste->s1cdmax + 6u) + 64 * (uint64_t)l->idx;
	return true;
}

static const struct smmu_cd *cd_fetch(const struct locate *l)
{
	uint64_t dw[SMMU_CD_DWORDS], addr;
	struct smmu *smmu = l->smmu;
	bool assured = l->ste->s2;
	struct smmu_cd *cd;

	if (!cd_address(l, &addr, &assured))
		return NULL;
	smmu->stats.cd_fetches++;
	if (!fetch(l, &addr, SMMU_CD_DWORDS, dw, &assured))
		return NULL;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_CD_FETCH, .sid = l->sid, .ssid = l->idx,
		   .addr = addr, .value = dw[0], .dw = dw);
	cd = smmu_cfg_place_cd(smmu->cfgcache, l->ste, l->sid, l->idx);
	smmu_cd_decode(smmu, l->ste, dw, cd);
	cd->s1.cd_assured = assured;
	return cd;
}

const struct smmu_cd *smmu_cd_lookup(struct smmu *smmu, const struct smmu_ste *ste,
				     uint32_t sid, uint32_t idx, struct smmu_fault *fault)
{
	const struct locate l = { smmu, ste, sid, idx, fault };
	const struct smmu_cd *cd = smmu_cfg_find_cd(smmu->cfgcache, ste, sid, idx);

	if (cd) {
		smmu->stats.cd_hits++;
		SMMU_TRACE(smmu, .kind = SMMU_TRACE_CD_HIT, .sid = sid, .ssid = idx,
			   .dw = cd->dw);
	} else {
		cd = cd_fetch(&l);
	}
	/* T-14 */
	if (cd && cd->illegal) {
		fail(&l, SMMU_EVT_C_BAD_CD, cd->illegal);
		return NULL;
	}
	return cd;
}
