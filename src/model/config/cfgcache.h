/* SPDX-License-Identifier: MIT */
/* Inside of the configuration cache, for cfgcache.c and cfgcache_pack.c. */
#ifndef MODEL_CONFIG_CFGCACHE_H
#define MODEL_CONFIG_CFGCACHE_H

#include "model/config/config.h"

#define SMMU_CFGCACHE_WAYS 4u

/* Four of them are one cache line. stamp 0: empty. */
struct smmu_cfg_tag {
	uint64_t key, stamp;
};

struct smmu_cfg_table {
	struct smmu_cfg_tag *tag;
	uint32_t entries; /* a power of two, at least WAYS */
	uint32_t victim;
	bool by_generation; /* any stamp but the current one is dead */
};

struct smmu_cfgcache {
	struct smmu_voids *voids;
	bool off;	  /* no_config_cache: finds nothing */
	uint8_t max_cont; /* no cached STE has had a larger STE.CONT */
	uint64_t generation, serial;
	struct smmu_cfg_table ste_tags, l1std_tags, cd_tags, l1cd_tags;
	struct smmu_ste *ste;
	struct smmu_cd *cd;
	uint64_t *l1std;
	struct smmu_l1cd *l1cd;
};

#endif /* MODEL_CONFIG_CFGCACHE_H */
