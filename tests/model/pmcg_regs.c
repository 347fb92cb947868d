/* SPDX-License-Identifier: MIT */
/* The registers of counter groups (IHI 0070 chapter 10; PMCG-*). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/pmcg.h>
#include "model/harness.h"

static struct smmu_pmcg_config group;
static uint8_t arch_minor;

static void tweak(struct smmu_config *cfg)
{
	cfg->arch_minor = arch_minor;
	cfg->sid_bits = 8;
	cfg->mpam = 1;
	cfg->partid_max = 9;
	cfg->pmg_max = 3;
	cfg->pmcgs = 1;
	cfg->pmcg[0] = group;
}

static void build(struct harness *h, const struct smmu_pmcg_config *g)
{
	group = *g;
	arch_minor = 3;
	h_setup(h, SMMU_PRESET_V3_3, tweak);
}

static uint32_t rd(struct harness *h, uint32_t offset)
{
	return (uint32_t)smmu_pmcg_mmio_read(h->smmu, 0, offset, 4);
}

static uint64_t rd8(struct harness *h, uint32_t offset)
{
	return smmu_pmcg_mmio_read(h->smmu, 0, offset, 8);
}

static void wr(struct harness *h, uint32_t offset, uint32_t value)
{
	smmu_pmcg_mmio_write(h->smmu, 0, offset, 4, value);
}

static void wr8(struct harness *h, uint32_t offset, uint64_t value)
{
	smmu_pmcg_mmio_write(h->smmu, 0, offset, 8, value);
}

static const struct smmu_pmcg_config all = {
	.counters = 4,
	.bits = 64,
	.msi = 1,
	.capture = 1,
	.mpam = 1,
	.filter_partid_pmg = 1,
	.iidr = 0x4831043b,
};

static void identification(void **state)
{
	struct smmu_pmcg_config none = { .counters = 1, .bits = 32 };
	struct harness h;
	uint64_t cfgr;

	(void)state;
	build(&h, &all);
	cfgr = rd(&h, SMMU_REG_PMCG_CFGR);
	assert_int_equal(cfgr, 3 | 63 << 8 | 1 << 21 | 1 << 22 | 1 << 24 | 1 << 25);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_AIDR), 3);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_IIDR), 0x4831043b);
	/* PMCG-22: 0 to 5; those of ATS come with ATS. */
	assert_int_equal(rd8(&h, SMMU_REG_PMCG_CEID0), 0x3f);
	assert_int_equal(rd8(&h, SMMU_REG_PMCG_CEID1), 0);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_MPAMIDR), 9 | 3 << 16);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_PMDEVARCH), 0x47702a56);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_PMDEVTYPE), 0x56);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_PIDR0), 0x83);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_PIDR1), 0xb4);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_PIDR4), 4);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_CIDR1), 0x90);
	/* Read only: PMCG-3, REG-7. */
	wr(&h, SMMU_REG_PMCG_CFGR, 0);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_CFGR), cfgr);
	/* PMCG-1: as many groups as the configuration says, and no further one. */
	assert_int_equal(smmu_pmcg_count(h.smmu), 1);
	assert_int_equal(smmu_pmcg_mmio_read(h.smmu, 1, SMMU_REG_PMCG_CFGR, 4), 0);
	smmu_pmcg_mmio_write(h.smmu, 1, SMMU_REG_PMCG_CR, 4, 1);
	/* PMCG-3, PMCG-31: without Secure state SCR, S_MPAMIDR and ROOTCR are RES0. */
	wr(&h, SMMU_REG_PMCG_SCR, ~0u);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_SCR), 0);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_S_MPAMIDR), 0);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_ROOTCR), 0);
	h_teardown(&h);
	build(&h, &none);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_CFGR), 31 << 8);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_MPAMIDR), 0);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_PIDR1), 0);
	h_teardown(&h);
}

static void counters_and_sizes(void **state)
{
	static const uint8_t sizes[] = { 32, 36, 40, 44, 48, 64 };
	struct smmu_pmcg_config g = all;
	struct harness h;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		uint64_t mask = sizes[i] == 64 ? UINT64_MAX : (1ull << sizes[i]) - 1;
		uint32_t at = SMMU_REG_PMCG_EVCNTR(3, sizes[i] - 1);

		g.bits = sizes[i];
		build(&h, &g);
		if (sizes[i] == 32) {
			/* PMCG-9: stride 4, and then the fifth is not there (PMCG-5). */
			assert_int_equal(at, 12);
			wr(&h, at, 0x89abcdef);
			assert_int_equal(rd(&h, at), 0x89abcdef);
			wr(&h, at + 4, ~0u);
			assert_int_equal(rd(&h, at + 4), 0);
		} else {
			assert_int_equal(at, 24);
			wr8(&h, at, UINT64_MAX); /* PMCG-9: bits above are RES0 */
			assert_int_equal(rd8(&h, at), mask);
			wr(&h, at, 0x12345678); /* halves: REG-13 */
			assert_int_equal(rd8(&h, at),
					 (mask & ~0xffffffffull) | 0x12345678);
			wr8(&h, at + 8, UINT64_MAX);
			assert_int_equal(rd8(&h, at + 8), 0); /* PMCG-5 */
		}
		h_teardown(&h);
	}
}

