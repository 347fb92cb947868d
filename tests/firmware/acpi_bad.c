/* SPDX-License-Identifier: MIT */
/* Tables that are damaged: what is refused, and with which words (FW-50). */
#include <errno.h>
#include "firmware/table.h"

struct fixture {
	struct table t;
	uint32_t its, smmu, rc, nc;
};

static void begin(struct fixture *f)
{
	table_begin(&f->t, "IORT", 5);
	f->its = add_its(&f->t, 1);
	f->smmu = add_smmuv3(&f->t, 0x10000000, 4);
	add_map(&f->t, 0, 0xff, 0, f->its);
	f->rc = add_root(&f->t, 0);
	add_map(&f->t, 0, 0xffff, 0, f->smmu);
	f->nc = add_component(&f->t, "\\_SB.DEV0");
	add_single(&f->t, 9, f->smmu);
	table_finish(&f->t);
}

/* FW-20, FW-50: the header. */
static void test_header(void **state)
{
	struct fixture f;
	struct smmu_fw *fw = NULL;
	struct smmu_acpi_blob blob;
	char why[128];

	(void)state;
	begin(&f);
	assert_taken(&f.t, 8, 7, 1);
	assert_refused(&f.t, 0, 'X', 1, "not an IORT or VIOT");
	assert_refused(&f.t, 4, 47, 4, "IORT: length is 47");
	assert_refused(&f.t, 4, f.t.len + 1, 4, "the file ends after");
	assert_refused(&f.t, 4, SMMU_ACPI_MAX_BYTES + 1, 4, "takes up to");
	assert_refused(&f.t, 40, 47, 4, "legal is 0x30 or more");
	f.t.data[9]++;
	blob = (struct smmu_acpi_blob){ f.t.data, f.t.len };
	assert_int_equal(smmu_fw_from_acpi(&blob, 1, 0, &fw, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "checksum"));
	assert_int_equal(
		smmu_fw_from_acpi(&blob, 1, SMMU_ACPI_LENIENT, &fw, why, sizeof(why)), 0);
	assert_true(has_problem(fw, SMMU_FW_ERROR, "/IORT", "checksum"));
	smmu_fw_destroy(fw);
	f.t.data[9]--;
	for (size_t len = 0; len < f.t.len; len++) {
		blob.len = len;
		assert_int_equal(smmu_fw_from_acpi(&blob, 1, 0, &fw, NULL, 0), -EINVAL);
	}
	blob.len = f.t.len;
	assert_int_equal(smmu_fw_from_acpi(&blob, 0, 0, &fw, why, sizeof(why)), -EINVAL);
	assert_int_equal(smmu_fw_from_acpi(&blob, 1, 2, &fw, why, sizeof(why)), -EINVAL);
	assert_int_equal(smmu_fw_from_acpi((struct smmu_acpi_blob[]){ blob, blob }, 2, 0,
					   &fw, why, sizeof(why)),
			 -EINVAL);
	assert_non_null(strstr(why, "twice"));
	assert_int_equal(smmu_fw_from_acpi(&blob, 1, 0, &fw, NULL, 0), 0);
	smmu_fw_destroy(fw);
	table_free(&f.t);
}

/* FW-21, FW-50: nodes. */
static void test_nodes(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_refused(&f.t, f.smmu + 1, 0, 2, "IORT: node at 0x48: length is 0x0");
	assert_refused(&f.t, f.smmu + 1, 15, 2, "node at 0x48");
	assert_refused(&f.t, f.smmu + 1, 0xffff, 2, "node at 0x48: length is 0xffff");
	assert_refused(&f.t, f.nc + 1, f.t.len - f.nc + 1, 2, "length");
	assert_taken(&f.t, f.nc + 1, f.t.len - f.nc, 2);
	assert_refused(&f.t, 36, 5, 4, "lies beyond the table");
	assert_taken(&f.t, 36, 4, 4);
	assert_taken(&f.t, 36, 3, 4);
	assert_refused(&f.t, 40, 0xfffffff0, 4, "node at 0xfffffff0: lies beyond");
	/* Too short for its type: by one byte, and not at all. */
	assert_refused(&f.t, f.its, SMMU_IORT_RMR, 1, "a rmr of 0x18 bytes");
	assert_refused(&f.t, f.its + 16, 2, 4, "2 ITS identifiers; there is room for 1");
	assert_taken(&f.t, f.its + 16, 0, 4);
	table_free(&f.t);
}

/* FW-23, FW-50: mappings. */
static void test_mappings(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_refused(&f.t, f.rc + 8, 2, 4, "2 mappings at 0x24 run past");
	assert_refused(&f.t, f.rc + 8, 0xffffffff, 4, "run past");
	assert_refused(&f.t, f.rc + 12, 37, 4, "run past");
	assert_taken(&f.t, f.rc + 8, 0, 4);
	assert_refused(&f.t, f.rc + 12, 0xffffffff, 4, "run past");
	assert_refused(&f.t, f.rc + 12, 0, 4, "at offset 0"); /* FW-31 */
	assert_refused(&f.t, f.rc + 36 + 12, f.smmu + 4, 4,
		       "mapping 0 leads to 0x4c, where no node begins");
	assert_refused(&f.t, f.rc + 36 + 12, 0, 4, "leads to 0x0");
	assert_taken(&f.t, f.rc + 36 + 12, f.its, 4);
	/* Circles: to itself, and through another. */
	assert_refused(&f.t, f.smmu + 68 + 12, f.smmu, 4, "lead back to it");
	assert_refused(&f.t, f.smmu + 68 + 12, f.rc, 4, "lead back to it");
	table_free(&f.t);
}

