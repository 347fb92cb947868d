/* SPDX-License-Identifier: MIT */
/*
 * What the rooms of the model know of each other. Non-secure state only.
 *
 *   register/  ID values, MMIO, CR0 handshakes, GERROR, wires and MSIs
 *   queue/     command and event (and PRI) queues
 *   config/    STE and CD: location, fetch, validity, the configuration cache
 *   walk/      descriptors, permissions, attributes, HTTU
 *   cache/     the TLB
 *   atos/      address translation operations
 *   ats/       ATS, PRI and PASID: what PCIe functions and the SMMU say
 *   dpt/       the Device Permission Table
 *   mpam/      PARTID and PMG of every access; the VMS
 *   pmcg/      performance monitor counter groups
 *   translate.c  T-1 to T-20, top to bottom: what is found
 *   kind.c       what is no ordinary read or write
 *   outcome.c    what a device and the event queue see of it
 *   stall/     transactions that are held
 *   run/       stepped and threaded mode
 *   port.c       where transactions come in; hits of a micro-TLB end there
 *   completion.c what CMD_SYNC waits for
 *   smmu.c       creation, reset, the big lock, statistics, trace
 *
 * Everything here runs under smmu->lock (taken by the public functions), but for hits of
 * a port's micro-TLB (cache/utlb.h) and the data that they move.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/arch.h>
#include <smmulator/bus.h>
#include <smmulator/config.h>
#include <smmulator/frontend.h>
#include <smmulator/smmu.h>
#include <smmulator/stall.h>
#include "model/cache/utlb.h"
#include "model/completion.h"
#include "model/lock.h"

/* The low bits of an address; 64 and more: all of it. */
static inline uint64_t smmu_low(uint64_t addr, unsigned bits)
{
	return bits < 64 ? addr & ((UINT64_C(1) << bits) - 1) : addr;
}

/* ---- derived identification (section 3.4), fixed at creation ---- */
struct smmu_id {
	uint32_t idr[7]; /* SMMU_IDR0 to IDR6 as they read */
	uint32_t iidr, aidr, mpamidr;
	/* Offsets in the register window; 0: not there. */
	uint32_t vatos_page, ecmdq_pages;
	uint32_t window;	/* its size */
	uint32_t component[12]; /* PIDR4 to CIDR3, offsets 0xFD0 to 0xFFC; 0 without an
				   IIDR */
	unsigned oas, ias, vas; /* bits; vas spans both TTBx: 49, 53 or 56 */
	bool v30;		/* architecture version is 3.0 */
};

/* ---- registers, as the guest last made them ---- */
struct smmu_regs {
	uint32_t cr0, cr0ack, cr1, cr2, statusr, gbpa, agbpa, irq_ctrl, irq_ctrlack;
	uint32_t gerror, gerrorn;
	uint64_t gerror_irq_cfg0;
	uint32_t gerror_irq_cfg1, gerror_irq_cfg2;
	uint64_t strtab_base;
	uint32_t strtab_base_cfg;
	uint64_t eventq_base, priq_base;
	uint32_t eventq_prod, eventq_cons, priq_prod, priq_cons;
	uint64_t eventq_irq_cfg0, priq_irq_cfg0;
	uint32_t eventq_irq_cfg1, eventq_irq_cfg2, priq_irq_cfg1, priq_irq_cfg2;
	uint32_t gmpam, gbpmpam;
	uint64_t s2pii;
};

/* ---- a group of address translation registers, chapter 9 ---- */
struct smmu_atos {
	uint32_t ctrl;
	uint64_t sid, addr, par;
};

/* ---- the Device Permission Table, 3.24 ---- */
enum { SMMU_DPT_ENTRIES = 16 };
/* What one region allows, or where the level 1 table of one is. */
struct smmu_dpt_entry {
	uint64_t base; /* of the region, aligned */
	uint8_t bits;  /* it has 2^bits bytes; 0: not valid */
	uint8_t ac;    /* Access Control, SMMU_DPT_AC_* */
	bool w;	       /* writes as well */
	uint16_t vmid;
	uint64_t table;
};
struct smmu_dpt {
	uint64_t base, far;
	uint32_t base_cfg;
	struct smmu_dpt_entry right[SMMU_DPT_ENTRIES], table[SMMU_DPT_ENTRIES];
	unsigned next_right, next_table; /* to be replaced */
};

/* ---- translation regimes ---- */
enum smmu_world {
	SMMU_WORLD_NS_EL1,
	SMMU_WORLD_NS_EL2,
	SMMU_WORLD_NS_EL2_E2H,
	SMMU_WORLD_COUNT
};
enum smmu_fmt { SMMU_FMT_LPAE32, SMMU_FMT_V864 };

