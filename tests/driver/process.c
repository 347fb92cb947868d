/* SPDX-License-Identifier: MIT */
#include "driver/process.h"
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/iommu_fault.h>

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)

int process_page_in(void *ctx, uint64_t addr, uint32_t perm)
{
	struct process *p = ctx;
	uint64_t page = addr & ~(KIB(4) - 1);
	unsigned prot = IO_PROT_READ | IO_PROT_CACHE | (p->read_only ? 0 : IO_PROT_WRITE);
	int err;

	pthread_mutex_lock(&p->lock);
	p->faults++;
	p->last = addr;
	p->perm = perm;
	if (page - p->base >= p->pages * KIB(4) ||
	    (p->read_only && (perm & IOMMU_PRQ_WRITE)))
		err = -EFAULT;
	else
		err = io_pgtable_map(p->table, page, DATA_BASE + (page - p->base), KIB(4),
				     prot);
	pthread_mutex_unlock(&p->lock);
	return err == -EEXIST ? 0 : err; /* another thread was faster */
}

void process_begin(struct process *p, struct rig *r)
{
	struct io_pgtable_cfg cfg = { .fmt = IO_PGTABLE_STAGE1,
				      .pgsize_bitmap = KIB(4) | MIB(2),
				      .ias = 48,
				      .oas = 44,
				      .coherent = true,
				      .platform = r->platform };
	struct iommu_mm_desc desc = { .va_bits = 48,
				      .pa_bits = 44,
				      .page_shift = 12,
				      .fault = process_page_in,
				      .ctx = p };

	*p = (struct process){ .r = r, .base = MIB(16), .pages = 256 };
	pthread_mutex_init(&p->lock, NULL);
	assert_int_equal(io_pgtable_alloc(&p->table, &cfg), 0);
	desc.root = cfg.s1.ttb;
	desc.mair = cfg.s1.mair;
	assert_int_equal(iommu_mm_create(r->sys, &desc, &p->mm), 0);
}

void process_end(struct process *p)
{
	iommu_mm_put(p->mm);
	io_pgtable_free(p->table);
	pthread_mutex_destroy(&p->lock);
}

void process_page_out(struct process *p, uint64_t addr)
{
	pthread_mutex_lock(&p->lock);
	assert_int_equal(io_pgtable_unmap(p->table, addr, KIB(4), NULL), KIB(4));
	pthread_mutex_unlock(&p->lock);
	iommu_mm_invalidate(p->mm, addr, addr + KIB(4) - 1);
}

struct smmu_config stall_config(void)
{
	struct smmu_config cfg = pci_config();

	cfg.stall_model = 0;
	cfg.stall_max = 8;
	return cfg;
}

struct iommu_dev *add_stalling(struct rig *r, const char *name, uint32_t sid)
{
	struct iommu_dev_desc desc = { .name = name,
				       .pasid_num_bits = 6,
				       .dma_can_stall = true };

	return rig_add_as(r, &desc, &sid, 1);
}

size_t serve(struct rig *r)
{
	return iommu_iopf_queue_run(arm_smmu_iopf_queue(r->drv));
}
