/* SPDX-License-Identifier: MIT */
/* What a write to configuration space does. */
#include "endpoint/pcie.h"

/* PCIe 10.5.1: STU is fixed while the function may ask. */
static void write_ats(struct smmu_pcie *fn, uint32_t value)
{
	uint32_t old = pcie_get(fn, fn->ats_cap + ATS_CTRL, 2);

	/* A VF's STU is its PF's (9.3.7.8). */
	value &= fn->pf == fn ? ATS_ENABLE | ATS_STU : ATS_ENABLE;
	if (old & ATS_ENABLE)
		value = (value & ATS_ENABLE) | (old & ATS_STU);
	pcie_put(fn, fn->ats_cap + ATS_CTRL, 2, value);
	/* 10.5.1.2: its entries are of no use from here on, nor what is being asked. */
	if (!(value & ATS_ENABLE)) {
		atc_clear(&fn->atc);
		fn->inv_seq++;
	}
}

/* PCIe 7.8.8: the controls may change only while ATS is off (CHOICE: else ignored). */
static void write_pasid(struct smmu_pcie *fn, uint32_t value)
{
	uint32_t can = pcie_get(fn, fn->pasid_cap + 4, 2) & (PASID_EXEC | PASID_PRIV);

	if (!pcie_ats_on(fn))
		pcie_put(fn, fn->pasid_cap + PASID_CTRL, 2, value & (PASID_ENABLE | can));
}

static void set_status(struct smmu_pcie *fn, uint32_t set, uint32_t clear)
{
	uint32_t status = pcie_get(fn, fn->pri_cap + PRI_STATUS, 2);

	pcie_put(fn, fn->pri_cap + PRI_STATUS, 2, (status & ~clear) | set);
}

/* PCIe 10.5.2.2 */
static void write_pri_ctrl(struct smmu_pcie *fn, uint32_t value)
{
	bool was = pcie_pri_on(fn), on = value & PRI_ENABLE;

	if ((value & PRI_RESET) && !on) {
		pcie_forget_pages(fn);
		for (unsigned i = 0; i < fn->cfg.total_vfs; i++)
			pcie_forget_pages(fn->vf[i]);
	}
	pcie_put(fn, fn->pri_cap + PRI_CTRL, 2, value & PRI_ENABLE);
	if (on && !was) {
		fn->pri_stopped = false;
		set_status(fn, 0, PRI_STOPPED | PRI_RF | PRI_UPRGI);
	} else if (!on && !fn->all_outstanding) {
		set_status(fn, PRI_STOPPED, 0);
	}
}

static void write_pri_alloc(struct smmu_pcie *fn, uint32_t value)
{
	if (!pcie_pri_on(fn))
		pcie_put(fn, fn->pri_cap + PRI_ALLOC, 4, value);
}

/* Bytes of `value` for the register [reg, reg + len); the others keep what they have. */
uint32_t pcie_merge(const struct smmu_pcie *fn, unsigned reg, unsigned len,
		    unsigned offset, unsigned size, uint32_t value)
{
	uint32_t all = pcie_get(fn, reg, len);

	for (unsigned i = 0; i < size; i++) {
		unsigned at = offset + i - reg;

		if (offset + i < reg || at >= len)
			continue;
		all &= ~(0xffu << 8 * at);
		all |= (value >> 8 * i & 0xff) << 8 * at;
	}
	return all;
}

bool pcie_touches(unsigned reg, unsigned len, unsigned offset, unsigned size)
{
	return offset < reg + len && reg < offset + size;
}

/* NumVFs and the page size stand still while there are VFs (9.3.3.7; CHOICE: ignored). */
static void write_sriov(struct smmu_pcie *fn, unsigned offset, unsigned size,
			uint32_t value)
{
	const unsigned cap = fn->sriov_cap;
	const bool on = pcie_get(fn, cap + SRIOV_CTRL, 2) & SRIOV_VF_ENABLE;

	if (pcie_touches(cap + SRIOV_NUM_VFS, 2, offset, size) && !on)
		pcie_put(fn, cap + SRIOV_NUM_VFS, 2,
			 pcie_merge(fn, cap + SRIOV_NUM_VFS, 2, offset, size, value));
	if (pcie_touches(cap + SRIOV_PAGE_SIZE, 4, offset, size) && !on)
		pcie_put(fn, cap + SRIOV_PAGE_SIZE, 4,
			 pcie_merge(fn, cap + SRIOV_PAGE_SIZE, 4, offset, size, value));
	if (pcie_touches(cap + SRIOV_BAR0, 4, offset, size) && fn->cfg.msix_vectors)
		pcie_put(fn, cap + SRIOV_BAR0, 4,
			 pcie_merge(fn, cap + SRIOV_BAR0, 4, offset, size, value) &
				 ~(BAR_SIZE - 1u));
	if (pcie_touches(cap + SRIOV_CTRL, 2, offset, size)) {
		pcie_put(fn, cap + SRIOV_CTRL, 2,
			 pcie_merge(fn, cap + SRIOV_CTRL, 2, offset, size, value) &
				 (SRIOV_VF_ENABLE | SRIOV_VF_MEMORY | SRIOV_ARI));
		pcie_count_vfs(fn);
	}
}

