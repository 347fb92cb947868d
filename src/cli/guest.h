/* SPDX-License-Identifier: MIT */
/*
 * `smmulator guest`: on a host as `run` brings it up, guests with a virtual SMMU each
 * (<smmulator/vmm.h>), and in each the driver once more, as the guest's own. guest_board
 * has a board where none is given, guest_deal deals devices out, guest_vm makes a guest
 * and its software, guest_job moves data, guest_print reports.
 */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include <smmulator/vmm.h>
#include "cli/run.h"

struct guest_options {
	struct run_options host;
	unsigned guests, devices; /* devices: of each guest, at most */
	uint64_t rounds, ram_mib;
};

enum { GUEST_EVENTS = 4, GUEST_PAGE = 4096 };

/* A device of a guest, and what became of its rounds: one line of the table. */
struct guest_device {
	size_t master; /* of run->masters */
	uint32_t vsid, sid;
	struct iommu_dev *dev; /* the guest's */
	int vmid;	       /* as the hardware's STE has it; -1: none seen */
	uint64_t bytes, faults, delivered; /* faults that the guest's driver heard of */
	uint64_t host_faults;		   /* of stage 2: the host's to hear of */
	uint64_t forwarded;		   /* the guest's commands that the host did */
	bool ok;
	char note[120];
};

struct guest_firmware {
	struct iommu_fwnode *fwnode;
	uint32_t vsid;
};

struct guest {
	struct guests *all;
	unsigned index;
	char name[32];
	int smmu;	      /* of the host; -1: there was no device for it */
	struct iommu_dma ram; /* of the host: the guest's whole memory */
	struct vmm_guest *vmm;
	struct guest_device *devices;
	size_t ndevices;
	/* What runs in it. */
	struct run_platform platform;
	struct iommu_system *sys;
	struct iommu_fwnode *fwnode;
	struct guest_firmware *firmware; /* what it says of each device */
	struct arm_smmu *driver;
	struct arm_smmu_info info;
	struct arm_smmu_event events[GUEST_EVENTS]; /* of the current step */
	size_t nevents;
	uint64_t all_events;
};

struct guests {
	const struct guest_options *options;
	struct run run; /* the host */
	struct guest *guest;
	unsigned n;
	uint64_t rounds; /* done by each device */
};

/* A board with one SMMU and that many masters: a blob to be freed. NULL: no memory. */
void *guest_board(unsigned masters, size_t *len);

/* Which masters are whose. CLI_OK, or CLI_INPUT after a complaint. */
int guest_deal(struct guests *all);

/* Memory of the host for the guest. CLI_OK, or CLI_INPUT after a complaint. */
int guest_vm_reserve(struct guest *g);
/* CLI_OK, or CLI_UNEXPECTED after it was told what failed. */
int guest_vm_start(struct guest *g);
void guest_vm_stop(struct guest *g);

/* All rounds of one device. */
void guest_job(struct guest *g, struct guest_device *d);

void guest_print_text(FILE *out, struct guests *all);
/* 0 or -1: not written. */
int guest_print_json(FILE *out, struct guests *all);

#endif /* CLI_GUEST_H */
