/* SPDX-License-Identifier: MIT */
/*
 * The configuration cache really caches: what changed in memory is not seen before
 * the invalidation that covers it, is seen after, and nothing else is dropped
 * (caching.md 4.1, CACHE-2, 3, 14, 16, 30, 31, 33, 60).
 *
 * The TLB is off, so that a CD is recognised by the page which its table maps.
 */
#include "model/config_bench.h"
#include <string.h>

static void no_invalid_l1std(struct smmu_config *cfg)
{
	cfg->no_tlb = 1;
	cfg->no_invalid_l1std = 1;
}

static void no_tlb(struct smmu_config *cfg)
{
	cfg->no_tlb = 1;
	cfg->ssid_bits = 20;
}

static void small_cache(struct smmu_config *cfg)
{
	no_tlb(cfg);
	cfg->config_entries = 16;
}

static void no_caches(struct smmu_config *cfg)
{
	no_tlb(cfg);
	cfg->no_config_cache = 1;
}

/* Memory only: no command. */
static void ste_is(struct bench *b, uint32_t sid, unsigned config)
{
	uint64_t ste[8];

	h_ste_bypass(ste);
	smmu_set(ste, SMMU_STE_Config, config);
	h_ste_write(&b->h, sid, ste);
}

static bool bypasses(struct bench *b, uint32_t sid)
{
	return b_read(b, sid, 0x1000).status == SMMU_OK;
}

/* Writes a CD that maps VA to a new page, and returns that page. Memory only. */
static uint64_t cd_is_new(struct bench *b, uint64_t pa)
{
	uint64_t cd[8], ttb = h_table(&b->h), page = h_alloc(&b->h, 4096, 4096);

	h_map(&b->h, ttb, VA, page, 3, h_s1_rw());
	h_cd_s1(cd, ttb, ASID);
	h_write_dw(&b->h, pa, cd, 8);
	return page;
}

static uint64_t page_of(struct bench *b, uint32_t sid, uint32_t ssid)
{
	struct smmu_result res = b_read_ssid(b, sid, ssid, VA);

	assert_int_equal(res.status, SMMU_OK);
	return res.pa;
}

static void put_table_ste(struct bench *b, uint32_t sid, uint64_t table, unsigned fmt,
			  unsigned cdmax)
{
	uint64_t ste[8];

	h_ste_s1(ste, table);
	smmu_set(ste, SMMU_STE_S1Fmt, fmt);
	smmu_set(ste, SMMU_STE_S1CDMax, cdmax);
	b_put_ste(b, sid, ste);
}

/* CACHE-2, CACHE-60: invalid -> valid needs CMD_CFGI_STE, and so does the way back. */
static void changed_ste_is_stale_until_cfgi_ste(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	b_expect_config_error(&b, b_read(&b, SID, 0x1000), SMMU_EVT_C_BAD_STE, SID);
	ste_is(&b, SID, SMMU_STE_CONFIG_BYPASS);
	b_expect_config_error(&b, b_read(&b, SID, 0x1000), SMMU_EVT_C_BAD_STE, SID);
	b_cfgi_ste(&b, SID + 1, true);
	assert_false(bypasses(&b, SID));
	b_cfgi_ste(&b, SID, true);
	assert_true(bypasses(&b, SID));
	ste_is(&b, SID, SMMU_STE_CONFIG_ABORT);
	assert_true(bypasses(&b, SID));
	/* neither a CD command nor a TLB one touches STEs */
	b_cfgi_cd(&b, SID, 0, false);
	b_cfgi_cd_all(&b, SID);
	h_cmd(&b.h, SMMU_OP_TLBI_NSNH_ALL, 0);
	h_sync(&b.h);
	assert_true(bypasses(&b, SID));
	b_cfgi_ste(&b, SID, false);
	assert_false(bypasses(&b, SID));
	b_teardown(&b);
}

