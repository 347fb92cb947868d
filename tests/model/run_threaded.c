/* SPDX-License-Identifier: MIT */
/*
 * Threaded mode: 1. who does what on which thread; 2. several CPUs with queues of their
 * own and one that they share; 3. stalls; 4. what a handler may do; 5. the end. For TSan
 * as much as for the result.
 */
#include "model/ecmdq_bench.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <cmocka.h>
#include <smmulator/run.h>
#include <smmulator/snapshot.h>
#include <smmulator/stall.h>

enum { QUEUES = 3, ROUNDS = 300, LOG2 = 4, SHARERS = 2 };

static void threaded(struct smmu_config *cfg)
{
	cfg->mode = SMMU_MODE_THREADED;
}

static struct harness h;

static int setup(void **state)
{
	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, threaded);
	h_enable(&h);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (h.smmu)
		h_teardown(&h);
	return 0;
}

/* ---- threads ---- */

static struct {
	pthread_t thread;
	int idle;
	atomic_uint n;
} heard;

static void on_sync(void *ctx, const char *name)
{
	struct harness *at = ctx;

	(void)name;
	heard.thread = pthread_self();
	/* it would wait for itself */
	heard.idle = smmu_run_until_idle(at->smmu);
	atomic_fetch_add(&heard.n, 1);
}

static void interrupts_come_from_the_smmu_s_thread(void **state)
{
	(void)state;
	atomic_store(&heard.n, 0);
	assert_int_equal(smmu_bus_listen(h.bus, "smmu.cmdq-sync", on_sync, &h), 0);
	assert_int_equal(smmu_step(h.smmu), -EINVAL);
	h_cmd(&h, SMMU_OP_SYNC | SMMU_CS_IRQ << 12, 0);
	assert_int_equal(smmu_run_until_idle(h.smmu), 0);
	assert_int_equal(atomic_load(&heard.n), 1);
	assert_false(pthread_equal(heard.thread, pthread_self()));
	assert_int_equal(heard.idle, -EDEADLK);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS) & 0xfffff,
			 h_rd32(&h, SMMU_REG_CMDQ_PROD));
}

/* The record of a DMA is there when this returns; its interrupt comes from elsewhere. */
static void on_event(void *ctx, const char *name)
{
	(void)ctx, (void)name;
	heard.thread = pthread_self();
	atomic_fetch_add(&heard.n, 1);
}

static void events_signal_from_there_too(void **state)
{
	const struct smmu_txn txn = { .sid = 9, .addr = 0x1000, .op = SMMU_READ };
	uint64_t dw[4];

	(void)state;
	atomic_store(&heard.n, 0);
	h_wr32(&h, SMMU_REG_IRQ_CTRL, (uint32_t)SMMU_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN));
	assert_int_equal(smmu_bus_listen(h.bus, "smmu.eventq", on_event, NULL), 0);
	assert_int_equal(smmu_translate(h_port(&h), &txn).event, SMMU_EVT_C_BAD_STE);
	assert_int_equal(smmu_run_until_idle(h.smmu), 0);
	assert_int_equal(atomic_load(&heard.n), 1);
	assert_false(pthread_equal(heard.thread, pthread_self()));
	assert_true(h_event(&h, dw));
}

/* ---- CPUs ---- */

struct worker {
	struct eq q;
	uint64_t flag; /* where its CMD_SYNCs write */
	unsigned wrong;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct smmu *smmu = w->q.h->smmu;
	struct smmu_bus *bus = w->q.h->bus;

