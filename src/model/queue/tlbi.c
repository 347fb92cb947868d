/* SPDX-License-Identifier: MIT */
/*
 * CMD_TLBI_*: from the command to what the TLB is asked to drop (IHI 0070 4.4;
 * CMD-33 to CMD-53). Fields have the same place in every command that has them, and
 * SMMU_CMD_TLBI_NH_VA has them all.
 */
#include "model/queue/command.h"

_Static_assert((int)SMMU_CMD_TLBI_NH_VAA_TG == (int)SMMU_CMD_TLBI_NH_VA_TG &&
		       (int)SMMU_CMD_TLBI_EL2_VA_ASID == (int)SMMU_CMD_TLBI_NH_VA_ASID &&
		       (int)SMMU_CMD_TLBI_EL2_VAA_TTL == (int)SMMU_CMD_TLBI_NH_VA_TTL &&
		       (int)SMMU_CMD_TLBI_S2_IPA_NUM == (int)SMMU_CMD_TLBI_NH_VA_NUM &&
		       (int)SMMU_CMD_TLBI_S2_IPA_SCALE ==
			       (int)SMMU_CMD_TLBI_NH_VA_SCALE &&
		       (int)SMMU_CMD_TLBI_S2_IPA_VMID == (int)SMMU_CMD_TLBI_NH_VA_VMID &&
		       (int)SMMU_CMD_TLBI_S12_VMALL_VMID == (int)SMMU_CMD_TLBI_NH_VA_VMID,
	       "one layout for all TLB invalidations");

enum { BY_VMID = 1, BY_ASID = 2, BY_VA = 4, BY_IPA = 8, BY_ADDR = BY_VA | BY_IPA };

/* What is RES0 without RIL or DS is 0 by now (command_bits.c). */
static unsigned range_field(const uint64_t *dw, unsigned f)
{
	return (unsigned)smmu_get(dw, f);
}

static unsigned scale_of(const uint64_t *dw)
{
	unsigned scale = range_field(dw, SMMU_CMD_TLBI_NH_VA_SCALE);

	return scale < 39 ? scale : 39; /* CMD-42 */
}

/* CMD-45: no 16 KB block at level 1 without IDR5.DS, so no such hint either. */
static unsigned ttl_of(const struct smmu *smmu, const uint64_t *dw, unsigned tg)
{
	unsigned ttl = range_field(dw, SMMU_CMD_TLBI_NH_VA_TTL);

	return tg == 2 && ttl == 1 && !smmu->cfg.ds ? 0 : ttl;
}

bool smmu_tlbi_illegal(const struct smmu *smmu, const uint64_t *dw)
{
	unsigned tg = range_field(dw, SMMU_CMD_TLBI_NH_VA_TG);
	unsigned num = range_field(dw, SMMU_CMD_TLBI_NH_VA_NUM);
	unsigned scale = scale_of(dw);

	if (tg != 0)
		return num == 0 && scale == 0 && ttl_of(smmu, dw, tg) == 0; /* CMD-43 */
	/* CMD-42: RES0 with TG == 0. */
	return !smmu->cfg.cmd_res0_ignored &&
	       (num || scale || range_field(dw, SMMU_CMD_TLBI_NH_VA_TTL));
}

/* CMD-47: lowest address bit that may be set. */
static unsigned aligned_to(unsigned tg, unsigned ttl)
{
	static const uint8_t bits[4][4] = {
		{ 12, 12, 12, 12 },
		{ 12, 30, 21, 12 },
		{ 14, 36, 25, 14 },
		{ 16, 42, 29, 16 },
	};

	return bits[tg][ttl];
}

static void set_range(const struct smmu *smmu, const uint64_t *dw, unsigned tg,
		      struct smmu_tlbi *inv)
{
	static const uint8_t granule[4] = { 0, 12, 14, 16 };
	unsigned num = range_field(dw, SMMU_CMD_TLBI_NH_VA_NUM);

	inv->range = true;
	inv->granule = granule[tg];
	inv->ttl = (uint8_t)ttl_of(smmu, dw, tg);
	/* At most 32 * 2^39 * 2^16: fits. CMD-44: the range ends at the top. */
	inv->len = (uint64_t)(num + 1) << (scale_of(dw) + inv->granule);
	if (inv->addr && inv->len > UINT64_MAX - inv->addr)
		inv->len = UINT64_MAX - inv->addr + 1;
}

