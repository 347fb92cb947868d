/* SPDX-License-Identifier: MIT */
/*
 * Command submission, its errors, events and interrupts.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "driver/cmdq.h"
#include "driver/queue.h"
#include "driver/rig.h"

static struct arm_smmu_stats stats_of(struct rig *r)
{
	struct arm_smmu_stats st;

	arm_smmu_get_stats(r->drv, &st);
	return st;
}

/* DRV-93, DRV-128: the smallest queue, many laps, both wrap parities. */
static void queue_wraps_many_times(void **state)
{
	struct smmu_config cfg = rig_config();
	struct smmu_stats before, after;
	struct rig r;

	(void)state;
	cfg.cmdqs = 7;
	rig_up(&r, &cfg);
	smmu_stats_read(r.smmu, &before);
	for (unsigned i = 0; i < 300; i++) {
		struct arm_smmu_batch b;

		arm_smmu_batch_init(&b, r.drv);
		for (unsigned k = 0; k < 1 + i % 150; k++) {
			struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL);

			arm_smmu_batch_add(&b, &cmd);
		}
		assert_int_equal(arm_smmu_batch_sync(&b), 0);
	}
	smmu_stats_read(r.smmu, &after);
	/* Every command arrived, once. */
	assert_int_equal(after.commands - before.commands, stats_of(&r).commands - 6);
	assert_int_equal(after.syncs - before.syncs, 300);
	assert_int_equal(r.errors, 0);
	rig_down(&r);
}

/*
 * DRV-99: 64 commands, then more, and a SYNC at the end of all; DRV-14: where that is
 * too long a run, a SYNC after 63.
 */
static void batches_are_sent_when_full(void **state)
{
	static const struct {
		unsigned commands, syncs;
	} rows[] = { { 62, 1 }, { 63, 1 }, { 64, 2 }, { 126, 2 }, { 127, 3 } };

	(void)state;
	for (unsigned forced = 0; forced < 2; forced++) {
		struct rig r;

		rig_up(&r, NULL);
		if (forced)
			r.drv->features |= FEAT_CMDQ_FORCE_SYNC;
		for (unsigned i = 0; i < 5; i++) {
			struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL);
			struct arm_smmu_stats before = stats_of(&r);
			struct arm_smmu_batch b;

			arm_smmu_batch_init(&b, r.drv);
			for (unsigned k = 0; k < rows[i].commands; k++)
				arm_smmu_batch_add(&b, &cmd);
			assert_int_equal(arm_smmu_batch_sync(&b), 0);
			assert_int_equal(stats_of(&r).tlbi - before.tlbi,
					 rows[i].commands);
			assert_int_equal(stats_of(&r).syncs - before.syncs,
					 forced ? rows[i].syncs : 1);
		}
		rig_down(&r);
	}
}

/* DRV-102: an illegal command is skipped, its neighbours run, the waiter is served. */
static void queue_skips_an_illegal_command(void **state)
{
	for (int wired = 0; wired < 2; wired++) {
		struct arm_smmu_cmd cmds[3] = { arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL),
						arm_smmu_cmd(0xee),
						arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL) };
		struct smmu_stats before, after;
		struct rig r;

		(void)state;
		rig_init(&r, NULL);
		if (!wired) /* the waiter notices by itself */
			r.desc.irq_eventq = r.desc.irq_priq = r.desc.irq_gerror = NULL;
		assert_int_equal(rig_probe(&r), 0);
		smmu_stats_read(r.smmu, &before);
		assert_int_equal(arm_smmu_submit(r.drv, cmds, 3, true), 0);
		smmu_stats_read(r.smmu, &after);
		assert_int_equal(after.tlb_invalidations - before.tlb_invalidations, 2);
		assert_int_equal(stats_of(&r).cmdq_errors, 1);
		assert_int_equal(stats_of(&r).timeouts, 0);
		assert_non_null(strstr(r.last, "illegal command"));
		assert_non_null(strstr(r.last, "00000000000000ee"));
		assert_int_equal(smmu_mmio_read(r.smmu, SMMU_REG_GERROR, 4),
				 smmu_mmio_read(r.smmu, SMMU_REG_GERRORN, 4));
		/* And the queue goes on. */
		assert_int_equal(arm_smmu_cfgi_all(r.drv), 0);
		r.errors = 0;
		rig_down(&r);
	}
}

