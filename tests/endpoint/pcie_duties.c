/* SPDX-License-Identifier: MIT */
/*
 * What ATS asks of software: each duty done, and what comes of it when it is not. These
 * are the mistakes that the model is there to show.
 */
#include "endpoint/pcie_bench.h"

#define TAG (UINT64_C(0x5a) << 56)

static struct smmu_pcie_dma at(struct fn_bench *f, bool ssv, uint64_t addr)
{
	struct smmu_pcie_dma d = f_dma_of(f, ssv, SMMU_READ);

	d.addr = addr;
	return d;
}

static int read_at(struct fn_bench *f, bool ssv, uint64_t addr)
{
	const struct smmu_pcie_dma d = at(f, ssv, addr);

	return smmu_pcie_dma(f->fn, &d, NULL);
}

static void expect_event(struct fn_bench *f, unsigned number)
{
	uint64_t dw[4];

	assert_true(h_event(&f->t.b.h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_EVENT), number);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_StreamID), SID);
	assert_int_equal(h_events_drain(&f->t.b.h), 0);
}

static void no_event(struct fn_bench *f)
{
	assert_int_equal(h_events_drain(&f->t.b.h), 0);
}

/* ATC-2: stage 2 alone changes; the answers that were made of both stages are stale. */
static void stage_2_changes(void **state)
{
	(void)state;
	for (unsigned eats = SMMU_EATS_FULL; eats <= SMMU_EATS_SPLIT; eats++) {
		struct fn_bench f;
		uint64_t page;

		f_setup(&f);
		page = f.t.b.page;
		t_substreams(&f.t, SMMU_STE_CONFIG_NESTED, eats, SMMU_S1DSS_SSID0);
		t_leaf2(&f.t, page, h_s2_rw());
		assert_int_equal(read_at(&f, false, VA), 0);
		h_write64(&f.t.b.h, h_desc_pa(&f.t.b.h, f.t.b.s2ttb, page, 3), 0);
		f_push(&f, SMMU_OP_TLBI_NSNH_ALL, NULL);
		h_sync(&f.t.b.h);
		if (eats == SMMU_EATS_FULL) { /* memory of another guest by now */
			assert_int_equal(read_at(&f, false, VA), 0);
			no_event(&f);
		} else { /* what passed the ATC meets stage 2 after all */
			assert_int_equal(read_at(&f, false, VA), -EFAULT);
			expect_event(&f, SMMU_EVT_F_TRANSLATION);
		}
		assert_int_equal(f_stats(&f).atc_hits, 1);
		f_atc_inv(&f, false, false, 0, 0);
		h_sync(&f.t.b.h);
		/* Now it asks, and is told R = W = 0: no event. */
		assert_int_equal(read_at(&f, false, VA), -EFAULT);
		assert_int_equal(f_stats(&f).atc_misses, 2);
		no_event(&f);
		f_teardown(&f);
	}
}

/* ATC-7, CMD-57: with S1DSS 10 DMA without a PASID uses substream 0; its entries have no
 * PASID.
 */
static void ssid0_without_pasid(void **state)
{
	struct fn_bench f;
	uint64_t cmd[2] = { 0, 0 };

	(void)state;
	f_setup(&f); /* S1DSS 10 */
	assert_int_equal(read_at(&f, false, VA), 0);
	f_unmap_without_atc_inv(&f);
	smmu_set(cmd, SMMU_CMD_ATC_INV_StreamID, SID);
	smmu_set(cmd, SMMU_CMD_ATC_INV_SSV, 1); /* of PASID 0: not what was asked */
	smmu_set_addr(cmd, SMMU_CMD_ATC_INV_Address, VA);
	f_push(&f, SMMU_OP_ATC_INV, cmd);
	h_sync(&f.t.b.h);
	assert_int_equal(read_at(&f, false, VA), 0);
	f_atc_inv(&f, false, false, 0, 0);
	h_sync(&f.t.b.h);
	assert_int_equal(read_at(&f, false, VA), -EFAULT);
	f_teardown(&f);
}