/* CFGI_STE_RANGE: the aligned block of 2^(Range + 1), to its very ends. */
static void range_drops_its_block_and_no_more(void **state)
{
	static const struct {
		uint32_t sid, first, last;
		unsigned range;
	} rows[] = {
		{ 12, 12, 13, 0 }, { 13, 12, 13, 0 }, { 13, 12, 15, 1 },
		{ 9, 8, 15, 2 },   { 15, 8, 15, 2 },  { 0, 0, 7, 2 },
	};
	struct bench b;

	(void)state;
	for (unsigned small = 0; small < 2; small++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			/* 16 entries: four sets, so that a block of 8 is found by scan */
			b_setup(&b, SMMU_PRESET_V3_2, small ? small_cache : no_tlb);
			for (uint32_t sid = 0; sid < 16; sid++) {
				ste_is(&b, sid, SMMU_STE_CONFIG_BYPASS);
				assert_true(bypasses(&b, sid));
				ste_is(&b, sid, SMMU_STE_CONFIG_ABORT);
			}
			b_cfgi_range(&b, rows[i].sid, rows[i].range);
			for (uint32_t sid = 0; sid < 16; sid++)
				assert_int_equal(bypasses(&b, sid),
						 sid < rows[i].first ||
							 sid > rows[i].last);
			b_teardown(&b);
		}
	}
}

/* Range 31 is CFGI_ALL, whatever the StreamID; 30 is half of all StreamIDs. */
static void all_drops_everything(void **state)
{
	static const unsigned ranges[] = { 31, 30, 20, 7 };
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(ranges); i++) {
		b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
		for (uint32_t sid = 0; sid < 256; sid++) {
			ste_is(&b, sid, SMMU_STE_CONFIG_BYPASS);
			assert_true(bypasses(&b, sid));
			ste_is(&b, sid, SMMU_STE_CONFIG_ABORT);
			assert_true(bypasses(&b, sid));
		}
		b_cfgi_range(&b, ranges[i] == 31 ? 0xffffffff : 3, ranges[i]);
		for (uint32_t sid = 0; sid < 256; sid++)
			assert_false(bypasses(&b, sid));
		b_teardown(&b);
	}
}

