/* SPDX-License-Identifier: MIT */
/*
 * Devices on threads of their own that wait for their stalled DMA, and software on
 * another that answers at random: retry with or without a page, terminate either way,
 * CMD_STALL_TERM, SMMUEN, an event queue that is often full. Against a shadow: a stall
 * that ends well has moved exactly its bytes, and nothing is lost (STALL-2, STALL-3).
 */
#include "stall_bench.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICES = 4, STALLS = 60, PAGES = 3, LEN = 2 * 4096 };

struct device {
	struct bench *b;
	struct smmu_port *port;
	unsigned index, stalls, ok, aborted, raz, cancelled;
	const char *wrong;
	uint32_t seed;
	uint8_t out[LEN], in[LEN];
};

static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static uint64_t window(unsigned device)
{
	return HOLE + ((uint64_t)device << 24);
}

/* The final result of what may have stalled. */
static struct smmu_result settle(struct device *d, struct smmu_result res, uint64_t *done)
{
	d->stalls += res.ticket != 0;
	if (res.status == SMMU_STALLED && next(&d->seed) % 16 == 0) {
		int err = smmu_port_cancel(d->port, res.ticket);

		if (err)
			d->wrong = "cancel";
		d->cancelled++;
		return res;
	}
	if (res.status == SMMU_STALLED &&
	    smmu_port_wait(d->port, res.ticket, -1, &res, done) != 0)
		d->wrong = "wait";
	return res;
}

/* One DMA; what memory must hold afterwards is looked at by reading it back. */
static void transfer(struct device *d)
{
	struct smmu_txn txn = { .sid = SID, .op = SMMU_WRITE };
	uint64_t len = 1 + next(&d->seed) % LEN, done = 0;
	struct smmu_result res;

	txn.addr = window(d->index) + next(&d->seed) % 4096;
	for (unsigned i = 0; i < LEN; i++)
		d->out[i] = (uint8_t)next(&d->seed);
	res = settle(d, smmu_dma(d->port, &txn, d->out, len, &done), &done);
	d->ok += res.status == SMMU_OK;
	d->aborted += res.status == SMMU_ABORT;
	d->raz += res.status == SMMU_RAZ_WI;
	if (res.status != SMMU_OK)
		return;
	if (done != len)
		d->wrong = "short";
	txn.op = SMMU_READ;
	res = settle(d, smmu_dma(d->port, &txn, d->in, len, &done), &done);
	if (res.status == SMMU_OK && memcmp(d->in, d->out, len) != 0)
		d->wrong = "data";
}

static void *device(void *arg)
{
	struct device *d = arg;

	while (d->stalls < STALLS && !d->wrong)
		transfer(d);
	return NULL;
}

/* ---- software ---- */

struct software {
	struct bench *b;
	uint32_t seed, cons, prod;
	uint64_t pages; /* PAGES for each device */
	uint64_t out;	/* records not answered, one bit for each STAG */
	_Atomic(const char *) wrong;
	atomic_bool stop;
	atomic_uint answered;
};

static void command(struct software *s, uint64_t dw0, uint64_t dw1)
{
	uint64_t at = s->b->h.cmdq + 16ull * (s->prod & 63);

	smmu_bus_write64(s->b->h.bus, at, dw0, NULL);
	smmu_bus_write64(s->b->h.bus, at + 8, dw1, NULL);
	s->prod = (s->prod + 1) & 127;
	smmu_mmio_write(s->b->h.smmu, SMMU_REG_CMDQ_PROD, 4, s->prod);
}

/* A descriptor goes in or out; never the tables above, which are there already. */
static void set_page(struct software *s, uint64_t va, bool there)
{
	struct harness *h = &s->b->h;
	unsigned dev = (unsigned)((va - HOLE) >> 24);
	uint64_t page = ((va - window(dev)) >> 12) % PAGES;
	uint64_t at = h_desc_pa(h, s->b->ttb0, va & ~0xfffull, 3);
	uint64_t pa = s->pages + (dev * PAGES + page) * 4096;

	smmu_bus_write64(h->bus, at, there ? pa | h_s1_rw() | 3 : 0, NULL);
}

