/* SPDX-License-Identifier: MIT */
/* One stream with both stages, and the register groups that may ask about it. */
#ifndef TESTS_MODEL_ATOS_BENCH_H
#define TESTS_MODEL_ATOS_BENCH_H

#include "model/harness.h"

enum {
	A_SID = 5,
	A_VMID = 3,
	/* ATOS_ADDR */
	A_S1 = SMMU_ATOS_TYPE_S1 << 10,
	A_S2 = SMMU_ATOS_TYPE_S2 << 10,
	A_S12 = SMMU_ATOS_TYPE_S12 << 10,
	A_PRIV = 1 << 9,
	A_READ = 1 << 8,
	A_INST = 1 << 7,
	A_HTTUI = 1 << 6,
};
#define A_SSV (1ull << 52)

#define A_VA	  0x7000ull /* stage 1 maps it to A_IPA */
#define A_IPA	  0x5000ull /* stage 2 maps it to A_PA */
#define A_PA	  (H_RAM + 0x3000000ull)
#define A_DEV_IPA 0x10005000ull /* unmapped at stage 2 */

struct abench {
	struct harness h;
	uint64_t s1, s2; /* roots; stage 2 also maps all RAM to itself */
	uint64_t cd_pa;
	uint64_t ste[8], cd[8];
};

enum abench_kind { A_BYPASS, A_STAGE1, A_STAGE2, A_NESTED };
/* A stream of that kind, written; change b->ste and b->cd, then a_write(). */
void a_open(struct abench *b, enum smmu_preset preset, enum abench_kind kind,
	    void (*tweak)(struct smmu_config *cfg));
void a_close(struct abench *b);
void a_write(struct abench *b); /* STE and CD to memory, all caches invalidated */

/* The whole sequence of ATOS-1; ask: A_* flags. The result is PAR. */
uint64_t a_gatos(struct abench *b, uint64_t ask, uint64_t addr);
uint64_t a_gatos_of(struct abench *b, uint64_t sid, uint64_t ask, uint64_t addr);
uint64_t a_vatos(struct abench *b, uint64_t ask, uint64_t addr);
uint64_t a_vatos_reg(struct abench *b, uint64_t reg); /* its offset from page 0 */

/* A fault's PAR. */
uint64_t a_fault(unsigned code, unsigned reason, uint64_t faddr);

#endif /* TESTS_MODEL_ATOS_BENCH_H */
