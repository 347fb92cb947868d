/* SPDX-License-Identifier: MIT */
#include "model/ats_bench.h"
#include <string.h>

static int on_invalidate(void *ctx, const struct smmu_atc_inv *inv)
{
	struct tb *t = ctx;

	assert_true(t->n_inv < COUNT(t->inv));
	t->inv[t->n_inv++] = *inv;
	if (t->inside)
		t->inside(t);
	return t->reply;
}

static void on_response(void *ctx, const struct smmu_prg_response *resp)
{
	struct tb *t = ctx;

	assert_true(t->n_resp < COUNT(t->resp));
	t->resp[t->n_resp++] = *resp;
}

void t_setup(struct tb *t, void (*tweak)(struct smmu_config *cfg))
{
	memset(t, 0, sizeof(*t));
	b_setup(&t->b, SMMU_PRESET_FULL, tweak);
	t->ops.invalidate = on_invalidate;
	t->ops.page_response = on_response;
	t->cds = h_alloc(&t->b.h, 4096, 4096);
	t_cr0(t, SMMU_CR0_ATSCHK, true);
}

void t_teardown(struct tb *t)
{
	b_teardown(&t->b);
}

void t_attach(struct tb *t, uint32_t sid)
{
	assert_int_equal(smmu_ats_attach(t->b.h.smmu, sid, &t->ops, t), 0);
}

/* ---- configuration ---- */

static void put_cd(struct tb *t, unsigned idx)
{
	uint64_t cd[8];

	b_cd(&t->b, cd);
	b_put_cd(&t->b, SID, idx, t->cds + 64 * (uint64_t)idx, cd);
}

static void put_stream(struct tb *t, unsigned config, unsigned eats, unsigned max,
		       unsigned s1dss)
{
	uint64_t ste[8];

	b_ste(&t->b, config, ste);
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr, t->cds);
	smmu_set(ste, SMMU_STE_EATS, eats);
	smmu_set(ste, SMMU_STE_S1CDMax, max);
	smmu_set(ste, SMMU_STE_S1DSS, s1dss);
	b_put_ste(&t->b, SID, ste);
	put_cd(t, 0);
	put_cd(t, PASID);
}

void t_stream(struct tb *t, unsigned config, unsigned eats)
{
	put_stream(t, config, eats, 0, 0);
}

void t_substreams(struct tb *t, unsigned config, unsigned eats, unsigned s1dss)
{
	put_stream(t, config, eats, 3, s1dss);
}

static void set_at(struct tb *t, uint64_t pa, unsigned field, uint64_t value)
{
	uint64_t at = pa + 8 * (uint64_t)SMMU_FIELD_WORD(field);
	uint64_t word = h_read64(&t->b.h, at);

	h_write64(&t->b.h, at, smmu_reg_set(word, field, value));
	h_invalidate_all(&t->b.h);
}

void t_ste_set(struct tb *t, unsigned field, uint64_t value)
{
	set_at(t, h_ste_pa(&t->b.h, SID), field, value);
}

void t_cd_set(struct tb *t, unsigned idx, unsigned field, uint64_t value)
{
	set_at(t, t->cds + 64 * (uint64_t)idx, field, value);
}

void t_leaf1(struct tb *t, uint64_t attrs)
{
	h_map(&t->b.h, t->b.ttb0, VA, t->b.page, 3, attrs);
	h_invalidate_all(&t->b.h);
}

/* Of a page of its own: the 2 MiB block around it is broken up. */
void t_leaf2(struct tb *t, uint64_t ipa, uint64_t attrs)
{
	uint64_t slot = h_desc_pa(&t->b.h, t->b.s2ttb, ipa, 2), table;
	uint64_t block = ipa & ~0x1fffffull;

	if ((h_read64(&t->b.h, slot) & 3) == 1) {
		table = h_table(&t->b.h);
		for (unsigned i = 0; i < 512; i++)
			h_write64(&t->b.h, table + 8 * i,
				  (block + 4096ull * i) | h_s2_rw() | 3);
		h_write64(&t->b.h, slot, table | 3);
	}
	h_map(&t->b.h, t->b.s2ttb, ipa, ipa, 3, attrs);
	h_invalidate_all(&t->b.h);
}

uint64_t t_desc1(struct tb *t)
{
	return h_read64(&t->b.h, h_desc_pa(&t->b.h, t->b.ttb0, VA, 3));
}

