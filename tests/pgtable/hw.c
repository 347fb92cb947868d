/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/arch.h>
#include <smmulator/bus.h>
#include "pgtable/hw.h"

#define CONFIG UINT64_C(0x10000) /* STEs, then a CD */
#define SLOT   UINT64_C(0x100000)
enum { SLOTS = 96, ASID = 5, VMID = 7 };

/* ---- Memory: a slot of 1 MiB for each piece, the root's 16 tables of 64 KiB in one ----
 */

static int hw_alloc(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem)
{
	struct hw *hw = ctx;
	unsigned i = 0;
	int err = 0;

	assert_true(size <= SLOT && align <= SLOT);
	pthread_mutex_lock(&hw->lock);
	hw->allocs++;
	while (i < hw->slots && hw->sizes[i])
		i++;
	if (!hw->fail_after)
		err = -ENOMEM;
	if (hw->fail_after > 0)
		hw->fail_after--;
	if (!err) {
		assert_true(i < hw->slots);
		*mem = (struct iommu_dma){ .pa = hw->base + i * SLOT, .size = size };
		mem->cpu = smmu_bus_ptr(hw->bus, mem->pa, size);
		hw->sizes[i] = size;
		hw->live++;
		memset(mem->cpu, 0, size);
	}
	pthread_mutex_unlock(&hw->lock);
	return err;
}

static void hw_free(void *ctx, const struct iommu_dma *mem)
{
	struct hw *hw = ctx;
	uint64_t i = (mem->pa - hw->base) / SLOT;

	pthread_mutex_lock(&hw->lock);
	assert_int_equal(hw->sizes[i], mem->size);
	/* Whoever still walks it finds leaves to nowhere that was ever mapped. */
	memset(mem->cpu, 0xa5, mem->size);
	hw->sizes[i] = 0;
	hw->live--;
	pthread_mutex_unlock(&hw->lock);
}

static void *hw_virt(void *ctx, uint64_t pa, uint64_t len)
{
	return smmu_bus_ptr(((struct hw *)ctx)->bus, pa, len);
}

static const struct iommu_platform_ops platform_ops = {
	.dma_alloc = hw_alloc,
	.dma_free = hw_free,
	.phys_to_virt = hw_virt,
};

/* One bank, or one for each slot, in no order that would keep the distance. */
static void add_ram(struct hw *hw)
{
	if (!hw->scattered) {
		assert_int_equal(smmu_bus_add_ram(hw->bus, hw->base, SLOTS * SLOT, NULL),
				 0);
		return;
	}
	for (unsigned i = hw->slots; i--;)
		assert_int_equal(
			smmu_bus_add_ram(hw->bus, hw->base + i * SLOT, SLOT, NULL), 0);
}

void hw_up(struct hw *hw, uint64_t base, bool scattered)
{
	struct smmu_config cfg;

	*hw = (struct hw){ .base = base, .scattered = scattered, .fail_after = -1 };
	hw->slots = scattered ? 24 : SLOTS;
	hw->sizes = calloc(SLOTS, sizeof(*hw->sizes));
	pthread_mutex_init(&hw->lock, NULL);
	hw->platform = (struct iommu_platform){ &platform_ops, hw };
	assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_V3_4), 0);
	cfg.sid_bits = 1;
	cfg.httu = 2;
	cfg.no_tlb = cfg.no_config_cache = 1;
	hw->bus = smmu_bus_create();
	assert_int_equal(smmu_bus_add_ram(hw->bus, CONFIG, CONFIG, NULL), 0);
	add_ram(hw);
	assert_int_equal(smmu_create(&hw->smmu, hw->bus, &cfg), 0);
	hw->ste = smmu_bus_ptr(hw->bus, CONFIG, 128);
	hw->cd = hw->ste + 16;
	smmu_mmio_write(hw->smmu, SMMU_REG_STRTAB_BASE, 8, CONFIG);
	smmu_mmio_write(hw->smmu, SMMU_REG_STRTAB_BASE_CFG, 4, 0);
	smmu_mmio_write(hw->smmu, SMMU_REG_CR0, 4, SMMU_MASK(SMMU_CR0_SMMUEN));
	hw->port = smmu_port_open(hw->smmu);
	assert_non_null(hw->port);
}

void hw_down(struct hw *hw)
{
	assert_int_equal(hw->live, 0);
	smmu_port_close(hw->port);
	smmu_destroy(hw->smmu);
	smmu_bus_destroy(hw->bus);
	pthread_mutex_destroy(&hw->lock);
	free(hw->sizes);
}

