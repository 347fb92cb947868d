/* SPDX-License-Identifier: MIT */
/*
 * What kind of SMMU to build. A configuration is data: the values of the ID
 * registers, the sizes, and one named option for each choice that the
 * architecture leaves to the implementation. Start from a preset, change what
 * matters, and let smmu_create() refuse what cannot exist.
 */
#ifndef SMMULATOR_CONFIG_H
#define SMMULATOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <smmulator/export.h>

SMMU_BEGIN_DECLS

enum smmu_preset {
	SMMU_PRESET_V3_0, /* what every SMMUv3.0 has, both stages, 44-bit */
	SMMU_PRESET_V3_1,
	SMMU_PRESET_V3_2,
	SMMU_PRESET_V3_3,
	SMMU_PRESET_V3_4,
	SMMU_PRESET_FULL,   /* every Non-secure feature that this model has */
	SMMU_PRESET_MMU600, /* ID values like Arm's MMU-600 r1 */
	SMMU_PRESET_MMU700, /* ID values like Arm's MMU-700 r1 */
	SMMU_PRESET_QEMU,   /* ID values like QEMU's virt machine (both stages) */
	SMMU_PRESET_COUNT
};

/* Behaviour when the architecture allows a STE/L1STD beyond OAS (ADDR-5). */
enum smmu_oversize { SMMU_OVERSIZE_FAULT, SMMU_OVERSIZE_TRUNCATE };

/* How it runs: <smmulator/run.h>. */
enum smmu_mode { SMMU_MODE_INLINE, SMMU_MODE_STEPPED, SMMU_MODE_THREADED };

/* Which entry of a full set of the TLB goes when another comes. */
enum smmu_replacement {
	SMMU_REPLACE_TURN,   /* each in its turn */
	SMMU_REPLACE_NONE,   /* none: what finds no room is not kept */
	SMMU_REPLACE_LRU,    /* what the TLB has answered from least recently */
	SMMU_REPLACE_RANDOM, /* any, by cache_seed */
};

/* A performance monitor counter group (IHI 0070 chapter 10). */
enum { SMMU_PMCG_MAX = 4 };
struct smmu_pmcg_config {
	uint8_t counters; /* 1 to 64 */
	uint8_t bits;	  /* of a counter: 32, 36, 40, 44, 48 or 64 */
	/* SMMU_PMCG_CFGR, by its fields. */
	uint8_t reloc_ctrs, msi, capture, sid_filter_type, mpam, filter_partid_pmg;
	uint32_t iidr; /* SMMU_PMCG_IIDR as read */
};

/*
 * Fields are named after the ID register field that shows them, in lower case,
 * and hold its value (IHI 0070 6.3.1 to 6.3.8); ranges are those of the field.
 */
struct smmu_config {
	size_t size;	  /* sizeof(struct smmu_config), set by smmu_config_init() */
	const char *name; /* prefix of its wires and messages; NULL: "smmu" */

	/* AIDR: architecture version 3.<arch_minor>, 0..4. */
	uint8_t arch_minor;
	uint32_t iidr; /* SMMU_IIDR as read */

	/* IDR0 */
	uint8_t s1p, s2p, ttf, cohacc, btm, httu, dormhint, hyp, ats, ns1ats, asid16;
	uint8_t msi, sev, atos, pri, vmw, vmid16, cd2l, vatos, ttendian, atsrecerr;
	uint8_t stall_model, term_model, st_level;
	/* IDR1 */
	uint8_t sid_bits;	       /* SIDSIZE, 0..32 */
	uint8_t ssid_bits;	       /* SSIDSIZE, 0..20 */
	uint8_t cmdqs, eventqs, priqs; /* log2 of the largest queue, 0..19 */
	uint8_t attr_types_ovr, attr_perms_ovr, ecmdq;
	/* IDR2: the VATOS page is at 0x20000 + ba_vatos * 0x10000, 0..1023 */
	uint16_t ba_vatos;
	/* IDR6: log2 of ECMDQ control pages, and of queues in each, 0..8 */
	uint8_t cmdq_control_page_log2nump, cmdq_control_page_log2numq;
	/* IDR3 */
	uint8_t had, pbha, xnx, pps, mpam, fwb, stt, ril, bbml, e0pd, ptwnnc;
	uint8_t dpt, pasidtt, epan, s1pi, s2pi, s2po, the, mteperm, aie;
	/* IDR5 */
	uint8_t oas; /* code 0..7: 32, 36, 40, 42, 44, 48, 52, 56 bits */
	uint8_t gran4k, gran16k, gran64k, vax, ds, d128;
	uint16_t stall_max;
	/* MPAMIDR, also that of the PMCGs; 0 without mpam. */
	uint16_t partid_max;
	uint8_t pmg_max;

	uint8_t pmcgs; /* how many of pmcg[] there are, 0 to SMMU_PMCG_MAX */
	struct smmu_pmcg_config pmcg[SMMU_PMCG_MAX];

