/* SPDX-License-Identifier: MIT */
/*
 * Inside of vmm/: guest.c makes and frees, ident.c decides what the guest's SMMU is,
 * trap.c is its registers, plug.c hands devices over, stream.c moves devices as the
 * guest's STEs say, command.c takes commands to the host, event.c brings events back,
 * stall.c does both for what waits.
 *
 * Locks: the guest SMMU's own > guest->lock > those of iommufd and below. The hook of the
 * guest's command queue runs with the first held, so that nothing here may call that SMMU
 * with guest->lock held; and the guest's tables are read from RAM alone, never from what
 * might be registers.
 */
#ifndef VMM_VMM_H
#define VMM_VMM_H

#include <pthread.h>
#include <smmulator/vmm.h>

/* Registers that decide where streams go, all of them stable while CR0.SMMUEN is 1. */
struct vmm_regs {
	bool enabled; /* CR0ACK.SMMUEN */
	bool abort;   /* GBPA.ABORT */
	uint64_t strtab_base;
	uint32_t strtab_cfg;
};

/* What the host's driver is given of an STE; and what there is not, of none. */
struct vmm_ste {
	uint64_t dw[2]; /* V == 0: none */
	uint8_t event;	/* then: what the guest's SMMU would say, SMMU_EVT_* */
	uint64_t addr;	/* of F_STE_FETCH: where */
};

struct vmm_assignment {
	struct vmm_device device;
	uint32_t dev_id, vdevice_id;
	uint32_t hwpt_id; /* 0: none yet */
	struct vmm_ste ste;
};

struct vmm_guest {
	struct smmu_bus_regs regs; /* first: the trap's callbacks */
	struct vmm_config config;
	char name[48];
	void *ram; /* of the host process */
	struct smmu_bus *bus;
	struct smmu *smmu;
	uint32_t idr1;	    /* of the guest's SMMU */
	unsigned oas;	    /* bits of its physical addresses */
	bool forbid_stalls; /* hardware can stall, and the guest does not know */

	struct iommufd_ctx *ctx;
	uint32_t ioas, parent, viommu, veventq_id, veventq_fd;
	uint32_t fault_id, fault_fd; /* with config.stalls */

	pthread_mutex_t lock; /* what follows */
	struct vmm_regs seen; /* what the devices' HWPTs were made for */
	struct vmm_assignment *devices;
	size_t num_devices;
	struct vmm_stall *stalls; /* faults that wait for the guest, oldest first */
	size_t num_stalls;
	struct vmm_stats stats;

	pthread_mutex_t pump_lock; /* one thread reads the vEVENTQ: order */
	uint32_t next_sequence;	   /* of the next event, if none is lost */
};

/* ---- guest.c ---- */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
/* Writes the message, returns err. */
int vmm_fail(char *why, size_t n, int err, const char *fmt, ...);

/* ---- ident.c: bus, SMMU and registers of the guest, by what the hardware is. */
int vmm_make_smmu(struct vmm_guest *guest, char *why, size_t n);

/* ---- trap.c ---- */
int vmm_add_registers(struct vmm_guest *guest);
/* Looks at the registers, and moves devices if streams go elsewhere now. No lock held. */
void vmm_follow_now(struct vmm_guest *guest);

/* ---- plug.c: steps of an assignment; errors of iommufd. */
int vmm_bind(struct vmm_guest *guest, struct vmm_assignment *a);
int vmm_name(struct vmm_guest *guest, struct vmm_assignment *a);

/* ---- stream.c ---- */
/*
 * Moves a device to where its STE and the registers say; *moved: it was not there. On an
 * error it is where it was. guest->lock.
 */
int vmm_follow(struct vmm_guest *guest, struct vmm_assignment *a, bool *moved);
/* Every device, now that these are the registers; the first error. guest->lock. */
int vmm_follow_registers(struct vmm_guest *guest, const struct vmm_regs *regs);
/* NULL: no device of the guest has it. guest->lock. */
const struct vmm_assignment *vmm_find(const struct vmm_guest *guest, uint32_t vsid);

/* ---- stall.c ---- */
/* The fault object, if there are stalls. */
int vmm_stalls_create(struct vmm_guest *guest);
void vmm_stalls_destroy(struct vmm_guest *guest);
/* The host has answered those of this stream itself. guest->lock. */
void vmm_stalls_drop(struct vmm_guest *guest, uint32_t vsid);
/* Takes them to the guest; how many. guest->pump_lock. */
size_t vmm_stalls_pump(struct vmm_guest *guest);
/* CMD_RESUME (no such stall: nothing) and CMD_STALL_TERM. guest->lock. */
void vmm_resume(struct vmm_guest *guest, uint32_t vsid, uint16_t stag, bool retry);
void vmm_stall_term(struct vmm_guest *guest, uint32_t vsid);

/* ---- command.c: the hook (<smmulator/frontend.h>). */
size_t vmm_commands(void *ctx, const uint64_t (*cmds)[2], size_t count, unsigned *cerror);

#endif /* VMM_VMM_H */
