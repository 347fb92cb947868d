/* SPDX-License-Identifier: MIT */
/* One Translation Request: its completion, its event record, and nothing else. */
#include "conformance/bench.h"

static unsigned granted(const struct smmu_ats_completion *c)
{
	return (c->read ? CF_GRANT_R : 0u) | (c->write ? CF_GRANT_W : 0u) |
	       (c->exec ? CF_GRANT_X : 0u) | (c->priv ? CF_GRANT_PRIV : 0u);
}

static void check_entry(struct cf_bench *b, const struct cf_want *want,
			const struct smmu_ats_completion *c)
{
	uint64_t pa = want->pa ? want->pa : CF_PA;

	cf_check(b, "granted", want->grant, granted(c));
	cf_check(b, "log2 of the size", want->bits, c->page_bits);
	cf_check(b, "U, N, Global", 0, c->untranslated || c->no_snoop || c->global);
	if (c->read || c->write)
		cf_check(b, "address", pa >> want->bits << want->bits, c->addr);
}

void cf_request(struct cf_bench *b, const struct cf_txn *t, const struct cf_want *want)
{
	const struct smmu_txn txn = cf_make_txn(t);
	const struct smmu_ats_request req = {
		.sid = txn.sid,
		.ssid = txn.ssid,
		.ssv = txn.ssv,
		.no_write = txn.op == SMMU_READ,
		.exec = txn.inst,
		.priv = txn.priv,
		.addr = txn.addr,
	};
	struct smmu_ats_completion c;

	cf_snapshot(b);
	cf_expect_regs(b, want);
	cf_expect_mem(b, want);
	c = smmu_ats_request(h_port(&b->h), &req);
	h_idle(&b->h);
	cf_check(b, "status", want->status, c.status);
	cf_check(b, "event", want->event, c.event);
	cf_check(b, "recorded", want->event && !want->silent, c.recorded);
	if (want->status == SMMU_ATS_SUCCESS && c.status == SMMU_ATS_SUCCESS)
		check_entry(b, want, &c);
	else
		cf_check(b, "granted", 0, c.read || c.write || c.exec);
	if (want->event && !want->silent)
		cf_expect_event(b, &txn, want);
	cf_compare(b);
}
