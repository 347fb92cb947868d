/* SPDX-License-Identifier: MIT */
#include "model/ecmdq_bench.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

uint64_t eq_offset(struct harness *h, unsigned page, unsigned n)
{
	uint64_t base = h_rd64(h, (uint64_t)SMMU_REG_CMDQ_CONTROL_PAGE_BASE((int)page));
	unsigned log2numq = (unsigned)smmu_reg_get(h_rd32(h, SMMU_REG_IDR6),
						   SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMQ);

	return smmu_reg_get_addr(base, SMMU_CMDQ_CONTROL_PAGE_BASE_ADDR) +
	       (uint64_t)SMMU_REG_ECMDQ_BASE((int)n, log2numq);
}

void eq_open(struct eq *q, struct harness *h, unsigned page, unsigned n, unsigned log2)
{
	uint64_t size = 16ull << log2;

	*q = (struct eq){ .h = h, .log2 = log2 };
	q->reg = eq_offset(h, page, n);
	q->ring = h_alloc(h, size, size < 4096 ? 4096 : size);
	h_wr64(h, q->reg + EQ_BASE, q->ring | log2);
	h_wr32(h, q->reg + EQ_PROD, 0);
	h_wr32(h, q->reg + EQ_CONS, 0);
	h_wr32(h, q->reg + EQ_PROD, EQ_EN);
	assert_int_equal(eq_cons(q), EQ_ENACK);
}

void eq_put(struct eq *q, uint64_t dw0, uint64_t dw1)
{
	const uint64_t dw[2] = { dw0, dw1 };
	uint32_t wrap = (2u << q->log2) - 1, index = (1u << q->log2) - 1;

	h_write_dw(q->h, q->ring + 16ull * (q->prod & index), dw, 2);
	q->prod = (q->prod & ~wrap) | ((q->prod + 1) & wrap);
}

void eq_kick(struct eq *q)
{
	h_wr32(q->h, q->reg + EQ_PROD, q->prod | EQ_EN);
}

void eq_cmd(struct eq *q, uint64_t dw0, uint64_t dw1)
{
	eq_put(q, dw0, dw1);
	eq_kick(q);
}

uint32_t eq_cons(struct eq *q)
{
	return h_rd32(q->h, q->reg + EQ_CONS);
}

uint32_t eq_rd(struct eq *q)
{
	return eq_cons(q) & EQ_INDEX;
}

uint32_t eq_gerror(struct harness *h)
{
	return h_rd32(h, SMMU_REG_GERROR) ^ h_rd32(h, SMMU_REG_GERRORN);
}