/* FW-50: a path without an end. */
static void test_path(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	/* "\_SB.DEV0", its end and padding: 11 bytes before the mapping at 40. */
	for (size_t i = f.nc + 29; i < f.t.len; i++)
		f.t.data[i] = 'A';
	table_put(&f.t, f.nc + 8, 0, 4);
	smmu_acpi_checksum(f.t.data, f.t.len);
	assert_refused(&f.t, 8, 5, 1, "path does not end");
	assert_taken(&f.t, f.t.len - 1, 0, 1);
	table_free(&f.t);
}

/* FW-21, FW-31: what a lenient reader goes on with. */
static void test_lenient(void **state)
{
	struct fixture f;
	struct smmu_fw *fw;
	uint32_t out;

	(void)state;
	begin(&f);
	table_put(&f.t, f.nc + 1, 0xffff, 2);
	fw = table_parse_lenient(&f.t);
	assert_int_equal(fw->acpi->iort->nnodes, 3); /* it stops there */
	assert_int_equal(fw->nmasters, 0);
	assert_int_equal(fw->nhosts, 1);
	assert_true(has_problem(fw, SMMU_FW_ERROR, "/IORT@d8", "length"));
	smmu_fw_destroy(fw);
	table_put(&f.t, f.nc + 1, f.t.len - f.nc, 2);

	table_put(&f.t, f.rc + 36 + 12, 0, 4);
	fw = table_parse_lenient(&f.t);
	assert_null(smmu_iort_map_id(fw->acpi->iort,
				     smmu_iort_root_complex(fw->acpi->iort, 0), 7, &out,
				     SMMU_IORT_IOMMUS));
	assert_int_equal(out, 7);
	smmu_fw_destroy(fw);
	table_put(&f.t, f.rc + 36 + 12, f.smmu, 4);

	/* A circle: the walk ends. */
	table_put(&f.t, f.smmu + 3, 0, 1);
	table_put(&f.t, f.smmu + 68 + 12, f.smmu, 4);
	table_put(&f.t, f.smmu + 68 + 4, 0xffff, 4);
	fw = table_parse_lenient(&f.t);
	assert_null(smmu_iort_map_id(fw->acpi->iort,
				     smmu_iort_root_complex(fw->acpi->iort, 0), 7, &out,
				     SMMU_IORT_MSI));
	assert_int_equal(out, 7);
	smmu_fw_destroy(fw);
	/* Sent to a type that nobody has. */
	table_put(&f.t, f.its, SMMU_IORT_SMMUV3, 1);
	fw = table_parse_lenient(&f.t);
	assert_true(has_problem(fw, SMMU_FW_ERROR, "/IORT@30", "a smmuv3 of 0x18 bytes"));
	smmu_fw_destroy(fw);
	table_free(&f.t);
}

/* The writer's own refusals. */
static void test_writer(void **state)
{
	struct smmu_acpi_writer *w;
	uint32_t ids[2] = { 1, 2 };
	void *data = &ids;
	size_t len = 5;

	(void)state;
	assert_null(smmu_acpi_begin("DSDT", 1));
	w = smmu_acpi_begin("IORT", 1);
	smmu_acpi_add_mapping(w, 0, 0, 0, 0, 0); /* of which node? */
	assert_int_equal(smmu_acpi_finish(w, &data, &len), -EINVAL);
	w = smmu_acpi_begin("IORT", 1);
	assert_int_equal(smmu_acpi_add_virtio(w, &(struct smmu_viot_iommu){ 0 }), 0);
	assert_int_equal(smmu_acpi_finish(w, &data, &len), -EINVAL);
	w = smmu_acpi_begin("VIOT", 0);
	assert_int_equal(
		smmu_acpi_add_node(w, &(struct smmu_iort_node){ .its = { 2, ids } }), 0);
	assert_int_equal(smmu_acpi_finish(w, &data, &len), -EINVAL);
	w = smmu_acpi_begin("IORT", 1);
	assert_true(smmu_acpi_add_node(w, &(struct smmu_iort_node){ .its = { 2, ids } }));
	for (unsigned i = 0; i < 65535 / 20; i++)
		smmu_acpi_add_mapping(w, i, 0, i, 48, 0);
	assert_int_equal(smmu_acpi_finish(w, &data, &len), -E2BIG); /* 64 KiB of a node */
	assert_ptr_equal(data, &ids);
	assert_int_equal(len, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),	 cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_mappings), cmocka_unit_test(test_path),
		cmocka_unit_test(test_lenient),	 cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
