/* SPDX-License-Identifier: MIT */
/*
 * Page faults and the page tables of processes: a device stalls or asks by PRI, somebody
 * makes the page present, it goes on (DRV-42, DRV-84, DRV-105, DRV-107 to DRV-113).
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/iommu_sva.h>
#include <smmulator/pgtable.h>
#include <smmulator/stall.h>
#include "driver/cdtab.h"
#include "driver/change.h"
#include "driver/pci_rig.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define SID    5u

/* ---- A process: a table, and pages that come when they are asked for ---- */

struct process {
	struct rig *r;
	struct io_pgtable *table;
	struct iommu_mm *mm;
	uint64_t base, pages; /* its one area, which is at DATA_BASE */
	bool read_only;
	unsigned faults;
	uint64_t last;
	uint32_t perm;
	pthread_mutex_t lock;
};

static int page_in(void *ctx, uint64_t addr, uint32_t perm)
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

static void process_begin(struct process *p, struct rig *r)
{
	struct io_pgtable_cfg cfg = { .fmt = IO_PGTABLE_STAGE1,
				      .pgsize_bitmap = KIB(4) | MIB(2),
				      .ias = 48,
				      .oas = 44,
				      .coherent = true,
				      .platform = r->platform };
	struct iommu_mm_desc desc = {
		.va_bits = 48, .pa_bits = 44, .page_shift = 12, .fault = page_in, .ctx = p
	};

	*p = (struct process){ .r = r, .base = MIB(16), .pages = 256 };
	pthread_mutex_init(&p->lock, NULL);
	assert_int_equal(io_pgtable_alloc(&p->table, &cfg), 0);
	desc.root = cfg.s1.ttb;
	desc.mair = cfg.s1.mair;
	assert_int_equal(iommu_mm_create(r->sys, &desc, &p->mm), 0);
}

static void process_end(struct process *p)
{
	iommu_mm_put(p->mm);
	io_pgtable_free(p->table);
	pthread_mutex_destroy(&p->lock);
}

/* What the process itself does: the page goes, and every device hears of it. */
static void page_out(struct process *p, uint64_t addr)
{
	pthread_mutex_lock(&p->lock);
	assert_int_equal(io_pgtable_unmap(p->table, addr, KIB(4), NULL), KIB(4));
	pthread_mutex_unlock(&p->lock);
	iommu_mm_invalidate(p->mm, addr, addr + KIB(4) - 1);
}

/* ---- The machine ---- */

static struct smmu_config stall_config(void)
{
	struct smmu_config cfg = pci_config();

	cfg.stall_model = 0;
	cfg.stall_max = 8;
	return cfg;
}

static struct iommu_dev *add_stalling(struct rig *r, const char *name, uint32_t sid)
{
	struct iommu_dev_desc desc = { .name = name,
				       .pasid_num_bits = 6,
				       .dma_can_stall = true };

	return rig_add_as(r, &desc, &sid, 1);
}

static struct arm_smmu_master *master_of(struct iommu_dev *dev)
{
	return iommu_dev_priv(dev);
}

static size_t serve(struct rig *r)
{
	return iommu_iopf_queue_run(arm_smmu_iopf_queue(r->drv));
}

static struct smmu_result dma(struct rig *r, uint32_t sid, uint32_t pasid, uint64_t iova,
			      bool write, uint64_t *value)
{
	return pasid ? rig_dma_pasid(r, sid, pasid, iova, write, value)
		     : rig_dma(r, sid, iova, write, value);
}

/* A DMA that stalls; its result after whoever serves it has. */
static struct smmu_result stalled(struct rig *r, uint32_t pasid, uint64_t iova,
				  bool write, uint64_t *value)
{
	struct smmu_result res = dma(r, SID, pasid, iova, write, value);

	assert_int_equal(res.status, SMMU_STALLED);
	assert_int_equal(smmu_port_wait(r->port, res.ticket, 0, NULL, NULL), -ETIMEDOUT);
	assert_int_equal(serve(r), 1);
	assert_int_equal(smmu_port_wait(r->port, res.ticket, 0, &res, NULL), 0);
	return res;
}

static uint64_t cd_word(struct iommu_dev *dev, uint32_t pasid, unsigned i)
{
	return hw_load(&arm_smmu_cdtab_cd(master_of(dev), pasid)[i]);
}

/* ---- SVA ---- */

