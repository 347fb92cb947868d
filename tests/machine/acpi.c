/* SPDX-License-Identifier: MIT */
/* Machines from ACPI tables: what is where, and functions by name. */
#include <errno.h>
#include <string.h>
#include <smmulator/machine.h>
#include "firmware/table.h"

struct fixture {
	struct table t;
	struct smmu_fw *fw;
	struct smmu_machine_options o;
	struct smmu_machine *m;
	char why[256];
};

static void begin(struct fixture *f)
{
	uint32_t a, b;

	memset(f, 0, sizeof(*f));
	table_begin(&f->t, "IORT", 5);
	a = add_smmuv3(&f->t, 0x2b400000, 4);
	b = smmu_acpi_add_node(f->t.w,
			       &(struct smmu_iort_node){
				       .type = SMMU_IORT_SMMU,
				       .v2 = { .base = 0x2b500000, .span = 0x10000 } });
	add_root(&f->t, 0);
	add_map(&f->t, 0x100, 0xff, 0x5000, a);
	add_map(&f->t, 0x200, 0xff, 0x6000, b);
	add_root(&f->t, 2);
	add_single(&f->t, 0x77, a);
	add_component(&f->t, "\\_SB.DMA0");
	add_single(&f->t, 0x11, a);
	add_single(&f->t, 0x22, b);
	add_component(&f->t, "\\_SB.IDLE");
	table_finish(&f->t);
	f->fw = table_parse(&f->t);
	smmu_machine_options_init(&f->o);
}

static int build(struct fixture *f)
{
	smmu_machine_destroy(f->m);
	f->m = NULL;
	return smmu_machine_create(&f->m, f->fw, &f->o, f->why, sizeof(f->why));
}

static void end(struct fixture *f)
{
	smmu_machine_destroy(f->m);
	smmu_fw_destroy(f->fw);
	table_free(&f->t);
}

static const struct smmu_machine_master *named(const struct fixture *f, const char *name)
{
	for (size_t i = 0; i < smmu_machine_masters(f->m); i++)
		if (!strcmp(smmu_machine_master(f->m, i)->name, name))
			return smmu_machine_master(f->m, i);
	return NULL;
}

static void test_board(void **state)
{
	const struct smmu_machine_master *m;
	struct fixture f;
	uint32_t idr0 = 0;

	(void)state;
	begin(&f);
	f.o.functions = 2;
	assert_int_equal(build(&f), 0);
	assert_int_equal(smmu_machine_smmus(f.m), 1); /* a SMMUv2 is not soldered on */
	assert_int_equal(smmu_machine_smmu(f.m, 0)->base, 0x2b400000);
	assert_int_equal(smmu_machine_smmu(f.m, 0)->size, 0x20000);
	assert_int_equal(smmu_bus_read32(smmu_machine_bus(f.m), 0x2b400000, &idr0, NULL),
			 0);
	assert_int_not_equal(idr0, 0);
	assert_int_equal(smmu_bus_read32(smmu_machine_bus(f.m), 0x2b500000, &idr0, NULL),
			 -EFAULT);
	/* ACPI tells of no memory here: 1 GiB, where no registers are. */
	assert_int_equal(smmu_machine_rams(f.m), 1);
	assert_int_equal(smmu_machine_ram(f.m, 0)->base, 0x40000000);
	assert_null(smmu_machine_ram(f.m, 0)->node);
	m = named(&f, "\\_SB.DMA0");
	assert_int_equal(m->nstreams, 2);
	assert_int_equal(m->streams[0].smmu, 0);
	assert_int_equal(m->streams[0].sid, 0x11);
	assert_int_equal(m->streams[1].smmu, -1);
	assert_int_equal(m->streams[1].sid, 0x22);
	assert_null(named(&f, "\\_SB.IDLE")); /* no ids: no IOMMU knows it */
	assert_int_equal(smmu_machine_masters(f.m), 1 + 2 * 2);
	end(&f);
}

static void test_named(void **state)
{
	const struct smmu_machine_function list[] = { { .segment = 0, .rid = 0x1ff },
						      { .segment = 0, .rid = 0x200 },
						      { .segment = 0, .rid = 0x1ff } };
	const struct smmu_machine_master *m;
	struct fixture f;

	(void)state;
	begin(&f);
	f.o.named = list;
	f.o.num_named = 3;
	f.o.functions = 1;
	assert_int_equal(build(&f), 0);
	/* Segment 0 has two, each once; segment 2 still its example. */
	assert_int_equal(smmu_machine_masters(f.m), 1 + 2 + 1);
	m = smmu_machine_master(f.m, 2);
	assert_int_equal(m->id, 0x1ff);
	assert_int_equal(m->streams[0].sid, 0x50ff);
	assert_int_equal(m->streams[0].smmu, 0);
	m = smmu_machine_master(f.m, 3);
	assert_int_equal(m->streams[0].sid, 0x6000);
	assert_int_equal(m->streams[0].smmu, -1);
	/* A single mapping: every function has the same stream. */
	f.o.named =
		(const struct smmu_machine_function[]){ { .segment = 2, .rid = 0xffff },
							{ .segment = 2, .rid = 0 } };
	f.o.num_named = 2;
	assert_int_equal(build(&f), 0);
	assert_int_equal(smmu_machine_master(f.m, 2)->streams[0].sid, 0x77);
	assert_int_equal(smmu_machine_master(f.m, 3)->streams[0].sid, 0x77);
	end(&f);
}

