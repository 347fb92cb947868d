/* SPDX-License-Identifier: MIT */
/*
 * What the tests of config/ share: an SMMU whose ID registers can be edited in
 * place (the rules ask for combinations that smmu_config_check may refuse), streams
 * with stage 1 and stage 2 tables that map low addresses, and whole-record checks.
 */
#ifndef TESTS_MODEL_CONFIG_BENCH_H
#define TESTS_MODEL_CONFIG_BENCH_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "model/config/config.h"
#include "model/harness.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A field of a structure and what to put there; field 0 ends a list. */
struct set {
	unsigned field;
	uint64_t value;
};

/* A field of IDR<reg>. */
struct patch {
	unsigned reg, field;
	uint64_t value;
};
#define ID0(f, v)                                                                        \
	{                                                                                \
		0, SMMU_IDR0_##f, v                                                      \
	}
#define ID1(f, v)                                                                        \
	{                                                                                \
		1, SMMU_IDR1_##f, v                                                      \
	}
#define ID3(f, v)                                                                        \
	{                                                                                \
		3, SMMU_IDR3_##f, v                                                      \
	}
#define ID5(f, v)                                                                        \
	{                                                                                \
		5, SMMU_IDR5_##f, v                                                      \
	}

enum { STALL_BOTH_ID = 0, STALL_FORCED_ID = 2 };

#define SID  5u		 /* the stream under test */
#define VA   0x400000ull /* mapped to b->page by stage 1, and at stage 2 as itself */
#define VMID 0x77
#define ASID 0x33

struct bench {
	struct harness h;
	uint64_t cd, ttb0, s2ttb;
	uint64_t lpae_s2ttb; /* level 1 of s2ttb, for VMSAv8-32 with 32-bit input */
	uint64_t page;	     /* one 4 KiB page of RAM */
};

/* An enabled SMMU, tables ready, STEs invalid. */
void b_setup(struct bench *b, enum smmu_preset preset,
	     void (*tweak)(struct smmu_config *cfg));
void b_teardown(struct bench *b);
void b_patch(struct bench *b, const struct patch *list, size_t max);
void b_sizes(struct bench *b, unsigned oas, unsigned ias); /* 0: leave as it is */

void b_apply(uint64_t *dw, const struct set *list, size_t max);
void b_ste(struct bench *b, unsigned config, uint64_t ste[8]);
void b_cd(struct bench *b, uint64_t cd[8]);

/* To memory, with CMD_CFGI_STE (Leaf = 0) or CMD_CFGI_CD (Leaf = 0) and CMD_SYNC. */
void b_put_ste(struct bench *b, uint32_t sid, const uint64_t ste[8]);
void b_put_cd(struct bench *b, uint32_t sid, uint32_t ssid, uint64_t pa,
	      const uint64_t cd[8]);
void b_cfgi_ste(struct bench *b, uint32_t sid, bool leaf);
void b_cfgi_range(struct bench *b, uint32_t sid, unsigned range);
void b_cfgi_cd(struct bench *b, uint32_t sid, uint32_t ssid, bool leaf);
void b_cfgi_cd_all(struct bench *b, uint32_t sid);

struct smmu_result b_read(struct bench *b, uint32_t sid, uint64_t addr);
struct smmu_result b_read_ssid(struct bench *b, uint32_t sid, uint32_t ssid,
			       uint64_t addr);

/* The oldest event is exactly these four words; b_no_event: and no other is there. */
void b_expect_event(struct bench *b, const uint64_t want[4]);
void b_no_event(struct bench *b);
/* The words of a record that carries SSV, SubstreamID and StreamID alone. */
void b_event_head(uint64_t dw[4], unsigned event, uint32_t sid, bool ssv, uint32_t ssid);
/* Aborted with that event, recorded with head words only (C_BAD_STE, C_BAD_CD ...). */
void b_expect_config_error(struct bench *b, struct smmu_result res, unsigned event,
			   uint32_t sid);
#define b_expect_ok(res, pa_)                                                            \
	do {                                                                             \
		struct smmu_result r_ = (res);                                           \
		assert_int_equal(r_.event, 0);                                           \
		assert_int_equal(r_.status, SMMU_OK);                                    \
		assert_int_equal(r_.pa, (pa_));                                          \
	} while (0)

#endif /* TESTS_MODEL_CONFIG_BENCH_H */
