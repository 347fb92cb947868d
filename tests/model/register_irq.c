/* SPDX-License-Identifier: MIT */
/*
 * Errors and interrupts: 1. GERROR toggles and is acknowledged; 2. wires and MSIs go
 * out when enabled; 3. an MSI that aborts is reported; 4. handlers run without the
 * lock and may use the registers, even to issue commands.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <cmocka.h>
#include "model/harness.h"
#include "model/model.h"

#define HOLE	      0x10000000ull /* no memory there */
#define MEMATTR_NGNRE 1

static int setup(void **state)
{
	static struct harness h;

	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	h_teardown(*state);
	return 0;
}

static uint64_t pulses(struct harness *h, const char *wire)
{
	return smmu_wire_pulses(smmu_bus_wire(h->bus, wire));
}

static void program_msi(struct harness *h, uint64_t cfg0, uint64_t pa, uint32_t data)
{
	h_wr64(h, cfg0, pa);
	h_wr32(h, cfg0 + 8, data);
	h_wr32(h, cfg0 + 12, MEMATTR_NGNRE);
}

static void enable_irqs(struct harness *h)
{
	h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
}

static uint32_t active(struct harness *h)
{
	return h_rd32(h, SMMU_REG_GERROR) ^ h_rd32(h, SMMU_REG_GERRORN);
}

static void bad_command(struct harness *h)
{
	h_cmd(h, 0, 0); /* opcode 0 is reserved */
}

