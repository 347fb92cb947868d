/* SPDX-License-Identifier: MIT */
/* Memory of a page table: made, counted, given back. */
#include <errno.h>
#include <stdlib.h>
#include "pgtable/table.h"

static void count(struct io_pgtable *t, uint64_t bytes)
{
	__atomic_fetch_add(&t->footprint, bytes, __ATOMIC_RELAXED);
}

static int mem_alloc(struct io_pgtable *t, uint64_t size, struct iommu_dma *mem)
{
	/* Base aligned to its size, to 64 bytes at least (CD-16, STE-64). */
	uint64_t align = size < 64 ? 64 : size;
	int err = t->platform.ops->dma_alloc(t->platform.ctx, size, align, mem);

	if (!err)
		count(t, size);
	return err;
}

static void mem_free(struct io_pgtable *t, const struct iommu_dma *mem)
{
	count(t, -mem->size);
	t->platform.ops->dma_free(t->platform.ctx, mem);
}

int pgt_table_alloc(struct io_pgtable *t, struct iommu_dma *mem)
{
	int err = mem_alloc(t, pgt_size(&t->geo, 3), mem);

	/* Before anybody can find it: whoever does sees this too. */
	if (!err && (uintptr_t)mem->cpu - (uintptr_t)mem->pa != t->distance)
		__atomic_store_n(&t->linear, false, __ATOMIC_RELEASE);
	return err;
}

void pgt_table_free(struct io_pgtable *t, const struct iommu_dma *mem)
{
	mem_free(t, mem);
}

struct iommu_dma pgt_table_at(const struct io_pgtable *t, uint64_t desc)
{
	struct iommu_dma mem = {
		.pa = pgt_desc_addr(&t->geo, desc),
		.size = pgt_size(&t->geo, 3),
	};

	mem.cpu = t->platform.ops->phys_to_virt(t->platform.ctx, mem.pa, mem.size);
	return mem;
}

void pgt_subtree_free(struct io_pgtable *t, int level, const struct iommu_dma *mem)
{
	uint64_t entries = pgt_entries(&t->geo, level);
	const desc_t *at = mem->cpu;

	for (uint64_t i = 0; level < 3 && i < entries; i++) {
		uint64_t desc = desc_load(&at[i]);

		if (pgt_valid(desc) && pgt_is_table(desc, level)) {
			struct iommu_dma below = pgt_table_at(t, desc);

			pgt_subtree_free(t, level + 1, &below);
		}
	}
	mem_free(t, mem);
}

static int check_cfg(const struct io_pgtable_cfg *cfg)
{
	unsigned legal = IO_PGTABLE_QUIRK_DIRTY |
			 (cfg->fmt == IO_PGTABLE_STAGE1 ? IO_PGTABLE_QUIRK_TTBR1
							: IO_PGTABLE_QUIRK_S2FWB);

	if (cfg->fmt != IO_PGTABLE_STAGE1 && cfg->fmt != IO_PGTABLE_STAGE2)
		return -EINVAL;
	return cfg->quirks & ~legal ? -EINVAL : 0;
}

int io_pgtable_alloc(struct io_pgtable **table, struct io_pgtable_cfg *cfg)
{
	struct pgt_geometry geo = { 0 };
	struct io_pgtable *t;
	int err;

	if (check_cfg(cfg) || pgt_geometry_init(&geo, cfg))
		return -EINVAL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->geo = geo;
	t->fmt = cfg->fmt;
	t->quirks = cfg->quirks;
	t->platform = cfg->platform;
	t->flush = cfg->flush;
	t->cookie = cfg->cookie;
	t->linear = true;
	/* Dirty state is a page's own; that of a group would be one for all (9.6). */
	t->contiguous = cfg->contiguous && !(cfg->quirks & IO_PGTABLE_QUIRK_DIRTY);
	t->pgsize_bitmap = cfg->pgsize_bitmap & pgt_page_sizes(&geo);
	err = mem_alloc(t, UINT64_C(8) << geo.root_bits, &t->root);
	if (err) {
		free(t);
		return err;
	}
	t->distance = (uintptr_t)t->root.cpu - (uintptr_t)t->root.pa;
	pgt_describe_root(t, cfg->coherent, cfg);
	cfg->pgsize_bitmap = t->pgsize_bitmap;
	cfg->ias = geo.ias;
	cfg->oas = geo.oas;
	*table = t;
	return 0;
}

void io_pgtable_free(struct io_pgtable *t)
{
	if (!t)
		return;
	pgt_subtree_free(t, t->geo.start, &t->root);
	free(t);
}

uint64_t io_pgtable_footprint(const struct io_pgtable *t)
{
	return __atomic_load_n(&t->footprint, __ATOMIC_RELAXED);
}
