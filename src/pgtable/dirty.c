/* SPDX-License-Identifier: MIT */
/*
 * Which pages devices wrote to, as hardware notes it in the leaves: a writable-clean
 * one (DBM set, read-only) becomes writable (translation.md 11, DRV-114).
 */
#include <errno.h>
#include "pgtable/table.h"

struct reader {
	struct io_pgtable *t;
	uint64_t first, last; /* of the range, without the upper bits of TTBR1 */
	uint64_t high;	      /* these */
	bool clear;
	io_pgtable_dirty_fn record;
	void *ctx, *gather;
};

/* Hardware may set it meanwhile; it never takes it away. */
static void read_leaf(const struct reader *r, desc_t *at, int level, uint64_t iova)
{
	const struct io_pgtable *t = r->t;
	uint64_t desc = desc_load(at), size = pgt_size(&t->geo, level);

	if (!pgt_valid(desc) || !pgt_is_dirty(t, desc))
		return;
	r->record(r->ctx, iova | r->high, size);
	if (!r->clear)
		return;
	while (pgt_valid(desc) && !desc_cas(at, &desc, pgt_cleaned(t, desc)))
		;
	/* Dirty in a TLB it would be written again without a word. */
	if (t->flush && t->flush->add_page)
		t->flush->add_page(t->cookie, r->gather, iova | r->high, size);
}

/* The table at base, whose first entry is for address `begin`. */
static void read_table(const struct reader *r, desc_t *base, int level, uint64_t begin)
{
	const struct pgt_geometry *geo = &r->t->geo;
	uint64_t size = pgt_size(geo, level), entries = pgt_entries(geo, level);
	uint64_t i = r->first > begin ? (r->first - begin) >> pgt_shift(geo, level) : 0;

	for (; i < entries && begin + i * size <= r->last; i++) {
		uint64_t desc = desc_load(&base[i]);

		if (pgt_valid(desc) && pgt_is_table(desc, level))
			read_table(r, pgt_table_ptr(r->t, desc), level + 1,
				   begin + i * size);
		else
			read_leaf(r, &base[i], level, begin + i * size);
	}
}

int io_pgtable_read_dirty(struct io_pgtable *t, uint64_t iova, uint64_t size,
			  unsigned flags, io_pgtable_dirty_fn record, void *ctx,
			  void *gather)
{
	uint64_t mask = (UINT64_C(1) << t->geo.ias) - 1;
	struct reader r = { .t = t,
			    .first = iova & mask,
			    .last = (iova & mask) + (size - 1),
			    .high = iova & ~mask,
			    .clear = !(flags & IO_PGTABLE_DIRTY_NO_CLEAR),
			    .record = record,
			    .ctx = ctx,
			    .gather = gather };

	if (!(t->quirks & IO_PGTABLE_QUIRK_DIRTY) || !size ||
	    flags & ~(unsigned)IO_PGTABLE_DIRTY_NO_CLEAR)
		return -EINVAL;
	if (!pgt_in_range(t, iova, size))
		return -ERANGE;
	read_table(&r, t->root.cpu, t->geo.start, 0);
	return 0;
}
