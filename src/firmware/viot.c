/* SPDX-License-Identifier: MIT */
/* The VIOT: read (FW-42 to FW-44), and asked (FW-45, FW-46). */
#include <errno.h>
#include <string.h>
#include "firmware/acpi.h"

struct viot_parse {
	struct acpi_table *t;
	struct smmu_viot *viot;
	struct smmu_viot_iommu *iommus;
	struct smmu_viot_endpoint *endpoints;
	unsigned char starts[(UINT16_MAX + 1) / 8]; /* bit per offset: a node begins */
};

static uint16_t node_size(uint8_t type)
{
	switch (type) {
	case SMMU_VIOT_PCI_RANGE:
	case SMMU_VIOT_MMIO:
		return 24;
	case SMMU_VIOT_VIRTIO_PCI:
	case SMMU_VIOT_VIRTIO_MMIO:
		return 16;
	default:
		return VIOT_NODE_HEADER;
	}
}

/* The IOMMU whose node is at this offset; made when an endpoint first refers to it. */
static int find_iommu(struct viot_parse *p, uint16_t offset, size_t *index)
{
	const struct acpi_table *t = p->t;
	struct smmu_viot_iommu iommu = { .offset = offset };
	uint8_t type;

	for (*index = 0; *index < p->viot->niommus; ++*index)
		if (p->iommus[*index].offset == offset)
			return 0;
	type = acpi_u8(t, offset);
	if (type != SMMU_VIOT_VIRTIO_PCI && type != SMMU_VIOT_VIRTIO_MMIO)
		return -ENODEV;
	iommu.is_pci = type == SMMU_VIOT_VIRTIO_PCI;
	if (iommu.is_pci) {
		iommu.segment = acpi_u16(t, offset + 4u);
		iommu.bdf = acpi_u16(t, offset + 6u);
	} else {
		iommu.base = acpi_u64(t, offset + 8u);
	}
	p->iommus = fw_grow(t->box, p->iommus, p->viot->niommus, sizeof(*p->iommus));
	if (!p->iommus)
		return -ENOMEM;
	p->iommus[p->viot->niommus++] = iommu;
	return 0;
}

static int add_endpoint(struct viot_parse *p, uint16_t at)
{
	const struct acpi_table *t = p->t;
	struct smmu_viot_endpoint e = { .offset = at,
					.is_pci = acpi_u8(t, at) == SMMU_VIOT_PCI_RANGE,
					.endpoint = acpi_u32(t, at + 4u) };
	const uint16_t output = acpi_u16(t, at + 16u);
	int err;

	if (!(p->starts[output / 8] & 1u << output % 8)) /* FW-50 */
		return acpi_bad(t, at, "leads to 0x%x, where no node begins", output);
	err = find_iommu(p, output, &e.iommu);
	if (err == -ENODEV) { /* FW-44: later tables may know more; it is dropped */
		acpi_remark(t, SMMU_FW_WARNING, at, "its output node 0x%x is no IOMMU",
			    output);
		return 0;
	}
	if (err)
		return err;
	if (e.is_pci) {
		e.segment_first = acpi_u16(t, at + 8u);
		e.segment_last = acpi_u16(t, at + 10u);
		e.bdf_first = acpi_u16(t, at + 12u);
		e.bdf_last = acpi_u16(t, at + 14u);
	} else {
		e.base = acpi_u64(t, at + 8u);
	}
	p->endpoints =
		fw_grow(t->box, p->endpoints, p->viot->nendpoints, sizeof(*p->endpoints));
	if (!p->endpoints)
		return -ENOMEM;
	p->endpoints[p->viot->nendpoints++] = e;
	return 0;
}

