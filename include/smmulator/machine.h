/* SPDX-License-Identifier: MIT */
/*
 * A whole board from what its firmware says: one bus, RAM for each memory bank, one
 * SMMU for each enabled arm,smmu-v3 node with its registers at its own address, one
 * DMA master for each enabled platform node with `iommus`, and PCI functions behind
 * each `iommu-map`. From ACPI tables the same, by SMMUv3 nodes, named components and
 * root complexes; and each PMCG node is a counter group of its SMMU, at its pages.
 * Software reaches all of it through the bus.
 *
 * Context: made and destroyed by one thread; the accessors may be called from any.
 * Pointers that they return live as long as the machine.
 */
#ifndef SMMULATOR_MACHINE_H
#define SMMULATOR_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/bus.h>
#include <smmulator/config.h>
#include <smmulator/endpoint.h>
#include <smmulator/export.h>
#include <smmulator/firmware.h>
#include <smmulator/pcie.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

struct smmu_machine;

/* One PCI function: its segment (linux,pci-domain), and bus << 8 | devfn. */
struct smmu_machine_function {
	uint16_t segment, rid;
	/*
	 * Requester ids that its DMA may bear; each that the host's map knows is a
	 * stream, in this order. NULL: its own, and no other. (<smmulator/pci.h> tells
	 * them.)
	 */
	const uint16_t *ids;
	size_t num_ids;
	/*
	 * Its configuration space and ATC, NULL: it has a DMA engine only; name, smmu,
	 * sid and vf_sids are the machine's to say. StreamIDs of VFs come out of the map
	 * too.
	 */
	const struct smmu_pcie_config *pcie;
	bool is_vf; /* number vf of the function named[pf], which comes before it */
	size_t pf;
	unsigned vf;
};

struct smmu_machine_options {
	size_t size;		 /* sizeof, set by smmu_machine_options_init() */
	enum smmu_preset preset; /* of every SMMU */
	/*
	 * StreamID bits of every SMMU, 1 to 32. 0: as wide as the preset, or wider
	 * if ids of the board need it, up to SMMU_MACHINE_SID_BITS.
	 */
	unsigned sid_bits;
	unsigned functions; /* PCI functions behind each iommu-map, 0 to 65536 */
	/*
	 * Functions that are there by name. A host that is named here (the first of its
	 * segment, without a segment it counts as 0, that has the bus) has these and no
	 * others. Used until the machine is made.
	 */
	const struct smmu_machine_function *named;
	size_t num_named;
	/*
	 * RAM in bytes, a multiple of 4096, for a board whose memory nodes are left
	 * to a boot loader; 0: such a board is refused.
	 */
	uint64_t ram_if_none;
	bool lenient; /* build although the description has problems of grade ERROR */
	/*
	 * Last word on each SMMU's configuration, before it is made; NULL: none. A
	 * negative errno ends the building.
	 */
	int (*configure)(void *ctx, const struct smmu_fw_iommu *node,
			 struct smmu_config *cfg);
	void *configure_ctx;
	/*
	 * An MSI doorbell of 64 KiB at doorbell_pa (a multiple of 4096), or if that is
	 * 0 at the first free 64 KiB; NULL: no doorbell.
	 */
	smmu_msi_fn msi;
	void *msi_ctx;
	uint64_t doorbell_pa;
};

/* What Arm's own SMMUs take: MMU-600 and MMU-700 have up to 24 bits. */
#define SMMU_MACHINE_SID_BITS 24u

/* v3.2 SMMUs, four functions behind each map, 1 GiB if there is no memory. */
SMMU_API void smmu_machine_options_init(struct smmu_machine_options *options);

/*
 * Builds it. fw outlives the machine and stays unchanged. options NULL: those of
 * smmu_machine_options_init().
 * 0, or: -ENODEV: no arm,smmu-v3 node, not even a disabled one; -EINVAL: the
 * description has an error, a StreamID is wider than its SMMU takes, options are
 * out of range, or a named function has no mapping, or its PF is none; -EEXIST: windows
 * or memory overlap; -ENOMEM; or what configure gave. Then *machine is untouched and
 * why[0..n) holds one line that names the node and its property (why may be NULL).
 */
SMMU_API int smmu_machine_create(struct smmu_machine **machine, const struct smmu_fw *fw,
				 const struct smmu_machine_options *options, char *why,
				 size_t n);
/* Frees it with all its SMMUs, masters and its bus; NULL is allowed. */
SMMU_API void smmu_machine_destroy(struct smmu_machine *machine);

SMMU_API struct smmu_bus *smmu_machine_bus(const struct smmu_machine *machine);
SMMU_API const struct smmu_fw *smmu_machine_fw(const struct smmu_machine *machine);

/* One bank of RAM: memory nodes, those that overlap taken together. */
struct smmu_machine_ram {
	uint64_t base, size;
	const struct smmu_fw_memory *node; /* NULL: from options.ram_if_none */
};
SMMU_API size_t smmu_machine_rams(const struct smmu_machine *machine);
/* By ascending address; NULL: no such bank. */
SMMU_API const struct smmu_machine_ram *
smmu_machine_ram(const struct smmu_machine *machine, size_t index);

struct smmu_machine_smmu {
	struct smmu *smmu;
	const char
		*name; /* of its wires: "iommu@2b400000" makes "iommu@2b400000.eventq" */
	uint64_t base, size; /* register window in CPU addresses */
	unsigned sid_bits;
	size_t iommu; /* index in fw->iommus */
	const struct smmu_fw_iommu *node;
};
SMMU_API size_t smmu_machine_smmus(const struct smmu_machine *machine);
/* In tree order; NULL: no such SMMU. */
SMMU_API const struct smmu_machine_smmu *
smmu_machine_smmu(const struct smmu_machine *machine, size_t index);

/* Where one stream of a master goes. */
struct smmu_machine_stream {
	int smmu; /* index, or -1: to an IOMMU that is not there, so nothing translates */
	uint32_t sid;
};

struct smmu_machine_master {
	const char *name; /* the node's path; "PATH/BB:DD.F" or "PATH/id" behind a map */
	struct smmu_endpoint *endpoint; /* its streams are in the same order as here */
	/*
	 * The PCIe function of that name, at the first stream; NULL: none was described,
	 * the stream goes to no SMMU, or another function has its StreamID, so that no
	 * ATS message could tell them apart.
	 */
	struct smmu_pcie *pcie;
	size_t named;			   /* index in options.named, or SIZE_MAX */
	const struct smmu_fw_master *node; /* NULL: behind a map */
	const struct smmu_fw_host *host;   /* NULL: a platform device */
	uint32_t id; /* requester id, or id on the bus, behind a map */
	size_t nstreams;
	const struct smmu_machine_stream *streams;
};
SMMU_API size_t smmu_machine_masters(const struct smmu_machine *machine);
/*
 * Platform devices in tree order, then functions, host by host, then those with a
 * name; NULL: no such one.
 */
SMMU_API const struct smmu_machine_master *
smmu_machine_master(const struct smmu_machine *machine, size_t index);

/* Where MSIs go; 0: there is no doorbell. */
SMMU_API uint64_t smmu_machine_doorbell(const struct smmu_machine *machine);

SMMU_END_DECLS
#endif /* SMMULATOR_MACHINE_H */
