/* SPDX-License-Identifier: MIT */
/* Events that are merged, where the configuration asks for it and STE.MEV allows it. */
#include "stall_bench.h"

static struct smmu_event fault_at(unsigned event, uint64_t addr)
{
	return (struct smmu_event){ .fault = { .event = (uint8_t)event,
					       .cls = SMMU_CLASS_IN },
				    .sid = SID,
				    .rnw = true,
				    .may_merge = true,
				    .input_addr = addr };
}

/* How many records there are after these two. */
static unsigned records_of(struct bench *b, const struct smmu_event *one,
			   const struct smmu_event *two)
{
	assert_true(smmu_lock(b->h.smmu));
	assert_true(smmu_event_record(b->h.smmu, one));
	assert_true(smmu_event_record(b->h.smmu, two));
	smmu_unlock_and_deliver(b->h.smmu);
	return h_events_drain(&b->h);
}

static void with_merging(struct smmu_config *cfg)
{
	cfg->event_merge = 1;
}

static void merge_set_up(struct bench *b)
{
	b_setup(b, SMMU_PRESET_V3_2, with_merging);
}

/* EVT-60: equal in all that is defined, and no stall. */
static void equal_events_merge(void **state)
{
	struct smmu_event a = fault_at(SMMU_EVT_F_ACCESS, HOLE), b2 = a;
	struct bench b;

	(void)state;
	merge_set_up(&b);
	assert_int_equal(records_of(&b, &a, &b2), 1);
	b2.rnw = false;
	assert_int_equal(records_of(&b, &a, &b2), 2);
	b2 = a;
	b2.sid++;
	assert_int_equal(records_of(&b, &a, &b2), 2);
	b2 = a;
	a.stall = b2.stall = true;
	assert_int_equal(records_of(&b, &a, &b2), 2);
	/* what was read already is not amended */
	a.stall = false;
	assert_int_equal(records_of(&b, &a, &a), 1);
	assert_int_equal(records_of(&b, &a, &a), 1);
	b_teardown(&b);
}

/* EVT-61: where in the page, in these only. */
static void merging_ignores_the_page_offset(void **state)
{
	static const struct {
		unsigned event, records;
	} rows[] = {
		{ SMMU_EVT_F_TRANSL_FORBIDDEN, 1 }, { SMMU_EVT_F_WALK_EABT, 1 },
		{ SMMU_EVT_F_TRANSLATION, 1 },	    { SMMU_EVT_F_ADDR_SIZE, 1 },
		{ SMMU_EVT_F_ACCESS, 1 },	    { SMMU_EVT_F_PERMISSION, 1 },
		{ SMMU_EVT_F_TLB_CONFLICT, 1 },	    { SMMU_EVT_F_UUT, 2 },
	};
	struct bench b;

	(void)state;
	merge_set_up(&b);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smmu_event one = fault_at(rows[i].event, HOLE + 8),
				  two = fault_at(rows[i].event, HOLE + 0xff8),
				  far = fault_at(rows[i].event, HOLE + 0x1008);

		assert_int_equal(records_of(&b, &one, &two), rows[i].records);
		assert_int_equal(records_of(&b, &one, &far), 2);
	}
	b_teardown(&b);
}

/* EVT-62: MEV == 0 forbids it, but to four that may come before a STE. */
static void mev_decides(void **state)
{
	static const struct {
		unsigned event, records;
	} rows[] = {
		{ SMMU_EVT_F_UUT, 1 },	       { SMMU_EVT_C_BAD_STREAMID, 1 },
		{ SMMU_EVT_F_STE_FETCH, 1 },   { SMMU_EVT_C_BAD_STE, 1 },
		{ SMMU_EVT_C_BAD_CD, 2 },      { SMMU_EVT_C_BAD_SUBSTREAMID, 2 },
		{ SMMU_EVT_F_TRANSLATION, 2 }, { SMMU_EVT_F_CD_FETCH, 2 },
	};
	uint64_t ste[8], cd[8];
	struct bench b;

	(void)state;
	merge_set_up(&b);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smmu_event ev = fault_at(rows[i].event, HOLE);

		ev.may_merge = false;
		assert_int_equal(records_of(&b, &ev, &ev), rows[i].records);
		ev.may_merge = true;
		assert_int_equal(records_of(&b, &ev, &ev), 1);
	}
	/* the whole way, from the STE */
	b_cd(&b, cd);
	b_put_cd(&b, SID, 0, b.cd, cd);
	for (unsigned mev = 0; mev < 2; mev++) {
		b_ste(&b, SMMU_STE_CONFIG_S1, ste);
		smmu_set(ste, SMMU_STE_MEV, mev);
		b_put_ste(&b, SID, ste);
		assert_true(b_read(&b, SID, HOLE).recorded);
		assert_true(b_read(&b, SID, HOLE + 16).recorded);
		assert_int_equal(h_events_drain(&b.h), 2 - mev);
	}
	b_teardown(&b);
}

/* EVT-66, EVT-5: what merges needs no room; a queue that was off remembers nothing. */
static void merging_and_the_queue(void **state)
{
	struct smmu_result res;
	struct bench b;

	(void)state;
	merge_set_up(&b);
	/* C_BAD_STE of ever another stream, until it is full */
	for (uint32_t i = 0; i < 64; i++)
		assert_true(b_read(&b, 100 + i, 0).recorded);
	res = b_read(&b, 163, 0);
	assert_true(res.recorded);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_EVENTQ_PROD), 64);
	assert_false(b_read(&b, 100, 0).recorded);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_EVENTQ_PROD), 64 | 1u << 31);
	h_events_drain(&b.h);
	assert_true(b_read(&b, 163, 0).recorded);
	h_wr32(&b.h, SMMU_REG_CR0, 0x9);
	assert_false(b_read(&b, 163, 0).recorded);
	h_wr32(&b.h, SMMU_REG_CR0, 0xd);
	assert_true(b_read(&b, 163, 0).recorded);
	assert_int_equal(h_events_drain(&b.h), 2);
	b_teardown(&b);
}

/* EVT-60: nothing is the same event as one from before a reset. */
static void a_reset_forgets_the_last(void **state)
{
	struct bench b;

	(void)state;
	merge_set_up(&b);
	assert_true(b_read(&b, 163, 0).recorded);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_EVENTQ_PROD), 1);
	smmu_reset(b.h.smmu);
	h_wr64(&b.h, SMMU_REG_EVENTQ_BASE, b.h.eventq | b.h.eventq_log2);
	h_wr64(&b.h, SMMU_REG_STRTAB_BASE, b.h.strtab);
	h_wr32(&b.h, SMMU_REG_STRTAB_BASE_CFG, b.h.strtab_log2);
	/* a queue that is handed over with an entry in it (3.5.1) */
	h_wr32(&b.h, SMMU_REG_EVENTQ_PROD, 1);
	h_wr32(&b.h, SMMU_REG_CR0, 0x5);
	assert_true(b_read(&b, 163, 0).recorded);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_EVENTQ_PROD), 2);
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_events_merge),
		cmocka_unit_test(merging_ignores_the_page_offset),
		cmocka_unit_test(mev_decides),
		cmocka_unit_test(merging_and_the_queue),
		cmocka_unit_test(a_reset_forgets_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
