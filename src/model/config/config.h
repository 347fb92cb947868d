/* SPDX-License-Identifier: MIT */
/*
 * Inside of config/: what a STE and a CD say once they are read and judged, where
 * they are kept, and the two look-ups that translate.c builds on.
 *
 * GAP: IDR5.D128 does not exist here (smmu_config_check refuses it), so AA64 == 0
 * always means VMSAv8-32 LPAE.
 */
#ifndef MODEL_CONFIG_CONFIG_H
#define MODEL_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include "model/model.h"

/* ID fields, as the guest reads them: IDR0(smmu, S1P). */
#define IDR0(smmu_, f_) ((unsigned)smmu_reg_get((smmu_)->id.idr[0], SMMU_IDR0_##f_))
#define IDR1(smmu_, f_) ((unsigned)smmu_reg_get((smmu_)->id.idr[1], SMMU_IDR1_##f_))
#define IDR3(smmu_, f_) ((unsigned)smmu_reg_get((smmu_)->id.idr[3], SMMU_IDR3_##f_))
#define IDR5(smmu_, f_) ((unsigned)smmu_reg_get((smmu_)->id.idr[5], SMMU_IDR5_##f_))

/* IDR0.STALL_MODEL, IDR0.TTF and IDR0.TTENDIAN codes (6.3.1). */
enum { STALL_BOTH, STALL_NEVER, STALL_FORCED };
enum { TTF_LPAE32 = 1, TTF_V864 = 2 };
enum { TTENDIAN_LE = 2, TTENDIAN_BE = 3 };

/* STE.STRW, S1Fmt codes. */
enum { STRW_EL1 = 0, STRW_EL2 = 2 };
enum { S1FMT_LINEAR, S1FMT_4K_L2, S1FMT_64K_L2 };

/*
 * The overrides of a STE or of GBPA, section 13.3 of the digest; a field that the
 * implementation lacks has become "use incoming".
 */
struct smmu_override {
	bool mtcfg;
	uint8_t memattr, alloccfg, shcfg, privcfg, instcfg;
};

struct smmu_ste {
	uint64_t serial;     /* CDs read through this copy carry it (CACHE-16) */
	const char *illegal; /* the rule that it breaks, "STE-18"; NULL: legal */
	bool abort;	     /* Config == 0xx; no other field counts */
	bool s1, s2;	     /* the stages that Config turns on */
	bool s1stalld, s1pie, mev;
	bool dre, dcp;	 /* STE-76 */
	bool ppar;	 /* automatic PRG Responses may have a PASID */
	uint8_t dpt_vmatch;
	uint8_t eats;	 /* SMMU_EATS_*, OFF without ATS; see smmu_eats() */
	uint8_t world;	 /* enum smmu_world */
	uint8_t s1fmt;	 /* as it acts; only if s1cdmax != 0 */
	uint8_t s1cdmax; /* as it acts; 0: one CD, no substreams */
	uint8_t s1dss;
	uint16_t vmid; /* TLB tag (CACHE-22), 0: not tagged */
	struct smmu_mpam mpam;
	bool s1mpam;	/* with stage 1, PARTID and PMG are those of the CD */
	bool vms;	/* ... and the PARTID is a virtual one (VMS-2) */
	bool map_valid; /* partid_map was read */
	uint64_t vmsptr;
	uint16_t partid_map[32];
	uint64_t s1ctxptr;
	struct smmu_fetch_attr cd_fetch;
	struct smmu_override over;
	struct smmu_s2cfg s2cfg;      /* only if s2 */
	uint64_t dw[SMMU_STE_DWORDS]; /* as it was read */
};

/* A level 1 descriptor of a CD table, and whether it came from AssuredOnly memory. */
struct smmu_l1cd {
	uint64_t value;
	bool assured;
};

struct smmu_cd {
	const char *illegal; /* the rule that it breaks, "CD-14"; NULL: legal */
	uint16_t partid;     /* as written; only if the STE has s1mpam */
	uint8_t pmg;
	struct smmu_s1cfg s1;
	uint64_t dw[SMMU_CD_DWORDS]; /* as it was read */
};

/* ---- strtab.c: T-5 to T-7 ---- */
/*
 * The STE of a StreamID, from the cache or from memory, with its VMS if it has one
 * (T-9v). NULL: *fault says C_BAD_STREAMID, F_STE_FETCH, C_BAD_STE or F_VMS_FETCH.
 * Valid until the next look-up of a STE.
 */
const struct smmu_ste *smmu_ste_lookup(struct smmu *smmu, uint32_t sid,
				       struct smmu_fault *fault);
/* The same without the VMS, so never F_VMS_FETCH: for what is judged before it. */
const struct smmu_ste *smmu_ste_lookup_bare(struct smmu *smmu, uint32_t sid,
					    struct smmu_fault *fault);
/*
 * T-6: n words at *addr, with CR1.TABLE_*, for the stream sid; ADDR-5 may truncate
 * *addr. False: *fault says F_STE_FETCH and where.
 */
bool smmu_strtab_fetch(struct smmu *smmu, uint32_t sid, uint64_t *addr, unsigned n,
		       uint64_t *dw, struct smmu_fault *fault);

