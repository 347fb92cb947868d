/* SPDX-License-Identifier: MIT */
/* Properties that point at other nodes: references, id maps, interrupts. */
#include <string.h>
#include "firmware/dt.h"

#define MAP_CELLS  4u
#define MAX_IRQS   16u
#define MAX_SPEC   4u
#define PCI_MAX_ID 0xffffu

/* The next reference at cell `at`, or why there is none. */
static enum smmu_fw_end next_ref(const struct dt *dt, const struct dt_prop *prop,
				 enum dt_prop_id cells, size_t at,
				 struct smmu_fw_ref *ref)
{
	const uint32_t phandle = dt_cell(prop, at);
	const struct dt_node *target = dt_by_phandle(dt, phandle);
	uint32_t nargs = 0;

	memset(ref, 0, sizeof(*ref));
	ref->phandle = phandle;
	ref->iommu = -1;
	if (!phandle)
		return SMMU_FW_END_ZERO;
	if (!target)
		return SMMU_FW_END_NOWHERE;
	if (!dt_u32(dt, target, cells, &nargs) && cells == DT_IOMMU_CELLS)
		return SMMU_FW_END_NOT_TARGET;
	if (nargs > SMMU_FW_MAX_ARGS)
		return SMMU_FW_END_TOO_WIDE;
	if (nargs > dt_cells(prop) - at - 1)
		return SMMU_FW_END_SHORT;
	ref->iommu = target->iommu;
	ref->nargs = (uint8_t)nargs;
	for (uint32_t i = 0; i < nargs; i++)
		ref->args[i] = dt_cell(prop, at + 1 + i);
	return SMMU_FW_END_COMPLETE;
}

/* Walks the list; out, if any, takes the entries. */
static void walk_refs(const struct dt *dt, const struct dt_prop *prop,
		      enum dt_prop_id cells, struct smmu_fw_refs *refs,
		      struct smmu_fw_ref *out)
{
	struct smmu_fw_ref ref;
	size_t at = 0;

	refs->count = 0;
	refs->end = SMMU_FW_END_COMPLETE;
	while (at < dt_cells(prop)) {
		refs->end = next_ref(dt, prop, cells, at, &ref);
		if (refs->end != SMMU_FW_END_COMPLETE) {
			refs->end_phandle = ref.phandle;
			break;
		}
		if (out)
			out[refs->count] = ref;
		refs->count++;
		at += 1u + ref.nargs;
	}
	refs->end_cell = at;
	/* Bytes after the last cell are an entry that was cut. */
	if (refs->end == SMMU_FW_END_COMPLETE && prop->len % 4)
		refs->end = SMMU_FW_END_SHORT;
}

static const char *end_text(enum smmu_fw_end end)
{
	switch (end) {
	case SMMU_FW_END_ZERO:
		return "is a phandle of 0; legal is the phandle of an existing node";
	case SMMU_FW_END_NOWHERE:
		return "is no node's phandle";
	case SMMU_FW_END_NOT_TARGET:
		return "is a node without #iommu-cells, so it cannot be a target";
	case SMMU_FW_END_TOO_WIDE:
		return "is a node that wants more than 16 argument cells";
	case SMMU_FW_END_SHORT:
		return "has fewer argument cells than its target wants";
	case SMMU_FW_END_COMPLETE:
		break;
	}
	return "is fine";
}

void dt_refs(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
	     enum dt_prop_id cells, struct smmu_fw_refs *refs)
{
	const struct dt_prop *prop = dt_prop(dt, node, id);

