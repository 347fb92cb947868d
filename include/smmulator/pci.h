/* SPDX-License-Identifier: MIT */
/*
 * A PCI hierarchy as software finds it: functions, bridges, the requester ids that
 * DMA bears (FW-14 to FW-16), what ACS isolates, and the groups that come of it
 * (CORE-38). Read with libpci, from what `lspci -xxxx` prints or from sysfs.
 *
 * This header belongs to libsmmulator-pci, a library of its own because libpci is
 * GPL: whatever links it is distributed under the GPL. It needs neither of the other
 * two libraries, and they do not need it: a harness copies what smmu_pci_function(),
 * smmu_pci_aliases() and smmu_pci_path() say into a struct iommu_dev_desc.
 *
 * What is read is never trusted: a section of a dump that is not sound is left out or
 * read as far as it is, and smmu_pci_problem() says so; nothing ends the process.
 *
 * Requester ids are bus << 8 | device << 3 | function, within a segment (the domain of
 * lspci). Indices of functions ascend by segment, bus, device, function.
 *
 * Context: one object is for one thread at a time; different ones are independent.
 */
#ifndef SMMULATOR_PCI_H
#define SMMULATOR_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/export.h>

SMMU_BEGIN_DECLS

struct smmu_pci;

/* Limits of what is read; what is beyond them is left out, with a problem. */
#define SMMU_PCI_MAX_BYTES     ((size_t)256 << 20) /* of a dump */
#define SMMU_PCI_MAX_FUNCTIONS 65536u
#define SMMU_PCI_MAX_PROBLEMS  256u

/* "None" wherever the index of a function is returned. */
#define SMMU_PCI_NONE SIZE_MAX

/* What a function is, by the type in its PCI Express capability. */
enum smmu_pci_kind {
	SMMU_PCI_CONVENTIONAL, /* PCI or PCI-X: no PCI Express capability */
	SMMU_PCI_ENDPOINT,     /* the others: Device/Port Type of that capability */
	SMMU_PCI_LEGACY_ENDPOINT,
	SMMU_PCI_RC_ENDPOINT,  /* integrated in the root complex */
	SMMU_PCI_RC_COLLECTOR, /* root complex event collector */
	SMMU_PCI_ROOT_PORT,
	SMMU_PCI_UPSTREAM_PORT,
	SMMU_PCI_DOWNSTREAM_PORT,
	SMMU_PCI_PCIE_TO_PCI,	/* bridge with PCI Express above, PCI below */
	SMMU_PCI_PCI_TO_PCIE,	/* the reverse */
	SMMU_PCI_RESERVED_KIND, /* a type that no specification has */
};
/* "endpoint", "root port" ...; never NULL. */
SMMU_API const char *smmu_pci_kind_name(enum smmu_pci_kind kind);

/* Control bits of an ACS capability; CORE-38 asks for the first mask. */
#define SMMU_PCI_ACS_SV 0x01u /* source validation */
#define SMMU_PCI_ACS_TB 0x02u /* translation blocking */
#define SMMU_PCI_ACS_RR 0x04u /* P2P request redirect */
#define SMMU_PCI_ACS_CR 0x08u /* P2P completion redirect */
#define SMMU_PCI_ACS_UF 0x10u /* upstream forwarding */
#define SMMU_PCI_ACS_EC 0x20u /* P2P egress control */
#define SMMU_PCI_ACS_DT 0x40u /* direct translated P2P */
#define SMMU_PCI_ACS_ISOLATE                                                             \
	(SMMU_PCI_ACS_SV | SMMU_PCI_ACS_RR | SMMU_PCI_ACS_CR | SMMU_PCI_ACS_UF)

/* Whether, and why, a function keeps its peers' DMA apart. */
enum smmu_pci_isolation {
	SMMU_PCI_ISOLATED_SINGLE,   /* one function, not a downstream port: no peers */
	SMMU_PCI_ISOLATED_ACS,	    /* every control that it has is on */
	SMMU_PCI_ISOLATED_QUIRK,    /* a quirk says so */
	SMMU_PCI_OPEN_CONVENTIONAL, /* a shared bus, or a bridge to one: ACS never applies
				     */
	SMMU_PCI_OPEN_NO_ACS,	    /* it should have the capability, and has not */
	SMMU_PCI_OPEN_ACS_OFF,	    /* a control that it has is off */
	SMMU_PCI_OPEN_QUIRK,
};

