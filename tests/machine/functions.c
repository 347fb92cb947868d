/* SPDX-License-Identifier: MIT */
/*
 * PCIe functions of a machine: their ids, several for one function (FW-13, FW-14), their
 * configuration space, and VFs that come with their PF.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/acpi.h>
#include <smmulator/machine.h>

enum { BUSES = 2 }; /* that the mapping knows */

struct fixture {
	struct smmu_fw *fw;
	struct smmu_machine *m;
	struct smmu_machine_options o;
	char why[200];
};

/* One SMMU; RequesterIDs of buses 0 and 1 of segment 3 are StreamIDs from 0x1000 on. */
static void begin(struct fixture *f)
{
	struct smmu_acpi_writer *w = smmu_acpi_begin("IORT", 3);
	struct smmu_iort_node smmu = { .type = SMMU_IORT_SMMUV3,
				       .revision = 4,
				       .v3 = { .base = 0x2b400000,
					       .flags = SMMU_IORT_V3_COHACC,
					       .event_gsiv = 74 } };
	struct smmu_iort_node rc = { .type = SMMU_IORT_ROOT_COMPLEX,
				     .revision = 3,
				     .rc = { .memory = { true, 0, 3 },
					     .ats = SMMU_IORT_RC_ATS,
					     .segment = 3,
					     .address_bits = 64 } };
	struct smmu_acpi_blob blob;
	uint32_t at;
	void *data;

	memset(f, 0, sizeof(*f));
	assert_non_null(w);
	at = smmu_acpi_add_node(w, &smmu);
	(void)smmu_acpi_add_node(w, &rc);
	smmu_acpi_add_mapping(w, 0, BUSES * 256 - 1, 0x1000, at, 0);
	assert_int_equal(smmu_acpi_finish(w, &data, &blob.len), 0);
	blob.data = data;
	assert_int_equal(smmu_fw_from_acpi(&blob, 1, 0, &f->fw, f->why, sizeof(f->why)),
			 0);
	free(data);
	smmu_machine_options_init(&f->o);
	f->o.preset = SMMU_PRESET_FULL; /* with ATS */
}

static int build(struct fixture *f, const struct smmu_machine_function *named, size_t n)
{
	f->o.named = named;
	f->o.num_named = n;
	return smmu_machine_create(&f->m, f->fw, &f->o, f->why, sizeof(f->why));
}

static void end(struct fixture *f)
{
	smmu_machine_destroy(f->m);
	smmu_fw_destroy(f->fw);
}

static struct smmu_pcie_config config(void)
{
	return (struct smmu_pcie_config){ .size = sizeof(struct smmu_pcie_config),
					  .vendor = 0x1dea,
					  .ats = true,
					  .flr = true };
}

/* Behind a bridge to conventional PCI: two ids, two streams; a third leads nowhere. */
static void ids(void **state)
{
	static const uint16_t of_it[] = { 0x108, 0x100, 0x300 };
	const struct smmu_machine_function named[] = {
		{ .segment = 3, .rid = 0x108, .ids = of_it, .num_ids = 3 },
		{ .segment = 3, .rid = 0x010 },
	};
	const struct smmu_machine_master *m;
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(build(&f, named, 2), 0);
	assert_int_equal(smmu_machine_masters(f.m), 2);
	m = smmu_machine_master(f.m, 0);
	assert_int_equal(m->named, 0);
	assert_int_equal(m->nstreams, 2);
	assert_int_equal(m->streams[0].sid, 0x1108);
	assert_int_equal(m->streams[1].sid, 0x1100);
	assert_int_equal(smmu_endpoint_streams(m->endpoint), 2);
	assert_null(m->pcie);
	m = smmu_machine_master(f.m, 1);
	assert_int_equal(m->named, 1);
	assert_int_equal(m->nstreams, 1);
	end(&f);
}

static void pf_and_vfs(void **state)
{
	struct smmu_pcie_config pf = config(), other = config();
	const struct smmu_machine_function named[] = {
		{ .segment = 3, .rid = 0x100, .pcie = &pf },
		{ .segment = 3, .rid = 0x104, .is_vf = true, .pf = 0, .vf = 0 },
		{ .segment = 3, .rid = 0x106, .is_vf = true, .pf = 0, .vf = 1 },
		{ .segment = 3, .rid = 0x008, .pcie = &other },
	};
	const struct smmu_machine_master *m[4];
	struct fixture f;

	(void)state;
	begin(&f);
	pf.total_vfs = 2;
	pf.vf_offset = 4;
	pf.vf_stride = 2;
	assert_int_equal(build(&f, named, 4), 0);
	for (size_t i = 0; i < 4; i++) {
		m[i] = smmu_machine_master(f.m, i);
		assert_non_null(m[i]->pcie);
		assert_int_equal(smmu_pcie_sid(m[i]->pcie), m[i]->streams[0].sid);
	}
	assert_int_equal(m[2]->streams[0].sid, 0x1106);
	assert_string_equal(smmu_pcie_name(m[0]->pcie), m[0]->name);
	assert_ptr_equal(smmu_pcie_pf(m[2]->pcie), m[0]->pcie);
	assert_false(smmu_pcie_present(m[1]->pcie));
	assert_int_equal(smmu_pcie_enable_vfs(m[0]->pcie, 2), 0);
	assert_true(smmu_pcie_present(m[1]->pcie));
	end(&f);
}

static void refused(void **state)
{
	struct smmu_pcie_config pf = config();
	struct smmu_machine_function named[] = {
		{ .segment = 3, .rid = 0x100, .pcie = &pf },
		{ .segment = 3, .rid = 0x101, .is_vf = true, .pf = 0, .vf = 0 },
	};
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(build(&f, named, 2), -EINVAL); /* it has no VFs */
	assert_non_null(strstr(f.why, "0003:01:00.1: it is a VF of no PF before it"));
	pf.total_vfs = 1;
	pf.vf_offset = 0x180; /* beyond what is mapped */
	assert_int_equal(build(&f, named, 2), -EINVAL);
	assert_non_null(strstr(f.why, "no mapping gives its VF 0 an id"));
	pf.vf_offset = 1;
	named[1].pf = 1; /* itself */
	assert_int_equal(build(&f, named, 2), -EINVAL);
	named[1].pf = 0;
	pf.pasid_width = 21;
	assert_int_equal(build(&f, named, 2), -EINVAL);
	assert_non_null(strstr(f.why, "its configuration cannot be"));
	pf.pasid_width = 0;
	assert_int_equal(build(&f, named, 2), 0);
	end(&f);
}

/* Two functions with one StreamID: the second has its engine, no ATS message finds it. */
static void one_stream_id(void **state)
{
	struct smmu_pcie_config a = config(), b = config();
	static const uint16_t requester[] = { 0x100 };
	const struct smmu_machine_function named[] = {
		{ .segment = 3, .rid = 0x100, .pcie = &a },
		{ .segment = 3,
		  .rid = 0x101,
		  .ids = requester,
		  .num_ids = 1,
		  .pcie = &b },
	};
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(build(&f, named, 2), 0);
	assert_non_null(smmu_machine_master(f.m, 0)->pcie);
	assert_null(smmu_machine_master(f.m, 1)->pcie);
	assert_int_equal(smmu_machine_master(f.m, 1)->streams[0].sid, 0x1100);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids),
		cmocka_unit_test(pf_and_vfs),
		cmocka_unit_test(refused),
		cmocka_unit_test(one_stream_id),
	};

	return cmocka_run_group_tests_name("machine_functions", tests, NULL, NULL);
}
