/* SPDX-License-Identifier: MIT */
/* A process whose pages come when they are asked for, and machines whose devices fault.
 */
#ifndef TESTS_DRIVER_PROCESS_H
#define TESTS_DRIVER_PROCESS_H

#include <smmulator/iommu_sva.h>
#include <smmulator/pgtable.h>
#include "driver/pci_rig.h"

struct process {
	struct rig *r;
	struct io_pgtable *table;
	struct iommu_mm *mm;
	uint64_t base, pages; /* its one area, which is at DATA_BASE */
	bool read_only;
	unsigned faults;
	uint64_t last; /* the last fault's */
	uint32_t perm;
	pthread_mutex_t lock;
};

void process_begin(struct process *p, struct rig *r);
void process_end(struct process *p);
/* iommu_mm_desc.fault: maps the page, if it is in the area. */
int process_page_in(void *ctx, uint64_t addr, uint32_t perm);
/* What the process itself does: the page goes, and every device hears of it. */
void process_page_out(struct process *p, uint64_t addr);

/* pci_config() with stalls. */
struct smmu_config stall_config(void);
/* A platform device with dma-can-stall and 6 bits of PASID. */
struct iommu_dev *add_stalling(struct rig *r, const char *name, uint32_t sid);
/* Does the page-fault work that there is; how many groups. */
size_t serve(struct rig *r);

#endif /* TESTS_DRIVER_PROCESS_H */
