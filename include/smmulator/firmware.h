/* SPDX-License-Identifier: MIT */
/*
 * What firmware says about a board, as plain data: memory, IOMMUs, the masters
 * behind them and the maps from PCI requester ids. It knows neither the hardware
 * that is built from it nor the software that probes it; both read the same
 * description. Device trees give one (smmu_fw_from_dtb); ACPI tables give the same
 * (smmu_fw_from_acpi() in <smmulator/acpi.h>), with the ACPI path for `path` and the
 * offset of the table's node for `phandle`.
 *
 * FW-n are the rules of the project's firmware digest (devicetree bindings and
 * what Linux makes of them).
 *
 * Context: a description is written by the function that makes it, and by
 * smmu_fw_set_enabled(); everything else only reads it, from any thread. All
 * strings and arrays belong to the description and live as long as it does.
 */
#ifndef SMMULATOR_FIRMWARE_H
#define SMMULATOR_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/export.h>

SMMU_BEGIN_DECLS

/* Argument cells of one reference: as many as Linux takes. */
#define SMMU_FW_MAX_ARGS 16

enum smmu_fw_severity {
	SMMU_FW_NOTE,	 /* legal and worth a line: a disabled SMMU, RAM of size 0 */
	SMMU_FW_WARNING, /* wrong, but no master or SMMU is affected */
	SMMU_FW_ERROR,	 /* a master, an SMMU or memory is not what was meant */
};

/* One finding; the message says what is there and what would be legal. */
struct smmu_fw_problem {
	enum smmu_fw_severity severity;
	const char *path;     /* the node; "/" for the whole board */
	const char *property; /* "" if it is about the node itself */
	const char *message;
};

struct smmu_acpi;

/* CPU physical addresses [base, base + size), never empty, never past 2^64. */
struct smmu_fw_range {
	uint64_t base, size;
};

/* Whether a node counts. */
struct smmu_fw_state {
	bool enabled;	/* its own status is absent, "okay" or "ok" (FW-5) */
	bool populated; /* so are those of all its ancestors: a device comes of it */
};

struct smmu_fw_irq {
	const char *name;    /* from interrupt-names, "" if it has none */
	uint32_t controller; /* phandle of the interrupt parent */
	uint8_t ncells;
	uint32_t cells[4]; /* as the controller's binding has them */
};

/* A phandle and the cells after it. */
struct smmu_fw_ref {
	uint32_t phandle;
	int iommu; /* index in fw->iommus, or -1: the target is not an IOMMU */
	uint8_t nargs;
	uint32_t args[SMMU_FW_MAX_ARGS];
};

/* Why a list of references ended where it did (FW-6). */
enum smmu_fw_end {
	SMMU_FW_END_COMPLETE,	/* every cell was used */
	SMMU_FW_END_ZERO,	/* a phandle of 0 */
	SMMU_FW_END_NOWHERE,	/* no node has this phandle */
	SMMU_FW_END_NOT_TARGET, /* the node has no #iommu-cells (#msi-cells counts as 0)
				 */
	SMMU_FW_END_TOO_WIDE,	/* its #iommu-cells is above SMMU_FW_MAX_ARGS */
	SMMU_FW_END_SHORT,	/* too few cells left for the arguments */
};

/* `iommus` or `msi-parent`: the entries that are well formed, in order. */
struct smmu_fw_refs {
	bool present; /* the property exists */
	size_t count;
	struct smmu_fw_ref *ref;
	enum smmu_fw_end end;
	size_t end_cell;      /* index of the cell with the first reference not taken */
	uint32_t end_phandle; /* its phandle; 0 if complete */
};

/* One entry of `iommu-map` or `msi-map` (FW-9). */
struct smmu_fw_map_entry {
	uint32_t id_base;
	uint32_t target;    /* phandle */
	bool target_exists; /* some node has it */
	int iommu;	    /* index in fw->iommus, or -1 */
	uint32_t out_base;
	uint32_t length;
	bool fixed; /* every id of it becomes out_base (a single mapping of IORT) */
};

