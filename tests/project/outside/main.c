/* SPDX-License-Identifier: MIT */
/* A stranger's program: both halves, from what was installed. */
#include <stdio.h>
#include <string.h>
#include <smmulator/iommu.h>
#include <smmulator/smmu.h>
#include <smmulator/version.h>

/* The software half is there too: a system without a single device. */
static int iommu_half_works(void)
{
	struct iommu_system *sys = NULL;

	if (iommu_system_create(&sys, NULL))
		return 0;
	iommu_system_destroy(sys);
	return 1;
}

int main(void)
{
	struct smmu_bus *bus = smmu_bus_create();
	struct smmu_config cfg;
	struct smmu *smmu = NULL;
	struct smmu_port *port;
	struct smmu_txn txn = { .sid = 1, .addr = 0x1000, .op = SMMU_READ };
	struct smmu_result r;

	if (!bus || smmu_config_init(&cfg, SMMU_PRESET_V3_2) ||
	    smmu_create(&smmu, bus, &cfg))
		return 1;
	port = smmu_port_open(smmu);
	if (!port)
		return 1;
	r = smmu_translate(port, &txn); /* out of reset: bypass, GBPA.ABORT == 0 */
	printf("smmulator %s: status %d, pa %#llx\n", smmu_version(), (int)r.status,
	       (unsigned long long)r.pa);
	smmu_port_close(port);
	smmu_destroy(smmu);
	smmu_bus_destroy(bus);
	return r.status == SMMU_OK && r.pa == 0x1000 &&
			       !strcmp(smmu_version(), SMMU_VERSION_STRING) &&
			       iommu_half_works()
		       ? 0
		       : 1;
}
