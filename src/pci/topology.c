/* SPDX-License-Identifier: MIT */
/*
 * How functions hang together. A bridge leads to a bus of a higher number than its own,
 * or to none: so no path is endless, whatever the registers say.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "pci/hierarchy.h"

static int by_place(const void *a, const void *b)
{
	const struct pci_function *x = a, *y = b;

	if (x->info.segment != y->info.segment)
		return x->info.segment < y->info.segment ? -1 : 1;
	if (x->info.rid != y->info.rid)
		return x->info.rid < y->info.rid ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static bool same_place(const struct pci_function *x, const struct pci_function *y)
{
	return x->info.segment == y->info.segment && x->info.rid == y->info.rid;
}

static void sort(struct smmu_pci *pci)
{
	char name[PCI_NAME];
	size_t kept = 0;

	if (pci->count)
		qsort(pci->fn, pci->count, sizeof(*pci->fn), by_place);
	for (size_t i = 0; i < pci->count; i++) {
		if (kept && same_place(&pci->fn[kept - 1], &pci->fn[i])) {
			if (!pci->fn[i].info.implied) /* two PFs may claim one VF */
				pci_problem(pci,
					    "%s is there twice: the first one counts",
					    pci_name(name, pci->fn[i].info.segment,
						     pci->fn[i].info.rid));
			free(pci->fn[i].config);
			continue;
		}
		pci->fn[kept++] = pci->fn[i];
	}
	pci->count = kept;
}

/* ---- Virtual functions ---------------------------------------------------------------
 */

/* Where VF number i of a PF is (SR-IOV: PF + First VF Offset + i * VF Stride). */
static bool vf_place(const struct smmu_pci_function *pf, unsigned i, uint16_t *rid)
{
	const uint32_t at =
		pf->rid + (uint32_t)pf->vf_offset + i * (uint32_t)pf->vf_stride;

	*rid = (uint16_t)at;
	return at <= 0xffff;
}

/* VFs that can be: as many as are enabled, in places that differ. */
static unsigned vf_count(struct smmu_pci *pci, const struct smmu_pci_function *pf)
{
	unsigned n = pf->vfs_enabled;
	char name[PCI_NAME];
	const char *what = NULL;
	uint16_t rid;

	if (!n)
		return 0;
	if (!pf->vf_offset)
		what = "VFs at offset 0, where the function itself is: none counts",
		n = 0;
	else if (n > 1 && !pf->vf_stride)
		what = "several VFs and a stride of 0: the first one counts", n = 1;
	else if (!vf_place(pf, n - 1, &rid))
		what = "VFs beyond bus ff: they do not count";
	while (n && !vf_place(pf, n - 1, &rid))
		n--;
	if (what)
		pci_problem(pci, "%s: SR-IOV: %s", pci_name(name, pf->segment, pf->rid),
			    what);
	return n;
}

/* The VFs of one PF that no section of the dump stands for; the first `listed` are
 * sorted. */
static int add_implied(struct smmu_pci *pci, size_t pf, size_t listed)
{
	const struct smmu_pci_function f = pci->fn[pf].info;
	unsigned n = vf_count(pci, &f);
	uint16_t rid;

	for (unsigned i = 0; i < n && pci->count < SMMU_PCI_MAX_FUNCTIONS; i++) {
		size_t at;
		int err;

		(void)vf_place(&f, i, &rid);
		at = pci_first_at(pci, listed, f.segment, rid);
		if (at < listed && pci->fn[at].info.segment == f.segment &&
		    pci->fn[at].info.rid == rid)
			continue;
		err = pci_add(pci, f.segment, rid, NULL, 0);
		if (err)
			return err;
		pci->fn[pci->count - 1].info.implied = true;
		pci->fn[pci->count - 1].info.kind = f.kind;
	}
	return 0;
}

static void adopt(struct smmu_pci *pci, size_t pf, size_t vf)
{
	const struct smmu_pci_function *p = &pci->fn[pf].info;
	struct smmu_pci_function *v = &pci->fn[vf].info;
	char name[PCI_NAME], other[PCI_NAME];

	if (v->is_vf || v->is_bridge || v->sriov) {
		pci_problem(pci,
			    "%s: SR-IOV: %s is in the place of a VF and cannot be one",
			    pci_name(name, p->segment, p->rid),
			    pci_name(other, v->segment, v->rid));
		return;
	}
	v->is_vf = true;
	v->pf = pf;
	v->multifunction = false;
	if (!v->express)
		v->kind = p->kind;
	/* A VF's own Vendor and Device ID read as all ones. */
	if (v->implied || v->vendor == 0xffff) {
		v->vendor = p->vendor;
		v->device = p->vf_device;
		v->class_code = p->class_code;
	}
}

static bool may_be_pf(const struct smmu_pci_function *f)
{
	return f->sriov && !f->is_bridge && f->vfs_enabled;
}

static int virtual_functions(struct smmu_pci *pci)
{
	const size_t listed = pci->count;
	uint16_t rid;

	/* Sorting moves indices: first all that are missing, then who belongs to whom. */
	for (size_t i = 0; i < listed; i++) {
		int err = may_be_pf(&pci->fn[i].info) ? add_implied(pci, i, listed) : 0;

		if (err)
			return err;
	}
	if (pci->count != listed)
		sort(pci);
	for (size_t i = 0; i < pci->count; i++) {
		const struct smmu_pci_function *f = &pci->fn[i].info;

		if (!may_be_pf(f) || !f->vf_offset)
			continue;
		for (unsigned v = 0; v < f->vfs_enabled && vf_place(f, v, &rid); v++) {
			size_t vf = smmu_pci_find(pci, f->segment, rid);

			if (vf != SMMU_PCI_NONE)
				adopt(pci, i, vf);
			if (!f->vf_stride)
				break;
		}
	}
	return 0;
}

