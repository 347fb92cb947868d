/* SPDX-License-Identifier: MIT */
/* What can be asked of a description, whoever wrote it. */
#include <errno.h>
#include <string.h>
#include "firmware/box.h"

void smmu_fw_destroy(struct smmu_fw *fw)
{
	fw_box_destroy((struct fw_box *)fw);
}

const struct smmu_fw_problem *smmu_fw_worst(const struct smmu_fw *fw,
					    enum smmu_fw_severity at_least)
{
	const struct smmu_fw_problem *worst = NULL;

	for (size_t i = 0; i < fw->nproblems; i++) {
		const struct smmu_fw_problem *p = &fw->problems[i];

		if (p->severity >= at_least && (!worst || p->severity > worst->severity))
			worst = p;
	}
	return worst;
}

/* A path stays as it is; a name without a slash is an alias. */
static const char *resolve(const struct smmu_fw *fw, const char *path)
{
	if (path[0] == '/')
		return path;
	for (size_t i = 0; i < fw->naliases; i++)
		if (!strcmp(fw->aliases[i].name, path))
			return fw->aliases[i].path;
	return path;
}

const struct smmu_fw_iommu *smmu_fw_find_iommu(const struct smmu_fw *fw, const char *path)
{
	path = resolve(fw, path);
	for (size_t i = 0; i < fw->niommus; i++)
		if (!strcmp(fw->iommus[i].path, path))
			return &fw->iommus[i];
	return NULL;
}

const struct smmu_fw_master *smmu_fw_find_master(const struct smmu_fw *fw,
						 const char *path)
{
	path = resolve(fw, path);
	for (size_t i = 0; i < fw->nmasters; i++)
		if (!strcmp(fw->masters[i].path, path))
			return &fw->masters[i];
	return NULL;
}

const struct smmu_fw_host *smmu_fw_find_host(const struct smmu_fw *fw, const char *path)
{
	path = resolve(fw, path);
	for (size_t i = 0; i < fw->nhosts; i++)
		if (!strcmp(fw->hosts[i].path, path))
			return &fw->hosts[i];
	return NULL;
}

/* One node may be several things: a PCI host with ids of its own. */
int smmu_fw_set_enabled(struct smmu_fw *fw, const char *path, bool enabled)
{
	const struct smmu_fw_state state = { .enabled = enabled, .populated = enabled };
	int err = -ENOENT;

	path = resolve(fw, path);
	for (size_t i = 0; i < fw->niommus; i++)
		if (!strcmp(fw->iommus[i].path, path)) {
			fw->iommus[i].state = state;
			err = 0;
		}
	for (size_t i = 0; i < fw->nmasters; i++)
		if (!strcmp(fw->masters[i].path, path)) {
			fw->masters[i].state = state;
			err = 0;
		}
	for (size_t i = 0; i < fw->nhosts; i++)
		if (!strcmp(fw->hosts[i].path, path)) {
			fw->hosts[i].state = state;
			err = 0;
		}
	return err;
}

int smmu_fw_map_id(const struct smmu_fw_map *map, uint32_t id, uint32_t want,
		   uint32_t *out, const struct smmu_fw_map_entry **entry)
{
	const uint32_t masked = id & map->mask;

	if (!map->present && want)
		return -ENODEV; /* FW-11 */
	if (map->present && map->malformed)
		return -EINVAL; /* FW-9 */
	for (size_t i = 0; i < map->count; i++) {
		const struct smmu_fw_map_entry *e = &map->entry[i];

		if (e->id_base & ~map->mask)
			return -EFAULT; /* FW-10 */
		if (masked < e->id_base || masked - e->id_base >= e->length)
			continue;
		if (!e->target_exists)
			return -ENODEV; /* FW-11 */
		if (want && e->target != want)
			continue;
		*out = e->out_base + (e->fixed ? 0 : masked - e->id_base);
		*entry = e;
		return 0;
	}
	*out = id;
	*entry = NULL;
	return 0;
}
