/* SPDX-License-Identifier: MIT */
/* The device tree's way to a description: which node is what. */
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/dt.h"

#define MAX_ALIASES 256u

static bool is_iommu(const struct dt *dt, const struct dt_node *node)
{
	return dt_has(dt, node, DT_IOMMU_CELLS) ||
	       dt_lists(dt, node, DT_COMPATIBLE, "arm,smmu-v3");
}

/* Numbers the IOMMUs, so that references seen later know theirs. */
static void number_iommus(struct dt *dt, struct smmu_fw *fw)
{
	for (size_t i = 0; i < dt->nnodes; i++)
		if (dt->nodes[i].parent >= 0 && is_iommu(dt, &dt->nodes[i]))
			dt->nodes[i].iommu = (int)fw->niommus++;
	fw->iommus = fw_alloc(dt->box, fw->niommus, sizeof(*fw->iommus));
	if (!fw->iommus)
		fw->niommus = 0;
}

static void add_memory(struct dt *dt, const struct dt_node *node, struct smmu_fw *fw)
{
	const enum dt_prop_id id =
		dt_has(dt, node, DT_USABLE_MEMORY) ? DT_USABLE_MEMORY : DT_REG;
	size_t count;
	const struct smmu_fw_range *reg = dt_reg(dt, node, id, SMMU_FW_ERROR, &count);
	const char *path, *name;

	if (!dt_has(dt, node, id) || !node->state.populated)
		return;
	dt_names(dt, node, &path, &name);
	if (!count)
		dt_problem(dt, node, id, SMMU_FW_NOTE,
			   "holds no memory: size 0, for a boot loader to fill in?");
	for (size_t i = 0; i < count; i++) {
		struct smmu_fw_memory *m =
			fw_grow(dt->box, fw->memories, fw->nmemories, sizeof(*m));
		uint32_t numa = UINT32_MAX;

		if (!m)
			return;
		fw->memories = m;
		m += fw->nmemories++;
		m->path = path;
		m->base = reg[i].base;
		m->size = reg[i].size;
		m->hotpluggable = dt_has(dt, node, DT_HOTPLUGGABLE);
		dt_u32(dt, node, DT_NUMA_NODE_ID, &numa);
		m->numa_node = numa > INT32_MAX ? -1 : (int)numa;
	}
}

/* What the targets of a well-formed list say about it. */
static void judge_targets(const struct dt *dt, const struct dt_node *node,
			  const struct smmu_fw *fw, const struct smmu_fw_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++) {
		const struct smmu_fw_ref *ref = &refs->ref[i];

		if (ref->phandle == node->phandle)
			dt_problem(dt, node, DT_IOMMUS, SMMU_FW_ERROR,
				   "entry %zu leads to the node itself", i);
		else if (ref->iommu >= 0 && !fw->iommus[ref->iommu].state.enabled)
			dt_problem(dt, node, DT_IOMMUS, SMMU_FW_NOTE,
				   "entry %zu leads to %s, which is disabled", i,
				   fw->iommus[ref->iommu].path);
	}
}

static void add_master(struct dt *dt, const struct dt_node *node, struct smmu_fw *fw)
{
	struct smmu_fw_master *m;
	struct dt_dma dma;

	if (node->below_pci) {
		dt_problem(dt, node, DT_IOMMUS, SMMU_FW_WARNING,
			   "is ignored: devices behind PCI get their ids from the host's "
			   "iommu-map");
		return;
	}
	m = fw_grow(dt->box, fw->masters, fw->nmasters, sizeof(*m));
	if (!m)
		return;
	fw->masters = m;
	m += fw->nmasters++;
	memset(m, 0, sizeof(*m));
	dt_names(dt, node, &m->path, &m->name);
	m->compatible = dt_string(dt, node, DT_COMPATIBLE);
	m->phandle = node->phandle;
	m->state = node->state;
	m->reg = dt_reg(dt, node, DT_REG, SMMU_FW_NOTE, &m->nregs);
	dt_refs(dt, node, DT_IOMMUS, DT_IOMMU_CELLS, &m->iommus);
	dt_refs(dt, node, DT_MSI_PARENT, DT_MSI_CELLS, &m->msi_parent);
	m->dma_coherent = node->coherent;
	dma = dt_dma(dt, node, &dt->nodes[node->parent]);
	m->dma = dma.range;
	m->ndma = dma.count;
	m->dma_last = dma.last;
	m->dma_can_stall = dt_has(dt, node, DT_DMA_CAN_STALL);
	dt_u32(dt, node, DT_PASID_NUM_BITS, &m->pasid_num_bits);
	if (m->pasid_num_bits > 20) {
		dt_problem(dt, node, DT_PASID_NUM_BITS, SMMU_FW_WARNING,
			   "is %u; legal is 0 to 20", m->pasid_num_bits);
		m->pasid_num_bits = 20;
	}
	m->resv = dt_resv(dt, node, &m->nresv);
	judge_targets(dt, node, fw, &m->iommus);
}

