/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an ACPI table, its checksum made right (else nothing would get past
 * it): read strictly and leniently, every question asked, the machine built.
 */
#include <stdlib.h>
#include <string.h>
#include <smmulator/acpi.h>
#include <smmulator/machine.h>

#ifndef FUZZ_SIGNATURE
#define FUZZ_SIGNATURE "IORT"
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int small(void *ctx, const struct smmu_fw_iommu *node, struct smmu_config *cfg)
{
	(void)ctx;
	(void)node;
	cfg->tlb_entries = 64;
	cfg->config_entries = 64;
	return 0;
}

static void must_say(const char *why, size_t len)
{
	if (!memchr(why, '\0', len) || !why[0])
		abort();
}

static void on_range(void *ctx, const struct smmu_iort_reserved *range)
{
	*(uint64_t *)ctx += range->base ^ range->length;
}

static void on_stream(void *ctx, uint32_t first, uint32_t last)
{
	if (last < first)
		abort();
	*(uint64_t *)ctx += last - first;
}

/* The look-up and the flat map of the board are the same. */
static void compare(const struct smmu_fw *fw, const struct smmu_fw_host *host)
{
	const struct smmu_iort *iort = fw->acpi->iort;
	const struct smmu_iort_node *rc =
		iort ? smmu_iort_root_complex(iort, (uint32_t)host->domain) : NULL;

	for (uint32_t id = 0; id <= 0xffff && rc; id += 1 + (id >> 4)) {
		const struct smmu_fw_map_entry *entry = NULL;
		const struct smmu_iort_node *node;
		uint32_t out, flat;

		node = smmu_iort_map_id(iort, rc, id, &out, SMMU_IORT_IOMMUS);
		if (smmu_fw_map_id(&host->iommu_map, id, 0, &flat, &entry))
			abort();
		if (node && (!entry || flat != out || entry->target != node->offset))
			abort();
		if (!node && entry && (size_t)entry->iommu < fw->acpi->first_virtio)
			abort();
	}
}

static void ask(const struct smmu_fw *fw)
{
	const struct smmu_iort *iort = fw->acpi->iort;
	uint64_t sum = 0;
	uint32_t id;

	for (size_t i = 0; iort && i < iort->nnodes && i < 64; i++) {
		const struct smmu_iort_node *node = &iort->nodes[i];

		(void)smmu_iort_msi_id(iort, node, (uint32_t)i);
		(void)smmu_iort_its_of(iort, node, 0, 0, &id);
		(void)smmu_iort_own_deviceid(iort, node, &id);
		(void)smmu_iort_map_platform_id(iort, node, 0, &id, SMMU_IORT_IOMMUS);
		smmu_iort_for_each_reserved(iort, node, NULL, 0, on_range, &sum);
		smmu_iort_for_each_rmr_stream(iort, node, on_stream, &sum);
	}
	for (size_t i = 0; i < fw->nhosts && i < 16; i++)
		compare(fw, &fw->hosts[i]);
}

static void build(const struct smmu_fw *fw, bool lenient)
{
	struct smmu_machine_options options;
	struct smmu_machine *machine;
	char why[128] = "";

	if (fw->niommus > 16 || fw->nhosts > 16)
		return;
	smmu_machine_options_init(&options);
	options.functions = 2;
	options.ram_if_none = 1 << 20;
	options.lenient = lenient;
	options.configure = small;
	if (smmu_machine_create(&machine, fw, &options, why, sizeof(why)))
		must_say(why, sizeof(why));
	else
		smmu_machine_destroy(machine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smmu_acpi_blob blob = { NULL, size };
	unsigned char *copy = malloc(size + 1);

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (size >= 48) {
		memcpy(copy, FUZZ_SIGNATURE, 4);
		for (unsigned i = 0; i < 4; i++)
			copy[4 + i] = (unsigned char)(size >> (8 * i));
		smmu_acpi_checksum(copy, size);
	}
	blob.data = copy;
	for (unsigned flags = 0; flags <= SMMU_ACPI_LENIENT; flags++) {
		struct smmu_fw *fw;
		char why[128] = "";

		if (smmu_fw_from_acpi(&blob, 1, flags, &fw, why, sizeof(why))) {
			must_say(why, sizeof(why));
			continue;
		}
		ask(fw);
		build(fw, flags != 0);
		smmu_fw_destroy(fw);
	}
	free(copy);
	return 0;
}
