/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "fixture.h"

#define RAM_BASE 0x80000000ull
#define RAM_SIZE (1ull << 30)
/* Type of a table descriptor, and of a page at level 3. */
#define TABLE_OR_PAGE ((uint64_t)SMMU_DESC_TYPE_TABLE)
#define DATA_PA	      0xa0000000ull /* what the pages translate to */

static uint64_t *at(struct fixture *f, uint64_t pa)
{
	return smmu_bus_ptr(f->bus, pa, 8);
}

/* size: a power of two; queues and tables are aligned to theirs. */
static uint64_t alloc(struct fixture *f, uint64_t size)
{
	uint64_t step = size < 4096 ? 4096 : size;
	uint64_t pa = (f->next_page + step - 1) & ~(step - 1);

	f->next_page = pa + step;
	return pa;
}

/* The slot of the last-level descriptor for ia, in a 4-level 4 KiB tree. */
static uint64_t *leaf_slot(struct fixture *f, uint64_t root, uint64_t ia)
{
	uint64_t table = root;

	for (int shift = 39; shift > 12; shift -= 9) {
		uint64_t *slot = at(f, table) + ((ia >> shift) & 511);

		if (!*slot)
			*slot = alloc(f, 4096) | TABLE_OR_PAGE;
		table = smmu_get_addr(slot, SMMU_S1TABLE_Addr);
	}
	return at(f, table) + ((ia >> 12) & 511);
}

static void map(struct fixture *f, uint64_t root, uint64_t ia, uint64_t oa,
		uint64_t pages, uint64_t attributes)
{
	for (uint64_t i = 0; i < pages; i++)
		*leaf_slot(f, root, ia + i * 4096) = (oa + i * 4096) | attributes;
}

/* Access flag, inner shareable, read and write for everybody. */
static uint64_t s1_page(void)
{
	uint64_t d = TABLE_OR_PAGE;

	smmu_set(&d, SMMU_S1DESC_AF, 1);
	smmu_set(&d, SMMU_S1DESC_SH, 3);
	smmu_set(&d, SMMU_S1DESC_AP, 1);
	smmu_set(&d, SMMU_S1DESC_nG, 1);
	return d;
}

static uint64_t s2_page(void)
{
	uint64_t d = TABLE_OR_PAGE;

	smmu_set(&d, SMMU_S2DESC_AF, 1);
	smmu_set(&d, SMMU_S2DESC_SH, 3);
	smmu_set(&d, SMMU_S2DESC_S2AP, 3);
	smmu_set(&d, SMMU_S2DESC_MemAttr, 15);
	return d;
}

static uint64_t make_cd(struct fixture *f, uint64_t root)
{
	uint64_t pa = alloc(f, 4096), *cd = at(f, pa);

	smmu_set(cd, SMMU_CD_T0SZ, 16);
	smmu_set(cd, SMMU_CD_EPD1, 1);
	smmu_set(cd, SMMU_CD_V, 1);
	smmu_set(cd, SMMU_CD_IPS, 4);
	smmu_set(cd, SMMU_CD_AA64, 1);
	smmu_set(cd, SMMU_CD_R, 1);
	smmu_set(cd, SMMU_CD_A, 1);
	smmu_set(cd, SMMU_CD_ASID, ASID);
	smmu_set_addr(cd, SMMU_CD_TTB0, root);
	smmu_set(cd, SMMU_CD_MAIR0, 0xff);
	return pa;
}

static void make_ste(struct fixture *f, uint32_t sid, unsigned config, uint64_t cd,
		     uint64_t s2ttb)
{
	uint64_t *ste = at(f, f->strtab + sid * 64ull);

	smmu_set(ste, SMMU_STE_Config, config);
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr, cd);
	smmu_set(ste, SMMU_STE_S2VMID, VMID);
	smmu_set(ste, SMMU_STE_SHCFG, 1);
	if (config & 2) {
		smmu_set(ste, SMMU_STE_S2T0SZ, 64 - 44);
		smmu_set(ste, SMMU_STE_S2SL0, 2);
		smmu_set(ste, SMMU_STE_S2PS, 4);
		smmu_set(ste, SMMU_STE_S2AA64, 1);
		smmu_set(ste, SMMU_STE_S2R, 1);
		smmu_set_addr(ste, SMMU_STE_S2TTB, s2ttb);
	}
	smmu_set(ste, SMMU_STE_V, 1);
}

