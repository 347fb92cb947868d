/* SPDX-License-Identifier: MIT */
/* The VIOT: its bytes, and what is asked of it (FW-42 to FW-46). */
#include <errno.h>
#include "firmware/table.h"

static const struct smmu_viot_iommu on_pci = { .is_pci = true, .segment = 1, .bdf = 8 };
static const struct smmu_viot_iommu on_mmio = { .base = 0x40000000 };
static const struct smmu_viot_endpoint range = { .is_pci = true,
						 .endpoint = 0x100,
						 .segment_first = 2,
						 .segment_last = 3,
						 .bdf_first = 0x10,
						 .bdf_last = 0x1f };
static const struct smmu_viot_endpoint device = { .endpoint = 7, .base = 0x50000000 };

struct fixture {
	struct table t;
	uint16_t pci, mmio, unused;
	uint32_t range, device;
};

static void begin(struct fixture *f)
{
	table_begin(&f->t, "VIOT", 0);
	f->pci = (uint16_t)smmu_acpi_add_virtio(f->t.w, &on_pci);
	f->mmio = (uint16_t)smmu_acpi_add_virtio(f->t.w, &on_mmio);
	f->range = smmu_acpi_add_endpoint(f->t.w, &range, f->pci);
	f->device = smmu_acpi_add_endpoint(f->t.w, &device, f->mmio);
	f->unused = (uint16_t)smmu_acpi_add_virtio(f->t.w, &on_mmio);
	table_finish(&f->t);
}

/* FW-42, FW-43 */
static void test_layout(void **state)
{
	static const unsigned char pci[16] = { 3, 0, 16, 0, 1, 0, 8 };
	static const unsigned char mmio[16] = { 4, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0x40 };
	static const unsigned char endpoints[24] = { 1, 0, 24, 0,    0, 1,    0, 0, 2,
						     0, 3, 0,  0x10, 0, 0x1f, 0, 48 };
	static const unsigned char endpoint[24] = { 2, 0, 24,	0, 7, 0, 0, 0, 0,
						    0, 0, 0x50, 0, 0, 0, 0, 64 };
	struct fixture f;

	(void)state;
	begin(&f);
	assert_memory_equal(f.t.data, "VIOT", 4);
	assert_int_equal(f.t.data[36], 5);
	assert_int_equal(f.t.data[38], 48);
	assert_int_equal(f.t.len, 48 + 16 * 3 + 24 * 2);
	assert_memory_equal(f.t.data + f.pci, pci, 16);
	assert_memory_equal(f.t.data + f.mmio, mmio, 16);
	assert_memory_equal(f.t.data + f.range, endpoints, 24);
	assert_memory_equal(f.t.data + f.device, endpoint, 24);
	table_free(&f.t);
}

static int pci(const struct smmu_fw *fw, uint16_t segment, uint16_t bdf, uint32_t *id)
{
	size_t iommu;

	return smmu_viot_map_pci(fw->acpi->viot, segment, bdf, id, &iommu);
}

/* FW-44, FW-45, FW-46 */
static void test_map(void **state)
{
	const struct smmu_viot *viot;
	struct fixture f;
	struct smmu_fw *fw;
	uint32_t id = 0;
	size_t iommu = 9;

	(void)state;
	begin(&f);
	fw = table_parse(&f.t);
	viot = fw->acpi->viot;
	assert_int_equal(viot->niommus,
			 2); /* the one that nobody refers to is not made */
	assert_int_equal(viot->nendpoints, 2);
	assert_true(viot->iommus[0].is_pci);
	assert_int_equal(viot->iommus[0].bdf, 8);
	assert_int_equal(viot->iommus[1].base, 0x40000000);
	assert_int_equal(pci(fw, 1, 0x10, &id), -ENODEV);
	assert_int_equal(pci(fw, 4, 0x10, &id), -ENODEV);
	assert_int_equal(pci(fw, 2, 0x0f, &id), -ENODEV);
	assert_int_equal(pci(fw, 2, 0x20, &id), -ENODEV);
	assert_int_equal(pci(fw, 2, 0x10, &id), 0);
	assert_int_equal(id, 0x100);
	assert_int_equal(pci(fw, 2, 0x1f, &id), 0);
	assert_int_equal(id, 0x10f);
	assert_int_equal(pci(fw, 3, 0x11, &id), 0);
	assert_int_equal(id, 0x10101);
	assert_int_equal(smmu_viot_map_mmio(viot, 0x50000000, &id, &iommu), 0);
	assert_int_equal(id, 7);
	assert_int_equal(iommu, 1);
	assert_int_equal(smmu_viot_map_mmio(viot, 0x50000001, &id, &iommu), -ENODEV);

	/* The board: two IOMMUs that are no SMMUv3, two segments, a device. */
	assert_int_equal(fw->niommus, 2);
	assert_string_equal(fw->iommus[0].path, "/VIOT/virtio-iommu@30");
	assert_false(fw->iommus[0].is_smmuv3);
	assert_int_equal(fw->nhosts, 2);
	assert_int_equal(fw->hosts[1].domain, 3);
	assert_int_equal(fw->hosts[1].iommu_map.count, 1);
	assert_int_equal(fw->hosts[1].iommu_map.entry[0].id_base, 0x10);
	assert_int_equal(fw->hosts[1].iommu_map.entry[0].length, 0x10);
	assert_int_equal(fw->hosts[1].iommu_map.entry[0].out_base, 0x10100);
	assert_int_equal(fw->nmasters, 1);
	assert_int_equal(fw->masters[0].iommus.ref[0].iommu, 1);
	assert_int_equal(fw->masters[0].iommus.ref[0].args[0], 7);
	smmu_fw_destroy(fw);
	table_free(&f.t);
}

