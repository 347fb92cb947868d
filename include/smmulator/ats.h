/* SPDX-License-Identifier: MIT */
/*
 * What a PCIe function with an address translation cache (ATC) and its SMMU say to
 * each other: ATS, PRI and PASID (IHI 0070 3.9, 13.6, 13.7, chapter 8), Non-secure.
 *
 *   function -> SMMU  smmu_ats_request()    may I? and where is it?
 *                     smmu_txn.at           DMA with an address so obtained
 *                     smmu_page_request()   software, make this page present
 *                     smmu_atc_inv_done()   what you told me to forget is forgotten
 *   SMMU -> function  invalidate(), page_response()
 *
 * A PASID is a SubstreamID; StreamID[15:0] is the function's RequesterID.
 *
 * Context: any thread, no lock of the caller's is taken; see smmu_ats_attach() for the
 * callbacks.
 */
#ifndef SMMULATOR_ATS_H
#define SMMULATOR_ATS_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

/* ---- Translation Requests ---- */

struct smmu_ats_request {
	uint32_t sid;
	uint32_t ssid; /* PASID, looked at only if ssv */
	bool ssv;      /* has a PASID */
	bool no_write; /* NW: no write is intended */
	bool exec;     /* Execute Requested; looked at only if ssv */
	bool priv;     /* Privileged Mode Requested; looked at only if ssv */
	bool cxl;      /* Source-CXL */
	uint8_t stus;  /* translations asked for, in STUs; 0 counts as 1 */
	uint64_t addr; /* bits [11:0] are not looked at */
};

enum smmu_ats_status {
	SMMU_ATS_SUCCESS, /* though possibly with read == write == 0: not accessible */
	SMMU_ATS_UR,	  /* Unsupported Request: ATS is off for this function */
	SMMU_ATS_CA,	  /* Completer Abort: what configures the stream is broken */
};

/* One Translation Completion Data Entry. */
struct smmu_ats_completion {
	uint8_t status;	   /* enum smmu_ats_status; the rest counts only with SUCCESS */
	uint8_t page_bits; /* 2^page_bits bytes around the address are translated */
	bool read, write;
	bool exec;	   /* Execute Permitted */
	bool priv;	   /* as in the request: whom it was granted to */
	bool global;	   /* never set (3.9.1) */
	bool untranslated; /* U: access through Untranslated requests only; never set */
	bool no_snoop;	   /* N: never set (13.6.2) */
	bool cxl_io;	   /* CXL: to be accessed through CXL.io (3.9.3) */
	uint64_t addr;	   /* of the first of those bytes: PA, or IPA with EATS 0b10 */
	/* For the harness; no function sees these. */
	uint8_t event; /* number of the event that was called for, 0: none */
	bool recorded; /* it reached the event queue */
};

/*
 * Answers a Translation Request (3.9.1.2, 13.7.1). One entry is returned however many
 * STUs are asked for, as PCIe lets a translation agent do. An SMMU without IDR0.ATS: UR.
 * From a callback that answers one of this SMMU's own accesses: CA.
 */
SMMU_API struct smmu_ats_completion smmu_ats_request(struct smmu_port *port,
						     const struct smmu_ats_request *req);

/* ---- what the SMMU sends to a function ---- */

/* An Invalidate Request, CMD_ATC_INV's. */
struct smmu_atc_inv {
	uint64_t id; /* for smmu_atc_inv_done(); never 0, never used again */
	uint32_t sid;
	uint32_t ssid; /* PASID, 0 without ssv */
	bool ssv;
	bool global;	   /* Global Invalidate: whatever the PASID; only with ssv */
	uint8_t span_bits; /* 2^span_bits bytes; 64: everything */
	uint64_t addr;	   /* of the first of them */
};

enum smmu_atc_reply {
	SMMU_ATC_DONE,	  /* Invalidate Completion */
	SMMU_ATC_UR,	  /* Unsupported Request: completes, nothing was invalidated */
	SMMU_ATC_LATER,	  /* smmu_atc_inv_done() will follow, or smmu_atc_timeout() */
	SMMU_ATC_TIMEOUT, /* never answered, and the time for that is over */
};

