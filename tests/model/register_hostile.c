/* SPDX-License-Identifier: MIT */
/*
 * Whatever is written to the registers and to memory, the SMMU neither crashes nor
 * hangs; under the sanitizers, it does nothing undefined. Seeded, so that it repeats.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <pthread.h>
#include <cmocka.h>
#include "model/harness.h"
#include "model/model.h"

static _Thread_local uint64_t rng_state;

static uint64_t rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

static uint64_t hostile_value(void)
{
	static const uint64_t bait[] = {
		0,	    1,		UINT64_MAX,	 0x80000000,
		0xffffffff, H_RAM + 5,	H_RAM | 19,	 H_RAM | 31,
		1ull << 62, 0x80000000, 0xfffffffffffff, H_MSI
	};
	uint64_t r = rng();

	switch (r & 3) {
	case 0:
		return bait[(r >> 8) % (sizeof(bait) / sizeof(bait[0]))];
	case 1:
		return H_RAM + (rng() % H_RAM_SIZE);
	case 2:
		return rng() & 0x1f;
	default:
		return rng();
	}
}

static uint64_t hostile_offset(void)
{
	uint64_t r = rng();

	switch (r & 7) {
	case 0:
		return rng();
	case 1:
		return r >> 20 & 0x5ffff; /* and the pages after page 1 */
	case 2:
		return 0x100a8 + (r >> 20 & 0x2c);
	case 3: /* ATOS, VATOS_SEL, DPT */
		return 0x100 + (r >> 20 & 0x1fc);
	case 4: /* VATOS */
		return 0x20a00 + (r >> 20 & 0x1c);
	case 5: /* four ECMDQs of FULL */
		return 0x30000 + (r >> 20 & 0x300c);
	default:
		return r >> 20 & 0xfc;
	}
}

static void hostile_event(struct harness *h)
{
	struct smmu_event ev = {
		.fault = { .event = (uint8_t)rng(),
			   .s2 = rng() & 1,
			   .cls = rng() & 3,
			   .ipa = rng(),
			   .fetch_addr = rng(),
			   .reason = (uint32_t)rng() },
		.sid = (uint32_t)rng(),
		.ssid = (uint32_t)rng(),
		.ssv = rng() & 1,
		.stall = rng() & 1,
		.input_addr = rng(),
	};

	smmu_lock(h->smmu);
	(void)smmu_event_record(h->smmu, &ev);
	smmu_unlock_and_deliver(h->smmu);
	h->n_msi = 0;
}

/* Commands at any place of a small queue, most with a known opcode. */
static void hostile_command(struct harness *h)
{
	uint64_t r = rng();
	uint64_t dw0 = (rng() & ~0xffull) | (r & 0x7f);

	if (r & 0x100)
		dw0 &= 0xffffffff000003ffull;
	h_write64(h, H_RAM + (r >> 16 & 0x3f0), dw0);
	h_write64(h, H_RAM + (r >> 16 & 0x3f0) + 8, r & 0x200 ? 0 : rng());
}

static void no_errors_pending(struct harness *h)
{
	h_wr32(h, SMMU_REG_GERRORN, h_rd32(h, SMMU_REG_GERROR));
}

static void hostile_run(enum smmu_preset preset, uint64_t seed)
{
	static const unsigned sizes[] = { 4, 4, 4, 8, 8, 1, 2, 3, 16, 0 };
	struct harness h;

	rng_state = seed;
	h_setup(&h, preset, NULL);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t offset = hostile_offset();
		unsigned size = sizes[rng() % (sizeof(sizes) / sizeof(sizes[0]))];

		if (size == 4 || size == 8)
			offset &= ~(uint64_t)(size - 1) | (rng() & 15 ? 0 : 3);
		if (rng() & 1)
			smmu_mmio_write(h.smmu, offset, size, hostile_value());
		else
			(void)smmu_mmio_read(h.smmu, offset, size);
		h.n_msi = 0;
		if ((i & 7) == 0)
			hostile_event(&h);
		if ((i & 3) == 0)
			hostile_command(&h);
		if ((i & 63) == 0)
			no_errors_pending(&h);
		h.n_msi = 0;
		if ((i & 4095) == 0)
			smmu_reset(h.smmu);
	}
	/* And it still works. */
	smmu_reset(h.smmu);
	h_init_queues(&h);
	h_sync(&h);
	h_teardown(&h);
}

