/* SPDX-License-Identifier: MIT */
/* dma-ranges: what a bus carries of its devices' DMA; and interrupts through nexuses. */
#include <stdlib.h>
#include <string.h>
#include "firmware/blob.h"

static const uint32_t ids[] = { 1, 5 };

/* A bus of one cell each; NULL: without dma-ranges. */
static void open_bus(struct blob *b, const char *name, const uint32_t *ranges, size_t n)
{
	blob_node(b, name);
	blob_cells(b, "#address-cells", 1);
	blob_cells(b, "#size-cells", 1);
	blob_words(b, "ranges", NULL, 0);
	if (ranges)
		blob_words(b, "dma-ranges", ranges, n);
}

static struct smmu_fw *on_buses(const uint32_t *outer, size_t nouter,
				const uint32_t *inner, size_t ninner)
{
	struct blob b;

	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_end(&b);
	blob_node(&b, "outer");
	blob_cells(&b, "#address-cells", 1);
	blob_cells(&b, "#size-cells", 1);
	if (outer)
		blob_words(&b, "dma-ranges", outer, nouter);
	open_bus(&b, "inner", inner, ninner);
	blob_node(&b, "m");
	blob_words(&b, "iommus", ids, 2);
	blob_end(&b);
	blob_end(&b);
	blob_end(&b);
	return blob_parse(&b);
}

#define M "/outer/inner/m"

/* The one master's ranges: n, and the first of them. */
static void expect(struct smmu_fw *fw, size_t n, uint64_t bus, uint64_t cpu,
		   uint64_t size, uint64_t last)
{
	const struct smmu_fw_master *m = &fw->masters[0];

	assert_int_equal(fw->nmasters, 1);
	assert_int_equal(m->ndma, n);
	if (n) {
		assert_int_equal(m->dma[0].bus, bus);
		assert_int_equal(m->dma[0].cpu, cpu);
		assert_int_equal(m->dma[0].size, size);
	}
	assert_int_equal(m->dma_last, last);
	smmu_fw_destroy(fw);
}

static void test_dma_ranges(void **state)
{
	/* The inner bus: 0x1000 bytes at 0x100 are the outer one's from 0x5000 on. */
	const uint32_t inner[] = { 0x100, 0x5000, 0x1000 };
	const uint32_t two[] = { 0, 0x5000, 0x100, 0x8000, 0x6000, 0x200 };
	/* The outer bus: one cell to two. */
	const uint32_t outer[] = { 0x5000, 2, 0x9000, 0x1000 };
	const uint32_t short_outer[] = { 0x5000, 2, 0x9000, 0xfff };

	(void)state;
	expect(on_buses(NULL, 0, NULL, 0), 0, 0, 0, 0, UINT64_MAX);
	expect(on_buses(NULL, 0, inner, 3), 1, 0x100, 0x5000, 0x1000, 0x10ff);
	expect(on_buses(NULL, 0, two, 6), 2, 0, 0x5000, 0x100, 0x81ff);
	expect(on_buses(outer, 4, inner, 3), 1, 0x100, 0x200009000, 0x1000, 0x10ff);
	/* Empty: nothing changes on this bus, the next one counts. */
	expect(on_buses(outer, 4, NULL, 0), 1, 0x5000, 0x200009000, 0x1000, 0x5fff);
	expect(on_buses(outer, 4, inner, 0), 1, 0x5000, 0x200009000, 0x1000, 0x5fff);
	expect(on_buses(outer, 0, inner, 3), 1, 0x100, 0x5000, 0x1000, 0x10ff);
	/* A window that the outer bus carries in part is none. */
	expect(on_buses(short_outer, 4, inner, 3), 0, 0, 0, 0, UINT64_MAX);
}

static void test_dma_ranges_malformed(void **state)
{
	const uint32_t cut[] = { 0x100, 0x5000 };
	const uint32_t empty[] = { 0x100, 0x5000, 0 };
	struct smmu_fw *fw = on_buses(NULL, 0, cut, 2);

	(void)state;
	assert_problem(fw, M, "dma-ranges", SMMU_FW_WARNING);
	expect(fw, 0, 0, 0, 0, UINT64_MAX);
	fw = on_buses(NULL, 0, empty, 3);
	assert_problem(fw, M, "dma-ranges", SMMU_FW_WARNING);
	expect(fw, 0, 0, 0, 0, UINT64_MAX);
}

/* The host's own property is about the functions behind it. */
static void test_host(void **state)
{
	const uint32_t ranges[] = { 0x02000000, 0, 0, 0, 0x80000000, 0, 0x40000000 };
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_end(&b);
	blob_node(&b, "pcie");
	blob_string(&b, "device_type", "pci");
	blob_cells(&b, "#address-cells", 3);
	blob_cells(&b, "#size-cells", 2);
	blob_cells(&b, "iommu-map", 0, 1, 0, 0x10000);
	blob_words(&b, "dma-ranges", ranges, 7);
	blob_end(&b);
	fw = blob_parse(&b);
	assert_int_equal(fw->hosts[0].ndma, 1);
	assert_int_equal(fw->hosts[0].dma[0].cpu, 0x80000000);
	assert_int_equal(fw->hosts[0].dma_last, 0x3fffffff);
	smmu_fw_destroy(fw);
}

