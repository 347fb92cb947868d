/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "driver/strtab.h"

#define SPLIT	    8u /* STEs of a level-2 table: 2^8 (DRV-23) */
#define L1_LOG2_MAX 17u
#define STE_BYTES   (SMMU_STE_DWORDS * UINT64_C(8))
#define L2_BYTES    (STE_BYTES << SPLIT)
#define L1STD_BYTES (SMMU_L1STD_DWORDS * UINT64_C(8))

static void abort_all(hwword_t *ste, uint64_t count)
{
	uint64_t dw[SMMU_STE_DWORDS];

	arm_smmu_make_abort_ste(dw);
	for (uint64_t n = 0; n < count; n++, ste += SMMU_STE_DWORDS)
		for (unsigned i = 0; i < SMMU_STE_DWORDS; i++)
			hw_store(&ste[i], dw[i]);
}

int arm_smmu_strtab_init(struct arm_smmu *smmu)
{
	struct arm_smmu_strtab *tab = &smmu->strtab;
	uint64_t size;
	int err;

	tab->two_level = smmu->features & FEAT_2LVL_STRTAB;
	tab->log2 = smmu->sid_bits;
	if (tab->two_level && tab->log2 > SPLIT + L1_LOG2_MAX) {
		tab->log2 = SPLIT + L1_LOG2_MAX;
		arm_smmu_msg(smmu, IOMMU_MSG_WARNING,
			     "SMMU_IDR1.SIDSIZE is %u: StreamIDs of %u bits are served",
			     smmu->sid_bits, tab->log2);
	}
	size = tab->two_level ? L1STD_BYTES << (tab->log2 - SPLIT)
			      : STE_BYTES << tab->log2;
	/* The table is aligned to its size, the base register to 64 bytes. */
	err = arm_smmu_dma_alloc(smmu, size, size < 64 ? 64 : size, &tab->mem);
	if (err)
		arm_smmu_msg(smmu, IOMMU_MSG_ERROR,
			     "no memory for a stream table of %llu bytes",
			     (unsigned long long)size);
	else if (!tab->two_level)
		abort_all(tab->mem.cpu, UINT64_C(1) << tab->log2);
	return err;
}

static hwword_t *l1_entry(const struct arm_smmu *smmu, uint32_t sid)
{
	hwword_t *l1 = smmu->strtab.mem.cpu;

	return &l1[sid >> SPLIT];
}

static struct iommu_dma l2_table(const struct arm_smmu *smmu, uint64_t l1std)
{
	struct iommu_dma mem = { .pa = smmu_get_addr(&l1std, SMMU_L1STD_L2Ptr),
				 .size = L2_BYTES };

	mem.cpu = smmu->platform.ops->phys_to_virt(smmu->platform.ctx, mem.pa, mem.size);
	return mem;
}

void arm_smmu_strtab_fini(struct arm_smmu *smmu)
{
	struct arm_smmu_strtab *tab = &smmu->strtab;

	for (uint64_t i = 0; tab->two_level && tab->mem.cpu && i < tab->mem.size / 8;
	     i++) {
		uint64_t l1std = hw_load((hwword_t *)tab->mem.cpu + i);

		if (l1std) {
			struct iommu_dma l2 = l2_table(smmu, l1std);

			arm_smmu_dma_free(smmu, &l2);
		}
	}
	arm_smmu_dma_free(smmu, &tab->mem);
}

uint64_t arm_smmu_strtab_base(const struct arm_smmu *smmu)
{
	uint64_t base = 0;

	base = smmu_reg_set_addr(base, SMMU_STRTAB_BASE_ADDR, smmu->strtab.mem.pa);
	return smmu_reg_set(base, SMMU_STRTAB_BASE_RA, 1);
}

uint32_t arm_smmu_strtab_cfg(const struct arm_smmu *smmu)
{
	uint64_t cfg = 0;

	cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_LOG2SIZE, smmu->strtab.log2);
	if (smmu->strtab.two_level) {
		cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_FMT, 1);
		cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_SPLIT, SPLIT);
	}
	return (uint32_t)cfg;
}

static int reserve_l2(struct arm_smmu *smmu, uint32_t sid)
{
	struct iommu_dma mem;
	uint64_t l1std = 0;
	int err;

	if (hw_load(l1_entry(smmu, sid)))
		return 0;
	err = arm_smmu_dma_alloc(smmu, L2_BYTES, L2_BYTES, &mem);
	if (err)
		return err;
	/* All abort before any can be found: one store publishes them (DRV-23). */
	abort_all(mem.cpu, UINT64_C(1) << SPLIT);
	smmu_set_addr(&l1std, SMMU_L1STD_L2Ptr, mem.pa);
	smmu_set(&l1std, SMMU_L1STD_Span, SPLIT + 1);
	hw_store(l1_entry(smmu, sid), l1std);
	return 0;
}

int arm_smmu_strtab_reserve(struct arm_smmu *smmu, uint32_t sid)
{
	if ((uint64_t)sid >> smmu->strtab.log2)
		return -ERANGE;
	return smmu->strtab.two_level ? reserve_l2(smmu, sid) : 0;
}

hwword_t *arm_smmu_strtab_ste(const struct arm_smmu *smmu, uint32_t sid)
{
	hwword_t *table = smmu->strtab.mem.cpu;

	if (smmu->strtab.two_level) {
		table = l2_table(smmu, hw_load(l1_entry(smmu, sid))).cpu;
		sid &= (1u << SPLIT) - 1;
	}
	return &table[(size_t)sid * SMMU_STE_DWORDS];
}
