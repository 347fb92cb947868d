/* SPDX-License-Identifier: MIT */
/*
 * One run: a board is built, its SMMUs are probed by the driver, its masters do DMA,
 * and what was seen is reported. Both halves meet here and nowhere else: run_board
 * makes the hardware, run_platform is what the driver has of it, run_smmu and
 * run_device bring the software up, run_group and run_job move data, run_speed
 * measures, run_text and run_json print.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <smmulator/arm_smmu.h>
#include <smmulator/firmware.h>
#include <smmulator/iommu.h>
#include <smmulator/iommu_acpi.h>
#include <smmulator/machine.h>
#include <smmulator/platform.h>
#include "cli/cli.h"

/* What a master can be put into. */
enum run_domain {
	RUN_DMA,      /* its default domain, as the core chose it */
	RUN_S2,	      /* a stage-2 domain, attached by a user who owns the group */
	RUN_IDENTITY, /* the same, not translated */
	RUN_BLOCKED,  /* owned by a user who attached nothing */
	RUN_NONE,     /* no IOMMU: not asked for, but found */
	RUN_DOMAINS
};
const char *run_domain_name(enum run_domain domain);

struct run_options {
	const char *board; /* file that messages about the board name */
	bool is_dtb;
	const void *blob; /* the tree itself, where it comes from no file; NULL: it does */
	size_t blob_len;
	const char *acpi[2]; /* files of tables; NULL: none */
	const char *pci;     /* a dump of functions, or "sysfs"; NULL: none */
	bool has_preset;
	struct smmu_machine_function *named;
	size_t nnamed;
	enum smmu_preset preset;
	unsigned functions, sid_bits;
	uint64_t pages;	  /* of each transfer */
	unsigned domains; /* bits 1 << enum run_domain */
	double seconds;	  /* of each measurement; 0: none */
	bool json, verbose, lenient;
	const char **enable; /* nodes to enable first */
	size_t nenable;
	const char *save_state; /* NULL: nowhere */
};

/* ---- Memory for the driver and for transfers (run_memory.c) ------------------------ */

struct run_extent {
	struct run_extent *next;
	uint64_t base, size;
};
struct run_memory {
	struct smmu_bus *bus;
	struct run_extent *free; /* ascending, never touching each other */
};
/* All RAM of the machine but what firmware says is in use. 0 or -ENOMEM. */
int run_memory_init(struct run_memory *memory, const struct smmu_machine *machine);
/* One piece of RAM on that bus, less its first page. 0 or -ENOMEM. */
int run_memory_init_range(struct run_memory *memory, struct smmu_bus *bus, uint64_t base,
			  uint64_t size);
void run_memory_destroy(struct run_memory *memory);
/* Zeroed, on a multiple of align and of 4096. 0 or -ENOMEM. */
int run_memory_alloc(struct run_memory *memory, uint64_t size, uint64_t align,
		     struct iommu_dma *dma);
void run_memory_free(struct run_memory *memory, const struct iommu_dma *dma);

/* ---- What the driver has of the machine (run_platform.c) --------------------------- */

struct run_irq;
struct run_platform {
	struct smmu_bus *bus;
	struct run_memory memory;
	uint64_t doorbell;
	struct run_irq *irqs;
	uint32_t last_msi;
	uint64_t aborts; /* register accesses that ended nowhere */
	bool verbose;
};
struct iommu_platform run_platform(struct run_platform *platform);
/* The doorbell's callback; ctx is the struct run_platform. */
void run_platform_msi(void *ctx, uint64_t pa, uint32_t data,
		      const struct smmu_attr *attr);
void run_platform_destroy(struct run_platform *platform);

/* ---- The run ----------------------------------------------------------------------- */

/* One measurement; ns is the time of the operations alone. */
struct run_measure {
	uint64_t ops, ns, tlbi, syncs;
};

enum { RUN_EVENTS = 4 }; /* kept of one stream's job, which expects two */

struct run;
struct run_smmu {
	struct run *run;
	const struct smmu_machine_smmu *hw;
	struct arm_smmu *driver; /* NULL: the driver refused it */
	struct arm_smmu_info info;
	const char *interrupts; /* "wires", "messages" or "none" */
	/* Of the current job. */
	unsigned stages; /* bits: 1 stage 1, 2 stage 2 was walked */
	size_t nevents;	 /* read back by the driver, also beyond RUN_EVENTS */
	struct arm_smmu_event events[RUN_EVENTS];
	uint64_t all_events;
	bool measured;
	size_t speed_master;
	struct run_measure unmap_sync, unmap_batch, tlbi;
};

struct run_master {
	const struct smmu_machine_master *hw;
	struct iommu_dev *dev;
	int smmu;	    /* that translates for it; -1: none does */
	bool deferred;	    /* its bind had to wait for the SMMU's driver */
	long group;	    /* -1: none */
	size_t next;	    /* in its group, or SIZE_MAX */
	bool leads;	    /* first of its group */
	const char *no_own; /* why the driver did not take it, if the board says so */
};

