/* SPDX-License-Identifier: MIT */
/* ATS Translated transactions of a stream with EATS 0b11 (3.9.1.3, 3.24). */
#include "model/dpt_bench.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#define SID  5
#define PAGE (H_RAM + 0x2000000)

static void on_stream(struct dbench *b, unsigned eats, unsigned vmatch)
{
	uint64_t ste[8], cr0 = h_rd32(&b->h, SMMU_REG_CR0);

	h_ste_s2(ste, h_table(&b->h), D_VMID);
	smmu_set(ste, SMMU_STE_EATS, eats);
	smmu_set(ste, SMMU_STE_DPT_VMATCH, vmatch);
	h_ste_write(&b->h, SID, ste);
	h_invalidate_all(&b->h);
	cr0 = smmu_reg_set(cr0, SMMU_CR0_ATSCHK, 1);
	h_wr32(&b->h, SMMU_REG_CR0, (uint32_t)cr0);
}

static struct smmu_result translated(struct dbench *b, uint64_t pa, unsigned op)
{
	const struct smmu_txn txn = {
		.sid = SID, .op = (uint8_t)op, .at = SMMU_AT_TRANSLATED, .addr = pa
	};

	return smmu_translate(h_port(&b->h), &txn);
}

static void forbidden(struct dbench *b, struct smmu_result r, uint64_t pa, bool rnw)
{
	uint64_t dw[4];

	assert_int_equal(r.status, SMMU_ABORT);
	assert_int_equal(r.event, SMMU_EVT_F_TRANSL_FORBIDDEN);
	assert_true(r.recorded);
	assert_true(h_event(&b->h, dw));
	assert_int_equal(dw[0], SMMU_EVT_F_TRANSL_FORBIDDEN | (uint64_t)SID << 32);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSL_FORBIDDEN_RnW), rnw);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSL_FORBIDDEN_InputAddr), pa);
	assert_int_equal(h_events_drain(&b->h), 0);
}

/* ATS-T8, DPT-8: both kinds of failure are F_TRANSL_FORBIDDEN; one is in the FAR. */
static void only_what_the_table_grants(void **state)
{
	struct dbench b;
	struct smmu_result r;

	(void)state;
	d_open(&b, NULL);
	on_stream(&b, SMMU_EATS_DPT, 0);
	d_l1(&b, PAGE, 1 | d_right(D_AC_VMID, D_VMID));
	r = translated(&b, PAGE + 0x123, SMMU_READ);
	assert_int_equal(r.status, SMMU_OK);
	assert_int_equal(r.pa, PAGE + 0x123);
	/* DPT-7: the Non-secure DPT leads to Non-secure memory */
	assert_int_equal(r.attr.ns, 1);
	forbidden(&b, translated(&b, PAGE + 0x123, SMMU_WRITE), PAGE + 0x123, false);
	forbidden(&b, translated(&b, PAGE + 0x1000, SMMU_READ), PAGE + 0x1000, true);
	assert_int_equal(d_far(&b), 0);
	d_l1(&b, PAGE + 0x2000, 1 << 5);
	forbidden(&b, translated(&b, PAGE + 0x2000, SMMU_READ), PAGE + 0x2000, true);
	assert_int_equal(d_far(&b), (PAGE + 0x2000) | D_WALK_1);
	d_close(&b);
}

/* STE-79, CACHE-12: DPT_VMATCH, which CFGI_STE alone makes effective. */
static void vmatch(void **state)
{
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	d_l1(&b, PAGE, 1 | d_right(D_AC_SHARED, D_VMID + 1));
	on_stream(&b, SMMU_EATS_DPT, SMMU_DPT_VMATCH_ALL);
	forbidden(&b, translated(&b, PAGE, SMMU_READ), PAGE, true);
	on_stream(&b, SMMU_EATS_DPT, SMMU_DPT_VMATCH_SHARED);
	assert_int_equal(translated(&b, PAGE, SMMU_READ).status, SMMU_OK);
	on_stream(&b, SMMU_EATS_DPT, 3);
	forbidden(&b, translated(&b, PAGE, SMMU_READ), PAGE, true);
	d_close(&b);
}

/* STE-70: EATS 01 is not checked; nor is 11 without ATSCHK. */
static void who_is_not_checked(void **state)
{
	struct dbench b;
	uint64_t cr0;

	(void)state;
	d_open(&b, NULL);
	on_stream(&b, SMMU_EATS_FULL, 0);
	assert_int_equal(translated(&b, PAGE, SMMU_WRITE).status, SMMU_OK);
	on_stream(&b, SMMU_EATS_DPT, 0);
	forbidden(&b, translated(&b, PAGE, SMMU_WRITE), PAGE, false);
	cr0 = smmu_reg_set(h_rd32(&b.h, SMMU_REG_CR0), SMMU_CR0_ATSCHK, 0);
	h_wr32(&b.h, SMMU_REG_CR0, (uint32_t)cr0);
	assert_int_equal(translated(&b, PAGE, SMMU_WRITE).status, SMMU_OK);
	d_close(&b);
}

static struct smmu_attr seen;

static int read_table(void *ctx, uint64_t pa, void *buf, size_t len,
		      const struct smmu_attr *attr)
{
	(void)ctx;
	(void)pa;
	memset(buf, 0, len);
	seen = *attr;
	return 0;
}

static int write_table(void *ctx, uint64_t pa, const void *buf, size_t len,
		       const struct smmu_attr *attr)
{
	(void)ctx;
	(void)pa;
	(void)buf;
	(void)len;
	(void)attr;
	return -1;
}

static void with_mpam(struct smmu_config *cfg)
{
	cfg->mpam = 1;
	cfg->partid_max = 63;
	cfg->pmg_max = 3;
}

/* DPT-2: a walk carries PARTID and PMG of the STE, whatever the client's are. */
static void walks_carry_the_partid_of_the_ste(void **state)
{
	static const struct smmu_mem_ops ops = { read_table, write_table, NULL };
	const uint64_t at = 0x9000000;
	struct dbench b;
	uint64_t ste[8];

	(void)state;
	d_open(&b, with_mpam);
	assert_int_equal(smmu_bus_add_region(b.h.bus, at, 0x10000, &ops, NULL), 0);
	d_config(&b, at, D_CFG);
	for (unsigned partid = 0; partid < 12; partid += 11) {
		on_stream(&b, SMMU_EATS_DPT, 0);
		for (unsigned i = 0; i < 8; i++)
			ste[i] = h_read64(&b.h, h_ste_pa(&b.h, SID) + 8 * i);
		smmu_set(ste, SMMU_STE_PARTID, partid);
		smmu_set(ste, SMMU_STE_PMG, partid & 3);
		h_ste_write(&b.h, SID, ste);
		h_invalidate_all(&b.h);
		forbidden(&b, translated(&b, PAGE, SMMU_READ), PAGE, true);
		assert_int_equal(seen.partid, partid);
		assert_int_equal(seen.pmg, partid & 3);
	}
	d_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_the_table_grants),
		cmocka_unit_test(vmatch),
		cmocka_unit_test(who_is_not_checked),
		cmocka_unit_test(walks_carry_the_partid_of_the_ste),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
