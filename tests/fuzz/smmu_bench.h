/* SPDX-License-Identifier: MIT */
/*
 * What the fuzzers of the model share: an SMMU whose configuration, memory, registers,
 * commands and transactions come from the input, and what must hold whatever they are.
 * An input is a script: configuration first, then one operation after another.
 */
#ifndef TESTS_FUZZ_SMMU_BENCH_H
#define TESTS_FUZZ_SMMU_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/arch.h>
#include <smmulator/ats.h>
#include <smmulator/bus.h>
#include <smmulator/config.h>
#include <smmulator/smmu.h>

#define FB_RAM	    0x80000000ull
#define FB_RAM_SIZE 0x40000ull
#define FB_MSI	    0x08020000ull
/* Offsets in RAM. */
#define FB_STRTAB 0x0u	   /* 64 STEs; two-level: those of the first L1STD */
#define FB_L1STD  0x2000u  /* 4 */
#define FB_CMDQ	  0x4000u  /* 32 */
#define FB_EVENTQ 0x5000u  /* 32 */
#define FB_PRIQ	  0x6000u  /* 32 */
#define FB_CD	  0x8000u  /* 64 */
#define FB_L1CD	  0xa000u  /* 4 */
#define FB_S1	  0x10000u /* one table for each level */
#define FB_S2	  0x18000u /* level 0, 1, 2; the last has the identity in blocks */
#define FB_DATA	  0x20000u /* what VA 0, 0x1000 ... map to */

struct fuzz_input {
	const uint8_t *data;
	size_t left;
};
/* Bytes beyond the end are 0. */
uint8_t fuzz_u8(struct fuzz_input *in);
uint64_t fuzz_bits(struct fuzz_input *in, unsigned bytes);
/* A number with a taste for edges, RAM addresses and single bits. */
uint64_t fuzz_value(struct fuzz_input *in);

struct fuzz_bench {
	struct fuzz_input in;
	struct smmu_config cfg;
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct smmu_port *port;
	uint8_t *ram;
	uint32_t cmdq_prod;
	unsigned depth; /* of handlers that came back in */
	/* What a stalled transaction reads and writes: it may outlive the call. */
	uint8_t buf[256];
	uint64_t expected;
	uint64_t last_inv, last_ticket; /* ATC_INV, stall */
};

/* From the first bytes of the input. enabled: as a driver would have left it. */
void fuzz_open(struct fuzz_bench *b, const uint8_t *data, size_t size, bool enabled);
void fuzz_close(struct fuzz_bench *b);

/* One operation each, from the input. */
void fuzz_mmio(struct fuzz_bench *b);
void fuzz_poke(struct fuzz_bench *b);
void fuzz_command(struct fuzz_bench *b);
void fuzz_transaction(struct fuzz_bench *b);
void fuzz_move(struct fuzz_bench *b);		      /* smmu_dma, smmu_dma_cas64 */
void fuzz_attach(struct fuzz_bench *b, unsigned sid); /* a PCIe function */
void fuzz_ats(struct fuzz_bench *b);		      /* PCIe functions: ATS, PRI */
void fuzz_stalled(struct fuzz_bench *b);	      /* smmu_port_wait() and the like */
/* What holds at any time; aborts if it does not. */
void fuzz_check(struct fuzz_bench *b);

#endif /* TESTS_FUZZ_SMMU_BENCH_H */
