/* SPDX-License-Identifier: MIT */
/*
 * What one master does in one domain: memory is mapped in an order of its own, the
 * master reads it and writes it, both are compared in RAM; then it is unmapped and
 * must be out of reach, and the driver must have read the events that say so.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/decode.h>
#include "cli/run.h"

struct job {
	struct run *run;
	struct run_master *m;
	struct run_row *row;
	struct run_smmu *smmu;	     /* where the streams of this row go, or NULL */
	struct iommu_domain *domain; /* NULL: addresses are physical */
	struct iommu_dma ram;	     /* what is transferred to and from */
	uint8_t *buf;		     /* the master's side, as large */
	uint64_t iova, size, pgsize, pages;
	uint64_t mapped; /* bytes from iova on */
	uint64_t seed;
};

const char *run_domain_name(enum run_domain domain)
{
	static const char *const names[RUN_DOMAINS] = { "dma", "s2", "identity",
							"blocked", "none" };

	return names[domain];
}

/* The first thing that goes wrong is the row's note too. */
static bool wrong(struct job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static bool wrong(struct job *job, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (job->row->ok)
		(void)snprintf(job->row->note, sizeof(job->row->note), "%.100s", text);
	job->row->ok = false;
	run_unexpected(job->run, "%s (%s): %s", job->m->hw->name,
		       run_domain_name(job->row->domain), text);
	return false;
}

/* ---- Data -------------------------------------------------------------------------- */

/* No two masters, streams or directions have the same bytes. */
static void pattern(const struct job *job, size_t stream, unsigned pass, uint8_t *out)
{
	uint64_t x =
		(job->seed << 20 ^ stream << 2 ^ pass) * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (uint64_t i = 0; i + 8 <= job->size; i += 8) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(out + i, &x, 8);
	}
}

/*
 * Device page k is at physical page pages - 1 - k where something translates, so
 * that one wrong page shows.
 */
static uint64_t ram_page(const struct job *job, uint64_t k)
{
	return (job->domain ? job->pages - 1 - k : k) * job->pgsize;
}

static void ram_fill(const struct job *job, const uint8_t *from)
{
	for (uint64_t k = 0; k < job->pages; k++)
		memcpy((uint8_t *)job->ram.cpu + ram_page(job, k), from + k * job->pgsize,
		       job->pgsize);
}

static bool ram_equals(const struct job *job, const uint8_t *with)
{
	for (uint64_t k = 0; k < job->pages; k++)
		if (memcmp((uint8_t *)job->ram.cpu + ram_page(job, k),
			   with + k * job->pgsize, job->pgsize) != 0)
			return false;
	return true;
}

/*
 * One transfer to its end. A stall that the driver's handlers have not answered inside is
 * left to it once more; what it leaves alone is given up.
 */
static int dma(struct job *job, const struct smmu_endpoint_dma *what,
	       struct smmu_result *result, uint64_t *done)
{
	struct smmu_endpoint *ep = job->m->hw->endpoint;
	int err = smmu_endpoint_dma(ep, what, result, done);

	if (err != -EAGAIN)
		return err;
	run_smmu_poll(job->smmu);
	err = smmu_endpoint_wait(ep, what->stream, 0, result, done);
	if (err == -ETIMEDOUT)
		(void)smmu_endpoint_cancel(ep, what->stream);
	return err;
}

/* ---- Transfers that must arrive ---------------------------------------------------- */

static bool moved(struct job *job, size_t stream, uint8_t op)
{
	struct smmu_endpoint_dma what = {
		.stream = stream,
		.op = op,
		.addr = job->domain ? job->iova : job->ram.pa,
		.buf = job->buf,
		.len = job->size,
	};
	struct smmu_result result;
	uint64_t done = 0;
	int err = dma(job, &what, &result, &done);

	if (!err && done == job->size)
		return true;
	job->row->faults++;
	return wrong(job,
		     "stream 0x%x: %s of 0x%" PRIx64 " ended after 0x%" PRIx64
		     " bytes: %s",
		     job->m->hw->streams[stream].sid, op == SMMU_READ ? "read" : "write",
		     what.addr, done,
		     err ? result.event ? smmu_event_name(result.event) : strerror(-err)
			 : "no error");
}

static bool transfer(struct job *job, size_t stream)
{
	uint8_t *expected = malloc(job->size);
	bool ok;

	if (!expected)
		return wrong(job, "no memory");
	pattern(job, stream, 0, expected);
	ram_fill(job, expected);
	memset(job->buf, 0, job->size);
	ok = moved(job, stream, SMMU_READ);
	if (ok && memcmp(job->buf, expected, job->size) != 0)
		ok = wrong(job, "stream 0x%x read other bytes than memory has",
			   job->m->hw->streams[stream].sid);
	pattern(job, stream, 1, expected);
	if (ok) {
		memcpy(job->buf, expected, job->size);
		ok = moved(job, stream, SMMU_WRITE);
	}
	if (ok && !ram_equals(job, expected))
		ok = wrong(job, "stream 0x%x wrote other bytes than memory has",
			   job->m->hw->streams[stream].sid);
	if (ok)
		job->row->bytes += 2 * job->size;
	free(expected);
	return ok;
}

