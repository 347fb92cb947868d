/* SPDX-License-Identifier: MIT */
/*
 * The configuration cache (digest: caching.md 1 and 4.1). Four flat 4-way tables:
 *
 *   STE    by StreamID
 *   L1STD  by level 1 index: any StreamID of the span names it (CACHE-31)
 *   CD     by StreamID and index in the CD table
 *   L1CD   by StreamID and level 1 index
 *
 * A tag is a key and a stamp. For STEs and L1STDs the stamp is the cache's
 * generation, so that forgetting everything is one increment. For CDs and L1CDs it is
 * the serial of that copy of the STE which led to them: forgetting a STE forgets
 * them (CACHE-16), and forgetting all CDs of a stream gives its STE a new serial.
 * No invalidation scans more than the cache holds, and only a range scans at all.
 *
 * Replacing an entry is always allowed; a victim is taken round robin.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "model/config/cfgcache.h"
#include "model/mpam/mpam.h"

#define WAYS		SMMU_CFGCACHE_WAYS
#define DEFAULT_ENTRIES 1024u
#define MAX_ENTRIES	(1u << 20)

static const unsigned strtab_splits[] = { 6, 8, 10 };
static const unsigned cdtab_splits[] = { 6, 10 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NONE	 UINT32_MAX

/* ---- one table ---- */

static int table_create(struct smmu_cfg_table *t, uint32_t entries)
{
	size_t size = entries * sizeof(struct smmu_cfg_tag);

	t->entries = entries;
	t->tag = aligned_alloc(64, size);
	if (!t->tag)
		return -ENOMEM;
	memset(t->tag, 0, size);
	return 0;
}

/*
 * A key is a qualifier in [63:32] and an index in [31:0]. Neighbouring indices go
 * to neighbouring sets: as many consecutive ones as there are entries fit.
 */
static uint64_t make_key(uint32_t qualifier, uint32_t index)
{
	return (uint64_t)qualifier << 32 | index;
}

static uint32_t first_way(const struct smmu_cfg_table *t, uint64_t key)
{
	uint32_t hash = (uint32_t)key + (uint32_t)(key >> 32) * 0x9e3779b1u;

	return (hash & (t->entries / WAYS - 1)) * WAYS;
}

static uint32_t table_find(const struct smmu_cfg_table *t, uint64_t key, uint64_t stamp)
{
	uint32_t first = first_way(t, key);

	for (uint32_t i = first; i < first + WAYS; i++) {
		if (t->tag[i].key == key && t->tag[i].stamp == stamp)
			return i;
	}
	return NONE;
}

static uint32_t table_place(struct smmu_cfgcache *cc, struct smmu_cfg_table *t,
			    uint64_t key, uint64_t stamp)
{
	uint32_t first = first_way(t, key), slot = NONE;

	/* The key's own slot, whatever its stamp, so that a key is there once. */
	for (uint32_t i = first; i < first + WAYS && slot == NONE; i++) {
		if (t->tag[i].stamp != 0 && t->tag[i].key == key)
			slot = i;
	}
	for (uint32_t i = first; i < first + WAYS && slot == NONE; i++) {
		if (t->tag[i].stamp == 0 ||
		    (t->by_generation && t->tag[i].stamp != stamp))
			slot = i;
	}
	if (slot == NONE) {
		slot = first + t->victim++ % WAYS;
		smmu_void_all(cc->voids);
	}
	t->tag[slot] = (struct smmu_cfg_tag){ key, stamp };
	return slot;
}

static void table_drop(struct smmu_cfg_table *t, uint64_t key)
{
	uint32_t first = first_way(t, key);

	for (uint32_t i = first; i < first + WAYS; i++) {
		if (t->tag[i].key == key)
			t->tag[i].stamp = 0;
	}
}

/* All indices first to last of one qualifier: the smaller of range and table. */
static void table_drop_range(struct smmu_cfg_table *t, uint32_t qualifier, uint32_t first,
			     uint32_t last)
{
	if (last - first < t->entries / WAYS) {
		for (uint32_t n = last - first + 1; n-- > 0;)
			table_drop(t, make_key(qualifier, first + n));
		return;
	}
	for (uint32_t i = 0; i < t->entries; i++) {
		uint32_t index = (uint32_t)t->tag[i].key;

		if (t->tag[i].key >> 32 == qualifier && index >= first && index <= last)
			t->tag[i].stamp = 0;
	}
}

/* ---- creation ---- */

static uint32_t round_entries(uint32_t entries)
{
	uint32_t rounded = WAYS;

	if (entries == 0)
		entries = DEFAULT_ENTRIES;
	while (rounded < entries && rounded < MAX_ENTRIES)
		rounded *= 2;
	return rounded;
}

void smmu_cfgcache_tell(struct smmu_cfgcache *cc, struct smmu_voids *voids)
{
	cc->voids = voids;
}

