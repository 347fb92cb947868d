/* SPDX-License-Identifier: MIT */
/*
 * Hitless updates, judged at every 64-bit store (DRV-44, DRV-125):
 *  1. whatever hardware reads in between acts as the old entry, as the new one, or
 *     is invalid where the rules say that it must be;
 *  2. the entry ends as the target, all eight words;
 *  3. syncs and hitlessness are those of the table in smmuv3-driver.md section 5.
 * The algorithm is compiled into this file with its stores replaced by the judge's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/arch.h>
#include <smmulator/iommu_sva.h>
#include "driver/word.h"

static void judged_store(hwword_t *at, uint64_t v);
#define hw_store(at, v)	     judged_store(at, v)
#define arm_smmu_write_entry judged_write_entry
#include "driver/entry.c" /* NOLINT: its stores are what is tested */
#undef arm_smmu_write_entry
#undef hw_store
#include "driver/cdtab.h"
#include "driver/strtab.h"

/* ---- What an entry means to hardware, with bit positions of this file's own ---- */

struct meaning {
	unsigned kind; /* 0 invalid, 1 valid */
	uint64_t w[8]; /* the bits that count, the others 0 */
};

static uint64_t ones(unsigned msb, unsigned lsb)
{
	return (msb == 63 ? ~UINT64_C(0) : (UINT64_C(1) << (msb + 1)) - 1) &
	       ~((UINT64_C(1) << lsb) - 1);
}

/* DRV-45; with_safe: MEV and EATS too. */
static struct meaning ste_meaning(const uint64_t *e, bool with_safe)
{
	struct meaning m = { 0 };
	unsigned cfg = (unsigned)(e[0] >> 1 & 7);
	uint64_t u1 = 0;

	if (!(e[0] & 1))
		return m;
	m.kind = 1;
	m.w[0] = e[0] & ones(3, 0);
	if (cfg < 4)
		return m;
	if (cfg == 4)
		u1 |= ones(45, 44);
	if (cfg & 1) {
		m.w[0] |= e[0] & (ones(5, 4) | ones(55, 6) | ones(63, 59));
		u1 |= ones(7, 0) | ones(27, 27) | ones(31, 30);
		m.w[2] |= e[2] & ones(15, 0);
		if ((e[1] & 3) == 1)
			u1 |= ones(45, 44);
	}
	if (cfg & 2) {
		u1 |= ones(25, 25) | ones(45, 44);
		m.w[2] |=
			e[2] & (ones(15, 0) | ones(52, 32) | ones(54, 54) | ones(58, 57));
		/* S2DS, bit 195, is younger than DRV-45. */
		m.w[3] |= e[3] & (ones(55, 4) | ones(3, 3));
	}
	if ((cfg & 3) && with_safe)
		u1 |= ones(19, 19) | ones(29, 28);
	m.w[1] = e[1] & u1;
	return m;
}

/* DRV-46 */
static struct meaning cd_meaning(const uint64_t *e, bool with_safe)
{
	struct meaning m = { 0 };

	(void)with_safe;
	if (!(e[0] >> 31 & 1))
		return m;
	m.kind = 1;
	memcpy(m.w, e, sizeof(m.w));
	if (e[0] >> 14 & 1) { /* EPD0 */
		m.w[0] &= ~ones(13, 0);
		m.w[1] &= ~ones(55, 4);
	}
	return m;
}

