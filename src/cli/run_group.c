/* SPDX-License-Identifier: MIT */
/*
 * Groups through their domains: first as kernel drivers have them, in the default
 * domain; then as a user has them, who owns the group (CORE-73 to CORE-80).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/run.h"

static bool wants(const struct run *run, enum run_domain domain)
{
	return run->options->domains & 1u << domain;
}

/* Members, in order; `i` runs from the leader to SIZE_MAX. */
#define FOR_EACH_MEMBER(run, i, leader)                                                  \
	for (size_t i = (leader); i != SIZE_MAX; i = (run)->masters[i].next)

static void jobs(struct run *run, size_t leader, enum run_domain kind,
		 struct iommu_domain *domain)
{
	FOR_EACH_MEMBER(run, i, leader)
	run_job(run, i, kind, domain);
}

/* A domain of this kind, attached while the jobs run. */
static void attached(struct run *run, size_t leader, struct iommu_group *group,
		     enum run_domain kind)
{
	struct run_master *m = &run->masters[leader];
	struct iommu_domain *domain;
	int err;

	if (kind == RUN_S2)
		err = iommu_paging_domain_alloc(m->dev, IOMMU_ALLOC_STAGE2, &domain);
	else
		err = iommu_identity_domain_alloc(m->dev, &domain);
	if (err) {
		run_unexpected(run, "%s: no %s domain: %s", m->hw->name,
			       run_domain_name(kind), strerror(-err));
		return;
	}
	err = iommu_attach_group(domain, group);
	if (err) {
		run_unexpected(run, "group %ld: attach to a %s domain: %s", m->group,
			       run_domain_name(kind), strerror(-err));
	} else {
		jobs(run, leader, kind, kind == RUN_S2 ? domain : NULL);
		iommu_detach_group(domain, group);
	}
	iommu_domain_free(domain);
}

/* CORE-112: a device whose firmware needs direct mappings is never handed over. */
static bool must_stay(const struct run *run, size_t leader)
{
	FOR_EACH_MEMBER(run, i, leader)
	{
		const struct smmu_fw_master *node = run->masters[i].hw->node;

		for (size_t r = 0; node && r < node->nresv; r++)
			if (node->resv[r].direct)
				return true;
	}
	return false;
}

/* Unbinds (or binds again) what is in the group. */
static bool bind_members(struct run *run, size_t leader, bool bind)
{
	FOR_EACH_MEMBER(run, i, leader)
	{
		struct iommu_dev *dev = run->masters[i].dev;
		int err = bind ? iommu_dev_bind(dev) : iommu_dev_unbind(dev);

		if (err) {
			run_unexpected(run, "%s: %s: %s", run->masters[i].hw->name,
				       bind ? "bind" : "unbind", strerror(-err));
			return false;
		}
	}
	return true;
}

static void owned(struct run *run, size_t leader, struct iommu_group *group)
{
	const struct run_smmu *smmu = &run->smmus[run->masters[leader].smmu];
	struct iommu_group_state state;
	int err = iommu_group_claim_dma_owner(group, run);

	if (err) {
		run_unexpected(run, "group %ld: cannot be owned: %s",
			       run->masters[leader].group, strerror(-err));
		return;
	}
	if (wants(run, RUN_BLOCKED))
		jobs(run, leader, RUN_BLOCKED, NULL);
	if (wants(run, RUN_S2) && smmu->info.stage2)
		attached(run, leader, group, RUN_S2);
	if (wants(run, RUN_IDENTITY))
		attached(run, leader, group, RUN_IDENTITY);
	iommu_group_release_dma_owner(group);
	iommu_group_get_state(group, &state);
	if (state.domain != state.default_domain)
		run_unexpected(run, "group %ld: not back in its default domain",
			       run->masters[leader].group);
}

static void in_default_domain(struct run *run, size_t leader, struct iommu_domain *domain)
{
	jobs(run, leader, RUN_DMA, domain);
	if (!run->pci)
		return;
	FOR_EACH_MEMBER(run, i, leader)
	run_pci_ops->exercise(run, i, domain);
}

static void one_group(struct run *run, size_t leader)
{
	struct run_master *m = &run->masters[leader];
	struct iommu_group *group = iommu_group_get(m->dev);
	struct iommu_domain *domain;

	if (!group)
		return;
	domain = iommu_get_domain_for_dev(m->dev);
	if (!domain || domain->type != IOMMU_DOMAIN_DMA)
		run_unexpected(run, "group %ld: its default domain is not for DMA",
			       m->group);
	else if (wants(run, RUN_DMA))
		in_default_domain(run, leader, domain);
	if (!(run->options->domains & ~(1u << RUN_DMA)))
		goto out;
	if (must_stay(run, leader)) {
		run_note(run,
			 "%s: firmware needs its direct mappings, so group %ld stays in "
			 "its default domain",
			 m->hw->name, m->group);
		goto out;
	}
	if (bind_members(run, leader, false)) {
		owned(run, leader, group);
		(void)bind_members(run, leader, true);
	}
out:
	iommu_group_put(group);
}

void run_groups(struct run *run)
{
	for (size_t i = 0; i < run->nmasters; i++) {
		if (run->masters[i].leads)
			one_group(run, i);
		run_job(run, i, RUN_NONE, NULL);
		run_progress(run, "masters done", i + 1, run->nmasters);
	}
	for (size_t i = 0; i < run->nsmmus; i++)
		if (run->smmus[i].driver && !run->smmus[i].info.stage2 &&
		    wants(run, RUN_S2))
			run_note(run, "%s has no stage 2", run->smmus[i].hw->name);
}
