/* SPDX-License-Identifier: MIT */
/*
 * Ports: where DMA enters. What a port translates and, for RAM, the data access too
 * happen under the SMMU's lock, so that a CMD_SYNC which another thread's register
 * write runs comes after every access that used what it invalidates (CACHE-51).
 *
 * GAP: an access to anything but RAM (a callback, a doorbell) is made after the lock is
 * released, since its handler may come back to this SMMU; such a one can still be on
 * its way when a CMD_SYNC completes.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "model/pmcg/pmcg.h"
#include "model/translate.h"

#define PIECE 4096u

/* One piece of DMA, or one compare-and-swap. */
struct access {
	const struct smmu_txn *txn;
	void *buf; /* NULL: compare and swap */
	size_t len;
	uint64_t *expected, desired;
};

struct smmu_port *smmu_port_open(struct smmu *smmu)
{
	struct smmu_port *port = calloc(1, sizeof(*port));

	if (port)
		port->smmu = smmu;
	return port;
}

void smmu_port_close(struct smmu_port *port)
{
	free(port);
}

static struct smmu_result translate(struct smmu *smmu, const struct smmu_txn *txn)
{
	smmu->stats.translations++;
	if (__builtin_expect(smmu->pmcg_on, 0))
		return smmu_pmcg_transact(smmu, txn);
	return smmu_transact(smmu, txn);
}

/*
 * Memory that answers one of the SMMU's own fetches may not send DMA through that SMMU
 * from its callback: there is no such thing in hardware, and no end to it.
 */
static struct smmu_result from_inside(void)
{
	return (struct smmu_result){ .status = SMMU_ABORT };
}

struct smmu_result smmu_translate(struct smmu_port *port, const struct smmu_txn *txn)
{
	struct smmu_result res;

	if (!smmu_lock(port->smmu))
		return from_inside();
	res = translate(port->smmu, txn);
	smmu_unlock_and_deliver(port->smmu);
	return res;
}

/* The data phase. CAS: 1 is "not equal", which is not an abort. */
static bool move(struct smmu_bus *bus, const struct access *acc,
		 const struct smmu_result *res)
{
	if (!acc->buf)
		return smmu_bus_cas64(bus, res->pa, acc->expected, acc->desired,
				      &res->attr) >= 0;
	if (acc->txn->op == SMMU_READ)
		return !smmu_bus_read(bus, res->pa, acc->buf, acc->len, &res->attr);
	return !smmu_bus_write(bus, res->pa, acc->buf, acc->len, &res->attr);
}

static void access_failed(struct smmu_result *res)
{
	res->status = SMMU_ABORT;
	res->event = 0;
}

static struct smmu_result access_one(struct smmu *smmu, const struct access *acc)
{
	struct smmu_result res;
	bool later = false;

	if (!smmu_lock(smmu))
		return from_inside();
	res = translate(smmu, acc->txn);
	if (res.status == SMMU_OK) {
		later = !smmu_bus_ptr(smmu->bus, res.pa, acc->len);
		if (!later && !move(smmu->bus, acc, &res))
			access_failed(&res);
	}
	smmu_unlock_and_deliver(smmu);
	if (later && !move(smmu->bus, acc, &res))
		access_failed(&res);
	/* RAZ/WI: reads give 0. */
	if (res.status == SMMU_RAZ_WI && acc->buf && acc->txn->op == SMMU_READ)
		memset(acc->buf, 0, acc->len);
	if (res.status == SMMU_RAZ_WI && !acc->buf)
		*acc->expected = 0;
	return res;
}

static struct smmu_result dma_pieces(struct smmu *smmu, const struct smmu_txn *txn,
				     char *buf, uint64_t len, uint64_t *done)
{
	struct smmu_result res = { .status = SMMU_OK };
	struct smmu_txn piece = *txn;

	while (*done < len) {
		uint64_t room = PIECE - (piece.addr & (PIECE - 1)), left = len - *done;
		struct access acc = { .txn = &piece, .buf = buf + *done };

		acc.len = (size_t)(left < room ? left : room);
		res = access_one(smmu, &acc);
		if (res.status != SMMU_OK)
			break;
		piece.addr += acc.len;
		*done += acc.len;
	}
	return res;
}

struct smmu_result smmu_dma(struct smmu_port *port, const struct smmu_txn *txn, void *buf,
			    uint64_t len, uint64_t *done)
{
	uint64_t moved = 0;
	struct smmu_result res = { .status = SMMU_ABORT };

	if (buf && (txn->op == SMMU_READ || txn->op == SMMU_WRITE))
		res = dma_pieces(port->smmu, txn, buf, len, &moved);
	if (done)
		*done = moved;
	return res;
}

struct smmu_result smmu_dma_cas64(struct smmu_port *port, const struct smmu_txn *txn,
				  uint64_t *expected, uint64_t desired)
{
	struct smmu_txn atomic = *txn;
	const struct access acc = {
		.txn = &atomic, .len = 8, .expected = expected, .desired = desired
	};

	atomic.op = SMMU_ATOMIC;
	if (!expected)
		return (struct smmu_result){ .status = SMMU_ABORT };
	return access_one(port->smmu, &acc);
}
