/* SPDX-License-Identifier: MIT */
/* A page table from the inside: its geometry, its leaves, its memory. */
#ifndef SMMU_PGTABLE_TABLE_H
#define SMMU_PGTABLE_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/pgtable.h>
#include "pgtable/word.h"

/* Shape of one format, granule and input size (translation.md 9.1, 9.4). */
struct pgt_geometry {
	uint8_t granule; /* log2: 12, 14, 16 */
	uint8_t ias, oas;
	int8_t start;	   /* level of the root */
	uint8_t root_bits; /* log2 of its entries */
	bool wide;	   /* 64 KiB with a 52-bit output: descriptors fold [51:48] */
};

struct io_pgtable {
	struct pgt_geometry geo;
	enum io_pgtable_fmt fmt;
	unsigned quirks;
	uint64_t pgsize_bitmap;
	struct iommu_platform platform;
	const struct io_pgtable_flush_ops *flush;
	void *cookie;
	struct iommu_dma root;
	uint64_t footprint; /* atomic: bytes in tables */
};

/* Bits of address resolved inside an entry of that level. */
static inline unsigned pgt_shift(const struct pgt_geometry *geo, int level)
{
	return geo->granule + (geo->granule - 3u) * (unsigned)(3 - level);
}

static inline uint64_t pgt_size(const struct pgt_geometry *geo, int level)
{
	return UINT64_C(1) << pgt_shift(geo, level);
}

static inline unsigned pgt_index_bits(const struct pgt_geometry *geo, int level)
{
	return level == geo->start ? geo->root_bits : geo->granule - 3u;
}

static inline uint64_t pgt_index(const struct pgt_geometry *geo, int level, uint64_t iova)
{
	uint64_t entries = UINT64_C(1) << pgt_index_bits(geo, level);

	return (iova >> pgt_shift(geo, level)) & (entries - 1);
}

/* geometry.c: -EINVAL: the sizes cannot be served. */
int pgt_geometry_init(struct pgt_geometry *geo, const struct io_pgtable_cfg *cfg);
/* Page and block sizes that this geometry can hold. */
uint64_t pgt_page_sizes(const struct pgt_geometry *geo);
/* The level whose leaves have that size; the size must be one of the above. */
int pgt_level_of(const struct pgt_geometry *geo, uint64_t pgsize);
/* The fields of the CD or STE that make hardware walk root. */
void pgt_describe_root(const struct io_pgtable *t, bool coherent,
		       struct io_pgtable_cfg *out);

/* leaf.c */
uint64_t pgt_leaf(const struct io_pgtable *t, int level, uint64_t pa, unsigned prot);
uint64_t pgt_table_desc(const struct io_pgtable *t, uint64_t pa);
uint64_t pgt_desc_addr(const struct io_pgtable *t, uint64_t desc);
/* Eight attribute bytes that the AttrIndx of pgt_leaf refers to. */
uint64_t pgt_mair(void);
static inline bool pgt_valid(uint64_t desc)
{
	return desc & 1;
}
/* Of a valid descriptor. */
static inline bool pgt_is_table(uint64_t desc, int level)
{
	return level < 3 && (desc & 2);
}

/* table.c: one table below the root. */
int pgt_table_alloc(struct io_pgtable *t, struct iommu_dma *mem);
void pgt_table_free(struct io_pgtable *t, const struct iommu_dma *mem);
struct iommu_dma pgt_table_at(const struct io_pgtable *t, uint64_t desc);
/* Frees a table of that level with all tables below it. */
void pgt_subtree_free(struct io_pgtable *t, int level, const struct iommu_dma *mem);

#endif /* SMMU_PGTABLE_TABLE_H */
