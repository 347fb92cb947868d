/* SPDX-License-Identifier: MIT */
/*
 * The event queue: 1. each record has exactly the fields of its type; 2. when it is
 * written; 3. overflow; 4. a write that aborts; 5. when it signals.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "model/harness.h"
#include "model/model.h"

static int setup(void **state)
{
	static struct harness h;

	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_init_queues(&h);
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	h_teardown(*state);
	return 0;
}

static bool record(struct harness *h, const struct smmu_event *ev)
{
	bool done;

	smmu_lock(h->smmu);
	done = smmu_event_record(h->smmu, ev);
	smmu_unlock_and_deliver(h->smmu);
	return done;
}

/* Everything that could be shown is set, so that what must not be there would show. */
static const struct smmu_event full = {
	.fault = { .s2 = true,
		   .cls = SMMU_CLASS_TT,
		   .ttrnw = true,
		   .dirtybit = true,
		   .assured_only = true,
		   .overlay = true,
		   .ipa = 0xffffffffffffffff,
		   .fetch_addr = 0xffffffffffffffff,
		   .reason = 0xffffffff },
	.sid = 0xdeadbeef,
	.ssid = 0xabcde,
	.ssv = true,
	.rnw = true,
	.ind = true,
	.pnu = true,
	.ask = { true, true, true },
	.ask_priv = { true, true, true },
	.span = 0xff,
	.input_addr = 0xfedcba9876543210,
};

#define SID 0xdeadbeefull << 32
#define SSV 1ull << 11
#define SUB 0xabcdeull << 12
#define PNU 1ull << 33
#define IND 1ull << 34
#define RNW 1ull << 35
#define ACC (PNU | IND | RNW)
#define S2  1ull << 39
#define TT  1ull << 40
#define VA  0xfedcba9876543210

/* Addresses: OAS of v3.2 is 48 bits here; FetchAddr from bit 3, IPA from bit 12. */
#define FETCH 0x0000fffffffffff8
#define IPA   0x0000fffffffff000

static const struct {
	unsigned event;
	uint64_t dw[4];
} records[] = {
	/* events.md section 12; EVT-14, EVT-18, EVT-21, EVT-23 */
	{ SMMU_EVT_F_UUT, { 0x01 | SSV | SUB | SID, 0xffff | ACC, VA, 0 } },
	{ SMMU_EVT_C_BAD_STREAMID, { 0x02 | SSV | SUB | SID, 0, 0, 0 } },
	{ SMMU_EVT_F_STE_FETCH, { 0x03 | SSV | SUB | SID, 0xffff, 0, FETCH } },
	{ SMMU_EVT_C_BAD_STE, { 0x04 | SSV | SUB | SID, 0, 0, 0 } },
	/* what an ATS request asked for; the page */
	{ SMMU_EVT_F_BAD_ATS_TREQ,
	  { 0x05 | SSV | SUB | SID, 0xf000000f, VA & ~0xfffull, 0 } },
	{ SMMU_EVT_F_STREAM_DISABLED, { 0x06 | SID, 0, 0, 0 } },
	{ SMMU_EVT_F_TRANSL_FORBIDDEN, { 0x07 | SID, RNW, VA, 0 } },
	{ SMMU_EVT_C_BAD_SUBSTREAMID, { 0x08 | SUB | SID, 0, 0, 0 } },
	{ SMMU_EVT_F_CD_FETCH, { 0x09 | SSV | SUB | SID, 0xffff, 0, FETCH } },
	{ SMMU_EVT_C_BAD_CD, { 0x0a | SSV | SUB | SID, 0, 0, 0 } },
	{ SMMU_EVT_F_WALK_EABT,
	  { 0x0b | SSV | SUB | SID, 0xffff | ACC | S2 | TT, VA, FETCH } },
	{ SMMU_EVT_F_TRANSLATION, { 0x10 | SSV | SUB | SID, ACC | S2 | TT, VA, IPA } },
	{ SMMU_EVT_F_ADDR_SIZE, { 0x11 | SSV | SUB | SID, ACC | S2 | TT, VA, IPA } },
	{ SMMU_EVT_F_ACCESS, { 0x12 | SSV | SUB | SID, ACC | S2 | TT, VA, IPA } },
	{ SMMU_EVT_F_PERMISSION,
	  { 0x13 | SSV | SUB | SID, ACC | S2 | TT | 0xfull << 42, VA, IPA } },
	{ SMMU_EVT_F_TLB_CONFLICT,
	  { 0x20 | SSV | SUB | SID, 0xffffffff | ACC | S2, VA, IPA } },
	{ SMMU_EVT_F_CFG_CONFLICT, { 0x21 | SSV | SUB | SID, 0xffffffff, 0, 0 } },
	/* the hint of PRI; the VMS */
	{ SMMU_EVT_E_PAGE_REQUEST,
	  { 0x24 | SSV | SUB | SID, 7ull << 33 | 7ull << 37 | 0xffull << 44,
	    VA & ~0xfffull, 0 } },
	{ SMMU_EVT_F_VMS_FETCH, { 0x25 | SSV | SUB | SID, 0xffff, 0, FETCH } },
};