static bool same(const struct meaning *a, const struct meaning *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* ---- The judge ---- */

struct judge {
	struct arm_smmu_entry_writer w;
	struct meaning (*meaning)(const uint64_t *e, bool with_safe);
	hwword_t memory[8];
	uint64_t initial[8], target[8];
	unsigned stores, syncs;
	bool invalid_seen, unsynced;
};

static struct judge *judge; /* of the running test */

/* What hardware would do with the memory as it is now. */
static void judge_memory(struct judge *j)
{
	uint64_t now[8];
	struct meaning m, a, b;

	for (unsigned i = 0; i < 8; i++)
		now[i] = hw_load(&j->memory[i]);
	m = j->meaning(now, false);
	a = j->meaning(j->initial, false);
	b = j->meaning(j->target, false);
	if (m.kind == 0 && a.kind && b.kind)
		j->invalid_seen = true;
	else if (!same(&m, &a) && !same(&m, &b))
		fail_msg("after store %u: neither old nor new", j->stores);
}

static void judged_store(hwword_t *at, uint64_t v)
{
	assert_true(at >= judge->memory && at < judge->memory + 8);
	assert_int_not_equal(hw_load(at), v); /* DRV-51: no store without a change */
	__atomic_store_n(at, hw_le64(v), __ATOMIC_RELEASE);
	judge->stores++;
	judge->unsynced = true;
	judge_memory(judge);
}

static int judge_sync(struct arm_smmu_entry_writer *w)
{
	struct judge *j = IOMMU_CONTAINER_OF(w, struct judge, w);

	assert_true(j->unsynced); /* DRV-51: no sync without a store */
	j->unsynced = false;
	j->syncs++;
	/* At a sync every used bit of the old or of the new is there (KUnit's check). */
	judge_memory(j);
	return 0;
}

/* initial -> target; returns the syncs, and whether V=0 was seen. */
static unsigned change(const struct arm_smmu_entry_kind *kind, const uint64_t *initial,
		       const uint64_t *target, bool *hitless)
{
	struct judge j = { .w = { .kind = kind, .sync = judge_sync },
			   .meaning = kind == &arm_smmu_ste_kind ? ste_meaning
								 : cd_meaning };

	j.w.entry = j.memory;
	memcpy(j.initial, initial, sizeof(j.initial));
	memcpy(j.target, target, sizeof(j.target));
	for (unsigned i = 0; i < 8; i++)
		__atomic_store_n(&j.memory[i], hw_le64(initial[i]), __ATOMIC_RELAXED);
	judge = &j;
	assert_int_equal(judged_write_entry(&j.w, target), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(hw_load(&j.memory[i]), target[i]);
	assert_false(j.unsynced);
	*hitless = !j.invalid_seen;
	return j.syncs;
}

/* ---- The entries, made by the driver's own makers ---- */

static struct arm_smmu smmu = { .features = FEAT_STALLS | FEAT_ATTR_TYPES_OVR };
static struct arm_smmu_master master = {
	.smmu = &smmu,
	.cdtab = { .mem = { .pa = 0xf12340000 }, .ssid_bits = 0x1f },
};

enum kind {
	ABORT,
	BYPASS,
	S1,	   /* S1DSS SSID0 */
	S1_BYPASS, /* S1DSS bypass */
	S1_TERM,   /* S1DSS terminate */
	S1_OTHER,  /* another CD table */
	S1_STALL,
	S2,
	S2_OTHER, /* another VMID and table */
	S2_STALL,
	NESTED,	    /* stage 1 over S2, S1DSS SSID0 */
	NESTED_BYP, /* S1DSS bypass */
	S2_MEV,	    /* what a guest's bypass becomes (DRV-40) */
	INVALID,
	KINDS
};

/* The first has VMID 0, as in the cases of the table; a real one never does. */
static struct arm_smmu_domain s2_domain(unsigned which)
{
	struct arm_smmu_domain d = { .stage = STAGE_2, .id = (uint16_t)(6 * which) };

	d.pgcfg.s2 = (struct io_pgtable_s2){ .ttb = 0x8877660000 + 0x10000u * which,
					     .t0sz = 24,
					     .sl0 = 1,
					     .tg = 0,
					     .ir = 1,
					     .or_ = 1,
					     .sh = 3,
					     .ps = 2 };
	return d;
}

static void make_s2(uint64_t *ste, unsigned which, bool stall, bool ats)
{
	struct arm_smmu_domain d = s2_domain(which);

	master.stall_enabled = stall;
	arm_smmu_make_s2_ste(&master, &d, ats, ste);
	master.stall_enabled = false;
}

static void make_s1(uint64_t *ste, unsigned s1dss, uint64_t table, bool stall, bool ats)
{
	master.cdtab.mem.pa = table;
	master.stall_enabled = stall;
	arm_smmu_make_cdtable_ste(&master, s1dss, ats, ste);
	master.stall_enabled = false;
}

/* DRV-40: the parent's STE, Config nested, the guest's stage-1 fields, MEV. */
static void make_nested(uint64_t *ste, unsigned s1dss, bool s1)
{
	make_s2(ste, 0, false, s1);
	smmu_set(ste, SMMU_STE_MEV, 1);
	if (!s1)
		return;
	smmu_set(ste, SMMU_STE_Config, SMMU_STE_CONFIG_NESTED);
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr, 0x4440000);
	smmu_set(ste, SMMU_STE_S1DSS, s1dss);
	smmu_set(ste, SMMU_STE_S1CDMax, 3);
}

static void make(uint64_t *ste, enum kind kind)
{
	memset(ste, 0, 64);
	switch (kind) {
	case ABORT:
		arm_smmu_make_abort_ste(ste);
		break;
	case BYPASS:
		arm_smmu_make_bypass_ste(&smmu, ste);
		break;
	case S1:
		make_s1(ste, SMMU_S1DSS_SSID0, 0xf12340000, false, true);
		break;
	case S1_BYPASS:
		make_s1(ste, SMMU_S1DSS_BYPASS, 0xf12340000, false, true);
		break;
	case S1_TERM:
		make_s1(ste, SMMU_S1DSS_TERMINATE, 0xf12340000, false, true);
		break;
	case S1_OTHER:
		make_s1(ste, SMMU_S1DSS_TERMINATE, 0xf56780000, false, true);
		break;
	case S1_STALL:
		make_s1(ste, SMMU_S1DSS_SSID0, 0xf12340000, true, false);
		break;
	case S2:
		make_s2(ste, 0, false, true);
		break;
	case S2_OTHER:
		make_s2(ste, 1, false, true);
		break;
	case S2_STALL:
		make_s2(ste, 0, true, false);
		break;
	case NESTED:
		make_nested(ste, SMMU_S1DSS_SSID0, true);
		break;
	case NESTED_BYP:
		make_nested(ste, SMMU_S1DSS_BYPASS, true);
		break;
	case S2_MEV:
		make_nested(ste, 0, false);
		break;
	default:
		break;
	}
}

/* DRV-49: nobody makes a bit that the used rule does not know. */
static void makers_set_only_used_bits(void **state)
{
	struct arm_smmu_domain d = { .stage = STAGE_1, .id = 778 };
	uint64_t cd[8], used[8] = { 0 };

	(void)state;
	for (int k = 0; k < KINDS; k++) {
		uint64_t ste[8];

		memset(used, 0, sizeof(used));
		make(ste, (enum kind)k);
		arm_smmu_ste_kind.used(ste, used);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(ste[i] & ~used[i], 0);
	}
	d.pgcfg.s1 = (struct io_pgtable_s1){ .ttb = 0x1234000,
					     .mair = ~UINT64_C(0),
					     .tsz = 16,
					     .ir = 1,
					     .or_ = 1,
					     .sh = 3,
					     .ips = 5 };
	arm_smmu_make_s1_cd(&master, &d, cd);
	memset(used, 0, sizeof(used));
	arm_smmu_cd_kind.used(cd, used);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(cd[i] & ~used[i], 0);
}

/* The used rule itself, against this file's reading of DRV-45. */
static void used_bits_are_those_of_the_rule(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++) {
		uint64_t ste[8], used[8] = { 0 }, flipped[8];
		struct meaning m, f;

		make(ste, (enum kind)k);
		arm_smmu_ste_kind.used(ste, used);
		m = ste_meaning(ste, true);
		for (unsigned bit = 0; bit < 512; bit++) {
			memcpy(flipped, ste, sizeof(ste));
			flipped[bit / 64] ^= UINT64_C(1) << (bit % 64);
			f = ste_meaning(flipped, true);
			assert_int_equal(!same(&m, &f), used[bit / 64] >> (bit % 64) & 1);
		}
	}
}

