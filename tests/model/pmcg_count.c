/* SPDX-License-Identifier: MIT */
/* What counter groups count (IHI 0070 10.3, 10.4; PMCG-*). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/pmcg.h>
#include "model/harness.h"

#define ASID 7
#define VMID 3

static struct smmu_pmcg_config group;
static uint8_t per_transaction; /* no caches at all */

static void tweak(struct smmu_config *cfg)
{
	cfg->sid_bits = 8;
	cfg->mpam = 1;
	cfg->partid_max = 9;
	cfg->pmg_max = 3;
	cfg->no_tlb = cfg->no_config_cache = per_transaction;
	cfg->pmcgs = 2;
	cfg->pmcg[0] = group;
	cfg->pmcg[1] = group;
}

static uint64_t rd(struct harness *h, uint32_t offset)
{
	return smmu_pmcg_mmio_read(h->smmu, 0, offset, 8);
}

static void wr(struct harness *h, uint32_t offset, uint64_t value, unsigned size)
{
	smmu_pmcg_mmio_write(h->smmu, 0, offset, size, value);
}

/* Counter n counts event, of the streams that span and sid say. */
static void counter(struct harness *h, unsigned n, unsigned event, uint32_t flags,
		    uint32_t smr)
{
	wr(h, SMMU_REG_PMCG_EVTYPER(n), event | flags, 4);
	wr(h, SMMU_REG_PMCG_SMR(n), smr, 4);
	wr(h, SMMU_REG_PMCG_CNTENSET0, 1ull << n, 8);
}

#define SPAN (1u << 29)
#define ANY  SPAN, 0xffffffffu

static uint64_t value(struct harness *h, unsigned n)
{
	return rd(h, SMMU_REG_PMCG_EVCNTR(n, group.bits - 1u));
}

static void set(struct harness *h, unsigned n, uint64_t v)
{
	wr(h, SMMU_REG_PMCG_EVCNTR(n, group.bits - 1u), v, 8);
}

/* Streams 1 and 2 translate by stage 1, with PARTID = their number and PMG 1. */
static void build(struct harness *h)
{
	uint64_t ste[8], cd[8], cds = 0, root;

	h_setup(h, SMMU_PRESET_V3_3, tweak);
	h_enable(h);
	root = h_table(h);
	h_map(h, root, 0x1000, H_RAM, 3, h_s1_rw());
	h_map(h, root, 0x2000, H_RAM, 3, h_s1_rw());
	for (uint32_t sid = 1; sid <= 2; sid++) {
		cds = h_alloc(h, 64, 64);
		h_cd_s1(cd, root, (uint16_t)(ASID + sid));
		h_write_dw(h, cds, cd, 8);
		h_ste_s1(ste, cds);
		smmu_set(ste, SMMU_STE_PARTID, sid);
		smmu_set(ste, SMMU_STE_PMG, 1);
		h_ste_write(h, sid, ste);
	}
	h_invalidate_all(h);
}

static struct smmu_result go(struct harness *h, uint32_t sid, uint64_t addr)
{
	const struct smmu_txn txn = { .sid = sid, .addr = addr, .op = SMMU_READ };

	return smmu_translate(h_port(h), &txn);
}

static int setup(void **state)
{
	(void)state;
	group = (struct smmu_pmcg_config){ .counters = 8,
					   .bits = 48,
					   .msi = 1,
					   .capture = 1,
					   .mpam = 1,
					   .filter_partid_pmg = 1 };
	per_transaction = 0;
	return 0;
}

