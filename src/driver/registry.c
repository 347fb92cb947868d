/* SPDX-License-Identifier: MIT */
/*
 * Which instance a firmware node is. The core tells a driver's probe_device() the
 * node alone, so the driver keeps a list of its instances, the one piece of state that
 * several machines in a process share; node and system keep them apart.
 */
#include "driver/driver.h"

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct arm_smmu *registry;

void arm_smmu_registry_add(struct arm_smmu *smmu)
{
	pthread_mutex_lock(&registry_lock);
	smmu->next = registry;
	registry = smmu;
	pthread_mutex_unlock(&registry_lock);
}

void arm_smmu_registry_remove(struct arm_smmu *smmu)
{
	pthread_mutex_lock(&registry_lock);
	for (struct arm_smmu **at = &registry; *at; at = &(*at)->next) {
		if (*at == smmu) {
			*at = smmu->next;
			break;
		}
	}
	pthread_mutex_unlock(&registry_lock);
}

struct arm_smmu *arm_smmu_registry_find(const struct iommu_system *sys,
					const struct iommu_fwnode *fwnode)
{
	struct arm_smmu *smmu;

	pthread_mutex_lock(&registry_lock);
	for (smmu = registry; smmu; smmu = smmu->next)
		if (fwnode && smmu->fwnode == fwnode &&
		    iommu_instance_system(&smmu->iommu) == sys)
			break;
	pthread_mutex_unlock(&registry_lock);
	return smmu;
}
