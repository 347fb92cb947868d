/* SPDX-License-Identifier: MIT */
/*
 * What is remembered of the DPT (3.24.2; DPT-9, DPT-10): the last few rights that walks
 * found, and the last few level 0 Table entries. Each region once.
 *
 * CHOICE (DPT-9): nothing is kept of Translation Requests; and CMD_DPTI_PA removes what
 * it must and no more, so that a size too small is noticed.
 */
#include <stddef.h>
#include "model/dpt/dpt.h"

static bool covers(const struct smmu_dpt_entry *e, uint64_t pa)
{
	return e->bits && (e->base ^ pa) >> e->bits == 0;
}

static struct smmu_dpt_entry *place(struct smmu_dpt_entry *set, unsigned *next)
{
	struct smmu_dpt_entry *e = &set[*next];

	*next = (*next + 1) % SMMU_DPT_ENTRIES;
	return e;
}

static const struct smmu_dpt_entry *find(const struct smmu_dpt_entry *set, uint64_t pa)
{
	for (unsigned i = 0; i < SMMU_DPT_ENTRIES; i++)
		if (covers(&set[i], pa))
			return &set[i];
	return NULL;
}

const struct smmu_dpt_entry *smmu_dpt_find(const struct smmu *smmu, uint64_t pa)
{
	return find(smmu->dpt.right, pa);
}

void smmu_dpt_keep(struct smmu *smmu, const struct smmu_dpt_entry *right)
{
	*place(smmu->dpt.right, &smmu->dpt.next_right) = *right;
}

bool smmu_dpt_find_table(const struct smmu *smmu, uint64_t pa, uint64_t *table)
{
	const struct smmu_dpt_entry *e = find(smmu->dpt.table, pa);

	if (e)
		*table = e->table;
	return e != NULL;
}

void smmu_dpt_keep_table(struct smmu *smmu, uint64_t pa, unsigned bits, uint64_t table)
{
	*place(smmu->dpt.table, &smmu->dpt.next_table) = (struct smmu_dpt_entry){
		.base = pa >> bits << bits, .bits = (uint8_t)bits, .table = table
	};
}

/* ---- invalidation ---- */

void smmu_dpti_all(struct smmu *smmu)
{
	for (unsigned i = 0; i < SMMU_DPT_ENTRIES; i++)
		smmu->dpt.right[i].bits = smmu->dpt.table[i].bits = 0;
}

/* A level 0 Table entry goes if any part of what it covers is named (3.24.5). */
static void drop_tables(struct smmu *smmu, uint64_t pa, unsigned bits)
{
	for (unsigned i = 0; i < SMMU_DPT_ENTRIES; i++) {
		struct smmu_dpt_entry *e = &smmu->dpt.table[i];
		unsigned larger = e->bits > bits ? e->bits : bits;

		if (e->bits && (e->base ^ pa) >> larger == 0)
			e->bits = 0;
	}
}

/* CMD-66, DPT-10. */
void smmu_dpti_pa(struct smmu *smmu, uint64_t pa, unsigned size, bool leaf)
{
	static const uint8_t log2[] = { 12, 14, 16, 21, 25, 29, 30, 34, 36, 39 };
	unsigned bits;

	pa = smmu_low(pa, smmu->id.oas);
	if (size >= sizeof(log2))
		return;
	bits = log2[size];
	if (smmu_low(pa, bits) != 0)
		return;
	for (unsigned i = 0; i < SMMU_DPT_ENTRIES; i++) {
		struct smmu_dpt_entry *e = &smmu->dpt.right[i];

		if (e->bits <= bits && (e->base ^ pa) >> bits == 0)
			e->bits = 0;
	}
	if (!leaf)
		drop_tables(smmu, pa, bits);
}
