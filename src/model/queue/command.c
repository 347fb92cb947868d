/* SPDX-License-Identifier: MIT */
/*
 * The commands of the Non-secure queue (IHI 0070 chapter 4), one row each. What has
 * no row is unknown here: reserved opcodes and those of other security states.
 */
#include <smmulator/ats.h>
#include "model/dpt/dpt.h"
#include "model/mpam/mpam.h"
#include "model/queue/command.h"

/* ---- conditions of section 1 ---- */

static bool has_s1(const struct smmu_config *cfg)
{
	return cfg->s1p;
}

static bool has_s2(const struct smmu_config *cfg)
{
	return cfg->s2p;
}

static bool has_el2(const struct smmu_config *cfg)
{
	return cfg->s1p && cfg->hyp;
}

static bool has_ats(const struct smmu_config *cfg)
{
	return cfg->ats;
}

static bool has_pri(const struct smmu_config *cfg)
{
	return cfg->pri;
}

static bool has_stall(const struct smmu_config *cfg)
{
	return cfg->stall_model != 1;
}

static bool has_dpt(const struct smmu_config *cfg)
{
	return cfg->dpt;
}

/* CMD-9: SSec has one place in the commands that have it. */
static bool names_secure(const struct smmu *smmu, const uint64_t *dw)
{
	(void)smmu;
	return smmu_get(dw, SMMU_CMD_SSec);
}

static bool bad_atc_inv(const struct smmu *smmu, const uint64_t *dw)
{
	(void)smmu;
	return smmu_get(dw, SMMU_CMD_ATC_INV_Size) > 52; /* CHOICE (CMD-54) */
}

static bool bad_pri_resp(const struct smmu *smmu, const uint64_t *dw)
{
	(void)smmu;
	return smmu_get(dw, SMMU_CMD_PRI_RESP_Resp) == 3; /* CMD-63 */
}

static bool bad_sync(const struct smmu *smmu, const uint64_t *dw)
{
	(void)smmu;
	return smmu_get(dw, SMMU_CMD_SYNC_CS) == 3; /* CMD-77 */
}

/* ---- StreamID and SubstreamID ---- */

static uint32_t sid_of(const uint64_t *dw)
{
	return (uint32_t)smmu_get(dw, SMMU_CMD_StreamID);
}

static uint32_t ssid_of(const uint64_t *dw)
{
	return (uint32_t)smmu_get(dw, SMMU_CMD_SubstreamID);
}

static bool fits(uint32_t id, unsigned bits)
{
	return bits >= 32 || id >> bits == 0;
}

/* CHOICE (CMD-11): parameters out of range: no effect. */
static bool sid_ok(const struct smmu *smmu, const uint64_t *dw)
{
	return fits(sid_of(dw), smmu->cfg.sid_bits);
}

static bool ssid_ok(const struct smmu *smmu, const uint64_t *dw)
{
	return fits(ssid_of(dw), smmu->cfg.ssid_bits);
}

/* ---- prefetch ---- */

/* CMD-16; CHOICE (CMD-17): SSV without substreams: no operation. */
static bool prefetch_ok(const struct smmu *smmu, const uint64_t *dw)
{
	bool ssv = smmu_get(dw, SMMU_CMD_SSV);

	if (!smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_SMMUEN) || !sid_ok(smmu, dw))
		return false;
	return !ssv || (smmu->cfg.ssid_bits && ssid_ok(smmu, dw));
}

static void run_prefetch_config(struct smmu *smmu, const uint64_t *dw)
{
	bool ssv = smmu_get(dw, SMMU_CMD_SSV);

	if (prefetch_ok(smmu, dw))
		smmu_prefetch_config(smmu, sid_of(dw), ssv, ssv ? ssid_of(dw) : 0);
}

