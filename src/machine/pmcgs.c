/* SPDX-License-Identifier: MIT */
/*
 * Counter groups that firmware lists: each is one of its SMMU's, with its pages where
 * firmware says, be that inside the SMMU's own window or elsewhere.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <smmulator/pmcg.h>
#include "machine/machine.h"

/* The offset of an address in the page's group, as pmcg.h counts. */
static uint64_t offset_of(const struct machine_page *page, uint64_t pa)
{
	return pa - page->base + (page->second ? MACHINE_PAGE : 0);
}

static uint64_t page_read(const struct smmu_bus_regs *regs, uint64_t pa, unsigned size)
{
	const struct machine_page *page = (const void *)regs;

	return smmu_pmcg_mmio_read(page->window->info.smmu, page->group,
				   offset_of(page, pa), size);
}

static void page_write(const struct smmu_bus_regs *regs, uint64_t pa, unsigned size,
		       uint64_t value)
{
	const struct machine_page *page = (const void *)regs;

	smmu_pmcg_mmio_write(page->window->info.smmu, page->group, offset_of(page, pa),
			     size, value);
}

/* Groups that firmware lists for an SMMU; their features come from its preset. */
void machine_configure_pmcgs(const struct machine_build *b, size_t iommu,
			     struct smmu_config *cfg)
{
	uint8_t n = 0;

	for (size_t i = 0; i < b->fw->npmcgs; i++) {
		const struct smmu_fw_pmcg *node = &b->fw->pmcgs[i];
		struct smmu_pmcg_config *g = &cfg->pmcg[n];

		if (node->iommu < 0 || (size_t)node->iommu != iommu || n == SMMU_PMCG_MAX)
			continue;
		if (n >= cfg->pmcgs)
			*g = (struct smmu_pmcg_config){ .counters = 4, .bits = 32 };
		g->reloc_ctrs = node->page1 != 0;
		n++;
	}
	if (n > cfg->pmcgs)
		cfg->pmcgs = n;
}

/* Where its pages are. Those of groups that are not built are left out. */
int machine_plan_pmcgs(struct machine_build *b)
{
	struct smmu_machine *m = b->machine;
	unsigned *used = calloc(b->fw->niommus + 1, sizeof(*used));
	const struct smmu_fw_pmcg *bad = NULL;

	m->pages = calloc(b->fw->npmcgs * 2 + 1, sizeof(*m->pages));
	if (!used || !m->pages) {
		free(used);
		return machine_fail(b, -ENOMEM, "no memory");
	}
	for (size_t i = 0; i < b->fw->npmcgs; i++) {
		const struct smmu_fw_pmcg *node = &b->fw->pmcgs[i];
		struct machine_page page = { .node = node, .base = node->page0 };

		if (node->iommu < 0 || m->smmu_of[node->iommu] < 0 ||
		    used[node->iommu] == SMMU_PMCG_MAX)
			continue;
		page.window = &m->smmus[m->smmu_of[node->iommu]];
		page.group = used[node->iommu]++;
		m->pages[m->npages++] = page;
		page.base = node->page1;
		page.second = true;
		if (node->page1)
			m->pages[m->npages++] = page;
		if ((node->page0 | node->page1) % MACHINE_PAGE)
			bad = node;
	}
	free(used);
	if (!bad)
		return 0;
	return machine_fail(
		b, -EINVAL,
		"%s: pages at 0x%llx and 0x%llx; legal are multiples of 4 KiB", bad->path,
		(unsigned long long)bad->page0, (unsigned long long)bad->page1);
}

int machine_add_pmcgs(struct machine_build *b)
{
	for (size_t i = 0; i < b->machine->npages; i++) {
		struct machine_page *page = &b->machine->pages[i];
		int err;

		page->regs = (struct smmu_bus_regs){ page_read, page_write };
		err = smmu_bus_add_regs(b->machine->bus, page->base, MACHINE_PAGE,
					&page->regs);
		if (err)
			return machine_fail(
				b, err, "%s: page %d at 0x%llx: %s", page->node->path,
				page->second, (unsigned long long)page->base,
				err == -EEXIST ? "memory or registers are there"
					       : "no memory");
	}
	return 0;
}
