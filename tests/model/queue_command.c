/* SPDX-License-Identifier: MIT */
/*
 * The command queue: 1. which commands are legal on which SMMU, and with which
 * parameters; 2. what CFGI and PREFETCH ask of the caches; 3. consumption, wrap,
 * inconsistent indexes; 4. errors, stop and restart.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "model/harness.h"
#include "model/model.h"

/* ---- what reached config/ ---- */

static struct {
	const char *what;
	uint32_t sid, ssid;
	unsigned arg, calls;
	uint64_t addr;
} seen;

static void saw(const char *what, uint32_t sid, uint32_t ssid, unsigned arg)
{
	seen.what = what;
	seen.sid = sid;
	seen.ssid = ssid;
	seen.arg = arg;
	seen.calls++;
}

void __wrap_smmu_cfgi_ste(struct smmu *smmu, uint32_t sid, bool leaf);
void __wrap_smmu_cfgi_ste_range(struct smmu *smmu, uint32_t sid, unsigned range);
void __wrap_smmu_cfgi_all(struct smmu *smmu);
void __wrap_smmu_cfgi_cd(struct smmu *smmu, uint32_t sid, uint32_t ssid, bool leaf);
void __wrap_smmu_cfgi_cd_all(struct smmu *smmu, uint32_t sid);
void __wrap_smmu_prefetch_config(struct smmu *smmu, uint32_t sid, bool ssv,
				 uint32_t ssid);
void __wrap_smmu_prefetch_addr(struct smmu *smmu, uint32_t sid, bool ssv, uint32_t ssid,
			       uint64_t addr);

void __wrap_smmu_cfgi_ste(struct smmu *smmu, uint32_t sid, bool leaf)
{
	(void)smmu;
	saw("ste", sid, 0, leaf);
}

void __wrap_smmu_cfgi_ste_range(struct smmu *smmu, uint32_t sid, unsigned range)
{
	(void)smmu;
	saw("range", sid, 0, range);
}

void __wrap_smmu_cfgi_all(struct smmu *smmu)
{
	(void)smmu;
	saw("all", 0, 0, 0);
}

void __wrap_smmu_cfgi_cd(struct smmu *smmu, uint32_t sid, uint32_t ssid, bool leaf)
{
	(void)smmu;
	saw("cd", sid, ssid, leaf);
}

void __wrap_smmu_cfgi_cd_all(struct smmu *smmu, uint32_t sid)
{
	(void)smmu;
	saw("cd all", sid, 0, 0);
}

void __wrap_smmu_prefetch_config(struct smmu *smmu, uint32_t sid, bool ssv, uint32_t ssid)
{
	(void)smmu;
	saw("prefetch", sid, ssid, ssv);
}

void __wrap_smmu_prefetch_addr(struct smmu *smmu, uint32_t sid, bool ssv, uint32_t ssid,
			       uint64_t addr)
{
	(void)smmu;
	saw("prefetch addr", sid, ssid, ssv);
	seen.addr = addr;
}

/* ---- legality ---- */

static void no_s1(struct smmu_config *cfg)
{
	cfg->s1p = cfg->hyp = cfg->had = 0;
}

static void no_s2(struct smmu_config *cfg)
{
	cfg->s2p = cfg->hyp = cfg->vmw = cfg->xnx = 0;
}

static void no_hyp(struct smmu_config *cfg)
{
	cfg->hyp = 0;
}

static void stalls(struct smmu_config *cfg)
{
	cfg->stall_model = 0;
	cfg->stall_max = 16;
}

static void careless(struct smmu_config *cfg)
{
	cfg->cmd_res0_ignored = 1;
}

static void few_sids(struct smmu_config *cfg)
{
	cfg->sid_bits = 8;
	cfg->ssid_bits = 4;
}

/*
 * CMD-4, Q-16, Q-22: what is no command here. CMD-5: illegal comes before ignored. CMD-6:
 * RES0 bits. CMD-9: SSec. CMD-29, CMD-35 and section 1: what is absent.
 */
#define ILL true
#define OK  false