static void records_are_exact(void **state)
{
	struct harness *h = *state;

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		struct smmu_event ev = full;
		uint64_t dw[4];

		ev.fault.event = (uint8_t)records[i].event;
		assert_true(record(h, &ev));
		assert_true(h_event(h, dw));
		for (unsigned w = 0; w < 4; w++)
			if (dw[w] != records[i].dw[w])
				fail_msg("event %#x word %u is %#llx", records[i].event,
					 w, (unsigned long long)dw[w]);
	}
}

/* The same event with one thing changed: the field that then must be different. */
static void fields_follow_their_condition(void **state)
{
	struct harness *h = *state;
	struct smmu_event ev = full;
	uint64_t dw[4];

	ev.fault.event = SMMU_EVT_F_PERMISSION;
	/* EVT-18: IPA with S2 only; EVT-39: TTRnW with CLASS TT only; EVT-15: InD */
	ev.fault.s2 = false;
	ev.fault.cls = SMMU_CLASS_IN;
	ev.rnw = false;
	assert_true(record(h, &ev) && h_event(h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_IPA), 0);
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_TTRnW), 0);
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_CLASS), SMMU_CLASS_IN);
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_InD), 0);
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_Stall), 0);
	/* EVT-20: STAG with Stall only */
	ev.stag = 0x0b17;
	assert_true(record(h, &ev) && h_event(h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_STAG), 0);
	ev.stall = true;
	assert_true(record(h, &ev) && h_event(h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_Stall), 1);
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_STAG), 0x0b17);
	/* EVT-14: without SSV no SubstreamID, but C_BAD_SUBSTREAMID always has it
	 * (EVT-32) */
	ev.ssv = false;
	assert_true(record(h, &ev) && h_event(h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_SubstreamID), 0);
	ev.fault.event = SMMU_EVT_C_BAD_SUBSTREAMID;
	assert_true(record(h, &ev) && h_event(h, dw));
	assert_int_equal(smmu_get(dw, SMMU_C_BAD_SUBSTREAMID_SubstreamID), 0xabcde);
	/* each right by itself */
	ev.fault.event = SMMU_EVT_E_PAGE_REQUEST;
	ev.ask.w = ev.ask_priv.r = ev.ask_priv.x = false;
	assert_true(record(h, &ev) && h_event(h, dw));
	assert_int_equal(dw[1] >> 33 & 0x7f, 0x25);
	/* likewise */
	ev.fault.event = SMMU_EVT_F_BAD_ATS_TREQ;
	ev.pnu = false;
	assert_true(record(h, &ev) && h_event(h, dw));
	assert_int_equal(dw[1] >> 28, 0xa);
}

static void ste_event(struct smmu_event *ev)
{
	memset(ev, 0, sizeof(*ev));
	ev->fault.event = SMMU_EVT_C_BAD_STE;
}

static void disabled_queue_drops(void **state)
{
	struct harness *h = *state;
	struct smmu_event ev;
	struct smmu_stats stats;

	ste_event(&ev);
	h_disable(h);
	/* EVT-5, EVT-66, Q-24: lost, and no overflow */
	assert_false(record(h, &ev));
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 0);
	smmu_stats_read(h->smmu, &stats);
	assert_int_equal(stats.events, 0);
	assert_int_equal(stats.events_lost, 1);
	/* EVT-10, Q-23, Q-29, REG-98: EVENTQEN, not SMMUEN, decides */
	h_wr32(h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_EVENTQEN));
	assert_true(record(h, &ev));
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 1);
}

#define OVFLG 0x80000000u

static void overflow(void **state)
{
	struct harness *h = *state;
	struct smmu_event ev;
	uint64_t dw[4];

	ste_event(&ev);
	for (unsigned i = 0; i < 64; i++)
		assert_true(record(h, &ev));
	/* EVT-65, Q-26: full is not overflow yet; a stall record does not overflow
	 * (EVT-66, REG-99) */
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 64);
	ev.stall = true;
	assert_false(record(h, &ev));
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 64);
	ev.stall = false;
	/* EVT-67, Q-24; a second one leaves no trace (EVT-68) */
	assert_false(record(h, &ev));
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 64 | OVFLG);
	assert_false(record(h, &ev));
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 64 | OVFLG);
	/* EVT-68, Q-25: room is used though the overflow is not acknowledged */
	h_wr32(h, SMMU_REG_EVENTQ_CONS, 1);
	assert_true(record(h, &ev));
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 65 | OVFLG);
	/* EVT-69, EVT-70, EVT-95: no GERROR bit */
	h_wr32(h, SMMU_REG_EVENTQ_CONS, 1 | OVFLG);
	assert_false(record(h, &ev));
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 65);
	assert_int_equal(h_rd32(h, SMMU_REG_GERROR), 0);
	while (h_event(h, dw))
		assert_int_equal(smmu_get(dw, SMMU_C_BAD_STE_EVENT), SMMU_EVT_C_BAD_STE);
}

