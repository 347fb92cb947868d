/* SPDX-License-Identifier: MIT */
/* What an address translation operation answers (IHI 0070 chapter 9). */
#include "model/atos_bench.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#define SUCCESS(pa, attr, sh) ((uint64_t)(attr) << 56 | (pa) | (sh) << 8)
#define SIZE_BIT	      (1u << 11)
#define ISH		      3u
#define OSH		      2u
#define INV_REQ		      a_fault(SMMU_ATOS_FAULT_INV_REQ, 0, 0)
#define INV_STAGE	      a_fault(SMMU_ATOS_FAULT_INV_STAGE, 0, 0)

static void no_s1(struct smmu_config *cfg)
{
	cfg->s1p = cfg->hyp = cfg->had = cfg->pbha = cfg->vatos = 0;
	cfg->s1pi = cfg->aie = cfg->the = 0;
}

static void no_s2(struct smmu_config *cfg)
{
	cfg->s2p = cfg->hyp = cfg->vmw = cfg->ptwnnc = cfg->mteperm = cfg->vatos = 0;
	cfg->s2pi = cfg->s2po = cfg->the = 0;
}

static void plain_atos(struct smmu_config *cfg)
{
	cfg->atos = 1;
}

/* ATOS-16, ATOS-17, ATOS-18: which TYPE goes with which stream. */
static void stages_asked_for(void **state)
{
	static const struct {
		enum abench_kind kind;
		uint64_t s1, s2, s12; /* 1: succeeds */
	} rows[] = {
		{ A_BYPASS, 0, 0, 0 },
		{ A_STAGE1, 1, 0, 0 },
		{ A_STAGE2, 0, 1, 0 },
		{ A_NESTED, 1, 1, 1 },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct abench b;

		a_open(&b, SMMU_PRESET_FULL, rows[i].kind, NULL);
		/* TYPE 00 is reserved; a stage 2 lookup has no substream: ATOS-15 */
		assert_int_equal(a_gatos(&b, A_READ, A_VA), INV_REQ);
		assert_int_equal(a_gatos_of(&b, A_SID | A_SSV, A_S2 | A_READ, A_IPA),
				 INV_REQ);
		/* ATOS-22, ATOS-23: address, size, MAIR byte, shareability */
		assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA),
				 rows[i].s1 ? SUCCESS(A_IPA, 0xff, ISH) : INV_STAGE);
		assert_int_equal(a_gatos(&b, A_S2 | A_READ, A_IPA),
				 rows[i].s2 ? SUCCESS(A_PA, 0xff, ISH) : INV_STAGE);
		assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA),
				 rows[i].s12 ? SUCCESS(A_PA, 0xff, ISH) : INV_STAGE);
		/* ATOS-18: Config 0xx */
		smmu_set(b.ste, SMMU_STE_Config, 0);
		a_write(&b);
		assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA), INV_STAGE);
		a_close(&b);
	}
}

/* ATOS-16: a stage that does not exist is INV_REQ, before anything is fetched. */
static void stages_that_do_not_exist(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_STAGE2, no_s1);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA), INV_REQ);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA), INV_REQ);
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, A_IPA), SUCCESS(A_PA, 0xff, ISH));
	a_close(&b);
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, no_s2);
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, A_IPA), INV_REQ);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA), INV_REQ);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA), SUCCESS(A_IPA, 0xff, ISH));
	/* ATOS-28: INV_REQ before C_BAD_STREAMID */
	assert_int_equal(a_gatos_of(&b, 0xffff, A_S2 | A_READ, A_IPA), INV_REQ);
	a_close(&b);
}

/* ATOS-22: sizes. */
static void sizes(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_NESTED, NULL);
	/* 2 MB: bit 20; 1 GB: bit 29 */
	h_map(&b.h, b.s1, 0x40000000, 0x40000000, 2, h_s1_rw());
	h_map(&b.h, b.s2, 0x40000000, 0xc0000000, 1, h_s2_rw());
	h_invalidate_all(&b.h);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 0x40003000),
			 SUCCESS(0x40000000 | 1 << 20 | SIZE_BIT, 0xff, ISH));
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, 0x40003000),
			 SUCCESS(0xc0000000 | 1 << 29 | SIZE_BIT, 0xff, ISH));
	/* the smaller of both stages */
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, 0x40203000 - 0x200000),
			 SUCCESS(0xc0000000 | 1 << 20 | SIZE_BIT, 0xff, ISH));
	a_close(&b);
}

