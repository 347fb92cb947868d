/* SPDX-License-Identifier: MIT */
/* The masters as devices of the core: they appear, wait for their SMMU, and bind. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/run.h"

static int add_device(struct run *run, struct run_master *m)
{
	const struct smmu_machine_master *hw = m->hw;
	struct iommu_dev_desc desc = {
		.name = hw->name,
		.rid = (uint16_t)hw->id,
		.harness = m,
	};
	struct iommu_pci_hop path[IOMMU_PCI_MAX_HOPS];
	size_t index;

	if (hw->node) {
		index = (size_t)(hw->node - run->fw->masters);
		if (run->acpi)
			return iommu_acpi_add_master(run->acpi, run->sys, index, m,
						     &m->dev);
		return iommu_of_add_master(run->of, run->sys, index, m, &m->dev);
	}
	index = (size_t)(hw->host - run->fw->hosts);
	desc.segment = hw->host->domain > 0 ? (uint16_t)hw->host->domain : 0;
	if (run->pci && hw->named != SIZE_MAX)
		run_pci_ops->describe(run, hw, &desc, path);
	if (run->acpi)
		return iommu_acpi_add_function(run->acpi, run->sys, &desc, &m->dev);
	return iommu_of_add_function(run->of, run->sys, index, &desc, &m->dev);
}

/* There is no driver for any SMMU yet: who is behind one has to wait. */
static void bind_early(struct run *run, struct run_master *m)
{
	int err = iommu_dev_bind(m->dev);

	m->deferred = err == -IOMMU_EPROBE_DEFER;
	if (err && !m->deferred)
		run_unexpected(run, "%s: bind: %s", m->hw->name, strerror(-err));
	else if (!m->deferred && m->hw->streams[0].smmu >= 0)
		run_unexpected(run, "%s: bound before its SMMU had a driver",
			       m->hw->name);
}

void run_devices_add(struct run *run)
{
	for (size_t i = 0; i < run->nmasters; i++) {
		struct run_master *m = &run->masters[i];
		int err;

		*m = (struct run_master){ .hw = smmu_machine_master(run->machine, i),
					  .smmu = -1,
					  .group = -1,
					  .next = SIZE_MAX };
		err = add_device(run, m);
		if (err)
			run_unexpected(run, "%s: cannot be added: %s", m->hw->name,
				       strerror(-err));
		else
			bind_early(run, m);
		run_progress(run, "masters added", i + 1, run->nmasters);
	}
}

/* ---- What became of them ----------------------------------------------------------- */

/* A stream at an SMMU, and the first master that has it. */
struct claim {
	uint64_t key; /* SMMU << 32 | StreamID */
	size_t master;
};

static int by_key(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->master > y->master) - (x->master < y->master);
}

/*
 * The driver takes all ids of a device at the SMMU that its first reference names
 * (CORE-15), so that is where ids can meet.
 */
static struct claim *collect_claims(const struct run *run, size_t *count)
{
	struct claim *claims;
	size_t n = 0;

	for (size_t i = 0; i < run->nmasters; i++)
		n += run->masters[i].hw->nstreams;
	claims = calloc(n + 1, sizeof(*claims));
	if (!claims)
		return NULL;
	n = 0;
	for (size_t i = 0; i < run->nmasters; i++) {
		const struct smmu_machine_master *hw = run->masters[i].hw;

		for (size_t s = 0; s < hw->nstreams && hw->streams[0].smmu >= 0; s++)
			claims[n++] =
				(struct claim){ (uint64_t)hw->streams[0].smmu << 32 |
							hw->streams[s].sid,
						i };
	}
	qsort(claims, n, sizeof(*claims), by_key);
	*count = n;
	return claims;
}

/* DRV-26: a stream has one owner; the driver leaves the others out. */
static void find_shared(struct run *run)
{
	size_t n = 0;
	struct claim *claims = collect_claims(run, &n);

	for (size_t i = 1; claims && i < n; i++) {
		if (claims[i].key != claims[i - 1].key)
			continue;
		if (claims[i].master != claims[i - 1].master &&
		    !run->masters[claims[i].master].no_own)
			run->masters[claims[i].master].no_own =
				run->masters[claims[i - 1].master].hw->name;
	}
	free(claims);
}

static void settle_one(struct run *run, struct run_master *m)
{
	struct iommu_group *group;
	int err;

	if (!m->dev)
		return;
	/* Whoever still waits waits for a driver that does not exist. */
	err = iommu_dev_bound(m->dev) ? 0 : iommu_dev_bind(m->dev);
	if (err)
		run_unexpected(run, "%s: bind: %s", m->hw->name, strerror(-err));
	group = iommu_group_get(m->dev);
	if (group) {
		m->smmu = m->hw->streams[0].smmu;
		m->group = (long)iommu_group_id(group);
		m->no_own = NULL;
		iommu_group_put(group);
		return;
	}
	if (m->hw->streams[0].smmu >= 0 && run->smmus[m->hw->streams[0].smmu].driver &&
	    !m->no_own)
		run_unexpected(run, "%s: the driver does not take it: %s", m->hw->name,
			       strerror(-iommu_probe_device(m->dev)));
}

/* Chains the members of each group in order. */
static void chain_groups(struct run *run)
{
	size_t *last;
	long top = -1;

	for (size_t i = 0; i < run->nmasters; i++)
		top = run->masters[i].group > top ? run->masters[i].group : top;
	last = malloc(((size_t)top + 2) * sizeof(*last));
	if (!last) {
		run_unexpected(run, "no memory for the groups");
		return;
	}
	for (long g = 0; g <= top; g++)
		last[g] = SIZE_MAX;
	for (size_t i = 0; i < run->nmasters; i++) {
		long g = run->masters[i].group;

		if (g < 0)
			continue;
		run->masters[i].leads = last[g] == SIZE_MAX;
		if (last[g] != SIZE_MAX)
			run->masters[last[g]].next = i;
		last[g] = i;
	}
	free(last);
}

void run_devices_settle(struct run *run)
{
	iommu_system_set_deferral(run->sys, IOMMU_DEFER_NONE);
	find_shared(run);
	for (size_t i = 0; i < run->nmasters; i++)
		settle_one(run, &run->masters[i]);
	chain_groups(run);
	if (run->pci)
		run_pci_ops->check_groups(run);
}

void run_devices_remove(struct run *run)
{
	for (size_t i = 0; i < run->nmasters; i++) {
		if (!run->masters[i].dev)
			continue;
		if (iommu_dev_bound(run->masters[i].dev))
			(void)iommu_dev_unbind(run->masters[i].dev);
		iommu_dev_remove(run->masters[i].dev);
	}
}