/* DRV-42, DRV-110: bit by bit, the process's own table under an ASID of ours. */
static void cd_of_a_process(void **state)
{
	struct smmu_config cfg = stall_config();
	const struct iommu_mm_desc *desc;
	struct iommu_domain *domain;
	struct iommu_sva *sva;
	struct iommu_dev *dev;
	struct process p;
	struct rig r;
	uint32_t pasid;
	uint64_t word;

	(void)state;
	cfg.btm = 1;
	rig_up(&r, &cfg);
	dev = add_stalling(&r, "dev", SID);
	process_begin(&p, &r);
	desc = iommu_mm_desc(p.mm);
	assert_int_equal(iommu_sva_bind_device(dev, p.mm, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	domain = arm_smmu_attachment(master_of(dev), pasid)->core;
	/* T0SZ 16, WB RA, ISH; EPD1, V; IPS 44; AA64, S, R, A, ASET, ASID. */
	word = 16 | 1u << 8 | 1u << 10 | 3u << 12 | UINT64_C(3) << 30 |
	       UINT64_C(4) << 32 | UINT64_C(1) << 41 | UINT64_C(15) << 44 |
	       (uint64_t)to_domain(domain)->id << 48;
	assert_int_equal(cd_word(dev, pasid, 0), word);
	assert_int_equal(cd_word(dev, pasid, 1), desc->root);
	assert_int_equal(cd_word(dev, pasid, 2), 0);
	assert_int_equal(cd_word(dev, pasid, 3), desc->mair);
	assert_int_not_equal(to_domain(domain)->id, 0);
	/* Nothing of broadcast maintenance (DRV-16): CR2.PTM is set. */
	assert_int_equal(
		smmu_reg_get(smmu_mmio_read(r.smmu, SMMU_REG_CR2, 4), SMMU_CR2_PTM), 1);
	/* DRV-112: no TTB0 that counts, no stall, no record. */
	iommu_mm_exit(p.mm);
	word = (word & ~(uint64_t)0x3fff & ~(UINT64_C(3) << 44)) | 1u << 14;
	assert_int_equal(cd_word(dev, pasid, 0), word);
	assert_int_equal(cd_word(dev, pasid, 1), 0);
	assert_int_equal(cd_word(dev, pasid, 3), desc->mair);
	iommu_sva_unbind_device(sva);
	assert_int_equal(cd_word(dev, pasid, 0), 0);
	process_end(&p);
	rig_down(&r);
}

/* DRV-111, DRV-112: what the process does to its table the device sees at once. */
static void device_on_a_process(void **state)
{
	struct smmu_config cfg = stall_config();
	struct iommu_sva *sva, *again;
	struct iommu_dev *dev;
	struct smmu_result res;
	struct process p;
	uint64_t value;
	uint32_t pasid;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add_stalling(&r, "dev", SID);
	process_begin(&p, &r);
	assert_int_equal(iommu_sva_bind_device(dev, p.mm, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	for (unsigned i = 0; i < 3; i++) {
		value = 100 + i;
		res = stalled(&r, pasid, p.base + KIB(8), true, &value);
		assert_int_equal(res.status, SMMU_OK);
		assert_int_equal(rig_peek(&r, DATA_BASE + KIB(8)), 100 + i);
		assert_int_equal(p.faults, i + 1);
		assert_int_equal(p.last, p.base + KIB(8));
		/* It is there now. */
		res = dma(&r, SID, pasid, p.base + KIB(8), false, &value);
		assert_int_equal(res.status, SMMU_OK);
		page_out(&p, p.base + KIB(8));
	}
	/* All of the address space, as at an exec: by the tag. */
	value = 1;
	assert_int_equal(stalled(&r, pasid, p.base, true, &value).status, SMMU_OK);
	assert_int_equal(io_pgtable_unmap(p.table, p.base, KIB(4), NULL), KIB(4));
	iommu_mm_invalidate(p.mm, 0, UINT64_MAX);
	assert_int_equal(stalled(&r, pasid, p.base, true, &value).status, SMMU_OK);
	/* A second bind shares; the process ends; nothing is told and nothing gets in. */
	assert_int_equal(iommu_sva_bind_device(dev, p.mm, &again), 0);
	iommu_mm_exit(p.mm);
	r.faults = 0;
	assert_int_equal(dma(&r, SID, pasid, p.base, true, &value).status, SMMU_ABORT);
	assert_int_equal(dma(&r, SID, pasid, p.base + KIB(8), true, &value).status,
			 SMMU_ABORT);
	assert_int_equal(r.faults, 0);
	iommu_sva_unbind_device(again);
	iommu_sva_unbind_device(sva);
	process_end(&p);
	rig_down(&r);
}

/* DRV-109: what the SMMU and the CPU must have in common. */
static void processes_that_cannot_be_shared(void **state)
{
	static const struct {
		uint8_t va, pa, shift, bbml2, err;
	} rows[] = {
		{ 48, 44, 12, 0, 0 },	       { 48, 44, 16, 0, 0 },
		{ 52, 44, 16, 0, EOPNOTSUPP }, /* no IDR5.VAX */
		{ 48, 48, 12, 0, EOPNOTSUPP }, /* IDR5.OAS is 44 */
		{ 48, 44, 14, 0, EOPNOTSUPP }, /* no IDR5.GRAN16K */
		{ 48, 44, 12, 1, EOPNOTSUPP }, /* IDR3.BBML is 1 */
		{ 24, 44, 12, 0, EOPNOTSUPP }, { 25, 44, 12, 0, 0 },
		{ 49, 44, 12, 0, EOPNOTSUPP },
	};
	struct smmu_config cfg = stall_config();
	struct iommu_dev *dev;
	struct iommu_sva *sva;
	struct rig r;

	(void)state;
	cfg.oas = 4;
	cfg.gran16k = 0;
	cfg.bbml = 1;
	rig_up(&r, &cfg);
	dev = add_stalling(&r, "dev", SID);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct iommu_mm_desc desc = { .root = RAM_BASE,
					      .va_bits = rows[i].va,
					      .pa_bits = rows[i].pa,
					      .page_shift = rows[i].shift,
					      .bbml2 = rows[i].bbml2 };
		struct iommu_mm *mm;

		assert_int_equal(iommu_mm_create(r.sys, &desc, &mm), 0);
		assert_int_equal(iommu_sva_bind_device(dev, mm, &sva), -rows[i].err);
		if (!rows[i].err)
			iommu_sva_unbind_device(sva);
		iommu_mm_put(mm);
	}
	rig_down(&r);

	/* Neither without coherent walks. */
	cfg = stall_config();
	cfg.cohacc = 0;
	rig_init(&r, &cfg);
	r.desc.coherent = false;
	assert_int_equal(rig_probe(&r), 0);
	dev = add_stalling(&r, "dev", SID);
	{
		struct process p;

		process_begin(&p, &r);
		assert_int_equal(iommu_sva_bind_device(dev, p.mm, &sva), -EOPNOTSUPP);
		process_end(&p);
	}
	rig_down(&r);
}

/* DRV-90, DRV-110: a process that has ended is no place to go to. */
static void processes_that_have_ended(void **state)
{
	struct smmu_config cfg = stall_config();
	struct iommu_domain *domain;
	struct iommu_sva *sva, *none;
	struct iommu_dev *dev;
	struct process p;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add_stalling(&r, "dev", SID);
	process_begin(&p, &r);
	assert_int_equal(iommu_sva_bind_device(dev, p.mm, &sva), 0);
	domain = arm_smmu_attachment(master_of(dev), iommu_sva_get_pasid(sva))->core;
	assert_int_equal(domain->ops->test_dev(domain, dev, 9, NULL), 0);
	iommu_mm_exit(p.mm);
	assert_int_equal(domain->ops->test_dev(domain, dev, 9, NULL), -EINVAL);
	assert_int_equal(domain->ops->set_dev_pasid(domain, dev, 9, NULL), -EINVAL);
	assert_int_equal(
		iommu_sva_bind_device(add_stalling(&r, "other", SID + 1), p.mm, &none),
		-EBUSY);
	/* Not by RID, gone or not. */
	assert_null(domain->ops->attach_dev);
	iommu_sva_unbind_device(sva);
	process_end(&p);
	rig_down(&r);
}

/* ---- Stalls ---- */

/* DRV-30: who stalls. */
static void who_stalls(void **state)
{
	static const struct {
		uint8_t model;
		bool can, want;
	} rows[] = { { 1, true, false },
		     { 0, false, false },
		     { 0, true, true },
		     { 2, false, true },
		     { 2, true, true } };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct smmu_config cfg = stall_config();
		struct iommu_dev_desc desc = { .name = "dev",
					       .dma_can_stall = rows[i].can };
		const uint32_t sid = SID;
		struct rig r;

		cfg.stall_model = rows[i].model;
		cfg.stall_max = rows[i].model == 1 ? 0 : 8;
		rig_up(&r, &cfg);
		assert_int_equal(master_of(rig_add_as(&r, &desc, &sid, 1))->stall_enabled,
				 rows[i].want);
		rig_down(&r);
	}
}

static enum iommu_page_response verdict;
static unsigned groups;
static struct iommu_page_request asked;

static int answer(struct iommu_iopf_group *group)
{
	groups++;
	asked = group->requests[group->num - 1];
	iommu_iopf_group_response(group, verdict);
	iommu_iopf_group_free(group);
	return 0;
}

static struct iommu_iopf_group *kept;

static int keep(struct iommu_iopf_group *group)
{
	groups++;
	kept = group;
	return 0;
}

static struct iommu_domain *faulting(struct iommu_dev *dev, uint32_t flags,
				     int (*handler)(struct iommu_iopf_group *group))
{
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommu_paging_domain_alloc(dev, flags, &domain), 0);
	domain->iopf_handler = handler;
	groups = 0;
	kept = NULL;
	return domain;
}

/*
 * DRV-105, DRV-107: what the request says, and what each answer does, for stage 1 and 2.
 * Answered inside the handler, the page may fault again before that returns.
 */
static void answers_to_a_stall(void **state)
{
	(void)state;
	for (unsigned stage2 = 0; stage2 < 2; stage2++) {
		struct smmu_config cfg = stall_config();
		struct iommu_attach_handle handle;
		struct iommu_domain *domain;
		struct iommu_group *group;
		struct iommu_dev *dev;
		uint64_t value = 1;
		struct rig r;

		rig_up(&r, &cfg);
		dev = add_stalling(&r, "dev", SID);
		domain = faulting(dev, stage2 ? IOMMU_ALLOC_STAGE2 : 0, answer);
		group = iommu_group_get(dev);
		assert_int_equal(iommu_attach_group_handle(domain, group, &handle), 0);
		for (unsigned code = IOMMU_PAGE_INVALID; code <= IOMMU_PAGE_FAILURE;
		     code++) {
			verdict = (enum iommu_page_response)code;
			r.faults = 0;
			assert_int_equal(rig_dma(&r, SID, MIB(3), true, &value).status,
					 SMMU_ABORT);
			assert_int_equal(groups, code);
			assert_int_equal(asked.addr, MIB(3));
			assert_int_equal(asked.perm, IOMMU_PRQ_WRITE);
			assert_int_equal(asked.flags, IOMMU_PRQ_LAST);
			assert_int_equal(r.faults, 0); /* served, if with a no */
		}
		assert_int_equal(rig_dma(&r, SID, MIB(3), false, &value).status,
				 SMMU_ABORT);
		assert_int_equal(asked.perm, IOMMU_PRQ_READ);
		/* Success without a page: it faults again, and again. */
		domain->iopf_handler = keep;
		groups = 0;
		{
			struct smmu_result res = rig_dma(&r, SID, MIB(3), true, &value);

			assert_int_equal(res.status, SMMU_STALLED);
			for (unsigned i = 1; i < 4; i++) {
				struct iommu_iopf_group *g = kept;

				assert_int_equal(groups, i);
				if (i == 3)
					assert_int_equal(iommu_map(domain, MIB(3),
								   DATA_BASE, KIB(4), RW),
							 0);
				iommu_iopf_group_response(g, IOMMU_PAGE_SUCCESS);
				iommu_iopf_group_free(g);
			}
			assert_int_equal(groups, 3);
			assert_int_equal(
				smmu_port_wait(r.port, res.ticket, 0, &res, NULL), 0);
			assert_int_equal(res.status, SMMU_OK);
		}
		iommu_detach_group_handle(domain, group);
		iommu_group_put(group);
		iommu_domain_free(domain);
		rig_down(&r);
	}
}

/* DRV-105: whom nobody serves is told of as a fault, and terminated. */
static void stalls_that_nobody_serves(void **state)
{
	struct smmu_config cfg = stall_config();
	struct iommu_domain *domain;
	uint64_t value = 1;
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add_stalling(&r, "dev", SID); /* in its default domain */
	assert_int_equal(rig_dma(&r, SID, MIB(3), true, &value).status, SMMU_ABORT);
	assert_string_equal(r.reason, "F_TRANSLATION");
	assert_true(r.fault.flags & IOMMU_FAULT_STALL);
	assert_ptr_equal(r.fault_dev, dev);
	/* A handler, but no handle: nobody knows whose it is (CORE-105). */
	domain = faulting(dev, 0, answer);
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	r.faults = 0;
	assert_int_equal(rig_dma(&r, SID, MIB(3), true, &value).status, SMMU_ABORT);
	assert_int_equal(r.faults, 1);
	assert_int_equal(groups, 0);
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* DRV-84, DRV-86, CORE-109: what waits when its domain goes is answered, once. */
static void stalls_that_are_left_behind(void **state)
{
	(void)state;
	for (unsigned removed = 0; removed < 2; removed++) {
		struct smmu_config cfg = stall_config();
		struct iommu_attach_handle handle;
		struct iommu_domain *domain;
		struct iommu_group *group;
		struct iommu_dev *dev;
		uint64_t value = 1;
		struct smmu_result res;
		struct rig r;

		rig_up(&r, &cfg);
		dev = add_stalling(&r, "dev", SID);
		domain = faulting(dev, IOMMU_ALLOC_PASID, keep);
		group = iommu_group_get(dev);
		assert_int_equal(iommu_attach_group_handle(domain, group, &handle), 0);
		assert_int_equal(master_of(dev)->iopf_users, 1);
		res = rig_dma(&r, SID, MIB(3), true, &value);
		assert_int_equal(res.status, SMMU_STALLED);
		assert_int_equal(groups, 1);
		if (removed) {
			iommu_dev_remove(dev);
			r.num_devs = 0;
		} else {
			iommu_detach_group_handle(domain, group);
			assert_int_equal(master_of(dev)->iopf_users, 0);
		}
		assert_int_equal(smmu_port_wait(r.port, res.ticket, 0, &res, NULL), 0);
		assert_int_equal(res.status, SMMU_ABORT);
		/* Too late, and no harm. */
		iommu_iopf_group_response(kept, IOMMU_PAGE_SUCCESS);
		iommu_iopf_group_free(kept);
		iommu_group_put(group);
		iommu_domain_free(domain);
		rig_down(&r);
	}
}

/* DRV-84, DRV-90: an answer must know its stream. */
static void faults_of_several_streams(void **state)
{
	const uint32_t two[] = { SID, SID + 1 }, other = 77;
	struct smmu_config cfg = stall_config();
	struct iommu_dev_desc desc = { .name = "two",
				       .pasid_num_bits = 4,
				       .dma_can_stall = true };
	struct iommu_dev_desc plain = { .name = "plain", .pasid_num_bits = 4 };
	struct iommu_domain *domain;
	struct iommu_dev *dev, *quiet;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = rig_add_as(&r, &desc, two, 2);
	quiet = rig_add_as(&r, &plain, &other, 1);
	domain = faulting(dev, IOMMU_ALLOC_PASID, answer);
	assert_int_equal(domain->ops->test_dev(domain, dev, 0, NULL), -EOPNOTSUPP);
	assert_int_equal(domain->ops->test_dev(domain, dev, 3, NULL), -EOPNOTSUPP);
	assert_int_equal(iommu_attach_device(domain, dev), -EOPNOTSUPP);
	assert_int_equal(iommu_attach_device_pasid(domain, dev, 3, NULL), -EOPNOTSUPP);
	assert_int_equal(rig_users(domain), 0);
	/* Who cannot fault needs no queue (its faults are no page faults). */
	assert_int_equal(iommu_attach_device(domain, quiet), 0);
	assert_int_equal(master_of(quiet)->iopf_users, 0);
	assert_int_equal(iommu_iopf_flush_dev(quiet), -ENODEV);
	iommu_detach_device(domain, quiet);
	domain->iopf_handler = NULL;
	assert_int_equal(iommu_attach_device(domain, dev), 0);
	/* Nobody's: terminated, whichever of its streams it was. */
	for (unsigned i = 0; i < 2; i++) {
		uint64_t value = 0;

		r.faults = 0;
		assert_int_equal(rig_dma(&r, two[i], MIB(3), true, &value).status,
				 SMMU_ABORT);
		assert_int_equal(r.faults, 1);
		assert_int_equal(smmu_port_stalled(r.port), 0);
	}
	iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	rig_down(&r);
}

/* ---- PRI ---- */

struct pri {
	struct rig r;
	struct pci_fn f;
	struct iommu_dev *dev;
	unsigned answers, last_code;
};

static void on_answer(void *ctx, uint16_t index, unsigned code)
{
	struct pri *b = ctx;

	(void)index;
	b->answers++;
	b->last_code = code;
}

static void pri_up(struct pri *b)
{
	const uint32_t sid = SID;
	struct smmu_config cfg = pci_config();
	struct smmu_pcie_config fn = pci_function(SID);

	memset(b, 0, sizeof(*b));
	rig_up(&b->r, &cfg);
	fn.page_response = on_answer;
	fn.ctx = b;
	b->dev = pci_add(&b->r, &b->f, "fn", &fn, &sid, 1, IOMMU_FWSPEC_PCI_RC_ATS);
	assert_true(master_of(b->dev)->pri_supported);
}

static void pri_down(struct pri *b)
{
	assert_false(pci_pri_on(&b->f));
	for (size_t i = 0; i < b->r.num_devs; i++)
		iommu_dev_remove(b->r.devs[i].dev);
	b->r.num_devs = 0;
	pci_remove(&b->f);
	rig_down(&b->r);
}

static int pri_dma(struct pri *b, uint32_t pasid, uint64_t iova, bool write,
		   uint64_t *value)
{
	const struct smmu_pcie_dma d = { .op = write ? SMMU_WRITE : SMMU_READ,
					 .ssv = pasid != 0,
					 .ssid = pasid,
					 .page_in = true,
					 .addr = iova,
					 .buf = value,
					 .len = 8 };

	return smmu_pcie_dma(b->f.fn, &d, NULL);
}

static int request(struct pri *b, uint32_t pasid, uint64_t addr, uint16_t index,
		   bool last)
{
	const struct smmu_pcie_dma d = {
		.op = SMMU_WRITE, .ssv = true, .ssid = pasid, .addr = addr
	};

	return smmu_pcie_page_request(b->f.fn, &d, index, last);
}

/*
 * PRI goes on with the first domain that serves faults, when ATS is on, and off with the
 * last, before ATS. A function asks for its pages, one by one or in groups, and gets
 * them.
 */
static void function_on_a_process(void **state)
{
	struct iommu_sva *sva;
	struct process p;
	uint32_t pasid;
	uint64_t value = 11;
	struct pri b;

	(void)state;
	pri_up(&b);
	assert_false(pci_pri_on(&b.f));
	process_begin(&p, &b.r);
	assert_int_equal(iommu_sva_bind_device(b.dev, p.mm, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	assert_true(pci_ats_on(&b.f));
	assert_true(pci_pri_on(&b.f));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(pri_dma(&b, pasid, p.base, true, &value), -EAGAIN);
		assert_int_equal(serve(&b.r), 1);
		assert_int_equal(b.answers, i + 1);
		assert_int_equal(b.last_code, SMMU_PRG_SUCCESS);
		assert_int_equal(pri_dma(&b, pasid, p.base, true, &value), 0);
		assert_int_equal(rig_peek(&b.r, DATA_BASE), 11);
		page_out(&p, p.base); /* out of the ATC as well (DRV-111) */
	}
	/* A group of three: one answer when its last has come. */
	p.faults = 0;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(serve(&b.r), 0);
		assert_true(request(&b, pasid, p.base + i * KIB(4), 7, i == 2) >= 0);
	}
	assert_int_equal(serve(&b.r), 1);
	assert_int_equal(p.faults, 3);
	assert_int_equal(b.answers, 4);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pri_dma(&b, pasid, p.base + i * KIB(4), true, &value),
				 0);
	/* Outside of it there is nothing. */
	assert_int_equal(pri_dma(&b, pasid, MIB(1), true, &value), -EAGAIN);
	assert_int_equal(serve(&b.r), 1);
	assert_int_equal(b.last_code, SMMU_PRG_INVALID_REQUEST);
	/* A stop marker asks for nothing and gets nothing (PRI-3). */
	b.answers = 0;
	assert_true(smmu_pcie_stop_pasid(b.f.fn, pasid) >= 0);
	assert_int_equal(serve(&b.r), 0);
	assert_int_equal(b.answers, 0);
	iommu_sva_unbind_device(sva);
	assert_false(pci_pri_on(&b.f));
	process_end(&p);
	pri_down(&b);
}

/* CORE-109, DRV-86: groups that wait, whole and in part, when the PASID goes. */
static void requests_that_are_left_behind(void **state)
{
	struct iommu_sva *sva;
	struct process p;
	uint32_t pasid;
	struct pri b;

	(void)state;
	pri_up(&b);
	process_begin(&p, &b.r);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(iommu_sva_bind_device(b.dev, p.mm, &sva), 0);
		pasid = iommu_sva_get_pasid(sva);
		b.answers = 0;
		assert_true(request(&b, pasid, p.base, 1, true) >= 0);
		assert_true(request(&b, pasid, p.base + KIB(4), 2, false) >= 0);
		iommu_sva_unbind_device(sva);
		assert_int_equal(b.answers, 1);
		assert_int_equal(b.last_code, SMMU_PRG_INVALID_REQUEST);
		assert_false(pci_pri_on(&b.f));
	}
	/* The one that never became whole is in none of the next life's groups. */
	assert_int_equal(iommu_sva_bind_device(b.dev, p.mm, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	p.faults = 0;
	assert_true(request(&b, pasid, p.base, 2, true) >= 0);
	assert_int_equal(serve(&b.r), 1);
	assert_int_equal(p.faults, 1);
	iommu_sva_unbind_device(sva);
	process_end(&p);
	pri_down(&b);
}

/* PRI-19: an overflow breaks the groups that are under way, and no others. */
static void requests_that_are_lost(void **state)
{
	struct iommu_sva *sva;
	struct process p;
	uint32_t pasid;
	struct pri b;

	(void)state;
	pri_up(&b);
	process_begin(&p, &b.r);
	assert_int_equal(iommu_sva_bind_device(b.dev, p.mm, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	assert_true(request(&b, pasid, p.base, 5, false) >= 0);
	/* What an overflow looks like: the flag differs (as if the last had been lost).
	 */
	{
		uint32_t prod = (uint32_t)smmu_mmio_read(b.r.smmu, 0x10000 + 0xc8, 4);

		rig_lie(&b.r, 0x10000 + 0xc8, prod ^ 1u << 31);
		arm_smmu_poll(b.r.drv);
		assert_non_null(strstr(b.r.last, "overflow"));
		assert_int_equal(smmu_mmio_read(b.r.smmu, 0x10000 + 0xcc, 4) >> 31, 1);
		b.r.num_lies = 0;
		/* Back to what the model believes. */
		arm_smmu_poll(b.r.drv);
	}
	/* The index is used again, for another group. */
	p.faults = 0;
	assert_true(request(&b, pasid, p.base + KIB(8), 5, true) >= 0);
	assert_int_equal(serve(&b.r), 1);
	assert_int_equal(p.faults, 1);
	assert_int_equal(p.last, p.base + KIB(8));
	iommu_sva_unbind_device(sva);
	process_end(&p);
	pri_down(&b);
}

/* DRV-108: a function that asks while no domain serves it is refused, with its PASID. */
static void requests_that_nobody_serves(void **state)
{
	struct iommu_domain *domain;
	struct pri b;

	(void)state;
	pri_up(&b);
	assert_int_equal(iommu_paging_domain_alloc(b.dev, IOMMU_ALLOC_PASID, &domain), 0);
	assert_int_equal(iommu_attach_device_pasid(domain, b.dev, 9, NULL), 0);
	assert_int_equal(smmu_pcie_enable_pri(b.f.fn, 8), 0);
	assert_true(request(&b, 9, MIB(1), 3, true) >= 0);
	assert_int_equal(b.answers, 1);
	assert_int_equal(b.last_code, SMMU_PRG_INVALID_REQUEST);
	assert_non_null(strstr(b.r.last, "refused"));
	assert_int_equal(pci_stats(&b.f).outstanding_pages, 0);
	smmu_pcie_disable_pri(b.f.fn);
	iommu_detach_device_pasid(domain, b.dev, 9);
	iommu_domain_free(domain);
	pri_down(&b);
}

/* ---- Threads ---- */

struct worker {
	struct rig *r;
	struct process *p;
	uint32_t sid, pasid;
	unsigned wrong, done;
	pthread_t thread;
};

/* Every page of the process's area by stalls, some of them seen by the others first. */
static void *walk(void *arg)
{
	struct worker *w = arg;
	struct smmu_port *port = smmu_port_open(w->r->smmu);

	for (unsigned i = 0; i < 64; i++) {
		uint64_t value = i;
		struct smmu_txn txn = { .sid = w->sid,
					.ssid = w->pasid,
					.ssv = true,
					.addr = w->p->base + KIB(4) * i + 8 * w->sid,
					.op = SMMU_WRITE };
		struct smmu_result res = smmu_dma(port, &txn, &value, 8, NULL);

		if (res.status == SMMU_STALLED)
			w->wrong += smmu_port_wait(port, res.ticket, -1, &res, NULL) != 0;
		w->wrong += res.status != SMMU_OK;
		w->done++;
	}
	smmu_port_close(port);
	return NULL;
}

/* With a thread for the faults: devices of one process, which takes pages away. */
static void faults_on_a_thread(void **state)
{
	struct smmu_config cfg = stall_config();
	struct iommu_sva *sva[3];
	struct worker w[3];
	struct process p;
	struct rig r;

	(void)state;
	rig_init(&r, &cfg);
	r.desc.iopf_thread = true;
	assert_int_equal(rig_probe(&r), 0);
	process_begin(&p, &r);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = { "a", "b", "c" };
		struct iommu_dev *dev = add_stalling(&r, names[i], SID + i);

		assert_int_equal(iommu_sva_bind_device(dev, p.mm, &sva[i]), 0);
		w[i] = (struct worker){ .r = &r,
					.p = &p,
					.sid = SID + i,
					.pasid = iommu_sva_get_pasid(sva[i]) };
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&w[i].thread, NULL, walk, &w[i]), 0);
	for (unsigned i = 0; i < 40; i++) {
		uint64_t addr = p.base + KIB(4) * (i * 7 % 64);

		pthread_mutex_lock(&p.lock);
		io_pgtable_unmap(p.table, addr, KIB(4), NULL);
		pthread_mutex_unlock(&p.lock);
		iommu_mm_invalidate(p.mm, addr, addr + KIB(4) - 1);
	}
	for (unsigned i = 0; i < 3; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].wrong, 0);
		assert_int_equal(w[i].done, 64);
		iommu_sva_unbind_device(sva[i]);
	}
	process_end(&p);
	assert_int_equal(r.errors, 0);
	rig_down(&r);
}

