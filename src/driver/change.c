/* SPDX-License-Identifier: MIT */
#include "driver/change.h"
#include <errno.h>
#include <stdlib.h>
#include "core/rcu.h"
#include "driver/ats.h"
#include "driver/fault.h"

/* Lock: the domain's. What was there is the caller's, to free with
 * arm_smmu_invs_retire(). */
static struct arm_smmu_invs *publish(struct arm_smmu_domain *domain,
				     struct arm_smmu_invs *invs)
{
	struct arm_smmu_invs *old = rcu_get(&domain->invs);

	rcu_publish(&domain->invs, invs);
	return old;
}

struct arm_smmu_attachment *arm_smmu_attachment(const struct arm_smmu_master *master,
						uint32_t ssid)
{
	struct arm_smmu_attachment *a = master->attachments;

	while (a && a->ssid != ssid)
		a = a->next_of_master;
	return a;
}

/*
 * Before hardware can find its tables: unmap invalidates for this device from here on
 * (DRV-81, steps 1 and 2). -ENOMEM, and nothing is changed.
 */
static int join(struct arm_smmu_attachment *a)
{
	struct arm_smmu_domain *domain = a->domain;
	struct arm_smmu_invs *merged, *old = NULL;
	int err = arm_smmu_invs_build(a->master->add, a->master, domain, a->ssid, a->atc);

	if (err)
		return err;
	pthread_mutex_lock(&domain->lock);
	/* Asked once more: it may have been enforced since test_dev. */
	if (domain->enforced && !a->master->canwbs)
		err = -EINVAL;
	if (!err)
		err = arm_smmu_invs_merge(rcu_get(&domain->invs), a->master->add,
					  &merged);
	if (!err) {
		a->next_in_domain = domain->attachments;
		domain->attachments = a;
		old = publish(domain, merged);
	}
	pthread_mutex_unlock(&domain->lock);
	/*
	 * Not only to free: who still walks the old array has cleared his entries before
	 * this returns, and so before hardware can find them (DRV-79). That is what lets
	 * unmap do without a barrier.
	 */
	arm_smmu_invs_retire(old);
	return err;
}

static void unlink_from_domain(struct arm_smmu_attachment *a)
{
	struct arm_smmu_attachment **at = &a->domain->attachments;

	while (*at != a)
		at = &(*at)->next_in_domain;
	*at = a->next_in_domain;
}

/*
 * After hardware has forgotten them (DRV-81, steps 4 to 6). With its last user a tag
 * becomes clean, and that before anybody joins again: who unmaps meanwhile does not
 * find it any more (DRV-57).
 */
static void leave(struct arm_smmu_attachment *a)
{
	struct arm_smmu_domain *domain = a->domain;
	struct arm_smmu_invs *invs, *purged, *old = NULL, *remove = a->master->remove;

	/* Room for it there is: it was built once, for join(). */
	(void)arm_smmu_invs_build(remove, a->master, domain, a->ssid, a->atc);
	pthread_mutex_lock(&domain->lock);
	unlink_from_domain(a);
	invs = rcu_get(&domain->invs);
	arm_smmu_invs_unref(invs, remove);
	if (!remove->inv[0].users)
		arm_smmu_inv_tag(&remove->inv[0]);
	purged = arm_smmu_invs_purge(invs);
	if (purged)
		old = publish(domain, purged);
	pthread_mutex_unlock(&domain->lock);
	arm_smmu_invs_retire(old);
}

/* The event handler looks at them under the same lock. */
static void replace_of_master(struct arm_smmu_master *master,
			      struct arm_smmu_attachment *old,
			      struct arm_smmu_attachment *new)
{
	struct arm_smmu_attachment **at = &master->attachments;

	pthread_mutex_lock(&master->smmu->streams_lock);
	while (old && *at != old)
		at = &(*at)->next_of_master;
	if (old)
		*at = old->next_of_master;
	if (new) {
		new->next_of_master = master->attachments;
		master->attachments = new;
	}
	pthread_mutex_unlock(&master->smmu->streams_lock);
}

static int enter(struct arm_smmu_change *c)
{
	struct arm_smmu_attachment *a = calloc(1, sizeof(*a));
	int err = 0;

	if (!a)
		return -ENOMEM;
	a->core = c->core;
	a->domain = c->domain;
	a->master = c->master;
	a->ssid = c->ssid;
	if (c->ats)
		a->atc = c->foreign ? ATC_AS_A_WHOLE : ATC_BY_RANGE;
	a->iopf = c->core->iopf_handler && arm_smmu_can_fault(c->master);
	if (a->iopf)
		err = arm_smmu_iopf_add(c->master);
	if (err)
		goto fail;
	err = join(a);
	if (err) {
		if (a->iopf)
			arm_smmu_iopf_remove(c->master);
		goto fail;
	}
	c->new = a;
	return 0;
fail:
	free(a);
	return err;
}

/* DRV-84, step 1: only where somebody follows what is unmapped. */
static bool wants_ats(const struct arm_smmu_change *c)
{
	if (c->no_ats || !c->master->ats_supported)
		return false;
	/* An STE with S2S and EATS is illegal (STE-9). */
	if (c->domain && c->domain->stage == STAGE_2 && c->master->stall_enabled)
		return false;
	return c->core || c->cds;
}

int arm_smmu_change_begin(struct arm_smmu_change *c)
{
	int err;

	c->old = arm_smmu_attachment(c->master, c->ssid);
	c->new = NULL;
	c->ats = wants_ats(c);
	err = c->core ? enter(c) : 0;
	if (err)
		return err;
	if (c->master->ats_enabled && !c->ats) {
		arm_smmu_pri_off(c->master);
		arm_smmu_ats_off(c->master);
	}
	return 0;
}

/* DRV-86 */
static void settle_ats(struct arm_smmu_change *c)
{
	struct arm_smmu_master *master = c->master;

	if (c->ats && !master->ats_enabled)
		arm_smmu_ats_on(master);
	else if (master->ats_enabled)
		/* What it translates with this PASID is another thing now. */
		arm_smmu_atc_inv_all(master, c->ats ? c->ssid : IOMMU_NO_PASID);
	master->ats_enabled = c->ats;
	if (c->new && c->new->iopf && c->ats && master->pri_supported)
		arm_smmu_pri_on(master);
}

/* What the device has asked for and nobody has seen yet, then what is being served. */
static void flush_faults(struct arm_smmu_master *master)
{
	if (master->iopf_users == 1) {
		arm_smmu_pri_off(master);
		arm_smmu_evtq_handler(master->smmu);
		arm_smmu_priq_handler(master->smmu);
	}
	arm_smmu_iopf_remove(master);
}

void arm_smmu_change_end(struct arm_smmu_change *c)
{
	settle_ats(c);
	replace_of_master(c->master, c->old, c->new);
	if (!c->old)
		return;
	if (c->old->iopf)
		flush_faults(c->master);
	leave(c->old);
	free(c->old);
}
