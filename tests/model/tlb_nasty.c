/* SPDX-License-Identifier: MIT */
/*
 * A TLB that is nasty on purpose: what each option makes visible, that it repeats itself
 * under its seed, and when what it kept must go (CACHE-2, CACHE-7, CACHE-34).
 */
#include <string.h>
#include "walk_fixture.h"

#define VA(i)  (UINT64_C(0x400000) + (uint64_t)(i)*4096)
#define PA(i)  (UINT64_C(0x10000000) + (uint64_t)(i)*4096)
#define PA2(i) (UINT64_C(0x20000000) + (uint64_t)(i)*4096)
enum { PAGES = 64 };

static void setup(struct wf *f, unsigned entries, const struct smmu_config *nasty)
{
	wf_setup(f, 48, entries);
	smmu_tlb_destroy(f->smmu.tlb);
	f->smmu.cfg.tlb_replacement = nasty->tlb_replacement;
	f->smmu.cfg.tlb_evict = nasty->tlb_evict;
	f->smmu.cfg.tlb_prefetch = nasty->tlb_prefetch;
	f->smmu.cfg.cache_seed = nasty->cache_seed;
	assert_int_equal(smmu_tlb_create(&f->smmu.tlb, &f->smmu.cfg, f->smmu.voids), 0);
	wf_s1(f, 0, wf_geom4k());
	wf_s2(f, wf_geom4k());
	wf_regime(f, true, false);
	for (unsigned i = 0; i < PAGES; i++)
		wf_map1(f, VA(i), PA(i), 3, WF_S1_RW);
}

static void move(struct wf *f, unsigned i)
{
	wf_map1(f, VA(i), PA2(i), 3, WF_S1_RW);
}

/* Whether page i is cached: if so it is translated as it was before it moved. */
static bool cached(struct wf *f, unsigned i)
{
	wf_reads(f);
	assert_true(wf_xlate(f, VA(i), 'r'));
	return wf_reads(f) == 0;
}

static void tlbi(struct wf *f, unsigned i)
{
	const struct smmu_tlbi inv = { .scope = SMMU_TLBI_NH_VA,
				       .vmid = 1,
				       .vmid_mask = 0xffff,
				       .asid = 1,
				       .leaf = true,
				       .addr = VA(i) };

	smmu_tlb_invalidate(&f->smmu, &inv);
}

/* Four entries, one set: the first four that came stay, until they are invalidated. */
static void what_finds_no_room_is_not_kept(void **state)
{
	const struct smmu_config nasty = { .tlb_replacement = SMMU_REPLACE_NONE };
	struct wf f;

	(void)state;
	setup(&f, 4, &nasty);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(cached(&f, i), round > 0 && i < 4);
	for (unsigned i = 0; i < 8; i++)
		move(&f, i);
	wf_ok(&f, VA(2), 'r', PA(2));
	wf_ok(&f, VA(6), 'r', PA2(6));
	tlbi(&f, 2);
	wf_ok(&f, VA(2), 'r', PA2(2));
	wf_teardown(&f);
}

static void the_least_recently_used_goes(void **state)
{
	const struct smmu_config nasty = { .tlb_replacement = SMMU_REPLACE_LRU };
	struct wf f;

	(void)state;
	setup(&f, 4, &nasty);
	for (unsigned i = 0; i < 4; i++)
		assert_false(cached(&f, i));
	assert_true(cached(&f, 0));
	assert_true(cached(&f, 2));
	assert_false(cached(&f, 4)); /* for 1 */
	assert_false(cached(&f, 5)); /* for 3 */
	assert_true(cached(&f, 0));
	assert_true(cached(&f, 2));
	assert_false(cached(&f, 1)); /* for 4 */
	assert_true(cached(&f, 5));
	wf_teardown(&f);
}

