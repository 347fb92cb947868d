/* SPDX-License-Identifier: MIT */
/* What only an IORT tells the driver: HTTU, and streams that go on (DRV-3, 7, 25, 32). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "driver/rig.h"

/* DRV-3, DRV-7: firmware's word on HTTU wins, with a warning; without one IDR0 counts. */
static void acpi_httu(void **state)
{
	(void)state;
	for (unsigned firmware = 0; firmware <= 3; firmware++) {
		for (uint8_t hardware = 0; hardware <= 2; hardware++) {
			struct smmu_config cfg = rig_config();
			struct arm_smmu_info info;
			struct rig r;
			bool override = firmware < 3;

			cfg.httu = hardware;
			rig_init(&r, &cfg);
			r.desc.httu_override = override;
			r.desc.httu = (uint8_t)(override ? firmware : 0);
			assert_int_equal(rig_probe(&r), 0);
			arm_smmu_get_info(r.drv, &info);
			assert_int_equal(info.httu, override ? firmware : hardware);
			assert_int_equal(r.messages, override && firmware != hardware);
			if (r.messages)
				assert_non_null(strstr(r.last, "SMMU_IDR0.HTTU"));
			rig_down(&r);
		}
	}
}

static bool bypasses(struct rig *r, uint32_t sid)
{
	uint64_t value = 0;
	struct smmu_result res = rig_dma(r, sid, DATA_BASE, false, &value);

	if (res.status != SMMU_OK) {
		arm_smmu_poll(r->drv);
		return false;
	}
	assert_true(res.bypass);
	return true;
}

/* DRV-25: the streams of an RMR node, and those beside them; before any device. */
static void acpi_rmr_bypass(void **state)
{
	const struct arm_smmu_sids ranges[] = { { 0x10, 0x12 }, { 0x3f, 0x3f } };
	struct smmu_config cfg = rig_config();

	(void)state;
	for (unsigned linear = 0; linear < 2; linear++) {
		struct rig r;

		cfg.st_level = !linear;
		cfg.sid_bits = linear ? 6 : 10;
		rig_init(&r, &cfg);
		r.desc.bypass = ranges;
		r.desc.num_bypass = 2;
		assert_int_equal(rig_probe(&r), 0);
		assert_false(bypasses(&r, 0x0f));
		assert_true(bypasses(&r, 0x10));
		assert_true(bypasses(&r, 0x12));
		assert_false(bypasses(&r, 0x13));
		assert_false(bypasses(&r, 0x3e));
		assert_true(bypasses(&r, 0x3f));
		assert_int_equal(r.errors, 0);
		rig_down(&r);
	}
}

/* DRV-25: what does not fit is said, and the rest stands. */
static void acpi_rmr_too_wide(void **state)
{
	const struct arm_smmu_sids ranges[] = { { 0x3ff, 0xffffffff }, { 5, 5 } };
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	r.desc.bypass = ranges;
	r.desc.num_bypass = 2;
	assert_int_equal(rig_probe(&r), 0);
	assert_int_equal(r.errors, 1);
	assert_non_null(strstr(r.last, "RMR: StreamIDs 0x400 to 0xffffffff"));
	assert_true(bypasses(&r, 0x3ff));
	assert_true(bypasses(&r, 5));
	rig_down(&r);
}

/* DRV-25, DRV-32: attached it translates; released it bypasses again, others abort. */
static void acpi_rmr_release(void **state)
{
	const struct arm_smmu_sids range = { 0x10, 0x10 };
	const uint32_t kept = 0x10, plain = 0x11;
	struct iommu_dev *a, *b;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	r.desc.bypass = &range;
	r.desc.num_bypass = 1;
	assert_int_equal(rig_probe(&r), 0);
	assert_true(bypasses(&r, kept));
	a = rig_add(&r, "kept", &kept, 1);
	b = rig_add(&r, "plain", &plain, 1);
	assert_true(iommu_dev_has_iommu(a) && iommu_dev_has_iommu(b));
	assert_false(bypasses(&r, kept));
	iommu_dev_remove(a);
	iommu_dev_remove(b);
	r.num_devs = 0; /* they are gone */
	assert_true(bypasses(&r, kept));
	assert_false(bypasses(&r, plain));
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acpi_httu),
		cmocka_unit_test(acpi_rmr_bypass),
		cmocka_unit_test(acpi_rmr_too_wide),
		cmocka_unit_test(acpi_rmr_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