/* Attributes of table accesses: {S1CIR..}, {IRx, ORx, SHx}, {S2IR0..}, CR1.TABLE_*. */
struct smmu_fetch_attr {
	uint8_t ic, oc, sh; /* raw 2-bit codes */
};

/* Stage 2 of a STE with Config 11x, decoded once, legal by then (STE-20 ff). */
struct smmu_s2cfg {
	uint8_t fmt;	 /* enum smmu_fmt */
	uint8_t granule; /* log2 bytes: 12, 14, 16 */
	uint8_t n;	 /* input size in bits */
	int8_t start;	 /* start level */
	uint8_t ps;	 /* effective output size in bits */
	uint64_t base;	 /* S2TTB, aligned as the walk uses it */
	uint16_t vmid;
	bool endi, affd, ha, hd, haft, ptw, fwb, ds, pie, poe, s2s, s2r;
	bool tl0, tl1, assured_only;
	uint8_t sh0;
	uint8_t hwu; /* S2HWU62 to S2HWU59 */
	struct smmu_fetch_attr fetch;
	uint64_t poi; /* S2POI: 16 overlay codes */
};

/* One translation table base of a CD. */
struct smmu_s1tt {
	bool en;	 /* 0: walks are disabled (effective EPDx) or no such table */
	uint8_t granule; /* log2 bytes */
	uint8_t n;	 /* input size in bits */
	uint8_t txsz;	 /* raw, for the LPAE32 span rules */
	int8_t start;
	bool tbi, had, e0pd;
	uint8_t hwu; /* HWUx62 to HWUx59, as far as they act */
	uint8_t sh;
	uint64_t base;
	struct smmu_fetch_attr fetch;
};

/* Stage 1 of a CD, decoded once in the context of its STE, legal by then. */
struct smmu_s1cfg {
	uint8_t fmt;
	uint8_t world;	/* enum smmu_world */
	bool one_table; /* any-EL2: TTB0 only, no ASID, no unprivileged level */
	uint8_t ips;	/* effective output size in bits */
	uint16_t asid;
	bool aset;
	bool endi, affd, ha, hd, haft, wxn, uwxn, pan, epan, ds, pie, aie, pnch;
	bool cd_assured;     /* this CD and its L1CD are in AssuredOnly memory (3.27.2) */
	bool a, r, s;	     /* fault behaviour, section 5.5 */
	uint64_t mair;	     /* MAIR1:MAIR0 */
	uint64_t piiu, piip; /* 16 x 3 bits (PIIU), 16 x 3 bits (PIIP) */
	struct smmu_s1tt tt[2];
};

/* Whose memory system resources an access uses (chapter 17). 0 and 0 without MPAM. */
struct smmu_mpam {
	uint16_t partid;
	uint8_t pmg;
};

static inline void smmu_attr_mpam(struct smmu_attr *attr, struct smmu_mpam mpam)
{
	attr->partid = mpam.partid;
	attr->pmg = mpam.pmg;
}

/* What a transaction asks, after the STE's overrides (section 8 of translation.md). */
struct smmu_access {
	bool read, write; /* an atomic has both */
	bool inst;	  /* reads only */
	bool priv;
	bool any;	  /* whatever there is will do (NW-DCP); read is set */
	bool destructive; /* smmu_xlate.writable is wanted */
	bool keep_clean;  /* a write that is asked for, not made: no page becomes dirty */
};

/* An event in the making; event == 0: none. */
struct smmu_fault {
	uint8_t event; /* SMMU_EVT_* */
	bool s2;
	uint8_t cls; /* SMMU_CLASS_CD, _TT, _IN */
	bool ttrnw;  /* F_PERMISSION, CLASS TT: 1 read of the descriptor */
	bool rnw;    /* RnW of the record, when the check decides it (atomics) */
	bool dirtybit, assured_only, overlay;
	uint64_t ipa;	     /* S2 == 1: the address that stage 2 translated */
	uint64_t fetch_addr; /* *_FETCH and F_WALK_EABT */
	uint32_t reason;
	const char *rule; /* that asked for it: "STE-18", "T-16c" */
};

/* Where a transaction ends when all stages agree. */
struct smmu_xlate {
	uint64_t pa, ipa;
	uint8_t page_bits;
	uint16_t void_word; /* of the entry it comes from, if keep */
	bool keep;	    /* a micro-TLB may keep it */
	bool assured_only;  /* smmu_s2_translate_cd: the page is AssuredOnly */
	bool writable;	    /* if wanted: each stage lets it be written as it is, dirty */
	struct smmu_attr attr;
};

