/* SPDX-License-Identifier: MIT */
#include "model/dpt_bench.h"
#include "model/dpt/dpt.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

static void features(struct smmu_config *cfg)
{
	cfg->ttf = 2;
	cfg->dpt = 1;
}

void d_open(struct dbench *b, void (*tweak)(struct smmu_config *cfg))
{
	struct harness *h = &b->h;
	struct smmu_config cfg;

	assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_FULL), 0);
	features(&cfg);
	if (tweak)
		tweak(&cfg);
	h_setup_cfg(h, &cfg);
	h_enable(h);
	b->l0 = h_alloc(h, 8192, 8192);
	b->l1 = h_alloc(h, 1 << 20, 1 << 20);
	memset(smmu_bus_ptr(h->bus, b->l0, 8192), 0, 8192);
	memset(smmu_bus_ptr(h->bus, b->l1, 1 << 20), 0, 1 << 20);
	d_l0(b, H_RAM >> 30, b->l1 | 3);
	d_config(b, b->l0, D_CFG);
}

void d_close(struct dbench *b)
{
	h_teardown(&b->h);
}

void d_walks(struct dbench *b, bool on)
{
	uint64_t cr0 = h_rd32(&b->h, SMMU_REG_CR0);

	cr0 = smmu_reg_set(cr0, SMMU_CR0_DPT_WALK_EN, on);
	h_wr32(&b->h, SMMU_REG_CR0, (uint32_t)cr0);
	assert_int_equal(h_rd32(&b->h, SMMU_REG_CR0ACK), cr0);
}

void d_config(struct dbench *b, uint64_t base, uint32_t cfg)
{
	d_walks(b, false);
	h_wr64(&b->h, SMMU_REG_DPT_BASE, base);
	h_wr32(&b->h, SMMU_REG_DPT_BASE_CFG, cfg);
	assert_int_equal(h_rd32(&b->h, SMMU_REG_DPT_BASE_CFG), cfg);
	d_walks(b, true);
}

void d_l0(struct dbench *b, unsigned n, uint64_t desc)
{
	h_write64(&b->h, b->l0 + 8 * n, desc);
}

void d_l1(struct dbench *b, uint64_t pa, uint64_t desc)
{
	h_write64(&b->h, b->l1 + 8 * ((pa & 0x3fffffff) >> 13), desc);
}

uint64_t d_right(unsigned rights, unsigned vmid)
{
	return rights | (uint64_t)vmid << 16;
}

bool d_ask(struct dbench *b, unsigned vmatch, unsigned vmid, uint64_t pa, bool write)
{
	const struct smmu_dpt_access acc = { .sid = 5,
					     .vmatch = (uint8_t)vmatch,
					     .vmid = (uint16_t)vmid,
					     .pa = pa,
					     .write = write };

	return smmu_dpt_check(b->h.smmu, &acc);
}

bool d_read(struct dbench *b, uint64_t pa)
{
	return d_ask(b, 0, D_VMID, pa, false);
}

bool d_write(struct dbench *b, uint64_t pa)
{
	return d_ask(b, 0, D_VMID, pa, true);
}

uint64_t d_far(struct dbench *b)
{
	uint64_t far = h_rd64(&b->h, SMMU_REG_DPT_CFG_FAR);
	uint32_t gerror = h_rd32(&b->h, SMMU_REG_GERROR);
	uint32_t active = gerror ^ h_rd32(&b->h, SMMU_REG_GERRORN);

	/* DPT-8: both or none */
	assert_int_equal(far & 1, active >> 10 & 1);
	h_wr64(&b->h, SMMU_REG_DPT_CFG_FAR, 0);
	h_wr32(&b->h, SMMU_REG_GERRORN, gerror);
	return far;
}

void d_dpti_pa(struct dbench *b, uint64_t pa, unsigned size, unsigned leaf)
{
	h_cmd(&b->h, SMMU_OP_DPTI_PA, pa | size << 8 | leaf);
	h_sync(&b->h);
}

void d_dpti_all(struct dbench *b)
{
	h_cmd(&b->h, SMMU_OP_DPTI_ALL, 0);
	h_sync(&b->h);
}
