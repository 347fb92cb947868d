/* SPDX-License-Identifier: MIT */
/* What drivers do with a function's configuration space. */
#include <errno.h>
#include "endpoint/pcie.h"

uint16_t smmu_pcie_find_cap(struct smmu_pcie *fn, unsigned id)
{
	switch (id) {
	case SMMU_PCI_CAP_EXP:
		return CFG_EXP;
	case SMMU_PCI_CAP_MSI:
		return fn->cfg.msi_vectors ? CFG_MSI : 0;
	case SMMU_PCI_CAP_MSIX:
		return fn->cfg.msix_vectors ? CFG_MSIX : 0;
	case SMMU_PCI_EXT_SRIOV:
		return fn->sriov_cap;
	case SMMU_PCI_EXT_ATS:
		return fn->ats_cap;
	case SMMU_PCI_EXT_PRI:
		return fn->pri_cap;
	case SMMU_PCI_EXT_PASID:
		return fn->pasid_cap;
	default:
		return 0;
	}
}

void smmu_pcie_set_master(struct smmu_pcie *fn, bool on)
{
	uint32_t command =
		smmu_pcie_cfg_read(fn, CFG_COMMAND, 2) & ~(uint32_t)COMMAND_MASTER;

	smmu_pcie_cfg_write(fn, CFG_COMMAND, 2, command | (on ? COMMAND_MASTER : 0));
}

static bool ats_is_on(struct smmu_pcie *fn)
{
	return smmu_pcie_cfg_read(fn, (uint16_t)(fn->ats_cap + ATS_CTRL), 2) & ATS_ENABLE;
}

static int set_pasid(struct smmu_pcie *fn, uint32_t ctrl)
{
	if (!fn->pasid_cap)
		return -EOPNOTSUPP;
	if (fn->ats_cap && ats_is_on(fn))
		return -EBUSY;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pasid_cap + PASID_CTRL), 2, ctrl);
	return 0;
}

int smmu_pcie_enable_pasid(struct smmu_pcie *fn, bool exec, bool priv)
{
	if ((exec && !fn->cfg.pasid_exec) || (priv && !fn->cfg.pasid_priv))
		return -EOPNOTSUPP;
	return set_pasid(fn, PASID_ENABLE | (exec ? PASID_EXEC : 0u) |
				     (priv ? PASID_PRIV : 0u));
}

int smmu_pcie_disable_pasid(struct smmu_pcie *fn)
{
	return set_pasid(fn, 0);
}

int smmu_pcie_enable_ats(struct smmu_pcie *fn, unsigned stu)
{
	if (!fn->ats_cap)
		return -EOPNOTSUPP;
	if (stu < 12 || stu > 43)
		return -EINVAL;
	if (ats_is_on(fn))
		return -EBUSY;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->ats_cap + ATS_CTRL), 2,
			    ATS_ENABLE | (stu - 12));
	return 0;
}

int smmu_pcie_disable_ats(struct smmu_pcie *fn)
{
	if (!fn->ats_cap)
		return -EOPNOTSUPP;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->ats_cap + ATS_CTRL), 2, 0);
	return 0;
}

int smmu_pcie_enable_pri(struct smmu_pcie *fn, uint32_t allocation)
{
	if (!fn->pri_cap)
		return -EOPNOTSUPP;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pri_cap + PRI_CTRL), 2, 0);
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pri_cap + PRI_CTRL), 2, PRI_RESET);
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pri_cap + PRI_ALLOC), 4, allocation);
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pri_cap + PRI_CTRL), 2, PRI_ENABLE);
	return 0;
}

int smmu_pcie_disable_pri(struct smmu_pcie *fn)
{
	if (!fn->pri_cap)
		return -EOPNOTSUPP;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->pri_cap + PRI_CTRL), 2, 0);
	return 0;
}

int smmu_pcie_enable_vfs(struct smmu_pcie *fn, uint16_t n)
{
	const uint16_t cap = fn->sriov_cap;

	if (!cap)
		return -EOPNOTSUPP;
	if (n > fn->cfg.total_vfs)
		return -EINVAL;
	if (smmu_pcie_cfg_read(fn, (uint16_t)(cap + SRIOV_CTRL), 2) & SRIOV_VF_ENABLE)
		return -EBUSY;
	smmu_pcie_cfg_write(fn, (uint16_t)(cap + SRIOV_NUM_VFS), 2, n);
	smmu_pcie_cfg_write(fn, (uint16_t)(cap + SRIOV_CTRL), 2,
			    SRIOV_VF_ENABLE | SRIOV_VF_MEMORY);
	return 0;
}

int smmu_pcie_disable_vfs(struct smmu_pcie *fn)
{
	if (!fn->sriov_cap)
		return -EOPNOTSUPP;
	smmu_pcie_cfg_write(fn, (uint16_t)(fn->sriov_cap + SRIOV_CTRL), 2, 0);
	return 0;
}
