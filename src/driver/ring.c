/* SPDX-License-Identifier: MIT */
#include "driver/ring.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "driver/atomic.h"

static uint64_t *end_at(const struct arm_smmu_ring *ring, uint64_t pos)
{
	return &ring->ends[pos & ((UINT64_C(1) << ring->log2) - 1)];
}

int arm_smmu_ring_init(struct arm_smmu_ring *ring, unsigned log2)
{
	*ring = (struct arm_smmu_ring){ .log2 = log2 };
	ring->ends = calloc((size_t)1 << log2, sizeof(*ring->ends));
	return ring->ends ? 0 : -ENOMEM;
}

void arm_smmu_ring_fini(struct arm_smmu_ring *ring)
{
	free(ring->ends);
	ring->ends = NULL;
}

void arm_smmu_ring_reset(struct arm_smmu_ring *ring)
{
	ring->tail = ring->consumed = ring->handed = 0;
	memset(ring->ends, 0, sizeof(*ring->ends) << ring->log2);
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

bool arm_smmu_ring_busy(const struct arm_smmu_ring *ring)
{
	uint64_t tail = shared_load(&ring->tail);

	return tail & RING_OWNED || tail >> 1 != shared_load(&ring->handed);
}

void arm_smmu_ring_publish(struct arm_smmu_ring *ring, uint64_t pos, unsigned n)
{
	shared_store(end_at(ring, pos), pos + n);
}

/* ---- The owner ---- */

uint64_t arm_smmu_ring_take(struct arm_smmu_ring *ring, uint64_t pos, unsigned n)
{
	uint64_t end, next;

	for (unsigned i = 0; shared_load(&ring->handed) != pos; i++)
		shared_pause(i);
	/* Whoever comes after this is, or has, the next owner. */
	end = shared_and(&ring->tail, ~RING_OWNED) >> 1;
	for (uint64_t at = pos + n; at < end; at = next)
		for (unsigned i = 0; (next = shared_load(end_at(ring, at))) <= at; i++)
			shared_pause(i);
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

static bool lags(const struct arm_smmu_ring *ring, uint64_t seen, uint64_t pos)
{
	return pos - seen >= UINT64_C(1) << ring->log2 >> 1;
}

bool arm_smmu_ring_consume(struct arm_smmu_ring *ring, uint64_t seen, uint64_t pos,
			   bool now)
{
	if (pos == seen || !(now || lags(ring, seen, pos)))
		return shared_load(&ring->consumed) == seen;
	return shared_cas(&ring->consumed, seen, pos);
}

void arm_smmu_ring_passed(struct arm_smmu_ring *ring, uint64_t pos)
{
	uint64_t seen = shared_load(&ring->consumed);

	while (seen < pos && lags(ring, seen, pos) &&
	       !shared_cas(&ring->consumed, seen, pos))
		seen = shared_load(&ring->consumed);
}
