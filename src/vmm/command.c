/* SPDX-License-Identifier: MIT */
/*
 * The guest's commands on their way to the host. Invalidations are gathered and go as one
 * array, at a CMD_SYNC and where order asks for it; commands for an STE move devices. A
 * stream that is not one of the assigned devices' has nothing cached in hardware.
 */
#include <endian.h>
#include <smmulator/arch.h>
#include <smmulator/frontend.h>
#include <smmulator/iommufd_smmuv3.h>
#include "vmm/vmm.h"

struct batch {
	struct vmm_guest *guest;
	size_t n;
	struct iommu_viommu_arm_smmuv3_invalidate entry[SMMU_FRONT_BATCH];
	size_t from[SMMU_FRONT_BATCH]; /* of the guest's commands, which one it is for */
	size_t failed;		       /* the command that the host refused */
};

/* False: the host has refused one, b->failed, and not looked at those behind it. */
static bool flush(struct batch *b)
{
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd),
		.hwpt_id = b->guest->viommu,
		.data_uptr = (uintptr_t)b->entry,
		.data_type = IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3,
		.entry_len = sizeof(b->entry[0]),
		.entry_num = (uint32_t)b->n,
	};
	size_t n = b->n;
	int err;

	b->n = 0;
	if (n == 0)
		return true;
	err = iommufd_hwpt_invalidate(b->guest->ctx, &cmd);
	b->guest->stats.batches++;
	b->guest->stats.forwarded += cmd.entry_num;
	if (err)
		b->failed = b->from[cmd.entry_num < n ? cmd.entry_num : n - 1];
	return !err;
}

static bool put(struct batch *b, size_t from, uint64_t dw0, uint64_t dw1)
{
	if (b->n == SMMU_FRONT_BATCH && !flush(b))
		return false;
	b->entry[b->n].cmd[0] = htole64(dw0);
	b->entry[b->n].cmd[1] = htole64(dw1);
	b->from[b->n++] = from;
	return true;
}

static uint32_t sid_of(const uint64_t *dw)
{
	return (uint32_t)smmu_get(dw, SMMU_CMD_StreamID);
}

/* The STE is as it was: what hardware has cached from it goes all the same (CMD-22). */
static bool forget_cds(struct batch *b, size_t from, uint32_t vsid)
{
	uint64_t dw[2] = { 0, 0 };

	smmu_set(dw, SMMU_CMD_OPCODE, SMMU_OP_CFGI_CD_ALL);
	smmu_set(dw, SMMU_CMD_StreamID, vsid);
	return put(b, from, dw[0], dw[1]);
}

/* Devices of StreamIDs [first, last], each by the STE that it has now. */
static bool follow_stes(struct batch *b, size_t from, uint32_t first, uint32_t last)
{
	struct vmm_guest *guest = b->guest;

	if (!flush(b))
		return false;
	b->failed = from;
	for (size_t i = 0; i < guest->num_devices; i++) {
		struct vmm_assignment *a = &guest->devices[i];
		bool moved;

		if (a->device.vsid < first || a->device.vsid > last)
			continue;
		if (vmm_follow(guest, a, &moved) != 0)
			return false;
		if (!moved && !forget_cds(b, from, a->device.vsid))
			return false;
	}
	return true;
}

/* CMD-23; StreamID is ignored where Range is 31. */
static bool follow_range(struct batch *b, size_t from, const uint64_t *dw)
{
	unsigned range = (unsigned)smmu_get(dw, SMMU_CMD_CFGI_STE_RANGE_Range);
	uint64_t span = UINT64_C(2) << range;
	uint32_t first = sid_of(dw) & (uint32_t) ~(span - 1);

	return follow_stes(b, from, first, (uint32_t)(first + (span - 1)));
}

/* After what was asked to be forgotten before: a retry must not meet it. */
static bool release(struct batch *b, const uint64_t *dw)
{
	if (!flush(b))
		return false;
	if (smmu_get(dw, SMMU_CMD_OPCODE) == SMMU_OP_STALL_TERM)
		vmm_stall_term(b->guest, sid_of(dw));
	else
		vmm_resume(b->guest, sid_of(dw),
			   (uint16_t)smmu_get(dw, SMMU_CMD_RESUME_STAG),
			   smmu_get(dw, SMMU_CMD_RESUME_Ac));
	return true;
}

static bool one(struct batch *b, size_t i, const uint64_t *dw)
{
	switch (smmu_get(dw, SMMU_CMD_OPCODE)) {
	case SMMU_OP_TLBI_NH_ALL:
	case SMMU_OP_TLBI_NH_ASID:
	case SMMU_OP_TLBI_NH_VA:
	case SMMU_OP_TLBI_NH_VAA:
	case SMMU_OP_TLBI_NSNH_ALL:
		return put(b, i, dw[0], dw[1]);
	case SMMU_OP_CFGI_CD:
	case SMMU_OP_CFGI_CD_ALL:
	case SMMU_OP_ATC_INV:
		return !vmm_find(b->guest, sid_of(dw)) || put(b, i, dw[0], dw[1]);
	case SMMU_OP_CFGI_STE:
		return follow_stes(b, i, sid_of(dw), sid_of(dw));
	case SMMU_OP_CFGI_STE_RANGE:
		return follow_range(b, i, dw);
	case SMMU_OP_RESUME:
	case SMMU_OP_STALL_TERM:
		return release(b, dw);
	case SMMU_OP_PREFETCH_CONFIG:
	case SMMU_OP_PREFETCH_ADDR:
		return true; /* hints: the hardware's caches are not the guest's to fill
			      */
	case SMMU_OP_SYNC:
		return flush(b);
	default:
		b->failed = i;
		return false;
	}
}

size_t vmm_commands(void *ctx, const uint64_t (*cmds)[2], size_t count, unsigned *cerror)
{
	struct vmm_guest *guest = ctx;
	struct batch b; /* 8 KiB: not cleared */
	size_t done = 0;

	b.guest = guest;
	b.n = 0;
	*cerror = SMMU_CERROR_ILL;
	pthread_mutex_lock(&guest->lock);
	while (done < count && one(&b, done, cmds[done]))
		done++;
	if (done < count)
		done = b.failed;
	/* What was gathered before a command that cannot be done goes all the same. */
	if (!flush(&b))
		done = b.failed;
	guest->stats.commands += done;
	guest->stats.refused += done < count;
	pthread_mutex_unlock(&guest->lock);
	return done;
}
