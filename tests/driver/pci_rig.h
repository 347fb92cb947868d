/* SPDX-License-Identifier: MIT */
/* A PCI function in the rig: the driver reaches its configuration space, it does DMA. */
#ifndef TESTS_DRIVER_PCI_RIG_H
#define TESTS_DRIVER_PCI_RIG_H

#include <smmulator/pcie.h>
#include "driver/rig.h"

struct pci_fn {
	struct rig *r;
	struct smmu_pcie *fn;
	struct iommu_dev *dev;
	uint32_t sid;
	/* Before each write of the driver's; NULL: nobody looks. */
	void (*on_write)(struct pci_fn *f, uint16_t offset, uint32_t value);
	bool ignores_ats; /* writes of its ATS control are lost */
	void *ctx;
};

/* A configuration with ATS, PRI and 10 bits of SubstreamIDs. */
struct smmu_config pci_config(void);
/* What a function is by default: ATS, PRI, FLR, 8 bits of PASID. sid is `sid`. */
struct smmu_pcie_config pci_function(uint32_t sid);
/*
 * Builds it and tells the core: `sids` are its StreamIDs (its own among them), fw_flags
 * what firmware says of the root complex.
 */
struct iommu_dev *pci_add(struct rig *r, struct pci_fn *f, const char *name,
			  const struct smmu_pcie_config *cfg, const uint32_t *sids,
			  size_t n, uint32_t fw_flags);
/* After the device was removed, or rig_down(). */
void pci_remove(struct pci_fn *f);

/* One word of DMA, with a PASID unless 0; what smmu_pcie_dma() returned. */
int pci_dma(struct pci_fn *f, uint32_t pasid, uint64_t iova, bool write, uint64_t *value);
struct smmu_pcie_stats pci_stats(struct pci_fn *f);
/* What its capabilities say is on. */
bool pci_ats_on(struct pci_fn *f);
bool pci_pasid_on(struct pci_fn *f);
bool pci_pri_on(struct pci_fn *f);

#endif /* TESTS_DRIVER_PCI_RIG_H */
