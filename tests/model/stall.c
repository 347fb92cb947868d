/* SPDX-License-Identifier: MIT */
/* Stalled transactions: what stalls, what is recorded, and how each way to end ends. */
#include "stall_bench.h"
#include <errno.h>
#include <string.h>

#define PAGE 4096ull

/* STALL-1, STALL-2, STALL-13, ARS-1: CD.S decides, R does not; A neither. */
static void stage1_stalls_by_its_bit(void **state)
{
	uint64_t want[4];
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	for (unsigned ar = 0; ar < 4; ar++) {
		struct smmu_result res;
		uint16_t stag;

		sb_cd(&b, ar & 1, ar >> 1, true);
		res = b_read(&b, SID, HOLE);
		assert_int_equal(res.status, SMMU_STALLED);
		assert_int_equal(res.event, SMMU_EVT_F_TRANSLATION);
		assert_true(res.recorded && res.ticket);
		b_event_head(want, 0x10, SID, false, 0);
		/* EVT-20, EVT-51: STAGs are taken in turn, from 0 */
		want[1] = STALL | ar | F_READ | F_IN;
		want[2] = HOLE;
		b_expect_event(&b, want);
		b_no_event(&b);
		stag = (uint16_t)ar;
		sb_end(&b, SID, stag, true);
		sb_expect(&b, res.ticket, SMMU_ABORT, 0);
		/* the legal neighbour: S == 0 terminates at once */
		sb_cd(&b, ar & 1, ar >> 1, false);
		res = b_read(&b, SID, HOLE);
		assert_int_equal(res.status, ar & 1 ? SMMU_ABORT : SMMU_RAZ_WI);
		assert_int_equal(res.ticket, 0);
		assert_int_equal(h_events_drain(&b.h), ar >> 1);
	}
	b_teardown(&b);
}

/* EVT-50: the other three of the four stall as well. */
static void each_of_the_four_stalls(void **state)
{
	static const unsigned events[] = { SMMU_EVT_F_ACCESS, SMMU_EVT_F_PERMISSION,
					   SMMU_EVT_F_ADDR_SIZE };
	struct smmu_result res;
	struct bench b;
	uint64_t dw[4];
	char byte = 1;

	(void)state;
	sb_setup(&b, 4);
	h_map(&b.h, b.ttb0, HOLE, b.page, 3, h_s1_rw() & ~(1ull << 10));    /* AF */
	h_map(&b.h, b.ttb0, HOLE + PAGE, b.page, 3, h_s1_rw() | 1ull << 7); /* RO */
	h_map(&b.h, b.ttb0, HOLE + 2 * PAGE, 1ull << 47, 3, h_s1_rw());
	b_sizes(&b, 44, 44);
	h_invalidate_all(&b.h);
	for (unsigned i = 0; i < 3; i++) {
		res = sb_dma(&b, SID, SMMU_WRITE, HOLE + i * PAGE, &byte, 1, NULL);
		assert_int_equal(res.status, SMMU_STALLED);
		assert_int_equal(res.event, events[i]);
		assert_true(h_event(&b.h, dw));
		assert_int_equal(smmu_get(dw, SMMU_F_ACCESS_EVENT), events[i]);
		assert_int_equal(smmu_get(dw, SMMU_F_ACCESS_Stall), 1);
		assert_int_equal(smmu_get(dw, SMMU_F_ACCESS_RnW), 0);
	}
	b_teardown(&b);
}

