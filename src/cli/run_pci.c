/* SPDX-License-Identifier: MIT */
/*
 * From a dump to what a machine and the core want to know of its functions: which of
 * them are behind the board's hosts, with which ids, and what they can.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/run_pci.h"

const char *run_pci_name(char name[RUN_PCI_NAME], const struct smmu_pci_function *f)
{
	(void)snprintf(name, RUN_PCI_NAME, "%04x:%02x:%02x.%u", f->segment & 0xfffffu,
		       f->rid >> 8, f->rid >> 3 & 0x1f, f->rid & 7u);
	return name;
}

/* ---- Reading ----------------------------------------------------------------------- */

static int import(struct run *run, struct smmu_pci **pci)
{
	const char *from = run->options->pci;
	char why[256] = "";
	void *text;
	size_t len;
	int err, status;

	if (strcmp(from, "sysfs") == 0) {
		err = smmu_pci_from_sysfs(pci, NULL, why, sizeof(why));
	} else {
		status = cli_read_file(from, SMMU_PCI_MAX_BYTES, &text, &len);
		if (status)
			return status;
		err = smmu_pci_from_dump(pci, text, len, why, sizeof(why));
		free(text);
	}
	return err ? cli_complain("--pci %s: %s", from, why[0] ? why : strerror(-err))
		   : CLI_OK;
}

/* FW-17: what firmware code asks for, before devices are found. */
static bool understand(struct run *run)
{
	struct run_pci *p = run->pci;
	const char *problem;

	smmu_pci_request_acs(p->pci);
	p->n = smmu_pci_count(p->pci);
	p->fn = calloc(p->n + 1, sizeof(*p->fn));
	p->groups = calloc(p->n + 1, sizeof(*p->groups));
	p->named = calloc(p->n + 1, sizeof(*p->named));
	p->function = calloc(p->n + 1, sizeof(*p->function));
	p->pcie = calloc(p->n + 1, sizeof(*p->pcie));
	if (!p->fn || !p->groups || !p->named || !p->function || !p->pcie)
		return false;
	smmu_pci_groups(p->pci, p->groups);
	for (size_t i = 0; (problem = smmu_pci_problem(p->pci, i)); i++)
		run_finding(run, "--pci: %s", problem);
	return true;
}

static int read_dump(struct run *run)
{
	int status;

	run->pci = calloc(1, sizeof(*run->pci));
	if (!run->pci)
		return cli_complain("no memory");
	status = import(run, &run->pci->pci);
	if (!status && !understand(run))
		status = cli_complain("no memory");
	return status;
}

static void destroy(struct run_pci *p)
{
	if (!p)
		return;
	smmu_pci_destroy(p->pci);
	free(p->fn);
	free(p->groups);
	free(p->ids);
	free(p->named);
	free(p->function);
	free(p->pcie);
	free(p);
}

/* ---- Who is on the board ----------------------------------------------------------- */

static const struct smmu_fw_host *host_of(const struct smmu_fw *fw, uint32_t segment,
					  uint16_t rid)
{
	for (size_t i = 0; i < fw->nhosts; i++) {
		const struct smmu_fw_host *h = &fw->hosts[i];

		if (h->is_pci && h->state.populated &&
		    (h->domain > 0 ? (uint32_t)h->domain : 0) == segment &&
		    rid >> 8 >= h->bus_first && rid >> 8 <= h->bus_last)
			return h;
	}
	return NULL;
}

static bool mapped(const struct smmu_fw_host *host, uint32_t id, int *iommu)
{
	const struct smmu_fw_map_entry *entry;
	uint32_t sid;

	if (id > 0xffff || smmu_fw_map_id(&host->iommu_map, id, 0, &sid, &entry) ||
	    !entry)
		return false;
	*iommu = entry->iommu;
	return true;
}

static bool keep_id(struct run_pci *p, struct run_pci_function *fn, uint16_t id)
{
	for (size_t i = 0; i < fn->num_ids; i++)
		if (p->ids[fn->first_id + i] == id)
			return true;
	if (p->nids == p->ids_room) {
		size_t room = 2 * p->ids_room + 64;
		uint16_t *more = realloc(p->ids, room * sizeof(*more));

		if (!more)
			return false;
		p->ids = more;
		p->ids_room = room;
	}
	p->ids[p->nids++] = id;
	fn->num_ids++;
	return true;
}