static void any_register_traffic_is_survived(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++)
		hostile_run((enum smmu_preset)(seed % SMMU_PRESET_COUNT),
			    seed * 0x9e3779b97f4a7c15ull);
}

/* ---- the SMMU's own registers on its bus ---- */

static int mirror_read(void *ctx, uint64_t pa, void *buf, size_t len,
		       const struct smmu_attr *attr)
{
	struct harness *h = ctx;
	uint64_t value = smmu_mmio_read(h->smmu, pa & 0x1ffff, (unsigned)len);

	(void)attr;
	memcpy(buf, &value, len <= 8 ? len : 8);
	return 0;
}

static int mirror_write(void *ctx, uint64_t pa, const void *buf, size_t len,
			const struct smmu_attr *attr)
{
	struct harness *h = ctx;
	uint64_t value = 0;

	(void)attr;
	memcpy(&value, buf, len <= 8 ? len : 8);
	smmu_mmio_write(h->smmu, pa & 0x1ffff, (unsigned)len, value);
	return 0;
}

static void smmu_that_reads_itself_does_not_hang(void **state)
{
	static const struct smmu_mem_ops ops = { .read = mirror_read,
						 .write = mirror_write };
	struct smmu_event ev = { .fault.event = SMMU_EVT_C_BAD_STE };
	uint64_t window = 0x20000000, dw[2] = { 0, 0 };
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	assert_int_equal(smmu_bus_add_region(h.bus, window, 0x20000, &ops, &h), 0);
	/* Queues inside of it: commands read as 0, opcode 0 is illegal. */
	h_wr64(&h, SMMU_REG_CMDQ_BASE, window | 4);
	h_wr64(&h, SMMU_REG_EVENTQ_BASE, window | 4);
	h_wr32(&h, SMMU_REG_CR0, 0xc);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 1);
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
	smmu_lock(h.smmu);
	assert_true(smmu_event_record(h.smmu, &ev));
	smmu_unlock_and_deliver(h.smmu);
	/* But an MSI to a register of its own arrives: the lock is free by then. */
	smmu_reset(h.smmu);
	h_init_queues(&h);
	smmu_set(dw, SMMU_CMD_SYNC_OPCODE, SMMU_OP_SYNC);
	smmu_set(dw, SMMU_CMD_SYNC_CS, SMMU_CS_IRQ);
	smmu_set(dw, SMMU_CMD_SYNC_MSIData, 2);
	smmu_set_addr(dw, SMMU_CMD_SYNC_MSIAddress, window + SMMU_REG_CR2);
	h_cmd_dw(&h, dw);
	assert_int_equal(h_rd32(&h, SMMU_REG_CR2), 2);
	h_teardown(&h);
}

/* ---- all at once: registers, DMA, events, resets, and handlers that join in ---- */

#define TRICK	   0x20000000ull /* memory that misbehaves */
#define TRICK_SIZE 0x20000ull

struct storm {
	struct harness *h;
	uint64_t seed;
};

static _Thread_local unsigned depth; /* of handlers, on this thread */

/* Registers of queues and tables, in holes, in the window, at the end of all. */
static uint64_t storm_value(void)
{
	static const uint64_t bait[] = { TRICK | 4,
					 TRICK | 19,
					 TRICK + 0x1fff0,
					 0x10000000 | 6,
					 H_RAM | 3,
					 UINT64_MAX - 31,
					 0xffffffffffe0,
					 (H_RAM + H_RAM_SIZE) | 8,
					 H_RAM | 19,
					 H_RAM | 0,
					 0xd,
					 0x1fd };
	uint64_t r = rng();

	return r & 1 ? bait[(r >> 8) % (sizeof(bait) / sizeof(bait[0]))] : r >> 40;
}

static void storm_mmio(struct harness *h)
{
	uint64_t offset = hostile_offset() & ~3ull;
	unsigned size = offset & 4 || rng() & 1 ? 4 : 8;

	if (rng() & 3)
		smmu_mmio_write(h->smmu, offset, size, storm_value());
	else
		(void)smmu_mmio_read(h->smmu, offset, size);
}

static void storm_dma(struct harness *h)
{
	struct smmu_port *port = smmu_port_open(h->smmu);
	struct smmu_txn txn = { .sid = (uint32_t)(rng() & 31), .addr = storm_value() };
	char buf[16];

	assert_non_null(port);
	txn.ssv = rng() & 1;
	txn.ssid = (uint32_t)(rng() & 3);
	(void)smmu_dma(port, &txn, buf, sizeof(buf), NULL);
	smmu_port_close(port);
}

