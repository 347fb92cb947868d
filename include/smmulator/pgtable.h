/* SPDX-License-Identifier: MIT */
/*
 * Page tables as software keeps them: VMSAv8-64, stage 1 and stage 2, granules
 * of 4, 16 and 64 KiB (Arm ARM D8.2, D8.3; digest translation.md 9 and 10).
 *
 * Context: map and unmap may run at the same time on one table from several
 * threads if their ranges are disjoint; entries are installed by compare and
 * swap and no lock is taken. A lookup beside an unmap of the same range is the
 * caller's to prevent. Alloc and free: one thread.
 */
#ifndef SMMULATOR_PGTABLE_H
#define SMMULATOR_PGTABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/platform.h>

SMMU_BEGIN_DECLS

struct io_pgtable;

enum io_pgtable_fmt {
	IO_PGTABLE_STAGE1, /* virtual addresses, for CD.TTB0 or TTB1 */
	IO_PGTABLE_STAGE2, /* intermediate physical addresses, for STE.S2TTB */
};

/*
 * What a mapping allows. Stage 1 cannot refuse reads: IO_PROT_WRITE alone gives
 * both. The memory type is device for MMIO, else write-back for CACHE, else
 * non-cacheable.
 */
enum {
	IO_PROT_READ = 1 << 0,
	IO_PROT_WRITE = 1 << 1,
	IO_PROT_CACHE = 1 << 2,
	IO_PROT_NOEXEC = 1 << 3,
	IO_PROT_MMIO = 1 << 4,
	IO_PROT_PRIV = 1 << 5, /* stage 1: not for unprivileged accesses */
};

enum {
	/* Stage 1: the upper half of the address space, walked from TTB1. */
	IO_PGTABLE_QUIRK_TTBR1 = 1 << 0,
	/* Stage 2: memory types as STE.S2FWB=1 reads them (translation.md 13.5). */
	IO_PGTABLE_QUIRK_S2FWB = 1 << 1,
	/*
	 * Writable pages start writable-clean, and hardware notes the first write: for
	 * CD.HA and HD, or STE.S2HA and S2HD, set (translation.md 11).
	 */
	IO_PGTABLE_QUIRK_DIRTY = 1 << 2,
};

/*
 * What the owner of the TLB is told. Ranges are in bytes.
 *   flush_walk  entries that led to a table were cleared: any cached entry or
 *               walk of [iova, iova + size) must be gone when this returns,
 *               since the table is freed next.
 *   add_page    a leaf of `granule` bytes at iova was cleared, or lost its
 *               Contiguous hint or its dirty state; it may be invalidated later.
 *               `gather` is what unmap or read_dirty was given.
 * Neither is called for memory that was not mapped.
 */
struct io_pgtable_flush_ops {
	void (*flush_walk)(void *cookie, uint64_t iova, uint64_t size, uint64_t granule);
	void (*add_page)(void *cookie, void *gather, uint64_t iova, uint64_t granule);
};

/* Where walks begin, ready for the fields of a CD or STE of the same name. */
struct io_pgtable_s1 {
	uint64_t ttb;  /* physical address */
	uint64_t mair; /* attribute bytes 0 to 7 */
	uint8_t tsz;   /* T0SZ, or T1SZ with QUIRK_TTBR1 */
	uint8_t tg;    /* TG0 or TG1, each in its own coding */
	uint8_t ir, or_, sh;
	uint8_t ips;
	bool ds; /* CD.DS */
};
struct io_pgtable_s2 {
	uint64_t ttb;
	uint8_t t0sz, sl0, tg;
	uint8_t ir, or_, sh;
	uint8_t ps;
	bool ds; /* STE.S2DS; S2SL0_2 is 0 */
};

struct io_pgtable_cfg {
	enum io_pgtable_fmt fmt;
	unsigned quirks; /* IO_PGTABLE_QUIRK_* */
	/*
	 * In: page sizes that the device can do. The granule is the smallest of
	 * 4, 16 and 64 KiB in it. Out: the sizes that this table maps.
	 */
	uint64_t pgsize_bitmap;
	unsigned ias;  /* input address bits: 25 to 48, 52 with 64 KiB pages or ds */
	unsigned oas;  /* output address bits: 32, 36, 40, 42, 44, 48, 52 */
	bool coherent; /* walks snoop the CPU's caches */
	bool ds;       /* the device has IDR5.DS: 52 bits with 4 and 16 KiB pages too */
	/*
	 * The Contiguous hint may be flipped in live entries (IDR3.BBML is 1 or 2). Then
	 * map sets it wherever one call fills an aligned group of pages, and an unmap of
	 * a part takes it from the rest. Not together with QUIRK_DIRTY.
	 */
	bool contiguous;
	struct iommu_platform platform;
	const struct io_pgtable_flush_ops *flush; /* NULL: nobody to tell */
	void *cookie;				  /* for flush */
	/* Out: */
	struct io_pgtable_s1 s1;
	struct io_pgtable_s2 s2;
};

