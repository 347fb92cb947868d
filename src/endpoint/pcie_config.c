/* SPDX-License-Identifier: MIT */
/* The configuration space of a function: what is there, and what a write does. */
#include <errno.h>
#include <string.h>
#include "endpoint/pcie.h"

uint32_t pcie_get(const struct smmu_pcie *fn, unsigned offset, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = size; i-- > 0;)
		value = value << 8 | fn->space[offset + i];
	return value;
}

void pcie_put(struct smmu_pcie *fn, unsigned offset, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < size; i++)
		fn->space[offset + i] = (uint8_t)(value >> 8 * i);
}

/* ---- contents after a reset ---- */

/* Appends an extended capability at `at`, after the one before; returns at. */
static unsigned ext_cap(struct smmu_pcie *fn, unsigned *last, unsigned *at, unsigned id,
			unsigned len)
{
	unsigned here = *at;

	pcie_put(fn, here, 4, id | 1u << 16);
	if (*last)
		pcie_put(fn, *last, 4, pcie_get(fn, *last, 4) | here << 20);
	*last = here;
	*at += len;
	return here;
}

static void put_caps(struct smmu_pcie *fn)
{
	const struct smmu_pcie_config *c = &fn->cfg;
	unsigned at = CFG_EXT, last = 0, cap;

	if (c->ats) {
		cap = ext_cap(fn, &last, &at, SMMU_PCI_EXT_ATS - 0x100, 8);
		/* Queue of 32, page aligned, Global Invalidate if there are PASIDs. */
		pcie_put(fn, cap + 4, 2, 1u << 5 | (c->pasid_width ? 1u << 6 : 0));
		fn->ats_cap = (uint16_t)cap;
	}
	if (c->pri) {
		cap = ext_cap(fn, &last, &at, SMMU_PCI_EXT_PRI - 0x100, 16);
		pcie_put(fn, cap + PRI_STATUS, 2,
			 PRI_STOPPED | (c->pasid_width ? PRI_PASID_REQUIRED : 0));
		pcie_put(fn, cap + PRI_CAPACITY, 4, c->page_requests);
		fn->pri_cap = (uint16_t)cap;
	}
	if (c->pasid_width) {
		cap = ext_cap(fn, &last, &at, SMMU_PCI_EXT_PASID - 0x100, 8);
		pcie_put(fn, cap + 4, 2,
			 (c->pasid_exec ? PASID_EXEC : 0u) |
				 (c->pasid_priv ? PASID_PRIV : 0u) |
				 (uint32_t)c->pasid_width << 8);
		fn->pasid_cap = (uint16_t)cap;
	}
}

void pcie_config_init(struct smmu_pcie *fn)
{
	memset(fn->space, 0, sizeof(fn->space));
	pcie_put(fn, 0, 2, fn->cfg.vendor);
	pcie_put(fn, 2, 2, fn->cfg.device);
	pcie_put(fn, 6, 2, 1u << 4); /* has capabilities */
	pcie_put(fn, 0x34, 1, CFG_EXP);
	pcie_put(fn, CFG_EXP, 4, SMMU_PCI_CAP_EXP | 2u << 16); /* an endpoint */
	pcie_put(fn, CFG_DEVCAP, 4, fn->cfg.flr ? (uint32_t)DEVCAP_FLR : 0);
	put_caps(fn);
}

/* ---- what is enabled ---- */

static uint32_t cap_get(const struct smmu_pcie *fn, unsigned cap, unsigned offset,
			unsigned size)
{
	return cap ? pcie_get(fn, cap + offset, size) : 0;
}

bool pcie_ats_on(const struct smmu_pcie *fn)
{
	return cap_get(fn, fn->ats_cap, ATS_CTRL, 2) & ATS_ENABLE;
}

bool pcie_pri_on(const struct smmu_pcie *fn)
{
	return cap_get(fn, fn->pri_cap, PRI_CTRL, 2) & PRI_ENABLE;
}

unsigned pcie_pasid_ctrl(const struct smmu_pcie *fn)
{
	return cap_get(fn, fn->pasid_cap, PASID_CTRL, 2);
}

/* ---- writes ---- */

/* PCIe 10.5.1: STU is fixed while the function may ask. */
static void write_ats(struct smmu_pcie *fn, uint32_t value)
{
	uint32_t old = pcie_get(fn, fn->ats_cap + ATS_CTRL, 2);

	value &= ATS_ENABLE | ATS_STU;
	if (old & ATS_ENABLE)
		value = (value & ATS_ENABLE) | (old & ATS_STU);
	pcie_put(fn, fn->ats_cap + ATS_CTRL, 2, value);
	/* 10.5.1.2: its entries are of no use from here on. */
	if (!(value & ATS_ENABLE))
		atc_clear(&fn->atc);
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
		memset(fn->prg, 0, sizeof(fn->prg));
		fn->outstanding = 0;
	}
	pcie_put(fn, fn->pri_cap + PRI_CTRL, 2, value & PRI_ENABLE);
	if (on && !was) {
		fn->pri_stopped = false;
		set_status(fn, 0, PRI_STOPPED | PRI_RF | PRI_UPRGI);
	} else if (!on && !fn->outstanding) {
		set_status(fn, PRI_STOPPED, 0);
	}
}

static void write_pri_alloc(struct smmu_pcie *fn, uint32_t value)
{
	if (!pcie_pri_on(fn))
		pcie_put(fn, fn->pri_cap + PRI_ALLOC, 4, value);
}

/* Bytes of `value` for the register [reg, reg + len); the others keep what they have. */
static uint32_t merge(struct smmu_pcie *fn, unsigned reg, unsigned len, unsigned offset,
		      unsigned size, uint32_t value)
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

