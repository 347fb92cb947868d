/* SPDX-License-Identifier: MIT */
/*
 * Registers: 1. reset values; 2. which bits hold what is written; 3. when a write is
 * ignored; 4. the handshakes; 5. access sizes; 6. reserved locations.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "model/harness.h"

static int setup(void **state)
{
	static struct harness h;

	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	h_teardown(*state);
	return 0;
}

#define CR0(f)	    ((uint32_t)SMMU_MASK(SMMU_CR0_##f))
#define QUEUE_ATTRS 0x3fu
#define TABLE_ATTRS 0xfc0u

static void reset_values(void **state)
{
	static const uint64_t zero[] = {
		SMMU_REG_CR0,	      SMMU_REG_CR0ACK, SMMU_REG_IRQ_CTRL,
		SMMU_REG_IRQ_CTRLACK, SMMU_REG_GERROR, SMMU_REG_GERRORN,
		SMMU_REG_STATUSR,
	};
	struct harness *h = *state;

	/* REG-120 */
	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		assert_int_equal(h_rd32(h, zero[i]), 0);
	assert_int_equal(smmu_reg_get(h_rd32(h, SMMU_REG_GBPA), SMMU_GBPA_Update), 0);
	assert_int_equal(smmu_reg_get(h_rd32(h, SMMU_REG_GBPA), SMMU_GBPA_SHCFG), 1);

	h_enable(h);
	h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
	smmu_reset(h->smmu);
	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		assert_int_equal(h_rd32(h, zero[i]), 0);
}

/*
 * REG-5: every register: what it reads after all ones were written to it, all being
 * off. Only defined bits stay.
 */
static void bits_that_exist(void **state)
{
	static const struct {
		uint64_t reg;
		unsigned size;
		uint64_t ones;
	} cases[] = {
		/* REG-15: OAS is 48; RA and WA stay */
		{ SMMU_REG_STRTAB_BASE, 8, 0x4000ffffffffffc0 },
		{ SMMU_REG_STRTAB_BASE_CFG, 4, 0x000307ff },
		{ SMMU_REG_CMDQ_BASE, 8, 0x4000ffffffffffff },
		{ SMMU_REG_EVENTQ_BASE, 8, 0x4000ffffffffffff },
		{ SMMU_REG_GERROR_IRQ_CFG0, 8, 0x0000fffffffffffc },
		{ SMMU_REG_GERROR_IRQ_CFG1, 4, 0xffffffff },
		{ SMMU_REG_GERROR_IRQ_CFG2, 4, 0x3f },
		{ SMMU_REG_EVENTQ_IRQ_CFG0, 8, 0x0000fffffffffffc },
		{ SMMU_REG_EVENTQ_IRQ_CFG2, 4, 0x3f },
		{ SMMU_REG_CR1, 4, 0xfff },
		/* BTM == 0, ATSRECERR == 0: no PTM, no REC_CFG_ATS */
		{ SMMU_REG_CR2, 4, 0x3 },
		{ SMMU_REG_CMDQ_PROD, 4, 0xfffff },
		{ SMMU_REG_EVENTQ_CONS, 4, 0x800fffff },
		/* REG-6: no PRI, no S2PI, no MPAM, no ATOS, no ECMDQ, no DPT */
		{ SMMU_REG_PRIQ_BASE, 8, 0 },
		{ SMMU_REG_PRIQ_CONS, 4, 0 },
		{ SMMU_REG_PRIQ_IRQ_CFG2, 4, 0 },
		{ SMMU_REG_S2PII, 8, 0 },
		{ SMMU_REG_GMPAM, 4, 0 },
		{ SMMU_REG_GATOS_ADDR, 8, 0 },
		{ SMMU_REG_VATOS_SEL, 4, 0 },
		{ SMMU_REG_IDR6, 4, 0 },
		{ SMMU_REG_DPT_BASE, 8, 0 },
		/* REG-51: no use for AGBPA */
		{ SMMU_REG_AGBPA, 4, 0 },
		/* REG-4: RAZ/WI by default; REG-2, REG-3, REG-18 */
		{ 0xa8, 4, 0 },
		{ 0xac, 4, 0 },
		{ 0x78, 8, 0 },
		{ 0x10000, 4, 0 },
		{ 0x8020, 4, 0 },
		{ 0x1fffc, 4, 0 },
	};
	struct harness *h = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		smmu_mmio_write(h->smmu, cases[i].reg, cases[i].size, UINT64_MAX);
		if (smmu_mmio_read(h->smmu, cases[i].reg, cases[i].size) != cases[i].ones)
			fail_msg("register %#llx reads %#llx",
				 (unsigned long long)cases[i].reg,
				 (unsigned long long)smmu_mmio_read(h->smmu, cases[i].reg,
								    cases[i].size));
	}
}

