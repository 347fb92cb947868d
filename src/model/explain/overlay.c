/* SPDX-License-Identifier: MIT */
/*
 * A bus over a bus. All of the physical address space is one region of callbacks:
 * reads go through to the machine's RAM, writes stay here, word by word. There are
 * few of them: an update of a descriptor, an event record, an MSI.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/explain/explain.h"

#define SPACE (UINT64_C(1) << 56)

static struct smmu_overlay_word *find(const struct smmu_overlay *o, uint64_t pa)
{
	struct smmu_overlay_word *w = o->words;

	while (w && w->pa != pa)
		w = w->next;
	return w;
}

/* Whether the machine has something there that may be looked at. */
static int look(struct smmu_overlay *o, uint64_t pa)
{
	struct smmu_bus_range range;

	if (!smmu_bus_next(o->base, pa, &range) || range.base > pa)
		return -EFAULT;
	if (range.kind == SMMU_BUS_RAM ||
	    (range.kind == SMMU_BUS_DEVICE && o->read_callbacks))
		return 0;
	if (range.kind == SMMU_BUS_DEVICE && !o->blocked) {
		o->blocked = true;
		o->blocked_pa = pa;
	}
	return -EFAULT;
}

static int base_read(struct smmu_overlay *o, uint64_t pa, void *buf, size_t len,
		     const struct smmu_attr *attr)
{
	int err = look(o, pa);

	return err ? err : smmu_bus_read(o->base, pa, buf, len, attr);
}

static int read(void *ctx, uint64_t pa, void *buf, size_t len,
		const struct smmu_attr *attr)
{
	struct smmu_overlay *o = ctx;
	unsigned char *to = buf;

	while (len > 0) {
		size_t n = 8 - (pa & 7) < len ? 8 - (pa & 7) : len;
		const struct smmu_overlay_word *w = find(o, pa & ~UINT64_C(7));
		int err = 0;

		if (w)
			memcpy(to, (const char *)&w->value + (pa & 7), n);
		else
			err = base_read(o, pa, to, n, attr);
		if (err)
			return err;
		pa += n;
		to += n;
		len -= n;
	}
	return 0;
}

/* The word at pa, here. What of it was never written reads as the machine has it. */
static struct smmu_overlay_word *own(struct smmu_overlay *o, uint64_t pa)
{
	struct smmu_overlay_word *w = find(o, pa);

	if (w)
		return w;
	w = calloc(1, sizeof(*w));
	if (!w) {
		o->no_memory = true;
		return NULL;
	}
	w->pa = pa;
	if (smmu_bus_ptr(o->base, pa, 8))
		(void)smmu_bus_read(o->base, pa, &w->value, 8, NULL);
	w->next = o->words;
	o->words = w;
	return w;
}

static int write(void *ctx, uint64_t pa, const void *buf, size_t len,
		 const struct smmu_attr *attr)
{
	struct smmu_overlay *o = ctx;
	const unsigned char *from = buf;
	struct smmu_bus_range range;

	(void)attr;
	/*
	 * A hole aborts here as there. But four bytes are an MSI: its doorbell is no part
	 * of a snapshot or a dump, and whether it arrives is no part of the story.
	 */
	if (len != 4 && (!smmu_bus_next(o->base, pa, &range) || range.base > pa))
		return -EFAULT;
	while (len > 0) {
		size_t n = 8 - (pa & 7) < len ? 8 - (pa & 7) : len;
		struct smmu_overlay_word *w = own(o, pa & ~UINT64_C(7));

		if (!w)
			return -EFAULT;
		memcpy((char *)&w->value + (pa & 7), from, n);
		pa += n;
		from += n;
		len -= n;
	}
	return 0;
}

int smmu_overlay_init(struct smmu_overlay *o, struct smmu_bus *base, bool read_callbacks)
{
	/* Without cas64: the bus makes it of the two. Nobody else is on this bus. */
	static const struct smmu_mem_ops ops = { .read = read, .write = write };
	int err;

	*o = (struct smmu_overlay){ .base = base, .read_callbacks = read_callbacks };
	o->bus = smmu_bus_create();
	if (!o->bus)
		return -ENOMEM;
	err = smmu_bus_add_region(o->bus, 0, SPACE, &ops, o);
	if (err)
		smmu_overlay_free(o);
	return err;
}

void smmu_overlay_free(struct smmu_overlay *o)
{
	struct smmu_overlay_word *next;

	for (struct smmu_overlay_word *w = o->words; w; w = next) {
		next = w->next;
		free(w);
	}
	smmu_bus_destroy(o->bus);
	*o = (struct smmu_overlay){ 0 };
}
