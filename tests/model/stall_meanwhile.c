/* SPDX-License-Identifier: MIT */
/*
 * What others do while a transaction is held or being completed: another thread gives it
 * up or closes its port, a handler waits for it, closes its port, or is inside a fetch.
 */
#include "stall_bench.h"
#include "model/stall/stall.h"
#include <errno.h>
#include <pthread.h>
#include <smmulator/ats.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define PAGE   4096ull
#define DEVICE 0x30000000ull
#define SECOND 1000000000ll

static const struct smmu_txn reading = { .sid = SID, .op = SMMU_READ, .addr = HOLE };

/* Two commands at once: dw0 and dw1 of each. */
static void push_two(struct bench *b, const uint64_t dw[4])
{
	uint32_t prod = h_rd32(&b->h, SMMU_REG_CMDQ_PROD);

	assert_true((prod & 63) < 62);
	h_write_dw(&b->h, b->h.cmdq + 16ull * (prod & 63), dw, 4);
	h_wr32(&b->h, SMMU_REG_CMDQ_PROD, prod + 2);
}

/* ---- another thread ---- */

struct closer {
	struct bench *b;
	struct smmu_port *port;
	pthread_t thread;
	bool started;
	atomic_bool closed;
};

static void *close_it(void *arg)
{
	struct closer *c = arg;

	smmu_port_close(c->port);
	atomic_store(&c->closed, true);
	return NULL;
}

static bool any_cancelled(struct smmu *smmu)
{
	bool found = false;

	assert_true(smmu_lock(smmu));
	for (uint32_t i = 0; i < smmu->stalls->size; i++)
		found |= smmu->stalls->held[i].cancelled;
	smmu_unlock_and_deliver(smmu);
	return found;
}

/* The device in the middle of the DMA: it answers when the port is being closed. */
static int device_write(void *ctx, uint64_t pa, const void *buf, size_t len,
			const struct smmu_attr *attr)
{
	struct closer *c = ctx;

	(void)pa;
	(void)buf;
	(void)len;
	(void)attr;
	if (c->started)
		return 0;
	c->started = true;
	assert_int_equal(pthread_create(&c->thread, NULL, close_it, c), 0);
	while (!any_cancelled(c->b->h.smmu))
		;
	assert_false(atomic_load(&c->closed));
	return 0;
}

static int device_read(void *ctx, uint64_t pa, void *buf, size_t len,
		       const struct smmu_attr *attr)
{
	(void)ctx;
	(void)pa;
	(void)attr;
	memset(buf, 0, len);
	return 0;
}

static const struct smmu_mem_ops device = { .read = device_read, .write = device_write };

/* The rest of a DMA that was given up does not arrive, let alone stall. */
static void closed_in_the_middle(void **state)
{
	static uint8_t data[8 + 4096 + 8];
	struct smmu_txn txn = { .sid = SID, .op = SMMU_WRITE, .addr = HOLE + 0xff8 };
	struct closer c = { .started = false };
	struct smmu_result res;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	c.b = &b;
	assert_int_equal(smmu_bus_add_region(b.h.bus, DEVICE, 4096, &device, &c), 0);
	c.port = smmu_port_open(b.h.smmu);
	res = smmu_dma(c.port, &txn, data, sizeof(data), NULL);
	assert_int_equal(res.status, SMMU_STALLED);
	sb_map(&b, HOLE, b.page);
	sb_map(&b, HOLE + PAGE, DEVICE); /* and the third page nowhere */
	sb_retry(&b, SID, sb_stalled(&b, SID, HOLE + 0xff8));
	assert_true(c.started);
	pthread_join(c.thread, NULL);
	b_no_event(&b);
	assert_int_equal(b.h.smmu->stalls->used, 0);
	b_teardown(&b);
}

struct waiter {
	struct smmu_port *port;
	uint64_t ticket;
	int err;
	int64_t took;
	atomic_bool there;
};

