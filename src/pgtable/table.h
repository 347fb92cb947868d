/* SPDX-License-Identifier: MIT */
/* A page table from the inside: its geometry, its leaves, its memory. */
#ifndef SMMU_PGTABLE_TABLE_H
#define SMMU_PGTABLE_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/arch.h>
#include <smmulator/pgtable.h>
#include "pgtable/word.h"

/* Shape of one format, granule and input size (translation.md 9.1, 9.4). */
struct pgt_geometry {
	uint8_t granule; /* log2: 12, 14, 16 */
	uint8_t ias, oas;
	int8_t start;	   /* level of the root, -1 to 3 */
	uint8_t root_bits; /* log2 of its entries */
	bool wide;	   /* 64 KiB with a 52-bit output: descriptors fold [51:48] */
	bool ds;	   /* 4 and 16 KiB with 52 bits: the layout of DS */
	bool folded;	   /* either */
	uint8_t stride;	   /* log2 of the entries of any other table */
	uint8_t shift[5];  /* by level + 1: bits of address resolved inside an entry */
	uint64_t addr;	   /* what of a descriptor is address, where nothing is folded */
};

struct io_pgtable {
	struct pgt_geometry geo;
	enum io_pgtable_fmt fmt;
	unsigned quirks;
	bool contiguous; /* groups get the hint */
	uint64_t pgsize_bitmap;
	struct iommu_platform platform;
	const struct io_pgtable_flush_ops *flush;
	void *cookie;
	struct iommu_dma root;
	/* Atomic: every table so far lies as far from its physical address as the root.
	 */
	bool linear;
	uintptr_t distance; /* of the root */
	uint64_t footprint; /* atomic: bytes in tables */
};

/* Bits of address resolved inside an entry of that level. */
static inline unsigned pgt_shift(const struct pgt_geometry *geo, int level)
{
	return geo->shift[level + 1];
}

static inline uint64_t pgt_size(const struct pgt_geometry *geo, int level)
{
	return UINT64_C(1) << pgt_shift(geo, level);
}

static inline unsigned pgt_index_bits(const struct pgt_geometry *geo, int level)
{
	return level == geo->start ? geo->root_bits : geo->stride;
}

static inline uint64_t pgt_entries(const struct pgt_geometry *geo, int level)
{
	return UINT64_C(1) << pgt_index_bits(geo, level);
}

static inline uint64_t pgt_index(const struct pgt_geometry *geo, int level, uint64_t iova)
{
	return (iova >> pgt_shift(geo, level)) & (pgt_entries(geo, level) - 1);
}

/* ---- geometry.c ---- */
/* -EINVAL: the sizes cannot be served. */
int pgt_geometry_init(struct pgt_geometry *geo, const struct io_pgtable_cfg *cfg);
/* Page and block sizes that this geometry can hold. */
uint64_t pgt_page_sizes(const struct pgt_geometry *geo);
/* The level whose leaves have that size; the size must be one of the above. */
int pgt_level_of(const struct pgt_geometry *geo, uint64_t pgsize);
/* Entries of a Contiguous group at that level, 1: there are none (9.6). */
uint64_t pgt_group(const struct pgt_geometry *geo, int level);
/* The fields of the CD or STE that make hardware walk root. */
void pgt_describe_root(const struct io_pgtable *t, bool coherent,
		       struct io_pgtable_cfg *out);

/* ---- leaf.c ---- */
/* Without an address. */
uint64_t pgt_leaf(const struct io_pgtable *t, int level, unsigned prot);
/* An address as it lies in a descriptor, and back; these for what is folded. */
uint64_t pgt_folded_bits(const struct pgt_geometry *geo, uint64_t pa);
uint64_t pgt_folded_addr(const struct pgt_geometry *geo, uint64_t desc);
static inline uint64_t pgt_addr_bits(const struct pgt_geometry *geo, uint64_t pa)
{
	return (pa & geo->addr) | (geo->folded ? pgt_folded_bits(geo, pa) : 0);
}
static inline uint64_t pgt_desc_addr(const struct pgt_geometry *geo, uint64_t desc)
{
	return (desc & geo->addr) | (geo->folded ? pgt_folded_addr(geo, desc) : 0);
}
uint64_t pgt_table_desc(const struct io_pgtable *t, uint64_t pa);
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
/* One of a group whose entries hardware may take for one. */
static inline bool pgt_is_grouped(uint64_t desc)
{
	return smmu_get(&desc, SMMU_S1DESC_Contiguous);
}
uint64_t pgt_grouped(uint64_t desc, bool yes);
/* Written by hardware since it was made or cleaned (translation.md 11). */
bool pgt_is_dirty(const struct io_pgtable *t, uint64_t desc);
uint64_t pgt_cleaned(const struct io_pgtable *t, uint64_t desc);

/* ---- table.c: one table below the root ---- */
int pgt_table_alloc(struct io_pgtable *t, struct iommu_dma *mem);
void pgt_table_free(struct io_pgtable *t, const struct iommu_dma *mem);
struct iommu_dma pgt_table_at(const struct io_pgtable *t, uint64_t desc);
/* Frees a table of that level with all tables below it. */
void pgt_subtree_free(struct io_pgtable *t, int level, const struct iommu_dma *mem);

/* Where the CPU finds the table that desc leads to. */
static inline desc_t *pgt_table_ptr(const struct io_pgtable *t, uint64_t desc)
{
	if (__atomic_load_n(&t->linear, __ATOMIC_RELAXED))
		return (desc_t *)((uintptr_t)pgt_desc_addr(&t->geo, desc) + t->distance);
	return pgt_table_at(t, desc).cpu;
}

/* ---- walk.c ---- */
/* [iova, iova + size) lies in the half of the address space that t covers. */
bool pgt_in_range(const struct io_pgtable *t, uint64_t iova, uint64_t size);
/* 0, -EINVAL or -ERANGE, as io_pgtable_map_pages() has them. */
int pgt_check_range(const struct io_pgtable *t, uint64_t iova, uint64_t pgsize,
		    uint64_t count);
/*
 * The entry of iova at that level or, higher up, the leaf or the invalid entry that
 * ends the walk; *level is where.
 */
desc_t *pgt_find(const struct io_pgtable *t, uint64_t iova, int *level);
/* Nothing is mapped in the table at base, nor below. */
bool pgt_is_empty(const struct io_pgtable *t, int level, const desc_t *base);

/* ---- unmap.c ---- */
/* Hardware forgets every walk of the range before this returns. */
void pgt_flush_walk(struct io_pgtable *t, uint64_t iova, uint64_t size);
/* The table that desc, cleared at that level, led to: flushed, then freed. */
void pgt_drop_table(struct io_pgtable *t, uint64_t desc, int level, uint64_t iova);
/* tell: leaves are told of one by one. */
uint64_t pgt_unmap_pages(struct io_pgtable *t, uint64_t iova, uint64_t pgsize,
			 uint64_t count, bool tell, void *gather);

#endif /* SMMU_PGTABLE_TABLE_H */