/* EVT-50, STALL-1: other faults and errors terminate, and so do bypasses. */
static void what_never_stalls(void **state)
{
	struct smmu_txn txn = { .sid = SID, .addr = HOLE, .no_stall = true };
	struct smmu_result res;
	uint64_t ste[8], cd[8], dw[4];
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	/* EVT-57: a client that cannot be held: abort, recorded, Stall == 0 */
	res = smmu_translate(h_port(&b.h), &txn);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_true(h_event(&b.h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_Stall), 0);
	/* EVT-35: F_WALK_EABT */
	h_write64(&b.h, h_desc_pa(&b.h, b.ttb0, VA, 0), 0x10000003);
	h_invalidate_all(&b.h);
	res = b_read(&b, SID, VA);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, SMMU_EVT_F_WALK_EABT);
	/* C_BAD_CD */
	b_cd(&b, cd);
	smmu_set(cd, SMMU_CD_V, 0);
	smmu_set(cd, SMMU_CD_S, 1);
	b_put_cd(&b, SID, 0, b.cd, cd);
	res = b_read(&b, SID, VA);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, SMMU_EVT_C_BAD_CD);
	/* EVT-37: F_ADDR_SIZE of stage 1 bypass, S2S or not */
	b_ste(&b, SMMU_STE_CONFIG_S2, ste);
	smmu_set(ste, SMMU_STE_S2S, 1);
	b_put_ste(&b, SID, ste);
	res = b_read(&b, SID, 1ull << 50);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, SMMU_EVT_F_ADDR_SIZE);
	assert_int_equal(smmu_port_stalled(h_port(&b.h)), 0);
	/* EVT-3: a prefetch leaves nothing */
	h_events_drain(&b.h);
	h_cmd(&b.h, 0x02 | (uint64_t)SID << 32, HOLE);
	b_no_event(&b);
	b_teardown(&b);
}

/* A nested stream whose stage 1 is at b->ttb0 and whose stage 2 has those bits. */
static void nested(struct bench *b, bool s1, bool s2)
{
	uint64_t ste[8];

	sb_cd(b, true, false, s1);
	b_ste(b, SMMU_STE_CONFIG_NESTED, ste);
	smmu_set(ste, SMMU_STE_S2S, s2);
	smmu_set(ste, SMMU_STE_S2R, 0);
	b_put_ste(b, SID, ste);
	h_invalidate_all(&b->h);
}

/* EVT-55, EVT-56: the table of 3.12.5: the stage that faults decides alone. */
static void two_stages(void **state)
{
	struct smmu_result res;
	struct bench b;
	uint64_t dw[4];

	(void)state;
	sb_setup(&b, 4);
	sb_map(&b, 0x900000, 0x5555000);
	for (unsigned i = 0; i < 4; i++) {
		bool s1 = i & 1, s2 = i >> 1;

		nested(&b, s1, s2);
		res = b_read(&b, SID, HOLE);
		assert_int_equal(res.status, s1 ? SMMU_STALLED : SMMU_ABORT);
		assert_int_equal(h_event(&b.h, dw), s1);
		if (s1)
			assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_S2), 0);
		res = b_read(&b, SID, 0x900000);
		assert_int_equal(res.status, s2 ? SMMU_STALLED : SMMU_ABORT);
		assert_int_equal(h_event(&b.h, dw), s2);
		if (s2) {
			assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_S2), 1);
			assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_Stall), 1);
			assert_int_equal(smmu_get_addr(dw, SMMU_F_TRANSLATION_IPA),
					 0x5555000);
		}
		sb_stall_term(&b, SID);
	}
	b_teardown(&b);
}

/* EVT-55: stage 2 faults on a CD and on a stage 1 table stall; a retry goes on there. */
static void stage2_of_cd_and_table(void **state)
{
	uint64_t leaf, saved, dw[4];
	struct smmu_result res;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	nested(&b, false, true);
	for (unsigned i = 0; i < 2; i++) {
		leaf = h_desc_pa(&b.h, b.s2ttb, i ? b.ttb0 : b.cd, 3);
		if (!leaf)
			leaf = h_desc_pa(&b.h, b.s2ttb, i ? b.ttb0 : b.cd, 2);
		if (!leaf)
			leaf = h_desc_pa(&b.h, b.s2ttb, i ? b.ttb0 : b.cd, 1);
		saved = h_read64(&b.h, leaf);
		h_write64(&b.h, leaf, 0);
		h_invalidate_all(&b.h);
		h_cmd(&b.h, 0x04 | (uint64_t)SID << 32, 31); /* CFGI_ALL */
		res = b_read(&b, SID, VA);
		assert_int_equal(res.status, SMMU_STALLED);
		assert_true(h_event(&b.h, dw));
		assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_S2), 1);
		if (i == 0)
			assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_CLASS),
					 SMMU_CLASS_CD);
		h_write64(&b.h, leaf, saved);
		/* STALL-7: retried as if it had just arrived */
		sb_retry(&b, SID, (uint16_t)smmu_get(dw, SMMU_F_TRANSLATION_STAG));
		sb_expect(&b, res.ticket, SMMU_OK, 0);
	}
	b_teardown(&b);
}

