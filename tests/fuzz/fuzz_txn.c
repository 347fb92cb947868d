/* SPDX-License-Identifier: MIT */
/* Any transactions over structures that are mostly good, and data that they move. */
#include "smmu_bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bench b;

	fuzz_open(&b, data, size, true);
	while (b.in.left) {
		unsigned op = fuzz_u8(&b.in);

		if (op < 100)
			fuzz_transaction(&b);
		else if (op < 130)
			fuzz_ats(&b);
		else if (op < 140)
			fuzz_stalled(&b);
		else if (op < 210)
			fuzz_move(&b);
		else if (op < 235)
			fuzz_poke(&b);
		else
			fuzz_command(&b);
		fuzz_check(&b);
	}
	fuzz_close(&b);
	return 0;
}
