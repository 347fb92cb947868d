/* SPDX-License-Identifier: MIT */
/* IORT nodes, byte for byte and as they are read (FW-20 to FW-28). */
#include "firmware/table.h"

static uint64_t at(const struct table *t, size_t offset, unsigned bytes)
{
	uint64_t v = 0;

	assert_true(offset + bytes <= t->len);
	while (bytes--)
		v = v << 8 | t->data[offset + bytes];
	return v;
}

/* FW-20, FW-21, FW-23: where the header, a node and a mapping have what. */
static void test_layout(void **state)
{
	struct table t;
	uint32_t its, smmu;
	unsigned sum = 0;

	(void)state;
	table_begin(&t, "IORT", 5);
	smmu_acpi_oem(t.w, "OEMID", "TABLE678", 0x01020304);
	its = add_its(&t, 7);
	smmu = add_smmuv3(&t, 0x2b400000, 4);
	add_map(&t, 0x10, 0x20, 0x30, its);
	table_finish(&t);

	assert_memory_equal(t.data, "IORT", 4);
	assert_int_equal(at(&t, 4, 4), t.len);
	assert_int_equal(at(&t, 8, 1), 5);
	for (size_t i = 0; i < t.len; i++)
		sum += t.data[i];
	assert_int_equal(sum & 0xff, 0);
	assert_memory_equal(t.data + 10, "OEMID\0TABLE678", 14);
	assert_int_equal(at(&t, 24, 4), 0x01020304);
	assert_int_equal(at(&t, 36, 4), 2);
	assert_int_equal(at(&t, 40, 4), 48);
	assert_int_equal(its, 48);
	assert_int_equal(at(&t, 48, 1), 0);
	assert_int_equal(at(&t, 49, 2), 24);
	assert_int_equal(at(&t, 64, 4), 1); /* one ITS: 7 */
	assert_int_equal(at(&t, 68, 4), 7);
	assert_int_equal(smmu, 72);
	assert_int_equal(at(&t, smmu, 1), 4);
	assert_int_equal(at(&t, smmu + 1, 2), 88);
	assert_int_equal(at(&t, smmu + 3, 1), 4);
	assert_int_equal(at(&t, smmu + 8, 4), 1);
	assert_int_equal(at(&t, smmu + 12, 4), 68);
	assert_int_equal(at(&t, smmu + 16, 8), 0x2b400000);
	assert_int_equal(at(&t, smmu + 68, 4), 0x10);
	assert_int_equal(at(&t, smmu + 72, 4), 0x20);
	assert_int_equal(at(&t, smmu + 76, 4), 0x30);
	assert_int_equal(at(&t, smmu + 80, 4), its);
	assert_int_equal(at(&t, smmu + 84, 4), 0);
	table_free(&t);
}

static struct smmu_iort_node v3_full(uint8_t revision)
{
	return (struct smmu_iort_node){
		.type = SMMU_IORT_SMMUV3,
		.revision = revision,
		.identifier = 0x99,
		.v3 = { .base = UINT64_C(0x123456780000),
			.vatos = UINT64_C(0xabcdef0000),
			.flags = SMMU_IORT_V3_COHACC | 2 << 1,
			.model = SMMU_IORT_V3_HI161X,
			.event_gsiv = 71,
			.pri_gsiv = 72,
			.gerror_gsiv = 73,
			.sync_gsiv = 74,
			.proximity = 5,
			.deviceid_index = 6 },
	};
}

