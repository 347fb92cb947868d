/* SPDX-License-Identifier: MIT */
/*
 * One SMMU from the driver's side: what all of src/driver/ shares.
 *
 * Locks, outermost first; the core's group mutex is outside all of them:
 *   cd_lock > domain lock > streams_lock. asids and vmids have a lock each, taken
 *   alone.
 * Command queues have no lock (ring.h); their producers wait for each other only
 * between a reservation and the write of PROD.
 * Interrupt handlers may run inside any register access on the same thread
 * (platform.h): whatever holds a lock over one must not be interrupted by a
 * handler that takes it. The handler of GERROR takes none; those of the event and PRI
 * queues put themselves off when their thread is in the write of a PROD, and run when
 * that is over. streams_lock is held over no register access.
 */
#ifndef DRIVER_DRIVER_H
#define DRIVER_DRIVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <smmulator/arch.h>
#include <smmulator/arm_smmu.h>
#include <smmulator/iommu.h>
#include <smmulator/pgtable.h>
#include <smmulator/platform.h>
#include "driver/invs.h"
#include "driver/ring.h"
#include "driver/word.h"

/* Time to wait for the SMMU to acknowledge or complete something (DRV-6, DRV-98). */
#define ARM_SMMU_TIMEOUT_US UINT64_C(1000000)

/* What this SMMU can do and the driver uses (DRV-7 to DRV-11). */
enum arm_smmu_feature {
	FEAT_2LVL_STRTAB = 1 << 0,
	FEAT_2LVL_CDTAB = 1 << 1,
	FEAT_PRI = 1 << 2,
	FEAT_ATS = 1 << 3,
	FEAT_SEV = 1 << 4,
	FEAT_MSI = 1 << 5,
	FEAT_COHERENCY = 1 << 6,
	FEAT_S1 = 1 << 7,
	FEAT_S2 = 1 << 8,
	FEAT_NESTING = 1 << 9,
	FEAT_STALLS = 1 << 10,
	FEAT_STALL_FORCE = 1 << 11,
	FEAT_HYP = 1 << 12,
	FEAT_VAX = 1 << 13,
	FEAT_RANGE_INV = 1 << 14,
	FEAT_BBML2 = 1 << 15,
	FEAT_ATTR_TYPES_OVR = 1 << 16,
	FEAT_HA = 1 << 17,
	FEAT_HD = 1 << 18,
	FEAT_S2FWB = 1 << 19,
	FEAT_CMDQ_FORCE_SYNC = 1 << 20,
	FEAT_ECMDQ = 1 << 21,
	FEAT_E2H = 1 << 22,
};

/* A ring in memory; an index has log2 bits and a wrap bit above them (DRV-93). */
struct arm_smmu_queue {
	struct iommu_dma mem;
	unsigned log2;	/* entries */
	unsigned words; /* of an entry */
	uint32_t prod_reg, cons_reg;
	uint32_t prod, cons; /* the side that the driver moves, last written */
};

/* A handler that may be entered from anywhere, also from within itself. */
struct arm_smmu_gate {
	uint64_t pending; /* atomic: entries since the one who works began */
};

/* How the end of a CMD_SYNC is learnt of. */
enum arm_smmu_sync {
	SYNC_POLL, /* CONS has passed it (DRV-98) */
	SYNC_IRQ,  /* so, but looked at after an interrupt only */
	SYNC_MSI,  /* its slot, to which its message goes, reads 0 (DRV-97) */
};

/* Commands that the SMMU was told of; counted by whoever tells it. Atomic. */
struct arm_smmu_sent {
	uint64_t commands, syncs, tlbi, cfgi;
};

struct arm_smmu_cmdq {
	struct arm_smmu *smmu;
	enum arm_smmu_sync sync;
	unsigned syncs; /* atomic: interrupts of CMD_SYNCs so far */
	/* An ECMDQ's, else 0: what goes into PROD with the index. Atomic. */
	uint32_t flags;
	struct arm_smmu_queue q;   /* prod is not used: see below */
	struct arm_smmu_gate gate; /* to the PROD of an ECMDQ */
	/* From the end of the ring on: what each submission writes. */
	struct arm_smmu_ring ring;
	struct arm_smmu_sent sent;
	uintptr_t owner; /* atomic: the thread that writes PROD, 0: none */
	uint32_t prod;	 /* atomic: what the register should be */
	bool deferred;	 /* atomic: an interrupt that wants commands came to it */
	char apart[64];	 /* the next queue may be another CPU's */
};

struct arm_smmu_strtab {
	struct iommu_dma mem; /* STEs, or L1STDs */
	bool two_level;
	unsigned log2; /* of the whole table's STEs */
};