struct smmu_fw_map {
	bool present;
	bool malformed; /* length 0 or not a multiple of 16 bytes; count is 0 (FW-9) */
	uint32_t mask;	/* iommu-map-mask or msi-map-mask; all ones without one */
	size_t count;
	struct smmu_fw_map_entry *entry;
};

/*
 * Reserved IOVAs of one device (FW-8): iommu-addresses of the regions in its
 * memory-region. direct: the same physical range must stay mapped one to one.
 */
struct smmu_fw_resv {
	uint64_t iova, size;
	bool direct;
};

/*
 * What a device's bus carries of its DMA: addresses [bus, bus + size) on the device's
 * side are CPU addresses from cpu on (dma-ranges of the nearest bus that has any).
 */
struct smmu_fw_dma_range {
	uint64_t bus, cpu, size;
};

/* Every node that can be the target of `iommus` or `iommu-map`, in tree order. */
struct smmu_fw_iommu {
	const char *path;
	const char *name;	/* last part of the path */
	const char *compatible; /* first string; "" without one */
	uint32_t phandle;	/* 0: nobody can refer to it */
	struct smmu_fw_state state;
	bool is_smmuv3; /* "arm,smmu-v3" is among its compatible strings */
	bool has_iommu_cells;
	uint32_t iommu_cells; /* valid if has_iommu_cells; 1 for a SMMUv3 (FW-1) */
	size_t nregs;	      /* CPU addresses, `reg` entry 0 first */
	struct smmu_fw_range *reg;
	size_t nirqs;
	struct smmu_fw_irq *irq;
	bool dma_coherent; /* dma-coherent here or inherited from a bus (FW-3) */
	struct smmu_fw_refs msi_parent;
	/* Whether firmware's word on HTTU wins, and it: as IDR0.HTTU (IORT, DRV-7). */
	bool httu_override;
	uint8_t httu;
	/* Quirks (FW-4). */
	bool broken_prefetch_cmd;   /* hisilicon,broken-prefetch-cmd */
	bool broken_page1_regspace; /* cavium,cn9900-broken-page1-regspace */
	uint32_t cmdqv;		    /* phandle in nvidia,cmdqv; 0: none */
};

/* One bank: each pair of a memory node's `reg`. */
struct smmu_fw_memory {
	const char *path;
	uint64_t base, size;
	bool hotpluggable;
	int numa_node; /* numa-node-id, or -1 */
};

/* A platform device with `iommus`, in tree order. Disabled ones are listed too. */
struct smmu_fw_master {
	const char *path;
	const char *name;
	const char *compatible;
	uint32_t phandle;
	struct smmu_fw_state state;
	size_t nregs;
	struct smmu_fw_range *reg;
	struct smmu_fw_refs iommus; /* (FW-6) */
	struct smmu_fw_refs msi_parent;
	bool dma_coherent;
	bool dma_can_stall;	 /* (FW-7) */
	uint32_t pasid_num_bits; /* pasid-num-bits; 0 without (FW-7) */
	size_t nresv;
	struct smmu_fw_resv *resv;
	size_t ndma; /* 0: DMA addresses are CPU addresses */
	struct smmu_fw_dma_range *dma;
	uint64_t dma_last; /* highest address that its DMA can bear */
};

/*
 * A node whose devices get their ids from a map: a PCI host bridge, or any other
 * bus with `iommu-map`. Every PCI host of the tree is listed, with or without one.
 */
struct smmu_fw_host {
	const char *path;
	const char *name;
	const char *compatible;
	uint32_t phandle;
	struct smmu_fw_state state;
	bool is_pci; /* ids are requester ids, bus << 8 | devfn (FW-13) */
	size_t nregs;
	struct smmu_fw_range *reg;
	struct smmu_fw_map iommu_map, msi_map;
	struct smmu_fw_refs msi_parent;
	uint8_t bus_first, bus_last; /* bus-range; 0 to 255 without */
	int domain;		     /* linux,pci-domain, or -1 */
	bool ats_supported;	     /* (FW-7) */
	bool dma_coherent;
	bool canwbs;	     /* IORT says that it can force write-back snooping */
	unsigned pasid_bits; /* IORT's widest PASID; 0: it does not say */
	size_t ndma;	     /* as for a master */
	struct smmu_fw_dma_range *dma;
	uint64_t dma_last;
};