/* FW-22, FW-24, FW-25: a SMMUv3 node, of the first revision and of a later one. */
static void test_smmuv3(void **state)
{
	(void)state;
	for (uint8_t revision = 0; revision <= 5; revision++) {
		const struct smmu_iort_node in = v3_full(revision);
		const struct smmu_iort_node *out;
		struct smmu_fw *fw;
		struct table t;
		uint32_t offset;

		table_begin(&t, "IORT", revision);
		offset = smmu_acpi_add_node(t.w, &in);
		table_finish(&t);
		assert_int_equal(t.len, offset + (revision ? 68 : 60));
		fw = table_parse(&t);
		out = smmu_iort_at(fw->acpi->iort, offset);
		assert_non_null(out);
		assert_null(smmu_iort_at(fw->acpi->iort, offset + 4));
		assert_int_equal(out->revision, revision);
		assert_int_equal(out->identifier, 0x99);
		assert_int_equal(out->v3.base, in.v3.base);
		assert_int_equal(out->v3.vatos, in.v3.vatos);
		assert_int_equal(out->v3.flags, in.v3.flags);
		assert_int_equal(out->v3.sync_gsiv, 74);
		assert_int_equal(out->v3.proximity, revision ? 5 : 0);
		assert_int_equal(out->v3.deviceid_index, revision ? 6 : 0);
		assert_int_equal(fw->niommus, 1);
		assert_string_equal(fw->iommus[0].path, "/IORT/smmuv3@30");
		assert_string_equal(fw->iommus[0].name, "smmuv3@30");
		assert_true(fw->iommus[0].is_smmuv3);
		assert_true(fw->iommus[0].dma_coherent);
		assert_true(fw->iommus[0].httu_override);
		assert_int_equal(fw->iommus[0].httu, 2);
		assert_true(fw->iommus[0].broken_prefetch_cmd);
		assert_false(fw->iommus[0].broken_page1_regspace);
		assert_int_equal(fw->iommus[0].reg[0].base, in.v3.base);
		assert_int_equal(fw->iommus[0].reg[0].size, 0x20000);
		assert_ptr_equal(fw->acpi->iommu_node[0], out);
		smmu_fw_destroy(fw);
		table_free(&t);
	}
}

static struct smmu_fw *one_smmu(struct table *t, const struct smmu_iort_node *node)
{
	table_begin(t, "IORT", 5);
	smmu_acpi_add_node(t->w, node);
	table_finish(t);
	return table_parse(t);
}

/* FW-25: a GSIV of 0 is not wired; all equal is one wire, for a CN99xx alone. */
static void test_interrupts(void **state)
{
	struct smmu_iort_node node = v3_full(4);
	const struct smmu_fw_iommu *smmu;
	struct smmu_fw *fw;
	struct table t;

	(void)state;
	fw = one_smmu(&t, &node);
	smmu = fw->iommus;
	assert_int_equal(smmu->nirqs, 4);
	assert_string_equal(smmu->irq[0].name, "eventq");
	assert_int_equal(smmu->irq[0].cells[0], 71);
	assert_string_equal(smmu->irq[1].name, "priq");
	assert_string_equal(smmu->irq[2].name, "gerror");
	assert_string_equal(smmu->irq[3].name, "cmdq-sync");
	smmu_fw_destroy(fw);
	table_free(&t);

	node.v3.pri_gsiv = 0;
	node.v3.sync_gsiv = 0;
	fw = one_smmu(&t, &node);
	assert_int_equal(fw->iommus->nirqs, 2);
	assert_string_equal(fw->iommus->irq[1].name, "gerror");
	smmu_fw_destroy(fw);
	table_free(&t);

	node.v3.event_gsiv = node.v3.pri_gsiv = 80;
	node.v3.gerror_gsiv = node.v3.sync_gsiv = 80;
	fw = one_smmu(&t, &node);
	assert_int_equal(fw->iommus->nirqs, 4); /* equal, but no CN99xx */
	smmu_fw_destroy(fw);
	table_free(&t);
	node.v3.model = SMMU_IORT_V3_CN99XX;
	fw = one_smmu(&t, &node);
	assert_int_equal(fw->iommus->nirqs, 1);
	assert_string_equal(fw->iommus->irq[0].name, "combined");
	assert_int_equal(fw->iommus->irq[0].cells[0], 80);
	assert_true(fw->iommus->broken_page1_regspace);
	assert_int_equal(fw->iommus->reg[0].size, 0x10000);
	smmu_fw_destroy(fw);
	table_free(&t);

	node.v3.event_gsiv = 81; /* one of them differs */
	fw = one_smmu(&t, &node);
	assert_int_equal(fw->iommus->nirqs, 4);
	smmu_fw_destroy(fw);
	table_free(&t);
}

