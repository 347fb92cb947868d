/* SPDX-License-Identifier: MIT */
/* Devices whose DMA bears other ids, or whose isolation is other, than registers say. */
#include <errno.h>
#include "pci/hierarchy.h"

/*
 * Devices that are known for it. Those with function numbers do the DMA of the whole
 * device as that function; the bridges give 00.0 of their secondary bus though they have
 * no PCI Express capability; the last ones sit below the translation unit.
 */
static const struct {
	uint16_t vendor, device;
	enum smmu_pci_quirk_kind kind;
	uint8_t value;
} known[] = {
	{ 0x1180, 0xe832, SMMU_PCI_QUIRK_DMA_FUNCTION, 0 }, /* Ricoh */
	{ 0x1180, 0xe476, SMMU_PCI_QUIRK_DMA_FUNCTION, 0 },
	{ 0x1b4b, 0x9120, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 }, /* Marvell */
	{ 0x1b4b, 0x9123, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 },
	{ 0x1b4b, 0x9128, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 },
	{ 0x1b4b, 0x9130, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 },
	{ 0x1b4b, 0x9170, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 },
	{ 0x1b4b, 0x9172, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 },
	{ 0x1b4b, 0x917a, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 },
	{ 0x1b4b, 0x9182, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 },
	{ 0x1b4b, 0x91a0, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 },
	{ 0x1b4b, 0x9220, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 },
	{ 0x1b4b, 0x9230, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 },
	{ 0x1103, 0x0642, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 }, /* HighPoint */
	{ 0x197b, 0x2392, SMMU_PCI_QUIRK_DMA_FUNCTION, 1 }, /* JMicron */
	{ 0x1b21, 0x1080, SMMU_PCI_QUIRK_PCIE_BRIDGE, 1 },  /* ASMedia */
	{ 0x10e3, 0x8113, SMMU_PCI_QUIRK_PCIE_BRIDGE, 1 },  /* Tundra */
	{ 0x1283, 0x8892, SMMU_PCI_QUIRK_PCIE_BRIDGE, 1 },  /* ITE */
	{ 0x8086, 0x244e, SMMU_PCI_QUIRK_PCIE_BRIDGE, 1 },  /* Intel 82801 */
	{ 0x14e4, 0x9000, SMMU_PCI_QUIRK_XLATE_ROOT, 1 },   /* Broadcom Vulcan */
	{ 0x14e4, 0x9084, SMMU_PCI_QUIRK_XLATE_ROOT, 1 },
	{ 0x177d, 0xa02d, SMMU_PCI_QUIRK_XLATE_ROOT, 1 }, /* Cavium ThunderX */
};

/*
 * A bridge between a conventional bus and a PCIe link that is itself below a PCIe port:
 * only there can a conventional-looking bridge be a PCIe one in truth.
 */
static bool can_be_pcie_bridge(const struct smmu_pci *pci, const struct pci_function *fn)
{
	const struct smmu_pci_function *above;

	if (fn->info.express || !fn->info.is_bridge || fn->info.upstream == SMMU_PCI_NONE)
		return false;
	above = &pci->fn[fn->info.upstream].info;
	return above->express && above->kind != SMMU_PCI_PCIE_TO_PCI;
}

static void add_devfn(struct pci_function *fn, unsigned devfn)
{
	if (devfn == (fn->info.rid & 0xffu))
		return;
	fn->quirk_devfns[devfn / 8] =
		(uint8_t)(fn->quirk_devfns[devfn / 8] | 1u << devfn % 8);
	fn->has_quirk_devfns = true;
}

static void apply(struct smmu_pci *pci, struct pci_function *fn,
		  enum smmu_pci_quirk_kind kind, uint32_t value, size_t requester)
{
	pci->any_alias = pci->any_alias || kind <= SMMU_PCI_QUIRK_DMA_BY;
	switch (kind) {
	case SMMU_PCI_QUIRK_DMA_DEVFN:
		add_devfn(fn, value);
		break;
	case SMMU_PCI_QUIRK_DMA_FUNCTION:
		add_devfn(fn, (fn->info.rid & 0xf8u) | value);
		break;
	case SMMU_PCI_QUIRK_DMA_BY:
		fn->dma_by = requester;
		break;
	case SMMU_PCI_QUIRK_PCIE_BRIDGE:
		fn->pcie_bridge_alias = value != 0;
		break;
	case SMMU_PCI_QUIRK_XLATE_ROOT:
		fn->xlate_root = value != 0;
		break;
	case SMMU_PCI_QUIRK_ISOLATES:
		fn->quirk_isolates = (int8_t)value;
		break;
	}
}

void pci_known_quirks(struct smmu_pci *pci)
{
	for (size_t i = 0; i < pci->count; i++) {
		struct pci_function *fn = &pci->fn[i];

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
			if (known[k].vendor != fn->info.vendor ||
			    known[k].device != fn->info.device)
				continue;
			if (known[k].kind == SMMU_PCI_QUIRK_PCIE_BRIDGE &&
			    !can_be_pcie_bridge(pci, fn))
				continue;
			apply(pci, fn, known[k].kind, known[k].value, SMMU_PCI_NONE);
		}
	}
	pci_judge_isolation(pci);
}

static bool fits(const struct smmu_pci_quirk *q, const struct smmu_pci_function *f)
{
	if (q->at_rid != SMMU_PCI_ANY_RID &&
	    (q->at_rid != f->rid || q->at_segment != f->segment))
		return false;
	return (q->vendor == SMMU_PCI_ANY || q->vendor == f->vendor) &&
	       (q->device == SMMU_PCI_ANY || q->device == f->device);
}

int smmu_pci_add_quirk(struct smmu_pci *pci, const struct smmu_pci_quirk *q)
{
	static const uint32_t top[] = {
		[SMMU_PCI_QUIRK_DMA_DEVFN] = 0xff, [SMMU_PCI_QUIRK_DMA_FUNCTION] = 7,
		[SMMU_PCI_QUIRK_DMA_BY] = 0xffff,  [SMMU_PCI_QUIRK_PCIE_BRIDGE] = 1,
		[SMMU_PCI_QUIRK_XLATE_ROOT] = 1,   [SMMU_PCI_QUIRK_ISOLATES] = 1,
	};
	size_t requester = SMMU_PCI_NONE;
	bool any = false;

	if ((size_t)q->kind >= sizeof(top) / sizeof(top[0]) || q->value > top[q->kind])
		return -EINVAL;
	if (q->kind == SMMU_PCI_QUIRK_DMA_BY) {
		requester = smmu_pci_find(pci, q->segment, (uint16_t)q->value);
		if (requester == SMMU_PCI_NONE)
			return -ENOENT;
	}
	for (size_t i = 0; i < pci->count; i++) {
		if (!fits(q, &pci->fn[i].info))
			continue;
		apply(pci, &pci->fn[i], q->kind, q->value, requester);
		any = true;
	}
	pci_judge_isolation(pci);
	return any ? 0 : -ENOENT;
}