/* DRV-102: what each reason costs the command at CONS, and what is said of it. */
static void every_reason_is_dealt_with(void **state)
{
	static const struct {
		uint64_t reason;
		const char *words; /* NULL: none */
		bool replaced;
	} rows[] = {
		{ SMMU_CERROR_NONE, NULL, false },
		{ SMMU_CERROR_ILL, "illegal command at index 9", true },
		{ SMMU_CERROR_ABT, "the fetch of a command aborted; retried", false },
		{ SMMU_CERROR_ATC_INV_SYNC, "ATC invalidation timed out", false },
		{ 4, "unknown error at index 9", true },
		{ 127, "unknown error at index 9", true },
	};
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* Index 9 of the second lap: nothing else is there. */
		hwword_t *slot = queue_entry(&r.drv->cmdq.q, 9);
		uint64_t errors = stats_of(&r).cmdq_errors, sync[2];

		hw_store(&slot[0], 0x1234500000abcdee);
		hw_store(&slot[1], 0x77);
		r.last[0] = 0;
		arm_smmu_cmdq_repair(&r.drv->cmdq, 0x400 | 9, rows[i].reason);
		assert_int_equal(stats_of(&r).cmdq_errors, errors + 1);
		if (rows[i].words)
			assert_non_null(strstr(r.last, rows[i].words));
		else
			assert_int_equal(r.last[0], 0);
		sync[0] = hw_load(&slot[0]);
		sync[1] = hw_load(&slot[1]);
		if (!rows[i].replaced) {
			assert_int_equal(sync[0], 0x1234500000abcdee);
			assert_int_equal(sync[1], 0x77);
			continue;
		}
		/* A SYNC without a signal: nobody waits for that one. */
		assert_int_equal(smmu_get(sync, SMMU_CMD_OPCODE), SMMU_OP_SYNC);
		assert_int_equal(smmu_get(sync, SMMU_CMD_SYNC_CS), SMMU_CS_NONE);
		assert_int_equal(sync[1], 0);
		assert_non_null(strstr(r.last, "1234500000abcdee 0000000000000077"));
	}
	r.errors = 0;
	rig_down(&r);
}

/* DRV-102: however many of a batch are refused, wherever, the others run. */
static void batches_outlive_their_errors(void **state)
{
	uint64_t seed = 12345;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	for (unsigned round = 0; round < 60; round++) {
		struct smmu_stats before, after;
		struct arm_smmu_batch b;
		unsigned good = 0, bad = 0;
		uint64_t errors = stats_of(&r).cmdq_errors;

		smmu_stats_read(r.smmu, &before);
		arm_smmu_batch_init(&b, r.drv);
		for (unsigned k = 0; k < 1 + round * 3; k++) {
			struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL);

			seed = seed * UINT64_C(6364136223846793005) + 1;
			if (seed >> 33 & 1)
				cmd = arm_smmu_cmd(0xee);
			bad += seed >> 33 & 1;
			good += !(seed >> 33 & 1);
			arm_smmu_batch_add(&b, &cmd);
		}
		assert_int_equal(arm_smmu_batch_sync(&b), 0);
		smmu_stats_read(r.smmu, &after);
		assert_int_equal(after.tlb_invalidations - before.tlb_invalidations,
				 good);
		assert_int_equal(stats_of(&r).cmdq_errors - errors, bad);
	}
	assert_int_equal(stats_of(&r).timeouts, 0);
	r.errors = 0;
	rig_down(&r);
}

static char all_lines[8192]; /* that a platform was given to log */

static void keep_lines(void *ctx, enum iommu_msg_level level, const char *message)
{
	size_t at = strlen(all_lines);

	(void)ctx;
	(void)level;
	snprintf(all_lines + at, sizeof(all_lines) - at, "%s\n", message);
}

