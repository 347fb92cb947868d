/* SPDX-License-Identifier: MIT */
/* `iommus` and the id maps: FW-6 to FW-12. */
#include <errno.h>
#include <string.h>
#include "firmware/blob.h"

/* A tree with one SMMU (phandle 1), and a master whose iommus are these cells. */
static struct smmu_fw *with_iommus(const void *bytes, size_t len)
{
	struct blob b;

	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_end(&b);
	blob_node(&b, "plain");
	blob_cells(&b, "phandle", 2);
	blob_end(&b);
	blob_node(&b, "wide");
	blob_cells(&b, "phandle", 3);
	blob_cells(&b, "#iommu-cells", 17);
	blob_end(&b);
	blob_node(&b, "sixteen");
	blob_cells(&b, "phandle", 4);
	blob_cells(&b, "#iommu-cells", 16);
	blob_end(&b);
	blob_node(&b, "m");
	blob_cells(&b, "phandle", 6);
	blob_bytes(&b, "iommus", bytes, len);
	blob_end(&b);
	return blob_parse(&b);
}

static void check_end(const void *bytes, size_t len, size_t count, enum smmu_fw_end end)
{
	struct smmu_fw *fw = with_iommus(bytes, len);

	assert_int_equal(fw->nmasters, 1);
	assert_int_equal(fw->masters[0].iommus.count, count);
	assert_int_equal(fw->masters[0].iommus.end, end);
	if (end == SMMU_FW_END_COMPLETE)
		assert_no_problem(fw, "/m", "iommus");
	else
		assert_problem(fw, "/m", "iommus", SMMU_FW_ERROR);
	smmu_fw_destroy(fw);
}

/* FW-6: a malformed entry ends the list; entries before it count. */
static void test_list_ends(void **state)
{
	const unsigned char good[] = { 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 8 };
	const unsigned char zero[] = { 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 8 };
	const unsigned char gone[] = { 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 5, 0, 0, 0, 8 };
	const unsigned char plain[] = { 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 8 };
	const unsigned char wide[4 + 17 * 4] = { 0, 0, 0, 3 };
	const unsigned char sixteen[4 + 16 * 4] = { 0, 0, 0, 4 };

	(void)state;
	check_end(good, 16, 2, SMMU_FW_END_COMPLETE);
	check_end(good, 12, 1, SMMU_FW_END_SHORT);
	check_end(good, 14, 1, SMMU_FW_END_SHORT);
	check_end(good, 10, 1, SMMU_FW_END_SHORT);
	check_end(good, 8, 1, SMMU_FW_END_COMPLETE);
	check_end(good, 4, 0, SMMU_FW_END_SHORT);
	check_end(good, 3, 0, SMMU_FW_END_SHORT);
	check_end(zero, 16, 1, SMMU_FW_END_ZERO);
	check_end(gone, 16, 1, SMMU_FW_END_NOWHERE);
	check_end(plain, 16, 1, SMMU_FW_END_NOT_TARGET);
	check_end(wide, sizeof(wide), 0, SMMU_FW_END_TOO_WIDE);
	check_end(sixteen, sizeof(sixteen), 1, SMMU_FW_END_COMPLETE);
	check_end(sixteen, sizeof(sixteen) - 4, 0, SMMU_FW_END_SHORT);
}

static void test_empty_list_and_self(void **state)
{
	struct smmu_fw *fw = with_iommus("", 0);
	struct blob b;

	(void)state;
	assert_problem(fw, "/m", "iommus", SMMU_FW_ERROR);
	assert_true(fw->masters[0].iommus.present);
	smmu_fw_destroy(fw);

	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_cells(&b, "iommus", 1, 0);
	blob_end(&b);
	fw = blob_parse(&b);
	assert_problem(fw, "/iommu@10000000", "iommus", SMMU_FW_ERROR);
	smmu_fw_destroy(fw);
}

/* An IOMMU behind another is no circle. */
static void test_chain_of_iommus(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_cells(&b, "iommus", 2, 0);
	blob_end(&b);
	blob_smmu(&b, 0x20000000, 2);
	blob_end(&b);
	fw = blob_parse(&b);
	assert_no_problem(fw, "/iommu@10000000", "iommus");
	assert_no_problem(fw, "/iommu@20000000", "iommus");
	smmu_fw_destroy(fw);
}

static struct smmu_fw *with_map(const uint32_t *map, size_t count, uint32_t mask)
{
	struct blob b;

	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_end(&b);
	blob_smmu(&b, 0x20000000, 2);
	blob_string(&b, "status", "disabled");
	blob_end(&b);
	blob_node(&b, "pcie@0");
	blob_string(&b, "device_type", "pci");
	blob_cells(&b, "phandle", 3);
	if (map)
		blob_words(&b, "iommu-map", map, count);
	if (mask != UINT32_MAX)
		blob_cells(&b, "iommu-map-mask", mask);
	blob_end(&b);
	return blob_parse(&b);
}