static const struct {
	const char *rule;
	enum smmu_preset preset;
	void (*tweak)(struct smmu_config *cfg);
	uint64_t dw0, dw1;
	bool ill;
} legality[] = {
	{ "CMD-4", SMMU_PRESET_V3_2, NULL, 0x00, 0, ILL },
	{ "CMD-4", SMMU_PRESET_V3_2, NULL, 0x08, 0, ILL },
	{ "CMD-4", SMMU_PRESET_V3_2, NULL, 0x14, 0, ILL },
	{ "CMD-4", SMMU_PRESET_V3_2, NULL, 0x80, 0, ILL },
	{ "CMD-4", SMMU_PRESET_V3_2, NULL, 0xff, 0, ILL },
	/* section 1: other security states and absent features */
	{ "4.4.2 EL3", SMMU_PRESET_V3_2, NULL, 0x18, 0, ILL },
	{ "S_EL2", SMMU_PRESET_V3_2, NULL, 0x50, 0, ILL },
	{ "SNH_ALL", SMMU_PRESET_V3_2, NULL, 0x60, 0, ILL },
	{ "CMD-29", SMMU_PRESET_V3_2, NULL, 0x07, 0, ILL },
	{ "ATC_INV", SMMU_PRESET_V3_2, NULL, 0x40, 0, ILL },
	{ "PRI_RESP", SMMU_PRESET_V3_2, NULL, 0x41, 0, ILL },
	{ "DPTI_ALL", SMMU_PRESET_V3_4, NULL, 0x70, 0, ILL },
	{ "DPTI_PA", SMMU_PRESET_V3_4, NULL, 0x73, 0, ILL },
	/* stall model */
	{ "RESUME", SMMU_PRESET_V3_2, NULL, 0x44, 0, ILL },
	{ "RESUME", SMMU_PRESET_V3_2, stalls, 0x44, 0, OK },
	{ "STALL_TERM", SMMU_PRESET_V3_2, NULL, 0x45, 0, ILL },
	{ "STALL_TERM", SMMU_PRESET_V3_2, stalls, 0x45, 0, OK },
	{ "CMD-9", SMMU_PRESET_V3_2, stalls, 0x45 | 1 << 10, 0, ILL },
	/* stages */
	{ "CFGI_CD", SMMU_PRESET_V3_2, no_s1, 0x05, 0, ILL },
	{ "CFGI_CD", SMMU_PRESET_V3_2, NULL, 0x05, 0, OK },
	{ "CFGI_CD_ALL", SMMU_PRESET_V3_2, no_s1, 0x06, 0, ILL },
	{ "NH_ALL", SMMU_PRESET_V3_2, no_s1, 0x10, 0, ILL },
	{ "NH_ALL", SMMU_PRESET_V3_2, no_s2, 0x10, 0, OK },
	{ "NH_ASID", SMMU_PRESET_V3_2, no_s1, 0x11, 0, ILL },
	{ "NH_VAA", SMMU_PRESET_V3_2, no_s1, 0x13, 0, ILL },
	{ "S12_VMALL", SMMU_PRESET_V3_2, no_s2, 0x28, 0, ILL },
	{ "S12_VMALL", SMMU_PRESET_V3_2, no_s1, 0x28, 0, OK },
	{ "S2_IPA", SMMU_PRESET_V3_2, no_s2, 0x2a, 0, ILL },
	{ "S2_IPA", SMMU_PRESET_V3_2, NULL, 0x2a, 0, OK },
	{ "NSNH_ALL", SMMU_PRESET_V3_2, no_s1, 0x30, 0, OK },
	{ "NSNH_ALL", SMMU_PRESET_V3_2, no_s2, 0x30, 0, OK },
	{ "EL2_ALL", SMMU_PRESET_V3_1, no_hyp, 0x20, 0, ILL },
	{ "EL2_ALL", SMMU_PRESET_V3_1, NULL, 0x20, 0, OK },
	{ "EL2_VA", SMMU_PRESET_V3_1, no_hyp, 0x22, 0, ILL },
	/* CMD-9: SSec, even where the command would be ignored (CMD-5) */
	{ "CMD-9", SMMU_PRESET_V3_2, NULL, 0x01 | 1 << 10, 0, ILL },
	{ "CMD-9", SMMU_PRESET_V3_2, NULL, 0x03 | 1 << 10, 0, ILL },
	{ "CMD-9", SMMU_PRESET_V3_2, NULL, 0x04 | 1 << 10, 31, ILL },
	{ "CMD-9", SMMU_PRESET_V3_2, careless, 0x05 | 1 << 10, 0, ILL },
	{ "CMD-11", SMMU_PRESET_V3_2, few_sids, 0x03 | 256ull << 32, 0, OK },
	/* CMD-6: reserved bits */
	{ "CMD-6", SMMU_PRESET_V3_2, NULL, 0x03 | 1 << 8, 0, ILL },
	{ "CMD-6", SMMU_PRESET_V3_2, careless, 0x03 | 1 << 8, 0, OK },
	{ "CMD-6", SMMU_PRESET_V3_2, NULL, 0x03, 2, ILL },
	{ "CMD-6", SMMU_PRESET_V3_2, NULL, 0x03, 1, OK },
	/* CMD-21, CMD-82: NS and MSI_NS are RES0 on this queue */
	{ "CMD-21", SMMU_PRESET_V3_2, NULL, 0x02, 1 << 11, ILL },
	{ "CMD-21", SMMU_PRESET_V3_2, careless, 0x02, 1 << 11, OK },
	{ "CMD-82", SMMU_PRESET_V3_2, NULL, 0x46, 1ull << 63, ILL },
	/* CMD-10: physical addresses have 48, 52, and from v3.4 56 bits; VAs all */
	{ "CMD-10", SMMU_PRESET_V3_0, NULL, 0x2a, 1ull << 48, ILL },
	{ "CMD-10", SMMU_PRESET_V3_0, NULL, 0x2a, 1ull << 47, OK },
	{ "CMD-10", SMMU_PRESET_V3_1, NULL, 0x2a, 1ull << 48, OK },
	{ "CMD-10", SMMU_PRESET_V3_3, NULL, 0x2a, 1ull << 52, ILL },
	{ "CMD-10", SMMU_PRESET_V3_3, careless, 0x2a, 1ull << 52, OK },
	{ "CMD-10", SMMU_PRESET_V3_3, NULL, 0x2a, 1ull << 51, OK },
	{ "CMD-10", SMMU_PRESET_V3_4, NULL, 0x2a, 1ull << 55, OK },
	{ "CMD-10", SMMU_PRESET_V3_4, NULL, 0x2a, 1ull << 56, ILL },
	{ "CMD-10", SMMU_PRESET_V3_2, NULL, 0x46, 1ull << 52, ILL },
	{ "CMD-10", SMMU_PRESET_V3_2, NULL, 0x46, 1ull << 51, OK },
	{ "CMD-10", SMMU_PRESET_V3_0, NULL, 0x13, 1ull << 63, OK },
	{ "CMD-77", SMMU_PRESET_V3_2, NULL, 0x46 | 3 << 12, 0, ILL },
	{ "CMD-77", SMMU_PRESET_V3_2, NULL, 0x46 | 2 << 12, 0, OK },
	{ "Stride", SMMU_PRESET_V3_0, NULL, 0x02, 1 << 5, ILL },
	{ "Stride", SMMU_PRESET_V3_1, NULL, 0x02, 1 << 5, OK },
	/* CMD-42, CMD-43: TG [11:10], TTL [9:8] of dw1; NUM [16:12], SCALE [25:20] of dw0
	 */
	{ "CMD-42", SMMU_PRESET_V3_1, NULL, 0x12, 1 << 10, ILL },
	{ "CMD-42", SMMU_PRESET_V3_1, careless, 0x12, 1 << 10, OK },
	{ "CMD-42", SMMU_PRESET_V3_2, NULL, 0x12 | 1 << 12, 0, ILL },
	{ "CMD-42", SMMU_PRESET_V3_2, NULL, 0x12, 1 << 8, ILL },
	{ "CMD-42", SMMU_PRESET_V3_2, NULL, 0x12 | 1 << 25, 1 << 10, ILL },
	{ "CMD-42", SMMU_PRESET_V3_2, NULL, 0x12 | 1 << 25 | 1 << 12, 1 << 10, ILL },
	{ "CMD-42", SMMU_PRESET_V3_2, careless, 0x12 | 1 << 25 | 1 << 12, 1 << 10, OK },
	{ "CMD-42", SMMU_PRESET_V3_4, NULL, 0x12 | 1 << 25, 1 << 10, OK },
	{ "CMD-43", SMMU_PRESET_V3_2, NULL, 0x12, 1 << 10, ILL },
	{ "CMD-43", SMMU_PRESET_V3_2, careless, 0x13, 1 << 10, ILL },
	{ "CMD-43", SMMU_PRESET_V3_2, NULL, 0x2a, 3 << 10, ILL },
	{ "CMD-43", SMMU_PRESET_V3_2, NULL, 0x12 | 1 << 12, 1 << 10, OK },
	{ "CMD-43", SMMU_PRESET_V3_2, NULL, 0x12 | 1 << 20, 1 << 10, OK },
	{ "CMD-43", SMMU_PRESET_V3_2, NULL, 0x12, 1 << 10 | 3 << 8, OK },
	{ "CMD-43", SMMU_PRESET_V3_2, NULL, 0x22, 2 << 10 | 1 << 8, ILL },
	{ "CMD-43", SMMU_PRESET_V3_2, NULL, 0x22, 2 << 10 | 2 << 8, OK },
	{ "CMD-43", SMMU_PRESET_V3_4, NULL, 0x22, 2 << 10 | 1 << 8, OK },
	{ "CMD-47", SMMU_PRESET_V3_4, NULL, 0x12, 1 << 10 | 3 << 8 | 1 << 7, ILL },
};

