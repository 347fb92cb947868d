/* SPDX-License-Identifier: MIT */
/* One IOMMU node, and what the SMMUv3 binding asks of it (FW-1 to FW-5). */
#include <string.h>
#include "firmware/dt.h"

#define WINDOW	     0x20000u /* page 0 and page 1 */
#define SMALL_WINDOW 0x10000u /* with page 1's registers in page 0 */

static void judge_reg(const struct dt *dt, const struct dt_node *node,
		      const struct smmu_fw_iommu *iommu)
{
	const uint64_t least = iommu->broken_page1_regspace ? SMALL_WINDOW : WINDOW;

	if (!dt_has(dt, node, DT_REG)) {
		dt_problem(dt, node, DT_REG, SMMU_FW_ERROR,
			   "is missing; legal is the base and a size of 0x%llx",
			   (unsigned long long)least);
		return;
	}
	if (!iommu->nregs)
		dt_problem(
			dt, node, DT_REG, SMMU_FW_ERROR,
			"gives no register window; legal is a base that every bus above "
			"translates and a size of 0x%llx",
			(unsigned long long)least);
	else if (iommu->reg[0].size < least)
		dt_problem(dt, node, DT_REG, SMMU_FW_ERROR,
			   "a window of 0x%llx bytes; legal is 0x%llx or more",
			   (unsigned long long)iommu->reg[0].size,
			   (unsigned long long)least);
}

static void judge_cells(const struct dt *dt, const struct dt_node *node,
			const struct smmu_fw_iommu *iommu)
{
	if (!iommu->has_iommu_cells)
		dt_problem(dt, node, DT_IOMMU_CELLS, SMMU_FW_ERROR,
			   "is missing; legal is 1, the StreamID");
	else if (iommu->iommu_cells != 1)
		dt_problem(dt, node, DT_IOMMU_CELLS, SMMU_FW_ERROR,
			   "is %u; legal is 1, the StreamID", iommu->iommu_cells);
}

/* FW-2: "combined" alone, or some of the four. */
static void judge_irqs(const struct dt *dt, const struct dt_node *node,
		       const struct smmu_fw_iommu *iommu)
{
	static const char *const legal[] = { "eventq", "gerror", "priq", "cmdq-sync",
					     "combined" };
	bool combined = false;

	for (size_t i = 0; i < iommu->nirqs; i++) {
		const char *name = iommu->irq[i].name;
		size_t k = 0;

		while (k < 5 && strcmp(name, legal[k]) != 0)
			k++;
		combined = combined || k == 4;
		if (k == 5)
			dt_problem(dt, node, DT_INTERRUPT_NAMES, SMMU_FW_WARNING,
				   "interrupt %zu is \"%s\"; legal is combined, eventq, "
				   "gerror, "
				   "priq or cmdq-sync",
				   i, name);
	}
	if (combined && iommu->nirqs > 1)
		dt_problem(dt, node, DT_INTERRUPT_NAMES, SMMU_FW_WARNING,
			   "has combined among %zu; legal is combined alone",
			   iommu->nirqs);
	if (!iommu->nirqs && !iommu->msi_parent.count)
		dt_problem(
			dt, node, DT_INTERRUPTS, SMMU_FW_NOTE,
			"neither interrupts nor msi-parent: nobody will hear this SMMU");
}

static void judge_smmuv3(const struct dt *dt, const struct dt_node *node,
			 const struct smmu_fw_iommu *iommu)
{
	judge_reg(dt, node, iommu);
	judge_cells(dt, node, iommu);
	judge_irqs(dt, node, iommu);
	if (!iommu->state.populated)
		dt_problem(dt, node, DT_STATUS, SMMU_FW_NOTE,
			   "this SMMUv3 is disabled%s; legal for an SMMU in use is okay",
			   iommu->state.enabled ? " with a node above it" : "");
}

void dt_iommu(struct dt *dt, const struct dt_node *node, struct smmu_fw_iommu *iommu)
{
	memset(iommu, 0, sizeof(*iommu));
	dt_names(dt, node, &iommu->path, &iommu->name);
	iommu->compatible = dt_string(dt, node, DT_COMPATIBLE);
	iommu->phandle = node->phandle;
	iommu->state = node->state;
	iommu->is_smmuv3 = dt_lists(dt, node, DT_COMPATIBLE, "arm,smmu-v3");
	iommu->has_iommu_cells = dt_u32(dt, node, DT_IOMMU_CELLS, &iommu->iommu_cells);
	iommu->reg =
		dt_reg(dt, node, DT_REG, iommu->is_smmuv3 ? SMMU_FW_ERROR : SMMU_FW_NOTE,
		       &iommu->nregs);
	iommu->irq = dt_irqs(dt, node, &iommu->nirqs);
	iommu->dma_coherent = node->coherent;
	dt_refs(dt, node, DT_MSI_PARENT, DT_MSI_CELLS, &iommu->msi_parent);
	iommu->broken_prefetch_cmd = dt_has(dt, node, DT_BROKEN_PREFETCH);
	iommu->broken_page1_regspace = dt_has(dt, node, DT_BROKEN_PAGE1);
	dt_u32(dt, node, DT_CMDQV, &iommu->cmdqv);
	if (iommu->is_smmuv3)
		judge_smmuv3(dt, node, iommu);
}
