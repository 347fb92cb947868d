/* SPDX-License-Identifier: MIT */
/*
 * A driver for the Arm SMMUv3, written against registers and memory only
 * (<smmulator/platform.h>); to the IOMMU core (<smmulator/iommu.h>) it is an
 * instance like any other. Rules: smmuv3-driver.md, DRV-n.
 *
 * Context: probe and remove by one thread; everything else by any thread.
 */
#ifndef SMMULATOR_ARM_SMMU_H
#define SMMULATOR_ARM_SMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/iommu.h>
#include <smmulator/platform.h>

SMMU_BEGIN_DECLS

struct arm_smmu;
struct iommu_iopf_queue;

/* Quirks that firmware tells (DRV-2, DRV-3). */
enum {
	ARM_SMMU_SKIP_PREFETCH = 1 << 0,   /* CMD_PREFETCH_CONFIG does harm */
	ARM_SMMU_PAGE0_REGS_ONLY = 1 << 1, /* page 1 registers are in page 0 */
	ARM_SMMU_DISABLE_MSIPOLL = 1 << 2, /* no messages of CMD_SYNCs (DRV-7) */
};

/* StreamIDs, both ends included. */
struct arm_smmu_sids {
	uint32_t first, last;
};

/* What firmware says about one SMMU. Copied by arm_smmu_probe(), names and lists
 * included. */
struct arm_smmu_desc {
	const char *name; /* for messages, and the name of the instance */
	uint64_t base;	  /* of the register window, bytes; 64 KiB aligned */
	uint64_t size;	  /* 128 KiB at least, 64 KiB with PAGE0_REGS_ONLY (DRV-4) */
	bool coherent;	  /* dma-coherent: firmware's word wins over IDR0 (DRV-7) */
	unsigned options; /* ARM_SMMU_* */
	/*
	 * IORT's override of IDR0.HTTU: where there is one it wins (DRV-3, DRV-7). httu:
	 * 0 none, 1 access flag, 2 dirty state too.
	 */
	bool httu_override;
	uint8_t httu;
	/*
	 * The CPUs run this software at EL2 with VHE: where IDR0.Hyp is 1, stage 1 uses the
	 * EL2-E2H regime, whose tags no guest has (DRV-7).
	 */
	bool vhe;
	/* Streams of RMR nodes: not aborted while no device has them (DRV-25). */
	const struct arm_smmu_sids *bypass;
	size_t num_bypass;
	/*
	 * Names of its interrupts, as the platform knows them; NULL: not wired. A
	 * combined one stands for the three (DRV-5).
	 */
	const char *irq_combined, *irq_eventq, *irq_priq, *irq_gerror;
	/*
	 * The wire of CMD_SYNC, or NULL: with it, and no messages to poll for, a wait
	 * looks at CMDQ_CONS after an interrupt only (and rarely all the same).
	 */
	const char *irq_cmdq_sync;
	bool use_msi; /* message-signalled interrupts where IDR0.MSI and the platform can
		       */
	/*
	 * A thread serves the page faults of its devices (stalls, page requests). Else
	 * whoever calls arm_smmu_poll() does, or iommu_iopf_queue_run() on its queue.
	 */
	bool iopf_thread;
	uint32_t iommu_cells; /* #iommu-cells: 1, anything else is refused (DRV-2) */
	struct iommu_fwnode *fwnode; /* under which devices refer to it; NULL: none */
};

/*
 * Reads the ID registers, builds queues and stream table, enables the SMMU and
 * registers it with the core, which probes the devices that wait for it. Every
 * stream is aborted until its device is attached, but for those of `bypass`.
 * -EINVAL: the description (a message names the property); -ENXIO: an ID register
 * says what this driver cannot do (a message names the field); -ETIMEDOUT: the
 * SMMU does not acknowledge; -ENOMEM; or what registration returned. On failure
 * the SMMU is disabled and *smmu untouched.
 */
SMMU_API int arm_smmu_probe(struct arm_smmu **smmu, const struct arm_smmu_desc *desc,
			    const struct iommu_platform *platform,
			    struct iommu_system *sys);
/*
 * Releases its devices, unregisters, disables. Its paging domains must have been freed
 * before, but for those that the core made itself. NULL is allowed.
 */
SMMU_API void arm_smmu_remove(struct arm_smmu *smmu);

SMMU_API struct iommu_instance *arm_smmu_instance(struct arm_smmu *smmu);

/*
 * Looks at event queue, PRI queue and GERROR as their interrupts would: for
 * harnesses that deliver none. Then does the page-fault work that waits for somebody
 * (arm_smmu_desc.iopf_thread).
 */
SMMU_API void arm_smmu_poll(struct arm_smmu *smmu);

/*
 * The queue of its devices' page faults (<smmulator/iommu_fault.h>): they are in it while
 * a domain that serves faults is attached. NULL: neither stalls nor PRI.
 */
SMMU_API struct iommu_iopf_queue *arm_smmu_iopf_queue(struct arm_smmu *smmu);

/* What the ID registers and firmware came to. */
struct arm_smmu_info {
	uint32_t idr[6], iidr, aidr;
	unsigned sid_bits, ssid_bits, asid_bits, vmid_bits, ias, oas;
	uint64_t pgsize_bitmap;
	bool stage1, stage2, nesting, range_inv, two_level_strtab, coherent;
	unsigned httu; /* 0 none, 1 access flag, 2 dirty state too */
};
SMMU_API void arm_smmu_get_info(const struct arm_smmu *smmu, struct arm_smmu_info *info);

struct arm_smmu_stats {
	uint64_t commands; /* put into the command queue, SYNCs included */
	uint64_t syncs;
	uint64_t tlbi; /* TLBI commands among them */
	uint64_t cfgi; /* CFGI commands among them */
	uint64_t events, events_overflown;
	uint64_t page_requests;
	uint64_t gerrors, cmdq_errors, timeouts;
};
SMMU_API void arm_smmu_get_stats(const struct arm_smmu *smmu,
				 struct arm_smmu_stats *stats);

/*
 * An event as it came out of the event queue, decoded as far as every record
 * allows. The words are valid in the call only.
 */
struct arm_smmu_event {
	uint8_t id;	  /* event number */
	const char *name; /* of the record, "UNKNOWN" if the architecture has none */
	uint32_t sid, ssid;
	bool ssv;
	bool has_addr; /* the record has an input address: these are valid */
	uint64_t iova;
	bool read, exec, priv, stage2, stalled;
	uint16_t stag;
	struct iommu_dev *dev; /* NULL: nobody's StreamID */
	const uint64_t *record;
};
/*
 * Called for every event before it goes to the core. Runs in the interrupt
 * handler: any thread, the streams' lock held; must not call the driver or core.
 * NULL: none. Set it while no events can come.
 */
typedef void (*arm_smmu_event_fn)(void *ctx, const struct arm_smmu_event *event);
SMMU_API void arm_smmu_set_event_hook(struct arm_smmu *smmu, arm_smmu_event_fn fn,
				      void *ctx);

/*
 * Registers, queue indexes and the commands in flight as text, for a report of an
 * error. Returns the length of the whole text, as snprintf does; buf may be NULL
 * with len 0. Reads registers.
 */
SMMU_API size_t arm_smmu_dump(struct arm_smmu *smmu, char *buf, size_t len);

SMMU_END_DECLS
#endif /* SMMULATOR_ARM_SMMU_H */