static void gerror_toggles(void **state)
{
	struct harness *h = *state;
	uint32_t cmdq = (uint32_t)SMMU_MASK(SMMU_GERROR_CMDQ_ERR);

	h_init_queues(h);
	bad_command(h);
	/* REG-62: a toggle makes it active */
	assert_int_equal(h_rd32(h, SMMU_REG_GERROR), cmdq);
	assert_int_equal(active(h), cmdq);
	/* REG-68: CMDQEN neither clears nor acknowledges it */
	h_wr32(h, SMMU_REG_CR0, 0);
	h_wr32(h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	assert_int_equal(active(h), cmdq);
	/* REG-63, EVT-90: and back */
	h_cmdq_skip(h);
	assert_int_equal(active(h), 0);
	bad_command(h);
	assert_int_equal(h_rd32(h, SMMU_REG_GERROR), 0);
	assert_int_equal(active(h), cmdq);
	/* REG-65: GERRORN reads what was written */
	assert_int_equal(h_rd32(h, SMMU_REG_GERRORN), cmdq);
}

static void gerror_interrupt(void **state)
{
	struct harness *h = *state;

	h_init_queues(h);
	program_msi(h, SMMU_REG_GERROR_IRQ_CFG0, H_MSI + 0x40, 77);
	/* REG-57: not enabled, nothing now nor later */
	bad_command(h);
	h_cmdq_skip(h);
	enable_irqs(h);
	assert_int_equal(h->n_msi, 0);
	assert_int_equal(pulses(h, "smmu.gerror"), 0);
	/* REG-53: MSI and wire */
	bad_command(h);
	assert_int_equal(h->n_msi, 1);
	assert_int_equal(h->msi[0].pa, H_MSI + 0x40);
	assert_int_equal(h->msi[0].data, 77);
	assert_int_equal(pulses(h, "smmu.gerror"), 1);
	/* ADDR == 0 suppresses the MSI only */
	h_wr32(h, SMMU_REG_IRQ_CTRL, 0);
	program_msi(h, SMMU_REG_GERROR_IRQ_CFG0, 0, 77);
	enable_irqs(h);
	h_cmdq_skip(h);
	bad_command(h);
	assert_int_equal(h->n_msi, 1);
	assert_int_equal(pulses(h, "smmu.gerror"), 2);
}

static void aborted_msi_is_a_gerror(void **state)
{
	struct harness *h = *state;
	struct smmu_event ev = { .fault.event = SMMU_EVT_C_BAD_STE };

	h_init_queues(h);
	program_msi(h, SMMU_REG_EVENTQ_IRQ_CFG0, HOLE, 1);
	program_msi(h, SMMU_REG_GERROR_IRQ_CFG0, H_MSI, 2);
	enable_irqs(h);
	smmu_lock(h->smmu);
	assert_true(smmu_event_record(h->smmu, &ev));
	smmu_unlock_and_deliver(h->smmu);
	/* REG-59, and the GERROR interrupt follows */
	assert_int_equal(active(h), SMMU_MASK(SMMU_GERROR_MSI_EVENTQ_ABT_ERR));
	assert_int_equal(h->n_msi, 1);
	assert_int_equal(h->msi[0].data, 2);
	assert_int_equal(pulses(h, "smmu.eventq"), 1);
	/* EVT-89: the second abort, while the first is active, leaves no trace */
	h_events_drain(h);
	smmu_lock(h->smmu);
	assert_true(smmu_event_record(h->smmu, &ev));
	smmu_unlock_and_deliver(h->smmu);
	assert_int_equal(active(h), SMMU_MASK(SMMU_GERROR_MSI_EVENTQ_ABT_ERR));
	assert_int_equal(h->n_msi, 1);
	assert_int_equal(pulses(h, "smmu.eventq"), 2);
}

static void aborted_gerror_msi_raises_no_interrupt(void **state)
{
	struct harness *h = *state;

	h_init_queues(h);
	program_msi(h, SMMU_REG_GERROR_IRQ_CFG0, HOLE, 2);
	enable_irqs(h);
	bad_command(h);
	/* REG-66, EVT-91, Q-35 */
	assert_int_equal(active(h), SMMU_MASK(SMMU_GERROR_CMDQ_ERR) |
					    SMMU_MASK(SMMU_GERROR_MSI_GERROR_ABT_ERR));
	assert_int_equal(pulses(h, "smmu.gerror"), 1);
}

static void sync_cmd(uint64_t dw[2], unsigned cs, uint64_t pa, uint32_t data)
{
	dw[0] = dw[1] = 0;
	smmu_set(dw, SMMU_CMD_SYNC_OPCODE, SMMU_OP_SYNC);
	smmu_set(dw, SMMU_CMD_SYNC_CS, cs);
	smmu_set_addr(dw, SMMU_CMD_SYNC_MSIAddress, pa);
	smmu_set(dw, SMMU_CMD_SYNC_MSIData, data);
	smmu_set(dw, SMMU_CMD_SYNC_MSIAttr, MEMATTR_NGNRE);
}

static void sync_signals(void **state)
{
	struct harness *h = *state;
	uint64_t dw[2], at = h_alloc(h, 4096, 4096);

	h_init_queues(h);
	/* CMD-77, Q-18: SIG_NONE ignores the MSI fields */
	sync_cmd(dw, 0, H_MSI, 1);
	h_cmd_dw(h, dw);
	assert_int_equal(h->n_msi + pulses(h, "smmu.cmdq-sync"), 0);
	/* SIG_IRQ: MSI to a doorbell, and the wire */
	sync_cmd(dw, 1, H_MSI + 4, 0x55);
	h_cmd_dw(h, dw);
	assert_int_equal(h->n_msi, 1);
	assert_int_equal(h->msi[0].data, 0x55);
	assert_int_equal(pulses(h, "smmu.cmdq-sync"), 1);
	/* SIG_IRQ: MSI to memory, which software polls */
	h_write64(h, at, UINT64_MAX);
	sync_cmd(dw, 1, at + 4, 0);
	h_cmd_dw(h, dw);
	assert_int_equal(h_read64(h, at), 0xffffffff);
	/* MSIAddress 0: only the wire */
	sync_cmd(dw, 1, 0, 9);
	h_cmd_dw(h, dw);
	assert_int_equal(h->n_msi, 1);
	assert_int_equal(pulses(h, "smmu.cmdq-sync"), 3);
	/* SIG_SEV without IDR0.SEV is SIG_NONE */
	sync_cmd(dw, 2, 0, 0);
	h_cmd_dw(h, dw);
	assert_int_equal(pulses(h, "smmu.sev"), 0);
	assert_int_equal(h_cmdq_error(h), 0);
	/* 3 is illegal */
	sync_cmd(dw, 3, 0, 0);
	h_cmd_dw(h, dw);
	assert_int_equal(h_cmdq_error(h), SMMU_CERROR_ILL);
}

static void no_msi(struct smmu_config *cfg)
{
	cfg->msi = 0;
}

/* CMD-77, REG-52, REG-61: without MSIs address and data are ignored, the wire is left. */
static void wires_alone_do(void **state)
{
	const struct smmu_event ev = { .fault.event = SMMU_EVT_C_BAD_STE };
	struct harness h;
	uint64_t dw[2];

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, no_msi);
	h_init_queues(&h);
	program_msi(&h, SMMU_REG_EVENTQ_IRQ_CFG0, H_MSI, 1);
	enable_irqs(&h);
	sync_cmd(dw, 1, H_MSI, 0x55);
	h_cmd_dw(&h, dw);
	sync_cmd(dw, 1, HOLE, 0x55);
	h_cmd_dw(&h, dw);
	smmu_lock(h.smmu);
	assert_true(smmu_event_record(h.smmu, &ev));
	smmu_unlock_and_deliver(h.smmu);
	assert_int_equal(h.n_msi, 0);
	assert_int_equal(active(&h), 0);
	assert_int_equal(pulses(&h, "smmu.cmdq-sync"), 2);
	assert_int_equal(pulses(&h, "smmu.eventq"), 1);
	h_teardown(&h);
}