/* PRG Response codes on the wire. */
enum smmu_prg_code {
	SMMU_PRG_SUCCESS = 0x0,
	SMMU_PRG_INVALID_REQUEST = 0x1,
	SMMU_PRG_FAILURE = 0xf,
};

struct smmu_prg_response {
	uint32_t sid;
	uint32_t ssid; /* PASID, 0 without ssv */
	bool ssv;
	uint16_t prg_index;
	uint8_t code;	/* enum smmu_prg_code */
	bool automatic; /* by the SMMU itself; a function cannot tell */
};

struct smmu_ats_ops {
	/* Returns enum smmu_atc_reply. NULL: UR, as from a function without an ATC. */
	int (*invalidate)(void *ctx, const struct smmu_atc_inv *inv);
	/* NULL: nobody wants to know. */
	void (*page_response)(void *ctx, const struct smmu_prg_response *resp);
};

/*
 * Puts a function behind this StreamID. 0; -EINVAL: no ops; -EOPNOTSUPP: no IDR0.ATS;
 * -ERANGE: wider than IDR1.SIDSIZE; -EEXIST: there is one; -ENOMEM; -EDEADLK: from a
 * callback that answers one of this SMMU's own accesses (so for those below).
 *
 * Callbacks run on the thread whose call caused them (a register write, as a rule), or
 * on another that was inside just then, before that call returns, with no lock held:
 * they may call any function here. Messages are sent in the order of their commands;
 * with several threads inside, callbacks may overlap. ops and ctx must live until
 * smmu_ats_detach().
 */
SMMU_API int smmu_ats_attach(struct smmu *smmu, uint32_t sid,
			     const struct smmu_ats_ops *ops, void *ctx);
/*
 * Takes it away: what was sent to it and not answered completes as with UR. 0, or
 * -ENOENT. No other thread may be running one of its callbacks.
 */
SMMU_API int smmu_ats_detach(struct smmu *smmu, uint32_t sid);

/*
 * The completion of an invalidation that was answered with SMMU_ATC_LATER. reply: DONE,
 * UR or TIMEOUT. A CMD_SYNC that waited for it goes on before this returns. 0;
 * -EINVAL: not such a reply; -ENOENT: no such invalidation is outstanding (it timed
 * out, or the SMMU was reset): nothing happens; -EDEADLK.
 */
SMMU_API int smmu_atc_inv_done(struct smmu *smmu, uint64_t id, enum smmu_atc_reply reply);
/*
 * Lets the time run out for every invalidation that is outstanding; how many there
 * were. A CMD_SYNC behind one of them ends in CERROR_ATC_INV_SYNC (3.9.1.4).
 */
SMMU_API unsigned smmu_atc_timeout(struct smmu *smmu);
/* Invalidations that are sent, or about to be, and not answered. */
SMMU_API unsigned smmu_atc_outstanding(struct smmu *smmu);

/* ---- page requests ---- */

/* last && !read && !write with a PASID is a Stop marker (PRI-3). */
struct smmu_page_request {
	uint32_t sid;
	uint32_t ssid; /* PASID, looked at only if ssv */
	bool ssv;
	bool read, write;
	bool exec, priv; /* looked at only if ssv */
	bool last;
	uint16_t prg_index; /* 0 to 511 */
	uint64_t addr;	    /* bits [11:0] are not looked at */
};

enum smmu_page_request_fate {
	SMMU_PRI_QUEUED,
	SMMU_PRI_ANSWERED, /* discarded, with an automatic response */
	SMMU_PRI_DROPPED,  /* discarded in silence */
};

/*
 * Sends a page request (chapter 8). enum smmu_page_request_fate; or, and nothing has
 * happened, -EINVAL: prg_index or PASID out of range, -EOPNOTSUPP: no IDR0.PRI,
 * -EDEADLK: from a callback that answers one of this SMMU's own accesses. *auto_resp
 * (may be NULL) receives the automatic response; it also goes to page_response() of the
 * function that is attached, before this returns.
 */
SMMU_API int smmu_page_request(struct smmu_port *port,
			       const struct smmu_page_request *req,
			       struct smmu_prg_response *auto_resp);

SMMU_END_DECLS
#endif /* SMMULATOR_ATS_H */
