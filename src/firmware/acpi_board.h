/* SPDX-License-Identifier: MIT */
/* A description while it is made from ACPI tables. */
#ifndef FIRMWARE_ACPI_BOARD_H
#define FIRMWARE_ACPI_BOARD_H

#include "firmware/acpi.h"

struct acpi_board {
	struct fw_box *box;
	struct smmu_fw *fw;
	const struct smmu_iort *iort;
	const struct smmu_viot *viot;
	int *iommu_of; /* per IORT node: index in fw->iommus, or -1 */
	const struct smmu_iort_node **node_of; /* per fw->iommus */
	size_t first_virtio;
	unsigned long budget;
};

/* Nothing in these tables can be disabled. */
#define ACPI_ON ((struct smmu_fw_state){ .enabled = true, .populated = true })

FW_PRINTF(2, 3)
const char *acpi_text(struct acpi_board *b, const char *fmt, ...);
/* "/IORT/smmuv3@60", and the part after the last slash. */
void acpi_name_node(struct acpi_board *b, const struct smmu_iort_node *node,
		    const char **path, const char **name);
/* FW-28: the highest address of so many bits. */
uint64_t acpi_dma_last(struct acpi_board *b, const char *path, unsigned bits);

/* acpi_host.c */
void acpi_add_root_complex(struct acpi_board *b, const struct smmu_iort_node *node);
/* Segments of a range of the VIOT that no root complex has. */
void acpi_add_viot_hosts(struct acpi_board *b, const struct smmu_viot_endpoint *e);

#endif /* FIRMWARE_ACPI_BOARD_H */
