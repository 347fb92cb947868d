/* SPDX-License-Identifier: MIT */
/* Who does DMA on a board, and with which ids. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "machine/machine.h"

#define SLOT	    8u	  /* functions of one PCI device */
#define MAX_ENTRIES 1024u /* of one map that functions are put behind */
#define SPARE_TRIES 4096u

static void need_sid(const struct machine_build *b, int iommu, uint32_t sid)
{
	unsigned bits = 0;

	for (; sid; sid >>= 1)
		bits++;
	if (iommu >= 0 && bits > b->sid_need[iommu])
		b->sid_need[iommu] = bits;
}

/* Room for one more master with n streams, not counted yet; NULL: no memory. */
static struct machine_master *new_master(struct machine_build *b, size_t n)
{
	struct smmu_machine *m = b->machine;
	struct machine_master *list, *one;

	if (!(m->nmasters & (m->nmasters - 1))) {
		size_t room = m->nmasters ? m->nmasters * 2 : 1;

		list = realloc(m->masters, room * sizeof(*list));
		if (!list)
			return NULL;
		m->masters = list;
	}
	one = &m->masters[m->nmasters];
	memset(one, 0, sizeof(*one));
	one->streams = calloc(n ? n : 1, sizeof(*one->streams));
	return one->streams ? one : NULL;
}

static int keep_master(struct machine_build *b, struct machine_master *one, char *name,
		       size_t nstreams)
{
	if (!name) {
		free(one->streams);
		return machine_fail(b, -ENOMEM, "no memory");
	}
	one->name = name;
	one->info.name = name;
	one->info.nstreams = nstreams;
	one->info.streams = one->streams;
	b->machine->nmasters++;
	return 0;
}

/* FW-6: the entries before a malformed one count. */
static int plan_platform(struct machine_build *b, const struct smmu_fw_master *node)
{
	struct machine_master *one;
	size_t n = 0;

	if (!node->iommus.count)
		return 0;
	one = new_master(b, node->iommus.count);
	if (!one)
		return machine_fail(b, -ENOMEM, "no memory");
	one->info.node = node;
	one->info.named = SIZE_MAX;
	for (size_t i = 0; i < node->iommus.count; i++) {
		const struct smmu_fw_ref *ref = &node->iommus.ref[i];
		struct smmu_machine_stream *s = &one->streams[n++];

		s->smmu = ref->iommu < 0 ? -1 : b->machine->smmu_of[ref->iommu];
		s->sid = ref->nargs ? ref->args[0] : 0;
		need_sid(b, ref->iommu, s->sid);
	}
	return keep_master(b, one, strdup(node->path), n);
}

static char *function_name(const struct smmu_fw_host *host, uint32_t id)
{
	size_t room = strlen(host->path) + 16;
	char *name = malloc(room);

	if (name && host->is_pci)
		snprintf(name, room, "%s/%02x:%02x.%u", host->path, id >> 8,
			 id >> 3 & 0x1f, id & 7);
	else if (name)
		snprintf(name, room, "%s/0x%x", host->path, id);
	return name;
}

/* FW-9 to FW-11 */
bool machine_stream_of(struct machine_build *b, const struct smmu_fw_host *host,
		       uint32_t id, struct smmu_machine_stream *s)
{
	const struct smmu_fw_map_entry *entry;

	if (smmu_fw_map_id(&host->iommu_map, id, 0, &s->sid, &entry) || !entry)
		return false;
	s->smmu = entry->iommu < 0 ? -1 : b->machine->smmu_of[entry->iommu];
	need_sid(b, entry->iommu, s->sid);
	return true;
}

int machine_plan_function(struct machine_build *b, const struct smmu_fw_host *host,
			  uint32_t id, const uint16_t *ids, size_t n)
{
	struct machine_master *one = new_master(b, n);
	size_t streams = 0;
	int err;

	if (!one)
		return machine_fail(b, -ENOMEM, "no memory");
	for (size_t i = 0; i < n; i++)
		streams += machine_stream_of(b, host, ids ? ids[i] : id,
					     &one->streams[streams]);
	if (!streams) {
		free(one->streams);
		return 0;
	}
	one->info.host = host;
	one->info.id = id;
	one->info.named = SIZE_MAX;
	err = keep_master(b, one, function_name(host, id), streams);
	return err ? err : 1;
}

struct sweep {
	const struct smmu_fw_host *host;
	unsigned char tried[MACHINE_RIDS / 8];
	unsigned left;	/* functions to be placed */
	unsigned tries; /* ids that may still be looked at */
};

bool machine_on_its_buses(const struct smmu_fw_host *host, uint32_t id)
{
	return !host->is_pci || (id >> 8 >= host->bus_first && id >> 8 <= host->bus_last);
}