/* CACHE-33, STE-52: CONT does not widen an invalidation. */
static void cont_does_not_widen(void **state)
{
	uint64_t ste[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	h_ste_bypass(ste);
	smmu_set(ste, SMMU_STE_CONT, 2);
	for (uint32_t sid = 4; sid < 8; sid++) {
		b_put_ste(&b, sid, ste);
		assert_true(bypasses(&b, sid));
	}
	for (uint32_t sid = 4; sid < 8; sid++)
		ste_is(&b, sid, SMMU_STE_CONFIG_ABORT);
	b_cfgi_ste(&b, 5, true);
	for (uint32_t sid = 4; sid < 8; sid++)
		assert_int_equal(bypasses(&b, sid), sid != 5);
	b_teardown(&b);
}

/*
 * CFGI_CD: that CD. CFGI_CD_ALL: all of the stream. CFGI_STE: those as well (CACHE-16,
 * STE-81). CD-36.
 */
static void changed_cd_is_stale_until_cfgi_cd(void **state)
{
	uint64_t old[4], new[4], table, other;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	table = h_alloc(&b.h, 4096, 4096);
	put_table_ste(&b, SID, table, 0, 4);
	put_table_ste(&b, SID + 1, table, 0, 4); /* CACHE-67: shared, cached per stream */
	for (uint32_t i = 0; i < 4; i++) {
		old[i] = cd_is_new(&b, table + 64 * i);
		assert_int_equal(page_of(&b, SID, i), old[i]);
		assert_int_equal(page_of(&b, SID + 1, i), old[i]);
		new[i] = cd_is_new(&b, table + 64 * i);
		assert_int_equal(page_of(&b, SID, i), old[i]);
	}
	b_cfgi_cd(&b, SID, 2, true);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(page_of(&b, SID, i), i == 2 ? new[2] : old[i]);
	assert_int_equal(page_of(&b, SID + 1, 2), old[2]);
	b_cfgi_cd_all(&b, SID);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(page_of(&b, SID, i), new[i]);
	assert_int_equal(page_of(&b, SID + 1, 3), old[3]);
	b_cfgi_ste(&b, SID + 1, true);
	assert_int_equal(page_of(&b, SID + 1, 3), new[3]);
	other = cd_is_new(&b, table);
	assert_int_equal(page_of(&b, SID, 0), new[0]);
	b_cfgi_range(&b, SID, 0);
	assert_int_equal(page_of(&b, SID, 0), other);
	b_teardown(&b);
}

/* CD.V 0 -> 1 needs CMD_CFGI_CD; a single CD is index 0 (CMD-25). */
static void invalid_cd_is_cached(void **state)
{
	uint64_t ste[8], page;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	h_ste_s1(ste, b.cd);
	b_put_ste(&b, SID, ste);
	b_expect_config_error(&b, b_read(&b, SID, VA), SMMU_EVT_C_BAD_CD, SID);
	page = cd_is_new(&b, b.cd);
	b_expect_config_error(&b, b_read(&b, SID, VA), SMMU_EVT_C_BAD_CD, SID);
	b_cfgi_cd(&b, SID, 0, true);
	b_expect_ok(b_read(&b, SID, VA), page);
	b_teardown(&b);
}

/* CACHE-14, CACHE-62: A, R and S need a CD invalidation and no TLB one. */
static void fault_behaviour_follows_cfgi_cd(void **state)
{
	uint64_t ste[8], cd[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, NULL);
	h_ste_s1(ste, b.cd);
	b_put_ste(&b, SID, ste);
	b_cd(&b, cd);
	b_put_cd(&b, SID, 0, b.cd, cd);
	assert_true(b_read(&b, SID, 0x123000).recorded);
	smmu_set(cd, SMMU_CD_R, 0);
	h_write_dw(&b.h, b.cd, cd, 8);
	assert_true(b_read(&b, SID, 0x123000).recorded);
	b_cfgi_cd(&b, SID, 0, true);
	assert_false(b_read(&b, SID, 0x123000).recorded);
	b_teardown(&b);
}

/* ---- level 1 descriptors ---- */

static void use_two_level_strtab(struct bench *b, uint64_t l1, unsigned log2)
{
	uint64_t cfg = smmu_reg_set(0, SMMU_STRTAB_BASE_CFG_LOG2SIZE, log2);
	uint32_t cr0 = h_rd32(&b->h, SMMU_REG_CR0);

	cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_FMT, 1);
	cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_SPLIT, 6);
	h_wr32(&b->h, SMMU_REG_CR0, (uint32_t)smmu_reg_set(cr0, SMMU_CR0_SMMUEN, 0));
	h_wr64(&b->h, SMMU_REG_STRTAB_BASE, l1);
	h_wr32(&b->h, SMMU_REG_STRTAB_BASE_CFG, (uint32_t)cfg);
	h_invalidate_all(&b->h);
	h_wr32(&b->h, SMMU_REG_CR0, cr0);
}