int smmu_cfgcache_create(struct smmu_cfgcache **out, const struct smmu_config *cfg,
			 struct smmu_voids *voids)
{
	uint32_t entries = round_entries(cfg->config_entries);
	struct smmu_cfgcache *cc = calloc(1, sizeof(*cc));

	if (!cc)
		return -ENOMEM;
	cc->voids = voids;
	cc->off = cfg->no_config_cache;
	cc->generation = 1;
	cc->ste = calloc(entries, sizeof(*cc->ste));
	cc->cd = calloc(entries, sizeof(*cc->cd));
	cc->l1std = calloc(entries, sizeof(*cc->l1std));
	cc->l1cd = calloc(entries, sizeof(*cc->l1cd));
	if (!cc->ste || !cc->cd || !cc->l1std || !cc->l1cd ||
	    table_create(&cc->ste_tags, entries) ||
	    table_create(&cc->l1std_tags, entries) ||
	    table_create(&cc->cd_tags, entries) ||
	    table_create(&cc->l1cd_tags, entries)) {
		smmu_cfgcache_destroy(cc);
		return -ENOMEM;
	}
	cc->ste_tags.by_generation = true;
	cc->l1std_tags.by_generation = true;
	*out = cc;
	return 0;
}

void smmu_cfgcache_destroy(struct smmu_cfgcache *cc)
{
	if (!cc)
		return;
	free(cc->ste_tags.tag);
	free(cc->l1std_tags.tag);
	free(cc->cd_tags.tag);
	free(cc->l1cd_tags.tag);
	free(cc->ste);
	free(cc->cd);
	free(cc->l1std);
	free(cc->l1cd);
	free(cc);
}

/* CDs go with their STEs, whose serials are never given twice. */
void smmu_cfgcache_flush(struct smmu_cfgcache *cc)
{
	smmu_void_all(cc->voids);
	cc->generation++;
}

/* ---- find and place ---- */

struct smmu_ste *smmu_cfg_find_ste(struct smmu_cfgcache *cc, uint32_t sid)
{
	uint32_t slot =
		cc->off ? NONE
			: table_find(&cc->ste_tags, make_key(0, sid), cc->generation);

	return slot == NONE ? NULL : &cc->ste[slot];
}

struct smmu_ste *smmu_cfg_place_ste(struct smmu_cfgcache *cc, uint32_t sid)
{
	struct smmu_ste *ste = &cc->ste[table_place(cc, &cc->ste_tags, make_key(0, sid),
						    cc->generation)];

	ste->serial = ++cc->serial;
	return ste;
}

static unsigned cont_of(const uint64_t *dw)
{
	return smmu_get(dw, SMMU_STE_V) ? (unsigned)smmu_get(dw, SMMU_STE_CONT) : 0;
}

/*
 * STE-49: all but CONT agrees. CHOICE: so must bits without a field, but for those that
 * are software's own.
 */
static bool same_words(const uint64_t *a, const uint64_t *b)
{
	uint64_t own[SMMU_STE_DWORDS] = { 0 };

	smmu_set(own, SMMU_STE_CONT, UINT64_MAX);
	smmu_set(own, SMMU_STE_SW_RESERVED, UINT64_MAX);
	for (unsigned i = 0; i < SMMU_STE_DWORDS; i++)
		if ((a[i] ^ b[i]) & ~own[i])
			return false;
	return true;
}

/* A cached STE of slot i shares a span with the words of sid, and says otherwise. */
static bool disagrees(const struct smmu_cfgcache *cc, uint32_t i, uint32_t sid,
		      const uint64_t *dw)
{
	const struct smmu_cfg_tag *tag = &cc->ste_tags.tag[i];
	unsigned other = cont_of(cc->ste[i].dw), own = cont_of(dw);
	uint32_t apart = (uint32_t)tag->key ^ sid;

	return tag->stamp == cc->generation && apart != 0 &&
	       apart >> (own > other ? own : other) == 0 &&
	       !same_words(cc->ste[i].dw, dw);
}

bool smmu_cfg_ste_conflicts(struct smmu_cfgcache *cc, uint32_t sid, const uint64_t *dw)
{
	const struct smmu_cfg_table *t = &cc->ste_tags;
	unsigned cont = cont_of(dw) > cc->max_cont ? cont_of(dw) : cc->max_cont;
	uint32_t first = (uint32_t)smmu_align_down(sid, cont);

	cc->max_cont = (uint8_t)cont;
	if (cc->off || cont == 0)
		return false;
	if (UINT32_C(1) << cont >= t->entries) {
		for (uint32_t i = 0; i < t->entries; i++)
			if (disagrees(cc, i, sid, dw))
				return true;
		return false;
	}
	for (uint32_t n = 0; n < UINT32_C(1) << cont; n++) {
		uint32_t i = table_find(t, make_key(0, first + n), cc->generation);

		if (i != NONE && disagrees(cc, i, sid, dw))
			return true;
	}
	return false;
}

