/* SPDX-License-Identifier: MIT */
/* Tables to bytes: the way back from the descriptions of <smmulator/acpi.h>. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/acpi.h"

struct smmu_acpi_writer {
	unsigned char *data;
	size_t len, room;
	bool iort;
	int err;
	size_t node; /* of the node added last; 0: none yet */
	uint32_t nodes;
};

/* n more zero bytes; where they are, or NULL and the error stays. */
static unsigned char *grow(struct smmu_acpi_writer *w, size_t n)
{
	unsigned char *at;

	if (w->err)
		return NULL;
	if (w->len + n > SMMU_ACPI_MAX_BYTES) {
		w->err = -E2BIG;
		return NULL;
	}
	if (w->len + n > w->room) {
		size_t room = (w->len + n) * 2;
		unsigned char *more = realloc(w->data, room);

		if (!more) {
			w->err = -ENOMEM;
			return NULL;
		}
		w->data = more;
		w->room = room;
	}
	at = w->data + w->len;
	memset(at, 0, n);
	w->len += n;
	return at;
}

static void put(unsigned char *at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t get(const unsigned char *at, unsigned bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

struct smmu_acpi_writer *smmu_acpi_begin(const char *signature, uint8_t revision)
{
	const bool iort = !strcmp(signature, "IORT");
	struct smmu_acpi_writer *w;
	unsigned char *at;

	if (!iort && strcmp(signature, "VIOT") != 0)
		return NULL;
	w = calloc(1, sizeof(*w));
	at = w ? grow(w, IORT_HEADER) : NULL;
	if (!at) {
		free(w);
		return NULL;
	}
	w->iort = iort;
	memcpy(at, signature, 4);
	at[8] = revision;
	put(at + (iort ? 40 : 38), IORT_HEADER, iort ? 4 : 2);
	smmu_acpi_oem(w, "SMMULR", "EMULATED", 1);
	memcpy(at + 28, "SMMU", 4);
	put(at + 32, 1, 4);
	return w;
}

void smmu_acpi_oem(struct smmu_acpi_writer *w, const char *id, const char *table_id,
		   uint32_t revision)
{
	memset(w->data + 10, 0, 14);
	memcpy(w->data + 10, id, strnlen(id, 6));
	memcpy(w->data + 16, table_id, strnlen(table_id, 8));
	put(w->data + 24, revision, 4);
}

static void put_memory(unsigned char *at, const struct smmu_iort_memory *m)
{
	put(at, m->coherent, 4);
	at[4] = m->hints;
	at[7] = m->flags;
}

static void put_v3(unsigned char *at, const struct smmu_iort_v3 *v3, uint8_t revision)
{
	put(at + 16, v3->base, 8);
	put(at + 24, v3->flags, 4);
	put(at + 32, v3->vatos, 8);
	put(at + 40, v3->model, 4);
	put(at + 44, v3->event_gsiv, 4);
	put(at + 48, v3->pri_gsiv, 4);
	put(at + 52, v3->gerror_gsiv, 4);
	put(at + 56, v3->sync_gsiv, 4);
	if (revision >= 1) {
		put(at + 60, v3->proximity, 4);
		put(at + 64, v3->deviceid_index, 4);
	}
}

static void put_rc(unsigned char *at, const struct smmu_iort_rc *rc, uint8_t revision)
{
	put_memory(at + 16, &rc->memory);
	put(at + 24, rc->ats, 4);
	put(at + 28, rc->segment, 4);
	if (revision >= 1)
		at[32] = rc->address_bits;
	if (revision >= 3)
		put(at + 33, rc->pasid_capabilities, 2);
	if (revision >= 4)
		put(at + 36, rc->flags, 4);
}

static void put_rmr(unsigned char *at, const struct smmu_iort_rmr *rmr)
{
	put(at + 16, rmr->flags, 4);
	put(at + 20, rmr->count, 4);
	put(at + 24, rmr->count ? 28 : 0, 4);
	for (size_t i = 0; i < rmr->count; i++) {
		put(at + 28 + i * IORT_RMR_BYTES, rmr->ranges[i].base, 8);
		put(at + 36 + i * IORT_RMR_BYTES, rmr->ranges[i].length, 8);
	}
}

static void put_data(unsigned char *at, const struct smmu_iort_node *node)
{
	switch (node->type) {
	case SMMU_IORT_ITS_GROUP:
		put(at + 16, node->its.count, 4);
		for (size_t i = 0; i < node->its.count; i++)
			put(at + 20 + 4 * i, node->its.ids[i], 4);
		break;
	case SMMU_IORT_NAMED_COMPONENT:
		put(at + 16, node->nc.flags, 4);
		put_memory(at + 20, &node->nc.memory);
		at[28] = node->nc.address_bits;
		memcpy(at + 29, node->nc.path, strlen(node->nc.path));
		break;
	case SMMU_IORT_ROOT_COMPLEX:
		put_rc(at, &node->rc, node->revision);
		break;
	case SMMU_IORT_SMMU:
		put(at + 16, node->v2.base, 8);
		put(at + 24, node->v2.span, 8);
		put(at + 32, node->v2.model, 4);
		put(at + 36, node->v2.flags, 4);
		put(at + 40, 60, 4); /* global interrupts: two, none wired */
		put(at + 48, 76, 4);
		put(at + 56, 76, 4);
		break;
	case SMMU_IORT_SMMUV3:
		put_v3(at, &node->v3, node->revision);
		break;
	case SMMU_IORT_PMCG:
		put(at + 16, node->pmcg.page0, 8);
		put(at + 24, node->pmcg.gsiv, 4);
		put(at + 28, node->pmcg.reference, 4);
		if (node->revision >= 1)
			put(at + 32, node->pmcg.page1, 8);
		break;
	case SMMU_IORT_RMR:
		put_rmr(at, &node->rmr);
		break;
	default:
		break;
	}
}

/* Bytes of a node before its mappings. */
static size_t node_bytes(const struct smmu_iort_node *node)
{
	switch (node->type) {
	case SMMU_IORT_ITS_GROUP:
		return 20 + node->its.count * 4;
	case SMMU_IORT_NAMED_COMPONENT: /* the path's end, and up to four bytes */
		return (29 + strlen(node->nc.path) + 1 + 3) / 4 * 4;
	case SMMU_IORT_ROOT_COMPLEX:
		return node->revision >= 4 ? 40 : node->revision >= 1 ? 36 : 32;
	case SMMU_IORT_SMMU:
		return 76;
	case SMMU_IORT_RMR:
		return 28 + node->rmr.count * IORT_RMR_BYTES;
	default:
		return iort_node_size(node->type, node->revision);
	}
}

/* The node added last is n bytes longer. False: too long, or an error before. */
static bool lengthen(struct smmu_acpi_writer *w, size_t n)
{
	const size_t length = w->len - w->node + n;

	if (!w->err && length > UINT16_MAX)
		w->err = -E2BIG;
	if (w->err || !grow(w, n))
		return false;
	put(w->data + w->node + (w->iort ? 1 : 2), length, 2);
	return true;
}

static uint32_t begin_node(struct smmu_acpi_writer *w, size_t bytes)
{
	w->node = w->len;
	if (!lengthen(w, bytes))
		return 0;
	w->nodes++;
	return (uint32_t)w->node;
}

uint32_t smmu_acpi_add_node(struct smmu_acpi_writer *w, const struct smmu_iort_node *node)
{
	uint32_t offset;

	if (!w->iort && !w->err)
		w->err = -EINVAL;
	offset = begin_node(w, node_bytes(node));
	if (!offset)
		return 0;
	w->data[offset] = node->type;
	w->data[offset + 3] = node->revision;
	put(w->data + offset + 4, node->identifier, 4);
	put_data(w->data + offset, node);
	for (size_t i = 0; i < node->nmappings; i++) {
		const struct smmu_iort_mapping *m = &node->mappings[i];

		smmu_acpi_add_mapping(w, m->input_base, m->id_count, m->output_base,
				      m->output_reference, m->flags);
	}
	return w->err ? 0 : offset;
}

void smmu_acpi_add_mapping(struct smmu_acpi_writer *w, uint32_t input_base,
			   uint32_t id_count, uint32_t output_base,
			   uint32_t output_reference, uint32_t flags)
{
	const size_t at = w->len;
	unsigned char *node, *m;

	if (!w->node && !w->err)
		w->err = -EINVAL;
	if (!lengthen(w, IORT_MAPPING_BYTES))
		return;
	node = w->data + w->node;
	m = w->data + at;
	if (!get(node + 8, 4))
		put(node + 12, at - w->node, 4);
	put(node + 8, get(node + 8, 4) + 1, 4);
	put(m, input_base, 4);
	put(m + 4, id_count, 4);
	put(m + 8, output_base, 4);
	put(m + 12, output_reference, 4);
	put(m + 16, flags, 4);
}

static unsigned char *begin_viot(struct smmu_acpi_writer *w, uint8_t type, size_t bytes)
{
	if (w->iort && !w->err)
		w->err = -EINVAL;
	/* References and the count have 16 bits. */
	if (!w->err && (w->len > UINT16_MAX || w->nodes == UINT16_MAX))
		w->err = -E2BIG;
	if (!begin_node(w, bytes))
		return NULL;
	w->data[w->node] = type;
	return w->data + w->node;
}

uint32_t smmu_acpi_add_virtio(struct smmu_acpi_writer *w,
			      const struct smmu_viot_iommu *iommu)
{
	unsigned char *at = begin_viot(
		w, iommu->is_pci ? SMMU_VIOT_VIRTIO_PCI : SMMU_VIOT_VIRTIO_MMIO, 16);

	if (!at)
		return 0;
	if (iommu->is_pci) {
		put(at + 4, iommu->segment, 2);
		put(at + 6, iommu->bdf, 2);
	} else {
		put(at + 8, iommu->base, 8);
	}
	return (uint32_t)w->node;
}

uint32_t smmu_acpi_add_endpoint(struct smmu_acpi_writer *w,
				const struct smmu_viot_endpoint *e, uint16_t output)
{
	unsigned char *at =
		begin_viot(w, e->is_pci ? SMMU_VIOT_PCI_RANGE : SMMU_VIOT_MMIO, 24);

	if (!at)
		return 0;
	put(at + 4, e->endpoint, 4);
	if (e->is_pci) {
		put(at + 8, e->segment_first, 2);
		put(at + 10, e->segment_last, 2);
		put(at + 12, e->bdf_first, 2);
		put(at + 14, e->bdf_last, 2);
	} else {
		put(at + 8, e->base, 8);
	}
	put(at + 16, output, 2);
	return (uint32_t)w->node;
}

void smmu_acpi_checksum(void *table, size_t len)
{
	unsigned char *data = table;
	unsigned sum = 0;

	data[9] = 0;
	for (size_t i = 0; i < len; i++)
		sum += data[i];
	data[9] = (unsigned char)-sum;
}

int smmu_acpi_finish(struct smmu_acpi_writer *w, void **data, size_t *len)
{
	const int err = w->err;

	if (err) {
		free(w->data);
	} else {
		put(w->data + 4, w->len, 4);
		put(w->data + 36, w->nodes, w->iort ? 4 : 2);
		smmu_acpi_checksum(w->data, w->len);
		*data = w->data;
		*len = w->len;
	}
	free(w);
	return err;
}
