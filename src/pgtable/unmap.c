/* SPDX-License-Identifier: MIT */
/*
 * Entries are cleared, table by table. What is below a cleared table entry goes with
 * it, but its memory only after no walk can be in it any more (DRV-71).
 */
#include <stddef.h>
#include "pgtable/table.h"

void pgt_flush_walk(struct io_pgtable *t, uint64_t iova, uint64_t size)
{
	if (t->flush && t->flush->flush_walk)
		t->flush->flush_walk(t->cookie, iova, size, pgt_size(&t->geo, 3));
}

/* Tables that are unreachable but not yet free: one flush serves as many as fit. */
struct dropped {
	uint64_t first, end; /* the range that it has to be of */
	unsigned n;
	uint64_t desc[32];
};

static void free_dropped(struct io_pgtable *t, struct dropped *d, int level)
{
	if (!d->n)
		return;
	pgt_flush_walk(t, d->first, d->end - d->first);
	while (d->n) {
		struct iommu_dma mem = pgt_table_at(t, d->desc[--d->n]);

		pgt_subtree_free(t, level + 1, &mem);
	}
}

static void drop(struct io_pgtable *t, struct dropped *d, uint64_t desc, int level,
		 uint64_t iova)
{
	if (d->n == sizeof(d->desc) / sizeof(d->desc[0]))
		free_dropped(t, d, level);
	if (!d->n)
		d->first = iova;
	d->end = iova + pgt_size(&t->geo, level);
	d->desc[d->n++] = desc;
}

void pgt_drop_table(struct io_pgtable *t, uint64_t desc, int level, uint64_t iova)
{
	struct dropped d = { .n = 0 };

	drop(t, &d, desc, level, iova);
	free_dropped(t, &d, level);
}

/* Entries of one table: iova is of the first, at their level. */
struct run {
	desc_t *at;
	uint64_t iova, count;
	int level;
	bool tell;
	void *gather;
};

static void add_page(struct io_pgtable *t, const struct run *r, uint64_t iova)
{
	if (r->tell && t->flush && t->flush->add_page)
		t->flush->add_page(t->cookie, r->gather, iova,
				   pgt_size(&t->geo, r->level));
}

static bool is_grouped(const struct run *r, uint64_t desc)
{
	return pgt_valid(desc) && pgt_is_grouped(desc) && !pgt_is_table(desc, r->level);
}

/*
 * The group of the i-th entry loses a part: first its hint goes, from all of it, and all
 * of it is to be invalidated. Live entries change, which the hint alone may do where
 * BBML is not 0 (CACHE-71), and no translation does.
 */
static void break_group(struct io_pgtable *t, const struct run *r, uint64_t i)
{
	uint64_t group = pgt_group(&t->geo, r->level), size = pgt_size(&t->geo, r->level);
	uint64_t back = ((r->iova >> pgt_shift(&t->geo, r->level)) + i) & (group - 1);
	uint64_t iova = r->iova + i * size - back * size;
	desc_t *at = r->at + i - back;

	for (uint64_t k = 0; k < group; k++) {
		uint64_t desc = desc_load(&at[k]);

		while (is_grouped(r, desc) &&
		       !desc_cas(&at[k], &desc, pgt_grouped(desc, false)))
			;
		add_page(t, r, iova + k * size);
	}
}

/* Groups of which only a part is in the run are at its ends. */
static void break_groups(struct io_pgtable *t, const struct run *r)
{
	uint64_t first = r->iova >> pgt_shift(&t->geo, r->level), mask;
	bool begins = is_grouped(r, desc_load(&r->at[0]));

	if (!begins && (r->count == 1 || !is_grouped(r, desc_load(&r->at[r->count - 1]))))
		return;
	mask = pgt_group(&t->geo, r->level) - 1;
	if (begins && first & mask)
		break_group(t, r, 0);
	/* Unless that was the same group. */
	if ((first + r->count) & mask && is_grouped(r, desc_load(&r->at[r->count - 1])))
		break_group(t, r, r->count - 1);
}

/* How many went, up to a hole. */
static uint64_t clear_run(struct io_pgtable *t, const struct run *r)
{
	uint64_t size = pgt_size(&t->geo, r->level), i;
	struct dropped d;

	d.first = d.end = d.n = 0;
	if (t->contiguous)
		break_groups(t, r);
	for (i = 0; i < r->count; i++) {
		uint64_t iova = r->iova + i * size, desc = desc_load(&r->at[i]);

		while (pgt_valid(desc) && !desc_cas(&r->at[i], &desc, 0))
			;
		if (!pgt_valid(desc))
			break;
		if (pgt_is_table(desc, r->level))
			drop(t, &d, desc, r->level, iova);
		else
			add_page(t, r, iova);
	}
	free_dropped(t, &d, r->level);
	return i;
}

uint64_t pgt_unmap_pages(struct io_pgtable *t, uint64_t iova, uint64_t pgsize,
			 uint64_t count, bool tell, void *gather)
{
	struct run r = { .iova = iova, .tell = tell, .gather = gather };
	int level;

	if (pgt_check_range(t, iova, pgsize, count))
		return 0;
	level = pgt_level_of(&t->geo, pgsize);
	while (count) {
		uint64_t left =
			pgt_entries(&t->geo, level) - pgt_index(&t->geo, level, r.iova);
		uint64_t cleared;

		r.level = level;
		r.at = pgt_find(t, r.iova, &r.level);
		if (r.level != level)
			break;
		r.count = count < left ? count : left;
		cleared = clear_run(t, &r);
		count -= cleared;
		r.iova += cleared * pgsize;
		if (cleared < r.count)
			break;
	}
	return r.iova - iova;
}

uint64_t io_pgtable_unmap_pages(struct io_pgtable *t, uint64_t iova, uint64_t pgsize,
				uint64_t count, void *gather)
{
	return pgt_unmap_pages(t, iova, pgsize, count, true, gather);
}
