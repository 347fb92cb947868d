/* SPDX-License-Identifier: MIT */
/*
 * A driver that frees a page, in stepped mode: 1. without CMD_SYNC a seed is found by
 * which the device writes into the page after it was given to somebody else, and it does
 * so again, move for move; 2. with CMD_SYNC no seed does; 3. nor does any schedule at
 * all, enumerated, while without there are some.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/run.h>
#include "model/harness.h"

#define SID  5u
#define ASID 7u
#define IOVA 0x40201000ull
#define DATA (H_RAM + 0x2000000ull)

enum { SEEDS = 300, CHOICES = 64, OWNER = 0x5a };

/* What one run was: its moves and the rest of the trace, as one number. */
struct record {
	uint64_t hash;
	unsigned moves;
};

/* Who chooses: the seed, or a list; what there was to choose from is noted. */
struct chooser {
	bool listed;
	unsigned choice[CHOICES], of[CHOICES], n;
};

struct world {
	struct harness h;
	struct record *record;
	struct chooser *chooser;
	uint64_t seed;
};

static void note(void *ctx, const struct smmu_trace *t)
{
	struct record *r = ctx;
	const uint64_t words[] = { t->kind, t->stage, (uint64_t)t->level, t->addr,
				   t->value };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		r->hash = (r->hash ^ words[i]) * UINT64_C(0x100000001b3);
	r->moves += t->kind == SMMU_TRACE_STEP;
}

/* One move; false: idle. */
static bool step(struct world *w)
{
	struct chooser *c = w->chooser;
	int n;

	if (!c->listed)
		return smmu_step(w->h.smmu) == 1;
	n = smmu_moves(w->h.smmu, NULL, 0);
	if (n <= 0)
		return false;
	assert_true(c->n < CHOICES);
	c->of[c->n] = (unsigned)n;
	assert_int_equal(smmu_step_nth(w->h.smmu, c->choice[c->n]), 1);
	c->n++;
	return true;
}

static uint64_t root;

static void build(struct world *w)
{
	struct smmu_config cfg = SMMU_CONFIG_INIT(SMMU_PRESET_V3_2);
	const struct smmu_txn warm = { .sid = SID, .addr = IOVA, .op = SMMU_WRITE };
	uint64_t ste[8], cd[8], cd_pa;
	struct harness *h = &w->h;

	cfg.mode = SMMU_MODE_STEPPED;
	cfg.seed = w->seed;
	h_setup_cfg(h, &cfg);
	h_enable(h);
	root = h_table(h);
	h_map(h, root, IOVA, DATA, 3, h_s1_rw());
	cd_pa = h_alloc(h, 64, 64);
	h_cd_s1(cd, root, ASID);
	h_write_dw(h, cd_pa, cd, 8);
	h_ste_s1(ste, cd_pa);
	h_ste_write(h, SID, ste);
	assert_int_equal(smmu_translate(h_port(h), &warm).status, SMMU_OK);
	smmu_set_trace(h->smmu, note, w->record);
}

static void push(struct world *w, uint64_t dw0, uint64_t dw1)
{
	struct harness *h = &w->h;
	uint32_t prod = (uint32_t)smmu_mmio_read(h->smmu, SMMU_REG_CMDQ_PROD, 4);
	const uint64_t dw[2] = { dw0, dw1 };

	h_write_dw(h, h->cmdq + 16ull * (prod & ((1u << h->cmdq_log2) - 1)), dw, 2);
	smmu_mmio_write(h->smmu, SMMU_REG_CMDQ_PROD, 4,
			(prod + 1) & ((2u << h->cmdq_log2) - 1));
}

/* The driver under test. sync: as it should be. */
static void unmap(struct world *w, bool sync)
{
	struct harness *h = &w->h;

	h_write64(h, h_desc_pa(h, root, IOVA, 3), 0);
	push(w, SMMU_OP_TLBI_NH_VA | (uint64_t)ASID << 48, IOVA);
	if (sync)
		push(w, SMMU_OP_SYNC, 0);
	while (smmu_mmio_read(h->smmu, SMMU_REG_CMDQ_CONS, 4) !=
	       smmu_mmio_read(h->smmu, SMMU_REG_CMDQ_PROD, 4))
		assert_true(step(w));
}

