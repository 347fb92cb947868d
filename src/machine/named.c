/* SPDX-License-Identifier: MIT */
/* Functions that the harness names: where they are, their ids, and what they are. */
#include <errno.h>
#include <stdlib.h>
#include "machine/machine.h"

static uint32_t segment_of(const struct smmu_fw_host *host)
{
	return host->domain > 0 ? (uint32_t)host->domain : 0;
}

/* The host that a function is behind; NULL: none. */
static const struct smmu_fw_host *host_of(const struct smmu_fw *fw,
					  const struct smmu_machine_function *f)
{
	for (size_t i = 0; i < fw->nhosts; i++)
		if (fw->hosts[i].is_pci && fw->hosts[i].state.populated &&
		    segment_of(&fw->hosts[i]) == f->segment &&
		    machine_on_its_buses(&fw->hosts[i], f->rid))
			return &fw->hosts[i];
	return NULL;
}

/* A place, and who is named for it. */
struct place {
	uint32_t at; /* segment << 16 | rid */
	size_t index;
};

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Who is named for the place of one before. */
static int find_twins(struct machine_build *b)
{
	const size_t n = b->options->num_named;
	struct place *list = calloc(n + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		list[i] = (struct place){ (uint32_t)b->options->named[i].segment << 16 |
						  b->options->named[i].rid,
					  i };
	qsort(list, n, sizeof(*list), by_place);
	for (size_t i = 1; i < n; i++)
		b->named[list[i].index].again = list[i].at == list[i - 1].at;
	free(list);
	return 0;
}

int machine_find_named(struct machine_build *b)
{
	const size_t n = b->options->num_named;

	b->named = calloc(n + 1, sizeof(*b->named));
	if (!b->named || find_twins(b))
		return machine_fail(b, -ENOMEM, "no memory");
	for (size_t i = 0; i < n; i++)
		b->named[i].host = host_of(b->fw, &b->options->named[i]);
	return 0;
}

bool machine_is_named(const struct machine_build *b, const struct smmu_fw_host *host)
{
	for (size_t i = 0; i < b->options->num_named; i++)
		if (b->named[i].host == host)
			return true;
	return false;
}

static int named_fail(const struct machine_build *b, size_t index, const char *what)
{
	const struct smmu_machine_function *f = &b->options->named[index];
	const struct smmu_fw_host *host = b->named[index].host;

	return machine_fail(b, -EINVAL, "%s: PCI function %04x:%02x:%02x.%u: %s",
			    host ? host->path : "/", f->segment, f->rid >> 8,
			    f->rid >> 3 & 0x1f, f->rid & 7u, what);
}

static bool has_pf(const struct machine_build *b, size_t index)
{
	const struct smmu_machine_function *f = &b->options->named[index];
	const struct smmu_pcie_config *pcie;

	if (f->pf >= index || f->pcie)
		return false;
	pcie = b->options->named[f->pf].pcie;
	return pcie && f->vf < pcie->total_vfs;
}

static int plan(struct machine_build *b, size_t index)
{
	const struct smmu_machine_function *f = &b->options->named[index];
	struct machine_named *n = &b->named[index];
	int r;

	if (n->again)
		return 0;
	if (!n->host)
		return named_fail(b, index, "there is no host of its segment");
	if (f->is_vf && !has_pf(b, index))
		return named_fail(b, index, "it is a VF of no PF before it");
	r = machine_plan_function(b, n->host, f->rid, f->ids, f->ids ? f->num_ids : 1);
	if (r < 0)
		return r;
	if (!r)
		return named_fail(b, index, "no mapping gives it an IOMMU");
	n->master = b->machine->nmasters - 1;
	n->planned = true;
	b->machine->masters[n->master].info.named = index;
	return 0;
}

int machine_plan_named(struct machine_build *b)
{
	int err = 0;

	for (size_t i = 0; !err && i < b->options->num_named; i++)
		err = plan(b, i);
	return err;
}

/* ---- PCIe functions, beside the plain engines on the same streams ---- */

/* StreamIDs of VFs through the PF's map; all at its SMMU, or there can be none. */
static int vf_sids(struct machine_build *b, const struct machine_master *one,
		   const struct smmu_pcie_config *pcie, uint32_t *sids)
{
	for (uint32_t i = 0; i < pcie->total_vfs; i++) {
		const uint32_t id = one->info.id + pcie->vf_offset + i * pcie->vf_stride;
		struct smmu_machine_stream s;

		if (id >= MACHINE_RIDS || !machine_stream_of(b, one->info.host, id, &s) ||
		    s.smmu != one->streams[0].smmu)
			return machine_fail(b, -EINVAL,
					    "%s: no mapping gives its VF %u an id at "
					    "its SMMU",
					    one->name, i);
		sids[i] = s.sid;
	}
	return 0;
}

static int open_pcie(struct machine_build *b, struct machine_master *one,
		     const struct smmu_pcie_config *given)
{
	struct smmu_pcie_config cfg = *given;
	uint32_t *sids = calloc(given->total_vfs + 1u, sizeof(*sids));
	int err = sids ? vf_sids(b, one, given, sids) : -ENOMEM;

	cfg.name = one->name;
	cfg.smmu = b->machine->smmus[one->streams[0].smmu].info.smmu;
	cfg.sid = one->streams[0].sid;
	cfg.vf_sids = sids;
	if (err == -EINVAL) {
		free(sids);
		return err;
	}
	if (!err)
		err = smmu_pcie_create(&one->info.pcie, &cfg);
	free(sids);
	if (err == -EEXIST || err == -ERANGE)
		return 0; /* two functions with one StreamID */
	return err ? machine_fail(b, err, "%s: %s", one->name,
				  err == -EINVAL ? "its configuration cannot be"
						 : "no memory")
		   : 0;
}

static int open_one(struct machine_build *b, size_t index)
{
	const struct smmu_machine_function *f = &b->options->named[index];
	struct machine_master *one = &b->machine->masters[b->named[index].master];
	struct smmu_pcie *pf;

	if (!b->named[index].planned || one->streams[0].smmu < 0)
		return 0;
	if (f->pcie)
		return open_pcie(b, one, f->pcie);
	if (!f->is_vf || !b->named[f->pf].planned)
		return 0;
	pf = b->machine->masters[b->named[f->pf].master].info.pcie;
	if (pf)
		one->info.pcie = smmu_pcie_vf(pf, f->vf);
	return 0;
}

int machine_open_named(struct machine_build *b)
{
	int err = 0;

	for (size_t i = 0; !err && i < b->options->num_named; i++)
		err = open_one(b, i);
	return err;
}