/* DRV-48, DRV-50: section 5's table, KUnit's cases of Linux, in our words. */
static void transitions_cost_what_the_table_says(void **state)
{
	static const struct {
		enum kind from, to;
		unsigned syncs;
		bool hitless;
	} rows[] = {
		{ BYPASS, ABORT, 2, true },
		{ ABORT, BYPASS, 2, true },
		{ S1, ABORT, 2, true },
		{ ABORT, S1, 2, true },
		{ S1, BYPASS, 3, true },
		{ BYPASS, S1, 3, true },
		{ S1, S1_BYPASS, 1, true }, /* one word: S1DSS and SHCFG */
		{ S1_BYPASS, S1, 1, true },
		{ S1_BYPASS, BYPASS, 2, true },
		{ BYPASS, S1_BYPASS, 2, true },
		{ S2, ABORT, 2, true },
		{ ABORT, S2, 2, true },
		{ S2, BYPASS, 2, true },
		{ BYPASS, S2, 2, true },
		{ S1, S2, 3, true },
		{ S2, S1, 3, true },
		/* A VMID counts at stage 1 too: it tags what stage 1 caches. */
		{ S1, S2_OTHER, 3, false },
		{ S2_OTHER, S1, 3, false },
		{ S1, S1_OTHER, 3, false }, /* two words that both count */
		{ S1_STALL, S2_STALL, 3, true },
		{ S2_STALL, S1_STALL, 3, true },
		{ NESTED_BYP, S2, 3, true }, /* MEV and EATS are harmless (DRV-47) */
		{ S2, NESTED_BYP, 2, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t from[8], to[8];
		unsigned syncs;
		bool hitless;

		make(from, rows[i].from);
		make(to, rows[i].to);
		if (rows[i].from == NESTED_BYP || rows[i].to == NESTED_BYP) {
			/* The plain side without ATS: the difference is in safe bits. */
			uint64_t *plain = rows[i].from == NESTED_BYP ? to : from;

			smmu_set(plain, SMMU_STE_EATS, SMMU_EATS_OFF);
		}
		syncs = change(&arm_smmu_ste_kind, from, to, &hitless);
		if (syncs != rows[i].syncs || hitless != rows[i].hitless)
			fail_msg("row %zu: %u syncs, hitless %d", i, syncs, hitless);
	}
}

/* Every pair: the judge has looked at every store; V=0 only where it must be. */
static void every_transition_is_legal_at_every_store(void **state)
{
	unsigned breaks = 0;

	(void)state;
	for (int a = 0; a < KINDS; a++) {
		for (int b = 0; b < KINDS; b++) {
			uint64_t from[8], to[8];
			unsigned syncs;
			bool hitless;

			make(from, (enum kind)a);
			make(to, (enum kind)b);
			syncs = change(&arm_smmu_ste_kind, from, to, &hitless);
			assert_true(syncs <= 3);
			assert_int_equal(syncs == 0, !memcmp(from, to, sizeof(to)));
			/* From, to, or through what uses nothing: always hitless. */
			if (a == ABORT || b == ABORT || a == BYPASS || b == BYPASS)
				assert_true(hitless);
			breaks += !hitless;
		}
	}
	assert_true(breaks > 0);
}

/* Arbitrary words: whatever firmware left there, the rule holds. */
static void random_entries_are_legal_at_every_store(void **state)
{
	uint64_t seed = 0x2545f4914f6cdd1dull;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		uint64_t from[8], to[8];
		bool hitless;

		for (unsigned i = 0; i < 8; i++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			from[i] = i < 4 ? seed : 0;
		}
		make(to, (enum kind)(round % KINDS));
		change(&arm_smmu_ste_kind, from, to, &hitless);
		/* And back is no target of ours: bits beyond the rule (DRV-49). */
	}
}

