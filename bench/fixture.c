/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "fixture.h"

#define RAM_BASE 0x80000000ull
#define RAM_SIZE (1ull << 30)
/* Type of a table descriptor, and of a page at level 3. */
#define TABLE_OR_PAGE ((uint64_t)SMMU_DESC_TYPE_TABLE)

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

/* The slot of the descriptor of a page of 1 << bits bytes, in a 4-level 4 KiB tree. */
static uint64_t *leaf_slot(struct fixture *f, uint64_t root, uint64_t ia, int bits)
{
	uint64_t table = root;

	for (int shift = 39; shift > bits; shift -= 9) {
		uint64_t *slot = at(f, table) + ((ia >> shift) & 511);

		if (!*slot)
			*slot = alloc(f, 4096) | TABLE_OR_PAGE;
		table = smmu_get_addr(slot, SMMU_S1TABLE_Addr);
	}
	return at(f, table) + ((ia >> bits) & 511);
}

static uint64_t leaf_type(int bits)
{
	return bits == 12 ? TABLE_OR_PAGE : (uint64_t)SMMU_DESC_TYPE_BLOCK;
}

static void map(struct fixture *f, uint64_t root, uint64_t ia, uint64_t oa,
		uint64_t pages, uint64_t leaf, int bits)
{
	for (uint64_t i = 0; i < pages; i++)
		*leaf_slot(f, root, ia + (i << bits), bits) =
			(oa + (i << bits)) | leaf | leaf_type(bits);
}

/* Access flag, inner shareable, read and write for everybody. */
static uint64_t s1_leaf(void)
{
	uint64_t d = 0;

	smmu_set(&d, SMMU_S1DESC_AF, 1);
	smmu_set(&d, SMMU_S1DESC_SH, 3);
	smmu_set(&d, SMMU_S1DESC_AP, 1);
	smmu_set(&d, SMMU_S1DESC_nG, 1);
	return d;
}

static uint64_t s2_leaf(void)
{
	uint64_t d = 0;

	smmu_set(&d, SMMU_S2DESC_AF, 1);
	smmu_set(&d, SMMU_S2DESC_SH, 3);
	smmu_set(&d, SMMU_S2DESC_S2AP, 3);
	smmu_set(&d, SMMU_S2DESC_MemAttr, 15);
	return d;
}

static uint64_t make_cd(struct fixture *f, uint64_t root, uint16_t asid)
{
	uint64_t pa = alloc(f, 4096), *cd = at(f, pa);

	smmu_set(cd, SMMU_CD_T0SZ, 16);
	smmu_set(cd, SMMU_CD_EPD1, 1);
	smmu_set(cd, SMMU_CD_V, 1);
	smmu_set(cd, SMMU_CD_IPS, 4);
	smmu_set(cd, SMMU_CD_AA64, 1);
	smmu_set(cd, SMMU_CD_R, 1);
	smmu_set(cd, SMMU_CD_A, 1);
	smmu_set(cd, SMMU_CD_ASID, asid);
	smmu_set_addr(cd, SMMU_CD_TTB0, root);
	smmu_set(cd, SMMU_CD_MAIR0, 0xff);
	return pa;
}

struct stream {
	uint32_t sid;
	unsigned config;
	uint64_t cd, s2ttb;
	uint16_t vmid;
	uint8_t strw;
};

static void make_ste(struct fixture *f, struct stream s)
{
	uint64_t *ste = at(f, f->strtab + s.sid * 64ull);

	smmu_set(ste, SMMU_STE_Config, s.config);
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr, s.cd);
	smmu_set(ste, SMMU_STE_S2VMID, s.vmid);
	smmu_set(ste, SMMU_STE_SHCFG, 1);
	smmu_set(ste, SMMU_STE_STRW, s.strw);
	if (s.config & 2) {
		smmu_set(ste, SMMU_STE_S2T0SZ, 64 - 44);
		smmu_set(ste, SMMU_STE_S2SL0, 2);
		smmu_set(ste, SMMU_STE_S2PS, 4);
		smmu_set(ste, SMMU_STE_S2AA64, 1);
		smmu_set(ste, SMMU_STE_S2R, 1);
		smmu_set_addr(ste, SMMU_STE_S2TTB, s.s2ttb);
	}
	smmu_set(ste, SMMU_STE_V, 1);
}

static void make_contexts(struct fixture *f, uint64_t s1, uint64_t s2, unsigned config)
{
	for (uint16_t i = 0; i < CONTEXTS; i++)
		make_ste(f, (struct stream){ .sid = SID_CONTEXT + i,
					     .config = config,
					     .cd = make_cd(f, s1, CONTEXT_TAG + i),
					     .s2ttb = s2,
					     .vmid = CONTEXT_TAG + i });
}

