/* SPDX-License-Identifier: MIT */
/* A DMA master in front of a real SMMU: what arrives, what is counted, what ends it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/bus.h>
#include <smmulator/endpoint.h>

#define RAM	0x80000000u
#define RAM_END (RAM + (1u << 20))
#define STRTAB	(RAM + 0x80000) /* four STEs */
#define CD	(RAM + 0x81000)
#define TTB	(RAM + 0x90000) /* all zero: every address faults */

struct rig {
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct smmu_endpoint *ep; /* streams 0 to 3 of the SMMU; 4: the bus itself */
	unsigned char buf[3 * 4096];
};

static int set_up(void **state)
{
	static struct rig rig;
	struct smmu_endpoint_stream streams[5] = {
		{ NULL, 0 }, { NULL, 1 }, { NULL, 2 }, { NULL, 3 }, { NULL, 0 }
	};
	struct smmu_endpoint_config cfg = { .size = sizeof(cfg),
					    .name = "nic",
					    .is_pci = true,
					    .rid = 0x108,
					    .nstreams = 5,
					    .streams = streams };
	struct smmu_config smmu_cfg;

	memset(&rig, 0, sizeof(rig));
	rig.bus = smmu_bus_create();
	assert_non_null(rig.bus);
	assert_int_equal(smmu_bus_add_ram(rig.bus, RAM, RAM_END - RAM, NULL), 0);
	assert_int_equal(smmu_config_init(&smmu_cfg, SMMU_PRESET_V3_2), 0);
	smmu_cfg.term_model = 0; /* CD.A may be 0 */
	assert_int_equal(smmu_create(&rig.smmu, rig.bus, &smmu_cfg), 0);
	for (size_t i = 0; i < 4; i++)
		streams[i].smmu = rig.smmu;
	cfg.bus = rig.bus;
	assert_int_equal(smmu_endpoint_create(&rig.ep, &cfg), 0);
	for (size_t i = 0; i < sizeof(rig.buf); i++)
		rig.buf[i] = (unsigned char)(i * 7 + i / 256);
	*state = &rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	smmu_endpoint_destroy(rig->ep);
	smmu_destroy(rig->smmu);
	smmu_bus_destroy(rig->bus);
	return 0;
}

static void put(struct rig *rig, uint64_t pa, const uint64_t *dw, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(smmu_bus_write64(rig->bus, pa + 8 * i, dw[i], NULL), 0);
}

/* STE 0: invalid; 1: abort; 2: bypass; 3: stage 1 with an empty table, CD.A == 0. */
static void enable(struct rig *rig)
{
	uint64_t ste[4][SMMU_STE_DWORDS] = { { 0 } }, cd[SMMU_CD_DWORDS] = { 0 };

	for (size_t i = 1; i < 4; i++) {
		smmu_set(ste[i], SMMU_STE_V, 1);
		smmu_set(ste[i], SMMU_STE_SHCFG, 1);
	}
	smmu_set(ste[1], SMMU_STE_Config, SMMU_STE_CONFIG_ABORT);
	smmu_set(ste[2], SMMU_STE_Config, SMMU_STE_CONFIG_BYPASS);
	smmu_set(ste[3], SMMU_STE_Config, SMMU_STE_CONFIG_S1);
	smmu_set_addr(ste[3], SMMU_STE_S1ContextPtr, CD);
	smmu_set(cd, SMMU_CD_V, 1);
	smmu_set(cd, SMMU_CD_AA64, 1);
	smmu_set(cd, SMMU_CD_T0SZ, 25);
	smmu_set(cd, SMMU_CD_EPD1, 1);
	smmu_set(cd, SMMU_CD_IPS, 5);
	smmu_set_addr(cd, SMMU_CD_TTB0, TTB);
	put(rig, STRTAB, ste[0], 4 * SMMU_STE_DWORDS);
	put(rig, CD, cd, SMMU_CD_DWORDS);
	smmu_mmio_write(rig->smmu, SMMU_REG_STRTAB_BASE, 8, STRTAB);
	smmu_mmio_write(rig->smmu, SMMU_REG_STRTAB_BASE_CFG, 4, 2);
	smmu_mmio_write(rig->smmu, SMMU_REG_CR0, 4, 1);
	assert_int_equal(smmu_mmio_read(rig->smmu, SMMU_REG_CR0ACK, 4), 1);
}

static struct smmu_endpoint_stats stats(struct rig *rig, size_t stream)
{
	struct smmu_endpoint_stats s;

	assert_int_equal(smmu_endpoint_stats(rig->ep, stream, &s), 0);
	return s;
}

