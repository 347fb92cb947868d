/* SPDX-License-Identifier: MIT */
/* A guest from its making to its end: the objects behind it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/iommufd_smmuv3.h>
#include "vmm/vmm.h"

#define PAGE	   IOMMUFD_PAGE_SIZE
#define WINDOW	   UINT64_C(0x10000)
#define MAX_WINDOW UINT64_C(0x20000) /* pages 0 and 1: there is nothing more to ours */

int vmm_fail(char *why, size_t n, int err, const char *fmt, ...)
{
	va_list ap;

	if (!why)
		return err;
	va_start(ap, fmt);
	(void)vsnprintf(why, n, fmt, ap);
	va_end(ap);
	return err;
}

void vmm_config_init(struct vmm_config *config)
{
	*config = (struct vmm_config){
		.size = sizeof(*config),
		.ram_base = UINT64_C(0x40000000),
		.smmu_base = UINT64_C(0x09050000),
		.sid_bits = 16,
		.queue_bits = 10,
		.event_depth = 1024,
	};
}

/* ---- what is asked for ---- */

static int check_numbers(const struct vmm_config *c, char *why, size_t n)
{
	const struct {
		const char *name;
		uint64_t value, lo, hi;
	} rules[] = {
		{ "sid_bits", c->sid_bits, 1, 32 },
		{ "queue_bits", c->queue_bits, 1, 19 },
		{ "event_depth", c->event_depth, 1, UINT32_MAX },
		{ "num_devices", c->num_devices, 1, UINT32_MAX },
		{ "host_pa modulo 4096", c->host_pa % PAGE, 0, 0 },
		{ "ram_base modulo 4096", c->ram_base % PAGE, 0, 0 },
		{ "ram_size modulo 4096", c->ram_size % PAGE, 0, 0 },
		{ "ram_size", c->ram_size, PAGE, UINT64_MAX - c->ram_base },
		{ "smmu_base modulo 65536", c->smmu_base % WINDOW, 0, 0 },
		{ "smmu_base", c->smmu_base, 0, UINT64_MAX - MAX_WINDOW },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].value < rules[i].lo || rules[i].value > rules[i].hi)
			return vmm_fail(why, n, -EINVAL,
					"%s = 0x%llx; legal: 0x%llx to 0x%llx",
					rules[i].name, (unsigned long long)rules[i].value,
					(unsigned long long)rules[i].lo,
					(unsigned long long)rules[i].hi);
	return 0;
}

static int check_devices(const struct vmm_config *c, char *why, size_t n)
{
	for (size_t i = 0; i < c->num_devices; i++) {
		const struct vmm_device *d = &c->devices[i];

		if (!d->dev)
			return vmm_fail(why, n, -EINVAL, "device %zu: there is none", i);
		if (c->sid_bits < 32 && d->vsid >> c->sid_bits != 0)
			return vmm_fail(why, n, -EINVAL,
					"%s: vsid = 0x%x; legal: up to %u bits",
					iommu_dev_name(d->dev), d->vsid, c->sid_bits);
		for (size_t j = 0; j < i; j++)
			if (c->devices[j].vsid == d->vsid)
				return vmm_fail(why, n, -EINVAL,
						"%s: vsid = 0x%x, which %s has",
						iommu_dev_name(d->dev), d->vsid,
						iommu_dev_name(c->devices[j].dev));
	}
	return 0;
}

static int check(const struct vmm_config *c, char *why, size_t n)
{
	int err;

	if (!c || c->size != sizeof(*c))
		return vmm_fail(why, n, -EINVAL, "size: call vmm_config_init()");
	if (!c->host_bus || !c->devices)
		return vmm_fail(why, n, -EINVAL, "no %s",
				c->host_bus ? "devices" : "host_bus");
	err = check_numbers(c, why, n);
	if (!err)
		err = check_devices(c, why, n);
	if (err)
		return err;
	if (!smmu_bus_ptr(c->host_bus, c->host_pa, c->ram_size))
		return vmm_fail(why, n, -EINVAL,
				"host_pa = 0x%llx: not 0x%llx bytes of RAM of the host",
				(unsigned long long)c->host_pa,
				(unsigned long long)c->ram_size);
	return 0;
}

