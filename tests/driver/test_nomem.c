/* SPDX-License-Identifier: MIT */
/*
 * Each allocation of each operation fails once, the library's as well as the machine's:
 * -ENOMEM, the old state, no leak; and at every register write in between, DMA goes as
 * before, as after, or is blocked (DRV-1, DRV-60, DRV-64, DRV-75, DRV-77, DRV-83, DRV-84,
 * DRV-88, CORE-64). What has to succeed does so without any memory.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/iommu_sva.h>
#include "alloc_fail.h"
#include "driver/change.h"
#include "driver/pci_rig.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define SID    5u
#define PROBE  (DATA_BASE + 0x7000)

/* ---- The machine ---- */

struct bench {
	struct rig r;
	struct pci_fn f;
	struct iommu_dev *dev;
	struct arm_smmu_master *master;
	struct iommu_domain *s1[2], *s2, *fault;
	struct iommu_attach_handle handle[2];
	struct iommu_group *group;
	/* What DMA may meet during the operation. */
	uint64_t old, new; /* where PROBE goes; UINT64_MAX: nowhere */
	uint32_t pasid;	   /* of the DMA; 0: none */
	bool watching;
	unsigned moments;
};

/* An address or UINT64_MAX. The harness's own memory is not to fail. */
static uint64_t where(struct bench *b)
{
	struct smmu_txn txn = { .sid = SID,
				.ssv = b->pasid != 0,
				.ssid = b->pasid,
				.addr = PROBE,
				.op = SMMU_READ };
	struct smmu_result res;
	long keep = fail_at;

	fail_at = FAIL_NEVER;
	res = smmu_translate(b->r.port, &txn);
	fail_at = keep;
	return res.status == SMMU_OK ? res.pa : UINT64_MAX;
}

static void at_a_write(void *ctx)
{
	struct bench *b = ctx;
	uint64_t pa;

	if (!b->watching)
		return;
	b->moments++;
	pa = where(b);
	if (pa != b->old && pa != b->new &&pa != UINT64_MAX)
		fail_msg("moment %u: %#llx", b->moments, (unsigned long long)pa);
}

/* Of memory that the driver and its tables have; what may not grow by a failure. */
struct held {
	size_t live;
	unsigned users[4], pasids, rid, attachments;
	bool ats;
};

static struct held held(struct bench *b)
{
	struct held h = { .live = b->r.live,
			  .pasids = b->master->num_pasids,
			  .rid = b->master->rid,
			  .ats = b->master->ats_enabled,
			  .users = { rig_users(b->s1[0]), rig_users(b->s1[1]),
				     rig_users(b->s2), rig_users(b->fault) } };

	for (const struct arm_smmu_attachment *a = b->master->attachments; a;
	     a = a->next_of_master)
		h.attachments++;
	return h;
}

static int handler(struct iommu_iopf_group *group)
{
	(void)group;
	return -ENOMEM;
}

static struct iommu_domain *make(struct bench *b, uint32_t flags, unsigned page)
{
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommu_paging_domain_alloc(b->dev, flags, &domain), 0);
	assert_int_equal(iommu_map(domain, PROBE, DATA_BASE + KIB(4) * page, KIB(4), RW),
			 0);
	return domain;
}

static void up(struct bench *b)
{
	const uint32_t sid = SID;
	struct smmu_config cfg = pci_config();
	struct smmu_pcie_config fn = pci_function(SID);

	memset(b, 0, sizeof(*b));
	cfg.ssid_bits = 12;
	fn.pasid_width = 12;
	rig_up(&b->r, &cfg);
	b->dev = pci_add(&b->r, &b->f, "fn", &fn, &sid, 1, IOMMU_FWSPEC_PCI_RC_ATS);
	b->master = iommu_dev_priv(b->dev);
	b->s1[0] = make(b, IOMMU_ALLOC_PASID, 1);
	b->s1[1] = make(b, IOMMU_ALLOC_PASID, 2);
	b->s2 = make(b, IOMMU_ALLOC_STAGE2, 3);
	b->fault = make(b, IOMMU_ALLOC_PASID, 4);
	b->fault->iopf_handler = handler;
	b->group = iommu_group_get(b->dev);
	b->r.at_write = at_a_write;
	b->r.at_write_ctx = b;
}

static void down(struct bench *b)
{
	b->r.at_write = NULL;
	iommu_group_put(b->group);
	iommu_domain_free(b->s1[0]);
	iommu_domain_free(b->s1[1]);
	iommu_domain_free(b->s2);
	iommu_domain_free(b->fault);
	assert_int_equal(b->r.errors, 0);
	iommu_dev_remove(b->dev);
	b->r.num_devs = 0;
	pci_remove(&b->f);
	rig_down(&b->r);
}

