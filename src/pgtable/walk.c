/* SPDX-License-Identifier: MIT */
/*
 * Map, unmap, look up. Tables are installed and entries written by compare and
 * swap alone, so that threads that work on disjoint ranges need no lock. A live
 * entry is never changed into another live one (break before make, Arm ARM
 * D8.16): it is cleared, invalidated, and written anew.
 */
#include <errno.h>
#include <stddef.h>
#include "pgtable/table.h"

static desc_t *table_ptr(const struct io_pgtable *t, uint64_t desc)
{
	return pgt_table_at(t, desc).cpu;
}

/* [iova, iova + size) lies in the half of the address space that t covers. */
static bool iova_in_range(const struct io_pgtable *t, uint64_t iova, uint64_t size)
{
	uint64_t mask = (UINT64_C(1) << t->geo.ias) - 1;

	if (t->quirks & IO_PGTABLE_QUIRK_TTBR1) {
		if ((iova & ~mask) != ~mask)
			return false;
		iova &= mask;
	}
	return iova <= mask && size - 1 <= mask - iova;
}

static int check_range(const struct io_pgtable *t, uint64_t iova, uint64_t pgsize,
		       uint64_t count)
{
	if (!pgsize || pgsize & (pgsize - 1) || !(pgsize & t->pgsize_bitmap))
		return -EINVAL;
	if (!count || iova & (pgsize - 1))
		return -EINVAL;
	if (count > UINT64_MAX / pgsize || !iova_in_range(t, iova, count * pgsize))
		return -ERANGE;
	return 0;
}

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
		base = table_ptr(t, desc);
	}
	*at = &base[pgt_index(&t->geo, level, iova)];
	return 0;
}

/* The same for reading: stops early; *level is where, NULL: nothing there. */
static desc_t *entry_find(const struct io_pgtable *t, uint64_t iova, int *level)
{
	desc_t *base = t->root.cpu;

	for (int l = t->geo.start;; l++) {
		desc_t *here = &base[pgt_index(&t->geo, l, iova)];
		uint64_t desc = desc_load(here);

		if (!pgt_valid(desc))
			return NULL;
		if (l == *level || !pgt_is_table(desc, l)) {
			*level = l;
			return here;
		}
		base = table_ptr(t, desc);
	}
}

static bool subtree_empty(const struct io_pgtable *t, int level, const desc_t *base)
{
	uint64_t entries = UINT64_C(1) << pgt_index_bits(&t->geo, level);

	for (uint64_t i = 0; i < entries; i++) {
		uint64_t desc = desc_load(&base[i]);

		if (!pgt_valid(desc))
			continue;
		if (!pgt_is_table(desc, level) ||
		    !subtree_empty(t, level + 1, table_ptr(t, desc)))
			return false;
	}
	return true;
}

static void flush_walk(struct io_pgtable *t, uint64_t iova, uint64_t size)
{
	if (t->flush && t->flush->flush_walk)
		t->flush->flush_walk(t->cookie, iova, size, pgt_size(&t->geo, 3));
}

/* The table that *at led to is unreachable: no walk may be in it when it goes. */
static void drop_table(struct io_pgtable *t, uint64_t desc, int level, uint64_t iova)
{
	struct iommu_dma mem = pgt_table_at(t, desc);

	flush_walk(t, iova, pgt_size(&t->geo, level));
	pgt_subtree_free(t, level + 1, &mem);
}

static int put_leaf(struct io_pgtable *t, desc_t *at, int level, uint64_t iova,
		    uint64_t leaf)
{
	uint64_t seen = 0;

	if (desc_cas(at, &seen, leaf))
		return 0;
	/* What smaller pages left behind: a table with nothing in it. */
	if (!pgt_valid(seen) || !pgt_is_table(seen, level) ||
	    !subtree_empty(t, level + 1, table_ptr(t, seen)))
		return -EEXIST;
	if (!desc_cas(at, &seen, 0))
		return -EEXIST;
	drop_table(t, seen, level, iova);
	seen = 0;
	return desc_cas(at, &seen, leaf) ? 0 : -EEXIST;
}

static int check_map(const struct io_pgtable *t, uint64_t iova, uint64_t pa,
		     uint64_t pgsize, uint64_t count, unsigned prot)
{
	uint64_t top = (UINT64_C(1) << t->geo.oas) - 1;
	int err = check_range(t, iova, pgsize, count);

	if (err)
		return err;
	if (pa & (pgsize - 1) || !(prot & (IO_PROT_READ | IO_PROT_WRITE)))
		return -EINVAL;
	return pa > top || count * pgsize - 1 > top - pa ? -ERANGE : 0;
}

