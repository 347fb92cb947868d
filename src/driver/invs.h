/* SPDX-License-Identifier: MIT */
/*
 * What has to be invalidated when something of a domain's translations goes: one entry
 * for each tag (ASID, VMID) and each device cache that may hold some of it (DRV-72).
 * Sorted by SMMU, type, id, SubstreamID. Readers find it under RCU; a few tags they copy,
 * else they keep it by its lock, so that no CMD_SYNC is waited for under RCU. Attach and
 * detach, one at a time under the domain's lock, publish new arrays or count down in
 * place.
 */
#ifndef DRIVER_INVS_H
#define DRIVER_INVS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arm_smmu;
struct arm_smmu_domain;
struct arm_smmu_master;

enum arm_smmu_inv_type {
	INV_S1_ASID,
	INV_S2_VMID,
	INV_S2_VMID_S1_CLEAR, /* what stage 1 made of a parent's stage 2 */
	INV_ATS,
	INV_ATS_FULL, /* the addresses are a guest's: the whole ATC */
};

/* What a domain has to do about the ATC of a device in it (DRV-74). */
enum arm_smmu_atc {
	ATC_NONE,      /* nothing: its ATS is off */
	ATC_BY_RANGE,  /* what was unmapped */
	ATC_AS_A_WHOLE /* all: what it holds has been translated from other addresses */
};

struct arm_smmu_inv {
	struct arm_smmu *smmu;
	uint8_t type;		 /* enum arm_smmu_inv_type */
	uint8_t by_size, by_tag; /* opcodes (DRV-73) */
	uint8_t pgsize;		 /* log2 of the smallest page; 0: no range commands */
	uint32_t id;		 /* ASID, VMID or StreamID */
	uint32_t ssid;		 /* of INV_ATS, 0: none (IOMMU_NO_PASID) */
	unsigned users;		 /* atomic; 0: trash, skipped */
};

struct arm_smmu_invs {
	/*
	 * Read by who walks, written by who cuts where there are ATCs (unref), and by
	 * who frees.
	 */
	pthread_rwlock_t lock;
	size_t max;
	size_t num;	    /* atomic; shrinks in place */
	size_t num_trashes; /* entries below num without users */
	bool has_ats;
	struct arm_smmu_inv inv[];
};

/* Room for max entries, none in it. NULL: no memory. free: NULL is allowed. */
struct arm_smmu_invs *arm_smmu_invs_alloc(size_t max);
void arm_smmu_invs_free(struct arm_smmu_invs *invs);
/* Frees what was published before, when the last who walks it is done. NULL is allowed.
 */
void arm_smmu_invs_retire(struct arm_smmu_invs *invs);

/* What this master contributes with this domain and SSID; -EINVAL: no room (DRV-74). */
int arm_smmu_invs_build(struct arm_smmu_invs *invs, const struct arm_smmu_master *master,
			const struct arm_smmu_domain *domain, uint32_t ssid,
			enum arm_smmu_atc atc);

/* *merged: both, without old's trash; old stays as it is. -ENOMEM (DRV-75). */
int arm_smmu_invs_merge(const struct arm_smmu_invs *old, const struct arm_smmu_invs *add,
			struct arm_smmu_invs **merged);
/*
 * One user less of each entry of `remove`, where users says afterwards how many are
 * left. Cannot fail. When it returns nobody invalidates any more for a device that is
 * gone from it (DRV-76).
 */
void arm_smmu_invs_unref(struct arm_smmu_invs *invs, struct arm_smmu_invs *remove);
/* A copy without trash; NULL: no need of one, or no memory for it (DRV-77). */
struct arm_smmu_invs *arm_smmu_invs_purge(const struct arm_smmu_invs *invs);

/* ---- inval.c ---- */
/*
 * [iova, iova + size) in pages of `granule` bytes, size 0: everything; leaf: no table
 * descriptors are concerned. Each CMD_SYNC that is due, the last one included. Of an
 * array that the caller keeps, by its lock or because it is nobody else's (DRV-79).
 */
int arm_smmu_invs_invalidate(const struct arm_smmu_invs *invs, uint64_t iova,
			     uint64_t size, uint64_t granule, bool leaf);
/* Everything under the tag of this entry, and its SYNC. */
int arm_smmu_inv_tag(const struct arm_smmu_inv *inv);

#endif /* DRIVER_INVS_H */
