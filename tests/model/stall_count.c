/* SPDX-License-Identifier: MIT */
/* What counter groups count of stalled transactions: IHI 0070 10.4. */
#include <smmulator/pmcg.h>
#include "stall_bench.h"

static void tweak(struct smmu_config *cfg)
{
	cfg->stall_model = 0;
	cfg->stall_max = 4;
	cfg->term_model = 0;
	cfg->pmcgs = 1;
	cfg->pmcg[0] = (struct smmu_pmcg_config){ .counters = 4, .bits = 32 };
}

static void setup(struct bench *b)
{
	uint64_t ste[8];

	b_setup(b, SMMU_PRESET_V3_2, tweak);
	b_ste(b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(b, SID, ste);
	sb_cd(b, true, false, true);
}

static void wr(struct bench *b, uint64_t offset, unsigned size, uint64_t value)
{
	smmu_pmcg_mmio_write(b->h.smmu, 0, offset, size, value);
}

static unsigned counted(struct bench *b, unsigned n)
{
	uint64_t at = SMMU_REG_PMCG_EVCNTR(n, 31);

	return (unsigned)smmu_pmcg_mmio_read(b->h.smmu, 0, at, 4);
}

/* PMCG-21: a retry is counted like any transaction, each time; an end is none. */
static void retries_count_fully(void **state)
{
	struct smmu_result res;
	struct bench b;

	(void)state;
	setup(&b);
	for (unsigned n = 1; n <= 2; n++) {
		wr(&b, SMMU_REG_PMCG_EVTYPER(n), 4, n);
		wr(&b, SMMU_REG_PMCG_SMR(n), 4, SID);
	}
	wr(&b, SMMU_REG_PMCG_CNTENSET0, 8, 6);
	wr(&b, SMMU_REG_PMCG_CR, 4, 1);
	res = b_read(&b, SID, HOLE);
	assert_int_equal(res.status, SMMU_STALLED);
	assert_int_equal(counted(&b, SMMU_PMCG_TRANSACTION), 1);
	assert_int_equal(counted(&b, SMMU_PMCG_TLB_MISS), 1);
	/* once more in vain */
	sb_retry(&b, SID, sb_stalled(&b, SID, HOLE));
	sb_expect_held(&b, res.ticket);
	assert_int_equal(counted(&b, SMMU_PMCG_TRANSACTION), 2);
	assert_int_equal(counted(&b, SMMU_PMCG_TLB_MISS), 2);
	sb_map(&b, HOLE, b.page);
	sb_retry(&b, SID, sb_stalled(&b, SID, HOLE));
	sb_expect(&b, res.ticket, SMMU_OK, 0);
	assert_int_equal(counted(&b, SMMU_PMCG_TRANSACTION), 3);
	/* terminated: nothing is looked up */
	res = b_read(&b, SID, HOLE + 0x1000);
	assert_int_equal(counted(&b, SMMU_PMCG_TRANSACTION), 4);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE + 0x1000), true);
	sb_expect(&b, res.ticket, SMMU_ABORT, 0);
	assert_int_equal(counted(&b, SMMU_PMCG_TRANSACTION), 4);
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retries_count_fully),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