/* CMD-19: Addr + n * 2^(12 + Stride). CHOICE: at most 16, the rest is not fetched. */
static void run_prefetch_addr(struct smmu *smmu, const uint64_t *dw)
{
	uint64_t addr = smmu_get_addr(dw, SMMU_CMD_PREFETCH_ADDR_Addr);
	unsigned size = (unsigned)smmu_get(dw, SMMU_CMD_PREFETCH_ADDR_Size);
	unsigned stride = (unsigned)smmu_get(dw, SMMU_CMD_PREFETCH_ADDR_Stride);
	bool ssv = smmu_get(dw, SMMU_CMD_SSV);

	if (!prefetch_ok(smmu, dw))
		return;
	if (smmu->id.v30)
		stride = 0;
	for (unsigned n = 0; n < 1u << (size < 4 ? size : 4);
	     n++, addr += UINT64_C(4096) << stride)
		smmu_prefetch_addr(smmu, sid_of(dw), ssv, ssv ? ssid_of(dw) : 0, addr);
}

/* ---- configuration caches ---- */

static void run_cfgi_ste(struct smmu *smmu, const uint64_t *dw)
{
	smmu->stats.config_invalidations++;
	if (sid_ok(smmu, dw))
		smmu_cfgi_ste(smmu, sid_of(dw), smmu_get(dw, SMMU_CMD_CFGI_STE_Leaf));
}

/* CMD-23, CMD-24; 4.3.2: the low Range + 1 bits are IGNORED, so never out of range. */
static void run_cfgi_range(struct smmu *smmu, const uint64_t *dw)
{
	unsigned range = (unsigned)smmu_get(dw, SMMU_CMD_CFGI_STE_RANGE_Range);
	uint32_t sid = sid_of(dw);

	smmu->stats.config_invalidations++;
	if (range == 31)
		smmu_cfgi_all(smmu);
	else if (fits(sid - (uint32_t)smmu_low(sid, range + 1), smmu->cfg.sid_bits))
		smmu_cfgi_ste_range(smmu, sid, range);
}

/* CMD-25, CMD-26 */
static void run_cfgi_cd(struct smmu *smmu, const uint64_t *dw)
{
	smmu->stats.config_invalidations++;
	if (sid_ok(smmu, dw) && ssid_ok(smmu, dw))
		smmu_cfgi_cd(smmu, sid_of(dw), ssid_of(dw),
			     smmu_get(dw, SMMU_CMD_CFGI_CD_Leaf));
}

static void run_cfgi_cd_all(struct smmu *smmu, const uint64_t *dw)
{
	smmu->stats.config_invalidations++;
	if (sid_ok(smmu, dw))
		smmu_cfgi_cd_all(smmu, sid_of(dw));
}

/* ---- the device permission table ---- */

/* CMD-65 */
static void run_dpti_all(struct smmu *smmu, const uint64_t *dw)
{
	(void)dw;
	smmu_dpti_all(smmu);
}

static void run_dpti_pa(struct smmu *smmu, const uint64_t *dw)
{
	smmu_dpti_pa(smmu, smmu_get_addr(dw, SMMU_CMD_DPTI_PA_Address),
		     (unsigned)smmu_get(dw, SMMU_CMD_DPTI_PA_SIZE),
		     smmu_get(dw, SMMU_CMD_DPTI_PA_Leaf));
}

/* CMD-29: the VMID is used as by CMD_TLBI_*, but CR0.VMW has no effect (VMS-5). */
static void run_cfgi_vms_pidm(struct smmu *smmu, const uint64_t *dw)
{
	unsigned vmid = (unsigned)smmu_get(dw, SMMU_CMD_CFGI_VMS_PIDM_VMID);

	smmu->stats.config_invalidations++;
	if (smmu->cfg.vmid16 || vmid <= 0xff) /* CHOICE (CMD-36) */
		smmu_vms_forget(smmu, (uint16_t)vmid);
}

/* ---- to PCIe functions ---- */

/*
 * CMD-56, CMD-58, CMD-63: with SMMUEN == 0 they are ignored. CHOICE: so they are with a
 * PASID where there are none.
 */
static bool function_ok(const struct smmu *smmu, const uint64_t *dw)
{
	if (!smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_SMMUEN) || !sid_ok(smmu, dw))
		return false;
	return !smmu_get(dw, SMMU_CMD_SSV) ||
	       (smmu->cfg.ssid_bits != 0 && ssid_ok(smmu, dw));
}

