/* SPDX-License-Identifier: MIT */
/* From the root to an entry. Nothing here changes a table. */
#include <errno.h>
#include <stddef.h>
#include "pgtable/table.h"

bool pgt_in_range(const struct io_pgtable *t, uint64_t iova, uint64_t size)
{
	uint64_t mask = (UINT64_C(1) << t->geo.ias) - 1;

	if (t->quirks & IO_PGTABLE_QUIRK_TTBR1) {
		if ((iova & ~mask) != ~mask)
			return false;
		iova &= mask;
	}
	return iova <= mask && size - 1 <= mask - iova;
}

int pgt_check_range(const struct io_pgtable *t, uint64_t iova, uint64_t pgsize,
		    uint64_t count)
{
	if (!pgsize || pgsize & (pgsize - 1) || !(pgsize & t->pgsize_bitmap))
		return -EINVAL;
	if (!count || iova & (pgsize - 1))
		return -EINVAL;
	if (count > UINT64_MAX >> __builtin_ctzll(pgsize) ||
	    !pgt_in_range(t, iova, count * pgsize))
		return -ERANGE;
	return 0;
}

desc_t *pgt_find(const struct io_pgtable *t, uint64_t iova, int *level)
{
	uint64_t mask = (UINT64_C(1) << t->geo.root_bits) - 1;
	unsigned shift = pgt_shift(&t->geo, t->geo.start);
	desc_t *base = t->root.cpu;

	for (int l = t->geo.start; l < *level; l++) {
		desc_t *here = &base[iova >> shift & mask];
		uint64_t desc = desc_load(here);

		if (!pgt_valid(desc) || !pgt_is_table(desc, l)) {
			*level = l;
			return here;
		}
		base = pgt_table_ptr(t, desc);
		shift -= t->geo.stride;
		mask = (UINT64_C(1) << t->geo.stride) - 1;
	}
	return &base[iova >> shift & mask];
}

bool pgt_is_empty(const struct io_pgtable *t, int level, const desc_t *base)
{
	uint64_t entries = pgt_entries(&t->geo, level);

	for (uint64_t i = 0; i < entries; i++) {
		uint64_t desc = desc_load(&base[i]);

		if (!pgt_valid(desc))
			continue;
		if (!pgt_is_table(desc, level) ||
		    !pgt_is_empty(t, level + 1, pgt_table_ptr(t, desc)))
			return false;
	}
	return true;
}

int io_pgtable_lookup(const struct io_pgtable *t, uint64_t iova, uint64_t *pa,
		      uint64_t *pgsize)
{
	uint64_t desc = 0, size;
	desc_t *base = t->root.cpu;
	int level = t->geo.start;

	if (!pgt_in_range(t, iova, 1))
		return -ERANGE;
	for (;; level++) {
		desc = desc_load(&base[pgt_index(&t->geo, level, iova)]);
		if (!pgt_valid(desc))
			return -ENOENT;
		if (!pgt_is_table(desc, level))
			break;
		base = pgt_table_ptr(t, desc);
	}
	size = pgt_size(&t->geo, level);
	if (pa)
		*pa = (pgt_desc_addr(&t->geo, desc) & ~(size - 1)) | (iova & (size - 1));
	if (pgsize)
		*pgsize = size;
	return 0;
}
