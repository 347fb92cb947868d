/* SPDX-License-Identifier: MIT */
/*
 * A machine to measure on: RAM, one SMMU, tables of one page size, and a command
 * queue that the benchmark fills by hand, so that no driver is in the figures.
 */
#ifndef BENCH_FIXTURE_H
#define BENCH_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/arch.h>
#include <smmulator/smmu.h>

/* StreamIDs, by what translates. All in VMID 7, but EL2; stage 1 has ASID 5. */
enum { SID_S1 = 1, SID_S2 = 2, SID_NESTED = 3, SID_EL2 = 4, VMID = 7, ASID = 5 };
/*
 * Streams of as many contexts, and functions with an ATC: from SID_CONTEXT on, the
 * n-th with ASID and VMID n + CONTEXT_TAG.
 */
enum { SID_CONTEXT = 64, CONTEXTS = 64, CONTEXT_TAG = 256 };
enum { CMDQ_LOG2 = 10, BATCH = 64 };
/* Where pages of 4 KiB are mapped, and to what; larger ones: at 1 TiB, to 1 TiB. */
#define FIXTURE_IOVA 0x10000000ull
#define FIXTURE_DATA 0xa0000000ull

struct fixture {
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct smmu_port *port;
	uint64_t next_page; /* bump allocator in RAM */
	uint64_t cmdq, strtab;
	uint32_t prod;
	uint64_t iova, pages; /* mapped at iova in every stream */
	unsigned page_bits;
	bool beside; /* the bus is another's */
};

struct fixture_config {
	uint64_t pages;	      /* mapped in each stream; 0: 1 */
	uint32_t tlb_entries; /* as struct smmu_config */
	unsigned page_bits;   /* 12, 21, 30; 0: 12 */
	bool ats;	      /* full for SID_S1 */
	/* SMMU_STE_CONFIG_*: what the CONTEXTS streams have; 0: there are none. */
	unsigned contexts;
	const char *option; /* a member of struct smmu_config that is to be 1; or NULL */
	struct fixture *beside; /* a second SMMU on the bus of this one; NULL: its own */
};

/* NULL: no memory, or no such option. */
struct fixture *fixture_build(const struct fixture_config *cfg);
/* Pages of 4 KiB, and no contexts. */
struct fixture *fixture_create(uint64_t pages, uint32_t tlb_entries);
struct fixture *fixture_create_ats(uint64_t pages, uint32_t tlb_entries);
void fixture_destroy(struct fixture *f);

/* Puts a command into the queue; the SMMU sees it at the next fixture_ring(). */
static inline void fixture_push(struct fixture *f, const uint64_t cmd[2])
{
	uint64_t *slot = smmu_bus_ptr(f->bus, f->cmdq, 16u << CMDQ_LOG2);

	slot += 2 * (f->prod & ((1u << CMDQ_LOG2) - 1));
	slot[0] = cmd[0];
	slot[1] = cmd[1];
	f->prod = (f->prod + 1) & ((2u << CMDQ_LOG2) - 1);
}

static inline void fixture_ring(struct fixture *f)
{
	smmu_mmio_write(f->smmu, SMMU_REG_CMDQ_PROD, 4, f->prod);
}

/* A CMD_SYNC and the doorbell. */
static inline void fixture_sync(struct fixture *f)
{
	uint64_t sync[2] = { 0, 0 };

	smmu_set(sync, SMMU_CMD_SYNC_OPCODE, SMMU_OP_SYNC);
	fixture_push(f, sync);
	fixture_ring(f);
}

/*
 * Of a page, the byte that the cases look at: it differs, so that data of several
 * pages does not fight for one set of the host's caches.
 */
static inline uint64_t fixture_addr(const struct fixture *f, uint64_t page)
{
	return f->iova + (page << f->page_bits) + (page & 63) * 64;
}

/* True if everything was consumed without CERROR. */
bool fixture_idle(struct fixture *f);
/* Translates each of the first `pages` pages of a stream once, so that it is cached. */
bool fixture_fill(struct fixture *f, uint32_t sid, uint64_t pages);
/*
 * The same again, and counts hits: false if more than five in a hundred were not live.
 * So a case never measures what has been evicted.
 */
bool fixture_live(struct fixture *f, uint32_t sid, uint64_t pages);

#endif /* BENCH_FIXTURE_H */
