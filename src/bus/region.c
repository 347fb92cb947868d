/* SPDX-License-Identifier: MIT */
/* The address map: what is where, and who owns the memory behind it. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "bus/region.h"

#define RAM_GRANULE	 4096u
#define CALLBACK_GRANULE 4u
#define HOST_ALIGN	 8u

static void region_free(struct region *region)
{
	if (region->mapped)
		munmap(region->host, (size_t)(region->last - region->base) + 1);
	pthread_mutex_destroy(&region->cas_lock);
	free(region);
}

struct smmu_bus *smmu_bus_create(void)
{
	struct smmu_bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return NULL;
	if (pthread_mutex_init(&bus->wire_lock, NULL)) {
		free(bus);
		return NULL;
	}
	return bus;
}

void smmu_bus_destroy(struct smmu_bus *bus)
{
	if (!bus)
		return;
	for (size_t i = 0; i < bus->nr_regions; i++)
		region_free(bus->region[i]);
	free(bus->region);
	bus_free_wires(bus);
	pthread_mutex_destroy(&bus->wire_lock);
	free(bus);
}

/* How many regions end below pa: the index of the one that holds it, if any. */
static size_t regions_below(const struct smmu_bus *bus, uint64_t pa)
{
	size_t low = 0, high = bus->nr_regions;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (bus->region[mid]->last < pa)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct region *bus_find(const struct smmu_bus *bus, uint64_t pa)
{
	size_t at = regions_below(bus, pa);

	if (at == bus->nr_regions || bus->region[at]->base > pa)
		return NULL;
	return bus->region[at];
}

unsigned char *bus_ram_search(const struct smmu_bus *bus, uint64_t pa, uint64_t len)
{
	struct region *region = bus_find(bus, pa);

	if (!region || region->kind != REGION_RAM || len - 1 > region->last - pa)
		return NULL;
	return region->host + (pa - region->base);
}

static int check_range(const struct smmu_bus *bus, uint64_t pa, uint64_t size,
		       uint64_t granule)
{
	size_t at;

	if (!bus || size == 0 || (pa | size) & (granule - 1) ||
	    size - 1 > UINT64_MAX - pa)
		return -EINVAL;
	at = regions_below(bus, pa);
	if (at < bus->nr_regions && bus->region[at]->base <= pa + (size - 1))
		return -EEXIST;
	return 0;
}

/*
 * Recursive, because a callback is the harness's code: a device whose register
 * write makes it compare-and-swap in its own window must not hang the process.
 */
static int init_cas_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;
	int err;

	if (pthread_mutexattr_init(&attr))
		return -ENOMEM;
	err = pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	if (!err)
		err = pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return err ? -ENOMEM : 0;
}

static struct region *region_new(uint64_t pa, uint64_t size, enum region_kind kind,
				 void *ctx)
{
	struct region *region = calloc(1, sizeof(*region));

	if (!region)
		return NULL;
	if (init_cas_lock(&region->cas_lock)) {
		free(region);
		return NULL;
	}
	region->base = pa;
	region->last = pa + (size - 1);
	region->kind = kind;
	region->ctx = ctx;
	return region;
}

/* Makes room for one more, so that insert() cannot fail. */
static int reserve(struct smmu_bus *bus)
{
	size_t max = bus->max_regions ? 2 * bus->max_regions : 16;
	struct region **grown;

	if (bus->nr_regions < bus->max_regions)
		return 0;
	grown = realloc(bus->region, max * sizeof(struct region *));
	if (!grown)
		return -ENOMEM;
	bus->region = grown;
	bus->max_regions = max;
	return 0;
}

static void insert(struct smmu_bus *bus, struct region *region)
{
	size_t at = regions_below(bus, region->base);

	for (size_t i = bus->nr_regions; i > at; i--)
		bus->region[i] = bus->region[i - 1];
	bus->region[at] = region;
	bus->nr_regions++;
}