static void test_round_trip(void **state)
{
	struct rig *rig = *state;
	unsigned char back[sizeof(rig->buf)] = { 0 };

	/* Unaligned, across two page ends; SMMUEN == 0 bypasses. */
	assert_int_equal(smmu_endpoint_write(rig->ep, 2, RAM + 4090, rig->buf, 8200), 0);
	assert_int_equal(smmu_endpoint_read(rig->ep, 2, RAM + 4090, back, 8200), 0);
	assert_memory_equal(rig->buf, back, 8200);
	assert_memory_equal(smmu_bus_ptr(rig->bus, RAM + 4090, 8200), back, 8200);
	assert_int_equal(stats(rig, 2).bytes_written, 8200);
	assert_int_equal(stats(rig, 2).bytes_read, 8200);
	assert_int_equal(stats(rig, 2).transfers, 2);
	assert_int_equal(stats(rig, 2).faults, 0);
	assert_int_equal(stats(rig, 1).bytes_read, 0);
}

static void test_hole(void **state)
{
	struct rig *rig = *state;
	struct smmu_endpoint_dma dma = { .op = SMMU_WRITE,
					 .addr = RAM_END - 4096 - 8,
					 .buf = rig->buf,
					 .len = 3 * 4096 };
	struct smmu_result r;
	uint64_t done;

	for (dma.stream = 2; dma.stream <= 4; dma.stream += 2) { /* SMMU, then bus */
		assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, &r, &done), -EFAULT);
		assert_int_equal(done, 4096 + 8);
		assert_int_equal(r.status, SMMU_ABORT);
		assert_int_equal(r.event, 0);
		assert_int_equal(stats(rig, dma.stream).faults, 1);
		assert_int_equal(stats(rig, dma.stream).bytes_written, 4096 + 8);
	}
	assert_int_equal(stats(rig, SIZE_MAX).faults, 2);
}

static void test_terminated(void **state)
{
	struct rig *rig = *state;
	struct smmu_endpoint_dma dma = {
		.op = SMMU_READ, .addr = RAM, .buf = rig->buf, .len = 64
	};
	struct smmu_result r;
	uint64_t done = 1;

	enable(rig);
	dma.stream = 0; /* STE-1: V == 0 */
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, &r, &done), -EFAULT);
	assert_int_equal(r.event, SMMU_EVT_C_BAD_STE);
	assert_int_equal(done, 0);
	assert_int_equal(stats(rig, 0).last_fault.event, SMMU_EVT_C_BAD_STE);
	dma.stream = 1; /* STE-2: abort without an event */
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, &r, &done), -EFAULT);
	assert_int_equal(r.event, 0);
	dma.stream = 2; /* bypass */
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, &r, &done), 0);
	assert_int_equal(done, 64);
	assert_true(r.bypass);
	assert_int_equal(stats(rig, SIZE_MAX).transfers, 3);
	assert_int_equal(stats(rig, SIZE_MAX).bytes_read, 64);
}

/* CD-4: A == 0: the device sees zeros and success, page after page. */
static void test_read_as_zero(void **state)
{
	struct rig *rig = *state;
	struct smmu_endpoint_dma dma = { .stream = 3,
					 .op = SMMU_READ,
					 .addr = 0x1ff8,
					 .buf = rig->buf,
					 .len = 4096 + 16 };
	unsigned char zeros[4096 + 16] = { 0 };
	unsigned char after = rig->buf[4096 + 16];
	struct smmu_result r;
	uint64_t done = 1;

	enable(rig);
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, &r, &done), 0);
	assert_int_equal(r.status, SMMU_RAZ_WI);
	assert_int_equal(r.event, SMMU_EVT_F_TRANSLATION);
	assert_int_equal(done, 0);
	assert_memory_equal(rig->buf, zeros, sizeof(zeros));
	assert_int_equal(rig->buf[4096 + 16], after);
	assert_int_equal(stats(rig, 3).faults, 3); /* three pages */
	assert_int_equal(stats(rig, 3).bytes_read, 0);
	dma.op = SMMU_WRITE;
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, NULL, NULL), 0);
	assert_int_equal(stats(rig, 3).bytes_written, 0);
}