/* FW-24, FW-28, FW-37, FW-38: components and root complexes, as read. */
static void test_masters(void **state)
{
	const struct smmu_iort_node nc = { .type = SMMU_IORT_NAMED_COMPONENT,
					   .revision = 4,
					   .nc = { .flags = SMMU_IORT_NC_STALL | 16u << 1,
						   .memory = { true, 3,
							       SMMU_IORT_MEM_CPM },
						   .address_bits = 40,
						   .path = "\\_SB_.DMA0" } };
	const struct smmu_iort_node rc = {
		.type = SMMU_IORT_ROOT_COMPLEX,
		.revision = 4,
		.rc = { .memory = { true, 0, SMMU_IORT_MEM_CANWBS },
			.ats = SMMU_IORT_RC_ATS | SMMU_IORT_RC_PRI,
			.segment = 0xffff,
			.flags = 1,
			.address_bits = 64,
			.pasid_capabilities = 20 }
	};
	const struct smmu_iort_node *node;
	struct smmu_fw *fw;
	struct table t;
	uint32_t smmu, first, second;

	(void)state;
	table_begin(&t, "IORT", 6);
	smmu = add_smmuv3(&t, 0, 4);
	first = smmu_acpi_add_node(t.w, &nc);
	add_single(&t, 5, smmu);
	second = smmu_acpi_add_node(t.w, &rc);
	add_map(&t, 0, 0xffff, 0, smmu);
	table_finish(&t);
	fw = table_parse(&t);
	node = smmu_iort_at(fw->acpi->iort, first);
	assert_int_equal(node->nc.flags, 33);
	assert_int_equal(node->nc.memory.hints, 3);
	assert_int_equal(node->nc.memory.flags, SMMU_IORT_MEM_CPM);
	assert_string_equal(node->nc.path, "\\_SB_.DMA0");
	node = smmu_iort_at(fw->acpi->iort, second);
	assert_int_equal(node->rc.pasid_capabilities, 20);
	assert_int_equal(node->rc.flags, 1);

	assert_int_equal(fw->nmasters, 1);
	assert_string_equal(fw->masters[0].path, "\\_SB_.DMA0");
	assert_string_equal(fw->masters[0].name, "DMA0");
	assert_ptr_equal(smmu_fw_find_master(fw, "\\_SB_.DMA0"), fw->masters);
	assert_true(fw->masters[0].dma_can_stall);
	assert_int_equal(fw->masters[0].pasid_num_bits, 16);
	assert_int_equal(fw->masters[0].dma_last, (UINT64_C(1) << 40) - 1);
	assert_int_equal(fw->nhosts, 1);
	assert_int_equal(fw->hosts[0].domain, 0xffff);
	assert_true(fw->hosts[0].ats_supported);
	assert_true(fw->hosts[0].canwbs);
	assert_int_equal(fw->hosts[0].pasid_bits, 20);
	assert_int_equal(fw->hosts[0].dma_last, UINT64_MAX); /* FW-28: 64 bits */

	/* FW-28: 63 bits, and none said. */
	table_put(&t, second + 32, 63, 1);
	table_put(&t, first + 28, 0, 1);
	smmu_fw_destroy(fw);
	fw = table_parse(&t);
	assert_int_equal(fw->hosts[0].dma_last, UINT64_MAX >> 1);
	assert_int_equal(fw->masters[0].dma_last, UINT64_MAX);
	assert_true(has_problem(fw, SMMU_FW_WARNING, "\\_SB_.DMA0", "legal is 1 to 64"));
	smmu_fw_destroy(fw);
	/* FW-38, FW-24: the bits off; an SSID width beyond PCIe's; CCA of 2 is no 1. */
	table_put(&t, first + 16, 21u << 1, 4);
	table_put(&t, first + 20, 2, 4);
	table_put(&t, second + 24, SMMU_IORT_RC_PRI, 4);
	table_put(&t, second + 23, SMMU_IORT_MEM_CPM, 1);
	fw = table_parse(&t);
	assert_false(fw->masters[0].dma_can_stall);
	assert_int_equal(fw->masters[0].pasid_num_bits, 20);
	assert_true(has_problem(fw, SMMU_FW_WARNING, "\\_SB_.DMA0", "width of 21"));
	assert_false(fw->masters[0].dma_coherent);
	assert_false(fw->hosts[0].ats_supported);
	assert_false(fw->hosts[0].canwbs);
	smmu_fw_destroy(fw);
	table_free(&t);
}

