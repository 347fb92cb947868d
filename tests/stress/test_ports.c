/* SPDX-License-Identifier: MIT */
/*
 * Ports do DMA while the driver maps, unmaps, invalidates and moves their masters:
 * nobody waits for anybody. What a DMA met is held against what was allowed at some
 * moment while it was under way (shadow.h):
 *
 *	- no translation, and no datum, of a mapping after its unmap has returned, whose
 *	  last act is a CMD_SYNC (CACHE-51); none of a domain after its detach (CACHE-52);
 *	- a page that was given back is never written again, also not by a transaction
 *	  that had been translated before (CACHE-51, CACHE-54);
 *	- and no fault where a mapping has been there throughout.
 *
 * Defects planted in the driver's use of the SMMU must be noticed.
 *
 * STRESS_PORTS_STEPS makes it longer (steps of each producer; default 1500),
 * STRESS_PORTS_SEED another one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "stress/ports.h"

static uint64_t from_env(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static struct smmu_config config(enum smmu_preset preset)
{
	struct smmu_config cfg;

	assert_int_equal(smmu_config_init(&cfg, preset), 0);
	cfg.sid_bits = 10;
	cfg.cmdqs = 8;
	cfg.eventqs = 7;
	return cfg;
}

static void right(const struct smmu_config *cfg, unsigned sides, bool stage2)
{
	char found[256];

	stress_run(cfg, sides, stage2, RIGHT, from_env("STRESS_PORTS_SEED", 1),
		   from_env("STRESS_PORTS_STEPS", 1500), found);
	assert_string_equal(found, "");
}

/* CACHE-51, CACHE-52, CACHE-54 */
static void one_smmu(void **state)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_2);

	(void)state;
	right(&cfg, 1, false);
	right(&cfg, 1, true);
}

static void without_ranges_and_little_cache(void **state)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_1);

	(void)state;
	cfg.tlb_entries = 16;
	cfg.config_entries = 2;
	cfg.asid16 = cfg.vmid16 = 0;
	right(&cfg, 1, false);
	right(&cfg, 1, true);
}

static void two_smmus(void **state)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_2);

	(void)state;
	right(&cfg, 2, false);
}

static void queue_for_each_cpu(void **state)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_3);

	(void)state;
	cfg.ecmdq = 1;
	cfg.cmdq_control_page_log2numq = 2;
	right(&cfg, 2, false);
}

/* The device consumes its queue on a thread of its own, and CPUs poll. */
static void a_thread_of_its_own(void **state)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_2);

	(void)state;
	cfg.mode = SMMU_MODE_THREADED;
	right(&cfg, 1, false);
	right(&cfg, 2, true);
}

/* Tables are cached on the way to what is freed; entries come and go unasked (3.21). */
static void caches_at_their_worst(void **state)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_2);

	(void)state;
	cfg.walk_cache = 1;
	right(&cfg, 1, false);
	right(&cfg, 1, true);
	cfg.tlb_prefetch = 4;
	cfg.tlb_evict = 8;
	cfg.tlb_replacement = SMMU_REPLACE_RANDOM;
	right(&cfg, 1, false);
	right(&cfg, 2, true);
}

/* ---- It bites ---- */

static void must_find(enum defect defect, const char *const *reasons)
{
	struct smmu_config cfg = config(SMMU_PRESET_V3_2);
	char found[256];

	cfg.msi = 0; /* CMD_SYNC is polled for in CONS */
	stress_run(&cfg, 1, false, defect, from_env("STRESS_PORTS_SEED", 1), 100000,
		   found);
	print_message("found: %s\n", found);
	for (; *reasons; reasons++)
		if (strstr(found, *reasons))
			return;
	fail_msg("the defect was not found, but: '%s'", found);
}

static void bites_on_unmap_without_sync(void **state)
{
	(void)state;
	must_find(NO_SYNC, (const char *const[]){ "before its CMD_SYNC", "freed",
						  "another's", NULL });
}

static void bites_on_memory_freed_before_sync(void **state)
{
	(void)state;
	must_find(FREE_EARLY, (const char *const[]){ "freed", "another's", NULL });
}

static void bites_on_commands_that_come_late(void **state)
{
	(void)state;
	/* What is late may also be a permission that has been given meanwhile. */
	must_find(LATE_BELL,
		  (const char *const[]){ "before its CMD_SYNC", "freed", "another's",
					 "mapped throughout", NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_smmu),
		cmocka_unit_test(without_ranges_and_little_cache),
		cmocka_unit_test(two_smmus),
		cmocka_unit_test(queue_for_each_cpu),
		cmocka_unit_test(a_thread_of_its_own),
		cmocka_unit_test(caches_at_their_worst),
		cmocka_unit_test(bites_on_unmap_without_sync),
		cmocka_unit_test(bites_on_memory_freed_before_sync),
		cmocka_unit_test(bites_on_commands_that_come_late),
	};

	return cmocka_run_group_tests_name("stress_ports", tests, NULL, NULL);
}
