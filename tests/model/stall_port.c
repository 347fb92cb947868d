/* SPDX-License-Identifier: MIT */
/*
 * Stalled transactions and what surrounds them: an event queue that takes no record,
 * STAGs that run out, ports with a callback, that give up, that are closed; handlers.
 */
#include "stall_bench.h"
#include <errno.h>
#include <string.h>

#define PAGE  4096ull
#define OVFLG 0x80000000u
#define ABT   (1u << 2) /* GERROR.EVENTQ_ABT_ERR */

/* 64 events, as many as the queue takes: of a stream without a STE. */
static void fill_queue(struct bench *b)
{
	for (unsigned i = 0; i < 64; i++)
		assert_true(b_read(b, 77, 0).recorded);
}

static void drain_but(struct bench *b, unsigned keep)
{
	uint64_t dw[4];

	for (unsigned i = keep; i < 64; i++) {
		assert_true(h_event(&b->h, dw));
		assert_int_equal(smmu_get(dw, SMMU_C_BAD_STE_EVENT), SMMU_EVT_C_BAD_STE);
	}
}

/* EVT-6, EVT-7, EVT-66, STALL-3, Q-24, Q-27: a stall that finds the queue full. */
static void full_queue_holds_the_record(void **state)
{
	struct smmu_result res, late;
	uint16_t stag;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	fill_queue(&b);
	res = b_read(&b, SID, HOLE);
	late = b_read(&b, SID, HOLE + PAGE);
	assert_int_equal(res.status, SMMU_STALLED);
	assert_false(res.recorded);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_EVENTQ_PROD), 64);
	/* CMD-71: it has no STAG yet */
	for (unsigned i = 0; i < 4; i++)
		sb_end(&b, SID, (uint16_t)i, true);
	sb_expect_held(&b, res.ticket);
	/* Room for one: the older one takes it, and nothing else can. */
	h_wr32(&b.h, SMMU_REG_EVENTQ_CONS, 1);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_EVENTQ_PROD), 65);
	/* the next non-stall record overflows as ever */
	assert_false(b_read(&b, 77, 0).recorded);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_EVENTQ_PROD), 65 | OVFLG);
	drain_but(&b, 1);
	stag = sb_stalled(&b, SID, HOLE);
	sb_end(&b, SID, stag, true);
	sb_expect(&b, res.ticket, SMMU_ABORT, 0);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE + PAGE), true);
	sb_expect(&b, late.ticket, SMMU_ABORT, 0);
	b_no_event(&b);
	b_teardown(&b);
}

/* EVT-6 (a), CMD-79, CMD-84: what changed meanwhile counts, not the fault of before. */
static void held_record_is_made_anew(void **state)
{
	struct smmu_result res;
	uint64_t dw[4];
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	/* success: no event */
	fill_queue(&b);
	res = b_read(&b, SID, HOLE);
	sb_map(&b, HOLE, b.page);
	h_invalidate_all(&b.h);
	sb_expect_held(&b, res.ticket);
	drain_but(&b, 0);
	sb_expect(&b, res.ticket, SMMU_OK, 0);
	b_no_event(&b);
	/* another fault: that one, and as it is configured now */
	fill_queue(&b);
	res = b_read(&b, SID, HOLE + PAGE);
	sb_cd(&b, true, true, false);
	drain_but(&b, 0);
	sb_expect(&b, res.ticket, SMMU_ABORT, 0);
	assert_true(h_event(&b.h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_EVENT), SMMU_EVT_F_TRANSLATION);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_Stall), 0);
	b_no_event(&b);
	b_teardown(&b);
}

/* EVT-4, EVT-6, EVT-9: EVENTQEN; STALL-4: CMD_STALL_TERM before the record is written. */
static void disabled_queue_holds_the_record(void **state)
{
	struct smmu_result res;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	h_wr32(&b.h, SMMU_REG_CR0, 0x9);
	res = b_read(&b, SID, HOLE);
	assert_int_equal(res.status, SMMU_STALLED);
	assert_false(res.recorded);
	h_wr32(&b.h, SMMU_REG_CR0, 0xd);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE), true);
	sb_expect(&b, res.ticket, SMMU_ABORT, 0);
	h_wr32(&b.h, SMMU_REG_CR0, 0x9);
	res = b_read(&b, SID, HOLE);
	sb_stall_term(&b, SID + 1);
	sb_expect_held(&b, res.ticket);
	sb_stall_term(&b, SID);
	sb_expect(&b, res.ticket, SMMU_ABORT, 0);
	h_wr32(&b.h, SMMU_REG_CR0, 0xd);
	b_no_event(&b);
	b_teardown(&b);
}

