/* SPDX-License-Identifier: MIT */
/*
 * A VMM's virtual SMMU, whole: guest memory that is host memory, a second SMMU of the
 * model as what the guest programs, devices of the host assigned to it, and everything
 * that passes between guest and hardware taken across by <smmulator/iommufd.h>:
 *
 *   guest                                  host
 *   RAM at ram_base                        stage 2 of the parent HWPT
 *   CMD_CFGI_STE, _STE_RANGE, _ALL, CR0,   the guest's STE is read, a nested HWPT made of
 *   GBPA.ABORT                             it, and the device moved over to that
 *   CMD_TLBI_NH_*, NSNH_ALL, ATC_INV,      an array of them for the vIOMMU, one a
 *   CFGI_CD, CFGI_CD_ALL                   CMD_SYNC; what is refused is CERROR_ILL
 *   event queue                            the vIOMMU's vEVENTQ
 *   stalls, CMD_RESUME, CMD_STALL_TERM     the fault object of its nested HWPTs
 *   ID registers                           hw_info, less what cannot be virtual (below)
 *
 * The guest's software is not this header's business: any driver that finds its
 * registers at smmu_base of the guest's bus will do (tests/vmm and `smmulator guest` run
 * arm_smmu_probe() there), as devices' DMA is not: it enters the host's SMMU.
 *
 * ID registers. From hardware: IDR0.TTF, TTENDIAN, CD2L, ASID16, TERM_MODEL;
 * IDR1.SSIDSIZE; IDR3.BBML, RIL, HAD, E0PD, EPAN, FWB; IDR5.OAS, VAX and granules; AIDR.
 * Ours: one stage, coherent, 2-level stream tables, no MSIs, no PRI, no EL2, no hardware
 * update of tables, IIDR 0; stalls and ATS only if asked for (without stalls STE.S1STALLD
 * is set underneath).
 *
 * Events. As hardware has them, but for streams without an STE: of these hardware says
 * C_BAD_STE, which is made the C_BAD_STREAMID or F_STE_FETCH that the guest's table calls
 * for. GAP: CFGI_STE of an STE that the driver of the host cannot program is
 * CERROR_ILL, where hardware would say C_BAD_STE at the next DMA. GAP: an ATC
 * invalidation that times out is reported to the host alone; the guest's CMD_SYNC
 * completes.
 *
 * Context: guests are independent. One guest: created and destroyed by one thread;
 * its bus may be used by any, as may vmm_guest_pump() and vmm_guest_stats().
 * GAP: a process has one RCU. Where the guest's software is this library's driver, none
 * of its threads may attach while another answers a fault or a page request from within
 * its handler: that one is a reader until the command is through, and CMD_CFGI_STE has
 * the host's driver wait for readers.
 */
#ifndef SMMULATOR_VMM_H
#define SMMULATOR_VMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/bus.h>
#include <smmulator/export.h>
#include <smmulator/iommu.h>
#include <smmulator/iommufd.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

struct vmm_guest;

/* A device of the host that becomes the guest's, and its StreamID there. */
struct vmm_device {
	struct iommu_dev *dev; /* no driver of the host is bound to its group */
	uint32_t vsid;
};

struct vmm_config {
	size_t size;	  /* sizeof, set by vmm_config_init() */
	const char *name; /* of the guest's SMMU and its wires; NULL: "vsmmu" */
	/*
	 * The guest's RAM: [host_pa, host_pa + ram_size) of the host's bus, which is RAM
	 * there and nobody else's; the guest sees it at ram_base. Multiples of 4096.
	 */
	struct smmu_bus *host_bus;
	uint64_t host_pa, ram_base, ram_size;
	uint64_t smmu_base;   /* registers on the guest's bus, 64 KiB aligned */
	unsigned sid_bits;    /* guest's IDR1.SIDSIZE, 1 to 32 */
	unsigned queue_bits;  /* log2 of its largest queues, 1 to 19 */
	unsigned event_depth; /* of the vEVENTQ, at least 1 */
	/*
	 * The guest sees stalls (IDR0.STALL_MODEL) where hardware has them: faults of
	 * platform devices whose STE and CD ask for it wait for its CMD_RESUME.
	 */
	bool stalls;
	bool ats;			  /* the guest sees ATS where hardware has it */
	const struct vmm_device *devices; /* of one SMMU of the host; at least one */
	size_t num_devices;
	/*
	 * There are events for vmm_guest_pump(). Runs in the host driver's interrupt
	 * handler, locks held: may wake somebody, may not call anything here. NULL: the
	 * harness knows when.
	 */
	void (*ready)(void *ctx);
	void *ready_ctx;
};

