/* SPDX-License-Identifier: MIT */
/* Performance monitor counter groups, seen from the rest of the model. */
#ifndef MODEL_PMCG_PMCG_H
#define MODEL_PMCG_PMCG_H

#include <smmulator/pmcg.h>
#include "model/model.h"
#include "model/translate.h"

struct smmu_pmcg {
	struct smmu *smmu;
	unsigned index;
	struct smmu_pmcg_config cfg;
	uint64_t counters;	/* bitmap of those that exist */
	uint64_t mask;		/* bits of a counter */
	uint32_t sid_mask;	/* bits of SMR.STREAMID (PMCG-25) */
	uint32_t evtyper_bits;	/* fields of EVTYPER0 */
	uint32_t evtypern_bits; /* of the others */
	/* Registers. */
	uint64_t evcntr[64], svr[64];
	uint32_t evtyper[64], smr[64];
	uint64_t cnten, inten, ovs;
	uint32_t cr, irq_ctrl, irq_ctrlack, gmpam;
	uint64_t irq_cfg0;
	uint32_t irq_cfg1, irq_cfg2, irq_status;
};

/* What an event belongs to, for the filters. */
struct smmu_pmcg_who {
	uint32_t sid;
	struct smmu_mpam mpam;
};

int smmu_pmcg_create(struct smmu *smmu);
void smmu_pmcg_reset(struct smmu *smmu);
void smmu_pmcg_msi_aborted(struct smmu *smmu, unsigned group);
/* After a change of what is enabled. */
void smmu_pmcg_update(struct smmu *smmu);
/* PMCG-14 */
void smmu_pmcg_capture(struct smmu_pmcg *p);

/* ---- count.c: only while smmu->pmcg_on ---- */
void smmu_pmcg_event(struct smmu *smmu, enum smmu_pmcg_event event,
		     struct smmu_pmcg_who who);
/* A transaction, with the events 1 to 3 that it is. */
struct smmu_result smmu_pmcg_transact(struct smmu *smmu, const struct smmu_txn *txn);

/* What the transaction under way had to fetch. */
enum { SMMU_MISSED_TLB = 1, SMMU_MISSED_CONFIG = 2 };

static inline void smmu_pmcg_missed(struct smmu *smmu, unsigned what)
{
	smmu->missed |= (uint8_t)what;
}

/* An access of the SMMU's own to a table or a structure, with what it carries. */
static inline void smmu_pmcg_access(struct smmu *smmu, enum smmu_pmcg_event event,
				    uint32_t sid, const struct smmu_attr *attr)
{
	if (__builtin_expect(smmu->pmcg_on, 0))
		smmu_pmcg_event(
			smmu, event,
			(struct smmu_pmcg_who){ .sid = sid,
						.mpam = { attr->partid, attr->pmg } });
}

#endif /* MODEL_PMCG_PMCG_H */
