/* SPDX-License-Identifier: MIT */
/* The IORT from bytes: nodes, their mappings, and where these lead (FW-20 to FW-23). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/acpi.h"

static int parse_mappings(const struct acpi_table *t, struct smmu_iort_node *node)
{
	const uint32_t count = acpi_u32(t, node->offset + 8);
	const uint32_t from = acpi_u32(t, node->offset + 12);
	struct smmu_iort_mapping *list;

	if (!count || node->type == SMMU_IORT_ITS_GROUP)
		return 0;
	node->mapping_offset = from;
	if (!from) /* FW-31 */
		return acpi_bad(t, node->offset, "%u mappings at offset 0", count);
	if (from > node->length || count > (node->length - from) / IORT_MAPPING_BYTES)
		return acpi_bad(t, node->offset,
				"%u mappings at 0x%x run past the node's 0x%x bytes",
				count, from, node->length);
	list = fw_alloc(t->box, count, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t at = node->offset + from + i * IORT_MAPPING_BYTES;

		list[i].input_base = acpi_u32(t, at);
		list[i].id_count = acpi_u32(t, at + 4);
		list[i].output_base = acpi_u32(t, at + 8);
		list[i].output_reference = acpi_u32(t, at + 12);
		list[i].flags = acpi_u32(t, at + 16);
		list[i].target = -1;
	}
	node->mappings = list;
	node->nmappings = count;
	return 0;
}

/* One node at `at`. *next is where the next one is, 0 if that cannot be told. */
static int parse_one(const struct acpi_table *t, uint32_t at, struct smmu_iort_node *node,
		     uint32_t *next)
{
	uint32_t least;
	int err;

	*next = 0;
	if (at > t->len || t->len - at < IORT_NODE_HEADER)
		return acpi_bad(t, at, "lies beyond the table's 0x%x bytes", t->len);
	memset(node, 0, sizeof(*node));
	node->offset = at;
	node->type = acpi_u8(t, at);
	node->length = acpi_u16(t, at + 1);
	node->revision = acpi_u8(t, at + 3);
	node->identifier = acpi_u32(t, at + 4);
	least = iort_node_size(node->type, node->revision);
	if (node->length < IORT_NODE_HEADER || node->length > t->len - at)
		return acpi_bad(t, at, "length is 0x%x; legal is 0x%x to 0x%x",
				node->length, IORT_NODE_HEADER, t->len - at);
	*next = at + node->length;
	if (node->length < least) {
		err = acpi_bad(t, at, "a %s of 0x%x bytes; legal is 0x%x or more",
			       iort_type_name(node->type), node->length, least);
		node->type = UINT8_MAX; /* lenient: there, and of no use */
		return err;
	}
	err = iort_parse_node(t, node);
	return err ? err : parse_mappings(t, node);
}

static int parse_nodes(const struct acpi_table *t, struct smmu_iort *iort,
		       struct smmu_iort_node **nodes)
{
	const uint32_t count = acpi_u32(t, 36);
	uint32_t at = acpi_u32(t, 40), next;

	if (count && at < IORT_HEADER)
		return acpi_refuse(t, 0, "nodes at 0x%x; legal is 0x%x or more", at,
				   IORT_HEADER);
	for (uint32_t i = 0; i < count; i++, at = next) {
		struct smmu_iort_node node;
		int err = parse_one(t, at, &node, &next);

		if (err)
			return err;
		if (!next) /* FW-21: lenient readers stop here */
			return 0;
		*nodes = fw_grow(t->box, *nodes, iort->nnodes, sizeof(**nodes));
		if (!*nodes)
			return -ENOMEM;
		(*nodes)[iort->nnodes++] = node;
	}
	return 0;
}

