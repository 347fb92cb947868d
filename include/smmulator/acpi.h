/* SPDX-License-Identifier: MIT */
/*
 * ACPI's words about IOMMUs: the IORT (Arm DEN 0049) and the VIOT, read from their
 * bytes into plain descriptions, asked as an operating system asks them, and
 * written. A whole board from them, in the form that machines are built from, is
 * what smmu_fw_from_acpi() makes.
 *
 * FW-n are the rules of the project's firmware digest.
 *
 * Context: descriptions are constant once made and read from any thread; a writer
 * is used by one thread.
 */
#ifndef SMMULATOR_ACPI_H
#define SMMULATOR_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/firmware.h>

SMMU_BEGIN_DECLS

/* Larger tables are refused: those of servers stay below 64 KiB. */
#define SMMU_ACPI_MAX_BYTES ((size_t)4 << 20)

/* ---- IORT (FW-20 to FW-28) -------------------------------------------------------- */

enum smmu_iort_type { /* FW-22: values of the table */
		      SMMU_IORT_ITS_GROUP = 0,
		      SMMU_IORT_NAMED_COMPONENT = 1,
		      SMMU_IORT_ROOT_COMPLEX = 2,
		      SMMU_IORT_SMMU = 3, /* SMMUv1 and v2 */
		      SMMU_IORT_SMMUV3 = 4,
		      SMMU_IORT_PMCG = 5,
		      SMMU_IORT_RMR = 6,
		      SMMU_IORT_IWB = 7,
};
/* Sets of types, for the look-ups (FW-35). */
#define SMMU_IORT_MASK(type) (1u << (type))
#define SMMU_IORT_IOMMUS                                                                 \
	(SMMU_IORT_MASK(SMMU_IORT_SMMU) | SMMU_IORT_MASK(SMMU_IORT_SMMUV3))
#define SMMU_IORT_MSI SMMU_IORT_MASK(SMMU_IORT_ITS_GROUP)

#define SMMU_IORT_ID_SINGLE (1u << 0) /* flag of a mapping: one id, input ignored */
/* Memory access properties (FW-24): the flags byte. */
#define SMMU_IORT_MEM_CPM     (1u << 0)
#define SMMU_IORT_MEM_DACS    (1u << 1)
#define SMMU_IORT_MEM_CANWBS  (1u << 2)
#define SMMU_IORT_NC_STALL    (1u << 0) /* named component: bits 5:1 are the SSID width */
#define SMMU_IORT_RC_ATS      (1u << 0) /* root complex: ATS attribute */
#define SMMU_IORT_RC_PRI      (1u << 1)
#define SMMU_IORT_RC_PASID    (1u << 2)
#define SMMU_IORT_V3_COHACC   (1u << 0) /* SMMUv3: bits 2:1 are the HTTU override */
#define SMMU_IORT_V3_PXM      (1u << 3)
#define SMMU_IORT_V3_DEVICEID (1u << 4) /* node revision 5 on (FW-34) */
#define SMMU_IORT_RMR_REMAP   (1u << 0) /* bits 9:2 are the access attributes */
#define SMMU_IORT_RMR_PRIV    (1u << 1)

enum { /* SMMUv3 models (FW-25) */
       SMMU_IORT_V3_GENERIC = 0,
       SMMU_IORT_V3_HI161X = 1,
       SMMU_IORT_V3_CN99XX = 2,
};

/* FW-23. Ids [input_base, input_base + id_count], both ends included. */
struct smmu_iort_mapping {
	uint32_t input_base, id_count, output_base;
	uint32_t output_reference; /* offset from the table's start; 0: none */
	uint32_t flags;		   /* SMMU_IORT_ID_* */
	int target;		   /* index of that node, or -1 */
};

struct smmu_iort_memory { /* FW-24 */
	bool coherent;	  /* CCA is 1 */
	uint8_t hints, flags;
};

struct smmu_iort_rmr_range {
	uint64_t base, length;
};

