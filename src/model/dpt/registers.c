/* SPDX-License-Identifier: MIT */
/* DPT_BASE, DPT_BASE_CFG and DPT_CFG_FAR (6.3.46 to 6.3.48; REG-115, REG-116). */
#include <stddef.h>
#include "model/dpt/dpt.h"
#include "model/register/regfile.h"

static bool has_dpt(const struct smmu *smmu)
{
	return smmu->cfg.dpt;
}

static bool always(const struct smmu *smmu)
{
	(void)smmu;
	return true;
}

static bool walks_off(const struct smmu *smmu)
{
	return !((smmu->regs.cr0 | smmu->regs.cr0ack) & SMMU_MASK(SMMU_CR0_DPT_WALK_EN));
}

/* REG-15 */
static uint64_t limit_base(const struct smmu *smmu)
{
	return smmu_low(SMMU_MASK(SMMU_DPT_BASE_BADDR), smmu->id.oas) |
	       SMMU_MASK(SMMU_DPT_BASE_RA);
}

static uint64_t limit_far(const struct smmu *smmu)
{
	return smmu_low(UINT64_MAX, smmu->id.oas);
}

/* REG-116: it can only be cleared, and only as a whole. */
static void write_far(struct smmu *smmu, uint64_t value)
{
	if (!smmu_reg_get(value, SMMU_DPT_CFG_FAR_FAULT))
		smmu->dpt.far = 0;
}

#define AT(member) offsetof(struct smmu, member)
#define CFG_BITS                                                                         \
	(SMMU_MASK(SMMU_DPT_BASE_CFG_L0DPTSZ) | SMMU_MASK(SMMU_DPT_BASE_CFG_DPTGS) |     \
	 SMMU_MASK(SMMU_DPT_BASE_CFG_DPTPS))

static const struct smmu_regdesc rows[] = {
	{ SMMU_REG_DPT_BASE, 8, AT(dpt.base), UINT64_MAX, limit_base, has_dpt, walks_off,
	  NULL, false },
	{ SMMU_REG_DPT_BASE_CFG, 4, AT(dpt.base_cfg), CFG_BITS, NULL, has_dpt, walks_off,
	  NULL, false },
	{ SMMU_REG_DPT_CFG_FAR, 8, AT(dpt.far), UINT64_MAX, limit_far, has_dpt, always,
	  write_far, false },
};

const struct smmu_regtable smmu_regs_dpt = { rows, sizeof(rows) / sizeof(rows[0]) };