/* Ids 1 .. 2^bits - 1 (DRV-55, DRV-56). */
struct arm_smmu_ids {
	pthread_mutex_t lock;
	uint64_t *map;
	unsigned bits;
};

/* Counters, changed atomically; those of commands are with their queue. */
enum arm_smmu_counter {
	COUNT_EVENTS,
	COUNT_OVERFLOWS,
	COUNT_PAGE_REQUESTS,
	COUNT_GERRORS,
	COUNT_CMDQ_ERRORS,
	COUNT_TIMEOUTS,
	COUNT_NR,
};

/* An interrupt that was asked for, to be given back. */
struct arm_smmu_irq {
	char name[64];
	bool connected;
};
enum { IRQ_EVENTQ, IRQ_PRIQ, IRQ_GERROR, IRQ_COMBINED, IRQ_SYNC, IRQ_NR };

struct arm_smmu_stream {
	uint32_t sid;
	struct arm_smmu_master *master;
};

struct arm_smmu {
	struct iommu_instance iommu;
	struct iommu_platform platform;
	char name[64];
	struct iommu_fwnode *fwnode;
	uint64_t base, size, page1;
	unsigned options, features;
	bool use_msi;
	uint32_t idr[6], iidr, aidr;
	unsigned sid_bits, ssid_bits, asid_bits, vmid_bits, ias, oas;
	unsigned cmdq_log2, evtq_log2, priq_log2;
	uint64_t pgsize_bitmap;

	struct arm_smmu_cmdq cmdq;
	struct arm_smmu_cmdq *ecmdqs; /* in use: num_ecmdqs of them, 0: none */
	unsigned num_ecmdqs, max_ecmdqs;
	struct arm_smmu_queue evtq, priq;
	struct arm_smmu_gate evtq_gate, priq_gate, gerror_gate;
	struct arm_smmu_irq irqs[IRQ_NR];
	struct arm_smmu_strtab strtab;
	struct arm_smmu_sids *bypass; /* DRV-25; constant */
	size_t num_bypass;
	struct arm_smmu_ids asids, vmids;
	struct iommu_iopf_queue *iopf; /* of its devices; NULL: none can fault */

	/* CDs are made and written under it: by attach, and at the end of a process
	 * (DRV-58). */
	pthread_mutex_t cd_lock;
	pthread_mutex_t streams_lock;
	struct arm_smmu_stream *streams; /* ascending SID */
	size_t num_streams;

	arm_smmu_event_fn event_fn;
	void *event_ctx;
	uint64_t counters[COUNT_NR];
};

struct arm_smmu_cdtab {
	struct iommu_dma mem; /* CDs, or L1CDs; cpu == NULL: none yet */
	bool two_level;
	unsigned ssid_bits;
};

/* Where DMA without a PASID goes. */
enum arm_smmu_rid {
	RID_BLOCKED,
	RID_BYPASS,
	RID_DOMAIN, /* one that tracks the device */
};

/* A device behind this SMMU. Changed under the group's mutex. */
struct arm_smmu_master {
	struct arm_smmu *smmu;
	struct iommu_dev *dev;
	uint32_t *sids; /* ascending, each once (DRV-26) */
	size_t num_sids;
	unsigned ssid_bits;
	bool stall_enabled;
	bool canwbs;	    /* no-snoop of its root complex can be overridden (DRV-13) */
	bool pasid_enabled; /* at its function */
	bool ats_supported, pri_supported; /* by all who are between it and the SMMU */
	bool ats_enabled;		   /* its ATC is invalidated with the TLBs */
	bool pri_enabled;
	unsigned iopf_users; /* domains that serve its page faults; atomic */
	/* What it brings to a domain and takes away again; for attach alone (DRV-27). */
	struct arm_smmu_invs *add, *remove;
	struct arm_smmu_cdtab cdtab;
	/* What its STEs say now (DRV-88). */
	bool ste_cds, ste_ats;
	enum arm_smmu_rid rid;
	unsigned num_pasids; /* in domains; with one the STEs lead to CDs (DRV-85) */
	/* Where it is tracked, by RID and PASIDs. Written under streams_lock too. */
	struct arm_smmu_attachment *attachments;
};

/* A device in a domain that has to know of it, by RID or under a PASID (DRV-84). */
struct arm_smmu_attachment {
	struct arm_smmu_attachment *next_of_master;
	struct arm_smmu_attachment *next_in_domain; /* domain->lock */
	struct iommu_domain *core;		    /* what the core attached */
	struct arm_smmu_domain *domain; /* whose tag and tables: that, or its parent */
	struct arm_smmu_master *master;
	uint32_t ssid;
	enum arm_smmu_atc atc; /* what domain->invs has of the device's ATC */
	bool iopf;	       /* one of the master's iopf_users */
	bool in_cd;	       /* its CD is the domain's now; smmu->cd_lock */
	/* A guest's, and it has a name for the device there; else NULL (DRV-84). */
	struct arm_vsmmu *vsmmu;
	uint32_t vsid;
};

