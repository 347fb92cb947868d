/* SPDX-License-Identifier: MIT */
/* Ids through an IORT (FW-29 to FW-36, FW-41). */
#include <errno.h>
#include "firmware/table.h"

struct fixture {
	struct table t;
	struct smmu_fw *fw;
	const struct smmu_iort *iort;
	uint32_t its, smmu, other;
};

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	table_begin(&f->t, "IORT", 6);
	f->its = add_its(&f->t, 0x77);
	f->smmu = add_smmuv3(&f->t, 0x10000000, 4);
	add_map(&f->t, 0, 0xfffff, 0x1000000, f->its);
	f->other = add_smmuv3(&f->t, 0x20000000, 4);
}

static void parse(struct fixture *f)
{
	if (!f->t.data)
		table_finish(&f->t);
	if (f->fw)
		smmu_fw_destroy(f->fw);
	f->fw = table_parse(&f->t);
	f->iort = f->fw->acpi->iort;
}

static void end(struct fixture *f)
{
	smmu_fw_destroy(f->fw);
	table_free(&f->t);
}

/* `id` below the node at `from` ends at the node `to` with `out`. */
static void maps(const struct fixture *f, uint32_t from, uint32_t id, uint32_t to,
		 uint32_t out)
{
	const struct smmu_iort_node *node;
	uint32_t got = 0xdead;

	node = smmu_iort_map_id(f->iort, smmu_iort_at(f->iort, from), id, &got,
				SMMU_IORT_IOMMUS);
	assert_non_null(node);
	assert_int_equal(node->offset, to);
	assert_int_equal(got, out);
}

/* FW-31: on failure the id comes back unchanged. */
static void maps_not(const struct fixture *f, uint32_t from, uint32_t id)
{
	uint32_t got = 0xdead;

	assert_null(smmu_iort_map_id(f->iort, smmu_iort_at(f->iort, from), id, &got,
				     SMMU_IORT_IOMMUS));
	assert_int_equal(got, id);
}

/* FW-29: a range, both its ends and what lies beside it. */
static void test_range(void **state)
{
	struct fixture f;
	uint32_t rc;

	(void)state;
	begin(&f);
	rc = add_root(&f.t, 0);
	add_map(&f.t, 0x100, 0xff, 0x2000, f.smmu);
	add_map(&f.t, 0x400, 0, 7, f.other);
	parse(&f);
	maps_not(&f, rc, 0xff);
	maps(&f, rc, 0x100, f.smmu, 0x2000);
	maps(&f, rc, 0x1ff, f.smmu, 0x20ff); /* id_count is one less than the number */
	maps_not(&f, rc, 0x200);
	maps(&f, rc, 0x400, f.other, 7);
	maps_not(&f, rc, 0x401);
	end(&f);
}

/* FW-29: single mappings, on the nodes that may have them and on one that may not. */
static void test_single(void **state)
{
	struct fixture f;
	uint32_t rc, nc;

	(void)state;
	begin(&f);
	rc = add_root(&f.t, 0);
	add_map(&f.t, 0, 0xff, 0x2000, f.smmu);
	add_single(&f.t, 0x42, f.other);
	nc = add_component(&f.t, "\\DEV0");
	add_single(&f.t, 0x43, f.smmu);
	parse(&f);
	maps(&f, rc, 0x10, f.smmu, 0x2010);
	maps(&f, rc, 0x100, f.other, 0x42);
	maps(&f, rc, 0xffff, f.other, 0x42);
	maps(&f, nc, 0x1234, f.smmu, 0x43);
	smmu_fw_destroy(f.fw);
	/* The SMMU's way to the ITS as a single one: of no use for others' ids. */
	table_put(&f.t, f.smmu + 68 + 16, SMMU_IORT_ID_SINGLE, 4);
	f.fw = NULL;
	parse(&f);
	assert_int_equal(smmu_iort_msi_id(f.iort, smmu_iort_at(f.iort, rc), 0x10), 0x10);
	end(&f);
}