/* The regime that a stream (and substream) selects: T-10 to T-14's outcome. */
struct smmu_regime {
	uint32_t sid, ssid;	  /* for the trace */
	uint8_t world;		  /* enum smmu_world */
	uint16_t vmid;		  /* TLB tag (CACHE-22), 0 if not tagged */
	struct smmu_mpam mpam_s1; /* of walks of stage 1; of stage 2 (17.4) */
	struct smmu_mpam mpam_s2;
	const struct smmu_s1cfg *s1; /* NULL: stage 1 bypassed */
	const struct smmu_s2cfg *s2; /* NULL: stage 2 bypassed */
	bool assured;	/* without stage 1: whatever it asks for is assured (3.9.1.3) */
	bool no_update; /* ATOS with HTTUI: as with hardware update, but nothing is
			   written; such a result must not be cached (ATOS-20) */
};

/* ---- walk/ and cache/ ---- */
struct smmu_tlb;

/*
 * T-15 to T-18 and T-20: translates addr through the regime's stages (at least one is
 * on), through the TLB, filling it. in: attributes after STE overrides.
 * True: *out filled, as it leaves. False: *fault filled (event, S2, CLASS, IPA, TTRnW,
 * RnW ...).
 */
bool smmu_stages_translate(struct smmu *smmu, const struct smmu_regime *rg,
			   const struct smmu_access *acc, uint64_t addr,
			   const struct smmu_attr *in, struct smmu_xlate *out,
			   struct smmu_fault *fault);
/*
 * T-13: stage 2 of the address of an L1CD or CD (purpose CD, a data read). in: the
 * fetch attributes of the structure. As above; fault->cls is SMMU_CLASS_CD.
 */
bool smmu_s2_translate_cd(struct smmu *smmu, const struct smmu_regime *rg, uint64_t ipa,
			  const struct smmu_attr *in, struct smmu_xlate *out,
			  struct smmu_fault *fault);
/* Start levels (translation.md 9.1, 9.4). s2: false if SL0 and T0SZ disagree (STE-32). */
int smmu_s1_start_level(unsigned granule, unsigned n);
bool smmu_s2_start_level(unsigned granule, bool ds, unsigned sl0, unsigned sl0_2,
			 bool stt, int8_t *start);
bool smmu_s2_geometry_ok(unsigned granule, unsigned n, int start);
/* Attribute algebra of chapter 13. */
/* 13.1.1: what a bus that carries no attributes stands for. */
static inline struct smmu_attr smmu_attr_default(void)
{
	return (struct smmu_attr){ .inner = SMMU_MT_WB,
				   .outer = SMMU_MT_WB,
				   .sh = SMMU_SH_NSH,
				   .ra = 1,
				   .wa = 1,
				   .ns = 1 };
}
struct smmu_attr smmu_attr_from_fetch(struct smmu_fetch_attr f); /* 13.9 */
void smmu_attr_set_memattr(struct smmu_attr *attr,
			   unsigned memattr);	   /* MTCFG, MSI: 4-bit code */
void smmu_attr_consistent(struct smmu_attr *attr); /* 13.6 */
static inline bool smmu_type_is_cacheable(unsigned type)
{
	return type == SMMU_MT_WB || type == SMMU_MT_WT;
}
static inline bool smmu_attr_is_cacheable(const struct smmu_attr *attr)
{
	return smmu_type_is_cacheable(attr->inner) || smmu_type_is_cacheable(attr->outer);
}

int smmu_tlb_create(struct smmu_tlb **tlb, const struct smmu_config *cfg,
		    struct smmu_voids *voids);
/* Whom it tells what it forgets. */
void smmu_tlb_tell(struct smmu_tlb *tlb, struct smmu_voids *voids);
void smmu_tlb_destroy(struct smmu_tlb *tlb);
void smmu_tlb_flush(struct smmu_tlb *tlb); /* reset: everything */