static int copy(struct vmm_guest *guest, const struct vmm_config *c, char *why, size_t n)
{
	int len = snprintf(guest->name, sizeof(guest->name), "%s",
			   c->name ? c->name : "vsmmu");

	if (len <= 0 || (size_t)len >= sizeof(guest->name))
		return vmm_fail(why, n, -EINVAL, "name: 1 to 47 characters are legal");
	guest->config = *c;
	guest->config.name = guest->name;
	guest->config.devices = NULL;
	guest->ram = smmu_bus_ptr(c->host_bus, c->host_pa, c->ram_size);
	guest->devices = calloc(c->num_devices, sizeof(*guest->devices));
	if (!guest->devices)
		return vmm_fail(why, n, -ENOMEM, "no memory");
	for (size_t i = 0; i < c->num_devices; i++)
		guest->devices[i].device = c->devices[i];
	guest->num_devices = c->num_devices;
	return 0;
}

/* ---- the context, and RAM in it ---- */

/* User addresses are the host process's; of them, the guest's RAM can be used by DMA. */
static int pin(void *ctx, uint64_t uaddr, uint64_t len, bool write, uint64_t *pa,
	       uint64_t *got)
{
	const struct vmm_guest *guest = ctx;
	uint64_t offset = uaddr - (uintptr_t)guest->ram;

	(void)write;
	if (offset >= guest->config.ram_size)
		return -EFAULT;
	*pa = guest->config.host_pa + offset;
	*got = guest->config.ram_size - offset;
	*got = *got < len ? *got : len;
	return 0;
}

static void ready(void *ctx, uint32_t fd)
{
	const struct vmm_guest *guest = ctx;

	(void)fd; /* whichever of them: one call looks at all */
	if (guest->config.ready)
		guest->config.ready(guest->config.ready_ctx);
}

static int make_space(struct vmm_guest *guest, char *why, size_t n)
{
	const struct iommufd_config config = {
		.user = { .pin = pin },
		.user_ctx = guest,
		.ready = ready,
		.ready_ctx = guest,
	};
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.user_va = (uintptr_t)guest->ram,
		.length = guest->config.ram_size,
		.iova = guest->config.ram_base,
	};
	int err = iommufd_ctx_create(&guest->ctx, &config);

	if (!err)
		err = iommufd_ioas_alloc(guest->ctx, &alloc);
	guest->ioas = map.ioas_id = alloc.out_ioas_id;
	if (!err)
		err = iommufd_ioas_map(guest->ctx, &map);
	return err ? vmm_fail(why, n, err, "the guest's RAM cannot be mapped: %s",
			      strerror(-err))
		   : 0;
}

static int bind(struct vmm_guest *guest, char *why, size_t n)
{
	for (size_t i = 0; i < guest->num_devices; i++) {
		struct vmm_assignment *a = &guest->devices[i];
		int err = vmm_bind(guest, a);

		if (err)
			return vmm_fail(why, n, err, "%s: cannot be bound: %s",
					iommu_dev_name(a->device.dev), strerror(-err));
	}
	return 0;
}

/* ---- the vIOMMU ---- */

static int make_parent(struct vmm_guest *guest, char *why, size_t n)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_HWPT_ALLOC_NEST_PARENT,
		.dev_id = guest->devices[0].dev_id,
		.pt_id = guest->ioas,
	};
	int err = iommufd_hwpt_alloc(guest->ctx, &cmd);

	guest->parent = cmd.out_hwpt_id;
	return err ? vmm_fail(why, n, err, "no stage 2 for %s to nest in: %s",
			      iommu_dev_name(guest->devices[0].device.dev),
			      strerror(-err))
		   : 0;
}

static int make_viommu(struct vmm_guest *guest, char *why, size_t n)
{
	struct iommu_viommu_alloc cmd = {
		.size = sizeof(cmd),
		.type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
		.dev_id = guest->devices[0].dev_id,
		.hwpt_id = guest->parent,
	};
	struct iommu_veventq_alloc events = {
		.size = sizeof(events),
		.type = IOMMU_VEVENTQ_TYPE_ARM_SMMUV3,
		.veventq_depth = guest->config.event_depth,
	};
	int err = iommufd_viommu_alloc(guest->ctx, &cmd);

	guest->viommu = events.viommu_id = cmd.out_viommu_id;
	if (!err)
		err = iommufd_veventq_alloc(guest->ctx, &events);
	if (!err)
		err = vmm_stalls_create(guest);
	guest->veventq_id = events.out_veventq_id;
	guest->veventq_fd = events.out_veventq_fd;
	return err ? vmm_fail(why, n, err, "no virtual SMMU for %s: %s",
			      iommu_dev_name(guest->devices[0].device.dev),
			      strerror(-err))
		   : 0;
}

