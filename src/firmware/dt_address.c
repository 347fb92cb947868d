/* SPDX-License-Identifier: MIT */
/* From a node's `reg` to CPU addresses, through the `ranges` of every bus above. */
#include "firmware/dt.h"

#define MAX_REGS   256u
#define MAX_RANGES 4096u
#define MAX_CELLS  3u

/* Up to three cells. high is a chip select or, on PCI, the space code. */
struct address {
	uint32_t high;
	uint64_t low;
};

/* What a bus says about addresses of its children. */
struct bus {
	const struct dt_node *node;
	uint32_t acells, scells;
};

/* PCI address bits 25:24: configuration, I/O, 32-bit and 64-bit memory. */
#define PCI_SPACE 0x03000000u

/* The devicetree specification's defaults are 2 and 1; nothing is inherited. */
static struct bus bus_of(const struct dt *dt, const struct dt_node *node)
{
	struct bus bus = { .node = node, .acells = 2, .scells = 1 };

	dt_u32(dt, node, DT_ADDRESS_CELLS, &bus.acells);
	dt_u32(dt, node, DT_SIZE_CELLS, &bus.scells);
	return bus;
}

uint64_t dt_number(const struct dt_prop *prop, size_t at, uint32_t cells)
{
	uint64_t value = 0;

	for (uint32_t i = cells > 2 ? cells - 2 : 0; i < cells; i++)
		value = value << 32 | dt_cell(prop, at + i);
	return value;
}

static struct address take(const struct dt_prop *prop, size_t at, uint32_t cells)
{
	const struct address a = {
		.high = cells == 3 ? dt_cell(prop, at) : 0,
		.low = dt_number(prop, at, cells),
	};

	return a;
}

static bool same_space(const struct bus *bus, uint32_t a, uint32_t b)
{
	const uint32_t mask = bus->node->pci ? PCI_SPACE : UINT32_MAX;

	return (a & mask) == (b & mask);
}

/* Why an address has no meaning one bus further up; NULL: it has. */
static const char *search_ranges(struct dt *dt, const struct dt_prop *prop,
				 const struct bus *bus, const struct bus *up,
				 struct address *address, uint64_t size)
{
	const uint32_t step = bus->acells + up->acells + bus->scells;
	const size_t count = dt_cells(prop) / step;

	if (prop->len % (4 * step))
		return "its length is not a multiple of address, parent address and size";
	if (count > MAX_RANGES)
		return "it has more than 4096 entries";
	for (size_t i = 0; i < count; i++) {
		struct address from = take(prop, i * step, bus->acells);
		struct address to = take(prop, i * step + bus->acells, up->acells);
		struct address span =
			take(prop, i * step + bus->acells + up->acells, bus->scells);
		uint64_t offset = address->low - from.low;

		if (!dt->budget)
			return "the tree needs too many steps to translate its addresses";
		dt->budget--;
		if (!same_space(bus, address->high, from.high) || span.high ||
		    address->low < from.low || offset >= span.low)
			continue;
		if (size > span.low - offset)
			return "a range of this node runs past the window";
		if (to.low + offset < to.low)
			return "an entry runs past 2^64";
		address->low = to.low + offset;
		address->high = to.high;
		return NULL;
	}
	return "no entry covers an address of this node";
}

bool dt_bus_cells(const struct dt *dt, const struct dt_node *node, uint32_t *acells,
		  uint32_t *scells)
{
	struct bus bus;

	if (node->parent < 0)
		return false;
	bus = bus_of(dt, &dt->nodes[node->parent]);
	*acells = bus.acells;
	*scells = bus.scells;
	return bus.acells >= 1 && bus.acells <= MAX_CELLS && bus.scells <= MAX_CELLS;
}

