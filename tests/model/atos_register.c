/* SPDX-License-Identifier: MIT */
/* The registers of GATOS and VATOS, and what VATOS is not told (6.3.37, 9.1.6). */
#include "model/atos_bench.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static void moved(struct smmu_config *cfg)
{
	cfg->ba_vatos = 5;
}

static void neither(struct smmu_config *cfg)
{
	cfg->atos = cfg->vatos = 0;
}

static void small_ids(struct smmu_config *cfg)
{
	cfg->sid_bits = 12;
	cfg->ssid_bits = 5;
	cfg->vmid16 = 0;
}

static void no_substreams(struct smmu_config *cfg)
{
	cfg->ssid_bits = 0;
	cfg->pasidtt = cfg->pps = 0;
}

/* REG-6: RES0 without the features. */
static void absent(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, neither);
	h_wr64(&b.h, SMMU_REG_GATOS_SID, ~0ull);
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, ~0u);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_GATOS_SID), 0);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_VATOS_SEL), 0);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA), 0);
	a_close(&b);
}

/* ATOS-24, ATOS-26, ATOS-29: which bits there are. */
static void fields(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, small_ids);
	h_wr64(&b.h, SMMU_REG_GATOS_SID, ~0ull);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_GATOS_SID), 0x10001f00000fffull);
	h_wr32(&b.h, SMMU_REG_GATOS_SID + 4, 3);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_GATOS_SID), 0x300000fffull);
	h_wr64(&b.h, SMMU_REG_GATOS_ADDR, ~0ull);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_GATOS_ADDR), ~0x3full);
	h_wr64(&b.h, SMMU_REG_GATOS_PAR, ~0ull);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_GATOS_PAR), 0);
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, ~0u);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_VATOS_SEL), 0xff);
	/* the groups are apart */
	assert_int_equal(h_rd64(&b.h, a_vatos_reg(&b, SMMU_REG_VATOS_SID)), 0);
	a_close(&b);
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, no_substreams);
	h_wr64(&b.h, SMMU_REG_GATOS_SID, ~0ull);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_GATOS_SID), 0xffffffff);
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, ~0u);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_VATOS_SEL), 0xffff);
	a_close(&b);
}

/* ATOS-3, ATOS-4, ATOS-7: RUN needs SMMUEN, and 0 does nothing. */
static void run(void **state)
{
	struct abench b;
	uint64_t before;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, NULL);
	before = a_gatos(&b, A_S1 | A_READ, A_VA);
	assert_int_equal(before & 1, 0);
	h_wr64(&b.h, SMMU_REG_GATOS_ADDR, 0);
	h_wr32(&b.h, SMMU_REG_GATOS_CTRL, 0);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_GATOS_PAR), before);
	h_wr32(&b.h, SMMU_REG_CR0, 0xc);
	h_wr32(&b.h, SMMU_REG_GATOS_CTRL, 1);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_GATOS_CTRL), 0);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_GATOS_PAR), before);
	h_wr32(&b.h, SMMU_REG_CR0, 0xd);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_GATOS_CTRL), 0);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_GATOS_PAR), before);
	h_wr32(&b.h, SMMU_REG_GATOS_CTRL, 1);
	assert_int_equal(h_rd64(&b.h, SMMU_REG_GATOS_PAR),
			 a_fault(SMMU_ATOS_FAULT_INV_REQ, 0, 0));
	a_close(&b);
}

/* IDR2.BA_VATOS says where the page is. */
static void page_moves(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, moved);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_IDR2), 5);
	assert_true(smmu_mmio_size(b.h.smmu) >= 0x80000);
	assert_int_equal(a_vatos_reg(&b, 0), 0x70000);
	h_wr64(&b.h, 0x70000 + SMMU_REG_VATOS_SID, 7);
	assert_int_equal(h_rd64(&b.h, 0x70000 + SMMU_REG_VATOS_SID), 7);
	/* REG-2: the rest of it, and what lies before it, is RES0 */
	h_wr32(&b.h, 0x70000, ~0u);
	assert_int_equal(h_rd32(&b.h, 0x70000), 0);
	h_wr64(&b.h, 0x20000 + SMMU_REG_VATOS_SID, 7);
	assert_int_equal(h_rd64(&b.h, 0x20000 + SMMU_REG_VATOS_SID), 0);
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, A_VMID);
	assert_int_equal(a_vatos(&b, A_S1 | A_READ, A_VA) & 1, 0);
	a_close(&b);
}