uint64_t t_desc2(struct tb *t, uint64_t ipa)
{
	return h_read64(&t->b.h, h_desc_pa(&t->b.h, t->b.s2ttb, ipa, 3));
}

void t_cr0(struct tb *t, unsigned field, bool on)
{
	h_wr32(&t->b.h, SMMU_REG_CR0,
	       (uint32_t)smmu_reg_set(h_rd32(&t->b.h, SMMU_REG_CR0), field, on));
}

void t_cr2(struct tb *t, bool rec_cfg_ats, bool recinvsid)
{
	uint64_t cr2 = 0;

	t_cr0(t, SMMU_CR0_SMMUEN, false);
	cr2 = smmu_reg_set(cr2, SMMU_CR2_REC_CFG_ATS, rec_cfg_ats);
	cr2 = smmu_reg_set(cr2, SMMU_CR2_RECINVSID, recinvsid);
	h_wr32(&t->b.h, SMMU_REG_CR2, (uint32_t)cr2);
	t_cr0(t, SMMU_CR0_SMMUEN, true);
}

/* ---- traffic ---- */

struct smmu_ats_completion t_request(struct tb *t, const struct smmu_ats_request *req)
{
	return smmu_ats_request(h_port(&t->b.h), req);
}

struct smmu_ats_completion t_plain(struct tb *t)
{
	const struct smmu_ats_request req = { .sid = SID, .addr = VA };

	return t_request(t, &req);
}

struct smmu_result t_translated(struct tb *t, struct smmu_txn txn)
{
	txn.sid = txn.sid ? txn.sid : SID;
	txn.at = SMMU_AT_TRANSLATED;
	return smmu_translate(h_port(&t->b.h), &txn);
}

void t_expect_denied(struct tb *t, struct smmu_ats_completion c)
{
	assert_int_equal(c.status, SMMU_ATS_SUCCESS);
	assert_false(c.read || c.write || c.exec);
	assert_int_equal(c.page_bits, 12); /* STU */
	assert_int_equal(c.addr, 0);
	assert_int_equal(c.event, 0);
	b_no_event(&t->b);
}

void t_expect_ca(struct tb *t, struct smmu_ats_completion c, unsigned event,
		 bool recorded)
{
	uint64_t dw[4];

	assert_int_equal(c.status, SMMU_ATS_CA);
	assert_false(c.read || c.write || c.exec);
	assert_int_equal(c.event, event);
	assert_int_equal(c.recorded, recorded);
	if (recorded) {
		assert_true(h_event(&t->b.h, dw));
		assert_int_equal(smmu_get(dw, SMMU_F_PERMISSION_EVENT), event);
	}
	b_no_event(&t->b);
}

void t_expect_grant(struct smmu_ats_completion c, uint64_t addr, unsigned bits, bool r,
		    bool w)
{
	assert_int_equal(c.status, SMMU_ATS_SUCCESS);
	assert_int_equal(c.addr, addr);
	assert_int_equal(c.page_bits, bits);
	assert_int_equal(c.read, r);
	assert_int_equal(c.write, w);
	assert_false(c.global || c.untranslated || c.no_snoop);
	assert_int_equal(c.event, 0);
}

void t_priq(struct tb *t, unsigned log2)
{
	struct harness *h = &t->b.h;
	uint64_t base;

	t_cr0(t, SMMU_CR0_PRIQEN, false);
	t->priq_log2 = log2;
	t->priq = h_alloc(h, 16ull << log2, 4096);
	base = smmu_reg_set_addr(0, SMMU_PRIQ_BASE_ADDR, t->priq);
	h_wr64(h, SMMU_REG_PRIQ_BASE, smmu_reg_set(base, SMMU_PRIQ_BASE_LOG2SIZE, log2));
	h_wr32(h, SMMU_REG_PRIQ_PROD, 0);
	h_wr32(h, SMMU_REG_PRIQ_CONS, 0);
	t_cr0(t, SMMU_CR0_PRIQEN, true);
}

void t_pri_entry(struct tb *t, unsigned i, uint64_t dw[2])
{
	dw[0] = h_read64(&t->b.h, t->priq + 16ull * i);
	dw[1] = h_read64(&t->b.h, t->priq + 16ull * i + 8);
}