static bool cells_legal(const struct dt *dt, const struct dt_node *node,
			const struct bus *bus, enum smmu_fw_severity severity)
{
	char path[DT_MAX_PATH + 1];

	if (bus->acells >= 1 && bus->acells <= MAX_CELLS && bus->scells <= MAX_CELLS)
		return true;
	dt_path(dt, bus->node, path);
	dt_problem(
		dt, node, DT_REG, severity,
		"cannot be read: %s has #address-cells %u and #size-cells %u; legal is "
		"1 to 3 and 0 to 3",
		path, bus->acells, bus->scells);
	return false;
}

/* Up to the root. False: noted. */
static bool translate(struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
		      enum smmu_fw_severity severity, struct address *address,
		      uint64_t size)
{
	struct bus bus = bus_of(dt, &dt->nodes[node->parent]);
	char path[DT_MAX_PATH + 1];

	while (bus.node->parent >= 0) {
		const struct bus up = bus_of(dt, &dt->nodes[bus.node->parent]);
		const struct dt_prop *prop = dt_prop(dt, bus.node, DT_RANGES);
		const char *why = NULL;

		if (!cells_legal(dt, node, &up, severity))
			return false;
		if (!prop)
			why = "it has no ranges";
		else if (prop->len && !bus.scells)
			why = "its #size-cells is 0";
		else if (prop->len)
			why = search_ranges(dt, prop, &bus, &up, address, size);
		if (why) {
			dt_path(dt, bus.node, path);
			dt_problem(dt, node, id, severity,
				   "0x%llx has no CPU address: ranges of %s: %s",
				   (unsigned long long)address->low, path, why);
			return false;
		}
		bus = up;
	}
	if (!address->high)
		return true;
	dt_problem(dt, node, id, severity, "its CPU address is wider than 64 bits");
	return false;
}

/* One pair; false: not usable, and noted unless it is merely empty. */
static bool one_reg(struct dt *dt, const struct dt_node *node, const struct dt_prop *prop,
		    size_t at, enum smmu_fw_severity severity, struct smmu_fw_range *out)
{
	const struct bus bus = bus_of(dt, &dt->nodes[node->parent]);
	struct address address = take(prop, at, bus.acells);
	const struct address size = take(prop, at + bus.acells, bus.scells);

	if (!size.low && !size.high)
		return false;
	if (size.high) {
		dt_problem(dt, node, prop->id, severity, "a size of 2^64 or more");
		return false;
	}
	if (!translate(dt, node, prop->id, severity, &address, size.low))
		return false;
	if (address.low + (size.low - 1) < address.low) {
		dt_problem(dt, node, prop->id, severity,
			   "0x%llx with size 0x%llx runs past 2^64",
			   (unsigned long long)address.low, (unsigned long long)size.low);
		return false;
	}
	out->base = address.low;
	out->size = size.low;
	return true;
}

struct smmu_fw_range *dt_reg(struct dt *dt, const struct dt_node *node,
			     enum dt_prop_id id, enum smmu_fw_severity severity,
			     size_t *count)
{
	const struct dt_prop *prop = dt_prop(dt, node, id);
	struct smmu_fw_range *list;
	struct bus bus;
	size_t pairs;

	*count = 0;
	if (!prop || node->parent < 0)
		return NULL;
	bus = bus_of(dt, &dt->nodes[node->parent]);
	if (!cells_legal(dt, node, &bus, severity))
		return NULL;
	if (prop->len == 0 || prop->len % (4 * (bus.acells + bus.scells))) {
		dt_problem(dt, node, id, severity,
			   "%u bytes; legal is a multiple of %u (address and size cells)",
			   prop->len, 4 * (bus.acells + bus.scells));
		return NULL;
	}
	pairs = dt_cells(prop) / (bus.acells + bus.scells);
	if (pairs > MAX_REGS) {
		dt_problem(dt, node, id, severity, "%zu entries; the first %u are used",
			   pairs, MAX_REGS);
		pairs = MAX_REGS;
	}
	list = fw_alloc(dt->box, pairs, sizeof(*list));
	for (size_t i = 0; list && i < pairs; i++)
		if (one_reg(dt, node, prop, i * (bus.acells + bus.scells), severity,
			    &list[*count]))
			++*count;
	return list;
}