/* ---- Transfers that must not ------------------------------------------------------- */

/* 8 bytes at this address; counted as a fault when they are refused. */
static bool refused(struct job *job, size_t stream, uint8_t op, uint64_t addr,
		    uint8_t event)
{
	uint64_t word = UINT64_C(0xdeadbeefdeadbeef), done = 0;
	struct smmu_endpoint_dma what = {
		.stream = stream,
		.op = op,
		.addr = addr,
		.buf = &word,
		.len = sizeof(word),
	};
	struct smmu_result result = { .status = SMMU_OK };
	int err = dma(job, &what, &result, &done);

	if (!err)
		return wrong(job,
			     "stream 0x%x: %s of 0x%" PRIx64 " went through, it should "
			     "have faulted",
			     job->m->hw->streams[stream].sid,
			     op == SMMU_READ ? "read" : "write", addr);
	job->row->faults++;
	if (done || (event && result.event != event))
		return wrong(job, "stream 0x%x: 0x%" PRIx64 " ended as %s, not as %s",
			     job->m->hw->streams[stream].sid, addr,
			     result.event ? smmu_event_name(result.event) : "no event",
			     smmu_event_name(event));
	return true;
}

static bool check_event(struct job *job, size_t stream, const struct arm_smmu_event *e,
			uint64_t addr, bool read)
{
	uint32_t sid = job->m->hw->streams[stream].sid;
	bool stage2 = job->row->stages == 2;

	if (e->id == SMMU_EVT_F_TRANSLATION && e->sid == sid && e->iova == addr &&
	    e->read == read && e->stage2 == stage2 && e->dev == job->m->dev)
		return true;
	return wrong(
		job,
		"stream 0x%x: the driver read %s, stream 0x%x, %s of 0x%" PRIx64
		", stage %d%s; expected F_TRANSLATION, %s of 0x%" PRIx64 ", stage %d",
		sid, e->name, e->sid, e->read ? "read" : "write", e->iova,
		e->stage2 ? 2 : 1, e->dev == job->m->dev ? "" : ", of another device",
		read ? "read" : "write", addr, stage2 ? 2 : 1);
}

/* After the unmap: both faults, their records, and memory as it was. */
static bool out_of_reach(struct job *job, size_t stream)
{
	const uint64_t last = job->iova + job->size - 8;
	uint64_t before = iommu_dev_fault_count(job->m->dev);
	bool ok;

	job->smmu->nevents = 0;
	ok = refused(job, stream, SMMU_READ, job->iova, SMMU_EVT_F_TRANSLATION);
	ok = refused(job, stream, SMMU_WRITE, last, SMMU_EVT_F_TRANSLATION) && ok;
	run_smmu_poll(job->smmu);
	job->row->events += job->smmu->nevents;
	if (ok && job->smmu->nevents != 2)
		ok = wrong(job, "stream 0x%x: two faults, but the driver read %zu events",
			   job->m->hw->streams[stream].sid, job->smmu->nevents);
	if (ok && iommu_dev_fault_count(job->m->dev) - before != 2)
		ok = wrong(job, "the core heard of %" PRIu64 " faults, not of two",
			   iommu_dev_fault_count(job->m->dev) - before);
	return ok && check_event(job, stream, &job->smmu->events[0], job->iova, true) &&
	       check_event(job, stream, &job->smmu->events[1], last, false);
}

/* Where no translation is set up at all: memory must not change. */
static bool shut_out(struct job *job, size_t stream)
{
	uint64_t *word = job->ram.cpu, kept = UINT64_C(0x5afe5afe5afe5afe);
	bool ok;

	*word = kept;
	if (job->smmu)
		job->smmu->nevents = 0;
	ok = refused(job, stream, SMMU_READ, job->ram.pa, 0);
	ok = refused(job, stream, SMMU_WRITE, job->ram.pa, 0) && ok;
	if (job->smmu) {
		run_smmu_poll(job->smmu);
		job->row->events += job->smmu->nevents;
	}
	if (ok && *word != kept)
		ok = wrong(job, "a refused write changed memory");
	return ok;
}

/* ---- Mapping ----------------------------------------------------------------------- */

