/* SPDX-License-Identifier: MIT */
/* Questions to a tree that has been read. */
#include <libfdt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/dt.h"

const struct dt_prop *dt_prop(const struct dt *dt, const struct dt_node *node,
			      enum dt_prop_id id)
{
	for (size_t i = 0; i < node->nprops; i++)
		if (dt->props[node->first_prop + i].id == id)
			return &dt->props[node->first_prop + i];
	return NULL;
}

uint32_t dt_cell(const struct dt_prop *prop, size_t index)
{
	const unsigned char *p = prop->data + index * 4;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

bool dt_u32(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
	    uint32_t *value)
{
	const struct dt_prop *prop = dt_prop(dt, node, id);

	if (!prop)
		return false;
	if (prop->len != 4) {
		dt_problem(dt, node, id, SMMU_FW_WARNING,
			   "has %u bytes and is ignored; legal is one cell", prop->len);
		return false;
	}
	*value = dt_cell(prop, 0);
	return true;
}

bool dt_is(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
	   const char *string)
{
	const struct dt_prop *prop = dt_prop(dt, node, id);
	size_t len = strlen(string);

	return prop && strnlen((const char *)prop->data, prop->len) == len &&
	       !memcmp(prop->data, string, len);
}

bool dt_lists(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
	      const char *string)
{
	const struct dt_prop *prop = dt_prop(dt, node, id);

	return prop && prop->len && prop->len <= INT_MAX &&
	       fdt_stringlist_contains((const char *)prop->data, (int)prop->len, string);
}

const char *dt_string(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id)
{
	const struct dt_prop *prop = dt_prop(dt, node, id);

	return prop ? fw_string(dt->box, prop->data, prop->len) : "";
}

struct dt_node *dt_by_phandle(const struct dt *dt, uint32_t phandle)
{
	size_t low = 0, high = dt->nphandles;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (dt->phandles[mid].phandle < phandle)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == dt->nphandles || dt->phandles[low].phandle != phandle)
		return NULL;
	return &dt->nodes[dt->phandles[low].node];
}

char *dt_path(const struct dt *dt, const struct dt_node *node, char *buf)
{
	size_t end = node->path_len;

	buf[end] = '\0';
	if (node->parent < 0)
		return strcpy(buf, "/");
	for (; node->parent >= 0; node = &dt->nodes[node->parent]) {
		end -= node->name_len;
		memcpy(buf + end, node->name, node->name_len);
		buf[--end] = '/';
	}
	return buf;
}

void dt_names(const struct dt *dt, const struct dt_node *node, const char **path,
	      const char **name)
{
	char buf[DT_MAX_PATH + 1];
	const char *slash;

	dt_path(dt, node, buf);
	*path = fw_string(dt->box, buf, strlen(buf));
	slash = strrchr(*path, '/');
	*name = slash && slash[1] ? slash + 1 : *path;
}

void dt_problem(const struct dt *dt, const struct dt_node *node, enum dt_prop_id id,
		enum smmu_fw_severity severity, const char *fmt, ...)
{
	char path[DT_MAX_PATH + 1], text[400];
	va_list ap;

	if (severity == SMMU_FW_ERROR && !node->state.populated)
		severity = SMMU_FW_WARNING;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fw_problem(dt->box, severity, dt_path(dt, node, path),
		   id < DT_PROP_COUNT ? dt_prop_name(id) : "", "%s", text);
}
