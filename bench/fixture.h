/* SPDX-License-Identifier: MIT */
/*
 * A machine to measure on: RAM, one SMMU, tables for 4 KiB pages, and a command
 * queue that the benchmark fills by hand, so that no driver is in the figures.
 */
#ifndef BENCH_FIXTURE_H
#define BENCH_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/arch.h>
#include <smmulator/smmu.h>

/* StreamIDs, by what translates. All in VMID 7; stage 1 has ASID 5. */
enum { SID_S1 = 1, SID_S2 = 2, SID_NESTED = 3, VMID = 7, ASID = 5 };
enum { CMDQ_LOG2 = 10 };
#define FIXTURE_IOVA 0x10000000ull

struct fixture {
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct smmu_port *port;
	uint64_t next_page; /* bump allocator in RAM */
	uint64_t cmdq, strtab;
	uint32_t prod;
	uint64_t pages; /* mapped at FIXTURE_IOVA in every stream */
};

/* Maps `pages` 4 KiB pages at FIXTURE_IOVA for each stream. NULL: no memory. */
struct fixture *fixture_create(uint64_t pages, uint32_t tlb_entries);
/* The same with ATS, full for SID_S1. */
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

/* True if everything was consumed without CERROR. */
bool fixture_idle(struct fixture *f);
/* Translates each mapped page of a stream once, so that it is cached. */
bool fixture_fill(struct fixture *f, uint32_t sid);

#endif /* BENCH_FIXTURE_H */