/* A TLB invalidation as a command orders it, scope by scope (caching.md 4.2). */
enum smmu_tlbi_scope {
	SMMU_TLBI_NH_ALL,  /* stage 1 (and combined) entries of NS-EL1, by VMID */
	SMMU_TLBI_NH_ASID, /* non-global by VMID and ASID */
	SMMU_TLBI_NH_VA,   /* by VA, VMID, ASID or global */
	SMMU_TLBI_NH_VAA,
	SMMU_TLBI_EL2_ALL,
	SMMU_TLBI_EL2_ASID,
	SMMU_TLBI_EL2_VA,
	SMMU_TLBI_EL2_VAA,
	SMMU_TLBI_S12_VMALL,
	SMMU_TLBI_S2_IPA,
	SMMU_TLBI_NSNH_ALL,
};
struct smmu_tlbi {
	uint8_t scope;
	bool leaf;
	bool range;	 /* TG != 0 */
	uint8_t granule; /* log2 bytes if range */
	uint8_t ttl;	 /* 0: no hint */
	/* Not neighbours: written one by one, they would be read as one, which stalls. */
	uint16_t vmid;
	uint16_t vmid_mask; /* bits of VMID that are compared (CR0.VMW) */
	uint16_t asid;
	bool e2h;	    /* CR2.E2H, for the EL2 scopes */
	bool broadcast;	    /* of a PE: spares ASET 1 where it may (CACHE-46) */
	uint64_t addr;	    /* VA or IPA, [11:0] zero */
	uint64_t len;	    /* bytes; range only, saturated at 2^64 - 1 */
};
void smmu_tlb_invalidate(struct smmu *smmu, const struct smmu_tlbi *inv);

/* ---- config/ ---- */
struct smmu_cfgcache;
int smmu_cfgcache_create(struct smmu_cfgcache **cc, const struct smmu_config *cfg,
			 struct smmu_voids *voids);
void smmu_cfgcache_tell(struct smmu_cfgcache *cc, struct smmu_voids *voids);
void smmu_cfgcache_destroy(struct smmu_cfgcache *cc);
void smmu_cfgcache_flush(struct smmu_cfgcache *cc);
void smmu_cfgi_ste(struct smmu *smmu, uint32_t sid, bool leaf);
void smmu_cfgi_ste_range(struct smmu *smmu, uint32_t sid,
			 unsigned range); /* 2^(range+1) */
void smmu_cfgi_all(struct smmu *smmu);
void smmu_cfgi_cd(struct smmu *smmu, uint32_t sid, uint32_t ssid, bool leaf);
void smmu_cfgi_cd_all(struct smmu *smmu, uint32_t sid);
/* CMD_PREFETCH_*: may fill caches, never records an event. */
void smmu_prefetch_config(struct smmu *smmu, uint32_t sid, bool ssv, uint32_t ssid);
void smmu_prefetch_addr(struct smmu *smmu, uint32_t sid, bool ssv, uint32_t ssid,
			uint64_t addr);

/* ---- queue/ ---- */
/* Everything an event record may show; the writer takes what its type has. */
struct smmu_event {
	struct smmu_fault fault;
	uint32_t sid, ssid;
	bool ssv;
	bool rnw, ind, pnu; /* as the record of that type wants them */
	bool stall;
	uint16_t stag;
	bool may_merge; /* STE.MEV; nothing to events before a STE */
	uint64_t input_addr;
	/* F_BAD_ATS_TREQ (of which pnu is P; priv unused) and E_PAGE_REQUEST. */
	struct {
		bool r, w, x;
	} ask, ask_priv;
	uint8_t span; /* at most 15 of F_BAD_ATS_TREQ */
};
/*
 * Builds the 32-byte record and writes it to the event queue if the queue takes
 * it (section 7.2): true if recorded. Full queue, EVENTQEN, EVENTQ_ABT_ERR,
 * overflow and interrupt are handled inside.
 */