static void commands_are_legal_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(legality) / sizeof(legality[0]); i++) {
		struct harness h;
		unsigned want = legality[i].ill ? SMMU_CERROR_ILL : 0;

		h_setup(&h, legality[i].preset, legality[i].tweak);
		h_init_queues(&h);
		h_cmd(&h, legality[i].dw0, legality[i].dw1);
		if (h_cmdq_error(&h) != want)
			fail_msg("%s: command %#llx %#llx: error %u", legality[i].rule,
				 (unsigned long long)legality[i].dw0,
				 (unsigned long long)legality[i].dw1, h_cmdq_error(&h));
		/* EVT-81: an illegal command is not consumed */
		assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS) & 0xff,
				 legality[i].ill ? 0 : 1);
		h_teardown(&h);
	}
}

/* ---- effects ---- */

/*
 * CMD-11, CMD-12: StreamID and SubstreamID as far as IDR1 says, beyond that nothing.
 * CMD-17: SSV. CMD-23, CMD-24: Range. CMD-25, CMD-26: the CD of that index.
 */
static const struct {
	const char *rule;
	uint64_t dw0, dw1;
	const char *what; /* NULL: nothing */
	uint32_t sid, ssid;
	unsigned arg, calls;
} effects[] = {
	{ "CFGI_STE", 0x03 | 5ull << 32, 1, "ste", 5, 0, 1, 1 },
	{ "CFGI_STE", 0x03 | 5ull << 32, 0, "ste", 5, 0, 0, 1 },
	{ "CMD-12", 0x03 | 255ull << 32, 1, "ste", 255, 0, 1, 1 },
	{ "CMD-11", 0x03 | 256ull << 32, 1, NULL, 0, 0, 0, 0 },
	{ "CMD-11", 0x04 | 256ull << 32, 3, NULL, 0, 0, 0, 0 },
	{ "CMD-12", 0x05 | 15 << 12 | 7ull << 32, 1, "cd", 7, 15, 1, 1 },
	{ "CMD-11", 0x06 | 256ull << 32, 0, NULL, 0, 0, 0, 0 },
	{ "CMD-23", 0x04 | 0x30ull << 32, 3, "range", 0x30, 0, 3, 1 },
	{ "CMD-23", 0x04 | 0x1ffull << 32, 7, NULL, 0, 0, 0, 0 },
	{ "CMD-23", 0x04 | 0x1ffull << 32, 8, "range", 0x1ff, 0, 8, 1 },
	{ "CMD-23", 0x04 | 0x30ull << 32, 30, "range", 0x30, 0, 30, 1 },
	{ "CMD-24", 0x04 | 0x3000ull << 32, 31, "all", 0, 0, 0, 1 },
	{ "CMD-25", 0x05 | 3 << 12 | 7ull << 32, 1, "cd", 7, 3, 1, 1 },
	{ "CMD-26", 0x05 | 16 << 12 | 7ull << 32, 1, NULL, 0, 0, 0, 0 },
	{ "CFGI_CD_ALL", 0x06 | 9ull << 32, 0, "cd all", 9, 0, 0, 1 },
	{ "PREFETCH_CONFIG", 0x01 | 9ull << 32, 0, "prefetch", 9, 0, 0, 1 },
	{ "PREFETCH_CONFIG", 0x01 | 1 << 11 | 2 << 12 | 9ull << 32, 0, "prefetch", 9, 2,
	  1, 1 },
	{ "CMD-17", 0x01 | 1 << 11 | 16 << 12 | 9ull << 32, 0, NULL, 0, 0, 0, 0 },
	{ "CMD-19", 0x02 | 9ull << 32, 0x4000, "prefetch addr", 9, 0, 0, 1 },
	{ "CMD-19", 0x02 | 9ull << 32, 0x4000 | 2 | 1 << 5, "prefetch addr", 9, 0, 0, 4 },
	{ "CMD-19", 0x02 | 9ull << 32, 0x4000 | 31, "prefetch addr", 9, 0, 0, 16 },
};

