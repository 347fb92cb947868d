/* SPDX-License-Identifier: MIT */
/* Ports: DMA in pieces, aborts on the way, atomics, and doorbells that call back. */
#include "model/config_bench.h"
#include <string.h>

static void no_tweak(struct smmu_config *cfg)
{
	cfg->term_model = 0;
}

/* VA and the next page to pages that are not neighbours. */
static uint64_t set_up(struct bench *b)
{
	uint64_t ste[8], cd[8], far;

	b_setup(b, SMMU_PRESET_V3_2, no_tweak);
	far = h_alloc(&b->h, 8192, 4096) + 4096;
	h_map(&b->h, b->ttb0, VA + 4096, far, 3, h_s1_rw());
	b_ste(b, SMMU_STE_CONFIG_S1, ste);
	b_put_ste(b, SID, ste);
	b_cd(b, cd);
	b_put_cd(b, SID, 0, b->cd, cd);
	return far;
}

static struct smmu_result dma(struct bench *b, unsigned op, uint64_t addr, void *buf,
			      uint64_t len, uint64_t *done)
{
	const struct smmu_txn txn = { .sid = SID, .op = (uint8_t)op, .addr = addr };

	return smmu_dma(h_port(&b->h), &txn, buf, len, done);
}

static void dma_crosses_pages(void **state)
{
	uint8_t out[6000], in[6000];
	uint64_t done, far;
	struct bench b;

	(void)state;
	far = set_up(&b);
	for (unsigned i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + 1);
	assert_int_equal(dma(&b, SMMU_WRITE, VA + 100, out, sizeof(out), &done).status,
			 SMMU_OK);
	assert_int_equal(done, sizeof(out));
	assert_memory_equal(smmu_bus_ptr(b.h.bus, b.page + 100, 3996), out, 3996);
	assert_memory_equal(smmu_bus_ptr(b.h.bus, far, 2004), out + 3996, 2004);
	memset(in, 0, sizeof(in));
	assert_int_equal(dma(&b, SMMU_READ, VA + 100, in, sizeof(in), NULL).status,
			 SMMU_OK);
	assert_memory_equal(in, out, sizeof(out));
	b_teardown(&b);
}

static void dma_stops_at_the_first_fault(void **state)
{
	uint8_t buf[8192] = { 1 };
	struct smmu_result res;
	uint64_t done = 77;
	struct bench b;

	(void)state;
	set_up(&b);
	res = dma(&b, SMMU_WRITE, VA + 4096 + 4000, buf, sizeof(buf), &done);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, SMMU_EVT_F_TRANSLATION);
	assert_int_equal(done, 96);
	assert_int_equal(h_events_drain(&b.h), 1);
	/* nothing to move: nothing is asked */
	res = dma(&b, SMMU_READ, 0xdead000, buf, 0, &done);
	assert_int_equal(res.status, SMMU_OK);
	assert_int_equal(done, 0);
	/* atomics have a function of their own */
	res = dma(&b, SMMU_ATOMIC, VA, buf, 8, &done);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, 0);
	b_no_event(&b);
	b_teardown(&b);
}

/* An output address without memory: the bus aborts, the SMMU has nothing to record. */
static void output_into_a_hole(void **state)
{
	uint64_t old = 0, done = 77;
	struct smmu_result res;
	uint8_t buf[16];
	struct bench b;

	(void)state;
	set_up(&b);
	h_map(&b.h, b.ttb0, 0x900000, 0x10000000, 3, h_s1_rw());
	res = dma(&b, SMMU_READ, 0x900000, buf, sizeof(buf), &done);
	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, 0);
	assert_int_equal(done, 0);
	const struct smmu_txn txn = { .sid = SID, .addr = 0x900000 };

	assert_int_equal(smmu_dma_cas64(h_port(&b.h), &txn, &old, 1).status, SMMU_ABORT);
	b_no_event(&b);
	b_teardown(&b);
}

static void compare_and_swap(void **state)
{
	const struct smmu_txn txn = { .sid = SID, .addr = VA + 8 },
			      odd = { .sid = SID, .addr = VA + 4 };
	uint64_t expected = 5;
	struct bench b;

	(void)state;
	set_up(&b);
	h_write64(&b.h, b.page + 8, 5);
	assert_int_equal(smmu_dma_cas64(h_port(&b.h), &txn, &expected, 9).status,
			 SMMU_OK);
	assert_int_equal(expected, 5);
	assert_int_equal(h_read64(&b.h, b.page + 8), 9);
	assert_int_equal(smmu_dma_cas64(h_port(&b.h), &txn, &expected, 1).status,
			 SMMU_OK);
	assert_int_equal(expected, 9);
	assert_int_equal(h_read64(&b.h, b.page + 8), 9);
	/* alignment is the bus's business, not the SMMU's */
	assert_int_equal(smmu_dma_cas64(h_port(&b.h), &odd, &expected, 1).status,
			 SMMU_ABORT);
	b_no_event(&b);
	b_teardown(&b);
}

/* ARS: terminated without an error, reads give 0 and writes vanish. */
static void raz_wi_reads_zero(void **state)
{
	uint8_t buf[8], zero[8] = { 0 };
	uint64_t cd[8], done;
	struct bench b;

	(void)state;
	set_up(&b);
	b_cd(&b, cd);
	smmu_set(cd, SMMU_CD_A, 0);
	smmu_set(cd, SMMU_CD_R, 0);
	b_put_cd(&b, SID, 0, b.cd, cd);
	memset(buf, 0xff, sizeof(buf));
	assert_int_equal(dma(&b, SMMU_READ, 0xdead000, buf, 8, &done).status,
			 SMMU_RAZ_WI);
	assert_memory_equal(buf, zero, 8);
	assert_int_equal(done, 0);
	assert_int_equal(dma(&b, SMMU_WRITE, 0xdead000, buf, 8, NULL).status,
			 SMMU_RAZ_WI);
	b_no_event(&b);
	b_teardown(&b);
}

#define BELL 0x30000000ull

/* A handler that comes back to the SMMU: registers and DMA, as a driver's would. */
static void on_bell(void *ctx, uint64_t pa, uint32_t data, const struct smmu_attr *attr)
{
	struct bench *b = ctx;

	(void)pa;
	(void)attr;
	assert_int_equal(data, 0x1234);
	assert_int_not_equal(h_rd32(&b->h, SMMU_REG_CR0ACK), 0);
	b_cfgi_ste(b, SID, true);
	b_expect_ok(b_read(b, SID, VA), b->page);
	h_write64(&b->h, b->page, 0x600d);
}

static void device_writes_a_doorbell(void **state)
{
	uint32_t data = 0x1234;
	struct bench b;

	(void)state;
	set_up(&b);
	assert_int_equal(smmu_bus_add_doorbell(b.h.bus, BELL, 4096, on_bell, &b), 0);
	h_map(&b.h, b.ttb0, 0x900000, BELL, 3, h_s1_rw());
	assert_int_equal(dma(&b, SMMU_WRITE, 0x900040, &data, 4, NULL).status, SMMU_OK);
	assert_int_equal(h_read64(&b.h, b.page), 0x600d);
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dma_crosses_pages),
		cmocka_unit_test(dma_stops_at_the_first_fault),
		cmocka_unit_test(output_into_a_hole),
		cmocka_unit_test(compare_and_swap),
		cmocka_unit_test(raz_wi_reads_zero),
		cmocka_unit_test(device_writes_a_doorbell),
	};

	return cmocka_run_group_tests_name("model_translate_port", tests, NULL, NULL);
}
