/* SPDX-License-Identifier: MIT */
/*
 * SR-IOV: virtual functions appear and vanish by writes to their PF, have StreamIDs and
 * ATCs of their own, and share their PF's PASID and PRI (PCIe 9.3).
 */
#include "endpoint/pcie_bench.h"

enum { VFS = 4, OFFSET = 8, STRIDE = 2 };

static void with_vfs(struct smmu_pcie_config *cfg)
{
	cfg->total_vfs = VFS;
	cfg->vf_offset = OFFSET;
	cfg->vf_stride = STRIDE;
	cfg->vf_device = 0x9abc;
	cfg->msix_vectors = 3;
}

static uint32_t vf_sid(unsigned i)
{
	return SID + OFFSET + i * STRIDE;
}

/* The streams of all VFs are like their PF's. */
static void setup(struct fn_bench *f)
{
	f_setup_with(f, with_vfs);
	for (unsigned i = 0; i < VFS; i++)
		f_stream_like(f, vf_sid(i));
}

static uint16_t ext(struct smmu_pcie *fn, unsigned id, unsigned offset)
{
	return (uint16_t)(smmu_pcie_find_cap(fn, id) + offset);
}

static int vf_dma(struct fn_bench *f, struct smmu_pcie *vf, bool ssv, uint8_t op)
{
	const struct smmu_pcie_dma d = f_dma_of(f, ssv, op);

	return smmu_pcie_dma(vf, &d, NULL);
}

static void enable(struct smmu_pcie *vf)
{
	smmu_pcie_set_master(vf, true);
	assert_int_equal(smmu_pcie_enable_ats(vf, 12), 0);
}

/* The PF's registers (9.3.3), and what is there by them. */
static void appear_and_vanish(void **state)
{
	struct fn_bench f;
	struct smmu_pcie *vf[VFS];
	uint16_t cap;

	(void)state;
	setup(&f);
	cap = smmu_pcie_find_cap(f.fn, SMMU_PCI_EXT_SRIOV);
	assert_true(cap);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, (uint16_t)(cap + 0x0c), 4),
			 VFS | VFS << 16);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, (uint16_t)(cap + 0x14), 4),
			 OFFSET | STRIDE << 16);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, (uint16_t)(cap + 0x1a), 2), 0x9abc);
	assert_null(smmu_pcie_vf(f.fn, VFS));
	for (unsigned i = 0; i < VFS; i++) {
		vf[i] = smmu_pcie_vf(f.fn, i);
		assert_ptr_equal(smmu_pcie_pf(vf[i]), f.fn);
		assert_int_equal(smmu_pcie_sid(vf[i]), vf_sid(i));
		assert_false(smmu_pcie_present(vf[i]));
		/* Nothing is at that place. */
		assert_int_equal(smmu_pcie_cfg_read(vf[i], 0, 4), UINT32_MAX);
		assert_int_equal(smmu_pcie_bar_read(vf[i], 0), UINT32_MAX);
		assert_int_equal(vf_dma(&f, vf[i], false, SMMU_READ), -ENODEV);
		assert_int_equal(smmu_pcie_interrupt(vf[i], 0), -ENODEV);
	}
	assert_null(smmu_pcie_pf(f.fn));

	smmu_pcie_cfg_write(f.fn, (uint16_t)(cap + 0x10), 2, 2); /* NumVFs alone: none */
	assert_false(smmu_pcie_present(vf[0]));
	smmu_pcie_cfg_write(f.fn, (uint16_t)(cap + 8), 2, 1);
	assert_true(smmu_pcie_present(vf[0]) && smmu_pcie_present(vf[1]));
	assert_false(smmu_pcie_present(vf[2]));
	/* NumVFs stands still while they are there. */
	smmu_pcie_cfg_write(f.fn, (uint16_t)(cap + 0x10), 2, 4);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, (uint16_t)(cap + 0x10), 2), 2);
	assert_int_equal(smmu_pcie_enable_vfs(f.fn, 1), -EBUSY);
	assert_int_equal(smmu_pcie_disable_vfs(f.fn), 0);
	assert_false(smmu_pcie_present(vf[0]));
	assert_int_equal(smmu_pcie_enable_vfs(f.fn, VFS + 1), -EINVAL);
	assert_int_equal(smmu_pcie_enable_vfs(f.fn, VFS), 0);
	assert_true(smmu_pcie_present(vf[3]));
	/* More than there can be: all that there can be. */
	assert_int_equal(smmu_pcie_disable_vfs(f.fn), 0);
	smmu_pcie_cfg_write(f.fn, (uint16_t)(cap + 0x10), 2, 0xffff);
	smmu_pcie_cfg_write(f.fn, (uint16_t)(cap + 8), 2, 1);
	assert_true(smmu_pcie_present(vf[3]));
	smmu_pcie_destroy(vf[0]); /* is its PF's */
	assert_true(smmu_pcie_present(vf[0]));
	f_teardown(&f);
}