/* ATOS-16 and 9.1.6, steps 1 to 5, in that order. */
static void vatos_is_for_one_vmid(void **state)
{
	const uint64_t bad_ste = a_fault(SMMU_EVT_C_BAD_STE, 0, 0);
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_NESTED, NULL);
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, A_VMID);
	assert_int_equal(a_vatos(&b, A_S1 | A_READ, A_VA),
			 0xffull << 56 | A_IPA | 3 << 8);
	/* stage 1 only */
	assert_int_equal(a_vatos(&b, A_S2 | A_READ, A_VA),
			 a_fault(SMMU_ATOS_FAULT_INV_REQ, 0, 0));
	assert_int_equal(a_vatos(&b, A_S12 | A_READ, A_VA),
			 a_fault(SMMU_ATOS_FAULT_INV_REQ, 0, 0));
	assert_int_equal(a_vatos(&b, A_READ, A_VA),
			 a_fault(SMMU_ATOS_FAULT_INV_REQ, 0, 0));
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, A_VMID + 1);
	assert_int_equal(a_vatos(&b, A_S1 | A_READ, A_VA), bad_ste);
	/* a fault of stage 2 has no address there */
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, A_VMID);
	b.cd[1] = 0x10007000;
	a_write(&b);
	assert_int_equal(a_vatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_WALK_EABT, 0, 0));
	/* step 3: no VMID */
	h_ste_bypass(b.ste);
	a_write(&b);
	assert_int_equal(a_vatos(&b, A_S1 | A_READ, A_VA), bad_ste);
	a_close(&b);
	/* step 5: a VMID that matches, and no stage 1 */
	a_open(&b, SMMU_PRESET_FULL, A_STAGE2, NULL);
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, A_VMID);
	assert_int_equal(a_vatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_ATOS_FAULT_INV_STAGE, 0, 0));
	a_close(&b);
	/* stage 1 only: S2VMID counts in NS-EL1, and not in EL2 */
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, NULL);
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, A_VMID);
	assert_int_equal(a_vatos(&b, A_S1 | A_READ, A_VA) & 1, 0);
	smmu_set(b.ste, SMMU_STE_STRW, 2);
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA) & 1, 0);
	assert_int_equal(a_vatos(&b, A_S1 | A_READ, A_VA), bad_ste);
	a_close(&b);
}

static void one_vms(struct smmu_config *cfg)
{
	cfg->mpam = 1;
	cfg->partid_max = 63;
}

/* ATOS-28: F_VMS_FETCH is a code too, below C_BAD_STE of either kind. */
static void vms_fetch(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_NESTED, one_vms);
	smmu_set(b.ste, SMMU_STE_S1MPAM, 1);
	b.ste[5] = 0x10000000; /* VMSPtr: nothing answers */
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_VMS_FETCH, 0, 0));
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, A_IPA),
			 a_fault(SMMU_EVT_F_VMS_FETCH, 3, 0));
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, A_VMID);
	assert_int_equal(a_vatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_VMS_FETCH, 0, 0));
	/* another VMID is not told */
	h_wr32(&b.h, SMMU_REG_VATOS_SEL, A_VMID + 1);
	assert_int_equal(a_vatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_C_BAD_STE, 0, 0));
	a_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent),
		cmocka_unit_test(fields),
		cmocka_unit_test(run),
		cmocka_unit_test(page_moves),
		cmocka_unit_test(vatos_is_for_one_vmid),
		cmocka_unit_test(vms_fetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
