/* SPDX-License-Identifier: MIT */
/*
 * driver/atomic.h in the explorer's hands: before each access anybody may go on, and
 * each may be made to go wrong (test_ring.c).
 */
#ifndef TESTS_DRIVER_RING_POINTS_H
#define TESTS_DRIVER_RING_POINTS_H

#include <stdbool.h>
#include <stdint.h>

uint64_t ring_load(const void *at, unsigned size, const char *what);
void ring_store(void *at, unsigned size, uint64_t value, const char *what);
uint64_t ring_add(uint64_t *at, uint64_t n, const char *what);
uint64_t ring_and(uint64_t *at, uint64_t bits, const char *what);
bool ring_cas(uint64_t *at, uint64_t old, uint64_t value, const char *what);
void explore_pause(void);

#define shared_load(at)		   ((__typeof__(+*(at)))ring_load(at, sizeof(*(at)), #at))
#define shared_store(at, value)	   ring_store(at, sizeof(*(at)), value, #at)
#define shared_add(at, n)	   ring_add(at, n, #at)
#define shared_and(at, bits)	   ring_and(at, bits, #at)
#define shared_cas(at, old, value) ring_cas(at, old, value, #at)
#define shared_stand_back()	   explore_pause()
#define shared_pause(i)		   ((void)(i), explore_pause())

#endif
