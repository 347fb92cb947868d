/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/endpoint.h>
#include <smmulator/stall.h>

#define PIECE 4096u

/* One transfer, as far as it has come. */
struct transfer {
	struct smmu_endpoint_dma dma;
	uint64_t at, moved; /* bytes dealt with, and of these moved */
	uint64_t ticket;    /* 0: not stalled */
	uint64_t counted;   /* of what the ticket is about, moved before it stalled */
};

struct stream {
	struct smmu_endpoint_stream at;
	struct transfer pending; /* if its ticket is not 0 */
	struct smmu_port *port;	 /* NULL: straight onto the bus */
	struct smmu_endpoint_stats stats;
};

struct smmu_endpoint {
	char *name;
	struct smmu_bus *bus;
	int rid;
	size_t nstreams;
	struct stream streams[];
};

static int open_stream(struct smmu_endpoint *ep, const struct smmu_endpoint_stream *from)
{
	struct stream *s = &ep->streams[ep->nstreams];

	if (!from->smmu && !ep->bus)
		return -EINVAL;
	s->at = *from;
	if (from->smmu) {
		s->port = smmu_port_open(from->smmu);
		if (!s->port)
			return -ENOMEM;
	}
	ep->nstreams++;
	return 0;
}

int smmu_endpoint_create(struct smmu_endpoint **ep,
			 const struct smmu_endpoint_config *cfg)
{
	struct smmu_endpoint *e;
	int err = 0;

	if (!cfg || cfg->size != sizeof(*cfg) || !cfg->nstreams || !cfg->streams)
		return -EINVAL;
	if (cfg->nstreams > (SIZE_MAX - sizeof(*e)) / sizeof(e->streams[0]))
		return -ENOMEM;
	e = calloc(1, sizeof(*e) + cfg->nstreams * sizeof(e->streams[0]));
	if (!e)
		return -ENOMEM;
	e->bus = cfg->bus;
	e->rid = cfg->is_pci ? cfg->rid : -1;
	e->name = strdup(cfg->name ? cfg->name : "");
	if (!e->name)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < cfg->nstreams; i++)
		err = open_stream(e, &cfg->streams[i]);
	if (err)
		smmu_endpoint_destroy(e);
	else
		*ep = e;
	return err;
}

void smmu_endpoint_destroy(struct smmu_endpoint *ep)
{
	if (!ep)
		return;
	for (size_t i = 0; i < ep->nstreams; i++)
		if (ep->streams[i].port)
			smmu_port_close(ep->streams[i].port);
	free(ep->name);
	free(ep);
}

const char *smmu_endpoint_name(const struct smmu_endpoint *ep)
{
	return ep->name;
}

size_t smmu_endpoint_streams(const struct smmu_endpoint *ep)
{
	return ep->nstreams;
}

const struct smmu_endpoint_stream *smmu_endpoint_stream(const struct smmu_endpoint *ep,
							size_t stream)
{
	return stream < ep->nstreams ? &ep->streams[stream].at : NULL;
}

int smmu_endpoint_rid(const struct smmu_endpoint *ep)
{
	return ep->rid;
}

/* Nothing between the device and the bus. */
static struct smmu_result move_direct(struct smmu_bus *bus, const struct smmu_txn *txn,
				      unsigned char *buf, uint64_t len, uint64_t *done)
{
	struct smmu_result r = { .status = SMMU_OK, .bypass = true, .page_bits = 12 };
	int err;

	r.pa = r.ipa = txn->addr;
	r.attr.ns = 1;
	if (txn->op == SMMU_WRITE)
		err = smmu_bus_write(bus, txn->addr, buf, (size_t)len, NULL);
	else
		err = smmu_bus_read(bus, txn->addr, buf, (size_t)len, NULL);
	if (err)
		r.status = SMMU_ABORT;
	*done = err ? 0 : len;
	return r;
}

static struct smmu_result move(struct smmu_endpoint *ep, struct stream *s,
			       const struct smmu_txn *txn, unsigned char *buf,
			       uint64_t len, uint64_t *done)
{
	*done = 0;
	if (s->port)
		return smmu_dma(s->port, txn, buf, len, done);
	/* One piece at a time, so that a hole stops it where an SMMU would. */
	if (len > PIECE - txn->addr % PIECE)
		len = PIECE - txn->addr % PIECE;
	return move_direct(ep->bus, txn, buf, len, done);
}

static void account(struct stream *s, unsigned op, uint64_t done,
		    const struct smmu_result *r)
{
	if (op == SMMU_WRITE)
		s->stats.bytes_written += done;
	else
		s->stats.bytes_read += done;
	if (r->status != SMMU_OK && r->status != SMMU_STALLED) {
		s->stats.faults++;
		s->stats.last_fault = *r;
	}
}

/* The rest of the piece that was answered with zeros and ignored writes. */
static uint64_t pretend(const struct smmu_txn *txn, unsigned char *buf, uint64_t left)
{
	uint64_t n = PIECE - txn->addr % PIECE;

	if (n > left)
		n = left;
	if (txn->op == SMMU_READ)
		memset(buf, 0, (size_t)n);
	return n;
}

static struct smmu_txn txn_of(const struct smmu_endpoint *ep, const struct stream *s,
			      const struct transfer *t)
{
	return (struct smmu_txn){
		.sid = s->at.sid,
		.ssid = t->dma.ssid,
		.ssv = t->dma.ssv,
		.inst = t->dma.inst,
		.priv = t->dma.priv,
		.op = t->dma.op,
		.no_stall = ep->rid >= 0,
		.addr = t->dma.addr + t->at,
	};
}