static void set_and_clear(void **state)
{
	static const uint32_t pair[][2] = {
		{ SMMU_REG_PMCG_CNTENSET0, SMMU_REG_PMCG_CNTENCLR0 },
		{ SMMU_REG_PMCG_INTENSET0, SMMU_REG_PMCG_INTENCLR0 },
		{ SMMU_REG_PMCG_OVSSET0, SMMU_REG_PMCG_OVSCLR0 },
	};
	struct smmu_pmcg_config g = all;
	struct harness h;

	(void)state;
	build(&h, &g);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t set = pair[i][0], clr = pair[i][1];

		wr8(&h, set, UINT64_MAX);
		assert_int_equal(rd8(&h, set), 0xf); /* PMCG-5: no bits above NCTR */
		wr8(&h, clr, 0x5);
		/* PMCG-13: one state behind both. */
		assert_int_equal(rd8(&h, set), 0xa);
		assert_int_equal(rd8(&h, clr), 0xa);
		wr8(&h, set, 0x1);
		assert_int_equal(rd8(&h, clr), 0xb);
		wr(&h, set + 4, ~0u);
		wr(&h, clr + 4, ~0u);
		assert_int_equal(rd(&h, clr), 0xb);
	}
	h_teardown(&h);
	g.counters = 64;
	build(&h, &g);
	wr(&h, SMMU_REG_PMCG_CNTENSET0 + 4, 0x80000000);
	assert_int_equal(rd8(&h, SMMU_REG_PMCG_CNTENSET0), 1ull << 63);
	h_teardown(&h);
}

static void relocation(void **state)
{
	struct smmu_pmcg_config g = all;
	struct harness h;

	(void)state;
	build(&h, &g);
	wr8(&h, 8, 77);
	assert_int_equal(rd8(&h, 8), 77);
	assert_int_equal(rd8(&h, 0x1000 + 8), 0); /* no page 1 */
	h_teardown(&h);
	/* PMCG-4: EVCNTR, SVR, OVSCLR0, OVSSET0, CAPR move, and leave RES0 behind. */
	g.reloc_ctrs = 1;
	build(&h, &g);
	wr8(&h, 8, 77);
	assert_int_equal(rd8(&h, 8), 0);
	assert_int_equal(rd8(&h, 0x1000 + 8), 0);
	wr8(&h, 0x1000 + 8, 78);
	assert_int_equal(rd8(&h, 0x1000 + 8), 78);
	wr8(&h, SMMU_REG_PMCG_OVSSET0, 1);
	assert_int_equal(rd8(&h, 0x1000 + SMMU_REG_PMCG_OVSSET0), 0);
	wr8(&h, 0x1000 + SMMU_REG_PMCG_OVSSET0, 1);
	assert_int_equal(rd8(&h, 0x1000 + SMMU_REG_PMCG_OVSCLR0), 1);
	wr(&h, SMMU_REG_PMCG_CAPR, 1);
	assert_int_equal(rd8(&h, 0x1000 + SMMU_REG_PMCG_SVR(1, 63)), 0);
	wr(&h, 0x1000 + SMMU_REG_PMCG_CAPR, 1);
	assert_int_equal(rd8(&h, 0x1000 + SMMU_REG_PMCG_SVR(1, 63)), 78);
	/* The others stay in page 0. */
	wr(&h, 0x1000 + SMMU_REG_PMCG_CR, 1);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_CR), 0);
	wr(&h, SMMU_REG_PMCG_CR, ~0u);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_CR), 1);
	h_teardown(&h);
}

