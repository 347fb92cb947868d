/* SPDX-License-Identifier: MIT */
/*
 * A machine for the driver: the model on a bus with one bank of RAM, a core system,
 * and a platform whose every answer a test can bend.
 */
#ifndef TESTS_DRIVER_RIG_H
#define TESTS_DRIVER_RIG_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <smmulator/arch.h>
#include <smmulator/arm_smmu.h>
#include <smmulator/bus.h>
#include <smmulator/iommu.h>
#include <smmulator/smmu.h>

#define RAM_BASE  UINT64_C(0x80000000)
#define RAM_SIZE  UINT64_C(0x40000000)
#define DATA_BASE UINT64_C(0xb0000000) /* for DMA; below it the driver allocates */
#define MMIO_BASE UINT64_C(0x2b400000)
#define DOORBELL  UINT64_C(0x08020000)

#define MAX_DEVS 12

struct rig_dev {
	struct rig *rig;
	struct iommu_dev *dev;
	uint32_t sids[8];
	size_t num_sids;
	struct iommu_fwnode *fwnode; /* NULL: the rig's */
	uint32_t cells;
	uint32_t pasid_bits; /* set it before rig_add() of the next device */
	uint32_t fw_flags;   /* IOMMU_FWSPEC_*: likewise, for rig_add_as() */
};

struct rig_irq {
	iommu_irq_fn fn;
	void *arg;
};

struct rig {
	struct smmu_config cfg;
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct smmu_port *port;
	struct iommu_platform platform;
	struct iommu_system *sys;
	struct iommu_fwnode *fwnode;
	struct arm_smmu_desc desc;
	struct arm_smmu *drv;
	struct rig_dev devs[MAX_DEVS];
	size_t num_devs;

	/* The platform, and how it misbehaves. */
	pthread_mutex_t lock; /* next_pa, live, fail_after */
	uint64_t next_pa;
	size_t live;	 /* pieces of memory given and not taken back */
	long fail_after; /* allocations until one fails; -1: never */
	struct {
		uint32_t reg, value;
	} lies[8]; /* what reads give instead */
	size_t num_lies;
	uint32_t swallow; /* writes to this register are lost; 0: none */
	uint64_t polls;
	/*
	 * Who polls lets other threads run: what it waits for may be theirs to do (a DMA
	 * that an ATC invalidation waits for), and a time-out is a number of polls.
	 */
	bool yields;
	char last[512]; /* last message */
	unsigned messages, errors;
	struct rig_irq irqs[5]; /* by wire, or by MSI data */
	unsigned num_msi, msis;
	unsigned mmio_writes;
	void (*at_write)(void *ctx); /* after each of CMDQ_PROD; NULL: nobody looks */
	void *at_write_ctx;
	uint8_t touched[0x20000 / 4]; /* each register that the driver accessed: 1 */

	/* Faults as the core's observer heard of them. */
	unsigned faults;
	struct iommu_fault fault;
	struct iommu_dev *fault_dev;
	char reason[32];
};

/* Everything but the driver. cfg NULL: preset 3.2 with 10 StreamID bits. */
void rig_init(struct rig *r, const struct smmu_config *cfg);
struct smmu_config rig_config(void);
int rig_probe(struct rig *r);
/* init and probe, which must succeed. */
void rig_up(struct rig *r, const struct smmu_config *cfg);
/* Takes everything down, and asserts that nothing leaked. */
void rig_down(struct rig *r);
void rig_lie(struct rig *r, uint32_t reg, uint32_t value);

/* A device with these StreamIDs; NULL dev in it if the core did not take it on. */
struct iommu_dev *rig_add(struct rig *r, const char *name, const uint32_t *sids,
			  size_t n);

/* The same with a description of its own; what firmware says is the rig's. */
struct iommu_dev *rig_add_as(struct rig *r, const struct iommu_dev_desc *desc,
			     const uint32_t *sids, size_t n);

/* Devices that the driver has in this domain. */
unsigned rig_users(struct iommu_domain *domain);
/* A write and a read of 8 bytes through the SMMU. */
struct smmu_result rig_dma(struct rig *r, uint32_t sid, uint64_t iova, bool write,
			   uint64_t *value);
/* The same with a PASID. */
struct smmu_result rig_dma_pasid(struct rig *r, uint32_t sid, uint32_t ssid,
				 uint64_t iova, bool write, uint64_t *value);
/* Reads or writes memory as a CPU. */
uint64_t rig_peek(struct rig *r, uint64_t pa);
void rig_poke(struct rig *r, uint64_t pa, uint64_t value);

#endif /* TESTS_DRIVER_RIG_H */