bool smmu_event_record(struct smmu *smmu, const struct smmu_event *ev);
/* EVT-4: a record would be written now. */
bool smmu_eventq_writable(const struct smmu *smmu);
/* What an event may merge with (EVT-60), while that is in the queue. */
struct smmu_last_event {
	bool valid;
	uint64_t dw[SMMU_EVENT_DWORDS];
};
/* Where a queue is in memory, and how it is accessed. See queue/ring.h. */
struct smmu_ring {
	uint64_t base;	       /* PA of entry 0 */
	unsigned log2;	       /* entries; REG-81 */
	unsigned entry;	       /* log2 bytes of an entry */
	struct smmu_attr attr; /* of accesses to it */
};
/* A command queue: that of CMDQ_*, or an ECMDQ; its three registers as stored. */
struct smmu_cmdq {
	uint64_t base;
	uint32_t prod, cons;
	bool kicked;		/* in the list that starts at smmu->cmdq_kicked */
	struct smmu_cmdq *next; /* the one after it there */
	/* Its ring, as these registers made it; anew when they say something else. */
	struct {
		bool known;
		uint32_t cr1, gmpam;
		uint64_t base;
		const uint64_t *host; /* of entry 0, if all of it is RAM, else NULL */
		struct smmu_ring ring;
	} at;
	/* Stepped mode: the command at CONS, and what of it is next. */
	struct {
		uint8_t half; /* enum smmu_half */
		uint64_t raw[2];
		uint64_t since; /* CMD_SYNC: the move that found all before it done */
	} step;
	struct {
		unsigned outstanding; /* CMD_ATC_INVs that are not answered */
		bool failed;	      /* one timed out: the next CMD_SYNC says so */
		bool held; /* in the list smmu_ats.held, linked by next: it waits for */
		bool wants_slot; /* a free slot, else for its outstanding ones */
		struct smmu_cmdq *next;
	} atc;
	struct {		    /* completion.c */
		bool held;	    /* in the list smmu->sync_held, linked by next */
		uint64_t waits_for; /* 1 + the last flight that its CMD_SYNC waits for */
		struct smmu_cmdq *next;
	} sync;
};
/*
 * Looks at a queue, since its PROD, enable or error has changed: its commands are
 * consumed until it is empty, in error, or disabled, or until a CMD_SYNC has a signal
 * to send; then it goes on after that was sent.
 */
void smmu_cmdq_kick(struct smmu *smmu, struct smmu_cmdq *q);
/* A command by its opcode. */
struct smmu_command;
struct smmu_cmd_row {
	const struct smmu_command *cmd; /* what it is; NULL: not here */
	uint64_t bits[2];		/* that are not RES0 */
	uint64_t suspect[2];		/* of these: as long as all are 0, it is legal */
};
/* Goes on with the queues that were held up; after each delivery of a CMD_SYNC. */
void smmu_cmdq_run(struct smmu *smmu);
/* By halves, for run/: how many commands may be consumed now; */
uint32_t smmu_cmdq_waiting(struct smmu *smmu, const struct smmu_cmdq *q);
/* reads the one at CONS; false: it could not, and the queue has stopped; */
bool smmu_cmdq_fetch(struct smmu *smmu, struct smmu_cmdq *q, uint64_t raw[2]);
/* does it, but for its effect if that comes later; false: the queue has stopped; */
bool smmu_cmdq_do(struct smmu *smmu, struct smmu_cmdq *q, const uint64_t raw[2],
		  bool later);
/* moves CONS past it. */
void smmu_cmdq_consumed(struct smmu *smmu, struct smmu_cmdq *q);
/* CMD-78: the signal of an earlier CMD_SYNC, of any queue, waits to be delivered. */
bool smmu_cmdq_sync_pending(const struct smmu *smmu);

/* ---- stall/ ---- */
int smmu_stalls_create(struct smmu *smmu);
void smmu_stalls_destroy(struct smmu *smmu);
/* A stall can be recorded: the queue is writable and a STAG is free. */
bool smmu_stall_room(const struct smmu *smmu);
/* A STAG for a record of that stream; -1: there is no room. */
int smmu_stag_take(struct smmu *smmu, uint32_t sid);
/* There may be room again: retries what waits for it. */
void smmu_stall_run(struct smmu *smmu);
/* CMD_RESUME: retry, or end with that status. */
void smmu_stall_resume(struct smmu *smmu, uint32_t sid, uint16_t number, bool again,
		       enum smmu_status status);
/* CMD_STALL_TERM; and all, when SMMUEN goes to 0 or at a reset. */
void smmu_stall_terminate(struct smmu *smmu, uint32_t sid);
void smmu_stall_terminate_all(struct smmu *smmu);
/* A snapshot was taken in: of its stalled transactions the STAGs are taken. */
void smmu_stall_adopt(struct smmu *smmu, const struct smmu *from);
/*
 * Does what was decided with the lock released in between; it is held before and after.
 * False: another thread, or a frame below, is at it.
 */
bool smmu_stall_work(struct smmu *smmu);
enum smmu_priq_put {
	SMMU_PRIQ_TAKEN,
	SMMU_PRIQ_OFF,	    /* PRIQEN, SMMUEN or PRIQ_ABT_ERR */
	SMMU_PRIQ_OVERFLOW, /* full, or the last overflow is not acknowledged */
	SMMU_PRIQ_ABORTED,  /* external abort, just now */
};
/* Appends a message to the PRI queue, if that takes it; overflow, error, interrupt. */
enum smmu_priq_put smmu_priq_put(struct smmu *smmu, const uint64_t *dw);
/*
 * What was accepted is written: memory, PROD, interrupt. False: it was not, since the
 * queue is off or in error by now, or the write is aborted.
 */
