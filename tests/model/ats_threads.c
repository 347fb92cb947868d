/* SPDX-License-Identifier: MIT */
/*
 * A driver, and functions on threads of their own that answer late: every CMD_SYNC
 * comes after the answers to what it waits for (for ThreadSanitizer).
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include "model/ats_bench.h"

enum { ROUNDS = 200, BATCH = 8 };

struct late {
	struct smmu *smmu;
	_Atomic uint64_t id[BATCH]; /* 0: nothing to answer */
	_Atomic unsigned asked, answered;
	_Atomic bool stop;
};

static int on_invalidate(void *ctx, const struct smmu_atc_inv *inv)
{
	struct late *l = ctx;
	unsigned n = atomic_fetch_add(&l->asked, 1);

	atomic_store(&l->id[n % BATCH], inv->id);
	return SMMU_ATC_LATER;
}

static void *answer(void *arg)
{
	struct late *l = arg;

	while (!atomic_load(&l->stop)) {
		for (unsigned i = 0; i < BATCH; i++) {
			uint64_t id = atomic_exchange(&l->id[i], 0);

			if (!id)
				continue;
			/* Counted first: a CMD_SYNC may go on the moment it is told. */
			atomic_fetch_add(&l->answered, 1);
			while (smmu_atc_inv_done(l->smmu, id, SMMU_ATC_DONE) != 0)
				sched_yield();
		}
		sched_yield();
	}
	return NULL;
}

static void *ask(void *arg)
{
	struct smmu_port *port = smmu_port_open(((struct late *)arg)->smmu);
	const struct smmu_ats_request req = { .sid = SID, .addr = VA };
	const struct smmu_page_request page = { .sid = SID, .read = true, .last = true };

	while (!atomic_load(&((struct late *)arg)->stop)) {
		(void)smmu_ats_request(port, &req);
		(void)smmu_page_request(port, &page, NULL);
		sched_yield();
	}
	smmu_port_close(port);
	return NULL;
}

/* CMD-78 */
static void late_answers(void **state)
{
	const struct smmu_ats_ops ops = { .invalidate = on_invalidate };
	struct late l = { 0 };
	pthread_t answerer, asker;
	uint64_t cmd[2] = { 0, 0 };
	struct tb t;

	(void)state;
	t_setup(&t, NULL);
	t_stream(&t, SMMU_STE_CONFIG_S1, SMMU_EATS_FULL);
	t_priq(&t, 4);
	l.smmu = t.b.h.smmu;
	assert_int_equal(smmu_ats_attach(l.smmu, SID, &ops, &l), 0);
	assert_int_equal(pthread_create(&answerer, NULL, answer, &l), 0);
	assert_int_equal(pthread_create(&asker, NULL, ask, &l), 0);
	smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_ATC_INV);
	smmu_set(cmd, SMMU_CMD_ATC_INV_StreamID, SID);
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (unsigned n = 0; n < BATCH; n++)
			h_cmd_dw(&t.b.h, cmd);
		h_cmd(&t.b.h, SMMU_OP_SYNC, 0);
		while ((h_rd32(&t.b.h, SMMU_REG_CMDQ_CONS) & 127) !=
		       h_rd32(&t.b.h, SMMU_REG_CMDQ_PROD))
			sched_yield();
		assert_int_equal(atomic_load(&l.asked), (i + 1) * BATCH);
		assert_int_equal(atomic_load(&l.answered), (i + 1) * BATCH);
	}
	atomic_store(&l.stop, true);
	pthread_join(answerer, NULL);
	pthread_join(asker, NULL);
	assert_int_equal(h_cmdq_error(&t.b.h), 0);
	t_teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(late_answers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