/* DRV-98: the time-out tells the registers and each command that was not consumed. */
static void time_outs_tell_what_is_in_flight(void **state)
{
	static const char *const expect =
		"smmu: in flight: cmd[0x6] 0000000000000030 0000000000000111\n"
		"smmu: in flight: cmd[0x7] 0000000000000030 0000000000000112\n"
		"smmu: in flight: cmd[0x8] ";
	static const char *const registers =
		"\nsmmu: CMD_SYNC timed out: CMDQ_PROD 0x6 CMDQ_CONS 0x6 CR0 0xd "
		"CR0ACK 0xd GERROR 0 GERRORN 0 EVENTQ_PROD 0 EVENTQ_CONS 0\n";
	struct arm_smmu_cmd cmds[20];
	struct iommu_platform_ops ops;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	ops = *r.platform.ops;
	ops.log = keep_lines;
	r.platform.ops = &ops;
	assert_int_equal(rig_probe(&r), 0);
	for (unsigned i = 0; i < 20; i++) {
		cmds[i] = arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL);
		cmds[i].dw[1] = 0x111 + i;
	}
	r.swallow = SMMU_REG_CMDQ_PROD;
	all_lines[0] = 0;
	assert_int_equal(arm_smmu_submit(r.drv, cmds, 2, true), -ETIMEDOUT);
	assert_memory_equal(all_lines, expect, strlen(expect));
	assert_non_null(strstr(all_lines, registers));
	assert_null(strstr(all_lines, "cmd[0x9]"));
	/* A long tail is cut: these two, their SYNC, 20 more and another SYNC. */
	all_lines[0] = 0;
	assert_int_equal(arm_smmu_submit(r.drv, cmds, 20, true), -ETIMEDOUT);
	assert_non_null(strstr(all_lines, "cmd[0x15]"));
	assert_null(strstr(all_lines, "cmd[0x16]"));
	assert_non_null(strstr(all_lines, "in flight: ... 8 more"));
	r.swallow = 0;
	arm_smmu_cmdq_kick(&r.drv->cmdq);
	rig_down(&r);
}

static uint64_t clock_of_sleeper;

static uint64_t sleepers_clock(void *ctx)
{
	(void)ctx;
	return clock_of_sleeper;
}

/* DRV-98: a thread that was asleep for longer than the limit looks once more. */
static void queue_waiter_may_oversleep(void **state)
{
	struct iommu_platform_ops ops;
	struct arm_smmu_wait w;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	ops = *r.platform.ops;
	ops.time_us = sleepers_clock;
	r.platform.ops = &ops;
	assert_int_equal(rig_probe(&r), 0);
	arm_smmu_wait_begin(r.drv, &w);
	assert_true(arm_smmu_wait_more(r.drv, &w));
	clock_of_sleeper += 5000000;
	assert_true(arm_smmu_wait_more(r.drv, &w));
	assert_false(arm_smmu_wait_more(r.drv, &w));
	/* Just below the limit there is no end. */
	arm_smmu_wait_begin(r.drv, &w);
	clock_of_sleeper += ARM_SMMU_TIMEOUT_US - 1;
	for (unsigned i = 0; i < 100; i++)
		assert_true(arm_smmu_wait_more(r.drv, &w));
	rig_down(&r);
}

/* DRV-98: an SMMU that does not move costs a second, a message, and no more. */
static void queue_times_out_with_a_dump(void **state)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL);
	char text[2048];
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	r.swallow = SMMU_REG_CMDQ_PROD;
	assert_int_equal(arm_smmu_submit(r.drv, &cmd, 1, true), -ETIMEDOUT);
	assert_int_equal(stats_of(&r).timeouts, 1);
	assert_non_null(strstr(r.last, "CMD_SYNC timed out"));
	assert_non_null(strstr(r.last, "CMDQ_PROD"));
	/* The dump is as long as it says, however much of it fits. */
	assert_int_equal(arm_smmu_dump(r.drv, NULL, 0),
			 arm_smmu_dump(r.drv, text, sizeof(text)));
	assert_int_equal(arm_smmu_dump(r.drv, text, 10), arm_smmu_dump(r.drv, NULL, 0));
	assert_int_equal(strlen(text), 9);
	/* A full queue refuses, and takes nothing. */
	r.swallow = SMMU_REG_CMDQ_PROD;
	for (unsigned i = 0; i < 1022; i++)
		assert_int_equal(arm_smmu_submit(r.drv, &cmd, 1, false), 0);
	assert_int_equal(arm_smmu_submit(r.drv, &cmd, 1, false), -ETIMEDOUT);
	/* When it moves again everything that was taken runs. */
	r.swallow = 0;
	smmu_mmio_write(r.smmu, SMMU_REG_CMDQ_PROD, 4, (6 + 1024) & 0x7ff);
	assert_int_equal(arm_smmu_submit(r.drv, &cmd, 1, true), 0);
	rig_down(&r);
}

