/* SPDX-License-Identifier: MIT */
/*
 * The board that IORT and VIOT describe, in the form that device trees give too.
 * What each id maps to is asked of the tables' own algorithm and written down as
 * the ranges in which the answer stays the same.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/acpi.h"

#define WINDOW	     0x20000u
#define SMALL_WINDOW 0x10000u
#define LAST_RID     0xffffu
#define MAX_HOSTS    1024u
#define MAX_RESV     1024u
#define MAX_REFS     4096u
/* Mappings looked at in all; real tables need below 10^5. */
#define BUDGET 40000000ul

struct board {
	struct fw_box *box;
	struct smmu_fw *fw;
	const struct smmu_iort *iort;
	const struct smmu_viot *viot;
	int *iommu_of; /* per IORT node: index in fw->iommus, or -1 */
	const struct smmu_iort_node **node_of; /* per fw->iommus */
	size_t first_virtio;
	unsigned long budget;
};

static const struct smmu_fw_state on = { .enabled = true, .populated = true };

FW_PRINTF(2, 3)
static const char *text(struct board *b, const char *fmt, ...)
{
	char buf[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return fw_string(b->box, buf, strlen(buf));
}

static void name_node(struct board *b, const struct smmu_iort_node *node,
		      const char **path, const char **name)
{
	*path = text(b, "/IORT/%s@%x", iort_type_name(node->type), node->offset);
	*name = (*path)[0] ? *path + 6 : *path;
}

/* ---- IOMMUs ------------------------------------------------------------------------ */

static void add_irq(struct smmu_fw_iommu *iommu, const char *name, uint32_t gsiv)
{
	if (gsiv)
		iommu->irq[iommu->nirqs++] = (struct smmu_fw_irq){ .name = name,
								   .ncells = 1,
								   .cells = { gsiv } };
}

/* FW-25 */
static void add_irqs(struct board *b, const struct smmu_iort_v3 *v3,
		     struct smmu_fw_iommu *iommu)
{
	const bool combined =
		v3->model == SMMU_IORT_V3_CN99XX && v3->event_gsiv == v3->pri_gsiv &&
		v3->event_gsiv == v3->gerror_gsiv && v3->event_gsiv == v3->sync_gsiv;

	iommu->irq = fw_alloc(b->box, 4, sizeof(*iommu->irq));
	if (!iommu->irq)
		return;
	if (combined) {
		add_irq(iommu, "combined", v3->event_gsiv);
		return;
	}
	add_irq(iommu, "eventq", v3->event_gsiv);
	add_irq(iommu, "priq", v3->pri_gsiv);
	add_irq(iommu, "gerror", v3->gerror_gsiv);
	add_irq(iommu, "cmdq-sync", v3->sync_gsiv);
}

static void add_window(struct board *b, struct smmu_fw_iommu *iommu, uint64_t base,
		       uint64_t size)
{
	if (!size || base > UINT64_MAX - (size - 1)) {
		fw_problem(b->box, SMMU_FW_ERROR, iommu->path, "base address",
			   "0x%llx with 0x%llx bytes runs past 2^64",
			   (unsigned long long)base, (unsigned long long)size);
		return;
	}
	iommu->reg = fw_alloc(b->box, 1, sizeof(*iommu->reg));
	if (!iommu->reg)
		return;
	*iommu->reg = (struct smmu_fw_range){ base, size };
	iommu->nregs = 1;
}

/* FW-41: where its own messages go. */
static void add_msi(struct board *b, const struct smmu_iort_node *node,
		    struct smmu_fw_refs *refs)
{
	const struct smmu_iort_node *its;
	const int index = smmu_iort_deviceid_index(node);
	uint32_t id;

	its = index < 0 ? NULL : smmu_iort_get_id(b->iort, node, (size_t)index, &id);
	if (!its)
		return;
	refs->ref = fw_alloc(b->box, 1, sizeof(*refs->ref));
	if (!refs->ref)
		return;
	refs->present = true;
	refs->count = 1;
	*refs->ref = (struct smmu_fw_ref){
		.phandle = its->offset, .iommu = -1, .nargs = 1, .args = { id }
	};
}

static void add_v3(struct board *b, const struct smmu_iort_node *node,
		   struct smmu_fw_iommu *iommu)
{
	const struct smmu_iort_v3 *v3 = &node->v3;
	const unsigned httu = v3->flags >> 1 & 3;

	iommu->compatible = "arm,smmu-v3";
	iommu->is_smmuv3 = true;
	iommu->broken_prefetch_cmd = v3->model == SMMU_IORT_V3_HI161X; /* DRV-3 */
	iommu->broken_page1_regspace = v3->model == SMMU_IORT_V3_CN99XX;
	iommu->dma_coherent = v3->flags & SMMU_IORT_V3_COHACC;
	iommu->httu_override = true;
	iommu->httu = httu == 3 ? 0 : (uint8_t)httu;
	if (httu == 3)
		fw_problem(b->box, SMMU_FW_WARNING, iommu->path, "flags",
			   "HTTU override is 3; legal is 0 to 2");
	add_window(b, iommu, v3->base,
		   iommu->broken_page1_regspace ? SMALL_WINDOW : WINDOW);
	add_irqs(b, v3, iommu);
	add_msi(b, node, &iommu->msi_parent);
	if (!iommu->nirqs && !iommu->msi_parent.count)
		fw_problem(b->box, SMMU_FW_NOTE, iommu->path, "GSIV",
			   "neither interrupts nor a DeviceID: nobody will hear this "
			   "SMMU");
}

static void add_iort_iommu(struct board *b, const struct smmu_iort_node *node,
			   struct smmu_fw_iommu *iommu)
{
	name_node(b, node, &iommu->path, &iommu->name);
	iommu->phandle = node->offset;
	iommu->state = on;
	iommu->has_iommu_cells = true;
	iommu->iommu_cells = 1;
	if (node->type == SMMU_IORT_SMMUV3) {
		add_v3(b, node, iommu);
		return;
	}
	iommu->compatible = node->v2.model == 0 ? "arm,smmu-v1" : "arm,smmu-v2";
	iommu->dma_coherent = node->v2.flags & 2;
	add_window(b, iommu, node->v2.base, node->v2.span);
}

static void add_virtio(struct board *b, const struct smmu_viot_iommu *from,
		       struct smmu_fw_iommu *iommu)
{
	iommu->path = text(b, "/VIOT/virtio-iommu@%x", from->offset);
	iommu->name = iommu->path[0] ? iommu->path + 6 : iommu->path;
	iommu->compatible = from->is_pci ? "virtio,pci-iommu" : "virtio,mmio";
	iommu->phandle = from->offset;
	iommu->state = on;
	iommu->has_iommu_cells = true;
	iommu->iommu_cells = 1;
	if (!from->is_pci)
		add_window(b, iommu, from->base, 0x1000);
}

static bool is_iommu(const struct smmu_iort_node *node)
{
	return node->type == SMMU_IORT_SMMUV3 || node->type == SMMU_IORT_SMMU;
}

static int add_iommus(struct board *b)
{
	struct smmu_fw *fw = b->fw;
	size_t n = 0;

	for (size_t i = 0; b->iort && i < b->iort->nnodes; i++)
		b->iommu_of[i] = is_iommu(&b->iort->nodes[i]) ? (int)n++ : -1;
	b->first_virtio = n;
	n += b->viot ? b->viot->niommus : 0;
	fw->iommus = fw_alloc(b->box, n, sizeof(*fw->iommus));
	b->node_of = fw_alloc(b->box, n + 1, sizeof(struct smmu_iort_node *));
	if (n && (!fw->iommus || !b->node_of))
		return -ENOMEM;
	fw->niommus = n;
	for (size_t i = 0; b->iort && i < b->iort->nnodes; i++) {
		if (b->iommu_of[i] < 0)
			continue;
		b->node_of[b->iommu_of[i]] = &b->iort->nodes[i];
		add_iort_iommu(b, &b->iort->nodes[i], &fw->iommus[b->iommu_of[i]]);
	}
	for (size_t i = b->first_virtio; i < n; i++)
		add_virtio(b, &b->viot->iommus[i - b->first_virtio], &fw->iommus[i]);
	return 0;
}

/* ---- Masters ----------------------------------------------------------------------- */

/* FW-28; no limit said is none. */
static uint64_t dma_last(struct board *b, const char *path, unsigned bits)
{
	if (!bits)
		fw_problem(b->box, SMMU_FW_WARNING, path, "memory address limit",
			   "is 0 and counts as none; legal is 1 to 64");
	return bits && bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

/* FW-37: platform ids 0, 1, 2 ... until there is none. */
static void add_refs(struct board *b, const struct smmu_iort_node *node,
		     struct smmu_fw_refs *refs)
{
	for (size_t i = 0; i < MAX_REFS && b->budget; i++) {
		const struct smmu_iort_node *smmu;
		struct smmu_fw_ref *ref;
		uint32_t id;

		smmu = smmu_iort_map_platform_id(b->iort, node, i, &id, SMMU_IORT_IOMMUS);
		if (!smmu)
			return;
		b->budget--;
		ref = fw_grow(b->box, refs->ref, refs->count, sizeof(*ref));
		if (!ref)
			return;
		refs->ref = ref;
		refs->present = true;
		ref[refs->count++] =
			(struct smmu_fw_ref){ .phandle = smmu->offset,
					      .iommu = b->iommu_of[smmu - b->iort->nodes],
					      .nargs = 1,
					      .args = { id } };
	}
}

struct resv {
	struct board *b;
	struct smmu_fw_master *master;
};

static void add_resv(void *ctx, const struct smmu_iort_reserved *range)
{
	const struct resv *r = ctx;
	struct smmu_fw_master *m = r->master;
	struct smmu_fw_resv *resv;

	if (m->nresv == MAX_RESV || range->base > UINT64_MAX - (range->length - 1))
		return;
	resv = fw_grow(r->b->box, m->resv, m->nresv, sizeof(*resv));
	if (!resv)
		return;
	m->resv = resv;
	resv[m->nresv++] = (struct smmu_fw_resv){ .iova = range->base,
						  .size = range->length,
						  .direct = true };
}

/* The ids at the first reference's SMMU, as an operating system has them (CORE-15). */
static void add_master_resv(struct board *b, struct smmu_fw_master *m)
{
	const struct smmu_fw_refs *refs = &m->iommus;
	struct resv r = { b, m };
	uint32_t *ids;

	if (!refs->count)
		return;
	ids = fw_alloc(b->box, refs->count, sizeof(*ids));
	if (!ids)
		return;
	for (size_t i = 0; i < refs->count; i++)
		ids[i] = refs->ref[i].args[0];
	smmu_iort_for_each_reserved(b->iort, b->node_of[refs->ref[0].iommu], ids,
				    refs->count, add_resv, &r);
}

static void add_component(struct board *b, const struct smmu_iort_node *node)
{
	struct smmu_fw *fw = b->fw;
	struct smmu_fw_master *m = fw_grow(b->box, fw->masters, fw->nmasters, sizeof(*m));
	const char *path = node->nc.path, *dot = strrchr(path, '.');

	if (!m)
		return;
	fw->masters = m;
	m += fw->nmasters++;
	memset(m, 0, sizeof(*m));
	m->path = path;
	m->name = dot ? dot + 1 : path;
	m->compatible = "";
	m->phandle = node->offset;
	m->state = on;
	m->dma_coherent = node->nc.memory.coherent;
	m->dma_can_stall = node->nc.flags & SMMU_IORT_NC_STALL; /* FW-38 */
	m->pasid_num_bits = node->nc.flags >> 1 & 0x1f;
	m->dma_last = dma_last(b, path, node->nc.address_bits);
	add_refs(b, node, &m->iommus);
	add_master_resv(b, m);
	if (m->pasid_num_bits <= 20)
		return;
	fw_problem(b->box, SMMU_FW_WARNING, path, "flags",
		   "an SSID width of %u; legal is 0 to 20", m->pasid_num_bits);
	m->pasid_num_bits = 20;
}

static void add_mmio_endpoint(struct board *b, const struct smmu_viot_endpoint *e)
{
	struct smmu_fw *fw = b->fw;
	struct smmu_fw_master *m = fw_grow(b->box, fw->masters, fw->nmasters, sizeof(*m));

	if (!m)
		return;
	fw->masters = m;
	m += fw->nmasters++;
	memset(m, 0, sizeof(*m));
	m->path = text(b, "/VIOT/endpoint@%x", e->offset);
	m->name = m->path[0] ? m->path + 6 : m->path;
	m->compatible = "";
	m->phandle = e->offset;
	m->state = on;
	m->dma_last = UINT64_MAX;
	m->reg = fw_alloc(b->box, 1, sizeof(*m->reg));
	m->iommus.ref = fw_alloc(b->box, 1, sizeof(*m->iommus.ref));
	if (!m->reg || !m->iommus.ref)
		return;
	m->nregs = 1;
	*m->reg = (struct smmu_fw_range){ e->base, 1 };
	m->iommus.present = true;
	m->iommus.count = 1;
	*m->iommus.ref =
		(struct smmu_fw_ref){ .phandle = b->viot->iommus[e->iommu].offset,
				      .iommu = (int)(b->first_virtio + e->iommu),
				      .nargs = 1,
				      .args = { e->endpoint } };
}

/* ---- PCI segments ------------------------------------------------------------------ */

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
static struct smmu_fw_map_entry map_run(struct board *b, const struct smmu_iort_node *rc,
					uint16_t segment, uint32_t id, uint32_t *same)
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

static void add_map(struct board *b, const struct smmu_iort_node *rc, uint16_t segment,
		    struct smmu_fw_map *map)
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

static struct smmu_fw_host *new_host(struct board *b, int segment)
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
	h->state = on;
	h->is_pci = true;
	h->bus_last = 0xff;
	h->msi_map.mask = UINT32_MAX;
	h->dma_last = UINT64_MAX;
	return h;
}

static void add_root_complex(struct board *b, const struct smmu_iort_node *node)
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
	name_node(b, node, &h->path, &h->name);
	h->phandle = node->offset;
	h->ats_supported = rc->ats & SMMU_IORT_RC_ATS; /* FW-37 */
	h->canwbs = rc->memory.flags & SMMU_IORT_MEM_CANWBS;
	h->pasid_bits = rc->pasid_capabilities & 0x1f;
	h->dma_coherent = rc->memory.coherent;
	h->dma_last = dma_last(b, h->path, rc->address_bits);
	add_map(b, node, (uint16_t)rc->segment, &h->iommu_map);
}

