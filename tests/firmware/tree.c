/* SPDX-License-Identifier: MIT */
/* Nodes, status, phandles, aliases, memory. */
#include <errno.h>
#include <string.h>
#include "firmware/blob.h"

static void test_status(void **state)
{
	static const struct {
		const char *status;
		size_t len;
		bool enabled;
	} cases[] = {
		{ "okay", 5, true },  { "ok", 3, true },	{ "disabled", 9, false },
		{ "fail", 5, false }, { "reserved", 9, false }, { "okays", 6, false },
		{ "", 1, false },     { "", 0, false },		{ "okay", 4, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) { /* FW-5 */
		struct smmu_fw *fw;
		struct blob b;

		blob_begin(&b);
		blob_smmu(&b, 0x10000000, 1);
		blob_bytes(&b, "status", cases[i].status, cases[i].len);
		blob_end(&b);
		fw = blob_parse(&b);
		assert_int_equal(fw->iommus[0].state.enabled, cases[i].enabled);
		smmu_fw_destroy(fw);
	}
}

static void test_phandles(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 7);
	blob_end(&b);
	blob_smmu(&b, 0x20000000, 7);
	blob_end(&b);
	blob_smmu(&b, 0x30000000, 0);
	blob_end(&b);
	blob_smmu(&b, 0x40000000, 0xffffffff);
	blob_end(&b);
	blob_node(&b, "old");
	blob_cells(&b, "linux,phandle", 9);
	blob_cells(&b, "#iommu-cells", 0);
	blob_end(&b);
	blob_node(&b, "dma");
	blob_cells(&b, "iommus", 7, 0x11, 9, 7, 0x22);
	blob_end(&b);
	fw = blob_parse(&b);
	/* The first of two has it. */
	assert_problem(fw, "/iommu@20000000", "phandle", SMMU_FW_ERROR);
	assert_no_problem(fw, "/iommu@10000000", "phandle");
	assert_int_equal(fw->iommus[1].phandle, 0);
	assert_problem(fw, "/iommu@30000000", "phandle", SMMU_FW_WARNING);
	assert_problem(fw, "/iommu@40000000", "phandle", SMMU_FW_WARNING);
	assert_int_equal(fw->masters[0].iommus.count, 3);
	assert_int_equal(fw->masters[0].iommus.ref[0].iommu, 0);
	assert_int_equal(fw->masters[0].iommus.ref[1].iommu, 4);
	assert_int_equal(fw->masters[0].iommus.ref[1].nargs, 0);
	smmu_fw_destroy(fw);
}

static void test_aliases(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_node(&b, "aliases");
	blob_string(&b, "smmu0", "/soc/iommu@10000000");
	blob_string(&b, "gone0", "/soc/iommu@20000000");
	blob_string(&b, "half0", "/soc/iommu@1000000");
	blob_end(&b);
	blob_node(&b, "soc");
	blob_flag(&b, "ranges");
	blob_cells(&b, "#address-cells", 2);
	blob_cells(&b, "#size-cells", 2);
	blob_smmu(&b, 0x10000000, 1);
	blob_end(&b);
	blob_end(&b);
	fw = blob_parse(&b);
	assert_int_equal(fw->naliases, 3);
	assert_non_null(smmu_fw_find_iommu(fw, "smmu0"));
	assert_null(smmu_fw_find_iommu(fw, "gone0"));
	assert_null(smmu_fw_find_iommu(fw, "smmu1"));
	assert_non_null(strstr(find_problem(fw, "/aliases", "")->message, "gone0"));
	assert_int_equal(fw->nproblems, 4); /* two aliases, no interrupts, no memory */
	smmu_fw_destroy(fw);
}

static void test_memory(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_node(&b, "memory@0");
	blob_string(&b, "device_type", "memory");
	blob_cells(&b, "reg", 0, 0, 0, 0);
	blob_end(&b);
	blob_node(&b, "memory@1");
	blob_string(&b, "device_type", "memory");
	blob_cells(&b, "reg", 0, 0x40000000, 0, 0x1000, 0xffffffff, 0xfffff000, 0,
		   0x1000);
	blob_flag(&b, "hotpluggable");
	blob_end(&b);
	blob_node(&b, "memory@2");
	blob_string(&b, "device_type", "memory");
	blob_cells(&b, "reg", 0xffffffff, 0xfffff000, 0, 0x1001);
	blob_end(&b);
	blob_node(&b, "memory@3");
	blob_string(&b, "device_type", "memory");
	blob_cells(&b, "reg", 0, 0x80000000, 0);
	blob_end(&b);
	blob_node(&b, "memory@4");
	blob_string(&b, "device_type", "memory");
	blob_cells(&b, "reg", 0, 0x90000000, 0, 0x1000);
	blob_string(&b, "status", "disabled");
	blob_end(&b);
	blob_node(&b, "memory@5");
	blob_string(&b, "device_type", "memory");
	blob_cells(&b, "reg", 0, 0xa0000000, 0, 0x1000);
	blob_cells(&b, "linux,usable-memory", 0, 0xa0000000, 0, 0x800);
	blob_end(&b);
	fw = blob_parse(&b);
	assert_problem(fw, "/memory@0", "reg", SMMU_FW_NOTE);
	assert_int_equal(fw->nmemories, 3);
	assert_int_equal(fw->memories[0].base, 0x40000000);
	assert_true(fw->memories[0].hotpluggable);
	assert_int_equal(fw->memories[0].numa_node, -1);
	/* The last page of all is legal, one byte more is not. */
	assert_int_equal(fw->memories[1].base, 0xfffffffffffff000);
	assert_problem(fw, "/memory@2", "reg", SMMU_FW_ERROR);
	assert_problem(fw, "/memory@3", "reg", SMMU_FW_ERROR);
	assert_int_equal(fw->memories[2].size, 0x800);
	assert_no_problem(fw, "/memory@1", "reg");
	smmu_fw_destroy(fw);
}

/* An error in a device that does not exist is none. */
static void test_disabled_master_warns_only(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_node(&b, "on");
	blob_cells(&b, "iommus", 5, 1);
	blob_end(&b);
	blob_node(&b, "off");
	blob_cells(&b, "iommus", 5, 1);
	blob_string(&b, "status", "disabled");
	blob_end(&b);
	fw = blob_parse(&b);
	assert_problem(fw, "/on", "iommus", SMMU_FW_ERROR);
	assert_problem(fw, "/off", "iommus", SMMU_FW_WARNING);
	assert_string_equal(smmu_fw_worst(fw, SMMU_FW_NOTE)->path, "/on");
	smmu_fw_destroy(fw);
}

static void test_first_property_counts(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_cells(&b, "#iommu-cells", 3);
	blob_end(&b);
	fw = blob_parse(&b);
	assert_int_equal(fw->iommus[0].iommu_cells, 1);
	smmu_fw_destroy(fw);
}

static void test_names_are_printable(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_bytes(&b, "model", "\033[31mred\n", 10);
	blob_end(&b);
	assert_int_equal(fdt_finish(b.data), 0);
	b.size = fdt_totalsize(b.data);
	assert_int_equal(smmu_fw_from_dtb(b.data, b.size, &fw, NULL, 0), 0);
	assert_string_equal(fw->model, "?[31mred?");
	smmu_fw_destroy(fw);
	blob_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_phandles),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_disabled_master_warns_only),
		cmocka_unit_test(test_first_property_counts),
		cmocka_unit_test(test_names_are_printable),
	};

	return cmocka_run_group_tests_name("firmware: tree", tests, NULL, NULL);
}