static void test_refused(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.o.num_named = 1;
	f.o.named = &(const struct smmu_machine_function){ .segment = 0, .rid = 0x0ff };
	assert_int_equal(build(&f), -EINVAL);
	assert_non_null(strstr(f.why, "0000:00:1f.7: no mapping gives it an IOMMU"));
	f.o.named = &(const struct smmu_machine_function){ .segment = 1, .rid = 0x100 };
	assert_int_equal(build(&f), -EINVAL);
	assert_non_null(strstr(f.why, "0001:01:00.0: there is no host of its segment"));
	f.o.num_named = 0;
	f.o.sid_bits = 14;
	assert_int_equal(build(&f), -EINVAL);
	assert_non_null(
		strstr(f.why, "/IORT/root-complex@c0: mapping: stream id 0x5000"));
	f.o.sid_bits = 15;
	assert_int_equal(build(&f), 0);
	end(&f);
}

static uint32_t read32(const struct fixture *f, uint64_t pa)
{
	uint32_t v = 0xdeadbeef;

	assert_int_equal(smmu_bus_read32(smmu_machine_bus(f->m), pa, &v, NULL), 0);
	return v;
}

/* Counter groups: inside the SMMU's window and far from it. PMCG_CFGR is at 0xe00. */
static void test_pmcgs(void **state)
{
	struct smmu_iort_node node = { .type = SMMU_IORT_PMCG,
				       .revision = 1,
				       .pmcg = { .page0 = 0x2b402000,
						 .page1 = 0x2b412000 } };
	struct fixture f = { 0 };
	uint32_t smmu, cfgr, far;

	(void)state;
	table_begin(&f.t, "IORT", 5);
	smmu = add_smmuv3(&f.t, 0x2b400000, 4);
	node.pmcg.reference = smmu;
	smmu_acpi_add_node(f.t.w, &node);
	node.pmcg.page0 = 0x30000000;
	node.pmcg.page1 = 0;
	far = smmu_acpi_add_node(f.t.w, &node);
	table_finish(&f.t);
	f.fw = table_parse(&f.t);
	smmu_machine_options_init(&f.o);
	assert_int_equal(build(&f), 0);
	cfgr = read32(&f, 0x2b402e00);
	assert_true(cfgr >> 20 & 1);		 /* RELOC_CTRS: it has a page 1 */
	assert_int_equal(read32(&f, 0x2b400000), /* the SMMU's own, around it */
			 (uint32_t)smmu_mmio_read(smmu_machine_smmu(f.m, 0)->smmu, 0, 4));
	assert_int_equal(read32(&f, 0x2b401ffc), 0);
	assert_int_equal(read32(&f, 0x2b403000), 0);
	assert_int_equal(read32(&f, 0x2b41fffc), 0);
	cfgr = read32(&f, 0x30000e00);
	assert_int_not_equal(cfgr, 0);
	assert_false(cfgr >> 20 & 1);
	/* A counter written through page 1 is the group's. */
	assert_int_equal(smmu_bus_write32(smmu_machine_bus(f.m), 0x2b412000, 77, NULL),
			 0);
	assert_int_equal(read32(&f, 0x2b412000), 77);
	smmu_machine_destroy(f.m);
	f.m = NULL;
	smmu_fw_destroy(f.fw);

	/* Where RAM or nothing aligned is. */
	table_put(&f.t, far + 16, 0x30000800, 8);
	f.fw = table_parse(&f.t);
	assert_int_equal(build(&f), -EINVAL);
	assert_non_null(strstr(f.why, "multiples of 4 KiB"));
	smmu_fw_destroy(f.fw);
	table_put(&f.t, far + 16, 0x2b402000, 8);
	f.fw = table_parse(&f.t);
	assert_int_equal(build(&f), -EEXIST);
	end(&f);
}

/* No SMMUv3 at all: the message knows which table to look at. */
static void test_no_smmuv3(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	table_put(&f.t, 48, 7, 1); /* its node becomes another type */
	smmu_fw_destroy(f.fw);
	f.fw = table_parse(&f.t);
	assert_int_equal(build(&f), -ENODEV);
	assert_non_null(strstr(f.why, "IORT: no SMMUv3 node"));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_board),	  cmocka_unit_test(test_named),
		cmocka_unit_test(test_refused),	  cmocka_unit_test(test_pmcgs),
		cmocka_unit_test(test_no_smmuv3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