static void answer(struct software *s, uint64_t va, uint16_t stag)
{
	unsigned how = next(&s->seed) % 16;
	uint64_t resume = 0x44 | (uint64_t)SID << 32;

	if (!(s->out >> stag & 1))
		s->wrong = "a STAG that was not out";
	if (how == 0) {
		command(s, resume | (uint64_t)(next(&s->seed) & 1) << 13, stag);
	} else {
		/* now and then without a page: it will be back */
		if (how > 2)
			set_page(s, va, true);
		command(s, resume | 1 << 12, stag);
	}
	s->out &= ~(1ull << stag);
	s->answered++;
}

static bool take_event(struct software *s, uint64_t dw[4])
{
	struct harness *h = &s->b->h;
	uint32_t prod = (uint32_t)smmu_mmio_read(h->smmu, SMMU_REG_EVENTQ_PROD, 4);
	uint64_t at = h->eventq + 32ull * (s->cons & 1);

	if (s->cons == (prod & 3))
		return false;
	for (unsigned i = 0; i < 4; i++)
		smmu_bus_read64(h->bus, at + 8 * i, &dw[i], NULL);
	s->cons = (s->cons + 1) & 3;
	smmu_mmio_write(h->smmu, SMMU_REG_EVENTQ_CONS, 4, s->cons | (prod & 0x80000000u));
	return true;
}

/* All events that there are; EVT-20: no STAG is out twice. */
static void serve(struct software *s)
{
	uint64_t dw[4];

	while (!s->wrong && take_event(s, dw)) {
		uint16_t stag = (uint16_t)smmu_get(dw, SMMU_F_TRANSLATION_STAG);

		if (!smmu_get(dw, SMMU_F_TRANSLATION_Stall) || s->out >> stag & 1) {
			s->wrong = "record";
			return;
		}
		s->out |= 1ull << stag;
		answer(s, smmu_get(dw, SMMU_F_TRANSLATION_InputAddr), stag);
	}
}

/* CMD-76: the stream is shut down; what is in the queue by then is void (STALL-8). */
static void shut_stream(struct software *s)
{
	struct harness *h = &s->b->h;
	uint64_t at = h_ste_pa(h, SID), saved = h_read64(h, at), dw[4];
	uint64_t cfgi = 0x03 | (uint64_t)SID << 32;

	smmu_bus_write64(h->bus, at, 1, NULL);
	command(s, cfgi, 1);
	command(s, SMMU_OP_SYNC, 0);
	command(s, 0x45 | (uint64_t)SID << 32, 0);
	while (take_event(s, dw))
		;
	s->out = 0;
	smmu_bus_write64(h->bus, at, saved, NULL);
	command(s, cfgi, 1);
	command(s, SMMU_OP_SYNC, 0);
}

/* STALL-9: the same for all, by SMMUEN; meanwhile GBPA aborts. */
static void shut_all(struct software *s)
{
	uint64_t dw[4];

	smmu_mmio_write(s->b->h.smmu, SMMU_REG_CR0, 4, 0xc);
	while (take_event(s, dw))
		;
	s->out = 0;
	smmu_mmio_write(s->b->h.smmu, SMMU_REG_CR0, 4, 0xd);
}

/* Pages vanish, with the invalidation due. */
static void take_away(struct software *s)
{
	unsigned dev = next(&s->seed) % DEVICES, page = next(&s->seed) % PAGES;

	set_page(s, window(dev) + page * 4096ull, false);
	command(s, SMMU_OP_TLBI_NSNH_ALL, 0);
	command(s, SMMU_OP_SYNC, 0);
}

static void *software(void *arg)
{
	struct software *s = arg;

	while (!atomic_load(&s->stop) && !s->wrong) {
		serve(s);
		take_away(s);
		if (next(&s->seed) % 64 == 0)
			shut_stream(s);
		if (next(&s->seed) % 64 == 0)
			shut_all(s);
	}
	return NULL;
}

