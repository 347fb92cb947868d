/* SPDX-License-Identifier: MIT */
/*
 * A PCIe function with an ATC behind a real SMMU: what software forgets to invalidate
 * stays usable, what it invalidates does not, whatever the function is in the middle of.
 * ATC-1, ATC-4, ATC-5, ATC-6, PRIF-1, PRIF-6, PASID-1, PASID-2.
 */
#include <pthread.h>
#include "endpoint/pcie_bench.h"

/* The capabilities are a list that a driver can walk, and say what was asked for. */
static void capabilities(void **state)
{
	struct fn_bench f;
	unsigned at = 0x100, seen = 0;
	uint16_t ats, exp;

	(void)state;
	f_setup(&f);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, 0, 4), 0x56781234);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, 0x34, 1), 0x40);
	exp = smmu_pcie_find_cap(f.fn, SMMU_PCI_CAP_EXP);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, exp, 1), SMMU_PCI_CAP_EXP);
	assert_true(smmu_pcie_cfg_read(f.fn, exp + 4, 4) & 1u << 28);
	while (at) {
		uint32_t head = smmu_pcie_cfg_read(f.fn, (uint16_t)at, 4);

		assert_int_equal(smmu_pcie_find_cap(f.fn, 0x100 + (head & 0xffff)), at);
		seen++;
		at = head >> 20;
	}
	assert_int_equal(seen, 3);
	/* What is read-only stays; what does not fit is nothing. */
	smmu_pcie_cfg_write(f.fn, 0, 4, 0);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, 0, 2), 0x1234);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, 1, 2), 0xffffffff);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, 4096, 4), 0xffffffff);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, 0, 8), 0xffffffff);
	/* STU is fixed while ATS is on; PASID too; a second enable is refused. */
	ats = smmu_pcie_find_cap(f.fn, SMMU_PCI_EXT_ATS);
	smmu_pcie_cfg_write(f.fn, (uint16_t)(ats + 6), 2, 1u << 15 | 5);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, (uint16_t)(ats + 6), 2), 1u << 15);
	assert_int_equal(smmu_pcie_enable_ats(f.fn, 12), -EBUSY);
	assert_int_equal(smmu_pcie_disable_pasid(f.fn), -EBUSY);
	assert_int_equal(smmu_pcie_disable_ats(f.fn), 0);
	assert_int_equal(smmu_pcie_enable_ats(f.fn, 11), -EINVAL);
	assert_int_equal(smmu_pcie_enable_ats(f.fn, 44), -EINVAL);
	assert_int_equal(smmu_pcie_disable_pasid(f.fn), 0);
	assert_int_equal(smmu_pcie_enable_ats(f.fn, 16), 0);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, (uint16_t)(ats + 6), 2), 1u << 15 | 4);
	f_teardown(&f);
}

/* Misuse is an errno, and nothing is there. */
static void refused(void **state)
{
	struct fn_bench f;
	struct smmu_pcie *fn = NULL;
	struct smmu_pcie_config cfg = { .size = sizeof(cfg) };
	struct smmu_pcie_dma d;

	(void)state;
	f_setup(&f);
	assert_int_equal(smmu_pcie_create(&fn, &cfg), -EINVAL); /* no SMMU */
	cfg.smmu = f.t.b.h.smmu;
	cfg.pri = true; /* without ats */
	assert_int_equal(smmu_pcie_create(&fn, &cfg), -EINVAL);
	cfg.pri = false;
	cfg.atc_sets = 3;
	assert_int_equal(smmu_pcie_create(&fn, &cfg), -EINVAL);
	cfg.atc_sets = 0;
	cfg.pasid_width = 21;
	assert_int_equal(smmu_pcie_create(&fn, &cfg), -EINVAL);
	cfg.pasid_width = 0;
	cfg.ats = true;
	cfg.sid = SID;
	assert_int_equal(smmu_pcie_create(&fn, &cfg), -EEXIST);
	assert_null(fn);
	d = f_dma_of(&f, true, SMMU_WRITE);
	d.ssid = 1u << 8; /* wider than the capability says */
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), -EINVAL);
	d = f_dma_of(&f, false, SMMU_WRITE);
	d.priv = true; /* only with a PASID */
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), -EINVAL);
	d = f_dma_of(&f, false, SMMU_WRITE);
	d.addr = UINT64_MAX - 10;
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), -EINVAL);
	smmu_pcie_set_master(f.fn, false);
	assert_int_equal(f_dma(&f, false, SMMU_WRITE), -EACCES);
	f_teardown(&f);
}