/* FW-44: one node's header; *length is its size. */
static int check_node(const struct viot_parse *p, uint32_t at, uint16_t *length)
{
	const struct acpi_table *t = p->t;
	uint8_t type;

	if (at > UINT16_MAX || at > t->len || t->len - at < VIOT_NODE_HEADER)
		return acpi_refuse(t, at, "lies beyond the table's 0x%x bytes", t->len);
	type = acpi_u8(t, at);
	*length = acpi_u16(t, at + 2);
	if (*length < node_size(type) || *length > t->len - at)
		return acpi_refuse(t, at,
				   "type %u with a length of 0x%x; legal is 0x%x to 0x%x",
				   type, *length, node_size(type), t->len - at);
	return 0;
}

/*
 * FW-44: every node is looked at first, so that references can be judged. *count:
 * nodes to be taken. Lenient: those before the bad one.
 */
static int find_starts(struct viot_parse *p, uint16_t *count)
{
	const struct acpi_table *t = p->t;
	const uint16_t all = *count;
	uint32_t at = acpi_u16(t, 38);

	for (*count = 0; *count < all; ++*count) {
		uint16_t length = 0;

		if (check_node(p, at, &length)) {
			if (!t->lenient)
				return -EINVAL;
			acpi_remark(t, SMMU_FW_ERROR, at,
				    "no node of a legal length; the rest is not read");
			return 0;
		}
		p->starts[at / 8] = (unsigned char)(p->starts[at / 8] | 1u << at % 8);
		at += length;
	}
	return 0;
}

static int walk(struct viot_parse *p)
{
	const struct acpi_table *t = p->t;
	uint16_t count = acpi_u16(t, 36);
	uint32_t at = acpi_u16(t, 38);
	int err;

	if (count && at < VIOT_HEADER)
		return acpi_refuse(t, 0, "nodes at 0x%x; legal is 0x%x or more", at,
				   VIOT_HEADER);
	err = find_starts(p, &count);
	for (uint16_t i = 0; i < count && !err; i++) {
		const uint8_t type = acpi_u8(t, at);

		if (type == SMMU_VIOT_PCI_RANGE || type == SMMU_VIOT_MMIO)
			err = add_endpoint(p, (uint16_t)at);
		else if (node_size(type) == VIOT_NODE_HEADER)
			acpi_remark(t, SMMU_FW_WARNING, at, "type %u is not known here",
				    type);
		at += acpi_u16(t, at + 2);
	}
	return err;
}

int viot_parse(struct acpi_table *t, const struct smmu_viot **out)
{
	struct viot_parse p = { .t = t };
	int err;

	p.viot = fw_alloc(t->box, 1, sizeof(*p.viot));
	if (!p.viot)
		return -ENOMEM;
	p.viot->revision = acpi_u8(t, 8);
	err = walk(&p);
	p.viot->iommus = p.iommus;
	p.viot->endpoints = p.endpoints;
	*out = p.viot;
	return err;
}

int smmu_viot_map_pci(const struct smmu_viot *viot, uint16_t segment, uint16_t bdf,
		      uint32_t *endpoint, size_t *iommu)
{
	for (size_t i = 0; i < viot->nendpoints; i++) {
		const struct smmu_viot_endpoint *e = &viot->endpoints[i];

		if (!e->is_pci || segment < e->segment_first ||
		    segment > e->segment_last || bdf < e->bdf_first || bdf > e->bdf_last)
			continue;
		*endpoint = ((uint32_t)(segment - e->segment_first) << 16) +
			    (uint32_t)(bdf - e->bdf_first) + e->endpoint;
		*iommu = e->iommu;
		return 0;
	}
	return -ENODEV;
}

int smmu_viot_map_mmio(const struct smmu_viot *viot, uint64_t base, uint32_t *endpoint,
		       size_t *iommu)
{
	for (size_t i = 0; i < viot->nendpoints; i++) {
		const struct smmu_viot_endpoint *e = &viot->endpoints[i];

		if (e->is_pci || e->base != base)
			continue;
		*endpoint = e->endpoint;
		*iommu = e->iommu;
		return 0;
	}
	return -ENODEV;
}