enum arm_smmu_stage { STAGE_1 = 1, STAGE_2 = 2 };

struct arm_smmu_domain {
	struct iommu_domain core;
	struct arm_smmu *smmu;
	enum arm_smmu_stage stage;
	struct io_pgtable *pgtable;
	struct io_pgtable_cfg pgcfg;
	uint16_t id;	  /* ASID or VMID */
	bool nest_parent; /* what stage 1 makes of it is cached by VMID too */
	/* Of a process: no tables of its own (sva.c). Its process has ended: atomic. */
	struct iommu_mm *mm;
	bool mm_gone;
	pthread_mutex_t lock;			 /* devices come and go */
	struct arm_smmu_attachment *attachments; /* lock */
	bool enforced; /* no-snoop is overridden: lock, read also without (DRV-63) */
	/*
	 * What to invalidate; under RCU, changed under lock. A device is in it before an
	 * STE or CD leads here, and a grace period lies between: whoever unmaps and does
	 * not find it has cleared his entries before it can walk them (DRV-79).
	 */
	_Atomic(struct arm_smmu_invs *) invs;
};

static inline struct arm_smmu_domain *to_domain(struct iommu_domain *domain)
{
	return IOMMU_CONTAINER_OF(domain, struct arm_smmu_domain, core);
}

/* DRV-34, DRV-59: hardware can note which pages are written to, and is heard of it. */
static inline bool arm_smmu_can_track(const struct arm_smmu *smmu)
{
	const unsigned all = FEAT_S1 | FEAT_HD | FEAT_COHERENCY;

	return (smmu->features & all) == all;
}

static inline void arm_smmu_count(struct arm_smmu *smmu, enum arm_smmu_counter which,
				  uint64_t n)
{
	if (n)
		__atomic_fetch_add(&smmu->counters[which], n, __ATOMIC_RELAXED);
}

/* ---- io.c: registers, time, messages ---- */
uint32_t arm_smmu_read32(const struct arm_smmu *smmu, uint32_t reg);
void arm_smmu_write32(const struct arm_smmu *smmu, uint32_t reg, uint32_t value);
uint64_t arm_smmu_read64(const struct arm_smmu *smmu, uint32_t reg);
void arm_smmu_write64(const struct arm_smmu *smmu, uint32_t reg, uint64_t value);
void arm_smmu_msg(const struct arm_smmu *smmu, enum iommu_msg_level level,
		  const char *fmt, ...) IOMMU_PRINTF(3, 4);

/* A wait with a limit: begin, then wait until something holds or it is over. */
struct arm_smmu_wait {
	uint64_t start, polls;
	bool over; /* the last look is the caller's now */
};
void arm_smmu_wait_begin(const struct arm_smmu *smmu, struct arm_smmu_wait *w);
/*
 * One pause; false: the time is over, and the caller has looked since: who was not run
 * for a second has seen nothing of what happened in it.
 */
bool arm_smmu_wait_more(const struct arm_smmu *smmu, struct arm_smmu_wait *w);
/* Waits until (reg & mask) == value. 0 or -ETIMEDOUT. */
int arm_smmu_wait_reg(const struct arm_smmu *smmu, uint32_t reg, uint32_t mask,
		      uint32_t value);
/* Writes reg and waits for ack to show the same (DRV-6). */
int arm_smmu_write_ack(const struct arm_smmu *smmu, uint32_t reg, uint32_t ack,
		       uint32_t value);

int arm_smmu_dma_alloc(const struct arm_smmu *smmu, uint64_t size, uint64_t align,
		       struct iommu_dma *mem);
void arm_smmu_dma_free(const struct arm_smmu *smmu, struct iommu_dma *mem);

/* ---- id.c: DRV-7 to DRV-11. -ENXIO with a message that names the field ---- */
int arm_smmu_read_ids(struct arm_smmu *smmu, const struct arm_smmu_desc *desc);

/* ---- ids.c ---- */
int arm_smmu_ids_init(struct arm_smmu_ids *ids, unsigned bits);
void arm_smmu_ids_fini(struct arm_smmu_ids *ids);
/* 0: none is left. */
uint16_t arm_smmu_ids_alloc(struct arm_smmu_ids *ids);
void arm_smmu_ids_free(struct arm_smmu_ids *ids, uint16_t id);

