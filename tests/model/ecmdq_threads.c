/* SPDX-License-Identifier: MIT */
/*
 * Enhanced Command queues as they are meant: one thread each, at the same time, with the
 * main queue and DMA beside them (REG-112, CMD-90). For TSan as much as for the result.
 */
#include "model/ecmdq_bench.h"
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <cmocka.h>

enum { QUEUES = 4, ROUNDS = 400, LOG2 = 4 };

struct worker {
	struct eq q;
	uint64_t flag; /* where its CMD_SYNCs write */
	unsigned wrong;
};

/* cmocka's asserts are not for threads: count, and look afterwards. */
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
		/* CMD-80: the signal, then CONS; another thread may deliver it */
		while ((smmu_mmio_read(smmu, w->q.reg + EQ_CONS, 4) & EQ_INDEX) !=
		       w->q.prod)
			;
		if (smmu_bus_read32(bus, w->flag, &got, NULL) != 0 || got != i)
			w->wrong++;
	}
	return NULL;
}

struct client {
	struct harness *h;
	atomic_bool stop;
	unsigned done, wrong;
};

static void *dma(void *arg)
{
	const struct smmu_txn txn = { .sid = 5, .addr = H_RAM, .op = SMMU_READ };
	struct client *c = arg;
	struct smmu_port *port = smmu_port_open(c->h->smmu);

	while (!atomic_load(&c->stop) || c->done < 10) {
		if (!port || smmu_translate(port, &txn).status != SMMU_OK)
			c->wrong++;
		c->done++;
	}
	smmu_port_close(port);
	return NULL;
}

static void queues_run_side_by_side(void **state)
{
	struct worker w[QUEUES] = { { .wrong = 0 } };
	pthread_t thread[QUEUES], client_thread;
	struct client client = { .wrong = 0 };
	struct smmu_stats before, after;
	struct harness h;
	uint64_t ste[8];

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	h_enable(&h);
	h_ste_bypass(ste);
	h_ste_write(&h, 5, ste);
	for (unsigned i = 0; i < QUEUES; i++) {
		eq_open(&w[i].q, &h, i & 1, i, LOG2);
		w[i].flag = h_alloc(&h, 64, 64);
	}
	smmu_stats_read(h.smmu, &before);
	client.h = &h;
	assert_int_equal(pthread_create(&client_thread, NULL, dma, &client), 0);
	for (unsigned i = 0; i < QUEUES; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
	for (unsigned i = 0; i < 50; i++)
		h_sync(&h);
	for (unsigned i = 0; i < QUEUES; i++)
		pthread_join(thread[i], NULL);
	atomic_store(&client.stop, true);
	pthread_join(client_thread, NULL);
	for (unsigned i = 0; i < QUEUES; i++) {
		assert_int_equal(w[i].wrong, 0);
		assert_int_equal(eq_cons(&w[i].q), EQ_ENACK | w[i].q.prod);
	}
	assert_int_equal(client.wrong, 0);
	smmu_stats_read(h.smmu, &after);
	assert_int_equal(after.syncs - before.syncs, QUEUES * ROUNDS + 50);
	assert_int_equal(after.tlb_invalidations - before.tlb_invalidations,
			 QUEUES * ROUNDS);
	assert_int_equal(eq_gerror(&h), 0);
	h_teardown(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_run_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
