/* SPDX-License-Identifier: MIT */
/* Groups, in CORE-38's five steps, as functions appear one by one. */
#include <string.h>
#include "pci/hierarchy.h"

struct grouping {
	const struct smmu_pci *pci;
	struct smmu_pci_group *of; /* rule 0: it has no group yet */
	unsigned made;
	uint8_t seen[32]; /* devfns that steps 3 and 4 have looked at */
	size_t at;	  /* the last who gave an id */
	size_t found;
};

static bool has_group(const struct grouping *g, size_t index)
{
	return index != SMMU_PCI_NONE && g->of[index].rule != 0;
}

/* Step 1: any who gives an id to this DMA and has a group. */
static bool giver_has_group(void *ctx, const struct smmu_pci_alias *alias)
{
	struct grouping *g = ctx;

	g->at = alias->by;
	if (!has_group(g, alias->by))
		return false;
	g->found = alias->by;
	return true;
}

/* Step 2: up to where every bridge to the root isolates; moves g->at with it. */
static bool go_upstream(struct grouping *g)
{
	struct smmu_pci_hop hop[PCI_HOPS_MAX];
	size_t n = 0, isolated;

	for (size_t b = g->pci->fn[g->at].info.upstream; b != SMMU_PCI_NONE;
	     b = g->pci->fn[b].info.upstream)
		hop[n++] =
			(struct smmu_pci_hop){ .bridge = b,
					       .isolates = g->pci->fn[b].info.isolates };
	for (isolated = n; isolated && hop[isolated - 1].isolates; isolated--)
		;
	for (size_t i = 0; i < isolated; i++) {
		g->at = hop[i].bridge;
		if (has_group(g, g->at)) {
			g->found = g->at;
			return true;
		}
	}
	return false;
}

/* Either bears the other's id, or does the other's DMA. */
static bool are_aliases(const struct smmu_pci *pci, size_t a, size_t b)
{
	const struct pci_function *x = &pci->fn[a], *y = &pci->fn[b];

	return pci_has_devfn(x, y->info.rid & 0xffu) ||
	       pci_has_devfn(y, x->info.rid & 0xffu) || x->dma_by == b || y->dma_by == a;
}

static size_t bus_begin(const struct smmu_pci *pci, size_t index)
{
	const struct smmu_pci_function *f = &pci->fn[index].info;

	return pci_first_at(pci, pci->count, f->segment, f->rid & 0xff00u);
}

static bool same_bus(const struct smmu_pci *pci, size_t a, size_t b)
{
	return b < pci->count && pci->fn[a].info.segment == pci->fn[b].info.segment &&
	       pci->fn[a].info.rid >> 8 == pci->fn[b].info.rid >> 8;
}

static bool slot_has_group(struct grouping *g, size_t index);

/* Step 3: it, or (and so on) who is its alias. `seen` ends the recursion: 256 at most. */
static bool peer_has_group(struct grouping *g, size_t index)
{
	const unsigned devfn = g->pci->fn[index].info.rid & 0xffu;

	if (g->seen[devfn / 8] & 1u << devfn % 8)
		return false;
	g->seen[devfn / 8] = (uint8_t)(g->seen[devfn / 8] | 1u << devfn % 8);
	if (has_group(g, index)) {
		g->found = index;
		return true;
	}
	if (!g->pci->any_alias)
		return false;
	for (size_t i = bus_begin(g->pci, index); same_bus(g->pci, index, i); i++)
		if (i != index && are_aliases(g->pci, index, i) &&
		    (peer_has_group(g, i) || slot_has_group(g, i)))
			return true;
	return false;
}

/* Step 4: functions of one device pass DMA among each other unless ACS forbids it. */
static bool slot_has_group(struct grouping *g, size_t index)
{
	const struct smmu_pci_function *f = &g->pci->fn[index].info;

	if (!f->multifunction || f->isolates)
		return false;
	for (size_t i = bus_begin(g->pci, index); same_bus(g->pci, index, i); i++) {
		const struct smmu_pci_function *peer = &g->pci->fn[i].info;

		if (i != index && (peer->rid ^ f->rid) < 8 && !peer->isolates &&
		    peer_has_group(g, i))
			return true;
	}
	return false;
}

static enum smmu_pci_rule decide(struct grouping *g, size_t index)
{
	memset(g->seen, 0, sizeof(g->seen));
	g->found = SMMU_PCI_NONE;
	if (pci_each_alias(g->pci, index, giver_has_group, g))
		return SMMU_PCI_RULE_ALIAS;
	if (go_upstream(g))
		return SMMU_PCI_RULE_UPSTREAM;
	if (peer_has_group(g, g->at))
		return SMMU_PCI_RULE_QUIRK;
	if (slot_has_group(g, g->at))
		return SMMU_PCI_RULE_SLOT;
	return SMMU_PCI_RULE_NEW;
}

static const char *open_because(const struct smmu_pci_function *f)
{
	switch (f->isolation) {
	case SMMU_PCI_OPEN_NO_ACS:
		return "it has no ACS";
	case SMMU_PCI_OPEN_ACS_OFF:
		return "its ACS is not all on";
	case SMMU_PCI_OPEN_QUIRK:
		return "a quirk says so";
	case SMMU_PCI_OPEN_CONVENTIONAL:
		return "it is not ACS's kind";
	default: /* it does; a bridge further up does not */
		return "a bridge above it does not";
	}
}

static void explain(const struct smmu_pci *pci, struct smmu_pci_group *of)
{
	char name[PCI_NAME] = "";
	const struct smmu_pci_function *peer =
		of->peer == SMMU_PCI_NONE ? NULL : &pci->fn[of->peer].info;
	const size_t n = sizeof(of->reason);

	if (peer)
		pci_name(name, peer->segment, peer->rid);
	switch (of->rule) {
	case SMMU_PCI_RULE_ALIAS:
		(void)snprintf(of->reason, n, "its DMA bears an id of %s", name);
		break;
	case SMMU_PCI_RULE_UPSTREAM:
		(void)snprintf(of->reason, n, "%s above it does not isolate: %s", name,
			       open_because(peer));
		break;
	case SMMU_PCI_RULE_QUIRK:
		(void)snprintf(of->reason, n, "a quirk makes it and %s aliases", name);
		break;
	case SMMU_PCI_RULE_SLOT:
		(void)snprintf(of->reason, n, "%s of its slot does not isolate: %s", name,
			       open_because(peer));
		break;
	case SMMU_PCI_RULE_NEW:
		(void)snprintf(of->reason, n, "isolated from all before it");
		break;
	}
}

static void place(struct grouping *g, size_t index)
{
	struct smmu_pci_group *of = &g->of[index];
	const enum smmu_pci_rule rule = decide(g, index);

	of->rule = rule;
	of->peer = g->found;
	of->group = g->found == SMMU_PCI_NONE ? g->made++ : g->of[g->found].group;
	explain(g->pci, of);
}

void smmu_pci_groups(const struct smmu_pci *pci, struct smmu_pci_group *of)
{
	struct grouping g = { .pci = pci, .of = of };

	memset(of, 0, pci->count * sizeof(*of));
	for (size_t i = 0; i < pci->count; i++)
		if (!pci->fn[i].info.is_vf)
			place(&g, i);
	for (size_t i = 0; i < pci->count; i++)
		if (pci->fn[i].info.is_vf)
			place(&g, i);
}