/* ATC-8: with TBI one page has 256 addresses, each an entry of its own. */
static void tagged_addresses(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	t_cd_set(&f.t, 0, SMMU_CD_TBI0, 1);
	assert_int_equal(read_at(&f, false, VA), 0);
	assert_int_equal(read_at(&f, false, VA | TAG), 0);
	assert_int_equal(f_stats(&f).atc_entries, 2);
	f_unmap_without_atc_inv(&f);
	f_atc_inv(&f, false, false, 0, 0);
	h_sync(&f.t.b.h);
	assert_int_equal(read_at(&f, false, VA), -EFAULT);
	assert_int_equal(read_at(&f, false, VA | TAG), 0);
	f_atc_inv(&f, false, false, 0, 52);
	h_sync(&f.t.b.h);
	assert_int_equal(read_at(&f, false, VA | TAG), -EFAULT);
	f_teardown(&f);
}

/* ATC-10, on: the STE first, then the function; the other way round it is refused. */
static void switching_on(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	t_ste_set(&f.t, SMMU_STE_EATS, SMMU_EATS_OFF);
	assert_int_equal(read_at(&f, false, VA), -EFAULT);
	expect_event(&f, SMMU_EVT_F_BAD_ATS_TREQ);
	assert_int_equal(smmu_pcie_disable_ats(f.fn), 0);
	t_ste_set(&f.t, SMMU_STE_EATS, SMMU_EATS_FULL);
	assert_int_equal(smmu_pcie_enable_ats(f.fn, 12), 0);
	assert_int_equal(read_at(&f, false, VA), 0);
	no_event(&f);
	f_teardown(&f);
}

/* ATC-10, off: the function first, then its ATC, then the STE. */
static void switching_off(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	assert_int_equal(read_at(&f, false, VA), 0);
	t_ste_set(&f.t, SMMU_STE_EATS, SMMU_EATS_OFF); /* too early */
	assert_int_equal(read_at(&f, false, VA), -EFAULT);
	expect_event(&f, SMMU_EVT_F_TRANSL_FORBIDDEN);
	t_ste_set(&f.t, SMMU_STE_EATS, SMMU_EATS_FULL);
	assert_int_equal(read_at(&f, false, VA), 0);
	assert_int_equal(smmu_pcie_disable_ats(f.fn), 0);
	f_atc_inv(&f, false, false, 0, 52);
	h_sync(&f.t.b.h);
	t_ste_set(&f.t, SMMU_STE_EATS, SMMU_EATS_OFF);
	assert_int_equal(read_at(&f, false, VA), 0);
	no_event(&f);
	f_teardown(&f);
}

/* ATC-11: SMMUEN is cleared under a function that still has ATS on. */
static void smmu_off_before_ats(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	assert_int_equal(read_at(&f, false, VA), 0);
	t_cr0(&f.t, SMMU_CR0_SMMUEN, false);
	assert_int_equal(read_at(&f, false, VA), -EFAULT); /* out of its ATC */
	expect_event(&f, SMMU_EVT_F_TRANSL_FORBIDDEN);
	assert_int_equal(read_at(&f, false, VA + 4096), -EFAULT); /* asking */
	expect_event(&f, SMMU_EVT_F_BAD_ATS_TREQ);
	/* With ATS off it may: GBPA lets untranslated DMA through to that address. */
	assert_int_equal(smmu_pcie_disable_ats(f.fn), 0);
	assert_int_equal(read_at(&f, false, f.t.b.page), 0);
	no_event(&f);
	f_teardown(&f);
}

static bool overflown(struct fn_bench *f)
{
	return (h_rd32(&f->t.b.h, SMMU_REG_PRIQ_PROD) ^
		h_rd32(&f->t.b.h, SMMU_REG_PRIQ_CONS)) >>
	       31;
}

/*
 * PRI-11: as many credits as the queue holds never overflow it, if an entry is consumed
 * before its answer gives the credit back; answered first, they do (PRI-12, PRI-14).
 */
