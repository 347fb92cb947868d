/* SPDX-License-Identifier: MIT */
/*
 * test_dev (CORE-65 to CORE-67, CORE-72, DRV-90): what it answers is what the rules say,
 * by a reading of their own in this file; it changes no bit of memory, no register, no
 * function; and the attach that follows gives the same answer. A walk at random through
 * devices, domains and PASIDs, with and without memory.
 *
 * SMMU_TESTDEV_STEPS and SMMU_TESTDEV_SEED make it longer or another one.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/iommu_sva.h>
#include <smmulator/iommu_user.h>
#include <smmulator/iommufd_smmuv3.h>
#include "driver/fault.h"
#include "driver/pci_rig.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)

enum { PLAIN, STALLS, TWO_STREAMS, FUNCTION, SNOOPING, OTHER_SMMU, DEVICES };
enum {
	S1,
	S1_FAULTS,
	S1_ENFORCED,
	S2,
	S2_FAULTS,
	PARENT,
	SVA,
	SVA_ENDED,
	NESTED, /* translates */
	NESTED_ABORT,
	FOREIGN, /* of the other SMMU */
	DOMAINS
};
#define PASIDS 8u /* SSIDs 1 to 7; 8 is beyond */

struct dev_state {
	int rid; /* a domain, or -1: identity, -2: blocked */
	int pasid[PASIDS];
};

struct world {
	struct rig r[2];
	struct pci_fn fns[2];
	struct iommu_dev *devs[DEVICES];
	struct dev_state now[DEVICES];
	struct iommu_domain *domains[DOMAINS];
	struct io_pgtable *table;
	struct iommu_mm *mm[2];
	struct iommufd_viommu *viommu;
	uint64_t rng, tested, allowed, steps, config_writes;
	unsigned answers[256]; /* by errno */
};

static uint64_t rnd(struct world *w, uint64_t below)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return (w->rng >> 11) % below;
}

/* ---- What the rules say ---- */

static bool faults(unsigned domain)
{
	return domain == S1_FAULTS || domain == S2_FAULTS || domain == SVA ||
	       domain == SVA_ENDED;
}

static bool stage_2(int domain)
{
	return domain == S2 || domain == S2_FAULTS || domain == PARENT;
}

static bool nested(int domain)
{
	return domain == NESTED || domain == NESTED_ABORT;
}

static unsigned pasids_of(const struct dev_state *s)
{
	unsigned n = 0;

	for (unsigned i = 1; i < PASIDS; i++)
		n += s->pasid[i] >= 0;
	return n;
}

/* DRV-90, in its order. */
static int rule(const struct world *w, unsigned dev, unsigned domain, uint32_t pasid)
{
	const struct dev_state *s = &w->now[dev];

	if (nested((int)domain) && pasid)
		return -EOPNOTSUPP;
	if ((dev == OTHER_SMMU) != (domain == FOREIGN))
		return -EINVAL;
	if (nested((int)domain))
		return pasids_of(s) ? -EBUSY : 0;
	if (domain == SVA_ENDED)
		return -EINVAL; /* DRV-110 */
	if (!pasid && stage_2((int)domain) && pasids_of(s))
		return -EBUSY;
	if (pasid && (stage_2((int)domain) || pasid >= PASIDS))
		return -EINVAL;
	if (pasid && (stage_2(s->rid) || nested(s->rid)))
		return -EINVAL;
	/* DRV-84, step 4. Only these two can fault, and one has two streams. */
	if (faults(domain) && dev == TWO_STREAMS)
		return -EOPNOTSUPP;
	if (domain == S1_ENFORCED && dev != SNOOPING)
		return -EINVAL;
	return 0;
}

/* ---- The whole state ---- */