/* A response, and the bytes moved before it. 0: there may be more to do. */
static int respond(struct smmu_endpoint *ep, struct stream *s, struct transfer *t,
		   const struct smmu_result *r, uint64_t step)
{
	struct smmu_txn txn;

	account(s, t->dma.op, step, r);
	t->at += step;
	t->moved += step;
	t->ticket = r->status == SMMU_STALLED ? r->ticket : 0;
	if (r->status == SMMU_ABORT)
		return -EFAULT;
	if (r->status == SMMU_STALLED) {
		t->counted = step;
		s->pending = *t;
		return -EAGAIN;
	}
	if (r->status == SMMU_RAZ_WI) {
		txn = txn_of(ep, s, t);
		t->at += pretend(&txn, (unsigned char *)t->dma.buf + t->at,
				 t->dma.len - t->at);
	}
	return 0;
}

static int run(struct smmu_endpoint *ep, struct stream *s, struct transfer *t,
	       struct smmu_result *r)
{
	int err = 0;

	while (!err && t->at < t->dma.len) {
		struct smmu_txn txn = txn_of(ep, s, t);
		uint64_t step;

		*r = move(ep, s, &txn, (unsigned char *)t->dma.buf + t->at,
			  t->dma.len - t->at, &step);
		err = respond(ep, s, t, r, step);
	}
	return err;
}

static bool acceptable(const struct smmu_endpoint *ep,
		       const struct smmu_endpoint_dma *dma)
{
	if (dma->stream >= ep->nstreams ||
	    (dma->op != SMMU_READ && dma->op != SMMU_WRITE))
		return false;
	return !dma->len || (dma->buf && dma->addr + (dma->len - 1) >= dma->addr &&
			     dma->len <= SIZE_MAX);
}

int smmu_endpoint_dma(struct smmu_endpoint *ep, const struct smmu_endpoint_dma *dma,
		      struct smmu_result *result, uint64_t *done)
{
	struct smmu_result r = { .status = SMMU_OK };
	struct transfer t = { .dma = *dma };
	struct stream *s;
	int err;

	if (!acceptable(ep, dma))
		return -EINVAL;
	s = &ep->streams[dma->stream];
	if (s->pending.ticket)
		return -EBUSY;
	s->stats.transfers++;
	err = run(ep, s, &t, &r);
	if (result)
		*result = r;
	if (done)
		*done = t.moved;
	return err;
}

int smmu_endpoint_wait(struct smmu_endpoint *ep, size_t stream, int64_t timeout_ns,
		       struct smmu_result *result, uint64_t *done)
{
	struct smmu_result r = { .status = SMMU_OK };
	struct transfer t;
	struct stream *s;
	uint64_t total;
	int err;

	if (stream >= ep->nstreams)
		return -EINVAL;
	s = &ep->streams[stream];
	if (!s->pending.ticket)
		return -ENOENT;
	do {
		t = s->pending;
		err = smmu_port_wait(s->port, t.ticket, timeout_ns, &r, &total);
		if (err)
			return err;
		s->pending.ticket = 0;
		err = respond(ep, s, &t, &r, total - t.counted);
		if (!err)
			err = run(ep, s, &t, &r);
	} while (err == -EAGAIN);
	if (result)
		*result = r;
	if (done)
		*done = t.moved;
	return err;
}

int smmu_endpoint_cancel(struct smmu_endpoint *ep, size_t stream)
{
	struct stream *s;
	int err;

	if (stream >= ep->nstreams)
		return -EINVAL;
	s = &ep->streams[stream];
	if (!s->pending.ticket)
		return -ENOENT;
	err = smmu_port_cancel(s->port, s->pending.ticket);
	if (!err || err == -ENOENT)
		s->pending.ticket = 0;
	return err;
}

int smmu_endpoint_read(struct smmu_endpoint *ep, size_t stream, uint64_t addr, void *buf,
		       uint64_t len)
{
	const struct smmu_endpoint_dma dma = {
		.stream = stream, .op = SMMU_READ, .addr = addr, .buf = buf, .len = len
	};

	return smmu_endpoint_dma(ep, &dma, NULL, NULL);
}

int smmu_endpoint_write(struct smmu_endpoint *ep, size_t stream, uint64_t addr,
			const void *buf, uint64_t len)
{
	struct smmu_endpoint_dma dma = {
		.stream = stream, .op = SMMU_WRITE, .addr = addr, .len = len
	};

	/* Written to by reads only; the record serves both directions. */
	memcpy(&dma.buf, &buf, sizeof(buf));
	return smmu_endpoint_dma(ep, &dma, NULL, NULL);
}

static void add(struct smmu_endpoint_stats *sum, const struct smmu_endpoint_stats *s)
{
	sum->transfers += s->transfers;
	sum->bytes_read += s->bytes_read;
	sum->bytes_written += s->bytes_written;
	sum->faults += s->faults;
	if (s->faults)
		sum->last_fault = s->last_fault;
}

int smmu_endpoint_stats(const struct smmu_endpoint *ep, size_t stream,
			struct smmu_endpoint_stats *stats)
{
	struct smmu_endpoint_stats sum = { 0 };

	if (stream != SIZE_MAX && stream >= ep->nstreams)
		return -EINVAL;
	for (size_t i = 0; i < ep->nstreams; i++)
		if (stream == SIZE_MAX || stream == i)
			add(&sum, &ep->streams[i].stats);
	*stats = sum;
	return 0;
}
