/* SPDX-License-Identifier: MIT */
/*
 * Properties (translation.md 11): (1) hardware sets AF and dirty state exactly when
 * the CD or STE lets it, in one swap; (2) a stage-1 update is a write at stage 2;
 * (3) a lost race restarts the walk, a memory that never gives in ends as an abort;
 * (4) a writable-clean page in the TLB is made dirty by the first write that hits it.
 */
#include <errno.h>
#include <string.h>
#include "walk_fixture.h"

#define VA  UINT64_C(0x40001000)
#define AF  BIT(10)
#define RO  BIT(7) /* stage 1: AP[2] */
#define DBM BIT(51)
#define S2W BIT(7) /* stage 2: S2AP[1] */

static uint64_t setup(struct wf *f, bool stage2, uint64_t attrs, unsigned tlb)
{
	wf_setup(f, 48, tlb);
	wf_s1(f, 0, wf_geom4k());
	wf_s2(f, wf_geom4k());
	wf_regime(f, !stage2, stage2);
	return stage2 ? wf_map2(f, VA, 0x5000, 3, attrs)
		      : wf_map1(f, VA, 0x5000, 3, attrs);
}

/* CD-23, STE-60, STE-59: AF by hardware; AFFD does not count then. */
static void access_flag(void **state)
{
	struct wf f;

	(void)state;
	for (int stage2 = 0; stage2 < 2; stage2++)
		for (int affd = 0; affd < 2; affd++) {
			uint64_t rw = stage2 ? WF_S2_RW : WF_S1_RW;
			uint64_t d = setup(&f, stage2, rw & ~AF, 0),
				 before = wf_rd(&f, d);

			f.s1.affd = f.s2.affd = affd;
			if (affd) {
				wf_ok(&f, VA, 'r', 0x5000);
				assert_int_equal(wf_rd(&f, d), before);
			}
			f.s1.ha = f.s2.ha = true;
			wf_ok(&f, VA, 'r', 0x5000);
			assert_int_equal(wf_rd(&f, d), before | AF);
			wf_teardown(&f);
		}
}

/* Section 11: dirty on a write only, with AF in the same swap. */
static void dirty_state(void **state)
{
	struct wf f;

	(void)state;
	for (unsigned n = 0; n < 32; n++) {
		bool stage2 = n & 1, ha = n >> 1 & 1, hd = n >> 2 & 1, dbm = n >> 3 & 1;
		bool write = n >> 4;
		uint64_t clean =
			stage2 ? (WF_S2_RW & ~(S2W | AF)) : ((WF_S1_RW | RO) & ~AF);
		uint64_t d = setup(&f, stage2, clean | (dbm ? DBM : 0), 0),
			 before = wf_rd(&f, d);

		f.s1.ha = f.s2.ha = ha;
		f.s1.hd = f.s2.hd = hd;
		if (!ha) {
			wf_faults(&f, VA, write ? 'w' : 'r', SMMU_EVT_F_ACCESS, stage2,
				  SMMU_CLASS_IN, VA);
			assert_int_equal(wf_rd(&f, d), before);
		} else if (write && !(hd && dbm)) {
			wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, stage2,
				  SMMU_CLASS_IN, VA);
			assert_int_equal(wf_rd(&f, d), before); /* CHOICE: AF stays */
		} else {
			wf_ok(&f, VA, write ? 'w' : 'r', 0x5000);
			assert_int_equal(wf_rd(&f, d),
					 (before | AF) ^ (write ? BIT(7) : 0));
		}
		wf_teardown(&f);
	}
}