/* ATS-R12: asked once, used often; without ATS never asked. */
static void fills_and_hits(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	memset(f.buf, 0x5a, sizeof(f.buf));
	for (int ssv = 0; ssv < 2; ssv++) {
		struct smmu_pcie_stats before = f_stats(&f), after;

		assert_int_equal(f_dma(&f, ssv, SMMU_WRITE), 0);
		assert_int_equal(h_read64(&f.t.b.h, f.t.b.page), 0x5a5a5a5a5a5a5a5a);
		assert_int_equal(f_dma(&f, ssv, SMMU_READ), 0);
		after = f_stats(&f);
		assert_int_equal(after.atc_fills, before.atc_fills + 1);
		assert_int_equal(after.atc_misses, before.atc_misses + 1);
		assert_int_equal(after.atc_hits, before.atc_hits + 1);
		assert_int_equal(after.atc_entries, before.atc_entries + 1);
	}
	smmu_pcie_disable_ats(f.fn); /* what it had is gone with it */
	assert_int_equal(f_stats(&f).atc_entries, 0);
	assert_int_equal(f_dma(&f, false, SMMU_READ), 0);
	assert_int_equal(f_stats(&f).atc_fills, 2);
	f_teardown(&f);
}

/* ATC-1: the bug class, and its cure; without a PASID and with one. */
static void unmap_needs_atc_inv(void **state)
{
	(void)state;
	for (int ssv = 0; ssv < 2; ssv++) {
		struct fn_bench f;

		f_setup(&f);
		assert_int_equal(f_dma(&f, ssv, SMMU_WRITE), 0);
		f_unmap_without_atc_inv(&f);
		memset(f.buf, 0x77, sizeof(f.buf));
		assert_int_equal(f_dma(&f, ssv, SMMU_WRITE), 0); /* memory not its own */
		assert_int_equal(h_read64(&f.t.b.h, f.t.b.page), 0x7777777777777777);
		/* Of the other kind, or of another PASID: not this one. */
		f_atc_inv(&f, !ssv, false, PASID, 0);
		f_atc_inv(&f, true, false, PASID + 1, 0);
		h_sync(&f.t.b.h);
		assert_int_equal(f_dma(&f, ssv, SMMU_WRITE), 0);
		f_atc_inv(&f, ssv, false, PASID, 0);
		h_sync(&f.t.b.h);
		assert_int_equal(f_dma(&f, ssv, SMMU_WRITE), -EFAULT);
		f_map_again(&f);
		assert_int_equal(f_dma(&f, ssv, SMMU_WRITE), 0);
		f_teardown(&f);
	}
}

/* ATC-3: Global takes every PASID's, and nothing that was asked without. */
static void global_and_all(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	assert_int_equal(f_dma(&f, false, SMMU_READ), 0);
	assert_int_equal(f_dma(&f, true, SMMU_READ), 0);
	f_atc_inv(&f, true, true, 77, 0);
	h_sync(&f.t.b.h);
	assert_int_equal(f_stats(&f).atc_entries, 1);
	assert_int_equal(f_dma(&f, true, SMMU_READ), 0);
	f_atc_inv(&f, false, false, 0, 52);
	h_sync(&f.t.b.h);
	assert_int_equal(f_stats(&f).atc_entries, 1);
	f_atc_inv(&f, true, false, PASID, 52);
	h_sync(&f.t.b.h);
	assert_int_equal(f_stats(&f).atc_entries, 0);
	f_teardown(&f);
}

