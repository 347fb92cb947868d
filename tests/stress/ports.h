/* SPDX-License-Identifier: MIT */
/*
 * Producers, who map and unmap, one who moves masters, and consumers, who do DMA, each
 * a thread that waits for no other (test_ports.c says what for).
 */
#ifndef TESTS_STRESS_PORTS_H
#define TESTS_STRESS_PORTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "stress/shadow.h"
#include "stress/world.h"

enum {
	PRODUCERS = 2,
	PORTS = 2,  /* threads that do DMA, each with a port of each SMMU */
	SMALL = 24, /* pages next to each other, of one producer in one domain */
	BIG = 4,    /* pages of one 2 MiB block, mapped as such or alone */
	SLOTS = SMALL + BIG,
	DOMAINS = WORLD_SMMUS * WORLD_DOMAINS,
	PAGES = DOMAINS * SLOTS + 32, /* of one producer */
	BLOCKS = DOMAINS + 2,
	WORDS = 64, /* of a page, that DMA uses */
	RUN = 8,    /* pages in one go, at most */
};
#define PAGE	UINT64_C(4096)
#define BLOCK	(UINT64_C(2) << 20)
#define NOWHERE UINT64_MAX		     /* in no domain of ours */
#define POISON	UINT64_C(0xdeadfa11dead0000) /* what a page holds that was given back */
#define MAGIC	UINT64_C(0x57e5500000000000) /* | IOVA: what a mapped page holds */
#define SPOILT	UINT64_C(0xa5a5a5a5a5a5a5a7) /* the driver's memory, given back */

/* What is planted; nothing, to be right. */
enum defect {
	RIGHT,
	NO_SYNC,    /* unmap without CMD_SYNC */
	FREE_EARLY, /* the page is given back before the CMD_SYNC */
	LATE_BELL,  /* the SMMU hears of each command one doorbell late */
};

/* One page of a domain. The rest is its producer's own. */
struct slot {
	struct shadow shadow; /* what: PA | IOMMU_READ | IOMMU_WRITE */
	uint64_t iova, pa, span;
	bool mapped;
};

struct stress;

/* Given back first, used again first of all that have been so the longest. */
struct pool {
	uint64_t pa[PAGES];
	unsigned head, n, size;
};

struct producer {
	struct stress *st;
	unsigned index;
	uint64_t rng;
	struct slot slot[DOMAINS][SLOTS];
	uint64_t block[DOMAINS]; /* PA of what is mapped as one; 0: it is not */
	struct pool pages, blocks;
	uint64_t maps, unmaps, blocks_mapped;
	pthread_t thread;
};

struct master {
	struct shadow shadow; /* what: a domain's number, NOWHERE */
	uint32_t sid;
	unsigned side;
	struct iommu_group *group;
	struct iommu_attach_handle handle[2];
	unsigned at;   /* which handle */
	uint64_t span; /* in a domain */
	bool attached;
};

struct consumer {
	struct stress *st;
	uint64_t rng;
	struct smmu_port *port[WORLD_SMMUS];
	uint64_t ok, faults, unknown;
	pthread_t thread;
};

struct stress {
	struct world w;
	enum defect defect;
	uint64_t seed, steps;
	struct shadow_clock clock;
	_Atomic unsigned busy; /* producers that are not through */
	struct producer producer[PRODUCERS];
	struct master master[WORLD_SMMUS * WORLD_MASTERS];
	struct consumer consumer[PORTS];
	uint64_t moves;
	pthread_t mover;
	pthread_mutex_t lock;
	atomic_bool bad;
	char wrong[256];
};

static inline uint64_t rnd(uint64_t *rng, uint64_t below)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 7;
	*rng ^= *rng << 17;
	return (*rng * UINT64_C(0x2545f4914f6cdd1d) >> 11) % below;
}

static inline struct iommu_domain *domain_of(struct stress *st, unsigned d)
{
	return st->w.side[d / WORLD_DOMAINS].domain[d % WORLD_DOMAINS];
}

/* By any thread: what went wrong first is kept, and ends the run. */
void stress_wrong(struct stress *st, const char *what, uint64_t x, uint64_t y);

/* Threads. */
void *stress_produce(void *producer);
void *stress_move_masters(void *stress);
void *stress_consume(void *consumer);

void stress_producer_init(struct stress *st, unsigned index);
/* At the end, by the main thread; looks once more at each page that was given back. */
void stress_producer_end(struct producer *p);
/* Moves a master somewhere else. */
void stress_move(struct stress *st, struct master *m, uint64_t *rng);

/*
 * One run, of two domains in each of so many SMMUs. found: what was wrong first, "" if
 * nothing was. The rest is asserted.
 */
void stress_run(const struct smmu_config *cfg, unsigned sides, bool stage2,
		enum defect defect, uint64_t seed, uint64_t steps, char found[256]);

#endif /* TESTS_STRESS_PORTS_H */