/* Not when APTable or PAN denies. */
static void dirty_not_if_denied_otherwise(void **state)
{
	struct wf f;
	uint64_t d, top, before, table;

	(void)state;
	d = setup(&f, false, WF_S1_RW | RO | DBM, 0);
	f.s1.ha = f.s1.hd = true;
	before = wf_rd(&f, d);
	top = wf_desc1(&f, VA, 1);
	table = wf_rd(&f, top);
	wf_wr(&f, top, table | BIT(62));
	wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, false, SMMU_CLASS_IN, 0);
	assert_int_equal(wf_rd(&f, d), before);
	f.s1.tt[0].had = true;
	wf_ok(&f, VA, 'w', 0x5000);
	assert_int_equal(wf_rd(&f, d), before & ~RO);
	wf_wr(&f, d, before);
	wf_wr(&f, top, table);
	f.s1.pan = true;
	wf_faults(&f, VA, 'W', SMMU_EVT_F_PERMISSION, false, SMMU_CLASS_IN, 0);
	assert_int_equal(wf_rd(&f, d), before);
	wf_ok(&f, VA, 'w', 0x5000);
	wf_teardown(&f);
}

/* Table descriptors: HAFT sets AF of every table on the way. */
static void table_access_flag(void **state)
{
	struct wf f;

	(void)state;
	for (int stage2 = 0; stage2 < 2; stage2++)
		for (int haft = 0; haft < 2; haft++) {
			setup(&f, stage2, stage2 ? WF_S2_RW : WF_S1_RW, 0);
			f.s1.ha = f.s2.ha = true;
			f.s1.haft = f.s2.haft = haft;
			wf_ok(&f, VA, 'r', 0x5000);
			for (int level = 0; level < 3; level++) {
				uint64_t d = stage2 ? wf_desc2(&f, VA, level)
						    : wf_desc1(&f, VA, level);

				assert_int_equal(wf_rd(&f, d) >> 10 & 1, haft);
			}
			wf_teardown(&f);
		}
}

/* Big-endian descriptors are updated in their own order. */
static void big_endian_update(void **state)
{
	struct wf f;
	uint64_t d = setup(&f, false, WF_S1_RW & ~AF, 0), before = wf_rd(&f, d);

	(void)state;
	for (uint64_t pa = WF_RAM; pa < f.next; pa += 8)
		wf_wr(&f, pa, __builtin_bswap64(wf_rd(&f, pa)));
	f.s1.endi = f.s1.ha = true;
	wf_ok(&f, VA, 'r', 0x5000);
	assert_int_equal(wf_rd(&f, d), __builtin_bswap64(before | AF));
	wf_teardown(&f);
}

/* Nested: the page of the descriptor must be writable at stage 2. */
static void update_is_a_write_at_stage2(void **state)
{
	struct wf f;
	uint64_t d1, s2d, good, ipa;

	(void)state;
	wf_setup(&f, 48, 0);
	f.ipa_off = 0x100000000000;
	wf_s1(&f, 0, wf_geom4k());
	wf_s2(&f, wf_geom4k());
	wf_regime(&f, true, true);
	d1 = wf_map1(&f, VA, 0x7000, 3, WF_S1_RW & ~AF);
	wf_map2(&f, 0x7000, 0x5000, 3, WF_S2_RW);
	for (uint64_t pa = WF_RAM; pa < WF_RAM + (1u << 20); pa += 4096)
		wf_map2(&f, pa + f.ipa_off, pa, 3, WF_S2_RW);
	ipa = d1 + f.ipa_off;
	s2d = wf_desc2(&f, ipa, 3);
	good = wf_rd(&f, s2d);
	f.s1.ha = true;
	/* Read-only: F_PERMISSION of the write, TTRnW = 0; RnW is the input's. */
	wf_wr(&f, s2d, good & ~S2W);
	wf_faults(&f, VA, 'r', SMMU_EVT_F_PERMISSION, true, SMMU_CLASS_TT, ipa);
	assert_false(f.fault.ttrnw);
	assert_true(f.fault.rnw);
	assert_int_equal(wf_rd(&f, d1) & AF, 0);
	/* Writable-clean, S2HD: dirty first. */
	wf_wr(&f, s2d, (good & ~S2W) | DBM);
	f.s2.ha = f.s2.hd = true;
	wf_ok(&f, VA, 'r', 0x5000);
	assert_int_equal(wf_rd(&f, s2d), good | DBM);
	assert_int_equal(wf_rd(&f, d1) & AF, AF);
	/* Nothing to update: no write permission needed. */
	wf_wr(&f, s2d, good & ~S2W);
	f.s2.ha = f.s2.hd = false;
	wf_ok(&f, VA, 'r', 0x5000);
	wf_teardown(&f);
}

