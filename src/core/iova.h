/* SPDX-License-Identifier: MIT */
/* Addresses in use of a domain: ranges, sorted, none touching an other's bytes. */
#ifndef CORE_IOVA_H
#define CORE_IOVA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct core_iova_range {
	uint64_t first, last; /* inclusive */
	bool mapped;	      /* the user's mark, false at first */
};

struct core_iova {
	struct core_iova_range *range;
	size_t num, room;
};

/*
 * The highest free place of `size` bytes, a multiple of `size`'s next power of two and
 * within [low, high]; both limits included. -ENOSPC, -ENOMEM.
 */
int core_iova_alloc(struct core_iova *iova, uint64_t low, uint64_t high, uint64_t size,
		    uint64_t *where);
/* Takes [first, last] out of what may be handed out; what is taken stays. -ENOMEM. */
int core_iova_reserve(struct core_iova *iova, uint64_t first, uint64_t last);
/* The range that begins there, or NULL. */
struct core_iova_range *core_iova_find(const struct core_iova *iova, uint64_t first);
void core_iova_free(struct core_iova *iova, uint64_t first);
void core_iova_clear(struct core_iova *iova);

#endif
