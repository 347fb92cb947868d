/* SPDX-License-Identifier: MIT */
/* Configuration space as software uses it: capabilities found, and switched on and off.
 */
#include <smmulator/iommu_pci.h>
#include "core/core.h"

enum {
	SPACE = 4096,
	COMMAND = 0x04,
	STATUS = 0x06,
	STATUS_CAPS = 1 << 4,
	HEADER = 0x40,
	CAP_POINTER = 0x34,
	EXT_FIRST = 0x100,
	EXP_DEVCAP = 4, /* from here on from the capability on */
	EXP_DEVCTL = 8,
	DEVCAP_FLR = 1 << 28,
	DEVCTL_FLR = 1 << 15,
	ATS_CAP = 4,
	ATS_CTRL = 6,
	ATS_ENABLE = 1 << 15,
	ATS_STU = 0x1f,
	ATS_QUEUE = 0x1f,
	MIN_STU = 12,
	PASID_CAP = 4,
	PASID_CTRL = 6,
	PASID_ENABLE = 1 << 0,
	PASID_FEATURES = IOMMU_PCI_PASID_EXEC | IOMMU_PCI_PASID_PRIV,
	PRI_CTRL = 4,
	PRI_ENABLE = 1 << 0,
	PRI_RESET = 1 << 1,
	PRI_STATUS = 6,
	PRI_STOPPED = 1 << 8,
	PRI_PASID_REQUIRED = 1 << 15,
	PRI_CAPACITY = 8,
	PRI_ALLOC = 12,
	SRIOV_CTRL = 8,
	SRIOV_VF_ENABLE = 1 << 0,
	SRIOV_NUM_VFS = 0x10,
	SRIOV_PAGE_SIZE = 0x20,
};

/* ---- access ---- */

static uint32_t get(const struct iommu_pci_config *c, unsigned offset, unsigned size)
{
	if (!c->read || (size != 1 && size != 2 && size != 4) || offset % size ||
	    offset >= SPACE)
		return UINT32_MAX;
	return c->read(c->ctx, (uint16_t)offset, size);
}

static void put(const struct iommu_pci_config *c, unsigned offset, unsigned size,
		uint32_t value)
{
	if (c->write && (size == 1 || size == 2 || size == 4) && offset % size == 0 &&
	    offset < SPACE)
		c->write(c->ctx, (uint16_t)offset, size, value);
}

bool iommu_pci_has_config(const struct iommu_dev *dev)
{
	return dev->desc.pci_config.read && dev->desc.pci_config.write;
}

uint32_t iommu_pci_read(const struct iommu_dev *dev, uint16_t offset, unsigned size)
{
	return get(&dev->desc.pci_config, offset, size);
}

void iommu_pci_write(const struct iommu_dev *dev, uint16_t offset, unsigned size,
		     uint32_t value)
{
	put(&dev->desc.pci_config, offset, size, value);
}

/* ---- capabilities ---- */

/* As many steps as there is room for capabilities: a list that loops ends. */
static uint16_t find_cap(const struct iommu_pci_config *c, unsigned id)
{
	unsigned at, steps = (EXT_FIRST - HEADER) / 4;

	if (!c->read || !(get(c, STATUS, 2) & STATUS_CAPS))
		return 0;
	for (at = get(c, CAP_POINTER, 1) & 0xfcu; at >= HEADER && steps; steps--) {
		const uint32_t head = get(c, at, 2);

		if ((head & 0xff) == id)
			return (uint16_t)at;
		at = head >> 8 & 0xfc;
	}
	return 0;
}

static uint16_t find_ext(const struct iommu_pci_config *c, unsigned id)
{
	unsigned at = EXT_FIRST, steps = (SPACE - EXT_FIRST) / 8;

	for (; c->read && at >= EXT_FIRST && steps; steps--) {
		const uint32_t head = get(c, at, 4);

		if (!head || head == UINT32_MAX)
			return 0;
		if ((head & 0xffff) == id)
			return (uint16_t)at;
		at = head >> 20 & 0xffc;
	}
	return 0;
}

