/* SPDX-License-Identifier: MIT */
/* Memory banks, and where there is room for what firmware does not place. */
#include <errno.h>
#include <stdlib.h>
#include "machine/machine.h"

#define PAGE	       4096u
#define DOORBELL_BYTES 0x10000u
#define GIB	       (UINT64_C(1) << 30)

static int by_base(const void *a, const void *b)
{
	const struct smmu_machine_ram *x = a, *y = b;

	if (x->base != y->base)
		return x->base < y->base ? -1 : 1;
	return x->size < y->size ? -1 : x->size > y->size;
}

/* Whole pages of each bank; what is left of none is no bank. */
static void collect(const struct machine_build *b)
{
	struct smmu_machine *m = b->machine;

	for (size_t i = 0; i < b->fw->nmemories; i++) {
		const struct smmu_fw_memory *node = &b->fw->memories[i];
		uint64_t skip = -node->base % PAGE, size;

		if (node->size <= skip)
			continue;
		size = (node->size - skip) / PAGE * PAGE;
		if (!size)
			continue;
		m->rams[m->nrams].base = node->base + skip;
		m->rams[m->nrams].size = size;
		m->rams[m->nrams++].node = node;
	}
	qsort(m->rams, m->nrams, sizeof(*m->rams), by_base);
}

/* Banks that overlap become one, as an operating system takes them. */
static void merge(struct smmu_machine *m)
{
	size_t kept = 0;

	for (size_t i = 1; i < m->nrams; i++) {
		struct smmu_machine_ram *low = &m->rams[kept], *next = &m->rams[i];
		uint64_t gap = next->base - low->base;

		if (gap >= low->size) {
			m->rams[++kept] = *next;
			continue;
		}
		if (next->size > low->size - gap)
			low->size = gap + next->size;
	}
	if (m->nrams)
		m->nrams = kept + 1;
}

/* Whether [base, base + size) meets [other, other + length); neither wraps. */
static bool meets(uint64_t base, uint64_t size, uint64_t other, uint64_t length)
{
	return base <= other + (length - 1) && other <= base + (size - 1);
}

/* Whether something is in the way; *last is then its last byte. */
static bool in_the_way(const struct smmu_machine *m, uint64_t base, uint64_t size,
		       uint64_t *last)
{
	for (size_t i = 0; i < m->nrams; i++) {
		*last = m->rams[i].base + (m->rams[i].size - 1);
		if (meets(base, size, m->rams[i].base, m->rams[i].size))
			return true;
	}
	for (size_t i = 0; i < m->fw->niommus; i++) {
		const struct smmu_fw_iommu *node = &m->fw->iommus[i];

		if (!node->nregs)
			continue;
		*last = node->reg[0].base + (node->reg[0].size - 1);
		if (meets(base, size, node->reg[0].base, node->reg[0].size))
			return true;
	}
	return false;
}

/* The first free place from `from` on, aligned; 0: there is none. */
static uint64_t find_room(const struct smmu_machine *m, uint64_t from, uint64_t size,
			  uint64_t align)
{
	uint64_t base = from, last;

	while (base + (size - 1) >= base) {
		if (!in_the_way(m, base, size, &last))
			return base;
		base = last / align * align + align;
		if (base <= last)
			break;
	}
	return 0;
}

static int add_default(struct machine_build *b)
{
	struct smmu_machine *m = b->machine;
	uint64_t size = b->options->ram_if_none, base;

	if (!size)
		return machine_fail(
			b, -EINVAL,
			"/: reg: no memory node holds any memory; legal is one "
			"with a size, or RAM by option");
	base = find_room(m, GIB, size, GIB);
	if (!base)
		return machine_fail(b, -EEXIST, "/: reg: no room for 0x%llx bytes of RAM",
				    (unsigned long long)size);
	m->rams[0].base = base;
	m->rams[0].size = size;
	m->nrams = 1;
	return 0;
}

int machine_add_rams(struct machine_build *b)
{
	struct smmu_machine *m = b->machine;
	int err = 0;

	m->rams = calloc(b->fw->nmemories + 1, sizeof(*m->rams));
	if (!m->rams)
		return machine_fail(b, -ENOMEM, "no memory");
	collect(b);
	merge(m);
	if (!m->nrams)
		err = add_default(b);
	for (size_t i = 0; !err && i < m->nrams; i++) {
		const struct smmu_machine_ram *ram = &m->rams[i];

		err = smmu_bus_add_ram(m->bus, ram->base, ram->size, NULL);
		if (err)
			machine_fail(
				b, err,
				"%s: reg: cannot have 0x%llx bytes of RAM at 0x%llx%s",
				ram->node ? ram->node->path : "/",
				(unsigned long long)ram->size,
				(unsigned long long)ram->base,
				err == -ENOMEM ? ": the host has no room for it" : "");
	}
	return err;
}

int machine_add_doorbell(struct machine_build *b)
{
	struct smmu_machine *m = b->machine;
	uint64_t pa = b->options->doorbell_pa;
	int err;

	if (!b->options->msi)
		return 0;
	if (!pa)
		pa = find_room(m, DOORBELL_BYTES, DOORBELL_BYTES, DOORBELL_BYTES);
	if (!pa)
		return machine_fail(b, -EEXIST, "options: no room for an MSI doorbell");
	err = smmu_bus_add_doorbell(m->bus, pa, DOORBELL_BYTES, b->options->msi,
				    b->options->msi_ctx);
	if (err)
		return machine_fail(
			b, err, "options: no MSI doorbell of 64 KiB at 0x%llx: %s",
			(unsigned long long)pa,
			err == -EEXIST ? "memory or registers are there"
				       : "not a multiple of 4096, or no memory");
	m->doorbell = pa;
	return 0;
}