/* ---- memory with a mind of its own ---- */
#define DEV UINT64_C(0x40000000)
struct moody {
	uint64_t word[512];
	unsigned lose;	  /* so many swaps fail, ... */
	uint64_t instead; /* ... the first one because this has been written */
	unsigned at, tries;
	bool abort;
};

static int moody_read(void *ctx, uint64_t pa, void *buf, size_t len,
		      const struct smmu_attr *a)
{
	struct moody *m = ctx;

	(void)a;
	memcpy(buf, (char *)m->word + (pa - DEV), len);
	return 0;
}

static int moody_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		       const struct smmu_attr *a)
{
	struct moody *m = ctx;

	(void)a;
	memcpy((char *)m->word + (pa - DEV), buf, len);
	return 0;
}

static int moody_cas(void *ctx, uint64_t pa, uint64_t *expected, uint64_t desired,
		     const struct smmu_attr *a)
{
	struct moody *m = ctx;
	uint64_t *w = &m->word[(pa - DEV) / 8];

	(void)a;
	m->tries++;
	if (m->abort)
		return -EFAULT;
	if (m->lose > 0) {
		m->lose--;
		if (m->instead != 0)
			*w = m->instead;
		*expected = *w;
		return 1;
	}
	if (*w != *expected) {
		*expected = *w;
		return 1;
	}
	*w = desired;
	return 0;
}

/* The level-3 table lies in the moody memory. */
static void moody_setup(struct wf *f, struct moody *m, bool stage2)
{
	static const struct smmu_mem_ops ops = { moody_read, moody_write, moody_cas };
	uint64_t rw = stage2 ? WF_S2_RW : WF_S1_RW, d;

	memset(m, 0, sizeof(*m));
	setup(f, stage2, rw, 0);
	assert_int_equal(smmu_bus_add_region(f->smmu.bus, DEV, 4096, &ops, m), 0);
	d = stage2 ? wf_desc2(f, VA, 2) : wf_desc1(f, VA, 2);
	wf_wr(f, d, DEV | 3);
	m->at = VA >> 12 & 511;
	m->word[m->at] = (UINT64_C(0x5003) | rw) & ~AF;
	f->s1.ha = f->s2.ha = true;
}

/* CACHE-73: an update never overwrites what another has changed meanwhile. */
static void a_lost_race_restarts(void **state)
{
	(void)state;
	for (int stage2 = 0; stage2 < 2; stage2++) {
		struct wf f;
		struct moody m;

		/* Somebody unmapped it meanwhile: that is what is seen. */
		moody_setup(&f, &m, stage2);
		m.lose = 1;
		m.instead = 2;
		wf_faults(&f, VA, 'r', SMMU_EVT_F_TRANSLATION, stage2, SMMU_CLASS_IN, VA);
		assert_int_equal(m.tries, 1);
		assert_int_equal(wf_reads(&f), 8);
		assert_int_equal(m.word[m.at], 2);
		wf_teardown(&f);
		/* Somebody set AF: nothing left to do. */
		moody_setup(&f, &m, stage2);
		m.lose = 1;
		m.instead = m.word[m.at] | AF;
		wf_ok(&f, VA, 'r', 0x5000);
		assert_int_equal(m.tries, 1);
		wf_teardown(&f);
		/* Ten losses, then it goes through. */
		moody_setup(&f, &m, stage2);
		m.lose = 10;
		wf_ok(&f, VA, 'r', 0x5000);
		assert_int_equal(m.tries, 11);
		assert_int_equal(m.word[m.at] & AF, AF);
		wf_teardown(&f);
		/* For ever: an external abort, not a hang. */
		moody_setup(&f, &m, stage2);
		m.lose = ~0u;
		wf_faults(&f, VA, 'r', SMMU_EVT_F_WALK_EABT, stage2,
			  stage2 ? SMMU_CLASS_IN : SMMU_CLASS_TT, VA);
		wf_teardown(&f);
		/* T-16b: an abort of the update. */
		moody_setup(&f, &m, stage2);
		m.abort = true;
		wf_faults(&f, VA, 'w', SMMU_EVT_F_WALK_EABT, stage2,
			  stage2 ? SMMU_CLASS_IN : SMMU_CLASS_TT, VA);
		assert_int_equal(f.fault.fetch_addr, DEV + 8 * m.at);
		assert_false(f.fault.rnw);
		wf_teardown(&f);
	}
}

