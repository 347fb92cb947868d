/* SPDX-License-Identifier: MIT */
/*
 * Inside of a PCIe function. The lock is a leaf: it is never held while the SMMU is
 * called, since the SMMU's answers may come back into this function.
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
	pthread_mutex_t lock; /* everything below */
	uint8_t space[CFG_SIZE];
	uint16_t ats_cap, pri_cap, pasid_cap; /* offsets, 0: none */
	struct atc atc;
	uint64_t inv_seq; /* invalidations so far: what was asked before one is void */
	unsigned busy;	  /* DMA under way that may use what it found in the ATC */
	uint64_t *late;	  /* invalidations to complete when not busy, or when told */
	size_t num_late, room_late;
	struct prg prg[PRGS];
	uint32_t outstanding;
	bool pri_stopped; /* after a response Failure, until PRI is enabled again */
	struct smmu_pcie_stats stats;
};

/* pcie_config.c; lock held */
void pcie_config_init(struct smmu_pcie *fn); /* as after a reset */
uint32_t pcie_get(const struct smmu_pcie *fn, unsigned offset, unsigned size);
void pcie_put(struct smmu_pcie *fn, unsigned offset, unsigned size, uint32_t value);
bool pcie_ats_on(const struct smmu_pcie *fn);
bool pcie_pri_on(const struct smmu_pcie *fn);
/* PASID_ENABLE, PASID_EXEC, PASID_PRIV. */
unsigned pcie_pasid_ctrl(const struct smmu_pcie *fn);

/* pcie.c; lock held */
void pcie_reset(struct smmu_pcie *fn);

/* pcie_pri.c */
void pcie_page_response(void *ctx, const struct smmu_prg_response *resp);
/* One request for [addr, + a page); the lock is not held. As smmu_pcie_page_request(). */
int pcie_ask_page(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma, uint64_t addr);

#endif