static void capture(void **state)
{
	struct smmu_pmcg_config g = all;
	struct harness h;

	(void)state;
	build(&h, &g);
	for (unsigned n = 0; n < 4; n++)
		wr8(&h, 8 * n, 100 + n);
	/* PMCG-14: at once; CAPR reads 0, 0 captures nothing. */
	wr(&h, SMMU_REG_PMCG_CAPR, 0);
	assert_int_equal(rd8(&h, SMMU_REG_PMCG_SVR(3, 63)), 0);
	wr(&h, SMMU_REG_PMCG_CAPR, 1);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_CAPR), 0);
	for (unsigned n = 0; n < 4; n++)
		assert_int_equal(rd8(&h, SMMU_REG_PMCG_SVR(n, 63)), 100 + n);
	wr8(&h, SMMU_REG_PMCG_SVR(0, 63), 1); /* read only */
	assert_int_equal(rd8(&h, SMMU_REG_PMCG_SVR(0, 63)), 100);
	wr(&h, SMMU_REG_PMCG_EVTYPER(0), 1u << 31);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_EVTYPER(0)), 1u << 31);
	h_teardown(&h);
	g.capture = 0;
	build(&h, &g);
	wr8(&h, 0, 100);
	wr(&h, SMMU_REG_PMCG_CAPR, 1);
	assert_int_equal(rd8(&h, SMMU_REG_PMCG_SVR(0, 63)), 0);
	wr(&h, SMMU_REG_PMCG_EVTYPER(0), 1u << 31); /* OVFCAP is RES0 */
	assert_int_equal(rd(&h, SMMU_REG_PMCG_EVTYPER(0)), 0);
	h_teardown(&h);
}

static void filter_registers(void **state)
{
	struct smmu_pmcg_config g = all;
	struct harness h;

	(void)state;
	build(&h, &g);
	/* No Secure, no Realm: [30], [28], [19] are RES0. */
	wr(&h, SMMU_REG_PMCG_EVTYPER(1), ~0u);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_EVTYPER(1)), 0xa007ffff);
	/* PMCG-29: PMG and PARTID share SMR with an 8-bit STREAMID. */
	wr(&h, SMMU_REG_PMCG_SMR(1), ~0u);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_SMR(1)), 0xffffff);
	wr(&h, SMMU_REG_PMCG_EVTYPER(4), ~0u); /* PMCG-5 */
	assert_int_equal(rd(&h, SMMU_REG_PMCG_EVTYPER(4)), 0);
	h_teardown(&h);
	/* PMCG-23: one filter for all, in counter 0. */
	g.sid_filter_type = 1;
	g.filter_partid_pmg = 0;
	build(&h, &g);
	wr(&h, SMMU_REG_PMCG_EVTYPER(0), ~0u);
	wr(&h, SMMU_REG_PMCG_EVTYPER(1), ~0u);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_EVTYPER(0)), 0xa000ffff);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_EVTYPER(1)), 0x8000ffff);
	wr(&h, SMMU_REG_PMCG_SMR(0), ~0u);
	wr(&h, SMMU_REG_PMCG_SMR(1), ~0u);
	/* PMCG-25: as many bits as the SMMU has of StreamIDs. */
	assert_int_equal(rd(&h, SMMU_REG_PMCG_SMR(0)), 0xff);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_SMR(1)), 0);
	h_teardown(&h);
}

static void interrupt_registers(void **state)
{
	struct smmu_pmcg_config g = all;
	struct harness h;

	(void)state;
	build(&h, &g);
	/* OAS is 52 bits: REG-15. */
	wr8(&h, SMMU_REG_PMCG_IRQ_CFG0, UINT64_MAX);
	assert_int_equal(rd8(&h, SMMU_REG_PMCG_IRQ_CFG0), 0x000ffffffffffffcull);
	wr(&h, SMMU_REG_PMCG_IRQ_CFG1, 0x55aa);
	wr(&h, SMMU_REG_PMCG_IRQ_CFG2, ~0u);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_IRQ_CFG2), 0x3f);
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, ~0u);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_IRQ_CTRL), 1);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_IRQ_CTRLACK), 1);
	/* PMCG-15: read only while enabled. */
	wr8(&h, SMMU_REG_PMCG_IRQ_CFG0, 0);
	wr(&h, SMMU_REG_PMCG_IRQ_CFG1, 0);
	wr(&h, SMMU_REG_PMCG_IRQ_CFG2, 0);
	assert_int_equal(rd8(&h, SMMU_REG_PMCG_IRQ_CFG0), 0x000ffffffffffffcull);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_IRQ_CFG1), 0x55aa);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_IRQ_CFG2), 0x3f);
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 0);
	wr(&h, SMMU_REG_PMCG_IRQ_CFG1, 0);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_IRQ_CFG1), 0);
	h_teardown(&h);
	g.msi = g.mpam = 0;
	build(&h, &g);
	wr8(&h, SMMU_REG_PMCG_IRQ_CFG0, UINT64_MAX);
	assert_int_equal(rd8(&h, SMMU_REG_PMCG_IRQ_CFG0), 0);
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 1);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_IRQ_CTRLACK), 1);
	/* B.7, 7: the register is there for the filters, its fields are RES0. */
	assert_int_equal(rd(&h, SMMU_REG_PMCG_MPAMIDR), 0);
	h_teardown(&h);
}