/* CMD-54, CMD-55 */
static void run_atc_inv(struct smmu *smmu, const uint64_t *dw)
{
	unsigned size = (unsigned)smmu_get(dw, SMMU_CMD_ATC_INV_Size);
	uint64_t addr = smmu_get_addr(dw, SMMU_CMD_ATC_INV_Address);
	bool ssv = smmu_get(dw, SMMU_CMD_SSV);
	const struct smmu_atc_inv inv = {
		.sid = sid_of(dw),
		.ssid = ssv ? ssid_of(dw) : 0,
		.ssv = ssv,
		.global = ssv && smmu_get(dw, SMMU_CMD_ATC_INV_Global),
		.span_bits = (uint8_t)(12 + size),
		.addr = size == 52 ? 0 : addr - smmu_low(addr, 12 + size),
	};

	if (function_ok(smmu, dw))
		smmu_atc_send(smmu, &inv);
}

/* PRI-20, PRI-21 */
static void run_pri_resp(struct smmu *smmu, const uint64_t *dw)
{
	static const uint8_t codes[4] = { [SMMU_RESP_FAILURE] = SMMU_PRG_FAILURE,
					  [SMMU_RESP_INVALID] = SMMU_PRG_INVALID_REQUEST,
					  [SMMU_RESP_SUCCESS] = SMMU_PRG_SUCCESS };
	bool ssv = smmu_get(dw, SMMU_CMD_SSV);
	const struct smmu_prg_response resp = {
		.sid = sid_of(dw),
		.ssid = ssv ? ssid_of(dw) : 0,
		.ssv = ssv,
		.prg_index = (uint16_t)smmu_get(dw, SMMU_CMD_PRI_RESP_PRGIndex),
		.code = codes[smmu_get(dw, SMMU_CMD_PRI_RESP_Resp) & 3],
	};

	if (function_ok(smmu, dw))
		smmu_prg_send(smmu, &resp);
}

/* ---- the rest ---- */

/* CMD-67, CMD-68; CMD-69: it has happened when the command is consumed. */
static void run_resume(struct smmu *smmu, const uint64_t *dw)
{
	bool abort = smmu->cfg.term_model || smmu_get(dw, SMMU_CMD_RESUME_Ab);

	smmu_stall_resume(smmu, sid_of(dw), (uint16_t)smmu_get(dw, SMMU_CMD_RESUME_STAG),
			  smmu_get(dw, SMMU_CMD_RESUME_Ac),
			  abort ? SMMU_ABORT : SMMU_RAZ_WI);
}

/* CMD-74, CMD-75 */
static void run_stall_term(struct smmu *smmu, const uint64_t *dw)
{
	smmu_stall_terminate(smmu, sid_of(dw));
}

/*
 * CMD-77 to CMD-85. Commands take effect one after the other, and smmu_sync_holds() has
 * waited for transactions: everything before this one is complete by now, and only the
 * signal is left.
 */
static void run_sync(struct smmu *smmu, const uint64_t *dw)
{
	struct smmu_signal signal = { .irq = SMMU_IRQ_CMD_SYNC };

	smmu->stats.syncs++;
	switch (smmu_get(dw, SMMU_CMD_SYNC_CS)) {
	case SMMU_CS_IRQ:
		if (smmu->cfg.msi)
			signal.pa = smmu_get_addr(dw, SMMU_CMD_SYNC_MSIAddress);
		signal.data = (uint32_t)smmu_get(dw, SMMU_CMD_SYNC_MSIData);
		signal.memattr = (uint8_t)smmu_get(dw, SMMU_CMD_SYNC_MSIAttr);
		signal.sh = (uint8_t)smmu_get(dw, SMMU_CMD_SYNC_MSH);
		smmu_signal_add(smmu, &signal);
		break;
	case SMMU_CS_SEV:
		if (smmu->cfg.sev)
			smmu_irq_signal(smmu, SMMU_IRQ_SEV);
		break;
	default:
		break;
	}
}

