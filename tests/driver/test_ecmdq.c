/* SPDX-License-Identifier: MIT */
/*
 * Command queues of threads' own, and the three ways to learn of the end of a
 * CMD_SYNC.
 */
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "driver/cmdq.h"
#include "driver/queue.h"
#include "driver/rig.h"

#define WINDOW UINT64_C(0x200000) /* with the control pages */

static struct arm_smmu_stats stats_of(struct rig *r)
{
	struct arm_smmu_stats st;

	arm_smmu_get_stats(r->drv, &st);
	return st;
}

/* An SMMU with 2^pages control pages of 2^queues queues. */
static void up(struct rig *r, unsigned pages, unsigned queues, bool wired)
{
	struct smmu_config cfg;

	assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_V3_3), 0);
	cfg.sid_bits = 10;
	cfg.cmdqs = 7;
	cfg.eventqs = 7;
	cfg.ecmdq = cfg.msi = cfg.cohacc = 1;
	cfg.cmdq_control_page_log2nump = (uint8_t)pages;
	cfg.cmdq_control_page_log2numq = (uint8_t)queues;
	rig_init(r, &cfg);
	r->desc.size = WINDOW;
	if (!wired)
		r->desc.irq_eventq = r->desc.irq_priq = r->desc.irq_gerror = NULL;
}

/* REG-106: as many as there are, up to eight, wherever their pages are. */
static void queues_are_found_and_enabled(void **state)
{
	static const struct {
		unsigned pages, queues, expect;
	} rows[] = { { 0, 0, 1 }, { 1, 0, 2 }, { 0, 2, 4 }, { 1, 1, 4 }, { 2, 8, 8 } };

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r;
		uint64_t main_tail;

		up(&r, rows[i].pages, rows[i].queues, true);
		assert_int_equal(rig_probe(&r), 0);
		assert_int_equal(r.drv->num_ecmdqs, rows[i].expect);
		main_tail = arm_smmu_ring_tail(&r.drv->cmdq.ring);
		for (unsigned n = 0; n < rows[i].expect; n++) {
			struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL);
			struct arm_smmu_cmdq *q = &r.drv->ecmdqs[n];
			struct smmu_stats before, after;

			smmu_stats_read(r.smmu, &before);
			/* Many laps of each. */
			for (unsigned k = 0; k < 300; k++)
				assert_int_equal(arm_smmu_cmdq_submit(q, &cmd, 1, true),
						 0);
			smmu_stats_read(r.smmu, &after);
			assert_int_equal(after.syncs - before.syncs, 300);
			assert_int_equal(after.commands - before.commands, 600);
		}
		assert_int_equal(arm_smmu_cfgi_all(r.drv), 0);
		assert_int_equal(arm_smmu_ring_tail(&r.drv->cmdq.ring), main_tail);
		assert_int_equal(r.errors, 0);
		rig_down(&r);
	}
}

/* A window that firmware made too short for the pages, or one page of registers: none. */
static void queues_out_of_the_window_are_left_alone(void **state)
{
	struct rig r;

	(void)state;
	up(&r, 0, 2, true);
	r.desc.size = 0x20000;
	assert_int_equal(rig_probe(&r), 0);
	assert_int_equal(r.drv->num_ecmdqs, 0);
	assert_int_equal(arm_smmu_cfgi_all(r.drv), 0);
	assert_int_equal(r.errors, 0);
	rig_down(&r);
}

/* REG-107, REG-111: what firmware left on is turned off first, and begins at 0. */
static void queues_left_on_are_started_anew(void **state)
{
	struct rig r;

	(void)state;
	up(&r, 0, 1, true);
	assert_int_equal(rig_probe(&r), 0);
	for (unsigned k = 0; k < 5; k++)
		assert_int_equal(arm_smmu_cfgi_all(r.drv), 0);
	/* Removed by somebody who does not know of them: on, with indexes of before. */
	r.drv->num_ecmdqs = 0;
	arm_smmu_remove(r.drv);
	assert_int_equal(rig_probe(&r), 0);
	assert_int_equal(r.drv->num_ecmdqs, 2);
	assert_int_equal(arm_smmu_cfgi_all(r.drv), 0);
	assert_int_equal(r.errors, 0);
	rig_down(&r);
}

