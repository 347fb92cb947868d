/* SPDX-License-Identifier: MIT */
/*
 * What invalidation costs, as a driver's user sees it: in the default domain of the
 * SMMU's first master, with entries that its DMA has just put into the TLB.
 */
#include <errno.h>
#include <string.h>
#include "cli/run.h"

enum { BATCH = 64 };

struct speed {
	struct run *run;
	struct run_smmu *smmu;
	struct run_master *m;
	struct iommu_domain *domain;
	struct iommu_dma page; /* every address leads here */
	uint64_t iova, pgsize;
};

/* Maps the batch and has the master use every page of it; not on the clock. */
static int warm_up(const struct speed *s)
{
	unsigned prot = IOMMU_READ | IOMMU_WRITE;
	uint64_t word;
	int err = 0;

	if (s->smmu->info.coherent)
		prot |= IOMMU_CACHE;
	for (uint64_t i = 0; !err && i < BATCH; i++) {
		uint64_t iova = s->iova + i * s->pgsize;
		size_t stream = 0;

		while (s->m->hw->streams[stream].smmu != s->m->smmu)
			stream++;
		err = iommu_map(s->domain, iova, s->page.pa, s->pgsize, prot);
		if (!err)
			err = smmu_endpoint_read(s->m->hw->endpoint, stream, iova, &word,
						 sizeof(word));
	}
	return err;
}

/* One batch of operations; how many, or 0: something went wrong. */
typedef uint64_t (*batch_fn)(const struct speed *s);

/* Each page unmapped and synced by itself. */
static uint64_t unmap_each(const struct speed *s)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < BATCH; i++)
		n += iommu_unmap(s->domain, s->iova + i * s->pgsize, s->pgsize) ==
		     s->pgsize;
	return n == BATCH ? n : 0;
}

/* The same pages under one sync. */
static uint64_t unmap_all(const struct speed *s)
{
	uint64_t size = BATCH * s->pgsize;

	return iommu_unmap(s->domain, s->iova, size) == size ? BATCH : 0;
}

/* The whole domain, again and again: one TLBI and one SYNC each. */
static uint64_t flush(const struct speed *s)
{
	for (unsigned i = 0; i < BATCH; i++)
		iommu_flush_iotlb_all(s->domain);
	return BATCH;
}

static bool measure(const struct speed *s, batch_fn batch, struct run_measure *m)
{
	const double seconds = s->run->options->seconds;
	const uint64_t end = run_now_ns() + (uint64_t)(seconds * 1e9);
	uint64_t start, n;

	do {
		struct arm_smmu_stats before, after;
		int err = warm_up(s);

		if (err) {
			run_unexpected(s->run, "%s: measuring: %s", s->smmu->hw->name,
				       strerror(-err));
			return false;
		}
		arm_smmu_get_stats(s->smmu->driver, &before);
		start = run_now_ns();
		n = batch(s);
		m->ns += run_now_ns() - start;
		arm_smmu_get_stats(s->smmu->driver, &after);
		m->ops += n;
		m->tlbi += after.tlbi - before.tlbi;
		m->syncs += after.syncs - before.syncs;
		if (batch == flush)
			n = unmap_all(s);
		if (!n) {
			run_unexpected(s->run, "%s: measuring: an unmap was short",
				       s->smmu->hw->name);
			return false;
		}
	} while (run_now_ns() < end);
	if (m->tlbi && m->syncs)
		return true;
	run_unexpected(s->run, "%s: unmapping sent no TLBI, or no CMD_SYNC",
		       s->smmu->hw->name);
	return false;
}

static void measure_smmu(struct speed *s)
{
	struct run_smmu *smmu = s->smmu;
	int err;

	s->pgsize = s->domain->pgsize_bitmap & -s->domain->pgsize_bitmap;
	err = run_pick_iova(s->domain, s->m->dev, BATCH * s->pgsize, &s->iova);
	if (!err)
		err = run_memory_alloc(&s->run->platform.memory, s->pgsize, s->pgsize,
				       &s->page);
	if (err) {
		run_unexpected(s->run, "%s: measuring: %s", smmu->hw->name,
			       strerror(-err));
		return;
	}
	smmu->measured = measure(s, unmap_each, &smmu->unmap_sync) &&
			 measure(s, unmap_all, &smmu->unmap_batch) &&
			 measure(s, flush, &smmu->tlbi);
	run_memory_free(&s->run->platform.memory, &s->page);
}

/* The first master in a default domain of this SMMU. */
static size_t find_master(const struct run *run, int smmu)
{
	size_t i = 0;

	while (i < run->nmasters && run->masters[i].smmu != smmu)
		i++;
	return i;
}

void run_speed(struct run *run)
{
	for (size_t i = 0; i < run->nsmmus; i++) {
		struct speed s = { .run = run, .smmu = &run->smmus[i] };
		size_t master = find_master(run, (int)i);

		if (master == run->nmasters) {
			run_note(run, "%s: no master, nothing to measure",
				 run->smmus[i].hw->name);
			continue;
		}
		s.m = &run->masters[master];
		s.smmu->speed_master = master;
		s.domain = iommu_get_domain_for_dev(s.m->dev);
		if (s.domain && s.domain->type == IOMMU_DOMAIN_DMA)
			measure_smmu(&s);
		run_progress(run, "SMMUs measured", i + 1, run->nsmmus);
	}
}
