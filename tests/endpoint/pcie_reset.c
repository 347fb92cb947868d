/* SPDX-License-Identifier: MIT */
/*
 * Resets as software does them, under everything at once: a real function, the driver and
 * the core, with DMA, page requests, mapping and unmapping on other threads. The group's
 * mutex and the order of CORE-84 keep invalidations away from a function that cannot
 * answer: so no CMD_SYNC ever meets a time-out, which a bare FLR may cost (ATC-5); and
 * what was unmapped is out of the function's reach whatever it is in the middle of.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <smmulator/ats.h>
#include <smmulator/iommu_fault.h>
#include <smmulator/iommu_pci.h>
#include "driver/pci_rig.h"

#define KIB(n) ((uint64_t)(n) << 10)

enum { SID = 7, PASID = 5, PAGES = 8, ROUNDS = 150 };
static const uint64_t iova = 0x10000000;

/* Two address spaces over memory of their own: index 0 has no PASID. */
struct stack {
	struct rig r;
	struct iommu_platform_ops ops;
	struct pci_fn f;
	struct iommu_domain *domain[2];
	struct iommu_attach_handle handle;
	_Atomic bool quit;
	_Atomic unsigned moved, refused, canceled, paged, resets;
};

static void yield(void *ctx)
{
	(void)ctx;
	sched_yield();
}

static uint64_t page_pa(unsigned space, unsigned page)
{
	return DATA_BASE + KIB(4) * (space * PAGES + page);
}

/* The last page is never mapped beforehand: it is asked for. */
static int serve(struct iommu_iopf_group *group)
{
	struct stack *s = group->handle->domain->fault_token;
	int err = iommu_map(group->handle->domain, iova + KIB(4) * (PAGES - 1),
			    page_pa(1, PAGES - 1), KIB(4), IOMMU_READ | IOMMU_WRITE);

	s->paged++;
	iommu_iopf_group_response(group, err && err != -EEXIST ? IOMMU_PAGE_INVALID
							       : IOMMU_PAGE_SUCCESS);
	iommu_iopf_group_free(group);
	return 0;
}

static void up(struct stack *s)
{
	struct smmu_config cfg = pci_config();
	struct smmu_pcie_config fn = pci_function(SID);
	const uint32_t sids[] = { SID };

	memset(s, 0, sizeof(*s));
	rig_init(&s->r, &cfg);
	s->ops = *s->r.platform.ops;
	s->ops.relax = yield; /* who waits lets the others move */
	s->r.platform.ops = &s->ops;
	assert_int_equal(rig_probe(&s->r), 0);
	assert_non_null(
		pci_add(&s->r, &s->f, "fn", &fn, sids, 1, IOMMU_FWSPEC_PCI_RC_ATS));
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(iommu_paging_domain_alloc(s->f.dev, IOMMU_ALLOC_PASID,
							   &s->domain[i]),
				 0);
	s->domain[1]->iopf_handler = serve;
	s->domain[1]->fault_token = s;
	assert_int_equal(iommu_attach_device(s->domain[0], s->f.dev), 0);
	assert_int_equal(
		iommu_attach_device_pasid(s->domain[1], s->f.dev, PASID, &s->handle), 0);
}

static void down(struct stack *s)
{
	iommu_detach_device_pasid(s->domain[1], s->f.dev, PASID);
	iommu_detach_device(s->domain[0], s->f.dev);
	(void)iommu_unmap(s->domain[1], iova + KIB(4) * (PAGES - 1), KIB(4));
	for (unsigned i = 0; i < 2; i++)
		iommu_domain_free(s->domain[i]);
	iommu_dev_remove(s->f.dev);
	s->r.num_devs = 0; /* the function goes before its SMMU */
	pci_remove(&s->f);
	rig_down(&s->r);
}

static void *device(void *arg)
{
	struct stack *s = arg;
	uint64_t value = 0x1111111111111111, x = 88172645463325252u;

	while (!s->quit) {
		struct smmu_pcie_dma d = { .buf = &value, .len = 8 };
		int err;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		d.op = SMMU_WRITE;
		d.ssv = x >> 20 & 1;
		d.ssid = PASID;
		d.page_in = d.ssv;
		d.addr = iova + KIB(4) * (x >> 30 & (PAGES - 1)) + (x >> 40 & 0xff8);
		err = smmu_pcie_dma(s->f.fn, &d, NULL);
		s->moved += !err;
		s->refused += err == -EFAULT;
		s->canceled += err == -ECANCELED || err == -EACCES;
	}
	return NULL;
}

static void *resetter(void *arg)
{
	struct stack *s = arg;

	while (!s->quit) {
		assert_int_equal(iommu_pci_reset(s->f.dev), 0);
		s->resets++;
		for (unsigned i = 0; i < 100 && !s->quit; i++)
			sched_yield();
	}
	return NULL;
}

/* Maps, lets the device at it, unmaps: then it is software's own again, at once. */
static void churn(struct stack *s, unsigned space, unsigned page)
{
	const uint64_t at = iova + KIB(4) * page;
	volatile unsigned char *mine;

	assert_int_equal(iommu_map(s->domain[space], at, page_pa(space, page), KIB(4),
				   IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE),
			 0);
	for (unsigned i = 0; i < 20; i++)
		sched_yield();
	assert_int_equal(iommu_unmap(s->domain[space], at, KIB(4)), KIB(4));
	/* Plain accesses: TSan sees whoever else is at it. */
	mine = smmu_bus_ptr(s->r.bus, page_pa(space, page), KIB(4));
	for (unsigned i = 0; i < KIB(4); i += 8)
		mine[i] = 0x22;
	for (unsigned i = 0; i < KIB(4); i += 8)
		assert_int_equal(mine[i], 0x22);
}

