/* SPDX-License-Identifier: MIT */
/* The functions behind the SMMU, by StreamID. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/ats/ats.h"

/* Where sid is, or would be. */
static uint32_t place(const struct smmu_ats *ats, uint32_t sid)
{
	uint32_t lo = 0, hi = ats->nfn;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ats->fn[mid].sid < sid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct smmu_ats_function *smmu_ats_find(const struct smmu *smmu, uint32_t sid)
{
	const struct smmu_ats *ats = smmu->ats;
	uint32_t at = place(ats, sid);

	return at < ats->nfn && ats->fn[at].sid == sid ? &ats->fn[at] : NULL;
}

static int grow(struct smmu_ats *ats)
{
	uint32_t cap = ats->cap ? ats->cap * 2 : 16;
	struct smmu_ats_function *fn;

	if (ats->nfn < ats->cap)
		return 0;
	fn = realloc(ats->fn, cap * sizeof(*fn));
	if (!fn)
		return -ENOMEM;
	ats->fn = fn;
	ats->cap = cap;
	return 0;
}

static int attach(struct smmu *smmu, const struct smmu_ats_function *f)
{
	struct smmu_ats *ats = smmu->ats;
	uint32_t at = place(ats, f->sid);

	if (smmu_ats_find(smmu, f->sid))
		return -EEXIST;
	if (grow(ats) != 0)
		return -ENOMEM;
	memmove(&ats->fn[at + 1], &ats->fn[at], (ats->nfn - at) * sizeof(*f));
	ats->fn[at] = *f;
	ats->nfn++;
	return 0;
}

int smmu_ats_attach(struct smmu *smmu, uint32_t sid, const struct smmu_ats_ops *ops,
		    void *ctx)
{
	const struct smmu_ats_function f = { .sid = sid, .ops = ops, .ctx = ctx };
	int err;

	if (!smmu || !ops)
		return -EINVAL;
	if (!smmu->ats)
		return -EOPNOTSUPP;
	if (smmu->cfg.sid_bits < 32 && sid >> smmu->cfg.sid_bits != 0)
		return -ERANGE;
	if (!smmu_lock(smmu))
		return -EDEADLK;
	err = attach(smmu, &f);
	smmu_unlock_and_deliver(smmu);
	return err;
}

static int detach(struct smmu *smmu, uint32_t sid)
{
	struct smmu_ats *ats = smmu->ats;
	uint32_t at = place(ats, sid);

	if (at == ats->nfn || ats->fn[at].sid != sid)
		return -ENOENT;
	ats->nfn--;
	memmove(&ats->fn[at], &ats->fn[at + 1], (ats->nfn - at) * sizeof(*ats->fn));
	for (unsigned i = 0; i < SMMU_ATS_SLOTS; i++)
		if (ats->slot[i].state == SMMU_SLOT_SENT && ats->slot[i].inv.sid == sid)
			smmu_atc_finish(smmu, &ats->slot[i], false);
	return 0;
}

int smmu_ats_detach(struct smmu *smmu, uint32_t sid)
{
	int err;

	if (!smmu || !smmu->ats)
		return -ENOENT;
	if (!smmu_lock(smmu))
		return -EDEADLK;
	err = detach(smmu, sid);
	smmu_unlock_and_deliver(smmu);
	return err;
}