/* One operation; where DMA goes after it. */
struct operation {
	int (*run)(struct bench *b);
	void (*undo)(struct bench *b);
	uint64_t after;
	uint32_t pasid;
};

static int claim(struct bench *b)
{
	return iommu_group_claim_dma_owner(b->group, b);
}

static int map(struct bench *b)
{
	return iommu_map(b->s1[0], MIB(512) - KIB(16), DATA_BASE, KIB(32), RW);
}

/* The k-th allocation fails, of the library's (0) or the machine's (1). */
static int attempt(struct bench *b, const struct operation *op, long k, unsigned which)
{
	int err;

	failed = false;
	b->pasid = op->pasid;
	b->old = where(b);
	b->new = op->after;
	b->watching = true;
	if (which)
		b->r.fail_after = k;
	else
		fail_at = k;
	err = op->run(b);
	if (which)
		failed = b->r.fail_after == 0;
	fail_at = FAIL_NEVER;
	b->r.fail_after = -1;
	b->watching = false;
	return err;
}

static void sweep(struct bench *b, const struct operation *op)
{
	for (unsigned which = 0; which < 2; which++) {
		long k = 0;

		for (; k < 200; k++) {
			struct held before = held(b), after;
			uint64_t pa;
			int err = attempt(b, op, k, which);

			if (!err)
				break;
			pa = where(b);
			assert_int_equal(err, -ENOMEM);
			assert_true(failed);
			after = held(b);
			/* CD tables are kept for the next time, and no more. */
			if (b->master->cdtab.mem.cpu)
				after.live = before.live;
			assert_memory_equal(&before, &after, sizeof(after));
			assert_int_equal(pa, b->old);
		}
		assert_true(k < 200);
		/* All have some but these two. */
		assert_true(k > 0 || which || op->run == claim || op->run == map);
		assert_int_equal(where(b), op->after);
		op->undo(b);
	}
}

/* ---- By RID ---- */

static int attach_s1(struct bench *b)
{
	return iommu_attach_group_handle(b->s1[0], b->group, &b->handle[0]);
}

static int attach_s2(struct bench *b)
{
	return iommu_attach_group_handle(b->s2, b->group, &b->handle[0]);
}

static int attach_fault(struct bench *b)
{
	return iommu_attach_group_handle(b->fault, b->group, &b->handle[0]);
}

static void detach_rid(struct bench *b)
{
	iommu_detach_group_handle(iommu_get_domain_for_dev(b->dev), b->group);
}

static int replace_s1(struct bench *b)
{
	return iommu_replace_group_handle(b->group, b->s1[1], &b->handle[1]);
}

static int replace_s2(struct bench *b)
{
	return iommu_replace_group_handle(b->group, b->s2, &b->handle[1]);
}

static void back_to_s1(struct bench *b)
{
	assert_int_equal(iommu_replace_group_handle(b->group, b->s1[0], &b->handle[0]),
			 0);
}

static void unclaim(struct bench *b)
{
	iommu_group_release_dma_owner(b->group);
}

static void attach_by_rid(void **state)
{
	const uint64_t page = DATA_BASE;
	const struct operation attaches[] = {
		{ attach_s1, detach_rid, page + KIB(4), 0 },
		{ attach_s2, detach_rid, page + KIB(12), 0 },
		{ attach_fault, detach_rid, page + KIB(16), 0 },
		{ claim, unclaim, UINT64_MAX, 0 },
	};
	const struct operation replaces[] = {
		{ replace_s1, back_to_s1, page + KIB(8), 0 },
		{ replace_s2, back_to_s1, page + KIB(12), 0 },
	};
	struct bench b;

	(void)state;
	up(&b);
	for (unsigned owned = 0; owned < 2; owned++) {
		for (unsigned i = 0; i < 4 - owned; i++)
			sweep(&b, &attaches[i]);
		if (!owned)
			assert_int_equal(claim(&b), 0);
	}
	unclaim(&b);
	assert_int_equal(attach_s1(&b), 0);
	sweep(&b, &replaces[0]);
	sweep(&b, &replaces[1]);
	detach_rid(&b);
	down(&b);
}

/* ---- By PASID ---- */

static uint32_t the_pasid;

static int attach_pasid(struct bench *b)
{
	return iommu_attach_device_pasid(b->s1[0], b->dev, the_pasid, &b->handle[0]);
}

static void detach_pasid(struct bench *b)
{
	iommu_detach_device_pasid(b->s1[0], b->dev, the_pasid);
}