static void check_id(const struct smmu_fw *fw, uint32_t id, uint32_t want, int err,
		     uint32_t out, int entry)
{
	const struct smmu_fw_map *map = &fw->hosts[0].iommu_map;
	const struct smmu_fw_map_entry *found = (const void *)fw;
	uint32_t got = 0xabcdef;

	assert_int_equal(smmu_fw_map_id(map, id, want, &got, &found), err);
	if (err) {
		assert_int_equal(got, 0xabcdef);
		assert_ptr_equal(found, fw);
		return;
	}
	assert_int_equal(got, out);
	if (entry < 0)
		assert_null(found);
	else
		assert_ptr_equal(found, &map->entry[entry]);
}

/* FW-10: ranges, order, both edges. */
static void test_map_ranges(void **state)
{
	const uint32_t map[] = { 0x100, 1, 0x5000, 0x10, 0x108, 2, 0x6000, 0x10 };
	struct smmu_fw *fw = with_map(map, 8, UINT32_MAX);

	(void)state;
	check_id(fw, 0xff, 0, 0, 0xff, -1); /* FW-11: unchanged, no target */
	check_id(fw, 0x100, 0, 0, 0x5000, 0);
	check_id(fw, 0x10f, 0, 0, 0x500f, 0); /* first match wins */
	check_id(fw, 0x110, 0, 0, 0x6008, 1);
	check_id(fw, 0x117, 0, 0, 0x600f, 1);
	check_id(fw, 0x118, 0, 0, 0x118, -1);
	check_id(fw, 0x108, 2, 0, 0x6000, 1); /* only this target */
	check_id(fw, 0x100, 2, 0, 0x100, -1);
	assert_problem(fw, "/pcie@0", "iommu-map", SMMU_FW_NOTE); /* 2 is disabled */
	smmu_fw_destroy(fw);
}

/* FW-12: one output cell, whatever #iommu-cells of the target says. */
static void test_map_output_cells(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_node(&b, "iommu");
	blob_cells(&b, "phandle", 1);
	blob_cells(&b, "#iommu-cells", 2);
	blob_end(&b);
	blob_node(&b, "pcie@0");
	blob_string(&b, "device_type", "pci");
	blob_cells(&b, "iommu-map", 0, 1, 0x10, 0x20, 0x20, 1, 0x80, 0x20);
	blob_end(&b);
	fw = blob_parse(&b);
	assert_int_equal(fw->hosts[0].iommu_map.count, 2);
	check_id(fw, 0x21, 0, 0, 0x81, 1);
	smmu_fw_destroy(fw);
}

/* FW-10: the mask. */
static void test_map_mask(void **state)
{
	const uint32_t map[] = { 0x0, 1, 0x40, 0x100, 0x100, 1, 0x1000, 0x100 };
	const uint32_t odd[] = { 0x0, 1, 0x40, 0x100, 0x101, 1, 0x1000, 0x100 };
	struct smmu_fw *fw = with_map(map, 8, 0xff8);

	(void)state;
	check_id(fw, 0x17, 0, 0, 0x50, 0);
	check_id(fw, 0xf107, 0, 0, 0x1000, 1);
	assert_no_problem(fw, "/pcie@0", "iommu-map");
	smmu_fw_destroy(fw);

	fw = with_map(odd, 8, 0xff8);
	check_id(fw, 0x17, 0, 0, 0x50, 0); /* the match comes before the bad entry */
	check_id(fw, 0x107, 0, -EFAULT, 0, 0);
	check_id(fw, 0x700, 0, -EFAULT, 0, 0);
	assert_problem(fw, "/pcie@0", "iommu-map", SMMU_FW_ERROR);
	smmu_fw_destroy(fw);
}