/* FW-29: a type that may not have a single mapping. */
static void test_single_on_rmr(void **state)
{
	struct fixture f;
	uint32_t rmr;

	(void)state;
	begin(&f);
	rmr = add_rmr(&f.t, 0, 0x10000, 0x10000);
	add_single(&f.t, 0x42, f.smmu);
	parse(&f);
	maps_not(&f, rmr, 0);
	assert_true(has_problem(f.fw, SMMU_FW_WARNING, "/IORT@e4", "single"));
	assert_int_equal(rmr, 0xe4);
	/* ... without the flag it is a range like any other. */
	table_put(&f.t, rmr + 48 + 16, 0, 4);
	parse(&f);
	maps(&f, rmr, 0, f.smmu, 0x42);
	end(&f);
}

/* FW-30 */
static void test_off_by_one(void **state)
{
	struct fixture f;
	uint32_t rc;

	(void)state;
	begin(&f);
	rc = add_root(&f.t, 0);
	add_map(&f.t, 0x000, 0x100, 0x1000, f.smmu); /* means 0x100 ids */
	add_map(&f.t, 0x100, 0x100, 0x5000, f.other);
	add_map(&f.t, 0x180, 0x90, 0x9000, f.smmu); /* conflicts, starts elsewhere */
	parse(&f);
	maps(&f, rc, 0x0ff, f.smmu, 0x10ff);
	maps(&f, rc, 0x100, f.other, 0x5000); /* the next range begins there: it wins */
	maps(&f, rc, 0x180, f.other, 0x5080); /* first match */
	maps(&f, rc, 0x200, f.other, 0x5100); /* last of its range, none begins there */
	maps(&f, rc, 0x201, f.smmu, 0x9081);
	maps(&f, rc, 0x210, f.smmu, 0x9090); /* the last id of all stands */
	maps_not(&f, rc, 0x211);
	end(&f);
}

/* FW-30: a range of one id is not taken for two. */
static void test_one_id_is_final(void **state)
{
	struct fixture f;
	uint32_t rc;

	(void)state;
	begin(&f);
	rc = add_root(&f.t, 0);
	add_map(&f.t, 0x10, 0, 0x1000, f.smmu);
	add_map(&f.t, 0x10, 0x10, 0x5000, f.other);
	parse(&f);
	maps(&f, rc, 0x10, f.smmu, 0x1000);
	maps(&f, rc, 0x11, f.other, 0x5001);
	end(&f);
}

/* FW-31, FW-34: the way over an SMMU skips the mapping for its own messages. */
static void test_skips_own(void **state)
{
	struct fixture f;
	uint32_t rc, id;

	(void)state;
	memset(&f, 0, sizeof(f));
	table_begin(&f.t, "IORT", 6);
	f.its = add_its(&f.t, 0x77);
	f.smmu = add_smmuv3(&f.t, 0x10000000, 4);
	add_map(&f.t, 0, 0xfff, 0x8000, f.its); /* index 0: its own by default */
	add_map(&f.t, 0, 0xfff, 0x9000, f.its);
	rc = add_root(&f.t, 0);
	add_map(&f.t, 0, 0xffff, 0, f.smmu);
	parse(&f);
	assert_int_equal(smmu_iort_msi_id(f.iort, smmu_iort_at(f.iort, rc), 5), 0x9005);
	assert_int_equal(smmu_iort_msi_id(f.iort, smmu_iort_at(f.iort, rc), 0x1000),
			 0x1000); /* FW-41: unmapped is the id itself */
	/* All four interrupts are wires: no mapping is special. */
	for (unsigned i = 0; i < 4; i++)
		table_put(&f.t, f.smmu + 44 + 4 * i, 64 + i, 4);
	parse(&f);
	assert_int_equal(smmu_iort_msi_id(f.iort, smmu_iort_at(f.iort, rc), 5), 0x8005);
	assert_int_equal(
		smmu_iort_own_deviceid(f.iort, smmu_iort_at(f.iort, f.smmu), &id),
		-ENODEV);
	end(&f);
}