/* ---- cdtab.c: T-13, T-14 ---- */
/*
 * The CD at index idx of a legal STE with stage 1 on. NULL: *fault says
 * C_BAD_SUBSTREAMID, F_CD_FETCH, C_BAD_CD or what stage 2 said of its address.
 */
const struct smmu_cd *smmu_cd_lookup(struct smmu *smmu, const struct smmu_ste *ste,
				     uint32_t sid, uint32_t idx,
				     struct smmu_fault *fault);

/* ---- ste.c, cd.c: judging and decoding ---- */
/* The first rule that the eight words break, or NULL. ste: legal, stage 1 on. */
const char *smmu_ste_check(const struct smmu *smmu, const uint64_t *dw);
const char *smmu_cd_check(const struct smmu *smmu, const struct smmu_ste *ste,
			  const uint64_t *dw);
/* Fills all but serial. */
void smmu_ste_decode(const struct smmu *smmu, const uint64_t *dw, struct smmu_ste *ste);
void smmu_cd_decode(const struct smmu *smmu, const struct smmu_ste *ste,
		    const uint64_t *dw, struct smmu_cd *cd);
/* Fields MTCFG to INSTCFG of a STE or GBPA, gated by IDR1.ATTR_*_OVR (2.1, REG-47). */
struct smmu_override smmu_override_gate(const struct smmu *smmu,
					struct smmu_override raw);

/* What both kinds of structure need. */
unsigned smmu_size_bits(const struct smmu *smmu, unsigned code); /* S2PS, IPS */
unsigned smmu_tg0_granule(unsigned tg);	     /* S2TG, TG0: log2 bytes, 0: Reserved */
unsigned smmu_tg1_granule(unsigned tg);	     /* TG1 */
unsigned smmu_lpae32_s2_size(unsigned t0sz); /* input bits of a VMSAv8-32 S2T0SZ */
bool smmu_strw_used(const struct smmu *smmu, unsigned config);
bool smmu_granule_ok(const struct smmu *smmu, unsigned granule);
bool smmu_endian_ok(const struct smmu *smmu, bool endi);
uint64_t smmu_ttb(const struct smmu *smmu, const uint64_t *dw, unsigned field);
/*
 * The base that a walk from start uses: aligned to its first table (STE-64, CD-21), which
 * has 64 bytes at least if wide: with 52 bits of output (5.2, 5.4), or with DS whatever
 * the output is (Arm ARM D24.2.209: BADDR is a 52-bit address).
 */
uint64_t smmu_ttb_align(uint64_t ttb, unsigned granule, unsigned n, int start, bool wide);

static inline bool smmu_above(uint64_t addr, unsigned bits)
{
	return bits < 64 && addr >> bits != 0;
}

/* addr with its low `bits` bits cleared, bits <= 63. */
static inline uint64_t smmu_align_down(uint64_t addr, unsigned bits)
{
	return addr >> bits << bits;
}

/* Any reserved shareability acts as Non-shareable (STE-48). */
static inline uint8_t smmu_sh_code(uint64_t sh)
{
	return sh == 1 ? 0 : (uint8_t)sh;
}

/* The attributes of the SMMU's own read: Data, Privileged, Non-secure (13.8). */
static inline struct smmu_attr smmu_own_attr(struct smmu_fetch_attr f)
{
	struct smmu_attr attr = smmu_attr_from_fetch(f);

	attr.inst = 0;
	attr.priv = 1;
	attr.ns = 1;
	return attr;
}

/* ---- cfgcache.c ---- */
/* find: NULL on a miss. place: a slot for the caller to fill, evicting if need be. */
struct smmu_ste *smmu_cfg_find_ste(struct smmu_cfgcache *cc, uint32_t sid);
struct smmu_ste *smmu_cfg_place_ste(struct smmu_cfgcache *cc, uint32_t sid);
/*
 * Whether a cached STE is of the same STE.CONT span as these words of sid, and differs
 * (STE-49). One that conflicts is not to be placed.
 */
bool smmu_cfg_ste_conflicts(struct smmu_cfgcache *cc, uint32_t sid, const uint64_t *dw);
const uint64_t *smmu_cfg_find_l1std(struct smmu_cfgcache *cc, uint32_t sid,
				    unsigned split);
void smmu_cfg_place_l1std(struct smmu_cfgcache *cc, uint32_t sid, unsigned split,
			  uint64_t l1std);
/* CDs and L1CDs belong to the copy of the STE that led to them. split: 6 or 10. */
struct smmu_cd *smmu_cfg_find_cd(struct smmu_cfgcache *cc, const struct smmu_ste *ste,
				 uint32_t sid, uint32_t idx);
struct smmu_cd *smmu_cfg_place_cd(struct smmu_cfgcache *cc, const struct smmu_ste *ste,
				  uint32_t sid, uint32_t idx);
const struct smmu_l1cd *smmu_cfg_find_l1cd(struct smmu_cfgcache *cc,
					   const struct smmu_ste *ste, uint32_t sid,
					   uint32_t idx, unsigned split);
void smmu_cfg_place_l1cd(struct smmu_cfgcache *cc, const struct smmu_ste *ste,
			 uint32_t sid, uint32_t idx, unsigned split,
			 const struct smmu_l1cd *l1cd);

#endif /* MODEL_CONFIG_CONFIG_H */
