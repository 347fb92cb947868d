/* SPDX-License-Identifier: MIT */
/*
 * Function-level reset at any moment: in the middle of DMA, of invalidations and of page
 * requests, by any thread. Nothing hangs and nothing is left: a CMD_SYNC ends, or with
 * CERROR_ATC_INV_SYNC when the time is over (ATC-4, ATC-5), and an answer to who has
 * forgotten the question is nobody's.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "endpoint/pcie_bench.h"

/* ---- by steps ---- */

static void enable_all(struct fn_bench *f)
{
	smmu_pcie_set_master(f->fn, true);
	assert_int_equal(smmu_pcie_enable_pasid(f->fn, true, true), 0);
	assert_int_equal(smmu_pcie_enable_ats(f->fn, 12), 0);
	assert_int_equal(smmu_pcie_enable_pri(f->fn, 4), 0);
}

static void expect_nothing(struct fn_bench *f)
{
	const struct smmu_pcie_stats s = f_stats(f);

	assert_int_equal(s.atc_entries, 0);
	assert_int_equal(s.outstanding_pages, 0);
	assert_int_equal(s.outstanding_requests, 0);
}

static void flr_now(struct fn_bench *f)
{
	f->on_write = NULL;
	assert_int_equal(smmu_pcie_flr(f->fn), 0);
}

/* In the middle of DMA alone: the rest is not done, and no CMD_SYNC waits for it. */
static void in_dma(void **state)
{
	(void)state;
	for (int ssv = 0; ssv < 2; ssv++) {
		struct fn_bench f;
		struct smmu_pcie_dma d;
		uint64_t done;

		f_setup(&f);
		h_map(&f.t.b.h, f.t.b.ttb0, VA + 4096, DEVICE, 3, h_s1_rw());
		f_map_device(&f);
		f.on_write = flr_now;
		d = f_dma_of(&f, ssv, SMMU_WRITE);
		d.len = 8192;
		assert_int_equal(smmu_pcie_dma(f.fn, &d, &done), -ECANCELED);
		assert_int_equal(done, 4096);
		expect_nothing(&f);
		f_atc_inv(&f, ssv, false, PASID, 0); /* UR: ATS is off (ATC-6) */
		h_sync(&f.t.b.h);
		assert_int_equal(f_waiting(&f), 0);
		enable_all(&f);
		assert_int_equal(f_dma(&f, ssv, SMMU_WRITE), 0);
		f_teardown(&f);
	}
}

/* Invalidations kept back: their time runs out, and the next ones are answered. */
static void in_invalidations(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	smmu_pcie_set_manners(f.fn, SMMU_PCIE_LATE);
	for (unsigned i = 0; i < 5; i++)
		f_atc_inv(&f, i & 1, false, PASID, 0);
	f_push(&f, SMMU_OP_SYNC, NULL);
	assert_int_equal(f_stats(&f).outstanding_requests, 5);
	assert_int_equal(smmu_pcie_flr(f.fn), 0);
	expect_nothing(&f);
	assert_int_equal(f_waiting(&f), 1);
	assert_int_equal(smmu_atc_timeout(f.t.b.h.smmu), 5);
	f_clear_atc_error(&f);
	assert_int_equal(f_waiting(&f), 0);
	assert_int_equal(smmu_atc_outstanding(f.t.b.h.smmu), 0);
	smmu_pcie_set_manners(f.fn, SMMU_PCIE_POLITE);
	enable_all(&f);
	assert_int_equal(f_dma(&f, false, SMMU_READ), 0);
	f_atc_inv(&f, false, false, 0, 0);
	h_sync(&f.t.b.h);
	assert_int_equal(f_waiting(&f), 0);
	f_teardown(&f);
}

/* An open group, a closed one, and one whose answer comes too late. */
static void in_page_requests(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;

	(void)state;
	f_setup(&f);
	d = f_dma_of(&f, true, SMMU_READ);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 1, false), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 2, true), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 3, true), SMMU_PRI_QUEUED);
	assert_int_equal(smmu_pcie_flr(f.fn), 0);
	expect_nothing(&f);
	f_pri_resp(&f, SID, 2, true, 2);
	assert_int_equal(f.answers, 0);
	enable_all(&f);
	/* The index is free again; the old answer is taken for the new one's, as PCIe
	 * has no way to tell: so software drains its queue before it enables PRI. */
	assert_int_equal(smmu_pcie_page_request(f.fn, &d, 3, true), SMMU_PRI_QUEUED);
	f_pri_resp(&f, SID, 3, true, 2);
	assert_int_equal(f.answers, 1);
	f_pri_resp(&f, SID, 3, true, 2);
	assert_int_equal(f.answers, 1);
	assert_int_equal(f_stats(&f).unexpected_responses, 2);
	f_teardown(&f);
}

static void ask_and_reset(struct fn_bench *f)
{
	f->on_write = NULL;
	assert_int_equal(smmu_pcie_flr(f->fn), 0);
	smmu_pcie_set_master(f->fn, true);
	assert_int_equal(smmu_pcie_enable_ats(f->fn, 12), 0);
}

/* Reset and enabled again before the DMA looks: it is none of the new function's. */
static void reset_and_back_in_dma(void **state)
{
	struct fn_bench f;
	struct smmu_pcie_dma d;
	uint64_t done;

	(void)state;
	f_setup(&f);
	h_map(&f.t.b.h, f.t.b.ttb0, VA + 4096, DEVICE, 3, h_s1_rw());
	f_map_device(&f);
	f.on_write = ask_and_reset;
	d = f_dma_of(&f, false, SMMU_WRITE);
	d.len = 8192;
	assert_int_equal(smmu_pcie_dma(f.fn, &d, &done), -ECANCELED);
	assert_int_equal(done, 4096);
	assert_int_equal(f_stats(&f).atc_entries, 0);
	f_teardown(&f);
}