/* RAM at 1 GiB, registers at 0x09050000, 16 StreamID bits, queues of 1024 entries. */
SMMU_API void vmm_config_init(struct vmm_config *config);

/*
 * Makes the guest: devices bound and translated by stage 2 alone (as the guest's GBPA
 * says at reset), RAM mapped, registers in their reset state. Copied: config, names,
 * devices. 0, or: -EINVAL: a value out of range, RAM of the host that is none, no device,
 * two of one vsid, a wrong size; -EEXIST: registers and RAM of the guest overlap;
 * -EOPNOTSUPP: the hardware cannot be virtual (no nesting, or it cannot but stall);
 * -ENOMEM; or what <smmulator/iommufd.h> says of binding, mapping and allocation. Then
 * nothing is left of it, and why[0..n) holds one line (why may be NULL).
 */
SMMU_API int vmm_guest_create(struct vmm_guest **guest, const struct vmm_config *config,
			      char *why, size_t n);
/*
 * The devices go back, DMA of theirs to nowhere, and all is freed. Nobody uses the
 * guest's bus any more. NULL is allowed.
 */
SMMU_API void vmm_guest_destroy(struct vmm_guest *guest);

/*
 * A device more for a guest that runs: its DMA goes where the guest's registers and its
 * STE of that StreamID say. -EINVAL: no device, a vsid that is too wide, or behind
 * another SMMU; -EEXIST: the vsid is taken; -ENOMEM; or as <smmulator/iommufd.h> says.
 * Then the device is where it was.
 */
SMMU_API int vmm_guest_plug(struct vmm_guest *guest, const struct vmm_device *device);
/* Takes it away; its DMA goes nowhere. -ENOENT: the guest has none of that vsid. */
SMMU_API int vmm_guest_unplug(struct vmm_guest *guest, uint32_t vsid);
/*
 * As a reset of the guest's machine: registers in their reset state, devices by stage 2
 * alone, events that waited dropped. RAM stays. The guest's CPUs are quiet meanwhile.
 */
SMMU_API void vmm_guest_reset(struct vmm_guest *guest);

/*
 * What the guest has: RAM and registers (accesses there are the traps; nobody calls
 * smmu_mmio_write() of its SMMU), wires named after its SMMU.
 */
SMMU_API struct smmu_bus *vmm_guest_bus(const struct vmm_guest *guest);
/* Its SMMU: for looking at, and for ports of emulated devices. */
SMMU_API struct smmu *vmm_guest_smmu(const struct vmm_guest *guest);
/* Size of the register window in bytes. */
SMMU_API uint64_t vmm_guest_window(const struct vmm_guest *guest);

/*
 * Takes what waits in the vEVENTQ to the guest's event queue; interrupt handlers of the
 * guest run inside, from which it must not be called. Returns how many records there
 * were, those lost included.
 */
SMMU_API size_t vmm_guest_pump(struct vmm_guest *guest);

/* The objects behind it, for a harness that plays with them; they stay the guest's. */
struct vmm_objects {
	struct iommufd_ctx *ctx;
	uint32_t ioas, parent, viommu, veventq;
};
SMMU_API void vmm_guest_objects(const struct vmm_guest *guest,
				struct vmm_objects *objects);
/* Device number index, as the context knows it. -EINVAL: there is none. */
struct vmm_assigned {
	uint32_t dev_id, vdevice_id;
	uint32_t hwpt_id; /* nested; what its DMA goes through now */
	uint64_t ste[2];  /* of that HWPT, as the host's driver got it */
};
SMMU_API int vmm_guest_assigned(struct vmm_guest *guest, size_t index,
				struct vmm_assigned *assigned);

struct vmm_stats {
	uint64_t commands;    /* that the guest's queues came to, SYNCs included */
	uint64_t forwarded;   /* of these, invalidations that the host did */
	uint64_t batches;     /* arrays that they went in */
	uint64_t refused;     /* commands that ended as an error in the guest's queue */
	uint64_t stes;	      /* times that a device was moved to another nested HWPT */
	uint64_t stes_failed; /* times that it could not, and stayed where it was */
	uint64_t events;      /* put into the guest's event queue */
	uint64_t events_lost; /* by the vEVENTQ, or since the guest's queue took none */
};
SMMU_API void vmm_guest_stats(struct vmm_guest *guest, struct vmm_stats *stats);

SMMU_END_DECLS
#endif /* SMMULATOR_VMM_H */