/* A master in a domain: one line of the table. */
struct run_row {
	size_t master;
	int smmu; /* -1: none */
	enum run_domain domain;
	unsigned stages;
	uint64_t bytes;	 /* that reached their place and were compared there */
	uint64_t faults; /* transfers that the master saw end with an error */
	uint64_t events; /* read back by the driver */
	bool ok;
	char note[120];
};

enum { RUN_SHOWN = 4 };
struct run_shown {
	const struct run_smmu *smmu;
	uint64_t record[4];
};

/* Lines for the end of the report. */
struct run_lines {
	char **line;
	size_t n;
};

struct run {
	const struct run_options *options;
	struct smmu_fw *fw;
	struct smmu_machine *machine;
	struct run_platform platform;
	struct iommu_system *sys;
	struct iommu_of *of;
	struct iommu_acpi *acpi; /* one of the two, as the board has it */
	struct run_pci *pci;	 /* functions of a dump; NULL: without --pci */
	struct run_smmu *smmus;
	size_t nsmmus;
	struct run_master *masters;
	size_t nmasters;
	struct run_row *rows;
	size_t nrows, rows_room;
	struct run_lines findings, notes, unexpected;
	struct run_shown shown[RUN_SHOWN]; /* the first events of all */
	size_t nshown;
	bool failed, bad_board; /* bad: a driver refused its SMMU's description */
	uint64_t started_ns, progress_ns;
};

uint64_t run_now_ns(void);
/* --preset; false after a complaint. */
bool run_parse_preset(const char *name, enum smmu_preset *preset);
/* Of the description; what is worth a line; what must not be. All survive lack of memory.
 */
void run_finding(struct run *run, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void run_note(struct run *run, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void run_unexpected(struct run *run, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* On a terminal, when it has taken a while: how far it is. NULL: takes it away. */
void run_progress(struct run *run, const char *what, size_t done, size_t of);

/*
 * Everything up to masters in their groups. CLI_OK, or CLI_INPUT after a complaint;
 * run_host_down() follows either way.
 */
int run_host_up(struct run *run);
void run_host_down(struct run *run);
/* What the drivers of the host must never have met on a machine that works. */
void run_check_health(struct run *run);

/* Reads the description and builds the machine. CLI_OK or CLI_INPUT after a complaint. */
int run_board_create(struct run *run);
void run_board_destroy(struct run *run);

/* Devices appear and bind before there is a driver: they have to wait. */
void run_devices_add(struct run *run);
/* What they came to, once every driver has been there. */
void run_devices_settle(struct run *run);
void run_devices_remove(struct run *run);

/* The driver on each SMMU. */
void run_smmus_probe(struct run *run);
void run_smmus_remove(struct run *run);
/* Forgets what was seen; looks whether there is more. */
void run_smmu_watch(struct run_smmu *smmu);
void run_smmu_unwatch(struct run_smmu *smmu);
void run_smmu_poll(struct run_smmu *smmu);

/* Every master through every domain asked for. */
void run_groups(struct run *run);
/* One master in the domain that its group is in now (domain NULL: none). */
void run_job(struct run *run, size_t master, enum run_domain kind,
	     struct iommu_domain *domain);
/* [*iova, *iova + size) that nothing reserves and its bus carries. 0, -ENOSPC or -ENOMEM.
 */
int run_pick_iova(struct iommu_domain *domain, struct iommu_dev *dev, uint64_t size,
		  uint64_t *iova);

/* Functions out of a dump (run_pci.h). All but read() want that run->pci is there. */
struct run_pci_ops {
	/* Reads the dump into run->pci. CLI_OK, or CLI_INPUT after a complaint. */
	int (*read)(struct run *run);
	/* ACPI tables of a board for it, from malloc(). The same. */
	int (*board)(const struct run *run, void **data, size_t *len);
	/* Names those that the board can have. The same. */
	int (*choose)(struct run *run, struct smmu_machine_options *mo);
	/* As firmware and the PCI core leave them: VFs there, bus masters. */
	void (*power_on)(struct run *run);
	/* path: room for IOMMU_PCI_MAX_HOPS, in use as long as *desc is. */
	void (*describe)(const struct run *run, const struct smmu_machine_master *hw,
			 struct iommu_dev_desc *desc, struct iommu_pci_hop *path);
	void (*check_groups)(struct run *run);
	void (*exercise)(struct run *run, size_t master, struct iommu_domain *domain);
	void (*print)(FILE *out, const struct run *run);
	struct json_t *(*json)(const struct run *run);
	void (*destroy)(struct run_pci *pci); /* NULL is allowed */
};
extern const struct run_pci_ops *const run_pci_ops; /* NULL: built without libpci */

void run_speed(struct run *run);
/* Writes the snapshot that was asked for. CLI_OK or CLI_INPUT. */
int run_save_state(struct run *run);

void run_print_text(FILE *out, struct run *run);
/* 0 or -1: not written. */
int run_print_json(FILE *out, struct run *run);

#endif /* CLI_RUN_H */