static int64_t now(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static void *wait_for_it(void *arg)
{
	struct waiter *w = arg;
	int64_t begin = now();

	atomic_store(&w->there, true);
	w->err = smmu_port_wait(w->port, w->ticket, 20 * SECOND, NULL, NULL);
	w->took = now() - begin;
	return NULL;
}

/* Who waits for what another thread gives up is told at once. */
static void given_up_while_waited_for(void **state)
{
	struct waiter w = { .err = 1 };
	struct timespec moment = { .tv_nsec = 50000000 };
	pthread_t thread;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	w.port = h_port(&b.h);
	w.ticket = b_read(&b, SID, HOLE).ticket;
	assert_int_equal(pthread_create(&thread, NULL, wait_for_it, &w), 0);
	while (!atomic_load(&w.there))
		;
	nanosleep(&moment, NULL);
	assert_int_equal(smmu_port_cancel(w.port, w.ticket), 0);
	pthread_join(thread, NULL);
	assert_int_equal(w.err, -ENOENT);
	assert_true(w.took < 10 * SECOND);
	b_teardown(&b);
}

struct listener {
	struct smmu_port *port;
	atomic_bool inside, taken_off, over;
	int err;
};

static void slowly(void *ctx, uint64_t ticket, const struct smmu_result *res,
		   uint64_t done)
{
	struct listener *l = ctx;
	struct timespec moment = { .tv_nsec = 50000000 };

	(void)ticket;
	(void)res;
	(void)done;
	atomic_store(&l->inside, true);
	nanosleep(&moment, NULL);
	assert_false(atomic_load(&l->taken_off));
	atomic_store(&l->over, true);
}

static void *take_it_off(void *arg)
{
	struct listener *l = arg;

	while (!atomic_load(&l->inside))
		;
	l->err = smmu_port_on_done(l->port, NULL, NULL);
	atomic_store(&l->taken_off, true);
	return NULL;
}

/* A callback that was taken off is not running any more. */
static void taken_off_while_running(void **state)
{
	struct listener l = { .err = 1 };
	pthread_t thread;
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	l.port = h_port(&b.h);
	assert_int_equal(smmu_port_on_done(l.port, slowly, &l), 0);
	assert_int_equal(b_read(&b, SID, HOLE).status, SMMU_STALLED);
	assert_int_equal(pthread_create(&thread, NULL, take_it_off, &l), 0);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE), true);
	pthread_join(thread, NULL);
	assert_int_equal(l.err, 0);
	assert_true(atomic_load(&l.over));
	b_teardown(&b);
}

/* ---- handlers ---- */

struct handler {
	struct bench *b;
	struct smmu_port *port;
	uint64_t ticket;
	int err;
	unsigned calls;
	struct smmu_result res;
};

static void on_sync(void *ctx, const char *name)
{
	struct handler *h = ctx;

	(void)name;
	h->calls++;
	h->err = smmu_port_wait(h->port, h->ticket, 2 * SECOND, &h->res, NULL);
}

/*
 * A handler of CMD_SYNC may wait for what the command before it has decided, and for
 * what the one after it decides (CMD-69: consumed, it happens in finite time).
 */
static void a_handler_waits(void **state)
{
	struct handler h = { .calls = 0 };
	struct bench b;

	(void)state;
	sb_setup(&b, 4);
	h.port = h_port(&b.h);
	assert_int_equal(smmu_bus_listen(b.h.bus, "smmu.cmdq-sync", on_sync, &h), 0);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t sync = SMMU_OP_SYNC | 1 << 12, resume = 0x44 | 1 << 13;
		uint16_t stag;

		h.ticket = b_read(&b, SID, HOLE).ticket;
		stag = sb_stalled(&b, SID, HOLE);
		resume |= (uint64_t)SID << 32;
		push_two(&b, i ? (const uint64_t[]){ sync, 0, resume, stag }
			       : (const uint64_t[]){ resume, stag, sync, 0 });
		assert_int_equal(h.calls, i + 1);
		assert_int_equal(h.err, 0);
		assert_int_equal(h.res.status, SMMU_ABORT);
	}
	b_teardown(&b);
}

static void with_ats(struct smmu_config *cfg)
{
	cfg->stall_model = 0;
	cfg->stall_max = 4;
	cfg->term_model = 0;
	cfg->ats = 1;
}

struct function {
	struct smmu_port *port;
	uint8_t buf[8], at_close[8];
	unsigned invalidated, done, done_at_close;
};

