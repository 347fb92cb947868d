/* SPDX-License-Identifier: MIT */
/*
 * Wires: named, edge-triggered, counted. The set of wires and the listeners ever
 * connected are kept under the bus's lock; a pulse takes none.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "bus/region.h"

#define WIRE_NAME_MAX 63u

/* Function and context as one pointer, so that a pulse never sees a mixed pair. */
struct listener {
	smmu_wire_fn fn;
	void *ctx;
	struct listener *next;
};

struct smmu_wire {
	_Atomic uint64_t pulses;
	_Atomic(const struct listener *) listener; /* NULL: nobody listens */
	struct listener *known; /* kept until the bus goes: a pulse may hold one */
	struct smmu_wire *next;
	char name[WIRE_NAME_MAX + 1];
};

void bus_free_wires(struct smmu_bus *bus)
{
	while (bus->wires) {
		struct smmu_wire *wire = bus->wires;

		bus->wires = wire->next;
		while (wire->known) {
			struct listener *listener = wire->known;

			wire->known = listener->next;
			free(listener);
		}
		free(wire);
	}
}

static struct smmu_wire *wire_new(const char *name)
{
	struct smmu_wire *wire = calloc(1, sizeof(*wire));

	if (!wire)
		return NULL;
	atomic_init(&wire->pulses, 0);
	atomic_init(&wire->listener, NULL);
	memcpy(wire->name, name, strlen(name));
	return wire;
}

static bool name_is_good(const char *name)
{
	size_t len = name ? strnlen(name, WIRE_NAME_MAX + 1) : 0;

	return len >= 1 && len <= WIRE_NAME_MAX;
}

struct smmu_wire *smmu_bus_wire(struct smmu_bus *bus, const char *name)
{
	struct smmu_wire *wire;

	if (!bus || !name_is_good(name))
		return NULL;
	pthread_mutex_lock(&bus->wire_lock);
	for (wire = bus->wires; wire; wire = wire->next)
		if (strcmp(wire->name, name) == 0)
			break;
	if (!wire) {
		wire = wire_new(name);
		if (wire) {
			wire->next = bus->wires;
			bus->wires = wire;
		}
	}
	pthread_mutex_unlock(&bus->wire_lock);
	return wire;
}

/*
 * The wire's record of that pair. Records are shared by equal pairs, so that
 * connecting and disconnecting for ever does not grow the wire.
 */
static struct listener *know_listener(struct smmu_wire *wire, smmu_wire_fn fn, void *ctx)
{
	struct listener *listener;

	for (listener = wire->known; listener; listener = listener->next)
		if (listener->fn == fn && listener->ctx == ctx)
			return listener;
	listener = malloc(sizeof(*listener));
	if (!listener)
		return NULL;
	*listener = (struct listener){ .fn = fn, .ctx = ctx, .next = wire->known };
	wire->known = listener;
	return listener;
}

int smmu_bus_listen(struct smmu_bus *bus, const char *name, smmu_wire_fn fn, void *ctx)
{
	const struct listener *listener = NULL;
	struct smmu_wire *wire;
	int err = 0;

	if (!bus || !name_is_good(name))
		return -EINVAL;
	wire = smmu_bus_wire(bus, name);
	if (!wire)
		return -ENOMEM;
	pthread_mutex_lock(&bus->wire_lock);
	if (fn)
		listener = know_listener(wire, fn, ctx);
	if (fn && !listener)
		err = -ENOMEM;
	else
		atomic_store_explicit(&wire->listener, listener, memory_order_release);
	pthread_mutex_unlock(&bus->wire_lock);
	return err;
}

void smmu_wire_pulse(struct smmu_wire *wire)
{
	const struct listener *listener;

	if (!wire)
		return;
	/* Release: who sees the count sees what the device wrote before the edge. */
	atomic_fetch_add_explicit(&wire->pulses, 1, memory_order_acq_rel);
	listener = atomic_load_explicit(&wire->listener, memory_order_acquire);
	if (listener)
		listener->fn(listener->ctx, wire->name);
}

uint64_t smmu_wire_pulses(const struct smmu_wire *wire)
{
	return wire ? atomic_load_explicit(&wire->pulses, memory_order_acquire) : 0;
}