/* The bench with an event queue of two entries and tables for all windows. */
static void prepare(struct bench *b, struct software *s)
{
	sb_setup(b, 3);
	h_wr32(&b->h, SMMU_REG_CR0, 0x8);
	h_wr64(&b->h, SMMU_REG_EVENTQ_BASE, b->h.eventq | 1);
	h_wr32(&b->h, SMMU_REG_EVENTQ_PROD, 0);
	h_wr32(&b->h, SMMU_REG_EVENTQ_CONS, 0);
	h_wr32(&b->h, SMMU_REG_GBPA, 1u << 31 | 1u << 20);
	h_wr32(&b->h, SMMU_REG_CR0, 0xd);
	s->b = b;
	s->seed = 0x1234567;
	s->pages = h_alloc(&b->h, DEVICES * PAGES * 4096, 4096);
	s->prod = h_rd32(&b->h, SMMU_REG_CMDQ_PROD);
	for (unsigned d = 0; d < DEVICES; d++)
		for (unsigned p = 0; p < PAGES; p++) {
			sb_map(b, window(d) + p * 4096, s->pages);
			set_page(s, window(d) + p * 4096, false);
		}
	h_invalidate_all(&b->h);
	s->prod = h_rd32(&b->h, SMMU_REG_CMDQ_PROD);
}

static void devices_wait_while_software_answers(void **state)
{
	static struct device d[DEVICES];
	struct software s = { .wrong = NULL };
	pthread_t threads[DEVICES], driver;
	unsigned ok = 0, other = 0;
	struct bench b;

	(void)state;
	prepare(&b, &s);
	assert_int_equal(pthread_create(&driver, NULL, software, &s), 0);
	for (unsigned i = 0; i < DEVICES; i++) {
		d[i] = (struct device){ .b = &b, .index = i, .seed = 77 + i };
		d[i].port = smmu_port_open(b.h.smmu);
		assert_non_null(d[i].port);
		assert_int_equal(pthread_create(&threads[i], NULL, device, &d[i]), 0);
	}
	for (unsigned i = 0; i < DEVICES; i++) {
		pthread_join(threads[i], NULL);
		if (d[i].wrong)
			fail_msg("device %u: %s", i, d[i].wrong);
		smmu_port_close(d[i].port);
		ok += d[i].ok;
		other += d[i].aborted + d[i].raz + d[i].cancelled;
	}
	atomic_store(&s.stop, true);
	pthread_join(driver, NULL);
	if (s.wrong)
		fail_msg("software: %s", s.wrong);
	print_message("%u ok, %u otherwise, %u answered\n", ok, other, s.answered);
	assert_true(ok > STALLS && other > DEVICES && s.answered > STALLS);
	b_teardown(&b);
}

/* ---- callbacks from one thread, DMA from another ---- */

struct asynchronous {
	atomic_uint ended, moved;
};

static void count(void *ctx, uint64_t ticket, const struct smmu_result *res,
		  uint64_t done)
{
	struct asynchronous *a = ctx;

	(void)ticket;
	atomic_fetch_add(&a->moved, (unsigned)done);
	atomic_fetch_add(&a->ended, res->status == SMMU_OK);
}

static void callbacks_come_from_software(void **state)
{
	static uint8_t data[64][8];
	struct asynchronous a = { 0, 0 };
	struct smmu_txn txn = { .sid = SID, .op = SMMU_WRITE };
	struct smmu_port *port;
	unsigned now = 0;
	struct software s = { .wrong = NULL };
	pthread_t driver;
	struct bench b;

	(void)state;
	prepare(&b, &s);
	s.seed = 99;
	port = smmu_port_open(b.h.smmu);
	assert_int_equal(smmu_port_on_done(port, count, &a), 0);
	for (unsigned i = 0; i < 64; i++) {
		txn.addr = window(i % DEVICES) + 64 * i;
		now += smmu_dma(port, &txn, data[i], 8, NULL).status != SMMU_STALLED;
	}
	assert_int_equal(now, 0);
	assert_int_equal(smmu_port_stalled(port), 64);
	assert_int_equal(pthread_create(&driver, NULL, software, &s), 0);
	while (smmu_port_stalled(port))
		;
	atomic_store(&s.stop, true);
	pthread_join(driver, NULL);
	smmu_port_close(port);
	if (s.wrong)
		fail_msg("software: %s", s.wrong);
	assert_true(atomic_load(&a.ended) > 0);
	assert_int_equal(atomic_load(&a.moved), 8 * atomic_load(&a.ended));
	b_teardown(&b);
}