	for (uint32_t i = 1; i <= ROUNDS; i++) {
		uint32_t wrap = (2u << LOG2) - 1, index = (1u << LOG2) - 1, got = 0;
		const uint64_t dw[2][2] = {
			{ SMMU_OP_TLBI_NH_VA, (uint64_t)i << 12 },
			{ SMMU_OP_SYNC | 1ull << 12 | (uint64_t)i << 32, w->flag },
		};

		for (unsigned c = 0; c < 2; c++) {
			uint64_t at = w->q.ring + 16ull * (w->q.prod & index);

			smmu_bus_write64(bus, at, dw[c][0], NULL);
			smmu_bus_write64(bus, at + 8, dw[c][1], NULL);
			w->q.prod = (w->q.prod + 1) & wrap;
		}
		smmu_mmio_write(smmu, w->q.reg + EQ_PROD, 4, w->q.prod | EQ_EN);
		/* CMD-80: whoever sees the signal sees the consumption. */
		while (smmu_bus_read32(bus, w->flag, &got, NULL) == 0 && got != i)
			;
		if ((smmu_mmio_read(smmu, w->q.reg + EQ_CONS, 4) & EQ_INDEX) != w->q.prod)
			w->wrong++;
	}
	return NULL;
}

/* Two CPUs that share the main queue, under a lock of their own, poll CONS each. */
static struct {
	pthread_mutex_t lock;
	unsigned wrong;
} shared = { PTHREAD_MUTEX_INITIALIZER, 0 };

static void *share(void *arg)
{
	uint32_t wrap = (2u << h.cmdq_log2) - 1, prod;
	const uint64_t sync[2] = { SMMU_OP_SYNC, 0 };

	(void)arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t at;

		pthread_mutex_lock(&shared.lock);
		prod = (uint32_t)smmu_mmio_read(h.smmu, SMMU_REG_CMDQ_PROD, 4);
		at = h.cmdq + 16ull * (prod & (wrap >> 1));
		smmu_bus_write64(h.bus, at, sync[0], NULL);
		smmu_bus_write64(h.bus, at + 8, sync[1], NULL);
		prod = (prod + 1) & wrap;
		smmu_mmio_write(h.smmu, SMMU_REG_CMDQ_PROD, 4, prod);
		while ((smmu_mmio_read(h.smmu, SMMU_REG_CMDQ_CONS, 4) & wrap) != prod)
			;
		pthread_mutex_unlock(&shared.lock);
	}
	return NULL;
}