/* 9.3.4, 9.3.7: ids of ones, bus mastering of its own, ATS with its PF's STU, no PRI. */
static void registers_of_a_vf(void **state)
{
	struct fn_bench f;
	struct smmu_pcie *vf;

	(void)state;
	setup(&f);
	assert_int_equal(smmu_pcie_enable_vfs(f.fn, 1), 0);
	vf = smmu_pcie_vf(f.fn, 0);
	assert_int_equal(smmu_pcie_cfg_read(vf, 0, 4), UINT32_MAX);
	assert_int_equal(smmu_pcie_cfg_read(vf, 6, 2), 0x10);
	assert_int_equal(smmu_pcie_find_cap(vf, SMMU_PCI_EXT_PRI), 0);
	assert_int_equal(smmu_pcie_find_cap(vf, SMMU_PCI_EXT_PASID), 0);
	assert_int_equal(smmu_pcie_find_cap(vf, SMMU_PCI_EXT_SRIOV), 0);
	assert_true(smmu_pcie_find_cap(vf, SMMU_PCI_CAP_MSIX));
	assert_int_equal(smmu_pcie_enable_pasid(vf, false, false), -EOPNOTSUPP);
	assert_int_equal(smmu_pcie_enable_pri(vf, 1), -EOPNOTSUPP);
	assert_int_equal(smmu_pcie_enable_vfs(vf, 1), -EOPNOTSUPP);
	smmu_pcie_cfg_write(vf, 4, 2, 0xffff);
	assert_int_equal(smmu_pcie_cfg_read(vf, 4, 2), 4);
	smmu_pcie_cfg_write(vf, ext(vf, SMMU_PCI_EXT_ATS, 6), 2, 0x8005);
	assert_int_equal(smmu_pcie_cfg_read(vf, ext(vf, SMMU_PCI_EXT_ATS, 6), 2), 0x8000);
	assert_int_equal(smmu_pcie_cfg_read(vf, ext(vf, SMMU_PCI_EXT_ATS, 4), 2) & 0x1f,
			 0);
	f_teardown(&f);
}

/* Each has an ATC and a StreamID of its own: ATC-1 for one is nothing to the others. */
static void caches_of_their_own(void **state)
{
	(void)state;
	for (int ssv = 0; ssv < 2; ssv++) {
		struct fn_bench f;
		struct smmu_pcie *a, *b;

		setup(&f);
		assert_int_equal(smmu_pcie_enable_vfs(f.fn, 2), 0);
		a = smmu_pcie_vf(f.fn, 0);
		b = smmu_pcie_vf(f.fn, 1);
		enable(a);
		enable(b);
		assert_int_equal(vf_dma(&f, a, ssv, SMMU_WRITE), 0);
		assert_int_equal(vf_dma(&f, b, ssv, SMMU_WRITE), 0);
		assert_int_equal(f_dma(&f, ssv, SMMU_WRITE), 0);
		f_unmap_without_atc_inv(&f);
		f_atc_inv_at(&f, vf_sid(0), ssv, VA, 0);
		h_sync(&f.t.b.h);
		assert_int_equal(vf_dma(&f, a, ssv, SMMU_WRITE), -EFAULT);
		assert_int_equal(vf_dma(&f, b, ssv, SMMU_WRITE), 0); /* the bug class */
		assert_int_equal(f_dma(&f, ssv, SMMU_WRITE), 0);
		f_atc_inv_at(&f, vf_sid(1), ssv, VA, 0);
		f_atc_inv_at(&f, SID, ssv, VA, 0);
		h_sync(&f.t.b.h);
		assert_int_equal(vf_dma(&f, b, ssv, SMMU_WRITE), -EFAULT);
		assert_int_equal(f_dma(&f, ssv, SMMU_WRITE), -EFAULT);
		f_teardown(&f);
	}
}