static void read_bus_range(const struct dt *dt, const struct dt_node *node,
			   struct smmu_fw_host *host)
{
	const struct dt_prop *prop = dt_prop(dt, node, DT_BUS_RANGE);

	host->bus_last = 0xff;
	if (!prop)
		return;
	if (prop->len != 8 || dt_cell(prop, 0) > dt_cell(prop, 1) ||
	    dt_cell(prop, 1) > 0xff) {
		dt_problem(dt, node, DT_BUS_RANGE, SMMU_FW_WARNING,
			   "is ignored; legal is <first last> with first <= last <= 255");
		return;
	}
	host->bus_first = (uint8_t)dt_cell(prop, 0);
	host->bus_last = (uint8_t)dt_cell(prop, 1);
}

static void judge_map(const struct dt *dt, const struct dt_node *node,
		      const struct smmu_fw *fw, const struct smmu_fw_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->entry[i].iommu >= 0 &&
		    !fw->iommus[map->entry[i].iommu].state.enabled)
			dt_problem(dt, node, DT_IOMMU_MAP, SMMU_FW_NOTE,
				   "entry %zu leads to %s, which is disabled", i,
				   fw->iommus[map->entry[i].iommu].path);
}

static void add_host(struct dt *dt, const struct dt_node *node, struct smmu_fw *fw)
{
	struct smmu_fw_host *h = fw_grow(dt->box, fw->hosts, fw->nhosts, sizeof(*h));
	uint32_t domain = UINT32_MAX;
	struct dt_dma dma;

	if (!h)
		return;
	fw->hosts = h;
	h += fw->nhosts++;
	memset(h, 0, sizeof(*h));
	dt_names(dt, node, &h->path, &h->name);
	h->compatible = dt_string(dt, node, DT_COMPATIBLE);
	h->phandle = node->phandle;
	h->state = node->state;
	h->is_pci = node->pci;
	h->reg = dt_reg(dt, node, DT_REG, SMMU_FW_NOTE, &h->nregs);
	dt_map(dt, node, DT_IOMMU_MAP, DT_IOMMU_MAP_MASK, &h->iommu_map);
	dt_map(dt, node, DT_MSI_MAP, DT_MSI_MAP_MASK, &h->msi_map);
	dt_refs(dt, node, DT_MSI_PARENT, DT_MSI_CELLS, &h->msi_parent);
	read_bus_range(dt, node, h);
	dt_u32(dt, node, DT_PCI_DOMAIN, &domain);
	h->domain = domain > INT32_MAX ? -1 : (int)domain;
	h->ats_supported = dt_has(dt, node, DT_ATS_SUPPORTED);
	h->dma_coherent = node->coherent;
	dma = dt_dma(dt, node, node);
	h->dma = dma.range;
	h->ndma = dma.count;
	h->dma_last = dma.last;
	judge_map(dt, node, fw, &h->iommu_map);
}

/* Whether the chain of first references from an IOMMU comes back to it. */
static bool in_circle(const struct smmu_fw *fw, const int *behind, size_t start)
{
	int at = behind[start];

	for (size_t step = 0; at >= 0 && step < fw->niommus && step < 64; step++) {
		if ((size_t)at == start)
			return true;
		at = behind[at];
	}
	return false;
}

/* IOMMUs behind IOMMUs: legal to write, unless they go round in a circle. */
static int judge_circles(struct dt *dt, struct smmu_fw *fw)
{
	int *behind = malloc((fw->niommus + 1) * sizeof(*behind));

	if (!behind)
		return -ENOMEM;
	for (size_t i = 0; i < dt->nnodes; i++) {
		const struct dt_node *node = &dt->nodes[i];
		const struct dt_prop *prop = dt_prop(dt, node, DT_IOMMUS);
		const struct dt_node *target;

		if (node->iommu < 0 || !fw->niommus)
			continue;
		target = prop && prop->len >= 4 ? dt_by_phandle(dt, dt_cell(prop, 0))
						: NULL;
		behind[node->iommu] = target ? target->iommu : -1;
	}
	for (size_t i = 0; i < dt->nnodes && fw->niommus; i++) {
		const struct dt_node *node = &dt->nodes[i];

		if (node->iommu >= 0 && behind[node->iommu] != node->iommu &&
		    in_circle(fw, behind, (size_t)node->iommu))
			dt_problem(
				dt, node, DT_IOMMUS, SMMU_FW_ERROR,
				"this IOMMU is behind itself, through others; legal is a "
				"chain with an end");
	}
	free(behind);
	return 0;
}

