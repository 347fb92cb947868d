/* SPDX-License-Identifier: MIT */
/*
 * Stalls: who may, to whom they go, what each answer does, and what becomes of those that
 * are left behind (DRV-30, DRV-84, DRV-86, DRV-90, DRV-105, DRV-107).
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/stall.h>
#include "driver/driver.h"
#include "driver/process.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define SID    5u

static struct arm_smmu_master *master_of(struct iommu_dev *dev)
{
	return iommu_dev_priv(dev);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_stalls),
		cmocka_unit_test(answers_to_a_stall),
		cmocka_unit_test(stalls_that_nobody_serves),
		cmocka_unit_test(stalls_that_are_left_behind),
		cmocka_unit_test(faults_of_several_streams),
	};

	return cmocka_run_group_tests_name("driver_fault", tests, NULL, NULL);
}
