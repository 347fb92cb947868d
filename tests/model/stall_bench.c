/* SPDX-License-Identifier: MIT */
#include "stall_bench.h"
#include <errno.h>

static unsigned max_wanted;

static void with_stalls(struct smmu_config *cfg)
{
	cfg->stall_model = 0;
	cfg->stall_max = (uint16_t)max_wanted;
	cfg->term_model = 0;
}

void sb_cd(struct bench *b, bool a, bool r, bool s)
{
	uint64_t cd[8];

	b_cd(b, cd);
	smmu_set(cd, SMMU_CD_A, a);
	smmu_set(cd, SMMU_CD_R, r);
	smmu_set(cd, SMMU_CD_S, s);
	b_put_cd(b, SID, 0, b->cd, cd);
}

void sb_setup(struct bench *b, unsigned stall_max)
{
	uint64_t ste[8];

	max_wanted = stall_max;
	b_setup(b, SMMU_PRESET_V3_2, with_stalls);
	b_ste(b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(b, SID, ste);
	sb_cd(b, true, false, true);
}

void sb_map(struct bench *b, uint64_t va, uint64_t pa)
{
	h_map(&b->h, b->ttb0, va, pa, 3, h_s1_rw());
}

struct smmu_result sb_dma(struct bench *b, uint32_t sid, unsigned op, uint64_t addr,
			  void *buf, uint64_t len, uint64_t *done)
{
	const struct smmu_txn txn = { .sid = sid, .op = (uint8_t)op, .addr = addr };

	return smmu_dma(h_port(&b->h), &txn, buf, len, done);
}

uint16_t sb_stalled(struct bench *b, uint32_t sid, uint64_t addr)
{
	uint64_t dw[4];

	assert_true(h_event(&b->h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_StreamID), sid);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_Stall), 1);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_InputAddr), addr);
	return (uint16_t)smmu_get(dw, SMMU_F_TRANSLATION_STAG);
}

void sb_retry(struct bench *b, uint32_t sid, uint16_t stag)
{
	h_cmd(&b->h, 0x44 | 1 << 12 | (uint64_t)sid << 32, stag);
	assert_int_equal(h_cmdq_error(&b->h), 0);
}

void sb_end(struct bench *b, uint32_t sid, uint16_t stag, bool abort)
{
	h_cmd(&b->h, 0x44 | (uint64_t)abort << 13 | (uint64_t)sid << 32, stag);
	assert_int_equal(h_cmdq_error(&b->h), 0);
}

void sb_stall_term(struct bench *b, uint32_t sid)
{
	h_cmd(&b->h, 0x45 | (uint64_t)sid << 32, 0);
	assert_int_equal(h_cmdq_error(&b->h), 0);
}

void sb_expect(struct bench *b, uint64_t ticket, unsigned status, uint64_t done)
{
	struct smmu_result res;
	uint64_t moved = ~0ull;

	assert_int_equal(smmu_port_wait(h_port(&b->h), ticket, 0, &res, &moved), 0);
	assert_int_equal(res.status, status);
	assert_int_equal(res.ticket, ticket);
	assert_int_equal(moved, done);
	assert_int_equal(smmu_port_wait(h_port(&b->h), ticket, 0, &res, &moved), -ENOENT);
}

void sb_expect_held(struct bench *b, uint64_t ticket)
{
	assert_int_equal(smmu_port_wait(h_port(&b->h), ticket, 0, NULL, NULL),
			 -ETIMEDOUT);
}
