/* SPDX-License-Identifier: MIT */
/*
 * Registers from any thread: what is polled is read without the lock while others write,
 * submit, reset, and take snapshots in. For TSan as much as for the result.
 */
#include "model/ecmdq_bench.h"
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <cmocka.h>
#include <smmulator/snapshot.h>

enum { READERS = 2, LOOKS = 20000, CHANGES = 60 };

static struct {
	struct harness h;
	struct eq q;
	uint32_t idr0, idr1;
	atomic_uint wrong;
	atomic_bool stop;
} w;

/* Every word of page 0 and 1 that has a register, and a queue's, again and again. */
static void *look(void *arg)
{
	struct smmu *smmu = w.h.smmu;

	(void)arg;
	for (unsigned i = 0; i < LOOKS || !atomic_load(&w.stop); i++) {
		uint32_t word = 4 * (i % 64);

		(void)smmu_mmio_read(smmu, word, 4);
		(void)smmu_mmio_read(smmu, 0x10000 + 0xa8 + word % 40, 4);
		(void)smmu_mmio_read(smmu, w.q.reg + 8 * (i % 2), 8);
		/* REG-87, REG-110: whatever happens, what is RES0 is 0 */
		if (smmu_mmio_read(smmu, w.q.reg + EQ_CONS, 4) & 0x78700000)
			atomic_fetch_add(&w.wrong, 1);
		if (smmu_mmio_read(smmu, SMMU_REG_IDR0, 4) != w.idr0 ||
		    smmu_mmio_read(smmu, SMMU_REG_IDR1, 4) != w.idr1)
			atomic_fetch_add(&w.wrong, 1);
	}
	return NULL;
}

static void *submit(void *arg)
{
	struct smmu *smmu = w.h.smmu;
	uint32_t prod = 0;

	(void)arg;
	while (!atomic_load(&w.stop)) {
		prod = (prod + 1) & 127;
		smmu_mmio_write(smmu, SMMU_REG_CMDQ_PROD, 4, prod);
		smmu_mmio_write(smmu, w.q.reg + EQ_PROD, 4, (prod & 31) | EQ_EN);
		smmu_mmio_write(smmu, SMMU_REG_GERRORN, 4,
				smmu_mmio_read(smmu, SMMU_REG_GERROR, 4));
	}
	return NULL;
}

/* REG-120, REG-1 */
static void registers_are_read_while_all_changes(void **state)
{
	pthread_t reader[READERS], submitter;
	void *data;
	size_t len;

	(void)state;
	h_setup(&w.h, SMMU_PRESET_FULL, NULL);
	h_enable(&w.h);
	eq_open(&w.q, &w.h, 1, 2, 4);
	w.idr0 = h_rd32(&w.h, SMMU_REG_IDR0);
	w.idr1 = h_rd32(&w.h, SMMU_REG_IDR1);
	assert_int_equal(smmu_snapshot_save(w.h.smmu, 0, &data, &len), 0);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&reader[i], NULL, look, NULL), 0);
	assert_int_equal(pthread_create(&submitter, NULL, submit, NULL), 0);
	for (unsigned i = 0; i < CHANGES; i++) {
		if (i % 4 == 0)
			smmu_reset(w.h.smmu);
		assert_int_equal(smmu_snapshot_restore(w.h.smmu, data, len, NULL, 0), 0);
		smmu_mmio_write(w.h.smmu, SMMU_REG_CR0, 4, 0);
		smmu_mmio_write(w.h.smmu, SMMU_REG_CMDQ_BASE, 8, i);
		smmu_mmio_write(w.h.smmu, SMMU_REG_EVENTQ_BASE, 8, i);
		smmu_mmio_write(w.h.smmu, w.q.reg + EQ_PROD, 4, 0);
		smmu_mmio_write(w.h.smmu, w.q.reg + EQ_BASE, 8, i);
		smmu_mmio_write(w.h.smmu, w.q.reg + EQ_CONS, 4, i);
	}
	atomic_store(&w.stop, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(reader[i], NULL);
	pthread_join(submitter, NULL);
	assert_int_equal(atomic_load(&w.wrong), 0);
	assert_int_equal(smmu_snapshot_restore(w.h.smmu, data, len, NULL, 0), 0);
	free(data);
	h_sync(&w.h);
	h_teardown(&w.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_are_read_while_all_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