bool smmu_priq_append(struct smmu *smmu, const uint64_t *dw);
bool smmu_eventq_append(struct smmu *smmu, const uint64_t *dw);

/* ---- run/: the modes that are not inline ---- */
struct smmu_runner;
/* The last part of a new SMMU; 0 or -ENOMEM. */
int smmu_run_create(struct smmu *smmu);
void smmu_run_destroy(struct smmu *smmu);
void smmu_run_reset(struct smmu *smmu);
/*
 * A record that a queue accepts, for the entry at pa: true if it is kept, to be appended
 * later. Without smmu->run it never is.
 */
bool smmu_run_keep_record(struct smmu *smmu, bool pri, uint64_t pa, const uint64_t *dw);
unsigned smmu_run_records(const struct smmu *smmu, bool pri); /* kept so far */
/* An Update of CR0 completes: what was consumed or accepted before is done. */
void smmu_run_settle(struct smmu *smmu);
/* That queue is off now. */
void smmu_run_queue_off(struct smmu *smmu, struct smmu_cmdq *q);
/* Stepped: something is half done, which no snapshot can hold. */
bool smmu_run_in_the_middle(const struct smmu *smmu);
/* Threaded: the thread is to look at that queue, or at whatever there is. No lock. */
void smmu_device_ring(struct smmu *smmu, struct smmu_cmdq *q);
void smmu_device_work(struct smmu *smmu);
/* This thread is that thread. */
bool smmu_device_is_me(const struct smmu *smmu);
/* DMA begun by smmu_dma_start(): how many; one is translated, or accesses memory. */
size_t smmu_stall_started(const struct smmu *smmu);
void smmu_stall_move(struct smmu *smmu, uint64_t ticket, uint64_t now);
/* An access that was translated before that move is still to come. */
bool smmu_stall_access_since(const struct smmu *smmu, uint64_t since);

/* ---- ats/ ---- */
struct smmu_ats;
struct smmu_atc_inv;
struct smmu_prg_response;
/* Only if IDR0.ATS; 0 or -ENOMEM. */
int smmu_ats_create(struct smmu *smmu);
void smmu_ats_destroy(struct smmu *smmu);
void smmu_ats_reset(struct smmu *smmu);
/* Commands. With IDR0.ATS. */
void smmu_atc_send(struct smmu *smmu, const struct smmu_atc_inv *inv);
void smmu_prg_send(struct smmu *smmu, const struct smmu_prg_response *resp);
/*
 * Whether that command of the queue must wait: a CMD_SYNC for answers, one with a
 * message for room. The queue is kicked when it may go on.
 */
bool smmu_ats_holds(struct smmu *smmu, struct smmu_cmdq *q, const uint64_t *dw);
/* The same question for a command that needs a slot, or a CMD_SYNC; holds nothing. */
bool smmu_ats_may_go_on(const struct smmu *smmu, const struct smmu_cmdq *q, bool slot);
bool smmu_ats_has_message(const struct smmu *smmu);
/* Whether a CMD_ATC_INV before this CMD_SYNC has failed; says so once. */
bool smmu_atc_sync_failed(struct smmu_cmdq *q);
/*
 * Delivers the oldest message, with the lock released meanwhile; false: there is none.
 */
bool smmu_ats_deliver(struct smmu *smmu);

/* ---- register/ ---- */
void smmu_regs_init(struct smmu *smmu); /* once, at creation */
void smmu_regs_reset(struct smmu *smmu);
/* ECMDQs: memory for them, if the configuration has any; 0 or -ENOMEM. */
int smmu_ecmdq_create(struct smmu *smmu);
void smmu_ecmdq_destroy(struct smmu *smmu);
unsigned smmu_ecmdq_count(const struct smmu *smmu); /* 0 without them */
void smmu_id_derive(struct smmu_id *id, const struct smmu_config *cfg);
/* Toggles GERROR bits that are not active already (section 7.5) and signals. */
void smmu_gerror_raise(struct smmu *smmu, unsigned field);
enum smmu_irq {
	SMMU_IRQ_EVENTQ,
	SMMU_IRQ_PRIQ,
	SMMU_IRQ_GERROR,
	SMMU_IRQ_CMD_SYNC,
	SMMU_IRQ_SEV, /* not an interrupt: the wake-up event to the PEs, if IDR0.SEV */
	SMMU_IRQ_COUNT,
	/* After those of the SMMU, one for each counter group. */
	SMMU_IRQ_PMCG = SMMU_IRQ_COUNT,
	SMMU_IRQ_ALL = SMMU_IRQ_PMCG + SMMU_PMCG_MAX
};
/*
 * A wire pulse, and an MSI if pa != 0, waiting for the lock to be released. Both
 * may run a handler of the driver, which will access the registers of this SMMU.
 */
