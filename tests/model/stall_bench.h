/* SPDX-License-Identifier: MIT */
/*
 * What the tests of stalls share: a stream whose stage 1 stalls, and one whose stage 2
 * does; the event that a stall records; commands that answer it.
 */
#ifndef TESTS_MODEL_STALL_BENCH_H
#define TESTS_MODEL_STALL_BENCH_H

#include "model/config_bench.h"
#include <smmulator/stall.h>

#define SID2   6u	    /* nested: stage 1 terminates, stage 2 stalls */
#define HOLE   0x777000ull  /* mapped by nobody */
#define F_READ (1ull << 35) /* RnW */
#define F_IN   (2ull << 40) /* CLASS */
#define STALL  (1ull << 31)

/* STALL_MODEL 0 with that many STAGs; RAZ/WI exists. */
void sb_setup(struct bench *b, unsigned stall_max);
/* The CD of SID, with these bits. */
void sb_cd(struct bench *b, bool a, bool r, bool s);
void sb_map(struct bench *b, uint64_t va, uint64_t pa);

struct smmu_result sb_dma(struct bench *b, uint32_t sid, unsigned op, uint64_t addr,
			  void *buf, uint64_t len, uint64_t *done);
/* The oldest event, which must be a stall of that stream and address: its STAG. */
uint16_t sb_stalled(struct bench *b, uint32_t sid, uint64_t addr);
void sb_retry(struct bench *b, uint32_t sid, uint16_t stag);
void sb_end(struct bench *b, uint32_t sid, uint16_t stag, bool abort);
void sb_stall_term(struct bench *b, uint32_t sid);
/* The ticket has ended like that; and: it has not. */
void sb_expect(struct bench *b, uint64_t ticket, unsigned status, uint64_t done);
void sb_expect_held(struct bench *b, uint64_t ticket);

#endif /* TESTS_MODEL_STALL_BENCH_H */
