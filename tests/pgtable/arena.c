/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "pgtable/arena.h"

static int arena_alloc(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem)
{
	struct arena *a = ctx;
	size_t host = (size_t)((size + 63) & ~UINT64_C(63));
	int err = -ENOMEM;
	void *cpu;

	pthread_mutex_lock(&a->lock);
	if (a->fail_after == 0)
		goto out;
	if (a->fail_after > 0)
		a->fail_after--;
	if (a->count == a->room) {
		a->room = a->room ? 2 * a->room : 64;
		a->pieces = realloc(a->pieces, a->room * sizeof(*a->pieces));
		assert_non_null(a->pieces);
	}
	cpu = aligned_alloc(64, host);
	assert_non_null(cpu);
	memset(cpu, 0, host);
	a->next_pa = (a->next_pa + align - 1) & ~(align - 1);
	*mem = (struct iommu_dma){ .cpu = cpu, .pa = a->next_pa, .size = size };
	a->next_pa += size;
	a->pieces[a->count++] = (struct arena_piece){ .mem = *mem, .live = true };
	a->live++;
	err = 0;
out:
	pthread_mutex_unlock(&a->lock);
	return err;
}

static struct arena_piece *find(struct arena *a, uint64_t pa)
{
	size_t low = 0, high = a->count;

	while (low + 1 < high) {
		size_t mid = (low + high) / 2;

		if (a->pieces[mid].mem.pa <= pa)
			low = mid;
		else
			high = mid;
	}
	return a->count && a->pieces[low].mem.pa <= pa ? &a->pieces[low] : NULL;
}

void *arena_ptr(struct arena *a, uint64_t pa, uint64_t len)
{
	struct arena_piece *p;
	void *cpu = NULL;

	pthread_mutex_lock(&a->lock);
	p = find(a, pa);
	if (p && p->live && pa - p->mem.pa + len <= p->mem.size)
		cpu = (char *)p->mem.cpu + (pa - p->mem.pa);
	pthread_mutex_unlock(&a->lock);
	return cpu;
}

static void arena_free(void *ctx, const struct iommu_dma *mem)
{
	struct arena *a = ctx;
	struct arena_piece *p;

	pthread_mutex_lock(&a->lock);
	p = find(a, mem->pa);
	assert_non_null(p);
	assert_true(p->live);
	assert_ptr_equal(p->mem.cpu, mem->cpu);
	assert_int_equal(p->mem.pa, mem->pa);
	assert_int_equal(p->mem.size, mem->size);
	p->live = false;
	a->live--;
	a->frees++;
	free(mem->cpu);
	pthread_mutex_unlock(&a->lock);
}

static void *arena_phys(void *ctx, uint64_t pa, uint64_t len)
{
	return arena_ptr(ctx, pa, len);
}

static const struct iommu_platform_ops arena_ops = {
	.dma_alloc = arena_alloc,
	.dma_free = arena_free,
	.phys_to_virt = arena_phys,
};

void arena_init(struct arena *a, uint64_t first_pa)
{
	*a = (struct arena){ .next_pa = first_pa, .fail_after = -1 };
	pthread_mutex_init(&a->lock, NULL);
	a->platform = (struct iommu_platform){ .ops = &arena_ops, .ctx = a };
}

void arena_fini(struct arena *a)
{
	assert_int_equal(a->live, 0);
	free(a->pieces);
	pthread_mutex_destroy(&a->lock);
}
