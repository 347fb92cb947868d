/* SPDX-License-Identifier: MIT */
/*
 * Stalled transactions (IHI 0070 3.12.2; STALL-*, CMD-67 to CMD-76). A transaction that
 * stalls is held in a table until software or the device ends it:
 *
 *   WAITING   not recorded, has no STAG: the event queue is not writable, or no STAG is
 *             free. It is retried, oldest first, when both are there (EVT-6, first case
 *             for all; STALL-3): so nothing stale is ever recorded late (CMD-79 c).
 *   RECORDED  has a STAG, which CMD_RESUME or CMD_STALL_TERM takes back (STALL-2).
 *   DUE       decided, and waits for the lock to be released: data that goes elsewhere
 *             than to RAM, the rest of a DMA, the callback.
 *   RUNNING   a thread is doing that.
 *   DONE      its result waits for smmu_port_wait().
 *
 * CHOICE (STALL-11): IDR5.STALL_MAX bounds the recorded ones; what stalls beyond it
 * waits, as before a port that accepts nothing more. CHOICE (STALL-5, STALL-6): no
 * record is suppressed as a duplicate, and nothing is retried early.
 *
 * CHOICE (CMD-71): CMD_RESUME finds a transaction by a STAG, so that one without a
 * record or with an answer is not affected. CHOICE (CMD-74): CMD_STALL_TERM terminates
 * whatever is stalled on the stream, waiting ones too, whatever the STE says.
 */
#ifndef MODEL_STALL_STALL_H
#define MODEL_STALL_STALL_H

#include "model/model.h"

#define SMMU_HELD_NONE UINT32_MAX
/* Tells a port that nothing more is accepted: it ends with abort, without an event. */
#define SMMU_HELD_MAX (1u << 20)

enum smmu_request_kind { SMMU_REQUEST_TRANSLATE, SMMU_REQUEST_DMA, SMMU_REQUEST_CAS };

/* What a device asked of its port; a DMA goes on from txn.addr piece by piece. */
struct smmu_request {
	struct smmu_port *port;
	struct smmu_txn txn; /* the piece at hand */
	uint8_t kind;	     /* enum smmu_request_kind */
	bool later;	     /* the piece is translated, its data phase is to come */
	char *buf;	     /* DMA: where the piece at hand begins */
	uint64_t left, done; /* DMA: bytes from the piece on, and before it */
	uint64_t *expected, desired; /* compare and swap */
};

enum smmu_held_state {
	SMMU_HELD_FREE,
	SMMU_HELD_WAITING,
	SMMU_HELD_RECORDED,
	SMMU_HELD_DUE,
	SMMU_HELD_RUNNING,
	SMMU_HELD_DONE,
	/* Stepped mode: begun by smmu_dma_start(), see run/dma.c. */
	SMMU_HELD_STARTED, /* the piece at hand is to be translated */
	SMMU_HELD_ACCESS,  /* it was, and is to access memory */
};

/*
 * One entry. To save it: state, stag, and of the request what is no pointer: that and
 * the STAG table are what the architecture sees. Port and buffers are the harness's; a
 * restored entry without them is an orphan: its STAG stays taken until acknowledged.
 */
struct smmu_held {
	uint8_t state;	     /* enum smmu_held_state */
	bool published;	     /* the port's user knows the ticket */
	bool cancelled;	     /* RUNNING: nobody wants the result */
	uint16_t stag;	     /* RECORDED */
	uint32_t generation; /* of the entry: the upper half of a ticket */
	uint32_t next;	     /* in the list that it is in */
	struct smmu_request req;
	struct smmu_result res; /* of the piece at hand, so far */
	uint64_t since;		/* ACCESS: the move that translated it */
};

struct smmu_held_list {
	uint32_t head, tail;
};

enum { SMMU_STAG_FREE, SMMU_STAG_HELD, SMMU_STAG_ORPHAN /* its transaction is gone */ };
struct smmu_stag {
	uint8_t state;
	uint32_t sid, held;
};

