/* SPDX-License-Identifier: MIT */
/*
 * From a blob of unknown origin to the arrays of struct dt. libfdt reads the
 * format; what it does not promise about hostile input is checked here first.
 */
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/dt.h"

#define HEADER_BYTES 40u /* of version 17; version 16 has 36, and a node besides */
#define OLDEST	     16u /* names without paths, values without alignment */

static const char *const prop_names[DT_PROP_COUNT] = {
#define DT_PROP_NAME(id, name) [DT_##id] = name,
	DT_PROPS(DT_PROP_NAME)
#undef DT_PROP_NAME
};

const char *dt_prop_name(enum dt_prop_id id)
{
	return prop_names[id];
}

static uint32_t load32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Copies: libfdt wants alignment, and totalsize rather than the file's size. */
static int copy_blob(struct dt *dt, const unsigned char *blob, size_t len, char *why,
		     size_t n)
{
	uint32_t size;

	if (len < HEADER_BYTES) {
		snprintf(why, n, "%zu bytes are too few for a device tree header of %u",
			 len, HEADER_BYTES);
		return -EINVAL;
	}
	if (load32(blob) != FDT_MAGIC) {
		snprintf(why, n, "not a flattened device tree: magic 0x%08x, want 0x%08x",
			 load32(blob), FDT_MAGIC);
		return -EINVAL;
	}
	size = load32(blob + 4);
	if (size > len) {
		snprintf(why, n,
			 "truncated device tree: totalsize %u, but only %zu bytes", size,
			 len);
		return -EINVAL;
	}
	if (size < HEADER_BYTES || size > DT_MAX_BYTES) {
		snprintf(why, n, "totalsize %u; legal is %u to %u", size, HEADER_BYTES,
			 DT_MAX_BYTES);
		return -EINVAL;
	}
	dt->blob = malloc(size);
	if (!dt->blob)
		return -ENOMEM;
	memcpy(dt->blob, blob, size);
	dt->size = size;
	return 0;
}

/* Offset after one token of the structure block, or 0: it does not fit in. */
static size_t skip_token(const struct dt *dt, size_t at, size_t end)
{
	const uint32_t tag = load32(dt->blob + at);
	const unsigned char *nul;

	at += 4;
	switch (tag) {
	case FDT_BEGIN_NODE:
		nul = memchr(dt->blob + at, 0, end - at);
		if (!nul)
			return 0;
		at = (size_t)(nul + 1 - dt->blob);
		break;
	case FDT_PROP:
		if (end - at < 8 || load32(dt->blob + at) > end - at - 8)
			return 0;
		at += 8 + (size_t)load32(dt->blob + at);
		break;
	case FDT_END_NODE:
	case FDT_NOP:
		break;
	default:
		return 0;
	}
	at = (at + 3) & ~(size_t)3;
	return at <= end ? at : 0;
}

/*
 * fdt_check_full() up to libfdt 1.6 adds a property's length to a signed offset: a
 * length of -12 leaves it where it was, for ever. So every token is measured once
 * in wider arithmetic before libfdt sees it.
 */
static int measure_tokens(const struct dt *dt, char *why, size_t n)
{
	const uint32_t version = load32(dt->blob + 20), start = load32(dt->blob + 8);
	size_t end = dt->size, at = start, next;

	if (version < OLDEST) {
		snprintf(why, n, "device tree version %u; legal is %u and later", version,
			 OLDEST);
		return -EINVAL;
	}
	if (version > OLDEST && (uint64_t)start + load32(dt->blob + 36) <= end)
		end = start + load32(dt->blob + 36);
	if (start < HEADER_BYTES - 4 || start % 4) {
		snprintf(why, n,
			 "structure block at offset %u: inside the header or "
			 "not a multiple of 4",
			 start);
		return -EINVAL;
	}
	for (; at <= end && end - at >= 4; at = next) {
		if (load32(dt->blob + at) == FDT_END)
			return 0;
		next = skip_token(dt, at, end);
		if (!next) {
			snprintf(why, n,
				 "damaged device tree: bad token 0x%08x or length "
				 "at offset 0x%zx",
				 load32(dt->blob + at), at);
			return -EINVAL;
		}
	}
	snprintf(why, n, "truncated device tree: its structure has no end");
	return -EINVAL;
}

