/* SPDX-License-Identifier: MIT */
/*
 * Page requests: PRI goes on and off with the domains that serve faults, groups are
 * answered once, and nothing of a former life is in the next (DRV-86, DRV-108, DRV-111).
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
#include "driver/driver.h"
#include "driver/process.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define SID    5u

static struct arm_smmu_master *master_of(struct iommu_dev *dev)
{
	return iommu_dev_priv(dev);
}

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
	b->r.yields = true;
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
		process_page_out(&p, p.base); /* out of the ATC as well (DRV-111) */
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
		assert_int_equal(process_page_in(&p, p.base, IOMMU_PRQ_WRITE), 0);
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
		cmocka_unit_test(function_on_a_process),
		cmocka_unit_test(requests_that_are_left_behind),
		cmocka_unit_test(requests_that_are_lost),
		cmocka_unit_test(requests_that_nobody_serves),
		cmocka_unit_test(process_ends_in_a_reset),
	};

	return cmocka_run_group_tests_name("driver_pri", tests, NULL, NULL);
}
