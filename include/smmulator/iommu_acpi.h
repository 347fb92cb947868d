/* SPDX-License-Identifier: MIT */
/*
 * Devices of the IOMMU core (<smmulator/iommu.h>) whose IOMMU ACPI tells of: the IORT
 * first, then the VIOT (CORE-23; FW-36 to FW-41, FW-45 to FW-49).
 *
 * Context: as the functions of <smmulator/iommu.h>; what an operating system knows
 * before it configures devices (the last group of functions) is told before any
 * device is added.
 */
#ifndef SMMULATOR_IOMMU_ACPI_H
#define SMMULATOR_IOMMU_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/iommu.h>

SMMU_BEGIN_DECLS

struct smmu_fw;
struct iommu_acpi;

/* Drivers that this kernel has not been built with; all false: it has them all. */
struct iommu_acpi_config {
	bool without_smmu; /* v1 and v2 */
	bool without_smmuv3;
	bool without_virtio;
};

/*
 * Binds a description from ACPI tables (fw->acpi is not NULL) to the core: one
 * software fwnode for each of its IOMMUs (FW-40). fw is only read, and must stay until
 * iommu_acpi_destroy(); that comes after the removal of the devices added here.
 * config NULL: all drivers are there. -EINVAL: fw is from a device tree; -ENOMEM.
 */
SMMU_API int iommu_acpi_create(struct iommu_acpi **acpi, const struct smmu_fw *fw,
			       const struct iommu_acpi_config *config);
SMMU_API void iommu_acpi_destroy(struct iommu_acpi *acpi); /* NULL is allowed */
/*
 * The fwnode of fw->iommus[index], for the instance that drives it to register under;
 * belongs to `acpi`. NULL: no such index.
 */
SMMU_API struct iommu_fwnode *iommu_acpi_fwnode(struct iommu_acpi *acpi, size_t index);

/* A platform device, as the ACPI namespace has it. Copied. */
struct iommu_acpi_device {
	const char *name; /* of the device; NULL: its path */
	/* Full ACPI path of its companion, or of its nearest parent that has one. */
	const char *path;
	const uint32_t *input_id; /* one id is given (a child of a bus); NULL: all */
	const uint64_t *mmio;	  /* bases of its memory resources (FW-46) */
	size_t nmmio;
	void *harness;
};
/*
 * Adds it (iommu_dev_add()). Its stall and PASID properties come from its named
 * component once that gives it an IOMMU (FW-38).
 */
SMMU_API int iommu_acpi_add_device(struct iommu_acpi *acpi, struct iommu_system *sys,
				   const struct iommu_acpi_device *device,
				   struct iommu_dev **dev);
/* fw->masters[index] as such a device. -ENODEV: no such master. */
SMMU_API int iommu_acpi_add_master(struct iommu_acpi *acpi, struct iommu_system *sys,
				   size_t index, void *harness, struct iommu_dev **dev);
/*
 * Adds a PCI function: desc as for iommu_dev_add(), its segment says which root
 * complex it is behind; bus, fw and fw_ctx are overwritten.
 */
SMMU_API int iommu_acpi_add_function(struct iommu_acpi *acpi, struct iommu_system *sys,
				     const struct iommu_dev_desc *desc,
				     struct iommu_dev **dev);

/*
 * fw->iommus[index] is not there: no platform device was made of its node (FW-39), or
 * no PCI function is where the VIOT says (FW-48). Nobody finds it. -EINVAL: no such.
 */
SMMU_API int iommu_acpi_set_absent(struct iommu_acpi *acpi, size_t index);
/*
 * The host bridge of a PCI segment keeps the boot configuration (_DSM 5): RMR nodes
 * count for its functions too (FW-27). -EINVAL: not 0 to 0xffff.
 */
SMMU_API int iommu_acpi_preserve_boot_config(struct iommu_acpi *acpi, uint32_t segment);

SMMU_END_DECLS
#endif /* SMMULATOR_IOMMU_ACPI_H */
