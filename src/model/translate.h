/* SPDX-License-Identifier: MIT */
/*
 * The translation procedure and what is done about what it finds. translate.c finds
 * (T-2 to T-20), for whoever asks; outcome.c acts on it for DMA: records, RAZ/WI,
 * stall. Everybody else (prefetch, ATOS, ATS ...) calls smmu_find() and acts in a
 * room of its own. The lock is held.
 */
#ifndef MODEL_TRANSLATE_H
#define MODEL_TRANSLATE_H

#include <stdbool.h>
#include "model/config/config.h"
#include "model/model.h"

/* What a look-up ended with; nothing has been done about it. */
enum smmu_found {
	SMMU_FOUND_OUTPUT, /* out is what leaves */
	SMMU_FOUND_SILENT, /* to be terminated without an event: T-2, T-8 */
	SMMU_FOUND_CONFIG, /* fault: aborts whatever A, R and S say */
	SMMU_FOUND_FAULT,  /* fault: of a fetch or a stage, see smmu_obeys_ars() */
};

struct smmu_lookup {
	/* Who asks; see smmu_lookup_new(). */
	struct smmu *smmu;
	const struct smmu_txn *txn;
	/* What was found on the way; NULL: not reached, or not needed. */
	const struct smmu_ste *ste;
	const struct smmu_cd *cd;
	uint8_t kind;		/* enum smmu_kind, as it has become */
	struct smmu_access acc; /* after overrides */
	struct smmu_attr attr;	/* on the way in, after overrides */
	/* SMMU_FOUND_OUTPUT */
	bool bypass; /* no stage translated */
	struct smmu_xlate out;
	/* SMMU_FOUND_CONFIG, SMMU_FOUND_FAULT */
	struct smmu_fault fault;
};

/*
 * Faults and what out has of flags are filled in piecemeal; the rest of out, and attr, are
 * set before anyone looks at them.
 */
static inline void smmu_lookup_new(struct smmu_lookup *x, struct smmu *smmu,
				   const struct smmu_txn *txn)
{
	x->smmu = smmu;
	x->txn = txn;
	x->ste = NULL;
	x->cd = NULL;
	x->kind = SMMU_KIND_ORDINARY;
	x->acc = (struct smmu_access){ 0 };
	x->bypass = x->out.writable = x->out.assured_only = x->out.keep = false;
	x->fault = (struct smmu_fault){ 0 };
}

enum smmu_found smmu_find(struct smmu_lookup *x);

/* Its beginning, for who goes a way of his own: acc and attr as they come in ... */
void smmu_lookup_begin(struct smmu_lookup *x);
/* ... and after overrides: all of them, or PRIVCFG and INSTCFG alone. */
void smmu_override_all(struct smmu_lookup *x, const struct smmu_override *over);
void smmu_override_permissions(struct smmu_lookup *x, const struct smmu_override *over);

/* Faults of translation proper, which A, R and S (and ATS) tell from errors (5.5). */
static inline bool smmu_obeys_ars(const struct smmu_fault *fault)
{
	switch (fault->event) {
	case SMMU_EVT_F_TRANSLATION:
	case SMMU_EVT_F_ADDR_SIZE:
	case SMMU_EVT_F_ACCESS:
	case SMMU_EVT_F_PERMISSION:
		return true;
	default:
		return false;
	}
}

/*
 * T-10: which CD, if any; STE-41 to STE-44. ste: legal, not aborting. ERROR: *event
 * says which.
 */
enum smmu_substream { SMMU_SUBSTREAM_CD, SMMU_SUBSTREAM_NONE, SMMU_SUBSTREAM_ERROR };
enum smmu_substream smmu_select_cd(const struct smmu_ste *ste, const struct smmu_txn *txn,
				   uint32_t *idx, unsigned *event);

static inline bool smmu_is_enabled(const struct smmu *smmu)
{
	return smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0ACK_SMMUEN);
}

/* ---- kind.c: what is not ordinary; false: it ends here ---- */
bool smmu_kind_begin(struct smmu_lookup *x);	  /* T-1 */
bool smmu_kind_translates(struct smmu_lookup *x); /* before the first stage */
bool smmu_kind_granted(struct smmu_lookup *x);	  /* after the last */
/* Whether a look-up without output ends without an event; then *res is the response. */
bool smmu_kind_hushed(const struct smmu_lookup *x, struct smmu_result *res);

/* ---- outcome.c ---- */
/*
 * T-1 to T-20 for a device's transaction, with the events and responses due. SMMU_STALLED:
 * smmu_stall_hold() is next; ticket is 1 + STAG for it, or 0: unrecorded. The micro-TLB of
 * port keeps the answer if it may; NULL: none does.
 */
struct smmu_result smmu_transact(struct smmu *smmu, const struct smmu_txn *txn,
				 struct smmu_port *port);
/* What a record says of such a transaction, and what the trace says of its fault. */
struct smmu_event smmu_event_of(const struct smmu_lookup *x);
void smmu_trace_decision(const struct smmu_lookup *x);

/* ---- ats/ ---- */
/* The same for one whose address is translated already: txn->at says so. */
struct smmu_result smmu_translated(struct smmu *smmu, const struct smmu_txn *txn);

#endif /* MODEL_TRANSLATE_H */