static void make_cd(uint64_t *cd, uint16_t asid, uint64_t ttb)
{
	struct arm_smmu_domain d = { .stage = STAGE_1, .id = asid };

	d.pgcfg.s1 = (struct io_pgtable_s1){ .ttb = ttb,
					     .mair = 0x04ff44,
					     .tsz = 16,
					     .ir = 1,
					     .or_ = 1,
					     .sh = 3,
					     .ips = 5 };
	arm_smmu_make_s1_cd(&master, &d, cd);
}

/*
 * write_cd_test_sva_clear, write_cd_test_sva_release, by the driver's maker of them
 * (DRV-42, DRV-46, DRV-49, DRV-112): with and without stalls that are forced.
 */
static void cds_of_processes(void **state)
{
	const struct iommu_mm_desc desc = { .root = 0x82000000,
					    .mair = 0x04ff44,
					    .va_bits = 48,
					    .pa_bits = 44,
					    .page_shift = 12 };
	struct arm_smmu_domain d = { .stage = STAGE_1, .id = 778 };
	uint64_t live[8], quiet[8], used[8], none[8] = { 0 };
	struct iommu_system *sys;
	bool hitless;

	(void)state;
	assert_int_equal(iommu_system_create(&sys, NULL), 0);
	assert_int_equal(iommu_mm_create(sys, &desc, &d.mm), 0);
	for (unsigned forced = 0; forced < 2; forced++) {
		smmu.features |= forced ? FEAT_STALL_FORCE : 0;
		master.stall_enabled = true;
		arm_smmu_make_sva_cd(&master, &d, false, live);
		arm_smmu_make_sva_cd(&master, &d, true, quiet);
		for (unsigned i = 0; i < 2; i++) {
			const uint64_t *cd = i ? quiet : live;

			memset(used, 0, sizeof(used));
			arm_smmu_cd_kind.used(cd, used);
			for (unsigned w = 0; w < 8; w++)
				assert_int_equal(cd[w] & ~used[w], 0);
		}
		assert_int_equal(smmu_get(quiet, SMMU_CD_S), forced);
		assert_int_equal(smmu_get(quiet, SMMU_CD_R), forced);
		assert_int_equal(change(&arm_smmu_cd_kind, live, none, &hitless), 2);
		assert_int_equal(change(&arm_smmu_cd_kind, none, live, &hitless), 2);
		assert_int_equal(change(&arm_smmu_cd_kind, live, quiet, &hitless), 2);
		assert_true(hitless);
		assert_int_equal(change(&arm_smmu_cd_kind, quiet, live, &hitless), 2);
		assert_true(hitless);
	}
	smmu.features &= ~(unsigned)FEAT_STALL_FORCE;
	master.stall_enabled = false;
	iommu_mm_put(d.mm);
	iommu_system_destroy(sys);
}