/*
 * Makes an empty table. cfg is read and completed (pgsize_bitmap, ias and oas
 * as used, s1 or s2). With 4 and 16 KiB pages ias and oas above 48 count as 48
 * without ds, 49 to 51 bits of ias as 48; stage 2 has no larger ias than oas.
 * 0; -EINVAL: no usable page size, ias or oas out of range, a quirk of the other
 * stage; -ENOMEM. On failure *table and cfg are untouched.
 */
SMMU_API int io_pgtable_alloc(struct io_pgtable **table, struct io_pgtable_cfg *cfg);
/* Frees it with everything mapped; nothing may walk it any more. NULL is allowed. */
SMMU_API void io_pgtable_free(struct io_pgtable *table);

/*
 * Maps `count` pages of `pgsize` bytes, iova and pa upwards. *mapped, if not
 * NULL, grows by the bytes mapped, on failure too: then the caller unmaps them.
 * -EINVAL: pgsize is not one page size of the table, misaligned, count 0, or no
 * access asked for; -ERANGE: beyond ias or oas; -EEXIST: something is mapped
 * there (a live entry is never overwritten: break before make); -ENOMEM.
 */
SMMU_API int io_pgtable_map_pages(struct io_pgtable *table, uint64_t iova, uint64_t pa,
				  uint64_t pgsize, uint64_t count, unsigned prot,
				  uint64_t *mapped);
/*
 * Unmaps up to `count` pages of `pgsize` bytes and returns how many bytes, from
 * iova on without a hole, were unmapped. A pgsize region that consists of
 * smaller pages goes as a whole with its table, and counts fully. A part of a
 * larger page cannot be unmapped: nothing is split, and the walk ends there. A part
 * of a Contiguous group can: see cfg.contiguous.
 */
SMMU_API uint64_t io_pgtable_unmap_pages(struct io_pgtable *table, uint64_t iova,
					 uint64_t pgsize, uint64_t count, void *gather);

/*
 * The same for any range that is a multiple of the smallest page, in the
 * largest pages that its alignment admits. Map: 0, or an errno as above and
 * nothing of the range mapped. Unmap: bytes, as above.
 */
SMMU_API int io_pgtable_map(struct io_pgtable *table, uint64_t iova, uint64_t pa,
			    uint64_t size, unsigned prot);
SMMU_API uint64_t io_pgtable_unmap(struct io_pgtable *table, uint64_t iova, uint64_t size,
				   void *gather);

/*
 * Looks up one address. 0: *pa is its output address, *pgsize the size of the
 * page that it is in (either may be NULL). -ENOENT: not mapped; -ERANGE.
 */
SMMU_API int io_pgtable_lookup(const struct io_pgtable *table, uint64_t iova,
			       uint64_t *pa, uint64_t *pgsize);

/* Called for each page of `size` bytes at iova that was written to. */
typedef void (*io_pgtable_dirty_fn)(void *ctx, uint64_t iova, uint64_t size);
enum { IO_PGTABLE_DIRTY_NO_CLEAR = 1 << 0 };
/*
 * Tells of every page in [iova, iova + size) that was written to since it was mapped or
 * last cleaned, upwards, a page that sticks out of the range as a whole; and cleans it,
 * unless flags has NO_CLEAR. Each that was cleaned goes to add_page too, since a TLB
 * may hold it as dirty: a write is noted anew only after that is invalidated. May run
 * beside map and unmap of other ranges, and beside DMA.
 * 0; -EINVAL: made without QUIRK_DIRTY, size 0, unknown flag; -ERANGE: beyond ias.
 */
SMMU_API int io_pgtable_read_dirty(struct io_pgtable *table, uint64_t iova, uint64_t size,
				   unsigned flags, io_pgtable_dirty_fn record, void *ctx,
				   void *gather);

/* Bytes of memory in tables now, the root included. */
SMMU_API uint64_t io_pgtable_footprint(const struct io_pgtable *table);

SMMU_END_DECLS
#endif /* SMMULATOR_PGTABLE_H */
