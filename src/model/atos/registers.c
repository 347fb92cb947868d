/* SPDX-License-Identifier: MIT */
/*
 * The registers of GATOS and VATOS (IHI 0070 6.3.37 to 6.3.40, 6.3.44, 6.3.99 to
 * 6.3.102; ATOS-1 to ATOS-7).
 *
 * CHOICE: a lookup is over when the write that sets RUN returns, so that RUN always
 * reads 0, no group is ever busy, and INTERNAL_ERR is never seen (ATOS-5, ATOS-6).
 */
#include <stddef.h>
#include "model/atos/atos.h"
#include "model/register/regfile.h"

static bool has_atos(const struct smmu *smmu)
{
	return smmu->cfg.atos;
}

static bool has_vatos(const struct smmu *smmu)
{
	return smmu->cfg.vatos;
}

static bool always(const struct smmu *smmu)
{
	(void)smmu;
	return true;
}

/* CHOICE (ATOS-26): what is wider than the SMMU's StreamIDs is not stored. */
static uint64_t limit_sid(const struct smmu *smmu)
{
	unsigned ssid_bits = smmu->cfg.ssid_bits;
	uint64_t ssid = smmu_low(UINT64_MAX, ssid_bits);

	return smmu_low(UINT64_MAX, smmu->cfg.sid_bits) |
	       (ssid << SMMU_FIELD_LSB(SMMU_GATOS_SID_SUBSTREAMID)) |
	       (ssid_bits ? SMMU_MASK(SMMU_GATOS_SID_SSID_VALID) : 0);
}

static uint64_t limit_vmid(const struct smmu *smmu)
{
	return smmu->cfg.vmid16 ? 0xffff : 0xff;
}

/* ATOS-3: without SMMUEN the write is ignored, from v3.2 on; CHOICE: before too. */
static bool may_run(const struct smmu *smmu, uint64_t ctrl)
{
	return smmu_reg_get(ctrl, SMMU_GATOS_CTRL_RUN) &&
	       smmu_reg_get(smmu->regs.cr0, SMMU_CR0_SMMUEN) &&
	       smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_SMMUEN);
}

static void write_gatos_ctrl(struct smmu *smmu, uint64_t value)
{
	if (may_run(smmu, value))
		smmu->gatos.par = smmu_atos_lookup(smmu, &smmu->gatos, false);
}

static void write_vatos_ctrl(struct smmu *smmu, uint64_t value)
{
	if (may_run(smmu, value))
		smmu->vatos.par = smmu_atos_lookup(smmu, &smmu->vatos, true);
}

#define AT(member) offsetof(struct smmu, member)
#define ALL	   UINT64_MAX
#define ADDR_BITS                                                                        \
	(SMMU_MASK(SMMU_GATOS_ADDR_ADDR) | SMMU_MASK(SMMU_GATOS_ADDR_TYPE) |             \
	 SMMU_MASK(SMMU_GATOS_ADDR_PnU) | SMMU_MASK(SMMU_GATOS_ADDR_RnW) |               \
	 SMMU_MASK(SMMU_GATOS_ADDR_InD) | SMMU_MASK(SMMU_GATOS_ADDR_HTTUI))
#define GROUP(q, m, base, has, run)                                                      \
	{ base + SMMU_REG_##q##_CTRL, 4, AT(m.ctrl), 1, NULL, has, always, run, false }, \
		{ base + SMMU_REG_##q##_SID,                                             \
		  8,                                                                     \
		  AT(m.sid),                                                             \
		  ALL,                                                                   \
		  limit_sid,                                                             \
		  has,                                                                   \
		  always,                                                                \
		  NULL,                                                                  \
		  false },                                                               \
		{ base + SMMU_REG_##q##_ADDR,                                            \
		  8,                                                                     \
		  AT(m.addr),                                                            \
		  ADDR_BITS,                                                             \
		  NULL,                                                                  \
		  has,                                                                   \
		  always,                                                                \
		  NULL,                                                                  \
		  false },                                                               \
	{                                                                                \
		base + SMMU_REG_##q##_PAR, 8, AT(m.par), ALL, NULL, has, NULL, NULL,     \
			false                                                            \
	}

static const struct smmu_regdesc rows[] = {
	GROUP(GATOS, gatos, 0, has_atos, write_gatos_ctrl),
	GROUP(VATOS, vatos, SMMU_VATOS_ROWS, has_vatos, write_vatos_ctrl),
	{ SMMU_REG_VATOS_SEL, 4, AT(vatos_sel), ALL, limit_vmid, has_vatos, always,
	  NULL, false },
};

const struct smmu_regtable smmu_regs_atos = { rows, sizeof(rows) / sizeof(rows[0]) };