static int name_devices(struct vmm_guest *guest, char *why, size_t n)
{
	for (size_t i = 0; i < guest->num_devices; i++) {
		struct vmm_assignment *a = &guest->devices[i];
		int err = vmm_name(guest, a);

		if (err)
			return vmm_fail(why, n, err, "%s: no vDEVICE of id 0x%x: %s",
					iommu_dev_name(a->device.dev), a->device.vsid,
					strerror(-err));
	}
	return 0;
}

/* As after a reset: SMMUEN is 0, GBPA lets through. */
static int attach(struct vmm_guest *guest, char *why, size_t n)
{
	const struct vmm_regs reset = { .enabled = false };
	int err;

	pthread_mutex_lock(&guest->lock);
	err = vmm_follow_registers(guest, &reset);
	pthread_mutex_unlock(&guest->lock);
	return err ? vmm_fail(why, n, err, "devices cannot be attached: %s",
			      strerror(-err))
		   : 0;
}

/* ---- life ---- */

static int make(struct vmm_guest *guest, char *why, size_t n)
{
	int err = make_space(guest, why, n);

	if (!err)
		err = bind(guest, why, n);
	if (!err)
		err = make_parent(guest, why, n);
	if (!err)
		err = make_viommu(guest, why, n);
	if (!err)
		err = name_devices(guest, why, n);
	if (!err)
		err = vmm_make_smmu(guest, why, n);
	if (!err)
		err = attach(guest, why, n);
	return err;
}

int vmm_guest_create(struct vmm_guest **out, const struct vmm_config *config, char *why,
		     size_t n)
{
	struct vmm_guest *guest;
	int err =
		out ? check(config, why, n) : vmm_fail(why, n, -EINVAL, "guest is NULL");

	if (err)
		return err;
	guest = calloc(1, sizeof(*guest));
	if (!guest)
		return vmm_fail(why, n, -ENOMEM, "no memory");
	(void)pthread_mutex_init(&guest->lock, NULL);
	(void)pthread_mutex_init(&guest->pump_lock, NULL);
	err = copy(guest, config, why, n);
	if (!err)
		err = make(guest, why, n);
	if (err) {
		vmm_guest_destroy(guest);
		return err;
	}
	*out = guest;
	return 0;
}

void vmm_guest_destroy(struct vmm_guest *guest)
{
	if (!guest)
		return;
	/* Devices first: detached, unbound; then nothing speaks of the SMMU any more. */
	iommufd_ctx_destroy(guest->ctx);
	smmu_destroy(guest->smmu);
	smmu_bus_destroy(guest->bus);
	vmm_stalls_destroy(guest);
	free(guest->devices);
	pthread_mutex_destroy(&guest->pump_lock);
	pthread_mutex_destroy(&guest->lock);
	free(guest);
}

/* ---- what it has ---- */

struct smmu_bus *vmm_guest_bus(const struct vmm_guest *guest)
{
	return guest->bus;
}

struct smmu *vmm_guest_smmu(const struct vmm_guest *guest)
{
	return guest->smmu;
}

uint64_t vmm_guest_window(const struct vmm_guest *guest)
{
	return smmu_mmio_size(guest->smmu);
}

void vmm_guest_objects(const struct vmm_guest *guest, struct vmm_objects *objects)
{
	*objects = (struct vmm_objects){
		.ctx = guest->ctx,
		.ioas = guest->ioas,
		.parent = guest->parent,
		.viommu = guest->viommu,
		.veventq = guest->veventq_id,
	};
}

int vmm_guest_assigned(struct vmm_guest *guest, size_t index,
		       struct vmm_assigned *assigned)
{
	int err = -EINVAL;

	pthread_mutex_lock(&guest->lock);
	if (index < guest->num_devices) {
		const struct vmm_assignment *a = &guest->devices[index];

		*assigned = (struct vmm_assigned){
			.dev_id = a->dev_id,
			.vdevice_id = a->vdevice_id,
			.hwpt_id = a->hwpt_id,
			.ste = { a->ste.dw[0], a->ste.dw[1] },
		};
		err = 0;
	}
	pthread_mutex_unlock(&guest->lock);
	return err;
}

void vmm_guest_stats(struct vmm_guest *guest, struct vmm_stats *stats)
{
	pthread_mutex_lock(&guest->lock);
	*stats = guest->stats;
	pthread_mutex_unlock(&guest->lock);
}
