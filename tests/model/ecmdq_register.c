/* SPDX-License-Identifier: MIT */
/* Control pages and the registers of Enhanced Command queues (3.5.6, 6.2.5, 6.3.107). */
#include "model/ecmdq_bench.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define PAGE 0x10000u

static uint64_t page_base(struct harness *h, int n)
{
	return h_rd64(h, (uint64_t)SMMU_REG_CMDQ_CONTROL_PAGE_BASE(n));
}

static uint64_t cfg_reg(int n)
{
	return (uint64_t)SMMU_REG_CMDQ_CONTROL_PAGE_CFG(n);
}

static void geometry(struct smmu_config *cfg)
{
	cfg->cmdq_control_page_log2nump = 2;
	cfg->cmdq_control_page_log2numq = 7;
}

static void largest(struct smmu_config *cfg)
{
	cfg->cmdq_control_page_log2nump = 8;
	cfg->cmdq_control_page_log2numq = 8;
}

static void single(struct smmu_config *cfg)
{
	cfg->cmdq_control_page_log2nump = 0;
	cfg->cmdq_control_page_log2numq = 0;
}

static void without(struct smmu_config *cfg)
{
	cfg->ecmdq = 0;
	cfg->cmdq_control_page_log2nump = 0;
	cfg->cmdq_control_page_log2numq = 0;
}

static void pages_are_announced(void **state)
{
	struct harness h;
	uint64_t last = 0, base;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, geometry);
	assert_true(h_rd32(&h, SMMU_REG_IDR1) & SMMU_MASK(SMMU_IDR1_ECMDQ));
	/* REG-106, Q-37: 2^LOG2NUMP pages of 2^LOG2NUMQ queues */
	assert_int_equal(h_rd32(&h, SMMU_REG_IDR6), 2 << 24 | 7 << 16);
	for (int n = 0; n < 4; n++) {
		base = page_base(&h, n);
		/* REG-106: PRESET 1, CMDQGS 0b01, EN and ENACK 1 */
		assert_int_equal(base & 0xffff, 3);
		assert_int_equal(h_rd32(&h, cfg_reg(n)), 1);
		assert_int_equal(h_rd32(&h, cfg_reg(n) + 4), 1);
		base &= ~0xffffull;
		assert_true(base >= 0x20000);
		if (n)
			assert_int_equal(base, last + PAGE);
		assert_true(base + PAGE <= smmu_mmio_size(h.smmu));
		last = base;
		/* REG-7: read-only */
		h_wr64(&h, cfg_reg(n) - 8, ~0ull);
		h_wr32(&h, cfg_reg(n), 0);
		assert_int_equal(page_base(&h, n), base | 3);
		assert_int_equal(h_rd32(&h, cfg_reg(n)), 1);
	}
	/* REG-2: no fifth page, and nothing between two entries */
	assert_int_equal(page_base(&h, 4), 0);
	assert_int_equal(h_rd32(&h, cfg_reg(4)), 0);
	assert_int_equal(h_rd64(&h, SMMU_REG_CMDQ_CONTROL_PAGE_BASE + 0x10), 0);
	h_teardown(&h);
}

/* REG-6, REG-105: without IDR1.ECMDQ none of it is there, and page 0, 1 are all. */
static void absent_without_the_feature(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, without);
	assert_false(h_rd32(&h, SMMU_REG_IDR1) & SMMU_MASK(SMMU_IDR1_ECMDQ));
	assert_int_equal(h_rd32(&h, SMMU_REG_IDR6), 0);
	assert_int_equal(page_base(&h, 0), 0);
	assert_int_equal(h_rd32(&h, cfg_reg(0)), 0);
	/* EVT-88: nor CMDQP_ERR */
	h_wr32(&h, SMMU_REG_GERRORN, (uint32_t)SMMU_MASK(SMMU_GERROR_CMDQP_ERR));
	assert_int_equal(h_rd32(&h, SMMU_REG_GERRORN), 0);
	h_teardown(&h);
}

static void queues_are_spread_evenly(void **state)
{
	static void (*const shapes[])(struct smmu_config *) = { geometry, largest,
								single };
	static const struct {
		unsigned pages, queues, stride;
	} want[] = { { 4, 128, 0x200 }, { 256, 256, 0x100 }, { 1, 1, 0x10000 } };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct harness h;
		uint64_t first, last;

		h_setup(&h, SMMU_PRESET_FULL, shapes[i]);
		first = eq_offset(&h, 0, 0);
		last = eq_offset(&h, want[i].pages - 1, want[i].queues - 1);
		/* REG-106, Q-37: queue n at n * (0x10000 >> LOG2NUMQ) of its page */
		assert_int_equal(last - first,
				 (want[i].pages - 1) * PAGE +
					 (want[i].queues - 1) * want[i].stride);
		h_wr64(&h, last + EQ_BASE, H_RAM | 5);
		assert_int_equal(h_rd64(&h, last + EQ_BASE), H_RAM | 5);
		if (last != first)
			assert_int_equal(h_rd64(&h, first + EQ_BASE), 0);
		/* REG-2: what follows the 16 bytes of a queue */
		if (want[i].stride > 16) {
			h_wr64(&h, last + 16, ~0ull);
			assert_int_equal(h_rd64(&h, last + 16), 0);
		}
		/* and nothing lies beyond the window */
		h_wr64(&h, smmu_mmio_size(h.smmu), ~0ull);
		assert_int_equal(h_rd64(&h, smmu_mmio_size(h.smmu)), 0);
		h_teardown(&h);
	}
}

