/* SPDX-License-Identifier: MIT */
/*
 * Which functions keep the DMA of their peers apart (CORE-38): ACS, and who needs none.
 * PCIe 6.12.1: downstream and root ports must have the capability, other functions only
 * if they have siblings; what is not on a PCIe link is on a shared bus.
 */
#include "pci/hierarchy.h"

/* A control that the capability does not have counts as wired to "on". */
static enum smmu_pci_isolation by_controls(const struct smmu_pci_function *f)
{
	const unsigned wanted = SMMU_PCI_ACS_ISOLATE & f->acs_cap;

	if (!f->acs)
		return SMMU_PCI_OPEN_NO_ACS;
	return (f->acs_ctrl & wanted) == wanted ? SMMU_PCI_ISOLATED_ACS
						: SMMU_PCI_OPEN_ACS_OFF;
}

static enum smmu_pci_isolation judge(const struct pci_function *fn)
{
	const struct smmu_pci_function *f = &fn->info;

	if (fn->quirk_isolates >= 0)
		return fn->quirk_isolates ? SMMU_PCI_ISOLATED_QUIRK : SMMU_PCI_OPEN_QUIRK;
	switch (f->kind) {
	case SMMU_PCI_CONVENTIONAL:
	case SMMU_PCI_PCIE_TO_PCI:
	case SMMU_PCI_PCI_TO_PCIE:
	case SMMU_PCI_RC_COLLECTOR:
		return SMMU_PCI_OPEN_CONVENTIONAL;
	case SMMU_PCI_ROOT_PORT:
	case SMMU_PCI_DOWNSTREAM_PORT:
		return by_controls(f);
	default:
		return f->multifunction ? by_controls(f) : SMMU_PCI_ISOLATED_SINGLE;
	}
}

void pci_judge_isolation(struct smmu_pci *pci)
{
	for (size_t i = 0; i < pci->count; i++) {
		struct smmu_pci_function *f = &pci->fn[i].info;

		f->isolation = judge(&pci->fn[i]);
		f->isolates = f->isolation <= SMMU_PCI_ISOLATED_QUIRK;
	}
}

void smmu_pci_request_acs(struct smmu_pci *pci)
{
	for (size_t i = 0; i < pci->count; i++) {
		struct pci_function *fn = &pci->fn[i];
		struct smmu_pci_function *f = &fn->info;

		if (!f->acs)
			continue;
		f->acs_ctrl =
			(uint16_t)(f->acs_ctrl | (f->acs_cap & SMMU_PCI_ACS_ISOLATE));
		fn->config[f->acs + 6u] = (uint8_t)f->acs_ctrl;
	}
	pci_judge_isolation(pci);
}
