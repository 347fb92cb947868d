/* SPDX-License-Identifier: MIT */
/*
 * The guest's registers: they are those of its SMMU, and where a write has changed where
 * streams go, the devices follow before it returns.
 */
#include <smmulator/arch.h>
#include "vmm/vmm.h"

static struct vmm_regs look(struct smmu *smmu)
{
	uint32_t cr0ack = (uint32_t)smmu_mmio_read(smmu, SMMU_REG_CR0ACK, 4);
	uint32_t gbpa = (uint32_t)smmu_mmio_read(smmu, SMMU_REG_GBPA, 4);

	return (struct vmm_regs){
		.enabled = smmu_reg_get(cr0ack, SMMU_CR0ACK_SMMUEN),
		.abort = smmu_reg_get(gbpa, SMMU_GBPA_ABORT),
		.strtab_base = smmu_mmio_read(smmu, SMMU_REG_STRTAB_BASE, 8),
		.strtab_cfg = (uint32_t)smmu_mmio_read(smmu, SMMU_REG_STRTAB_BASE_CFG, 4),
	};
}

static bool same(const struct vmm_regs *a, const struct vmm_regs *b)
{
	if (a->enabled != b->enabled || a->abort != b->abort)
		return false;
	return !a->enabled ||
	       (a->strtab_base == b->strtab_base && a->strtab_cfg == b->strtab_cfg);
}

/*
 * Two CPUs may write at once, and whose look comes first is not whose write did: each
 * looks again until what the devices follow is what is there.
 */
void vmm_follow_now(struct vmm_guest *guest)
{
	struct vmm_regs now = look(guest->smmu), then;

	do {
		pthread_mutex_lock(&guest->lock);
		if (!same(&now, &guest->seen))
			(void)vmm_follow_registers(guest, &now);
		pthread_mutex_unlock(&guest->lock);
		then = now;
		now = look(guest->smmu);
	} while (!same(&now, &then));
}

static bool decides(uint64_t offset)
{
	/* A 64-bit access to CR0 would reach CR0ACK as well. */
	offset &= ~UINT64_C(7);
	return offset == (SMMU_REG_CR0 & ~7u) || offset == (SMMU_REG_GBPA & ~7u);
}

static uint64_t read_register(const struct smmu_bus_regs *regs, uint64_t pa,
			      unsigned size)
{
	const struct vmm_guest *guest = (const void *)regs;

	return smmu_mmio_read(guest->smmu, pa - guest->config.smmu_base, size);
}

static void write_register(const struct smmu_bus_regs *regs, uint64_t pa, unsigned size,
			   uint64_t value)
{
	struct vmm_guest *guest = (struct vmm_guest *)(uintptr_t)regs;
	uint64_t offset = pa - guest->config.smmu_base;

	smmu_mmio_write(guest->smmu, offset, size, value);
	if (decides(offset))
		vmm_follow_now(guest);
}

int vmm_add_registers(struct vmm_guest *guest)
{
	guest->regs = (struct smmu_bus_regs){ read_register, write_register };
	return smmu_bus_add_regs(guest->bus, guest->config.smmu_base,
				 smmu_mmio_size(guest->smmu), &guest->regs);
}