/* CACHE-31, L1STD-6: Leaf == 0 with any StreamID of the span, and only Leaf == 0. */
static void l1std_needs_leaf_0(void **state)
{
	uint64_t l1, l2, ste[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	l1 = h_alloc(&b.h, 4096, 4096);
	l2 = h_alloc(&b.h, 4096, 4096);
	h_ste_bypass(ste);
	for (unsigned n = 0; n < 64; n++)
		h_write_dw(&b.h, l2 + 64 * n, ste, 8);
	use_two_level_strtab(&b, l1, 8);
	assert_false(bypasses(&b, 70)); /* Span 0 is cached */
	h_write64(&b.h, l1 + 8, l2 | 7);
	assert_false(bypasses(&b, 70));
	b_cfgi_ste(&b, 70, true);
	assert_false(bypasses(&b, 70));
	b_cfgi_ste(&b, 5, false); /* another span */
	assert_false(bypasses(&b, 70));
	b_cfgi_ste(&b, 127, false);
	assert_true(bypasses(&b, 70));
	/* n -> 0: the L1STD and every STE of the span, one by one or by range */
	h_write64(&b.h, l1 + 8, 0);
	assert_true(bypasses(&b, 71));
	b_cfgi_ste(&b, 64, false);
	assert_true(bypasses(&b, 70)); /* its STE is still cached */
	assert_false(bypasses(&b, 72));
	b_cfgi_range(&b, 64, 5);
	assert_false(bypasses(&b, 70));
	b_teardown(&b);
}

/* The other side of that choice: an invalid L1STD is looked at again each time. */
static void invalid_l1std_need_not_be_cached(void **state)
{
	uint64_t l1, l2, ste[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_invalid_l1std);
	l1 = h_alloc(&b.h, 4096, 4096);
	l2 = h_alloc(&b.h, 4096, 4096);
	h_ste_bypass(ste);
	for (unsigned n = 0; n < 64; n++)
		h_write_dw(&b.h, l2 + 64 * n, ste, 8);
	use_two_level_strtab(&b, l1, 8);
	assert_false(bypasses(&b, 70));
	h_write64(&b.h, l1 + 8, l2 | 7);
	assert_true(bypasses(&b, 70));
	/* A valid one is cached as ever (L1STD-6). */
	h_write64(&b.h, l1 + 8, 0);
	assert_true(bypasses(&b, 71));
	b_teardown(&b);
}

/* A range of streams drops the L1STDs of its spans, and no others. */
static void range_drops_l1stds_of_its_block(void **state)
{
	static const uint32_t outside[] = { 0, 576, 960, 1984 },
			      inside[] = { 2048, 4032 };
	uint64_t l1;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, small_cache);
	l1 = h_alloc(&b.h, 4096, 4096);
	use_two_level_strtab(&b, l1, 12);
	for (size_t i = 0; i < COUNT(outside); i++)
		assert_int_equal(b_read(&b, outside[i], 0).event,
				 SMMU_EVT_C_BAD_STREAMID);
	for (size_t i = 0; i < COUNT(inside); i++)
		assert_int_equal(b_read(&b, inside[i], 0).event, SMMU_EVT_C_BAD_STREAMID);
	for (unsigned n = 0; n < 64; n++)
		h_write64(&b.h, l1 + 8 * n, h_alloc(&b.h, 4096, 4096) | 7);
	b_cfgi_range(&b, 3000, 10); /* 2048 to 4095: spans 32 to 63 */
	for (size_t i = 0; i < COUNT(outside); i++)
		assert_int_equal(b_read(&b, outside[i], 0).event,
				 SMMU_EVT_C_BAD_STREAMID);
	for (size_t i = 0; i < COUNT(inside); i++)
		assert_int_equal(b_read(&b, inside[i], 0).event, SMMU_EVT_C_BAD_STE);
	b_teardown(&b);
}

/* L1CD-3: the same one level down, CFGI_CD with Leaf == 0, or CFGI_CD_ALL. */
static void l1cd_needs_leaf_0(void **state)
{
	uint64_t l1, leaf, page;
	struct bench b;

	(void)state;
	for (unsigned fmt = 1; fmt < 3; fmt++) {
		unsigned split = fmt == 1 ? 6 : 10;
		uint32_t ssid = (3u << split) + 5, other = (3u << split) + 9;

		b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
		l1 = h_alloc(&b.h, 65536, 65536);
		leaf = h_alloc(&b.h, 65536, 65536);
		put_table_ste(&b, SID, l1, fmt, 13);
		page = cd_is_new(&b, leaf + 64 * 5);
		assert_int_equal(b_read_ssid(&b, SID, ssid, VA).event,
				 SMMU_EVT_C_BAD_SUBSTREAMID);
		h_write64(&b.h, l1 + 8 * 3, leaf | 1);
		b_cfgi_cd(&b, SID, ssid, true);
		assert_int_equal(b_read_ssid(&b, SID, ssid, VA).event,
				 SMMU_EVT_C_BAD_SUBSTREAMID);
		b_cfgi_cd(&b, SID, other, false);
		assert_int_equal(page_of(&b, SID, ssid), page);
		h_write64(&b.h, l1 + 8 * 3, 0);
		assert_int_equal(page_of(&b, SID, ssid), page);
		b_cfgi_cd_all(&b, SID);
		assert_int_equal(b_read_ssid(&b, SID, ssid, VA).event,
				 SMMU_EVT_C_BAD_SUBSTREAMID);
		b_teardown(&b);
	}
}