static void read_only_registers(void **state)
{
	static const uint64_t ro[] = {
		SMMU_REG_IDR0,	 SMMU_REG_IDR1,	   SMMU_REG_IDR2,   SMMU_REG_IDR3,
		SMMU_REG_IDR4,	 SMMU_REG_IDR5,	   SMMU_REG_IIDR,   SMMU_REG_AIDR,
		SMMU_REG_CR0ACK, SMMU_REG_STATUSR, SMMU_REG_GERROR, SMMU_REG_IRQ_CTRLACK,
		SMMU_REG_PIDR0,	 SMMU_REG_CIDR3,
	};
	struct harness *h = *state;

	/* REG-7 */
	for (size_t i = 0; i < sizeof(ro) / sizeof(ro[0]); i++) {
		uint32_t before = h_rd32(h, ro[i]);

		h_wr32(h, ro[i], ~before);
		assert_int_equal(h_rd32(h, ro[i]), before);
	}
}

/*
 * REG-17, REG-23: a register, the CR0 bits that lock it as soon as they are requested,
 * and the CR0 bits that do not.
 */
static void write_guards(void **state)
{
	static const struct {
		uint64_t reg;
		uint32_t locks;
		uint64_t a, b;
		unsigned size;
	} cases[] = {
		/* REG-72, REG-40, REG-89 */
		{ SMMU_REG_STRTAB_BASE, CR0(SMMUEN), 0x80000000, 0x90000000, 8 },
		{ SMMU_REG_STRTAB_BASE_CFG, CR0(SMMUEN), 5, 6, 4 },
		{ SMMU_REG_CR2, CR0(SMMUEN), 2, 1, 4 },
		{ SMMU_REG_CMDQ_BASE, CR0(CMDQEN), 0x80000004, 0x90000005, 8 },
		{ SMMU_REG_CMDQ_CONS, CR0(CMDQEN), 0, 5, 4 },
		{ SMMU_REG_EVENTQ_BASE, CR0(EVENTQEN), 0x80000004, 0x90000005, 8 },
		{ SMMU_REG_EVENTQ_PROD, CR0(EVENTQEN), 3, 5, 4 },
		/* REG-36: any of the two queues, but not SMMUEN */
		{ SMMU_REG_CR1, CR0(SMMUEN) | CR0(CMDQEN), 0x15, 0x2a, 4 },
	};
	struct harness *h = *state;
	uint32_t all = CR0(SMMUEN) | CR0(EVENTQEN) | CR0(CMDQEN);

	/* So that limits do not hide what is written to indexes; nothing to consume. */
	h_wr64(h, SMMU_REG_CMDQ_BASE, 0x80000004);
	h_wr64(h, SMMU_REG_EVENTQ_BASE, 0x80000004);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		h_wr32(h, SMMU_REG_CR0, 0);
		smmu_mmio_write(h->smmu, cases[i].reg, cases[i].size, cases[i].a);
		h_wr32(h, SMMU_REG_CMDQ_PROD, h_rd32(h, SMMU_REG_CMDQ_CONS));
		h_wr32(h, SMMU_REG_CR0, cases[i].locks);
		smmu_mmio_write(h->smmu, cases[i].reg, cases[i].size, cases[i].b);
		assert_int_equal(smmu_mmio_read(h->smmu, cases[i].reg, cases[i].size),
				 cases[i].a);
		h_wr32(h, SMMU_REG_CR0, 0);
		if (cases[i].reg != SMMU_REG_CR1) {
			h_wr32(h, SMMU_REG_CR0, all & ~cases[i].locks & ~CR0(CMDQEN));
			smmu_mmio_write(h->smmu, cases[i].reg, cases[i].size, cases[i].b);
			assert_int_equal(
				smmu_mmio_read(h->smmu, cases[i].reg, cases[i].size),
				cases[i].b);
		}
	}
}