static void commands_reach_the_caches(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, few_sids);
	h_enable(&h);
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
		memset(&seen, 0, sizeof(seen));
		h_cmd(&h, effects[i].dw0, effects[i].dw1);
		assert_int_equal(h_cmdq_error(&h), 0);
		if (seen.calls != effects[i].calls)
			fail_msg("%s: %u calls", effects[i].rule, seen.calls);
		if (!effects[i].calls)
			continue;
		assert_string_equal(seen.what, effects[i].what);
		assert_int_equal(seen.sid, effects[i].sid);
		assert_int_equal(seen.ssid, effects[i].ssid);
		assert_int_equal(seen.arg, effects[i].arg);
	}
	/* CMD-19: Addr + n * 2^(12 + Stride) */
	h_cmd(&h, 0x02 | 9ull << 32, 0x4000 | 2 | 1 << 5);
	assert_int_equal(seen.addr, 0x4000 + 3 * 0x2000);
	h_teardown(&h);
}

/* CMD-19: v3.0 has no Stride; where reserved bits are ignored, it is 0. */
static void v30_prefetch_has_no_stride(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_0, careless);
	h_enable(&h);
	h_cmd(&h, 0x02 | 9ull << 32, 0x4000 | 1 | 3 << 5);
	assert_int_equal(h_cmdq_error(&h), 0);
	assert_int_equal(seen.addr, 0x5000);
	h_teardown(&h);
}

