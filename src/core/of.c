/* SPDX-License-Identifier: MIT */
/*
 * The device tree, as the core asks it (CORE-19 to CORE-22; FW-5 to FW-19): who
 * is the IOMMU of this device, and under which ids does its DMA go.
 */
#include <stdlib.h>
#include <smmulator/firmware.h>
#include "core/core.h"

_Static_assert(SMMU_FW_MAX_ARGS == IOMMU_FW_MAX_ARGS, "both floors take as many cells");

/* Context of a device's firmware ops: which node it comes from. */
struct of_source {
	struct iommu_of *of;
	const struct smmu_fw_master *master;
	const struct smmu_fw_host *host;
};

struct iommu_of {
	const struct smmu_fw *fw;
	struct iommu_fwnode **fwnodes;	   /* per fw->iommus */
	struct of_source *masters, *hosts; /* per fw->masters, fw->hosts */
};

/*
 * FW-5, CORE-21: a target that is disabled, or no IOMMU, is -ENODEV. `iommu` is an
 * index, negative for a phandle that is no IOMMU's.
 */
static int target(struct iommu_of *of, int iommu, struct iommu_fw_args *args)
{
	const struct smmu_fw_iommu *node;

	if (iommu < 0 || (size_t)iommu >= of->fw->niommus)
		return -ENODEV;
	node = &of->fw->iommus[iommu];
	if (!node->state.enabled || !node->has_iommu_cells)
		return -ENODEV;
	args->fwnode = of->fwnodes[iommu];
	return 0;
}

/* FW-6: the well formed entries in order; the list's end makes no noise here. */
static int describe_master(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	const struct of_source *src = ctx;
	const struct smmu_fw_refs *refs = &src->master->iommus;
	int err = -ENODEV;

	for (size_t i = 0; i < refs->count; i++) {
		struct iommu_fw_args args = { .count = refs->ref[i].nargs };

		for (uint32_t c = 0; c < args.count; c++)
			args.args[c] = refs->ref[i].args[c];
		err = target(src->of, refs->ref[i].iommu, &args);
		if (!err)
			err = iommu_fwspec_xlate(dev, fwspec, &args);
		if (err)
			break;
	}
	return err;
}

/* One requester id through iommu-map (FW-9 to FW-13). */
static int map_rid(const struct of_source *src, struct iommu_dev *dev,
		   struct iommu_fwspec *fwspec, uint16_t rid)
{
	const struct smmu_fw_map_entry *entry = NULL;
	struct iommu_fw_args args = { .count = 1 };
	int err;

	err = smmu_fw_map_id(&src->host->iommu_map, rid, 0, &args.args[0], &entry);
	if (err)
		return err;
	if (!entry)
		return -ENODEV; /* FW-11: it passes the IOMMU by */
	err = target(src->of, entry->iommu, &args);
	return err ? err : iommu_fwspec_xlate(dev, fwspec, &args);
}

/* CORE-20: every DMA alias, own id first; the first error ends it (FW-16). */
static int describe_function(void *ctx, struct iommu_dev *dev,
			     struct iommu_fwspec *fwspec)
{
	const struct of_source *src = ctx;
	const struct iommu_dev_desc *desc = iommu_dev_desc(dev);
	int err;

	err = map_rid(src, dev, fwspec, desc->rid);
	for (size_t i = 0; i < desc->num_aliases && !err; i++)
		err = map_rid(src, dev, fwspec, desc->aliases[i]);
	if (!err && src->host->ats_supported)
		fwspec->flags |= IOMMU_FWSPEC_PCI_RC_ATS;
	return err;
}

/* FW-8 */
static void resv_master(void *ctx, struct iommu_dev *dev, struct iommu_resv_list *list)
{
	const struct of_source *src = ctx;
	uint32_t prot = IOMMU_READ | IOMMU_WRITE;

	(void)dev;
	if (src->master->dma_coherent)
		prot |= IOMMU_CACHE;
	for (size_t i = 0; i < src->master->nresv; i++) {
		const struct smmu_fw_resv *r = &src->master->resv[i];

		(void)iommu_resv_add(list, r->iova, r->size, prot,
				     r->direct ? IOMMU_RESV_DIRECT : IOMMU_RESV_RESERVED);
	}
}

static const struct iommu_fw_ops master_fw = {
	.describe = describe_master,
	.resv_regions = resv_master,
};
static const struct iommu_fw_ops function_fw = {
	.describe = describe_function,
};

int iommu_of_create(struct iommu_of **out, const struct smmu_fw *fw)
{
	struct iommu_of *of = calloc(1, sizeof(*of));

	if (!of)
		return -ENOMEM;
	of->fw = fw;
	of->fwnodes = calloc(fw->niommus + 1, sizeof(struct iommu_fwnode *));
	of->masters = calloc(fw->nmasters + 1, sizeof(*of->masters));
	of->hosts = calloc(fw->nhosts + 1, sizeof(*of->hosts));
	if (!of->fwnodes || !of->masters || !of->hosts)
		goto no_memory;
	for (size_t i = 0; i < fw->niommus; i++) {
		of->fwnodes[i] = iommu_fwnode_create(fw->iommus[i].path);
		if (!of->fwnodes[i])
			goto no_memory;
	}
	for (size_t i = 0; i < fw->nmasters; i++)
		of->masters[i] =
			(struct of_source){ .of = of, .master = &fw->masters[i] };
	for (size_t i = 0; i < fw->nhosts; i++)
		of->hosts[i] = (struct of_source){ .of = of, .host = &fw->hosts[i] };
	*out = of;
	return 0;

no_memory:
	iommu_of_destroy(of);
	return -ENOMEM;
}

void iommu_of_destroy(struct iommu_of *of)
{
	if (!of)
		return;
	for (size_t i = 0; of->fwnodes && i < of->fw->niommus; i++)
		iommu_fwnode_put(of->fwnodes[i]);
	free(of->fwnodes);
	free(of->masters);
	free(of->hosts);
	free(of);
}

struct iommu_fwnode *iommu_of_fwnode(struct iommu_of *of, size_t index)
{
	return index < of->fw->niommus ? of->fwnodes[index] : NULL;
}

int iommu_of_add_master(struct iommu_of *of, struct iommu_system *sys, size_t index,
			void *harness, struct iommu_dev **dev)
{
	const struct smmu_fw_master *master;
	struct iommu_dev_desc desc = { .bus = IOMMU_BUS_PLATFORM };

	if (index >= of->fw->nmasters || !of->fw->masters[index].state.populated)
		return -ENODEV;
	master = &of->fw->masters[index];
	desc.name = master->path;
	desc.fw = &master_fw;
	desc.fw_ctx = &of->masters[index];
	desc.dma_can_stall = master->dma_can_stall;
	/* CHOICE: more than the 20 bits there can be counts as 20. */
	desc.pasid_num_bits = master->pasid_num_bits > 20 ? 20 : master->pasid_num_bits;
	desc.harness = harness;
	return iommu_dev_add(sys, &desc, dev);
}

int iommu_of_add_function(struct iommu_of *of, struct iommu_system *sys, size_t index,
			  const struct iommu_dev_desc *given, struct iommu_dev **dev)
{
	struct iommu_dev_desc desc = *given;

	if (index >= of->fw->nhosts || !of->fw->hosts[index].state.populated)
		return -ENODEV;
	desc.bus = IOMMU_BUS_PCI;
	desc.fw = &function_fw;
	desc.fw_ctx = &of->hosts[index];
	return iommu_dev_add(sys, &desc, dev);
}
