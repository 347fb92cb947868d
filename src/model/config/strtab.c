/* SPDX-License-Identifier: MIT */
/*
 * From a StreamID to its STE: T-5 to T-7, linear and 2-level stream tables
 * (IHI 0070 3.3.1, 5.1; L1STD-*, REG-73 to REG-79).
 *
 * Both the STE and the L1STD are cached as they were found, invalid ones included
 * (CACHE-2, CHOICE: a driver that forgets CMD_CFGI_STE after making a STE valid
 * goes on seeing C_BAD_STE, one that forgets Leaf == 0 for a L1STD
 * C_BAD_STREAMID). What could not be fetched is not cached (CACHE-3).
 */
#include <stddef.h>
#include "model/config/config.h"
#include "model/mpam/mpam.h"
#include "model/pmcg/pmcg.h"

/* STRTAB_BASE and STRTAB_BASE_CFG as they act. */
struct strtab {
	uint64_t base;
	unsigned size; /* E: log2 of the number of StreamIDs */
	bool two_level;
	unsigned split;
};

/* REG-75: any other value acts as 6. */
static unsigned strtab_split(const struct smmu *smmu)
{
	uint64_t split =
		smmu_reg_get(smmu->regs.strtab_base_cfg, SMMU_STRTAB_BASE_CFG_SPLIT);

	return split == 8 || split == 10 ? (unsigned)split : 6;
}

static struct strtab strtab_of(const struct smmu *smmu)
{
	uint64_t cfg = smmu->regs.strtab_base_cfg;
	unsigned log2 = (unsigned)smmu_reg_get(cfg, SMMU_STRTAB_BASE_CFG_LOG2SIZE);
	unsigned sidsize = IDR1(smmu, SIDSIZE);
	/* REG-76, REG-77: aligned to its size, by the literal LOG2SIZE. */
	unsigned align = log2 + 6;
	struct strtab tab = { .size = log2 < sidsize ? log2 : sidsize };

	tab.two_level = IDR0(smmu, ST_LEVEL) != 0 &&
			smmu_reg_get(cfg, SMMU_STRTAB_BASE_CFG_FMT) == 1;
	if (tab.two_level) {
		tab.split = strtab_split(smmu);
		align = log2 > tab.split + 3 ? log2 - tab.split + 3 : 6;
	}
	tab.base = smmu->regs.strtab_base & SMMU_MASK(SMMU_STRTAB_BASE_ADDR);
	tab.base = align < 64 ? smmu_align_down(tab.base, align) : 0;
	return tab;
}

static bool fetch_failed(const struct smmu *smmu, uint64_t addr, struct smmu_fault *fault)
{
	fault->event = SMMU_EVT_F_STE_FETCH;
	fault->rule = "T-6";
	/* EVT-21: bits from OAS on are RES0. */
	fault->fetch_addr = smmu_low(addr, smmu->id.oas);
	return false;
}

/* T-6: n words of a stream table structure at *addr, which ADDR-5 may truncate. */
bool smmu_strtab_fetch(struct smmu *smmu, uint32_t sid, uint64_t *addr, unsigned n,
		       uint64_t *dw, struct smmu_fault *fault)
{
	struct smmu_fetch_attr code = {
		.ic = (uint8_t)smmu_reg_get(smmu->regs.cr1, SMMU_CR1_TABLE_IC),
		.oc = (uint8_t)smmu_reg_get(smmu->regs.cr1, SMMU_CR1_TABLE_OC),
		.sh = smmu_sh_code(smmu_reg_get(smmu->regs.cr1, SMMU_CR1_TABLE_SH)),
	};
	struct smmu_attr attr;

	/* CR1 has no code 11: it acts as 00. */
	code.ic = code.ic == 3 ? 0 : code.ic;
	code.oc = code.oc == 3 ? 0 : code.oc;
	attr = smmu_own_attr(code);
	if (smmu_above(*addr, smmu->id.oas)) {
		if (smmu->cfg.ste_oversize != SMMU_OVERSIZE_TRUNCATE)
			return fetch_failed(smmu, *addr, fault); /* ADDR-5 */
		*addr = smmu_low(*addr, smmu->id.oas);
	}
	smmu_attr_mpam(&attr, smmu_mpam_own(smmu));
	smmu_pmcg_missed(smmu, SMMU_MISSED_CONFIG);
	smmu_pmcg_access(smmu, SMMU_PMCG_CONFIG_ACCESS, sid, &attr);
	for (unsigned i = 0; i < n; i++) {
		if (smmu_bus_read64(smmu->bus, *addr + 8 * i, &dw[i], &attr))
			return fetch_failed(smmu, *addr, fault);
	}
	return true;
}

static bool bad_streamid(struct smmu_fault *fault, const char *rule)
{
	fault->event = SMMU_EVT_C_BAD_STREAMID;
	fault->rule = rule;
	return false;
}