uint16_t iommu_pci_find_cap(const struct iommu_dev *dev, uint8_t id)
{
	return find_cap(&dev->desc.pci_config, id);
}

uint16_t iommu_pci_find_ext_cap(const struct iommu_dev *dev, uint16_t id)
{
	return find_ext(&dev->desc.pci_config, id);
}

/* A register of an extended capability. False: it has none. */
struct reg {
	const struct iommu_pci_config *config;
	uint16_t cap;
};

static bool reg_of(const struct iommu_pci_config *c, unsigned id, struct reg *r)
{
	*r = (struct reg){ c, find_ext(c, id) };
	return r->cap != 0;
}

static uint32_t reg_get(const struct reg *r, unsigned offset, unsigned size)
{
	return get(r->config, r->cap + offset, size);
}

static void reg_put(const struct reg *r, unsigned offset, unsigned size, uint32_t value)
{
	put(r->config, r->cap + offset, size, value);
}

/* PASID and PRI of a VF are its PF's (PCIe 9.3.7). */
static const struct iommu_pci_config *shared(const struct iommu_dev *dev)
{
	return dev->desc.pci_pf_config.read ? &dev->desc.pci_pf_config
					    : &dev->desc.pci_config;
}

static bool is_vf(const struct iommu_dev *dev)
{
	return dev->desc.pci_pf_config.read != NULL;
}

/* ---- PASID ---- */

int iommu_pci_max_pasids(const struct iommu_dev *dev)
{
	struct reg r;
	unsigned width;

	if (!reg_of(shared(dev), IOMMU_PCI_EXT_PASID, &r))
		return -EINVAL;
	width = reg_get(&r, PASID_CAP, 2) >> 8 & 0x1f;
	return 1 << (width < 20 ? width : 20);
}

int iommu_pci_pasid_features(const struct iommu_dev *dev)
{
	struct reg r;

	if (!reg_of(shared(dev), IOMMU_PCI_EXT_PASID, &r))
		return -EINVAL;
	return (int)(reg_get(&r, PASID_CAP, 2) & PASID_FEATURES);
}

int iommu_pci_enable_pasid(const struct iommu_dev *dev, unsigned features)
{
	struct reg r;
	uint32_t on;

	if (!reg_of(shared(dev), IOMMU_PCI_EXT_PASID, &r) ||
	    (features & ~(reg_get(&r, PASID_CAP, 2) & PASID_FEATURES)))
		return -EINVAL;
	on = reg_get(&r, PASID_CTRL, 2) & PASID_ENABLE;
	if (is_vf(dev))
		return on ? 0 : -EINVAL;
	if (on || iommu_pci_ats_enabled(dev))
		return -EBUSY;
	reg_put(&r, PASID_CTRL, 2, PASID_ENABLE | features);
	return 0;
}

void iommu_pci_disable_pasid(const struct iommu_dev *dev)
{
	struct reg r;

	if (!is_vf(dev) && reg_of(&dev->desc.pci_config, IOMMU_PCI_EXT_PASID, &r))
		reg_put(&r, PASID_CTRL, 2, 0);
}

/* ---- ATS ---- */

bool iommu_pci_ats_enabled(const struct iommu_dev *dev)
{
	struct reg r;

	return reg_of(&dev->desc.pci_config, IOMMU_PCI_EXT_ATS, &r) &&
	       (reg_get(&r, ATS_CTRL, 2) & ATS_ENABLE);
}

static int ats_off(const struct iommu_dev *dev, unsigned shift, struct reg *r)
{
	if (!reg_of(&dev->desc.pci_config, IOMMU_PCI_EXT_ATS, r) || shift < MIN_STU ||
	    shift > MIN_STU + ATS_STU)
		return -EINVAL;
	return reg_get(r, ATS_CTRL, 2) & ATS_ENABLE ? -EBUSY : 0;
}