/* ATS-R12: less permission than is needed is asked for again, then refused. */
static void permissions(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;

	(void)state;
	f_setup(&f);
	t_leaf1(&f.t, smmu_reg_set(h_s1_rw(), SMMU_S1DESC_AP, 3)); /* read-only */
	assert_int_equal(f_dma(&f, false, SMMU_READ), 0);
	assert_int_equal(f_dma(&f, false, SMMU_WRITE), -EFAULT);
	assert_int_equal(f_stats(&f).atc_entries, 1);
	f_map_again(&f); /* more permission needs no invalidation */
	assert_int_equal(f_dma(&f, false, SMMU_WRITE), 0);
	/* Privileged and not are different questions. */
	d = f_dma_of(&f, true, SMMU_READ);
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), 0);
	d.priv = true;
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), 0);
	assert_int_equal(f_stats(&f).atc_entries, 3);
	f_teardown(&f);
}

/* Execute is asked for and granted with a PASID only (PASID-2, ATS-R9). */
static void execute(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;

	(void)state;
	f_setup(&f);
	d = f_dma_of(&f, false, SMMU_READ);
	d.exec = true;
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), -EINVAL);
	d.ssv = true;
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), 0);
	t_leaf1(&f.t, smmu_reg_set(h_s1_rw(), SMMU_S1DESC_UXN, 1));
	f_atc_inv(&f, true, false, PASID, 0);
	h_sync(&f.t.b.h);
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), -EFAULT);
	d.exec = false; /* reading it is another matter */
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), 0);
	assert_int_equal(smmu_pcie_disable_ats(f.fn), 0);
	assert_int_equal(smmu_pcie_enable_pasid(f.fn, false, false), 0);
	d.exec = true; /* not enabled */
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), -EINVAL);
	f_teardown(&f);
}

/* An atomic reads and writes: both are asked for, with a PASID and without. */
static void atomics(void **state)
{
	(void)state;
	for (int ssv = 0; ssv < 2; ssv++) {
		struct fn_bench f;
		struct smmu_pcie_dma d;
		uint64_t old;

		f_setup(&f);
		d = f_dma_of(&f, ssv, SMMU_WRITE);
		h_write64(&f.t.b.h, f.t.b.page, 5);
		old = 5;
		assert_int_equal(smmu_pcie_cas64(f.fn, &d, &old, 6), 0);
		assert_int_equal(old, 5);
		assert_int_equal(h_read64(&f.t.b.h, f.t.b.page), 6);
		/* The bug class of ATC-1, by an atomic. */
		f_unmap_without_atc_inv(&f);
		assert_int_equal(smmu_pcie_cas64(f.fn, &d, &old, 7), 0);
		assert_int_equal(old, 6);
		f_atc_inv(&f, ssv, false, PASID, 0);
		h_sync(&f.t.b.h);
		assert_int_equal(smmu_pcie_cas64(f.fn, &d, &old, 7), -EFAULT);
		t_leaf1(&f.t, smmu_reg_set(h_s1_rw(), SMMU_S1DESC_AP, 3)); /* read-only */
		assert_int_equal(smmu_pcie_cas64(f.fn, &d, &old, 7), -EFAULT);
		assert_int_equal(h_read64(&f.t.b.h, f.t.b.page), 6);
		f_teardown(&f);
	}
}

static void one_set_of_two(struct smmu_pcie_config *cfg)
{
	cfg->atc_sets = 1;
	cfg->atc_ways = 2;
}