static bool l1std_get(struct smmu *smmu, const struct strtab *tab, uint32_t sid,
		      uint64_t *l1std, struct smmu_fault *fault)
{
	const uint64_t *hit = smmu_cfg_find_l1std(smmu->cfgcache, sid, tab->split);
	uint64_t addr = tab->base + 8 * (uint64_t)(sid >> tab->split);

	if (hit) {
		*l1std = *hit;
		SMMU_TRACE(smmu, .kind = SMMU_TRACE_L1STD_HIT, .sid = sid,
			   .value = *l1std);
		return true;
	}
	if (!smmu_strtab_fetch(smmu, sid, &addr, 1, l1std, fault))
		return false;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_L1STD_FETCH, .sid = sid, .addr = addr,
		   .value = *l1std);
	/* CHOICE (CACHE-2): an invalid one may be cached or not. */
	if (!smmu->cfg.no_invalid_l1std || smmu_get(l1std, SMMU_L1STD_Span) != 0)
		smmu_cfg_place_l1std(smmu->cfgcache, sid, tab->split, *l1std);
	return true;
}

/* T-5 b, c and T-6: where the STE of sid (in range) is. */
static bool ste_address(struct smmu *smmu, const struct strtab *tab, uint32_t sid,
			uint64_t *addr, struct smmu_fault *fault)
{
	uint64_t l1std, index;
	unsigned span;

	if (!tab->two_level) {
		*addr = tab->base + 64 * (uint64_t)sid;
		return true;
	}
	if (!l1std_get(smmu, tab, sid, &l1std, fault))
		return false;
	span = (unsigned)smmu_get(&l1std, SMMU_L1STD_Span);
	index = sid & ((UINT64_C(1) << tab->split) - 1);
	/* L1STD-2: SPLIT + 1 is 11 at most, so that Reserved Spans fall out as well. */
	if (span == 0 || span > tab->split + 1 || index >= UINT64_C(1) << (span - 1))
		return bad_streamid(fault, "L1STD-2");
	/* L1STD-4 */
	*addr = smmu_align_down(smmu_get_addr(&l1std, SMMU_L1STD_L2Ptr), span + 5) +
		64 * index;
	return true;
}

static struct smmu_ste *ste_fetch(struct smmu *smmu, const struct strtab *tab,
				  uint32_t sid, struct smmu_fault *fault)
{
	uint64_t dw[SMMU_STE_DWORDS], addr;
	struct smmu_ste *ste;

	if (!ste_address(smmu, tab, sid, &addr, fault))
		return NULL;
	smmu->stats.ste_fetches++;
	if (!smmu_strtab_fetch(smmu, sid, &addr, SMMU_STE_DWORDS, dw, fault))
		return NULL;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_STE_FETCH, .sid = sid, .addr = addr,
		   .value = dw[0], .dw = dw);
	if (!smmu->cfg.no_cfg_conflict &&
	    smmu_cfg_ste_conflicts(smmu->cfgcache, sid, dw)) {
		fault->event = SMMU_EVT_F_CFG_CONFLICT;
		fault->rule = "STE-49";
		return NULL;
	}
	ste = smmu_cfg_place_ste(smmu->cfgcache, sid);
	smmu_ste_decode(smmu, dw, ste);
	return ste;
}

/* T-5 to T-7 */
static struct smmu_ste *ste_find(struct smmu *smmu, uint32_t sid,
				 struct smmu_fault *fault)
{
	struct strtab tab = strtab_of(smmu);
	struct smmu_ste *ste;

	/* T-5 a */
	if (tab.size < 32 && sid >> tab.size != 0) {
		bad_streamid(fault, "T-5a");
		return NULL;
	}
	ste = smmu_cfg_find_ste(smmu->cfgcache, sid);
	if (ste) {
		smmu->stats.ste_hits++;
		SMMU_TRACE(smmu, .kind = SMMU_TRACE_STE_HIT, .sid = sid, .dw = ste->dw);
	} else {
		ste = ste_fetch(smmu, &tab, sid, fault);
	}
	/* T-7 */
	if (ste && ste->illegal) {
		fault->event = SMMU_EVT_C_BAD_STE;
		fault->rule = ste->illegal;
		return NULL;
	}
	return ste;
}

const struct smmu_ste *smmu_ste_lookup_bare(struct smmu *smmu, uint32_t sid,
					    struct smmu_fault *fault)
{
	return ste_find(smmu, sid, fault);
}

const struct smmu_ste *smmu_ste_lookup(struct smmu *smmu, uint32_t sid,
				       struct smmu_fault *fault)
{
	struct smmu_ste *ste = ste_find(smmu, sid, fault);

	/* T-9v */
	if (ste && ste->vms && !ste->map_valid && !smmu_vms_load(smmu, sid, ste, fault))
		return NULL;
	return ste;
}