/* ---- Bridges -------------------------------------------------------------------------
 */

/* The bridge of each bus of one segment. */
struct buses {
	uint32_t segment;
	size_t bridge[256];
	bool said[256];
};

/* Why a bridge leads nowhere, or NULL. */
static const char *unsound(const struct buses *buses, const struct pci_function *fn)
{
	const uint32_t secondary = pci_get(fn, PCI_REG_SECONDARY, 1);
	const uint32_t subordinate = pci_get(fn, PCI_REG_SUBORDINATE, 1);

	if (!secondary)
		return "it has no bus below it";
	if (secondary <= fn->info.rid >> 8)
		return "the bus below it is not above its own number";
	if (subordinate < secondary)
		return "its subordinate bus is below its secondary one";
	if (buses->bridge[secondary] != SMMU_PCI_NONE)
		return "another bridge leads to its secondary bus";
	return NULL;
}

static void take_bridge(struct smmu_pci *pci, struct buses *buses, size_t index)
{
	struct pci_function *fn = &pci->fn[index];
	const size_t above = buses->bridge[fn->info.rid >> 8];
	const char *what = unsound(buses, fn);
	char name[PCI_NAME];

	pci_name(name, fn->info.segment, fn->info.rid);
	if (what) {
		pci_problem(pci, "%s: bus numbers %02x to %02x: %s: it leads nowhere",
			    name, (unsigned)pci_get(fn, PCI_REG_SECONDARY, 1),
			    (unsigned)pci_get(fn, PCI_REG_SUBORDINATE, 1), what);
		return;
	}
	fn->info.secondary = (uint8_t)pci_get(fn, PCI_REG_SECONDARY, 1);
	fn->info.subordinate = (uint8_t)pci_get(fn, PCI_REG_SUBORDINATE, 1);
	buses->bridge[fn->info.secondary] = index;
	if (pci_get(fn, PCI_REG_PRIMARY, 1) != fn->info.rid >> 8)
		pci_problem(pci, "%s: its primary bus is %02x, but it is on bus %02x",
			    name, (unsigned)pci_get(fn, PCI_REG_PRIMARY, 1),
			    (unsigned)fn->info.rid >> 8);
	if (above != SMMU_PCI_NONE &&
	    (fn->info.secondary < pci->fn[above].info.secondary ||
	     fn->info.subordinate > pci->fn[above].info.subordinate))
		pci_problem(pci,
			    "%s: buses %02x to %02x are not within those above, %02x "
			    "to %02x",
			    name, fn->info.secondary, fn->info.subordinate,
			    pci->fn[above].info.secondary,
			    pci->fn[above].info.subordinate);
}

/* No bridge leads to this bus: the innermost whose range has it, if there is one. */
static size_t around(struct smmu_pci *pci, struct buses *buses, unsigned bus)
{
	for (unsigned b = bus; b; b--) {
		const size_t bridge = buses->bridge[b];

		if (bridge == SMMU_PCI_NONE || pci->fn[bridge].info.subordinate < bus)
			continue;
		if (!buses->said[bus])
			pci_problem(pci,
				    "%04x: no bridge leads to bus %02x: taken for one "
				    "within bus %02x",
				    (unsigned)buses->segment, bus, b);
		buses->said[bus] = true;
		return bridge;
	}
	return SMMU_PCI_NONE;
}

static void hang(struct smmu_pci *pci, struct buses *buses, size_t index)
{
	struct smmu_pci_function *f = &pci->fn[index].info;
	const unsigned bus = f->rid >> 8;

	if (buses->bridge[bus] != SMMU_PCI_NONE)
		f->upstream = buses->bridge[bus];
	else if (!f->is_vf)
		f->upstream = around(pci, buses, bus);
}

static void bridges(struct smmu_pci *pci)
{
	struct buses buses;

	for (size_t from = 0, to; from < pci->count; from = to) {
		buses.segment = pci->fn[from].info.segment;
		memset(buses.said, 0, sizeof(buses.said));
		for (unsigned b = 0; b < 256; b++)
			buses.bridge[b] = SMMU_PCI_NONE;
		for (to = from;
		     to < pci->count && pci->fn[to].info.segment == buses.segment; to++)
			if (pci->fn[to].info.is_bridge)
				take_bridge(pci, &buses, to);
		for (size_t i = from; i < to; i++)
			hang(pci, &buses, i);
		/* VFs beyond their PF's bus: a virtual bus, without a bridge of its own.
		 */
		for (size_t i = from; i < to; i++) {
			struct smmu_pci_function *f = &pci->fn[i].info;

			if (f->is_vf && buses.bridge[f->rid >> 8] == SMMU_PCI_NONE)
				f->upstream = pci->fn[f->pf].info.upstream;
		}
	}
}

int pci_connect(struct smmu_pci *pci)
{
	int err;

	sort(pci);
	err = virtual_functions(pci);
	if (err)
		return err;
	bridges(pci);
	pci_known_quirks(pci);
	return 0;
}
