/* SPDX-License-Identifier: MIT */
/*
 * Devices and domains that go while DMA runs (DRV-32, DRV-64, DRV-126): a port
 * and a PCI function with an ATC never stop, and reach the one page that some
 * domain maps, or nothing. What the driver frees is filled with rubbish at once
 * (rig.c), so that whoever still walks it goes astray; nothing of DMA's may be
 * found in the driver's memory after.
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
#include <smmulator/iommu_pci.h>
#include "driver/pci_rig.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define IOVA   MIB(40)
#define MAGIC  UINT64_C(0xd3adf00d5eed5eed)
#define PASID  3u

struct dma {
	struct rig *r;
	struct pci_fn *f; /* NULL: by a port */
	uint32_t sid;
	unsigned stop, wrong;
	uint64_t through, refused;
	pthread_t thread;
};

static void count(struct dma *d, bool through)
{
	__atomic_fetch_add(through ? &d->through : &d->refused, 1, __ATOMIC_RELAXED);
}

static void by_port(struct dma *d, struct smmu_port *port, bool ssv)
{
	struct smmu_txn txn = {
		.sid = d->sid, .ssv = ssv, .ssid = PASID, .addr = IOVA, .op = SMMU_WRITE
	};
	struct smmu_result res = smmu_translate(port, &txn);
	uint64_t value = MAGIC;

	/* One page for all domains: where it is may not depend on the moment. */
	if (res.status == SMMU_OK)
		d->wrong += res.pa != DATA_BASE;
	else
		d->wrong += res.status != SMMU_ABORT;
	res = smmu_dma(port, &txn, &value, 8, NULL);
	count(d, res.status == SMMU_OK);
}

static void by_function(struct dma *d, bool ssv)
{
	uint64_t value = MAGIC;
	int err = pci_dma(d->f, ssv ? PASID : 0, IOVA, true, &value);

	/* -EINVAL: its PASIDs are off; -EACCES, -ECANCELED: in a reset. */
	d->wrong += err && err != -EFAULT && err != -EINVAL && err != -EACCES &&
		    err != -ECANCELED;
	count(d, !err);
}

static void *run(void *arg)
{
	struct dma *d = arg;
	struct smmu_port *port = smmu_port_open(d->r->smmu);

	for (unsigned i = 0; !__atomic_load_n(&d->stop, __ATOMIC_ACQUIRE); i++) {
		if (d->f)
			by_function(d, i & 1);
		else
			by_port(d, port, i & 1);
	}
	smmu_port_close(port);
	return NULL;
}

static void no_magic_in_the_drivers_memory(struct rig *r)
{
	const uint64_t *words = smmu_bus_ptr(r->bus, RAM_BASE, r->next_pa - RAM_BASE);

	for (uint64_t i = 0; i < (r->next_pa - RAM_BASE) / 8; i++)
		if (words[i] == MAGIC)
			fail_msg("DMA at %#llx", (unsigned long long)(RAM_BASE + 8 * i));
}

static struct iommu_domain *domain_with(struct iommu_dev *dev, uint32_t flags)
{
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommu_paging_domain_alloc(dev, flags, &domain), 0);
	assert_int_equal(iommu_map(domain, IOVA, DATA_BASE, KIB(4), RW), 0);
	return domain;
}

/* A life: domains that come, are used, and go with everything mapped. */
static void live(struct iommu_dev *dev, unsigned round)
{
	struct iommu_domain *rid =
		domain_with(dev, round & 1 ? IOMMU_ALLOC_STAGE2 : IOMMU_ALLOC_PASID);
	struct iommu_domain *one = domain_with(dev, IOMMU_ALLOC_PASID);
	bool with_pasid = !(round & 1);

	assert_int_equal(iommu_attach_device(rid, dev), 0);
	if (with_pasid)
		assert_int_equal(iommu_attach_device_pasid(one, dev, PASID, NULL), 0);
	sched_yield();
	if (round % 3 == 0)
		assert_int_equal(iommu_unmap(rid, IOVA, KIB(4)), KIB(4));
	if (with_pasid)
		iommu_detach_device_pasid(one, dev, PASID);
	iommu_detach_device(rid, dev);
	iommu_domain_free(rid);
	iommu_domain_free(one);
}

static void start(struct dma *d, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_create(&d[i].thread, NULL, run, &d[i]), 0);
}

static void stop(struct dma *d, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		__atomic_store_n(&d[i].stop, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(d[i].thread, NULL);
		assert_int_equal(d[i].wrong, 0);
		assert_true(d[i].through > 0);
		assert_true(d[i].refused > 0);
	}
}

/* Waits until every stream has got through once more; domains live meanwhile.
 */
static bool all_through(const struct dma *d, unsigned n)
{
	bool all = true;

	for (unsigned i = 0; i < n; i++)
		all = all && __atomic_load_n(&d[i].through, __ATOMIC_RELAXED) > 0;
	return all;
}

static void everything_goes_under_dma(void **state)
{
	const uint32_t sids[] = { 5, 600 };
	struct smmu_config cfg = pci_config();
	struct smmu_pcie_config fn = pci_function(600);
	struct pci_fn f = { 0 };
	struct iommu_dev *dev;
	struct dma d[2];
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	r.yields = true;
	r.devs[0].pasid_bits = 4;
	dev = rig_add(&r, "dev", &sids[0], 1);
	pci_add(&r, &f, "fn", &fn, &sids[1], 1, IOMMU_FWSPEC_PCI_RC_ATS);
	d[0] = (struct dma){ .r = &r, .sid = sids[0] };
	d[1] = (struct dma){ .r = &r, .f = &f };
	start(d, 2);
	for (unsigned round = 0; round < 40 || !all_through(d, 2); round++) {
		live(dev, round);
		live(f.dev, round);
		if (round % 4 == 1)
			assert_int_equal(iommu_pci_reset(f.dev), 0);
		if (round % 4 != 3)
			continue;
		/* Unplugged in full flight, the one that came last first. */
		iommu_dev_remove(f.dev);
		iommu_dev_remove(dev);
		r.num_devs = 0;
		r.devs[0].pasid_bits = 4;
		dev = rig_add(&r, "dev", &sids[0], 1);
		pci_add(&r, &f, "fn", &fn, &sids[1], 1, IOMMU_FWSPEC_PCI_RC_ATS);
		assert_true(iommu_dev_has_iommu(dev));
		assert_true(iommu_dev_has_iommu(f.dev));
	}
	/* A driver that leaves its device: DMA goes on, in the default domain. */
	assert_int_equal(iommu_dev_bind(dev), 0);
	assert_int_equal(iommu_dev_unbind(dev), 0);
	stop(d, 2);
	no_magic_in_the_drivers_memory(&r);
	assert_int_equal(r.errors, 0);
	iommu_dev_remove(f.dev);
	iommu_dev_remove(dev);
	r.num_devs = 0;
	pci_remove(&f);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_goes_under_dma),
	};

	return cmocka_run_group_tests_name("driver_release", tests, NULL, NULL);
}