struct producer {
	struct arm_smmu *drv;
	int failures;
	pthread_t thread;
};

static void *produce(void *arg)
{
	struct producer *p = arg;

	for (unsigned i = 0; i < 400; i++) {
		struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL);
		struct arm_smmu_batch b;

		arm_smmu_batch_init(&b, p->drv);
		for (unsigned k = 0; k < 1 + i % 70; k++)
			arm_smmu_batch_add(&b, &cmd);
		p->failures += arm_smmu_batch_sync(&b) != 0;
	}
	return NULL;
}

/* DRV-128: several producers on the smallest queue. */
static void queue_serves_several_producers(void **state)
{
	struct smmu_config cfg = rig_config();
	struct producer p[3];
	struct smmu_stats st;
	struct rig r;

	(void)state;
	cfg.cmdqs = 7;
	rig_up(&r, &cfg);
	for (unsigned i = 0; i < 3; i++) {
		p[i] = (struct producer){ .drv = r.drv };
		assert_int_equal(pthread_create(&p[i].thread, NULL, produce, &p[i]), 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		pthread_join(p[i].thread, NULL);
		assert_int_equal(p[i].failures, 0);
	}
	smmu_stats_read(r.smmu, &st);
	assert_int_equal(st.commands, stats_of(&r).commands);
	rig_down(&r);
}

static void submit_mixed(struct rig *r)
{
	uint64_t value = 0;

	/* StreamID 5 has an L1 descriptor of 0: C_BAD_STREAMID, by CR2.RECINVSID. */
	assert_int_equal(rig_dma(r, 5, 0x1234, false, &value).status, SMMU_ABORT);
}

struct seen {
	unsigned n;
	struct arm_smmu_event last;
};

static void on_event(void *ctx, const struct arm_smmu_event *event)
{
	struct seen *s = ctx;

	s->n++;
	s->last = *event;
}

/* DRV-5, DRV-20, DRV-103: by wire, by message, by one combined wire, and by hand. */
static void events_arrive_however_they_are_told(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		struct seen seen = { 0 };
		struct rig r;

		rig_init(&r, NULL);
		if (way != 0)
			r.desc.irq_eventq = r.desc.irq_priq = r.desc.irq_gerror = NULL;
		r.desc.use_msi = way == 1;
		if (way == 2)
			r.desc.irq_combined = "smmu.combined";
		assert_int_equal(rig_probe(&r), 0);
		arm_smmu_set_event_hook(r.drv, on_event, &seen);
		submit_mixed(&r);
		if (way == 3) {
			assert_int_equal(seen.n, 0);
			arm_smmu_poll(r.drv);
		}
		assert_int_equal(r.msis, way == 1);
		assert_int_equal(seen.n, 1);
		assert_int_equal(seen.last.id, SMMU_EVT_C_BAD_STREAMID);
		assert_string_equal(seen.last.name, "C_BAD_STREAMID");
		assert_int_equal(seen.last.sid, 5);
		assert_null(seen.last.dev);
		assert_false(seen.last.has_addr);
		assert_int_equal(r.faults, 1);
		assert_int_equal(r.fault.id, 5);
		assert_int_equal(stats_of(&r).events, 1);
		rig_down(&r);
	}
}