static void gmpam(void **state)
{
	struct smmu_pmcg_config g = all;
	struct harness h;

	(void)state;
	build(&h, &g);
	/* PMCG-17: only with Update, and as wide as 9 and 3 need. */
	wr(&h, SMMU_REG_PMCG_GMPAM, 5 | 2 << 16);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_GMPAM), 0);
	wr(&h, SMMU_REG_PMCG_GMPAM, ~0u);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_GMPAM), 0x3000f);
	wr(&h, SMMU_REG_PMCG_GMPAM, 1u << 31 | 2 << 16 | 5);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_GMPAM), 0x20005);
	h_teardown(&h);
	g.mpam = 0;
	build(&h, &g);
	wr(&h, SMMU_REG_PMCG_GMPAM, ~0u);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_GMPAM), 0);
	h_teardown(&h);
}

static void accesses(void **state)
{
	struct harness h;

	(void)state;
	build(&h, &all);
	wr8(&h, 0, 0x1122334455667788);
	/* REG-10: other sizes and misaligned ones do nothing. */
	assert_int_equal(smmu_pmcg_mmio_read(h.smmu, 0, 0, 2), 0);
	assert_int_equal(smmu_pmcg_mmio_read(h.smmu, 0, 4, 8), 0);
	assert_int_equal(smmu_pmcg_mmio_read(h.smmu, 0, 2, 4), 0);
	assert_int_equal(smmu_pmcg_mmio_read(h.smmu, 0, 4, 4), 0x11223344);
	smmu_pmcg_mmio_write(h.smmu, 0, 1, 4, 0);
	smmu_pmcg_mmio_write(h.smmu, 0, 0, 1, 0);
	smmu_pmcg_mmio_write(h.smmu, 0, 0x2000, 4, 1);
	assert_int_equal(rd8(&h, 0), 0x1122334455667788);
	/* REG-11: two registers at once. */
	wr8(&h, SMMU_REG_PMCG_EVTYPER(0), 0x100000001);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_EVTYPER(0)), 0);
	assert_int_equal(rd8(&h, SMMU_REG_PMCG_CFGR), 0);
	/* REG-2 */
	wr(&h, 0xfb0, 1);
	assert_int_equal(rd(&h, 0xfb0), 0);
	assert_int_equal(rd(&h, 0xe40), 0);
	/* CR.E, the enables of the interrupt and what they guard reset to 0. */
	wr(&h, SMMU_REG_PMCG_CR, 1);
	wr(&h, SMMU_REG_PMCG_IRQ_CTRL, 1);
	smmu_reset(h.smmu);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_CR), 0);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_IRQ_CTRL), 0);
	assert_int_equal(rd(&h, SMMU_REG_PMCG_IRQ_CTRLACK), 0);
	assert_int_not_equal(rd(&h, SMMU_REG_PMCG_CFGR), 0);
	h_teardown(&h);
}

static void check(const struct smmu_config *cfg, const char *field)
{
	char why[128] = "";

	if (!field) {
		assert_int_equal(smmu_config_check(cfg, why, sizeof(why)), 0);
		return;
	}
	assert_int_equal(smmu_config_check(cfg, why, sizeof(why)), -EINVAL);
	assert_int_equal(strncmp(why, field, strlen(field)), 0);
}

static void configurations(void **state)
{
	struct smmu_config cfg;

	(void)state;
	group = all;
	arch_minor = 3;
	assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_V3_3), 0);
	tweak(&cfg);
	check(&cfg, NULL);
	cfg.pmcgs = SMMU_PMCG_MAX + 1;
	check(&cfg, "pmcgs");
	cfg.pmcgs = 2; /* the second is all 0 */
	check(&cfg, "pmcg.counters");
	cfg.pmcgs = 1;
	cfg.pmcg[0].counters = 65;
	check(&cfg, "pmcg.counters");
	cfg.pmcg[0].counters = 64;
	cfg.pmcg[0].bits = 33;
	check(&cfg, "pmcg.bits");
	cfg.pmcg[0].bits = 36;
	check(&cfg, NULL);
	cfg.pmcg[0].msi = 0;
	check(&cfg, "pmcg.mpam");
	cfg.pmcg[0].mpam = 0;
	cfg.mpam = cfg.pmg_max = 0;
	check(&cfg, "partid_max");
	cfg.partid_max = 0;
	check(&cfg, "pmcg.filter_partid_pmg");
	cfg.pmcg[0].filter_partid_pmg = 0;
	check(&cfg, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identification),
		cmocka_unit_test(counters_and_sizes),
		cmocka_unit_test(set_and_clear),
		cmocka_unit_test(relocation),
		cmocka_unit_test(capture),
		cmocka_unit_test(filter_registers),
		cmocka_unit_test(interrupt_registers),
		cmocka_unit_test(gmpam),
		cmocka_unit_test(accesses),
		cmocka_unit_test(configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
