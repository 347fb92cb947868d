/* SPDX-License-Identifier: MIT */
/*
 * What a device of a guest does. Its address (GVA) is the guest's driver's to map onto
 * guest memory (GPA), which is host memory (PA): data is compared there, and so is the
 * address that left the host's SMMU. What must fault does, and who hears of it is whose
 * stage it was: the guest of its own, the host of the other.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/decode.h>
#include "cli/guest.h"

struct job {
	struct guest *g;
	struct guest_device *d;
	struct run_smmu *host;	     /* the SMMU that translates */
	struct iommu_domain *domain; /* the guest's */
	struct iommu_dma ram;	     /* the guest's: pa is a GPA */
	uint8_t *buf, *expected;
	uint64_t gva, size, pages;
	uint64_t seed;
};

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
	if (job->d->ok)
		(void)snprintf(job->d->note, sizeof(job->d->note), "%.100s", text);
	job->d->ok = false;
	run_unexpected(&job->g->all->run, "%s: %s: %s", job->g->name,
		       job->g->all->run.masters[job->d->master].hw->name, text);
	return false;
}

/* ---- Watching ---- */

/* Whose stage 2 it is, is in the STE that the hardware uses. */
static void on_trace(void *ctx, const struct smmu_trace *trace)
{
	struct guest_device *d = ctx;

	if ((trace->kind == SMMU_TRACE_STE_FETCH || trace->kind == SMMU_TRACE_STE_HIT) &&
	    trace->sid == d->sid)
		d->vmid = (int)smmu_get(trace->dw, SMMU_STE_S2VMID);
}

static uint64_t events_of_others(const struct guest *g)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < g->all->n; i++)
		if (&g->all->guest[i] != g)
			n += g->all->guest[i].all_events;
	return n;
}

/* What waits for any guest is taken to it: another's would be seen there. */
static void pump(const struct job *job)
{
	run_smmu_poll(job->host);
	for (unsigned i = 0; i < job->g->all->n; i++)
		(void)vmm_guest_pump(job->g->all->guest[i].vmm);
}

static size_t stage2_events(const struct run_smmu *host)
{
	size_t n = 0;

	for (size_t i = 0; i < host->nevents && i < RUN_EVENTS; i++)
		n += host->events[i].stage2;
	return n;
}

/* ---- Data ---- */

static void pattern(struct job *job, uint8_t *out)
{
	uint64_t x = ++job->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (uint64_t i = 0; i < job->size; i += 8) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(out + i, &x, 8);
	}
}

/* Page k of the device is at the page that far from the end, so that one wrong shows. */
static uint64_t ram_page(const struct job *job, uint64_t k)
{
	return (job->pages - 1 - k) * GUEST_PAGE;
}

/* The host's own view of the guest's page, not the guest's. */
static uint8_t *host_page(const struct job *job, uint64_t k)
{
	uint64_t gpa = job->ram.pa + ram_page(job, k);
	struct vmm_config cfg;

	vmm_config_init(&cfg);
	return (uint8_t *)job->g->ram.cpu + (gpa - cfg.ram_base);
}

static int dma(const struct job *job, uint8_t op, uint64_t gva, void *buf, uint64_t len,
	       struct smmu_result *result)
{
	const struct smmu_endpoint_dma what = {
		.op = op, .addr = gva, .buf = buf, .len = len
	};

	return smmu_endpoint_dma(job->g->all->run.masters[job->d->master].hw->endpoint,
				 &what, result, NULL);
}

static const char *ended(const struct smmu_result *r)
{
	return r->event ? smmu_event_name(r->event) : "no event";
}