/* FW-14 to FW-16. Ids of another segment are not this host's to map. */
static bool find_ids(struct run_pci *p, size_t index)
{
	const struct smmu_pci_function *f = smmu_pci_function(p->pci, index);
	struct run_pci_function *fn = &p->fn[index];
	const size_t n = smmu_pci_aliases(p->pci, index, NULL, 0);
	struct smmu_pci_alias *alias = calloc(n + 1, sizeof(*alias));
	bool ok = alias != NULL;

	fn->first_id = p->nids;
	(void)smmu_pci_aliases(p->pci, index, alias, ok ? n : 0);
	for (size_t i = 0; ok && i < n; i++)
		if (alias[i].segment == f->segment)
			ok = keep_id(p, fn, alias[i].rid);
	free(alias);
	return ok;
}

/*
 * A conventional bridge has no DMA of its own; the driver gives its id to one device
 * (DRV-26), which should be one below it.
 */
static void mark_lenders(struct run_pci *p)
{
	struct smmu_pci_alias alias[64];

	for (size_t i = 0; i < p->n; i++) {
		size_t n = smmu_pci_aliases(p->pci, i, alias, 64);

		for (size_t a = 0; a < n && a < 64; a++)
			if (alias[a].reason == SMMU_PCI_ALIAS_BRIDGE)
				p->fn[alias[a].by].left_out =
					"it lends its id to what is below it";
	}
}

static const char *why_not(const struct run *run, size_t index)
{
	const struct run_pci *p = run->pci;
	const struct smmu_pci_function *f = smmu_pci_function(p->pci, index);
	const struct run_pci_function *fn = &p->fn[index];
	const struct smmu_fw_host *host;
	int iommu;

	if (fn->left_out)
		return fn->left_out;
	if (f->segment > 0xffff)
		return "there is no such segment behind an SMMU: legal is 0 to 0xffff";
	host = host_of(run->fw, f->segment, f->rid);
	if (!host)
		return "the board has no host of its segment and bus";
	for (size_t i = 0; i < fn->num_ids; i++)
		if (!mapped(host, p->ids[fn->first_id + i], &iommu))
			return "no mapping of its host knows all of its ids";
	return fn->num_ids ? NULL : "its DMA is done by a function of another segment";
}

/* ---- What it can ------------------------------------------------------------------- */

/* VFs that are enabled, from the first on, as far as the map knows them. */
static uint16_t vfs_of(const struct run *run, const struct smmu_pci_function *f)
{
	const struct smmu_fw_host *host = host_of(run->fw, f->segment, f->rid);
	int at, iommu = -1;
	uint32_t n = 0;

	if (!f->vf_offset || !mapped(host, f->rid, &iommu))
		return 0;
	while (n < f->vfs_enabled && n < SMMU_PCIE_MAX_VFS && (!n || f->vf_stride) &&
	       mapped(host, f->rid + f->vf_offset + n * f->vf_stride, &at) && at == iommu)
		n++;
	return (uint16_t)n;
}

static void on_page_response(void *ctx, uint16_t index, unsigned code)
{
	struct run_pci_function *fn = ctx;

	(void)index;
	fn->answers++;
	fn->code = code;
}

/* More than 20 bits there are not, whatever the register says. */
static unsigned pasid_width(const struct smmu_pci_function *f)
{
	return f->pasid_bits < 20 ? f->pasid_bits : 20;
}

static struct smmu_pcie_config config_of(const struct run *run, size_t index)
{
	const struct run_pci *p = run->pci;
	const struct smmu_pci_function *f = smmu_pci_function(p->pci, index);
	const unsigned log2_msi = smmu_pci_config(p->pci, index, f->msi + 2u, 2) >> 1 & 7;
	struct smmu_pcie_config c = {
		.size = sizeof(c),
		.vendor = f->vendor,
		.device = f->device,
		.class_code = f->class_code,
		.ats = f->ats != 0,
		.pri = f->pri && f->ats,
		.flr = f->flr,
		.pasid_width = (uint8_t)pasid_width(f),
		.page_requests = f->pri_capacity < 512 ? f->pri_capacity : 512,
		.atc_sets = f->ats ? 0 : 1,
		.total_vfs = vfs_of(run, f),
		.vf_offset = f->vf_offset,
		.vf_stride = f->vf_stride,
		.vf_device = f->vf_device,
		.page_response = on_page_response,
		.ctx = &p->fn[index],
	};