#define COMMAND(op, kind_, present_fn, illegal_fn, run_fn)                               \
	[SMMU_OP_##op] = { "CMD_" #op, SMMU_CMD_##kind_, present_fn, illegal_fn, run_fn }
#define TLBI(op, present_fn, illegal_fn)                                                 \
	COMMAND(TLBI_##op, INVALIDATES, present_fn, illegal_fn, smmu_cmd_tlbi_##op)

static const struct smmu_command commands[256] = {
	COMMAND(PREFETCH_CONFIG, PLAIN, NULL, names_secure, run_prefetch_config),
	COMMAND(PREFETCH_ADDR, PLAIN, NULL, names_secure, run_prefetch_addr),
	COMMAND(CFGI_STE, INVALIDATES, NULL, names_secure, run_cfgi_ste),
	COMMAND(CFGI_STE_RANGE, INVALIDATES, NULL, names_secure, run_cfgi_range),
	COMMAND(CFGI_CD, INVALIDATES, has_s1, names_secure, run_cfgi_cd),
	COMMAND(CFGI_CD_ALL, INVALIDATES, has_s1, names_secure, run_cfgi_cd_all),
	COMMAND(CFGI_VMS_PIDM, INVALIDATES, smmu_vms_supported, names_secure,
		run_cfgi_vms_pidm),
	TLBI(NH_ALL, has_s1, NULL),
	TLBI(NH_ASID, has_s1, NULL),
	TLBI(NH_VA, has_s1, smmu_tlbi_illegal),
	TLBI(NH_VAA, has_s1, smmu_tlbi_illegal),
	TLBI(EL2_ALL, has_el2, NULL),
	TLBI(EL2_ASID, has_el2, NULL),
	TLBI(EL2_VA, has_el2, smmu_tlbi_illegal),
	TLBI(EL2_VAA, has_el2, smmu_tlbi_illegal),
	TLBI(S12_VMALL, has_s2, NULL),
	TLBI(S2_IPA, has_s2, smmu_tlbi_illegal),
	TLBI(NSNH_ALL, NULL, NULL),
	COMMAND(ATC_INV, SENDS, has_ats, bad_atc_inv, run_atc_inv),
	COMMAND(PRI_RESP, SENDS, has_pri, bad_pri_resp, run_pri_resp),
	COMMAND(RESUME, PLAIN, has_stall, names_secure, run_resume),
	COMMAND(STALL_TERM, PLAIN, has_stall, names_secure, run_stall_term),
	COMMAND(SYNC, SYNCS, NULL, bad_sync, run_sync),
	COMMAND(DPTI_ALL, INVALIDATES, has_dpt, NULL, run_dpti_all),
	COMMAND(DPTI_PA, INVALIDATES, has_dpt, NULL, run_dpti_pa),
};

/* What the functions above look at: if all of it is 0 they find nothing. */
static const struct {
	bool (*illegal)(const struct smmu *smmu, const uint64_t *dw);
	unsigned field[4];
} looked_at[] = {
	{ names_secure, { SMMU_CMD_SSec } },
	{ bad_atc_inv, { SMMU_CMD_ATC_INV_Size } },
	{ bad_pri_resp, { SMMU_CMD_PRI_RESP_Resp } },
	{ bad_sync, { SMMU_CMD_SYNC_CS } },
	{ smmu_tlbi_illegal,
	  { SMMU_CMD_TLBI_NH_VA_NUM, SMMU_CMD_TLBI_NH_VA_SCALE, SMMU_CMD_TLBI_NH_VA_TTL,
	    SMMU_CMD_TLBI_NH_VA_TG } },
};

static void init_suspects(struct smmu_cmd_row *row)
{
	for (size_t i = 0; i < sizeof(looked_at) / sizeof(looked_at[0]); i++)
		for (unsigned f = 0; looked_at[i].illegal == row->cmd->illegal && f < 4;
		     f++)
			if (looked_at[i].field[f])
				row->suspect[SMMU_FIELD_WORD(looked_at[i].field[f])] |=
					SMMU_MASK(looked_at[i].field[f]);
}

void smmu_commands_init(struct smmu *smmu)
{
	for (unsigned i = 0; i < 256; i++) {
		const struct smmu_command *cmd = &commands[i];

		if (cmd->run && (!cmd->present || cmd->present(&smmu->cfg)))
			smmu->op[i].cmd = cmd;
		if (smmu->op[i].cmd)
			init_suspects(&smmu->op[i]);
	}
	smmu_command_bits_init(smmu);
}