/* REG-5, REG-15, REG-87, REG-109: the bits that exist. REG-13: halves. */
static void registers_keep_their_fields(void **state)
{
	struct harness h;
	uint64_t r;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_3, NULL);
	h_teardown(&h);
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	r = eq_offset(&h, 1, 3);
	h_wr64(&h, r + EQ_BASE, ~0ull);
	/* OAS 52: ADDR[51:5] */
	assert_int_equal(h_rd64(&h, r + EQ_BASE), 0x400fffffffffffffull);
	h_wr32(&h, r + EQ_BASE, 6);
	assert_int_equal(h_rd64(&h, r + EQ_BASE), 0x400fffff00000006ull);
	h_wr32(&h, r + EQ_BASE + 4, 0);
	assert_int_equal(h_rd64(&h, r + EQ_BASE), 6);
	/* REG-87: 64 entries: RD has 7 bits; WR has what the largest queue needs */
	h_wr32(&h, r + EQ_CONS, ~0u);
	/* REG-108: ERR, ERR_REASON and RD are taken, ENACK is not */
	assert_int_equal(h_rd32(&h, r + EQ_CONS), 0x0780007f);
	h_wr32(&h, r + EQ_PROD, ~0u & ~EQ_EN);
	assert_int_equal(h_rd32(&h, r + EQ_PROD), 0x008fffff);
	/* REG-11: two registers in one access */
	assert_int_equal(h_rd64(&h, r + EQ_PROD), 0);
	h_wr64(&h, r + EQ_PROD, 0);
	assert_int_equal(h_rd32(&h, r + EQ_PROD), 0x008fffff);
	/* REG-10: misaligned, too small */
	assert_int_equal(smmu_mmio_read(h.smmu, r + 2, 4), 0);
	smmu_mmio_write(h.smmu, r, 2, 0xffff);
	assert_int_equal(h_rd64(&h, r + EQ_BASE), 6);
	h_teardown(&h);
}

/* REG-108: BASE and CONS only while the queue is off; PROD always. Q-39: EN, ENACK. */
static void enabled_queues_are_guarded(void **state)
{
	struct harness h;
	struct eq q;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	eq_open(&q, &h, 0, 2, 6);
	h_wr64(&h, q.reg + EQ_BASE, 0);
	assert_int_equal(h_rd64(&h, q.reg + EQ_BASE), q.ring | 6);
	h_wr32(&h, q.reg + EQ_CONS, 5);
	assert_int_equal(eq_cons(&q), EQ_ENACK);
	/* REG-107, CMD-92: ENACK follows EN */
	h_wr32(&h, q.reg + EQ_PROD, 0);
	assert_int_equal(eq_cons(&q), 0);
	h_wr32(&h, q.reg + EQ_CONS, 5);
	assert_int_equal(eq_cons(&q), 5);
	h_wr64(&h, q.reg + EQ_BASE, 7);
	assert_int_equal(h_rd64(&h, q.reg + EQ_BASE), 7);
	h_teardown(&h);
}

/* REG-36, REG-113, Q-38: CR1.QUEUE_* is fixed while any ECMDQ is on. */
static void queue_attributes_are_guarded(void **state)
{
	struct harness h;
	struct eq q;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	eq_open(&q, &h, 1, 15, 6);
	h_wr32(&h, SMMU_REG_CR1, 0x3f);
	assert_int_equal(h_rd32(&h, SMMU_REG_CR1) & 0x3f, 0);
	h_wr32(&h, q.reg + EQ_PROD, 0);
	h_wr32(&h, SMMU_REG_CR1, 0x3f);
	assert_int_equal(h_rd32(&h, SMMU_REG_CR1) & 0x3f, 0x3f);
	h_teardown(&h);
}

/* REG-120: EN, ENACK, ERR and ERRACK reset to 0. */
static void reset_disables(void **state)
{
	struct harness h;
	struct eq q;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, NULL);
	eq_open(&q, &h, 0, 0, 6);
	eq_cmd(&q, 0xee, 0);
	assert_true(eq_cons(&q) & EQ_ERR);
	smmu_reset(h.smmu);
	assert_int_equal(eq_cons(&q), 0);
	assert_int_equal(h_rd32(&h, q.reg + EQ_PROD), 0);
	assert_int_equal(h_rd64(&h, q.reg + EQ_BASE), 0);
	h_teardown(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_announced),
		cmocka_unit_test(absent_without_the_feature),
		cmocka_unit_test(queues_are_spread_evenly),
		cmocka_unit_test(registers_keep_their_fields),
		cmocka_unit_test(enabled_queues_are_guarded),
		cmocka_unit_test(queue_attributes_are_guarded),
		cmocka_unit_test(reset_disables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
