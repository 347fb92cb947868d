/* SPDX-License-Identifier: MIT */
/*
 * What the tests of ATS and PRI share: an SMMU with everything, one stream with a
 * PCIe function behind it, and a record of what that function was sent.
 */
#ifndef TESTS_MODEL_ATS_BENCH_H
#define TESTS_MODEL_ATS_BENCH_H

#include <smmulator/ats.h>
#include "model/config_bench.h"

#define PASID 3u

struct tb {
	struct bench b;
	uint64_t cds; /* a linear table of 8 CDs */
	uint64_t priq;
	unsigned priq_log2;
	/* the function */
	struct smmu_ats_ops ops;
	int reply; /* to invalidations */
	struct smmu_atc_inv inv[600];
	unsigned n_inv;
	struct smmu_prg_response resp[64];
	unsigned n_resp;
	void (*inside)(struct tb *t); /* run in invalidate(); NULL: nothing */
};

/* An enabled SMMU of the FULL preset, tweaked; ATSCHK is 1; no function attached. */
void t_setup(struct tb *t, void (*tweak)(struct smmu_config *cfg));
void t_teardown(struct tb *t);
void t_attach(struct tb *t, uint32_t sid);

/* Stream SID: that Config and EATS; no substreams; CD 0 maps VA to b.page. */
void t_stream(struct tb *t, unsigned config, unsigned eats);
/* The same with substreams: S1CDMax 3, and CD PASID maps as CD 0 does. */
void t_substreams(struct tb *t, unsigned config, unsigned eats, unsigned s1dss);
/* The STE as t_stream() or t_substreams() left it, one field changed. */
void t_ste_set(struct tb *t, unsigned field, uint64_t value);
void t_cd_set(struct tb *t, unsigned idx, unsigned field, uint64_t value);
/* Leaves of VA: attributes beyond the address; caches are emptied. */
void t_leaf1(struct tb *t, uint64_t attrs);
void t_leaf2(struct tb *t, uint64_t ipa, uint64_t attrs);
uint64_t t_desc1(struct tb *t);
uint64_t t_desc2(struct tb *t, uint64_t ipa);

void t_cr0(struct tb *t, unsigned field, bool on);
/* CR2, with SMMUEN off meanwhile. */
void t_cr2(struct tb *t, bool rec_cfg_ats, bool recinvsid);

struct smmu_ats_completion t_request(struct tb *t, const struct smmu_ats_request *req);
/* For SID and VA, without a PASID, for reading and writing. */
struct smmu_ats_completion t_plain(struct tb *t);
struct smmu_result t_translated(struct tb *t, struct smmu_txn txn);

/* Whole completions. */
void t_expect_denied(struct tb *t, struct smmu_ats_completion c);
void t_expect_ca(struct tb *t, struct smmu_ats_completion c, unsigned event,
		 bool recorded);
void t_expect_grant(struct smmu_ats_completion c, uint64_t addr, unsigned bits, bool r,
		    bool w);

/* The PRI queue: of 2^log2 entries, enabled; the entry at index i; PRIQ_CONS. */
void t_priq(struct tb *t, unsigned log2);
void t_pri_entry(struct tb *t, unsigned i, uint64_t dw[2]);

#endif /* TESTS_MODEL_ATS_BENCH_H */