/*
 * CMD-68, CMD-69: retry, RAZ/WI, abort, all of it when the command is consumed; data
 * moves at the retry, or reads as zero. EVT-58: there is no response before.
 */
static void resume_retry_and_terminate(void **state)
{
	uint8_t out[16], in[16], zero[16] = { 0 };
	struct smmu_result res;
	uint64_t done = 7;
	uint16_t stag;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	memset(out, 0x5a, sizeof(out));
	res = sb_dma(&b, SID, SMMU_WRITE, HOLE + 8, out, 16, &done);
	assert_int_equal(res.status, SMMU_STALLED);
	assert_int_equal(done, 0);
	stag = sb_stalled(&b, SID, HOLE + 8);
	/* STALL-7: it may fault again, under another STAG and the same ticket */
	sb_retry(&b, SID, stag);
	sb_expect_held(&b, res.ticket);
	assert_int_not_equal(sb_stalled(&b, SID, HOLE + 8), stag);
	sb_retry(&b, SID, stag); /* CMD-67: nobody's by now */
	b_no_event(&b);
	sb_map(&b, HOLE, b.page);
	/* ARS-2, STALL-11: a later one passes it */
	memset(in, 0xff, sizeof(in));
	assert_int_equal(sb_dma(&b, SID, SMMU_READ, HOLE, in, 8, NULL).status, SMMU_OK);
	assert_memory_equal(in, zero, 8);
	sb_retry(&b, SID, (uint16_t)(stag + 1));
	sb_expect(&b, res.ticket, SMMU_OK, 16);
	assert_memory_equal(smmu_bus_ptr(b.h.bus, b.page + 8, 16), out, 16);
	/* CMD-68: Ac == 0, Ab == 0 */
	res = sb_dma(&b, SID, SMMU_READ, HOLE + PAGE, in, 16, NULL);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE + PAGE), false);
	sb_expect(&b, res.ticket, SMMU_RAZ_WI, 0);
	assert_memory_equal(in, zero, 16);
	/* Ab == 1 */
	res = sb_dma(&b, SID, SMMU_READ, HOLE + PAGE, in, 16, NULL);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE + PAGE), true);
	sb_expect(&b, res.ticket, SMMU_ABORT, 0);
	b_no_event(&b);
	b_teardown(&b);
}

static void abort_only(struct smmu_config *cfg)
{
	cfg->stall_model = 2;
	cfg->stall_max = 1;
	cfg->term_model = 1;
}

/* CMD-68, EVT-52: without RAZ/WI, Ab is ignored. EVT-53: STALL_MODEL 2 forces S. */
static void terminate_without_raz_wi(void **state)
{
	uint64_t ste[8];
	struct smmu_result res;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, abort_only);
	b_ste(&b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(&b, SID, ste);
	sb_cd(&b, true, true, false);
	res = b_read(&b, SID, VA);
	assert_int_equal(res.event, SMMU_EVT_C_BAD_CD);
	h_events_drain(&b.h);
	sb_cd(&b, true, true, true);
	for (unsigned ab = 0; ab < 2; ab++) {
		res = b_read(&b, SID, HOLE);
		assert_int_equal(res.status, SMMU_STALLED);
		sb_end(&b, SID, sb_stalled(&b, SID, HOLE), ab);
		sb_expect(&b, res.ticket, SMMU_ABORT, 0);
	}
	b_teardown(&b);
}