struct smmu_signal {
	uint8_t irq; /* enum smmu_irq */
	uint8_t memattr, sh;
	uint8_t pmg; /* of the MSI */
	uint16_t partid;
	uint32_t data;
	uint64_t pa;
};
/*
 * Signals an interrupt source, if it is enabled, by its wire and, if configured, by
 * MSI (REG-53). It is delivered when the lock is released; until then a second
 * signal of the same source merges with the first (REG-55).
 */
void smmu_irq_signal(struct smmu *smmu, enum smmu_irq irq);
/* The same with an MSI target that the caller names: CMD_SYNC. pa == 0: no MSI. */
void smmu_signal_add(struct smmu *smmu, const struct smmu_signal *signal);
/* Drops the signal of that source if it waits. */
void smmu_signal_drop(struct smmu *smmu, unsigned irq);
/*
 * Writes one MSI; false: external abort (the caller raises its GERROR bit). No lock
 * held, unless it goes to RAM, where no handler can be behind it.
 */
bool smmu_msi_write(struct smmu *smmu, const struct smmu_signal *signal);
bool smmu_msi_to_ram(const struct smmu *smmu, uint64_t pa);

/* ---- snapshot/ ---- */
/* From a snapshot, inline whatever its configuration says. 0, -EINVAL, -ENOMEM. */
int smmu_snapshot_inline(struct smmu **smmu, struct smmu_bus *bus, const void *data,
			 size_t len);

/* ---- smmu.c ---- */
/*
 * Every public function that may change state is smmu_lock(), its work, and
 * smmu_unlock_and_deliver(): that sends, with the lock released, what was signalled
 * meanwhile, in order, and returns with the lock free. Handlers may come back in.
 * smmu_lock() is false, and has taken nothing, if this thread is inside already: the
 * SMMU was made to read its own registers as a table or a queue.
 */
static inline bool smmu_lock(struct smmu *smmu);
static inline void smmu_unlock_and_deliver(struct smmu *smmu);
void smmu_deliver(struct smmu *smmu); /* what the latter does first, if there is any */
void smmu_signal_send(struct smmu *smmu, unsigned i); /* one of smmu->signal */

/*
 * What CPUs poll is read without the lock, as long as that cannot be told from reading
 * with it: nobody watches, and nothing waits to be delivered. So these are written, under
 * the lock, with smmu_reg_put(): who sees the value sees what was done before it.
 */
static inline void smmu_reg_put(uint32_t *reg, uint32_t value)
{
	__atomic_store_n(reg, value, __ATOMIC_RELEASE);
}
static inline uint32_t smmu_reg_look(const uint32_t *reg)
{
	return __atomic_load_n(reg, __ATOMIC_ACQUIRE);
}
/* The same for whole structures. bytes: a multiple of 4. */
static inline void smmu_words_copy(void *to, const void *from, size_t bytes)
{
	typedef uint32_t __attribute__((may_alias)) word;
	const word *in = from;
	word *out = to;

	for (; bytes > 0; bytes -= sizeof(word))
		__atomic_store_n(out++, *in++, __ATOMIC_RELAXED);
}
/* smmu->attention: why unlocking, or reading a register, may be more than that. */
enum {
	SMMU_ATTENTION_DELIVER = 1, /* signals, messages, stalls that end, a reset */
	SMMU_ATTENTION_TRACE = 2,
};

struct smmu {
	/* ---- the place: stays what it is whatever snapshot is taken in ---- */
	struct smmu_bus *bus;
	struct smmu_config cfg;
	char name[48];
	struct smmu_lock lock; /* not recursive: nothing below takes it */
	uint32_t attention;    /* SMMU_ATTENTION_*, written under the lock */
	struct smmu_bus_ram tables; /* the bank that the last walk read */
	struct smmu_voids *voids;
	struct smmu_port *ports; /* all that are open */
	struct smmu_flights flights;
	struct smmu_id id;
	struct smmu_cmd_row op[256]; /* by opcode */
	uint8_t reg_slot[2][64]; /* by page and word: the register there, see regfile.c */
	struct smmu_wire *wire[SMMU_IRQ_ALL];
	smmu_trace_fn trace;
	void *trace_ctx;
	smmu_front_fn front; /* NULL: commands are done here */
	void *front_ctx;
	struct smmu_cmdq *ecmdq; /* all control pages' queues, in order; NULL: none */
	struct smmu_ats *ats;	 /* NULL: IDR0.ATS is 0 */
	struct smmu_runner *run; /* NULL: inline */
	struct smmu_stalls *stalls;
	bool stall_due;	   /* smmu_stall_work() has something to do */
	bool reset_wanted; /* smmu_reset() from inside, see there */
	unsigned resets;   /* so far; what began before one is void after it */