static void insert_bank(struct smmu_bus *bus, const struct region *region)
{
	if (bus->nr_banks == BUS_FAST_BANKS) {
		bus->more_banks = true;
		return;
	}
	bus->bank[bus->nr_banks++] = (struct bank){
		.base = region->base,
		.size = region->last - region->base + 1,
		.host = region->host,
	};
}

/*
 * The kernel's zero page stands behind what was never written, and NORESERVE
 * keeps an emulated 64 GB from being counted against the host's memory.
 */
static int map_ram(struct region *region, uint64_t size)
{
	void *host;

	if (size > SIZE_MAX)
		return -ENOMEM;
	host = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host == MAP_FAILED)
		return -ENOMEM;
	region->host = host;
	region->mapped = true;
	return 0;
}

int smmu_bus_add_ram(struct smmu_bus *bus, uint64_t pa, uint64_t size, void *host)
{
	struct region *region;
	int err = check_range(bus, pa, size, RAM_GRANULE);

	if (err)
		return err;
	if (host && ((uintptr_t)host & (HOST_ALIGN - 1) ||
		     size - 1 > UINTPTR_MAX - (uintptr_t)host))
		return -EINVAL;
	err = reserve(bus);
	if (err)
		return err;
	region = region_new(pa, size, REGION_RAM, NULL);
	if (!region)
		return -ENOMEM;
	region->host = host;
	if (!host)
		err = map_ram(region, size);
	if (err) {
		region_free(region);
		return err;
	}
	insert(bus, region);
	insert_bank(bus, region);
	return 0;
}

/* A region of callbacks, checked but not yet inserted. */
static int add_callback(struct smmu_bus *bus, const struct region *model, uint64_t size)
{
	struct region *region;
	int err = check_range(bus, model->base, size, CALLBACK_GRANULE);

	if (!err)
		err = reserve(bus);
	if (err)
		return err;
	region = region_new(model->base, size, model->kind, model->ctx);
	if (!region)
		return -ENOMEM;
	region->ops = model->ops;
	region->msi = model->msi;
	insert(bus, region);
	return 0;
}

int smmu_bus_add_region(struct smmu_bus *bus, uint64_t pa, uint64_t size,
			const struct smmu_mem_ops *ops, void *ctx)
{
	if (!ops || !ops->read || !ops->write)
		return -EINVAL;
	return add_callback(
		bus,
		&(struct region){
			.base = pa, .kind = REGION_CALLBACK, .ctx = ctx, .ops = *ops },
		size);
}

int smmu_bus_add_doorbell(struct smmu_bus *bus, uint64_t pa, uint64_t size,
			  smmu_msi_fn fn, void *ctx)
{
	if (!fn)
		return -EINVAL;
	return add_callback(
		bus,
		&(struct region){
			.base = pa, .kind = REGION_DOORBELL, .ctx = ctx, .msi = fn },
		size);
}

void *smmu_bus_ptr(struct smmu_bus *bus, uint64_t pa, uint64_t len)
{
	if (!bus || !len)
		return NULL;
	return bus_ram(bus, pa, len);
}

bool smmu_bus_ram(const struct smmu_bus *bus, uint64_t pa, struct smmu_bus_ram *ram)
{
	const struct region *region = bus && ram ? bus_find(bus, pa) : NULL;

	if (!region || region->kind != REGION_RAM)
		return false;
	*ram = (struct smmu_bus_ram){ region->base, region->last - region->base + 1,
				      region->host };
	return true;
}

bool smmu_bus_next(const struct smmu_bus *bus, uint64_t pa, struct smmu_bus_range *range)
{
	static const enum smmu_bus_kind kinds[] = {
		[REGION_RAM] = SMMU_BUS_RAM,
		[REGION_CALLBACK] = SMMU_BUS_DEVICE,
		[REGION_DOORBELL] = SMMU_BUS_DOORBELL,
	};
	const struct region *region;
	size_t at;

	if (!bus || !range)
		return false;
	at = regions_below(bus, pa);
	if (at == bus->nr_regions)
		return false;
	region = bus->region[at];
	*range = (struct smmu_bus_range){ region->base, region->last,
					  kinds[region->kind] };
	return true;
}
