/* SPDX-License-Identifier: MIT */
/*
 * The accessors of arch.h:
 *
 * 1. a one walks through each field of each structure: set writes that bit and
 *    no other, get reads it back, over zeros and over ones;
 * 2. a value wider than its field is cut off, not spilt;
 * 3. address forms shift and drop what the field cannot hold;
 * 4. everything is a constant expression, and fits int;
 * 5. register offsets, arrays of registers, arrays in structures.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <smmulator/arch.h>

#include "arch/tables.h"

#define WORDS 8

/* 4: usable where the language wants constants. */
static const int constant[SMMU_STE_DWORDS] = { SMMU_STE_S2TTB, SMMU_REG_EVENTQ_PROD };
static const uint64_t mask = SMMU_MASK(SMMU_CD_ASID);

static void check_bit(const struct arch_field *f, unsigned bit, uint64_t background)
{
	unsigned field = (unsigned)SMMU_FIELD(f->msb, f->lsb, f->shift),
		 at = f->lsb + bit;
	uint64_t dw[WORDS], one = UINT64_C(1) << bit;

	memset(dw, background ? 0xff : 0, sizeof(dw));
	smmu_set(dw, field, background ? ~one : one);
	for (unsigned i = 0; i < WORDS; i++) {
		uint64_t want = i == at / 64 ? UINT64_C(1) << (at % 64) : 0;

		assert_true(dw[i] == (background ^ want));
	}
	assert_true(smmu_get(dw, field) ==
		    (background ? ~one & SMMU_FIELD_ONES(field) : one));
	assert_true(smmu_reg_get(dw[at / 64], field) == smmu_get(dw, field));
}

/* 1. */
static void ones_walk(void **state)
{
	unsigned fields = 0;

	(void)state;
	for (size_t i = 0; i < smmu_arch_struct_count; i++)
		for (const struct arch_field *f = smmu_arch_structs[i].fields; f->name;
		     f++) {
			if (f->msb / 64 != f->lsb / 64)
				continue; /* VMS.PARTID_MAP, implementation defined */
			for (unsigned bit = 0; bit <= (unsigned)(f->msb - f->lsb);
			     bit++) {
				check_bit(f, bit, 0);
				check_bit(f, bit, UINT64_MAX);
			}
			fields++;
		}
	assert_true(fields > 700);
}

/* 2. */
static void values_are_cut_off(void **state)
{
	uint64_t ste[SMMU_STE_DWORDS] = { 0 };

	(void)state;
	smmu_set(ste, SMMU_STE_Config, 0xffff);
	assert_true(ste[0] == 0xe);
	smmu_set(ste, SMMU_STE_S2POI, UINT64_MAX); /* 64 bits wide: no shift by 64 */
	assert_true(ste[7] == UINT64_MAX);
	assert_true(smmu_reg_set(0, SMMU_CR0_VMW, 0x1f) == 0x7 << 6);
	assert_true(mask == UINT64_C(0xffff) << 48);
	assert_true(SMMU_MASK(SMMU_STE_S2POI) == UINT64_MAX);
}

/* 3. */
static void addresses_shift(void **state)
{
	uint64_t ste[SMMU_STE_DWORDS] = { 0 };

	(void)state;
	smmu_set_addr(ste, SMMU_STE_S2TTB, 0x123456789abf);
	assert_true(ste[3] == 0x123456789ab0);
	assert_true(smmu_get_addr(ste, SMMU_STE_S2TTB) == 0x123456789ab0);
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr, UINT64_MAX);
	assert_true(ste[0] == UINT64_C(0x00ffffffffffffc0));
	assert_true(smmu_reg_get_addr(UINT64_C(0x4000000080000008),
				      SMMU_CMDQ_BASE_ADDR) == 0x80000000);
	assert_true(smmu_reg_set_addr(8, SMMU_CMDQ_BASE_ADDR, 0x80000000) == 0x80000008);
	/* 64 KB granule, 52 bits: [51:48] sit in [15:12] of the descriptor. */
	assert_true(smmu_reg_get_addr(0xf000, SMMU_S1DESC_Addr_64K_HI) ==
		    UINT64_C(0xf000000000000));
	assert_true(smmu_reg_get_addr(0x300, SMMU_S2DESC_Addr_DS_51_50) ==
		    UINT64_C(0xc000000000000));
}

/* 5. */
static void offsets_are_right(void **state)
{
	(void)state;
	assert_int_equal(constant[1], 0x100a8);
	assert_int_equal(SMMU_REG_EVENTQ_PROD_ALIAS, 0xa8);
	assert_int_equal(SMMU_REG_GATOS_PAR, 0x118);
	assert_int_equal(SMMU_REG_CMDQ_CONTROL_PAGE_BASE(3), 0x4060);
	assert_int_equal(SMMU_REG_CMDQ_CONTROL_PAGE_STATUS(1), 0x402c);
	assert_int_equal(SMMU_REG_PMCG_EVTYPER(2), 0x408);
	/* 256 queues share a 64 KB page: 0x100 apart; 128: 0x200 (6.2.5). */
	assert_int_equal(SMMU_REG_ECMDQ_PROD(1, 8), 0x108);
	assert_int_equal(SMMU_REG_ECMDQ_CONS(1, 7), 0x20c);
	assert_int_equal(SMMU_REG_PMCG_EVCNTR(3, 31), 0xc);
	assert_int_equal(SMMU_REG_PMCG_SVR(3, 63), 0x618);
}

/* 5. VMS-3, CD-34, STE-67 */
static void arrays_in_structures(void **state)
{
	uint64_t dw[SMMU_CD_DWORDS] = { 0 };

	(void)state;
	smmu_vms_set_partid(dw, 5, 0xbeef);
	assert_true(dw[1] == UINT64_C(0xbeef0000));
	assert_int_equal(smmu_vms_partid(dw, 5), 0xbeef);
	assert_int_equal(smmu_vms_partid(dw, 4), 0);
	smmu_set(dw, SMMU_CD_PIIP, UINT64_C(5) << 45 | 7);
	assert_true(smmu_get_element(dw, SMMU_CD_PIIP, 3, 15) == 5);
	assert_true(smmu_get_element(dw, SMMU_CD_PIIP, 3, 0) == 7);
	assert_true(smmu_get_element(dw, SMMU_CD_PIIP, 3, 16) == 0);
	smmu_set(dw, SMMU_STE_S2POI, UINT64_C(0xc) << 60);
	assert_true(smmu_get_element(dw, SMMU_STE_S2POI, 4, 15) == SMMU_S2PERM_RW);
}

static void size_codes(void **state)
{
	static const unsigned bits[] = { 32, 36, 40, 42, 44, 48, 52, 56 };

	(void)state;
	for (unsigned code = 0; code < 8; code++)
		assert_int_equal(smmu_oas_bits(code), bits[code]);
	assert_int_equal(SMMU_OAS_48, 5);
	assert_int_equal(SMMU_STE_DWORDS, 8);
	assert_int_equal(SMMU_CD_DWORDS, 8);
	assert_int_equal(SMMU_CMD_DWORDS, 2);
	assert_int_equal(SMMU_EVENT_DWORDS, 4);
	assert_int_equal(SMMU_PRI_DWORDS, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ones_walk),
		cmocka_unit_test(values_are_cut_off),
		cmocka_unit_test(addresses_shift),
		cmocka_unit_test(offsets_are_right),
		cmocka_unit_test(arrays_in_structures),
		cmocka_unit_test(size_codes),
	};

	return cmocka_run_group_tests_name("arch_accessors", tests, NULL, NULL);
}