/* One page at a time, so that each one's output address is seen. */
static bool move(struct job *job, uint8_t op)
{
	for (uint64_t k = 0; k < job->pages; k++) {
		uint64_t gva = job->gva + k * GUEST_PAGE;
		uint64_t pa = job->g->ram.pa +
			      (uint64_t)(host_page(job, k) - (uint8_t *)job->g->ram.cpu);
		struct smmu_result r = { .status = SMMU_ABORT };
		int err = dma(job, op, gva, job->buf + k * GUEST_PAGE, GUEST_PAGE, &r);

		if (err) {
			job->d->faults++;
			return wrong(job, "%s of 0x%" PRIx64 ": %s",
				     op == SMMU_READ ? "read" : "write", gva, ended(&r));
		}
		if (r.pa != pa)
			return wrong(job,
				     "0x%" PRIx64 " went to 0x%" PRIx64
				     ", it should have gone to 0x%" PRIx64,
				     gva, r.pa, pa);
		job->d->bytes += GUEST_PAGE;
	}
	return true;
}

static bool transfer(struct job *job)
{
	pattern(job, job->expected);
	for (uint64_t k = 0; k < job->pages; k++)
		memcpy(host_page(job, k), job->expected + k * GUEST_PAGE, GUEST_PAGE);
	memset(job->buf, 0, job->size);
	if (!move(job, SMMU_READ))
		return false;
	if (memcmp(job->buf, job->expected, job->size) != 0)
		return wrong(job, "the device read other bytes than memory has");
	pattern(job, job->buf);
	if (!move(job, SMMU_WRITE))
		return false;
	for (uint64_t k = 0; k < job->pages; k++)
		if (memcmp(host_page(job, k), job->buf + k * GUEST_PAGE, GUEST_PAGE) != 0)
			return wrong(job, "the device wrote other bytes than memory has");
	return true;
}

/* ---- Faults ---- */

static bool attempt(struct job *job, uint8_t op, uint64_t gva, uint8_t event)
{
	uint64_t word = UINT64_C(0xdeadbeefdeadbeef);
	struct smmu_result r = { .status = SMMU_OK };

	job->g->nevents = 0;
	job->host->nevents = 0;
	if (!dma(job, op, gva, &word, sizeof(word), &r))
		return wrong(job,
			     "%s of 0x%" PRIx64 " went through, it should have faulted",
			     op == SMMU_READ ? "read" : "write", gva);
	job->d->faults++;
	if (r.event != event)
		return wrong(job, "0x%" PRIx64 " ended as %s, not as %s", gva, ended(&r),
			     smmu_event_name(event));
	pump(job);
	return true;
}

/* The guest's driver reads it, with the guest's StreamID, as of its own stage. */
static bool guest_hears(struct job *job, uint8_t op, uint64_t gva, uint8_t event)
{
	const struct arm_smmu_event *e = &job->g->events[0];

	if (!attempt(job, op, gva, event))
		return false;
	job->d->delivered += job->g->nevents;
	if (job->g->nevents != 1)
		return wrong(job, "one %s, but the guest's driver read %zu events",
			     smmu_event_name(event), job->g->nevents);
	if (e->id != event || e->sid != job->d->vsid || e->iova != gva ||
	    e->read != (op == SMMU_READ) || e->stage2 || e->dev != job->d->dev)
		return wrong(job,
			     "the guest's driver read %s of stream 0x%x at 0x%" PRIx64
			     ", stage %d; expected %s of 0x%x at 0x%" PRIx64 ", stage 1",
			     e->name, e->sid, e->iova, e->stage2 ? 2 : 1,
			     smmu_event_name(event), job->d->vsid, gva);
	return true;
}

/* The guest has mapped what it does not have: the host's driver reads it, no guest does.
 */
static bool host_hears(struct job *job, uint8_t op, uint64_t gva)
{
	size_t n;

	if (!attempt(job, op, gva, SMMU_EVT_F_TRANSLATION))
		return false;
	n = stage2_events(job->host);
	job->d->host_faults += n;
	if (n != 1)
		return wrong(job, "one fault of stage 2, but the host's driver read %zu",
			     n);
	if (job->g->nevents)
		return wrong(job, "a fault of stage 2 came to the guest as %s",
			     job->g->events[0].name);
	return true;
}

/* ---- Mapping ---- */