struct smmu_stalls {
	struct smmu_held *held;
	uint32_t size, used;	/* entries of held; not FREE */
	struct smmu_stag *stag; /* stall_max of them */
	uint32_t stags, free_stags;
	uint32_t next_stag; /* taken in turn, so that an old one shows */
	struct smmu_held_list spare, waiting, due, started;
	/* The thread that works off what is due, and the port that it is at. */
	bool working;
	pthread_t worker;
	struct smmu_port *at;
	struct smmu_cond changed; /* a result, or the worker has left a port */
};

/* ---- table.c ---- */
void smmu_held_put(struct smmu_stalls *s, struct smmu_held_list *list, uint32_t i);
uint32_t smmu_held_take(struct smmu_stalls *s, struct smmu_held_list *list);
void smmu_held_remove(struct smmu_stalls *s, struct smmu_held_list *list, uint32_t i);
void smmu_held_free(struct smmu_stalls *s, uint32_t i);
/* The entry of a ticket of that port, or SMMU_HELD_NONE. */
uint32_t smmu_held_find(const struct smmu_stalls *s, const struct smmu_port *port,
			uint64_t ticket);
uint64_t smmu_held_ticket(const struct smmu_stalls *s, uint32_t i);
/*
 * Holds what smmu_transact() says has stalled (*res), in entry i or a new one:
 * res->ticket names it afterwards. No memory: *res becomes an abort.
 */
void smmu_stall_hold(struct smmu *smmu, const struct smmu_request *req, uint32_t i,
		     struct smmu_result *res);
/* A new entry, FREE yet; SMMU_HELD_NONE: no memory. */
uint32_t smmu_held_new(struct smmu_stalls *s);

/* ---- retry.c ---- */
/*
 * Does something for an entry with the lock released meanwhile: finish() is
 * smmu_request_finish(), or as that is. One at a time.
 */
typedef bool (*smmu_finish_fn)(struct smmu *smmu, struct smmu_request *req,
			       struct smmu_result *res, uint32_t i,
			       struct smmu_flight *flight);
void smmu_held_work(struct smmu *smmu, uint32_t i, smmu_finish_fn finish);
static inline bool smmu_stall_is_worker(const struct smmu_stalls *s)
{
	return s->working && pthread_equal(s->worker, pthread_self());
}

/* ---- wait.c ---- */
/*
 * What the caller of a port is told of a transaction that was just held: that it is, or,
 * when handlers that ran meanwhile have ended it, the result. No lock held.
 */
struct smmu_result smmu_stall_publish(struct smmu *smmu, struct smmu_port *port,
				      uint64_t ticket, uint64_t *done);
/* The port goes: whatever it holds is cancelled. True: it is not to be freed here. */
bool smmu_stall_close(struct smmu *smmu, struct smmu_port *port);

/* ---- port.c ---- */
/* The piece at hand as if it had just arrived. i: its entry, if it was held before. */
struct smmu_result smmu_request_piece(struct smmu *smmu, struct smmu_request *req,
				      uint32_t i);
/*
 * The same with the lock held, as far as that goes: the rest is *req->later. port: whose
 * thread this is; NULL: another thread's.
 */
struct smmu_result smmu_request_begin(struct smmu *smmu, struct smmu_request *req,
				      struct smmu_port *port);
/*
 * What is left of it, its first piece having ended so. False: it is held again. flight:
 * begun if req->later; it has ended on return.
 */
bool smmu_request_finish(struct smmu *smmu, struct smmu_request *req,
			 struct smmu_result *res, uint32_t i, struct smmu_flight *flight);
/*
 * By halves: only translates the piece at hand; and, so translated, does only that piece:
 * false, there is another.
 */
struct smmu_result smmu_request_translate(struct smmu *smmu, struct smmu_request *req);
bool smmu_request_access(struct smmu *smmu, struct smmu_request *req,
			 struct smmu_result *res, uint32_t i, struct smmu_flight *flight);
/* smmu_dma() would do it. */
bool smmu_request_legal(const struct smmu_txn *txn, const void *buf);

#endif /* MODEL_STALL_STALL_H */
