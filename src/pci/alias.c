/* SPDX-License-Identifier: MIT */
/* The requester ids that DMA of a function may bear (FW-14 to FW-16). */
#include "pci/hierarchy.h"

bool pci_bridge_alias(const struct smmu_pci *pci, size_t bridge,
		      struct smmu_pci_alias *alias)
{
	const struct pci_function *fn = &pci->fn[bridge];
	bool secondary;

	switch (fn->info.kind) {
	case SMMU_PCI_PCIE_TO_PCI:
		secondary = true;
		break;
	case SMMU_PCI_PCI_TO_PCIE:
		secondary = false;
		break;
	case SMMU_PCI_CONVENTIONAL:
		secondary = fn->pcie_bridge_alias;
		break;
	default: /* a port passes what comes as it is */
		return false;
	}
	*alias = (struct smmu_pci_alias){
		.segment = fn->info.segment,
		.rid = (uint16_t)(secondary ? fn->info.secondary << 8 : fn->info.rid),
		.reason = secondary ? SMMU_PCI_ALIAS_SECONDARY : SMMU_PCI_ALIAS_BRIDGE,
		.by = bridge,
	};
	return true;
}

static bool each_quirk(const struct smmu_pci *pci, size_t index,
		       bool (*fn)(void *ctx, const struct smmu_pci_alias *alias),
		       void *ctx)
{
	const struct pci_function *f = &pci->fn[index];
	struct smmu_pci_alias alias = { .segment = f->info.segment,
					.reason = SMMU_PCI_ALIAS_QUIRK,
					.by = index };

	for (unsigned devfn = 0; f->has_quirk_devfns && devfn < 256; devfn++) {
		if (!pci_has_devfn(f, devfn))
			continue;
		alias.rid = (uint16_t)((f->info.rid & 0xff00u) | devfn);
		if (fn(ctx, &alias))
			return true;
	}
	return false;
}

bool pci_each_alias(const struct smmu_pci *pci, size_t index,
		    bool (*fn)(void *ctx, const struct smmu_pci_alias *alias), void *ctx)
{
	const size_t self = pci_requester(pci, index);
	const struct smmu_pci_function *f = &pci->fn[self].info;
	struct smmu_pci_alias alias = { .segment = f->segment,
					.rid = f->rid,
					.reason = SMMU_PCI_ALIAS_SELF,
					.by = self };

	if (fn(ctx, &alias) || each_quirk(pci, self, fn, ctx))
		return true;
	for (size_t b = f->upstream; b != SMMU_PCI_NONE; b = pci->fn[b].info.upstream) {
		if (pci->fn[b].xlate_root)
			return false;
		if (pci_bridge_alias(pci, b, &alias) && fn(ctx, &alias))
			return true;
	}
	return false;
}

struct list {
	struct smmu_pci_alias *alias;
	size_t room, count;
};

static bool keep(void *ctx, const struct smmu_pci_alias *alias)
{
	struct list *list = ctx;

	if (list->count < list->room)
		list->alias[list->count] = *alias;
	list->count++;
	return false;
}

size_t smmu_pci_aliases(const struct smmu_pci *pci, size_t index,
			struct smmu_pci_alias *alias, size_t n)
{
	struct list list = { .alias = alias, .room = n };

	if (index < pci->count)
		(void)pci_each_alias(pci, index, keep, &list);
	return list.count;
}

size_t smmu_pci_path(const struct smmu_pci *pci, size_t index, struct smmu_pci_hop *hop,
		     size_t n)
{
	struct smmu_pci_alias alias;
	bool rooted = false;
	size_t count = 0;

	if (index >= pci->count)
		return 0;
	for (size_t b = pci->fn[pci_requester(pci, index)].info.upstream;
	     b != SMMU_PCI_NONE; b = pci->fn[b].info.upstream) {
		rooted = rooted || pci->fn[b].xlate_root;
		if (count < n)
			hop[count] = (struct smmu_pci_hop){
				.bridge = b,
				.shares = !rooted && pci_bridge_alias(pci, b, &alias),
				.isolates = pci->fn[b].info.isolates,
			};
		count++;
	}
	return count;
}