struct picture {
	uint8_t *ram[2];
	size_t size[2];
	unsigned mmio[2], messages[2];
	size_t live[2];
	uint64_t config_writes;
	struct arm_smmu_master masters[DEVICES];
	uint8_t domains[DOMAINS][sizeof(struct arm_smmu_domain)];
	unsigned users[DOMAINS];
};

static void count_config(struct pci_fn *f, uint16_t offset, uint32_t value)
{
	(void)offset;
	(void)value;
	(*(uint64_t *)f->ctx)++;
}

static bool is_arm_domain(unsigned i)
{
	return !nested((int)i);
}

static void take_picture(struct world *w, struct picture *p)
{
	for (unsigned i = 0; i < 2; i++) {
		struct rig *r = &w->r[i];

		p->size[i] = r->next_pa - RAM_BASE;
		p->ram[i] = malloc(p->size[i]);
		memcpy(p->ram[i], smmu_bus_ptr(r->bus, RAM_BASE, p->size[i]), p->size[i]);
		p->mmio[i] = r->mmio_writes;
		p->messages[i] = r->messages;
		p->live[i] = r->live;
	}
	p->config_writes = w->config_writes;
	for (unsigned i = 0; i < DEVICES; i++)
		p->masters[i] =
			*(const struct arm_smmu_master *)iommu_dev_priv(w->devs[i]);
	for (unsigned i = 0; i < DOMAINS; i++) {
		if (!is_arm_domain(i))
			continue;
		memcpy(p->domains[i], to_domain(w->domains[i]), sizeof(p->domains[i]));
		p->users[i] = rig_users(w->domains[i]);
	}
}

static void drop_picture(struct picture *p)
{
	free(p->ram[0]);
	free(p->ram[1]);
}

static void same_picture(struct world *w, const struct picture *before)
{
	struct picture after;

	take_picture(w, &after);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(before->size[i], after.size[i]);
		if (memcmp(before->ram[i], after.ram[i], after.size[i]))
			fail_msg("memory of SMMU %u has changed", i);
		assert_int_equal(before->mmio[i], after.mmio[i]);
		assert_int_equal(before->messages[i], after.messages[i]); /* CORE-65 */
		assert_int_equal(before->live[i], after.live[i]);
	}
	assert_int_equal(before->config_writes, after.config_writes);
	assert_memory_equal(before->masters, after.masters, sizeof(after.masters));
	for (unsigned i = 0; i < DOMAINS; i++) {
		if (!is_arm_domain(i))
			continue;
		assert_memory_equal(before->domains[i], after.domains[i],
				    sizeof(after.domains[i]));
		assert_int_equal(before->users[i], after.users[i]);
	}
	drop_picture(&after);
}

/* ---- The world ---- */

static int handler(struct iommu_iopf_group *group)
{
	(void)group;
	return -EIO;
}

static int user_read(void *ctx, void *to, uint64_t uaddr, size_t len)
{
	(void)ctx;
	memcpy(to, (const void *)(uintptr_t)uaddr, len);
	return 0;
}

static int guest_hears(void *ctx, uint32_t type, const void *data, size_t len)
{
	(void)ctx;
	(void)type;
	(void)data;
	(void)len;
	return 0;
}

static struct iommu_domain *paging(struct world *w, unsigned dev, uint32_t flags,
				   bool faulting)
{
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommu_paging_domain_alloc(w->devs[dev], flags, &domain), 0);
	if (faulting)
		domain->iopf_handler = handler;
	return domain;
}

