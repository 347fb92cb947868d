/* SPDX-License-Identifier: MIT */
/* What PCIe functions do, and devices whose transactions stall. */
#include "smmu_bench.h"
#include <stdlib.h>
#include <smmulator/stall.h>

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* ---- functions: they answer as the input says, and may come back in ---- */

static void come_back(struct fuzz_bench *b)
{
	if (b->depth > 2)
		return;
	b->depth++;
	fuzz_ats(b);
	b->depth--;
}

static int on_invalidate(void *ctx, const struct smmu_atc_inv *inv)
{
	struct fuzz_bench *b = ctx;
	unsigned how = fuzz_u8(&b->in);

	require(inv->id != 0 && inv->span_bits >= 12 && inv->span_bits <= 64);
	require(inv->span_bits == 64 ? !inv->addr
				     : !(inv->addr & ((1ull << inv->span_bits) - 1)));
	require(inv->ssv || (!inv->ssid && !inv->global));
	b->last_inv = inv->id;
	if (how & 128)
		come_back(b);
	return (int)(how & 3);
}

static void on_response(void *ctx, const struct smmu_prg_response *resp)
{
	struct fuzz_bench *b = ctx;

	require(resp->code == SMMU_PRG_SUCCESS || resp->code == SMMU_PRG_FAILURE ||
		resp->code == SMMU_PRG_INVALID_REQUEST);
	require(resp->prg_index < 512 && (resp->ssv || !resp->ssid));
	if (fuzz_u8(&b->in) & 128)
		come_back(b);
}

static const struct smmu_ats_ops ops = { on_invalidate, on_response };

void fuzz_attach(struct fuzz_bench *b, unsigned sid)
{
	(void)smmu_ats_attach(b->smmu, sid, &ops, b);
}

/* ---- what they say ---- */

static uint32_t any_sid(struct fuzz_bench *b, unsigned how)
{
	return how & 128 ? (uint32_t)fuzz_value(&b->in) : fuzz_u8(&b->in) & 15;
}

static void check_completion(const struct smmu_ats_request *req,
			     const struct smmu_ats_completion *c)
{
	bool any = c->read || c->write || c->exec;

	require(c->status <= SMMU_ATS_CA);
	require(!c->recorded || c->event);
	require(!c->global && !c->untranslated && !c->no_snoop);
	require(c->status == SMMU_ATS_SUCCESS || (!any && !c->cxl_io));
	if (c->status != SMMU_ATS_SUCCESS)
		return;
	require(!c->event);
	require(c->page_bits >= 12 && c->page_bits <= 56);
	require(!(c->addr & ((1ull << c->page_bits) - 1)) && c->addr >> 56 == 0);
	require(!c->exec || (c->read && req->exec));
	require(c->priv == (req->ssv && req->priv));
	require(!c->write || !req->no_write || (!c->exec && !req->ssv));
}

static void request(struct fuzz_bench *b, unsigned how)
{
	unsigned flags = fuzz_u8(&b->in);
	const struct smmu_ats_request req = {
		.sid = any_sid(b, how),
		.ssv = flags & 1,
		.ssid = flags & 2 ? (uint32_t)fuzz_value(&b->in) : flags >> 6,
		.no_write = flags & 4,
		.exec = flags & 8,
		.priv = flags & 16,
		.cxl = flags & 32,
		.stus = (uint8_t)(how >> 3 & 3),
		.addr = how & 64 ? fuzz_value(&b->in) : fuzz_bits(&b->in, 2),
	};
	const struct smmu_ats_completion c = smmu_ats_request(b->port, &req);

	check_completion(&req, &c);
}

static void page_request(struct fuzz_bench *b, unsigned how)
{
	unsigned flags = fuzz_u8(&b->in);
	struct smmu_page_request req = {
		.sid = any_sid(b, how),
		.ssv = flags & 1,
		.ssid = flags & 2 ? (uint32_t)fuzz_value(&b->in) : 1,
		.read = flags & 4,
		.write = flags & 8,
		.exec = flags & 16,
		.priv = flags & 32,
		.last = flags & 64,
		.prg_index = (uint16_t)(how << 1 & 0x3ff),
		.addr = fuzz_bits(&b->in, 2),
	};
	struct smmu_prg_response resp = { 0 };
	int fate = smmu_page_request(b->port, &req, &resp);

	if (fate == SMMU_PRI_ANSWERED)
		require(resp.automatic && resp.sid == req.sid &&
			resp.prg_index == req.prg_index && (!resp.ssv || req.ssv));
}

void fuzz_ats(struct fuzz_bench *b)
{
	unsigned how = fuzz_u8(&b->in), outstanding;

	switch (how & 7) {
	case 0:
		fuzz_attach(b, fuzz_u8(&b->in) & 15);
		break;
	case 1:
		(void)smmu_ats_detach(b->smmu, fuzz_u8(&b->in) & 15);
		break;
	case 2:
		(void)smmu_atc_inv_done(b->smmu, b->last_inv - (how >> 6),
					(enum smmu_atc_reply)(how >> 3 & 7));
		break;
	case 3:
		(void)smmu_atc_timeout(b->smmu);
		break;
	case 4:
		page_request(b, how);
		break;
	default:
		request(b, how);
		break;
	}
	outstanding = smmu_atc_outstanding(b->smmu);
	require(outstanding <= 256 && (b->cfg.ats || !outstanding));
}

/* ---- stalls ---- */

static void on_done(void *ctx, uint64_t ticket, const struct smmu_result *res,
		    uint64_t done)
{
	struct fuzz_bench *b = ctx;

	require(ticket != 0 && res->ticket == ticket && done <= sizeof(b->buf));
	require(res->status != SMMU_STALLED);
	if (fuzz_u8(&b->in) & 128)
		come_back(b);
}

void fuzz_stalled(struct fuzz_bench *b)
{
	unsigned how = fuzz_u8(&b->in);
	struct smmu_result res;
	uint64_t done;

	switch (how & 3) {
	case 0:
		(void)smmu_port_on_done(b->port, how & 4 ? on_done : NULL, b);
		break;
	case 1:
		if (smmu_port_wait(b->port, b->last_ticket, 0, &res, &done) == 0)
			require(res.status != SMMU_STALLED && done <= sizeof(b->buf));
		break;
	case 2:
		(void)smmu_port_cancel(b->port, b->last_ticket);
		break;
	default:
		(void)smmu_port_stalled(b->port);
		break;
	}
}
