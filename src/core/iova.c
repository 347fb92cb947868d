/* SPDX-License-Identifier: MIT */
#include "core/iova.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How many ranges begin below addr. */
static size_t below(const struct core_iova *iova, uint64_t addr)
{
	size_t low = 0, high = iova->num;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (iova->range[mid].first < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int insert(struct core_iova *iova, size_t at, uint64_t first, uint64_t last)
{
	if (iova->num == iova->room) {
		size_t room = iova->room * 2 + 16;
		struct core_iova_range *grown =
			realloc(iova->range, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		iova->range = grown;
		iova->room = room;
	}
	memmove(&iova->range[at + 1], &iova->range[at],
		(iova->num - at) * sizeof(iova->range[0]));
	iova->range[at] = (struct core_iova_range){ .first = first, .last = last };
	iova->num++;
	return 0;
}

static uint64_t alignment(uint64_t size)
{
	uint64_t align = 1;

	while (align < size && align << 1)
		align <<= 1;
	return align;
}

int core_iova_alloc(struct core_iova *iova, uint64_t low, uint64_t high, uint64_t size,
		    uint64_t *where)
{
	uint64_t align = alignment(size), top = high, first;
	int err;

	/* The gaps, from the highest on: [end of range i - 1, top]. */
	for (size_t i = iova->num + 1; i-- > 0;) {
		uint64_t floor = i ? iova->range[i - 1].last : 0;
		bool open = i == 0;

		if (top >= size - 1) {
			first = (top - (size - 1)) & ~(align - 1);
			if (first >= low && (open || first > floor)) {
				err = insert(iova, i, first, first + (size - 1));
				if (!err)
					*where = first;
				return err;
			}
		}
		if (open || iova->range[i - 1].first == 0)
			break;
		if (iova->range[i - 1].first - 1 < top)
			top = iova->range[i - 1].first - 1;
	}
	return -ENOSPC;
}

int core_iova_reserve(struct core_iova *iova, uint64_t first, uint64_t last)
{
	while (first <= last) {
		size_t i = below(iova, first);
		uint64_t end = last;
		int err;

		/* Behind what is taken already ... */
		if (i && iova->range[i - 1].last >= first) {
			if (iova->range[i - 1].last >= last)
				return 0;
			first = iova->range[i - 1].last + 1;
			continue;
		}
		if (i < iova->num && iova->range[i].first == first) {
			if (iova->range[i].last >= last)
				return 0;
			first = iova->range[i].last + 1;
			continue;
		}
		/* ... and up to the next that is. */
		if (i < iova->num && iova->range[i].first <= last)
			end = iova->range[i].first - 1;
		err = insert(iova, i, first, end);
		if (err || end == last)
			return err;
		first = end + 1;
	}
	return 0;
}

struct core_iova_range *core_iova_find(const struct core_iova *iova, uint64_t first)
{
	size_t i = below(iova, first);

	return i < iova->num && iova->range[i].first == first ? &iova->range[i] : NULL;
}

void core_iova_free(struct core_iova *iova, uint64_t first)
{
	size_t i = below(iova, first);

	if (i == iova->num || iova->range[i].first != first)
		return;
	iova->num--;
	memmove(&iova->range[i], &iova->range[i + 1],
		(iova->num - i) * sizeof(iova->range[0]));
}

void core_iova_clear(struct core_iova *iova)
{
	free(iova->range);
	memset(iova, 0, sizeof(*iova));
}