/* STALL-4, EVT-71, EVT-74: a record whose write aborts is lost, its transaction is not.
 */
static void aborted_record_is_lost(void **state)
{
	struct smmu_result lost, next;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	h_wr32(&b.h, SMMU_REG_CR0, 0x9);
	h_wr64(&b.h, SMMU_REG_EVENTQ_BASE, 0x10000000 | 6);
	h_wr32(&b.h, SMMU_REG_CR0, 0xd);
	lost = b_read(&b, SID, HOLE);
	assert_int_equal(lost.status, SMMU_STALLED);
	assert_false(lost.recorded);
	assert_int_equal(h_rd32(&b.h, SMMU_REG_GERROR), ABT);
	/* EVT-4: not writable until acknowledged */
	next = b_read(&b, SID, HOLE + PAGE);
	h_wr32(&b.h, SMMU_REG_CR0, 0x9);
	h_wr64(&b.h, SMMU_REG_EVENTQ_BASE, b.h.eventq | 6);
	h_wr32(&b.h, SMMU_REG_CR0, 0xd);
	b_no_event(&b);
	h_wr32(&b.h, SMMU_REG_GERRORN, ABT);
	sb_stalled(&b, SID, HOLE + PAGE);
	b_no_event(&b);
	sb_expect_held(&b, lost.ticket);
	sb_stall_term(&b, SID);
	sb_expect(&b, lost.ticket, SMMU_ABORT, 0);
	sb_expect(&b, next.ticket, SMMU_ABORT, 0);
	b_teardown(&b);
}

/* IDR5.STALL_MAX, STALL-11: never more unanswered records; the rest waits its turn. */
static void stags_run_out(void **state)
{
	struct smmu_result res[5];
	uint16_t stag[5];
	struct bench b;

	(void)state;
	sb_setup(&b, 2);
	for (unsigned i = 0; i < 5; i++)
		res[i] = b_read(&b, SID, HOLE + i * PAGE);
	stag[0] = sb_stalled(&b, SID, HOLE);
	stag[1] = sb_stalled(&b, SID, HOLE + PAGE);
	assert_int_not_equal(stag[0], stag[1]);
	b_no_event(&b);
	/* EVT-64: each of its own; what has no record yet has no response either */
	assert_int_equal(smmu_port_stalled(h_port(&b.h)), 5);
	/* CMD-73: in any order. The oldest one that waits is next, with the STAG freed.
	 */
	sb_end(&b, SID, stag[1], true);
	sb_expect(&b, res[1].ticket, SMMU_ABORT, 0);
	stag[2] = sb_stalled(&b, SID, HOLE + 2 * PAGE);
	assert_int_equal(stag[2], stag[1]);
	b_no_event(&b);
	/* a transaction that needs no record passes those that wait for one */
	sb_map(&b, HOLE + 3 * PAGE, b.page);
	b_expect_ok(b_read(&b, SID, HOLE + 3 * PAGE), b.page);
	sb_expect_held(&b, res[3].ticket);
	sb_retry(&b, SID, stag[0]); /* faults again: the same one keeps going */
	stag[0] = sb_stalled(&b, SID, HOLE);
	sb_end(&b, SID, stag[0], true);
	sb_expect(&b, res[3].ticket, SMMU_OK, 0);
	stag[4] = sb_stalled(&b, SID, HOLE + 4 * PAGE);
	sb_end(&b, SID, stag[2], false);
	sb_end(&b, SID, stag[4], false);
	sb_expect(&b, res[4].ticket, SMMU_RAZ_WI, 0);
	assert_int_equal(smmu_port_stalled(h_port(&b.h)), 0);
	b_teardown(&b);
}