static void write_pri(struct smmu_pcie *fn, unsigned offset, unsigned size,
		      uint32_t value)
{
	unsigned reg = fn->pri_cap + (unsigned)PRI_CTRL;

	if (pcie_touches(reg, 2, offset, size))
		write_pri_ctrl(fn, pcie_merge(fn, reg, 2, offset, size, value));
	/* RW1C */
	reg = fn->pri_cap + (unsigned)PRI_STATUS;
	if (pcie_touches(reg, 2, offset, size))
		set_status(fn, 0,
			   (offset <= reg ? value >> 8 * (reg - offset) : 0) &
				   (PRI_RF | PRI_UPRGI));
	reg = fn->pri_cap + (unsigned)PRI_ALLOC;
	if (pcie_touches(reg, 4, offset, size))
		write_pri_alloc(fn, pcie_merge(fn, reg, 4, offset, size, value));
}

static void write_header(struct smmu_pcie *fn, unsigned offset, unsigned size,
			 uint32_t value)
{
	const bool pf = fn->pf == fn;

	/* 9.3.4.1.3: the memory space of VFs is the PF's to enable. */
	if (pcie_touches(CFG_COMMAND, 2, offset, size))
		pcie_put(fn, CFG_COMMAND, 2,
			 pcie_merge(fn, CFG_COMMAND, 2, offset, size, value) &
				 (pf ? COMMAND_MASTER | COMMAND_MEMORY : COMMAND_MASTER));
	if (pcie_touches(CFG_BAR0, 4, offset, size) && pf && fn->cfg.msix_vectors)
		pcie_put(fn, CFG_BAR0, 4,
			 pcie_merge(fn, CFG_BAR0, 4, offset, size, value) &
				 ~(BAR_SIZE - 1u));
}

static void write(struct smmu_pcie *fn, unsigned offset, unsigned size, uint32_t value)
{
	unsigned reg;

	write_header(fn, offset, size, value);
	pcie_msi_write_config(fn, offset, size, value);
	reg = fn->pasid_cap + (unsigned)PASID_CTRL;
	if (fn->pasid_cap && pcie_touches(reg, 2, offset, size))
		write_pasid(fn, pcie_merge(fn, reg, 2, offset, size, value));
	reg = fn->ats_cap + (unsigned)ATS_CTRL;
	if (fn->ats_cap && pcie_touches(reg, 2, offset, size))
		write_ats(fn, pcie_merge(fn, reg, 2, offset, size, value));
	if (fn->pri_cap)
		write_pri(fn, offset, size, value);
	if (fn->sriov_cap)
		write_sriov(fn, offset, size, value);
	if (pcie_touches(CFG_DEVCTL, 2, offset, size) && fn->cfg.flr &&
	    (pcie_merge(fn, CFG_DEVCTL, 2, offset, size, value) & DEVCTL_FLR))
		pcie_reset(fn);
}

static bool fits(uint16_t offset, unsigned size)
{
	return (size == 1 || size == 2 || size == 4) && offset % size == 0 &&
	       offset < CFG_SIZE;
}

uint32_t smmu_pcie_cfg_read(struct smmu_pcie *fn, uint16_t offset, unsigned size)
{
	uint32_t value = UINT32_MAX;

	if (!fits(offset, size))
		return value;
	pthread_mutex_lock(fn->lock);
	if (fn->present)
		value = pcie_get(fn, offset, size);
	pthread_mutex_unlock(fn->lock);
	return value;
}

void smmu_pcie_cfg_write(struct smmu_pcie *fn, uint16_t offset, unsigned size,
			 uint32_t value)
{
	if (!fits(offset, size))
		return;
	pthread_mutex_lock(fn->lock);
	if (fn->present)
		write(fn, offset, size, value);
	pthread_mutex_unlock(fn->lock);
	pcie_msi_catch_up(fn);
}
