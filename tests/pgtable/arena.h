/* SPDX-License-Identifier: MIT */
/*
 * Memory for software under test: every piece is a host allocation of its own,
 * so that a sanitizer sees what is used after it was freed, at a physical
 * address of our choice.
 */
#ifndef TESTS_PGTABLE_ARENA_H
#define TESTS_PGTABLE_ARENA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/platform.h>

struct arena_piece {
	struct iommu_dma mem;
	bool live;
};

struct arena {
	pthread_mutex_t lock;
	struct arena_piece *pieces; /* ascending pa */
	size_t count, room;
	uint64_t next_pa;
	size_t live;	 /* pieces not freed */
	long fail_after; /* allocations until one fails; -1: never */
	unsigned frees;	 /* dma_free calls so far */
	struct iommu_platform platform;
};

void arena_init(struct arena *a, uint64_t first_pa);
/* Asserts that nothing is left. */
void arena_fini(struct arena *a);
void *arena_ptr(struct arena *a, uint64_t pa, uint64_t len);

#endif /* TESTS_PGTABLE_ARENA_H */
