/* SPDX-License-Identifier: MIT */
/*
 * A second opinion on the translation procedure: a slow interpreter of T-2 and T-5 to
 * T-20, written from the numbered steps of the digest alone, that shares nothing with
 * src/model but the names of fields. It runs first, over a memory that is made up as
 * it reads (second_opinion_random.c); then the model runs over the same memory and
 * must agree in everything that can be seen.
 */
#ifndef TESTS_MODEL_SECOND_OPINION_H
#define TESTS_MODEL_SECOND_OPINION_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/arch.h>
#include <smmulator/config.h>
#include <smmulator/smmu.h>
#include <smmulator/stall.h>

#define SO_CELLS 1024u

/* 8 bytes of memory, as they were, as each of the two left them. */
struct so_cell {
	uint64_t addr, init, spec, model;
	uint32_t turn;	       /* in use if it is the world's */
	bool poison, wpoison;  /* reads, writes are external aborts */
	bool spec_read;	       /* the interpreter has read it ... */
	struct smmu_attr want; /* ... last with these attributes */
	bool check_ra;	       /* the allocation hint is one of them */
	bool reads_differ;     /* it read with several different ones: not compared */
};

struct so_world {
	uint64_t rng;
	uint32_t turn;
	struct smmu_config cfg;
	unsigned oas, ias;
	uint64_t strtab_base, strtab_cfg, cr0, cr1, cr2, gbpa, s2pii;
	struct smmu_txn txn;
	struct smmu_txn asked[2]; /* the transactions, in turn ... */
	unsigned rounds;	  /* ... how many of them */
	bool frozen;   /* memory is what it was; nothing is made up but zeroes */
	bool hardened; /* mostly protected tables on pages that only hardware writes */
	struct so_cell cell[SO_CELLS];
	uint16_t used[SO_CELLS]; /* those of this turn */
	unsigned n_used, n_kept; /* n_kept: when frozen, those that there were */
	/* What the model did that it should not have. */
	const char *complaint;
	uint64_t complaint_addr;
	uint64_t queue[4];
	/* For the description. */
	uint64_t ste[8], cd[8];
	bool have_ste, have_cd;
};

/* Where and for what a descriptor is read: what a generator should know. */
struct so_walk {
	unsigned stage, granule, n, ps;
	int level;
	bool ds, v32, fold, be;
	unsigned next_bits; /* width of the input of what comes after it */
};

struct so_opinion {
	uint8_t status, event, kind;
	bool recorded, bypass;
	uint64_t pa, ipa;
	unsigned page_bits; /* 0: not said */
	struct smmu_attr attr;
	uint64_t rec[4];
};

void so_opinion(struct so_world *w, struct so_opinion *o);

/* second_opinion_legal.c */
bool so_ste_legal(const struct so_world *w, const uint64_t *dw);
bool so_cd_legal(const struct so_world *w, const uint64_t *ste, const uint64_t *dw);
bool so_one_table(const struct so_world *w, const uint64_t *ste);
bool so_e2h(const struct so_world *w, const uint64_t *ste);
unsigned so_bits(const struct so_world *w, unsigned code); /* eff_IPS, eff_S2PS */
unsigned so_granule0(unsigned tg);
unsigned so_granule1(unsigned tg);
int so_s2_start(const struct so_world *w, const uint64_t *ste); /* -2: invalid */
int so_s1_start(unsigned granule, unsigned txsz);
int so_s2_t0sz32(unsigned raw);

/* second_opinion_random.c: memory made up on demand */
struct so_cell *so_cell(struct so_world *w, uint64_t addr);
struct so_cell *so_find(struct so_world *w, uint64_t addr);
uint64_t so_rnd(struct so_world *w);
void so_make_l1std(struct so_world *w, uint64_t addr);
void so_make_ste(struct so_world *w, uint64_t addr);
void so_make_l1cd(struct so_world *w, uint64_t addr, const uint64_t *ste);
void so_make_cd(struct so_world *w, uint64_t addr, const uint64_t *ste);
void so_make_desc(struct so_world *w, uint64_t addr, const struct so_walk *g);
void so_random_world(struct so_world *w);
/* A preset as far as this opinion goes. */
void so_preset(struct smmu_config *cfg, unsigned preset);
/* Field n of the configuration that varies: its name, and *at where; NULL: no more. */
const char *so_knob(struct so_world *w, unsigned n, uint8_t **at);
/* oas and ias, which follow from the configuration. */
void so_sizes(struct so_world *w);
/* A frozen memory as it was before anything was asked. */
void so_rewind(struct so_world *w);

/* second_opinion_shrink.c */
typedef bool (*so_differs_fn)(struct so_world *w, void *ctx);
/*
 * w, which differs, becomes a smallest world that still does, just asked again. Returns
 * how many were tried. differs: runs w->asked[] over the memory of w.
 */
unsigned so_shrink(struct so_world *w, so_differs_fn differs, void *ctx);

#endif /* TESTS_MODEL_SECOND_OPINION_H */
