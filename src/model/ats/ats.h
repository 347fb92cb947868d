/* SPDX-License-Identifier: MIT */
/*
 * Inside of ats/: ATS, PRI and PASID, the model's side (IHI 0070 3.9, 13.6, 13.7, 8).
 *
 *   treq.c        Translation Requests
 *   translated.c  DMA whose address the function got from one
 *   function.c    who is behind which StreamID
 *   message.c     what goes to them, and what CMD_SYNC waits for
 *   pri.c         page requests and their automatic responses
 */
#ifndef MODEL_ATS_ATS_H
#define MODEL_ATS_ATS_H

#include <smmulator/ats.h>
#include "model/translate.h"

/* STE.EATS as it acts (3.9.1.2): SMMU_EATS_*. */
unsigned smmu_eats(const struct smmu *smmu, const struct smmu_ste *ste);

/* Whether errors of configuration met by ATS are recorded: CR2.REC_CFG_ATS. */
static inline bool smmu_records_cfg_ats(const struct smmu *smmu)
{
	return smmu->cfg.atsrecerr && smmu_reg_get(smmu->regs.cr2, SMMU_CR2_REC_CFG_ATS);
}

/* ---- function.c ---- */
struct smmu_ats_function {
	uint32_t sid;
	const struct smmu_ats_ops *ops;
	void *ctx;
};
const struct smmu_ats_function *smmu_ats_find(const struct smmu *smmu, uint32_t sid);

/* ---- message.c ---- */
/*
 * As many messages as may be under way; when all are, command queues wait. A hardware
 * has such a limit too (32 invalidations a function, by PCIe).
 */
enum { SMMU_ATS_SLOTS = 256 };

enum smmu_ats_slot_state {
	SMMU_SLOT_FREE,
	SMMU_SLOT_QUEUED, /* in the FIFO */
	SMMU_SLOT_SENT,	  /* an invalidation that is not answered */
};

struct smmu_ats_slot {
	uint8_t state;	     /* enum smmu_ats_slot_state */
	bool response;	     /* a PRG Response, else an invalidation */
	uint16_t next;	     /* in the list of free ones, or the FIFO; SLOTS: none */
	struct smmu_cmdq *q; /* of the invalidation */
	struct smmu_atc_inv inv;
	struct smmu_prg_response resp;
};

struct smmu_ats {
	struct smmu_ats_function *fn; /* by StreamID */
	uint32_t nfn, cap;
	uint64_t serial; /* of the last invalidation */
	uint16_t free, first, last;
	unsigned invs;		/* invalidations queued or sent */
	struct smmu_cmdq *held; /* queues that wait, linked by atc.next */
	struct smmu_ats_slot slot[SMMU_ATS_SLOTS];
};

/* An invalidation is over: in the answer of a function, or without one. */
void smmu_atc_finish(struct smmu *smmu, struct smmu_ats_slot *s, bool failed);

#endif /* MODEL_ATS_ATS_H */
