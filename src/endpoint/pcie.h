/* SPDX-License-Identifier: MIT */
/*
 * Inside of a PCIe function. The lock is a leaf: it is never held while the SMMU is
 * called, since the SMMU's answers may come back into this function. A PF and its VFs
 * have one lock: they share registers (PCIe 9.3).
 */
#ifndef ENDPOINT_PCIE_H
#define ENDPOINT_PCIE_H

#include <pthread.h>
#include <smmulator/pcie.h>
#include "endpoint/atc.h"

/* Where things stand in its configuration space. */
enum {
	CFG_SIZE = 4096,
	CFG_COMMAND = 0x04,
	CFG_EXP = 0x40,
	CFG_DEVCAP = CFG_EXP + 4,
	CFG_DEVCTL = CFG_EXP + 8,
	CFG_EXT = 0x100,
	CFG_BAR0 = 0x10,
	CFG_MSI = 0x80,
	CFG_MSIX = 0xa0,
	COMMAND_MEMORY = 1 << 1,
	COMMAND_MASTER = 1 << 2,
	DEVCAP_FLR = 1 << 28,
	DEVCTL_FLR = 1 << 15,
	ATS_CTRL = 6, /* from the capability on */
	ATS_ENABLE = 1 << 15,
	ATS_STU = 0x1f,
	PRI_CTRL = 4,
	PRI_STATUS = 6,
	PRI_CAPACITY = 8,
	PRI_ALLOC = 12,
	PRI_ENABLE = 1 << 0,
	PRI_RESET = 1 << 1,
	PRI_RF = 1 << 0,
	PRI_UPRGI = 1 << 1,
	PRI_STOPPED = 1 << 8,
	PRI_PASID_REQUIRED = 1 << 15,
	PASID_CTRL = 6,
	PASID_ENABLE = 1 << 0,
	PASID_EXEC = 1 << 1,
	PASID_PRIV = 1 << 2,
	SRIOV_CTRL = 8,
	SRIOV_NUM_VFS = 0x10,
	SRIOV_PAGE_SIZE = 0x20,
	SRIOV_BAR0 = 0x24,
	SRIOV_VF_ENABLE = 1 << 0,
	SRIOV_VF_MEMORY = 1 << 3,
	SRIOV_ARI = 1 << 4,
	MSI_CTRL = 2,
	MSI_ADDR = 4,
	MSI_ADDR_HIGH = 8,
	MSI_DATA = 12,
	MSI_MASK = 16,
	MSI_PENDING = 20,
	MSI_ENABLE = 1 << 0,
	MSIX_CTRL = 2,
	MSIX_TABLE = 4,
	MSIX_PBA = 8,
	MSIX_ENABLE = 1 << 15,
	MSIX_MASK_ALL = 1 << 14,
	MSIX_ENTRY = 16,  /* bytes: address, data, control */
	MSIX_MASKED = 1,  /* bit of the control word */
	BAR_PBA = 0x8000, /* after the largest table */
	BAR_SIZE = 0x10000,
	PRGS = 512,
};

/* A page request group that waits for its response. */
struct prg {
	uint32_t requests; /* sent and not answered; 0: free */
	bool closed;	   /* its last request was sent */
};

struct smmu_pcie {
	struct smmu_pcie_config cfg;
	char *name;
	struct smmu_port *port;
	struct smmu_pcie *pf;  /* itself, if it is no VF */
	struct smmu_pcie **vf; /* cfg.total_vfs of them, whether they are there or not */
	pthread_mutex_t own_lock, *lock; /* its PF's; everything below */
	bool present;			 /* false: a VF that is not enabled */
	uint8_t space[CFG_SIZE];
	uint16_t ats_cap, pri_cap, pasid_cap, sriov_cap; /* offsets, 0: none */
	uint32_t *msix;					 /* 4 words for each vector */
	uint32_t *msix_pending;				 /* a bit for each */
	bool catching_up; /* somebody sends what was masked */
	struct atc atc;
	uint64_t inv_seq; /* invalidations so far: what was asked before one is void */
	unsigned busy;	  /* DMA under way that may use what it found in the ATC */
	uint64_t *late;	  /* invalidations to complete when not busy, or when told */
	size_t num_late, room_late;
	struct prg prg[PRGS];
	uint32_t outstanding;	  /* its own page requests */
	uint32_t all_outstanding; /* of a PF: with its VFs', which share its allocation */
	bool pri_stopped; /* after a response Failure, until PRI is enabled again */
	struct smmu_pcie_stats stats;
};

/* pcie_space.c; lock held */
void pcie_space_init(struct smmu_pcie *fn); /* as after a reset */
uint32_t pcie_get(const struct smmu_pcie *fn, unsigned offset, unsigned size);
void pcie_put(struct smmu_pcie *fn, unsigned offset, unsigned size, uint32_t value);
bool pcie_ats_on(const struct smmu_pcie *fn);
bool pcie_master_on(const struct smmu_pcie *fn);
/* The PF's, for a VF. */
bool pcie_pri_on(const struct smmu_pcie *fn);
/* PASID_ENABLE, PASID_EXEC, PASID_PRIV; the PF's, for a VF. */
unsigned pcie_pasid_ctrl(const struct smmu_pcie *fn);

/* pcie.c; lock held */
void pcie_reset(struct smmu_pcie *fn); /* of a PF: its VFs vanish */

/* pcie_vf.c */
int pcie_create_vfs(struct smmu_pcie *fn);
void pcie_destroy_vfs(struct smmu_pcie *fn);
/* Lock held: as many as SR-IOV's registers say are there, the others are not. */
void pcie_count_vfs(struct smmu_pcie *fn);
/* pcie.c, for pcie_vf.c */
int pcie_new(struct smmu_pcie **out, const struct smmu_pcie_config *cfg,
	     struct smmu_pcie *pf);
void pcie_free(struct smmu_pcie *fn);

/* pcie_msi.c; lock held */
int pcie_msi_init(struct smmu_pcie *fn); /* -ENOMEM */
void pcie_msi_reset(struct smmu_pcie *fn);
void pcie_msi_write_config(struct smmu_pcie *fn, unsigned offset, unsigned size,
			   uint32_t value);
/* Lock not held: sends what is pending and not masked any more. */
void pcie_msi_catch_up(struct smmu_pcie *fn);

/* pcie_config.c; lock held: what the register [reg, + len) holds after this write. */
bool pcie_touches(unsigned reg, unsigned len, unsigned offset, unsigned size);
uint32_t pcie_merge(const struct smmu_pcie *fn, unsigned reg, unsigned len,
		    unsigned offset, unsigned size, uint32_t value);

/* pcie_pri.c */
void pcie_forget_pages(struct smmu_pcie *fn); /* lock held */
void pcie_page_response(void *ctx, const struct smmu_prg_response *resp);
/* One request for [addr, + a page); the lock is not held. As smmu_pcie_page_request(). */
int pcie_ask_page(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma, uint64_t addr);

#endif