const struct smmu_iort_node *smmu_iort_at(const struct smmu_iort *iort, uint32_t offset)
{
	size_t low = 0, high = iort->nnodes;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (iort->nodes[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low < iort->nnodes && iort->nodes[low].offset == offset ? &iort->nodes[low]
								       : NULL;
}

static int index_of(const struct smmu_iort *iort, uint32_t offset)
{
	const struct smmu_iort_node *node = smmu_iort_at(iort, offset);

	return node ? (int)(node - iort->nodes) : -1;
}

/* What is worth a word about one mapping, but refuses nothing. */
static void judge_mapping(const struct acpi_table *t, const struct smmu_iort_node *node,
			  size_t i, const struct smmu_iort_mapping *m)
{
	const bool single = m->flags & SMMU_IORT_ID_SINGLE;
	const bool may = node->type == SMMU_IORT_NAMED_COMPONENT ||
			 node->type == SMMU_IORT_ROOT_COMPLEX ||
			 node->type == SMMU_IORT_SMMUV3 || node->type == SMMU_IORT_PMCG;

	if (single && !may) /* FW-29 */
		acpi_remark(t, SMMU_FW_WARNING, node->offset,
			    "mapping %zu is a single one; a %s has none", i,
			    iort_type_name(node->type));
	if (!single && (m->id_count > UINT32_MAX - m->input_base ||
			m->id_count > UINT32_MAX - m->output_base))
		acpi_remark(t, SMMU_FW_WARNING, node->offset,
			    "mapping %zu: ids 0x%x on, 0x%x after the first, do not fit "
			    "in 32 bits",
			    i, m->input_base, m->id_count);
}

static int resolve(const struct acpi_table *t, const struct smmu_iort *iort,
		   struct smmu_iort_node *node)
{
	struct smmu_iort_mapping *list = node->mappings;
	int err = 0;

	for (size_t i = 0; i < node->nmappings && !err; i++) {
		list[i].target = index_of(iort, list[i].output_reference);
		if (list[i].target < 0)
			err = acpi_bad(t, node->offset,
				       "mapping %zu leads to 0x%x, where no node begins",
				       i, list[i].output_reference);
		judge_mapping(t, node, i, &list[i]);
	}
	if (node->type == SMMU_IORT_PMCG && !err) {
		node->pmcg.target = index_of(iort, node->pmcg.reference);
		if (node->pmcg.target < 0)
			err = acpi_bad(t, node->offset,
				       "counts for 0x%x, where no node begins",
				       node->pmcg.reference);
	}
	if (node->nmappings && iort_wants_deviceid(node) &&
	    node->v3.deviceid_index >= node->nmappings) /* FW-34 */
		acpi_remark(t, SMMU_FW_WARNING, node->offset,
			    "DeviceID mapping index %u, but %zu mappings",
			    node->v3.deviceid_index, node->nmappings);
	return err;
}

/* A walk in depth first order: where it is in a node's mappings. */
struct frame {
	uint32_t node;
	uint32_t mapping;
};

/* A node on the way from start to itself, or -1. state: 0 new, 1 on the way, 2 done. */
static int find_circle(const struct smmu_iort *iort, struct frame *stack,
		       unsigned char *state, uint32_t start)
{
	size_t depth = 0;

	if (state[start])
		return -1;
	stack[depth++] = (struct frame){ start, 0 };
	state[start] = 1;
	while (depth) {
		struct frame *top = &stack[depth - 1];
		const struct smmu_iort_node *node = &iort->nodes[top->node];
		int to;

		if (top->mapping == node->nmappings) {
			state[top->node] = 2;
			depth--;
			continue;
		}
		to = node->mappings[top->mapping++].target;
		if (to < 0 || state[to] == 2)
			continue;
		if (state[to] == 1)
			return to;
		state[to] = 1;
		stack[depth++] = (struct frame){ (uint32_t)to, 0 };
	}
	return -1;
}

static int judge_circles(const struct acpi_table *t, const struct smmu_iort *iort)
{
	struct frame *stack = calloc(iort->nnodes + 1, sizeof(*stack));
	unsigned char *state = calloc(iort->nnodes + 1, 1);
	int err = stack && state ? 0 : -ENOMEM, at = -1;

	for (uint32_t i = 0; i < iort->nnodes && !err && at < 0; i++)
		at = find_circle(iort, stack, state, i);
	if (at >= 0)
		err = acpi_bad(t, iort->nodes[at].offset,
			       "its mappings lead back to it; legal is a chain with an "
			       "end");
	free(stack);
	free(state);
	return err;
}

static void copy_text(char *to, const unsigned char *from, size_t n)
{
	for (size_t i = 0; i < n && from[i]; i++)
		to[i] = (char)(from[i] >= 0x20 && from[i] < 0x7f ? from[i] : '?');
}

int iort_parse(struct acpi_table *t, const struct smmu_iort **out)
{
	struct smmu_iort *iort = fw_alloc(t->box, 1, sizeof(*iort));
	struct smmu_iort_node *nodes = NULL;
	int err;

	if (!iort)
		return -ENOMEM;
	iort->revision = acpi_u8(t, 8);
	copy_text(iort->oem_id, t->data + 10, 6);
	copy_text(iort->oem_table_id, t->data + 16, 8);
	iort->oem_revision = acpi_u32(t, 24);
	if (iort->revision > 7)
		acpi_remark(t, SMMU_FW_NOTE, 0, "revision %u; known here are 0 to 7",
			    iort->revision);
	err = parse_nodes(t, iort, &nodes);
	iort->nodes = nodes;
	for (size_t i = 0; i < iort->nnodes && !err; i++)
		err = resolve(t, iort, &nodes[i]);
	if (!err)
		err = judge_circles(t, iort);
	*out = iort;
	return err;
}