static void cr1_groups_have_their_own_guard(void **state)
{
	struct harness *h = *state;

	/* REG-35, REG-36, REG-37 */
	h_wr32(h, SMMU_REG_CR1, 0);
	h_wr32(h, SMMU_REG_CR0, CR0(SMMUEN));
	h_wr32(h, SMMU_REG_CR1, 0xfff);
	assert_int_equal(h_rd32(h, SMMU_REG_CR1), QUEUE_ATTRS);
	h_wr32(h, SMMU_REG_CR0, CR0(EVENTQEN));
	h_wr32(h, SMMU_REG_CR1, TABLE_ATTRS);
	assert_int_equal(h_rd32(h, SMMU_REG_CR1), 0xfff);
	h_wr32(h, SMMU_REG_CR0, 0);
	h_wr32(h, SMMU_REG_CR1, 0);
	assert_int_equal(h_rd32(h, SMMU_REG_CR1), 0);
}

static void msi_registers_are_guarded(void **state)
{
	struct harness *h = *state;

	/* REG-58 */
	h_wr64(h, SMMU_REG_EVENTQ_IRQ_CFG0, 0x1000);
	h_wr32(h, SMMU_REG_IRQ_CTRL, (uint32_t)SMMU_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN));
	h_wr64(h, SMMU_REG_EVENTQ_IRQ_CFG0, 0x2000);
	h_wr32(h, SMMU_REG_EVENTQ_IRQ_CFG1, 1);
	assert_int_equal(h_rd64(h, SMMU_REG_EVENTQ_IRQ_CFG0), 0x1000);
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_IRQ_CFG1), 0);
	/* the other source is free */
	h_wr64(h, SMMU_REG_GERROR_IRQ_CFG0, 0x3000);
	assert_int_equal(h_rd64(h, SMMU_REG_GERROR_IRQ_CFG0), 0x3000);
	h_wr32(h, SMMU_REG_IRQ_CTRL, 0);
	h_wr64(h, SMMU_REG_EVENTQ_IRQ_CFG0, 0x2000);
	assert_int_equal(h_rd64(h, SMMU_REG_EVENTQ_IRQ_CFG0), 0x2000);
}

static void cr0_handshake(void **state)
{
	struct harness *h = *state;

	/* REG-20, REG-21: reserved fields are neither kept nor mirrored; no PRI, ATS here
	 */
	h_wr32(h, SMMU_REG_CMDQ_PROD, h_rd32(h, SMMU_REG_CMDQ_CONS));
	h_wr32(h, SMMU_REG_CR0, 0xffffffff);
	/* v3.2 has VMW: bits 8:6 */
	assert_int_equal(h_rd32(h, SMMU_REG_CR0), 0x1cd);
	assert_int_equal(h_rd32(h, SMMU_REG_CR0ACK), 0x1cd); /* REG-27 */
	h_wr32(h, SMMU_REG_CR0, 0);
	assert_int_equal(h_rd32(h, SMMU_REG_CR0ACK), 0);
	/* the same for interrupts (REG-26) */
	h_wr32(h, SMMU_REG_IRQ_CTRL, 0xffffffff);
	assert_int_equal(h_rd32(h, SMMU_REG_IRQ_CTRL), 5);
	assert_int_equal(h_rd32(h, SMMU_REG_IRQ_CTRLACK), 5);
}

static void gbpa_update(void **state)
{
	struct harness *h = *state;
	uint32_t abort_bit = (uint32_t)SMMU_MASK(SMMU_GBPA_ABORT);
	uint32_t update = (uint32_t)SMMU_MASK(SMMU_GBPA_Update);
	uint32_t before = h_rd32(h, SMMU_REG_GBPA);

	/* REG-45: without Update nothing changes */
	h_wr32(h, SMMU_REG_GBPA, abort_bit);
	assert_int_equal(h_rd32(h, SMMU_REG_GBPA), before);
	/* REG-43: with it, and Update is gone when it is in force */
	h_wr32(h, SMMU_REG_GBPA, update | abort_bit);
	assert_int_equal(h_rd32(h, SMMU_REG_GBPA), abort_bit);
	/* REG-46: SMMUEN does not guard it */
	h_wr32(h, SMMU_REG_CR0, CR0(SMMUEN));
	h_wr32(h, SMMU_REG_GBPA, update | before);
	assert_int_equal(h_rd32(h, SMMU_REG_GBPA), before);
}

