/* SPDX-License-Identifier: MIT */
#include "model/config_bench.h"
#include <string.h>

#define PAGE_MASK 0xfffull

/* Stage 1: VA to page. Stage 2: RAM and VA's page to themselves. */
void b_setup(struct bench *b, enum smmu_preset preset,
	     void (*tweak)(struct smmu_config *cfg))
{
	memset(b, 0, sizeof(*b));
	h_setup(&b->h, preset, tweak);
	h_enable(&b->h);
	b->ttb0 = h_table(&b->h);
	b->s2ttb = h_table(&b->h);
	b->cd = h_alloc(&b->h, 4096, 4096);
	b->page = h_alloc(&b->h, 4096, 4096);
	h_map(&b->h, b->ttb0, VA, b->page, 3, h_s1_rw());
	for (uint64_t pa = H_RAM; pa < H_RAM + H_RAM_SIZE; pa += 1u << 21)
		h_map(&b->h, b->s2ttb, pa, pa, 2, h_s2_rw());
	h_map(&b->h, b->s2ttb, VA, VA, 3, h_s2_rw());
	b->lpae_s2ttb = h_desc_pa(&b->h, b->s2ttb, 0, 1) & ~PAGE_MASK;
}

void b_teardown(struct bench *b)
{
	h_teardown(&b->h);
}

void b_patch(struct bench *b, const struct patch *list, size_t max)
{
	struct smmu_id *id = &b->h.smmu->id;

	for (size_t i = 0; i < max && list[i].field; i++)
		id->idr[list[i].reg] = (uint32_t)smmu_reg_set(
			id->idr[list[i].reg], list[i].field, list[i].value);
}

void b_sizes(struct bench *b, unsigned oas, unsigned ias)
{
	if (oas)
		b->h.smmu->id.oas = oas;
	if (ias)
		b->h.smmu->id.ias = ias;
}

void b_apply(uint64_t *dw, const struct set *list, size_t max)
{
	for (size_t i = 0; i < max && list[i].field; i++)
		smmu_set(dw, list[i].field, list[i].value);
}

void b_ste(struct bench *b, unsigned config, uint64_t ste[8])
{
	h_ste_nested(ste, b->cd, b->s2ttb, VMID);
	smmu_set(ste, SMMU_STE_Config, config);
}

void b_cd(struct bench *b, uint64_t cd[8])
{
	h_cd_s1(cd, b->ttb0, ASID);
}

void b_cfgi_ste(struct bench *b, uint32_t sid, bool leaf)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_CFGI_STE_OPCODE, SMMU_OP_CFGI_STE);
	smmu_set(cmd, SMMU_CMD_CFGI_STE_StreamID, sid);
	smmu_set(cmd, SMMU_CMD_CFGI_STE_Leaf, leaf);
	h_cmd_dw(&b->h, cmd);
	h_sync(&b->h);
}

void b_cfgi_range(struct bench *b, uint32_t sid, unsigned range)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_CFGI_STE_RANGE_OPCODE, SMMU_OP_CFGI_STE_RANGE);
	smmu_set(cmd, SMMU_CMD_CFGI_STE_RANGE_StreamID, sid);
	smmu_set(cmd, SMMU_CMD_CFGI_STE_RANGE_Range, range);
	h_cmd_dw(&b->h, cmd);
	h_sync(&b->h);
}

void b_cfgi_cd(struct bench *b, uint32_t sid, uint32_t ssid, bool leaf)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_CFGI_CD_OPCODE, SMMU_OP_CFGI_CD);
	smmu_set(cmd, SMMU_CMD_CFGI_CD_StreamID, sid);
	smmu_set(cmd, SMMU_CMD_CFGI_CD_SubstreamID, ssid);
	smmu_set(cmd, SMMU_CMD_CFGI_CD_Leaf, leaf);
	h_cmd_dw(&b->h, cmd);
	h_sync(&b->h);
}

void b_cfgi_cd_all(struct bench *b, uint32_t sid)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_CFGI_CD_ALL_OPCODE, SMMU_OP_CFGI_CD_ALL);
	smmu_set(cmd, SMMU_CMD_CFGI_CD_ALL_StreamID, sid);
	h_cmd_dw(&b->h, cmd);
	h_sync(&b->h);
}

void b_put_ste(struct bench *b, uint32_t sid, const uint64_t ste[8])
{
	h_ste_write(&b->h, sid, ste);
	b_cfgi_ste(b, sid, false);
}

void b_put_cd(struct bench *b, uint32_t sid, uint32_t ssid, uint64_t pa,
	      const uint64_t cd[8])
{
	h_write_dw(&b->h, pa, cd, 8);
	b_cfgi_cd(b, sid, ssid, false);
}

struct smmu_result b_read(struct bench *b, uint32_t sid, uint64_t addr)
{
	const struct smmu_txn txn = { .sid = sid, .op = SMMU_READ, .addr = addr };

	return smmu_translate(h_port(&b->h), &txn);
}

struct smmu_result b_read_ssid(struct bench *b, uint32_t sid, uint32_t ssid,
			       uint64_t addr)
{
	const struct smmu_txn txn = {
		.sid = sid, .ssid = ssid, .ssv = true, .op = SMMU_READ, .addr = addr
	};

	return smmu_translate(h_port(&b->h), &txn);
}

void b_expect_event(struct bench *b, const uint64_t want[4])
{
	uint64_t dw[4];

	assert_true(h_event(&b->h, dw));
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(dw[i], want[i]);
}

void b_no_event(struct bench *b)
{
	uint64_t dw[4];

	assert_false(h_event(&b->h, dw));
}

/* Written out, not through the field table: [7:0], [11], [31:12], [63:32]. */
void b_event_head(uint64_t dw[4], unsigned event, uint32_t sid, bool ssv, uint32_t ssid)
{
	dw[0] = event | (uint64_t)ssv << 11 | (uint64_t)ssid << 12 | (uint64_t)sid << 32;
	dw[1] = dw[2] = dw[3] = 0;
}

void b_expect_config_error(struct bench *b, struct smmu_result res, unsigned event,
			   uint32_t sid)
{
	uint64_t want[4];

	assert_int_equal(res.status, SMMU_ABORT);
	assert_int_equal(res.event, event);
	assert_true(res.recorded);
	b_event_head(want, event, sid, false, 0);
	b_expect_event(b, want);
	b_no_event(b);
}
