/* SPDX-License-Identifier: MIT */
/* What the header and the capabilities of one function say, as the PCI specs lay it out.
 */
#include "pci/hierarchy.h"

enum {
	CAP_MSI = 0x05,
	CAP_EXPRESS = 0x10,
	CAP_MSIX = 0x11,
	CAP_AF = 0x13,
	EXT_ACS = 0x0d,
	EXT_ATS = 0x0f,
	EXT_SRIOV = 0x10,
	EXT_PRI = 0x13,
	EXT_PASID = 0x1b,
};

/* PCI Express capabilities register, bits 7:4. */
static enum smmu_pci_kind kind_of(unsigned type)
{
	static const enum smmu_pci_kind kinds[16] = {
		SMMU_PCI_ENDPOINT,	  SMMU_PCI_LEGACY_ENDPOINT,
		SMMU_PCI_RESERVED_KIND,	  SMMU_PCI_RESERVED_KIND,
		SMMU_PCI_ROOT_PORT,	  SMMU_PCI_UPSTREAM_PORT,
		SMMU_PCI_DOWNSTREAM_PORT, SMMU_PCI_PCIE_TO_PCI,
		SMMU_PCI_PCI_TO_PCIE,	  SMMU_PCI_RC_ENDPOINT,
		SMMU_PCI_RC_COLLECTOR,	  SMMU_PCI_RESERVED_KIND,
		SMMU_PCI_RESERVED_KIND,	  SMMU_PCI_RESERVED_KIND,
		SMMU_PCI_RESERVED_KIND,	  SMMU_PCI_RESERVED_KIND,
	};

	return kinds[type & 15];
}

static void express(struct pci_function *fn, uint16_t at)
{
	fn->info.express = at;
	fn->info.kind = kind_of(pci_get(fn, at + 2u, 2) >> 4);
	fn->info.flr |= pci_get(fn, at + 4u, 4) >> 28 & 1;
}

static void advanced_features(struct pci_function *fn, uint16_t at)
{
	fn->info.flr |= pci_get(fn, at + 3u, 1) >> 1 & 1;
}

static void msi(struct pci_function *fn, uint16_t at)
{
	fn->info.msi = at;
}

static void msix(struct pci_function *fn, uint16_t at)
{
	fn->info.msix = at;
}

static void acs(struct pci_function *fn, uint16_t at)
{
	fn->info.acs = at;
	fn->info.acs_cap = (uint16_t)pci_get(fn, at + 4u, 2);
	fn->info.acs_ctrl = (uint16_t)pci_get(fn, at + 6u, 2);
}

static void ats(struct pci_function *fn, uint16_t at)
{
	const uint32_t cap = pci_get(fn, at + 4u, 2);

	fn->info.ats = at;
	fn->info.ats_queue_depth = cap & 0x1f ? (uint8_t)(cap & 0x1f) : 32;
	fn->info.ats_page_aligned = cap >> 5 & 1;
	fn->info.ats_enabled = pci_get(fn, at + 6u, 2) >> 15 & 1;
}

static void pri(struct pci_function *fn, uint16_t at)
{
	fn->info.pri = at;
	fn->info.pri_enabled = pci_get(fn, at + 4u, 2) & 1;
	fn->info.pri_capacity = pci_get(fn, at + 8u, 4);
}

static void pasid(struct pci_function *fn, uint16_t at)
{
	const uint32_t cap = pci_get(fn, at + 4u, 2);

	fn->info.pasid = at;
	fn->info.pasid_exec = cap >> 1 & 1;
	fn->info.pasid_priv = cap >> 2 & 1;
	fn->info.pasid_bits = (uint8_t)(cap >> 8 & 0x1f);
	fn->info.pasid_enabled = pci_get(fn, at + 6u, 2) & 1;
}