	/* ---- the state ---- */
	struct smmu_regs regs;
	struct smmu_cfgcache *cfgcache;
	struct smmu_tlb *tlb;
	struct smmu_signal signal[SMMU_IRQ_ALL]; /* undelivered, oldest first */
	unsigned n_signals;
	struct smmu_atos gatos, vatos;
	uint32_t vatos_sel;
	struct smmu_dpt dpt;
	struct smmu_cmdq cmdq;
	struct smmu_cmdq *cmdq_kicked, **cmdq_kicked_end; /* to be looked at, FIFO */
	struct smmu_cmdq *cmdq_running; /* whose command is being executed */
	struct smmu_cmdq *sync_held;	/* wait for accesses to end */
	struct smmu_last_event last_event;
	struct smmu_stats stats;
	struct smmu_vms_cache *vms; /* NULL: no VMS here (VMS-1) */
	struct smmu_pmcg *pmcg;	    /* cfg.pmcgs of them */
	bool pmcg_on;		    /* a counter is enabled */
	uint8_t missed; /* by this transaction so far, see pmcg.h; if pmcg_on */
};

/* A port. Its first line is of the thread that uses it; the rest of the lock. */
struct smmu_port {
	alignas(64) struct smmu *smmu;
	struct smmu_utlb utlb;
	_Atomic uint64_t busy; /* odd: in the middle of an access to RAM */
	alignas(64) _Atomic uint64_t hits[SMMU_UTLB_COUNTS];
	uint64_t counted[SMMU_UTLB_COUNTS]; /* of them are in smmu->stats */
	struct smmu_port *prev, *next;
	smmu_port_done_fn done_fn;
	void *done_ctx;
	bool closed; /* by its own callback, after which it is freed */
};
void smmu_port_free(struct smmu_port *port);
/* It is about to be freed. The lock is held. */
void smmu_port_delist(struct smmu *smmu, struct smmu_port *port);
/* Adds what micro-TLBs have counted to smmu->stats. */
void smmu_ports_count(struct smmu *smmu);

/*
 * GAP: two SMMUs whose tables lie in each other's registers, used by two threads, can
 * still wait for each other for ever.
 */
static inline bool smmu_lock(struct smmu *smmu)
{
	return smmu_lock_take(&smmu->lock);
}

static inline void smmu_unlock_and_deliver(struct smmu *smmu)
{
	if (__builtin_expect(smmu->attention & SMMU_ATTENTION_DELIVER, 0))
		smmu_deliver(smmu);
	smmu_lock_drop(&smmu->lock);
}

/* The SMMU goes on by itself on this thread: inline, or the thread is its own. */
static inline bool smmu_runs_here(const struct smmu *smmu)
{
	return __builtin_expect(!smmu->run, 1) || smmu_device_is_me(smmu);
}

/* There is something for smmu_unlock_and_deliver() to do. */
static inline void smmu_deliver_later(struct smmu *smmu)
{
	smmu_reg_put(&smmu->attention, smmu->attention | SMMU_ATTENTION_DELIVER);
}

/*
 * T-20, 13.8: what leaves is Non-secure; from v3.4 on it is Data and Privileged, before
 * that what the access was after overrides.
 */
static inline void smmu_attr_leave(const struct smmu *smmu, const struct smmu_access *acc,
				   struct smmu_attr *attr)
{
	attr->ns = 1;
	attr->inst = smmu->cfg.arch_minor < 4 && acc->inst && !acc->write;
	attr->priv = smmu->cfg.arch_minor >= 4 || acc->priv;
}

/* The untraced case is one predicted branch. */
#define SMMU_TRACE(smmu_, ...)                                                           \
	do {                                                                             \
		if (__builtin_expect((smmu_)->trace != NULL, 0))                         \
			(smmu_)->trace((smmu_)->trace_ctx,                               \
				       &(const struct smmu_trace){ __VA_ARGS__ });       \
	} while (0)

#endif /* MODEL_MODEL_H */