/* CMD-37. Reserved values of VMW compare all bits. */
static uint16_t vmid_mask(const struct smmu *smmu)
{
	unsigned vmw = (unsigned)smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_VMW);

	return (uint16_t)(vmw <= 4 ? (0xffffu << vmw) & 0xffffu : 0xffffu);
}

/*
 * CHOICE (CMD-35, CMD-36): a VMID or ASID wider than the SMMU has, or a VMID
 * without stage 2, makes the command do nothing. That is allowed, and a driver that
 * relies on anything else will notice.
 */
static inline bool tag_out_of_range(const struct smmu *smmu, const struct smmu_tlbi *inv,
				    unsigned by)
{
	unsigned vmid_max = !smmu->cfg.s2p ? 0 : smmu->cfg.vmid16 ? 0xffff : 0xff;
	unsigned asid_max = smmu->cfg.asid16 ? 0xffff : 0xff;
	bool asid_used = by & BY_ASID;

	/* CMD-41: EL2 without E2H has no ASID; the field is not looked at. */
	if (inv->scope == SMMU_TLBI_EL2_VA && !inv->e2h)
		asid_used = false;
	return ((by & BY_VMID) && inv->vmid > vmid_max) ||
	       (asid_used && inv->asid > asid_max);
}

static inline bool set_address(const struct smmu *smmu, const uint64_t *dw, unsigned by,
			       struct smmu_tlbi *inv)
{
	unsigned tg = range_field(dw, SMMU_CMD_TLBI_NH_VA_TG), low;

	inv->leaf = smmu_get(dw, SMMU_CMD_TLBI_NH_VA_Leaf);
	inv->addr = smmu_get_addr(dw, by & BY_IPA ? SMMU_CMD_TLBI_S2_IPA_Address
						  : SMMU_CMD_TLBI_NH_VA_Address);
	if (tg == 0)
		return true;
	set_range(smmu, dw, tg, inv);
	/* CHOICE (CMD-47): a misaligned start invalidates nothing. */
	low = aligned_to(tg, inv->ttl);
	return (inv->addr & ((UINT64_C(1) << low) - 1)) == 0;
}

/* Of a scope and what names it, which are constants to each command. */
static inline __attribute__((always_inline)) void
tlbi(struct smmu *smmu, const uint64_t *dw, unsigned scope, unsigned by)
{
	struct smmu_tlbi inv = { .scope = (uint8_t)scope,
				 .vmid_mask = vmid_mask(smmu),
				 .e2h = smmu_reg_get(smmu->regs.cr2, SMMU_CR2_E2H) };

	if (by & BY_VMID)
		inv.vmid = (uint16_t)smmu_get(dw, SMMU_CMD_TLBI_NH_VA_VMID);
	if (by & BY_ASID)
		inv.asid = (uint16_t)smmu_get(dw, SMMU_CMD_TLBI_NH_VA_ASID);
	if (tag_out_of_range(smmu, &inv, by))
		return;
	if ((by & BY_ADDR) && !set_address(smmu, dw, by, &inv))
		return;
	smmu_tlb_invalidate(smmu, &inv);
}

#define TLBI(op, by)                                                                     \
	void smmu_cmd_tlbi_##op(struct smmu *smmu, const uint64_t *dw)                   \
	{                                                                                \
		tlbi(smmu, dw, SMMU_TLBI_##op, by);                                      \
	}
TLBI(NH_ALL, BY_VMID)
TLBI(NH_ASID, BY_VMID | BY_ASID)
TLBI(NH_VA, BY_VMID | BY_ASID | BY_VA)
TLBI(NH_VAA, BY_VMID | BY_VA)
TLBI(EL2_ALL, 0)
TLBI(EL2_ASID, BY_ASID)
TLBI(EL2_VA, BY_ASID | BY_VA)
TLBI(EL2_VAA, BY_VA)
TLBI(S12_VMALL, BY_VMID)
TLBI(S2_IPA, BY_VMID | BY_IPA)
TLBI(NSNH_ALL, 0)