/*
 * A device writes to the page while the driver takes it away and gives it to another
 * owner. True: the owner's data was overwritten.
 */
static bool page_is_spoilt(uint64_t seed, bool sync, struct record *record,
			   struct chooser *chooser)
{
	static const struct smmu_txn txn = { .sid = SID, .addr = IOVA, .op = SMMU_WRITE };
	struct world w = { .record = record, .chooser = chooser, .seed = seed };
	unsigned char buf[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, page[8], owner[8];
	uint64_t ticket;

	*record = (struct record){ .hash = 1 };
	chooser->n = 0;
	memset(owner, OWNER, sizeof(owner));
	build(&w);
	assert_int_equal(smmu_dma_start(h_port(&w.h), &txn, buf, sizeof(buf), &ticket),
			 0);
	unmap(&w, sync);
	assert_int_equal(smmu_bus_write(w.h.bus, DATA, owner, sizeof(owner), NULL), 0);
	while (step(&w))
		;
	assert_int_equal(smmu_bus_read(w.h.bus, DATA, page, sizeof(page), NULL), 0);
	h_teardown(&w.h);
	return memcmp(page, owner, sizeof(page)) != 0;
}

/* CMD-87, CMD-78 */
static void a_missing_sync_is_found_and_replayed(void **state)
{
	struct record first, again;
	struct chooser by_seed = { 0 };
	uint64_t seed = 0;
	unsigned found = 0;

	(void)state;
	for (uint64_t i = 0; i < SEEDS; i++)
		if (page_is_spoilt(i, false, &first, &by_seed) && found++ == 0)
			seed = i;
	assert_in_range(found, 1, SEEDS - 1);
	assert_true(page_is_spoilt(seed, false, &first, &by_seed));
	assert_in_range(first.moves, 3, 20);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(page_is_spoilt(seed, false, &again, &by_seed));
		assert_int_equal(again.hash, first.hash);
		assert_int_equal(again.moves, first.moves);
	}
	/* another seed is another order */
	(void)page_is_spoilt(seed + 1, false, &again, &by_seed);
	(void)page_is_spoilt(seed + 2, false, &first, &by_seed);
	assert_int_not_equal(again.hash, first.hash);
}

static void with_the_sync_no_seed_spoils_it(void **state)
{
	struct record record;
	struct chooser by_seed = { 0 };

	(void)state;
	for (uint64_t i = 0; i < SEEDS; i++)
		assert_false(page_is_spoilt(i, true, &record, &by_seed));
}

/* The next list in the order of an odometer; false: that was the last. */
static bool next_schedule(struct chooser *c)
{
	unsigned n = c->n;

	while (n > 0 && c->choice[n - 1] + 1 == c->of[n - 1])
		n--;
	if (n == 0)
		return false;
	c->choice[n - 1]++;
	memset(&c->choice[n], 0, (CHOICES - n) * sizeof(c->choice[0]));
	return true;
}

static unsigned enumerate(bool sync, unsigned *spoilt)
{
	struct chooser c = { .listed = true };
	struct record record;
	unsigned n = 0;

	*spoilt = 0;
	do {
		*spoilt += page_is_spoilt(0, sync, &record, &c);
		n++;
	} while (next_schedule(&c));
	return n;
}

/* CMD-78, CACHE-51: every interleaving of the driver's commands with the device's DMA. */
static void all_schedules_are_tried(void **state)
{
	unsigned spoilt, n;

	(void)state;
	n = enumerate(false, &spoilt);
	assert_true(n > 10);
	assert_in_range(spoilt, 1, n - 1);
	n = enumerate(true, &spoilt);
	assert_true(n > 30);
	assert_int_equal(spoilt, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_sync_is_found_and_replayed),
		cmocka_unit_test(with_the_sync_no_seed_spoils_it),
		cmocka_unit_test(all_schedules_are_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
