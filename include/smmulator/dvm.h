/* SPDX-License-Identifier: MIT */
/*
 * Broadcast TLB maintenance: what TLBI instructions of PEs in the SMMU's shareability
 * domain, and the DSB after them, do to its TLB (IHI 0070 3.17). It takes part if
 * IDR0.BTM and, CHOICE (3.17 recommends it), only while CR2.PTM is 0.
 *
 * What need not be invalidated is not, so that software which relies on more is
 * found out: entries of a CD with ASET 1 by VAE1, ASIDE1, VAE2 and ASIDE2 (CACHE-46),
 * entries of EL2 by operations of EL2-E2H and the reverse (CACHE-47).
 *
 * Context: any thread.
 */
#ifndef SMMULATOR_DVM_H
#define SMMULATOR_DVM_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

/* The Inner or Outer Shareable forms of the instructions, Non-secure. */
enum smmu_dvm_op {
	SMMU_DVM_VAE1,	     /* vmid, asid, addr; global entries too */
	SMMU_DVM_VAAE1,	     /* vmid, addr */
	SMMU_DVM_ASIDE1,     /* vmid, asid */
	SMMU_DVM_VMALLE1,    /* vmid */
	SMMU_DVM_VMALLS12E1, /* vmid */
	SMMU_DVM_IPAS2E1,    /* vmid, addr is an IPA */
	SMMU_DVM_ALLE1,
	SMMU_DVM_VAE2,	 /* addr, and asid if e2h */
	SMMU_DVM_VAAE2,	 /* addr; from a PE with e2h */
	SMMU_DVM_ASIDE2, /* asid; from a PE with e2h */
	SMMU_DVM_ALLE2,
	SMMU_DVM_OPS
};

struct smmu_dvm_tlbi {
	uint8_t op;	 /* enum smmu_dvm_op */
	bool leaf;	 /* the L forms: last level only */
	bool e2h;	 /* the PE is in EL2-E2H mode */
	bool no_el2;	 /* the PE has no EL2: its VMID counts as 0 */
	bool secure;	 /* of Secure or Realm state, or EL3: never matches */
	uint8_t ttl;	 /* level 1 to 3 that holds the leaf, 0: no hint; with granule */
	uint8_t granule; /* log2 bytes, 12, 14 or 16, with ttl or len; else 0 */
	uint16_t vmid, asid; /* shorter ones zero-extended */
	uint64_t addr;
	/* Range forms (with IDR3.RIL): bytes, a multiple of the granule; 0: no range. */
	uint64_t len;
};

/*
 * One broadcast; it has taken effect on return. -EINVAL: op or granule is none of
 * the above, or len or ttl without granule; nothing has happened. 0: received,
 * whatever came of it.
 */
SMMU_API int smmu_dvm_tlbi(struct smmu *smmu, const struct smmu_dvm_tlbi *tlbi);
/*
 * DVM sync, of a DSB: returns when no transaction can still use what was invalidated
 * before it (CACHE-51), as CMD_SYNC does.
 */
SMMU_API void smmu_dvm_sync(struct smmu *smmu);

SMMU_END_DECLS
#endif /* SMMULATOR_DVM_H */
