/* SPDX-License-Identifier: MIT */
/*
 * The SMMU as a harness sees it: a register window, ports for DMA, and wires,
 * MSIs and memory on the bus. Whatever a driver or a device does wrong ends as
 * the event, error bit or abort that the architecture names (IHI 0070); errno is
 * only for misuse of this interface.
 *
 * Context: unless a function says otherwise it may be called from any thread.
 */
#ifndef SMMULATOR_SMMU_H
#define SMMULATOR_SMMU_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/bus.h>
#include <smmulator/config.h>
#include <smmulator/export.h>

SMMU_BEGIN_DECLS

struct smmu;
struct smmu_port;

/*
 * Builds an SMMU on a bus, in its reset state; cfg is copied. The bus must
 * outlive it. 0; -EINVAL: cfg is refused (the message goes to cfg->log), -ENOMEM.
 * *smmu is written only on success.
 *
 * Its wires on the bus are "NAME.eventq", ".priq", ".gerror", ".cmdq-sync" and, if
 * IDR0.SEV, ".sev", NAME being cfg->name (1 to 47 characters). A source that is
 * enabled pulses its wire and, if one is programmed, sends its MSI (3.18). Handlers
 * run on the thread whose call caused them, or on another that was inside just then,
 * before that call returns, with no lock held: they may call any function here. In stepped
 * mode they run inside smmu_step(), in threaded mode on the SMMU's own thread.
 */
SMMU_API int smmu_create(struct smmu **smmu, struct smmu_bus *bus,
			 const struct smmu_config *cfg);
/*
 * Frees it; all its ports must be closed before. NULL is allowed. Threaded mode: ends its
 * thread, so not from a handler.
 */
SMMU_API void smmu_destroy(struct smmu *smmu);
/* Hardware reset: registers to their reset values, caches emptied. */
SMMU_API void smmu_reset(struct smmu *smmu);

/*
 * Register access. offset is from the base of page 0 (page 1 at 0x10000); size
 * is 4 or 8 bytes. Reads of reserved or misaligned locations give 0, such writes
 * are ignored. Inline mode: a write has taken its whole effect, commands included,
 * when it returns; the other modes are in <smmulator/run.h>.
 */
SMMU_API uint64_t smmu_mmio_read(struct smmu *smmu, uint64_t offset, unsigned size);
SMMU_API void smmu_mmio_write(struct smmu *smmu, uint64_t offset, unsigned size,
			      uint64_t value);
/*
 * Size of the register window in bytes, a multiple of 64 KiB: page 0, page 1, then as
 * far as the VATOS page (IDR2.BA_VATOS), then the ECMDQ control pages
 * (CMDQ_CONTROL_PAGE_BASE says where).
 */
SMMU_API uint64_t smmu_mmio_size(const struct smmu *smmu);

/* DMA enters through a port. One thread uses one port at a time. NULL: no memory. */
SMMU_API struct smmu_port *smmu_port_open(struct smmu *smmu);
/*
 * What it holds is given up (stall.h). When it returns, nothing uses a buffer of this
 * port or calls its callback any more. Not while another thread uses the port; from a
 * callback that answers one of this SMMU's own accesses it does nothing. NULL is allowed.
 */
SMMU_API void smmu_port_close(struct smmu_port *port);

enum smmu_op { SMMU_READ, SMMU_WRITE, SMMU_ATOMIC };

/*
 * What a transaction is besides a read or a write: IHI 0070 3.22, 16.7.2, 3.14, 7.3.2.
 * From SMMU_KIND_RCI to SMMU_KIND_DH the kind alone says what is asked and op is not
 * looked at by smmu_translate(): W_DCP is a write, all others count as reads. The SMMU
 * may turn one into a lesser one: struct smmu_result says which leaves.
 */