/* ATOS-23: attributes are those of the tables, not those of STE overrides. */
static void attributes(void **state)
{
	static const struct {
		uint8_t mair, par;
		unsigned sh;
	} s1[] = {
		/* Device-nGnRnE, -nGnRE, -nGRE, -GRE */
		{ 0x00, 0x00, OSH },
		{ 0x04, 0x04, OSH },
		{ 0x08, 0x08, OSH },
		{ 0x0c, 0x0c, OSH },
		/* iNC-oNC is OSH too */
		{ 0x44, 0x44, OSH },
		{ 0xff, 0xff, ISH },
		{ 0xee, 0xee, ISH },
		{ 0xbb, 0xbb, ISH },
		{ 0x77, 0x77, ISH },
		{ 0x33, 0x33, ISH },
		{ 0xaf, 0xae, ISH }, /* one set of hints, as the TLB has it */
	};
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, NULL);
	smmu_set(b.ste, SMMU_STE_MTCFG, 1);
	smmu_set(b.ste, SMMU_STE_MemAttr, 0);
	smmu_set(b.ste, SMMU_STE_SHCFG, 0);
	for (unsigned i = 0; i < sizeof(s1) / sizeof(s1[0]); i++) {
		b.cd[3] = s1[i].mair;
		a_write(&b);
		assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA),
				 SUCCESS(A_IPA, s1[i].par, s1[i].sh));
	}
	a_close(&b);
	/* stage 2 alone has RA and WA; both stages are combined */
	a_open(&b, SMMU_PRESET_FULL, A_NESTED, NULL);
	b.cd[3] = 0xee;
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA), SUCCESS(A_IPA, 0xee, ISH));
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, A_IPA), SUCCESS(A_PA, 0xff, ISH));
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA), SUCCESS(A_PA, 0xee, ISH));
	b.cd[3] = 0x04;
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA), SUCCESS(A_PA, 0x04, OSH));
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, A_IPA), SUCCESS(A_PA, 0xff, ISH));
	a_close(&b);
}

/* ATOS-13, ATOS-14: RnW, PnU, InD as asked, whatever the STE overrides. */
static void permissions(void **state)
{
	const uint64_t denied = a_fault(SMMU_EVT_F_PERMISSION, 0, 0);
	struct abench b;
	uint64_t rw = h_s1_rw(), ro = rw | 1 << 7, priv = rw & ~(1ull << 6);

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, NULL);
	smmu_set(b.ste, SMMU_STE_PRIVCFG, 3); /* privileged */
	smmu_set(b.ste, SMMU_STE_INSTCFG, 3); /* instruction */
	a_write(&b);
	h_map(&b.h, b.s1, 0x10000, A_IPA, 3, ro);
	h_map(&b.h, b.s1, 0x11000, A_IPA, 3, priv);
	h_map(&b.h, b.s1, 0x12000, A_IPA, 3, rw | 1ull << 54); /* UXN */
	assert_int_equal(a_gatos(&b, A_S1, 0x10000), denied);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 0x10000) & 1, 0);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 0x11000), denied);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ | A_PRIV, 0x11000) & 1, 0);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ | A_INST, 0x12000), denied);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 0x12000) & 1, 0);
	/* InD is ignored for a write */
	assert_int_equal(a_gatos(&b, A_S1 | A_INST, 0x12000) & 1, 0);
	a_close(&b);
}

/* ATOS-27: a write of a page that is not dirty, and nobody to make it so. */
static void permission_with_dirtybit(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, NULL);
	smmu_set(b.ste, SMMU_STE_S1PIE, 1);
	smmu_set(b.cd, SMMU_CD_PIE, 1);
	smmu_set(b.cd, SMMU_CD_PIIP, 5 << 3); /* index 1: read, write */
	smmu_set(b.cd, SMMU_CD_PIIU, 5 << 3);
	a_write(&b);
	h_map(&b.h, b.s1, 0x10000, A_IPA, 3, h_s1_rw() | 1 << 7); /* nDirty */
	assert_int_equal(a_gatos(&b, A_S1, 0x10000),
			 a_fault(SMMU_EVT_F_PERMISSION, 0, 0));
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 0x10000) & 1, 0);
	assert_int_equal(a_gatos(&b, A_S1, A_VA) & 1, 0);
	a_close(&b);
}