/* Sets and ways are the harness's to choose; the least recently used entry goes. */
static void small_cache(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;
	static const uint8_t pages[] = { 0, 1, 0, 2, 0, 1 };
	static const bool hit[] = { false, false, true, false, true, false };

	(void)state;
	f_setup_with(&f, one_set_of_two);
	for (unsigned i = 0; i < 3; i++)
		h_map(&f.t.b.h, f.t.b.ttb0, VA + 0x100000 + 4096ull * i, f.t.b.page, 3,
		      h_s1_rw());
	d = f_dma_of(&f, false, SMMU_READ);
	for (unsigned i = 0; i < sizeof(pages); i++) {
		const uint64_t before = f_stats(&f).atc_hits;

		d.addr = VA + 0x100000 + 4096ull * pages[i];
		assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), 0);
		assert_int_equal(f_stats(&f).atc_hits - before, hit[i]);
		assert_true(f_stats(&f).atc_entries <= 2);
	}
	f_teardown(&f);
}

/* Several pages, a list, and a compare-and-swap. */
static void engine(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;
	const struct smmu_pcie_segment segs[] = { { VA + 8, 8 }, { VA + 0x20, 8 } };
	const struct smmu_pcie_segment bad[] = { { VA, 8 }, { VA + 0x100000, 8 } };
	uint64_t done, expected = 1;
	struct harness *h;

	(void)state;
	f_setup(&f);
	h = &f.t.b.h;
	d = f_dma_of(&f, false, SMMU_WRITE);
	d.len = 8192; /* the second page is not mapped */
	assert_int_equal(smmu_pcie_dma(f.fn, &d, &done), -EFAULT);
	assert_int_equal(done, 4096);
	memcpy(f.buf, "aaaaaaaabbbbbbbb", 16);
	assert_int_equal(smmu_pcie_dma_list(f.fn, &d, segs, 2, &done), 0);
	assert_int_equal(done, 16);
	assert_int_equal(h_read64(h, f.t.b.page + 8), 0x6161616161616161);
	assert_int_equal(h_read64(h, f.t.b.page + 0x20), 0x6262626262626262);
	assert_int_equal(smmu_pcie_dma_list(f.fn, &d, bad, 2, &done), -EFAULT);
	assert_int_equal(done, 8);
	h_write64(h, f.t.b.page + 0x40, 7);
	d = f_dma_of(&f, true, SMMU_WRITE);
	d.addr = VA + 0x40;
	assert_int_equal(smmu_pcie_cas64(f.fn, &d, &expected, 9), 0);
	assert_int_equal(expected, 7);
	assert_int_equal(smmu_pcie_cas64(f.fn, &d, &expected, 9), 0);
	assert_int_equal(h_read64(h, f.t.b.page + 0x40), 9);
	d.addr = VA + 0x41;
	assert_int_equal(smmu_pcie_cas64(f.fn, &d, &expected, 9), -EINVAL);
	f_teardown(&f);
}

/* ---- manners ---- */

/* ATC-4, ATC-5, ATC-6: late, mute, timed out at once, and deaf. */
static void manners(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	smmu_pcie_set_manners(f.fn, SMMU_PCIE_LATE);
	f_atc_inv(&f, false, false, 0, 0);
	f_push(&f, SMMU_OP_SYNC, NULL);
	assert_int_equal(f_waiting(&f), 1);
	assert_int_equal(f_stats(&f).outstanding_requests, 1);
	assert_int_equal(smmu_pcie_answer(f.fn), 1);
	assert_int_equal(f_waiting(&f), 0);

	smmu_pcie_set_manners(f.fn, SMMU_PCIE_MUTE);
	f_atc_inv(&f, false, false, 0, 0);
	f_push(&f, SMMU_OP_SYNC, NULL);
	assert_int_equal(f_waiting(&f), 1);
	assert_int_equal(smmu_atc_timeout(f.t.b.h.smmu), 1);
	f_clear_atc_error(&f);
	assert_int_equal(f_waiting(&f), 0);

	smmu_pcie_set_manners(f.fn, SMMU_PCIE_TIMEOUT);
	f_atc_inv(&f, false, false, 0, 0);
	f_push(&f, SMMU_OP_SYNC, NULL);
	f_clear_atc_error(&f);

	smmu_pcie_set_manners(f.fn, SMMU_PCIE_DEAF);
	assert_int_equal(f_dma(&f, false, SMMU_READ), 0);
	f_unmap_without_atc_inv(&f);
	f_atc_inv(&f, false, false, 0, 0);
	h_sync(&f.t.b.h);
	assert_int_equal(f_dma(&f, false, SMMU_READ), 0); /* a broken device */
	/* With ATS off it cannot have anything: UR, and that is all right. */
	smmu_pcie_disable_ats(f.fn);
	f_atc_inv(&f, false, false, 0, 0);
	h_sync(&f.t.b.h);
	f_teardown(&f);
}

