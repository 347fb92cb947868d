/* SPDX-License-Identifier: MIT */
/* The sample boards of tests/boards, as dtc compiled them. */
#include <string.h>
#include "firmware/blob.h"

static void test_one_smmu_pcie(void **state)
{
	struct smmu_fw *fw = board_parse("one-smmu-pcie");
	const struct smmu_fw_iommu *smmu = smmu_fw_find_iommu(fw, "smmu0");
	const struct smmu_fw_host *host = smmu_fw_find_host(fw, "/pcie@40000000");

	(void)state;
	assert_int_equal(fw->nproblems, 0);
	assert_string_equal(fw->model, "smmulator one SMMU with PCIe");
	assert_int_equal(fw->nmemories, 2);
	assert_int_equal(fw->memories[1].base, 0x880000000);
	assert_int_equal(fw->memories[1].size, 0x40000000);
	assert_int_equal(fw->niommus, 1);
	assert_ptr_equal(smmu, &fw->iommus[0]);
	assert_true(smmu->is_smmuv3 && smmu->state.populated &&
		    smmu->dma_coherent);		 /* FW-3 */
	assert_int_equal(smmu->reg[0].base, 0x2b400000); /* FW-1 */
	assert_int_equal(smmu->reg[0].size, 0x20000);
	assert_int_equal(smmu->nirqs, 4); /* FW-2 */
	assert_string_equal(smmu->irq[1].name, "gerror");
	assert_int_equal(smmu->irq[1].ncells, 3);
	assert_int_equal(smmu->irq[1].cells[1], 79);
	assert_int_equal(smmu->msi_parent.count, 1);
	assert_int_equal(smmu->msi_parent.ref[0].args[0], 0x20000);
	assert_non_null(host);
	assert_true(host->is_pci && host->ats_supported && host->dma_coherent); /* FW-7 */
	assert_int_equal(host->domain, 0);
	assert_int_equal(host->bus_last, 255);
	assert_int_equal(host->iommu_map.count, 2); /* FW-9 */
	assert_int_equal(host->iommu_map.entry[1].out_base, 0x10100);
	assert_int_equal(host->iommu_map.entry[1].iommu, 0);
	assert_int_equal(host->msi_map.count, 1);
	assert_int_equal(host->msi_map.entry[0].iommu, -1);
	assert_true(host->msi_map.entry[0].target_exists);
	assert_ptr_equal(smmu_fw_find_host(fw, "pcie0"), host);
	smmu_fw_destroy(fw);
}

static void test_five_smmus(void **state)
{
	struct smmu_fw *fw = board_parse("five-smmus");
	const struct smmu_fw_master *m;

	(void)state;
	assert_null(smmu_fw_worst(fw, SMMU_FW_WARNING));
	assert_int_equal(fw->niommus, 5);
	assert_int_equal(fw->iommus[3].reg[0].base, 0x602b300000);
	assert_int_equal(fw->iommus[3].nirqs, 2);	 /* interrupts-extended */
	assert_true(fw->iommus[1].broken_prefetch_cmd);	 /* FW-4 */
	assert_false(fw->iommus[0].broken_prefetch_cmd); /* FW-4 */
	assert_true(fw->iommus[4].broken_page1_regspace);
	assert_true(fw->iommus[4].is_smmuv3); /* FW-1: second string */
	assert_string_equal(fw->iommus[4].compatible, "vendor,fast-smmu");
	assert_int_equal(fw->memories[1].numa_node, 1);

	m = smmu_fw_find_master(fw, "/soc/dma-controller@10010000"); /* FW-6: in order */
	assert_non_null(m);
	assert_int_equal(m->iommus.count, 3);
	assert_int_equal(m->iommus.ref[2].args[0], 0x3f);
	assert_int_equal(m->iommus.ref[2].iommu, 1);
	assert_int_equal(m->pasid_num_bits, 8); /* FW-7 */
	assert_true(m->dma_can_stall);
	m = smmu_fw_find_master(fw, "net0");
	assert_non_null(m);
	assert_false(m->dma_can_stall);
	assert_int_equal(m->pasid_num_bits, 0);

	m = smmu_fw_find_master(fw, "/soc/codec@10030000"); /* FW-6: several instances */
	assert_non_null(m);
	assert_int_equal(m->iommus.count, 2);
	assert_int_equal(m->iommus.ref[0].iommu, 3);
	assert_int_equal(m->iommus.ref[1].iommu, 4);
	assert_int_equal(m->iommus.ref[1].args[0], 8);
	m = smmu_fw_find_master(fw, "/soc/codec@10040000");
	assert_non_null(m);
	assert_false(m->state.enabled);
	assert_int_equal(fw->hosts[0].iommu_map.mask, 0xfff8);
	smmu_fw_destroy(fw);
}

static void test_reserved_iovas(void **state)
{
	struct smmu_fw *fw = board_parse("five-smmus");
	const struct smmu_fw_master *m = smmu_fw_find_master(fw, "/soc/display@10020000");

	(void)state;
	/* FW-8: region with reg equal to its IOVA: direct; without: reserved */
	assert_int_equal(m->nresv, 2);
	assert_true(m->resv[0].direct);
	assert_int_equal(m->resv[0].iova, 0x1f000000);
	assert_int_equal(m->resv[0].size, 0x800000);
	assert_false(m->resv[1].direct);
	assert_int_equal(m->resv[1].iova, 0x80000000);
	/* FW-8: an entry counts only for the device that it names */
	m = smmu_fw_find_master(fw, "/soc/dma-controller@10010000");
	assert_int_equal(m->nresv, 1);
	assert_int_equal(m->resv[0].iova, 0x90000000);
	smmu_fw_destroy(fw);
}

