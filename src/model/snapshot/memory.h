/* SPDX-License-Identifier: MIT */
/* RAM in a snapshot: banks, and the pages of them that are not zero. */
#ifndef MODEL_SNAPSHOT_MEMORY_H
#define MODEL_SNAPSHOT_MEMORY_H

#include <smmulator/bus.h>
#include "model/snapshot/pack.h"

void smmu_memory_save(struct smmu_pack *p, struct smmu_bus *bus);
/* Looks at a whole section: that it holds, and that the bus has the RAM, or add it. */
void smmu_memory_check(struct smmu_pack *p, struct smmu_bus *bus, bool add);
/* Writes it; only after smmu_memory_check(). */
void smmu_memory_load(struct smmu_pack *p, struct smmu_bus *bus);

#endif /* MODEL_SNAPSHOT_MEMORY_H */
