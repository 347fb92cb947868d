/* SPDX-License-Identifier: MIT */
/* The SMMUv3 node: FW-1 to FW-5. */
#include "firmware/blob.h"

#define NODE "/iommu@10000000"

/* An SMMU without its usual reg and cells, open. */
static void begin_bare(struct blob *b)
{
	blob_begin(b);
	blob_node(b, "gic");
	blob_cells(b, "phandle", 9);
	blob_cells(b, "#interrupt-cells", 3);
	blob_end(b);
	blob_node(b, "iommu@10000000");
	blob_string(b, "compatible", "arm,smmu-v3");
}

static struct smmu_fw *finish(struct blob *b)
{
	blob_end(b);
	return blob_parse(b);
}

static void test_cells(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	for (uint32_t cells = 0; cells < 4; cells++) { /* FW-1 */
		begin_bare(&b);
		blob_cells(&b, "reg", 0, 0x10000000, 0, 0x20000);
		blob_cells(&b, "#iommu-cells", cells);
		fw = finish(&b);
		assert_int_equal(fw->iommus[0].iommu_cells, cells);
		if (cells == 1)
			assert_no_problem(fw, NODE, "#iommu-cells");
		else
			assert_problem(fw, NODE, "#iommu-cells", SMMU_FW_ERROR);
		smmu_fw_destroy(fw);
	}
	begin_bare(&b);
	fw = finish(&b);
	assert_int_equal(fw->niommus, 1);
	assert_false(fw->iommus[0].has_iommu_cells);
	assert_problem(fw, NODE, "#iommu-cells", SMMU_FW_ERROR);
	assert_problem(fw, NODE, "reg", SMMU_FW_ERROR); /* FW-1: none at all */
	smmu_fw_destroy(fw);
}

static void check_window(uint32_t size, bool quirk, bool good)
{
	struct smmu_fw *fw;
	struct blob b;

	begin_bare(&b);
	blob_cells(&b, "reg", 0, 0x10000000, 0, size);
	if (quirk)
		blob_flag(&b, "cavium,cn9900-broken-page1-regspace");
	fw = finish(&b);
	if (good)
		assert_no_problem(fw, NODE, "reg");
	else
		assert_problem(fw, NODE, "reg", SMMU_FW_ERROR);
	smmu_fw_destroy(fw);
}

static void test_window(void **state)
{
	(void)state;
	check_window(0x20000, false, true); /* FW-1 */
	check_window(0x100000, false, true);
	check_window(0x1ffff, false, false);
	check_window(0x10000, false, false);
	check_window(0, false, false);
	check_window(0x10000, true, true); /* FW-4 */
	check_window(0xffff, true, false);
}

static struct smmu_fw *with_irqs(uint32_t count, const char *names, size_t len)
{
	static const uint32_t cells[15] = { 0, 1, 1, 0, 2, 1, 0, 3, 1, 0, 4, 1, 0, 5, 1 };
	struct blob b;

	begin_bare(&b);
	blob_cells(&b, "reg", 0, 0x10000000, 0, 0x20000);
	blob_cells(&b, "#iommu-cells", 1);
	blob_cells(&b, "interrupt-parent", 9);
	blob_words(&b, "interrupts", cells, (size_t)count * 3);
	if (names)
		blob_bytes(&b, "interrupt-names", names, len);
	return finish(&b);
}

static void check_irqs(uint32_t count, const char *names, size_t len, bool good)
{
	struct smmu_fw *fw = with_irqs(count, names, len);

	assert_int_equal(fw->iommus[0].nirqs, count);
	if (good)
		assert_no_problem(fw, NODE, "interrupt-names");
	else
		assert_problem(fw, NODE, "interrupt-names", SMMU_FW_WARNING);
	smmu_fw_destroy(fw);
}

/* FW-2 */
static void test_interrupts(void **state)
{
	(void)state;
	check_irqs(1, "combined", 9, true);
	check_irqs(2, "combined\0eventq", 16, false);
	check_irqs(4, "priq\0cmdq-sync\0gerror\0eventq", 29, true);
	check_irqs(4, "priq\0cmdq-sync\0gerror\0event", 28, false);
	check_irqs(2, "eventq\0gerror", 14, true);
	check_irqs(2, "eventq", 7, false);
	check_irqs(1, "eventq\0gerror", 14, false);
	check_irqs(1, "eventq", 6, true); /* not terminated: taken as it is */
}

static void test_no_interrupts(void **state)
{
	struct smmu_fw *fw = with_irqs(0, NULL, 0);
	struct blob b;

	(void)state;
	assert_problem(fw, NODE, "interrupts", SMMU_FW_NOTE);
	smmu_fw_destroy(fw);
	begin_bare(&b); /* FW-2: none is legal with MSIs; FW-3 */
	blob_cells(&b, "msi-parent", 9);
	blob_flag(&b, "dma-coherent");
	fw = finish(&b);
	assert_no_problem(fw, NODE, "interrupts");
	assert_int_equal(fw->iommus[0].msi_parent.count, 1);
	assert_int_equal(fw->iommus[0].msi_parent.ref[0].nargs, 0);
	assert_true(fw->iommus[0].dma_coherent);
	smmu_fw_destroy(fw);
}

/* A parent that is not there, that is no controller, a specifier that is cut. */
static void test_bad_interrupts(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	begin_bare(&b);
	blob_cells(&b, "interrupts", 0, 1, 1);
	fw = finish(&b);
	assert_problem(fw, NODE, "interrupts", SMMU_FW_WARNING);
	smmu_fw_destroy(fw);
	begin_bare(&b);
	blob_cells(&b, "phandle", 4);
	blob_cells(&b, "interrupt-parent", 4); /* itself */
	blob_cells(&b, "interrupts", 0, 1, 1);
	fw = finish(&b);
	assert_problem(fw, NODE, "interrupts", SMMU_FW_WARNING);
	smmu_fw_destroy(fw);
	begin_bare(&b);
	blob_cells(&b, "interrupts-extended", 9, 0, 1, 1, 9, 0, 2);
	fw = finish(&b);
	assert_int_equal(fw->iommus[0].nirqs, 1);
	assert_problem(fw, NODE, "interrupts-extended", SMMU_FW_WARNING);
	smmu_fw_destroy(fw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_no_interrupts),
		cmocka_unit_test(test_bad_interrupts),
	};

	return cmocka_run_group_tests_name("firmware: the SMMUv3 node", tests, NULL,
					   NULL);
}