/* FW-34, for each node revision. */
static void test_deviceid_index(void **state)
{
	struct smmu_iort_mapping maps2[2] = { { 0 }, { 0 } };
	struct smmu_iort_node n = { .type = SMMU_IORT_SMMUV3,
				    .nmappings = 2,
				    .mappings = maps2,
				    .v3 = { .deviceid_index = 1 } };

	(void)state;
	assert_int_equal(smmu_iort_deviceid_index(&n), -1); /* revision 0 */
	for (n.revision = 1; n.revision <= 4; n.revision++) {
		assert_int_equal(smmu_iort_deviceid_index(&n), 1);
		n.v3.event_gsiv = n.v3.pri_gsiv = n.v3.gerror_gsiv = 1;
		assert_int_equal(smmu_iort_deviceid_index(&n), 1);
		n.v3.sync_gsiv = 1;
		assert_int_equal(smmu_iort_deviceid_index(&n), -1);
		n.v3.event_gsiv = n.v3.pri_gsiv = n.v3.gerror_gsiv = n.v3.sync_gsiv = 0;
	}
	n.revision = 5;
	assert_int_equal(smmu_iort_deviceid_index(&n), -1);
	n.v3.flags = SMMU_IORT_V3_DEVICEID;
	n.v3.sync_gsiv = n.v3.event_gsiv = n.v3.pri_gsiv = n.v3.gerror_gsiv = 1;
	assert_int_equal(smmu_iort_deviceid_index(&n), 1);
	n.v3.deviceid_index = 2;
	assert_int_equal(smmu_iort_deviceid_index(&n), -1);
	n.type = SMMU_IORT_PMCG;
	assert_int_equal(smmu_iort_deviceid_index(&n), 0);
	n.type = SMMU_IORT_ROOT_COMPLEX;
	assert_int_equal(smmu_iort_deviceid_index(&n), -1);
}

/* FW-34, FW-41: the SMMU's own message goes out with its single mapping. */
static void test_own_deviceid(void **state)
{
	struct fixture f;
	const struct smmu_fw_iommu *smmu;
	uint32_t id = 0;

	(void)state;
	begin(&f);
	parse(&f);
	/* Index 0 is a range: no DeviceID in it. */
	assert_int_equal(
		smmu_iort_own_deviceid(f.iort, smmu_iort_at(f.iort, f.smmu), &id),
		-ENODEV);
	assert_false(f.fw->iommus[0].msi_parent.present);
	table_put(&f.t, f.smmu + 68 + 16, SMMU_IORT_ID_SINGLE, 4);
	parse(&f);
	assert_int_equal(
		smmu_iort_own_deviceid(f.iort, smmu_iort_at(f.iort, f.smmu), &id), 0);
	assert_int_equal(id, 0x1000000);
	smmu = f.fw->iommus;
	assert_int_equal(smmu->msi_parent.count, 1);
	assert_int_equal(smmu->msi_parent.ref[0].phandle, f.its);
	assert_int_equal(smmu->msi_parent.ref[0].args[0], 0x1000000);
	/* FW-34: an index beyond the mappings is firmware's bug, and none. */
	table_put(&f.t, f.smmu + 64, 1, 4);
	parse(&f);
	assert_int_equal(
		smmu_iort_own_deviceid(f.iort, smmu_iort_at(f.iort, f.smmu), &id),
		-ENODEV);
	assert_true(has_problem(f.fw, SMMU_FW_WARNING, "/IORT@48", "index 1"));
	end(&f);
}

