/* SPDX-License-Identifier: MIT */
/*
 * Tables are installed and entries written by compare and swap alone, so that threads
 * that work on disjoint ranges need no lock. A live entry is never changed into another
 * live one (break before make, CACHE-70): it is cleared, invalidated, and written anew.
 */
#include <errno.h>
#include <stddef.h>
#include "pgtable/table.h"

/* An empty table for *at, unless someone installs one first; its descriptor. */
static int install_table(struct io_pgtable *t, desc_t *at, uint64_t *desc)
{
	struct iommu_dma mem;
	uint64_t new, seen = 0;

	if (pgt_table_alloc(t, &mem))
		return -ENOMEM;
	new = pgt_table_desc(t, mem.pa);
	if (desc_cas(at, &seen, new)) {
		*desc = new;
		return 0;
	}
	pgt_table_free(t, &mem);
	*desc = seen;
	return pgt_valid(seen) ? 0 : -EEXIST;
}

/* The entry of iova at that level, with the tables that lead there. */
static int entry_make(struct io_pgtable *t, uint64_t iova, int level, desc_t **at)
{
	desc_t *base = t->root.cpu;

	for (int l = t->geo.start; l < level; l++) {
		desc_t *here = &base[pgt_index(&t->geo, l, iova)];
		uint64_t desc = desc_load(here);
		int err = pgt_valid(desc) ? 0 : install_table(t, here, &desc);

		if (err)
			return err;
		if (!pgt_is_table(desc, l))
			return -EEXIST;
		base = pgt_table_ptr(t, desc);
	}
	*at = &base[pgt_index(&t->geo, level, iova)];
	return 0;
}

static int put_leaf(struct io_pgtable *t, desc_t *at, int level, uint64_t iova,
		    uint64_t leaf)
{
	uint64_t seen = 0;

	if (desc_cas(at, &seen, leaf))
		return 0;
	/* What smaller pages left behind: a table with nothing in it. */
	if (!pgt_valid(seen) || !pgt_is_table(seen, level) ||
	    !pgt_is_empty(t, level + 1, pgt_table_ptr(t, seen)))
		return -EEXIST;
	if (!desc_cas(at, &seen, 0))
		return -EEXIST;
	pgt_drop_table(t, seen, level, iova);
	seen = 0;
	return desc_cas(at, &seen, leaf) ? 0 : -EEXIST;
}

/* A run of pages inside one table. */
struct run {
	uint64_t iova, pa, pgsize, count;
	uint64_t leaf; /* without an address */
	int level;
};

/*
 * The next entries are a group that hardware may cache as one: aligned on both sides,
 * and nothing of it is there yet.
 */
static bool makes_group(const struct run *r, uint64_t i, uint64_t group, const desc_t *at)
{
	uint64_t size = group * r->pgsize, off = i * r->pgsize;

	if (group == 1 || r->count - i < group ||
	    ((r->iova + off) | (r->pa + off)) & (size - 1))
		return false;
	for (uint64_t k = 0; k < group; k++)
		if (desc_load(&at[k]))
			return false;
	return true;
}

static int put_run(struct io_pgtable *t, const struct run *r, desc_t *at,
		   uint64_t *mapped)
{
	uint64_t group = t->contiguous ? pgt_group(&t->geo, r->level) : 1, grouped = 0;

	for (uint64_t i = 0; i < r->count; i++) {
		uint64_t off = i * r->pgsize, leaf;
		int err;

		if (!grouped && makes_group(r, i, group, &at[i]))
			grouped = group;
		leaf = r->leaf | pgt_addr_bits(&t->geo, r->pa + off);
		if (grouped) {
			leaf = pgt_grouped(leaf, true);
			grouped--;
		}
		err = put_leaf(t, &at[i], r->level, r->iova + off, leaf);
		if (err)
			return err;
		*mapped += r->pgsize;
	}
	return 0;
}

static int check_map(const struct io_pgtable *t, uint64_t iova, uint64_t pa,
		     uint64_t pgsize, uint64_t count, unsigned prot)
{
	uint64_t top = (UINT64_C(1) << t->geo.oas) - 1;
	int err = pgt_check_range(t, iova, pgsize, count);

	if (err)
		return err;
	if (pa & (pgsize - 1) || !(prot & (IO_PROT_READ | IO_PROT_WRITE)))
		return -EINVAL;
	return pa > top || count * pgsize - 1 > top - pa ? -ERANGE : 0;
}

int io_pgtable_map_pages(struct io_pgtable *t, uint64_t iova, uint64_t pa,
			 uint64_t pgsize, uint64_t count, unsigned prot, uint64_t *mapped)
{
	int err = check_map(t, iova, pa, pgsize, count, prot);
	struct run r = { .iova = iova, .pa = pa, .pgsize = pgsize };
	uint64_t done = 0;

	if (err)
		return err;
	r.level = pgt_level_of(&t->geo, pgsize);
	r.leaf = pgt_leaf(t, r.level, prot);
	while (count && !err) {
		uint64_t left = pgt_entries(&t->geo, r.level) -
				pgt_index(&t->geo, r.level, r.iova);
		desc_t *at = NULL;

		r.count = count < left ? count : left;
		err = entry_make(t, r.iova, r.level, &at);
		if (!err)
			err = put_run(t, &r, at, &done);
		count -= r.count;
		r.iova += r.count * pgsize;
		r.pa += r.count * pgsize;
	}
	if (mapped)
		*mapped += done;
	return err;
}
