/* SPDX-License-Identifier: MIT */
/*
 * A device goes from one domain to another (DRV-81 to DRV-90). What can fail comes
 * first; from the first store to a live entry on nothing does. A CMD_SYNC that times
 * out is reported where it happens, and the driver goes on (DRV-98).
 */
#include <errno.h>
#include "core/rcu.h"
#include "driver/cdtab.h"
#include "driver/cmdq.h"
#include "driver/strtab.h"

/* Lock: the domain's. What was there is the caller's, to free with retire(). */
static struct arm_smmu_invs *publish(struct arm_smmu_domain *domain,
				     struct arm_smmu_invs *invs)
{
	struct arm_smmu_invs *old = rcu_get(&domain->invs);

	rcu_publish(&domain->invs, invs);
	return old;
}

static void retire(struct arm_smmu_invs *old)
{
	if (!old)
		return;
	rcu_wait_for_readers();
	arm_smmu_invs_free(old);
}

/*
 * Before hardware can find its tables: unmap invalidates for this device from here on
 * (DRV-81, steps 1 and 2). -ENOMEM, and nothing is changed.
 */
static int join(struct arm_smmu_domain *domain, struct arm_smmu_master *master)
{
	struct arm_smmu_invs *merged, *old = NULL;
	int err = arm_smmu_invs_build(master->add, master, domain, IOMMU_NO_PASID);

	if (err)
		return err;
	pthread_mutex_lock(&domain->lock);
	err = arm_smmu_invs_merge(rcu_get(&domain->invs), master->add, &merged);
	if (!err) {
		old = publish(domain, merged);
		__atomic_add_fetch(&domain->joined, 1, __ATOMIC_SEQ_CST);
	}
	pthread_mutex_unlock(&domain->lock);
	retire(old);
	return err;
}

/*
 * After hardware has forgotten them (DRV-81, steps 4 to 6). With its last user a tag
 * becomes clean, and that before anybody joins again: who unmaps meanwhile does not
 * find it any more (DRV-57).
 */
static void leave(struct arm_smmu_domain *domain, struct arm_smmu_master *master)
{
	struct arm_smmu_invs *invs, *purged, *old = NULL;

	if (!domain)
		return;
	/* Room for it there is: it was built once, for join(). */
	(void)arm_smmu_invs_build(master->remove, master, domain, IOMMU_NO_PASID);
	pthread_mutex_lock(&domain->lock);
	invs = rcu_get(&domain->invs);
	arm_smmu_invs_unref(invs, master->remove);
	if (!master->remove->inv[0].users)
		arm_smmu_inv_tag(&master->remove->inv[0]);
	purged = arm_smmu_invs_purge(invs);
	if (purged)
		old = publish(domain, purged);
	pthread_mutex_unlock(&domain->lock);
	retire(old);
}

/* The event handler looks at it under the same lock; what it was is returned. */
static struct arm_smmu_domain *set_domain(struct arm_smmu_master *master,
					  struct arm_smmu_domain *domain)
{
	struct arm_smmu_domain *old;

	pthread_mutex_lock(&master->smmu->streams_lock);
	old = master->domain;
	__atomic_store_n(&master->domain, domain, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&master->smmu->streams_lock);
	return old;
}

/* DRV-90. Every check that attach_dev relies on. */
int arm_smmu_test_dev(struct iommu_domain *core, struct iommu_dev *dev, uint32_t pasid,
		      struct iommu_domain *old)
{
	struct arm_smmu_master *master = iommu_dev_priv(dev);

	(void)old;
	if (!master)
		return -ENOENT;
	if (pasid != IOMMU_NO_PASID)
		return -EOPNOTSUPP;
	return to_domain(core)->smmu == master->smmu ? 0 : -EINVAL;
}

/* DRV-85 */
static void install(struct arm_smmu_master *master, struct arm_smmu_domain *domain)
{
	uint64_t ste[SMMU_STE_DWORDS], cd[SMMU_CD_DWORDS];

	if (domain->stage == STAGE_1) {
		arm_smmu_make_s1_cd(master, domain, cd);
		arm_smmu_install_cd(master, 0, cd);
		arm_smmu_make_cdtable_ste(master, SMMU_S1DSS_SSID0, ste);
		arm_smmu_install_ste(master, ste);
	} else {
		arm_smmu_make_s2_ste(master, domain, ste);
		arm_smmu_install_ste(master, ste);
		arm_smmu_clear_cd(master, 0);
	}
}

int arm_smmu_attach_dev(struct iommu_domain *core, struct iommu_dev *dev,
			struct iommu_domain *old)
{
	struct arm_smmu_domain *domain = to_domain(core);
	struct arm_smmu_master *master = iommu_dev_priv(dev);
	int err = arm_smmu_test_dev(core, dev, IOMMU_NO_PASID, old);

	if (!err && domain->stage == STAGE_1)
		err = arm_smmu_cdtab_reserve(master, 0);
	if (!err)
		err = join(domain, master);
	if (err)
		return err;
	install(master, domain);
	leave(set_domain(master, domain), master);
	return 0;
}

static void attach_static(struct arm_smmu_master *master, const uint64_t *ste)
{
	arm_smmu_install_ste(master, ste);
	arm_smmu_clear_cd(master, 0);
	leave(set_domain(master, NULL), master);
}

void arm_smmu_bypass_master(struct arm_smmu_master *master)
{
	uint64_t ste[SMMU_STE_DWORDS];

	arm_smmu_make_bypass_ste(master->smmu, ste);
	attach_static(master, ste);
}

int arm_smmu_attach_identity(struct iommu_domain *domain, struct iommu_dev *dev,
			     struct iommu_domain *old)
{
	(void)domain;
	(void)old;
	arm_smmu_bypass_master(iommu_dev_priv(dev));
	return 0;
}

void arm_smmu_block_master(struct arm_smmu_master *master)
{
	uint64_t ste[SMMU_STE_DWORDS];

	arm_smmu_make_abort_ste(ste);
	attach_static(master, ste);
}

int arm_smmu_attach_blocked(struct iommu_domain *domain, struct iommu_dev *dev,
			    struct iommu_domain *old)
{
	(void)domain;
	(void)old;
	arm_smmu_block_master(iommu_dev_priv(dev));
	return 0;
}