/* ---- in the middle of DMA ---- */

static void invalidate_now(struct fn_bench *f)
{
	f->on_write = NULL;
	f_atc_inv(f, false, false, 0, 0);
	f_push(f, SMMU_OP_SYNC, NULL);
	f->was_waiting = f_waiting(f) == 1;
}

/* ATC-4: CMD_SYNC waits for the DMA that uses what is being invalidated. */
static void sync_waits_for_dma(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	f_map_device(&f);
	f.on_write = invalidate_now;
	assert_int_equal(f_dma(&f, false, SMMU_WRITE), 0);
	assert_true(f.was_waiting);
	assert_int_equal(f_waiting(&f), 0); /* the DMA's end let it go */
	assert_int_equal(f_stats(&f).atc_entries, 0);
	f_teardown(&f);
}

static void flr_now(struct fn_bench *f)
{
	f->on_write = NULL;
	f_atc_inv(f, false, false, 0, 0);
	f_push(f, SMMU_OP_SYNC, NULL);
	assert_int_equal(f_waiting(f), 1);
	assert_int_equal(smmu_pcie_flr(f->fn), 0);
}

/* FLR in the middle of DMA and of an invalidation: nobody answers; a time-out does. */
static void flr_in_the_middle(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;
	uint64_t done;

	(void)state;
	f_setup(&f);
	h_map(&f.t.b.h, f.t.b.ttb0, VA + 4096, DEVICE, 3, h_s1_rw());
	f_map_device(&f);
	f.on_write = flr_now;
	d = f_dma_of(&f, false, SMMU_WRITE);
	d.len = 8192;
	assert_int_equal(smmu_pcie_dma(f.fn, &d, &done), -ECANCELED);
	assert_int_equal(done, 4096);
	assert_int_equal(f_waiting(&f), 1);
	assert_int_equal(smmu_pcie_answer(f.fn), 0);
	assert_int_equal(smmu_atc_timeout(f.t.b.h.smmu), 1);
	f_clear_atc_error(&f);
	assert_int_equal(f_waiting(&f), 0);
	/* Nothing is enabled any more, and nothing is left. */
	assert_int_equal(f_dma(&f, false, SMMU_WRITE), -EACCES);
	assert_int_equal(f_stats(&f).atc_entries, 0);
	assert_int_equal(f_stats(&f).resets, 1);
	smmu_pcie_set_master(f.fn, true);
	assert_int_equal(smmu_pcie_enable_ats(f.fn, 12), 0);
	assert_int_equal(f_dma(&f, false, SMMU_WRITE), 0);
	f_teardown(&f);
}

/* ---- page requests ---- */

/* PRIF-1, PRIF-6: not there, asked for, made present, used. */
static void page_in(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;
	uint64_t dw[2];

	(void)state;
	f_setup(&f);
	f_unmap_without_atc_inv(&f);
	d = f_dma_of(&f, true, SMMU_WRITE);
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), -EFAULT); /* does not ask */
	d.page_in = true;
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), -EAGAIN);
	assert_int_equal(f_stats(&f).outstanding_pages, 1);
	t_pri_entry(&f.t, 0, dw);
	assert_int_equal(smmu_get(dw, SMMU_PRI_ENTRY_StreamID), SID);
	assert_int_equal(smmu_get(dw, SMMU_PRI_ENTRY_SubstreamID), PASID);
	assert_int_equal(smmu_get_addr(dw, SMMU_PRI_ENTRY_PageAddr), VA & ~0xfffull);
	f_map_again(&f);
	f_pri_resp(&f, SID, (uint16_t)smmu_get(dw, SMMU_PRI_ENTRY_PRGIndex), true, 2);
	assert_int_equal(f.answers, 1);
	assert_int_equal(f.last_code, SMMU_PRG_SUCCESS);
	assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL), 0);
	assert_int_equal(f_stats(&f).outstanding_pages, 0);
	f_teardown(&f);
}