/* CMD-67, STALL-7: STAG and StreamID both; CMD-9: SSec; CMD-71: once only. */
static void resume_matches_both(void **state)
{
	struct smmu_result res;
	uint16_t stag;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	res = b_read(&b, SID, HOLE);
	stag = sb_stalled(&b, SID, HOLE);
	sb_end(&b, SID + 1, stag, true);
	sb_end(&b, SID, (uint16_t)(stag + 1), true);
	sb_end(&b, SID, 0xffff, true);
	sb_expect_held(&b, res.ticket);
	h_cmd(&b.h, 0x44 | 1 << 10 | (uint64_t)SID << 32, stag);
	assert_int_equal(h_cmdq_error(&b.h), SMMU_CERROR_ILL);
	h_cmdq_skip(&b.h);
	sb_expect_held(&b, res.ticket);
	sb_end(&b, SID, stag, true);
	sb_end(&b, SID, stag, false);
	sb_expect(&b, res.ticket, SMMU_ABORT, 0);
	b_teardown(&b);
}

/* CMD-74, CMD-75, STALL-8: all of the stream, none of another, none of later. */
static void stall_term(void **state)
{
	struct smmu_result one, two, other, late;
	uint64_t ste[8];
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	b_ste(&b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(&b, SID2, ste);
	one = b_read(&b, SID, HOLE);
	two = b_read(&b, SID, HOLE + PAGE);
	other = b_read(&b, SID2, HOLE);
	sb_stall_term(&b, SID + 7);
	sb_expect_held(&b, one.ticket);
	sb_stall_term(&b, SID);
	sb_expect(&b, one.ticket, SMMU_ABORT, 0);
	sb_expect(&b, two.ticket, SMMU_ABORT, 0);
	sb_expect_held(&b, other.ticket);
	late = b_read(&b, SID, HOLE);
	sb_expect_held(&b, late.ticket);
	assert_int_equal(h_events_drain(&b.h), 4);
	/* CMD-70: all four STAGs but two are free again */
	assert_true(b_read(&b, SID, HOLE).recorded);
	assert_true(b_read(&b, SID, HOLE).recorded);
	assert_false(b_read(&b, SID, HOLE).recorded);
	b_teardown(&b);
}

/* STALL-9, STALL-12: SMMUEN to 0, and reset, end them all and free the STAGs. */
static void disable_and_reset_abort(void **state)
{
	struct smmu_result res[3];
	struct bench b;

	(void)state;
	for (unsigned by_reset = 0; by_reset < 2; by_reset++) {
		sb_setup(&b, 2);
		for (unsigned i = 0; i < 3; i++)
			res[i] = b_read(&b, SID, HOLE);
		assert_true(res[1].recorded && !res[2].recorded);
		/* EVENTQEN alone is nothing to them */
		h_wr32(&b.h, SMMU_REG_CR0, 0x9);
		h_wr32(&b.h, SMMU_REG_CR0, 0xd);
		sb_expect_held(&b, res[2].ticket);
		if (by_reset)
			smmu_reset(b.h.smmu);
		else
			h_wr32(&b.h, SMMU_REG_CR0, 0xc);
		for (unsigned i = 0; i < 3; i++)
			sb_expect(&b, res[i].ticket, SMMU_ABORT, 0);
		if (!by_reset) {
			h_wr32(&b.h, SMMU_REG_CR0, 0xd);
			h_events_drain(&b.h);
			assert_true(b_read(&b, SID, HOLE).recorded);
			assert_true(b_read(&b, SID, HOLE).recorded);
		}
		b_teardown(&b);
	}
}

/* STALL-10, CACHE-57, CMD-32, CMD-84: invalidation and CMD_SYNC touch no stalled transaction. */
static void invalidation_releases_nothing(void **state)
{
	struct smmu_result res;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	res = b_read(&b, SID, HOLE);
	sb_stalled(&b, SID, HOLE);
	sb_map(&b, HOLE, b.page);
	h_invalidate_all(&b.h);
	b_cfgi_ste(&b, SID, false);
	h_sync(&b.h);
	sb_expect_held(&b, res.ticket);
	b_no_event(&b);
	b_teardown(&b);
}

/* The note in 3.12.2: a retry under a configuration that terminates is terminated. */
static void retry_sees_the_new_configuration(void **state)
{
	uint64_t ste[8] = { 1 };
	struct smmu_result res;
	uint16_t stag;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	res = b_read(&b, SID, HOLE);
	stag = sb_stalled(&b, SID, HOLE);
	sb_cd(&b, false, true, false);
	sb_retry(&b, SID, stag);
	/* EVT-2: it counts as new, and records again, this time as terminated */
	sb_expect(&b, res.ticket, SMMU_RAZ_WI, 0);
	assert_int_equal(h_events_drain(&b.h), 1);
	sb_cd(&b, true, true, true);
	res = b_read(&b, SID, HOLE);
	stag = sb_stalled(&b, SID, HOLE);
	b_put_ste(&b, SID, ste); /* Config 000: silent abort */
	sb_retry(&b, SID, stag);
	sb_expect(&b, res.ticket, SMMU_ABORT, 0);
	b_no_event(&b);
	b_teardown(&b);
}

/* A DMA over several pages: what was moved stays, the rest goes on and may stall again.
 */
static void dma_goes_on_after_a_retry(void **state)
{
	static uint8_t out[5 * 4096], in[5 * 4096];
	struct smmu_result res;
	uint64_t done, pages;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	pages = h_alloc(&b.h, sizeof(out), PAGE);
	for (unsigned i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i / 7 + i);
	sb_map(&b, HOLE, pages);
	sb_map(&b, HOLE + 3 * PAGE, pages + 3 * PAGE);
	res = sb_dma(&b, SID, SMMU_WRITE, HOLE + 100, out, 4 * PAGE, &done);
	assert_int_equal(res.status, SMMU_STALLED);
	assert_int_equal(done, PAGE - 100);
	sb_map(&b, HOLE + PAGE, pages + PAGE);
	sb_retry(&b, SID, sb_stalled(&b, SID, HOLE + PAGE));
	sb_expect_held(&b, res.ticket);
	sb_map(&b, HOLE + 2 * PAGE, pages + 2 * PAGE);
	sb_retry(&b, SID, sb_stalled(&b, SID, HOLE + 2 * PAGE));
	sb_map(&b, HOLE + 4 * PAGE, pages + 4 * PAGE);
	sb_retry(&b, SID, sb_stalled(&b, SID, HOLE + 4 * PAGE));
	sb_expect(&b, res.ticket, SMMU_OK, 4 * PAGE);
	assert_memory_equal(smmu_bus_ptr(b.h.bus, pages + 100, 4 * PAGE), out, 4 * PAGE);
	/* terminated in the middle: the bytes before count, as for any other DMA */
	h_write64(&b.h, h_desc_pa(&b.h, b.ttb0, HOLE + 2 * PAGE, 3), 0);
	h_invalidate_all(&b.h);
	res = sb_dma(&b, SID, SMMU_READ, HOLE, in, 5 * PAGE, &done);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE + 2 * PAGE), true);
	sb_expect(&b, res.ticket, SMMU_ABORT, 2 * PAGE);
	assert_int_equal(res.event, SMMU_EVT_F_TRANSLATION);
	b_teardown(&b);
}

static void cas_stalls_too(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .addr = HOLE + 8 };
	uint64_t old = 5;
	struct smmu_result res;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	h_write64(&b.h, b.page + 8, 5);
	res = smmu_dma_cas64(h_port(&b.h), &txn, &old, 9);
	assert_int_equal(res.status, SMMU_STALLED);
	sb_map(&b, HOLE, b.page);
	sb_retry(&b, SID, sb_stalled(&b, SID, HOLE + 8));
	sb_expect(&b, res.ticket, SMMU_OK, 0);
	assert_int_equal(h_read64(&b.h, b.page + 8), 9);
	assert_int_equal(old, 5);
	b_teardown(&b);
}

#define CASE(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(stage1_stalls_by_its_bit),
		CASE(each_of_the_four_stalls),
		CASE(what_never_stalls),
		CASE(two_stages),
		CASE(stage2_of_cd_and_table),
		CASE(resume_retry_and_terminate),
		CASE(terminate_without_raz_wi),
		CASE(resume_matches_both),
		CASE(stall_term),
		CASE(disable_and_reset_abort),
		CASE(invalidation_releases_nothing),
		CASE(retry_sees_the_new_configuration),
		CASE(dma_goes_on_after_a_retry),
		CASE(cas_stalls_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