	c.pasid_exec = c.pasid_width && f->pasid_exec;
	c.pasid_priv = c.pasid_width && f->pasid_priv;
	if (f->msi)
		c.msi_vectors = (uint8_t)(1u << (log2_msi < 5 ? log2_msi : 5));
	if (f->msix)
		c.msix_vectors =
			(uint16_t)((smmu_pci_config(p->pci, index, f->msix + 2u, 2) &
				    0x7ff) +
				   1);
	return c;
}

/* ---- Naming them ------------------------------------------------------------------- */

static void name_vf(struct run_pci *p, const struct smmu_pci_function *f,
		    struct smmu_machine_function *to)
{
	const struct smmu_pci_function *pf = smmu_pci_function(p->pci, f->pf);
	const struct run_pci_function *owner = &p->fn[f->pf];
	const unsigned offset = f->rid - pf->rid - (unsigned)pf->vf_offset;
	const unsigned vf = pf->vf_stride ? offset / pf->vf_stride : 0;

	if (owner->left_out || vf >= p->pcie[owner->named].total_vfs)
		return; /* a DMA engine, then */
	to->is_vf = true;
	to->pf = owner->named;
	to->vf = vf;
}

static void name_one(struct run *run, size_t index)
{
	struct run_pci *p = run->pci;
	const struct smmu_pci_function *f = smmu_pci_function(p->pci, index);
	struct run_pci_function *fn = &p->fn[index];
	struct smmu_machine_function *to = &p->named[p->nnamed];

	fn->named = p->nnamed;
	*to = (struct smmu_machine_function){ .segment = (uint16_t)f->segment,
					      .rid = f->rid,
					      .ids = &p->ids[fn->first_id],
					      .num_ids = fn->num_ids };
	if (f->is_vf) {
		name_vf(p, f, to);
	} else if (f->express && !f->is_bridge) {
		p->pcie[p->nnamed] = config_of(run, index);
		to->pcie = &p->pcie[p->nnamed];
	}
	p->function[p->nnamed++] = index;
}

/* In the order that devices appear: physical functions, then virtual ones. */
static int choose(struct run *run, struct smmu_machine_options *mo)
{
	struct run_pci *p = run->pci;

	for (size_t i = 0; i < p->n; i++)
		if (!find_ids(p, i))
			return cli_complain("no memory");
	mark_lenders(p);
	for (int vfs = 0; vfs < 2; vfs++) {
		for (size_t i = 0; i < p->n; i++) {
			if (smmu_pci_function(p->pci, i)->is_vf != vfs)
				continue;
			p->fn[i].master = SIZE_MAX;
			p->fn[i].left_out = why_not(run, i);
			if (!p->fn[i].left_out)
				name_one(run, i);
		}
	}
	if (!p->nnamed)
		return cli_complain(
			"--pci %s: none of its %zu functions is behind an SMMU "
			"of the board; the first: %s",
			run->options->pci, p->n, p->fn[0].left_out);
	mo->named = p->named;
	mo->num_named = p->nnamed;
	return CLI_OK;
}

static void power_on(struct run *run)
{
	for (size_t i = 0; i < smmu_machine_masters(run->machine); i++) {
		const struct smmu_machine_master *hw =
			smmu_machine_master(run->machine, i);

		if (hw->named == SIZE_MAX)
			continue;
		run->pci->fn[run->pci->function[hw->named]].master = i;
		if (!hw->pcie)
			continue;
		if (!smmu_pcie_pf(hw->pcie) && smmu_pcie_vf(hw->pcie, 0))
			(void)smmu_pcie_enable_vfs(hw->pcie,
						   run->pci->pcie[hw->named].total_vfs);
		smmu_pcie_set_master(hw->pcie, true);
	}
}

/* ---- As the core wants it ---------------------------------------------------------- */

static uint32_t config_read(void *ctx, uint16_t offset, unsigned size)
{
	return smmu_pcie_cfg_read(ctx, offset, size);
}

static void config_write(void *ctx, uint16_t offset, unsigned size, uint32_t value)
{
	smmu_pcie_cfg_write(ctx, offset, size, value);
}

static void describe_space(struct smmu_pcie *fn, const struct smmu_pci_function *f,
			   const struct smmu_pci_function *pf,
			   struct iommu_dev_desc *desc)
{
	struct smmu_pcie *owner = smmu_pcie_pf(fn);