/* ---- ports that come and go, an SMMU that is reset ---- */

struct visitor {
	struct bench *b;
	struct software *s;
	struct asynchronous heard;
	unsigned index;
	uint32_t seed;
	const char *wrong;
};

/* One port, one DMA, and an end to both; its buffer is freed at once. */
static void visit(struct visitor *v)
{
	struct smmu_port *port = smmu_port_open(v->b->h.smmu);
	uint64_t len = 1 + next(&v->seed) % (2 * LEN);
	struct smmu_txn txn = { .sid = SID, .op = next(&v->seed) & 1 };
	uint8_t *buf = calloc(1, len);
	struct smmu_result res;

	txn.addr = window(v->index) + next(&v->seed) % 4096;
	if (next(&v->seed) & 1)
		smmu_port_on_done(port, count, &v->heard);
	res = smmu_dma(port, &txn, buf, len, NULL);
	switch (res.status == SMMU_STALLED ? next(&v->seed) % 5 : 0) {
	case 1:
		smmu_port_on_done(port, NULL, NULL);
		smmu_port_wait(port, res.ticket, 200000, NULL, NULL);
		break;
	case 2:
		if (smmu_port_cancel(port, res.ticket) == -EBUSY)
			v->wrong = "busy";
		break;
	case 3:
		smmu_port_wait(port, res.ticket, 1000000, NULL, NULL);
		break;
	default:
		break;
	}
	smmu_port_close(port);
	free(buf);
}

static void *visitor(void *arg)
{
	struct visitor *v = arg;

	for (unsigned i = 0; !v->wrong && !v->s->wrong; i++) {
		if (i >= 300 && atomic_load(&v->s->answered) > STALLS)
			break;
		visit(v);
	}
	return NULL;
}

/* REG-120: what the reset took away is written again. */
static void reset_and_go_on(struct software *s)
{
	static const uint32_t saved[] = { SMMU_REG_STRTAB_BASE,	    SMMU_REG_CMDQ_BASE,
					  SMMU_REG_EVENTQ_BASE,	    SMMU_REG_CR1,
					  SMMU_REG_STRTAB_BASE_CFG, SMMU_REG_CR2 };
	struct smmu *smmu = s->b->h.smmu;
	uint64_t value[6];

	for (unsigned i = 0; i < 6; i++)
		value[i] = smmu_mmio_read(smmu, saved[i], i < 3 ? 8 : 4);
	smmu_reset(smmu);
	for (unsigned i = 0; i < 6; i++)
		smmu_mmio_write(smmu, saved[i], i < 3 ? 8 : 4, value[i]);
	s->prod = s->cons = 0;
	s->out = 0;
	smmu_mmio_write(smmu, SMMU_REG_GBPA, 4, 1u << 31 | 1u << 20);
	smmu_mmio_write(smmu, SMMU_REG_CR0, 4, 0xd);
}

static void *resetting(void *arg)
{
	struct software *s = arg;

	while (!atomic_load(&s->stop) && !s->wrong) {
		serve(s);
		take_away(s);
		if (next(&s->seed) % 32 == 0)
			reset_and_go_on(s);
	}
	return NULL;
}

static void ports_come_and_go(void **state)
{
	static struct visitor v[DEVICES];
	struct software s = { .wrong = NULL };
	pthread_t threads[DEVICES], driver;
	struct bench b;

	(void)state;
	prepare(&b, &s);
	assert_int_equal(pthread_create(&driver, NULL, resetting, &s), 0);
	for (unsigned i = 0; i < DEVICES; i++) {
		v[i] = (struct visitor){ .b = &b, .s = &s, .index = i, .seed = 5 + i };
		assert_int_equal(pthread_create(&threads[i], NULL, visitor, &v[i]), 0);
	}
	for (unsigned i = 0; i < DEVICES; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&s.stop, true);
	pthread_join(driver, NULL);
	for (unsigned i = 0; i < DEVICES; i++)
		if (v[i].wrong)
			fail_msg("visitor %u: %s", i, v[i].wrong);
	if (s.wrong)
		fail_msg("software: %s", s.wrong);
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_wait_while_software_answers),
		cmocka_unit_test(callbacks_come_from_software),
		cmocka_unit_test(ports_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
