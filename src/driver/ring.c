/* SPDX-License-Identifier: MIT */
#include "driver/ring.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "driver/atomic.h"

static size_t words(unsigned log2)
{
	return log2 > 6 ? (size_t)1 << (log2 - 6) : 1;
}

int arm_smmu_ring_init(struct arm_smmu_ring *ring, unsigned log2)
{
	*ring = (struct arm_smmu_ring){ .log2 = log2 };
	ring->valid = calloc(words(log2), sizeof(*ring->valid));
	return ring->valid ? 0 : -ENOMEM;
}

void arm_smmu_ring_fini(struct arm_smmu_ring *ring)
{
	free(ring->valid);
	ring->valid = NULL;
}

void arm_smmu_ring_reset(struct arm_smmu_ring *ring)
{
	ring->tail = ring->consumed = ring->handed = 0;
	memset(ring->valid, 0, words(ring->log2) * sizeof(*ring->valid));
}

uint64_t arm_smmu_ring_tail(const struct arm_smmu_ring *ring)
{
	return shared_load(&ring->tail) >> 1;
}

uint64_t arm_smmu_ring_consumed(const struct arm_smmu_ring *ring)
{
	return shared_load(&ring->consumed);
}

bool arm_smmu_ring_reserve(struct arm_smmu_ring *ring, unsigned n, uint64_t *pos,
			   bool *owner)
{
	uint64_t size = UINT64_C(1) << ring->log2;

	for (;;) {
		uint64_t tail = shared_load(&ring->tail);

		*pos = tail >> 1;
		*owner = !(tail & RING_OWNED);
		/* consumed is the younger: it may be beyond this tail. */
		if ((int64_t)(*pos + n - shared_load(&ring->consumed)) > (int64_t)size)
			return false;
		if (shared_cas(&ring->tail, tail, (*pos + n) << 1 | RING_OWNED))
			return true;
	}
}

/* ---- Written slots ---- */

/* The run of slots from pos on that share a word: its bits, and how many. */
static uint64_t run_of(const struct arm_smmu_ring *ring, uint64_t pos, uint64_t left,
		       size_t *word, unsigned *n)
{
	uint64_t slot = pos & ((UINT64_C(1) << ring->log2) - 1);
	unsigned first = (unsigned)slot % 64;
	unsigned most = ring->log2 < 6 ? (1u << ring->log2) - first : 64 - first;

	*word = slot / 64;
	*n = left < most ? (unsigned)left : most;
	return (*n == 64 ? UINT64_MAX : (UINT64_C(1) << *n) - 1) << first;
}

void arm_smmu_ring_publish(struct arm_smmu_ring *ring, uint64_t pos, unsigned n)
{
	while (n) {
		size_t word;
		unsigned run;
		uint64_t bits = run_of(ring, pos, n, &word, &run);

		shared_xor(&ring->valid[word], bits);
		pos += run;
		n -= run;
	}
}

/* Set in even laps, clear in odd ones (DRV-94). */
static bool published(const struct arm_smmu_ring *ring, uint64_t pos, size_t word,
		      uint64_t bits)
{
	uint64_t set = pos >> ring->log2 & 1 ? 0 : bits;

	return (shared_load(&ring->valid[word]) & bits) == set;
}

static void wait_published(const struct arm_smmu_ring *ring, uint64_t pos, uint64_t end)
{
	while (pos < end) {
		size_t word;
		unsigned run;
		uint64_t bits = run_of(ring, pos, end - pos, &word, &run);

		while (!published(ring, pos, word, bits))
			shared_pause();
		pos += run;
	}
}

/* ---- The owner ---- */

uint64_t arm_smmu_ring_take(struct arm_smmu_ring *ring, uint64_t pos)
{
	uint64_t end;

	while (shared_load(&ring->handed) != pos)
		shared_pause();
	/* Whoever comes after this is, or has, the next owner. */
	end = shared_and(&ring->tail, ~RING_OWNED) >> 1;
	wait_published(ring, pos, end);
	return end;
}

void arm_smmu_ring_hand_over(struct arm_smmu_ring *ring, uint64_t pos)
{
	shared_store(&ring->handed, pos);
}

/* ---- How far the hardware is ---- */

uint64_t arm_smmu_ring_ahead(const struct arm_smmu_ring *ring, uint64_t seen,
			     uint32_t index)
{
	uint64_t ahead = (index - seen) & ((UINT64_C(2) << ring->log2) - 1);

	return ahead <= arm_smmu_ring_tail(ring) - seen ? ahead : 0;
}

void arm_smmu_ring_consume(struct arm_smmu_ring *ring, uint64_t seen, uint64_t pos)
{
	if (pos != seen)
		(void)shared_cas(&ring->consumed, seen, pos);
}

void arm_smmu_ring_passed(struct arm_smmu_ring *ring, uint64_t pos)
{
	uint64_t seen = shared_load(&ring->consumed);

	while (seen < pos && !shared_cas(&ring->consumed, seen, pos))
		seen = shared_load(&ring->consumed);
}
