/* SPDX-License-Identifier: MIT */
/* The address translation cache of a function: what ATS has granted it. */
#ifndef ENDPOINT_ATC_H
#define ENDPOINT_ATC_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/ats.h>

struct atc_entry {
	uint64_t addr, target; /* of the first byte */
	uint64_t used;	       /* when last; least recently used goes first */
	uint32_t pasid;
	uint8_t page_bits; /* 0: free */
	bool ssv, priv;	   /* of the request that it answers */
	bool read, write, exec;
};

struct atc {
	struct atc_entry *entry; /* sets * ways */
	uint32_t sets, ways;
	uint64_t clock;
	uint64_t sizes; /* page_bits that may be in it, a bit each */
};

/* What DMA asks the ATC. */
struct atc_key {
	uint64_t addr;
	uint32_t pasid;
	bool ssv, priv;
};

int atc_init(struct atc *atc, uint32_t sets, uint32_t ways); /* -ENOMEM */
void atc_free(struct atc *atc);
void atc_clear(struct atc *atc);
unsigned atc_count(const struct atc *atc);
/* The entry that covers it, or NULL. */
const struct atc_entry *atc_find(struct atc *atc, const struct atc_key *key);
/* Replaces what answered the same question before. The new entry. */
const struct atc_entry *atc_fill(struct atc *atc, const struct atc_key *key,
				 const struct smmu_ats_completion *comp);
void atc_invalidate(struct atc *atc, const struct smmu_atc_inv *inv);

#endif