/* REG-112, CMD-90 */
static void cpus_work_side_by_side(void **state)
{
	pthread_t thread[QUEUES + SHARERS];
	struct worker w[QUEUES] = { { .wrong = 0 } };
	struct smmu_stats before, after;

	(void)state;
	for (unsigned i = 0; i < QUEUES; i++) {
		eq_open(&w[i].q, &h, i & 1, i, LOG2);
		w[i].flag = h_alloc(&h, 64, 64);
	}
	smmu_stats_read(h.smmu, &before);
	for (unsigned i = 0; i < QUEUES; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
	for (unsigned i = 0; i < SHARERS; i++)
		assert_int_equal(pthread_create(&thread[QUEUES + i], NULL, share, NULL),
				 0);
	for (unsigned i = 0; i < QUEUES + SHARERS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(smmu_run_until_idle(h.smmu), 0);
	smmu_stats_read(h.smmu, &after);
	for (unsigned i = 0; i < QUEUES; i++)
		assert_int_equal(w[i].wrong, 0);
	assert_int_equal(after.syncs - before.syncs, (QUEUES + SHARERS) * ROUNDS);
	assert_int_equal(after.tlb_invalidations - before.tlb_invalidations,
			 QUEUES * ROUNDS);
	assert_int_equal(eq_gerror(&h), 0);
}

/* REG-111, CMD-93: ERRACK and EN are Updates: complete when the write returns. */
static void an_ecmdq_error_is_reported_and_acknowledged(void **state)
{
	struct eq q;

	(void)state;
	eq_open(&q, &h, 0, 0, LOG2);
	eq_cmd(&q, 0xee, 0);
	assert_int_equal(smmu_run_until_idle(h.smmu), 0);
	assert_true(eq_cons(&q) & EQ_ERR);
	smmu_mmio_write(h.smmu, q.reg + EQ_PROD, 4, 0);
	assert_false(eq_cons(&q) & EQ_ENACK);
}

/* ---- handlers ---- */

static atomic_uint chained;

/* On the SMMU's thread a PROD has taken its effect when the write returns, as inline. */
static void chain(void *ctx, const char *name)
{
	struct harness *at = ctx;
	uint32_t wrap = (2u << at->cmdq_log2) - 1;

	(void)name;
	if (atomic_fetch_add(&chained, 1) >= 3)
		return;
	h_cmd(at, SMMU_OP_TLBI_NSNH_ALL, 0);
	assert_int_equal(smmu_mmio_read(at->smmu, SMMU_REG_CMDQ_CONS, 4) & wrap,
			 smmu_mmio_read(at->smmu, SMMU_REG_CMDQ_PROD, 4) & wrap);
	h_cmd(at, SMMU_OP_SYNC | SMMU_CS_IRQ << 12, 0);
}

static void a_handler_may_use_the_queue(void **state)
{
	(void)state;
	atomic_store(&chained, 0);
	assert_int_equal(smmu_bus_listen(h.bus, "smmu.cmdq-sync", chain, &h), 0);
	h_cmd(&h, SMMU_OP_SYNC | SMMU_CS_IRQ << 12, 0);
	assert_int_equal(smmu_run_until_idle(h.smmu), 0);
	assert_int_equal(atomic_load(&chained), 4);
}

/* STALL-7, CMD-67: it is resumed by the thread, and waited for by the device. */
static void a_stalled_transaction_is_resumed(void **state)
{
	const struct smmu_txn txn = { .sid = 5, .addr = 0x7000, .op = SMMU_READ };
	uint64_t ste[8], cd[8], cd_pa, root, dw[4];
	struct smmu_result res;

	(void)state;
	root = h_table(&h);
	cd_pa = h_alloc(&h, 64, 64);
	h_cd_s1(cd, root, 7);
	smmu_set(cd, SMMU_CD_S, 1);
	h_write_dw(&h, cd_pa, cd, 8);
	h_ste_s1(ste, cd_pa);
	h_ste_write(&h, 5, ste);
	res = smmu_translate(h_port(&h), &txn);
	assert_int_equal(res.status, SMMU_STALLED);
	assert_true(h_event(&h, dw));
	h_map(&h, root, 0x7000, H_RAM + 0x7000, 3, h_s1_rw());
	dw[0] = dw[1] = 0;
	smmu_set(dw, SMMU_CMD_RESUME_OPCODE, SMMU_OP_RESUME);
	smmu_set(dw, SMMU_CMD_RESUME_StreamID, 5);
	smmu_set(dw, SMMU_CMD_RESUME_Ac, 1);
	h_cmd_dw(&h, dw);
	assert_int_equal(smmu_port_wait(h.port, res.ticket, 5000000000, &res, NULL), 0);
	assert_int_equal(res.status, SMMU_OK);
	assert_int_equal(res.pa, H_RAM + 0x7000);
}

/* ---- accesses that are under way ---- */

#define SLOW 0x50000000ull

static atomic_bool inside, go;

static int slow_read(void *ctx, uint64_t pa, void *buf, size_t len,
		     const struct smmu_attr *attr)
{
	(void)ctx, (void)pa, (void)buf, (void)len, (void)attr;
	return -EIO;
}

static int slow_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		      const struct smmu_attr *attr)
{
	(void)ctx, (void)pa, (void)buf, (void)len, (void)attr;
	atomic_store(&inside, true);
	while (!atomic_load(&go))
		(void)sched_yield();
	return 0;
}

static void *write_slowly(void *arg)
{
	const struct smmu_txn txn = { .sid = 5, .addr = SLOW, .op = SMMU_WRITE };
	char buf[8] = { 0 };

	*(uint8_t *)arg = smmu_dma(h.port, &txn, buf, 8, NULL).status;
	return NULL;
}

static uint32_t behind(void)
{
	return (h_rd32(&h, SMMU_REG_CMDQ_PROD) - h_rd32(&h, SMMU_REG_CMDQ_CONS)) & 127;
}

/* CACHE-51, CMD-78: the thread goes idle meanwhile, and goes on when the access ends. */
static void a_sync_waits_for_an_access(void **state)
{
	static const struct smmu_mem_ops ops = { slow_read, slow_write, NULL };
	uint8_t status = SMMU_ABORT;
	uint64_t ste[8];
	pthread_t device;

	(void)state;
	atomic_store(&inside, false);
	atomic_store(&go, false);
	assert_int_equal(smmu_bus_add_region(h.bus, SLOW, 4096, &ops, NULL), 0);
	h_ste_bypass(ste);
	h_ste_write(&h, 5, ste);
	(void)h_port(&h);
	assert_int_equal(pthread_create(&device, NULL, write_slowly, &status), 0);
	while (!atomic_load(&inside))
		(void)sched_yield();
	h_cmd(&h, SMMU_OP_CFGI_STE | 5ull << 32, 1);
	h_cmd(&h, SMMU_OP_SYNC, 0);
	assert_int_equal(smmu_run_until_idle(h.smmu), 0);
	assert_int_equal(behind(), 1);
	atomic_store(&go, true);
	pthread_join(device, NULL);
	assert_int_equal(status, SMMU_OK);
	assert_int_equal(smmu_run_until_idle(h.smmu), 0);
	assert_int_equal(behind(), 0);
}

/* ---- its end, and its copies ---- */

static void it_may_be_destroyed_at_work(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		uint32_t prod = h_rd32(&h, SMMU_REG_CMDQ_PROD) & 63;

		for (unsigned i = 0; i < 40; i++) {
			const uint64_t dw[2] = { SMMU_OP_TLBI_NSNH_ALL, 0 };

			h_write_dw(&h, h.cmdq + 16ull * ((prod + i) & 63), dw, 2);
		}
		smmu_mmio_write(h.smmu, SMMU_REG_CMDQ_PROD, 4, prod + 40);
		h_teardown(&h);
		h_setup(&h, SMMU_PRESET_V3_2, threaded);
		h_enable(&h);
	}
}