/* DRV-104: records that the model does not make by itself, at their own bit positions. */
static void events_are_decoded_by_their_kind(void **state)
{
	static const struct {
		uint64_t dw[4];
		const char *name;
		bool ssv, addr, read, exec, priv, stage2;
	} rows[] = {
		/* EVENT, SSV 11, SubstreamID 31:12, StreamID 63:32; PnU 97, InD 98, RnW
		   99 */
		{ { 0x600001801, 0xeull << 32, 0x1234, 0 }, "F_UUT", 1, 1, 1, 1, 1, 0 },
		{ { 0x600000010, 0x80ull << 32, 0x1234, 0 },
		  "F_TRANSLATION",
		  0,
		  1,
		  0,
		  0,
		  0,
		  1 },
		{ { 0x600001805, 0x40000000, 0x1000, 0 },
		  "F_BAD_ATS_TREQ",
		  1,
		  1,
		  0,
		  0,
		  0,
		  0 },
		{ { 0x600001805, 0x80000000, 0x1000, 0 },
		  "F_BAD_ATS_TREQ",
		  1,
		  1,
		  1,
		  0,
		  0,
		  0 },
		{ { 0x600001824, 4ull << 32, 0x1000, 0 },
		  "E_PAGE_REQUEST",
		  1,
		  1,
		  0,
		  0,
		  0,
		  0 },
		{ { 0x600001824, 8ull << 32, 0x1000, 0 },
		  "E_PAGE_REQUEST",
		  1,
		  1,
		  1,
		  0,
		  0,
		  0 },
		{ { 0x600000007, 8ull << 32, 0x1234, 0 },
		  "F_TRANSL_FORBIDDEN",
		  0,
		  1,
		  1,
		  0,
		  0,
		  0 },
		/* No SSV in this one, whatever the bit says. */
		{ { 0x600001806, 0, 0x1234, 0 }, "F_STREAM_DISABLED", 0, 0, 0, 0, 0, 0 },
		{ { 0x6000018e5, 0, 0, 0 }, "UNKNOWN", 0, 0, 0, 0, 0, 0 },
	};
	struct seen seen = { 0 };
	uint64_t base;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	r.desc.irq_eventq = NULL;
	assert_int_equal(rig_probe(&r), 0);
	arm_smmu_set_event_hook(r.drv, on_event, &seen);
	base = smmu_mmio_read(r.smmu, SMMU_REG_EVENTQ_BASE, 8) & 0xfffffffffffe0;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned k = 0; k < 4; k++)
			rig_poke(&r, base + 32 * i + 8 * k, rows[i].dw[k]);
		rig_lie(&r, SMMU_REG_EVENTQ_PROD, i + 1);
		arm_smmu_poll(r.drv);
		assert_int_equal(seen.n, i + 1);
		assert_string_equal(seen.last.name, rows[i].name);
		assert_int_equal(seen.last.sid, 6);
		assert_int_equal(seen.last.ssv, rows[i].ssv);
		assert_int_equal(seen.last.ssid, rows[i].ssv ? 1 : 0);
		assert_int_equal(seen.last.has_addr, rows[i].addr);
		assert_int_equal(seen.last.iova, rows[i].addr ? rows[i].dw[2] : 0);
		assert_int_equal(seen.last.read, rows[i].read);
		assert_int_equal(seen.last.exec, rows[i].exec);
		assert_int_equal(seen.last.priv, rows[i].priv);
		assert_int_equal(seen.last.stage2, rows[i].stage2);
		assert_false(seen.last.stalled);
	}
	r.num_lies = 0;
	rig_down(&r);
}

/*
 * A stalled transaction of nobody's StreamID is terminated. An interrupt in the middle of
 * a submission waits until that is over.
 */
