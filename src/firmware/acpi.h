/* SPDX-License-Identifier: MIT */
/* An ACPI table while it is being read. */
#ifndef FIRMWARE_ACPI_H
#define FIRMWARE_ACPI_H

#include <smmulator/acpi.h>
#include "firmware/box.h"

#define ACPI_HEADER	   36u
#define IORT_HEADER	   48u
#define IORT_NODE_HEADER   16u
#define IORT_MAPPING_BYTES 20u
#define IORT_RMR_BYTES	   20u
#define VIOT_HEADER	   48u
#define VIOT_NODE_HEADER   4u

struct acpi_table {
	struct fw_box *box;
	const char *name; /* "IORT" or "VIOT" */
	const unsigned char *data;
	uint32_t len; /* the table's own length; all of it is there */
	bool lenient;
	char *why;
	size_t why_len;
};

uint8_t acpi_u8(const struct acpi_table *t, uint32_t at);
uint16_t acpi_u16(const struct acpi_table *t, uint32_t at);
uint32_t acpi_u32(const struct acpi_table *t, uint32_t at);
uint64_t acpi_u64(const struct acpi_table *t, uint32_t at);

/* The common header: length, checksum. Sets data and len. 0 or -EINVAL, said why. */
int acpi_open(struct acpi_table *t, const struct smmu_acpi_blob *blob);

/* -EINVAL, with a message about the node at this offset (0: the table itself). */
FW_PRINTF(3, 4)
int acpi_refuse(const struct acpi_table *t, uint32_t offset, const char *fmt, ...);
/* The same; but 0 and an error of the description if the reader is lenient. */
FW_PRINTF(3, 4)
int acpi_bad(const struct acpi_table *t, uint32_t offset, const char *fmt, ...);
/* A remark that refuses nothing. */
FW_PRINTF(4, 5)
void acpi_remark(const struct acpi_table *t, enum smmu_fw_severity severity,
		 uint32_t offset, const char *fmt, ...);

/* iort.c, iort_node.c, viot.c; 0 or -EINVAL, said why, or -ENOMEM. */
int iort_parse(struct acpi_table *t, const struct smmu_iort **iort);
int iort_parse_node(const struct acpi_table *t, struct smmu_iort_node *node);
/* Bytes before anything optional; 16 for a type that is not known. */
uint32_t iort_node_size(uint8_t type, uint8_t revision);
const char *iort_type_name(uint8_t type);
/* FW-34: whether this SMMUv3's DeviceID mapping index is meant to be used. */
bool iort_wants_deviceid(const struct smmu_iort_node *node);

/* What smmu_iort_map_id() finds, and for how many ids more in just the same way. */
struct iort_run {
	const struct smmu_iort_node *node; /* NULL: it leads to none */
	uint32_t out;
	bool fixed;    /* the ids after it get the same result, not the next ones */
	uint32_t same; /* ids after this one of which all of that is true */
	size_t cost;   /* mappings looked at */
};
void iort_map_run(const struct smmu_iort *iort, const struct smmu_iort_node *node,
		  uint32_t id, unsigned wanted, struct iort_run *run);
int viot_parse(struct acpi_table *t, const struct smmu_viot **viot);

/* acpi_board.c: the description that the tables give. 0 or -ENOMEM. */
int acpi_board(struct fw_box *box, struct smmu_acpi *acpi);

#endif /* FIRMWARE_ACPI_H */