/* ---- Interrupts ----------------------------------------------------------------------
 */

static void controller(struct blob *b, const char *name, uint32_t phandle, uint32_t cells)
{
	blob_node(b, name);
	blob_cells(b, "phandle", phandle);
	blob_cells(b, "#interrupt-cells", cells);
	blob_cells(b, "#address-cells", 0);
	blob_flag(b, "interrupt-controller");
	blob_end(b);
}

static void nexus(struct blob *b, const char *name, uint32_t phandle, uint32_t naddr,
		  const uint32_t *mask, size_t nmask, const uint32_t *map, size_t nmap)
{
	blob_node(b, name);
	blob_cells(b, "phandle", phandle);
	blob_cells(b, "#interrupt-cells", 1);
	blob_cells(b, "#address-cells", naddr);
	if (mask)
		blob_words(b, "interrupt-map-mask", mask, nmask);
	blob_words(b, "interrupt-map", map, nmap);
	blob_end(b);
}

/* An SMMU at 0x10000000 whose interrupt is this one of this parent. */
static struct smmu_fw *with_irq(struct blob *b, uint32_t parent, uint32_t irq)
{
	blob_smmu(b, 0x10000000, 1);
	blob_cells(b, "interrupt-parent", parent);
	blob_cells(b, "interrupts", irq);
	blob_string(b, "interrupt-names", "combined");
	blob_end(b);
	return blob_parse(b);
}

/* FW-2: through one nexus; the address is masked out, or counts. */
static void test_interrupt_map(void **state)
{
	const uint32_t mask[] = { 0, 0, 0xff }, all[] = { 0xffffffff, 0xffffffff, 7 };
	const uint32_t map[] = { 0, 0, 1, 9, 0, 11, 4, 0, 0, 2, 9, 0, 22, 1 };
	const uint32_t here[] = { 0, 0x10000000, 2, 9, 0, 33, 4 };
	const uint32_t there[] = { 0, 0x20000000, 2, 9, 0, 33, 4 };
	const uint32_t lost[] = { 0, 0, 2, 77, 0, 33, 4 };
	const uint32_t *const maps[] = { here, there, lost };
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	controller(&b, "gic", 9, 3);
	nexus(&b, "nexus", 8, 2, mask, 3, map, 14);
	fw = with_irq(&b, 8, 0x102); /* & 0xff */
	assert_int_equal(fw->iommus[0].nirqs, 1);
	assert_int_equal(fw->iommus[0].irq[0].controller, 9);
	assert_int_equal(fw->iommus[0].irq[0].ncells, 3);
	assert_int_equal(fw->iommus[0].irq[0].cells[1], 22);
	assert_string_equal(fw->iommus[0].irq[0].name, "combined");
	smmu_fw_destroy(fw);

	blob_begin(&b);
	controller(&b, "gic", 9, 3);
	nexus(&b, "nexus", 8, 2, mask, 3, map, 14);
	fw = with_irq(&b, 8, 3); /* in no entry */
	assert_int_equal(fw->iommus[0].nirqs, 0);
	assert_problem(fw, "/iommu@10000000", "interrupts", SMMU_FW_WARNING);
	smmu_fw_destroy(fw);

	for (unsigned i = 0; i < 3; i++) {
		blob_begin(&b);
		controller(&b, "gic", 9, 3);
		nexus(&b, "nexus", 8, 2, i < 2 ? all : mask, 3, maps[i], 7);
		fw = with_irq(&b, 8, 2);
		assert_int_equal(fw->iommus[0].nirqs, i == 0);
		smmu_fw_destroy(fw);
	}
}

/* Nexus behind nexus, up to where it goes in a circle. */
static void test_chained_nexus(void **state)
{
	const uint32_t inner[] = { 5, 7, 6 };	     /* my 5 is the outer one's 6 */
	const uint32_t outer[] = { 6, 9, 0, 40, 4 }; /* whose 6 is the GIC's 40 */
	const uint32_t circle[] = { 6, 8, 5 }, cut[] = { 6, 9, 0 };
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		blob_begin(&b);
		controller(&b, "gic", 9, 3);
		nexus(&b, "outer", 7, 0, NULL, 0,
		      i == 0   ? outer
		      : i == 1 ? circle
			       : cut,
		      i == 0 ? 5 : 3);
		nexus(&b, "inner", 8, 0, NULL, 0, inner, 3);
		fw = with_irq(&b, 8, 5);
		assert_int_equal(fw->iommus[0].nirqs, i == 0);
		if (i == 0) {
			assert_int_equal(fw->iommus[0].irq[0].controller, 9);
			assert_int_equal(fw->iommus[0].irq[0].cells[1], 40);
			assert_int_equal(fw->iommus[0].irq[0].cells[2], 4);
		} else {
			assert_problem(fw, "/iommu@10000000", "interrupts",
				       SMMU_FW_WARNING);
		}
		smmu_fw_destroy(fw);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dma_ranges),
		cmocka_unit_test(test_dma_ranges_malformed),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_interrupt_map),
		cmocka_unit_test(test_chained_nexus),
	};

	return cmocka_run_group_tests_name("firmware: DMA windows", tests, NULL, NULL);
}