enum smmu_kind {
	SMMU_KIND_ORDINARY,
	SMMU_KIND_RCI,	  /* read that cleans and invalidates */
	SMMU_KIND_DR,	  /* destructive read: needs STE.DRE and write permission */
	SMMU_KIND_W_DCP,  /* write with directed cache prefetch: needs STE.DCP */
	SMMU_KIND_NW_DCP, /* directed cache prefetch without data: never faults */
	/* Cache maintenance, without data. */
	SMMU_KIND_CLEAN,
	SMMU_KIND_CLEAN_INVALIDATE,
	SMMU_KIND_CLEAN_PERSIST,
	SMMU_KIND_INVALIDATE, /* needs STE.DRE and write permission, else cleans too */
	SMMU_KIND_DH,	      /* destructive hint: never faults */
	/* With op as it is. */
	SMMU_KIND_SPECULATIVE, /* reads only; no event whatever happens */
	SMMU_KIND_UNSUPPORTED, /* what this SMMU cannot take: F_UUT; so any other value */
	SMMU_KIND_NONE,	       /* in a result: nothing leaves */
};
/* PCIe's AT field; what asks for a translation is smmu_ats_request(), <smmulator/ats.h>. */
enum smmu_at { SMMU_AT_UNTRANSLATED, SMMU_AT_TRANSLATED };

struct smmu_txn {
	uint32_t sid;
	uint32_t ssid; /* SubstreamID, looked at only if ssv */
	bool ssv;
	bool inst;  /* instruction fetch; ignored for writes and atomics */
	bool priv;  /* privileged */
	uint8_t op;   /* enum smmu_op */
	uint8_t kind; /* enum smmu_kind */
	uint8_t at;   /* enum smmu_at: whether addr came out of an ATC (3.9.1.3) */
	/* The client cannot be held: instead of a stall, abort and Stall == 0 (3.12). */
	bool no_stall;
	uint64_t addr;
	/*
	 * Attributes on the way in; all zero (the initialiser's default) is the
	 * architecture's default, 13.1.1: Normal write-back, read- and
	 * write-allocate. Looked at only if has_attr.
	 */
	bool has_attr;
	struct smmu_attr attr;
};

enum smmu_status {
	SMMU_OK,      /* pa and attr are valid */
	SMMU_ABORT,   /* terminated with an error response */
	SMMU_RAZ_WI,  /* terminated: reads give 0, writes vanish, no error */
	SMMU_STALLED, /* held; no response yet: stall.h */
	SMMU_NO_EFFECT, /* a hint that goes no further: no error, nothing leaves */
};

struct smmu_result {
	uint8_t status;	   /* enum smmu_status */
	uint8_t event;	   /* number of the event that was called for, 0: none */
	bool recorded;	   /* the event queue took it; stepped mode: it is written later */
	bool bypass;	   /* no stage translated */
	uint8_t kind;	   /* enum smmu_kind: what leaves */
	uint64_t pa;	   /* output address */
	uint64_t ipa;	   /* after stage 1, or the input address */
	uint8_t page_bits; /* 2^page_bits bytes around addr translate alike (>= 12) */
	struct smmu_attr attr;
	uint64_t ticket; /* it stalled, under this name (stall.h); else 0 */
};

/*
 * What hardware would do with this transaction now; moves no data. From a callback
 * that answers one of this SMMU's own accesses: SMMU_ABORT, event 0 (so for DMA), unless
 * the port's micro-TLB knows the answer.
 */
SMMU_API struct smmu_result smmu_translate(struct smmu_port *port,
					   const struct smmu_txn *txn);

/*
 * Moves len bytes between buf and the transaction's address and on, translating
 * each 4 KiB piece. Returns the result of the first piece that did not succeed,
 * with *done bytes moved before it (done may be NULL), else that of the last.
 * An output address without memory behind it is status SMMU_ABORT, event 0.
 * op SMMU_ATOMIC (use smmu_dma_cas64), buf == NULL and a kind without data, or of the
 * other direction than op, are refused with SMMU_ABORT.
 */
SMMU_API struct smmu_result smmu_dma(struct smmu_port *port, const struct smmu_txn *txn,
				     void *buf, uint64_t len, uint64_t *done);
/*
 * Atomic compare-and-swap of 8 aligned bytes; *expected receives the old value.
 * expected == NULL and a kind that is no atomic's are refused with SMMU_ABORT.
 */
SMMU_API struct smmu_result smmu_dma_cas64(struct smmu_port *port,
					   const struct smmu_txn *txn, uint64_t *expected,
					   uint64_t desired);

/* Counters, from creation or the last smmu_reset(). */
struct smmu_stats {
	uint64_t translations, tlb_hits, tlb_misses, walk_reads;
	uint64_t ste_hits, ste_fetches, cd_hits, cd_fetches;
	uint64_t commands, syncs, tlb_invalidations, config_invalidations;
	uint64_t events, events_lost;
	uint64_t ats_requests, atc_invalidations, page_requests;
};
SMMU_API void smmu_stats_read(struct smmu *smmu, struct smmu_stats *stats);