static void events_that_stall_are_terminated(void **state)
{
	struct seen seen = { 0 };
	uint64_t base;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	r.desc.irq_eventq = NULL;
	assert_int_equal(rig_probe(&r), 0);
	arm_smmu_set_event_hook(r.drv, on_event, &seen);
	base = smmu_mmio_read(r.smmu, SMMU_REG_EVENTQ_BASE, 8) & 0xfffffffffffe0;
	rig_poke(&r, base, 0x600000010);
	rig_poke(&r, base + 8, 1u << 31 | 0x77); /* Stall, STAG */
	rig_lie(&r, SMMU_REG_EVENTQ_PROD, 1);
	r.swallow = SMMU_REG_CMDQ_PROD; /* the model of this preset knows no RESUME */
	r.drv->cmdq.owner = (uintptr_t)pthread_self();
	arm_smmu_evtq_handler(r.drv);
	assert_int_equal(seen.n, 0);
	r.drv->cmdq.owner = 0;
	assert_int_equal(arm_smmu_submit(r.drv, NULL, 0, false), 0);
	assert_int_equal(seen.n, 1);
	assert_true(seen.last.stalled);
	assert_int_equal(seen.last.stag, 0x77);
	assert_true(r.fault.flags & IOMMU_FAULT_STALL);
	base = smmu_mmio_read(r.smmu, SMMU_REG_CMDQ_BASE, 8) & 0xfffffffffffe0;
	assert_int_equal(rig_peek(&r, base + 6 * 16),
			 0x600000044); /* Ac 0; TERM_MODEL 1 */
	assert_int_equal(rig_peek(&r, base + 6 * 16 + 8), 0x77);
	r.num_lies = 0;
	rig_down(&r);
}

/* DRV-103: overflow is seen, acknowledged, and events come again. */
static void events_overflow_and_recover(void **state)
{
	struct seen seen = { 0 };
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	r.desc.irq_eventq = NULL;
	assert_int_equal(rig_probe(&r), 0);
	arm_smmu_set_event_hook(r.drv, on_event, &seen);
	for (unsigned lap = 1; lap <= 5; lap++) {
		seen.n = 0;
		for (unsigned i = 0; i < 200; i++)
			submit_mixed(&r);
		arm_smmu_poll(r.drv);
		assert_int_equal(seen.n, 128); /* 2^7 entries */
		assert_int_equal(stats_of(&r).events_overflown, lap);
		assert_non_null(strstr(r.last, "overflow"));
	}
	/* Less than a queue: none is lost. */
	seen.n = 0;
	for (unsigned i = 0; i < 128; i++)
		submit_mixed(&r);
	arm_smmu_poll(r.drv);
	assert_int_equal(seen.n, 128);
	assert_int_equal(stats_of(&r).events_overflown, 5);
	rig_down(&r);
}

/*
 * DRV-108: a page request is found by the handler of a combined interrupt that came
 * for something else, in the middle of a submission: refused when that is over.
 */
static void page_requests_are_refused_from_anywhere(void **state)
{
	struct arm_smmu_cmd illegal = arm_smmu_cmd(0xee),
			    answer = arm_smmu_cmd(SMMU_OP_PRI_RESP);
	uint64_t entry[2] = { 0 };
	char words[64];
	uint64_t base, at;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	r.desc.irq_combined = "smmu.combined";
	r.desc.irq_eventq = r.desc.irq_priq = r.desc.irq_gerror = NULL;
	assert_int_equal(rig_probe(&r), 0);
	/* The model has no PRI: a queue of our own, and an index that is not true. */
	r.drv->features |= FEAT_PRI;
	assert_int_equal(arm_smmu_queue_alloc(r.drv, &r.drv->priq, 4, SMMU_PRI_DWORDS,
					      SMMU_REG_PRIQ_PROD, SMMU_REG_PRIQ_CONS),
			 0);
	base = r.drv->priq.mem.pa;
	smmu_set(entry, SMMU_PRI_ENTRY_StreamID, 0x77);
	smmu_set(entry, SMMU_PRI_ENTRY_PRGIndex, 0x1a5);
	smmu_set(entry, SMMU_PRI_ENTRY_SSV, 1);
	smmu_set(entry, SMMU_PRI_ENTRY_SubstreamID, 0x33);
	smmu_set(entry, SMMU_PRI_ENTRY_R, 1); /* else the last is a stop marker (PRI-3) */
	for (unsigned last = 0; last < 2; last++) {
		smmu_set(entry, SMMU_PRI_ENTRY_Last, last);
		rig_poke(&r, base + 16 * last, entry[0]);
		rig_poke(&r, base + 16 * last + 8, entry[1]);
	}
	rig_lie(&r, SMMU_REG_PRIQ_PROD, 2);
	at = arm_smmu_ring_tail(&r.drv->cmdq.ring);
	assert_int_equal(arm_smmu_submit(r.drv, &illegal, 1, true), 0);
	assert_int_equal(stats_of(&r).page_requests, 2);
	/* One answer, to the last of the group; DENY is INVALID in PRI_RESP (1). */
	assert_int_equal(arm_smmu_ring_tail(&r.drv->cmdq.ring), at + 3);
	smmu_set(answer.dw, SMMU_CMD_PRI_RESP_StreamID, 0x77);
	smmu_set(answer.dw, SMMU_CMD_PRI_RESP_PRGIndex, 0x1a5);
	smmu_set(answer.dw, SMMU_CMD_PRI_RESP_SSV, 1);
	smmu_set(answer.dw, SMMU_CMD_PRI_RESP_SubstreamID, 0x33);
	smmu_set(answer.dw, SMMU_CMD_PRI_RESP_Resp, SMMU_RESP_INVALID);
	/* To an SMMU without PRI it is illegal, which tells what it was. */
	snprintf(words, sizeof(words), "%016llx %016llx; skipped",
		 (unsigned long long)answer.dw[0], (unsigned long long)answer.dw[1]);
	assert_non_null(strstr(r.last, words));
	r.num_lies = 0;
	rig_down(&r);
}

