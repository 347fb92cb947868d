/* SPDX-License-Identifier: MIT */
/* Commands on their way to whoever does them elsewhere: <smmulator/frontend.h>. */
#include <smmulator/frontend.h>
#include "model/queue/command.h"
#include "model/queue/ring.h"

void smmu_set_front(struct smmu *smmu, smmu_front_fn fn, void *ctx)
{
	bool outside = smmu_lock(smmu);

	smmu->front = fn;
	smmu->front_ctx = ctx;
	if (outside)
		smmu_unlock_and_deliver(smmu);
}

/* False: it cannot be fetched, or is illegal; the queue will stop at it by itself. */
static bool take(struct smmu *smmu, const struct smmu_ring *ring, uint32_t at,
		 uint64_t dw[2])
{
	uint64_t pa = smmu_ring_addr(ring, at), raw[2];

	for (unsigned i = 0; i < 2; i++)
		if (smmu_bus_read64(smmu->bus, pa + 8 * i, &raw[i], &ring->attr) != 0)
			return false;
	return smmu_command_decode(smmu, raw, dw) != NULL;
}

static unsigned legal_cerror(unsigned cerror)
{
	return cerror == SMMU_CERROR_ABT || cerror == SMMU_CERROR_ATC_INV_SYNC
		       ? cerror
		       : SMMU_CERROR_ILL;
}

uint32_t smmu_front_forward(struct smmu *smmu, const struct smmu_cmdq *q,
			    const struct smmu_ring *ring, uint32_t count,
			    unsigned *cerror)
{
	uint64_t cmds[SMMU_FRONT_BATCH][2];
	uint32_t at = (uint32_t)q->cons, n = 0;
	size_t done;

	*cerror = SMMU_CERROR_NONE;
	while (n < count && n < SMMU_FRONT_BATCH && take(smmu, ring, at, cmds[n])) {
		at = smmu_ring_inc(ring, at);
		if (smmu_get(cmds[n++], SMMU_CMD_OPCODE) == SMMU_OP_SYNC)
			break;
	}
	if (n == 0)
		return 0;
	*cerror = SMMU_CERROR_ILL;
	done = smmu->front(smmu->front_ctx, (const uint64_t(*)[2])cmds, n, cerror);
	if (done >= n) {
		*cerror = SMMU_CERROR_NONE;
		return n;
	}
	*cerror = legal_cerror(*cerror);
	return (uint32_t)done;
}

unsigned smmu_front_one(struct smmu *smmu, const uint64_t raw[2])
{
	unsigned cerror = SMMU_CERROR_ILL;
	uint64_t cmd[1][2];

	if (!smmu_command_decode(smmu, raw, cmd[0]))
		return SMMU_CERROR_NONE;
	if (smmu->front(smmu->front_ctx, (const uint64_t(*)[2])cmd, 1, &cerror) >= 1)
		return SMMU_CERROR_NONE;
	return legal_cerror(cerror);
}
