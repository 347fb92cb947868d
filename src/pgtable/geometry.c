/* SPDX-License-Identifier: MIT */
/* Where a walk starts and which sizes it finds: translation.md 9.1, 9.4. */
#include <errno.h>
#include <smmulator/arch.h>
#include "pgtable/table.h"

#define KIB(n) (UINT64_C(n) << 10)

static unsigned granule_of(uint64_t sizes)
{
	if (sizes & KIB(4))
		return 12;
	if (sizes & KIB(16))
		return 14;
	return sizes & KIB(64) ? 16 : 0;
}

/*
 * Input and output size as this granule can express them: without DS a 4 or
 * 16 KiB descriptor ends at address bit 47 (translation.md 9.2).
 */
static int clamp_sizes(struct pgt_geometry *geo, const struct io_pgtable_cfg *cfg)
{
	unsigned most = geo->granule == 16 || cfg->ds ? 52 : 48;
	unsigned ias = cfg->ias, oas = cfg->oas;

	if (ias < 25 || ias > 52 || oas < 32 || oas > 52)
		return -EINVAL;
	oas = oas > most ? most : oas;
	ias = ias > most ? most : ias;
	if (cfg->fmt == IO_PGTABLE_STAGE2 && ias > oas)
		ias = oas;
	if (ias > 48 && ias < 52)
		ias = 48;
	geo->ias = (uint8_t)ias;
	geo->oas = (uint8_t)oas;
	geo->wide = geo->granule == 16 && oas == 52;
	/* The layout of 52 bits, where something has need of it. */
	geo->ds = geo->granule != 16 && (ias > 48 || oas > 48);
	geo->folded = geo->wide || geo->ds;
	return 0;
}

/* Stage 2: up to 16 tables side by side save a level (translation.md 9.4). */
static bool may_concatenate(const struct pgt_geometry *geo)
{
	int last = geo->granule == 12 ? 2 : 3; /* 4 KiB at level 3 would need STT */

	return geo->start < last && geo->root_bits <= 4;
}

int pgt_geometry_init(struct pgt_geometry *geo, const struct io_pgtable_cfg *cfg)
{
	geo->granule = (uint8_t)granule_of(cfg->pgsize_bitmap);
	if (!geo->granule || clamp_sizes(geo, cfg))
		return -EINVAL;
	geo->stride = (uint8_t)(geo->granule - 3u);
	for (int level = -1; level <= 3; level++)
		geo->shift[level + 1] =
			(uint8_t)(geo->granule + geo->stride * (3 - level));
	geo->addr = SMMU_MASK(SMMU_S1DESC_Addr) & ~(pgt_size(geo, 3) - 1);
	geo->start = (int8_t)(3 - (geo->ias - 1 - geo->granule) / geo->stride);
	geo->root_bits = (uint8_t)(geo->ias - pgt_shift(geo, geo->start));
	if (cfg->fmt == IO_PGTABLE_STAGE2 && may_concatenate(geo)) {
		geo->start++;
		geo->root_bits = (uint8_t)(geo->ias - pgt_shift(geo, geo->start));
	}
	return 0;
}

uint64_t pgt_page_sizes(const struct pgt_geometry *geo)
{
	uint64_t sizes = pgt_size(geo, 3) | pgt_size(geo, 2);

	if (geo->granule == 12 || geo->wide || geo->ds)
		sizes |= pgt_size(geo, 1);
	if (geo->granule == 12 && geo->ds)
		sizes |= pgt_size(geo, 0);
	/* A leaf must be an entry of some table: none above the root. */
	return sizes & ((pgt_size(geo, geo->start) << 1) - 1);
}

int pgt_level_of(const struct pgt_geometry *geo, uint64_t pgsize)
{
	int level = 3;

	while (pgt_size(geo, level) < pgsize)
		level--;
	return level;
}

uint64_t pgt_group(const struct pgt_geometry *geo, int level)
{
	unsigned bits = 0;

	if (geo->granule == 12)
		bits = level >= 1 ? 4 : 0;
	else if (level >= 2)
		bits = geo->granule == 14 && level == 3 ? 7 : 5;
	/* A root may be smaller than a group. */
	return bits > pgt_index_bits(geo, level) ? 1 : UINT64_C(1) << bits;
}

/* CD.IPS and STE.S2PS, as SMMU_IDR5.OAS codes sizes. */
static uint8_t size_code(unsigned bits)
{
	uint8_t code = 0;

	while (code < SMMU_OAS_52 && smmu_oas_bits(code) < bits)
		code++;
	return code;
}

/* TG0 and S2TG; TG1 codes the same sizes otherwise (CD-15). */
static uint8_t tg_code(unsigned granule, bool ttbr1)
{
	static const uint8_t tg0[] = { 0, 2, 1 }, tg1[] = { 2, 1, 3 };
	unsigned i = (granule - 12) / 2;

	return ttbr1 ? tg1[i] : tg0[i];
}

/*
 * Stage-2 start level: 4 KiB counts down from level 2, the others from 3. Level -1 would
 * want S2SL0_2; but 52 bits start at level 0, with 16 tables side by side.
 */
static uint8_t sl0_code(const struct pgt_geometry *geo)
{
	return (uint8_t)((geo->granule == 12 ? 2 : 3) - geo->start);
}

void pgt_describe_root(const struct io_pgtable *t, bool coherent,
		       struct io_pgtable_cfg *out)
{
	const struct pgt_geometry *geo = &t->geo;
	bool ttbr1 = t->quirks & IO_PGTABLE_QUIRK_TTBR1;
	/* Write-back, read- and write-allocate, inner shareable; else non-cacheable. */
	uint8_t cache = coherent ? 1 : 0, sh = coherent ? 3 : 2;

	if (t->fmt == IO_PGTABLE_STAGE1) {
		out->s1 = (struct io_pgtable_s1){
			.ttb = t->root.pa,
			.mair = pgt_mair(),
			.tsz = (uint8_t)(64 - geo->ias),
			.tg = tg_code(geo->granule, ttbr1),
			.ir = cache,
			.or_ = cache,
			.sh = sh,
			.ips = size_code(geo->oas),
			.ds = geo->ds,
		};
		return;
	}
	out->s2 = (struct io_pgtable_s2){
		.ttb = t->root.pa,
		.t0sz = (uint8_t)(64 - geo->ias),
		.sl0 = sl0_code(geo),
		.tg = tg_code(geo->granule, false),
		.ir = cache,
		.or_ = cache,
		.sh = sh,
		.ps = size_code(geo->oas),
		.ds = geo->ds,
	};
}
