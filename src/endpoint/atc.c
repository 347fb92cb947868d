/* SPDX-License-Identifier: MIT */
#include "endpoint/atc.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t page_mask(unsigned bits)
{
	return bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

int atc_init(struct atc *atc, uint32_t sets, uint32_t ways)
{
	memset(atc, 0, sizeof(*atc));
	atc->sets = sets;
	atc->ways = ways;
	atc->entry = calloc((size_t)sets * ways, sizeof(*atc->entry));
	return atc->entry ? 0 : -ENOMEM;
}

void atc_free(struct atc *atc)
{
	free(atc->entry);
}

void atc_clear(struct atc *atc)
{
	memset(atc->entry, 0, (size_t)atc->sets * atc->ways * sizeof(*atc->entry));
	atc->sizes = 0;
}

unsigned atc_count(const struct atc *atc)
{
	unsigned n = 0;

	for (size_t i = 0; i < (size_t)atc->sets * atc->ways; i++)
		n += atc->entry[i].page_bits != 0;
	return n;
}

static struct atc_entry *set_of(struct atc *atc, uint64_t addr, uint32_t pasid,
				unsigned bits)
{
	uint64_t page = bits < 64 ? addr >> bits : 0;
	uint64_t hash = (page ^ pasid * UINT64_C(0x9e3779b1) ^ bits) *
			UINT64_C(0x9e3779b97f4a7c15);

	return &atc->entry[(size_t)(hash >> 32 & (atc->sets - 1)) * atc->ways];
}

static bool answers(const struct atc_entry *e, const struct atc_key *key, unsigned bits)
{
	return e->page_bits == bits && e->ssv == key->ssv && e->priv == key->priv &&
	       (!e->ssv || e->pasid == key->pasid) &&
	       ((e->addr ^ key->addr) & ~page_mask(bits)) == 0;
}

const struct atc_entry *atc_find(struct atc *atc, const struct atc_key *key)
{
	for (unsigned bits = 12; bits <= 63; bits++) {
		struct atc_entry *set;

		if (!(atc->sizes >> bits & 1))
			continue;
		set = set_of(atc, key->addr, key->ssv ? key->pasid : 0, bits);
		for (uint32_t w = 0; w < atc->ways; w++)
			if (answers(&set[w], key, bits)) {
				set[w].used = ++atc->clock;
				return &set[w];
			}
	}
	return NULL;
}

/* The place of the same page, else a free one, else the least recently used. */
static struct atc_entry *place(struct atc *atc, const struct atc_key *key, unsigned bits)
{
	struct atc_entry *set = set_of(atc, key->addr, key->ssv ? key->pasid : 0, bits);
	struct atc_entry *best = set;

	for (uint32_t w = 0; w < atc->ways; w++) {
		if (answers(&set[w], key, bits))
			return &set[w];
		if (set[w].used < best->used)
			best = &set[w];
	}
	return best;
}

const struct atc_entry *atc_fill(struct atc *atc, const struct atc_key *key,
				 const struct smmu_ats_completion *comp)
{
	unsigned bits = comp->page_bits > 63 ? 63 : comp->page_bits;
	struct atc_entry *e = place(atc, key, bits);

	*e = (struct atc_entry){
		.addr = key->addr & ~page_mask(bits),
		.target = comp->addr,
		.used = ++atc->clock,
		.pasid = key->ssv ? key->pasid : 0,
		.page_bits = (uint8_t)bits,
		.ssv = key->ssv,
		.priv = key->priv,
		.read = comp->read,
		.write = comp->write,
		.exec = comp->exec,
	};
	/* Of a completion larger than can be told apart, the part around the address. */
	if (comp->page_bits > bits)
		e->target += e->addr - (key->addr & ~page_mask(comp->page_bits));
	atc->sizes |= UINT64_C(1) << bits;
	return e;
}

/* PCIe 10.3: without a PASID, what was asked without; with one, that PASID's. */
static bool concerns(const struct atc_entry *e, const struct smmu_atc_inv *inv)
{
	uint64_t mask = page_mask(inv->span_bits) | page_mask(e->page_bits);

	if (!e->page_bits || e->ssv != inv->ssv)
		return false;
	if (inv->ssv && !inv->global && e->pasid != inv->ssid)
		return false;
	return ((e->addr ^ inv->addr) & ~mask) == 0;
}

void atc_invalidate(struct atc *atc, const struct smmu_atc_inv *inv)
{
	for (size_t i = 0; i < (size_t)atc->sets * atc->ways; i++)
		if (concerns(&atc->entry[i], inv))
			atc->entry[i] = (struct atc_entry){ 0 };
}