struct smmu_iort_its {
	size_t count;
	const uint32_t *ids;
};
struct smmu_iort_nc {
	uint32_t flags;
	struct smmu_iort_memory memory;
	uint8_t address_bits; /* FW-28 */
	const char *path;     /* "\\_SB.DMA0" */
};
struct smmu_iort_rc {
	struct smmu_iort_memory memory;
	uint32_t ats, segment;
	uint32_t flags;	      /* node revision 4 on, else 0 */
	uint8_t address_bits; /* FW-28 */
	uint16_t pasid_capabilities;
};
struct smmu_iort_v2 { /* SMMUv1 and v2: as much as is needed to know them */
	uint64_t base, span;
	uint32_t model, flags;
};
struct smmu_iort_v3 {
	uint64_t base, vatos;
	uint32_t flags, model;
	uint32_t event_gsiv, pri_gsiv, gerror_gsiv, sync_gsiv;
	uint32_t proximity, deviceid_index;
};
struct smmu_iort_pmcg {
	uint64_t page0, page1; /* page1 0: none (node revision 0) */
	uint32_t gsiv, reference;
	int target; /* index of that node, or -1 */
};
struct smmu_iort_rmr {
	uint32_t flags;
	size_t count;
	const struct smmu_iort_rmr_range *ranges;
};

/* One node. Of the union the member that belongs to type is valid. */
struct smmu_iort_node {
	uint32_t offset; /* from the table's start: the node's name in messages */
	uint8_t type;	 /* enum smmu_iort_type, or one that this reader does not know */
	uint8_t revision;
	uint16_t length;
	uint32_t identifier;
	uint32_t mapping_offset; /* from the node's start */
	size_t nmappings;	 /* 0 if mapping_offset is (FW-31) */
	struct smmu_iort_mapping *mappings;
	union {
		struct smmu_iort_its its;
		struct smmu_iort_nc nc;
		struct smmu_iort_rc rc;
		struct smmu_iort_v2 v2;
		struct smmu_iort_v3 v3;
		struct smmu_iort_pmcg pmcg;
		struct smmu_iort_rmr rmr;
	};
};

struct smmu_iort {
	uint8_t revision;
	char oem_id[7], oem_table_id[9]; /* printable, terminated */
	uint32_t oem_revision;
	size_t nnodes;
	const struct smmu_iort_node *nodes; /* by ascending offset */
};

/* NULL: there is no node of this kind. Cost: linear. */
SMMU_API const struct smmu_iort_node *smmu_iort_at(const struct smmu_iort *iort,
						   uint32_t offset);
/* FW-36: of a PCI segment; of a device's full ACPI path. */
SMMU_API const struct smmu_iort_node *smmu_iort_root_complex(const struct smmu_iort *iort,
							     uint32_t segment);
SMMU_API const struct smmu_iort_node *smmu_iort_component(const struct smmu_iort *iort,
							  const char *path);

/* FW-34: the node's own mapping for its MSIs, or -1. */
SMMU_API int smmu_iort_deviceid_index(const struct smmu_iort_node *node);
/*
 * FW-29 to FW-31: the id through the node's mappings, and on, up to a node whose type
 * is wanted (SMMU_IORT_MASK). Returns that node, *out is the id there. NULL: it
 * leads to none, *out is id itself. out may be NULL.
 */
SMMU_API const struct smmu_iort_node *smmu_iort_map_id(const struct smmu_iort *iort,
						       const struct smmu_iort_node *node,
						       uint32_t id, uint32_t *out,
						       unsigned wanted);
/* FW-32: what the index-th mapping, a single one, gives. NULL: it is none. */
SMMU_API const struct smmu_iort_node *smmu_iort_get_id(const struct smmu_iort *iort,
						       const struct smmu_iort_node *node,
						       size_t index, uint32_t *out);
/* FW-33: the same, and on to a node that is wanted. *out is written on success. */
SMMU_API const struct smmu_iort_node *
smmu_iort_map_platform_id(const struct smmu_iort *iort, const struct smmu_iort_node *node,
			  size_t index, uint32_t *out, unsigned wanted);

