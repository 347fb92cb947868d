/* SPDX-License-Identifier: MIT */
/*
 * Ports: where DMA enters. What the port's micro-TLB knows is answered without the lock;
 * everything else is translated with the lock held, and data moved to and from RAM too.
 * completion.h has how a CMD_SYNC comes after every access that used what it invalidates
 * (CACHE-51).
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "model/pmcg/pmcg.h"
#include "model/stall/stall.h"
#include "model/translate.h"

#define PIECE 4096u

/* ---- ports ---- */

/* Entries of a micro-TLB; 0: there is none. What is looked up anew each time is not kept.
 */
static uint32_t utlb_entries(const struct smmu_config *cfg)
{
	if (cfg->no_utlb || cfg->no_tlb || cfg->no_config_cache)
		return 0;
	return cfg->utlb_entries ? cfg->utlb_entries : 4096;
}

/* From inside as well: then this thread has the lock. */
static void enlist(struct smmu *smmu, struct smmu_port *port)
{
	bool outside = smmu_lock(smmu);

	port->next = smmu->ports;
	if (port->next)
		port->next->prev = port;
	smmu->ports = port;
	if (outside)
		smmu_unlock_and_deliver(smmu);
}

struct smmu_port *smmu_port_open(struct smmu *smmu)
{
	struct smmu_port *port = aligned_alloc(alignof(struct smmu_port), sizeof(*port));

	if (!port)
		return NULL;
	memset(port, 0, sizeof(*port));
	port->smmu = smmu;
	if (smmu_utlb_create(&port->utlb, smmu->voids, utlb_entries(&smmu->cfg)) != 0) {
		free(port);
		return NULL;
	}
	enlist(smmu, port);
	return port;
}

static void count(struct smmu *smmu, struct smmu_port *port)
{
	uint64_t n[SMMU_UTLB_COUNTS];

	for (unsigned i = 0; i < SMMU_UTLB_COUNTS; i++) {
		uint64_t hits =
			atomic_load_explicit(&port->hits[i], memory_order_relaxed);

		n[i] = hits - port->counted[i];
		port->counted[i] = hits;
	}
	smmu->stats.translations += n[SMMU_UTLB_NOTHING] + n[SMMU_UTLB_STE] +
				    n[SMMU_UTLB_STE_TLB] + n[SMMU_UTLB_ALL];
	smmu->stats.ste_hits +=
		n[SMMU_UTLB_STE] + n[SMMU_UTLB_STE_TLB] + n[SMMU_UTLB_ALL];
	smmu->stats.tlb_hits += n[SMMU_UTLB_STE_TLB] + n[SMMU_UTLB_ALL];
	smmu->stats.cd_hits += n[SMMU_UTLB_ALL];
}

void smmu_ports_count(struct smmu *smmu)
{
	for (struct smmu_port *port = smmu->ports; port; port = port->next)
		count(smmu, port);
}

void smmu_port_delist(struct smmu *smmu, struct smmu_port *port)
{
	count(smmu, port);
	if (port->prev)
		port->prev->next = port->next;
	else
		smmu->ports = port->next;
	if (port->next)
		port->next->prev = port->prev;
}

void smmu_port_free(struct smmu_port *port)
{
	smmu_utlb_destroy(&port->utlb);
	free(port);
}

void smmu_port_close(struct smmu_port *port)
{
	if (port && !smmu_stall_close(port->smmu, port))
		smmu_port_free(port);
}

/* ---- translation ---- */

