/* SPDX-License-Identifier: MIT */
/* What a machine refuses to be built from, and what it bends into shape. */
#include <errno.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/machine.h>
#include "firmware/blob.h"

/* The message names the node, the property and something of what is wrong. */
static void refused(const struct smmu_fw *fw, const struct smmu_machine_options *o,
		    int err, const char *node, const char *property, const char *text)
{
	struct smmu_machine *m = NULL;
	char why[512] = "";

	assert_int_equal(smmu_machine_create(&m, fw, o, why, sizeof(why)), err);
	assert_null(m);
	if (!strstr(why, node) || !strstr(why, property) || !strstr(why, text))
		fail_msg("\"%s\" lacks %s, %s or %s", why, node, property, text);
}

static void test_bad_boards(void **state)
{
	static const struct {
		const char *board;
		int err;
		const char *node, *property, *text;
	} bad[] = {
		{ "bad-no-smmu", -ENODEV, "/", "compatible", "arm,smmu-v3" },
		{ "bad-nowhere", -EINVAL, "/dma@10000000", "iommus", "0xdead" },
		{ "bad-map", -EINVAL, "/pcie@40000000", "iommu-map", "legal" },
		{ "bad-map-mask", -EINVAL, "/pcie@40000000", "iommu-map", "0xff00" },
		{ "bad-circle", -EINVAL, "/", "iommu", "itself" },
		{ "bad-cells", -EINVAL, "/iommu@2b000000", "#iommu-cells", "legal is 1" },
		{ "bad-window", -EINVAL, "/iommu@2b000000", "reg", "legal is 0x20000" },
		{ "bad-overlap", -EEXIST, "/iommu@80010000", "reg", "memory" },
		{ "bad-wide-stream", -EINVAL, "/dma@10000000", "iommus", "0xffffff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct smmu_fw *fw = board_parse(bad[i].board);

		refused(fw, NULL, bad[i].err, bad[i].node, bad[i].property, bad[i].text);
		smmu_fw_destroy(fw);
	}
}

/* Widths of a stream id: the last that fits and the first that does not. */
static void test_stream_width(void **state)
{
	static const struct {
		uint32_t sid;
		unsigned bits;
		bool good;
	} cases[] = {
		{ 0xff, 8, true },	  { 0x100, 8, false },
		{ 0xffffff, 0, true },	  { 0x1000000, 0, false },
		{ 0xffffffff, 32, true }, { 0xffffff, 23, false },
		{ 0x1000000, 25, true },  { 1, 1, true },
		{ 2, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smmu_machine_options o;
		struct smmu_machine *m = NULL;
		struct smmu_fw *fw;
		struct blob b;

		blob_begin(&b);
		blob_smmu(&b, 0x10000000, 1);
		blob_end(&b);
		blob_node(&b, "m");
		blob_cells(&b, "iommus", 1, 0, 1, cases[i].sid);
		blob_end(&b);
		fw = blob_parse(&b);
		smmu_machine_options_init(&o);
		o.sid_bits = cases[i].bits;
		if (cases[i].good) {
			assert_int_equal(smmu_machine_create(&m, fw, &o, NULL, 0), 0);
			assert_int_equal(smmu_machine_master(m, 0)->streams[1].sid,
					 cases[i].sid);
			smmu_machine_destroy(m);
		} else {
			refused(fw, &o, -EINVAL, "/m", "iommus", "wider");
		}
		smmu_fw_destroy(fw);
	}
}

static void test_lenient(void **state)
{
	struct smmu_fw *fw = board_parse("bad-nowhere");
	struct smmu_machine_options o;
	struct smmu_machine *m = NULL;

	(void)state;
	smmu_machine_options_init(&o);
	o.lenient = true;
	assert_int_equal(smmu_machine_create(&m, fw, &o, NULL, 0), 0);
	assert_int_equal(smmu_machine_master(m, 0)->nstreams, 1); /* FW-6 */
	smmu_machine_destroy(m);
	smmu_fw_destroy(fw);

	fw = board_parse("bad-map-mask");
	o.functions = 8;
	assert_int_equal(smmu_machine_create(&m, fw, &o, NULL, 0), 0);
	assert_int_equal(smmu_machine_masters(m), 8); /* behind the entry before it */
	smmu_machine_destroy(m);
	smmu_fw_destroy(fw);
}

static void test_options(void **state)
{
	struct smmu_fw *fw = board_parse("one-smmu-pcie");
	struct smmu_machine_options o;

	(void)state;
	smmu_machine_options_init(&o);
	o.size--;
	refused(fw, &o, -EINVAL, "options", "size", "legal");
	smmu_machine_options_init(&o);
	o.sid_bits = 33;
	refused(fw, &o, -EINVAL, "options", "sid_bits", "0 to 32");
	smmu_machine_options_init(&o);
	o.functions = 65537;
	refused(fw, &o, -EINVAL, "options", "functions", "65536");
	smmu_machine_options_init(&o);
	o.ram_if_none = 4095;
	refused(fw, &o, -EINVAL, "options", "ram_if_none", "4096");
	smmu_machine_options_init(&o);
	o.preset = SMMU_PRESET_COUNT;
	refused(fw, &o, -EINVAL, "options", "preset", "exist");
	smmu_fw_destroy(fw);
}

/* One SMMU, and memory of these cells. */
static struct smmu_fw *with_memory(const uint32_t *cells, size_t count)
{
	struct blob b;

	blob_begin(&b);
	blob_smmu(&b, 0x40000000, 1);
	blob_end(&b);
	blob_node(&b, "memory");
	blob_string(&b, "device_type", "memory");
	blob_words(&b, "reg", cells, count);
	blob_end(&b);
	return blob_parse(&b);
}

static void test_no_memory(void **state)
{
	const uint32_t zero[] = { 0, 0, 0, 0 };
	struct smmu_fw *fw = with_memory(zero, 4);
	struct smmu_machine_options o;
	struct smmu_machine *m = NULL;

	(void)state;
	assert_int_equal(smmu_machine_create(&m, fw, NULL, NULL, 0), 0);
	assert_int_equal(smmu_machine_rams(m), 1);
	assert_int_equal(smmu_machine_ram(m, 0)->base,
			 0x80000000); /* past the SMMU's GiB */
	assert_int_equal(smmu_machine_ram(m, 0)->size, 1 << 30);
	assert_null(smmu_machine_ram(m, 0)->node);
	smmu_machine_destroy(m);
	smmu_machine_options_init(&o);
	o.ram_if_none = 0;
	m = NULL;
	refused(fw, &o, -EINVAL, "/", "reg", "memory");
	smmu_fw_destroy(fw);
}

static void test_memory_is_merged_and_rounded(void **state)
{
	const uint32_t cells[] = {
		0, 0x80002000, 0, 0x2000, /* inside the next */
		0, 0x80000800, 0, 0x4000, /* 0x80001000 to 0x80004000 */
		0, 0x80003000, 0, 0x2000, /* overlaps its end */
		0, 0x80005000, 0, 0x1000, /* touches: a bank of its own */
		0, 0x90000800, 0, 0x17ff, /* not one whole page */
		0, 0xa0000001, 0, 0x10,
	};
	struct smmu_fw *fw = with_memory(cells, sizeof(cells) / sizeof(cells[0]));
	struct smmu_machine *m = NULL;

	(void)state;
	assert_int_equal(smmu_machine_create(&m, fw, NULL, NULL, 0), 0);
	assert_int_equal(smmu_machine_rams(m), 2);
	assert_int_equal(smmu_machine_ram(m, 0)->base, 0x80001000);
	assert_int_equal(smmu_machine_ram(m, 0)->size, 0x4000);
	assert_int_equal(smmu_machine_ram(m, 1)->base, 0x80005000);
	assert_int_equal(smmu_machine_ram(m, 1)->size, 0x1000);
	assert_null(smmu_machine_ram(m, 2));
	smmu_machine_destroy(m);
	smmu_fw_destroy(fw);
}

/* RAM above 2^48 makes the SMMU as wide as its board, up to the last page. */
static void test_high_memory(void **state)
{
	const uint32_t at48[] = { 0x10000, 0, 0, 0x100000 };
	const uint32_t below48[] = { 0xffff, 0xfff00000, 0, 0x100000 };
	struct smmu_fw *fw = with_memory(below48, 4);
	struct smmu_machine *m = NULL;
	uint64_t idr5;

	(void)state;
	assert_int_equal(smmu_machine_create(&m, fw, NULL, NULL, 0), 0);
	idr5 = smmu_mmio_read(smmu_machine_smmu(m, 0)->smmu, SMMU_REG_IDR5, 4);
	assert_int_equal(smmu_oas_bits((unsigned)smmu_reg_get(idr5, SMMU_IDR5_OAS)), 48);
	smmu_machine_destroy(m);
	smmu_fw_destroy(fw);

	fw = with_memory(at48, 4);
	assert_int_equal(smmu_machine_create(&m, fw, NULL, NULL, 0), 0);
	idr5 = smmu_mmio_read(smmu_machine_smmu(m, 0)->smmu, SMMU_REG_IDR5, 4);
	assert_int_equal(smmu_oas_bits((unsigned)smmu_reg_get(idr5, SMMU_IDR5_OAS)), 52);
	smmu_machine_destroy(m);
	smmu_fw_destroy(fw);
}

static void test_smmus_overlap(void **state)
{
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_end(&b);
	blob_smmu(&b, 0x1001f000, 2);
	blob_end(&b);
	fw = blob_parse(&b);
	refused(fw, NULL, -EEXIST, "/iommu@1001f000", "reg", "another SMMU");
	smmu_fw_destroy(fw);
}

/* Equal names on two buses: the wires still differ. */
static void test_equal_names(void **state)
{
	struct smmu_machine *m = NULL;
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_end(&b);
	blob_node(&b, "bus");
	blob_cells(&b, "#address-cells", 2);
	blob_cells(&b, "#size-cells", 2);
	blob_cells(&b, "ranges", 0, 0x10000000, 1, 0, 0, 0x100000);
	blob_smmu(&b, 0x10000000, 2);
	blob_end(&b);
	blob_end(&b);
	fw = blob_parse(&b);
	assert_int_equal(smmu_machine_create(&m, fw, NULL, NULL, 0), 0);
	assert_string_equal(smmu_machine_smmu(m, 0)->name, "iommu@10000000");
	assert_string_equal(smmu_machine_smmu(m, 1)->name, "iommu@10000000~1");
	smmu_machine_destroy(m);
	smmu_fw_destroy(fw);
}

/* How functions are placed: bus-range, entries without room, all ids of a domain. */
static void test_functions(void **state)
{
	struct smmu_machine_options o;
	struct smmu_machine *m = NULL;
	struct smmu_fw *fw;
	struct blob b;

	(void)state;
	blob_begin(&b);
	blob_smmu(&b, 0x10000000, 1);
	blob_end(&b);
	blob_node(&b, "pcie@0");
	blob_string(&b, "device_type", "pci");
	blob_cells(&b, "bus-range", 2, 3);
	blob_cells(&b, "iommu-map", 0, 1, 0, 0x10000, 0x20000, 1, 0, 5);
	blob_end(&b);
	blob_node(&b, "mc");
	blob_cells(&b, "iommu-map", 0x17, 1, 0x40, 3);
	blob_end(&b);
	fw = blob_parse(&b);
	smmu_machine_options_init(&o);
	o.functions = 100;
	assert_int_equal(smmu_machine_create(&m, fw, &o, NULL, 0), 0);
	assert_int_equal(smmu_machine_masters(m), 103);
	assert_int_equal(smmu_machine_master(m, 0)->id, 0x200); /* FW-13: 02:00.0 */
	assert_int_equal(smmu_machine_master(m, 1)->id, 0x208);
	assert_int_equal(smmu_machine_master(m, 64)->id, 0x201); /* slots ran out */
	assert_string_equal(smmu_machine_master(m, 102)->name, "/mc/0x19");
	assert_int_equal(smmu_machine_master(m, 102)->streams[0].sid, 0x42);
	assert_int_equal(smmu_endpoint_rid(smmu_machine_master(m, 102)->endpoint), -1);
	smmu_machine_destroy(m);
	smmu_fw_destroy(fw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_boards),
		cmocka_unit_test(test_stream_width),
		cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_memory_is_merged_and_rounded),
		cmocka_unit_test(test_high_memory),
		cmocka_unit_test(test_smmus_overlap),
		cmocka_unit_test(test_equal_names),
		cmocka_unit_test(test_functions),
	};

	return cmocka_run_group_tests_name("machine: what it refuses", tests, NULL, NULL);
}