static void clean_page_in_the_tlb(void **state)
{
	struct wf f;

	(void)state;
	for (int stage2 = 0; stage2 < 2; stage2++) {
		uint64_t d = setup(&f, stage2,
				   (stage2 ? WF_S2_RW & ~S2W : WF_S1_RW | RO) | DBM, 64);

		f.s1.ha = f.s1.hd = f.s2.ha = f.s2.hd = true;
		wf_ok(&f, VA, 'r', 0x5000);
		wf_reads(&f);
		wf_ok(&f, VA, 'r', 0x5000);
		assert_int_equal(wf_reads(&f), 0);
		wf_ok(&f, VA, 'w', 0x5000);
		assert_int_equal(wf_reads(&f), 4);
		assert_int_equal(wf_rd(&f, d) >> 7 & 1, stage2);
		wf_ok(&f, VA, 'w', 0x5000);
		wf_ok(&f, VA, 'r', 0x5000);
		assert_int_equal(wf_reads(&f), 0);
		wf_teardown(&f);
	}
}

/* CACHE-7: no entry with AF = 0 that hardware has not set; faults are not cached. */
static void nothing_without_af_is_cached(void **state)
{
	struct wf f;
	uint64_t d;

	(void)state;
	for (int stage2 = 0; stage2 < 2; stage2++) {
		uint64_t rw = stage2 ? WF_S2_RW : WF_S1_RW;

		d = setup(&f, stage2, rw & ~AF, 64);
		wf_faults(&f, VA, 'r', SMMU_EVT_F_ACCESS, stage2, SMMU_CLASS_IN, VA);
		wf_wr(&f, d, wf_rd(&f, d) | AF); /* no invalidation (CACHE-70) */
		wf_ok(&f, VA, 'r', 0x5000);
		wf_flush(&f);
		wf_wr(&f, d, 0);
		wf_faults(&f, VA, 'r', SMMU_EVT_F_TRANSLATION, stage2, SMMU_CLASS_IN, VA);
		wf_wr(&f, d, UINT64_C(0x5003) | rw);
		wf_ok(&f, VA, 'r', 0x5000);
		wf_flush(&f);
		/* HA on, denied: AF stays 0, and so nothing is kept. */
		f.s1.ha = f.s2.ha = true;
		wf_wr(&f, d, UINT64_C(0x5003) | ((rw & ~AF) ^ BIT(7)));
		wf_faults(&f, VA, 'w', SMMU_EVT_F_PERMISSION, stage2, SMMU_CLASS_IN, VA);
		wf_wr(&f, d, UINT64_C(0x5003) | rw);
		wf_ok(&f, VA, 'w', 0x5000);
		wf_teardown(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_flag),
		cmocka_unit_test(dirty_state),
		cmocka_unit_test(dirty_not_if_denied_otherwise),
		cmocka_unit_test(table_access_flag),
		cmocka_unit_test(big_endian_update),
		cmocka_unit_test(update_is_a_write_at_stage2),
		cmocka_unit_test(a_lost_race_restarts),
		cmocka_unit_test(clean_page_in_the_tlb),
		cmocka_unit_test(nothing_without_af_is_cached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