static void test_misuse(void **state)
{
	struct rig *rig = *state;
	struct smmu_endpoint_dma dma = {
		.op = SMMU_READ, .addr = RAM, .buf = rig->buf, .len = 8
	};
	struct smmu_endpoint_config cfg = { .size = sizeof(cfg) };
	struct smmu_endpoint_stream nowhere = { NULL, 0 };
	struct smmu_endpoint_stats s;
	struct smmu_endpoint *ep = NULL;

	dma.stream = 5;
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, NULL, NULL), -EINVAL);
	dma.stream = 4;
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, NULL, NULL), 0);
	dma.op = SMMU_ATOMIC;
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, NULL, NULL), -EINVAL);
	dma.op = SMMU_READ;
	dma.addr = UINT64_MAX - 6; /* 8 bytes would wrap, 7 would not */
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, NULL, NULL), -EINVAL);
	dma.len = 7;
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, NULL, NULL), -EFAULT);
	dma.len = 0;
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, NULL, NULL), 0);
	assert_int_equal(smmu_endpoint_stats(rig->ep, 5, &s), -EINVAL);

	assert_int_equal(smmu_endpoint_create(&ep, &cfg), -EINVAL);
	cfg.nstreams = 1;
	cfg.streams = &nowhere;
	assert_int_equal(smmu_endpoint_create(&ep, &cfg), -EINVAL); /* no bus either */
	assert_null(ep);
	cfg.bus = rig->bus;
	assert_int_equal(smmu_endpoint_create(&ep, &cfg), 0);
	assert_int_equal(smmu_endpoint_rid(ep), -1);
	smmu_endpoint_destroy(ep);
	assert_int_equal(smmu_endpoint_rid(rig->ep), 0x108);
	assert_string_equal(smmu_endpoint_name(rig->ep), "nic");
	assert_int_equal(smmu_endpoint_streams(rig->ep), 5);
	assert_int_equal(smmu_endpoint_stream(rig->ep, 3)->sid, 3);
	assert_null(smmu_endpoint_stream(rig->ep, 5));
	smmu_endpoint_destroy(NULL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* ---- stalls ---- */

#define EVENTQ (RAM + 0x84000)
#define CMDQ   (RAM + 0x85000)

/* A platform device behind an SMMU whose only CD stalls, and its queues. */
static void stall_rig(struct rig *rig, bool is_pci)
{
	struct smmu_endpoint_stream stream = { NULL, 3 };
	struct smmu_endpoint_config cfg = {
		.size = sizeof(cfg), .is_pci = is_pci, .nstreams = 1, .streams = &stream
	};
	struct smmu_config smmu_cfg;
	uint64_t cd0;

	smmu_endpoint_destroy(rig->ep);
	smmu_destroy(rig->smmu);
	assert_int_equal(smmu_config_init(&smmu_cfg, SMMU_PRESET_V3_2), 0);
	smmu_cfg.term_model = 0;
	smmu_cfg.stall_model = 0;
	smmu_cfg.stall_max = 4;
	assert_int_equal(smmu_create(&rig->smmu, rig->bus, &smmu_cfg), 0);
	stream.smmu = rig->smmu;
	assert_int_equal(smmu_endpoint_create(&rig->ep, &cfg), 0);
	enable(rig);
	assert_int_equal(smmu_bus_read64(rig->bus, CD, &cd0, NULL), 0);
	smmu_set(&cd0, SMMU_CD_S, 1);
	put(rig, CD, &cd0, 1);
	smmu_mmio_write(rig->smmu, SMMU_REG_EVENTQ_BASE, 8, EVENTQ | 4);
	smmu_mmio_write(rig->smmu, SMMU_REG_CMDQ_BASE, 8, CMDQ | 4);
	smmu_mmio_write(rig->smmu, SMMU_REG_CR0, 4, 0xd);
}

/* Answers STAG n, which are taken in turn; Ac and Ab in dw0. */
static void resume(struct rig *rig, unsigned n, uint64_t how)
{
	const uint64_t cmd[2] = { 0x44 | how | 3ull << 32, n % 4 };

	put(rig, CMDQ + 16 * n, cmd, 2);
	smmu_mmio_write(rig->smmu, SMMU_REG_CMDQ_PROD, 4, n + 1);
}

/* Maps 0x1000 to 0x3000 to RAM, or no more. */
static void map_low(struct rig *rig, bool there)
{
	const uint64_t l1 = (TTB + 0x1000) | 3, l2 = (TTB + 0x2000) | 3;

	put(rig, TTB, &l1, 1);
	put(rig, TTB + 0x1000, &l2, 1);
	for (uint64_t page = 1; page < 4; page++) {
		uint64_t leaf = there ? (RAM + page * 4096) | 0x743 : 0;

		put(rig, TTB + 0x2000 + 8 * page, &leaf, 1);
	}
}

static void test_stall_is_pending(void **state)
{
	struct rig *rig = *state;
	struct smmu_endpoint_dma dma = {
		.op = SMMU_WRITE, .addr = 0x1000, .buf = rig->buf, .len = 3 * 4096
	};
	struct smmu_result res;
	uint64_t done;

	stall_rig(rig, false);
	map_low(rig, false);
	assert_int_equal(smmu_endpoint_wait(rig->ep, 0, 0, &res, &done), -ENOENT);
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, &res, &done), -EAGAIN);
	assert_int_equal(res.status, SMMU_STALLED);
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, &res, &done), -EBUSY);
	assert_int_equal(smmu_endpoint_wait(rig->ep, 0, 0, &res, &done), -ETIMEDOUT);
	assert_int_equal(stats(rig, 0).faults, 0);
	map_low(rig, true);
	resume(rig, 0, 1 << 12);
	assert_int_equal(smmu_endpoint_wait(rig->ep, 0, -1, &res, &done), 0);
	assert_int_equal(done, 3 * 4096);
	assert_memory_equal(smmu_bus_ptr(rig->bus, RAM + 4096, 3 * 4096), rig->buf,
			    3 * 4096);
	assert_int_equal(stats(rig, 0).bytes_written, 3 * 4096);
	/* terminated with RAZ/WI: it goes on behind that piece, and stalls again there */
	dma.addr = 0x4000;
	dma.len = 2 * 4096;
	dma.op = SMMU_READ;
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, &res, &done), -EAGAIN);
	resume(rig, 1, 0);
	assert_int_equal(smmu_endpoint_wait(rig->ep, 0, 0, &res, &done), -ETIMEDOUT);
	resume(rig, 2, 1 << 13);
	assert_int_equal(smmu_endpoint_wait(rig->ep, 0, 0, &res, &done), -EFAULT);
	assert_int_equal(done, 0);
	assert_int_equal(rig->buf[4095], 0);
	assert_int_equal(stats(rig, 0).faults, 2);
	/* given up */
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, &res, &done), -EAGAIN);
	assert_int_equal(smmu_endpoint_cancel(rig->ep, 0), 0);
	assert_int_equal(smmu_endpoint_cancel(rig->ep, 0), -ENOENT);
	assert_int_equal(smmu_endpoint_cancel(rig->ep, 1), -EINVAL);
	/* and destroyed while pending */
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, &res, &done), -EAGAIN);
}