/* ---- failed fetches, CACHE-3 ---- */

#define FLAKY 0x20000000ull

struct flaky {
	uint64_t mem[512];
	bool broken;
};

static int flaky_read(void *ctx, uint64_t pa, void *buf, size_t len,
		      const struct smmu_attr *attr)
{
	struct flaky *f = ctx;

	(void)attr;
	if (f->broken)
		return -1;
	memcpy(buf, (const char *)f->mem + (pa - FLAKY), len);
	return 0;
}

static int flaky_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		       const struct smmu_attr *attr)
{
	struct flaky *f = ctx;

	(void)attr;
	memcpy((char *)f->mem + (pa - FLAKY), buf, len);
	return 0;
}

static void failed_fetches_are_not_cached(void **state)
{
	static const struct smmu_mem_ops ops = { .read = flaky_read,
						 .write = flaky_write };
	struct flaky flaky = { .broken = true };
	uint64_t ste[8], page;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	assert_int_equal(smmu_bus_add_region(b.h.bus, FLAKY, 4096, &ops, &flaky), 0);
	h_ste_s1(ste, FLAKY + 64);
	b_put_ste(&b, SID, ste);
	page = cd_is_new(&b, FLAKY + 64);
	assert_int_equal(b_read(&b, SID, VA).event, SMMU_EVT_F_CD_FETCH);
	flaky.broken = false;
	b_expect_ok(b_read(&b, SID, VA), page);
	/* a level 1 table in the same memory, then the STE itself */
	flaky.broken = true;
	use_two_level_strtab(&b, FLAKY + 512, 8);
	h_write64(&b.h, FLAKY + 512 + 8 * 2, (FLAKY + 1024) | 3);
	h_ste_bypass(ste);
	h_write_dw(&b.h, FLAKY + 1024 + 64 * 3, ste, 8);
	assert_int_equal(b_read(&b, 131, 0x1000).event, SMMU_EVT_F_STE_FETCH);
	flaky.broken = false;
	assert_true(bypasses(&b, 131));
	b_teardown(&b);
}

/* ---- counting, capacity, the option, prefetch ---- */

static struct smmu_stats stats_of(struct bench *b)
{
	struct smmu_stats stats;

	smmu_stats_read(b->h.smmu, &stats);
	return stats;
}

static void hits_fetch_nothing(void **state)
{
	struct smmu_stats s;
	uint64_t ste[8];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	h_ste_s1(ste, b.cd);
	b_put_ste(&b, SID, ste);
	cd_is_new(&b, b.cd);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(b_read(&b, SID, VA).status, SMMU_OK);
	s = stats_of(&b);
	assert_int_equal(s.ste_fetches, 1);
	assert_int_equal(s.ste_hits, 9);
	assert_int_equal(s.cd_fetches, 1);
	assert_int_equal(s.cd_hits, 9);
	b_teardown(&b);
}

/* More streams than entries: some are fetched again, all are right. */
static void capacity_is_a_limit_of_speed_only(void **state)
{
	uint64_t page[64];
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, small_cache);
	uint64_t cds = h_alloc(&b.h, 4096, 4096);

	for (uint32_t sid = 0; sid < 64; sid++) {
		uint64_t ste[8];

		h_ste_s1(ste, cds + 64 * sid);
		h_ste_write(&b.h, sid, ste);
		page[sid] = cd_is_new(&b, cds + 64 * sid);
	}
	for (unsigned round = 0; round < 3; round++) {
		for (uint32_t sid = 0; sid < 64; sid++)
			b_expect_ok(b_read(&b, sid, VA), page[sid]);
	}
	assert_true(stats_of(&b).ste_fetches > 64);
	b_teardown(&b);
}

static void option_no_config_cache(void **state)
{
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_caches);
	assert_false(bypasses(&b, SID));
	ste_is(&b, SID, SMMU_STE_CONFIG_BYPASS);
	assert_true(bypasses(&b, SID));
	ste_is(&b, SID, SMMU_STE_CONFIG_ABORT);
	assert_false(bypasses(&b, SID));
	assert_int_equal(stats_of(&b).ste_hits, 0);
	assert_int_equal(stats_of(&b).ste_fetches, 3);
	b_teardown(&b);
}

