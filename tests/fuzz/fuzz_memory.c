/* SPDX-License-Identifier: MIT */
/*
 * Any bytes in STEs, CDs, translation tables and queues of an SMMU that is enabled, and
 * transactions and commands that come across them.
 */
#include "smmu_bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bench b;

	fuzz_open(&b, data, size, true);
	while (b.in.left) {
		unsigned op = fuzz_u8(&b.in);

		if (op < 120)
			fuzz_poke(&b);
		else if (op < 180)
			fuzz_transaction(&b);
		else if (op < 197)
			fuzz_ats(&b);
		else if (op < 200)
			fuzz_stalled(&b);
		else if (op < 248)
			fuzz_command(&b);
		else
			fuzz_move(&b);
		fuzz_check(&b);
	}
	fuzz_close(&b);
	return 0;
}
