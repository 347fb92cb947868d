/* SPDX-License-Identifier: MIT */
/*
 * What a completed CMD_SYNC promises while other threads do DMA (CACHE-50 to CACHE-52,
 * CACHE-54): 1. data to RAM, and translations, of ports that answer out of their
 * micro-TLBs; 2. data to what runs code of the harness, from another thread, the same
 * thread, and two threads that both issue a CMD_SYNC in there.
 */
#include "config_bench.h"
#include <pthread.h>
#include <sched.h>
#include <smmulator/dvm.h>
#include <stdatomic.h>
#include <string.h>

#define DEVICE	 0x30000000ull /* a page behind callbacks */
#define VA_DEV	 (VA + 0x100000)
#define SENTINEL UINT64_C(0x5e5e5e5e5e5e5e5e)

static void set_up(struct bench *b)
{
	uint64_t ste[8], cd[8];

	b_setup(b, SMMU_PRESET_V3_2, NULL);
	b_ste(b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(b, SID, ste);
	b_cd(b, cd);
	b_put_cd(b, SID, 0, b->cd, cd);
}

static void tlbi(struct bench *b, unsigned op, uint64_t va)
{
	uint64_t dw[2] = { op, va };

	smmu_set(dw, SMMU_CMD_TLBI_NH_VA_VMID, VMID);
	if (op == SMMU_OP_TLBI_NH_VA || op == SMMU_OP_TLBI_NH_ASID)
		smmu_set(dw, SMMU_CMD_TLBI_NH_VA_ASID, ASID);
	h_cmd_dw(&b->h, dw);
}

/* ---- 1 ---- */

enum { PORTS = 3, FRAMES = 8, EPOCHS = 1500 };

struct arena {
	struct bench b;
	uint64_t frame[FRAMES];	    /* VA leads to frame[epoch % FRAMES] */
	_Atomic uint64_t completed; /* the last epoch whose CMD_SYNC was consumed */
	atomic_bool stop;
	atomic_uint wrong; /* translations to a frame that was given up */
	_Atomic uint64_t done;
};

/* Whether frame belongs to an epoch that may be seen between these two moments. */
static bool allowed(const struct arena *a, uint64_t pa, uint64_t before, uint64_t after)
{
	for (uint64_t e = before; e <= after + 1; e++)
		if (a->frame[e % FRAMES] == pa)
			return true;
	return after + 1 - before >= FRAMES;
}

static void *device(void *arg)
{
	struct arena *a = arg;
	struct smmu_port *port = smmu_port_open(a->b.h.smmu);
	struct smmu_txn txn = { .sid = SID, .addr = VA };
	uint64_t value = 0, n = 0;

	while (!atomic_load_explicit(&a->stop, memory_order_relaxed)) {
		uint64_t before =
			atomic_load_explicit(&a->completed, memory_order_acquire);
		struct smmu_result res;

		txn.op = n++ & 1 ? SMMU_WRITE : SMMU_READ;
		res = smmu_translate(port, &txn);
		if (res.status != SMMU_OK ||
		    !allowed(a, res.pa, before,
			     atomic_load_explicit(&a->completed, memory_order_acquire)))
			atomic_fetch_add(&a->wrong, 1);
		/* Where it went is for the other side to see. */
		value = value == SENTINEL ? 0 : value + 1;
		if (smmu_dma(port, &txn, &value, 8, NULL).status != SMMU_OK)
			atomic_fetch_add(&a->wrong, 1);
	}
	smmu_port_close(port);
	atomic_fetch_add(&a->done, n);
	return NULL;
}

/* From one frame to the next; when CMD_SYNC is consumed the old one is free. */
static void next_epoch(struct arena *a, uint64_t epoch)
{
	static const unsigned ops[] = { SMMU_OP_TLBI_NH_VA, SMMU_OP_TLBI_NH_VAA,
					SMMU_OP_TLBI_NH_ASID, SMMU_OP_TLBI_NH_ALL };
	uint64_t old = a->frame[(epoch - 1) % FRAMES], cd[8];
	unsigned op = ops[epoch % COUNT(ops)];

	if (epoch % 16 == 0) {
		/* Another table in the CD, which says the same of every frame to come. */
		a->b.ttb0 = h_table(&a->b.h);
		h_map(&a->b.h, a->b.ttb0, VA, a->frame[epoch % FRAMES], 3, h_s1_rw());
		b_cd(&a->b, cd);
		b_put_cd(&a->b, SID, 0, a->b.cd, cd);
	}
	h_map(&a->b.h, a->b.ttb0, VA, a->frame[epoch % FRAMES], 3, h_s1_rw());
	tlbi(&a->b, op, op == SMMU_OP_TLBI_NH_VA || op == SMMU_OP_TLBI_NH_VAA ? VA : 0);
	h_sync(&a->b.h);
	atomic_store_explicit(&a->completed, epoch, memory_order_release);
	h_write64(&a->b.h, old, SENTINEL);
}

/* CACHE-51, CACHE-52 */
static void nothing_old_after_a_sync(void **state)
{
	static struct arena arena;
	struct arena *a = &arena;
	pthread_t thread[PORTS];

	(void)state;
	memset(a, 0, sizeof(*a));
	set_up(&a->b);
	for (unsigned i = 0; i < FRAMES; i++)
		a->frame[i] = h_alloc(&a->b.h, 4096, 4096);
	h_map(&a->b.h, a->b.ttb0, VA, a->frame[0], 3, h_s1_rw());
	tlbi(&a->b, SMMU_OP_TLBI_NH_ALL, 0);
	h_sync(&a->b.h);
	for (unsigned i = 0; i < PORTS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, device, a), 0);
	for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
		uint64_t in = a->frame[epoch % FRAMES];

		/* Given up FRAMES - 1 epochs ago, and nobody has written to it since. */
		if (epoch >= FRAMES)
			assert_int_equal(h_read64(&a->b.h, in), SENTINEL);
		next_epoch(a, epoch);
		if (epoch % 64 == 0)
			(void)sched_yield();
	}
	atomic_store(&a->stop, true);
	for (unsigned i = 0; i < PORTS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(atomic_load(&a->wrong), 0);
	assert_true(atomic_load(&a->done) > 0);
	b_teardown(&a->b);
}

