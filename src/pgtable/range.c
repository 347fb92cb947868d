/* SPDX-License-Identifier: MIT */
/* Map and unmap of any range: which page sizes make it up (CORE-119). */
#include <errno.h>
#include <stddef.h>
#include "pgtable/table.h"

/*
 * The largest page for `size` bytes at that alignment, and how many of them up
 * to where a larger one can take over. 0: misaligned.
 */
static uint64_t choose_pages(const struct io_pgtable *t, uint64_t iova, uint64_t pa,
			     uint64_t size, uint64_t *count)
{
	uint64_t next = 0, best = 0, ahead;

	for (uint64_t left = t->pgsize_bitmap; left; left &= left - 1) {
		uint64_t s = left & (~left + 1);

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
		got = pgt_unmap_pages(t, at, pgsize, count, tell, gather);
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
		pgt_flush_walk(t, iova, done);
	}
	return err;
}