/* ---- reset.c ---- */
int arm_smmu_enable(struct arm_smmu *smmu);
int arm_smmu_disable(struct arm_smmu *smmu);

/* ---- cmdq.c ---- */
/*
 * True: this thread is telling the SMMU of commands, so a handler that has some of its
 * own must return; both run again when that is over.
 */
bool arm_smmu_cmdq_defer(struct arm_smmu *smmu);

/* ---- irq.c ---- */
int arm_smmu_irq_setup(struct arm_smmu *smmu, const struct arm_smmu_desc *desc);
void arm_smmu_irq_teardown(struct arm_smmu *smmu);
/* Tells the SMMU where its interrupts go and turns them on (DRV-20). */
int arm_smmu_irq_enable(struct arm_smmu *smmu);
/* True: the caller is to work, and to ask arm_smmu_gate_leave() afterwards. */
bool arm_smmu_gate_enter(struct arm_smmu_gate *gate);
/* True: somebody came meanwhile, work once more. */
bool arm_smmu_gate_leave(struct arm_smmu_gate *gate);

/* ---- event.c, priq.c, gerror.c: the handlers ---- */
void arm_smmu_evtq_handler(void *arg);
void arm_smmu_priq_handler(void *arg);
void arm_smmu_gerror_handler(void *arg);
void arm_smmu_sync_handler(void *arg); /* cmdq.c */

/* ---- master.c ---- */
/* The owner of a SID, or NULL. Lock: streams_lock. */
struct arm_smmu_master *arm_smmu_find_master(struct arm_smmu *smmu, uint32_t sid);
int arm_smmu_probe_device(struct iommu_dev *dev, const struct iommu_fwspec *fwspec,
			  struct iommu_instance **inst);
void arm_smmu_release_device(struct iommu_dev *dev);
int arm_smmu_of_xlate(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		      const struct iommu_fw_args *args);

/* ---- domain.c, attach.c: DRV-59 to DRV-64, DRV-83 to DRV-85 ---- */
int arm_smmu_domain_alloc(struct iommu_dev *dev, uint32_t flags,
			  const struct iommu_user_data *user_data,
			  struct iommu_domain **domain);
extern const struct iommu_domain_ops arm_smmu_paging_ops;
/* With a tag and an empty array, but no tables. -ENOMEM, -EBUSY, -ENOSPC. */
int arm_smmu_domain_create(struct arm_smmu *smmu, enum arm_smmu_stage stage,
			   struct arm_smmu_domain **domain);
void arm_smmu_domain_destroy(struct arm_smmu_domain *domain);

/* ---- sva.c: DRV-109 to DRV-113 ---- */
int arm_smmu_domain_alloc_sva(struct iommu_dev *dev, struct iommu_mm *mm,
			      struct iommu_domain **domain);
int arm_smmu_attach_dev(struct iommu_domain *domain, struct iommu_dev *dev,
			struct iommu_domain *old);
int arm_smmu_attach_identity(struct iommu_domain *domain, struct iommu_dev *dev,
			     struct iommu_domain *old);
int arm_smmu_attach_blocked(struct iommu_domain *domain, struct iommu_dev *dev,
			    struct iommu_domain *old);
/* DMA without a PASID is aborted or bypasses, and its domain knows it no more. */
void arm_smmu_attach_static(struct arm_smmu_master *master, enum arm_smmu_rid rid);

/* ---- pasid.c ---- */
int arm_smmu_set_dev_pasid(struct iommu_domain *domain, struct iommu_dev *dev,
			   uint32_t pasid, struct iommu_domain *old);
/* set_dev_pasid of the blocked domain: out of use. Always 0. */
int arm_smmu_remove_dev_pasid(struct iommu_domain *blocked, struct iommu_dev *dev,
			      uint32_t pasid, struct iommu_domain *old);
/* Every PASID that is left, when the device goes. */
void arm_smmu_remove_all_pasids(struct arm_smmu_master *master);

/* ---- test_dev.c: every check of compatibility there is (DRV-90, CORE-67) ---- */
int arm_smmu_test_dev(struct iommu_domain *domain, struct iommu_dev *dev, uint32_t pasid,
		      struct iommu_domain *old);

/* rmr.c: DRV-25 */
int arm_smmu_rmr_init(struct arm_smmu *smmu, const struct arm_smmu_desc *desc);
void arm_smmu_rmr_install(struct arm_smmu *smmu);
bool arm_smmu_rmr_has(const struct arm_smmu_master *master);

/* ---- ops.c ---- */
extern const struct iommu_ops arm_smmu_ops;

#endif /* DRIVER_DRIVER_H */