static int attach_fault_pasid(struct bench *b)
{
	return iommu_attach_device_pasid(b->fault, b->dev, the_pasid, &b->handle[0]);
}

static void detach_fault_pasid(struct bench *b)
{
	iommu_detach_device_pasid(b->fault, b->dev, the_pasid);
}

static int replace_pasid(struct bench *b)
{
	return iommu_replace_device_pasid(b->s1[1], b->dev, the_pasid, &b->handle[1]);
}

static void replace_pasid_back(struct bench *b)
{
	assert_int_equal(
		iommu_replace_device_pasid(b->s1[0], b->dev, the_pasid, &b->handle[0]),
		0);
}

static void attach_by_pasid(void **state)
{
	static const uint32_t pasids[] = { 1, 1023, 1024, 4095 };
	const uint64_t page = DATA_BASE;
	struct bench b;

	(void)state;
	up(&b);
	for (unsigned i = 0; i < 8; i++) {
		struct operation op = { attach_pasid, detach_pasid, page + KIB(4), 0 };

		the_pasid = op.pasid = pasids[i % 4];
		if (i == 4)
			assert_int_equal(claim(&b), 0);
		sweep(&b, &op);
		op = (struct operation){ attach_fault_pasid, detach_fault_pasid,
					 page + KIB(16), the_pasid };
		sweep(&b, &op);
		assert_int_equal(attach_pasid(&b), 0);
		op = (struct operation){ replace_pasid, replace_pasid_back, page + KIB(8),
					 the_pasid };
		sweep(&b, &op);
		detach_pasid(&b);
	}
	unclaim(&b);
	down(&b);
}

static struct iommu_sva *sva;
static struct iommu_mm *mm;

static int bind(struct bench *b)
{
	return iommu_sva_bind_device(b->dev, mm, &sva);
}

static void unbind(struct bench *b)
{
	(void)b;
	iommu_sva_unbind_device(sva);
}

/* CORE-99, DRV-110: the process's page is where its table says. */
static void bind_a_process(void **state)
{
	struct io_pgtable_cfg cfg = { .fmt = IO_PGTABLE_STAGE1,
				      .pgsize_bitmap = KIB(4),
				      .ias = 48,
				      .oas = 44,
				      .coherent = true };
	struct iommu_mm_desc desc = { .va_bits = 48, .pa_bits = 44, .page_shift = 12 };
	struct operation op = { bind, unbind, DATA_BASE + MIB(1), 1 };
	struct io_pgtable *table;
	struct bench b;

	(void)state;
	up(&b);
	cfg.platform = b.r.platform;
	assert_int_equal(io_pgtable_alloc(&table, &cfg), 0);
	assert_int_equal(io_pgtable_map(table, PROBE, DATA_BASE + MIB(1), KIB(4),
					IO_PROT_READ | IO_PROT_WRITE),
			 0);
	desc.root = cfg.s1.ttb;
	desc.mair = cfg.s1.mair;
	assert_int_equal(iommu_mm_create(b.r.sys, &desc, &mm), 0);
	sweep(&b, &op);
	iommu_mm_put(mm);
	io_pgtable_free(table);
	down(&b);
}

/* ---- Domains, devices, the SMMU itself ---- */

static uint32_t the_flags;
static struct iommu_domain *fresh;

static int alloc(struct bench *b)
{
	return iommu_paging_domain_alloc(b->dev, the_flags, &fresh);
}

static void free_fresh(struct bench *b)
{
	(void)b;
	iommu_domain_free(fresh);
}

static void unmap(struct bench *b)
{
	assert_int_equal(iommu_unmap(b->s1[0], MIB(512) - KIB(16), KIB(32)), KIB(32));
}

/* DRV-60, DRV-64, CORE-119 */
static void domains_and_mappings(void **state)
{
	static const uint32_t flags[] = { 0, IOMMU_ALLOC_PASID, IOMMU_ALLOC_STAGE2,
					  IOMMU_ALLOC_NEST_PARENT };
	struct operation op = { alloc, free_fresh, UINT64_MAX, 0 };
	struct bench b;

	(void)state;
	up(&b);
	for (unsigned i = 0; i < 4; i++) {
		the_flags = flags[i];
		sweep(&b, &op);
	}
	op = (struct operation){ map, unmap, UINT64_MAX, 0 };
	sweep(&b, &op);
	down(&b);
}