/* FW-41: the DeviceID of an id below this node; the id itself if it is not mapped. */
SMMU_API uint32_t smmu_iort_msi_id(const struct smmu_iort *iort,
				   const struct smmu_iort_node *node, uint32_t id);
/* FW-41: the index-th ITS of the group that it leads to. -ENXIO: none. */
SMMU_API int smmu_iort_its_of(const struct smmu_iort *iort,
			      const struct smmu_iort_node *node, uint32_t id,
			      size_t index, uint32_t *its);
/*
 * The DeviceID of the node's own MSIs (FW-34, FW-41); a component's is the first of
 * its platform ids that leads to an ITS. -ENODEV: it has none.
 */
SMMU_API int smmu_iort_own_deviceid(const struct smmu_iort *iort,
				    const struct smmu_iort_node *node, uint32_t *id);

/* What a range of an RMR node asks for (FW-26, FW-27). */
struct smmu_iort_reserved {
	uint64_t base, length; /* rounded outward to 4 KiB unless aligned to 64 KiB */
	bool mmio, cache, privileged;
	bool relaxable; /* remapping is permitted */
};
/*
 * Calls fn for each range that RMR nodes tie to StreamIDs of this SMMU among ids[0..n);
 * ids NULL: for whatever StreamIDs. Tables of a revision below 5 have none. Empty
 * ranges are left out: they reserve nothing.
 */
SMMU_API void smmu_iort_for_each_reserved(
	const struct smmu_iort *iort, const struct smmu_iort_node *smmu,
	const uint32_t *ids, size_t n,
	void (*fn)(void *ctx, const struct smmu_iort_reserved *range), void *ctx);
/* StreamIDs of this SMMU that RMR nodes name: [first, last], in table order (FW-27). */
SMMU_API void smmu_iort_for_each_rmr_stream(
	const struct smmu_iort *iort, const struct smmu_iort_node *smmu,
	void (*fn)(void *ctx, uint32_t first, uint32_t last), void *ctx);

/* ---- VIOT (FW-42 to FW-48) -------------------------------------------------------- */

enum smmu_viot_type { /* FW-43: values of the table */
		      SMMU_VIOT_PCI_RANGE = 1,
		      SMMU_VIOT_MMIO = 2,
		      SMMU_VIOT_VIRTIO_PCI = 3,
		      SMMU_VIOT_VIRTIO_MMIO = 4,
};

struct smmu_viot_iommu {
	uint16_t offset;
	bool is_pci;
	uint16_t segment, bdf; /* of one on PCI */
	uint64_t base;	       /* of one on MMIO */
};

/* An endpoint or a range of them, whose output node is an IOMMU. */
struct smmu_viot_endpoint {
	uint16_t offset;
	bool is_pci;
	uint32_t endpoint; /* id, of the first one in a range */
	uint16_t segment_first, segment_last, bdf_first, bdf_last;
	uint64_t base; /* of one on MMIO */
	size_t iommu;  /* index */
};

struct smmu_viot {
	uint8_t revision;
	size_t niommus; /* those that some endpoint refers to (FW-44) */
	const struct smmu_viot_iommu *iommus;
	size_t nendpoints;
	const struct smmu_viot_endpoint *endpoints; /* in table order */
};

/* FW-45: the endpoint id and IOMMU of a PCI function. -ENODEV: none. */
SMMU_API int smmu_viot_map_pci(const struct smmu_viot *viot, uint16_t segment,
			       uint16_t bdf, uint32_t *endpoint, size_t *iommu);
/* FW-46: of a device with memory at base. -ENODEV: none. */
SMMU_API int smmu_viot_map_mmio(const struct smmu_viot *viot, uint64_t base,
				uint32_t *endpoint, size_t *iommu);

/* ---- A board from them ------------------------------------------------------------- */