static void prefetch_config(struct bench *b, uint32_t sid, uint32_t ssid)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_PREFETCH_CONFIG_OPCODE, SMMU_OP_PREFETCH_CONFIG);
	smmu_set(cmd, SMMU_CMD_PREFETCH_CONFIG_StreamID, sid);
	smmu_set(cmd, SMMU_CMD_PREFETCH_CONFIG_SSV, 1);
	smmu_set(cmd, SMMU_CMD_PREFETCH_CONFIG_SubstreamID, ssid);
	h_cmd_dw(&b->h, cmd);
	h_sync(&b->h);
}

/* CMD-18, EVT-3: fills the cache, records nothing; nothing at all with SMMUEN == 0. */
static void prefetch_fills_and_never_records(void **state)
{
	uint64_t table, old;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	prefetch_config(&b, SID, 0);	    /* V == 0 */
	prefetch_config(&b, 0x12345678, 0); /* no such stream */
	b_no_event(&b);
	table = h_alloc(&b.h, 4096, 4096);
	put_table_ste(&b, SID, table, 0, 4);
	old = cd_is_new(&b, table + 64 * 3);
	prefetch_config(&b, SID, 3);
	prefetch_config(&b, SID, 2);  /* CD.V == 0 */
	prefetch_config(&b, SID, 16); /* beyond S1CDMax */
	b_no_event(&b);
	cd_is_new(&b, table + 64 * 3);
	ste_is(&b, SID, SMMU_STE_CONFIG_ABORT);
	assert_int_equal(page_of(&b, SID, 3), old);
	assert_int_equal(stats_of(&b).cd_hits, 1);
	b_teardown(&b);
}

static void prefetch_needs_smmuen(void **state)
{
	uint32_t cr0;
	struct bench b;

	(void)state;
	b_setup(&b, SMMU_PRESET_V3_2, no_tlb);
	cr0 = h_rd32(&b.h, SMMU_REG_CR0);
	h_wr32(&b.h, SMMU_REG_CR0, (uint32_t)smmu_reg_set(cr0, SMMU_CR0_SMMUEN, 0));
	prefetch_config(&b, SID, 0);
	assert_int_equal(stats_of(&b).ste_fetches, 0);
	/* CACHE-8: switching SMMUEN forgets nothing by itself */
	h_wr32(&b.h, SMMU_REG_CR0, cr0);
	ste_is(&b, SID, SMMU_STE_CONFIG_BYPASS);
	assert_true(bypasses(&b, SID));
	ste_is(&b, SID, SMMU_STE_CONFIG_ABORT);
	h_wr32(&b.h, SMMU_REG_CR0, (uint32_t)smmu_reg_set(cr0, SMMU_CR0_SMMUEN, 0));
	h_wr32(&b.h, SMMU_REG_CR0, cr0);
	assert_true(bypasses(&b, SID));
	b_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changed_ste_is_stale_until_cfgi_ste),
		cmocka_unit_test(range_drops_its_block_and_no_more),
		cmocka_unit_test(all_drops_everything),
		cmocka_unit_test(cont_does_not_widen),
		cmocka_unit_test(changed_cd_is_stale_until_cfgi_cd),
		cmocka_unit_test(invalid_cd_is_cached),
		cmocka_unit_test(fault_behaviour_follows_cfgi_cd),
		cmocka_unit_test(l1std_needs_leaf_0),
		cmocka_unit_test(invalid_l1std_need_not_be_cached),
		cmocka_unit_test(range_drops_l1stds_of_its_block),
		cmocka_unit_test(l1cd_needs_leaf_0),
		cmocka_unit_test(failed_fetches_are_not_cached),
		cmocka_unit_test(hits_fetch_nothing),
		cmocka_unit_test(capacity_is_a_limit_of_speed_only),
		cmocka_unit_test(option_no_config_cache),
		cmocka_unit_test(prefetch_fills_and_never_records),
		cmocka_unit_test(prefetch_needs_smmuen),
	};

	return cmocka_run_group_tests_name("model_config_cache", tests, NULL, NULL);
}
