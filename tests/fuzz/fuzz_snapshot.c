/* SPDX-License-Identifier: MIT */
/*
 * Snapshots that somebody damaged: whatever the bytes are, restoring either refuses them
 * and says why, or leaves an SMMU that works. A whole one is taken in again, and saves
 * as the same bytes.
 */
#include <stdlib.h>
#include <string.h>
#include <smmulator/snapshot.h>
#include "smmu_bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void some(struct fuzz_bench *b, unsigned n)
{
	while (n-- && b->in.left) {
		switch (fuzz_u8(&b->in) & 3) {
		case 0:
			fuzz_poke(b);
			break;
		case 1:
			fuzz_command(b);
			break;
		default:
			fuzz_transaction(b);
			break;
		}
	}
}

static void there_and_back(struct fuzz_bench *b, const void *data, size_t len)
{
	void *again;
	size_t n;

	if (smmu_snapshot_restore(b->smmu, data, len, NULL, 0) ||
	    smmu_snapshot_save(b->smmu, 0, &again, &n))
		abort();
	if (n != len || memcmp(data, again, n) != 0)
		abort();
	free(again);
}

static void damage(struct fuzz_bench *b, uint8_t *data, size_t *len)
{
	unsigned changes = fuzz_u8(&b->in) & 7;

	while (changes--) {
		size_t at = fuzz_bits(&b->in, 3) % *len;

		data[at] = fuzz_u8(&b->in);
	}
	if (fuzz_u8(&b->in) & 1)
		*len = fuzz_bits(&b->in, 3) % (*len + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bench b;
	void *saved;
	size_t len;
	char why[160] = "";

	fuzz_open(&b, data, size, true);
	some(&b, 12);
	if (smmu_snapshot_save(b.smmu, 0, &saved, &len))
		abort();
	there_and_back(&b, saved, len);
	damage(&b, saved, &len);
	if (smmu_snapshot_restore(b.smmu, saved, len, why, sizeof(why)) && !why[0])
		abort();
	some(&b, 24);
	free(saved);
	fuzz_close(&b);
	return 0;
}
