/* SPDX-License-Identifier: MIT */
/*
 * What drivers do with a PCI function through its configuration space: find its
 * capabilities, switch PASID, ATS and PRI on and off in the order that PCIe wants, and
 * reset it. How the space is reached is in the device's description
 * (struct iommu_pci_config); without it the device has no capability and every enable is
 * -EINVAL. Source: PCI Express Base 4.0, 7.8.8 (PASID), 10.5 (ATS, PRI), 6.6.2 (FLR);
 * CORE-81 to CORE-90.
 *
 * Context: any thread, no lock of the core is taken (but see iommu_pci_reset());
 * read-modify-writes of one function are the caller's to keep apart, which the group's
 * mutex does in attach_dev and the probe lock in probe_device.
 */
#ifndef SMMULATOR_IOMMU_PCI_H
#define SMMULATOR_IOMMU_PCI_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/iommu.h>

SMMU_BEGIN_DECLS

/* Capability ids. */
#define IOMMU_PCI_CAP_EXP   0x10u /* PCI Express */
#define IOMMU_PCI_EXT_ATS   0x0fu /* extended ones */
#define IOMMU_PCI_EXT_SRIOV 0x10u
#define IOMMU_PCI_EXT_PRI   0x13u
#define IOMMU_PCI_EXT_PASID 0x1bu

/* Is there a way to the function's configuration space? */
SMMU_API bool iommu_pci_has_config(const struct iommu_dev *dev);
/* size 1, 2 or 4, aligned, below 4096; anything else, or no way to it: all ones. */
SMMU_API uint32_t iommu_pci_read(const struct iommu_dev *dev, uint16_t offset,
				 unsigned size);
/* ... ignored. */
SMMU_API void iommu_pci_write(const struct iommu_dev *dev, uint16_t offset, unsigned size,
			      uint32_t value);
/* Offset of the first capability of that id; 0: none. Lists that loop end. */
SMMU_API uint16_t iommu_pci_find_cap(const struct iommu_dev *dev, uint8_t id);
SMMU_API uint16_t iommu_pci_find_ext_cap(const struct iommu_dev *dev, uint16_t id);

/* Bits of a PASID capability, and of what is enabled. */
#define IOMMU_PCI_PASID_EXEC (1u << 1)
#define IOMMU_PCI_PASID_PRIV (1u << 2)
/* PASIDs that it can have: 1 << Max PASID Width; a VF: its PF's; -EINVAL: none. */
SMMU_API int iommu_pci_max_pasids(const struct iommu_dev *dev);
/* IOMMU_PCI_PASID_*; -EINVAL: no capability. */
SMMU_API int iommu_pci_pasid_features(const struct iommu_dev *dev);
/*
 * -EINVAL: no capability, a feature that it has not, or (a VF) the PF's is off; -EBUSY:
 * enabled already, or ATS is on (PCIe fixes PASID while it is).
 */
SMMU_API int iommu_pci_enable_pasid(const struct iommu_dev *dev, unsigned features);
/* A VF's is its PF's and stays. */
SMMU_API void iommu_pci_disable_pasid(const struct iommu_dev *dev);

/*
 * Smallest translation unit, 1 << shift bytes, before ATS is enabled: a PF's VFs inherit
 * it. -EINVAL: no capability, or shift not 12 to 43; -EBUSY: ATS is on. A VF: 0.
 */
SMMU_API int iommu_pci_prepare_ats(const struct iommu_dev *dev, unsigned shift);
/* As above; a VF whose PF has another unit: -EINVAL. */
SMMU_API int iommu_pci_enable_ats(const struct iommu_dev *dev, unsigned shift);
/* On return the function asks for no translation any more. Nothing if it is off. */
SMMU_API void iommu_pci_disable_ats(const struct iommu_dev *dev);
SMMU_API bool iommu_pci_ats_enabled(const struct iommu_dev *dev);
/* Invalidations that it takes in, 1 to 32; a VF: its PF's share; -EINVAL: no ATS. */
SMMU_API int iommu_pci_ats_queue_depth(const struct iommu_dev *dev);

/*
 * At most `requests` page requests outstanding, and no more than its capacity. -EINVAL:
 * no capability, or (a VF) the PF's is off; -EBUSY: enabled, or not stopped yet.
 */
SMMU_API int iommu_pci_enable_pri(const struct iommu_dev *dev, uint32_t requests);
SMMU_API void iommu_pci_disable_pri(const struct iommu_dev *dev);
/* Forgets what is outstanding. -EINVAL: no capability; -EBUSY: enabled. A VF: 0. */
SMMU_API int iommu_pci_reset_pri(const struct iommu_dev *dev);
/* It has PRI; a VF: its PF has. */
SMMU_API bool iommu_pci_pri_supported(const struct iommu_dev *dev);
/* A virtual function: it shares PASID and PRI with its physical one. */
SMMU_API bool iommu_pci_is_vf(const struct iommu_dev *dev);
/* PRG responses must bear the PASID of the request. */
SMMU_API bool iommu_pci_prg_resp_pasid_required(const struct iommu_dev *dev);

/*
 * A function-level reset as software does it (CORE-90): iommu_dev_reset_prepare(), what
 * must survive is saved, FLR, restored (bus mastering, PASID, PRI with its allocation,
 * SR-IOV), iommu_dev_reset_done(), which turns ATS on again if the domain wants it.
 * -ENOTTY: it has no FLR; or the error of prepare, and it was not reset. A PF's VFs are
 * not touched by the core; in hardware they begin anew, with nothing enabled, so that
 * each needs such a reset after it.
 * Context: takes the group's mutex.
 */
SMMU_API int iommu_pci_reset(struct iommu_dev *dev);

SMMU_END_DECLS

#endif /* SMMULATOR_IOMMU_PCI_H */
