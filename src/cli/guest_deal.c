/* SPDX-License-Identifier: MIT */
/*
 * Which masters of the host are which guest's. A guest has one virtual SMMU, so all its
 * devices are behind one SMMU of the host; a group has one owner, so it goes as a whole.
 */
#include <stdlib.h>
#include <smmulator/arch.h>
#include "cli/guest.h"

/* DRV-115: what the guest sees of its memory must be what the device sees. */
static bool always_coherent(const struct run_smmu *smmu, const struct run_master *m)
{
	return iommu_capable(m->dev, IOMMU_CAP_CACHE_COHERENCY) &&
	       (smmu_reg_get(smmu->info.idr[3], SMMU_IDR3_FWB) ||
		(m->hw->host && m->hw->host->canwbs));
}

static bool fits_alone(const struct guests *all, const struct run_master *m)
{
	const struct run_smmu *smmu = &all->run.smmus[m->smmu];
	const struct smmu_fw_master *node = m->hw->node;

	/* A vDEVICE has one StreamID (DRV-119). */
	if (!m->dev || m->hw->nstreams != 1)
		return false;
	for (size_t r = 0; node && r < node->nresv; r++)
		if (node->resv[r].direct)
			return false;
	return smmu->driver && smmu->info.nesting && always_coherent(smmu, m);
}

/* Members of the group that this master leads; 0: it cannot be a guest's. */
static size_t group_size(const struct guests *all, size_t leader)
{
	const struct run_master *masters = all->run.masters;
	size_t n = 0;

	if (!masters[leader].leads || masters[leader].smmu < 0)
		return 0;
	for (size_t i = leader; i != SIZE_MAX; i = masters[i].next, n++)
		if (!fits_alone(all, &masters[i]))
			return 0;
	return n;
}

/* How many groups of the host's SMMU a guest may have. */
static size_t groups_at(const struct guests *all, int smmu)
{
	size_t n = 0;

	for (size_t i = 0; i < all->run.nmasters; i++)
		n += all->run.masters[i].smmu == smmu && group_size(all, i) > 0;
	return n;
}

static int out_of_devices(const struct guests *all, size_t most)
{
	if (most == 0)
		return cli_complain(
			"%s: no master that a guest could have: coherent, of one stream, "
			"without direct mappings, behind an SMMU of two stages that "
			"forces write-back (IDR3.FWB, or CANWBS of its host)",
			all->options->host.board);
	return cli_complain("--guests %u: %s has devices for %zu", all->n,
			    all->options->host.board, most);
}

/* Guests to SMMUs in turn, as long as an SMMU has a group left for one more. */
static int choose_smmus(struct guests *all)
{
	size_t *left = calloc(all->run.nsmmus + 1, sizeof(*left)), most = 0;
	size_t at = 0;

	if (!left)
		return cli_complain("no memory");
	for (size_t i = 0; i < all->run.nsmmus; i++)
		most += left[i] = groups_at(all, (int)i);
	for (unsigned g = 0; g < all->n && g < most; g++) {
		while (left[at] == 0)
			at = (at + 1) % all->run.nsmmus;
		left[at]--;
		all->guest[g].smmu = (int)at;
		at = (at + 1) % all->run.nsmmus;
	}
	free(left);
	return all->n > most ? out_of_devices(all, most) : CLI_OK;
}

static bool add(struct guest *g, size_t leader)
{
	const struct run_master *masters = g->all->run.masters;
	size_t n = group_size(g->all, leader);
	struct guest_device *more;

	if (g->ndevices && g->ndevices + n > g->all->options->devices)
		return true;
	more = realloc(g->devices, (g->ndevices + n) * sizeof(*more));
	if (!more)
		return false;
	g->devices = more;
	for (size_t i = leader; i != SIZE_MAX; i = masters[i].next) {
		g->devices[g->ndevices] = (struct guest_device){
			.master = i,
			/* Not the physical one, and in every guest the same. */
			.vsid = (uint32_t)(8 * g->ndevices + 8),
			.sid = masters[i].hw->streams[0].sid,
			.vmid = -1,
			.ok = true,
		};
		g->ndevices++;
	}
	return true;
}

/* The next guest of this SMMU, after that one, in turn. */
static unsigned next_guest(const struct guests *all, int smmu, unsigned after)
{
	unsigned g = after;

	do
		g = (g + 1) % all->n;
	while (all->guest[g].smmu != smmu);
	return g;
}

int guest_deal(struct guests *all)
{
	int status = choose_smmus(all);

	for (unsigned first = 0; first < all->n && !status; first++) {
		int smmu = all->guest[first].smmu;
		unsigned to = first;

		for (unsigned g = 0; g < first && to != all->n; g++)
			if (all->guest[g].smmu == smmu)
				to = all->n; /* this SMMU was dealt already */
		for (size_t i = 0; i < all->run.nmasters && to != all->n; i++) {
			if (all->run.masters[i].smmu != smmu || !group_size(all, i))
				continue;
			if (!add(&all->guest[to], i))
				return cli_complain("no memory");
			to = next_guest(all, smmu, to);
		}
	}
	return status;
}