/* 9.3.7.10: a VF has PASIDs while its PF has. */
static void pasid_is_the_pfs(void **state)
{
	struct fn_bench f;
	struct smmu_pcie *vf;

	(void)state;
	setup(&f);
	assert_int_equal(smmu_pcie_enable_vfs(f.fn, 1), 0);
	vf = smmu_pcie_vf(f.fn, 0);
	smmu_pcie_set_master(vf, true);
	assert_int_equal(vf_dma(&f, vf, true, SMMU_READ), 0);
	assert_int_equal(smmu_pcie_disable_ats(f.fn), 0);
	assert_int_equal(smmu_pcie_disable_pasid(f.fn), 0);
	assert_int_equal(vf_dma(&f, vf, true, SMMU_READ), -EINVAL);
	assert_int_equal(vf_dma(&f, vf, false, SMMU_READ), 0);
	f_teardown(&f);
}

/* 9.3.7.9: one allocation, one status, answers to whom asked. */
static void pri_is_the_pfs(void **state)
{
	struct fn_bench f;
	struct smmu_pcie *a, *b;
	struct smmu_pcie_dma d;
	uint16_t status;

	(void)state;
	setup(&f);
	assert_int_equal(smmu_pcie_enable_vfs(f.fn, 2), 0);
	a = smmu_pcie_vf(f.fn, 0);
	b = smmu_pcie_vf(f.fn, 1);
	d = f_dma_of(&f, false, SMMU_READ);
	status = ext(f.fn, SMMU_PCI_EXT_PRI, 6);
	/* 4 in all; the same index is another group in another function. */
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 1, true), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(a, &d, 1, true), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(b, &d, 1, false), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(b, &d, 1, true), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(a, &d, 2, true), -ENOSPC);
	f_pri_resp(&f, vf_sid(1), 1, false, 2);
	assert_int_equal(f.answers, 1);
	assert_int_equal(smmu_pcie_page_request(a, &d, 2, true), SMMU_PRI_QUEUED);
	/* Nobody's index in b: its PF's register says so. */
	f_pri_resp(&f, vf_sid(1), 1, false, 2);
	assert_true(smmu_pcie_cfg_read(f.fn, status, 2) & 2);
	/* Failure for one stops them all. */
	f_pri_resp(&f, vf_sid(0), 1, false, 0);
	assert_true(smmu_pcie_cfg_read(f.fn, status, 2) & 1);
	assert_int_equal(smmu_pcie_page_request(b, &d, 3, true), -EOPNOTSUPP);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 3, true), -EOPNOTSUPP);
	/* Stopped, once what is outstanding is answered, or its function is reset. */
	assert_false(smmu_pcie_cfg_read(f.fn, status, 2) & 0x100);
	f_pri_resp(&f, SID, 1, false, 2);
	assert_false(smmu_pcie_cfg_read(f.fn, status, 2) & 0x100);
	assert_int_equal(smmu_pcie_flr(a), 0);
	assert_true(smmu_pcie_cfg_read(f.fn, status, 2) & 0x100);
	assert_int_equal(smmu_pcie_disable_pri(f.fn), 0);
	assert_int_equal(smmu_pcie_page_request(a, &d, 2, true), -EOPNOTSUPP);
	f_teardown(&f);
}

/* An FLR of a VF is its own; one of the PF takes the VFs away (9.2.2.2). */
static void resets(void **state)
{
	struct fn_bench f;
	struct smmu_pcie *a, *b;
	struct smmu_pcie_stats s;

	(void)state;
	setup(&f);
	assert_int_equal(smmu_pcie_enable_vfs(f.fn, 2), 0);
	a = smmu_pcie_vf(f.fn, 0);
	b = smmu_pcie_vf(f.fn, 1);
	enable(a);
	enable(b);
	assert_int_equal(vf_dma(&f, a, false, SMMU_READ), 0);
	assert_int_equal(vf_dma(&f, b, false, SMMU_READ), 0);
	assert_int_equal(smmu_pcie_flr(a), 0);
	assert_true(smmu_pcie_present(a));
	smmu_pcie_stats(a, &s);
	assert_int_equal(s.atc_entries, 0);
	assert_int_equal(vf_dma(&f, a, false, SMMU_READ), -EACCES);
	assert_int_equal(vf_dma(&f, b, false, SMMU_READ), 0);
	assert_int_equal(smmu_pcie_flr(f.fn), 0);
	assert_false(smmu_pcie_present(a) || smmu_pcie_present(b));
	/* To who is not there: UR, so that the CMD_SYNC is through (ATC-6). */
	f_atc_inv_at(&f, vf_sid(1), false, VA, 0);
	h_sync(&f.t.b.h);
	assert_int_equal(f_waiting(&f), 0);
	/* What comes back begins with nothing. */
	assert_int_equal(smmu_pcie_enable_vfs(f.fn, 2), 0);
	smmu_pcie_stats(b, &s);
	assert_int_equal(s.atc_entries, 0);
	assert_int_equal(vf_dma(&f, b, false, SMMU_READ), -EACCES);
	f_teardown(&f);
}

