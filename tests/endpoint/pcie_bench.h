/* SPDX-License-Identifier: MIT */
/* What the tests of PCIe functions share: one with everything behind a real SMMU. */
#ifndef TESTS_ENDPOINT_PCIE_BENCH_H
#define TESTS_ENDPOINT_PCIE_BENCH_H

#include <errno.h>
#include <string.h>
#include <smmulator/pcie.h>
#include "model/ats_bench.h"

#define DEVICE 0x09000000ull /* memory whose writes come back to the test */

struct fn_bench {
	struct tb t;
	struct smmu_pcie *fn;
	char buf[3 * 4096];
	unsigned answers, last_code;
	void (*on_write)(struct fn_bench *f); /* by the DMA that is under way */
	bool was_waiting;
	uint64_t device_pa; /* where the last write to the device went, and what it was */
	uint32_t device_word;
};

/* Stream with substreams, EATS full; everything of the function is enabled. */
void f_setup(struct fn_bench *f);
/* The same; the function's configuration is changed first. */
void f_setup_with(struct fn_bench *f, void (*tweak)(struct smmu_pcie_config *cfg));
void f_teardown(struct fn_bench *f);
/* 64 bytes at VA. */
struct smmu_pcie_dma f_dma_of(struct fn_bench *f, bool ssv, uint8_t op);
int f_dma(struct fn_bench *f, bool ssv, uint8_t op);
struct smmu_pcie_stats f_stats(struct fn_bench *f);
/* Commands; fields NULL: all zero. */
void f_push(struct fn_bench *f, unsigned op, const uint64_t *fields);
void f_atc_inv(struct fn_bench *f, bool ssv, bool global, uint32_t pasid, unsigned size);
void f_atc_inv_at(struct fn_bench *f, uint32_t sid, bool ssv, uint64_t va, unsigned size);
void f_pri_resp(struct fn_bench *f, uint32_t sid, uint16_t index, bool ssv,
		unsigned resp);
/* Commands not consumed yet. */
unsigned f_waiting(struct fn_bench *f);
/* Leaf of VA out, and out of the SMMU's own TLB: half of what software has to do. */
void f_unmap_without_atc_inv(struct fn_bench *f);
void f_map_again(struct fn_bench *f);
/* VA to the device memory above. */
void f_map_device(struct fn_bench *f);
/* An STE like that of SID. */
void f_stream_like(struct fn_bench *f, uint32_t sid);
/* After CERROR_ATC_INV_SYNC, which must be there: acknowledged, and the queue goes on. */
void f_clear_atc_error(struct fn_bench *f);

#endif
