/* SPDX-License-Identifier: MIT */
/*
 * Performance monitor counter groups (IHI 0070 chapter 10): registers of their own,
 * apart from those of the SMMU. How many there are and what they can do is in struct
 * smmu_config; each counts the events of the whole SMMU.
 *
 * CHOICE (PMCG-18): transactions that are terminated are counted like others;
 * prefetches, ATOS requests and retries of stalled transactions are not, but their
 * accesses to tables are. CHOICE (PMCG-7): so is what bypasses with SMMUEN == 0.
 * CHOICE: event 0 is one cycle for each transaction and for each access that the SMMU
 * makes to a table or structure, so that a run can be repeated exactly.
 *
 * Context: any thread.
 */
#ifndef SMMULATOR_PMCG_H
#define SMMULATOR_PMCG_H

#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

/* The architected events, EVTYPER.EVENT (10.3). */
enum smmu_pmcg_event {
	SMMU_PMCG_CYCLE,       /* always counted: no filter applies */
	SMMU_PMCG_TRANSACTION, /* transaction or translation request */
	SMMU_PMCG_TLB_MISS,    /* once for a transaction */
	SMMU_PMCG_CONFIG_MISS, /* once for a transaction */
	SMMU_PMCG_WALK_ACCESS, /* access to a translation table */
	SMMU_PMCG_CONFIG_ACCESS /* access to a L1STD, STE, L1CD, CD or VMS */,
	SMMU_PMCG_ATS_REQUEST,	  /* ATS Translation Request received */
	SMMU_PMCG_ATS_TRANSLATED, /* ATS Translated transaction */
	SMMU_PMCG_EVENTS
};

/* How many groups there are: cfg.pmcgs. */
SMMU_API unsigned smmu_pmcg_count(const struct smmu *smmu);

/*
 * Register access to a group. offset: in page 0, or 0x1000 + that in page 1, which is
 * there if PMCG_CFGR.RELOC_CTRS; size: 4 or 8 bytes. As smmu_mmio_read() and
 * smmu_mmio_write(): what does not exist reads as 0 and ignores writes, and so does a
 * group that does not exist. A group's interrupt is the wire "NAME.pmcgK", K from 0.
 */
SMMU_API uint64_t smmu_pmcg_mmio_read(struct smmu *smmu, unsigned group, uint64_t offset,
				      unsigned size);
SMMU_API void smmu_pmcg_mmio_write(struct smmu *smmu, unsigned group, uint64_t offset,
				   unsigned size, uint64_t value);

SMMU_END_DECLS
#endif /* SMMULATOR_PMCG_H */
