/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a device tree: parsed, and the machine built, with and without the
 * errors that it has. A refusal must say why.
 */
#include <stdlib.h>
#include <string.h>
#include <smmulator/firmware.h>
#include <smmulator/machine.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Many SMMUs may be asked for: each with little of its own. */
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

static void build(const struct smmu_fw *fw, bool lenient)
{
	struct smmu_machine_options options;
	struct smmu_machine *machine;
	char why[128] = "";

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
	struct smmu_fw *fw;
	char why[128] = "";

	if (smmu_fw_from_dtb(data, size, &fw, why, sizeof(why))) {
		must_say(why, sizeof(why));
		return 0;
	}
	build(fw, false);
	build(fw, true);
	smmu_fw_destroy(fw);
	return 0;
}
