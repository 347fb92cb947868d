/* SPDX-License-Identifier: MIT */
/* The board that IORT and VIOT describe, in the form that device trees give too. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/acpi_board.h"

#define WINDOW	     0x20000u
#define SMALL_WINDOW 0x10000u
#define MAX_RESV     1024u
#define MAX_REFS     4096u
/* Mappings looked at in all; real tables need below 10^5. */
#define BUDGET 40000000ul

const char *acpi_text(struct acpi_board *b, const char *fmt, ...)
{
	char buf[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return fw_string(b->box, buf, strlen(buf));
}

void acpi_name_node(struct acpi_board *b, const struct smmu_iort_node *node,
		    const char **path, const char **name)
{
	*path = acpi_text(b, "/IORT/%s@%x", iort_type_name(node->type), node->offset);
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
static void add_irqs(struct acpi_board *b, const struct smmu_iort_v3 *v3,
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

static void add_window(struct acpi_board *b, struct smmu_fw_iommu *iommu, uint64_t base,
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
static void add_msi(struct acpi_board *b, const struct smmu_iort_node *node,
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

static void add_v3(struct acpi_board *b, const struct smmu_iort_node *node,
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

static void add_iort_iommu(struct acpi_board *b, const struct smmu_iort_node *node,
			   struct smmu_fw_iommu *iommu)
{
	acpi_name_node(b, node, &iommu->path, &iommu->name);
	iommu->phandle = node->offset;
	iommu->state = ACPI_ON;
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

static void add_virtio(struct acpi_board *b, const struct smmu_viot_iommu *from,
		       struct smmu_fw_iommu *iommu)
{
	iommu->path = acpi_text(b, "/VIOT/virtio-iommu@%x", from->offset);
	iommu->name = iommu->path[0] ? iommu->path + 6 : iommu->path;
	iommu->compatible = from->is_pci ? "virtio,pci-iommu" : "virtio,mmio";
	iommu->phandle = from->offset;
	iommu->state = ACPI_ON;
	iommu->has_iommu_cells = true;
	iommu->iommu_cells = 1;
	if (!from->is_pci)
		add_window(b, iommu, from->base, 0x1000);
}

static bool is_iommu(const struct smmu_iort_node *node)
{
	return node->type == SMMU_IORT_SMMUV3 || node->type == SMMU_IORT_SMMU;
}

static int add_iommus(struct acpi_board *b)
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
uint64_t acpi_dma_last(struct acpi_board *b, const char *path, unsigned bits)
{
	if (!bits)
		fw_problem(b->box, SMMU_FW_WARNING, path, "memory address limit",
			   "is 0 and counts as none; legal is 1 to 64");
	return bits && bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

/* FW-37: platform ids 0, 1, 2 ... until there is none. */
static void add_refs(struct acpi_board *b, const struct smmu_iort_node *node,
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
	struct acpi_board *b;
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
static void add_master_resv(struct acpi_board *b, struct smmu_fw_master *m)
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

static void add_component(struct acpi_board *b, const struct smmu_iort_node *node)
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
	m->state = ACPI_ON;
	m->dma_coherent = node->nc.memory.coherent;
	m->dma_can_stall = node->nc.flags & SMMU_IORT_NC_STALL; /* FW-38 */
	m->pasid_num_bits = node->nc.flags >> 1 & 0x1f;
	m->dma_last = acpi_dma_last(b, path, node->nc.address_bits);
	add_refs(b, node, &m->iommus);
	add_master_resv(b, m);
	if (m->pasid_num_bits <= 20)
		return;
	fw_problem(b->box, SMMU_FW_WARNING, path, "flags",
		   "an SSID width of %u; legal is 0 to 20", m->pasid_num_bits);
	m->pasid_num_bits = 20;
}

static void add_mmio_endpoint(struct acpi_board *b, const struct smmu_viot_endpoint *e)
{
	struct smmu_fw *fw = b->fw;
	struct smmu_fw_master *m = fw_grow(b->box, fw->masters, fw->nmasters, sizeof(*m));

	if (!m)
		return;
	fw->masters = m;
	m += fw->nmasters++;
	memset(m, 0, sizeof(*m));
	m->path = acpi_text(b, "/VIOT/endpoint@%x", e->offset);
	m->name = m->path[0] ? m->path + 6 : m->path;
	m->compatible = "";
	m->phandle = e->offset;
	m->state = ACPI_ON;
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

/* ---- All of it --------------------------------------------------------------------- */

static void add_pmcg(struct acpi_board *b, const struct smmu_iort_node *node)
{
	struct smmu_fw *fw = b->fw;
	struct smmu_fw_pmcg *p = fw_grow(b->box, fw->pmcgs, fw->npmcgs, sizeof(*p));

	if (!p)
		return;
	fw->pmcgs = p;
	p += fw->npmcgs++;
	acpi_name_node(b, node, &p->path, &p->name);
	p->page0 = node->pmcg.page0;
	p->page1 = node->pmcg.page1;
	p->gsiv = node->pmcg.gsiv;
	p->iommu = node->pmcg.target < 0 ? -1 : b->iommu_of[node->pmcg.target];
}

static void add_nodes(struct acpi_board *b)
{
	for (size_t i = 0; b->iort && i < b->iort->nnodes; i++) {
		const struct smmu_iort_node *node = &b->iort->nodes[i];

		if (node->type == SMMU_IORT_NAMED_COMPONENT)
			add_component(b, node);
		else if (node->type == SMMU_IORT_ROOT_COMPLEX)
			acpi_add_root_complex(b, node);
		else if (node->type == SMMU_IORT_PMCG)
			add_pmcg(b, node);
	}
	for (size_t i = 0; b->viot && i < b->viot->nendpoints; i++) {
		const struct smmu_viot_endpoint *e = &b->viot->endpoints[i];

		if (e->is_pci)
			acpi_add_viot_hosts(b, e);
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
	struct acpi_board b = { .box = box,
				.fw = &box->fw,
				.iort = acpi->iort,
				.viot = acpi->viot,
				.budget = BUDGET };
	int err;

	b.iommu_of = calloc(b.iort ? b.iort->nnodes + 1 : 1, sizeof(*b.iommu_of));
	if (!b.iommu_of)
		return -ENOMEM;
	b.fw->model =
		b.iort ? acpi_text(&b, "%s %s", b.iort->oem_id, b.iort->oem_table_id)
		       : "";
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
