/* SPDX-License-Identifier: MIT */
/*
 * PCI segments: what each requester id maps to, asked of the tables' own algorithm and
 * written down as the ranges in which the answer stays the same.
 */
#include <string.h>
#include "firmware/acpi_board.h"

#define LAST_RID  0xffffu
#define MAX_HOSTS 1024u

/* What VIOT says of an id, and for how many more in the same way. */
static const struct smmu_viot_endpoint *
viot_run(const struct smmu_viot *viot, uint16_t segment, uint16_t bdf, uint32_t *same)
{
	for (size_t i = 0; i < viot->nendpoints; i++) {
		const struct smmu_viot_endpoint *e = &viot->endpoints[i];
		uint32_t after = UINT32_MAX;

		if (!e->is_pci || segment < e->segment_first ||
		    segment > e->segment_last || bdf > e->bdf_last ||
		    e->bdf_first > e->bdf_last)
			continue;
		after = (uint32_t)(bdf < e->bdf_first ? e->bdf_first - bdf - 1
						      : e->bdf_last - bdf);
		*same = after < *same ? after : *same;
		if (bdf >= e->bdf_first)
			return e;
	}
	return NULL;
}

/* FW-49: IORT first; what it leads nowhere is VIOT's. */
static struct smmu_fw_map_entry map_run(struct acpi_board *b,
					const struct smmu_iort_node *rc, uint16_t segment,
					uint32_t id, uint32_t *same)
{
	struct smmu_fw_map_entry entry = { .id_base = id, .iommu = -1 };
	struct iort_run run = { .same = UINT32_MAX };

	if (rc)
		iort_map_run(b->iort, rc, id, SMMU_IORT_IOMMUS, &run);
	b->budget -= b->budget < run.cost ? b->budget : run.cost;
	*same = run.same;
	if (run.node) {
		entry.target = run.node->offset;
		entry.iommu = b->iommu_of[run.node - b->iort->nodes];
		entry.out_base = run.out;
		entry.fixed = run.fixed;
	} else if (b->viot) {
		const struct smmu_viot_endpoint *e =
			viot_run(b->viot, segment, (uint16_t)id, same);

		b->budget -=
			b->budget < b->viot->nendpoints ? b->budget : b->viot->nendpoints;
		if (e) {
			entry.target = b->viot->iommus[e->iommu].offset;
			entry.iommu = (int)(b->first_virtio + e->iommu);
			entry.out_base = ((uint32_t)(segment - e->segment_first) << 16) +
					 (id - e->bdf_first) + e->endpoint;
		}
	}
	entry.target_exists = entry.iommu >= 0;
	return entry;
}

/* Whether `next` goes on where `e` ends: the special last id was none (FW-30). */
static bool goes_on(const struct smmu_fw_map_entry *e,
		    const struct smmu_fw_map_entry *next)
{
	return e->iommu == next->iommu && e->fixed == next->fixed &&
	       e->id_base + e->length == next->id_base &&
	       e->out_base + (e->fixed ? 0 : e->length) == next->out_base;
}

static void add_map(struct acpi_board *b, const struct smmu_iort_node *rc,
		    uint16_t segment, struct smmu_fw_map *map)
{
	uint32_t id = 0, same;

	map->present = true;
	map->mask = UINT32_MAX;
	while (id <= LAST_RID && b->budget) {
		struct smmu_fw_map_entry entry = map_run(b, rc, segment, id, &same);
		struct smmu_fw_map_entry *list;

		entry.length = (same < LAST_RID - id ? same : LAST_RID - id) + 1;
		id += entry.length;
		if (entry.iommu < 0)
			continue;
		if (map->count && goes_on(&map->entry[map->count - 1], &entry)) {
			map->entry[map->count - 1].length += entry.length;
			continue;
		}
		list = fw_grow(b->box, map->entry, map->count, sizeof(*list));
		if (!list)
			return;
		map->entry = list;
		list[map->count++] = entry;
	}
}

static struct smmu_fw_host *new_host(struct acpi_board *b, int segment)
{
	struct smmu_fw *fw = b->fw;
	struct smmu_fw_host *h;

	if (fw->nhosts == MAX_HOSTS)
		return NULL;
	for (size_t i = 0; i < fw->nhosts; i++)
		if (fw->hosts[i].domain == segment)
			return NULL; /* FW-36: the first one counts */
	h = fw_grow(b->box, fw->hosts, fw->nhosts, sizeof(*h));
	if (!h)
		return NULL;
	fw->hosts = h;
	h += fw->nhosts++;
	memset(h, 0, sizeof(*h));
	h->domain = segment;
	h->compatible = "";
	h->state = ACPI_ON;
	h->is_pci = true;
	h->bus_last = 0xff;
	h->msi_map.mask = UINT32_MAX;
	h->dma_last = UINT64_MAX;
	return h;
}

void acpi_add_root_complex(struct acpi_board *b, const struct smmu_iort_node *node)
{
	const struct smmu_iort_rc *rc = &node->rc;
	struct smmu_fw_host *h;

	if (rc->segment > UINT16_MAX) {
		fw_problem(b->box, SMMU_FW_WARNING, "/IORT", "PCI segment",
			   "root complex at 0x%x: 0x%x; legal is 0 to 0xffff",
			   node->offset, rc->segment);
		return;
	}
	h = new_host(b, (int)rc->segment);
	if (!h)
		return;
	acpi_name_node(b, node, &h->path, &h->name);
	h->phandle = node->offset;
	h->ats_supported = rc->ats & SMMU_IORT_RC_ATS; /* FW-37 */
	h->canwbs = rc->memory.flags & SMMU_IORT_MEM_CANWBS;
	h->pasid_bits = rc->pasid_capabilities & 0x1f;
	h->dma_coherent = rc->memory.coherent;
	h->dma_last = acpi_dma_last(b, h->path, rc->address_bits);
	add_map(b, node, (uint16_t)rc->segment, &h->iommu_map);
}

/* Segments that VIOT alone knows. */
void acpi_add_viot_hosts(struct acpi_board *b, const struct smmu_viot_endpoint *e)
{
	for (uint32_t s = e->segment_first; s <= e->segment_last; s++) {
		struct smmu_fw_host *h = new_host(b, (int)s);

		if (b->fw->nhosts == MAX_HOSTS)
			return;
		if (!h)
			continue;
		h->path = acpi_text(b, "/VIOT/segment@%x", s);
		h->name = h->path[0] ? h->path + 6 : h->path;
		add_map(b, NULL, (uint16_t)s, &h->iommu_map);
	}
}