static void test_disabled(void **state)
{
	struct smmu_fw *fw = board_parse("disabled-smmu");

	(void)state;
	assert_false(fw->iommus[0].state.enabled); /* FW-5 */
	assert_true(fw->iommus[1].state.enabled);
	assert_problem(fw, "/dma@10000000", "iommus", SMMU_FW_NOTE);
	assert_no_problem(fw, "/dma@10001000", "iommus");
	assert_int_equal(smmu_fw_set_enabled(fw, "/iommu@2b000000", true), 0);
	assert_true(fw->iommus[0].state.enabled && fw->iommus[0].state.populated);
	assert_int_equal(smmu_fw_set_enabled(fw, "/nowhere", true), -2 /* ENOENT */);
	smmu_fw_destroy(fw);
}

static void test_chained(void **state)
{
	struct smmu_fw *fw = board_parse("chained-buses");
	const struct smmu_fw_master *m;

	(void)state;
	assert_null(smmu_fw_worst(fw, SMMU_FW_WARNING));
	assert_int_equal(fw->iommus[0].reg[0].base, 0x1002110000);
	assert_int_equal(fw->iommus[0].reg[0].size, 0x20000);
	assert_true(fw->iommus[0].dma_coherent); /* from the outer bus */
	assert_true(fw->iommus[1].state.enabled);
	assert_false(fw->iommus[1].state.populated); /* its cluster is off */
	assert_int_equal(fw->nmasters, 4);
	m = &fw->masters[0];
	assert_int_equal(m->reg[0].base, 0x1002200000);
	assert_true(m->dma_coherent);
	m = &fw->masters[1];
	assert_int_equal(m->reg[0].base, 0x1001008000);
	assert_false(m->dma_coherent); /* dma-noncoherent ends the inheritance */
	assert_int_equal(fw->masters[2].reg[0].base, 0x1800000000);
	assert_int_equal(fw->masters[3].nregs, 0); /* no ranges above it */
	assert_problem(fw, "/island/dma@1000", "reg", SMMU_FW_NOTE);
	smmu_fw_destroy(fw);
}

/* Each bad board: what is found, where, and that the message says what is legal. */
static void test_bad_boards(void **state)
{
	static const struct {
		const char *board, *path, *property, *text;
	} bad[] = {
		{ "bad-nowhere", "/dma@10000000", "iommus", "0xdead" },
		{ "bad-map", "/pcie@40000000", "iommu-map", "multiple of 16" },
		{ "bad-map-mask", "/pcie@40000000", "iommu-map", "0x101" },
		{ "bad-circle", "/iommu@2b000000", "iommus", "behind itself" },
		{ "bad-circle", "/pcie@40000000", "iommu-map", "itself" },
		{ "bad-cells", "/iommu@2b000000", "#iommu-cells", "legal is 1" },
		{ "bad-window", "/iommu@2b000000", "reg", "0x20000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct smmu_fw *fw = board_parse(bad[i].board);
		const struct smmu_fw_problem *p =
			find_problem(fw, bad[i].path, bad[i].property);

		assert_problem(fw, bad[i].path, bad[i].property, SMMU_FW_ERROR);
		assert_non_null(strstr(p->message, bad[i].text));
		assert_non_null(smmu_fw_worst(fw, SMMU_FW_ERROR));
		smmu_fw_destroy(fw);
	}
}

static void test_nowhere_keeps_what_came_before(void **state)
{
	struct smmu_fw *fw = board_parse("bad-nowhere");
	const struct smmu_fw_refs *refs = &fw->masters[0].iommus;

	(void)state;
	assert_int_equal(refs->count, 1); /* FW-6 */
	assert_int_equal(refs->ref[0].args[0], 1);
	assert_int_equal(refs->end, SMMU_FW_END_NOWHERE);
	assert_int_equal(refs->end_cell, 2);
	assert_int_equal(refs->end_phandle, 0xdead);
	smmu_fw_destroy(fw);
}

static void test_no_smmu(void **state)
{
	struct smmu_fw *fw = board_parse("bad-no-smmu");

	(void)state;
	assert_int_equal(fw->niommus, 1);
	assert_false(fw->iommus[0].is_smmuv3);
	assert_int_equal(fw->masters[0].iommus.ref[0].iommu, 0);
	assert_problem(fw, "/", "compatible", SMMU_FW_NOTE);
	smmu_fw_destroy(fw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_smmu_pcie),
		cmocka_unit_test(test_five_smmus),
		cmocka_unit_test(test_reserved_iovas),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_chained),
		cmocka_unit_test(test_bad_boards),
		cmocka_unit_test(test_nowhere_keeps_what_came_before),
		cmocka_unit_test(test_no_smmu),
	};

	return cmocka_run_group_tests_name("firmware: boards", tests, NULL, NULL);
}