static void a_copy_has_a_thread_of_its_own(void **state)
{
	struct smmu *copy;
	uint32_t prod;
	void *data;
	size_t len;

	(void)state;
	assert_int_equal(smmu_snapshot_save(h.smmu, 0, &data, &len), 0);
	assert_int_equal(smmu_snapshot_create(&copy, h.bus, data, len, 0, NULL, 0), 0);
	assert_int_equal(smmu_snapshot_restore(h.smmu, data, len, NULL, 0), 0);
	free(data);
	prod = (uint32_t)smmu_mmio_read(copy, SMMU_REG_CMDQ_PROD, 4);
	h_write64(&h, h.cmdq + 16ull * prod, SMMU_OP_SYNC);
	h_write64(&h, h.cmdq + 16ull * prod + 8, 0);
	smmu_mmio_write(copy, SMMU_REG_CMDQ_PROD, 4, prod + 1);
	assert_int_equal(smmu_run_until_idle(copy), 0);
	assert_int_equal(smmu_mmio_read(copy, SMMU_REG_CMDQ_CONS, 4), prod + 1);
	smmu_destroy(copy);
	h_sync(&h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(interrupts_come_from_the_smmu_s_thread),
		TEST(events_signal_from_there_too),
		TEST(cpus_work_side_by_side),
		TEST(an_ecmdq_error_is_reported_and_acknowledged),
		TEST(a_handler_may_use_the_queue),
		TEST(a_stalled_transaction_is_resumed),
		TEST(a_sync_waits_for_an_access),
		TEST(it_may_be_destroyed_at_work),
		TEST(a_copy_has_a_thread_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