int iommu_pci_prepare_ats(const struct iommu_dev *dev, unsigned shift)
{
	struct reg r;
	int err = ats_off(dev, shift, &r);

	if (!err && !is_vf(dev))
		reg_put(&r, ATS_CTRL, 2, shift - MIN_STU);
	return err;
}

int iommu_pci_enable_ats(const struct iommu_dev *dev, unsigned shift)
{
	struct reg r, pf;
	uint32_t stu = shift - MIN_STU;
	int err = ats_off(dev, shift, &r);

	if (err)
		return err;
	if (is_vf(dev)) {
		/* STU of a VF is wired to 0; its PF's counts. */
		if (!reg_of(&dev->desc.pci_pf_config, IOMMU_PCI_EXT_ATS, &pf) ||
		    (reg_get(&pf, ATS_CTRL, 2) & ATS_STU) != stu)
			return -EINVAL;
		stu = 0;
	}
	reg_put(&r, ATS_CTRL, 2, ATS_ENABLE | stu);
	return 0;
}

void iommu_pci_disable_ats(const struct iommu_dev *dev)
{
	struct reg r;
	uint32_t ctrl;

	if (!reg_of(&dev->desc.pci_config, IOMMU_PCI_EXT_ATS, &r))
		return;
	ctrl = reg_get(&r, ATS_CTRL, 2);
	if (!(ctrl & ATS_ENABLE))
		return;
	reg_put(&r, ATS_CTRL, 2, ctrl & ATS_STU);
	(void)reg_get(&r, ATS_CTRL, 2); /* a posted write is done when a read is */
}

int iommu_pci_ats_queue_depth(const struct iommu_dev *dev)
{
	struct reg r;
	unsigned depth;

	if (!reg_of(&dev->desc.pci_config, IOMMU_PCI_EXT_ATS, &r))
		return -EINVAL;
	/* 0 means 32; a VF's field is wired to 0, and it shares its PF's queue. */
	if (is_vf(dev) && !reg_of(&dev->desc.pci_pf_config, IOMMU_PCI_EXT_ATS, &r))
		return -EINVAL;
	depth = reg_get(&r, ATS_CAP, 2) & ATS_QUEUE;
	return depth ? (int)depth : ATS_QUEUE + 1;
}

/* ---- PRI ---- */

int iommu_pci_enable_pri(const struct iommu_dev *dev, uint32_t requests)
{
	struct reg r;
	uint32_t capacity;
	bool on;

	if (!reg_of(shared(dev), IOMMU_PCI_EXT_PRI, &r))
		return -EINVAL;
	on = reg_get(&r, PRI_CTRL, 2) & PRI_ENABLE;
	if (is_vf(dev))
		return on ? 0 : -EINVAL;
	if (on || !(reg_get(&r, PRI_STATUS, 2) & PRI_STOPPED))
		return -EBUSY;
	capacity = reg_get(&r, PRI_CAPACITY, 4);
	reg_put(&r, PRI_ALLOC, 4, requests < capacity ? requests : capacity);
	reg_put(&r, PRI_CTRL, 2, PRI_ENABLE);
	return 0;
}

void iommu_pci_disable_pri(const struct iommu_dev *dev)
{
	struct reg r;

	if (!is_vf(dev) && reg_of(&dev->desc.pci_config, IOMMU_PCI_EXT_PRI, &r))
		reg_put(&r, PRI_CTRL, 2, 0);
}

int iommu_pci_reset_pri(const struct iommu_dev *dev)
{
	struct reg r;

	if (is_vf(dev))
		return 0;
	if (!reg_of(&dev->desc.pci_config, IOMMU_PCI_EXT_PRI, &r))
		return -EINVAL;
	if (reg_get(&r, PRI_CTRL, 2) & PRI_ENABLE)
		return -EBUSY;
	reg_put(&r, PRI_CTRL, 2, PRI_RESET);
	return 0;
}