/* The split is part of the key: it may have changed since (CACHE-6). */
const uint64_t *smmu_cfg_find_l1std(struct smmu_cfgcache *cc, uint32_t sid,
				    unsigned split)
{
	uint32_t slot =
		cc->off ? NONE
			: table_find(&cc->l1std_tags, make_key(split, sid >> split),
				     cc->generation);

	return slot == NONE ? NULL : &cc->l1std[slot];
}

void smmu_cfg_place_l1std(struct smmu_cfgcache *cc, uint32_t sid, unsigned split,
			  uint64_t l1std)
{
	uint64_t key = make_key(split, sid >> split);

	cc->l1std[table_place(cc, &cc->l1std_tags, key, cc->generation)] = l1std;
}

struct smmu_cd *smmu_cfg_find_cd(struct smmu_cfgcache *cc, const struct smmu_ste *ste,
				 uint32_t sid, uint32_t idx)
{
	uint32_t slot =
		cc->off ? NONE
			: table_find(&cc->cd_tags, make_key(sid, idx), ste->serial);

	return slot == NONE ? NULL : &cc->cd[slot];
}

struct smmu_cd *smmu_cfg_place_cd(struct smmu_cfgcache *cc, const struct smmu_ste *ste,
				  uint32_t sid, uint32_t idx)
{
	return &cc->cd[table_place(cc, &cc->cd_tags, make_key(sid, idx), ste->serial)];
}

/* SubstreamIDs have 20 bits, which leaves room for the split beside the index. */
static uint64_t l1cd_key(uint32_t sid, uint32_t idx, unsigned split)
{
	return make_key(sid, idx >> split | split << 24);
}

const struct smmu_l1cd *smmu_cfg_find_l1cd(struct smmu_cfgcache *cc,
					   const struct smmu_ste *ste, uint32_t sid,
					   uint32_t idx, unsigned split)
{
	uint32_t slot = cc->off ? NONE
				: table_find(&cc->l1cd_tags, l1cd_key(sid, idx, split),
					     ste->serial);

	return slot == NONE ? NULL : &cc->l1cd[slot];
}

void smmu_cfg_place_l1cd(struct smmu_cfgcache *cc, const struct smmu_ste *ste,
			 uint32_t sid, uint32_t idx, unsigned split,
			 const struct smmu_l1cd *l1cd)
{
	uint64_t key = l1cd_key(sid, idx, split);

	cc->l1cd[table_place(cc, &cc->l1cd_tags, key, ste->serial)] = *l1cd;
}

/* ---- invalidation: the minimum of table 4.1, and no more ---- */

void smmu_cfgi_ste(struct smmu *smmu, uint32_t sid, bool leaf)
{
	struct smmu_cfgcache *cc = smmu->cfgcache;

	smmu_void_all(cc->voids);
	table_drop(&cc->ste_tags, make_key(0, sid));
	for (size_t i = 0; !leaf && i < COUNT(strtab_splits); i++) {
		unsigned split = strtab_splits[i];

		table_drop(&cc->l1std_tags, make_key(split, sid >> split));
	}
}

void smmu_cfgi_ste_range(struct smmu *smmu, uint32_t sid, unsigned range)
{
	struct smmu_cfgcache *cc = smmu->cfgcache;
	uint32_t first, last;

	if (range >= 31) {
		smmu_cfgi_all(smmu);
		return;
	}
	smmu_void_all(cc->voids);
	first = (uint32_t)smmu_align_down(sid, range + 1);
	last = first + (uint32_t)((UINT64_C(2) << range) - 1);
	table_drop_range(&cc->ste_tags, 0, first, last);
	for (size_t i = 0; i < COUNT(strtab_splits); i++) {
		unsigned split = strtab_splits[i];

		table_drop_range(&cc->l1std_tags, split, first >> split, last >> split);
	}
}

void smmu_cfgi_all(struct smmu *smmu)
{
	smmu_cfgcache_flush(smmu->cfgcache);
	smmu_vms_flush(smmu); /* CMD-24 */
}

void smmu_cfgi_cd(struct smmu *smmu, uint32_t sid, uint32_t ssid, bool leaf)
{
	struct smmu_cfgcache *cc = smmu->cfgcache;

	smmu_void_all(cc->voids);
	table_drop(&cc->cd_tags, make_key(sid, ssid));
	for (size_t i = 0; !leaf && i < COUNT(cdtab_splits); i++)
		table_drop(&cc->l1cd_tags, l1cd_key(sid, ssid, cdtab_splits[i]));
}

/* Without a cached STE there is no copy left that its CDs could belong to. */
void smmu_cfgi_cd_all(struct smmu *smmu, uint32_t sid)
{
	struct smmu_ste *ste = smmu_cfg_find_ste(smmu->cfgcache, sid);

	if (!ste)
		return;
	ste->serial = ++smmu->cfgcache->serial;
	smmu_void_all(smmu->cfgcache->voids);
}
