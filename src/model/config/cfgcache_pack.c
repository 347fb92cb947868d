/* SPDX-License-Identifier: MIT */
/*
 * The configuration cache in a snapshot: tags as they are, dead ones included, since
 * they decide which slot is taken next; of a STE and a CD the words that were read,
 * which are judged and decoded again, and what the decoding took from elsewhere: a
 * STE's StreamWorld (CACHE-10), and the serial.
 */
#include "model/config/cfgcache.h"
#include "model/snapshot/pack.h"

static const uint64_t *ste_words(const struct smmu_cfgcache *cc, uint32_t i)
{
	return cc->ste[i].dw;
}

/* One slot of the STE cache; its tag is there already. */
static void pack_ste(struct smmu_pack *p, struct smmu *smmu, uint32_t i)
{
	struct smmu_ste *ste = &smmu->cfgcache->ste[i];
	uint64_t dw[SMMU_STE_DWORDS], serial = ste->serial;
	uint8_t world = ste->world;
	bool map_valid = ste->map_valid;
	uint16_t map[32];

	memcpy(dw, ste_words(smmu->cfgcache, i), sizeof(dw));
	pack_u64(p, &serial);
	pack_u8(p, &world);
	pack_u64s(p, dw, SMMU_STE_DWORDS);
	memcpy(map, ste->partid_map, sizeof(map));
	pack_bool(p, &map_valid);
	for (unsigned j = 0; map_valid && j < 32; j++)
		pack_u16(p, &map[j]);
	if (!p->loading ||
	    !pack_check(p, serial <= smmu->cfgcache->serial, "a serial from the future"))
		return;
	smmu_ste_decode(smmu, dw, ste);
	ste->serial = serial;
	ste->map_valid = map_valid;
	memcpy(ste->partid_map, map, sizeof(map));
	/* E2H when it was read may have been another than now. */
	if (ste->illegal || ste->world == world)
		return;
	pack_check(p,
		   ste->world != SMMU_WORLD_NS_EL1 && world != SMMU_WORLD_NS_EL1 &&
			   world < SMMU_WORLD_COUNT,
		   "a StreamWorld that the STE does not have");
	ste->world = world;
}

/* The STE that a CD was read through; NULL: it is forgotten, and so is the CD. */
static const struct smmu_ste *owner(struct smmu_cfgcache *cc,
				    const struct smmu_cfg_tag *tag)
{
	uint32_t sid = (uint32_t)(tag->key >> 32);

	for (uint32_t i = 0; i < SMMU_CFGCACHE_WAYS; i++) {
		uint32_t set = sid & (cc->ste_tags.entries / SMMU_CFGCACHE_WAYS - 1);
		uint32_t slot = set * SMMU_CFGCACHE_WAYS + i;
		const struct smmu_cfg_tag *t = &cc->ste_tags.tag[slot];

		if (t->key == sid && t->stamp == cc->generation &&
		    cc->ste[slot].serial == tag->stamp)
			return &cc->ste[slot];
	}
	return NULL;
}

static void pack_cd(struct smmu_pack *p, struct smmu *smmu, uint32_t i)
{
	struct smmu_cfgcache *cc = smmu->cfgcache;
	const struct smmu_ste *ste;
	uint64_t dw[SMMU_CD_DWORDS];
	bool assured = cc->cd[i].s1.cd_assured;

	memcpy(dw, cc->cd[i].dw, sizeof(dw));
	pack_u64s(p, dw, SMMU_CD_DWORDS);
	pack_bool(p, &assured);
	if (!p->loading)
		return;
	ste = owner(cc, &cc->cd_tags.tag[i]);
	memcpy(cc->cd[i].dw, dw, sizeof(dw));
	if (ste &&
	    pack_check(p, !ste->illegal && ste->s1, "a CD of a STE without stage 1"))
		smmu_cd_decode(smmu, ste, dw, &cc->cd[i]);
	cc->cd[i].s1.cd_assured = assured;
}

static void pack_l1std(struct smmu_pack *p, struct smmu *smmu, uint32_t i)
{
	pack_u64(p, &smmu->cfgcache->l1std[i]);
}

static void pack_l1cd(struct smmu_pack *p, struct smmu *smmu, uint32_t i)
{
	pack_u64(p, &smmu->cfgcache->l1cd[i].value);
	pack_bool(p, &smmu->cfgcache->l1cd[i].assured);
}

static uint32_t used(const struct smmu_cfg_table *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->entries; i++)
		n += t->tag[i].stamp != 0;
	return n;
}

static void pack_table(struct smmu_pack *p, struct smmu *smmu, struct smmu_cfg_table *t,
		       void (*pack)(struct smmu_pack *p, struct smmu *smmu, uint32_t i))
{
	const struct smmu_cfgcache *cc = smmu->cfgcache;
	uint64_t newest = t->by_generation ? cc->generation : cc->serial;
	uint32_t n, slot = 0;

	pack_u32(p, &t->victim);
	n = pack_count(p, p->loading ? 0 : used(t), t->entries);
	for (; n > 0 && p->why == NULL; n--, slot++) {
		while (!p->loading && t->tag[slot].stamp == 0)
			slot++;
		slot = pack_index(p, slot, t->entries);
		pack_u64(p, &t->tag[slot].key);
		pack_u64(p, &t->tag[slot].stamp);
		pack_check(p, t->tag[slot].stamp != 0 && t->tag[slot].stamp <= newest,
			   "a stamp from the future");
		pack(p, smmu, slot);
	}
}

void smmu_cfgcache_pack(struct smmu_pack *p, struct smmu *smmu)
{
	struct smmu_cfgcache *cc = smmu->cfgcache;

	pack_u64(p, &cc->generation);
	pack_u64(p, &cc->serial);
	pack_u8(p, &cc->max_cont);
	pack_check(p, cc->max_cont <= 15, "a span larger than any");
	pack_check(p, cc->generation != 0, "generation 0");
	pack_table(p, smmu, &cc->ste_tags, pack_ste);
	pack_table(p, smmu, &cc->l1std_tags, pack_l1std);
	pack_table(p, smmu, &cc->cd_tags, pack_cd);
	pack_table(p, smmu, &cc->l1cd_tags, pack_l1cd);
}