static void cd_transitions_cost_what_the_table_says(void **state)
{
	uint64_t a[8], b[8], none[8] = { 0 };
	bool hitless;

	(void)state;
	make_cd(a, 778, 0x80001000);
	make_cd(b, 1997, 0x80001000);
	/* write_cd_test_s1_change_asid */
	assert_int_equal(change(&arm_smmu_cd_kind, a, b, &hitless), 1);
	assert_true(hitless);
	assert_int_equal(change(&arm_smmu_cd_kind, b, a, &hitless), 1);
	assert_true(hitless);
	/*
	 * write_cd_test_s1_clear. In our judgement going to or from V=0 is no break of
	 * service but its end or beginning: DMA is never served by a third thing.
	 */
	assert_int_equal(change(&arm_smmu_cd_kind, a, none, &hitless), 2);
	assert_int_equal(change(&arm_smmu_cd_kind, none, a, &hitless), 2);
	/* Another table and ASID at once cannot be hitless. */
	make_cd(b, 1997, 0x90001000);
	assert_int_equal(change(&arm_smmu_cd_kind, a, b, &hitless), 3);
	assert_false(hitless);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makers_set_only_used_bits),
		cmocka_unit_test(used_bits_are_those_of_the_rule),
		cmocka_unit_test(transitions_cost_what_the_table_says),
		cmocka_unit_test(every_transition_is_legal_at_every_store),
		cmocka_unit_test(random_entries_are_legal_at_every_store),
		cmocka_unit_test(cd_transitions_cost_what_the_table_says),
		cmocka_unit_test(cds_of_processes),
	};

	return cmocka_run_group_tests_name("driver_entry", tests, NULL, NULL);
}
