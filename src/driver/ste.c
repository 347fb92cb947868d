/* SPDX-License-Identifier: MIT */
/* What goes into an STE, and which of its bits hardware uses (DRV-36 to DRV-47). */
#include <string.h>
#include "driver/cmdq.h"
#include "driver/strtab.h"

static void begin(uint64_t *ste, unsigned config)
{
	memset(ste, 0, SMMU_STE_DWORDS * sizeof(*ste));
	smmu_set(ste, SMMU_STE_V, 1);
	smmu_set(ste, SMMU_STE_Config, config);
}

/* The field exists with IDR1.ATTR_TYPES_OVR alone; 0 would mean non-shareable. */
static void incoming_share(const struct arm_smmu *smmu, uint64_t *ste)
{
	if (smmu->features & FEAT_ATTR_TYPES_OVR)
		smmu_set(ste, SMMU_STE_SHCFG, SMMU_SHCFG_INCOMING);
}

/* DRV-36 */
void arm_smmu_make_abort_ste(uint64_t *ste)
{
	begin(ste, SMMU_STE_CONFIG_ABORT);
}

/* DRV-37 */
void arm_smmu_make_bypass_ste(const struct arm_smmu *smmu, uint64_t *ste)
{
	begin(ste, SMMU_STE_CONFIG_BYPASS);
	incoming_share(smmu, ste);
}

/* DRV-38. VMID 0 tags what EL1 caches, without E2H. */
void arm_smmu_make_cdtable_ste(const struct arm_smmu_master *master, unsigned s1dss,
			       bool ats, uint64_t *ste)
{
	const struct arm_smmu *smmu = master->smmu;
	const struct arm_smmu_cdtab *tab = &master->cdtab;

	begin(ste, SMMU_STE_CONFIG_S1);
	smmu_set(ste, SMMU_STE_S1Fmt,
		 tab->two_level ? SMMU_S1FMT_64K_L2 : SMMU_S1FMT_LINEAR);
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr, tab->mem.pa);
	smmu_set(ste, SMMU_STE_S1CDMax, tab->ssid_bits);
	smmu_set(ste, SMMU_STE_S1DSS, s1dss);
	smmu_set(ste, SMMU_STE_S1CIR, SMMU_CDCACHE_WB_RA);
	smmu_set(ste, SMMU_STE_S1COR, SMMU_CDCACHE_WB_RA);
	smmu_set(ste, SMMU_STE_S1CSH, SMMU_SHARE_ISH);
	smmu_set(ste, SMMU_STE_STRW,
		 smmu->features & FEAT_E2H ? SMMU_STRW_EL2 : SMMU_STRW_EL1);
	if ((smmu->features & FEAT_STALLS) && !master->stall_enabled)
		smmu_set(ste, SMMU_STE_S1STALLD, 1);
	smmu_set(ste, SMMU_STE_EATS, ats ? SMMU_EATS_FULL : SMMU_EATS_OFF);
	if (s1dss == SMMU_S1DSS_BYPASS)
		incoming_share(smmu, ste);
}

/* DRV-39 */
void arm_smmu_make_s2_ste(const struct arm_smmu_master *master,
			  const struct arm_smmu_domain *domain, bool ats, uint64_t *ste)
{
	const struct io_pgtable_s2 *s2 = &domain->pgcfg.s2;

	begin(ste, SMMU_STE_CONFIG_S2);
	incoming_share(master->smmu, ste);
	smmu_set(ste, SMMU_STE_EATS, ats ? SMMU_EATS_FULL : SMMU_EATS_OFF);
	if (domain->pgcfg.quirks & IO_PGTABLE_QUIRK_S2FWB)
		smmu_set(ste, SMMU_STE_S2FWB, 1);
	smmu_set(ste, SMMU_STE_S2VMID, domain->id);
	smmu_set(ste, SMMU_STE_S2T0SZ, s2->t0sz);
	smmu_set(ste, SMMU_STE_S2SL0, s2->sl0);
	smmu_set(ste, SMMU_STE_S2IR0, s2->ir);
	smmu_set(ste, SMMU_STE_S2OR0, s2->or_);
	smmu_set(ste, SMMU_STE_S2SH0, s2->sh);
	smmu_set(ste, SMMU_STE_S2TG, s2->tg);
	smmu_set(ste, SMMU_STE_S2PS, s2->ps);
	smmu_set(ste, SMMU_STE_S2AA64, SMMU_AA64_V8_64);
	smmu_set(ste, SMMU_STE_S2PTW, 1);
	smmu_set(ste, SMMU_STE_S2R, 1);
	smmu_set(ste, SMMU_STE_S2S, master->stall_enabled);
	smmu_set(ste, SMMU_STE_S2DS, s2->ds);
	smmu_set_addr(ste, SMMU_STE_S2TTB, s2->ttb);
}