	desc->pci_config = (struct iommu_pci_config){ config_read, config_write, fn };
	if (owner)
		desc->pci_pf_config =
			(struct iommu_pci_config){ config_read, config_write, owner };
	desc->ats_supported = smmu_pcie_find_cap(fn, SMMU_PCI_EXT_ATS) != 0;
	if (smmu_pcie_find_cap(owner ? owner : fn, SMMU_PCI_EXT_PASID))
		desc->pci_max_pasids = 1 << pasid_width(owner ? pf : f);
}

static size_t describe_path(const struct run_pci *p, size_t index,
			    struct iommu_pci_hop *path)
{
	struct smmu_pci_hop hop[IOMMU_PCI_MAX_HOPS];
	size_t n = smmu_pci_path(p->pci, index, hop, IOMMU_PCI_MAX_HOPS);

	n = n < IOMMU_PCI_MAX_HOPS ? n : IOMMU_PCI_MAX_HOPS;
	for (size_t i = 0; i < n; i++) {
		const struct smmu_pci_function *b =
			smmu_pci_function(p->pci, hop[i].bridge);

		path[i] = (struct iommu_pci_hop){ b->rid, hop[i].shares, hop[i].isolates,
						  b->multifunction };
	}
	return n;
}

/* The first of ids is the function's, or that of who does its DMA. */
static size_t quirk_aliases(const struct run_pci *p, size_t index)
{
	struct smmu_pci_alias alias[300];
	size_t n = smmu_pci_aliases(p->pci, index, alias, 300), quirks = 0;

	for (size_t i = 1; i < n && i < 300; i++)
		quirks += alias[i].reason == SMMU_PCI_ALIAS_QUIRK;
	return quirks;
}

static void describe(const struct run *run, const struct smmu_machine_master *hw,
		     struct iommu_dev_desc *desc, struct iommu_pci_hop *path)
{
	const struct run_pci *p = run->pci;
	const size_t index = p->function[hw->named];
	const struct smmu_pci_function *f = smmu_pci_function(p->pci, index);
	const struct run_pci_function *fn = &p->fn[index];
	size_t quirks = quirk_aliases(p, index);

	desc->segment = (uint16_t)f->segment;
	desc->rid = p->ids[fn->first_id];
	desc->aliases = &p->ids[fn->first_id + 1];
	desc->num_aliases = fn->num_ids - 1;
	desc->num_quirk_aliases = quirks < desc->num_aliases ? quirks : desc->num_aliases;
	desc->path = path;
	desc->num_hops = describe_path(p, index, path);
	desc->pci_multifunction = f->multifunction;
	desc->pci_isolates = f->isolates;
	if (hw->pcie)
		describe_space(hw->pcie, f,
			       f->is_vf ? smmu_pci_function(p->pci, f->pf) : f, desc);
}

/* ---- The same groups twice --------------------------------------------------------- */

/* CORE-38 by pci/, of the registers, and by the core: two functions apart in one are so
 * in the other. What the driver took on is compared. */
static void check_groups(struct run *run)
{
	const struct run_pci *p = run->pci;
	long *core_of = malloc((p->n + 1) * sizeof(*core_of));
	size_t *pci_of = calloc(p->n + run->nmasters + 1, sizeof(*pci_of));

	for (size_t i = 0; core_of && i < p->n; i++)
		core_of[i] = -1;
	for (size_t i = 0; core_of && pci_of && i < p->n; i++) {
		const struct run_pci_function *fn = &p->fn[i];
		const unsigned g = p->groups[i].group;
		long core = -1;
		char name[RUN_PCI_NAME];

		if (!fn->left_out && fn->master != SIZE_MAX)
			core = run->masters[fn->master].group;
		if (core < 0 || (size_t)core >= p->n + run->nmasters)
			continue;
		if (core_of[g] < 0 && !pci_of[core]) {
			core_of[g] = core;
			pci_of[core] = g + 1u;
		} else if (core_of[g] != core || pci_of[core] != g + 1u) {
			run_unexpected(run,
				       "%s: group %ld of the core is not what its "
				       "registers say (%s)",
				       run_pci_name(name, smmu_pci_function(p->pci, i)),
				       core, p->groups[i].reason);
		}
	}
	free(core_of);
	free(pci_of);
}

static const struct run_pci_ops ops = {
	.read = read_dump,
	.board = run_pci_board,
	.choose = choose,
	.power_on = power_on,
	.describe = describe,
	.check_groups = check_groups,
	.exercise = run_pci_exercise,
	.print = run_pci_print,
	.json = run_pci_json,
	.destroy = destroy,
};
const struct run_pci_ops *const run_pci_ops = &ops;
