/* SPDX-License-Identifier: MIT */
/*
 * Probe: what is refused and by which name, what the ID registers come to, and
 * the state that the SMMU is left in.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "driver/queue.h"
#include "driver/rig.h"

static uint32_t reg(struct rig *r, uint32_t offset)
{
	return (uint32_t)smmu_mmio_read(r->smmu, offset, 4);
}

/* A probe that must fail, name `word` in its message, and leave nothing behind. */
static void refused(struct rig *r, int err, const char *word)
{
	r->last[0] = 0;
	assert_int_equal(rig_probe(r), err);
	assert_null(r->drv);
	assert_int_equal(r->live, 0);
	if (!strstr(r->last, word))
		fail_msg("\"%s\" does not name %s", r->last, word);
	assert_int_equal(reg(r, SMMU_REG_CR0), 0);
	assert_int_equal(iommu_fwnode_refs(r->fwnode), 1);
}

static void accepted(struct rig *r)
{
	assert_int_equal(rig_probe(r), 0);
	arm_smmu_remove(r->drv);
	r->drv = NULL;
	assert_int_equal(r->live, 0);
}

/* DRV-2, DRV-4 */
static void probe_refuses_bad_descriptions(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	r.desc.iommu_cells = 2;
	refused(&r, -EINVAL, "#iommu-cells");
	r.desc.iommu_cells = 0;
	refused(&r, -EINVAL, "#iommu-cells");
	r.desc.iommu_cells = 1;
	r.desc.size = 0x1ffff;
	refused(&r, -EINVAL, "128 KiB");
	r.desc.options = ARM_SMMU_PAGE0_REGS_ONLY;
	r.desc.size = 0xffff;
	refused(&r, -EINVAL, "64 KiB");
	r.desc.options = 0;
	r.desc.size = 0x20000;
	r.desc.base = MMIO_BASE + 0x1000;
	refused(&r, -EINVAL, "reg");
	r.desc.base = MMIO_BASE;
	r.desc.irq_eventq = "no.such.wire";
	assert_int_equal(rig_probe(&r), -ENOENT);
	r.desc.irq_eventq = NULL;
	accepted(&r);
	rig_down(&r);
}

struct id_case {
	uint32_t reg;
	unsigned field;
	uint64_t bad, good;
	const char *word;
};