/* ---- 2 ---- */

struct elsewhere {
	struct bench b;
	atomic_uint inside, left; /* accesses */
	atomic_bool go;
	atomic_uint synced; /* CMD_SYNCs that were seen consumed, with left as it was */
	unsigned left_at_sync;
	void (*handler)(struct elsewhere *e);
	pthread_mutex_t queue; /* software's own, for CMDQ_PROD */
};

static int dev_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    const struct smmu_attr *attr)
{
	(void)ctx;
	(void)pa;
	(void)attr;
	memset(buf, 0, len);
	return 0;
}

static int dev_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     const struct smmu_attr *attr)
{
	struct elsewhere *e = ctx;

	(void)pa;
	(void)buf;
	(void)len;
	(void)attr;
	atomic_fetch_add(&e->inside, 1);
	e->handler(e);
	atomic_fetch_add(&e->left, 1);
	return 0;
}

static void set_up_elsewhere(struct elsewhere *e, void (*handler)(struct elsewhere *e))
{
	static const struct smmu_mem_ops ops = { .read = dev_read, .write = dev_write };

	memset(e, 0, sizeof(*e));
	set_up(&e->b);
	e->handler = handler;
	assert_int_equal(pthread_mutex_init(&e->queue, NULL), 0);
	assert_int_equal(smmu_bus_add_region(e->b.h.bus, DEVICE, 4096, &ops, e), 0);
	h_map(&e->b.h, e->b.ttb0, VA_DEV, DEVICE, 3, h_s1_rw());
}

static void write_device(struct elsewhere *e, struct smmu_port *port)
{
	struct smmu_txn txn = { .sid = SID, .op = SMMU_WRITE, .addr = VA_DEV };
	uint64_t value = 1, done = 0;

	assert_int_equal(smmu_dma(port, &txn, &value, 8, &done).status, SMMU_OK);
	assert_int_equal(done, 8);
	(void)e;
}

static void *write_thread(void *arg)
{
	struct elsewhere *e = arg;
	struct smmu_port *port = smmu_port_open(e->b.h.smmu);

	write_device(e, port);
	smmu_port_close(port);
	return NULL;
}

static void await(atomic_uint *counter, unsigned n)
{
	while (atomic_load(counter) < n)
		(void)sched_yield();
}

static void until_go(struct elsewhere *e)
{
	while (!atomic_load(&e->go))
		(void)sched_yield();
}

static void *unmap_thread(void *arg)
{
	struct elsewhere *e = arg;

	tlbi(&e->b, SMMU_OP_TLBI_NH_VA, VA_DEV);
	h_sync(&e->b.h);
	e->left_at_sync = atomic_load(&e->left);
	atomic_fetch_add(&e->synced, 1);
	return NULL;
}