static void events(void **state)
{
	struct harness h;

	(void)state;
	build(&h);
	for (unsigned event = 0; event < 6; event++)
		counter(&h, event, event, ANY);
	wr(&h, SMMU_REG_PMCG_CR, 1, 4);
	/* PMCG-18: all cold. STE, CD, four levels of tables. */
	assert_int_equal(go(&h, 1, 0x1000).status, SMMU_OK);
	assert_int_equal(value(&h, SMMU_PMCG_TRANSACTION), 1);
	assert_int_equal(value(&h, SMMU_PMCG_TLB_MISS), 1);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_MISS), 1);
	assert_int_equal(value(&h, SMMU_PMCG_WALK_ACCESS), 4);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_ACCESS), 2);
	assert_int_equal(value(&h, SMMU_PMCG_CYCLE), 7);
	/* Everything is cached. */
	go(&h, 1, 0x1008);
	assert_int_equal(value(&h, SMMU_PMCG_TRANSACTION), 2);
	assert_int_equal(value(&h, SMMU_PMCG_TLB_MISS), 1);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_MISS), 1);
	assert_int_equal(value(&h, SMMU_PMCG_WALK_ACCESS), 4);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_ACCESS), 2);
	/* Another page: a TLB miss, no configuration. */
	go(&h, 1, 0x2000);
	assert_int_equal(value(&h, SMMU_PMCG_TLB_MISS), 2);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_MISS), 1);
	assert_int_equal(value(&h, SMMU_PMCG_WALK_ACCESS), 8);
	/* PMCG-18, CHOICE: terminated ones count as well; a walk that fails is one. */
	assert_int_equal(go(&h, 1, 0x3000).status, SMMU_ABORT);
	assert_int_equal(value(&h, SMMU_PMCG_TRANSACTION), 4);
	assert_int_equal(value(&h, SMMU_PMCG_TLB_MISS), 3);
	/* An invalidated STE: its CD goes too. */
	h_cmd(&h, SMMU_OP_CFGI_STE | 1ull << 32, 1);
	h_sync(&h);
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_MISS), 2);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_ACCESS), 4);
	assert_int_equal(value(&h, SMMU_PMCG_TLB_MISS), 3);
	/* Event 8 and the reserved ones never happen. */
	counter(&h, 6, 8, ANY);
	counter(&h, 7, 0xffff, ANY);
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, 6) + value(&h, 7), 0);
	h_teardown(&h);
}

/* A prefetch is no transaction, but its accesses are accesses (PMCG-18). */
static void prefetch(void **state)
{
	struct harness h;

	(void)state;
	build(&h);
	for (unsigned event = 1; event < 6; event++)
		counter(&h, event, event, ANY);
	wr(&h, SMMU_REG_PMCG_CR, 1, 4);
	h_cmd(&h, SMMU_OP_PREFETCH_ADDR | 1ull << 32, 0x1000);
	h_sync(&h);
	assert_int_equal(value(&h, SMMU_PMCG_TRANSACTION), 0);
	assert_int_equal(value(&h, SMMU_PMCG_TLB_MISS), 0);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_MISS), 0);
	assert_int_equal(value(&h, SMMU_PMCG_WALK_ACCESS), 4);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_ACCESS), 2);
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, SMMU_PMCG_TRANSACTION), 1);
	assert_int_equal(value(&h, SMMU_PMCG_TLB_MISS), 0);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_MISS), 0);
	h_teardown(&h);
	/* Without caches each transaction misses. */
	per_transaction = 1;
	build(&h);
	for (unsigned event = 1; event < 6; event++)
		counter(&h, event, event, ANY);
	wr(&h, SMMU_REG_PMCG_CR, 1, 4);
	go(&h, 1, 0x1000);
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, SMMU_PMCG_TLB_MISS), 2);
	assert_int_equal(value(&h, SMMU_PMCG_CONFIG_MISS), 2);
	assert_int_equal(value(&h, SMMU_PMCG_WALK_ACCESS), 8);
	h_teardown(&h);
}

