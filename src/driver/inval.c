/* SPDX-License-Identifier: MIT */
/* Invalidation of what a domain's translations left in TLBs (DRV-65 to DRV-68). */
#include "driver/cmdq.h"

static unsigned log2_of(uint64_t size)
{
	return (unsigned)__builtin_ctzll(size);
}

static unsigned granule_log2(const struct arm_smmu_domain *domain)
{
	return log2_of(domain->core.pgsize_bitmap);
}

int arm_smmu_inv_domain(const struct arm_smmu_domain *domain)
{
	struct arm_smmu_cmd cmd;

	if (domain->stage == STAGE_1) {
		cmd = arm_smmu_cmd(SMMU_OP_TLBI_NH_ASID);
		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_ASID_ASID, domain->id);
	} else {
		cmd = arm_smmu_cmd(SMMU_OP_TLBI_S12_VMALL);
		smmu_set(cmd.dw, SMMU_CMD_TLBI_S12_VMALL_VMID, domain->id);
	}
	return arm_smmu_submit(domain->smmu, &cmd, 1, true);
}

/* NH_VA and S2_IPA have their address, range and leaf fields at the same places. */
_Static_assert(SMMU_CMD_TLBI_NH_VA_NUM == SMMU_CMD_TLBI_S2_IPA_NUM &&
		       SMMU_CMD_TLBI_NH_VA_SCALE == SMMU_CMD_TLBI_S2_IPA_SCALE &&
		       SMMU_CMD_TLBI_NH_VA_TTL == SMMU_CMD_TLBI_S2_IPA_TTL &&
		       SMMU_CMD_TLBI_NH_VA_TG == SMMU_CMD_TLBI_S2_IPA_TG &&
		       SMMU_CMD_TLBI_NH_VA_Leaf == SMMU_CMD_TLBI_S2_IPA_Leaf,
	       "one routine fills in both");

static struct arm_smmu_cmd by_address(const struct arm_smmu_domain *domain, bool leaf)
{
	struct arm_smmu_cmd cmd;

	if (domain->stage == STAGE_1) {
		cmd = arm_smmu_cmd(SMMU_OP_TLBI_NH_VA);
		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_ASID, domain->id);
	} else {
		cmd = arm_smmu_cmd(SMMU_OP_TLBI_S2_IPA);
		smmu_set(cmd.dw, SMMU_CMD_TLBI_S2_IPA_VMID, domain->id);
	}
	smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_Leaf, leaf);
	return cmd;
}

static void set_address(const struct arm_smmu_domain *domain, struct arm_smmu_cmd *cmd,
			uint64_t iova)
{
	if (domain->stage == STAGE_1)
		smmu_set_addr(cmd->dw, SMMU_CMD_TLBI_NH_VA_Address, iova);
	else
		smmu_set_addr(cmd->dw, SMMU_CMD_TLBI_S2_IPA_Address, iova);
}

/*
 * Range commands (CMD-42 to CMD-47): each covers num << scale granules, lowest
 * bits first, so that the address is always aligned to what is said of it.
 */
static int inv_by_range(const struct arm_smmu_domain *domain, uint64_t iova,
			uint64_t size, uint64_t granule, bool leaf)
{
	unsigned tg = granule_log2(domain);
	struct arm_smmu_cmd cmd = by_address(domain, leaf);
	uint64_t pages = size >> tg;
	struct arm_smmu_batch b;

	arm_smmu_batch_init(&b, domain->smmu);
	smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_TG, (tg - 10) / 2);
	if (leaf)
		/* The level of the leaf: 3 for the granule, less for blocks. */
		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_TTL,
			 4 - (log2_of(granule) - 3) / (tg - 3));
	else if ((pages & 31) == 1)
		pages++; /* one page without a level hint is CERROR_ILL (CMD-43) */
	while (pages) {
		unsigned scale = log2_of(pages) < 31 ? log2_of(pages) : 31;
		uint64_t num = pages >> scale & 31;

		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_SCALE, scale);
		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_NUM, num - 1);
		set_address(domain, &cmd, iova);
		arm_smmu_batch_add(&b, &cmd);
		iova += num << (scale + tg);
		pages -= num << scale;
	}
	return arm_smmu_batch_sync(&b);
}

/* DRV-67: page by page, up to what a table holds. */
static int inv_by_page(const struct arm_smmu_domain *domain, uint64_t iova, uint64_t size,
		       uint64_t granule, bool leaf)
{
	struct arm_smmu_cmd cmd = by_address(domain, leaf);
	struct arm_smmu_batch b;

	arm_smmu_batch_init(&b, domain->smmu);
	for (uint64_t done = 0; done < size; done += granule) {
		set_address(domain, &cmd, iova + done);
		arm_smmu_batch_add(&b, &cmd);
	}
	return arm_smmu_batch_sync(&b);
}

int arm_smmu_inv_range(struct arm_smmu_domain *domain, uint64_t iova, uint64_t size,
		       uint64_t granule, bool leaf)
{
	uint64_t most = granule << (log2_of(granule) - 3);

	/*
	 * DRV-79. A read-modify-write, so that it has a place in the order of those of
	 * attach: whoever joins after it has seen what was unmapped before it.
	 */
	if (!__atomic_fetch_add(&domain->users, 0, __ATOMIC_SEQ_CST))
		return 0;
	if (domain->smmu->features & FEAT_RANGE_INV) {
		/* SCALE has five bits without IDR5.DS (CMD-42). */
		if (size >> granule_log2(domain) >= UINT64_C(1) << 36)
			return arm_smmu_inv_domain(domain);
		return inv_by_range(domain, iova, size, granule, leaf);
	}
	if (size >= most)
		return arm_smmu_inv_domain(domain);
	return inv_by_page(domain, iova, size, granule, leaf);
}