/* ATOS-12: all 64 bits of the address, TBI as for a transaction. */
static void whole_address(void **state)
{
	const uint64_t miss = a_fault(SMMU_EVT_F_TRANSLATION, 0, 0);
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, NULL);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 0xab00000000000000 | A_VA), miss);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 1ull << 48 | A_VA), miss);
	smmu_set(b.cd, SMMU_CD_TBI0, 1);
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 0xab00000000000000 | A_VA),
			 SUCCESS(A_IPA, 0xff, ISH));
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 1ull << 48 | A_VA), miss);
	a_close(&b);
}

/* ATOS-25, ATOS-26, ATOS-28: configuration errors, the first that applies. */
static void configuration_errors(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_NESTED, NULL);
	/* beyond the table */
	assert_int_equal(a_gatos_of(&b, 0x100, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_C_BAD_STREAMID, 0, 0));
	/* V == 0, before the stages are looked at */
	assert_int_equal(a_gatos_of(&b, 6, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_C_BAD_STE, 0, 0));
	/* a stage 2 lookup says so with REASON 11 (the table of 9.1.4) */
	assert_int_equal(a_gatos_of(&b, 6, A_S2 | A_READ, A_IPA),
			 a_fault(SMMU_EVT_C_BAD_STE, 3, 0));
	/* no substreams: any SubstreamID is out of range */
	assert_int_equal(a_gatos_of(&b, A_SID | A_SSV, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_C_BAD_SUBSTREAMID, 0, 0));
	smmu_set(b.cd, SMMU_CD_V, 0);
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA),
			 a_fault(SMMU_EVT_C_BAD_CD, 0, 0));
	/* which is nothing to stage 2 */
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, A_IPA), SUCCESS(A_PA, 0xff, ISH));
	a_close(&b);
}

static void fetch_aborts(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_STAGE1, NULL);
	/* nothing answers at 0x10000000 */
	b.ste[0] = (b.ste[0] & ~SMMU_MASK(SMMU_STE_S1ContextPtr)) | 0x10000000;
	a_write(&b);
	/* ATOS-28, 9.1.4: CD fetch, descriptor fetch */
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_CD_FETCH, 0, 0));
	b.ste[0] = (b.ste[0] & ~SMMU_MASK(SMMU_STE_S1ContextPtr)) | b.cd_pa;
	b.cd[1] = 0x10000000;
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_WALK_EABT, 0, 0));
	h_disable(&b.h);
	h_wr64(&b.h, SMMU_REG_STRTAB_BASE, 0x10000000);
	h_wr32(&b.h, SMMU_REG_CR0, 0xd);
	h_invalidate_all(&b.h);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_STE_FETCH, 0, 0));
	a_close(&b);
}

static void substreams(void **state)
{
	const uint64_t disabled = a_fault(SMMU_EVT_F_STREAM_DISABLED, 0, 0);
	struct abench b;
	uint64_t table;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_NESTED, NULL);
	table = h_alloc(&b.h, 4 * 64, 256);
	h_write_dw(&b.h, table, b.cd, 8);
	h_write_dw(&b.h, table + 64, b.cd, 8);
	b.ste[0] = (b.ste[0] & ~SMMU_MASK(SMMU_STE_S1ContextPtr)) | table;
	smmu_set(b.ste, SMMU_STE_S1CDMax, 2);
	a_write(&b);
	/* ATOS-25: S1DSS 00; a substream is fine, one without a CD is not */
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA), disabled);
	assert_int_equal(a_gatos_of(&b, A_SID | A_SSV | 1ull << 32, A_S12 | A_READ, A_VA),
			 SUCCESS(A_PA, 0xff, ISH));
	assert_int_equal(a_gatos_of(&b, A_SID | A_SSV | 4ull << 32, A_S12 | A_READ, A_VA),
			 a_fault(SMMU_EVT_C_BAD_SUBSTREAMID, 0, 0));
	/* S1DSS 10 */
	smmu_set(b.ste, SMMU_STE_S1DSS, 2);
	a_write(&b);
	assert_int_equal(a_gatos_of(&b, A_SID | A_SSV, A_S12 | A_READ, A_VA), disabled);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA), SUCCESS(A_PA, 0xff, ISH));
	/* ATOS-18, ATOS-19: S1DSS 01 is bypass of stage 1, not INV_STAGE */
	smmu_set(b.ste, SMMU_STE_S1DSS, 1);
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 0x123000) & 0xfffffffffff001,
			 0x123000);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_IPA), SUCCESS(A_PA, 0xff, ISH));
	/* IAS is 52 here */
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 1ull << 52),
			 a_fault(SMMU_EVT_F_ADDR_SIZE, 0, 0));
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, 1ull << 52),
			 a_fault(SMMU_EVT_F_ADDR_SIZE, 0, 0));
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_DEV_IPA),
			 a_fault(SMMU_EVT_F_TRANSLATION, 3, A_DEV_IPA));
	a_close(&b);
}