/* Segments that VIOT alone knows. */
static void add_viot_hosts(struct board *b, const struct smmu_viot_endpoint *e)
{
	for (uint32_t s = e->segment_first; s <= e->segment_last; s++) {
		struct smmu_fw_host *h = new_host(b, (int)s);

		if (b->fw->nhosts == MAX_HOSTS)
			return;
		if (!h)
			continue;
		h->path = text(b, "/VIOT/segment@%x", s);
		h->name = h->path[0] ? h->path + 6 : h->path;
		add_map(b, NULL, (uint16_t)s, &h->iommu_map);
	}
}

/* ---- All of it --------------------------------------------------------------------- */

static void add_pmcg(struct board *b, const struct smmu_iort_node *node)
{
	struct smmu_fw *fw = b->fw;
	struct smmu_fw_pmcg *p = fw_grow(b->box, fw->pmcgs, fw->npmcgs, sizeof(*p));

	if (!p)
		return;
	fw->pmcgs = p;
	p += fw->npmcgs++;
	name_node(b, node, &p->path, &p->name);
	p->page0 = node->pmcg.page0;
	p->page1 = node->pmcg.page1;
	p->gsiv = node->pmcg.gsiv;
	p->iommu = node->pmcg.target < 0 ? -1 : b->iommu_of[node->pmcg.target];
}