static void enables(void **state)
{
	struct harness h;

	(void)state;
	build(&h);
	counter(&h, 0, SMMU_PMCG_TRANSACTION, ANY);
	counter(&h, 1, SMMU_PMCG_TRANSACTION, ANY);
	/* PMCG-8: CR.E and CNTEN, both. */
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, 0), 0);
	wr(&h, SMMU_REG_PMCG_CR, 1, 4);
	wr(&h, SMMU_REG_PMCG_CNTENCLR0, 2, 8);
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, 0), 1);
	assert_int_equal(value(&h, 1), 0);
	wr(&h, SMMU_REG_PMCG_CR, 0, 4); /* freeze */
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, 0), 1);
	/* PMCG-6: the next transaction sees the change; a counter can be written. */
	wr(&h, SMMU_REG_PMCG_CR, 1, 4);
	set(&h, 0, 41);
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, 0), 42);
	/* PMCG-2: the other group has counters of its own. */
	assert_int_equal(smmu_pmcg_mmio_read(h.smmu, 1, 0, 8), 0);
	/* PMCG-7, CHOICE: what bypasses with SMMUEN == 0 counts. */
	h_disable(&h);
	assert_true(go(&h, 200, 0x1000).bypass);
	assert_int_equal(value(&h, 0), 43);
	h_teardown(&h);
}

static void sid_filters(void **state)
{
	/* PMCG-26: all are Non-secure. Flags, SMR, and the streams that match. */
	static const struct {
		uint32_t flags, smr;
		uint8_t sid[3];
		bool match[3];
	} t[] = {
		/* PMCG-24: exact */
		{ 0, 5, { 5, 4, 133 }, { true, false, false } },
		{ 0, 0xff, { 0xff, 0, 0x7f }, { true, false, false } },
		{ SPAN, 0x16, { 0x16, 0x17, 0x15 }, { true, true, false } },
		{ SPAN, 0x17, { 0x10, 0x1f, 0x20 }, { true, true, false } },
		{ SPAN, 0x7f, { 0, 0x80, 0xff }, { true, true, true } },
		{ SPAN, 0xffffffff, { 0, 0x80, 0xff }, { true, true, true } },
		/* PMCG-25: above the eight bits there is nothing. */
		{ 0, 0x105, { 5, 4, 6 }, { true, false, false } },
	};
	struct harness h;

	(void)state;
	group.filter_partid_pmg = 0;
	build(&h);
	wr(&h, SMMU_REG_PMCG_CR, 1, 4);
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		counter(&h, 3, SMMU_PMCG_TRANSACTION, t[i].flags, t[i].smr);
		for (unsigned k = 0; k < 3; k++) {
			set(&h, 3, 0);
			go(&h, t[i].sid[k], 0x1000);
			assert_int_equal(value(&h, 3), t[i].match[k]);
		}
	}
	/* Walks and structures are the stream's that they were made for. */
	counter(&h, 0, SMMU_PMCG_WALK_ACCESS, 0, 2);
	counter(&h, 1, SMMU_PMCG_CONFIG_ACCESS, 0, 2);
	counter(&h, 2, SMMU_PMCG_CYCLE, 0, 2); /* cannot be filtered */
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, 0), 0);
	assert_int_equal(value(&h, 1), 0);
	assert_int_not_equal(value(&h, 2), 0); /* PMCG-8 */
	go(&h, 2, 0x1000);
	assert_int_equal(value(&h, 0), 4);
	assert_int_equal(value(&h, 1), 2);
	h_teardown(&h);
	/* PMCG-23: SMR0 and EVTYPER0 for all. */
	group.sid_filter_type = 1;
	build(&h);
	counter(&h, 0, SMMU_PMCG_WALK_ACCESS, 0, 2);
	counter(&h, 1, SMMU_PMCG_TRANSACTION, ANY);
	wr(&h, SMMU_REG_PMCG_CR, 1, 4);
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, 1), 0);
	go(&h, 2, 0x1000);
	assert_int_equal(value(&h, 1), 1);
	h_teardown(&h);
}

#define PARTID(n) (1u << 16), (n)
#define PMG(n)	  (1u << 17), (uint32_t)(n) << 16