/* DRV-102, REG-110: skipped, the neighbours run, the queue goes on; twice, so that ERR
 * is acknowledged in both its values. */
static void queues_skip_an_illegal_command(void **state)
{
	(void)state;
	for (unsigned wired = 0; wired < 2; wired++) {
		struct arm_smmu_cmd cmds[3] = { arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL),
						arm_smmu_cmd(0xee),
						arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL) };
		struct smmu_stats before, after;
		struct rig r;

		up(&r, 0, 1, wired);
		assert_int_equal(rig_probe(&r), 0);
		smmu_stats_read(r.smmu, &before);
		for (unsigned k = 1; k <= 3; k++) {
			assert_int_equal(arm_smmu_submit(r.drv, cmds, 3, true), 0);
			assert_int_equal(stats_of(&r).cmdq_errors, k);
			assert_non_null(strstr(r.last, "illegal command"));
		}
		smmu_stats_read(r.smmu, &after);
		assert_int_equal(after.tlb_invalidations - before.tlb_invalidations, 6);
		assert_int_equal(stats_of(&r).timeouts, 0);
		assert_int_equal(smmu_mmio_read(r.smmu, SMMU_REG_GERROR, 4),
				 smmu_mmio_read(r.smmu, SMMU_REG_GERRORN, 4));
		r.errors = 0;
		rig_down(&r);
	}
}

/* A queue for each CPU: threads that run at the same time do not meet in one. */
static void queues_belong_to_cpus(void **state)
{
	struct arm_smmu_cmdq *of[64] = { NULL };
	cpu_set_t all, one;
	unsigned cpus = 0;
	struct rig r;

	(void)state;
	up(&r, 0, 3, true);
	assert_int_equal(rig_probe(&r), 0);
	assert_int_equal(r.drv->num_ecmdqs, 8);
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	for (unsigned cpu = 0; cpu < 64; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
		of[cpu] = arm_smmu_cmdq_of(r.drv);
		assert_ptr_equal(of[cpu], &r.drv->ecmdqs[cpu % 8]);
		assert_int_equal(arm_smmu_cfgi_all(r.drv), 0);
		assert_true(arm_smmu_ring_tail(&of[cpu]->ring) > 0);
		cpus++;
	}
	assert_true(cpus > 0);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	/* Without them it is the command queue, wherever one is. */
	r.drv->num_ecmdqs = 0;
	assert_ptr_equal(arm_smmu_cmdq_of(r.drv), &r.drv->cmdq);
	r.drv->num_ecmdqs = 8;
	rig_down(&r);
}

struct producer {
	struct arm_smmu *drv;
	unsigned me;
	int failures;
	pthread_t thread;
};

static void *produce(void *arg)
{
	struct producer *p = arg;

	for (unsigned i = 0; i < 200; i++) {
		struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL);
		struct arm_smmu_batch b;

		arm_smmu_batch_init(&b, p->drv);
		for (unsigned k = 0; k < 1 + i % 70; k++)
			arm_smmu_batch_add(&b, &cmd);
		/* Among them some that have to be skipped. */
		cmd = arm_smmu_cmd(0xee);
		if (i % 50 == 7 * p->me)
			arm_smmu_batch_add(&b, &cmd);
		p->failures += arm_smmu_batch_sync(&b) != 0;
	}
	return NULL;
}

/* DRV-128: several producers, errors among their commands, on few queues and many. */
static void queues_serve_several_producers(void **state)
{
	(void)state;
	for (unsigned log2 = 0; log2 < 4; log2 += 3) {
		struct producer p[4];
		struct rig r;

		up(&r, 0, log2, true);
		assert_int_equal(rig_probe(&r), 0);
		for (unsigned i = 0; i < 4; i++) {
			p[i] = (struct producer){ .drv = r.drv, .me = i };
			assert_int_equal(
				pthread_create(&p[i].thread, NULL, produce, &p[i]), 0);
		}
		for (unsigned i = 0; i < 4; i++) {
			pthread_join(p[i].thread, NULL);
			assert_int_equal(p[i].failures, 0);
		}
		assert_int_equal(stats_of(&r).timeouts, 0);
		assert_int_equal(stats_of(&r).cmdq_errors, 16);
		r.errors = 0;
		rig_down(&r);
	}
}

