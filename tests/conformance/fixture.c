/* SPDX-License-Identifier: MIT */
/* The known-good configurations that entries change. */
#include "conformance/bench.h"
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

static const uint64_t page = ~UINT64_C(0xfff);

static void map_stage1(struct cf_bench *b, uint64_t out)
{
	struct harness *h = &b->h;

	h->next = CF_S1_TT;
	assert_int_equal(h_table(h), CF_S1_TT);
	h_map(h, CF_S1_TT, CF_IOVA & page, out & page, 3, h_s1_rw());
	for (unsigned l = 0; l < 4; l++)
		b->s1d[l] = h_desc_pa(h, CF_S1_TT, CF_IOVA, l);
}

static void map_stage2(struct cf_bench *b, uint64_t in)
{
	struct harness *h = &b->h;

	h->next = CF_S2_TT;
	assert_int_equal(h_table(h), CF_S2_TT);
	h_map(h, CF_S2_TT, in & page, CF_PA & page, 3, h_s2_rw());
	for (unsigned l = 0; l < 4; l++) {
		uint64_t tt = CF_S1_TT + 0x1000 * l;

		b->s2d[l] = h_desc_pa(h, CF_S2_TT, in, l);
		h_map(h, CF_S2_TT, tt, tt, 3, h_s2_rw());
		b->s2tt[l] = h_desc_pa(h, CF_S2_TT, tt, 3);
	}
	for (uint64_t pa = CF_CD; pa < CF_S1_TT; pa += 0x1000)
		h_map(h, CF_S2_TT, pa, pa, 3, h_s2_rw());
	b->s2cd = h_desc_pa(h, CF_S2_TT, CF_CD, 3);
}

static void write_cds(struct cf_bench *b)
{
	uint64_t cd[8];

	for (unsigned ssid = 0; ssid < 4; ssid++) {
		h_cd_s1(cd, CF_S1_TT, (uint16_t)(CF_ASID + ssid));
		h_write_dw(&b->h, CF_CD + 64ull * ssid, cd, 8);
	}
}

static void ste_substreams(struct cf_bench *b, uint64_t ste[8])
{
	uint64_t l1[1] = { 0 };

	if (b->c->fixture & (SUBSTREAMS | TWO_LEVEL_CD)) {
		smmu_set(ste, SMMU_STE_S1CDMax, 2);
		smmu_set(ste, SMMU_STE_S1DSS, 1);
	}
	if (!(b->c->fixture & TWO_LEVEL_CD))
		return;
	smmu_set(ste, SMMU_STE_S1CDMax, 8);
	smmu_set(ste, SMMU_STE_S1Fmt, 1);
	smmu_set(ste, SMMU_STE_S1ContextPtr, CF_ADDR(SMMU_STE_S1ContextPtr, CF_L1CD));
	smmu_set(l1, SMMU_L1CD_V, 1);
	smmu_set(l1, SMMU_L1CD_L2Ptr, CF_ADDR(SMMU_L1CD_L2Ptr, CF_CD));
	h_write64(&b->h, CF_L1CD, l1[0]);
}

static void write_stream(struct cf_bench *b)
{
	uint64_t ste[8];

	switch (b->c->fixture & 0xff) {
	case BYPASS:
		h_ste_bypass(ste);
		break;
	case S1:
		map_stage1(b, CF_PA);
		write_cds(b);
		h_ste_s1(ste, CF_CD);
		ste_substreams(b, ste);
		break;
	case S2:
		map_stage2(b, CF_IOVA);
		h_ste_s2(ste, CF_S2_TT, CF_VMID);
		break;
	default:
		map_stage1(b, CF_IPA);
		map_stage2(b, CF_IPA);
		write_cds(b);
		h_ste_nested(ste, CF_CD, CF_S2_TT, CF_VMID);
		ste_substreams(b, ste);
		break;
	}
	h_ste_write(&b->h, CF_SID, ste);
}

static void two_level(struct cf_bench *b)
{
	uint32_t cfg = (uint32_t)smmu_reg_set(0, SMMU_STRTAB_BASE_CFG_LOG2SIZE, 8);
	uint64_t l1[1] = { 0 };

	cfg = (uint32_t)smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_SPLIT, 6);
	cfg = (uint32_t)smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_FMT, 1);
	h_wr64(&b->h, SMMU_REG_STRTAB_BASE, CF_L1STD);
	h_wr32(&b->h, SMMU_REG_STRTAB_BASE_CFG, cfg);
	smmu_set(l1, SMMU_L1STD_Span, 7);
	smmu_set(l1, SMMU_L1STD_L2Ptr, CF_ADDR(SMMU_L1STD_L2Ptr, CF_STRTAB));
	h_write64(&b->h, CF_L1STD, l1[0]);
}

void cf_fixture_build(struct cf_bench *b, const struct smmu_config *cfg)
{
	struct harness *h = &b->h;

	h_setup_cfg(h, cfg);
	memset(b->s1d, 0, sizeof(b->s1d));
	memset(b->s2d, 0, sizeof(b->s2d));
	memset(b->s2tt, 0, sizeof(b->s2tt));
	b->s2cd = 0;
	if (b->c->fixture == OFF)
		return;
	h->next = CF_STRTAB;
	h_init_strtab(h);
	assert_int_equal(h->strtab, CF_STRTAB);
	h_init_queues(h);
	if (b->c->fixture & TWO_LEVEL)
		two_level(b);
	write_stream(b);
	h_invalidate_all(h);
	h_wr32(h, SMMU_REG_CR0,
	       h_rd32(h, SMMU_REG_CR0) | (uint32_t)SMMU_MASK(SMMU_CR0_SMMUEN));
}
