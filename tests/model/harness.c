/* SPDX-License-Identifier: MIT */
#include "model/harness.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/run.h>

static void on_doorbell(void *ctx, uint64_t pa, uint32_t data,
			const struct smmu_attr *attr)
{
	struct harness *h = ctx;

	(void)attr;
	assert_true(h->n_msi < sizeof(h->msi) / sizeof(h->msi[0]));
	h->msi[h->n_msi].pa = pa;
	h->msi[h->n_msi++].data = data;
}

static void on_log(void *ctx, const char *message)
{
	struct harness *h = ctx;

	strncpy(h->refused, message, sizeof(h->refused) - 1);
}

void h_mode(struct smmu_config *cfg)
{
	const char *mode = getenv("SMMU_TEST_MODE"), *seed = getenv("SMMU_TEST_SEED");

	if (!mode || cfg->mode != SMMU_MODE_INLINE)
		return;
	if (strcmp(mode, "stepped") == 0)
		cfg->mode = SMMU_MODE_STEPPED;
	else if (strcmp(mode, "threaded") == 0)
		cfg->mode = SMMU_MODE_THREADED;
	else
		fail_msg("SMMU_TEST_MODE=%s: stepped or threaded are legal", mode);
	cfg->seed = seed ? strtoull(seed, NULL, 0) : 0;
}

/* From a handler, what runs it goes on afterwards. */
void h_idle(struct harness *h)
{
	int steps = smmu_run_until_idle(h->smmu);

	assert_true(steps >= 0 || steps == -EDEADLK);
}

void h_setup_cfg(struct harness *h, const struct smmu_config *cfg)
{
	memset(h, 0, sizeof(*h));
	h->cfg = *cfg;
	h_mode(&h->cfg);
	if (!h->cfg.log) {
		h->cfg.log = on_log;
		h->cfg.log_ctx = h;
	}
	h->bus = smmu_bus_create();
	assert_non_null(h->bus);
	assert_int_equal(smmu_bus_add_ram(h->bus, H_RAM, H_RAM_SIZE, NULL), 0);
	assert_int_equal(smmu_bus_add_doorbell(h->bus, H_MSI, 0x1000, on_doorbell, h), 0);
	h->next = H_RAM + 0x100000;
	if (smmu_create(&h->smmu, h->bus, &h->cfg) != 0)
		fail_msg("smmu_create: %s", h->refused);
}

void h_setup(struct harness *h, enum smmu_preset preset,
	     void (*tweak)(struct smmu_config *cfg))
{
	struct smmu_config cfg;

	assert_int_equal(smmu_config_init(&cfg, preset), 0);
	if (tweak)
		tweak(&cfg);
	h_setup_cfg(h, &cfg);
}

struct smmu_port *h_port(struct harness *h)
{
	if (!h->port)
		h->port = smmu_port_open(h->smmu);
	assert_non_null(h->port);
	return h->port;
}

void h_teardown(struct harness *h)
{
	if (h->port)
		smmu_port_close(h->port);
	smmu_destroy(h->smmu);
	smmu_bus_destroy(h->bus);
	memset(h, 0, sizeof(*h));
}

/* ---- memory ---- */

uint64_t h_alloc(struct harness *h, uint64_t size, uint64_t align)
{
	uint64_t pa = (h->next + align - 1) & ~(align - 1);

	assert_true(pa + size <= H_RAM + H_RAM_SIZE);
	h->next = pa + size;
	return pa;
}

uint64_t h_read64(struct harness *h, uint64_t pa)
{
	uint64_t value = 0;

	assert_int_equal(smmu_bus_read64(h->bus, pa, &value, NULL), 0);
	return value;
}

void h_write64(struct harness *h, uint64_t pa, uint64_t value)
{
	assert_int_equal(smmu_bus_write64(h->bus, pa, value, NULL), 0);
}

