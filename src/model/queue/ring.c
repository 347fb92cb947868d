/* SPDX-License-Identifier: MIT */
#include "model/mpam/mpam.h"
#include "model/queue/ring.h"

/* REG-39: CR1's codes are not those of a STE; hints come from the BASE register. */
static uint8_t memtype(uint64_t code)
{
	static const uint8_t types[4] = { SMMU_MT_NC, SMMU_MT_WB, SMMU_MT_WT,
					  SMMU_MT_NC };

	return types[code & 3];
}

static struct smmu_attr ring_attr(const struct smmu *smmu, uint64_t base_reg)
{
	uint64_t sh = smmu_reg_get(smmu->regs.cr1, SMMU_CR1_QUEUE_SH);
	struct smmu_attr attr = {
		.inner = memtype(smmu_reg_get(smmu->regs.cr1, SMMU_CR1_QUEUE_IC)),
		.outer = memtype(smmu_reg_get(smmu->regs.cr1, SMMU_CR1_QUEUE_OC)),
		.sh = sh == 1 ? SMMU_SH_NSH : (uint8_t)sh,
		.priv = 1,
		.ns = 1,
	};

	/* CMDQ_BASE.RA, EVENTQ_BASE.WA and PRIQ_BASE.WA are one bit. */
	if (attr.inner != SMMU_MT_NC || attr.outer != SMMU_MT_NC)
		attr.ra = attr.wa = smmu_reg_get(base_reg, SMMU_CMDQ_BASE_RA) != 0;
	else
		attr.sh = SMMU_SH_OSH;
	return attr;
}

struct smmu_ring smmu_ring_of(const struct smmu *smmu, uint64_t base_reg, unsigned max,
			      unsigned entry)
{
	struct smmu_ring r = { .entry = entry };
	uint64_t size;

	r.log2 = (unsigned)smmu_reg_get(base_reg, SMMU_CMDQ_BASE_LOG2SIZE);
	if (r.log2 > max)
		r.log2 = max;
	size = UINT64_C(1) << (entry + r.log2);
	if (size < 32)
		size = 32;
	r.base = smmu_reg_get_addr(base_reg, SMMU_CMDQ_BASE_ADDR) & ~(size - 1);
	r.base &= (UINT64_C(1) << smmu->id.oas) - 1;
	r.attr = ring_attr(smmu, base_reg);
	smmu_attr_mpam(&r.attr, smmu_mpam_own(smmu));
	return r;
}
