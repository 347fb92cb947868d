/* SPDX-License-Identifier: MIT */
/* The object: what was read, and what others may ask about it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "pci/hierarchy.h"

struct smmu_pci *pci_create(void)
{
	return calloc(1, sizeof(struct smmu_pci));
}

void smmu_pci_destroy(struct smmu_pci *pci)
{
	if (!pci)
		return;
	for (size_t i = 0; i < pci->count; i++)
		free(pci->fn[i].config);
	for (size_t i = 0; i < pci->nproblems; i++)
		free(pci->problem[i]);
	free(pci->fn);
	free(pci->problem);
	free(pci);
}

void pci_problem(struct smmu_pci *pci, const char *fmt, ...)
{
	char **list;
	va_list ap;

	if (pci->nproblems >= SMMU_PCI_MAX_PROBLEMS)
		return;
	list = realloc(pci->problem, (pci->nproblems + 1) * sizeof(*list));
	if (!list)
		return;
	pci->problem = list;
	va_start(ap, fmt);
	if (vasprintf(&list[pci->nproblems], fmt, ap) >= 0)
		pci->nproblems++;
	va_end(ap);
}

int pci_why(char *why, size_t n, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (why && n)
		(void)vsnprintf(why, n, fmt, ap);
	va_end(ap);
	return err;
}

const char *pci_name(char name[PCI_NAME], uint32_t segment, uint16_t rid)
{
	(void)snprintf(name, PCI_NAME, "%04x:%02x:%02x.%x", (unsigned)segment,
		       (unsigned)rid >> 8, (unsigned)rid >> 3 & 0x1fu,
		       (unsigned)rid & 7u);
	return name;
}

static int more_room(struct smmu_pci *pci)
{
	size_t room = pci->room ? pci->room * 2 : 16;
	struct pci_function *list = realloc(pci->fn, room * sizeof(*list));

	if (!list)
		return -ENOMEM;
	pci->fn = list;
	pci->room = room;
	return 0;
}

int pci_add(struct smmu_pci *pci, uint32_t segment, uint16_t rid, const uint8_t *config,
	    size_t len)
{
	struct pci_function *fn;
	uint8_t *copy = NULL;

	if (pci->count == pci->room && more_room(pci))
		return -ENOMEM;
	if (len) {
		copy = malloc(len);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, config, len);
	}
	fn = &pci->fn[pci->count];
	*fn = (struct pci_function){ .config = copy,
				     .order = pci->count,
				     .dma_by = SMMU_PCI_NONE,
				     .quirk_isolates = -1 };
	fn->info.segment = segment;
	fn->info.rid = rid;
	fn->info.config_size = len;
	fn->info.pf = SMMU_PCI_NONE;
	fn->info.upstream = SMMU_PCI_NONE;
	pci->count++;
	return 0;
}

uint32_t pci_get(const struct pci_function *fn, unsigned offset, unsigned size)
{
	uint32_t value = 0;

	if (offset > fn->info.config_size || size > fn->info.config_size - offset)
		return size < 4 ? (1u << 8 * size) - 1 : UINT32_MAX;
	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)fn->config[offset + i] << 8 * i;
	return value;
}

const char *smmu_pci_problem(const struct smmu_pci *pci, size_t index)
{
	return index < pci->nproblems ? pci->problem[index] : NULL;
}

size_t smmu_pci_count(const struct smmu_pci *pci)
{
	return pci->count;
}

const struct smmu_pci_function *smmu_pci_function(const struct smmu_pci *pci,
						  size_t index)
{
	return index < pci->count ? &pci->fn[index].info : NULL;
}

size_t smmu_pci_find(const struct smmu_pci *pci, uint32_t segment, uint16_t rid)
{
	size_t i = pci_first_at(pci, pci->count, segment, rid);

	return i < pci->count && pci->fn[i].info.segment == segment &&
			       pci->fn[i].info.rid == rid
		       ? i
		       : SMMU_PCI_NONE;
}

size_t pci_first_at(const struct smmu_pci *pci, size_t count, uint32_t segment,
		    uint16_t rid)
{
	const uint64_t key = (uint64_t)segment << 16 | rid;
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct smmu_pci_function *f = &pci->fn[mid].info;

		if (((uint64_t)f->segment << 16 | f->rid) < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t smmu_pci_config(const struct smmu_pci *pci, size_t index, unsigned offset,
			 unsigned size)
{
	if (index >= pci->count || (size != 1 && size != 2 && size != 4))
		return UINT32_MAX;
	return pci_get(&pci->fn[index], offset, size);
}

const char *smmu_pci_kind_name(enum smmu_pci_kind kind)
{
	static const char *const names[] = {
		[SMMU_PCI_CONVENTIONAL] = "conventional",
		[SMMU_PCI_ENDPOINT] = "endpoint",
		[SMMU_PCI_LEGACY_ENDPOINT] = "legacy endpoint",
		[SMMU_PCI_RC_ENDPOINT] = "integrated endpoint",
		[SMMU_PCI_RC_COLLECTOR] = "event collector",
		[SMMU_PCI_ROOT_PORT] = "root port",
		[SMMU_PCI_UPSTREAM_PORT] = "upstream port",
		[SMMU_PCI_DOWNSTREAM_PORT] = "downstream port",
		[SMMU_PCI_PCIE_TO_PCI] = "PCIe-to-PCI bridge",
		[SMMU_PCI_PCI_TO_PCIE] = "PCI-to-PCIe bridge",
		[SMMU_PCI_RESERVED_KIND] = "reserved type",
	};

	if ((size_t)kind >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[kind];
}