int io_pgtable_map_pages(struct io_pgtable *t, uint64_t iova, uint64_t pa,
			 uint64_t pgsize, uint64_t count, unsigned prot, uint64_t *mapped)
{
	int level, err = check_map(t, iova, pa, pgsize, count, prot);
	desc_t *at = NULL;

	if (err)
		return err;
	level = pgt_level_of(&t->geo, pgsize);
	for (uint64_t i = 0; i < count; i++, at++, iova += pgsize, pa += pgsize) {
		/* A new table: at the start, and wherever an index wraps to 0. */
		if (!i || !pgt_index(&t->geo, level, iova))
			err = entry_make(t, iova, level, &at);
		if (!err)
			err = put_leaf(t, at, level, iova, pgt_leaf(t, level, pa, prot));
		if (err)
			return err;
		if (mapped)
			*mapped += pgsize;
	}
	return 0;
}

/* Clears one entry; false: it is not a whole page or table of that level. */
static bool clear_entry(struct io_pgtable *t, uint64_t iova, int level, bool tell,
			void *gather)
{
	int found = level;
	desc_t *at = entry_find(t, iova, &found);
	uint64_t desc;

	if (!at || found != level)
		return false;
	desc = desc_load(at);
	do {
		if (!pgt_valid(desc))
			return false;
	} while (!desc_cas(at, &desc, 0));
	if (pgt_is_table(desc, level))
		drop_table(t, desc, level, iova);
	else if (tell && t->flush && t->flush->add_page)
		t->flush->add_page(t->cookie, gather, iova, pgt_size(&t->geo, level));
	return true;
}

static uint64_t unmap_pages(struct io_pgtable *t, uint64_t iova, uint64_t pgsize,
			    uint64_t count, bool tell, void *gather)
{
	uint64_t done = 0;
	int level;

	if (check_range(t, iova, pgsize, count))
		return 0;
	level = pgt_level_of(&t->geo, pgsize);
	while (done < count && clear_entry(t, iova + done * pgsize, level, tell, gather))
		done++;
	return done * pgsize;
}

uint64_t io_pgtable_unmap_pages(struct io_pgtable *t, uint64_t iova, uint64_t pgsize,
				uint64_t count, void *gather)
{
	return unmap_pages(t, iova, pgsize, count, true, gather);
}

/*
 * The largest page for `size` bytes at that alignment, and how many of them up
 * to where a larger one can take over (CORE-119). 0: misaligned.
 */
static uint64_t choose_pages(const struct io_pgtable *t, uint64_t iova, uint64_t pa,
			     uint64_t size, uint64_t *count)
{
	uint64_t next = 0, best = 0, ahead;

	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t s = UINT64_C(1) << bit;

		if (!(t->pgsize_bitmap & s))
			continue;
		if (s > size || (iova | pa) & (s - 1)) {
			next = s;
			break;
		}
		best = s;
	}
	if (!best)
		return 0;
	*count = size / best;
	if (!next || (iova ^ pa) & (next - 1))
		return best;
	ahead = (next - (iova & (next - 1))) & (next - 1);
	if (ahead && ahead < size && size - ahead >= next)
		*count = ahead / best;
	return best;
}

static uint64_t unmap_range(struct io_pgtable *t, uint64_t iova, uint64_t size, bool tell,
			    void *gather)
{
	uint64_t done = 0;

	while (done < size) {
		uint64_t at = iova + done, count = 0, got;
		uint64_t pgsize = choose_pages(t, at, at, size - done, &count);

		if (!pgsize)
			break;
		got = unmap_pages(t, at, pgsize, count, tell, gather);
		done += got;
		if (got != count * pgsize)
			break;
	}
	return done;
}

uint64_t io_pgtable_unmap(struct io_pgtable *t, uint64_t iova, uint64_t size,
			  void *gather)
{
	return unmap_range(t, iova, size, true, gather);
}

int io_pgtable_map(struct io_pgtable *t, uint64_t iova, uint64_t pa, uint64_t size,
		   unsigned prot)
{
	uint64_t done = 0;
	int err = size ? 0 : -EINVAL;

	while (!err && done < size) {
		uint64_t count = 0;
		uint64_t pgsize =
			choose_pages(t, iova + done, pa + done, size - done, &count);

		err = pgsize ? io_pgtable_map_pages(t, iova + done, pa + done, pgsize,
						    count, prot, &done)
			     : -EINVAL;
	}
	if (err && done) {
		/* A device may have seen it already: not gathered, flushed at once. */
		unmap_range(t, iova, done, false, NULL);
		flush_walk(t, iova, done);
	}
	return err;
}

int io_pgtable_lookup(const struct io_pgtable *t, uint64_t iova, uint64_t *pa,
		      uint64_t *pgsize)
{
	int level = 3;
	desc_t *at;
	uint64_t desc, size;

	if (!iova_in_range(t, iova, 1))
		return -ERANGE;
	at = entry_find(t, iova, &level);
	desc = at ? desc_load(at) : 0;
	if (!pgt_valid(desc))
		return -ENOENT;
	size = pgt_size(&t->geo, level);
	if (pa)
		*pa = (pgt_desc_addr(t, desc) & ~(size - 1)) | (iova & (size - 1));
	if (pgsize)
		*pgsize = size;
	return 0;
}
