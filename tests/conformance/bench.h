/* SPDX-License-Identifier: MIT */
/* What harness.c, fixture.c and transaction.c share; entries do not see it. */
#ifndef TESTS_CONFORMANCE_BENCH_H
#define TESTS_CONFORMANCE_BENCH_H

#include "conformance/harness.h"

#define CF_REGS	    2048u /* 32-bit words of pages 0 and 1 */
#define CF_RAM_SIZE (CF_END - CF_STRTAB)

struct cf_bench {
	struct harness h;
	const struct cf_case *c;
	const char *topic;
	unsigned step, failures;
	uint64_t s1d[4], s2d[4], s2cd, s2tt[4]; /* PAs of descriptors, 0: none */
	uint64_t cmd[2];
	/* As registers and memory were, with the changes that are wanted. */
	uint32_t regs[CF_REGS];
	uint64_t ram[CF_RAM_SIZE / 8];
};

void cf_fail(struct cf_bench *b, const char *field, uint64_t want, uint64_t got);
void cf_check(struct cf_bench *b, const char *field, uint64_t want, uint64_t got);
void cf_snapshot(struct cf_bench *b);
void cf_compare(struct cf_bench *b);
/* A register or word of the snapshot. */
uint32_t *cf_reg(struct cf_bench *b, uint32_t offset);
uint64_t *cf_ram(struct cf_bench *b, uint64_t pa);
uint64_t cf_place_pa(struct cf_bench *b, unsigned place, unsigned level, uint32_t field);
/* The changes that are wanted, into the snapshot. */
void cf_expect_regs(struct cf_bench *b, const struct cf_want *want);
void cf_expect_mem(struct cf_bench *b, const struct cf_want *want);

void cf_fixture_build(struct cf_bench *b, const struct smmu_config *cfg);
void cf_transaction(struct cf_bench *b, const struct cf_txn *t,
		    const struct cf_want *want);
void cf_request(struct cf_bench *b, const struct cf_txn *t, const struct cf_want *want);
struct smmu_txn cf_make_txn(const struct cf_txn *t);
/* Exactly this record, and nothing else of it. */
void cf_expect_event(struct cf_bench *b, const struct smmu_txn *txn,
		     const struct cf_want *want);

/* Tests that are no tables: others.c. */
void cf_two_smmus(void **state);
void cf_whole_words(void **state);

#endif /* TESTS_CONFORMANCE_BENCH_H */