/* Which of 16 visits to 8 pages of a TLB of 4 hit, a bit each. */
static uint32_t pattern(const struct smmu_config *nasty, unsigned entries, unsigned pages)
{
	uint32_t hits = 0;
	struct wf f;

	setup(&f, entries, nasty);
	for (unsigned n = 0; n < 32; n++)
		hits |= (uint32_t)cached(&f, n * 5 % pages) << n;
	wf_teardown(&f);
	return hits;
}

static void chance_repeats_itself(void **state)
{
	struct smmu_config at_random = { .tlb_replacement = SMMU_REPLACE_RANDOM };
	struct smmu_config forgetful = { .tlb_evict = 2 };
	uint32_t seen[2][4];

	(void)state;
	for (uint32_t seed = 0; seed < 4; seed++) {
		at_random.cache_seed = forgetful.cache_seed = seed;
		seen[0][seed] = pattern(&at_random, 4, 6);
		seen[1][seed] = pattern(&forgetful, 8, 8);
		assert_int_equal(seen[0][seed], pattern(&at_random, 4, 6));
		assert_int_equal(seen[1][seed], pattern(&forgetful, 8, 8));
	}
	/* And seeds differ. */
	for (unsigned i = 0; i < 2; i++)
		assert_true(seen[i][0] != seen[i][1] || seen[i][1] != seen[i][2] ||
			    seen[i][2] != seen[i][3]);
}

/* With room for all of them, nothing is ever forgotten but by chance. */
static void entries_go_by_chance(void **state)
{
	const struct smmu_config forgetful = { .tlb_evict = 1 }, not = { 0 };
	uint32_t first_visits = 0;

	(void)state;
	for (unsigned n = 0; n < 8; n++)
		first_visits |= UINT32_C(1) << n;
	assert_int_equal(pattern(&not, 16, 8), ~first_visits);
	assert_int_not_equal(pattern(&forgetful, 16, 8), ~first_visits);
}

/*
 * CACHE-2: page 1 was never accessed, and what a driver changes there without telling
 * is not seen. CACHE-7: of what it may not keep, it keeps nothing.
 */
static void neighbours_are_fetched(void **state)
{
	const struct smmu_config nasty = { .tlb_prefetch = 2 };
	uint64_t d;
	struct wf f;

	(void)state;
	setup(&f, 64, &nasty);
	f.s1.ha = true;
	d = wf_desc1(&f, VA(2), 3);
	wf_wr(&f, d, wf_rd(&f, d) & ~BIT(10)); /* AF clear */
	wf_ok(&f, VA(0), 'r', PA(0));
	/* Nothing was written by guessing. */
	assert_int_equal(wf_rd(&f, d) & BIT(10), 0);
	for (unsigned i = 1; i < 4; i++)
		move(&f, i);
	wf_ok(&f, VA(1), 'r', PA(1));
	wf_ok(&f, VA(2), 'r', PA2(2));
	tlbi(&f, 1);
	wf_ok(&f, VA(1), 'r', PA2(1));
	wf_teardown(&f);
}

/* An invalid page ends nothing and says nothing; valid ones after it are found. */
static void guessing_wrong_is_silent(void **state)
{
	const struct smmu_config nasty = { .tlb_prefetch = 2 };
	struct wf f;

	(void)state;
	setup(&f, 64, &nasty);
	wf_wr(&f, wf_desc1(&f, VA(1), 3), 0);
	wf_ok(&f, VA(0), 'r', PA(0));
	assert_true(cached(&f, 2));
	wf_faults(&f, VA(1), 'r', SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN, 0);
	/* Invalid to valid needs no invalidation. */
	move(&f, 1);
	wf_ok(&f, VA(1), 'r', PA2(1));
	wf_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_finds_no_room_is_not_kept),
		cmocka_unit_test(the_least_recently_used_goes),
		cmocka_unit_test(chance_repeats_itself),
		cmocka_unit_test(entries_go_by_chance),
		cmocka_unit_test(neighbours_are_fetched),
		cmocka_unit_test(guessing_wrong_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