static void add_nodes(struct board *b)
{
	for (size_t i = 0; b->iort && i < b->iort->nnodes; i++) {
		const struct smmu_iort_node *node = &b->iort->nodes[i];

		if (node->type == SMMU_IORT_NAMED_COMPONENT)
			add_component(b, node);
		else if (node->type == SMMU_IORT_ROOT_COMPLEX)
			add_root_complex(b, node);
		else if (node->type == SMMU_IORT_PMCG)
			add_pmcg(b, node);
	}
	for (size_t i = 0; b->viot && i < b->viot->nendpoints; i++) {
		const struct smmu_viot_endpoint *e = &b->viot->endpoints[i];

		if (e->is_pci)
			add_viot_hosts(b, e);
		else
			add_mmio_endpoint(b, e);
	}
	if (!b->budget)
		fw_problem(b->box, SMMU_FW_ERROR, "/", "",
			   "too many mappings to look through; the description is "
			   "incomplete");
}

int acpi_board(struct fw_box *box, struct smmu_acpi *acpi)
{
	struct board b = { .box = box,
			   .fw = &box->fw,
			   .iort = acpi->iort,
			   .viot = acpi->viot,
			   .budget = BUDGET };
	int err;

	b.iommu_of = calloc(b.iort ? b.iort->nnodes + 1 : 1, sizeof(*b.iommu_of));
	if (!b.iommu_of)
		return -ENOMEM;
	b.fw->model =
		b.iort ? text(&b, "%s %s", b.iort->oem_id, b.iort->oem_table_id) : "";
	b.fw->compatible = "";
	err = add_iommus(&b);
	if (!err)
		add_nodes(&b);
	free(b.iommu_of);
	acpi->iommu_node = b.node_of;
	acpi->first_virtio = b.first_virtio;
	b.fw->acpi = acpi;
	return err;
}