/* FW-22: PMCG, SMMUv2, IWB and what nobody knows yet. */
static void test_other_nodes(void **state)
{
	struct smmu_iort_node node = { .type = SMMU_IORT_SMMU };
	struct smmu_fw *fw;
	struct table t;
	uint32_t smmu, root, unknown;

	(void)state;
	table_begin(&t, "IORT", 7);
	node.v2 = (struct smmu_iort_v2){ 0x1000000, 0x10000, 3, 2 };
	smmu = smmu_acpi_add_node(t.w, &node);
	node = (struct smmu_iort_node){
		.type = SMMU_IORT_PMCG,
		.revision = 1,
		.pmcg = { .page0 = 0x2000, .page1 = 0x3000, .gsiv = 9, .reference = smmu }
	};
	smmu_acpi_add_node(t.w, &node);
	node.revision = 0;
	smmu_acpi_add_node(t.w, &node);
	smmu_acpi_add_node(t.w, &(struct smmu_iort_node){ .type = SMMU_IORT_IWB });
	unknown = smmu_acpi_add_node(t.w, &(struct smmu_iort_node){ .type = 200 });
	root = add_root(&t, 0);
	add_map(&t, 0, 0xffff, 0x100, smmu);
	table_finish(&t);
	fw = table_parse(&t);
	assert_int_equal(fw->niommus, 1);
	assert_false(fw->iommus[0].is_smmuv3);
	assert_string_equal(fw->iommus[0].compatible, "arm,smmu-v2");
	assert_int_equal(fw->iommus[0].reg[0].size, 0x10000);
	assert_int_equal(fw->npmcgs, 2);
	assert_int_equal(fw->pmcgs[0].page0, 0x2000);
	assert_int_equal(fw->pmcgs[0].page1, 0x3000);
	assert_int_equal(fw->pmcgs[0].gsiv, 9);
	assert_int_equal(fw->pmcgs[0].iommu, 0);
	assert_int_equal(fw->pmcgs[1].page1, 0);
	assert_true(unknown && root);
	assert_true(has_problem(fw, SMMU_FW_NOTE, "/IORT@d4", "type 200"));
	assert_int_equal(unknown, 0xd4);
	smmu_fw_destroy(fw);
	table_free(&t);
}

struct seen {
	size_t n;
	struct smmu_iort_reserved r[8];
	uint32_t first[8], last[8];
};

static void on_range(void *ctx, const struct smmu_iort_reserved *range)
{
	struct seen *s = ctx;

	assert_true(s->n < 8);
	s->r[s->n++] = *range;
}

static void on_stream(void *ctx, uint32_t first, uint32_t last)
{
	struct seen *s = ctx;

	assert_true(s->n < 8);
	s->first[s->n] = first;
	s->last[s->n++] = last;
}

static struct seen reserved(const struct smmu_fw *fw, size_t iommu, const uint32_t *ids,
			    size_t n)
{
	struct seen s = { 0 };

	smmu_iort_for_each_reserved(fw->acpi->iort, fw->acpi->iommu_node[iommu], ids, n,
				    on_range, &s);
	return s;
}

