/* SPDX-License-Identifier: MIT */
/*
 * Code of the harness that the SMMU calls comes back in: 1. what a handler finds has
 * happened already; 2. handlers disable, reset, issue commands and DMA; 3. memory
 * that answers a fetch resets the SMMU; 4. MSIs and their attributes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "model/harness.h"
#include "model/model.h"

#define HOLE  0x10000000ull
#define TRICK 0x20000000ull /* a page behind a callback */

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

static uint32_t active(struct harness *h)
{
	return h_rd32(h, SMMU_REG_GERROR) ^ h_rd32(h, SMMU_REG_GERRORN);
}

static bool record(struct harness *h, uint32_t sid)
{
	const struct smmu_event ev = { .fault.event = SMMU_EVT_C_BAD_STE, .sid = sid };
	bool done;

	smmu_lock(h->smmu);
	done = smmu_event_record(h->smmu, &ev);
	smmu_unlock_and_deliver(h->smmu);
	return done;
}

static void sync_irq(struct harness *h, uint64_t pa, uint32_t data)
{
	uint64_t dw[2] = { 0, 0 };

	smmu_set(dw, SMMU_CMD_SYNC_OPCODE, SMMU_OP_SYNC);
	smmu_set(dw, SMMU_CMD_SYNC_CS, SMMU_CS_IRQ);
	smmu_set_addr(dw, SMMU_CMD_SYNC_MSIAddress, pa);
	smmu_set(dw, SMMU_CMD_SYNC_MSIData, data);
	smmu_set(dw, SMMU_CMD_SYNC_MSIAttr, 1);
	h_cmd_dw(h, dw);
}

/* ---- what a handler sees ---- */

static unsigned handled;

static void on_gerror(void *ctx, const char *name)
{
	(void)name;
	handled++;
	assert_int_equal(active(ctx), SMMU_MASK(SMMU_GERROR_CMDQ_ERR));
	/* EVT-81: and why */
	assert_int_equal(h_cmdq_error(ctx), SMMU_CERROR_ILL);
}

static void on_eventq(void *ctx, const char *name)
{
	uint64_t dw[4];

	(void)name;
	handled++;
	assert_int_equal(h_rd32(ctx, SMMU_REG_EVENTQ_PROD), 1);
	assert_true(h_event(ctx, dw));
	assert_int_equal(smmu_get(dw, SMMU_C_BAD_STE_StreamID), 0x77);
}

static void on_sync(void *ctx, const char *name)
{
	struct harness *h = ctx;

	(void)name;
	handled++;
	assert_int_equal(h_rd32(h, SMMU_REG_CMDQ_CONS), 2);
}

static int bad_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     const struct smmu_attr *attr)
{
	(void)ctx;
	(void)pa;
	(void)buf;
	(void)len;
	(void)attr;
	return -1;
}

/*
 * REG-56: the cause is there before the interrupt: the bit in GERROR, the record and
 * PROD (REG-97, EVT-8, Q-10), the consumption of CMD_SYNC (CMD-80).
 */
static void the_cause_is_visible_before_the_interrupt(void **state)
{
	struct harness *h = *state;

	handled = 0;
	h_init_queues(h);
	h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
	assert_int_equal(smmu_bus_listen(h->bus, "smmu.gerror", on_gerror, h), 0);
	assert_int_equal(smmu_bus_listen(h->bus, "smmu.eventq", on_eventq, h), 0);
	assert_int_equal(smmu_bus_listen(h->bus, "smmu.cmdq-sync", on_sync, h), 0);
	assert_true(record(h, 0x77));
	assert_int_equal(handled, 1);
	h_cmd(h, SMMU_OP_SYNC, 0);
	sync_irq(h, 0, 0);
	assert_int_equal(handled, 2);
	h_cmd(h, 0xee, 0);
	assert_int_equal(handled, 3);
}

static void on_sync_after_abort(void *ctx, const char *name)
{
	(void)name;
	handled++;
	assert_int_equal(active(ctx), SMMU_MASK(SMMU_GERROR_MSI_CMDQ_ABT_ERR));
}

/* REG-60, CMD-78, EVT-92: the abort of its MSI is in GERROR before CMD_SYNC says so. */
static void an_aborted_msi_is_known_before_the_wire(void **state)
{
	struct harness *h = *state;

	handled = 0;
	h_init_queues(h);
	assert_int_equal(
		smmu_bus_listen(h->bus, "smmu.cmdq-sync", on_sync_after_abort, h), 0);
	sync_irq(h, HOLE, 1);
	assert_int_equal(handled, 1);
	/* REG-59, REG-67: it stops neither queue nor MSIs */
	sync_irq(h, H_MSI, 2);
	assert_int_equal(h->n_msi, 1);
	assert_true(record(h, 1));
}

/* ---- what a handler does ---- */