void h_write_dw(struct harness *h, uint64_t pa, const uint64_t *dw, unsigned n)
{
	/* The first word holds V: last. */
	while (n-- > 0)
		h_write64(h, pa + 8 * n, dw[n]);
}

/* ---- registers ---- */

uint32_t h_rd32(struct harness *h, uint64_t reg)
{
	return (uint32_t)smmu_mmio_read(h->smmu, reg, 4);
}

uint64_t h_rd64(struct harness *h, uint64_t reg)
{
	return smmu_mmio_read(h->smmu, reg, 8);
}

void h_wr32(struct harness *h, uint64_t reg, uint32_t value)
{
	smmu_mmio_write(h->smmu, reg, 4, value);
	h_idle(h);
}

void h_wr64(struct harness *h, uint64_t reg, uint64_t value)
{
	smmu_mmio_write(h->smmu, reg, 8, value);
	h_idle(h);
}

/* ---- bring-up ---- */

static uint64_t base_value(unsigned addr_field, uint64_t pa, unsigned log2_field,
			   unsigned log2)
{
	uint64_t base = pa & SMMU_MASK(addr_field);

	return smmu_reg_set(base, log2_field, log2);
}

static unsigned min_u(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

void h_init_queues(struct harness *h)
{
	uint32_t cr1 = h_rd32(h, SMMU_REG_CR1);

	h->cmdq_log2 = min_u(6, h->cfg.cmdqs);
	h->eventq_log2 = min_u(6, h->cfg.eventqs);
	h->cmdq = h_alloc(h, 16ull << h->cmdq_log2, 4096);
	h->eventq = h_alloc(h, 32ull << h->eventq_log2, 4096);
	cr1 = (uint32_t)smmu_reg_set(cr1, SMMU_CR1_QUEUE_SH, 3);
	cr1 = (uint32_t)smmu_reg_set(cr1, SMMU_CR1_QUEUE_OC, 1);
	cr1 = (uint32_t)smmu_reg_set(cr1, SMMU_CR1_QUEUE_IC, 1);
	h_wr32(h, SMMU_REG_CR1, cr1);
	h_wr64(h, SMMU_REG_CMDQ_BASE,
	       base_value(SMMU_CMDQ_BASE_ADDR, h->cmdq, SMMU_CMDQ_BASE_LOG2SIZE,
			  h->cmdq_log2));
	h_wr32(h, SMMU_REG_CMDQ_PROD, 0);
	h_wr32(h, SMMU_REG_CMDQ_CONS, 0);
	h_wr64(h, SMMU_REG_EVENTQ_BASE,
	       base_value(SMMU_EVENTQ_BASE_ADDR, h->eventq, SMMU_EVENTQ_BASE_LOG2SIZE,
			  h->eventq_log2));
	h_wr32(h, SMMU_REG_EVENTQ_PROD, 0);
	h_wr32(h, SMMU_REG_EVENTQ_CONS, 0);
	h_wr32(h, SMMU_REG_CR0,
	       (uint32_t)(SMMU_MASK(SMMU_CR0_CMDQEN) | SMMU_MASK(SMMU_CR0_EVENTQEN)));
	assert_int_equal(h_rd32(h, SMMU_REG_CR0ACK), h_rd32(h, SMMU_REG_CR0));
}

void h_init_strtab(struct harness *h)
{
	uint32_t cr1 = h_rd32(h, SMMU_REG_CR1);

	h->strtab_log2 = min_u(8, h->cfg.sid_bits);
	h->strtab = h_alloc(h, 64ull << h->strtab_log2, 64ull << h->strtab_log2);
	cr1 = (uint32_t)smmu_reg_set(cr1, SMMU_CR1_TABLE_SH, 3);
	cr1 = (uint32_t)smmu_reg_set(cr1, SMMU_CR1_TABLE_OC, 1);
	cr1 = (uint32_t)smmu_reg_set(cr1, SMMU_CR1_TABLE_IC, 1);
	h_wr32(h, SMMU_REG_CR1, cr1);
	h_wr32(h, SMMU_REG_CR2, (uint32_t)SMMU_MASK(SMMU_CR2_RECINVSID));
	h_wr64(h, SMMU_REG_STRTAB_BASE, h->strtab);
	h_wr32(h, SMMU_REG_STRTAB_BASE_CFG,
	       (uint32_t)smmu_reg_set(0, SMMU_STRTAB_BASE_CFG_LOG2SIZE, h->strtab_log2));
}

void h_enable(struct harness *h)
{
	h_init_strtab(h);
	h_init_queues(h);
	h_invalidate_all(h);
	h_wr32(h, SMMU_REG_CR0,
	       h_rd32(h, SMMU_REG_CR0) | (uint32_t)SMMU_MASK(SMMU_CR0_SMMUEN));
	assert_int_equal(h_rd32(h, SMMU_REG_CR0ACK), h_rd32(h, SMMU_REG_CR0));
}

void h_disable(struct harness *h)
{
	h_wr32(h, SMMU_REG_CR0, 0);
	assert_int_equal(h_rd32(h, SMMU_REG_CR0ACK), 0);
}

/* ---- commands and events ---- */

void h_cmd(struct harness *h, uint64_t dw0, uint64_t dw1)
{
	uint32_t wrap_mask = (2u << h->cmdq_log2) - 1,
		 index_mask = (1u << h->cmdq_log2) - 1;
	uint32_t prod = h_rd32(h, SMMU_REG_CMDQ_PROD) & wrap_mask;
	const uint64_t dw[2] = { dw0, dw1 };

	h_write_dw(h, h->cmdq + 16ull * (prod & index_mask), dw, 2);
	h_wr32(h, SMMU_REG_CMDQ_PROD, (prod + 1) & wrap_mask);
}

void h_cmd_dw(struct harness *h, const uint64_t *dw)
{
	h_cmd(h, dw[0], dw[1]);
}

void h_sync(struct harness *h)
{
	h_cmd(h, SMMU_OP_SYNC, 0);
	assert_int_equal(h_cmdq_error(h), 0);
	assert_int_equal(h_rd32(h, SMMU_REG_CMDQ_CONS) & 0xfffff,
			 h_rd32(h, SMMU_REG_CMDQ_PROD));
}

unsigned h_cmdq_error(struct harness *h)
{
	uint32_t active = h_rd32(h, SMMU_REG_GERROR) ^ h_rd32(h, SMMU_REG_GERRORN);

	if (!(active & SMMU_MASK(SMMU_GERROR_CMDQ_ERR)))
		return 0;
	return (unsigned)smmu_reg_get(h_rd32(h, SMMU_REG_CMDQ_CONS), SMMU_CMDQ_CONS_ERR);
}

/* As Linux does it: make the bad command a CMD_SYNC, then acknowledge. */
void h_cmdq_skip(struct harness *h)
{
	uint32_t index = h_rd32(h, SMMU_REG_CMDQ_CONS) & ((1u << h->cmdq_log2) - 1);
	const uint64_t nop[2] = { SMMU_OP_SYNC, 0 };

	h_write_dw(h, h->cmdq + 16ull * index, nop, 2);
	h_wr32(h, SMMU_REG_GERRORN,
	       h_rd32(h, SMMU_REG_GERRORN) ^ (uint32_t)SMMU_MASK(SMMU_GERROR_CMDQ_ERR));
}

void h_invalidate_all(struct harness *h)
{
	uint64_t all[2] = { 0, 0 };

	smmu_set(all, SMMU_CMD_CFGI_ALL_OPCODE, SMMU_OP_CFGI_ALL);
	smmu_set(all, SMMU_CMD_CFGI_ALL_Range, 31);
	h_cmd_dw(h, all);
	h_cmd(h, SMMU_OP_TLBI_NSNH_ALL, 0);
	if (h->cfg.hyp)
		h_cmd(h, SMMU_OP_TLBI_EL2_ALL, 0);
	h_sync(h);
}

bool h_event(struct harness *h, uint64_t dw[4])
{
	uint32_t wrap_mask = (2u << h->eventq_log2) - 1,
		 index_mask = (1u << h->eventq_log2) - 1;
	uint32_t prod = h_rd32(h, SMMU_REG_EVENTQ_PROD),
		 cons = h_rd32(h, SMMU_REG_EVENTQ_CONS);
	uint64_t pa = h->eventq + 32ull * (cons & index_mask);

	if (((prod ^ cons) & wrap_mask) == 0)
		return false;
	for (unsigned i = 0; i < 4; i++)
		dw[i] = h_read64(h, pa + 8 * i);
	/* Acknowledges an overflow with it (EVT-69). */
	h_wr32(h, SMMU_REG_EVENTQ_CONS, ((cons + 1) & wrap_mask) | (prod & 0x80000000u));
	return true;
}

unsigned h_events_drain(struct harness *h)
{
	uint64_t dw[4];
	unsigned n = 0;

	while (h_event(h, dw))
		n++;
	return n;
}

/* ---- structures ---- */

uint64_t h_ste_pa(struct harness *h, uint32_t sid)
{
	assert_true(sid < (1u << h->strtab_log2));
	return h->strtab + 64ull * sid;
}

void h_ste_write(struct harness *h, uint32_t sid, const uint64_t ste[8])
{
	h_write_dw(h, h_ste_pa(h, sid), ste, 8);
}

static void ste_begin(uint64_t ste[8], unsigned config)
{
	memset(ste, 0, 8 * sizeof(ste[0]));
	smmu_set(ste, SMMU_STE_V, 1);
	smmu_set(ste, SMMU_STE_Config, config);
	smmu_set(ste, SMMU_STE_SHCFG, 1); /* incoming */
}

static void ste_add_s1(uint64_t ste[8], uint64_t cd)
{
	ste[0] |= cd & SMMU_MASK(SMMU_STE_S1ContextPtr);
	smmu_set(ste, SMMU_STE_S1CIR, 1);
	smmu_set(ste, SMMU_STE_S1COR, 1);
	smmu_set(ste, SMMU_STE_S1CSH, 3);
}

static void ste_add_s2(uint64_t ste[8], uint64_t ttb, uint16_t vmid)
{
	smmu_set(ste, SMMU_STE_S2VMID, vmid);
	smmu_set(ste, SMMU_STE_S2T0SZ, 16);
	smmu_set(ste, SMMU_STE_S2SL0, 2);
	smmu_set(ste, SMMU_STE_S2IR0, 1);
	smmu_set(ste, SMMU_STE_S2OR0, 1);
	smmu_set(ste, SMMU_STE_S2SH0, 3);
	smmu_set(ste, SMMU_STE_S2TG, 0);
	smmu_set(ste, SMMU_STE_S2PS, 5);
	smmu_set(ste, SMMU_STE_S2AA64, 1);
	smmu_set(ste, SMMU_STE_S2AFFD, 0);
	smmu_set(ste, SMMU_STE_S2R, 1);
	ste[SMMU_FIELD_LSB(SMMU_STE_S2TTB) / 64] |= ttb & SMMU_MASK(SMMU_STE_S2TTB);
}

void h_ste_bypass(uint64_t ste[8])
{
	ste_begin(ste, SMMU_STE_CONFIG_BYPASS);
}

void h_ste_s1(uint64_t ste[8], uint64_t cd_pa)
{
	ste_begin(ste, SMMU_STE_CONFIG_S1);
	ste_add_s1(ste, cd_pa);
}

void h_ste_s2(uint64_t ste[8], uint64_t ttb, uint16_t vmid)
{
	ste_begin(ste, SMMU_STE_CONFIG_S2);
	ste_add_s2(ste, ttb, vmid);
}

void h_ste_nested(uint64_t ste[8], uint64_t cd_ipa, uint64_t ttb, uint16_t vmid)
{
	ste_begin(ste, SMMU_STE_CONFIG_NESTED);
	ste_add_s1(ste, cd_ipa);
	ste_add_s2(ste, ttb, vmid);
}

void h_cd_s1(uint64_t cd[8], uint64_t ttb0, uint16_t asid)
{
	memset(cd, 0, 8 * sizeof(cd[0]));
	smmu_set(cd, SMMU_CD_T0SZ, 16);
	smmu_set(cd, SMMU_CD_TG0, 0);
	smmu_set(cd, SMMU_CD_IR0, 1);
	smmu_set(cd, SMMU_CD_OR0, 1);
	smmu_set(cd, SMMU_CD_SH0, 3);
	smmu_set(cd, SMMU_CD_EPD1, 1);
	smmu_set(cd, SMMU_CD_V, 1);
	smmu_set(cd, SMMU_CD_IPS, 5);
	smmu_set(cd, SMMU_CD_AA64, 1);
	smmu_set(cd, SMMU_CD_A, 1);
	smmu_set(cd, SMMU_CD_R, 1);
	smmu_set(cd, SMMU_CD_ASET, 1);
	smmu_set(cd, SMMU_CD_ASID, asid);
	smmu_set(cd, SMMU_CD_TTB0, 0);
	cd[SMMU_FIELD_LSB(SMMU_CD_TTB0) / 64] |= ttb0 & SMMU_MASK(SMMU_CD_TTB0);
	cd[3] = 0xff; /* MAIR0.Attr0: Normal write-back, read- and write-allocate */
}

/* ---- tables ---- */

#define DESC_ADDR_MASK 0x0000fffffffff000ull

uint64_t h_table(struct harness *h)
{
	static const char zero[4096];
	uint64_t pa = h_alloc(h, 4096, 4096);

	assert_int_equal(smmu_bus_write(h->bus, pa, zero, sizeof(zero), NULL), 0);
	return pa;
}

static uint64_t desc_slot(uint64_t table, uint64_t addr, unsigned level)
{
	return table + 8 * ((addr >> (12 + 9 * (3 - level))) & 511);
}

uint64_t h_desc_pa(struct harness *h, uint64_t root, uint64_t addr, unsigned level)
{
	uint64_t table = root;

	for (unsigned l = 0; l < level; l++) {
		uint64_t desc = h_read64(h, desc_slot(table, addr, l));

		if ((desc & 3) != 3)
			return 0;
		table = desc & DESC_ADDR_MASK;
	}
	return desc_slot(table, addr, level);
}

void h_map(struct harness *h, uint64_t root, uint64_t addr, uint64_t pa, unsigned level,
	   uint64_t attrs)
{
	uint64_t table = root;

	for (unsigned l = 0; l < level; l++) {
		uint64_t slot = desc_slot(table, addr, l);
		uint64_t desc = h_read64(h, slot);

		if (!(desc & 1)) {
			desc = h_table(h) | 3;
			h_write64(h, slot, desc);
		}
		table = desc & DESC_ADDR_MASK;
	}
	h_write64(h, desc_slot(table, addr, level), pa | attrs | (level == 3 ? 3 : 1));
}

uint64_t h_s1_rw(void)
{
	return SMMU_MASK(SMMU_S1DESC_AF) | smmu_reg_set(0, SMMU_S1DESC_AP, 1) |
	       smmu_reg_set(0, SMMU_S1DESC_SH, 3) | SMMU_MASK(SMMU_S1DESC_nG);
}

uint64_t h_s2_rw(void)
{
	return SMMU_MASK(SMMU_S2DESC_AF) | smmu_reg_set(0, SMMU_S2DESC_S2AP, 3) |
	       smmu_reg_set(0, SMMU_S2DESC_SH, 3) |
	       smmu_reg_set(0, SMMU_S2DESC_MemAttr, 15);
}