static void fill_cd(struct hw *hw, const struct io_pgtable_cfg *cfg)
{
	const struct io_pgtable_s1 *s1 = &cfg->s1;
	uint64_t *cd = hw->cd;

	memset(cd, 0, 64);
	if (cfg->quirks & IO_PGTABLE_QUIRK_TTBR1) {
		smmu_set(cd, SMMU_CD_T1SZ, s1->tsz);
		smmu_set(cd, SMMU_CD_TG1, s1->tg);
		smmu_set(cd, SMMU_CD_EPD0, 1);
		smmu_set_addr(cd, SMMU_CD_TTB1, s1->ttb);
		smmu_set(cd, SMMU_CD_SH1, s1->sh);
	} else {
		smmu_set(cd, SMMU_CD_T0SZ, s1->tsz);
		smmu_set(cd, SMMU_CD_TG0, s1->tg);
		smmu_set(cd, SMMU_CD_EPD1, 1);
		smmu_set_addr(cd, SMMU_CD_TTB0, s1->ttb);
		smmu_set(cd, SMMU_CD_SH0, s1->sh);
	}
	smmu_set(cd, SMMU_CD_V, 1);
	smmu_set(cd, SMMU_CD_IPS, s1->ips);
	smmu_set(cd, SMMU_CD_DS, s1->ds);
	smmu_set(cd, SMMU_CD_AA64, SMMU_AA64_V8_64);
	smmu_set(cd, SMMU_CD_R, 1);
	smmu_set(cd, SMMU_CD_A, 1);
	smmu_set(cd, SMMU_CD_ASET, 1);
	smmu_set(cd, SMMU_CD_ASID, ASID);
	smmu_set(cd, SMMU_CD_HA, !!(cfg->quirks & IO_PGTABLE_QUIRK_DIRTY));
	smmu_set(cd, SMMU_CD_HD, !!(cfg->quirks & IO_PGTABLE_QUIRK_DIRTY));
	smmu_set(cd, SMMU_CD_MAIR0, s1->mair);
	smmu_set(cd, SMMU_CD_MAIR1, s1->mair >> 32);
}

static void fill_s2(uint64_t *ste, const struct io_pgtable_cfg *cfg)
{
	const struct io_pgtable_s2 *s2 = &cfg->s2;

	smmu_set(ste, SMMU_STE_S2VMID, VMID);
	smmu_set(ste, SMMU_STE_S2T0SZ, s2->t0sz);
	smmu_set(ste, SMMU_STE_S2SL0, s2->sl0);
	smmu_set(ste, SMMU_STE_S2SH0, s2->sh);
	smmu_set(ste, SMMU_STE_S2TG, s2->tg);
	smmu_set(ste, SMMU_STE_S2PS, s2->ps);
	smmu_set(ste, SMMU_STE_S2DS, s2->ds);
	smmu_set(ste, SMMU_STE_S2AA64, 1);
	smmu_set(ste, SMMU_STE_S2R, 1);
	smmu_set(ste, SMMU_STE_S2FWB, !!(cfg->quirks & IO_PGTABLE_QUIRK_S2FWB));
	smmu_set(ste, SMMU_STE_S2HA, !!(cfg->quirks & IO_PGTABLE_QUIRK_DIRTY));
	smmu_set(ste, SMMU_STE_S2HD, !!(cfg->quirks & IO_PGTABLE_QUIRK_DIRTY));
	smmu_set_addr(ste, SMMU_STE_S2TTB, s2->ttb);
}

void hw_install(struct hw *hw, const struct io_pgtable_cfg *cfg)
{
	uint64_t *ste = hw->ste;

	memset(ste, 0, 64);
	smmu_set(ste, SMMU_STE_V, 1);
	if (cfg->fmt == IO_PGTABLE_STAGE1) {
		fill_cd(hw, cfg);
		smmu_set(ste, SMMU_STE_Config, SMMU_STE_CONFIG_S1);
		smmu_set_addr(ste, SMMU_STE_S1ContextPtr, CONFIG + 128);
		smmu_set(ste, SMMU_STE_STRW, SMMU_STRW_EL1);
	} else {
		smmu_set(ste, SMMU_STE_Config, SMMU_STE_CONFIG_S2);
		fill_s2(ste, cfg);
	}
}

struct smmu_result hw_access(struct hw *hw, uint64_t iova, bool write)
{
	struct smmu_txn txn = { .addr = iova, .op = write ? SMMU_WRITE : SMMU_READ };

	return smmu_translate(hw->port, &txn);
}