/* CORE-84, CORE-86, CORE-90, ATC-4 */
static void resets_under_load(void **state)
{
	static struct stack s;
	struct arm_smmu_stats stats;
	struct smmu_pcie_stats fn;
	pthread_t threads[2];
	uint64_t value = 0;

	(void)state;
	up(&s);
	assert_int_equal(pthread_create(&threads[0], NULL, device, &s), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, resetter, &s), 0);
	for (unsigned i = 0; i < ROUNDS || s.resets < 3 || !s.moved; i++)
		churn(&s, i & 1, i / 2 % (PAGES - 1));
	s.quit = true;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);

	arm_smmu_get_stats(s.r.drv, &stats);
	assert_int_equal(stats.gerrors, 0);
	assert_int_equal(stats.cmdq_errors, 0);
	assert_int_equal(stats.timeouts, 0);
	assert_int_equal(smmu_atc_outstanding(s.r.smmu), 0);
	/* All is on again, and works. */
	assert_true(pci_ats_on(&s.f) && pci_pasid_on(&s.f) && pci_pri_on(&s.f));
	assert_int_equal(iommu_map(s.domain[0], iova, page_pa(0, 0), KIB(4),
				   IOMMU_READ | IOMMU_WRITE),
			 0);
	assert_int_equal(pci_dma(&s.f, 0, iova, false, &value), 0);
	assert_int_equal(iommu_unmap(s.domain[0], iova, KIB(4)), KIB(4));
	assert_int_equal(pci_dma(&s.f, 0, iova, false, &value), -EFAULT);
	fn = pci_stats(&s.f);
	assert_int_equal(fn.resets, s.resets);
	assert_int_equal(fn.outstanding_requests, 0);
	down(&s);
}

/* A page asked for by the function, before a reset and after it. */
static void pages_around_a_reset(void **state)
{
	static struct stack s;
	uint64_t value = 0x55;
	struct smmu_pcie_dma d = { .op = SMMU_WRITE,
				   .ssv = true,
				   .ssid = PASID,
				   .page_in = true,
				   .addr = iova + KIB(4) * (PAGES - 1),
				   .buf = &value,
				   .len = 8 };

	(void)state;
	up(&s);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(smmu_pcie_dma(s.f.fn, &d, NULL), -EAGAIN);
		while (pci_stats(&s.f).outstanding_pages)
			sched_yield(); /* its work is on the driver's thread */
		assert_int_equal(s.paged, i);
		assert_int_equal(smmu_pcie_dma(s.f.fn, &d, NULL), 0);
		assert_int_equal(iommu_unmap(s.domain[1], d.addr, KIB(4)), KIB(4));
		assert_int_equal(iommu_pci_reset(s.f.dev), 0);
	}
	down(&s);
}

/* Hardware that nobody asked: an FLR while an invalidation waits, then its timer. */
static void *bolt(void *arg)
{
	struct stack *s = arg;

	while (!pci_stats(&s->f).outstanding_requests)
		sched_yield();
	assert_int_equal(smmu_pcie_flr(s->f.fn), 0);
	assert_int_equal(smmu_atc_timeout(s->r.smmu), 1);
	return NULL;
}

/*
 * ATC-5: an FLR that software was not told of. The function takes its debt with it, the
 * driver's CMD_SYNC ends in CERROR_ATC_INV_SYNC, and the driver goes on; what was mapped
 * is out of reach all the same.
 */
static void bare_flr(void **state)
{
	static struct stack s;
	struct arm_smmu_stats stats;
	pthread_t thread;
	uint64_t value;

	(void)state;
	up(&s);
	assert_int_equal(iommu_map(s.domain[0], iova, page_pa(0, 0), KIB(4), IOMMU_READ),
			 0);
	assert_int_equal(pci_dma(&s.f, 0, iova, false, &value), 0);
	smmu_pcie_set_manners(s.f.fn, SMMU_PCIE_LATE);
	assert_int_equal(pthread_create(&thread, NULL, bolt, &s), 0);
	assert_int_equal(iommu_unmap(s.domain[0], iova, KIB(4)), KIB(4));
	pthread_join(thread, NULL);
	arm_smmu_get_stats(s.r.drv, &stats);
	assert_int_equal(stats.cmdq_errors, 1);
	assert_int_equal(stats.timeouts, 0);
	assert_int_equal(smmu_atc_outstanding(s.r.smmu), 0);
	assert_int_equal(pci_dma(&s.f, 0, iova, false, &value), -EACCES);
	smmu_pcie_set_master(s.f.fn, true);
	assert_int_equal(pci_dma(&s.f, 0, iova, false, &value), -EFAULT);
	/* To a function without ATS an invalidation is UR, and done (ATC-6). */
	assert_int_equal(iommu_map(s.domain[0], iova, page_pa(0, 0), KIB(4), IOMMU_READ),
			 0);
	assert_int_equal(iommu_unmap(s.domain[0], iova, KIB(4)), KIB(4));
	/* A reset by the book mends it. */
	smmu_pcie_set_manners(s.f.fn, SMMU_PCIE_POLITE);
	assert_int_equal(iommu_pci_reset(s.f.dev), 0);
	assert_true(pci_ats_on(&s.f));
	down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resets_under_load),
		cmocka_unit_test(pages_around_a_reset),
		cmocka_unit_test(bare_flr),
	};

	return cmocka_run_group_tests_name("pcie_reset", tests, NULL, NULL);
}