static void make_streams(struct fixture *f, const struct fixture_config *cfg)
{
	uint64_t s1 = alloc(f, 4096), s2 = alloc(f, 4096), cd = make_cd(f, s1, ASID);
	uint64_t data = f->page_bits == 12 ? FIXTURE_DATA : f->iova;
	uint64_t first = f->beside ? cfg->beside->next_page : RAM_BASE;
	int bits = (int)f->page_bits;

	map(f, s1, f->iova, data, f->pages, s1_leaf(), bits);
	/* Stage 2: the IOVAs for the S2-only stream, and identity for nested data. */
	map(f, s2, f->iova, data, f->pages, s2_leaf(), bits);
	if (data != f->iova)
		map(f, s2, data, data, f->pages, s2_leaf(), bits);
	f->strtab = alloc(f, 64 * 128);
	make_ste(f, (struct stream){ SID_S1, SMMU_STE_CONFIG_S1, cd, 0, VMID, 0 });
	make_ste(f, (struct stream){ SID_S2, SMMU_STE_CONFIG_S2, 0, s2, VMID, 0 });
	make_ste(f,
		 (struct stream){ SID_NESTED, SMMU_STE_CONFIG_NESTED, cd, s2, VMID, 0 });
	make_ste(f,
		 (struct stream){ SID_EL2, SMMU_STE_CONFIG_S1, cd, 0, 0, SMMU_STRW_EL2 });
	if (cfg->contexts)
		make_contexts(f, s1, s2, cfg->contexts);
	/* Identity for the tables themselves, which the nested walk reads by IPA. */
	map(f, s2, first, first, (f->next_page - first) / 4096 + 64, s2_leaf(), 12);
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
	cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_LOG2SIZE, 7);
	smmu_mmio_write(f->smmu, SMMU_REG_STRTAB_BASE_CFG, 4, cfg);
	cr0 = smmu_reg_set(cr0, SMMU_CR0_CMDQEN, 1);
	cr0 = smmu_reg_set(cr0, SMMU_CR0_SMMUEN, 1);
	smmu_mmio_write(f->smmu, SMMU_REG_CR0, 4, cr0);
}

struct fixture *fixture_build(const struct fixture_config *want)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct smmu_config cfg;

	if (!f)
		return NULL;
	f->pages = want->pages ? want->pages : 1;
	f->page_bits = want->page_bits ? want->page_bits : 12;
	f->iova = f->page_bits == 12 ? FIXTURE_IOVA : 1ull << 40;
	f->beside = want->beside != NULL;
	f->next_page = f->beside ? want->beside->next_page : RAM_BASE;
	f->bus = f->beside ? want->beside->bus : smmu_bus_create();
	if (!f->bus ||
	    (!f->beside && smmu_bus_add_ram(f->bus, RAM_BASE, RAM_SIZE, NULL)) ||
	    smmu_config_init(&cfg, SMMU_PRESET_V3_2))
		goto fail;
	cfg.tlb_entries = want->tlb_entries;
	cfg.ats = want->ats;
	if (want->option && smmu_config_set(&cfg, want->option, 1, NULL, 0))
		goto fail;
	cfg.name = f->beside ? "smmu1" : "smmu0";
	if (smmu_create(&f->smmu, f->bus, &cfg))
		goto fail;
	f->port = smmu_port_open(f->smmu);
	if (!f->port)
		goto fail;
	make_streams(f, want);
	if (want->ats)
		smmu_set(at(f, f->strtab + SID_S1 * 64ull), SMMU_STE_EATS, 1);
	enable(f);
	if (f->beside)
		want->beside->next_page = f->next_page;
	return f;
fail:
	fixture_destroy(f);
	return NULL;
}

struct fixture *fixture_create(uint64_t pages, uint32_t tlb_entries)
{
	struct fixture_config cfg = { .pages = pages, .tlb_entries = tlb_entries };

	return fixture_build(&cfg);
}

struct fixture *fixture_create_ats(uint64_t pages, uint32_t tlb_entries)
{
	struct fixture_config cfg = { .pages = pages,
				      .tlb_entries = tlb_entries,
				      .ats = true };

	return fixture_build(&cfg);
}

void fixture_destroy(struct fixture *f)
{
	if (f->port)
		smmu_port_close(f->port);
	smmu_destroy(f->smmu);
	if (!f->beside)
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

bool fixture_fill(struct fixture *f, uint32_t sid, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++) {
		struct smmu_txn txn = { .sid = sid, .addr = fixture_addr(f, i) };

		if (smmu_translate(f->port, &txn).status != SMMU_OK)
			return false;
	}
	return true;
}

bool fixture_live(struct fixture *f, uint32_t sid, uint64_t pages)
{
	struct smmu_stats before, after;

	smmu_stats_read(f->smmu, &before);
	if (!fixture_fill(f, sid, pages))
		return false;
	smmu_stats_read(f->smmu, &after);
	return (after.tlb_hits - before.tlb_hits) * 100 >= pages * 95;
}