/* ---- The other way: what a device's DMA reaches ------------------------------------ */

/*
 * The bus whose dma-ranges count: the nearest one with entries. Empty ones change
 * nothing, and so does the nearest one without; a second one without ends the search.
 */
static const struct dt_node *dma_bus(const struct dt *dt, const struct dt_node *bus)
{
	bool further = false;

	for (; bus->parent >= 0; bus = &dt->nodes[bus->parent]) {
		const struct dt_prop *prop = dt_prop(dt, bus, DT_DMA_RANGES);

		if (prop && prop->len)
			return bus;
		if (!prop && further)
			return NULL;
		further = true;
	}
	return NULL;
}

static bool cells_good(const struct bus *bus)
{
	return bus->acells >= 1 && bus->acells <= MAX_CELLS && bus->scells >= 1 &&
	       bus->scells <= MAX_CELLS;
}

/* Through the dma-ranges of all buses from this one up. */
static bool dma_translate(struct dt *dt, const struct dt_node *from,
			  struct address *address, uint64_t size)
{
	struct bus bus = bus_of(dt, from);

	while (bus.node->parent >= 0) {
		const struct bus up = bus_of(dt, &dt->nodes[bus.node->parent]);
		const struct dt_prop *prop = dt_prop(dt, bus.node, DT_DMA_RANGES);

		if (prop && prop->len &&
		    (!cells_good(&bus) || !cells_good(&up) ||
		     search_ranges(dt, prop, &bus, &up, address, size)))
			return false;
		bus = up;
	}
	return !address->high && address->low + (size - 1) >= address->low;
}

/* Entry `at` of the property. False: it carries nothing. */
static bool dma_entry(struct dt *dt, const struct dt_prop *prop, const struct bus *bus,
		      const struct bus *up, size_t at, struct smmu_fw_dma_range *out)
{
	const struct address size =
		take(prop, at + bus->acells + up->acells, bus->scells);
	struct address to = take(prop, at + bus->acells, up->acells);

	out->bus = take(prop, at, bus->acells).low;
	out->size = size.low;
	if (size.high || !size.low || out->bus + (size.low - 1) < out->bus ||
	    !dma_translate(dt, up->node, &to, size.low))
		return false;
	out->cpu = to.low;
	return true;
}

struct dt_dma dt_dma(struct dt *dt, const struct dt_node *device,
		     const struct dt_node *from)
{
	struct dt_dma dma = { .last = UINT64_MAX };
	const struct dt_node *node = dma_bus(dt, from);
	const struct dt_prop *prop = node ? dt_prop(dt, node, DT_DMA_RANGES) : NULL;
	uint64_t last = 0;
	struct bus bus, up;
	uint32_t step;

	if (!prop)
		return dma;
	bus = bus_of(dt, node);
	up = bus_of(dt, &dt->nodes[node->parent]);
	step = bus.acells + up.acells + bus.scells;
	if (!cells_good(&bus) || !cells_good(&up) || prop->len % (4 * step) ||
	    prop->len / (4 * step) > MAX_REGS) {
		dt_problem(
			dt, device, DT_DMA_RANGES, SMMU_FW_WARNING,
			"of a bus above is ignored: %u bytes; legal is <address, parent "
			"address, size>, up to %u times",
			prop->len, MAX_REGS);
		return dma;
	}
	dma.range = fw_alloc(dt->box, prop->len / (4 * step), sizeof(*dma.range));
	for (size_t at = 0; dma.range && at < dt_cells(prop); at += step) {
		struct smmu_fw_dma_range *r = &dma.range[dma.count];

		if (!dma_entry(dt, prop, &bus, &up, at, r)) {
			dt_problem(dt, device, DT_DMA_RANGES, SMMU_FW_WARNING,
				   "of a bus above: entry %zu has no CPU address",
				   at / step);
			continue;
		}
		last = r->bus + (r->size - 1) > last ? r->bus + (r->size - 1) : last;
		dma.count++;
	}
	if (dma.count)
		dma.last = last;
	return dma;
}