/* One id of an entry. 1: go on with the next offset, 0: the entry has no more. */
static int try_id(struct machine_build *b, struct sweep *s,
		  const struct smmu_fw_map_entry *entry, uint32_t offset)
{
	const uint32_t id = entry->id_base + offset;
	int r;

	if (offset >= entry->length || entry->id_base >= MACHINE_RIDS ||
	    offset >= MACHINE_RIDS - entry->id_base)
		return 0;
	if (!machine_on_its_buses(s->host, id) || s->tried[id / 8] & 1u << id % 8)
		return 1;
	s->tried[id / 8] = (unsigned char)(s->tried[id / 8] | 1u << id % 8);
	s->tries--;
	r = machine_plan_function(b, s->host, id, NULL, 1);
	if (r < 0)
		return r;
	s->left -= (unsigned)r;
	return 1;
}

/* Ids of every entry in turn, from the beginning of each on, `step` apart. */
static int sweep(struct machine_build *b, struct sweep *s, uint32_t step)
{
	const struct smmu_fw_map *map = &s->host->iommu_map;
	size_t count = map->count < MAX_ENTRIES ? map->count : MAX_ENTRIES;
	bool more = true;

	for (uint32_t offset = 0; more && offset < MACHINE_RIDS; offset += step) {
		more = false;
		for (size_t i = 0; i < count && s->left && s->tries; i++) {
			int r = try_id(b, s, &map->entry[i], offset);

			if (r < 0)
				return r;
			more = more || r;
		}
	}
	return 0;
}

/* Devices of their own first; functions of the same device when slots run out. */
static int plan_host(struct machine_build *b, const struct smmu_fw_host *host)
{
	struct sweep s = { .host = host, .left = b->options->functions };
	int err;

	s.tries = s.left + SPARE_TRIES;
	err = sweep(b, &s, SLOT);
	return err ? err : sweep(b, &s, 1);
}

int machine_plan_masters(struct machine_build *b)
{
	const struct smmu_fw *fw = b->fw;
	int err = machine_find_named(b);

	for (size_t i = 0; !err && i < fw->nmasters; i++)
		if (fw->masters[i].state.populated)
			err = plan_platform(b, &fw->masters[i]);
	for (size_t i = 0; !err && i < fw->nhosts; i++)
		if (fw->hosts[i].state.populated && fw->hosts[i].iommu_map.count &&
		    !machine_is_named(b, &fw->hosts[i]))
			err = plan_host(b, &fw->hosts[i]);
	return err ? err : machine_plan_named(b);
}

static int check_sid(const struct machine_build *b, const struct machine_master *one,
		     const struct smmu_machine_stream *s)
{
	const struct smmu_machine_smmu *smmu = &b->machine->smmus[s->smmu].info;

	if (smmu->sid_bits >= 32 || s->sid >> smmu->sid_bits == 0)
		return 0;
	return machine_fail(
		b, -EINVAL,
		"%s: %s: stream id 0x%x (%s) is wider than the %u bits that %s "
		"takes; legal is 0 to 0x%x",
		one->info.node ? one->info.node->path : one->info.host->path,
		b->fw->acpi	 ? "mapping"
		: one->info.node ? "iommus"
				 : "iommu-map",
		s->sid, one->name, smmu->sid_bits, smmu->node->path,
		(1u << smmu->sid_bits) - 1);
}

static int open_master(struct machine_build *b, struct machine_master *one)
{
	struct smmu_endpoint_config cfg = { .size = sizeof(cfg),
					    .name = one->name,
					    .bus = b->machine->bus,
					    .is_pci = one->info.host &&
						      one->info.host->is_pci,
					    .rid = (uint16_t)one->info.id,
					    .nstreams = one->info.nstreams };
	struct smmu_endpoint_stream *streams = calloc(cfg.nstreams, sizeof(*streams));
	int err = streams ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < cfg.nstreams; i++) {
		const struct smmu_machine_stream *s = &one->streams[i];

		streams[i].sid = s->sid;
		if (s->smmu < 0)
			continue;
		streams[i].smmu = b->machine->smmus[s->smmu].info.smmu;
		err = check_sid(b, one, s);
		if (err) {
			free(streams);
			return err;
		}
	}
	cfg.streams = streams;
	if (!err)
		err = smmu_endpoint_create(&one->info.endpoint, &cfg);
	free(streams);
	return err ? machine_fail(b, err, "%s: no memory", one->name) : 0;
}

int machine_open_masters(struct machine_build *b)
{
	int err = 0;

	for (size_t i = 0; !err && i < b->machine->nmasters; i++)
		err = open_master(b, &b->machine->masters[i]);
	return err ? err : machine_open_named(b);
}