/* Ends the other source while its own signal is still waiting. */
static void disable_eventq(void *ctx, const char *name)
{
	(void)name;
	handled++;
	h_wr32(ctx, SMMU_REG_IRQ_CTRL, (uint32_t)SMMU_MASK(SMMU_IRQ_CTRL_GERROR_IRQEN));
	assert_int_equal(h_rd32(ctx, SMMU_REG_IRQ_CTRLACK), 1);
}

static void both_at_once(struct harness *h)
{
	const struct smmu_event ev = { .fault.event = SMMU_EVT_C_BAD_STE };

	smmu_lock(h->smmu);
	smmu_gerror_raise(h->smmu, SMMU_GERROR_SFM_ERR);
	assert_true(smmu_event_record(h->smmu, &ev));
	/* REG-55: a second occurrence joins the first */
	smmu_irq_signal(h->smmu, SMMU_IRQ_EVENTQ);
	smmu_unlock_and_deliver(h->smmu);
}

/* REG-57: after the Update to 0 nothing of the source appears, nor when enabled again. */
static void a_disabled_source_is_silent(void **state)
{
	struct harness *h = *state;

	handled = 0;
	h_init_queues(h);
	h_wr64(h, SMMU_REG_EVENTQ_IRQ_CFG0, H_MSI);
	h_wr32(h, SMMU_REG_EVENTQ_IRQ_CFG2, 1);
	h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
	both_at_once(h);
	assert_int_equal(pulses(h, "smmu.eventq"), 1);
	assert_int_equal(h->n_msi, 1);
	h_events_drain(h);
	h_wr32(h, SMMU_REG_GERRORN, h_rd32(h, SMMU_REG_GERROR));
	assert_int_equal(smmu_bus_listen(h->bus, "smmu.gerror", disable_eventq, h), 0);
	both_at_once(h);
	assert_int_equal(handled, 1);
	assert_int_equal(pulses(h, "smmu.eventq"), 1);
	assert_int_equal(h->n_msi, 1);
	h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
	assert_int_equal(pulses(h, "smmu.eventq"), 1);
}

static void reset_it(void *ctx, const char *name)
{
	struct harness *h = ctx;

	(void)name;
	handled++;
	smmu_reset(h->smmu);
}

static void all_is_reset(struct harness *h)
{
	assert_int_equal(h_rd32(h, SMMU_REG_CR0), 0);
	assert_int_equal(h_rd32(h, SMMU_REG_GERROR), 0);
	assert_int_equal(h_rd32(h, SMMU_REG_IRQ_CTRL), 0);
	assert_int_equal(h_rd32(h, SMMU_REG_CMDQ_CONS), 0);
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 0);
	/* and it works */
	h_enable(h);
	h_sync(h);
}

/* REG-120: a reset ends all: signals that wait, commands that were not consumed. */
static void a_handler_may_reset(void **state)
{
	struct harness *h = *state;

	handled = 0;
	h_init_queues(h);
	h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
	assert_int_equal(smmu_bus_listen(h->bus, "smmu.gerror", reset_it, h), 0);
	both_at_once(h);
	assert_int_equal(handled, 1);
	assert_int_equal(pulses(h, "smmu.eventq"), 0);
	all_is_reset(h);
}

static void a_handler_may_reset_between_commands(void **state)
{
	struct harness *h = *state;
	uint64_t dw[2] = { SMMU_OP_SYNC | SMMU_CS_IRQ << 12, 0 };

	handled = 0;
	h_init_queues(h);
	assert_int_equal(smmu_bus_listen(h->bus, "smmu.cmdq-sync", reset_it, h), 0);
	for (unsigned i = 0; i < 4; i++)
		h_write_dw(h, h->cmdq + 16ull * i, dw, 2);
	h_wr32(h, SMMU_REG_CMDQ_PROD, 4);
	assert_int_equal(handled, 1);
	all_is_reset(h);
}

static int reset_then_abort(void *ctx, uint64_t pa, const void *buf, size_t len,
			    const struct smmu_attr *attr)
{
	reset_it(ctx, NULL);
	return bad_write(ctx, pa, buf, len, attr);
}

static int reset_then_read(void *ctx, uint64_t pa, void *buf, size_t len,
			   const struct smmu_attr *attr)
{
	struct smmu_stats stats;
	struct harness *h = ctx;

	(void)pa;
	(void)attr;
	smmu_stats_read(h->smmu, &stats);
	reset_it(ctx, NULL);
	memset(buf, 0, len);
	return 0;
}

static const struct smmu_mem_ops resetting = { .read = reset_then_read,
					       .write = reset_then_abort };