static void mpam_filters(void **state)
{
	struct harness h;

	(void)state;
	build(&h);
	wr(&h, SMMU_REG_PMCG_CR, 1, 4);
	counter(&h, 0, SMMU_PMCG_TRANSACTION, PARTID(2));
	counter(&h, 1, SMMU_PMCG_WALK_ACCESS, PARTID(2));
	counter(&h, 2, SMMU_PMCG_TRANSACTION, PMG(1));
	counter(&h, 3, SMMU_PMCG_TRANSACTION, 3u << 16, 2 | 1u << 16);
	counter(&h, 4, SMMU_PMCG_TRANSACTION, 3u << 16, 2);
	counter(&h, 5, SMMU_PMCG_CYCLE, PARTID(5));
	/* PMCG-29: above MPAMIDR nothing counts, though 10 fits the field. */
	counter(&h, 6, SMMU_PMCG_TRANSACTION, PARTID(10));
	/* The StreamID filter does not apply then. */
	counter(&h, 7, SMMU_PMCG_TRANSACTION, SPAN | 1u << 16, 1);
	go(&h, 1, 0x1000);
	assert_int_equal(value(&h, 0), 0);
	assert_int_equal(value(&h, 1), 0);
	assert_int_equal(value(&h, 2), 1);
	go(&h, 2, 0x1000);
	assert_int_equal(value(&h, 0), 1);
	assert_int_equal(value(&h, 1), 4);
	assert_int_equal(value(&h, 2), 2);
	assert_int_equal(value(&h, 3), 1);
	assert_int_equal(value(&h, 4), 0);
	assert_int_not_equal(value(&h, 5), 0);
	assert_int_equal(value(&h, 6), 0);
	assert_int_equal(value(&h, 7), 1);
	/* A transaction that faults has its IDs all the same. */
	go(&h, 2, 0x9000);
	assert_int_equal(value(&h, 0), 2);
	h_teardown(&h);
}

static void overflow(void **state)
{
	static const uint8_t sizes[] = { 32, 36, 40, 44, 48, 64 };
	struct harness h;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		group.bits = sizes[i];
		build(&h);
		counter(&h, 1, SMMU_PMCG_TRANSACTION, ANY);
		wr(&h, SMMU_REG_PMCG_CR, 1, 4);
		if (sizes[i] == 32)
			wr(&h, SMMU_REG_PMCG_EVCNTR(1, 31), 0xfffffffe, 4);
		else
			set(&h, 1, UINT64_MAX - 1);
		go(&h, 1, 0x1000);
		assert_int_equal(rd(&h, SMMU_REG_PMCG_OVSSET0), 0);
		/* PMCG-9, PMCG-10: past the width of the counter, and on. */
		go(&h, 1, 0x1000);
		assert_int_equal(rd(&h, SMMU_REG_PMCG_OVSSET0), 2);
		go(&h, 1, 0x1000);
		assert_int_equal(
			smmu_pmcg_mmio_read(h.smmu, 0,
					    SMMU_REG_PMCG_EVCNTR(1, sizes[i] - 1), 4),
			1);
		h_teardown(&h);
	}
}

static uint64_t pulses(struct harness *h, const char *name)
{
	return smmu_wire_pulses(smmu_bus_wire(h->bus, name));
}