/* Whether a path of the tree exists; names are matched whole. */
static bool path_exists(const struct dt *dt, const char *path)
{
	size_t at = 0;

	if (path[0] != '/')
		return false;
	while (path[1]) {
		size_t len = strcspn(path + 1, "/"), end = (size_t)dt->nodes[at].next;
		size_t child = at + 1;

		while (child < end && (dt->nodes[child].name_len != len ||
				       memcmp(dt->nodes[child].name, path + 1, len) != 0))
			child = (size_t)dt->nodes[child].next;
		if (child >= end)
			return false;
		at = child;
		path += len + 1;
	}
	return true;
}

static void add_alias(struct dt *dt, const struct dt_node *node, struct smmu_fw *fw,
		      const char *name, const char *data, size_t len)
{
	struct smmu_fw_alias *a = fw_grow(dt->box, fw->aliases, fw->naliases, sizeof(*a));

	if (!a)
		return;
	fw->aliases = a;
	a += fw->naliases++;
	a->name = fw_string(dt->box, name, strlen(name));
	a->path = fw_string(dt->box, data, len);
	if (!path_exists(dt, a->path))
		dt_problem(dt, node, DT_PROP_COUNT, SMMU_FW_WARNING,
			   "alias %s: no node %s", a->name, a->path);
}

static void read_aliases(struct dt *dt, struct smmu_fw *fw)
{
	const struct dt_node *node = NULL;
	int offset;

	for (size_t i = 1; i < dt->nnodes && !node; i = (size_t)dt->nodes[i].next)
		if (dt->nodes[i].name_len == 7 &&
		    !memcmp(dt->nodes[i].name, "aliases", 7))
			node = &dt->nodes[i];
	if (!node)
		return;
	fdt_for_each_property_offset(offset, dt->blob, node->offset)
	{
		const char *name;
		int len;
		const void *data = fdt_getprop_by_offset(dt->blob, offset, &name, &len);

		if (!data || len < 0 || !strcmp(name, "phandle"))
			continue;
		if (fw->naliases == MAX_ALIASES) {
			dt_problem(dt, node, DT_PROP_COUNT, SMMU_FW_WARNING,
				   "more than %u aliases; the rest is ignored",
				   MAX_ALIASES);
			return;
		}
		add_alias(dt, node, fw, name, data, (size_t)len);
	}
}

static void judge_board(struct dt *dt, struct smmu_fw *fw)
{
	const struct dt_node *root = &dt->nodes[0];
	bool any = false;

	for (size_t i = 0; i < fw->niommus; i++)
		any = any || fw->iommus[i].is_smmuv3;
	if (!any)
		dt_problem(dt, root, DT_COMPATIBLE, SMMU_FW_NOTE,
			   "no node of this board is compatible with arm,smmu-v3");
	if (!fw->nmemories)
		dt_problem(dt, root, DT_DEVICE_TYPE, SMMU_FW_NOTE,
			   "no node with device_type memory holds any");
	if (!dt->budget)
		dt_problem(
			dt, root, DT_RANGES, SMMU_FW_ERROR,
			"too many windows and regions to look through; the description "
			"is incomplete");
}

static int collect(struct dt *dt, struct smmu_fw *fw)
{
	fw->model = dt_string(dt, &dt->nodes[0], DT_MODEL);
	fw->compatible = dt_string(dt, &dt->nodes[0], DT_COMPATIBLE);
	number_iommus(dt, fw);
	for (size_t i = 1; i < dt->nnodes && fw->niommus; i++)
		if (dt->nodes[i].iommu >= 0)
			dt_iommu(dt, &dt->nodes[i], &fw->iommus[dt->nodes[i].iommu]);
	for (size_t i = 1; i < dt->nnodes; i++) {
		const struct dt_node *node = &dt->nodes[i];

		if (dt_is(dt, node, DT_DEVICE_TYPE, "memory"))
			add_memory(dt, node, fw);
		if (dt_has(dt, node, DT_IOMMUS))
			add_master(dt, node, fw);
		if (node->pci ? !node->below_pci : dt_has(dt, node, DT_IOMMU_MAP))
			add_host(dt, node, fw);
	}
	read_aliases(dt, fw);
	judge_board(dt, fw);
	return judge_circles(dt, fw);
}

int smmu_fw_from_dtb(const void *blob, size_t len, struct smmu_fw **fw, char *why,
		     size_t n)
{
	struct fw_box *box = fw_box_create();
	char nowhere[1];
	struct dt dt;
	int err;

	if (!why) {
		why = nowhere;
		n = sizeof(nowhere);
	}
	if (!box) {
		snprintf(why, n, "no memory");
		return -ENOMEM;
	}
	err = dt_open(&dt, box, blob, len, why, n);
	if (!err)
		err = collect(&dt, &box->fw);
	dt_close(&dt);
	if (!err && box->out_of_memory)
		err = -ENOMEM;
	if (err == -ENOMEM)
		snprintf(why, n, "no memory");
	if (err)
		fw_box_destroy(box);
	else
		*fw = &box->fw;
	return err;
}