static void no_overrides(struct smmu_config *cfg)
{
	cfg->attr_types_ovr = cfg->attr_perms_ovr = 0;
	cfg->gbpa_abort = 1;
	cfg->st_level = 0;
	cfg->sid_bits = 6;
	cfg->msi = 0;
	cfg->page0_alias = 1;
	cfg->mmio_pairs = 1;
}

static void absent_features(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, no_overrides);
	/* REG-46, REG-47 */
	assert_int_equal(h_rd32(&h, SMMU_REG_GBPA), SMMU_MASK(SMMU_GBPA_ABORT));
	h_wr32(&h, SMMU_REG_GBPA, 0xffffffff);
	assert_int_equal(h_rd32(&h, SMMU_REG_GBPA), SMMU_MASK(SMMU_GBPA_ABORT));
	/* REG-74 */
	h_wr32(&h, SMMU_REG_STRTAB_BASE_CFG, 0xffffffff);
	assert_int_equal(h_rd32(&h, SMMU_REG_STRTAB_BASE_CFG), 0x3f);
	/* REG-61 */
	h_wr64(&h, SMMU_REG_GERROR_IRQ_CFG0, 0x1000);
	assert_int_equal(h_rd64(&h, SMMU_REG_GERROR_IRQ_CFG0), 0);
	/* EVT-88: GERRORN keeps the bits that exist: CMDQ_ERR, EVENTQ_ABT_ERR, SFM_ERR */
	h_wr32(&h, SMMU_REG_GERRORN, 0xffffffff);
	assert_int_equal(h_rd32(&h, SMMU_REG_GERRORN), 0x105);
	h_wr32(&h, SMMU_REG_GERRORN, 0);
	/* REG-4, the other choice */
	h_wr64(&h, SMMU_REG_EVENTQ_BASE, 4);
	h_wr32(&h, 0xa8, 7);
	assert_int_equal(h_rd32(&h, SMMU_REG_EVENTQ_PROD), 7);
	/* REG-11, the other choice: 8 bytes over CMDQ_PROD and CMDQ_CONS */
	h_wr64(&h, SMMU_REG_CMDQ_BASE, 4);
	h_wr64(&h, SMMU_REG_CMDQ_PROD, 0x0000000300000003);
	assert_int_equal(h_rd64(&h, SMMU_REG_CMDQ_PROD), 0x0000000300000003);
	h_teardown(&h);
}

static void access_sizes(void **state)
{
	struct harness *h = *state;

	/* REG-9, REG-13: halves of a 64-bit register */
	h_wr64(h, SMMU_REG_STRTAB_BASE, 0x0000123480000000);
	assert_int_equal(h_rd32(h, SMMU_REG_STRTAB_BASE), 0x80000000);
	assert_int_equal(h_rd32(h, SMMU_REG_STRTAB_BASE + 4), 0x1234);
	h_wr32(h, SMMU_REG_STRTAB_BASE + 4, 0x40000001);
	assert_int_equal(h_rd64(h, SMMU_REG_STRTAB_BASE), 0x4000000180000000);
	h_wr32(h, SMMU_REG_STRTAB_BASE, 0x40);
	assert_int_equal(h_rd64(h, SMMU_REG_STRTAB_BASE), 0x4000000100000040);
	/* REG-11: RAZ/WI over two registers */
	assert_int_equal(h_rd64(h, SMMU_REG_IDR0), 0);
	h_wr32(h, SMMU_REG_CR2, 2);
	h_wr64(h, SMMU_REG_CR1, 0);
	assert_int_equal(h_rd32(h, SMMU_REG_CR2), 2);
	/* REG-10: size and alignment */
	assert_int_equal(smmu_mmio_read(h->smmu, SMMU_REG_IDR0, 2), 0);
	assert_int_equal(smmu_mmio_read(h->smmu, SMMU_REG_IDR0 + 2, 4), 0);
	assert_int_equal(smmu_mmio_read(h->smmu, SMMU_REG_STRTAB_BASE + 4, 8), 0);
	smmu_mmio_write(h->smmu, SMMU_REG_CR2, 1, 0);
	assert_int_equal(h_rd32(h, SMMU_REG_CR2), 2);
	/* outside */
	assert_int_equal(smmu_mmio_size(h->smmu), 0x20000);
	assert_int_equal(smmu_mmio_read(h->smmu, 0x20000, 4), 0);
	assert_int_equal(smmu_mmio_read(h->smmu, UINT64_MAX - 3, 4), 0);
	smmu_mmio_write(h->smmu, UINT64_MAX - 7, 8, 1);
}

