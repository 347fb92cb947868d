/* SPDX-License-Identifier: MIT */
/*
 * The machine as the driver sees it: registers and memory through the bus,
 * interrupts from its wires and doorbell, time from the host.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/run.h"

enum { MAX_WIRES = 3 };

/* One handler; a combined interrupt listens to several wires. */
struct run_irq {
	struct run_irq *next;
	char name[64];
	iommu_irq_fn fn;
	void *arg;
	struct smmu_bus *bus;
	char wires[MAX_WIRES][64];
	unsigned nwires;
	uint32_t msi; /* its message; 0: it is wired */
};

uint64_t run_now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* ---- Registers: an abort reads as ones, and is remembered ------------------------- */

static uint32_t read32(void *ctx, uint64_t pa)
{
	struct run_platform *p = ctx;
	uint32_t v = UINT32_MAX;

	p->aborts += smmu_bus_read32(p->bus, pa, &v, NULL) != 0;
	return v;
}

static uint64_t read64(void *ctx, uint64_t pa)
{
	struct run_platform *p = ctx;
	uint64_t v = UINT64_MAX;

	p->aborts += smmu_bus_read64(p->bus, pa, &v, NULL) != 0;
	return v;
}

static void write32(void *ctx, uint64_t pa, uint32_t value)
{
	struct run_platform *p = ctx;

	p->aborts += smmu_bus_write32(p->bus, pa, value, NULL) != 0;
}

static void write64(void *ctx, uint64_t pa, uint64_t value)
{
	struct run_platform *p = ctx;

	p->aborts += smmu_bus_write64(p->bus, pa, value, NULL) != 0;
}

/* ---- Memory ------------------------------------------------------------------------ */

static int dma_alloc(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem)
{
	struct run_platform *p = ctx;

	return run_memory_alloc(&p->memory, size, align, mem);
}

static void dma_free(void *ctx, const struct iommu_dma *mem)
{
	struct run_platform *p = ctx;

	run_memory_free(&p->memory, mem);
}

static void *phys_to_virt(void *ctx, uint64_t pa, uint64_t len)
{
	struct run_platform *p = ctx;

	return smmu_bus_ptr(p->bus, pa, len);
}

/* ---- Interrupts -------------------------------------------------------------------- */

static void on_wire(void *ctx, const char *name)
{
	const struct run_irq *irq = ctx;

	(void)name;
	irq->fn(irq->arg);
}

void run_platform_msi(void *ctx, uint64_t pa, uint32_t data, const struct smmu_attr *attr)
{
	const struct run_platform *p = ctx;

	(void)pa;
	(void)attr;
	for (const struct run_irq *irq = p->irqs; irq; irq = irq->next) {
		if (irq->msi && irq->msi == data) {
			irq->fn(irq->arg);
			return;
		}
	}
}

static struct run_irq *irq_create(struct run_platform *p, const char *name,
				  iommu_irq_fn fn, void *arg)
{
	struct run_irq *irq = calloc(1, sizeof(*irq));

	if (!irq)
		return NULL;
	(void)snprintf(irq->name, sizeof(irq->name), "%s", name);
	irq->fn = fn;
	irq->arg = arg;
	irq->bus = p->bus;
	irq->next = p->irqs;
	p->irqs = irq;
	return irq;
}

static void irq_free(void *ctx, const char *name)
{
	struct run_platform *p = ctx;
	struct run_irq **at = &p->irqs, *irq;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	irq = *at;
	if (!irq)
		return;
	for (unsigned i = 0; i < irq->nwires; i++)
		(void)smmu_bus_listen(p->bus, irq->wires[i], NULL, NULL);
	*at = irq->next;
	free(irq);
}

static int listen_to(struct run_irq *irq, const char *prefix, size_t len,
		     const char *wire)
{
	char *name = irq->wires[irq->nwires];
	int err;

	(void)snprintf(name, sizeof(irq->wires[0]), "%.*s%s", (int)len, prefix, wire);
	err = smmu_bus_listen(irq->bus, name, on_wire, irq);
	irq->nwires += !err;
	return err;
}

/* "iommu@1000.eventq" is a wire; of "iommu@1000.combined" the three are ORed. */
static int irq_request(void *ctx, const char *name, iommu_irq_fn fn, void *arg)
{
	static const char *const each[MAX_WIRES] = { "eventq", "priq", "gerror" };
	struct run_platform *p = ctx;
	const char *dot = strrchr(name, '.');
	struct run_irq *irq;
	int err = 0;

	if (!dot || strlen(name) >= sizeof(irq->name))
		return -ENOENT;
	irq = irq_create(p, name, fn, arg);
	if (!irq)
		return -ENOMEM;
	if (strcmp(dot + 1, "combined") != 0) {
		err = listen_to(irq, name, strlen(name), "");
	} else {
		for (unsigned i = 0; !err && i < MAX_WIRES; i++)
			err = listen_to(irq, name, (size_t)(dot + 1 - name), each[i]);
	}
	if (err)
		irq_free(p, name);
	return err;
}

static int msi_request(void *ctx, const char *name, iommu_irq_fn fn, void *arg,
		       struct iommu_msi *msi)
{
	struct run_platform *p = ctx;
	struct run_irq *irq;

	if (!p->doorbell)
		return -ENOENT;
	irq = irq_create(p, name, fn, arg);
	if (!irq)
		return -ENOMEM;
	irq->msi = ++p->last_msi;
	*msi = (struct iommu_msi){ .pa = p->doorbell, .data = irq->msi };
	return 0;
}

/* ---- Time and messages ------------------------------------------------------------- */

static uint64_t time_us(void *ctx)
{
	(void)ctx;
	return run_now_ns() / 1000;
}

static void log_message(void *ctx, enum iommu_msg_level level, const char *message)
{
	const struct run_platform *p = ctx;

	if (level == IOMMU_MSG_ERROR || (p->verbose && level != IOMMU_MSG_DEBUG))
		cli_complain("%s", message);
}

static const struct iommu_platform_ops ops = {
	.read32 = read32,
	.read64 = read64,
	.write32 = write32,
	.write64 = write64,
	.dma_alloc = dma_alloc,
	.dma_free = dma_free,
	.phys_to_virt = phys_to_virt,
	.irq_request = irq_request,
	.irq_free = irq_free,
	.msi_request = msi_request,
	.time_us = time_us,
	.log = log_message,
};

struct iommu_platform run_platform(struct run_platform *platform)
{
	return (struct iommu_platform){ .ops = &ops, .ctx = platform };
}

void run_platform_destroy(struct run_platform *platform)
{
	while (platform->irqs)
		irq_free(platform, platform->irqs->name);
	run_memory_destroy(&platform->memory);
}
