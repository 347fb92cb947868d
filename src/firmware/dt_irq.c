/* SPDX-License-Identifier: MIT */
/*
 * Interrupts through nexus nodes: an interrupt-map says to which parent, and to which
 * of its interrupts, one of its own leads; that parent may be a nexus again.
 */
#include <string.h>
#include "firmware/dt.h"

#define MAX_NEXUS 16u /* behind each other */
#define MAX_ADDR  3u  /* cells of a unit address */
#define MAX_CELLS 4u  /* cells of an interrupt */

/* What is matched: the unit address, then the interrupt. */
struct spec {
	uint32_t cell[MAX_ADDR + MAX_CELLS];
	uint32_t naddr, nirq;
};

static uint32_t cells_of(const struct dt *dt, const struct dt_node *node,
			 enum dt_prop_id id, uint32_t otherwise)
{
	uint32_t value = otherwise;

	dt_u32(dt, node, id, &value);
	return value;
}

static bool matches(const struct dt_prop *map, size_t at, const struct dt_prop *mask,
		    const struct spec *spec)
{
	for (uint32_t i = 0; i < spec->naddr + spec->nirq; i++) {
		uint32_t bits = UINT32_MAX;

		if (mask && i < dt_cells(mask))
			bits = dt_cell(mask, i);
		if ((dt_cell(map, at + i) ^ spec->cell[i]) & bits)
			return false;
	}
	return true;
}

/* The entry at cell *at, which moves past it. NULL: read; else why not. */
static const char *read_entry(const struct dt *dt, const struct dt_prop *map, size_t *at,
			      const struct spec *spec, const struct dt_node **parent,
			      struct spec *out)
{
	const size_t key = spec->naddr + spec->nirq;

	if (dt_cells(map) - *at < key + 1)
		return "its interrupt-map ends within an entry";
	*at += key;
	*parent = dt_by_phandle(dt, dt_cell(map, (*at)++));
	if (!*parent)
		return "its interrupt-map leads to a phandle that is no node's";
	out->naddr = cells_of(dt, *parent, DT_ADDRESS_CELLS, 0);
	out->nirq = cells_of(dt, *parent, DT_INTERRUPT_CELLS, 0);
	if (out->naddr > MAX_ADDR || !out->nirq || out->nirq > MAX_CELLS)
		return "its interrupt-map leads to a node whose cells are not legal";
	if (dt_cells(map) - *at < out->naddr + out->nirq)
		return "its interrupt-map ends within an entry";
	for (uint32_t i = 0; i < out->naddr + out->nirq; i++)
		out->cell[i] = dt_cell(map, (*at)++);
	return NULL;
}

/* One nexus: *node and *spec become the parent's. NULL: done; else why not. */
static const char *step(struct dt *dt, const struct dt_node **node, struct spec *spec)
{
	const struct dt_prop *map = dt_prop(dt, *node, DT_INTERRUPT_MAP);
	const struct dt_prop *mask = dt_prop(dt, *node, DT_INTERRUPT_MAP_MASK);
	size_t at = 0;

	while (at < dt_cells(map)) {
		const struct dt_node *parent;
		struct spec out;
		const size_t entry = at;
		const char *why = read_entry(dt, map, &at, spec, &parent, &out);

		if (why)
			return why;
		if (!dt->budget)
			return "the tree needs too many steps";
		dt->budget--;
		if (!matches(map, entry, mask, spec))
			continue;
		*node = parent;
		*spec = out;
		return NULL;
	}
	return "no entry of its interrupt-map matches";
}

const char *dt_irq_follow(struct dt *dt, const struct dt_node *device,
			  struct smmu_fw_irq *irq)
{
	const struct dt_node *node = dt_by_phandle(dt, irq->controller);
	const struct dt_prop *reg = dt_prop(dt, device, DT_REG);
	struct spec spec = { .nirq = irq->ncells };

	if (!node || !dt_has(dt, node, DT_INTERRUPT_MAP))
		return NULL;
	spec.naddr = cells_of(dt, node, DT_ADDRESS_CELLS, 2);
	if (spec.naddr > MAX_ADDR)
		return "the nexus has more than 3 #address-cells";
	for (uint32_t i = 0; reg && i < spec.naddr && i < dt_cells(reg); i++)
		spec.cell[i] = dt_cell(reg, i);
	for (uint32_t i = 0; i < irq->ncells; i++)
		spec.cell[spec.naddr + i] = irq->cells[i];
	for (unsigned n = 0; dt_has(dt, node, DT_INTERRUPT_MAP); n++) {
		const char *why = n < MAX_NEXUS
					  ? step(dt, &node, &spec)
					  : "more than 16 nexus nodes behind each other";

		if (why)
			return why;
	}
	irq->controller = node->phandle;
	irq->ncells = (uint8_t)spec.nirq;
	memset(irq->cells, 0, sizeof(irq->cells));
	memcpy(irq->cells, spec.cell + spec.naddr, spec.nirq * sizeof(*irq->cells));
	return NULL;
}