/* CMD-16 */
static void prefetch_while_disabled_does_nothing(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, few_sids);
	h_init_queues(&h);
	memset(&seen, 0, sizeof(seen));
	h_cmd(&h, 0x01 | 9ull << 32, 0);
	h_cmd(&h, 0x02 | 9ull << 32, 0);
	assert_int_equal(h_cmdq_error(&h), 0);
	assert_int_equal(seen.calls, 0);
	h_teardown(&h);
}

/* ---- the ring ---- */

static void queue_goes_round(void **state)
{
	struct harness h;
	struct smmu_stats stats;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_init_queues(&h);
	/* Q-3, REG-85, CMD-86: 64 entries, so 200 commands pass the wrap three times */
	for (unsigned i = 0; i < 200; i++) {
		h_sync(&h);
		assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS) & 0xfffff, (i + 1) % 128);
	}
	smmu_stats_read(h.smmu, &stats);
	assert_int_equal(stats.commands, 200);
	assert_int_equal(stats.syncs, 200);
	h_teardown(&h);
}

static void queue_of_one_entry(void **state)
{
	struct harness h;
	uint64_t at;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	at = h_alloc(&h, 4096, 4096);
	h_write64(&h, at, SMMU_OP_SYNC);
	/* REG-82: LOG2SIZE 0: bit 0 is the wrap flag; REG-83: aligned to 32 bytes */
	h_wr64(&h, SMMU_REG_CMDQ_BASE, at);
	h_wr32(&h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	for (unsigned i = 1; i <= 4; i++) {
		h_wr32(&h, SMMU_REG_CMDQ_PROD, i & 1);
		assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), i & 1);
		/* REG-87: bits above the wrap flag count for nothing */
		h_wr32(&h, SMMU_REG_CMDQ_PROD, (i & 1) | 0xf0);
		assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), i & 1);
	}
	h_teardown(&h);
}

static void tiny_queues(struct smmu_config *cfg)
{
	cfg->cmdqs = 2;
}

static void log2size_is_capped(void **state)
{
	struct harness h;
	uint64_t at;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, tiny_queues);
	at = h_alloc(&h, 4096, 4096);
	for (unsigned i = 0; i < 4; i++)
		h_write64(&h, at + 16 * i, SMMU_OP_SYNC);
	/* REG-81: 2^6 asked, 2^2 had: entry 3 is followed by entry 0, wrap flag in bit 2
	 */
	h_wr64(&h, SMMU_REG_CMDQ_BASE, at | 6);
	h_wr32(&h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 4);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 6);
	assert_int_equal(h_cmdq_error(&h), 0);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), 6);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 0);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), 0);
	h_teardown(&h);
}