/* STALL-2, EVT-20: what its device gives up is answered all the same. */
static void given_up(void **state)
{
	struct smmu_result res, next;
	struct smmu_port *other;
	uint16_t stag;
	char buf[8] = { 1 };
	struct bench b;

	(void)state;
	sb_setup(&b, 1);
	other = smmu_port_open(b.h.smmu);
	res = sb_dma(&b, SID, SMMU_READ, HOLE, buf, 8, NULL);
	next = b_read(&b, SID, HOLE + PAGE);
	stag = sb_stalled(&b, SID, HOLE);
	/* tickets are a port's own */
	assert_int_equal(smmu_port_cancel(other, res.ticket), -ENOENT);
	assert_int_equal(smmu_port_wait(other, res.ticket, 0, NULL, NULL), -ENOENT);
	assert_int_equal(smmu_port_cancel(h_port(&b.h), res.ticket), 0);
	assert_int_equal(smmu_port_cancel(h_port(&b.h), res.ticket), -ENOENT);
	b_no_event(&b); /* the STAG is not free */
	sb_map(&b, HOLE, b.page);
	sb_retry(&b, SID, stag);
	assert_int_equal(buf[0], 1);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE + PAGE), true);
	sb_expect(&b, next.ticket, SMMU_ABORT, 0);
	/* closing the port gives up all */
	res = smmu_translate(other,
			     &(struct smmu_txn){ .sid = SID, .addr = HOLE + PAGE });
	assert_true(res.recorded);
	smmu_translate(other, &(struct smmu_txn){ .sid = SID, .addr = HOLE + PAGE });
	assert_int_equal(smmu_port_stalled(other), 2);
	smmu_port_close(other);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE + PAGE), true);
	b_no_event(&b);
	/* results that nobody takes go with the port, too */
	res = b_read(&b, SID, HOLE + PAGE);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE + PAGE), true);
	b_teardown(&b);
}

struct heard {
	struct bench *b;
	struct smmu_port *port;
	unsigned calls;
	uint64_t ticket, done;
	struct smmu_result res, nested;
	int waited;
	bool close;
};

static void on_done(void *ctx, uint64_t ticket, const struct smmu_result *res,
		    uint64_t done)
{
	struct heard *heard = ctx;
	const struct smmu_txn txn = { .sid = SID, .addr = HOLE + 8 * PAGE };

	heard->calls++;
	heard->ticket = ticket;
	heard->res = *res;
	heard->done = done;
	/* no lock is held: registers, DMA that stalls in its turn */
	assert_int_not_equal(h_rd32(&heard->b->h, SMMU_REG_CR0ACK), 0);
	if (heard->calls == 1) {
		heard->nested = smmu_translate(heard->port, &txn);
		heard->waited =
			smmu_port_wait(heard->port, heard->nested.ticket, -1, NULL, NULL);
	}
	if (heard->close)
		smmu_port_close(heard->port);
}

static void callback_gets_the_result(void **state)
{
	struct heard heard = { .calls = 0 };
	struct smmu_txn txn = { .sid = SID, .addr = HOLE, .op = SMMU_WRITE };
	struct smmu_result res;
	uint64_t data = 0x1122334455667788, done;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	heard.b = &b;
	heard.port = smmu_port_open(b.h.smmu);
	assert_int_equal(smmu_port_on_done(heard.port, on_done, &heard), 0);
	res = smmu_dma(heard.port, &txn, &data, 8, &done);
	assert_int_equal(res.status, SMMU_STALLED);
	assert_int_equal(heard.calls, 0);
	sb_map(&b, HOLE, b.page);
	sb_retry(&b, SID, sb_stalled(&b, SID, HOLE));
	assert_int_equal(heard.calls, 1);
	assert_int_equal(heard.ticket, res.ticket);
	assert_int_equal(heard.res.status, SMMU_OK);
	assert_int_equal(heard.done, 8);
	assert_int_equal(h_read64(&b.h, b.page), data);
	assert_int_equal(smmu_port_wait(heard.port, res.ticket, 0, NULL, NULL), -ENOENT);
	/* waiting inside would be for ever */
	assert_int_equal(heard.nested.status, SMMU_STALLED);
	assert_int_equal(heard.waited, -EDEADLK);
	/* the second one closes the port from its callback */
	heard.close = true;
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE + 8 * PAGE), true);
	assert_int_equal(heard.calls, 2);
	assert_int_equal(heard.ticket, heard.nested.ticket);
	assert_int_equal(heard.res.status, SMMU_ABORT);
	assert_int_equal(heard.res.event, SMMU_EVT_F_TRANSLATION);
	b_teardown(&b);
}