/* The table of 9.1.4 for a nested stream: REASON and FADDR. */
static void stage2_faults(void **state)
{
	struct abench b;
	uint64_t rw = h_s1_rw();

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_NESTED, NULL);
	h_map(&b.h, b.s1, 0x20000, A_DEV_IPA, 3, rw);
	/* on the output of stage 1: only TYPE 11 and 10 see it */
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, 0x20000),
			 a_fault(SMMU_EVT_F_TRANSLATION, 3, A_DEV_IPA));
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, 0x20000) & 1, 0);
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, A_DEV_IPA),
			 a_fault(SMMU_EVT_F_TRANSLATION, 3, 0));
	/* beyond what any stage 1 could give: an Address Size fault of stage 1 */
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, 1ull << 52),
			 a_fault(SMMU_EVT_F_ADDR_SIZE, 0, 0));
	/* an output beyond S2PS */
	h_map(&b.h, b.s2, 0x6000, 0, 3, h_s2_rw());
	smmu_set(b.ste, SMMU_STE_S2PS, 0);
	h_write64(&b.h, h_desc_pa(&b.h, b.s2, 0x6000, 3), 3 | h_s2_rw() | 1ull << 40);
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, 0x6000),
			 a_fault(SMMU_EVT_F_ADDR_SIZE, 3, 0));
	/* stage 1 itself */
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, 0x30000),
			 a_fault(SMMU_EVT_F_TRANSLATION, 0, 0));
	/* on a stage 1 descriptor */
	b.cd[1] = 0x10007000;
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_TRANSLATION, 2, 0x10007000));
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_WALK_EABT, 0, 0));
	/* a descriptor that aborts, found through stage 2 */
	h_map(&b.h, b.s2, 0x10007000, 0x10007000, 3, h_s2_rw());
	h_invalidate_all(&b.h);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_WALK_EABT, 0, 0));
	/* on the CD */
	b.ste[0] = (b.ste[0] & ~SMMU_MASK(SMMU_STE_S1ContextPtr)) | 0x10009040;
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_TRANSLATION, 1, 0x10009000));
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_CD_FETCH, 0, 0));
	/* stage 2's own tables abort: FADDR is 0 */
	b.ste[3] = 0x10000000;
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_WALK_EABT, 1, 0));
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_CD_FETCH, 0, 0));
	assert_int_equal(a_gatos(&b, A_S2 | A_READ, A_IPA),
			 a_fault(SMMU_EVT_F_WALK_EABT, 3, 0));
	a_close(&b);
}

/* ATOS-9: A, R and S of the CD and the STE do not matter. */
static void fault_settings_do_not_matter(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_NESTED, NULL);
	for (unsigned i = 0; i < 4; i++) {
		smmu_set(b.cd, SMMU_CD_A, i & 1);
		smmu_set(b.cd, SMMU_CD_R, i >> 1);
		smmu_set(b.ste, SMMU_STE_S2R, i & 1);
		a_write(&b);
		assert_int_equal(a_gatos(&b, A_S12 | A_READ, 0x30000),
				 a_fault(SMMU_EVT_F_TRANSLATION, 0, 0));
		assert_int_equal(a_gatos(&b, A_S2 | A_READ, A_DEV_IPA),
				 a_fault(SMMU_EVT_F_TRANSLATION, 3, 0));
	}
	a_close(&b);
}