/* Of the queue of 64 that the harness makes, with the wrap bit. */
static uint32_t index_of(struct elsewhere *e, uint64_t reg)
{
	return h_rd32(&e->b.h, reg) % 128;
}

static bool consumed(struct elsewhere *e)
{
	return index_of(e, SMMU_REG_CMDQ_CONS) == index_of(e, SMMU_REG_CMDQ_PROD);
}

/* CACHE-51: the access was translated before, so it is over before. */
static void a_sync_waits_for_a_callback(void **state)
{
	static struct elsewhere e;
	pthread_t dev, cpu;
	uint32_t before;

	(void)state;
	set_up_elsewhere(&e, until_go);
	assert_int_equal(pthread_create(&dev, NULL, write_thread, &e), 0);
	await(&e.inside, 1);
	before = index_of(&e, SMMU_REG_CMDQ_PROD);
	assert_int_equal(pthread_create(&cpu, NULL, unmap_thread, &e), 0);
	/* The TLBI is consumed, and then the queue stands still. */
	while (index_of(&e, SMMU_REG_CMDQ_PROD) != (before + 2) % 128 ||
	       index_of(&e, SMMU_REG_CMDQ_CONS) != (before + 1) % 128)
		(void)sched_yield();
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(atomic_load(&e.synced), 0);
		assert_false(consumed(&e));
		(void)sched_yield();
	}
	atomic_store(&e.go, true);
	assert_int_equal(pthread_join(cpu, NULL), 0);
	assert_int_equal(pthread_join(dev, NULL), 0);
	assert_int_equal(e.left_at_sync, 1);
	assert_true(consumed(&e));
	b_teardown(&e.b);
}

static void *dvm_thread(void *arg)
{
	struct elsewhere *e = arg;

	smmu_dvm_sync(e->b.h.smmu);
	e->left_at_sync = atomic_load(&e->left);
	atomic_fetch_add(&e->synced, 1);
	return NULL;
}

/* CACHE-50: a DVM sync likewise; and one access that begins later is not waited for. */
static void so_does_a_dvm_sync(void **state)
{
	static struct elsewhere e;
	pthread_t dev, pe;

	(void)state;
	set_up_elsewhere(&e, until_go);
	assert_int_equal(pthread_create(&dev, NULL, write_thread, &e), 0);
	await(&e.inside, 1);
	assert_int_equal(pthread_create(&pe, NULL, dvm_thread, &e), 0);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(atomic_load(&e.synced), 0);
		(void)sched_yield();
	}
	atomic_store(&e.go, true);
	assert_int_equal(pthread_join(pe, NULL), 0);
	assert_int_equal(pthread_join(dev, NULL), 0);
	assert_int_equal(e.left_at_sync, 1);
	b_teardown(&e.b);
}

static void sync_in_handler(struct elsewhere *e)
{
	tlbi(&e->b, SMMU_OP_TLBI_NH_VA, VA_DEV);
	h_sync(&e->b.h);
	atomic_fetch_add(&e->synced, 1);
}

/* A driver's interrupt handler that unmaps and waits, on the device's own thread. */
static void a_handler_does_not_wait_for_itself(void **state)
{
	static struct elsewhere e;

	(void)state;
	set_up_elsewhere(&e, sync_in_handler);
	write_device(&e, h_port(&e.b.h));
	assert_int_equal(atomic_load(&e.synced), 1);
	assert_true(consumed(&e));
	b_teardown(&e.b);
}

/* Both are inside before either issues a CMD_SYNC, and neither waits for it. */
static void sync_when_both_are_in(struct elsewhere *e)
{
	await(&e->inside, 2);
	pthread_mutex_lock(&e->queue);
	h_cmd(&e->b.h, SMMU_OP_SYNC, 0);
	pthread_mutex_unlock(&e->queue);
}

static void two_handlers_do_not_wait_for_each_other(void **state)
{
	static struct elsewhere e;
	pthread_t dev[2];

	(void)state;
	set_up_elsewhere(&e, sync_when_both_are_in);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&dev[i], NULL, write_thread, &e), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(dev[i], NULL), 0);
	/* What was held went on when they left. */
	assert_true(consumed(&e));
	b_teardown(&e.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_old_after_a_sync),
		cmocka_unit_test(a_sync_waits_for_a_callback),
		cmocka_unit_test(so_does_a_dvm_sync),
		cmocka_unit_test(a_handler_does_not_wait_for_itself),
		cmocka_unit_test(two_handlers_do_not_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
