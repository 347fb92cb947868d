/* SPDX-License-Identifier: MIT */
/*
 * What each case is held against: the limit of the machine that its working set
 * meets, and the target that the project has set itself. In each list the first
 * pattern that fits counts.
 */
#include <fnmatch.h>
#include <stddef.h>
#include "bench.h"

#define L1	 "limit/load_16k"
#define L2	 "limit/load_256k"
#define L3	 "limit/load_16m"
#define DRAM	 "limit/load_256m"
#define ATOMIC	 "limit/atomic"
#define TRANSFER "limit/transfer"

static const struct {
	const char *pattern, *limit;
} limits[] = {
	{ "limit/*", NULL },
	{ "memory/*", NULL },
	{ "sync/port_*", TRANSFER },
	{ "sync/*", ATOMIC },
	{ "storm/*/none", L2 },
	{ "storm/*", TRANSFER },
	{ "driver/*/2*", TRANSFER },
	{ "driver/*", ATOMIC },
	{ "attach/*", ATOMIC },
	{ "guest/hit/*", L1 },
	{ "guest/miss/*", L2 },
	{ "guest/*", ATOMIC },
	/* By context: one of 64 that are used in turn, whatever is live in each. */
	{ "tlbi/nh_a[sl]*", L2 },
	{ "tlbi/s12_vmall/*", L2 },
	{ "tlbi/nsnh_all/*", L2 },
	{ "tlbi/el2_all/*", L2 },
	{ "cfgi/*", L2 },
	{ "ats/*", L2 },
	{ "translate/miss*_far", DRAM },
	{ "translate/miss*", L2 },
	/* The rest, by working set. */
	{ "*/0", L1 },
	{ "*/1", L1 },
	{ "*/64", L1 },
	{ "*/1k", L2 },
	{ "*/4k", L2 },
	{ "*/64k", L3 },
	{ "*/1m", DRAM },
	{ "ports/*", L2 },
};

static const struct {
	const char *pattern;
	double target; /* ns; memory: bytes */
} targets[] = {
	{ "translate/hit/1", 10 },
	{ "translate/hit/64", 14 },
	{ "translate/hit/4k", 14 },
	{ "translate/miss_s1/4k", 60 },
	{ "translate/miss_nested/4k", 220 },
	{ "translate/miss_nested/4k_walk", 90 },
	{ "tlbi/nh_va/64k", 14 },
	{ "tlbi/nh_va/1m", 40 },
	{ "tlbi/nh_va/*", 12 },
	{ "tlbi/ril_16/64k", 40 },
	{ "tlbi/ril_512/64k", 400 },
	{ "tlbi/nh_asid/*", 12 },
	{ "tlbi/nh_all/*", 12 },
	{ "tlbi/s12_vmall/*", 12 },
	{ "tlbi/nsnh_all/*", 12 },
	{ "cfgi/ste/*", 8 },
	{ "cfgi/cd/*", 8 },
	{ "sync/alone", 10 },
	{ "sync/port_1", 500 },
	{ "driver/unmap/ril", 150 },
	{ "driver/unmap/asid", 150 },
	{ "driver/unmap/vmid", 150 },
	{ "memory/entry/*", 64 },
};

struct bench_note bench_note(const char *name)
{
	struct bench_note note = { 0 };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!fnmatch(limits[i].pattern, name, 0)) {
			note.limit = limits[i].limit;
			break;
		}
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (!fnmatch(targets[i].pattern, name, 0)) {
			note.target = targets[i].target;
			break;
		}
	if (!fnmatch("memory/*", name, 0))
		note.unit = "B";
	return note;
}