/* The MSI of the SMMU before the reset is no error of the one after it. */
static void a_doorbell_may_reset_and_abort(void **state)
{
	struct harness *h = *state;

	handled = 0;
	assert_int_equal(smmu_bus_add_region(h->bus, TRICK, 4096, &resetting, h), 0);
	h_init_queues(h);
	sync_irq(h, TRICK, 1);
	assert_int_equal(handled, 1);
	all_is_reset(h);
}

/* Memory that resets the SMMU while it reads a command, a STE or a queue entry. */
static void memory_may_reset(void **state)
{
	struct harness *h = *state;
	struct smmu_txn txn = { .sid = 1, .addr = 0x1000 };
	char byte;

	handled = 0;
	assert_int_equal(smmu_bus_add_region(h->bus, TRICK, 4096, &resetting, h), 0);
	h_wr64(h, SMMU_REG_CMDQ_BASE, TRICK | 4);
	h_wr32(h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	h_wr32(h, SMMU_REG_CMDQ_PROD, 3);
	assert_true(handled > 0);
	all_is_reset(h);
	smmu_reset(h->smmu);
	h_wr64(h, SMMU_REG_EVENTQ_BASE, TRICK | 4);
	h_wr32(h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_EVENTQEN));
	assert_false(record(h, 1));
	all_is_reset(h);
	smmu_reset(h->smmu);
	h_wr64(h, SMMU_REG_STRTAB_BASE, TRICK);
	h_wr32(h, SMMU_REG_STRTAB_BASE_CFG, 4);
	h_wr32(h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_SMMUEN));
	assert_int_equal(smmu_dma(h_port(h), &txn, &byte, 1, NULL).status, SMMU_ABORT);
	all_is_reset(h);
}

/* Memory that sends DMA through the SMMU whose fetch it answers: refused, not endless. */
static struct smmu_result nested_dma;

static int dma_then_read(void *ctx, uint64_t pa, void *buf, size_t len,
			 const struct smmu_attr *attr)
{
	struct smmu_txn txn = { .sid = 1, .addr = 0x3000 };
	struct harness *h = ctx;
	char byte;

	(void)pa;
	(void)attr;
	handled++;
	nested_dma = smmu_dma(h_port(h), &txn, &byte, 1, NULL);
	assert_int_equal(smmu_translate(h_port(h), &txn).status, SMMU_ABORT);
	memset(buf, 0, len);
	return 0;
}

static void memory_may_not_do_dma(void **state)
{
	static const struct smmu_mem_ops ops = { .read = dma_then_read,
						 .write = bad_write };
	struct harness *h = *state;
	struct smmu_txn txn = { .sid = 1, .addr = 0x1000 };

	handled = 0;
	nested_dma = (struct smmu_result){ .status = SMMU_OK };
	assert_int_equal(smmu_bus_add_region(h->bus, TRICK, 4096, &ops, h), 0);
	h_wr64(h, SMMU_REG_STRTAB_BASE, TRICK);
	h_wr32(h, SMMU_REG_STRTAB_BASE_CFG, 4);
	h_wr32(h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_SMMUEN));
	/* The STE reads as zero: V == 0. */
	assert_int_equal(smmu_translate(h_port(h), &txn).event, SMMU_EVT_C_BAD_STE);
	assert_true(handled > 0);
	assert_int_equal(nested_dma.status, SMMU_ABORT);
	assert_int_equal(nested_dma.event, 0);
	/* The lock is in order: registers and DMA go on from outside. */
	assert_int_equal(smmu_translate(h_port(h), &txn).event, SMMU_EVT_C_BAD_STE);
	assert_int_equal(h_rd32(h, SMMU_REG_CR0ACK), SMMU_MASK(SMMU_CR0_SMMUEN));
}

/* A device behind the SMMU that answers an interrupt with DMA, and faults again. */
static void dma_from_handler(void *ctx, const char *name)
{
	struct harness *h = ctx;
	struct smmu_txn txn = { .sid = 3, .addr = 0x2000 };
	char byte;

	(void)name;
	handled++;
	h_events_drain(h);
	if (handled < 5)
		assert_int_equal(smmu_dma(h_port(h), &txn, &byte, 1, NULL).event,
				 SMMU_EVT_C_BAD_STE);
}

static void a_handler_may_do_dma(void **state)
{
	struct harness *h = *state;
	struct smmu_txn txn = { .sid = 3, .addr = 0x1000 };

	handled = 0;
	h_enable(h);
	h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
	assert_int_equal(smmu_bus_listen(h->bus, "smmu.eventq", dma_from_handler, h), 0);
	assert_int_equal(smmu_translate(h_port(h), &txn).event, SMMU_EVT_C_BAD_STE);
	assert_int_equal(handled, 5);
	assert_int_equal(h_rd32(h, SMMU_REG_EVENTQ_PROD), 5);
	assert_int_equal(h_rd32(h, SMMU_REG_GERROR), 0);
}

/* ---- MSIs ---- */