static void index_registers(void **state)
{
	struct harness *h = *state;

	/* REG-87: what is above the wrap bit of a queue of 16 reads as zero */
	h_wr64(h, SMMU_REG_CMDQ_BASE, 4);
	h_wr32(h, SMMU_REG_CMDQ_CONS, 0xffffffff);
	assert_int_equal(smmu_reg_get(h_rd32(h, SMMU_REG_CMDQ_CONS), SMMU_CMDQ_CONS_RD),
			 0x1f);
	h_wr64(h, SMMU_REG_EVENTQ_BASE, 4);
	h_wr32(h, SMMU_REG_EVENTQ_PROD, 0xffffffff);
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 0x8000001f);
	/* REG-88, Q-6: shrinking truncates */
	h_wr64(h, SMMU_REG_EVENTQ_BASE, 2);
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 0x80000007);
	/* REG-81: LOG2SIZE beyond the maximum reads back as written */
	h_wr64(h, SMMU_REG_EVENTQ_BASE, 31);
	assert_int_equal(h_rd64(h, SMMU_REG_EVENTQ_BASE), 31);
}

/* REG-8: ID registers say the same whatever software does, and after a reset. */
static void ids_are_constant(void **state)
{
	struct harness *h = *state;
	uint32_t before[8];

	for (unsigned i = 0; i < 8; i++)
		before[i] = h_rd32(h, 4 * i);
	h_enable(h);
	h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(h_rd32(h, 4 * i), before[i]);
	smmu_reset(h->smmu);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(h_rd32(h, 4 * i), before[i]);
}

static void dormant_hint(struct smmu_config *cfg)
{
	cfg->dormhint = 1;
}

/* REG-118, CACHE-56: DORMANT is a promise that need not be given, and is not. */
static void never_dormant(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, dormant_hint);
	assert_int_equal(h_rd32(&h, SMMU_REG_STATUSR), 0);
	h_enable(&h);
	h_wr32(&h, SMMU_REG_STATUSR, 1);
	assert_int_equal(h_rd32(&h, SMMU_REG_STATUSR), 0);
	h_teardown(&h);
}

/*
 * REG-78, REG-80: ADDR keeps the bits that alignment ignores, and LOG2SIZE any value;
 * the StreamIDs that exist are still those of SIDSIZE (REG-73, REG-79).
 */
static void stream_table_may_claim_too_much(void **state)
{
	struct harness *h = *state;
	struct smmu_txn txn = { .sid = 1u << 16, .addr = 0x1000 };
	uint64_t dw[4];

	h_enable(h);
	h_wr32(h, SMMU_REG_CR0, h_rd32(h, SMMU_REG_CR0) & ~CR0(SMMUEN));
	h_wr64(h, SMMU_REG_STRTAB_BASE, 0x123456789fc0);
	assert_int_equal(h_rd64(h, SMMU_REG_STRTAB_BASE), 0x123456789fc0);
	h_wr32(h, SMMU_REG_STRTAB_BASE_CFG, 63);
	assert_int_equal(h_rd32(h, SMMU_REG_STRTAB_BASE_CFG), 63);
	h_wr32(h, SMMU_REG_CR0, h_rd32(h, SMMU_REG_CR0) | CR0(SMMUEN));
	assert_int_equal(smmu_translate(h_port(h), &txn).event, SMMU_EVT_C_BAD_STREAMID);
	/* aligned to 2^63 STEs the base is 0, where nothing is */
	txn.sid = 5;
	assert_int_equal(smmu_translate(h_port(h), &txn).event, SMMU_EVT_F_STE_FETCH);
	assert_true(h_event(h, dw) && h_event(h, dw));
	assert_int_equal(smmu_get_addr(dw, SMMU_F_STE_FETCH_FetchAddr), 5 * 64);
}