/* FW-26, FW-27 */
static void test_reserved(void **state)
{
	const uint32_t low = 0xf, in = 0x10, end = 0x12, high = 0x13;
	struct table t;
	struct smmu_fw *fw;
	struct seen s = { 0 };
	uint32_t a, b, rmr;

	(void)state;
	table_begin(&t, "IORT", 5);
	a = add_smmuv3(&t, 0, 4);
	b = add_smmuv3(&t, 0x100000, 4);
	rmr = add_rmr(&t, SMMU_IORT_RMR_REMAP | 3u << 2, 0x10000, 0x20000);
	add_map(&t, 0, 2, 0x10, a);
	add_rmr(&t, SMMU_IORT_RMR_PRIV | 5u << 2, 0x54321, 0x1000);
	add_map(&t, 0, 0, 0x40, b);
	table_finish(&t);
	fw = table_parse(&t);
	assert_int_equal(reserved(fw, 0, &low, 1).n, 0);
	assert_int_equal(reserved(fw, 0, &high, 1).n, 0);
	assert_int_equal(reserved(fw, 0, &end, 1).n, 1);
	assert_int_equal(reserved(fw, 1, &in, 1).n, 0); /* another SMMU's */
	s = reserved(fw, 0, &in, 1);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.r[0].base, 0x10000);
	assert_int_equal(s.r[0].length, 0x20000);
	assert_true(s.r[0].mmio && s.r[0].relaxable);
	assert_false(s.r[0].cache || s.r[0].privileged);
	s = reserved(fw, 1, NULL, 0); /* without a device: whoever's */
	assert_int_equal(s.n, 1);
	assert_int_equal(s.r[0].base, 0x54000); /* outward to pages of 4 KiB */
	assert_int_equal(s.r[0].length, 0x2000);
	assert_true(s.r[0].cache && s.r[0].privileged);
	assert_false(s.r[0].mmio || s.r[0].relaxable);
	assert_true(has_problem(fw, SMMU_FW_WARNING, "/IORT@fc", "64 KiB"));
	memset(&s, 0, sizeof(s));
	smmu_iort_for_each_rmr_stream(fw->acpi->iort, fw->acpi->iommu_node[0], on_stream,
				      &s);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.first[0], 0x10);
	assert_int_equal(s.last[0], 0x12);
	smmu_fw_destroy(fw);

	/* Attributes 4 are neither; length 0 reserves nothing. */
	table_put(&t, rmr + 16, 4u << 2, 4);
	fw = table_parse(&t);
	s = reserved(fw, 0, &in, 1);
	assert_false(s.r[0].mmio || s.r[0].cache || s.r[0].relaxable);
	smmu_fw_destroy(fw);
	table_put(&t, rmr + 36, 0, 8);
	fw = table_parse(&t);
	assert_int_equal(reserved(fw, 0, &in, 1).n, 0);
	assert_true(has_problem(fw, SMMU_FW_WARNING, "/IORT@b8", "empty"));
	smmu_fw_destroy(fw);
	/* Revision 4 of the table: its RMR nodes do not count. */
	table_put(&t, 8, 4, 1);
	fw = table_parse(&t);
	assert_int_equal(reserved(fw, 1, NULL, 0).n, 0);
	smmu_fw_destroy(fw);
	table_free(&t);
}

/* FW-27: overlap is said, and both are used. */
static void test_overlap(void **state)
{
	const struct smmu_iort_rmr_range ranges[] = { { 0x10000, 0x20000 },
						      { 0x2f000, 0x10000 },
						      { 0x40000, 0x10000 } };
	struct table t;
	struct smmu_fw *fw;
	uint32_t smmu;

	(void)state;
	table_begin(&t, "IORT", 5);
	smmu = add_smmuv3(&t, 0, 4);
	smmu_acpi_add_node(t.w, &(struct smmu_iort_node){ .type = SMMU_IORT_RMR,
							  .rmr = { 0, 3, ranges } });
	add_map(&t, 0, 0, 1, smmu);
	table_finish(&t);
	fw = table_parse(&t);
	assert_true(has_problem(fw, SMMU_FW_WARNING, "/IORT@74", "overlaps range 0"));
	assert_false(has_problem(fw, SMMU_FW_WARNING, "/IORT@74", "overlaps range 1"));
	assert_int_equal(reserved(fw, 0, NULL, 0).n, 3);
	smmu_fw_destroy(fw);
	table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),	    cmocka_unit_test(test_smmuv3),
		cmocka_unit_test(test_interrupts),  cmocka_unit_test(test_masters),
		cmocka_unit_test(test_other_nodes), cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