/* ---- The end of a CMD_SYNC ---- */

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	if (t->kind == SMMU_TRACE_COMMAND && (t->dw[0] & 0xff) == SMMU_OP_SYNC)
		memcpy(ctx, t->dw, 16);
}

/* DRV-7, DRV-97, DRV-98: by message, by wire, and by looking at CONS. */
static void syncs_end_in_three_ways(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 3; way++) {
		uint64_t sync[2] = { 0, 0 }, slot;
		struct smmu_config cfg = rig_config();
		struct rig r;

		cfg.msi = way == 0;
		cfg.sev = 0;
		rig_init(&r, &cfg);
		r.desc.irq_cmdq_sync = way == 1 ? "smmu.cmdq-sync" : NULL;
		assert_int_equal(rig_probe(&r), 0);
		assert_int_equal(r.drv->cmdq.sync, way == 0   ? SYNC_MSI
						   : way == 1 ? SYNC_IRQ
							      : SYNC_POLL);
		slot = r.drv->cmdq.q.mem.pa +
		       16 * (arm_smmu_ring_tail(&r.drv->cmdq.ring) + 1);
		smmu_set_trace(r.smmu, on_trace, sync);
		assert_int_equal(arm_smmu_cfgi_all(r.drv), 0);
		smmu_set_trace(r.smmu, NULL, NULL);
		/* CS: 1 a signal, 0 none. */
		assert_int_equal(sync[0] >> 12 & 3, way < 2);
		/* To the slot itself, which reads 0 then. */
		assert_int_equal(sync[1], way == 0 ? slot : 0);
		assert_int_equal((uint32_t)rig_peek(&r, slot) == 0, way == 0);
		assert_int_equal(r.drv->cmdq.syncs > 0, way == 1);
		assert_int_equal(r.errors, 0);
		rig_down(&r);
	}
}

/* DRV-7: an option, or memory that is not coherent, does without messages. */
static void messages_can_be_done_without(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 2; way++) {
		struct rig r;

		rig_init(&r, NULL);
		if (way)
			r.desc.coherent = false;
		else
			r.desc.options = ARM_SMMU_DISABLE_MSIPOLL;
		assert_int_equal(rig_probe(&r), 0);
		assert_int_equal(r.drv->cmdq.sync, SYNC_POLL);
		rig_down(&r);
	}
}

/* CMD-85: its message aborted, or went elsewhere: the SYNC is done all the same. */
static void lost_messages_are_told_of(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	assert_int_equal(r.drv->cmdq.sync, SYNC_MSI);
	for (unsigned k = 1; k <= 3; k++) {
		r.drv->cmdq.q.mem.pa += UINT64_C(0x10000000); /* RAM of nobody */
		assert_int_equal(arm_smmu_cfgi_all(r.drv), 0);
		r.drv->cmdq.q.mem.pa -= UINT64_C(0x10000000);
		assert_non_null(strstr(r.last, "did not come"));
		assert_int_equal(r.messages, k);
		assert_int_equal(arm_smmu_cfgi_all(r.drv), 0);
	}
	assert_int_equal(stats_of(&r).timeouts, 0);
	assert_int_equal(r.errors, 0);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_are_found_and_enabled),
		cmocka_unit_test(queues_out_of_the_window_are_left_alone),
		cmocka_unit_test(queues_left_on_are_started_anew),
		cmocka_unit_test(queues_skip_an_illegal_command),
		cmocka_unit_test(queues_belong_to_cpus),
		cmocka_unit_test(queues_serve_several_producers),
		cmocka_unit_test(syncs_end_in_three_ways),
		cmocka_unit_test(messages_can_be_done_without),
		cmocka_unit_test(lost_messages_are_told_of),
	};

	return cmocka_run_group_tests_name("driver_ecmdq", tests, NULL, NULL);
}