#define BELL (RAM + 0x10000000)

struct impatient {
	struct rig *rig;
	unsigned calls;
	int err;
};

static void on_bell(void *ctx, uint64_t pa, uint32_t data, const struct smmu_attr *attr)
{
	struct impatient *i = ctx;

	(void)pa;
	(void)data;
	(void)attr;
	i->calls++;
	i->err = smmu_endpoint_cancel(i->rig->ep, 0);
}

/* What cannot be given up at the moment is pending still. */
static void test_no_cancel_in_between(void **state)
{
	struct rig *rig = *state;
	struct smmu_endpoint_dma dma = {
		.op = SMMU_WRITE, .addr = 0x1000, .buf = rig->buf, .len = 4
	};
	struct impatient i = { .rig = rig };
	const uint64_t leaf = BELL | 0x743;
	uint64_t done;

	stall_rig(rig, false);
	map_low(rig, false);
	assert_int_equal(smmu_bus_add_doorbell(rig->bus, BELL, 4096, on_bell, &i), 0);
	assert_int_equal(smmu_endpoint_dma(rig->ep, &dma, NULL, NULL), -EAGAIN);
	put(rig, TTB + 0x2008, &leaf, 1);
	resume(rig, 0, 1 << 12);
	assert_int_equal(i.calls, 1);
	assert_int_equal(i.err, -EBUSY);
	assert_int_equal(smmu_endpoint_wait(rig->ep, 0, 0, NULL, &done), 0);
	assert_int_equal(done, 4);
	assert_int_equal(smmu_endpoint_cancel(rig->ep, 0), -ENOENT);
}

/* EVT-57: a PCIe function is never stalled. */
static void test_pcie_is_not_stalled(void **state)
{
	struct rig *rig = *state;
	uint64_t word[4];

	stall_rig(rig, true);
	map_low(rig, false);
	assert_int_equal(smmu_endpoint_read(rig->ep, 0, 0x1000, rig->buf, 8), -EFAULT);
	assert_int_equal(smmu_mmio_read(rig->smmu, SMMU_REG_EVENTQ_PROD, 4), 1);
	for (unsigned i = 0; i < 4; i++)
		smmu_bus_read64(rig->bus, EVENTQ + 8 * i, &word[i], NULL);
	assert_int_equal(smmu_get(word, SMMU_F_TRANSLATION_Stall), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_round_trip),
		CASE(test_hole),
		CASE(test_terminated),
		CASE(test_read_as_zero),
		CASE(test_misuse),
		CASE(test_stall_is_pending),
		CASE(test_no_cancel_in_between),
		CASE(test_pcie_is_not_stalled),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