/* FW-9: property length; FW-11: no property, phandle into nowhere. */
static void test_map_malformed(void **state)
{
	const uint32_t map[] = { 0, 1, 0, 0x100, 0x100, 99, 0, 0x100 };
	struct smmu_fw *fw = with_map(map, 8, UINT32_MAX);

	(void)state;
	check_id(fw, 5, 0, 0, 5, 0);
	check_id(fw, 0x105, 0, -ENODEV, 0, 0);
	assert_problem(fw, "/pcie@0", "iommu-map", SMMU_FW_ERROR);
	smmu_fw_destroy(fw);

	fw = with_map(map, 7, UINT32_MAX);
	assert_true(fw->hosts[0].iommu_map.malformed);
	check_id(fw, 5, 0, -EINVAL, 0, 0);
	smmu_fw_destroy(fw);

	fw = with_map(map, 0, UINT32_MAX);
	assert_true(fw->hosts[0].iommu_map.malformed);
	check_id(fw, 5, 0, -EINVAL, 0, 0);
	assert_problem(fw, "/pcie@0", "iommu-map", SMMU_FW_ERROR);
	smmu_fw_destroy(fw);

	fw = with_map(NULL, 0, UINT32_MAX);
	assert_false(fw->hosts[0].iommu_map.present);
	check_id(fw, 5, 0, 0, 5, -1);
	check_id(fw, 5, 1, -ENODEV, 0, 0);
	smmu_fw_destroy(fw);
}

static void test_map_widest(void **state)
{
	const uint32_t all[] = { 0, 1, 0, 0xffffffff };
	const uint32_t fits[] = { 0, 1, 0xffffff00, 0x100 };
	const uint32_t over[] = { 0, 1, 0xffffff00, 0x101 };
	const uint32_t self[] = { 0, 3, 0, 0x100 };
	const uint32_t none[] = { 0, 1, 0, 0 };
	struct smmu_fw *fw = with_map(all, 4, UINT32_MAX);

	(void)state;
	check_id(fw, 0xfffffffe, 0, 0, 0xfffffffe, 0);
	check_id(fw, 0xffffffff, 0, 0, 0xffffffff, -1);
	assert_no_problem(fw, "/pcie@0", "iommu-map");
	smmu_fw_destroy(fw);
	fw = with_map(fits, 4, UINT32_MAX);
	check_id(fw, 0xff, 0, 0, 0xffffffff, 0);
	assert_no_problem(fw, "/pcie@0", "iommu-map");
	smmu_fw_destroy(fw);
	fw = with_map(over, 4, UINT32_MAX);
	assert_problem(fw, "/pcie@0", "iommu-map", SMMU_FW_ERROR);
	smmu_fw_destroy(fw);
	fw = with_map(self, 4, UINT32_MAX);
	assert_problem(fw, "/pcie@0", "iommu-map", SMMU_FW_ERROR);
	smmu_fw_destroy(fw);
	fw = with_map(none, 4, UINT32_MAX);
	assert_problem(fw, "/pcie@0", "iommu-map", SMMU_FW_NOTE);
	check_id(fw, 0, 0, 0, 0, -1);
	smmu_fw_destroy(fw);
}

/* Devices behind PCI have their host's ids; bridges are no hosts. */
static void test_below_pci(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_end(&b);
	blob_node(&b, "pcie@0");
	blob_string(&b, "device_type", "pci");
	blob_cells(&b, "iommus", 1, 5);
	blob_cells(&b, "bus-range", 3, 2);
	blob_cells(&b, "linux,pci-domain", 0x12);
	blob_node(&b, "pci@1,0");
	blob_string(&b, "device_type", "pci");
	blob_node(&b, "wifi@0");
	blob_cells(&b, "iommus", 1, 6);
	blob_end(&b);
	blob_end(&b);
	blob_end(&b);
	blob_node(&b, "fsl-mc");
	blob_cells(&b, "iommu-map", 0x17, 1, 0x17, 1);
	blob_end(&b);
	fw = blob_parse(&b);
	assert_int_equal(fw->nhosts, 2);
	assert_int_equal(fw->nmasters, 1); /* the host bridge itself */
	assert_string_equal(fw->masters[0].path, "/pcie@0");
	assert_problem(fw, "/pcie@0/pci@1,0/wifi@0", "iommus", SMMU_FW_WARNING);
	assert_problem(fw, "/pcie@0", "bus-range", SMMU_FW_WARNING);
	assert_int_equal(fw->hosts[0].bus_last, 255);
	assert_int_equal(fw->hosts[0].domain, 0x12);
	assert_true(fw->hosts[0].is_pci);
	assert_false(fw->hosts[1].is_pci);
	assert_int_equal(fw->hosts[1].domain, -1);
	smmu_fw_destroy(fw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_ends),
		cmocka_unit_test(test_empty_list_and_self),
		cmocka_unit_test(test_chain_of_iommus),
		cmocka_unit_test(test_map_ranges),
		cmocka_unit_test(test_map_output_cells),
		cmocka_unit_test(test_map_mask),
		cmocka_unit_test(test_map_malformed),
		cmocka_unit_test(test_map_widest),
		cmocka_unit_test(test_below_pci),
	};

	return cmocka_run_group_tests_name("firmware: references", tests, NULL, NULL);
}