static void make_streams(struct fixture *f)
{
	uint64_t s1 = alloc(f, 4096), s2 = alloc(f, 4096), cd = make_cd(f, s1);

	map(f, s1, FIXTURE_IOVA, DATA_PA, f->pages, s1_page());
	/* Stage 2: the IOVAs for the S2-only stream, and identity for nested data. */
	map(f, s2, FIXTURE_IOVA, DATA_PA, f->pages, s2_page());
	map(f, s2, DATA_PA, DATA_PA, f->pages, s2_page());
	f->strtab = alloc(f, 64 * 64);
	/* Identity for the tables themselves, which the nested walk reads by IPA. */
	map(f, s2, RAM_BASE, RAM_BASE, (f->next_page - RAM_BASE) / 4096 + 64, s2_page());
	make_ste(f, SID_S1, SMMU_STE_CONFIG_S1, cd, 0);
	make_ste(f, SID_S2, SMMU_STE_CONFIG_S2, 0, s2);
	make_ste(f, SID_NESTED, SMMU_STE_CONFIG_NESTED, cd, s2);
}

static void enable(struct fixture *f)
{
	uint64_t base = 0, cfg = 0, cr0 = 0;

	f->cmdq = alloc(f, 16u << CMDQ_LOG2);
	base = SMMU_MASK(SMMU_CMDQ_BASE_ADDR) & f->cmdq;
	smmu_mmio_write(f->smmu, SMMU_REG_CMDQ_BASE, 8,
			smmu_reg_set(base, SMMU_CMDQ_BASE_LOG2SIZE, CMDQ_LOG2));
	smmu_mmio_write(f->smmu, SMMU_REG_STRTAB_BASE, 8,
			SMMU_MASK(SMMU_STRTAB_BASE_ADDR) & f->strtab);
	cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_LOG2SIZE, 6);
	smmu_mmio_write(f->smmu, SMMU_REG_STRTAB_BASE_CFG, 4, cfg);
	cr0 = smmu_reg_set(cr0, SMMU_CR0_CMDQEN, 1);
	cr0 = smmu_reg_set(cr0, SMMU_CR0_SMMUEN, 1);
	smmu_mmio_write(f->smmu, SMMU_REG_CR0, 4, cr0);
}

static struct fixture *create(uint64_t pages, uint32_t tlb_entries, bool ats)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct smmu_config cfg;

	if (!f)
		return NULL;
	f->pages = pages;
	f->next_page = RAM_BASE;
	f->bus = smmu_bus_create();
	if (!f->bus || smmu_bus_add_ram(f->bus, RAM_BASE, RAM_SIZE, NULL) ||
	    smmu_config_init(&cfg, SMMU_PRESET_V3_2))
		goto fail;
	cfg.tlb_entries = tlb_entries;
	cfg.ats = ats;
	if (smmu_create(&f->smmu, f->bus, &cfg))
		goto fail;
	f->port = smmu_port_open(f->smmu);
	if (!f->port)
		goto fail;
	make_streams(f);
	if (ats)
		smmu_set(at(f, f->strtab + SID_S1 * 64ull), SMMU_STE_EATS, 1);
	enable(f);
	return f;
fail:
	fixture_destroy(f);
	return NULL;
}

struct fixture *fixture_create(uint64_t pages, uint32_t tlb_entries)
{
	return create(pages, tlb_entries, false);
}

struct fixture *fixture_create_ats(uint64_t pages, uint32_t tlb_entries)
{
	return create(pages, tlb_entries, true);
}

void fixture_destroy(struct fixture *f)
{
	if (f->port)
		smmu_port_close(f->port);
	smmu_destroy(f->smmu);
	smmu_bus_destroy(f->bus);
	free(f);
}

bool fixture_idle(struct fixture *f)
{
	uint64_t cons = smmu_mmio_read(f->smmu, SMMU_REG_CMDQ_CONS, 4);

	return smmu_reg_get(cons, SMMU_CMDQ_CONS_RD) == f->prod &&
	       !smmu_reg_get(cons, SMMU_CMDQ_CONS_ERR) &&
	       smmu_mmio_read(f->smmu, SMMU_REG_GERROR, 4) == 0;
}

bool fixture_fill(struct fixture *f, uint32_t sid)
{
	for (uint64_t i = 0; i < f->pages; i++) {
		struct smmu_txn txn = { .sid = sid, .addr = FIXTURE_IOVA + i * 4096 };

		if (smmu_translate(f->port, &txn).status != SMMU_OK)
			return false;
	}
	return true;
}