/* The tables behind a description; either may be NULL, not both. */
struct smmu_acpi {
	const struct smmu_iort *iort;
	const struct smmu_viot *viot;
	/* Per fw->iommus: the node of iort, or NULL and the index in viot->iommus. */
	const struct smmu_iort_node *const *iommu_node;
	size_t first_virtio; /* index in fw->iommus of viot->iommus[0] */
};

#define SMMU_ACPI_LENIENT (1u << 0)

/* Bytes of one table; len may exceed the table's own length. */
struct smmu_acpi_blob {
	const void *data;
	size_t len;
};

/*
 * Reads one or two tables, told apart by their signatures. The description has an
 * entry in iommus for each SMMU (also v1 and v2) and virtio-iommu, a master for each
 * named component with ids and each MMIO endpoint, a host for each segment; fw->acpi
 * leads to the tables. Its paths are ACPI paths, or "/IORT/smmuv3@60" with the offset
 * of a node that has none. No memory is listed: ACPI keeps that elsewhere.
 *
 * 0; -EINVAL: not an IORT or VIOT, two of a kind, truncated, or damaged (FW-50):
 * checksum, length, a node or its mappings beyond what holds them, a reference to
 * no node, a circle; -ENOMEM. Then *fw is untouched and why[0..n) holds one line
 * that names the table, the node's offset and the fault (why may be NULL).
 * SMMU_ACPI_LENIENT: what an operating system would go on with becomes a problem of
 * the description (FW-21, FW-31, FW-34), and the walk limit ends circles.
 */
SMMU_API int smmu_fw_from_acpi(const struct smmu_acpi_blob *tables, size_t count,
			       unsigned flags, struct smmu_fw **fw, char *why, size_t n);

/* ---- Writing tables ---------------------------------------------------------------- */

/*
 * Makes tables for tests and for firmware. Nodes get their offsets as they are added;
 * mappings belong to the node added last. Errors stick (no memory, a node above
 * 64 KiB): smmu_acpi_finish() tells.
 */
struct smmu_acpi_writer;
/* signature "IORT" or "VIOT". NULL: neither, or no memory. */
SMMU_API struct smmu_acpi_writer *smmu_acpi_begin(const char *signature,
						  uint8_t revision);
/* Sets the OEM fields, cut or padded with zeroes to 6 and 8 bytes. */
SMMU_API void smmu_acpi_oem(struct smmu_acpi_writer *w, const char *id,
			    const char *table_id, uint32_t revision);
/*
 * Adds an IORT node; of `node` type, revision, identifier and what belongs to the
 * type count. Its mappings, if node->nmappings is not 0, are taken too (target and
 * length are not looked at). Returns its offset, 0 after an error.
 */
SMMU_API uint32_t smmu_acpi_add_node(struct smmu_acpi_writer *w,
				     const struct smmu_iort_node *node);
/* Adds a mapping to the IORT node added last. */
SMMU_API void smmu_acpi_add_mapping(struct smmu_acpi_writer *w, uint32_t input_base,
				    uint32_t id_count, uint32_t output_base,
				    uint32_t output_reference, uint32_t flags);
/* Add a VIOT node; offset and iommu do not count, output does. As add_node. */
SMMU_API uint32_t smmu_acpi_add_virtio(struct smmu_acpi_writer *w,
				       const struct smmu_viot_iommu *iommu);
SMMU_API uint32_t smmu_acpi_add_endpoint(struct smmu_acpi_writer *w,
					 const struct smmu_viot_endpoint *endpoint,
					 uint16_t output);
/*
 * Ends the table, with length, counts and checksum: 0 and *data, *len (free() gives
 * it back), or -ENOMEM or -E2BIG. The writer is gone in any case.
 */
SMMU_API int smmu_acpi_finish(struct smmu_acpi_writer *w, void **data, size_t *len);
/* Makes the checksum of a changed table right again; len is its length field. */
SMMU_API void smmu_acpi_checksum(void *table, size_t len);

SMMU_END_DECLS
#endif /* SMMULATOR_ACPI_H */