static int check_blob(const struct dt *dt, char *why, size_t n)
{
	int err = measure_tokens(dt, why, n);

	if (err)
		return err;
	err = fdt_check_full(dt->blob, dt->size);
	if (err) {
		snprintf(why, n, "damaged device tree: %s", fdt_strerror(err));
		return -EINVAL;
	}
	return 0;
}

/* How many nodes and how many properties of interest there are at most. */
static int count_tokens(const struct dt *dt, size_t *nnodes, size_t *nprops)
{
	int at = 0, next = 0;
	uint32_t tag;

	*nnodes = *nprops = 0;
	do {
		at = next;
		tag = fdt_next_tag(dt->blob, at, &next);
		*nnodes += tag == FDT_BEGIN_NODE;
		*nprops += tag == FDT_PROP;
	} while (tag != FDT_END && next > at);
	return *nnodes ? 0 : -EINVAL;
}

static int begin_node(struct dt *dt, int offset, int parent, char *why, size_t n)
{
	struct dt_node *node = &dt->nodes[dt->nnodes];
	const struct dt_node *up = parent < 0 ? NULL : &dt->nodes[parent];
	int len = 0;
	const char *name = fdt_get_name(dt->blob, offset, &len);
	size_t path = (up ? up->path_len : 0u) + (size_t)len + 1;

	if (!name || (!up && dt->nnodes) || (up && up->depth >= DT_MAX_DEPTH - 1) ||
	    path > DT_MAX_PATH) {
		snprintf(why, n, "node at offset 0x%x: %s", (unsigned)offset,
			 !name		      ? "damaged name"
			 : path > DT_MAX_PATH ? "its path is longer than 1023 characters"
			 : up		      ? "deeper than 64 levels"
					      : "a second root");
		return -EINVAL;
	}
	node->offset = offset;
	node->parent = parent;
	node->depth = (uint16_t)(up ? up->depth + 1 : 0);
	/* The root's name is empty; below it each name comes with its slash. */
	node->path_len = (uint16_t)(up ? path : 0);
	node->name = name;
	node->name_len = (uint16_t)len;
	node->first_prop = dt->nprops;
	node->iommu = -1;
	dt->nnodes++;
	return 0;
}

/* The first property of a name counts; the list per node thus stays short. */
static void keep_prop(struct dt *dt, struct dt_node *node, int offset)
{
	const char *name;
	int len = 0;
	const void *data = fdt_getprop_by_offset(dt->blob, offset, &name, &len);

	if (!data || len < 0)
		return;
	for (int id = 0; id < DT_PROP_COUNT; id++) {
		if (strcmp(name, prop_names[id]) != 0)
			continue;
		if (dt_has(dt, node, (enum dt_prop_id)id))
			return;
		dt->props[dt->nprops].id = (enum dt_prop_id)id;
		dt->props[dt->nprops].len = (uint32_t)len;
		dt->props[dt->nprops].data = data;
		dt->nprops++;
		node->nprops++;
		return;
	}
}

static int read_nodes(struct dt *dt, char *why, size_t n)
{
	int at, next = 0, current = -1, err;
	uint32_t tag;

	do {
		at = next;
		tag = fdt_next_tag(dt->blob, at, &next);
		switch (tag) {
		case FDT_BEGIN_NODE:
			err = begin_node(dt, at, current, why, n);
			if (err)
				return err;
			current = (int)dt->nnodes - 1;
			break;
		case FDT_END_NODE:
			if (current < 0)
				break;
			dt->nodes[current].next = (int)dt->nnodes;
			current = dt->nodes[current].parent;
			break;
		case FDT_PROP:
			/* Its node may have children by now: illegal, and of no use. */
			if (current >= 0 && (size_t)current == dt->nnodes - 1)
				keep_prop(dt, &dt->nodes[current], at);
			break;
		default:
			break;
		}
	} while (tag != FDT_END && next > at);
	return 0;
}