/* ---- HTTU ---- */

enum { AF = 1 << 10 };

static uint64_t leaf(struct abench *b, uint64_t root, uint64_t addr)
{
	return h_read64(&b->h, h_desc_pa(&b->h, root, addr, 3));
}

/* ATOS-20: HTTUI 0 updates as an access does; HTTUI 1 writes nothing, same answer. */
static void httu(void **state)
{
	uint64_t dbm = 1ull << 51, clean1 = (h_s1_rw() & ~(uint64_t)AF) | 1 << 7 | dbm;
	uint64_t clean2 = (h_s2_rw() & ~(uint64_t)(AF | 2 << 6)) | dbm;
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_NESTED, NULL);
	smmu_set(b.cd, SMMU_CD_HA, 1);
	smmu_set(b.cd, SMMU_CD_HD, 1);
	smmu_set(b.ste, SMMU_STE_S2HA, 1);
	smmu_set(b.ste, SMMU_STE_S2HD, 1);
	a_write(&b);
	h_map(&b.h, b.s1, 0x50000, 0x9000, 3, clean1);
	h_map(&b.h, b.s2, 0x9000, A_PA, 3, clean2);
	assert_int_equal(a_gatos(&b, A_S12 | A_HTTUI, 0x50000), SUCCESS(A_PA, 0xff, ISH));
	assert_int_equal(leaf(&b, b.s1, 0x50000) & (AF | 1 << 7), 1 << 7);
	assert_int_equal(leaf(&b, b.s2, 0x9000) & (AF | 2 << 6), 0);
	/* ATOS-10: nothing was cached that memory does not show */
	assert_int_equal(a_gatos(&b, A_S12 | A_HTTUI, 0x50000), SUCCESS(A_PA, 0xff, ISH));
	assert_int_equal(leaf(&b, b.s1, 0x50000) & AF, 0);
	/* ATOS-21: TYPE 01 makes its own page dirty, and not that of stage 2 */
	assert_int_equal(a_gatos(&b, A_S1, 0x50000), SUCCESS(0x9000, 0xff, ISH));
	assert_int_equal(leaf(&b, b.s1, 0x50000) & (AF | 1 << 7), AF);
	assert_int_equal(leaf(&b, b.s2, 0x9000) & (2 << 6), 0);
	/* a read: accessed, not dirty */
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, 0x50000), SUCCESS(A_PA, 0xff, ISH));
	assert_int_equal(leaf(&b, b.s2, 0x9000) & (AF | 2 << 6), AF);
	assert_int_equal(a_gatos(&b, A_S12, 0x50000), SUCCESS(A_PA, 0xff, ISH));
	assert_int_equal(leaf(&b, b.s2, 0x9000) & (AF | 2 << 6), AF | 2 << 6);
	/* without HTTU, HTTUI means nothing: AF 0 faults */
	smmu_set(b.cd, SMMU_CD_HD, 0);
	smmu_set(b.cd, SMMU_CD_HA, 0);
	a_write(&b);
	h_map(&b.h, b.s1, 0x51000, 0x9000, 3, h_s1_rw() & ~(uint64_t)AF);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ | A_HTTUI, 0x51000),
			 a_fault(SMMU_EVT_F_ACCESS, 0, 0));
	a_close(&b);
}

/* ATOS-8: no stale answer after an invalidation. */
static void sees_what_is_there(void **state)
{
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_V3_2, A_STAGE1, plain_atos);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA), SUCCESS(A_IPA, 0xff, ISH));
	h_map(&b.h, b.s1, A_VA, 0x66000, 3, h_s1_rw());
	h_invalidate_all(&b.h);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA), SUCCESS(0x66000, 0xff, ISH));
	a_close(&b);
}

static void small_oas(struct smmu_config *cfg)
{
	cfg->atos = 1;
	cfg->oas = 1; /* 36 bits */
	cfg->ttf = 3; /* so that IPAs have 40 (3.4) */
	cfg->ssid_bits = 4;
}

