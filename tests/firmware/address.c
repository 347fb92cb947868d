/* SPDX-License-Identifier: MIT */
/* `reg` through `ranges`: cells of one to three, windows and their edges. */
#include <stdlib.h>
#include <string.h>
#include "firmware/blob.h"

#define NODE "/bus/iommu"

/* One bus with these cells and ranges, one SMMU on it with this reg. */
static struct smmu_fw *on_bus(uint32_t acells, uint32_t scells, const uint32_t *ranges,
			      size_t nranges, const uint32_t *reg, size_t nreg)
{
	struct blob b;

	blob_begin(&b);
	blob_node(&b, "bus");
	blob_cells(&b, "#address-cells", acells);
	blob_cells(&b, "#size-cells", scells);
	if (ranges)
		blob_words(&b, "ranges", ranges, nranges);
	blob_node(&b, "iommu");
	blob_string(&b, "compatible", "arm,smmu-v3");
	blob_cells(&b, "#iommu-cells", 1);
	blob_words(&b, "reg", reg, nreg);
	blob_end(&b);
	blob_end(&b);
	return blob_parse(&b);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void expect(struct smmu_fw *fw, bool good, uint64_t base)
{
	const struct smmu_fw_iommu *smmu = &fw->iommus[0];

	assert_int_equal(smmu->nregs, good);
	if (good) {
		assert_no_problem(fw, NODE, "reg");
		assert_int_equal(smmu->reg[0].base, base);
		assert_int_equal(smmu->reg[0].size, 0x20000);
	} else {
		assert_problem(fw, NODE, "reg", SMMU_FW_ERROR);
	}
	smmu_fw_destroy(fw);
}

static void test_window_edges(void **state)
{
	/* [0x10000, 0x50000) of the bus is 0x8_0000_0000 and on. */
	const uint32_t ranges[] = { 0x10000, 8, 0, 0x40000 };
	const uint32_t before[] = { 0xffff, 0x20000 }, first[] = { 0x10000, 0x20000 };
	const uint32_t last[] = { 0x30000, 0x20000 }, after[] = { 0x30001, 0x20000 };
	const uint32_t beyond[] = { 0x50000, 0x20000 };

	(void)state;
	expect(on_bus(1, 1, ranges, 4, before, 2), false, 0);
	expect(on_bus(1, 1, ranges, 4, first, 2), true, 0x800000000);
	expect(on_bus(1, 1, ranges, 4, last, 2), true, 0x800020000);
	expect(on_bus(1, 1, ranges, 4, after, 2), false, 0);
	expect(on_bus(1, 1, ranges, 4, beyond, 2), false, 0);
	expect(on_bus(1, 1, NULL, 0, first, 2), false, 0);	  /* no ranges */
	expect(on_bus(1, 1, ranges, 0, first, 2), true, 0x10000); /* empty: one to one */
	expect(on_bus(1, 1, ranges, 3, first, 2), false, 0);	  /* cut */
}

static void test_cells(void **state)
{
	const uint32_t two[] = { 1, 0, 2, 0, 0, 0x40000 },
		       reg2[] = { 1, 0x1000, 0, 0x20000 };
	const uint32_t three[] = { 7, 1, 0, 2, 0, 0, 0, 0x40000 };
	const uint32_t reg3[] = { 7, 1, 0x1000, 0, 0, 0x20000 };
	const uint32_t other[] = { 6, 1, 0x1000, 0, 0, 0x20000 };
	const uint32_t huge[] = { 7, 1, 0x1000, 1, 0, 0x20000 };
	const uint32_t none[] = { 0x20000 }, nosize[] = { 0x1000 };

	(void)state;
	{
		const uint32_t r[] = { 1, 0, 2, 0, 0, 0x40000 };

		expect(on_bus(2, 2, r, COUNT(r), reg2, 4), true, 0x200001000);
	}
	expect(on_bus(2, 2, two, COUNT(two), reg2, 4), true, 0x200001000);
	expect(on_bus(3, 3, three, COUNT(three), reg3, 6), true, 0x200001000);
	expect(on_bus(3, 3, three, COUNT(three), other, 6), false,
	       0);						      /* another select */
	expect(on_bus(3, 3, three, COUNT(three), huge, 6), false, 0); /* size >= 2^64 */
	expect(on_bus(0, 1, two, 0, none, 1), false, 0);
	expect(on_bus(4, 1, two, 0, two, 5), false, 0);
	expect(on_bus(1, 4, two, 0, two, 5), false, 0);
	expect(on_bus(0xffffffff, 0xffffffff, two, 0, two, 5), false, 0);
	expect(on_bus(0x40000000, 0x40000000, two, 0, two, 5), false, 0);
	expect(on_bus(1, 0, two, 0, nosize, 1), false, 0);
}

static void test_end_of_space(void **state)
{
	/* The last 128 KiB of the address space, and one page further. */
	const uint32_t ranges[] = { 0, 0xffffffff, 0xfffe0000, 0x40000 };
	const uint32_t fits[] = { 0, 0x20000 }, over[] = { 0x1000, 0x20000 };
	const uint32_t wraps[] = { 0x20000, 0x20000 };

	(void)state;
	expect(on_bus(1, 1, ranges, 4, fits, 2), true, 0xfffffffffffe0000);
	expect(on_bus(1, 1, ranges, 4, over, 2), false, 0);
	expect(on_bus(1, 1, ranges, 4, wraps, 2), false, 0);
}

/* On PCI the space code has to agree, its flags do not. */
static void test_pci_spaces(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_node(&b, "pcie@0");
	blob_string(&b, "device_type", "pci");
	blob_cells(&b, "#address-cells", 3);
	blob_cells(&b, "#size-cells", 2);
	blob_cells(&b, "ranges", 0x01000000, 0, 0, 0, 0x3eff0000, 0, 0x10000, /* I/O */
		   0x02000000, 0, 0x10000000, 0, 0x20000000, 0, 0x10000000);
	blob_node(&b, "isa");
	blob_cells(&b, "#address-cells", 1);
	blob_cells(&b, "#size-cells", 1);
	blob_cells(&b, "ranges", 0, 0x42000800, 0, 0x10000000, 0x100000);
	blob_node(&b, "iommu");
	blob_string(&b, "compatible", "arm,smmu-v3");
	blob_cells(&b, "#iommu-cells", 1);
	blob_cells(&b, "reg", 0x1000, 0x20000);
	blob_end(&b);
	blob_end(&b);
	blob_end(&b);
	fw = blob_parse(&b);
	assert_int_equal(fw->iommus[0].nregs, 1);
	assert_int_equal(fw->iommus[0].reg[0].base, 0x20001000);
	smmu_fw_destroy(fw);
}

/* 4096 entries of ranges are looked through, more are refused. */
static void test_many_ranges(void **state)
{
	const uint32_t reg[] = { 4095 * 0x20000u, 0x20000 };
	uint32_t *ranges = calloc(4097 * 4, sizeof(*ranges));

	(void)state;
	assert_non_null(ranges);
	for (uint32_t i = 0; i < 4097; i++) {
		ranges[4 * i] = i < 4096 ? i * 0x20000 : 0xffff0000;
		ranges[4 * i + 1] = 1;
		ranges[4 * i + 2] = i * 0x20000;
		ranges[4 * i + 3] = i < 4096 ? 0x20000 : 0x1000;
	}
	expect(on_bus(1, 1, ranges, (size_t)4096 * 4, reg, 2), true,
	       0x100000000 + reg[0]);
	expect(on_bus(1, 1, ranges, (size_t)4097 * 4, reg, 2), false, 0);
	free(ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window_edges), cmocka_unit_test(test_cells),
		cmocka_unit_test(test_end_of_space), cmocka_unit_test(test_pci_spaces),
		cmocka_unit_test(test_many_ranges),
	};

	return cmocka_run_group_tests_name("firmware: addresses", tests, NULL, NULL);
}
