/* SPDX-License-Identifier: MIT */
/* What the types of IORT nodes hold (FW-22, FW-24): offsets are from the node. */
#include <errno.h>
#include <string.h>
#include "firmware/acpi.h"

const char *iort_type_name(uint8_t type)
{
	static const char *const names[] = { "its-group", "component", "root-complex",
					     "smmu",	  "smmuv3",    "pmcg",
					     "rmr",	  "iwb" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "node";
}

uint32_t iort_node_size(uint8_t type, uint8_t revision)
{
	switch (type) {
	case SMMU_IORT_ITS_GROUP:
		return 20;
	case SMMU_IORT_NAMED_COMPONENT:
		return 30; /* with a path of nothing but its end */
	case SMMU_IORT_ROOT_COMPLEX:
		return revision >= 4 ? 40 : revision >= 1 ? 33 : 32;
	case SMMU_IORT_SMMU:
		return 60;
	case SMMU_IORT_SMMUV3:
		return revision >= 1 ? 68 : 60;
	case SMMU_IORT_PMCG:
		return revision >= 1 ? 40 : 32;
	case SMMU_IORT_RMR:
		return 28;
	default:
		return IORT_NODE_HEADER;
	}
}

static struct smmu_iort_memory memory_at(const struct acpi_table *t, uint32_t at)
{
	return (struct smmu_iort_memory){ .coherent = acpi_u32(t, at) == 1,
					  .hints = acpi_u8(t, at + 4),
					  .flags = acpi_u8(t, at + 7) };
}

static int parse_its(const struct acpi_table *t, struct smmu_iort_node *node)
{
	const uint32_t at = node->offset, count = acpi_u32(t, at + 16);
	uint32_t *ids;

	if (count > (node->length - 20u) / 4) {
		return acpi_bad(t, at, "%u ITS identifiers; there is room for %u", count,
				(node->length - 20u) / 4);
	}
	ids = fw_alloc(t->box, count, sizeof(*ids));
	if (count && !ids)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		ids[i] = acpi_u32(t, at + 20 + 4 * i);
	node->its.ids = ids;
	node->its.count = count;
	return 0;
}

static int parse_nc(const struct acpi_table *t, struct smmu_iort_node *node)
{
	const uint32_t at = node->offset;
	const unsigned char *path = t->data + at + 29;

	node->nc.flags = acpi_u32(t, at + 16);
	node->nc.memory = memory_at(t, at + 20);
	node->nc.address_bits = acpi_u8(t, at + 28);
	node->nc.path = fw_string(t->box, path, node->length - 29u);
	if (!memchr(path, 0, node->length - 29u))
		return acpi_bad(t, at, "the path does not end within the node");
	return 0;
}

static void parse_rc(const struct acpi_table *t, struct smmu_iort_node *node)
{
	const uint32_t at = node->offset;

	node->rc.memory = memory_at(t, at + 16);
	node->rc.ats = acpi_u32(t, at + 24);
	node->rc.segment = acpi_u32(t, at + 28);
	/* Node revision 1 brought the limit, 3 the PASIDs. */
	node->rc.address_bits = node->revision >= 1 ? acpi_u8(t, at + 32) : 64;
	if (node->revision >= 3 && node->length >= 35)
		node->rc.pasid_capabilities = acpi_u16(t, at + 33);
	if (node->revision >= 4)
		node->rc.flags = acpi_u32(t, at + 36);
}

static void parse_v3(const struct acpi_table *t, struct smmu_iort_node *node)
{
	const uint32_t at = node->offset;

	node->v3.base = acpi_u64(t, at + 16);
	node->v3.flags = acpi_u32(t, at + 24);
	node->v3.vatos = acpi_u64(t, at + 32);
	node->v3.model = acpi_u32(t, at + 40);
	node->v3.event_gsiv = acpi_u32(t, at + 44);
	node->v3.pri_gsiv = acpi_u32(t, at + 48);
	node->v3.gerror_gsiv = acpi_u32(t, at + 52);
	node->v3.sync_gsiv = acpi_u32(t, at + 56);
	if (node->revision >= 1) {
		node->v3.proximity = acpi_u32(t, at + 60);
		node->v3.deviceid_index = acpi_u32(t, at + 64);
	}
}

static int parse_rmr(const struct acpi_table *t, struct smmu_iort_node *node)
{
	const uint32_t at = node->offset, count = acpi_u32(t, at + 20),
		       from = acpi_u32(t, at + 24);
	struct smmu_iort_rmr_range *ranges;

	node->rmr.flags = acpi_u32(t, at + 16);
	if (!count || !from) {
		acpi_remark(t, SMMU_FW_WARNING, at, "a reserved range node without any");
		return 0;
	}
	if (from > node->length || count > (node->length - from) / IORT_RMR_BYTES)
		return acpi_bad(t, at,
				"%u memory ranges at 0x%x run past the node's 0x%x bytes",
				count, from, node->length);
	ranges = fw_alloc(t->box, count, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		ranges[i].base = acpi_u64(t, at + from + i * IORT_RMR_BYTES);
		ranges[i].length = acpi_u64(t, at + from + i * IORT_RMR_BYTES + 8);
	}
	node->rmr.ranges = ranges;
	node->rmr.count = count;
	return 0;
}

/* FW-27: said, and used all the same. */
static void judge_rmr(const struct acpi_table *t, const struct smmu_iort_node *node)
{
	for (size_t i = 0; i < node->rmr.count; i++) {
		const struct smmu_iort_rmr_range *r = &node->rmr.ranges[i];
		const unsigned long long base = r->base, length = r->length;

		if (!length)
			acpi_remark(t, SMMU_FW_WARNING, node->offset,
				    "range %zu at 0x%llx is empty", i, base);
		else if (base % 0x10000 || length % 0x10000)
			acpi_remark(t, SMMU_FW_WARNING, node->offset,
				    "range %zu, 0x%llx bytes at 0x%llx, is not aligned "
				    "to 64 KiB",
				    i, length, base);
		/* Lists are short; a hostile one is looked at in part. */
		for (size_t j = i > 64 ? i - 64 : 0; j < i; j++) {
			const struct smmu_iort_rmr_range *o = &node->rmr.ranges[j];

			if (length && o->length && base <= o->base + (o->length - 1) &&
			    o->base <= base + (length - 1))
				acpi_remark(t, SMMU_FW_WARNING, node->offset,
					    "range %zu at 0x%llx overlaps range %zu", i,
					    base, j);
		}
	}
}

int iort_parse_node(const struct acpi_table *t, struct smmu_iort_node *node)
{
	const uint32_t at = node->offset;
	int err = 0;

	switch (node->type) {
	case SMMU_IORT_ITS_GROUP:
		return parse_its(t, node);
	case SMMU_IORT_NAMED_COMPONENT:
		return parse_nc(t, node);
	case SMMU_IORT_ROOT_COMPLEX:
		parse_rc(t, node);
		return 0;
	case SMMU_IORT_SMMU:
		node->v2.base = acpi_u64(t, at + 16);
		node->v2.span = acpi_u64(t, at + 24);
		node->v2.model = acpi_u32(t, at + 32);
		node->v2.flags = acpi_u32(t, at + 36);
		return 0;
	case SMMU_IORT_SMMUV3:
		parse_v3(t, node);
		return 0;
	case SMMU_IORT_PMCG:
		node->pmcg.page0 = acpi_u64(t, at + 16);
		node->pmcg.gsiv = acpi_u32(t, at + 24);
		node->pmcg.reference = acpi_u32(t, at + 28);
		node->pmcg.page1 = node->revision >= 1 ? acpi_u64(t, at + 32) : 0;
		return 0;
	case SMMU_IORT_RMR:
		err = parse_rmr(t, node);
		judge_rmr(t, node);
		return err;
	default:
		if (node->type != SMMU_IORT_IWB)
			acpi_remark(t, SMMU_FW_NOTE, at, "type %u is not known here",
				    node->type);
		return 0;
	}
}