/* One function. Positions are offsets in its configuration space, 0: it has none. */
struct smmu_pci_function {
	uint32_t segment;
	uint16_t rid;
	uint16_t vendor, device;
	uint16_t class_code; /* base class << 8 | sub-class */
	enum smmu_pci_kind kind;
	bool is_bridge;			/* header type 1 */
	bool multifunction;		/* header bit 7, or not function 0 (never a VF) */
	uint8_t secondary, subordinate; /* of a bridge whose numbers are sound, else 0 */
	size_t config_size;		/* bytes read: 0 to 4096 */

	bool is_vf;	 /* a virtual function of `pf` */
	bool implied;	 /* not listed, but the PF's registers say that it is there */
	size_t pf;	 /* index; SMMU_PCI_NONE for anything but a VF */
	size_t upstream; /* index of the bridge above its bus; SMMU_PCI_NONE: root bus */

	uint16_t express, msi, msix, acs, ats, pri, pasid, sriov;
	bool flr; /* DevCap says that it can be reset on its own */
	uint16_t acs_cap, acs_ctrl;
	enum smmu_pci_isolation isolation;
	bool isolates; /* CORE-38: the first three of enum smmu_pci_isolation */

	bool ats_enabled, pri_enabled, pasid_enabled;
	uint8_t ats_queue_depth; /* invalidations, 1 to 32; 0: no ATS */
	bool ats_page_aligned;
	uint32_t pri_capacity; /* outstanding page requests */
	uint8_t pasid_bits;    /* Max PASID Width */
	bool pasid_exec, pasid_priv;
	uint16_t vfs_total, vfs_enabled, vf_offset, vf_stride, vf_device;
};

/* ---- Import -------------------------------------------------------------------------
 */

/*
 * Reads what `lspci -xxxx` (or -xxx, -x, with or without -v, -D) printed: all 4096 bytes
 * of each function, 256 or 64; any other line is passed over. Less than -xxxx hides ACS,
 * ATS and SR-IOV: that is a problem of the list, not an error. 0; -EINVAL: longer than
 * SMMU_PCI_MAX_BYTES, or no function in it; -ENOMEM; -EIO: libpci refused, with its
 * message. Then *pci is untouched and why[0..n) holds one line (why may be NULL).
 */
SMMU_API int smmu_pci_from_dump(struct smmu_pci **pci, const void *text, size_t len,
				char *why, size_t n);
/*
 * Reads the running machine's functions below `path`; NULL: /sys/bus/pci. Only root sees
 * more than 64 bytes of each. Errors as above; -EIO also: no such directory.
 */
SMMU_API int smmu_pci_from_sysfs(struct smmu_pci **pci, const char *path, char *why,
				 size_t n);
SMMU_API void smmu_pci_destroy(struct smmu_pci *pci); /* NULL is allowed */

/* Things in the input that are not as they should be, one line each; NULL: no more. */
SMMU_API const char *smmu_pci_problem(const struct smmu_pci *pci, size_t index);

/* ---- Functions ----------------------------------------------------------------------
 */

SMMU_API size_t smmu_pci_count(const struct smmu_pci *pci);
/* NULL: no such one. It changes with smmu_pci_add_quirk() and smmu_pci_request_acs(). */
SMMU_API const struct smmu_pci_function *smmu_pci_function(const struct smmu_pci *pci,
							   size_t index);
SMMU_API size_t smmu_pci_find(const struct smmu_pci *pci, uint32_t segment, uint16_t rid);
/* A little-endian value of 1, 2 or 4 bytes; all ones beyond what was read. */
SMMU_API uint32_t smmu_pci_config(const struct smmu_pci *pci, size_t index,
				  unsigned offset, unsigned size);

/*
 * FW-17: what firmware code asks for before devices are found: in every ACS capability
 * source validation, request and completion redirect and upstream forwarding are
 * switched on, as far as the capability has them.
 */
SMMU_API void smmu_pci_request_acs(struct smmu_pci *pci);

/* ---- Quirks -------------------------------------------------------------------------
 */