/* A performance monitor counter group of its own (PMCG nodes of an IORT). */
struct smmu_fw_pmcg {
	const char *path;
	const char *name;
	uint64_t page0, page1; /* registers, 4 KiB each; page1 0: it has none */
	uint32_t gsiv;	       /* overflow interrupt; 0: not wired */
	int iommu;	       /* index in fw->iommus of whom it counts for, or -1 */
};

struct smmu_fw_alias {
	const char *name; /* "serial0" */
	const char *path; /* as written; it may lead nowhere (then a warning exists) */
};

struct smmu_fw {
	const char *model;	/* of the root node; "" without */
	const char *compatible; /* first string of the root node; "" without */
	size_t niommus, nmemories, nmasters, nhosts, naliases, nproblems;
	struct smmu_fw_iommu *iommus;
	struct smmu_fw_memory *memories;
	struct smmu_fw_master *masters;
	struct smmu_fw_host *hosts;
	struct smmu_fw_alias *aliases;
	struct smmu_fw_problem *problems;
	size_t problems_dropped; /* more than 256: the least grave */
	size_t npmcgs;
	struct smmu_fw_pmcg *pmcgs;
	const struct smmu_acpi *acpi; /* the tables it comes from; NULL: a device tree */
};

/*
 * Reads a flattened device tree of at most len bytes (what follows its totalsize
 * is ignored). Faults in single nodes become problems of the description; 0.
 * -EINVAL: not a device tree, truncated, damaged, or beyond what is taken (8 MiB,
 * 64 levels, version 16 and later); -ENOMEM. Then *fw is untouched and why[0..n)
 * holds one line that says what is wrong (why may be NULL).
 * blob is not kept and needs no alignment.
 */
SMMU_API int smmu_fw_from_dtb(const void *blob, size_t len, struct smmu_fw **fw,
			      char *why, size_t n);
/* Frees it; NULL is allowed. */
SMMU_API void smmu_fw_destroy(struct smmu_fw *fw);

/* The first of the gravest problems, if of at least this severity, or NULL. */
SMMU_API const struct smmu_fw_problem *smmu_fw_worst(const struct smmu_fw *fw,
						     enum smmu_fw_severity at_least);

/* By full path or by alias; NULL: none such. Cost: linear. */
SMMU_API const struct smmu_fw_iommu *smmu_fw_find_iommu(const struct smmu_fw *fw,
							const char *path);
SMMU_API const struct smmu_fw_master *smmu_fw_find_master(const struct smmu_fw *fw,
							  const char *path);
SMMU_API const struct smmu_fw_host *smmu_fw_find_host(const struct smmu_fw *fw,
						      const char *path);

/*
 * What boot loaders do to a tree: sets the status of one IOMMU, master or host
 * (path or alias) and with it `populated`, as if its ancestors were enabled.
 * -ENOENT: none such.
 */
SMMU_API int smmu_fw_set_enabled(struct smmu_fw *fw, const char *path, bool enabled);

/*
 * An id through a map (FW-9 to FW-11). want: phandle of the only acceptable
 * target, 0: any. On success *out is the id on the far side and *entry the entry
 * that gave it, or NULL: no entry covers the id, it passes unchanged and has no
 * target.
 * -EINVAL: the property is malformed (FW-9); -EFAULT: an entry up to the matching
 * one has base bits outside the mask (FW-10); -ENODEV: no property although a
 * target is wanted, or the matching entry's phandle leads nowhere (FW-11).
 * *out and *entry are written on success only.
 */
SMMU_API int smmu_fw_map_id(const struct smmu_fw_map *map, uint32_t id, uint32_t want,
			    uint32_t *out, const struct smmu_fw_map_entry **entry);

SMMU_END_DECLS
#endif /* SMMULATOR_FIRMWARE_H */
