/* SPDX-License-Identifier: MIT */
/* The configuration space of a function: what is there after a reset, what is on. */
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

static void put_ats(struct smmu_pcie *fn, unsigned *last, unsigned *at)
{
	const bool pf = fn->pf == fn;

	fn->ats_cap = (uint16_t)ext_cap(fn, last, at, SMMU_PCI_EXT_ATS - 0x100, 8);
	/* Queue of 32 (a VF's is its PF's), page aligned, Global Invalidate with PASIDs.
	 */
	pcie_put(fn, fn->ats_cap + 4u, 2,
		 1u << 5 | (pf && fn->cfg.pasid_width ? 1u << 6 : 0));
}

static void put_pri(struct smmu_pcie *fn, unsigned *last, unsigned *at)
{
	fn->pri_cap = (uint16_t)ext_cap(fn, last, at, SMMU_PCI_EXT_PRI - 0x100, 16);
	pcie_put(fn, fn->pri_cap + (unsigned)PRI_STATUS, 2,
		 PRI_STOPPED | (fn->cfg.pasid_width ? PRI_PASID_REQUIRED : 0));
	pcie_put(fn, fn->pri_cap + (unsigned)PRI_CAPACITY, 4, fn->cfg.page_requests);
}

static void put_pasid(struct smmu_pcie *fn, unsigned *last, unsigned *at)
{
	const struct smmu_pcie_config *c = &fn->cfg;

	fn->pasid_cap = (uint16_t)ext_cap(fn, last, at, SMMU_PCI_EXT_PASID - 0x100, 8);
	pcie_put(fn, fn->pasid_cap + 4u, 2,
		 (c->pasid_exec ? PASID_EXEC : 0u) | (c->pasid_priv ? PASID_PRIV : 0u) |
			 (uint32_t)c->pasid_width << 8);
}

static void put_sriov(struct smmu_pcie *fn, unsigned *last, unsigned *at)
{
	const struct smmu_pcie_config *c = &fn->cfg;
	unsigned cap = ext_cap(fn, last, at, SMMU_PCI_EXT_SRIOV - 0x100, 0x40);

	fn->sriov_cap = (uint16_t)cap;
	pcie_put(fn, cap + 0x0c, 2, c->total_vfs); /* InitialVFs */
	pcie_put(fn, cap + 0x0e, 2, c->total_vfs);
	pcie_put(fn, cap + 0x14, 2, c->vf_offset);
	pcie_put(fn, cap + 0x16, 2, c->vf_stride);
	pcie_put(fn, cap + 0x1a, 2, c->vf_device);
	pcie_put(fn, cap + 0x1c, 4, 0x553); /* page sizes that PCIe asks for */
	pcie_put(fn, cap + SRIOV_PAGE_SIZE, 4, 1);
}

/* PCIe 9.3.7: a VF has no PRI and no PASID of its own. */
static void put_extended(struct smmu_pcie *fn)
{
	const struct smmu_pcie_config *c = &fn->cfg;
	const bool pf = fn->pf == fn;
	unsigned at = CFG_EXT, last = 0;

	if (c->ats)
		put_ats(fn, &last, &at);
	if (c->pri && pf)
		put_pri(fn, &last, &at);
	if (c->pasid_width && pf)
		put_pasid(fn, &last, &at);
	if (c->total_vfs)
		put_sriov(fn, &last, &at);
}

/* log2 of the vectors, as MSI has it. */
static unsigned log2_of(unsigned n)
{
	unsigned bits = 0;

	while (n >>= 1)
		bits++;
	return bits;
}

static void put_interrupts(struct smmu_pcie *fn, unsigned last)
{
	const struct smmu_pcie_config *c = &fn->cfg;

	if (c->msi_vectors) {
		pcie_put(fn, last + 1, 1, CFG_MSI);
		/* 64-bit addresses, a mask for each vector. */
		pcie_put(fn, CFG_MSI, 4,
			 SMMU_PCI_CAP_MSI |
				 (log2_of(c->msi_vectors) << 1 | 1u << 7 | 1u << 8)
					 << 16);
		last = CFG_MSI;
	}
	if (c->msix_vectors) {
		pcie_put(fn, last + 1, 1, CFG_MSIX);
		pcie_put(fn, CFG_MSIX, 4,
			 SMMU_PCI_CAP_MSIX | (c->msix_vectors - 1u) << 16);
		pcie_put(fn, CFG_MSIX + MSIX_PBA, 4, BAR_PBA); /* both in BAR 0 */
	}
}

/* A VF's ids read as all ones (PCIe 9.3.4.1); it always has FLR. */
void pcie_space_init(struct smmu_pcie *fn)
{
	const bool pf = fn->pf == fn;

	memset(fn->space, 0, sizeof(fn->space));
	pcie_put(fn, 0, 2, pf ? fn->cfg.vendor : 0xffff);
	pcie_put(fn, 2, 2, pf ? fn->cfg.device : 0xffff);
	pcie_put(fn, 6, 2, 1u << 4); /* has capabilities */
	pcie_put(fn, 0x0a, 2, fn->cfg.class_code);
	pcie_put(fn, 0x34, 1, CFG_EXP);
	pcie_put(fn, CFG_EXP, 4, SMMU_PCI_CAP_EXP | 2u << 16); /* an endpoint */
	pcie_put(fn, CFG_DEVCAP, 4, fn->cfg.flr ? (uint32_t)DEVCAP_FLR : 0);
	put_interrupts(fn, CFG_EXP);
	put_extended(fn);
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

bool pcie_master_on(const struct smmu_pcie *fn)
{
	return pcie_get(fn, CFG_COMMAND, 2) & COMMAND_MASTER;
}

bool pcie_pri_on(const struct smmu_pcie *fn)
{
	return cap_get(fn->pf, fn->pf->pri_cap, PRI_CTRL, 2) & PRI_ENABLE;
}

unsigned pcie_pasid_ctrl(const struct smmu_pcie *fn)
{
	return cap_get(fn->pf, fn->pf->pasid_cap, PASID_CTRL, 2);
}