static void aborted_sync_msi_does_not_stop_the_queue(void **state)
{
	struct harness *h = *state;
	uint64_t dw[2];

	h_init_queues(h);
	/* CMD-85 */
	sync_cmd(dw, 1, HOLE, 1);
	h_cmd_dw(h, dw);
	assert_int_equal(active(h), SMMU_MASK(SMMU_GERROR_MSI_CMDQ_ABT_ERR));
	sync_cmd(dw, 1, H_MSI, 2);
	h_cmd_dw(h, dw);
	assert_int_equal(h->n_msi, 1);
	assert_int_equal(h_rd32(h, SMMU_REG_CMDQ_CONS), h_rd32(h, SMMU_REG_CMDQ_PROD));
}

/* CMD-78: MSIs of several CMD_SYNCs of one batch arrive, all and in order. */
static void syncs_signal_in_order(void **state)
{
	struct harness *h = *state;
	uint64_t dw[2];

	h_init_queues(h);
	for (unsigned i = 0; i < 5; i++) {
		sync_cmd(dw, 1, H_MSI + 8, i);
		h_write_dw(h, h->cmdq + 16ull * i, dw, 2);
	}
	h_wr32(h, SMMU_REG_CMDQ_PROD, 5);
	assert_int_equal(h->n_msi, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(h->msi[i].data, i);
	assert_int_equal(h_rd32(h, SMMU_REG_CMDQ_CONS), 5);
}

/* ---- a driver's handler ---- */

static unsigned handled;

/* Takes the events, and issues a CMD_SYNC whose MSI it waits for, as drivers do. */
static void eventq_handler(void *ctx, const char *name)
{
	struct harness *h = ctx;
	uint64_t dw[4];
	unsigned before = h->n_msi;

	assert_string_equal(name, "smmu.eventq");
	while (h_event(h, dw))
		handled++;
	sync_cmd(dw, 1, H_MSI, 0xabc);
	h_cmd_dw(h, dw);
	assert_int_equal(h->n_msi, before + 1);
	assert_int_equal(h->msi[before].data, 0xabc);
}

static void handler_may_use_the_smmu(void **state)
{
	struct harness *h = *state;
	struct smmu_event ev = { .fault.event = SMMU_EVT_C_BAD_STE, .sid = 3 };

	handled = 0;
	h_init_queues(h);
	enable_irqs(h);
	assert_int_equal(smmu_bus_listen(h->bus, "smmu.eventq", eventq_handler, h), 0);
	for (unsigned i = 0; i < 3; i++) {
		smmu_lock(h->smmu);
		assert_true(smmu_event_record(h->smmu, &ev));
		smmu_unlock_and_deliver(h->smmu);
		assert_int_equal(handled, i + 1);
	}
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD),
			 h_rd32(h, SMMU_REG_EVENTQ_CONS));
}

