/* SPDX-License-Identifier: MIT */
/* Who uses which RAM of the board: first fit over a list of what is free. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/run.h"

#define PAGE UINT64_C(4096)

static uint64_t up(uint64_t v, uint64_t align)
{
	return (v + (align - 1)) & ~(align - 1);
}

/* Gives [base, base + size) back, together with what it touches. */
static int insert(struct run_memory *memory, uint64_t base, uint64_t size)
{
	struct run_extent **at = &memory->free, *e, *next;

	while (*at && (*at)->base + (*at)->size < base)
		at = &(*at)->next;
	e = *at;
	if (e && e->base + e->size == base) {
		e->size += size;
	} else if (e && base + size == e->base) {
		e->base = base;
		e->size += size;
	} else {
		struct run_extent *fresh = malloc(sizeof(*fresh));

		if (!fresh)
			return -ENOMEM;
		*fresh = (struct run_extent){ e, base, size };
		*at = e = fresh;
	}
	next = e->next;
	if (next && e->base + e->size == next->base) {
		e->size += next->size;
		e->next = next->next;
		free(next);
	}
	return 0;
}

/* Takes [base, last] out of what is free, as far as it is there. */
static int carve(struct run_memory *memory, uint64_t base, uint64_t last)
{
	struct run_extent *e = memory->free;
	int err = 0;

	memory->free = NULL;
	while (e) {
		struct run_extent *next = e->next;
		uint64_t end = e->base + (e->size - 1);

		if (end < base || e->base > last) {
			err = err ? err : insert(memory, e->base, e->size);
		} else {
			if (!err && e->base < base)
				err = insert(memory, e->base, base - e->base);
			if (!err && end > last)
				err = insert(memory, last + 1, end - last);
		}
		free(e);
		e = next;
	}
	return err;
}

/* FW-8: memory that a device uses since before we came is not ours to give. */
static int carve_reserved(struct run_memory *memory, const struct smmu_fw *fw)
{
	int err = 0;

	for (size_t i = 0; i < fw->nmasters; i++) {
		for (size_t j = 0; !err && j < fw->masters[i].nresv; j++) {
			const struct smmu_fw_resv *r = &fw->masters[i].resv[j];
			uint64_t last = r->iova + (r->size - 1);

			if (r->direct && r->size)
				err = carve(memory, r->iova & ~(PAGE - 1),
					    last | (PAGE - 1));
		}
	}
	return err;
}

int run_memory_init(struct run_memory *memory, const struct smmu_machine *machine)
{
	int err = 0;

	memory->bus = smmu_machine_bus(machine);
	memory->free = NULL;
	for (size_t i = 0; !err && i < smmu_machine_rams(machine); i++) {
		const struct smmu_machine_ram *ram = smmu_machine_ram(machine, i);

		/* Without the last page banks never merge, and no end wraps. */
		if (ram->size > PAGE)
			err = insert(memory, ram->base, ram->size - PAGE);
	}
	/* Address 0 stays free: what is there by mistake is then seen. */
	if (!err)
		err = carve(memory, 0, PAGE - 1);
	if (!err)
		err = carve_reserved(memory, smmu_machine_fw(machine));
	if (err)
		run_memory_destroy(memory);
	return err;
}

int run_memory_init_range(struct run_memory *memory, struct smmu_bus *bus, uint64_t base,
			  uint64_t size)
{
	*memory = (struct run_memory){ .bus = bus };
	return insert(memory, base + PAGE, size - PAGE);
}

void run_memory_destroy(struct run_memory *memory)
{
	while (memory->free) {
		struct run_extent *e = memory->free;

		memory->free = e->next;
		free(e);
	}
}

/* Where `size` bytes would begin in this piece; false: they do not fit. */
static bool fits(const struct run_extent *e, uint64_t size, uint64_t align,
		 uint64_t *base)
{
	*base = up(e->base, align);
	return *base >= e->base && *base - e->base <= e->size &&
	       e->size - (*base - e->base) >= size;
}

int run_memory_alloc(struct run_memory *memory, uint64_t size, uint64_t align,
		     struct iommu_dma *dma)
{
	uint64_t whole = up(size, PAGE), base = 0;
	struct run_extent *e = memory->free;
	void *cpu;

	if (align < PAGE)
		align = PAGE;
	while (e && !fits(e, whole, align, &base))
		e = e->next;
	if (!whole || !e)
		return -ENOMEM;
	cpu = smmu_bus_ptr(memory->bus, base, whole);
	if (!cpu || carve(memory, base, base + (whole - 1)))
		return -ENOMEM;
	memset(cpu, 0, whole);
	*dma = (struct iommu_dma){ .cpu = cpu, .pa = base, .size = size };
	return 0;
}

void run_memory_free(struct run_memory *memory, const struct iommu_dma *dma)
{
	if (dma->cpu)
		(void)insert(memory, dma->pa, up(dma->size, PAGE));
}