static bool overlaps(const struct iommu_resv_region *r, uint64_t start, uint64_t last)
{
	return r->length && r->start <= last && r->start + (r->length - 1) >= start;
}

/* The region that is in the way of [start, last], or NULL. */
static const struct iommu_resv_region *in_the_way(const struct iommu_resv_list *list,
						  uint64_t start, uint64_t last)
{
	for (size_t i = 0; i < list->count; i++)
		if (overlaps(&list->regions[i], start, last))
			return &list->regions[i];
	return NULL;
}

/* Downwards from 4 GiB, as addresses for DMA are given out. */
static int pick_below(const struct iommu_domain *domain,
		      const struct iommu_resv_list *list, uint64_t last, uint64_t size,
		      uint64_t *iova)
{
	const uint64_t align = domain->pgsize_bitmap & -domain->pgsize_bitmap;
	const uint64_t low = domain->aperture_start;
	uint64_t top = domain->aperture_last;

	if (top > UINT32_MAX)
		top = UINT32_MAX;
	if (top > last)
		top = last;
	for (;;) {
		const struct iommu_resv_region *r;
		uint64_t start;

		if (top < size - 1 || top - (size - 1) < low)
			return -ENOSPC;
		start = (top - (size - 1)) & ~(align - 1);
		r = start < low ? NULL : in_the_way(list, start, start + (size - 1));
		if (!r) {
			*iova = start;
			return start < low ? -ENOSPC : 0;
		}
		if (!r->start)
			return -ENOSPC;
		top = r->start - 1;
	}
}

/* What the device's bus carries: dma-ranges, or the limit of an IORT (FW-28). */
static uint64_t dma_last(struct iommu_dev *dev)
{
	const struct run_master *m = iommu_dev_desc(dev)->harness;

	return m->hw->node ? m->hw->node->dma_last : m->hw->host->dma_last;
}

int run_pick_iova(struct iommu_domain *domain, struct iommu_dev *dev, uint64_t size,
		  uint64_t *iova)
{
	struct iommu_resv_list list = { .regions = NULL };
	struct iommu_group *group = iommu_group_get(dev);
	int err = group ? iommu_get_group_resv_regions(group, &list) : -ENODEV;

	if (!err)
		err = pick_below(domain, &list, dma_last(dev), size, iova);
	iommu_resv_list_free(&list);
	iommu_group_put(group);
	return err;
}

static bool map(struct job *job)
{
	unsigned prot = IOMMU_READ | IOMMU_WRITE;
	int err = run_pick_iova(job->domain, job->m->dev, job->size, &job->iova);

	if (err)
		return wrong(job, "no free address: %s", strerror(-err));
	if (job->smmu->info.coherent)
		prot |= IOMMU_CACHE;
	for (uint64_t k = 0; k < job->pages; k++) {
		uint64_t iova = job->iova + k * job->pgsize;
		uint64_t pa = job->ram.pa + ram_page(job, k);

		err = iommu_map(job->domain, iova, pa, job->pgsize, prot);
		if (err)
			return wrong(job, "map of 0x%" PRIx64 ": %s", iova,
				     strerror(-err));
		job->mapped += job->pgsize;
		if (iommu_iova_to_phys(job->domain, iova + 8) != pa + 8)
			return wrong(job, "0x%" PRIx64 " is mapped to somewhere else",
				     iova);
	}
	return true;
}

static bool unmap(struct job *job)
{
	uint64_t bytes = iommu_unmap(job->domain, job->iova, job->size);

	if (bytes != job->size)
		return wrong(job, "unmap took away 0x%" PRIx64 " of 0x%" PRIx64 " bytes",
			     bytes, job->size);
	return true;
}

/* FW-8: what firmware wants mapped one to one is so in the default domain. */
static bool check_direct(struct job *job)
{
	const struct smmu_fw_master *node = job->m->hw->node;

	for (size_t i = 0; node && i < node->nresv; i++) {
		const struct smmu_fw_resv *r = &node->resv[i];

		if (r->direct && iommu_iova_to_phys(job->domain, r->iova) != r->iova)
			return wrong(job, "0x%" PRIx64 " is not mapped one to one",
				     r->iova);
	}
	return true;
}

/* ---- Jobs -------------------------------------------------------------------------- */

static bool mine(const struct job *job, size_t stream)
{
	return job->m->hw->streams[stream].smmu == job->row->smmu;
}

static bool each_stream(struct job *job, bool (*fn)(struct job *job, size_t stream))
{
	bool ok = true;

	for (size_t i = 0; i < job->m->hw->nstreams; i++)
		if (mine(job, i))
			ok = fn(job, i) && ok;
	return ok;
}