static struct smmu_attr msi_attr;
static uint64_t msi_pa;
static size_t msi_len;

static int keep_msi(void *ctx, uint64_t pa, const void *buf, size_t len,
		    const struct smmu_attr *attr)
{
	(void)ctx;
	(void)buf;
	msi_attr = *attr;
	msi_pa = pa;
	msi_len = len;
	return 0;
}

/* REG-52, REG-54, CMD-82: type and shareability; what is Device or NC is Outer Shareable.
 */
static const struct {
	unsigned memattr, sh;
	uint8_t inner, outer, want_sh;
} msis[] = {
	{ 0x0, 0, SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRNE, SMMU_SH_OSH },
	{ 0x1, 3, SMMU_MT_DEV_NGNRE, SMMU_MT_DEV_NGNRE, SMMU_SH_OSH },
	{ 0x5, 3, SMMU_MT_NC, SMMU_MT_NC, SMMU_SH_OSH },
	{ 0xf, 3, SMMU_MT_WB, SMMU_MT_WB, SMMU_SH_ISH },
	{ 0xf, 2, SMMU_MT_WB, SMMU_MT_WB, SMMU_SH_OSH },
	{ 0xf, 0, SMMU_MT_WB, SMMU_MT_WB, SMMU_SH_NSH },
	{ 0xf, 1, SMMU_MT_WB, SMMU_MT_WB, SMMU_SH_NSH },
	{ 0xa, 3, SMMU_MT_WT, SMMU_MT_WT, SMMU_SH_ISH },
};

static void check_msi(size_t i, uint64_t pa)
{
	assert_int_equal(msi_pa, pa);
	assert_int_equal(msi_len, 4);
	assert_int_equal(msi_attr.inner, msis[i].inner);
	assert_int_equal(msi_attr.outer, msis[i].outer);
	assert_int_equal(msi_attr.sh, msis[i].want_sh);
	assert_int_equal(msi_attr.ns, 1);
	msi_pa = 0;
}

static void msis_have_the_attributes_asked_for(void **state)
{
	static const struct smmu_mem_ops ops = { .read = reset_then_read,
						 .write = keep_msi };
	struct harness *h = *state;

	assert_int_equal(smmu_bus_add_region(h->bus, TRICK, 4096, &ops, h), 0);
	h_init_queues(h);
	for (size_t i = 0; i < sizeof(msis) / sizeof(msis[0]); i++) {
		uint64_t dw[2] = { SMMU_OP_SYNC | SMMU_CS_IRQ << 12, 0 };

		smmu_set_addr(dw, SMMU_CMD_SYNC_MSIAddress, TRICK + 0x44);
		smmu_set(dw, SMMU_CMD_SYNC_MSIAttr, msis[i].memattr);
		smmu_set(dw, SMMU_CMD_SYNC_MSH, msis[i].sh);
		h_cmd_dw(h, dw);
		check_msi(i, TRICK + 0x44);
		h_wr32(h, SMMU_REG_IRQ_CTRL, 0);
		h_wr64(h, SMMU_REG_EVENTQ_IRQ_CFG0, TRICK + 0x48);
		h_wr32(h, SMMU_REG_EVENTQ_IRQ_CFG2, msis[i].memattr | msis[i].sh << 4);
		h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
		assert_true(record(h, 1));
		check_msi(i, TRICK + 0x48);
		h_events_drain(h);
	}
}

/* REG-16, Q-18: the zero test is of the whole MSIAddress, the write is below OAS. */
static void msi_addresses_are_truncated_after_the_test(void **state)
{
	struct harness *h = *state;
	uint64_t at = h_alloc(h, 4096, 4096);

	h_init_queues(h);
	h_write64(h, at, 0);
	sync_irq(h, at | 1ull << 50, 0x1234);
	assert_int_equal(h_read64(h, at), 0x1234);
	/* not zero, but 0 once truncated: an MSI to address 0, where nothing is */
	sync_irq(h, 1ull << 50, 1);
	assert_int_equal(active(h), SMMU_MASK(SMMU_GERROR_MSI_CMDQ_ABT_ERR));
	/* zero: none */
	h_wr32(h, SMMU_REG_GERRORN, h_rd32(h, SMMU_REG_GERROR));
	sync_irq(h, 0, 1);
	assert_int_equal(active(h), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_cause_is_visible_before_the_interrupt),
		CASE(an_aborted_msi_is_known_before_the_wire),
		CASE(a_disabled_source_is_silent),
		CASE(a_handler_may_reset),
		CASE(a_handler_may_reset_between_commands),
		CASE(a_doorbell_may_reset_and_abort),
		CASE(memory_may_reset),
		CASE(memory_may_not_do_dma),
		CASE(a_handler_may_do_dma),
		CASE(msis_have_the_attributes_asked_for),
		CASE(msi_addresses_are_truncated_after_the_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
