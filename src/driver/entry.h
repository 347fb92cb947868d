/* SPDX-License-Identifier: MIT */
/*
 * Changing an STE or CD that hardware may read at any moment, one aligned word at a
 * time (DRV-44 to DRV-51): whatever it reads acts as the old or as the new entry,
 * and only where no order of stores can do that the entry goes through V=0.
 */
#ifndef DRIVER_ENTRY_H
#define DRIVER_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include "driver/word.h"

#define ENTRY_WORDS 8u

struct arm_smmu_entry_kind {
	/* Bits that hardware looks at when the entry is `entry`. */
	void (*used)(const uint64_t *entry, uint64_t *used);
	/*
	 * Bits whose half-way value does no harm between these two; they count only
	 * where both use them (DRV-47). NULL: none.
	 */
	void (*safe)(const uint64_t *current, const uint64_t *target, uint64_t *safe);
	/* The word that holds V is word 0, in both kinds. */
};

struct arm_smmu_entry_writer {
	const struct arm_smmu_entry_kind *kind;
	hwword_t *entry; /* where it is in memory */
	/* Makes the SMMU read the entry anew; returns when it will. */
	int (*sync)(struct arm_smmu_entry_writer *writer);
	int err; /* first error of sync */
};

/* Makes *writer->entry equal target; 0, or what sync returned. */
int arm_smmu_write_entry(struct arm_smmu_entry_writer *writer, const uint64_t *target);

#endif /* DRIVER_ENTRY_H */
