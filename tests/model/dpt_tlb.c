/* SPDX-License-Identifier: MIT */
/* What is remembered of the Device Permission Table, and CMD_DPTI_* (3.24.2, 4.6). */
#include "model/dpt_bench.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define PAGE (H_RAM + 0x2000000) /* 32 MB aligned */

static uint64_t rw(void)
{
	return d_right(D_AC_VMID | D_W, D_VMID);
}

/* DPT-9: a right that was found is used until DPTI; CMD-65. No Access never is. */
static void rights_are_kept(void **state)
{
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	assert_false(d_read(&b, PAGE));
	d_l1(&b, PAGE, 1 | rw());
	assert_true(d_read(&b, PAGE));
	d_l1(&b, PAGE, 0);
	assert_true(d_write(&b, PAGE));
	/* it may deny as well, being of a walk */
	assert_false(d_ask(&b, 0, D_VMID + 1, PAGE, false));
	/* DPT-8: a hit needs no walk, hence no fault */
	d_walks(&b, false);
	assert_true(d_read(&b, PAGE));
	assert_int_equal(d_far(&b), 0);
	d_dpti_all(&b);
	assert_false(d_read(&b, PAGE));
	assert_int_equal(d_far(&b), PAGE | D_DISABLED);
	d_close(&b);
}

/* CMD-66, DPT-10: the sizes; what is smaller than the entry does not remove it. */
static void by_size(void **state)
{
	static const struct {
		unsigned contig,
			size; /* of the entry; the DPTI SIZE that is just enough */
	} rows[] = {
		{ 0, SMMU_DPTI_SIZE_4K },   { 1, SMMU_DPTI_SIZE_64K },
		{ 2, SMMU_DPTI_SIZE_2M },   { 3, SMMU_DPTI_SIZE_32M },
		{ 4, SMMU_DPTI_SIZE_512M }, { 5, SMMU_DPTI_SIZE_1G },
	};
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned size = rows[i].size;

		d_l1(&b, H_RAM, (rows[i].contig ? 3 : 1) | rows[i].contig << 8 | rw());
		d_dpti_all(&b);
		assert_true(d_read(&b, H_RAM));
		d_l1(&b, H_RAM, 0);
		if (size > 0)
			d_dpti_pa(&b, H_RAM, size - 1, 1);
		assert_true(d_read(&b, H_RAM));
		/* elsewhere; misaligned; reserved SIZE */
		d_dpti_pa(&b, 0, size, 1);
		d_dpti_pa(&b, H_RAM + 0x1000, size, 1);
		d_dpti_pa(&b, H_RAM, 10, 1);
		assert_true(d_read(&b, H_RAM));
		d_dpti_pa(&b, H_RAM, size, 1);
		assert_false(d_read(&b, H_RAM));
	}
	d_close(&b);
}

/* CMD-66: bits of the address from OAS on count as zero. */
static void address_beyond_oas(void **state)
{
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	d_l1(&b, PAGE, 1 | rw());
	assert_true(d_read(&b, PAGE));
	d_l1(&b, PAGE, 0);
	d_dpti_pa(&b, PAGE | 1ull << 52, SMMU_DPTI_SIZE_4K, 1);
	assert_false(d_read(&b, PAGE));
	d_close(&b);
}

/* DPT-10: Leaf 1 spares level 0 Table entries, Leaf 0 does not, whatever SIZE. */
static void table_entries(void **state)
{
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	d_l1(&b, PAGE, 1 | rw());
	assert_true(d_read(&b, PAGE));
	d_l0(&b, H_RAM >> 30, 0);
	d_dpti_pa(&b, PAGE, SMMU_DPTI_SIZE_4K, 1);
	assert_true(d_read(&b, PAGE));
	d_dpti_pa(&b, PAGE, SMMU_DPTI_SIZE_4K, 0);
	assert_false(d_read(&b, PAGE));
	/* DPT-11: table replaced by a block of the same rights needs nothing */
	d_l0(&b, H_RAM >> 30, b.l1 | 3);
	assert_true(d_read(&b, PAGE));
	d_l0(&b, H_RAM >> 30, 1 | rw());
	assert_true(d_read(&b, PAGE));
	d_dpti_pa(&b, PAGE, SMMU_DPTI_SIZE_4K, 0);
	assert_true(d_read(&b, PAGE));
	assert_true(d_read(&b, PAGE + 0x100000));
	assert_int_equal(d_far(&b), 0);
	d_close(&b);
}

/* More regions than entries: each is right all the same. */
static void many_regions(void **state)
{
	struct dbench b;

	(void)state;
	d_open(&b, NULL);
	for (unsigned i = 0; i < 64; i++)
		d_l1(&b, PAGE + i * 0x2000, 1 | d_right(D_AC_VMID, i));
	for (unsigned turn = 0; turn < 3; turn++)
		for (unsigned i = 0; i < 64; i++) {
			assert_true(d_ask(&b, 0, i, PAGE + i * 0x2000, false));
			assert_false(d_ask(&b, 0, i + 1, PAGE + i * 0x2000, false));
		}
	d_close(&b);
}

static void no_dpt(struct smmu_config *cfg)
{
	cfg->dpt = 0;
}

/* CMD-64, 4.6: CERROR_ILL without the feature; REG-120: a reset forgets. */
static void commands_and_reset(void **state)
{
	struct dbench b;
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, no_dpt);
	h_init_queues(&h);
	h_cmd(&h, SMMU_OP_DPTI_ALL, 0);
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
	h_cmdq_skip(&h);
	h_cmd(&h, SMMU_OP_DPTI_PA, 0);
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
	h_teardown(&h);
	d_open(&b, NULL);
	d_l1(&b, PAGE, 1 | rw());
	assert_true(d_read(&b, PAGE));
	/* CMD-6 */
	h_cmd(&b.h, SMMU_OP_DPTI_PA, 1 << 1);
	assert_int_equal(h_cmdq_error(&b.h), SMMU_CERROR_ILL);
	smmu_reset(b.h.smmu);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_DPT_BASE), 0);
	assert_false(d_read(&b, PAGE));
	d_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_are_kept),
		cmocka_unit_test(by_size),
		cmocka_unit_test(address_beyond_oas),
		cmocka_unit_test(table_entries),
		cmocka_unit_test(many_regions),
		cmocka_unit_test(commands_and_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
