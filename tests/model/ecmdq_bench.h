/* SPDX-License-Identifier: MIT */
/* An Enhanced Command queue as its driver sees it. */
#ifndef TESTS_MODEL_ECMDQ_BENCH_H
#define TESTS_MODEL_ECMDQ_BENCH_H

#include "model/harness.h"

enum {
	EQ_BASE = SMMU_REG_ECMDQ_BASE,
	EQ_PROD = SMMU_REG_ECMDQ_PROD,
	EQ_CONS = SMMU_REG_ECMDQ_CONS,
	EQ_EN = 1u << 31,
	EQ_ENACK = 1u << 31,
	EQ_ERR = 1u << 23,
	EQ_INDEX = 0xfffff,
};

struct eq {
	struct harness *h;
	uint64_t reg;  /* its registers, from page 0 */
	uint64_t ring; /* PA */
	unsigned log2;
	uint32_t prod; /* with wrap flag and ERRACK */
};

/* Finds queue n of a control page as the registers describe it (REG-106). */
uint64_t eq_offset(struct harness *h, unsigned page, unsigned n);
/* Gives it memory for 2^log2 commands and enables it. */
void eq_open(struct eq *q, struct harness *h, unsigned page, unsigned n, unsigned log2);
void eq_put(struct eq *q, uint64_t dw0, uint64_t dw1); /* into memory only */
void eq_kick(struct eq *q);			       /* PROD */
void eq_cmd(struct eq *q, uint64_t dw0, uint64_t dw1); /* both */
uint32_t eq_cons(struct eq *q);
uint32_t eq_rd(struct eq *q); /* RD and its wrap flag */

/* GERROR bits that are active. */
uint32_t eq_gerror(struct harness *h);

#endif /* TESTS_MODEL_ECMDQ_BENCH_H */