/* ---- two threads: one records events, one issues commands ---- */

struct pair {
	struct harness *h;
	pthread_mutex_t drain; /* a handler may run on either thread */
	unsigned drained;
	atomic_bool stop;
};

enum { ROUNDS = 2000 };

static void drain_handler(void *ctx, const char *name)
{
	struct pair *p = ctx;

	(void)name;
	pthread_mutex_lock(&p->drain);
	p->drained += h_events_drain(p->h);
	pthread_mutex_unlock(&p->drain);
}

static void *record_events(void *ctx)
{
	struct pair *p = ctx;
	struct smmu_event ev = { .fault.event = SMMU_EVT_C_BAD_STE };

	while (!atomic_load(&p->stop)) {
		smmu_lock(p->h->smmu);
		(void)smmu_event_record(p->h->smmu, &ev);
		smmu_unlock_and_deliver(p->h->smmu);
	}
	return NULL;
}

static void threads_do_not_wait_for_each_other(void **state)
{
	struct pair p = { .h = *state, .drain = PTHREAD_MUTEX_INITIALIZER };
	uint64_t dw[2], at = h_alloc(p.h, 4096, 4096);
	struct smmu_stats stats;
	pthread_t thread;

	h_init_queues(p.h);
	h_wr32(p.h, SMMU_REG_IRQ_CTRL, (uint32_t)SMMU_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN));
	assert_int_equal(smmu_bus_listen(p.h->bus, "smmu.eventq", drain_handler, &p), 0);
	assert_int_equal(pthread_create(&thread, NULL, record_events, &p), 0);
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		sync_cmd(dw, 1, at, i);
		h_cmd_dw(p.h, dw);
		/* CMD-78, CMD-80: whichever thread sends the MSI, it comes */
		while ((uint32_t)h_read64(p.h, at) != i)
			;
		assert_int_equal(h_rd32(p.h, SMMU_REG_CMDQ_CONS),
				 h_rd32(p.h, SMMU_REG_CMDQ_PROD));
	}
	atomic_store(&p.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	drain_handler(&p, "smmu.eventq");
	smmu_stats_read(p.h->smmu, &stats);
	assert_int_equal(stats.syncs, ROUNDS);
	assert_int_equal(stats.events, p.drained);
}

/* ---- who holds the lock while an MSI is on its way ---- */

static struct harness *looked_at;
static bool held;

int __real_smmu_bus_write32(struct smmu_bus *bus, uint64_t pa, uint32_t val,
			    const struct smmu_attr *attr);
int __wrap_smmu_bus_write32(struct smmu_bus *bus, uint64_t pa, uint32_t val,
			    const struct smmu_attr *attr);

int __wrap_smmu_bus_write32(struct smmu_bus *bus, uint64_t pa, uint32_t val,
			    const struct smmu_attr *attr)
{
	if (looked_at) {
		held = smmu_lock_mine(&looked_at->smmu->lock);
	}
	return __real_smmu_bus_write32(bus, pa, val, attr);
}

/*
 * CMD-78, REG-57: nothing can complete between the decision to send an MSI to RAM and
 * its write; what may run a handler is sent without the lock.
 */
static void only_msis_to_ram_hold_the_lock(void **state)
{
	struct harness *h = *state;
	uint64_t dw[2], at = h_alloc(h, 4096, 4096);

	h_init_queues(h);
	looked_at = h;
	sync_cmd(dw, 1, at, 1);
	h_cmd_dw(h, dw);
	assert_true(held);
	sync_cmd(dw, 1, H_MSI, 2);
	h_cmd_dw(h, dw);
	assert_false(held);
	looked_at = NULL;
	assert_int_equal((uint32_t)h_read64(h, at), 1);
	assert_int_equal(h->n_msi, 1);
}

