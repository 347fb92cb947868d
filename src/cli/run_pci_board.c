/* SPDX-License-Identifier: MIT */
/* A board for a dump that came without one, described as ACPI firmware would. */
#include <stdlib.h>
#include <string.h>
#include <smmulator/acpi.h>
#include "cli/run_pci.h"

/* StreamIDs of 24 bits, of which 16 are requester ids. */
enum { MAX_SEGMENTS = 256 };

static uint32_t add_smmu(struct smmu_acpi_writer *w)
{
	const struct smmu_iort_node node = { .type = SMMU_IORT_SMMUV3,
					     .revision = 4,
					     .v3 = { .base = 0x2b400000,
						     .flags = SMMU_IORT_V3_COHACC,
						     .event_gsiv = 74,
						     .pri_gsiv = 75,
						     .gerror_gsiv = 77,
						     .sync_gsiv = 79 } };

	return smmu_acpi_add_node(w, &node);
}

/* All requester ids of the segment, one to one, `base` further up. */
static void add_root_complex(struct smmu_acpi_writer *w, uint32_t smmu, uint32_t segment,
			     uint32_t base)
{
	const struct smmu_iort_node node = {
		.type = SMMU_IORT_ROOT_COMPLEX,
		.revision = 3,
		.identifier = segment + 1,
		.rc = { .memory = { true, 0, SMMU_IORT_MEM_CPM | SMMU_IORT_MEM_DACS },
			.ats = SMMU_IORT_RC_ATS | SMMU_IORT_RC_PRI | SMMU_IORT_RC_PASID,
			.segment = segment,
			.address_bits = 64,
			.pasid_capabilities = 20 },
	};

	(void)smmu_acpi_add_node(w, &node);
	smmu_acpi_add_mapping(w, 0, 0xffff, base, smmu, 0);
}

int run_pci_board(const struct run *run, void **data, size_t *len)
{
	const struct run_pci *p = run->pci;
	struct smmu_acpi_writer *w = smmu_acpi_begin("IORT", 3);
	uint32_t smmu, segments = 0;
	uint32_t last = UINT32_MAX;

	if (!w)
		return cli_complain("no memory");
	smmu_acpi_oem(w, "SMMULR", "PCIBOARD", 1);
	smmu = add_smmu(w);
	/* Functions ascend by segment. */
	for (size_t i = 0; i < p->n && segments < MAX_SEGMENTS; i++) {
		const uint32_t segment = smmu_pci_function(p->pci, i)->segment;

		if (segment == last || segment > 0xffff)
			continue;
		add_root_complex(w, smmu, segment, segments++ << 16);
		last = segment;
	}
	return smmu_acpi_finish(w, data, len) ? cli_complain("no memory") : CLI_OK;
}
