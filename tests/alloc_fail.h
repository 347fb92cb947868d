/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail on demand: for one file of a program whose malloc, calloc and
 * realloc the linker routes here (-Wl,--wrap=...).
 */
#ifndef TESTS_ALLOC_FAIL_H
#define TESTS_ALLOC_FAIL_H

#include <stdbool.h>
#include <stddef.h>

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);

enum { FAIL_NEVER = -1, FAIL_ALL = -2 };

static long fail_at = FAIL_NEVER; /* the allocation that fails, counted down from here */
static bool failed; /* one has; whoever looks at it sets it to false before */

static bool allocation_fails(void)
{
	if (fail_at == FAIL_NEVER || (fail_at != FAIL_ALL && fail_at-- > 0))
		return false;
	failed = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return allocation_fails() ? NULL : __real_realloc(p, size);
}

#endif /* TESTS_ALLOC_FAIL_H */