static void make_sva(struct world *w)
{
	struct io_pgtable_cfg cfg = { .fmt = IO_PGTABLE_STAGE1,
				      .pgsize_bitmap = KIB(4),
				      .ias = 48,
				      .oas = 44,
				      .coherent = true,
				      .platform = w->r[0].platform };
	struct iommu_mm_desc desc = { .va_bits = 48, .pa_bits = 44, .page_shift = 12 };

	assert_int_equal(io_pgtable_alloc(&w->table, &cfg), 0);
	desc.root = cfg.s1.ttb;
	desc.mair = cfg.s1.mair;
	for (unsigned i = 0; i < 2; i++) {
		struct iommu_domain *domain;

		assert_int_equal(iommu_mm_create(w->r[0].sys, &desc, &w->mm[i]), 0);
		assert_int_equal(
			arm_smmu_domain_alloc_sva(w->devs[PLAIN], w->mm[i], &domain), 0);
		domain->iopf_handler = handler;
		w->domains[SVA + i] = domain;
	}
	w->domains[SVA_ENDED]->ops->mm_release(w->domains[SVA_ENDED]);
}

static struct iommu_domain *make_nested(struct world *w, uint64_t word0)
{
	const struct iommu_user_mem mem = { .read = user_read };
	struct iommu_hwpt_arm_smmuv3 arg = { { word0, 0 } };
	const struct iommu_user_data data = { .mem = &mem,
					      .type = IOMMU_HWPT_DATA_ARM_SMMUV3,
					      .len = sizeof(arg),
					      .uaddr = (uintptr_t)&arg };
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommufd_viommu_nested_alloc(w->viommu, 0, &data, &domain), 0);
	return domain;
}

static void make_guest(struct world *w)
{
	assert_int_equal(iommufd_viommu_create(
				 w->devs[PLAIN], IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
				 w->domains[PARENT], NULL, guest_hears, NULL, &w->viommu),
			 0);
	for (unsigned i = 0; i < OTHER_SMMU; i++)
		assert_int_equal(iommufd_viommu_add_vdev(w->viommu, w->devs[i], i), 0);
	w->domains[NESTED] = make_nested(w, 1 | SMMU_STE_CONFIG_S1 << 1 | 0x10000);
	w->domains[NESTED_ABORT] = make_nested(w, 1);
}

static void add_devices(struct world *w)
{
	static const uint32_t one[] = { 1 }, two[] = { 2 }, pair[] = { 3, 4 },
			      five[] = { 5 }, six[] = { 6 };
	struct iommu_dev_desc plain = { .name = "plain", .pasid_num_bits = 3 };
	struct iommu_dev_desc stalls = { .name = "stalls",
					 .pasid_num_bits = 3,
					 .dma_can_stall = true };
	struct smmu_pcie_config fn = pci_function(5), snooping = pci_function(6);

	fn.pasid_width = snooping.pasid_width = 3;
	fn.pri = snooping.pri = false;
	w->devs[PLAIN] = rig_add_as(&w->r[0], &plain, one, 1);
	w->devs[STALLS] = rig_add_as(&w->r[0], &stalls, two, 1);
	stalls.name = "two";
	w->devs[TWO_STREAMS] = rig_add_as(&w->r[0], &stalls, pair, 2);
	w->fns[0].ctx = w->fns[1].ctx = &w->config_writes;
	w->fns[0].on_write = w->fns[1].on_write = count_config;
	w->devs[FUNCTION] = pci_add(&w->r[0], &w->fns[0], "fn", &fn, five, 1,
				    IOMMU_FWSPEC_PCI_RC_ATS);
	w->devs[SNOOPING] = pci_add(&w->r[0], &w->fns[1], "snooping", &snooping, six, 1,
				    IOMMU_FWSPEC_PCI_RC_ATS | IOMMU_FWSPEC_PCI_RC_CANWBS);
	w->devs[OTHER_SMMU] = rig_add_as(&w->r[1], &plain, one, 1);
}