/* ---- DRV-45: which bits count ---- */

static void add(uint64_t *used, unsigned field)
{
	used[SMMU_FIELD_WORD(field)] |= SMMU_MASK(field);
}

static void add_all(uint64_t *used, const unsigned *fields, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add(used, fields[i]);
}

static void used_by_stage1(const uint64_t *ste, uint64_t *used)
{
	static const unsigned fields[] = {
		SMMU_STE_S1Fmt, SMMU_STE_S1ContextPtr, SMMU_STE_S1CDMax,
		SMMU_STE_S1DSS, SMMU_STE_S1CIR,	       SMMU_STE_S1COR,
		SMMU_STE_S1CSH, SMMU_STE_S1STALLD,     SMMU_STE_STRW,
		SMMU_STE_EATS,	SMMU_STE_MEV,	       SMMU_STE_S2VMID,
	};

	add_all(used, fields, sizeof(fields) / sizeof(fields[0]));
	if (smmu_get(ste, SMMU_STE_S1DSS) == SMMU_S1DSS_BYPASS)
		add(used, SMMU_STE_SHCFG);
}

static void used_by_stage2(uint64_t *used)
{
	static const unsigned fields[] = {
		SMMU_STE_S2FWB,	 SMMU_STE_EATS,	  SMMU_STE_SHCFG, SMMU_STE_MEV,
		SMMU_STE_S2VMID, SMMU_STE_S2T0SZ, SMMU_STE_S2SL0, SMMU_STE_S2IR0,
		SMMU_STE_S2OR0,	 SMMU_STE_S2SH0,  SMMU_STE_S2TG,  SMMU_STE_S2PS,
		SMMU_STE_S2AA64, SMMU_STE_S2ENDI, SMMU_STE_S2PTW, SMMU_STE_S2S,
		SMMU_STE_S2R,	 SMMU_STE_S2TTB,  SMMU_STE_S2DS,
	};

	add_all(used, fields, sizeof(fields) / sizeof(fields[0]));
}

static void ste_used(const uint64_t *ste, uint64_t *used)
{
	unsigned config = (unsigned)smmu_get(ste, SMMU_STE_Config);

	add(used, SMMU_STE_V);
	if (!smmu_get(ste, SMMU_STE_V))
		return;
	add(used, SMMU_STE_Config);
	if (!(config & SMMU_STE_CONFIG_BYPASS))
		return; /* abort */
	if (config & 1)
		used_by_stage1(ste, used);
	if (config & 2)
		used_by_stage2(used);
	if (config == SMMU_STE_CONFIG_BYPASS)
		add(used, SMMU_STE_SHCFG);
}

/*
 * DRV-47: MEV matters to nobody's data; EATS changes only while the device's ATS is
 * off, unless it would meet S2S, which makes the STE illegal, or be split-stage.
 */
static void ste_safe(const uint64_t *current, const uint64_t *target, uint64_t *safe)
{
	bool split = smmu_get(current, SMMU_STE_EATS) == SMMU_EATS_SPLIT ||
		     smmu_get(target, SMMU_STE_EATS) == SMMU_EATS_SPLIT;

	add(safe, SMMU_STE_MEV);
	if (!split && !smmu_get(current, SMMU_STE_S2S) && !smmu_get(target, SMMU_STE_S2S))
		add(safe, SMMU_STE_EATS);
}

const struct arm_smmu_entry_kind arm_smmu_ste_kind = { .used = ste_used,
						       .safe = ste_safe };

struct ste_writer {
	struct arm_smmu_entry_writer base;
	struct arm_smmu *smmu;
	uint32_t sid;
};

static int ste_sync(struct arm_smmu_entry_writer *base)
{
	struct ste_writer *w = IOMMU_CONTAINER_OF(base, struct ste_writer, base);

	return arm_smmu_cfgi_ste(w->smmu, w->sid);
}

int arm_smmu_install_ste(struct arm_smmu_master *master, const uint64_t *ste)
{
	int first = 0;

	master->ste_cds = smmu_get(ste, SMMU_STE_Config) == SMMU_STE_CONFIG_S1;
	master->ste_ats = smmu_get(ste, SMMU_STE_EATS) != SMMU_EATS_OFF;

	for (size_t i = 0; i < master->num_sids; i++) {
		struct ste_writer w = {
			.base = { .kind = &arm_smmu_ste_kind,
				  .entry = arm_smmu_strtab_ste(master->smmu,
							       master->sids[i]),
				  .sync = ste_sync },
			.smmu = master->smmu,
			.sid = master->sids[i],
		};
		int err = arm_smmu_write_entry(&w.base, ste);

		if (err && !first)
			first = err;
		if (!err)
			arm_smmu_prefetch_cfg(master->smmu, master->sids[i]);
	}
	return first;
}
