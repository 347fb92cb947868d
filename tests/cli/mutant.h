/* SPDX-License-Identifier: MIT */
/*
 * Faults for the program to find: included in front of every source of one more copy of
 * it. MUTANT in the environment chooses one; without it nothing is changed.
 */
#ifndef TESTS_CLI_MUTANT_H
#define TESTS_CLI_MUTANT_H

#include <stdlib.h>
#include <string.h>
#include <smmulator/iommu.h>
#include <smmulator/iommu_pci.h>
#include <smmulator/pcie.h>
#include <smmulator/vmm.h>

static inline int mutant_is(const char *name)
{
	const char *chosen = getenv("MUTANT");

	return chosen && strcmp(chosen, name) == 0;
}

/* "nosync": the TLB keeps what was unmapped. "keep": it stays mapped, too. */
static inline uint64_t mutant_unmap(struct iommu_domain *domain, uint64_t iova,
				    uint64_t size)
{
	struct iommu_iotlb_gather gather;

	if (mutant_is("keep"))
		return size;
	if (!mutant_is("nosync"))
		return iommu_unmap(domain, iova, size);
	iommu_iotlb_gather_init(&gather);
	return iommu_unmap_fast(domain, iova, size, &gather);
}

/* "readonly": mappings cannot be written through. */
static inline int mutant_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
			     uint64_t size, uint32_t prot)
{
	if (mutant_is("readonly"))
		prot &= ~IOMMU_WRITE;
	return iommu_map(domain, iova, pa, size, prot);
}

/* "detached": attach says yes and does nothing. */
static inline int mutant_attach(struct iommu_domain *domain, struct iommu_group *group)
{
	return mutant_is("detached") ? 0 : iommu_attach_group(domain, group);
}

/* "deaf": guests never hear of events. */
static inline size_t mutant_pump(struct vmm_guest *guest)
{
	return mutant_is("deaf") ? 0 : vmm_guest_pump(guest);
}

/* "swapped": each guest is given its memory one page further on than it is told. */
static inline int mutant_guest(struct vmm_guest **guest, const struct vmm_config *config,
			       char *why, size_t n)
{
	struct vmm_config other = *config;

	if (mutant_is("swapped")) {
		other.host_pa += 4096;
		other.ram_size -= 4096;
	}
	return vmm_guest_create(guest, &other, why, n);
}

/* "deafatc": functions complete invalidations of their ATCs and forget nothing. */
static inline void mutant_set_master(struct smmu_pcie *fn, bool on)
{
	if (mutant_is("deafatc"))
		smmu_pcie_set_manners(fn, SMMU_PCIE_DEAF);
	smmu_pcie_set_master(fn, on);
}

/* "noreset": a reset says yes and does nothing. */
static inline int mutant_reset(struct iommu_dev *dev)
{
	return mutant_is("noreset") ? 0 : iommu_pci_reset(dev);
}

/* "nopasid": the function's PASID goes off behind its driver's back. */
static inline int mutant_max_pasids(struct iommu_dev *dev)
{
	uint32_t pasids = iommu_dev_max_pasids(dev);

	if (mutant_is("nopasid")) {
		iommu_pci_disable_ats(dev); /* PASID is fixed while it is on */
		iommu_pci_disable_pasid(dev);
	}
	return pasids > INT32_MAX ? INT32_MAX : (int)pasids;
}

#define vmm_guest_pump	     mutant_pump
#define vmm_guest_create     mutant_guest
#define smmu_pcie_set_master mutant_set_master
#define iommu_pci_reset	     mutant_reset
#define iommu_dev_max_pasids mutant_max_pasids
#define iommu_unmap	     mutant_unmap
#define iommu_map	     mutant_map
#define iommu_attach_group   mutant_attach

#endif /* TESTS_CLI_MUTANT_H */
