/* SPDX-License-Identifier: MIT */
#include "driver/pci_rig.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

struct smmu_config pci_config(void)
{
	struct smmu_config cfg = rig_config();

	cfg.ssid_bits = 10;
	cfg.ats = cfg.ns1ats = 1;
	cfg.pri = cfg.pps = 1;
	cfg.priqs = 6;
	return cfg;
}

struct smmu_pcie_config pci_function(uint32_t sid)
{
	return (struct smmu_pcie_config){
		.size = sizeof(struct smmu_pcie_config),
		.sid = sid,
		.vendor = 0x1234,
		.device = 0x5678,
		.ats = true,
		.pri = true,
		.flr = true,
		.pasid_width = 8,
		.pasid_exec = true,
		.pasid_priv = true,
	};
}

static uint32_t cfg_read(void *ctx, uint16_t offset, unsigned size)
{
	struct pci_fn *f = ctx;

	return smmu_pcie_cfg_read(f->fn, offset, size);
}

static uint16_t control(struct pci_fn *f, unsigned cap, unsigned at)
{
	uint16_t offset = smmu_pcie_find_cap(f->fn, cap);

	return offset ? (uint16_t)(offset + at) : 0;
}

static void cfg_write(void *ctx, uint16_t offset, unsigned size, uint32_t value)
{
	struct pci_fn *f = ctx;

	if (f->on_write)
		f->on_write(f, offset, value);
	if (f->ignores_ats && offset == control(f, SMMU_PCI_EXT_ATS, 6))
		return;
	smmu_pcie_cfg_write(f->fn, offset, size, value);
}

struct iommu_dev *pci_add(struct rig *r, struct pci_fn *f, const char *name,
			  const struct smmu_pcie_config *as, const uint32_t *sids,
			  size_t n, uint32_t fw_flags)
{
	struct smmu_pcie_config cfg = *as;
	struct iommu_dev_desc desc = {
		.name = name,
		.bus = IOMMU_BUS_PCI,
		.rid = (uint16_t)cfg.sid,
		.pci_max_pasids = cfg.pasid_width ? 1 << cfg.pasid_width : 0,
		.ats_supported = cfg.ats,
		.pci_config = { cfg_read, cfg_write, f },
	};

	if (!f->fn) {
		cfg.name = name;
		cfg.smmu = r->smmu;
		assert_int_equal(smmu_pcie_create(&f->fn, &cfg), 0);
	}
	f->r = r;
	f->sid = cfg.sid;
	smmu_pcie_set_master(f->fn, true);
	r->devs[r->num_devs].fw_flags = fw_flags;
	f->dev = rig_add_as(r, &desc, sids, n);
	return f->dev;
}

void pci_remove(struct pci_fn *f)
{
	smmu_pcie_destroy(f->fn);
	f->fn = NULL;
}

int pci_dma(struct pci_fn *f, uint32_t pasid, uint64_t iova, bool write, uint64_t *value)
{
	const struct smmu_pcie_dma dma = { .op = write ? SMMU_WRITE : SMMU_READ,
					   .ssv = pasid != 0,
					   .ssid = pasid,
					   .addr = iova,
					   .buf = value,
					   .len = sizeof(*value) };

	return smmu_pcie_dma(f->fn, &dma, NULL);
}

struct smmu_pcie_stats pci_stats(struct pci_fn *f)
{
	struct smmu_pcie_stats s;

	smmu_pcie_stats(f->fn, &s);
	return s;
}

static bool is_on(struct pci_fn *f, unsigned cap, unsigned at, unsigned bit)
{
	uint16_t offset = control(f, cap, at);

	return offset && smmu_pcie_cfg_read(f->fn, offset, 2) >> bit & 1;
}

bool pci_ats_on(struct pci_fn *f)
{
	return is_on(f, SMMU_PCI_EXT_ATS, 6, 15);
}

bool pci_pasid_on(struct pci_fn *f)
{
	return is_on(f, SMMU_PCI_EXT_PASID, 6, 0);
}

bool pci_pri_on(struct pci_fn *f)
{
	return is_on(f, SMMU_PCI_EXT_PRI, 4, 0);
}