/* Groups, credits, indexes in use, and answers nobody waits for. */
static void page_request_groups(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;
	uint16_t status;

	(void)state;
	f_setup(&f);
	d = f_dma_of(&f, false, SMMU_READ);
	status = (uint16_t)(smmu_pcie_find_cap(f.fn, SMMU_PCI_EXT_PRI) + 6);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 512, true), -EINVAL);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 5, false), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 5, false), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 5, true), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 5, true), -EINVAL);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 6, true), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 7, true), -ENOSPC);
	assert_int_equal(smmu_pcie_stop_pasid(f.fn, PASID), SMMU_PRI_QUEUED);
	f_pri_resp(&f, SID, 5, false, 1);
	assert_int_equal(f.last_code, SMMU_PRG_INVALID_REQUEST);
	assert_int_equal(f_stats(&f).outstanding_pages, 1);
	f_pri_resp(&f, SID, 9, false, 2);
	assert_int_equal(f_stats(&f).unexpected_responses, 1);
	assert_true(smmu_pcie_cfg_read(f.fn, status, 2) & 2); /* UPRGI */
	smmu_pcie_cfg_write(f.fn, status, 2, 2);
	assert_false(smmu_pcie_cfg_read(f.fn, status, 2) & 2);
	/* Failure: it stops, until it is enabled again. */
	f_pri_resp(&f, SID, 6, false, 0);
	assert_int_equal(f.last_code, SMMU_PRG_FAILURE);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, status, 2) & 0x101, 0x101);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 6, true), -EOPNOTSUPP);
	assert_int_equal(smmu_pcie_enable_pri(f.fn, 1), 0);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, status, 2) & 0x101, 0);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 6, true), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 7, true), -ENOSPC);
	/* A reset forgets: the answer that still comes is nobody's. */
	assert_int_equal(smmu_pcie_flr(f.fn), 0);
	assert_int_equal(f_stats(&f).outstanding_pages, 0);
	f_pri_resp(&f, SID, 6, false, 2);
	assert_int_equal(f_stats(&f).unexpected_responses, 2);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 6, true), -EOPNOTSUPP);
	f_teardown(&f);
}

/* PRIF-3: the SMMU answers for software that does not listen. */
static void automatic_failure(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;

	(void)state;
	f_setup(&f);
	t_cr0(&f.t, SMMU_CR0_PRIQEN, false);
	d = f_dma_of(&f, false, SMMU_READ);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 1, true), SMMU_PRI_ANSWERED);
	assert_int_equal(f.last_code, SMMU_PRG_FAILURE);
	assert_int_equal(f_stats(&f).outstanding_pages, 0);
	f_teardown(&f);
}

/* ---- random, with a shadow ---- */

enum { PAGES = 32 };