static void vanish_now(struct fn_bench *f)
{
	f->on_write = NULL;
	f_atc_inv_at(f, vf_sid(0), false, VA, 0);
	f_push(f, SMMU_OP_SYNC, NULL);
	assert_int_equal(f_waiting(f), 1);
	assert_int_equal(smmu_pcie_disable_vfs(f->fn), 0);
}

/* VF Enable is cleared in the middle of its DMA and of an invalidation (ATC-5). */
static void vanish_in_the_middle(void **state)
{
	struct fn_bench f;
	struct smmu_pcie *vf;
	struct smmu_pcie_dma d;
	uint64_t done;

	(void)state;
	setup(&f);
	h_map(&f.t.b.h, f.t.b.ttb0, VA + 4096, DEVICE, 3, h_s1_rw());
	f_map_device(&f);
	assert_int_equal(smmu_pcie_enable_vfs(f.fn, 1), 0);
	vf = smmu_pcie_vf(f.fn, 0);
	enable(vf);
	f.on_write = vanish_now;
	d = f_dma_of(&f, false, SMMU_WRITE);
	d.len = 8192;
	assert_int_equal(smmu_pcie_dma(vf, &d, &done), -ECANCELED);
	assert_int_equal(done, 4096);
	assert_int_equal(f_waiting(&f), 1);
	assert_int_equal(smmu_atc_timeout(f.t.b.h.smmu), 1);
	f_clear_atc_error(&f);
	assert_int_equal(f_waiting(&f), 0);
	f_teardown(&f);
}

/* StreamIDs as an iommu-map gives them, and what is refused. */
static void ids_and_misuse(void **state)
{
	static const uint32_t sids[] = { 40, 33 };
	struct fn_bench f;
	struct smmu_pcie *fn = NULL;
	struct smmu_pcie_config cfg = { .size = sizeof(cfg),
					.ats = true,
					.sid = 20,
					.total_vfs = 2,
					.vf_offset = 1,
					.vf_stride = 1,
					.vf_sids = sids };

	(void)state;
	f_setup(&f);
	assert_null(smmu_pcie_vf(f.fn, 0));
	assert_int_equal(smmu_pcie_enable_vfs(f.fn, 0), -EOPNOTSUPP);
	cfg.smmu = f.t.b.h.smmu;
	assert_int_equal(smmu_pcie_create(&fn, &cfg), 0);
	assert_int_equal(smmu_pcie_sid(smmu_pcie_vf(fn, 1)), 33);
	smmu_pcie_destroy(fn);
	fn = NULL;
	cfg.vf_sids = NULL;
	cfg.vf_offset = 0;
	assert_int_equal(smmu_pcie_create(&fn, &cfg), -EINVAL);
	cfg.vf_offset = 1;
	cfg.vf_stride = 0;
	assert_int_equal(smmu_pcie_create(&fn, &cfg), -EINVAL);
	cfg.total_vfs = 1; /* one needs no stride */
	assert_int_equal(smmu_pcie_create(&fn, &cfg), 0);
	smmu_pcie_destroy(fn);
	fn = NULL;
	cfg.total_vfs = SMMU_PCIE_MAX_VFS + 1;
	cfg.vf_stride = 1;
	assert_int_equal(smmu_pcie_create(&fn, &cfg), -EINVAL);
	/* A VF in the place of another function: nothing is left of it. */
	cfg.total_vfs = 2;
	cfg.sid = SID - 2;
	assert_int_equal(smmu_pcie_create(&fn, &cfg), -EEXIST);
	assert_null(fn);
	cfg.sid = SID + 1;
	assert_int_equal(smmu_pcie_create(&fn, &cfg), 0);
	smmu_pcie_destroy(fn);
	f_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appear_and_vanish),
		cmocka_unit_test(registers_of_a_vf),
		cmocka_unit_test(caches_of_their_own),
		cmocka_unit_test(pasid_is_the_pfs),
		cmocka_unit_test(pri_is_the_pfs),
		cmocka_unit_test(resets),
		cmocka_unit_test(vanish_in_the_middle),
		cmocka_unit_test(ids_and_misuse),
	};

	return cmocka_run_group_tests_name("pcie_vf", tests, NULL, NULL);
}
