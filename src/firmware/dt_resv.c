/* SPDX-License-Identifier: MIT */
/*
 * Reserved IOVAs (FW-8): a device names regions in memory-region; a region's
 * iommu-addresses holds <&device iova size> entries, each for the device it names
 * alone.
 */
#include "firmware/dt.h"

#define MAX_RESV 1024u

struct resv_list {
	struct smmu_fw_resv *resv;
	size_t count;
};

static void add_resv(struct dt *dt, const struct dt_node *region, struct resv_list *list,
		     uint64_t iova, uint64_t size)
{
	size_t nregs;
	const struct smmu_fw_range *reg =
		dt_reg(dt, region, DT_REG, SMMU_FW_WARNING, &nregs);
	struct smmu_fw_resv *resv =
		fw_grow(dt->box, list->resv, list->count, sizeof(*resv));

	if (!resv)
		return;
	list->resv = resv;
	resv[list->count].iova = iova;
	resv[list->count].size = size;
	resv[list->count].direct = nregs && reg[0].base == iova && reg[0].size == size;
	list->count++;
}

/* The entries of one region that name this device. */
static void scan_region(struct dt *dt, const struct dt_node *node,
			const struct dt_node *region, struct resv_list *list)
{
	const struct dt_prop *prop = dt_prop(dt, region, DT_IOMMU_ADDRESSES);
	uint32_t acells, scells;
	size_t at = 0;

	while (prop && at < dt_cells(prop) && dt->budget && list->count < MAX_RESV) {
		const struct dt_node *device = dt_by_phandle(dt, dt_cell(prop, at++));
		uint64_t iova, size;

		dt->budget--;
		/* The cells are those of the named device's bus. */
		if (!device || !dt_bus_cells(dt, device, &acells, &scells) ||
		    dt_cells(prop) - at < acells + scells) {
			dt_problem(
				dt, region, DT_IOMMU_ADDRESSES, SMMU_FW_WARNING,
				"ends at cell %zu: legal is <phandle address size> with "
				"the cells of the device's bus",
				at - 1);
			return;
		}
		iova = dt_number(prop, at, acells);
		size = dt_number(prop, at + acells, scells);
		at += acells + scells;
		if (device != node || !size)
			continue;
		if (iova + (size - 1) < iova)
			dt_problem(dt, region, DT_IOMMU_ADDRESSES, SMMU_FW_WARNING,
				   "0x%llx with size 0x%llx runs past 2^64",
				   (unsigned long long)iova, (unsigned long long)size);
		else
			add_resv(dt, region, list, iova, size);
	}
}

struct smmu_fw_resv *dt_resv(struct dt *dt, const struct dt_node *node, size_t *count)
{
	const struct dt_prop *prop = dt_prop(dt, node, DT_MEMORY_REGION);
	struct resv_list list = { NULL, 0 };

	for (size_t i = 0; prop && i < dt_cells(prop); i++) {
		const struct dt_node *region = dt_by_phandle(dt, dt_cell(prop, i));

		if (region)
			scan_region(dt, node, region, &list);
		else
			dt_problem(dt, node, DT_MEMORY_REGION, SMMU_FW_WARNING,
				   "cell %zu (0x%x) is no node's phandle", i,
				   dt_cell(prop, i));
	}
	*count = list.count;
	return list.resv;
}
