/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "driver/cdtab.h"
#include "driver/cmdq.h"

#define CD_BYTES   (SMMU_CD_DWORDS * UINT64_C(8))
#define LEAF_LOG2  10u /* 1024 CDs in a leaf of 64 KiB (DRV-43) */
#define LEAF_BYTES (CD_BYTES << LEAF_LOG2)

static int table_alloc(struct arm_smmu_master *master)
{
	struct arm_smmu_cdtab *tab = &master->cdtab;
	struct arm_smmu *smmu = master->smmu;
	uint64_t size;

	tab->ssid_bits = master->ssid_bits;
	tab->two_level = (smmu->features & FEAT_2LVL_CDTAB) && tab->ssid_bits > LEAF_LOG2;
	if (tab->two_level)
		size = UINT64_C(8) << (tab->ssid_bits - LEAF_LOG2);
	else
		size = CD_BYTES << tab->ssid_bits;
	/* STE-46: aligned to its size, 64 bytes at least. */
	return arm_smmu_dma_alloc(smmu, size, size < 64 ? 64 : size, &tab->mem);
}

static struct iommu_dma leaf_at(const struct arm_smmu *smmu, uint64_t l1cd)
{
	struct iommu_dma mem = { .pa = smmu_get_addr(&l1cd, SMMU_L1CD_L2Ptr),
				 .size = LEAF_BYTES };

	mem.cpu = smmu->platform.ops->phys_to_virt(smmu->platform.ctx, mem.pa, mem.size);
	return mem;
}

static int leaf_alloc(struct arm_smmu_master *master, uint32_t ssid)
{
	hwword_t *at = (hwword_t *)master->cdtab.mem.cpu + (ssid >> LEAF_LOG2);
	struct iommu_dma mem;
	uint64_t l1cd = 0;
	int err;

	if (hw_load(at))
		return 0;
	err = arm_smmu_dma_alloc(master->smmu, LEAF_BYTES, LEAF_BYTES, &mem);
	if (err)
		return err;
	smmu_set(&l1cd, SMMU_L1CD_V, 1);
	smmu_set_addr(&l1cd, SMMU_L1CD_L2Ptr, mem.pa);
	hw_store(at, l1cd);
	/* The invalid descriptor may have been cached. */
	return arm_smmu_cfgi_cd(master, ssid, false);
}

int arm_smmu_cdtab_reserve(struct arm_smmu_master *master, uint32_t ssid)
{
	struct arm_smmu_cdtab *tab = &master->cdtab;
	int err = 0;

	if (ssid >> master->ssid_bits)
		return -ERANGE;
	if (!tab->mem.cpu)
		err = table_alloc(master);
	if (!err && tab->two_level)
		err = leaf_alloc(master, ssid);
	return err;
}

hwword_t *arm_smmu_cdtab_cd(const struct arm_smmu_master *master, uint32_t ssid)
{
	const struct arm_smmu_cdtab *tab = &master->cdtab;
	hwword_t *cds = tab->mem.cpu;

	if (!cds || ssid >> tab->ssid_bits)
		return NULL;
	if (tab->two_level) {
		uint64_t l1cd = hw_load(&cds[ssid >> LEAF_LOG2]);

		if (!l1cd)
			return NULL;
		cds = leaf_at(master->smmu, l1cd).cpu;
		ssid &= (1u << LEAF_LOG2) - 1;
	}
	return &cds[(size_t)ssid * SMMU_CD_DWORDS];
}

void arm_smmu_cdtab_free(struct arm_smmu_master *master)
{
	struct arm_smmu_cdtab *tab = &master->cdtab;

	for (uint64_t i = 0; tab->mem.cpu && tab->two_level && i < tab->mem.size / 8;
	     i++) {
		uint64_t l1cd = hw_load((hwword_t *)tab->mem.cpu + i);

		if (l1cd) {
			struct iommu_dma leaf = leaf_at(master->smmu, l1cd);

			arm_smmu_dma_free(master->smmu, &leaf);
		}
	}
	arm_smmu_dma_free(master->smmu, &tab->mem);
}
