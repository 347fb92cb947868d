/* SPDX-License-Identifier: MIT */
/*
 * Guests for the tests of vmm/, on the host of tests/driver/rig.h: a VMM's guest as it
 * comes (vm_make), programmed by hand (the raw_ functions), or with the driver as the
 * guest's own (vm_boot). Everything fails the running test by itself when it cannot be
 * done.
 */
#ifndef TESTS_VMM_VM_H
#define TESTS_VMM_VM_H

#include <smmulator/pcie.h>
#include <smmulator/vmm.h>
#include "driver/rig.h"

#define VM_RAM_SIZE UINT64_C(0x400000)
#define VM_RAM	    UINT64_C(0x40000000) /* as the guest sees it */
#define VM_SMMU	    UINT64_C(0x09050000)
#define VM_DEVICES  4

struct vm_event {
	uint8_t id;
	uint32_t sid, ssid;
	uint64_t iova;
	bool stage2;
	struct iommu_dev *dev;
};

struct vm {
	struct rig *host;
	unsigned index;
	uint64_t host_pa; /* of its RAM */
	uint8_t *ram;	  /* the same, to the CPU */
	struct vmm_guest *vmm;
	struct vmm_device assigned[VM_DEVICES];
	uint32_t sids[VM_DEVICES]; /* on the host */
	size_t num;
	uint32_t pasid_bits;		      /* of its devices in the guest */
	struct smmu_pcie *shadow[VM_DEVICES]; /* its configuration space there, or NULL */
	unsigned ready;			      /* times that the VMM was told of events */

	/* The guest's own software. */
	uint64_t next; /* free guest memory */
	struct iommu_platform platform;
	struct iommu_system *sys;
	struct iommu_fwnode *fwnode;
	struct arm_smmu *drv;
	struct iommu_dev *dev[VM_DEVICES];
	struct vm_fw {
		struct vm *vm;
		uint32_t vsid;
	} fw[VM_DEVICES];
	struct vm_event events[1024];
	unsigned num_events;
	struct rig_irq irqs[3];
	unsigned errors; /* messages of the guest's driver that are errors */

	/* A guest programmed by hand: 64 commands, 64 events, 64 STEs. */
	uint64_t cmdq, eventq, strtab;
};

/* What a host for guests has: the rig's, and more. */
struct smmu_config vm_host_config(void);
/* The config of guest number `index`, on RAM of its own. */
struct vmm_config vm_config(struct rig *host, struct vm *vm, unsigned index);
/* A device of the host, at this StreamID, that will be the guest's at that one. */
void vm_assign(struct rig *host, struct vm *vm, uint32_t sid, uint32_t vsid);
/* With what was assigned; tweak (may be NULL) changes the config first. */
void vm_make(struct vm *vm, void (*tweak)(struct vmm_config *config));
/* Both: guest number `index` with n devices, host 16 * (index + 1) + i, guest 3 + i. */
void vm_up(struct rig *host, struct vm *vm, unsigned index, size_t n);
void vm_destroy(struct vm *vm);

/* The guest's driver probes, and each device is bound. */
void vm_boot(struct vm *vm);
void vm_shutdown(struct vm *vm);
/* Guest memory; its GPA. */
uint64_t vm_alloc(struct vm *vm, uint64_t size, uint64_t align);
void *vm_ptr(struct vm *vm, uint64_t gpa);
/* DMA of its device number i, through the host's SMMU. */
struct smmu_result vm_dma(struct vm *vm, size_t i, uint64_t iova, bool write,
			  uint64_t *value);
struct vmm_stats vm_stats(struct vm *vm);
struct vmm_assigned vm_assigned(struct vm *vm, size_t i);

/* By hand. */
uint32_t raw_rd32(struct vm *vm, uint32_t reg);
void raw_wr32(struct vm *vm, uint32_t reg, uint32_t value);
void raw_wr64(struct vm *vm, uint32_t reg, uint64_t value);
void raw_poke(struct vm *vm, uint64_t gpa, uint64_t value);
/* Queues on, a linear table of 64 invalid STEs; SMMUEN is 0. */
void raw_init(struct vm *vm);
/* Writes words 0 and 1 of an STE, no command. */
void raw_ste(struct vm *vm, uint32_t vsid, uint64_t dw0, uint64_t dw1);
void raw_enable(struct vm *vm, bool on);
/* Queues commands, then one write of PROD. */
void raw_cmds(struct vm *vm, const uint64_t (*cmds)[2], size_t n);
/* One of the kind, then CMD_SYNC. */
void raw_cmd(struct vm *vm, unsigned op, uint32_t vsid);
/* Active error of the command queue, and where it stands. */
unsigned raw_cerror(struct vm *vm);
unsigned raw_cons(struct vm *vm);
/* Makes the command there a CMD_SYNC and acknowledges. */
void raw_skip(struct vm *vm);
bool raw_event(struct vm *vm, uint64_t dw[4]);
/*
 * A stage 1 of the guest: a CD at the returned GPA, tables that map one page at iova to
 * gpa. ASID 1, 4 KiB.
 */
uint64_t raw_stage1(struct vm *vm, uint64_t iova, uint64_t gpa);
/* Words of an STE that leads there. */
void raw_ste_s1(uint64_t ste[2], uint64_t cd);

/* Commands as the host's SMMU consumes them. */
struct host_commands {
	uint64_t dw[512][2];
	unsigned n, syncs;
};
void host_watch(struct rig *host, struct host_commands *seen);
void host_unwatch(struct rig *host);
/* Those of this opcode. */
unsigned host_count(const struct host_commands *seen, unsigned op);

#endif /* TESTS_VMM_VM_H */
