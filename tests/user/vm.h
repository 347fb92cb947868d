/* SPDX-License-Identifier: MIT */
/*
 * A VMM in a test: the driver's rig with devices bound to contexts, memory that a
 * context's user addresses lead to, and guests who write tables and commands.
 */
#ifndef TESTS_USER_VM_H
#define TESTS_USER_VM_H

#include <smmulator/iommufd.h>
#include <smmulator/iommufd_smmuv3.h>
#include "driver/rig.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)

/* Each VM has this much memory: at GPA, at a user address, and somewhere in RAM. */
#define VM_SIZE	  MIB(16)
#define VM_GPA	  UINT64_C(0x40000000)
#define VM_UADDR  UINT64_C(0x7f0000000000)
#define MAX_VDEVS 4

struct vm {
	struct rig *r;
	struct iommufd_ctx *ctx;
	uint64_t pa;   /* of its memory */
	uint64_t next; /* offset of memory that guest tables have not taken yet */

	/* How its memory misbehaves. */
	uint64_t hole, hole_end; /* user addresses that fault, however they are used */
	long writes_left;	 /* until one fails; -1: never */
	uint64_t pinned;	 /* bytes */
	uint64_t reach;		 /* copies get no further, nor out of it; 0: all */
	unsigned piece;		 /* pages that pin gives at once; 0: all */

	struct iommu_dev *devs[MAX_VDEVS];
	uint32_t sids[MAX_VDEVS];
	uint32_t dev_ids[MAX_VDEVS], vdev_ids[MAX_VDEVS];
	unsigned num_devs;
	uint32_t ioas, parent, viommu, veventq;
	unsigned readies; /* calls of ready() */
	uint32_t ready_fd;
};

/* A configuration that nests: S2FWB, stage 1 and 2. */
struct smmu_config vm_config(void);
/* A context with memory of its own: VM number `nr` of the machine. */
void vm_init(struct vm *vm, struct rig *r, unsigned nr);
void vm_init_cfg(struct vm *vm, struct rig *r, unsigned nr,
		 const struct iommufd_config *cfg);
/* Destroys the context, and asserts that nothing is pinned any more. */
void vm_fini(struct vm *vm);
/* Binds one more device of the rig, with this StreamID; its index. */
unsigned vm_bind(struct vm *vm, struct iommu_dev *dev, uint32_t sid);
/* An IOAS with all of the memory at VM_GPA, a nest parent, a vIOMMU, an event queue. */
void vm_make_viommu(struct vm *vm, uint32_t depth);
/* vDEVICE of device `index`. */
void vm_name(struct vm *vm, unsigned index, uint64_t vsid);
/* A nested HWPT of this vSTE; errno as HWPT_ALLOC says. */
int vm_nested(struct vm *vm, unsigned index, uint64_t ste0, uint64_t ste1, uint32_t *id);
int vm_attach(struct vm *vm, unsigned index, uint32_t hwpt);
int vm_replace(struct vm *vm, unsigned index, uint32_t hwpt);
int vm_detach(struct vm *vm, unsigned index);
int vm_destroy(struct vm *vm, uint32_t id);
/* A guest's commands; *done: entry_num afterwards. */
int vm_invalidate(struct vm *vm, const uint64_t (*cmds)[2], uint32_t num, uint32_t *done);
int vm_invalidate1(struct vm *vm, uint64_t dw0, uint64_t dw1);
/* The next event of the queue: bytes read; header and record. */
int64_t vm_event(struct vm *vm, struct iommufd_vevent_header *header, uint64_t *evt);

/* ---- The guest's side: guest physical addresses ---- */
uint64_t vm_peek(struct vm *vm, uint64_t gpa);
void vm_poke(struct vm *vm, uint64_t gpa, uint64_t value);
/* Zeroed memory of the guest's. */
uint64_t vm_alloc(struct vm *vm, uint64_t size);
/* Stage 1, 4 KB, 39 bits: an empty table, and one page in it. */
uint64_t vm_table(struct vm *vm);
void vm_map(struct vm *vm, uint64_t table, uint64_t va, uint64_t gpa);
/* Where the page's descriptor is. */
uint64_t vm_leaf(struct vm *vm, uint64_t table, uint64_t va);
void vm_unmap(struct vm *vm, uint64_t table, uint64_t va);
/* A CD for that table; its address. */
uint64_t vm_cd(struct vm *vm, uint64_t table, uint16_t asid);
/* The words of a vSTE that leads to one CD. */
void vm_s1_ste(uint64_t cd, uint64_t *ste);

#endif /* TESTS_USER_VM_H */