bool iommu_pci_pri_supported(const struct iommu_dev *dev)
{
	struct reg r;

	return reg_of(shared(dev), IOMMU_PCI_EXT_PRI, &r);
}

bool iommu_pci_is_vf(const struct iommu_dev *dev)
{
	return is_vf(dev);
}

bool iommu_pci_prg_resp_pasid_required(const struct iommu_dev *dev)
{
	struct reg r;

	return reg_of(shared(dev), IOMMU_PCI_EXT_PRI, &r) &&
	       (reg_get(&r, PRI_STATUS, 2) & PRI_PASID_REQUIRED);
}

/* ---- reset ---- */

/* What software sets up once and an FLR takes away. ATS is for the domain to decide. */
struct saved {
	uint32_t command, pasid, pri_alloc;
	uint32_t sriov_ctrl, num_vfs, vf_page_size;
	bool pri;
};

static void save(const struct iommu_dev *dev, struct saved *s)
{
	const struct iommu_pci_config *c = &dev->desc.pci_config;
	struct reg r;

	*s = (struct saved){ .command = get(c, COMMAND, 2) };
	if (reg_of(c, IOMMU_PCI_EXT_PASID, &r))
		s->pasid = reg_get(&r, PASID_CTRL, 2);
	if (reg_of(c, IOMMU_PCI_EXT_PRI, &r)) {
		s->pri = reg_get(&r, PRI_CTRL, 2) & PRI_ENABLE;
		s->pri_alloc = reg_get(&r, PRI_ALLOC, 4);
	}
	if (reg_of(c, IOMMU_PCI_EXT_SRIOV, &r)) {
		s->sriov_ctrl = reg_get(&r, SRIOV_CTRL, 2);
		s->num_vfs = reg_get(&r, SRIOV_NUM_VFS, 2);
		s->vf_page_size = reg_get(&r, SRIOV_PAGE_SIZE, 4);
	}
}

static void restore(const struct iommu_dev *dev, const struct saved *s)
{
	const struct iommu_pci_config *c = &dev->desc.pci_config;
	struct reg r;

	if ((s->pasid & PASID_ENABLE) && reg_of(c, IOMMU_PCI_EXT_PASID, &r))
		reg_put(&r, PASID_CTRL, 2, s->pasid);
	if (s->pri && reg_of(c, IOMMU_PCI_EXT_PRI, &r)) {
		reg_put(&r, PRI_ALLOC, 4, s->pri_alloc);
		reg_put(&r, PRI_CTRL, 2, PRI_ENABLE);
	}
	if ((s->sriov_ctrl & SRIOV_VF_ENABLE) && reg_of(c, IOMMU_PCI_EXT_SRIOV, &r)) {
		reg_put(&r, SRIOV_PAGE_SIZE, 4, s->vf_page_size);
		reg_put(&r, SRIOV_NUM_VFS, 2, s->num_vfs);
		reg_put(&r, SRIOV_CTRL, 2, s->sriov_ctrl);
	}
	put(c, COMMAND, 2, s->command);
}

int iommu_pci_reset(struct iommu_dev *dev)
{
	const struct iommu_pci_config *c = &dev->desc.pci_config;
	const uint16_t exp = find_cap(c, IOMMU_PCI_CAP_EXP);
	struct saved saved;
	int err;

	if (!exp || !(get(c, exp + (unsigned)EXP_DEVCAP, 4) & DEVCAP_FLR))
		return -ENOTTY;
	err = iommu_dev_reset_prepare(dev);
	if (err)
		return err;
	save(dev, &saved);
	put(c, COMMAND, 2, 0); /* no new DMA; what is under way ends (PCIe 6.6.2) */
	put(c, exp + (unsigned)EXP_DEVCTL, 2,
	    (get(c, exp + (unsigned)EXP_DEVCTL, 2) & 0xffff) | DEVCTL_FLR);
	restore(dev, &saved);
	iommu_dev_reset_done(dev);
	return 0;
}