struct resetter {
	struct iommu_dev *dev;
	unsigned stop, wrong;
	pthread_t thread;
};

static void *reset_over_and_over(void *arg)
{
	struct resetter *t = arg;

	while (!__atomic_load_n(&t->stop, __ATOMIC_ACQUIRE)) {
		t->wrong += iommu_dev_reset_prepare(t->dev) != 0;
		iommu_dev_reset_done(t->dev);
	}
	return NULL;
}

/*
 * DRV-58, DRV-112: a process ends while its PASID is taken out of a CD and put back, by
 * the resets of the function. Whoever is first, its table is walked no more.
 */
static void process_ends_in_a_reset(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		struct resetter t = { 0 };
		struct iommu_sva *sva;
		struct process p;
		uint64_t value = 1;
		uint32_t pasid;
		struct pri b;

		pri_up(&b);
		process_begin(&p, &b.r);
		assert_int_equal(page_in(&p, p.base, IOMMU_PRQ_WRITE), 0);
		assert_int_equal(iommu_sva_bind_device(b.dev, p.mm, &sva), 0);
		pasid = iommu_sva_get_pasid(sva);
		assert_int_equal(
			rig_dma_pasid(&b.r, SID, pasid, p.base, true, &value).status,
			SMMU_OK);
		t.dev = b.dev;
		assert_int_equal(pthread_create(&t.thread, NULL, reset_over_and_over, &t),
				 0);
		for (unsigned i = 0; i < round; i++)
			sched_yield();
		iommu_mm_exit(p.mm);
		for (unsigned i = 0; i < 20; i++)
			assert_int_equal(
				rig_dma_pasid(&b.r, SID, pasid, p.base, true, &value)
					.status,
				SMMU_ABORT);
		__atomic_store_n(&t.stop, 1, __ATOMIC_RELEASE);
		pthread_join(t.thread, NULL);
		assert_int_equal(
			rig_dma_pasid(&b.r, SID, pasid, p.base, true, &value).status,
			SMMU_ABORT);
		iommu_sva_unbind_device(sva);
		process_end(&p);
		pri_down(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cd_of_a_process),
		cmocka_unit_test(device_on_a_process),
		cmocka_unit_test(processes_that_cannot_be_shared),
		cmocka_unit_test(processes_that_have_ended),
		cmocka_unit_test(who_stalls),
		cmocka_unit_test(answers_to_a_stall),
		cmocka_unit_test(stalls_that_nobody_serves),
		cmocka_unit_test(stalls_that_are_left_behind),
		cmocka_unit_test(faults_of_several_streams),
		cmocka_unit_test(function_on_a_process),
		cmocka_unit_test(requests_that_are_left_behind),
		cmocka_unit_test(requests_that_are_lost),
		cmocka_unit_test(requests_that_nobody_serves),
		cmocka_unit_test(faults_on_a_thread),
		cmocka_unit_test(process_ends_in_a_reset),
	};

	return cmocka_run_group_tests_name("driver_fault", tests, NULL, NULL);
}