static void base_is_aligned_to_the_queue(void **state)
{
	struct harness h;
	uint64_t at;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	at = h_alloc(&h, 4096, 4096);
	h_write64(&h, at, SMMU_OP_SYNC);
	/* REG-83: 16 entries are 256 bytes; bit 5 of ADDR is stored and ignored */
	h_wr64(&h, SMMU_REG_CMDQ_BASE, at | 0x20 | 4);
	assert_int_equal(h_rd64(&h, SMMU_REG_CMDQ_BASE), at | 0x20 | 4);
	h_wr32(&h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 1);
	assert_int_equal(h_cmdq_error(&h), 0);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), 1);
	h_teardown(&h);
}

static void inconsistent_indexes_stop_consumption(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_init_queues(&h);
	h_sync(&h);
	/* REG-86, Q-4: WR < RD with equal wraps */
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 0);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), 1);
	assert_int_equal(h_cmdq_error(&h), 0);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 1);
	h_sync(&h);
	h_teardown(&h);
}

/* ---- errors ---- */

static void error_stops_and_restarts(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, few_sids);
	h_init_queues(&h);
	memset(&seen, 0, sizeof(seen));
	/* legal, illegal, legal */
	h_write64(&h, h.cmdq, 0x03 | 1ull << 32);
	h_write64(&h, h.cmdq + 16, 0xee);
	h_write64(&h, h.cmdq + 32, 0x03 | 2ull << 32);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 3);
	/* EVT-81, EVT-82, CMD-8: older ones done, RD on the bad one, newer ones without
	 * effect
	 */
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS) & 0xfffff, 1);
	assert_int_equal(seen.calls, 1);
	/* EVT-83: a PROD write does not help */
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 3);
	assert_int_equal(seen.calls, 1);
	/* EVT-84, CMD-14: acknowledged but not mended: it recurs */
	h_wr32(&h, SMMU_REG_GERRORN, h_rd32(&h, SMMU_REG_GERROR));
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
	/* EVT-84, EVT-85: mended, then acknowledged: fetched anew, without a PROD write
	 */
	h_write64(&h, h.cmdq + 16, 0x03 | 7ull << 32);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 3);
	assert_int_equal(seen.calls, 1);
	h_wr32(&h, SMMU_REG_GERRORN, h_rd32(&h, SMMU_REG_GERROR));
	assert_int_equal(h_cmdq_error(&h), 0);
	assert_int_equal(seen.calls, 3);
	assert_int_equal(seen.sid, 2);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS) & 0xfffff, 3);
	h_teardown(&h);
}

static void fetch_abort(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	/* CMD-7, Q-17 */
	h_wr64(&h, SMMU_REG_CMDQ_BASE, 0x10000000 | 4);
	h_wr32(&h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	assert_int_equal(h_cmdq_error(&h), 0);
	h_wr32(&h, SMMU_REG_CMDQ_PROD, 1);
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ABT);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS) & 0xfffff, 0);
	h_teardown(&h);
}

static void enabling_starts_consumption(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	h_init_queues(&h);
	h_disable(&h);
	/* CMD-1: not while CMDQEN is 0 */
	h_cmd(&h, SMMU_OP_SYNC, 0);
	h_cmd(&h, SMMU_OP_SYNC, 0);
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), 0);
	h_wr32(&h, SMMU_REG_CR0, (uint32_t)SMMU_MASK(SMMU_CR0_CMDQEN));
	assert_int_equal(h_rd32(&h, SMMU_REG_CMDQ_CONS), 2);
	h_teardown(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_legal_or_not),
		cmocka_unit_test(commands_reach_the_caches),
		cmocka_unit_test(v30_prefetch_has_no_stride),
		cmocka_unit_test(prefetch_while_disabled_does_nothing),
		cmocka_unit_test(queue_goes_round),
		cmocka_unit_test(queue_of_one_entry),
		cmocka_unit_test(log2size_is_capped),
		cmocka_unit_test(base_is_aligned_to_the_queue),
		cmocka_unit_test(inconsistent_indexes_stop_consumption),
		cmocka_unit_test(error_stops_and_restarts),
		cmocka_unit_test(fetch_abort),
		cmocka_unit_test(enabling_starts_consumption),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