static void storm_step(struct harness *h)
{
	struct smmu_stats stats;

	switch (rng() & 63) {
	case 0:
		smmu_reset(h->smmu);
		break;
	case 1:
		smmu_stats_read(h->smmu, &stats);
		break;
	case 2:
	case 3:
		no_errors_pending(h);
		break;
	case 4:
		h_wr32(h, SMMU_REG_CR0, (uint32_t)(rng() & 0xd));
		break;
	case 5:
	case 6:
		h_wr32(h, SMMU_REG_IRQ_CTRL, 5);
		break;
	default:
		if (rng() & 3)
			storm_mmio(h);
		else
			storm_dma(h);
	}
}

static void storm_handler(void *ctx, const char *name)
{
	(void)name;
	if (depth >= 4)
		return;
	depth++;
	for (unsigned i = 0; i < 3; i++)
		storm_step(ctx);
	depth--;
}

/* Answers with anything or an abort; may come back to the registers, or reset. */
static int storm_read(void *ctx, uint64_t pa, void *buf, size_t len,
		      const struct smmu_attr *attr)
{
	uint64_t value = rng() & 1 ? rng() & 0x7f : rng();

	(void)attr;
	if ((rng() & 15) == 0)
		smmu_mmio_write(((struct harness *)ctx)->smmu, pa & 0xfc, 4, value);
	if ((rng() & 255) == 0)
		smmu_reset(((struct harness *)ctx)->smmu);
	memset(buf, 0, len);
	memcpy(buf, &value, len <= 8 ? len : 8);
	return rng() & 15 ? 0 : -1;
}

static int storm_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		       const struct smmu_attr *attr)
{
	uint64_t value;

	(void)buf;
	return storm_read(ctx, pa, &value, len <= 8 ? len : 8, attr);
}

static void *storm_thread(void *ctx)
{
	const struct storm *s = ctx;

	rng_state = s->seed;
	for (unsigned i = 0; i < 8000; i++) {
		storm_step(s->h);
		if ((i & 7) == 0)
			hostile_command(s->h);
	}
	return NULL;
}

static void storm_setup(struct harness *h, enum smmu_preset preset)
{
	static const struct smmu_mem_ops ops = { .read = storm_read,
						 .write = storm_write };
	static const char *const wires[] = { "smmu.eventq", "smmu.gerror",
					     "smmu.cmdq-sync", "smmu.sev" };

	h_setup(h, preset, NULL);
	assert_int_equal(smmu_bus_add_region(h->bus, TRICK, TRICK_SIZE, &ops, h), 0);
	for (size_t i = 0; i < sizeof(wires) / sizeof(wires[0]); i++)
		assert_int_equal(smmu_bus_listen(h->bus, wires[i], storm_handler, h), 0);
}

static void storm_is_over(struct harness *h)
{
	rng_state = 0; /* handlers and memory keep still */
	depth = 4;
	smmu_reset(h->smmu);
	h_init_queues(h);
	h_sync(h);
	h_teardown(h);
	depth = 0;
}

static void storms_are_survived(void **state)
{
	(void)state;
	for (int preset = 0; preset < SMMU_PRESET_COUNT; preset++) {
		struct harness h;
		struct storm s = { &h, 0x9e3779b97f4a7c15ull * (unsigned)(preset + 1) };

		storm_setup(&h, (enum smmu_preset)preset);
		(void)storm_thread(&s);
		storm_is_over(&h);
	}
}

static void storms_on_threads_are_survived(void **state)
{
	enum { THREADS = 3 };
	struct storm s[THREADS];
	pthread_t thread[THREADS];
	struct harness h;

	(void)state;
	storm_setup(&h, SMMU_PRESET_FULL);
	for (unsigned i = 0; i < THREADS; i++) {
		s[i] = (struct storm){ &h, 0xa0761d6478bd642full * (i + 1) };
		assert_int_equal(pthread_create(&thread[i], NULL, storm_thread, &s[i]),
				 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	storm_is_over(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_register_traffic_is_survived),
		cmocka_unit_test(smmu_that_reads_itself_does_not_hang),
		cmocka_unit_test(storms_are_survived),
		cmocka_unit_test(storms_on_threads_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