/* DRV-7 to DRV-9: one field at a time, the illegal value and its legal neighbour. */
static void probe_refuses_by_id_field(void **state)
{
	static const struct id_case cases[] = {
		{ SMMU_REG_IDR0, SMMU_IDR0_TTENDIAN, 3, 2, "TTENDIAN" },
		{ SMMU_REG_IDR0, SMMU_IDR0_TTENDIAN, 1, 0, "TTENDIAN" },
		{ SMMU_REG_IDR0, SMMU_IDR0_TTF, 1, 2, "TTF" },
		{ SMMU_REG_IDR0, SMMU_IDR0_TTF, 0, 3, "TTF" },
		{ SMMU_REG_IDR1, SMMU_IDR1_TABLES_PRESET, 1, 0, "TABLES_PRESET" },
		{ SMMU_REG_IDR1, SMMU_IDR1_QUEUES_PRESET, 1, 0, "QUEUES_PRESET" },
		{ SMMU_REG_IDR1, SMMU_IDR1_REL, 1, 0, "REL" },
		{ SMMU_REG_IDR1, SMMU_IDR1_CMDQS, 6, 7, "CMDQS" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct id_case *c = &cases[i];
		struct rig r;
		uint32_t real;

		rig_init(&r, NULL);
		real = reg(&r, c->reg);
		rig_lie(&r, c->reg, (uint32_t)smmu_reg_set(real, c->field, c->bad));
		refused(&r, -ENXIO, c->word);
		rig_lie(&r, c->reg, (uint32_t)smmu_reg_set(real, c->field, c->good));
		accepted(&r);
		rig_down(&r);
	}
}

static void probe_refuses_no_stage_and_no_granule(void **state)
{
	struct rig r;
	uint32_t idr0, idr5;

	(void)state;
	rig_init(&r, NULL);
	idr0 = reg(&r, SMMU_REG_IDR0);
	rig_lie(&r, SMMU_REG_IDR0, idr0 & ~3u); /* S1P, S2P */
	refused(&r, -ENXIO, "S1P");
	rig_lie(&r, SMMU_REG_IDR0, (idr0 & ~3u) | 2);
	accepted(&r);
	rig_lie(&r, SMMU_REG_IDR0, (idr0 & ~3u) | 1);
	accepted(&r);
	rig_lie(&r, SMMU_REG_IDR0, idr0);
	idr5 = reg(&r, SMMU_REG_IDR5);
	rig_lie(&r, SMMU_REG_IDR5, idr5 & ~0x70u);
	refused(&r, -ENXIO, "GRAN4K");
	rig_lie(&r, SMMU_REG_IDR5, (idr5 & ~0x70u) | 0x40);
	accepted(&r);
	rig_down(&r);
}

/* DRV-6: registers that are not acknowledged end the probe, not the process. */
static void probe_times_out(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_lie(&r, SMMU_REG_CR0ACK, 0x1f);
	refused(&r, -ETIMEDOUT, "CR0ACK");
	assert_true(r.polls > 1000);
	r.num_lies = 0;
	rig_lie(&r, SMMU_REG_IRQ_CTRLACK, 0x80);
	refused(&r, -ETIMEDOUT, "IRQ_CTRLACK");
	r.num_lies = 0;
	r.swallow = SMMU_REG_CMDQ_PROD;
	refused(&r, -ETIMEDOUT, "timed out");
	r.swallow = 0;
	accepted(&r);
	rig_down(&r);
}

/* DRV-15 to DRV-19: what the registers hold when the SMMU runs. */
static void probe_leaves_smmu_running(void **state)
{
	struct rig r;
	struct arm_smmu_stats st;

	(void)state;
	rig_up(&r, NULL);
	assert_int_equal(reg(&r, SMMU_REG_CR0), 0xd); /* SMMUEN, EVENTQEN, CMDQEN */
	assert_int_equal(reg(&r, SMMU_REG_CR0ACK), 0xd);
	assert_int_equal(reg(&r, SMMU_REG_CR1), 0xd75); /* ISH, WB, WB, twice */
	assert_int_equal(reg(&r, SMMU_REG_CR2), 2); /* RECINVSID; PTM needs IDR0.BTM */
	assert_int_equal(reg(&r, SMMU_REG_IRQ_CTRL), 5);
	/* DRV-23: two levels, split 8 */
	assert_int_equal(reg(&r, SMMU_REG_STRTAB_BASE_CFG), 1u << 16 | 8u << 6 | 10);
	/* DRV-18: CFGI_ALL, EL2_ALL (IDR0.Hyp), NSNH_ALL, each with its SYNC. */
	arm_smmu_get_stats(r.drv, &st);
	assert_int_equal(st.commands, 6);
	assert_int_equal(st.syncs, 3);
	assert_int_equal(st.tlbi, 2);
	assert_int_equal(st.cfgi, 1);
	assert_int_equal(r.messages, 0);
	rig_down(&r);
}

static void probe_linear_table_for_few_streams(void **state)
{
	struct smmu_config cfg = rig_config();
	uint64_t value = 0;
	struct rig r;

	(void)state;
	/* DRV-8, DRV-22: 8 bits or less are a linear table, every STE aborts. */
	cfg.sid_bits = 8;
	rig_up(&r, &cfg);
	assert_int_equal(reg(&r, SMMU_REG_STRTAB_BASE_CFG), 8);
	assert_int_equal(rig_dma(&r, 255, 0x1000, false, &value).status, SMMU_ABORT);
	assert_int_equal(r.faults, 0); /* Config abort records nothing */
	rig_down(&r);
	cfg.sid_bits = 9;
	rig_up(&r, &cfg);
	assert_int_equal(reg(&r, SMMU_REG_STRTAB_BASE_CFG), 1u << 16 | 8u << 6 | 9);
	rig_down(&r);
}

/* DRV-7: firmware's word on coherence wins, with a warning. */
static void probe_coherence_is_firmwares(void **state)
{
	struct arm_smmu_info info;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	r.desc.coherent = false;
	assert_int_equal(rig_probe(&r), 0);
	assert_int_equal(r.messages, 1);
	assert_non_null(strstr(r.last, "COHACC"));
	arm_smmu_get_info(r.drv, &info);
	assert_false(info.coherent);
	rig_down(&r);
}

static void probe_warns_of_smmu_left_on(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	smmu_mmio_write(r.smmu, SMMU_REG_CR0, 4, 1);
	assert_int_equal(rig_probe(&r), 0);
	assert_non_null(strstr(r.last, "on already")); /* DRV-15 */
	assert_true(reg(&r, SMMU_REG_GBPA) & (1u << 20));
	rig_down(&r);
}

/* DRV-10, DRV-11: nesting with both stages, but for the errata of Arm's parts, each
 * beside the revision that is mended. */
static void probe_knows_errata(void **state)
{
	static const struct {
		uint32_t iidr;
		bool nesting;
	} rows[] = {
		{ 0x4831043b, false },
		{ 0x48310000 | 0x2043b, true }, /* MMU-600 r1, r2 */
		{ 0x4870143b, false },
		{ 0x4871043b, false }, /* MMU-700 r0p1, r1p0 */
		{ 0x4871143b, true },
		{ 0x4831042b, true }, /* r1p1; not Arm */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arm_smmu_info info;
		struct rig r;

		rig_init(&r, NULL);
		rig_lie(&r, SMMU_REG_IIDR, rows[i].iidr);
		if (i == 1)
			rig_lie(&r, SMMU_REG_IIDR, 0x4832043b);
		assert_int_equal(rig_probe(&r), 0);
		arm_smmu_get_info(r.drv, &info);
		assert_int_equal(info.nesting, rows[i].nesting);
		rig_down(&r);
	}
}

static void probe_every_preset(void **state)
{
	(void)state;
	for (int p = 0; p < SMMU_PRESET_COUNT; p++) {
		struct smmu_config cfg;
		struct arm_smmu_info info;
		struct rig r;

		assert_int_equal(smmu_config_init(&cfg, (enum smmu_preset)p), 0);
		rig_init(&r, &cfg);
		r.desc.coherent = cfg.cohacc;
		assert_int_equal(rig_probe(&r), 0);
		arm_smmu_get_info(r.drv, &info);
		assert_int_equal(info.sid_bits, cfg.sid_bits);
		assert_int_equal(info.range_inv, cfg.ril);
		assert_int_equal(r.errors, 0);
		rig_down(&r);
	}
}

/* DRV-1: every allocation fails once; nothing stays behind. */
static void probe_survives_allocation_failures(void **state)
{
	struct rig r;
	int err = -ENOMEM;
	long n;

	(void)state;
	rig_init(&r, NULL);
	for (n = 0; n < 100; n++) {
		r.fail_after = n;
		err = rig_probe(&r);
		r.fail_after = -1;
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(r.live, 0);
		assert_int_equal(reg(&r, SMMU_REG_CR0), 0);
	}
	assert_true(n >= 3); /* command queue, event queue, stream table */
	rig_down(&r);
}

/* A queue of one PRI entry has 16 bytes, yet ADDR of its base begins at bit 5. */
static void probe_aligns_the_smallest_queue(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	for (unsigned i = 0; i < 4; i++, r.next_pa += 16) {
		struct arm_smmu_queue q;

		assert_int_equal(arm_smmu_queue_alloc(r.drv, &q, 0, SMMU_PRI_DWORDS,
						      SMMU_REG_PRIQ_PROD,
						      SMMU_REG_PRIQ_CONS),
				 0);
		assert_int_equal(q.mem.size, 16);
		assert_int_equal(arm_smmu_queue_base(&q) & UINT64_C(0xffffffffffffff),
				 q.mem.pa);
		arm_smmu_queue_free(r.drv, &q);
	}
	rig_down(&r);
}

/* DRV-55: nothing of a driver is shared between machines but the list of them. */
static void probe_two_machines_in_one_process(void **state)
{
	const uint32_t sid = 7;
	struct rig a, b;

	(void)state;
	rig_up(&a, NULL);
	rig_up(&b, NULL);
	assert_true(iommu_dev_has_iommu(rig_add(&a, "a", &sid, 1)));
	assert_true(iommu_dev_has_iommu(rig_add(&b, "b", &sid, 1)));
	rig_down(&a);
	rig_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probe_refuses_bad_descriptions),
		cmocka_unit_test(probe_refuses_by_id_field),
		cmocka_unit_test(probe_refuses_no_stage_and_no_granule),
		cmocka_unit_test(probe_times_out),
		cmocka_unit_test(probe_leaves_smmu_running),
		cmocka_unit_test(probe_linear_table_for_few_streams),
		cmocka_unit_test(probe_coherence_is_firmwares),
		cmocka_unit_test(probe_warns_of_smmu_left_on),
		cmocka_unit_test(probe_knows_errata),
		cmocka_unit_test(probe_every_preset),
		cmocka_unit_test(probe_survives_allocation_failures),
		cmocka_unit_test(probe_aligns_the_smallest_queue),
		cmocka_unit_test(probe_two_machines_in_one_process),
	};

	return cmocka_run_group_tests_name("driver_probe", tests, NULL, NULL);
}
