/* SPDX-License-Identifier: MIT */
/* What the files of pci/ share: the functions that were read, and how they hang together.
 */
#ifndef PCI_HIERARCHY_H
#define PCI_HIERARCHY_H

#include <stdarg.h>
#include <stdio.h>
#include <smmulator/pci.h>

enum { PCI_CONFIG_MAX = 4096, PCI_HEADER = 64, PCI_HOPS_MAX = 256 };

/* Offsets of registers that every header has, and of a bridge's bus numbers. */
enum {
	PCI_REG_VENDOR = 0x00,
	PCI_REG_DEVICE = 0x02,
	PCI_REG_STATUS = 0x06,
	PCI_REG_CLASS = 0x0a,
	PCI_REG_HEADER = 0x0e,
	PCI_REG_PRIMARY = 0x18,
	PCI_REG_SECONDARY = 0x19,
	PCI_REG_SUBORDINATE = 0x1a,
};

struct pci_function {
	struct smmu_pci_function info;
	uint8_t *config; /* info.config_size bytes */
	size_t order;	 /* of appearance: the first of two with one id counts */
	size_t dma_by;	 /* SMMU_PCI_NONE: itself */
	bool pcie_bridge_alias, xlate_root;
	int8_t quirk_isolates;	  /* -1: no quirk says */
	uint8_t quirk_devfns[32]; /* a bit for each devfn of its bus */
	bool has_quirk_devfns;
};

/* Sorted by segment and requester id once it is connected. */
struct smmu_pci {
	struct pci_function *fn;
	size_t count, room;
	char **problem;
	size_t nproblems;
	bool any_alias; /* some function has a quirk alias, or another does its DMA */
};

/* ---- pci.c ---------------------------------------------------------------------------
 */

struct smmu_pci *pci_create(void);
/* Keeps a line; beyond SMMU_PCI_MAX_PROBLEMS or without memory it is lost. */
void pci_problem(struct smmu_pci *pci, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A function with `len` bytes of configuration space, not yet understood. 0, -ENOMEM. */
int pci_add(struct smmu_pci *pci, uint32_t segment, uint16_t rid, const uint8_t *config,
	    size_t len);
/* Of the first `count`, sorted: the first at or behind this id, or count. */
size_t pci_first_at(const struct smmu_pci *pci, size_t count, uint32_t segment,
		    uint16_t rid);
/* Room for "ssssssss:bb:dd.f" and the end. */
enum { PCI_NAME = 24 };
const char *pci_name(char name[PCI_NAME], uint32_t segment, uint16_t rid);
int pci_why(char *why, size_t n, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
uint32_t pci_get(const struct pci_function *fn, unsigned offset, unsigned size);

/* ---- text.c: a dump, made safe for libpci -------------------------------------------
 */

/*
 * Copies to `out` the lines of the dump that are sound, and nothing else; problems name
 * the lines that are not. Returns the number of functions.
 */
size_t pci_text_filter(struct smmu_pci *pci, const char *text, size_t len, FILE *out);

/* ---- caps.c --------------------------------------------------------------------------
 */

/* One capability as libpci found it. */
struct pci_capability {
	uint16_t id, offset;
	bool extended;
};
/* Fills in what the header and these capabilities say. */
void pci_understand(struct smmu_pci *pci, struct pci_function *fn,
		    const struct pci_capability *cap, size_t n);

/* ---- topology.c ----------------------------------------------------------------------
 */

/* Sorts, adds implied VFs, finds the bridge above each bus. 0 or -ENOMEM. */
int pci_connect(struct smmu_pci *pci);

/* ---- acs.c, quirk.c ------------------------------------------------------------------
 */

void pci_judge_isolation(struct smmu_pci *pci);
void pci_known_quirks(struct smmu_pci *pci);
static inline bool pci_has_devfn(const struct pci_function *fn, unsigned devfn)
{
	return fn->quirk_devfns[devfn / 8] & 1u << devfn % 8;
}

/* ---- alias.c -------------------------------------------------------------------------
 */

/* Who does the DMA of this function. */
static inline size_t pci_requester(const struct smmu_pci *pci, size_t index)
{
	size_t by = pci->fn[index].dma_by;

	return by == SMMU_PCI_NONE ? index : by;
}
/* Calls fn for each id in walk order until it says true; whether it did (FW-16). */
bool pci_each_alias(const struct smmu_pci *pci, size_t index,
		    bool (*fn)(void *ctx, const struct smmu_pci_alias *alias), void *ctx);
/* FW-15: whether what passes this bridge bears an id of its making, and which. */
bool pci_bridge_alias(const struct smmu_pci *pci, size_t bridge,
		      struct smmu_pci_alias *alias);

#endif /* PCI_HIERARCHY_H */