/* ---- one thread kicks the queue, another kicks too, a third looks ---- */

enum { BATCH_LOG2 = 12, BATCH = 1 << BATCH_LOG2 };

static void *kick(void *ctx)
{
	struct pair *p = ctx;

	while (!atomic_load(&p->stop))
		h_wr32(p->h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	return NULL;
}

static void *push(void *ctx)
{
	struct pair *p = ctx;

	for (uint32_t i = 1; i < BATCH; i++)
		h_wr32(p->h, SMMU_REG_CMDQ_PROD, i);
	return NULL;
}

/*
 * CMD-78, Q-18: when a CMD_SYNC has been consumed, the MSI of the one before it is in
 * memory, whichever threads do the work.
 */
static void syncs_do_not_overtake_msis(void **state)
{
	struct pair p = { .h = *state };
	uint64_t dw[2], at = h_alloc(p.h, 4096, 4096);
	uint64_t queue = h_alloc(p.h, 16 * BATCH, 16 * BATCH);
	pthread_t pusher, kicker;
	uint32_t cons, word;

	for (uint32_t i = 0; i < BATCH; i++) {
		sync_cmd(dw, 1, at, i + 1);
		h_write_dw(p.h, queue + 16ull * i, dw, 2);
	}
	h_wr64(p.h, SMMU_REG_CMDQ_BASE, queue | BATCH_LOG2);
	h_wr32(p.h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	assert_int_equal(pthread_create(&kicker, NULL, kick, &p), 0);
	assert_int_equal(pthread_create(&pusher, NULL, push, &p), 0);
	do {
		cons = h_rd32(p.h, SMMU_REG_CMDQ_CONS) & 0xfffff;
		word = (uint32_t)h_read64(p.h, at);
		if (word + 1 < cons)
			fail_msg("%u consumed, MSI %u", cons, word);
	} while (cons < BATCH - 1);
	assert_int_equal(pthread_join(pusher, NULL), 0);
	atomic_store(&p.stop, true);
	assert_int_equal(pthread_join(kicker, NULL), 0);
	h_wr32(p.h, SMMU_REG_CR0, 0);
	assert_int_equal((uint32_t)h_read64(p.h, at), BATCH - 1);
}

static void with_sev(struct smmu_config *cfg)
{
	cfg->sev = 1;
}

static void sev_pulses(void **state)
{
	struct harness h;
	uint64_t dw[2];

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, with_sev);
	h_init_queues(&h);
	sync_cmd(dw, 2, 0, 0);
	h_cmd_dw(&h, dw);
	assert_int_equal(pulses(&h, "smmu.sev"), 1);
	/* CMD-3, Q-19: full to non-full. Full: 64 entries, wrap bits differ. */
	h_disable(&h);
	for (unsigned i = 0; i < 64; i++) {
		h_write64(&h, h.cmdq + 16 * i, SMMU_OP_SYNC);
		h_write64(&h, h.cmdq + 16 * i + 8, 0);
	}
	h_wr32(&h, SMMU_REG_CMDQ_CONS, 0);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 64);
	h_wr32(&h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	assert_int_equal(pulses(&h, "smmu.sev"), 2);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), 64);
	h_teardown(&h);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(gerror_toggles),
		CASE(gerror_interrupt),
		CASE(aborted_msi_is_a_gerror),
		CASE(aborted_gerror_msi_raises_no_interrupt),
		CASE(sync_signals),
		cmocka_unit_test(wires_alone_do),
		CASE(aborted_sync_msi_does_not_stop_the_queue),
		CASE(syncs_signal_in_order),
		CASE(handler_may_use_the_smmu),
		CASE(threads_do_not_wait_for_each_other),
		CASE(only_msis_to_ram_hold_the_lock),
		CASE(syncs_do_not_overtake_msis),
		cmocka_unit_test(sev_pulses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