static bool map_page(struct job *job, uint64_t k, uint64_t gpa, unsigned prot)
{
	int err = iommu_map(job->domain, job->gva + k * GUEST_PAGE, gpa, GUEST_PAGE,
			    prot | IOMMU_CACHE);

	return !err || wrong(job, "the guest cannot map 0x%" PRIx64 ": %s",
			     job->gva + k * GUEST_PAGE, strerror(-err));
}

static bool unmap(struct job *job, uint64_t k, uint64_t pages)
{
	uint64_t bytes =
		iommu_unmap(job->domain, job->gva + k * GUEST_PAGE, pages * GUEST_PAGE);

	return bytes == pages * GUEST_PAGE ||
	       wrong(job,
		     "the guest's unmap took away 0x%" PRIx64 " of 0x%" PRIx64 " bytes",
		     bytes, pages * GUEST_PAGE);
}

/* The first page again, as the guest likes it; each time a fault of its own kind. */
static bool misuse(struct job *job)
{
	struct vmm_config cfg;
	uint64_t nowhere;
	bool ok;

	vmm_config_init(&cfg);
	nowhere = cfg.ram_base + job->g->ram.size + 0x5000;
	ok = map_page(job, 0, job->ram.pa, IOMMU_READ) &&
	     guest_hears(job, SMMU_WRITE, job->gva, SMMU_EVT_F_PERMISSION);
	ok = unmap(job, 0, 1) && ok;
	ok = ok && map_page(job, 0, nowhere, IOMMU_READ | IOMMU_WRITE) &&
	     host_hears(job, SMMU_WRITE, job->gva);
	return unmap(job, 0, 1) && ok;
}

static bool one_round(struct job *job)
{
	uint64_t last = job->gva + job->size - 8;
	bool ok = true;

	for (uint64_t k = 0; k < job->pages && ok; k++)
		ok = map_page(job, k, job->ram.pa + ram_page(job, k),
			      IOMMU_READ | IOMMU_WRITE);
	ok = ok && transfer(job);
	ok = unmap(job, 0, job->pages) && ok;
	return ok && guest_hears(job, SMMU_READ, job->gva, SMMU_EVT_F_TRANSLATION) &&
	       guest_hears(job, SMMU_WRITE, last, SMMU_EVT_F_TRANSLATION) && misuse(job);
}

/* ---- Jobs ---- */

static bool prepare(struct job *job)
{
	int err;

	job->pages = job->g->all->options->host.pages;
	job->size = job->pages * GUEST_PAGE;
	job->domain = iommu_get_domain_for_dev(job->d->dev);
	if (!job->domain || job->domain->type != IOMMU_DOMAIN_DMA)
		return wrong(job, "the guest's default domain is not for DMA");
	job->buf = malloc(job->size);
	job->expected = malloc(job->size);
	err = run_memory_alloc(&job->g->platform.memory, job->size, GUEST_PAGE,
			       &job->ram);
	if (err || !job->buf || !job->expected)
		return wrong(job, "no memory for a transfer of 0x%" PRIx64 " bytes",
			     job->size);
	err = run_pick_iova(job->domain, job->d->dev, job->size, &job->gva);
	return !err || wrong(job, "no free address: %s", strerror(-err));
}

void guest_job(struct guest *g, struct guest_device *d)
{
	struct job job = { .g = g,
			   .d = d,
			   .host = &g->all->run.smmus[g->smmu],
			   .seed = (uint64_t)(d - g->devices) << 32 | (uint64_t)g->index
									      << 48 };
	uint64_t others = events_of_others(g);
	struct vmm_stats before, after;

	vmm_guest_stats(g->vmm, &before);
	run_smmu_watch(job.host);
	smmu_set_trace(job.host->hw->smmu, on_trace, d);
	if (prepare(&job))
		for (uint64_t i = 0; i < g->all->options->rounds && d->ok; i++)
			(void)one_round(&job);
	run_smmu_unwatch(job.host);
	vmm_guest_stats(g->vmm, &after);
	d->forwarded = after.forwarded - before.forwarded;
	if (events_of_others(g) != others)
		(void)wrong(&job, "another guest read an event meanwhile");
	run_memory_free(&g->platform.memory, &job.ram);
	free(job.buf);
	free(job.expected);
}