/* ---- by threads ---- */

enum { ROUNDS = 400 };

struct machine {
	struct fn_bench f;
	atomic_bool quit;
	atomic_uint canceled, resets, timeouts, faults, moved;
};

/* The function: DMA with and without PASID, pages asked for and groups begun. */
static void *device(void *arg)
{
	struct machine *m = arg;
	static char buf[64];
	unsigned n = 0;

	while (!m->quit) {
		struct smmu_pcie_dma d = { .op = n & 1 ? SMMU_WRITE : SMMU_READ,
					   .ssv = n & 2,
					   .ssid = PASID,
					   .page_in = n & 4,
					   .addr = VA + (n & 8 ? 4096u : 0u),
					   .buf = buf,
					   .len = sizeof(buf) };
		int err = smmu_pcie_dma(m->f.fn, &d, NULL);

		m->canceled += err == -ECANCELED;
		m->faults += err == -EFAULT;
		m->moved += !err;
		if (n % 7 == 0)
			(void)smmu_pcie_page_request(m->f.fn, &d, (uint16_t)(n % 512),
						     n & 16);
		n++;
	}
	return NULL;
}

/* Who resets it, and sets it up again; in between somebody may see half of it. */
static void *resetter(void *arg)
{
	struct machine *m = arg;

	while (!m->quit) {
		assert_int_equal(smmu_pcie_flr(m->f.fn), 0);
		smmu_pcie_set_master(m->f.fn, true);
		(void)smmu_pcie_enable_pasid(m->f.fn, true, true);
		(void)smmu_pcie_enable_ats(m->f.fn, 12);
		(void)smmu_pcie_enable_pri(m->f.fn, 4);
		m->resets++;
		for (unsigned i = 0; i < 200 && !m->quit; i++)
			sched_yield();
	}
	return NULL;
}

/* Software's CMD_SYNC; hardware's timer is the patience of this loop. */
static void sync_or_time_out(struct machine *m)
{
	struct harness *h = &m->f.t.b.h;
	unsigned patience = 200;

	f_push(&m->f, SMMU_OP_SYNC, NULL);
	while (f_waiting(&m->f)) {
		if (h_cmdq_error(h)) {
			f_clear_atc_error(&m->f);
			m->timeouts++;
		} else if (!patience--) {
			(void)smmu_atc_timeout(h->smmu);
			patience = 200;
		}
		sched_yield();
	}
}

static void answer_all(struct machine *m)
{
	struct harness *h = &m->f.t.b.h;
	const uint32_t mask = 15, wrap = 31;
	uint32_t cons = h_rd32(h, SMMU_REG_PRIQ_CONS) & wrap;
	uint32_t prod = h_rd32(h, SMMU_REG_PRIQ_PROD);

	for (; cons != (prod & wrap); cons = (cons + 1) & wrap) {
		uint64_t dw[2];

		t_pri_entry(&m->f.t, cons & mask, dw);
		if (!smmu_get(dw, SMMU_PRI_ENTRY_Last))
			continue;
		f_pri_resp(&m->f, SID, (uint16_t)smmu_get(dw, SMMU_PRI_ENTRY_PRGIndex),
			   smmu_get(dw, SMMU_PRI_ENTRY_SSV), 2);
	}
	/* With the acknowledgement of an overflow, should there have been one. */
	h_wr32(h, SMMU_REG_PRIQ_CONS, cons | (prod & 1u << 31));
}

static void at_any_moment(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));
	pthread_t threads[2];

	(void)state;
	assert_non_null(m);
	f_setup(&m->f);
	assert_int_equal(pthread_create(&threads[0], NULL, device, m), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, resetter, m), 0);
	for (int i = 0; i < ROUNDS || !m->resets || !m->moved; i++) {
		struct harness *h = &m->f.t.b.h;

		h_write64(h, h_desc_pa(h, m->f.t.b.ttb0, VA, 3), 0);
		f_push(&m->f, SMMU_OP_TLBI_NSNH_ALL, NULL);
		sync_or_time_out(m);
		f_atc_inv(&m->f, false, false, 0, 0);
		f_atc_inv(&m->f, true, true, 0, 0);
		sync_or_time_out(m);
		answer_all(m);
		h_write64(h, h_desc_pa(h, m->f.t.b.ttb0, VA, 3),
			  m->f.t.b.page | h_s1_rw() | 3);
	}
	m->quit = true;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	/* The last reset leaves nothing, and all commands are through. */
	sync_or_time_out(m);
	assert_int_equal(smmu_pcie_flr(m->f.fn), 0);
	expect_nothing(&m->f);
	answer_all(m);
	assert_int_equal(smmu_atc_outstanding(m->f.t.b.h.smmu), 0);
	assert_int_equal(f_waiting(&m->f), 0);
	f_teardown(&m->f);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_dma),
		cmocka_unit_test(in_invalidations),
		cmocka_unit_test(in_page_requests),
		cmocka_unit_test(reset_and_back_in_dma),
		cmocka_unit_test(at_any_moment),
	};

	return cmocka_run_group_tests_name("pcie_flr", tests, NULL, NULL);
}