static void interrupts(void **state)
{
	struct harness h;

	(void)state;
	build(&h);
	counter(&h, 2, SMMU_PMCG_TRANSACTION, ANY);
	wr(&h, SMMU_REG_PMCG_CR, 1, 4);
	wr(&h, SMMU_REG_PMCG_IRQ_CFG0, H_MSI, 8);
	wr(&h, SMMU_REG_PMCG_IRQ_CFG1, 0xabcd, 4);
	/* PMCG-11: INTEN and IRQEN at the moment of the overflow. */
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 1, 4);
	set(&h, 2, UINT64_MAX);
	go(&h, 1, 0x1000);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_OVSSET0), 4);
	wr(&h, SMMU_REG_PMCG_INTENSET0, 4, 8);
	assert_int_equal(h.n_msi, 0);
	assert_int_equal(pulses(&h, "smmu.pmcg0"), 0);
	set(&h, 2, UINT64_MAX); /* PMCG-10: OVS is set already */
	go(&h, 1, 0x1000);
	assert_int_equal(h.n_msi, 1);
	assert_int_equal(h.msi[0].pa, H_MSI);
	assert_int_equal(h.msi[0].data, 0xabcd);
	assert_int_equal(pulses(&h, "smmu.pmcg0"), 1);
	assert_int_equal(pulses(&h, "smmu.pmcg1"), 0);
	/* PMCG-12 */
	wr(&h, SMMU_REG_PMCG_OVSSET0, 0xff, 8);
	assert_int_equal(h.n_msi, 1);
	/* PMCG-15: disabled, nothing comes. */
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 0, 4);
	set(&h, 2, UINT64_MAX);
	go(&h, 1, 0x1000);
	assert_int_equal(h.n_msi, 1);
	assert_int_equal(pulses(&h, "smmu.pmcg0"), 1);
	/* Address 0: the wire alone. */
	wr(&h, SMMU_REG_PMCG_IRQ_CFG0, 0, 8);
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 1, 4);
	set(&h, 2, UINT64_MAX);
	go(&h, 1, 0x1000);
	assert_int_equal(h.n_msi, 1);
	assert_int_equal(pulses(&h, "smmu.pmcg0"), 2);
	/* PMCG-16: an abort shows in IRQ_STATUS until IRQEN goes 0 to 1 again. */
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 0, 4);
	wr(&h, SMMU_REG_PMCG_IRQ_CFG0, 0x7000000, 8);
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 1, 4);
	set(&h, 2, UINT64_MAX);
	go(&h, 1, 0x1000);
	assert_int_equal(smmu_pmcg_mmio_read(h.smmu, 0, SMMU_REG_PMCG_IRQ_STATUS, 4), 1);
	assert_int_equal(h_rd32(&h, SMMU_REG_GERROR), 0);
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 1, 4);
	assert_int_equal(smmu_pmcg_mmio_read(h.smmu, 0, SMMU_REG_PMCG_IRQ_STATUS, 4), 1);
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 0, 4);
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 1, 4);
	assert_int_equal(smmu_pmcg_mmio_read(h.smmu, 0, SMMU_REG_PMCG_IRQ_STATUS, 4), 0);
	h_teardown(&h);
}

static void capture_on_overflow(void **state)
{
	struct harness h;

	(void)state;
	build(&h);
	counter(&h, 0, SMMU_PMCG_TRANSACTION, ANY);
	counter(&h, 1, SMMU_PMCG_TRANSACTION, SPAN | 1u << 31, ~0u);
	wr(&h, SMMU_REG_PMCG_CR, 1, 4);
	set(&h, 0, UINT64_MAX); /* without OVFCAP */
	set(&h, 1, 5);
	go(&h, 1, 0x1000);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_SVR(1, 47)), 0);
	/* PMCG-14: after the overflow of counter 1, with OVFCAP. */
	set(&h, 1, UINT64_MAX);
	set(&h, 3, 33);
	go(&h, 1, 0x1000);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_SVR(0, 47)), 1);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_SVR(1, 47)), 0);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_SVR(3, 47)), 33);
	h_teardown(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(events, setup),
		cmocka_unit_test_setup(prefetch, setup),
		cmocka_unit_test_setup(enables, setup),
		cmocka_unit_test_setup(sid_filters, setup),
		cmocka_unit_test_setup(mpam_filters, setup),
		cmocka_unit_test_setup(overflow, setup),
		cmocka_unit_test_setup(interrupts, setup),
		cmocka_unit_test_setup(capture_on_overflow, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
