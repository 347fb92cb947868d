/* SPDX-License-Identifier: MIT */
/* Broadcast TLB maintenance (IHI 0070 3.17; CACHE-44 to CACHE-50, REG-42). */
#include <errno.h>
#include <smmulator/dvm.h>
#include "model/model.h"

enum { STAGE1 = 1, STAGE2 = 2, EL2 = 4, BY_VMID = 8, BY_ASID = 16, BY_ADDR = 32 };

/* What each needs of the SMMU and names; ALLE1 and VMALLS12E1 act on what is there. */
static const struct {
	uint8_t scope, uses;
} ops[SMMU_DVM_OPS] = {
	[SMMU_DVM_VAE1] = { SMMU_TLBI_NH_VA, STAGE1 | BY_VMID | BY_ASID | BY_ADDR },
	[SMMU_DVM_VAAE1] = { SMMU_TLBI_NH_VAA, STAGE1 | BY_VMID | BY_ADDR },
	[SMMU_DVM_ASIDE1] = { SMMU_TLBI_NH_ASID, STAGE1 | BY_VMID | BY_ASID },
	[SMMU_DVM_VMALLE1] = { SMMU_TLBI_NH_ALL, STAGE1 | BY_VMID },
	[SMMU_DVM_VMALLS12E1] = { SMMU_TLBI_S12_VMALL, BY_VMID },
	[SMMU_DVM_IPAS2E1] = { SMMU_TLBI_S2_IPA, STAGE2 | BY_VMID | BY_ADDR },
	[SMMU_DVM_ALLE1] = { SMMU_TLBI_NSNH_ALL, 0 },
	[SMMU_DVM_VAE2] = { SMMU_TLBI_EL2_VA, EL2 | BY_ASID | BY_ADDR },
	[SMMU_DVM_VAAE2] = { SMMU_TLBI_EL2_VAA, EL2 | BY_ADDR },
	[SMMU_DVM_ASIDE2] = { SMMU_TLBI_EL2_ASID, EL2 | BY_ASID },
	[SMMU_DVM_ALLE2] = { SMMU_TLBI_EL2_ALL, EL2 },
};

static bool valid(const struct smmu_dvm_tlbi *t)
{
	if (t->op >= SMMU_DVM_OPS || t->ttl > 3)
		return false;
	if (t->granule == 0)
		return t->ttl == 0 && t->len == 0;
	return (t->granule == 12 || t->granule == 14 || t->granule == 16) &&
	       smmu_low(t->len, t->granule) == 0;
}

/* CACHE-44: for us, of our regimes, in our generation. */
static bool takes_part(const struct smmu *smmu, const struct smmu_dvm_tlbi *t)
{
	const struct smmu_config *c = &smmu->cfg;
	unsigned uses = ops[t->op].uses;

	if (!c->btm || smmu_reg_get(smmu->regs.cr2, SMMU_CR2_PTM) || t->secure)
		return false;
	if (((uses & STAGE1) && !c->s1p) || ((uses & STAGE2) && !c->s2p) ||
	    ((uses & EL2) && !(c->s1p && c->hyp)))
		return false;
	/* ASIDs of EL2, and by-VAA, are of E2H alone. */
	if ((t->op == SMMU_DVM_VAAE2 || t->op == SMMU_DVM_ASIDE2) && !t->e2h)
		return false;
	return !(uses & BY_ADDR) || t->len == 0 || c->ril; /* CMD-48 */
}

/* CACHE-48. CHOICE: a shorter tag never matches a number with high bits. */
static bool too_wide(const struct smmu *smmu, const struct smmu_tlbi *inv, unsigned uses)
{
	return (!smmu->cfg.vmid16 && inv->vmid > 0xff) ||
	       ((uses & BY_ASID) && !smmu->cfg.asid16 && inv->asid > 0xff);
}

/* CACHE-38: VMW counts here as well. Reserved values compare all bits. */
static uint16_t vmid_mask(const struct smmu *smmu)
{
	unsigned vmw = (unsigned)smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_VMW);

	return (uint16_t)(vmw <= 4 ? (0xffffu << vmw) & 0xffffu : 0xffffu);
}

static void broadcast(struct smmu *smmu, const struct smmu_dvm_tlbi *t)
{
	unsigned uses = ops[t->op].uses;
	struct smmu_tlbi inv = {
		.scope = ops[t->op].scope,
		.broadcast = true,
		.e2h = t->e2h,
		.vmid_mask = vmid_mask(smmu),
	};

	/* CACHE-45: no stage 2 here, no EL2 there. */
	if ((uses & BY_VMID) && smmu->cfg.s2p && !t->no_el2)
		inv.vmid = t->vmid;
	if ((uses & BY_ASID) && (!(uses & EL2) || t->e2h))
		inv.asid = t->asid;
	if (uses & BY_ADDR) {
		inv.addr = t->addr & ~UINT64_C(0xfff);
		inv.leaf = t->leaf;
		inv.range = t->granule != 0;
		inv.granule = t->granule;
		inv.ttl = t->ttl;
		inv.len = t->len ? t->len : UINT64_C(1) << t->granule;
	}
	if (!too_wide(smmu, &inv, uses))
		smmu_tlb_invalidate(smmu, &inv);
}

int smmu_dvm_tlbi(struct smmu *smmu, const struct smmu_dvm_tlbi *tlbi)
{
	if (!valid(tlbi))
		return -EINVAL;
	if (!smmu_lock(smmu))
		return 0; /* from inside a fetch of this SMMU: no PE executes there */
	if (takes_part(smmu, tlbi))
		broadcast(smmu, tlbi);
	smmu_unlock_and_deliver(smmu);
	return 0;
}

/* CACHE-50. What uses the TLB with the lock held is over when we have it. */
void smmu_dvm_sync(struct smmu *smmu)
{
	if (!smmu_lock(smmu))
		return;
	smmu_sync_settle(smmu);
	smmu_unlock_and_deliver(smmu);
	smmu_sync_wait(smmu);
}