	memset(refs, 0, sizeof(*refs));
	if (!prop)
		return;
	refs->present = true;
	walk_refs(dt, prop, cells, refs, NULL);
	refs->ref = fw_alloc(dt->box, refs->count, sizeof(*refs->ref));
	if (refs->ref)
		walk_refs(dt, prop, cells, refs, refs->ref);
	else
		refs->count = 0;
	if (refs->end != SMMU_FW_END_COMPLETE)
		dt_problem(
			dt, node, id, id == DT_IOMMUS ? SMMU_FW_ERROR : SMMU_FW_WARNING,
			"cell %zu (0x%x) %s; the list ends before it, with %zu entries",
			refs->end_cell, refs->end_phandle, end_text(refs->end),
			refs->count);
	else if (!prop->len && id == DT_IOMMUS)
		dt_problem(dt, node, id, SMMU_FW_ERROR,
			   "is empty; legal is <phandle stream-id>, once or more");
}

/* What is wrong with one entry of a map, at worst. */
static void judge_entry(const struct dt *dt, const struct dt_node *node,
			enum dt_prop_id id, uint32_t mask, size_t i,
			const struct smmu_fw_map_entry *e)
{
	const enum smmu_fw_severity bad =
		id == DT_IOMMU_MAP ? SMMU_FW_ERROR : SMMU_FW_WARNING;

	if (!e->target_exists)
		dt_problem(dt, node, id, bad, "entry %zu: 0x%x is no node's phandle", i,
			   e->target);
	else if (e->target == node->phandle)
		dt_problem(dt, node, id, bad, "entry %zu: leads to the node itself", i);
	else if (id == DT_IOMMU_MAP && e->iommu < 0)
		dt_problem(dt, node, id, bad,
			   "entry %zu: 0x%x is a node without #iommu-cells", i,
			   e->target);
	if (e->id_base & ~mask)
		dt_problem(dt, node, id, bad,
			   "entry %zu: id base 0x%x has bits outside the mask 0x%x", i,
			   e->id_base, mask);
	if (!e->length)
		dt_problem(
			dt, node, id, SMMU_FW_NOTE,
			"entry %zu: length 0 maps nothing; for a boot loader to fill in?",
			i);
	else if (e->length - 1 > UINT32_MAX - e->out_base ||
		 e->length - 1 > UINT32_MAX - e->id_base)
		dt_problem(dt, node, id, bad,
			   "entry %zu: 0x%x ids from 0x%x on, or from 0x%x on, do not "
			   "fit in "
			   "32 bits",
			   i, e->length, e->id_base, e->out_base);
	else if (node->pci && e->id_base > PCI_MAX_ID)
		dt_problem(
			dt, node, id, SMMU_FW_WARNING,
			"entry %zu: id base 0x%x is beyond the last requester id 0xffff",
			i, e->id_base);
}

void dt_map(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
	    enum dt_prop_id mask, struct smmu_fw_map *map)
{
	const struct dt_prop *prop = dt_prop(dt, node, id);
	size_t count;

	memset(map, 0, sizeof(*map));
	map->mask = UINT32_MAX;
	dt_u32(dt, node, mask, &map->mask);
	if (!prop)
		return;
	map->present = true;
	map->malformed = prop->len == 0 || prop->len % (MAP_CELLS * 4);
	if (map->malformed) { /* FW-9 */
		dt_problem(dt, node, id,
			   id == DT_IOMMU_MAP ? SMMU_FW_ERROR : SMMU_FW_WARNING,
			   "has %u bytes; legal is a multiple of 16, not 0: <id-base "
			   "phandle "
			   "out-base length>",
			   prop->len);
		return;
	}
	count = dt_cells(prop) / MAP_CELLS;
	map->entry = fw_alloc(dt->box, count, sizeof(*map->entry));
	map->count = map->entry ? count : 0;
	for (size_t i = 0; i < map->count; i++) {
		struct smmu_fw_map_entry *e = &map->entry[i];
		const struct dt_node *target;

		e->id_base = dt_cell(prop, i * MAP_CELLS);
		e->target = dt_cell(prop, i * MAP_CELLS + 1);
		e->out_base = dt_cell(prop, i * MAP_CELLS + 2);
		e->length = dt_cell(prop, i * MAP_CELLS + 3);
		target = dt_by_phandle(dt, e->target);
		e->target_exists = target != NULL;
		e->iommu = target ? target->iommu : -1;
		judge_entry(dt, node, id, map->mask, i, e);
	}
}

