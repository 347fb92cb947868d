/* SPDX-License-Identifier: MIT */
#include "model/atos_bench.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

void a_open(struct abench *b, enum smmu_preset preset, enum abench_kind kind,
	    void (*tweak)(struct smmu_config *cfg))
{
	struct harness *h = &b->h;

	h_setup(h, preset, tweak);
	h_enable(h);
	b->s1 = h_table(h);
	b->s2 = h_table(h);
	b->cd_pa = h_alloc(h, 64, 64);
	h_map(h, b->s2, H_RAM, H_RAM, 1, h_s2_rw());
	h_map(h, b->s2, A_IPA, A_PA, 3, h_s2_rw());
	h_map(h, b->s1, A_VA, A_IPA, 3, h_s1_rw());
	h_cd_s1(b->cd, b->s1, 1);
	switch (kind) {
	case A_BYPASS:
		h_ste_bypass(b->ste);
		break;
	case A_STAGE1:
		h_ste_s1(b->ste, b->cd_pa);
		smmu_set(b->ste, SMMU_STE_S2VMID, A_VMID);
		break;
	case A_STAGE2:
		h_ste_s2(b->ste, b->s2, A_VMID);
		break;
	case A_NESTED:
		h_ste_nested(b->ste, b->cd_pa, b->s2, A_VMID);
		break;
	}
	a_write(b);
}

void a_close(struct abench *b)
{
	/* ATOS-9: whatever was asked, nothing was recorded. */
	assert_int_equal(h_events_drain(&b->h), 0);
	h_teardown(&b->h);
}

void a_write(struct abench *b)
{
	h_write_dw(&b->h, b->cd_pa, b->cd, 8);
	h_ste_write(&b->h, A_SID, b->ste);
	h_invalidate_all(&b->h);
}

static uint64_t ask_group(struct abench *b, uint64_t ctrl, uint64_t sid, uint64_t addr)
{
	struct harness *h = &b->h;

	h_wr64(h, ctrl + 8, sid);
	h_wr64(h, ctrl + 16, addr);
	h_wr32(h, ctrl, 1);
	/* ATOS-1, ATOS-2: RUN is 0 again when PAR is there */
	assert_int_equal(h_rd32(h, ctrl), 0);
	return h_rd64(h, ctrl + 24);
}

uint64_t a_gatos_of(struct abench *b, uint64_t sid, uint64_t ask, uint64_t addr)
{
	return ask_group(b, SMMU_REG_GATOS_CTRL, sid, addr | ask);
}

uint64_t a_gatos(struct abench *b, uint64_t ask, uint64_t addr)
{
	return a_gatos_of(b, A_SID, ask, addr);
}

uint64_t a_vatos_reg(struct abench *b, uint64_t reg)
{
	uint64_t page = smmu_reg_get(h_rd32(&b->h, SMMU_REG_IDR2), SMMU_IDR2_BA_VATOS);

	return 0x20000 + page * 0x10000 + reg;
}

uint64_t a_vatos(struct abench *b, uint64_t ask, uint64_t addr)
{
	return ask_group(b, a_vatos_reg(b, SMMU_REG_VATOS_CTRL), A_SID, addr | ask);
}

uint64_t a_fault(unsigned code, unsigned reason, uint64_t faddr)
{
	return 1 | reason << 1 | code << 4 | faddr;
}