/* REG-31: an Update of SMMUEN by itself invalidates nothing. REG-124: nor does bypass. */
static void smmuen_keeps_the_caches(void **state)
{
	struct harness *h = *state;
	struct smmu_txn txn = { .sid = 1, .addr = 0x1000 };
	uint64_t ste[8];

	h_enable(h);
	h_ste_bypass(ste);
	h_ste_write(h, 1, ste);
	assert_int_equal(smmu_translate(h_port(h), &txn).status, SMMU_OK);
	h_write64(h, h_ste_pa(h, 1), 0);
	h_wr32(h, SMMU_REG_CR0, h_rd32(h, SMMU_REG_CR0) & ~CR0(SMMUEN));
	/* REG-28: the stream table is out of use */
	assert_true(smmu_translate(h_port(h), &txn).bypass);
	h_wr32(h, SMMU_REG_CR0, h_rd32(h, SMMU_REG_CR0) | CR0(SMMUEN));
	assert_int_equal(smmu_translate(h_port(h), &txn).status, SMMU_OK);
	h_invalidate_all(h);
	assert_int_equal(smmu_translate(h_port(h), &txn).event, SMMU_EVT_C_BAD_STE);
}

/* REG-121, REG-122: the order of the manual, and what CR1 and STRTAB_BASE need. */
static void documented_order_works(void **state)
{
	struct harness *h = *state;
	struct smmu_txn txn = { .sid = 1, .addr = 0x1000 };

	h_init_strtab(h);
	h_init_queues(h);
	h_invalidate_all(h);
	h_wr32(h, SMMU_REG_CR0, h_rd32(h, SMMU_REG_CR0) | CR0(SMMUEN));
	assert_int_equal(h_rd32(h, SMMU_REG_CR0ACK), h_rd32(h, SMMU_REG_CR0));
	/* REG-30: from now on the STE decides */
	assert_int_equal(smmu_translate(h_port(h), &txn).event, SMMU_EVT_C_BAD_STE);
	assert_int_equal(h_events_drain(h), 1);
}

static void component_ids(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_MMU600, NULL);
	/* 6.3.170: Arm is JEP106 0x3B, continuation 4; part 0x483 */
	assert_int_equal(h_rd32(&h, SMMU_REG_PIDR4), 0x04);
	assert_int_equal(h_rd32(&h, SMMU_REG_PIDR0), 0x83);
	assert_int_equal(h_rd32(&h, SMMU_REG_PIDR1), 0xb4);
	assert_int_equal(h_rd32(&h, SMMU_REG_PIDR2) & 0xf, 0xb);
	assert_int_equal(h_rd32(&h, SMMU_REG_CIDR0), 0x0d);
	assert_int_equal(h_rd32(&h, SMMU_REG_CIDR1), 0xf0);
	assert_int_equal(h_rd32(&h, SMMU_REG_CIDR2), 0x05);
	assert_int_equal(h_rd32(&h, SMMU_REG_CIDR3), 0xb1);
	h_teardown(&h);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(reset_values),
		CASE(bits_that_exist),
		CASE(read_only_registers),
		CASE(write_guards),
		CASE(cr1_groups_have_their_own_guard),
		CASE(msi_registers_are_guarded),
		CASE(cr0_handshake),
		CASE(gbpa_update),
		cmocka_unit_test(absent_features),
		CASE(access_sizes),
		CASE(index_registers),
		CASE(ids_are_constant),
		cmocka_unit_test(never_dormant),
		CASE(stream_table_may_claim_too_much),
		CASE(smmuen_keeps_the_caches),
		CASE(documented_order_works),
		cmocka_unit_test(component_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
