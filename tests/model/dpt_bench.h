/* SPDX-License-Identifier: MIT */
/* A Device Permission Table in memory, and questions to it. */
#ifndef TESTS_MODEL_DPT_BENCH_H
#define TESTS_MODEL_DPT_BENCH_H

#include "model/harness.h"

enum {
	D_VMID = 7,
	/* DPT_CFG_FAR.DPT_FAULTCODE and LEVEL, in place; with FAULT */
	D_DISABLED = 1,
	D_WALK_0 = 1 << 4 | 1,
	D_WALK_1 = 1 << 4 | 1 << 1 | 1,
	D_EABT_0 = 3 << 4 | 1,
	D_EABT_1 = 3 << 4 | 1 << 1 | 1,
	/* of an entry: AC and W */
	D_AC_VMID = 0 << 2,
	D_AC_SHARED = 1 << 2,
	D_AC_ANY = 2 << 2,
	D_W = 1 << 4,
	/* DPT_BASE_CFG: 4 KB, 1 GB a level 0 entry, 40 bits */
	D_CFG = SMMU_L0DPTSZ_30 << 20 | 0 << 14 | 2,
};

struct dbench {
	struct harness h;
	uint64_t l0,
		l1; /* tables; l0[2] is the Table entry of l1, that is of H_RAM's GB */
};

/* ATS and the DPT on, walks on, translation on; every entry is No Access. */
void d_open(struct dbench *b, void (*tweak)(struct smmu_config *cfg));
void d_close(struct dbench *b);
void d_walks(struct dbench *b, bool on); /* CR0.DPT_WALK_EN */
void d_config(struct dbench *b, uint64_t base, uint32_t cfg);
void d_l0(struct dbench *b, unsigned n, uint64_t desc);
void d_l1(struct dbench *b, uint64_t pa, uint64_t desc); /* the entry for it */

/* Rights of one granule or block: A or type bits are the caller's. */
uint64_t d_right(unsigned rights, unsigned vmid);

/* One check; clears nothing. */
bool d_read(struct dbench *b, uint64_t pa);
bool d_write(struct dbench *b, uint64_t pa);
bool d_ask(struct dbench *b, unsigned vmatch, unsigned vmid, uint64_t pa, bool write);
/* DPT_CFG_FAR; clears it, and acknowledges GERROR, which must agree. */
uint64_t d_far(struct dbench *b);

void d_dpti_pa(struct dbench *b, uint64_t pa, unsigned size, unsigned leaf);
void d_dpti_all(struct dbench *b);

#endif /* TESTS_MODEL_DPT_BENCH_H */