/* The interrupt parent of a node: its own or the nearest ancestor's. */
static uint32_t irq_parent(const struct dt *dt, const struct dt_node *node)
{
	uint32_t phandle = 0;

	for (;; node = &dt->nodes[node->parent]) {
		if (dt_u32(dt, node, DT_INTERRUPT_PARENT, &phandle) || node->parent < 0)
			return phandle;
	}
}

/* One interrupt specifier at cell *at; NULL: taken, else why not. */
static const char *next_irq(const struct dt *dt, const struct dt_prop *prop,
			    uint32_t controller, size_t *at, struct smmu_fw_irq *irq)
{
	const bool extended = prop->id == DT_INTERRUPTS_EXTENDED;
	const struct dt_node *node;
	uint32_t cells;

	if (extended)
		controller = dt_cell(prop, (*at)++);
	node = dt_by_phandle(dt, controller);
	if (!node)
		return extended ? "a phandle that is no node's"
				: "no interrupt-parent here or above leads to a node";
	if (!dt_u32(dt, node, DT_INTERRUPT_CELLS, &cells))
		return "the interrupt parent has no #interrupt-cells";
	if (cells < 1 || cells > MAX_SPEC)
		return "#interrupt-cells of the interrupt parent is not 1 to 4";
	if (cells > dt_cells(prop) - *at)
		return "fewer cells than #interrupt-cells of the interrupt parent";
	irq->controller = controller;
	irq->ncells = (uint8_t)cells;
	for (uint32_t i = 0; i < cells; i++)
		irq->cells[i] = dt_cell(prop, (*at)++);
	return NULL;
}

/* The names in order; more names than interrupts, or fewer, is worth a warning. */
static void name_irqs(const struct dt *dt, const struct dt_node *node,
		      struct smmu_fw_irq *irqs, size_t count)
{
	const struct dt_prop *prop = dt_prop(dt, node, DT_INTERRUPT_NAMES);
	size_t at = 0, names = 0;

	while (prop && at < prop->len) {
		const char *name = (const char *)prop->data + at;
		size_t len = strnlen(name, prop->len - at);

		if (names < count)
			irqs[names].name = fw_string(dt->box, name, len);
		names++;
		at += len + 1;
	}
	if (prop && names != count)
		dt_problem(dt, node, DT_INTERRUPT_NAMES, SMMU_FW_WARNING,
			   "%zu names for %zu interrupts", names, count);
}

struct smmu_fw_irq *dt_irqs(struct dt *dt, const struct dt_node *node, size_t *count)
{
	const struct dt_prop *prop = dt_prop(dt, node, DT_INTERRUPTS_EXTENDED);
	struct smmu_fw_irq *irqs;
	uint32_t parent = 0;
	const char *why = NULL;
	size_t at = 0;

	*count = 0;
	if (!prop) {
		prop = dt_prop(dt, node, DT_INTERRUPTS);
		parent = irq_parent(dt, node);
	}
	if (!prop)
		return NULL;
	irqs = fw_alloc(dt->box, MAX_IRQS, sizeof(*irqs));
	while (irqs && at < dt_cells(prop) && *count < MAX_IRQS) {
		irqs[*count].name = "";
		why = next_irq(dt, prop, parent, &at, &irqs[*count]);
		if (!why)
			why = dt_irq_follow(dt, node, &irqs[*count]);
		if (why)
			break;
		++*count;
	}
	if (why)
		dt_problem(dt, node, prop->id, SMMU_FW_WARNING, "interrupt %zu: %s",
			   *count, why);
	if (irqs)
		name_irqs(dt, node, irqs, *count);
	return irqs;
}
