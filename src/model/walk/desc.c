/* SPDX-License-Identifier: MIT */
/* Descriptors: how they are indexed, classified, and what addresses they hold. */
#include "model/pmcg/pmcg.h"
#include "model/walk/walk.h"

unsigned smmu_level_shift(unsigned granule, int level)
{
	return granule + (granule - 3) * (unsigned)(3 - level);
}

/* The start level indexes with all bits up to n: 2 entries to 16 tables (9.1, 9.4). */
uint64_t smmu_desc_index(const struct smmu_geom *g, int level, uint64_t ia)
{
	unsigned shift = smmu_level_shift(g->granule, level);
	unsigned top = level == g->start ? g->n : shift + g->granule - 3;

	return smmu_low(ia, top) >> shift;
}

/* Aligned to the start table, with 52-bit output or DS to 64 bytes (STE-64, CD-21). */
uint64_t smmu_table_base(const struct smmu_geom *g, uint64_t ttb)
{
	unsigned align = g->n - smmu_level_shift(g->granule, g->start) + 3;

	if ((g->ps == 52 || g->ds) && align < 6)
		align = 6;
	return ttb >> align << align;
}

/*
 * CHOICE (9.6): the Contiguous bit is a hint, and not taken: each entry translates by
 * itself, so that a group which disagrees is never one entry's result for another.
 */

/* Levels that may hold a block (9.8). Level 3 holds pages and is not asked for. */
static bool block_ok(const struct smmu_geom *g, int level)
{
	if (g->lpae32)
		return level == 1 || level == 2;
	switch (g->granule) {
	case 12:
		return level == 1 || level == 2 || (level == 0 && g->ds);
	case 14:
		return level == 2 || (level == 1 && g->ds);
	default:
		return level == 2 || (level == 1 && g->oa52);
	}
}

enum smmu_desc_kind smmu_desc_kind(const struct smmu_geom *g, int level, uint64_t desc)
{
	switch (smmu_reg_get(desc, SMMU_S1DESC_Type)) {
	case 3:
		return level == 3 ? SMMU_DESC_LEAF : SMMU_DESC_TABLE;
	case 1:
		return level < 3 && block_ok(g, level) ? SMMU_DESC_LEAF
						       : SMMU_DESC_INVALID;
	default:
		return SMMU_DESC_INVALID;
	}
}

void smmu_geom_limits(const struct smmu *smmu, struct smmu_geom *g)
{
	g->ds = g->ds && g->granule != 16;
	g->oa52 = smmu->id.oas >= 52;
	g->fold = g->oa52 || !smmu->cfg.desc_64k_ignore;
}

/*
 * The address bits of a descriptor above `low`. Of 4K and 16K without DS bits
 * [49:48] are RES0 and ignored. With 64K, bits [15:12] are OA[51:48]; where OAS is
 * below 52 they are decoded all the same unless desc_64k_ignore says otherwise, so
 * that a non-zero value is an address size fault (9.2).
 */
static uint64_t address(const struct smmu_geom *g, uint64_t desc, unsigned low)
{
	uint64_t oa = smmu_reg_get_addr(desc, SMMU_S1DESC_Addr);

	if (g->granule == 16) {
		oa = oa >> low << low;
		if (g->fold)
			oa |= smmu_reg_get_addr(desc, SMMU_S1DESC_Addr_64K_HI);
		return oa;
	}
	if (g->ds) {
		oa |= smmu_reg_get_addr(desc, SMMU_S1DESC_Addr_DS_49_48);
		oa |= smmu_reg_get_addr(desc, SMMU_S1DESC_Addr_DS_51_50);
	}
	return oa >> low << low;
}

uint64_t smmu_desc_table(const struct smmu_geom *g, uint64_t desc)
{
	return address(g, desc, g->granule);
}

uint64_t smmu_desc_oa(const struct smmu_geom *g, int level, uint64_t desc)
{
	return address(g, desc, smmu_level_shift(g->granule, level));
}

bool smmu_desc_oa_above(const struct smmu_geom *g, int level, uint64_t oa, uint64_t ia)
{
	oa |= smmu_low(ia, smmu_level_shift(g->granule, level));
	return smmu_low(oa, g->ps) != oa;
}

uint8_t smmu_desc_leaf_bits(const struct smmu_geom *g, int level)
{
	unsigned shift = smmu_level_shift(g->granule, level);

	return (uint8_t)(shift < g->ps ? shift : g->ps);
}

bool smmu_desc_cacheable(const struct smmu *smmu, const struct smmu_geom *g, int level,
			 uint64_t desc)
{
	if (smmu_level_shift(g->granule, level) > g->ps)
		return false;
	return !(smmu->cfg.bbml == 1 && level < 3 &&
		 smmu_reg_get(desc, SMMU_S1DESC_nT) != 0);
}

bool smmu_desc_read(struct smmu *smmu, const struct smmu_regime *rg, struct smmu_desc *d)
{
	uint64_t raw;

	smmu->stats.walk_reads++;
	d->sid = rg->sid;
	d->mpam = d->stage == 1 ? rg->mpam_s1 : rg->mpam_s2;
	smmu_attr_mpam(&d->attr, d->mpam);
	smmu_pmcg_access(smmu, SMMU_PMCG_WALK_ACCESS, d->sid, &d->attr);
	if (smmu_bus_read64(smmu->bus, d->pa, &raw, &d->attr) != 0)
		return false;
	d->value = d->be ? __builtin_bswap64(raw) : raw;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_WALK, .stage = d->stage, .level = d->level,
		   .sid = rg->sid, .ssid = rg->ssid, .addr = d->pa, .value = d->value);
	return true;
}