static void sriov(struct pci_function *fn, uint16_t at)
{
	fn->info.sriov = at;
	fn->info.vfs_total = (uint16_t)pci_get(fn, at + 0x0eu, 2);
	fn->info.vf_offset = (uint16_t)pci_get(fn, at + 0x14u, 2);
	fn->info.vf_stride = (uint16_t)pci_get(fn, at + 0x16u, 2);
	fn->info.vf_device = (uint16_t)pci_get(fn, at + 0x1au, 2);
	if (pci_get(fn, at + 8u, 2) & 1) /* VF Enable */
		fn->info.vfs_enabled = (uint16_t)pci_get(fn, at + 0x10u, 2);
}

static const struct {
	uint16_t id;
	bool extended;
	uint8_t size; /* of what is read */
	const char *name;
	void (*read)(struct pci_function *fn, uint16_t at);
} known[] = {
	{ CAP_MSI, false, 4, "MSI", msi },
	{ CAP_EXPRESS, false, 8, "PCI Express", express },
	{ CAP_MSIX, false, 4, "MSI-X", msix },
	{ CAP_AF, false, 6, "advanced features", advanced_features },
	{ EXT_ACS, true, 8, "ACS", acs },
	{ EXT_ATS, true, 8, "ATS", ats },
	{ EXT_SRIOV, true, 0x40, "SR-IOV", sriov },
	{ EXT_PRI, true, 0x10, "PRI", pri },
	{ EXT_PASID, true, 8, "PASID", pasid },
};
enum { KNOWN = sizeof(known) / sizeof(known[0]) };

/* The first of a kind counts, if the whole of it was read. */
static void capability(struct smmu_pci *pci, struct pci_function *fn,
		       const struct pci_capability *cap, unsigned *seen)
{
	char name[PCI_NAME];

	for (unsigned k = 0; k < KNOWN; k++) {
		if (known[k].id != cap->id || known[k].extended != cap->extended)
			continue;
		pci_name(name, fn->info.segment, fn->info.rid);
		if (*seen & 1u << k) {
			pci_problem(pci,
				    "%s: a second %s capability, at 0x%02x: not used",
				    name, known[k].name, cap->offset);
		} else if ((size_t)cap->offset + known[k].size > fn->info.config_size) {
			pci_problem(pci,
				    "%s: the %s capability at 0x%02x was not read whole: "
				    "not used",
				    name, known[k].name, cap->offset);
		} else {
			known[k].read(fn, cap->offset);
			*seen |= 1u << k;
		}
	}
}

/* Less than all was read: what that may have hidden. */
static void hidden(struct smmu_pci *pci, const struct pci_function *fn)
{
	char name[PCI_NAME];

	pci_name(name, fn->info.segment, fn->info.rid);
	if (fn->info.config_size <= PCI_HEADER && pci_get(fn, PCI_REG_STATUS, 2) & 0x10)
		pci_problem(
			pci,
			"%s: only its header was read, so it counts as conventional PCI; "
			"take it as root, with -xxxx",
			name);
	else if (fn->info.express && fn->info.config_size <= 256)
		pci_problem(
			pci,
			"%s: no extended configuration space, so no ACS, ATS and SR-IOV "
			"are seen; take it as root, with -xxxx",
			name);
}

void pci_understand(struct smmu_pci *pci, struct pci_function *fn,
		    const struct pci_capability *cap, size_t n)
{
	struct smmu_pci_function *f = &fn->info;
	const uint32_t header = pci_get(fn, PCI_REG_HEADER, 1);
	unsigned seen = 0;

	f->vendor = (uint16_t)pci_get(fn, PCI_REG_VENDOR, 2);
	f->device = (uint16_t)pci_get(fn, PCI_REG_DEVICE, 2);
	f->class_code = (uint16_t)pci_get(fn, PCI_REG_CLASS, 2);
	f->is_bridge = (header & 0x7f) == 1;
	f->multifunction = header >> 7 || f->rid & 7;
	for (size_t i = 0; i < n; i++)
		capability(pci, fn, &cap[i], &seen);
	hidden(pci, fn);
}