enum smmu_pci_quirk_kind {
	SMMU_PCI_QUIRK_DMA_DEVFN,    /* DMA may bear devfn `value` of its bus (FW-14) */
	SMMU_PCI_QUIRK_DMA_FUNCTION, /* ... or function `value` of its device */
	SMMU_PCI_QUIRK_DMA_BY, /* DMA is done by requester `value`, `segment` (FW-14) */
	SMMU_PCI_QUIRK_PCIE_BRIDGE, /* a conventional bridge aliases like a PCIe one
				       (FW-15) */
	SMMU_PCI_QUIRK_XLATE_ROOT, /* the translation unit is here: aliases end (FW-15) */
	SMMU_PCI_QUIRK_ISOLATES,   /* isolates, whatever ACS says: 1 yes, 0 no */
};

/* Any vendor, device; any function. */
#define SMMU_PCI_ANY	 0xffffu
#define SMMU_PCI_ANY_RID UINT32_MAX

struct smmu_pci_quirk {
	enum smmu_pci_quirk_kind kind;
	uint16_t vendor, device;     /* SMMU_PCI_ANY: whatever */
	uint32_t at_segment, at_rid; /* at_rid SMMU_PCI_ANY_RID: anywhere */
	uint32_t segment;	     /* of the requester, SMMU_PCI_QUIRK_DMA_BY */
	uint32_t value;
};

/*
 * Every function that it fits has the quirk; the last three kinds: 1 yes, 0 no. Those of
 * known devices are there already.
 * -EINVAL: no such kind, or a value out of range (devfn 0..255, function 0..7, requester
 * 0..0xffff, yes or no 0..1); -ENOENT: it fits no function, or no such requester.
 */
SMMU_API int smmu_pci_add_quirk(struct smmu_pci *pci, const struct smmu_pci_quirk *quirk);

/* ---- Requester ids ------------------------------------------------------------------
 */

enum smmu_pci_alias_reason {
	SMMU_PCI_ALIAS_SELF, /* its own, or that of who does its DMA */
	SMMU_PCI_ALIAS_QUIRK,
	SMMU_PCI_ALIAS_SECONDARY, /* a bridge takes ownership: its secondary bus, 00.0 */
	SMMU_PCI_ALIAS_BRIDGE,	  /* a bridge's own id */
};

struct smmu_pci_alias {
	uint32_t segment;
	uint16_t rid;
	enum smmu_pci_alias_reason reason;
	size_t by; /* the function or bridge that gives it */
};

/*
 * All ids that DMA of this function may bear, in walk order, the function's own
 * first (FW-14, FW-15); duplicates are kept (FW-16). Writes at most n; returns how many
 * there are.
 */
SMMU_API size_t smmu_pci_aliases(const struct smmu_pci *pci, size_t index,
				 struct smmu_pci_alias *alias, size_t n);

/* A bridge above a function, in the terms of CORE-38. */
struct smmu_pci_hop {
	size_t bridge;
	bool shares;   /* DMA from below may bear an id of its making */
	bool isolates; /* it does itself; a path isolates if every hop of it does */
};
/* From the function's bus up to the root. Writes at most n; returns how many. */
SMMU_API size_t smmu_pci_path(const struct smmu_pci *pci, size_t index,
			      struct smmu_pci_hop *hop, size_t n);

/* ---- Groups -------------------------------------------------------------------------
 */

/* Which of CORE-38's steps made the decision. */
enum smmu_pci_rule {
	SMMU_PCI_RULE_ALIAS = 1, /* a bridge or requester that gives its id has a group */
	SMMU_PCI_RULE_UPSTREAM,	 /* a bridge below which nothing isolates has one */
	SMMU_PCI_RULE_QUIRK,	 /* an alias-quirk peer on the bus has one */
	SMMU_PCI_RULE_SLOT,	 /* a function of the same slot that does not isolate */
	SMMU_PCI_RULE_NEW,	 /* none: a new group */
};

struct smmu_pci_group {
	unsigned group; /* from 0, in the order of their making */
	enum smmu_pci_rule rule;
	size_t peer;	 /* whose group it joined; SMMU_PCI_NONE: a new one */
	char reason[96]; /* one line for people */
};

/*
 * Groups as Linux makes them when all functions appear, physical ones before virtual
 * ones. of[] has smmu_pci_count() elements.
 */
SMMU_API void smmu_pci_groups(const struct smmu_pci *pci, struct smmu_pci_group *of);

SMMU_END_DECLS

#endif /* SMMULATOR_PCI_H */