static bool touches(unsigned reg, unsigned len, unsigned offset, unsigned size)
{
	return offset < reg + len && reg < offset + size;
}

static void write(struct smmu_pcie *fn, unsigned offset, unsigned size, uint32_t value)
{
	unsigned reg;

	if (touches(CFG_COMMAND, 2, offset, size))
		pcie_put(fn, CFG_COMMAND, 2,
			 merge(fn, CFG_COMMAND, 2, offset, size, value) & COMMAND_MASTER);
	reg = fn->pasid_cap + PASID_CTRL;
	if (fn->pasid_cap && touches(reg, 2, offset, size))
		write_pasid(fn, merge(fn, reg, 2, offset, size, value));
	reg = fn->ats_cap + ATS_CTRL;
	if (fn->ats_cap && touches(reg, 2, offset, size))
		write_ats(fn, merge(fn, reg, 2, offset, size, value));
	reg = fn->pri_cap + PRI_CTRL;
	if (fn->pri_cap && touches(reg, 2, offset, size))
		write_pri_ctrl(fn, merge(fn, reg, 2, offset, size, value));
	/* RW1C */
	reg = fn->pri_cap + PRI_STATUS;
	if (fn->pri_cap && touches(reg, 2, offset, size))
		set_status(fn, 0,
			   (offset <= reg ? value >> 8 * (reg - offset) : 0) &
				   (PRI_RF | PRI_UPRGI));
	reg = fn->pri_cap + PRI_ALLOC;
	if (fn->pri_cap && touches(reg, 4, offset, size))
		write_pri_alloc(fn, merge(fn, reg, 4, offset, size, value));
	if (touches(CFG_DEVCTL, 2, offset, size) && fn->cfg.flr &&
	    (merge(fn, CFG_DEVCTL, 2, offset, size, value) & DEVCTL_FLR))
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
	pthread_mutex_lock(&fn->lock);
	value = pcie_get(fn, offset, size);
	pthread_mutex_unlock(&fn->lock);
	return value;
}

void smmu_pcie_cfg_write(struct smmu_pcie *fn, uint16_t offset, unsigned size,
			 uint32_t value)
{
	if (!fits(offset, size))
		return;
	pthread_mutex_lock(&fn->lock);
	write(fn, offset, size, value);
	pthread_mutex_unlock(&fn->lock);
}

/* ---- finding capabilities, and what drivers do with them ---- */

uint16_t smmu_pcie_find_cap(struct smmu_pcie *fn, unsigned id)
{
	switch (id) {
	case SMMU_PCI_CAP_EXP:
		return CFG_EXP;
	case SMMU_PCI_EXT_ATS:
		return fn->ats_cap;
	case SMMU_PCI_EXT_PRI:
		return fn->pri_cap;
	case SMMU_PCI_EXT_PASID:
		return fn->pasid_cap;
	default:
		return 0;
	}
}

void smmu_pcie_set_master(struct smmu_pcie *fn, bool on)
{
	smmu_pcie_cfg_write(fn, CFG_COMMAND, 2, on ? COMMAND_MASTER : 0);
}

static bool ats_is_on(struct smmu_pcie *fn)
{
	return smmu_pcie_cfg_read(fn, (uint16_t)(fn->ats_cap + ATS_CTRL), 2) & ATS_ENABLE;
}

static int set_pasid(struct smmu_pcie *fn, uint32_t ctrl)
{
	if (!fn->pasid_cap)
		return -EOPNOTSUPP;
	if (fn->ats_cap && ats_is_on(fn))
		return -EBUSY;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pasid_cap + PASID_CTRL), 2, ctrl);
	return 0;
}

int smmu_pcie_enable_pasid(struct smmu_pcie *fn, bool exec, bool priv)
{
	if ((exec && !fn->cfg.pasid_exec) || (priv && !fn->cfg.pasid_priv))
		return -EOPNOTSUPP;
	return set_pasid(fn, PASID_ENABLE | (exec ? PASID_EXEC : 0u) |
				     (priv ? PASID_PRIV : 0u));
}

int smmu_pcie_disable_pasid(struct smmu_pcie *fn)
{
	return set_pasid(fn, 0);
}

int smmu_pcie_enable_ats(struct smmu_pcie *fn, unsigned stu)
{
	if (!fn->ats_cap)
		return -EOPNOTSUPP;
	if (stu < 12 || stu > 43)
		return -EINVAL;
	if (ats_is_on(fn))
		return -EBUSY;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->ats_cap + ATS_CTRL), 2,
			    ATS_ENABLE | (stu - 12));
	return 0;
}

int smmu_pcie_disable_ats(struct smmu_pcie *fn)
{
	if (!fn->ats_cap)
		return -EOPNOTSUPP;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->ats_cap + ATS_CTRL), 2, 0);
	return 0;
}

int smmu_pcie_enable_pri(struct smmu_pcie *fn, uint32_t allocation)
{
	if (!fn->pri_cap)
		return -EOPNOTSUPP;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pri_cap + PRI_CTRL), 2, 0);
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pri_cap + PRI_CTRL), 2, PRI_RESET);
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pri_cap + PRI_ALLOC), 4, allocation);
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pri_cap + PRI_CTRL), 2, PRI_ENABLE);
	return 0;
}

int smmu_pcie_disable_pri(struct smmu_pcie *fn)
{
	if (!fn->pri_cap)
		return -EOPNOTSUPP;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pri_cap + PRI_CTRL), 2, 0);
	return 0;
}