static void credits(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;

	(void)state;
	f_setup(&f);
	t_priq(&f.t, 2); /* 4 entries, as many as its credits */
	d = f_dma_of(&f, false, SMMU_READ);
	for (uint32_t i = 0; i < 20; i++) {
		struct harness *h = &f.t.b.h;

		assert_int_equal(smmu_pcie_page_request(f.fn, &d, (uint16_t)i, true),
				 SMMU_PRI_QUEUED);
		if (i < 3)
			continue;
		assert_int_equal(smmu_pcie_page_request(f.fn, &d, 99, true), -ENOSPC);
		h_wr32(h, SMMU_REG_PRIQ_CONS, (i - 2) & 7);
		f_pri_resp(&f, SID, (uint16_t)(i - 3), false, 2);
	}
	assert_false(overflown(&f));
	/* Three are left in it; one is answered while it stands there. */
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 100, true), SMMU_PRI_QUEUED);
	f_pri_resp(&f, SID, 17, false, 2);
	f.answers = 0;
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 101, true), SMMU_PRI_ANSWERED);
	assert_true(overflown(&f));
	assert_int_equal(f.answers, 1);
	assert_int_equal(f.last_code, SMMU_PRG_SUCCESS);
	/* A group whose first is dropped in silence ends with its last's answer. */
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 102, false), SMMU_PRI_DROPPED);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 102, true), -ENOSPC);
	f_pri_resp(&f, SID, 18, false, 2);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 102, true), SMMU_PRI_ANSWERED);
	assert_int_equal(f.answers, 3);
	/* Stop markers vanish too (PRI-14); they cost no credit. */
	assert_int_equal(smmu_pcie_stop_pasid(f.fn, PASID), SMMU_PRI_DROPPED);
	f_teardown(&f);
}

/*
 * PASID-4: EL2 has no ASIDs, so that PASIDs do not keep address spaces apart: what one
 * has filled into the TLB serves the other. With NS-EL1 the same tables are two worlds.
 */
static void pasids_of_el2(void **state)
{
	(void)state;
	for (unsigned el2 = 0; el2 < 2; el2++) {
		struct fn_bench f;
		struct harness *h = &f.t.b.h;
		const uint64_t cd = 64 * PASID + 8;
		uint64_t root, other, word;

		f_setup(&f);
		assert_int_equal(smmu_pcie_disable_ats(f.fn), 0);
		root = h_table(h);
		other = h_alloc(h, 4096, 4096);
		h_map(h, root, VA, other, 3, h_s1_rw());
		h_write64(h, f.t.b.page, 0x1111111111111111);
		h_write64(h, other, 0x2222222222222222);
		word = h_read64(h, f.t.cds + cd) & ~UINT64_C(0xffffffffff000);
		h_write64(h, f.t.cds + cd, word | root);
		t_cd_set(&f.t, PASID, SMMU_CD_ASID, 0x44);
		t_ste_set(&f.t, SMMU_STE_STRW, el2 ? SMMU_STRW_EL2 : SMMU_STRW_EL1);
		assert_int_equal(read_at(&f, false, VA), 0);
		assert_int_equal((uint8_t)f.buf[0], 0x11);
		assert_int_equal(read_at(&f, true, VA), 0);
		assert_int_equal((uint8_t)f.buf[0], el2 ? 0x11 : 0x22);
		f_teardown(&f);
	}
}

/* ATC-9 is no promise: what is smaller than the STU may go whole. Here it does. */
static void below_the_stu(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	assert_int_equal(smmu_pcie_disable_ats(f.fn), 0);
	assert_int_equal(smmu_pcie_enable_ats(f.fn, 16), 0);
	h_map(&f.t.b.h, f.t.b.ttb0, VA + 0x200000, f.t.b.page & ~0x1fffffull, 2,
	      h_s1_rw());
	h_invalidate_all(&f.t.b.h);
	assert_int_equal(read_at(&f, false, VA + 0x210000), 0);
	assert_int_equal(f_stats(&f).atc_entries, 1);
	f_atc_inv_at(&f, SID, false, VA + 0x213000, 0);
	h_sync(&f.t.b.h);
	assert_int_equal(f_stats(&f).atc_entries, 0);
	f_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage_2_changes),  cmocka_unit_test(ssid0_without_pasid),
		cmocka_unit_test(tagged_addresses), cmocka_unit_test(switching_on),
		cmocka_unit_test(switching_off),    cmocka_unit_test(smmu_off_before_ats),
		cmocka_unit_test(credits),	    cmocka_unit_test(pasids_of_el2),
		cmocka_unit_test(below_the_stu),
	};

	return cmocka_run_group_tests_name("pcie_duties", tests, NULL, NULL);
}