/* 6.3.40: no bit of FADDR above OAS, even if the IPA has one. */
static void faddr_ends_at_oas(void **state)
{
	const uint64_t wide = 1ull << 38;
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_V3_2, A_NESTED, small_oas);
	smmu_set(b.ste, SMMU_STE_S1CDMax, 1);
	smmu_set(b.ste, SMMU_STE_S1DSS, 1);
	/* stage 2 begins at level 1 */
	smmu_set(b.ste, SMMU_STE_S2T0SZ, 64 - 36);
	smmu_set(b.ste, SMMU_STE_S2SL0, 1);
	smmu_set_addr(b.ste, SMMU_STE_S2TTB, h_read64(&b.h, b.s2) & ~0xfffull);
	a_write(&b);
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_IPA), SUCCESS(A_PA, 0xff, ISH));
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_DEV_IPA),
			 a_fault(SMMU_EVT_F_TRANSLATION, 3, A_DEV_IPA));
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, wide | A_DEV_IPA),
			 a_fault(SMMU_EVT_F_TRANSLATION, 3, A_DEV_IPA));
	a_close(&b);
}

/* A stage 2 table whose RAM is a page for what there is, and then a block for all. */
static void make_a_page(struct abench *b, uint64_t pa)
{
	h_map(&b->h, b->s2, pa & ~0xfffull, pa & ~0xfffull, 3, h_s2_rw());
}

static void pages_then_block(struct abench *b)
{
	uint64_t l1 = h_desc_pa(&b->h, b->s2, H_RAM, 1), block = h_read64(&b->h, l1);

	h_write64(&b->h, l1, 0);
	make_a_page(b, b->cd_pa);
	for (unsigned level = 0; level < 4; level++)
		make_a_page(b, h_desc_pa(&b->h, b->s1, A_VA, level));
	h_invalidate_all(&b->h);
	assert_int_equal(a_gatos(b, A_S1 | A_READ, A_VA), SUCCESS(A_IPA, 0xff, ISH));
	/* the CD's page is cached; without break-before-make the block comes, too */
	h_write64(&b->h, l1, block);
}

static void no_bbm(struct smmu_config *cfg)
{
	cfg->bbml = 1;
	cfg->no_tlb_conflict = 0;
}

/* 9.1.4: TLB conflicts are MISC, which has neither REASON nor FADDR, nor another code. */
static void conflict_of_the_cd(void **state)
{
	uint64_t other[8];
	struct abench b;

	(void)state;
	a_open(&b, SMMU_PRESET_FULL, A_NESTED, no_bbm);
	pages_then_block(&b);
	/* another CD brings the block in; then the first one is fetched again */
	memcpy(other, b.ste, sizeof(other));
	b.cd_pa = h_alloc(&b.h, 4096, 4096);
	h_write_dw(&b.h, b.cd_pa, b.cd, 8);
	h_ste_nested(other, b.cd_pa, b.s2, A_VMID);
	h_ste_write(&b.h, A_SID + 1, other);
	(void)a_gatos_of(&b, A_SID + 1, A_S1 | A_READ, A_VA);
	h_cmd(&b.h, SMMU_OP_CFGI_ALL, 31);
	assert_int_equal(a_gatos(&b, A_S1 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_TLB_CONFLICT, 0, 0));
	assert_int_equal(a_gatos(&b, A_S12 | A_READ, A_VA),
			 a_fault(SMMU_EVT_F_TLB_CONFLICT, 0, 0));
	a_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_asked_for),
		cmocka_unit_test(stages_that_do_not_exist),
		cmocka_unit_test(sizes),
		cmocka_unit_test(attributes),
		cmocka_unit_test(permissions),
		cmocka_unit_test(permission_with_dirtybit),
		cmocka_unit_test(whole_address),
		cmocka_unit_test(configuration_errors),
		cmocka_unit_test(fetch_aborts),
		cmocka_unit_test(substreams),
		cmocka_unit_test(stage2_faults),
		cmocka_unit_test(fault_settings_do_not_matter),
		cmocka_unit_test(httu),
		cmocka_unit_test(sees_what_is_there),
		cmocka_unit_test(faddr_ends_at_oas),
		cmocka_unit_test(conflict_of_the_cd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
