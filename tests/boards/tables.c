/* SPDX-License-Identifier: MIT */
/*
 * Writes sample ACPI tables, as NAME.aml into the folder given: what device trees are
 * to the other sample boards. bad-* hold what firmware must not say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/acpi.h>

static const char *folder;

static void fail(const char *name)
{
	fprintf(stderr, "tables: %s cannot be written\n", name);
	exit(1);
}

static void write_file(const char *name, const void *data, size_t len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.aml", folder, name);
	f = fopen(path, "wb");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		fail(path);
}

static void finish(struct smmu_acpi_writer *w, const char *name)
{
	void *data;
	size_t len;

	if (smmu_acpi_finish(w, &data, &len))
		fail(name);
	write_file(name, data, len);
	free(data);
}

static uint32_t its(struct smmu_acpi_writer *w, uint32_t id)
{
	return smmu_acpi_add_node(w,
				  &(struct smmu_iort_node){ .type = SMMU_IORT_ITS_GROUP,
							    .identifier = id,
							    .its = { 1, &id } });
}

static uint32_t smmuv3(struct smmu_acpi_writer *w, uint8_t revision, uint32_t id,
		       struct smmu_iort_v3 v3)
{
	return smmu_acpi_add_node(w, &(struct smmu_iort_node){ .type = SMMU_IORT_SMMUV3,
							       .revision = revision,
							       .identifier = id,
							       .v3 = v3 });
}

static uint32_t root(struct smmu_acpi_writer *w, uint8_t revision, uint32_t segment,
		     uint32_t ats)
{
	return smmu_acpi_add_node(
		w, &(struct smmu_iort_node){ .type = SMMU_IORT_ROOT_COMPLEX,
					     .revision = revision,
					     .rc = { .memory = { true, 0, 3 },
						     .ats = ats,
						     .segment = segment,
						     .address_bits = 64,
						     .pasid_capabilities = 16 } });
}

static uint32_t component(struct smmu_acpi_writer *w, const char *path, uint32_t flags,
			  uint8_t address_bits)
{
	return smmu_acpi_add_node(
		w, &(struct smmu_iort_node){ .type = SMMU_IORT_NAMED_COMPONENT,
					     .revision = 2,
					     .nc = { .flags = flags,
						     .memory = { true, 0, 1 },
						     .address_bits = address_bits,
						     .path = path } });
}

/* One SMMU before one root complex, with wires: as small virtual machines have it. */
static struct smmu_acpi_writer *small(uint8_t revision, uint8_t node_revision)
{
	struct smmu_acpi_writer *w = smmu_acpi_begin("IORT", revision);
	uint32_t group, smmu;

	if (!w)
		fail("IORT");
	group = its(w, 0);
	smmu = smmuv3(w, node_revision, revision ? 1 : 0,
		      (struct smmu_iort_v3){ .base = 0x9050000,
					     .flags = SMMU_IORT_V3_COHACC,
					     .event_gsiv = 106,
					     .pri_gsiv = 107,
					     .gerror_gsiv = 109,
					     .sync_gsiv = 108 });
	smmu_acpi_add_mapping(w, 0, 0xffff, 0, group, 0);
	root(w, node_revision > 1 ? 3 : node_revision, 0, 0);
	smmu_acpi_add_mapping(w, 0, 0xffff, 0, smmu, 0);
	return w;
}

