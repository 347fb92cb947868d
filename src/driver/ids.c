/* SPDX-License-Identifier: MIT */
/*
 * ASIDs and VMIDs. 0 is never given out: stage-1 entries bear VMID 0 (DRV-56), and
 * an ASID of 0 would hide a forgotten one (DRV-55).
 */
#include <errno.h>
#include <stdlib.h>
#include "driver/driver.h"

int arm_smmu_ids_init(struct arm_smmu_ids *ids, unsigned bits)
{
	ids->bits = bits;
	ids->map = calloc(((size_t)1 << bits) / 64, sizeof(*ids->map));
	if (!ids->map)
		return -ENOMEM;
	ids->map[0] = 1;
	pthread_mutex_init(&ids->lock, NULL);
	return 0;
}

void arm_smmu_ids_fini(struct arm_smmu_ids *ids)
{
	if (!ids->map)
		return;
	pthread_mutex_destroy(&ids->lock);
	free(ids->map);
	ids->map = NULL;
}

uint16_t arm_smmu_ids_alloc(struct arm_smmu_ids *ids)
{
	size_t words = ((size_t)1 << ids->bits) / 64;
	uint16_t id = 0;

	pthread_mutex_lock(&ids->lock);
	for (size_t i = 0; i < words && !id; i++) {
		for (unsigned bit = 0; bit < 64 && ~ids->map[i] && !id; bit++) {
			if (ids->map[i] >> bit & 1)
				continue;
			ids->map[i] |= UINT64_C(1) << bit;
			id = (uint16_t)(64 * i + bit);
		}
	}
	pthread_mutex_unlock(&ids->lock);
	return id;
}

void arm_smmu_ids_free(struct arm_smmu_ids *ids, uint16_t id)
{
	pthread_mutex_lock(&ids->lock);
	ids->map[id / 64] &= ~(UINT64_C(1) << (id % 64));
	pthread_mutex_unlock(&ids->lock);
}