static void up(struct world *w, uint64_t seed)
{
	struct smmu_config cfg = pci_config();

	memset(w, 0, sizeof(*w));
	w->rng = seed * 2654435769u + 1;
	cfg.sid_bits = 6;
	cfg.ssid_bits = 3;
	cfg.cmdqs = 7;
	cfg.eventqs = 4;
	cfg.stall_model = 0;
	cfg.stall_max = 8;
	rig_up(&w->r[0], &cfg);
	rig_up(&w->r[1], &cfg);
	add_devices(w);
	for (unsigned i = 0; i < DEVICES; i++) {
		assert_true(iommu_dev_has_iommu(w->devs[i]));
		arm_smmu_attach_static(iommu_dev_priv(w->devs[i]), RID_BLOCKED);
		w->now[i].rid = -2;
		for (unsigned p = 0; p < PASIDS; p++)
			w->now[i].pasid[p] = -1;
	}
	w->domains[S1] = paging(w, PLAIN, IOMMU_ALLOC_PASID, false);
	w->domains[S1_FAULTS] = paging(w, PLAIN, IOMMU_ALLOC_PASID, true);
	w->domains[S1_ENFORCED] = paging(w, PLAIN, IOMMU_ALLOC_PASID, false);
	assert_true(w->domains[S1_ENFORCED]->ops->enforce_cache_coherency(
		w->domains[S1_ENFORCED]));
	w->domains[S2] = paging(w, PLAIN, IOMMU_ALLOC_STAGE2, false);
	w->domains[S2_FAULTS] = paging(w, PLAIN, IOMMU_ALLOC_STAGE2, true);
	w->domains[PARENT] = paging(w, PLAIN, IOMMU_ALLOC_NEST_PARENT, false);
	w->domains[FOREIGN] = paging(w, OTHER_SMMU, IOMMU_ALLOC_PASID, false);
	make_sva(w);
	make_guest(w);
}

static void remove_pasid(struct world *w, unsigned dev, uint32_t pasid)
{
	int *at = &w->now[dev].pasid[pasid];

	arm_smmu_remove_dev_pasid(arm_smmu_ops.blocked_domain, w->devs[dev], pasid,
				  *at < 0 ? NULL : w->domains[*at]);
	*at = -1;
}

static void down(struct world *w)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		for (uint32_t p = 1; p < PASIDS; p++)
			remove_pasid(w, i, p);
		arm_smmu_attach_static(iommu_dev_priv(w->devs[i]), RID_BLOCKED);
	}
	iommu_domain_free(w->domains[NESTED]);
	iommu_domain_free(w->domains[NESTED_ABORT]);
	for (unsigned i = 0; i < OTHER_SMMU; i++)
		iommufd_viommu_remove_vdev(w->viommu, w->devs[i]);
	iommufd_viommu_destroy(w->viommu);
	for (unsigned i = 0; i < DOMAINS; i++) {
		if (!is_arm_domain(i))
			continue;
		assert_int_equal(rig_users(w->domains[i]), 0);
		iommu_domain_free(w->domains[i]);
	}
	iommu_mm_put(w->mm[0]);
	iommu_mm_put(w->mm[1]);
	io_pgtable_free(w->table);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(w->r[i].errors, 0);
		for (size_t d = 0; d < w->r[i].num_devs; d++)
			iommu_dev_remove(w->r[i].devs[d].dev);
		w->r[i].num_devs = 0;
	}
	pci_remove(&w->fns[0]);
	pci_remove(&w->fns[1]);
	rig_down(&w->r[0]);
	rig_down(&w->r[1]);
}

/* ---- The walk ---- */

static int attach(struct world *w, unsigned dev, unsigned domain, uint32_t pasid)
{
	struct iommu_domain *d = w->domains[domain];
	int old = w->now[dev].pasid[pasid % PASIDS];

	if (!pasid)
		return d->ops->attach_dev ? d->ops->attach_dev(d, w->devs[dev], NULL)
					  : -ENODEV;
	return d->ops->set_dev_pasid
		       ? d->ops->set_dev_pasid(d, w->devs[dev], pasid,
					       old < 0 ? NULL : w->domains[old])
		       : -EOPNOTSUPP;
}

