/* SPDX-License-Identifier: MIT */
/* The micro-TLB of a port: memory and insertion; utlb.h has the rest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/cache/utlb.h"

int smmu_utlb_create(struct smmu_utlb *u, const struct smmu_voids *voids,
		     uint32_t entries)
{
	uint64_t sets = 1;

	*u = (struct smmu_utlb){ .voids = voids };
	if (entries == 0)
		return 0;
	while (sets * SMMU_UTLB_WAYS < entries)
		sets *= 2;
	/* Zeroed, for no stamp is 0; lazily populated; aligned to a line. */
	u->raw = calloc(sets * SMMU_UTLB_WAYS + 1, sizeof(*u->entry));
	if (u->raw == NULL)
		return -ENOMEM;
	u->entry = (void *)(((uintptr_t)u->raw + 63) & ~(uintptr_t)63);
	u->sets = sets - 1;
	return 0;
}

void smmu_utlb_destroy(struct smmu_utlb *u)
{
	free(u->raw);
	u->entry = NULL;
}

void smmu_utlb_insert(struct smmu_utlb *u, const struct smmu_txn *txn,
		      const struct smmu_result *res, uint32_t word,
		      enum smmu_utlb_counts counts)
{
	uint64_t page = ~(uint64_t)((1u << SMMU_UTLB_PAGE_BITS) - 1);
	uint64_t who = smmu_utlb_who(txn), what = smmu_utlb_what(txn);
	struct smmu_utlb_entry *e;

	if (u->entry == NULL)
		return;
	e = smmu_utlb_set(u, who, txn->addr);
	/* The newest first, and only once. */
	if (e->what != what || e->who != who)
		e[1] = e[0];
	*e = (struct smmu_utlb_entry){
		.who = who,
		.what = what,
		.stamp = smmu_void_stamp(u->voids, word),
		.pa = res->pa & page,
		.ipa = res->ipa & page,
		.attr = res->attr,
		.word = (uint16_t)word,
		.page_bits = res->page_bits,
		.counts = (uint8_t)counts,
		.bypass = res->bypass,
	};
}