/*
 * Trace: every decision can be watched. One predicted branch when unused. The
 * hook runs on the thread that took the decision, with the model's lock held: it
 * must not call back into the same SMMU.
 */
enum smmu_trace_kind {
	SMMU_TRACE_MMIO_READ,  /* addr = offset, value */
	SMMU_TRACE_MMIO_WRITE, /* addr = offset, value */
	SMMU_TRACE_COMMAND, /* addr = its PA, dw[0..1]; value = 0, or n + 1 of ECMDQ n */
	SMMU_TRACE_EVENT,      /* dw[0..3]; value = 1 if recorded */
	SMMU_TRACE_STE_FETCH,  /* sid, addr = its PA, value = dw 0, dw[0..7] */
	SMMU_TRACE_STE_HIT,    /* sid, dw[0..7] as cached */
	SMMU_TRACE_CD_FETCH,   /* sid, ssid, addr = its PA, value = dw 0, dw[0..7] */
	SMMU_TRACE_CD_HIT,     /* sid, ssid, dw[0..7] as cached */
	SMMU_TRACE_WALK, /* sid, stage, level, addr = descriptor PA, value = descriptor */
	SMMU_TRACE_TLB_HIT,	/* sid, addr = input address, value = output address */
	SMMU_TRACE_TLB_MISS,	/* sid, addr = input address */
	SMMU_TRACE_TLB_INSERT,	/* sid, addr = input address, value = output address */
	SMMU_TRACE_GERROR,	/* value = new SMMU_GERROR */
	SMMU_TRACE_L1STD_FETCH, /* sid, addr = its PA, value */
	SMMU_TRACE_L1CD_FETCH,	/* sid, ssid, addr = its PA, value */
	SMMU_TRACE_DPT_FETCH,	/* sid, level, addr = its PA, value */
	SMMU_TRACE_VMS_FETCH,	/* sid, addr = its PA, value = dw 0 */
	SMMU_TRACE_L1STD_HIT,	/* sid, value as cached */
	SMMU_TRACE_L1CD_HIT,	/* sid, ssid, value as cached */
	SMMU_TRACE_OVERRIDE,	/* sid, attr: on the way in, after STE or GBPA */
	SMMU_TRACE_DENIED, /* sid, stage, rule, words: what withholds the permission */
	SMMU_TRACE_UPDATE, /* addr = descriptor PA, value = what hardware makes of it */
	/* sid, ssid, value = event (0: none), addr = IPA or address of the fetch, stage
	   (0: none), rule: what ends it; of success what let it pass, NULL: T-20 */
	SMMU_TRACE_DECISION,
	SMMU_TRACE_ATS_REQUEST, /* sid, ssid, addr, value = translated, 0: denied */
	SMMU_TRACE_ATC_INV,	/* sid, ssid, addr, value = log2 of the bytes */
	SMMU_TRACE_PAGE_REQUEST, /* sid, ssid, addr, dw[0..1], value = 1 if queued */
	SMMU_TRACE_PRG_RESPONSE, /* sid, ssid, addr = PRG index, value = code */
	/* Stepped mode: a move is about to be made. level = enum smmu_agent, stage = enum
	   smmu_half, addr = index, value = of how many (<smmulator/run.h>) */
	SMMU_TRACE_STEP,
};
struct smmu_trace {
	uint8_t kind; /* enum smmu_trace_kind */
	uint8_t stage;
	int8_t level;
	uint32_t sid, ssid;
	uint64_t addr, value;
	const uint64_t *dw; /* words of what it is about; valid in the call only */
	const char *rule;   /* "STE-18", "T-16": a rule of the digest; constant */
	const char *words;  /* constant */
	const struct smmu_attr *attr; /* valid in the call only */
};
typedef void (*smmu_trace_fn)(void *ctx, const struct smmu_trace *trace);
/* Sets the hook, NULL: none. Call it while the SMMU is idle. */
SMMU_API void smmu_set_trace(struct smmu *smmu, smmu_trace_fn fn, void *ctx);

SMMU_END_DECLS
#endif /* SMMULATOR_SMMU_H */
