/* SPDX-License-Identifier: MIT */
/*
 * Any register accesses, of all sizes and anywhere, from reset on, with tables and
 * queues in memory that they may find, and transactions and resets in between.
 */
#include "smmu_bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bench b;

	fuzz_open(&b, data, size, size && data[size - 1] & 1);
	while (b.in.left) {
		unsigned op = fuzz_u8(&b.in);

		if (op < 160)
			fuzz_mmio(&b);
		else if (op < 200)
			fuzz_transaction(&b);
		else if (op < 216)
			fuzz_command(&b);
		else if (op < 222)
			fuzz_ats(&b);
		else if (op < 225)
			fuzz_stalled(&b);
		else if (op < 250)
			fuzz_poke(&b);
		else
			smmu_reset(b.smmu);
		fuzz_check(&b);
	}
	fuzz_close(&b);
	return 0;
}