/* The core knows these by the ops that are not there (CORE-59, CORE-68). */
static bool is_there(unsigned domain, uint32_t pasid)
{
	return pasid ? !nested((int)domain) : domain != SVA && domain != SVA_ENDED;
}

static void try(struct world *w)
{
	unsigned dev = (unsigned)rnd(w, DEVICES), domain = (unsigned)rnd(w, DOMAINS);
	uint32_t pasid = rnd(w, 2) ? (uint32_t)rnd(w, PASIDS + 1) : 0;
	struct iommu_domain *d = w->domains[domain];
	struct picture before;
	int want = rule(w, dev, domain, pasid), got, err;

	take_picture(w, &before);
	got = d->ops->test_dev(d, w->devs[dev], pasid, NULL);
	same_picture(w, &before);
	w->tested++;
	w->answers[-got & 0xff]++;
	if (got != want)
		fail_msg("step %llu: device %u, domain %u, PASID %u: %d, not %d",
			 (unsigned long long)w->steps, dev, domain, pasid, got, want);
	if (is_there(domain, pasid)) {
		/* CORE-66, CORE-67: the same answer; and a no has changed nothing. */
		err = attach(w, dev, domain, pasid);
		assert_int_equal(err, got);
		if (err)
			same_picture(w, &before);
	} else {
		err = -EOPNOTSUPP;
	}
	drop_picture(&before);
	if (err)
		return;
	w->allowed++;
	if (pasid)
		w->now[dev].pasid[pasid] = (int)domain;
	else
		w->now[dev].rid = (int)domain;
}

static void leave(struct world *w)
{
	unsigned dev = (unsigned)rnd(w, DEVICES);

	if (rnd(w, 2)) {
		remove_pasid(w, dev, 1 + (uint32_t)rnd(w, PASIDS - 1));
		return;
	}
	w->now[dev].rid = rnd(w, 2) ? -1 : -2;
	arm_smmu_attach_static(iommu_dev_priv(w->devs[dev]),
			       w->now[dev].rid == -1 ? RID_BYPASS : RID_BLOCKED);
}

static uint64_t from_env(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static void answers_at_random(void **state)
{
	uint64_t steps = from_env("SMMU_TESTDEV_STEPS", 1200);
	struct world *w = calloc(1, sizeof(*w));

	(void)state;
	assert_non_null(w);
	up(w, from_env("SMMU_TESTDEV_SEED", 1));
	for (; w->steps < steps; w->steps++) {
		if (rnd(w, 3))
			try(w);
		else
			leave(w);
	}
	/* Each answer came, and yes often. */
	assert_true(w->allowed > steps / 20);
	assert_true(w->answers[EINVAL] && w->answers[EBUSY] && w->answers[EOPNOTSUPP]);
	down(w);
	free(w);
}

/* DRV-83: a device that is no SMMU's. */
static void device_without_an_iommu(void **state)
{
	struct iommu_dev_desc desc = { .name = "lonely" };
	struct iommu_domain *domain;
	struct iommu_dev *lonely;
	const uint32_t sid = 1;
	struct rig r;

	(void)state;
	rig_up(&r, NULL);
	lonely = rig_add_as(&r, &desc, &sid, 0);
	desc.name = "dev";
	assert_int_equal(
		iommu_paging_domain_alloc(rig_add_as(&r, &desc, &sid, 1), 0, &domain), 0);
	assert_int_equal(domain->ops->test_dev(domain, lonely, 0, NULL), -ENOENT);
	assert_int_equal(domain->ops->attach_dev(domain, lonely, NULL), -ENOENT);
	assert_int_equal(domain->ops->set_dev_pasid(domain, lonely, 1, NULL), -ENOENT);
	assert_int_equal(iommu_attach_device(domain, lonely), -ENODEV);
	iommu_domain_free(domain);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_at_random),
		cmocka_unit_test(device_without_an_iommu),
	};

	return cmocka_run_group_tests_name("driver_testdev", tests, NULL, NULL);
}