/* On the port's thread, without the lock. */
static inline void count_hit(struct smmu_port *port, const struct smmu_utlb_entry *e)
{
	_Atomic uint64_t *hits = &port->hits[e->counts];

	atomic_store_explicit(hits, atomic_load_explicit(hits, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* With the lock held. port: that of this thread, or NULL. */
static struct smmu_result translate(struct smmu *smmu, const struct smmu_txn *txn,
				    struct smmu_port *port)
{
	smmu->stats.translations++;
	if (__builtin_expect(smmu->pmcg_on, 0))
		return smmu_pmcg_transact(smmu, txn);
	return smmu_transact(smmu, txn, port);
}

/*
 * An abort without more. Memory that answers one of the SMMU's own fetches may not send
 * DMA through that SMMU from its callback: there is no such thing in hardware, and no
 * end to it.
 */
static struct smmu_result refused(void)
{
	return (struct smmu_result){ .status = SMMU_ABORT };
}

/* ---- one piece of DMA, one compare-and-swap, or no data at all ---- */

static size_t piece_len(const struct smmu_request *req)
{
	uint64_t room = PIECE - (req->txn.addr & (PIECE - 1));

	if (req->kind == SMMU_REQUEST_CAS)
		return 8;
	return (size_t)(req->left < room ? req->left : room);
}

/* The data phase. CAS: 1 is "not equal", which is not an abort. */
static bool move(struct smmu_bus *bus, const struct smmu_request *req,
		 const struct smmu_result *res)
{
	if (req->kind == SMMU_REQUEST_CAS)
		return smmu_bus_cas64(bus, res->pa, req->expected, req->desired,
				      &res->attr) >= 0;
	if (req->txn.op == SMMU_READ)
		return !smmu_bus_read(bus, res->pa, req->buf, piece_len(req), &res->attr);
	return !smmu_bus_write(bus, res->pa, req->buf, piece_len(req), &res->attr);
}

static void access_failed(struct smmu_result *res)
{
	res->status = SMMU_ABORT;
	res->event = 0;
}

struct smmu_result smmu_request_begin(struct smmu *smmu, struct smmu_request *req,
				      struct smmu_port *port)
{
	struct smmu_result res = translate(smmu, &req->txn, port);

	req->later = false;
	if (res.status != SMMU_OK || req->kind == SMMU_REQUEST_TRANSLATE)
		return res;
	req->later = !smmu_bus_ptr(smmu->bus, res.pa, piece_len(req));
	if (!req->later && !move(smmu->bus, req, &res))
		access_failed(&res);
	return res;
}

/*
 * Handlers that it may run come back in here. Who works on held transactions delivers
 * nothing before he is done with the port: see retry.c.
 */
static void fly(struct smmu *smmu, struct smmu_request *req, struct smmu_result *res,
		uint32_t i, struct smmu_flight *flight)
{
	if (!move(smmu->bus, req, res))
		access_failed(res);
	req->later = false;
	(void)smmu_lock(smmu);
	smmu_flight_end(smmu, flight);
	if (i == SMMU_HELD_NONE)
		smmu_unlock_and_deliver(smmu);
	else
		smmu_lock_drop(&smmu->lock);
}

/* What a piece still needs when the lock is free. flight: begun if req->later. */
static void complete(struct smmu *smmu, struct smmu_request *req, struct smmu_result *res,
		     uint32_t i, struct smmu_flight *flight)
{
	if (req->later)
		fly(smmu, req, res, i, flight);
	if (res->status != SMMU_RAZ_WI)
		return;
	/* RAZ/WI: reads give 0. */
	if (req->kind == SMMU_REQUEST_DMA && req->txn.op == SMMU_READ)
		memset(req->buf, 0, piece_len(req));
	else if (req->kind == SMMU_REQUEST_CAS)
		*req->expected = 0;
}

struct smmu_result smmu_request_piece(struct smmu *smmu, struct smmu_request *req,
				      uint32_t i)
{
	struct smmu_flight flight;
	struct smmu_result res;

	if (!smmu_lock(smmu))
		return refused();
	/* Given up since: another thread waits to have the port and the buffer back. */
	if (i != SMMU_HELD_NONE && smmu->stalls->held[i].cancelled)
		res = refused();
	else
		res = smmu_request_begin(smmu, req,
					 i == SMMU_HELD_NONE ? req->port : NULL);
	if (__builtin_expect(res.status == SMMU_STALLED, 0))
		smmu_stall_hold(smmu, req, i, &res);
	if (req->later)
		smmu_flight_begin(smmu, &flight);
	smmu_unlock_and_deliver(smmu);
	/* Held: it is not ours any more. Closed by a handler: nor is the buffer. */
	if (res.status == SMMU_STALLED)
		return res;
	if (i != SMMU_HELD_NONE && req->port->closed)
		return refused();
	complete(smmu, req, &res, i, &flight);
	return res;
}

static void advance(struct smmu_request *req)
{
	size_t len = piece_len(req);

	req->txn.addr += len;
	req->buf += len;
	req->left -= len;
	req->done += len;
}

bool smmu_request_finish(struct smmu *smmu, struct smmu_request *req,
			 struct smmu_result *res, uint32_t i, struct smmu_flight *flight)
{
	complete(smmu, req, res, i, flight);
	if (req->kind != SMMU_REQUEST_DMA || res->status != SMMU_OK)
		return true;
	for (advance(req); req->left; advance(req)) {
		*res = smmu_request_piece(smmu, req, i);
		if (res->status != SMMU_OK)
			return res->status != SMMU_STALLED;
	}
	return true;
}

struct smmu_result smmu_request_translate(struct smmu *smmu, struct smmu_request *req)
{
	struct smmu_result res = translate(smmu, &req->txn, req->port);

	req->later = res.status == SMMU_OK;
	return res;
}

bool smmu_request_access(struct smmu *smmu, struct smmu_request *req,
			 struct smmu_result *res, uint32_t i, struct smmu_flight *flight)
{
	complete(smmu, req, res, i, flight);
	if (res->status != SMMU_OK)
		return true;
	advance(req);
	return req->left == 0;
}

/* ---- what a device calls ---- */

static struct smmu_result tell(const struct smmu_request *req, uint64_t ticket,
			       uint64_t *done)
{
	return smmu_stall_publish(req->port->smmu, req->port, ticket, done);
}

/* Out of the way of those that do not stall. */
static struct smmu_result __attribute__((noinline))
hold_translation(struct smmu_port *port, const struct smmu_txn *txn,
		 struct smmu_result *res)
{
	struct smmu_request req = { .port = port, .txn = *txn };
	uint64_t none;

	smmu_stall_hold(port->smmu, &req, SMMU_HELD_NONE, res);
	smmu_unlock_and_deliver(port->smmu);
	return res->status == SMMU_STALLED ? tell(&req, res->ticket, &none) : *res;
}

static struct smmu_result __attribute__((noinline))
ask(struct smmu_port *port, const struct smmu_txn *txn)
{
	struct smmu_result res;

	if (!smmu_lock(port->smmu))
		return refused();
	res = translate(port->smmu, txn, port);
	if (__builtin_expect(res.status == SMMU_STALLED, 0))
		return hold_translation(port, txn, &res);
	smmu_unlock_and_deliver(port->smmu);
	return res;
}

struct smmu_result smmu_translate(struct smmu_port *port, const struct smmu_txn *txn)
{
	const struct smmu_utlb_entry *e = smmu_utlb_find(&port->utlb, txn);

	if (__builtin_expect(e == NULL, 0))
		return ask(port, txn);
	count_hit(port, e);
	return smmu_utlb_answer(e, txn->addr);
}

/*
 * The piece at hand, if the micro-TLB knows where it goes and that is RAM. The port is
 * busy before it looks, so that a CMD_SYNC waits for what was found.
 */
static bool quick(struct smmu_request *req, struct smmu_result *res)
{
	struct smmu_port *port = req->port;
	const struct smmu_utlb_entry *e;
	bool done = false;

	smmu_busy_begin(&port->busy);
	e = smmu_utlb_find(&port->utlb, &req->txn);
	if (e) {
		*res = smmu_utlb_answer(e, req->txn.addr);
		done = smmu_bus_ptr(port->smmu->bus, res->pa, piece_len(req)) &&
		       move(port->smmu->bus, req, res);
	}
	if (done)
		count_hit(port, e);
	smmu_busy_end(&port->busy);
	return done;
}

static struct smmu_result dma_pieces(struct smmu_request *req)
{
	struct smmu_result res = { .status = SMMU_OK };

	for (; req->left; advance(req)) {
		if (quick(req, &res))
			continue;
		res = smmu_request_piece(req->port->smmu, req, SMMU_HELD_NONE);
		if (res.status == SMMU_STALLED)
			return tell(req, res.ticket, &req->done);
		if (res.status != SMMU_OK)
			break;
	}
	return res;
}

/* Kinds that move data, with the direction that they have. */
static bool has_data(const struct smmu_txn *txn)
{
	switch (txn->kind) {
	case SMMU_KIND_RCI:
	case SMMU_KIND_DR:
		return txn->op == SMMU_READ;
	case SMMU_KIND_W_DCP:
		return txn->op == SMMU_WRITE;
	case SMMU_KIND_ORDINARY:
	case SMMU_KIND_SPECULATIVE:
	case SMMU_KIND_UNSUPPORTED:
		return txn->op == SMMU_READ || txn->op == SMMU_WRITE;
	default:
		return false;
	}
}

bool smmu_request_legal(const struct smmu_txn *txn, const void *buf)
{
	return buf && has_data(txn);
}

struct smmu_result smmu_dma(struct smmu_port *port, const struct smmu_txn *txn, void *buf,
			    uint64_t len, uint64_t *done)
{
	struct smmu_request req = { .port = port,
				    .txn = *txn,
				    .kind = SMMU_REQUEST_DMA,
				    .buf = buf,
				    .left = len };
	struct smmu_result res = { .status = SMMU_ABORT };

	if (smmu_request_legal(txn, buf))
		res = dma_pieces(&req);
	if (done)
		*done = req.done;
	return res;
}

struct smmu_result smmu_dma_cas64(struct smmu_port *port, const struct smmu_txn *txn,
				  uint64_t *expected, uint64_t desired)
{
	struct smmu_request req = { .port = port,
				    .txn = *txn,
				    .kind = SMMU_REQUEST_CAS,
				    .expected = expected,
				    .desired = desired };
	struct smmu_result res;
	uint64_t none;

	req.txn.op = SMMU_ATOMIC;
	if (!expected ||
	    (txn->kind != SMMU_KIND_ORDINARY && txn->kind != SMMU_KIND_UNSUPPORTED))
		return (struct smmu_result){ .status = SMMU_ABORT };
	if (quick(&req, &res))
		return res;
	res = smmu_request_piece(port->smmu, &req, SMMU_HELD_NONE);
	return res.status == SMMU_STALLED ? tell(&req, res.ticket, &none) : res;
}