/* DRV-1, DRV-26, DRV-32: a device that could not be taken on left nothing behind. */
static void devices_that_come(void **state)
{
	const uint32_t sids[] = { 700, 3 }; /* level-2 tables of their own */
	struct smmu_config cfg = pci_config();
	struct rig r;
	long k;

	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		rig_up(&r, &cfg);
		for (k = 0; k < 100; k++) {
			size_t live = r.live;
			struct iommu_dev_desc desc = { .name = "dev",
						       .pasid_num_bits = 10 };
			struct iommu_dev *dev;
			uint64_t value;

			r.devs[0] = (struct rig_dev){ 0 };
			/* The bus's part of it is not to fail. */
			dev = rig_add_as(&r, &desc, sids, 0);
			memcpy(r.devs[0].sids, sids, sizeof(sids));
			r.devs[0].num_sids = 2;
			failed = false;
			if (which)
				r.fail_after = k;
			else
				fail_at = k;
			(void)iommu_dev_configure(dev);
			fail_at = FAIL_NEVER;
			if (which)
				failed = r.fail_after == 0;
			r.fail_after = -1;
			if (iommu_dev_has_iommu(dev) && !failed) {
				iommu_dev_remove(dev);
				break;
			}
			iommu_dev_remove(dev);
			r.num_devs = 0;
			/* But for level-2 tables, which stay (DRV-24). */
			assert_true(r.live <= live + 2);
			r.faults = 0;
			assert_int_equal(rig_dma(&r, 3, 0, false, &value).status,
					 SMMU_ABORT);
		}
		assert_true(k > 0 && k < 100);
		r.num_devs = 0;
		rig_down(&r);
	}
}

/* DRV-1: off again, and nothing kept. */
static void smmus_that_come(void **state)
{
	struct smmu_config cfg = pci_config();
	struct rig r;

	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		long k = 0;

		rig_init(&r, &cfg);
		for (; k < 100; k++) {
			int err;

			failed = false;
			if (which)
				r.fail_after = k;
			else
				fail_at = k;
			err = rig_probe(&r);
			fail_at = FAIL_NEVER;
			r.fail_after = -1;
			if (!err)
				break;
			assert_int_equal(err, -ENOMEM);
			assert_int_equal(r.live, 0);
			assert_int_equal(smmu_mmio_read(r.smmu, SMMU_REG_CR0, 4), 0);
			assert_int_equal(iommu_fwnode_refs(r.fwnode), 1);
		}
		assert_true(k > 2 && k < 100);
		rig_down(&r);
	}
}

/* ---- What needs none ---- */

/* DRV-76, DRV-77, DRV-85, DRV-89: the way out is open without any memory. */
static void leaving_needs_no_memory(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t value = 0;

		assert_int_equal(claim(&b), 0);
		assert_int_equal(i == 1 ? attach_s2(&b) : attach_fault(&b), 0);
		the_pasid = 1024;
		if (i != 1) {
			assert_int_equal(iommu_attach_device_pasid(b.s1[0], b.dev,
								   the_pasid, NULL),
					 0);
			assert_int_equal(
				iommu_attach_device_pasid(b.s1[1], b.dev, 7, NULL), 0);
		}
		fail_at = FAIL_ALL;
		b.r.fail_after = 0;
		assert_int_equal(iommu_unmap(b.fault, PROBE, KIB(4)), KIB(4));
		if (i == 2)
			assert_int_equal(iommu_dev_reset_prepare(b.dev), 0);
		if (i != 1) {
			iommu_detach_device_pasid(b.s1[0], b.dev, the_pasid);
			iommu_detach_device_pasid(b.s1[1], b.dev, 7);
		}
		detach_rid(&b);
		fail_at = FAIL_NEVER;
		b.r.fail_after = -1;
		if (i == 2)
			iommu_dev_reset_done(b.dev);
		assert_int_equal(rig_users(b.s1[0]), 0);
		assert_int_equal(rig_users(b.s1[1]), 0);
		assert_int_equal(rig_users(b.s2), 0);
		assert_int_equal(rig_users(b.fault), 0);
		assert_false(pci_ats_on(&b.f));
		assert_int_equal(b.master->num_pasids, 0);
		assert_int_equal(rig_dma(&b.r, SID, PROBE, false, &value).status,
				 SMMU_ABORT);
		unclaim(&b);
		assert_int_equal(
			iommu_map(b.fault, PROBE, DATA_BASE + KIB(16), KIB(4), RW), 0);
	}
	down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach_by_rid),
		cmocka_unit_test(attach_by_pasid),
		cmocka_unit_test(bind_a_process),
		cmocka_unit_test(domains_and_mappings),
		cmocka_unit_test(devices_that_come),
		cmocka_unit_test(smmus_that_come),
		cmocka_unit_test(leaving_needs_no_memory),
	};

	return cmocka_run_group_tests_name("driver_nomem", tests, NULL, NULL);
}