/* DRV-101: what the MSI of an event ran into is reported and acknowledged. */
static void gerror_is_reported_and_acknowledged(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	/* The event queue's memory goes away: its base is behind the RAM. */
	smmu_mmio_write(r.smmu, SMMU_REG_CR0, 4, 0x9);
	smmu_mmio_write(r.smmu, SMMU_REG_EVENTQ_BASE, 8, UINT64_C(0x700000000) | 7);
	smmu_mmio_write(r.smmu, SMMU_REG_CR0, 4, 0xd);
	submit_mixed(&r);
	assert_non_null(strstr(r.last, "events are lost"));
	assert_int_equal(stats_of(&r).gerrors, 1);
	assert_int_equal(smmu_mmio_read(r.smmu, SMMU_REG_GERROR, 4),
			 smmu_mmio_read(r.smmu, SMMU_REG_GERRORN, 4));
	r.errors = 0;
	rig_down(&r);
}

/* CERROR_ABT comes back at once for ever: nobody hangs in a handler. */
static void gerror_that_returns_at_once_hangs_nobody(void **state)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_TLBI_NSNH_ALL);
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	smmu_mmio_write(r.smmu, SMMU_REG_CR0, 4, 0x5);
	smmu_mmio_write(r.smmu, SMMU_REG_CMDQ_BASE, 8, UINT64_C(0x700000000) | 10);
	smmu_mmio_write(r.smmu, SMMU_REG_CR0, 4, 0xd);
	/* Hardly any time: each poll takes the handler through all its rounds. */
	rig_lie(&r, SMMU_REG_CMDQ_CONS, 6);
	assert_int_equal(arm_smmu_submit(r.drv, &cmd, 1, true), -ETIMEDOUT);
	assert_true(stats_of(&r).cmdq_errors > 0);
	r.num_lies = 0;
	arm_smmu_poll(r.drv);
	r.swallow = SMMU_REG_CMDQ_PROD;
	r.errors = 0;
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_wraps_many_times),
		cmocka_unit_test(batches_are_sent_when_full),
		cmocka_unit_test(queue_skips_an_illegal_command),
		cmocka_unit_test(every_reason_is_dealt_with),
		cmocka_unit_test(batches_outlive_their_errors),
		cmocka_unit_test(time_outs_tell_what_is_in_flight),
		cmocka_unit_test(queue_waiter_may_oversleep),
		cmocka_unit_test(queue_times_out_with_a_dump),
		cmocka_unit_test(queue_serves_several_producers),
		cmocka_unit_test(events_arrive_however_they_are_told),
		cmocka_unit_test(events_are_decoded_by_their_kind),
		cmocka_unit_test(events_that_stall_are_terminated),
		cmocka_unit_test(events_overflow_and_recover),
		cmocka_unit_test(page_requests_are_refused_from_anywhere),
		cmocka_unit_test(gerror_is_reported_and_acknowledged),
		cmocka_unit_test(gerror_that_returns_at_once_hangs_nobody),
	};

	return cmocka_run_group_tests_name("driver_queue", tests, NULL, NULL);
}