/* A driver that mends what it is told of, from its interrupt handler. */
static void mend(void *ctx, const char *name)
{
	struct bench *b = ctx;
	uint64_t dw[4];

	(void)name;
	while (h_event(&b->h, dw)) {
		uint64_t va = smmu_get(dw, SMMU_F_TRANSLATION_InputAddr) & ~(PAGE - 1);

		sb_map(b, va, h_alloc(&b->h, PAGE, PAGE));
		sb_retry(b, (uint32_t)smmu_get(dw, SMMU_F_TRANSLATION_StreamID),
			 (uint16_t)smmu_get(dw, SMMU_F_TRANSLATION_STAG));
	}
}

/* What handlers end inside the call is not seen as a stall: demand paging. */
static void mended_inside_the_call(void **state)
{
	static uint8_t out[4 * 4096], in[4 * 4096];
	struct heard heard = { .calls = 0 };
	struct smmu_result res;
	uint64_t done;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	assert_int_equal(smmu_port_on_done(h_port(&b.h), on_done, &heard), 0);
	assert_int_equal(smmu_bus_listen(b.h.bus, "smmu.eventq", mend, &b), 0);
	h_wr32(&b.h, SMMU_REG_IRQ_CTRL, (uint32_t)SMMU_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN));
	for (unsigned i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 3 + i / 256);
	res = sb_dma(&b, SID, SMMU_WRITE, HOLE + 5, out, sizeof(out) - 5, &done);
	assert_int_equal(res.status, SMMU_OK);
	assert_true(res.ticket != 0);
	assert_int_equal(done, sizeof(out) - 5);
	assert_int_equal(
		sb_dma(&b, SID, SMMU_READ, HOLE + 5, in, sizeof(in) - 5, NULL).status,
		SMMU_OK);
	assert_memory_equal(in, out, sizeof(in) - 5);
	res = b_read(&b, SID, HOLE + 9 * PAGE);
	assert_int_equal(res.status, SMMU_OK);
	assert_int_equal(heard.calls, 0);
	assert_int_equal(smmu_port_stalled(h_port(&b.h)), 0);
	b_teardown(&b);
}

#define BELL 0x30000000ull

static void on_bell(void *ctx, uint64_t pa, uint32_t data, const struct smmu_attr *attr)
{
	struct bench *b = ctx;

	(void)pa;
	(void)attr;
	h_write64(&b->h, b->page, data);
	b_expect_ok(b_read(b, SID, VA), b->page);
}

/* The data phase of a retry may run a handler: it is made with the lock free. */
static void retry_to_a_doorbell(void **state)
{
	uint32_t data = 0x1234;
	struct smmu_result res;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	assert_int_equal(smmu_bus_add_doorbell(b.h.bus, BELL, 4096, on_bell, &b), 0);
	res = sb_dma(&b, SID, SMMU_WRITE, HOLE + 0x40, &data, 4, NULL);
	sb_map(&b, HOLE, BELL);
	sb_retry(&b, SID, sb_stalled(&b, SID, HOLE + 0x40));
	sb_expect(&b, res.ticket, SMMU_OK, 4);
	assert_int_equal(h_read64(&b.h, b.page), 0x1234);
	/* and one into a hole aborts, as it would have at once */
	res = sb_dma(&b, SID, SMMU_WRITE, HOLE + PAGE, &data, 4, NULL);
	sb_map(&b, HOLE + PAGE, 0x10000000);
	sb_retry(&b, SID, sb_stalled(&b, SID, HOLE + PAGE));
	sb_expect(&b, res.ticket, SMMU_ABORT, 0);
	b_teardown(&b);
}

#define CASE(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(full_queue_holds_the_record),
		CASE(held_record_is_made_anew),
		CASE(disabled_queue_holds_the_record),
		CASE(aborted_record_is_lost),
		CASE(stags_run_out),
		CASE(given_up),
		CASE(callback_gets_the_result),
		CASE(mended_inside_the_call),
		CASE(retry_to_a_doorbell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