/* Correct software and a small ATC: what is unmapped and invalidated is never used. */
static void random_shadow(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;
	bool mapped[PAGES] = { false };
	uint64_t x = 42;

	(void)state;
	f_setup(&f);
	d = f_dma_of(&f, false, SMMU_WRITE);
	for (int i = 0; i < 3000; i++) {
		struct harness *h = &f.t.b.h;
		unsigned page, ssv;
		uint64_t va, slot;

		x = x * 6364136223846793005u + 1442695040888963407u;
		page = x >> 40 & (PAGES - 1);
		ssv = x >> 50 & 1;
		va = VA + 0x100000 + 4096ull * page;
		if (x >> 60 & 1) {
			d.addr = va;
			d.ssv = ssv;
			assert_int_equal(smmu_pcie_dma(f.fn, &d, NULL),
					 mapped[page] ? 0 : -EFAULT);
			continue;
		}
		if (!mapped[page]) {
			h_map(h, f.t.b.ttb0, va, f.t.b.page, 3, h_s1_rw());
		} else {
			slot = h_desc_pa(h, f.t.b.ttb0, va, 3);
			h_write64(h, slot, 0);
			f_push(&f, SMMU_OP_TLBI_NSNH_ALL, NULL);
			h_sync(h);
			for (unsigned s = 0; s < 2; s++) {
				uint64_t cmd[2] = { 0, 0 };

				smmu_set(cmd, SMMU_CMD_ATC_INV_StreamID, SID);
				smmu_set(cmd, SMMU_CMD_ATC_INV_SSV, s);
				smmu_set(cmd, SMMU_CMD_ATC_INV_SubstreamID, PASID * s);
				smmu_set_addr(cmd, SMMU_CMD_ATC_INV_Address, va);
				f_push(&f, SMMU_OP_ATC_INV, cmd);
			}
			h_sync(h);
		}
		mapped[page] = !mapped[page];
	}
	assert_true(f_stats(&f).atc_hits > 100);
	f_teardown(&f);
}

struct dma_thread {
	struct fn_bench *f;
	_Atomic bool quit;
	unsigned moved, refused;
};

static void *run_dma(void *arg)
{
	struct dma_thread *t = arg;
	static char byte = 0x11;
	struct smmu_pcie_dma d = f_dma_of(t->f, false, SMMU_WRITE);

	d.buf = &byte;
	d.len = 1;
	while (!t->quit)
		if (smmu_pcie_dma(t->f->fn, &d, NULL))
			t->refused++;
		else
			t->moved++;
	return NULL;
}

/* ATC-4: once SYNC is through, the page is software's own again (TSan, both sides). */
static void dma_beside_unmap(void **state)
{
	struct fn_bench f;
	struct dma_thread t = { .f = &f };
	pthread_t thread;

	(void)state;
	f_setup(&f);
	assert_int_equal(pthread_create(&thread, NULL, run_dma, &t), 0);
	for (int i = 0; i < 300; i++) {
		struct harness *h = &f.t.b.h;
		unsigned char *mine;

		f_unmap_without_atc_inv(&f);
		f_atc_inv(&f, false, false, 0, 0);
		f_push(&f, SMMU_OP_SYNC, NULL);
		while (f_waiting(&f))
			;
		/* Plain accesses: nobody else may be at it. */
		mine = smmu_bus_ptr(h->bus, f.t.b.page, 4096);
		*mine = 0x22;
		assert_int_equal(*mine, 0x22);
		h_write64(h, h_desc_pa(h, f.t.b.ttb0, VA, 3), f.t.b.page | h_s1_rw() | 3);
	}
	t.quit = true;
	pthread_join(thread, NULL);
	f_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities),
		cmocka_unit_test(refused),
		cmocka_unit_test(fills_and_hits),
		cmocka_unit_test(unmap_needs_atc_inv),
		cmocka_unit_test(global_and_all),
		cmocka_unit_test(permissions),
		cmocka_unit_test(execute),
		cmocka_unit_test(atomics),
		cmocka_unit_test(small_cache),
		cmocka_unit_test(engine),
		cmocka_unit_test(manners),
		cmocka_unit_test(sync_waits_for_dma),
		cmocka_unit_test(flr_in_the_middle),
		cmocka_unit_test(page_in),
		cmocka_unit_test(page_request_groups),
		cmocka_unit_test(automatic_failure),
		cmocka_unit_test(random_shadow),
		cmocka_unit_test(dma_beside_unmap),
	};

	return cmocka_run_group_tests_name("pcie", tests, NULL, NULL);
}
