/* SPDX-License-Identifier: MIT */
/*
 * A device tree once it has been read: nodes in tree order, each with the few
 * properties that this project looks at. Made in one pass, so that what a hostile
 * tree costs grows with its size alone.
 */
#ifndef FIRMWARE_DT_H
#define FIRMWARE_DT_H

#include "firmware/box.h"

#define DT_MAX_BYTES (8u * 1024 * 1024)
#define DT_MAX_DEPTH 64
#define DT_MAX_PATH  1023
/* Compared `ranges` entries and reserved regions in all; real boards stay below 10^5. */
#define DT_BUDGET 20000000u

/* Every property that is looked at, once. */
#define DT_PROPS(P)                                                                      \
	P(ADDRESS_CELLS, "#address-cells")                                               \
	P(SIZE_CELLS, "#size-cells")                                                     \
	P(INTERRUPT_CELLS, "#interrupt-cells")                                           \
	P(IOMMU_CELLS, "#iommu-cells")                                                   \
	P(MSI_CELLS, "#msi-cells")                                                       \
	P(PHANDLE, "phandle")                                                            \
	P(LINUX_PHANDLE, "linux,phandle")                                                \
	P(STATUS, "status")                                                              \
	P(MODEL, "model")                                                                \
	P(COMPATIBLE, "compatible")                                                      \
	P(DEVICE_TYPE, "device_type")                                                    \
	P(REG, "reg")                                                                    \
	P(USABLE_MEMORY, "linux,usable-memory")                                          \
	P(RANGES, "ranges")                                                              \
	P(DMA_RANGES, "dma-ranges")                                                      \
	P(HOTPLUGGABLE, "hotpluggable")                                                  \
	P(NUMA_NODE_ID, "numa-node-id")                                                  \
	P(INTERRUPT_PARENT, "interrupt-parent")                                          \
	P(INTERRUPTS, "interrupts")                                                      \
	P(INTERRUPTS_EXTENDED, "interrupts-extended")                                    \
	P(INTERRUPT_NAMES, "interrupt-names")                                            \
	P(INTERRUPT_MAP, "interrupt-map")                                                \
	P(INTERRUPT_MAP_MASK, "interrupt-map-mask")                                      \
	P(DMA_COHERENT, "dma-coherent")                                                  \
	P(DMA_NONCOHERENT, "dma-noncoherent")                                            \
	P(DMA_CAN_STALL, "dma-can-stall")                                                \
	P(PASID_NUM_BITS, "pasid-num-bits")                                              \
	P(IOMMUS, "iommus")                                                              \
	P(IOMMU_MAP, "iommu-map")                                                        \
	P(IOMMU_MAP_MASK, "iommu-map-mask")                                              \
	P(MSI_PARENT, "msi-parent")                                                      \
	P(MSI_MAP, "msi-map")                                                            \
	P(MSI_MAP_MASK, "msi-map-mask")                                                  \
	P(BUS_RANGE, "bus-range")                                                        \
	P(PCI_DOMAIN, "linux,pci-domain")                                                \
	P(ATS_SUPPORTED, "ats-supported")                                                \
	P(MEMORY_REGION, "memory-region")                                                \
	P(IOMMU_ADDRESSES, "iommu-addresses")                                            \
	P(BROKEN_PREFETCH, "hisilicon,broken-prefetch-cmd")                              \
	P(BROKEN_PAGE1, "cavium,cn9900-broken-page1-regspace")                           \
	P(CMDQV, "nvidia,cmdqv")

enum dt_prop_id {
#define DT_PROP_ENUM(id, name) DT_##id,
	DT_PROPS(DT_PROP_ENUM)
#undef DT_PROP_ENUM
		DT_PROP_COUNT
};

/* Big-endian bytes inside the blob. */
struct dt_prop {
	enum dt_prop_id id;
	uint32_t len;
	const unsigned char *data;
};

struct dt_node {
	int offset; /* in the structure block, for libfdt */
	int parent; /* index, -1: the root */
	int next;   /* index of the first node outside this one's subtree */
	uint16_t depth;
	uint16_t path_len;
	const char *name; /* not terminated */
	uint16_t name_len;
	uint16_t nprops;
	size_t first_prop;
	uint32_t phandle;
	struct smmu_fw_state state;
	bool coherent;	/* own or inherited */
	bool pci;	/* a PCI host or bridge */
	bool below_pci; /* some ancestor is one */
	int iommu;	/* index in fw->iommus, or -1 */
};

