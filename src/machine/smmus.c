/* SPDX-License-Identifier: MIT */
/* The SMMUs of a board: their configuration, and their registers on the bus. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <smmulator/arch.h>
#include "machine/machine.h"

/* Longest name that leaves room for ".cmdq-sync" in a wire's 63 characters. */
#define NAME_MAX_LEN 48

static uint64_t window_read(const struct smmu_bus_regs *regs, uint64_t pa, unsigned size)
{
	const struct machine_window *w = (const void *)regs;

	return smmu_mmio_read(w->info.smmu, pa - w->info.base, size);
}

static void window_write(const struct smmu_bus_regs *regs, uint64_t pa, unsigned size,
			 uint64_t value)
{
	const struct machine_window *w = (const void *)regs;

	smmu_mmio_write(w->info.smmu, pa - w->info.base, size, value);
}

/* The node's name, with its number when it is long or another's too. */
static void name_window(const struct smmu_machine *m, size_t index)
{
	struct machine_window *w = &m->smmus[index];
	const char *name = w->info.node->name;
	bool plain = strlen(name) <= NAME_MAX_LEN;

	for (size_t i = 0; i < index; i++)
		plain = plain && strcmp(m->smmus[i].info.node->name, name) != 0;
	if (plain)
		snprintf(w->name, sizeof(w->name), "%s", name);
	else
		snprintf(w->name, sizeof(w->name), "%.40s~%zu", name, index);
	w->info.name = w->name;
}

/* Bits that the highest byte of RAM needs. */
static unsigned ram_bits(const struct smmu_machine *m)
{
	const struct smmu_machine_ram *last = &m->rams[m->nrams - 1];
	uint64_t top = last->base + (last->size - 1);
	unsigned bits = 0;

	while (top) {
		top >>= 1;
		bits++;
	}
	return bits;
}

/* An SMMU that could not output an address of its own board's RAM is not meant. */
static void widen_oas(const struct smmu_machine *m, struct smmu_config *cfg)
{
	while (cfg->oas < 7 && smmu_oas_bits(cfg->oas) < ram_bits(m))
		cfg->oas++;
}

static unsigned pick_sid_bits(const struct machine_build *b, size_t iommu,
			      unsigned preset)
{
	unsigned bits = b->options->sid_bits;

	if (bits)
		return bits;
	bits = b->sid_need[iommu] > preset ? b->sid_need[iommu] : preset;
	return bits <= SMMU_MACHINE_SID_BITS || bits == preset ? bits
							       : SMMU_MACHINE_SID_BITS;
}

static int configure(const struct machine_build *b, struct machine_window *w,
		     struct smmu_config *cfg)
{
	const struct smmu_fw_iommu *node = w->info.node;
	char reason[256];
	int err;

	if (smmu_config_init(cfg, b->options->preset))
		return machine_fail(b, -EINVAL, "options: preset %d does not exist",
				    (int)b->options->preset);
	cfg->name = w->name;
	cfg->sid_bits = (uint8_t)pick_sid_bits(b, w->info.iommu, cfg->sid_bits);
	widen_oas(b->machine, cfg);
	/* FW-3: hardware and firmware say the same, unless the harness differs. */
	cfg->cohacc = node->dma_coherent || cfg->ecmdq;
	if (node->broken_page1_regspace)
		cfg->page0_alias = 1; /* FW-4: software uses page 0 for page 1's */
	machine_configure_pmcgs(b, w->info.iommu, cfg);
	if (b->options->configure) {
		err = b->options->configure(b->options->configure_ctx, node, cfg);
		if (err)
			return machine_fail(b, err, "%s: refused by the harness",
					    node->path);
	}
	err = smmu_config_check(cfg, reason, sizeof(reason));
	if (err)
		return machine_fail(b, err, "%s: %s", node->path, reason);
	return 0;
}

/* The first page of a counter group in [base, end); its base, or end. */
static uint64_t next_page(const struct smmu_machine *m, uint64_t base, uint64_t end)
{
	for (size_t i = 0; i < m->npages; i++)
		if (m->pages[i].base >= base && m->pages[i].base < end)
			end = m->pages[i].base;
	return end;
}

/* The window, but for pages of counter groups inside it: these answer for themselves. */
static int add_window(const struct machine_build *b, struct machine_window *w)
{
	uint64_t base = w->info.base, left = w->info.size / 4 * 4;
	int err = 0;

	w->regs = (struct smmu_bus_regs){ window_read, window_write };
	while (left && !err) {
		/* Counted from base, for the window may end at 2^64. */
		uint64_t part = next_page(b->machine, base, base + (left - 1)) - base;

		if (part == left - 1)
			part = left;
		if (part)
			err = smmu_bus_add_regs(b->machine->bus, base, part, &w->regs);
		left -= part;
		base += part;
		if (left) {
			part = left < MACHINE_PAGE ? left : MACHINE_PAGE;
			left -= part;
			base += part;
		}
	}
	if (!err)
		return 0;
	return machine_fail(b, err, "%s: reg: registers at 0x%llx, 0x%llx bytes: %s",
			    w->info.node->path, (unsigned long long)w->info.base,
			    (unsigned long long)w->info.size,
			    err == -EEXIST ? "memory or another SMMU is there"
			    : err == -ENOMEM
				    ? "no memory"
				    : "legal is a base and size in multiples of 4");
}

static int add_smmu(const struct machine_build *b, size_t index, size_t iommu)
{
	struct smmu_machine *m = b->machine;
	struct machine_window *w = &m->smmus[index];
	struct smmu_config cfg;
	int err;

	w->info.node = &b->fw->iommus[iommu];
	w->info.iommu = iommu;
	w->info.base = w->info.node->reg[0].base;
	w->info.size = w->info.node->reg[0].size;
	name_window(m, index);
	err = configure(b, w, &cfg);
	if (err)
		return err;
	w->info.sid_bits = cfg.sid_bits;
	err = smmu_create(&w->info.smmu, m->bus, &cfg);
	if (err)
		return machine_fail(b, err, "%s: cannot be built: %s", w->info.node->path,
				    strerror(-err));
	return add_window(b, w);
}

int machine_add_smmus(struct machine_build *b)
{
	int err = 0;

	for (size_t i = 0; !err && i < b->fw->niommus; i++)
		if (b->machine->smmu_of[i] >= 0)
			err = add_smmu(b, (size_t)b->machine->smmu_of[i], i);
	return err;
}