/* Two SMMUs, one of which sends messages; two segments, two devices, an RMR, PMCGs. */
static void server(void)
{
	const struct smmu_iort_rmr_range range = { 0x40000000, 0x800000 };
	struct smmu_acpi_writer *w = smmu_acpi_begin("IORT", 6);
	uint32_t group, a, b;

	if (!w)
		fail("server");
	group = its(w, 0);
	a = smmuv3(w, 5, 1,
		   (struct smmu_iort_v3){ .base = 0x2b400000,
					  .flags = SMMU_IORT_V3_COHACC | 2 << 1,
					  .event_gsiv = 74,
					  .gerror_gsiv = 75 });
	smmu_acpi_add_mapping(w, 0, 0xffff, 0x10000, group, 0);
	b = smmuv3(w, 5, 2,
		   (struct smmu_iort_v3){ .base = 0x2b500000,
					  .flags = SMMU_IORT_V3_COHACC |
						   SMMU_IORT_V3_DEVICEID,
					  .deviceid_index = 1 });
	smmu_acpi_add_mapping(w, 0, 0x1ffff, 0x20000, group, 0);
	smmu_acpi_add_mapping(w, 0, 0, 0x50000, group, SMMU_IORT_ID_SINGLE);
	root(w, 4, 0, SMMU_IORT_RC_ATS | SMMU_IORT_RC_PRI);
	smmu_acpi_add_mapping(w, 0, 0x7fff, 0, a, 0);
	smmu_acpi_add_mapping(w, 0x8000, 0x7fff, 0, b, 0);
	root(w, 4, 1, 0);
	smmu_acpi_add_mapping(w, 0, 0xffff, 0x10000, b, 0);
	component(w, "\\_SB.DMA0", SMMU_IORT_NC_STALL | 10u << 1, 40);
	smmu_acpi_add_mapping(w, 0, 0, 0x8100, a, SMMU_IORT_ID_SINGLE);
	smmu_acpi_add_mapping(w, 0, 0, 0x8101, a, SMMU_IORT_ID_SINGLE);
	component(w, "\\_SB.DISP", 0, 64);
	smmu_acpi_add_mapping(w, 0, 0, 0x9000, b, SMMU_IORT_ID_SINGLE);
	smmu_acpi_add_node(w,
			   &(struct smmu_iort_node){
				   .type = SMMU_IORT_RMR,
				   .revision = 3,
				   .rmr = { SMMU_IORT_RMR_REMAP | 5u << 2, 1, &range } });
	smmu_acpi_add_mapping(w, 0, 0, 0x9000, b, 0);
	smmu_acpi_add_node(w, &(struct smmu_iort_node){ .type = SMMU_IORT_PMCG,
							.revision = 2,
							.pmcg = { .page0 = 0x2b402000,
								  .page1 = 0x2b412000,
								  .gsiv = 80,
								  .reference = a } });
	finish(w, "server");
}

/* All node types that disassemblers of 2020 know. */
static void classic(void)
{
	struct smmu_acpi_writer *w = small(0, 1);
	uint32_t smmu;

	smmu = smmu_acpi_add_node(
		w, &(struct smmu_iort_node){ .type = SMMU_IORT_SMMU,
					     .v2 = { 0x12345000, 0x10000, 3, 3 } });
	smmu_acpi_add_mapping(w, 0, 0xff, 0x300, 48, 0);
	component(w, "\\_SB.PCI.DEV1", 21, 48);
	smmu_acpi_add_mapping(w, 0, 0, 0x42, smmu, SMMU_IORT_ID_SINGLE);
	smmu_acpi_add_node(w, &(struct smmu_iort_node){ .type = SMMU_IORT_PMCG,
							.revision = 1,
							.pmcg = { .page0 = 0x1000,
								  .page1 = 0x2000,
								  .gsiv = 33,
								  .reference = smmu } });
	finish(w, "classic");
}

static void virtio(void)
{
	struct smmu_acpi_writer *w = smmu_acpi_begin("VIOT", 0);
	const struct smmu_viot_iommu iommu = { .is_pci = true, .bdf = 0x10 };
	struct smmu_viot_endpoint e = { .is_pci = true, .bdf_last = 0x0f };
	uint16_t at;

	if (!w)
		fail("virtio");
	at = (uint16_t)smmu_acpi_add_virtio(w, &iommu);
	smmu_acpi_add_endpoint(w, &e, at);
	e.bdf_first = 0x11;
	e.bdf_last = 0xffff;
	e.endpoint = 0x11;
	smmu_acpi_add_endpoint(w, &e, at);
	finish(w, "virtio");
}

/* The small table with four bytes changed. */
static void bad(const char *name, size_t at, uint32_t value, int right_checksum)
{
	unsigned char *bytes;
	void *data;
	size_t len;

	if (smmu_acpi_finish(small(5, 4), &data, &len))
		fail(name);
	bytes = data;
	for (unsigned i = 0; i < 4; i++)
		bytes[at + i] = (unsigned char)(value >> (8 * i));
	if (right_checksum)
		smmu_acpi_checksum(data, len);
	write_file(name, data, len);
	free(data);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	folder = argv[1];
	finish(small(5, 4), "small");
	finish(small(0, 0), "oldest");
	finish(small(0, 1), "old");
	classic();
	server();
	virtio();
	bad("bad-checksum", 24, 0x1234, 0);
	bad("bad-reference", 72 + 68 + 12, 0x31, 1); /* of the SMMU's mapping */
	bad("bad-circle", 72 + 68 + 12, 72, 1);
	bad("bad-count", 72 + 8, 0x1000, 1);
	return 0;
}