	/* Choices that the architecture leaves open; 0 is always the strictest. */
	uint8_t ste_oversize;	 /* enum smmu_oversize, for L1STD and STE addresses */
	uint8_t gbpa_abort;	 /* reset value of GBPA.ABORT */
	uint8_t desc_64k_ignore; /* 1: 64K descriptor bits [15:12] ignored if OAS < 52 */
	uint8_t no_config_cache; /* 1: fetch STE and CD anew for each transaction */
	uint8_t no_tlb;		 /* 1: walk for each transaction */
	/*
	 * 0: a look-up that matches a block and a smaller page under it, as the change of
	 * a mapping's size without break-before-make leaves them (IDR3.BBML 0 and 1),
	 * ends as F_TLB_CONFLICT. 1: it is not noticed, and the block translates
	 * (3.20.1).
	 */
	uint8_t no_tlb_conflict;
	/*
	 * 0: a STE that disagrees with a cached one of the same STE.CONT span is
	 * F_CFG_CONFLICT. 1: each StreamID's own STE is used (3.20.2, 5.2).
	 */
	uint8_t no_cfg_conflict;
	/*
	 * 0: a L1STD with Span 0 is cached, so that a stream which did DMA too early
	 * needs CMD_CFGI_STE with Leaf 0 once its table exists (5.1.1; Linux v6.18 sends
	 * Leaf 1). 1: such a descriptor is fetched anew each time, as hardware may do.
	 */
	uint8_t no_invalid_l1std;
	uint8_t ats_truncate; /* 1: a translated address beyond OAS is truncated, not
				 aborted (3.9.1.1) */
	uint8_t mmio_pairs; /* 1: 8 bytes over two 32-bit registers reach both (REG-11) */
	uint8_t page0_alias; /* 1: EVENTQ and PRIQ indexes are seen in page 0 too (REG-4)
			      */
	/*
	 * 0: one record for each event. 1: an event equal to the last record, which
	 * software has not consumed yet, is merged with it where STE.MEV allows (7.3.1).
	 */
	uint8_t event_merge;
	uint8_t cmd_res0_ignored; /* 0: a reserved bit set in a command is CERROR_ILL
				     (CMD-6) */
	/*
	 * 0: each port answers what it was asked before out of a micro-TLB, as long as
	 * the TLB and the configuration cache would answer the same. 1: they are asked
	 * each time. The difference shows in time alone.
	 */
	uint8_t no_utlb;
	/*
	 * 0: walks begin at the root. 1: tables on the way are cached as well, so that
	 * what a driver frees after an invalidation with Leaf 1 alone is still read
	 * (4.4).
	 */
	uint8_t walk_cache;
	uint32_t utlb_entries; /* of each port, rounded up to a power of two; 0: 4096 */
	/*
	 * A TLB that is nasty on purpose, as hardware may be at any time (3.21, 16.2).
	 * All of it repeats itself with the same cache_seed and the same accesses.
	 */
	uint8_t tlb_replacement; /* enum smmu_replacement */
	/* n: about each n-th insertion some entry, chosen at random, is evicted; 0: none.
	 */
	uint8_t tlb_evict;
	/*
	 * n, 0 to 16: a miss looks up the n pages after it as well, and keeps what may be
	 * kept. Speculation: no event, no update of descriptors.
	 */
	uint8_t tlb_prefetch;
	uint32_t cache_seed;
	uint32_t tlb_entries;	 /* capacity, rounded up to a power of two; 0: 4096 */
	uint32_t config_entries; /* capacity of the STE and of the CD cache; 0: 1024 */

	uint8_t mode;  /* enum smmu_mode */
	uint64_t seed; /* of stepped mode: any; it picks who moves in smmu_step() */

	/* Messages for the harness (refused configurations); NULL: stderr. */
	void (*log)(void *ctx, const char *message);
	void *log_ctx;
};

/* Fills *cfg from a preset; an unknown preset: -EINVAL and *cfg untouched. */
SMMU_API int smmu_config_init(struct smmu_config *cfg, enum smmu_preset preset);

/*
 * The same as a value: struct smmu_config cfg = SMMU_CONFIG_INIT(SMMU_PRESET_V3_2);
 * an unknown preset gives one of size 0, which smmu_create() refuses.
 */
static inline struct smmu_config smmu_config_of(enum smmu_preset preset)
{
	struct smmu_config cfg;

	memset(&cfg, 0, sizeof(cfg));
	(void)smmu_config_init(&cfg, preset);
	return cfg;
}
#define SMMU_CONFIG_INIT(preset) smmu_config_of(preset)

/*
 * 0 if an SMMU can be built from *cfg, else -EINVAL and, in why[0..len), one line
 * that names the field, its value and what would be legal. why may be NULL.
 */
SMMU_API int smmu_config_check(const struct smmu_config *cfg, char *why, size_t len);

/* One field by its name ("oas"). 0; -EINVAL: no such field or too large a value, see why.
 */
SMMU_API int smmu_config_set(struct smmu_config *cfg, const char *name, uint64_t value,
			     char *why, size_t len);

/* What a real SMMU's ID registers read. */
struct smmu_id_values {
	uint32_t idr[7]; /* SMMU_IDR0 to SMMU_IDR6 */
	uint32_t iidr, aidr;
};
/*
 * The configuration of an SMMU with these ID registers. 0; -EINVAL: they say what
 * cannot be, or what this model does not have: why[0..len) names the field, its value
 * and what is legal, *cfg is untouched. Choices and capacities are the defaults.
 */
SMMU_API int smmu_config_from_id(struct smmu_config *cfg,
				 const struct smmu_id_values *values, char *why,
				 size_t len);

/* The preset of that name ("v3.2", "mmu600", "qemu", "full"), or -EINVAL. */
SMMU_API int smmu_preset_by_name(const char *name);
SMMU_API const char *smmu_preset_name(enum smmu_preset preset);

SMMU_END_DECLS
#endif /* SMMULATOR_CONFIG_H */
