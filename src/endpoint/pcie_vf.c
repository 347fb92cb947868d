/* SPDX-License-Identifier: MIT */
/*
 * Virtual functions (PCIe 9). All that there can be are made with their PF, so that
 * switching them on cannot fail; one that is not enabled answers nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "endpoint/pcie.h"

static int create_one(struct smmu_pcie *pf, unsigned i)
{
	struct smmu_pcie_config cfg = pf->cfg;
	char name[96];

	(void)snprintf(name, sizeof(name), "%.80s-vf%u", pf->name, i);
	cfg.name = name;
	if (pf->cfg.vf_sids)
		cfg.sid = pf->cfg.vf_sids[i];
	else
		cfg.sid = pf->cfg.sid + pf->cfg.vf_offset + i * pf->cfg.vf_stride;
	if (!pf->cfg.vf_sids && cfg.sid < pf->cfg.sid)
		return -ERANGE;
	cfg.total_vfs = 0;
	cfg.vf_sids = NULL;
	cfg.flr = true; /* 9.3.5.5 */
	return pcie_new(&pf->vf[i], &cfg, pf);
}

int pcie_create_vfs(struct smmu_pcie *fn)
{
	int err = 0;

	if (!fn->cfg.total_vfs)
		return 0;
	fn->vf = calloc(fn->cfg.total_vfs, sizeof(*fn->vf));
	if (!fn->vf)
		return -ENOMEM;
	for (unsigned i = 0; !err && i < fn->cfg.total_vfs; i++)
		err = create_one(fn, i);
	return err;
}

void pcie_destroy_vfs(struct smmu_pcie *fn)
{
	for (unsigned i = 0; fn->vf && i < fn->cfg.total_vfs; i++)
		if (fn->vf[i])
			pcie_free(fn->vf[i]);
	free(fn->vf);
}

/* More than there can be is undefined (9.3.3.7): CHOICE: all that there can be. */
void pcie_count_vfs(struct smmu_pcie *fn)
{
	unsigned n = 0;

	if (!fn->sriov_cap)
		return;
	if (pcie_get(fn, fn->sriov_cap + (unsigned)SRIOV_CTRL, 2) & SRIOV_VF_ENABLE)
		n = pcie_get(fn, fn->sriov_cap + (unsigned)SRIOV_NUM_VFS, 2);
	for (unsigned i = 0; i < fn->cfg.total_vfs; i++) {
		struct smmu_pcie *vf = fn->vf[i];

		if (vf->present == (i < n))
			continue;
		pcie_reset(vf); /* new ones begin, old ones end, with nothing */
		vf->present = i < n;
	}
}

struct smmu_pcie *smmu_pcie_vf(struct smmu_pcie *fn, unsigned index)
{
	return index < fn->cfg.total_vfs ? fn->vf[index] : NULL;
}

struct smmu_pcie *smmu_pcie_pf(struct smmu_pcie *fn)
{
	return fn->pf == fn ? NULL : fn->pf;
}

bool smmu_pcie_present(struct smmu_pcie *fn)
{
	bool present;

	pthread_mutex_lock(fn->lock);
	present = fn->present;
	pthread_mutex_unlock(fn->lock);
	return present;
}

uint32_t smmu_pcie_sid(const struct smmu_pcie *fn)
{
	return fn->cfg.sid;
}