static int close_port(void *ctx, const struct smmu_atc_inv *inv)
{
	struct function *f = ctx;

	(void)inv;
	f->invalidated++;
	smmu_port_close(f->port);
	memcpy(f->at_close, f->buf, sizeof(f->buf));
	f->done_at_close = f->done;
	return SMMU_ATC_DONE;
}

static void count_done(void *ctx, uint64_t ticket, const struct smmu_result *res,
		       uint64_t done)
{
	struct function *f = ctx;

	(void)ticket;
	(void)res;
	(void)done;
	f->done++;
}

static const struct smmu_ats_ops function = { .invalidate = close_port };

/* After a handler has closed the port, buffer and callback are not touched any more. */
static void a_handler_closes_the_port(void **state)
{
	struct bench b;
	uint64_t ste[8];

	(void)state;
	for (unsigned heard = 0; heard < 2; heard++) {
		struct function f = { .buf = { 1, 2, 3 } };
		uint64_t dw[4] = { 0x44 | (uint64_t)SID << 32, 0,
				   SMMU_OP_ATC_INV | (uint64_t)SID << 32, 52 };

		b_setup(&b, SMMU_PRESET_V3_2, with_ats);
		b_ste(&b, SMMU_STE_CONFIG_S1, ste);
		b_put_ste(&b, SID, ste);
		sb_cd(&b, true, false, true);
		assert_int_equal(smmu_ats_attach(b.h.smmu, SID, &function, &f), 0);
		f.port = smmu_port_open(b.h.smmu);
		if (heard)
			assert_int_equal(smmu_port_on_done(f.port, count_done, &f), 0);
		assert_int_equal(smmu_dma(f.port, &reading, f.buf, 8, NULL).status,
				 SMMU_STALLED);
		dw[1] = sb_stalled(&b, SID, HOLE);
		push_two(&b, dw);
		assert_int_equal(h_cmdq_error(&b.h), 0);
		assert_int_equal(f.invalidated, 1);
		assert_memory_equal(f.buf, f.at_close, sizeof(f.buf));
		assert_int_equal(f.done, f.done_at_close);
		assert_int_equal(b.h.smmu->stalls->used, 0);
		b_teardown(&b);
	}
}

/* ---- inside a fetch ---- */

static int read_and_close(void *ctx, uint64_t pa, void *buf, size_t len,
			  const struct smmu_attr *attr)
{
	struct handler *h = ctx;

	h->calls++;
	smmu_port_close(h->port);
	return device_read(NULL, pa, buf, len, attr);
}

/* From what answers a fetch, closing a port does nothing: what it holds stays held. */
static void closed_inside_a_fetch(void **state)
{
	const struct smmu_mem_ops ops = { .read = read_and_close, .write = device_write };
	struct handler h = { .calls = 0 };
	struct smmu_result res;
	struct bench b;
	uint64_t l3;

	(void)state;
	sb_setup(&b, 4);
	assert_int_equal(smmu_bus_add_region(b.h.bus, DEVICE, 4096, &ops, &h), 0);
	h.port = smmu_port_open(b.h.smmu);
	res = smmu_translate(h.port, &reading);
	assert_int_equal(res.status, SMMU_STALLED);
	/* the level 3 table of another 2 MB is behind the callback */
	sb_map(&b, HOLE + 0x200000, b.page);
	l3 = h_desc_pa(&b.h, b.ttb0, HOLE + 0x200000, 2);
	h_write64(&b.h, l3, DEVICE | 3);
	assert_int_equal(b_read(&b, SID, HOLE + 0x200000).status, SMMU_STALLED);
	assert_int_equal(h.calls, 1);
	assert_int_equal(smmu_port_stalled(h.port), 1);
	sb_end(&b, SID, sb_stalled(&b, SID, HOLE), true);
	assert_int_equal(smmu_port_wait(h.port, res.ticket, 0, &res, NULL), 0);
	assert_int_equal(res.status, SMMU_ABORT);
	smmu_port_close(h.port);
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_in_the_middle),
		cmocka_unit_test(given_up_while_waited_for),
		cmocka_unit_test(taken_off_while_running),
		cmocka_unit_test(a_handler_waits),
		cmocka_unit_test(a_handler_closes_the_port),
		cmocka_unit_test(closed_inside_a_fetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
