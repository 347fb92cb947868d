/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: how they are indexed, classified, and what addresses they hold. Inline,
 * since a walk asks at each level.
 */
#ifndef MODEL_WALK_DESC_H
#define MODEL_WALK_DESC_H

#include <stdbool.h>
#include <stdint.h>
#include "model/model.h"

/* Geometry and address layout of one walk. */
struct smmu_geom {
	uint8_t granule, n, ps;
	int8_t start;
	bool lpae32, ds, oa52;
	bool fold; /* 64K: bits [15:12] are address bits [51:48] */
};

/* What depends on the SMMU (9.2): DS means nothing with 64K, OAS how bits fold. */
static inline void smmu_geom_limits(const struct smmu *smmu, struct smmu_geom *g)
{
	g->ds = g->ds && g->granule != 16;
	g->oa52 = smmu->id.oas >= 52;
	g->fold = g->oa52 || !smmu->cfg.desc_64k_ignore;
}

static inline unsigned smmu_level_shift(unsigned granule, int level)
{
	return granule + (granule - 3) * (unsigned)(3 - level);
}

/* The start level indexes with all bits up to n: 2 entries to 16 tables (9.1, 9.4). */
static inline uint64_t smmu_desc_index(const struct smmu_geom *g, int level, uint64_t ia)
{
	unsigned shift = smmu_level_shift(g->granule, level);
	unsigned top = level == g->start ? g->n : shift + g->granule - 3;

	return smmu_low(ia, top) >> shift;
}

/* Aligned to the start table, with 52-bit output or DS to 64 bytes (STE-64, CD-21). */
static inline uint64_t smmu_table_base(const struct smmu_geom *g, uint64_t ttb)
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

enum smmu_desc_kind { SMMU_DESC_INVALID, SMMU_DESC_TABLE, SMMU_DESC_LEAF };

/* Levels that may hold a block (9.8). Level 3 holds pages and is not asked for. */
static inline bool smmu_desc_block_ok(const struct smmu_geom *g, int level)
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

static inline enum smmu_desc_kind smmu_desc_kind(const struct smmu_geom *g, int level,
						 uint64_t desc)
{
	switch (smmu_reg_get(desc, SMMU_S1DESC_Type)) {
	case 3:
		return level == 3 ? SMMU_DESC_LEAF : SMMU_DESC_TABLE;
	case 1:
		return level < 3 && smmu_desc_block_ok(g, level) ? SMMU_DESC_LEAF
								 : SMMU_DESC_INVALID;
	default:
		return SMMU_DESC_INVALID;
	}
}

/*
 * The address bits of a descriptor above `low`. Of 4K and 16K without DS bits
 * [49:48] are RES0 and ignored. With 64K, bits [15:12] are OA[51:48]; where OAS is
 * below 52 they are decoded all the same unless desc_64k_ignore says otherwise, so
 * that a non-zero value is an address size fault (9.2).
 */
static inline uint64_t smmu_desc_address(const struct smmu_geom *g, uint64_t desc,
					 unsigned low)
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

/* Next table, or output address of a leaf at that level. */
static inline uint64_t smmu_desc_table(const struct smmu_geom *g, uint64_t desc)
{
	return smmu_desc_address(g, desc, g->granule);
}

static inline uint64_t smmu_desc_oa(const struct smmu_geom *g, int level, uint64_t desc)
{
	return smmu_desc_address(g, desc, smmu_level_shift(g->granule, level));
}

/*
 * Whether a leaf whose address is oa takes ia beyond the output range. CHOICE: section
 * 3.4 tests "the address output from the translation", so that of a block larger than
 * the range (DS) what lies beyond faults; the PE looks at the descriptor alone.
 */
static inline bool smmu_desc_oa_above(const struct smmu_geom *g, int level, uint64_t oa,
				      uint64_t ia)
{
	oa |= smmu_low(ia, smmu_level_shift(g->granule, level));
	return smmu_low(oa, g->ps) != oa;
}

/* How much around ia a leaf maps: its size, or all of the output range. */
static inline uint8_t smmu_desc_leaf_bits(const struct smmu_geom *g, int level)
{
	unsigned shift = smmu_level_shift(g->granule, level);

	return (uint8_t)(shift < g->ps ? shift : g->ps);
}

/*
 * nT (CACHE-71): at BBML level 1 such a block is not cached. Nor is one that is larger
 * than the output range, since only a part of it translates.
 */
static inline bool smmu_desc_cacheable(const struct smmu *smmu, const struct smmu_geom *g,
				       int level, uint64_t desc)
{
	if (smmu_level_shift(g->granule, level) > g->ps)
		return false;
	return !(smmu->cfg.bbml == 1 && level < 3 &&
		 smmu_reg_get(desc, SMMU_S1DESC_nT) != 0);
}

#endif /* MODEL_WALK_DESC_H */
