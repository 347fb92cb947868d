/* SPDX-License-Identifier: MIT */
/*
 * Many producers on one ring, none of them behind a lock (DRV-94, DRV-95):
 *
 *	reserve	  positions, by compare-and-swap of the tail
 *	(write)	  the slots, which are nobody else's
 *	publish	  them, unless one is the owner: the first slot's word says how far they
 *go take	  as the owner: everything reserved by now, once all of it is published
 *	(tell)	  the hardware the new index
 *	hand_over to the owner of what was reserved since
 *
 * The owner is whoever finds none when it reserves; so hardware is told of positions in
 * their order, by one thread at a time, and of many producers' in one go.
 *
 * Positions are counted in 64 bits and never wrap; an index register holds their low
 * bits. That is where this departs from DRV-94, whose {prod, cons} in one word wrap and
 * need a lock against laps that go unseen: here a stale `consumed` only means less room.
 * Whoever saw it, read the register, and finds it unchanged knows that the ring has not
 * gone round in between. So it is moved only when it lags: who waits for a SYNC does not
 * write it each time. For the same reason a published reservation needs no bit that flips
 * each lap: its end, a position, is above anything that an earlier lap left there.
 *
 * Of one thread alone a submission is two atomic read-modify-writes: reserve and take.
 */
#ifndef DRIVER_RING_H
#define DRIVER_RING_H

#include <stdbool.h>
#include <stdint.h>

struct arm_smmu_ring {
	unsigned log2;	   /* slots */
	uint64_t *ends;	   /* of a slot: where what begins in it ends, once written */
	uint64_t consumed; /* the hardware was seen to have passed what is below */
	char apart[64];	   /* the above is mostly read, the below always written */
	uint64_t tail;	   /* next free position << 1 | RING_OWNED */
	uint64_t handed;   /* the hardware was told of what is below */
};

#define RING_OWNED UINT64_C(1)

/* Empty, at position 0. init: -ENOMEM. reset: nobody else uses it. */
int arm_smmu_ring_init(struct arm_smmu_ring *ring, unsigned log2);
void arm_smmu_ring_fini(struct arm_smmu_ring *ring);
void arm_smmu_ring_reset(struct arm_smmu_ring *ring);

/*
 * n >= 1 positions from *pos on. False: there is no room now. (Of none there could be
 * two owners at one position, who could not tell their turns.)
 */
bool arm_smmu_ring_reserve(struct arm_smmu_ring *ring, unsigned n, uint64_t *pos,
			   bool *owner);
/* Somebody is between a reservation and the end of his telling the hardware. */
bool arm_smmu_ring_busy(const struct arm_smmu_ring *ring);
/* By who is not the owner: the n slots from pos on are written. */
void arm_smmu_ring_publish(struct arm_smmu_ring *ring, uint64_t pos, unsigned n);
/* By the owner, who has written the n slots from pos on: what to tell the hardware. */
uint64_t arm_smmu_ring_take(struct arm_smmu_ring *ring, uint64_t pos, unsigned n);
void arm_smmu_ring_hand_over(struct arm_smmu_ring *ring, uint64_t pos);

uint64_t arm_smmu_ring_tail(const struct arm_smmu_ring *ring);
uint64_t arm_smmu_ring_consumed(const struct arm_smmu_ring *ring);
/*
 * How far the index register is beyond `seen`, which was `consumed` before it was
 * read. 0 if that cannot be: rubbish in the register, or `seen` is out of date.
 */
uint64_t arm_smmu_ring_ahead(const struct arm_smmu_ring *ring, uint64_t seen,
			     uint32_t index);
/*
 * The register, read after `seen`, says that everything below pos is consumed. True if
 * that holds: it does unless the ring may have gone round in between. consumed follows
 * now, or when it lags by half the ring.
 */
bool arm_smmu_ring_consume(struct arm_smmu_ring *ring, uint64_t seen, uint64_t pos,
			   bool now);
/* It is known that everything below pos is consumed; consumed follows as above. */
void arm_smmu_ring_passed(struct arm_smmu_ring *ring, uint64_t pos);

#endif /* DRIVER_RING_H */