static void inconsistent_indexes_are_full(void **state)
{
	struct harness *h = *state;
	struct smmu_event ev;

	ste_event(&ev);
	/* RD ahead of WR with equal wraps */
	h_wr32(h, SMMU_REG_EVENTQ_CONS, 5);
	assert_false(record(h, &ev));
	h_wr32(h, SMMU_REG_EVENTQ_CONS, 0);
	assert_true(record(h, &ev));
}

static void write_abort(void **state)
{
	struct harness *h = *state;
	struct smmu_event ev;
	uint32_t abt = (uint32_t)SMMU_MASK(SMMU_GERROR_EVENTQ_ABT_ERR);

	ste_event(&ev);
	h_disable(h);
	h_wr64(h, SMMU_REG_EVENTQ_BASE, 0x10000000 | 4);
	h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
	h_wr32(h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_EVENTQEN));
	/* EVT-71, EVT-72, Q-30, REG-70: lost, PROD stays, no queue interrupt, GERROR
	 * instead */
	assert_false(record(h, &ev));
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 0);
	assert_int_equal(h_rd32(h, SMMU_REG_GERROR), abt);
	assert_int_equal(smmu_wire_pulses(smmu_bus_wire(h->bus, "smmu.eventq")), 0);
	assert_int_equal(smmu_wire_pulses(smmu_bus_wire(h->bus, "smmu.gerror")), 1);
	/* EVT-4, REG-67, REG-98: nothing is written until it is acknowledged */
	h_wr32(h, SMMU_REG_CR0, 0);
	h_wr64(h, SMMU_REG_EVENTQ_BASE, h->eventq | 6);
	h_wr32(h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_EVENTQEN));
	assert_false(record(h, &ev));
	h_wr32(h, SMMU_REG_GERRORN, abt);
	assert_true(record(h, &ev));
}

/*
 * EVT-1, REG-85: records of 32 bytes, little-endian, one after the other, round the end.
 * EVT-60, EVT-62, Q-34: equal ones are not merged. EVT-13: RES0 bits are 0 in the queue.
 */
static void records_are_appended(void **state)
{
	struct harness *h = *state;
	struct smmu_event ev;
	const uint8_t *bytes = smmu_bus_ptr(h->bus, h->eventq, 64 * 32);

	ste_event(&ev);
	ev.sid = 0x11223344;
	for (unsigned i = 0; i < 64 * 32 / 8; i++)
		h_write64(h, h->eventq + 8 * i, UINT64_MAX);
	for (unsigned i = 0; i < 70; i++) {
		uint64_t entry = 32 * (i % 64);

		assert_true(record(h, &ev));
		assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), (i + 1) % 128);
		assert_int_equal(bytes[entry], SMMU_EVT_C_BAD_STE);
		assert_int_equal(bytes[entry + 4], 0x44);
		assert_int_equal(bytes[entry + 7], 0x11);
		assert_int_equal(h_read64(h, h->eventq + entry + 24), 0);
		h_wr32(h, SMMU_REG_EVENTQ_CONS, (i + 1) % 128);
	}
}

/* EVT-9, Q-28: what was recorded is there when EVENTQEN has gone to 0. */
static void disabling_keeps_what_was_recorded(void **state)
{
	struct harness *h = *state;
	struct smmu_event ev;
	uint64_t dw[4];

	ste_event(&ev);
	ev.sid = 9;
	assert_true(record(h, &ev));
	h_disable(h);
	assert_false(record(h, &ev));
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 1);
	assert_true(h_event(h, dw));
	assert_int_equal(smmu_get(dw, SMMU_C_BAD_STE_StreamID), 9);
	assert_false(h_event(h, dw));
}

static void signals_when_no_longer_empty(void **state)
{
	struct harness *h = *state;
	struct smmu_wire *wire = smmu_bus_wire(h->bus, "smmu.eventq");
	struct smmu_event ev;

	ste_event(&ev);
	/* REG-57: an occurrence before the enable is not made up for */
	assert_true(record(h, &ev));
	h_wr32(h, SMMU_REG_IRQ_CTRL, (uint32_t)SMMU_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN));
	assert_true(record(h, &ev));
	assert_int_equal(smmu_wire_pulses(wire), 0);
	/* empty to non-empty */
	h_events_drain(h);
	assert_true(record(h, &ev));
	assert_int_equal(smmu_wire_pulses(wire), 1);
	assert_true(record(h, &ev));
	assert_int_equal(smmu_wire_pulses(wire), 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(records_are_exact),
		CASE(fields_follow_their_condition),
		CASE(disabled_queue_drops),
		CASE(overflow),
		CASE(inconsistent_indexes_are_full),
		CASE(write_abort),
		CASE(records_are_appended),
		CASE(disabling_keeps_what_was_recorded),
		CASE(signals_when_no_longer_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
