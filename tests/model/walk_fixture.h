/* SPDX-License-Identifier: MIT */
/*
 * A bench for walks and for the TLB alone: an SMMU that has no registers, queues or
 * stream tables, only a bus, an identification and a TLB; a regime made by hand; and
 * tables written by a small builder that shares no code with the model.
 */
#ifndef TESTS_MODEL_WALK_FIXTURE_H
#define TESTS_MODEL_WALK_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include "model/model.h"

#define WF_RAM	    UINT64_C(0x80000000)
#define WF_RAM_SIZE (UINT64_C(64) << 20)
#define BIT(n)	    (UINT64_C(1) << (n))

struct wf {
	struct smmu smmu;
	struct smmu_s1cfg s1;
	struct smmu_s2cfg s2;
	struct smmu_regime rg;
	uint64_t next; /* free RAM */
	/* Stage-1 table addresses are written as pa + ipa_off: what stage 2 undoes. */
	uint64_t ipa_off;
	/* of the last wf_xlate */
	struct smmu_xlate out;
	struct smmu_fault fault;
};

/* What a table is made of. */
struct wf_geom {
	unsigned granule, n;
	int start;
	bool ds;
};

/* oas in bits; tlb: entries, 0 for none. */
void wf_setup(struct wf *f, unsigned oas, unsigned tlb);
void wf_teardown(struct wf *f);
/* Regimes: what is on. Configuration must have been set by wf_s1/wf_s2 before. */
void wf_regime(struct wf *f, bool s1, bool s2);
uint64_t wf_alloc(struct wf *f, uint64_t size, uint64_t align);
uint64_t wf_rd(struct wf *f, uint64_t pa);
void wf_wr(struct wf *f, uint64_t pa, uint64_t value);

/* A table for a geometry, as TTB0 (or tt) or as stage 2's. */
struct wf_geom wf_geom4k(void); /* 4K, 48 bits, level 0 */
void wf_s1(struct wf *f, unsigned tt, struct wf_geom g);
void wf_s2(struct wf *f, struct wf_geom g);
/*
 * Writes the leaf descriptor for addr at that level, making tables on the way;
 * returns its PA. attrs: everything but type and address.
 */
uint64_t wf_map1(struct wf *f, uint64_t va, uint64_t oa, int level, uint64_t attrs);
uint64_t wf_map2(struct wf *f, uint64_t ipa, uint64_t oa, int level, uint64_t attrs);
/* PA of the descriptor of addr at a level, 0 if there is no table. */
uint64_t wf_desc1(struct wf *f, uint64_t va, int level);
uint64_t wf_desc2(struct wf *f, uint64_t ipa, int level);
/* Identity (less ipa_off) for all of RAM at stage 2, by blocks of that level. */
void wf_s2_ram(struct wf *f, int level, uint64_t attrs);
/* The address bits of a leaf, folded as granule, DS and 52 bits want it. */
uint64_t wf_fold(unsigned granule, bool ds, uint64_t oa);
unsigned wf_shift(unsigned granule, int level);

/* Attributes: read-write, AF set, inner shareable, cacheable. */
#define WF_S1_RW (BIT(6) | BIT(10) | BIT(11) | UINT64_C(3) << 8) /* AP 01, nG */
#define WF_S2_RW (UINT64_C(3) << 6 | BIT(10) | UINT64_C(15) << 2 | UINT64_C(3) << 8)

/* Accesses: "r", "w", "x", "a" (atomic); capital letters: privileged. */
struct smmu_access wf_acc(char what);
bool wf_xlate(struct wf *f, uint64_t addr, char what);
/* Fails the test unless addr goes to pa. */
void wf_ok(struct wf *f, uint64_t addr, char what, uint64_t pa);
/* Fails unless it faults so; cls only matters, IPA only with s2. */
void wf_faults(struct wf *f, uint64_t addr, char what, unsigned event, bool s2,
	       unsigned cls, uint64_t ipa);
/* Descriptor reads since the last call. */
uint64_t wf_reads(struct wf *f);
void wf_flush(struct wf *f);

#endif /* TESTS_MODEL_WALK_FIXTURE_H */