static void translated(struct job *job)
{
	bool ok = job->row->domain != RUN_DMA || check_direct(job);
	unsigned stages;

	if (!map(job)) {
		if (job->mapped)
			(void)iommu_unmap(job->domain, job->iova, job->mapped);
		return;
	}
	ok = each_stream(job, transfer) && ok;
	stages = job->row->domain == RUN_S2 || !job->smmu->info.stage1 ? 2 : 1;
	job->row->stages = job->smmu->stages;
	if (ok && job->row->stages != stages)
		ok = wrong(job, "stages walked: %s%s, expected stage %u",
			   job->row->stages & 1 ? "1" : "",
			   job->row->stages & 2 ? "2" : "", stages);
	if (unmap(job) && ok)
		each_stream(job, out_of_reach);
}

/* Whether DMA at physical addresses reaches memory, or nothing does. */
static void untranslated(struct job *job)
{
	bool open = job->row->domain == RUN_IDENTITY || job->row->smmu < 0;

	each_stream(job, open ? transfer : shut_out);
}

static bool prepare(struct job *job)
{
	int err;

	job->pgsize = job->domain
			      ? job->domain->pgsize_bitmap & -job->domain->pgsize_bitmap
			      : 4096;
	job->pages = job->run->options->pages;
	job->size = job->pages * job->pgsize;
	job->buf = malloc(job->size);
	err = run_memory_alloc(&job->run->platform.memory, job->size, job->pgsize,
			       &job->ram);
	if (err || !job->buf)
		return wrong(job, "no memory for a transfer of 0x%" PRIx64 " bytes",
			     job->size);
	return true;
}

static struct run_row *add_row(struct run *run)
{
	if (run->nrows == run->rows_room) {
		size_t room = run->rows_room ? 2 * run->rows_room : 64;
		struct run_row *more = realloc(run->rows, room * sizeof(*more));

		if (!more)
			return NULL;
		run->rows = more;
		run->rows_room = room;
	}
	return &run->rows[run->nrows++];
}

/* One row: the streams of this master at one SMMU (-1: at none). */
static void one_smmu(struct run *run, size_t master, enum run_domain kind,
		     struct iommu_domain *domain, int smmu)
{
	struct job job = { .run = run,
			   .m = &run->masters[master],
			   .domain = domain,
			   .seed = master + 1 };

	job.row = add_row(run);
	if (!job.row) {
		run_unexpected(run, "no memory for the report");
		return;
	}
	*job.row = (struct run_row){
		.master = master, .smmu = smmu, .domain = kind, .ok = true
	};
	if (smmu >= 0) {
		job.smmu = &run->smmus[smmu];
		run_smmu_watch(job.smmu);
	}
	if (smmu < 0)
		(void)snprintf(job.row->note, sizeof(job.row->note),
			       "no SMMUv3 in its way");
	else if (kind == RUN_NONE)
		(void)snprintf(job.row->note, sizeof(job.row->note),
			       "not translated here, so shut out");
	if (prepare(&job)) {
		if (domain)
			translated(&job);
		else
			untranslated(&job);
	}
	if (job.smmu)
		run_smmu_unwatch(job.smmu);
	run_memory_free(&run->platform.memory, &job.ram);
	free(job.buf);
}

/* Nothing to do for the streams at this SMMU, and why. */
static void left_out(struct run *run, size_t master, int smmu)
{
	const struct run_master *m = &run->masters[master];
	struct run_row *row = add_row(run);

	if (!row)
		return;
	*row = (struct run_row){
		.master = master, .smmu = smmu, .domain = RUN_NONE, .ok = true
	};
	if (!run->smmus[smmu].driver)
		(void)snprintf(row->note, sizeof(row->note), "its SMMU has no driver");
	else
		(void)snprintf(row->note, sizeof(row->note), "shares a stream with %.90s",
			       m->no_own);
}

static bool seen_before(const struct smmu_machine_master *hw, size_t stream)
{
	for (size_t i = 0; i < stream; i++)
		if (hw->streams[i].smmu == hw->streams[stream].smmu)
			return true;
	return false;
}

void run_job(struct run *run, size_t master, enum run_domain kind,
	     struct iommu_domain *domain)
{
	const struct run_master *m = &run->masters[master];

	if (kind != RUN_NONE) {
		one_smmu(run, master, kind, domain, m->smmu);
		return;
	}
	/* Streams at an SMMU that does not translate for this master. */
	for (size_t i = 0; i < m->hw->nstreams; i++) {
		int smmu = m->hw->streams[i].smmu;

		if (seen_before(m->hw, i) || (smmu == m->smmu && smmu >= 0))
			continue;
		if (smmu >= 0 && (m->no_own || !run->smmus[smmu].driver))
			left_out(run, master, smmu);
		else
			one_smmu(run, master, RUN_NONE, NULL, smmu);
	}
}