/* FW-45: the first match in table order. */
static void test_first_match(void **state)
{
	struct smmu_viot_endpoint second = range;
	struct table t;
	struct smmu_fw *fw;
	uint16_t iommu;
	uint32_t id;

	(void)state;
	second.endpoint = 0x9000;
	second.bdf_last = 0x2f;
	table_begin(&t, "VIOT", 0);
	iommu = (uint16_t)smmu_acpi_add_virtio(t.w, &on_pci);
	smmu_acpi_add_endpoint(t.w, &range, iommu);
	smmu_acpi_add_endpoint(t.w, &second, iommu);
	table_finish(&t);
	fw = table_parse(&t);
	assert_int_equal(pci(fw, 2, 0x1f, &id), 0);
	assert_int_equal(id, 0x10f);
	assert_int_equal(pci(fw, 2, 0x20, &id), 0);
	assert_int_equal(id, 0x9010);
	smmu_fw_destroy(fw);
	table_free(&t);
}

/* FW-44, FW-50 */
static void test_bad(void **state)
{
	struct fixture f;
	struct smmu_fw *fw;

	(void)state;
	begin(&f);
	assert_taken(&f.t, 8, 0, 1);
	assert_refused(&f.t, 38, 47, 2, "VIOT: nodes at 0x2f");
	assert_refused(&f.t, f.range + 2, 3, 2, "VIOT: node at 0x50: type 1");
	assert_refused(&f.t, f.range + 2, 0, 2, "node at 0x50");
	assert_refused(&f.t, f.range + 2, 23, 2, "legal is 0x18 to");
	assert_refused(&f.t, f.mmio + 2, 15, 2, "legal is 0x10 to");
	assert_refused(&f.t, f.unused + 2, 17, 2, "legal is 0x10 to 0x10");
	assert_taken(&f.t, f.unused + 2, 16, 2);
	assert_refused(&f.t, 36, 6, 2, "lies beyond the table");
	assert_taken(&f.t, 36, 4, 2);
	assert_refused(&f.t, f.range + 16, f.pci + 4u, 2, "where no node begins");
	assert_refused(&f.t, f.range + 16, 0, 2, "where no node begins");
	assert_refused(&f.t, f.range + 16, 0xffff, 2, "where no node begins");
	/* An output that is no IOMMU: the endpoint is dropped. */
	table_put(&f.t, f.range + 16, f.device, 2);
	fw = table_parse(&f.t);
	assert_int_equal(fw->acpi->viot->nendpoints, 1);
	assert_true(has_problem(fw, SMMU_FW_WARNING, "/VIOT@50", "no IOMMU"));
	smmu_fw_destroy(fw);
	table_put(&f.t, f.range + 16, f.pci, 2);
	/* An unknown type is passed over. */
	table_put(&f.t, f.range, 9, 1);
	fw = table_parse(&f.t);
	assert_int_equal(fw->acpi->viot->nendpoints, 1);
	assert_true(has_problem(fw, SMMU_FW_WARNING, "/VIOT@50", "type 9"));
	smmu_fw_destroy(fw);
	table_put(&f.t, f.range, 1, 1);
	/* Lenient: what comes before the bad node counts. */
	table_put(&f.t, f.device + 2, 3, 2);
	fw = table_parse_lenient(&f.t);
	assert_int_equal(fw->acpi->viot->nendpoints, 1);
	assert_true(has_problem(fw, SMMU_FW_ERROR, "/VIOT@68", "legal length"));
	smmu_fw_destroy(fw);
	table_free(&f.t);
}

/* Offsets have 16 bits: what lies beyond cannot be added. */
static void test_too_many(void **state)
{
	struct table t;
	void *data;
	size_t len;

	(void)state;
	table_begin(&t, "VIOT", 0);
	while (smmu_acpi_add_virtio(t.w, &on_mmio))
		;
	assert_int_equal(smmu_acpi_finish(t.w, &data, &len), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),	    cmocka_unit_test(test_map),
		cmocka_unit_test(test_first_match), cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