struct dt_phandle {
	uint32_t phandle;
	int node;
};

struct dt {
	struct fw_box *box;
	unsigned char *blob; /* a private copy, exactly totalsize bytes */
	size_t size;
	struct dt_node *nodes;
	size_t nnodes;
	struct dt_prop *props;
	size_t nprops;
	struct dt_phandle *phandles; /* sorted */
	size_t nphandles;
	unsigned long budget;
};

const char *dt_prop_name(enum dt_prop_id id);

/* Reads the blob; on failure why holds one line. dt_close() in any case. */
int dt_open(struct dt *dt, struct fw_box *box, const void *blob, size_t len, char *why,
	    size_t n);
void dt_close(struct dt *dt);

/* The property of a node, or NULL. */
const struct dt_prop *dt_prop(const struct dt *dt, const struct dt_node *node,
			      enum dt_prop_id id);
static inline bool dt_has(const struct dt *dt, const struct dt_node *node,
			  enum dt_prop_id id)
{
	return dt_prop(dt, node, id) != NULL;
}

uint32_t dt_cell(const struct dt_prop *prop, size_t index);
static inline size_t dt_cells(const struct dt_prop *prop)
{
	return prop->len / 4;
}

/* The one cell of a property; false and *value untouched: absent or not one cell
 * (then a problem is noted). */
bool dt_u32(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
	    uint32_t *value);
/* Whether the first string is this one. */
bool dt_is(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
	   const char *string);
/* Whether a string list holds this string. */
bool dt_lists(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
	      const char *string);
/* The first string, copied; "" if there is none. */
const char *dt_string(const struct dt *dt, const struct dt_node *node,
		      enum dt_prop_id id);

/* NULL: no node has this phandle. */
struct dt_node *dt_by_phandle(const struct dt *dt, uint32_t phandle);

/* Full path; buf holds at least DT_MAX_PATH + 1 bytes. Returns buf. */
char *dt_path(const struct dt *dt, const struct dt_node *node, char *buf);
/* The same, and the part after the last slash, copied into the description. */
void dt_names(const struct dt *dt, const struct dt_node *node, const char **path,
	      const char **name);

/* A problem at a node. A device that does not exist is never worth an error. */
FW_PRINTF(5, 6)
void dt_problem(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
		enum smmu_fw_severity severity, const char *fmt, ...);

/* dt_address.c: where a node's registers are. */

/* reg (or a property of the same form) as CPU addresses. Faults are noted at
 * `severity`, ranges that do not lead to the CPU too. */
struct smmu_fw_range *dt_reg(struct dt *dt, const struct dt_node *node,
			     enum dt_prop_id id, enum smmu_fw_severity severity,
			     size_t *count);

/* Addresses that DMA of a device can have, from the dma-ranges of `bus` on upwards. */
struct dt_dma {
	struct smmu_fw_dma_range *range;
	size_t count;  /* 0: they are CPU addresses */
	uint64_t last; /* highest */
};
struct dt_dma dt_dma(struct dt *dt, const struct dt_node *device,
		     const struct dt_node *bus);

/* The 64-bit value of up to two cells, the lower ones of three. */
uint64_t dt_number(const struct dt_prop *prop, size_t at, uint32_t cells);

/* #address-cells and #size-cells of the bus a node is on; false: not legal. */
bool dt_bus_cells(const struct dt *dt, const struct dt_node *node, uint32_t *acells,
		  uint32_t *scells);

/* dt_resv.c: reserved IOVAs of a device (FW-8). */
struct smmu_fw_resv *dt_resv(struct dt *dt, const struct dt_node *node, size_t *count);

/* dt_iommu.c: one IOMMU, with everything that is wrong about it. */
void dt_iommu(struct dt *dt, const struct dt_node *node, struct smmu_fw_iommu *iommu);

/* dt_refs.c: references to other nodes. */

/* `iommus` or `msi-parent`, with the property that says how many cells follow. */
void dt_refs(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
	     enum dt_prop_id cells, struct smmu_fw_refs *refs);
/* `iommu-map` or `msi-map`. */
void dt_map(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
	    enum dt_prop_id mask, struct smmu_fw_map *map);
struct smmu_fw_irq *dt_irqs(struct dt *dt, const struct dt_node *node,
			    size_t *count);

/* dt_irq.c: on through interrupt-map, to what is no nexus. NULL: done; else why not. */
const char *dt_irq_follow(struct dt *dt, const struct dt_node *device,
			  struct smmu_fw_irq *irq);

#endif /* FIRMWARE_DT_H */