/* FW-32, FW-33, FW-35 */
static void test_platform_ids(void **state)
{
	struct fixture f;
	const struct smmu_iort_node *nc, *node;
	uint32_t at, id = 0;

	(void)state;
	begin(&f);
	at = add_component(&f.t, "\\DEV0");
	add_single(&f.t, 0x11, f.smmu);
	add_single(&f.t, 0x12, f.other);
	add_map(&f.t, 0, 5, 0x13, f.smmu);
	add_single(&f.t, 0x14, f.its);
	parse(&f);
	nc = smmu_iort_at(f.iort, at);
	node = smmu_iort_get_id(f.iort, nc, 1, &id);
	assert_int_equal(node->offset, f.other);
	assert_int_equal(id, 0x12);
	assert_null(smmu_iort_get_id(f.iort, nc, 2, &id)); /* no single one */
	assert_null(smmu_iort_get_id(f.iort, nc, 4, &id)); /* beyond the last */
	assert_non_null(smmu_iort_get_id(f.iort, nc, 3, &id));

	node = smmu_iort_map_platform_id(f.iort, nc, 0, &id, SMMU_IORT_IOMMUS);
	assert_int_equal(node->offset, f.smmu);
	assert_int_equal(id, 0x11);
	/* Two steps: component, SMMU, ITS. */
	node = smmu_iort_map_platform_id(f.iort, nc, 0, &id, SMMU_IORT_MSI);
	assert_null(node);		   /* index 0 of the SMMU is its own (FW-34) */
	table_put(&f.t, f.smmu + 3, 0, 1); /* of revision 0 it has no such thing */
	parse(&f);
	nc = smmu_iort_at(f.iort, at);
	node = smmu_iort_map_platform_id(f.iort, nc, 0, &id, SMMU_IORT_MSI);
	assert_int_equal(node->offset, f.its);
	assert_int_equal(id, 0x1000011);
	id = 1;
	/* The other SMMU leads to no ITS; this index to no IOMMU. */
	assert_null(smmu_iort_map_platform_id(f.iort, nc, 1, &id, SMMU_IORT_MSI));
	assert_null(smmu_iort_map_platform_id(f.iort, nc, 3, &id, SMMU_IORT_IOMMUS));
	assert_int_equal(id, 1);
	/* FW-32: an ITS group or an RMR has none. */
	assert_null(smmu_iort_get_id(f.iort, smmu_iort_at(f.iort, f.its), 0, &id));
	end(&f);
}

/* FW-41 */
static void test_its(void **state)
{
	struct fixture f;
	uint32_t rc, its = 0;

	(void)state;
	begin(&f);
	rc = add_root(&f.t, 0);
	add_map(&f.t, 0, 0xffff, 0x10000, f.smmu);
	table_finish(&f.t);
	table_put(&f.t, f.smmu + 3, 0, 1);
	parse(&f);
	assert_int_equal(smmu_iort_msi_id(f.iort, smmu_iort_at(f.iort, rc), 0x21),
			 0x1010021);
	assert_int_equal(
		smmu_iort_its_of(f.iort, smmu_iort_at(f.iort, rc), 0x21, 0, &its), 0);
	assert_int_equal(its, 0x77);
	assert_int_equal(
		smmu_iort_its_of(f.iort, smmu_iort_at(f.iort, rc), 0x21, 1, &its),
		-ENXIO);
	assert_int_equal(
		smmu_iort_its_of(f.iort, smmu_iort_at(f.iort, f.other), 0, 0, &its),
		-ENXIO);
	end(&f);
}

/* FW-36 */
static void test_find(void **state)
{
	struct fixture f;
	uint32_t first, second, a;

	(void)state;
	begin(&f);
	first = add_root(&f.t, 0);
	second = add_root(&f.t, 3);
	add_root(&f.t, 3);
	a = add_component(&f.t, "\\_SB.A");
	parse(&f);
	assert_int_equal(smmu_iort_root_complex(f.iort, 0)->offset, first);
	assert_int_equal(smmu_iort_root_complex(f.iort, 3)->offset, second);
	assert_null(smmu_iort_root_complex(f.iort, 1));
	assert_int_equal(smmu_iort_component(f.iort, "\\_SB.A")->offset, a);
	assert_null(smmu_iort_component(f.iort, "\\_SB"));
	assert_null(smmu_iort_component(f.iort, "\\_SB.A.B"));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_single_on_rmr),
		cmocka_unit_test(test_off_by_one),
		cmocka_unit_test(test_one_id_is_final),
		cmocka_unit_test(test_skips_own),
		cmocka_unit_test(test_deviceid_index),
		cmocka_unit_test(test_own_deviceid),
		cmocka_unit_test(test_platform_ids),
		cmocka_unit_test(test_its),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