static int by_phandle(const void *a, const void *b)
{
	const struct dt_phandle *x = a, *y = b;

	if (x->phandle != y->phandle)
		return x->phandle < y->phandle ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

/* Two nodes of one phandle: the first in the tree has it, the other is told. */
static void index_phandles(struct dt *dt)
{
	size_t kept = 0;

	for (size_t i = 0; i < dt->nnodes; i++) {
		struct dt_node *node = &dt->nodes[i];
		uint32_t phandle = 0;

		if (!dt_u32(dt, node, DT_PHANDLE, &phandle) &&
		    !dt_u32(dt, node, DT_LINUX_PHANDLE, &phandle))
			continue;
		if (phandle == 0 || phandle == UINT32_MAX) {
			dt_problem(dt, node, DT_PHANDLE, SMMU_FW_WARNING,
				   "0x%x is no phandle; legal is 1 to 0xfffffffe",
				   phandle);
			continue;
		}
		dt->phandles[dt->nphandles].phandle = phandle;
		dt->phandles[dt->nphandles++].node = (int)i;
	}
	qsort(dt->phandles, dt->nphandles, sizeof(*dt->phandles), by_phandle);
	for (size_t i = 0; i < dt->nphandles; i++) {
		struct dt_node *node = &dt->nodes[dt->phandles[i].node];
		char path[DT_MAX_PATH + 1];

		if (!kept || dt->phandles[kept - 1].phandle != dt->phandles[i].phandle) {
			node->phandle = dt->phandles[i].phandle;
			dt->phandles[kept++] = dt->phandles[i];
			continue;
		}
		dt_path(dt, &dt->nodes[dt->phandles[kept - 1].node], path);
		dt_problem(dt, node, DT_PHANDLE, SMMU_FW_ERROR,
			   "0x%x is the phandle of %s already; each node needs its own",
			   dt->phandles[i].phandle, path);
	}
	dt->nphandles = kept;
}

/* What a node has from its ancestors; parents come before their children. */
static void inherit(struct dt *dt)
{
	for (size_t i = 0; i < dt->nnodes; i++) {
		struct dt_node *node = &dt->nodes[i];
		const struct dt_node *up =
			node->parent < 0 ? NULL : &dt->nodes[node->parent];

		node->state.enabled = !dt_has(dt, node, DT_STATUS) ||
				      dt_is(dt, node, DT_STATUS, "okay") ||
				      dt_is(dt, node, DT_STATUS, "ok");
		node->state.populated =
			node->state.enabled && (!up || up->state.populated);
		node->coherent =
			dt_has(dt, node, DT_DMA_COHERENT) ||
			(up && up->coherent && !dt_has(dt, node, DT_DMA_NONCOHERENT));
		node->pci = dt_lists(dt, node, DT_DEVICE_TYPE, "pci") ||
			    dt_lists(dt, node, DT_DEVICE_TYPE, "pciex") ||
			    (node->name_len >= 5 && !memcmp(node->name, "pcie@", 5));
		node->below_pci = up && (up->pci || up->below_pci);
	}
}

int dt_open(struct dt *dt, struct fw_box *box, const void *blob, size_t len, char *why,
	    size_t n)
{
	size_t nnodes, nprops;
	int err;

	memset(dt, 0, sizeof(*dt));
	dt->box = box;
	dt->budget = DT_BUDGET;
	err = copy_blob(dt, blob, len, why, n);
	if (!err)
		err = check_blob(dt, why, n);
	if (err)
		return err;
	if (count_tokens(dt, &nnodes, &nprops)) {
		snprintf(why, n, "device tree without a root node");
		return -EINVAL;
	}
	dt->nodes = calloc(nnodes, sizeof(*dt->nodes));
	dt->props = calloc(nprops + 1, sizeof(*dt->props));
	dt->phandles = calloc(nnodes, sizeof(*dt->phandles));
	if (!dt->nodes || !dt->props || !dt->phandles)
		return -ENOMEM;
	err = read_nodes(dt, why, n);
	if (err)
		return err;
	inherit(dt);
	index_phandles(dt);
	return 0;
}

void dt_close(struct dt *dt)
{
	free(dt->blob);
	free(dt->nodes);
	free(dt->props);
	free(dt->phandles);
}
